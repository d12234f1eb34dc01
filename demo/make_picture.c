/*
 * SPDX-License-Identifier: MIT
 *
 * make-picture FILE: writes the picture that the demo moves unless it is given another one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "scene.h"

/* Samples a pixel and side of the landscape, for smooth edges. The chart's edges are to be hard. */
#define SAMPLES 2

static uint8_t
to_byte(float value)
{
   return value <= 0 ? 0 : value >= 1 ? 255 : (uint8_t)(value * 255 + 0.5f);
}

static struct color
scene_pixel(uint32_t x, uint32_t y)
{
   struct color sum = { 0, 0, 0 };

   for (unsigned i = 0; i < SAMPLES * SAMPLES; i++) {
      const struct color c = scene_at(x + (i % SAMPLES + 0.5f) / SAMPLES,
                                      y + (i / SAMPLES + 0.5f) / SAMPLES);
      sum.r += c.r / (SAMPLES * SAMPLES);
      sum.g += c.g / (SAMPLES * SAMPLES);
      sum.b += c.b / (SAMPLES * SAMPLES);
   }
   return sum;
}

int
main(int argc, char **argv)
{
   png_image image = {
      .version = PNG_IMAGE_VERSION,
      .width = PICTURE_WIDTH,
      .height = PICTURE_HEIGHT,
      .format = PNG_FORMAT_RGB,
   };
   static uint8_t pixels[PICTURE_HEIGHT][PICTURE_WIDTH][3];

   if (argc != 2) {
      fprintf(stderr, "usage: make-picture FILE\n");
      return 2;
   }
   for (uint32_t y = 0; y < PICTURE_HEIGHT; y++) {
      for (uint32_t x = 0; x < PICTURE_WIDTH; x++) {
         const struct color c = y < SCENE_HEIGHT ? scene_pixel(x, y)
                                                 : chart_at(x, y - SCENE_HEIGHT);
         pixels[y][x][0] = to_byte(c.r);
         pixels[y][x][1] = to_byte(c.g);
         pixels[y][x][2] = to_byte(c.b);
      }
   }
   if (!png_image_write_to_file(&image, argv[1], 0, pixels, 0, NULL)) {
      fprintf(stderr, "make-picture: %s: %s\n", argv[1], image.message);
      return 1;
   }
   return 0;
}
