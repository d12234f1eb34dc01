/*
 * SPDX-License-Identifier: MIT
 *
 * I915_USERPTR_BYTE_RANGE: objects made of any range of bytes.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"
#include "pins.h"

/* Not in libdrm's header: this uAPI is proposed by kernel-patches/. */
#ifndef I915_USERPTR_BYTE_RANGE
#define I915_USERPTR_BYTE_RANGE          0x4
#define I915_PARAM_HAS_USERPTR_BYTE_RANGE 60
#endif

#define PAGES  4
#define SIZE   (PAGES * (size_t)GEM_PAGE_SIZE)
#define OFFSET 0x7c4u /* of the range in its first page */

static int
open_with_byte_ranges(void)
{
   const int fd = fixture_open();
   int value = 0;

   REQUIRE_OK(gem_getparam(fd, I915_PARAM_HAS_USERPTR_BYTE_RANGE, &value));
   REQUIRE_EQUAL(value, 1);
   return fd;
}

static uint32_t
byte_range(int fd, void *memory, uint64_t size_bytes)
{
   uint32_t handle;

   REQUIRE_OK(gem_userptr(fd, memory, size_bytes, I915_USERPTR_BYTE_RANGE, &handle));
   return handle;
}

static void
arguments(void)
{
   const int fd = open_with_byte_ranges();
   uint8_t *memory = pages_alloc(SIZE);
   uint32_t handle;

   CHECK_ERRNO(gem_userptr(fd, memory + 1, GEM_PAGE_SIZE, 0, &handle), -EINVAL);
   CHECK_ERRNO(gem_userptr(fd, memory, GEM_PAGE_SIZE - 1, 0, &handle), -EINVAL);
   CHECK_ERRNO(gem_userptr(fd, memory + 1, 0, I915_USERPTR_BYTE_RANGE, &handle), -EINVAL);
   CHECK_ERRNO(gem_userptr(fd, memory + 1, 1, I915_USERPTR_BYTE_RANGE, &handle), 0);
   CHECK_ERRNO(gem_userptr(fd, memory, SIZE, I915_USERPTR_BYTE_RANGE, &handle), 0);
   CHECK_ERRNO(gem_userptr(fd, memory + 1, ~0ull, I915_USERPTR_BYTE_RANGE, &handle), -E2BIG);
   CHECK_ERRNO(gem_userptr(fd, (void *)-8192ul, 8191, I915_USERPTR_BYTE_RANGE, &handle), -EFAULT);
   munmap(memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE);
   CHECK_ERRNO(gem_userptr(fd, memory + GEM_PAGE_SIZE - 1, 1,
                           I915_USERPTR_BYTE_RANGE | I915_USERPTR_PROBE, &handle), 0);
   CHECK_ERRNO(gem_userptr(fd, memory + GEM_PAGE_SIZE - 1, 2,
                           I915_USERPTR_BYTE_RANGE | I915_USERPTR_PROBE, &handle), -EFAULT);
}

/* Two bytes may be two pages. */
static void
pages_touched(void)
{
   static const struct {
      unsigned offset, size, pages;
   } ranges[] = {
      { 0, 1, 1 },
      { 4095, 1, 1 },
      { 4095, 2, 2 },
      { 1, 4096, 2 },
      { 0, 8192, 2 },
      { 100, 8192, 3 },
   };
   const int fd = open_with_byte_ranges();
   uint8_t *memory = pages_alloc(SIZE);
   const int64_t before = pins_count();

   for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
      const uint32_t handle = byte_range(fd, memory + ranges[i].offset, ranges[i].size);

      REQUIRE_OK(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, 0));
      CHECK_EQUAL(pins_count() - before, ranges[i].pages);
      REQUIRE_OK(gem_close(fd, handle));
      CHECK(pins_wait(before, 1000) >= 0);
   }
}

/* A relocation points to the first byte of the range, and nothing else is written. */
static void
store(void)
{
   const int fd = open_with_byte_ranges();
   uint8_t *memory = pages_alloc(SIZE), *expected = malloc(SIZE);
   const uint32_t value = 0x600df00d;

   pattern_fill(memory, SIZE, 5);
   memcpy(expected, memory, SIZE);
   const uint32_t handle = byte_range(fd, memory + OFFSET, GEM_PAGE_SIZE);
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_store(&batch, handle, 0, value);
   batch_store(&batch, handle, GEM_PAGE_SIZE - 4, ~value);
   REQUIRE_OK(batch_run(&batch));
   memcpy(expected + OFFSET, &value, 4);
   memcpy(expected + OFFSET + GEM_PAGE_SIZE - 4, &(uint32_t){ ~value }, 4);
   CHECK_BYTES(memory, expected, SIZE);
   batch_fini(&batch);
}

/* Rows of bytes at odd addresses, to and from. */
static void
copy(void)
{
   const int fd = open_with_byte_ranges();
   uint8_t *memory = pages_alloc(SIZE), *expected = malloc(SIZE);

   pattern_fill(memory, SIZE, 6);
   memcpy(expected, memory, SIZE);

   const struct blt_surface source = { .handle = byte_range(fd, memory + 3, 64 * 64),
                                       .pitch_bytes = 64, .cpp = 1 };
   const struct blt_surface destination = { .handle = byte_range(fd, memory + 8191, 64 * 64),
                                            .pitch_bytes = 64, .cpp = 1 };
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy(&batch, &destination, 0, 0, &source, 0, 0, 64, 64);
   REQUIRE_OK(batch_run(&batch));
   memcpy(expected + 8191, expected + 3, 64 * 64);
   CHECK_BYTES(memory, expected, SIZE);
   batch_fini(&batch);
}

struct submission {
   uint32_t batch, handle;
   struct drm_i915_gem_relocation_entry reloc;
   struct drm_i915_gem_exec_object2 objects[2];
};

/* One relocation at DWord 1 of a batch that does nothing. */
static int
submit(int fd, struct submission *submission, uint64_t flags)
{
   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)submission->objects,
      .buffer_count = 2,
      .flags = I915_EXEC_BLT | flags,
   };

   submission->objects[0].handle = submission->handle;
   submission->objects[1].handle = submission->batch;
   submission->objects[1].relocs_ptr = (uintptr_t)&submission->reloc;
   submission->objects[1].relocation_count = 1;
   submission->reloc.target_handle = submission->handle;
   submission->reloc.read_domains = I915_GEM_DOMAIN_RENDER;
   submission->reloc.offset = 4;
   const int error = gem_execbuffer(fd, &execbuffer);

   return error ? error : gem_wait(fd, submission->batch, -1);
}

static struct submission
submission(int fd, uint32_t handle)
{
   const uint32_t dw[4] = { MI_BATCH_BUFFER_END, 0xdeadbeef };
   struct submission submission = { .batch = fixture_object(fd, GEM_PAGE_SIZE), .handle = handle };

   REQUIRE_OK(gem_pwrite(fd, submission.batch, 0, dw, sizeof(dw)));
   return submission;
}

static uint32_t
relocated(int fd, const struct submission *submission)
{
   uint32_t value;

   REQUIRE_OK(gem_pread(fd, submission->batch, 4, &value, sizeof(value)));
   return value;
}

/* What stands in the batch is presumed_offset + delta; the object itself is where its page is. */
static void
presumed_offset(void)
{
   const int fd = open_with_byte_ranges();
   const uint32_t untouched = 0x5ca1ab1e;
   struct submission s = submission(fd, byte_range(fd, (uint8_t *)pages_alloc(SIZE) + OFFSET, 64));

   s.reloc.delta = 16;
   s.reloc.presumed_offset = ~0ull;
   REQUIRE_OK(submit(fd, &s, 0));
   CHECK_EQUAL(s.objects[0].offset % GEM_PAGE_SIZE, 0);
   CHECK_EQUAL(s.reloc.presumed_offset, s.objects[0].offset + OFFSET);
   CHECK_EQUAL(relocated(fd, &s), s.objects[0].offset + OFFSET + 16);

   /* Presumed rightly, the batch is left alone. */
   REQUIRE_OK(gem_pwrite(fd, s.batch, 4, &untouched, 4));
   REQUIRE_OK(submit(fd, &s, 0));
   CHECK_EQUAL(relocated(fd, &s), untouched);

   /* The address of the page is not what was presumed, if the offset is not 0. */
   s.reloc.presumed_offset = s.objects[0].offset;
   REQUIRE_OK(submit(fd, &s, 0));
   CHECK_EQUAL(relocated(fd, &s), s.objects[0].offset + OFFSET + 16);
}

static void
every_offset(void)
{
   const int fd = open_with_byte_ranges();
   uint8_t *memory = pages_alloc(SIZE);

   /* All bits within a page, because the kernel keeps flags in some of them */
   for (unsigned offset = 1; offset < GEM_PAGE_SIZE; offset <<= 1) {
      struct submission s = submission(fd, byte_range(fd, memory + offset, 1));

      s.reloc.presumed_offset = ~0ull;
      REQUIRE_OK(submit(fd, &s, 0));
      CHECK_EQUAL(s.reloc.presumed_offset - s.objects[0].offset, offset);
      CHECK_EQUAL(relocated(fd, &s) - s.objects[0].offset, offset);
      REQUIRE_OK(gem_close(fd, s.handle));
      REQUIRE_OK(gem_close(fd, s.batch));
   }
}

/* The address of a softpinned object is that of its first page. */
static void
softpin(void)
{
   const uint64_t address = 64 << 20;
   const int fd = open_with_byte_ranges();
   struct submission s = submission(fd, byte_range(fd, (uint8_t *)pages_alloc(SIZE) + OFFSET, 64));

   s.objects[0].flags = EXEC_OBJECT_PINNED;
   s.objects[0].offset = address + OFFSET;
   CHECK_ERRNO(submit(fd, &s, 0), -EINVAL);
   s.objects[0].offset = address;
   s.reloc.presumed_offset = ~0ull;
   REQUIRE_OK(submit(fd, &s, 0));
   CHECK_EQUAL(s.objects[0].offset, address);
   CHECK_EQUAL(relocated(fd, &s), address + OFFSET);
}

/* As for any userptr object */
static void
refused(void)
{
   const int fd = open_with_byte_ranges();
   const uint32_t handle = byte_range(fd, (uint8_t *)pages_alloc(SIZE) + OFFSET, 64);
   uint32_t dw = 0;
   void *map;

   CHECK_ERRNO(gem_pread(fd, handle, 0, &dw, 4), -EINVAL);
   CHECK_ERRNO(gem_pwrite(fd, handle, 0, &dw, 4), -EINVAL);
   CHECK_ERRNO(gem_mmap(fd, handle, I915_MMAP_OFFSET_WB, GEM_PAGE_SIZE, &map), -ENODEV);
   CHECK_ERRNO(gem_mmap(fd, handle, I915_MMAP_OFFSET_GTT, GEM_PAGE_SIZE, &map), -ENODEV);
   CHECK_ERRNO(gem_set_tiling(fd, handle, I915_TILING_X, 512), -ENXIO);
}

static const struct tap_test tests[] = {
   { "arguments", arguments },
   { "pages-touched", pages_touched },
   { "store", store },
   { "copy", copy },
   { "presumed-offset", presumed_offset },
   { "every-offset", every_offset },
   { "softpin", softpin },
   { "refused", refused },
};

TAP_MAIN(tests, 30)
