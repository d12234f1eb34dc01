/*
 * SPDX-License-Identifier: MIT
 *
 * Memory hot-unplug with userptr objects around: a block of memory that holds pages of an idle
 * object can be taken offline, as it can without the object. The pages move; what is in them stays,
 * and the GPU finds them where they are then.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "pins.h"

#define BLOCKS  "/sys/devices/system/memory"
#define PAGES   64
#define SIZE    (PAGES * (size_t)GEM_PAGE_SIZE)
#define LIMIT_S 20

/* Enough that some block of the 4 GiB has nothing but pages of it, wherever they come from. */
#define MEMORY_SIZE ((size_t)1 << 30)

/* Of an entry of /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT  (UINT64_C(1) << 63)
#define PAGEMAP_PFN_MASK ((UINT64_C(1) << 55) - 1)

static uint64_t
block_pages(void)
{
   FILE *file = fopen(BLOCKS "/block_size_bytes", "re");
   uint64_t bytes = 0;

   if (!file)
      tap_skip("no memory hot-unplug: %s", strerror(errno));
   REQUIRE_EQUAL(fscanf(file, "%" SCNx64, &bytes), 1);
   fclose(file);
   return bytes / GEM_PAGE_SIZE;
}

/** The numbers of the page frames behind the memory; 0 for one that has none. */
static uint64_t *
frames_of(const void *memory, size_t pages)
{
   const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
   uint64_t *frames = malloc(pages * sizeof(*frames));
   const ssize_t size = pages * sizeof(*frames);

   REQUIRE(fd >= 0 && frames != NULL);
   const off_t at = (uintptr_t)memory / GEM_PAGE_SIZE * sizeof(*frames);
   REQUIRE_EQUAL(pread(fd, frames, size, at), size);
   close(fd);
   for (size_t i = 0; i < pages; i++)
      frames[i] = frames[i] & PAGEMAP_PRESENT ? frames[i] & PAGEMAP_PFN_MASK : 0;
   return frames;
}

static void
on_alarm(int signal)
{
   (void)signal;
}

/** Writes "online" or "offline"; what cannot move is tried until a signal comes. \return errno */
static int
set_state(uint64_t block, const char *state)
{
   struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
   char path[64];

   snprintf(path, sizeof(path), BLOCKS "/memory%" PRIu64 "/state", block);
   const int fd = open(path, O_WRONLY | O_CLOEXEC);
   if (fd < 0)
      return errno;
   sigaction(SIGALRM, &action, NULL);
   alarm(LIMIT_S * tap_slower());
   const int error = write(fd, state, strlen(state)) < 0 ? errno : 0;
   alarm(0);
   close(fd);
   return error;
}

/** A block all of whose pages are of this memory, and a run of PAGES pages in it. */
static uint64_t
block_within(uint8_t *memory, uint8_t **run)
{
   const uint64_t per_block = block_pages();
   const size_t pages = MEMORY_SIZE / GEM_PAGE_SIZE;
   uint64_t *frames = frames_of(memory, pages);
   uint64_t highest = 0, found = 0;

   for (size_t i = 0; i < pages; i++)
      highest = frames[i] > highest ? frames[i] : highest;
   REQUIRE(highest > 0);
   uint64_t *count = calloc(highest / per_block + 1, sizeof(*count));
   REQUIRE(count != NULL);
   for (size_t i = 0; i < pages; i++)
      count[frames[i] / per_block]++;

   for (size_t i = 0; i + PAGES <= pages && !found; i += PAGES) {
      const uint64_t block = frames[i] / per_block;
      bool whole = block > 0 && count[block] == per_block;

      for (size_t j = 0; j < PAGES && whole; j++)
         whole = frames[i + j] / per_block == block;
      if (whole) {
         found = block;
         *run = memory + i * GEM_PAGE_SIZE;
      }
   }
   free(count);
   free(frames);
   return found;
}

static void
unplug(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(MEMORY_SIZE);
   uint8_t expected[SIZE], *run = NULL;
   const int64_t before = pins_count();

   memset(memory, 1, MEMORY_SIZE);
   const uint64_t block = block_within(memory, &run);
   if (!block)
      tap_skip("no block of memory is ours alone");

   /* So that what fails below, fails because of the object. */
   int error = set_state(block, "offline");
   if (error)
      tap_skip("block %" PRIu64 " cannot be taken offline: %s", block, strerror(error));
   REQUIRE_EQUAL(set_state(block, "online"), 0);

   /* The pages have moved; use a block where they are now. */
   const uint64_t again = block_within(memory, &run);
   if (!again)
      tap_skip("no block of memory is ours alone any more");
   pattern_fill(expected, SIZE, 3);
   memcpy(run, expected, SIZE);
   const uint32_t handle = fixture_userptr(fd, run, SIZE);
   REQUIRE_OK(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, I915_GEM_DOMAIN_CPU));
   REQUIRE_EQUAL(pins_count() - before, PAGES);

   const double started_s = tap_now_s();
   error = set_state(again, "offline");
   if (error)
      tap_fail(__FILE__, __LINE__,
               "block %" PRIu64 " with an idle object cannot be taken offline: %s", again,
               strerror(error));
   else
      tap_note("offline after %.0f ms", (tap_now_s() - started_s) * 1e3);
   CHECK_EQUAL(pins_count() - before, error ? PAGES : 0);
   CHECK_BYTES(run, expected, SIZE);

   uint64_t *frames = frames_of(run, PAGES);
   for (unsigned i = 0; i < PAGES && !error; i++)
      CHECK(frames[i] / block_pages() != again);
   free(frames);

   const uint32_t source = fixture_object(fd, SIZE);
   pattern_fill(expected, SIZE, 4);
   REQUIRE_OK(gem_pwrite(fd, source, 0, expected, SIZE));
   REQUIRE_OK(blt_run_copy_bytes(fd, handle, 0, source, 0, SIZE));
   CHECK_BYTES(run, expected, SIZE);
   CHECK_ERRNO(gem_close(fd, handle), 0);
   if (!error)
      REQUIRE_EQUAL(set_state(again, "online"), 0);
}

static const struct tap_test tests[] = {
   { "unplug", unplug },
};

TAP_MAIN(tests, 120)
