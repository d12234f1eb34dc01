/*
 * SPDX-License-Identifier: MIT
 *
 * Gen6/7 page tables. Entries of both levels have one layout (IVB PRM Vol1 Part 1, "GTT"; i915
 * GEN6_GTT_ADDR_ENCODE): bit 0 valid, bits 31:12 the address, bits 11:4 its bits 39:32; bits 3:1
 * say how to cache, which a coherent model has no use for.
 */

#include "vgpu_gtt.h"

#include <string.h>

#include "vgpu_priv.h"

#define GEN6_PTE_VALID (1u << 0)
#define GEN6_PDE_COUNT 512
#define GEN6_PDES_PER_DCLV_BIT 16
#define GEN6_PTE_COUNT 1024

static uint64_t
gen6_entry_address(uint32_t entry)
{
   return (entry & 0xfffff000u) | (uint64_t)(entry & 0xff0u) << 28;
}

const char *
vgpu_gtt_fault_name(enum vgpu_gtt_fault fault)
{
   switch (fault) {
   case VGPU_GTT_OK:
      return "no fault";
   case VGPU_GTT_OUT_OF_RANGE:
      return "address beyond the address space";
   case VGPU_GTT_INVALID_PDE:
      return "page directory entry not valid";
   case VGPU_GTT_INVALID_PTE:
      return "page table entry not valid";
   case VGPU_GTT_NO_MEMORY:
      return "page table entry points where the guest has no memory";
   case VGPU_GTT_READ_ONLY:
      return "write to read-only memory";
   }
   return "unknown fault";
}

void
vgpu_tlb_init(struct vgpu_tlb *tlb)
{
   memset(tlb, 0, sizeof(*tlb));
   tlb->epoch = 1;
}

void
vgpu_tlb_flush(struct vgpu_tlb *tlb)
{
   /* Tags carry the epoch, so old entries do not match any more. After a wrap they could. */
   if (++tlb->epoch == 0)
      vgpu_tlb_init(tlb);
}

/** The GTT entry at a byte offset of the GSM, which the guest writes at any time. */
static uint32_t
gsm_read(const struct vgpu *gpu, uint32_t offset_bytes)
{
   return __atomic_load_n((const uint32_t *)(gpu->gsm + offset_bytes), __ATOMIC_RELAXED);
}

static enum vgpu_gtt_fault
walk_ggtt(const struct vgpu *gpu, uint64_t page, uint32_t *pte)
{
   if (page >= gpu->gsm_size_bytes / sizeof(uint32_t))
      return VGPU_GTT_OUT_OF_RANGE;
   *pte = gsm_read(gpu, page * sizeof(uint32_t));
   return *pte & GEN6_PTE_VALID ? VGPU_GTT_OK : VGPU_GTT_INVALID_PTE;
}

/** The page table of a page, NULL with *fault set. */
static const uint32_t *
page_table(const struct vgpu *gpu, const struct vgpu_ppgtt *ppgtt, uint64_t page,
           enum vgpu_gtt_fault *fault)
{
   const uint64_t pde_index = page / GEN6_PTE_COUNT;

   *fault = VGPU_GTT_OUT_OF_RANGE;
   if (pde_index >= GEN6_PDE_COUNT)
      return NULL;

   const uint64_t pde_offset = (uint64_t)ppgtt->pd_gtt_offset + pde_index * sizeof(uint32_t);
   *fault = VGPU_GTT_INVALID_PDE;
   if (!ppgtt->loaded || !(ppgtt->dclv & 1u << (pde_index / GEN6_PDES_PER_DCLV_BIT)) ||
       pde_offset + sizeof(uint32_t) > gpu->gsm_size_bytes)
      return NULL;

   const uint32_t pde = gsm_read(gpu, pde_offset);
   if (!(pde & GEN6_PTE_VALID))
      return NULL;

   bool writable;
   const uint8_t *table = vgpu_mem_page(&gpu->mem, gen6_entry_address(pde), &writable);
   *fault = table ? VGPU_GTT_OK : VGPU_GTT_NO_MEMORY;
   return (const uint32_t *)table;
}

static enum vgpu_gtt_fault
walk_ppgtt(const struct vgpu *gpu, const struct vgpu_ppgtt *ppgtt, uint64_t page, uint32_t *pte)
{
   enum vgpu_gtt_fault fault;
   const uint32_t *table = page_table(gpu, ppgtt, page, &fault);

   if (!table)
      return fault;
   *pte = __atomic_load_n(table + page % GEN6_PTE_COUNT, __ATOMIC_RELAXED);
   return *pte & GEN6_PTE_VALID ? VGPU_GTT_OK : VGPU_GTT_INVALID_PTE;
}

uint8_t *
vgpu_gtt_translate(struct vgpu *gpu, struct vgpu_tlb *tlb, const struct vgpu_ppgtt *ppgtt,
                   enum vgpu_as as, uint64_t address, bool write, enum vgpu_gtt_fault *fault)
{
   const uint64_t page = address >> VGPU_PAGE_SHIFT;
   const uint64_t tag = (uint64_t)tlb->epoch << 32 | (uint64_t)as << 31 | (page & 0x7fffffff);
   struct vgpu_tlb_entry *entry = &tlb->entries[(page ^ (uint64_t)as << 11) % VGPU_TLB_ENTRIES];

   if (entry->tag != tag || page > 0x7fffffff) {
      uint32_t pte = 0;
      *fault = as == VGPU_AS_PPGTT ? walk_ppgtt(gpu, ppgtt, page, &pte)
                                   : walk_ggtt(gpu, page, &pte);
      if (*fault != VGPU_GTT_OK)
         return NULL;

      bool writable = false;
      uint8_t *host = vgpu_mem_page(&gpu->mem, gen6_entry_address(pte), &writable);
      if (!host) {
         *fault = VGPU_GTT_NO_MEMORY;
         return NULL;
      }
      *entry = (struct vgpu_tlb_entry){ .tag = tag, .host = host, .writable = writable };
      if (gpu->trace & VGPU_TRACE_GTT)
         vgpu_log(gpu, VGPU_LOG_TRACE, "gtt: %s page 0x%05" PRIx64 " -> 0x%010" PRIx64,
                  as == VGPU_AS_PPGTT ? "ppgtt" : "ggtt", page, gen6_entry_address(pte));
   }

   if (write && !entry->writable) {
      *fault = VGPU_GTT_READ_ONLY;
      return NULL;
   }
   *fault = VGPU_GTT_OK;
   return entry->host + (address & VGPU_PAGE_MASK);
}

void
vgpu_gtt_translate_pages(struct vgpu *gpu, const struct vgpu_ppgtt *ppgtt, enum vgpu_as as,
                         uint64_t first, uint32_t count, bool write, uint8_t **hosts)
{
   const uint32_t *table = NULL;
   /* The range of guest memory that the last page was in, from that page on. */
   uint64_t gpa = 0, size_bytes = 0;
   uint8_t *host = NULL;
   bool writable = false;

   for (uint32_t i = 0; i < count; i++) {
      const uint64_t page = first + i;
      enum vgpu_gtt_fault fault;
      uint32_t pte = 0;

      hosts[i] = NULL;
      /* One look at the directory is good for the whole page table. */
      if (as == VGPU_AS_PPGTT && table && page % GEN6_PTE_COUNT) {
         pte = __atomic_load_n(table + page % GEN6_PTE_COUNT, __ATOMIC_RELAXED);
      } else if (as == VGPU_AS_PPGTT) {
         table = page_table(gpu, ppgtt, page, &fault);
         if (table)
            pte = __atomic_load_n(table + page % GEN6_PTE_COUNT, __ATOMIC_RELAXED);
      } else if (walk_ggtt(gpu, page, &pte) != VGPU_GTT_OK) {
         pte = 0;
      }
      if (!(pte & GEN6_PTE_VALID))
         continue;
      const uint64_t address = gen6_entry_address(pte);
      if (!host || address - gpa >= size_bytes) {
         gpa = address;
         host = vgpu_mem_pages(&gpu->mem, gpa, &writable, &size_bytes);
      }
      if (host && (writable || !write))
         hosts[i] = host + (address - gpa);
   }
}
