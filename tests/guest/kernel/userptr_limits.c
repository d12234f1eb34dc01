/*
 * SPDX-License-Identifier: MIT
 *
 * Objects that are too large: an error at once, and neither memory nor warnings spent on them.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "pins.h"

/* TAINT_WARN: set by every WARN() of the kernel, see Documentation/admin-guide/tainted-kernels.rst */
#define TAINT_WARN (1ull << 9)

#define GIB (1ull << 30)
#define MIB (1ull << 20)

static uint64_t
gtt_size_bytes(int fd)
{
   struct drm_i915_gem_context_param args = { .param = I915_CONTEXT_PARAM_GTT_SIZE };

   REQUIRE_OK(gem_ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &args));
   return args.value;
}

static uint64_t
kernel_taint(void)
{
   FILE *file = fopen("/proc/sys/kernel/tainted", "re");
   unsigned long long taint;

   REQUIRE(file != NULL);
   REQUIRE_EQUAL(fscanf(file, "%llu", &taint), 1);
   fclose(file);
   return taint;
}

/* Addresses without memory */
static uint8_t *
reserve(uint64_t size_bytes)
{
   return pages_map(size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

/* A range as long as one likes, of 2 MiB of memory. */
static uint8_t *
map_repeatedly(uint64_t size_bytes)
{
   const int fd = memfd_create("userptr_limits", MFD_CLOEXEC);

   REQUIRE(fd >= 0);
   REQUIRE_EQUAL(ftruncate(fd, 2 * MIB), 0);

   uint8_t *memory = reserve(size_bytes);
   for (uint64_t offset = 0; offset < size_bytes; offset += 2 * MIB) {
      REQUIRE(mmap(memory + offset, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                   0) != MAP_FAILED);
   }
   close(fd);
   return memory;
}

static void
gtt_size(void)
{
   const int fd = fixture_open();
   const uint64_t size = gtt_size_bytes(fd);
   uint8_t *memory = reserve(size + GEM_PAGE_SIZE);
   uint32_t handle;

   tap_note("the GTT has %llu MiB", (unsigned long long)(size / MIB));
   CHECK_ERRNO(gem_userptr(fd, memory, size, 0, &handle), 0);
   CHECK_ERRNO(gem_userptr(fd, memory, size + GEM_PAGE_SIZE, 0, &handle), -E2BIG);
}

/* 4 GiB is where 32 bits of size are 0; the GTT of an Ivybridge has 2 GiB. */
static void
four_gib(void)
{
   const int fd = fixture_open();
   const uint64_t size = 4 * GIB;
   uint8_t *memory = map_repeatedly(size);
   const int64_t before = pins_count();
   uint32_t handle;
   const int error = gem_userptr(fd, memory, size, 0, &handle);

   if (gtt_size_bytes(fd) < size) {
      CHECK_ERRNO(error, -E2BIG);
      if (!error) {
         const int used = gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, 0);

         tap_note("set-domain of it: %d, %lld pages pinned", used,
                  (long long)(pins_count() - before));
      }
      return;
   }

   /* Where it can be bound, the last page must be where it belongs. */
   REQUIRE_OK(error);
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_store(&batch, handle, 0, 0x11111111);
   batch_store(&batch, handle, GIB - GEM_PAGE_SIZE, 0x22222222);
   REQUIRE_OK(batch_run(&batch));
   CHECK_EQUAL(*(uint32_t *)memory, 0x11111111);
   CHECK_EQUAL(*(uint32_t *)(memory + size - GEM_PAGE_SIZE), 0x22222222);
   batch_fini(&batch);
}

static void
one_tib(void)
{
   const int fd = fixture_open();
   const uint64_t size = 1024 * GIB;
   uint8_t *memory = reserve(size);
   const uint64_t taint = kernel_taint();
   uint32_t handle;
   const int error = gem_userptr(fd, memory, size, 0, &handle);

   CHECK(error == -E2BIG || gtt_size_bytes(fd) >= size);
   if (!error)
      CHECK(gem_set_domain(fd, handle, I915_GEM_DOMAIN_CPU, 0) < 0);
   CHECK_EQUAL(kernel_taint() & ~taint & TAINT_WARN, 0);
}

static const struct tap_test tests[] = {
   { "gtt-size", gtt_size },
   { "4-gib", four_gib },
   { "1-tib", one_tib },
};

TAP_MAIN(tests, 120)
