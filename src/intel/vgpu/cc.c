/*
 * SPDX-License-Identifier: MIT
 *
 * The colour calculator: the alpha test, blending and writes to render targets (IVB PRM Vol2
 * Part 1, "Color Calculator (Output Merger)").
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blend.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "surface.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

#define MAX_TARGETS 8

enum { RANGE_UNORM = 0, RANGE_SNORM = 1, RANGE_FORMAT = 2 };

/** A render target as pixels were last written to it. */
struct target {
   bool known;
   unsigned binding_table_index, target;
   uint32_t array_index;
   bool stored; /* what is written is the colour, packed: nothing is blended or kept */
   struct vgpu_surface *surface;
   struct vgpu_surface_image image;
};

struct vgpu_cc {
   struct vgpu_draw *draw;
   struct vgpu_shader_env *env;
   bool fast_clear;
   struct GFX7_BLEND_STATE_ENTRY blend[MAX_TARGETS];
   struct GFX7_COLOR_CALC_STATE color_calc;
   float constant[4];
   struct target last;
};

bool
vgpu_cc_init(struct vgpu_draw *draw, struct vgpu_cc **out, struct vgpu_shader_env *env)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_packet *ps = vgpu_render_packet(engine->render, GFX7_3DSTATE_PS_header);
   const struct vgpu_packet *blend =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_BLEND_STATE_POINTERS_header);
   struct vgpu_cc *cc = *out = calloc(1, sizeof(*cc));
   uint32_t dw[6];

   if (!cc)
      return vgpu_engine_fault(engine, "no host memory for the colour calculator");
   cc->draw = draw;
   cc->env = env;
   if (ps) {
      struct GFX7_3DSTATE_PS state;
      GFX7_3DSTATE_PS_unpack(&state, ps->dw, ps->len_dw);
      cc->fast_clear = state.RenderTargetFastClearEnable;
   }

   if (!vgpu_read_pointed(draw, GFX7_3DSTATE_CC_STATE_POINTERS_header, ~31u, dw, 6))
      return false;
   GFX7_COLOR_CALC_STATE_unpack(&cc->color_calc, dw, 6);
   cc->constant[0] = cc->color_calc.BlendConstantColorRed;
   cc->constant[1] = cc->color_calc.BlendConstantColorGreen;
   cc->constant[2] = cc->color_calc.BlendConstantColorBlue;
   cc->constant[3] = cc->color_calc.BlendConstantColorAlpha;

   for (unsigned t = 0; blend && t < MAX_TARGETS; t++) {
      struct GFX7_BLEND_STATE_ENTRY *b = &cc->blend[t];
      /* A driver need not have one for each target: what is not readable is not used. */
      const uint32_t address = draw->dynamic_state_base + (blend->dw[1] & ~63u) + 8 * t;
      enum vgpu_gtt_fault why;
      if (t && !vgpu_gtt_translate(engine->gpu, &engine->tlb, &engine->ppgtt, engine->as, address,
                                   false, &why))
         break;
      if (!vgpu_read_state(engine, address, dw, 2))
         return false;
      GFX7_BLEND_STATE_ENTRY_unpack(b, dw, 2);
   }
   return true;
}

bool
vgpu_cc_clone(const struct vgpu_cc *cc, struct vgpu_shader_env *env, struct vgpu_cc **out)
{
   struct vgpu_cc *clone = *out = malloc(sizeof(*clone));

   if (!clone)
      return vgpu_engine_fault(cc->draw->engine, "no host memory for the colour calculator");
   *clone = *cc;
   clone->env = env;
   clone->last.known = false;
   return true;
}

void
vgpu_cc_fini(struct vgpu_cc *cc)
{
   free(cc);
}

static void
clamp_color(const struct GFX7_BLEND_STATE_ENTRY *b, const struct vgpu_format *format,
            float color[4])
{
   const unsigned type = format->channels[0].type;
   float low = 0, high = 1;

   switch (b->ColorClampRange) {
   case RANGE_SNORM:
      low = -1;
      break;
   case RANGE_FORMAT:
      if (type == VGPU_CHANNEL_FLOAT || type == VGPU_CHANNEL_UFLOAT)
         return;
      low = type == VGPU_CHANNEL_SNORM ? -1 : 0;
      break;
   }
   for (unsigned c = 0; c < 4; c++)
      color[c] = !(color[c] > low) ? low : color[c] < high ? color[c] : high; /* a NaN is low */
}

/** Whether what a format can hold is what the clamp leaves, so that storing a colour is enough. */
static bool
clamped_by_format(const struct GFX7_BLEND_STATE_ENTRY *b, const struct vgpu_format *format)
{
   return b->ColorClampRange != RANGE_SNORM && format->channels[0].type == VGPU_CHANNEL_UNORM;
}

bool
vgpu_cc_tests_alpha(const struct vgpu_cc *cc)
{
   return cc->blend[0].AlphaTestEnable;
}

bool
vgpu_cc_alpha_test(const struct vgpu_cc *cc, float alpha)
{
   const struct GFX7_BLEND_STATE_ENTRY *b = &cc->blend[0];

   if (!b->AlphaTestEnable)
      return true;
   if (cc->color_calc.AlphaTestFormat)
      return vgpu_compare(b->AlphaTestFunction, alpha,
                          cc->color_calc.AlphaReferenceValueAsFLOAT32);
   /* In eight bits. */
   const float unorm = rintf(fminf(fmaxf(alpha, 0), 1) * 255);
   return vgpu_compare(b->AlphaTestFunction, unorm,
                       cc->color_calc.AlphaReferenceValueAsUNORM8 & 0xff);
}

uint8_t
vgpu_cc_alpha_to_coverage(const struct vgpu_cc *cc, float alpha)
{
   const unsigned samples = cc->draw->samples;

   if (samples == 1 || !cc->blend[0].AlphaToCoverageEnable)
      return 0xff;
   const float part = !(alpha > 0) ? 0 : alpha < 1 ? alpha : 1; /* a NaN is 0 */
   return (1u << (unsigned)rintf(part * (float)samples)) - 1;
}

/** Logic operations work on the bits of the texel. */
static bool
write_logic_op(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, int x, int y,
               unsigned function, const uint32_t rgba[4], unsigned mask)
{
   uint32_t src[4] = { 0 }, dst[4] = { 0 };

   if (!vgpu_surface_read_row(surface, lod, layer, x, y, 1, dst))
      return false;
   vgpu_format_pack(surface->format, rgba, 0xf, src);
   for (unsigned i = 0; i < 4; i++)
      src[i] = vgpu_logic_op(function, src[i], dst[i]);
   uint32_t merged[4];
   vgpu_format_unpack(surface->format, src, merged);
   vgpu_format_pack(surface->format, merged, mask, dst);
   return vgpu_surface_write_row(surface, lod, layer, x, y, 1, dst);
}

bool
vgpu_cc_fast_clear_block(const struct vgpu_surface *surface, uint32_t *width, uint32_t *height)
{
   const bool y_tiled = surface->tiling == VGPU_TILING_Y;
   const bool multisampled = surface->samples > 1;

   switch (multisampled ? 0 : surface->bytes) {
   case 0: /* of several samples, "Multisampled" in the same table */
      *width = surface->samples == 8 ? 2 : 8;
      break;
   case 4:
      *width = y_tiled ? 64 : 128;
      break;
   case 8:
      *width = y_tiled ? 32 : 64;
      break;
   case 16:
      *width = y_tiled ? 16 : 32;
      break;
   default:
      return false;
   }
   *height = multisampled ? 2 : y_tiled ? 64 : 32;
   return surface->tiling != VGPU_TILING_LINEAR && (!multisampled || surface->has_mcs);
}

/** A fast clear gives a block of texels the surface's clear colour. */
static bool
fast_clear(struct vgpu_cc *cc, struct vgpu_surface *surface, uint32_t lod, uint32_t layer, int x,
           int y)
{
   const uint32_t samples = surface->samples > 1 ? surface->samples : 1;
   uint32_t width, height;

   if (!vgpu_cc_fast_clear_block(surface, &width, &height))
      return vgpu_engine_fault(cc->draw->engine,
                               "fast clear of %s, of a linear surface or one without an MCS",
                               surface->format->name);

   uint32_t color[4];
   vgpu_surface_clear_color(surface, color);
   for (uint32_t ty = y * height; ty < (y + 1) * height; ty++) {
      for (uint32_t tx = x * width; tx < (x + 1) * width; tx++) {
         if (samples > 1 ? !vgpu_surface_clear_mcs(surface, layer, tx, ty)
                         : !vgpu_surface_store(surface, lod, layer, tx, ty, color, 0xf))
            return false;
      }
   }
   return true;
}

/** Blends a colour into a texel. \param color1  the second source colour, NULL: there is none */
static bool
write_texel(struct vgpu_cc *cc, const struct GFX7_BLEND_STATE_ENTRY *b,
            struct vgpu_surface *surface, uint32_t lod, uint32_t layer, int x, int y,
            const uint32_t color[4], const uint32_t color1[4])
{
   struct vgpu_engine *engine = cc->draw->engine;
   const unsigned mask = (b->WriteDisableRed ? 0 : 1) | (b->WriteDisableGreen ? 0 : 2) |
                         (b->WriteDisableBlue ? 0 : 4) | (b->WriteDisableAlpha ? 0 : 8);
   if (vgpu_format_is_integer(surface->format))
      return vgpu_surface_store(surface, lod, layer, x, y, color, mask);

   float src[4], src1[4] = { 0 }, constant[4];
   memcpy(src, color, sizeof(src));
   if (color1)
      memcpy(src1, color1, sizeof(src1));
   memcpy(constant, cc->constant, sizeof(constant));
   if (b->AlphaToOneEnable)
      src[3] = 1;
   const bool clamps = b->ColorBufferBlendEnable || !clamped_by_format(b, surface->format);
   if (b->PreBlendColorClampEnable && clamps) {
      clamp_color(b, surface->format, src);
      clamp_color(b, surface->format, src1);
      clamp_color(b, surface->format, constant);
   }
   if (b->ColorBufferBlendEnable) {
      const struct vgpu_blend blend = {
         .src_factor = { b->SourceBlendFactor, b->IndependentAlphaBlendEnable
                                                  ? b->SourceAlphaBlendFactor
                                                  : b->SourceBlendFactor },
         .dst_factor = { b->DestinationBlendFactor, b->IndependentAlphaBlendEnable
                                                       ? b->DestinationAlphaBlendFactor
                                                       : b->DestinationBlendFactor },
         .function = { b->ColorBlendFunction, b->IndependentAlphaBlendEnable
                                                 ? b->AlphaBlendFunction
                                                 : b->ColorBlendFunction },
      };
      for (unsigned i = 0; i < 2; i++) {
         if (!vgpu_blend_factor_is_modelled(blend.src_factor[i]) ||
             !vgpu_blend_factor_is_modelled(blend.dst_factor[i]) || blend.function[i] > 4)
            return vgpu_engine_unmodelled(engine, "blend factor %u or %u, function %u",
                                          blend.src_factor[i], blend.dst_factor[i],
                                          blend.function[i]);
         if (!color1 && (vgpu_blend_factor_is_dual_source(blend.src_factor[i]) ||
                         vgpu_blend_factor_is_dual_source(blend.dst_factor[i])))
            return vgpu_engine_fault(engine, "blend factor %u or %u of a second source colour, "
                                     "which the pixel shader does not write",
                                     blend.src_factor[i], blend.dst_factor[i]);
      }
      uint32_t bits[4];
      float dst[4], result[4];
      if (!vgpu_surface_fetch(surface, lod, layer, x, y, bits))
         return false;
      memcpy(dst, bits, sizeof(dst));
      vgpu_blend(&blend, src, src1, dst, constant, result);
      memcpy(src, result, sizeof(src));
   }
   if (b->PostBlendColorClampEnable && clamps)
      clamp_color(b, surface->format, src);

   uint32_t out[4];
   memcpy(out, src, sizeof(out));
   if (b->LogicOpEnable)
      return write_logic_op(surface, lod, layer, x, y, b->LogicOpFunction, out, mask);
   return vgpu_surface_store(surface, lod, layer, x, y, out, mask);
}

bool
vgpu_cc_write(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
              uint32_t array_index, int x, int y, uint8_t samples, const uint32_t color[4],
              const uint32_t color1[4])
{
   struct vgpu_engine *engine = cc->draw->engine;
   struct vgpu_surface *surface = vgpu_shader_env_surface(cc->env, binding_table_index);

   if (!surface)
      return false;
   if (surface->type == VGPU_SURFACE_NULL)
      return true;
   if (surface->type == VGPU_SURFACE_BUFFER || surface->type == VGPU_SURFACE_STRBUF)
      return vgpu_engine_unmodelled(engine, "a render target of %s",
                                    vgpu_surface_type_name(surface->type));
   if (!(surface->format->uses & VGPU_USE_RENDER))
      return vgpu_engine_fault(engine, "%s is no render target format", surface->format->name);
   if (surface->samples != cc->draw->samples || surface->interleaved)
      return vgpu_engine_fault(engine, "a render target of %u samples in a draw of %u",
                               surface->samples, cc->draw->samples);

   const uint32_t lod = surface->mip_count, layer = surface->min_array_element + array_index;
   if (cc->fast_clear)
      return fast_clear(cc, surface, lod, layer, x, y);
   uint32_t first = layer, column = x, row = y;
   vgpu_surface_place_sample(surface, 0, &column, &row, &first);
   if (array_index >= surface->view_extent ||
       !vgpu_surface_contains(surface, lod, first, column, row))
      return true;
   if (!vgpu_surface_expand(surface, lod, layer, x, y))
      return false;
   for (unsigned sample = 0; sample < surface->samples; sample++) {
      uint32_t element = layer;
      if (!(samples >> sample & 1))
         continue;
      column = x, row = y;
      vgpu_surface_place_sample(surface, sample, &column, &row, &element);
      if (!write_texel(cc, &cc->blend[target], surface, lod, element, column, row, color,
                       color1))
         return false;
   }
   return true;
}

static bool
is_stored(const struct vgpu_cc *cc, const struct GFX7_BLEND_STATE_ENTRY *b,
          const struct vgpu_surface *s)
{
   return s && s->type <= VGPU_SURFACE_CUBE && s->format->uses & VGPU_USE_RENDER &&
          s->samples == 1 && cc->draw->samples == 1 && !cc->fast_clear &&
          vgpu_format_is_unorm8(s->format) && clamped_by_format(b, s->format) &&
          !b->ColorBufferBlendEnable && !b->LogicOpEnable && !b->AlphaToOneEnable &&
          !b->WriteDisableRed && !b->WriteDisableGreen && !b->WriteDisableBlue &&
          !b->WriteDisableAlpha;
}

static const struct target *
find_target(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
            uint32_t array_index)
{
   struct target *t = &cc->last;

   if (t->known && t->binding_table_index == binding_table_index && t->target == target &&
       t->array_index == array_index)
      return t;
   *t = (struct target){
      .known = true,
      .binding_table_index = binding_table_index,
      .target = target,
      .array_index = array_index,
      .surface = vgpu_shader_env_surface(cc->env, binding_table_index),
   };
   t->stored = is_stored(cc, &cc->blend[target], t->surface) &&
               array_index < t->surface->view_extent &&
               vgpu_surface_image(t->surface, t->surface->mip_count,
                                  t->surface->min_array_element + array_index, &t->image);
   return t;
}

/** Texels of four bytes. Two pixels next to each other are so in memory, too. */
static bool
store_pixels(const struct target *t, const struct vgpu_cc_pixels *p, const uint32_t texels[16])
{
   struct vgpu_surface *s = t->surface;

   for (unsigned i = 0; i < p->count; i += 2) {
      uint32_t mask = p->mask >> i & 3;
      const uint32_t x = p->x[i], y = p->y[i];
      if (y >= t->image.height || x >= t->image.width)
         continue;
      if (x + 1 >= t->image.width)
         mask &= 1;
      if (!mask)
         continue;
      const uint32_t address = vgpu_surface_image_address(s, &t->image, x, y);
      if (mask == 3 && address % 8 == 0) {
         uint8_t *host = vgpu_surface_map(s, address, true);
         if (!host)
            return false;
         memcpy(host, &texels[i], 8);
         continue;
      }
      for (unsigned k = 0; k < 2; k++) {
         if (mask >> k & 1 &&
             !vgpu_surface_write(s, vgpu_surface_image_address(s, &t->image, x + k, y),
                                 &texels[i + k], 4))
            return false;
      }
   }
   return true;
}

bool
vgpu_cc_write_pixels(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
                     uint32_t array_index, const struct vgpu_cc_pixels *p)
{
   const struct target *t = find_target(cc, binding_table_index, target, array_index);

   if (t->stored && !p->replicated) {
      uint32_t texels[16];
      vgpu_format_pack_unorm8(t->surface->format, p->color, p->count, texels);
      return store_pixels(t, p, texels);
   }
   if (t->stored) {
      uint32_t color[4], texel, texels[16];
      for (unsigned c = 0; c < 4; c++)
         memcpy(&color[c], p->color[c], sizeof(color[c]));
      vgpu_format_pack(t->surface->format, color, 0xf, &texel);
      for (unsigned i = 0; i < 16; i++)
         texels[i] = texel;
      return store_pixels(t, p, texels);
   }
   for (unsigned i = 0; i < p->count; i++) {
      uint32_t color[4];
      for (unsigned c = 0; c < 4; c++)
         memcpy(&color[c], p->color[c] + (p->replicated ? 0 : 4 * i), sizeof(color[c]));
      if (p->mask >> i & 1 &&
          !vgpu_cc_write(cc, binding_table_index, target, array_index, p->x[i], p->y[i], 1, color,
                         NULL))
         return false;
   }
   return true;
}
