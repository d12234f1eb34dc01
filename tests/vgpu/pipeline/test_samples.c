/*
 * SPDX-License-Identifier: MIT
 *
 * Multisampling: which samples a triangle covers, their depth, and what shaders write to them.
 */

#include <string.h>

#include "draw_state.h"
#include "surface.h"
#include "tiling.h"

enum { R32G32B32A32_FLOAT = 0x000 };

/* 3DSTATE_WM: rasterization with the pattern, in DWord 1; a thread for whole pixels, in DWord 2. */
#define WM_ON_PATTERN 3u
#define WM_PER_PIXEL (1u << 31)

#define SIZE 8
#define PITCH (SIZE * 16)

/* In sixteenths of a pixel: on a diagonal, so that an upright edge parts them. */
static const uint8_t positions[4] = { 2, 6, 10, 14 };

static void
samples(struct fixture *f, uint32_t mask)
{
   uint32_t dw = 0;

   for (unsigned i = 0; i < 4; i++)
      dw |= (uint32_t)(positions[i] << 4 | positions[i]) << 8 * i;
   SUBMIT(f, VGPU_RCS, CMD(0x790d, 4), 2 << 1, dw, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7818, 2), mask);
}

/** The value of depth that a sample has, interleaved as depth buffers are. */
static uint32_t
depth_of(struct fixture *f, uint32_t x, uint32_t y, unsigned sample)
{
   return draw_depth_at(f, (x & ~1u) << 1 | (sample & 1) << 1 | (x & 1),
                        (y & ~1u) << 1 | (sample & 2) | (y & 1));
}

/** A render target of four samples, whose MCS says that all pixels are cleared to red. */
static void
render_target(struct fixture *f)
{
   const uint32_t dw[8] = {
      1u << 29 | R32G32B32A32_FLOAT << 18 | 1 << 16 | 1 << 14 | 1 << 13 | 1 << 10,
      FIXTURE_DATA + BUFFER, (SIZE - 1) << 16 | (SIZE - 1), PITCH - 1, 2 << 3, 0,
      (FIXTURE_DATA + BUFFER2) | 1, 1u << 31,
   };

   memset(fixture_ggtt(f, FIXTURE_DATA + BUFFER2), 0xff, 4096);
   draw_render_target(f, dw);
}

static const float *
color_of(struct fixture *f, uint32_t x, uint32_t y, unsigned sample)
{
   return (const float *)((const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER) +
                          vgpu_tiled_offset(VGPU_TILING_Y, PITCH, 16 * x, sample * SIZE + y));
}

/* The edge at x = 4.5 has two of pixel 4's samples on its left, of which the mask leaves one. */
static void
samples_are_covered_where_they_are(void **state)
{
   static const float triangle[6] = { 4.5f, -40, 4.5f, 40, -40, 0 };
   struct fixture *f = *state;

   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D24_UNORM_X8, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   samples(f, 0xd);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_STATISTICS | WM_ON_PATTERN, WM_PER_PIXEL);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   unsigned count = 0;
   for (unsigned y = 0; y < DEPTH_SIZE / 2; y++) {
      for (unsigned x = 0; x < 6; x++) {
         for (unsigned sample = 0; sample < 4; sample++)
            count += depth_of(f, x, y, sample) != 0;
      }
   }
   assert_int_equal(fixture_read(f, PS_DEPTH_COUNT), count);
   for (unsigned sample = 0; sample < 4; sample++) {
      assert_int_equal(depth_of(f, 3, 2, sample) != 0, sample != 1);
      assert_int_equal(depth_of(f, 4, 2, sample) != 0, sample == 0);
      assert_int_equal(depth_of(f, 5, 2, sample), 0);
   }
}

/* A pixel's colour goes to the samples that are covered; the others get the clear colour. */
static void
a_pixel_is_written_to_its_samples(void **state)
{
   static const float triangle[6] = { 4.5f, -40, 4.5f, 40, -40, 0 };
   static const float green[4] = { 0, 1, 0, 1 };
   struct fixture *f = *state;

   draw_state(f, 0, 0, 0, 0, 0);
   samples(f, 0xf);
   render_target(f);
   draw_pixel_shader(f, green, WM_ON_PATTERN);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | WM_ON_PATTERN, WM_PER_PIXEL);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   const uint8_t *mcs = (const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER2);
   assert_int_equal(mcs[2 * 16 + 4], 0xe4);
   assert_int_equal(mcs[2 * 16 + 5], 0xff);
   for (unsigned sample = 0; sample < 4; sample++) {
      assert_float_equal(color_of(f, 4, 2, sample)[0], sample < 2 ? 0 : 1, 0);
      assert_float_equal(color_of(f, 4, 2, sample)[1], sample < 2 ? 1 : 0, 0);
   }
}

/* With threads of samples each one has its own weights, which the shader writes as they come. */
static void
samples_have_threads(void **state)
{
   static const float triangle[6] = { 0, 0, 16, 0, 0, 16 };
   struct fixture *f = *state;

   draw_state(f, 0, 0, 0, 0, 0);
   samples(f, 0xf);
   render_target(f);
   draw_pixel_shader_of_payload(f, 2, 20, 1 << 13); /* perspective, at the sample */
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | WM_ON_PATTERN | 1 << 13, 0);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   for (unsigned sample = 0; sample < 4; sample++) {
      const float in_pixel = (float)positions[sample] / 16;
      assert_float_equal(color_of(f, 5, 2, sample)[0], (5 + in_pixel) / 16, 1e-6f);
      assert_float_equal(color_of(f, 5, 2, sample)[1], (2 + in_pixel) / 16, 1e-6f);
   }
}

/* Half of alpha is half of the samples. */
static void
alpha_to_coverage(void **state)
{
   static const float triangle[6] = { 0, 0, 16, 0, 0, 16 };
   static const float half[4] = { 0, 1, 0, 0.5f };
   struct fixture *f = *state;

   draw_state(f, 0, 0, 0, 0, 0);
   samples(f, 0xf);
   render_target(f);
   draw_blend(f, 0, 1u << 31);
   draw_pixel_shader(f, half, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | WM_KILLS_PIXEL | WM_ON_PATTERN,
          WM_PER_PIXEL);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   unsigned written = 0;
   for (unsigned sample = 0; sample < 4; sample++)
      written += color_of(f, 2, 2, sample)[1] == 1;
   assert_int_equal(written, 2);
}

/* A pixel of a fast clear stands for eight by two, whose MCS it sets. */
static void
fast_clear(void **state)
{
   static const float black[4] = { 0 };
   struct fixture *f = *state;
   uint8_t *mcs = (uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER2);

   draw_state(f, 0, 1, 1, 2, 0);
   samples(f, 0xf);
   render_target(f);
   memset(mcs, 0, 4096);
   draw_pixel_shader(f, black, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | WM_ON_PATTERN, WM_PER_PIXEL);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, 1 << 8 | 1 << 1, 2 << 16, 0, 0);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < SIZE; y++) {
      for (unsigned x = 0; x < 16; x++)
         assert_int_equal(mcs[16 * y + x], x < SIZE && (y == 2 || y == 3) ? 0xff : 0);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(samples_are_covered_where_they_are, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(a_pixel_is_written_to_its_samples, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(samples_have_threads, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(alpha_to_coverage, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(fast_clear, fixture_setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
