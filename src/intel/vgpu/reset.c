/*
 * SPDX-License-Identifier: MIT
 *
 * GDRST: reset of the render, media and blitter domains or of all of them (i915 gt/intel_reset.c,
 * gen6_hw_domain_reset()). A bit reads 1 until its reset is done, and that is before the write
 * that asked for it returns.
 */

#include "vgpu_priv.h"
#include "vgpu_regs.h"

static void
write_gdrst(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset, uint32_t value)
{
   static const uint32_t domains[VGPU_NUM_ENGINES] = {
      [VGPU_RCS] = GEN6_GRDOM_FULL | GEN6_GRDOM_RENDER,
      [VGPU_VCS] = GEN6_GRDOM_FULL | GEN6_GRDOM_MEDIA,
      [VGPU_BCS] = GEN6_GRDOM_FULL | GEN6_GRDOM_BLT,
   };

   (void)reg;
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++) {
      if (value & domains[e]) {
         vgpu_log(gpu, VGPU_LOG_INFO, "%s: engine reset", gpu->engines[e].name);
         vgpu_engine_reset(&gpu->engines[e]);
      }
   }
   gpu->regs[offset / 4] = 0;
}

static const struct vgpu_reg reset_regs[] = {
   { .offset = GEN6_GDRST, .name = "GEN6_GDRST", .kind = VGPU_REG_STORE,
     .write_mask = GEN6_GRDOM_FULL | GEN6_GRDOM_RENDER | GEN6_GRDOM_MEDIA | GEN6_GRDOM_BLT,
     .write = write_gdrst },
};

const struct vgpu_reg_block vgpu_reset_block = {
   .name = "reset", .regs = reset_regs, .num_regs = ARRAY_SIZE(reset_regs),
};
