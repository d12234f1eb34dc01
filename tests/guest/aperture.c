/*
 * SPDX-License-Identifier: MIT
 *
 * The aperture: the CPU sees objects through the GTT, and tiled ones linear, by fence registers.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"
#include "tile.h"

/* Each access may be a message to the GPU process: pictures are small here. */
#define WIDTH_BYTES 1024u
#define HEIGHT      64u
#define SIZE        (WIDTH_BYTES * HEIGHT)

struct view {
   int fd;
   uint32_t handle, tiling;
   uint8_t *gtt;    /* through the aperture, with the fence */
   uint8_t *direct; /* the object's bytes as they lie */
};

static struct view
view_of(uint32_t tiling)
{
   struct view v = { .fd = fixture_open(), .tiling = tiling };
   uint32_t granted, swizzle;
   void *map;

   v.handle = fixture_object(v.fd, SIZE);
   REQUIRE_OK(gem_set_tiling(v.fd, v.handle, tiling, tiling ? WIDTH_BYTES : 0));
   REQUIRE_OK(gem_get_tiling(v.fd, v.handle, &granted, &swizzle));
   REQUIRE_EQUAL(granted, tiling);
   /* The CPU's own tiling here knows no swizzling, and the virtual GPU's memory has none. */
   REQUIRE_EQUAL(swizzle, I915_BIT_6_SWIZZLE_NONE);
   REQUIRE_OK(gem_mmap(v.fd, v.handle, I915_MMAP_OFFSET_GTT, SIZE, &map));
   v.gtt = map;
   REQUIRE_OK(gem_mmap(v.fd, v.handle, I915_MMAP_OFFSET_WB, SIZE, &map));
   v.direct = map;
   return v;
}

static void
to_domain(const struct view *v, uint32_t domain)
{
   REQUIRE_OK(gem_set_domain(v->fd, v->handle, domain, domain));
}

static void
check_views(const struct view *v, const uint8_t *seen, const uint8_t *lying)
{
   for (uint32_t y = 0; y < HEIGHT; y++) {
      for (uint32_t x = 0; x < WIDTH_BYTES; x++) {
         const uint64_t at = tile_offset(v->tiling, WIDTH_BYTES, x, y);
         if (seen[y * WIDTH_BYTES + x] != lying[at]) {
            tap_note("byte %u of row %u", x, y);
            REQUIRE_EQUAL(seen[y * WIDTH_BYTES + x], lying[at]);
         }
      }
   }
}

static void
reads(uint32_t tiling)
{
   struct view v = view_of(tiling);
   uint8_t *seen = malloc(SIZE);

   to_domain(&v, I915_GEM_DOMAIN_CPU);
   pattern_fill(v.direct, SIZE, 1 + tiling);
   to_domain(&v, I915_GEM_DOMAIN_GTT);
   memcpy(seen, v.gtt, SIZE);
   to_domain(&v, I915_GEM_DOMAIN_CPU);
   check_views(&v, seen, v.direct);
   free(seen);
}

static void
writes(uint32_t tiling)
{
   struct view v = view_of(tiling);
   uint8_t *pattern = malloc(SIZE);

   pattern_fill(pattern, SIZE, 5 + tiling);
   to_domain(&v, I915_GEM_DOMAIN_GTT);
   memcpy(v.gtt, pattern, SIZE);
   to_domain(&v, I915_GEM_DOMAIN_CPU);
   check_views(&v, pattern, v.direct);
   free(pattern);
}

static void
linear_both_ways(void)
{
   reads(I915_TILING_NONE);
   writes(I915_TILING_NONE);
}

static void
x_reads(void)
{
   reads(I915_TILING_X);
}

static void
x_writes(void)
{
   writes(I915_TILING_X);
}

static void
y_reads(void)
{
   reads(I915_TILING_Y);
}

static void
y_writes(void)
{
   writes(I915_TILING_Y);
}

/* Blitter and fence agree: one tiles, the other one detiles. */
static void
blitter_and_fence(void)
{
   static const uint32_t tilings[] = { I915_TILING_X, I915_TILING_Y };

   for (unsigned i = 0; i < 2; i++) {
      struct view v = view_of(tilings[i]);
      uint8_t *memory = pages_alloc(SIZE), *seen = malloc(SIZE);
      const struct blt_surface source = {
         .handle = fixture_userptr(v.fd, memory, SIZE),
         .pitch_bytes = WIDTH_BYTES,
         .cpp = 4,
      };
      const struct blt_surface tiled = {
         .handle = v.handle,
         .pitch_bytes = WIDTH_BYTES,
         .tiling = tilings[i],
         .cpp = 4,
      };
      struct batch batch;

      tap_note("tiling %u", tilings[i]);
      pattern_fill(memory, SIZE, 9);
      batch_init(&batch, v.fd, I915_EXEC_BLT);
      blt_copy(&batch, &tiled, 0, 0, &source, 0, 0, WIDTH_BYTES / 4, HEIGHT);
      REQUIRE_OK(batch_run(&batch));
      batch_fini(&batch);
      to_domain(&v, I915_GEM_DOMAIN_GTT);
      memcpy(seen, v.gtt, SIZE);
      CHECK_BYTES(seen, memory, SIZE);
      free(seen);
   }
}

/* Accesses of each size that the CPU has, at odd places. */
static void
access_sizes(void)
{
   struct view v = view_of(I915_TILING_X);
   uint8_t *expected = calloc(1, SIZE), *seen = malloc(SIZE);

   to_domain(&v, I915_GEM_DOMAIN_GTT);
   memset(v.gtt, 0, SIZE);
   *(volatile uint8_t *)(v.gtt + 3) = 0x12;
   *(volatile uint16_t *)(v.gtt + 10) = 0x3456;
   *(volatile uint32_t *)(v.gtt + WIDTH_BYTES + 512) = 0x789abcde;
   *(volatile uint64_t *)(v.gtt + 9 * WIDTH_BYTES + 1016) = 0x1122334455667788ull;
   /* Unaligned, and over the border of two tiles. */
   *(volatile uint64_t *)(v.gtt + 5 * WIDTH_BYTES + 508) = 0x99aabbccddeeff00ull;
   expected[3] = 0x12;
   memcpy(expected + 10, &(uint16_t){ 0x3456 }, 2);
   memcpy(expected + WIDTH_BYTES + 512, &(uint32_t){ 0x789abcde }, 4);
   memcpy(expected + 9 * WIDTH_BYTES + 1016, &(uint64_t){ 0x1122334455667788ull }, 8);
   memcpy(expected + 5 * WIDTH_BYTES + 508, &(uint64_t){ 0x99aabbccddeeff00ull }, 8);
   CHECK_EQUAL(*(volatile uint8_t *)(v.gtt + 3), 0x12);
   CHECK_EQUAL(*(volatile uint16_t *)(v.gtt + 10), 0x3456);
   CHECK_EQUAL(*(volatile uint32_t *)(v.gtt + 5 * WIDTH_BYTES + 508), 0xddeeff00);
   CHECK_EQUAL(*(volatile uint32_t *)(v.gtt + 5 * WIDTH_BYTES + 512), 0x99aabbcc);
   to_domain(&v, I915_GEM_DOMAIN_CPU);
   check_views(&v, expected, v.direct);
   free(seen);
}

/* More tiled objects than there are fences: i915 hands them round. */
static void
more_objects_than_fences(void)
{
   /* One row of Y tiles; beyond the object there would be i915's scratch page. */
   enum { COUNT = 40, OBJECT_SIZE = 32 * 1024 };
   const int fd = fixture_open();
   uint32_t handles[COUNT];
   uint8_t *maps[COUNT];

   for (unsigned i = 0; i < COUNT; i++) {
      void *map;

      handles[i] = fixture_object(fd, OBJECT_SIZE);
      REQUIRE_OK(gem_set_tiling(fd, handles[i], i % 2 ? I915_TILING_Y : I915_TILING_X, 1024));
      REQUIRE_OK(gem_mmap(fd, handles[i], I915_MMAP_OFFSET_GTT, OBJECT_SIZE, &map));
      REQUIRE_OK(gem_set_domain(fd, handles[i], I915_GEM_DOMAIN_GTT, I915_GEM_DOMAIN_GTT));
      maps[i] = map;
   }
   for (unsigned round = 0; round < 3; round++) {
      for (unsigned i = 0; i < COUNT; i++)
         *(volatile uint32_t *)(maps[i] + 1024 + 600) = round * 1000 + i;
      for (unsigned i = 0; i < COUNT; i++) {
         const uint64_t at = tile_offset(i % 2 ? I915_TILING_Y : I915_TILING_X, 1024, 600, 1);
         uint32_t lying;

         REQUIRE_EQUAL(*(volatile uint32_t *)(maps[i] + 1024 + 600), round * 1000 + i);
         REQUIRE_OK(gem_pread(fd, handles[i], at, &lying, 4));
         REQUIRE_EQUAL(lying, round * 1000 + i);
         REQUIRE_OK(gem_set_domain(fd, handles[i], I915_GEM_DOMAIN_GTT, I915_GEM_DOMAIN_GTT));
      }
   }
}

static void
tiling_changes(void)
{
   struct view v = view_of(I915_TILING_X);
   static const uint32_t tilings[] = { I915_TILING_Y, I915_TILING_NONE, I915_TILING_X };
   uint8_t *seen = malloc(SIZE);

   to_domain(&v, I915_GEM_DOMAIN_CPU);
   pattern_fill(v.direct, SIZE, 77);
   for (unsigned i = 0; i < 3; i++) {
      v.tiling = tilings[i];
      tap_note("tiling %u", v.tiling);
      REQUIRE_OK(gem_set_tiling(v.fd, v.handle, v.tiling, v.tiling ? WIDTH_BYTES : 0));
      to_domain(&v, I915_GEM_DOMAIN_GTT);
      memcpy(seen, v.gtt, SIZE);
      to_domain(&v, I915_GEM_DOMAIN_CPU);
      check_views(&v, seen, v.direct);
   }
   free(seen);
}

static const struct tap_test tests[] = {
   { "linear", linear_both_ways },
   { "X fence, reads", x_reads },
   { "X fence, writes", x_writes },
   { "Y fence, reads", y_reads },
   { "Y fence, writes", y_writes },
   { "blitter and fence agree", blitter_and_fence },
   { "access sizes", access_sizes },
   { "more objects than fences", more_objects_than_fences },
   { "tiling changes", tiling_changes },
};

TAP_MAIN(tests, 120)
