/*
 * SPDX-License-Identifier: MIT
 *
 * Guest memory: the files that the client sends are mapped, and the model gets the pointers.
 *
 * Invariant: a range is in the table exactly as long as the model knows it; its memory is
 * unmapped only after the model has let go of it.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vfio_user.h"

/** Makes room for one more range, so that adding it cannot fail. */
static int
reserve_range(struct vfio_user_dma *dma)
{
   struct vfio_user_dma_range *ranges;
   unsigned capacity;

   if (dma->count >= VFIO_USER_MAX_DMA_MAPS)
      return -ENOSPC;
   if (dma->count < dma->capacity)
      return 0;
   capacity = dma->capacity ? dma->capacity * 2 : 16;
   ranges = reallocarray(dma->ranges, capacity, sizeof(*ranges));
   if (!ranges)
      return -ENOMEM;
   dma->ranges = ranges;
   dma->capacity = capacity;
   return 0;
}

/** Refuses a file that ends before the range does: there a load would be SIGBUS, not an errno. */
static int
check_file(struct vfio_user_device *dev, int fd, uint64_t offset, uint64_t size_bytes)
{
   struct stat st;

   if (fstat(fd, &st))
      return -errno;
   if (!S_ISREG(st.st_mode)) {
      if (vfio_user_refusal_is_logged(dev)) {
         vfio_user_log(dev, VGPU_LOG_WARN,
                       "vfio-user: DMA_MAP with what is no file of memory; use "
                       "-object memory-backend-memfd,share=on");
      }
      return -EINVAL;
   }
   if (offset > (uint64_t)st.st_size || size_bytes > (uint64_t)st.st_size - offset) {
      if (vfio_user_refusal_is_logged(dev)) {
         vfio_user_log(dev, VGPU_LOG_WARN,
                       "vfio-user: DMA_MAP of %#llx bytes at offset %#llx of a file of %#llx bytes",
                       (unsigned long long)size_bytes, (unsigned long long)offset,
                       (unsigned long long)st.st_size);
      }
      return -EINVAL;
   }
   return 0;
}

int
vfio_user_dma_map(struct vfio_user_device *dev, const struct vfio_user_request *request,
                  struct vfio_user_reply *reply)
{
   const uint32_t known_flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
   struct vfio_user_dma_map map;
   void *host = NULL;
   bool writable;
   int ret;

   memcpy(&map, request->payload, sizeof(map));
   writable = map.flags & VFIO_DMA_MAP_FLAG_WRITE;
   /* A range that can be written but not read is nothing a GPU or the host's MMU knows. */
   if (map.argsz < sizeof(map) || (map.flags & ~known_flags) ||
       !(map.flags & VFIO_DMA_MAP_FLAG_READ))
      return -EINVAL;

   ret = reserve_range(&dev->dma);
   if (ret)
      return ret;

   /* On a PC there is memory at 0, and behind the client's other ranges without a file is none. */
   if (!request->num_fds && map.address == 0 && !dev->dma.warned) {
      dev->dma.warned = true;
      vfio_user_log(dev, VGPU_LOG_WARN,
                    "vfio-user: guest memory comes without a file, so the GPU cannot reach it; use "
                    "-object memory-backend-memfd,id=mem,size=SIZE,share=on "
                    "-machine memory-backend=mem");
   }

   if (request->num_fds) {
      ret = check_file(dev, request->fds[0], map.offset, map.size_bytes);
      if (ret)
         return ret;
      host = mmap(NULL, map.size_bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED,
                  request->fds[0], (off_t)map.offset);
      if (host == MAP_FAILED)
         return -errno;
   }

   /* Whether it is made of pages, wraps or overlaps is the model's to check. */
   ret = vgpu_dma_map(dev->gpu, map.address, map.size_bytes, host, writable);
   if (ret) {
      if (host)
         munmap(host, map.size_bytes);
      return ret;
   }
   dev->dma.ranges[dev->dma.count++] = (struct vfio_user_dma_range){
      .address = map.address,
      .size_bytes = map.size_bytes,
      .host = host,
   };
   return 0;
}

static int
unmap_range(struct vfio_user_device *dev, unsigned i)
{
   const struct vfio_user_dma_range range = dev->dma.ranges[i];
   int ret;

   ret = vgpu_dma_unmap(dev->gpu, range.address, range.size_bytes, NULL);
   if (ret) {
      /* The model may still use the memory: it stays mapped, and the client is told. */
      vfio_user_log(dev, VGPU_LOG_ERROR,
                    "vfio-user: the model does not know the range at %#llx: %s",
                    (unsigned long long)range.address, strerror(-ret));
      return ret;
   }
   if (range.host)
      munmap(range.host, range.size_bytes);
   dev->dma.ranges[i] = dev->dma.ranges[--dev->dma.count];
   return 0;
}

int
vfio_user_dma_unmap_all(struct vfio_user_device *dev)
{
   int ret = 0;

   for (unsigned i = dev->dma.count; i > 0; i--) {
      const int err = unmap_range(dev, i - 1);

      if (err)
         ret = err;
   }
   return ret;
}

int
vfio_user_dma_unmap(struct vfio_user_device *dev, const struct vfio_user_request *request,
                    struct vfio_user_reply *reply)
{
   struct vfio_user_dma_unmap unmap;
   int ret = -ENOENT;

   memcpy(&unmap, request->payload, sizeof(unmap));
   if (unmap.argsz < sizeof(unmap))
      return -EINVAL;
   if (unmap.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
      return -EOPNOTSUPP; /* nothing tracks what the engines write */
   if (unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
      return -EINVAL;

   if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL) {
      if (unmap.address || unmap.size_bytes)
         return -EINVAL;
      ret = vfio_user_dma_unmap_all(dev);
   } else {
      for (unsigned i = 0; i < dev->dma.count; i++) {
         if (dev->dma.ranges[i].address == unmap.address &&
             dev->dma.ranges[i].size_bytes == unmap.size_bytes) {
            ret = unmap_range(dev, i);
            break;
         }
      }
   }
   if (ret)
      return ret;

   unmap.argsz = sizeof(unmap);
   memcpy(reply->payload, &unmap, sizeof(unmap));
   reply->payload_bytes = sizeof(unmap);
   return 0;
}
