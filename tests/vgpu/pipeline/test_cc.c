/*
 * SPDX-License-Identifier: MIT
 *
 * The colour calculator: a rectangle of one colour, blended into a render target.
 */

#include <string.h>

#include "draw_state.h"
#include "format.h"
#include "surface.h"

enum { R8G8B8A8_SNORM = 0x0c9 };

#define PITCH 64

/* BLEND_STATE, DWord 0 and 1 */
#define BLEND_ENABLE (1u << 31)
#define FACTORS(src, dst) ((src) << 5 | (dst))
#define PRE_BLEND_CLAMP 1u
#define POST_BLEND_CLAMP 2u
#define RANGE_FORMAT (2u << 2)

enum { FACTOR_INV_DST_COLOR = 21, FACTOR_INV_CONST_COLOR = 23 };

static void
render_target(struct fixture *f, uint32_t format)
{
   const uint32_t dw[8] = {
      1u << 29 | format << 18, FIXTURE_DATA + BUFFER, 7 << 16 | 7, PITCH - 1,
   };

   draw_render_target(f, dw);
}

/* The clamp in front of blending takes the constant, too: 1.2 is 1 and -1.8 is -1 in SNORM. */
static void
constant_is_clamped(void **state)
{
   static const float src[4] = { 0.8f, 0.1f, 0.7f, 0.8f }, dst[4] = { 0.6f, -0.3f, 0.8f, 0.5f };
   static const float constant[4] = { 1.2f, -1.8f, 0.4f, 0.6f };
   static const float clamped[4] = { 1, -1, 0.4f, 0.6f };
   struct fixture *f = *state;
   int8_t *texels = (int8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   for (unsigned c = 0; c < 4; c++)
      texels[c] = (int8_t)(dst[c] * 127);
   draw_state(f, 0, 0, 1, 1, 0);
   render_target(f, R8G8B8A8_SNORM);
   draw_blend(f, BLEND_ENABLE | FACTORS(FACTOR_INV_CONST_COLOR, FACTOR_INV_DST_COLOR),
              PRE_BLEND_CLAMP | POST_BLEND_CLAMP | RANGE_FORMAT);
   draw_color_calc(f, 0, 0, constant);
   draw_pixel_shader(f, src, 0);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned c = 0; c < 4; c++) {
      const float expected = src[c] * (1 - clamped[c]) + dst[c] * (1 - dst[c]);
      assert_float_equal(texels[c] / 127.0f, expected, 0.02f);
   }
}

enum { FACTOR_ONE = 1, FACTOR_SRC1_COLOR = 9, FACTOR_INV_SRC1_ALPHA = 26, R8G8B8A8_UNORM = 0x0c7 };

/* The pixels of a dispatch of 16 are written by two messages, each of which has both colours. */
static void
two_source_colours(void **state)
{
   static const float src[4] = { 0.8f, 0.1f, 0.7f, 0.8f }, src1[4] = { 0.5f, 0.25f, 1, 0.75f };
   struct fixture *f = *state;
   const uint8_t *texels = (const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   memset(fixture_ggtt(f, FIXTURE_DATA + BUFFER), 0x60, 8 * PITCH);
   draw_state(f, 0, 0, 4, 4, 0);
   render_target(f, R8G8B8A8_UNORM);
   draw_blend(f, BLEND_ENABLE | FACTORS(FACTOR_SRC1_COLOR, FACTOR_INV_SRC1_ALPHA),
              PRE_BLEND_CLAMP | POST_BLEND_CLAMP | RANGE_FORMAT);
   draw_pixel_shader_of_two(f, src, src1);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < 4; y++) {
      for (unsigned x = 0; x < 4; x++) {
         for (unsigned c = 0; c < 4; c++) {
            const float expected = src[c] * src1[c] + 0x60 / 255.0f * (1 - src1[3]);
            assert_float_equal(texels[y * PITCH + 4 * x + c] / 255.0f, expected, 0.003f);
         }
      }
   }
   assert_int_equal(texels[4 * PITCH], 0x60);

   /* One source colour is none of which the factors could be. */
   draw_pixel_shader(f, src, 0);
   draw(f);
   fixture_expect_fault(f, "second source colour");
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(constant_is_clamped, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(two_source_colours, fixture_setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
