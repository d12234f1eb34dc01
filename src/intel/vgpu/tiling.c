/*
 * SPDX-License-Identifier: MIT
 */

#include "tiling.h"

static const struct {
   const char *name;
   uint32_t width_bytes, height_rows, span_bytes;
} tilings[] = {
   [VGPU_TILING_LINEAR] = { "linear", 1, 1, 1u << 31 },
   [VGPU_TILING_X] = { "X-tiled", 512, 8, 512 },
   [VGPU_TILING_Y] = { "Y-tiled", 128, 32, 16 },
   [VGPU_TILING_W] = { "W-tiled", 64, 64, 2 },
};

const char *
vgpu_tiling_name(enum vgpu_tiling tiling)
{
   return tilings[tiling].name;
}

uint32_t
vgpu_tiling_width_bytes(enum vgpu_tiling tiling)
{
   return tilings[tiling].width_bytes;
}

uint32_t
vgpu_tiling_height_rows(enum vgpu_tiling tiling)
{
   return tilings[tiling].height_rows;
}

uint32_t
vgpu_tiling_span_bytes(enum vgpu_tiling tiling)
{
   return tilings[tiling].span_bytes;
}
