/*
 * SPDX-License-Identifier: MIT
 *
 * Registers of the GT that have little or no behaviour of their own. Names are i915's.
 */

#include "vgpu_priv.h"
#include "vgpu_regs.h"

static void
write_gfx_flsh_cntl(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset, uint32_t value)
{
   (void)reg, (void)offset;
   if (value & GFX_FLSH_CNTL_EN)
      atomic_fetch_add(&gpu->tlb_flushes, 1);
}

#define NO_L3 "there is no L3 cache"
#define NO_CLOCKS "clock gating"
#define ALWAYS_DONE "units behind the command streamer work while it waits for them"

static const struct vgpu_reg gt_regs[] = {
   /* Memory interface */
   { .offset = RENDER_HWS_PGA_GEN7, .name = "RENDER_HWS_PGA", .kind = VGPU_REG_STORE,
     .write_mask = 0xfffff000 },
   { .offset = BSD_HWS_PGA_GEN7, .name = "BSD_HWS_PGA", .kind = VGPU_REG_STORE,
     .write_mask = 0xfffff000 },
   { .offset = BLT_HWS_PGA_GEN7, .name = "BLT_HWS_PGA", .kind = VGPU_REG_STORE,
     .write_mask = 0xfffff000 },
   { .offset = RING_FAULT_REG_RCS, .name = "RCS_FAULT_REG", .kind = VGPU_REG_STORE },
   { .offset = RING_FAULT_REG_RCS + RING_FAULT_REG_STRIDE, .name = "VCS_FAULT_REG",
     .kind = VGPU_REG_STORE },
   { .offset = RING_FAULT_REG_RCS + 2 * RING_FAULT_REG_STRIDE, .name = "BCS_FAULT_REG",
     .kind = VGPU_REG_STORE },
   { .offset = GFX_FLSH_CNTL_GEN6, .name = "GFX_FLSH_CNTL", .kind = VGPU_REG_STORE,
     .write = write_gfx_flsh_cntl, .note = "flushes the translations of all engines" },
   { .offset = FENCE_REG_GEN6_LO, .name = "FENCE_REG", .kind = VGPU_REG_STORE,
     .count = 2 * VGPU_NUM_FENCES, .note = "read by the aperture" },

   /* Render engine */
   { .offset = GEN7_CXT_SIZE, .name = "CXT_SIZE", .kind = VGPU_REG_CONST },
   { .offset = PS_DEPTH_COUNT, .name = "PS_DEPTH_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = MI_PREDICATE_SRC0, .name = "MI_PREDICATE_SRC0", .kind = VGPU_REG_STORE,
     .count = 2, .context = true },
   { .offset = MI_PREDICATE_SRC1, .name = "MI_PREDICATE_SRC1", .kind = VGPU_REG_STORE,
     .count = 2, .context = true },
   { .offset = MI_PREDICATE_DATA, .name = "MI_PREDICATE_DATA", .kind = VGPU_REG_STORE,
     .count = 2, .context = true },
   { .offset = MI_PREDICATE_RESULT, .name = "MI_PREDICATE_RESULT", .kind = VGPU_REG_STORE,
     .context = true },

   { .offset = 0x2090, .name = "_3D_CHICKEN3", .kind = VGPU_REG_MASKED,
     .note = "workaround bits" },
   { .offset = 0x2024, .name = "PGTBL_ER", .kind = VGPU_REG_W1C,
     .note = "page faults are told by the FAULT_REGs" },
   { .offset = 0x20a0, .name = "GEN2_IER", .kind = VGPU_REG_CONST,
     .note = "not a register of this generation; read into error states" },
   { .offset = 0x2300, .name = "HS_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2308, .name = "DS_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2310, .name = "IA_VERTICES_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2318, .name = "IA_PRIMITIVES_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2320, .name = "VS_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2328, .name = "GS_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2330, .name = "GS_PRIMITIVES_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2338, .name = "CL_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2340, .name = "CL_PRIMITIVES_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = 0x2348, .name = "PS_INVOCATION_COUNT", .kind = VGPU_REG_STORE, .count = 2,
     .context = true },
   { .offset = GEN7_OACONTROL, .name = "GEN7_OACONTROL", .kind = VGPU_REG_STORE,
     .note = "counters that it enables make MI_REPORT_PERF_COUNT fault" },
   { .offset = 0x2420, .name = "GEN7_3DPRIM_END_OFFSET", .kind = VGPU_REG_STORE,
     .context = true },
   { .offset = GEN7_3DPRIM_START_VERTEX, .name = "GEN7_3DPRIM", .kind = VGPU_REG_STORE,
     .count = 5, .context = true, .note = "parameters of indirect draws" },
   { .offset = 0x5200, .name = "GEN7_SO_NUM_PRIMS_WRITTEN", .kind = VGPU_REG_STORE, .count = 8,
     .context = true },
   { .offset = 0x5240, .name = "GEN7_SO_PRIM_STORAGE_NEEDED", .kind = VGPU_REG_STORE,
     .count = 8, .context = true },
   { .offset = 0x5280, .name = "GEN7_SO_WRITE_OFFSET", .kind = VGPU_REG_STORE, .count = 4,
     .context = true },
   { .offset = 0x7000, .name = "CACHE_MODE_0_GEN7", .kind = VGPU_REG_MASKED, .context = true,
     .note = "how caches work, which there are none of" },
   { .offset = 0x7004, .name = "CACHE_MODE_1", .kind = VGPU_REG_MASKED, .context = true,
     .note = "how caches work, which there are none of" },
   { .offset = 0x7008, .name = "GEN7_GT_MODE", .kind = VGPU_REG_MASKED, .context = true,
     .note = "pixel hashing: without effect on what is drawn" },
   { .offset = 0x7010, .name = "GEN7_COMMON_SLICE_CHICKEN1", .kind = VGPU_REG_MASKED,
     .context = true, .note = "workaround bits" },
   { .offset = 0xb008, .name = "GEN7_L3CDERRST1", .kind = VGPU_REG_W1C,
     .note = "L3 parity: there are no errors" },
   { .offset = 0xb010, .name = "GEN7_L3SQCREG1", .kind = VGPU_REG_IGNORED, .note = NO_L3 },
   { .offset = 0xb01c, .name = "GEN7_L3CNTLREG1", .kind = VGPU_REG_IGNORED, .note = NO_L3 },
   { .offset = 0xb020, .name = "GEN7_L3CNTLREG2", .kind = VGPU_REG_IGNORED, .note = NO_L3 },
   { .offset = 0xb024, .name = "GEN7_L3CNTLREG3", .kind = VGPU_REG_IGNORED, .note = NO_L3 },
   { .offset = 0xb030, .name = "GEN7_L3_CHICKEN_MODE_REGISTER", .kind = VGPU_REG_IGNORED,
     .note = NO_L3 },
   { .offset = 0xb034, .name = "GEN7_L3SQCREG4", .kind = VGPU_REG_IGNORED, .note = NO_L3 },
   { .offset = 0xb070, .name = "GEN7_L3LOG", .kind = VGPU_REG_IGNORED, .count = 0x80 / 4,
     .note = "remapping of broken L3 rows, of which there are none" },
   { .offset = 0xe4f4, .name = "GEN7_ROW_CHICKEN2", .kind = VGPU_REG_MASKED,
     .note = "workaround bits" },
   { .offset = 0xf4f4, .name = "GEN7_ROW_CHICKEN2_GT2", .kind = VGPU_REG_MASKED,
     .note = "workaround bits" },
   { .offset = 0x7100, .name = "GEN7_SC_INSTDONE", .kind = VGPU_REG_CONST, .reset = ~0u,
     .note = ALWAYS_DONE },
   { .offset = 0xe160, .name = "GEN7_SAMPLER_INSTDONE", .kind = VGPU_REG_CONST, .reset = ~0u,
     .note = ALWAYS_DONE },
   { .offset = 0xe164, .name = "GEN7_ROW_INSTDONE", .kind = VGPU_REG_CONST, .reset = ~0u,
     .note = ALWAYS_DONE },

   /* Memory arbitration and clock gating */
   { .offset = 0x4030, .name = "ARB_MODE", .kind = VGPU_REG_MASKED,
     .note = "bit 4, swizzling, faults nothing: MAD_DIMM says that there is none" },
   { .offset = 0x4090, .name = "GAM_ECOCHK", .kind = VGPU_REG_IGNORED,
     .note = "cacheability of page tables" },
   { .offset = 0x40a0, .name = "ERROR_GEN6", .kind = VGPU_REG_W1C,
     .note = "page faults are told by the FAULT_REGs" },
   { .offset = 0x40b0, .name = "DONE_REG", .kind = VGPU_REG_CONST, .reset = ~0u,
     .note = ALWAYS_DONE },
   { .offset = 0x14090, .name = "GAC_ECO_BITS", .kind = VGPU_REG_IGNORED,
     .note = "cacheability of page tables" },
   { .offset = 0x24000, .name = "GAB_CTL", .kind = VGPU_REG_IGNORED,
     .note = "going on after a page fault, which hangs the engine here" },
   { .offset = 0x900c, .name = "GEN6_MBCUNIT_SNPCR", .kind = VGPU_REG_IGNORED,
     .note = "share of the last level cache" },
   { .offset = 0x9030, .name = "GEN7_SQ_CHICKEN_MBCUNIT_CONFIG", .kind = VGPU_REG_IGNORED,
     .note = "workaround bits" },
   { .offset = 0x9400, .name = "GEN6_UCGCTL", .kind = VGPU_REG_IGNORED, .count = 4,
     .note = NO_CLOCKS },
   { .offset = 0x9424, .name = "GEN7_MISCCPCTL", .kind = VGPU_REG_IGNORED, .note = NO_CLOCKS },
   { .offset = 0x101000, .name = "TILECTL", .kind = VGPU_REG_STORE,
     .note = "swizzling in the aperture: i915 leaves it off, see MAD_DIMM" },

   /* Blitter */
   { .offset = BCS_SWCTRL, .name = "BCS_SWCTRL", .kind = VGPU_REG_MASKED },
};

const struct vgpu_reg_block vgpu_gt_block = {
   .name = "gt", .regs = gt_regs, .num_regs = ARRAY_SIZE(gt_regs),
};
