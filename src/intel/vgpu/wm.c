/*
 * SPDX-License-Identifier: MIT
 *
 * The windower: which pixels a primitive covers (IVB PRM Vol2 Part 1, "Windower (WM) Stage",
 * "Rasterization"), two by two, and what becomes of them.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gfx7_unpack.h"
#include "pipeline.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

/* Vertices are snapped to 1/256 of a pixel. */
#define SUBPIXEL_BITS 8
#define SUBPIXEL (1 << SUBPIXEL_BITS)
/* Beyond this the edge functions could overflow; the guardband is far smaller. */
#define MAX_COORDINATE 32768.0f

struct vgpu_wm {
   struct GFX7_3DSTATE_WM state;
   struct vgpu_ps *ps;
   int clip[4]; /* the drawing rectangle: x and y, first and beyond the last */
   int origin_x, origin_y;
   bool pixel_location_upper_left;
   bool pattern; /* samples are covered where they are, not where the pixel's centre is */
   struct {
      uint32_t rows[32]; /* bit 31 is the leftmost pixel */
      unsigned x, y;     /* added to a pixel's place */
   } polygon_stipple;
   struct {
      uint16_t pattern;
      unsigned repeat, count; /* pixels drawn since the line or strip began */
   } line_stipple;

   struct vgpu_subspan batch[VGPU_MAX_SUBSPANS];
   unsigned count;
};

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
   return vgpu_ps_init(draw, &wm->ps);
}

void
vgpu_wm_fini(struct vgpu_wm *wm)
{
   if (!wm)
      return;
   vgpu_ps_fini(wm->ps);
   free(wm);
}

static bool
flush(struct vgpu_draw *draw, const struct vgpu_setup *setup)
{
   struct vgpu_wm *wm = draw->wm;
   const unsigned count = wm->count;

   wm->count = 0;
   return !count || vgpu_ps_run(draw, wm->ps, setup, wm->batch, count);
}

/** \param samples  that are covered of each pixel, NULL: all */
static bool
add_samples(struct vgpu_draw *draw, const struct vgpu_setup *setup, int x, int y, uint8_t mask,
            const uint8_t samples[4])
{
   struct vgpu_wm *wm = draw->wm;
   struct vgpu_subspan *subspan = &wm->batch[wm->count];

   *subspan = (struct vgpu_subspan){ .x = x, .y = y };
   for (unsigned i = 0; i < 4; i++) {
      if (mask >> i & 1)
         subspan->samples[i] = (samples ? samples[i] : 0xff) & draw->sample_mask;
      subspan->mask |= (subspan->samples[i] != 0) << i;
   }
   if (!subspan->mask)
      return true;
   wm->count++;
   if (wm->count < vgpu_ps_subspans(wm->ps))
      return true;
   return !vgpu_engine_interrupted(draw->engine) && flush(draw, setup);
}

static bool
add(struct vgpu_draw *draw, const struct vgpu_setup *setup, int x, int y, uint8_t mask)
{
   return add_samples(draw, setup, x, y, mask, NULL);
}

static int
max_int(int a, int b)
{
   return a > b ? a : b;
}

static int
min_int(int a, int b)
{
   return a < b ? a : b;
}

/** Bounds of what can be drawn: the drawing rectangle and the scissor. */
static void
bounds(const struct vgpu_wm *wm, const struct vgpu_setup *setup, int box[4])
{
   box[0] = max_int(wm->clip[0], setup->scissor[0]);
   box[1] = max_int(wm->clip[1], setup->scissor[1]);
   box[2] = min_int(wm->clip[2], setup->scissor[2]);
   box[3] = min_int(wm->clip[3], setup->scissor[3]);
}

/** Every pixel of [x0, x1) x [y0, y1) that is in the box. */
static bool
fill_rectangle(struct vgpu_draw *draw, const struct vgpu_setup *setup, int x0, int y0, int x1,
               int y1)
{
   int box[4];

   bounds(draw->wm, setup, box);
   x0 = max_int(x0, box[0]);
   y0 = max_int(y0, box[1]);
   x1 = min_int(x1, box[2]);
   y1 = min_int(y1, box[3]);
   for (int y = y0 & ~1; y < y1; y += 2) {
      const uint8_t rows = (y >= y0 ? 3 : 0) | (y + 1 < y1 ? 12 : 0);
      for (int x = x0 & ~1; x < x1; x += 2) {
         const uint8_t columns = (x >= x0 ? 5 : 0) | (x + 1 < x1 ? 10 : 0);
         if (rows & columns && !add(draw, setup, x, y, rows & columns))
            return false;
      }
   }
   return flush(draw, setup);
}

/** First pixel whose centre is not before a coordinate. */
static int
first_pixel(float coordinate)
{
   /* Snapped as a vertex is, so that abutting primitives share no pixel. */
   const float snapped = rintf(coordinate * SUBPIXEL) / SUBPIXEL;

   return ceilf(snapped - 0.5f);
}

/** First pixel whose centre is beyond a coordinate. */
static int
pixel_after(float coordinate)
{
   const float snapped = rintf(coordinate * SUBPIXEL) / SUBPIXEL;

   return floorf(snapped - 0.5f) + 1;
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

static bool
draw_rect(struct vgpu_draw *draw, const struct vgpu_setup *s)
{
   if (!check_edges(draw, s->v[1].x, s->v[1].y, s->v[0].x, s->v[2].y))
      return false;
   return fill_rectangle(draw, s, first_pixel(fminf(s->v[1].x, s->v[0].x)),
                         first_pixel(fminf(s->v[2].y, s->v[1].y)),
                         first_pixel(fmaxf(s->v[1].x, s->v[0].x)),
                         first_pixel(fmaxf(s->v[2].y, s->v[1].y)));
}

static bool
draw_point(struct vgpu_draw *draw, const struct vgpu_setup *s)
{
   const float half = s->point_width / 2;

   if (!check_edges(draw, s->v[0].x - half, s->v[0].y - half, s->v[0].x + half,
                    s->v[0].y + half))
      return false;
   return fill_rectangle(draw, s, first_pixel(s->v[0].x - half), first_pixel(s->v[0].y - half),
                         first_pixel(s->v[0].x + half), first_pixel(s->v[0].y + half));
}

/** The next pixel along a line: whether the pattern has it. */
static bool
stipple_line(struct vgpu_draw *draw)
{
   struct vgpu_wm *wm = draw->wm;

   if (!wm->state.LineStippleEnable)
      return true;
   if (draw->line_begins)
      wm->line_stipple.count = 0;
   draw->line_begins = false;
   const unsigned bit = wm->line_stipple.count++ / wm->line_stipple.repeat % 16;
   return wm->line_stipple.pattern >> bit & 1;
}

/** Which pixels of a subspan the polygon stipple leaves. */
static uint8_t
stipple_polygon(const struct vgpu_draw *draw, int x, int y)
{
   const struct vgpu_wm *wm = draw->wm;
   uint8_t mask = 0;

   if (!wm->state.PolygonStippleEnable || draw->no_polygon_stipple)
      return 0xf;
   for (unsigned i = 0; i < 4; i++) {
      const unsigned column = x + (i & 1) + wm->polygon_stipple.x;
      const unsigned row = y + (i >> 1) + wm->polygon_stipple.y;
      mask |= (wm->polygon_stipple.rows[row % 32] >> (31 - column % 32) & 1) << i;
   }
   return mask;
}

/*
 * A line of a width below 1.5 has one pixel in each column (or row, where it is steep). A pixel in
 * whose centre it ends belongs to the line that goes on from there.
 */
static bool
draw_line(struct vgpu_draw *draw, const struct vgpu_setup *s)
{
   float x0 = s->v[0].x, y0 = s->v[0].y, x1 = s->v[1].x, y1 = s->v[1].y;
   const bool steep = fabsf(y1 - y0) > fabsf(x1 - x0);
   const int width = max_int(1, (int)rintf(s->line_width));

   if (draw->samples > 1 && draw->wm->pattern)
      return vgpu_engine_unmodelled(draw->engine, "samples of a line");
   if (steep) {
      float swap = x0;
      x0 = y0, y0 = swap;
      swap = x1, x1 = y1, y1 = swap;
   }
   const bool forward = x1 >= x0;
   const int from = forward ? first_pixel(x0) : pixel_after(x1);
   const int to = forward ? first_pixel(x1) : pixel_after(x0);
   const float slope = x1 != x0 ? (y1 - y0) / (x1 - x0) : 0;

   for (int n = 0; n < to - from; n++) {
      const int i = forward ? from + n : to - 1 - n;
      if (!stipple_line(draw))
         continue;
      const float minor = y0 + (i + 0.5f - x0) * slope;
      const int first = (int)floorf(minor) - (width - 1) / 2;
      const bool ok = steep ? fill_rectangle(draw, s, first, i, first + width, i + 1)
                            : fill_rectangle(draw, s, i, first, i + 1, first + width);
      if (!ok)
         return false;
   }
   return true;
}

struct edge {
   int64_t a, b, c; /* a x + b y + c, not negative inside; in subpixels */
};

/**
 * The edge from one corner to the next of a triangle that is clockwise on the screen. A centre on
 * the edge belongs to the triangle if the edge is a left or a top one.
 */
static struct edge
make_edge(int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
   struct edge e = { .a = y0 - y1, .b = x1 - x0 };
   const bool top_left = y1 < y0 || (y1 == y0 && x1 > x0);

   e.c = -(e.a * x0 + e.b * y0) - (top_left ? 0 : 1);
   return e;
}

/** Whether a point of a pixel is inside all three edges. */
static bool
is_inside(const struct edge edges[3], int x, int y, float in_x, float in_y)
{
   const int64_t cx = (int64_t)x * SUBPIXEL + (int)(in_x * SUBPIXEL);
   const int64_t cy = (int64_t)y * SUBPIXEL + (int)(in_y * SUBPIXEL);
   bool inside = true;

   for (unsigned e = 0; e < 3; e++)
      inside = inside && edges[e].a * cx + edges[e].b * cy + edges[e].c >= 0;
   return inside;
}

static bool
draw_triangle(struct vgpu_draw *draw, const struct vgpu_setup *s)
{
   int64_t x[3], y[3];
   struct edge edges[3];
   int box[4];

   for (unsigned i = 0; i < 3; i++) {
      if (!(fabsf(s->v[i].x) < MAX_COORDINATE && fabsf(s->v[i].y) < MAX_COORDINATE))
         return vgpu_engine_fault(draw->engine, "a vertex at %g, %g: beyond the guardband",
                                  (double)s->v[i].x, (double)s->v[i].y);
      x[i] = llrintf(s->v[i].x * SUBPIXEL);
      y[i] = llrintf(s->v[i].y * SUBPIXEL);
   }
   const int64_t area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
   if (!area)
      return true;
   const unsigned second = area > 0 ? 1 : 2, third = area > 0 ? 2 : 1;
   edges[0] = make_edge(x[0], y[0], x[second], y[second]);
   edges[1] = make_edge(x[second], y[second], x[third], y[third]);
   edges[2] = make_edge(x[third], y[third], x[0], y[0]);

   bounds(draw->wm, s, box);
   int64_t min_x = x[0], max_x = x[0], min_y = y[0], max_y = y[0];
   for (unsigned i = 1; i < 3; i++) {
      min_x = x[i] < min_x ? x[i] : min_x;
      max_x = x[i] > max_x ? x[i] : max_x;
      min_y = y[i] < min_y ? y[i] : min_y;
      max_y = y[i] > max_y ? y[i] : max_y;
   }
   box[0] = max_int(box[0], (int)(min_x >> SUBPIXEL_BITS));
   box[1] = max_int(box[1], (int)(min_y >> SUBPIXEL_BITS));
   box[2] = min_int(box[2], (int)(max_x >> SUBPIXEL_BITS) + 1);
   box[3] = min_int(box[3], (int)(max_y >> SUBPIXEL_BITS) + 1);

   for (int py = box[1] & ~1; py < box[3]; py += 2) {
      for (int px = box[0] & ~1; px < box[2]; px += 2) {
         uint8_t samples[4] = { 0 }, mask = 0;
         for (unsigned i = 0; i < 4; i++) {
            const int sx = px + (i & 1), sy = py + (i >> 1);
            if (sx < box[0] || sx >= box[2] || sy < box[1] || sy >= box[3])
               continue;
            if (!draw->wm->pattern)
               samples[i] = is_inside(edges, sx, sy, 0.5f, 0.5f) ? 0xff : 0;
            for (unsigned k = 0; k < draw->samples && draw->wm->pattern; k++)
               samples[i] |= is_inside(edges, sx, sy, draw->sample[k].x, draw->sample[k].y) << k;
            mask |= (samples[i] != 0) << i;
         }
         if (mask)
            mask &= stipple_polygon(draw, px, py);
         if (mask && !add_samples(draw, s, px, py, mask, samples))
            return false;
      }
   }
   return flush(draw, s);
}

bool
vgpu_wm_primitive(struct vgpu_draw *draw, const struct vgpu_setup *setup)
{
   struct vgpu_wm *wm = draw->wm;
   struct vgpu_setup s = *setup;

   /* The drawing rectangle's origin is added, and so are half pixels where they count from 0. */
   for (unsigned i = 0; i < 3; i++) {
      s.v[i].x += wm->origin_x;
      s.v[i].y += wm->origin_y;
      if (wm->pixel_location_upper_left) {
         s.v[i].x += 0.5f;
         s.v[i].y += 0.5f;
      }
      if (!isfinite(s.v[i].x) || !isfinite(s.v[i].y))
         return true;
   }
   switch (s.kind) {
   case VGPU_POINT:
      return draw_point(draw, &s);
   case VGPU_LINE:
      return draw_line(draw, &s);
   case VGPU_TRIANGLE:
      return draw_triangle(draw, &s);
   case VGPU_RECT:
      break;
   }
   return draw_rect(draw, &s);
}
