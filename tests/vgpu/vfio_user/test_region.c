/*
 * SPDX-License-Identifier: MIT
 *
 * REGION_READ and REGION_WRITE.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static int
read_region(struct fixture *f, uint32_t region, uint64_t offset, uint32_t count,
            struct reply *reply)
{
   const struct vfio_user_region_access access = {
      .offset = offset, .region = region, .count_bytes = count};
   const int ret = call(f, VFIO_USER_REGION_READ, &access, sizeof(access), NULL, 0, reply);

   if (ret == 0) {
      assert_int_equal(reply->payload_bytes, sizeof(access) + count);
      assert_memory_equal(reply->payload, &access, sizeof(access));
   }
   return ret;
}

/* Of `data_bytes`, which is `count` in a correct message. */
static int
write_region(struct fixture *f, uint32_t region, uint64_t offset, uint32_t count, const void *data,
             size_t data_bytes)
{
   const struct vfio_user_region_access access = {
      .offset = offset, .region = region, .count_bytes = count};
   uint8_t *payload = malloc(sizeof(access) + data_bytes);
   struct reply reply;
   int ret;

   assert_non_null(payload);
   memcpy(payload, &access, sizeof(access));
   memcpy(payload + sizeof(access), data, data_bytes);
   ret = call(f, VFIO_USER_REGION_WRITE, payload, sizeof(access) + data_bytes, NULL, 0, &reply);
   free(payload);
   if (ret == 0) {
      assert_int_equal(reply.payload_bytes, sizeof(access));
      assert_memory_equal(reply.payload, &access, sizeof(access));
   }
   return ret;
}

static void
reads(void **state)
{
   static const uint32_t counts[] = {1, 2, 4, 8, 3, 64, 4096};
   static const uint32_t regions[] = {VGPU_REGION_BAR2, VGPU_REGION_CONFIG};
   struct fixture *f = *state;
   struct reply reply;

   for (unsigned r = 0; r < 2; r++) {
      for (unsigned c = 0; c < 7; c++) {
         const uint32_t count = counts[c];
         const uint64_t offset = FAKE_CONFIG_SIZE_BYTES - count;

         assert_int_equal(read_region(f, regions[r], offset, count, &reply), 0);
         for (uint32_t i = 0; i < count; i++)
            assert_int_equal(reply.payload[16 + i], fake_pattern(regions[r], offset + i));
         assert_int_equal(f->gpu->last.region, regions[r]);
         assert_int_equal(f->gpu->last.offset, offset);
         assert_int_equal(f->gpu->last.size_bytes, count);
         assert_false(f->gpu->last.write);
      }
   }
}

static void
writes(void **state)
{
   struct fixture *f = *state;
   const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};

   for (uint32_t count = 1; count <= 8; count++) {
      assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0x100 * count + 1, count, data, count), 0);
      assert_true(f->gpu->last.write);
      assert_int_equal(f->gpu->last.region, VGPU_REGION_BAR0);
      assert_int_equal(f->gpu->last.offset, 0x100 * count + 1);
      assert_int_equal(f->gpu->last.size_bytes, count);
      assert_memory_equal(f->gpu->last.data, data, count);
      /* One message is one access: registers have side effects. */
      assert_int_equal(f->gpu->num_accesses, count);
   }
}

static void
outside(void **state)
{
   static const struct {
      uint32_t region;
      uint64_t offset;
      uint32_t count;
   } cases[] = {
      {VGPU_REGION_BAR0, FAKE_BAR0_SIZE_BYTES, 1},
      {VGPU_REGION_BAR0, FAKE_BAR0_SIZE_BYTES - 3, 4},
      {VGPU_REGION_BAR0, UINT64_MAX, 1},
      {VGPU_REGION_BAR0, UINT64_MAX - 3, 4},
      {VGPU_REGION_BAR0, UINT64_MAX - 3, 8},
      {VGPU_REGION_BAR4, 0, FAKE_BAR4_SIZE_BYTES + 1},
      {VGPU_REGION_CONFIG, FAKE_CONFIG_SIZE_BYTES - 1, 2},
      {1, 0, 1}, /* regions that the function does not have */
      {6, 0, 1},
      {8, 0, 1},
      {VGPU_NUM_REGIONS, 0, 1},
      {UINT32_MAX, 0, 1},
   };
   struct fixture *f = *state;
   const uint8_t data[128] = {0};
   struct reply reply;

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      assert_int_equal(read_region(f, cases[i].region, cases[i].offset, cases[i].count, &reply),
                       -EINVAL);
      assert_int_equal(
         write_region(f, cases[i].region, cases[i].offset, cases[i].count, data, cases[i].count),
         -EINVAL);
   }
   assert_int_equal(f->gpu->num_accesses, 0);
   expect_alive(f);
}

static void
count_zero(void **state)
{
   struct fixture *f = *state;
   struct reply reply;

   assert_int_equal(read_region(f, VGPU_REGION_BAR0, 0, 0, &reply), -EINVAL);
   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, 0, "", 0), -EINVAL);
   assert_int_equal(f->gpu->num_accesses, 0);
}

static void
largest_transfer(void **state)
{
   const uint32_t max = VFIO_USER_MAX_DATA_XFER_SIZE_BYTES;
   struct fixture *f = *state;
   const struct vfio_user_region_access access = {.region = VGPU_REGION_BAR2, .count_bytes = max};
   uint8_t *data = calloc(1, max);
   struct vfio_user_header header;
   struct reply reply;
   uint8_t chunk[4096];
   uint64_t got = 0;

   assert_int_equal(write_region(f, VGPU_REGION_BAR2, 0, max, data, max), 0);
   assert_int_equal(f->gpu->last.size_bytes, max);

   send_message(f, VFIO_USER_REGION_READ, 0, &access, sizeof(access), NULL, 0);
   assert_int_equal(read(f->client, &header, sizeof(header)), sizeof(header));
   assert_int_equal(header.size_bytes, sizeof(header) + sizeof(access) + max);
   assert_int_equal(read(f->client, chunk, sizeof(access)), sizeof(access));
   while (got < max) {
      const ssize_t n = read(f->client, chunk, sizeof(chunk));

      assert_true(n > 0);
      for (ssize_t i = 0; i < n; i++)
         assert_int_equal(chunk[i], fake_pattern(VGPU_REGION_BAR2, got + i));
      got += n;
   }
   assert_int_equal(got, max);

   /* The region is larger than that, but no message is. */
   assert_int_equal(read_region(f, VGPU_REGION_BAR2, 0, max + 1, &reply), -EINVAL);
   assert_int_equal(read_region(f, VGPU_REGION_BAR2, 0, UINT32_MAX, &reply), -EINVAL);
   free(data);
}

static void
count_and_data_disagree(void **state)
{
   struct fixture *f = *state;
   const uint8_t data[16] = {0};

   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, 4, data, 3), -EINVAL);
   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, 4, data, 5), -EINVAL);
   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, 4, data, 0), -EINVAL);
   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, UINT32_MAX, data, 15), -EINVAL);
   assert_int_equal(write_region(f, VGPU_REGION_BAR0, 0, UINT32_MAX - 15, data, 16), -EINVAL);
   assert_int_equal(f->gpu->num_accesses, 0);
}

static void
wrong_sizes(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_region_access access[2] = {
      {.region = VGPU_REGION_CONFIG, .count_bytes = 4}};
   struct reply reply;

   for (size_t size = 0; size < sizeof(access); size++) {
      const int expected = size == sizeof(access[0]) ? 0 : -EINVAL;

      assert_int_equal(call(f, VFIO_USER_REGION_READ, access, size, NULL, 0, &reply), expected);
      if (size < sizeof(access[0]))
         assert_int_equal(call(f, VFIO_USER_REGION_WRITE, access, size, NULL, 0, &reply), -EINVAL);
   }
   assert_int_equal(f->gpu->num_accesses, 1);
}

static void
accesses_take_no_files(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_region_access access = {.region = VGPU_REGION_CONFIG, .count_bytes = 4};
   const int fd = make_memory(4096, 0);
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_REGION_READ, &access, sizeof(access), &fd, 1, &reply),
                    -EINVAL);
   close(fd);
   assert_int_equal(f->gpu->num_accesses, 0);
}

static void
posted_writes(void **state)
{
   struct fixture *f = *state;
   struct {
      struct vfio_user_region_access access;
      uint32_t data;
      uint32_t padding;
   } write = {.access = {.region = VGPU_REGION_BAR0, .count_bytes = 4}};
   const size_t size = sizeof(write.access) + sizeof(write.data);
   struct reply reply;

   for (uint32_t i = 0; i < 1000; i++) {
      write.access.offset = 4 * i;
      write.data = i * 3;
      send_message(f, VFIO_USER_REGION_WRITE, VFIO_USER_FLAGS_NO_REPLY, &write, size, NULL, 0);
   }
   /* Also one that is refused has no answer. */
   write.access.offset = FAKE_BAR0_SIZE_BYTES;
   send_message(f, VFIO_USER_REGION_WRITE, VFIO_USER_FLAGS_NO_REPLY, &write, size, NULL, 0);

   /* The read does not pass the writes. */
   assert_int_equal(read_region(f, VGPU_REGION_BAR0, 4 * 999, 4, &reply), 0);
   assert_memory_equal(reply.payload + 16, &(uint32_t){999 * 3}, 4);
   assert_int_equal(f->gpu->num_accesses, 1001);
   for (uint32_t i = 0; i < 1000; i++)
      assert_memory_equal(f->gpu->bar0 + 4 * i, &(uint32_t){i * 3}, 4);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_negotiated, teardown)
   const struct CMUnitTest tests[] = {
      TEST(reads),
      TEST(writes),
      TEST(outside),
      TEST(count_zero),
      TEST(largest_transfer),
      TEST(count_and_data_disagree),
      TEST(wrong_sizes),
      TEST(accesses_take_no_files),
      TEST(posted_writes),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
