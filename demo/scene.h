/*
 * SPDX-License-Identifier: MIT
 *
 * The bundled picture, made by arithmetic alone so that every build makes the same.
 */

#ifndef SCENE_H
#define SCENE_H

#include <stdint.h>

#define PICTURE_WIDTH  1600
#define PICTURE_HEIGHT 1000
/* The lower rows are a test chart, of details as small as a pixel. */
#define CHART_HEIGHT 180
#define SCENE_HEIGHT (PICTURE_HEIGHT - CHART_HEIGHT)

struct color {
   float r, g, b; /* 0 to 1 */
};

static inline struct color
color_mix(struct color a, struct color b, float share_of_b)
{
   return (struct color){
      a.r + (b.r - a.r) * share_of_b,
      a.g + (b.g - a.g) * share_of_b,
      a.b + (b.b - a.b) * share_of_b,
   };
}

/** A lake between mountains after sunset. x from 0 to PICTURE_WIDTH, y from 0 to SCENE_HEIGHT. */
struct color scene_at(float x, float y);

/** A pixel of the test chart. */
struct color chart_at(uint32_t x, uint32_t y);

#endif
