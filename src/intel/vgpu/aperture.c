/*
 * SPDX-License-Identifier: MIT
 *
 * The aperture: CPU accesses that go through the GTT, and where a fence covers them also from
 * linear to tiled addresses (IVB PRM Vol1 Part 2, "Fence Registers"; i915
 * gt/intel_ggtt_fencing.c).
 */

#include <string.h>

#include "tiling.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"

/* FENCE_REG: bits 63:44 the last page, 43:32 the pitch in 128 bytes less one, 31:12 the first. */
struct fence {
   uint32_t first, last; /* bytes, inclusive */
   uint32_t pitch_bytes;
   enum vgpu_tiling tiling;
};

static bool
read_fence(const struct vgpu *gpu, unsigned index, struct fence *fence)
{
   const uint32_t lo = gpu->regs[FENCE_REG_GEN6_LO / 4 + 2 * index];
   const uint32_t hi = gpu->regs[FENCE_REG_GEN6_LO / 4 + 2 * index + 1];

   if (!(lo & FENCE_VALID))
      return false;
   *fence = (struct fence){
      .first = lo & 0xfffff000,
      .last = hi | 0xfff,
      .pitch_bytes = ((hi & 0xfff) + 1) * 128,
      .tiling = lo & FENCE_TILING_Y ? VGPU_TILING_Y : VGPU_TILING_X,
   };
   return true;
}

/** The fence that covers an offset of the aperture, if one does. */
static bool
find_fence(struct vgpu *gpu, uint64_t offset, struct fence *fence)
{
   bool found = false;

   pthread_mutex_lock(&gpu->lock);
   for (unsigned i = 0; i < VGPU_NUM_FENCES && !found; i++)
      found = read_fence(gpu, i, fence) && offset >= fence->first && offset <= fence->last;
   pthread_mutex_unlock(&gpu->lock);
   return found;
}

/**
 * Where the byte at an offset of the aperture is.
 * \param run_bytes  gets how many bytes from there on are next to each other
 * \return NULL if the GTT has no memory for it
 */
static uint8_t *
map(struct vgpu *gpu, uint64_t offset, bool write, size_t *run_bytes)
{
   const struct vgpu_ppgtt none = { .enabled = false };
   uint64_t address = offset;
   uint32_t run = VGPU_PAGE_SIZE_BYTES - (offset & VGPU_PAGE_MASK);
   struct fence fence;
   enum vgpu_gtt_fault fault;

   if (find_fence(gpu, offset, &fence)) {
      const uint32_t linear = offset - fence.first;
      const uint32_t x = linear % fence.pitch_bytes, y = linear / fence.pitch_bytes;
      const uint32_t span = vgpu_tiling_span_bytes(fence.tiling);
      address = fence.first + vgpu_tiled_offset(fence.tiling, fence.pitch_bytes, x, y);
      run = span - x % span;
   }
   if (*run_bytes > run)
      *run_bytes = run;

   uint8_t *host = vgpu_gtt_translate(gpu, &gpu->aperture_tlb, &none, VGPU_AS_GGTT, address, write,
                                      &fault);
   if (!host)
      vgpu_log(gpu, VGPU_LOG_WARN, "aperture: %s at 0x%08" PRIx64 ": %s: %s",
               write ? "write" : "read", offset, vgpu_gtt_fault_name(fault),
               write ? "dropped" : "reads 0");
   return host;
}

static void
update_tlb(struct vgpu *gpu)
{
   const uint32_t flushes = atomic_load(&gpu->tlb_flushes);
   const uint32_t mem_epoch = atomic_load(&gpu->mem.epoch);

   if (flushes == gpu->aperture_tlb.flush_seen && mem_epoch == gpu->aperture_tlb.mem_epoch_seen)
      return;
   vgpu_tlb_flush(&gpu->aperture_tlb);
   gpu->aperture_tlb.flush_seen = flushes;
   gpu->aperture_tlb.mem_epoch_seen = mem_epoch;
}

void
vgpu_aperture_read(struct vgpu *gpu, uint64_t offset, void *data, size_t size)
{
   uint8_t *out = data;

   pthread_rwlock_rdlock(&gpu->mem.lock);
   update_tlb(gpu);
   while (size) {
      size_t run = size;
      const uint8_t *host = map(gpu, offset, false, &run);
      if (host)
         memcpy(out, host, run);
      else
         memset(out, 0, run);
      out += run;
      offset += run;
      size -= run;
   }
   pthread_rwlock_unlock(&gpu->mem.lock);
}

void
vgpu_aperture_write(struct vgpu *gpu, uint64_t offset, const void *data, size_t size)
{
   const uint8_t *in = data;

   pthread_rwlock_rdlock(&gpu->mem.lock);
   update_tlb(gpu);
   while (size) {
      size_t run = size;
      uint8_t *host = map(gpu, offset, true, &run);
      if (host)
         memcpy(host, in, run);
      in += run;
      offset += run;
      size -= run;
   }
   pthread_rwlock_unlock(&gpu->mem.lock);
}
