/*
 * SPDX-License-Identifier: MIT
 *
 * bench-userptr PAGES...: seconds to make so many pages a buffer of the GPU's (GEM_USERPTR and a
 * first batch that uses it, which pins and binds them) and to let go of them again; and, by the same
 * CPU, seconds for one memcpy() of them. The memory is there already in both cases.
 */

#include <stdint.h>

#include "batch.h"
#include "gem.h"
#include "samples.h"

#define SAMPLES 15

/** A batch that says it uses an object, and does nothing. */
static void
use(int fd, uint32_t handle)
{
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_object(&batch, handle);
   must(batch_run(&batch), "the first use");
   batch_fini(&batch);
}

static void
measure(int fd, const char *argument)
{
   const size_t size = strtoull(argument, NULL, 0) * GEM_PAGE_SIZE;
   uint8_t *from = touched_pages(size), *to = touched_pages(size);
   double wrap[SAMPLES], copy[SAMPLES], submit[SAMPLES];
   char name[64];

   for (int i = -1; i < SAMPLES; i++) {
      uint32_t handle;

      double started_s = now_s();
      must(gem_userptr(fd, from, size, 0, &handle), "GEM_USERPTR");
      use(fd, handle);
      gem_close(fd, handle);
      if (i >= 0)
         wrap[i] = now_s() - started_s;

      /* What the batch costs alone: the part of it that has nothing to do with userptr. */
      uint32_t object;
      must(gem_create(fd, GEM_PAGE_SIZE, &object), "GEM_CREATE");
      use(fd, object);
      started_s = now_s();
      use(fd, object);
      if (i >= 0)
         submit[i] = now_s() - started_s;
      gem_close(fd, object);

      started_s = now_s();
      memcpy(to, from, size);
      __asm__ volatile("" : : "r"(to) : "memory");
      if (i >= 0)
         copy[i] = now_s() - started_s;
   }
   snprintf(name, sizeof(name), "wrap/%s", argument);
   print_samples(name, wrap, SAMPLES);
   snprintf(name, sizeof(name), "submit/%s", argument);
   print_samples(name, submit, SAMPLES);
   snprintf(name, sizeof(name), "memcpy/%s", argument);
   print_samples(name, copy, SAMPLES);
   free(from);
   free(to);
}

int
main(int argc, char **argv)
{
   const int fd = gem_open();

   must(fd < 0 ? fd : 0, "opening the GPU");
   for (int i = 1; i < argc; i++)
      measure(fd, argv[i]);
   return 0;
}
