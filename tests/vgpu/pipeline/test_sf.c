/*
 * SPDX-License-Identifier: MIT
 *
 * Assembly, clipper, strips and fans: what of polygons is an edge, and what points have.
 */

#include <string.h>

#include "draw_state.h"

/* 3DSTATE_SF, DWord 1 */
#define WIREFRAME (1u << 3 | 1u << 5)
#define VIEWPORT_TRANSFORM (1u << 1)
/* 3DSTATE_CLIP, DWord 2 */
#define CLIP_ENABLE (1u << 31)
#define CLIP_XY (1u << 28)

enum { R32G32B32A32_FLOAT = 0x000, R32_FLOAT = 0x0d8, R32G32B32_FLOAT = 0x040 };

static void
state(struct fixture *f, uint32_t sf)
{
   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D24_UNORM_X8, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), sf, 1 << 29, 0, 0, 0, 0);
}

static bool
drawn(struct fixture *f, uint32_t x, uint32_t y)
{
   return draw_depth_at(f, x, y) != 0;
}

/* Triangles of a quad or a polygon meet at edges that are not drawn. */
static void
inner_edges_are_not_drawn(void **fixture)
{
   static const float quad[8] = { 10.5f, 10.5f, 10.5f, 50.5f, 50.5f, 50.5f, 50.5f, 10.5f };
   static const float strip[8] = { 10.5f, 10.5f, 10.5f, 50.5f, 50.5f, 10.5f, 50.5f, 50.5f };
   static const struct {
      uint32_t topology;
      const float *points;
   } cases[] = { { QUADLIST, quad }, { POLYGON, quad }, { QUADSTRIP, strip } };
   struct fixture *f = *fixture;

   for (unsigned i = 0; i < 3; i++) {
      memset(fixture_ggtt(f, FIXTURE_DATA + BUFFER3), 0, DEPTH_PITCH * DEPTH_SIZE);
      state(f, WIREFRAME);
      draw_primitives(f, cases[i].topology, cases[i].points, 4);
      fixture_expect_no_fault(f);
      for (unsigned y = 0; y < 64; y++) {
         for (unsigned x = 0; x < 64; x++) {
            const bool inside = x >= 10 && x <= 50 && y >= 10 && y <= 50;
            const bool edge = x == 10 || x == 50 || y == 10 || y == 50;
            assert_int_equal(drawn(f, x, y), inside && edge);
         }
      }
   }
}

/* The flag of a vertex is that of the edge to the next one. */
static void
edge_flags(void **fixture)
{
   static const float triangle[9] = { 10.5f, 10.5f, 1, 50.5f, 10.5f, 0, 10.5f, 50.5f, 1 };
   struct fixture *f = *fixture;

   state(f, WIREFRAME);
   memcpy(fixture_ggtt(f, FIXTURE_DATA + VERTICES), triangle, sizeof(triangle));
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, FIXTURE_DATA + VERTICES,
          FIXTURE_DATA + VERTICES + sizeof(triangle) - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7809, 7), 1 << 25 | R32G32B32_FLOAT << 16, 0x22220000,
          1 << 25 | R32G32B32_FLOAT << 16, 0x11330000,
          1 << 25 | R32_FLOAT << 16 | 1 << 15 | 8, 0x12220000);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), TRILIST, 3, 0, 1, 0, 0);
   fixture_expect_no_fault(f);
   assert_true(drawn(f, 30, 10));  /* first to second */
   assert_false(drawn(f, 30, 30)); /* second to third */
   assert_true(drawn(f, 10, 30));  /* third to first */
}

/* Where the viewport cuts a polygon there is no edge. */
static void
cut_edges_are_not_drawn(void **fixture)
{
   static const float triangle[6] = { -2, -0.5f, 0.5f, -0.5f, 0.5f, 0.5f };
   static const float viewport[16] = { 64, 64, 1, 64, 64, 0 };
   struct fixture *f = *fixture;

   state(f, WIREFRAME | VIEWPORT_TRANSFORM);
   memcpy((uint8_t *)fixture_ggtt(f, FIXTURE_DATA) + CC_VIEWPORT, viewport, sizeof(viewport));
   SUBMIT(f, VGPU_RCS, CMD(0x7821, 2), CC_VIEWPORT);
   SUBMIT(f, VGPU_RCS, CMD(0x7812, 4), 0, CLIP_ENABLE | CLIP_XY, 0);
   draw_primitives(f, TRILIST, triangle, 3);
   fixture_expect_no_fault(f);
   assert_true(drawn(f, 20, 32));
   assert_true(drawn(f, 96, 50));
   for (unsigned y = 34; y < 48; y++)
      assert_false(drawn(f, 0, y));
}

/* A primitive that is wholly beyond a cull distance goes, one that is not stays whole. */
static void
cull_distances(void **fixture)
{
   static const float distances[2] = { -1, 1 };
   struct fixture *f = *fixture;

   for (unsigned i = 0; i < 2; i++) {
      float vertices[12] = { 10, 10, -1, 0, 50, 10, -1, 0, 10, 50, -1 };
      state(f, 0);
      vertices[10] = distances[i];
      memcpy(fixture_ggtt(f, FIXTURE_DATA + VERTICES), vertices, sizeof(vertices));
      SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 16, FIXTURE_DATA + VERTICES,
             FIXTURE_DATA + VERTICES + sizeof(vertices) - 1, 0);
      SUBMIT(f, VGPU_RCS, CMD(0x7809, 7), 1 << 25 | R32G32B32_FLOAT << 16, 0x22220000,
             1 << 25 | R32G32B32_FLOAT << 16, 0x11330000,
             1 << 25 | R32_FLOAT << 16 | 8, 0x12220000);
      SUBMIT(f, VGPU_RCS, CMD(0x7812, 4), 1 << 0, CLIP_ENABLE, 0);
      SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), TRILIST, 3, 0, 1, 0, 0);
      fixture_expect_no_fault(f);
      assert_int_equal(drawn(f, 12, 12), i);
   }
}

/*
 * A texture coordinate of a point sprite goes from 0 to 1 across the point, down or up. The shader
 * gives back its own payload: the weights of the second and third corner, or the attribute.
 */
static void
point_sprite(void **fixture)
{
   static const float center[2] = { 20, 20 };
   struct fixture *f = *fixture;
   const float *texels = (const float *)fixture_ggtt(f, FIXTURE_DATA + BUFFER);
   const uint32_t target[8] = {
      1u << 29 | R32G32B32A32_FLOAT << 18, FIXTURE_DATA + BUFFER, 39 << 16 | 39, 40 * 16 - 1,
   };

   for (unsigned lower_left = 0; lower_left < 2; lower_left++) {
      const uint32_t sbe[14] = {
         CMD(0x781f, 14), 1 << 22 | lower_left << 20 | 1 << 11 | 1 << 4, [10] = 1,
      };
      state(f, 0);
      SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), 0, 1 << 29, 1 << 11 | 8 * 8, 0, 0, 0);
      fixture_submit(f, VGPU_RCS, sbe, 14);
      draw_render_target(f, target);
      draw_pixel_shader_of_payload(f, 2, 20, 1 << 11); /* perspective, at the pixel's centre */
      draw_primitives(f, POINTLIST, center, 1);
      fixture_expect_no_fault(f);
      for (unsigned i = 0; i < 8; i++) {
         const float *texel = texels + 4 * (40 * (16 + i) + 16 + i);
         assert_float_equal(texel[0], ((float)i + 0.5f) / 8, 1e-6f);
         assert_float_equal(texel[1], ((float)i + 0.5f) / 8, 1e-6f);
      }
      assert_float_equal(texels[4 * (40 * 24 + 24)], 0, 0);

      /* The first eight pixels, of two subspans, have what the first register has. */
      draw_pixel_shader_of_payload(f, 2, 2, 0);
      draw_primitives(f, POINTLIST, center, 1);
      fixture_expect_no_fault(f);
      const float *upper = texels + 4 * (40 * 16 + 16), *lower = texels + 4 * (40 * 17 + 16);
      assert_float_equal(upper[0], 1, 0);  /* s changes to the right */
      assert_float_equal(upper[4], 0, 0);  /* and not down */
      assert_float_equal(lower[4], 0, 0);  /* from 0 */
      assert_float_equal(upper[8], 0, 0);  /* t does not to the right */
      assert_float_equal(upper[12], lower_left ? -1 : 1, 0);
      assert_float_equal(lower[12], lower_left ? 1 : 0, 0);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(inner_edges_are_not_drawn, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(edge_flags, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(cut_edges_are_not_drawn, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(cull_distances, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(point_sprite, fixture_setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
