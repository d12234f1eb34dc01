/*
 * SPDX-License-Identifier: MIT
 */

#include "vgpu_context.h"

#include "gfx7_instructions.h"
#include "gfx7_unpack.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

/* Registers in one MI_LOAD_REGISTER_IMM, whose length field has six bits. */
#define REGS_PER_LRI 31

/** GEN7_CXT_TOTAL_SIZE: bits 15:9 and 5:0 of CXT_SIZE, in cache lines. */
static uint32_t
image_size_dw(const struct vgpu *gpu)
{
   const uint32_t size = gpu->info->cxt_size;

   return ((size >> 9 & 0x7f) + (size & 0x3f)) * 64 / 4;
}

struct image {
   struct vgpu_engine *engine;
   uint32_t address; /* in the GGTT */
   uint32_t at_dw, size_dw;
};

static bool
image_write(void *data, const uint32_t *dw, unsigned len_dw)
{
   struct image *image = data;

   /* The last DWord is for the end. */
   if (len_dw >= image->size_dw - image->at_dw)
      return vgpu_engine_unmodelled(image->engine, "state of more than the %u bytes of CXT_SIZE",
                                    image->size_dw * 4);
   for (unsigned i = 0; i < len_dw; i++, image->at_dw++) {
      if (!vgpu_engine_write32(image->engine, VGPU_AS_GGTT, image->address + 4 * image->at_dw,
                               dw[i]))
         return false;
   }
   return true;
}

static bool
save_registers(struct image *image)
{
   struct vgpu *gpu = image->engine->gpu;
   uint32_t lri[1 + 2 * REGS_PER_LRI];
   unsigned n = 0, count;
   const uint32_t *offsets = vgpu_mmio_context_regs(&count);

   for (unsigned i = 0; i < count; i++) {
      const uint32_t offset = offsets[i];
      uint32_t value = __atomic_load_n(&gpu->regs[offset / 4], __ATOMIC_RELAXED);
      if (vgpu_mmio_find(offset)->kind == VGPU_REG_MASKED)
         value |= 0xffff0000;
      lri[1 + 2 * n] = offset;
      lri[2 + 2 * n] = value;
      if (++n == REGS_PER_LRI) {
         lri[0] = GFX7_MI_LOAD_REGISTER_IMM_header | (2 * n - 1);
         if (!image_write(image, lri, 1 + 2 * n))
            return false;
         n = 0;
      }
   }
   lri[0] = GFX7_MI_LOAD_REGISTER_IMM_header | (2 * n - 1);
   return !n || image_write(image, lri, 1 + 2 * n);
}

static bool
save(struct vgpu_engine *engine, uint32_t address)
{
   struct image image = {
      .engine = engine, .address = address, .size_dw = image_size_dw(engine->gpu),
   };

   return save_registers(&image) &&
          vgpu_render_save(engine->render, image_write, &image) &&
          vgpu_engine_write32(engine, VGPU_AS_GGTT, address + 4 * image.at_dw,
                              GFX7_MI_BATCH_BUFFER_END_header);
}

static bool
is_context_reg(uint32_t offset)
{
   unsigned count;
   const uint32_t *offsets = vgpu_mmio_context_regs(&count);

   for (unsigned i = 0; i < count; i++) {
      if (offsets[i] == offset)
         return true;
   }
   return false;
}

static bool
restore_registers(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu *gpu = engine->gpu;

   for (unsigned i = 1; i + 1 < len_dw; i += 2) {
      const uint32_t offset = dw[i] & 0x7ffffc;
      if (!is_context_reg(offset))
         return vgpu_engine_fault(engine, "register 0x%06x in a context image is none of a context",
                                  offset);
      pthread_mutex_lock(&gpu->lock);
      vgpu_mmio_write32(gpu, offset, dw[i + 1]);
      pthread_mutex_unlock(&gpu->lock);
   }
   return true;
}

static bool
restore(struct vgpu_engine *engine, uint32_t address)
{
   const uint32_t size_dw = image_size_dw(engine->gpu);
   uint32_t dw[VGPU_MAX_CMD_DW];

   for (uint32_t at_dw = 0; at_dw < size_dw;) {
      if (!vgpu_engine_read32(engine, VGPU_AS_GGTT, address + 4 * at_dw, &dw[0]))
         return false;
      if (dw[0] == GFX7_MI_BATCH_BUFFER_END_header)
         return true;

      const struct gfx7_instruction *layout = gfx7_instruction_find(dw[0], GFX7_ENGINE_RENDER);
      const unsigned len_dw = layout ? gfx7_instruction_length_dw(layout, dw[0]) : 0;
      const bool lri = (dw[0] & GFX7_MI_LOAD_REGISTER_IMM_header_mask) ==
                       GFX7_MI_LOAD_REGISTER_IMM_header;
      if (!len_dw || len_dw > VGPU_MAX_CMD_DW || len_dw > size_dw - at_dw ||
          (!lri && !vgpu_render_is_state(dw[0])))
         break;
      for (unsigned i = 1; i < len_dw; i++) {
         if (!vgpu_engine_read32(engine, VGPU_AS_GGTT, address + 4 * (at_dw + i), &dw[i]))
            return false;
      }
      if (lri ? !restore_registers(engine, dw, len_dw)
              : !vgpu_render_state_command(engine, dw, len_dw))
         return false;
      at_dw += len_dw;
   }
   return vgpu_engine_fault(engine, "no context was saved at 0x%08x of the GGTT", address);
}

bool
vgpu_context_set(struct vgpu_engine *engine, uint32_t address, bool restore_inhibit,
                 bool force_restore)
{
   struct vgpu *gpu = engine->gpu;
   uint32_t *ccid = &gpu->regs[(engine->mmio_base + RING_CCID) / 4];
   const uint32_t current = __atomic_load_n(ccid, __ATOMIC_RELAXED);
   const bool same = current & CCID_EN && (current & 0xfffff000) == address;

   if (same && !force_restore)
      return true;
   if (current & CCID_EN && !save(engine, current & 0xfffff000))
      return false;
   __atomic_store_n(ccid, address | CCID_EN, __ATOMIC_RELAXED);
   return restore_inhibit || restore(engine, address);
}
