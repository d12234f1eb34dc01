/*
 * SPDX-License-Identifier: MIT
 *
 * The pixels of a primitive, two by two (IVB PRM Vol2 Part 1, "Rasterization").
 */

#include <string.h>

#include "vgpu_priv.h"
#include "wm_priv.h"

bool
vgpu_wm_flush(struct vgpu_painter *p)
{
   const unsigned count = p->count;

   p->count = 0;
   return !count || vgpu_ps_run(p->draw, p->ps, p->setup, p->batch, count);
}

/** \param samples  that are covered of each pixel, NULL: all */
static bool
add_samples(struct vgpu_painter *p, int x, int y, uint8_t mask, const uint8_t samples[4])
{
   struct vgpu_subspan *subspan = &p->batch[p->count];

   *subspan = (struct vgpu_subspan){ .x = x, .y = y };
   for (unsigned i = 0; i < 4; i++) {
      if (mask >> i & 1)
         subspan->samples[i] = (samples ? samples[i] : 0xff) & p->draw->sample_mask;
      subspan->mask |= (subspan->samples[i] != 0) << i;
   }
   if (!subspan->mask)
      return true;
   p->count++;
   if (p->count < vgpu_ps_subspans(p->ps))
      return true;
   return !vgpu_engine_interrupted(p->draw->engine) && vgpu_wm_flush(p);
}

static bool
add(struct vgpu_painter *p, int x, int y, uint8_t mask)
{
   static const uint8_t samples[16][4] = {
      { 0 }, { 1 }, { 0, 1 }, { 1, 1 }, { 0, 0, 1 }, { 1, 0, 1 }, { 0, 1, 1 }, { 1, 1, 1 },
      { 0, 0, 0, 1 }, { 1, 0, 0, 1 }, { 0, 1, 0, 1 }, { 1, 1, 0, 1 }, { 0, 0, 1, 1 },
      { 1, 0, 1, 1 }, { 0, 1, 1, 1 }, { 1, 1, 1, 1 },
   };

   if (p->draw->samples > 1)
      return add_samples(p, x, y, mask, NULL);
   struct vgpu_subspan *subspan = &p->batch[p->count++];
   subspan->x = (uint16_t)x;
   subspan->y = (uint16_t)y;
   subspan->mask = mask;
   memcpy(subspan->samples, samples[mask], sizeof(samples[0]));
   if (p->count < vgpu_ps_subspans(p->ps))
      return true;
   return !vgpu_engine_interrupted(p->draw->engine) && vgpu_wm_flush(p);
}

/** Every pixel of [x0, x1) x [y0, y1) that is in the box. */
static bool
fill_rectangle(struct vgpu_painter *p, int x0, int y0, int x1, int y1)
{
   x0 = max_int(x0, p->box[0]);
   y0 = max_int(y0, p->box[1]);
   x1 = min_int(x1, p->box[2]);
   y1 = min_int(y1, p->box[3]);
   for (int y = y0 & ~1; y < y1; y += 2) {
      const uint8_t rows = (y >= y0 ? 3 : 0) | (y + 1 < y1 ? 12 : 0);
      for (int x = x0 & ~1; x < x1; x += 2) {
         const uint8_t columns = (x >= x0 ? 5 : 0) | (x + 1 < x1 ? 10 : 0);
         if (rows & columns && !add(p, x, y, rows & columns))
            return false;
      }
   }
   return vgpu_wm_flush(p);
}

/** First pixel whose centre is beyond a coordinate. */
static int
pixel_after(float coordinate)
{
   const float snapped = rintf(coordinate * SUBPIXEL) / SUBPIXEL;

   return floorf(snapped - 0.5f) + 1;
}

bool
vgpu_wm_stipple_has(const struct vgpu_wm *wm, unsigned place)
{
   return wm->line_stipple.pattern >> place / wm->line_stipple.repeat % 16 & 1;
}

unsigned
vgpu_wm_stipple_on(struct vgpu_draw *draw, unsigned num)
{
   struct vgpu_wm *wm = draw->wm;

   if (draw->line_begins)
      wm->line_stipple.count = 0;
   draw->line_begins = false;
   wm->line_stipple.count += num;
   return wm->line_stipple.count - num;
}

/** The next pixel along a line: whether the pattern has it. */
static bool
stipple_line(struct vgpu_draw *draw)
{
   return !draw->wm->state.LineStippleEnable ||
          vgpu_wm_stipple_has(draw->wm, vgpu_wm_stipple_on(draw, 1));
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
paint_line(struct vgpu_painter *p)
{
   const struct vgpu_setup *s = p->setup;
   float x0 = s->v[0].x, y0 = s->v[0].y, x1 = s->v[1].x, y1 = s->v[1].y;
   const bool steep = fabsf(y1 - y0) > fabsf(x1 - x0);
   const int width = max_int(1, (int)rintf(s->line_width));

   if (steep) {
      float swap = x0;
      x0 = y0, y0 = swap;
      swap = x1, x1 = y1, y1 = swap;
   }
   const bool forward = x1 >= x0;
   int from = forward ? vgpu_wm_first_pixel(x0) : pixel_after(x1);
   int to = forward ? vgpu_wm_first_pixel(x1) : pixel_after(x0);
   if (!p->draw->wm->state.LineStippleEnable) { /* whose count goes on outside of the box */
      from = max_int(from, p->box[steep]);
      to = min_int(to, p->box[2 + steep]);
   }
   const float slope = x1 != x0 ? (y1 - y0) / (x1 - x0) : 0;

   for (int n = 0; n < to - from; n++) {
      const int i = forward ? from + n : to - 1 - n;
      if (!stipple_line(p->draw))
         continue;
      const float minor = y0 + (i + 0.5f - x0) * slope;
      const int first = (int)floorf(minor) - (width - 1) / 2;
      const bool ok = steep ? fill_rectangle(p, first, i, first + width, i + 1)
                            : fill_rectangle(p, i, first, i + 1, first + width);
      if (!ok)
         return false;
   }
   return true;
}

/** Edges as whole pixels count: a x + b y + c for a point of the pixel at (x, y). */
struct point_edges {
   int64_t a[3], b[3], c[3];
};

/**
 * The edges for the point of each pixel at (in_x, in_y). That point is at a whole number of
 * subpixels, and between pixels are SUBPIXEL of them: rounding down what is left changes no sign.
 */
static struct point_edges
edges_at(const struct vgpu_edge edges[3], struct vgpu_sample in)
{
   struct point_edges out;

   for (unsigned e = 0; e < 3; e++) {
      out.a[e] = edges[e].a;
      out.b[e] = edges[e].b;
      out.c[e] = (edges[e].a * (int)(in.x * SUBPIXEL) + edges[e].b * (int)(in.y * SUBPIXEL) +
                  edges[e].c) >> SUBPIXEL_BITS;
   }
   return out;
}

/** Pixels of a row, first and beyond the last. */
struct span {
   int x0, x1;
};

/** The pixels of a row of a box whose point is inside all edges. */
static struct span
inside(const struct point_edges *edges, const int box[4], int y)
{
   struct span span = { box[0], box[2] };

   if (y < box[1] || y >= box[3])
      return (struct span){ 0, 0 };
   for (unsigned e = 0; e < 3; e++) {
      const int64_t a = edges->a[e], at_0 = edges->b[e] * y + edges->c[e];
      const int64_t at_x0 = at_0 + a * span.x0, at_x1 = at_0 + a * (span.x1 - 1);
      if (at_x0 < 0 && at_x1 < 0)
         return (struct span){ 0, 0 };
      if (at_x0 < 0) /* it rises: -at_x0 / a pixels on, rounded up, it is not negative */
         span.x0 += (int)((-at_x0 + a - 1) / a);
      else if (at_x1 < 0)
         span.x1 -= (int)((-at_x1 - a - 1) / -a);
   }
   return span;
}

static bool
in_span(struct span span, int x)
{
   return x >= span.x0 && x < span.x1;
}

/** Two rows of a triangle. \param spans  of its samples, or of the pixels' centres alone */
static bool
paint_rows(struct vgpu_painter *p, int y, struct span (*spans)[2], unsigned num_points)
{
   const bool pattern = num_points > 1;
   const bool stippled = p->draw->wm->state.PolygonStippleEnable && !p->draw->no_polygon_stipple;
   int first = p->box[2], end = p->box[0];

   for (unsigned k = 0; k < num_points; k++) {
      for (unsigned row = 0; row < 2; row++) {
         if (spans[k][row].x0 >= spans[k][row].x1)
            continue;
         first = min_int(first, spans[k][row].x0);
         end = max_int(end, spans[k][row].x1);
      }
   }
   for (int x = first & ~1; x < end; x += 2) {
      uint8_t samples[4] = { 0 }, mask = 0;
      for (unsigned k = 0; k < num_points; k++) {
         const uint8_t inside = in_span(spans[k][0], x) | in_span(spans[k][0], x + 1) << 1 |
                                in_span(spans[k][1], x) << 2 | in_span(spans[k][1], x + 1) << 3;
         mask |= inside;
         for (unsigned i = 0; i < 4 && pattern; i++)
            samples[i] |= (inside >> i & 1) << k;
      }
      if (mask && stippled)
         mask &= stipple_polygon(p->draw, x, y);
      if (mask && !(pattern ? add_samples(p, x, y, mask, samples) : add(p, x, y, mask)))
         return false;
   }
   return true;
}

static bool
paint_triangle(struct vgpu_painter *p)
{
   static const struct vgpu_sample center = { 0.5f, 0.5f };
   const struct vgpu_draw *draw = p->draw;
   const unsigned num_points = draw->wm->pattern ? draw->samples : 1;
   struct point_edges edges[VGPU_MAX_SAMPLES];
   struct span spans[VGPU_MAX_SAMPLES][2];

   for (unsigned k = 0; k < num_points; k++)
      edges[k] = edges_at(p->setup->edges, draw->wm->pattern ? draw->sample[k] : center);
   for (int y = p->box[1] & ~1; y < p->box[3]; y += 2) {
      for (unsigned k = 0; k < num_points; k++) {
         spans[k][0] = inside(&edges[k], p->box, y);
         spans[k][1] = inside(&edges[k], p->box, y + 1);
      }
      if (!paint_rows(p, y, spans, num_points))
         return false;
   }
   return vgpu_wm_flush(p);
}

bool
vgpu_wm_paint(struct vgpu_painter *p, const struct vgpu_setup *setup, const int box[4])
{
   p->setup = setup;
   memcpy(p->box, setup->box, sizeof(p->box));
   vgpu_box_intersect(p->box, box);
   switch (setup->kind) {
   case VGPU_LINE:
      return setup->antialiased ? vgpu_wm_paint_aa_line(p) : paint_line(p);
   case VGPU_TRIANGLE:
      return paint_triangle(p);
   case VGPU_POINT:
   case VGPU_RECT:
      break;
   }
   return fill_rectangle(p, p->box[0], p->box[1], p->box[2], p->box[3]);
}
