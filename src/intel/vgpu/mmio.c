/*
 * SPDX-License-Identifier: MIT
 */

#include "vgpu_mmio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vgpu_priv.h"
#include "vgpu_regs.h"

/* More would not fit the context image. */
#define MAX_CONTEXT_REGS 256
#define NUM_DWORDS (VGPU_MMIO_SIZE_BYTES / 4)

static const uint32_t engine_bases[VGPU_NUM_ENGINES] = {
   [VGPU_RCS] = RENDER_RING_BASE, [VGPU_VCS] = GEN6_BSD_RING_BASE, [VGPU_BCS] = BLT_RING_BASE,
};
static const char *const engine_prefixes[VGPU_NUM_ENGINES] = { "RCS", "VCS", "BCS" };

/* Register of every DWord of the MMIO space; the same for all devices, made once. */
static const struct vgpu_reg *reg_index[NUM_DWORDS];
static uint32_t context_regs[MAX_CONTEXT_REGS];
static unsigned num_context_regs;
static int index_result;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static unsigned
reg_count(const struct vgpu_reg *reg)
{
   return reg->count ? reg->count : 1;
}

static int
index_add(const struct vgpu_reg *reg, uint32_t base)
{
   for (unsigned i = 0; i < reg_count(reg); i++) {
      const uint32_t offset = base + reg->offset + 4 * i;
      if (offset % 4 || offset >= VGPU_MMIO_SIZE_BYTES || reg_index[offset / 4])
         return -EEXIST;
      reg_index[offset / 4] = reg;
      /* Of the registers that every engine has, the render engine's are the context's. */
      if (reg->context && (!reg->engines || base == RENDER_RING_BASE)) {
         if (num_context_regs == MAX_CONTEXT_REGS)
            return -ENOMEM;
         context_regs[num_context_regs++] = offset;
      }
   }
   return 0;
}

static void
index_make(void)
{
   for (const struct vgpu_reg_block *const *b = vgpu_reg_blocks; *b; b++) {
      for (unsigned i = 0; i < (*b)->num_regs; i++) {
         const struct vgpu_reg *reg = &(*b)->regs[i];
         if (!reg->engines) {
            index_result = index_add(reg, 0);
         } else {
            for (unsigned e = 0; e < VGPU_NUM_ENGINES && !index_result; e++) {
               if (reg->engines & BIT(e))
                  index_result = index_add(reg, engine_bases[e]);
            }
         }
         if (index_result)
            return;
      }
   }
}

int
vgpu_mmio_init(void)
{
   pthread_once(&index_once, index_make);
   return index_result;
}

const uint32_t *
vgpu_mmio_context_regs(unsigned *count)
{
   *count = num_context_regs;
   return context_regs;
}

const struct vgpu_reg *
vgpu_mmio_find(uint32_t offset)
{
   return offset < VGPU_MMIO_SIZE_BYTES ? reg_index[offset / 4] : NULL;
}

const char *
vgpu_mmio_name(uint32_t offset, char *buffer, size_t size)
{
   const struct vgpu_reg *reg = vgpu_mmio_find(offset);

   if (!reg) {
      snprintf(buffer, size, "0x%06x", offset);
      return buffer;
   }

   const char *prefix = "";
   uint32_t first = reg->offset;
   for (unsigned e = 0; reg->engines && e < VGPU_NUM_ENGINES; e++) {
      const uint32_t at = engine_bases[e] + reg->offset;
      if (offset >= at && offset < at + 4 * reg_count(reg)) {
         prefix = engine_prefixes[e];
         first = at;
      }
   }
   if (reg_count(reg) > 1)
      snprintf(buffer, size, "%s%s%s[%u]", prefix, *prefix ? "_" : "", reg->name,
               (offset - first) / 4);
   else
      snprintf(buffer, size, "%s%s%s", prefix, *prefix ? "_" : "", reg->name);
   return buffer;
}

static void
reset_reg(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t base)
{
   for (unsigned i = 0; i < reg_count(reg); i++)
      gpu->regs[(base + reg->offset) / 4 + i] = reg->reset;
}

void
vgpu_mmio_reset_engine(struct vgpu *gpu, unsigned engine)
{
   for (const struct vgpu_reg_block *const *b = vgpu_reg_blocks; *b; b++) {
      for (unsigned i = 0; i < (*b)->num_regs; i++) {
         if ((*b)->regs[i].engines & BIT(engine))
            reset_reg(gpu, &(*b)->regs[i], engine_bases[engine]);
      }
   }
}

void
vgpu_mmio_reset(struct vgpu *gpu)
{
   memset(gpu->regs, 0, VGPU_MMIO_SIZE_BYTES);
   for (const struct vgpu_reg_block *const *b = vgpu_reg_blocks; *b; b++) {
      for (unsigned i = 0; i < (*b)->num_regs; i++) {
         if (!(*b)->regs[i].engines)
            reset_reg(gpu, &(*b)->regs[i], 0);
      }
   }
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++)
      vgpu_mmio_reset_engine(gpu, e);
   gpu->regs[GEN7_CXT_SIZE / 4] = gpu->info->cxt_size;
}

uint32_t
vgpu_mmio_read32(struct vgpu *gpu, uint32_t offset)
{
   const struct vgpu_reg *reg = vgpu_mmio_find(offset);
   uint32_t value;

   if (!reg) {
      vgpu_unmodelled(gpu, "read of register 0x%06x, which is not modelled: reads 0", offset);
      return 0;
   }
   if (reg->read)
      value = reg->read(gpu, reg, offset);
   else
      value = __atomic_load_n(&gpu->regs[offset / 4], __ATOMIC_RELAXED);

   if (gpu->trace & VGPU_TRACE_MMIO) {
      char name[64];
      vgpu_log(gpu, VGPU_LOG_TRACE, "mmio: read  %s = 0x%08x",
               vgpu_mmio_name(offset, name, sizeof(name)), value);
   }
   return value;
}

/** What the register holds after the bits of `lanes` were written. */
static uint32_t
new_value(const struct vgpu_reg *reg, uint32_t old, uint32_t value, uint32_t lanes)
{
   const uint32_t writable = (reg->write_mask ? reg->write_mask : ~0u) & lanes;

   switch (reg->kind) {
   case VGPU_REG_CONST:
      return old;
   case VGPU_REG_MASKED: {
      const uint32_t change = (value & lanes) >> 16 & writable & 0xffff;
      return (old & ~change) | (value & change);
   }
   case VGPU_REG_W1C:
      return old & ~(value & writable);
   case VGPU_REG_STORE:
   case VGPU_REG_IGNORED:
      break;
   }
   return (old & ~writable) | (value & writable);
}

static void
write_lanes(struct vgpu *gpu, uint32_t offset, uint32_t value, uint32_t lanes)
{
   const struct vgpu_reg *reg = vgpu_mmio_find(offset);
   char name[64];

   if (!reg) {
      vgpu_unmodelled(gpu, "write of 0x%08x to register 0x%06x, which is not modelled: dropped",
                      value & lanes, offset);
      return;
   }
   if (gpu->trace & VGPU_TRACE_MMIO)
      vgpu_log(gpu, VGPU_LOG_TRACE, "mmio: write %s = 0x%08x",
               vgpu_mmio_name(offset, name, sizeof(name)), value & lanes);

   const uint32_t old = __atomic_load_n(&gpu->regs[offset / 4], __ATOMIC_RELAXED);
   const uint32_t now = new_value(reg, old, value, lanes);
   __atomic_store_n(&gpu->regs[offset / 4], now, __ATOMIC_RELAXED);
   if (reg->write)
      reg->write(gpu, reg, offset, now);
}

void
vgpu_mmio_write32(struct vgpu *gpu, uint32_t offset, uint32_t value)
{
   write_lanes(gpu, offset, value, ~0u);
}

void
vgpu_mmio_read(struct vgpu *gpu, uint32_t offset, void *data, uint32_t size)
{
   uint8_t *out = data;

   while (size) {
      const uint32_t in_dw = offset % 4;
      const uint32_t n = size < 4 - in_dw ? size : 4 - in_dw;
      const uint32_t value = vgpu_mmio_read32(gpu, offset - in_dw);
      memcpy(out, (const uint8_t *)&value + in_dw, n);
      out += n;
      offset += n;
      size -= n;
   }
}

void
vgpu_mmio_write(struct vgpu *gpu, uint32_t offset, const void *data, uint32_t size)
{
   const uint8_t *in = data;

   while (size) {
      const uint32_t in_dw = offset % 4;
      const uint32_t n = size < 4 - in_dw ? size : 4 - in_dw;
      uint32_t value = 0, lanes = 0;
      memcpy((uint8_t *)&value + in_dw, in, n);
      memset((uint8_t *)&lanes + in_dw, 0xff, n);
      write_lanes(gpu, offset - in_dw, value, lanes);
      in += n;
      offset += n;
      size -= n;
   }
}
