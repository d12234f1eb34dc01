/*
 * SPDX-License-Identifier: MIT
 *
 * Batch buffers for Gen7: commands, the relocations in them and the objects that they touch.
 *
 *    struct batch batch;
 *    batch_init(&batch, fd, I915_EXEC_BLT);
 *    blt_copy(&batch, &destination, 0, 0, &source, 0, 0, width, height);
 *    batch_run(&batch);
 */

#ifndef BATCH_H
#define BATCH_H

#include <stdint.h>

#include "gem.h"

/* Memory interface commands (IVB PRM Vol1 Part 3); their length field is the length less 2. */
#define MI_NOOP               0x00000000u
#define MI_ARB_CHECK          (0x05u << 23)
#define MI_BATCH_BUFFER_END   (0x0au << 23)
#define MI_STORE_DATA_IMM     (0x20u << 23 | 2)
#define MI_LOAD_REGISTER_IMM  (0x22u << 23 | 1)
#define MI_STORE_REGISTER_MEM (0x24u << 23 | 1)
#define MI_FLUSH_DW           (0x26u << 23 | 2)
#define MI_BATCH_BUFFER_START (0x31u << 23)
#define MI_BATCH_PPGTT        (1u << 8)

#define MI_FLUSH_DW_WRITE_IMMEDIATE (1u << 14)
#define MI_FLUSH_DW_WRITE_TIMESTAMP (3u << 14)

struct batch {
   int fd;
   uint64_t engine; /* I915_EXEC_RENDER, _BSD or _BLT */
   uint64_t flags;  /* further flags of EXECBUFFER2 */
   uint32_t context;
   /* Skips i915's command parser: the very batch runs, and not as a privileged copy of it. */
   bool unparsed;

   uint32_t *dw;
   uint32_t len_dw, capacity_dw;
   struct drm_i915_gem_relocation_entry *relocs;
   uint32_t reloc_count, reloc_capacity;
   /* The batch itself is not among them until it is submitted. */
   struct drm_i915_gem_exec_object2 *objects;
   uint32_t object_count, object_capacity;

   /* Emits what must stand at the end of the batch; set by who needs it. */
   void (*finish)(struct batch *batch);
   uint32_t blt_y_tiled; /* what BCS_SWCTRL says at this point of the batch: see blt.c */

   uint32_t handle; /* of the batch buffer, once it was submitted */
};

/** \param engine  I915_EXEC_RENDER, _BSD or _BLT */
void batch_init(struct batch *batch, int fd, uint64_t engine);

void batch_emit(struct batch *batch, uint32_t dw);

/** Adds an object that the batch touches; it is added once however often it is named. */
struct drm_i915_gem_exec_object2 *batch_object(struct batch *batch, uint32_t handle);

/**
 * Emits the address of a byte of an object.
 *
 * \param write  whether the GPU writes there: it is what the kernel orders work by
 */
void batch_address(struct batch *batch, uint32_t handle, uint32_t delta_bytes, bool write);

/** Emits an address of the batch itself. */
void batch_own_address(struct batch *batch, uint32_t delta_bytes);

/** Stores a DWord (MI_STORE_DATA_IMM), on any engine. */
void batch_store(struct batch *batch, uint32_t handle, uint32_t offset_bytes, uint32_t value);

/**
 * Ends the batch, writes it to a buffer object and submits it. batch->handle is that object, which
 * is busy as long as the batch runs.
 */
int batch_submit(struct batch *batch);

/** batch_submit(), and waits for the end of it. */
int batch_run(struct batch *batch);

/** Bytes of commands so far. */
static inline uint64_t
batch_size_bytes(const struct batch *batch)
{
   return (uint64_t)batch->len_dw * 4;
}

/** Frees the memory and closes the batch buffer. */
void batch_fini(struct batch *batch);

#endif
