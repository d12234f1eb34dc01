/*
 * SPDX-License-Identifier: MIT
 *
 * The data port (IVB PRM Vol4 Part1, "Data Port"): block, scattered, untyped and typed access to
 * buffers, images and scratch space. Render target messages are the pipeline's.
 */

#ifndef VGPU_DATAPORT_H
#define VGPU_DATAPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "eu/eu.h"
#include "surface.h"

/**
 * Messages to EU_SFID_DP_SAMPLER_CACHE, _CONSTANT_CACHE and _DATA_CACHE.
 * \param opaque  the thread's struct vgpu_shader_env
 * \return false after the thread's or the engine's fault
 */
bool vgpu_dp_sampler_cache_send(void *opaque, const struct eu_message *msg);
bool vgpu_dp_constant_cache_send(void *opaque, const struct eu_message *msg);
bool vgpu_dp_data_cache_send(void *opaque, const struct eu_message *msg);

/** Messages to EU_SFID_DP_RENDER_CACHE other than render target writes. */
bool vgpu_dp_render_cache_typed(void *opaque, const struct eu_message *msg);

#endif
