/*
 * SPDX-License-Identifier: MIT
 *
 * What the windower's files have in common: its state, and the painters that find the pixels.
 */

#ifndef VGPU_WM_PRIV_H
#define VGPU_WM_PRIV_H

#include <math.h>
#include <stdatomic.h>

#include "bins.h"
#include "gfx7_unpack.h"
#include "pipeline.h"

/* Vertices are snapped to 1/256 of a pixel. */
#define SUBPIXEL_BITS 8
#define SUBPIXEL (1 << SUBPIXEL_BITS)
#define MAX_PAINTERS 8

/** What a thread of the host needs to draw primitives, or what of them is in a box. */
struct vgpu_painter {
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

   struct vgpu_painter painters[MAX_PAINTERS]; /* the first one works alone on what is small */

   /* Primitives of all batches, to be drawn by several threads. */
   const struct vgpu_setup **setups;
   unsigned num_setups, max_setups;
   struct vgpu_bins bins;
};

static inline int
max_int(int a, int b)
{
   return a > b ? a : b;
}

static inline int
min_int(int a, int b)
{
   return a < b ? a : b;
}

/** What two boxes have in common. */
static inline void
vgpu_box_intersect(int box[4], const int other[4])
{
   box[0] = max_int(box[0], other[0]);
   box[1] = max_int(box[1], other[1]);
   box[2] = min_int(box[2], other[2]);
   box[3] = min_int(box[3], other[3]);
}

/** First pixel whose centre is not before a coordinate. */
static inline int
vgpu_wm_first_pixel(float coordinate)
{
   /* Snapped as a vertex is, so that abutting primitives share no pixel. */
   const float snapped = rintf(coordinate * SUBPIXEL) / SUBPIXEL;

   return ceilf(snapped - 0.5f);
}

/* wm_paint.c */
/**
 * Finds the pixels of a primitive, shades them and writes them.
 * \param box  those in it alone
 */
bool vgpu_wm_paint(struct vgpu_painter *p, const struct vgpu_setup *setup, const int box[4]);
/** Shades what has been gathered. */
bool vgpu_wm_flush(struct vgpu_painter *p);
/** Whether the pattern has a place along the line or strip. */
bool vgpu_wm_stipple_has(const struct vgpu_wm *wm, unsigned place);
/** The next num places along a line. \return the first of them */
unsigned vgpu_wm_stipple_on(struct vgpu_draw *draw, unsigned num);

/* wm_aa_line.c */
/**
 * An antialiased line: every pixel that the rectangle around it covers a part of, by which its
 * alpha is multiplied. The PRM does not say how the part is found; this is what the GL asks for
 * (OpenGL 4.6, "Line Antialiasing").
 */
bool vgpu_wm_paint_aa_line(struct vgpu_painter *p);

#endif
