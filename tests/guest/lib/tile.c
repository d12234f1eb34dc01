/*
 * SPDX-License-Identifier: MIT
 */

#include "tile.h"

#include <i915_drm.h>

#include "gem.h"

/* A Y tile is made of columns of 16 bytes, an X tile of whole rows. */
#define Y_COLUMN_BYTES 16u

uint32_t
tile_width_bytes(uint32_t tiling)
{
   return tiling == I915_TILING_X ? 512 : tiling == I915_TILING_Y ? 128 : 4;
}

uint32_t
tile_height(uint32_t tiling)
{
   return tiling == I915_TILING_X ? 8 : tiling == I915_TILING_Y ? 32 : 1;
}

uint64_t
tile_offset(uint32_t tiling, uint32_t pitch_bytes, uint32_t x_bytes, uint32_t y)
{
   if (tiling == I915_TILING_NONE)
      return (uint64_t)y * pitch_bytes + x_bytes;

   const uint32_t width = tile_width_bytes(tiling), height = tile_height(tiling);
   const uint64_t tile = (uint64_t)(y / height) * (pitch_bytes / width) + x_bytes / width;
   const uint32_t x_in = x_bytes % width, y_in = y % height;

   if (tiling == I915_TILING_X)
      return tile * GEM_PAGE_SIZE + y_in * width + x_in;
   return tile * GEM_PAGE_SIZE + x_in / Y_COLUMN_BYTES * (Y_COLUMN_BYTES * height) +
          y_in * Y_COLUMN_BYTES + x_in % Y_COLUMN_BYTES;
}

uint32_t
tile_pitch(uint32_t tiling, uint32_t width_bytes)
{
   const uint32_t unit = tile_width_bytes(tiling);

   return (width_bytes + unit - 1) / unit * unit;
}

uint64_t
tile_size(uint32_t tiling, uint32_t pitch_bytes, uint32_t height)
{
   const uint32_t unit = tile_height(tiling);

   return gem_page_align((uint64_t)pitch_bytes * ((height + unit - 1) / unit * unit));
}
