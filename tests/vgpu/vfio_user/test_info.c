/*
 * SPDX-License-Identifier: MIT
 *
 * DEVICE_GET_INFO, DEVICE_GET_REGION_INFO, DEVICE_GET_IRQ_INFO, DEVICE_RESET and the commands that
 * are not offered.
 */

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

static void
device_info(void **state)
{
   struct fixture *f = *state;
   struct vfio_user_device_info info = {.argsz = sizeof(info)};
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, &reply), 0);
   assert_int_equal(reply.payload_bytes, sizeof(info));
   memcpy(&info, reply.payload, sizeof(info));
   assert_int_equal(info.argsz, sizeof(info));
   assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
   assert_int_equal(info.num_regions, 9);
   assert_int_equal(info.num_irqs, 5);

   info = (struct vfio_user_device_info){.argsz = sizeof(info) - 1};
   assert_int_equal(call(f, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, &reply),
                    -EINVAL);
}

static void
device_info_of_a_newer_client(void **state)
{
   struct fixture *f = *state;
   struct {
      struct vfio_user_device_info info;
      uint32_t new_field;
   } request = {.info = {.argsz = sizeof(request)}};
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DEVICE_GET_INFO, &request, sizeof(request), NULL, 0, &reply),
                    0);
   assert_int_equal(reply.payload_bytes, sizeof(request.info));
   assert_int_equal(((struct vfio_user_device_info *)reply.payload)->argsz, sizeof(request.info));
}

static int
get_region_info(struct fixture *f, uint32_t index, uint32_t argsz, struct reply *reply,
                struct vfio_user_region_info *info)
{
   int ret;

   *info = (struct vfio_user_region_info){.argsz = argsz, .index = index};
   ret = call(f, VFIO_USER_DEVICE_GET_REGION_INFO, info, sizeof(*info), NULL, 0, reply);
   if (ret == 0) {
      assert_in_range(reply->payload_bytes, sizeof(*info), argsz);
      memcpy(info, reply->payload, sizeof(*info));
      assert_int_equal(info->index, index);
   }
   return ret;
}

static void
regions(void **state)
{
   static const uint64_t sizes[9] = {
      FAKE_BAR0_SIZE_BYTES,   0, FAKE_BAR2_SIZE_BYTES, 0, FAKE_BAR4_SIZE_BYTES, 0, 0,
      FAKE_CONFIG_SIZE_BYTES, 0};
   struct fixture *f = *state;
   struct vfio_user_region_info info;
   struct reply reply;

   for (uint32_t i = 1; i < 9; i++) {
      assert_int_equal(get_region_info(f, i, 4096, &reply, &info), 0);
      assert_int_equal(reply.payload_bytes, sizeof(info));
      assert_int_equal(info.argsz, sizeof(info));
      assert_int_equal(info.size_bytes, sizes[i]);
      assert_int_equal(info.flags,
                       sizes[i] ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0);
      assert_int_equal(info.cap_offset, 0);
      assert_int_equal(info.offset, 0);
      assert_int_equal(reply.num_fds, 0);
   }
}

static void
mappable_region(void **state)
{
   const uint32_t flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
                          VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
   struct fixture *f = *state;
   struct vfio_user_sparse_mmap_cap cap;
   struct vfio_user_region_info info;
   struct reply reply;

   /* The first question of QEMU, which has no room for the capability but checks its offset. */
   assert_int_equal(get_region_info(f, 0, sizeof(info), &reply, &info), 0);
   assert_int_equal(reply.payload_bytes, sizeof(info));
   assert_int_equal(info.argsz, sizeof(info) + sizeof(cap));
   assert_int_equal(info.cap_offset, sizeof(info));
   assert_int_equal(info.flags, flags);
   assert_int_equal(info.size_bytes, FAKE_BAR0_SIZE_BYTES);
   assert_int_equal(reply.num_fds, 0);

   assert_int_equal(get_region_info(f, 0, sizeof(info) + sizeof(cap) - 1, &reply, &info), 0);
   assert_int_equal(reply.payload_bytes, sizeof(info));

   assert_int_equal(get_region_info(f, 0, info.argsz, &reply, &info), 0);
   assert_int_equal(reply.payload_bytes, sizeof(info) + sizeof(cap));
   assert_int_equal(info.argsz, sizeof(info) + sizeof(cap));
   assert_int_equal(info.cap_offset, sizeof(info));
   assert_int_equal(info.flags, flags);
   memcpy(&cap, reply.payload + info.cap_offset, sizeof(cap));
   assert_int_equal(cap.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
   assert_int_equal(cap.version, 1);
   assert_int_equal(cap.next, 0);
   assert_int_equal(cap.nr_areas, 1);
   assert_int_equal(cap.area.offset, FAKE_BAR0_MMAP_OFFSET_BYTES);
   assert_int_equal(cap.area.size_bytes, FAKE_BAR0_SIZE_BYTES - FAKE_BAR0_MMAP_OFFSET_BYTES);

   /* The file is the region: what the client writes there the model sees. */
   assert_int_equal(reply.num_fds, 1);
   uint8_t *area = mmap(NULL, cap.area.size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0],
                        info.offset + cap.area.offset);
   assert_ptr_not_equal(area, MAP_FAILED);
   close(reply.fds[0]);
   area[5] = 0xa5;
   assert_int_equal(f->gpu->bar0[FAKE_BAR0_MMAP_OFFSET_BYTES + 5], 0xa5);
   munmap(area, cap.area.size_bytes);
}

static void
region_info_errors(void **state)
{
   struct fixture *f = *state;
   struct vfio_user_region_info info;
   struct reply reply;

   assert_int_equal(get_region_info(f, 9, sizeof(info), &reply, &info), -EINVAL);
   assert_int_equal(get_region_info(f, UINT32_MAX, sizeof(info), &reply, &info), -EINVAL);
   assert_int_equal(get_region_info(f, 0, sizeof(info) - 1, &reply, &info), -EINVAL);
   assert_int_equal(get_region_info(f, 0, 0, &reply, &info), -EINVAL);
}

static int
get_irq_info(struct fixture *f, uint32_t index, uint32_t argsz, struct vfio_user_irq_info *info)
{
   struct reply reply;
   int ret;

   *info = (struct vfio_user_irq_info){.argsz = argsz, .index = index};
   ret = call(f, VFIO_USER_DEVICE_GET_IRQ_INFO, info, sizeof(*info), NULL, 0, &reply);
   if (ret == 0) {
      assert_int_equal(reply.payload_bytes, sizeof(*info));
      memcpy(info, reply.payload, sizeof(*info));
      assert_int_equal(info->index, index);
      assert_int_equal(info->argsz, sizeof(*info));
   }
   return ret;
}

static void
irq_info(void **state)
{
   struct fixture *f = *state;
   struct vfio_user_irq_info info;

   assert_int_equal(get_irq_info(f, VFIO_PCI_INTX_IRQ_INDEX, sizeof(info), &info), 0);
   assert_int_equal(info.count, 1);
   assert_int_equal(info.flags,
                    VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED);
   assert_int_equal(get_irq_info(f, VFIO_PCI_MSI_IRQ_INDEX, 100, &info), 0);
   assert_int_equal(info.count, 1);
   assert_int_equal(info.flags, VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE);
   assert_int_equal(get_irq_info(f, VFIO_PCI_MSIX_IRQ_INDEX, sizeof(info), &info), 0);
   assert_int_equal(info.count, 0);
   assert_int_equal(get_irq_info(f, VFIO_PCI_REQ_IRQ_INDEX, sizeof(info), &info), 0);
   assert_int_equal(info.count, 0);

   /* Only PCI Express functions report errors; with any other answer QEMU warns of it. */
   assert_int_equal(get_irq_info(f, VFIO_PCI_ERR_IRQ_INDEX, sizeof(info), &info), -EINVAL);
   assert_int_equal(get_irq_info(f, VFIO_PCI_NUM_IRQS, sizeof(info), &info), -EINVAL);
   assert_int_equal(get_irq_info(f, UINT32_MAX, sizeof(info), &info), -EINVAL);
   assert_int_equal(get_irq_info(f, 0, sizeof(info) - 1, &info), -EINVAL);
}

static void
short_questions(void **state)
{
   static const struct {
      uint16_t command;
      size_t payload_bytes;
   } questions[] = {
      {VFIO_USER_DEVICE_GET_INFO, sizeof(struct vfio_user_device_info)},
      {VFIO_USER_DEVICE_GET_REGION_INFO, sizeof(struct vfio_user_region_info)},
      {VFIO_USER_DEVICE_GET_IRQ_INFO, sizeof(struct vfio_user_irq_info)},
   };
   struct fixture *f = *state;
   uint8_t payload[64];
   struct reply reply;

   memset(payload, 0xff, sizeof(payload));
   for (unsigned i = 0; i < 3; i++) {
      for (size_t size = 0; size < questions[i].payload_bytes; size++) {
         assert_int_equal(call(f, questions[i].command, payload, size, NULL, 0, &reply), -EINVAL);
      }
   }
   expect_alive(f);
}

static void
questions_take_no_files(void **state)
{
   static const uint16_t commands[] = {
      VFIO_USER_DEVICE_GET_INFO,
      VFIO_USER_DEVICE_GET_REGION_INFO,
      VFIO_USER_DEVICE_GET_IRQ_INFO,
      VFIO_USER_DEVICE_RESET,
   };
   struct fixture *f = *state;
   const uint32_t payload[8] = {32};
   const int fd = make_memory(4096, 0);
   struct reply reply;

   for (unsigned i = 0; i < 4; i++) {
      const size_t size = commands[i] == VFIO_USER_DEVICE_RESET ? 0 : sizeof(payload);

      assert_int_equal(call(f, commands[i], payload, size, &fd, 1, &reply), -EINVAL);
   }
   close(fd);
   assert_int_equal(f->gpu->num_resets, 0);
}

static void
reset(void **state)
{
   struct fixture *f = *state;
   const uint32_t garbage = 0;
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, &reply), 0);
   assert_int_equal(reply.payload_bytes, 0);
   assert_int_equal(f->gpu->num_resets, 1);
   assert_int_equal(call(f, VFIO_USER_DEVICE_RESET, &garbage, sizeof(garbage), NULL, 0, &reply),
                    -EINVAL);
   assert_int_equal(f->gpu->num_resets, 1);
}

static void
reset_keeps_memory(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_dma_map map = {
      .argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ, .size_bytes = 4096};
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DMA_MAP, &map, sizeof(map), NULL, 0, &reply), 0);
   assert_int_equal(call(f, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, &reply), 0);
   assert_int_equal(f->gpu->num_ranges, 1);
}

static void
commands_that_are_not_offered(void **state)
{
   static const uint16_t commands[] = {
      0,
      VFIO_USER_DEVICE_GET_REGION_IO_FDS,
      VFIO_USER_DMA_READ,
      VFIO_USER_DMA_WRITE,
      VFIO_USER_DIRTY_PAGES,
      VFIO_USER_REGION_WRITE_MULTI,
      VFIO_USER_DEVICE_FEATURE,
      VFIO_USER_MIG_DATA_READ,
      VFIO_USER_MIG_DATA_WRITE,
      VFIO_USER_NUM_COMMANDS,
      0x8000,
      0xffff,
   };
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   const uint8_t payload[64] = {0};
   struct reply reply;

   for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
      assert_int_equal(call(f, commands[i], NULL, 0, NULL, 0, &reply), -EOPNOTSUPP);
      assert_int_equal(call(f, commands[i], payload, sizeof(payload), &fd, 1, &reply), -EOPNOTSUPP);
   }
   close(fd);
   expect_alive(f);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_negotiated, teardown)
   const struct CMUnitTest tests[] = {
      TEST(device_info),
      TEST(device_info_of_a_newer_client),
      TEST(regions),
      TEST(mappable_region),
      TEST(region_info_errors),
      TEST(irq_info),
      TEST(short_questions),
      TEST(questions_take_no_files),
      TEST(reset),
      TEST(reset_keeps_memory),
      TEST(commands_that_are_not_offered),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
