/*
 * SPDX-License-Identifier: MIT
 *
 * The blitter once more, as the PRM words it: pixel by pixel, one bit field after the other, and
 * as slow as that is. Shares nothing with the model, not even the packet layouts.
 */

#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "mock.h"

struct golden {
   uint8_t memory[MOCK_SIZE_BYTES];
   uint32_t written_by[MOCK_SIZE_BYTES]; /* number of the last blit that wrote a byte */
   uint32_t page_written_by[MOCK_PAGES];
   uint32_t blit;
   bool read_back; /* the last blit has read a source byte after writing it */
   bool skipped;   /* … has left a byte of its rectangle as it was */
   uint32_t setup[10]; /* the last setup command; [0] is 0 if there was none */
   int clip_x1, clip_y1, clip_x2, clip_y2;
};

/** Executes a well-formed command. */
void golden_execute(struct golden *g, const uint32_t *dw, unsigned len_dw, uint32_t swctrl);

/** Address of a byte in a surface. \param tiling  0 linear, 1 X, 2 Y */
uint32_t golden_address(uint32_t base, int pitch_bytes, unsigned tiling, int x_bytes, int y);

#endif
