/*
 * SPDX-License-Identifier: MIT
 */

#include "tiling.h"

#define TILE_BYTES 4096u

/** Offset within a W tile, whose bits are, from the highest, x5 x4 x3 y5 y4 y3 y2 x2 y1 x1 y0 x0. */
static uint32_t
w_tile_offset(uint32_t x, uint32_t y)
{
   return (x & 1) | (y & 1) << 1 | (x & 2) << 1 | (y & 2) << 2 | (x & 4) << 2 | (y & 0x3c) << 3 |
          (x & 0x38) << 6;
}

uint64_t
vgpu_tiled_offset(enum vgpu_tiling tiling, uint32_t pitch_bytes, uint32_t x, uint32_t y)
{
   switch (tiling) {
   case VGPU_TILING_X:
      return (uint64_t)(y / 8) * pitch_bytes * 8 + x / 512 * TILE_BYTES + y % 8 * 512 + x % 512;
   case VGPU_TILING_Y:
      return (uint64_t)(y / 32) * pitch_bytes * 32 + x / 128 * TILE_BYTES + x % 128 / 16 * 512 +
             y % 32 * 16 + x % 16;
   case VGPU_TILING_W:
      /* The pitch of a W surface is that of the Y-tiled one of the same memory: two rows a row. */
      return (uint64_t)(y / 64) * pitch_bytes * 32 + x / 64 * TILE_BYTES +
             w_tile_offset(x % 64, y % 64);
   case VGPU_TILING_LINEAR:
      break;
   }
   return (uint64_t)y * pitch_bytes + x;
}

uint32_t
vgpu_tiling_span_bytes(enum vgpu_tiling tiling)
{
   switch (tiling) {
   case VGPU_TILING_X:
      return 512;
   case VGPU_TILING_Y:
      return 16;
   case VGPU_TILING_W:
      return 2;
   case VGPU_TILING_LINEAR:
      break;
   }
   return TILE_BYTES;
}
