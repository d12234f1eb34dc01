/*
 * SPDX-License-Identifier: MIT
 *
 * DMA_MAP and DMA_UNMAP.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define READ_WRITE (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static int
map_with(struct fixture *f, const struct vfio_user_dma_map *map, int fd)
{
   struct reply reply;
   const int ret = call(f, VFIO_USER_DMA_MAP, map, sizeof(*map), &fd, fd >= 0 ? 1 : 0, &reply);

   assert_int_equal(reply.payload_bytes, 0);
   return ret;
}

static int
map(struct fixture *f, uint64_t address, uint64_t size_bytes, uint32_t flags, int fd,
    uint64_t offset)
{
   const struct vfio_user_dma_map map = {
      .argsz = sizeof(map),
      .flags = flags,
      .offset = offset,
      .address = address,
      .size_bytes = size_bytes,
   };

   return map_with(f, &map, fd);
}

static int
unmap(struct fixture *f, uint64_t address, uint64_t size_bytes, uint32_t flags)
{
   const struct vfio_user_dma_unmap unmap = {
      .argsz = sizeof(unmap),
      .flags = flags,
      .address = address,
      .size_bytes = size_bytes,
   };
   struct reply reply;
   const int ret = call(f, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0, &reply);

   if (ret == 0) {
      assert_int_equal(reply.payload_bytes, sizeof(unmap));
      assert_memory_equal(reply.payload, &unmap, sizeof(unmap));
   }
   return ret;
}

static void
memory_is_shared(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4 * 4096, 0x11);
   uint8_t *ours = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
   const struct fake_range *range;

   assert_ptr_not_equal(ours, MAP_FAILED);
   assert_int_equal(map(f, 0x100000000, 2 * 4096, READ_WRITE, fd, 4096), 0);
   close(fd);

   range = fake_find_range(f->gpu, 0x100000000);
   assert_non_null(range);
   assert_int_equal(range->size_bytes, 2 * 4096);
   assert_true(range->writable);
   ours[4096] = 0x22;
   assert_int_equal(range->host[0], 0x22);
   range->host[2 * 4096 - 1] = 0x33;
   assert_int_equal(ours[3 * 4096 - 1], 0x33);
   munmap(ours, 4 * 4096);
}

static void
read_only_memory(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0x44);
   const struct fake_range *range;

   assert_int_equal(map(f, 0xc0000, 4096, VFIO_DMA_MAP_FLAG_READ, fd, 0), 0);
   close(fd);
   range = fake_find_range(f->gpu, 0xc0000);
   assert_false(range->writable);
   assert_int_equal(range->host[0], 0x44);
}

static void
range_without_file_is_out_of_reach(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(map(f, 0xfffc0000, 0x40000000, READ_WRITE, -1, 0), 0);
   assert_null(fake_find_range(f->gpu, 0xfffc0000)->host);
   assert_int_equal(unmap(f, 0xfffc0000, 0x40000000, 0), 0);
   assert_int_equal(f->gpu->num_ranges, 0);
}

static void
guest_memory_without_file_is_told(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(map(f, 0xc0000, 0x20000, VFIO_DMA_MAP_FLAG_READ, -1, 0), 0);
   assert_int_equal(f->num_log_lines, 0);
   assert_int_equal(map(f, 0, 0xc0000, READ_WRITE, -1, 0), 0);
   assert_int_equal(f->num_log_lines, 1);
   assert_non_null(strstr(f->last_log_line, "share=on"));
   /* Once: firmware moves it about many times. */
   assert_int_equal(unmap(f, 0, 0xc0000, 0), 0);
   assert_int_equal(map(f, 0, 0xc0000, READ_WRITE, -1, 0), 0);
   assert_int_equal(f->num_log_lines, 1);
}

static void
last_page_of_the_address_space(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(map(f, 0xfffffffffffff000, 4096, READ_WRITE, -1, 0), 0);
   assert_int_equal(unmap(f, 0xfffffffffffff000, 4096, 0), 0);
}

static void
unmapping_lets_go(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4 * 4096, 0);
   uint8_t *first, *second;

   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), 0);
   assert_int_equal(map(f, 0x20000, 4096, READ_WRITE, fd, 4096), 0);
   close(fd);
   first = fake_find_range(f->gpu, 0x10000)->host;
   second = fake_find_range(f->gpu, 0x20000)->host;

   assert_int_equal(unmap(f, 0x10000, 4096, 0), 0);
   assert_null(fake_find_range(f->gpu, 0x10000));
   assert_false(is_mapped(first));
   assert_true(is_mapped(second));
   assert_int_equal(unmap(f, 0x10000, 4096, 0), -ENOENT);
   assert_int_equal(unmap(f, 0x20000, 4096, 0), 0);
   assert_false(is_mapped(second));
}

static void
hanging_up_lets_go(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   uint8_t *host;

   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), 0);
   assert_int_equal(map(f, 0x20000, 4096, READ_WRITE, -1, 0), 0);
   close(fd);
   host = fake_find_range(f->gpu, 0x10000)->host;
   hang_up(f);
   assert_false(is_mapped(host));
   assert_int_equal(f->gpu->num_ranges, 0);
}

static void
unmap_must_be_exact(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(2 * 4096, 0);

   assert_int_equal(map(f, 0x10000, 2 * 4096, READ_WRITE, fd, 0), 0);
   close(fd);
   assert_int_equal(unmap(f, 0x10000, 4096, 0), -ENOENT);
   assert_int_equal(unmap(f, 0x11000, 4096, 0), -ENOENT);
   assert_int_equal(unmap(f, 0x10000, 3 * 4096, 0), -ENOENT);
   assert_int_equal(unmap(f, 0, UINT64_MAX, 0), -ENOENT);
   assert_int_equal(f->gpu->num_ranges, 1);
}

static void
unmap_all(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4 * 4096, 0);
   uint8_t *host;

   assert_int_equal(unmap(f, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
   for (unsigned i = 0; i < 4; i++)
      assert_int_equal(map(f, 0x10000 * i, 4096, READ_WRITE, i % 2 ? fd : -1, 4096 * i), 0);
   close(fd);
   host = fake_find_range(f->gpu, 0x10000)->host;
   assert_int_equal(unmap(f, 0, 4096, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
   assert_int_equal(unmap(f, 4096, 0, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
   assert_int_equal(f->gpu->num_ranges, 4);
   assert_int_equal(unmap(f, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
   assert_int_equal(f->gpu->num_ranges, 0);
   assert_false(is_mapped(host));
}

static void
unmap_flags(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   const struct vfio_user_dma_unmap short_argsz = {
      .argsz = sizeof(short_argsz) - 1, .address = 0x10000, .size_bytes = 4096};
   struct reply reply;

   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), 0);
   close(fd);
   assert_int_equal(unmap(f, 0x10000, 4096, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP), -EOPNOTSUPP);
   assert_int_equal(unmap(f, 0x10000, 4096, VFIO_DMA_UNMAP_FLAG_VADDR), -EINVAL);
   assert_int_equal(unmap(f, 0x10000, 4096, 0x80000000), -EINVAL);
   assert_int_equal(
      call(f, VFIO_USER_DMA_UNMAP, &short_argsz, sizeof(short_argsz), NULL, 0, &reply), -EINVAL);
   assert_int_equal(f->gpu->num_ranges, 1);
}

static void
overlap_is_refused(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4 * 4096, 0);

   assert_int_equal(map(f, 0x10000, 2 * 4096, READ_WRITE, fd, 0), 0);
   assert_int_equal(map(f, 0x10000, 2 * 4096, READ_WRITE, fd, 0), -EEXIST);
   assert_int_equal(map(f, 0x11000, 4096, READ_WRITE, fd, 0), -EEXIST);
   assert_int_equal(map(f, 0xf000, 2 * 4096, READ_WRITE, fd, 0), -EEXIST);
   assert_int_equal(map(f, 0xf000, 4 * 4096, READ_WRITE, fd, 0), -EEXIST);
   assert_int_equal(map(f, 0xf000, 4096, READ_WRITE, fd, 0), 0);
   assert_int_equal(map(f, 0x12000, 4096, READ_WRITE, fd, 0), 0);
   close(fd);
   assert_int_equal(f->gpu->num_ranges, 3);
}

static void
nonsense_ranges(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4 * 4096, 0);
   const struct vfio_user_dma_map short_argsz = {
      .argsz = sizeof(short_argsz) - 1,
      .flags = READ_WRITE,
      .address = 0x10000,
      .size_bytes = 4096,
   };

   assert_int_equal(map(f, 0x10000, 0, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4095, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10001, 4096, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 1), -EINVAL);
   assert_int_equal(map(f, 0xfffffffffffff000, 2 * 4096, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0xfffffffffffff000, 2 * 4096, READ_WRITE, -1, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 0xfffffffffffff000, READ_WRITE, -1, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, 0, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, VFIO_DMA_MAP_FLAG_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE | VFIO_DMA_MAP_FLAG_VADDR, fd, 0), -EINVAL);
   assert_int_equal(map_with(f, &short_argsz, fd), -EINVAL);
   close(fd);
   assert_int_equal(f->gpu->num_ranges, 0);
   expect_alive(f);
}

static void
file_must_hold_the_range(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(2 * 4096 + 100, 0);

   assert_int_equal(map(f, 0x10000, 3 * 4096, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(map(f, 0x10000, 2 * 4096, READ_WRITE, fd, 4096), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0x7ffffffffffff000), -EINVAL);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0xfffffffffffff000), -EINVAL);
   assert_int_equal(map(f, 0x10000, 1ull << 62, READ_WRITE, fd, 0), -EINVAL);
   assert_int_equal(f->gpu->num_ranges, 0);
   assert_int_equal(map(f, 0x10000, 2 * 4096, READ_WRITE, fd, 0), 0);
   close(fd);
}

static void
file_must_be_memory(void **state)
{
   struct fixture *f = *state;
   int fds[2], fd;

   assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fds[0], 0), -EINVAL);
   close(fds[0]);
   close(fds[1]);

   fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), -EINVAL);
   close(fd);

   fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), -EINVAL);
   close(fd);
   assert_int_equal(f->gpu->num_ranges, 0);
}

static void
file_must_allow_the_access(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   char path[64];

   snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
   const int read_only = open(path, O_RDONLY | O_CLOEXEC);

   assert_true(read_only >= 0);
   close(fd);
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, read_only, 0), -EACCES);
   assert_int_equal(map(f, 0x10000, 4096, VFIO_DMA_MAP_FLAG_READ, read_only, 0), 0);
   close(read_only);
}

static void
two_files_are_too_many(void **state)
{
   struct fixture *f = *state;
   const int fds[2] = {make_memory(4096, 0), make_memory(4096, 0)};
   const struct vfio_user_dma_map map = {
      .argsz = sizeof(map), .flags = READ_WRITE, .address = 0x10000, .size_bytes = 4096};
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DMA_MAP, &map, sizeof(map), fds, 2, &reply), -EINVAL);
   close(fds[0]);
   close(fds[1]);
   assert_int_equal(f->gpu->num_ranges, 0);
}

static void
unmap_takes_no_files(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   const struct vfio_user_dma_unmap unmap = {.argsz = sizeof(unmap), .size_bytes = 4096};
   struct reply reply;

   assert_int_equal(map(f, 0, 4096, READ_WRITE, fd, 0), 0);
   assert_int_equal(call(f, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), &fd, 1, &reply), -EINVAL);
   close(fd);
   assert_int_equal(f->gpu->num_ranges, 1);
}

static void
wrong_sizes(void **state)
{
   struct fixture *f = *state;
   const struct vfio_user_dma_map map[2] = {
      {.argsz = sizeof(map[0]), .flags = READ_WRITE, .size_bytes = 4096}};
   const struct vfio_user_dma_unmap unmap[2] = {{.argsz = sizeof(unmap[0]), .size_bytes = 4096}};
   struct reply reply;

   for (size_t size = 0; size < sizeof(map); size++) {
      if (size != sizeof(map[0]))
         assert_int_equal(call(f, VFIO_USER_DMA_MAP, map, size, NULL, 0, &reply), -EINVAL);
   }
   assert_int_equal(call(f, VFIO_USER_DMA_MAP, map, sizeof(map[0]), NULL, 0, &reply), 0);
   for (size_t size = 0; size < sizeof(unmap); size++) {
      if (size != sizeof(unmap[0]))
         assert_int_equal(call(f, VFIO_USER_DMA_UNMAP, unmap, size, NULL, 0, &reply), -EINVAL);
   }
   assert_int_equal(f->gpu->num_ranges, 1);
}

static void
model_says_no(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);

   /* The mapping made for it must go: the address space of the test shows no trace of the file. */
   f->gpu->dma_map_result = -ENOMEM;
   assert_int_equal(map(f, 0x10000, 4096, READ_WRITE, fd, 0), -ENOMEM);
   f->gpu->dma_map_result = 0;
   assert_int_equal(f->dev->dma.count, 0);

   char line[512];
   FILE *maps = fopen("/proc/self/maps", "r");

   assert_non_null(maps);
   while (fgets(line, sizeof(line), maps))
      assert_null(strstr(line, "guest memory"));
   fclose(maps);
   close(fd);
}

static void
too_many_ranges(void **state)
{
   struct fixture *f = *state;

   for (unsigned i = 0; i < FAKE_MAX_RANGES; i++)
      assert_int_equal(map(f, 0x10000 * i, 4096, READ_WRITE, -1, 0), 0);
   assert_int_equal(map(f, 0x10000 * FAKE_MAX_RANGES, 4096, READ_WRITE, -1, 0), -ENOMEM);
   assert_int_equal(unmap(f, 0x10000, 4096, 0), 0);
   assert_int_equal(map(f, 0x10000 * FAKE_MAX_RANGES, 4096, READ_WRITE, -1, 0), 0);
}

static void
no_reply_wanted(void **state)
{
   struct fixture *f = *state;
   const int fd = make_memory(4096, 0);
   const struct vfio_user_dma_map map = {
      .argsz = sizeof(map), .flags = READ_WRITE, .address = 0x10000, .size_bytes = 4096};

   send_message(f, VFIO_USER_DMA_MAP, VFIO_USER_FLAGS_NO_REPLY, &map, sizeof(map), &fd, 1);
   send_message(f, VFIO_USER_DMA_MAP, VFIO_USER_FLAGS_NO_REPLY, &map, sizeof(map), &fd, 1);
   close(fd);
   expect_alive(f);
   assert_int_equal(f->gpu->num_ranges, 1);
   assert_non_null(fake_find_range(f->gpu, 0x10000)->host);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_negotiated, teardown)
   const struct CMUnitTest tests[] = {
      TEST(memory_is_shared),
      TEST(read_only_memory),
      TEST(range_without_file_is_out_of_reach),
      TEST(guest_memory_without_file_is_told),
      TEST(last_page_of_the_address_space),
      TEST(unmapping_lets_go),
      TEST(hanging_up_lets_go),
      TEST(unmap_must_be_exact),
      TEST(unmap_all),
      TEST(unmap_flags),
      TEST(overlap_is_refused),
      TEST(nonsense_ranges),
      TEST(file_must_hold_the_range),
      TEST(file_must_be_memory),
      TEST(file_must_allow_the_access),
      TEST(two_files_are_too_many),
      TEST(unmap_takes_no_files),
      TEST(wrong_sizes),
      TEST(model_says_no),
      TEST(too_many_ranges),
      TEST(no_reply_wanted),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
