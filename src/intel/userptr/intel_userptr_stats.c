/*
 * SPDX-License-Identifier: MIT
 */

#include "intel_userptr_stats.h"

#include <inttypes.h>
#include <stdio.h>

void
intel_userptr_stats_print(const struct intel_userptr_stats *stats,
                          const struct intel_userptr_cache *cache)
{
   fprintf(stderr,
           "userptr: %" PRIu64 " objects made, %" PRIu64 " kept ones used "
           "again; %" PRIu64 " bytes in place by the GPU, %" PRIu64 " bytes of "
           "images by the CPU\n",
           stats->objects, cache->hits, stats->gpu_bytes, stats->cpu_bytes);
}
