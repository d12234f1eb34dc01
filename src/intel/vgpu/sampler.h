/*
 * SPDX-License-Identifier: MIT
 *
 * The sampling engine (IVB PRM Vol4 Part1, "Sampling Engine"): messages that filter, fetch and
 * query textures.
 */

#ifndef VGPU_SAMPLER_H
#define VGPU_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "eu/eu.h"
#include "surface.h"

/**
 * A message to EU_SFID_SAMPLER.
 * \param opaque  the thread's struct vgpu_shader_env
 * \return false after the thread's or the engine's fault
 */
bool vgpu_sampler_send(void *opaque, const struct eu_message *msg);

#endif
