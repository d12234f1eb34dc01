/*
 * SPDX-License-Identifier: MIT
 *
 * Fetch, decode and dispatch. The ring feeds the command streamer; a batch buffer takes over until
 * it ends, a second-level one until it returns to the first (IVB PRM Vol1 Part 3).
 */

#include "vgpu_cs.h"

#include <string.h>

#include "gfx7_instructions.h"
#include "vgpu_blt.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"

enum command_type {
   TYPE_MI = 0,
   TYPE_BLT = 2,
   TYPE_RENDER = 3, /* on the render engine 3D and media, on the video engine MFX */
};

/* What tells one command from another: bits 28:23, 28:22 and 28:16 of the header. */
#define MI_KEYS 64
#define BLT_KEYS 128
#define RENDER_KEYS 8192

struct lookup {
   const struct gfx7_instruction *layout;
   const struct vgpu_command *command;
};

static struct lookup mi_lookup[VGPU_NUM_ENGINES][MI_KEYS];
static struct lookup blt_lookup[BLT_KEYS];
static struct lookup render_lookup[RENDER_KEYS];
static struct lookup video_lookup[RENDER_KEYS];
static pthread_once_t lookup_once = PTHREAD_ONCE_INIT;

static const unsigned genxml_engine[VGPU_NUM_ENGINES] = {
   [VGPU_RCS] = GFX7_ENGINE_RENDER,
   [VGPU_VCS] = GFX7_ENGINE_VIDEO,
   [VGPU_BCS] = GFX7_ENGINE_BLITTER,
};

static const struct vgpu_command *
find_command(const struct vgpu_command *commands, unsigned engine, uint32_t header)
{
   for (const struct vgpu_command *c = commands; c->name; c++) {
      if (c->engines & BIT(engine) && (header & c->header_mask) == c->header)
         return c;
   }
   return NULL;
}

static void
make_lookup(void)
{
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++) {
      for (uint32_t key = 0; key < MI_KEYS; key++) {
         mi_lookup[e][key].layout = gfx7_instruction_find(key << 23, genxml_engine[e]);
         mi_lookup[e][key].command = find_command(vgpu_mi_commands, e, key << 23);
      }
   }
   for (uint32_t key = 0; key < BLT_KEYS; key++)
      blt_lookup[key].layout =
         gfx7_instruction_find((uint32_t)TYPE_BLT << 29 | key << 22, GFX7_ENGINE_BLITTER);
   for (uint32_t key = 0; key < RENDER_KEYS; key++) {
      const uint32_t header = (uint32_t)TYPE_RENDER << 29 | key << 16;
      render_lookup[key].layout = gfx7_instruction_find(header, GFX7_ENGINE_RENDER);
      render_lookup[key].command = find_command(vgpu_render_commands, VGPU_RCS, header);
      video_lookup[key].layout = gfx7_instruction_find(header, GFX7_ENGINE_VIDEO);
   }
}

static const struct lookup *
find(const struct vgpu_engine *engine, uint32_t header)
{
   static const struct lookup nothing;

   pthread_once(&lookup_once, make_lookup);
   switch (header >> 29) {
   case TYPE_MI:
      return &mi_lookup[engine->id][header >> 23 & (MI_KEYS - 1)];
   case TYPE_BLT:
      return engine->id == VGPU_BCS ? &blt_lookup[header >> 22 & (BLT_KEYS - 1)] : &nothing;
   case TYPE_RENDER:
      if (engine->id == VGPU_RCS)
         return &render_lookup[header >> 16 & (RENDER_KEYS - 1)];
      return engine->id == VGPU_VCS ? &video_lookup[header >> 16 & (RENDER_KEYS - 1)] : &nothing;
   default:
      return &nothing;
   }
}

static void
set_reg(struct vgpu_engine *engine, uint32_t offset, uint32_t value)
{
   __atomic_store_n(&engine->gpu->regs[(engine->mmio_base + offset) / 4], value,
                    __ATOMIC_RELAXED);
}

static uint32_t
get_reg(const struct vgpu_engine *engine, uint32_t offset)
{
   return __atomic_load_n(&engine->gpu->regs[(engine->mmio_base + offset) / 4],
                          __ATOMIC_RELAXED);
}

void
vgpu_cs_reset(struct vgpu_engine *engine)
{
   engine->batch_depth = 0;
   engine->ring_disabled = false;
   engine->pp_dir_loaded = false;
   engine->arbitration = true;
   engine->poll = false;
   engine->predicate = false;
   engine->cmd_name = "no command";
   engine->as = VGPU_AS_GGTT;
   atomic_fetch_add(&engine->translation_changes, 1);
}

uint32_t
vgpu_cs_hws_address(struct vgpu_engine *engine, uint32_t offset)
{
   static const uint32_t hws_pga[VGPU_NUM_ENGINES] = {
      [VGPU_RCS] = RENDER_HWS_PGA_GEN7,
      [VGPU_VCS] = BSD_HWS_PGA_GEN7,
      [VGPU_BCS] = BLT_HWS_PGA_GEN7,
   };

   return (__atomic_load_n(&engine->gpu->regs[hws_pga[engine->id] / 4], __ATOMIC_RELAXED) &
           0xfffff000u) + (offset & 0xfffu);
}

/** Takes over what the registers say of translation, and flushes the TLB, if either changed. */
static void
update_translation(struct vgpu_engine *engine)
{
   struct vgpu *gpu = engine->gpu;
   const uint32_t changes = atomic_load(&engine->translation_changes);
   const uint32_t flushes = atomic_load(&gpu->tlb_flushes);
   const uint32_t mem_epoch = atomic_load(&gpu->mem.epoch);

   if (changes == engine->translation_changes_seen && flushes == engine->tlb.flush_seen &&
       mem_epoch == engine->tlb.mem_epoch_seen)
      return;

   vgpu_tlb_flush(&engine->tlb);
   engine->translation_changes_seen = changes;
   engine->tlb.flush_seen = flushes;
   engine->tlb.mem_epoch_seen = mem_epoch;

   pthread_mutex_lock(&gpu->lock);
   /* PP_DIR_BASE: bits 31:16 are the offset of the directory in the GSM in units of 64 bytes. */
   engine->ppgtt = (struct vgpu_ppgtt){
      .enabled = get_reg(engine, RING_MODE_GEN7) & GFX_PPGTT_ENABLE,
      .loaded = engine->pp_dir_loaded,
      .pd_gtt_offset = (get_reg(engine, RING_PP_DIR_BASE) >> 16) * 64,
      .dclv = get_reg(engine, RING_PP_DIR_DCLV),
   };
   pthread_mutex_unlock(&gpu->lock);
}

static enum vgpu_cmd_result
execute(struct vgpu_engine *engine, const struct lookup *found, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu *gpu = engine->gpu;

   if (gpu->trace & VGPU_TRACE_CMD) {
      char text[1000];
      gfx7_instruction_print(text, sizeof(text), found->layout, dw, len_dw);
      vgpu_log(gpu, VGPU_LOG_TRACE, "%s: 0x%08x: %s", engine->name, engine->cmd_address, text);
   }

   /*
    * Where a command has no bit of its own for it, its memory is in the PPGTT once that is on,
    * wherever the command itself was read from.
    */
   engine->as = engine->ppgtt.enabled ? VGPU_AS_PPGTT : VGPU_AS_GGTT;

   if (dw[0] >> 29 == TYPE_BLT)
      return vgpu_cmd_result(vgpu_blt_execute(engine, dw, len_dw,
                                              gpu->regs[BCS_SWCTRL / 4]));

   const struct vgpu_command *command = found->command;
   if (!command || !command->execute) {
      vgpu_engine_unmodelled(engine, "%s", command && command->note ? command->note
                                                                    : "no such unit yet");
      return VGPU_CMD_FAULT;
   }
   if (command->privileged && !engine->secure) {
      vgpu_log(gpu, VGPU_LOG_WARN, "%s: %s at 0x%08x is privileged: a NOOP in this batch",
               engine->name, command->name, engine->cmd_address);
      return VGPU_CMD_DONE;
   }
   return command->execute(engine, dw, len_dw);
}

/** Decodes the header. \return its length, or 0 after a fault */
static unsigned
decode(struct vgpu_engine *engine, uint32_t header, const struct lookup **found)
{
   set_reg(engine, RING_IPEHR, header);
   set_reg(engine, RING_ACTHD, engine->cmd_address);
   set_reg(engine, RING_DMA_FADD, engine->cmd_address);

   *found = find(engine, header);
   if (!(*found)->layout) {
      engine->cmd_name = "unknown command";
      vgpu_engine_fault(engine, "no command of this engine has the header 0x%08x", header);
      return 0;
   }
   engine->cmd_name = (*found)->layout->name;

   const unsigned len_dw = gfx7_instruction_length_dw((*found)->layout, header);
   if (!len_dw || len_dw > VGPU_MAX_CMD_DW) {
      vgpu_engine_fault(engine, "bad length of %u DWords", len_dw);
      return 0;
   }
   return len_dw;
}

/** Reads len_dw DWords of a command into engine->cmd, page by page. */
static bool
fetch(struct vgpu_engine *engine, enum vgpu_as as, uint32_t address, uint32_t *to, unsigned len_dw)
{
   while (len_dw) {
      const unsigned in_page_dw = (VGPU_PAGE_SIZE_BYTES - (address & VGPU_PAGE_MASK)) / 4;
      const unsigned n = len_dw < in_page_dw ? len_dw : in_page_dw;
      const uint8_t *host = vgpu_engine_map(engine, as, address, false);
      if (!host)
         return false;
      memcpy(to, host, n * 4);
      to += n;
      address += n * 4;
      len_dw -= n;
   }
   return true;
}

static enum vgpu_cs_result
step_batch(struct vgpu_engine *engine)
{
   struct vgpu_fetch *batch = &engine->batch[engine->batch_depth - 1];
   const uint32_t address = batch->address;
   const unsigned depth = engine->batch_depth;
   const struct lookup *found;

   engine->cmd_address = address;
   engine->cmd_name = "fetch";
   engine->secure = batch->secure;
   if (!fetch(engine, batch->as, address, engine->cmd, 1))
      return VGPU_CS_HUNG;
   const unsigned len_dw = decode(engine, engine->cmd[0], &found);
   if (!len_dw || !fetch(engine, batch->as, address, engine->cmd, len_dw))
      return VGPU_CS_HUNG;

   /* Before execution: starting or ending a batch changes the address. */
   batch->address = address + 4 * len_dw;
   switch (execute(engine, found, engine->cmd, len_dw)) {
   case VGPU_CMD_DONE:
      return VGPU_CS_DONE;
   case VGPU_CMD_WAIT:
      engine->batch_depth = depth;
      batch->address = address;
      return VGPU_CS_IDLE;
   case VGPU_CMD_FAULT:
      break;
   }
   return VGPU_CS_HUNG;
}

/** Writes the head to the status page when it passes what RING_CTL asks to be told of. */
static bool
report_head(struct vgpu_engine *engine, uint32_t ctl, uint32_t old_head, uint32_t new_head)
{
   const uint32_t every_bytes = (ctl & RING_REPORT_MASK) == 2   ? 64 << 10
                                : (ctl & RING_REPORT_MASK) == 4 ? 128 << 10
                                                                : 0;

   if (!every_bytes || (old_head & HEAD_ADDR) / every_bytes == (new_head & HEAD_ADDR) / every_bytes)
      return true;
   return vgpu_engine_write32(engine, VGPU_AS_GGTT, vgpu_cs_hws_address(engine, 0x10), new_head);
}

static enum vgpu_cs_result
step_ring(struct vgpu_engine *engine)
{
   struct vgpu *gpu = engine->gpu;
   const struct lookup *found;

   pthread_mutex_lock(&gpu->lock);
   const bool work = vgpu_engine_has_work(engine);
   const uint32_t start = get_reg(engine, RING_START);
   const uint32_t ctl = get_reg(engine, RING_CTL);
   const uint32_t tail = get_reg(engine, RING_TAIL) & TAIL_ADDR;
   const uint32_t old_head = get_reg(engine, RING_HEAD);
   pthread_mutex_unlock(&gpu->lock);
   if (!work)
      return VGPU_CS_IDLE;

   const uint32_t size_bytes = (ctl & RING_NR_PAGES) + VGPU_PAGE_SIZE_BYTES;
   const uint32_t head = old_head & HEAD_ADDR;
   engine->cmd_address = start + head;
   engine->cmd_name = "fetch";
   engine->secure = true;
   if (head >= size_bytes || tail >= size_bytes) {
      vgpu_engine_fault(engine, "HEAD 0x%x or TAIL 0x%x beyond the ring's 0x%x bytes", head, tail,
                        size_bytes);
      return VGPU_CS_HUNG;
   }
   if (!fetch(engine, VGPU_AS_GGTT, start + head, engine->cmd, 1))
      return VGPU_CS_HUNG;
   const unsigned len_dw = decode(engine, engine->cmd[0], &found);
   if (!len_dw)
      return VGPU_CS_HUNG;

   const uint32_t filled_bytes = tail >= head ? tail - head : size_bytes - head + tail;
   if (4 * len_dw > filled_bytes) {
      pthread_mutex_lock(&gpu->lock);
      engine->short_tail = tail;
      pthread_mutex_unlock(&gpu->lock);
      return VGPU_CS_IDLE;
   }

   const unsigned to_end_dw = (size_bytes - head) / 4;
   const unsigned first_dw = len_dw < to_end_dw ? len_dw : to_end_dw;
   if (!fetch(engine, VGPU_AS_GGTT, start + head, engine->cmd, first_dw) ||
       !fetch(engine, VGPU_AS_GGTT, start, engine->cmd + first_dw, len_dw - first_dw))
      return VGPU_CS_HUNG;

   engine->head_moved = false;
   switch (execute(engine, found, engine->cmd, len_dw)) {
   case VGPU_CMD_DONE:
      break;
   case VGPU_CMD_WAIT:
      return VGPU_CS_IDLE;
   case VGPU_CMD_FAULT:
      return VGPU_CS_HUNG;
   }

   uint32_t new_head = head + 4 * len_dw;
   uint32_t wraps = old_head & HEAD_WRAP_COUNT;
   if (new_head >= size_bytes) {
      new_head -= size_bytes;
      wraps += HEAD_WRAP_ONE;
   }
   pthread_mutex_lock(&gpu->lock);
   /* The driver may have stopped the ring meanwhile and written HEAD itself: that stands. */
   if (get_reg(engine, RING_HEAD) == old_head && get_reg(engine, RING_CTL) & RING_VALID &&
       !engine->head_moved)
      set_reg(engine, RING_HEAD, wraps | new_head);
   pthread_mutex_unlock(&gpu->lock);
   return report_head(engine, ctl, old_head, wraps | new_head) ? VGPU_CS_DONE : VGPU_CS_HUNG;
}

enum vgpu_cs_result
vgpu_cs_step(struct vgpu_engine *engine)
{
   struct vgpu *gpu = engine->gpu;
   enum vgpu_cs_result result;

   pthread_mutex_lock(&gpu->lock);
   if (engine->ring_disabled) {
      engine->ring_disabled = false;
      engine->batch_depth = 0;
      set_reg(engine, RING_BBADDR, 0);
   }
   const uint32_t kicks = engine->kicks;
   const bool stopped = get_reg(engine, RING_MI_MODE) & STOP_RING ||
                        !(get_reg(engine, RING_CTL) & RING_VALID);
   pthread_mutex_unlock(&gpu->lock);
   if (stopped)
      return VGPU_CS_IDLE;

   pthread_rwlock_rdlock(&gpu->mem.lock);
   update_translation(engine);
   engine->poll = false;
   if (!atomic_load(&gpu->bus_master)) {
      engine->cmd_name = "fetch";
      vgpu_engine_fault(engine, "the function is not a bus master (PCI command register)");
      result = VGPU_CS_HUNG;
   } else {
      result = engine->batch_depth ? step_batch(engine) : step_ring(engine);
   }
   pthread_rwlock_unlock(&gpu->mem.lock);

   if (result == VGPU_CS_IDLE) {
      /* If a register changed since the command looked at it, it has to look again. */
      pthread_mutex_lock(&gpu->lock);
      engine->waiting = engine->kicks == kicks && engine->in_wait;
      engine->in_wait = false;
      pthread_mutex_unlock(&gpu->lock);
   }
   return result;
}

bool
vgpu_cs_batch_start(struct vgpu_engine *engine, uint32_t address, bool ppgtt, bool secure,
                    bool second_level)
{
   struct vgpu *gpu = engine->gpu;

   if (ppgtt && !engine->ppgtt.enabled)
      return vgpu_engine_fault(engine, "batch at 0x%08x of the PPGTT, which is not enabled",
                               address);
   if (second_level && engine->batch_depth == 2)
      return vgpu_engine_fault(engine, "second-level batch at 0x%08x within another", address);

   if (engine->batch_depth == 0 || second_level)
      engine->batch_depth++;
   engine->batch[engine->batch_depth - 1] = (struct vgpu_fetch){
      .address = address,
      .as = ppgtt ? VGPU_AS_PPGTT : VGPU_AS_GGTT,
      .secure = secure,
   };
   __atomic_store_n(&gpu->regs[(engine->mmio_base + RING_BBADDR) / 4],
                    address | RING_BBADDR_VALID, __ATOMIC_RELAXED);
   return true;
}

bool
vgpu_cs_batch_end(struct vgpu_engine *engine)
{
   if (!engine->batch_depth)
      return vgpu_engine_fault(engine, "the end of a batch in the ring");
   engine->batch_depth--;
   if (!engine->batch_depth)
      set_reg(engine, RING_BBADDR, 0);
   return true;
}
