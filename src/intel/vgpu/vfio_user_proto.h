/*
 * SPDX-License-Identifier: MIT
 *
 * What goes over the wire of the vfio-user protocol, version 0.0.
 *
 * Source: the vfio-user specification (docs/interop/vfio-user.rst of QEMU). Where it refers to
 * the kernel's VFIO interface the constants are those of <linux/vfio.h>. All fields are in the
 * endianness of the host; a message is a header and then the payload of its command.
 */

#ifndef VFIO_USER_PROTO_H
#define VFIO_USER_PROTO_H

#include <assert.h>
#include <stdint.h>

#define VFIO_USER_MAJOR 0
#define VFIO_USER_MINOR 0

/* What this server accepts; it says so in its VERSION reply. */
#define VFIO_USER_MAX_MSG_FDS              8
#define VFIO_USER_MAX_DATA_XFER_SIZE_BYTES (1024 * 1024)
#define VFIO_USER_MAX_DMA_MAPS             65535

enum vfio_user_command {
   VFIO_USER_VERSION = 1,
   VFIO_USER_DMA_MAP = 2,
   VFIO_USER_DMA_UNMAP = 3,
   VFIO_USER_DEVICE_GET_INFO = 4,
   VFIO_USER_DEVICE_GET_REGION_INFO = 5,
   VFIO_USER_DEVICE_GET_REGION_IO_FDS = 6,
   VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
   VFIO_USER_DEVICE_SET_IRQS = 8,
   VFIO_USER_REGION_READ = 9,
   VFIO_USER_REGION_WRITE = 10,
   VFIO_USER_DMA_READ = 11,
   VFIO_USER_DMA_WRITE = 12,
   VFIO_USER_DEVICE_RESET = 13,
   VFIO_USER_DIRTY_PAGES = 14,
   VFIO_USER_REGION_WRITE_MULTI = 15,
   VFIO_USER_DEVICE_FEATURE = 16,
   VFIO_USER_MIG_DATA_READ = 17,
   VFIO_USER_MIG_DATA_WRITE = 18,
   VFIO_USER_NUM_COMMANDS,
};

#define VFIO_USER_FLAGS_TYPE_MASK    0xfu
#define VFIO_USER_FLAGS_TYPE_COMMAND 0x0u
#define VFIO_USER_FLAGS_TYPE_REPLY   0x1u
#define VFIO_USER_FLAGS_NO_REPLY     0x10u
#define VFIO_USER_FLAGS_ERROR        0x20u

struct vfio_user_header {
   uint16_t id; /* the sender's; a reply repeats it */
   uint16_t command;
   uint32_t size_bytes; /* of the whole message */
   uint32_t flags;
   uint32_t error; /* errno, in a reply that has VFIO_USER_FLAGS_ERROR */
};
static_assert(sizeof(struct vfio_user_header) == 16, "wire layout");

/* VFIO_USER_VERSION; a NUL-terminated JSON text may follow. */
struct vfio_user_version {
   uint16_t major;
   uint16_t minor;
};
static_assert(sizeof(struct vfio_user_version) == 4, "wire layout");

/* VFIO_USER_DMA_MAP; flags are VFIO_DMA_MAP_FLAG_*. */
struct vfio_user_dma_map {
   uint32_t argsz;
   uint32_t flags;
   uint64_t offset; /* in the file that comes with the message */
   uint64_t address;
   uint64_t size_bytes;
};
static_assert(sizeof(struct vfio_user_dma_map) == 32, "wire layout");

/* VFIO_USER_DMA_UNMAP, also its reply; flags are VFIO_DMA_UNMAP_FLAG_*. */
struct vfio_user_dma_unmap {
   uint32_t argsz;
   uint32_t flags;
   uint64_t address;
   uint64_t size_bytes;
};
static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "wire layout");

/* VFIO_USER_DEVICE_GET_INFO; flags are VFIO_DEVICE_FLAGS_*. */
struct vfio_user_device_info {
   uint32_t argsz;
   uint32_t flags;
   uint32_t num_regions;
   uint32_t num_irqs;
};
static_assert(sizeof(struct vfio_user_device_info) == 16, "wire layout");

/* VFIO_USER_DEVICE_GET_REGION_INFO; flags are VFIO_REGION_INFO_FLAG_*. */
struct vfio_user_region_info {
   uint32_t argsz;
   uint32_t flags;
   uint32_t index;
   uint32_t cap_offset; /* of the first capability, from the start of this struct */
   uint64_t size_bytes;
   uint64_t offset; /* in the region's file */
};
static_assert(sizeof(struct vfio_user_region_info) == 32, "wire layout");

/* VFIO_REGION_INFO_CAP_SPARSE_MMAP with one area. */
struct vfio_user_sparse_mmap_cap {
   uint16_t id;
   uint16_t version;
   uint32_t next;
   uint32_t nr_areas;
   uint32_t reserved;
   struct {
      uint64_t offset;
      uint64_t size_bytes;
   } area;
};
static_assert(sizeof(struct vfio_user_sparse_mmap_cap) == 32, "wire layout");

/* VFIO_USER_DEVICE_GET_IRQ_INFO; flags are VFIO_IRQ_INFO_*. */
struct vfio_user_irq_info {
   uint32_t argsz;
   uint32_t flags;
   uint32_t index;
   uint32_t count;
};
static_assert(sizeof(struct vfio_user_irq_info) == 16, "wire layout");

/* VFIO_USER_DEVICE_SET_IRQS; flags are VFIO_IRQ_SET_*. With DATA_BOOL, count bytes follow. */
struct vfio_user_irq_set {
   uint32_t argsz;
   uint32_t flags;
   uint32_t index;
   uint32_t start;
   uint32_t count;
};
static_assert(sizeof(struct vfio_user_irq_set) == 20, "wire layout");

/* VFIO_USER_REGION_READ and _WRITE; data follow in the reply or in the command. */
struct vfio_user_region_access {
   uint64_t offset;
   uint32_t region;
   uint32_t count_bytes;
};
static_assert(sizeof(struct vfio_user_region_access) == 16, "wire layout");

/* No message that this server receives or sends is longer. */
#define VFIO_USER_MAX_MESSAGE_BYTES                                                                \
   (sizeof(struct vfio_user_header) + sizeof(struct vfio_user_region_access) +                     \
    VFIO_USER_MAX_DATA_XFER_SIZE_BYTES)

#endif
