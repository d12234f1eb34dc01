/*
 * SPDX-License-Identifier: MIT
 *
 * What a pixel shader is proven to do, if it is a copy or a fill: which texel it reads and which it
 * writes, as functions of the pixel. eu/eu_symbolic.h finds what the registers hold; this knows the
 * payload of a pixel shader and its messages.
 */

#ifndef VGPU_COPY_KERNEL_H
#define VGPU_COPY_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "eu/eu.h"

/** What a draw gives to all its threads. */
struct vgpu_copy_payload {
   unsigned width;         /* pixels of a thread: 8 or 16 */
   uint32_t cr0;           /* its first DWord */
   unsigned first_known;   /* register of the first constant */
   unsigned num_known;     /* registers of constants and attributes */
   uint8_t known[EU_GRF_COUNT][EU_REG_BYTES];
   uint8_t is_known[EU_GRF_COUNT]; /* a bit for each DWord that all primitives have */
   int32_t x0, y0, x1, y1; /* pixels that are drawn: first and beyond the last */
};

/** a x + b y + c of a pixel. */
struct vgpu_copy_function {
   int64_t a, b, c;
};

/** Texels of a surface, by pixel. */
struct vgpu_copy_place {
   uint8_t surface; /* binding table index */
   struct vgpu_copy_function u, v;
   uint32_t r, lod; /* the same for all pixels */
};

enum vgpu_copy_component_kind {
   VGPU_COPY_UNKNOWN,
   VGPU_COPY_CONSTANT,
   VGPU_COPY_TEXEL,
};

struct vgpu_copy_component {
   enum vgpu_copy_component_kind kind;
   uint32_t bits;    /* CONSTANT */
   uint8_t fetch;    /* TEXEL: which of the fetches … */
   uint8_t component; /* … and which component of it */
};

enum vgpu_copy_write_kind {
   VGPU_COPY_RENDER_TARGET, /* at the pixel's own place */
   VGPU_COPY_TYPED_SURFACE,
};

/** One texel for each pixel that is drawn. */
struct vgpu_copy_write {
   enum vgpu_copy_write_kind kind;
   struct vgpu_copy_place place; /* of a render target only the surface */
   struct vgpu_copy_component rgba[4];
   uint32_t channels;
};

#define VGPU_COPY_MAX_FETCHES 4
#define VGPU_COPY_MAX_WRITES 2

/** All accesses of a kernel to memory. */
struct vgpu_copy_kernel {
   unsigned num_fetches, num_writes;
   struct vgpu_copy_place fetches[VGPU_COPY_MAX_FETCHES]; /* by ld messages */
   struct vgpu_copy_write writes[VGPU_COPY_MAX_WRITES];
};

/**
 * \return false if a thread may do something else than these accesses, or it is not known which;
 * what they write may still be unknown
 */
bool vgpu_copy_kernel_prove(const struct eu_program *program,
                            const struct vgpu_copy_payload *payload,
                            struct vgpu_copy_kernel *kernel);

#endif
