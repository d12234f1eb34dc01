/*
 * SPDX-License-Identifier: MIT
 *
 * Commands of the render engine (IVB PRM Vol2 Part 1). State commands are kept whole, as they
 * came, for what draws to read and for the context image.
 */

#include "vgpu_render.h"

#include <stdlib.h>
#include <string.h>

#include "gfx7_unpack.h"
#include "pipeline.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"

typedef enum vgpu_cmd_result result;

static unsigned
key(uint32_t header)
{
   return header >> 16 & (VGPU_RENDER_KEYS - 1);
}

struct vgpu_render_state *
vgpu_render_create(void)
{
   return calloc(1, sizeof(struct vgpu_render_state));
}

void
vgpu_render_reset(struct vgpu_render_state *render)
{
   for (unsigned i = 0; i < VGPU_RENDER_KEYS; i++)
      free(render->packets[i]);
   memset(render, 0, sizeof(*render));
}

void
vgpu_render_destroy(struct vgpu_render_state *render)
{
   if (!render)
      return;
   vgpu_render_reset(render);
   free(render);
}

const struct vgpu_packet *
vgpu_render_packet(const struct vgpu_render_state *render, uint32_t header)
{
   return render->packets[key(header)];
}

bool
vgpu_render_urb_clear(struct vgpu_engine *engine, uint32_t address, uint32_t length)
{
   const uint64_t from = address * 32ull, bytes = length * 32ull;

   if (from + bytes > VGPU_URB_SIZE_BYTES)
      return vgpu_engine_fault(engine, "clears 0x%" PRIx64 " bytes at 0x%" PRIx64
                               " of the URB, which has 0x%x", bytes, from, VGPU_URB_SIZE_BYTES);
   memset(engine->render->urb + from, 0, bytes);
   return true;
}

/** Keeps a command; the one that was there before goes. */
static bool
record(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu_packet **slot = &engine->render->packets[key(dw[0])];
   struct vgpu_packet *packet = *slot;

   if (!packet || packet->len_dw != len_dw) {
      packet = malloc(sizeof(*packet) + len_dw * sizeof(uint32_t));
      if (!packet)
         return vgpu_engine_fault(engine, "no host memory for %u DWords of state", len_dw);
      free(*slot);
      *slot = packet;
   }
   packet->len_dw = len_dw;
   memcpy(packet->dw, dw, len_dw * sizeof(uint32_t));
   return true;
}

static result
state_record(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   return vgpu_cmd_result(record(engine, dw, len_dw));
}

/** STATE_BASE_ADDRESS: of each address only those with Modify Enable (bit 0) change. */
static result
state_base_address(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   const struct vgpu_packet *old = vgpu_render_packet(engine->render, dw[0]);
   uint32_t now[10] = { 0 };

   if (len_dw != ARRAY_SIZE(now))
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   now[0] = dw[0];
   for (unsigned i = 1; i < len_dw; i++)
      now[i] = dw[i] & 1 ? dw[i] : old ? old->dw[i] : 0;
   return vgpu_cmd_result(record(engine, now, len_dw));
}

static result
state_vertex_buffers(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   if (len_dw % 4 != 1)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   for (unsigned i = 1; i < len_dw; i += 4) {
      const unsigned index = dw[i] >> 26;
      if (index >= VGPU_NUM_VERTEX_BUFFERS)
         return vgpu_cmd_result(vgpu_engine_fault(engine, "vertex buffer %u", index));
      struct vgpu_indexed_state *vb = &engine->render->vertex_buffers[index];
      vb->valid = true;
      memcpy(vb->dw, &dw[i], sizeof(vb->dw));
   }
   return VGPU_CMD_DONE;
}

static result
state_so_buffer(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   if (len_dw != 4)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   struct vgpu_indexed_state *so = &engine->render->so_buffers[dw[1] >> 29 & 3];
   so->valid = true;
   memcpy(so->dw, &dw[1], 3 * sizeof(uint32_t));
   return VGPU_CMD_DONE;
}

static result
pipe_control(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_PIPE_CONTROL cmd;
   enum { NO_WRITE, WRITE_IMMEDIATE, WRITE_PS_DEPTH_COUNT, WRITE_TIMESTAMP };
   struct vgpu *gpu = engine->gpu;

   GFX7_PIPE_CONTROL_unpack(&cmd, dw, len_dw);
   if (len_dw < 4)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   if (cmd.LRIPostSyncOperation && cmd.PostSyncOperation != NO_WRITE)
      return vgpu_cmd_result(vgpu_engine_fault(
         engine, "LRI Post Sync Operation and Post Sync Operation exclude each other"));
   if (cmd.GlobalSnapshotCountReset)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Global Snapshot Count Reset"));

   /* Nothing is cached or in flight between commands, translations apart. */
   if (cmd.TLBInvalidate)
      atomic_fetch_add(&engine->translation_changes, 1);

   if (cmd.LRIPostSyncOperation && !vgpu_cs_load_register(engine, dw[2] & 0x7ffffc, dw[3]))
      return VGPU_CMD_FAULT;
   if (cmd.PostSyncOperation != NO_WRITE) {
      struct vgpu_post_sync post = {
         .index = cmd.StoreDataIndex,
         .ggtt = cmd.DestinationAddressType,
         .address = dw[2] & ~3u,
         .qword = len_dw > 4 || cmd.PostSyncOperation != WRITE_IMMEDIATE,
         .value = dw[3] | (len_dw > 4 ? (uint64_t)dw[4] << 32 : 0),
      };
      if (cmd.PostSyncOperation == WRITE_TIMESTAMP)
         post.value = vgpu_timestamp(gpu);
      else if (cmd.PostSyncOperation == WRITE_PS_DEPTH_COUNT)
         post.value = gpu->regs[PS_DEPTH_COUNT / 4] |
                      (uint64_t)gpu->regs[PS_DEPTH_COUNT / 4 + 1] << 32;
      if (!vgpu_cs_post_sync(engine, &post))
         return VGPU_CMD_FAULT;
   }
   if (cmd.NotifyEnable) {
      pthread_mutex_lock(&gpu->lock);
      vgpu_irq_engine_event(engine, GT_FLUSH_NOTIFY_INTERRUPT);
      pthread_mutex_unlock(&gpu->lock);
   }
   return VGPU_CMD_DONE;
}

/** A bit of a DWord of recorded state; clear if the command was not seen since reset. */
static bool
state_bit(const struct vgpu_engine *engine, uint32_t header, unsigned dw, unsigned bit)
{
   const struct vgpu_packet *packet = vgpu_render_packet(engine->render, header);

   return packet && packet->len_dw > dw && packet->dw[dw] & BIT(bit);
}

/**
 * Whether a draw can leave nothing but fetched vertices: no shader stage before the rasteriser
 * runs, nothing is counted or streamed out, and the drawing rectangle is empty, so that no pixel
 * passes. i915's golden state ends with such a draw.
 */
static bool
draws_nothing(const struct vgpu_engine *engine)
{
   const struct vgpu_packet *rect =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_DRAWING_RECTANGLE_header);
   struct GFX7_3DSTATE_DRAWING_RECTANGLE r;

   if (!rect)
      return false;
   GFX7_3DSTATE_DRAWING_RECTANGLE_unpack(&r, rect->dw, rect->len_dw);
   return (r.ClippedDrawingRectangleXMin > r.ClippedDrawingRectangleXMax ||
           r.ClippedDrawingRectangleYMin > r.ClippedDrawingRectangleYMax) &&
          !state_bit(engine, GFX7_3DSTATE_VF_STATISTICS_header, 0, 0) &&
          !state_bit(engine, GFX7_3DSTATE_VS_header, 5, 0) &&
          !state_bit(engine, GFX7_3DSTATE_HS_header, 2, 31) &&
          !state_bit(engine, GFX7_3DSTATE_TE_header, 1, 0) &&
          !state_bit(engine, GFX7_3DSTATE_DS_header, 5, 0) &&
          !state_bit(engine, GFX7_3DSTATE_GS_header, 5, 0) &&
          !state_bit(engine, GFX7_3DSTATE_STREAMOUT_header, 1, 31) &&
          !state_bit(engine, GFX7_3DSTATE_CLIP_header, 1, 10);
}

/**
 * Fills a 3DPRIMITIVE's parameters from the registers that Indirect Parameter Enable selects (IVB
 * PRM Vol2 Part 1, 3DPRIMITIVE).
 */
static void
load_parameters(const struct vgpu_engine *engine, uint32_t dw[GFX7_3DPRIMITIVE_length_dw])
{
   static const uint32_t offsets[GFX7_3DPRIMITIVE_length_dw] = {
      [2] = GEN7_3DPRIM_VERTEX_COUNT, [3] = GEN7_3DPRIM_START_VERTEX,
      [4] = GEN7_3DPRIM_INSTANCE_COUNT, [5] = GEN7_3DPRIM_START_INSTANCE,
      [6] = GEN7_3DPRIM_BASE_VERTEX,
   };

   for (unsigned i = 2; i < ARRAY_SIZE(offsets); i++)
      dw[i] = __atomic_load_n(&engine->gpu->regs[offsets[i] / 4], __ATOMIC_RELAXED);
}

static result
primitive(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_3DPRIMITIVE cmd;

   GFX7_3DPRIMITIVE_unpack(&cmd, dw, len_dw);
   if (cmd.PredicateEnable && !engine->predicate)
      return VGPU_CMD_DONE;
   if (engine->render->topology_filter &&
       engine->render->topology_filter != cmd.PrimitiveTopologyType)
      return VGPU_CMD_DONE;
   uint32_t direct[GFX7_3DPRIMITIVE_length_dw];
   if (cmd.IndirectParameterEnable) {
      if (len_dw != ARRAY_SIZE(direct))
         return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
      memcpy(direct, dw, sizeof(direct));
      load_parameters(engine, direct);
      dw = direct;
      GFX7_3DPRIMITIVE_unpack(&cmd, dw, len_dw);
   }
   if (!cmd.VertexCountPerInstance || !cmd.InstanceCount || draws_nothing(engine))
      return VGPU_CMD_DONE;
   return vgpu_cmd_result(vgpu_draw(engine, dw, len_dw));
}

bool
vgpu_render_is_state(uint32_t header)
{
   for (const struct vgpu_command *c = vgpu_render_commands; c->name; c++) {
      if ((header & c->header_mask) == c->header)
         return c->state == VGPU_CMD_STATE_RECORDED;
   }
   return false;
}

bool
vgpu_render_state_command(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   for (const struct vgpu_command *c = vgpu_render_commands; c->name; c++) {
      if ((dw[0] & c->header_mask) == c->header && c->state == VGPU_CMD_STATE_RECORDED)
         return c->execute(engine, dw, len_dw) == VGPU_CMD_DONE;
   }
   return vgpu_engine_fault(engine, "0x%08x is no state command", dw[0]);
}

bool
vgpu_render_save(const struct vgpu_render_state *render,
                 bool (*emit)(void *data, const uint32_t *dw, unsigned len_dw), void *data)
{
   for (unsigned i = 0; i < VGPU_RENDER_KEYS; i++) {
      const struct vgpu_packet *p = render->packets[i];
      if (p && !emit(data, p->dw, p->len_dw))
         return false;
   }
   for (unsigned i = 0; i < VGPU_NUM_VERTEX_BUFFERS; i++) {
      uint32_t dw[5] = { GFX7_3DSTATE_VERTEX_BUFFERS_header | (ARRAY_SIZE(dw) - 2) };
      memcpy(dw + 1, render->vertex_buffers[i].dw, 4 * sizeof(uint32_t));
      if (render->vertex_buffers[i].valid && !emit(data, dw, ARRAY_SIZE(dw)))
         return false;
   }
   for (unsigned i = 0; i < VGPU_NUM_SO_BUFFERS; i++) {
      uint32_t dw[4] = { GFX7_3DSTATE_SO_BUFFER_header | (ARRAY_SIZE(dw) - 2) };
      memcpy(dw + 1, render->so_buffers[i].dw, 3 * sizeof(uint32_t));
      if (render->so_buffers[i].valid && !emit(data, dw, ARRAY_SIZE(dw)))
         return false;
   }
   return true;
}

#define CMD(n, how, f, ...)                                                                     \
   { .name = #n, .header = GFX7_##n##_header, .header_mask = GFX7_##n##_header_mask,            \
     .engines = VGPU_REG_RCS, .state = VGPU_CMD_STATE_##how, .execute = f, ##__VA_ARGS__ }
#define STATE(n) CMD(n, RECORDED, state_record)
#define FAULTS(n, why) CMD(n, FAULTS, NULL, .note = why)
#define NO_MEDIA "the media and GPGPU pipelines"
#define NO_PALETTE "sampler palettes and chroma keys"

const struct vgpu_command vgpu_render_commands[] = {
   CMD(PIPE_CONTROL, DONE, pipe_control,
       .note = "Global Snapshot Count Reset faults: it is not to be used on any product"),
   CMD(3DPRIMITIVE, DONE, primitive,
       .note = "vertex and pixel shaders; HS, TE, DS, GS and stream output fault"),
   CMD(STATE_BASE_ADDRESS, RECORDED, state_base_address),
   CMD(3DSTATE_VERTEX_BUFFERS, RECORDED, state_vertex_buffers),
   CMD(3DSTATE_SO_BUFFER, RECORDED, state_so_buffer),
   STATE(PIPELINE_SELECT),
   STATE(STATE_SIP),
   STATE(3DSTATE_VF_STATISTICS),
   STATE(3DSTATE_AA_LINE_PARAMETERS),
   STATE(3DSTATE_BINDING_TABLE_POINTERS_DS),
   STATE(3DSTATE_BINDING_TABLE_POINTERS_GS),
   STATE(3DSTATE_BINDING_TABLE_POINTERS_HS),
   STATE(3DSTATE_BINDING_TABLE_POINTERS_PS),
   STATE(3DSTATE_BINDING_TABLE_POINTERS_VS),
   STATE(3DSTATE_BLEND_STATE_POINTERS),
   STATE(3DSTATE_CC_STATE_POINTERS),
   STATE(3DSTATE_CLEAR_PARAMS),
   STATE(3DSTATE_CLIP),
   STATE(3DSTATE_CONSTANT_DS),
   STATE(3DSTATE_CONSTANT_GS),
   STATE(3DSTATE_CONSTANT_HS),
   STATE(3DSTATE_CONSTANT_PS),
   STATE(3DSTATE_CONSTANT_VS),
   STATE(3DSTATE_DEPTH_BUFFER),
   STATE(3DSTATE_DEPTH_STENCIL_STATE_POINTERS),
   STATE(3DSTATE_DRAWING_RECTANGLE),
   STATE(3DSTATE_DS),
   STATE(3DSTATE_GS),
   STATE(3DSTATE_HIER_DEPTH_BUFFER),
   STATE(3DSTATE_HS),
   STATE(3DSTATE_INDEX_BUFFER),
   STATE(3DSTATE_LINE_STIPPLE),
   STATE(3DSTATE_MONOFILTER_SIZE),
   STATE(3DSTATE_MULTISAMPLE),
   STATE(3DSTATE_POLY_STIPPLE_OFFSET),
   STATE(3DSTATE_POLY_STIPPLE_PATTERN),
   STATE(3DSTATE_PS),
   STATE(3DSTATE_PUSH_CONSTANT_ALLOC_DS),
   STATE(3DSTATE_PUSH_CONSTANT_ALLOC_GS),
   STATE(3DSTATE_PUSH_CONSTANT_ALLOC_HS),
   STATE(3DSTATE_PUSH_CONSTANT_ALLOC_PS),
   STATE(3DSTATE_PUSH_CONSTANT_ALLOC_VS),
   STATE(3DSTATE_SAMPLER_STATE_POINTERS_DS),
   STATE(3DSTATE_SAMPLER_STATE_POINTERS_GS),
   STATE(3DSTATE_SAMPLER_STATE_POINTERS_HS),
   STATE(3DSTATE_SAMPLER_STATE_POINTERS_PS),
   STATE(3DSTATE_SAMPLER_STATE_POINTERS_VS),
   STATE(3DSTATE_SAMPLE_MASK),
   STATE(3DSTATE_SBE),
   STATE(3DSTATE_SCISSOR_STATE_POINTERS),
   STATE(3DSTATE_SF),
   STATE(3DSTATE_SO_DECL_LIST),
   STATE(3DSTATE_STENCIL_BUFFER),
   STATE(3DSTATE_STREAMOUT),
   STATE(3DSTATE_TE),
   STATE(3DSTATE_URB_DS),
   STATE(3DSTATE_URB_GS),
   STATE(3DSTATE_URB_HS),
   STATE(3DSTATE_URB_VS),
   STATE(3DSTATE_VERTEX_ELEMENTS),
   STATE(3DSTATE_VIEWPORT_STATE_POINTERS_CC),
   STATE(3DSTATE_VIEWPORT_STATE_POINTERS_SF_CLIP),
   STATE(3DSTATE_VS),
   STATE(3DSTATE_WM),
   STATE(SWTESS_BASE_ADDRESS),
   FAULTS(3DSTATE_CHROMA_KEY, NO_PALETTE),
   FAULTS(3DSTATE_SAMPLER_PALETTE_LOAD0, NO_PALETTE),
   FAULTS(3DSTATE_SAMPLER_PALETTE_LOAD1, NO_PALETTE),
   FAULTS(MEDIA_CURBE_LOAD, NO_MEDIA),
   FAULTS(MEDIA_INTERFACE_DESCRIPTOR_LOAD, NO_MEDIA),
   FAULTS(MEDIA_STATE_FLUSH, NO_MEDIA),
   FAULTS(MEDIA_VFE_STATE, NO_MEDIA),
   FAULTS(MEDIA_OBJECT, NO_MEDIA),
   FAULTS(MEDIA_OBJECT_PRT, NO_MEDIA),
   FAULTS(MEDIA_OBJECT_WALKER, NO_MEDIA),
   FAULTS(GPGPU_OBJECT, NO_MEDIA),
   FAULTS(GPGPU_WALKER, NO_MEDIA),
   { .name = NULL },
};
