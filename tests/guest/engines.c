/*
 * SPDX-License-Identifier: MIT
 *
 * The three engines of Ivybridge: commands, order, independence, contexts.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(a[0]))

static const struct engine {
   const char *name;
   uint64_t flag;
   uint16_t class;
   uint32_t timestamp; /* register */
} engines[] = {
   { "render", I915_EXEC_RENDER, I915_ENGINE_CLASS_RENDER, 0x2358 },
   { "video", I915_EXEC_BSD, I915_ENGINE_CLASS_VIDEO, 0x12358 },
   { "blitter", I915_EXEC_BLT, I915_ENGINE_CLASS_COPY, 0x22358 },
};

#define FOR_EACH_ENGINE(e)                                                                      \
   for (const struct engine *e = engines; e < engines + ARRAY_SIZE(engines); e++)

/* A post-sync write of the render engine (IVB PRM Vol2 Part 1, PIPE_CONTROL). */
#define PIPE_CONTROL                 (3u << 29 | 3u << 27 | 2u << 24 | 3)
#define PIPE_CONTROL_CS_STALL        (1u << 20)
#define PIPE_CONTROL_WRITE_IMMEDIATE (1u << 14)

static void
parameters(void)
{
   static const struct { int param, expected; const char *name; } table[] = {
      { I915_PARAM_CHIPSET_ID, 0x0162, "chipset" },
      { I915_PARAM_HAS_BSD, 1, "video engine" },
      { I915_PARAM_HAS_BLT, 1, "blitter" },
      { I915_PARAM_HAS_VEBOX, 0, "video enhancement engine" },
      { I915_PARAM_HAS_LLC, 1, "LLC" },
      { I915_PARAM_HAS_ALIASING_PPGTT, 1, "aliasing PPGTT" },
      { I915_PARAM_HAS_GPU_RESET, 2, "reset of single engines" },
      { I915_PARAM_CMD_PARSER_VERSION, 10, "command parser" },
   };
   const int fd = fixture_open();

   for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
      int value = -1;

      tap_note("%s", table[i].name);
      CHECK_ERRNO(gem_getparam(fd, table[i].param, &value), 0);
      CHECK_EQUAL(value, table[i].expected);
   }
}

static void
no_such_engine(void)
{
   const int fd = fixture_open();
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_VEBOX);
   CHECK_ERRNO(batch_run(&batch), -EINVAL);
   batch_fini(&batch);
   batch_init(&batch, fd, 63);
   CHECK_ERRNO(batch_run(&batch), -EINVAL);
   batch_fini(&batch);
}

static void
store(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   uint32_t value = 0x1000;

   FOR_EACH_ENGINE(engine) {
      for (unsigned unparsed = 0; unparsed < 2; unparsed++) {
         struct batch batch;

         tap_note("%s engine%s", engine->name, unparsed ? ", not parsed" : "");
         batch_init(&batch, fd, engine->flag);
         batch.unparsed = unparsed;
         batch_store(&batch, handle, 20, ++value);
         REQUIRE_OK(batch_run(&batch));
         CHECK_EQUAL(memory[5], value);
         batch_fini(&batch);
      }
   }
}

static void
many_small_batches(void)
{
   const int fd = fixture_open();

   /* More than a ring holds, so that each wraps. */
   FOR_EACH_ENGINE(engine) {
      struct batch batch;

      tap_note("%s engine", engine->name);
      batch_init(&batch, fd, engine->flag);
      REQUIRE_OK(batch_run(&batch));
      struct drm_i915_gem_exec_object2 object = { .handle = batch.handle };
      struct drm_i915_gem_execbuffer2 execbuffer = {
         .buffers_ptr = (uintptr_t)&object,
         .buffer_count = 1,
         .batch_len = 8,
         .flags = engine->flag,
      };
      for (unsigned i = 0; i < 2000; i++)
         REQUIRE_OK(gem_execbuffer(fd, &execbuffer));
      REQUIRE_OK(gem_wait(fd, batch.handle, -1));
      batch_fini(&batch);
   }
}

static void
long_batch(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(engine) {
      struct batch batch;

      tap_note("%s engine", engine->name);
      memory[0] = 0;
      batch_init(&batch, fd, engine->flag);
      for (unsigned i = 0; i < 1 << 18; i++)
         batch_emit(&batch, MI_NOOP);
      batch_store(&batch, handle, 0, 1);
      REQUIRE_OK(batch_run(&batch));
      CHECK_EQUAL(memory[0], 1);
      batch_fini(&batch);
   }
}

static void
post_sync_writes(void)
{
   const int fd = fixture_open();
   uint64_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   struct batch batch;

   FOR_EACH_ENGINE(engine) {
      tap_note("%s engine", engine->name);
      memory[1] = 0;
      batch_init(&batch, fd, engine->flag);
      if (engine->flag == I915_EXEC_RENDER) {
         batch_emit(&batch, PIPE_CONTROL);
         batch_emit(&batch, PIPE_CONTROL_CS_STALL | PIPE_CONTROL_WRITE_IMMEDIATE);
      } else {
         batch_emit(&batch, MI_FLUSH_DW | MI_FLUSH_DW_WRITE_IMMEDIATE);
      }
      batch_address(&batch, handle, 8, true);
      batch_emit(&batch, 0x89abcdef);
      batch_emit(&batch, 0x01234567);
      REQUIRE_OK(batch_run(&batch));
      CHECK_EQUAL(memory[1], 0x0123456789abcdef);
      batch_fini(&batch);
   }
}

static void
timestamps(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(engine) {
      uint32_t last = 0;

      if (engine->flag == I915_EXEC_BSD)
         continue; /* i915 lets its batches read no register */
      tap_note("%s engine", engine->name);
      for (unsigned i = 0; i < 3; i++) {
         struct batch batch;

         batch_init(&batch, fd, engine->flag);
         batch_emit(&batch, MI_STORE_REGISTER_MEM);
         batch_emit(&batch, engine->timestamp);
         batch_address(&batch, handle, 0, true);
         REQUIRE_OK(batch_run(&batch));
         batch_fini(&batch);
         if (i)
            CHECK((int32_t)(memory[0] - last) > 0);
         last = memory[0];
         usleep(1000);
      }
   }
}

/* Work on one object goes in order of submission, whichever engine does it. */
static void
order_across_engines(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(1 << 20);
   const uint32_t handle = fixture_userptr(fd, memory, 1 << 20);
   const struct blt_surface surface = { .handle = handle, .pitch_bytes = 4096, .cpp = 4 };

   for (uint32_t i = 1; i <= 10; i++) {
      struct batch fill, render, video;

      batch_init(&fill, fd, I915_EXEC_BLT);
      for (unsigned j = 0; j < 8; j++)
         blt_fill(&fill, &surface, 0, 0, 1024, 256, i);
      batch_init(&render, fd, I915_EXEC_RENDER);
      batch_store(&render, handle, 4096, i + 0x1000);
      batch_init(&video, fd, I915_EXEC_BSD);
      batch_store(&video, handle, 4096, i + 0x2000);
      batch_store(&video, handle, 8192, i + 0x3000);
      REQUIRE_OK(batch_submit(&fill));
      REQUIRE_OK(batch_submit(&render));
      REQUIRE_OK(batch_submit(&video));
      REQUIRE_OK(gem_wait(fd, handle, -1));
      REQUIRE_EQUAL(memory[0], i);
      REQUIRE_EQUAL(memory[1024], i + 0x2000);
      REQUIRE_EQUAL(memory[2048], i + 0x3000);
      REQUIRE_EQUAL(memory[(1 << 18) - 1], i);
      batch_fini(&fill);
      batch_fini(&render);
      batch_fini(&video);
   }
}

/* Engines that have nothing to do with each other do not wait for each other. */
static void
independence(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(busy) {
      struct spin spin;

      REQUIRE_OK(spin_start(&spin, fd, busy->flag, 0, NULL, 0));
      FOR_EACH_ENGINE(free) {
         struct batch batch;

         if (free == busy)
            continue;
         tap_note("%s engine, while the %s engine is busy", free->name, busy->name);
         memory[0] = 0;
         const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
         batch_init(&batch, fd, free->flag);
         batch_store(&batch, handle, 0, 1);
         REQUIRE_OK(batch_submit(&batch));
         CHECK_ERRNO(gem_wait(fd, batch.handle, 1000000000), 0);
         CHECK_EQUAL(memory[0], 1);
         CHECK_ERRNO(gem_wait(fd, spin.handle, 0), -ETIME);
         batch_fini(&batch);
         gem_close(fd, handle);
      }
      spin_fini(&spin);
   }
}

static void
busy_says_which(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(GEM_PAGE_SIZE), GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(engine) {
      struct spin spin;
      uint32_t busy = 0;

      tap_note("%s engine", engine->name);
      REQUIRE_OK(spin_start(&spin, fd, engine->flag, 0, &handle, 1));
      REQUIRE_OK(gem_busy(fd, handle, &busy));
      CHECK_EQUAL(busy, 0x10000u << engine->class | (engine->class + 1));
      REQUIRE_OK(gem_busy(fd, spin.handle, &busy));
      CHECK_EQUAL(busy, 0x10000u << engine->class);
      CHECK_ERRNO(gem_wait(fd, handle, 0), -ETIME);
      spin_end(&spin);
      CHECK_ERRNO(gem_wait(fd, handle, -1), 0);
      REQUIRE_OK(gem_busy(fd, handle, &busy));
      CHECK_EQUAL(busy, 0);
      spin_fini(&spin);
   }
}

static void
chained_batches(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(engine) {
      struct batch first, second;

      tap_note("%s engine", engine->name);
      memset(memory, 0, GEM_PAGE_SIZE);
      /* The second runs alone once, and then as the end of the first. */
      batch_init(&second, fd, engine->flag);
      second.unparsed = true;
      batch_store(&second, handle, 8, 2);
      REQUIRE_OK(batch_run(&second));
      CHECK_EQUAL(memory[2], 2);
      memory[2] = 0;

      batch_init(&first, fd, engine->flag);
      first.unparsed = true;
      batch_store(&first, handle, 4, 1);
      batch_emit(&first, MI_BATCH_BUFFER_START | MI_BATCH_PPGTT);
      batch_address(&first, second.handle, 0, false);
      batch_store(&first, handle, 12, 3); /* never reached */
      REQUIRE_OK(batch_run(&first));
      CHECK_EQUAL(memory[1], 1);
      CHECK_EQUAL(memory[2], 2);
      CHECK_EQUAL(memory[3], 0);
      batch_fini(&first);
      batch_fini(&second);
   }
}

static void
out_fence(void)
{
   const int fd = fixture_open();
   struct spin spin;
   struct batch batch;

   REQUIRE_OK(spin_start(&spin, fd, I915_EXEC_BLT, 0, NULL, 0));
   batch_init(&batch, fd, I915_EXEC_BLT);
   REQUIRE_OK(batch_submit(&batch));
   struct drm_i915_gem_exec_object2 object = { .handle = batch.handle };
   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)&object,
      .buffer_count = 1,
      .batch_len = 8,
      .flags = I915_EXEC_BLT | I915_EXEC_FENCE_OUT,
   };
   REQUIRE_OK(gem_ioctl(fd, DRM_IOCTL_I915_GEM_EXECBUFFER2_WR, &execbuffer));
   struct pollfd fence = { .fd = execbuffer.rsvd2 >> 32, .events = POLLIN };
   CHECK_EQUAL(poll(&fence, 1, 0), 0);
   spin_end(&spin);
   CHECK_EQUAL(poll(&fence, 1, 2000), 1);
   spin_fini(&spin);
   batch_fini(&batch);
}

static void
contexts(void)
{
   enum { COUNT = 8 };
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE), ids[COUNT];
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   for (unsigned i = 0; i < COUNT; i++)
      REQUIRE_OK(gem_context_create(fd, &ids[i]));
   for (unsigned round = 1; round <= 5; round++) {
      FOR_EACH_ENGINE(engine) {
         for (unsigned i = 0; i < COUNT; i++) {
            struct batch batch;

            batch_init(&batch, fd, engine->flag);
            batch.context = ids[i];
            batch_store(&batch, handle, 4 * i, round * 100 + i);
            REQUIRE_OK(batch_submit(&batch));
            batch_fini(&batch);
         }
      }
      REQUIRE_OK(gem_wait(fd, handle, -1));
      for (unsigned i = 0; i < COUNT; i++)
         CHECK_EQUAL(memory[i], round * 100 + i);
   }
   for (unsigned i = 0; i < COUNT; i++)
      CHECK_ERRNO(gem_context_destroy(fd, ids[i]), 0);
   CHECK_ERRNO(gem_context_destroy(fd, ids[0]), -ENOENT);
}

/* A register that batches may write: each context of the render engine has its own value of it. */
static void
contexts_keep_registers(void)
{
   enum { COUNT = 3, MI_PREDICATE_SRC0 = 0x2400 };
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE), ids[COUNT];
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   struct batch batch;

   for (unsigned i = 0; i < COUNT; i++) {
      REQUIRE_OK(gem_context_create(fd, &ids[i]));
      batch_init(&batch, fd, I915_EXEC_RENDER);
      batch.context = ids[i];
      batch_emit(&batch, MI_LOAD_REGISTER_IMM);
      batch_emit(&batch, MI_PREDICATE_SRC0);
      batch_emit(&batch, 0xa0000000 + i);
      REQUIRE_OK(batch_run(&batch));
      batch_fini(&batch);
   }
   for (unsigned i = 0; i < COUNT; i++) {
      batch_init(&batch, fd, I915_EXEC_RENDER);
      batch.context = ids[i];
      batch_emit(&batch, MI_STORE_REGISTER_MEM);
      batch_emit(&batch, MI_PREDICATE_SRC0);
      batch_address(&batch, handle, 4 * i, true);
      REQUIRE_OK(batch_run(&batch));
      CHECK_EQUAL(memory[i], 0xa0000000 + i);
      batch_fini(&batch);
   }
}

/*
 * A batch may not write the GGTT: i915 does not run this one as privileged, and the hardware
 * ignores the command.
 */
static void
privileged_store_is_ignored(void)
{
   const int fd = fixture_open();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);

   FOR_EACH_ENGINE(engine) {
      struct batch batch;

      tap_note("%s engine", engine->name);
      memory[0] = memory[1] = 0;
      batch_init(&batch, fd, engine->flag);
      batch_emit(&batch, MI_STORE_DATA_IMM | 1u << 22);
      batch_emit(&batch, 0);
      batch_address(&batch, handle, 0, true);
      batch_emit(&batch, 0xbad);
      batch_store(&batch, handle, 4, 0x600d);
      REQUIRE_OK(batch_run(&batch));
      CHECK_EQUAL(memory[0], 0);
      CHECK_EQUAL(memory[1], 0x600d);
      batch_fini(&batch);
   }
}

static void
malformed_batches(void)
{
   const int fd = fixture_open();

   FOR_EACH_ENGINE(engine) {
      struct batch batch;

      tap_note("%s engine", engine->name);
      /* A client that no engine has: i915's parser finds no length for it. */
      batch_init(&batch, fd, engine->flag);
      batch_emit(&batch, 4u << 29);
      CHECK_ERRNO(batch_run(&batch), -EINVAL);
      batch_fini(&batch);
      /* A command that is longer than the batch. */
      batch_init(&batch, fd, engine->flag);
      batch_emit(&batch, MI_STORE_DATA_IMM | 0x3f);
      CHECK_ERRNO(batch_run(&batch), -EINVAL);
      batch_fini(&batch);
   }
}

static const struct tap_test tests[] = {
   { "parameters", parameters },
   { "no such engine: EINVAL", no_such_engine },
   { "MI_STORE_DATA_IMM", store },
   { "2000 batches", many_small_batches },
   { "a batch of 1 MiB", long_batch },
   { "post-sync writes", post_sync_writes },
   { "timestamps", timestamps },
   { "order across engines", order_across_engines },
   { "independence", independence },
   { "busy says which engine", busy_says_which },
   { "chained batches", chained_batches },
   { "out fence", out_fence },
   { "contexts", contexts },
   { "contexts keep registers", contexts_keep_registers },
   { "privileged store is ignored", privileged_store_is_ignored },
   { "malformed batches: EINVAL", malformed_batches },
};

TAP_MAIN(tests, 60)
