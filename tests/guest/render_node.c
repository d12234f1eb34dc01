/*
 * SPDX-License-Identifier: MIT
 *
 * Userptr needs no privilege: an ordinary user who may open the render node can do all of it.
 */

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"

#define NOBODY 65534

/** Becomes an ordinary user, for the rest of the test; nothing to do for one who is it already. */
static void
become_nobody(void)
{
   if (geteuid() == 0) {
      REQUIRE(setgroups(0, NULL) == 0);
      REQUIRE(setresgid(NOBODY, NOBODY, NOBODY) == 0);
      REQUIRE(setresuid(NOBODY, NOBODY, NOBODY) == 0);
   }
   REQUIRE(geteuid() != 0);
   REQUIRE(setuid(0) == -1);
}

static void
round_trip(void)
{
   become_nobody();
   const int fd = fixture_open();
   void *memory = pages_alloc(1 << 20);

   check_gpu_reads(fd, memory, 1 << 20);
   check_gpu_writes(fd, memory, 1 << 20);
}

/* Pages that userptr holds are not accounted as locked memory, so no limit of it is in the way. */
static void
no_locked_memory_allowed(void)
{
   const struct rlimit none = { 0, 0 };

   REQUIRE(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
   round_trip();
}

static void
primary_node_is_not_for_all(void)
{
   become_nobody();
   CHECK_ERRNO(gem_open_primary(), -EACCES);
}

static void
privileges_are_refused(void)
{
   become_nobody();
   const int fd = fixture_open();
   struct batch batch;
   uint32_t handle;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch.flags = I915_EXEC_SECURE;
   CHECK_ERRNO(batch_run(&batch), -EPERM);
   batch_fini(&batch);
   CHECK_ERRNO(gem_userptr(fd, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE,
                           I915_USERPTR_UNSYNCHRONIZED, &handle), -ENODEV);
   struct drm_i915_gem_context_param priority = {
      .param = I915_CONTEXT_PARAM_PRIORITY,
      .value = I915_CONTEXT_MAX_USER_PRIORITY,
   };
   /* On Gen7 there is no scheduler to give one to. */
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_SETPARAM, &priority), -ENODEV);
}

static void
all_engines(void)
{
   static const uint64_t engines[] = { I915_EXEC_RENDER, I915_EXEC_BSD, I915_EXEC_BLT };

   become_nobody();
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   for (uint32_t i = 0; i < 3; i++) {
      struct batch batch;

      batch_init(&batch, fd, engines[i]);
      batch_store(&batch, handle, 4 * i, i + 1);
      REQUIRE_OK(batch_run(&batch));
      CHECK_EQUAL(memory[i], i + 1);
      batch_fini(&batch);
   }
}

/* What another user's object holds cannot be had by its handle: handles are a file's own. */
static void
handles_are_of_one_file(void)
{
   const int theirs = fixture_open();
   const uint32_t handle = fixture_userptr(theirs, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE);

   become_nobody();
   CHECK_ERRNO(try_execbuffer(fixture_open(), handle + 1000), -ENOENT);
   const int ours = fixture_open();
   uint32_t busy;
   CHECK_ERRNO(gem_busy(ours, handle, &busy), -ENOENT);
   CHECK_ERRNO(gem_wait(ours, handle, 0), -ENOENT);
}

static const struct tap_test tests[] = {
   { "both ways", round_trip },
   { "no locked memory allowed", no_locked_memory_allowed },
   { "primary node is not for all: EACCES", primary_node_is_not_for_all },
   { "privileges are refused: EPERM", privileges_are_refused },
   { "all engines", all_engines },
   { "handles are of one file: ENOENT", handles_are_of_one_file },
};

TAP_MAIN(tests, 60)
