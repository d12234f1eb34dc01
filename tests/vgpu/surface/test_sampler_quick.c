/*
 * SPDX-License-Identifier: MIT
 *
 * The sampling engine for all channels together: to the bit what each channel has by itself.
 */

#include "sampler_test.h"

#include <math.h>
#include <string.h>

#include "sampler.h"
#include "sampler_priv.h"
#include "sampler_quick.h"

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
      const struct test_sampler sampler = {
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
      test_set_sampler(t, &sampler);
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

int
main(void)
{
#define TEST(name)                                                                              \
   cmocka_unit_test_setup_teardown(name, surface_test_setup, surface_test_teardown)
   const struct CMUnitTest tests[] = {
      TEST(quick_is_exact),
#if defined(__x86_64__)
      TEST(versions_are_alike),
#endif
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
