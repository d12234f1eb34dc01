/*
 * SPDX-License-Identifier: MIT
 *
 * bench-costs: what userptr costs the process that uses it, to compare kernels: seconds for
 *
 *    cycle/PAGES      GEM_USERPTR, a first batch that uses it, GEM_CLOSE
 *    unmap/none       munmap() of memory that was never wrapped, no object exists
 *    unmap/beside     the same, where the process has objects of other memory
 *    free/beside      free() of a large block, likewise
 *    unmap/wrapped    munmap() of memory that an idle object wraps
 *    release          from that munmap() on, until the kernel counts no page of it as pinned; without
 *                     samples if that took longer than RELEASE_LIMIT_S
 */

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

#include "batch.h"
#include "gem.h"
#include "pin_counters.h"
#include "samples.h"

#define SAMPLES         25
#define PAGES           64
#define SIZE            (PAGES * (size_t)GEM_PAGE_SIZE)
#define OBJECTS         64
#define RELEASE_LIMIT_S 1.0

static void *
map_pages(void)
{
   void *memory =
      mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

   must(memory == MAP_FAILED ? -12 : 0, "mmap");
   return memory;
}

static void
use(int fd, uint32_t handle)
{
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_object(&batch, handle);
   must(batch_run(&batch), "the batch");
   batch_fini(&batch);
}

static uint32_t
wrap(int fd, void *memory, size_t size)
{
   uint32_t handle;

   must(gem_userptr(fd, memory, size, 0, &handle), "GEM_USERPTR");
   use(fd, handle);
   return handle;
}

/** Pages that are pinned in the whole system. */
static int64_t
pinned_pages(void)
{
   struct pin_counters counters;

   must(pin_counters_read(&counters), "the kernel's count of pinned pages");
   return counters.acquired_pages - counters.released_pages;
}

static void
cycle(int fd, unsigned pages)
{
   const size_t size = pages * (size_t)GEM_PAGE_SIZE;
   void *memory = touched_pages(size);
   double samples[SAMPLES];
   char name[32];

   for (int i = -1; i < SAMPLES; i++) {
      const double started_s = now_s();
      gem_close(fd, wrap(fd, memory, size));
      if (i >= 0)
         samples[i] = now_s() - started_s;
   }
   snprintf(name, sizeof(name), "cycle/%u", pages);
   print_samples(name, samples, SAMPLES);
   free(memory);
}

static void
unmap(const char *name)
{
   double samples[SAMPLES];

   for (int i = -1; i < SAMPLES; i++) {
      void *memory = map_pages();
      const double started_s = now_s();
      munmap(memory, SIZE);
      if (i >= 0)
         samples[i] = now_s() - started_s;
   }
   print_samples(name, samples, SAMPLES);
}

static void
free_large(void)
{
   double samples[SAMPLES];

   for (int i = -1; i < SAMPLES; i++) {
      void *memory = touched_pages(SIZE);
      const double started_s = now_s();
      free(memory);
      if (i >= 0)
         samples[i] = now_s() - started_s;
   }
   print_samples("free/beside", samples, SAMPLES);
}

static void
unmap_wrapped(int fd)
{
   double unmaps[SAMPLES], releases[SAMPLES];
   bool released = true;

   for (int i = -1; i < SAMPLES; i++) {
      const int64_t before = pinned_pages();
      void *memory = map_pages();
      const uint32_t handle = wrap(fd, memory, SIZE);
      const double started_s = now_s();
      munmap(memory, SIZE);
      const double unmapped_s = now_s();
      while (released && pinned_pages() > before)
         released = now_s() - started_s < RELEASE_LIMIT_S;
      if (i >= 0) {
         unmaps[i] = unmapped_s - started_s;
         releases[i] = now_s() - started_s;
      }
      gem_close(fd, handle);
   }
   print_samples("unmap/wrapped", unmaps, SAMPLES);
   print_samples("release", releases, released ? SAMPLES : 0);
}

int
main(void)
{
   const int fd = gem_open();
   uint32_t handles[OBJECTS];

   must(fd < 0 ? fd : 0, "opening the GPU");
   /* Fixed, or else free() of a large mapping raises it, and later ones unmap nothing. */
   must(mallopt(M_MMAP_THRESHOLD, SIZE / 2) ? 0 : -22, "mallopt");
   cycle(fd, 1);
   cycle(fd, 256);
   cycle(fd, 4096);
   unmap("unmap/none");
   for (unsigned i = 0; i < OBJECTS; i++)
      handles[i] = wrap(fd, map_pages(), SIZE);
   unmap("unmap/beside");
   free_large();
   for (unsigned i = 0; i < OBJECTS; i++)
      gem_close(fd, handles[i]);
   unmap_wrapped(fd);
   return 0;
}
