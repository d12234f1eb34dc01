/*
 * SPDX-License-Identifier: MIT
 *
 * What a draw does apart from its blocks.
 */

#include "fixture.h"
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

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_subspans_run),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
