/*
 * SPDX-License-Identifier: MIT
 */

#include "draw_state.h"

#include <string.h>

#include "../eu/eu_test.h"
#include "tiling.h"

enum { R32G32B32_FLOAT = 0x040, SURFTYPE_NULL = 7 };

#define HIZ_PITCH (2 * 128)

static uint8_t *
data(struct fixture *f, uint32_t offset)
{
   return (uint8_t *)fixture_ggtt(f, FIXTURE_DATA) + offset;
}

void
draw_state(struct fixture *f, float x0, float y0, float x1, float y1, float z)
{
   const float corners[9] = { x1, y1, z, x0, y1, z, x0, y0, z };
   static const uint32_t sbe[14] = { CMD(0x781f, 14) };
   static const uint32_t sf[7] = { CMD(0x7813, 7), 0, 1 << 29 /* no culling */ };
   const uint32_t base = FIXTURE_DATA | 1;

   memcpy(data(f, VERTICES), corners, sizeof(corners));
   SUBMIT(f, VGPU_RCS, 0x69040000);
   SUBMIT(f, VGPU_RCS, CMD(0x6101, 10), 1, base, base, 1, base, 1, 1, 1, 1);
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, FIXTURE_DATA + VERTICES,
          FIXTURE_DATA + VERTICES + sizeof(corners) - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7809, 5), 1 << 25 | R32G32B32_FLOAT << 16, 0x22220000,
          1 << 25 | R32G32B32_FLOAT << 16, 0x11130000);
   fixture_submit(f, VGPU_RCS, sf, 7);
   fixture_submit(f, VGPU_RCS, sbe, 14);
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7900, 4), 0, 1023 << 16 | 1023, 0);
   draw_depth_stencil(f, 0, 0, 0);
   draw_color_calc(f, 0, 0, NULL);
   draw_blend(f, 0, 0);
}

void
draw_depth_stencil(struct fixture *f, uint32_t dw0, uint32_t dw1, uint32_t dw2)
{
   const uint32_t dw[3] = { dw0, dw1, dw2 };

   memcpy(data(f, DEPTH_STENCIL), dw, sizeof(dw));
   SUBMIT(f, VGPU_RCS, CMD(0x7825, 2), DEPTH_STENCIL | 1);
}

void
draw_color_calc(struct fixture *f, uint32_t dw0, uint32_t dw1, const float constant[4])
{
   uint32_t dw[6] = { dw0, dw1 };

   if (constant)
      memcpy(&dw[2], constant, 4 * sizeof(float));
   memcpy(data(f, COLOR_CALC), dw, sizeof(dw));
   SUBMIT(f, VGPU_RCS, CMD(0x780e, 2), COLOR_CALC | 1);
}

void
draw_blend(struct fixture *f, uint32_t dw0, uint32_t dw1)
{
   const uint32_t dw[2] = { dw0, dw1 };

   memcpy(data(f, BLEND), dw, sizeof(dw));
   SUBMIT(f, VGPU_RCS, CMD(0x7824, 2), BLEND | 1);
}

void
draw_pixel_shader(struct fixture *f, const float color[4], uint32_t wm)
{
   /* SIMD16 single source with one colour replicated, to binding table index 0. */
   const uint32_t descriptor = 1 << 25 | 12 << 14 | 1 << 12 | 1 << 8;
   struct insn code[5];

   for (unsigned c = 0; c < 4; c++)
      code[c] = no_mask(enc1(EU_OP_MOV, 1, dst(20, 4 * c, 1, EU_TYPE_F), imm_f(color[c])));
   code[4] = enc_send(16, null_dst(EU_TYPE_UW), 20, EU_SFID_DP_RENDER_CACHE, descriptor, true);
   memcpy(data(f, KERNEL), code, sizeof(code));
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | wm, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, 1 << 1, 2 << 16, 0, 0);
}

void
draw_pixel_shader_of_payload(struct fixture *f, unsigned first, unsigned attributes, uint32_t wm)
{
   /* SIMD8 single source, the lower pixels, to binding table index 0. */
   const uint32_t descriptor = 4 << 25 | 12 << 14 | 1 << 12 | 4 << 8;
   const struct insn code = enc_send(8, null_dst(EU_TYPE_UW), first, EU_SFID_DP_RENDER_CACHE,
                                     descriptor, true);

   memcpy(data(f, KERNEL), &code, sizeof(code));
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | wm, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, 1 << 10 | 1, attributes << 16, 0, 0);
}

void
draw_pixel_shader_of_two(struct fixture *f, const float color[4], const float color1[4])
{
   /* SIMD8 dual source, of the lower pixels and then of the upper ones. */
   const uint32_t lower = 8 << 25 | 12 << 14 | 2 << 8;
   const uint32_t upper = 8 << 25 | 12 << 14 | 1 << 12 | 3 << 8;
   struct insn code[10];

   for (unsigned c = 0; c < 8; c++)
      code[c] = no_mask(enc1(EU_OP_MOV, 8, dst(20 + c, 0, 1, EU_TYPE_F),
                             imm_f(c < 4 ? color[c] : color1[c - 4])));
   code[8] = enc_send(8, null_dst(EU_TYPE_UW), 20, EU_SFID_DP_RENDER_CACHE, lower, false);
   code[9] = with_group(
      enc_send(8, null_dst(EU_TYPE_UW), 20, EU_SFID_DP_RENDER_CACHE, upper, true), 8);
   memcpy(data(f, KERNEL), code, sizeof(code));
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, 1 << 1 | 1 << 7, 2 << 16, 0, 0);
}

void
draw_message(struct fixture *f, uint32_t offset, unsigned sfid, uint32_t descriptor)
{
   const struct insn code =
      enc_send(8, null_dst(EU_TYPE_UW), 0, sfid, descriptor, true);

   memcpy(data(f, offset), &code, sizeof(code));
}

void
draw_render_target(struct fixture *f, const uint32_t dw[8])
{
   const uint32_t entry = SURFACE;

   memcpy(data(f, SURFACE), dw, 8 * sizeof(dw[0]));
   memcpy(data(f, BINDING_TABLE), &entry, sizeof(entry));
   SUBMIT(f, VGPU_RCS, CMD(0x782a, 2), BINDING_TABLE);
}

void
draw_null_render_target(struct fixture *f)
{
   static const uint32_t dw[8] = { (uint32_t)SURFTYPE_NULL << 29, 0, 1023 << 16 | 1023 };

   draw_render_target(f, dw);
}

void
draw_depth_buffer(struct fixture *f, uint32_t format, bool hiz)
{
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7),
          1u << 29 | 1 << 28 | (uint32_t)hiz << 22 | format << 18 | (DEPTH_PITCH - 1),
          FIXTURE_DATA + BUFFER3, (DEPTH_SIZE - 1) << 18 | (DEPTH_SIZE - 1) << 4, 0, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7807, 3), HIZ_PITCH - 1, FIXTURE_DATA + BUFFER);
}

uint32_t
draw_depth_at(struct fixture *f, uint32_t x, uint32_t y)
{
   uint32_t texel;

   memcpy(&texel, data(f, BUFFER3) + vgpu_tiled_offset(VGPU_TILING_Y, DEPTH_PITCH, 4 * x, y), 4);
   return texel;
}

void
draw_primitives(struct fixture *f, uint32_t topology, const float *points, unsigned count)
{
   for (unsigned i = 0; i < count; i++) {
      const float vertex[3] = { points[2 * i], points[2 * i + 1], 0.25f };
      memcpy(data(f, VERTICES + i * sizeof(vertex)), vertex, sizeof(vertex));
   }
   SUBMIT(f, VGPU_RCS, CMD(0x7808, 5), 1 << 14 | 12, FIXTURE_DATA + VERTICES,
          FIXTURE_DATA + VERTICES + 12 * count - 1, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), topology, count, 0, 1, 0, 0);
}

void
draw(struct fixture *f)
{
   SUBMIT(f, VGPU_RCS, CMD(0x7b00, 7), RECTLIST, 3, 0, 1, 0, 0);
}
