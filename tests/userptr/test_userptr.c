/* SPDX-License-Identifier: MIT */

/* The arithmetic of intel_userptr, and what it asks of a kernel that is played here. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "drm-uapi/i915_drm.h"

#include "intel_userptr.h"

#define PAGE 4096
#define ADDRESS(value) ((const void *)(uintptr_t)(value))

static struct {
   int create_error;
   int domain_error;
   int params[64];
   bool has_read_only;
   struct drm_i915_gem_userptr create;
   unsigned creates, domains, closes;
} kernel;

static int
played_ioctl(int fd, unsigned long request, void *arg)
{
   int error = 0;

   assert_int_equal(fd, 3);
   switch (request) {
   case DRM_IOCTL_I915_GEM_USERPTR: {
      struct drm_i915_gem_userptr *create = arg;

      kernel.creates++;
      kernel.create = *create;
      error = kernel.create_error;
      if ((create->flags & I915_USERPTR_READ_ONLY) && !kernel.has_read_only)
         error = ENODEV;
      if (!error)
         create->handle = 7;
      break;
   }
   case DRM_IOCTL_I915_GETPARAM: {
      struct drm_i915_getparam *param = arg;

      assert_in_range(param->param, 0, 63);
      error = kernel.params[param->param] ? 0 : EINVAL;
      if (!error)
         *param->value = kernel.params[param->param] - 1;
      break;
   }
   case DRM_IOCTL_I915_GEM_SET_DOMAIN:
      kernel.domains++;
      assert_int_equal(((struct drm_i915_gem_set_domain *)arg)->handle, 7);
      error = kernel.domain_error;
      break;
   case DRM_IOCTL_GEM_CLOSE:
      kernel.closes++;
      assert_int_equal(((struct drm_gem_close *)arg)->handle, 7);
      errno = EBADF; /* what it leaves here is not the reason of the failure */
      return -1;
   default:
      fail_msg("unexpected ioctl %#lx", request);
   }
   if (!error)
      return 0;
   errno = error;
   return -1;
}

static int
start_kernel(void **state)
{
   memset(&kernel, 0, sizeof(kernel));
   return 0;
}

static void
expect_range(uint64_t address, uint64_t size, uint64_t start, uint64_t pages, uint32_t delta)
{
   struct intel_userptr_range range;

   assert_true(intel_userptr_round(&range, ADDRESS(address), size, PAGE));
   assert_int_equal(range.start, start);
   assert_int_equal(range.size, pages * PAGE);
   assert_int_equal(range.delta, delta);
   assert_int_equal(range.bytes, size);
}

static void
rounds_to_pages(void **state)
{
   expect_range(0x10000, PAGE, 0x10000, 1, 0);
   expect_range(0x10000, 5000, 0x10000, 2, 0);
   expect_range(0x10000, 1, 0x10000, 1, 0);
   expect_range(0x10140, PAGE, 0x10000, 2, 0x140);
   expect_range(0x10140, PAGE - 0x140, 0x10000, 1, 0x140);
   expect_range(0x10140, PAGE - 0x140 + 1, 0x10000, 2, 0x140);
   expect_range(0x10fff, 1, 0x10000, 1, 0xfff);
   expect_range(0x10fff, 2, 0x10000, 2, 0xfff);
   expect_range(0x10fff, (64 << 20) + 1, 0x10000, (64 << 20) / PAGE + 1, 0xfff);
   expect_range(1, 1, 0, 1, 1);
}

static void
every_range_is_covered(void **state)
{
   for (unsigned delta = 0; delta < PAGE; delta += 61) {
      for (unsigned size = 1; size < 3 * PAGE; size += 127) {
         struct intel_userptr_range range;
         const uint64_t address = 0x7f0000000000 + delta;

         assert_true(intel_userptr_round(&range, ADDRESS(address), size, PAGE));
         assert_int_equal(range.start % PAGE, 0);
         assert_int_equal(range.size % PAGE, 0);
         assert_int_equal(range.start + range.delta, address);
         assert_true(range.delta < PAGE);
         assert_true(range.start + range.size >= address + size);
         assert_true(range.start + range.size < address + size + PAGE);
      }
   }
}

static void
refuses_what_is_no_range(void **state)
{
   struct intel_userptr_range range;

   assert_false(intel_userptr_round(&range, NULL, PAGE, PAGE));
   assert_false(intel_userptr_round(&range, ADDRESS(0x10000), 0, PAGE));
   assert_false(intel_userptr_round(&range, ADDRESS(0x10000), UINT64_MAX, PAGE));
   assert_false(intel_userptr_round(&range, ADDRESS(UINTPTR_MAX), 1, PAGE));
   assert_false(intel_userptr_round(&range, ADDRESS(UINTPTR_MAX - PAGE + 1), 1, PAGE));
   assert_true(intel_userptr_round(&range, ADDRESS(UINTPTR_MAX - 2 * PAGE + 1), 1, PAGE));
}

static void
probes(void **state)
{
   const struct intel_userptr_range range = { .start = 0x10000, .size = 2 * PAGE, .delta = 5 };

   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, INTEL_USERPTR_PROBE_ONLY), 7);
   assert_int_equal(kernel.create.user_ptr, 0x10000);
   assert_int_equal(kernel.create.user_size, 2 * PAGE);
   assert_int_equal(kernel.create.flags, I915_USERPTR_PROBE);
   assert_int_equal(kernel.domains, 0);

   kernel.create_error = EFAULT;
   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, INTEL_USERPTR_PROBE_ONLY), 0);
   assert_int_equal(errno, EFAULT);
   assert_int_equal(kernel.closes, 0);
}

static void
gets_the_pages_where_it_cannot_probe(void **state)
{
   const struct intel_userptr_range range = { .start = 0x10000, .size = PAGE };

   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, 0), 7);
   assert_int_equal(kernel.create.flags, 0);
   assert_int_equal(kernel.domains, 1);
   assert_int_equal(kernel.closes, 0);

   kernel.domain_error = EFAULT;
   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, 0), 0);
   assert_int_equal(errno, EFAULT);
   assert_int_equal(kernel.closes, 1);
}

/* A byte range has the client's own address and size: the kernel rounds. */
static void
lets_the_kernel_round(void **state)
{
   struct intel_userptr_range range;

   assert_true(intel_userptr_round(&range, ADDRESS(0x10140), 5000, PAGE));
   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, INTEL_USERPTR_BYTE_RANGE), 7);
   assert_int_equal(kernel.create.user_ptr, 0x10140);
   assert_int_equal(kernel.create.user_size, 5000);
   assert_int_equal(kernel.create.flags, 4);
   assert_int_equal(kernel.domains, 1);
}

static void
asks_for_read_only(void **state)
{
   const struct intel_userptr_range range = { .start = 0x10000, .size = PAGE };

   kernel.has_read_only = true;
   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, INTEL_USERPTR_READ_ONLY), 7);
   assert_int_equal(kernel.create.flags, I915_USERPTR_READ_ONLY);
   assert_int_equal(kernel.domains, 1);

   /* Nothing else is made where that cannot be: the GPU would write to what the client may not. */
   kernel.has_read_only = false;
   assert_int_equal(intel_userptr_i915_create(3, played_ioctl, &range, INTEL_USERPTR_READ_ONLY), 0);
   assert_int_equal(errno, ENODEV);
   assert_int_equal(kernel.creates, 2);
}

static void
asks_what_there_is(void **state)
{
   struct intel_userptr_caps caps;

   intel_userptr_i915_get_caps(3, played_ioctl, &caps);
   assert_false(caps.byte_range);
   assert_false(caps.releases_idle);
   assert_false(caps.read_only);
   assert_int_equal(kernel.closes, 0);

   /* A kernel that knows a parameter may say no. */
   kernel.params[60] = 1;
   kernel.params[61] = 1;
   intel_userptr_i915_get_caps(3, played_ioctl, &caps);
   assert_false(caps.byte_range);
   assert_false(caps.releases_idle);

   kernel.params[60] = 2;
   intel_userptr_i915_get_caps(3, played_ioctl, &caps);
   assert_true(caps.byte_range);
   assert_false(caps.releases_idle);

   kernel.params[60] = 0;
   kernel.params[61] = 2;
   kernel.has_read_only = true;
   intel_userptr_i915_get_caps(3, played_ioctl, &caps);
   assert_false(caps.byte_range);
   assert_true(caps.releases_idle);
   assert_true(caps.read_only);
   assert_int_equal(kernel.closes, 1);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(rounds_to_pages),
      cmocka_unit_test(every_range_is_covered),
      cmocka_unit_test(refuses_what_is_no_range),
      cmocka_unit_test_setup(probes, start_kernel),
      cmocka_unit_test_setup(gets_the_pages_where_it_cannot_probe, start_kernel),
      cmocka_unit_test_setup(lets_the_kernel_round, start_kernel),
      cmocka_unit_test_setup(asks_for_read_only, start_kernel),
      cmocka_unit_test_setup(asks_what_there_is, start_kernel),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
