/*
 * SPDX-License-Identifier: MIT
 *
 * Strips and fans: viewport transform, facing, culling, fill modes, depth offset and the setup of
 * attributes (IVB PRM Vol2 Part 1, "Strips and Fans (SF) Stage", 3DSTATE_SBE).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gfx7_unpack.h"
#include "pipeline.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

enum { CULLMODE_BOTH, CULLMODE_NONE, CULLMODE_FRONT, CULLMODE_BACK };
enum { FILL_SOLID, FILL_WIREFRAME, FILL_POINT };
enum { SWIZZLE_INPUT, SWIZZLE_INPUT_FACING, SWIZZLE_INPUT_W, SWIZZLE_INPUT_FACING_W };
enum { DEPTH_D32_FLOAT_S8X24 = 0, DEPTH_D32_FLOAT = 1, DEPTH_D24_UNORM_X8 = 3, DEPTH_D16 = 5 };

/* Of Point Width, U8.3; a width that comes with a vertex is clamped to that. */
#define MIN_POINT_WIDTH 0.125f
#define MAX_POINT_WIDTH 255.875f

struct swizzle {
   uint8_t source, select, constant;
   bool override[4];
};

struct vgpu_sf {
   struct GFX7_3DSTATE_SF state;
   struct GFX7_3DSTATE_SBE sbe;
   struct swizzle swizzles[16];
   bool divide;
   struct GFX7_SF_CLIP_VIEWPORT viewport;
   struct GFX7_SCISSOR_RECT scissor;
   bool force_zero_rta;
};

static void
decode_swizzles(struct vgpu_sf *sf, const uint32_t *dw)
{
   /* DWords 2 to 9: sixteen of 16 bits each. */
   for (unsigned i = 0; i < 16; i++) {
      const uint16_t bits = dw[2 + i / 2] >> (i % 2 * 16);
      sf->swizzles[i] = (struct swizzle){
         .source = bits & 0x1f,
         .select = bits >> 6 & 3,
         .constant = bits >> 9 & 3,
         .override = { bits >> 12 & 1, bits >> 13 & 1, bits >> 14 & 1, bits >> 15 & 1 },
      };
   }
}

bool
vgpu_sf_init(struct vgpu_draw *draw, struct vgpu_sf **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_render_state *render = engine->render;
   const struct vgpu_packet *packet = vgpu_render_packet(render, GFX7_3DSTATE_SF_header);
   const struct vgpu_packet *sbe = vgpu_render_packet(render, GFX7_3DSTATE_SBE_header);
   const struct vgpu_packet *clip = vgpu_render_packet(render, GFX7_3DSTATE_CLIP_header);
   const struct vgpu_packet *viewports =
      vgpu_render_packet(render, GFX7_3DSTATE_VIEWPORT_STATE_POINTERS_SF_CLIP_header);
   const struct vgpu_packet *scissors =
      vgpu_render_packet(render, GFX7_3DSTATE_SCISSOR_STATE_POINTERS_header);
   struct GFX7_3DSTATE_CLIP clip_state = { 0 };
   struct vgpu_sf *sf = *out = calloc(1, sizeof(*sf));
   uint32_t dw[16];

   if (!sf)
      return vgpu_engine_fault(engine, "no host memory for strips and fans");
   if (!packet || !sbe || sbe->len_dw < 14)
      return vgpu_engine_fault(engine, "a draw without 3DSTATE_SF or 3DSTATE_SBE");
   GFX7_3DSTATE_SF_unpack(&sf->state, packet->dw, packet->len_dw);
   GFX7_3DSTATE_SBE_unpack(&sf->sbe, sbe->dw, sbe->len_dw);
   decode_swizzles(sf, sbe->dw);
   if (clip)
      GFX7_3DSTATE_CLIP_unpack(&clip_state, clip->dw, clip->len_dw);
   sf->divide = !clip_state.PerspectiveDivideDisable;
   sf->force_zero_rta = clip_state.ForceZeroRTAIndexEnable;

   if (sf->state.ViewportTransformEnable) {
      if (!viewports)
         return vgpu_engine_fault(engine, "a viewport transform without a viewport");
      if (!vgpu_read_state(engine, draw->dynamic_state_base + (viewports->dw[1] & ~63u), dw, 16))
         return false;
      GFX7_SF_CLIP_VIEWPORT_unpack(&sf->viewport, dw, 16);
   }
   if (sf->state.ScissorRectangleEnable) {
      if (!scissors)
         return vgpu_engine_fault(engine, "a scissor test without a rectangle");
      if (!vgpu_read_state(engine, draw->dynamic_state_base + (scissors->dw[1] & ~31u), dw, 2))
         return false;
      GFX7_SCISSOR_RECT_unpack(&sf->scissor, dw, 2);
   }
   draw->scissor[0] = draw->scissor[1] = 0;
   draw->scissor[2] = draw->scissor[3] = 1 << 15;
   if (sf->state.ScissorRectangleEnable) {
      draw->scissor[0] = sf->scissor.ScissorRectangleXMin;
      draw->scissor[1] = sf->scissor.ScissorRectangleYMin;
      draw->scissor[2] = sf->scissor.ScissorRectangleXMax + 1;
      draw->scissor[3] = sf->scissor.ScissorRectangleYMax + 1;
   }
   for (unsigned i = 10; i < 14; i++) {
      if (i >= 12 && sbe->dw[i])
         return vgpu_engine_unmodelled(engine, "wrap shortest");
   }
   return true;
}

void
vgpu_sf_fini(struct vgpu_sf *sf)
{
   free(sf);
}

void
vgpu_sf_vertex(const struct vgpu_draw *draw, struct vgpu_vertex *v)
{
   const struct vgpu_sf *sf = draw->sf;
   const float *p = v->slot[VUE_POSITION].f;
   const float inv_w = sf->divide ? 1.0f / p[3] : 1.0f;

   v->x = p[0] * inv_w;
   v->y = p[1] * inv_w;
   v->z = p[2] * inv_w;
   /* Without the division the vertex comes with 1/w in place of w. */
   v->inv_w = sf->divide ? inv_w : p[3];
   if (sf->state.ViewportTransformEnable) {
      const struct GFX7_SF_CLIP_VIEWPORT *vp = &sf->viewport;
      v->x = v->x * vp->ViewportMatrixElementm00 + vp->ViewportMatrixElementm30;
      v->y = v->y * vp->ViewportMatrixElementm11 + vp->ViewportMatrixElementm31;
      v->z = v->z * vp->ViewportMatrixElementm22 + vp->ViewportMatrixElementm32;
   }
}

/** Attribute `source` of a vertex, counted from where 3DSTATE_SBE begins to read. */
static void
read_attribute(const struct vgpu_draw *draw, const struct vgpu_vertex *v, unsigned source,
               float out[4])
{
   const struct vgpu_sf *sf = draw->sf;
   const unsigned slot = sf->sbe.VertexURBEntryReadOffset * 2 + source;

   if (source < sf->sbe.VertexURBEntryReadLength * 2 && slot < draw->vertex_slots)
      memcpy(out, v->slot[slot].f, sizeof(float[4]));
   else
      memset(out, 0, sizeof(float[4]));
}

/**
 * A texture coordinate across a point. Its three corners stand for the upper left one and what is
 * to the right of and below that, see make_plane() of the pixel shader.
 */
static void
setup_sprite(const struct vgpu_sf *sf, float corners[3][4])
{
   const bool lower_left = sf->sbe.PointSpriteTextureCoordinateOrigin;

   for (unsigned c = 0; c < 3; c++) {
      float *out = corners[c];
      out[0] = c == 1;
      out[1] = lower_left ? c != 2 : c == 2;
      out[2] = 0;
      out[3] = 1;
   }
}

enum { CONST_PRIM_ID = 3 };

/** An attribute at the three corners, swizzled and overridden. */
static bool
read_corners(struct vgpu_draw *draw, const struct vgpu_primitive *p, bool back_facing, unsigned i,
             float corners[3][4])
{
   static const float constants[3][4] = { { 0, 0, 0, 0 }, { 0, 0, 0, 1 }, { 1, 1, 1, 1 } };
   const struct vgpu_sf *sf = draw->sf;
   const bool upper = sf->sbe.AttributeSwizzleControlMode == 1;
   const bool flat = sf->sbe.ConstantInterpolationEnable & BIT(i);
   const bool swizzled = sf->sbe.AttributeSwizzleEnable && (upper ? i >= 16 : i < 16);
   const struct swizzle *swizzle = &sf->swizzles[i % 16];

   for (unsigned c = 0; c < 3; c++) {
      const struct vgpu_vertex *v = flat ? p->provoking : p->v[c];
      float *out = corners[c];
      if (!swizzled) {
         read_attribute(draw, v, i, out);
         continue;
      }
      const bool facing = swizzle->select & 1;
      read_attribute(draw, v, swizzle->source + (facing && back_facing), out);
      if (swizzle->select >= SWIZZLE_INPUT_W)
         out[0] = out[1] = out[2] = out[3];
      for (unsigned k = 0; k < 4; k++) {
         if (!swizzle->override[k])
            continue;
         if (swizzle->constant == CONST_PRIM_ID)
            memcpy(&out[k], &p->id, sizeof(out[k]));
         else
            out[k] = constants[swizzle->constant][k];
      }
   }
   return true;
}

static bool
setup_attribute(struct vgpu_draw *draw, const struct vgpu_primitive *p, struct vgpu_setup *setup,
                unsigned i)
{
   const struct vgpu_sf *sf = draw->sf;
   const bool sprite =
      p->kind == VGPU_POINT && sf->sbe.PointSpriteTextureCoordinateEnable & BIT(i);
   const bool flat = !sprite && sf->sbe.ConstantInterpolationEnable & BIT(i);
   float corners[3][4];

   if (sprite)
      setup_sprite(sf, corners);
   else if (!read_corners(draw, p, setup->back_facing, i, corners))
      return false;
   for (unsigned c = 0; c < 4; c++) {
      uint32_t *component = setup->attribute[i].component[c];
      const float deltas[3] = {
         flat ? 0 : corners[1][c] - corners[0][c],
         flat ? 0 : corners[2][c] - corners[0][c],
         0,
      };
      memcpy(component, deltas, sizeof(deltas));
      /* As bits: a flat attribute can be an integer. */
      memcpy(&component[3], &corners[0][c], sizeof(float));
   }
   return true;
}

/** Depth offset of a polygon (PRM, "Depth Offset"). */
static float
depth_offset(const struct vgpu_sf *sf, const struct vgpu_primitive *p, float area)
{
   const struct vgpu_vertex *a = p->v[0], *b = p->v[1], *c = p->v[2];
   float unit = ldexpf(1, -24), slope = 0;

   switch (sf->state.DepthBufferSurfaceFormat) {
   case DEPTH_D16:
      unit = ldexpf(1, -16);
      break;
   case DEPTH_D32_FLOAT:
   case DEPTH_D32_FLOAT_S8X24: {
      int exponent;
      frexpf(fmaxf(fabsf(a->z), fmaxf(fabsf(b->z), fabsf(c->z))), &exponent);
      unit = ldexpf(1, exponent - 24);
      break;
   }
   }
   if (area) {
      const float dzdx = ((b->z - a->z) * (c->y - a->y) - (c->z - a->z) * (b->y - a->y)) / area;
      const float dzdy = ((c->z - a->z) * (b->x - a->x) - (b->z - a->z) * (c->x - a->x)) / area;
      slope = fmaxf(fabsf(dzdx), fabsf(dzdy));
   }
   const float clamp = sf->state.GlobalDepthOffsetClamp;
   float offset = sf->state.GlobalDepthOffsetConstant * unit +
                  sf->state.GlobalDepthOffsetScale * slope;
   if (clamp > 0)
      offset = fminf(offset, clamp);
   else if (clamp < 0)
      offset = fmaxf(offset, clamp);
   return offset;
}

/** Whether the coverage of lines is the one that no state changes. */
static bool
aa_is_modelled(struct vgpu_draw *draw)
{
   const struct vgpu_packet *packet =
      vgpu_render_packet(draw->engine->render, GFX7_3DSTATE_AA_LINE_PARAMETERS_header);

   for (unsigned i = 1; packet && i < packet->len_dw; i++) {
      if (packet->dw[i])
         return vgpu_engine_unmodelled(draw->engine, "bias and slope of antialiased lines");
   }
   return true;
}

static bool
emit(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct vgpu_primitive *p,
     struct vgpu_setup *setup)
{
   const struct vgpu_sf *sf = draw->sf;

   /* Lines of no width are the thinnest ones, and not antialiased. */
   setup->antialiased =
      p->kind == VGPU_LINE && sf->state.AntialiasingEnable && sf->state.LineWidth > 0;
   if (setup->antialiased && !aa_is_modelled(draw))
      return false;
   for (unsigned c = 0; c < 3; c++) {
      setup->v[c].x = p->v[c]->x;
      setup->v[c].y = p->v[c]->y;
      setup->v[c].z = p->v[c]->z;
      setup->v[c].inv_w = p->v[c]->inv_w;
   }
   setup->kind = p->kind;
   setup->num_attributes = sf->sbe.NumberofSFOutputAttributes;
   if (setup->num_attributes > VGPU_MAX_ATTRIBUTES)
      return vgpu_engine_fault(draw->engine, "%u attributes", setup->num_attributes);
   for (unsigned i = 0; i < setup->num_attributes; i++) {
      if (!setup_attribute(draw, p, setup, i))
         return false;
   }
   return vgpu_wm_primitive(draw, batch, setup);
}

/** A triangle drawn as its edges or corners. */
static bool
emit_unfilled(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct vgpu_primitive *p,
              struct vgpu_setup *setup, unsigned fill)
{
   bool ok = true;

   for (unsigned c = 0; c < 3 && ok; c++) {
      if (!p->edge[c])
         continue;
      const struct vgpu_primitive part = {
         .kind = fill == FILL_POINT ? VGPU_POINT : VGPU_LINE,
         .v = { p->v[c], p->v[(c + 1) % 3], p->v[(c + 1) % 3] },
         .provoking = p->provoking,
         .id = p->id,
      };
      ok = emit(draw, batch, &part, setup);
   }
   return ok;
}

bool
vgpu_sf_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct vgpu_primitive *p)
{
   const struct vgpu_sf *sf = draw->sf;
   struct vgpu_setup setup; /* whose attributes are many, and mostly not used */

   setup.back_facing = false;
   setup.render_target_array_index =
      sf->force_zero_rta ? 0 : p->provoking->slot[VUE_HEADER].u[1];
   setup.viewport_index = 0;
   setup.line_width = sf->state.LineWidth;
   setup.point_width =
      sf->state.PointWidthSource ? sf->state.PointWidth : p->v[0]->slot[VUE_HEADER].f[3];
   setup.point_width = fminf(fmaxf(setup.point_width, MIN_POINT_WIDTH), MAX_POINT_WIDTH);
   setup.depth_offset = 0;
   if (p->kind != VGPU_TRIANGLE)
      return emit(draw, batch, p, &setup);

   /* y goes down: positive is clockwise as seen on the screen. */
   const float area = (p->v[1]->x - p->v[0]->x) * (p->v[2]->y - p->v[0]->y) -
                      (p->v[2]->x - p->v[0]->x) * (p->v[1]->y - p->v[0]->y);
   if (!(area != 0))
      return true;
   const bool clockwise = area > 0;
   setup.back_facing = clockwise != (sf->state.FrontWinding == 0);
   switch (sf->state.CullMode) {
   case CULLMODE_BOTH:
      return true;
   case CULLMODE_FRONT:
      if (!setup.back_facing)
         return true;
      break;
   case CULLMODE_BACK:
      if (setup.back_facing)
         return true;
      break;
   }

   const unsigned fill =
      setup.back_facing ? sf->state.BackFaceFillMode : sf->state.FrontFaceFillMode;
   const bool offset = fill == FILL_POINT       ? sf->state.GlobalDepthOffsetEnablePoint
                       : fill == FILL_WIREFRAME ? sf->state.GlobalDepthOffsetEnableWireframe
                                                : sf->state.GlobalDepthOffsetEnableSolid;
   if (offset)
      setup.depth_offset = depth_offset(sf, p, area);
   return fill == FILL_SOLID ? emit(draw, batch, p, &setup)
                             : emit_unfilled(draw, batch, p, &setup, fill);
}
