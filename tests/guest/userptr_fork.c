/*
 * SPDX-License-Identifier: MIT
 *
 * Userptr and more than one process: fork and its copy-on-write, shared memory, many at once.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

#define SIZE (16 * GEM_PAGE_SIZE)

struct shared {
   int fd;
   uint8_t *memory;
   uint32_t handle, object;
   volatile uint32_t *step; /* in memory that all processes share */
};

static void
wait_for_step(volatile uint32_t *step, uint32_t value)
{
   while (__atomic_load_n(step, __ATOMIC_SEQ_CST) < value)
      usleep(500);
}

static void
set_step(volatile uint32_t *step, uint32_t value)
{
   __atomic_store_n(step, value, __ATOMIC_SEQ_CST);
}

static struct shared
set_up(int map_flags)
{
   struct shared s = { .fd = fixture_open() };

   s.memory = pages_map(SIZE, PROT_READ | PROT_WRITE, map_flags | MAP_ANONYMOUS, -1);
   s.handle = fixture_userptr(s.fd, s.memory, SIZE);
   s.object = fixture_object(s.fd, SIZE);
   s.step = pages_map(GEM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
   return s;
}

/** Fills the memory by the GPU. */
static void
gpu_fill(const struct shared *s, uint8_t value)
{
   uint8_t *data = malloc(SIZE);

   memset(data, value, SIZE);
   REQUIRE_OK(gem_pwrite(s->fd, s->object, 0, data, SIZE));
   REQUIRE_OK(blt_run_copy_bytes(s->fd, s->handle, 0, s->object, 0, SIZE));
   free(data);
}

static void
check_filled(const uint8_t *memory, uint8_t value)
{
   for (size_t i = 0; i < SIZE; i++)
      REQUIRE_EQUAL(memory[i], value);
}

static void
child_sees_the_old(void *data)
{
   const struct shared *s = data;

   wait_for_step(s->step, 1);
   check_filled(s->memory, 0x11);
}

/* Private memory: what the GPU writes after the fork is its owner's alone. */
static void
gpu_writes_after_fork(void)
{
   struct shared s = set_up(MAP_PRIVATE);

   gpu_fill(&s, 0x11);
   check_filled(s.memory, 0x11);
   const pid_t child = tap_child(child_sees_the_old, &s);
   gpu_fill(&s, 0x22);
   check_filled(s.memory, 0x22);
   set_step(s.step, 1);
   tap_join(child);
}

/* The same when the pages were not in use at the fork: the next use must get the parent's. */
static void
gpu_first_writes_after_fork(void)
{
   struct shared s = set_up(MAP_PRIVATE);

   memset(s.memory, 0x11, SIZE);
   const pid_t child = tap_child(child_sees_the_old, &s);
   gpu_fill(&s, 0x22);
   check_filled(s.memory, 0x22);
   set_step(s.step, 1);
   tap_join(child);
}

static void
child_writes(void *data)
{
   const struct shared *s = data;

   memset(s->memory, 0x33, SIZE);
   set_step(s->step, 1);
   wait_for_step(s->step, 2);
   check_filled(s->memory, 0x33);
}

/* The child's copy leaves the parent, and the GPU, the pages that they had. */
static void
child_writes_its_copy(void)
{
   struct shared s = set_up(MAP_PRIVATE);

   gpu_fill(&s, 0x11);
   const pid_t child = tap_child(child_writes, &s);
   wait_for_step(s.step, 1);
   check_filled(s.memory, 0x11);
   gpu_fill(&s, 0x22);
   check_filled(s.memory, 0x22);
   set_step(s.step, 2);
   tap_join(child);
}

static void
cpu_writes_after_fork(void)
{
   struct shared s = set_up(MAP_PRIVATE);
   uint8_t *arrived = malloc(SIZE);

   gpu_fill(&s, 0x11);
   const pid_t child = tap_child(child_sees_the_old, &s);
   /* Should this give the parent new pages, then the GPU must follow. */
   memset(s.memory, 0x44, SIZE);
   REQUIRE_OK(blt_run_copy_bytes(s.fd, s.object, 0, s.handle, 0, SIZE));
   REQUIRE_OK(gem_pread(s.fd, s.object, 0, arrived, SIZE));
   check_filled(arrived, 0x44);
   gpu_fill(&s, 0x55);
   check_filled(s.memory, 0x55);
   set_step(s.step, 1);
   tap_join(child);
}

static void
use_parents_handle(void *data)
{
   const struct shared *s = data;

   CHECK_ERRNO(try_execbuffer(s->fd, s->handle), -EFAULT);
   /* Other objects of the file are no business of one address space. */
   CHECK_ERRNO(try_execbuffer(s->fd, s->object), 0);
}

static void
childs_use_of_parents_handle(void)
{
   struct shared s = set_up(MAP_PRIVATE);

   tap_join(tap_child(use_parents_handle, &s));
   gpu_fill(&s, 0x11);
   tap_join(tap_child(use_parents_handle, &s));
   gpu_fill(&s, 0x22);
   check_filled(s.memory, 0x22);
}

static void
wrap_own_copy(void *data)
{
   const struct shared *s = data;
   /* The parent's file and the child's memory. */
   struct shared own = *s;

   own.handle = fixture_userptr(own.fd, own.memory, SIZE);
   own.object = fixture_object(own.fd, SIZE);
   gpu_fill(&own, 0x66);
   check_filled(own.memory, 0x66);
   check_gpu_writes(fixture_open(), own.memory, SIZE);
   set_step(s->step, 1);
}

static void
child_wraps_its_copy(void)
{
   struct shared s = set_up(MAP_PRIVATE);

   gpu_fill(&s, 0x11);
   const pid_t child = tap_child(wrap_own_copy, &s);
   wait_for_step(s.step, 1);
   check_filled(s.memory, 0x11);
   tap_join(child);
   gpu_fill(&s, 0x22);
   check_filled(s.memory, 0x22);
}

static void
child_sees_the_new(void *data)
{
   const struct shared *s = data;

   wait_for_step(s->step, 1);
   check_filled(s->memory, 0x22);
   /* And with an object of its own, of the same memory. */
   struct shared own = { .fd = fixture_open(), .memory = s->memory };
   own.handle = fixture_userptr(own.fd, own.memory, SIZE);
   own.object = fixture_object(own.fd, SIZE);
   gpu_fill(&own, 0x77);
   set_step(s->step, 2);
}

/* Shared memory: what either one's GPU work writes, both see. */
static void
two_processes_share(void)
{
   struct shared s = set_up(MAP_SHARED);
   uint8_t *arrived = malloc(SIZE);

   gpu_fill(&s, 0x11);
   const pid_t child = tap_child(child_sees_the_new, &s);
   gpu_fill(&s, 0x22);
   set_step(s.step, 1);
   wait_for_step(s.step, 2);
   check_filled(s.memory, 0x77);
   REQUIRE_OK(blt_run_copy_bytes(s.fd, s.object, 0, s.handle, 0, SIZE));
   REQUIRE_OK(gem_pread(s.fd, s.object, 0, arrived, SIZE));
   check_filled(arrived, 0x77);
   tap_join(child);
}

static void
exit_at_once(void *data)
{
   (void)data;
}

static void
fork_while_the_gpu_works(void)
{
   struct shared s = set_up(MAP_PRIVATE);
   struct spin spin;
   struct batch batch;

   memset(s.memory, 0x11, SIZE);
   REQUIRE_OK(spin_start(&spin, s.fd, I915_EXEC_BLT, 0, NULL, 0));
   batch_init(&batch, s.fd, I915_EXEC_BLT);
   batch_store(&batch, s.handle, 64, 0xabcd1234);
   REQUIRE_OK(batch_submit(&batch));
   tap_join(tap_child(exit_at_once, NULL));
   const pid_t child = tap_child(child_sees_the_old, &s);
   s.memory[0] = 0x99;
   spin_fini(&spin);
   REQUIRE_OK(gem_wait(s.fd, batch.handle, -1));
   CHECK_EQUAL(*(uint32_t *)(s.memory + 64), 0xabcd1234);
   CHECK_EQUAL(s.memory[0], 0x99);
   set_step(s.step, 1);
   tap_join(child);
}

static void
work(void *data)
{
   const unsigned seed = (uintptr_t)data;
   const int fd = fixture_open();

   for (unsigned i = 0; i < 8; i++) {
      const size_t size = ((seed * 7 + i * 3) % 40 + 1) * GEM_PAGE_SIZE;
      uint8_t *from = pages_alloc(size), *to = pages_alloc(size);
      const uint32_t source = fixture_userptr(fd, from, size);
      const uint32_t destination = fixture_userptr(fd, to, size);
      const uint32_t object = fixture_object(fd, size);

      pattern_fill(from, size, seed * 100 + i);
      REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, source, 0, size));
      REQUIRE_OK(blt_run_copy_bytes(fd, destination, 0, object, 0, size));
      REQUIRE(CHECK_BYTES(to, from, size));
      munmap(from, size);
      munmap(to, size);
      gem_close(fd, source);
      gem_close(fd, destination);
      gem_close(fd, object);
   }
}

static void
many_processes(void)
{
   enum { COUNT = 24 };
   pid_t children[COUNT];

   for (unsigned i = 0; i < COUNT; i++)
      children[i] = tap_child(work, (void *)(uintptr_t)i);
   for (unsigned i = 0; i < COUNT; i++)
      tap_join(children[i]);
}

static const struct tap_test tests[] = {
   { "the GPU writes after a fork", gpu_writes_after_fork },
   { "the GPU first writes after a fork", gpu_first_writes_after_fork },
   { "the CPU writes after a fork", cpu_writes_after_fork },
   { "the child writes its copy", child_writes_its_copy },
   { "the child uses the parent's object: EFAULT", childs_use_of_parents_handle },
   { "the child wraps its copy", child_wraps_its_copy },
   { "two processes share memory", two_processes_share },
   { "fork while the GPU works", fork_while_the_gpu_works },
   { "24 processes at once", many_processes },
};

TAP_MAIN(tests, 120)
