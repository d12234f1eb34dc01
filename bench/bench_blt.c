/*
 * SPDX-License-Identifier: MIT
 *
 * bench-blt BYTES...: seconds that the blitter takes for one copy of so many bytes at 32 bpp,
 * linear and with either tiling. The clock is the guest's, around EXECBUFFER2 and the wait for it.
 * Before each case it says "ready CASE" and waits for a line on stdin.
 */

#include <stdint.h>

#include "blt.h"
#include "gem.h"
#include "samples.h"
#include "tile.h"

#define SAMPLES     15
#define PITCH_BYTES 16384u

/*
 * So many that submitting and waiting, which the guest's CPU does, is small beside the blits, also
 * where that CPU is emulated.
 */
#define BYTES_A_BATCH (1024u << 20)

static const struct way {
   const char *name;
   uint32_t from, to; /* tiling */
} ways[] = {
   { "linear", I915_TILING_NONE, I915_TILING_NONE },
   { "linear-to-x", I915_TILING_NONE, I915_TILING_X },
   { "x-to-linear", I915_TILING_X, I915_TILING_NONE },
   { "linear-to-y", I915_TILING_NONE, I915_TILING_Y },
   { "y-to-linear", I915_TILING_Y, I915_TILING_NONE },
};

static struct blt_surface
make_surface(int fd, uint32_t tiling, size_t size_bytes)
{
   struct blt_surface surface = { .pitch_bytes = PITCH_BYTES, .tiling = tiling, .cpp = 4 };

   if (tiling == I915_TILING_NONE)
      must(gem_userptr(fd, touched_pages(size_bytes), size_bytes, 0, &surface.handle),
           "GEM_USERPTR");
   else
      must(gem_create(fd, size_bytes, &surface.handle), "GEM_CREATE");
   return surface;
}

static void
measure(int fd, const struct way *way, size_t size_bytes)
{
   const struct blt_surface from = make_surface(fd, way->from, size_bytes);
   const struct blt_surface to = make_surface(fd, way->to, size_bytes);
   const unsigned blits = size_bytes < BYTES_A_BATCH ? BYTES_A_BATCH / size_bytes : 1;
   double samples[SAMPLES];
   char name[64];

   snprintf(name, sizeof(name), "%s/%zu", way->name, size_bytes);
   wait_for_host(name);
   /* The first one pins the pages and is not counted. */
   for (int i = -1; i < SAMPLES; i++) {
      struct batch batch;

      batch_init(&batch, fd, I915_EXEC_BLT);
      for (unsigned j = 0; j < blits; j++)
         blt_copy(&batch, &to, 0, 0, &from, 0, 0, PITCH_BYTES / 4, size_bytes / PITCH_BYTES);
      const double started_s = now_s();
      must(batch_run(&batch), "the blits");
      if (i >= 0)
         samples[i] = (now_s() - started_s) / blits;
      batch_fini(&batch);
   }
   print_samples(name, samples, SAMPLES);
   gem_close(fd, from.handle);
   gem_close(fd, to.handle);
}

int
main(int argc, char **argv)
{
   const int fd = gem_open();

   must(fd < 0 ? fd : 0, "opening the GPU");
   for (int i = 1; i < argc; i++) {
      for (unsigned j = 0; j < sizeof(ways) / sizeof(ways[0]); j++)
         measure(fd, &ways[j], strtoull(argv[i], NULL, 0));
   }
   return 0;
}
