/*
 * SPDX-License-Identifier: MIT
 *
 * Large blits in which the order does not matter, cut into bands of rows that several threads
 * work on.
 *
 * Only the engine's thread translates addresses and records faults: it does so for all pages of
 * the blit before the first band begins. A blit that faults has then written nothing.
 *
 * For blt.c alone.
 */

#ifndef BLT_BANDS_H
#define BLT_BANDS_H

#include <stdatomic.h>
#include <stdlib.h>

#include "blt_check.h"
#include "blt_run.h"
#include "pool.h"

/* Below, waking a thread costs more than it saves. Tests set it lower. */
#ifndef BLT_BANDS_MIN_BYTES
#define BLT_BANDS_MIN_BYTES (2u << 20)
#endif

/*
 * From here on, source and destination are more than the share that one has of a large cache:
 * reading a line that is only written over, and writing it back later, would cost memory half as
 * much again. Tests set it lower.
 */
#ifndef BLT_STREAM_MIN_BYTES
#define BLT_STREAM_MIN_BYTES (16u << 20)
#endif

/* A table of pages is at most this long; a surface that is more spread out is not worth one. */
#define BLT_BANDS_MAX_PAGES (64u << 10)

/* For each thread, so that one that was held up does not hold up the others for long. */
#define BLT_BANDS_PER_THREAD 4

struct blt_bands {
   const struct blt_op *op;
   int32_t rows; /* of a band; the last one may have fewer */
   _Atomic bool failed;
};

/**
 * Translates the pages of a rectangle of a surface, in bytes and rows.
 * \param table  gets them, to be freed; NULL after a fault or if the surface is not for bands
 * \return false after a fault
 */
static inline bool
blt_translate(const struct blt_op *op, struct blt_surface *s, int32_t x_bytes, int32_t y,
              int32_t width_bytes, int32_t height, uint8_t ***table)
{
   const struct blt_intervals rows = blt_surface_intervals(s, x_bytes, y, width_bytes, height);
   const int64_t last = rows.first + (rows.num - 1) * rows.step;
   const int64_t start = rows.step < 0 ? last : rows.first;
   const int64_t end = (rows.step < 0 ? rows.first : last) + rows.size_bytes;

   *table = NULL;
   if (start < 0 || end > 1ll << 32)
      return true;
   const int64_t first_page = start >> VGPU_PAGE_SHIFT;
   const int64_t num_pages = ((end - 1) >> VGPU_PAGE_SHIFT) - first_page + 1;
   if (num_pages > BLT_BANDS_MAX_PAGES)
      return true;
   uint8_t **pages = calloc(num_pages, sizeof(*pages));
   if (!pages)
      return true;

   for (int64_t i = 0; i < rows.num; i++) {
      const int64_t row = rows.first + i * rows.step;
      for (int64_t page = row >> VGPU_PAGE_SHIFT;
           page <= (row + rows.size_bytes - 1) >> VGPU_PAGE_SHIFT; page++) {
         uint8_t **host = &pages[page - first_page];
         if (*host)
            continue;
         *host = vgpu_engine_map(op->engine, op->engine->as, (uint64_t)page << VGPU_PAGE_SHIFT,
                                 s->write);
         if (!*host) {
            free(pages);
            return false;
         }
      }
   }
   s->pages = pages;
   s->first_page = first_page;
   *table = pages;
   return true;
}

static inline void
blt_band(void *arg, unsigned i)
{
   struct blt_bands *bands = arg;
   struct blt_op band = *bands->op;
   const int32_t y1 = band.clip.y1 + (int32_t)i * bands->rows;

   if (y1 + bands->rows < band.clip.y2)
      band.clip.y2 = y1 + bands->rows;
   band.clip.y1 = y1;
   if (!blt_run(&band))
      atomic_store(&bands->failed, true);
   if (band.stream)
      blt_stream_end();
}

/** True if the rows of the blit may be worked on in any order, and it is worth several threads. */
static inline bool
blt_may_go_by_bands(const struct blt_op *op)
{
   const uint64_t row_bytes = (uint64_t)(op->clip.x2 - op->clip.x1) * op->cpp;
   const int32_t height = op->clip.y2 - op->clip.y1;

   if (vgpu_pool_threads(op->engine->pool) < 2 || row_bytes * height < BLT_BANDS_MIN_BYTES)
      return false;
   /* Rows of the destination are apart from each other and from the source. */
   if (op->in_order || op->src.kind == BLT_SOURCE_MONO)
      return false;
   if (op->dst.tiling == VGPU_TILING_LINEAR)
      return row_bytes <= (uint64_t)abs(op->dst.pitch_bytes);
   return op->clip.x2 * (int64_t)op->cpp <= op->dst.pitch_bytes;
}

/** Carries out a blit, by several threads where that is worth it. See blt_run(). */
static inline bool
blt_run_bands(struct blt_op *op)
{
   const int32_t cpp = op->cpp;
   const int32_t height = op->clip.y2 - op->clip.y1;
   const int32_t width_bytes = (op->clip.x2 - op->clip.x1) * cpp;
   uint8_t **dst = NULL, **src = NULL;
   bool ok = true, by_bands = blt_may_go_by_bands(op);

   op->stream = BLT_CAN_STREAM && !op->in_order &&
                (uint64_t)width_bytes * (uint32_t)height >= BLT_STREAM_MIN_BYTES;
   if (by_bands) {
      ok = blt_translate(op, &op->dst, op->clip.x1 * cpp, op->clip.y1, width_bytes, height, &dst);
      by_bands = dst;
   }
   if (by_bands && op->src.kind == BLT_SOURCE_COLOR && blt_reads_source(op)) {
      ok = blt_translate(op, &op->src.surface,
                         (op->src.x1 + op->clip.x1 - op->rect.x1) * cpp,
                         op->src.y1 + op->clip.y1 - op->rect.y1, width_bytes, height, &src);
      by_bands = src;
   }
   if (by_bands) {
      /* Tiles are 8 or 32 rows high, and best not cut. */
      const int32_t wanted = vgpu_pool_threads(op->engine->pool) * BLT_BANDS_PER_THREAD;
      struct blt_bands bands = {
         .op = op,
         .rows = ((height + wanted - 1) / wanted + 31) & ~31,
      };
      vgpu_pool_run(op->engine->pool, (height + bands.rows - 1) / bands.rows, blt_band, &bands);
      ok = !atomic_load(&bands.failed);
   } else if (ok) {
      ok = blt_run(op);
      if (op->stream)
         blt_stream_end();
   }
   free(src);
   free(dst);
   return ok;
}

#endif
