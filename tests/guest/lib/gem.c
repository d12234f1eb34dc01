/*
 * SPDX-License-Identifier: MIT
 */

#include "gem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#define FIRST_PRIMARY_MINOR 0
#define FIRST_RENDER_MINOR  128
#define MINORS              64

struct gem_counters gem_counters;

int
gem_ioctl(int fd, unsigned long request, void *argument)
{
   gem_counters.ioctls++;
   return drmIoctl(fd, request, argument) ? -errno : 0;
}

/** \return the node's file descriptor if i915 drives it, or a negative errno */
static int
open_node(const char *path)
{
   const int fd = open(path, O_RDWR | O_CLOEXEC);

   if (fd < 0)
      return -errno;
   drmVersionPtr version = drmGetVersion(fd);
   const bool i915 = version && !strcmp(version->name, "i915");
   drmFreeVersion(version);
   if (i915)
      return fd;
   close(fd);
   return -ENODEV;
}

/** Opens the first that works; of the errors, one that tells more than "is not there" wins. */
static int
open_first(const char *kind, unsigned first_minor)
{
   int error = -ENOENT;

   for (unsigned i = 0; i < MINORS; i++) {
      char path[64];

      snprintf(path, sizeof(path), "/dev/dri/%s%u", kind, first_minor + i);
      const int fd = open_node(path);
      if (fd >= 0)
         return fd;
      if (fd != -ENOENT)
         error = fd;
   }
   return error;
}

int
gem_open(void)
{
   return open_first("renderD", FIRST_RENDER_MINOR);
}

int
gem_open_primary(void)
{
   return open_first("card", FIRST_PRIMARY_MINOR);
}

bool
gem_is_ivybridge(int fd)
{
   static const int ids[] = { 0x0152, 0x0156, 0x015a, 0x0162, 0x0166, 0x016a };
   int id;

   if (gem_getparam(fd, I915_PARAM_CHIPSET_ID, &id))
      return false;
   for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
      if (ids[i] == id)
         return true;
   }
   return false;
}

int
gem_getparam(int fd, int param, int *value)
{
   struct drm_i915_getparam args = { .param = param, .value = value };

   return gem_ioctl(fd, DRM_IOCTL_I915_GETPARAM, &args);
}

int
gem_create(int fd, uint64_t size_bytes, uint32_t *handle)
{
   struct drm_i915_gem_create args = { .size = size_bytes };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_CREATE, &args);

   *handle = error ? 0 : args.handle;
   return error;
}

int
gem_close(int fd, uint32_t handle)
{
   struct drm_gem_close args = { .handle = handle };

   return gem_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &args);
}

int
gem_userptr(int fd, void *memory, uint64_t size_bytes, uint32_t flags, uint32_t *handle)
{
   struct drm_i915_gem_userptr args = {
      .user_ptr = (uintptr_t)memory,
      .user_size = size_bytes,
      .flags = flags,
   };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_USERPTR, &args);

   *handle = error ? 0 : args.handle;
   return error;
}

int
gem_pwrite(int fd, uint32_t handle, uint64_t offset, const void *data, uint64_t size_bytes)
{
   struct drm_i915_gem_pwrite args = {
      .handle = handle,
      .offset = offset,
      .size = size_bytes,
      .data_ptr = (uintptr_t)data,
   };

   gem_counters.pwrite_bytes += size_bytes;
   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_PWRITE, &args);
}

int
gem_pread(int fd, uint32_t handle, uint64_t offset, void *data, uint64_t size_bytes)
{
   struct drm_i915_gem_pread args = {
      .handle = handle,
      .offset = offset,
      .size = size_bytes,
      .data_ptr = (uintptr_t)data,
   };

   gem_counters.pread_bytes += size_bytes;
   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_PREAD, &args);
}

int
gem_mmap(int fd, uint32_t handle, uint64_t type, uint64_t size_bytes, void **map)
{
   struct drm_i915_gem_mmap_offset args = { .handle = handle, .flags = type };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &args);

   if (error)
      return error;
   *map = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, args.offset);
   return *map == MAP_FAILED ? -errno : 0;
}

int
gem_set_domain(int fd, uint32_t handle, uint32_t read_domains, uint32_t write_domain)
{
   struct drm_i915_gem_set_domain args = {
      .handle = handle,
      .read_domains = read_domains,
      .write_domain = write_domain,
   };

   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_SET_DOMAIN, &args);
}

int
gem_set_tiling(int fd, uint32_t handle, uint32_t tiling, uint32_t stride_bytes)
{
   struct drm_i915_gem_set_tiling args = {
      .handle = handle,
      .tiling_mode = tiling,
      .stride = stride_bytes,
   };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_SET_TILING, &args);

   /* The kernel may grant less than was asked for; the callers depend on what they ask for. */
   if (!error && args.tiling_mode != tiling)
      return -EINVAL;
   return error;
}

int
gem_get_tiling(int fd, uint32_t handle, uint32_t *tiling, uint32_t *swizzle)
{
   struct drm_i915_gem_get_tiling args = { .handle = handle };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_GET_TILING, &args);

   *tiling = args.tiling_mode;
   *swizzle = args.swizzle_mode;
   return error;
}

int
gem_execbuffer(int fd, struct drm_i915_gem_execbuffer2 *execbuffer)
{
   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_EXECBUFFER2, execbuffer);
}

int
gem_wait(int fd, uint32_t handle, int64_t timeout_ns)
{
   struct drm_i915_gem_wait args = { .bo_handle = handle, .timeout_ns = timeout_ns };

   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_WAIT, &args);
}

int
gem_busy(int fd, uint32_t handle, uint32_t *busy)
{
   struct drm_i915_gem_busy args = { .handle = handle };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_BUSY, &args);

   *busy = args.busy;
   return error;
}

int
gem_context_create(int fd, uint32_t *context)
{
   struct drm_i915_gem_context_create args = { 0 };
   const int error = gem_ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &args);

   *context = args.ctx_id;
   return error;
}

int
gem_context_destroy(int fd, uint32_t context)
{
   struct drm_i915_gem_context_destroy args = { .ctx_id = context };

   return gem_ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &args);
}

int
gem_reset_stats(int fd, uint32_t context, struct drm_i915_reset_stats *stats)
{
   memset(stats, 0, sizeof(*stats));
   stats->ctx_id = context;
   return gem_ioctl(fd, DRM_IOCTL_I915_GET_RESET_STATS, stats);
}
