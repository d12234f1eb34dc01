/*
 * SPDX-License-Identifier: MIT
 *
 * The test chart: what shows at once when a tile, a row or a bit is not where it belongs.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "scene.h"

#define CELL        160u
#define MARGIN      10u
#define GLYPH_SCALE 4u
#define GLYPH_WIDTH 6u  /* with the gap */
#define GLYPH_ROWS  7u

static const struct color black = { 0, 0, 0 }, white = { 1, 1, 1 }, paper = { 0.10f, 0.11f, 0.13f };

/* Five columns a glyph; the lowest bit is the top row. */
static const struct glyph {
   char letter;
   uint8_t columns[5];
} glyphs[] = {
   { '-', { 0x08, 0x08, 0x08, 0x08, 0x08 } }, { '0', { 0x3e, 0x51, 0x49, 0x45, 0x3e } },
   { 'B', { 0x7f, 0x49, 0x49, 0x49, 0x36 } }, { 'C', { 0x3e, 0x41, 0x41, 0x41, 0x22 } },
   { 'D', { 0x7f, 0x41, 0x41, 0x41, 0x3e } }, { 'E', { 0x7f, 0x49, 0x49, 0x49, 0x41 } },
   { 'H', { 0x7f, 0x08, 0x08, 0x08, 0x7f } }, { 'I', { 0x00, 0x41, 0x7f, 0x41, 0x00 } },
   { 'M', { 0x7f, 0x02, 0x0c, 0x02, 0x7f } }, { 'N', { 0x7f, 0x04, 0x08, 0x10, 0x7f } },
   { 'O', { 0x3e, 0x41, 0x41, 0x41, 0x3e } }, { 'P', { 0x7f, 0x09, 0x09, 0x09, 0x06 } },
   { 'R', { 0x7f, 0x09, 0x19, 0x29, 0x46 } }, { 'S', { 0x46, 0x49, 0x49, 0x49, 0x31 } },
   { 'T', { 0x01, 0x01, 0x7f, 0x01, 0x01 } }, { 'U', { 0x3f, 0x40, 0x40, 0x40, 0x3f } },
   { 'V', { 0x1f, 0x20, 0x40, 0x20, 0x1f } }, { 'Y', { 0x07, 0x08, 0x70, 0x08, 0x07 } },
   { 'Z', { 0x61, 0x51, 0x49, 0x45, 0x43 } },
};

static const char *const lines[] = { "ZERO-COPY", "NO BYTE MOVED", "BY THE CPU" };

/** Whether a dot of the text is set. x and y count dots. */
static bool
text_dot(uint32_t x, uint32_t y)
{
   const uint32_t line = y / (GLYPH_ROWS + 2), row = y % (GLYPH_ROWS + 2);
   const uint32_t letter = x / GLYPH_WIDTH, column = x % GLYPH_WIDTH;

   if (line >= sizeof(lines) / sizeof(lines[0]) || row >= GLYPH_ROWS || column >= 5 ||
       letter >= strlen(lines[line]))
      return false;
   for (unsigned i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++) {
      if (glyphs[i].letter == lines[line][letter])
         return glyphs[i].columns[column] >> row & 1;
   }
   return false;
}

/** Rings that grow finer outwards until they are as fine as a pixel can be. */
static struct color
zone_plate(int32_t x, int32_t y)
{
   const float phase = (float)(x * x + y * y) / (2.0f * CELL);
   const float wave = fabsf(phase - 2 * floorf(phase / 2) - 1);

   return color_mix(black, white, wave);
}

/** Wedges that meet in the middle. */
static struct color
star(float x, float y)
{
   unsigned turns = 0;
   float ax = fabsf(x), ay = fabsf(y);

   if (x * x + y * y > 75 * 75)
      return paper;
   if (ay > ax) {
      const float t = ax;
      ax = ay;
      ay = t;
      turns++;
   }
   turns += (unsigned)(ay / ax * 9);
   turns += (x < 0) + (y < 0);
   return turns % 2 ? black : white;
}

/** Saturation and brightness as smooth as 8 bits are, for every hue. */
static struct color
hues(float u, float v)
{
   const float h = u * 6;
   const struct color pure = {
      fminf(1, fmaxf(0, fabsf(h - 3) - 1)),
      fminf(1, fmaxf(0, 2 - fabsf(h - 2))),
      fminf(1, fmaxf(0, 2 - fabsf(h - 4))),
   };

   return v < 0.5f ? color_mix(white, pure, v * 2) : color_mix(pure, black, v * 2 - 1);
}

struct color
chart_at(uint32_t x, uint32_t y)
{
   const uint32_t cell = x / CELL, in_x = x % CELL;

   if (y < MARGIN || y >= CHART_HEIGHT - MARGIN || in_x < MARGIN / 2 || in_x >= CELL - MARGIN / 2) {
      /* Text is wider than a cell. */
      if (cell < 1 || cell > 2 || y < MARGIN || y >= CHART_HEIGHT - MARGIN)
         return paper;
   }
   const float u = (float)in_x / CELL, v = (float)(y - MARGIN) / CELL;
   switch (cell) {
   case 0:
      return zone_plate((int32_t)in_x - (int32_t)CELL / 2, (int32_t)y - CHART_HEIGHT / 2);
   case 1:
   case 2: {
      const uint32_t text_x = x - CELL, text_y = y - MARGIN;
      const bool dot = text_y >= 26 && text_dot(text_x / GLYPH_SCALE, (text_y - 26) / GLYPH_SCALE);
      return dot ? (struct color){ 1, 0.72f, 0.36f } : paper;
   }
   case 3:
      return (in_x ^ y) & 1 ? white : black;
   case 4:
      return in_x & 1 ? white : black;
   case 5:
      return y & 1 ? white : black;
   case 6:
      return star((float)in_x - CELL / 2 + 0.5f, (float)y - CHART_HEIGHT / 2 + 0.5f);
   case 7:
      return hues(u, v);
   case 8:
      /* The bits of the coordinates themselves: no two places of it are alike. */
      return (struct color){
         (float)(in_x * 255 / CELL) / 255,
         (float)((y - MARGIN) * 255 / CELL) / 255,
         (float)((in_x * 7 ^ y * 13) & 0xff) / 255,
      };
   default:
      return color_mix(black, white, floorf(u * 16) / 15 * (v < 0.5f ? 1 : 0) + (v < 0.5f ? 0 : u));
   }
}
