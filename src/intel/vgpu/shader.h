/*
 * SPDX-License-Identifier: MIT
 *
 * What a thread of a shader stage needs around it: the bases and tables that its messages go by.
 */

#ifndef VGPU_SHADER_H
#define VGPU_SHADER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eu/eu.h"

struct vgpu_engine;

#define VGPU_BINDING_TABLE_SIZE 256

/** Binding table entries, each decoded when a message first uses it: see surface.h. */
struct vgpu_surface_cache;
/** SAMPLER_STATEs, likewise: see sampler_priv.h. */
struct vgpu_sampler_cache;

/*
 * One draw's environment of one stage, for one host thread: what is decoded lazily is its own.
 */
struct vgpu_shader_env {
   struct vgpu_engine *engine;

   /* Graphics addresses, from STATE_BASE_ADDRESS, with their upper bounds (0: none). */
   uint32_t general_state_base;
   uint32_t surface_state_base;
   uint32_t dynamic_state_base;
   uint32_t instruction_base;

   uint32_t binding_table; /* offset from surface_state_base */
   uint32_t sampler_state; /* offset from dynamic_state_base: the first SAMPLER_STATE */

   uint32_t scratch_base;  /* offset from general_state_base */
   uint32_t scratch_bytes; /* per thread, 0: none */

   /* NULL at first; vgpu_shader_env_fini() frees them. */
   struct vgpu_surface_cache *surfaces;
   struct vgpu_sampler_cache *samplers;

   void *stage; /* the stage's own: what URB and render target writes go to */
};

/** Zeros for a stage with a struct eu_thread in it, to be freed; NULL without memory. */
static inline void *
vgpu_shader_alloc(size_t size_bytes)
{
   const size_t alignment = 64; /* no register is in two lines of a cache */
   void *memory = aligned_alloc(alignment, (size_bytes + alignment - 1) / alignment * alignment);

   return memory ? memset(memory, 0, size_bytes) : NULL;
}

#endif
