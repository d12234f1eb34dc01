/*
 * SPDX-License-Identifier: MIT
 *
 * What the state of a draw must be, and where on the surfaces its pixels are.
 */

#include "copy_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "copy_kernel.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "shader.h"
#include "surface.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

/* Pixels from which on the proof costs less than it saves. */
#define MIN_PIXELS 256
#define SURFTYPE_NULL 7

enum { COMPUTED_DEPTH_OFF = 0, POSOFFSET_NONE = 0 };
enum { RANGE_UNORM = 0, RANGE_FORMAT = 2 };

struct vgpu_copy {
   struct vgpu_draw *draw;
   struct GFX7_3DSTATE_WM wm;
   struct GFX7_3DSTATE_PS ps;
   struct GFX7_BLEND_STATE_ENTRY blend; /* of the first render target */
   struct vgpu_shader_env env;
   struct vgpu_ps_kernel kernel;
   struct eu_program *program;
   struct vgpu_copy_payload payload;
   unsigned num_constants;
   uint64_t pixels; /* that count as having passed the depth test */
   struct vgpu_copy_check check; /* of the copy that was taken last */
};

/* ---------------------------------------------------------------- state */

/** Whether depth and stencil test nothing and write nothing. */
static bool
depth_is_off(const struct vgpu_copy *copy)
{
   const struct vgpu_draw *draw = copy->draw;
   const struct vgpu_packet *packet =
      vgpu_render_packet(draw->engine->render, GFX7_3DSTATE_DEPTH_BUFFER_header);
   struct GFX7_3DSTATE_DEPTH_BUFFER depth;
   struct GFX7_DEPTH_STENCIL_STATE ds;
   uint32_t dw[3];

   if (copy->wm.DepthBufferClear || copy->wm.DepthBufferResolveEnable ||
       copy->wm.HierarchicalDepthBufferResolveEnable)
      return false;
   if (!packet)
      return true;
   GFX7_3DSTATE_DEPTH_BUFFER_unpack(&depth, packet->dw, packet->len_dw);
   if (depth.SurfaceType == SURFTYPE_NULL)
      return true;
   if (!vgpu_read_pointed(draw, GFX7_3DSTATE_DEPTH_STENCIL_STATE_POINTERS_header, ~31u, dw, 3))
      return false;
   GFX7_DEPTH_STENCIL_STATE_unpack(&ds, dw, 3);
   return !ds.DepthTestEnable && !ds.DepthBufferWriteEnable && !ds.StencilTestEnable;
}

static bool
colors_are_stored(struct vgpu_copy *copy)
{
   struct GFX7_BLEND_STATE_ENTRY *b = &copy->blend;
   uint32_t dw[2];

   if (!vgpu_read_pointed(copy->draw, GFX7_3DSTATE_BLEND_STATE_POINTERS_header, ~63u, dw, 2))
      return false;
   GFX7_BLEND_STATE_ENTRY_unpack(b, dw, 2);
   return !b->ColorBufferBlendEnable && !b->LogicOpEnable && !b->AlphaTestEnable &&
          !b->AlphaToOneEnable && !b->AlphaToCoverageEnable;
}

static bool
choose_kernel(struct vgpu_copy *copy)
{
   if (!vgpu_ps_choose_kernel(&copy->ps, &copy->kernel))
      return false;

   /* What is in front of the constants must end before them, or the thread faults. */
   const unsigned regs = copy->kernel.width / 8;
   unsigned end = 2 + 2 * regs * __builtin_popcount(copy->wm.BarycentricInterpolationMode);
   end += copy->wm.PixelShaderUsesSourceDepth ? regs : 0;
   end += copy->wm.PixelShaderUsesSourceW ? regs : 0;
   end += copy->ps.PositionXYOffsetSelect != POSOFFSET_NONE;
   copy->payload.first_known = copy->kernel.start_grf;
   return copy->kernel.start_grf >= end;
}

static bool
state_allows(struct vgpu_copy *copy)
{
   struct vgpu_draw *draw = copy->draw;
   const struct vgpu_render_state *render = draw->engine->render;
   const struct vgpu_packet *wm = vgpu_render_packet(render, GFX7_3DSTATE_WM_header);
   const struct vgpu_packet *ps = vgpu_render_packet(render, GFX7_3DSTATE_PS_header);

   if (!wm || !ps || draw->samples != 1)
      return false;
   GFX7_3DSTATE_WM_unpack(&copy->wm, wm->dw, wm->len_dw);
   GFX7_3DSTATE_PS_unpack(&copy->ps, ps->dw, ps->len_dw);
   return copy->wm.ThreadDispatchEnable && !copy->wm.PolygonStippleEnable &&
          !copy->wm.PixelShaderUsesInputCoverageMask &&
          copy->wm.PixelShaderComputedDepthMode == COMPUTED_DEPTH_OFF &&
          !copy->ps.RenderTargetResolveEnable &&
          !copy->ps.DualSourceBlendEnable && !copy->ps.oMaskPresenttoRenderTarget &&
          depth_is_off(copy) && colors_are_stored(copy) && choose_kernel(copy);
}

struct vgpu_copy *
vgpu_copy_create(struct vgpu_draw *draw)
{
   const struct vgpu_render_state *render = draw->engine->render;
   const struct vgpu_packet *table =
      vgpu_render_packet(render, GFX7_3DSTATE_BINDING_TABLE_POINTERS_PS_header);

   if (draw->engine->gpu->copies == VGPU_COPIES_SHADED)
      return NULL;
   struct vgpu_copy *copy = calloc(1, sizeof(*copy));
   if (!copy)
      return NULL;
   copy->draw = draw;
   copy->env = (struct vgpu_shader_env){
      .engine = draw->engine,
      .surface_state_base = draw->surface_state_base,
      .binding_table = table ? table->dw[1] & 0xffe0 : 0,
   };
   if (state_allows(copy))
      return copy;
   free(copy);
   return NULL;
}

/** Every pixel passed the depth test, which was off. */
static void
count_pixels(struct vgpu_copy *copy)
{
   struct vgpu *gpu = copy->draw->engine->gpu;
   uint32_t *count = &gpu->regs[PS_DEPTH_COUNT / 4];

   pthread_mutex_lock(&gpu->lock);
   const uint64_t now = (count[0] | (uint64_t)count[1] << 32) + copy->pixels;
   count[0] = (uint32_t)now;
   count[1] = (uint32_t)(now >> 32);
   pthread_mutex_unlock(&gpu->lock);
}

void
vgpu_copy_destroy(struct vgpu_copy *copy)
{
   if (!copy)
      return;
   if (copy->pixels && copy->wm.StatisticsEnable)
      count_pixels(copy);
   if (copy->program)
      eu_program_destroy(copy->program);
   vgpu_copy_check_fini(&copy->check);
   vgpu_shader_env_fini(&copy->env);
   free(copy);
}

/* ---------------------------------------------------------------- coverage */

bool
vgpu_copy_is_checked(const struct vgpu_copy *copy)
{
   return copy && copy->draw->engine->gpu->copies == VGPU_COPIES_CHECKED;
}

static bool
is_worth_it(const struct vgpu_copy *copy, int64_t pixels)
{
   /* A pixel of a fast clear is many. */
   return vgpu_copy_is_checked(copy) || copy->ps.RenderTargetFastClearEnable ||
          pixels >= MIN_PIXELS;
}

static bool
whole(float coordinate)
{
   return coordinate == floorf(coordinate) && fabsf(coordinate) < 32768;
}

/**
 * The rectangle whose half a triangle is. Its corners are between pixels, so that no centre of a
 * pixel is on a side; one that is on the diagonal belongs to one of two triangles that share it.
 * \param corner  gets which corner the triangle lacks: bit 0 right, bit 1 lower
 */
static bool
half_rectangle(const struct vgpu_copy_primitive *t, int rect[4], unsigned *corner)
{
   unsigned seen = 0;

   for (unsigned i = 0; i < 3; i++) {
      if (!whole(t->x[i]) || !whole(t->y[i]))
         return false;
   }
   rect[0] = (int)fminf(fminf(t->x[0], t->x[1]), t->x[2]);
   rect[1] = (int)fminf(fminf(t->y[0], t->y[1]), t->y[2]);
   rect[2] = (int)fmaxf(fmaxf(t->x[0], t->x[1]), t->x[2]);
   rect[3] = (int)fmaxf(fmaxf(t->y[0], t->y[1]), t->y[2]);
   for (unsigned i = 0; i < 3; i++) {
      const int x = (int)t->x[i], y = (int)t->y[i];
      if ((x != rect[0] && x != rect[2]) || (y != rect[1] && y != rect[3]))
         return false;
      seen |= 1u << ((x == rect[2] ? 1 : 0) | (y == rect[3] ? 2 : 0));
   }
   if (rect[0] == rect[2] || rect[1] == rect[3] || __builtin_popcount(seen) != 3)
      return false;
   *corner = (unsigned)__builtin_ctz(~seen);
   return true;
}

/** The pixels that primitives cover, if they are a rectangle of whole pixels. */
static bool
covered_pixels(const struct vgpu_copy_primitive *p, unsigned count, int rect[4])
{
   int other[4];
   unsigned corners[2];

   if (count == 2)
      return !p[0].rectangle && !p[1].rectangle && half_rectangle(&p[0], rect, &corners[0]) &&
             half_rectangle(&p[1], other, &corners[1]) && !memcmp(rect, other, sizeof(other)) &&
             corners[0] == (corners[1] ^ 3);
   if (count != 1 || !p->rectangle)
      return false;
   for (unsigned i = 0; i < 3; i++) {
      if (!whole(p->x[i]) || !whole(p->y[i]))
         return false;
   }
   rect[0] = (int)fminf(p->x[1], p->x[0]);
   rect[1] = (int)fminf(p->y[2], p->y[1]);
   rect[2] = (int)fmaxf(p->x[1], p->x[0]);
   rect[3] = (int)fmaxf(p->y[2], p->y[1]);
   return true;
}

/* ---------------------------------------------------------------- kernel */

/**
 * What all threads of the primitives get alike.
 * \return false after a fault, or if it is too much
 */
static bool
fill_payload(struct vgpu_copy *copy, const struct vgpu_copy_primitive *p, unsigned count)
{
   struct vgpu_copy_payload *payload = &copy->payload;
   const unsigned attributes = copy->ps.AttributeEnable ? p[0].num_attributes : 0;
   unsigned n = 0;

   if (copy->ps.PushConstantEnable &&
       !vgpu_push_constants(copy->draw, GFX7_3DSTATE_CONSTANT_PS_header, payload->known,
                            EU_GRF_COUNT, &n))
      return false;
   if (payload->first_known + n + 2 * attributes > EU_GRF_COUNT)
      return false;
   memset(payload->is_known, 0xff, n);
   for (unsigned i = 0; i < 2 * attributes; i++, n++) {
      memcpy(payload->known[n], p[0].attributes[i], EU_REG_BYTES);
      payload->is_known[n] = 0;
      for (unsigned dw = 0; dw < EU_REG_BYTES / 4; dw++) {
         if (count == 1 ||
             !memcmp(&p[0].attributes[i][4 * dw], &p[1].attributes[i][4 * dw], 4))
            payload->is_known[n] |= 1u << dw;
      }
   }
   payload->num_known = n;
   payload->width = copy->kernel.width;
   payload->cr0 = copy->ps.FloatingPointMode ? EU_CR0_ALT_MODE : 0;
   payload->cr0 |= copy->ps.RoundingMode << EU_CR0_ROUND_SHIFT;
   payload->cr0 |= copy->ps.SingleProgramFlow ? EU_CR0_SPF : 0;
   return true;
}

/* ---------------------------------------------------------------- surfaces */

/** Rows of texels, from the first pixel's on. */
struct rows {
   struct vgpu_copy_side side;
   bool backward; /* the next row is the one above */
};

/** In linear memory each row is where a pitch says, of any sign. */
static void
make_linear(struct rows *rows)
{
   struct vgpu_copy_side *side = &rows->side;

   if (side->tiling != VGPU_TILING_LINEAR)
      return;
   side->base += (uint32_t)side->y * (uint32_t)side->pitch_bytes + (uint32_t)side->x_bytes;
   side->x_bytes = side->y = 0;
   if (rows->backward)
      side->pitch_bytes = -side->pitch_bytes;
   rows->backward = false;
}

/** From the last row to the first. */
static void
turn_round(struct rows *rows, uint32_t height)
{
   struct vgpu_copy_side *side = &rows->side;

   if (side->tiling == VGPU_TILING_LINEAR) {
      side->base += (height - 1) * (uint32_t)side->pitch_bytes;
      side->pitch_bytes = -side->pitch_bytes;
      return;
   }
   side->y += rows->backward ? -(int32_t)(height - 1) : (int32_t)(height - 1);
   rows->backward = !rows->backward;
}

static bool
image_rows(struct vgpu_surface *s, uint32_t lod, uint32_t layer, uint32_t x, uint32_t y,
           struct rows *rows)
{
   const struct vgpu_surface_lod *place = &s->lods[lod];
   uint32_t column = x + s->x_offset + place->x, row = y + s->y_offset + place->y;

   if (s->tiling == VGPU_TILING_W || s->samples > 1 || vgpu_format_is_compressed(s->format))
      return false;
   if (s->type == VGPU_SURFACE_3D) {
      column += (layer & ((1u << lod) - 1)) * place->slice_width;
      row += (layer >> lod) * place->slice_height;
   } else {
      row += layer * s->qpitch;
   }
   rows->side = (struct vgpu_copy_side){
      .base = s->address,
      .pitch_bytes = (int32_t)s->pitch_bytes,
      .tiling = s->tiling,
      .x_bytes = (int32_t)(column * s->bytes),
      .y = (int32_t)row,
   };
   return true;
}

/** Entries of a buffer, each row of them without gaps. */
static bool
buffer_rows(struct vgpu_surface *s, const struct vgpu_copy_function *u, const int rect[4],
            struct rows *rows)
{
   const int64_t width = rect[2] - rect[0], height = rect[3] - rect[1];
   const int64_t first = u->a * rect[0] + u->b * rect[1] + u->c;
   const int64_t last_row = first + u->b * (height - 1);
   const int64_t least = last_row < first ? last_row : first;
   const int64_t greatest = (last_row < first ? first : last_row) + width - 1;
   const int64_t pitch = u->b * s->bytes;

   if (u->a != 1 || least < 0 || greatest >= s->num_entries || s->pitch_bytes != s->bytes ||
       pitch > INT32_MAX || pitch < -INT32_MAX ||
       s->address + (greatest + 1) * s->bytes > 1ll << 32)
      return false;
   rows->side = (struct vgpu_copy_side){
      .base = s->address + (uint32_t)first * s->bytes,
      .pitch_bytes = (int32_t)pitch,
      .tiling = VGPU_TILING_LINEAR,
   };
   return true;
}

/** Texels of an image for a rectangle of pixels, if all of them exist. */
static bool
placed_rows(struct vgpu_surface *s, uint32_t lod, uint32_t layer, const struct vgpu_copy_place *p,
            const int rect[4], struct rows *rows)
{
   const int64_t u0 = rect[0] + p->u.c, u1 = rect[2] - 1 + p->u.c;
   const int64_t v0 = p->v.b * rect[1] + p->v.c, v1 = p->v.b * (rect[3] - 1) + p->v.c;

   if (p->u.a != 1 || p->u.b || p->v.a || (p->v.b != 1 && p->v.b != -1))
      return false;
   if (u0 < 0 || v0 < 0 || u1 < 0 || v1 < 0 || u1 > UINT16_MAX || v0 > UINT16_MAX ||
       v1 > UINT16_MAX || !vgpu_surface_contains(s, lod, layer, (uint32_t)u0, (uint32_t)v0) ||
       !vgpu_surface_contains(s, lod, layer, (uint32_t)u1, (uint32_t)v1))
      return false;
   rows->backward = p->v.b == -1;
   return image_rows(s, lod, layer, (uint32_t)u0, (uint32_t)v0, rows);
}

/** Where the texels of a fetch are: see load() of the sampler. */
static bool
source_rows(struct vgpu_surface *s, const struct vgpu_copy_place *p, const int rect[4],
            struct rows *rows)
{
   if (s->type == VGPU_SURFACE_NULL || !(s->format->uses & VGPU_USE_SAMPLE))
      return false;
   if (s->type == VGPU_SURFACE_BUFFER)
      return buffer_rows(s, &p->u, rect, rows);
   if (s->type != VGPU_SURFACE_2D && s->type != VGPU_SURFACE_3D)
      return false;
   if (p->lod > s->mip_count || s->min_lod + p->lod >= VGPU_SURFACE_MAX_LODS)
      return false;
   uint32_t layer = s->type == VGPU_SURFACE_3D || s->is_array ? p->r : 0;
   if (s->type == VGPU_SURFACE_2D) {
      if (layer >= vgpu_surface_layers(s, 0))
         return false;
      layer += s->min_array_element;
   }
   return placed_rows(s, s->min_lod + p->lod, layer, p, rect, rows);
}

/** Where the texels of a typed surface write are: see locate() of the data port. */
static bool
typed_rows(struct vgpu_surface *s, const struct vgpu_copy_place *p, const int rect[4],
           struct rows *rows)
{
   if (!(s->format->uses & VGPU_USE_TYPED_WRITE) || p->lod)
      return false;
   if (s->type == VGPU_SURFACE_BUFFER)
      return buffer_rows(s, &p->u, rect, rows);
   if (s->type != VGPU_SURFACE_2D || s->is_array ||
       s->min_lod + s->mip_count >= VGPU_SURFACE_MAX_LODS)
      return false;
   return placed_rows(s, s->min_lod + s->mip_count, s->min_array_element, p, rect, rows);
}

/** The part of the rectangle that a render target has; the rest is written nowhere. */
static bool
target_rows(struct vgpu_surface *s, uint32_t array_index, int rect[4], struct rows *rows)
{
   const uint32_t lod = s->mip_count, layer = s->min_array_element + array_index;

   if (s->type > VGPU_SURFACE_CUBE || !(s->format->uses & VGPU_USE_RENDER) || s->samples > 1 ||
       array_index >= s->view_extent || rect[0] < 0 || rect[1] < 0 ||
       !vgpu_surface_contains(s, lod, layer, (uint32_t)rect[0], (uint32_t)rect[1]))
      return false;
   const int width = (int)vgpu_surface_minify(s->width, lod);
   const int height = (int)vgpu_surface_minify(s->height, lod);
   rect[2] = rect[2] < width ? rect[2] : width;
   rect[3] = rect[3] < height ? rect[3] : height;
   return image_rows(s, lod, layer, (uint32_t)rect[0], (uint32_t)rect[1], rows);
}

/** Whether a colour gets into a render target as it is packed. */
static bool
is_stored_as_packed(const struct vgpu_copy *copy, const struct vgpu_format *format)
{
   const struct GFX7_BLEND_STATE_ENTRY *b = &copy->blend;
   const bool disabled[4] = {
      b->WriteDisableRed, b->WriteDisableGreen, b->WriteDisableBlue, b->WriteDisableAlpha,
   };

   for (unsigned c = 0; c < 4; c++) {
      if (disabled[c])
         return false;
   }
   if (vgpu_format_is_integer(format) ||
       (!b->PreBlendColorClampEnable && !b->PostBlendColorClampEnable))
      return true;
   switch (format->channels[0].type) {
   case VGPU_CHANNEL_UNORM:
      return true; /* no range is narrower than the format's own */
   case VGPU_CHANNEL_SNORM:
      return b->ColorClampRange != RANGE_UNORM;
   default:
      return b->ColorClampRange == RANGE_FORMAT;
   }
}

/* ---------------------------------------------------------------- carrying it out */

/** The one write that has an effect. \return NULL if there is another number of them */
static struct vgpu_copy_write *
effective_write(struct vgpu_copy *copy, struct vgpu_copy_kernel *kernel, bool *ok)
{
   struct vgpu_copy_write *found = NULL;
   bool any_target = false;

   *ok = true;
   for (unsigned i = 0; i < kernel->num_writes; i++) {
      struct vgpu_copy_write *w = &kernel->writes[i];
      const struct vgpu_surface *s = vgpu_shader_env_surface(&copy->env, w->place.surface);
      any_target = any_target || w->kind == VGPU_COPY_RENDER_TARGET;
      *ok = *ok && s;
      if (!s || s->type == VGPU_SURFACE_NULL)
         continue;
      if (found)
         return NULL;
      found = w;
   }
   /* It is the write to a render target that makes a pixel pass the tests. */
   return any_target ? found : NULL;
}

static bool
move_texels(struct vgpu_copy_move *move, const struct vgpu_copy_write *w,
            const struct vgpu_format *dst, const struct vgpu_format *src)
{
   struct vgpu_copy_component_source rgba[4] = { 0 };
   bool constant = true;

   for (unsigned c = 0; c < 4; c++) {
      if (!vgpu_copy_format_has(dst, c))
         continue;
      if (w->rgba[c].kind == VGPU_COPY_UNKNOWN)
         return false;
      rgba[c].is_constant = w->rgba[c].kind == VGPU_COPY_CONSTANT;
      rgba[c].bits = w->rgba[c].bits;
      rgba[c].component = w->rgba[c].component;
      constant = constant && rgba[c].is_constant;
   }
   if (!constant)
      return src && vgpu_copy_texel_bytes(src, dst, rgba, &move->bytes);

   const uint32_t color[4] = { rgba[0].bits, rgba[1].bits, rgba[2].bits, rgba[3].bits };
   uint32_t covered = 0;
   for (unsigned c = 0; c < dst->num_channels; c++)
      covered += dst->channels[c].type == VGPU_CHANNEL_VOID ? 0 : dst->channels[c].bits;
   if (dst->layout != VGPU_LAYOUT_PLAIN || vgpu_format_bytes(dst) > VGPU_COPY_MAX_TEXEL_BYTES ||
       (dst->bits_per_block > 64 && covered != dst->bits_per_block))
      return false;
   vgpu_format_pack(dst, color, 0xf, move->texel);
   move->bytes.dst_bytes = vgpu_format_bytes(dst);
   move->fill = true;
   return true;
}

/** Which fetch a write takes its components from: -1: none, -2: several. */
static int
only_fetch(const struct vgpu_copy_write *w, const struct vgpu_format *dst)
{
   int fetch = -1;

   for (unsigned c = 0; c < 4; c++) {
      if (w->rgba[c].kind != VGPU_COPY_TEXEL || !vgpu_copy_format_has(dst, c))
         continue;
      if (fetch >= 0 && fetch != w->rgba[c].fetch)
         return -2;
      fetch = w->rgba[c].fetch;
   }
   return fetch;
}

/** What the pixels of a fast clear stand for, and the colour that it gives. */
static bool
fast_clear(const struct vgpu_surface *s, int rect[4], struct vgpu_copy_write *w)
{
   uint32_t width, height, color[4];

   if (w->kind != VGPU_COPY_RENDER_TARGET || s->samples > 1 ||
       !vgpu_cc_fast_clear_block(s, &width, &height))
      return false;
   for (unsigned i = 0; i < 4; i++)
      rect[i] *= (int)(i % 2 ? height : width);
   vgpu_surface_clear_color(s, color);
   for (unsigned c = 0; c < 4; c++)
      w->rgba[c] = (struct vgpu_copy_component){ .kind = VGPU_COPY_CONSTANT, .bits = color[c] };
   return true;
}

enum vgpu_copy_result
vgpu_copy_run(struct vgpu_copy *copy, const struct vgpu_copy_primitive *primitives, unsigned count,
              const int box[4])
{
   struct vgpu_draw *draw = copy->draw;
   struct vgpu_engine *engine = draw->engine;
   struct vgpu_copy_kernel kernel;
   struct vgpu_surface *src = NULL;
   struct rows to = { 0 }, from = { 0 };
   int rect[4];
   bool ok;

   if (!covered_pixels(primitives, count, rect) ||
       (count == 2 && (primitives[0].render_target_array_index !=
                          primitives[1].render_target_array_index ||
                       primitives[0].num_attributes != primitives[1].num_attributes)))
      return VGPU_COPY_NOT_TAKEN;
   for (unsigned i = 0; i < 2; i++) {
      rect[i] = rect[i] > box[i] ? rect[i] : box[i];
      rect[i + 2] = rect[i + 2] < box[i + 2] ? rect[i + 2] : box[i + 2];
   }
   if (rect[0] >= rect[2] || rect[1] >= rect[3])
      return VGPU_COPY_NOT_TAKEN;
   const int64_t pixels = (int64_t)(rect[2] - rect[0]) * (rect[3] - rect[1]);
   if (!is_worth_it(copy, pixels))
      return VGPU_COPY_NOT_TAKEN;

   copy->payload.x0 = rect[0];
   copy->payload.y0 = rect[1];
   copy->payload.x1 = rect[2];
   copy->payload.y1 = rect[3];
   if (!fill_payload(copy, primitives, count) ||
       (!copy->program &&
        !vgpu_load_program(draw, copy->kernel.start_pointer, &copy->program)))
      return engine->hung ? VGPU_COPY_STOPPED : VGPU_COPY_NOT_TAKEN;
   if (!vgpu_copy_kernel_prove(copy->program, &copy->payload, &kernel))
      return VGPU_COPY_NOT_TAKEN;

   /* The kernel accesses each of these surfaces: what is wrong with one is the draw's fault. */
   struct vgpu_copy_write *w = effective_write(copy, &kernel, &ok);
   for (unsigned i = 0; i < kernel.num_fetches; i++)
      ok = ok && vgpu_shader_env_surface(&copy->env, kernel.fetches[i].surface);
   if (!ok)
      return VGPU_COPY_STOPPED;
   if (!w)
      return VGPU_COPY_NOT_TAKEN;
   struct vgpu_surface *dst = vgpu_shader_env_surface(&copy->env, w->place.surface);
   if (copy->ps.RenderTargetFastClearEnable && !fast_clear(dst, rect, w))
      return VGPU_COPY_NOT_TAKEN;
   const int fetch = only_fetch(w, dst->format);

   if (w->kind == VGPU_COPY_RENDER_TARGET
          ? !is_stored_as_packed(copy, dst->format) ||
               !target_rows(dst, primitives[0].render_target_array_index, rect, &to)
          : !typed_rows(dst, &w->place, rect, &to))
      return VGPU_COPY_NOT_TAKEN;
   if (fetch == -2)
      return VGPU_COPY_NOT_TAKEN;
   if (fetch >= 0) {
      src = vgpu_shader_env_surface(&copy->env, kernel.fetches[fetch].surface);
      if (!source_rows(src, &kernel.fetches[fetch], rect, &from))
         return VGPU_COPY_NOT_TAKEN;
   }

   const uint32_t height = (uint32_t)(rect[3] - rect[1]);
   struct vgpu_copy_move move = {
      .engine = engine,
      .width = (uint32_t)(rect[2] - rect[0]),
      .height = height,
      .check = vgpu_copy_is_checked(copy) ? &copy->check : NULL,
   };
   if (!move_texels(&move, w, dst->format, src ? src->format : NULL))
      return VGPU_COPY_NOT_TAKEN;
   make_linear(&to);
   make_linear(&from);
   if (to.backward || from.backward) {
      turn_round(&to, height);
      turn_round(&from, height);
   }
   if (to.backward || from.backward)
      return VGPU_COPY_NOT_TAKEN;
   move.dst = to.side;
   move.src = from.side;
   if (vgpu_copy_is_checked(copy)) {
      vgpu_copy_check_fini(&copy->check);
      copy->check = (struct vgpu_copy_check){ 0 };
   }
   const enum vgpu_copy_result result = vgpu_copy_move_run(&move);
   if (result == VGPU_COPY_TAKEN) {
      atomic_fetch_add(&engine->gpu->copies_taken, 1);
      copy->pixels += vgpu_copy_is_checked(copy) ? 0 : pixels;
   }
   return result;
}

bool
vgpu_copy_compare(struct vgpu_copy *copy)
{
   uint8_t shaded, copied;
   uint32_t address;

   if (!vgpu_copy_check_differs(&copy->check, &address, &shaded, &copied))
      return true;
   return vgpu_engine_fault(copy->draw->engine,
                            "a copy of %d x %d pixels at %d, %d: the byte at 0x%08x is 0x%02x, "
                            "shaded it is 0x%02x",
                            copy->payload.x1 - copy->payload.x0,
                            copy->payload.y1 - copy->payload.y0, copy->payload.x0,
                            copy->payload.y0, address, copied, shaded);
}
