/*
 * SPDX-License-Identifier: MIT
 *
 * Registers around the GT: frequency and idle states, the display and the south display engine,
 * the memory controller. The device has none of these; i915 reads and sets a few all the same.
 */

#include "vgpu_priv.h"
#include "vgpu_regs.h"

#define NO_RC6 "idle states: the model never sleeps"
#define NO_RPS "frequency: the model has none"
#define NO_DISPLAY "the display is fused off"
#define NO_PCH "there is no south display engine"

static const struct vgpu_reg pm_regs[] = {
   { .offset = 0xa008, .name = "GEN6_RPNSWREQ", .kind = VGPU_REG_IGNORED, .note = NO_RPS },
   { .offset = 0xa00c, .name = "GEN6_RC_VIDEO_FREQ", .kind = VGPU_REG_IGNORED,
     .note = NO_RPS },
   { .offset = 0xa010, .name = "GEN6_RP_DOWN_TIMEOUT", .kind = VGPU_REG_IGNORED,
     .note = NO_RPS },
   { .offset = 0xa014, .name = "GEN6_RP_INTERRUPT_LIMITS", .kind = VGPU_REG_IGNORED,
     .note = NO_RPS },
   { .offset = 0xa01c, .name = "GEN6_RPSTAT1", .kind = VGPU_REG_CONST, .note = NO_RPS },
   { .offset = 0xa024, .name = "GEN6_RP_CONTROL", .kind = VGPU_REG_IGNORED, .note = NO_RPS },
   { .offset = 0xa090, .name = "GEN6_RC_CONTROL", .kind = VGPU_REG_IGNORED, .note = NO_RC6 },
   { .offset = 0xa094, .name = "GEN6_RC_STATE", .kind = VGPU_REG_IGNORED, .note = NO_RC6 },
   { .offset = 0xa098, .name = "GEN6_RC_WAKE_RATE_LIMIT", .kind = VGPU_REG_IGNORED,
     .count = 3, .note = NO_RC6 },
   { .offset = 0xa0a8, .name = "GEN6_RC_EVALUATION_INTERVAL", .kind = VGPU_REG_IGNORED,
     .note = NO_RC6 },
   { .offset = 0xa0ac, .name = "GEN6_RC_IDLE_HYSTERSIS", .kind = VGPU_REG_IGNORED,
     .note = NO_RC6 },
   { .offset = 0xa0b0, .name = "GEN6_RC_SLEEP", .kind = VGPU_REG_IGNORED, .note = NO_RC6 },
   { .offset = 0xa0b4, .name = "GEN6_RC_THRESHOLD", .kind = VGPU_REG_IGNORED, .count = 4,
     .note = NO_RC6 },
   { .offset = 0xa168, .name = "GEN6_PMINTRMSK", .kind = VGPU_REG_IGNORED, .note = NO_RPS },
   { .offset = 0x13805c, .name = "GEN6_GT_THREAD_STATUS_REG", .kind = VGPU_REG_CONST,
     .note = "threads are awake" },
   { .offset = 0x138104, .name = "GEN6_GT_GFX_RC", .kind = VGPU_REG_CONST, .count = 4,
     .note = NO_RC6 },
};

const struct vgpu_reg_block vgpu_pm_block = {
   .name = "power management", .regs = pm_regs, .num_regs = ARRAY_SIZE(pm_regs),
};

static const struct vgpu_reg display_regs[] = {
   { .offset = 0x42000, .name = "ILK_DISPLAY_CHICKEN1", .kind = VGPU_REG_IGNORED,
     .note = NO_DISPLAY },
   { .offset = 0x42004, .name = "ILK_DISPLAY_CHICKEN2", .kind = VGPU_REG_IGNORED,
     .note = NO_DISPLAY },
   { .offset = 0x4200c, .name = "IVB_CHICKEN3", .kind = VGPU_REG_IGNORED,
     .note = NO_DISPLAY },
   { .offset = 0x42014, .name = "FUSE_STRAP", .kind = VGPU_REG_CONST,
     .note = "with SFUSE_STRAP: no display, and no eLLC" },
   { .offset = 0x42020, .name = "ILK_DSPCLK_GATE_D", .kind = VGPU_REG_IGNORED,
     .note = NO_DISPLAY },
   { .offset = 0x44050, .name = "DERRMR", .kind = VGPU_REG_IGNORED, .reset = ~0u,
     .note = NO_DISPLAY },
   { .offset = 0x45000, .name = "DISP_ARB_CTL", .kind = VGPU_REG_IGNORED, .note = NO_DISPLAY },
   { .offset = 0x45010, .name = "GEN7_MSG_CTL", .kind = VGPU_REG_IGNORED, .note = NO_DISPLAY },
   { .offset = 0x78000, .name = "VGT_PVINFO", .kind = VGPU_REG_CONST, .count = 2,
     .note = "the magic number of Intel GVT-g is not there" },
   { .offset = 0xc2004, .name = "SOUTH_CHICKEN2", .kind = VGPU_REG_IGNORED, .note = NO_PCH },
   { .offset = 0xc2014, .name = "SFUSE_STRAP", .kind = VGPU_REG_CONST, .note = NO_PCH },
   { .offset = 0xc2020, .name = "SOUTH_DSPCLK_GATE_D", .kind = VGPU_REG_IGNORED,
     .note = NO_PCH },
   { .offset = 0xc4000, .name = "SDEISR", .kind = VGPU_REG_CONST, .note = NO_PCH },
   { .offset = 0xc4004, .name = "SDEIMR", .kind = VGPU_REG_IGNORED, .reset = ~0u,
     .note = NO_PCH },
   { .offset = 0xc4008, .name = "SDEIIR", .kind = VGPU_REG_W1C, .note = NO_PCH },
   { .offset = 0xc400c, .name = "SDEIER", .kind = VGPU_REG_IGNORED, .note = NO_PCH },
   { .offset = 0xc4040, .name = "SERR_INT", .kind = VGPU_REG_W1C, .note = NO_PCH },
};

const struct vgpu_reg_block vgpu_display_block = {
   .name = "display", .regs = display_regs, .num_regs = ARRAY_SIZE(display_regs),
};

static const struct vgpu_reg memory_controller_regs[] = {
   /* One channel of 2 GiB: i915 turns bit 6 swizzling on where both channels are alike. */
   { .offset = 0x145004, .name = "MAD_DIMM_C0_SNB", .kind = VGPU_REG_CONST, .reset = 8,
     .note = "one channel has memory: no bit 6 swizzling" },
   { .offset = 0x145008, .name = "MAD_DIMM_C1_SNB", .kind = VGPU_REG_CONST },
   { .offset = 0x145948, .name = "GEN6_GT_PERF_STATUS", .kind = VGPU_REG_CONST,
     .note = NO_RPS },
   { .offset = 0x145994, .name = "GEN6_RP_STATE_LIMITS", .kind = VGPU_REG_CONST,
     .note = NO_RPS },
   { .offset = 0x145998, .name = "GEN6_RP_STATE_CAP", .kind = VGPU_REG_CONST,
     .note = "0 makes i915 leave frequencies alone" },
   { .offset = 0x145d10, .name = "MCH_SSKPD", .kind = VGPU_REG_CONST,
     .note = "display watermarks" },
   { .offset = 0x145e04, .name = "DCLK", .kind = VGPU_REG_CONST, .note = "memory clock unknown" },
};

const struct vgpu_reg_block vgpu_memory_controller_block = {
   .name = "memory controller",
   .regs = memory_controller_regs,
   .num_regs = ARRAY_SIZE(memory_controller_regs),
};

const struct vgpu_reg_block *const vgpu_reg_blocks[] = {
   &vgpu_engine_block, &vgpu_gt_block,      &vgpu_irq_block,
   &vgpu_power_block,  &vgpu_reset_block,   &vgpu_pm_block,
   &vgpu_display_block, &vgpu_memory_controller_block, NULL,
};
