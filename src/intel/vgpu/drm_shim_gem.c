/*
 * SPDX-License-Identifier: MIT
 *
 * Objects of GEM (i915 gem/i915_gem_{create,mman,tiling,domain,wait}.c). Their memory is a part of
 * drm-shim's memfd, which the application maps too.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "util/vma.h"

#include "drm_shim_priv.h"

/* Guest-physical addresses of objects, below the 40 bits of a page table entry. */
#define OBJECTS_GPA (64ull << 30)
#define OBJECTS_SIZE (900ull << 30)

static struct util_vma_heap gpa_heap;
static bool gpa_heap_ready;

struct shim_object *
shim_object_find(int fd, uint32_t handle)
{
   struct shim_fd *file = drm_shim_fd_lookup(fd);

   if (!file || !handle)
      return NULL;
   struct hash_entry *entry =
      _mesa_hash_table_search(file->handles, (void *)(uintptr_t)handle);
   struct shim_object *object = entry ? entry->data : NULL;
   return object && !object->file_end ? object : NULL;
}

int
shim_object_add(int fd, struct shim_object *object, uint32_t *handle)
{
   int ret = shim_gpu_start();

   if (ret)
      return ret;
   if (!gpa_heap_ready) {
      util_vma_heap_init(&gpa_heap, OBJECTS_GPA, OBJECTS_SIZE);
      gpa_heap_ready = true;
   }
   object->gpa = util_vma_heap_alloc(&gpa_heap, object->size, SHIM_PAGE);
   if (!object->gpa)
      return -ENOMEM;
   ret = shim_gpu_map(object->gpa, object->size, object->host);
   if (ret) {
      util_vma_heap_free(&gpa_heap, object->gpa, object->size);
      return ret;
   }
   *handle = drm_shim_bo_get_handle(drm_shim_fd_lookup(fd), &object->base);
   /* drm_shim_bo_put() frees at -1: the handle is the only reference. */
   object->base.refcount = 0;
   return 0;
}

void
shim_object_free(struct shim_bo *bo)
{
   struct shim_object *object = (struct shim_object *)bo;

   shim_lock();
   if (object->file_end) {
      shim_context_drop(object->file_end);
      shim_unlock();
      return;
   }
   shim_object_unbind(object);
   shim_gpu_unmap(object->gpa, object->size);
   util_vma_heap_free(&gpa_heap, object->gpa, object->size);
   if (!object->userptr) {
      mtx_lock(&shim_device.mem_lock);
      _mesa_hash_table_u64_remove(shim_device.offset_map, bo->mem_addr);
      mtx_unlock(&shim_device.mem_lock);
      munmap(object->host, object->size);
      /* Who gets this part next must find zeros. A mapping that is left sees them too. */
      fallocate(shim_device.mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, bo->mem_addr,
                object->size);
   }
   shim_unlock();
}

static int
create(int fd, struct drm_i915_gem_create *args)
{
   const uint64_t size = (args->size + SHIM_PAGE - 1) & ~(SHIM_PAGE - 1);

   if (!size)
      return -EINVAL;
   if (size >= 1ull << 32) /* drm-shim's memory and its struct end there */
      return -ENOMEM;
   struct shim_object *object = calloc(1, sizeof(*object));
   if (!object)
      return -ENOMEM;
   object->size = size;
   int ret = drm_shim_bo_init(&object->base, size);
   if (ret) {
      shim_say("out of the memory of objects");
      goto fail;
   }
   object->host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shim_device.mem_fd,
                       object->base.mem_addr);
   if (object->host == MAP_FAILED) {
      ret = -ENOMEM;
      goto fail_memory;
   }
   object->caching = I915_CACHING_CACHED;
   ret = shim_object_add(fd, object, &args->handle);
   if (!ret) {
      args->size = size;
      return 0;
   }
   munmap(object->host, size);
fail_memory:
   mtx_lock(&shim_device.mem_lock);
   util_vma_heap_free(&shim_device.mem_heap, object->base.mem_addr, size);
   mtx_unlock(&shim_device.mem_lock);
fail:
   free(object);
   return ret;
}

int
shim_gem_create(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = create(fd, arg);
   shim_unlock();
   return shim_return(ret);
}

static int
gem_mmap(int fd, struct drm_i915_gem_mmap *args)
{
   struct shim_object *object = shim_object_find(fd, args->handle);

   if (args->flags & ~(uint64_t)I915_MMAP_WC)
      return -EINVAL;
   if (!object)
      return -ENOENT;
   if (object->userptr) /* it has no file */
      return -ENXIO;
   if (args->offset % SHIM_PAGE || args->offset > object->size ||
       args->size > object->size - args->offset)
      return -EINVAL;
   void *map = mmap(NULL, args->size, PROT_READ | PROT_WRITE, MAP_SHARED, shim_device.mem_fd,
                    object->base.mem_addr + args->offset);
   if (map == MAP_FAILED)
      return -errno;
   args->addr_ptr = (uintptr_t)map;
   return 0;
}

int
shim_gem_mmap(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = gem_mmap(fd, arg);
   shim_unlock();
   return shim_return(ret);
}

static int
mmap_offset(int fd, struct drm_i915_gem_mmap_offset *args, bool gtt)
{
   struct shim_object *object = shim_object_find(fd, args->handle);

   if (!gtt) {
      if (args->extensions)
         return -EINVAL;
      if (args->flags == I915_MMAP_OFFSET_FIXED)
         return -ENODEV;
      if (args->flags > I915_MMAP_OFFSET_UC)
         return -EINVAL;
      gtt = args->flags == I915_MMAP_OFFSET_GTT;
   }
   if (!object)
      return -ENOENT;
   if (object->userptr)
      return -ENODEV;
   if (gtt && object->tiling != I915_TILING_NONE) {
      shim_say("a mapping of a tiled object through a fence is not played");
      return -ENODEV;
   }
   object->mapped_gtt |= gtt;
   args->offset = drm_shim_bo_get_mmap_offset(drm_shim_fd_lookup(fd), &object->base);
   return 0;
}

int
shim_gem_mmap_offset(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = mmap_offset(fd, arg, _IOC_SIZE(request) == sizeof(struct drm_i915_gem_mmap_gtt));
   shim_unlock();
   return shim_return(ret);
}

static int
transfer(int fd, struct drm_i915_gem_pwrite *args, bool write)
{
   struct shim_object *object = shim_object_find(fd, args->handle);

   if (!args->size)
      return 0;
   if (!object)
      return -ENOENT;
   if (args->offset > object->size || args->size > object->size - args->offset)
      return -EINVAL;
   if (object->userptr) /* i915_gem_userptr_pread(), _pwrite() */
      return -EINVAL;
   return write ? shim_copy_from_user(object->host + args->offset, args->data_ptr, args->size)
                : shim_copy_to_user(args->data_ptr, object->host + args->offset, args->size);
}

int
shim_gem_pread(int fd, unsigned long request, void *arg)
{
   /* struct drm_i915_gem_pread has the same members at the same places. */
   shim_lock();
   const int ret = transfer(fd, arg, false);
   shim_unlock();
   return shim_return(ret);
}

int
shim_gem_pwrite(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = transfer(fd, arg, true);
   shim_unlock();
   return shim_return(ret);
}

/** i915_tiling_ok() of Gen7 */
static bool
tiling_ok(uint32_t tiling, uint32_t stride)
{
   if (tiling == I915_TILING_NONE)
      return true;
   return tiling <= I915_TILING_Y && stride && stride <= 256 * 1024 &&
          stride % (tiling == I915_TILING_X ? 512 : 128) == 0;
}

static int
set_tiling(int fd, struct drm_i915_gem_set_tiling *args)
{
   struct shim_object *object = shim_object_find(fd, args->handle);

   if (!object)
      return -ENOENT;
   if (object->userptr)
      return -ENXIO;
   if (!tiling_ok(args->tiling_mode, args->stride))
      return -EINVAL;
   if (args->tiling_mode != I915_TILING_NONE && object->mapped_gtt) {
      shim_say("tiling of an object that is mapped through the aperture is not played");
      return -ENODEV;
   }
   object->tiling = args->tiling_mode;
   object->stride = args->tiling_mode == I915_TILING_NONE ? 0 : args->stride;
   args->stride = object->stride;
   args->swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
   return 0;
}

int
shim_gem_set_tiling(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = set_tiling(fd, arg);
   shim_unlock();
   return shim_return(ret);
}

int
shim_gem_get_tiling(int fd, unsigned long request, void *arg)
{
   struct drm_i915_gem_get_tiling *args = arg;

   shim_lock();
   const struct shim_object *object = shim_object_find(fd, args->handle);
   if (object) {
      args->tiling_mode = object->tiling;
      args->swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
      args->phys_swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
   }
   shim_unlock();
   return shim_return(object ? 0 : -ENOENT);
}

int
shim_gem_set_domain(int fd, unsigned long request, void *arg)
{
   const struct drm_i915_gem_set_domain *args = arg;
   const uint32_t domains = I915_GEM_DOMAIN_CPU | I915_GEM_DOMAIN_GTT | I915_GEM_DOMAIN_WC;
   int ret = 0;

   if ((args->read_domains | args->write_domain) & ~domains ||
       (args->write_domain && args->read_domains != args->write_domain))
      return shim_return(-EINVAL);
   if (!args->read_domains)
      return 0;
   shim_lock();
   const struct shim_object *object = shim_object_find(fd, args->handle);
   if (!object)
      ret = -ENOENT;
   else if (object->userptr) /* the kernel gets the pages here, and Mesa asks whether it can */
      ret = shim_userptr_check(object);
   shim_unlock();
   return shim_return(ret);
}

int
shim_gem_busy(int fd, unsigned long request, void *arg)
{
   struct drm_i915_gem_busy *args = arg;

   shim_lock();
   const bool found = shim_object_find(fd, args->handle);
   shim_unlock();
   if (!found)
      return shim_return(-ENOENT);
   args->busy = 0;
   return 0;
}

int
shim_gem_wait(int fd, unsigned long request, void *arg)
{
   const struct drm_i915_gem_wait *args = arg;

   shim_lock();
   const bool found = shim_object_find(fd, args->bo_handle);
   shim_unlock();
   if (args->flags)
      return shim_return(-EINVAL);
   return shim_return(found ? 0 : -ENOENT);
}

int
shim_gem_madvise(int fd, unsigned long request, void *arg)
{
   struct drm_i915_gem_madvise *args = arg;

   if (args->madv != I915_MADV_DONTNEED && args->madv != I915_MADV_WILLNEED)
      return shim_return(-EINVAL);
   shim_lock();
   const bool found = shim_object_find(fd, args->handle);
   shim_unlock();
   if (!found)
      return shim_return(-ENOENT);
   args->retained = 1; /* there is never a need to take the memory */
   return 0;
}

int
shim_gem_set_caching(int fd, unsigned long request, void *arg)
{
   const struct drm_i915_gem_caching *args = arg;
   int ret = 0;

   if (args->caching == I915_CACHING_DISPLAY)
      shim_say("SET_CACHING for a display is not played");
   if (args->caching > I915_CACHING_CACHED)
      return shim_return(-EINVAL);
   shim_lock();
   struct shim_object *object = shim_object_find(fd, args->handle);
   if (!object)
      ret = -ENOENT;
   else if (object->userptr && args->caching != I915_CACHING_CACHED)
      ret = -ENXIO;
   else
      object->caching = args->caching;
   shim_unlock();
   return shim_return(ret);
}

int
shim_gem_get_caching(int fd, unsigned long request, void *arg)
{
   struct drm_i915_gem_caching *args = arg;

   shim_lock();
   const struct shim_object *object = shim_object_find(fd, args->handle);
   if (object)
      args->caching = object->caching;
   shim_unlock();
   return shim_return(object ? 0 : -ENOENT);
}
