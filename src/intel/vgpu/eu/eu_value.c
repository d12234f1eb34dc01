/*
 * SPDX-License-Identifier: MIT
 */

#include "eu_value.h"

#include <math.h>
#include <stdlib.h>

/* Coefficients stay below this, so that sums and products with a pixel's place fit 64 bits. */
#define MAX_COEFFICIENT (1ll << 44)
/* A float has so many bits: integers up to this are floats. */
#define MAX_FLOAT_INTEGER (1ll << 24)
#define MAX_SHIFT 60

struct eu_symbolic_range
eu_value_places(const struct eu_symbolic_range *range, int8_t tag)
{
   const bool channel = tag >= 0 && tag < EU_SUBSPAN;
   const int32_t x = channel ? tag & 1 : 0, y = channel ? tag >> 1 & 1 : 0;
   struct eu_symbolic_range r = {
      .min_x = range->min_x & ~1, .max_x = range->max_x & ~1,
      .min_y = range->min_y & ~1, .max_y = range->max_y & ~1,
   };

   if (channel) {
      r.min_x += r.min_x + x < range->min_x ? 2 : 0;
      r.max_x -= r.max_x + x > range->max_x ? 2 : 0;
      r.min_y += r.min_y + y < range->min_y ? 2 : 0;
      r.max_y -= r.max_y + y > range->max_y ? 2 : 0;
   }
   return r;
}

/** Least and greatest of an affine function, wherever its value is valid. */
static void
bounds(const struct eu_symbolic_range *range, const struct eu_value *v, int64_t *least,
       int64_t *greatest)
{
   const struct eu_symbolic_range r = eu_value_places(range, v->tag);

   *least = v->c + v->a * (v->a < 0 ? r.max_x : r.min_x) + v->b * (v->b < 0 ? r.max_y : r.min_y);
   *greatest =
      v->c + v->a * (v->a < 0 ? r.min_x : r.max_x) + v->b * (v->b < 0 ? r.min_y : r.max_y);
}

bool
eu_value_fits(const struct eu_symbolic_range *range, const struct eu_value *v, enum eu_type type)
{
   int64_t least, greatest;

   bounds(range, v, &least, &greatest);
   switch (type) {
   case EU_TYPE_UD:
      return least >= 0 && greatest <= UINT32_MAX;
   case EU_TYPE_D:
      return least >= INT32_MIN && greatest <= INT32_MAX;
   case EU_TYPE_UW:
      return least >= 0 && greatest <= UINT16_MAX;
   case EU_TYPE_W:
      return least >= INT16_MIN && greatest <= INT16_MAX;
   default:
      return false;
   }
}

bool
eu_value_join_tags(int8_t *tag, int8_t other)
{
   if (other == EU_ALWAYS || other == *tag)
      return true;
   if (*tag == EU_ALWAYS ||
       (*tag >= EU_SUBSPAN && other < EU_SUBSPAN && other / 4 == *tag - EU_SUBSPAN)) {
      *tag = other;
      return true;
   }
   return other >= EU_SUBSPAN && *tag < EU_SUBSPAN && *tag / 4 == other - EU_SUBSPAN;
}

bool
eu_value_is_small(const struct eu_value *v)
{
   return llabs(v->a) < MAX_COEFFICIENT && llabs(v->b) < MAX_COEFFICIENT &&
          llabs(v->c) < MAX_COEFFICIENT;
}

bool
eu_value_as_function(struct eu_value *v, bool is_float)
{
   if (v->kind == EU_SYMBOL_CONST) {
      if (v->is_float != is_float)
         return false;
      v->kind = is_float ? EU_SYMBOL_FLOAT : EU_SYMBOL_INT;
      v->a = v->b = 0;
      v->c = v->i;
      if (is_float) {
         double f = v->f;
         if (!isfinite(f))
            return false;
         for (v->shift = 0; f != floor(f) && v->shift < MAX_SHIFT; v->shift++)
            f *= 2;
         if (f != floor(f) || fabs(f) >= (double)MAX_COEFFICIENT)
            return false;
         v->c = (int64_t)f;
      }
      return true;
   }
   return v->kind == (is_float ? EU_SYMBOL_FLOAT : EU_SYMBOL_INT);
}

bool
eu_value_is_exact_float(const struct eu_symbolic_range *range, struct eu_value *v)
{
   int64_t least, greatest;

   if (!eu_value_is_small(v))
      return false;
   while (v->shift && !((v->a | v->b | v->c) & 1)) {
      v->a /= 2;
      v->b /= 2;
      v->c /= 2;
      v->shift--;
   }
   bounds(range, v, &least, &greatest);
   int64_t unit = (v->a | v->b | v->c) & -(v->a | v->b | v->c);
   unit = unit > 0 ? unit : 1;
   return v->shift <= MAX_SHIFT && llabs(least) / unit <= MAX_FLOAT_INTEGER &&
          llabs(greatest) / unit <= MAX_FLOAT_INTEGER;
}

bool
eu_value_round_down(struct eu_value *v)
{
   const int64_t unit = 1ll << v->shift;

   if (v->shift > 40 || v->a % unit || v->b % unit)
      return false;
   v->a /= unit;
   v->b /= unit;
   v->c = v->c >> v->shift;
   v->shift = 0;
   return true;
}

bool
eu_value_truncate(const struct eu_symbolic_range *range, struct eu_value *v)
{
   const int64_t unit = 1ll << (v->shift & 63);
   int64_t least, greatest;

   bounds(range, v, &least, &greatest);
   if (v->shift > 40 || (least < 0 && v->c % unit))
      return false;
   return eu_value_round_down(v);
}

struct eu_value
eu_value_sum(struct eu_value x, const struct eu_value *y)
{
   struct eu_value other = *y;

   while (x.shift < other.shift && eu_value_is_small(&x)) {
      x.a *= 2, x.b *= 2, x.c *= 2;
      x.shift++;
   }
   while (other.shift < x.shift && eu_value_is_small(&other)) {
      other.a *= 2, other.b *= 2, other.c *= 2;
      other.shift++;
   }
   if (!eu_value_is_small(&x) || !eu_value_is_small(&other) || x.shift != other.shift)
      return eu_value_unknown;
   x.a += other.a;
   x.b += other.b;
   x.c += other.c;
   return x;
}

struct eu_value
eu_value_product(const struct eu_value *x, const struct eu_value *y)
{
   const bool first = !x->a && !x->b;
   struct eu_value v = first ? *y : *x;
   const int64_t factor = first ? x->c : y->c;

   if ((!first && (y->a || y->b)) || x->shift + y->shift > MAX_SHIFT ||
       __builtin_mul_overflow(v.a, factor, &v.a) || __builtin_mul_overflow(v.b, factor, &v.b) ||
       __builtin_mul_overflow(v.c, factor, &v.c) || !eu_value_is_small(&v))
      return eu_value_unknown;
   v.shift = x->shift + y->shift;
   return v;
}

bool
eu_value_add_to_upper_half(const struct eu_value *x, const struct eu_value *y, struct eu_value *out)
{
   struct eu_value high = *x, low = *y;

   if (high.kind != EU_SYMBOL_INT || high.half != EU_HIGH)
      return false;
   if (low.kind == EU_SYMBOL_CONST)
      low = (struct eu_value){ .kind = EU_SYMBOL_INT, .c = low.i };
   if (low.kind != EU_SYMBOL_INT || low.half != EU_LOW)
      return false;
   high.a += low.a * 65536;
   high.b += low.b * 65536;
   high.c += low.c * 65536;
   if (!eu_value_is_small(&low) || !eu_value_is_small(&high))
      return false;
   *out = high;
   return true;
}
