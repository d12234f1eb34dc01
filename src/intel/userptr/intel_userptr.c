/*
 * SPDX-License-Identifier: MIT
 */

#include "intel_userptr.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "drm-uapi/i915_drm.h"

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
   };

   return true;
}

uint32_t
intel_userptr_i915_create(int fd, intel_userptr_ioctl ioctl,
                          const struct intel_userptr_range *range,
                          bool probe_only)
{
   struct drm_i915_gem_userptr arg = {
      .user_ptr = range->start,
      .user_size = range->size,
      .flags = probe_only ? I915_USERPTR_PROBE : 0,
   };
   if (ioctl(fd, DRM_IOCTL_I915_GEM_USERPTR, &arg))
      return 0;

   if (!probe_only) {
      struct drm_i915_gem_set_domain domain = {
         .handle = arg.handle,
         .read_domains = I915_GEM_DOMAIN_CPU,
      };
      if (ioctl(fd, DRM_IOCTL_I915_GEM_SET_DOMAIN, &domain)) {
         const int error = errno;
         struct drm_gem_close close = { .handle = arg.handle };

         ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
         errno = error;
         return 0;
      }
   }

   return arg.handle;
}
