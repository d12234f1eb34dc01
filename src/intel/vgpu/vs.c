/*
 * SPDX-License-Identifier: MIT
 *
 * The vertex shader stage: threads of two vertices (SIMD4x2) and their URB entries (IVB PRM Vol2
 * Part 1, "Vertex Shader (VS) Stage"; Vol4 Part 2, "URB").
 */

#include <stdlib.h>
#include <string.h>

#include "dataport.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "sampler.h"
#include "surface.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

#define INSTRUCTION_BUDGET (1u << 22)

struct vgpu_vs {
   bool enabled;
   struct GFX7_3DSTATE_VS state;
   struct eu_program *program;
   struct eu_env env;
   struct vgpu_shader_env shader;
   uint8_t constants[EU_GRF_COUNT][EU_REG_BYTES];
   unsigned num_constants;
   unsigned entry_slots; /* of a URB entry */
   bool independent;
   bool is_clone;

   /* The thread that runs. */
   struct eu_thread thread;
   unsigned payload; /* registers that it was given */
   struct vgpu_vertex *out[2];
};

enum urb_opcode {
   URB_WRITE_HWORD = 0,
   URB_WRITE_OWORD = 1,
   URB_READ_HWORD = 2,
   URB_READ_OWORD = 3,
   URB_ATOMIC_MOV = 4,
   URB_ATOMIC_INC = 5,
};

/** Handles, in the header of a thread, that stand for the entries of its two vertices. */
#define HANDLE(i) (0x100u + (i))

static bool
urb_send(void *opaque, const struct eu_message *msg)
{
   const struct vgpu_shader_env *shader = opaque;
   struct vgpu_vs *vs = shader->stage;
   const uint32_t opcode = msg->function_control & 7;
   const uint32_t offset = msg->function_control >> 3 & 0x7ff; /* in 256 bits: two slots */
   const bool interleave = msg->function_control >> 14 & 1;

   if (opcode != URB_WRITE_HWORD)
      return eu_thread_fault(msg->thread, "URB message %u of a vertex shader", opcode);
   if (msg->function_control >> 16 & 1)
      return eu_thread_fault(msg->thread, "URB write with offsets for each slot");
   if (!interleave)
      return eu_thread_fault(msg->thread, "URB write that is not interleaved");
   if (!msg->header || msg->mlen < 1)
      return eu_thread_fault(msg->thread, "URB write without a header");

   /* Each register of data has a slot of the first vertex, then the same one of the second. */
   for (unsigned i = 1; i < msg->mlen; i++) {
      const unsigned slot = 2 * offset + i - 1;
      if (slot >= vs->entry_slots || slot >= VGPU_VUE_SLOTS)
         return eu_thread_fault(msg->thread, "URB write to slot %u of an entry of %u", slot,
                                vs->entry_slots);
      for (unsigned v = 0; v < 2; v++) {
         uint32_t handle;
         memcpy(&handle, &msg->payload[0][4 * v], sizeof(handle));
         if (vs->out[v] && handle == HANDLE(v))
            memcpy(vs->out[v]->slot[slot].u, &msg->payload[i][16 * v], 16);
      }
   }
   return true;
}

/** Whether a message leaves nothing that other threads could see, scratch space included. */
static bool
is_independent(void *data, enum eu_sfid sfid, const uint32_t *desc)
{
   return sfid == EU_SFID_NULL || sfid == EU_SFID_URB || sfid == EU_SFID_SAMPLER ||
          sfid == EU_SFID_DP_SAMPLER_CACHE || sfid == EU_SFID_DP_CONSTANT_CACHE;
}

bool
vgpu_vs_is_independent(const struct vgpu_vs *vs)
{
   return !vs->enabled || vs->independent;
}

bool
vgpu_vs_init(struct vgpu_draw *draw, struct vgpu_vs **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_render_state *render = engine->render;
   const struct vgpu_packet *packet = vgpu_render_packet(render, GFX7_3DSTATE_VS_header);
   struct vgpu_vs *vs = *out = vgpu_shader_alloc(sizeof(*vs));

   if (!vs)
      return vgpu_engine_fault(engine, "no host memory for the vertex shader");
   if (packet)
      GFX7_3DSTATE_VS_unpack(&vs->state, packet->dw, packet->len_dw);
   vs->enabled = packet && vs->state.Enable;
   if (!vs->enabled)
      return true;

   const struct vgpu_packet *urb = vgpu_render_packet(render, GFX7_3DSTATE_URB_VS_header);
   struct GFX7_3DSTATE_URB_VS urb_vs;
   if (!urb)
      return vgpu_engine_fault(engine, "a vertex shader without 3DSTATE_URB_VS");
   GFX7_3DSTATE_URB_VS_unpack(&urb_vs, urb->dw, urb->len_dw);
   /* In units of 512 bits, less one. */
   vs->entry_slots = (urb_vs.VSURBEntryAllocationSize + 1) * 4;
   if (vs->entry_slots > VGPU_VUE_SLOTS)
      vs->entry_slots = VGPU_VUE_SLOTS;
   draw->vue_slots = vs->entry_slots;

   const struct vgpu_packet *table =
      vgpu_render_packet(render, GFX7_3DSTATE_BINDING_TABLE_POINTERS_VS_header);
   const struct vgpu_packet *samplers =
      vgpu_render_packet(render, GFX7_3DSTATE_SAMPLER_STATE_POINTERS_VS_header);
   vs->shader = (struct vgpu_shader_env){
      .engine = engine,
      .general_state_base = draw->general_state_base,
      .surface_state_base = draw->surface_state_base,
      .dynamic_state_base = draw->dynamic_state_base,
      .instruction_base = draw->instruction_base,
      .binding_table = table ? table->dw[1] & 0xffe0 : 0,
      .sampler_state = samplers ? samplers->dw[1] & ~31u : 0,
      .scratch_base = vs->state.ScratchSpaceBasePointer,
      .scratch_bytes = vs->state.ScratchSpaceBasePointer
                          ? 1024u << vs->state.PerThreadScratchSpace : 0,
      .stage = vs,
   };
   vs->env.opaque = &vs->shader;
   vs->env.send[EU_SFID_URB] = urb_send;
   vs->env.no_float = 1u << EU_SFID_URB;
   vs->env.send[EU_SFID_SAMPLER] = vgpu_sampler_send;
   vs->env.send[EU_SFID_DP_SAMPLER_CACHE] = vgpu_dp_sampler_cache_send;
   vs->env.send[EU_SFID_DP_CONSTANT_CACHE] = vgpu_dp_constant_cache_send;
   vs->env.send[EU_SFID_DP_DATA_CACHE] = vgpu_dp_data_cache_send;

   if (!vgpu_load_program(draw, vs->state.KernelStartPointer, &vs->program))
      return false;
   vs->independent = eu_program_messages(vs->program, is_independent, NULL);
   return vgpu_push_constants(draw, GFX7_3DSTATE_CONSTANT_VS_header, vs->constants,
                              EU_GRF_COUNT, &vs->num_constants);
}

bool
vgpu_vs_clone(const struct vgpu_vs *vs, struct vgpu_vs **out)
{
   struct vgpu_vs *clone = *out = vgpu_shader_alloc(sizeof(*clone));

   if (!clone)
      return vgpu_engine_fault(vs->shader.engine, "no host memory for the vertex shader");
   *clone = *vs;
   clone->is_clone = true;
   clone->shader.surfaces = NULL;
   clone->shader.samplers = NULL;
   clone->shader.stage = clone;
   clone->env.opaque = &clone->shader;
   return true;
}

void
vgpu_vs_fini(struct vgpu_vs *vs)
{
   if (!vs)
      return;
   if (vs->program && !vs->is_clone)
      eu_program_destroy(vs->program);
   vgpu_shader_env_fini(&vs->shader);
   free(vs);
}

bool
vgpu_vs_run(struct vgpu_draw *draw, struct vgpu_vs *vs, union vgpu_slot *const in[2],
            struct vgpu_vertex *const vertices[2], unsigned count)
{
   struct eu_thread *thread = &vs->thread;

   for (unsigned v = 0; v < count; v++)
      memset(vertices[v]->slot, 0, draw->vertex_slots * sizeof(union vgpu_slot));
   if (!vs->enabled) {
      for (unsigned v = 0; v < count; v++)
         memcpy(vertices[v]->slot, in[v], vgpu_vf_slots(draw->vf) * sizeof(union vgpu_slot));
      return true;
   }

   eu_thread_restart(thread, vs->program, vs->payload, count == 2 ? 0xff : 0x0f);
   thread->cr0[0] = vs->state.FloatingPointMode ? EU_CR0_ALT_MODE : 0;
   thread->user = &vs->shader;

   const uint32_t header[8] = {
      [0] = HANDLE(0),
      [1] = HANDLE(1),
      [3] = vs->shader.sampler_state |
            (vs->shader.scratch_bytes ? vs->state.PerThreadScratchSpace : 0),
      [4] = vs->shader.binding_table,
      [5] = vs->shader.scratch_base,
   };
   memcpy(thread->grf[0], header, sizeof(header));

   unsigned at = vs->state.DispatchGRFStartRegisterForURBData;
   const unsigned slots = vs->state.VertexURBEntryReadLength * 2;
   const unsigned first = vs->state.VertexURBEntryReadOffset * 2;
   if (at + vs->num_constants + slots > EU_GRF_COUNT || first + slots > VGPU_VUE_SLOTS)
      return vgpu_engine_fault(draw->engine,
                               "vertex shader payload of %u constants and %u slots at g%u",
                               vs->num_constants, slots, at);
   memcpy(thread->grf[at], vs->constants, vs->num_constants * EU_REG_BYTES);
   at += vs->num_constants;
   vs->payload = at + slots;
   for (unsigned v = 0; v < 2; v++) {
      for (unsigned s = 0; s < slots && first + s < vgpu_vf_slots(draw->vf); s++)
         memcpy(&thread->grf[at + s][16 * v], in[v < count ? v : 0][first + s].u, 16);
      vs->out[v] = v < count ? vertices[v] : NULL;
   }

   switch (eu_thread_run(thread, vs->program, &vs->env, INSTRUCTION_BUDGET)) {
   case EU_STATUS_EOT:
      return true;
   case EU_STATUS_FAULT:
      if (draw->engine->hung)
         return false; /* a page fault, which has been told */
      return vgpu_engine_unmodelled(draw->engine, "vertex shader at 0x%x: %s", thread->fault.ip,
                                    thread->fault.text);
   case EU_STATUS_BUDGET:
      return vgpu_engine_fault(draw->engine, "vertex shader does not end");
   case EU_STATUS_WAIT:
      break;
   }
   return vgpu_engine_fault(draw->engine, "vertex shader waits for a notification");
}
