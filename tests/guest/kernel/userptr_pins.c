/*
 * SPDX-License-Identifier: MIT
 *
 * Who has pages pinned for how long. An object whose memory goes away or moves must give the pages
 * back by itself, soon, and not when it is next used or closed.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "pins.h"

#define PAGES      64
#define SIZE       (PAGES * (size_t)GEM_PAGE_SIZE)
#define RELEASE_MS 1000
#define HUGE_SIZE  ((size_t)2 << 20)

#ifndef I915_PARAM_HAS_USERPTR_RELEASE
#define I915_PARAM_HAS_USERPTR_RELEASE 61
#endif

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

/* An object that was used and is idle, and how many pages were pinned before. */
struct idle {
   int fd;
   uint8_t *memory;
   uint32_t handle;
   int64_t before;
};

static void
idle_attach(struct idle *idle)
{
   REQUIRE_OK(gem_set_domain(idle->fd, idle->handle, I915_GEM_DOMAIN_CPU, I915_GEM_DOMAIN_CPU));
   REQUIRE_EQUAL(pins_count() - idle->before, PAGES);
}

static struct idle
idle_object(void)
{
   struct idle idle = { .fd = fixture_open() };

   idle.memory = pages_alloc(SIZE);
   memset(idle.memory, 1, SIZE);
   idle.before = pins_count();
   idle.handle = fixture_userptr(idle.fd, idle.memory, SIZE);
   REQUIRE_EQUAL(pins_count(), idle.before);
   idle_attach(&idle);
   return idle;
}

static void
check_released(const struct idle *idle, const char *after)
{
   const double ms = pins_wait(idle->before, RELEASE_MS);

   if (ms < 0) {
      tap_fail(__FILE__, __LINE__, "%lld pages are still pinned %u ms after %s",
               (long long)(pins_count() - idle->before), RELEASE_MS * tap_slower(), after);
   } else {
      tap_note("released %.1f ms after %s", ms, after);
   }
}

/* The pages must be gone from the object for good, and come back with new memory. */
static void
check_usable(struct idle *idle)
{
   REQUIRE(mmap(idle->memory, SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == idle->memory);
   check_released(idle, "a new mapping");
   idle_attach(idle);
   CHECK_ERRNO(gem_close(idle->fd, idle->handle), 0);
   check_released(idle, "the object was closed");
}

static void
unmap(void)
{
   struct idle idle = idle_object();

   munmap(idle.memory, SIZE);
   check_released(&idle, "munmap");
   CHECK_ERRNO(gem_set_domain(idle.fd, idle.handle, I915_GEM_DOMAIN_CPU, 0), -EFAULT);
   check_usable(&idle);
}

static void
unmap_one_page(void)
{
   struct idle idle = idle_object();

   munmap(idle.memory + 5 * GEM_PAGE_SIZE, GEM_PAGE_SIZE);
   check_released(&idle, "munmap of one page");
   check_usable(&idle);
}

static void
unmap_neighbours(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE + 2 * GEM_PAGE_SIZE);
   struct idle idle = { .fd = fd, .memory = memory + GEM_PAGE_SIZE };

   idle.before = pins_count();
   idle.handle = fixture_userptr(fd, idle.memory, SIZE);
   idle_attach(&idle);
   munmap(memory, GEM_PAGE_SIZE);
   munmap(idle.memory + SIZE, GEM_PAGE_SIZE);
   CHECK(pins_wait(idle.before, 200) < 0);
   CHECK_EQUAL(pins_count() - idle.before, PAGES);
}

static void
dontneed(void)
{
   struct idle idle = idle_object();

   REQUIRE_EQUAL(madvise(idle.memory, SIZE, MADV_DONTNEED), 0);
   check_released(&idle, "MADV_DONTNEED");
   CHECK_EQUAL(idle.memory[0], 0);
   idle_attach(&idle);
}

static void
move(void)
{
   uint8_t *there = pages_map(SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
   struct idle idle = idle_object();

   REQUIRE(mremap(idle.memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
   check_released(&idle, "mremap");
   CHECK_EQUAL(there[SIZE - 1], 1);
}

static void
protect(void)
{
   struct idle idle = idle_object();

   REQUIRE_EQUAL(mprotect(idle.memory, SIZE, PROT_READ), 0);
   check_released(&idle, "mprotect to read-only");
   CHECK_ERRNO(gem_set_domain(idle.fd, idle.handle, I915_GEM_DOMAIN_CPU, 0), -EFAULT);
   REQUIRE_EQUAL(mprotect(idle.memory, SIZE, PROT_READ | PROT_WRITE), 0);
   idle_attach(&idle);
}

/* Bound by a batch, and not only attached by a set-domain. */
static void
after_batch(void)
{
   const int fd = fixture_open();
   struct idle idle = { .fd = fd, .memory = pages_alloc(SIZE) };
   const uint32_t source = fixture_object(fd, SIZE);
   uint8_t *pattern = malloc(SIZE);

   pattern_fill(pattern, SIZE, 3);
   REQUIRE_OK(gem_pwrite(fd, source, 0, pattern, SIZE));
   idle.before = pins_count();
   idle.handle = fixture_userptr(fd, idle.memory, SIZE);
   REQUIRE_OK(blt_run_copy_bytes(fd, idle.handle, 0, source, 0, SIZE));
   REQUIRE_EQUAL(pins_count() - idle.before, PAGES);
   CHECK_BYTES(idle.memory, pattern, SIZE);
   munmap(idle.memory, SIZE);
   check_released(&idle, "munmap");
}

/* Not before the GPU has done, and without further ado then. */
static void
during_batch(void)
{
   struct idle idle = idle_object();
   struct spin spin;

   REQUIRE_OK(spin_start(&spin, idle.fd, I915_EXEC_BLT, 0, &idle.handle, 1));
   munmap(idle.memory, SIZE);
   CHECK(pins_wait(idle.before, 200) < 0);
   CHECK_EQUAL(pins_count() - idle.before, PAGES);
   spin_end(&spin);
   check_released(&idle, "the end of the batch");
   spin_fini(&spin);
}

static void
close_before_unmap(void)
{
   struct idle idle = idle_object();

   CHECK_ERRNO(gem_close(idle.fd, idle.handle), 0);
   munmap(idle.memory, SIZE);
   check_released(&idle, "closing and munmap");
}

struct sharer {
   int fd;
   int64_t before;
};

static void
share_and_exit(void *data)
{
   const struct sharer *sharer = data;
   void *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(sharer->fd, memory, SIZE);

   REQUIRE_OK(gem_set_domain(sharer->fd, handle, I915_GEM_DOMAIN_CPU, 0));
   REQUIRE_EQUAL(pins_count() - sharer->before, PAGES);
}

/* The object lives on in the file that we share, and its process does not. */
static void
exit_of_owner(void)
{
   struct sharer sharer = { .fd = fixture_open(), .before = pins_count() };
   const struct idle idle = { .before = sharer.before };

   tap_join(tap_child(share_and_exit, &sharer));
   check_released(&idle, "the exit of the owner");
}

static void
do_nothing(void *data)
{
   const uint8_t *memory = data;

   CHECK_EQUAL(memory[0], 1);
}

static void
fork_of_owner(void)
{
   struct idle idle = idle_object();

   tap_join(tap_child(do_nothing, idle.memory));
   check_released(&idle, "fork");
   idle_attach(&idle);
   idle.memory[0] = 2;
   CHECK_EQUAL(pins_count() - idle.before, PAGES);
   CHECK_ERRNO(gem_close(idle.fd, idle.handle), 0);
   check_released(&idle, "the object was closed");
}

/* The first request of a migration finds the page pinned; a later one must not. */
static void
migrate(void)
{
   struct idle idle = idle_object();
   int error = 0, tries;

   for (tries = 1; tries <= 50; tries++) {
      error = madvise(idle.memory, GEM_PAGE_SIZE, MADV_SOFT_OFFLINE) ? errno : 0;
      if (error == EINVAL || error == EPERM || error == EOPNOTSUPP)
         tap_skip("this kernel moves no page on request: %s", strerror(error));
      if (!error)
         break;
      usleep(10000);
   }
   if (error)
      tap_fail(__FILE__, __LINE__, "a page of an idle object cannot be migrated: %s",
               strerror(error));
   else
      tap_note("migrated at request %d", tries);
   CHECK_EQUAL(idle.memory[0], 1);
}

/* KiB in a field of smaps, of the mapping that begins at this address; -1 if there is none. */
static long
smaps_kib(const void *memory, const char *field)
{
   FILE *file = fopen("/proc/self/smaps", "re");
   char line[512], format[64];
   uintptr_t start, end;
   bool inside = false;
   long kib = -1;

   REQUIRE(file != NULL);
   snprintf(format, sizeof(format), "%s: %%ld kB", field);
   while (kib < 0 && fgets(line, sizeof(line), file)) {
      if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2)
         inside = start == (uintptr_t)memory;
      else if (inside)
         sscanf(line, format, &kib);
   }
   fclose(file);
   return kib;
}

/*
 * A huge page is pinned whole. To discard a page in its middle splits its mapping; the content of
 * the others stays, and the GPU writes to the memory as it is then.
 */
static void
split_huge_page(void)
{
   struct idle idle = { .fd = fixture_open() };
   uint8_t *const mapped = pages_map(2 * HUGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
   uint8_t *const expected = malloc(HUGE_SIZE);
   const size_t hole = HUGE_SIZE / 2;

   idle.memory = (uint8_t *)(((uintptr_t)mapped + HUGE_SIZE - 1) & -(uintptr_t)HUGE_SIZE);
   REQUIRE_EQUAL(mprotect(idle.memory, HUGE_SIZE, PROT_READ | PROT_WRITE), 0);
   if (madvise(idle.memory, HUGE_SIZE, MADV_HUGEPAGE))
      tap_skip("no transparent huge pages: %s", strerror(errno));
   pattern_fill(expected, HUGE_SIZE, 5);
   memcpy(idle.memory, expected, HUGE_SIZE);
   if (smaps_kib(idle.memory, "AnonHugePages") != HUGE_SIZE / 1024)
      tap_skip("the kernel gave no transparent huge page");

   idle.before = pins_count();
   idle.handle = fixture_userptr(idle.fd, idle.memory, HUGE_SIZE);
   REQUIRE_OK(gem_set_domain(idle.fd, idle.handle, I915_GEM_DOMAIN_CPU, I915_GEM_DOMAIN_CPU));
   REQUIRE_EQUAL(pins_count() - idle.before, HUGE_SIZE / GEM_PAGE_SIZE);

   REQUIRE_EQUAL(madvise(idle.memory + hole, GEM_PAGE_SIZE, MADV_DONTNEED), 0);
   CHECK_EQUAL(smaps_kib(idle.memory, "AnonHugePages"), 0);
   check_released(&idle, "the split of a huge page");
   memset(expected + hole, 0, GEM_PAGE_SIZE);
   CHECK_BYTES(idle.memory, expected, HUGE_SIZE);

   const uint32_t source = fixture_object(idle.fd, HUGE_SIZE);

   pattern_fill(expected, HUGE_SIZE, 6);
   REQUIRE_OK(gem_pwrite(idle.fd, source, 0, expected, HUGE_SIZE));
   REQUIRE_OK(blt_run_copy_bytes(idle.fd, idle.handle, 0, source, 0, HUGE_SIZE));
   CHECK_BYTES(idle.memory, expected, HUGE_SIZE);
   CHECK_ERRNO(gem_close(idle.fd, idle.handle), 0);
   check_released(&idle, "the object was closed");
}

/* What this program sees is said to users, who may keep objects only then. */
static void
parameter(void)
{
   const int fd = fixture_open();
   int value = 0;

   REQUIRE_OK(gem_getparam(fd, I915_PARAM_HAS_USERPTR_RELEASE, &value));
   CHECK_EQUAL(value, 1);
}

static const struct tap_test tests[] = {
   { "parameter", parameter },
   { "unmap", unmap },
   { "unmap-one-page", unmap_one_page },
   { "unmap-neighbours", unmap_neighbours },
   { "dontneed", dontneed },
   { "move", move },
   { "protect", protect },
   { "after-batch", after_batch },
   { "during-batch", during_batch },
   { "close-before-unmap", close_before_unmap },
   { "exit-of-owner", exit_of_owner },
   { "fork-of-owner", fork_of_owner },
   { "migrate", migrate },
   { "split-huge-page", split_huge_page },
};

TAP_MAIN(tests, 60)
