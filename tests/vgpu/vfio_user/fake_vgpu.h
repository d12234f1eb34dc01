/*
 * SPDX-License-Identifier: MIT
 *
 * A model without a GPU in it: it implements vgpu.h, keeps what the front end did, and raises
 * interrupts when told to.
 */

#ifndef FAKE_VGPU_H
#define FAKE_VGPU_H

#include "vgpu.h"

#define FAKE_BAR0_SIZE_BYTES        (64u * 1024)
#define FAKE_BAR0_MMAP_OFFSET_BYTES (32u * 1024)
#define FAKE_BAR2_SIZE_BYTES        (4u * 1024 * 1024)
#define FAKE_BAR4_SIZE_BYTES        64u
#define FAKE_CONFIG_SIZE_BYTES      4096u
#define FAKE_MAX_RANGES             16

struct fake_access {
   bool write;
   unsigned region;
   uint64_t offset;
   size_t size_bytes;
   uint8_t data[16]; /* of a write */
};

struct fake_range {
   uint64_t gpa;
   uint64_t size_bytes;
   uint8_t *host;
   bool writable;
};

struct vgpu {
   struct vgpu_ops ops;
   void *opaque;
   uint8_t *bar0; /* mapping of bar0_fd */
   int bar0_fd;

   unsigned num_accesses;
   struct fake_access last;

   struct fake_range ranges[FAKE_MAX_RANGES];
   unsigned num_ranges;
   int dma_map_result; /* what vgpu_dma_map() returns unless 0 */

   unsigned num_resets;
};

/** What a read of the regions other than BAR0 gives at this offset. */
static inline uint8_t
fake_pattern(unsigned region, uint64_t offset)
{
   return (uint8_t)(offset * 7 + region * 31 + (offset >> 8));
}

/** The range that starts at gpa, NULL if there is none. */
const struct fake_range *fake_find_range(const struct vgpu *gpu, uint64_t gpa);

#endif
