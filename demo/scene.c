/*
 * SPDX-License-Identifier: MIT
 */

#include "scene.h"

#include <math.h>

#define HORIZON   520.0f
#define SUN_X     1050.0f
#define SUN_Y     430.0f
#define SUN_RADIUS 46.0f
#define RIDGES    5

static float
clamp01(float value)
{
   return value < 0 ? 0 : value > 1 ? 1 : value;
}

static float
smooth(float from, float to, float value)
{
   const float t = clamp01((value - from) / (to - from));

   return t * t * (3 - 2 * t);
}

/** 0 to 1, without any pattern. */
static float
hash(int32_t x, int32_t y, uint32_t seed)
{
   uint32_t h = (uint32_t)x * 0x85ebca6bu ^ (uint32_t)y * 0xc2b2ae35u ^ seed * 0x27d4eb2fu;

   h = (h ^ h >> 15) * 0x2c1b3c6du;
   h = (h ^ h >> 12) * 0x297a2d39u;
   return (float)((h ^ h >> 15) >> 8) / 16777216.0f;
}

/** Hashes of the whole numbers, smoothly joined. */
static float
value_noise(float x, float y, uint32_t seed)
{
   const int32_t x0 = (int32_t)floorf(x), y0 = (int32_t)floorf(y);
   const float u = smooth(0, 1, x - x0), v = smooth(0, 1, y - y0);
   const float upper = hash(x0, y0, seed) * (1 - u) + hash(x0 + 1, y0, seed) * u;
   const float lower = hash(x0, y0 + 1, seed) * (1 - u) + hash(x0 + 1, y0 + 1, seed) * u;

   return upper * (1 - v) + lower * v;
}

/** Noise of ever smaller scales; 0 to 1. */
static float
fractal(float x, float y, uint32_t seed, unsigned octaves)
{
   float sum = 0, weight = 0.5f, total = 0;

   for (unsigned i = 0; i < octaves; i++) {
      sum += weight * value_noise(x, y, seed + i);
      total += weight;
      weight *= 0.5f;
      x = x * 2 + 17.3f;
      y = y * 2 - 9.1f;
   }
   return sum / total;
}

static struct color
sky(float x, float y)
{
   static const struct color zenith = { 0.035f, 0.055f, 0.16f };
   static const struct color middle = { 0.27f, 0.20f, 0.42f };
   static const struct color low = { 0.98f, 0.56f, 0.30f };
   const float height = clamp01(y / HORIZON);
   struct color c = color_mix(zenith, middle, smooth(0, 0.62f, height));

   c = color_mix(c, low, smooth(0.5f, 1.02f, height));

   const float dx = x - SUN_X, dy = y - SUN_Y, distance = sqrtf(dx * dx + dy * dy);
   const float glow = 1 / (1 + distance * distance / 16000);
   c = color_mix(c, (struct color){ 1, 0.80f, 0.52f }, 0.8f * glow);
   c = color_mix(c, (struct color){ 1, 0.96f, 0.86f },
                 1 - smooth(SUN_RADIUS - 1.5f, SUN_RADIUS + 1.5f, distance));

   /* Long clouds, bright on the sun's side. */
   const float cloud = smooth(0.50f, 0.78f, fractal(x / 300 + 3, y / 46, 11, 6)) *
                       smooth(60, 240, y);
   c = color_mix(c, (struct color){ 1, 0.66f + 0.2f * glow, 0.55f }, 0.55f * cloud * height);

   /* One star in some cells of a grid. */
   const int32_t cell_x = (int32_t)floorf(x / 12), cell_y = (int32_t)floorf(y / 12);
   if (hash(cell_x, cell_y, 71) > 0.86f) {
      const float sx = (cell_x + 0.15f + 0.7f * hash(cell_x, cell_y, 72)) * 12 - x;
      const float sy = (cell_y + 0.15f + 0.7f * hash(cell_x, cell_y, 73)) * 12 - y;
      const float radius = 0.5f + 0.9f * hash(cell_x, cell_y, 74);
      const float light = (1 - smooth(radius * 0.4f, radius, sqrtf(sx * sx + sy * sy))) *
                          (1 - smooth(0.10f, 0.55f, height)) * (1 - cloud);
      c = color_mix(c, (struct color){ 0.95f, 0.96f, 1 }, light);
   }
   return c;
}

/* Ridges, the farthest first: their middle height above the horizon, and how high they vary. */
static const float ridge_base[RIDGES] = { 70, 52, 30, 12, -14 };
static const float ridge_range[RIDGES] = { 260, 200, 150, 110, 90 };
#define RIDGE_MIDDLE 0.45f

static float
ridge_height(float x, unsigned ridge)
{
   const float scale = 420.0f - 60.0f * ridge;
   const float noise = fractal(x / scale + 40 * ridge, 0.5f, 100 + ridge, 8);

   return ridge_base[ridge] + ridge_range[ridge] * (noise - RIDGE_MIDDLE);
}

/** The land in front of a point of the sky, or the sky. */
static struct color
land_or_sky(float x, float y)
{
   static const struct color far_away = { 0.55f, 0.36f, 0.46f };
   static const struct color near_by = { 0.035f, 0.04f, 0.075f };
   struct color c = sky(x, y);

   for (unsigned ridge = 0; ridge < RIDGES; ridge++) {
      /* Above the highest that a ridge can be there is no need to ask how high it is here. */
      if (y < HORIZON - ridge_base[ridge] - ridge_range[ridge] * (1 - RIDGE_MIDDLE) ||
          y < HORIZON - ridge_height(x, ridge))
         continue;
      const float depth = (float)ridge / (RIDGES - 1);
      const float slope = ridge_height(x + 2, ridge) - ridge_height(x - 2, ridge);
      const float light = clamp01(0.5f + (x < SUN_X ? -slope : slope) * 0.11f);
      const float texture = fractal(x / 9, y / 7, 200 + ridge, 4) - 0.5f;
      struct color rock = color_mix(far_away, near_by, smooth(0, 1, depth));

      rock = color_mix(rock, (struct color){ 1, 0.62f, 0.40f }, 0.30f * light * (1 - depth));
      rock.r += 0.10f * texture * (1 - 0.5f * depth);
      rock.g += 0.09f * texture * (1 - 0.5f * depth);
      rock.b += 0.10f * texture * (1 - 0.5f * depth);
      /* Haze gathers in the valleys. */
      c = color_mix(rock, (struct color){ 0.93f, 0.58f, 0.42f },
                    0.45f * (1 - depth) * smooth(HORIZON - 80, HORIZON, y));
   }
   return c;
}

struct color
scene_at(float x, float y)
{
   if (y < HORIZON)
      return land_or_sky(x, y);

   /* The lake: what is above the horizon, upside down, shaken by waves that grow towards us. */
   const float depth = y - HORIZON;
   const float rows = depth * depth / 900 + depth / 5;
   const float wave = fractal(x / (60 + depth * 0.5f), rows, 300, 5) - 0.5f;
   const float mirrored = HORIZON - 1 - depth * 1.15f + wave * (6 + depth * 0.42f);
   struct color c = land_or_sky(x + wave * depth * 0.25f, mirrored < 0 ? 0 : mirrored);

   c = color_mix(c, (struct color){ 0.03f, 0.06f, 0.13f }, 0.25f + 0.45f * smooth(0, 300, depth));
   const float path = 1 - smooth(10 + depth * 0.12f, 60 + depth * 0.55f, fabsf(x - SUN_X));
   const float glitter = smooth(0.60f, 0.74f, fractal(x / 22, depth / 2.3f, 310, 3));
   return color_mix(c, (struct color){ 1, 0.78f, 0.50f }, 0.8f * path * glitter);
}
