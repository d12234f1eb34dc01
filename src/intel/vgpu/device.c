/*
 * SPDX-License-Identifier: MIT
 *
 * The device as a whole: creation, reset and the dispatch of accesses to its regions.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"

#define DEFAULT_SYNCHRONOUS_BUDGET 100000
#define MAX_POOL_THREADS 8

/** Threads for pixel work, within reason. */
static unsigned
pool_threads(const struct vgpu_params *params)
{
   long threads = params->threads;

   if (!threads)
      threads = params->synchronous ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
   return threads < 1 ? 1 : threads < MAX_POOL_THREADS ? threads : MAX_POOL_THREADS;
}

/** Power-on state of what the front end's thread owns; engines are idle and locked out. */
static void
reset_common(struct vgpu *gpu)
{
   vgpu_irq_reset(gpu);
   vgpu_pci_reset(gpu);
   vgpu_mmio_reset(gpu);
   memset(gpu->gsm, 0, gpu->gsm_size_bytes);
   vgpu_tlb_flush(&gpu->aperture_tlb);
   atomic_fetch_add(&gpu->tlb_flushes, 1);
}

int
vgpu_create(const struct vgpu_params *params, struct vgpu **out)
{
   const struct vgpu_device_info *info = vgpu_device_info_find(params->device);

   if (!info || !params->ops || !params->ops->msi || !params->ops->intx || !params->ops->log)
      return -EINVAL;

   int ret = vgpu_mmio_init();
   if (ret)
      return ret;

   struct vgpu *gpu = calloc(1, sizeof(*gpu));
   if (!gpu)
      return -ENOMEM;
   gpu->info = info;
   gpu->ops = *params->ops;
   gpu->opaque = params->opaque;
   gpu->trace = params->trace;
   gpu->synchronous = params->synchronous;
   gpu->copies = params->copies;
   gpu->synchronous_budget =
      params->synchronous_budget ? params->synchronous_budget : DEFAULT_SYNCHRONOUS_BUDGET;
   gpu->timestamp_base_ns = vgpu_now_ns();
   gpu->gsm_size_bytes = info->gsm_size_bytes;
   gpu->gsm = MAP_FAILED;
   pthread_mutex_init(&gpu->lock, NULL);
   pthread_cond_init(&gpu->idle, NULL);
   vgpu_tlb_init(&gpu->aperture_tlb);
   ret = vgpu_mem_init(&gpu->mem);

   gpu->gtt_fd = memfd_create("vgpu-gttmmadr", MFD_CLOEXEC | MFD_ALLOW_SEALING);
   /* The client gets this file: it must not be able to cut it off under our mapping. */
   if (!ret && (gpu->gtt_fd < 0 ||
                ftruncate(gpu->gtt_fd, VGPU_MMIO_SIZE_BYTES + gpu->gsm_size_bytes) ||
                fcntl(gpu->gtt_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)))
      ret = -errno;
   if (!ret) {
      gpu->gsm = mmap(NULL, gpu->gsm_size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->gtt_fd,
                      VGPU_MMIO_SIZE_BYTES);
      if (gpu->gsm == MAP_FAILED)
         ret = -errno;
   }
   gpu->regs = calloc(1, VGPU_MMIO_SIZE_BYTES);
   if (!ret && !gpu->regs)
      ret = -ENOMEM;

   if (!ret && pool_threads(params) > 1) {
      gpu->pool = vgpu_pool_create(pool_threads(params));
      if (!gpu->pool)
         ret = -ENOMEM;
   }

   if (!ret)
      reset_common(gpu);
   for (unsigned e = 0; e < VGPU_NUM_ENGINES && !ret; e++)
      ret = vgpu_engine_init(gpu, e);

   if (ret) {
      vgpu_destroy(gpu);
      return ret;
   }
   *out = gpu;
   return 0;
}

void
vgpu_destroy(struct vgpu *gpu)
{
   if (!gpu)
      return;
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++)
      vgpu_engine_fini(&gpu->engines[e]);
   vgpu_pool_destroy(gpu->pool);
   vgpu_mem_fini(&gpu->mem);
   if (gpu->gsm != MAP_FAILED)
      munmap(gpu->gsm, gpu->gsm_size_bytes);
   if (gpu->gtt_fd >= 0)
      close(gpu->gtt_fd);
   pthread_cond_destroy(&gpu->idle);
   pthread_mutex_destroy(&gpu->lock);
   free(gpu->regs);
   free(gpu);
}

void
vgpu_reset(struct vgpu *gpu)
{
   pthread_mutex_lock(&gpu->lock);
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++)
      vgpu_engine_reset(&gpu->engines[e]);
   reset_common(gpu);
   pthread_mutex_unlock(&gpu->lock);
}

uint64_t
vgpu_region_size(const struct vgpu *gpu, unsigned region)
{
   switch (region) {
   case VGPU_REGION_BAR0:
      return (uint64_t)VGPU_MMIO_SIZE_BYTES + gpu->gsm_size_bytes;
   case VGPU_REGION_BAR2:
      return gpu->info->aperture_size_bytes;
   case VGPU_REGION_BAR4:
      return VGPU_IO_SIZE_BYTES;
   case VGPU_REGION_CONFIG:
      return VGPU_PCI_CONFIG_SIZE_BYTES;
   default:
      return 0;
   }
}

int
vgpu_region_mmap_area(const struct vgpu *gpu, unsigned region, struct vgpu_mmap_area *area)
{
   if (region != VGPU_REGION_BAR0)
      return -ENOENT;
   *area = (struct vgpu_mmap_area){
      .offset_bytes = VGPU_MMIO_SIZE_BYTES,
      .size_bytes = gpu->gsm_size_bytes,
      .fd = gpu->gtt_fd,
   };
   return 0;
}

/* BAR4: DWord 0 is an offset in BAR0, DWord 1 the register at it. */
static void
io_access(struct vgpu *gpu, uint32_t offset, void *data, uint32_t size, bool write)
{
   if (offset < 4 && offset + size <= 4) {
      uint8_t *index = (uint8_t *)&gpu->pci.io_index + offset;
      if (write)
         memcpy(index, data, size);
      else
         memcpy(data, index, size);
      return;
   }
   const uint32_t target = (gpu->pci.io_index & ~3u) + offset - 4;
   if (offset >= 4 && offset + size <= 8 && target + size <= VGPU_MMIO_SIZE_BYTES) {
      if (write)
         vgpu_mmio_write(gpu, target, data, size);
      else
         vgpu_mmio_read(gpu, target, data, size);
      return;
   }
   vgpu_unmodelled(gpu, "I/O BAR: %s of %u bytes at 0x%x, index 0x%x", write ? "write" : "read",
                   size, offset, gpu->pci.io_index);
   if (!write)
      memset(data, 0, size);
}

static bool
in_region(const struct vgpu *gpu, unsigned region, uint64_t offset, size_t size)
{
   const uint64_t region_size = vgpu_region_size(gpu, region);

   return offset <= region_size && size <= region_size - offset;
}

/** The part of an access to BAR0 that is to registers; the rest is to the GTT. */
static size_t
mmio_part(uint64_t offset, size_t size)
{
   if (offset >= VGPU_MMIO_SIZE_BYTES)
      return 0;
   const size_t to_end = VGPU_MMIO_SIZE_BYTES - offset;
   return size < to_end ? size : to_end;
}

int
vgpu_region_read(struct vgpu *gpu, unsigned region, uint64_t offset, void *data, size_t size)
{
   if (!in_region(gpu, region, offset, size))
      return -EINVAL;

   if (region == VGPU_REGION_BAR2) {
      vgpu_aperture_read(gpu, offset, data, size);
      return 0;
   }

   pthread_mutex_lock(&gpu->lock);
   if (region == VGPU_REGION_BAR0) {
      const size_t n = mmio_part(offset, size);
      vgpu_mmio_read(gpu, offset, data, n);
      if (size > n)
         memcpy((uint8_t *)data + n, gpu->gsm + (offset + n - VGPU_MMIO_SIZE_BYTES), size - n);
   } else if (region == VGPU_REGION_BAR4) {
      io_access(gpu, offset, data, size, false);
   } else {
      vgpu_pci_read(gpu, offset, data, size);
   }
   pthread_mutex_unlock(&gpu->lock);
   return 0;
}

int
vgpu_region_write(struct vgpu *gpu, unsigned region, uint64_t offset, const void *data,
                  size_t size)
{
   if (!in_region(gpu, region, offset, size))
      return -EINVAL;

   if (region == VGPU_REGION_BAR2) {
      vgpu_aperture_write(gpu, offset, data, size);
      return 0;
   }

   pthread_mutex_lock(&gpu->lock);
   if (region == VGPU_REGION_BAR0) {
      const size_t n = mmio_part(offset, size);
      vgpu_mmio_write(gpu, offset, data, n);
      if (size > n)
         memcpy(gpu->gsm + (offset + n - VGPU_MMIO_SIZE_BYTES), (const uint8_t *)data + n,
                size - n);
   } else if (region == VGPU_REGION_BAR4) {
      io_access(gpu, offset, (void *)data, size, true);
   } else {
      vgpu_pci_write(gpu, offset, data, size);
   }
   pthread_mutex_unlock(&gpu->lock);

   for (unsigned e = 0; gpu->synchronous && e < VGPU_NUM_ENGINES; e++)
      vgpu_engine_run_synchronously(&gpu->engines[e]);
   return 0;
}

int
vgpu_dma_map(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void *host, bool writable)
{
   return vgpu_mem_map(&gpu->mem, gpa, size_bytes, host, writable);
}

int
vgpu_dma_unmap(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void **host)
{
   return vgpu_mem_unmap(&gpu->mem, gpa, size_bytes, host);
}

int
vgpu_wait_idle(struct vgpu *gpu, unsigned timeout_ms)
{
   struct timespec ts;
   int ret = 0;

   clock_gettime(CLOCK_REALTIME, &ts);
   ts.tv_sec += timeout_ms / 1000;
   ts.tv_nsec += timeout_ms % 1000 * 1000000l;
   if (ts.tv_nsec >= 1000000000) {
      ts.tv_nsec -= 1000000000;
      ts.tv_sec++;
   }

   pthread_mutex_lock(&gpu->lock);
   for (unsigned e = 0; e < VGPU_NUM_ENGINES && !ret; e++) {
      const struct vgpu_engine *engine = &gpu->engines[e];
      while (!ret && (engine->busy || (!gpu->synchronous && vgpu_engine_has_work(engine))))
         ret = -pthread_cond_timedwait(&gpu->idle, &gpu->lock, &ts);
   }
   pthread_mutex_unlock(&gpu->lock);
   return ret;
}

uint64_t
vgpu_copies_taken(const struct vgpu *gpu)
{
   return atomic_load(&gpu->copies_taken);
}

uint64_t
vgpu_unmodelled_count(const struct vgpu *gpu)
{
   return atomic_load(&gpu->unmodelled);
}
