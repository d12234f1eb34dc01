/*
 * SPDX-License-Identifier: MIT
 *
 * Offsets and bits of the registers that have behaviour, by the names of the PRM and i915.
 */

#ifndef VGPU_REGS_H
#define VGPU_REGS_H

/* MMIO bases of the engines' register blocks. */
#define RENDER_RING_BASE 0x02000
#define GEN6_BSD_RING_BASE 0x12000
#define BLT_RING_BASE 0x22000

/* Of each engine, from its base (IVB PRM Vol1 Part 3, "Ring Buffer Registers"). */
#define RING_EXCC 0x028
#define RING_TAIL 0x030
#define TAIL_ADDR 0x001ffff8
#define RING_HEAD 0x034
#define HEAD_ADDR 0x001ffffc
#define HEAD_WRAP_COUNT 0xffe00000
#define HEAD_WRAP_ONE 0x00200000
#define RING_START 0x038
#define RING_CTL 0x03c
#define RING_VALID (1u << 0)
#define RING_REPORT_MASK 0x00000006
#define RING_WAIT_SEMAPHORE (1u << 10)
#define RING_WAIT (1u << 11)
#define RING_NR_PAGES 0x001ff000
#define RING_SYNC_0 0x040
#define RING_SYNC_1 0x044
#define RING_SYNC_2 0x048
#define RING_PSMI_CTL 0x050
#define RING_MAX_IDLE 0x054
#define RING_IPEIR 0x064
#define RING_IPEHR 0x068
#define RING_INSTDONE 0x06c
#define RING_INSTPS 0x070
#define RING_ACTHD 0x074
#define RING_DMA_FADD 0x078
#define RING_NOPID 0x094
#define RING_HWSTAM 0x098
#define RING_MI_MODE 0x09c
#define MI_FLUSH_ENABLE (1u << 12)
#define MODE_IDLE (1u << 9)
#define STOP_RING (1u << 8)
#define RING_IMR 0x0a8
#define RING_EIR 0x0b0
#define RING_EMR 0x0b4
#define RING_ESR 0x0b8
#define ERROR_INSTRUCTION (1u << 0)
#define ERROR_PAGE_TABLE (1u << 4)
#define RING_INSTPM 0x0c0
#define INSTPM_TLB_INVALIDATE (1u << 9)
#define INSTPM_SYNC_FLUSH (1u << 5)
#define RING_UHPTR 0x134
#define RING_BBSTATE 0x110
#define RING_BBADDR 0x140
#define RING_BBADDR_VALID (1u << 0)
#define RING_CCID 0x180
#define CCID_EN (1u << 0)
#define RING_ECOSKPD 0x1d0
#define RING_PP_DIR_DCLV 0x220
#define RING_PP_DIR_BASE 0x228
#define RING_MODE_GEN7 0x29c
#define GFX_PPGTT_ENABLE (1u << 9)
#define RING_TIMESTAMP 0x358
#define RING_PP_DIR_BASE_READ 0x518

/* Of the render engine alone. */
#define GEN7_CXT_SIZE 0x21a8
#define PS_DEPTH_COUNT 0x2350
#define MI_PREDICATE_SRC0 0x2400
#define MI_PREDICATE_SRC1 0x2408
#define MI_PREDICATE_DATA 0x2410
#define MI_PREDICATE_RESULT 0x2418
/* Performance counters. */
/* What a 3DPRIMITIVE with Indirect Parameter Enable draws. */
#define GEN7_3DPRIM_START_VERTEX 0x2430
#define GEN7_3DPRIM_VERTEX_COUNT 0x2434
#define GEN7_3DPRIM_INSTANCE_COUNT 0x2438
#define GEN7_3DPRIM_START_INSTANCE 0x243c
#define GEN7_3DPRIM_BASE_VERTEX 0x2440

#define GEN7_OACONTROL 0x2360
#define GEN7_OACONTROL_FORMAT_SHIFT 2
#define GEN7_OACONTROL_FORMAT_MASK (7u << GEN7_OACONTROL_FORMAT_SHIFT)
#define GEN7_OACONTROL_ENABLE (1u << 0)

/* BCS_SWCTRL: tiling of the blitter's Y-tiled operands. */
#define BCS_SWCTRL 0x22200

/* Memory interface (IVB PRM Vol1 Part 2). */
#define RENDER_HWS_PGA_GEN7 0x4080
#define RING_FAULT_REG_RCS 0x4094
#define RING_FAULT_REG_STRIDE 0x100
#define RING_FAULT_VALID (1u << 0)
#define RING_FAULT_TYPE_SHIFT 1
#define RING_FAULT_GTTSEL_GGTT (1u << 11)
#define BSD_HWS_PGA_GEN7 0x4180
#define BLT_HWS_PGA_GEN7 0x4280
#define GFX_FLSH_CNTL_GEN6 0x101008
#define GFX_FLSH_CNTL_EN (1u << 0)
#define FENCE_REG_GEN6_LO 0x100000
#define FENCE_VALID (1u << 0)
#define FENCE_TILING_Y (1u << 1)

/* Interrupts (IVB PRM Vol3 Part 4 and Vol1 Part 3). */
#define DEISR 0x44000
#define DEIMR 0x44004
#define DEIIR 0x44008
#define DEIER 0x4400c
#define DE_MASTER_IRQ_CONTROL (1u << 31)
#define GTISR 0x44010
#define GTIMR 0x44014
#define GTIIR 0x44018
#define GTIER 0x4401c
#define GEN6_PMISR 0x44020
#define GEN6_PMIMR 0x44024
#define GEN6_PMIIR 0x44028
#define GEN6_PMIER 0x4402c
#define GEN7_ERR_INT 0x44040

/* Bits of one engine's interrupts, relative to its first bit in GTIIR. */
#define GT_USER_INTERRUPT (1u << 0)
#define GT_CS_ERROR_INTERRUPT (1u << 3)
#define GT_FLUSH_NOTIFY_INTERRUPT (1u << 4)

/* Power and reset. */
#define FORCEWAKE 0x0a18c
#define FORCEWAKE_ACK 0x130090
#define FORCEWAKE_MT 0x0a188
#define FORCEWAKE_MT_ACK 0x130040
#define ECOBUS 0x0a180
#define ECOBUS_FORCEWAKE_MT_ENABLE (1u << 5)
#define GTFIFODBG 0x120000
#define GTFIFOCTL 0x120008
#define GEN6_PCODE_MAILBOX 0x138124
#define GEN6_PCODE_READY (1u << 31)
#define GEN6_PCODE_ERROR_MASK 0xffu
#define GEN6_PCODE_ILLEGAL_CMD 0x01u
#define GEN6_PCODE_DATA 0x138128
#define GEN6_PCODE_DATA1 0x13812c
#define GEN6_GDRST 0x0941c
#define GEN6_GRDOM_FULL (1u << 0)
#define GEN6_GRDOM_RENDER (1u << 1)
#define GEN6_GRDOM_MEDIA (1u << 2)
#define GEN6_GRDOM_BLT (1u << 3)

#endif
