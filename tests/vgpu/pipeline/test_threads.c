/*
 * SPDX-License-Identifier: MIT
 *
 * Draws that several threads share: they leave what one thread leaves.
 */

#include <string.h>

#include "draw_state.h"

enum { R8G8B8A8_UNORM = 0x0c7, COMPARE_GREATER = 5 };

#define MOST_VERTICES 3000u
#define VERTEX_ADDRESS 0x100000
/* A render target as large as the depth buffer, Y-tiled. */
#define TARGET_ADDRESS 0x130000
#define TARGET_BYTES (DEPTH_PITCH * DEPTH_SIZE)
#define HIZ_BYTES 0x8000

/* 3DSTATE_WM, DWord 1: pixel shader gets perspective barycentrics at the centre, and its depth. */
#define WM_BARYCENTRIC (1u << 11)
#define WM_SOURCE_DEPTH (1u << 20)

/* BLEND_STATE, DWord 0 */
#define BLEND_ENABLE (1u << 31)
enum { FACTOR_ONE = 1, FACTOR_INV_SRC_COLOR = 18 };

struct point {
   float x, y, z;
};

static uint32_t
random_below(uint32_t *seed, uint32_t n)
{
   *seed = *seed * 1664525 + 1013904223;
   return (uint32_t)((uint64_t)*seed * n >> 32);
}

/** Random primitives, often on top of each other, so that their order shows. */
static void
scene(struct fixture *f, uint32_t seed)
{
   static const uint32_t topologies[] = { TRILIST, TRISTRIP, TRIFAN, QUADLIST, LINELIST,
                                          LINESTRIP, RECTLIST, POINTLIST };
   static struct point points[MOST_VERTICES];
   const uint32_t target[8] = {
      1u << 29 | R8G8B8A8_UNORM << 18 | 1 << 14 | 1 << 13, TARGET_ADDRESS,
      (DEPTH_SIZE - 1) << 16 | (DEPTH_SIZE - 1), DEPTH_PITCH - 1,
   };
   const uint32_t topology = topologies[random_below(&seed, 8)];
   const float reach = (float)(2 + random_below(&seed, 30));
   const unsigned count = 600 + random_below(&seed, MOST_VERTICES - 600);

   for (unsigned i = 0; i < count; i++) {
      const float x = (float)random_below(&seed, 1 << 16) / 65536 - 0.5f;
      const float y = (float)random_below(&seed, 1 << 16) / 65536 - 0.5f;
      points[i] = (struct point){
         i % 3 ? points[i - 1].x + x * reach : (x + 0.5f) * DEPTH_SIZE,
         i % 3 ? points[i - 1].y + y * reach : (y + 0.5f) * DEPTH_SIZE,
         (float)random_below(&seed, 1000) / 1000,
      };
   }
   memcpy(fixture_ggtt(f, VERTEX_ADDRESS), points, sizeof(points));
   draw_state(f, 0, 0, 0, 0, 0);
   draw_render_target(f, target);
   draw_depth_buffer(f, random_below(&seed, 2) ? D24_UNORM_X8 : D32_FLOAT,
                     random_below(&seed, 2));
   SUBMIT(f, VGPU_RCS, CMD(0x7804, 3), 0x3f800000, 1); /* the clear value */
   draw_depth_stencil(f, 0, 0,
                      1u << 31 | (random_below(&seed, 2) ? COMPARE_GREATER : COMPARE_ALWAYS) << 27 |
                         1 << 26);
   draw_blend(f, random_below(&seed, 2)
                    ? BLEND_ENABLE | FACTOR_ONE << 5 | FACTOR_INV_SRC_COLOR : 0, 0);
   draw_pixel_shader_of_payload(f, 2, 5,
                                WM_STATISTICS | WM_BARYCENTRIC | WM_SOURCE_DEPTH);
   SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), 0, 1 << 29, 1 << 11 | 3 * 8, 0, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, VERTEX_ADDRESS,
          VERTEX_ADDRESS + sizeof(points) - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), topology, count, 0, 1, 0, 0);
}

static void
expect_alike(struct fixture *a, struct fixture *b, uint32_t address, size_t size_bytes)
{
   assert_memory_equal(fixture_ggtt(a, address), fixture_ggtt(b, address), size_bytes);
}

static void
threads_draw_what_one_does(void **state)
{
   void *one, *four;
   unsigned drawn = 0;

   (void)state;
   assert_int_equal(fixture_setup(&one), 0);
   assert_int_equal(fixture_setup_pool(&four), 0);
   for (uint32_t seed = 1; seed <= 16; seed++) {
      scene(one, seed);
      scene(four, seed);
      fixture_expect_no_fault(one);
      fixture_expect_no_fault(four);
      expect_alike(one, four, TARGET_ADDRESS, TARGET_BYTES);
      expect_alike(one, four, FIXTURE_DATA + BUFFER3, DEPTH_PITCH * DEPTH_SIZE);
      expect_alike(one, four, FIXTURE_DATA + BUFFER, HIZ_BYTES);
      assert_int_equal(fixture_read(one, PS_DEPTH_COUNT), fixture_read(four, PS_DEPTH_COUNT));
      const uint8_t *texels = (const uint8_t *)fixture_ggtt(one, TARGET_ADDRESS);
      for (unsigned i = 0; i < TARGET_BYTES; i++)
         drawn += texels[i] != 0;
   }
   /* All pixels, of two or three components, in most of the scenes. */
   assert_true(drawn > 16 * TARGET_BYTES / 4);
   fixture_teardown(&four);
   fixture_teardown(&one);
}

/* However many threads meet a page that is not there, the command has one fault. */
static void
one_fault_of_many(void **state)
{
   struct fixture *f = *state;

   fixture_set_pte(f, TARGET_ADDRESS / 4096 + 2, 0);
   fixture_set_pte(f, TARGET_ADDRESS / 4096 + 8, 0);
   fixture_set_pte(f, TARGET_ADDRESS / 4096 + 12, 0);
   scene(f, 1);
   fixture_expect_fault(f, "write of GGTT address 0x0013");
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_draw_what_one_does),
      cmocka_unit_test_setup_teardown(one_fault_of_many, fixture_setup_pool, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
