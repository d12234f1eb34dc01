/*
 * SPDX-License-Identifier: MIT
 *
 * Waits end by interrupts: who waits sleeps, and is woken at once.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(a[0]))

/* i915's own workers look every 2.5 s: a lost interrupt would be found by them, and not before. */
#define PROMPT_S 0.5

/** Interrupts of i915 so far, of all CPUs. */
static uint64_t
interrupts(void)
{
   FILE *file = fopen("/proc/interrupts", "r");
   char line[4096];
   uint64_t sum = 0;
   bool found = false;

   REQUIRE(file != NULL);
   while (fgets(line, sizeof(line), file)) {
      char *at = strchr(line, ':');

      if (!at || !strstr(line, "i915"))
         continue;
      found = true;
      for (;;) {
         char *end;
         const unsigned long long count = strtoull(++at, &end, 10);
         if (end == at)
            break;
         sum += count;
         at = end;
      }
   }
   fclose(file);
   REQUIRE(found);
   return sum;
}

static double
cpu_s(void)
{
   struct timespec used;

   clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
   return used.tv_sec + used.tv_nsec * 1e-9;
}

static long
sleeps(void)
{
   struct rusage usage;

   getrusage(RUSAGE_SELF, &usage);
   return usage.ru_nvcsw;
}

struct ender {
   struct spin *spin;
   volatile double *ended_s; /* in memory that both processes share */
   unsigned after_ms;
};

/* The other process: lets the GPU go on after a while. */
static void
end_spin(void *data)
{
   const struct ender *ender = data;

   usleep(ender->after_ms * 1000);
   *ender->ended_s = tap_now_s();
   spin_end(ender->spin);
}

static void
wait_sleeps(uint64_t engine)
{
   const int fd = fixture_open();
   struct spin spin;
   struct ender ender = {
      .spin = &spin,
      .ended_s = pages_map(GEM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1),
      .after_ms = 500,
   };

   REQUIRE_OK(spin_start(&spin, fd, engine, 0, NULL, 0));
   const pid_t child = tap_child(end_spin, &ender);
   const uint64_t interrupts_before = interrupts();
   const double cpu_before_s = cpu_s(), before_s = tap_now_s();
   const long sleeps_before = sleeps();
   REQUIRE_OK(gem_wait(fd, spin.handle, -1));
   const double after_s = tap_now_s();

   tap_note("waited %.3f s, woken %.3f ms after the end, %.3f ms of CPU", after_s - before_s,
            (after_s - *ender.ended_s) * 1e3, (cpu_s() - cpu_before_s) * 1e3);
   CHECK(after_s >= *ender.ended_s);
   CHECK(after_s - *ender.ended_s < PROMPT_S);
   CHECK(cpu_s() - cpu_before_s < 0.25 * (after_s - before_s));
   CHECK(sleeps() > sleeps_before);
   CHECK(interrupts() > interrupts_before);
   tap_join(child);
   spin_fini(&spin);
}

static void
render_wait_sleeps(void)
{
   wait_sleeps(I915_EXEC_RENDER);
}

static void
video_wait_sleeps(void)
{
   wait_sleeps(I915_EXEC_BSD);
}

static void
blitter_wait_sleeps(void)
{
   wait_sleeps(I915_EXEC_BLT);
}

/* One interrupt that is lost among many would cost seconds. */
static void
no_interrupt_is_lost(void)
{
   enum { ROUNDS = 200 };
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(1 << 20), 1 << 20);
   const struct blt_surface surface = { .handle = handle, .pitch_bytes = 4096, .cpp = 4 };
   const uint64_t interrupts_before = interrupts();
   double worst_s = 0;
   long slept = 0;

   for (unsigned i = 0; i < ROUNDS; i++) {
      struct batch batch;

      batch_init(&batch, fd, I915_EXEC_BLT);
      for (unsigned j = 0; j < 4 + i % 5; j++)
         blt_fill(&batch, &surface, 0, 0, 1024, 256, i);
      REQUIRE_OK(batch_submit(&batch));
      const double before_s = tap_now_s();
      const long sleeps_before = sleeps();
      REQUIRE_OK(gem_wait(fd, batch.handle, -1));
      slept += sleeps() > sleeps_before;
      const double took_s = tap_now_s() - before_s;
      if (took_s > worst_s)
         worst_s = took_s;
      batch_fini(&batch);
   }
   tap_note("%ld of %u waits slept, %llu interrupts, longest wait %.3f ms", slept, ROUNDS,
            (unsigned long long)(interrupts() - interrupts_before), worst_s * 1e3);
   CHECK(worst_s < PROMPT_S);
   if (slept)
      CHECK(interrupts() > interrupts_before);
}

static void
wait_on_all_engines(void *data)
{
   static const uint64_t engines[] = { I915_EXEC_RENDER, I915_EXEC_BSD, I915_EXEC_BLT };
   const int fd = fixture_open();
   const unsigned seed = (uintptr_t)data;
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   for (uint32_t i = 1; i <= 60; i++) {
      struct batch batch;

      batch_init(&batch, fd, engines[(seed + i) % ARRAY_SIZE(engines)]);
      batch_store(&batch, handle, 0, i);
      const double before_s = tap_now_s();
      REQUIRE_OK(batch_run(&batch));
      REQUIRE_EQUAL(memory[0], i);
      REQUIRE(tap_now_s() - before_s < 4 * PROMPT_S);
      batch_fini(&batch);
   }
}

static void
waiters_on_all_engines(void)
{
   pid_t children[6];

   for (unsigned i = 0; i < ARRAY_SIZE(children); i++)
      children[i] = tap_child(wait_on_all_engines, (void *)(uintptr_t)i);
   for (unsigned i = 0; i < ARRAY_SIZE(children); i++)
      tap_join(children[i]);
}

static void
time_out(void)
{
   const int fd = fixture_open();
   struct spin spin;

   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, NULL, 0));
   CHECK_ERRNO(gem_wait(fd, spin.handle, 0), -ETIME);
   const double before_s = tap_now_s();
   CHECK_ERRNO(gem_wait(fd, spin.handle, 200000000), -ETIME);
   const double took_s = tap_now_s() - before_s;
   tap_note("a wait of 0.2 s took %.3f s", took_s);
   CHECK(took_s >= 0.19);
   CHECK(took_s < 0.2 + PROMPT_S);
   spin_fini(&spin);
}

/* Without anything to do there are no interrupts. */
static void
idle_is_quiet(void)
{
   const int fd = fixture_open();

   REQUIRE_OK(try_execbuffer(fd, fixture_object(fd, GEM_PAGE_SIZE)));
   /* What i915 does when it goes idle has been done by then. */
   sleep(4);
   const uint64_t before = interrupts();
   sleep(3);
   CHECK(interrupts() - before <= 2);
}

static const struct tap_test tests[] = {
   { "render engine: the waiter sleeps", render_wait_sleeps },
   { "video engine: the waiter sleeps", video_wait_sleeps },
   { "blitter: the waiter sleeps", blitter_wait_sleeps },
   { "no interrupt is lost", no_interrupt_is_lost },
   { "waiters on all engines", waiters_on_all_engines },
   { "time-out", time_out },
   { "idle is quiet", idle_is_quiet },
};

TAP_MAIN(tests, 60)
