/*
 * SPDX-License-Identifier: MIT
 *
 * What a draw does apart from its blocks.
 */

#include "draw_state.h"
#include "pipeline.h"

static void
whole_subspans_run(void **state)
{
   (void)state;
   assert_int_equal(vgpu_ps_channels(0), 0);
   for (unsigned pixel = 0; pixel < 16; pixel++)
      assert_int_equal(vgpu_ps_channels(1u << pixel), 0xfu << pixel / 4 * 4);
   assert_int_equal(vgpu_ps_channels(0x8010), 0xf0f0);
}

#define R32G32B32A32_UINT 2

/*
 * Mesa takes the sign of the payload's first word for gl_FrontFacing, and without the topology that
 * would be the same for 0 and -0. The shader gives back g0 from its first pixel on.
 */
static void
pixel_shaders_get_the_topology(void **fixture)
{
   static const float corners[] = { 10, 10, 30, 10, 10, 30, 30, 30 };
   static const uint32_t topologies[] = { POINTLIST, TRILIST, TRISTRIP, TRIFAN };
   static const unsigned counts[] = { 1, 3, 4, 4 };
   const uint32_t target[8] = {
      1u << 29 | R32G32B32A32_UINT << 18, FIXTURE_DATA + BUFFER, 39 << 16 | 39, 40 * 16 - 1,
   };
   struct fixture *f = *fixture;
   const uint32_t *texels = fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   for (unsigned i = 0; i < 4; i++) {
      draw_state(f, 0, 0, 40, 40, 0);
      SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), 0, 1 << 29, 1 << 11 | 8 * 8, 0, 0, 0);
      draw_render_target(f, target);
      draw_pixel_shader_of_payload(f, 0, 2, 0);
      draw_primitives(f, topologies[i], corners, counts[i]);
      fixture_expect_no_fault(f);
      assert_int_equal(texels[4 * (40 * 10 + 10)] & 0x1f, topologies[i]);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_subspans_run),
      cmocka_unit_test_setup_teardown(pixel_shaders_get_the_topology, fixture_setup,
                                      fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
