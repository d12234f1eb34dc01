/*
 * SPDX-License-Identifier: MIT
 *
 * The i915 uAPI, one function an ioctl. All return 0 or a negative errno unless said otherwise.
 */

#ifndef GEM_H
#define GEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <i915_drm.h>

#define GEM_PAGE_SIZE 4096u

/** What this process has had done through this file so far. */
extern struct gem_counters {
   uint64_t ioctls;
   uint64_t pwrite_bytes, pread_bytes; /* copied by the CPU, in the kernel */
} gem_counters;

/** drmIoctl(), counted. */
int gem_ioctl(int fd, unsigned long request, void *argument);

/** Opens i915's node below /dev/dri. \return a file descriptor, or a negative errno */
int gem_open(void);

/** As gem_open() for the primary node, cardN. */
int gem_open_primary(void);

/** Whether this is an Ivybridge: batches of this library are for no other. */
bool gem_is_ivybridge(int fd);

int gem_getparam(int fd, int param, int *value);

int gem_create(int fd, uint64_t size_bytes, uint32_t *handle);
int gem_close(int fd, uint32_t handle);

/** Wraps memory of this process. \param flags I915_USERPTR_* */
int gem_userptr(int fd, void *memory, uint64_t size_bytes, uint32_t flags, uint32_t *handle);

int gem_pwrite(int fd, uint32_t handle, uint64_t offset, const void *data, uint64_t size_bytes);
int gem_pread(int fd, uint32_t handle, uint64_t offset, void *data, uint64_t size_bytes);

/** Maps an object. \param type I915_MMAP_OFFSET_GTT (through the aperture), _WC or _WB */
int gem_mmap(int fd, uint32_t handle, uint64_t type, uint64_t size_bytes, void **map);

int gem_set_domain(int fd, uint32_t handle, uint32_t read_domains, uint32_t write_domain);

/** \param stride_bytes 0 for I915_TILING_NONE */
int gem_set_tiling(int fd, uint32_t handle, uint32_t tiling, uint32_t stride_bytes);
int gem_get_tiling(int fd, uint32_t handle, uint32_t *tiling, uint32_t *swizzle);

int gem_execbuffer(int fd, struct drm_i915_gem_execbuffer2 *execbuffer);

/** Waits until the object is idle. \param timeout_ns negative for no limit */
int gem_wait(int fd, uint32_t handle, int64_t timeout_ns);
int gem_busy(int fd, uint32_t handle, uint32_t *busy);

int gem_context_create(int fd, uint32_t *context);
int gem_context_destroy(int fd, uint32_t context);
int gem_reset_stats(int fd, uint32_t context, struct drm_i915_reset_stats *stats);

/** The size rounded up to whole pages. */
static inline uint64_t
gem_page_align(uint64_t size_bytes)
{
   return (size_bytes + GEM_PAGE_SIZE - 1) & ~(uint64_t)(GEM_PAGE_SIZE - 1);
}

#endif
