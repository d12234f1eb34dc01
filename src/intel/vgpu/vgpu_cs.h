/*
 * SPDX-License-Identifier: MIT
 *
 * The command streamer: fetches commands from the ring and from batches, and executes them.
 */

#ifndef VGPU_CS_H
#define VGPU_CS_H

#include <stdbool.h>
#include <stdint.h>

struct vgpu_engine;

enum vgpu_cs_result {
   VGPU_CS_DONE, /* a command was executed */
   VGPU_CS_IDLE, /* nothing to do until a register changes: ring empty, stopped, or a wait */
   VGPU_CS_HUNG, /* a fault was recorded */
};

/** Executes one command. Call from the engine's thread without any lock. */
enum vgpu_cs_result vgpu_cs_step(struct vgpu_engine *engine);

/** Forgets batches and waits. */
void vgpu_cs_reset(struct vgpu_engine *engine);

enum vgpu_cmd_result {
   VGPU_CMD_DONE,
   VGPU_CMD_WAIT, /* its condition does not hold yet: execute it again when a register changed */
   VGPU_CMD_FAULT,
};

static inline enum vgpu_cmd_result
vgpu_cmd_result(bool ok)
{
   return ok ? VGPU_CMD_DONE : VGPU_CMD_FAULT;
}

/** How a command is supported, for the dispatch and for docs/vgpu.md. */
enum vgpu_cmd_state {
   VGPU_CMD_STATE_DONE,
   VGPU_CMD_STATE_RECORDED, /* state that is kept, saved and restored, and read by what draws */
   VGPU_CMD_STATE_IGNORED,  /* done in the sense that the note gives */
   VGPU_CMD_STATE_FAULTS,
};

struct vgpu_command {
   const char *name; /* as in the genxml */
   uint32_t header, header_mask;
   uint8_t engines; /* VGPU_REG_RCS, … */
   enum vgpu_cmd_state state;
   bool privileged; /* a NOOP in a batch that is not secure */
   enum vgpu_cmd_result (*execute)(struct vgpu_engine *engine, const uint32_t *dw,
                                   unsigned len_dw);
   const char *note;
};

/* mi.c, render.c: ended by an entry without a name. */
extern const struct vgpu_command vgpu_mi_commands[];
extern const struct vgpu_command vgpu_render_commands[];

/** Starts a batch at an address; a second-level one returns to the batch that starts it. */
bool vgpu_cs_batch_start(struct vgpu_engine *engine, uint32_t address, bool ppgtt, bool secure,
                         bool second_level);
/** Ends the batch that is being read. \return false after a fault: no batch is being read */
bool vgpu_cs_batch_end(struct vgpu_engine *engine);

/** What a flush writes when it is done. */
struct vgpu_post_sync {
   bool index; /* address is an offset in the hardware status page */
   bool ggtt;
   bool qword;
   uint32_t address;
   uint64_t value;
};

/** Does a post-sync write. \return false after a fault */
bool vgpu_cs_post_sync(struct vgpu_engine *engine, const struct vgpu_post_sync *post);

/**
 * Writes a register for a command, as MI_LOAD_REGISTER_IMM does: a batch that is not secure reaches
 * few of them. \return false after a fault
 */
bool vgpu_cs_load_register(struct vgpu_engine *engine, uint32_t offset, uint32_t value);

/** Graphics address in the GGTT of an offset in the engine's hardware status page. */
uint32_t vgpu_cs_hws_address(struct vgpu_engine *engine, uint32_t offset);

#endif
