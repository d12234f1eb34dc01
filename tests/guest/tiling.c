/*
 * SPDX-License-Identifier: MIT
 *
 * Blits between linear userptr memory and tiled objects, compared with the CPU's own tiling.
 */

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(a[0]))

struct shape {
   uint32_t width, height, cpp;
};

/* Whole tiles, parts of tiles, single pixels, and each pixel size. */
static const struct shape shapes[] = {
   { 1, 1, 4 },    { 128, 32, 4 },  { 131, 35, 4 },  { 256, 64, 4 },  { 33, 7, 4 },
   { 512, 300, 4 }, { 257, 129, 2 }, { 64, 8, 2 },    { 1023, 65, 1 }, { 513, 9, 1 },
};

/** Linear memory of our own, wrapped. The pitch is a multiple of 4 and wider than the rows. */
static struct blt_surface
linear_surface(int fd, const struct shape *shape, uint8_t **memory)
{
   const uint32_t pitch = (shape->width * shape->cpp + 3) / 4 * 4 + 20;
   const uint64_t size = gem_page_align((uint64_t)pitch * shape->height);

   *memory = pages_alloc(size);
   return (struct blt_surface){
      .handle = fixture_userptr(fd, *memory, size),
      .pitch_bytes = pitch,
      .cpp = shape->cpp,
   };
}

static struct blt_surface
tiled_surface(int fd, const struct shape *shape, uint32_t tiling)
{
   const uint32_t pitch = tile_pitch(tiling, shape->width * shape->cpp);

   return (struct blt_surface){
      .handle = fixture_object(fd, tile_size(tiling, pitch, shape->height)),
      .pitch_bytes = pitch,
      .tiling = tiling,
      .cpp = shape->cpp,
   };
}

/** The object's bytes as they lie in memory. */
static uint8_t *
raw_bytes(int fd, const struct blt_surface *surface, uint32_t height)
{
   const uint64_t size = tile_size(surface->tiling, surface->pitch_bytes, height);
   uint8_t *raw = malloc(size);

   REQUIRE_OK(gem_pread(fd, surface->handle, 0, raw, size));
   return raw;
}

static void
run_copy(int fd, const struct blt_surface *destination, uint32_t dst_x, uint32_t dst_y,
         const struct blt_surface *source, uint32_t src_x, uint32_t src_y, uint32_t width,
         uint32_t height)
{
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy(&batch, destination, dst_x, dst_y, source, src_x, src_y, width, height);
   REQUIRE_OK(batch_run(&batch));
   batch_fini(&batch);
}

/** A tiled object must hold the linear picture, as the CPU computes the places. */
static void
check_tiled(int fd, const struct blt_surface *tiled, const uint8_t *linear,
            uint32_t linear_pitch_bytes, const struct shape *shape)
{
   uint8_t *raw = raw_bytes(fd, tiled, shape->height);

   for (uint32_t y = 0; y < shape->height; y++) {
      for (uint32_t x = 0; x < shape->width * shape->cpp; x++) {
         const uint64_t at = tile_offset(tiled->tiling, tiled->pitch_bytes, x, y);
         const uint8_t expected = linear[(uint64_t)y * linear_pitch_bytes + x];
         if (raw[at] != expected) {
            tap_note("%ux%u at %u bytes a pixel, byte %u of row %u", shape->width, shape->height,
                     shape->cpp, x, y);
            REQUIRE_EQUAL(raw[at], expected);
         }
      }
   }
   free(raw);
}

static void
check_linear(const uint8_t *actual, const uint8_t *expected, uint32_t pitch_bytes,
             const struct shape *shape)
{
   for (uint32_t y = 0; y < shape->height; y++)
      REQUIRE(CHECK_BYTES(actual + (uint64_t)y * pitch_bytes, expected + (uint64_t)y * pitch_bytes,
                          (size_t)shape->width * shape->cpp));
}

static void
round_trip(uint32_t tiling)
{
   const int fd = fixture_open();

   for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
      const struct shape *shape = &shapes[i];
      uint8_t *from, *to;
      const struct blt_surface source = linear_surface(fd, shape, &from);
      const struct blt_surface destination = linear_surface(fd, shape, &to);
      const struct blt_surface tiled = tiled_surface(fd, shape, tiling);

      pattern_fill(from, (size_t)source.pitch_bytes * shape->height, i);
      run_copy(fd, &tiled, 0, 0, &source, 0, 0, shape->width, shape->height);
      check_tiled(fd, &tiled, from, source.pitch_bytes, shape);
      run_copy(fd, &destination, 0, 0, &tiled, 0, 0, shape->width, shape->height);
      check_linear(to, from, source.pitch_bytes, shape);
   }
}

static void
x_round_trip(void)
{
   round_trip(I915_TILING_X);
}

static void
y_round_trip(void)
{
   round_trip(I915_TILING_Y);
}

static void
tiled_to_tiled(void)
{
   static const struct { uint32_t from, to; } pairs[] = {
      { I915_TILING_X, I915_TILING_Y }, { I915_TILING_Y, I915_TILING_X },
      { I915_TILING_X, I915_TILING_X }, { I915_TILING_Y, I915_TILING_Y },
   };
   const int fd = fixture_open();
   const struct shape shape = { 300, 70, 4 };

   for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
      uint8_t *from;
      const struct blt_surface source = linear_surface(fd, &shape, &from);
      const struct blt_surface first = tiled_surface(fd, &shape, pairs[i].from);
      const struct blt_surface second = tiled_surface(fd, &shape, pairs[i].to);

      tap_note("tiling %u to %u", pairs[i].from, pairs[i].to);
      pattern_fill(from, (size_t)source.pitch_bytes * shape.height, i);
      run_copy(fd, &first, 0, 0, &source, 0, 0, shape.width, shape.height);
      run_copy(fd, &second, 0, 0, &first, 0, 0, shape.width, shape.height);
      check_tiled(fd, &second, from, source.pitch_bytes, &shape);
   }
}

/* A rectangle over tile borders; what is around it stays. */
static void
rectangles(void)
{
   static const uint32_t tilings[] = { I915_TILING_NONE, I915_TILING_X, I915_TILING_Y };
   const int fd = fixture_open();
   const struct shape shape = { 320, 96, 4 };

   for (unsigned i = 0; i < ARRAY_SIZE(tilings); i++) {
      uint8_t *background, *picture;
      const struct blt_surface below = linear_surface(fd, &shape, &background);
      const struct blt_surface above = linear_surface(fd, &shape, &picture);
      const struct blt_surface tiled = tiled_surface(fd, &shape, tilings[i]);
      const uint32_t pitch = below.pitch_bytes;

      tap_note("tiling %u", tilings[i]);
      pattern_fill(background, (size_t)pitch * shape.height, 1);
      pattern_fill(picture, (size_t)pitch * shape.height, 2);
      run_copy(fd, &tiled, 0, 0, &below, 0, 0, shape.width, shape.height);
      run_copy(fd, &tiled, 101, 23, &above, 7, 11, 57, 43);
      for (uint32_t y = 0; y < 43; y++)
         memcpy(background + (y + 23) * pitch + 101 * 4, picture + (y + 11) * pitch + 7 * 4,
                57 * 4);
      check_tiled(fd, &tiled, background, pitch, &shape);
   }
}

static void
fills(void)
{
   static const uint32_t tilings[] = { I915_TILING_NONE, I915_TILING_X, I915_TILING_Y };
   static const uint32_t colors[] = { 0, 0xa5, 0xbeef, 0, 0x12345678 }; /* by bytes a pixel */
   const int fd = fixture_open();

   for (unsigned i = 0; i < ARRAY_SIZE(tilings); i++) {
      for (uint32_t cpp = 1; cpp <= 4; cpp *= 2) {
         const struct shape shape = { 600, 40, cpp };
         const struct blt_surface tiled = tiled_surface(fd, &shape, tilings[i]);
         const uint32_t pitch = shape.width * cpp;
         uint8_t *expected = calloc(pitch, shape.height);
         struct batch batch;

         tap_note("tiling %u, %u bytes a pixel", tilings[i], cpp);
         batch_init(&batch, fd, I915_EXEC_BLT);
         blt_fill(&batch, &tiled, 0, 0, shape.width, shape.height, 0);
         blt_fill(&batch, &tiled, 3, 5, 517, 31, colors[cpp]);
         REQUIRE_OK(batch_run(&batch));
         batch_fini(&batch);
         for (uint32_t y = 5; y < 36; y++) {
            for (uint32_t x = 3; x < 520; x++)
               memcpy(expected + y * pitch + x * cpp, &colors[cpp], cpp);
         }
         check_tiled(fd, &tiled, expected, pitch, &shape);
         free(expected);
      }
   }
}

/* The second half of an object: a tiled base address is of whole pages. */
static void
base_offset(void)
{
   const int fd = fixture_open();
   const struct shape shape = { 128, 64, 4 }, half = { 128, 32, 4 };
   uint8_t *from;
   const struct blt_surface source = linear_surface(fd, &half, &from);
   struct blt_surface tiled = tiled_surface(fd, &shape, I915_TILING_Y);

   pattern_fill(from, (size_t)source.pitch_bytes * half.height, 3);
   const uint32_t half_bytes = tile_size(I915_TILING_Y, tiled.pitch_bytes, half.height);
   tiled.offset_bytes = half_bytes;
   run_copy(fd, &tiled, 0, 0, &source, 0, 0, half.width, half.height);
   uint8_t *raw = raw_bytes(fd, &tiled, shape.height);
   for (uint32_t y = 0; y < half.height; y++) {
      for (uint32_t x = 0; x < half.width * half.cpp; x++)
         REQUIRE_EQUAL(raw[half_bytes + tile_offset(I915_TILING_Y, tiled.pitch_bytes, x, y)],
                       from[y * source.pitch_bytes + x]);
   }
   for (uint32_t i = 0; i < half_bytes; i++)
      REQUIRE_EQUAL(raw[i], 0);
}

/* The source begins inside of a page, as a pixel of malloc'ed memory does. */
static void
unaligned_linear_base(void)
{
   const int fd = fixture_open();
   const struct shape shape = { 90, 40, 4 };
   uint8_t *from, *to;
   struct blt_surface source = linear_surface(fd, &shape, &from);
   struct blt_surface destination = linear_surface(fd, &(struct shape){ 90, 60, 4 }, &to);
   const struct blt_surface tiled = tiled_surface(fd, &shape, I915_TILING_X);

   pattern_fill(from, (size_t)source.pitch_bytes * shape.height, 8);
   source.offset_bytes = 16;
   destination.offset_bytes = 4 + 3 * destination.pitch_bytes;
   const struct shape part = { 80, 30, 4 };
   run_copy(fd, &tiled, 0, 0, &source, 0, 0, part.width, part.height);
   check_tiled(fd, &tiled, from + 16, source.pitch_bytes, &part);
   run_copy(fd, &destination, 0, 0, &tiled, 0, 0, part.width, part.height);
   check_linear(to + destination.offset_bytes, from + 16, source.pitch_bytes, &part);
}

/* The widest rows that a pitch field can say. */
static void
largest_pitches(void)
{
   const int fd = fixture_open();
   /* 32764 bytes a row, 131040 bytes a tiled row. */
   const struct shape wide = { 8186, 9, 4 };
   uint8_t *from, *to;
   const struct blt_surface source = linear_surface(fd, &wide, &from);
   const struct blt_surface destination = linear_surface(fd, &wide, &to);
   const struct blt_surface tiled = {
      .handle = fixture_object(fd, 130560 * 32),
      .pitch_bytes = 130560,
      .tiling = I915_TILING_X,
      .cpp = 4,
   };

   REQUIRE_EQUAL(source.pitch_bytes, 32764);
   pattern_fill(from, (size_t)source.pitch_bytes * wide.height, 4);
   run_copy(fd, &tiled, 24000, 3, &source, 0, 0, wide.width, wide.height);
   run_copy(fd, &destination, 0, 0, &tiled, 24000, 3, wide.width, wide.height);
   check_linear(to, from, source.pitch_bytes, &wide);
}

static const struct tap_test tests[] = {
   { "X: linear to tiled and back", x_round_trip },
   { "Y: linear to tiled and back", y_round_trip },
   { "tiled to tiled", tiled_to_tiled },
   { "rectangles", rectangles },
   { "fills", fills },
   { "base in the middle of an object", base_offset },
   { "base in the middle of a page", unaligned_linear_base },
   { "largest pitches", largest_pitches },
};

TAP_MAIN(tests, 60)
