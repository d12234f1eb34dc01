/*
 * SPDX-License-Identifier: MIT
 */

#include "fake_vgpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t region_sizes[VGPU_NUM_REGIONS] = {
   [VGPU_REGION_BAR0] = FAKE_BAR0_SIZE_BYTES,
   [VGPU_REGION_BAR2] = FAKE_BAR2_SIZE_BYTES,
   [VGPU_REGION_BAR4] = FAKE_BAR4_SIZE_BYTES,
   [VGPU_REGION_CONFIG] = FAKE_CONFIG_SIZE_BYTES,
};

const char *const *
vgpu_device_names(void)
{
   static const char *const names[] = {"fake", NULL};

   return names;
}

int
vgpu_create(const struct vgpu_params *params, struct vgpu **out)
{
   struct vgpu *gpu;

   if (params->device && strcmp(params->device, "fake") != 0)
      return -EINVAL;
   gpu = calloc(1, sizeof(*gpu));
   if (!gpu)
      return -ENOMEM;
   gpu->ops = *params->ops;
   gpu->opaque = params->opaque;
   gpu->bar0_fd = memfd_create("bar0", MFD_CLOEXEC);
   if (gpu->bar0_fd < 0 || ftruncate(gpu->bar0_fd, FAKE_BAR0_SIZE_BYTES))
      abort();
   gpu->bar0 =
      mmap(NULL, FAKE_BAR0_SIZE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->bar0_fd, 0);
   if (gpu->bar0 == MAP_FAILED)
      abort();
   *out = gpu;
   return 0;
}

void
vgpu_destroy(struct vgpu *gpu)
{
   if (!gpu)
      return;
   munmap(gpu->bar0, FAKE_BAR0_SIZE_BYTES);
   close(gpu->bar0_fd);
   free(gpu);
}

void
vgpu_reset(struct vgpu *gpu)
{
   gpu->num_resets++;
   gpu->ops.intx(gpu->opaque, false);
}

uint64_t
vgpu_region_size(const struct vgpu *gpu, unsigned region)
{
   return region < VGPU_NUM_REGIONS ? region_sizes[region] : 0;
}

int
vgpu_region_mmap_area(const struct vgpu *gpu, unsigned region, struct vgpu_mmap_area *area)
{
   if (region != VGPU_REGION_BAR0)
      return -ENOENT;
   area->offset_bytes = FAKE_BAR0_MMAP_OFFSET_BYTES;
   area->size_bytes = FAKE_BAR0_SIZE_BYTES - FAKE_BAR0_MMAP_OFFSET_BYTES;
   area->fd = gpu->bar0_fd;
   return 0;
}

static bool
access_ok(struct vgpu *gpu, unsigned region, uint64_t offset, size_t size, bool write)
{
   const uint64_t region_size = vgpu_region_size(gpu, region);

   if (offset > region_size || size > region_size - offset)
      return false;
   gpu->num_accesses++;
   gpu->last = (struct fake_access){
      .write = write,
      .region = region,
      .offset = offset,
      .size_bytes = size,
   };
   return true;
}

int
vgpu_region_read(struct vgpu *gpu, unsigned region, uint64_t offset, void *data, size_t size)
{
   uint8_t *bytes = data;

   if (!access_ok(gpu, region, offset, size, false))
      return -EINVAL;
   for (size_t i = 0; i < size; i++) {
      bytes[i] =
         region == VGPU_REGION_BAR0 ? gpu->bar0[offset + i] : fake_pattern(region, offset + i);
   }
   return 0;
}

int
vgpu_region_write(struct vgpu *gpu, unsigned region, uint64_t offset, const void *data, size_t size)
{
   if (!access_ok(gpu, region, offset, size, true))
      return -EINVAL;
   memcpy(gpu->last.data, data, size < sizeof(gpu->last.data) ? size : sizeof(gpu->last.data));
   if (region == VGPU_REGION_BAR0)
      memcpy(gpu->bar0 + offset, data, size);
   return 0;
}

const struct fake_range *
fake_find_range(const struct vgpu *gpu, uint64_t gpa)
{
   for (unsigned i = 0; i < gpu->num_ranges; i++) {
      if (gpu->ranges[i].gpa == gpa)
         return &gpu->ranges[i];
   }
   return NULL;
}

int
vgpu_dma_map(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void *host, bool writable)
{
   const uint64_t last = gpa + (size_bytes - 1);

   if (gpu->dma_map_result)
      return gpu->dma_map_result;
   if (size_bytes == 0 || (gpa | size_bytes) % 4096 || last < gpa)
      return -EINVAL;
   for (unsigned i = 0; i < gpu->num_ranges; i++) {
      const struct fake_range *range = &gpu->ranges[i];

      if (gpa <= range->gpa + (range->size_bytes - 1) && range->gpa <= last)
         return -EEXIST;
   }
   if (gpu->num_ranges == FAKE_MAX_RANGES)
      return -ENOMEM;
   gpu->ranges[gpu->num_ranges++] = (struct fake_range){gpa, size_bytes, host, writable};
   return 0;
}

int
vgpu_dma_unmap(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void **host)
{
   for (unsigned i = 0; i < gpu->num_ranges; i++) {
      if (gpu->ranges[i].gpa == gpa && gpu->ranges[i].size_bytes == size_bytes) {
         if (host)
            *host = gpu->ranges[i].host;
         gpu->ranges[i] = gpu->ranges[--gpu->num_ranges];
         return 0;
      }
   }
   return -ENOENT;
}

int
vgpu_wait_idle(struct vgpu *gpu, unsigned timeout_ms)
{
   return 0;
}

uint64_t
vgpu_unmodelled_count(const struct vgpu *gpu)
{
   return 0;
}
