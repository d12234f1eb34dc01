/*
 * SPDX-License-Identifier: MIT
 *
 * What a driver has done with the client's memory, for INTEL_DEBUG=userptr.
 */

#ifndef INTEL_USERPTR_STATS_H
#define INTEL_USERPTR_STATS_H

#include <stdint.h>

#include "intel_userptr_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Counts of one device; drivers add to them by p_atomic_add(). */
struct intel_userptr_stats {
   uint64_t objects;   /**< that were made of client memory */
   uint64_t gpu_bytes; /**< of client memory that the GPU accesses for a transfer */
   uint64_t cpu_bytes; /**< of images that the CPU accesses by a map */
};

/** Say it on stderr, with what the cache has counted. */
void intel_userptr_stats_print(const struct intel_userptr_stats *stats,
                               const struct intel_userptr_cache *cache);

#ifdef __cplusplus
}
#endif

#endif /* INTEL_USERPTR_STATS_H */
