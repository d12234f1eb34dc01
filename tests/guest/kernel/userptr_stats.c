/*
 * SPDX-License-Identifier: MIT
 *
 * What fdinfo and debugfs say about userptr objects.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define PAGES    64
#define SIZE     (PAGES * (size_t)GEM_PAGE_SIZE)
#define SIZE_KIB (SIZE / 1024)

/** \return the value of a key in KiB, or -1 if fdinfo has none */
static int64_t
fdinfo_kib(int fd, const char *key)
{
   char path[64], line[256];
   int64_t value = -1;

   snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
   FILE *file = fopen(path, "re");
   REQUIRE(file != NULL);
   while (fgets(line, sizeof(line), file)) {
      const size_t length = strlen(key);

      if (!strncmp(line, key, length) && line[length] == ':')
         REQUIRE_EQUAL(sscanf(line + length + 1, "%" SCNd64 " KiB", &value), 1);
   }
   fclose(file);
   return value;
}

static void
check_fdinfo(int fd, int64_t total, int64_t resident, int64_t active)
{
   CHECK_EQUAL(fdinfo_kib(fd, "drm-userptr-total"), total);
   CHECK_EQUAL(fdinfo_kib(fd, "drm-userptr-resident"), resident);
   CHECK_EQUAL(fdinfo_kib(fd, "drm-userptr-active"), active);
}

static void
fdinfo(void)
{
   const int fd = fixture_open();

   check_fdinfo(fd, 0, 0, 0);
   fixture_object(fd, SIZE);
   check_fdinfo(fd, 0, 0, 0);

   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   check_fdinfo(fd, SIZE_KIB, 0, 0);
   REQUIRE_OK(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, 0));
   check_fdinfo(fd, SIZE_KIB, SIZE_KIB, 0);

   struct spin spin;
   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, &handle, 1));
   check_fdinfo(fd, SIZE_KIB, SIZE_KIB, SIZE_KIB);
   spin_fini(&spin);
   check_fdinfo(fd, SIZE_KIB, SIZE_KIB, 0);
   REQUIRE_OK(gem_close(fd, handle));
   check_fdinfo(fd, 0, 0, 0);
}

/** Opens the debugfs file of the device, or ends the test. */
static FILE *
open_debugfs(void)
{
   /* Where it is, and whether somebody has mounted it already, is up to the guest. */
   FILE *file = fopen("/sys/kernel/debug/dri/0/i915_gem_userptr", "re");

   REQUIRE(file != NULL);
   return file;
}

static void
debugfs(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(SIZE), SIZE);
   bool found = false;
   char line[256];

   REQUIRE_OK(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, 0));
   FILE *file = open_debugfs();

   while (fgets(line, sizeof(line), file)) {
      unsigned long long count, total, resident, active;
      int pid;

      if (sscanf(line, "%*s %d %llu %llu %llu %llu", &pid, &count, &total, &resident,
                 &active) != 5 || count == 0)
         continue;
      found = true;
      CHECK_EQUAL(pid, getpid());
      CHECK_EQUAL(count, 1);
      CHECK_EQUAL(total, SIZE);
      CHECK_EQUAL(resident, SIZE);
      CHECK_EQUAL(active, 0);
   }
   CHECK(found);
   fclose(file);
}

static const struct tap_test tests[] = {
   { "fdinfo", fdinfo },
   { "debugfs", debugfs },
};

TAP_MAIN(tests, 30)
