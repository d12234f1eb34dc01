/*
 * SPDX-License-Identifier: MIT
 *
 * Threads that wrap memory, let the GPU write to it, and meanwhile unmap, move, discard, fork and
 * migrate it. Every byte that was written to memory that is still there must be there, and in the
 * end nothing may be pinned.
 *
 * It runs for STRESS_S seconds, from the environment, or 20.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "pins.h"

#define THREADS     4
#define PAGES       16
#define SIZE        (PAGES * (size_t)GEM_PAGE_SIZE)
#define DEFAULT_S   20
#define MAX_S       3600
/* Each page that is migrated is lost to the guest. */
#define MAX_OFFLINE 512

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

enum action {
   NOTHING,
   UNMAP,
   DISCARD,
   FORK,
   MIGRATE,
   MOVE,
   CLOSE,
   ACTIONS,
};

static const char *const action_names[ACTIONS] = {
   "nothing", "munmap", "MADV_DONTNEED", "fork", "migration", "mremap", "close",
};

static atomic_uint done[ACTIONS], migrated;
static atomic_ullong bytes_checked;
static double end_s;

struct worker {
   int fd;
   uint64_t seed;
   pthread_t thread;
};

static uint32_t
next_random(struct worker *worker)
{
   worker->seed = worker->seed * 6364136223846793005ull + 1442695040888963407ull;
   return worker->seed >> 33;
}

static void
check_content(const uint8_t *memory, const uint8_t *expected, enum action action)
{
   atomic_fetch_add(&bytes_checked, SIZE);
   if (memcmp(memory, expected, SIZE)) {
      tap_note("after %s:", action_names[action]);
      CHECK_BYTES(memory, expected, SIZE);
   }
}

/* One object from its making to its end, with one thing done to it on the way. */
static void
round_trip(struct worker *worker, uint32_t source, uint8_t *expected)
{
   const enum action action = next_random(worker) % ACTIONS;
   /* Wait first: the content is known. Or not: the GPU is busy with what goes away. */
   const bool busy = next_random(worker) & 1;
   const int fd = worker->fd;
   uint8_t *memory = pages_alloc(SIZE);
   uint8_t *there = pages_map(SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   bool known = true, open = true;
   struct batch batch;

   pattern_fill(expected, SIZE, worker->seed);
   REQUIRE_OK(gem_pwrite(fd, source, 0, expected, SIZE));
   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy_bytes(&batch, handle, 0, source, 0, SIZE);
   REQUIRE_OK(batch_submit(&batch));
   if (!busy)
      REQUIRE_OK(gem_wait(fd, batch.handle, -1));

   switch (action) {
   case UNMAP:
      munmap(memory, SIZE);
      known = false;
      break;
   case DISCARD:
      madvise(memory, SIZE, MADV_DONTNEED);
      known = false;
      break;
   case FORK: {
      const pid_t child = fork();

      REQUIRE(child >= 0);
      if (child == 0)
         _exit(busy || !memcmp(memory, expected, SIZE) ? 0 : 1);
      int status;
      REQUIRE_EQUAL(waitpid(child, &status, 0), child);
      CHECK_EQUAL(status, 0);
      break;
   }
   case MIGRATE:
      /* A busy page must not move, and says so. */
      if (atomic_load(&migrated) < MAX_OFFLINE &&
          !madvise(memory + next_random(worker) % PAGES * GEM_PAGE_SIZE, GEM_PAGE_SIZE,
                   MADV_SOFT_OFFLINE))
         atomic_fetch_add(&migrated, 1);
      break;
   case MOVE:
      REQUIRE(mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
      memory = there;
      break;
   case CLOSE:
      REQUIRE_OK(gem_close(fd, handle));
      open = false;
      break;
   default:
      break;
   }

   REQUIRE_OK(gem_wait(fd, batch.handle, -1));
   if (known)
      check_content(memory, expected, action);
   if (action != UNMAP)
      munmap(memory, SIZE);
   if (action != MOVE)
      munmap(there, SIZE);
   if (open)
      REQUIRE_OK(gem_close(fd, handle));
   batch_fini(&batch);
   atomic_fetch_add(&done[action], 1);
}

static void *
work(void *data)
{
   struct worker *worker = data;
   const uint32_t source = fixture_object(worker->fd, SIZE);
   uint8_t *expected = malloc(SIZE);

   while (tap_now_s() < end_s)
      round_trip(worker, source, expected);
   free(expected);
   REQUIRE_OK(gem_close(worker->fd, source));
   return NULL;
}

static void
stress(void)
{
   const char *seconds = getenv("STRESS_S");
   const double start_s = tap_now_s();
   struct worker workers[THREADS];

   end_s = start_s + (seconds ? atof(seconds) : DEFAULT_S);
   const int fd = fixture_open();
   const int64_t before = pins_count();

   for (unsigned i = 0; i < THREADS; i++) {
      /* Two threads a file */
      workers[i] = (struct worker) { .fd = i & 1 ? workers[i - 1].fd : fixture_open(), .seed = i };
      REQUIRE_EQUAL(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
   }
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(workers[i].thread, NULL);

   const double ms = pins_wait(before, 1000);

   for (unsigned i = 0; i < ACTIONS; i++)
      tap_note("%u objects with %s", atomic_load(&done[i]), action_names[i]);
   tap_note("%u pages migrated, %llu bytes checked, in %.0f s", atomic_load(&migrated),
            atomic_load(&bytes_checked), tap_now_s() - start_s);
   tap_note("%lld pages pinned after %.1f ms", (long long)(pins_count() - before), ms);
   CHECK(ms >= 0);
   for (unsigned i = 0; i < ACTIONS; i++)
      CHECK(atomic_load(&done[i]) > 0);
   close(fd);
}

static const struct tap_test tests[] = {
   { "stress", stress },
};

TAP_MAIN(tests, MAX_S)
