/*
 * SPDX-License-Identifier: MIT
 *
 * Whether texels that are unpacked, handed on component by component and packed again are the bytes
 * that they were, or those in another order. Pure functions.
 */

#ifndef VGPU_COPY_TEXEL_H
#define VGPU_COPY_TEXEL_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

#define VGPU_COPY_MAX_TEXEL_BYTES 16

/** Where the bytes of a packed texel come from. */
struct vgpu_copy_bytes {
   uint8_t src_bytes, dst_bytes;
   bool identity;                            /* all of them from the same place */
   int8_t from[VGPU_COPY_MAX_TEXEL_BYTES];   /* of the source; -1: constant */
   uint8_t value[VGPU_COPY_MAX_TEXEL_BYTES]; /* of constant ones */
};

/** What the shader hands on as a component. */
struct vgpu_copy_component_source {
   bool is_constant;
   uint32_t bits;      /* constant */
   unsigned component; /* otherwise: of the texel that was read */
};

/**
 * \param rgba  of the components that the destination has
 * \return false if it is not known that unpacking and packing changes no bit
 */
bool vgpu_copy_texel_bytes(const struct vgpu_format *src, const struct vgpu_format *dst,
                           const struct vgpu_copy_component_source rgba[4],
                           struct vgpu_copy_bytes *bytes);

/** Whether a format has a component, so that something is written of it. */
bool vgpu_copy_format_has(const struct vgpu_format *format, unsigned component);

/** Carries it out for texels side by side, which do not overlap. */
void vgpu_copy_texels(const struct vgpu_copy_bytes *bytes, uint8_t *dst, const uint8_t *src,
                      uint32_t count);

#endif
