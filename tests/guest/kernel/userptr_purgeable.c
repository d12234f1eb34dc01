/*
 * SPDX-License-Identifier: MIT
 *
 * Objects whose pages cannot be attached, because they are marked as not needed: nothing may stay
 * pinned, and marked as needed they must work again.
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "fixture.h"
#include "pins.h"

#define PAGES 64
#define SIZE  (PAGES * (size_t)GEM_PAGE_SIZE)

static int
madvise_object(int fd, uint32_t handle, uint32_t advice)
{
   struct drm_i915_gem_madvise args = { .handle = handle, .madv = advice };

   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_MADVISE, &args);
}

/* gem_set_domain() repeats the ioctl for ever when it says -EAGAIN, as all of libdrm does. */
static int
set_domain_once(int fd, uint32_t handle)
{
   struct drm_i915_gem_set_domain args = {
      .handle = handle,
      .read_domains = I915_GEM_DOMAIN_CPU,
   };

   return ioctl(fd, DRM_IOCTL_I915_GEM_SET_DOMAIN, &args) ? -errno : 0;
}

static void
pins(void)
{
   const int fd = fixture_open();
   void *memory = pages_alloc(SIZE);
   const int64_t before = pins_count();

   for (unsigned i = 0; i < 4; i++) {
      const uint32_t handle = fixture_userptr(fd, memory, SIZE);

      REQUIRE_OK(madvise_object(fd, handle, I915_MADV_DONTNEED));
      CHECK_ERRNO(set_domain_once(fd, handle), -EFAULT);
      CHECK_EQUAL(pins_count() - before, 0);
      REQUIRE_OK(gem_close(fd, handle));
   }
   munmap(memory, SIZE);
   if (pins_wait(before, 1000) < 0) {
      tap_fail(__FILE__, __LINE__, "%lld pages are pinned that belong to nobody any more",
               (long long)(pins_count() - before));
   }
}

static void
needed_again(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(SIZE), SIZE);

   REQUIRE_OK(madvise_object(fd, handle, I915_MADV_DONTNEED));
   CHECK_ERRNO(set_domain_once(fd, handle), -EFAULT);
   REQUIRE_OK(madvise_object(fd, handle, I915_MADV_WILLNEED));
   REQUIRE_OK(set_domain_once(fd, handle));
   CHECK_ERRNO(try_execbuffer(fd, handle), 0);
}

static const struct tap_test tests[] = {
   { "pins", pins },
   { "needed-again", needed_again },
};

TAP_MAIN(tests, 30)
