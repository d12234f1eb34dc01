/*
 * SPDX-License-Identifier: MIT
 *
 * FXT1: texels of 8 x 4 blocks of 16 bytes.
 */

#ifndef VGPU_FORMAT_FXT1_H
#define VGPU_FORMAT_FXT1_H

#include <stdint.h>

/** \param x, y  within the block */
void vgpu_fxt1_texel(const uint8_t block[16], unsigned x, unsigned y, float rgba[4]);

#endif
