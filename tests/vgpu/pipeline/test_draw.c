/*
 * SPDX-License-Identifier: MIT
 *
 * What a draw does apart from its blocks.
 */

#include <string.h>

#include "draw_state.h"
#include "messages.h"
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

/* More than the model keeps at a time, and no multiple of anything. */
#define RUN_VERTICES 9001u
#define RUN_ADDRESS 0x100000
/* What a draw of a list has at most. */
#define LIST_VERTICES 1200u

struct point {
   float x, y, z;
};

static void
draw_points(struct fixture *f, uint32_t topology, const struct point *points, unsigned count)
{
   memcpy(fixture_ggtt(f, RUN_ADDRESS), points, count * sizeof(*points));
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, RUN_ADDRESS,
          RUN_ADDRESS + count * sizeof(*points) - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), topology, count, 0, 1, 0, 0);
}

/* The vertices of primitive n of a run, and how many; 0 beyond the last. */
static unsigned
primitive(uint32_t topology, unsigned n, unsigned v[3])
{
   switch (topology) {
   case POINTLIST:
      v[0] = n;
      return n < RUN_VERTICES ? 1 : 0;
   case LINESTRIP:
   case LINELOOP:
      v[0] = n;
      v[1] = (n + 1) % RUN_VERTICES;
      return n + (topology == LINESTRIP) < RUN_VERTICES ? 2 : 0;
   case LINELIST:
      v[0] = 2 * n;
      v[1] = 2 * n + 1;
      return 2 * n + 1 < RUN_VERTICES ? 2 : 0;
   case TRILIST:
      for (unsigned i = 0; i < 3; i++)
         v[i] = 3 * n + i;
      break;
   case TRISTRIP:
      v[0] = n + (n & 1);
      v[1] = n + !(n & 1);
      v[2] = n + 2;
      break;
   case TRIFAN:
   case POLYGON:
      v[0] = 0;
      v[1] = n + 1;
      v[2] = n + 2;
      break;
   case QUADSTRIP:
      v[0] = n / 2 * 2;
      v[1] = n / 2 * 2 + (n & 1 ? 3 : 1);
      v[2] = n / 2 * 2 + (n & 1 ? 2 : 3);
      return n / 2 * 2 + 3 < RUN_VERTICES ? 3 : 0;
   case QUADLIST:
      v[0] = n / 2 * 4 + (n & 1);
      v[1] = n / 2 * 4 + (n & 1 ? 2 : 1);
      v[2] = n / 2 * 4 + 3;
      break;
   }
   return v[2] < RUN_VERTICES ? 3 : 0;
}

static void
clear_depth(struct fixture *f)
{
   memset(fixture_ggtt(f, FIXTURE_DATA + BUFFER3), 0, DEPTH_PITCH * DEPTH_SIZE);
}

/*
 * A long run of vertices draws what its primitives do as lists of their own, one after the other:
 * each of them has a depth of its own, and the last one that covers a pixel stays.
 */
static void
runs_of_any_length(void **fixture)
{
   static const uint32_t topologies[] = { POINTLIST, LINELIST, LINESTRIP, LINELOOP, TRILIST,
                                          TRISTRIP, TRIFAN, POLYGON, QUADLIST, QUADSTRIP };
   static struct point points[RUN_VERTICES], list[LIST_VERTICES];
   static uint8_t expected[DEPTH_PITCH * DEPTH_SIZE];
   struct fixture *f = *fixture;
   const uint8_t *texels = (const uint8_t *)fixture_ggtt(f, FIXTURE_DATA + BUFFER3);
   uint32_t random = 1;

   for (unsigned i = 0; i < RUN_VERTICES; i++) {
      struct point *p = &points[i];
      random = random * 1664525 + 1013904223;
      /* A walk, with vertices a few pixels from each other. */
      p->x = i ? points[i - 1].x + (float)(random >> 24) / 12 - 10 : 80;
      p->y = i ? points[i - 1].y + (float)(random >> 16 & 0xff) / 12 - 10 : 80;
      p->x = p->x < 0 ? -p->x : p->x > DEPTH_SIZE ? 2 * DEPTH_SIZE - p->x : p->x;
      p->y = p->y < 0 ? -p->y : p->y > DEPTH_SIZE ? 2 * DEPTH_SIZE - p->y : p->y;
      p->z = (float)(i + 1) / (RUN_VERTICES + 1);
   }
   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D32_FLOAT, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   for (unsigned t = 0; t < sizeof(topologies) / sizeof(topologies[0]); t++) {
      unsigned v[3], n, count = 0;

      clear_depth(f);
      for (unsigned i = 0; (n = primitive(topologies[t], i, v)); i++) {
         for (unsigned k = 0; k < n; k++)
            list[count++] = points[v[k]];
         if (count == LIST_VERTICES || !primitive(topologies[t], i + 1, v)) {
            draw_points(f, n == 1 ? POINTLIST : n == 2 ? LINELIST : TRILIST, list, count);
            count = 0;
         }
      }
      memcpy(expected, texels, sizeof(expected));
      clear_depth(f);
      draw_points(f, topologies[t], points, RUN_VERTICES);
      fixture_expect_no_fault(f);
      assert_memory_equal(texels, expected, sizeof(expected));
   }
}

static void
load_register(struct fixture *f, uint32_t offset, uint32_t value)
{
   SUBMIT(f, VGPU_RCS, 0x22u << 23 | 1, offset, value);
}

/* Which of four points in a row at the upper left are drawn, as bits, and clears them. */
static unsigned
drawn_points(struct fixture *f)
{
   unsigned drawn = 0;

   fixture_expect_no_fault(f);
   for (unsigned i = 0; i < 4; i++)
      drawn |= (draw_depth_at(f, 10 * i + 5, 5) != 0) << i;
   clear_depth(f);
   return drawn;
}

#define INDIRECT (1u << 10)

/* Indirect Parameter Enable: the registers are what is drawn, and the command's own words nothing. */
static void
indirect_parameters(void **fixture)
{
   static const struct point points[] = {
      { 5.5f, 5.5f, 0.5f }, { 15.5f, 5.5f, 0.5f }, { 25.5f, 5.5f, 0.5f }, { 35.5f, 5.5f, 0.5f },
   };
   struct fixture *f = *fixture;

   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D32_FLOAT, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   clear_depth(f);
   draw_points(f, POINTLIST, points, 4);
   assert_int_equal(drawn_points(f), 0xf);

   load_register(f, GEN7_3DPRIM_VERTEX_COUNT, 2);
   load_register(f, GEN7_3DPRIM_START_VERTEX, 1);
   load_register(f, GEN7_3DPRIM_INSTANCE_COUNT, 1);
   load_register(f, GEN7_3DPRIM_START_INSTANCE, 0);
   load_register(f, GEN7_3DPRIM_BASE_VERTEX, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7) | INDIRECT, POINTLIST, 4, 0, 0, 0, 0);
   assert_int_equal(drawn_points(f), 0x6);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), POINTLIST, 1, 3, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0x8);

   /* Indices 2, 3, to which the base is added. */
   const uint32_t indices = 3 << 16 | 2;
   memcpy(fixture_ggtt(f, RUN_ADDRESS + 0x1000), &indices, 4);
   SUBMIT(f, VGPU_RCS, CMD(0x780a, 3) | 1 << 8, RUN_ADDRESS + 0x1000, RUN_ADDRESS + 0x1003);
   load_register(f, GEN7_3DPRIM_START_VERTEX, 0);
   load_register(f, GEN7_3DPRIM_BASE_VERTEX, -2u);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7) | INDIRECT, 1 << 8 | POINTLIST, 0, 1, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0x3);

   load_register(f, GEN7_3DPRIM_INSTANCE_COUNT, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7) | INDIRECT, POINTLIST, 4, 0, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0);
}

/*
 * A driver puts the vertices of a client's array from the first one drawn on into a buffer, and lets
 * the vertex buffer begin where the array would: before the buffer, and so at times before 0.
 */
static void
vertex_buffers_can_begin_before_address_0(void **fixture)
{
   static const struct point points[] = {
      { 5.5f, 5.5f, 0.5f }, { 15.5f, 5.5f, 0.5f }, { 25.5f, 5.5f, 0.5f }, { 35.5f, 5.5f, 0.5f },
   };
   const uint32_t first = RUN_ADDRESS / sizeof(*points) + 1000;
   const uint32_t before_0 = RUN_ADDRESS - first * (uint32_t)sizeof(*points);
   const uint32_t end = RUN_ADDRESS + sizeof(points) - 1;
   struct fixture *f = *fixture;

   draw_state(f, 0, 0, 0, 0, 0);
   draw_depth_buffer(f, D32_FLOAT, false);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_ALWAYS << 27 | 1 << 26);
   clear_depth(f);
   memcpy(fixture_ggtt(f, RUN_ADDRESS), points, sizeof(points));
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, before_0, end, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), POINTLIST, 4, first, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0xf);
   /* What is really before the buffer is beyond its end, and reads 0. */
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), POINTLIST, 4, 0, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0);

   /* From an ordinary buffer on, no index is so large that it comes to its beginning again. */
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 2048, RUN_ADDRESS, end, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), POINTLIST, 1, 0, 1, 0, 0);
   assert_int_equal(drawn_points(f), 1);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), POINTLIST, 1, 1 << 21, 1, 0, 0);
   assert_int_equal(drawn_points(f), 0);
}

/* An attribute that is overridden by the primitive's number, which goes on after a cut. */
static void
attributes_can_be_the_primitive_id(void **fixture)
{
   static const struct point points[] = {
      { 5.5f, 5.5f, 0.5f }, { 15.5f, 5.5f, 0.5f }, { 25.5f, 5.5f, 0.5f }, { 35.5f, 5.5f, 0.5f },
   };
   static const uint16_t indices[6] = { 0, 1, 0xffff, 2, 3 };
   const uint32_t target[8] = {
      1u << 29 | R32G32B32A32_UINT << 18, FIXTURE_DATA + BUFFER, 7 << 16 | 39, 40 * 16 - 1,
   };
   /* One flat attribute, all of whose components are overridden by constant source 3. */
   const uint32_t sbe[14] = { CMD(0x781f, 14), 1 << 22 | 1 << 21 | 1 << 11, 0xf << 12 | 3 << 9,
                              [11] = 1 };
   struct fixture *f = *fixture;
   uint32_t *texels = fixture_ggtt(f, FIXTURE_DATA + BUFFER);

   draw_state(f, 0, 0, 0, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7813, 7), 0, 1 << 29, 1 << 11 | 8, 0, 0, 0);
   fixture_submit(f, VGPU_RCS, sbe, 14);
   draw_render_target(f, target);
   /* Red of the lower right pixel of a subspan is the attribute's first component. */
   draw_pixel_shader_of_payload(f, 2, 2, 0);
   for (unsigned cut = 0; cut < 2; cut++) {
      memset(texels, 0xff, 40 * 16 * 8);
      memcpy(fixture_ggtt(f, RUN_ADDRESS + 0x1000), indices, sizeof(indices));
      SUBMIT(f, VGPU_RCS, CMD(0x780a, 3) | 1 << 10 | 1 << 8, RUN_ADDRESS + 0x1000,
             RUN_ADDRESS + 0x1000 + sizeof(indices) - 1);
      if (cut)
         SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), 1 << 8 | POINTLIST, 5, 0, 1, 0, 0);
      else
         draw_points(f, POINTLIST, points, 4);
      fixture_expect_no_fault(f);
      for (unsigned i = 0; i < 4; i++)
         assert_int_equal(texels[4 * (40 * 5 + 10 * i + 5)], i);
   }
}

/* A shader of a single message, whose type the table of messages has, or has not. */
static void
expect_type(struct fixture *f, enum eu_sfid sfid, enum vgpu_message_field field, unsigned type,
            const char *unknown)
{
   const struct vgpu_message *m = vgpu_message_find(sfid, field, type);

   if (m && m->done ? f->faults && strstr(f->last_fault, unknown)
                    : f->faults != 1 || !strstr(f->last_fault, unknown))
      fail_msg("%s, type %u, %s: %u faults, the last \"%s\"", eu_sfid_name(sfid), type,
               !m ? "reserved" : m->done ? "done" : "faults", f->faults, f->last_fault);
}

static void
render_target_writes_are_as_in_the_table(void **fixture)
{
   for (unsigned type = 0; type < 8; type++) {
      struct fixture *f = *fixture;

      draw_state(f, 0, 0, 40, 40, 0);
      draw_null_render_target(f);
      draw_pixel_shader_of_payload(f, 0, 2, 0);
      draw_message(f, KERNEL, EU_SFID_DP_RENDER_CACHE, 8 << 25 | 12 << 14 | 1 << 12 | type << 8);
      draw(f);
      expect_type(f, EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, type,
                  "render target write of type");
      fixture_teardown(fixture);
      fixture_setup(fixture);
   }
}

static void
urb_messages_are_as_in_the_table(void **fixture)
{
   for (unsigned type = 0; type < 8; type++) {
      static const float corners[] = { 10, 10 };
      struct fixture *f = *fixture;

      draw_state(f, 0, 0, 40, 40, 0);
      SUBMIT(f, VGPU_RCS, CMD(0x7830, 2), 32 << 16 | 1);
      SUBMIT(f, VGPU_RCS, CMD(0x7810, 6), KERNEL, 0, 0, 1 << 20 | 1 << 11, 1);
      draw_message(f, KERNEL, EU_SFID_URB, 2 << 25 | 1 << 19 | 1 << 14 | type);
      draw_primitives(f, POINTLIST, corners, 1);
      expect_type(f, EU_SFID_URB, VGPU_MESSAGE_TYPE, type, "URB message");
      fixture_teardown(fixture);
      fixture_setup(fixture);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_subspans_run),
      cmocka_unit_test_setup_teardown(pixel_shaders_get_the_topology, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(runs_of_any_length, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(indirect_parameters, fixture_setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(vertex_buffers_can_begin_before_address_0, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(attributes_can_be_the_primitive_id, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(render_target_writes_are_as_in_the_table, fixture_setup,
                                      fixture_teardown),
      cmocka_unit_test_setup_teardown(urb_messages_are_as_in_the_table, fixture_setup,
                                      fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
