/*
 * SPDX-License-Identifier: MIT
 *
 * The sampling engine: small textures whose texels say where they are.
 */

#include "surface_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"
#include "sampler_priv.h"
#include "sampler_quick.h"

#define R32G32_FLOAT 0x085
#define R32_FLOAT 0x0d8
#define R32_UINT 0x0d7
#define R8G8B8A8_UNORM 0x0c7
#define L32_FLOAT 0x0e4
#define R32G32B32A32_FLOAT 0x000
#define YCRCB_NORMAL 0x182

enum { SIMD4X2 = 0, SIMD8 = 1, SIMD16 = 2 };
enum { NEAREST = 0, LINEAR = 1, ANISOTROPIC = 2 };
enum { MIP_NONE = 0, MIP_NEAREST = 1, MIP_LINEAR = 3 };
enum { WRAP, MIRROR, CLAMP, CUBE, BORDER_MODE, MIRROR_ONCE };
enum {
   SAMPLE, SAMPLE_B, SAMPLE_L, SAMPLE_C, SAMPLE_D, SAMPLE_B_C, SAMPLE_L_C, LD, GATHER4, LOD,
   RESINFO, SAMPLEINFO, GATHER4_C = 16, GATHER4_PO, GATHER4_PO_C, LD_MCS = 29, LD2DMS, LD2DSS,
};

struct sampler {
   unsigned min, mag, mip, wrap[3], shadow, max_anisotropy; /* 0: 2 to 1, 7: 16 to 1 */
   float min_lod, max_lod, bias;
   bool preclamp, non_normalized;
};

static void
set_sampler(struct surface_test *t, const struct sampler *s)
{
   const uint32_t address = MEMORY_ADDRESS + SAMPLER;

   vgpu_shader_env_fini(&t->env); /* a draw reads a sampler once */
   memset(test_memory(t, address), 0, 16);
   test_set(t, address, 1, 13, (uint32_t)(int32_t)(s->bias * 256));
   test_set(t, address, 14, 16, s->min);
   test_set(t, address, 17, 19, s->mag);
   test_set(t, address, 20, 21, s->mip);
   test_set(t, address, 28, 28, s->preclamp);
   test_set(t, address, 33, 35, s->shadow);
   test_set(t, address, 40, 51, (uint32_t)(s->max_lod * 256));
   test_set(t, address, 52, 63, (uint32_t)(s->min_lod * 256));
   test_set(t, address, 69, 95, BORDER >> 5);
   test_set(t, address, 102, 104, s->wrap[0]);
   test_set(t, address, 99, 101, s->wrap[1]);
   test_set(t, address, 96, 98, s->wrap[2]);
   test_set(t, address, 106, 106, s->non_normalized);
   test_set(t, address, 115, 117, s->max_anisotropy);
   for (unsigned c = 0; c < 4; c++)
      test_set(t, MEMORY_ADDRESS + BORDER, 32 * c, 32 * c + 31, test_bits(-1.0f - (float)c));
}

/* A texture of floats; texel (x, y) of a LOD and layer is a number that says so. */
static float
texel_value(uint32_t lod, uint32_t layer, uint32_t x, uint32_t y)
{
   return (float)(1000 * lod + 100 * layer + 10 * y + x);
}

static void
fill(struct surface_test *t)
{
   struct vgpu_surface *s = vgpu_shader_env_surface(&t->env, 0);

   assert_non_null(s);
   for (uint32_t lod = 0; lod <= s->min_lod + s->mip_count; lod++) {
      for (uint32_t layer = 0; layer < vgpu_surface_layers(s, lod); layer++) {
         for (uint32_t y = 0; y < vgpu_surface_minify(s->height, lod); y++) {
            for (uint32_t x = 0; x < vgpu_surface_minify(s->width, lod); x++) {
               float value = texel_value(lod, layer, x, y);
               uint32_t address = vgpu_surface_texel_address(s, lod, layer, x, y);
               memcpy(test_memory(t, address), &value, 4);
            }
         }
      }
   }
}

static const struct test_surface flat = { .type = VGPU_SURFACE_2D, .format = R32_FLOAT,
                                          .address = TEXTURE, .width = 8, .height = 4,
                                          .depth = 1, .array = true, .pitch = 64 };
static const struct sampler plain = { .max_lod = 14, .preclamp = true };

static bool
send(struct surface_test *t, unsigned type, unsigned simd, unsigned params, bool header)
{
   unsigned per = simd == SIMD16 ? 2 : 1;

   return test_send(t, vgpu_sampler_send, type << 12 | simd << 17, header + params * per,
                    simd == SIMD4X2 ? 1 : 4 * per, header, 0xffff);
}

/* sample_l of one point in SIMD8, in channel 5. */
static float
sample_at(struct surface_test *t, float u, float v, float r, float lod)
{
   test_payload_f(t, 0, 5, lod);
   test_payload_f(t, 1, 5, u);
   test_payload_f(t, 2, 5, v);
   test_payload_f(t, 3, 5, r);
   if (!send(t, SAMPLE_L, SIMD8, 4, false))
      fail_msg("%s %s", t->thread.fault.text, t->fault);
   return test_response_f(t, 0, 5);
}

static void
near_to(float have, float want)
{
   if (!(fabsf(have - want) <= 1e-4f * (1 + fabsf(want))))
      fail_msg("%.9g, not %.9g", have, want);
}

static void
nearest_takes_the_texel_it_is_in(void **state)
{
   struct surface_test *t = *state;

   test_bind(t, 0, &flat);
   fill(t);
   set_sampler(t, &plain);
   for (unsigned x = 0; x < 8; x++) {
      for (unsigned y = 0; y < 4; y++)
         near_to(sample_at(t, ((float)x + 0.9f) / 8, ((float)y + 0.1f) / 4, 0, 0),
                 texel_value(0, 0, x, y));
   }
   near_to(test_response_f(t, 1, 5), 0.0f);
   near_to(test_response_f(t, 3, 5), 1.0f);
}

static void
address_modes(void **state)
{
   struct surface_test *t = *state;
   /* columns -9 to 16 of a texture of 8: what each mode makes of them */
   struct sampler s = plain;

   test_bind(t, 0, &flat);
   fill(t);
   for (s.wrap[0] = WRAP; s.wrap[0] <= MIRROR_ONCE; s.wrap[0]++) {
      s.wrap[1] = CLAMP;
      set_sampler(t, &s);
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
         float have = sample_at(t, ((float)x + 0.5f) / 8, 0.1f, 0, 0);
         if (s.wrap[0] == BORDER_MODE && (x < 0 || x > 7))
            near_to(have, -1.0f);
         else
            near_to(have, (float)want);
      }
   }
   near_to(sample_at(t, NAN, NAN, NAN, NAN), 0.0f);
   assert_true(isfinite(sample_at(t, INFINITY, -INFINITY, 1e30f, 1e30f)));
}

static void
linear_weighs_four_texels(void **state)
{
   struct surface_test *t = *state;
   struct sampler s = plain;

   s.min = s.mag = LINEAR;
   s.wrap[1] = CLAMP;
   test_bind(t, 0, &flat);
   fill(t);
   set_sampler(t, &s);
   /* within the texture the value is linear in x and y */
   near_to(sample_at(t, 3.25f / 8, 2.0f / 4, 0, 0), 10 * 1.5f + 2.75f);
   /* wraps to the left in x, stays in y */
   near_to(sample_at(t, 0.25f / 8, 0.0f, 0, 0), 0.75f * 0 + 0.25f * 7);
   s.wrap[0] = s.wrap[1] = BORDER_MODE;
   set_sampler(t, &s);
   near_to(sample_at(t, 0.0f, 0.5f / 4, 0, 0), 0.5f * -1 + 0.5f * 0);
}

static void
mips_and_their_clamps(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = flat;
   struct sampler s = plain;

   mipped.mip_count = 3;
   test_bind(t, 0, &mipped);
   fill(t);
   s.mip = MIP_NEAREST;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 0.4f), 0);
   near_to(sample_at(t, 0, 0, 0, 0.6f), 1000);
   near_to(sample_at(t, 0, 0, 0, 2.4f), 2000);
   near_to(sample_at(t, 0, 0, 0, 9.0f), 3000);
   near_to(sample_at(t, 0, 0, 0, -5.0f), 0);
   s.mip = MIP_LINEAR;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 1.25f), 1250);
   s.bias = -1.0f;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 2.5f), 1500);
   s.bias = 0;
   s.min_lod = 1.5f;
   s.max_lod = 2.5f;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 0), 1500);
   near_to(sample_at(t, 0, 0, 0, 9), 2500);
   s.mip = MIP_NONE;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 9), 0);
   mipped.min_lod = 1;
   mipped.mip_count = 1;
   test_bind(t, 0, &mipped);
   s = plain;
   s.mip = MIP_NEAREST;
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 0, 0), 1000);
   near_to(sample_at(t, 0, 0, 0, 7), 2000);
}

static void
mag_and_min_filters(void **state)
{
   struct surface_test *t = *state;
   struct sampler s = plain;

   s.mag = LINEAR;
   test_bind(t, 0, &flat);
   fill(t);
   set_sampler(t, &s);
   near_to(sample_at(t, 3.0f / 8, 0.5f / 4, 0, -0.1f), 2.5f);
   near_to(sample_at(t, 3.0f / 8, 0.5f / 4, 0, 0.0f), 2.5f);
   near_to(sample_at(t, 3.0f / 8, 0.5f / 4, 0, 0.1f), 3.0f);
}

/* Subspans with steps of 2 texels across and 4 down: LOD 2, also where pixels are off. */
static void
lod_from_subspans(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = flat;
   struct sampler s = plain;

   mipped.mip_count = 3;
   test_bind(t, 0, &mipped);
   fill(t);
   s.mip = MIP_LINEAR;
   set_sampler(t, &s);
   for (unsigned c = 0; c < 16; c++) {
      float scale = c < 8 ? 1.0f : 0.5f;
      test_payload_f(t, 0 + c / 8, c % 8, scale * (float)(c & 1) * 2 / 8);
      test_payload_f(t, 2 + c / 8, c % 8, scale * (float)(c >> 1 & 1) * 4 / 4);
   }
   assert_true(test_send(t, vgpu_sampler_send, SAMPLE << 12 | SIMD16 << 17, 4, 8, false, 0x0110));
   near_to(test_response_f(t, 0, 4), 2000);
   near_to(test_response_f(t, 1, 0), 1000);
   assert_int_equal(test_response_u(t, 0, 0), TEST_UNTOUCHED);
   assert_int_equal(test_response_u(t, 0, 5), TEST_UNTOUCHED);

   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, 1.0f);
      test_payload_f(t, 1, c, (float)(c & 1) * 2 / 8);
      test_payload_f(t, 2, c, 0);
   }
   assert_true(send(t, SAMPLE_B, SIMD8, 3, false));
   near_to(test_response_f(t, 0, 0), 2000);
   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, (float)(c & 1) * 4 / 8);
      test_payload_f(t, 1, c, 0);
   }
   assert_true(send(t, LOD, SIMD8, 2, false));
   near_to(test_response_f(t, 0, 0), 2);
   near_to(test_response_f(t, 1, 0), 2);
   /* u dudx dudy v dvdx dvdy */
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_f(t, 1, 0, 1.0f / 8);
   test_payload_f(t, 5, 0, 2.0f / 4);
   assert_true(send(t, SAMPLE_D, SIMD8, 6, false));
   near_to(test_response_f(t, 0, 0), 1000);
}

/* sample_d in channel 0 at a place of the first LOD, with steps in its texels. */
static float
sample_d(struct surface_test *t, float u, float v, float dudx, float dudy, float dvdx, float dvdy)
{
   const float params[6] = { u / 8, dudx / 8, dudy / 8, v / 4, dvdx / 4, dvdy / 4 };

   memset(t->payload, 0, sizeof(t->payload));
   for (unsigned i = 0; i < 6; i++)
      test_payload_f(t, i, 0, params[i]);
   if (!send(t, SAMPLE_D, SIMD8, 6, false))
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
   struct test_surface mipped = flat;
   struct sampler aniso = plain;
   float sum = 0;

   mipped.mip_count = 2;
   test_bind(t, 0, &mipped);
   fill(t);
   aniso.min = aniso.mag = ANISOTROPIC;
   aniso.mip = MIP_NEAREST;
   aniso.wrap[0] = aniso.wrap[1] = CLAMP;
   aniso.max_anisotropy = 7;
   set_sampler(t, &aniso);
   /* Texel (x, y) is 10 y + x, so a linear sample at (u, v) is 10 (v - 0.5) + u - 0.5. */
   near_to(sample_d(t, 4, 2, 4, 0, 0, 1), 10 * 1.5f + 3.5f);
   /* Not centred: near the edge the samples are clamped one by one. */
   for (unsigned i = 1; i <= 4; i++) {
      const float u = 0.5f + 4 * ((float)i / 5 - 0.5f);
      sum += 10 * 1.5f + (u < 0.5f ? 0 : u - 0.5f);
   }
   near_to(sample_d(t, 0.5f, 2, 4, 0, 0, 1), sum / 4);
   near_to(sample_d(t, 0.5f, 2, 0, 4, 1, 0), sum / 4);
   near_to(sample_d(t, 0.5f, 2, -4, 0, 0, 1), sum / 4);
   /* A ratio that is no whole number is rounded up. */
   sum = 0;
   for (unsigned i = 1; i <= 3; i++) {
      const float u = 0.5f + 2.5f * ((float)i / 4 - 0.5f);
      sum += 10 * 1.5f + (u < 0.5f ? 0 : u - 0.5f);
   }
   near_to(sample_d(t, 0.5f, 2, 2.5f, 0, 0, 1), sum / 3);
   /* At most 2 to 1: two samples, of the second LOD, where a texel is two. */
   aniso.max_anisotropy = 0;
   set_sampler(t, &aniso);
   near_to(sample_d(t, 4, 2, 4, 0, 0, 1), 1000 + 10 * 0.5f + 1.5f);
   /* As wide as long: one sample, as a linear filter's. */
   near_to(sample_d(t, 4, 2, 1, 0, 0, 1), 10 * 1.5f + 3.5f);
   /* A footprint of no width has the longest line; one of no size, a sample. */
   near_to(sample_d(t, 4, 2, 2, 0, 0, 0), 10 * 1.5f + 3.5f);
   near_to(sample_d(t, 4, 2, 0, 0, 0, 0), 10 * 1.5f + 3.5f);
   /* A message that brings its LOD has no footprint. */
   near_to(sample_at(t, 4.0f / 8, 2.0f / 4, 0, 0), 10 * 1.5f + 3.5f);
}

static void
arrays_round_and_clamp(void **state)
{
   struct surface_test *t = *state;
   struct test_surface array = flat;

   array.depth = 4;
   test_bind(t, 0, &array);
   fill(t);
   set_sampler(t, &plain);
   near_to(sample_at(t, 0, 0, 1.4f, 0), 100);
   near_to(sample_at(t, 0, 0, 1.5f, 0), 200);
   near_to(sample_at(t, 0, 0, 2.5f, 0), 200);
   near_to(sample_at(t, 0, 0, -3.0f, 0), 0);
   near_to(sample_at(t, 0, 0, 9.0f, 0), 300);
   array.depth = 2;
   array.min_array_element = 1;
   test_bind(t, 0, &array);
   near_to(sample_at(t, 0, 0, 9.0f, 0), 200);
   array = flat;
   array.type = VGPU_SURFACE_1D;
   array.depth = 3;
   test_bind(t, 0, &array);
   fill(t);
   near_to(sample_at(t, 3.5f / 8, 2.0f, 0, 0), 203);
}

static void
volumes(void **state)
{
   struct surface_test *t = *state;
   struct test_surface volume = flat;
   struct sampler s = plain;

   volume.type = VGPU_SURFACE_3D;
   volume.depth = 4;
   volume.mip_count = 2;
   test_bind(t, 0, &volume);
   fill(t);
   set_sampler(t, &s);
   near_to(sample_at(t, 0, 0, 2.5f / 4, 0), 200);
   s.mip = MIP_NEAREST;
   set_sampler(t, &s);
   near_to(sample_at(t, 0.9f, 0.9f, 0.9f, 1), texel_value(1, 1, 3, 1));
   s.min = s.mag = LINEAR;
   set_sampler(t, &s);
   near_to(sample_at(t, 2.0f / 8, 0.5f / 4, 2.0f / 4, 0), 151.5f);
}

static void
cube_faces_and_edges(void **state)
{
   struct surface_test *t = *state;
   struct test_surface cube = flat;
   struct sampler s = plain;
   static const float centres[6][3] = { { 1, 0, 0 },  { -1, 0, 0 }, { 0, 1, 0 },
                                        { 0, -1, 0 }, { 0, 0, 1 },  { 0, 0, -1 } };

   cube.type = VGPU_SURFACE_CUBE;
   cube.width = cube.height = 4;
   test_bind(t, 0, &cube);
   fill(t);
   set_sampler(t, &s);
   for (unsigned face = 0; face < 6; face++)
      near_to(floorf(sample_at(t, centres[face][0], centres[face][1], centres[face][2], 0) / 100),
              (float)face);
   /* the upper left texel of +z is towards -x, +y */
   near_to(sample_at(t, -0.9f, 0.9f, 1, 0), 400);
   near_to(sample_at(t, 0.9f, 0.9f, 1, 0), 403);
   near_to(sample_at(t, 1, 0.9f, 0.9f, 0), 0);
   near_to(sample_at(t, 0.9f, 1, -0.9f, 0), 203);
   s.min = s.mag = LINEAR;
   s.wrap[0] = s.wrap[1] = s.wrap[2] = CUBE;
   set_sampler(t, &s);
   /* on the edge of +z and +x, in the middle of row 1: half of each */
   near_to(sample_at(t, 1, 0.25f, 0.99999f, 0), (413 + 10) / 2.0f);
   /* on the corner of +x, +y, +z: a third of each */
   near_to(sample_at(t, 1, 0.99999f, 0.99999f, 0), (403 + 0 + 233) / 3.0f);
   s.wrap[0] = s.wrap[1] = s.wrap[2] = CLAMP;
   set_sampler(t, &s);
   near_to(sample_at(t, 1, 0.25f, 0.99999f, 0), 10);
}

/*
 * At the edge of a polygon that shows one face, a subspan has pixels that are beyond it and on the
 * next face. They must not spoil the LOD of the others.
 */
static void
cube_lod_at_an_edge(void **state)
{
   struct surface_test *t = *state;
   struct test_surface cube = flat;
   struct sampler s = plain;

   cube.type = VGPU_SURFACE_CUBE;
   cube.width = cube.height = 16;
   cube.mip_count = 4;
   test_bind(t, 0, &cube);
   set_sampler(t, &s);
   /* Steps of four texels; the left pixels, at x = -1.25, see -x. */
   for (unsigned c = 0; c < 8; c++) {
      test_payload_f(t, 0, c, c & 1 ? -0.75f : -1.25f);
      test_payload_f(t, 1, c, c & 2 ? -0.75f : -0.25f);
      test_payload_f(t, 2, c, 1);
   }
   assert_true(send(t, LOD, SIMD8, 3, false));
   near_to(test_response_f(t, 1, 1), 2);
   near_to(test_response_f(t, 1, 3), 2);
}

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
      assert_true(send(t, LD_MCS, SIMD8, 2, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 0x1b : 0);
      test_payload_u(t, 0, 0, 1); /* sample */
      test_payload_u(t, 1, 0, 0x1b);
      test_payload_u(t, 2, 0, 5);
      test_payload_u(t, 3, 0, 2);
      assert_true(send(t, LD2DMS, SIMD8, 4, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 102 : 101);
      test_payload_u(t, 1, 0, ~0u);
      assert_true(send(t, LD2DMS, SIMD8, 4, false));
      assert_int_equal(test_response_u(t, 0, 0), has_mcs ? 0 : 101);
      assert_int_equal(test_response_u(t, 2, 0), has_mcs);
      test_payload_u(t, 1, 0, 5);
      test_payload_u(t, 2, 0, 2);
      assert_true(send(t, LD2DSS, SIMD8, 3, false));
      assert_int_equal(test_response_u(t, 0, 0), 101);
      assert_true(send(t, SAMPLEINFO, SIMD8, 0, true));
      assert_int_equal(test_response_u(t, 0, 0), 4);
      vgpu_shader_env_fini(&t->env);
   }
}

static void
comparisons(void **state)
{
   struct surface_test *t = *state;
   struct test_surface depth = flat;
   struct sampler s = plain;
   /* by function: whether texels below, equal to and above the reference give 1 */
   static const uint8_t results[8] = { 0, 7, 6, 5, 4, 3, 2, 1 };

   test_bind(t, 0, &depth);
   fill(t);
   for (s.shadow = 0; s.shadow < 8; s.shadow++) {
      set_sampler(t, &s);
      for (unsigned i = 0; i < 3; i++) {
         test_payload_f(t, 0, 0, 3.0f);           /* reference */
         test_payload_f(t, 1, 0, 0.0f);           /* LOD */
         test_payload_f(t, 2, 0, (2.5f + (float)i) / 8);
         test_payload_f(t, 3, 0, 0.0f);
         assert_true(send(t, SAMPLE_L_C, SIMD8, 4, false));
         near_to(test_response_f(t, 0, 0), (float)(results[s.shadow] >> i & 1));
         near_to(test_response_f(t, 3, 0), 1);
      }
   }
   /* Percentage closer: LESS gives 1 for texels that are not less than 3 */
   s.shadow = 2;
   s.min = s.mag = LINEAR;
   set_sampler(t, &s);
   test_payload_f(t, 2, 0, 3.25f / 8);
   test_payload_f(t, 3, 0, 0.5f / 4);
   assert_true(send(t, SAMPLE_L_C, SIMD8, 4, false));
   near_to(test_response_f(t, 0, 0), 0.75f);
   depth.format = L32_FLOAT;
   test_bind(t, 0, &depth);
   assert_true(send(t, SAMPLE_L_C, SIMD8, 4, false));
   near_to(test_response_f(t, 2, 0), 0.75f);
   near_to(test_response_f(t, 3, 0), 1);
}

/* ---------------------------------------------------------------- all channels together */

static uint32_t
random_below(uint32_t *seed, uint32_t n)
{
   *seed = *seed * 1664525 + 1013904223;
   return (uint32_t)((uint64_t)*seed * n >> 32);
}

static float
random_coordinate(uint32_t *seed, bool normalized)
{
   static const float special[] = { 0.0f, -0.0f, 1.0f, 0.5f, INFINITY, -INFINITY, NAN, 1e30f,
                                    -1e30f, 1e-40f, 8388609.0f, -3.0f };
   const float value = (float)random_below(seed, 1 << 20) / (1 << 18) - 2.0f;

   if (random_below(seed, 20) == 0)
      return special[random_below(seed, sizeof(special) / sizeof(special[0]))];
   return normalized ? value : value * 30;
}

/* What is sampled for all channels at once is to the bit what each channel has by itself. */
static void
quick_is_exact(void **state)
{
   static const unsigned formats[] = { R8G8B8A8_UNORM, 0x0c0 /* B8G8R8A8 */, 0x0eb /* RGBX */,
                                       0x106 /* R8G8 */, 0x114 /* L8A8 */, 0x140 /* R8 */,
                                       0x144 /* A8 */, 0x145 /* I8 */, 0x146 /* L8 */ };
   static const unsigned pitches[] = { 4 * 64, 512, 256 }; /* by tiling, of 64 texels */
   struct surface_test *t = *state;
   uint32_t seed = 1;
   unsigned done = 0;

   for (unsigned i = 0; i < MEMORY_BYTES - (TEXTURE - MEMORY_ADDRESS); i++)
      *test_memory(t, TEXTURE + i) = (uint8_t)random_below(&seed, 256);
   for (unsigned round = 0; round < 3000; round++) {
      const unsigned tile = random_below(&seed, 3);
      const unsigned simd = 1 + random_below(&seed, 2), channels = simd == SIMD16 ? 16 : 8;
      const unsigned mips = random_below(&seed, 2) ? random_below(&seed, 5) : 0;
      const bool header = random_below(&seed, 3) == 0;
      const struct test_surface surface = {
         .type = VGPU_SURFACE_2D, .array = random_below(&seed, 2), .depth = 1,
         .format = formats[random_below(&seed, sizeof(formats) / sizeof(formats[0]))],
         .address = TEXTURE, .tile = tile, .pitch = pitches[tile], .mip_count = mips,
         .width = 1 + random_below(&seed, 40), .height = 1 + random_below(&seed, 40),
      };
      const struct sampler sampler = {
         .min = random_below(&seed, 2), .mag = random_below(&seed, 2),
         .mip = (const unsigned[]){ MIP_NONE, MIP_NEAREST, MIP_LINEAR }[random_below(&seed, 3)],
         .wrap = { random_below(&seed, 6), random_below(&seed, 6), WRAP },
         .max_lod = (float)random_below(&seed, 14), .preclamp = true,
         .bias = (float)random_below(&seed, 3) - 1,
         .non_normalized = random_below(&seed, 8) == 0,
      };
      struct vgpu_sampler_coord coords[16];
      const uint32_t mask = random_below(&seed, 2) ? 0xffff : random_below(&seed, 1 << 16);
      const float step = (float)random_below(&seed, 100) / 1000;

      test_bind(t, 0, &surface);
      set_sampler(t, &sampler);
      memset(coords, 0, sizeof(coords));
      for (unsigned c = 0; c < channels; c++) {
         /* Often as pixels side by side have them. */
         coords[c].p[PARAM_U].f = random_coordinate(&seed, !sampler.non_normalized);
         coords[c].p[PARAM_V].f = random_coordinate(&seed, !sampler.non_normalized);
         if (c && random_below(&seed, 10)) {
            const unsigned x = (c & 1) + (c >> 1 & 2);
            coords[c].p[PARAM_U].f = coords[0].p[PARAM_U].f + step * (float)x;
            coords[c].p[PARAM_V].f = coords[0].p[PARAM_V].f + step * (float)(c >> 1 & 1);
         }
         test_payload_f(t, header + c / 8, c % 8, coords[c].p[PARAM_U].f);
         test_payload_f(t, header + channels / 8 + c / 8, c % 8, coords[c].p[PARAM_V].f);
      }
      const uint32_t dw2 = random_below(&seed, 1 << 16) & ~0xfu; /* offsets, masks of channels */
      if (header) {
         memset(t->payload[0], 0, sizeof(t->payload[0]));
         test_payload_u(t, 0, 2, dw2);
         test_payload_u(t, 0, 3, SAMPLER);
      }
      if (!test_send(t, vgpu_sampler_send, SAMPLE << 12 | simd << 17,
                     header + 2 * channels / 8, 4 * channels / 8, header, mask))
         fail_msg("%s %s", t->thread.fault.text, t->fault);

      struct GFX7_SAMPLER_STATE unpacked;
      uint32_t dw[4], border[4];
      memcpy(dw, test_memory(t, MEMORY_ADDRESS + SAMPLER), sizeof(dw));
      memcpy(border, test_memory(t, MEMORY_ADDRESS + BORDER), sizeof(border));
      GFX7_SAMPLER_STATE_unpack(&unpacked, dw, 4);
      const struct vgpu_sampler_op op = {
         .surface = vgpu_shader_env_surface(&t->env, 0), .state = &unpacked, .border = border,
         .offset = { header ? (int)(dw2 >> 8 & 7) - (int)(dw2 >> 8 & 8) : 0,
                     header ? (int)(dw2 >> 4 & 7) - (int)(dw2 >> 4 & 8) : 0 },
      };
      for (unsigned c = 0; c < channels; c++) {
         const float lod = vgpu_sampler_subspan_lod(&op, &coords[c & ~3u], c & 3, NULL) +
                           unpacked.TextureLODBias;
         uint32_t want[4];
         unsigned reg = c / 8;
         assert_true(vgpu_sampler_filter(&op, &coords[c], lod, want));
         for (unsigned k = 0; k < 4; k++) {
            if (header && dw2 >> 12 >> k & 1)
               continue;
            assert_int_equal(test_response_u(t, reg, c % 8),
                             mask >> c & 1 ? want[k] : TEST_UNTOUCHED);
            reg += channels / 8;
         }
      }
      const struct eu_message message = {
         .exec_mask = mask, .rlen = 8, .response = t->response, .thread = &t->thread,
      };
      const struct vgpu_sampler_quick quick = {
         .u = t->payload[header], .v = t->payload[header + channels / 8],
         .subspan_lod = true, .channels = channels,
      };
      bool was_quick;
      assert_true(vgpu_sampler_quick(&op, &message, &quick, &was_quick));
      done += was_quick;
   }
   /* Not all have a border, or a LOD that differs. */
   assert_true(done > 1000);
}

#if defined(__x86_64__)

#define N 4
#include "sampler_level.h"

/* Without AVX2 there is the version that the rest of the library is built like. */
static void
versions_are_alike(void **state)
{
   struct surface_test *t = *state;
   uint32_t seed = 1;

   if (!__builtin_cpu_supports("avx2"))
      skip();
   for (unsigned i = 0; i < MEMORY_BYTES - (TEXTURE - MEMORY_ADDRESS); i++)
      *test_memory(t, TEXTURE + i) = (uint8_t)random_below(&seed, 256);
   for (unsigned round = 0; round < 2000; round++) {
      const struct test_surface surface = {
         .type = VGPU_SURFACE_2D, .depth = 1, .format = R8G8B8A8_UNORM, .address = TEXTURE,
         .tile = VGPU_TILING_Y, .pitch = 256,
         .width = 1 + random_below(&seed, 60), .height = 1 + random_below(&seed, 60),
      };
      const struct GFX7_SAMPLER_STATE sampler = {
         .TCXAddressControlMode = (const unsigned[]){ WRAP, MIRROR, CLAMP }[round % 3],
         .TCYAddressControlMode = (const unsigned[]){ CLAMP, WRAP, MIRROR_ONCE }[round / 3 % 3],
      };
      float u[QUICK_CHANNELS], v[QUICK_CHANNELS];
      float a[4][QUICK_CHANNELS], b[4][QUICK_CHANNELS];
      struct quick_level level = { .linear = round & 1 };

      test_bind(t, 0, &surface);
      struct quick_job job = {
         .surface = vgpu_shader_env_surface(&t->env, 0), .state = &sampler,
         .rgba = { { .start = 16 }, { .start = 8 }, { .start = 0 }, { .is_constant = true } },
      };
      assert_true(vgpu_surface_image(job.surface, 0, 0, &level.image));
      for (unsigned c = 0; c < QUICK_CHANNELS; c++) {
         u[c] = random_coordinate(&seed, true);
         v[c] = random_coordinate(&seed, true);
      }
      assert_true(sample_level(&job, &level, u, v, a));
      assert_true(vgpu_sampler_level_avx2(&job, &level, u, v, b));
      assert_memory_equal(a, b, sizeof(a));
   }
}

#endif

static void
gathers(void **state)
{
   struct surface_test *t = *state;
   static const float want[4] = { 22, 23, 13, 12 };

   test_bind(t, 0, &flat);
   fill(t);
   set_sampler(t, &plain);
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_f(t, 1, 0, 3.0f / 8);
   test_payload_f(t, 2, 0, 2.0f / 4);
   assert_true(send(t, GATHER4, SIMD8, 2, true));
   for (unsigned c = 0; c < 4; c++)
      near_to(test_response_f(t, c, 0), want[c]);
   test_payload_u(t, 0, 2, 3 << 16); /* alpha */
   assert_true(send(t, GATHER4, SIMD8, 2, true));
   near_to(test_response_f(t, 2, 0), 1.0f);
   test_payload_u(t, 0, 2, 0);
   test_payload_u(t, 3, 0, (uint32_t)-1);
   test_payload_u(t, 4, 0, 1);
   assert_true(send(t, GATHER4_PO, SIMD8, 4, true));
   for (unsigned c = 0; c < 4; c++)
      near_to(test_response_f(t, c, 0), want[c] + 9);
}

static void
header_offsets_and_masks(void **state)
{
   struct surface_test *t = *state;

   test_bind(t, 0, &flat);
   fill(t);
   set_sampler(t, &plain);
   memset(t->payload, 0, sizeof(t->payload));
   /* u + 2, v - 3; green and blue masked; another sampler table */
   memcpy(test_memory(t, MEMORY_ADDRESS + SAMPLER + 0x40),
          test_memory(t, MEMORY_ADDRESS + SAMPLER), 16);
   test_payload_u(t, 0, 2, 2 << 8 | 13 << 4 | 6 << 12);
   test_payload_u(t, 0, 3, SAMPLER + 0x40);
   test_payload_f(t, 2, 0, 1.5f / 8);
   test_payload_f(t, 3, 0, 3.5f / 4);
   assert_true(test_send(t, vgpu_sampler_send, SAMPLE_L << 12 | SIMD8 << 17, 4, 2, true, 1));
   near_to(test_response_f(t, 0, 0), 3);
   near_to(test_response_f(t, 1, 0), 1);
   assert_int_equal(test_response_u(t, 2, 0), TEST_UNTOUCHED);
}

static void
loads(void **state)
{
   struct surface_test *t = *state;
   struct test_surface mipped = flat;

   mipped.mip_count = 2;
   mipped.depth = 3;
   test_bind(t, 0, &mipped);
   fill(t);
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
      assert_true(send(t, LD, SIMD8, 4, false));
      near_to(test_response_f(t, 0, 1), cases[i].want);
   }
   /* SIMD4x2 has u v r lod in one register */
   test_payload_u(t, 0, 4, 3);
   test_payload_u(t, 0, 5, 1);
   test_payload_u(t, 0, 6, 2);
   test_payload_u(t, 0, 7, 1);
   assert_true(test_send(t, vgpu_sampler_send, LD << 12, 1, 1, false, 0xb0));
   near_to(test_response_f(t, 0, 4), 1213);
   near_to(test_response_f(t, 0, 7), 1);
   assert_int_equal(test_response_u(t, 0, 6), TEST_UNTOUCHED);
   assert_int_equal(test_response_u(t, 0, 0), TEST_UNTOUCHED);

   test_bind_buffer(t, 0, R32G32B32A32_FLOAT, TEXTURE, 4, 16);
   for (unsigned i = 0; i < 17; i++)
      test_set(t, TEXTURE, 32 * i, 32 * i + 31, test_bits((float)i));
   test_payload_u(t, 0, 0, 3);
   test_payload_u(t, 0, 1, 4);
   assert_true(send(t, LD, SIMD8, 1, false));
   near_to(test_response_f(t, 2, 0), 14);
   near_to(test_response_f(t, 0, 1), 0);
   assert_false(t->faulted);
}

static void
queries(void **state)
{
   struct surface_test *t = *state;
   struct test_surface s = flat;

   s.width = 100;
   s.height = 50;
   s.depth = 7;
   s.pitch = 512;
   s.mip_count = 4;
   test_bind(t, 0, &s);
   test_payload_u(t, 0, 0, 2);
   test_payload_u(t, 0, 1, 5);
   assert_true(send(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 25);
   assert_int_equal(test_response_u(t, 1, 0), 12);
   assert_int_equal(test_response_u(t, 2, 0), 7);
   assert_int_equal(test_response_u(t, 3, 0), 5);
   assert_int_equal(test_response_u(t, 0, 1), 0);
   test_bind_buffer(t, 0, R32_FLOAT, TEXTURE, 1000, 4);
   assert_true(send(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 1000);
   s.type = VGPU_SURFACE_NULL;
   test_bind(t, 0, &s);
   assert_true(send(t, RESINFO, SIMD8, 1, false));
   assert_int_equal(test_response_u(t, 0, 0), 0);
   near_to(sample_at(t, 0.5f, 0.5f, 0, 0), 0);
}

static void
what_is_not_modelled_faults_by_name(void **state)
{
   struct surface_test *t = *state;
   struct test_surface s = flat;
   struct sampler linear = plain;

   test_bind(t, 0, &s);
   set_sampler(t, &plain);
   test_expect_fault(t, send(t, 13, SIMD8, 1, false), "reserved");
   test_expect_fault(t, send(t, SAMPLE, 3, 1, false), "SIMD32/64");
   test_expect_fault(t, send(t, SAMPLE, SIMD4X2, 1, false), "derivatives");
   test_set(t, MEMORY_ADDRESS + SAMPLER, 14, 16, 3);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "Min Mode Filter 3");
   set_sampler(t, &plain);
   test_set(t, MEMORY_ADDRESS + SAMPLER, 121, 121, 1);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "ChromaKey");
   set_sampler(t, &plain);
   test_set(t, MEMORY_ADDRESS + SAMPLER, 99, 101, 6);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "Address Control Modes");
   linear.min = LINEAR;
   set_sampler(t, &linear);
   s.format = R32_UINT;
   test_bind(t, 0, &s);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "R32_UINT with a linear filter");
   set_sampler(t, &plain);
   test_expect_fault(t, send(t, SAMPLE_L_C, SIMD8, 4, false), "comparison with R32_UINT");
   s.format = YCRCB_NORMAL;
   test_bind(t, 0, &s);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "YCRCB_NORMAL");
   s.format = R32_FLOAT;
   s.address = 0x10000000;
   test_bind(t, 0, &s);
   test_expect_fault(t, send(t, SAMPLE_L, SIMD8, 4, false), "no memory");
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
      TEST(loads_of_samples),
      TEST(comparisons),
      TEST(quick_is_exact),
#if defined(__x86_64__)
      TEST(versions_are_alike),
#endif
      TEST(gathers),
      TEST(header_offsets_and_masks),
      TEST(loads),
      TEST(queries),
      TEST(what_is_not_modelled_faults_by_name),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
