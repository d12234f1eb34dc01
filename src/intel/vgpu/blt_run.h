/*
 * SPDX-License-Identifier: MIT
 *
 * Carries out a blit: rows, cut into chunks that fit buffers, or for plain copies and fills tile
 * by tile straight between the surfaces.
 *
 * For blt.c alone.
 */

#ifndef BLT_RUN_H
#define BLT_RUN_H

#include <stdlib.h>

#include "blt_op.h"
#include "blt_rop.h"
#include "blt_surface.h"

/* A multiple of a pattern's eight pixels, so that every chunk of a row starts at the same one. */
#define BLT_CHUNK_PIXELS 1024
#define BLT_CHUNK_BYTES (BLT_CHUNK_PIXELS * 4)

/** Operands of a chunk of a row, as colour pixels. */
struct blt_buffers {
   _Alignas(blt_vec) uint8_t pattern[BLT_CHUNK_BYTES];
   _Alignas(blt_vec) uint8_t source[BLT_CHUNK_BYTES];
   _Alignas(blt_vec) uint8_t destination[BLT_CHUNK_BYTES];
   _Alignas(blt_vec) uint8_t result[BLT_CHUNK_BYTES];
   _Alignas(blt_vec) uint8_t enable[BLT_CHUNK_BYTES]; /* not 0: the byte is written */
   uint8_t pattern_enable[BLT_CHUNK_BYTES];           /* what a row of the pattern lets through */
   uint8_t bits[BLT_CHUNK_PIXELS / 8 + 2];            /* of a mono source */
};

static inline void
blt_put_pixel(uint8_t *buffer, uint32_t index, uint32_t cpp, uint32_t pixel)
{
   memcpy(buffer + index * cpp, &pixel, cpp); /* little-endian, as the hardware is */
}

static inline uint32_t
blt_get_pixel(const uint8_t *buffer, uint32_t index, uint32_t cpp)
{
   uint32_t pixel = 0;
   memcpy(&pixel, buffer + index * cpp, cpp);
   return pixel;
}

/** Repeats the first size_bytes bytes of a chunk up to its end. */
static inline void
blt_repeat(uint8_t *chunk, uint32_t size_bytes)
{
   for (uint32_t at = size_bytes; at < BLT_CHUNK_BYTES; at *= 2)
      memcpy(chunk + at, chunk, at);
}

/** Fills the pattern's buffers for the row at y, from the pixel at clip.x1 on. */
static inline void
blt_pattern_row(const struct blt_op *op, int32_t y, struct blt_buffers *b)
{
   const struct blt_pattern *pattern = &op->pattern;
   const uint32_t row = ((uint32_t)y + pattern->vertical_seed) % 8;

   for (uint32_t i = 0; i < 8; i++) {
      const uint32_t column = ((uint32_t)op->clip.x1 + i + pattern->horizontal_seed) % 8;
      const bool all = pattern->kind == BLT_PATTERN_8X8;
      blt_put_pixel(b->pattern, i, op->cpp, pattern->pixels[all ? row : 0][all ? column : 0]);
      memset(b->pattern_enable + i * op->cpp, pattern->written[row] >> (7 - column) & 1 ? 0xff : 0,
             op->cpp);
   }
   blt_repeat(b->pattern, 8 * op->cpp);
   if (pattern->transparent)
      blt_repeat(b->pattern_enable, 8 * op->cpp);
}

/** Gets num pixels of the source; clears enable where a mono source is transparent. */
static inline bool
blt_source_chunk(struct blt_op *op, int32_t x, int32_t y, uint32_t num, struct blt_buffers *b)
{
   struct blt_source *src = &op->src;
   const int32_t from_x = x - op->rect.x1, from_y = y - op->rect.y1;

   if (src->kind == BLT_SOURCE_COLOR)
      return blt_gather(op, &src->surface, (src->x1 + from_x) * (int32_t)op->cpp,
                        src->y1 + from_y, b->source, num * op->cpp);

   const uint64_t bit = src->first_bit + (uint64_t)src->stride_bits * from_y + from_x;
   const uint32_t first_byte = bit / 8, shift = bit % 8;
   const uint8_t *bits = b->bits;
   if (src->immediate)
      bits = src->immediate + first_byte;
   else if (!blt_gather(op, &src->surface, first_byte, 0, b->bits, (shift + num + 7) / 8))
      return false;

   for (uint32_t i = 0; i < num; i++) {
      const bool set = bits[(shift + i) / 8] >> (7 - (shift + i) % 8) & 1;
      blt_put_pixel(b->source, i, op->cpp, set ? src->foreground : src->background);
      if (src->transparent && !set)
         memset(b->enable + i * op->cpp, 0, op->cpp);
   }
   return true;
}

/** True if every component is between those of two pixels, both inclusive. */
static inline bool
blt_in_range(const struct blt_op *op, uint32_t pixel, bool alpha)
{
   static const uint32_t components[][4] = { /* the last one is alpha */
      [BLT_DEPTH_8] = { 0xff, 0, 0, 0 },
      [BLT_DEPTH_565] = { 0x001f, 0x07e0, 0xf800, 0 },
      [BLT_DEPTH_1555] = { 0x001f, 0x03e0, 0x7c00, 0x8000 },
      [BLT_DEPTH_32] = { 0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000 },
   };

   for (unsigned i = 0; i < (alpha ? 4 : 3); i++) {
      const uint32_t mask = components[op->depth][i];
      if ((pixel & mask) < (op->key_low & mask) || (pixel & mask) > (op->key_high & mask))
         return false;
   }
   return true;
}

/** Clears enable of the pixels that the chroma key keeps from being written. */
static inline void
blt_key_chunk(const struct blt_op *op, uint32_t num, struct blt_buffers *b)
{
   const bool source = op->key == BLT_KEY_SOURCE || op->key == BLT_KEY_SOURCE_AND_ALPHA;
   const bool alpha =
      op->key == BLT_KEY_SOURCE_AND_ALPHA || op->key == BLT_KEY_DESTINATION_AND_ALPHA;
   const uint8_t *pixels = source ? b->source : b->destination;

   for (uint32_t i = 0; i < num; i++) {
      /* A source in the range is see-through; a destination in the range may be written over. */
      if (blt_in_range(op, blt_get_pixel(pixels, i, op->cpp), alpha) == source)
         memset(b->enable + i * op->cpp, 0, op->cpp);
   }
}

/** Enables the bytes of num pixels that the byte mask and the pattern let through. */
static inline void
blt_enable_chunk(const struct blt_op *op, uint32_t num, struct blt_buffers *b)
{
   if (op->pattern.transparent)
      memcpy(b->enable, b->pattern_enable, num * op->cpp);
   else
      memset(b->enable, 0xff, num * op->cpp);

   if (!op->write_rgb || !op->write_alpha) {
      const uint32_t mask = (op->write_rgb ? 0x00ffffff : 0) | (op->write_alpha ? 0xff000000 : 0);
      for (uint32_t i = 0; i < num; i++)
         blt_put_pixel(b->enable, i, 4, blt_get_pixel(b->enable, i, 4) & mask);
   }
}

/** True if every byte of every pixel is written. */
static inline bool
blt_writes_all(const struct blt_op *op)
{
   return op->write_rgb && op->write_alpha && op->key == BLT_KEY_NONE &&
          !op->pattern.transparent &&
          !(op->src.kind == BLT_SOURCE_MONO && op->src.transparent);
}

/** One row in chunks: any operation. */
static bool
blt_row(struct blt_op *op, int32_t y, struct blt_buffers *b)
{
   const bool all = blt_writes_all(op);
   const bool read_source = blt_reads_source(op);
   const bool read_destination = blt_rop_uses_destination(op->rop) ||
                                 op->key == BLT_KEY_DESTINATION ||
                                 op->key == BLT_KEY_DESTINATION_AND_ALPHA;
   const uint32_t width = op->clip.x2 - op->clip.x1;
   const uint32_t chunks = (width + BLT_CHUNK_PIXELS - 1) / BLT_CHUNK_PIXELS;

   if (op->pattern.kind == BLT_PATTERN_8X8)
      blt_pattern_row(op, y, b);
   for (uint32_t i = 0; i < chunks; i++) {
      const uint32_t chunk = op->x_backward ? chunks - 1 - i : i;
      const uint32_t first = chunk * BLT_CHUNK_PIXELS;
      const uint32_t num = blt_min(width - first, BLT_CHUNK_PIXELS);
      const int32_t x = op->clip.x1 + first, x_bytes = x * (int32_t)op->cpp;

      if (!all)
         blt_enable_chunk(op, num, b);
      if (read_source && !blt_source_chunk(op, x, y, num, b))
         return false;
      if (read_destination &&
          !blt_gather(op, &op->dst, x_bytes, y, b->destination, num * op->cpp))
         return false;
      if (op->key != BLT_KEY_NONE)
         blt_key_chunk(op, num, b);
      /* An operand that is not used is still read: then as one that is. */
      const uint8_t *d = read_destination ? b->destination : read_source ? b->source : b->pattern;
      blt_rop(op->rop, b->result, b->pattern, read_source ? b->source : d, d, num * op->cpp);
      if (all ? !blt_scatter(op, &op->dst, x_bytes, y, b->result, num * op->cpp)
              : !blt_scatter_enabled(op, &op->dst, x_bytes, y, b->result, b->enable,
                                     num * op->cpp))
         return false;
   }
   return true;
}

static bool
blt_rows(struct blt_op *op)
{
   struct blt_buffers b;

   if (op->pattern.kind != BLT_PATTERN_8X8)
      blt_pattern_row(op, 0, &b);
   for (int32_t i = op->clip.y1; i < op->clip.y2; i++) {
      const int32_t y = op->y_backward ? op->clip.y2 - 1 - (i - op->clip.y1) : i;
      if (vgpu_engine_interrupted(op->engine) || !blt_row(op, y, &b))
         return false;
   }
   return true;
}

/** True if every row of a linear surface begins where the one above it ends. */
static inline bool
blt_rows_touch(const struct blt_surface *s, uint32_t row_bytes)
{
   return s->tiling == VGPU_TILING_LINEAR && s->pitch_bytes > 0 &&
          (uint32_t)s->pitch_bytes == row_bytes;
}

/* How much is copied between two looks at whether the engine is interrupted. */
#define BLT_LONG_ROW_BYTES (256u << 10)

/** A plain copy, row by row in the order that the operation has. */
static bool
blt_copy_rows(struct blt_op *op)
{
   const uint32_t row_bytes = (op->clip.x2 - op->clip.x1) * op->cpp;
   const int32_t dst_x = op->clip.x1 * (int32_t)op->cpp;
   const int32_t src_x = (op->src.x1 + op->clip.x1 - op->rect.x1) * (int32_t)op->cpp;
   int32_t rows = 1; /* that are copied as one */

   if (!op->x_backward && !op->y_backward && blt_rows_touch(&op->dst, row_bytes) &&
       blt_rows_touch(&op->src.surface, row_bytes) && row_bytes < BLT_LONG_ROW_BYTES)
      rows = BLT_LONG_ROW_BYTES / row_bytes;

   for (int32_t i = op->clip.y1; i < op->clip.y2; i += rows) {
      const int32_t y = op->y_backward ? op->clip.y2 - 1 - (i - op->clip.y1) : i;
      const int32_t src_y = op->src.y1 + y - op->rect.y1;
      const uint32_t size_bytes = row_bytes * (uint32_t)blt_min(rows, op->clip.y2 - i);
      if (vgpu_engine_interrupted(op->engine))
         return false;
      if (op->x_backward
             ? !blt_copy_backward(op, &op->dst, dst_x, y, &op->src.surface, src_x, src_y,
                                  size_bytes)
             : !blt_copy(op, &op->dst, dst_x, y, &op->src.surface, src_x, src_y, size_bytes))
         return false;
   }
   return true;
}

/* How much of a row is done at once where tiles are narrower: enough for memory to be fast. */
#define BLT_BLOCK_WIDTH_BYTES 4096

/** The end of the block of a size that at is in, but not past end. */
static inline int32_t
blt_block_end(int32_t at, int32_t size, int32_t end)
{
   const int32_t next = at - at % size + size;
   return next < end ? next : end;
}

/** Part of a plain copy or a solid fill: within a row of tiles, and a block's width. */
struct blt_block {
   struct blt_rect rect;   /* in bytes and rows of the destination */
   int32_t src_x, src_y;   /* from a byte of the destination to that of the source */
   const uint8_t *color;   /* a row to fill with, at least a block wide; NULL to copy */
};

/** A block one side of which is Y-tiled, and in a row of its tiles. */
struct blt_y_block {
   struct blt_op *op;
   bool store;                                     /* the destination is the tiled side */
   uint8_t *tiles[BLT_BLOCK_WIDTH_BYTES / 128 + 1]; /* that it is in, from the left */
   struct blt_surface *other;
   const uint8_t *color;                           /* instead of other, or NULL */
   int32_t x1, width;                              /* in bytes of the tiled side */
   int32_t other_x;
   int32_t to_tiled_y, to_other_y; /* from a row of the destination to that of either side */
};

/** Where the byte at x of the tiled side is, in the row of the destination's y. */
static inline uint8_t *
blt_y_byte(const struct blt_y_block *block, int32_t x, int32_t y)
{
   return block->tiles[(x >> 7) - (block->x1 >> 7)] +
          (x & 127) / BLT_Y_PIECE_BYTES * BLT_Y_COLUMN_BYTES +
          ((y + block->to_tiled_y) & 31) * BLT_Y_PIECE_BYTES + x % BLT_Y_PIECE_BYTES;
}

/** True if a line of a column of a tile begins with the row at y, and the block has all of it. */
static inline bool
blt_y_begins_line(const struct blt_y_block *block, int32_t y, int32_t y2)
{
   return (y + block->to_tiled_y) % BLT_Y_LINE_ROWS == 0 && y + BLT_Y_LINE_ROWS <= y2 &&
          (block->x1 | block->width) % BLT_Y_PIECE_BYTES == 0;
}

/**
 * Finds the rows of the other side that go with those which share lines, from y and at bytes on.
 * \param size_bytes  gets how much all of them have in one piece: whole pieces of the tile, or 0
 * \return false after a fault
 */
static inline bool
blt_y_other_rows(struct blt_y_block *block, int32_t y, int32_t at,
                 uint8_t *rows[BLT_Y_LINE_ROWS], uint32_t *size_bytes)
{
   *size_bytes = block->width - at;
   for (unsigned i = 0; i < BLT_Y_LINE_ROWS; i++) {
      const int32_t x = block->other_x + at, other_y = y + i + block->to_other_y;
      if (block->color) {
         rows[i] = (uint8_t *)block->color;
         continue;
      }
      rows[i] = blt_map(block->op, block->other, x, other_y);
      if (!rows[i])
         return false;
      *size_bytes = blt_min(*size_bytes, blt_run_bytes(block->other, x, other_y));
   }
   *size_bytes -= *size_bytes % BLT_Y_PIECE_BYTES;
   return true;
}

/**
 * The rows that share lines, from y on.
 * \return how many bytes of each were done, from the left: whole pieces; or -1 after a fault
 */
static inline int32_t
blt_y_lines(struct blt_y_block *block, int32_t y)
{
   uint8_t *rows[BLT_Y_LINE_ROWS];
   uint32_t size_bytes;

   for (int32_t first = 0; first < block->width; first += size_bytes) {
      if (!blt_y_other_rows(block, y, first, rows, &size_bytes))
         return -1;
      if (!size_bytes)
         return first;

      const bool stream = block->op->stream && (block->store || blt_aligned_rows(rows));
      for (uint32_t at = 0, columns; at < size_bytes; at += columns * BLT_Y_PIECE_BYTES) {
         const int32_t x = block->x1 + first + at;
         uint8_t *host = blt_y_byte(block, x, y);
         columns = 1;
         if (block->store) {
            blt_store_y_line(host, rows, at, stream);
         } else if (stream && x % 64 == 0 && at + 64 <= size_bytes) {
            /* Lines of memory are best streamed as a whole; four columns are one, in one tile. */
            columns = 4;
            blt_load_y_lines(rows, at, host, 4, true);
         } else {
            blt_load_y_lines(rows, at, host, 1, stream);
         }
      }
   }
   return block->width;
}

/** A row, from its first bytes on. \return false after a fault */
static inline bool
blt_y_row(struct blt_y_block *block, int32_t y, int32_t first)
{
   const uint8_t *linear = block->color;
   uint32_t linear_bytes = block->color ? block->width : 0;

   for (int32_t done = first; done < block->width;) {
      if (!linear_bytes) {
         const int32_t other_x = block->other_x + done, other_y = y + block->to_other_y;
         linear = blt_map(block->op, block->other, other_x, other_y);
         if (!linear)
            return false;
         linear_bytes = blt_run_bytes(block->other, other_x, other_y);
      }
      const int32_t x = block->x1 + done;
      uint32_t run = blt_min(block->width - done, 128 - (x & 127));
      run = blt_min(run, linear_bytes);
      uint8_t *host = blt_y_byte(block, x, y);
      if (block->store)
         blt_store_y(host, x, linear, run);
      else
         blt_load_y((uint8_t *)linear, host, x, run);
      linear += run;
      linear_bytes -= run;
      done += run;
   }
   return true;
}

/** The tiles are translated once, and the other side once a row. */
static inline bool
blt_block_y(struct blt_op *op, const struct blt_block *block)
{
   const bool store = op->dst.tiling == VGPU_TILING_Y;
   struct blt_surface *tiled = store ? &op->dst : &op->src.surface;
   struct blt_y_block b = {
      .op = op,
      .store = store,
      .other = store ? &op->src.surface : &op->dst,
      .color = block->color,
      .x1 = block->rect.x1 + (store ? 0 : block->src_x),
      .width = block->rect.x2 - block->rect.x1,
      .other_x = block->rect.x1 + (store ? block->src_x : 0),
      .to_tiled_y = store ? 0 : block->src_y,
      .to_other_y = store ? block->src_y : 0,
   };

   for (int32_t x = b.x1 & ~127; x < b.x1 + b.width; x += 128) {
      uint8_t *tile = blt_map(op, tiled, x, (block->rect.y1 + b.to_tiled_y) & ~31);
      if (!tile)
         return false;
      b.tiles[(x - (b.x1 & ~127)) / 128] = tile;
      /* The order in which a tile is read is none that the processor would foresee. */
      for (unsigned at = 0; !store && op->stream && at < VGPU_PAGE_SIZE_BYTES; at += 64)
         __builtin_prefetch(tile + at);
   }

   for (int32_t y = block->rect.y1; y < block->rect.y2;) {
      const bool lines = blt_y_begins_line(&b, y, block->rect.y2);
      const int32_t y_end = y + (lines ? BLT_Y_LINE_ROWS : 1);
      const int32_t done = lines ? blt_y_lines(&b, y) : 0;
      if (done < 0)
         return false;
      for (; y < y_end; y++) {
         if (!blt_y_row(&b, y, done))
            return false;
      }
   }
   return true;
}

static inline bool
blt_block(struct blt_op *op, const struct blt_block *block)
{
   const bool src_y_tiled = !block->color && op->src.surface.tiling == VGPU_TILING_Y;
   const uint32_t width = block->rect.x2 - block->rect.x1;

   if ((op->dst.tiling == VGPU_TILING_Y) != src_y_tiled)
      return blt_block_y(op, block);
   for (int32_t y = block->rect.y1; y < block->rect.y2; y++) {
      if (block->color
             ? !blt_scatter(op, &op->dst, block->rect.x1, y, block->color, width)
             : !blt_copy(op, &op->dst, block->rect.x1, y, &op->src.surface,
                         block->rect.x1 + block->src_x, y + block->src_y, width))
         return false;
   }
   return true;
}

/**
 * A plain copy or a solid fill with a tiled surface in it: by blocks of tiles, so that their pages
 * stay in the processor's cache while they are worked on. Only for operands that share no memory.
 */
static bool
blt_tiles(struct blt_op *op, const uint8_t *color)
{
   /* Blocks are those of a Y-tiled surface, if there is one. */
   const bool by_dst = op->dst.tiling == VGPU_TILING_Y || color ||
                       (op->dst.tiling == VGPU_TILING_X &&
                        op->src.surface.tiling != VGPU_TILING_Y);
   const enum vgpu_tiling tiling = by_dst ? op->dst.tiling : op->src.surface.tiling;
   const int32_t tile_height = vgpu_tiling_height_rows(tiling);
   const int32_t cpp = op->cpp;
   const int32_t delta_x = color ? 0 : (op->src.x1 - op->rect.x1) * cpp;
   const int32_t delta_y = color ? 0 : op->src.y1 - op->rect.y1;
   /* The walk is in the coordinates of that surface, from which dst is this far away. */
   const int32_t to_dst_x = by_dst ? 0 : -delta_x, to_dst_y = by_dst ? 0 : -delta_y;
   const int32_t x1 = op->clip.x1 * cpp - to_dst_x, x2 = op->clip.x2 * cpp - to_dst_x;
   const int32_t y1 = op->clip.y1 - to_dst_y, y2 = op->clip.y2 - to_dst_y;

   for (int32_t y = y1, y_end; y < y2; y = y_end) {
      y_end = blt_block_end(y, tile_height, y2);
      if (vgpu_engine_interrupted(op->engine))
         return false;
      for (int32_t x = x1, x_end; x < x2; x = x_end) {
         x_end = blt_block_end(x, BLT_BLOCK_WIDTH_BYTES, x2);
         const struct blt_block block = {
            .rect = { x + to_dst_x, y + to_dst_y, x_end + to_dst_x, y_end + to_dst_y },
            .src_x = delta_x, .src_y = delta_y, .color = color,
         };
         if (!blt_block(op, &block))
            return false;
      }
   }
   return true;
}

/**
 * True if the order does not matter and a surface is tiled: source and destination are apart, and
 * no row of the destination runs into the memory of another.
 */
static bool
blt_may_go_by_tiles(const struct blt_op *op)
{
   const int32_t row_bytes = (op->clip.x2 - op->clip.x1) * (int32_t)op->cpp;

   if (op->in_order)
      return false;
   if (op->dst.tiling != VGPU_TILING_LINEAR)
      return op->clip.x2 * (int32_t)op->cpp <= op->dst.pitch_bytes;
   return op->src.surface.tiling != VGPU_TILING_LINEAR && row_bytes <= abs(op->dst.pitch_bytes);
}

/** A solid fill. */
static bool
blt_fill(struct blt_op *op)
{
   struct blt_buffers b;
   const uint32_t row_bytes = (op->clip.x2 - op->clip.x1) * op->cpp;

   op->pattern.kind = BLT_PATTERN_SOLID;
   blt_pattern_row(op, 0, &b);
   if (op->dst.tiling != VGPU_TILING_LINEAR)
      return blt_tiles(op, b.pattern);

   for (int32_t y = op->clip.y1; y < op->clip.y2; y++) {
      if (vgpu_engine_interrupted(op->engine))
         return false;
      for (uint32_t at = 0; at < row_bytes; at += BLT_CHUNK_BYTES) {
         if (!blt_scatter(op, &op->dst, op->clip.x1 * (int32_t)op->cpp + at, y, b.pattern,
                          blt_min(row_bytes - at, BLT_CHUNK_BYTES)))
            return false;
      }
   }
   return true;
}

/** Carries out a blit whose operands were checked. \return false after a fault, or interrupted */
static bool
blt_run(struct blt_op *op)
{
   enum { BLACKNESS = 0x00, SRCCOPY = 0xcc, PATCOPY = 0xf0, WHITENESS = 0xff };

   if (!op->write_rgb && !op->write_alpha)
      return true;
   if (!blt_writes_all(op))
      return blt_rows(op);

   switch (op->rop) {
   case BLACKNESS:
   case WHITENESS:
      op->pattern.pixels[0][0] = op->rop == WHITENESS ? ~0u : 0;
      return blt_fill(op);
   case PATCOPY:
      return op->pattern.kind == BLT_PATTERN_SOLID ? blt_fill(op) : blt_rows(op);
   case SRCCOPY:
      if (op->src.kind != BLT_SOURCE_COLOR)
         return blt_rows(op);
      return blt_may_go_by_tiles(op) ? blt_tiles(op, NULL) : blt_copy_rows(op);
   default:
      return blt_rows(op);
   }
}

#endif
