/*
 * SPDX-License-Identifier: MIT
 *
 * Depth and stencil: the tests, the buffers and the hierarchical depth buffer (IVB PRM Vol2 Part 1,
 * "Depth and Stencil", "Hierarchical Depth Buffer").
 *
 * HiZ keeps one thing for each block of 8 x 4 texels: whether a depth clear has set it to the value
 * in 3DSTATE_CLEAR_PARAMS and nothing was drawn there since. Then the texels mean nothing. That
 * much must be kept, because a driver clears such a block again by naming another value.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blend.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "surface.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

#define SURFTYPE_NULL 7
#define TILE_Y_WIDTH_BYTES 128

enum { D32_FLOAT = 1, D24_UNORM_X8 = 3, D16_UNORM = 5 };
enum { FORMAT_R32_FLOAT = 0x0d8, FORMAT_R24_UNORM_X8 = 0x0d9, FORMAT_R16_UNORM = 0x10a };
enum { FORMAT_R8_UINT = 0x143 };

/* A block of HiZ: 16 bytes, of which the model uses the first. */
#define HIZ_BLOCK_WIDTH 8
#define HIZ_BLOCK_HEIGHT 4
enum { HIZ_TEXELS_VALID = 0, HIZ_CLEARED = 1 };

struct vgpu_depth {
   struct vgpu_engine *engine;
   unsigned samples;
   struct GFX7_3DSTATE_WM wm;
   struct GFX7_DEPTH_STENCIL_STATE ds;
   struct GFX7_3DSTATE_DEPTH_BUFFER state;
   struct GFX7_CC_VIEWPORT viewport;
   struct GFX7_COLOR_CALC_STATE color_calc;

   bool has_depth, has_stencil, has_hiz;
   bool test, write, stencil_test, stencil_write;
   bool clear, resolve, hiz_resolve; /* what a rectangle does to HiZ */
   bool clear_valid;
   uint32_t clear_value; /* as a texel has it */
   struct vgpu_surface buffer, stencil, hiz;

   uint64_t passed; /* samples, if statistics are on */
};

/** What depth, stencil and HiZ have in common; only the depth buffer's state says it. */
static struct vgpu_surface
new_buffer(const struct vgpu_depth *depth, unsigned format)
{
   const struct GFX7_3DSTATE_DEPTH_BUFFER *d = &depth->state;

   return (struct vgpu_surface){
      .engine = depth->engine,
      .type = (enum vgpu_surface_type)d->SurfaceType,
      .format = vgpu_format(format),
      .bytes = vgpu_format_bytes(vgpu_format(format)),
      .width = d->Width + 1,
      .height = d->Height + 1,
      .depth = d->Depth + 1,
      .min_array_element = d->MinimumArrayElement,
      .view_extent = d->RenderTargetViewExtent + 1,
      .mip_count = d->LOD,
      .samples = depth->samples,
      .interleaved = depth->samples > 1,
   };
}

static bool
init_buffer(struct vgpu_depth *depth)
{
   const struct GFX7_3DSTATE_DEPTH_BUFFER *d = &depth->state;
   uint32_t format;

   switch (d->SurfaceFormat) {
   case D32_FLOAT:
      format = FORMAT_R32_FLOAT;
      break;
   case D24_UNORM_X8:
      format = FORMAT_R24_UNORM_X8;
      break;
   case D16_UNORM:
      format = FORMAT_R16_UNORM;
      break;
   default:
      return vgpu_engine_unmodelled(depth->engine, "depth format %u", d->SurfaceFormat);
   }
   if ((d->SurfacePitch + 1) % TILE_Y_WIDTH_BYTES)
      return vgpu_engine_fault(depth->engine,
                               "3DSTATE_DEPTH_BUFFER: Surface Pitch of %u bytes is no multiple of "
                               "a tile's %u", d->SurfacePitch + 1, TILE_Y_WIDTH_BYTES);
   depth->buffer = new_buffer(depth, format);
   depth->buffer.tiling = VGPU_TILING_Y;
   depth->buffer.address = (uint32_t)d->SurfaceBaseAddress;
   depth->buffer.pitch_bytes = d->SurfacePitch + 1;
   depth->buffer.halign = d->SurfaceFormat == D16_UNORM ? 8 : 4;
   depth->buffer.valign = 4;
   vgpu_surface_lay_out(&depth->buffer);
   return true;
}

static bool
init_stencil(struct vgpu_depth *depth, const struct vgpu_packet *packet)
{
   struct GFX7_3DSTATE_STENCIL_BUFFER s;

   GFX7_3DSTATE_STENCIL_BUFFER_unpack(&s, packet->dw, packet->len_dw);
   if ((s.SurfacePitch + 1) % TILE_Y_WIDTH_BYTES)
      return vgpu_engine_fault(depth->engine,
                               "3DSTATE_STENCIL_BUFFER: Surface Pitch of %u bytes is no multiple "
                               "of twice a tile's 64", s.SurfacePitch + 1);
   depth->stencil = new_buffer(depth, FORMAT_R8_UINT);
   depth->stencil.tiling = VGPU_TILING_W;
   depth->stencil.address = (uint32_t)s.SurfaceBaseAddress;
   /* Twice the value that the width gives: two rows are interleaved. */
   depth->stencil.pitch_bytes = (s.SurfacePitch + 1) / 2;
   depth->stencil.halign = depth->stencil.valign = 8;
   vgpu_surface_lay_out(&depth->stencil);
   return true;
}

static bool
init_hiz(struct vgpu_depth *depth)
{
   const struct vgpu_packet *packet =
      vgpu_render_packet(depth->engine->render, GFX7_3DSTATE_HIER_DEPTH_BUFFER_header);
   struct GFX7_3DSTATE_HIER_DEPTH_BUFFER h;

   if (!packet)
      return vgpu_engine_fault(depth->engine, "HiZ without 3DSTATE_HIER_DEPTH_BUFFER");
   GFX7_3DSTATE_HIER_DEPTH_BUFFER_unpack(&h, packet->dw, packet->len_dw);
   if ((h.SurfacePitch + 1) % TILE_Y_WIDTH_BYTES)
      return vgpu_engine_fault(depth->engine,
                               "3DSTATE_HIER_DEPTH_BUFFER: Surface Pitch of %u bytes is no "
                               "multiple of a tile's %u", h.SurfacePitch + 1, TILE_Y_WIDTH_BYTES);
   /*
    * Half a byte for each texel: HZ_Width is that of the depth buffer in bytes, HZ_Height half of
    * it in rows, each LOD aligned to 16 x 8 texels. So a block is 8 bytes wide and 2 rows high.
    */
   depth->hiz = new_buffer(depth, FORMAT_R8_UINT);
   depth->hiz.tiling = VGPU_TILING_Y;
   depth->hiz.address = (uint32_t)h.SurfaceBaseAddress;
   depth->hiz.pitch_bytes = h.SurfacePitch + 1;
   depth->hiz.halign = 16;
   depth->hiz.valign = 8;
   vgpu_surface_lay_out(&depth->hiz);
   return true;
}

static void
init_clear_value(struct vgpu_depth *depth)
{
   const struct vgpu_packet *packet =
      vgpu_render_packet(depth->engine->render, GFX7_3DSTATE_CLEAR_PARAMS_header);
   struct GFX7_3DSTATE_CLEAR_PARAMS c;

   if (!packet)
      return;
   GFX7_3DSTATE_CLEAR_PARAMS_unpack(&c, packet->dw, packet->len_dw);
   depth->clear_valid = c.DepthClearValueValid;
   depth->clear_value = c.DepthClearValue;
}

bool
vgpu_depth_init(struct vgpu_draw *draw, struct vgpu_depth **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_render_state *render = engine->render;
   const struct vgpu_packet *wm = vgpu_render_packet(render, GFX7_3DSTATE_WM_header);
   const struct vgpu_packet *packet =
      vgpu_render_packet(render, GFX7_3DSTATE_DEPTH_BUFFER_header);
   const struct vgpu_packet *stencil =
      vgpu_render_packet(render, GFX7_3DSTATE_STENCIL_BUFFER_header);
   struct vgpu_depth *depth = *out = calloc(1, sizeof(*depth));
   uint32_t dw[6];

   if (!depth)
      return vgpu_engine_fault(engine, "no host memory for the depth and stencil tests");
   depth->engine = engine;
   depth->samples = draw->samples;
   GFX7_3DSTATE_WM_unpack(&depth->wm, wm->dw, wm->len_dw);
   if (!vgpu_read_pointed(draw, GFX7_3DSTATE_DEPTH_STENCIL_STATE_POINTERS_header, ~31u, dw, 3))
      return false;
   GFX7_DEPTH_STENCIL_STATE_unpack(&depth->ds, dw, 3);
   if (!vgpu_read_pointed(draw, GFX7_3DSTATE_VIEWPORT_STATE_POINTERS_CC_header, ~31u, dw, 2))
      return false;
   GFX7_CC_VIEWPORT_unpack(&depth->viewport, dw, 2);
   if (!vgpu_render_packet(render, GFX7_3DSTATE_VIEWPORT_STATE_POINTERS_CC_header))
      depth->viewport.MaximumDepth = 1;
   if (!vgpu_read_pointed(draw, GFX7_3DSTATE_CC_STATE_POINTERS_header, ~31u, dw, 6))
      return false;
   GFX7_COLOR_CALC_STATE_unpack(&depth->color_calc, dw, 6);
   if (!packet)
      return true;

   GFX7_3DSTATE_DEPTH_BUFFER_unpack(&depth->state, packet->dw, packet->len_dw);
   depth->has_depth = depth->state.SurfaceType != SURFTYPE_NULL;
   depth->has_stencil = depth->has_depth && depth->state.StencilWriteEnable && stencil &&
                        stencil->len_dw > 2 && stencil->dw[2];
   depth->has_hiz = depth->has_depth && depth->state.HierarchicalDepthBufferEnable;
   depth->test = depth->has_depth && depth->ds.DepthTestEnable;
   depth->write =
      depth->has_depth && depth->ds.DepthBufferWriteEnable && depth->state.DepthWriteEnable;
   depth->stencil_test = depth->has_stencil && depth->ds.StencilTestEnable;
   depth->stencil_write = depth->stencil_test && depth->ds.StencilBufferWriteEnable;
   depth->clear = depth->has_depth && depth->wm.DepthBufferClear;
   depth->resolve = depth->has_hiz && depth->wm.DepthBufferResolveEnable;
   depth->hiz_resolve = depth->has_hiz && depth->wm.HierarchicalDepthBufferResolveEnable;
   init_clear_value(depth);

   if (depth->has_depth && (depth->state.DepthCoordinateOffsetX ||
                            depth->state.DepthCoordinateOffsetY))
      return vgpu_engine_unmodelled(engine, "depth coordinate offset");
   if (depth->state.LOD >= VGPU_SURFACE_MAX_LODS)
      return vgpu_engine_fault(engine, "3DSTATE_DEPTH_BUFFER: LOD %u", depth->state.LOD);
   if (depth->clear && !depth->clear_valid)
      return vgpu_engine_fault(engine, "depth clear without a valid clear value");
   /* With stencil alone the depth buffer has a size, but no memory and no pitch. */
   if ((depth->test || depth->write || depth->clear || depth->resolve) && !init_buffer(depth))
      return false;
   if (depth->stencil_test && !init_stencil(depth, stencil))
      return false;
   return !depth->has_hiz || init_hiz(depth);
}

bool
vgpu_depth_clone(const struct vgpu_depth *depth, struct vgpu_depth **out)
{
   struct vgpu_depth *clone = *out = malloc(sizeof(*clone));

   if (!clone)
      return vgpu_engine_fault(depth->engine, "no host memory for the depth and stencil tests");
   *clone = *depth;
   clone->passed = 0;
   return true;
}

void
vgpu_depth_fini(struct vgpu_depth *depth)
{
   if (!depth)
      return;
   if (depth->passed) {
      struct vgpu *gpu = depth->engine->gpu;
      uint32_t *count = &gpu->regs[PS_DEPTH_COUNT / 4];
      pthread_mutex_lock(&gpu->lock);
      const uint64_t now = (count[0] | (uint64_t)count[1] << 32) + depth->passed;
      count[0] = (uint32_t)now;
      count[1] = (uint32_t)(now >> 32);
      pthread_mutex_unlock(&gpu->lock);
   }
   free(depth);
}

/* ---------------------------------------------------------------- texels */

/** Depth as a texel of the buffer has it; UNORM is rounded to nearest even. */
static uint32_t
encode(const struct vgpu_depth *depth, float z)
{
   const double unorm = fmin(fmax((double)z, 0), 1);
   uint32_t bits;

   switch (depth->state.SurfaceFormat) {
   case D16_UNORM:
      return (uint32_t)rint(unorm * 65535);
   case D24_UNORM_X8:
      return (uint32_t)rint(unorm * 16777215);
   default:
      memcpy(&bits, &z, sizeof(bits));
      return bits;
   }
}

/** A number by which texels compare. */
static float
comparable(const struct vgpu_depth *depth, uint32_t texel)
{
   float z;

   if (depth->state.SurfaceFormat != D32_FLOAT)
      return (float)texel; /* of 24 bits at most: exact */
   memcpy(&z, &texel, sizeof(z));
   return z;
}

static bool
read_texel(struct vgpu_depth *depth, uint32_t layer, uint32_t x, uint32_t y, uint32_t *texel)
{
   struct vgpu_surface *s = &depth->buffer;
   const uint32_t address = vgpu_surface_texel_address(s, s->mip_count, layer, x, y);
   const uint8_t *host = vgpu_surface_map(s, address, false);

   if (!host)
      return false;
   *texel = 0;
   memcpy(texel, host, s->bytes);
   if (depth->state.SurfaceFormat == D24_UNORM_X8)
      *texel &= 0xffffff;
   return true;
}

static bool
write_texel(struct vgpu_depth *depth, uint32_t layer, uint32_t x, uint32_t y, uint32_t texel)
{
   struct vgpu_surface *s = &depth->buffer;
   const uint32_t address = vgpu_surface_texel_address(s, s->mip_count, layer, x, y);
   uint8_t *host = vgpu_surface_map(s, address, true);

   if (!host)
      return false;
   memcpy(host, &texel, depth->state.SurfaceFormat == D24_UNORM_X8 ? 3 : s->bytes);
   return true;
}

/* ---------------------------------------------------------------- HiZ */

/** The state of the block of a texel. NULL after a fault */
static uint8_t *
hiz_block(struct vgpu_depth *depth, uint32_t layer, uint32_t x, uint32_t y)
{
   struct vgpu_surface *s = &depth->hiz;
   const struct vgpu_surface_lod *place = &s->lods[s->mip_count];

   x += place->x;
   y += place->y;
   if (s->type == VGPU_SURFACE_3D) {
      x += (layer & ((1u << s->mip_count) - 1)) * place->slice_width;
      y += (layer >> s->mip_count) * place->slice_height;
   } else {
      y += layer * s->qpitch;
   }
   return vgpu_surface_map(s, s->address + vgpu_tiled_offset(VGPU_TILING_Y, s->pitch_bytes,
                                                             x / HIZ_BLOCK_WIDTH * 8,
                                                             y / HIZ_BLOCK_HEIGHT * 2), true);
}

/** Gives the texels of a cleared block the clear value. */
static bool
resolve_block(struct vgpu_depth *depth, uint32_t layer, uint32_t x, uint32_t y)
{
   const uint32_t x0 = x & ~(HIZ_BLOCK_WIDTH - 1u), y0 = y & ~(HIZ_BLOCK_HEIGHT - 1u);

   if (!depth->clear_valid)
      return vgpu_engine_fault(depth->engine, "a cleared block without a valid clear value");
   for (y = y0; y < y0 + HIZ_BLOCK_HEIGHT; y++) {
      for (x = x0; x < x0 + HIZ_BLOCK_WIDTH; x++) {
         if (vgpu_surface_contains(&depth->buffer, depth->state.LOD, layer, x, y) &&
             !write_texel(depth, layer, x, y, depth->clear_value))
            return false;
      }
   }
   return true;
}

/** What the rectangles do that clear or resolve. */
static bool
hiz_operation(struct vgpu_depth *depth, uint32_t layer, uint32_t x, uint32_t y)
{
   if (!depth->has_hiz)
      return write_texel(depth, layer, x, y, depth->clear_value);

   uint8_t *block = hiz_block(depth, layer, x, y);
   if (!block)
      return false;
   if (depth->clear) {
      *block = HIZ_CLEARED;
      return true;
   }
   if (depth->resolve && *block == HIZ_CLEARED && !resolve_block(depth, layer, x, y))
      return false;
   *block = HIZ_TEXELS_VALID;
   return true;
}

/* ---------------------------------------------------------------- tests */

static bool
depth_test(struct vgpu_depth *depth, uint32_t layer, int x, int y, uint32_t texel, bool *pass)
{
   const uint8_t *block = NULL;
   uint32_t stored = depth->clear_value;

   *pass = true;
   if (!depth->test)
      return true;
   if (depth->has_hiz) {
      block = hiz_block(depth, layer, x, y);
      if (!block)
         return false;
   }
   if (!block || *block != HIZ_CLEARED) {
      if (!read_texel(depth, layer, x, y, &stored))
         return false;
   } else if (!depth->clear_valid) {
      return vgpu_engine_fault(depth->engine, "a cleared block without a valid clear value");
   }
   *pass = vgpu_compare(depth->ds.DepthTestFunction, comparable(depth, texel),
                        comparable(depth, stored));
   return true;
}

static bool
stencil_test(struct vgpu_depth *depth, bool back_facing, uint32_t layer, int x, int y,
             bool depth_pass, bool *pass)
{
   const struct GFX7_DEPTH_STENCIL_STATE *ds = &depth->ds;
   const bool back = back_facing && ds->DoubleSidedStencilEnable;
   const uint8_t reference = back ? depth->color_calc.BackfaceStencilReferenceValue
                                  : depth->color_calc.StencilReferenceValue;
   const uint8_t test_mask = back ? ds->BackfaceStencilTestMask : ds->StencilTestMask;
   const uint8_t write_mask = back ? ds->BackfaceStencilWriteMask : ds->StencilWriteMask;
   struct vgpu_surface *s = &depth->stencil;

   *pass = true;
   if (!depth->stencil_test)
      return true;
   const uint32_t address = vgpu_surface_texel_address(s, s->mip_count, layer, x, y);
   uint8_t *value = vgpu_surface_map(s, address, depth->stencil_write);
   if (!value)
      return false;
   *pass = vgpu_compare(back ? ds->BackfaceStencilTestFunction : ds->StencilTestFunction,
                        reference & test_mask, *value & test_mask);
   if (!depth->stencil_write)
      return true;
   const unsigned op =
      !*pass        ? (back ? ds->BackfaceStencilFailOp : ds->StencilFailOp)
      : !depth_pass ? (back ? ds->BackfaceStencilPassDepthFailOp : ds->StencilPassDepthFailOp)
                    : (back ? ds->BackfaceStencilPassDepthPassOp : ds->StencilPassDepthPassOp);
   *value = (*value & ~write_mask) | (vgpu_stencil_op(op, *value, reference) & write_mask);
   return true;
}

static bool
write_depth(struct vgpu_depth *depth, uint32_t layer, int x, int y, uint32_t texel)
{
   if (depth->has_hiz) {
      uint8_t *block = hiz_block(depth, layer, x, y);
      if (!block || (*block == HIZ_CLEARED && !resolve_block(depth, layer, x, y)))
         return false;
      *block = HIZ_TEXELS_VALID;
   }
   return write_texel(depth, layer, x, y, texel);
}

bool
vgpu_depth_test(struct vgpu_depth *depth, const struct vgpu_setup *setup, int x, int y,
                unsigned sample, float z, bool *pass)
{
   const struct GFX7_3DSTATE_DEPTH_BUFFER *d = &depth->state;
   uint32_t layer = d->MinimumArrayElement + setup->render_target_array_index;
   uint32_t column = x, row = y;
   bool depth_pass;

   *pass = true;
   /* The size is the stencil buffer's, too. Outside there is nothing to test. */
   if (depth->has_depth &&
       setup->render_target_array_index <= d->RenderTargetViewExtent &&
       column < vgpu_surface_minify(d->Width + 1, d->LOD) &&
       row < vgpu_surface_minify(d->Height + 1, d->LOD)) {
      const struct vgpu_surface shape = {
         .samples = depth->samples, .interleaved = depth->samples > 1,
      };
      vgpu_surface_place_sample(&shape, sample, &column, &row, &layer);
      if (depth->clear || depth->resolve || depth->hiz_resolve)
         return hiz_operation(depth, layer, column, row);

      z = fminf(fmaxf(z, depth->viewport.MinimumDepth), depth->viewport.MaximumDepth);
      const uint32_t texel = depth->test || depth->write ? encode(depth, z) : 0;
      if (!depth_test(depth, layer, column, row, texel, &depth_pass) ||
          !stencil_test(depth, setup->back_facing, layer, column, row, depth_pass, pass))
         return false;
      *pass = *pass && depth_pass;
      if (*pass && depth->write && !write_depth(depth, layer, column, row, texel))
         return false;
   }
   if (*pass && depth->wm.StatisticsEnable)
      depth->passed++;
   return true;
}

bool
vgpu_depth_is_off(const struct vgpu_depth *depth)
{
   return !depth->test && !depth->write && !depth->stencil_test && !depth->clear &&
          !depth->resolve && !depth->hiz_resolve;
}

bool
vgpu_depth_counts(const struct vgpu_depth *depth)
{
   return depth->wm.StatisticsEnable;
}

void
vgpu_depth_count(struct vgpu_depth *depth, unsigned samples)
{
   if (depth->wm.StatisticsEnable)
      depth->passed += samples;
}
