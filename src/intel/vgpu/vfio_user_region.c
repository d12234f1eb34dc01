/*
 * SPDX-License-Identifier: MIT
 *
 * Regions: what the function has, and accesses to it.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "vfio_user.h"

static_assert((int)VGPU_NUM_REGIONS == (int)VFIO_PCI_NUM_REGIONS, "numbered alike");
static_assert((int)VGPU_REGION_CONFIG == (int)VFIO_PCI_CONFIG_REGION_INDEX, "numbered alike");

int
vfio_user_get_region_info(struct vfio_user_device *dev, const struct vfio_user_request *request,
                          struct vfio_user_reply *reply)
{
   struct vfio_user_region_info info;
   struct vgpu_mmap_area area;
   uint32_t client_argsz;

   memcpy(&info, request->payload, sizeof(info));
   if (info.argsz < sizeof(info) || info.index >= VGPU_NUM_REGIONS)
      return -EINVAL;
   client_argsz = info.argsz;

   info = (struct vfio_user_region_info){
      .argsz = sizeof(info),
      .index = info.index,
      .size_bytes = vgpu_region_size(dev->gpu, info.index),
   };
   if (info.size_bytes)
      info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
   reply->payload_bytes = sizeof(info);

   if (vgpu_region_mmap_area(dev->gpu, info.index, &area) == 0) {
      const struct vfio_user_sparse_mmap_cap cap = {
         .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP,
         .version = 1,
         .nr_areas = 1,
         .area = {.offset = area.offset_bytes, .size_bytes = area.size_bytes},
      };

      info.flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
      info.argsz = sizeof(info) + sizeof(cap);
      /*
       * Also if the capability does not fit this time: QEMU checks it before it looks at
       * argsz and asks again with more room.
       */
      info.cap_offset = sizeof(info);
      if (client_argsz >= info.argsz) {
         memcpy(reply->payload + sizeof(info), &cap, sizeof(cap));
         reply->payload_bytes += sizeof(cap);
         reply->fd = area.fd;
      }
   }
   memcpy(reply->payload, &info, sizeof(info));
   return 0;
}

/** Bounds of region and offset are the model's to check. */
static bool
access_is_sane(const struct vfio_user_region_access *access)
{
   return access->count_bytes > 0 && access->count_bytes <= VFIO_USER_MAX_DATA_XFER_SIZE_BYTES;
}

int
vfio_user_region_read(struct vfio_user_device *dev, const struct vfio_user_request *request,
                      struct vfio_user_reply *reply)
{
   struct vfio_user_region_access access;
   int ret;

   memcpy(&access, request->payload, sizeof(access));
   if (!access_is_sane(&access))
      return -EINVAL;

   ret = vgpu_region_read(dev->gpu, access.region, access.offset, reply->payload + sizeof(access),
                          access.count_bytes);
   if (ret)
      return ret;
   memcpy(reply->payload, &access, sizeof(access));
   reply->payload_bytes = sizeof(access) + access.count_bytes;
   return 0;
}

int
vfio_user_region_write(struct vfio_user_device *dev, const struct vfio_user_request *request,
                       struct vfio_user_reply *reply)
{
   struct vfio_user_region_access access;
   int ret;

   memcpy(&access, request->payload, sizeof(access));
   if (!access_is_sane(&access) || request->payload_bytes - sizeof(access) != access.count_bytes)
      return -EINVAL;

   ret = vgpu_region_write(dev->gpu, access.region, access.offset,
                           request->payload + sizeof(access), access.count_bytes);
   if (ret)
      return ret;
   memcpy(reply->payload, &access, sizeof(access));
   reply->payload_bytes = sizeof(access);
   return 0;
}
