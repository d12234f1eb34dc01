/*
 * SPDX-License-Identifier: MIT
 *
 * The in-process front end: libvgpu behind the drm-shim of Mesa's source, which catches the libc
 * calls of a program that has it preloaded. The files drm_shim*.c play the kernel's part, i915's
 * uAPI of Linux 6.12 (include/uapi/drm/i915_drm.h).
 *
 * Everything runs in the ioctl, under one lock: a batch has ended when EXECBUFFER2 returns.
 */

#ifndef VGPU_DRM_SHIM_PRIV_H
#define VGPU_DRM_SHIM_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "drm-shim/drm_shim.h"
#include "drm-uapi/i915_drm.h"

#include "vgpu.h"

#define SHIM_PAGE 4096ull
#define SHIM_GTT_SIZE (1ull << 31)

/** An object of GEM. base must be the first: drm-shim keeps the handles and frees it. */
struct shim_object {
   struct shim_bo base;
   uint64_t size;
   uint8_t *host; /* its memory in this process; of a userptr the application's own */
   uint64_t gpa;  /* where the device sees that memory */
   bool userptr;
   bool bound; /* has an address in the PPGTT */
   bool mapped_gtt;
   uint64_t address;
   uint32_t tiling, stride;
   uint32_t caching;
   uint64_t exec;   /* the last submission that names it */
   uint64_t placed; /* the last one that gave it its address */
   struct shim_fd *file_end;        /* no object: it is freed when this file is closed */
   struct shim_object *next, *prev; /* in the list of those that are bound */
};

struct shim_context {
   bool used, banned;
   uint32_t slot; /* of its image in the GGTT */
   struct shim_fd *file;
   uint32_t id;
   int64_t priority;
   bool no_recover, no_error_capture, not_bannable, not_persistent;
   uint32_t hangs;
};

/* drm_shim.c */
void shim_lock(void);
void shim_unlock(void);
/** Says what is not played, or went wrong. */
void shim_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** What an ioctl returns: libc's convention for a negative errno. */
int shim_return(int ret);
/** \return 0 or -EFAULT, where a memcpy() would end the program */
int shim_copy_from_user(void *to, uint64_t from, uint64_t size);
int shim_copy_to_user(uint64_t to, const void *from, uint64_t size);

/* drm_shim_gem.c */
struct shim_object *shim_object_find(int fd, uint32_t handle);
/** Gives a new object its place in the device and its handle. \return 0 or negative errno */
int shim_object_add(int fd, struct shim_object *object, uint32_t *handle);
void shim_object_free(struct shim_bo *bo);
int shim_gem_create(int fd, unsigned long request, void *arg);
int shim_gem_mmap(int fd, unsigned long request, void *arg);
int shim_gem_mmap_offset(int fd, unsigned long request, void *arg);
int shim_gem_pread(int fd, unsigned long request, void *arg);
int shim_gem_pwrite(int fd, unsigned long request, void *arg);
int shim_gem_set_tiling(int fd, unsigned long request, void *arg);
int shim_gem_get_tiling(int fd, unsigned long request, void *arg);
int shim_gem_set_domain(int fd, unsigned long request, void *arg);
int shim_gem_busy(int fd, unsigned long request, void *arg);
int shim_gem_wait(int fd, unsigned long request, void *arg);
int shim_gem_madvise(int fd, unsigned long request, void *arg);
int shim_gem_set_caching(int fd, unsigned long request, void *arg);
int shim_gem_get_caching(int fd, unsigned long request, void *arg);

/* drm_shim_query.c */
int shim_query(int fd, unsigned long request, void *arg);

/* drm_shim_userptr.c */
int shim_gem_userptr(int fd, unsigned long request, void *arg);
/** What get_user_pages() finds out: \return 0, or -EFAULT if not all is mapped and writable */
int shim_userptr_check(const struct shim_object *object);

/* drm_shim_context.c */
struct shim_context *shim_context_find(int fd, uint32_t id);
/** Drops the contexts of a file that is closed. */
void shim_context_drop(const struct shim_fd *file);
int shim_context_create(int fd, unsigned long request, void *arg);
int shim_context_destroy(int fd, unsigned long request, void *arg);
int shim_context_getparam(int fd, unsigned long request, void *arg);
int shim_context_setparam(int fd, unsigned long request, void *arg);
int shim_get_reset_stats(int fd, unsigned long request, void *arg);

/* drm_shim_exec.c */
/** Takes an object out of the PPGTT. */
void shim_object_unbind(struct shim_object *object);
int shim_execbuffer2(int fd, unsigned long request, void *arg);
int shim_syncobj_create(int fd, unsigned long request, void *arg);
int shim_syncobj_destroy(int fd, unsigned long request, void *arg);
int shim_syncobj_wait(int fd, unsigned long request, void *arg);
int shim_syncobj_signal(int fd, unsigned long request, void *arg);
int shim_syncobj_reset(int fd, unsigned long request, void *arg);

/* drm_shim_gpu.c */
/** The device, made and set up at its first use. \return 0 or negative errno */
int shim_gpu_start(void);
int shim_gpu_map(uint64_t gpa, uint64_t size, void *host);
void shim_gpu_unmap(uint64_t gpa, uint64_t size);
/** Writes page table entries; gpa 0 makes them invalid. */
void shim_gpu_ppgtt(uint64_t address, uint64_t gpa, uint64_t size);
/** Makes the image of a new context. */
int shim_gpu_context_init(uint32_t slot);
void shim_gpu_context_fini(uint32_t slot);
/**
 * Runs a batch to its end.
 * \param slot  of the context; -1 on the engines without contexts
 * \return 0, or -EIO after a hang, for which the engine is reset
 */
int shim_gpu_submit(bool blitter, int slot, uint32_t batch);
bool shim_gpu_read_register(uint32_t offset, uint64_t *value);

#define SHIM_MAX_CONTEXTS 1024

#endif
