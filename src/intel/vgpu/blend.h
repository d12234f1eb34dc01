/*
 * SPDX-License-Identifier: MIT
 *
 * The arithmetic of the colour calculator: blending, logic operations, comparisons and stencil
 * operations (IVB PRM Vol2 Part 1, "Output Merger"). Pure functions; numbers are those of the state.
 */

#ifndef VGPU_BLEND_H
#define VGPU_BLEND_H

#include <stdbool.h>
#include <stdint.h>

/** Index 0 is for colour, 1 for alpha. */
struct vgpu_blend {
   uint8_t src_factor[2], dst_factor[2], function[2];
};

/** False for a number that is reserved. */
bool vgpu_blend_factor_is_modelled(unsigned factor);
/** True if the factor is of the second source colour. */
bool vgpu_blend_factor_is_dual_source(unsigned factor);

/** \param src1  the second source colour, which only its own factors read */
void vgpu_blend(const struct vgpu_blend *blend, const float src[4], const float src1[4],
                const float dst[4], const float constant[4], float out[4]);

/** LOGICOP_CLEAR (0) to LOGICOP_SET (15), bit by bit. */
uint32_t vgpu_logic_op(unsigned function, uint32_t src, uint32_t dst);

/** COMPAREFUNCTION_ALWAYS (0) to COMPAREFUNCTION_GEQUAL (7). */
bool vgpu_compare(unsigned function, float a, float b);

/** STENCILOP_KEEP (0) to STENCILOP_INVERT (7). */
uint8_t vgpu_stencil_op(unsigned op, uint8_t value, uint8_t reference);

#endif
