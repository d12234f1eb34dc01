/*
 * SPDX-License-Identifier: MIT
 */

#include "spin.h"

#include <string.h>
#include <sys/mman.h>

#include "batch.h"

#define MAX_USES 8

int
spin_start(struct spin *spin, int fd, uint64_t engine, uint32_t context, const uint32_t *uses,
           unsigned use_count)
{
   struct drm_i915_gem_exec_object2 objects[MAX_USES + 1] = { 0 };
   struct drm_i915_gem_relocation_entry reloc = {
      .offset = 2 * 4,
      .presumed_offset = ~0ull,
      .read_domains = I915_GEM_DOMAIN_COMMAND,
   };
   void *map;

   if (use_count > MAX_USES)
      return -1;
   memset(spin, 0, sizeof(*spin));
   spin->fd = fd;
   int error = gem_create(fd, GEM_PAGE_SIZE, &spin->handle);
   if (!error)
      error = gem_mmap(fd, spin->handle, I915_MMAP_OFFSET_WB, GEM_PAGE_SIZE, &map);
   if (!error)
      error = gem_set_domain(fd, spin->handle, I915_GEM_DOMAIN_CPU, I915_GEM_DOMAIN_CPU);
   if (error)
      return error;
   spin->map = map;
   spin->map[0] = MI_ARB_CHECK;
   spin->map[1] = MI_BATCH_BUFFER_START | MI_BATCH_PPGTT;
   spin->map[3] = MI_BATCH_BUFFER_END;

   for (unsigned i = 0; i < use_count; i++) {
      objects[i].handle = uses[i];
      objects[i].flags = EXEC_OBJECT_WRITE;
   }
   reloc.target_handle = spin->handle;
   objects[use_count].handle = spin->handle;
   objects[use_count].relocs_ptr = (uintptr_t)&reloc;
   objects[use_count].relocation_count = 1;
   /* Without a length i915 does not parse, and runs the batch that we can still write to. */
   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)objects,
      .buffer_count = use_count + 1,
      .flags = engine,
      .rsvd1 = context,
   };
   return gem_execbuffer(fd, &execbuffer);
}

void
spin_end(struct spin *spin)
{
   __atomic_store_n(&spin->map[0], MI_BATCH_BUFFER_END, __ATOMIC_SEQ_CST);
}

void
spin_fini(struct spin *spin)
{
   if (spin->map) {
      spin_end(spin);
      gem_wait(spin->fd, spin->handle, -1);
      munmap((void *)spin->map, GEM_PAGE_SIZE);
   }
   if (spin->handle)
      gem_close(spin->fd, spin->handle);
   memset(spin, 0, sizeof(*spin));
}
