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

/** A range of the client's bytes, and the whole pages around it. */
struct intel_userptr_range {
   uint64_t start; /**< address of the first page */
   uint64_t size;  /**< of the pages, in bytes */
   uint32_t delta; /**< from the start of the first page to the first byte */
   uint64_t bytes; /**< how many of them are the client's */
};

/** As intel_ioctl(): restarts, and returns -1 with errno set on failure. */
typedef int (*intel_userptr_ioctl)(int fd, unsigned long request, void *arg);

/** What is to be made of a range. */
enum intel_userptr_flags {
   /**
    * Look for mappings only (I915_USERPTR_PROBE).
    *
    * That pins nothing, but does not see that memory is read-only.
    */
   INTEL_USERPTR_PROBE_ONLY = 1 << 0,

   /**
    * The GPU will only read (I915_USERPTR_READ_ONLY).
    *
    * So the client need not be allowed to write, either. Only for GPUs whose
    * page tables have read-only entries: intel_userptr_caps::read_only.
    */
   INTEL_USERPTR_READ_ONLY = 1 << 1,

   /**
    * Relocations to the object point to the client's first byte
    * (I915_USERPTR_BYTE_RANGE): intel_userptr_caps::byte_range.
    *
    * Nothing else changes: the object consists of the same pages.
    */
   INTEL_USERPTR_BYTE_RANGE = 1 << 2,
};

/** What GEM_USERPTR of this kernel can do on this GPU. */
struct intel_userptr_caps {
   /** I915_USERPTR_BYTE_RANGE is known */
   bool byte_range;

   /**
    * Idle objects give their pages back when the client unmaps them
    *
    * Only then an object may be kept for a next use.
    */
   bool releases_idle;

   /** I915_USERPTR_READ_ONLY works */
   bool read_only;
};

/**
 * Round a range of bytes to whole pages.
 *
 * Returns false if there is no such range: it is empty, starts at NULL, or
 * its last page reaches beyond the address space.
 */
bool intel_userptr_round(struct intel_userptr_range *range, const void *ptr,
                         uint64_t size, uint64_t page_size);

/** Ask the kernel what it can do. */
void intel_userptr_i915_get_caps(int fd, intel_userptr_ioctl ioctl,
                                 struct intel_userptr_caps *caps);

/**
 * Make an i915 GEM object of whole pages that are known to be there.
 *
 * An object over a hole, a device mapping or memory that may not be written
 * can be made, but then every batch that uses it fails. So have the kernel get
 * the pages, or look for them with INTEL_USERPTR_PROBE_ONLY.
 *
 * Returns the handle, or 0 with errno set.
 */
uint32_t intel_userptr_i915_create(int fd, intel_userptr_ioctl ioctl,
                                   const struct intel_userptr_range *range,
                                   enum intel_userptr_flags flags);

/**
 * Have the kernel get the pages of an object, those that are mapped now.
 *
 * Returns false with errno set if it cannot.
 */
bool intel_userptr_i915_get_pages(int fd, intel_userptr_ioctl ioctl,
                                  uint32_t handle);

#ifdef __cplusplus
}
#endif

#endif /* INTEL_USERPTR_H */
