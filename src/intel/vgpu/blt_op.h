/*
 * SPDX-License-Identifier: MIT
 *
 * One blit, whichever command asked for it: what vgpu_blt_execute() decodes commands into and
 * blt_run() carries out.
 *
 * A raster operation is a function of three operands, bit by bit: bit P << 2 | S << 1 | D of its
 * code is the result for a bit P of the pattern, S of the source and D of the destination.
 */

#ifndef BLT_OP_H
#define BLT_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "tiling.h"

struct vgpu_engine;

#define BLT_PAGE_SLOTS 64

/** Colour memory, addressed by (x, y). */
struct blt_surface {
   uint32_t base;
   int32_t pitch_bytes; /* negative only if linear */
   enum vgpu_tiling tiling;
   bool write;
   /* Pages already translated for this command: a row (linear) or a tile (tiled) has its slot. */
   struct {
      uint8_t *host; /* NULL: the slot is free */
      uint32_t page; /* address >> 12 */
   } slots[BLT_PAGE_SLOTS];
   /* Or, if not NULL, all pages that the blit touches, from first_page on: see blt_bands.h. */
   uint8_t *const *pages;
   uint32_t first_page; /* address >> 12 */
};

struct blt_rect {
   int32_t x1, y1; /* inclusive */
   int32_t x2, y2; /* exclusive */
};

enum blt_source_kind {
   BLT_SOURCE_NONE,
   BLT_SOURCE_COLOR,
   BLT_SOURCE_MONO, /* one bit a pixel, the most significant bit of a byte first */
};

struct blt_source {
   enum blt_source_kind kind;
   int32_t x1, y1; /* of the pixel that goes to (x1, y1) of the destination; COLOR */
   struct blt_surface surface; /* COLOR; MONO: linear, without pitch, the bits start at its base */

   /* MONO: */
   const uint8_t *immediate; /* bits that came with the command, or NULL: in memory */
   uint32_t first_bit;       /* of the first row's first pixel */
   uint32_t stride_bits;     /* from a row to the next */
   uint32_t background, foreground;
   bool transparent; /* pixels whose bit is 0 are not written */
};

enum blt_pattern_kind {
   BLT_PATTERN_NONE,
   BLT_PATTERN_SOLID, /* pixels[0] */
   BLT_PATTERN_8X8,
};

struct blt_pattern {
   enum blt_pattern_kind kind;
   uint32_t horizontal_seed, vertical_seed; /* pattern pixel that is at (0, 0) of the surface */
   uint32_t pixels[8][8];
   uint8_t written[8]; /* by row, bit 7 the leftmost: 0 where a mono pattern is transparent */
   bool transparent;   /* some bit of written is 0 */
};

/** Transparency Range Mode: which pixels are compared with the range, and how. */
enum blt_key {
   BLT_KEY_NONE = 0,
   BLT_KEY_SOURCE = 1,                /* written if the source's R, G, B are not in the range */
   BLT_KEY_SOURCE_AND_ALPHA = 3,      /* … A, R, G, B … */
   BLT_KEY_DESTINATION_AND_ALPHA = 5, /* written if the destination's A, R, G, B are in it */
   BLT_KEY_DESTINATION = 7,           /* … R, G, B … */
};

enum blt_depth {
   BLT_DEPTH_8,
   BLT_DEPTH_565,
   BLT_DEPTH_1555,
   BLT_DEPTH_32,
};

struct blt_op {
   struct vgpu_engine *engine;
   uint32_t swctrl; /* BCS_SWCTRL */
   uint8_t rop;
   enum blt_depth depth;
   uint32_t cpp; /* bytes a pixel */
   bool write_rgb, write_alpha; /* the byte mask; both are set unless the depth is 32 */

   struct blt_surface dst;
   struct blt_rect rect; /* as in the command: sources start at its upper left corner */
   struct blt_rect clip; /* what of rect is written */
   struct blt_source src;
   struct blt_pattern pattern;

   /* The order in which pixels are visited; see overlap in blt.c. */
   bool x_backward, y_backward;
   bool in_order; /* source and destination may share memory: the order matters */
   bool stream;   /* so much that the cache would not hold it: written past the cache */

   enum blt_key key;
   uint32_t key_low, key_high;
};

static inline bool
blt_rop_uses_destination(uint8_t rop)
{
   return (rop >> 1 ^ rop) & 0x55;
}

static inline bool
blt_rop_uses_source(uint8_t rop)
{
   return (rop >> 2 ^ rop) & 0x33;
}

static inline bool
blt_rop_uses_pattern(uint8_t rop)
{
   return (rop >> 4 ^ rop) & 0x0f;
}

/** Color Depth, bits 25:24 of BR13. */
static inline uint32_t
blt_depth_cpp(enum blt_depth depth)
{
   return depth == BLT_DEPTH_8 ? 1 : depth == BLT_DEPTH_32 ? 4 : 2;
}

/** True if the source's pixels matter. */
static inline bool
blt_reads_source(const struct blt_op *op)
{
   return op->src.kind != BLT_SOURCE_NONE &&
          (blt_rop_uses_source(op->rop) || op->key == BLT_KEY_SOURCE ||
           op->key == BLT_KEY_SOURCE_AND_ALPHA ||
           (op->src.kind == BLT_SOURCE_MONO && op->src.transparent));
}

#endif
