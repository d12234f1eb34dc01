/*
 * SPDX-License-Identifier: MIT
 *
 * An engine: a ring buffer, the command streamer that reads it, and the unit behind it.
 */

#ifndef VGPU_ENGINE_H
#define VGPU_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vgpu_gtt.h"

struct vgpu;
struct vgpu_pool;

enum vgpu_engine_id {
   VGPU_RCS,
   VGPU_VCS,
   VGPU_BCS,
   VGPU_NUM_ENGINES,
};

/** The longest command: an 8-bit or 9-bit DWord Length and its bias of two. */
#define VGPU_MAX_CMD_DW 514

/** No value of RING_TAIL. */
#define VGPU_NO_TAIL (~0u)

/** Where the command streamer reads from. */
struct vgpu_fetch {
   uint32_t address; /* graphics address of the next DWord to read */
   enum vgpu_as as;
   bool secure; /* privileged commands execute; otherwise they are NOOPs */
};

/** Blitter state that XY_SETUP_* commands set and the commands after them use. */
struct vgpu_blt_setup {
   bool valid; /* an XY_SETUP_* command was seen since reset */
   uint32_t br00, br01, br05, br06, br07, br09;
   uint32_t br20, br21; /* monochrome pattern */
   uint32_t clip_top_left, clip_bottom_right; /* BR24, BR25 */
};

struct vgpu_engine {
   struct vgpu *gpu;
   enum vgpu_engine_id id;
   const char *name;
   uint32_t mmio_base;

   /*
    * Registers of the engine live in vgpu::regs and are guarded by vgpu::lock, like all
    * registers. What is below is the executing thread's own, unless it says otherwise.
    */
   pthread_t thread;
   bool thread_running;
   pthread_cond_t wake; /* with vgpu::lock: work, a register that a wait may be for, or stop */
   bool busy;           /* under vgpu::lock: the thread is executing commands */
   bool stop;           /* under vgpu::lock: the thread shall end */
   _Atomic bool hung; /* written under vgpu::lock: a fault or a wait that cannot end, until reset */
   bool waiting;        /* under vgpu::lock: a command waits for a register to change */
   bool reset_wanted;   /* under vgpu::lock: give up the command at the next chance */
   bool ring_disabled;  /* under vgpu::lock: RING_CTL was cleared, batches are to be forgotten */
   bool pp_dir_loaded;  /* under vgpu::lock: PP_DIR_BASE was written since reset */
   uint32_t kicks;      /* under vgpu::lock: how often a register changed that may matter */
   bool kicked;         /* under vgpu::lock: to be run by the caller (synchronous) */
   uint32_t short_tail; /* under vgpu::lock: the TAIL that ends within a command, or NO_TAIL */
   _Atomic uint32_t translation_changes; /* bumped when registers of the translation change */
   _Atomic bool interrupted; /* stop or reset_wanted, to be read without the lock */

   /*
    * While several threads work on the current command: only vgpu_engine_map() and what is built
    * on it uses the TLB, and it takes this lock. The first fault is the command's.
    */
   bool shared;
   pthread_mutex_t shared_lock;

   struct vgpu_tlb tlb;
   struct vgpu_ppgtt ppgtt;           /* what the registers said when last looked at */
   uint32_t translation_changes_seen; /* of translation_changes */

   /* The command streamer: ring, batch, second-level batch. */
   struct vgpu_fetch batch[2];
   unsigned batch_depth; /* 0: the ring feeds, 1: a batch, 2: a second-level batch */
   enum vgpu_as as;      /* address space of the memory that the current command works on */
   bool secure;          /* the current command may do what is privileged */
   uint32_t cmd_address; /* where the current command was read from (ACTHD) */
   const char *cmd_name; /* of the current command, for messages */
   bool in_wait;         /* the command waits for a register or memory */
   bool poll;            /* … for memory: look again after a while */
   bool head_moved;      /* the command has set RING_HEAD itself */
   bool arbitration;     /* MI_ARB_ON_OFF */
   bool predicate;       /* MI_PREDICATE_RESULT */
   uint32_t cmd[VGPU_MAX_CMD_DW];

   struct vgpu_blt_setup blt;
   struct vgpu_pool *pool; /* of the device, for pixel work; NULL: the engine works alone */
   struct vgpu_render_state *render; /* RCS only */
};

/**
 * Ends the current command with a fault: says what and where in the log, sets the fault
 * registers and hangs the engine. Always returns false, so that a command can
 * `return vgpu_engine_fault(...)`.
 */
bool vgpu_engine_fault(struct vgpu_engine *engine, const char *format, ...)
   __attribute__((format(printf, 2, 3)));

/** The same for what real hardware does and this model does not: counted as unmodelled. */
bool vgpu_engine_unmodelled(struct vgpu_engine *engine, const char *format, ...)
   __attribute__((format(printf, 2, 3)));

/**
 * Host address of the byte at a graphics address of the current command's address space, good up
 * to the end of its 4 KiB page and until the command ends. NULL after a fault, which has then
 * been recorded (the command returns false).
 */
uint8_t *vgpu_engine_map(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address,
                         bool write);

/** DWord access to graphics memory; address is a multiple of 4. False after a fault. */
bool vgpu_engine_read32(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address,
                        uint32_t *value);
bool vgpu_engine_write32(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address,
                         uint32_t value);
/** The same for a QWord, written as one; address is a multiple of 8. */
bool vgpu_engine_write64(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address,
                         uint64_t value);

/**
 * True if a long command should give up now (engine reset, end of the process): it then returns
 * false at once, without a fault.
 */
static inline bool
vgpu_engine_interrupted(const struct vgpu_engine *engine)
{
   return atomic_load_explicit(&engine->interrupted, memory_order_relaxed);
}

#endif
