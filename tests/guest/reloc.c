/*
 * SPDX-License-Identifier: MIT
 *
 * Relocations to and in userptr objects.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"

#define BATCH_DW 1024

/*
 * A batch of one MI_STORE_DATA_IMM whose parts a test may spoil. The batch is the second object.
 */
struct job {
   int fd;
   uint32_t *target;
   uint32_t batch[8];
   struct drm_i915_gem_relocation_entry reloc;
   struct drm_i915_gem_exec_object2 objects[2];
   struct drm_i915_gem_execbuffer2 execbuffer;
};

#define ADDRESS_DW 2
#define VALUE      0x5ca1ab1eu

static void
job_init(struct job *job)
{
   const uint32_t batch[] = { MI_STORE_DATA_IMM, 0, 0, VALUE, MI_BATCH_BUFFER_END, MI_NOOP };

   memset(job, 0, sizeof(*job));
   job->fd = fixture_open();
   job->target = pages_alloc(4 * GEM_PAGE_SIZE);
   memcpy(job->batch, batch, sizeof(batch));
   job->objects[0].handle = fixture_userptr(job->fd, job->target, 4 * GEM_PAGE_SIZE);
   job->objects[1].handle = fixture_object(job->fd, GEM_PAGE_SIZE);
   job->reloc = (struct drm_i915_gem_relocation_entry){
      .target_handle = job->objects[0].handle,
      .offset = ADDRESS_DW * 4,
      .presumed_offset = ~0ull,
      .read_domains = I915_GEM_DOMAIN_RENDER,
      .write_domain = I915_GEM_DOMAIN_RENDER,
   };
   job->objects[1].relocs_ptr = (uintptr_t)&job->reloc;
   job->objects[1].relocation_count = 1;
   job->execbuffer = (struct drm_i915_gem_execbuffer2){
      .buffers_ptr = (uintptr_t)job->objects,
      .buffer_count = 2,
      .batch_len = 24,
      .flags = I915_EXEC_BLT,
   };
}

static int
job_run(struct job *job)
{
   REQUIRE_OK(gem_pwrite(job->fd, job->objects[1].handle, 0, job->batch, sizeof(job->batch)));
   const int error = gem_execbuffer(job->fd, &job->execbuffer);
   return error ? error : gem_wait(job->fd, job->objects[1].handle, -1);
}

static uint32_t
batch_address_dw(const struct job *job)
{
   uint32_t address;

   REQUIRE_OK(gem_pread(job->fd, job->objects[1].handle, ADDRESS_DW * 4, &address, 4));
   return address;
}

static void
target_is_userptr(void)
{
   struct job job;

   job_init(&job);
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.target[0], VALUE);
   CHECK_EQUAL(batch_address_dw(&job), job.objects[0].offset);
   CHECK_EQUAL(job.reloc.presumed_offset, job.objects[0].offset);
   CHECK_EQUAL(job.objects[0].offset % GEM_PAGE_SIZE, 0);
}

static void
deltas(void)
{
   static const uint32_t values[] = { 4, 64, 4092, 4096, 3 * GEM_PAGE_SIZE + 2044 };

   for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
      struct job job;

      tap_note("delta %u", values[i]);
      job_init(&job);
      job.reloc.delta = values[i];
      REQUIRE_OK(job_run(&job));
      CHECK_EQUAL(job.target[values[i] / 4], VALUE);
      CHECK_EQUAL(job.target[0], 0);
      CHECK_EQUAL(batch_address_dw(&job), job.objects[0].offset + values[i]);
   }
}

/* With the right guess the kernel leaves the batch alone: what stands there is what runs. */
static void
right_presumption(void)
{
   struct job job;

   job_init(&job);
   REQUIRE_OK(job_run(&job));
   const uint64_t offset = job.objects[0].offset;
   job.target[0] = 0;
   job.reloc.presumed_offset = offset;
   job.batch[ADDRESS_DW] = offset + 16;
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.reloc.presumed_offset, offset);
   CHECK_EQUAL(job.objects[0].offset, offset);
   CHECK_EQUAL(batch_address_dw(&job), offset + 16);
   CHECK_EQUAL(job.target[4], VALUE);
   CHECK_EQUAL(job.target[0], 0);
}

static void
wrong_presumption(void)
{
   struct job job;

   job_init(&job);
   REQUIRE_OK(job_run(&job));
   job.target[0] = 0;
   job.reloc.presumed_offset = job.objects[0].offset + GEM_PAGE_SIZE;
   job.batch[ADDRESS_DW] = 0x123000;
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.reloc.presumed_offset, job.objects[0].offset);
   CHECK_EQUAL(batch_address_dw(&job), job.objects[0].offset);
   CHECK_EQUAL(job.target[0], VALUE);
}

/* The objects' offsets are right, so the kernel does not even look at the relocations. */
static void
no_reloc(void)
{
   struct job job;

   job_init(&job);
   REQUIRE_OK(job_run(&job));
   job.target[0] = 0;
   job.reloc.presumed_offset = ~0ull;
   job.batch[ADDRESS_DW] = job.objects[0].offset + 32;
   job.execbuffer.flags |= I915_EXEC_NO_RELOC;
   job.objects[0].flags |= EXEC_OBJECT_WRITE;
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.target[8], VALUE);
   CHECK_EQUAL(job.reloc.presumed_offset, -1);
}

static void
handle_lut(void)
{
   struct job job;

   job_init(&job);
   job.execbuffer.flags |= I915_EXEC_HANDLE_LUT;
   job.reloc.target_handle = 0; /* the first of the objects */
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.target[0], VALUE);
   job.reloc.target_handle = 2;
   job.reloc.presumed_offset = ~0ull;
   CHECK_ERRNO(job_run(&job), -ENOENT);
}

static void
pinned_by_user(void)
{
   struct job job;

   job_init(&job);
   job.objects[0].offset = 64 << 20;
   job.objects[0].flags = EXEC_OBJECT_PINNED | EXEC_OBJECT_WRITE;
   job.objects[1].relocation_count = 0;
   job.batch[ADDRESS_DW] = (64 << 20) + 8;
   REQUIRE_OK(job_run(&job));
   CHECK_EQUAL(job.objects[0].offset, 64 << 20);
   CHECK_EQUAL(job.target[2], VALUE);
}

/* The kernel writes the addresses into memory that is the application's. */
static void
batch_is_userptr(void)
{
   struct job job;
   uint32_t *batch = pages_alloc(GEM_PAGE_SIZE);

   job_init(&job);
   memcpy(batch, job.batch, sizeof(job.batch));
   job.objects[1].handle = fixture_userptr(job.fd, batch, GEM_PAGE_SIZE);
   REQUIRE_OK(gem_execbuffer(job.fd, &job.execbuffer));
   REQUIRE_OK(gem_wait(job.fd, job.objects[1].handle, -1));
   CHECK_EQUAL(job.target[0], VALUE);
   CHECK_EQUAL(batch[ADDRESS_DW], job.objects[0].offset);

   /* And the GPU runs it from there, without i915's parsed copy. */
   job.target[0] = 0;
   job.execbuffer.batch_len = 0;
   REQUIRE_OK(gem_execbuffer(job.fd, &job.execbuffer));
   REQUIRE_OK(gem_wait(job.fd, job.objects[1].handle, -1));
   CHECK_EQUAL(job.target[0], VALUE);
}

/* Batch, target and relocation entries in the same few pages of malloc'ed memory. */
static void
all_in_one_userptr(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(2 * GEM_PAGE_SIZE);
   struct drm_i915_gem_relocation_entry *reloc = (void *)(memory + BATCH_DW / 2);
   const uint32_t batch[] = { MI_STORE_DATA_IMM, 0, 0, VALUE, MI_BATCH_BUFFER_END, MI_NOOP };
   struct drm_i915_gem_exec_object2 object = {
      .handle = fixture_userptr(fd, memory, 2 * GEM_PAGE_SIZE),
      .relocs_ptr = (uintptr_t)reloc,
      .relocation_count = 1,
   };
   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)&object,
      .buffer_count = 1,
      .batch_len = sizeof(batch),
      .flags = I915_EXEC_BLT,
   };

   memcpy(memory, batch, sizeof(batch));
   *reloc = (struct drm_i915_gem_relocation_entry){
      .target_handle = object.handle,
      .delta = GEM_PAGE_SIZE + 12,
      .offset = ADDRESS_DW * 4,
      .presumed_offset = ~0ull,
      .read_domains = I915_GEM_DOMAIN_RENDER,
      .write_domain = I915_GEM_DOMAIN_RENDER,
   };
   REQUIRE_OK(gem_execbuffer(fd, &execbuffer));
   REQUIRE_OK(gem_wait(fd, object.handle, -1));
   CHECK_EQUAL(memory[(GEM_PAGE_SIZE + 12) / 4], VALUE);
   CHECK_EQUAL(memory[ADDRESS_DW], object.offset + GEM_PAGE_SIZE + 12);
   CHECK_EQUAL(reloc->presumed_offset, object.offset);
}

static void
many_relocations(void)
{
   enum { COUNT = 5000 };
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(COUNT * 4 + GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, gem_page_align(COUNT * 4));
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   for (uint32_t i = 0; i < COUNT; i++)
      batch_store(&batch, handle, i * 4, ~i);
   REQUIRE_OK(batch_run(&batch));
   for (uint32_t i = 0; i < COUNT; i++)
      REQUIRE_EQUAL(memory[i], ~i);
   batch_fini(&batch);
}

static void
refused(void)
{
   struct job job;

   job_init(&job);
   job.reloc.target_handle = 0xdead;
   CHECK_ERRNO(job_run(&job), -ENOENT);

   job_init(&job);
   job.reloc.offset = GEM_PAGE_SIZE;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.reloc.offset = ~0ull - 3;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.reloc.offset = ADDRESS_DW * 4 + 1;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.reloc.write_domain = I915_GEM_DOMAIN_CPU;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.reloc.read_domains = I915_GEM_DOMAIN_GTT;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.reloc.write_domain = I915_GEM_DOMAIN_RENDER | I915_GEM_DOMAIN_SAMPLER;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.objects[1].relocs_ptr = 0x1000;
   CHECK_ERRNO(job_run(&job), -EFAULT);

   job_init(&job);
   job.objects[0].handle = 0xdead;
   CHECK_ERRNO(job_run(&job), -ENOENT);

   job_init(&job);
   job.execbuffer.batch_len = 20; /* no whole QWords */
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   job.execbuffer.batch_len = 2 * GEM_PAGE_SIZE;
   CHECK_ERRNO(job_run(&job), -EINVAL);

   job_init(&job);
   CHECK_ERRNO(job_run(&job), 0);
}

static const struct tap_test tests[] = {
   { "to a userptr object", target_is_userptr },
   { "deltas", deltas },
   { "right presumed offset", right_presumption },
   { "wrong presumed offset", wrong_presumption },
   { "no relocation wanted", no_reloc },
   { "handles by index", handle_lut },
   { "address chosen by the application", pinned_by_user },
   { "batch in a userptr object", batch_is_userptr },
   { "batch, target and entries in one userptr object", all_in_one_userptr },
   { "5000 relocations", many_relocations },
   { "refused", refused },
};

TAP_MAIN(tests, 60)
