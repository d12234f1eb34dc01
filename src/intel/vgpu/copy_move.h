/*
 * SPDX-License-Identifier: MIT
 *
 * Moves and fills rectangles of texels in graphics memory, all or nothing: whether the memory is
 * there, and source and destination have none in common, is found out before the first byte is
 * written.
 */

#ifndef VGPU_COPY_MOVE_H
#define VGPU_COPY_MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include "copy_texel.h"
#include "tiling.h"

struct vgpu_engine;

/** A rectangle of one of the two. */
struct vgpu_copy_side {
   uint32_t base;       /* graphics address */
   int32_t pitch_bytes; /* linear memory: of any sign */
   enum vgpu_tiling tiling;
   int32_t x_bytes, y;  /* of the first texel of the first row */
};

enum vgpu_copy_result {
   VGPU_COPY_TAKEN,
   VGPU_COPY_NOT_TAKEN, /* nothing was done */
   VGPU_COPY_STOPPED,   /* the engine was interrupted */
};

struct vgpu_copy_move {
   struct vgpu_engine *engine;
   struct vgpu_copy_side dst, src;
   bool fill; /* with texel[0] up to texel[dst_bytes]; there is no source */
   uint8_t texel[VGPU_COPY_MAX_TEXEL_BYTES];
   struct vgpu_copy_bytes bytes;
   uint32_t width, height; /* in texels */
   struct vgpu_copy_check *check; /* gets the result, and the memory stays; NULL: the other way */
};

/** Pages of the destination of a move, as it has left them. */
struct vgpu_copy_check {
   uint32_t num_pages;
   uint32_t *numbers; /* graphics address >> 12 */
   uint8_t **hosts;
   uint8_t *bytes;
};

enum vgpu_copy_result vgpu_copy_move_run(struct vgpu_copy_move *move);

/** Where the memory is not as a check has it. \return false if it is everywhere */
bool vgpu_copy_check_differs(const struct vgpu_copy_check *check, uint32_t *address,
                             uint8_t *expected, uint8_t *found);
void vgpu_copy_check_fini(struct vgpu_copy_check *check);

#endif
