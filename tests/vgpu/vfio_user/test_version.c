/*
 * SPDX-License-Identifier: MIT
 *
 * VERSION, and that nothing goes before it.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static size_t
make_version(uint8_t *payload, uint16_t major, uint16_t minor, const char *json)
{
   const struct vfio_user_version version = {.major = major, .minor = minor};

   memcpy(payload, &version, sizeof(version));
   if (!json)
      return sizeof(version);
   memcpy(payload + sizeof(version), json, strlen(json) + 1);
   return sizeof(version) + strlen(json) + 1;
}

static void
version_is_agreed_on(void **state)
{
   /* What QEMU 11.1 sends. */
   static const char qemu[] =
      "{\"capabilities\": {\"pgsizes\": 4096, \"max_msg_fds\": 16, \"max_dma_maps\": 65535, "
      "\"max_data_xfer_size\": 1048576, \"migration\": {\"max_bitmap_size\": 268435456, "
      "\"pgsize\": 4096}, \"write_multiple\": true}}";
   struct fixture *f = *state;
   struct vfio_user_version version;
   uint8_t payload[512];
   struct reply reply;
   size_t size = make_version(payload, 0, 0, qemu);

   assert_int_equal(call(f, VFIO_USER_VERSION, payload, size, NULL, 0, &reply), 0);
   memcpy(&version, reply.payload, sizeof(version));
   assert_int_equal(version.major, 0);
   assert_int_equal(version.minor, 0);
   /* QEMU has room for no more than it sent, and wants the NUL. */
   assert_in_range(reply.payload_bytes, sizeof(version) + 2, size);
   assert_int_equal(reply.payload[reply.payload_bytes - 1], 0);
   assert_string_equal((char *)reply.payload + sizeof(version),
                       "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
                       "\"max_dma_maps\":65535}}");
   expect_alive(f);
}

static void
minor_is_the_servers(void **state)
{
   struct fixture *f = *state;
   struct vfio_user_version version;
   uint8_t payload[16];
   struct reply reply;

   assert_int_equal(
      call(f, VFIO_USER_VERSION, payload, make_version(payload, 0, 7, NULL), NULL, 0, &reply), 0);
   memcpy(&version, reply.payload, sizeof(version));
   assert_int_equal(version.minor, 0);
}

static void
refused_version_closes(void **state, const void *payload, size_t size)
{
   struct fixture *f = *state;
   struct reply reply;

   f->expected_result = -EPROTO;
   assert_int_equal(call(f, VFIO_USER_VERSION, payload, size, NULL, 0, &reply), -EINVAL);
   expect_closed(f);
}

static void
major_must_match(void **state)
{
   uint8_t payload[16];

   refused_version_closes(state, payload, make_version(payload, 1, 0, NULL));
}

static void
text_must_end_with_nul(void **state)
{
   uint8_t payload[16];

   refused_version_closes(state, payload, make_version(payload, 0, 0, "{}") - 1);
}

static void
version_must_be_whole(void **state)
{
   const uint8_t payload[3] = {0};

   refused_version_closes(state, payload, sizeof(payload));
}

static void
version_takes_no_files(void **state)
{
   struct fixture *f = *state;
   uint8_t payload[16];
   struct reply reply;
   int fd = make_memory(4096, 0);

   f->expected_result = -EPROTO;
   assert_int_equal(
      call(f, VFIO_USER_VERSION, payload, make_version(payload, 0, 0, NULL), &fd, 1, &reply),
      -EINVAL);
   close(fd);
   expect_closed(f);
}

static void
nothing_goes_before_version(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_device_info info = {.argsz = sizeof(info)};
   struct reply reply;

   f->expected_result = -EPROTO;
   assert_int_equal(call(f, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, &reply),
                    -EINVAL);
   expect_closed(f);
}

static void
silent_command_before_version(void **state)
{
   struct fixture *f = *state;
   const struct {
      struct vfio_user_region_access access;
      uint32_t data;
   } __attribute__((packed)) write = {{.offset = 0, .region = 0, .count_bytes = 4}, 1};

   f->expected_result = -EPROTO;
   send_message(f, VFIO_USER_REGION_WRITE, VFIO_USER_FLAGS_NO_REPLY, &write, sizeof(write), NULL,
                0);
   expect_closed(f);
   assert_int_equal(f->gpu->num_accesses, 0);
}

static void
second_version_is_refused(void **state)
{
   struct fixture *f = *state;
   uint8_t payload[16];
   struct reply reply;
   size_t size = make_version(payload, 0, 0, NULL);

   assert_int_equal(call(f, VFIO_USER_VERSION, payload, size, NULL, 0, &reply), 0);
   assert_int_equal(call(f, VFIO_USER_VERSION, payload, size, NULL, 0, &reply), -EINVAL);
   expect_alive(f);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_connected, teardown)
   const struct CMUnitTest tests[] = {
      TEST(version_is_agreed_on),
      TEST(minor_is_the_servers),
      TEST(major_must_match),
      TEST(text_must_end_with_nul),
      TEST(version_must_be_whole),
      TEST(version_takes_no_files),
      TEST(nothing_goes_before_version),
      TEST(silent_command_before_version),
      TEST(second_version_is_refused),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
