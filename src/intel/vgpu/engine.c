/*
 * SPDX-License-Identifier: MIT
 *
 * An engine's thread, its registers and its reset.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vgpu_blt.h"
#include "vgpu_cs.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

/* How often a semaphore in memory is looked at. */
#define POLL_INTERVAL_NS 200000

/* The TIMESTAMP register counts in units of 80 ns (IVB PRM Vol1 Part 3). */
#define TIMESTAMP_PERIOD_NS 80

static uint32_t
reg(const struct vgpu_engine *engine, uint32_t offset)
{
   return __atomic_load_n(&engine->gpu->regs[(engine->mmio_base + offset) / 4],
                          __ATOMIC_RELAXED);
}

uint64_t
vgpu_now_ns(void)
{
   struct timespec ts;

   clock_gettime(CLOCK_MONOTONIC, &ts);
   return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

uint64_t
vgpu_timestamp(const struct vgpu *gpu)
{
   return (vgpu_now_ns() - gpu->timestamp_base_ns) / TIMESTAMP_PERIOD_NS;
}

bool
vgpu_engine_has_work(const struct vgpu_engine *engine)
{
   if (engine->hung || engine->waiting || reg(engine, RING_MI_MODE) & STOP_RING ||
       !(reg(engine, RING_CTL) & RING_VALID))
      return false;
   const uint32_t tail = reg(engine, RING_TAIL) & TAIL_ADDR;
   return engine->batch_depth ||
          (tail != (reg(engine, RING_HEAD) & HEAD_ADDR) && tail != engine->short_tail);
}

void
vgpu_engine_kick(struct vgpu_engine *engine)
{
   engine->waiting = false;
   engine->kicks++;
   if (engine->gpu->synchronous)
      engine->kicked = true;
   else
      pthread_cond_broadcast(&engine->wake);
}

/** Runs until there is nothing to do; the lock is held on entry and on return. */
static void
run(struct vgpu_engine *engine, uint64_t budget)
{
   struct vgpu *gpu = engine->gpu;

   engine->busy = true;
   while (vgpu_engine_has_work(engine) && !vgpu_engine_interrupted(engine) && budget) {
      pthread_mutex_unlock(&gpu->lock);
      enum vgpu_cs_result result = VGPU_CS_DONE;
      while (result == VGPU_CS_DONE && !vgpu_engine_interrupted(engine) && budget) {
         result = vgpu_cs_step(engine);
         budget--;
      }
      pthread_mutex_lock(&gpu->lock);
   }
   engine->busy = false;
   pthread_cond_broadcast(&gpu->idle);
}

/** A command waits for memory, whose change nobody tells: lets it look again after a while. */
static void
wait_poll(struct vgpu_engine *engine)
{
   struct timespec ts;

   clock_gettime(CLOCK_REALTIME, &ts);
   ts.tv_nsec += POLL_INTERVAL_NS;
   if (ts.tv_nsec >= 1000000000) {
      ts.tv_nsec -= 1000000000;
      ts.tv_sec++;
   }
   if (pthread_cond_timedwait(&engine->wake, &engine->gpu->lock, &ts) == ETIMEDOUT)
      engine->waiting = false;
}

static void *
engine_thread(void *data)
{
   struct vgpu_engine *engine = data;
   struct vgpu *gpu = engine->gpu;

   pthread_mutex_lock(&gpu->lock);
   while (!engine->stop) {
      if (vgpu_engine_has_work(engine) && !engine->reset_wanted)
         run(engine, UINT64_MAX);
      else if (engine->waiting && engine->poll)
         wait_poll(engine);
      else
         pthread_cond_wait(&engine->wake, &gpu->lock);
   }
   pthread_mutex_unlock(&gpu->lock);
   return NULL;
}

void
vgpu_engine_run_synchronously(struct vgpu_engine *engine)
{
   pthread_mutex_lock(&engine->gpu->lock);
   if (engine->kicked) {
      engine->kicked = false;
      run(engine, engine->gpu->synchronous_budget);
   }
   pthread_mutex_unlock(&engine->gpu->lock);
}

/** Power-on state of all but the registers. */
static void
reset_state(struct vgpu_engine *engine)
{
   engine->hung = false;
   engine->waiting = false;
   engine->short_tail = VGPU_NO_TAIL;
   vgpu_cs_reset(engine);
   vgpu_tlb_flush(&engine->tlb);
   memset(&engine->ppgtt, 0, sizeof(engine->ppgtt));
   vgpu_blt_reset(engine);
   if (engine->render)
      vgpu_render_reset(engine->render);
}

int
vgpu_engine_init(struct vgpu *gpu, enum vgpu_engine_id id)
{
   static const struct {
      const char *name;
      uint32_t mmio_base;
   } info[VGPU_NUM_ENGINES] = {
      [VGPU_RCS] = { "rcs0", RENDER_RING_BASE },
      [VGPU_VCS] = { "vcs0", GEN6_BSD_RING_BASE },
      [VGPU_BCS] = { "bcs0", BLT_RING_BASE },
   };
   struct vgpu_engine *engine = &gpu->engines[id];

   engine->gpu = gpu;
   engine->pool = gpu->pool;
   engine->id = id;
   engine->name = info[id].name;
   engine->mmio_base = info[id].mmio_base;
   vgpu_tlb_init(&engine->tlb);
   pthread_cond_init(&engine->wake, NULL);
   pthread_mutex_init(&engine->shared_lock, NULL);
   if (id == VGPU_RCS) {
      engine->render = vgpu_render_create();
      if (!engine->render)
         return -ENOMEM;
   }
   reset_state(engine);

   if (!gpu->synchronous) {
      const int ret = pthread_create(&engine->thread, NULL, engine_thread, engine);
      if (ret)
         return -ret;
      engine->thread_running = true;
   }
   return 0;
}

void
vgpu_engine_fini(struct vgpu_engine *engine)
{
   struct vgpu *gpu = engine->gpu;

   if (!gpu)
      return;
   if (engine->thread_running) {
      pthread_mutex_lock(&gpu->lock);
      engine->stop = true;
      atomic_store(&engine->interrupted, true);
      pthread_cond_broadcast(&engine->wake);
      pthread_mutex_unlock(&gpu->lock);
      pthread_join(engine->thread, NULL);
   }
   pthread_cond_destroy(&engine->wake);
   pthread_mutex_destroy(&engine->shared_lock);
   vgpu_render_destroy(engine->render);
}

void
vgpu_engine_reset(struct vgpu_engine *engine)
{
   struct vgpu *gpu = engine->gpu;

   engine->reset_wanted = true;
   atomic_store(&engine->interrupted, true);
   pthread_cond_broadcast(&engine->wake);
   while (engine->busy)
      pthread_cond_wait(&gpu->idle, &gpu->lock);

   reset_state(engine);
   vgpu_mmio_reset_engine(gpu, engine->id);
   engine->reset_wanted = false;
   atomic_store(&engine->interrupted, engine->stop);
}

/*
 * Faults
 */

enum fault_kind {
   FAULT_INVALID,    /* the command is wrong */
   FAULT_UNMODELLED, /* the model cannot do what hardware does */
   FAULT_PAGE,       /* an address does not translate */
};

static void
fault(struct vgpu_engine *engine, enum fault_kind kind, const char *format, va_list args)
{
   static const char *const levels[] = { "ring", "batch", "second-level batch" };
   const uint32_t error = kind == FAULT_PAGE ? ERROR_PAGE_TABLE : ERROR_INSTRUCTION;
   struct vgpu *gpu = engine->gpu;
   char text[512];

   vsnprintf(text, sizeof(text), format, args);

   pthread_mutex_lock(&gpu->lock);
   if (engine->shared && engine->hung) {
      pthread_mutex_unlock(&gpu->lock);
      return;
   }
   engine->hung = true;
   if (kind == FAULT_UNMODELLED)
      atomic_fetch_add(&gpu->unmodelled, 1);
   const uint32_t unmasked = error & ~reg(engine, RING_EMR);
   gpu->regs[(engine->mmio_base + RING_INSTDONE) / 4] &= ~1u;
   gpu->regs[(engine->mmio_base + RING_ESR) / 4] |= error;
   gpu->regs[(engine->mmio_base + RING_EIR) / 4] |= unmasked;
   if (unmasked)
      vgpu_irq_engine_event(engine, GT_CS_ERROR_INTERRUPT);
   pthread_mutex_unlock(&gpu->lock);

   vgpu_log(gpu, VGPU_LOG_FAULT, "%s: %s%s: %s (at 0x%08x of the %s, header 0x%08x)",
            engine->name, kind == FAULT_UNMODELLED ? "not modelled: " : "", engine->cmd_name,
            text, engine->cmd_address, levels[engine->batch_depth], reg(engine, RING_IPEHR));
}

bool
vgpu_engine_fault(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   fault(engine, FAULT_INVALID, format, args);
   va_end(args);
   return false;
}

bool
vgpu_engine_unmodelled(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   fault(engine, FAULT_UNMODELLED, format, args);
   va_end(args);
   return false;
}

static void __attribute__((format(printf, 2, 3)))
page_fault(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   fault(engine, FAULT_PAGE, format, args);
   va_end(args);
}

uint8_t *
vgpu_engine_map(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, bool write)
{
   struct vgpu *gpu = engine->gpu;
   enum vgpu_gtt_fault why;

   if (engine->shared)
      pthread_mutex_lock(&engine->shared_lock);
   uint8_t *host = vgpu_gtt_translate(gpu, &engine->tlb, &engine->ppgtt, as, address, write, &why);
   if (engine->shared)
      pthread_mutex_unlock(&engine->shared_lock);
   if (host)
      return host;

   /* RING_FAULT_REG: address, which GTT, type (1: page directory), valid. */
   pthread_mutex_lock(&gpu->lock);
   if (engine->shared && engine->hung) {
      pthread_mutex_unlock(&gpu->lock);
      return NULL;
   }
   gpu->regs[(RING_FAULT_REG_RCS + RING_FAULT_REG_STRIDE * engine->id) / 4] =
      (address & 0xfffff000u) | (as == VGPU_AS_GGTT ? RING_FAULT_GTTSEL_GGTT : 0) |
      (why == VGPU_GTT_INVALID_PDE ? 1u : 0u) << RING_FAULT_TYPE_SHIFT | RING_FAULT_VALID;
   pthread_mutex_unlock(&gpu->lock);
   page_fault(engine, "%s of %s address 0x%08" PRIx64 ": %s", write ? "write" : "read",
              as == VGPU_AS_GGTT ? "GGTT" : "PPGTT", address, vgpu_gtt_fault_name(why));
   return NULL;
}

bool
vgpu_engine_read32(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, uint32_t *value)
{
   const uint8_t *host = vgpu_engine_map(engine, as, address & ~3ull, false);

   if (!host)
      return false;
   *value = __atomic_load_n((const uint32_t *)host, __ATOMIC_ACQUIRE);
   return true;
}

bool
vgpu_engine_write32(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, uint32_t value)
{
   uint8_t *host = vgpu_engine_map(engine, as, address & ~3ull, true);

   if (!host)
      return false;
   /* What was written before must be seen by who sees this: it may be a breadcrumb. */
   __atomic_store_n((uint32_t *)host, value, __ATOMIC_RELEASE);
   return true;
}

bool
vgpu_engine_write64(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, uint64_t value)
{
   uint8_t *host = vgpu_engine_map(engine, as, address & ~7ull, true);

   if (!host)
      return false;
   __atomic_store_n((uint64_t *)host, value, __ATOMIC_RELEASE);
   return true;
}

/*
 * Registers
 */

static struct vgpu_engine *
engine_of(struct vgpu *gpu, uint32_t offset)
{
   if (offset >= BLT_RING_BASE)
      return &gpu->engines[VGPU_BCS];
   return &gpu->engines[offset >= GEN6_BSD_RING_BASE ? VGPU_VCS : VGPU_RCS];
}

static void
write_kick(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   (void)r, (void)value;
   vgpu_engine_kick(engine_of(gpu, offset));
}

static void
write_tail(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   (void)r, (void)value;
   struct vgpu_engine *engine = engine_of(gpu, offset);

   engine->short_tail = VGPU_NO_TAIL;
   vgpu_engine_kick(engine);
}

static void
write_ctl(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   (void)r;
   struct vgpu_engine *engine = engine_of(gpu, offset);

   /* A ring that is turned off forgets the batch that it was in. */
   if (!(value & RING_VALID))
      engine->ring_disabled = true;
   vgpu_engine_kick(engine);
}

static uint32_t
read_ctl(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset)
{
   (void)r;
   const struct vgpu_engine *engine = engine_of(gpu, offset);

   return gpu->regs[offset / 4] | (engine->waiting ? RING_WAIT_SEMAPHORE : 0);
}

static uint32_t
read_mi_mode(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset)
{
   (void)r;
   const struct vgpu_engine *engine = engine_of(gpu, offset);
   const bool idle = !engine->busy && !engine->hung && !engine->waiting &&
                     !vgpu_engine_has_work(engine);

   return (gpu->regs[offset / 4] & ~MODE_IDLE) | (idle ? MODE_IDLE : 0);
}

/** Something in how the engine translates has changed. */
static void
write_translation(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   (void)r, (void)value;
   struct vgpu_engine *engine = engine_of(gpu, offset);

   if (offset == engine->mmio_base + RING_PP_DIR_BASE) {
      engine->pp_dir_loaded = true;
      gpu->regs[(engine->mmio_base + RING_PP_DIR_BASE_READ) / 4] = value;
   }
   atomic_fetch_add(&engine->translation_changes, 1);
   vgpu_engine_kick(engine);
}

static void
write_instpm(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   /* Both bits are requests that clear themselves; a sync flush has nothing left to flush. */
   if (value & INSTPM_TLB_INVALIDATE)
      write_translation(gpu, r, offset, value);
   gpu->regs[offset / 4] = value & ~(INSTPM_TLB_INVALIDATE | INSTPM_SYNC_FLUSH);
}

static uint32_t
read_timestamp(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset)
{
   const struct vgpu_engine *engine = engine_of(gpu, offset);
   const uint64_t now = vgpu_timestamp(gpu);

   return offset - engine->mmio_base == r->offset ? now : now >> 32;
}

static uint32_t
read_instdone(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset)
{
   (void)r;
   const struct vgpu_engine *engine = engine_of(gpu, offset);

   /* Bit 0 clear: the ring is at work. */
   return gpu->regs[offset / 4] & ~(engine->busy ? 1u : 0u);
}

#define ALL VGPU_REG_XCS

static const struct vgpu_reg engine_regs[] = {
   { .offset = RING_EXCC, .name = "EXCC", .kind = VGPU_REG_MASKED, .engines = ALL,
     .write = write_kick },
   { .offset = RING_TAIL, .name = "RING_TAIL", .kind = VGPU_REG_STORE, .write_mask = TAIL_ADDR,
     .engines = ALL, .write = write_tail },
   { .offset = RING_HEAD, .name = "RING_HEAD", .kind = VGPU_REG_STORE,
     .write_mask = HEAD_WRAP_COUNT | HEAD_ADDR, .engines = ALL, .write = write_kick },
   { .offset = RING_START, .name = "RING_START", .kind = VGPU_REG_STORE,
     .write_mask = 0xfffff000, .engines = ALL, .write = write_kick },
   { .offset = RING_CTL, .name = "RING_CTL", .kind = VGPU_REG_STORE,
     .write_mask = RING_NR_PAGES | RING_REPORT_MASK | RING_VALID, .engines = ALL,
     .read = read_ctl, .write = write_ctl },
   { .offset = RING_SYNC_0, .name = "RING_SYNC", .kind = VGPU_REG_STORE, .count = 3,
     .engines = ALL, .write = write_kick },
   { .offset = RING_PSMI_CTL, .name = "PSMI_CTL", .kind = VGPU_REG_MASKED, .engines = ALL,
     .note = "idle messaging: the model never sleeps" },
   { .offset = RING_MAX_IDLE, .name = "PWRCTX_MAXCNT", .kind = VGPU_REG_IGNORED, .engines = ALL,
     .note = "idle messaging: the model never sleeps" },
   { .offset = RING_IPEIR, .name = "IPEIR", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_IPEHR, .name = "IPEHR", .kind = VGPU_REG_CONST, .engines = ALL,
     .note = "header of the command that executes or faulted" },
   { .offset = RING_INSTDONE, .name = "INSTDONE", .kind = VGPU_REG_CONST, .reset = ~0u,
     .engines = ALL, .read = read_instdone,
     .note = "bit 0, the ring; units behind the command streamer always read done" },
   { .offset = RING_INSTPS, .name = "INSTPS", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_ACTHD, .name = "ACTHD", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_DMA_FADD, .name = "DMA_FADD", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_NOPID, .name = "NOPID", .kind = VGPU_REG_STORE, .engines = ALL },
   { .offset = RING_HWSTAM, .name = "HWSTAM", .kind = VGPU_REG_STORE, .reset = ~0u,
     .engines = ALL },
   { .offset = RING_MI_MODE, .name = "MI_MODE", .kind = VGPU_REG_MASKED, .engines = ALL,
     .read = read_mi_mode, .write = write_kick },
   { .offset = RING_IMR, .name = "RING_IMR", .kind = VGPU_REG_STORE, .reset = ~0u,
     .engines = ALL },
   { .offset = RING_EIR, .name = "EIR", .kind = VGPU_REG_W1C, .engines = ALL },
   { .offset = RING_EMR, .name = "EMR", .kind = VGPU_REG_STORE, .reset = ~0u, .engines = ALL },
   { .offset = RING_ESR, .name = "ESR", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_INSTPM, .name = "INSTPM", .kind = VGPU_REG_MASKED, .engines = ALL,
     .user = true, .context = true, .write = write_instpm,
     .note = "a batch that is not secure can write it: Mesa relies on that on Ivybridge" },
   { .offset = RING_UHPTR, .name = "UHPTR", .kind = VGPU_REG_STORE, .engines = ALL,
     .note = "MI_ARB_CHECK takes it for the head" },
   { .offset = RING_BBSTATE, .name = "BB_STATE", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_BBADDR, .name = "BB_ADDR", .kind = VGPU_REG_CONST, .engines = ALL },
   { .offset = RING_CCID, .name = "CCID", .kind = VGPU_REG_STORE, .engines = ALL,
     .note = "logical contexts are the render engine's; the others hold what is written" },
   { .offset = RING_ECOSKPD, .name = "ECOSKPD", .kind = VGPU_REG_MASKED, .engines = ALL },
   { .offset = RING_PP_DIR_DCLV, .name = "PP_DIR_DCLV", .kind = VGPU_REG_STORE, .engines = ALL,
     .write = write_translation },
   { .offset = RING_PP_DIR_BASE, .name = "PP_DIR_BASE", .kind = VGPU_REG_STORE,
     .write_mask = 0xffff0000, .engines = ALL, .write = write_translation },
   { .offset = RING_MODE_GEN7, .name = "GFX_MODE", .kind = VGPU_REG_MASKED, .engines = ALL,
     .write = write_translation },
   { .offset = RING_TIMESTAMP, .name = "TIMESTAMP", .kind = VGPU_REG_CONST, .count = 2,
     .engines = ALL, .read = read_timestamp, .note = "80 ns units of the host's clock" },
   { .offset = RING_PP_DIR_BASE_READ, .name = "PP_DIR_BASE_READ", .kind = VGPU_REG_CONST,
     .engines = ALL },
};

const struct vgpu_reg_block vgpu_engine_block = {
   .name = "engines", .regs = engine_regs, .num_regs = ARRAY_SIZE(engine_regs),
};
