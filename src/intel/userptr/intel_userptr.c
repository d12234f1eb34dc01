/*
 * SPDX-License-Identifier: MIT
 */

#include "intel_userptr.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "drm-uapi/i915_drm.h"

/* Not in the kernel's headers yet: see kernel-patches. */
#ifndef I915_USERPTR_BYTE_RANGE
#define I915_USERPTR_BYTE_RANGE 0x4
#endif
#ifndef I915_PARAM_HAS_USERPTR_BYTE_RANGE
#define I915_PARAM_HAS_USERPTR_BYTE_RANGE 60
#endif
#ifndef I915_PARAM_HAS_USERPTR_RELEASE
#define I915_PARAM_HAS_USERPTR_RELEASE 61
#endif

bool
intel_userptr_round(struct intel_userptr_range *range, const void *ptr,
                    uint64_t size, uint64_t page_size)
{
   const uint64_t first = (uintptr_t)ptr;

   assert(page_size && (page_size & (page_size - 1)) == 0);

   if (ptr == NULL || size == 0 || size > UINTPTR_MAX - first)
      return false;

   const uint64_t start = first & ~(page_size - 1);
   const uint64_t last_page = (first + size - 1) & ~(page_size - 1);

   /* The end of the last page must be an address, too. */
   if (last_page > UINTPTR_MAX - page_size)
      return false;

   *range = (struct intel_userptr_range) {
      .start = start,
      .size = last_page + page_size - start,
      .delta = first - start,
      .bytes = size,
   };

   return true;
}

static bool
has_param(int fd, intel_userptr_ioctl ioctl, int param)
{
   int value = 0;
   struct drm_i915_getparam arg = { .param = param, .value = &value };

   return ioctl(fd, DRM_IOCTL_I915_GETPARAM, &arg) == 0 && value > 0;
}

/* Only a try tells whether the page tables can be read-only. */
static bool
can_be_read_only(int fd, intel_userptr_ioctl ioctl)
{
   /* The page is never looked up. */
   struct drm_i915_gem_userptr arg = {
      .user_ptr = (uintptr_t)&arg & ~(uint64_t)4095,
      .user_size = 4096,
      .flags = I915_USERPTR_READ_ONLY,
   };
   if (ioctl(fd, DRM_IOCTL_I915_GEM_USERPTR, &arg))
      return false;

   struct drm_gem_close close = { .handle = arg.handle };
   ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);

   return true;
}

void
intel_userptr_i915_get_caps(int fd, intel_userptr_ioctl ioctl,
                            struct intel_userptr_caps *caps)
{
   caps->byte_range = has_param(fd, ioctl, I915_PARAM_HAS_USERPTR_BYTE_RANGE);
   caps->releases_idle = has_param(fd, ioctl, I915_PARAM_HAS_USERPTR_RELEASE);
   caps->read_only = can_be_read_only(fd, ioctl);
}

uint32_t
intel_userptr_i915_create(int fd, intel_userptr_ioctl ioctl,
                          const struct intel_userptr_range *range,
                          enum intel_userptr_flags flags)
{
   struct drm_i915_gem_userptr arg = {
      .user_ptr = range->start,
      .user_size = range->size,
   };

   if (flags & INTEL_USERPTR_PROBE_ONLY)
      arg.flags |= I915_USERPTR_PROBE;
   if (flags & INTEL_USERPTR_READ_ONLY)
      arg.flags |= I915_USERPTR_READ_ONLY;
   if (flags & INTEL_USERPTR_BYTE_RANGE) {
      arg.flags |= I915_USERPTR_BYTE_RANGE;
      arg.user_ptr = range->start + range->delta;
      arg.user_size = range->bytes;
   }
   if (ioctl(fd, DRM_IOCTL_I915_GEM_USERPTR, &arg))
      return 0;

   if (!(flags & INTEL_USERPTR_PROBE_ONLY) &&
       !intel_userptr_i915_get_pages(fd, ioctl, arg.handle)) {
      const int error = errno;
      struct drm_gem_close close = { .handle = arg.handle };

      ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
      errno = error;
      return 0;
   }

   return arg.handle;
}

bool
intel_userptr_i915_get_pages(int fd, intel_userptr_ioctl ioctl, uint32_t handle)
{
   struct drm_i915_gem_set_domain domain = {
      .handle = handle,
      .read_domains = I915_GEM_DOMAIN_CPU,
   };

   return ioctl(fd, DRM_IOCTL_I915_GEM_SET_DOMAIN, &domain) == 0;
}
