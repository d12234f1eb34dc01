/*
 * SPDX-License-Identifier: MIT
 */

#include "spy.h"

#include <errno.h>
#include <i915_drm.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "interpose.h"

#define MAX_HANDLES 64
#define USERPTR_BYTE_RANGE 0x4 /* not in the headers yet: see kernel-patches */

/* The driver may have threads. */
static _Atomic uintptr_t first, end;
static atomic_size_t copied;
static atomic_uint wrapped, byte_ranges, ioctls, batches, buffers, syncobjs;
static atomic_uint handles[MAX_HANDLES];

/* Where the code of a GPU in this process is: what it copies, no CPU does. */
static uintptr_t device_first, device_end;

static int
find_device(struct dl_phdr_info *object, size_t size, void *data)
{
   if (!strstr(object->dlpi_name, "libvgpu_drm_shim"))
      return 0;
   for (unsigned i = 0; i < object->dlpi_phnum; i++) {
      const ElfW(Phdr) *part = &object->dlpi_phdr[i];

      if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
         device_first = object->dlpi_addr + part->p_vaddr;
         device_end = device_first + part->p_memsz;
      }
   }
   return 1;
}

static size_t
overlap(const void *memory, size_t size)
{
   const uintptr_t from = (uintptr_t)memory > first ? (uintptr_t)memory : first;
   const uintptr_t to = (uintptr_t)memory + size < end ? (uintptr_t)memory + size : end;

   return from < to ? to - from : 0;
}

static void
copy(uint8_t *to, const uint8_t *from, size_t size, uintptr_t caller)
{
   if (caller - device_first >= device_end - device_first)
      copied += overlap(to, size) + overlap(from, size);
   if (to <= from || to >= from + size) {
      __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
   } else {
      to += size - 1;
      from += size - 1;
      __asm__ volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
   }
}

void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
   copy(to, from, size, (uintptr_t)__builtin_return_address(0));
   return to;
}

void *
memmove(void *to, const void *from, size_t size)
{
   copy(to, from, size, (uintptr_t)__builtin_return_address(0));
   return to;
}

static void
created(const struct drm_i915_gem_userptr *object)
{
   if (!overlap((void *)(uintptr_t)object->user_ptr, object->user_size))
      return;
   wrapped++;
   byte_ranges += !!(object->flags & USERPTR_BYTE_RANGE);
   for (unsigned i = 0; i < MAX_HANDLES; i++) {
      unsigned none = 0;
      if (atomic_compare_exchange_strong(&handles[i], &none, object->handle))
         return;
   }
}

static void
closed(unsigned handle)
{
   for (unsigned i = 0; i < MAX_HANDLES; i++) {
      unsigned expected = handle;
      atomic_compare_exchange_strong(&handles[i], &expected, 0);
   }
}

static _Atomic unsigned long refused_request;
static atomic_int refused_error;

void
spy_refuse(unsigned long request, int error)
{
   refused_error = error;
   refused_request = request;
}

int
interposed_ioctl(int fd, unsigned long request, void *arg)
{
   ioctls++;
   unsigned long refused = request;
   if (request && atomic_compare_exchange_strong(&refused_request, &refused, 0)) {
      errno = refused_error;
      return -1;
   }
   switch (request) {
   case DRM_IOCTL_I915_GEM_EXECBUFFER2:
   case DRM_IOCTL_I915_GEM_EXECBUFFER2_WR:
      batches++;
      break;
   case DRM_IOCTL_I915_GEM_BUSY:
   case DRM_IOCTL_I915_GEM_MADVISE:
      buffers++;
      break;
   case DRM_IOCTL_SYNCOBJ_CREATE:
   case DRM_IOCTL_SYNCOBJ_DESTROY:
      syncobjs++;
      break;
   }
   const int ret = next_ioctl(fd, request, arg);
   if (!ret && request == DRM_IOCTL_I915_GEM_USERPTR)
      created(arg);
   if (!ret && request == DRM_IOCTL_GEM_CLOSE)
      closed(((struct drm_gem_close *)arg)->handle);
   return ret;
}

void
spy_on(const void *memory, size_t size)
{
   dl_iterate_phdr(find_device, NULL);
   copied = 0;
   wrapped = 0;
   byte_ranges = 0;
   ioctls = 0;
   batches = 0;
   buffers = 0;
   syncobjs = 0;
   memset((void *)handles, 0, sizeof(handles));
   end = (uintptr_t)memory + size;
   first = (uintptr_t)memory;
}

struct spy
spy_off(void)
{
   struct spy seen = {
      .copied = copied,
      .wrapped = wrapped,
      .bytes = byte_ranges,
      .ioctls = ioctls,
      .batches = batches,
      .buffers = buffers,
      .syncobjs = syncobjs,
   };

   for (unsigned i = 0; i < MAX_HANDLES; i++)
      seen.open += handles[i] != 0;
   first = UINTPTR_MAX;
   end = 0;
   return seen;
}
