/*
 * SPDX-License-Identifier: MIT
 *
 * Vertex fetch (IVB PRM Vol2 Part 1, "Vertex Fetch (VF) Stage").
 */

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

enum component_control {
   NOSTORE = 0,
   STORE_SRC = 1,
   STORE_0 = 2,
   STORE_1_FP = 3,
   STORE_1_INT = 4,
   STORE_VID = 5,
   STORE_IID = 6,
   STORE_PID = 7,
};

struct element {
   struct GFX7_VERTEX_ELEMENT_STATE state;
   uint32_t control[4];
   const struct vgpu_format *format;
   unsigned dwords; /* if components are what is in memory: so many; else 0 */
};

struct vgpu_vf {
   unsigned num_elements;
   struct element elements[VGPU_MAX_ELEMENTS];
   struct GFX7_VERTEX_BUFFER_STATE buffers[VGPU_NUM_VERTEX_BUFFERS];
};

/** How many components a format has, if they are DWords in the order of a vertex; else 0. */
static unsigned
whole_dwords(const struct vgpu_format *format)
{
   for (unsigned c = 0; c < format->num_channels; c++) {
      const struct vgpu_channel *channel = &format->channels[c];
      if (channel->component != c || channel->start != 32 * c || channel->bits != 32 ||
          (channel->type != VGPU_CHANNEL_FLOAT && channel->type != VGPU_CHANNEL_UINT &&
           channel->type != VGPU_CHANNEL_SINT))
         return 0;
   }
   return format->num_channels;
}

bool
vgpu_vf_init(struct vgpu_draw *draw, struct vgpu_vf **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_packet *packet =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_VERTEX_ELEMENTS_header);

   if (!packet)
      return vgpu_engine_fault(engine, "a draw without 3DSTATE_VERTEX_ELEMENTS");
   struct vgpu_vf *vf = *out = calloc(1, sizeof(*vf));
   if (!vf)
      return vgpu_engine_fault(engine, "no host memory for the vertex fetcher");

   for (unsigned i = 1; i + 1 < packet->len_dw && vf->num_elements < VGPU_MAX_ELEMENTS; i += 2) {
      struct element *e = &vf->elements[vf->num_elements++];
      GFX7_VERTEX_ELEMENT_STATE_unpack(&e->state, packet->dw + i, 2);
      e->control[0] = e->state.Component0Control;
      e->control[1] = e->state.Component1Control;
      e->control[2] = e->state.Component2Control;
      e->control[3] = e->state.Component3Control;
      if (!e->state.Valid)
         return vgpu_engine_fault(engine, "vertex element %u is not valid",
                                  vf->num_elements - 1);
      for (unsigned c = 0; c < 4; c++) {
         if (e->control[c] != STORE_SRC || e->format)
            continue;
         e->format = vgpu_format(e->state.SourceElementFormat);
         if (!e->format || !(e->format->uses & VGPU_USE_VERTEX) ||
             e->format->layout != VGPU_LAYOUT_PLAIN)
            return vgpu_engine_unmodelled(engine, "vertex format 0x%03x",
                                          e->state.SourceElementFormat);
         if (e->state.VertexBufferIndex >= VGPU_NUM_VERTEX_BUFFERS ||
             !engine->render->vertex_buffers[e->state.VertexBufferIndex].valid)
            return vgpu_engine_fault(engine, "vertex buffer %u was never set",
                                     e->state.VertexBufferIndex);
         e->dwords = whole_dwords(e->format);
      }
   }
   for (unsigned i = 0; i < VGPU_NUM_VERTEX_BUFFERS; i++)
      GFX7_VERTEX_BUFFER_STATE_unpack(&vf->buffers[i], engine->render->vertex_buffers[i].dw, 4);
   draw->vue_slots = vf->num_elements;
   return true;
}

void
vgpu_vf_fini(struct vgpu_vf *vf)
{
   free(vf);
}

unsigned
vgpu_vf_slots(const struct vgpu_vf *vf)
{
   return vf->num_elements;
}

/**
 * The address of a byte of a vertex buffer. A start beyond the end is one before address 0: drivers
 * put a part of an array into a buffer and let the vertex buffer start where the array would (Mesa's
 * signed_vertex_buffer_offset). Addresses have 32 bits, so that sums with it go on at 0.
 * \return may have more than 32 bits, which is beyond any end
 */
static uint64_t
source_address(const struct GFX7_VERTEX_BUFFER_STATE *vb, uint64_t offset)
{
   const uint64_t address = vb->BufferStartingAddress + offset;

   if (vb->BufferStartingAddress > vb->EndAddress && offset <= UINT32_MAX)
      return address & UINT32_MAX;
   return address;
}

/** Reads an element's source; beyond the buffer it reads 0. \return false after a fault */
static bool
fetch(struct vgpu_draw *draw, struct vgpu_vf_pages *pages, unsigned element,
      const struct GFX7_VERTEX_BUFFER_STATE *vb, uint64_t offset, uint8_t *texel,
      uint32_t size_bytes)
{
   uint64_t address = source_address(vb, offset);

   if (vb->NullVertexBuffer || address + size_bytes - 1 > vb->EndAddress) {
      memset(texel, 0, size_bytes);
      return true;
   }
   while (size_bytes) {
      const uint32_t in_page = VGPU_PAGE_SIZE_BYTES - (address & VGPU_PAGE_MASK);
      const uint32_t n = size_bytes < in_page ? size_bytes : in_page;
      const uint64_t number = (address >> VGPU_PAGE_SHIFT) + 1;
      if (pages->number[element] != number) {
         const uint8_t *host = vgpu_engine_map(draw->engine, draw->engine->as, address, false);
         if (!host)
            return false;
         pages->number[element] = number;
         pages->host[element] = host - (address & VGPU_PAGE_MASK);
      }
      memcpy(texel, pages->host[element] + (address & VGPU_PAGE_MASK), n);
      texel += n;
      address += n;
      size_bytes -= n;
   }
   return true;
}

bool
vgpu_vf_fetch(struct vgpu_draw *draw, struct vgpu_vf_pages *pages, uint32_t vertex_id,
              uint32_t instance_id, uint32_t start_instance, union vgpu_slot *slots,
              bool *edge_flag)
{
   const struct vgpu_vf *vf = draw->vf;

   *edge_flag = true;
   for (unsigned i = 0; i < vf->num_elements; i++) {
      const struct element *e = &vf->elements[i];
      uint32_t source[4] = { 0 };

      if (e->format) {
         const struct GFX7_VERTEX_BUFFER_STATE *vb = &vf->buffers[e->state.VertexBufferIndex];
         uint32_t index = vertex_id;
         uint8_t texel[32];
         if (vb->BufferAccessType) {
            index = start_instance;
            if (vb->InstanceDataStepRate)
               index += instance_id / vb->InstanceDataStepRate;
         }
         if (!fetch(draw, pages, i, vb,
                    (uint64_t)index * vb->BufferPitch + e->state.SourceElementOffset, texel,
                    vgpu_format_bytes(e->format)))
            return false;
         if (e->dwords) {
            source[3] = vgpu_format_is_integer(e->format) ? 1 : 0x3f800000;
            for (unsigned c = 0; c < e->dwords; c++)
               memcpy(&source[c], texel + 4 * c, sizeof(source[c]));
         } else {
            vgpu_format_unpack(e->format, texel, source);
         }
      }
      for (unsigned c = 0; c < 4; c++) {
         uint32_t *out = &slots[i].u[c];
         switch ((enum component_control)e->control[c]) {
         case NOSTORE:
            *out = 0;
            break;
         case STORE_SRC:
            *out = source[c];
            break;
         case STORE_0:
            *out = 0;
            break;
         case STORE_1_FP:
            *out = 0x3f800000;
            break;
         case STORE_1_INT:
            *out = 1;
            break;
         case STORE_VID:
            *out = vertex_id;
            break;
         case STORE_IID:
            *out = instance_id;
            break;
         case STORE_PID:
            return vgpu_engine_unmodelled(draw->engine, "primitive ID in vertex element %u", i);
         }
      }
      if (e->state.EdgeFlagEnable)
         *edge_flag = slots[i].u[0] != 0;
   }
   return true;
}
