/*
 * SPDX-License-Identifier: MIT
 *
 * Whole draws without shaders: state in the ring, a rectangle, and what is in memory then.
 */

#include <string.h>

#include "fixture.h"
#include "pipeline.h"
#include "tiling.h"
#include "vgpu_render.h"

#define CMD(opcode, len_dw) ((uint32_t)(opcode) << 16 | ((len_dw)-2))

#define SIZE 64
#define STATE 0x100 /* dynamic state, from FIXTURE_DATA on */
#define COLOR_CALC 0x140
#define VERTICES 0x200
#define BUFFER 0x1000 /* depth or stencil */

enum { D32_FLOAT = 1, R32G32_FLOAT = 0x085, RECTLIST = 0x0f };
enum { COMPARE_ALWAYS = 0, STENCIL_OP_REPLACE = 2 };

/** State of a draw of a rectangle from (x0, y0) to (x1, y1), all but depth and stencil. */
static void
emit_state(struct fixture *f, float x0, float y0, float x1, float y1)
{
   const float corners[6] = { x1, y1, x0, y1, x0, y0 };
   static const uint32_t sbe[14] = { CMD(0x781f, 14) };
   static const uint32_t sf[7] = { CMD(0x7813, 7) };

   memcpy((uint8_t *)fixture_ggtt(f, FIXTURE_DATA) + VERTICES, corners, sizeof(corners));
   SUBMIT(f, VGPU_RCS, 0x69040000);
   SUBMIT(f, VGPU_RCS, CMD(0x6101, 10), 1, 1, FIXTURE_DATA | 1, 1, 1, 1, 1, 1, 1);
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 8, FIXTURE_DATA + VERTICES,
          FIXTURE_DATA + VERTICES + sizeof(corners) - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7809, 5), 1 << 25 | R32G32_FLOAT << 16, 0x22220000,
          1 << 25 | R32G32_FLOAT << 16, 0x11230000);
   fixture_submit(f, VGPU_RCS, sf, 7);
   fixture_submit(f, VGPU_RCS, sbe, 14);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7900, 4), 0, (SIZE - 1) << 16 | (SIZE - 1), 0);
}

static void
draw(struct fixture *f)
{
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), RECTLIST, 3, 0, 1, 0, 0);
}

/*
 * A driver that draws to stencil alone names the size of the depth buffer (it is the stencil
 * buffer's), but neither an address nor a pitch.
 */
static void
stencil_without_depth(void **state)
{
   struct fixture *f = *state;
   uint32_t *data = fixture_ggtt(f, FIXTURE_DATA);
   uint8_t *stencil = (uint8_t *)data + BUFFER;

   memset(stencil, 0x11, 4096);
   data[STATE / 4] = 1u << 31 | COMPARE_ALWAYS << 28 | STENCIL_OP_REPLACE << 19 | 1 << 18;
   data[STATE / 4 + 1] = 0xffff0000;
   data[STATE / 4 + 2] = 0;
   data[COLOR_CALC / 4] = 0xa5u << 24;
   emit_state(f, 3, 5, 40, 61);
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7), 1u << 29 | 1 << 27 | D32_FLOAT << 18, 0,
          (SIZE - 1) << 18 | (SIZE - 1) << 4, 0, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7806, 3), 2 * 64 - 1, FIXTURE_DATA + BUFFER);
   SUBMIT(f, VGPU_RCS, CMD(0x7825, 2), STATE | 1);
   SUBMIT(f, VGPU_RCS, CMD(0x780e, 2), COLOR_CALC | 1);
   draw(f);
   fixture_expect_no_fault(f);
   for (unsigned y = 0; y < SIZE; y++) {
      for (unsigned x = 0; x < SIZE; x++) {
         const bool inside = x >= 3 && x < 40 && y >= 5 && y < 61;
         assert_int_equal(stencil[vgpu_tile_w_offset(x, y)], inside ? 0xa5 : 0x11);
      }
   }
}

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
      cmocka_unit_test_setup_teardown(stencil_without_depth, fixture_setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
