/*
 * SPDX-License-Identifier: MIT
 *
 * Tiled memory layouts (IVB PRM Vol1 Part 2, "Memory Data Formats", "Tiled Memory"): where in a
 * surface the byte at (x, y) is. Pure functions, without the bit-6 swizzle, which is off here.
 *
 * A tile is one 4 KiB page. Tiles follow each other in rows of pitch / tile width; x is in bytes,
 * y in rows.
 */

#ifndef VGPU_TILING_H
#define VGPU_TILING_H

#include <stdint.h>

enum vgpu_tiling {
   VGPU_TILING_LINEAR,
   VGPU_TILING_X, /**< 512 bytes x 8 rows, row after row */
   VGPU_TILING_Y, /**< 128 bytes x 32 rows, in columns of 16 bytes */
   VGPU_TILING_W, /**< 64 bytes x 64 rows, in 8 x 8 blocks of a recursive order: stencil */
};

const char *vgpu_tiling_name(enum vgpu_tiling tiling);

/** Width and height of a tile; 1 x 1 for linear memory, which has none. */
uint32_t vgpu_tiling_width_bytes(enum vgpu_tiling tiling);
uint32_t vgpu_tiling_height_rows(enum vgpu_tiling tiling);

/**
 * Within a row, bytes from one multiple of this to the next are next to each other in memory. 2^31
 * for linear memory, where all of a row is.
 */
uint32_t vgpu_tiling_span_bytes(enum vgpu_tiling tiling);

/** Offset of the byte at (x, y) within a tile. \param x, y  reduced modulo the tile's size */
static inline uint32_t
vgpu_tile_x_offset(uint32_t x, uint32_t y)
{
   return y % 8 * 512 + x % 512;
}

static inline uint32_t
vgpu_tile_y_offset(uint32_t x, uint32_t y)
{
   return x % 128 / 16 * 512 + y % 32 * 16 + x % 16;
}

/** W: from bit 0 on x0 y0 x1 y1 x2 y2, then 8 blocks down (y3..y5), then 8 across (x3..x5). */
static inline uint32_t
vgpu_tile_w_offset(uint32_t x, uint32_t y)
{
   return (x & 1) | (y & 1) << 1 | (x & 2) << 1 | (y & 2) << 2 | (x & 4) << 2 | (y & 4) << 3 |
          (y & 0x38) << 3 | (x & 0x38) << 6;
}

/**
 * Offset in a surface of the byte at (x, y).
 *
 * \param pitch_bytes  from one row to the next; for tiled memory a multiple of the tile's width
 * \return modulo 2^32, as addresses are
 */
static inline uint32_t
vgpu_tiled_offset(enum vgpu_tiling tiling, uint32_t pitch_bytes, uint32_t x, uint32_t y)
{
   switch (tiling) {
   case VGPU_TILING_LINEAR:
      break;
   case VGPU_TILING_X:
      return y / 8 * (pitch_bytes * 8) + x / 512 * 4096 + vgpu_tile_x_offset(x, y);
   case VGPU_TILING_Y:
      return y / 32 * (pitch_bytes * 32) + x / 128 * 4096 + vgpu_tile_y_offset(x, y);
   case VGPU_TILING_W:
      return y / 64 * (pitch_bytes * 64) + x / 64 * 4096 + vgpu_tile_w_offset(x, y);
   }
   return y * pitch_bytes + x;
}

#endif
