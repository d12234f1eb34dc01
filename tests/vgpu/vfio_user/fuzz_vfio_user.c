/*
 * SPDX-License-Identifier: MIT
 *
 * libFuzzer target: sequences of messages, with files, to the dispatcher.
 *
 * An input is a list of steps. A step is two control bytes, a length and that many bytes of
 * payload:
 *   control[0]  bits 0-4 the command, bit 5 NO_REPLY, bit 6 the payload is a whole message with
 *               its header, bit 7 an interrupt comes in between
 *   control[1]  bits 0-1 how many files, bits 2-4 of what kind, bit 5 the level of INTA# after it,
 *               bit 6 the payload is short for one that makes sense, see expand()
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio_user.h"

#define RAM_BYTES (16 * 4096)

/* What a client could send: memory, too little memory, an eventfd, a pipe, a device. */
enum { FILE_RAM, FILE_SHORT, FILE_EVENTFD, FILE_PIPE, FILE_DEVICE, NUM_FILES };

static int files[NUM_FILES];
static struct vfio_user_device *dev;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(condition)                                                                           \
   do {                                                                                            \
      if (!(condition)) {                                                                          \
         fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                 \
         abort();                                                                                  \
      }                                                                                            \
   } while (0)

static void
log_nothing(void *opaque, enum vgpu_log_level level, const char *text)
{
}

static int
find_lowest_free_fd(void)
{
   const int fd = fcntl(files[FILE_RAM], F_DUPFD_CLOEXEC, 0);

   CHECK(fd >= 0);
   close(fd);
   return fd;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
   const struct vfio_user_device_params params = {.synchronous = true, .log = log_nothing};
   int pipe_fds[2];

   files[FILE_RAM] = memfd_create("ram", MFD_CLOEXEC);
   files[FILE_SHORT] = memfd_create("short", MFD_CLOEXEC);
   files[FILE_EVENTFD] = eventfd(0, EFD_CLOEXEC);
   files[FILE_DEVICE] = open("/dev/zero", O_RDWR | O_CLOEXEC);
   CHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
   files[FILE_PIPE] = pipe_fds[1];
   CHECK(ftruncate(files[FILE_RAM], RAM_BYTES) == 0);
   CHECK(ftruncate(files[FILE_SHORT], 100) == 0);
   CHECK(vfio_user_device_create(&params, &dev) == 0);
   return 0;
}

static enum vfio_user_verdict
send_message(const uint8_t *message, size_t size, unsigned num_fds, unsigned kind)
{
   struct vfio_user_header request = {0}, reply;
   struct vfio_user_outgoing out;
   enum vfio_user_verdict verdict;
   int fds[3];

   for (unsigned i = 0; i < num_fds; i++) {
      fds[i] = fcntl(files[kind % NUM_FILES], F_DUPFD_CLOEXEC, 0);
      CHECK(fds[i] >= 0);
   }
   memcpy(&request, message, size < sizeof(request) ? size : sizeof(request));
   verdict = vfio_user_dispatch(dev, message, size, fds, num_fds, &out);

   if (verdict == VFIO_USER_CONTINUE)
      CHECK(out.size_bytes > 0 || (request.flags & VFIO_USER_FLAGS_NO_REPLY));
   if (out.size_bytes) {
      CHECK(out.size_bytes >= sizeof(reply) && out.size_bytes <= VFIO_USER_MAX_MESSAGE_BYTES);
      memcpy(&reply, out.data, sizeof(reply));
      CHECK(reply.id == request.id && reply.command == request.command);
      CHECK(reply.size_bytes == out.size_bytes);
      CHECK((reply.flags & VFIO_USER_FLAGS_TYPE_MASK) == VFIO_USER_FLAGS_TYPE_REPLY);
      CHECK(!(request.flags & VFIO_USER_FLAGS_NO_REPLY));
      CHECK(!(reply.flags & VFIO_USER_FLAGS_ERROR) == !reply.error);
      if (reply.flags & VFIO_USER_FLAGS_ERROR)
         CHECK(out.size_bytes == sizeof(reply) && out.fd == -1);
   }
   return verdict;
}

static void
negotiate(void)
{
   const struct {
      struct vfio_user_header header;
      struct vfio_user_version version;
   } message = {
      .header = {.command = VFIO_USER_VERSION, .size_bytes = sizeof(message)},
      .version = {.major = VFIO_USER_MAJOR, .minor = VFIO_USER_MINOR},
   };

   CHECK(send_message((const uint8_t *)&message, sizeof(message), 0, 0) == VFIO_USER_CONTINUE);
}

/**
 * Makes a payload out of few bytes, so that the way to the model is not barred by fields that have
 * one right value in four billion.
 * \return the bytes of payload, 0 if the command has no short form
 */
static size_t
expand(unsigned command, const uint8_t *data, size_t length, uint8_t payload[512])
{
   uint8_t byte[8] = {0};

   memcpy(byte, data, length < sizeof(byte) ? length : sizeof(byte));
   switch (command) {
   case VFIO_USER_REGION_READ:
   case VFIO_USER_REGION_WRITE: {
      const size_t data_bytes = command == VFIO_USER_REGION_WRITE && length > 5 ? length - 5 : 0;
      const struct vfio_user_region_access access = {
         .region = byte[0] % (VGPU_NUM_REGIONS + 1),
         .offset = byte[1] | byte[2] << 8 | byte[3] << 16,
         .count_bytes = command == VFIO_USER_REGION_WRITE ? data_bytes : byte[4],
      };

      memcpy(payload, &access, sizeof(access));
      memcpy(payload + sizeof(access), data + (length - data_bytes), data_bytes);
      return sizeof(access) + data_bytes;
   }
   case VFIO_USER_DMA_MAP: {
      const struct vfio_user_dma_map map = {
         .argsz = sizeof(map),
         .flags = byte[0] & 3,
         .offset = (byte[1] & 15) * 4096ull,
         .address = (byte[2] & 31) * 4096ull,
         .size_bytes = (byte[3] & 15) * 4096ull,
      };

      memcpy(payload, &map, sizeof(map));
      return sizeof(map);
   }
   case VFIO_USER_DMA_UNMAP: {
      const struct vfio_user_dma_unmap unmap = {
         .argsz = sizeof(unmap),
         .flags = byte[0] & 3,
         .address = (byte[2] & 31) * 4096ull,
         .size_bytes = (byte[3] & 15) * 4096ull,
      };

      memcpy(payload, &unmap, sizeof(unmap));
      return sizeof(unmap);
   }
   case VFIO_USER_DEVICE_SET_IRQS: {
      const struct vfio_user_irq_set set = {
         .argsz = sizeof(set) + (byte[3] & 1),
         .flags = byte[0] & 0x3f,
         .index = byte[1] & 3,
         .count = byte[2] & 3,
      };

      memcpy(payload, &set, sizeof(set));
      payload[sizeof(set)] = byte[4];
      return set.argsz;
   }
   default:
      return 0;
   }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
   const uint8_t *end = data + size;
   const int lowest_free_fd = find_lowest_free_fd();

   if (size < 1)
      return 0;
   if (*data++ & 1)
      negotiate();

   while (end - data >= 3) {
      const uint8_t control[2] = {data[0], data[1]};
      size_t length = data[2];
      struct vfio_user_header header;
      uint8_t expanded[512];
      const uint8_t *payload;
      size_t payload_bytes;
      /* Of exactly its size, for the sanitizer to see a read beyond. */
      uint8_t *message;
      size_t message_bytes;

      data += 3;
      if (length > (size_t)(end - data))
         length = end - data;
      if (control[0] & 0x40) {
         message_bytes = length;
         message = malloc(message_bytes);
         memcpy(message, data, length);
      } else {
         payload = data;
         payload_bytes = length;
         if (control[1] & 0x40) {
            const size_t expanded_bytes = expand(control[0] & 0x1f, data, length, expanded);

            if (expanded_bytes) {
               payload = expanded;
               payload_bytes = expanded_bytes;
            }
         }
         message_bytes = sizeof(header) + payload_bytes;
         header = (struct vfio_user_header){
            .id = control[1],
            .command = control[0] & 0x1f,
            .size_bytes = message_bytes,
            .flags = control[0] & 0x20 ? VFIO_USER_FLAGS_NO_REPLY : 0,
         };
         message = malloc(message_bytes);
         memcpy(message, &header, sizeof(header));
         memcpy(message + sizeof(header), payload, payload_bytes);
      }
      data += length;

      const enum vfio_user_verdict verdict =
         send_message(message, message_bytes, control[1] & 3, (control[1] >> 2) & 7);

      free(message);
      if (verdict == VFIO_USER_CLOSE)
         break;
      if (control[0] & 0x80) {
         vfio_user_irq_msi(dev);
         vfio_user_irq_intx(dev, control[1] & 0x20);
      }
   }

   vfio_user_device_disconnect(dev);
   vgpu_reset(dev->gpu);
   CHECK(dev->dma.count == 0);
   CHECK(find_lowest_free_fd() == lowest_free_fd);
   return 0;
}
