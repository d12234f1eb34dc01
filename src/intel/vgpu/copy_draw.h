/*
 * SPDX-License-Identifier: MIT
 *
 * Draws of rectangles whose pixel shader is proven to copy texels, or to give all pixels the same
 * colour, carried out row by row.
 *
 * Proven means for every pixel: which pixels are covered, that nothing tests or blends them, where
 * the texel comes from and where it goes, that both exist, and that its bits stay what they are.
 * Whatever is not proven is drawn as everything else.
 */

#ifndef VGPU_COPY_DRAW_H
#define VGPU_COPY_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "copy_move.h"
#include "eu/eu.h"

struct vgpu_draw;

/** A primitive as the windower has it. */
struct vgpu_copy_primitive {
   bool rectangle; /* corners lower right, lower left, upper left; otherwise a triangle */
   float x[3], y[3];
   uint32_t render_target_array_index;
   unsigned num_attributes;
   const uint8_t (*attributes)[EU_REG_BYTES]; /* as the payload has them: two registers each */
};

/** What a draw's state says; NULL: it cannot be a copy. */
struct vgpu_copy;
struct vgpu_copy *vgpu_copy_create(struct vgpu_draw *draw);
void vgpu_copy_destroy(struct vgpu_copy *copy);

/** Whether each copy must be shaded, too, and compared. NULL is allowed. */
bool vgpu_copy_is_checked(const struct vgpu_copy *copy);

/**
 * Carries out the next primitives of a draw.
 * \param count  1 for a rectangle, 2 for triangles
 * \param box    x and y of the pixels that can be drawn, first and beyond the last
 * \return VGPU_COPY_STOPPED after a fault, too
 */
enum vgpu_copy_result vgpu_copy_run(struct vgpu_copy *copy,
                                    const struct vgpu_copy_primitive *primitives, unsigned count,
                                    const int box[4]);

/**
 * Must follow where copies are checked and one was taken: the memory is as it was before, and the
 * primitives have been drawn into it. \return false after a fault
 */
bool vgpu_copy_compare(struct vgpu_copy *copy);

#endif
