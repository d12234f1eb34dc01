/*
 * SPDX-License-Identifier: MIT
 *
 * Address translation: the global GTT, the per-process GTT and the TLB that caches both.
 */

#ifndef VGPU_GTT_H
#define VGPU_GTT_H

#include <stdbool.h>
#include <stdint.h>

struct vgpu;

/** The two address spaces that a Gen7 engine sees. */
enum vgpu_as {
   VGPU_AS_GGTT,
   VGPU_AS_PPGTT,
};

/** Why an address did not translate. */
enum vgpu_gtt_fault {
   VGPU_GTT_OK,
   VGPU_GTT_OUT_OF_RANGE, /**< beyond the GTT or the 2 GiB of a PPGTT */
   VGPU_GTT_INVALID_PDE,  /**< page directory entry not valid, or the directory not loaded */
   VGPU_GTT_INVALID_PTE,  /**< page table entry not valid */
   VGPU_GTT_NO_MEMORY,    /**< the entry names an address where the guest has no memory */
   VGPU_GTT_READ_ONLY,    /**< a write to memory that the guest has as read-only (ROM) */
};

const char *vgpu_gtt_fault_name(enum vgpu_gtt_fault fault);

#define VGPU_TLB_ENTRIES 4096

struct vgpu_tlb_entry {
   uint64_t tag; /* epoch << 32 | address space << 31 | page number; 0 is never a valid tag */
   uint8_t *host;
   bool writable;
};

/*
 * One TLB an engine, used by that engine's thread alone. As in hardware a changed page table
 * entry is seen when the driver has asked for a flush, or when the entry was never cached.
 */
struct vgpu_tlb {
   uint32_t epoch;          /* current; entries of other epochs are not valid */
   uint32_t flush_seen;     /* value of vgpu::tlb_flushes when last looked at */
   uint32_t mem_epoch_seen; /* value of vgpu_mem::epoch when last looked at */
   struct vgpu_tlb_entry entries[VGPU_TLB_ENTRIES];
};

/** The page directory of a PPGTT as the engine holds it. */
struct vgpu_ppgtt {
   bool enabled;           /* GFX_MODE.PPGTTEnable */
   bool loaded;            /* the directory was loaded since reset */
   uint32_t pd_gtt_offset; /* byte offset of the first PDE in the GTT (GSM), from PP_DIR_BASE */
   uint32_t dclv;          /* PP_DIR_DCLV: a bit enables 16 PDEs */
};

void vgpu_tlb_init(struct vgpu_tlb *tlb);

/** Forgets every entry. */
void vgpu_tlb_flush(struct vgpu_tlb *tlb);

/**
 * Translates the page that holds address. Call with the memory lock held for reading.
 * \return the host address of the byte at address (good up to the end of its 4 KiB page), or
 * NULL with *fault set
 */
uint8_t *vgpu_gtt_translate(struct vgpu *gpu, struct vgpu_tlb *tlb, const struct vgpu_ppgtt *ppgtt,
                            enum vgpu_as as, uint64_t address, bool write,
                            enum vgpu_gtt_fault *fault);

/**
 * The same for many pages that follow each other, past the TLB.
 * \param first  number of the first page
 * \param hosts  gets their host addresses, NULL where there is no translation
 */
void vgpu_gtt_translate_pages(struct vgpu *gpu, const struct vgpu_ppgtt *ppgtt, enum vgpu_as as,
                              uint64_t first, uint32_t count, bool write, uint8_t **hosts);

#endif
