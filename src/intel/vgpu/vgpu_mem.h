/*
 * SPDX-License-Identifier: MIT
 *
 * Guest-physical memory as the device reaches it by DMA.
 */

#ifndef VGPU_MEM_H
#define VGPU_MEM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define VGPU_PAGE_SHIFT 12
#define VGPU_PAGE_SIZE_BYTES (1u << VGPU_PAGE_SHIFT)
#define VGPU_PAGE_MASK (VGPU_PAGE_SIZE_BYTES - 1)

struct vgpu_mem_range {
   uint64_t gpa;
   uint64_t size_bytes;
   uint8_t *host; /* NULL: the range exists but the device cannot reach it */
   bool writable;
};

struct vgpu_mem {
   /*
    * Held for reading while host pointers into a range are in use, for writing while ranges
    * change. A pointer from vgpu_mem_page() is valid only under the lock that it was got under;
    * `epoch` changes whenever pointers kept across an unlock became stale.
    */
   pthread_rwlock_t lock;
   struct vgpu_mem_range *ranges; /* sorted by gpa, disjoint */
   unsigned num_ranges;
   unsigned max_ranges;
   _Atomic uint32_t epoch;
   /* Writers that wait: engines give way to them between commands. */
   _Atomic uint32_t writers;
};

int vgpu_mem_init(struct vgpu_mem *mem);
void vgpu_mem_fini(struct vgpu_mem *mem);

/** See vgpu_dma_map() and vgpu_dma_unmap(). */
int vgpu_mem_map(struct vgpu_mem *mem, uint64_t gpa, uint64_t size_bytes, void *host,
                 bool writable);
int vgpu_mem_unmap(struct vgpu_mem *mem, uint64_t gpa, uint64_t size_bytes, void **host);

/**
 * The host address of the 4 KiB page that holds gpa. Call with mem->lock held for reading.
 * \param writable  gets whether the page may be written
 * \return NULL if no reachable range holds the whole page
 */
uint8_t *vgpu_mem_page(const struct vgpu_mem *mem, uint64_t gpa, bool *writable);
/** The same. \param size_bytes  gets how much there is from there on, to the end of the range */
uint8_t *vgpu_mem_pages(const struct vgpu_mem *mem, uint64_t gpa, bool *writable,
                        uint64_t *size_bytes);

#endif
