/*
 * SPDX-License-Identifier: MIT
 *
 * One message in, one reply out. What every command has in common is checked here by a table:
 * its size, the number of files that come with it, whether it is its turn.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio_user.h"

/*
 * What the client says about itself is not looked at: this server passes one file a message at
 * most, which every client takes, and it sends no commands. write_multiple is not offered, since
 * a client that maps part of a region may post no writes, so it would have none to collect.
 */
static const char server_capabilities[] = "{\"capabilities\":{"
                                          "\"max_msg_fds\":8,"
                                          "\"max_data_xfer_size\":1048576,"
                                          "\"max_dma_maps\":65535}}";
static_assert(VFIO_USER_MAX_MSG_FDS == 8, "said in server_capabilities");
static_assert(VFIO_USER_MAX_DATA_XFER_SIZE_BYTES == 1048576, "said in server_capabilities");
static_assert(VFIO_USER_MAX_DMA_MAPS == 65535, "said in server_capabilities");

static int
version(struct vfio_user_device *dev, const struct vfio_user_request *request,
        struct vfio_user_reply *reply)
{
   struct vfio_user_version v;

   memcpy(&v, request->payload, sizeof(v));
   if (dev->negotiated)
      return -EINVAL;
   if (v.major != VFIO_USER_MAJOR) {
      vfio_user_log(
         dev, VGPU_LOG_ERROR,
         "vfio-user: the client speaks version %u.%u of the protocol, only %u.x is known", v.major,
         v.minor, VFIO_USER_MAJOR);
      return -EINVAL;
   }
   if (request->payload_bytes > sizeof(v) && request->payload[request->payload_bytes - 1] != 0) {
      vfio_user_log(dev, VGPU_LOG_ERROR, "vfio-user: the text in VERSION does not end with a NUL");
      return -EINVAL;
   }

   v.minor = VFIO_USER_MINOR;
   memcpy(reply->payload, &v, sizeof(v));
   memcpy(reply->payload + sizeof(v), server_capabilities, sizeof(server_capabilities));
   reply->payload_bytes = sizeof(v) + sizeof(server_capabilities);
   dev->negotiated = true;
   return 0;
}

static int
get_info(struct vfio_user_device *dev, const struct vfio_user_request *request,
         struct vfio_user_reply *reply)
{
   struct vfio_user_device_info info;

   memcpy(&info, request->payload, sizeof(info));
   if (info.argsz < sizeof(info))
      return -EINVAL;

   info = (struct vfio_user_device_info){
      .argsz = sizeof(info),
      .flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
      .num_regions = VFIO_PCI_NUM_REGIONS,
      .num_irqs = VFIO_PCI_NUM_IRQS,
   };
   memcpy(reply->payload, &info, sizeof(info));
   reply->payload_bytes = sizeof(info);
   return 0;
}

static int
reset(struct vfio_user_device *dev, const struct vfio_user_request *request,
      struct vfio_user_reply *reply)
{
   vgpu_reset(dev->gpu);
   return 0;
}

#define FIXED(type) sizeof(type), sizeof(type)
/* A client with a newer header may ask for more than this server knows of. */
#define AT_LEAST(type) sizeof(type), VFIO_USER_MAX_MESSAGE_BYTES

/*
 * Known commands without a handler are optional ones that are not offered, and those that only a
 * server sends.
 */
static const struct {
   const char *name;
   int (*handle)(struct vfio_user_device *dev, const struct vfio_user_request *request,
                 struct vfio_user_reply *reply);
   size_t min_bytes; /* of payload */
   size_t max_bytes;
   unsigned max_fds;
} commands[VFIO_USER_NUM_COMMANDS] = {
   [VFIO_USER_VERSION] = {"VERSION", version, AT_LEAST(struct vfio_user_version), 0},
   [VFIO_USER_DMA_MAP] = {"DMA_MAP", vfio_user_dma_map, FIXED(struct vfio_user_dma_map), 1},
   [VFIO_USER_DMA_UNMAP] = {"DMA_UNMAP", vfio_user_dma_unmap, FIXED(struct vfio_user_dma_unmap), 0},
   [VFIO_USER_DEVICE_GET_INFO] = {"DEVICE_GET_INFO", get_info,
                                  AT_LEAST(struct vfio_user_device_info), 0},
   [VFIO_USER_DEVICE_GET_REGION_INFO] = {"DEVICE_GET_REGION_INFO", vfio_user_get_region_info,
                                         AT_LEAST(struct vfio_user_region_info), 0},
   [VFIO_USER_DEVICE_GET_REGION_IO_FDS] = {"DEVICE_GET_REGION_IO_FDS"},
   [VFIO_USER_DEVICE_GET_IRQ_INFO] = {"DEVICE_GET_IRQ_INFO", vfio_user_get_irq_info,
                                      AT_LEAST(struct vfio_user_irq_info), 0},
   [VFIO_USER_DEVICE_SET_IRQS] = {"DEVICE_SET_IRQS", vfio_user_set_irqs,
                                  AT_LEAST(struct vfio_user_irq_set), VFIO_USER_MAX_MSG_FDS},
   [VFIO_USER_REGION_READ] = {"REGION_READ", vfio_user_region_read,
                              FIXED(struct vfio_user_region_access), 0},
   [VFIO_USER_REGION_WRITE] = {"REGION_WRITE", vfio_user_region_write,
                               AT_LEAST(struct vfio_user_region_access), 0},
   [VFIO_USER_DMA_READ] = {"DMA_READ"},
   [VFIO_USER_DMA_WRITE] = {"DMA_WRITE"},
   [VFIO_USER_DEVICE_RESET] = {"DEVICE_RESET", reset, 0, 0, 0},
   [VFIO_USER_DIRTY_PAGES] = {"DIRTY_PAGES"},
   [VFIO_USER_REGION_WRITE_MULTI] = {"REGION_WRITE_MULTI"},
   [VFIO_USER_DEVICE_FEATURE] = {"DEVICE_FEATURE"},
   [VFIO_USER_MIG_DATA_READ] = {"MIG_DATA_READ"},
   [VFIO_USER_MIG_DATA_WRITE] = {"MIG_DATA_WRITE"},
};

#undef FIXED
#undef AT_LEAST

static const char *
command_name(uint16_t command)
{
   const char *name = command < VFIO_USER_NUM_COMMANDS ? commands[command].name : NULL;

   return name ? name : "unknown command";
}

ssize_t
vfio_user_message_size(const void *header_bytes)
{
   struct vfio_user_header header;

   memcpy(&header, header_bytes, sizeof(header));
   /* A reply is wrong as well: this server asks nothing. */
   if (header.size_bytes < sizeof(header) || header.size_bytes > VFIO_USER_MAX_MESSAGE_BYTES ||
       (header.flags & VFIO_USER_FLAGS_TYPE_MASK) != VFIO_USER_FLAGS_TYPE_COMMAND)
      return -EPROTO;
   return header.size_bytes;
}

static int
check_and_handle(struct vfio_user_device *dev, const struct vfio_user_header *header,
                 const struct vfio_user_request *request, struct vfio_user_reply *reply)
{
   if (header->command >= VFIO_USER_NUM_COMMANDS || !commands[header->command].handle)
      return -EOPNOTSUPP;
   if (!dev->negotiated && header->command != VFIO_USER_VERSION)
      return -EINVAL;
   if (header->flags & ~(VFIO_USER_FLAGS_TYPE_MASK | VFIO_USER_FLAGS_NO_REPLY))
      return -EINVAL;
   if (request->payload_bytes < commands[header->command].min_bytes ||
       request->payload_bytes > commands[header->command].max_bytes)
      return -EINVAL;
   if (request->num_fds > commands[header->command].max_fds)
      return -EINVAL;
   return commands[header->command].handle(dev, request, reply);
}

enum vfio_user_verdict
vfio_user_dispatch(struct vfio_user_device *dev, const void *message, size_t size_bytes, int *fds,
                   unsigned num_fds, struct vfio_user_outgoing *out)
{
   struct vfio_user_header header = {0};
   enum vfio_user_verdict verdict = VFIO_USER_CONTINUE;

   *out = (struct vfio_user_outgoing){.fd = -1};

   if (size_bytes < sizeof(header) || vfio_user_message_size(message) != (ssize_t)size_bytes) {
      if (size_bytes >= sizeof(header))
         memcpy(&header, message, sizeof(header));
      vfio_user_log(dev, VGPU_LOG_ERROR,
                    "vfio-user: no message has the header command %u, size %u, flags %#x",
                    header.command, header.size_bytes, header.flags);
      verdict = VFIO_USER_CLOSE;
      goto close_fds;
   }
   memcpy(&header, message, sizeof(header));

   const struct vfio_user_request request = {
      .payload = (const uint8_t *)message + sizeof(header),
      .payload_bytes = size_bytes - sizeof(header),
      .fds = fds,
      .num_fds = num_fds,
   };
   struct vfio_user_reply reply = {
      .payload = dev->reply + sizeof(header),
      .fd = -1,
   };
   const int ret = check_and_handle(dev, &header, &request, &reply);

   if (ret) {
      if (vfio_user_refusal_is_logged(dev)) {
         vfio_user_log(
            dev, VGPU_LOG_INFO, "vfio-user: %s (command %u, %zu bytes, %u files) refused: %s",
            command_name(header.command), header.command, size_bytes, num_fds, strerror(-ret));
      }
      dev->refused++;
      reply.payload_bytes = 0;
      reply.fd = -1;
      /* Without an agreement on the version nothing that follows has a meaning. */
      if (!dev->negotiated)
         verdict = VFIO_USER_CLOSE;
   }

   if (!(header.flags & VFIO_USER_FLAGS_NO_REPLY)) {
      const struct vfio_user_header reply_header = {
         .id = header.id,
         .command = header.command,
         .size_bytes = sizeof(header) + reply.payload_bytes,
         .flags = VFIO_USER_FLAGS_TYPE_REPLY | (ret ? VFIO_USER_FLAGS_ERROR : 0),
         .error = ret ? -ret : 0,
      };

      memcpy(dev->reply, &reply_header, sizeof(reply_header));
      out->data = dev->reply;
      out->size_bytes = reply_header.size_bytes;
      out->fd = reply.fd;
   }

close_fds:
   for (unsigned i = 0; i < num_fds; i++) {
      if (fds[i] >= 0)
         close(fds[i]);
   }
   return verdict;
}
