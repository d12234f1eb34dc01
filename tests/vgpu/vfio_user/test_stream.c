/*
 * SPDX-License-Identifier: MIT
 *
 * The byte stream: pieces, glued messages, files among them, and streams that cannot be followed.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

#define MAX_MESSAGE ((uint32_t)VFIO_USER_MAX_MESSAGE_BYTES)

struct map_message {
   struct vfio_user_header header;
   struct vfio_user_dma_map map;
};

static struct map_message
make_map(uint16_t id, uint64_t address)
{
   return (struct map_message){
      .header = {.id = id, .command = VFIO_USER_DMA_MAP, .size_bytes = sizeof(struct map_message)},
      .map = {.argsz = sizeof(struct vfio_user_dma_map),
              .flags = VFIO_DMA_MAP_FLAG_READ,
              .address = address,
              .size_bytes = 4096},
   };
}

static void
expect_success(struct fixture *f, uint16_t id)
{
   struct reply reply;

   receive_reply(f, &reply);
   assert_int_equal(reply.header.id, id);
   assert_int_equal(reply.header.error, 0);
}

/** The first byte of what the model sees at this address. */
static int
byte_at(struct fixture *f, uint64_t address)
{
   const struct fake_range *range = fake_find_range(f->gpu, address);

   return range && range->host ? range->host[0] : -1;
}

static void
byte_by_byte(void **state)
{
   struct fixture *f = *state;
   const struct map_message message = make_map(7, 0x10000);
   const int fd = make_memory(4096, 0x5a);

   for (size_t i = 0; i < sizeof(message); i++)
      send_bytes(f, (const uint8_t *)&message + i, 1, &fd, i == 0);
   close(fd);
   expect_success(f, 7);
   assert_int_equal(byte_at(f, 0x10000), 0x5a);
}

static void
header_apart_from_body(void **state)
{
   struct fixture *f = *state;
   const struct map_message messages[2] = {make_map(1, 0x10000), make_map(2, 0x20000)};
   const int fds[2] = {make_memory(4096, 1), make_memory(4096, 2)};

   /* The second send has the rest of the first message and the start of the second. */
   send_bytes(f, &messages[0], sizeof(struct vfio_user_header), &fds[0], 1);
   send_bytes(f, (const uint8_t *)&messages[0] + sizeof(struct vfio_user_header),
              sizeof(messages[0]), &fds[1], 1);
   send_bytes(f, (const uint8_t *)&messages[1] + sizeof(struct vfio_user_header),
              sizeof(messages[1]) - sizeof(struct vfio_user_header), NULL, 0);
   expect_success(f, 1);
   expect_success(f, 2);
   assert_int_equal(byte_at(f, 0x10000), 1);
   assert_int_equal(byte_at(f, 0x20000), 2);
   close(fds[0]);
   close(fds[1]);
}

static void
files_stay_with_their_messages(void **state)
{
   struct fixture *f = *state;

   /* All sent before the first reply is read; every third message has no file. */
   for (unsigned i = 0; i < 12; i++) {
      const struct map_message message = make_map(i, 0x10000 * (i + 1));
      const int fd = make_memory(4096, i);

      send_bytes(f, &message, sizeof(message), &fd, i % 3 != 2);
      close(fd);
   }
   for (unsigned i = 0; i < 12; i++)
      expect_success(f, i);
   for (unsigned i = 0; i < 12; i++)
      assert_int_equal(byte_at(f, 0x10000 * (i + 1)), i % 3 != 2 ? (int)i : -1);
}

static void
many_messages_in_one_send(void **state)
{
   enum { COUNT = 5000 };
   struct fixture *f = *state;
   struct message {
      struct vfio_user_header header;
      struct vfio_user_region_access access;
      uint8_t data[3]; /* so that messages lie at odd addresses */
   } __attribute__((packed)) *messages = calloc(COUNT, sizeof(*messages));

   for (unsigned i = 0; i < COUNT; i++) {
      messages[i] = (struct message){
         .header = {.id = i,
                    .command = VFIO_USER_REGION_WRITE,
                    .size_bytes = sizeof(struct message),
                    .flags = i < COUNT - 1 ? VFIO_USER_FLAGS_NO_REPLY : 0},
         .access = {.offset = 3 * i, .region = VGPU_REGION_BAR0, .count_bytes = 3},
         .data = {i, i >> 8, 0x77},
      };
   }
   send_bytes(f, messages, COUNT * sizeof(*messages), NULL, 0);
   expect_success(f, COUNT - 1);
   for (unsigned i = 0; i < COUNT; i++)
      assert_memory_equal(f->gpu->bar0 + 3 * i, messages[i].data, 3);
   free(messages);
}

static void
large_messages_that_do_not_line_up(void **state)
{
   struct fixture *f = *state;
   const size_t data_bytes = VFIO_USER_MAX_DATA_XFER_SIZE_BYTES - 1000;
   const struct {
      struct vfio_user_header header;
      struct vfio_user_region_access access;
   } start = {
      .header = {.id = 9,
                 .command = VFIO_USER_REGION_WRITE,
                 .size_bytes = sizeof(start) + data_bytes,
                 .flags = VFIO_USER_FLAGS_NO_REPLY},
      .access = {.region = VGPU_REGION_BAR2, .count_bytes = data_bytes},
   };
   uint8_t *message = calloc(1, sizeof(start) + data_bytes);
   const struct map_message map = make_map(10, 0x10000);
   const int fd = make_memory(4096, 0x99);

   /* Each one wraps round the end of the server's buffer at another place. */
   memcpy(message, &start, sizeof(start));
   for (unsigned i = 0; i < 6; i++)
      send_bytes(f, message, sizeof(start) + data_bytes, NULL, 0);
   send_bytes(f, &map, sizeof(map), &fd, 1);
   close(fd);
   expect_success(f, 10);
   assert_int_equal(f->gpu->num_accesses, 6);
   assert_int_equal(byte_at(f, 0x10000), 0x99);
   free(message);
}

static void
file_of_a_message_across_the_end_of_the_buffer(void **state)
{
   struct fixture *f = *state;
   const size_t large_bytes = MAX_MESSAGE - 20, head_bytes = 10;
   const struct {
      struct vfio_user_header header;
      struct vfio_user_region_access access;
   } start = {
      .header = {.command = VFIO_USER_REGION_WRITE,
                 .size_bytes = large_bytes,
                 .flags = VFIO_USER_FLAGS_NO_REPLY},
      .access = {.region = VGPU_REGION_BAR2, .count_bytes = large_bytes - sizeof(start)},
   };
   const struct map_message map = make_map(11, 0x10000);
   uint8_t *bytes = calloc(1, large_bytes + sizeof(map));
   const int fd = make_memory(4096, 0x42);

   /*
    * The end of the large message and the head of the next come in one piece, with the file, so
    * the head waits for its rest at the very end of the server's buffer.
    */
   memcpy(bytes, &start, sizeof(start));
   memcpy(bytes + large_bytes, &map, sizeof(map));
   send_bytes(f, bytes, large_bytes - 100, NULL, 0);
   send_bytes(f, bytes + large_bytes - 100, 100 + head_bytes, &fd, 1);
   send_bytes(f, bytes + large_bytes + head_bytes, sizeof(map) - head_bytes, NULL, 0);
   close(fd);
   free(bytes);
   expect_success(f, 11);
   assert_int_equal(f->gpu->num_accesses, 1);
   assert_int_equal(byte_at(f, 0x10000), 0x42);
}

static void
ids_are_the_clients(void **state)
{
   struct fixture *f = *state;
   static const uint16_t ids[] = {0, 0xffff, 5, 5, 5, 4};

   for (unsigned i = 0; i < 6; i++) {
      f->next_id = ids[i];
      expect_alive(f);
   }
}

static void
unknown_flags(void **state)
{
   static const uint32_t flags[] = {VFIO_USER_FLAGS_ERROR, 0x40, 0x80000000, 0xffffffe0};
   struct fixture *f = *state;
   const struct vfio_user_device_info info = {.argsz = sizeof(info)};
   struct reply reply;

   for (unsigned i = 0; i < 4; i++) {
      send_message(f, VFIO_USER_DEVICE_GET_INFO, flags[i] & ~VFIO_USER_FLAGS_NO_REPLY, &info,
                   sizeof(info), NULL, 0);
      receive_reply(f, &reply);
      assert_int_equal(reply.header.error, EINVAL);
   }
   expect_alive(f);
}

static void
header_ends_the_connection(void **state, uint32_t size_bytes, uint32_t flags)
{
   struct fixture *f = *state;
   const struct vfio_user_header header = {
      .command = VFIO_USER_DEVICE_GET_INFO, .size_bytes = size_bytes, .flags = flags};
   const int fd = make_memory(4096, 0);

   f->expected_result = -EPROTO;
   send_bytes(f, &header, sizeof(header), &fd, 1);
   close(fd);
   expect_closed(f);
}

static void
refusals_do_not_fill_the_log(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(100, 0); /* refused, and told why */
   const struct map_message message = make_map(1, 0x10000);
   struct reply reply;

   for (unsigned i = 0; i < 3000; i++) {
      send_bytes(f, &message, sizeof(message), &fd, 1);
      receive_reply(f, &reply);
      assert_int_equal(reply.header.error, EINVAL);
   }
   close(fd);
   assert_non_null(strstr(f->last_log_line, "DMA_MAP"));
   assert_in_range(f->num_log_lines, 64, 200);
}

static void
size_zero(void **state)
{
   header_ends_the_connection(state, 0, 0);
}

static void
size_below_header(void **state)
{
   header_ends_the_connection(state, sizeof(struct vfio_user_header) - 1, 0);
}

static void
size_above_maximum(void **state)
{
   header_ends_the_connection(state, MAX_MESSAGE + 1, 0);
}

static void
size_all_ones(void **state)
{
   header_ends_the_connection(state, UINT32_MAX, VFIO_USER_FLAGS_NO_REPLY);
}

static void
a_reply_nobody_asked_for(void **state)
{
   header_ends_the_connection(state, sizeof(struct vfio_user_header), VFIO_USER_FLAGS_TYPE_REPLY);
}

static void
no_type_of_message(void **state)
{
   header_ends_the_connection(state, sizeof(struct vfio_user_header), 0xf);
}

static void
garbage(void **state)
{
   struct fixture *f = *state;
   uint8_t bytes[512];

   f->expected_result = -EPROTO;
   memset(bytes, 0xcc, sizeof(bytes));
   send_bytes(f, bytes, sizeof(bytes), NULL, 0);
   expect_closed(f);
}

static void
good_messages_before_a_bad_one_count(void **state)
{
   struct fixture *f = *state;
   struct {
      struct map_message good;
      struct vfio_user_header bad;
   } bytes = {.good = make_map(3, 0x10000), .bad = {.size_bytes = 1}};

   f->expected_result = -EPROTO;
   send_bytes(f, &bytes, sizeof(bytes), NULL, 0);
   expect_success(f, 3);
   expect_closed(f);
}

static void
hanging_up_within_a_header(void **state)
{
   struct fixture *f = *state;
   const struct map_message message = make_map(1, 0x10000);
   const int fd = make_memory(4096, 0);

   f->expected_result = -EPROTO;
   send_bytes(f, &message, sizeof(message.header) - 1, &fd, 1);
   close(fd);
   hang_up(f);
}

static void
hanging_up_within_a_payload(void **state)
{
   struct fixture *f = *state;
   const struct map_message message = make_map(1, 0x10000);
   const int fd = make_memory(4096, 0);

   f->expected_result = -EPROTO;
   send_bytes(f, &message, sizeof(message) - 1, &fd, 1);
   close(fd);
   hang_up(f);
   assert_int_equal(f->gpu->num_ranges, 0);
}

static void
hanging_up_without_reading_the_replies(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_device_info info = {.argsz = sizeof(info)};

   for (unsigned i = 0; i < 20; i++)
      send_message(f, VFIO_USER_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
   hang_up(f);
}

static void
as_many_files_as_a_message_can_have(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_irq_set set = {
      .argsz = sizeof(set),
      .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
      .index = VFIO_PCI_MSI_IRQ_INDEX,
      .count = 1,
   };
   const int fd = make_memory(4096, 0);
   struct reply reply;
   int fds[253];

   for (unsigned i = 0; i < 253; i++)
      fds[i] = fd;
   for (unsigned i = 0; i < 5; i++) {
      assert_int_equal(call(f, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), fds, 253, &reply),
                       -EINVAL);
   }
   close(fd);
   expect_alive(f);
}

static void
files_with_every_byte(void **state)
{
   enum { SIZE = 16 + 500 };
   struct fixture *f = *state;
   const struct vfio_user_header header = {
      .id = 1, .command = VFIO_USER_DEVICE_SET_IRQS, .size_bytes = SIZE};
   const int fd = make_memory(4096, 0);
   uint8_t message[SIZE] = {0};
   struct reply reply;

   /* More than the server keeps, for one message that it refuses. */
   memcpy(message, &header, sizeof(header));
   for (unsigned i = 0; i < SIZE; i++)
      send_bytes(f, message + i, 1, &fd, 1);
   close(fd);
   receive_reply(f, &reply);
   assert_int_equal(reply.header.error, EINVAL);
   expect_alive(f);
}

static void
no_room_for_files(void **state)
{
   struct fixture *f = *state;
   const struct map_message message = make_map(1, 0x10000);
   const int fd = make_memory(4096, 0);
   struct rlimit old, none;

   /* Nobody can open anything now, so the kernel cuts off what the server should get. */
   assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
   none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
   assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
   f->expected_result = -EMFILE;
   send_bytes(f, &message, sizeof(message), &fd, 1);
   expect_closed(f);
   assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
   close(fd);
}

static void
stop_while_idle(void **state)
{
   struct fixture *f = *state;

   f->expected_result = -ECANCELED;
   vfio_user_server_stop(&f->server);
   expect_closed(f);
}

static void
stop_within_a_message(void **state)
{
   struct fixture *f = *state;
   const struct map_message message = make_map(1, 0x10000);
   const int fd = make_memory(4096, 0);

   f->expected_result = -ECANCELED;
   send_bytes(f, &message, 20, &fd, 1);
   close(fd);
   usleep(10000);
   vfio_user_server_stop(&f->server);
   expect_closed(f);
}

static void
stop_while_the_client_does_not_read(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_region_access access = {.region = VGPU_REGION_BAR2,
                                                  .count_bytes = 1024 * 1024};

   /* These replies are larger than the socket's buffer: the server sleeps in sendmsg(). */
   f->expected_result = -ECANCELED;
   for (unsigned i = 0; i < 4; i++)
      send_message(f, VFIO_USER_REGION_READ, 0, &access, sizeof(access), NULL, 0);
   usleep(10000);
   vfio_user_server_stop(&f->server);
   while (atomic_load(&f->server.client_fd) >= 0)
      usleep(1000);
   hang_up(f);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_negotiated, teardown)
   const struct CMUnitTest tests[] = {
      TEST(byte_by_byte),
      TEST(header_apart_from_body),
      TEST(files_stay_with_their_messages),
      TEST(many_messages_in_one_send),
      TEST(large_messages_that_do_not_line_up),
      TEST(file_of_a_message_across_the_end_of_the_buffer),
      TEST(ids_are_the_clients),
      TEST(unknown_flags),
      TEST(refusals_do_not_fill_the_log),
      TEST(size_zero),
      TEST(size_below_header),
      TEST(size_above_maximum),
      TEST(size_all_ones),
      TEST(a_reply_nobody_asked_for),
      TEST(no_type_of_message),
      TEST(garbage),
      TEST(good_messages_before_a_bad_one_count),
      TEST(hanging_up_within_a_header),
      TEST(hanging_up_within_a_payload),
      TEST(hanging_up_without_reading_the_replies),
      TEST(as_many_files_as_a_message_can_have),
      TEST(files_with_every_byte),
      TEST(no_room_for_files),
      TEST(stop_while_idle),
      TEST(stop_within_a_message),
      TEST(stop_while_the_client_does_not_read),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
