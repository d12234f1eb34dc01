/*
 * SPDX-License-Identifier: MIT
 *
 * The life of a userptr object: create, use by the blitter, wait, close; and what it refuses.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xf86drm.h>

#include "fixture.h"

static void
create_and_close(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   CHECK(handle != 0);
   CHECK_ERRNO(gem_close(fd, handle), 0);
   CHECK_ERRNO(gem_close(fd, handle), -EINVAL);
}

static void
probe_is_supported(void)
{
   const int fd = fixture_open();
   int has_probe = 0;
   uint32_t handle;

   REQUIRE_OK(gem_getparam(fd, I915_PARAM_HAS_USERPTR_PROBE, &has_probe));
   CHECK_EQUAL(has_probe, 1);
   CHECK_ERRNO(gem_userptr(fd, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE, I915_USERPTR_PROBE,
                           &handle), 0);
}

static void
gpu_reads_memory(void)
{
   check_gpu_reads(fixture_open(), pages_alloc(1 << 20), 1 << 20);
}

static void
gpu_writes_memory(void)
{
   check_gpu_writes(fixture_open(), pages_alloc(1 << 20), 1 << 20);
}

static void
one_page(void)
{
   const int fd = fixture_open();
   void *memory = pages_alloc(GEM_PAGE_SIZE);

   check_gpu_reads(fd, memory, GEM_PAGE_SIZE);
   check_gpu_writes(fd, memory, GEM_PAGE_SIZE);
}

static void
sixty_four_mib(void)
{
   const int fd = fixture_open();
   const size_t size = 64 << 20;
   uint8_t *from = pages_alloc(size), *to = pages_alloc(size);
   const uint32_t source = fixture_userptr(fd, from, size);
   const uint32_t destination = fixture_userptr(fd, to, size);

   pattern_fill(from, size, 1);
   REQUIRE_OK(blt_run_copy_bytes(fd, destination, 0, source, 0, size));
   CHECK_BYTES(to, from, size);
}

static void
userptr_to_userptr(void)
{
   const int fd = fixture_open();
   const size_t size = 3 * GEM_PAGE_SIZE;
   uint8_t *from = pages_alloc(size), *to = pages_alloc(size);
   const uint32_t source = fixture_userptr(fd, from, size);
   const uint32_t destination = fixture_userptr(fd, to, size);

   pattern_fill(from, size, 7);
   REQUIRE_OK(blt_run_copy_bytes(fd, destination, 0, source, 0, size));
   CHECK_BYTES(to, from, size);
}

/* What lies before and behind the bytes in the same pages is the application's own. */
static void
neighbours_are_untouched(void)
{
   const int fd = fixture_open();
   const size_t size = 2 * GEM_PAGE_SIZE, first = 4, count = GEM_PAGE_SIZE + 8;
   uint8_t *memory = pages_alloc(size), *expected = malloc(size);
   const uint32_t handle = fixture_userptr(fd, memory, size);
   const uint32_t object = fixture_object(fd, size);
   uint8_t *data = malloc(count);

   pattern_fill(expected, size, 3);
   memcpy(memory, expected, size);
   pattern_fill(data, count, 4);
   memcpy(expected + first, data, count);
   REQUIRE_OK(gem_pwrite(fd, object, 0, data, count));
   REQUIRE_OK(blt_run_copy_bytes(fd, handle, first, object, 0, count));
   CHECK_BYTES(memory, expected, size);
}

/* Every batch sees what the CPU wrote before it: nothing is copied when the object is made. */
static void
changes_between_batches(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE), arrived;
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   const uint32_t object = fixture_object(fd, GEM_PAGE_SIZE);

   for (uint32_t i = 1; i <= 50; i++) {
      memory[5] = i * 0x01010101u;
      REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, handle, 0, GEM_PAGE_SIZE));
      REQUIRE_OK(gem_pread(fd, object, 5 * 4, &arrived, sizeof(arrived)));
      REQUIRE_EQUAL(arrived, i * 0x01010101u);
   }
}

static void
wrapped_twice(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(2 * GEM_PAGE_SIZE);
   const uint32_t one = fixture_userptr(fd, memory, 2 * GEM_PAGE_SIZE);
   const uint32_t other = fixture_userptr(fd, memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE);

   CHECK(one != other);
   pattern_fill(memory, GEM_PAGE_SIZE, 9);
   /* Through one object into the page that both hold. */
   REQUIRE_OK(blt_run_copy_bytes(fd, other, 0, one, 0, GEM_PAGE_SIZE));
   CHECK_BYTES(memory + GEM_PAGE_SIZE, memory, GEM_PAGE_SIZE);
   /* Closing one leaves the other its pages. */
   REQUIRE_OK(gem_close(fd, one));
   check_gpu_writes(fd, memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE);
   CHECK_ERRNO(try_execbuffer(fd, other), 0);
}

static void
many_objects(void)
{
   enum { COUNT = 256 };
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(COUNT * GEM_PAGE_SIZE);
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   for (uint32_t i = 0; i < COUNT; i++)
      batch_store(&batch, fixture_userptr(fd, memory + i * GEM_PAGE_SIZE, GEM_PAGE_SIZE), 4 * i,
                  0xc0de0000 + i);
   REQUIRE_OK(batch_run(&batch));
   for (uint32_t i = 0; i < COUNT; i++) {
      const uint32_t *page = (uint32_t *)(memory + i * GEM_PAGE_SIZE);
      REQUIRE_EQUAL(page[i], 0xc0de0000 + i);
   }
   batch_fini(&batch);
}

static void
idle_object_is_idle(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE);
   uint32_t busy = 1;

   CHECK_ERRNO(gem_wait(fd, handle, 0), 0);
   REQUIRE_OK(gem_busy(fd, handle, &busy));
   CHECK_EQUAL(busy, 0);
}

static void
closed_while_in_use(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   struct spin spin;
   struct batch batch;

   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, NULL, 0));
   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_store(&batch, handle, 0, 0x600d);
   REQUIRE_OK(batch_submit(&batch));
   REQUIRE_OK(gem_close(fd, handle));
   CHECK_EQUAL(memory[0], 0);
   spin_fini(&spin);
   REQUIRE_OK(gem_wait(fd, batch.handle, -1));
   CHECK_EQUAL(memory[0], 0x600d);
   batch_fini(&batch);
}

static void
write_in_background(void *memory)
{
   const int fd = fixture_open();

   REQUIRE_OK(blt_run_copy_bytes(fd, fixture_userptr(fd, memory, 1 << 20), 0,
                                 fixture_object(fd, 1 << 20), 0, 1 << 20));
   struct batch batch;
   batch_init(&batch, fd, I915_EXEC_BLT);
   for (unsigned i = 0; i < 100; i++)
      blt_copy_bytes(&batch, fixture_userptr(fd, memory, 1 << 20), 0,
                     fixture_object(fd, 1 << 20), 0, 1 << 20);
   REQUIRE_OK(batch_submit(&batch));
   /* And the process ends, with all of it still to be done. */
}

static void
process_ends_while_in_use(void)
{
   void *memory = pages_alloc(1 << 20);

   for (unsigned i = 0; i < 4; i++)
      tap_join(tap_child(write_in_background, memory));
   check_gpu_writes(fixture_open(), memory, 1 << 20);
}

/* These would need a view of the pages that only the owner of the memory has. */
static void
refuses_what_is_not_for_it(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE);
   struct drm_i915_gem_caching caching = { .handle = handle, .caching = I915_CACHING_NONE };
   struct drm_i915_gem_mmap_offset offset = { .handle = handle, .flags = I915_MMAP_OFFSET_GTT };
   struct drm_i915_gem_mmap map = { .handle = handle, .size = GEM_PAGE_SIZE };
   struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC };
   uint8_t data[64] = { 0 };

   CHECK_ERRNO(gem_pwrite(fd, handle, 0, data, sizeof(data)), -EINVAL);
   CHECK_ERRNO(gem_pread(fd, handle, 0, data, sizeof(data)), -EINVAL);
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &offset), -ENODEV);
   offset.flags = I915_MMAP_OFFSET_WB;
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &offset), -ENODEV);
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_MMAP, &map), -ENXIO);
   CHECK_ERRNO(gem_set_tiling(fd, handle, I915_TILING_X, 512), -ENXIO);
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_SET_CACHING, &caching), -ENXIO);
   caching.caching = I915_CACHING_CACHED;
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_I915_GEM_SET_CACHING, &caching), 0);
   CHECK_ERRNO(gem_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), -EINVAL);
   /* And it is as good as before. */
   CHECK_ERRNO(try_execbuffer(fd, handle), 0);
}

static void
set_domain(void)
{
   const int fd = fixture_open();
   void *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   CHECK_ERRNO(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, I915_GEM_DOMAIN_CPU), 0);
   REQUIRE_OK(gem_close(fd, handle));
   /* It is how an application learns early that memory cannot be used. */
   const uint32_t gone = fixture_userptr(fd, (void *)0x10000, GEM_PAGE_SIZE);
   CHECK_ERRNO(gem_set_domain(fd, gone, I915_GEM_DOMAIN_GTT, 0), -EFAULT);
}

static const struct tap_test tests[] = {
   { "create and close", create_and_close },
   { "probe is supported", probe_is_supported },
   { "the GPU reads malloc'ed memory", gpu_reads_memory },
   { "the GPU writes malloc'ed memory", gpu_writes_memory },
   { "one page", one_page },
   { "64 MiB", sixty_four_mib },
   { "from userptr to userptr", userptr_to_userptr },
   { "neighbouring bytes are untouched", neighbours_are_untouched },
   { "changes between batches are seen", changes_between_batches },
   { "memory wrapped twice", wrapped_twice },
   { "256 objects in one batch", many_objects },
   { "an idle object is idle", idle_object_is_idle },
   { "closed while in use", closed_while_in_use },
   { "process ends while in use", process_ends_while_in_use },
   { "refuses what is not for it", refuses_what_is_not_for_it },
   { "set domain", set_domain },
};

TAP_MAIN(tests, 60)
