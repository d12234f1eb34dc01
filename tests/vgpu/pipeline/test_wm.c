/*
 * SPDX-License-Identifier: MIT
 *
 * The windower: which pixels primitives have, as their depth tells.
 */

#include "draw_state.h"

enum { WM_LINE_STIPPLE = 1 << 3, WM_POLYGON_STIPPLE = 1 << 4 };

static void
state(struct fixture *f, uint32_t wm)
{
   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D24_UNORM_X8, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), wm, 0);
}

static bool
drawn(struct fixture *f, uint32_t x, uint32_t y)
{
   return draw_depth_at(f, x, y) != 0;
}

/* Bit 31 of a row is its leftmost pixel, and the offsets are added to a pixel's place. */
static void
polygon_stipple(void **fixture)
{
   static const float triangle[6] = { 0, 0, 200, 0, 0, 200 };
   struct fixture *f = *fixture;
   uint32_t pattern[33] = { CMD(0x7907, 33) };

   state(f, WM_POLYGON_STIPPLE);
   pattern[1 + 4] = 1u << 31 | 1u << 24;
   fixture_submit(f, VGPU_RCS, pattern, 33);
   SUBMIT(f, VGPU_RCS, CMD(0x7906, 2), 5 << 8 | 3);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < 64; y++) {
      for (unsigned x = 0; x < 64; x++) {
         const unsigned column = (x + 5) % 32, row = (y + 3) % 32;
         assert_int_equal(drawn(f, x, y), row == 4 && (column == 0 || column == 7));
      }
   }
   draw_primitives(f, TRIFAN_NOSTIPPLE, triangle, 3);
   assert_true(drawn(f, 20, 20));
}

/* The pattern goes on through a strip and begins anew with each line of a list. */
static void
line_stipple(void **fixture)
{
   static const float lines[8] = { 0.5f, 10.5f, 20.5f, 10.5f, 20.5f, 10.5f, 50.5f, 10.5f };
   static const float strip[6] = { 50.5f, 30.5f, 20.5f, 30.5f, 0.5f, 30.5f };
   struct fixture *f = *fixture;

   state(f, WM_LINE_STIPPLE);
   SUBMIT(f, VGPU_RCS, CMD(0x7908, 3), 0x0103, 3 | (65536 / 3) << 15); /* 0, 1 and 8, each thrice */
   draw_primitives(f, LINELIST, lines, 4);
   draw_primitives(f, LINESTRIP, strip, 3);
   fixture_expect_no_fault(f);
   /* The pixel in whose centre a line ends is not drawn. */
   for (unsigned x = 0; x <= 51; x++) {
      const unsigned in_list = x < 20 ? x : x - 20, in_strip = 50 - x;
      assert_int_equal(drawn(f, x, 10), x < 50 && 0x0103 >> in_list / 3 % 16 & 1);
      assert_int_equal(drawn(f, x, 30), x > 0 && x <= 50 && 0x0103 >> in_strip / 3 % 16 & 1);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(polygon_stipple, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(line_stipple, fixture_setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
