/*
 * SPDX-License-Identifier: MIT
 *
 * What of a blit is defined: alignment, keys, and source and destination in the same memory.
 *
 * For blt.c alone.
 */

#ifndef BLT_CHECK_H
#define BLT_CHECK_H

#include <stdlib.h>

#include "blt_op.h"
#include "vgpu_engine.h"
#include "vgpu_mem.h"

/** Bytes from the first to the last bit of a mono source. */
static inline uint64_t
blt_mono_source_size_bytes(const struct blt_op *op)
{
   const uint32_t width = op->rect.x2 - op->rect.x1, height = op->rect.y2 - op->rect.y1;

   return (op->src.first_bit + (uint64_t)op->src.stride_bits * (height - 1) + width + 7) / 8;
}

/** A surface of colours, of which the pixels of a rectangle are used. */
static inline bool
blt_check_surface(const struct blt_op *op, const struct blt_surface *s, const char *which,
              int32_t x1, int32_t y1)
{
   struct vgpu_engine *engine = op->engine;

   /* i965 and SNA keep off these; hardware seems to drop the low bits. */
   if (s->base % op->cpp)
      return vgpu_engine_unmodelled(engine, "%s at 0x%08x, within a pixel", which, s->base);
   if (s->pitch_bytes % 4)
      return vgpu_engine_unmodelled(engine, "%s with a pitch of %d bytes, not in DWords", which,
                                    s->pitch_bytes);
   if (s->tiling == VGPU_TILING_LINEAR)
      return true;

   if (s->base % VGPU_PAGE_SIZE_BYTES)
      return vgpu_engine_fault(engine, "%s %s at 0x%08x, which is not aligned to a page",
                               vgpu_tiling_name(s->tiling), which, s->base);
   if (s->pitch_bytes <= 0 || s->pitch_bytes % (int32_t)vgpu_tiling_width_bytes(s->tiling))
      return vgpu_engine_fault(engine, "%s %s with a pitch of %d bytes",
                               vgpu_tiling_name(s->tiling), which, s->pitch_bytes);
   if (x1 < 0 || y1 < 0)
      return vgpu_engine_unmodelled(engine, "%s %s at the negative coordinates (%d, %d)",
                                    vgpu_tiling_name(s->tiling), which, x1, y1);
   return true;
}

/** Rows of a rectangle, or rows of the tiles that it touches, as intervals of addresses. */
struct blt_intervals {
   int64_t first; /* address of the first */
   int64_t step;  /* to the next */
   int64_t size_bytes;
   int64_t num;
};

static inline struct blt_intervals
blt_surface_intervals(const struct blt_surface *s, int32_t x_bytes, int32_t y,
                      int32_t width_bytes, int32_t height)
{
   const int64_t base = s->base;

   if (s->tiling == VGPU_TILING_LINEAR)
      return (struct blt_intervals){
         .first = base + (int64_t)y * s->pitch_bytes + x_bytes,
         .step = s->pitch_bytes,
         .size_bytes = width_bytes,
         .num = height,
      };

   const int32_t tile_width = vgpu_tiling_width_bytes(s->tiling);
   const int32_t tile_height = vgpu_tiling_height_rows(s->tiling);
   const int32_t first_tile = x_bytes / tile_width;
   const int32_t first_row = y / tile_height;
   const int64_t step = (int64_t)s->pitch_bytes * tile_height;
   return (struct blt_intervals){
      .first = base + first_row * step + (int64_t)first_tile * VGPU_PAGE_SIZE_BYTES,
      .step = step,
      .size_bytes = (int64_t)((x_bytes + width_bytes - 1) / tile_width - first_tile + 1) *
                    VGPU_PAGE_SIZE_BYTES,
      .num = (y + height - 1) / tile_height - first_row + 1,
   };
}

static inline int64_t
blt_floor_div(int64_t a, int64_t b)
{
   return a / b - (a % b && (a < 0) != (b < 0));
}

/** The range [*first, *last] of intervals in b that touch number i of a; empty if first > last. */
static inline void
blt_touching(const struct blt_intervals *a, int64_t i, const struct blt_intervals *b,
             int64_t *first, int64_t *last)
{
   const int64_t start = a->first + i * a->step;
   /* b.first + j * b.step is to be within [low, high]. */
   const int64_t low = start - b->size_bytes + 1 - b->first;
   const int64_t high = start + a->size_bytes - 1 - b->first;

   if (b->step > 0) {
      *first = -blt_floor_div(-low, b->step);
      *last = blt_floor_div(high, b->step);
   } else if (b->step < 0) {
      *first = -blt_floor_div(-high, b->step);
      *last = blt_floor_div(low, b->step);
   } else {
      *first = 0;
      *last = low <= 0 && high >= 0 ? b->num - 1 : -1;
   }
   if (*first < 0)
      *first = 0;
   if (*last > b->num - 1)
      *last = b->num - 1;
}

static inline bool
blt_intervals_touch(const struct blt_intervals *a, const struct blt_intervals *b)
{
   for (int64_t i = 0; i < a->num; i++) {
      int64_t first, last;
      blt_touching(a, i, b, &first, &last);
      if (first <= last)
         return true;
   }
   return false;
}

/**
 * True if a pixel of the source would be read after a pixel of the destination was written at the
 * same address, visiting pixels in the operation's order: then the result depends on how far
 * hardware reads ahead. Both surfaces are linear.
 */
static inline bool
blt_reads_what_it_wrote(const struct blt_op *op, const struct blt_intervals *src,
                        const struct blt_intervals *dst)
{
   for (int64_t i = 0; i < src->num; i++) {
      int64_t first, last;
      blt_touching(src, i, dst, &first, &last);
      if (first > last)
         continue;
      if (op->y_backward ? last > i : first < i)
         return true;
      if (first <= i && i <= last) {
         const int64_t ahead = dst->first + i * dst->step - (src->first + i * src->step);
         if (op->x_backward ? ahead < 0 : ahead > 0)
            return true;
      }
   }
   return false;
}

/**
 * Source and destination may overlap if the order of the accesses is defined. The XY commands
 * choose it from the operands alone: if both have the same base address, a source to the left of
 * the destination is copied from right to left, and one above it from the bottom up. There is no
 * look for an actual overlap, and with different base addresses the order is always forward.
 */
static inline bool
blt_check_overlap(struct blt_op *op)
{
   const struct blt_surface *d = &op->dst, *s = &op->src.surface;
   const int32_t cpp = op->cpp;
   const int32_t width_bytes = (op->clip.x2 - op->clip.x1) * cpp;
   const int32_t height = op->clip.y2 - op->clip.y1;
   const int32_t src_x_bytes = (op->src.x1 + op->clip.x1 - op->rect.x1) * cpp;
   const int32_t src_y = op->src.y1 + op->clip.y1 - op->rect.y1;
   const int32_t dst_x_bytes = op->clip.x1 * cpp;
   const struct blt_intervals dst =
      blt_surface_intervals(d, dst_x_bytes, op->clip.y1, width_bytes, height);

   if (op->src.kind == BLT_SOURCE_MONO) {
      const struct blt_intervals src = {
         .first = op->src.surface.base, .size_bytes = blt_mono_source_size_bytes(op), .num = 1,
      };
      if (!op->src.immediate && blt_intervals_touch(&src, &dst))
         return vgpu_engine_fault(op->engine, "a monochrome source overlaps the destination");
      return true;
   }

   const struct blt_intervals src =
      blt_surface_intervals(s, src_x_bytes, src_y, width_bytes, height);
   const bool linear = d->tiling == VGPU_TILING_LINEAR && s->tiling == VGPU_TILING_LINEAR;
   op->in_order = blt_intervals_touch(&src, &dst);
   if (!op->in_order)
      return true;

   /* In one surface whose rows are apart the order is made for this. */
   if (d->base == s->base && d->pitch_bytes == s->pitch_bytes && d->tiling == s->tiling &&
       src_x_bytes >= 0 && dst_x_bytes >= 0 && src_x_bytes + width_bytes <= abs(s->pitch_bytes) &&
       dst_x_bytes + width_bytes <= abs(d->pitch_bytes) &&
       op->x_backward == (src_x_bytes < dst_x_bytes) &&
       op->y_backward == (src_y < op->clip.y1))
      return true;

   if (!linear)
      return vgpu_engine_unmodelled(op->engine,
                                    "overlap of a tiled surface with another surface");
   if (blt_reads_what_it_wrote(op, &src, &dst))
      return vgpu_engine_unmodelled(op->engine, "source pixels that this blit has written before");
   return true;
}

/** The chroma key has something to compare. */
static inline bool
blt_check_key(const struct blt_op *op)
{
   switch (op->key) {
   case BLT_KEY_NONE:
   case BLT_KEY_DESTINATION:
   case BLT_KEY_DESTINATION_AND_ALPHA:
      break;
   case BLT_KEY_SOURCE:
   case BLT_KEY_SOURCE_AND_ALPHA:
      if (op->src.kind == BLT_SOURCE_NONE)
         return vgpu_engine_fault(op->engine, "a key on the source, which there is not");
      break;
   }
   if ((op->key == BLT_KEY_SOURCE_AND_ALPHA || op->key == BLT_KEY_DESTINATION_AND_ALPHA) &&
       (op->depth == BLT_DEPTH_8 || op->depth == BLT_DEPTH_565))
      return vgpu_engine_unmodelled(op->engine, "a key on alpha in a depth that has none");
   return true;
}

#endif
