/*
 * SPDX-License-Identifier: MIT
 *
 * The windower: which pixels a primitive covers (IVB PRM Vol2 Part 1, "Windower (WM) Stage",
 * "Rasterization"), two by two, and what becomes of them.
 */

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bins.h"
#include "copy_draw.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "pool.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

/* Vertices are snapped to 1/256 of a pixel. */
#define SUBPIXEL_BITS 8
#define SUBPIXEL (1 << SUBPIXEL_BITS)
#define MAX_PAINTERS 8
/* With fewer pixels than that threads cost more than they save. */
#define WM_SHARED_PIXELS 16384
/* Beyond this the edge functions could overflow; the guardband is far smaller. */
#define MAX_COORDINATE 32768.0f

/** What a thread of the host needs to draw primitives, or what of them is in a box. */
struct painter {
   struct vgpu_draw *draw;
   struct vgpu_ps *ps; /* NULL: not made yet */
   _Atomic bool busy;
   const struct vgpu_setup *setup;
   int box[4]; /* x and y, first and beyond the last */
   struct vgpu_subspan batch[VGPU_MAX_SUBSPANS];
   unsigned count;
};

struct vgpu_wm {
   struct GFX7_3DSTATE_WM state;
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

   struct painter painters[MAX_PAINTERS]; /* the first one works alone on what is small */

   /* Primitives of all batches, to be drawn by several threads. */
   const struct vgpu_setup **setups;
   unsigned num_setups, max_setups;
   struct vgpu_bins bins;
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

static bool
flush(struct painter *p)
{
   const unsigned count = p->count;

   p->count = 0;
   return !count || vgpu_ps_run(p->draw, p->ps, p->setup, p->batch, count);
}

/** \param samples  that are covered of each pixel, NULL: all */
static bool
add_samples(struct painter *p, int x, int y, uint8_t mask, const uint8_t samples[4])
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
   return !vgpu_engine_interrupted(p->draw->engine) && flush(p);
}

static bool
add(struct painter *p, int x, int y, uint8_t mask)
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
   return !vgpu_engine_interrupted(p->draw->engine) && flush(p);
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
bounds(const struct vgpu_draw *draw, int box[4])
{
   const struct vgpu_wm *wm = draw->wm;

   box[0] = max_int(wm->clip[0], draw->scissor[0]);
   box[1] = max_int(wm->clip[1], draw->scissor[1]);
   box[2] = min_int(wm->clip[2], draw->scissor[2]);
   box[3] = min_int(wm->clip[3], draw->scissor[3]);
}

/** What two boxes have in common. */
static void
intersect(int box[4], const int other[4])
{
   box[0] = max_int(box[0], other[0]);
   box[1] = max_int(box[1], other[1]);
   box[2] = min_int(box[2], other[2]);
   box[3] = min_int(box[3], other[3]);
}

/** Every pixel of [x0, x1) x [y0, y1) that is in the box. */
static bool
fill_rectangle(struct painter *p, int x0, int y0, int x1, int y1)
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
   return flush(p);
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

/** The pixels of a rectangle. */
static bool
set_up_rectangle(struct vgpu_draw *draw, struct vgpu_setup *s, float x0, float y0, float x1,
                 float y1)
{
   if (!check_edges(draw, x0, y0, x1, y1))
      return false;
   s->box[0] = first_pixel(fminf(x0, x1));
   s->box[1] = first_pixel(fminf(y0, y1));
   s->box[2] = first_pixel(fmaxf(x0, x1));
   s->box[3] = first_pixel(fmaxf(y0, y1));
   return true;
}

/** Whether the pattern has a place along the line or strip. */
static bool
stipple_has(const struct vgpu_wm *wm, unsigned place)
{
   return wm->line_stipple.pattern >> place / wm->line_stipple.repeat % 16 & 1;
}

/** The next num places along a line. \return the first of them */
static unsigned
stipple_on(struct vgpu_draw *draw, unsigned num)
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
   return !draw->wm->state.LineStippleEnable || stipple_has(draw->wm, stipple_on(draw, 1));
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
paint_line(struct painter *p)
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
   int from = forward ? first_pixel(x0) : pixel_after(x1);
   int to = forward ? first_pixel(x1) : pixel_after(x0);
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

/* A square cut by four lines has at most as many corners. */
#define MAX_CORNERS 8

struct polygon {
   unsigned num;
   float x[MAX_CORNERS], y[MAX_CORNERS];
};

/** Cuts off what is beyond a x + b y + c = 0, where that is negative. */
static void
cut(struct polygon *polygon, float a, float b, float c)
{
   const struct polygon in = *polygon;

   polygon->num = 0;
   for (unsigned i = 0; i < in.num; i++) {
      const unsigned k = (i + 1) % in.num;
      const float here = a * in.x[i] + b * in.y[i] + c, next = a * in.x[k] + b * in.y[k] + c;
      if (here >= 0 && polygon->num < MAX_CORNERS) {
         polygon->x[polygon->num] = in.x[i];
         polygon->y[polygon->num++] = in.y[i];
      }
      if ((here < 0) != (next < 0) && polygon->num < MAX_CORNERS) {
         const float t = here / (here - next);
         polygon->x[polygon->num] = in.x[i] + t * (in.x[k] - in.x[i]);
         polygon->y[polygon->num++] = in.y[i] + t * (in.y[k] - in.y[i]);
      }
   }
}

/** A line with its width, in pixels. */
struct wide_line {
   float x, y;               /* of its middle */
   float along_x, along_y;   /* unit vector */
   float half_length, half_width;
};

/** The part of a pixel that a line covers, between two places along it from its middle. */
static float
coverage(const struct wide_line *l, int x, int y, float from, float to)
{
   /* Around the middle of the line, so that its lines are no matter of rounding. */
   const float x0 = (float)x - l->x, y0 = (float)y - l->y;
   const float ax = l->along_x, ay = l->along_y;
   struct polygon p = {
      .num = 4, .x = { x0, x0 + 1, x0 + 1, x0 }, .y = { y0, y0, y0 + 1, y0 + 1 },
   };
   float area = 0;

   cut(&p, ax, ay, -from);
   cut(&p, -ax, -ay, to);
   cut(&p, -ay, ax, l->half_width);
   cut(&p, ay, -ax, l->half_width);
   for (unsigned i = 0; i < p.num; i++) {
      const unsigned k = (i + 1) % p.num;
      area += (p.x[i] - x0) * (p.y[k] - y0) - (p.x[k] - x0) * (p.y[i] - y0);
   }
   return fminf(fmaxf(area / 2, 0), 1);
}

/** The same of a line that is cut into pieces a pixel long, of which the pattern has some. */
static float
stippled_coverage(const struct vgpu_wm *wm, const struct wide_line *l, int x, int y,
                  unsigned first_place)
{
   /* Of the line's pieces those that are not far from the pixel. */
   const float at = ((float)x + 0.5f - l->x) * l->along_x + ((float)y + 0.5f - l->y) * l->along_y +
                    l->half_length;
   const float first = fmaxf(floorf(at - 1), 0), end = fminf(at + 1, 2 * l->half_length);
   float sum = 0;

   for (float piece = first; piece < end; piece++) {
      const float to = fminf(piece + 1, 2 * l->half_length);
      if (stipple_has(wm, first_place + (unsigned)piece))
         sum += coverage(l, x, y, piece - l->half_length, to - l->half_length);
   }
   return fminf(sum, 1);
}

/**
 * An antialiased line: every pixel that the rectangle around it covers a part of, by which its
 * alpha is multiplied. The PRM does not say how the part is found; this is what the GL asks for
 * (OpenGL 4.6, "Line Antialiasing").
 */
static bool
paint_aa_line(struct painter *p)
{
   const struct vgpu_setup *s = p->setup;
   const float dx = s->v[1].x - s->v[0].x, dy = s->v[1].y - s->v[0].y;
   const float length = hypotf(dx, dy);
   const struct wide_line l = {
      .x = s->v[0].x + dx / 2, .y = s->v[0].y + dy / 2,
      .along_x = dx / length, .along_y = dy / length,
      .half_length = length / 2, .half_width = s->line_width / 2,
   };

   if (!(length > 0))
      return true;
   const struct vgpu_wm *wm = p->draw->wm;
   const bool stippled = wm->state.LineStippleEnable;
   const unsigned place = stippled ? stipple_on(p->draw, (unsigned)ceilf(length)) : 0;
   for (int y = p->box[1] & ~1; y < p->box[3]; y += 2) {
      /* Where the line is at these rows, with room for its width and half a pixel. */
      const float reach = (l.half_width + 2) / fmaxf(fabsf(l.along_y), 1e-6f);
      const float at = l.x + ((float)y + 1 - l.y) * l.along_x / (l.along_y ? l.along_y : 1e-6f);
      const int first = (int)fmaxf((float)p->box[0], fminf(at - reach - 2, (float)p->box[2]));
      const int end = (int)fminf((float)p->box[2], fmaxf(at + reach + 3, (float)p->box[0]));
      for (int x = first & ~1; x < end; x += 2) {
         struct vgpu_subspan pixels = { .x = (uint16_t)x, .y = (uint16_t)y };
         for (unsigned i = 0; i < 4; i++) {
            const int px = x + (int)(i & 1), py = y + (int)(i >> 1);
            if (px < p->box[0] || px >= p->box[2] || py < p->box[1] || py >= p->box[3])
               continue;
            pixels.coverage[i] =
               stippled ? stippled_coverage(wm, &l, px, py, place)
                        : coverage(&l, px, py, -l.half_length, l.half_length);
            pixels.samples[i] = pixels.coverage[i] > 0 ? p->draw->sample_mask & 1 : 0;
            pixels.mask |= (uint8_t)((pixels.samples[i] != 0) << i);
         }
         if (!pixels.mask)
            continue;
         p->batch[p->count++] = pixels;
         if (p->count == vgpu_ps_subspans(p->ps) &&
             (vgpu_engine_interrupted(p->draw->engine) || !flush(p)))
            return false;
      }
   }
   return flush(p);
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
paint_rows(struct painter *p, int y, struct span (*spans)[2], unsigned num_points)
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
paint_triangle(struct painter *p)
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
   return flush(p);
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
   intersect(s->box, box);
   if (!ok || s->box[0] >= s->box[2] || s->box[1] >= s->box[3] ||
       !vgpu_ps_make_plane(s, &s->plane))
      return ok;
   return push(draw, batch, s);
}

static bool
paint(struct painter *p, const struct vgpu_setup *setup, const int box[4])
{
   p->setup = setup;
   memcpy(p->box, setup->box, sizeof(p->box));
   intersect(p->box, box);
   switch (setup->kind) {
   case VGPU_LINE:
      return setup->antialiased ? paint_aa_line(p) : paint_line(p);
   case VGPU_TRIANGLE:
      return paint_triangle(p);
   case VGPU_POINT:
   case VGPU_RECT:
      break;
   }
   return fill_rectangle(p, p->box[0], p->box[1], p->box[2], p->box[3]);
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
      ok = paint(&draw->wm->painters[0], batch_setup(batch, i), batch_setup(batch, i)->box);
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
      if (!paint(&wm->painters[i], wm->setups[bins->entries[e]], box)) {
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
      struct painter *p = &wm->painters[i];
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
