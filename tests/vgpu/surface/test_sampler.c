/*
 * SPDX-License-Identifier: MIT
 *
 * The sampling engine's filters: which texels a coordinate takes, and how they are weighed.
 */

#include "sampler_test.h"

#include <math.h>
#include <string.h>

#include "sampler.h"

static void
nearest_takes_the_texel_it_is_in(void **state)
{
   struct surface_test *t = *state;

   test_bind(t, 0, &test_flat);
   test_fill(t);
   test_set_sampler(t, &test_plain);
   for (unsigned x = 0; x < 8; x++) {
      for (unsigned y = 0; y < 4; y++)
         test_near_to(test_sample_at(t, ((float)x + 0.9f) / 8, ((float)y + 0.1f) / 4, 0, 0),
                      test_texel_value(0, 0, x, y));
   }
   test_near_to(test_response_f(t, 1, 5), 0.0f);
   test_near_to(test_response_f(t, 3, 5), 1.0f);
}

static void
address_modes(void **state)
{
   struct surface_test *t = *state;
   /* columns -9 to 16 of a texture of 8: what each mode makes of them */
   struct test_sampler s = test_plain;

   test_bind(t, 0, &test_flat);
   test_fill(t);
   for (s.wrap[0] = WRAP; s.wrap[0] <= MIRROR_ONCE; s.wrap[0]++) {
      s.wrap[1] = CLAMP;
      test_set_sampler(t, &s);
      for (int x = -9; x <= 16; x++) {
         int want = x;
         switch (s.wrap[0]) {
         case WRAP:
            want = (x + 16) % 8;
            break;
         case MIRROR:
            want = (x + 16) % 16;
            want = want > 7 ? 15 - want : want;
            break;
         case MIRROR_ONCE:
            want = x < 0 ? -1 - x : x;
            /* fallthrough */
         default:
            want = want < 0 ? 0 : want > 7 ? 7 : want;
         }
         float have = test_sample_at(t, ((float)x + 0.5f) / 8, 0.1f, 0, 0);
         if (s.wrap[0] == BORDER_MODE && (x < 0 || x > 7))
            test_near_to(have, -1.0f);
         else
            test_near_to(have, (float)want);
      }
   }
   test_near_to(test_sample_at(t, NAN, NAN, NAN, NAN), 0.0f);
   assert_true(isfinite(test_sample_at(t, INFINITY, -INFINITY, 1e30f, 1e30f)));
}

static void
linear_weighs_four_texels(void **state)
{
   struct surface_test *t = *state;
   struct test_sampler s = test_plain;

   s.min = s.mag = LINEAR;
   s.wrap[1] = CLAMP;
   test_bind(t, 0, &test_flat);
   test_fill(t);
   test_set_sampler(t, &s);
   /* within the texture the value is linear in x and y */
   test_near_to(test_sample_at(t, 3.25f / 8, 2.0f / 4, 0, 0), 10 * 1.5f + 2.75f);
   /* wraps to the left in x, stays in y */
   test_near_to(test_sample_at(t, 0.25f / 8, 0.0f, 0, 0), 0.75f * 0 + 0.25f * 7);
   s.wrap[0] = s.wrap[1] = BORDER_MODE;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0.0f, 0.5f / 4, 0, 0), 0.5f * -1 + 0.5f * 0);
}

static void
mips_and_their_clamps(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = test_flat;
   struct test_sampler s = test_plain;

   mipped.mip_count = 3;
   test_bind(t, 0, &mipped);
   test_fill(t);
   s.mip = MIP_NEAREST;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 0.4f), 0);
   test_near_to(test_sample_at(t, 0, 0, 0, 0.6f), 1000);
   test_near_to(test_sample_at(t, 0, 0, 0, 2.4f), 2000);
   test_near_to(test_sample_at(t, 0, 0, 0, 9.0f), 3000);
   test_near_to(test_sample_at(t, 0, 0, 0, -5.0f), 0);
   s.mip = MIP_LINEAR;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 1.25f), 1250);
   s.bias = -1.0f;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 2.5f), 1500);
   s.bias = 0;
   s.min_lod = 1.5f;
   s.max_lod = 2.5f;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 0), 1500);
   test_near_to(test_sample_at(t, 0, 0, 0, 9), 2500);
   s.mip = MIP_NONE;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 9), 0);
   mipped.min_lod = 1;
   mipped.mip_count = 1;
   test_bind(t, 0, &mipped);
   s = test_plain;
   s.mip = MIP_NEAREST;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 0, 0), 1000);
   test_near_to(test_sample_at(t, 0, 0, 0, 7), 2000);
}

static void
mag_and_min_filters(void **state)
{
   struct surface_test *t = *state;
   struct test_sampler s = test_plain;

   s.mag = LINEAR;
   test_bind(t, 0, &test_flat);
   test_fill(t);
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 3.0f / 8, 0.5f / 4, 0, -0.1f), 2.5f);
   test_near_to(test_sample_at(t, 3.0f / 8, 0.5f / 4, 0, 0.0f), 2.5f);
   test_near_to(test_sample_at(t, 3.0f / 8, 0.5f / 4, 0, 0.1f), 3.0f);
}

/* Subspans with steps of 2 texels across and 4 down: LOD 2, also where pixels are off. */
static void
lod_from_subspans(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = test_flat;
   struct test_sampler s = test_plain;

   mipped.mip_count = 3;
   test_bind(t, 0, &mipped);
   test_fill(t);
   s.mip = MIP_LINEAR;
   test_set_sampler(t, &s);
   for (unsigned c = 0; c < 16; c++) {
      float scale = c < 8 ? 1.0f : 0.5f;
      test_payload_f(t, 0 + c / 8, c % 8, scale * (float)(c & 1) * 2 / 8);
      test_payload_f(t, 2 + c / 8, c % 8, scale * (float)(c >> 1 & 1) * 4 / 4);
   }
   assert_true(test_send(t, vgpu_sampler_send, SAMPLE << 12 | SIMD16 << 17, 4, 8, false, 0x0110));
   test_near_to(test_response_f(t, 0, 4), 2000);
   test_near_to(test_response_f(t, 1, 0), 1000);
   assert_int_equal(test_response_u(t, 0, 0), TEST_UNTOUCHED);
   assert_int_equal(test_response_u(t, 0, 5), TEST_UNTOUCHED);

   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, 1.0f);
      test_payload_f(t, 1, c, (float)(c & 1) * 2 / 8);
      test_payload_f(t, 2, c, 0);
   }
   assert_true(test_sample(t, SAMPLE_B, SIMD8, 3, false));
   test_near_to(test_response_f(t, 0, 0), 2000);
   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, (float)(c & 1) * 4 / 8);
      test_payload_f(t, 1, c, 0);
   }
   assert_true(test_sample(t, LOD, SIMD8, 2, false));
   test_near_to(test_response_f(t, 0, 0), 2);
   test_near_to(test_response_f(t, 1, 0), 2);
   /* u dudx dudy v dvdx dvdy */
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_f(t, 1, 0, 1.0f / 8);
   test_payload_f(t, 5, 0, 2.0f / 4);
   assert_true(test_sample(t, SAMPLE_D, SIMD8, 6, false));
   test_near_to(test_response_f(t, 0, 0), 1000);
}

/* sample_d in channel 0 at a place of the first LOD, with steps in its texels. */
static float
sample_d(struct surface_test *t, float u, float v, float dudx, float dudy, float dvdx, float dvdy)
{
   const float params[6] = { u / 8, dudx / 8, dudy / 8, v / 4, dvdx / 4, dvdy / 4 };

   memset(t->payload, 0, sizeof(t->payload));
   for (unsigned i = 0; i < 6; i++)
      test_payload_f(t, i, 0, params[i]);
   if (!test_sample(t, SAMPLE_D, SIMD8, 6, false))
      fail_msg("%s %s", t->thread.fault.text, t->fault);
   return test_response_f(t, 0, 0);
}

/*
 * An anisotropic filter takes as many samples as the footprint is longer than wide, along its
 * longer side, each of the LOD that its width asks for: EXT_texture_filter_anisotropic's formula.
 */
static void
anisotropic_filters_along_a_line(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = test_flat;
   struct test_sampler aniso = test_plain;
   float sum = 0;

   mipped.mip_count = 2;
   test_bind(t, 0, &mipped);
   test_fill(t);
   aniso.min = aniso.mag = ANISOTROPIC;
   aniso.mip = MIP_NEAREST;
   aniso.wrap[0] = aniso.wrap[1] = CLAMP;
   aniso.max_anisotropy = 7;
   test_set_sampler(t, &aniso);
   /* Texel (x, y) is 10 y + x, so a linear sample at (u, v) is 10 (v - 0.5) + u - 0.5. */
   test_near_to(sample_d(t, 4, 2, 4, 0, 0, 1), 10 * 1.5f + 3.5f);
   /* Not centred: near the edge the samples are clamped one by one. */
   for (unsigned i = 1; i <= 4; i++) {
      const float u = 0.5f + 4 * ((float)i / 5 - 0.5f);
      sum += 10 * 1.5f + (u < 0.5f ? 0 : u - 0.5f);
   }
   test_near_to(sample_d(t, 0.5f, 2, 4, 0, 0, 1), sum / 4);
   test_near_to(sample_d(t, 0.5f, 2, 0, 4, 1, 0), sum / 4);
   test_near_to(sample_d(t, 0.5f, 2, -4, 0, 0, 1), sum / 4);
   /* A ratio that is no whole number is rounded up. */
   sum = 0;
   for (unsigned i = 1; i <= 3; i++) {
      const float u = 0.5f + 2.5f * ((float)i / 4 - 0.5f);
      sum += 10 * 1.5f + (u < 0.5f ? 0 : u - 0.5f);
   }
   test_near_to(sample_d(t, 0.5f, 2, 2.5f, 0, 0, 1), sum / 3);
   /* At most 2 to 1: two samples, of the second LOD, where a texel is two. */
   aniso.max_anisotropy = 0;
   test_set_sampler(t, &aniso);
   test_near_to(sample_d(t, 4, 2, 4, 0, 0, 1), 1000 + 10 * 0.5f + 1.5f);
   /* As wide as long: one sample, as a linear filter's. */
   test_near_to(sample_d(t, 4, 2, 1, 0, 0, 1), 10 * 1.5f + 3.5f);
   /* A footprint of no width has the longest line; one of no size, a sample. */
   test_near_to(sample_d(t, 4, 2, 2, 0, 0, 0), 10 * 1.5f + 3.5f);
   test_near_to(sample_d(t, 4, 2, 0, 0, 0, 0), 10 * 1.5f + 3.5f);
   /* A message that brings its LOD has no footprint. */
   test_near_to(test_sample_at(t, 4.0f / 8, 2.0f / 4, 0, 0), 10 * 1.5f + 3.5f);
}

static void
arrays_round_and_clamp(void **state)
{
   struct surface_test *t = *state;
   struct test_surface array = test_flat;

   array.depth = 4;
   test_bind(t, 0, &array);
   test_fill(t);
   test_set_sampler(t, &test_plain);
   test_near_to(test_sample_at(t, 0, 0, 1.4f, 0), 100);
   test_near_to(test_sample_at(t, 0, 0, 1.5f, 0), 200);
   test_near_to(test_sample_at(t, 0, 0, 2.5f, 0), 200);
   test_near_to(test_sample_at(t, 0, 0, -3.0f, 0), 0);
   test_near_to(test_sample_at(t, 0, 0, 9.0f, 0), 300);
   array.depth = 2;
   array.min_array_element = 1;
   test_bind(t, 0, &array);
   test_near_to(test_sample_at(t, 0, 0, 9.0f, 0), 200);
   array = test_flat;
   array.type = VGPU_SURFACE_1D;
   array.depth = 3;
   test_bind(t, 0, &array);
   test_fill(t);
   test_near_to(test_sample_at(t, 3.5f / 8, 2.0f, 0, 0), 203);
}

static void
volumes(void **state)
{
   struct surface_test *t = *state;
   struct test_surface volume = test_flat;
   struct test_sampler s = test_plain;

   volume.type = VGPU_SURFACE_3D;
   volume.depth = 4;
   volume.mip_count = 2;
   test_bind(t, 0, &volume);
   test_fill(t);
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0, 0, 2.5f / 4, 0), 200);
   s.mip = MIP_NEAREST;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 0.9f, 0.9f, 0.9f, 1), test_texel_value(1, 1, 3, 1));
   s.min = s.mag = LINEAR;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 2.0f / 8, 0.5f / 4, 2.0f / 4, 0), 151.5f);
}

static void
cube_faces_and_edges(void **state)
{
   struct surface_test *t = *state;
   struct test_surface cube = test_flat;
   struct test_sampler s = test_plain;
   static const float centres[6][3] = { { 1, 0, 0 },  { -1, 0, 0 }, { 0, 1, 0 },
                                        { 0, -1, 0 }, { 0, 0, 1 },  { 0, 0, -1 } };

   cube.type = VGPU_SURFACE_CUBE;
   cube.width = cube.height = 4;
   test_bind(t, 0, &cube);
   test_fill(t);
   test_set_sampler(t, &s);
   for (unsigned face = 0; face < 6; face++) {
      const float *p = centres[face];

      test_near_to(floorf(test_sample_at(t, p[0], p[1], p[2], 0) / 100), (float)face);
   }
   /* the upper left texel of +z is towards -x, +y */
   test_near_to(test_sample_at(t, -0.9f, 0.9f, 1, 0), 400);
   test_near_to(test_sample_at(t, 0.9f, 0.9f, 1, 0), 403);
   test_near_to(test_sample_at(t, 1, 0.9f, 0.9f, 0), 0);
   test_near_to(test_sample_at(t, 0.9f, 1, -0.9f, 0), 203);
   s.min = s.mag = LINEAR;
   s.wrap[0] = s.wrap[1] = s.wrap[2] = CUBE;
   test_set_sampler(t, &s);
   /* on the edge of +z and +x, in the middle of row 1: half of each */
   test_near_to(test_sample_at(t, 1, 0.25f, 0.99999f, 0), (413 + 10) / 2.0f);
   /* on the corner of +x, +y, +z: a third of each */
   test_near_to(test_sample_at(t, 1, 0.99999f, 0.99999f, 0), (403 + 0 + 233) / 3.0f);
   s.wrap[0] = s.wrap[1] = s.wrap[2] = CLAMP;
   test_set_sampler(t, &s);
   test_near_to(test_sample_at(t, 1, 0.25f, 0.99999f, 0), 10);
}

/*
 * At the edge of a polygon that shows one face, a subspan has pixels that are beyond it and on the
 * next face. They must not spoil the LOD of the others.
 */
static void
cube_lod_at_an_edge(void **state)
{
   struct surface_test *t = *state;
   struct test_surface cube = test_flat;
   struct test_sampler s = test_plain;

   cube.type = VGPU_SURFACE_CUBE;
   cube.width = cube.height = 16;
   cube.mip_count = 4;
   test_bind(t, 0, &cube);
   test_set_sampler(t, &s);
   /* Steps of four texels; the left pixels, at x = -1.25, see -x. */
   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, c & 1 ? -0.75f : -1.25f);
      test_payload_f(t, 1, c, c & 2 ? -0.75f : -0.25f);
      test_payload_f(t, 2, c, 1);
   }
   assert_true(test_sample(t, LOD, SIMD8, 3, false));
   test_near_to(test_response_f(t, 1, 1), 2);
   test_near_to(test_response_f(t, 1, 3), 2);
}

static void
comparisons(void **state)
{
   struct surface_test *t = *state;
   struct test_surface depth = test_flat;
   struct test_sampler s = test_plain;
   /* by function: whether texels below, equal to and above the reference give 1 */
   static const uint8_t results[8] = { 0, 7, 6, 5, 4, 3, 2, 1 };

   test_bind(t, 0, &depth);
   test_fill(t);
   for (s.shadow = 0; s.shadow < 8; s.shadow++) {
      test_set_sampler(t, &s);
      for (unsigned i = 0; i < 3; i++) {
         test_payload_f(t, 0, 0, 3.0f);           /* reference */
         test_payload_f(t, 1, 0, 0.0f);           /* LOD */
         test_payload_f(t, 2, 0, (2.5f + (float)i) / 8);
         test_payload_f(t, 3, 0, 0.0f);
         assert_true(test_sample(t, SAMPLE_L_C, SIMD8, 4, false));
         test_near_to(test_response_f(t, 0, 0), (float)(results[s.shadow] >> i & 1));
         test_near_to(test_response_f(t, 3, 0), 1);
      }
   }
   /* Percentage closer: LESS gives 1 for texels that are not less than 3 */
   s.shadow = 2;
   s.min = s.mag = LINEAR;
   test_set_sampler(t, &s);
   test_payload_f(t, 2, 0, 3.25f / 8);
   test_payload_f(t, 3, 0, 0.5f / 4);
   assert_true(test_sample(t, SAMPLE_L_C, SIMD8, 4, false));
   test_near_to(test_response_f(t, 0, 0), 0.75f);
   depth.format = L32_FLOAT;
   test_bind(t, 0, &depth);
   assert_true(test_sample(t, SAMPLE_L_C, SIMD8, 4, false));
   test_near_to(test_response_f(t, 2, 0), 0.75f);
   test_near_to(test_response_f(t, 3, 0), 1);
}

int
main(void)
{
#define TEST(name)                                                                              \
   cmocka_unit_test_setup_teardown(name, surface_test_setup, surface_test_teardown)
   const struct CMUnitTest tests[] = {
      TEST(nearest_takes_the_texel_it_is_in),
      TEST(address_modes),
      TEST(linear_weighs_four_texels),
      TEST(mips_and_their_clamps),
      TEST(mag_and_min_filters),
      TEST(lod_from_subspans),
      TEST(anisotropic_filters_along_a_line),
      TEST(arrays_round_and_clamp),
      TEST(volumes),
      TEST(cube_faces_and_edges),
      TEST(cube_lod_at_an_edge),
      TEST(comparisons),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
