/*
 * SPDX-License-Identifier: MIT
 *
 * Interrupts: an engine's event passes the engine's own mask, then GTIMR, and stays in GTIIR until
 * the driver writes it back; GTIER and the master bit in DEIER decide whether the function's
 * interrupt is asserted. An MSI is sent when that goes from off to on, so a handler that clears
 * the master bit first and sets it last loses nothing (i915_irq.c, ilk_irq_handler()).
 */

#include "vgpu_priv.h"
#include "vgpu_regs.h"

static uint32_t
reg(const struct vgpu *gpu, uint32_t offset)
{
   return gpu->regs[offset / 4];
}

void
vgpu_irq_reset(struct vgpu *gpu)
{
   gpu->irq.line = false;
   if (gpu->irq.intx_level)
      gpu->ops.intx(gpu->opaque, false);
   gpu->irq.intx_level = false;
}

void
vgpu_irq_update(struct vgpu *gpu)
{
   const bool pending = (reg(gpu, DEIIR) & reg(gpu, DEIER) & ~DE_MASTER_IRQ_CONTROL) ||
                        (reg(gpu, GTIIR) & reg(gpu, GTIER)) ||
                        (reg(gpu, GEN6_PMIIR) & reg(gpu, GEN6_PMIER));
   const bool line = pending && (reg(gpu, DEIER) & DE_MASTER_IRQ_CONTROL);

   if (gpu->trace & VGPU_TRACE_IRQ && line != gpu->irq.line)
      vgpu_log(gpu, VGPU_LOG_TRACE, "irq: %s, GTIIR 0x%08x", line ? "asserted" : "deasserted",
               reg(gpu, GTIIR));

   if (line && !gpu->irq.line && vgpu_pci_msi_enabled(gpu))
      gpu->ops.msi(gpu->opaque);
   gpu->irq.line = line;

   const bool intx = line && !vgpu_pci_msi_enabled(gpu) && !vgpu_pci_intx_disabled(gpu);
   if (intx != gpu->irq.intx_level) {
      gpu->irq.intx_level = intx;
      gpu->ops.intx(gpu->opaque, intx);
   }
}

void
vgpu_irq_engine_event(struct vgpu_engine *engine, uint32_t bits)
{
   static const unsigned first_bit[VGPU_NUM_ENGINES] = {
      [VGPU_RCS] = 0, [VGPU_VCS] = 12, [VGPU_BCS] = 22,
   };
   struct vgpu *gpu = engine->gpu;
   const uint32_t unmasked = bits << first_bit[engine->id] &
                             ~reg(gpu, engine->mmio_base + RING_IMR) & ~reg(gpu, GTIMR);

   if (unmasked & ~reg(gpu, GTIIR)) {
      __atomic_fetch_or(&gpu->regs[GTIIR / 4], unmasked, __ATOMIC_RELAXED);
      vgpu_irq_update(gpu);
   }
}

static void
write_update(struct vgpu *gpu, const struct vgpu_reg *r, uint32_t offset, uint32_t value)
{
   (void)r, (void)offset, (void)value;
   vgpu_irq_update(gpu);
}

#define NO_DISPLAY "no display: never set"

static const struct vgpu_reg irq_regs[] = {
   { .offset = DEISR, .name = "DEISR", .kind = VGPU_REG_CONST, .note = NO_DISPLAY },
   { .offset = DEIMR, .name = "DEIMR", .kind = VGPU_REG_STORE, .reset = ~0u,
     .write = write_update },
   { .offset = DEIIR, .name = "DEIIR", .kind = VGPU_REG_W1C, .write = write_update,
     .note = NO_DISPLAY },
   { .offset = DEIER, .name = "DEIER", .kind = VGPU_REG_STORE, .write = write_update },
   { .offset = GTISR, .name = "GTISR", .kind = VGPU_REG_CONST,
     .note = "engine events are pulses: no level stays" },
   { .offset = GTIMR, .name = "GTIMR", .kind = VGPU_REG_STORE, .reset = ~0u,
     .write = write_update },
   { .offset = GTIIR, .name = "GTIIR", .kind = VGPU_REG_W1C, .write = write_update },
   { .offset = GTIER, .name = "GTIER", .kind = VGPU_REG_STORE, .write = write_update },
   { .offset = GEN6_PMISR, .name = "GEN6_PMISR", .kind = VGPU_REG_CONST,
     .note = "no RPS: never set" },
   { .offset = GEN6_PMIMR, .name = "GEN6_PMIMR", .kind = VGPU_REG_STORE, .reset = ~0u,
     .write = write_update },
   { .offset = GEN6_PMIIR, .name = "GEN6_PMIIR", .kind = VGPU_REG_W1C, .write = write_update,
     .note = "no RPS: never set" },
   { .offset = GEN6_PMIER, .name = "GEN6_PMIER", .kind = VGPU_REG_STORE,
     .write = write_update },
   { .offset = GEN7_ERR_INT, .name = "GEN7_ERR_INT", .kind = VGPU_REG_W1C,
     .note = NO_DISPLAY },
};

const struct vgpu_reg_block vgpu_irq_block = {
   .name = "interrupts", .regs = irq_regs, .num_regs = ARRAY_SIZE(irq_regs),
};
