/*
 * SPDX-License-Identifier: MIT
 */

#include "fixture.h"

#include <stdlib.h>
#include <string.h>

int
fixture_open(void)
{
   const int fd = gem_open();

   if (fd < 0) {
      tap_errno(__FILE__, __LINE__, "opening i915's render node below /dev/dri", fd, 0);
      tap_end();
   }
   REQUIRE(gem_is_ivybridge(fd));
   return fd;
}

uint32_t
fixture_object(int fd, uint64_t size_bytes)
{
   uint32_t handle;

   REQUIRE_OK(gem_create(fd, gem_page_align(size_bytes), &handle));
   return handle;
}

uint32_t
fixture_userptr(int fd, void *memory, uint64_t size_bytes)
{
   uint32_t handle;

   REQUIRE_OK(gem_userptr(fd, memory, size_bytes, 0, &handle));
   return handle;
}

void
check_gpu_reads(int fd, void *memory, uint64_t size_bytes)
{
   const uint32_t source = fixture_userptr(fd, memory, size_bytes);
   const uint32_t object = fixture_object(fd, size_bytes);
   uint8_t *expected = malloc(size_bytes), *arrived = malloc(size_bytes);

   pattern_fill(expected, size_bytes, 1);
   memcpy(memory, expected, size_bytes);
   memset(arrived, 0, size_bytes);
   REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, source, 0, size_bytes));
   REQUIRE_OK(gem_pread(fd, object, 0, arrived, size_bytes));
   CHECK_BYTES(arrived, expected, size_bytes);
   CHECK_BYTES(memory, expected, size_bytes);
   free(arrived);
   free(expected);
   REQUIRE_OK(gem_close(fd, object));
   REQUIRE_OK(gem_close(fd, source));
}

void
check_gpu_writes(int fd, void *memory, uint64_t size_bytes)
{
   const uint32_t destination = fixture_userptr(fd, memory, size_bytes);
   const uint32_t object = fixture_object(fd, size_bytes);
   uint8_t *expected = malloc(size_bytes);

   pattern_fill(expected, size_bytes, 2);
   REQUIRE_OK(gem_pwrite(fd, object, 0, expected, size_bytes));
   REQUIRE_OK(blt_run_copy_bytes(fd, destination, 0, object, 0, size_bytes));
   CHECK_BYTES(memory, expected, size_bytes);
   free(expected);
   REQUIRE_OK(gem_close(fd, object));
   REQUIRE_OK(gem_close(fd, destination));
}

int
try_execbuffer(int fd, uint32_t handle)
{
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_object(&batch, handle);
   const int error = batch_run(&batch);
   batch_fini(&batch);
   return error;
}
