/*
 * SPDX-License-Identifier: MIT
 */

#include "blend.h"

#include <math.h>
#include <string.h>

enum blend_factor {
   FACTOR_ONE = 1,
   FACTOR_SRC_COLOR = 2,
   FACTOR_SRC_ALPHA = 3,
   FACTOR_DST_ALPHA = 4,
   FACTOR_DST_COLOR = 5,
   FACTOR_SRC_ALPHA_SATURATE = 6,
   FACTOR_CONST_COLOR = 7,
   FACTOR_CONST_ALPHA = 8,
   FACTOR_SRC1_COLOR = 9,
   FACTOR_SRC1_ALPHA = 10,
   FACTOR_ZERO = 17,
   FACTOR_INV_SRC_COLOR = 18,
   FACTOR_INV_SRC_ALPHA = 19,
   FACTOR_INV_DST_ALPHA = 20,
   FACTOR_INV_DST_COLOR = 21,
   FACTOR_INV_CONST_COLOR = 23,
   FACTOR_INV_CONST_ALPHA = 24,
   FACTOR_INV_SRC1_COLOR = 25,
   FACTOR_INV_SRC1_ALPHA = 26,
};

enum blend_function { BLEND_ADD, BLEND_SUBTRACT, BLEND_REVERSE_SUBTRACT, BLEND_MIN, BLEND_MAX };

bool
vgpu_blend_factor_is_modelled(unsigned factor)
{
   return (factor >= FACTOR_ONE && factor <= FACTOR_SRC1_ALPHA) ||
          (factor >= FACTOR_ZERO && factor <= FACTOR_INV_DST_COLOR) ||
          (factor >= FACTOR_INV_CONST_COLOR && factor <= FACTOR_INV_SRC1_ALPHA);
}

bool
vgpu_blend_factor_is_dual_source(unsigned factor)
{
   return factor == FACTOR_SRC1_COLOR || factor == FACTOR_SRC1_ALPHA ||
          factor == FACTOR_INV_SRC1_COLOR || factor == FACTOR_INV_SRC1_ALPHA;
}

static float
factor_value(unsigned factor, unsigned channel, const float src[4], const float src1[4],
             const float dst[4], const float constant[4])
{
   switch ((enum blend_factor)factor) {
   case FACTOR_ONE:
      return 1;
   case FACTOR_SRC_COLOR:
      return src[channel];
   case FACTOR_SRC_ALPHA:
      return src[3];
   case FACTOR_DST_ALPHA:
      return dst[3];
   case FACTOR_DST_COLOR:
      return dst[channel];
   case FACTOR_SRC_ALPHA_SATURATE:
      return channel == 3 ? 1 : fminf(src[3], 1 - dst[3]);
   case FACTOR_CONST_COLOR:
      return constant[channel];
   case FACTOR_CONST_ALPHA:
      return constant[3];
   case FACTOR_SRC1_COLOR:
      return src1[channel];
   case FACTOR_SRC1_ALPHA:
      return src1[3];
   case FACTOR_ZERO:
      return 0;
   case FACTOR_INV_SRC_COLOR:
      return 1 - src[channel];
   case FACTOR_INV_SRC_ALPHA:
      return 1 - src[3];
   case FACTOR_INV_DST_ALPHA:
      return 1 - dst[3];
   case FACTOR_INV_DST_COLOR:
      return 1 - dst[channel];
   case FACTOR_INV_CONST_COLOR:
      return 1 - constant[channel];
   case FACTOR_INV_CONST_ALPHA:
      return 1 - constant[3];
   case FACTOR_INV_SRC1_COLOR:
      return 1 - src1[channel];
   case FACTOR_INV_SRC1_ALPHA:
      return 1 - src1[3];
   }
   return 0;
}

void
vgpu_blend(const struct vgpu_blend *blend, const float src[4], const float src1[4],
           const float dst[4], const float constant[4], float out[4])
{
   for (unsigned c = 0; c < 4; c++) {
      const unsigned which = c == 3;
      const float s =
         src[c] * factor_value(blend->src_factor[which], c, src, src1, dst, constant);
      const float d =
         dst[c] * factor_value(blend->dst_factor[which], c, src, src1, dst, constant);
      switch ((enum blend_function)blend->function[which]) {
      case BLEND_ADD:
         out[c] = s + d;
         break;
      case BLEND_SUBTRACT:
         out[c] = s - d;
         break;
      case BLEND_REVERSE_SUBTRACT:
         out[c] = d - s;
         break;
      case BLEND_MIN: /* without the factors */
         out[c] = fminf(src[c], dst[c]);
         break;
      case BLEND_MAX:
         out[c] = fmaxf(src[c], dst[c]);
         break;
      }
   }
}

uint32_t
vgpu_logic_op(unsigned function, uint32_t src, uint32_t dst)
{
   /* The function is its own truth table: bit 2 * src + dst is the result. */
   return (function & 1 ? ~src & ~dst : 0) | (function & 2 ? ~src & dst : 0) |
          (function & 4 ? src & ~dst : 0) | (function & 8 ? src & dst : 0);
}

bool
vgpu_compare(unsigned function, float a, float b)
{
   switch (function & 7) {
   case 0:
      return true;
   case 1:
      return false;
   case 2:
      return a < b;
   case 3:
      return a == b;
   case 4:
      return a <= b;
   case 5:
      return a > b;
   case 6:
      return a != b;
   default:
      return a >= b;
   }
}

uint8_t
vgpu_stencil_op(unsigned op, uint8_t value, uint8_t reference)
{
   switch (op & 7) {
   case 0:
      return value;
   case 1:
      return 0;
   case 2:
      return reference;
   case 3:
      return value == 255 ? 255 : value + 1;
   case 4:
      return value == 0 ? 0 : value - 1;
   case 5:
      return value + 1;
   case 6:
      return value - 1;
   default:
      return ~value;
   }
}
