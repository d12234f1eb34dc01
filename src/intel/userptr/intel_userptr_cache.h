/*
 * SPDX-License-Identifier: MIT
 *
 * Objects over client memory that are kept for the next transfer from or to
 * the same bytes.
 *
 * An object never has stale pages: the kernel compares a sequence number at
 * each use, and looks up the pages anew if their mapping has changed. But it
 * may hold pages that the client has unmapped since. Kernels that release them
 * (intel_userptr_caps::releases_idle) are the only ones where anything is kept.
 *
 * The memory may be gone, or read-only, when an object is taken: have the
 * kernel get its pages (intel_userptr_i915_get_pages()) before a batch uses it.
 */

#ifndef INTEL_USERPTR_CACHE_H
#define INTEL_USERPTR_CACHE_H

#include <pthread.h>
#include <sys/types.h>

#include "intel_userptr.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INTEL_USERPTR_CACHE_OBJECTS 8
#define INTEL_USERPTR_CACHE_BYTES (128ull << 20)
/** How long an object is kept for nothing, in seconds. */
#define INTEL_USERPTR_CACHE_SECONDS 2

struct intel_userptr_cache {
   pthread_mutex_t lock;
   bool enabled;

   /**
    * Whose memory it is
    *
    * After fork(), the child has the same file, but none of the memory. It
    * must not close what its parent keeps, so for it nothing is there.
    */
   pid_t owner;

   /** Those that were put in first come first. */
   struct {
      struct intel_userptr_range range;
      enum intel_userptr_flags flags;
      int64_t seconds; /**< when it was put in */
      void *object;
   } entries[INTEL_USERPTR_CACHE_OBJECTS + 1];
   unsigned count;
   uint64_t bytes; /**< of the pages of all entries */

   uint64_t hits, misses;
};

void intel_userptr_cache_init(struct intel_userptr_cache *cache,
                              const struct intel_userptr_caps *caps);

/** There must be no entries any more: see intel_userptr_cache_evict(). */
void intel_userptr_cache_fini(struct intel_userptr_cache *cache);

/**
 * Take an object of exactly this range and with these flags.
 *
 * It is the caller's then, and nobody else gets it. Returns NULL if there is
 * none.
 */
void *intel_userptr_cache_take(struct intel_userptr_cache *cache,
                               const struct intel_userptr_range *range,
                               enum intel_userptr_flags flags);

/**
 * Give an object to the cache; now is any clock in seconds.
 *
 * Returns false if it must not be kept, so that the caller has to close it.
 * After true, the caller closes what intel_userptr_cache_evict() returns.
 */
bool intel_userptr_cache_put(struct intel_userptr_cache *cache,
                             const struct intel_userptr_range *range,
                             enum intel_userptr_flags flags,
                             void *object, int64_t now);

/**
 * Take an object that is too much or too old; NULL if there is none.
 *
 * At INT64_MAX all are too old.
 */
void *intel_userptr_cache_evict(struct intel_userptr_cache *cache,
                                int64_t now);

#ifdef __cplusplus
}
#endif

#endif /* INTEL_USERPTR_CACHE_H */
