/*
 * SPDX-License-Identifier: MIT
 *
 * The colour calculator: a rectangle of one colour, blended into a render target.
 */

#include <math.h>
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

enum { WM_LINE_STIPPLE = 1 << 3 };

/* 3DSTATE_SF, DWord 2: Anti-Aliasing Enable, no culling, Line Width in 1/128 pixels. */
#define SF_AA_LINE(width) (1u << 31 | 1u << 29 | (uint32_t)((width) * 128) << 18)

static void
aa_line(struct fixture *f, uint32_t wm, float width, float x0, float y0, float x1, float y1)
{
   static const float white[4] = { 1, 1, 1, 1 };
   const float points[4] = { x0, y0, x1, y1 };

   memset(fixture_ggtt(f, FIXTURE_DATA + BUFFER), 0, 8 * PITCH);
   draw_state(f, 0, 0, 0, 0, 0);
   render_target(f, R8G8B8A8_UNORM);
   draw_pixel_shader(f, white, wm);
   SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), 0, SF_AA_LINE(width), 1 << 14, 0, 0, 0);
   draw_primitives(f, LINELIST, points, 2);
   fixture_expect_no_fault(f);
}

static float
alpha_at(struct fixture *f, unsigned x, unsigned y)
{
   const uint8_t *texels = (const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   return texels[y * PITCH + 4 * x + 3] / 255.0f;
}

/* Alpha is the part of a pixel that the line's rectangle covers; colours stay. */
static void
antialiased_lines_cover_parts(void **state)
{
   struct fixture *f = *state;
   const uint8_t *texels = (const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   /* From 1.25 to 6.5 across, from 2.25 to 4.25 down. */
   aa_line(f, 0, 2, 1.25f, 3.25f, 6.5f, 3.25f);
   static const float columns[8] = { 0, 0.75f, 1, 1, 1, 1, 0.5f, 0 };
   static const float rows[8] = { 0, 0, 0.75f, 1, 0.25f, 0, 0, 0 };
   for (unsigned y = 0; y < 8; y++) {
      for (unsigned x = 0; x < 8; x++) {
         assert_float_equal(alpha_at(f, x, y), columns[x] * rows[y], 0.003f);
         assert_int_equal(texels[y * PITCH + 4 * x], columns[x] * rows[y] > 0 ? 255 : 0);
      }
   }
   /* The other way round, and upright. */
   aa_line(f, 0, 2, 3.25f, 6.5f, 3.25f, 1.25f);
   for (unsigned y = 0; y < 8; y++) {
      for (unsigned x = 0; x < 8; x++)
         assert_float_equal(alpha_at(f, x, y), columns[y] * rows[x], 0.003f);
   }
   /* At any angle all parts are the rectangle's area. */
   for (unsigned i = 0; i < 16; i++) {
      const float dx = cosf(0.4f * (float)i) * 2, dy = sinf(0.4f * (float)i) * 2;
      float sum = 0;
      aa_line(f, 0, 1.5f, 4 - dx, 4 - dy, 4 + dx, 4 + dy);
      for (unsigned y = 0; y < 8; y++) {
         for (unsigned x = 0; x < 8; x++)
            sum += alpha_at(f, x, y);
      }
      assert_float_equal(sum, 1.5f * 4, 0.05f);
   }
   /* Of the pieces a pixel long, the pattern has every second one. */
   SUBMIT(f, VGPU_RCS, CMD(0x7908, 3), 0x5555, 1);
   aa_line(f, WM_LINE_STIPPLE, 2, 1.25f, 3.25f, 6.5f, 3.25f);
   static const float pieces[8] = { 0, 0.75f, 0.25f, 0.75f, 0.25f, 0.75f, 0.25f, 0 };
   for (unsigned y = 0; y < 8; y++) {
      for (unsigned x = 0; x < 8; x++)
         assert_float_equal(alpha_at(f, x, y), pieces[x] * rows[y], 0.003f);
   }
   /* A line of no width is the thinnest one, whole pixels of it. */
   aa_line(f, 0, 0, 1.5f, 3.25f, 5.5f, 3.25f);
   for (unsigned x = 0; x < 8; x++)
      assert_float_equal(alpha_at(f, x, 3), x >= 1 && x < 5 ? 1 : 0, 0.003f);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(constant_is_clamped, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(two_source_colours, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(antialiased_lines_cover_parts, fixture_setup,
                                      fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
