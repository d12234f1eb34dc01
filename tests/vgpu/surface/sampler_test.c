/*
 * SPDX-License-Identifier: MIT
 */

#include "sampler_test.h"

#include <math.h>
#include <string.h>

#include "sampler.h"

void
test_set_sampler(struct surface_test *t, const struct test_sampler *s)
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

float
test_texel_value(uint32_t lod, uint32_t layer, uint32_t x, uint32_t y)
{
   return (float)(1000 * lod + 100 * layer + 10 * y + x);
}

void
test_fill(struct surface_test *t)
{
   struct vgpu_surface *s = vgpu_shader_env_surface(&t->env, 0);

   assert_non_null(s);
   for (uint32_t lod = 0; lod <= s->min_lod + s->mip_count; lod++) {
      for (uint32_t layer = 0; layer < vgpu_surface_layers(s, lod); layer++) {
         for (uint32_t y = 0; y < vgpu_surface_minify(s->height, lod); y++) {
            for (uint32_t x = 0; x < vgpu_surface_minify(s->width, lod); x++) {
               float value = test_texel_value(lod, layer, x, y);
               uint32_t address = vgpu_surface_texel_address(s, lod, layer, x, y);
               memcpy(test_memory(t, address), &value, 4);
            }
         }
      }
   }
}

const struct test_surface test_flat = { .type = VGPU_SURFACE_2D, .format = R32_FLOAT,
                                        .address = TEXTURE, .width = 8, .height = 4,
                                        .depth = 1, .array = true, .pitch = 64 };
const struct test_sampler test_plain = { .max_lod = 14, .preclamp = true };

bool
test_sample(struct surface_test *t, unsigned type, unsigned simd, unsigned params, bool header)
{
   unsigned per = simd == SIMD16 ? 2 : 1;

   return test_send(t, vgpu_sampler_send, type << 12 | simd << 17, header + params * per,
                    simd == SIMD4X2 ? 1 : 4 * per, header, 0xffff);
}

float
test_sample_at(struct surface_test *t, float u, float v, float r, float lod)
{
   test_payload_f(t, 0, 5, lod);
   test_payload_f(t, 1, 5, u);
   test_payload_f(t, 2, 5, v);
   test_payload_f(t, 3, 5, r);
   if (!test_sample(t, SAMPLE_L, SIMD8, 4, false))
      fail_msg("%s %s", t->thread.fault.text, t->fault);
   return test_response_f(t, 0, 5);
}

void
test_near_to(float have, float want)
{
   if (!(fabsf(have - want) <= 1e-4f * (1 + fabsf(want))))
      fail_msg("%.9g, not %.9g", have, want);
}
