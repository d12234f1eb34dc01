/*
 * SPDX-License-Identifier: MIT
 *
 * What sampler_quick.c and the versions of its inner loop share.
 */

#ifndef VGPU_SAMPLER_QUICK_H
#define VGPU_SAMPLER_QUICK_H

#include "sampler_priv.h"

/* Channels that go through the inner loop together. */
#define QUICK_CHANNELS 8

/* Where a component is in a texel. */
struct quick_source {
   bool is_constant;
   uint8_t start;
   float constant;
};

/* What all channels of a message have in common. */
struct quick_job {
   struct vgpu_surface *surface;
   const struct GFX7_SAMPLER_STATE *state;
   int offset[2];
   struct quick_source rgba[4];
};

/* One level, and how it is filtered. */
struct quick_level {
   struct vgpu_surface_image image;
   bool linear;
};

/**
 * Samples a level. \param u, v  of each channel, must be where there is memory
 * \return false after a fault of the engine
 */
typedef bool (*quick_level_fn)(const struct quick_job *job, const struct quick_level *level,
                               const float u[QUICK_CHANNELS], const float v[QUICK_CHANNELS],
                               float rgba[4][QUICK_CHANNELS]);

#if defined(__x86_64__)
/* For processors with AVX2. */
bool vgpu_sampler_level_avx2(const struct quick_job *job, const struct quick_level *level,
                             const float u[QUICK_CHANNELS], const float v[QUICK_CHANNELS],
                             float rgba[4][QUICK_CHANNELS]);
#endif

#endif
