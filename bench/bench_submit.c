/*
 * SPDX-License-Identifier: MIT
 *
 * bench-submit: batches a second that do nothing. "queued": one after the other, with one wait at
 * the end; "waited": each is waited for, so that an interrupt ends each.
 */

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "gem.h"
#include "samples.h"

#define SAMPLES         9
#define BATCHES_QUEUED  500u
#define BATCHES_WAITED  100u

static double
batches_a_second(int fd, uint64_t engine, bool wait_for_each)
{
   const unsigned count = wait_for_each ? BATCHES_WAITED : BATCHES_QUEUED;
   struct batch batch;

   batch_init(&batch, fd, engine);
   must(batch_run(&batch), "a batch");
   struct drm_i915_gem_exec_object2 object = { .handle = batch.handle };
   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)&object,
      .buffer_count = 1,
      .flags = engine,
   };
   const double started_s = now_s();
   for (unsigned i = 0; i < count; i++) {
      must(gem_execbuffer(fd, &execbuffer), "EXECBUFFER2");
      if (wait_for_each)
         must(gem_wait(fd, batch.handle, -1), "GEM_WAIT");
   }
   must(gem_wait(fd, batch.handle, -1), "GEM_WAIT");
   const double took_s = now_s() - started_s;
   batch_fini(&batch);
   return count / took_s;
}

int
main(void)
{
   static const struct {
      const char *name;
      uint64_t flag;
   } engines[] = {
      { "render", I915_EXEC_RENDER }, { "video", I915_EXEC_BSD }, { "blitter", I915_EXEC_BLT },
   };
   const int fd = gem_open();

   must(fd < 0 ? fd : 0, "opening the GPU");
   for (unsigned i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
      for (unsigned wait = 0; wait < 2; wait++) {
         double samples[SAMPLES];
         char name[64];

         for (unsigned j = 0; j < SAMPLES; j++)
            samples[j] = batches_a_second(fd, engines[i].flag, wait);
         snprintf(name, sizeof(name), "%s/%s", engines[i].name, wait ? "waited" : "queued");
         print_samples(name, samples, SAMPLES);
      }
   }
   return 0;
}
