/*
 * SPDX-License-Identifier: MIT
 *
 * Antialiased lines.
 */

#include "vgpu_priv.h"
#include "wm_priv.h"

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
      if (vgpu_wm_stipple_has(wm, first_place + (unsigned)piece))
         sum += coverage(l, x, y, piece - l->half_length, to - l->half_length);
   }
   return fminf(sum, 1);
}

bool
vgpu_wm_paint_aa_line(struct vgpu_painter *p)
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
   const unsigned place = stippled ? vgpu_wm_stipple_on(p->draw, (unsigned)ceilf(length)) : 0;
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
             (vgpu_engine_interrupted(p->draw->engine) || !vgpu_wm_flush(p)))
            return false;
      }
   }
   return vgpu_wm_flush(p);
}
