/*
 * SPDX-License-Identifier: MIT
 *
 * GEM_USERPTR: objects that are the application's own memory (i915 gem/i915_gem_userptr.c). The
 * device's memory is that very memory, so nothing is copied; what the kernel's page tables would
 * refuse is found out before a batch runs.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

#include "drm_shim_priv.h"

/* access_ok() of x86-64: TASK_SIZE_MAX */
#define USER_END 0x7ffffffff000ull
#define USERPTR_FLAGS \
   (I915_USERPTR_READ_ONLY | I915_USERPTR_UNSYNCHRONIZED | I915_USERPTR_PROBE)

int
shim_userptr_check(const struct shim_object *object)
{
   /* get_user_pages(FOLL_WRITE) without anything written: Linux 5.14 has it as an advice. */
   if (!madvise(object->host, object->size, MADV_POPULATE_WRITE))
      return 0;

   /* Or an atomic OR of 0 by the kernel, which says -EFAULT where we would get a signal. */
   for (uint64_t at = 0; at < object->size; at += SHIM_PAGE) {
      static uint32_t nobody;
      if (syscall(SYS_futex, &nobody, FUTEX_WAKE_OP_PRIVATE, 0, 0, object->host + at,
                  FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0)) < 0)
         return -EFAULT;
   }
   return 0;
}

/** probe_range(): every byte is in a mapping, and none is a device's. */
static int
probe(uint64_t start, uint64_t size)
{
   FILE *maps = fopen("/proc/self/maps", "re");
   char line[8192];
   uint64_t at = start;

   if (!maps)
      return -EFAULT;
   while (at < start + size && fgets(line, sizeof(line), maps)) {
      uint64_t first, end;
      if (sscanf(line, "%" SCNx64 "-%" SCNx64, &first, &end) != 2 || end <= at)
         continue;
      if (first > at)
         break;
      at = end;
   }
   fclose(maps);
   return at < start + size ? -EFAULT : 0;
}

static int
userptr(int fd, struct drm_i915_gem_userptr *args)
{
   if (args->flags & ~USERPTR_FLAGS)
      return -EINVAL;
   if (args->user_size / SHIM_PAGE > INT_MAX)
      return -E2BIG;
   if (!args->user_size || (args->user_ptr | args->user_size) % SHIM_PAGE)
      return -EINVAL;
   if (args->user_ptr > USER_END || args->user_size > USER_END - args->user_ptr)
      return -EFAULT;
   if (args->flags & (I915_USERPTR_UNSYNCHRONIZED | I915_USERPTR_READ_ONLY))
      return -ENODEV;
   if (args->flags & I915_USERPTR_PROBE) {
      const int ret = probe(args->user_ptr, args->user_size);
      if (ret)
         return ret;
   }

   struct shim_object *object = calloc(1, sizeof(*object));
   if (!object)
      return -ENOMEM;
   object->userptr = true;
   object->size = args->user_size;
   object->host = (uint8_t *)(uintptr_t)args->user_ptr;
   object->caching = I915_CACHING_CACHED;
   /* drm-shim gives back what it believes to be the object's memory: a page of its own. */
   int ret = drm_shim_bo_init(&object->base, SHIM_PAGE);
   if (!ret) {
      ret = shim_object_add(fd, object, &args->handle);
      if (ret) {
         mtx_lock(&shim_device.mem_lock);
         util_vma_heap_free(&shim_device.mem_heap, object->base.mem_addr, SHIM_PAGE);
         mtx_unlock(&shim_device.mem_lock);
      }
   }
   if (ret)
      free(object);
   return ret;
}

int
shim_gem_userptr(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = userptr(fd, arg);
   shim_unlock();
   return shim_return(ret);
}
