/*
 * SPDX-License-Identifier: MIT
 *
 * The output merger: depth and stencil tests, blending and writes to render targets (IVB PRM Vol2
 * Part 1, "Color Calculator", "Depth and Stencil"). HiZ is not kept: the depth buffer always has
 * the whole truth, so a resolve has nothing to do.
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
#define SURFTYPE_NULL 7

enum { DEPTH_D32_FLOAT = 1, DEPTH_D24_UNORM_X8 = 3, DEPTH_D16_UNORM = 5 };
enum { FORMAT_R32_FLOAT = 0x0d8, FORMAT_R24_UNORM_X8 = 0x0d9, FORMAT_R16_UNORM = 0x10a };

enum { RANGE_UNORM = 0, RANGE_SNORM = 1, RANGE_FORMAT = 2 };

struct vgpu_cc {
   struct vgpu_draw *draw;
   struct vgpu_shader_env *env;
   bool fast_clear;
   struct GFX7_BLEND_STATE_ENTRY blend[MAX_TARGETS];
   struct GFX7_COLOR_CALC_STATE color_calc;
   float constant[4];

   struct GFX7_3DSTATE_WM wm;
   struct GFX7_DEPTH_STENCIL_STATE ds;
   struct GFX7_3DSTATE_DEPTH_BUFFER depth_state;
   struct GFX7_CC_VIEWPORT viewport;
   bool has_depth, has_stencil;
   bool depth_test, depth_write, stencil_test, stencil_write;
   bool depth_clear;
   uint32_t depth_clear_bits;
   struct vgpu_surface depth;
   uint32_t stencil_address, stencil_pitch_bytes;
};

static bool
read_pointed(struct vgpu_draw *draw, uint32_t header, uint32_t *dw, unsigned len_dw, bool *found)
{
   const struct vgpu_packet *packet = vgpu_render_packet(draw->engine->render, header);

   *found = packet;
   return !packet || vgpu_read_state(draw->engine,
                                     draw->dynamic_state_base + (packet->dw[1] & ~31u), dw,
                                     len_dw);
}

/** The depth buffer as a surface that texels are read from and written to. */
static bool
init_depth_surface(struct vgpu_draw *draw, struct vgpu_cc *cc)
{
   const struct GFX7_3DSTATE_DEPTH_BUFFER *d = &cc->depth_state;
   uint32_t format;

   switch (d->SurfaceFormat) {
   case DEPTH_D32_FLOAT:
      format = FORMAT_R32_FLOAT;
      break;
   case DEPTH_D24_UNORM_X8:
      format = FORMAT_R24_UNORM_X8;
      break;
   case DEPTH_D16_UNORM:
      format = FORMAT_R16_UNORM;
      break;
   default:
      return vgpu_engine_unmodelled(draw->engine, "depth format %u", d->SurfaceFormat);
   }
   if (d->DepthCoordinateOffsetX || d->DepthCoordinateOffsetY)
      return vgpu_engine_unmodelled(draw->engine, "depth coordinate offset");

   /* Always Y-tiled, with an alignment of 4 by 4, 8 by 4 for 16 bits. */
   const bool array = d->Depth > 0 && d->SurfaceType != VGPU_SURFACE_3D;
   const uint32_t dw[8] = {
      d->SurfaceType << 29 | (uint32_t)array << 28 | format << 18 | 1 << 16 |
         (d->SurfaceFormat == DEPTH_D16_UNORM ? 1 << 15 : 0) | 1 << 14 | 1 << 13,
      (uint32_t)d->SurfaceBaseAddress,
      d->Height << 16 | d->Width,
      d->Depth << 21 | d->SurfacePitch,
      d->MinimumArrayElement << 18 | d->RenderTargetViewExtent << 7,
      d->LOD,
   };
   return vgpu_surface_from_dw(draw->engine, dw, &cc->depth);
}

static bool
init_depth_stencil(struct vgpu_draw *draw, struct vgpu_cc *cc)
{
   const struct vgpu_render_state *render = draw->engine->render;
   const struct vgpu_packet *depth =
      vgpu_render_packet(render, GFX7_3DSTATE_DEPTH_BUFFER_header);
   const struct vgpu_packet *stencil =
      vgpu_render_packet(render, GFX7_3DSTATE_STENCIL_BUFFER_header);
   const struct vgpu_packet *clear = vgpu_render_packet(render, GFX7_3DSTATE_CLEAR_PARAMS_header);
   uint32_t dw[3];
   bool found;

   if (!read_pointed(draw, GFX7_3DSTATE_DEPTH_STENCIL_STATE_POINTERS_header, dw, 3, &found))
      return false;
   if (found)
      GFX7_DEPTH_STENCIL_STATE_unpack(&cc->ds, dw, 3);
   cc->viewport.MaximumDepth = 1;
   if (!read_pointed(draw, GFX7_3DSTATE_VIEWPORT_STATE_POINTERS_CC_header, dw, 2, &found))
      return false;
   if (found)
      GFX7_CC_VIEWPORT_unpack(&cc->viewport, dw, 2);

   if (depth)
      GFX7_3DSTATE_DEPTH_BUFFER_unpack(&cc->depth_state, depth->dw, depth->len_dw);
   cc->has_depth = depth && cc->depth_state.SurfaceType != SURFTYPE_NULL;
   if (stencil) {
      struct GFX7_3DSTATE_STENCIL_BUFFER s;
      GFX7_3DSTATE_STENCIL_BUFFER_unpack(&s, stencil->dw, stencil->len_dw);
      cc->stencil_address = s.SurfaceBaseAddress;
      cc->stencil_pitch_bytes = s.SurfacePitch + 1;
   }
   cc->has_stencil = cc->stencil_address && cc->depth_state.StencilWriteEnable;

   cc->depth_test = cc->has_depth && cc->ds.DepthTestEnable;
   cc->depth_write =
      cc->has_depth && cc->ds.DepthBufferWriteEnable && cc->depth_state.DepthWriteEnable;
   cc->stencil_test = cc->has_stencil && cc->ds.StencilTestEnable;
   cc->stencil_write = cc->stencil_test && cc->ds.StencilBufferWriteEnable;
   if (cc->stencil_test && (cc->depth_state.LOD || cc->depth_state.MinimumArrayElement))
      return vgpu_engine_unmodelled(draw->engine, "stencil in a LOD or array element");

   if (cc->wm.DepthBufferClear) {
      struct GFX7_3DSTATE_CLEAR_PARAMS c = { 0 };
      if (clear)
         GFX7_3DSTATE_CLEAR_PARAMS_unpack(&c, clear->dw, clear->len_dw);
      if (!c.DepthClearValueValid)
         return vgpu_engine_fault(draw->engine, "depth clear without a valid clear value");
      cc->depth_clear = cc->has_depth;
      cc->depth_clear_bits = c.DepthClearValue;
   }

   /* With stencil alone the depth buffer has a size, but no memory and no pitch. */
   return !(cc->depth_test || cc->depth_write || cc->depth_clear) ||
          init_depth_surface(draw, cc);
}

bool
vgpu_cc_init(struct vgpu_draw *draw, struct vgpu_cc **out, struct vgpu_shader_env *env)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_packet *wm = vgpu_render_packet(engine->render, GFX7_3DSTATE_WM_header);
   const struct vgpu_packet *ps = vgpu_render_packet(engine->render, GFX7_3DSTATE_PS_header);
   const struct vgpu_packet *blend =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_BLEND_STATE_POINTERS_header);
   struct vgpu_cc *cc = *out = calloc(1, sizeof(*cc));
   uint32_t dw[6];
   bool found;

   if (!cc)
      return vgpu_engine_fault(engine, "no host memory for the colour calculator");
   cc->draw = draw;
   cc->env = env;
   GFX7_3DSTATE_WM_unpack(&cc->wm, wm->dw, wm->len_dw);
   if (ps) {
      struct GFX7_3DSTATE_PS state;
      GFX7_3DSTATE_PS_unpack(&state, ps->dw, ps->len_dw);
      cc->fast_clear = state.RenderTargetFastClearEnable;
   }

   if (!read_pointed(draw, GFX7_3DSTATE_CC_STATE_POINTERS_header, dw, 6, &found))
      return false;
   if (found)
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
   return init_depth_stencil(draw, cc);
}

void
vgpu_cc_fini(struct vgpu_cc *cc)
{
   free(cc);
}

bool
vgpu_cc_no_depth_stencil(const struct vgpu_cc *cc)
{
   return !cc->depth_test && !cc->depth_write && !cc->stencil_test && !cc->depth_clear;
}

/** Depth as the buffer holds it, read back as the test compares it. */
static float
quantize(const struct vgpu_cc *cc, float z)
{
   switch (cc->depth_state.SurfaceFormat) {
   case DEPTH_D16_UNORM:
      return rintf(z * 65535.0f) / 65535.0f;
   case DEPTH_D24_UNORM_X8:
      return (float)(rint((double)z * 16777215.0) / 16777215.0);
   default:
      return z;
   }
}

static bool
access_stencil(struct vgpu_cc *cc, int x, int y, uint8_t *value, bool write)
{
   const uint32_t address =
      cc->stencil_address + vgpu_tiled_offset(VGPU_TILING_W, cc->stencil_pitch_bytes, x, y);
   uint8_t *host = vgpu_engine_map(cc->draw->engine, cc->draw->engine->as, address, write);

   if (!host)
      return false;
   if (write)
      *host = *value;
   else
      *value = *host;
   return true;
}

/** The size is the stencil buffer's, too. \param layer  counted from the first of the view */
static bool
in_depth_buffer(const struct vgpu_cc *cc, uint32_t layer, int x, int y)
{
   const struct GFX7_3DSTATE_DEPTH_BUFFER *d = &cc->depth_state;

   return layer <= d->RenderTargetViewExtent &&
          (uint32_t)x < vgpu_surface_minify(d->Width + 1, d->LOD) &&
          (uint32_t)y < vgpu_surface_minify(d->Height + 1, d->LOD);
}

bool
vgpu_cc_depth_stencil(struct vgpu_cc *cc, const struct vgpu_setup *setup, int x, int y, float z,
                      bool *pass)
{
   const struct GFX7_DEPTH_STENCIL_STATE *ds = &cc->ds;
   const uint32_t layer =
      cc->has_depth ? cc->depth_state.MinimumArrayElement + setup->render_target_array_index : 0;
   const uint32_t lod = cc->depth_state.LOD;

   *pass = true;
   if (cc->has_depth && !in_depth_buffer(cc, setup->render_target_array_index, x, y))
      return true;

   if (cc->depth_clear) {
      const bool is_float = cc->depth_state.SurfaceFormat == DEPTH_D32_FLOAT;
      uint32_t rgba[4] = { cc->depth_clear_bits };
      if (!is_float) {
         const float max = cc->depth_state.SurfaceFormat == DEPTH_D16_UNORM ? 65535 : 16777215;
         const float value = cc->depth_clear_bits / max;
         memcpy(&rgba[0], &value, sizeof(value));
      }
      return vgpu_surface_store(&cc->depth, lod, layer, x, y, rgba, 1);
   }

   z = fminf(fmaxf(z, cc->viewport.MinimumDepth), cc->viewport.MaximumDepth);
   const float quantized = quantize(cc, z);
   bool depth_pass = true;
   if (cc->depth_test) {
      uint32_t rgba[4];
      float stored;
      if (!vgpu_surface_fetch(&cc->depth, lod, layer, x, y, rgba))
         return false;
      memcpy(&stored, &rgba[0], sizeof(stored));
      depth_pass = vgpu_compare(ds->DepthTestFunction, quantized, quantize(cc, stored));
   }

   bool stencil_pass = true;
   if (cc->stencil_test) {
      const bool back = setup->back_facing && ds->DoubleSidedStencilEnable;
      const uint8_t reference = back ? cc->color_calc.BackfaceStencilReferenceValue
                                     : cc->color_calc.StencilReferenceValue;
      const uint8_t test_mask = back ? ds->BackfaceStencilTestMask : ds->StencilTestMask;
      const uint8_t write_mask = back ? ds->BackfaceStencilWriteMask : ds->StencilWriteMask;
      uint8_t value;
      if (!access_stencil(cc, x, y, &value, false))
         return false;
      stencil_pass =
         vgpu_compare(back ? ds->BackfaceStencilTestFunction : ds->StencilTestFunction,
                      reference & test_mask, value & test_mask);
      const unsigned op =
         !stencil_pass ? (back ? ds->BackfaceStencilFailOp : ds->StencilFailOp)
         : !depth_pass ? (back ? ds->BackfaceStencilPassDepthFailOp : ds->StencilPassDepthFailOp)
                       : (back ? ds->BackfaceStencilPassDepthPassOp : ds->StencilPassDepthPassOp);
      if (cc->stencil_write) {
         uint8_t now = vgpu_stencil_op(op, value, reference);
         now = (value & ~write_mask) | (now & write_mask);
         if (now != value && !access_stencil(cc, x, y, &now, true))
            return false;
      }
   }

   *pass = stencil_pass && depth_pass;
   if (*pass && cc->depth_write) {
      uint32_t rgba[4] = { 0 };
      memcpy(&rgba[0], &z, sizeof(z));
      return vgpu_surface_store(&cc->depth, lod, layer, x, y, rgba, 1);
   }
   return true;
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
      color[c] = fminf(fmaxf(color[c], low), high);
}

static bool
alpha_test(const struct vgpu_cc *cc, const struct GFX7_BLEND_STATE_ENTRY *b, float alpha)
{
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

/**
 * A fast clear: each pixel of the draw stands for a block of texels (PRM, "MCS Buffer for Render
 * Target(s)", scale factors of the clear rectangle), which gets the surface's clear colour.
 */
static bool
fast_clear(struct vgpu_cc *cc, struct vgpu_surface *surface, uint32_t lod, uint32_t layer, int x,
           int y)
{
   const bool y_tiled = surface->tiling == VGPU_TILING_Y;
   uint32_t width, height;

   switch (surface->bytes) {
   case 4:
      width = y_tiled ? 64 : 128;
      break;
   case 8:
      width = y_tiled ? 32 : 64;
      break;
   case 16:
      width = y_tiled ? 16 : 32;
      break;
   default:
      return vgpu_engine_fault(cc->draw->engine, "fast clear of %s", surface->format->name);
   }
   height = y_tiled ? 64 : 32;
   if (surface->tiling == VGPU_TILING_LINEAR)
      return vgpu_engine_fault(cc->draw->engine, "fast clear of a linear surface");

   const uint32_t one = vgpu_format_is_integer(surface->format) ? 1 : 0x3f800000;
   uint32_t color[4];
   for (unsigned c = 0; c < 4; c++)
      color[c] = surface->clear_color & BIT(c) ? one : 0;
   for (uint32_t ty = y * height; ty < (y + 1) * height; ty++) {
      for (uint32_t tx = x * width; tx < (x + 1) * width; tx++) {
         if (!vgpu_surface_store(surface, lod, layer, tx, ty, color, 0xf))
            return false;
      }
   }
   return true;
}

bool
vgpu_cc_write(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
              uint32_t array_index, int x, int y, const uint32_t color[4])
{
   struct vgpu_engine *engine = cc->draw->engine;
   const struct GFX7_BLEND_STATE_ENTRY *b = &cc->blend[target];
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

   const uint32_t lod = surface->mip_count, layer = surface->min_array_element + array_index;
   if (cc->fast_clear)
      return fast_clear(cc, surface, lod, layer, x, y);
   if (array_index >= surface->view_extent ||
       !vgpu_surface_contains(surface, lod, layer, x, y))
      return true;

   const unsigned mask = (b->WriteDisableRed ? 0 : 1) | (b->WriteDisableGreen ? 0 : 2) |
                         (b->WriteDisableBlue ? 0 : 4) | (b->WriteDisableAlpha ? 0 : 8);
   if (vgpu_format_is_integer(surface->format))
      return vgpu_surface_store(surface, lod, layer, x, y, color, mask);

   float src[4];
   memcpy(src, color, sizeof(src));
   if (!alpha_test(cc, &cc->blend[0], src[3]))
      return true;
   if (b->AlphaToOneEnable)
      src[3] = 1;
   if (b->PreBlendColorClampEnable)
      clamp_color(b, surface->format, src);
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
      }
      uint32_t bits[4];
      float dst[4], result[4];
      if (!vgpu_surface_fetch(surface, lod, layer, x, y, bits))
         return false;
      memcpy(dst, bits, sizeof(dst));
      vgpu_blend(&blend, src, dst, cc->constant, result);
      memcpy(src, result, sizeof(src));
   }
   if (b->PostBlendColorClampEnable)
      clamp_color(b, surface->format, src);

   uint32_t out[4];
   memcpy(out, src, sizeof(out));
   if (b->LogicOpEnable)
      return write_logic_op(surface, lod, layer, x, y, b->LogicOpFunction, out, mask);
   return vgpu_surface_store(surface, lod, layer, x, y, out, mask);
}
