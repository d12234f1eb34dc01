/*
 * SPDX-License-Identifier: MIT
 *
 * GEM objects over the client's own memory ("userptr"), for every driver of
 * Intel GPUs: which pages to wrap, and how to have the kernel check them.
 */

#ifndef INTEL_USERPTR_H
#define INTEL_USERPTR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a buffer must be aligned to if it may be bound anywhere.
 *
 * Push constants are fetched from multiples of 32 bytes, and the GL promises
 * that what it maps is aligned to MIN_MAP_BUFFER_ALIGNMENT, at least 64.
 */
#define INTEL_USERPTR_ANY_USE_ALIGNMENT 64

/** The whole pages around a range of bytes. */
struct intel_userptr_range {
   uint64_t start; /**< address of the first page */
   uint64_t size;  /**< of the pages, in bytes */
   uint32_t delta; /**< from the start of the first page to the first byte */
};

/** As intel_ioctl(): restarts, and returns -1 with errno set on failure. */
typedef int (*intel_userptr_ioctl)(int fd, unsigned long request, void *arg);

/**
 * Round a range of bytes to whole pages.
 *
 * Returns false if there is no such range: it is empty, starts at NULL, or
 * its last page reaches beyond the address space.
 */
bool intel_userptr_round(struct intel_userptr_range *range, const void *ptr,
                         uint64_t size, uint64_t page_size);

/**
 * Make an i915 GEM object of whole pages that are known to be there.
 *
 * An object over a hole, a device mapping or read-only memory can be made,
 * but then every batch that uses it fails. So have the kernel get the pages.
 * With probe_only, it looks for mappings (I915_USERPTR_PROBE): that pins
 * nothing, but does not see that memory is read-only.
 *
 * Returns the handle, or 0 with errno set.
 */
uint32_t intel_userptr_i915_create(int fd, intel_userptr_ioctl ioctl,
                                   const struct intel_userptr_range *range,
                                   bool probe_only);

#ifdef __cplusplus
}
#endif

#endif /* INTEL_USERPTR_H */
