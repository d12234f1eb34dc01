/*
 * SPDX-License-Identifier: MIT
 *
 * Formats of textures and of pixels in memory, and what a transfer between the two may change.
 */

#include "differential.h"

#include <math.h>
#include <string.h>

/* Sized formats whose size OpenGL 3.3 demands exactly or at least; what the driver has beyond that
 * is seen by comparison. */
#define F(suffix, kind, r, g, b, a, renderable, luminance)                                         \
   {                                                                                               \
      GL_##suffix, #suffix, kind, { r, g, b, a }, renderable, luminance                            \
   }

const struct format formats[] = {
   F(R8, UNORM, 8, 0, 0, 0, true, false),
   F(RG8, UNORM, 8, 8, 0, 0, true, false),
   F(RGB8, UNORM, 8, 8, 8, 0, false, false),
   F(RGBA8, UNORM, 8, 8, 8, 8, true, false),
   F(R16, UNORM, 16, 0, 0, 0, true, false),
   F(RG16, UNORM, 16, 16, 0, 0, true, false),
   F(RGBA16, UNORM, 16, 16, 16, 16, true, false),
   F(RGB10_A2, UNORM, 10, 10, 10, 2, true, false),
   F(RGB5_A1, UNORM, 5, 5, 5, 1, false, false),
   F(RGBA4, UNORM, 4, 4, 4, 4, false, false),
   F(ALPHA8, UNORM, 0, 0, 0, 8, false, false),
   F(LUMINANCE8, UNORM, 8, 8, 8, 0, false, true),
   F(LUMINANCE8_ALPHA8, UNORM, 8, 8, 8, 8, false, true),
   F(INTENSITY8, UNORM, 8, 8, 8, 8, false, true),
   F(LUMINANCE16, UNORM, 16, 16, 16, 0, false, true),
   F(R8_SNORM, SNORM, 8, 0, 0, 0, false, false),
   F(RG8_SNORM, SNORM, 8, 8, 0, 0, false, false),
   F(RGBA8_SNORM, SNORM, 8, 8, 8, 8, false, false),
   F(R16_SNORM, SNORM, 16, 0, 0, 0, false, false),
   F(RGBA16_SNORM, SNORM, 16, 16, 16, 16, false, false),
   F(SRGB8, SRGB, 8, 8, 8, 0, false, false),
   F(SRGB8_ALPHA8, SRGB, 8, 8, 8, 8, true, false),
   F(R16F, FLOAT, 16, 0, 0, 0, true, false),
   F(RG16F, FLOAT, 16, 16, 0, 0, true, false),
   F(RGB16F, FLOAT, 16, 16, 16, 0, false, false),
   F(RGBA16F, FLOAT, 16, 16, 16, 16, true, false),
   F(R32F, FLOAT, 32, 0, 0, 0, true, false),
   F(RG32F, FLOAT, 32, 32, 0, 0, true, false),
   F(RGB32F, FLOAT, 32, 32, 32, 0, false, false),
   F(RGBA32F, FLOAT, 32, 32, 32, 32, true, false),
   F(R11F_G11F_B10F, FLOAT, 11, 11, 10, 0, true, false),
   F(RGB9_E5, SHARED_EXPONENT, 9, 9, 9, 0, false, false),
   F(R8UI, UINT, 8, 0, 0, 0, true, false),
   F(RG8UI, UINT, 8, 8, 0, 0, true, false),
   F(RGBA8UI, UINT, 8, 8, 8, 8, true, false),
   F(R16UI, UINT, 16, 0, 0, 0, true, false),
   F(RG16UI, UINT, 16, 16, 0, 0, true, false),
   F(RGBA16UI, UINT, 16, 16, 16, 16, true, false),
   F(R32UI, UINT, 32, 0, 0, 0, true, false),
   F(RG32UI, UINT, 32, 32, 0, 0, true, false),
   F(RGBA32UI, UINT, 32, 32, 32, 32, true, false),
   F(RGB10_A2UI, UINT, 10, 10, 10, 2, true, false),
   F(R8I, INT, 8, 0, 0, 0, true, false),
   F(RG8I, INT, 8, 8, 0, 0, true, false),
   F(RGBA8I, INT, 8, 8, 8, 8, true, false),
   F(R16I, INT, 16, 0, 0, 0, true, false),
   F(RGBA16I, INT, 16, 16, 16, 16, true, false),
   F(R32I, INT, 32, 0, 0, 0, true, false),
   F(RGBA32I, INT, 32, 32, 32, 32, true, false),
   F(DEPTH_COMPONENT16, DEPTH, 16, 0, 0, 0, true, false),
   F(DEPTH_COMPONENT24, DEPTH, 24, 0, 0, 0, true, false),
   F(DEPTH_COMPONENT32F, DEPTH, 32, 0, 0, 0, true, false),
   F(DEPTH24_STENCIL8, DEPTH_STENCIL, 24, 8, 0, 0, true, false),
   F(DEPTH32F_STENCIL8, DEPTH_STENCIL, 32, 8, 0, 0, true, false),
};
const unsigned format_count = ARRAY_SIZE(formats);

bool
format_is_integer(const struct format *format)
{
   return format->kind == UINT || format->kind == INT;
}

bool
format_is_depth(const struct format *format)
{
   return format->kind == DEPTH || format->kind == DEPTH_STENCIL;
}

bool
format_is_colour(const struct format *format)
{
   return !format_is_depth(format);
}

bool
format_is_renderable(const struct format *format)
{
   return format->renderable && format_is_colour(format);
}

const struct format *
format_random(struct rng *rng, bool (*wanted)(const struct format *))
{
   const struct format *format;

   do
      format = &formats[rng_below(rng, format_count)];
   while (wanted && !wanted(format));
   return format;
}

static double
step_of_bits(enum kind kind, unsigned bits, double *relative)
{
   *relative = 0;
   switch (kind) {
   case UNORM:
   case SRGB:
   case DEPTH:
   case DEPTH_STENCIL:
      if (kind != UNORM && bits == 32) {
         *relative = ldexp(1, -23);
         return ldexp(1, -24);
      }
      return 1 / (ldexp(1, bits) - 1);
   case SNORM:
      return 1 / (ldexp(1, bits - 1) - 1);
   case FLOAT:
      *relative = bits == 32   ? ldexp(1, -23)
                  : bits == 16 ? ldexp(1, -10)
                  : bits == 11 ? ldexp(1, -6)
                               : ldexp(1, -5);
      /* the least denormal */
      return bits == 32   ? 1e-37
             : bits == 16 ? ldexp(1, -24)
             : bits == 11 ? ldexp(1, -20)
                          : ldexp(1, -19);
   case SHARED_EXPONENT:
      *relative = ldexp(1, -8);
      return ldexp(1, -7); /* of values up to 2, as pixel_type_fill() makes them */
   default:
      return 0;
   }
}

double
format_step(const struct format *format, double *relative)
{
   double largest = 0;

   *relative = 0;
   for (unsigned i = 0; i < (format_is_depth(format) ? 1 : 4); i++) {
      double of_it,
         step = format->bits[i] ? step_of_bits(format->kind, format->bits[i], &of_it) : 0;

      if (format->bits[i]) {
         largest = fmax(largest, step);
         *relative = fmax(*relative, of_it);
      }
   }
   return largest;
}

/* ---- pixels in memory ---- */

struct type_info {
   GLenum type;
   const char *name, *layout;
   unsigned bytes, components; /* of an element; 0: each component is an element */
   uint8_t bits[4];
   bool is_signed, is_float;
};

static const struct type_info types[] = {
   { GL_UNSIGNED_BYTE, "UNSIGNED_BYTE", "u8", 1, 0, { 8, 8, 8, 8 } },
   { GL_BYTE, "BYTE", "s8", 1, 0, { 8, 8, 8, 8 }, true },
   { GL_UNSIGNED_SHORT, "UNSIGNED_SHORT", "u16", 2, 0, { 16, 16, 16, 16 } },
   { GL_SHORT, "SHORT", "s16", 2, 0, { 16, 16, 16, 16 }, true },
   { GL_UNSIGNED_INT, "UNSIGNED_INT", "u32", 4, 0, { 32, 32, 32, 32 } },
   { GL_INT, "INT", "s32", 4, 0, { 32, 32, 32, 32 }, true },
   { GL_HALF_FLOAT, "HALF_FLOAT", "f16", 2, 0, { 16, 16, 16, 16 }, false, true },
   { GL_FLOAT, "FLOAT", "f32", 4, 0, { 32, 32, 32, 32 }, false, true },
   { GL_UNSIGNED_BYTE_3_3_2, "UNSIGNED_BYTE_3_3_2", "332", 1, 3, { 3, 3, 2 } },
   { GL_UNSIGNED_BYTE_2_3_3_REV, "UNSIGNED_BYTE_2_3_3_REV", "332r", 1, 3, { 3, 3, 2 } },
   { GL_UNSIGNED_SHORT_5_6_5, "UNSIGNED_SHORT_5_6_5", "565", 2, 3, { 5, 6, 5 } },
   { GL_UNSIGNED_SHORT_5_6_5_REV, "UNSIGNED_SHORT_5_6_5_REV", "565r", 2, 3, { 5, 6, 5 } },
   { GL_UNSIGNED_SHORT_4_4_4_4, "UNSIGNED_SHORT_4_4_4_4", "4444", 2, 4, { 4, 4, 4, 4 } },
   { GL_UNSIGNED_SHORT_4_4_4_4_REV, "UNSIGNED_SHORT_4_4_4_4_REV", "4444r", 2, 4, { 4, 4, 4, 4 } },
   { GL_UNSIGNED_SHORT_5_5_5_1, "UNSIGNED_SHORT_5_5_5_1", "5551", 2, 4, { 5, 5, 5, 1 } },
   { GL_UNSIGNED_SHORT_1_5_5_5_REV, "UNSIGNED_SHORT_1_5_5_5_REV", "5551r", 2, 4, { 5, 5, 5, 1 } },
   { GL_UNSIGNED_INT_8_8_8_8, "UNSIGNED_INT_8_8_8_8", "8888", 4, 4, { 8, 8, 8, 8 } },
   { GL_UNSIGNED_INT_8_8_8_8_REV, "UNSIGNED_INT_8_8_8_8_REV", "8888r", 4, 4, { 8, 8, 8, 8 } },
   { GL_UNSIGNED_INT_10_10_10_2, "UNSIGNED_INT_10_10_10_2", "aaa2", 4, 4, { 10, 10, 10, 2 } },
   { GL_UNSIGNED_INT_2_10_10_10_REV,
     "UNSIGNED_INT_2_10_10_10_REV",
     "aaa2r",
     4,
     4,
     { 10, 10, 10, 2 } },
   { GL_UNSIGNED_INT_10F_11F_11F_REV,
     "UNSIGNED_INT_10F_11F_11F_REV",
     "bbaf",
     4,
     3,
     { 11, 11, 10 },
     false,
     true },
   { GL_UNSIGNED_INT_5_9_9_9_REV,
     "UNSIGNED_INT_5_9_9_9_REV",
     "999e5",
     4,
     3,
     { 9, 9, 9 },
     false,
     true },
   { GL_UNSIGNED_INT_24_8, "UNSIGNED_INT_24_8", "d24s8", 4, 2, { 24, 8 } },
   { GL_FLOAT_32_UNSIGNED_INT_24_8_REV,
     "FLOAT_32_UNSIGNED_INT_24_8_REV",
     "f32s8",
     8,
     2,
     { 32, 8 },
     false,
     true },
};
#define TYPE_PLAIN_END  8
#define TYPE_PACKED_END 20

struct format_info {
   GLenum format;
   const char *name, *order;
   bool integer;
};

static const struct format_info colour_formats[] = {
   { GL_RED, "RED", "r" },
   { GL_GREEN, "GREEN", "g" },
   { GL_ALPHA, "ALPHA", "a" },
   { GL_RG, "RG", "rg" },
   { GL_RGB, "RGB", "rgb" },
   { GL_BGR, "BGR", "bgr" },
   { GL_RGBA, "RGBA", "rgba" },
   { GL_BGRA, "BGRA", "bgra" },
   { GL_RGBA, "RGBA", "rgba" },
   { GL_LUMINANCE, "LUMINANCE", "l" },
   { GL_LUMINANCE_ALPHA, "LUMINANCE_ALPHA", "la" },
};
static const struct format_info integer_formats[] = {
   { GL_RED_INTEGER, "RED_INTEGER", "r", true },
   { GL_RG_INTEGER, "RG_INTEGER", "rg", true },
   { GL_RGB_INTEGER, "RGB_INTEGER", "rgb", true },
   { GL_BGR_INTEGER, "BGR_INTEGER", "bgr", true },
   { GL_RGBA_INTEGER, "RGBA_INTEGER", "rgba", true },
   { GL_BGRA_INTEGER, "BGRA_INTEGER", "bgra", true },
};
static const struct format_info depth_format = { GL_DEPTH_COMPONENT, "DEPTH_COMPONENT", "d" };
static const struct format_info stencil_format = { GL_STENCIL_INDEX, "STENCIL_INDEX", "s", true };
static const struct format_info depth_stencil_format = { GL_DEPTH_STENCIL, "DEPTH_STENCIL", "ds" };

static struct pixel_type
combine(const struct format_info *format, const struct type_info *type)
{
   const unsigned components = strlen(format->order);
   struct pixel_type result = {
      .format = format->format,
      .type = type->type,
      .order = format->order,
      .element_bytes = type->components == 2 ? 4 : type->bytes,
      .pixel_bytes = type->components ? type->bytes : type->bytes * components,
      .kind = type->components == 2 ? DEPTH_STENCIL
              : type->is_float      ? (type->bits[0] == 9 ? SHARED_EXPONENT : FLOAT)
              : format->integer     ? (type->is_signed ? INT : UINT)
              : type->is_signed     ? SNORM
                                    : UNORM,
   };

   memcpy(result.bits, type->bits, sizeof(result.bits));
   if (type->components)
      snprintf(result.layout, sizeof(result.layout), "%s%s", type->layout,
               format->integer ? "i" : "");
   else
      snprintf(result.layout, sizeof(result.layout), "%sx%u%s", type->layout, components,
               format->integer && !type->is_float ? "i" : "");
   snprintf(result.name, sizeof(result.name), "%s %s", format->name, type->name);
   return result;
}

struct pixel_type
pixel_type_of(GLenum format, GLenum type)
{
   const struct format_info *known_format = &depth_format;
   const struct type_info *known_type = types;

   for (unsigned i = 0; i < ARRAY_SIZE(colour_formats); i++)
      if (colour_formats[i].format == format)
         known_format = &colour_formats[i];
   for (unsigned i = 0; i < ARRAY_SIZE(integer_formats); i++)
      if (integer_formats[i].format == format)
         known_format = &integer_formats[i];
   if (format == GL_STENCIL_INDEX)
      known_format = &stencil_format;
   if (format == GL_DEPTH_STENCIL)
      known_format = &depth_stencil_format;
   while (known_type->type != type)
      known_type++;
   return combine(known_format, known_type);
}

struct pixel_type
pixel_type_random(struct rng *rng, const struct format *format)
{
   if (format->kind == DEPTH_STENCIL) {
      static const GLenum packed[] = { GL_UNSIGNED_INT_24_8, GL_FLOAT_32_UNSIGNED_INT_24_8_REV };

      return pixel_type_of(GL_DEPTH_STENCIL, PICK(rng, packed));
   }
   if (format->kind == DEPTH) {
      static const GLenum plain[] = { GL_UNSIGNED_SHORT, GL_UNSIGNED_INT, GL_FLOAT,
                                      GL_UNSIGNED_BYTE };

      return pixel_type_of(GL_DEPTH_COMPONENT, PICK(rng, plain));
   }
   const bool integer = format_is_integer(format);
   const struct format_info *memory =
      integer ? &PICK(rng, integer_formats) : &PICK(rng, colour_formats);
   const unsigned components = strlen(memory->order);

   if (format->kind == FLOAT && format->bits[0] == 11 && rng_chance(rng, 30))
      return pixel_type_of(GL_RGB, GL_UNSIGNED_INT_10F_11F_11F_REV);
   if (format->kind == SHARED_EXPONENT && rng_chance(rng, 30))
      return pixel_type_of(GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV);
   if (integer) {
      static const GLenum of_uint[] = { GL_UNSIGNED_BYTE, GL_UNSIGNED_SHORT, GL_UNSIGNED_INT };
      static const GLenum of_int[] = { GL_BYTE, GL_SHORT, GL_INT };

      struct pixel_type type = pixel_type_of(
         memory->format, format->kind == UINT ? PICK(rng, of_uint) : PICK(rng, of_int));
      /* Integers that the texture cannot hold have no defined result. */
      for (unsigned i = 0; i < 4; i++)
         if (format->bits[i] && (!type.value_bits || format->bits[i] < type.value_bits))
            type.value_bits = format->bits[i];
      return type;
   }
   if (components >= 3 && memory->format != GL_BGR && rng_chance(rng, 40)) {
      const struct type_info *type;

      do
         type = &types[TYPE_PLAIN_END + rng_below(rng, TYPE_PACKED_END - TYPE_PLAIN_END)];
      while (type->components != components);
      return combine(memory, type);
   }
   return combine(memory, &types[rng_below(rng, TYPE_PLAIN_END)]);
}

struct pixel_type
pixel_type_canonical(const struct format *format)
{
   switch (format->kind) {
   case UINT:
      return pixel_type_of(GL_RGBA_INTEGER, GL_UNSIGNED_INT);
   case INT:
      return pixel_type_of(GL_RGBA_INTEGER, GL_INT);
   case UNORM:
      if (format->bits[0] == 8)
         return pixel_type_of(GL_RGBA, GL_UNSIGNED_BYTE);
      if (format->bits[0] == 16)
         return pixel_type_of(GL_RGBA, GL_UNSIGNED_SHORT);
      if (format->bits[0] == 10)
         return pixel_type_of(GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV);
      return pixel_type_of(GL_RGBA, GL_FLOAT);
   case SRGB:
      return pixel_type_of(GL_RGBA, GL_UNSIGNED_BYTE);
   case DEPTH_STENCIL:
      return pixel_type_of(GL_DEPTH_STENCIL, format->bits[0] == 24
                                                ? GL_UNSIGNED_INT_24_8
                                                : GL_FLOAT_32_UNSIGNED_INT_24_8_REV);
   case DEPTH:
      return pixel_type_of(GL_DEPTH_COMPONENT, GL_FLOAT);
   default:
      return pixel_type_of(GL_RGBA, GL_FLOAT);
   }
}

struct pixel_type
pixel_type_exact(const struct format *format)
{
   struct pixel_type type = pixel_type_canonical(format);

   switch (format->kind) {
   case FLOAT:
      if (format->bits[0] == 16)
         type = pixel_type_of(GL_RGBA, GL_HALF_FLOAT);
      else if (format->bits[0] == 11)
         type = pixel_type_of(GL_RGB, GL_UNSIGNED_INT_10F_11F_11F_REV);
      break;
   case SNORM:
      type = pixel_type_of(GL_RGBA, format->bits[0] == 8 ? GL_BYTE : GL_SHORT);
      break;
   case SHARED_EXPONENT:
      type = pixel_type_of(GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV);
      break;
   case UNORM:
      if (format->bits[0] == 5)
         type = pixel_type_of(GL_RGBA, GL_UNSIGNED_SHORT_5_5_5_1);
      else if (format->bits[0] == 4)
         type = pixel_type_of(GL_RGBA, GL_UNSIGNED_SHORT_4_4_4_4);
      else if (format->bits[3] == 8)
         type = pixel_type_of(GL_RGBA, GL_UNSIGNED_BYTE);
      break;
   case DEPTH:
      if (format->bits[0] != 32)
         type = pixel_type_of(GL_DEPTH_COMPONENT,
                              format->bits[0] == 16 ? GL_UNSIGNED_SHORT : GL_UNSIGNED_INT);
      break;
   case UINT:
   case INT:
      for (unsigned i = 0; i < 4; i++)
         if (format->bits[i] && (!type.value_bits || format->bits[i] < type.value_bits))
            type.value_bits = format->bits[i];
      break;
   default:
      break;
   }
   return type;
}

static uint16_t
random_half(struct rng *rng)
{
   /* 2^-6 to 2, either sign */
   return (rng_next(rng) & 0x83ff) | rng_between(rng, 9, 15) << 10;
}

static uint32_t
random_small_float(struct rng *rng, unsigned mantissa_bits)
{
   return rng_between(rng, 9, 15) << mantissa_bits | (rng_next(rng) & ((1 << mantissa_bits) - 1));
}

void
pixel_type_fill(const struct pixel_type *type, struct rng *rng, void *pixels, size_t count)
{
   const size_t elements = count * (type->pixel_bytes / type->element_bytes);

   for (size_t i = 0; i < elements; i++) {
      uint32_t value = rng_next(rng);

      switch (type->type) {
      case GL_FLOAT: {
         /* Depths and colours are clamped where the format has a range; -0.5 to 1.5 shows it. */
         const float number = type->order[0] == 'd'
                                 ? (value & 0xffffff) / 16777215.0f
                                 : (float)(int)(value & 0xffff) / 32768.0f - 0.5f;
         ((float *)pixels)[i] = number;
         continue;
      }
      case GL_FLOAT_32_UNSIGNED_INT_24_8_REV:
         if (i % 2)
            ((uint32_t *)pixels)[i] = value & 0xff;
         else
            ((float *)pixels)[i] = (value & 0xffffff) / 16777215.0f;
         continue;
      case GL_HALF_FLOAT:
         ((uint16_t *)pixels)[i] = random_half(rng);
         continue;
      case GL_UNSIGNED_INT_10F_11F_11F_REV:
         value = random_small_float(rng, 6) | random_small_float(rng, 6) << 11 |
                 random_small_float(rng, 5) << 22;
         break;
      case GL_UNSIGNED_INT_5_9_9_9_REV:
         /* the largest has its first bit, as an encoder would make it */
         value = (value & 0x7ffffff) | 0x100 | rng_between(rng, 11, 16) << 27;
         break;
      }
      if (type->value_bits && type->value_bits < 32)
         value = type->kind == INT ? (uint32_t)((int32_t)value >> (32 - type->value_bits))
                                   : value >> (32 - type->value_bits);
      if (type->element_bytes == 1)
         ((uint8_t *)pixels)[i] = type->kind == SNORM && (uint8_t)value == 0x80 ? 0x81 : value;
      else if (type->element_bytes == 2)
         ((uint16_t *)pixels)[i] =
            type->kind == SNORM && (uint16_t)value == 0x8000 ? 0x8001 : value;
      else
         ((uint32_t *)pixels)[i] = type->kind == SNORM && value == 0x80000000 ? 0x80000001 : value;
   }
}

struct tolerance
tolerance_sum(struct tolerance a, struct tolerance b)
{
   return (struct tolerance){ a.absolute + b.absolute, a.relative + b.relative };
}

struct tolerance
tolerance_of_transfer(const struct pixel_type *type, const struct format *format, bool to_memory)
{
   const bool depth = format_is_depth(format);
   struct tolerance result = { 0, 0 };

   if (format_is_integer(format))
      return result;
   for (unsigned i = 0; type->order[i]; i++) {
      const char *at = strchr("rgba", type->order[i] == 'l' ? 'r' : type->order[i]);
      const unsigned component = depth ? i : at - "rgba";
      const unsigned from = to_memory ? format->bits[component] : type->bits[i];
      const unsigned to = to_memory ? type->bits[i] : format->bits[component];
      enum kind kind_of_type =
         type->kind == DEPTH_STENCIL && to_memory ? DEPTH_STENCIL : type->kind;
      enum kind to_kind = to_memory ? kind_of_type : format->kind;
      double relative, step;

      /* A component that the format lacks is 0 or 1. One of 2 bits would hide the others. */
      if (type->order[i] == 's' || !to || !from || to <= 2)
         continue;
      const bool same_kind =
         depth ? type->bits[i] == format->bits[component]
               : (type->kind == format->kind || (type->kind == UNORM && format->kind == SRGB));
      /* Luminance is the sum of three when it is read from a framebuffer; alone it is one of them.
       */
      if (same_kind && from == to && type->order[i] != 'l')
         continue;
      step = step_of_bits(depth && !to_memory ? format->kind : to_kind, to, &relative);
      if (to_kind == SNORM)
         step *= 2; /* Mesa cuts bits off where it could divide */
      if (to_kind == FLOAT && to == 32)
         relative *= 4; /* a product with a rounded reciprocal is as good as a quotient */
      if (format->kind == SHARED_EXPONENT || type->kind == SHARED_EXPONENT) {
         step = fmax(step, ldexp(1, -7));
         relative = fmax(relative, ldexp(1, -8));
      }
      result.absolute = fmax(result.absolute, step);
      result.relative = fmax(result.relative, relative);
   }
   return result;
}
