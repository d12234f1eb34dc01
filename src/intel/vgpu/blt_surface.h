/*
 * SPDX-License-Identifier: MIT
 *
 * Surfaces of a blit as runs of host memory. Every page has a host address of its own, and every
 * address that the guest gives is translated here.
 *
 * For blt.c alone; the functions are inlined into its row loops.
 */

#ifndef BLT_SURFACE_H
#define BLT_SURFACE_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "blt_op.h"
#include "vgpu_engine.h"
#include "vgpu_mem.h"

static inline uint32_t
blt_min(uint32_t a, uint32_t b)
{
   return a < b ? a : b;
}

/** Graphics address of the byte at (x_bytes, y). Tiled surfaces have no negative coordinates. */
static inline uint32_t
blt_address(const struct blt_surface *s, int32_t x_bytes, int32_t y)
{
   if (s->tiling == VGPU_TILING_LINEAR)
      return s->base + (uint32_t)y * (uint32_t)s->pitch_bytes + (uint32_t)x_bytes;
   return s->base + vgpu_tiled_offset(s->tiling, s->pitch_bytes, x_bytes, y);
}

/** Host memory of the byte at (x_bytes, y), good to the end of its page. NULL after a fault. */
static inline uint8_t *
blt_map(const struct blt_op *op, struct blt_surface *s, int32_t x_bytes, int32_t y)
{
   const uint32_t address = blt_address(s, x_bytes, y);
   const uint32_t page = address >> VGPU_PAGE_SHIFT;
   if (s->pages)
      return s->pages[page - s->first_page] + (address & VGPU_PAGE_MASK);

   const uint32_t key = s->tiling == VGPU_TILING_LINEAR ? (uint32_t)y : page;
   const unsigned slot = key % BLT_PAGE_SLOTS;

   if (!s->slots[slot].host || s->slots[slot].page != page) {
      uint8_t *host = vgpu_engine_map(op->engine, op->engine->as,
                                      (uint64_t)page << VGPU_PAGE_SHIFT, s->write);
      if (!host)
         return NULL;
      s->slots[slot].host = host;
      s->slots[slot].page = page;
   }
   return s->slots[slot].host + (address & VGPU_PAGE_MASK);
}

/* A row of a Y tile is in pieces of an OWord, the next piece in the column to the right. */
#define BLT_Y_PIECE_BYTES 16
#define BLT_Y_COLUMN_BYTES 512

/**
 * How many bytes from (x_bytes, y) to the right are in the same page and, but for the pieces of a
 * Y tile, next to each other.
 */
static inline uint32_t
blt_run_bytes(const struct blt_surface *s, int32_t x_bytes, int32_t y)
{
   if (s->tiling == VGPU_TILING_LINEAR)
      return VGPU_PAGE_SIZE_BYTES - (blt_address(s, x_bytes, y) & VGPU_PAGE_MASK);
   const uint32_t tile_width = s->tiling == VGPU_TILING_X ? 512 : 128;
   return tile_width - ((uint32_t)x_bytes & (tile_width - 1));
}

/** The same to the left, from the byte before x_bytes on. */
static inline uint32_t
blt_run_back_bytes(const struct blt_surface *s, int32_t x_bytes, int32_t y)
{
   if (s->tiling == VGPU_TILING_LINEAR)
      return (blt_address(s, x_bytes - 1, y) & VGPU_PAGE_MASK) + 1;
   const uint32_t tile_width = s->tiling == VGPU_TILING_X ? 512 : 128;
   return ((uint32_t)(x_bytes - 1) & (tile_width - 1)) + 1;
}

/* Read as a whole before it is written, so that it may overlap what it is copied to. */
typedef uint8_t blt_y_piece
   __attribute__((vector_size(BLT_Y_PIECE_BYTES), aligned(1), may_alias));

/*
 * Copies a run between a row of a Y tile, whose byte at x_bytes is at host, and memory where it is
 * in one piece. The guest may have one page at two addresses, so either may overlap the other.
 */
#define BLT_Y_RUN(to, from, host, linear)                                                        \
   do {                                                                                          \
      const uint32_t head = blt_min(size_bytes, -(uint32_t)x_bytes % BLT_Y_PIECE_BYTES);         \
      if (head) {                                                                                \
         memmove(to, from, head);                                                                \
         linear += head;                                                                         \
         host += BLT_Y_COLUMN_BYTES - BLT_Y_PIECE_BYTES + head;                                  \
         size_bytes -= head;                                                                     \
      }                                                                                          \
      for (; size_bytes >= BLT_Y_PIECE_BYTES; size_bytes -= BLT_Y_PIECE_BYTES) {                 \
         *(blt_y_piece *)(to) = *(const blt_y_piece *)(from);                                    \
         linear += BLT_Y_PIECE_BYTES;                                                            \
         host += BLT_Y_COLUMN_BYTES;                                                             \
      }                                                                                          \
      if (size_bytes)                                                                            \
         memmove(to, from, size_bytes);                                                          \
   } while (0)

static inline void
blt_load_y(uint8_t *to, const uint8_t *host, int32_t x_bytes, uint32_t size_bytes)
{
   BLT_Y_RUN(to, host, host, to);
}

static inline void
blt_store_y(uint8_t *host, int32_t x_bytes, const uint8_t *from, uint32_t size_bytes)
{
   BLT_Y_RUN(host, from, host, from);
}

#ifdef __SSE2__
#define BLT_CAN_STREAM 1
static inline void
blt_stream_piece(uint8_t *to, blt_y_piece piece)
{
   _mm_stream_si128((__m128i *)to, (__m128i)piece);
}
/** Makes what was streamed visible to other threads. */
static inline void
blt_stream_end(void)
{
   _mm_sfence();
}
#else
#define BLT_CAN_STREAM 0
static inline void
blt_stream_piece(uint8_t *to, blt_y_piece piece)
{
   *(blt_y_piece *)to = piece;
}
static inline void
blt_stream_end(void)
{
}
#endif

/** Copies whole pieces past the cache. to is aligned to a piece, and shares no memory with from. */
static inline void
blt_stream(uint8_t *to, const uint8_t *from, uint32_t size_bytes)
{
   const uint8_t *end = from + size_bytes;

   for (; end - from >= 4 * BLT_Y_PIECE_BYTES; from += 4 * BLT_Y_PIECE_BYTES) {
      const blt_y_piece a = ((const blt_y_piece *)from)[0], b = ((const blt_y_piece *)from)[1];
      const blt_y_piece c = ((const blt_y_piece *)from)[2], d = ((const blt_y_piece *)from)[3];
      blt_stream_piece(to, a);
      blt_stream_piece(to + BLT_Y_PIECE_BYTES, b);
      blt_stream_piece(to + 2 * BLT_Y_PIECE_BYTES, c);
      blt_stream_piece(to + 3 * BLT_Y_PIECE_BYTES, d);
      to += 4 * BLT_Y_PIECE_BYTES;
   }
   for (; from < end; from += BLT_Y_PIECE_BYTES, to += BLT_Y_PIECE_BYTES)
      blt_stream_piece(to, *(const blt_y_piece *)from);
}

/* Pieces of so many rows, which are in one line of the processor's cache, follow each other. */
#define BLT_Y_LINE_ROWS 4

static inline bool
blt_aligned_rows(uint8_t *const rows[BLT_Y_LINE_ROWS])
{
   return (((uintptr_t)rows[0] | (uintptr_t)rows[1] | (uintptr_t)rows[2] | (uintptr_t)rows[3]) %
           BLT_Y_PIECE_BYTES) == 0;
}

/** Writes a line of a column of a Y tile from the pieces at the same place of four rows. */
static inline void
blt_store_y_line(uint8_t *host, uint8_t *const rows[BLT_Y_LINE_ROWS], uint32_t at, bool stream)
{
   const blt_y_piece a = *(const blt_y_piece *)(rows[0] + at);
   const blt_y_piece b = *(const blt_y_piece *)(rows[1] + at);
   const blt_y_piece c = *(const blt_y_piece *)(rows[2] + at);
   const blt_y_piece d = *(const blt_y_piece *)(rows[3] + at);
   if (stream) {
      blt_stream_piece(host, a);
      blt_stream_piece(host + BLT_Y_PIECE_BYTES, b);
      blt_stream_piece(host + 2 * BLT_Y_PIECE_BYTES, c);
      blt_stream_piece(host + 3 * BLT_Y_PIECE_BYTES, d);
   } else {
      ((blt_y_piece *)host)[0] = a;
      ((blt_y_piece *)host)[1] = b;
      ((blt_y_piece *)host)[2] = c;
      ((blt_y_piece *)host)[3] = d;
   }
}

/** The other way round, for num columns side by side: rows are written piece after piece. */
static inline void
blt_load_y_lines(uint8_t *const rows[BLT_Y_LINE_ROWS], uint32_t at, const uint8_t *host,
                 unsigned num, bool stream)
{
   for (unsigned i = 0; i < BLT_Y_LINE_ROWS; i++) {
      for (unsigned j = 0; j < num; j++) {
         const blt_y_piece piece =
            *(const blt_y_piece *)(host + j * BLT_Y_COLUMN_BYTES + i * BLT_Y_PIECE_BYTES);
         uint8_t *to = rows[i] + at + j * BLT_Y_PIECE_BYTES;
         if (stream)
            blt_stream_piece(to, piece);
         else
            *(blt_y_piece *)to = piece;
      }
   }
}

/** Copies a run, which is in one page of either side. */
static inline void
blt_copy_run(const struct blt_op *op, const struct blt_surface *dst, uint8_t *to,
             int32_t dst_x_bytes, const struct blt_surface *src, const uint8_t *from,
             int32_t src_x_bytes, uint32_t size_bytes)
{
   if (dst->tiling == VGPU_TILING_Y && src->tiling == VGPU_TILING_Y) {
      if (!op->in_order && (dst_x_bytes - src_x_bytes) % BLT_Y_PIECE_BYTES == 0 &&
          (dst_x_bytes | (int32_t)size_bytes) % BLT_Y_PIECE_BYTES == 0) {
         for (uint32_t at = 0; at < size_bytes; at += BLT_Y_PIECE_BYTES) {
            *(blt_y_piece *)to = *(const blt_y_piece *)from;
            to += BLT_Y_COLUMN_BYTES;
            from += BLT_Y_COLUMN_BYTES;
         }
         return;
      }
      uint8_t row[128]; /* the width of a tile */
      blt_load_y(row, from, src_x_bytes, size_bytes);
      blt_store_y(to, dst_x_bytes, row, size_bytes);
   } else if (dst->tiling == VGPU_TILING_Y) {
      blt_store_y(to, dst_x_bytes, from, size_bytes);
   } else if (src->tiling == VGPU_TILING_Y) {
      blt_load_y(to, from, src_x_bytes, size_bytes);
   } else if (op->stream && ((uintptr_t)to | size_bytes) % BLT_Y_PIECE_BYTES == 0) {
      blt_stream(to, from, size_bytes);
   } else {
      memmove(to, from, size_bytes);
   }
}

/** Reads part of a row into a buffer. */
static inline bool
blt_gather(const struct blt_op *op, struct blt_surface *s, int32_t x_bytes, int32_t y,
           uint8_t *buffer, uint32_t size_bytes)
{
   while (size_bytes) {
      const uint32_t run = blt_min(size_bytes, blt_run_bytes(s, x_bytes, y));
      const uint8_t *host = blt_map(op, s, x_bytes, y);
      if (!host)
         return false;
      if (s->tiling == VGPU_TILING_Y)
         blt_load_y(buffer, host, x_bytes, run);
      else
         memcpy(buffer, host, run);
      buffer += run;
      x_bytes += run;
      size_bytes -= run;
   }
   return true;
}

/** Writes part of a row from a buffer. */
static inline bool
blt_scatter(const struct blt_op *op, struct blt_surface *s, int32_t x_bytes, int32_t y,
            const uint8_t *buffer, uint32_t size_bytes)
{
   while (size_bytes) {
      const uint32_t run = blt_min(size_bytes, blt_run_bytes(s, x_bytes, y));
      uint8_t *host = blt_map(op, s, x_bytes, y);
      if (!host)
         return false;
      if (s->tiling == VGPU_TILING_Y)
         blt_store_y(host, x_bytes, buffer, run);
      else
         memcpy(host, buffer, run);
      buffer += run;
      x_bytes += run;
      size_bytes -= run;
   }
   return true;
}

/** Writes those bytes of a row whose byte in enable is not 0; no other byte is touched. */
static inline bool
blt_scatter_enabled(const struct blt_op *op, struct blt_surface *s, int32_t x_bytes, int32_t y,
                    const uint8_t *buffer, const uint8_t *enable, uint32_t size_bytes)
{
   for (uint32_t at = 0; at < size_bytes;) {
      if (!enable[at]) {
         at++;
         continue;
      }
      uint32_t end = at + 1;
      while (end < size_bytes && enable[end])
         end++;
      if (!blt_scatter(op, s, x_bytes + at, y, buffer + at, end - at))
         return false;
      at = end;
   }
   return true;
}

/** Copies part of a row from one surface to another. */
static inline bool
blt_copy(const struct blt_op *op, struct blt_surface *dst, int32_t dst_x_bytes, int32_t dst_y,
         struct blt_surface *src, int32_t src_x_bytes, int32_t src_y, uint32_t size_bytes)
{
   while (size_bytes) {
      uint32_t run = blt_min(size_bytes, blt_run_bytes(dst, dst_x_bytes, dst_y));
      run = blt_min(run, blt_run_bytes(src, src_x_bytes, src_y));
      const uint8_t *from = blt_map(op, src, src_x_bytes, src_y);
      uint8_t *to = from ? blt_map(op, dst, dst_x_bytes, dst_y) : NULL;
      if (!to)
         return false;
      blt_copy_run(op, dst, to, dst_x_bytes, src, from, src_x_bytes, run);
      dst_x_bytes += run;
      src_x_bytes += run;
      size_bytes -= run;
   }
   return true;
}

/** The same from the right to the left. */
static inline bool
blt_copy_backward(const struct blt_op *op, struct blt_surface *dst, int32_t dst_x_bytes,
                  int32_t dst_y, struct blt_surface *src, int32_t src_x_bytes, int32_t src_y,
                  uint32_t size_bytes)
{
   while (size_bytes) {
      const int32_t dst_end = dst_x_bytes + size_bytes, src_end = src_x_bytes + size_bytes;
      uint32_t run = blt_min(size_bytes, blt_run_back_bytes(dst, dst_end, dst_y));
      run = blt_min(run, blt_run_back_bytes(src, src_end, src_y));
      const int32_t dst_x = dst_end - run, src_x = src_end - run;
      const uint8_t *from = blt_map(op, src, src_x, src_y);
      uint8_t *to = from ? blt_map(op, dst, dst_x, dst_y) : NULL;
      if (!to)
         return false;
      blt_copy_run(op, dst, to, dst_x, src, from, src_x, run);
      size_bytes -= run;
   }
   return true;
}

#endif
