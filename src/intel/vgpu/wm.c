/*
 * SPDX-License-Identifier: MIT
 *
 * The windower (IVB PRM Vol2 Part 1, "Windower (WM) Stage"): its state, the setup of primitives,
 * and who draws them.
 */

#include <stdlib.h>
#include <string.h>

#include "copy_draw.h"
#include "pool.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"
#include "wm_priv.h"

/* With fewer pixels than that threads cost more than they save. */
#define WM_SHARED_PIXELS 16384
/* Beyond this the edge functions could overflow; the guardband is far smaller. */
#define MAX_COORDINATE 32768.0f

static void
init_stipple(struct vgpu_wm *wm, const struct vgpu_render_state *render)
{
   const struct vgpu_packet *pattern =
      vgpu_render_packet(render, GFX7_3DSTATE_POLY_STIPPLE_PATTERN_header);
   const struct vgpu_packet *offset =
      vgpu_render_packet(render, GFX7_3DSTATE_POLY_STIPPLE_OFFSET_header);
   const struct vgpu_packet *line =
      vgpu_render_packet(render, GFX7_3DSTATE_LINE_STIPPLE_header);

   for (unsigned i = 0; i < 32; i++)
      wm->polygon_stipple.rows[i] = pattern && i + 1 < pattern->len_dw ? pattern->dw[i + 1] : 0;
   if (offset) {
      struct GFX7_3DSTATE_POLY_STIPPLE_OFFSET o;
      GFX7_3DSTATE_POLY_STIPPLE_OFFSET_unpack(&o, offset->dw, offset->len_dw);
      wm->polygon_stipple.x = o.PolygonStippleXOffset;
      wm->polygon_stipple.y = o.PolygonStippleYOffset;
   }
   if (line) {
      struct GFX7_3DSTATE_LINE_STIPPLE l;
      GFX7_3DSTATE_LINE_STIPPLE_unpack(&l, line->dw, line->len_dw);
      wm->line_stipple.pattern = l.LineStipplePattern;
      wm->line_stipple.repeat = l.LineStippleRepeatCount;
   }
   if (!wm->line_stipple.repeat)
      wm->line_stipple.repeat = 1;
}

enum { MSRASTMODE_OFF_PIXEL, MSRASTMODE_OFF_PATTERN, MSRASTMODE_ON_PIXEL, MSRASTMODE_ON_PATTERN };

/** How many samples there are, and where. */
static bool
init_samples(struct vgpu_draw *draw, struct vgpu_wm *wm)
{
   const struct vgpu_render_state *render = draw->engine->render;
   const struct vgpu_packet *packet =
      vgpu_render_packet(render, GFX7_3DSTATE_MULTISAMPLE_header);
   const struct vgpu_packet *mask = vgpu_render_packet(render, GFX7_3DSTATE_SAMPLE_MASK_header);
   struct GFX7_3DSTATE_MULTISAMPLE m = { 0 };

   if (packet)
      GFX7_3DSTATE_MULTISAMPLE_unpack(&m, packet->dw, packet->len_dw);
   if (m.NumberofMultisamples == 1 || m.NumberofMultisamples > 3)
      return vgpu_engine_fault(draw->engine, "reserved Number of Multisamples %u",
                               m.NumberofMultisamples);
   wm->pixel_location_upper_left = m.PixelLocation == 1;
   draw->samples = 1u << m.NumberofMultisamples;
   draw->sample_mask = (1u << draw->samples) - 1;
   if (draw->samples == 1) {
      draw->sample[0] = (struct vgpu_sample){ 0.5f, 0.5f };
      return true;
   }
   if (wm->pixel_location_upper_left)
      return vgpu_engine_unmodelled(draw->engine, "samples of pixels located by their corner");
   const struct vgpu_sample positions[VGPU_MAX_SAMPLES] = {
      { m.Sample0XOffset, m.Sample0YOffset }, { m.Sample1XOffset, m.Sample1YOffset },
      { m.Sample2XOffset, m.Sample2YOffset }, { m.Sample3XOffset, m.Sample3YOffset },
      { m.Sample4XOffset, m.Sample4YOffset }, { m.Sample5XOffset, m.Sample5YOffset },
      { m.Sample6XOffset, m.Sample6YOffset }, { m.Sample7XOffset, m.Sample7YOffset },
   };
   memcpy(draw->sample, positions, sizeof(positions));
   if (mask && mask->len_dw > 1)
      draw->sample_mask &= mask->dw[1];
   wm->pattern = wm->state.MultisampleRasterizationMode == MSRASTMODE_ON_PATTERN;
   return true;
}

bool
vgpu_wm_init(struct vgpu_draw *draw, struct vgpu_wm **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_render_state *render = engine->render;
   const struct vgpu_packet *packet = vgpu_render_packet(render, GFX7_3DSTATE_WM_header);
   const struct vgpu_packet *rect =
      vgpu_render_packet(render, GFX7_3DSTATE_DRAWING_RECTANGLE_header);
   struct vgpu_wm *wm = *out = calloc(1, sizeof(*wm));

   if (!wm)
      return vgpu_engine_fault(engine, "no host memory for the windower");
   if (!packet || !rect)
      return vgpu_engine_fault(engine,
                               "a draw without 3DSTATE_WM or 3DSTATE_DRAWING_RECTANGLE");
   GFX7_3DSTATE_WM_unpack(&wm->state, packet->dw, packet->len_dw);
   if (!init_samples(draw, wm))
      return false;
   init_stipple(wm, render);

   struct GFX7_3DSTATE_DRAWING_RECTANGLE r;
   GFX7_3DSTATE_DRAWING_RECTANGLE_unpack(&r, rect->dw, rect->len_dw);
   wm->clip[0] = r.ClippedDrawingRectangleXMin;
   wm->clip[1] = r.ClippedDrawingRectangleYMin;
   wm->clip[2] = r.ClippedDrawingRectangleXMax + 1;
   wm->clip[3] = r.ClippedDrawingRectangleYMax + 1;
   wm->origin_x = r.DrawingRectangleOriginX;
   wm->origin_y = r.DrawingRectangleOriginY;
   wm->painters[0].draw = draw;
   return vgpu_ps_init(draw, &wm->painters[0].ps);
}

void
vgpu_wm_fini(struct vgpu_wm *wm)
{
   if (!wm)
      return;
   /* The first one is what the others were made from. */
   for (unsigned i = MAX_PAINTERS; i-- > 0;)
      vgpu_ps_fini(wm->painters[i].ps);
   vgpu_bins_fini(&wm->bins);
   free(wm->setups);
   free(wm);
}

bool
vgpu_wm_in_turn(const struct vgpu_wm *wm)
{
   return wm->state.LineStippleEnable;
}

/** Bounds of what can be drawn: the drawing rectangle and the scissor. */
static void
bounds(const struct vgpu_draw *draw, int box[4])
{
   const struct vgpu_wm *wm = draw->wm;

   box[0] = max_int(wm->clip[0], draw->scissor[0]);
   box[1] = max_int(wm->clip[1], draw->scissor[1]);
   box[2] = min_int(wm->clip[2], draw->scissor[2]);
   box[3] = min_int(wm->clip[3], draw->scissor[3]);
}

/** Squares and rectangles cover all samples of a pixel or none, or are not modelled. */
static bool
check_edges(struct vgpu_draw *draw, float x0, float y0, float x1, float y1)
{
   if (draw->samples == 1 || !draw->wm->pattern ||
       (x0 == floorf(x0) && y0 == floorf(y0) && x1 == floorf(x1) && y1 == floorf(y1)))
      return true;
   return vgpu_engine_unmodelled(draw->engine, "samples of a square from %g, %g to %g, %g",
                                 (double)x0, (double)y0, (double)x1, (double)y1);
}

/** The pixels of a rectangle. */
static bool
set_up_rectangle(struct vgpu_draw *draw, struct vgpu_setup *s, float x0, float y0, float x1,
                 float y1)
{
   if (!check_edges(draw, x0, y0, x1, y1))
      return false;
   s->box[0] = vgpu_wm_first_pixel(fminf(x0, x1));
   s->box[1] = vgpu_wm_first_pixel(fminf(y0, y1));
   s->box[2] = vgpu_wm_first_pixel(fmaxf(x0, x1));
   s->box[3] = vgpu_wm_first_pixel(fmaxf(y0, y1));
   return true;
}

/**
 * The edge from one corner to the next of a triangle that is clockwise on the screen. A centre on
 * the edge belongs to the triangle if the edge is a left or a top one.
 */
static struct vgpu_edge
make_edge(int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
   struct vgpu_edge e = { .a = y0 - y1, .b = x1 - x0 };
   const bool top_left = y1 < y0 || (y1 == y0 && x1 > x0);

   e.c = -(e.a * x0 + e.b * y0) - (top_left ? 0 : 1);
   return e;
}

/** A box that a line does not leave. */
static void
set_up_line(struct vgpu_setup *s, const int bounds[4])
{
   const float beyond = fmaxf(s->line_width, 1) + 2; /* columns are whole pixels wide */
   const float *a = &s->v[0].x, *b = &s->v[1].x;

   for (unsigned i = 0; i < 2; i++) {
      const float low = (float)bounds[i], high = (float)bounds[2 + i];
      s->box[i] = (int)floorf(fminf(fmaxf(fminf(a[i], b[i]) - beyond, low), high));
      s->box[2 + i] = (int)ceilf(fminf(fmaxf(fmaxf(a[i], b[i]) + beyond, low), high));
   }
}

static bool
set_up_triangle(struct vgpu_draw *draw, struct vgpu_setup *s)
{
   int64_t x[3], y[3];

   for (unsigned i = 0; i < 3; i++) {
      if (!(fabsf(s->v[i].x) < MAX_COORDINATE && fabsf(s->v[i].y) < MAX_COORDINATE))
         return vgpu_engine_fault(draw->engine, "a vertex at %g, %g: beyond the guardband",
                                  (double)s->v[i].x, (double)s->v[i].y);
      x[i] = llrintf(s->v[i].x * SUBPIXEL);
      y[i] = llrintf(s->v[i].y * SUBPIXEL);
   }
   const int64_t area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
   if (!area) {
      memset(s->box, 0, sizeof(s->box));
      return true;
   }
   const unsigned second = area > 0 ? 1 : 2, third = area > 0 ? 2 : 1;
   s->edges[0] = make_edge(x[0], y[0], x[second], y[second]);
   s->edges[1] = make_edge(x[second], y[second], x[third], y[third]);
   s->edges[2] = make_edge(x[third], y[third], x[0], y[0]);

   int64_t min_x = x[0], max_x = x[0], min_y = y[0], max_y = y[0];
   for (unsigned i = 1; i < 3; i++) {
      min_x = x[i] < min_x ? x[i] : min_x;
      max_x = x[i] > max_x ? x[i] : max_x;
      min_y = y[i] < min_y ? y[i] : min_y;
      max_y = y[i] > max_y ? y[i] : max_y;
   }
   s->box[0] = (int)(min_x >> SUBPIXEL_BITS);
   s->box[1] = (int)(min_y >> SUBPIXEL_BITS);
   s->box[2] = (int)(max_x >> SUBPIXEL_BITS) + 1;
   s->box[3] = (int)(max_y >> SUBPIXEL_BITS) + 1;
   return true;
}

static bool
push(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct vgpu_setup *setup)
{
   const size_t size = offsetof(struct vgpu_setup, attribute) +
                       setup->num_attributes * sizeof(setup->attribute[0]);

   if (batch->used_bytes + size > batch->size_bytes) {
      const size_t bytes = 2 * batch->size_bytes + sizeof(*setup);
      uint8_t *setups = realloc(batch->setups, bytes);
      if (!setups)
         return vgpu_engine_fault(draw->engine, "no host memory for primitives");
      batch->setups = setups;
      batch->size_bytes = bytes;
   }
   if (batch->count == batch->max) {
      const unsigned max = batch->max ? 2 * batch->max : 64;
      uint32_t *offsets = realloc(batch->offsets, max * sizeof(*offsets));
      if (!offsets)
         return vgpu_engine_fault(draw->engine, "no host memory for primitives");
      batch->offsets = offsets;
      batch->max = max;
   }
   batch->offsets[batch->count++] = batch->used_bytes;
   memcpy(batch->setups + batch->used_bytes, setup, size);
   batch->used_bytes += (size + 15) & ~(size_t)15;
   return true;
}

void
vgpu_batch_fini(struct vgpu_batch *batch)
{
   free(batch->setups);
   free(batch->offsets);
}

bool
vgpu_wm_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch, struct vgpu_setup *s)
{
   const struct vgpu_wm *wm = draw->wm;
   const float half = s->point_width / 2;
   int box[4];
   bool ok = true;

   /* The drawing rectangle's origin is added, and so are half pixels where they count from 0. */
   for (unsigned i = 0; i < 3; i++) {
      s->v[i].x += wm->origin_x;
      s->v[i].y += wm->origin_y;
      if (wm->pixel_location_upper_left) {
         s->v[i].x += 0.5f;
         s->v[i].y += 0.5f;
      }
      if (!isfinite(s->v[i].x) || !isfinite(s->v[i].y))
         return true;
   }
   bounds(draw, box);
   switch (s->kind) {
   case VGPU_POINT:
      ok = set_up_rectangle(draw, s, s->v[0].x - half, s->v[0].y - half, s->v[0].x + half,
                            s->v[0].y + half);
      break;
   case VGPU_LINE:
      if (draw->samples > 1 && (wm->pattern || s->antialiased))
         return vgpu_engine_unmodelled(draw->engine, "samples of a line");
      if (vgpu_wm_in_turn(wm))
         memcpy(s->box, box, sizeof(box));
      else
         set_up_line(s, box);
      break;
   case VGPU_TRIANGLE:
      ok = set_up_triangle(draw, s);
      break;
   case VGPU_RECT:
      ok = set_up_rectangle(draw, s, s->v[1].x, s->v[2].y, s->v[0].x, s->v[1].y);
      break;
   }
   vgpu_box_intersect(s->box, box);
   if (!ok || s->box[0] >= s->box[2] || s->box[1] >= s->box[3] ||
       !vgpu_ps_make_plane(s, &s->plane))
      return ok;
   return push(draw, batch, s);
}

static const struct vgpu_setup *
batch_setup(const struct vgpu_batch *batch, unsigned i)
{
   return (const struct vgpu_setup *)(batch->setups + batch->offsets[i]);
}

/** Whether a whole batch may be a rectangle to be copied or filled, see copy_draw.h. */
static enum vgpu_copy_result
copy(struct vgpu_draw *draw, const struct vgpu_batch *batch)
{
   struct vgpu_copy_primitive primitives[2];
   int box[4];

   if (!draw->copy || batch->count < 1 || batch->count > 2)
      return VGPU_COPY_NOT_TAKEN;
   for (unsigned i = 0; i < batch->count; i++) {
      const struct vgpu_setup *s = batch_setup(batch, i);
      if (s->kind != (batch->count == 1 ? VGPU_RECT : VGPU_TRIANGLE))
         return VGPU_COPY_NOT_TAKEN;
      primitives[i] = (struct vgpu_copy_primitive){
         .rectangle = s->kind == VGPU_RECT,
         .x = { s->v[0].x, s->v[1].x, s->v[2].x },
         .y = { s->v[0].y, s->v[1].y, s->v[2].y },
         .render_target_array_index = s->render_target_array_index,
         .num_attributes = s->num_attributes,
         .attributes = (const void *)s->attribute,
      };
   }
   bounds(draw, box);
   return vgpu_copy_run(draw->copy, primitives, batch->count, box);
}

static bool
paint_batch(struct vgpu_draw *draw, const struct vgpu_batch *batch)
{
   bool ok = true;

   for (unsigned i = 0; i < batch->count && ok; i++)
      ok = vgpu_wm_paint(&draw->wm->painters[0], batch_setup(batch, i), batch_setup(batch, i)->box);
   return ok;
}

/* ---------------------------------------------------------------- several threads */

static const int *
box_of(const void *setups, unsigned i)
{
   return ((const struct vgpu_setup *const *)setups)[i]->box;
}

/** A loop over tiles. */
struct tiles {
   struct vgpu_wm *wm;
   _Atomic bool failed;
};

/** The primitives of a tile, in their order, by a painter that no other thread has. */
static void
paint_tile(void *arg, unsigned tile)
{
   struct tiles *tiles = arg;
   struct vgpu_wm *wm = tiles->wm;
   const struct vgpu_bins *bins = &wm->bins;
   unsigned i = 0;
   int box[4];

   if (bins->starts[tile] == bins->starts[tile + 1] || atomic_load(&tiles->failed))
      return;
   while (atomic_exchange(&wm->painters[i].busy, true))
      i = (i + 1) % MAX_PAINTERS;
   vgpu_bins_box(bins, tile, box);
   for (uint32_t e = bins->starts[tile]; e < bins->starts[tile + 1]; e++) {
      if (!vgpu_wm_paint(&wm->painters[i], wm->setups[bins->entries[e]], box)) {
         atomic_store(&tiles->failed, true);
         break;
      }
   }
   wm->painters[i].count = 0;
   atomic_store(&wm->painters[i].busy, false);
}

/** Gathers what is to be drawn, if threads are to share it. \return false after a fault */
static bool
gather(struct vgpu_draw *draw, const struct vgpu_batch *batches, unsigned count, bool *shared)
{
   struct vgpu_wm *wm = draw->wm;
   int64_t pixels = 0;
   unsigned n = 0;

   *shared = false;
   if (vgpu_pool_threads(draw->engine->pool) < 2 || vgpu_wm_in_turn(wm))
      return true;
   for (unsigned b = 0; b < count; b++) {
      for (unsigned i = 0; i < batches[b].count; i++) {
         const int *box = batch_setup(&batches[b], i)->box;
         pixels += (int64_t)(box[2] - box[0]) * (box[3] - box[1]);
      }
      n += batches[b].count;
   }
   if (pixels < WM_SHARED_PIXELS || !vgpu_ps_is_independent(wm->painters[0].ps))
      return true;

   if (n > wm->max_setups) {
      const struct vgpu_setup **setups = realloc(wm->setups, n * sizeof(*setups));
      if (!setups)
         return vgpu_engine_fault(draw->engine, "no host memory for primitives");
      wm->setups = setups;
      wm->max_setups = n;
   }
   wm->num_setups = 0;
   for (unsigned b = 0; b < count; b++) {
      for (unsigned i = 0; i < batches[b].count; i++)
         wm->setups[wm->num_setups++] = batch_setup(&batches[b], i);
   }
   if (!vgpu_bins_sort(&wm->bins, box_of, wm->setups, wm->num_setups))
      return vgpu_engine_fault(draw->engine, "no host memory for tiles");
   *shared = true;
   return true;
}

static bool
paint_shared(struct vgpu_draw *draw)
{
   struct vgpu_wm *wm = draw->wm;
   struct tiles tiles = { .wm = wm };
   const unsigned threads = vgpu_pool_threads(draw->engine->pool);

   for (unsigned i = 0; i < MAX_PAINTERS; i++) {
      struct vgpu_painter *p = &wm->painters[i];
      p->draw = draw;
      /* One for each thread; the others are never free. */
      p->busy = i >= threads;
      if (i < threads && !p->ps && !vgpu_ps_clone(wm->painters[0].ps, &p->ps))
         return false;
   }
   draw->engine->shared = true;
   vgpu_pool_run(draw->engine->pool, wm->bins.count, paint_tile, &tiles);
   draw->engine->shared = false;
   return !atomic_load(&tiles.failed);
}

bool
vgpu_wm_draw(struct vgpu_draw *draw, struct vgpu_batch *batches, unsigned count)
{
   const enum vgpu_copy_result copied = count == 1 ? copy(draw, batches) : VGPU_COPY_NOT_TAKEN;
   const bool shade = copied == VGPU_COPY_NOT_TAKEN || vgpu_copy_is_checked(draw->copy);
   bool shared = false, ok = copied != VGPU_COPY_STOPPED;

   if (ok && shade)
      ok = gather(draw, batches, count, &shared);
   if (ok && shared)
      ok = paint_shared(draw);
   for (unsigned b = 0; b < count; b++) {
      ok = ok && (!shade || shared || paint_batch(draw, &batches[b]));
      batches[b].count = batches[b].used_bytes = 0;
   }
   return ok && (!shade || copied != VGPU_COPY_TAKEN || vgpu_copy_compare(draw->copy));
}
