/*
 * SPDX-License-Identifier: MIT
 *
 * Objects over client memory that the driver keeps for the next transfer: what the memory becomes meanwhile must not
 * matter, and nothing that was given back may be held.
 *
 * Only kernels that release the pages of idle objects (I915_PARAM_HAS_USERPTR_RELEASE) let the driver keep any: there the
 * tests have to see that it does, and on others that it does not.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gl.h"
#include "pin_counters.h"
#include "spy.h"
#include "tap.h"

#define SIDE   128
#define SIZE   (SIDE * SIDE * 4)
#define PAGES  (SIZE / PAGE)
#define GUARD  0xa5
#define OBJECTS 8 /* INTEL_USERPTR_CACHE_OBJECTS */

static bool kernel_releases;

/* A context, and a target that is as large as the client's memory. */
static void
start(void)
{
   GLuint texture;

   setenv("zerocopy_readpixels", "1", 1);
   setenv("zerocopy_texsubimage", "1", 1);
   setenv("zerocopy_getteximage", "0", 1);
   gl_start();
   kernel_releases = gl_kernel_has(I915_PARAM_HAS_USERPTR_RELEASE);
   tap_note("the kernel %s the pages of idle objects", kernel_releases ? "releases" : "keeps");
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   gl_draw_to(texture);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
}

static void
check_all(const uint8_t *memory, uint32_t pixel)
{
   static uint32_t expected[SIDE * SIDE];

   for (unsigned i = 0; i < SIDE * SIDE; i++)
      expected[i] = pixel;
   CHECK_BYTES(memory, expected, SIZE);
}

/* The target becomes red of this strength, and goes to the memory; what the driver did for it. */
static struct spy
read_red(uint8_t *memory, uint8_t red)
{
   glClearColor(red / 255.0f, 0, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   spy_on(memory, SIZE);
   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   const struct spy seen = spy_off();
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   CHECK_EQUAL(seen.copied, 0);
   check_all(memory, 0xff000000u | red);
   return seen;
}

static uint8_t *
map_at(void *address, size_t size)
{
   uint8_t *memory = mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (address ? MAP_FIXED : 0),
                          -1, 0);

   REQUIRE(memory != MAP_FAILED);
   memset(memory, GUARD, size);
   return memory;
}

/* Pages that are pinned and nobody has released. */
static int64_t
pinned(void)
{
   struct pin_counters counters = { 0 };

   REQUIRE_OK(pin_counters_read(&counters));
   return counters.acquired_pages - counters.released_pages;
}

/* Whether no more than so many pages are pinned; the kernel may take a while. */
static bool
pinned_at_most(int64_t pages)
{
   for (unsigned i = 0; i < 100; i++) {
      if (pinned() <= pages)
         return true;
      usleep(50000);
   }
   tap_note("%lld pages are pinned, not %lld", (long long)pinned(), (long long)pages);
   return false;
}

static void
test_kept(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   CHECK_EQUAL(read_red(memory, 1).wrapped, 1);
   for (unsigned i = 2; i < 6; i++) {
      const struct spy seen = read_red(memory, i);

      CHECK_EQUAL(seen.wrapped, !kernel_releases);
      if (i == 5)
         tap_note("%u ioctls", seen.ioctls);
      /* To submit, and to wait. */
      if (kernel_releases && i == 5)
         CHECK(seen.ioctls <= 2);
   }
   /* Other bytes of the same pages are another object's only if relocations know where they begin. */
   read_red(map_at(NULL, SIZE + PAGE) + 64, 9);
}

static void
test_unmapped_and_mapped_again(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      REQUIRE_EQUAL(munmap(memory, SIZE), 0);
      REQUIRE(map_at(memory, SIZE) == memory);
      read_red(memory, 100 + i);
   }
}

/* A part of the memory becomes other pages, the rest stays. */
static void
test_partly_mapped_again(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      map_at(memory + i * PAGE, 2 * PAGE);
      read_red(memory, 100 + i);
   }
}

static void
test_unmapped(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   read_red(memory, 1);
   read_red(memory, 2);
   REQUIRE_EQUAL(munmap(memory, SIZE), 0);
   uint8_t *other = map_at(NULL, SIZE);
   read_red(other, 3);
}

/* What was moved away keeps its bytes, and what came in its place gets the new ones. */
static void
test_moved(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE), *place = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      uint8_t *moved = mremap(memory, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
      REQUIRE(moved == place);
      map_at(memory, SIZE);
      read_red(memory, 100 + i);
      check_all(moved, 0xff000000u | i);
      read_red(moved, 50 + i);
      check_all(memory, 0xff000000u | (100 + i));
   }
}

static void
test_discarded(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      REQUIRE_EQUAL(madvise(memory, SIZE, MADV_DONTNEED), 0);
      CHECK_EQUAL(memory[SIZE / 2], 0);
      read_red(memory, 100 + i);
   }
}

static int
memory_file(uint8_t **memory)
{
   const int file = memfd_create("cache", 0);

   REQUIRE(file >= 0);
   REQUIRE_EQUAL(ftruncate(file, SIZE), 0);
   *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
   REQUIRE(*memory != MAP_FAILED);
   return file;
}

static void
check_file(int file, uint32_t pixel)
{
   static uint8_t bytes[SIZE];

   REQUIRE_EQUAL(pread(file, bytes, SIZE, 0), SIZE);
   check_all(bytes, pixel);
}

static void
test_hole_punched(void)
{
   uint8_t *memory;

   start();
   const int file = memory_file(&memory);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      check_file(file, 0xff000000u | i);
      REQUIRE_EQUAL(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, i * PAGE, 4 * PAGE), 0);
      CHECK_EQUAL(memory[i * PAGE], 0);
      read_red(memory, 100 + i);
      check_file(file, 0xff000000u | (100 + i));
   }
}

static void
test_truncated(void)
{
   uint8_t *memory;

   start();
   const int file = memory_file(&memory);
   for (unsigned i = 1; i < 8; i++) {
      read_red(memory, i);
      REQUIRE_EQUAL(ftruncate(file, 0), 0);
      REQUIRE_EQUAL(ftruncate(file, SIZE), 0);
      read_red(memory, 100 + i);
      check_file(file, 0xff000000u | (100 + i));
   }
}

/* The child has its own copy from the moment of the fork on, and the parent's stays the parent's. */
static void
test_forked(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      int to_child[2], status;

      read_red(memory, i);
      REQUIRE_EQUAL(pipe(to_child), 0);
      const pid_t child = fork();
      REQUIRE(child >= 0);
      if (!child) {
         char go;
         bool right = read(to_child[0], &go, 1) == 1;
         for (size_t at = 0; at < SIZE && right; at += 4)
            right = *(uint32_t *)(memory + at) == (0xff000000u | i);
         memset(memory, 0x77, SIZE);
         _exit(right ? 0 : 1);
      }
      if (i % 2)
         memset(memory, 0x33, SIZE);
      read_red(memory, 100 + i);
      REQUIRE_EQUAL(write(to_child[1], "x", 1), 1);
      REQUIRE_EQUAL(waitpid(child, &status, 0), child);
      CHECK_EQUAL(status, 0);
      check_all(memory, 0xff000000u | (100 + i));
      read_red(memory, 200 + i);
      close(to_child[0]);
      close(to_child[1]);
   }
}

/* An upload from memory that was kept and may not be written any more: the CPU does it, with the bytes of now. */
static void
test_made_read_only(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE), *result = map_at(NULL, SIZE);
   for (unsigned i = 1; i < 8; i++) {
      memset(memory, i, SIZE);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      memset(memory, 100 + i, SIZE);
      REQUIRE_EQUAL(mprotect(memory, SIZE, PROT_READ), 0);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      REQUIRE_EQUAL(mprotect(memory, SIZE, PROT_READ | PROT_WRITE), 0);
      glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
      CHECK_BYTES(result, memory, SIZE);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   }
}

/* The same, and what was drawn before it in the same batch is drawn. */
static void
test_drawn_before_read_only(void)
{
   uint32_t pixels[GL_TEST_SIZE];
   GLuint texture;

   start();
   uint8_t *memory = map_at(NULL, SIZE), *result = map_at(NULL, SIZE);
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   for (unsigned i = 1; i < 8; i++) {
      memset(memory, 100 + i, SIZE);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      glClearColor(0, 0, i / 255.0f, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      memset(memory, i, SIZE);
      REQUIRE_EQUAL(mprotect(memory, SIZE, PROT_READ), 0);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      REQUIRE_EQUAL(mprotect(memory, SIZE, PROT_READ | PROT_WRITE), 0);
      glReadPixels(0, SIDE / 2, GL_TEST_SIZE, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
      CHECK_EQUAL(pixels[3], 0xff000000u | i << 16);
      glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
      CHECK_BYTES(result, memory, SIZE);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   }
}

static sigjmp_buf before_signal;

static void
on_signal(int signal)
{
   siglongjmp(before_signal, signal);
}

/* To read into memory that was kept and is gone is an error of the program's, which it hears of as it always did. */
static void
test_read_into_nothing(void)
{
   start();
   uint8_t *memory = map_at(NULL, SIZE);
   read_red(memory, 1);
   REQUIRE_EQUAL(munmap(memory, SIZE), 0);
   REQUIRE(signal(SIGSEGV, on_signal) != SIG_ERR);
   const int signal = sigsetjmp(before_signal, 1);
   if (!signal) {
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      tap_fail(__FILE__, __LINE__, "there was nothing to read into, and nobody says so");
   }
   CHECK_EQUAL(signal, SIGSEGV);
}

/* Nothing that is unmapped stays pinned, though nobody calls the GL any more. */
static void
test_unmapped_is_given_back(void)
{
   start();
   const int64_t before = pinned();
   uint8_t *memory = map_at(NULL, SIZE);
   read_red(memory, 1);
   read_red(memory, 2);
   if (kernel_releases)
      CHECK(pinned() >= before + PAGES);
   REQUIRE_EQUAL(munmap(memory, SIZE), 0);
   CHECK(pinned_at_most(before));
}

static void
test_discarded_is_given_back(void)
{
   start();
   const int64_t before = pinned();
   uint8_t *memory = map_at(NULL, SIZE);
   read_red(memory, 1);
   REQUIRE_EQUAL(madvise(memory, SIZE, MADV_DONTNEED), 0);
   CHECK(pinned_at_most(before));
}

static void
test_bounded(void)
{
   uint8_t *memory[3 * OBJECTS];

   start();
   const int64_t before = pinned();
   for (unsigned i = 0; i < 3 * OBJECTS; i++) {
      memory[i] = map_at(NULL, SIZE);
      read_red(memory[i], i);
   }
   for (unsigned i = 0; i < 3 * OBJECTS; i++)
      check_all(memory[i], 0xff000000u | i);
   CHECK(pinned_at_most(before + (kernel_releases ? OBJECTS * PAGES : 0)));
}

/* What is used no more is closed, once the driver frees something else. */
static void
test_bounded_in_time(void)
{
   GLuint buffer;

   start();
   const int64_t before = pinned();
   uint8_t *memory = map_at(NULL, SIZE);
   read_red(memory, 1);
   for (unsigned i = 0; i < 2; i++) {
      sleep(3);
      glGenBuffers(1, &buffer);
      glBindBuffer(GL_ARRAY_BUFFER, buffer);
      glBufferData(GL_ARRAY_BUFFER, 1 << 20, NULL, GL_STATIC_DRAW);
      glDeleteBuffers(1, &buffer);
      glFinish();
   }
   CHECK(pinned_at_most(before));
}

static const struct tap_test tests[] = {
   { "kept", test_kept },
   { "unmapped-and-mapped-again", test_unmapped_and_mapped_again },
   { "partly-mapped-again", test_partly_mapped_again },
   { "unmapped", test_unmapped },
   { "moved", test_moved },
   { "discarded", test_discarded },
   { "hole-punched", test_hole_punched },
   { "truncated", test_truncated },
   { "forked", test_forked },
   { "made-read-only", test_made_read_only },
   { "drawn-before-read-only", test_drawn_before_read_only },
   { "read-into-nothing", test_read_into_nothing },
   { "unmapped-is-given-back", test_unmapped_is_given_back },
   { "discarded-is-given-back", test_discarded_is_given_back },
   { "bounded", test_bounded },
   { "bounded-in-time", test_bounded_in_time },
};

TAP_MAIN(tests, 120)
