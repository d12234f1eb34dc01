/*
 * SPDX-License-Identifier: MIT
 *
 * Typed surface messages of the render cache: texels of images, with the surface's format.
 */

#include "dataport_priv.h"
#include "vgpu_engine.h"

enum {
   RC_MEDIA_BLOCK_READ = 4,
   RC_TYPED_SURFACE_READ = 5,
   RC_TYPED_ATOMIC = 6,
   RC_MEMORY_FENCE = 7,
   RC_MEDIA_BLOCK_WRITE = 10,
   RC_TYPED_SURFACE_WRITE = 13,
};

#define FORMAT_R16_UINT 0x10d
#define FORMAT_R8_UINT 0x143

/* A typed message taken apart; all are SIMD8. */
struct typed {
   const char *name;
   struct vgpu_surface *surface;
   uint32_t mask;      /* channels */
   unsigned addresses; /* registers of U, V, R, LOD that it has */
};

static bool
decode(struct vgpu_shader_env *env, const struct eu_message *msg, unsigned data_registers,
       unsigned responses, bool high, struct typed *typed)
{
   const unsigned index = dp_binding_table_index(msg);

   if (!msg->header)
      return eu_thread_fault(msg->thread, "%s without a header", typed->name);
   if (!dp_check_length(msg, typed->name, 2 + data_registers, responses))
      return false;
   typed->addresses = msg->mlen - 1 - data_registers;
   if (typed->addresses > 4)
      return eu_thread_fault(msg->thread, "%s: %u address parameters", typed->name,
                             typed->addresses);
   if (index >= BTI_SLM)
      return eu_thread_fault(msg->thread, "%s: binding table index %u", typed->name, index);
   typed->surface = vgpu_shader_env_surface(env, index);
   if (!typed->surface)
      return eu_thread_fault(msg->thread, "%s: surface %u", typed->name, index);
   if (typed->surface->type == VGPU_SURFACE_STRBUF)
      return eu_thread_fault(msg->thread, "%s of a SURFTYPE_STRBUF", typed->name);
   typed->mask = msg->exec_mask & 0xff & dp_payload(msg, 0, 7) >> (high ? 8 : 0);
   return true;
}

/* The LOD that the surface state names, and the texel that a channel's U, V and R name. */
struct place {
   uint32_t lod, layer, x, y;
};

static bool
locate(const struct typed *typed, const struct eu_message *msg, unsigned channel,
       struct place *place)
{
   const struct vgpu_surface *surface = typed->surface;
   uint32_t uvrl[4] = { 0 };

   for (unsigned i = 0; i < typed->addresses; i++)
      uvrl[i] = dp_payload(msg, 1 + i, channel);
   if (uvrl[3])
      return eu_thread_fault(msg->thread, "%s: LOD %u in the payload", typed->name, uvrl[3]);
   *place = (struct place){
      .lod = surface->min_lod + surface->mip_count,
      .layer = uvrl[2],
      .x = uvrl[0],
      .y = uvrl[1],
   };
   if (surface->type == VGPU_SURFACE_1D) {
      place->layer = uvrl[1];
      place->y = 0;
   }
   if (!surface->is_array && surface->type != VGPU_SURFACE_3D)
      place->layer = 0;
   else if (place->layer >= surface->view_extent)
      place->layer = UINT32_MAX; /* outside, whatever MinimumArrayElement is */
   if (place->layer != UINT32_MAX)
      place->layer += surface->min_array_element;
   return true;
}

static bool
memory_fault(const struct typed *typed, const struct eu_message *msg)
{
   return eu_thread_fault(msg->thread, "%s: memory that cannot be reached", typed->name);
}

static bool
fetch(const struct typed *typed, const struct place *place, uint32_t rgba[4])
{
   if (typed->surface->type == VGPU_SURFACE_BUFFER)
      return vgpu_surface_fetch_entry(typed->surface, place->x, rgba);
   return vgpu_surface_fetch(typed->surface, place->lod, place->layer, place->x, place->y, rgba);
}

static bool
store(const struct typed *typed, const struct place *place, const uint32_t rgba[4], unsigned mask)
{
   if (typed->surface->type == VGPU_SURFACE_BUFFER)
      return vgpu_surface_store_entry(typed->surface, place->x, rgba, mask);
   return vgpu_surface_store(typed->surface, place->lod, place->layer, place->x, place->y, rgba,
                             mask);
}

static bool
typed_read(struct vgpu_shader_env *env, const struct eu_message *msg)
{
   const unsigned control = dp_control(msg), off = control & 0xf;
   struct typed typed = { .name = "typed surface read" };

   if (!decode(env, msg, 0, (unsigned)__builtin_popcount(~off & 0xf), control >> 5 & 1, &typed))
      return false;
   const struct vgpu_format *format = typed.surface->format;
   /* R8_UINT and R16_UINT are not in the PRM's table of typed reads, but drivers use them. */
   if (typed.surface->type != VGPU_SURFACE_NULL && !(format->uses & VGPU_USE_TYPED_READ) &&
       format->number != FORMAT_R8_UINT && format->number != FORMAT_R16_UINT)
      return eu_thread_fault(msg->thread, "%s: %s", typed.name, format->name);
   for (unsigned c = 0; c < 8; c++) {
      uint32_t rgba[4];
      struct place place;
      unsigned reg = 0;

      if (!(typed.mask >> c & 1))
         continue;
      if (!locate(&typed, msg, c, &place))
         return false;
      if (!fetch(&typed, &place, rgba))
         return memory_fault(&typed, msg);
      for (unsigned k = 0; k < 4; k++) {
         if (!(off >> k & 1))
            dp_respond(msg, reg++, c, rgba[k]);
      }
   }
   return true;
}

static bool
typed_write(struct vgpu_shader_env *env, const struct eu_message *msg)
{
   const unsigned control = dp_control(msg), off = control & 0xf;
   const unsigned components = (unsigned)__builtin_popcount(~off & 0xf);
   struct typed typed = { .name = "typed surface write" };

   if (!decode(env, msg, components, 0, control >> 5 & 1, &typed))
      return false;
   if (typed.surface->type == VGPU_SURFACE_NULL)
      return true;
   if (!(typed.surface->format->uses & VGPU_USE_TYPED_WRITE))
      return eu_thread_fault(msg->thread, "%s: %s", typed.name, typed.surface->format->name);
   for (unsigned c = 0; c < 8; c++) {
      unsigned reg = 1 + typed.addresses;
      uint32_t rgba[4] = { 0 };
      struct place place;

      if (!(typed.mask >> c & 1))
         continue;
      if (!locate(&typed, msg, c, &place))
         return false;
      for (unsigned k = 0; k < 4; k++) {
         if (!(off >> k & 1))
            rgba[k] = dp_payload(msg, reg++, c);
      }
      if (!store(&typed, &place, rgba, ~off & 0xf))
         return memory_fault(&typed, msg);
   }
   return true;
}

static bool
typed_atomic(struct vgpu_shader_env *env, const struct eu_message *msg)
{
   const unsigned control = dp_control(msg), op = control & 0xf;
   const unsigned sources = dp_atomic_sources(op);
   const bool returns = control >> 5 & 1;
   struct typed typed = { .name = "typed atomic operation" };

   if (op == 0)
      return eu_thread_fault(msg->thread, "%s: CMPWR_2W", typed.name);
   if (!decode(env, msg, sources, returns, control >> 4 & 1, &typed))
      return false;
   if (typed.surface->type != VGPU_SURFACE_NULL &&
       !(typed.surface->format->uses & VGPU_USE_TYPED_ATOMIC))
      return eu_thread_fault(msg->thread, "%s: %s", typed.name, typed.surface->format->name);
   for (unsigned c = 0; c < 8; c++) {
      const unsigned reg = 1 + typed.addresses;
      uint32_t rgba[4], returned;
      struct place place;

      if (!(typed.mask >> c & 1))
         continue;
      if (!locate(&typed, msg, c, &place))
         return false;
      if (!fetch(&typed, &place, rgba))
         return memory_fault(&typed, msg);
      dp_atomic(op, rgba[0], dp_payload(msg, reg, c), dp_payload(msg, reg + 1, c), &rgba[0],
                &returned);
      if (typed.surface->type != VGPU_SURFACE_NULL && !store(&typed, &place, rgba, 1))
         return memory_fault(&typed, msg);
      if (returns)
         dp_respond(msg, 0, c, returned);
   }
   return true;
}

bool
vgpu_dp_render_cache_typed(void *opaque, const struct eu_message *msg)
{
   switch (dp_type(msg)) {
   case RC_TYPED_SURFACE_READ:
      return typed_read(opaque, msg);
   case RC_TYPED_SURFACE_WRITE:
      return typed_write(opaque, msg);
   case RC_TYPED_ATOMIC:
      return typed_atomic(opaque, msg);
   case RC_MEMORY_FENCE:
      return true;
   case RC_MEDIA_BLOCK_READ:
      return eu_thread_fault(msg->thread, "media block read");
   case RC_MEDIA_BLOCK_WRITE:
      return eu_thread_fault(msg->thread, "media block write");
   }
   return eu_thread_fault(msg->thread, "%s: message type %u", eu_sfid_name(msg->sfid),
                          dp_type(msg));
}
