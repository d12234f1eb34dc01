/*
 * SPDX-License-Identifier: MIT
 *
 * Where the hardware puts a byte of a tiled surface (IVB PRM Vol1 Part 2, "Tiled Memory"), computed
 * by the CPU, to compare with what blitter and fences do. No bit-6 swizzling.
 */

#ifndef TILE_H
#define TILE_H

#include <stdint.h>

/** Bytes a row and rows of one 4 KiB tile. \param tiling I915_TILING_X or _Y */
uint32_t tile_width_bytes(uint32_t tiling);
uint32_t tile_height(uint32_t tiling);

/** Offset of a byte of a surface; linear if the tiling is I915_TILING_NONE. */
uint64_t tile_offset(uint32_t tiling, uint32_t pitch_bytes, uint32_t x_bytes, uint32_t y);

/** Pitch and size of a surface in whole tiles. */
uint32_t tile_pitch(uint32_t tiling, uint32_t width_bytes);
uint64_t tile_size(uint32_t tiling, uint32_t pitch_bytes, uint32_t height);

#endif
