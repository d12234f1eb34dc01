/*
 * SPDX-License-Identifier: MIT
 *
 * The arithmetic of the output merger against tables written from the GL and the PRM.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "blend.h"
#include "gfx7_unpack.h"

static void
logic_ops(void **state)
{
   /* Of every function the four results for src, dst = 00, 01, 10, 11. */
   static const struct {
      unsigned function;
      uint8_t result[4];
   } ops[] = {
      { GFX7_LOGICOP_CLEAR, { 0, 0, 0, 0 } },         { GFX7_LOGICOP_NOR, { 1, 0, 0, 0 } },
      { GFX7_LOGICOP_AND_INVERTED, { 0, 1, 0, 0 } },  { GFX7_LOGICOP_COPY_INVERTED, { 1, 1, 0, 0 } },
      { GFX7_LOGICOP_AND_REVERSE, { 0, 0, 1, 0 } },   { GFX7_LOGICOP_INVERT, { 1, 0, 1, 0 } },
      { GFX7_LOGICOP_XOR, { 0, 1, 1, 0 } },           { GFX7_LOGICOP_NAND, { 1, 1, 1, 0 } },
      { GFX7_LOGICOP_AND, { 0, 0, 0, 1 } },           { GFX7_LOGICOP_EQUIV, { 1, 0, 0, 1 } },
      { GFX7_LOGICOP_NOOP, { 0, 1, 0, 1 } },          { GFX7_LOGICOP_OR_INVERTED, { 1, 1, 0, 1 } },
      { GFX7_LOGICOP_COPY, { 0, 0, 1, 1 } },          { GFX7_LOGICOP_OR_REVERSE, { 1, 0, 1, 1 } },
      { GFX7_LOGICOP_OR, { 0, 1, 1, 1 } },            { GFX7_LOGICOP_SET, { 1, 1, 1, 1 } },
   };

   (void)state;
   for (unsigned i = 0; i < 16; i++) {
      for (unsigned bits = 0; bits < 4; bits++) {
         const uint32_t src = bits & 2 ? ~0u : 0, dst = bits & 1 ? ~0u : 0;
         assert_int_equal(vgpu_logic_op(ops[i].function, src, dst), ops[i].result[bits] ? ~0u : 0);
      }
   }
}

static void
compare_functions(void **state)
{
   /* Results for less, equal, greater. */
   static const uint8_t results[8][3] = {
      { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 },
      { 1, 1, 0 }, { 0, 0, 1 }, { 1, 0, 1 }, { 0, 1, 1 },
   };

   (void)state;
   for (unsigned f = 0; f < 8; f++) {
      for (int order = 0; order < 3; order++)
         assert_int_equal(vgpu_compare(f, (float)order, 1), results[f][order]);
   }
}

static void
stencil_ops(void **state)
{
   (void)state;
   assert_int_equal(vgpu_stencil_op(0, 7, 9), 7);     /* keep */
   assert_int_equal(vgpu_stencil_op(1, 7, 9), 0);     /* zero */
   assert_int_equal(vgpu_stencil_op(2, 7, 9), 9);     /* replace */
   assert_int_equal(vgpu_stencil_op(3, 7, 9), 8);     /* increment, saturating */
   assert_int_equal(vgpu_stencil_op(3, 255, 9), 255);
   assert_int_equal(vgpu_stencil_op(4, 7, 9), 6);     /* decrement, saturating */
   assert_int_equal(vgpu_stencil_op(4, 0, 9), 0);
   assert_int_equal(vgpu_stencil_op(5, 255, 9), 0);   /* increment, wrapping */
   assert_int_equal(vgpu_stencil_op(6, 0, 9), 255);   /* decrement, wrapping */
   assert_int_equal(vgpu_stencil_op(7, 0x5a, 9), 0xa5); /* invert */
}

static void
blend_factors(void **state)
{
   static const float src[4] = { 0.5f, 0.25f, 0.125f, 0.75f };
   static const float src1[4] = { 0.125f, 0.5f, 0.75f, 0.25f };
   static const float dst[4] = { 0.0625f, 0.5f, 1, 0.5f };
   static const float constant[4] = { 0.25f, 0.5f, 0.75f, 0.125f };
   /* Each factor as the source's, with the destination's zero: red and alpha that come out. */
   static const struct {
      unsigned factor;
      float red, alpha;
   } factors[] = {
      { 1, 0.5f, 0.75f },                                /* one */
      { 2, 0.5f * 0.5f, 0.75f * 0.75f },                 /* source colour */
      { 3, 0.5f * 0.75f, 0.75f * 0.75f },                /* source alpha */
      { 4, 0.5f * 0.5f, 0.75f * 0.5f },                  /* destination alpha */
      { 5, 0.5f * 0.0625f, 0.75f * 0.5f },               /* destination colour */
      { 6, 0.5f * 0.5f, 0.75f },                         /* source alpha saturate */
      { 7, 0.5f * 0.25f, 0.75f * 0.125f },               /* constant colour */
      { 8, 0.5f * 0.125f, 0.75f * 0.125f },              /* constant alpha */
      { 9, 0.5f * 0.125f, 0.75f * 0.25f },               /* second source colour */
      { 10, 0.5f * 0.25f, 0.75f * 0.25f },               /* second source alpha */
      { 17, 0, 0 },                                      /* zero */
      { 18, 0.5f * 0.5f, 0.75f * 0.25f },                /* inverses */
      { 19, 0.5f * 0.25f, 0.75f * 0.25f },
      { 20, 0.5f * 0.5f, 0.75f * 0.5f },
      { 21, 0.5f * 0.9375f, 0.75f * 0.5f },
      { 23, 0.5f * 0.75f, 0.75f * 0.875f },
      { 24, 0.5f * 0.875f, 0.75f * 0.875f },
      { 25, 0.5f * 0.875f, 0.75f * 0.75f },
      { 26, 0.5f * 0.75f, 0.75f * 0.75f },
   };
   unsigned modelled = 0;
   float out[4];

   (void)state;
   for (unsigned i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
      const uint8_t f = factors[i].factor;
      const struct vgpu_blend blend = { { f, f }, { 17, 17 }, { 0, 0 } };
      assert_true(vgpu_blend_factor_is_modelled(f));
      vgpu_blend(&blend, src, src1, dst, constant, out);
      assert_true(out[0] == factors[i].red && out[3] == factors[i].alpha);
   }
   for (unsigned f = 0; f < 32; f++)
      modelled += vgpu_blend_factor_is_modelled(f);
   assert_int_equal(modelled, sizeof(factors) / sizeof(factors[0]));
}

static void
blend_functions(void **state)
{
   static const float src[4] = { 0.5f, 0, 0, 0.25f }, dst[4] = { 0.25f, 0, 0, 0.75f };
   static const struct {
      float red, alpha;
   } results[] = {
      { 0.75f, 1 }, { 0.25f, -0.5f }, { -0.25f, 0.5f }, { 0.25f, 0.25f }, { 0.5f, 0.75f },
   };
   float out[4];

   (void)state;
   for (uint8_t f = 0; f < 5; f++) {
      /* Minimum and maximum go without the factors. */
      const uint8_t factor = f < 3 ? 1 : 17;
      const struct vgpu_blend blend = { { factor, factor }, { factor, factor }, { f, f } };
      vgpu_blend(&blend, src, src, dst, src, out);
      assert_true(out[0] == results[f].red && out[3] == results[f].alpha);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(logic_ops),     cmocka_unit_test(compare_functions),
      cmocka_unit_test(stencil_ops),   cmocka_unit_test(blend_factors),
      cmocka_unit_test(blend_functions),
   };
   return cmocka_run_group_tests_name("blending", tests, NULL, NULL);
}
