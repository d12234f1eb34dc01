/*
 * SPDX-License-Identifier: MIT
 *
 * Texels to components and back, one texel at a time.
 */

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "format.h"
#include "format_bptc.h"
#include "format_fxt1.h"
#include "format_unorm8.h"

static uint32_t
from_float(float value)
{
   uint32_t bits;
   memcpy(&bits, &value, sizeof(bits));
   return bits;
}

static float
to_float(uint32_t bits)
{
   float value;
   memcpy(&value, &bits, sizeof(value));
   return value;
}

float
vgpu_half_to_float(uint16_t half)
{
   uint32_t sign = (uint32_t)(half & 0x8000) << 16;
   uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ff;

   if (exponent == 31)
      return to_float(sign | 0x7f800000 | mantissa << 13);
   if (exponent == 0) {
      float value = (float)mantissa * 0x1p-24f;
      return to_float(sign | from_float(value));
   }
   return to_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

/*
 * The magnitude of a float in a format with `mantissa_bits` and five bits of exponent, bias 15,
 * rounded to nearest even. A carry out of the mantissa moves into the exponent as it should.
 */
static uint32_t
small_float(uint32_t magnitude, unsigned mantissa_bits)
{
   const uint32_t infinity = 31u << mantissa_bits;
   const unsigned drop = 23 - mantissa_bits;

   if (magnitude > 0x7f800000) /* a NaN stays one, quiet */
      return infinity | 1u << (mantissa_bits - 1) |
             ((magnitude & 0x7fffff) >> drop & ((1u << mantissa_bits) - 1));
   if (magnitude >= 0x47800000) /* 2^16 */
      return infinity;
   if (magnitude < 0x38800000) { /* below 2^-14: a denormal of the small format */
      float units = ldexpf(to_float(magnitude), 14 + (int)mantissa_bits);
      return (uint32_t)nearbyintf(units);
   }
   uint32_t rebiased = magnitude - (112u << 23);
   uint32_t half = (1u << (drop - 1)) - 1 + (rebiased >> drop & 1);
   return (rebiased + half) >> drop;
}

uint16_t
vgpu_float_to_half(float value)
{
   uint32_t bits = from_float(value);

   return (uint16_t)((bits >> 16 & 0x8000) | small_float(bits & 0x7fffffff, 10));
}

static float
ufloat_to_float(uint32_t bits, unsigned width)
{
   unsigned mantissa_bits = width - 5;

   return vgpu_half_to_float((uint16_t)(bits << (10 - mantissa_bits)));
}

/* Negative values become 0, also minus infinity; a NaN stays one whatever its sign. */
static uint32_t
float_to_ufloat(float value, unsigned width)
{
   uint32_t bits = from_float(value);

   if (bits >> 31 && !isnan(value))
      return 0;
   return small_float(bits & 0x7fffffff, width - 5);
}

float
vgpu_srgb_to_linear(float srgb)
{
   return (float)(srgb <= 0.04045f ? srgb / 12.92 : pow(((double)srgb + 0.055) / 1.055, 2.4));
}

float
vgpu_linear_to_srgb(float linear)
{
   if (!(linear > 0.0f)) /* a NaN too */
      return 0.0f;
   if (linear >= 1.0f)
      return 1.0f;
   return linear < 0.0031308f ? linear * 12.92f : 1.055f * powf(linear, 1.0f / 2.4f) - 0.055f;
}

bool
vgpu_format_is_integer(const struct vgpu_format *format)
{
   return format->num_channels && (format->channels[0].type == VGPU_CHANNEL_UINT ||
                                   format->channels[0].type == VGPU_CHANNEL_SINT);
}

bool
vgpu_format_is_signed_integer(const struct vgpu_format *format)
{
   return format->num_channels && format->channels[0].type == VGPU_CHANNEL_SINT;
}

/* The texel as one number, of formats up to 64 bits. */
static uint64_t
load(const void *texel, unsigned bits)
{
   const uint8_t *p = texel;

   switch (bits) {
   case 8:
      return p[0];
   case 16:
      return p[0] | (uint32_t)p[1] << 8;
   case 24:
      return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
   case 32: {
      uint32_t value;
      memcpy(&value, p, 4);
      return value;
   }
   default: {
      uint64_t value = 0;
      memcpy(&value, p, bits / 8);
      return value;
   }
   }
}

static uint64_t
ones(unsigned bits)
{
   return bits < 64 ? (1ull << bits) - 1 : ~0ull;
}

/* Channels of wider formats are whole DWords or QWords. */
static uint64_t
channel_bits(const struct vgpu_format *format, const struct vgpu_channel *channel,
             const void *texel, uint64_t whole)
{
   if (format->bits_per_block > 64)
      return load((const uint8_t *)texel + channel->start / 8, channel->bits);
   return whole >> channel->start & ones(channel->bits);
}

static int64_t
sign_extend(uint64_t value, unsigned bits)
{
   return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static float
snorm_to_float(int64_t value, unsigned bits)
{
   const double max = (double)(ones(bits - 1));

   return value < -(int64_t)max ? -1.0f : (float)((double)value / max);
}

static uint32_t
decode(const struct vgpu_channel *channel, uint64_t raw)
{
   const unsigned bits = channel->bits;

   switch (channel->type) {
   case VGPU_CHANNEL_UNORM:
      if (bits <= 16)
         return from_float((float)raw / (float)ones(bits));
      return from_float((float)((double)raw / (double)ones(bits)));
   case VGPU_CHANNEL_SNORM:
      return from_float(snorm_to_float(sign_extend(raw, bits), bits));
   case VGPU_CHANNEL_UINT:
      return (uint32_t)raw;
   case VGPU_CHANNEL_SINT:
      return (uint32_t)sign_extend(raw, bits);
   case VGPU_CHANNEL_USCALED:
      return from_float((float)raw);
   case VGPU_CHANNEL_SSCALED:
      return from_float((float)sign_extend(raw, bits));
   case VGPU_CHANNEL_FLOAT:
      if (bits == 64) {
         double value;
         memcpy(&value, &raw, sizeof(value));
         return from_float((float)value);
      }
      return bits == 16 ? from_float(vgpu_half_to_float((uint16_t)raw)) : (uint32_t)raw;
   case VGPU_CHANNEL_UFLOAT:
      return from_float(ufloat_to_float((uint32_t)raw, bits));
   }
   return 0;
}

static void
set_default(const struct vgpu_format *format, uint32_t rgba[4])
{
   rgba[0] = rgba[1] = rgba[2] = 0;
   rgba[3] = vgpu_format_is_integer(format) ? 1 : from_float(1.0f);
}

static void
put(uint32_t rgba[4], unsigned component, uint32_t value)
{
   switch (component) {
   case VGPU_COMPONENT_I:
      rgba[3] = value;
      /* fallthrough */
   case VGPU_COMPONENT_L:
      rgba[0] = rgba[1] = rgba[2] = value;
      break;
   default:
      rgba[component] = value;
   }
}

/* What eight bits of sRGB are, computed once. */
static uint32_t srgb8[256];
static pthread_once_t srgb8_once = PTHREAD_ONCE_INIT;

static void
fill_srgb8(void)
{
   for (unsigned i = 0; i < 256; i++)
      srgb8[i] = from_float(vgpu_srgb_to_linear((float)i / 255.0f));
}

static uint32_t
decode_srgb(const struct vgpu_channel *channel, uint64_t raw)
{
   if (channel->bits == 8) {
      pthread_once(&srgb8_once, fill_srgb8);
      return srgb8[raw];
   }
   return from_float(vgpu_srgb_to_linear(to_float(decode(channel, raw))));
}

bool
vgpu_format_is_unorm8(const struct vgpu_format *format)
{
   return format->bits_per_block == 32 && format->channels[0].bits == 8 &&
          format->channels[0].type == VGPU_CHANNEL_UNORM &&
          format->channels[0].component <= VGPU_COMPONENT_A && !format->srgb;
}

static void
unpack_sharedexp(const void *texel, uint32_t rgba[4])
{
   uint32_t raw = (uint32_t)load(texel, 32);
   int exponent = (int)(raw >> 27) - 15 - 9;

   for (unsigned c = 0; c < 3; c++)
      rgba[c] = from_float(ldexpf((float)(raw >> 9 * c & 0x1ff), exponent));
   rgba[3] = from_float(1.0f);
}

void
vgpu_format_unpack(const struct vgpu_format *format, const void *texel, uint32_t rgba[4])
{
   if (format->layout == VGPU_LAYOUT_SHAREDEXP) {
      unpack_sharedexp(texel, rgba);
      return;
   }
   set_default(format, rgba);
   if (vgpu_format_is_unorm8(format)) {
      uint32_t raw = (uint32_t)load(texel, 32);
      for (unsigned c = 0; c < format->num_channels; c++)
         rgba[format->channels[c].component] =
            from_float((float)(raw >> format->channels[c].start & 0xff) / 255.0f);
      return;
   }
   uint64_t whole = format->bits_per_block <= 64 ? load(texel, format->bits_per_block) : 0;

   for (unsigned c = 0; c < format->num_channels; c++) {
      const struct vgpu_channel *channel = &format->channels[c];
      uint64_t raw = channel_bits(format, channel, texel, whole);
      bool srgb = format->srgb && channel->component != VGPU_COMPONENT_A;

      put(rgba, channel->component, srgb ? decode_srgb(channel, raw) : decode(channel, raw));
   }
}

/* Rounds to nearest even within [low, high]; a NaN is 0. */
static int64_t
round_clamped(double value, double low, double high)
{
   const double ulp_is_one = 0x1.8p52; /* adding it leaves no bits for a fraction */

   if (isnan(value))
      return 0;
   value = value < low ? low : value > high ? high : value;
   return (int64_t)(value + ulp_is_one - ulp_is_one);
}

static uint64_t
encode(const struct vgpu_channel *channel, uint32_t value)
{
   const unsigned bits = channel->bits;
   const double max = (double)ones(bits), signed_max = (double)ones(bits - 1);

   switch (channel->type) {
   case VGPU_CHANNEL_UNORM:
      return (uint64_t)round_clamped((double)to_float(value) * max, 0, max);
   case VGPU_CHANNEL_SNORM:
      return (uint64_t)round_clamped((double)to_float(value) * signed_max, -signed_max,
                                     signed_max);
   case VGPU_CHANNEL_UINT:
      return value > ones(bits) ? ones(bits) : value;
   case VGPU_CHANNEL_SINT: {
      int64_t integer = (int32_t)value, limit = (int64_t)ones(bits - 1);
      return (uint64_t)(integer > limit ? limit : integer < -limit - 1 ? -limit - 1 : integer);
   }
   case VGPU_CHANNEL_USCALED:
      return (uint64_t)round_clamped(to_float(value), 0, max);
   case VGPU_CHANNEL_SSCALED:
      return (uint64_t)round_clamped(to_float(value), -signed_max - 1, signed_max);
   case VGPU_CHANNEL_FLOAT:
      if (bits == 64) {
         double wide = to_float(value);
         uint64_t raw;
         memcpy(&raw, &wide, sizeof(raw));
         return raw;
      }
      return bits == 16 ? vgpu_float_to_half(to_float(value)) : value;
   case VGPU_CHANNEL_UFLOAT:
      return float_to_ufloat(to_float(value), bits);
   }
   return 0;
}

/* Luminance and intensity are written from red. */
static unsigned
source_component(unsigned component)
{
   return component <= VGPU_COMPONENT_A ? component : VGPU_COMPONENT_R;
}

/* vgpu_format_is_unorm8() with all that it has: what most colours are written to. */
static void
pack_unorm8(const struct vgpu_format *format, const uint32_t rgba[4], void *texel)
{
   const double ulp_is_one = 0x1.8p52; /* adding it leaves no bits for a fraction */
   uint32_t whole = 0;

   for (unsigned c = 0; c < format->num_channels; c++) {
      const struct vgpu_channel *channel = &format->channels[c];
      float value = to_float(rgba[channel->component]);
      value = !(value > 0.0f) ? 0.0f : value < 1.0f ? value : 1.0f; /* a NaN is 0 */
      const double rounded = (double)value * 255 + ulp_is_one;
      uint64_t bits;
      memcpy(&bits, &rounded, sizeof(bits));
      whole |= (uint32_t)(bits & 0xff) << channel->start;
   }
   memcpy(texel, &whole, sizeof(whole));
}

void
vgpu_format_pack_unorm8(const struct vgpu_format *format, const uint8_t *const rgba[4],
                        unsigned count, uint32_t texels[16])
{
#if defined(__x86_64__)
   if (__builtin_cpu_supports("avx2")) {
      vgpu_format_pack_unorm8_avx2(format, rgba, count, texels);
      return;
   }
#endif
   pack_unorm8_lanes(format, rgba, count, texels);
}

void
vgpu_format_pack(const struct vgpu_format *format, const uint32_t rgba[4], unsigned mask,
                 void *texel)
{
   if (mask == 0xf && vgpu_format_is_unorm8(format)) {
      pack_unorm8(format, rgba, texel);
      return;
   }
   const unsigned bits = format->bits_per_block;
   uint64_t whole = 0, covered = 0;

   for (unsigned c = 0; c < format->num_channels; c++) {
      const struct vgpu_channel *channel = &format->channels[c];
      unsigned component = source_component(channel->component);
      uint32_t value = rgba[component];

      if (!(mask & 1u << component))
         continue;
      if (format->srgb && component != VGPU_COMPONENT_A)
         value = from_float(vgpu_linear_to_srgb(to_float(value)));
      uint64_t raw = encode(channel, value) & ones(channel->bits);
      if (bits > 64) {
         memcpy((uint8_t *)texel + channel->start / 8, &raw, channel->bits / 8);
      } else {
         whole |= raw << channel->start;
         covered |= ones(channel->bits) << channel->start;
      }
   }
   if (bits <= 64) {
      /* Void channels are written as zeros along with a texel that is written whole. */
      if (mask == 0xf)
         covered = ones(bits);
      whole |= load(texel, bits) & ~covered;
      memcpy(texel, &whole, bits / 8);
   }
}

/* ---------------------------------------------------------------- blocks of 4 x 4 texels */

static void
unpack_565(uint32_t packed, float rgb[3])
{
   rgb[0] = (float)(packed >> 11 & 31) / 31.0f;
   rgb[1] = (float)(packed >> 5 & 63) / 63.0f;
   rgb[2] = (float)(packed & 31) / 31.0f;
}

/*
 * The colour part of BC1, BC2 and BC3: two 565 colours and two bits a texel.
 * \param punch_through  the order of the colours chooses between three colours and black, or four
 * \return false for the texel that is transparent
 */
static bool
bc_color(const uint8_t *block, unsigned texel, bool punch_through, float rgb[3])
{
   uint32_t color0 = (uint32_t)load(block, 16), color1 = (uint32_t)load(block + 2, 16);
   unsigned code = (uint32_t)load(block + 4, 32) >> 2 * texel & 3;
   float ends[2][3];

   unpack_565(color0, ends[0]);
   unpack_565(color1, ends[1]);
   if (code < 2) {
      memcpy(rgb, ends[code], sizeof(ends[code]));
      return true;
   }
   if (punch_through && color0 <= color1) {
      for (unsigned c = 0; c < 3; c++)
         rgb[c] = code == 2 ? (ends[0][c] + ends[1][c]) / 2 : 0.0f;
      return code == 2;
   }
   const unsigned near = code - 2;
   for (unsigned c = 0; c < 3; c++)
      rgb[c] = (2 * ends[near][c] + ends[!near][c]) / 3;
   return true;
}

/* A channel of BC3, BC4 and BC5: two ends of eight bits and three bits a texel. */
static float
bc_channel(const uint8_t *block, unsigned texel, bool is_signed)
{
   unsigned code = (unsigned)(load(block + 2, 48) >> 3 * texel & 7);
   float low, high, end0, end1;
   bool six;

   if (is_signed) {
      end0 = snorm_to_float((int8_t)block[0], 8);
      end1 = snorm_to_float((int8_t)block[1], 8);
      six = (int8_t)block[0] > (int8_t)block[1];
      low = -1.0f;
   } else {
      end0 = (float)block[0] / 255.0f;
      end1 = (float)block[1] / 255.0f;
      six = block[0] > block[1];
      low = 0.0f;
   }
   high = 1.0f;
   if (code < 2)
      return code ? end1 : end0;
   if (six)
      return ((float)(8 - code) * end0 + (float)(code - 1) * end1) / 7;
   if (code < 6)
      return ((float)(6 - code) * end0 + (float)(code - 1) * end1) / 5;
   return code == 6 ? low : high;
}

void
vgpu_format_unpack_block(const struct vgpu_format *format, const void *block, unsigned x,
                         unsigned y, uint32_t rgba[4])
{
   const uint8_t *bytes = block;
   const unsigned texel = 4 * (y & 3) + (x & 3);
   float color[4] = { 0.0f, 0.0f, 0.0f, 1.0f };
   const bool is_signed = format->channels[0].type == VGPU_CHANNEL_SNORM;

   switch (format->layout) {
   case VGPU_LAYOUT_BC1:
      if (!bc_color(bytes, texel, true, color))
         color[3] = 0.0f;
      break;
   case VGPU_LAYOUT_BC1_RGB:
      bc_color(bytes, texel, true, color);
      break;
   case VGPU_LAYOUT_BC2:
      bc_color(bytes + 8, texel, false, color);
      color[3] = (float)(load(bytes, 64) >> 4 * texel & 15) / 15.0f;
      break;
   case VGPU_LAYOUT_BC3:
      bc_color(bytes + 8, texel, false, color);
      color[3] = bc_channel(bytes, texel, false);
      break;
   case VGPU_LAYOUT_BC5:
      color[1] = bc_channel(bytes + 8, texel, is_signed);
      /* fallthrough */
   case VGPU_LAYOUT_BC4:
      color[0] = bc_channel(bytes, texel, is_signed);
      break;
   case VGPU_LAYOUT_BC6H:
      vgpu_bc6h_texel(bytes, texel, format->channels[0].type == VGPU_CHANNEL_FLOAT, color);
      break;
   case VGPU_LAYOUT_BC7:
      vgpu_bc7_texel(bytes, texel, color);
      break;
   case VGPU_LAYOUT_FXT1:
      vgpu_fxt1_texel(bytes, x & 7, y & 3, color);
      break;
   default:
      vgpu_format_unpack(format, block, rgba);
      return;
   }
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = from_float(format->srgb && c < 3 ? vgpu_srgb_to_linear(color[c]) : color[c]);
}
