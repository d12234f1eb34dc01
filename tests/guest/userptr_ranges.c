/*
 * SPDX-License-Identifier: MIT
 *
 * Ranges that are no whole pages of this process's memory, each with its exact errno.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"

#define PAGES(n) ((uint64_t)(n) * GEM_PAGE_SIZE)

static int
create(int fd, uint64_t pointer, uint64_t size_bytes, uint32_t flags)
{
   uint32_t handle = 0;
   const int error = gem_userptr(fd, (void *)(uintptr_t)pointer, size_bytes, flags, &handle);

   if (!error) {
      CHECK(handle != 0);
      gem_close(fd, handle);
   }
   return error;
}

static void
zero_size(void)
{
   const int fd = fixture_open();
   const uint64_t memory = (uintptr_t)pages_alloc(PAGES(1));

   CHECK_ERRNO(create(fd, memory, 0, 0), -EINVAL);
   CHECK_ERRNO(create(fd, 0, 0, 0), -EINVAL);
   CHECK_ERRNO(create(fd, memory, 0, I915_USERPTR_PROBE), -EINVAL);
}

static void
unaligned_pointer(void)
{
   const int fd = fixture_open();
   const uint64_t memory = (uintptr_t)pages_alloc(PAGES(3));
   static const uint32_t offsets[] = { 1, 4, 64, 2048, 4095 };

   for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
      tap_note("offset %u", offsets[i]);
      CHECK_ERRNO(create(fd, memory + offsets[i], PAGES(1), 0), -EINVAL);
   }
}

static void
unaligned_size(void)
{
   const int fd = fixture_open();
   const uint64_t memory = (uintptr_t)pages_alloc(PAGES(3));
   static const uint32_t sizes[] = { 1, 4, 64, 4095, 4097, 8191 };

   for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
      tap_note("size %u", sizes[i]);
      CHECK_ERRNO(create(fd, memory, sizes[i], 0), -EINVAL);
   }
}

static void
overflow(void)
{
   const int fd = fixture_open();
   const uint64_t last_page = ~0ull & ~(uint64_t)(GEM_PAGE_SIZE - 1);

   CHECK_ERRNO(create(fd, last_page, PAGES(1), 0), -EFAULT);
   CHECK_ERRNO(create(fd, last_page, PAGES(2), 0), -EFAULT);
   /* The last page that a process can have, with five-level page tables, and the one behind. */
   CHECK_ERRNO(create(fd, 0xffffffffffe000, PAGES(2), 0), -EFAULT);
}

/*
 * Ranges that are larger than what the GPU can address and than what there is. A kernel that
 * compares with the GPU's address space (kernel-patches/) says E2BIG before it looks further.
 */
static void
too_large(void)
{
   static const uint64_t sizes[] = { 1ull << 57, 1ull << 63, ~0ull - (GEM_PAGE_SIZE - 1) };
   const int fd = fixture_open();
   const uint64_t memory = (uintptr_t)pages_alloc(PAGES(1));

   for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
      const int error = create(fd, memory, sizes[i], 0);

      tap_note("size 0x%" PRIx64 ": %d", sizes[i], error);
      CHECK(error == -EFAULT || error == -E2BIG);
   }
}

static void
kernel_addresses(void)
{
   const int fd = fixture_open();

   CHECK_ERRNO(create(fd, 0xffff888000000000ull, PAGES(1), 0), -EFAULT);
   CHECK_ERRNO(create(fd, 0xffffffff81000000ull, PAGES(1), 0), -EFAULT);
   /* Between the two halves of the address space. */
   CHECK_ERRNO(create(fd, 0x8000000000000000ull, PAGES(1), 0), -EFAULT);
}

static void
unknown_flags(void)
{
   const int fd = fixture_open();
   const uint64_t memory = (uintptr_t)pages_alloc(PAGES(1));

   /* The bits which no kernel has given a meaning. */
   for (unsigned bit = 8; bit < 31; bit++)
      REQUIRE_ERRNO(create(fd, memory, PAGES(1), 1u << bit), -EINVAL);
}

static void
unsynchronized(void)
{
   CHECK_ERRNO(create(fixture_open(), (uintptr_t)pages_alloc(PAGES(1)), PAGES(1),
                      I915_USERPTR_UNSYNCHRONIZED), -ENODEV);
}

/* Gen7's page tables have no bit for it, and a pretence would let the GPU write. */
static void
read_only(void)
{
   CHECK_ERRNO(create(fixture_open(), (uintptr_t)pages_alloc(PAGES(1)), PAGES(1),
                      I915_USERPTR_READ_ONLY), -ENODEV);
}

/** Ranges whose pages cannot be had: refused when probed, otherwise when used. */
static void
check_faults(void *memory, uint64_t size_bytes)
{
   const int fd = fixture_open();
   uint32_t handle;

   CHECK_ERRNO(create(fd, (uintptr_t)memory, size_bytes, I915_USERPTR_PROBE), -EFAULT);
   REQUIRE_OK(gem_userptr(fd, memory, size_bytes, 0, &handle));
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   /* It stays so, and the device with it. */
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   check_gpu_writes(fd, pages_alloc(PAGES(1)), PAGES(1));
}

static void
unmapped(void)
{
   uint8_t *memory = pages_alloc(PAGES(4));

   munmap(memory, PAGES(4));
   check_faults(memory, PAGES(4));
}

static void
null(void)
{
   check_faults(NULL, PAGES(1));
}

static void
hole(void)
{
   uint8_t *memory = pages_alloc(PAGES(5));

   munmap(memory + PAGES(2), PAGES(1));
   check_faults(memory, PAGES(5));
}

static void
beyond_the_end(void)
{
   uint8_t *memory = pages_alloc(PAGES(4));

   munmap(memory + PAGES(3), PAGES(1));
   check_faults(memory, PAGES(4));
}

static void
before_the_beginning(void)
{
   uint8_t *memory = pages_alloc(PAGES(4));

   munmap(memory, PAGES(1));
   check_faults(memory, PAGES(4));
}

/* Several mappings next to each other are one range. */
static void
several_mappings(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(PAGES(6));

   REQUIRE(mmap(memory + PAGES(2), PAGES(2), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
   CHECK_ERRNO(create(fd, (uintptr_t)memory, PAGES(6), I915_USERPTR_PROBE), 0);
   check_gpu_reads(fd, memory, PAGES(6));
   check_gpu_writes(fd, memory, PAGES(6));
}

/* Every page of a range counts, and not its neighbours: the pages around are not there. */
static void
exactly_these_pages(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(PAGES(4));

   munmap(memory, PAGES(1));
   munmap(memory + PAGES(3), PAGES(1));
   check_gpu_reads(fd, memory + PAGES(1), PAGES(2));
   check_gpu_writes(fd, memory + PAGES(1), PAGES(2));
}

static const struct tap_test tests[] = {
   { "zero size: EINVAL", zero_size },
   { "unaligned pointer: EINVAL", unaligned_pointer },
   { "unaligned size: EINVAL", unaligned_size },
   { "end beyond the address space: EFAULT", overflow },
   { "too large: EFAULT or E2BIG", too_large },
   { "kernel addresses: EFAULT", kernel_addresses },
   { "unknown flags: EINVAL", unknown_flags },
   { "unsynchronized: ENODEV", unsynchronized },
   { "read-only on Gen7: ENODEV", read_only },
   { "unmapped: EFAULT", unmapped },
   { "null: EFAULT", null },
   { "a hole: EFAULT", hole },
   { "beyond the end: EFAULT", beyond_the_end },
   { "before the beginning: EFAULT", before_the_beginning },
   { "several mappings", several_mappings },
   { "exactly these pages", exactly_these_pages },
};

TAP_MAIN(tests, 60)
