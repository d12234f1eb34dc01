/*
 * SPDX-License-Identifier: MIT
 *
 * Which primitives are in which tile of the screen, so that each tile can be drawn by itself.
 */

#ifndef VGPU_BINS_H
#define VGPU_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A tile is as wide as 32 bits a pixel make a Y tile and as high: threads then seldom write to the
 * same page. Whole blocks of HiZ and whole subspans are in one tile.
 */
#define VGPU_BIN_WIDTH 128
#define VGPU_BIN_HEIGHT 32

/** All zeros at first. */
struct vgpu_bins {
   unsigned count;    /* of tiles that have primitives in their box, and of others between */
   int first[2];      /* the tile's column and row that come first */
   unsigned across;   /* columns */
   uint32_t *starts;  /* where the primitives of each tile begin in entries, and the end */
   uint32_t *entries; /* numbers of primitives, in their order */
   size_t max_starts, max_entries;
};

/**
 * Sorts boxes (x and y, first and beyond the last; not empty, not negative) into tiles.
 * \return false without memory
 */
bool vgpu_bins_sort(struct vgpu_bins *bins, const int *(*box)(const void *boxes, unsigned i),
                    const void *boxes, unsigned count);

/** Pixels of a tile: x and y, first and beyond the last. */
void vgpu_bins_box(const struct vgpu_bins *bins, unsigned tile, int box[4]);

void vgpu_bins_fini(struct vgpu_bins *bins);

#endif
