/*
 * SPDX-License-Identifier: MIT
 *
 * BC6H and BC7, of which each block chooses among modes: texels of 4 x 4 blocks of 16 bytes.
 */

#ifndef VGPU_FORMAT_BPTC_H
#define VGPU_FORMAT_BPTC_H

#include <stdbool.h>
#include <stdint.h>

/** \param texel  from 0 for the upper left one, row after row */
void vgpu_bc6h_texel(const uint8_t block[16], unsigned texel, bool is_signed, float rgb[3]);
void vgpu_bc7_texel(const uint8_t block[16], unsigned texel, float rgba[4]);

#endif
