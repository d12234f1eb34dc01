/*
 * SPDX-License-Identifier: MIT
 *
 * BC6H and BC7 (Khronos Data Format Specification, "BPTC Compressed Texture Image Formats").
 */

#include "format_bptc.h"

#include <string.h>

#include "format.h"

/* Bits of a block, read from the lowest one on. */
struct bits {
   const uint8_t *block;
   unsigned at;
};

static unsigned
take(struct bits *bits, unsigned count)
{
   unsigned value = 0;

   for (unsigned i = 0; i < count; i++, bits->at++)
      value |= (bits->block[bits->at / 8] >> bits->at % 8 & 1u) << i;
   return value;
}

/* ---------------------------------------------------------------- partitions */

/* Texels of the second of two subsets, a bit each. */
static const uint16_t second_of_two[64] = {
   0xcccc, 0x8888, 0xeeee, 0xecc8, 0xc880, 0xfeec, 0xfec8, 0xec80, 0xc800, 0xffec, 0xfe80, 0xe800,
   0xffe8, 0xff00, 0xfff0, 0xf000, 0xf710, 0x008e, 0x7100, 0x08ce, 0x008c, 0x7310, 0x3100, 0x8cce,
   0x088c, 0x3110, 0x6666, 0x366c, 0x17e8, 0x0ff0, 0x718e, 0x399c, 0xaaaa, 0xf0f0, 0x5a5a, 0x33cc,
   0x3c3c, 0x55aa, 0x9696, 0xa55a, 0x73ce, 0x13c8, 0x324c, 0x3bdc, 0x6996, 0xc33c, 0x9966, 0x0660,
   0x0272, 0x04e4, 0x4e40, 0x2720, 0xc936, 0x936c, 0x39c6, 0x639c, 0x9336, 0x9cc6, 0x817e, 0xe718,
   0xccf0, 0x0fcc, 0x7744, 0xee22,
};

/* Texels of the second and third of three subsets. */
static const uint16_t second_of_three[64] = {
   0x08cc, 0x8cc8, 0xcc80, 0xec00, 0x3300, 0x00cc, 0xff00, 0xcccc, 0x0f00, 0x0ff0, 0x00f0, 0x4444,
   0x6666, 0x2222, 0x136c, 0x008c, 0x36c8, 0x08ce, 0x3330, 0xf000, 0x00ee, 0x8888, 0x22c0, 0x4430,
   0x0c22, 0x0344, 0x6996, 0x9960, 0x0330, 0x0066, 0xc22c, 0x8c00, 0x1300, 0xc400, 0x004c, 0x2222,
   0x00f0, 0x2492, 0x2942, 0xc30c, 0xc03c, 0x00aa, 0xaa00, 0x3030, 0xc0c0, 0x9090, 0xa00a, 0xaaa0,
   0x0aaa, 0xe0e0, 0x7070, 0x6660, 0x0ee0, 0x0770, 0x0666, 0x6600, 0x0066, 0x0cc0, 0x0330, 0x6000,
   0x8080, 0x1010, 0x000a, 0x08ce,
};
static const uint16_t third_of_three[64] = {
   0xf600, 0x7300, 0x3310, 0x00ce, 0xcc00, 0xcc00, 0x00cc, 0x3300, 0xf000, 0xf000, 0xff00, 0x8888,
   0x8888, 0xcccc, 0xec80, 0x7310, 0xc800, 0x3100, 0xccc0, 0x0ccc, 0xee00, 0x7700, 0xcc00, 0x3300,
   0x00cc, 0xfc88, 0x0660, 0x6600, 0xc88c, 0xf900, 0x0cc0, 0x7310, 0xec80, 0x08ce, 0xec80, 0x4444,
   0x0f00, 0x4924, 0x4294, 0x0c30, 0x03c0, 0xff00, 0x5500, 0xcccc, 0x0c0c, 0x6666, 0x0ff0, 0x5550,
   0xf000, 0x0e0e, 0x8888, 0x9990, 0xe00e, 0x8888, 0xf000, 0x9900, 0xff00, 0xc00c, 0xcccc, 0x9000,
   0x0808, 0xeeee, 0xfff0, 0x7310,
};

/*
 * Texels whose index has one bit less, as its highest bit is 0: texel 0, and in the other subsets
 * these, a hexadecimal digit each.
 */
static const char anchor_second_of_two[] =
   "fffffffffffffffff282288f28228822ff6828ff28222ff66268ff22fffff22f";
static const char anchor_second_of_three[] =
   "33ff83ff88666533338f336a588685ff8f356a8ff3f5ffff3f55585a5a8dfc33";
static const char anchor_third_of_three[] =
   "f883ff38fffffff8f8f3f8f83f6affa8f3faa89a6f8f3668f3ffffffffff3ff8";

static unsigned
digit(char c)
{
   return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static unsigned
subset_of(unsigned num_subsets, unsigned partition, unsigned texel)
{
   switch (num_subsets) {
   case 2:
      return second_of_two[partition] >> texel & 1;
   case 3:
      return (second_of_three[partition] >> texel & 1) +
             2 * (third_of_three[partition] >> texel & 1);
   default:
      return 0;
   }
}

static bool
is_anchor(unsigned num_subsets, unsigned partition, unsigned texel)
{
   return texel == 0 ||
          (num_subsets == 2 && texel == digit(anchor_second_of_two[partition])) ||
          (num_subsets == 3 && (texel == digit(anchor_second_of_three[partition]) ||
                                texel == digit(anchor_third_of_three[partition])));
}

/** The index of a texel; all sixteen are read over. */
static unsigned
take_index(struct bits *bits, unsigned count, unsigned num_subsets, unsigned partition,
           unsigned texel)
{
   unsigned index = 0;

   for (unsigned i = 0; i < 16; i++) {
      const unsigned value = take(bits, count - is_anchor(num_subsets, partition, i));
      if (i == texel)
         index = value;
   }
   return index;
}

/** How much of the second end an index of two to four bits means, in 64ths. */
static int
weight(unsigned index_bits, unsigned index)
{
   static const uint8_t weights[3][16] = {
      { 0, 21, 43, 64 },
      { 0, 9, 18, 27, 37, 46, 55, 64 },
      { 0, 4, 9, 13, 17, 21, 26, 30, 34, 38, 43, 47, 51, 55, 60, 64 },
   };

   return weights[index_bits - 2][index];
}

static int
interpolate(int end0, int end1, int w)
{
   return (end0 * (64 - w) + end1 * w + 32) >> 6;
}

/* ---------------------------------------------------------------- BC7 */

struct bc7_mode {
   uint8_t num_subsets, partition_bits, rotation_bits, selection_bits;
   uint8_t color_bits, alpha_bits;
   uint8_t end_p_bits, subset_p_bits; /* lowest bits, one an end or one for both of a subset */
   uint8_t index_bits, second_index_bits;
};

static const struct bc7_mode bc7_modes[8] = {
   { 3, 4, 0, 0, 4, 0, 1, 0, 3, 0 }, { 2, 6, 0, 0, 6, 0, 0, 1, 3, 0 },
   { 3, 6, 0, 0, 5, 0, 0, 0, 2, 0 }, { 2, 6, 0, 0, 7, 0, 1, 0, 2, 0 },
   { 1, 0, 2, 1, 5, 6, 0, 0, 2, 3 }, { 1, 0, 2, 0, 7, 8, 0, 0, 2, 2 },
   { 1, 0, 0, 0, 7, 7, 1, 0, 4, 0 }, { 2, 6, 0, 0, 5, 5, 1, 0, 2, 0 },
};

/** Repeats the highest bits below the lowest one, up to eight bits. */
static int
expand(unsigned value, unsigned bits)
{
   value <<= 8 - bits;
   return (int)(value | value >> bits);
}

/** The ends of all subsets; alpha is 255 where the mode has none. */
static void
take_bc7_ends(struct bits *bits, const struct bc7_mode *mode, int ends[6][4])
{
   const unsigned num_ends = 2u * mode->num_subsets;
   unsigned raw[6][4], p[6] = { 0 };

   for (unsigned c = 0; c < 4; c++) {
      for (unsigned e = 0; e < num_ends; e++)
         raw[e][c] = take(bits, c < 3 ? mode->color_bits : mode->alpha_bits);
   }
   for (unsigned e = 0; e < num_ends; e++) {
      if (mode->end_p_bits)
         p[e] = take(bits, 1);
      else if (mode->subset_p_bits)
         p[e] = e % 2 ? p[e - 1] : take(bits, 1);
   }
   const unsigned p_bits = mode->end_p_bits | mode->subset_p_bits;
   for (unsigned e = 0; e < num_ends; e++) {
      for (unsigned c = 0; c < 4; c++) {
         const unsigned count = c < 3 ? mode->color_bits : mode->alpha_bits;
         ends[e][c] = count ? expand(raw[e][c] << p_bits | p[e], count + p_bits) : 255;
      }
   }
}

void
vgpu_bc7_texel(const uint8_t block[16], unsigned texel, float rgba[4])
{
   struct bits bits = { .block = block };
   unsigned number = 0;
   int ends[6][4], values[4];

   /* The mode's number is how many zeros are in front of the first one. */
   while (number < 8 && !take(&bits, 1))
      number++;
   if (number == 8) { /* reserved: black without alpha */
      memset(rgba, 0, 4 * sizeof(*rgba));
      return;
   }
   const struct bc7_mode *mode = &bc7_modes[number];
   const unsigned partition = take(&bits, mode->partition_bits);
   const unsigned rotation = take(&bits, mode->rotation_bits);
   const bool selection = take(&bits, mode->selection_bits);
   take_bc7_ends(&bits, mode, ends);
   const unsigned subset = subset_of(mode->num_subsets, partition, texel);
   const unsigned first =
      take_index(&bits, mode->index_bits, mode->num_subsets, partition, texel);
   int color_weight = weight(mode->index_bits, first), alpha_weight = color_weight;
   if (mode->second_index_bits) {
      const unsigned second =
         take_index(&bits, mode->second_index_bits, mode->num_subsets, partition, texel);
      alpha_weight = weight(mode->second_index_bits, second);
   }
   if (selection) {
      const int swap = color_weight;
      color_weight = alpha_weight;
      alpha_weight = swap;
   }
   for (unsigned c = 0; c < 4; c++)
      values[c] = interpolate(ends[2 * subset][c], ends[2 * subset + 1][c],
                              c < 3 ? color_weight : alpha_weight);
   if (rotation) { /* alpha stands in the place of a colour */
      const int swap = values[3];
      values[3] = values[rotation - 1];
      values[rotation - 1] = swap;
   }
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = (float)values[c] / 255.0f;
}

/* ---------------------------------------------------------------- BC6H */

/* The ends of both subsets. */
enum { R0, G0, B0, R1, G1, B1, R2, G2, B2, R3, G3, B3, NUM_VALUES };

/* Some bits of a value, in the order of the block: from `first` up or down to `last`. */
struct bc6h_field {
   uint8_t value, first, last;
};

struct bc6h_mode {
   uint8_t number, number_bits;
   bool delta; /* all but the first end are differences from it */
   uint8_t end_bits, delta_bits[3];
   uint8_t num_subsets;
   struct bc6h_field fields[24]; /* until one that stands for no bits: R0, 0, 0 */
};

static const struct bc6h_mode bc6h_modes[] = {
   { 0x00, 2, true, 10, { 5, 5, 5 }, 2,
     { { G2, 4, 4 }, { B2, 4, 4 }, { B3, 4, 4 }, { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 },
       { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 }, { G1, 0, 4 }, { B3, 0, 0 }, { G3, 0, 3 },
       { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 4 }, { B3, 2, 2 }, { R3, 0, 4 },
       { B3, 3, 3 } } },
   { 0x01, 2, true, 7, { 6, 6, 6 }, 2,
     { { G2, 5, 5 }, { G3, 4, 4 }, { G3, 5, 5 }, { R0, 0, 6 }, { B3, 0, 0 }, { B3, 1, 1 },
       { B2, 4, 4 }, { G0, 0, 6 }, { B2, 5, 5 }, { B3, 2, 2 }, { G2, 4, 4 }, { B0, 0, 6 },
       { B3, 3, 3 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 5 }, { G2, 0, 3 }, { G1, 0, 5 },
       { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 5 }, { R3, 0, 5 } } },
   { 0x02, 5, true, 11, { 5, 4, 4 }, 2,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 4 }, { R0, 10, 10 }, { G2, 0, 3 },
       { G1, 0, 3 }, { G0, 10, 10 }, { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 3 },
       { B0, 10, 10 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 4 }, { B3, 2, 2 }, { R3, 0, 4 },
       { B3, 3, 3 } } },
   { 0x03, 5, false, 10, { 10, 10, 10 }, 1,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 9 }, { G1, 0, 9 }, { B1, 0, 9 } } },
   { 0x06, 5, true, 11, { 4, 5, 4 }, 2,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 3 }, { R0, 10, 10 }, { G3, 4, 4 },
       { G2, 0, 3 }, { G1, 0, 4 }, { G0, 10, 10 }, { G3, 0, 3 }, { B1, 0, 3 },
       { B0, 10, 10 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 3 }, { B3, 0, 0 }, { B3, 2, 2 },
       { R3, 0, 3 }, { G2, 4, 4 }, { B3, 3, 3 } } },
   { 0x07, 5, true, 11, { 9, 9, 9 }, 1,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 8 }, { R0, 10, 10 }, { G1, 0, 8 },
       { G0, 10, 10 }, { B1, 0, 8 }, { B0, 10, 10 } } },
   { 0x0a, 5, true, 11, { 4, 4, 5 }, 2,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 3 }, { R0, 10, 10 }, { B2, 4, 4 },
       { G2, 0, 3 }, { G1, 0, 3 }, { G0, 10, 10 }, { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 4 },
       { B0, 10, 10 }, { B2, 0, 3 }, { R2, 0, 3 }, { B3, 1, 1 }, { B3, 2, 2 }, { R3, 0, 3 },
       { B3, 4, 4 }, { B3, 3, 3 } } },
   { 0x0b, 5, true, 12, { 8, 8, 8 }, 1,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 7 }, { R0, 11, 10 }, { G1, 0, 7 },
       { G0, 11, 10 }, { B1, 0, 7 }, { B0, 11, 10 } } },
   { 0x0e, 5, true, 9, { 5, 5, 5 }, 2,
     { { R0, 0, 8 }, { B2, 4, 4 }, { G0, 0, 8 }, { G2, 4, 4 }, { B0, 0, 8 }, { B3, 4, 4 },
       { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 }, { G1, 0, 4 }, { B3, 0, 0 }, { G3, 0, 3 },
       { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 4 }, { B3, 2, 2 }, { R3, 0, 4 },
       { B3, 3, 3 } } },
   { 0x0f, 5, true, 16, { 4, 4, 4 }, 1,
     { { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 }, { R1, 0, 3 }, { R0, 15, 10 }, { G1, 0, 3 },
       { G0, 15, 10 }, { B1, 0, 3 }, { B0, 15, 10 } } },
   { 0x12, 5, true, 8, { 6, 5, 5 }, 2,
     { { R0, 0, 7 }, { G3, 4, 4 }, { B2, 4, 4 }, { G0, 0, 7 }, { B3, 2, 2 }, { G2, 4, 4 },
       { B0, 0, 7 }, { B3, 3, 3 }, { B3, 4, 4 }, { R1, 0, 5 }, { G2, 0, 3 }, { G1, 0, 4 },
       { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 5 },
       { R3, 0, 5 } } },
   { 0x16, 5, true, 8, { 5, 6, 5 }, 2,
     { { R0, 0, 7 }, { B3, 0, 0 }, { B2, 4, 4 }, { G0, 0, 7 }, { G2, 5, 5 }, { G2, 4, 4 },
       { B0, 0, 7 }, { G3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 },
       { G1, 0, 5 }, { G3, 0, 3 }, { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 4 },
       { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 } } },
   { 0x1a, 5, true, 8, { 5, 5, 6 }, 2,
     { { R0, 0, 7 }, { B3, 1, 1 }, { B2, 4, 4 }, { G0, 0, 7 }, { B2, 5, 5 }, { G2, 4, 4 },
       { B0, 0, 7 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 },
       { G1, 0, 4 }, { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 4 },
       { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 } } },
   { 0x1e, 5, false, 6, { 6, 6, 6 }, 2,
     { { R0, 0, 5 }, { G3, 4, 4 }, { B3, 0, 0 }, { B3, 1, 1 }, { B2, 4, 4 }, { G0, 0, 5 },
       { G2, 5, 5 }, { B2, 5, 5 }, { B3, 2, 2 }, { G2, 4, 4 }, { B0, 0, 5 }, { G3, 5, 5 },
       { B3, 3, 3 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 5 }, { G2, 0, 3 }, { G1, 0, 5 },
       { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 5 }, { R3, 0, 5 } } },
};

#define NUM_BC6H_MODES (sizeof(bc6h_modes) / sizeof(bc6h_modes[0]))

static int
sign_extend(int value, unsigned bits)
{
   return (int)((unsigned)value << (32 - bits)) >> (32 - bits);
}

static void
take_bc6h_ends(struct bits *bits, const struct bc6h_mode *mode, bool is_signed,
               int values[NUM_VALUES])
{
   memset(values, 0, NUM_VALUES * sizeof(*values));
   for (const struct bc6h_field *f = mode->fields; f->value || f->first || f->last; f++) {
      const int step = f->last < f->first ? -1 : 1;
      for (int bit = f->first; bit != f->last + step; bit += step)
         values[f->value] |= (int)(take(bits, 1) << bit);
   }
   for (unsigned v = 0; v < NUM_VALUES; v++) {
      if (mode->delta && v >= R1)
         values[v] = (values[v % 3] + sign_extend(values[v], mode->delta_bits[v % 3])) &
                     ((1 << mode->end_bits) - 1);
   }
   for (unsigned v = 0; v < NUM_VALUES && is_signed; v++)
      values[v] = sign_extend(values[v], mode->end_bits);
}

/** An end on the scale of 16 bits, or of 15 and a sign. */
static int
unquantize(int value, unsigned bits, bool is_signed)
{
   if (!is_signed) {
      if (bits >= 15 || value == 0)
         return value;
      return value == (1 << bits) - 1 ? 0xffff : ((value << 16) + 0x8000) >> bits;
   }
   if (bits >= 16 || value == 0)
      return value;
   const int magnitude = value < 0 ? -value : value;
   const int scaled = magnitude >= (1 << (bits - 1)) - 1
                         ? 0x7fff : ((magnitude << 15) + 0x4000) >> (bits - 1);
   return value < 0 ? -scaled : scaled;
}

/** The half float that is meant: the scale ends at its greatest finite number. */
static float
finish(int value, bool is_signed)
{
   if (!is_signed)
      return vgpu_half_to_float((uint16_t)(value * 31 >> 6));
   if (value < 0)
      return vgpu_half_to_float((uint16_t)(0x8000 | (-value * 31 >> 5)));
   return vgpu_half_to_float((uint16_t)(value * 31 >> 5));
}

void
vgpu_bc6h_texel(const uint8_t block[16], unsigned texel, bool is_signed, float rgb[3])
{
   const struct bc6h_mode *mode = NULL;
   struct bits bits = { .block = block };
   int values[NUM_VALUES];

   for (unsigned i = 0; i < NUM_BC6H_MODES && !mode; i++) {
      if ((block[0] & ((1 << bc6h_modes[i].number_bits) - 1)) == bc6h_modes[i].number)
         mode = &bc6h_modes[i];
   }
   if (!mode) { /* reserved: black */
      memset(rgb, 0, 3 * sizeof(*rgb));
      return;
   }
   take(&bits, mode->number_bits);
   take_bc6h_ends(&bits, mode, is_signed, values);
   const unsigned partition = mode->num_subsets == 2 ? take(&bits, 5) : 0;
   const unsigned index_bits = mode->num_subsets == 2 ? 3 : 4;
   const unsigned subset = subset_of(mode->num_subsets, partition, texel);
   const int w = weight(index_bits,
                        take_index(&bits, index_bits, mode->num_subsets, partition, texel));
   for (unsigned c = 0; c < 3; c++)
      rgb[c] = finish(interpolate(unquantize(values[6 * subset + c], mode->end_bits, is_signed),
                                  unquantize(values[6 * subset + 3 + c], mode->end_bits,
                                             is_signed), w), is_signed);
}
