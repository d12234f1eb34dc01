/*
 * SPDX-License-Identifier: MIT
 *
 * The 2D blitter of Gen7 (IVB PRM Vol1 Part 4, "Blitter Instructions").
 */

#ifndef BLT_H
#define BLT_H

#include <stdint.h>

#include "batch.h"

/* Pitches are signed 16 bits: of bytes for a linear surface, of DWords for a tiled one. */
#define BLT_MAX_LINEAR_PITCH_BYTES 32767u
#define BLT_MAX_TILED_PITCH_BYTES  (32767u * 4)
/* So are coordinates. */
#define BLT_MAX_COORDINATE 32767u

struct blt_surface {
   uint32_t handle;
   uint32_t offset_bytes; /* of the first pixel in the object; of a tiled one whole pages */
   uint32_t pitch_bytes;
   uint32_t tiling; /* I915_TILING_* */
   uint32_t cpp;    /* bytes a pixel: 1, 2 or 4 */
};

/** Emits an XY_SRC_COPY_BLT of width x height pixels; both surfaces have the same cpp. */
void blt_copy(struct batch *batch, const struct blt_surface *destination, uint32_t dst_x,
              uint32_t dst_y, const struct blt_surface *source, uint32_t src_x, uint32_t src_y,
              uint32_t width, uint32_t height);

/** Emits an XY_COLOR_BLT that fills a rectangle with one colour. */
void blt_fill(struct batch *batch, const struct blt_surface *destination, uint32_t x, uint32_t y,
              uint32_t width, uint32_t height, uint32_t color);

/** Copies bytes between linear objects as a surface of 32 bpp; size and offsets are DWords. */
void blt_copy_bytes(struct batch *batch, uint32_t dst_handle, uint32_t dst_offset_bytes,
                    uint32_t src_handle, uint32_t src_offset_bytes, uint32_t size_bytes);

/** As blt_copy_bytes(), in a batch of its own that is waited for. */
int blt_run_copy_bytes(int fd, uint32_t dst_handle, uint32_t dst_offset_bytes,
                       uint32_t src_handle, uint32_t src_offset_bytes, uint32_t size_bytes);

#endif
