/*
 * SPDX-License-Identifier: MIT
 *
 * The uAPI of i915 as the in-process front end plays it: raw ioctls, what they do and what they
 * refuse. Expected errno are those of Linux 6.12 (i915_gem_userptr.c, i915_gem_execbuffer.c).
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <drm.h>
#include <i915_drm.h>

#define PAGE 4096ull
#define MI_NOOP 0u
#define MI_BATCH_BUFFER_END (0x0au << 23)
#define XY_SRC_COPY_BLT_8BPP ((2u << 29) | (0x53u << 22) | 6)
#define ROP_COPY (0xccu << 16)

static int fd = -1;

/* A page that blit() unmaps when its batch is made: an object made later could take its place. */
static uint8_t *page_to_unmap;

/** \return 0 or negative errno */
static int
call(unsigned long request, void *arg)
{
   return ioctl(fd, request, arg) == -1 ? -errno : 0;
}

static int
setup(void **state)
{
   fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
   return fd < 0;
}

static int
teardown(void **state)
{
   return close(fd);
}

static uint32_t
gem_create(uint64_t size)
{
   struct drm_i915_gem_create args = { .size = size };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_CREATE, &args), 0);
   return args.handle;
}

static void
gem_close(uint32_t handle)
{
   struct drm_gem_close args = { .handle = handle };
   assert_int_equal(call(DRM_IOCTL_GEM_CLOSE, &args), 0);
}

static int
gem_write(uint32_t handle, uint64_t offset, const void *data, uint64_t size)
{
   struct drm_i915_gem_pwrite args = {
      .handle = handle, .offset = offset, .size = size, .data_ptr = (uintptr_t)data,
   };
   return call(DRM_IOCTL_I915_GEM_PWRITE, &args);
}

static int
gem_read(uint32_t handle, uint64_t offset, void *data, uint64_t size)
{
   struct drm_i915_gem_pread args = {
      .handle = handle, .offset = offset, .size = size, .data_ptr = (uintptr_t)data,
   };
   return call(DRM_IOCTL_I915_GEM_PREAD, &args);
}

static int
userptr(const void *memory, uint64_t size, uint32_t flags, uint32_t *handle)
{
   struct drm_i915_gem_userptr args = {
      .user_ptr = (uintptr_t)memory, .user_size = size, .flags = flags,
   };
   const int ret = call(DRM_IOCTL_I915_GEM_USERPTR, &args);
   if (handle)
      *handle = args.handle;
   return ret;
}

static uint8_t *
map_pages(unsigned count, int prot)
{
   void *memory = mmap(NULL, count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   assert_ptr_not_equal(memory, MAP_FAILED);
   return memory;
}

/** Copies `len` bytes (below 32 KiB) from one object to the other with the blitter. */
static int
blit(uint32_t to, uint32_t from, uint32_t len, uint64_t pinned)
{
   const uint32_t batch[] = {
      XY_SRC_COPY_BLT_8BPP, ROP_COPY | 4096, 0, 1u << 16 | len, 0, 0, 4096, 0, MI_BATCH_BUFFER_END,
      MI_NOOP,
   };
   const uint32_t handle = gem_create(PAGE);
   assert_int_equal(gem_write(handle, 0, batch, sizeof(batch)), 0);
   struct drm_i915_gem_relocation_entry relocs[] = {
      { .target_handle = 0, .offset = 16, .presumed_offset = ~0ull,
        .read_domains = I915_GEM_DOMAIN_RENDER, .write_domain = I915_GEM_DOMAIN_RENDER },
      { .target_handle = 1, .offset = 28, .presumed_offset = ~0ull,
        .read_domains = I915_GEM_DOMAIN_RENDER },
   };
   struct drm_i915_gem_exec_object2 objects[] = {
      { .handle = to, .flags = EXEC_OBJECT_WRITE | (pinned ? EXEC_OBJECT_PINNED : 0),
        .offset = pinned },
      { .handle = from },
      { .handle = handle, .relocation_count = 2, .relocs_ptr = (uintptr_t)relocs },
   };
   struct drm_i915_gem_execbuffer2 args = {
      .buffers_ptr = (uintptr_t)objects, .buffer_count = 3,
      .flags = I915_EXEC_BLT | I915_EXEC_HANDLE_LUT,
   };
   if (page_to_unmap)
      munmap(page_to_unmap, PAGE);
   page_to_unmap = NULL;
   const int ret = call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &args);
   if (!ret) {
      assert_int_equal(relocs[0].presumed_offset, objects[0].offset);
      if (pinned)
         assert_int_equal(objects[0].offset, pinned);
   }
   gem_close(handle);
   return ret;
}

static void
test_userptr_errno(void **state)
{
   uint8_t *memory = map_pages(4, PROT_READ | PROT_WRITE);
   uint8_t *hole = memory + PAGE;

   assert_int_equal(userptr(memory, PAGE, 1u << 5, NULL), -EINVAL);
   assert_int_equal(userptr(memory, 0, 0, NULL), -EINVAL);
   assert_int_equal(userptr(memory + 64, PAGE, 0, NULL), -EINVAL);
   assert_int_equal(userptr(memory, PAGE - 64, 0, NULL), -EINVAL);
   assert_int_equal(userptr(memory, 1ull << 60, 0, NULL), -E2BIG);
   assert_int_equal(userptr((void *)(uintptr_t)0xffff800000000000ull, PAGE, 0, NULL), -EFAULT);
   assert_int_equal(userptr((void *)(uintptr_t)0x7fffffffe000ull, 2 * PAGE, 0, NULL), -EFAULT);
   assert_int_equal(userptr(memory, PAGE, I915_USERPTR_READ_ONLY, NULL), -ENODEV);
   assert_int_equal(userptr(memory, PAGE, I915_USERPTR_UNSYNCHRONIZED, NULL), -ENODEV);

   munmap(hole, PAGE);
   assert_int_equal(userptr(hole, PAGE, 0, NULL), 0);
   assert_int_equal(userptr(hole, PAGE, I915_USERPTR_PROBE, NULL), -EFAULT);
   assert_int_equal(userptr(memory, 3 * PAGE, I915_USERPTR_PROBE, NULL), -EFAULT);
   assert_int_equal(userptr(memory, PAGE, I915_USERPTR_PROBE, NULL), 0);
   assert_int_equal(userptr(memory + 2 * PAGE, 2 * PAGE, I915_USERPTR_PROBE, NULL), 0);
   munmap(memory, PAGE);
   munmap(memory + 2 * PAGE, 2 * PAGE);
}

static void
test_userptr_object(void **state)
{
   uint8_t *memory = map_pages(1, PROT_READ | PROT_WRITE);
   uint32_t handle, word = 1;

   assert_int_equal(userptr(memory, PAGE, 0, &handle), 0);
   assert_int_equal(gem_write(handle, 0, &word, 4), -EINVAL);
   assert_int_equal(gem_read(handle, 0, &word, 4), -EINVAL);
   struct drm_i915_gem_mmap map = { .handle = handle, .size = PAGE };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_MMAP, &map), -ENXIO);
   struct drm_i915_gem_mmap_offset offset = { .handle = handle, .flags = I915_MMAP_OFFSET_WB };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_MMAP_OFFSET, &offset), -ENODEV);
   struct drm_i915_gem_set_tiling tiling = {
      .handle = handle, .tiling_mode = I915_TILING_X, .stride = 512,
   };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_SET_TILING, &tiling), -ENXIO);
   struct drm_i915_gem_set_domain domain = {
      .handle = handle, .read_domains = I915_GEM_DOMAIN_CPU,
   };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_SET_DOMAIN, &domain), 0);
   munmap(memory, PAGE);
   assert_int_equal(call(DRM_IOCTL_I915_GEM_SET_DOMAIN, &domain), -EFAULT);
   gem_close(handle);
}

static void
test_userptr_copies_in_place(void **state)
{
   uint8_t *from = map_pages(2, PROT_READ | PROT_WRITE);
   uint8_t *to = map_pages(2, PROT_READ | PROT_WRITE);
   uint32_t handles[2];

   for (unsigned i = 0; i < PAGE; i++)
      from[i] = i * 7 + 3;
   assert_int_equal(userptr(to, 2 * PAGE, 0, &handles[0]), 0);
   assert_int_equal(userptr(from, 2 * PAGE, 0, &handles[1]), 0);
   assert_int_equal(blit(handles[0], handles[1], 4000, 0), 0);
   assert_memory_equal(to, from, 4000);
   assert_int_equal(to[4000], 0);
   /* The same objects again, after the application has changed its memory. */
   from[5] ^= 0xff;
   assert_int_equal(blit(handles[0], handles[1], 4000, 0), 0);
   assert_memory_equal(to, from, 4000);
   gem_close(handles[0]);
   gem_close(handles[1]);
   munmap(from, 2 * PAGE);
   munmap(to, 2 * PAGE);
}

static void
test_userptr_bad_at_exec(void **state)
{
   uint8_t *good = map_pages(1, PROT_READ | PROT_WRITE);
   uint8_t *bad = map_pages(2, PROT_READ | PROT_WRITE);
   uint32_t handles[2];

   assert_int_equal(userptr(good, PAGE, 0, &handles[0]), 0);
   assert_int_equal(userptr(bad, 2 * PAGE, 0, &handles[1]), 0);
   assert_int_equal(blit(handles[0], handles[1], 64, 0), 0);
   mprotect(bad + PAGE, PAGE, PROT_READ);
   assert_int_equal(blit(handles[0], handles[1], 64, 0), -EFAULT);
   mprotect(bad + PAGE, PAGE, PROT_NONE);
   assert_int_equal(blit(handles[1], handles[0], 64, 0), -EFAULT);
   page_to_unmap = bad + PAGE;
   assert_int_equal(blit(handles[0], handles[1], 64, 0), -EFAULT);
   /* New memory at the old place is what the object is then. */
   assert_ptr_equal(mmap(bad, 2 * PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), bad);
   memset(bad, 0x5a, 64);
   assert_int_equal(blit(handles[0], handles[1], 64, 0), 0);
   assert_memory_equal(good, bad, 64);
   gem_close(handles[0]);
   gem_close(handles[1]);
   munmap(good, PAGE);
   munmap(bad, 2 * PAGE);
}

static void
test_softpin(void **state)
{
   const uint32_t from = gem_create(PAGE), to = gem_create(PAGE);
   uint8_t data[64], back[64];

   memset(data, 0xc3, sizeof(data));
   assert_int_equal(gem_write(from, 0, data, sizeof(data)), 0);
   assert_int_equal(blit(to, from, sizeof(data), 0x01230000), 0);
   assert_int_equal(gem_read(to, 0, back, sizeof(back)), 0);
   assert_memory_equal(data, back, sizeof(data));
   assert_int_equal(blit(to, from, sizeof(data), 0x01230010), -EINVAL);
   gem_close(from);
   gem_close(to);
}

static int
exec_one(uint32_t handle, uint64_t flags, uint32_t context)
{
   struct drm_i915_gem_exec_object2 object = { .handle = handle };
   struct drm_i915_gem_execbuffer2 args = {
      .buffers_ptr = (uintptr_t)&object, .buffer_count = 1, .flags = flags, .rsvd1 = context,
   };
   return call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &args);
}

static void
test_exec_errno(void **state)
{
   const uint32_t end[] = { MI_BATCH_BUFFER_END, MI_NOOP };
   const uint32_t handle = gem_create(PAGE);

   assert_int_equal(gem_write(handle, 0, end, sizeof(end)), 0);
   assert_int_equal(exec_one(handle, I915_EXEC_RENDER, 0), 0);
   assert_int_equal(exec_one(handle, I915_EXEC_BLT, 0), 0);
   assert_int_equal(exec_one(12345, I915_EXEC_RENDER, 0), -ENOENT);
   assert_int_equal(exec_one(handle, I915_EXEC_RENDER, 999), -ENOENT);
   assert_int_equal(exec_one(handle, I915_EXEC_VEBOX, 0), -EINVAL);
   assert_int_equal(exec_one(handle, ~0ull << 40, 0), -EINVAL);

   struct drm_i915_gem_exec_object2 twice[2] = { { .handle = handle }, { .handle = handle } };
   struct drm_i915_gem_execbuffer2 args = { .buffers_ptr = (uintptr_t)twice, .buffer_count = 2 };
   assert_int_equal(call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &args), -EINVAL);
   args.buffer_count = 0;
   assert_int_equal(call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &args), -EINVAL);
   args.buffer_count = 1;
   args.buffers_ptr = 16;
   assert_int_equal(call(DRM_IOCTL_I915_GEM_EXECBUFFER2, &args), -EFAULT);
   gem_close(handle);
   struct drm_gem_close gone = { .handle = handle };
   assert_int_equal(call(DRM_IOCTL_GEM_CLOSE, &gone), -EINVAL);
}

static void
test_hang_bans(void **state)
{
   const uint32_t end[] = { MI_BATCH_BUFFER_END, MI_NOOP };
   const uint32_t bad[] = { 0x3fu << 23, MI_BATCH_BUFFER_END };
   const uint32_t good = gem_create(PAGE), hangs = gem_create(PAGE);
   struct drm_i915_gem_context_create create[2] = { 0 };
   struct drm_i915_reset_stats stats = { 0 };

   for (unsigned i = 0; i < 2; i++)
      assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create[i]), 0);
   assert_int_equal(gem_write(good, 0, end, sizeof(end)), 0);
   assert_int_equal(gem_write(hangs, 0, bad, sizeof(bad)), 0);
   assert_int_equal(exec_one(hangs, I915_EXEC_RENDER, create[0].ctx_id), -EIO);
   assert_int_equal(exec_one(good, I915_EXEC_RENDER, create[0].ctx_id), -EIO);
   stats.ctx_id = create[0].ctx_id;
   assert_int_equal(call(DRM_IOCTL_I915_GET_RESET_STATS, &stats), 0);
   assert_int_equal(stats.batch_active, 1);
   /* The others go on, on both engines. */
   assert_int_equal(exec_one(good, I915_EXEC_RENDER, create[1].ctx_id), 0);
   assert_int_equal(exec_one(good, I915_EXEC_BLT, create[1].ctx_id), 0);
   for (unsigned i = 0; i < 2; i++) {
      struct drm_i915_gem_context_destroy destroy = { .ctx_id = create[i].ctx_id };
      assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &destroy), 0);
      assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &destroy), -ENOENT);
   }
   gem_close(good);
   gem_close(hangs);
}

static void
test_new_file(void **state)
{
   const uint32_t bad[] = { 0x3fu << 23, MI_BATCH_BUFFER_END };
   const uint32_t end[] = { MI_BATCH_BUFFER_END, MI_NOOP };
   uint32_t handle = gem_create(PAGE);

   assert_int_equal(gem_write(handle, 0, bad, sizeof(bad)), 0);
   assert_int_equal(exec_one(handle, I915_EXEC_RENDER, 0), -EIO);
   assert_int_equal(exec_one(handle, I915_EXEC_RENDER, 0), -EIO);
   assert_int_equal(close(fd), 0);
   assert_int_equal(setup(state), 0);
   /* Nothing of the old file is left: not its object, not its banned context. */
   assert_int_equal(gem_write(handle, 0, end, sizeof(end)), -ENOENT);
   handle = gem_create(PAGE);
   assert_int_equal(gem_write(handle, 0, end, sizeof(end)), 0);
   assert_int_equal(exec_one(handle, I915_EXEC_RENDER, 0), 0);
}

/* Without a buffer that can be exported there is no window; what exports one is not there. */
static void
test_prime(void **state)
{
   struct drm_get_cap cap = { .capability = DRM_CAP_PRIME };
   struct drm_prime_handle args = { .handle = gem_create(PAGE), .fd = -1 };

   assert_int_equal(call(DRM_IOCTL_GET_CAP, &cap), 0);
   assert_int_equal(cap.value, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT);
   assert_int_equal(call(DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), -EOPNOTSUPP);
   assert_int_equal(call(DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), -EOPNOTSUPP);
   gem_close(args.handle);
}

/* The item's length as it comes back. */
static int
query(uint64_t id, uint32_t flags, int length, void *data)
{
   struct drm_i915_query_item item = {
      .query_id = id, .flags = flags, .length = length, .data_ptr = (uintptr_t)data,
   };
   struct drm_i915_query args = { .num_items = 1, .items_ptr = (uintptr_t)&item };

   const int ret = call(DRM_IOCTL_I915_QUERY, &args);
   return ret ? ret : item.length;
}

/* What i915 of Linux 6.12 answers on the virtual GPU, whose video engine is not played here. */
static void
test_queries(void **state)
{
   union {
      struct drm_i915_query_engine_info engines;
      struct drm_i915_query_memory_regions memory;
      uint8_t bytes[256];
   } data = { 0 };
   static const struct {
      uint32_t id, flags;
      int length;
   } refused[] = {
      { 0, 0, -EINVAL },
      { DRM_I915_QUERY_TOPOLOGY_INFO, 0, -ENODEV },
      { DRM_I915_QUERY_TOPOLOGY_INFO, 1, -EINVAL },
      { DRM_I915_QUERY_ENGINE_INFO, 1, -EINVAL },
      { DRM_I915_QUERY_PERF_CONFIG, 0, -EINVAL },
      { DRM_I915_QUERY_PERF_CONFIG, DRM_I915_QUERY_PERF_CONFIG_LIST, -ENODEV },
      { DRM_I915_QUERY_PERF_CONFIG, DRM_I915_QUERY_PERF_CONFIG_DATA_FOR_ID, -ENODEV },
      { DRM_I915_QUERY_MEMORY_REGIONS, 1, -EINVAL },
      { DRM_I915_QUERY_HWCONFIG_BLOB, 0, -ENODEV },
      { DRM_I915_QUERY_GEOMETRY_SUBSLICES, 0, -ENODEV },
      { 7 /* GUC_SUBMISSION_VERSION: newer than libdrm's header */, 0, -ENODEV },
      { 8, 0, -EINVAL },
   };

   for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
      assert_int_equal(query(refused[i].id, refused[i].flags, 0, NULL), refused[i].length);

   const int engines_bytes = query(DRM_I915_QUERY_ENGINE_INFO, 0, 0, NULL);
   assert_int_equal(engines_bytes, sizeof(data.engines) + 2 * sizeof(struct drm_i915_engine_info));
   assert_int_equal(query(DRM_I915_QUERY_ENGINE_INFO, 0, engines_bytes - 1, &data), -EINVAL);
   assert_int_equal(query(DRM_I915_QUERY_ENGINE_INFO, 0, engines_bytes, (void *)16), -EFAULT);
   assert_int_equal(query(DRM_I915_QUERY_ENGINE_INFO, 0, engines_bytes, &data), engines_bytes);
   assert_int_equal(data.engines.num_engines, 2);
   assert_int_equal(data.engines.engines[0].engine.engine_class, I915_ENGINE_CLASS_RENDER);
   assert_int_equal(data.engines.engines[1].engine.engine_class, I915_ENGINE_CLASS_COPY);
   /* Whoever asks must have set the header to 0. */
   assert_int_equal(query(DRM_I915_QUERY_ENGINE_INFO, 0, engines_bytes, &data), -EINVAL);

   memset(&data, 0, sizeof(data));
   assert_int_equal(query(DRM_I915_QUERY_MEMORY_REGIONS, 0, sizeof(data), &data), 104);
   assert_int_equal(data.memory.num_regions, 1);
   assert_int_equal(data.memory.regions[0].region.memory_class, I915_MEMORY_CLASS_SYSTEM);
   assert_int_equal(data.memory.regions[0].probed_size,
                    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void
test_sseu(void **state)
{
   struct drm_i915_gem_context_param_sseu sseu = {
      .engine.engine_class = I915_ENGINE_CLASS_COPY, .slice_mask = 0xff,
   };
   struct drm_i915_gem_context_param args = { .param = I915_CONTEXT_PARAM_SSEU };

   assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &args), 0);
   assert_int_equal(args.size, sizeof(sseu));
   args.value = (uintptr_t)&sseu;
   assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &args), 0);
   assert_int_equal(sseu.engine.engine_class, I915_ENGINE_CLASS_COPY);
   assert_int_equal(sseu.slice_mask, 0);
   args.size = sizeof(sseu);
   assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_SETPARAM, &args), -ENODEV);
   args.size = sizeof(sseu) - 1;
   assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &args), -EINVAL);
   args.size = sizeof(sseu);
   sseu.flags = I915_CONTEXT_SSEU_FLAG_ENGINE_INDEX;
   assert_int_equal(call(DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &args), -EINVAL);
}

static void
test_objects(void **state)
{
   const uint32_t handle = gem_create(PAGE + 1);
   uint8_t byte = 7;
   struct drm_i915_gem_create none = { .size = 0 };
   struct drm_i915_gem_mmap_offset offset = { .handle = handle, .flags = I915_MMAP_OFFSET_WB };

   assert_int_equal(call(DRM_IOCTL_I915_GEM_CREATE, &none), -EINVAL);
   assert_int_equal(gem_write(handle, 2 * PAGE, &byte, 1), -EINVAL);
   assert_int_equal(gem_write(handle, 100, (void *)16, 1), -EFAULT);
   assert_int_equal(gem_write(handle, 100, &byte, 1), 0);
   assert_int_equal(call(DRM_IOCTL_I915_GEM_MMAP_OFFSET, &offset), 0);
   uint8_t *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
   assert_ptr_not_equal(map, MAP_FAILED);
   assert_int_equal(map[100], 7);
   munmap(map, 2 * PAGE);
   gem_close(handle);
   /* Memory comes back as zeros. */
   const uint32_t next = gem_create(2 * PAGE);
   assert_int_equal(gem_read(next, 100, &byte, 1), 0);
   assert_int_equal(byte, 0);
   gem_close(next);
}

static void
test_parameters(void **state)
{
   static const struct {
      int param, value;
   } expected[] = {
      { I915_PARAM_CHIPSET_ID, 0x0162 }, { I915_PARAM_HAS_LLC, 1 },
      { I915_PARAM_HAS_ALIASING_PPGTT, 1 }, { I915_PARAM_HAS_EXEC_SOFTPIN, 1 },
      { I915_PARAM_HAS_USERPTR_PROBE, 1 }, { I915_PARAM_MMAP_GTT_VERSION, 4 },
      { I915_PARAM_PERF_REVISION, 7 },
   };

   for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
      int value = -1;
      drm_i915_getparam_t args = { .param = expected[i].param, .value = &value };
      assert_int_equal(call(DRM_IOCTL_I915_GETPARAM, &args), 0);
      assert_int_equal(value, expected[i].value);
   }
   int value;
   drm_i915_getparam_t args = { .param = 9999, .value = &value };
   assert_int_equal(call(DRM_IOCTL_I915_GETPARAM, &args), -EINVAL);
   args.param = I915_PARAM_CHIPSET_ID;
   args.value = (int *)16;
   assert_int_equal(call(DRM_IOCTL_I915_GETPARAM, &args), -EFAULT);
}

static int
syncobj_wait(uint32_t handle)
{
   struct drm_syncobj_wait args = { .handles = (uintptr_t)&handle, .count_handles = 1 };
   return call(DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

/*
 * Signalled and reset by hand, all of an array or none: a driver does so for a batch that was
 * refused.
 */
static void
test_syncobj(void **state)
{
   struct drm_syncobj_create create = { 0 };
   uint32_t handles[3];

   for (int i = 0; i < 2; i++) {
      assert_int_equal(call(DRM_IOCTL_SYNCOBJ_CREATE, &create), 0);
      handles[i] = create.handle;
      assert_int_equal(syncobj_wait(handles[i]), -EINVAL);
   }
   handles[2] = 4000;
   struct drm_syncobj_array args = { .handles = (uintptr_t)handles, .count_handles = 3 };
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_SIGNAL, &args), -ENOENT);
   assert_int_equal(syncobj_wait(handles[0]), -EINVAL);
   args.count_handles = 0;
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_SIGNAL, &args), -EINVAL);
   args.count_handles = 2;
   args.pad = 1;
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_SIGNAL, &args), -EINVAL);
   args.pad = 0;
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_SIGNAL, &args), 0);
   for (int i = 0; i < 2; i++)
      assert_int_equal(syncobj_wait(handles[i]), 0);
   args.count_handles = 1;
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_RESET, &args), 0);
   assert_int_equal(syncobj_wait(handles[0]), -EINVAL);
   assert_int_equal(syncobj_wait(handles[1]), 0);
   args.handles = 8;
   assert_int_equal(call(DRM_IOCTL_SYNCOBJ_RESET, &args), -EFAULT);
   for (int i = 0; i < 2; i++) {
      struct drm_syncobj_destroy destroy = { .handle = handles[i] };
      assert_int_equal(call(DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), 0);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_parameters, setup, teardown),
      cmocka_unit_test_setup_teardown(test_prime, setup, teardown),
      cmocka_unit_test_setup_teardown(test_queries, setup, teardown),
      cmocka_unit_test_setup_teardown(test_sseu, setup, teardown),
      cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
      cmocka_unit_test_setup_teardown(test_userptr_errno, setup, teardown),
      cmocka_unit_test_setup_teardown(test_userptr_object, setup, teardown),
      cmocka_unit_test_setup_teardown(test_userptr_copies_in_place, setup, teardown),
      cmocka_unit_test_setup_teardown(test_userptr_bad_at_exec, setup, teardown),
      cmocka_unit_test_setup_teardown(test_softpin, setup, teardown),
      cmocka_unit_test_setup_teardown(test_exec_errno, setup, teardown),
      cmocka_unit_test_setup_teardown(test_hang_bans, setup, teardown),
      cmocka_unit_test_setup_teardown(test_new_file, setup, teardown),
      cmocka_unit_test_setup_teardown(test_syncobj, setup, teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
