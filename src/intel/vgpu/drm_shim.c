/*
 * SPDX-License-Identifier: MIT
 *
 * The in-process front end: what drm-shim asks a driver for, GETPARAM and its like. The values are
 * those of i915 of Linux 6.12 on a desktop Ivybridge GT2.
 */

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "drm_shim_priv.h"

#define CHIPSET_ID 0x0162

bool drm_shim_driver_prefers_first_render_node = true;
/* drm-shim's table of the ioctls that are no driver's own. */
extern ioctl_fn_t core_ioctls[];

static pthread_mutex_t mutex;
static ioctl_fn_t core_gem_close, core_get_cap;

void
shim_lock(void)
{
   pthread_mutex_lock(&mutex);
}

void
shim_unlock(void)
{
   pthread_mutex_unlock(&mutex);
}

void
shim_say(const char *format, ...)
{
   char text[1024];
   va_list args;

   va_start(args, format);
   vsnprintf(text, sizeof(text), format, args);
   va_end(args);
   fprintf(stderr, "vgpu in-process: %s\n", text);
}

int
shim_return(int ret)
{
   if (ret >= 0)
      return ret;
   errno = -ret;
   return -1;
}

static int
copy(void *ours, uint64_t theirs, uint64_t size, bool write)
{
   while (size) {
      struct iovec local = { .iov_base = ours, .iov_len = size };
      struct iovec remote = { .iov_base = (void *)(uintptr_t)theirs, .iov_len = size };
      const ssize_t done = write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
                                 : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
      if (done <= 0)
         return -EFAULT;
      ours = (uint8_t *)ours + done;
      theirs += done;
      size -= done;
   }
   return 0;
}

int
shim_copy_from_user(void *to, uint64_t from, uint64_t size)
{
   return copy(to, from, size, false);
}

int
shim_copy_to_user(uint64_t to, const void *from, uint64_t size)
{
   return copy((void *)from, to, size, true);
}

#define PARAM_HAS_USERPTR_BYTE_RANGE 60
#define PARAM_HAS_USERPTR_RELEASE 61

static int
getparam(int fd, unsigned long request, void *arg)
{
   const drm_i915_getparam_t *gp = arg;
   int value;

   switch (gp->param) {
   case I915_PARAM_CHIPSET_ID:
      value = CHIPSET_ID;
      break;
   case I915_PARAM_REVISION:
      value = 9;
      break;
   case I915_PARAM_HAS_GEM:
   case I915_PARAM_HAS_BLT:
   case I915_PARAM_HAS_LLC:
   case I915_PARAM_HAS_RELAXED_FENCING:
   case I915_PARAM_HAS_COHERENT_RINGS:
   case I915_PARAM_HAS_RELAXED_DELTA:
   case I915_PARAM_HAS_WAIT_TIMEOUT:
   case I915_PARAM_HAS_EXECBUF2:
   case I915_PARAM_HAS_PINNED_BATCHES:
   case I915_PARAM_HAS_EXEC_NO_RELOC:
   case I915_PARAM_HAS_EXEC_HANDLE_LUT:
   case I915_PARAM_HAS_EXEC_SOFTPIN:
   case I915_PARAM_HAS_EXEC_BATCH_FIRST:
   case I915_PARAM_HAS_EXEC_FENCE_ARRAY:
   case I915_PARAM_HAS_EXEC_CAPTURE:
   case I915_PARAM_HAS_EXEC_ASYNC:
   case I915_PARAM_HAS_PRIME_VMAP_FLUSH:
   case I915_PARAM_HAS_USERPTR_PROBE:
   case I915_PARAM_MMAP_VERSION:
   case I915_PARAM_HAS_ALIASING_PPGTT: /* I915_GEM_PPGTT_ALIASING */
      value = 1;
      break;
   case I915_PARAM_MMAP_GTT_VERSION:
      value = 4;
      break;
   case I915_PARAM_NUM_FENCES_AVAIL:
      value = 32;
      break;
   /*
    * Not played: the video engine, sync files, the command parser (every batch runs as one that
    * it has not found good) and batches of the kernel's rights. GT and slices are not told on Gen7.
    */
   case I915_PARAM_HAS_BSD:
   case I915_PARAM_HAS_EXEC_FENCE:
   case I915_PARAM_HAS_EXEC_TIMELINE_FENCES:
   case I915_PARAM_HAS_SECURE_BATCHES:
   case I915_PARAM_CMD_PARSER_VERSION:
   case I915_PARAM_HAS_VEBOX:
   case I915_PARAM_HAS_BSD2:
   case I915_PARAM_HAS_WT:
   case I915_PARAM_HAS_SEMAPHORES:
   case I915_PARAM_HAS_OVERLAY:
   case I915_PARAM_HAS_PAGEFLIPPING:
   case I915_PARAM_HAS_SCHEDULER:
   case I915_PARAM_HAS_GPU_RESET:
   case I915_PARAM_HAS_RESOURCE_STREAMER:
   case I915_PARAM_HAS_POOLED_EU:
   case I915_PARAM_MIN_EU_IN_POOL:
   case I915_PARAM_HUC_STATUS:
   case I915_PARAM_HAS_CONTEXT_ISOLATION:
      value = 0;
      break;
   /*
    * Of kernel-patches/, and true here, as an object of the application's memory is nothing but an
    * address. Debian's kernel does not know it, and that is the one that is played, unless the
    * environment says otherwise.
    */
   case PARAM_HAS_USERPTR_RELEASE: {
      const char *kernel = getenv("VGPU_DRM_SHIM_KERNEL");
      if (!kernel || strcmp(kernel, "patched"))
         return shim_return(-EINVAL);
      value = 1;
      break;
   }
   /* Of kernel-patches/, too, and optional there: an object is of whole pages here. */
   case PARAM_HAS_USERPTR_BYTE_RANGE:
      return shim_return(-EINVAL);
   case I915_PARAM_PERF_REVISION: /* i915's own, with performance counters or without */
      value = 7;
      break;
   case I915_PARAM_CS_TIMESTAMP_FREQUENCY:
      value = 12500000;
      break;
   case I915_PARAM_SLICE_MASK:
   case I915_PARAM_SUBSLICE_MASK:
   case I915_PARAM_SUBSLICE_TOTAL:
   case I915_PARAM_EU_TOTAL:
      return shim_return(-ENODEV);
   default:
      shim_say("GETPARAM %d is not played", gp->param);
      return shim_return(-EINVAL);
   }
   return shim_return(shim_copy_to_user((uintptr_t)gp->value, &value, sizeof(value)));
}

static int
get_aperture(int fd, unsigned long request, void *arg)
{
   struct drm_i915_gem_get_aperture *aperture = arg;

   aperture->aper_size = SHIM_GTT_SIZE;
   aperture->aper_available_size = SHIM_GTT_SIZE;
   return 0;
}

static int
reg_read(int fd, unsigned long request, void *arg)
{
   struct drm_i915_reg_read *reg = arg;
   uint64_t value = 0;

   shim_lock();
   int ret = shim_gpu_start();
   if (!ret && !shim_gpu_read_register(reg->offset & ~7ull, &value)) {
      shim_say("REG_READ of 0x%llx is not played", (unsigned long long)reg->offset);
      ret = -EINVAL;
   }
   reg->val = value;
   shim_unlock();
   return shim_return(ret);
}

/** Every submission has ended when its ioctl returned. */
static int
throttle(int fd, unsigned long request, void *arg)
{
   return 0;
}

static int
gem_close(int fd, unsigned long request, void *arg)
{
   const struct drm_gem_close *close = arg;

   shim_lock();
   const int ret = close->handle ? core_gem_close(fd, request, arg) : -EINVAL;
   shim_unlock();
   return shim_return(ret);
}

/** drm-shim's own table answers some ioctls with a success that nothing stands behind. */
/* As drm-shim's, but GBM makes its buffers here only where they can be exported. */
static int
get_cap(int fd, unsigned long request, void *arg)
{
   struct drm_get_cap *cap = arg;

   if (cap->capability != DRM_CAP_PRIME)
      return core_get_cap(fd, request, arg);
   cap->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
   return 0;
}

static int
not_played(int fd, unsigned long request, void *arg)
{
   shim_say("DRM ioctl 0x%02lx is not played", request & 0xff);
   return shim_return(-EOPNOTSUPP);
}

static ioctl_fn_t driver_ioctls[] = {
   [DRM_I915_GETPARAM] = getparam,
   [DRM_I915_GEM_CREATE] = shim_gem_create,
   [DRM_I915_GEM_PREAD] = shim_gem_pread,
   [DRM_I915_GEM_PWRITE] = shim_gem_pwrite,
   [DRM_I915_GEM_MMAP] = shim_gem_mmap,
   [DRM_I915_GEM_MMAP_GTT] = shim_gem_mmap_offset, /* GEM_MMAP_OFFSET has the same number */
   [DRM_I915_GEM_SET_DOMAIN] = shim_gem_set_domain,
   [DRM_I915_GEM_SET_TILING] = shim_gem_set_tiling,
   [DRM_I915_GEM_GET_TILING] = shim_gem_get_tiling,
   [DRM_I915_GEM_GET_APERTURE] = get_aperture,
   [DRM_I915_GEM_MADVISE] = shim_gem_madvise,
   [DRM_I915_GEM_EXECBUFFER2] = shim_execbuffer2,
   [DRM_I915_GEM_BUSY] = shim_gem_busy,
   [DRM_I915_GEM_WAIT] = shim_gem_wait,
   [DRM_I915_GEM_THROTTLE] = throttle,
   [DRM_I915_GEM_CONTEXT_CREATE] = shim_context_create,
   [DRM_I915_GEM_CONTEXT_DESTROY] = shim_context_destroy,
   [DRM_I915_GEM_CONTEXT_GETPARAM] = shim_context_getparam,
   [DRM_I915_GEM_CONTEXT_SETPARAM] = shim_context_setparam,
   [DRM_I915_GET_RESET_STATS] = shim_get_reset_stats,
   [DRM_I915_REG_READ] = reg_read,
   [DRM_I915_GEM_SET_CACHING] = shim_gem_set_caching,
   [DRM_I915_GEM_GET_CACHING] = shim_gem_get_caching,
   [DRM_I915_GEM_USERPTR] = shim_gem_userptr,
   [DRM_I915_QUERY] = shim_query,
};

static void
override_file(const char *name, const char *contents)
{
   drm_shim_override_file(contents, "/sys/dev/char/%d:%d/device/%s", DRM_MAJOR, render_node_minor,
                          name);
}

void
drm_shim_driver_init(void)
{
   pthread_mutexattr_t attr;

   /* Closing a file frees its objects, in the ioctl or out of it. */
   pthread_mutexattr_init(&attr);
   pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
   pthread_mutex_init(&mutex, &attr);
   pthread_mutexattr_destroy(&attr);

   shim_device.bus_type = DRM_BUS_PCI;
   shim_device.driver_name = "i915";
   shim_device.version_major = 1;
   shim_device.version_minor = 6;
   shim_device.driver_ioctls = driver_ioctls;
   shim_device.driver_ioctl_count = sizeof(driver_ioctls) / sizeof(driver_ioctls[0]);
   shim_device.driver_bo_free = shim_object_free;

   core_gem_close = core_ioctls[_IOC_NR(DRM_IOCTL_GEM_CLOSE)];
   core_ioctls[_IOC_NR(DRM_IOCTL_GEM_CLOSE)] = gem_close;
   core_get_cap = core_ioctls[_IOC_NR(DRM_IOCTL_GET_CAP)];
   core_ioctls[_IOC_NR(DRM_IOCTL_GET_CAP)] = get_cap;
   core_ioctls[_IOC_NR(DRM_IOCTL_PRIME_HANDLE_TO_FD)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_PRIME_FD_TO_HANDLE)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_CREATE)] = shim_syncobj_create;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_DESTROY)] = shim_syncobj_destroy;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_WAIT)] = shim_syncobj_wait;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_SIGNAL)] = shim_syncobj_signal;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_RESET)] = shim_syncobj_reset;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_TRANSFER)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT)] = not_played;
   core_ioctls[_IOC_NR(DRM_IOCTL_SYNCOBJ_QUERY)] = not_played;

   override_file("uevent", "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:0162\n"
                           "PCI_SUBSYS_ID=8086:0162\nPCI_SLOT_NAME=0000:00:02.0\n"
                           "MODALIAS=pci:v00008086d00000162sv00008086sd00000162bc03sc00i00\n");
   override_file("revision", "0x09\n");
   override_file("vendor", "0x8086\n");
   override_file("device", "0x0162\n");
   override_file("subsystem_vendor", "0x8086\n");
   override_file("subsystem_device", "0x0162\n");
}
