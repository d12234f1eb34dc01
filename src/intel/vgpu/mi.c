/*
 * SPDX-License-Identifier: MIT
 *
 * Memory interface commands (IVB PRM Vol1 Part 3, "Memory Interface Commands").
 */

#include "gfx7_unpack.h"
#include "vgpu_context.h"
#include "vgpu_cs.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

typedef enum vgpu_cmd_result result;

static uint32_t
get_reg(const struct vgpu_engine *engine, uint32_t offset)
{
   return __atomic_load_n(&engine->gpu->regs[(engine->mmio_base + offset) / 4],
                          __ATOMIC_RELAXED);
}

static uint32_t
mmio_read(struct vgpu_engine *engine, uint32_t offset)
{
   pthread_mutex_lock(&engine->gpu->lock);
   const uint32_t value = vgpu_mmio_read32(engine->gpu, offset);
   pthread_mutex_unlock(&engine->gpu->lock);
   return value;
}

static void
mmio_write(struct vgpu_engine *engine, uint32_t offset, uint32_t value)
{
   pthread_mutex_lock(&engine->gpu->lock);
   vgpu_mmio_write32(engine->gpu, offset, value);
   pthread_mutex_unlock(&engine->gpu->lock);
}

/**
 * Address space of a command with a Use Global GTT bit. \return false if the command is a NOOP: a
 * batch that is not secure does not reach the GGTT
 */
static bool
memory_as(struct vgpu_engine *engine, bool global, enum vgpu_as *as)
{
   if (!global) {
      *as = engine->as;
      return true;
   }
   *as = VGPU_AS_GGTT;
   if (!engine->secure)
      vgpu_log(engine->gpu, VGPU_LOG_WARN,
               "%s: %s at 0x%08x uses the GGTT in a batch that is not secure: a NOOP",
               engine->name, engine->cmd_name, engine->cmd_address);
   return engine->secure;
}

/** Checks a register offset of a command, which is the guest's. */
static bool
check_reg(struct vgpu_engine *engine, uint32_t offset)
{
   if (offset % 4 == 0 && offset < VGPU_MMIO_SIZE_BYTES)
      return true;
   return vgpu_engine_fault(engine, "0x%06x is no register offset", offset);
}

static result
mi_noop(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_NOOP cmd;

   GFX7_MI_NOOP_unpack(&cmd, dw, len_dw);
   if (cmd.IdentificationNumberRegisterWriteEnable)
      mmio_write(engine, engine->mmio_base + RING_NOPID, cmd.IdentificationNumber);
   return VGPU_CMD_DONE;
}

static result
mi_user_interrupt(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)dw, (void)len_dw;
   /*
    * The status page gets the interrupt status for events that HWSTAM lets through. The events
    * are pulses, so what is stored is the bit of this one.
    */
   if (!(get_reg(engine, RING_HWSTAM) & GT_USER_INTERRUPT) &&
       !vgpu_engine_write32(engine, VGPU_AS_GGTT, vgpu_cs_hws_address(engine, 0),
                            GT_USER_INTERRUPT))
      return VGPU_CMD_FAULT;

   pthread_mutex_lock(&engine->gpu->lock);
   vgpu_irq_engine_event(engine, GT_USER_INTERRUPT);
   pthread_mutex_unlock(&engine->gpu->lock);
   return VGPU_CMD_DONE;
}

static result
mi_wait_for_event(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_WAIT_FOR_EVENT cmd;
   const uint32_t display_events = dw[0] & 0x0070ffff;

   GFX7_MI_WAIT_FOR_EVENT_unpack(&cmd, dw, len_dw);
   if (display_events)
      return vgpu_cmd_result(vgpu_engine_fault(
         engine, "waits for display event 0x%06x, and there is no display", display_events));
   if (cmd.ConditionCodeWaitSelect > 5)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "reserved condition code %u",
                                               (unsigned)cmd.ConditionCodeWaitSelect));
   /* Waits as long as the condition code, of EXCC's five, is set. */
   if (cmd.ConditionCodeWaitSelect &&
       get_reg(engine, RING_EXCC) & BIT(cmd.ConditionCodeWaitSelect - 1)) {
      engine->in_wait = true;
      return VGPU_CMD_WAIT;
   }
   return VGPU_CMD_DONE;
}

static result
mi_arb_check(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu *gpu = engine->gpu;

   (void)dw, (void)len_dw;
   pthread_mutex_lock(&gpu->lock);
   uint32_t *uhptr = &gpu->regs[(engine->mmio_base + RING_UHPTR) / 4];
   if (engine->arbitration && *uhptr & 1) {
      /* The pending head pointer takes effect: whatever was being read ends here. */
      gpu->regs[(engine->mmio_base + RING_HEAD) / 4] = *uhptr & HEAD_ADDR;
      *uhptr &= ~1u;
      engine->batch_depth = 0;
      engine->head_moved = true;
   }
   pthread_mutex_unlock(&gpu->lock);
   return VGPU_CMD_DONE;
}

static result
mi_report_head(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)dw, (void)len_dw;
   return vgpu_cmd_result(vgpu_engine_write32(
      engine, VGPU_AS_GGTT, vgpu_cs_hws_address(engine, 0x10), get_reg(engine, RING_HEAD)));
}

static result
mi_arb_on_off(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_ARB_ON_OFF cmd;

   GFX7_MI_ARB_ON_OFF_unpack(&cmd, dw, len_dw);
   engine->arbitration = cmd.ArbitrationEnable;
   return VGPU_CMD_DONE;
}

static result
mi_batch_buffer_start(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_BATCH_BUFFER_START cmd;

   GFX7_MI_BATCH_BUFFER_START_unpack(&cmd, dw, len_dw);
   if (cmd.ClearCommandBufferEnable)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Clear Command Buffer Enable"));

   /*
    * A batch in the PPGTT is the user's and not secure; one in the GGTT is the driver's. Who is
    * not secure does not become it by chaining.
    */
   const bool ppgtt = cmd.AddressSpaceIndicator || !engine->secure;
   return vgpu_cmd_result(
      vgpu_cs_batch_start(engine, cmd.BatchBufferStartAddress, ppgtt, !ppgtt, false));
}

static result
mi_batch_buffer_end(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)dw, (void)len_dw;
   return vgpu_cmd_result(vgpu_cs_batch_end(engine));
}

static result
mi_conditional_batch_buffer_end(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_CONDITIONAL_BATCH_BUFFER_END cmd;
   enum vgpu_as as;
   uint32_t value;

   GFX7_MI_CONDITIONAL_BATCH_BUFFER_END_unpack(&cmd, dw, len_dw);
   if (!cmd.CompareSemaphore)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Compare Semaphore off"));
   if (!memory_as(engine, cmd.UseGlobalGTT, &as))
      return VGPU_CMD_DONE;
   if (!vgpu_engine_read32(engine, as, cmd.CompareAddress, &value))
      return VGPU_CMD_FAULT;
   /* The batch goes on while the value in memory is greater than the one of the command. */
   return value > cmd.CompareDataDword ? VGPU_CMD_DONE
                                       : vgpu_cmd_result(vgpu_cs_batch_end(engine));
}

static result
mi_semaphore_mbox(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_SEMAPHORE_MBOX cmd;
   enum { USE_GLOBAL_GTT = BIT(22), UPDATE = BIT(21), COMPARE = BIT(20), REGISTER = BIT(18) };
   enum vgpu_as as;
   uint32_t value;

   (void)len_dw;
   GFX7_MI_SEMAPHORE_MBOX_unpack(&cmd, dw, len_dw);
   const bool update = dw[0] & UPDATE, compare = dw[0] & COMPARE, reg = dw[0] & REGISTER;
   if (update == compare)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "neither or both of update and compare"));

   if (reg) {
      if (update)
         return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "update of a register"));
      /* Register select 0 and 2 are the sync registers 0 and 1, 1 is that of the VEBOX. */
      static const uint32_t sync[] = { RING_SYNC_0, RING_SYNC_2, RING_SYNC_1 };
      if (cmd.RegisterSelect >= ARRAY_SIZE(sync))
         return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "general register select"));
      value = get_reg(engine, sync[cmd.RegisterSelect]);
   } else {
      const uint32_t address = dw[2] & ~3u;
      if (!memory_as(engine, dw[0] & USE_GLOBAL_GTT, &as))
         return VGPU_CMD_DONE;
      if (update)
         return vgpu_cmd_result(
            vgpu_engine_write32(engine, as, address, cmd.SemaphoreDataDword));
      if (!vgpu_engine_read32(engine, as, address, &value))
         return VGPU_CMD_FAULT;
   }

   /* The wait is over when the semaphore is greater than the data, not when it is equal. */
   if (value > cmd.SemaphoreDataDword)
      return VGPU_CMD_DONE;
   engine->in_wait = true;
   engine->poll = !reg;
   return VGPU_CMD_WAIT;
}

static result
mi_suspend_flush(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)engine, (void)dw, (void)len_dw;
   return VGPU_CMD_DONE;
}

static result
mi_set_appid(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)engine, (void)dw, (void)len_dw;
   return VGPU_CMD_DONE;
}

/* What MI_FLUSH waits for and writes back has happened, as with PIPE_CONTROL. */
static result
mi_flush(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_FLUSH cmd;

   GFX7_MI_FLUSH_unpack(&cmd, dw, len_dw);
   if (!(get_reg(engine, RING_MI_MODE) & MI_FLUSH_ENABLE))
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "MI_MODE does not enable it"));
   if (cmd.GlobalSnapshotCountReset)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Global Snapshot Count Reset"));
   return VGPU_CMD_DONE;
}

static result
mi_predicate(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_PREDICATE cmd;
   struct vgpu *gpu = engine->gpu;
   const uint32_t *r = gpu->regs;
   const bool old = engine->predicate;

   GFX7_MI_PREDICATE_unpack(&cmd, dw, len_dw);
   pthread_mutex_lock(&gpu->lock);
   const uint64_t src0 = r[MI_PREDICATE_SRC0 / 4] | (uint64_t)r[MI_PREDICATE_SRC0 / 4 + 1] << 32;
   const uint64_t src1 = r[MI_PREDICATE_SRC1 / 4] | (uint64_t)r[MI_PREDICATE_SRC1 / 4 + 1] << 32;
   const uint64_t data = r[MI_PREDICATE_DATA / 4] | (uint64_t)r[MI_PREDICATE_DATA / 4 + 1] << 32;
   pthread_mutex_unlock(&gpu->lock);

   bool compare = false;
   switch (cmd.CompareOperation) {
   case 0:
      compare = true;
      break;
   case 1:
      compare = false;
      break;
   case 2:
      compare = src0 == src1;
      break;
   case 3:
      compare = src0 - src1 == data;
      break;
   }

   switch (cmd.LoadOperation) {
   case 0: /* keep: the combination below is not stored */
      compare = old;
      break;
   case 2:
      break;
   case 3:
      compare = !compare;
      break;
   default:
      return vgpu_cmd_result(vgpu_engine_fault(engine, "reserved load operation"));
   }
   if (cmd.LoadOperation) {
      switch (cmd.CombineOperation) {
      case 0:
         break;
      case 1:
         compare = old && compare;
         break;
      case 2:
         compare = old || compare;
         break;
      case 3:
         compare = old != compare;
         break;
      }
   }

   engine->predicate = compare;
   pthread_mutex_lock(&gpu->lock);
   gpu->regs[MI_PREDICATE_DATA / 4] = src0 - src1;
   gpu->regs[MI_PREDICATE_DATA / 4 + 1] = (src0 - src1) >> 32;
   gpu->regs[MI_PREDICATE_RESULT / 4] = compare;
   pthread_mutex_unlock(&gpu->lock);
   return VGPU_CMD_DONE;
}

static result
mi_topology_filter(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_TOPOLOGY_FILTER cmd;

   GFX7_MI_TOPOLOGY_FILTER_unpack(&cmd, dw, len_dw);
   engine->render->topology_filter = cmd.TopologyFilterValue;
   return VGPU_CMD_DONE;
}

static result
mi_load_scan_lines(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)engine, (void)dw, (void)len_dw;
   return VGPU_CMD_DONE;
}

static result
mi_urb_clear(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_URB_CLEAR cmd;

   GFX7_MI_URB_CLEAR_unpack(&cmd, dw, len_dw);
   return vgpu_cmd_result(vgpu_render_urb_clear(engine, cmd.URBAddress, cmd.URBClearLength));
}

static result
mi_store_data_imm(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_STORE_DATA_IMM cmd;
   enum vgpu_as as;

   GFX7_MI_STORE_DATA_IMM_unpack(&cmd, dw, len_dw);
   if (cmd.CoreModeEnable)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Core Mode Enable"));
   if (len_dw != 4 && len_dw != 5)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   if (!memory_as(engine, cmd.UseGlobalGTT, &as))
      return VGPU_CMD_DONE;
   if (len_dw == 4)
      return vgpu_cmd_result(vgpu_engine_write32(engine, as, cmd.Address, dw[3]));
   if (cmd.Address & 7)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "QWord to 0x%08x",
                                               (uint32_t)cmd.Address));
   return vgpu_cmd_result(
      vgpu_engine_write64(engine, as, cmd.Address, dw[3] | (uint64_t)dw[4] << 32));
}

static result
mi_store_data_index(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   /* The offset is in DWords; the first 16 are the hardware's own. */
   const uint32_t offset = dw[1] & 0xffc;

   if (len_dw != 3 && len_dw != 4)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   if (offset < 16 * 4)
      return vgpu_cmd_result(vgpu_engine_fault(
         engine, "offset 0x%x of the status page is the hardware's", offset));
   const uint32_t address = vgpu_cs_hws_address(engine, offset);
   if (len_dw == 3)
      return vgpu_cmd_result(vgpu_engine_write32(engine, VGPU_AS_GGTT, address, dw[2]));
   if (address & 7)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "QWord at offset 0x%x", offset));
   return vgpu_cmd_result(
      vgpu_engine_write64(engine, VGPU_AS_GGTT, address, dw[2] | (uint64_t)dw[3] << 32));
}

/** A batch that is not secure reaches a few registers; writes to the others are dropped. */
static bool
may_write_reg(struct vgpu_engine *engine, uint32_t offset)
{
   const struct vgpu_reg *reg = vgpu_mmio_find(offset);
   char name[64];

   if (engine->secure || (reg && reg->user))
      return true;
   vgpu_log(engine->gpu, VGPU_LOG_WARN, "%s: %s at 0x%08x writes %s in a batch that is not secure:"
            " dropped", engine->name, engine->cmd_name, engine->cmd_address,
            vgpu_mmio_name(offset, name, sizeof(name)));
   return false;
}

bool
vgpu_cs_load_register(struct vgpu_engine *engine, uint32_t offset, uint32_t value)
{
   if (!check_reg(engine, offset))
      return false;
   if (may_write_reg(engine, offset))
      mmio_write(engine, offset, value);
   return true;
}

static result
mi_load_register_imm(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   const uint32_t byte_disables = dw[0] >> 8 & 0xf;

   if (len_dw % 2 == 0 || len_dw < 3)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   if (byte_disables)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "Byte Write Disables 0x%x",
                                                    byte_disables));
   for (unsigned i = 1; i + 1 < len_dw; i += 2) {
      if (!vgpu_cs_load_register(engine, dw[i] & 0x7ffffc, dw[i + 1]))
         return VGPU_CMD_FAULT;
   }
   return VGPU_CMD_DONE;
}

static result
mi_load_register_mem(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_LOAD_REGISTER_MEM cmd;
   enum vgpu_as as;
   uint32_t value;

   GFX7_MI_LOAD_REGISTER_MEM_unpack(&cmd, dw, len_dw);
   if (!memory_as(engine, cmd.UseGlobalGTT, &as))
      return VGPU_CMD_DONE;
   if (!check_reg(engine, cmd.RegisterAddress) ||
       !vgpu_engine_read32(engine, as, cmd.MemoryAddress, &value))
      return VGPU_CMD_FAULT;
   mmio_write(engine, cmd.RegisterAddress, value);
   return VGPU_CMD_DONE;
}

static result
mi_store_register_mem(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_STORE_REGISTER_MEM cmd;
   enum vgpu_as as;

   GFX7_MI_STORE_REGISTER_MEM_unpack(&cmd, dw, len_dw);
   if (!memory_as(engine, cmd.UseGlobalGTT, &as))
      return VGPU_CMD_DONE;
   if (!check_reg(engine, cmd.RegisterAddress))
      return VGPU_CMD_FAULT;
   return vgpu_cmd_result(vgpu_engine_write32(engine, as, cmd.MemoryAddress,
                                              mmio_read(engine, cmd.RegisterAddress)));
}

static result
mi_update_gtt(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu *gpu = engine->gpu;
   const uint32_t first = dw[1] >> VGPU_PAGE_SHIFT; /* of the entry: the page it maps */
   const uint32_t entries = gpu->gsm_size_bytes / sizeof(uint32_t);

   if (len_dw < 3 || first >= entries || len_dw - 2 > entries - first)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "%u entries at page 0x%x of the GTT",
                                               len_dw - 2, first));
   for (unsigned i = 0; i < len_dw - 2; i++)
      __atomic_store_n((uint32_t *)gpu->gsm + first + i, dw[2 + i], __ATOMIC_RELAXED);
   atomic_fetch_add(&gpu->tlb_flushes, 1);
   return VGPU_CMD_DONE;
}

static result
mi_flush_dw(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_FLUSH_DW cmd;
   enum { NO_WRITE, WRITE_IMMEDIATE, RESERVED, WRITE_TIMESTAMP };

   GFX7_MI_FLUSH_DW_unpack(&cmd, dw, len_dw);
   /* Every write of a command is in memory when the command ends: nothing is left to flush. */
   if (cmd.TLBInvalidate)
      atomic_fetch_add(&engine->translation_changes, 1);

   if (cmd.PostSyncOperation == RESERVED)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "reserved post-sync operation"));
   if (cmd.PostSyncOperation != NO_WRITE) {
      const struct vgpu_post_sync post = {
         .index = cmd.StoreDataIndex,
         .ggtt = cmd.DestinationAddressType,
         .address = cmd.Address,
         .qword = len_dw > 3 || cmd.PostSyncOperation == WRITE_TIMESTAMP,
         .value = cmd.PostSyncOperation == WRITE_TIMESTAMP
                     ? vgpu_timestamp(engine->gpu)
                     : dw[2] | (len_dw > 3 ? (uint64_t)dw[3] << 32 : 0),
      };
      if (!vgpu_cs_post_sync(engine, &post))
         return VGPU_CMD_FAULT;
   }
   if (cmd.NotifyEnable) {
      pthread_mutex_lock(&engine->gpu->lock);
      vgpu_irq_engine_event(engine, GT_FLUSH_NOTIFY_INTERRUPT);
      pthread_mutex_unlock(&engine->gpu->lock);
   }
   return VGPU_CMD_DONE;
}

bool
vgpu_cs_post_sync(struct vgpu_engine *engine, const struct vgpu_post_sync *post)
{
   enum vgpu_as as = VGPU_AS_GGTT;
   uint32_t address = post->address;

   if (post->index)
      address = vgpu_cs_hws_address(engine, address);
   else if (!memory_as(engine, post->ggtt, &as))
      return true;
   if (!post->qword)
      return vgpu_engine_write32(engine, as, address, post->value);
   if (address & 7)
      return vgpu_engine_fault(engine, "QWord to 0x%08x", address);
   return vgpu_engine_write64(engine, as, address, post->value);
}

static result
mi_clflush(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   (void)engine, (void)dw, (void)len_dw;
   return VGPU_CMD_DONE;
}

/*
 * A report is as long as OACONTROL's format says: the report's ID, a time stamp, then counters.
 * Intel describes the counters of Ivybridge and Haswell in one volume, "Observability Performance
 * Counters"; these are the formats that i915_perf.c has from it, for Haswell. That format 5 has 64
 * DWords on all of Gen7 is also in Mesa's i965 (brw_performance_monitor.c), which used it on
 * Ivybridge. The counters stand at 0, where they are after reset, because OACONTROL does not
 * enable them; once it does, a report faults.
 */
static result
mi_report_perf_count(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   static const uint16_t size_bytes[8] = { 64, 128, 128, 0, 64, 256, 128, 64 };
   const uint32_t oacontrol = mmio_read(engine, GEN7_OACONTROL);
   const unsigned format =
      (oacontrol & GEN7_OACONTROL_FORMAT_MASK) >> GEN7_OACONTROL_FORMAT_SHIFT;
   struct GFX7_MI_REPORT_PERF_COUNT cmd;
   enum vgpu_as as;

   GFX7_MI_REPORT_PERF_COUNT_unpack(&cmd, dw, len_dw);
   if (len_dw != 3)
      return vgpu_cmd_result(vgpu_engine_fault(engine, "length of %u DWords", len_dw));
   if (oacontrol & GEN7_OACONTROL_ENABLE)
      return vgpu_cmd_result(vgpu_engine_unmodelled(engine, "counters that OACONTROL enables"));
   if (!size_bytes[format])
      return vgpu_cmd_result(vgpu_engine_fault(engine, "reserved report format %u", format));
   if (!memory_as(engine, cmd.UseGlobalGTT, &as))
      return VGPU_CMD_DONE;

   const uint32_t head[2] = { cmd.ReportID, vgpu_timestamp(engine->gpu) };
   for (unsigned i = 0; i < size_bytes[format] / 4u; i++) {
      if (!vgpu_engine_write32(engine, as, cmd.MemoryAddress + 4 * i,
                               i < ARRAY_SIZE(head) ? head[i] : 0))
         return VGPU_CMD_FAULT;
   }
   return VGPU_CMD_DONE;
}

static result
mi_set_context(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_MI_SET_CONTEXT cmd;

   GFX7_MI_SET_CONTEXT_unpack(&cmd, dw, len_dw);
   return vgpu_cmd_result(vgpu_context_set(engine, cmd.LogicalContextAddress,
                                           cmd.RestoreInhibit, cmd.ForceRestore));
}

#define RCS VGPU_REG_RCS
#define VCS VGPU_REG_VCS
#define BCS VGPU_REG_BCS
#define ALL VGPU_REG_XCS

#define MI(n, on, how, f, ...)                                                                  \
   { .name = #n, .header = GFX7_##n##_header, .header_mask = GFX7_##n##_header_mask,            \
     .engines = on, .state = VGPU_CMD_STATE_##how, .execute = f, ##__VA_ARGS__ }

const struct vgpu_command vgpu_mi_commands[] = {
   MI(MI_NOOP, ALL, DONE, mi_noop),
   MI(MI_USER_INTERRUPT, ALL, DONE, mi_user_interrupt),
   MI(MI_WAIT_FOR_EVENT, ALL, DONE, mi_wait_for_event,
      .note = "condition codes; display events fault: there is no display"),
   MI(MI_FLUSH, RCS, DONE, mi_flush, .note = "faults unless MI_MODE enables it"),
   MI(MI_ARB_CHECK, ALL, DONE, mi_arb_check),
   MI(MI_REPORT_HEAD, ALL, DONE, mi_report_head),
   MI(MI_ARB_ON_OFF, ALL, DONE, mi_arb_on_off),
   MI(MI_URB_CLEAR, RCS, DONE, mi_urb_clear),
   MI(MI_BATCH_BUFFER_END, ALL, DONE, mi_batch_buffer_end),
   MI(MI_SUSPEND_FLUSH, RCS, IGNORED, mi_suspend_flush,
      .note = "no flush is ever pending"),
   MI(MI_PREDICATE, RCS, DONE, mi_predicate),
   MI(MI_TOPOLOGY_FILTER, RCS, DONE, mi_topology_filter),
   MI(MI_SET_APPID, ALL, IGNORED, mi_set_appid, .note = "there is no protected session"),
   MI(MI_LOAD_SCAN_LINES_INCL, RCS | BCS, IGNORED, mi_load_scan_lines, .privileged = true,
      .note = "there is no display whose scan lines it could set"),
   MI(MI_LOAD_SCAN_LINES_EXCL, RCS | BCS, IGNORED, mi_load_scan_lines, .privileged = true,
      .note = "there is no display whose scan lines it could set"),
   MI(MI_DISPLAY_FLIP, RCS | BCS, FAULTS, NULL, .privileged = true,
      .note = "there is no display to flip"),
   MI(MI_SEMAPHORE_MBOX, ALL, DONE, mi_semaphore_mbox,
      .note = "register and memory compare, memory update; other forms fault"),
   MI(MI_SET_CONTEXT, RCS, DONE, mi_set_context, .privileged = true),
   MI(MI_STORE_DATA_IMM, ALL, DONE, mi_store_data_imm),
   MI(MI_STORE_DATA_INDEX, ALL, DONE, mi_store_data_index),
   MI(MI_LOAD_REGISTER_IMM, ALL, DONE, mi_load_register_imm,
      .note = "Byte Write Disables fault; a batch that is not secure writes only INSTPM"),
   MI(MI_UPDATE_GTT, RCS | BCS, DONE, mi_update_gtt, .privileged = true),
   MI(MI_STORE_REGISTER_MEM, ALL, DONE, mi_store_register_mem, .privileged = true),
   MI(MI_FLUSH_DW, VCS | BCS, DONE, mi_flush_dw),
   MI(MI_CLFLUSH, RCS, IGNORED, mi_clflush, .note = "there is no cache between model and memory"),
   MI(MI_REPORT_PERF_COUNT, RCS, DONE, mi_report_perf_count,
      .note = "counters stand at 0; faults if OACONTROL enables them"),
   MI(MI_LOAD_REGISTER_MEM, RCS | BCS, DONE, mi_load_register_mem, .privileged = true),
   MI(MI_BATCH_BUFFER_START, ALL, DONE, mi_batch_buffer_start),
   MI(MI_CONDITIONAL_BATCH_BUFFER_END, ALL, DONE, mi_conditional_batch_buffer_end),
   { .name = NULL },
};
