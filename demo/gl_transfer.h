/*
 * SPDX-License-Identifier: MIT
 *
 * The demo's job in OpenGL, done in several ways: a picture goes from memory into a texture, is
 * drawn turned and scaled, and what was drawn goes into other memory.
 */

#ifndef GL_TRANSFER_H
#define GL_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hud.h"

/** Where the pixels of the application are for OpenGL. */
enum gl_memory {
   GL_MEMORY_CLIENT, /* plain memory of the application */
   GL_MEMORY_PINNED, /* the same memory as buffer objects: GL_AMD_pinned_memory */
};

/** Red, green, blue and alpha, 8 bits each, rows without a gap; from pages_alloc(). */
struct gl_image {
   uint32_t width, height;
   uint8_t *pixels;
};

/**
 * What a job cost. Numbers of pages are of the memory of its two images, -1 if unknown. Those that
 * were touched say nothing where the driver has the kernel look pages up for each transfer; then
 * the bytes are what Mesa has counted, if hud_start() was called, and -1 otherwise.
 */
struct gl_cost {
   struct hud_bytes uploaded, read_back;
   int64_t source_pages_touched; /* by the CPU, during the upload */
   int64_t result_pages_touched; /* by the CPU, while it was read back */
   int64_t pages_pinned;         /* by the kernel, for this job */
   uint64_t upload_ioctls;       /* of this process, with the glFinish() that ends each */
   uint64_t read_back_ioctls;
   double cpu_s;                 /* of this process, kernel included */
   bool texture_agrees;          /* the texture is the source, byte for byte */
};

struct gl_failure {
   char what[256], why[1024], todo[256];
};

/** Starts OpenGL without a window. \return the renderer's name, or NULL with *failure set */
const char *gl_start(struct gl_failure *failure);

/**
 * Does the job.
 *
 * \param source  what is uploaded
 * \param result  what is drawn, and gets it; its size is that of the drawing
 * \return false with *failure set
 */
bool gl_transfer(enum gl_memory memory, const struct gl_image *source,
                 const struct gl_image *result, struct gl_cost *cost, struct gl_failure *failure);

#endif
