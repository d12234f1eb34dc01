/*
 * SPDX-License-Identifier: MIT
 *
 * The in-process front end's hold on the device: what i915 does at load (intel_ring_submission.c,
 * gen6_ppgtt.c), and how it gives a ring work.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "drm_shim_priv.h"
#include "vgpu_regs.h"

/* Our own memory, in pages from KERNEL_GPA. The page tables of the PPGTT come first. */
#define KERNEL_GPA 0x10000000ull
#define PAGE_TABLES 512
#define RING_PAGES 4
enum kernel_page {
   PAGE_RING = PAGE_TABLES,
   PAGE_HWS = PAGE_RING + 2 * RING_PAGES,
   PAGE_SCRATCH = PAGE_HWS + 2,
   KERNEL_PAGES,
};
/* Where it is in the GGTT, and the entries that hold the page directory instead of pages. */
#define KERNEL_GGTT 0x00100000u
#define DIRECTORY_ENTRY 0x40000u

/* Images of contexts: GGTT and guest-physical addresses. GEN7_CXT_TOTAL_SIZE is below 80 KiB. */
#define CONTEXT_GGTT 0x10000000u
#define CONTEXT_GPA 0x20000000ull
#define CONTEXT_SIZE 0x14000u
#define CONTEXT_STRIDE 0x20000u
#define CONTEXT_DEFAULT SHIM_MAX_CONTEXTS /* the slot whose image new contexts start from */

/* Of i915's intel_gpu_commands.h. */
#define MI_INSTR(opcode, flags) ((uint32_t)(opcode) << 23 | (flags))
#define MI_NOOP MI_INSTR(0, 0)
#define MI_SET_CONTEXT MI_INSTR(0x18, 0)
#define MI_MM_SPACE_GTT (1u << 8)
#define MI_SAVE_EXT_STATE_EN (1u << 3)
#define MI_RESTORE_EXT_STATE_EN (1u << 2)
#define MI_RESTORE_INHIBIT (1u << 0)
#define MI_STORE_DWORD_INDEX MI_INSTR(0x21, 1)
#define MI_BATCH_BUFFER_START MI_INSTR(0x31, 0)
#define MI_BATCH_NON_SECURE_I965 (1u << 8)
#define GFX_OP_PIPE_CONTROL_4 0x7a000002u
#define PIPE_CONTROL_CS_STALL (1u << 20)
#define PIPE_CONTROL_RENDER_TARGET_CACHE_FLUSH (1u << 12)
#define PIPE_CONTROL_INSTRUCTION_CACHE_INVALIDATE (1u << 11)
#define PIPE_CONTROL_TEXTURE_CACHE_INVALIDATE (1u << 10)
#define PIPE_CONTROL_DC_FLUSH_ENABLE (1u << 5)
#define PIPE_CONTROL_VF_CACHE_INVALIDATE (1u << 4)
#define PIPE_CONTROL_CONST_CACHE_INVALIDATE (1u << 3)
#define PIPE_CONTROL_STATE_CACHE_INVALIDATE (1u << 2)
#define PIPE_CONTROL_STALL_AT_SCOREBOARD (1u << 1)
#define PIPE_CONTROL_DEPTH_CACHE_FLUSH (1u << 0)
#define SEQNO_OFFSET 0xc0 /* I915_GEM_HWS_SEQNO_ADDR */

/* A batch that loops for ever ends here: there is nobody who could stop it. */
#define BUDGET 50000000u

static const uint32_t bases[] = { RENDER_RING_BASE, BLT_RING_BASE };
static const uint32_t hws_pga[] = { RENDER_HWS_PGA_GEN7, BLT_HWS_PGA_GEN7 };

static struct vgpu *gpu;
static pid_t gpu_owner;
static uint8_t *kernel_memory;
static uint8_t *context_memory[SHIM_MAX_CONTEXTS + 1];
static uint32_t tails[2];
static uint32_t seqno;
static uint64_t batches;

static void
on_msi(void *opaque)
{
   (void)opaque;
}

static void
on_intx(void *opaque, bool level)
{
   (void)opaque, (void)level;
}

static void
on_log(void *opaque, enum vgpu_log_level level, const char *text)
{
   static const char *const names[] = { "error", "fault", "warning", "info", "trace" };

   (void)opaque;
   if (level <= VGPU_LOG_WARN || level == VGPU_LOG_TRACE)
      shim_say("%s: %s", names[level], text);
}

static uint32_t
read_reg(uint32_t offset)
{
   uint32_t value = 0;
   vgpu_region_read(gpu, VGPU_REGION_BAR0, offset, &value, 4);
   return value;
}

static void
write_reg(uint32_t offset, uint32_t value)
{
   vgpu_region_write(gpu, VGPU_REGION_BAR0, offset, &value, 4);
}

/** GEN6_GTT_ADDR_ENCODE, with the cache level of LLC machines. */
static uint32_t
encode(uint64_t gpa)
{
   return (uint32_t)(gpa & 0xfffff000u) | (uint32_t)(gpa >> 28 & 0xff0) | 1u << 1 | 1u;
}

static void
write_ggtt(uint32_t address, uint64_t gpa, uint32_t size)
{
   const uint64_t gtt = vgpu_region_size(gpu, VGPU_REGION_BAR0) / 2;

   for (uint32_t at = 0; at < size; at += SHIM_PAGE)
      write_reg(gtt + (address + at) / SHIM_PAGE * 4, encode(gpa + at));
}

static uint32_t
kernel_ggtt(enum kernel_page page)
{
   return KERNEL_GGTT + (page - PAGE_TABLES) * SHIM_PAGE;
}

static void
start_engines(void)
{
   for (unsigned e = 0; e < 2; e++) {
      tails[e] = 0;
      write_reg(hws_pga[e], kernel_ggtt(PAGE_HWS + e));
      write_reg(bases[e] + RING_PP_DIR_DCLV, ~0u);
      write_reg(bases[e] + RING_PP_DIR_BASE, DIRECTORY_ENTRY * 4 / 64 << 16);
      write_reg(bases[e] + RING_MODE_GEN7, GFX_PPGTT_ENABLE << 16 | GFX_PPGTT_ENABLE);
      write_reg(bases[e] + RING_HEAD, 0);
      write_reg(bases[e] + RING_TAIL, 0);
      write_reg(bases[e] + RING_START, kernel_ggtt(PAGE_RING + e * RING_PAGES));
      write_reg(bases[e] + RING_CTL, (RING_PAGES - 1) << 12 | RING_VALID);
   }
}

static void
emit(unsigned e, uint32_t dw)
{
   uint8_t *ring = kernel_memory + (PAGE_RING + e * RING_PAGES) * SHIM_PAGE;

   memcpy(ring + tails[e], &dw, 4);
   tails[e] = (tails[e] + 4) % (RING_PAGES * SHIM_PAGE);
}

static void
emit_set_context(uint32_t slot, uint32_t flags)
{
   emit(0, MI_NOOP);
   emit(0, MI_SET_CONTEXT);
   emit(0, (CONTEXT_GGTT + slot * CONTEXT_STRIDE) | MI_MM_SPACE_GTT | MI_SAVE_EXT_STATE_EN |
              MI_RESTORE_EXT_STATE_EN | flags);
   emit(0, MI_NOOP);
}

static void
emit_pipe_control(uint32_t flags)
{
   emit(0, GFX_OP_PIPE_CONTROL_4);
   emit(0, flags);
   emit(0, 0);
   emit(0, 0);
}

/** Tells the ring of what was emitted and a breadcrumb. \return 0, or -EIO after a hang */
static int
advance(unsigned e)
{
   const uint8_t *hws = kernel_memory + (PAGE_HWS + e) * SHIM_PAGE;
   uint32_t seen;

   seqno++;
   emit(e, MI_STORE_DWORD_INDEX);
   emit(e, SEQNO_OFFSET);
   emit(e, seqno);
   if (tails[e] % 8)
      emit(e, MI_NOOP);
   write_reg(GFX_FLSH_CNTL_GEN6, GFX_FLSH_CNTL_EN);
   write_reg(bases[e] + RING_TAIL, tails[e]);
   memcpy(&seen, hws + SEQNO_OFFSET, 4);
   if (seen == seqno)
      return 0;

   shim_say("GPU HANG on %s: head 0x%08x, tail 0x%08x, acthd 0x%08x, ipehr 0x%08x; "
            "the engines are reset", e ? "bcs0" : "rcs0", read_reg(bases[e] + RING_HEAD),
            read_reg(bases[e] + RING_TAIL), read_reg(bases[e] + RING_ACTHD),
            read_reg(bases[e] + RING_IPEHR));
   for (unsigned i = 0; i < 2; i++)
      write_reg(bases[i] + RING_CTL, 0);
   write_reg(GEN6_GDRST, GEN6_GRDOM_FULL);
   start_engines();
   return -EIO;
}

/** See docs/vgpu.md. */
static enum vgpu_copies
copies(void)
{
   const char *text = getenv("VGPU_COPIES");

   if (text && !strcmp(text, "checked"))
      return VGPU_COPIES_CHECKED;
   return text && !strcmp(text, "shaded") ? VGPU_COPIES_SHADED : VGPU_COPIES_AT_ONCE;
}

static void
finish(void)
{
   if (!gpu || gpu_owner != getpid())
      return;
   shim_say("%llu batches executed, %llu commands not modelled", (unsigned long long)batches,
            (unsigned long long)vgpu_unmodelled_count(gpu));
   if (copies() == VGPU_COPIES_CHECKED)
      shim_say("%llu draws were copies", (unsigned long long)vgpu_copies_taken(gpu));
}

static void *
pages(uint64_t size)
{
   void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   return memory == MAP_FAILED ? NULL : memory;
}

static uint32_t
trace_flags(void)
{
   const char *text = getenv("VGPU_DRM_SHIM_TRACE");
   uint32_t flags = 0;

   if (text && strstr(text, "mmio"))
      flags |= VGPU_TRACE_MMIO;
   if (text && strstr(text, "cmd"))
      flags |= VGPU_TRACE_CMD;
   if (text && strstr(text, "gtt"))
      flags |= VGPU_TRACE_GTT;
   return flags;
}

static int
make(void)
{
   static const struct vgpu_ops ops = { .msi = on_msi, .intx = on_intx, .log = on_log };
   const struct vgpu_params params = {
      .ops = &ops, .trace = trace_flags(), .synchronous = true, .synchronous_budget = BUDGET,
      .copies = copies(),
      .threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
   };
   const uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

   kernel_memory = pages(KERNEL_PAGES * SHIM_PAGE);
   if (!kernel_memory)
      return -ENOMEM;
   int ret = vgpu_create(&params, &gpu);
   if (ret)
      return ret;
   vgpu_region_write(gpu, VGPU_REGION_CONFIG, PCI_COMMAND, &command, 2);
   ret = vgpu_dma_map(gpu, KERNEL_GPA, KERNEL_PAGES * SHIM_PAGE, kernel_memory, true);
   if (ret)
      return ret;
   write_ggtt(KERNEL_GGTT, KERNEL_GPA + PAGE_TABLES * SHIM_PAGE,
              (KERNEL_PAGES - PAGE_TABLES) * SHIM_PAGE);
   for (unsigned i = 0; i < PAGE_TABLES; i++)
      write_ggtt((DIRECTORY_ENTRY + i) * SHIM_PAGE, KERNEL_GPA + i * SHIM_PAGE, SHIM_PAGE);
   start_engines();

   /* __engines_record_defaults(): the power-on state, which the switch to a second one saves. */
   for (unsigned slot = CONTEXT_DEFAULT - 1; slot <= CONTEXT_DEFAULT; slot++) {
      context_memory[slot] = pages(CONTEXT_SIZE);
      if (!context_memory[slot])
         return -ENOMEM;
      ret = vgpu_dma_map(gpu, CONTEXT_GPA + slot * CONTEXT_STRIDE, CONTEXT_SIZE,
                         context_memory[slot], true);
      if (ret)
         return ret;
      write_ggtt(CONTEXT_GGTT + slot * CONTEXT_STRIDE, CONTEXT_GPA + slot * CONTEXT_STRIDE,
                 CONTEXT_SIZE);
   }
   emit_set_context(CONTEXT_DEFAULT, MI_RESTORE_INHIBIT);
   emit_set_context(CONTEXT_DEFAULT - 1, MI_RESTORE_INHIBIT);
   ret = advance(0);
   if (ret)
      return ret;
   gpu_owner = getpid();
   atexit(finish);
   return 0;
}

int
shim_gpu_start(void)
{
   static bool tried;
   static int result;

   if (!tried) {
      tried = true;
      result = make();
      if (result)
         shim_say("the device cannot be made: %s", strerror(-result));
   } else if (!result && gpu_owner != getpid()) {
      shim_say("a device that was opened before fork() is not played in the child");
      return -EIO;
   }
   return result;
}

int
shim_gpu_map(uint64_t gpa, uint64_t size, void *host)
{
   return vgpu_dma_map(gpu, gpa, size, host, true);
}

void
shim_gpu_unmap(uint64_t gpa, uint64_t size)
{
   vgpu_dma_unmap(gpu, gpa, size, NULL);
}

void
shim_gpu_ppgtt(uint64_t address, uint64_t gpa, uint64_t size)
{
   uint32_t *entries = (uint32_t *)kernel_memory + address / SHIM_PAGE;

   for (uint64_t page = 0; page < size / SHIM_PAGE; page++)
      entries[page] = gpa ? encode(gpa + page * SHIM_PAGE) : 0;
}

int
shim_gpu_context_init(uint32_t slot)
{
   if (!context_memory[slot]) {
      context_memory[slot] = pages(CONTEXT_SIZE);
      if (!context_memory[slot])
         return -ENOMEM;
      const int ret = vgpu_dma_map(gpu, CONTEXT_GPA + slot * CONTEXT_STRIDE, CONTEXT_SIZE,
                                   context_memory[slot], true);
      if (ret)
         return ret;
      write_ggtt(CONTEXT_GGTT + slot * CONTEXT_STRIDE, CONTEXT_GPA + slot * CONTEXT_STRIDE,
                 CONTEXT_SIZE);
   }
   memcpy(context_memory[slot], context_memory[CONTEXT_DEFAULT], CONTEXT_SIZE);
   return 0;
}

void
shim_gpu_context_fini(uint32_t slot)
{
   /* The engine may hold this one and save it at the next switch: its memory stays, for reuse. */
   emit_set_context(CONTEXT_DEFAULT - 1, MI_RESTORE_INHIBIT);
   advance(0);
   (void)slot;
}

int
shim_gpu_submit(bool blitter, int slot, uint32_t batch)
{
   const unsigned e = blitter;

   batches++;
   if (!blitter) {
      emit_pipe_control(PIPE_CONTROL_CS_STALL | PIPE_CONTROL_STALL_AT_SCOREBOARD |
                        PIPE_CONTROL_INSTRUCTION_CACHE_INVALIDATE |
                        PIPE_CONTROL_TEXTURE_CACHE_INVALIDATE | PIPE_CONTROL_VF_CACHE_INVALIDATE |
                        PIPE_CONTROL_CONST_CACHE_INVALIDATE | PIPE_CONTROL_STATE_CACHE_INVALIDATE);
      emit_set_context(slot, 0);
   }
   emit(e, MI_BATCH_BUFFER_START | MI_BATCH_NON_SECURE_I965);
   emit(e, batch);
   if (!blitter)
      emit_pipe_control(PIPE_CONTROL_CS_STALL | PIPE_CONTROL_RENDER_TARGET_CACHE_FLUSH |
                        PIPE_CONTROL_DEPTH_CACHE_FLUSH | PIPE_CONTROL_DC_FLUSH_ENABLE |
                        PIPE_CONTROL_STALL_AT_SCOREBOARD);
   return advance(e);
}

bool
shim_gpu_read_register(uint32_t offset, uint64_t *value)
{
   /* I915_REG_READ knows the render engine's TIMESTAMP alone on Gen7. */
   if (offset != RENDER_RING_BASE + RING_TIMESTAMP)
      return false;
   *value = read_reg(offset) | (uint64_t)read_reg(offset + 4) << 32;
   return true;
}
