/*
 * SPDX-License-Identifier: MIT
 *
 * What the blocks of the model share.
 */

#ifndef VGPU_PRIV_H
#define VGPU_PRIV_H

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vgpu.h"
#include "vgpu_engine.h"
#include "vgpu_gtt.h"
#include "vgpu_mem.h"
#include "vgpu_mmio.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))

/** What tells one platform from another. */
struct vgpu_device_info {
   const char *name; /* as `--device` takes it */
   const char *description;
   uint16_t pci_device_id;
   uint8_t pci_revision_id;
   uint32_t gsm_size_bytes;
   uint64_t aperture_size_bytes;
   uint32_t cxt_size; /* CXT_SIZE, 0x21a8: the sizes of the parts of a context image */
};

const struct vgpu_device_info *vgpu_device_info_find(const char *name);

#define VGPU_PCI_CONFIG_SIZE_BYTES 4096
#define VGPU_MMIO_SIZE_BYTES (2u << 20)
#define VGPU_IO_SIZE_BYTES 64
#define VGPU_NUM_FENCES 32

struct vgpu_pci {
   uint8_t config[VGPU_PCI_CONFIG_SIZE_BYTES];
   uint32_t io_index; /* BAR4: the offset that its data register accesses */
};

/** The two interrupt register blocks (display, GT), each ISR, IMR, IIR, IER. */
struct vgpu_irq {
   bool line; /* what was last told to the front end: pending and enabled */
   bool intx_level;
};

struct vgpu {
   const struct vgpu_device_info *info;
   struct vgpu_ops ops;
   void *opaque;
   uint32_t trace;
   bool synchronous;
   unsigned synchronous_budget;
   enum vgpu_copies copies;

   /*
    * Guards the registers and all state that is not an engine's own. Order: mem.lock before
    * this one; the other way round never.
    */
   pthread_mutex_t lock;
   pthread_cond_t idle; /* an engine stopped executing */

   struct vgpu_pci pci;
   struct vgpu_mem mem;
   struct vgpu_irq irq;
   uint32_t *regs; /* VGPU_MMIO_SIZE_BYTES: what registers without behaviour hold */

   uint8_t *gsm; /* the global GTT, which the guest maps */
   uint32_t gsm_size_bytes;
   int gtt_fd; /* memfd as large as BAR0; the GSM is its upper half */

   struct vgpu_engine engines[VGPU_NUM_ENGINES];
   struct vgpu_pool *pool; /* NULL: each engine does its pixel work alone */
   struct vgpu_tlb aperture_tlb; /* of the front end's thread */

   _Atomic uint32_t tlb_flushes; /* bumped by every request that is for all engines */
   _Atomic uint64_t unmodelled;
   _Atomic uint64_t copies_taken;
   _Atomic uint64_t complaints; /* messages of the levels FAULT and WARN */
   _Atomic bool bus_master; /* PCI command register: without it no DMA */
   uint64_t timestamp_base_ns;
};

/* Registers, block by block. */
extern const struct vgpu_reg_block vgpu_display_block, vgpu_engine_block, vgpu_gt_block,
   vgpu_irq_block, vgpu_memory_controller_block, vgpu_pm_block, vgpu_power_block,
   vgpu_reset_block;

/* log.c */
void vgpu_log(struct vgpu *gpu, enum vgpu_log_level level, const char *format, ...)
   __attribute__((format(printf, 3, 4)));
/** Counts and logs what real hardware does and the model does not. */
void vgpu_unmodelled(struct vgpu *gpu, const char *format, ...)
   __attribute__((format(printf, 2, 3)));

/* pci.c */
void vgpu_pci_reset(struct vgpu *gpu);
void vgpu_pci_read(struct vgpu *gpu, uint32_t offset, void *data, uint32_t size);
void vgpu_pci_write(struct vgpu *gpu, uint32_t offset, const void *data, uint32_t size);
bool vgpu_pci_msi_enabled(const struct vgpu *gpu);
bool vgpu_pci_intx_disabled(const struct vgpu *gpu);

/* irq.c; all with vgpu::lock held */
void vgpu_irq_reset(struct vgpu *gpu);
/** Sets bits in GTIIR for events of an engine, as its IMR and GTIMR let them through. */
void vgpu_irq_engine_event(struct vgpu_engine *engine, uint32_t bits);
/** Works out the interrupt line again after a register of the interrupt tree changed. */
void vgpu_irq_update(struct vgpu *gpu);

/* aperture.c */
void vgpu_aperture_read(struct vgpu *gpu, uint64_t offset, void *data, size_t size);
void vgpu_aperture_write(struct vgpu *gpu, uint64_t offset, const void *data, size_t size);

/* engine.c; all with vgpu::lock held unless said otherwise */
int vgpu_engine_init(struct vgpu *gpu, enum vgpu_engine_id id);
void vgpu_engine_fini(struct vgpu_engine *engine); /* without the lock */
/** Something that the engine may wait for, or works on, has changed. */
void vgpu_engine_kick(struct vgpu_engine *engine);
/** Engine reset: stops what it does, and back to power-on. Drops the lock while it waits. */
void vgpu_engine_reset(struct vgpu_engine *engine);
/** Runs the engine in the caller, for vgpu_params::synchronous. Without the lock. */
void vgpu_engine_run_synchronously(struct vgpu_engine *engine);
/** True if there are commands that the engine could execute now. */
bool vgpu_engine_has_work(const struct vgpu_engine *engine);
uint64_t vgpu_timestamp(const struct vgpu *gpu);
uint64_t vgpu_now_ns(void);

#endif
