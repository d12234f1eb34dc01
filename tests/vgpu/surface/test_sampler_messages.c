/*
 * SPDX-License-Identifier: MIT
 *
 * The sampling engine's messages: those that do not filter, and what a header changes.
 */

#include "sampler_test.h"

#include <string.h>

#include "sampler.h"

/* ld_mcs tells where samples are, ld2dms goes there, ld2dss takes each sample's own place. */
static void
loads_of_samples(void **state)
{
   struct surface_test *t = *state;
   const uint32_t state_address = MEMORY_ADDRESS + BINDING_TABLE + 0x400;
   const uint32_t mcs_address = TEXTURE + 0x8000;
   const struct test_surface base = {
      .type = VGPU_SURFACE_2D, .format = R32_UINT, .address = TEXTURE, .width = 8, .height = 4,
      .depth = 1, .pitch = 128, .tile = VGPU_TILING_Y, .lod0_spacing = true, .valign4 = true };

   for (unsigned has_mcs = 0; has_mcs < 2; has_mcs++) {
      test_bind(t, 0, &base);
      test_set(t, state_address, 131, 133, 2);
      test_set(t, state_address, 192, 192, has_mcs);
      test_set(t, state_address, 204, 223, mcs_address >> 12);
      test_set(t, state_address, 253, 253, 1); /* blue */
      struct vgpu_surface *s = vgpu_shader_env_surface(&t->env, 0);
      assert_non_null(s);
      for (uint32_t sample = 0; sample < 4; sample++) {
         const uint32_t value = 100 + sample;
         memcpy(test_memory(t, vgpu_surface_texel_address(s, 0, sample, 5, 2)), &value, 4);
      }
      *test_memory(t, mcs_address + 2 * 16 + 5) = 0x1b; /* the other way round */

      test_payload_u(t, 0, 0, 5);
      test_payload_u(t, 1, 0, 2);
      assert_true(test_sample(t, LD_MCS, SIMD8, 2, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 0x1b : 0);
      test_payload_u(t, 0, 0, 1); /* sample */
      test_payload_u(t, 1, 0, 0x1b);
      test_payload_u(t, 2, 0, 5);
      test_payload_u(t, 3, 0, 2);
      assert_true(test_sample(t, LD2DMS, SIMD8, 4, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 102 : 101);
      test_payload_u(t, 1, 0, ~0u);
      assert_true(test_sample(t, LD2DMS, SIMD8, 4, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 0 : 101);
      assert_int_equal(test_response_u(t, 2, 0), has_mcs);
      test_payload_u(t, 1, 0, 5);
      test_payload_u(t, 2, 0, 2);
      assert_true(test_sample(t, LD2DSS, SIMD8, 3, false));
      assert_int_equal(test_response_u(t, 0, 0), 101);
      assert_true(test_sample(t, SAMPLEINFO, SIMD8, 0, true));
      assert_int_equal(test_response_u(t, 0, 0), 4);
      vgpu_shader_env_fini(&t->env);
   }
}

static void
gathers(void **state)
{
   struct surface_test *t = *state;
   static const float want[4] = { 22, 23, 13, 12 };

   test_bind(t, 0, &test_flat);
   test_fill(t);
   test_set_sampler(t, &test_plain);
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_f(t, 1, 0, 3.0f / 8);
   test_payload_f(t, 2, 0, 2.0f / 4);
   assert_true(test_sample(t, GATHER4, SIMD8, 2, true));
   for (unsigned c = 0; c < 4; c++)
      test_near_to(test_response_f(t, c, 0), want[c]);
   test_payload_u(t, 0, 2, 3 << 16); /* alpha */
   assert_true(test_sample(t, GATHER4, SIMD8, 2, true));
   test_near_to(test_response_f(t, 2, 0), 1.0f);
   test_payload_u(t, 0, 2, 0);
   test_payload_u(t, 3, 0, (uint32_t)-1);
   test_payload_u(t, 4, 0, 1);
   assert_true(test_sample(t, GATHER4_PO, SIMD8, 4, true));
   for (unsigned c = 0; c < 4; c++)
      test_near_to(test_response_f(t, c, 0), want[c] + 9);
}

static void
header_offsets_and_masks(void **state)
{
   struct surface_test *t = *state;

   test_bind(t, 0, &test_flat);
   test_fill(t);
   test_set_sampler(t, &test_plain);
   memset(t->payload, 0, sizeof(t->payload));
   /* u + 2, v - 3; green and blue masked; another sampler table */
   memcpy(test_memory(t, MEMORY_ADDRESS + SAMPLER + 0x40),
          test_memory(t, MEMORY_ADDRESS + SAMPLER), 16);
   test_payload_u(t, 0, 2, 2 << 8 | 13 << 4 | 6 << 12);
   test_payload_u(t, 0, 3, SAMPLER + 0x40);
   test_payload_f(t, 2, 0, 1.5f / 8);
   test_payload_f(t, 3, 0, 3.5f / 4);
   assert_true(test_send(t, vgpu_sampler_send, SAMPLE_L << 12 | SIMD8 << 17, 4, 2, true, 1));
   test_near_to(test_response_f(t, 0, 0), 3);
   test_near_to(test_response_f(t, 1, 0), 1);
   assert_int_equal(test_response_u(t, 2, 0), TEST_UNTOUCHED);
}

static void
loads(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = test_flat;

   mipped.mip_count = 2;
   mipped.depth = 3;
   test_bind(t, 0, &mipped);
   test_fill(t);
   static const struct {
      int u, lod, v, r;
      float want;
   } cases[] = {
      { 5, 0, 3, 1, 135 }, { 3, 1, 1, 2, 1213 }, { 8, 0, 0, 0, 0 },  { -1, 0, 0, 0, 0 },
      { 1, 0, 4, 0, 0 },   { 1, 0, 1, 3, 0 },    { 0, 3, 0, 1, 0 },  { 0, -1, 0, 1, 0 },
      { 4, 1, 1, 0, 0 },   { 1, 2, 0, 0, 2001 },
   };
   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      test_payload_u(t, 0, 1, (uint32_t)cases[i].u);
      test_payload_u(t, 1, 1, (uint32_t)cases[i].lod);
      test_payload_u(t, 2, 1, (uint32_t)cases[i].v);
      test_payload_u(t, 3, 1, (uint32_t)cases[i].r);
      assert_true(test_sample(t, LD, SIMD8, 4, false));
      test_near_to(test_response_f(t, 0, 1), cases[i].want);
   }
   /* SIMD4x2 has u v r lod in one register */
   test_payload_u(t, 0, 4, 3);
   test_payload_u(t, 0, 5, 1);
   test_payload_u(t, 0, 6, 2);
   test_payload_u(t, 0, 7, 1);
   assert_true(test_send(t, vgpu_sampler_send, LD << 12, 1, 1, false, 0xb0));
   test_near_to(test_response_f(t, 0, 4), 1213);
   test_near_to(test_response_f(t, 0, 7), 1);
   assert_int_equal(test_response_u(t, 0, 6), TEST_UNTOUCHED);
   assert_int_equal(test_response_u(t, 0, 0), TEST_UNTOUCHED);

   test_bind_buffer(t, 0, R32G32B32A32_FLOAT, TEXTURE, 4, 16);
   for (unsigned i = 0; i < 17; i++)
      test_set(t, TEXTURE, 32 * i, 32 * i + 31, test_bits((float)i));
   test_payload_u(t, 0, 0, 3);
   test_payload_u(t, 0, 1, 4);
   assert_true(test_sample(t, LD, SIMD8, 1, false));
   test_near_to(test_response_f(t, 2, 0), 14);
   test_near_to(test_response_f(t, 0, 1), 0);
   assert_false(t->faulted);
}

static void
queries(void **state)
{
   struct surface_test *t = *state;
   struct test_surface s = test_flat;

   s.width = 100;
   s.height = 50;
   s.depth = 7;
   s.pitch = 512;
   s.mip_count = 4;
   test_bind(t, 0, &s);
   test_payload_u(t, 0, 0, 2);
   test_payload_u(t, 0, 1, 5);
   assert_true(test_sample(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 25);
   assert_int_equal(test_response_u(t, 1, 0), 12);
   assert_int_equal(test_response_u(t, 2, 0), 7);
   assert_int_equal(test_response_u(t, 3, 0), 5);
   assert_int_equal(test_response_u(t, 0, 1), 0);
   test_bind_buffer(t, 0, R32_FLOAT, TEXTURE, 1000, 4);
   assert_true(test_sample(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 1000);
   s.type = VGPU_SURFACE_NULL;
   test_bind(t, 0, &s);
   assert_true(test_sample(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 0);
   test_near_to(test_sample_at(t, 0.5f, 0.5f, 0, 0), 0);
}

static void
what_is_not_modelled_faults_by_name(void **state)
{
   struct surface_test *t = *state;
   struct test_surface s = test_flat;
   struct test_sampler linear = test_plain;

   test_bind(t, 0, &s);
   test_set_sampler(t, &test_plain);
   test_expect_fault(t, test_sample(t, 13, SIMD8, 1, false), "reserved");
   test_expect_fault(t, test_sample(t, SAMPLE, 3, 1, false), "SIMD32/64");
   test_expect_fault(t, test_sample(t, SAMPLE, SIMD4X2, 1, false), "derivatives");
   test_set(t, MEMORY_ADDRESS + SAMPLER, 14, 16, 3);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "Min Mode Filter 3");
   test_set_sampler(t, &test_plain);
   test_set(t, MEMORY_ADDRESS + SAMPLER, 121, 121, 1);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "ChromaKey");
   test_set_sampler(t, &test_plain);
   test_set(t, MEMORY_ADDRESS + SAMPLER, 99, 101, 6);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "Address Control Modes");
   linear.min = LINEAR;
   test_set_sampler(t, &linear);
   s.format = R32_UINT;
   test_bind(t, 0, &s);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "R32_UINT with a linear filter");
   test_set_sampler(t, &test_plain);
   test_expect_fault(t, test_sample(t, SAMPLE_L_C, SIMD8, 4, false), "comparison with R32_UINT");
   s.format = YCRCB_NORMAL;
   test_bind(t, 0, &s);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "YCRCB_NORMAL");
   s.format = R32_FLOAT;
   s.address = 0x10000000;
   test_bind(t, 0, &s);
   test_expect_fault(t, test_sample(t, SAMPLE_L, SIMD8, 4, false), "no memory");
}

int
main(void)
{
#define TEST(name)                                                                              \
   cmocka_unit_test_setup_teardown(name, surface_test_setup, surface_test_teardown)
   const struct CMUnitTest tests[] = {
      TEST(loads_of_samples),
      TEST(gathers),
      TEST(header_offsets_and_masks),
      TEST(loads),
      TEST(queries),
      TEST(what_is_not_modelled_faults_by_name),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
