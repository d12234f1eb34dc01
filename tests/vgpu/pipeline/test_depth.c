/*
 * SPDX-License-Identifier: MIT
 *
 * Depth, stencil and HiZ: rectangles drawn into their buffers, and what is in memory then.
 */

#include <string.h>

#include "draw_state.h"
#include "tiling.h"

#define TYPE_2D (1u << 29)
#define STENCIL_WRITE (1u << 27)
#define FORMAT(f) ((uint32_t)(f) << 18)

/* DEPTH_STENCIL_STATE, DWord 2 */
#define TEST(function) (1u << 31 | (uint32_t)(function) << 27)
#define WRITE (1u << 26)

#define WIDTH DEPTH_SIZE
#define HEIGHT DEPTH_SIZE
#define STENCIL_PITCH (3 * 64)

static uint8_t *
buffer(struct fixture *f, uint32_t offset)
{
   return (uint8_t *)fixture_ggtt(f, FIXTURE_DATA) + offset;
}

static void
clear_value(struct fixture *f, uint32_t value)
{
   SUBMIT(f, VGPU_RCS, CMD(0x7804, 3), value, 1);
}

static void
hiz_rectangle(struct fixture *f, uint32_t wm, float x0, float y0, float x1, float y1)
{
   draw_state(f, x0, y0, x1, y1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), wm, 0);
   draw(f);
   fixture_expect_no_fault(f);
}

/*
 * A driver that draws to stencil alone names the size of the depth buffer (it is the stencil
 * buffer's), but neither an address nor a pitch. The stencil buffer's pitch is twice what its width
 * gives: a second row of tiles is where the tiles of the first end.
 */
static void
stencil_without_depth(void **state)
{
   struct fixture *f = *state;

   memset(buffer(f, BUFFER), 0x11, 9 * 4096);
   draw_state(f, 3, 5, 140, 150, 0);
   draw_depth_stencil(f, 1u << 31 | COMPARE_ALWAYS << 28 | STENCIL_OP_REPLACE << 19 | 1 << 18,
                      0xffff0000, 0);
   draw_color_calc(f, 0xa5u << 24, 0, NULL);
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7), TYPE_2D | STENCIL_WRITE | FORMAT(D32_FLOAT), 0,
          (HEIGHT - 1) << 18 | (WIDTH - 1) << 4, 0, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7806, 3), 2 * STENCIL_PITCH - 1, FIXTURE_DATA + BUFFER);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < HEIGHT; y++) {
      for (unsigned x = 0; x < WIDTH; x++) {
         const bool inside = x >= 3 && x < 140 && y >= 5 && y < 150;
         assert_int_equal(buffer(f, BUFFER)[y / 64 * 64 * STENCIL_PITCH + x / 64 * 4096 +
                                            vgpu_tile_w_offset(x % 64, y % 64)],
                          inside ? 0xa5 : 0x11);
      }
   }
}

/* LODs and array elements of stencil are aligned to 8 x 8, not to the depth buffer's 4 x 4. */
static void
stencil_in_an_array_element(void **state)
{
   struct fixture *f = *state;
   const uint32_t size = 20, element = 2, lod = 1;
   const uint32_t qpitch = 24 + 16 + 12 * 8, y0 = element * qpitch + 24;

   memset(buffer(f, BUFFER), 0x11, 9 * 4096);
   draw_state(f, 0, 0, 64, 64, 0);
   draw_depth_stencil(f, 1u << 31 | COMPARE_ALWAYS << 28 | STENCIL_OP_REPLACE << 19 | 1 << 18,
                      0xffff0000, 0);
   draw_color_calc(f, 0xa5u << 24, 0, NULL);
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7), TYPE_2D | STENCIL_WRITE | FORMAT(D32_FLOAT), 0,
          (size - 1) << 18 | (size - 1) << 4 | lod, 3 << 21 | element << 10, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7806, 3), 2 * 64 - 1, FIXTURE_DATA + BUFFER);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < 9 * 64; y++) {
      for (unsigned x = 0; x < 64; x++) {
         const bool inside = x < size / 2 && y >= y0 && y < y0 + size / 2;
         assert_int_equal(buffer(f, BUFFER)[y / 64 * 4096 + vgpu_tile_w_offset(x, y % 64)],
                          inside ? 0xa5 : 0x11);
      }
   }
}

/* A cleared block is cleared again by another clear value alone. */
static void
cleared_blocks_have_the_clear_value(void **state)
{
   struct fixture *f = *state;

   draw_depth_buffer(f, D24_UNORM_X8, true);
   clear_value(f, 0x111111);
   hiz_rectangle(f, WM_DEPTH_CLEAR, 0, 0, WIDTH, HEIGHT);
   clear_value(f, 0x800000);

   /* Passes only against the second value, and then 8 x 4 texels get real. */
   draw_state(f, 10, 6, 11, 7, 0.25f);
   draw_depth_stencil(f, 0, 0, TEST(COMPARE_LESS) | WRITE);
   draw(f);
   fixture_expect_no_fault(f);
   clear_value(f, 0x222222);
   for (unsigned y = 0; y < HEIGHT; y++) {
      for (unsigned x = 0; x < WIDTH; x++) {
         const bool block = x / 8 == 1 && y / 4 == 1;
         assert_int_equal(draw_depth_at(f, x, y) & 0xffffff,
                          x == 10 && y == 6 ? 0x400000 : block ? 0x800000 : 0);
      }
   }

   /* The others when they are resolved, of which nothing is left then. */
   hiz_rectangle(f, WM_DEPTH_RESOLVE, 0, 0, WIDTH, HEIGHT);
   clear_value(f, 0x333333);
   hiz_rectangle(f, WM_DEPTH_RESOLVE, 0, 0, WIDTH, HEIGHT);
   assert_int_equal(draw_depth_at(f, 10, 6), 0x400000);
   assert_int_equal(draw_depth_at(f, 15, 7), 0x800000);
   assert_int_equal(draw_depth_at(f, 16, 7), 0x222222);
   assert_int_equal(draw_depth_at(f, WIDTH - 1, HEIGHT - 1), 0x222222);
}

/* A hierarchical resolve makes texels valid as they are. */
static void
hierarchical_resolve_keeps_texels(void **state)
{
   struct fixture *f = *state;

   memset(buffer(f, BUFFER3), 0x55, DEPTH_PITCH * HEIGHT);
   draw_depth_buffer(f, D24_UNORM_X8, true);
   clear_value(f, 0x800000);
   hiz_rectangle(f, WM_DEPTH_CLEAR, 0, 0, WIDTH, HEIGHT);
   hiz_rectangle(f, WM_HIZ_RESOLVE, 0, 0, WIDTH, HEIGHT);
   hiz_rectangle(f, WM_DEPTH_RESOLVE, 0, 0, WIDTH, HEIGHT);
   assert_int_equal(draw_depth_at(f, 3, 3), 0x55555555);
}

/* Depth is rounded to nearest even. */
static void
depth_is_rounded(void **state)
{
   struct fixture *f = *state;

   draw_depth_buffer(f, D24_UNORM_X8, false);
   draw_state(f, 0, 0, 4, 4, 1.0f / 256);
   draw_depth_stencil(f, 0, 0, TEST(COMPARE_ALWAYS) | WRITE);
   draw(f);
   fixture_expect_no_fault(f);
   assert_int_equal(draw_depth_at(f, 3, 3), 0x10000);
   assert_int_equal(draw_depth_at(f, 4, 3), 0);
}

/* A pixel that fails the alpha test has no depth, with a render target or without. */
static void
alpha_test_comes_first(void **state)
{
   static const float alpha_half[4] = { 1, 1, 1, 0.5f };
   static const struct {
      uint32_t reference;
      uint32_t drawn;
   } cases[] = { { 0x90, 0 }, { 0x70, 0x400000 } };
   struct fixture *f = *state;

   for (unsigned i = 0; i < 2; i++) {
      draw_depth_buffer(f, D24_UNORM_X8, false);
      draw_state(f, 0, 0, 8, 8, 0.25f);
      draw_depth_stencil(f, 0, 0, TEST(COMPARE_ALWAYS) | WRITE);
      draw_blend(f, 0, 1 << 16 | 5 << 13); /* greater */
      draw_color_calc(f, 0, cases[i].reference, NULL);
      draw_null_render_target(f);
      draw_pixel_shader(f, alpha_half, WM_KILLS_PIXEL);
      draw(f);
      fixture_expect_no_fault(f);
      assert_int_equal(draw_depth_at(f, 5, 5), cases[i].drawn);
   }
}

/* PS_DEPTH_COUNT has the pixels that passed, where statistics are on. */
static void
passed_pixels_are_counted(void **state)
{
   struct fixture *f = *state;

   draw_depth_buffer(f, D24_UNORM_X8, false);
   draw_state(f, 0, 0, 8, 8, 0.25f);
   draw_depth_stencil(f, 0, 0, TEST(COMPARE_ALWAYS) | WRITE);
   draw(f);
   assert_int_equal(fixture_read(f, PS_DEPTH_COUNT), 0);

   draw_state(f, 4, 4, 16, 16, 0.125f);
   draw_depth_stencil(f, 0, 0, TEST(COMPARE_LESS));
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_STATISTICS, 0);
   draw(f); /* over a buffer of zeros, but for 4 x 4 pixels */
   assert_int_equal(fixture_read(f, PS_DEPTH_COUNT), 16);

   draw_depth_stencil(f, 0, 0, 0);
   draw(f);
   assert_int_equal(fixture_read(f, PS_DEPTH_COUNT), 16 + 144);
   fixture_expect_no_fault(f);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(stencil_without_depth, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(stencil_in_an_array_element, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(cleared_blocks_have_the_clear_value, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(hierarchical_resolve_keeps_texels, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(depth_is_rounded, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(alpha_test_comes_first, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(passed_pixels_are_counted, fixture_setup,
                                      fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
