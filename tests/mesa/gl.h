/*
 * SPDX-License-Identifier: MIT
 *
 * An OpenGL context without a window, a target to draw to, and memory with guard bytes.
 */

#ifndef MESA_TEST_GL_H
#define MESA_TEST_GL_H

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spy.h"

#define PAGE 4096

#ifndef GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD
#define GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD 0x9160
#endif

/** Set before gl_start(): a debug context. */
extern bool gl_debug;

/** Makes a context current, whatever its driver can. */
void gl_start_context(void);

/** Makes a context current, with a SIZE x SIZE RGBA8 framebuffer; skips the test without pinned memory. */
void gl_start(void);

#define GL_TEST_SIZE 64

/** A new framebuffer of this texture becomes what is drawn to and read from. */
void gl_draw_to(GLuint texture);

/** The program that draws triangles in the colour of its uniform block, or of `colour` without one. */
GLuint gl_program(const char *vertex, const char *fragment);

/** Whole pages of anonymous memory, filled with `fill`. */
uint8_t *gl_pages(unsigned pages, uint8_t fill);

/** A buffer over the client's memory; 0 and the GL's error in *error if that is refused. */
GLuint gl_pin(void *memory, size_t size, GLenum *error);

/** Keeps the GPU busy for a while with work that uses this buffer as a source of vertices. */
void gl_use_as_vertices(GLuint buffer, unsigned draws);

/* Not in the headers yet: see kernel-patches. */
#define I915_PARAM_HAS_USERPTR_BYTE_RANGE 60
#define I915_PARAM_HAS_USERPTR_RELEASE    61

/** Whether this parameter of the kernel is there and not 0. */
bool gl_kernel_has(int param);

/** The GPU has accessed what was spied on, the CPU has not, and nothing is held that the kernel would not give back. */
void gl_check_zero_copy(struct spy seen);

/** The pixel at this position of the framebuffer, 0xAABBGGRR. */
uint32_t gl_pixel(int x, int y);

#endif
