/*
 * SPDX-License-Identifier: MIT
 *
 * Tile layouts: where a byte of a surface is in memory (IVB PRM Vol1 Part 2, "Memory Tiling").
 */

#ifndef VGPU_TILING_H
#define VGPU_TILING_H

#include <stdint.h>

enum vgpu_tiling {
   VGPU_TILING_LINEAR,
   VGPU_TILING_X, /* 512 bytes x 8 rows, row by row */
   VGPU_TILING_Y, /* 128 bytes x 32 rows, in columns of 16 bytes */
   VGPU_TILING_W, /* 64 bytes x 64 rows of stencil, in nested 8x8, 4x4 and 2x2 blocks */
};

/**
 * Offset in bytes of the byte x of row y from the surface's start.
 * \param pitch_bytes  of a row; for a tiled surface a multiple of the tile's width (128 for W)
 */
uint64_t vgpu_tiled_offset(enum vgpu_tiling tiling, uint32_t pitch_bytes, uint32_t x, uint32_t y);

/** Bytes of a row that are next to each other in memory, starting at a multiple of as many. */
uint32_t vgpu_tiling_span_bytes(enum vgpu_tiling tiling);

#endif
