/*
 * SPDX-License-Identifier: MIT
 *
 * Pixel transfers between the GPU and plain client memory that no CPU copies.
 *
 * The client's memory stands in for a pixel buffer object: for the time of
 * the call it is a buffer of the driver's (resource_from_user_memory), which
 * the GPU reads or writes by the same draw as with a real one (st_pbo.c).
 */

#ifndef ST_ZEROCOPY_H
#define ST_ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>

#include "hud/hud_transfers.h"
#include "main/mtypes.h"
#include "util/format/u_formats.h"

#ifdef __cplusplus
extern "C" {
#endif

struct st_context;

/** The GL's commands that can do without a copy. */
enum st_zerocopy_path {
   ST_ZEROCOPY_READPIXELS,
   ST_ZEROCOPY_GETTEXIMAGE,
   ST_ZEROCOPY_TEXSUBIMAGE,
   ST_ZEROCOPY_NUM_PATHS,
};

/** Values of the driconf options zerocopy_*. */
enum st_zerocopy_mode {
   ST_ZEROCOPY_OFF,
   ST_ZEROCOPY_ON,   /**< whenever it is possible */
   ST_ZEROCOPY_AUTO, /**< where it takes the CPU less than a copy */
};

/**
 * What a context has moved between images and the client: its memory, or a
 * pixel buffer object.
 *
 * By the CPU, once for each pixel: what drivers copy on top is not known here.
 */
struct st_zerocopy_stats {
   struct {
      struct hud_transfers bytes;
      uint32_t told; /**< why not, a bit for each reason */
      bool asked;    /**< whether it can be done, in this command */
   } path[ST_ZEROCOPY_NUM_PATHS];
   struct hud_transfers total; /**< of all paths */
   uint64_t wrapped; /**< buffers that were made of client memory */
};

/** An image in client memory. */
struct st_zerocopy_image {
   GLuint dims; /**< 3 if GL_(UN)PACK_SKIP_IMAGES counts */
   GLsizei width, height, depth;
   GLenum format, type;
   const struct gl_pixelstore_attrib *store;
   const void *pixels;
};

/** Client memory that stands in for a pixel buffer object. */
struct st_zerocopy {
   enum st_zerocopy_path path;
   uint64_t bytes; /**< of pixels */
   struct gl_buffer_object buffer;
   /* What to give in the place of image->store and image->pixels: */
   struct gl_pixelstore_attrib store;
   void *pixels;
};

/**
 * Whether the image is for the CPU anyway, whatever its format.
 *
 * st_zerocopy_begin() sees that, too; but before it comes more that small
 * images should not have to wait for.
 */
bool
st_zerocopy_is_small(struct st_context *st, enum st_zerocopy_path path,
                     const struct st_zerocopy_image *image);

/**
 * Make a buffer of the bytes of this image, and of no others.
 *
 * The GPU will access it in elements of pipe_format, as bind says. Returns
 * false, having said why, if that cannot be or does not pay; then the CPU has
 * to copy. After true comes st_zerocopy_end().
 */
bool
st_zerocopy_begin(struct st_context *st, enum st_zerocopy_path path,
                  const struct st_zerocopy_image *image,
                  enum pipe_format pipe_format, unsigned bind,
                  struct st_zerocopy *zc);

/**
 * Wait for the GPU and let go of the client's memory.
 *
 * drawn says whether the transfer was drawn. Returns whether it has been done;
 * if not, because the memory turned out to be gone or read-only, too, the CPU
 * has to do it.
 */
bool
st_zerocopy_end(struct st_context *st, struct st_zerocopy *zc, bool drawn);

/** Count an image that the GPU has read from or written to a pixel buffer. */
void
st_zerocopy_drawn(struct st_context *st, enum st_zerocopy_path path,
                  const struct st_zerocopy_image *image);

/** Count an image that the CPU has copied from or to the client. */
void
st_zerocopy_copied(struct st_context *st, enum st_zerocopy_path path,
                   const struct st_zerocopy_image *image);

/** Under ST_DEBUG=zerocopy, say how much this context has moved, and who did. */
void
st_zerocopy_report(struct st_context *st);

#ifdef __cplusplus
}
#endif

#endif /* ST_ZEROCOPY_H */
