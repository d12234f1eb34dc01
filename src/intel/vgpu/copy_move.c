/*
 * SPDX-License-Identifier: MIT
 *
 * The rows themselves are moved by the blitter's code.
 */

#include "copy_move.h"

#include <stdlib.h>
#include <string.h>

#include "blt_bands.h"
#include "blt_check.h"
#include "blt_run.h"
#include "vgpu_priv.h"

/* Raster operations. */
enum { SRCCOPY = 0xcc, PATCOPY = 0xf0 };

/* A surface whose rows are farther apart than this is not worth a table. */
#define MAX_PAGES (256u << 10)

/** The pages of a side of a move. */
struct pages {
   uint32_t first, count; /* graphics address >> 12 */
   uint8_t **host;        /* NULL: not touched */
};

/** Pages that are next to each other in the host's memory. */
struct run {
   uintptr_t start, end;
};

struct runs {
   struct run *run;
   uint32_t count;
};

/** \return false if some of the memory is not there, or there is too much of it */
static bool
find_pages(struct vgpu_engine *engine, const struct blt_surface *s, int32_t x_bytes, int32_t y,
           int32_t width_bytes, int32_t height, struct pages *pages)
{
   const struct blt_intervals rows = blt_surface_intervals(s, x_bytes, y, width_bytes, height);
   const int64_t last = rows.first + (rows.num - 1) * rows.step;
   const int64_t start = rows.step < 0 ? last : rows.first;
   const int64_t end = (rows.step < 0 ? rows.first : last) + rows.size_bytes;

   if (start < 0 || end > 1ll << 32 || (end - start) >> VGPU_PAGE_SHIFT > MAX_PAGES)
      return false;
   pages->first = start >> VGPU_PAGE_SHIFT;
   pages->count = (uint32_t)((end - 1) >> VGPU_PAGE_SHIFT) - pages->first + 1;
   pages->host = calloc(pages->count, sizeof(*pages->host));
   uint8_t **all = calloc(pages->count, sizeof(*all));
   bool ok = pages->host && all;
   if (ok)
      vgpu_gtt_translate_pages(engine->gpu, &engine->ppgtt, engine->as, pages->first, pages->count,
                               s->write, all);
   for (int64_t i = 0; i < rows.num && ok; i++) {
      const int64_t row = rows.first + i * rows.step;
      const uint32_t from = (row >> VGPU_PAGE_SHIFT) - pages->first;
      const uint32_t to = ((row + rows.size_bytes - 1) >> VGPU_PAGE_SHIFT) - pages->first;
      for (uint32_t page = from; page <= to && ok; page++) {
         pages->host[page] = all[page];
         ok = all[page];
      }
   }
   free(all);
   return ok;
}

static int
compare_runs(const void *a, const void *b)
{
   const struct run *x = a, *y = b;

   return (x->start > y->start) - (x->start < y->start);
}

/** Sorted. */
static bool
find_runs(const struct pages *pages, struct runs *runs)
{
   runs->count = 0;
   runs->run = malloc(pages->count * sizeof(*runs->run));
   if (!runs->run)
      return false;
   for (uint32_t i = 0; i < pages->count; i++) {
      const uintptr_t at = (uintptr_t)pages->host[i];
      if (!at)
         continue;
      if (runs->count && runs->run[runs->count - 1].end == at)
         runs->run[runs->count - 1].end += VGPU_PAGE_SIZE_BYTES;
      else
         runs->run[runs->count++] = (struct run){ at, at + VGPU_PAGE_SIZE_BYTES };
   }
   qsort(runs->run, runs->count, sizeof(*runs->run), compare_runs);
   return true;
}

/** Whether a page of the destination has another address, too, of either side. */
static bool
share_memory(const struct runs *dst, const struct runs *src)
{
   for (uint32_t i = 1; i < dst->count; i++) {
      if (dst->run[i].start < dst->run[i - 1].end)
         return true;
   }
   for (uint32_t i = 0, j = 0; i < dst->count && j < src->count;) {
      if (dst->run[i].start < src->run[j].end && src->run[j].start < dst->run[i].end)
         return true;
      if (dst->run[i].end <= src->run[j].end)
         i++;
      else
         j++;
   }
   return false;
}

/** A fill as the blitter has it: pixels of one DWord at most, or a pattern of eight. */
static bool
set_fill(struct blt_op *op, const struct vgpu_copy_move *move)
{
   const uint32_t bytes = move->bytes.dst_bytes;
   struct blt_pattern *pattern = &op->pattern;
   bool same = true;

   if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8 && bytes != 16)
      return false;
   op->rop = PATCOPY;
   op->cpp = bytes < 4 ? bytes : 4;
   pattern->kind = BLT_PATTERN_SOLID;
   memcpy(&pattern->pixels[0][0], move->texel, op->cpp);
   for (unsigned i = 0; i < 64; i++) {
      const unsigned at = bytes > 4 ? 4 * (i % (bytes / 4)) : 0;
      memcpy(&pattern->pixels[i / 8][i % 8], move->texel + at, op->cpp);
      same = same && pattern->pixels[i / 8][i % 8] == pattern->pixels[0][0];
   }
   memset(pattern->written, 0xff, sizeof(pattern->written));
   if (!same) {
      pattern->kind = BLT_PATTERN_8X8;
      /* Pattern and texel begin together. */
      pattern->horizontal_seed = -(uint32_t)(move->dst.x_bytes / 4) % 8;
   }
   return move->dst.x_bytes % (int32_t)op->cpp == 0;
}

static void
set_surface(struct blt_surface *s, const struct vgpu_copy_side *side, bool write)
{
   s->base = side->base;
   s->pitch_bytes = side->pitch_bytes;
   s->tiling = side->tiling;
   s->write = write;
}

/** Rows of texels whose bytes change places. */
static bool
swap_rows(struct blt_op *op, const struct vgpu_copy_move *move, int32_t y1, int32_t y2)
{
   uint8_t in[BLT_CHUNK_BYTES * 4], out[BLT_CHUNK_BYTES * 4];
   const struct vgpu_copy_bytes *bytes = &move->bytes;

   for (int32_t y = y1; y < y2; y++) {
      if (vgpu_engine_interrupted(op->engine))
         return false;
      for (uint32_t x = 0; x < move->width; x += BLT_CHUNK_PIXELS) {
         const uint32_t n = blt_min(move->width - x, BLT_CHUNK_PIXELS);
         if (!blt_gather(op, &op->src.surface, move->src.x_bytes + x * bytes->src_bytes,
                         move->src.y + y, in, n * bytes->src_bytes))
            return false;
         vgpu_copy_texels(bytes, out, in, n);
         if (!blt_scatter(op, &op->dst, move->dst.x_bytes + x * bytes->dst_bytes, move->dst.y + y,
                          out, n * bytes->dst_bytes))
            return false;
      }
   }
   return true;
}

/* ---------------------------------------------------------------- whole tiles */

enum tiles {
   NO_TILES,
   SAME_TILES, /* of both sides, in the same place; or of the destination, to be filled */
   TO_Y_TILES, /* from linear memory */
   FROM_Y_TILES,
};

static enum tiles
tiles_of(const struct blt_op *op, const struct vgpu_copy_move *move)
{
   const enum vgpu_tiling dst = op->dst.tiling, src = op->src.surface.tiling;

   if (move->fill)
      return dst == VGPU_TILING_LINEAR ? NO_TILES : SAME_TILES;
   if (dst == VGPU_TILING_Y && src == VGPU_TILING_LINEAR)
      return TO_Y_TILES;
   if (dst == VGPU_TILING_LINEAR && src == VGPU_TILING_Y)
      return FROM_Y_TILES;
   return dst != VGPU_TILING_LINEAR && src == dst &&
                (move->dst.x_bytes - move->src.x_bytes) % (int32_t)vgpu_tiling_width_bytes(dst) ==
                   0 &&
                (move->dst.y - move->src.y) % (int32_t)vgpu_tiling_height_rows(dst) == 0
             ? SAME_TILES
             : NO_TILES;
}

/** A tile is a page: it is moved or filled as one, whatever the order of what is in it. */
static bool
run_same_tiles(struct blt_op *op, const struct vgpu_copy_move *move, const struct blt_rect *bytes)
{
   const int32_t width = vgpu_tiling_width_bytes(op->dst.tiling);
   const int32_t height = vgpu_tiling_height_rows(op->dst.tiling);
   const int32_t to_src_x = move->src.x_bytes - move->dst.x_bytes;
   const int32_t to_src_y = move->src.y - move->dst.y;
   _Alignas(BLT_Y_PIECE_BYTES) uint8_t texels[VGPU_PAGE_SIZE_BYTES];

   if (move->fill) {
      for (uint32_t at = 0; at < sizeof(texels); at += move->bytes.dst_bytes)
         memcpy(texels + at, move->texel, move->bytes.dst_bytes);
   }
   for (int32_t y = bytes->y1; y < bytes->y2; y += height) {
      if (vgpu_engine_interrupted(op->engine))
         return false;
      for (int32_t x = bytes->x1; x < bytes->x2; x += width) {
         uint8_t *to = blt_map(op, &op->dst, x, y);
         const uint8_t *from = texels;
         if (!move->fill)
            from = blt_map(op, &op->src.surface, x + to_src_x, y + to_src_y);
         if (op->stream)
            blt_stream(to, from, VGPU_PAGE_SIZE_BYTES);
         else
            memcpy(to, from, VGPU_PAGE_SIZE_BYTES);
      }
   }
   return true;
}

#define Y_WIDTH_BYTES 128
#define Y_ROWS 32
#define Y_COLUMNS (Y_WIDTH_BYTES / BLT_Y_PIECE_BYTES)
/*
 * So many rows of a column of a tile are two lines of the processor's cache. Writing both at once,
 * past the cache, takes half the time of writing one here and one there.
 */
#define GROUP_ROWS 8

/** Eight rows of a tile. */
static inline void
store_group(uint8_t *tile, uint8_t *const rows[GROUP_ROWS], uint32_t at, bool stream)
{
   for (unsigned column = 0; column < Y_COLUMNS; column++) {
      for (unsigned row = 0; row < GROUP_ROWS; row++) {
         const blt_y_piece piece = *(const blt_y_piece *)(rows[row] + at);
         if (stream)
            blt_stream_piece(tile, piece);
         else
            *(blt_y_piece *)tile = piece;
         tile += BLT_Y_PIECE_BYTES;
      }
      tile += BLT_Y_COLUMN_BYTES - GROUP_ROWS * BLT_Y_PIECE_BYTES;
      at += BLT_Y_PIECE_BYTES;
   }
}

/** \param y  of the first of eight rows, which are in one row of tiles */
static void
store_groups(struct blt_op *op, const struct vgpu_copy_move *move, int32_t x1, int32_t x2,
             int32_t y)
{
   const int32_t to_src_x = move->src.x_bytes - move->dst.x_bytes;
   const int32_t to_src_y = move->src.y - move->dst.y;
   const uint32_t row_in_tile = (uint32_t)y % Y_ROWS * BLT_Y_PIECE_BYTES;
   struct blt_surface *src = &op->src.surface;
   uint8_t gathered[GROUP_ROWS][Y_WIDTH_BYTES];
   uint8_t *rows[GROUP_ROWS];

   for (int32_t x = x1; x < x2;) {
      uint32_t size_bytes = x2 - x;
      for (int32_t i = 0; i < GROUP_ROWS; i++) {
         rows[i] = blt_map(op, src, x + to_src_x, y + i + to_src_y);
         size_bytes = blt_min(size_bytes, blt_run_bytes(src, x + to_src_x, y + i + to_src_y));
      }
      size_bytes -= size_bytes % Y_WIDTH_BYTES;
      /* A page ends where the next tile is. */
      for (int32_t i = 0; i < GROUP_ROWS && !size_bytes; i++) {
         blt_gather(op, src, x + to_src_x, y + i + to_src_y, gathered[i], Y_WIDTH_BYTES);
         rows[i] = gathered[i];
      }
      size_bytes = size_bytes ? size_bytes : Y_WIDTH_BYTES;
      for (uint32_t at = 0; at < size_bytes; at += Y_WIDTH_BYTES)
         store_group(blt_map(op, &op->dst, x + at, y & -Y_ROWS) + row_in_tile, rows, at,
                     op->stream);
      x += size_bytes;
   }
}

static bool
run_to_y_tiles(struct blt_op *op, const struct vgpu_copy_move *move, const struct blt_rect *bytes)
{
   for (int32_t y = bytes->y1; y < bytes->y2; y += GROUP_ROWS) {
      if (vgpu_engine_interrupted(op->engine))
         return false;
      store_groups(op, move, bytes->x1, bytes->x2, y);
   }
   return true;
}

/* Tiles side by side that are read together: what the first cache of a processor holds. */
#define BLOCK_TILES 8

/** A row of some tiles. */
static void
load_row(struct blt_op *op, uint8_t *const tiles[BLOCK_TILES], int32_t x, int32_t y, unsigned count,
         unsigned row_in_tile)
{
   for (unsigned i = 0; i < count;) {
      const int32_t at = x + (int32_t)(i * Y_WIDTH_BYTES);
      const unsigned run = blt_run_bytes(&op->dst, at, y) / Y_WIDTH_BYTES;
      uint8_t *to = blt_map(op, &op->dst, at, y);
      const bool stream = op->stream && (uintptr_t)to % BLT_Y_PIECE_BYTES == 0;

      if (!run) { /* a page ends where the next tile is */
         uint8_t row[Y_WIDTH_BYTES];
         blt_load_y(row, tiles[i] + row_in_tile * BLT_Y_PIECE_BYTES, 0, Y_WIDTH_BYTES);
         blt_scatter(op, &op->dst, at, y, row, Y_WIDTH_BYTES);
         i++;
         continue;
      }
      for (const unsigned end = blt_min(i + run, count); i < end; i++) {
         const uint8_t *from = tiles[i] + row_in_tile * BLT_Y_PIECE_BYTES;
         for (unsigned column = 0; column < Y_COLUMNS; column++) {
            const blt_y_piece piece = *(const blt_y_piece *)(from + column * BLT_Y_COLUMN_BYTES);
            if (stream)
               blt_stream_piece(to, piece);
            else
               *(blt_y_piece *)to = piece;
            to += BLT_Y_PIECE_BYTES;
         }
      }
   }
}

static bool
run_from_y_tiles(struct blt_op *op, const struct vgpu_copy_move *move, const struct blt_rect *bytes)
{
   const int32_t to_src_x = move->src.x_bytes - move->dst.x_bytes;
   const int32_t to_src_y = move->src.y - move->dst.y;
   uint8_t *tiles[BLOCK_TILES];

   for (int32_t y = bytes->y1; y < bytes->y2; y += Y_ROWS) {
      if (vgpu_engine_interrupted(op->engine))
         return false;
      for (int32_t x = bytes->x1; x < bytes->x2; x += BLOCK_TILES * Y_WIDTH_BYTES) {
         const unsigned count = blt_min((bytes->x2 - x) / Y_WIDTH_BYTES, BLOCK_TILES);
         for (unsigned i = 0; i < count; i++) {
            tiles[i] = blt_map(op, &op->src.surface,
                               x + (int32_t)(i * Y_WIDTH_BYTES) + to_src_x, y + to_src_y);
            for (unsigned at = 0; at < VGPU_PAGE_SIZE_BYTES; at += 64)
               __builtin_prefetch(tiles[i] + at);
         }
         for (unsigned row = 0; row < Y_ROWS; row++)
            load_row(op, tiles, x, y + (int32_t)row, count, row);
      }
   }
   return true;
}

/* ---------------------------------------------------------------- rectangles */

static bool
run_part(struct blt_op *op, int32_t x1, int32_t y1, int32_t x2, int32_t y2)
{
   op->clip = (struct blt_rect){ x1, y1, x2, y2 };
   return x1 >= x2 || y1 >= y2 || blt_run(op);
}

/** The next multiple of a size after another origin. */
static int32_t
align_up(int32_t at, int32_t origin, int32_t size)
{
   const int32_t rest = (at - origin) % size;

   return rest > 0 ? at + size - rest : at - rest;
}

/** What are whole tiles, and around them what are parts of some. */
static bool
run_by_tiles(struct blt_op *op, const struct vgpu_copy_move *move, enum tiles kind)
{
   const struct blt_rect clip = op->clip;
   const enum vgpu_tiling tiling = kind == FROM_Y_TILES ? VGPU_TILING_Y : op->dst.tiling;
   const int32_t cpp = (int32_t)op->cpp;
   const int32_t width = (int32_t)vgpu_tiling_width_bytes(tiling) / cpp;
   const int32_t height = vgpu_tiling_height_rows(tiling);
   /* Where a tile begins; of the source's, as the destination counts. */
   const int32_t x = kind == FROM_Y_TILES ? (move->dst.x_bytes - move->src.x_bytes) / cpp : 0;
   const int32_t y = kind == FROM_Y_TILES ? move->dst.y - move->src.y : 0;
   const struct blt_rect tiles = {
      .x1 = align_up(clip.x1, x, width), .y1 = align_up(clip.y1, y, height),
      .x2 = align_up(clip.x2 - width + 1, x, width),
      .y2 = align_up(clip.y2 - height + 1, y, height),
   };
   const struct blt_rect bytes = { tiles.x1 * cpp, tiles.y1, tiles.x2 * cpp, tiles.y2 };
   bool ok;

   if (tiles.x1 >= tiles.x2 || tiles.y1 >= tiles.y2)
      return blt_run(op);
   if (kind == SAME_TILES)
      ok = run_same_tiles(op, move, &bytes);
   else
      ok = kind == TO_Y_TILES ? run_to_y_tiles(op, move, &bytes)
                              : run_from_y_tiles(op, move, &bytes);
   return ok && run_part(op, clip.x1, clip.y1, clip.x2, tiles.y1) &&
          run_part(op, clip.x1, tiles.y2, clip.x2, clip.y2) &&
          run_part(op, clip.x1, tiles.y1, tiles.x1, tiles.y2) &&
          run_part(op, tiles.x2, tiles.y1, clip.x2, tiles.y2);
}

/* Tiles are 8 or 32 rows high, and best not cut. */
#define BAND_ROWS 32

struct bands {
   const struct vgpu_copy_move *move;
   const struct blt_op *op;
   int32_t first, rows; /* of a band; the first one begins where the rectangle does */
   _Atomic bool stopped;
};

static void
run_band(void *arg, unsigned i)
{
   struct bands *bands = arg;
   const struct vgpu_copy_move *move = bands->move;
   struct blt_op op = *bands->op;
   const int32_t y1 = bands->first + (int32_t)i * bands->rows, y2 = y1 + bands->rows;
   const enum tiles kind = tiles_of(&op, move);
   bool ok;

   op.clip.y1 = y1 > op.rect.y1 ? y1 : op.rect.y1;
   op.clip.y2 = y2 < op.rect.y2 ? y2 : op.rect.y2;
   if (!move->fill && !move->bytes.identity)
      ok = swap_rows(&op, move, op.clip.y1 - op.rect.y1, op.clip.y2 - op.rect.y1);
   else
      ok = kind == NO_TILES ? blt_run(&op) : run_by_tiles(&op, move, kind);
   if (op.stream)
      blt_stream_end();
   if (!ok)
      atomic_store(&bands->stopped, true);
}

static bool
run(const struct vgpu_copy_move *move, struct blt_op *op)
{
   const uint64_t size_bytes = (uint64_t)move->width * move->height * move->bytes.dst_bytes;
   struct bands bands = { .move = move, .op = op, .first = op->rect.y1 & -BAND_ROWS };
   const int32_t rows = op->rect.y2 - bands.first;
   unsigned count = 1;

   op->stream = BLT_CAN_STREAM && size_bytes >= BLT_STREAM_MIN_BYTES;
   if (size_bytes >= BLT_BANDS_MIN_BYTES && vgpu_pool_threads(op->engine->pool) > 1)
      count = vgpu_pool_threads(op->engine->pool) * BLT_BANDS_PER_THREAD;
   bands.rows = (rows + (int32_t)count - 1) / (int32_t)count;
   bands.rows = (bands.rows + BAND_ROWS - 1) & -BAND_ROWS;
   vgpu_pool_run(op->engine->pool, (rows + bands.rows - 1) / bands.rows, run_band, &bands);
   return !atomic_load(&bands.stopped);
}

/* ---------------------------------------------------------------- checks */

static bool
check_init(struct vgpu_copy_check *check, const struct pages *pages)
{
   check->numbers = malloc(pages->count * sizeof(*check->numbers));
   check->hosts = malloc(pages->count * sizeof(*check->hosts));
   check->bytes = malloc((size_t)pages->count * VGPU_PAGE_SIZE_BYTES);
   if (!check->numbers || !check->hosts || !check->bytes)
      return false;
   for (uint32_t i = 0; i < pages->count; i++) {
      if (!pages->host[i])
         continue;
      check->numbers[check->num_pages] = pages->first + i;
      check->hosts[check->num_pages] = pages->host[i];
      memcpy(check->bytes + (size_t)check->num_pages * VGPU_PAGE_SIZE_BYTES, pages->host[i],
             VGPU_PAGE_SIZE_BYTES);
      check->num_pages++;
   }
   return true;
}

/** What the pages were against what they are. */
static void
check_swap(struct vgpu_copy_check *check)
{
   uint8_t now[VGPU_PAGE_SIZE_BYTES];

   for (uint32_t i = 0; i < check->num_pages; i++) {
      uint8_t *kept = check->bytes + (size_t)i * VGPU_PAGE_SIZE_BYTES;
      memcpy(now, check->hosts[i], sizeof(now));
      memcpy(check->hosts[i], kept, sizeof(now));
      memcpy(kept, now, sizeof(now));
   }
}

bool
vgpu_copy_check_differs(const struct vgpu_copy_check *check, uint32_t *address, uint8_t *expected,
                        uint8_t *found)
{
   for (uint32_t i = 0; i < check->num_pages; i++) {
      const uint8_t *kept = check->bytes + (size_t)i * VGPU_PAGE_SIZE_BYTES;
      if (!memcmp(check->hosts[i], kept, VGPU_PAGE_SIZE_BYTES))
         continue;
      uint32_t at = 0;
      while (check->hosts[i][at] == kept[at])
         at++;
      *address = (check->numbers[i] << VGPU_PAGE_SHIFT) + at;
      *expected = check->hosts[i][at];
      *found = kept[at];
      return true;
   }
   return false;
}

void
vgpu_copy_check_fini(struct vgpu_copy_check *check)
{
   free(check->numbers);
   free(check->hosts);
   free(check->bytes);
}

enum vgpu_copy_result
vgpu_copy_move_run(struct vgpu_copy_move *move)
{
   struct blt_op *op = calloc(1, sizeof(*op));
   struct pages dst = { 0 }, src = { 0 };
   struct runs dst_runs = { 0 }, src_runs = { 0 };
   enum vgpu_copy_result result = VGPU_COPY_NOT_TAKEN;
   const int32_t dst_row = (int32_t)(move->width * move->bytes.dst_bytes);
   const int32_t src_row = (int32_t)(move->width * move->bytes.src_bytes);

   if (!op)
      return result;
   op->engine = move->engine;
   op->depth = BLT_DEPTH_32;
   op->write_rgb = op->write_alpha = true;
   op->rop = SRCCOPY;
   op->cpp = 1;
   set_surface(&op->dst, &move->dst, true);
   bool ok = (!move->fill || set_fill(op, move)) &&
             find_pages(move->engine, &op->dst, move->dst.x_bytes, move->dst.y, dst_row,
                        (int32_t)move->height, &dst) &&
             find_runs(&dst, &dst_runs);
   if (ok && !move->fill) {
      op->src.kind = BLT_SOURCE_COLOR;
      set_surface(&op->src.surface, &move->src, false);
      ok = find_pages(move->engine, &op->src.surface, move->src.x_bytes, move->src.y, src_row,
                      (int32_t)move->height, &src) &&
           find_runs(&src, &src_runs);
   }
   /* No row of the destination runs into another's memory. */
   ok = ok && (move->height == 1 ||
               (move->dst.tiling == VGPU_TILING_LINEAR
                   ? dst_row <= abs(move->dst.pitch_bytes)
                   : move->dst.x_bytes + dst_row <= move->dst.pitch_bytes));
   if (ok && !share_memory(&dst_runs, &src_runs) &&
       (!move->check || check_init(move->check, &dst))) {
      const int32_t cpp = (int32_t)op->cpp;
      op->rect = op->clip = (struct blt_rect){
         move->dst.x_bytes / cpp, move->dst.y, (move->dst.x_bytes + dst_row) / cpp,
         move->dst.y + (int32_t)move->height,
      };
      op->src.x1 = move->src.x_bytes;
      op->src.y1 = move->src.y;
      op->dst.pages = dst.host;
      op->dst.first_page = dst.first;
      op->src.surface.pages = src.host;
      op->src.surface.first_page = src.first;
      result = run(move, op) ? VGPU_COPY_TAKEN : VGPU_COPY_STOPPED;
      if (move->check)
         check_swap(move->check);
   }
   free(dst_runs.run);
   free(src_runs.run);
   free(dst.host);
   free(src.host);
   free(op);
   return result;
}
