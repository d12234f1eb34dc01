/*
 * SPDX-License-Identifier: MIT
 *
 * FXT1 (GL_3DFX_texture_compression_FXT1). A block has two halves of 4 x 4 texels, which share the
 * mode and, in some modes, colours.
 */

#include "format_fxt1.h"

#include <stdbool.h>
#include <string.h>

/** `count` bits from one on, at most 25. */
static unsigned
bits(const uint8_t *block, unsigned from, unsigned count)
{
   unsigned value = 0;

   for (unsigned i = 0; i < count; i++)
      value |= (block[(from + i) / 8] >> (from + i) % 8 & 1u) << i;
   return value;
}

/** A colour of 15 bits, blue lowest. */
static void
take_color(const uint8_t *block, unsigned from, float rgba[4])
{
   for (unsigned c = 0; c < 3; c++)
      rgba[2 - c] = (float)bits(block, from + 5 * c, 5) / 31.0f;
   rgba[3] = 1.0f;
}

static void
mix(const float a[4], const float b[4], float t, float rgba[4])
{
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = a[c] + t * (b[c] - a[c]);
}

/** Seven steps from one colour to another, and one that is transparent. */
static void
hi_texel(const uint8_t *block, unsigned texel, float rgba[4])
{
   const unsigned index = bits(block, 3 * texel, 3);
   float ends[2][4];

   if (index == 7) {
      memset(rgba, 0, 4 * sizeof(*rgba));
      return;
   }
   take_color(block, 96, ends[0]);
   take_color(block, 111, ends[1]);
   mix(ends[0], ends[1], (float)index / 6, rgba);
}

/** Three colours with alpha, or four steps from one that each half has to one that they share. */
static void
alpha_texel(const uint8_t *block, unsigned texel, float rgba[4])
{
   const bool lerp = bits(block, 124, 1), right = texel >= 16;
   const unsigned index = bits(block, 2 * texel, 2);
   float colors[3][4];

   for (unsigned i = 0; i < 3; i++) {
      take_color(block, 64 + 15 * i, colors[i]);
      colors[i][3] = (float)bits(block, 109 + 5 * i, 5) / 31.0f;
   }
   if (lerp)
      mix(colors[right ? 2 : 0], colors[1], (float)index / 3, rgba);
   else if (index == 3)
      memset(rgba, 0, 4 * sizeof(*rgba));
   else
      memcpy(rgba, colors[index], sizeof(colors[index]));
}

/** Two colours for each half, whose green has a sixth bit. */
static void
mixed_texel(const uint8_t *block, unsigned texel, float rgba[4])
{
   const bool transparent = bits(block, 124, 1), right = texel >= 16;
   const unsigned index = bits(block, 2 * texel, 2);
   const unsigned first = right ? 94 : 64;
   const unsigned low = bits(block, right ? 126 : 125, 1);
   /* The upper bit of the half's first index tells the other colour's. */
   const unsigned other_low = low ^ bits(block, right ? 33 : 1, 1);
   float ends[2][4];

   take_color(block, first, ends[0]);
   take_color(block, first + 15, ends[1]);
   ends[1][1] = (float)(bits(block, first + 20, 5) << 1 | low) / 63.0f;
   if (!transparent) {
      ends[0][1] = (float)(bits(block, first + 5, 5) << 1 | other_low) / 63.0f;
      mix(ends[0], ends[1], (float)index / 3, rgba);
   } else if (index == 3) {
      memset(rgba, 0, 4 * sizeof(*rgba));
   } else {
      mix(ends[0], ends[1], (float)index / 2, rgba);
   }
}

void
vgpu_fxt1_texel(const uint8_t block[16], unsigned x, unsigned y, float rgba[4])
{
   const unsigned mode = bits(block, 125, 3);
   const unsigned texel = 16 * (x / 4 & 1) + 4 * (y & 3) + (x & 3);

   if (mode & 4)
      mixed_texel(block, texel, rgba);
   else if (mode == 2) /* four colours */
      take_color(block, 64 + 15 * bits(block, 2 * texel, 2), rgba);
   else if (mode == 3)
      alpha_texel(block, texel, rgba);
   else
      hi_texel(block, texel, rgba);
}
