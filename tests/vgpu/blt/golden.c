/*
 * SPDX-License-Identifier: MIT
 */

#include "golden.h"

#include <string.h>

static uint32_t
bits(uint32_t dw, unsigned high, unsigned low)
{
   return dw >> low & ((high - low == 31) ? ~0u : (1u << (high - low + 1)) - 1);
}

static int
coordinate(uint32_t value)
{
   return (int16_t)value;
}

uint32_t
golden_address(uint32_t base, int pitch_bytes, unsigned tiling, int x_bytes, int y)
{
   unsigned tile_width, tile_height, in_tile;

   switch (tiling) {
   case 1: /* rows of 512 bytes, eight of them */
      tile_width = 512, tile_height = 8;
      in_tile = (y % 8) * 512 + x_bytes % 512;
      break;
   case 2: /* eight columns; each has 32 rows of an OWord */
      tile_width = 128, tile_height = 32;
      in_tile = (x_bytes % 128 / 16) * (32 * 16) + (y % 32) * 16 + x_bytes % 16;
      break;
   default:
      return base + y * pitch_bytes + x_bytes;
   }
   const unsigned tiles_a_row = pitch_bytes / tile_width;
   const unsigned tile = y / tile_height * tiles_a_row + x_bytes / tile_width;
   return base + tile * 4096 + in_tile;
}

static uint8_t *
at(struct golden *g, uint32_t address)
{
   return &g->memory[address - MOCK_BASE];
}

static uint32_t
read_pixel(struct golden *g, uint32_t address, unsigned cpp, bool is_source)
{
   uint32_t pixel = 0;

   for (unsigned i = 0; i < cpp; i++) {
      pixel |= (uint32_t)*at(g, address + i) << (8 * i);
      if (is_source && g->written_by[address + i - MOCK_BASE] == g->blit)
         g->read_back = true;
   }
   return pixel;
}

struct blit {
   unsigned depth, cpp, rop, mask;
   bool clip;
   int x1, y1, x2, y2;
   uint32_t dst;
   int dst_pitch;
   unsigned dst_tiling;

   bool has_source, mono_source, mono_source_transparent;
   uint32_t src;
   int src_pitch, src_x, src_y;
   unsigned src_tiling;
   const uint8_t *src_bits;
   unsigned src_start, src_align; /* bits */
   uint32_t src_bg, src_fg;

   bool has_pattern, mono_pattern, mono_pattern_transparent, solid_pattern;
   unsigned seed_x, seed_y;
   uint8_t pattern[256];
   uint32_t pattern_bg, pattern_fg;

   unsigned key_mode;
   uint32_t key_low, key_high;

   bool right_to_left, bottom_up;
};

static bool
component_in_range(const struct blit *b, uint32_t pixel, unsigned high, unsigned low)
{
   return bits(pixel, high, low) >= bits(b->key_low, high, low) &&
          bits(pixel, high, low) <= bits(b->key_high, high, low);
}

static bool
in_range(const struct blit *b, uint32_t pixel, bool alpha)
{
   switch (b->depth) {
   case 0:
      return component_in_range(b, pixel, 7, 0);
   case 1:
      return component_in_range(b, pixel, 4, 0) && component_in_range(b, pixel, 10, 5) &&
             component_in_range(b, pixel, 15, 11);
   case 2:
      return component_in_range(b, pixel, 4, 0) && component_in_range(b, pixel, 9, 5) &&
             component_in_range(b, pixel, 14, 10) &&
             (!alpha || component_in_range(b, pixel, 15, 15));
   default:
      return component_in_range(b, pixel, 7, 0) && component_in_range(b, pixel, 15, 8) &&
             component_in_range(b, pixel, 23, 16) &&
             (!alpha || component_in_range(b, pixel, 31, 24));
   }
}

static void
draw_pixel(struct golden *g, const struct blit *b, int x, int y)
{
   const uint32_t address =
      golden_address(b->dst, b->dst_pitch, b->dst_tiling, x * (int)b->cpp, y);
   uint32_t source = 0, pattern = 0;
   bool write = true;

   if (b->has_source && b->mono_source) {
      const unsigned width = b->x2 - b->x1;
      const unsigned row_bits = (b->src_start + width + b->src_align - 1) / b->src_align *
                                b->src_align;
      const unsigned bit = row_bits * (y - b->y1) + b->src_start + (x - b->x1);
      const uint8_t byte = b->src_bits ? b->src_bits[bit / 8] : *at(g, b->src + bit / 8);
      const bool set = byte & 0x80 >> bit % 8;
      source = set ? b->src_fg : b->src_bg;
      if (b->mono_source_transparent && !set)
         write = false;
   } else if (b->has_source) {
      const uint32_t from =
         golden_address(b->src, b->src_pitch, b->src_tiling,
                        (b->src_x + x - b->x1) * (int)b->cpp, b->src_y + y - b->y1);
      const bool matters = (b->rop >> 2 ^ b->rop) & 0x33 || b->key_mode == 1 || b->key_mode == 3;
      source = read_pixel(g, from, b->cpp, matters);
   }

   const unsigned pattern_x = (x + b->seed_x) & 7, pattern_y = (y + b->seed_y) & 7;
   if (b->has_pattern && b->mono_pattern) {
      const bool set = !b->solid_pattern && b->pattern[pattern_y] & 0x80 >> pattern_x;
      pattern = set ? b->pattern_fg : b->pattern_bg;
      if (b->mono_pattern_transparent && !set)
         write = false;
   } else if (b->has_pattern) {
      for (unsigned i = 0; i < b->cpp; i++)
         pattern |= (uint32_t)b->pattern[(pattern_y * 8 + pattern_x) * b->cpp + i] << (8 * i);
   }

   const uint32_t destination = read_pixel(g, address, b->cpp, false);
   switch (b->key_mode) {
   case 1:
      write = write && !in_range(b, source, false);
      break;
   case 3:
      write = write && !in_range(b, source, true);
      break;
   case 5:
      write = write && in_range(b, destination, true);
      break;
   case 7:
      write = write && in_range(b, destination, false);
      break;
   }
   if (!write) {
      g->skipped = true;
      return;
   }

   for (unsigned byte = 0; byte < b->cpp; byte++) {
      uint8_t result = 0;
      for (unsigned bit = 8 * byte; bit < 8 * byte + 8; bit++) {
         const unsigned operands =
            (pattern >> bit & 1) << 2 | (source >> bit & 1) << 1 | (destination >> bit & 1);
         result |= (b->rop >> operands & 1) << (bit % 8);
      }
      if (b->depth == 3 && !(byte == 3 ? b->mask & 2 : b->mask & 1)) {
         g->skipped = true;
         continue;
      }
      *at(g, address + byte) = result;
      g->written_by[address + byte - MOCK_BASE] = g->blit;
      g->page_written_by[(address + byte - MOCK_BASE) / 4096] = g->blit;
   }
}

static void
draw(struct golden *g, const struct blit *b)
{
   g->blit++;
   g->read_back = g->skipped = false;
   for (int i = 0; i < b->y2 - b->y1; i++) {
      const int y = b->bottom_up ? b->y2 - 1 - i : b->y1 + i;
      for (int j = 0; j < b->x2 - b->x1; j++) {
         const int x = b->right_to_left ? b->x2 - 1 - j : b->x1 + j;
         if (b->clip &&
             (x < g->clip_x1 || x >= g->clip_x2 || y < g->clip_y1 || y >= g->clip_y2))
            continue;
         draw_pixel(g, b, x, y);
      }
   }
}

static void
set_clip(struct golden *g, uint32_t top_left, uint32_t bottom_right)
{
   g->clip_x1 = coordinate(top_left);
   g->clip_y1 = coordinate(top_left >> 16);
   g->clip_x2 = coordinate(bottom_right);
   g->clip_y2 = coordinate(bottom_right >> 16);
}

static unsigned
tiling(bool tiled, bool y)
{
   return !tiled ? 0 : y ? 2 : 1;
}

/* BR00 to BR17, where they are in the command that has all of them. */
static void
br00(struct blit *b, uint32_t dw, uint32_t swctrl)
{
   b->mask = bits(dw, 21, 20);
   b->src_start = bits(dw, 19, 17);
   b->key_mode = bits(dw, 19, 17);
   b->src_tiling = tiling(bits(dw, 15, 15), swctrl & 1);
   b->seed_x = bits(dw, 14, 12);
   b->dst_tiling = tiling(bits(dw, 11, 11), swctrl & 2);
   b->seed_y = bits(dw, 10, 8);
}

static void
br13(struct blit *b, uint32_t dw)
{
   static const unsigned cpp[] = { 1, 2, 2, 4 };

   b->solid_pattern = bits(dw, 31, 31);
   b->clip = bits(dw, 30, 30);
   b->mono_source_transparent = bits(dw, 29, 29);
   b->mono_pattern_transparent = bits(dw, 28, 28);
   b->depth = bits(dw, 25, 24);
   b->cpp = cpp[b->depth];
   b->rop = bits(dw, 23, 16);
   b->dst_pitch = coordinate(dw) * (b->dst_tiling ? 4 : 1);
}

static void
rectangle(struct blit *b, uint32_t top_left, uint32_t bottom_right)
{
   b->x1 = coordinate(top_left);
   b->y1 = coordinate(top_left >> 16);
   b->x2 = coordinate(bottom_right);
   b->y2 = coordinate(bottom_right >> 16);
}

static void
color_source(struct blit *b, const uint32_t *dw)
{
   b->has_source = true;
   b->src_x = coordinate(dw[0]);
   b->src_y = coordinate(dw[0] >> 16);
   b->src_pitch = coordinate(dw[1]) * (b->src_tiling ? 4 : 1);
   b->src = dw[2];
   if (b->src == b->dst) {
      b->right_to_left = b->src_x < b->x1;
      b->bottom_up = b->src_y < b->y1;
   }
}

static void
mono_source(struct blit *b, uint32_t address, const uint32_t *immediate, uint32_t bg, uint32_t fg,
            unsigned align)
{
   b->has_source = b->mono_source = true;
   b->src = address;
   b->src_bits = (const uint8_t *)immediate;
   b->src_bg = bg;
   b->src_fg = fg;
   b->src_align = align;
}

static void
mono_pattern(struct blit *b, uint32_t bg, uint32_t fg, const uint32_t *data)
{
   b->has_pattern = b->mono_pattern = true;
   b->pattern_bg = bg;
   b->pattern_fg = fg;
   memcpy(b->pattern, data, 8);
}

static void
color_pattern(struct golden *g, struct blit *b, uint32_t address, const uint32_t *immediate)
{
   b->has_pattern = true;
   memcpy(b->pattern, immediate ? (const uint8_t *)immediate : at(g, address), 64 * b->cpp);
}

static void
key(struct blit *b, const uint32_t *dw)
{
   b->key_low = dw[0];
   b->key_high = dw[1];
}

void
golden_execute(struct golden *g, const uint32_t *dw, unsigned len_dw, uint32_t swctrl)
{
   const unsigned opcode = bits(dw[0], 28, 22);
   struct blit b = { 0 };

   (void)len_dw;
   switch (opcode) {
   case 0x01: /* XY_SETUP_BLT */
      memcpy(g->setup, dw, 8 * 4);
      set_clip(g, dw[2], dw[3]);
      return;
   case 0x03: /* XY_SETUP_CLIP_BLT */
      set_clip(g, dw[1], dw[2]);
      return;
   case 0x11: /* XY_SETUP_MONO_PATTERN_SL_BLT */
      memcpy(g->setup, dw, 9 * 4);
      set_clip(g, dw[2], dw[3]);
      return;
   case 0x24: /* XY_PIXEL_BLT */
   case 0x25: /* XY_SCANLINES_BLT */
   case 0x26: /* XY_TEXT_BLT */
   case 0x31: /* XY_TEXT_IMMEDIATE_BLT */
      br00(&b, dw[0], swctrl);
      b.mask = bits(g->setup[0], 21, 20);
      b.key_mode = b.src_start = 0;
      br13(&b, g->setup[1]);
      b.dst = g->setup[4];
      rectangle(&b, dw[1], opcode == 0x24 ? dw[1] : dw[2]);
      if (opcode == 0x24) {
         b.x2++;
         b.y2++;
         const uint32_t none[2] = { 0, 0 };
         b.mono_pattern_transparent = false;
         mono_pattern(&b, g->setup[5], g->setup[5], none);
      } else if (opcode == 0x25 && bits(g->setup[0], 28, 22) == 0x11) {
         mono_pattern(&b, g->setup[5], g->setup[6], &g->setup[7]);
      } else if (opcode == 0x25) {
         color_pattern(g, &b, g->setup[7], NULL);
      } else {
         mono_source(&b, dw[3], opcode == 0x31 ? &dw[3] : NULL, g->setup[5], g->setup[6],
                     bits(dw[0], 16, 16) ? 8 : 1);
      }
      draw(g, &b);
      return;
   case 0x40: /* COLOR_BLT */
   case 0x43: /* SRC_COPY_BLT */
      br00(&b, dw[0], 0);
      b.key_mode = 0;
      br13(&b, dw[1]);
      b.clip = false;
      b.dst = dw[3];
      b.x2 = bits(dw[2], 15, 0) / b.cpp;
      b.y2 = bits(dw[2], 31, 16);
      if (opcode == 0x40) {
         b.has_pattern = b.mono_pattern = true;
         b.pattern_bg = dw[4];
         draw(g, &b);
         return;
      }
      b.has_source = true;
      b.src = dw[5];
      b.src_pitch = coordinate(dw[4]);
      b.right_to_left = bits(dw[1], 30, 30);
      if (b.right_to_left) {
         b.dst -= bits(dw[2], 15, 0) - 1;
         b.src -= bits(dw[2], 15, 0) - 1;
      }
      draw(g, &b);
      return;
   }

   br00(&b, dw[0], swctrl);
   br13(&b, dw[1]);
   rectangle(&b, dw[2], dw[3]);
   b.dst = dw[4];
   if (opcode != 0x73 && opcode != 0x76 && opcode != 0x77)
      b.key_mode = 0;
   switch (opcode) {
   case 0x50: /* XY_COLOR_BLT */
      b.has_pattern = b.mono_pattern = true;
      b.pattern_bg = dw[5];
      break;
   case 0x51: /* XY_PAT_BLT */
      color_pattern(g, &b, dw[5], NULL);
      break;
   case 0x52: /* XY_MONO_PAT_BLT */
      mono_pattern(&b, dw[5], dw[6], &dw[7]);
      break;
   case 0x53: /* XY_SRC_COPY_BLT */
      color_source(&b, &dw[5]);
      break;
   case 0x54: /* XY_MONO_SRC_COPY_BLT */
      mono_source(&b, dw[5], NULL, dw[6], dw[7], 16);
      break;
   case 0x55: /* XY_FULL_BLT */
      color_source(&b, &dw[5]);
      color_pattern(g, &b, dw[8], NULL);
      break;
   case 0x56: /* XY_FULL_MONO_SRC_BLT */
      mono_source(&b, dw[5], NULL, dw[6], dw[7], 16);
      color_pattern(g, &b, dw[8], NULL);
      break;
   case 0x57: /* XY_FULL_MONO_PATTERN_BLT */
      color_source(&b, &dw[5]);
      mono_pattern(&b, dw[8], dw[9], &dw[10]);
      break;
   case 0x58: /* XY_FULL_MONO_PATTERN_MONO_SRC_BLT */
      mono_source(&b, dw[5], NULL, dw[6], dw[7], 16);
      mono_pattern(&b, dw[8], dw[9], &dw[10]);
      break;
   case 0x71: /* XY_MONO_SRC_COPY_IMMEDIATE_BLT */
      mono_source(&b, 0, &dw[7], dw[5], dw[6], 16);
      break;
   case 0x72: /* XY_PAT_BLT_IMMEDIATE */
      color_pattern(g, &b, 0, &dw[5]);
      break;
   case 0x73: /* XY_SRC_COPY_CHROMA_BLT */
      color_source(&b, &dw[5]);
      key(&b, &dw[8]);
      break;
   case 0x74: /* XY_FULL_IMMEDIATE_PATTERN_BLT */
      color_source(&b, &dw[5]);
      color_pattern(g, &b, 0, &dw[8]);
      break;
   case 0x75: /* XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT */
      mono_source(&b, dw[5], NULL, dw[6], dw[7], 16);
      color_pattern(g, &b, 0, &dw[8]);
      break;
   case 0x76: /* XY_PAT_CHROMA_BLT */
      color_pattern(g, &b, dw[5], NULL);
      key(&b, &dw[6]);
      break;
   case 0x77: /* XY_PAT_CHROMA_BLT_IMMEDIATE */
      color_pattern(g, &b, 0, &dw[7]);
      key(&b, &dw[5]);
      break;
   }
   draw(g, &b);
}
