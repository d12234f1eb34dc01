/*
 * SPDX-License-Identifier: MIT
 *
 * The sampler's inner loop for processors with AVX2. Without FMA, which would round once where
 * sampler_filter.c rounds twice.
 */

#if defined(__x86_64__)

#include "sampler_quick.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#define N 8
#include "sampler_level.h"

bool
vgpu_sampler_level_avx2(const struct quick_job *job, const struct quick_level *level,
                        const float u[QUICK_CHANNELS], const float v[QUICK_CHANNELS],
                        float rgba[4][QUICK_CHANNELS])
{
   return sample_level(job, level, u, v, rgba);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
