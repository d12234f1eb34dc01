/*
 * SPDX-License-Identifier: MIT
 *
 * The Gen7 2D blitter (BCS client 2 commands).
 */

#ifndef VGPU_BLT_H
#define VGPU_BLT_H

#include <stdbool.h>
#include <stdint.h>

struct vgpu_engine;

/** BCS_SWCTRL, 0x22200: a masked register; tiling of a Y-tiled source or destination. */
#define BCS_SWCTRL_TILE_Y_SOURCE (1u << 0)
#define BCS_SWCTRL_TILE_Y_DESTINATION (1u << 1)

/**
 * Executes one client 2 (bits 31:29 = 2) command on the BCS engine.
 *
 * \param dw      the whole command, header first
 * \param len_dw  DWords at dw, as the header's length field says
 * \param swctrl  BCS_SWCTRL at the time of the command
 * \return false after a fault or an interruption, see vgpu_engine.h
 */
bool vgpu_blt_execute(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw,
                      uint32_t swctrl);

/** Reset of the blitter's own state. */
void vgpu_blt_reset(struct vgpu_engine *engine);

/** What the blitter knows, for docs/vgpu.md. */
struct vgpu_blt_command {
   const char *name; /* as in the genxml; NULL ends the table */
   uint8_t opcode;   /* bits 28:22 of the header */
   const char *state; /* "done" or "faults" */
   const char *note;  /* what of it faults, or NULL */
};

/* In the order of the opcodes. */
extern const struct vgpu_blt_command vgpu_blt_commands[];

#endif
