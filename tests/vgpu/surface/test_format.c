/*
 * SPDX-License-Identifier: MIT
 *
 * Formats: what a texel means follows from the format's name, which is read here a second time.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format.h"
#include "format_unorm8.h"

struct named_channel {
   char letter;
   unsigned start, bits;
   char type[16];
};

static float
as_float(uint32_t bits)
{
   float value;
   memcpy(&value, &bits, 4);
   return value;
}

static uint32_t
as_bits(float value)
{
   uint32_t bits;
   memcpy(&bits, &value, 4);
   return bits;
}

/* "R10G10B10_SNORM_A2_UNORM": letters with widths, then the type of those since the last type. */
static unsigned
parse(const char *name, struct named_channel channels[8], unsigned *total)
{
   unsigned n = 0, typed = 0, start = 0;

   while (*name) {
      if (*name == '_') {
         size_t len = strcspn(++name, "_");
         if (!(name[0] >= 'A' && name[0] <= 'Z' && name[1] >= '0' && name[1] <= '9')) {
            for (; typed < n; typed++)
               snprintf(channels[typed].type, sizeof(channels[typed].type), "%.*s", (int)len,
                        name);
            name += len;
         }
         continue;
      }
      channels[n].letter = *name++;
      channels[n].start = start;
      channels[n].bits = (unsigned)strtoul(name, (char **)&name, 10);
      start += channels[n++].bits;
   }
   *total = start;
   return n;
}

static uint64_t
max_of(unsigned bits)
{
   return bits == 64 ? ~0ull : (1ull << bits) - 1;
}

static double
half_value(unsigned half)
{
   double sign = half & 0x8000 ? -1 : 1;
   int exponent = (int)(half >> 10 & 31);

   if (exponent == 31)
      return half & 0x3ff ? NAN : sign * INFINITY;
   if (exponent == 0)
      return sign * ldexp(half & 0x3ff, -24);
   return sign * ldexp(0x400 | (half & 0x3ff), exponent - 25);
}

static double
srgb_value(double x)
{
   return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

/* What a channel's bits mean; integers are exact in a double. */
static double
meaning(const struct named_channel *c, uint64_t raw, bool srgb)
{
   int64_t value = (int64_t)raw;
   double result;

   if (c->bits < 64 && raw >> (c->bits - 1) & 1)
      value -= (int64_t)1 << c->bits;
   if (!strcmp(c->type, "UNORM"))
      result = (double)raw / (double)max_of(c->bits);
   else if (!strcmp(c->type, "SNORM"))
      result = fmax((double)value / (double)max_of(c->bits - 1), -1.0);
   else if (!strcmp(c->type, "UINT") || !strcmp(c->type, "USCALED"))
      result = (double)raw;
   else if (!strcmp(c->type, "SINT") || !strcmp(c->type, "SSCALED"))
      result = (double)value;
   else if (c->bits == 16)
      result = half_value((unsigned)raw);
   else if (c->bits < 16)
      result = half_value((unsigned)raw << (15 - c->bits));
   else if (c->bits == 64)
      memcpy(&result, &raw, 8);
   else
      result = as_float((uint32_t)raw);
   return srgb && c->letter != 'A' ? srgb_value(result) : result;
}

static bool
is_integer(const struct named_channel *c)
{
   return !strcmp(c->type, "UINT") || !strcmp(c->type, "SINT");
}

static void
expect(const char *name, const struct named_channel *c, uint64_t raw, double value, uint32_t got)
{
   if (is_integer(c)) {
      if (got != (uint32_t)(int64_t)value)
         fail_msg("%s %c: 0x%llx gives 0x%x", name, c->letter, (unsigned long long)raw, got);
      return;
   }
   double have = as_float(got);
   if (isnan(value) ? !isnan(have)
                    : !(have == (float)value || fabs(have - value) <= 2e-7 * fabs(value)))
      fail_msg("%s %c: 0x%llx gives %.9g, not %.9g", name, c->letter, (unsigned long long)raw, have,
               value);
}

/* The components that a letter stands for. */
static unsigned
components(char letter)
{
   switch (letter) {
   case 'R':
      return 1;
   case 'G':
      return 2;
   case 'B':
      return 4;
   case 'A':
      return 8;
   case 'L':
      return 7;
   case 'I':
      return 15;
   }
   return 0;
}

static void
set_bits(uint8_t *texel, unsigned start, unsigned bits, uint64_t value)
{
   for (unsigned b = 0; b < bits; b++) {
      texel[(start + b) / 8] &= (uint8_t)~(1u << (start + b) % 8);
      texel[(start + b) / 8] |= (uint8_t)((value >> b & 1) << (start + b) % 8);
   }
}

/* Packing the smallest, largest and every meaning gives the channel back, the others zero. */
static void
check_pack(const struct vgpu_format *format, const struct named_channel *c, uint64_t raw,
           const uint32_t rgba[4], double value)
{
   uint8_t texel[32], want[32];

   if (!strcmp(c->type, "SNORM") && value == -1.0)
      raw = (1ull << (c->bits - 1)) + 1;
   if (isnan(value))
      return;
   if (!strcmp(c->type, "USCALED") && c->bits == 32)
      return; /* not every integer is a float */
   memset(texel, 0, sizeof(texel));
   memset(want, 0, sizeof(want));
   set_bits(want, c->start, c->bits, raw);
   vgpu_format_pack(format, rgba, components(c->letter), texel);
   if (memcmp(texel, want, sizeof(want)))
      fail_msg("%s %c: 0x%llx packs to another", format->name, c->letter, (unsigned long long)raw);
}

static void
check_channel(const struct vgpu_format *format, const struct named_channel *c, bool srgb)
{
   const bool exhaustive = c->bits <= 16;
   const uint64_t count = exhaustive ? max_of(c->bits) + 1 : 4096;
   uint64_t random = 0x9e3779b97f4a7c15ull;
   const bool background_ones = c->start == 0;

   for (uint64_t i = 0; i < count; i++) {
      uint8_t texel[32];
      uint32_t rgba[4];
      uint64_t raw = i;

      if (!exhaustive) {
         random = random * 6364136223846793005ull + 1442695040888963407ull;
         raw = i == 0 ? 0 : i == 1 ? max_of(c->bits) : i == 2 ? 1ull << (c->bits - 1) : random;
         raw &= max_of(c->bits);
      }
      memset(texel, background_ones ? 0xff : 0, sizeof(texel));
      set_bits(texel, c->start, c->bits, raw);
      vgpu_format_unpack(format, texel, rgba);
      double value = meaning(c, raw, srgb);
      for (unsigned k = 0; k < 4; k++) {
         if (components(c->letter) >> k & 1)
            expect(format->name, c, raw, value, rgba[k]);
      }
      bool one_to_one = (format->uses & VGPU_USE_RENDER) && components(c->letter) &&
                        exhaustive && !is_integer(c);
      if (one_to_one || is_integer(c))
         check_pack(format, c, raw, rgba, value);
   }
}

static void
every_plain_format_means_what_its_name_says(void **state)
{
   size_t count, plain = 0;
   const struct vgpu_format *table = vgpu_format_table(&count);

   (void)state;
   for (size_t i = 0; i < count; i++) {
      const struct vgpu_format *format = &table[i];
      struct named_channel channels[8] = { 0 };
      unsigned total, seen = 0;

      assert_ptr_equal(vgpu_format(format->number), format);
      if (format->layout != VGPU_LAYOUT_PLAIN)
         continue;
      plain++;
      bool srgb = strstr(format->name, "_SRGB") != NULL;
      unsigned n = parse(format->name, channels, &total);
      if (total != format->bits_per_block || srgb != format->srgb)
         fail_msg("%s: %u bits, the name has %u", format->name, format->bits_per_block, total);
      for (unsigned c = 0; c < n; c++) {
         if (!components(channels[c].letter))
            continue;
         seen |= components(channels[c].letter);
         check_channel(format, &channels[c], srgb);
      }
      uint8_t texel[32];
      uint32_t rgba[4];
      memset(texel, 0x5a, sizeof(texel));
      vgpu_format_unpack(format, texel, rgba);
      for (unsigned k = 0; k < 4; k++) {
         uint32_t one = vgpu_format_is_integer(format) ? 1 : as_bits(1.0f);
         if (!(seen >> k & 1))
            assert_int_equal(rgba[k], k == 3 ? one : 0);
      }
   }
   assert_int_equal(plain, 137);
}

static void
numbers_that_are_no_format_are_refused(void **state)
{
   (void)state;
   assert_null(vgpu_format(0x009));
   assert_null(vgpu_format(0x1fe));
   assert_null(vgpu_format(0x200));
   assert_null(vgpu_format(~0u));
}

static uint32_t
pack32(unsigned number, float r, float g, float b, float a, unsigned mask, uint32_t before)
{
   const uint32_t rgba[4] = { as_bits(r), as_bits(g), as_bits(b), as_bits(a) };

   vgpu_format_pack(vgpu_format(number), rgba, mask, &before);
   return before;
}

static void
floats_are_clamped_and_rounded(void **state)
{
   (void)state;
   /* R8G8B8A8_UNORM */
   assert_int_equal(pack32(0x0c7, -1, 2, NAN, 0.5f, 15, 0), 0x8000ff00);
   assert_int_equal(pack32(0x0c7, INFINITY, -INFINITY, 0.49f / 255, 0.51f / 255, 15, 0),
                    0x010000ff);
   /* R8G8B8A8_SNORM */
   assert_int_equal(pack32(0x0c9, -1, -2, 1, 5, 15, 0), 0x7f7f8181);
   /* B8G8R8A8_UNORM, masks */
   assert_int_equal(pack32(0x0c0, 1, 1, 1, 1, 1, 0), 0x00ff0000);
   assert_int_equal(pack32(0x0c0, 0, 0, 0, 0, 7, ~0u), 0xff000000);
   /* R16_FLOAT and R11G11B10_FLOAT: rounding, overflow, negatives, NaN */
   assert_int_equal(pack32(0x10e, 1.0f + 0x1p-11f, 0, 0, 0, 15, 0), 0x3c00);
   assert_int_equal(pack32(0x10e, 1.0f + 0x1.8p-10f, 0, 0, 0, 15, 0), 0x3c02);
   assert_int_equal(pack32(0x10e, 65519.0f, 0, 0, 0, 15, 0), 0x7bff);
   assert_int_equal(pack32(0x10e, 65520.0f, 0, 0, 0, 15, 0), 0x7c00);
   assert_int_equal(pack32(0x10e, -0x1p-24f, 0, 0, 0, 15, 0), 0x8001);
   assert_int_equal(pack32(0x10e, 0x1p-26f, 0, 0, 0, 15, 0), 0);
   assert_int_equal(pack32(0x0d3, -1, 1, INFINITY, 0, 15, 0), 0x3c0u << 11 | 0x3e0u << 22);
   assert_true((pack32(0x0d3, -NAN, 0, 0, 0, 15, 0) & 0x7ff) > 0x7c0);
}

static void
integers_are_clamped(void **state)
{
   uint32_t texel = 0;
   const uint32_t rgba[4] = { 300, (uint32_t)-300, 127, (uint32_t)-5 };

   (void)state;
   vgpu_format_pack(vgpu_format(0x0ca), rgba, 15, &texel); /* R8G8B8A8_SINT */
   assert_int_equal(texel, 0xfb7f807f);
   vgpu_format_pack(vgpu_format(0x0cb), rgba, 15, &texel); /* R8G8B8A8_UINT */
   assert_int_equal(texel, 0xff7fffff);
   vgpu_format_pack(vgpu_format(0x0c4), rgba, 15, &texel); /* R10G10B10A2_UINT */
   assert_int_equal(texel, 300u | 1023u << 10 | 127u << 20 | 3u << 30);
}

static void
halves_come_back(void **state)
{
   (void)state;
   for (unsigned half = 0; half < 0x10000; half++) {
      float value = vgpu_half_to_float((uint16_t)half);
      double want = half_value(half);
      if (isnan(want)) {
         assert_true(isnan(value));
         assert_true(isnan(vgpu_half_to_float(vgpu_float_to_half(value))));
      } else {
         assert_true(value == want);
         assert_int_equal(vgpu_float_to_half(value), half);
      }
   }
}

static void
shared_exponent(void **state)
{
   uint32_t rgba[4];
   uint32_t texel = 256 | 511u << 9 | 1u << 18 | 16u << 27;

   (void)state;
   vgpu_format_unpack(vgpu_format(0x0ed), &texel, rgba);
   assert_true(as_float(rgba[0]) == 1.0f);
   assert_true(as_float(rgba[1]) == 511.0f / 256);
   assert_true(as_float(rgba[2]) == 1.0f / 256);
   assert_true(as_float(rgba[3]) == 1.0f);
}

static void
check_block(unsigned number, const uint8_t *block, unsigned x, unsigned y, float r, float g,
            float b, float a)
{
   const float want[4] = { r, g, b, a };
   uint32_t rgba[4];

   vgpu_format_unpack_block(vgpu_format(number), block, x, y, rgba);
   for (unsigned c = 0; c < 4; c++) {
      if (fabsf(as_float(rgba[c]) - want[c]) > 1e-6f)
         fail_msg("format 0x%x (%u, %u) component %u: %g, not %g", number, x, y, c,
                  as_float(rgba[c]), want[c]);
   }
}

static void
compressed_blocks(void **state)
{
   /* red and blue; row 0 has the four codes in order, the other rows are code 0 */
   const uint8_t four[8] = { 0x00, 0xf8, 0x1f, 0x00, 0xe4, 0, 0, 0 };
   const uint8_t three[8] = { 0x1f, 0x00, 0x00, 0xf8, 0xe4, 0, 0, 0 };
   uint8_t bc3[16] = { 255, 0, 0x88, 0xc6, 0xfa, 0, 0, 0 };
   const uint8_t bc4_six[8] = { 100, 200, 0x88, 0xc6, 0xfa, 0, 0, 0 };
   const uint8_t bc4_signed[8] = { 0x81, 0x7f, 0x88, 0xc6, 0xfa, 0, 0, 0 };
   uint8_t bc2[16] = { 0x10, 0x32, 0xf4 };

   (void)state;
   check_block(0x186, four, 0, 0, 1, 0, 0, 1);
   check_block(0x186, four, 1, 0, 0, 0, 1, 1);
   check_block(0x186, four, 2, 0, 2 / 3.0f, 0, 1 / 3.0f, 1);
   check_block(0x186, four, 3, 0, 1 / 3.0f, 0, 2 / 3.0f, 1);
   check_block(0x186, four, 3, 3, 1, 0, 0, 1);
   check_block(0x186, three, 2, 0, 0.5f, 0, 0.5f, 1);
   check_block(0x186, three, 3, 0, 0, 0, 0, 0);
   check_block(0x191, three, 3, 0, 0, 0, 0, 1); /* DXT1_RGB */
   memcpy(bc3 + 8, three, 8);
   memcpy(bc2 + 8, three, 8);
   /* the same colours without punch-through */
   check_block(0x188, bc3, 3, 0, 2 / 3.0f, 0, 1 / 3.0f, 5 / 7.0f);
   check_block(0x188, bc3, 0, 0, 0, 0, 1, 1);
   check_block(0x188, bc3, 1, 0, 1, 0, 0, 0);
   check_block(0x188, bc3, 3, 1, 0, 0, 1, 1 / 7.0f);
   check_block(0x187, bc2, 1, 0, 1, 0, 0, 1 / 15.0f);
   check_block(0x187, bc2, 1, 1, 0, 0, 1, 15 / 15.0f);
   check_block(0x189, bc4_six, 2, 0, (4 * 100 + 200) / 5.0f / 255, 0, 0, 1);
   check_block(0x189, bc4_six, 2, 1, 0, 0, 0, 1);
   check_block(0x189, bc4_six, 3, 1, 1, 0, 0, 1);
   check_block(0x199, bc4_signed, 0, 0, -1, 0, 0, 1);
   check_block(0x199, bc4_signed, 2, 1, -1, 0, 0, 1);
}

/* Writes a block from its lowest bit on. */
struct block {
   uint8_t bytes[16];
   unsigned at;
};

static void
add(struct block *block, unsigned bits, unsigned value)
{
   for (unsigned i = 0; i < bits; i++, block->at++)
      block->bytes[block->at / 8] |= (value >> i & 1) << block->at % 8;
}

/* Indices of all texels, one bit less for texel 0 and another one. */
static void
add_indices(struct block *block, unsigned bits, unsigned anchor, const uint8_t indices[16])
{
   for (unsigned i = 0; i < 16; i++)
      add(block, bits - (i == 0 || i == anchor), indices[i]);
   assert_int_equal(block->at, 128);
}

static void
bc7_blocks(void **state)
{
   static const uint8_t indices4[16] = { [5] = 8, [6] = 15 };
   static const uint8_t indices2[16] = { [1] = 3, [9] = 1, [15] = 1 }, none[16] = { 0 };
   struct block mode6 = { 0 }, mode5 = { 0 }, mode3 = { 0 };
   const uint8_t reserved[16] = { 0 };

   (void)state;
   /* One subset of 7 bits and one more for each end: (0, 254, 0, 254) to (255, 1, 255, 255). */
   add(&mode6, 7, 1 << 6);
   add(&mode6, 14, 127 << 7);
   add(&mode6, 14, 127);
   add(&mode6, 14, 127 << 7);
   add(&mode6, 14, 127 << 7 | 127);
   add(&mode6, 2, 2);
   add_indices(&mode6, 4, 0, indices4);
   check_block(0x1a2, mode6.bytes, 0, 0, 0, 254 / 255.0f, 0, 254 / 255.0f);
   check_block(0x1a2, mode6.bytes, 2, 1, 1, 1 / 255.0f, 1, 1);
   check_block(0x1a2, mode6.bytes, 1, 1, 135 / 255.0f, 120 / 255.0f, 135 / 255.0f, 1);

   /* Rotated: what stands in alpha's place, with its own indices, is red. */
   add(&mode5, 6, 1 << 5);
   add(&mode5, 2, 1);
   add(&mode5, 14, 127 << 7 | 127);
   add(&mode5, 14, 0);
   add(&mode5, 14, 64 << 7);
   add(&mode5, 16, 200 << 8 | 100);
   for (unsigned i = 0; i < 16; i++)
      add(&mode5, 2 - (i == 0), none[i]);
   add_indices(&mode5, 2, 0, indices2);
   check_block(0x1a2, mode5.bytes, 0, 0, 100 / 255.0f, 0, 0, 1);
   check_block(0x1a2, mode5.bytes, 1, 0, 200 / 255.0f, 0, 0, 1);
   check_block(0x1a2, mode5.bytes, 1, 2, 133 / 255.0f, 0, 0, 1);

   /* Two subsets, partition 13: the lower half is the second one. No alpha. */
   add(&mode3, 4, 1 << 3);
   add(&mode3, 6, 13);
   add(&mode3, 28, 127u << 21);
   add(&mode3, 28, 127u << 14);
   add(&mode3, 28, 127);
   add(&mode3, 4, 0xf);
   add_indices(&mode3, 2, 15, indices2);
   check_block(0x1a2, mode3.bytes, 0, 0, 1 / 255.0f, 1 / 255.0f, 1, 1);
   check_block(0x1a2, mode3.bytes, 0, 2, 1 / 255.0f, 1, 1 / 255.0f, 1);
   check_block(0x1a2, mode3.bytes, 3, 3, 84 / 255.0f, 172 / 255.0f, 1 / 255.0f, 1);

   check_block(0x1a2, reserved, 1, 1, 0, 0, 0, 0);
}

static float
of_ten_bits(unsigned value)
{
   return vgpu_half_to_float((uint16_t)((((value << 16) + 0x8000) >> 10) * 31 >> 6));
}

static void
bc6h_blocks(void **state)
{
   static const uint8_t indices[16] = { [1] = 15, [2] = 4 };
   static const uint8_t indices3[16] = { [1] = 7, [4] = 7, [9] = 7 };
   struct block ends = { 0 }, delta = { 0 }, two = { 0 };
   const uint8_t reserved[16] = { 0x13 };

   (void)state;
   /* Ten bits for each end: (0, 512, 1023) and (1023, 0, 511). */
   add(&ends, 5, 0x03);
   add(&ends, 10, 0);
   add(&ends, 10, 512);
   add(&ends, 10, 1023);
   add(&ends, 10, 1023);
   add(&ends, 10, 0);
   add(&ends, 10, 511);
   add_indices(&ends, 4, 0, indices);
   check_block(0x1a4, ends.bytes, 0, 0, 0, vgpu_half_to_float(0x8020 * 31 >> 6), 65504, 1);
   check_block(0x1a4, ends.bytes, 1, 0, 65504, 0, vgpu_half_to_float(0x7fe0 * 31 >> 6), 1);
   check_block(0x1a4, ends.bytes, 2, 0, vgpu_half_to_float((0xffff * 17 + 32) / 64 * 31 >> 6),
               vgpu_half_to_float((0x8020 * 47 + 32) / 64 * 31 >> 6),
               vgpu_half_to_float((0xffff * 47 + 0x7fe0 * 17 + 32) / 64 * 31 >> 6), 1);
   /* Signed: 512 is the least, and as far from 0 as 511; 1023 is -1. */
   check_block(0x1a1, ends.bytes, 0, 0, 0, -65504, vgpu_half_to_float(0x8000 | 0x60 * 31 >> 5), 1);
   check_block(0x1a1, ends.bytes, 1, 0, vgpu_half_to_float(0x8000 | 0x60 * 31 >> 5), 0, 65504, 1);

   /* Sixteen bits, the highest six from the highest on; the other end is four bits off. */
   add(&delta, 5, 0x0f);
   add(&delta, 10, 0x210);
   add(&delta, 20, 0);
   for (unsigned c = 0; c < 3; c++) {
      add(&delta, 4, c == 0 ? 0xf : 1);
      for (int bit = 15; bit >= 10; bit--)
         add(&delta, 1, c == 0 ? 0xa610 >> bit & 1 : 0);
   }
   add_indices(&delta, 4, 0, indices);
   check_block(0x1a4, delta.bytes, 0, 0, vgpu_half_to_float(0xa610 * 31 >> 6), 0, 0, 1);
   check_block(0x1a4, delta.bytes, 1, 0, vgpu_half_to_float(0xa60f * 31 >> 6), 0, 0, 1);

   /* Two subsets of ten bits and five of difference, partition 13. */
   add(&two, 2, 0);
   add(&two, 3, 0);
   add(&two, 10, 512); /* red */
   add(&two, 20, 0);
   add(&two, 5, 0x10); /* -16 */
   add(&two, 25, 0);
   add(&two, 6, 15); /* red of the second subset */
   add(&two, 6, 1);
   add(&two, 5, 13);
   add_indices(&two, 3, 15, indices3);
   check_block(0x1a4, two.bytes, 0, 0, of_ten_bits(512), 0, 0, 1);
   check_block(0x1a4, two.bytes, 1, 0, of_ten_bits(496), 0, 0, 1);
   check_block(0x1a4, two.bytes, 0, 2, of_ten_bits(527), 0, 0, 1);
   check_block(0x1a4, two.bytes, 1, 2, of_ten_bits(513), 0, 0, 1);

   check_block(0x1a4, reserved, 1, 1, 0, 0, 0, 1);
}

/* Indices of `bits` bits, three of them: texels (1, 0), (4, 0) and (7, 3). */
static void
add_fxt1_indices(struct block *block, unsigned bits, unsigned a, unsigned b, unsigned c)
{
   for (unsigned i = 0; i < 32; i++)
      add(block, bits, i == 1 ? a : i == 16 ? b : i == 31 ? c : 0);
}

static void
fxt1_blocks(void **state)
{
   const unsigned red = 31 << 10, green = 31 << 5, blue = 31;
   struct block hi = { 0 }, chroma = { 0 }, alpha = { 0 }, lerp = { 0 }, mixed = { 0 };
   struct block punched = { 0 };

   (void)state;
   add_fxt1_indices(&hi, 3, 3, 6, 7);
   add(&hi, 15, red);
   add(&hi, 15, blue);
   add(&hi, 2, 0);
   check_block(0x192, hi.bytes, 0, 0, 1, 0, 0, 1);
   check_block(0x192, hi.bytes, 1, 0, 0.5f, 0, 0.5f, 1);
   check_block(0x192, hi.bytes, 4, 0, 0, 0, 1, 1);
   check_block(0x192, hi.bytes, 7, 3, 0, 0, 0, 0);

   add_fxt1_indices(&chroma, 2, 1, 2, 3);
   add(&chroma, 15, red);
   add(&chroma, 15, green);
   add(&chroma, 15, blue);
   add(&chroma, 15, red | blue);
   add(&chroma, 1, 0);
   add(&chroma, 3, 2);
   check_block(0x192, chroma.bytes, 0, 0, 1, 0, 0, 1);
   check_block(0x192, chroma.bytes, 1, 0, 0, 1, 0, 1);
   check_block(0x192, chroma.bytes, 4, 0, 0, 0, 1, 1);
   check_block(0x192, chroma.bytes, 7, 3, 1, 0, 1, 1);

   for (unsigned i = 0; i < 2; i++) {
      struct block *block = i ? &lerp : &alpha;
      add_fxt1_indices(block, 2, 1, i ? 0 : 2, 3);
      add(block, 15, red);
      add(block, 15, green);
      add(block, 15, blue);
      add(block, 5, 31);
      add(block, 5, 0);
      add(block, 5, 15);
      add(block, 1, i);
      add(block, 3, 3);
   }
   check_block(0x192, alpha.bytes, 0, 0, 1, 0, 0, 1);
   check_block(0x192, alpha.bytes, 1, 0, 0, 1, 0, 0);
   check_block(0x192, alpha.bytes, 4, 0, 0, 0, 1, 15 / 31.0f);
   check_block(0x192, alpha.bytes, 7, 3, 0, 0, 0, 0);
   check_block(0x192, lerp.bytes, 1, 0, 2 / 3.0f, 1 / 3.0f, 0, 2 / 3.0f);
   check_block(0x192, lerp.bytes, 4, 0, 0, 0, 1, 15 / 31.0f);
   check_block(0x192, lerp.bytes, 7, 3, 0, 1, 0, 0);

   /* The first index of the right half is 2: its colours' lowest greens differ. */
   for (unsigned i = 0; i < 2; i++) {
      struct block *block = i ? &punched : &mixed;
      add_fxt1_indices(block, 2, 1, 2, 3);
      add(block, 15, red);
      add(block, 15, blue);
      add(block, 15, green);
      add(block, 15, blue);
      add(block, 1, i);
      add(block, 1, 1); /* left */
      add(block, 1, 0); /* right */
      add(block, 1, 1);
   }
   check_block(0x192, mixed.bytes, 0, 0, 1, 1 / 63.0f, 0, 1);
   check_block(0x192, mixed.bytes, 1, 0, 2 / 3.0f, 1 / 63.0f, 1 / 3.0f, 1);
   check_block(0x192, mixed.bytes, 4, 0, 0, 1 / 3.0f, 2 / 3.0f, 1);
   check_block(0x192, mixed.bytes, 5, 0, 0, 1, 0, 1);
   check_block(0x192, mixed.bytes, 7, 3, 0, 0, 1, 1);
   check_block(0x192, punched.bytes, 0, 0, 1, 0, 0, 1);
   check_block(0x192, punched.bytes, 1, 0, 0.5f, 0.5f / 63, 0.5f, 1);
   check_block(0x192, punched.bytes, 4, 0, 0, 0, 1, 1);
   check_block(0x192, punched.bytes, 7, 3, 0, 0, 0, 0);
}

/* Sixteen texels together are what each is by itself. */
static void
bytes_are_packed_together_as_one_by_one(void **state)
{
   static const unsigned formats[] = { 0x0c0, 0x0c7, 0x0e9, 0x0eb };
   static const float special[] = { 0, -0.0f, 1, 2, -1, NAN, INFINITY, -INFINITY, 1e-40f,
                                    0.5f / 255, 1.5f / 255, 254.5f / 255, 0.99999994f };
   uint32_t random = 1;

   (void)state;
   for (unsigned f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
      const struct vgpu_format *format = vgpu_format(formats[f]);
      assert_true(vgpu_format_is_unorm8(format));
      for (unsigned round = 0; round < 3000; round++) {
         float rgba[4][16];
         uint32_t texels[16];
         for (unsigned i = 0; i < 64; i++) {
            random = random * 1664525 + 1013904223;
            /* Near to halfway between two bytes, or anything. */
            rgba[i / 16][i % 16] =
               random >> 29 == 0 ? special[(random >> 8) % (sizeof(special) / sizeof(special[0]))]
               : random >> 31    ? ((float)(random >> 8 & 0xff) + 0.5f) / 255
                                 : (float)(random >> 4) / (1 << 26) - 0.5f;
         }
         const uint8_t *const components[4] = {
            (const uint8_t *)rgba[0], (const uint8_t *)rgba[1], (const uint8_t *)rgba[2],
            (const uint8_t *)rgba[3],
         };
         if (round & 1)
            pack_unorm8_lanes(format, components, 16, texels); /* without AVX2 */
         else
            vgpu_format_pack_unorm8(format, components, 16, texels);
         for (unsigned i = 0; i < 16; i++) {
            uint32_t color[4], texel = 0xcccccccc;
            for (unsigned c = 0; c < 4; c++)
               memcpy(&color[c], &rgba[c][i], 4);
            vgpu_format_pack(format, color, 0xf, &texel);
            assert_int_equal(texels[i], texel);
         }
      }
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_plain_format_means_what_its_name_says),
      cmocka_unit_test(numbers_that_are_no_format_are_refused),
      cmocka_unit_test(floats_are_clamped_and_rounded),
      cmocka_unit_test(bytes_are_packed_together_as_one_by_one),
      cmocka_unit_test(integers_are_clamped),
      cmocka_unit_test(halves_come_back),
      cmocka_unit_test(shared_exponent),
      cmocka_unit_test(compressed_blocks),
      cmocka_unit_test(bc7_blocks),
      cmocka_unit_test(bc6h_blocks),
      cmocka_unit_test(fxt1_blocks),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
