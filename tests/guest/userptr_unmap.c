/*
 * SPDX-License-Identifier: MIT
 *
 * Memory that goes away, moves or comes back while an object is made of it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"

#define SIZE (16 * GEM_PAGE_SIZE)

static void
before_use(void)
{
   const int fd = fixture_open();
   void *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);

   munmap(memory, SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   CHECK_ERRNO(gem_close(fd, handle), 0);
}

static void
after_use(void)
{
   const int fd = fixture_open();
   void *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   munmap(memory, SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   CHECK_ERRNO(gem_close(fd, handle), 0);
}

static void
one_page_of_it(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   munmap(memory + 3 * GEM_PAGE_SIZE, GEM_PAGE_SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
}

static void
a_neighbour(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(3 * GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   munmap(memory, GEM_PAGE_SIZE);
   munmap(memory + 2 * GEM_PAGE_SIZE, GEM_PAGE_SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), 0);
}

/* The GPU keeps the pages that it works on; they are nobody else's until it has done. */
static void
during_use(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *pattern = malloc(SIZE), *arrived = malloc(SIZE);
   struct spin spin;
   struct batch batch;

   pattern_fill(pattern, SIZE, 1);
   memcpy(memory, pattern, SIZE);
   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, NULL, 0));
   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy_bytes(&batch, object, 0, handle, 0, SIZE);
   REQUIRE_OK(batch_submit(&batch));

   munmap(memory, SIZE);
   /* Whoever gets memory now would get those pages, were they free, and write to them. */
   uint8_t *others = pages_alloc(16 * SIZE);
   memset(others, 0xee, 16 * SIZE);

   spin_fini(&spin);
   REQUIRE_OK(gem_wait(fd, batch.handle, -1));
   REQUIRE_OK(gem_pread(fd, object, 0, arrived, SIZE));
   CHECK_BYTES(arrived, pattern, SIZE);
   for (size_t i = 0; i < 16 * SIZE; i++)
      REQUIRE_EQUAL(others[i], 0xee);
   /* They may well be where the object's range is, and then they are what it is made of now. */
   munmap(others, 16 * SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   batch_fini(&batch);
}

static void
written_during_use(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *pattern = malloc(SIZE);
   struct spin spin;
   struct batch batch;

   pattern_fill(pattern, SIZE, 1);
   REQUIRE_OK(gem_pwrite(fd, object, 0, pattern, SIZE));
   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, NULL, 0));
   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy_bytes(&batch, handle, 0, object, 0, SIZE);
   REQUIRE_OK(batch_submit(&batch));
   munmap(memory, SIZE);
   uint8_t *others = pages_alloc(16 * SIZE);
   memset(others, 0xee, 16 * SIZE);
   spin_fini(&spin);
   REQUIRE_OK(gem_wait(fd, batch.handle, -1));
   for (size_t i = 0; i < 16 * SIZE; i++)
      REQUIRE_EQUAL(others[i], 0xee);
   batch_fini(&batch);
}

/* The object is of the range, not of the pages that it once had. */
static void
mapped_again(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *arrived = malloc(SIZE);

   pattern_fill(memory, SIZE, 1);
   REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, handle, 0, SIZE));
   munmap(memory, SIZE);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);

   REQUIRE(mmap(memory, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) == memory);
   pattern_fill(memory, SIZE, 2);
   REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, handle, 0, SIZE));
   REQUIRE_OK(gem_pread(fd, object, 0, arrived, SIZE));
   CHECK_BYTES(arrived, memory, SIZE);
}

/* One MAP_FIXED replaces the pages in one step. */
static void
mapped_over(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *pattern = malloc(SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   for (unsigned i = 0; i < 20; i++) {
      REQUIRE(mmap(memory, SIZE, PROT_READ | PROT_WRITE,
                   MAP_ANONYMOUS | MAP_FIXED | (i % 2 ? MAP_SHARED : MAP_PRIVATE), -1, 0) ==
              memory);
      pattern_fill(pattern, SIZE, i);
      REQUIRE_OK(gem_pwrite(fd, object, 0, pattern, SIZE));
      REQUIRE_OK(blt_run_copy_bytes(fd, handle, 0, object, 0, SIZE));
      REQUIRE(CHECK_BYTES(memory, pattern, SIZE));
   }
}

static void
dropped_by_madvise(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *arrived = malloc(SIZE), *zeros = calloc(1, SIZE);

   pattern_fill(memory, SIZE, 1);
   REQUIRE_OK(try_execbuffer(fd, handle));
   REQUIRE(madvise(memory, SIZE, MADV_DONTNEED) == 0);
   memset(arrived, 0xff, SIZE);
   REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, handle, 0, SIZE));
   REQUIRE_OK(gem_pread(fd, object, 0, arrived, SIZE));
   CHECK_BYTES(arrived, zeros, SIZE);
   check_gpu_writes(fd, memory, SIZE);
}

static void
moved_away(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   uint8_t *target = pages_alloc(SIZE);
   uint8_t *moved = mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
   REQUIRE(moved == target);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   check_gpu_reads(fd, moved, SIZE);
}

static void
protected_from_writing(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   REQUIRE(mprotect(memory, SIZE, PROT_READ) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   REQUIRE(mprotect(memory, SIZE, PROT_NONE) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   REQUIRE(mprotect(memory, SIZE, PROT_READ | PROT_WRITE) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), 0);
   check_gpu_writes(fd, memory, SIZE);
}

static void
freed_heap(void)
{
   const int fd = fixture_open();
   void *memory;

   /* So large that malloc gets it by mmap and free gives it back. */
   REQUIRE(posix_memalign(&memory, GEM_PAGE_SIZE, 4 << 20) == 0);
   const uint32_t handle = fixture_userptr(fd, memory, 4 << 20);
   memset(memory, 1, 4 << 20);
   REQUIRE_OK(try_execbuffer(fd, handle));
   free(memory);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
}

static void
churn(void)
{
   const int fd = fixture_open();
   const uint32_t object = fixture_object(fd, SIZE);

   for (unsigned i = 0; i < 100; i++) {
      uint32_t *memory = pages_alloc(SIZE);
      const uint32_t handle = fixture_userptr(fd, memory, SIZE);
      struct batch batch;

      memory[0] = i;
      batch_init(&batch, fd, I915_EXEC_BLT);
      blt_copy_bytes(&batch, object, 0, handle, 0, SIZE);
      REQUIRE_OK(batch_submit(&batch));
      /* The order of the three changes from round to round. */
      if (i % 3 == 0)
         gem_close(fd, handle);
      munmap(memory, SIZE);
      if (i % 3 == 1)
         gem_close(fd, handle);
      REQUIRE_OK(gem_wait(fd, batch.handle, -1));
      if (i % 3 == 2)
         gem_close(fd, handle);
      batch_fini(&batch);

      uint32_t arrived = 0;
      REQUIRE_OK(gem_pread(fd, object, 0, &arrived, sizeof(arrived)));
      REQUIRE_EQUAL(arrived, i);
   }
}

static const struct tap_test tests[] = {
   { "munmap before use: EFAULT", before_use },
   { "munmap after use: EFAULT", after_use },
   { "munmap of one page of it: EFAULT", one_page_of_it },
   { "munmap of a neighbour", a_neighbour },
   { "munmap while the GPU reads", during_use },
   { "munmap while the GPU writes", written_during_use },
   { "mapped again at the same address", mapped_again },
   { "mapped over", mapped_over },
   { "dropped by MADV_DONTNEED", dropped_by_madvise },
   { "moved away by mremap: EFAULT", moved_away },
   { "protected from writing: EFAULT", protected_from_writing },
   { "freed heap memory: EFAULT", freed_heap },
   { "create, use, close and unmap in any order", churn },
};

TAP_MAIN(tests, 60)
