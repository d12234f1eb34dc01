/*
 * SPDX-License-Identifier: MIT
 *
 * What the driver asks the kernel for, batch by batch and transfer by transfer, once it has all that it needs.
 *
 * A test that has a patch's number in its name fails without that patch.
 */

#include <stdlib.h>
#include <string.h>

#include "gl.h"
#include "spy.h"
#include "tap.h"

#define WARM 8
#define TIMES 8

/* TIMES batches, each with its wait, after some that are not counted. */
static struct spy
batches(void)
{
   static const uint8_t nowhere;

   gl_start();
   for (unsigned i = 0; i < WARM + TIMES; i++) {
      if (i == WARM)
         spy_on(&nowhere, 0);
      glClearColor(0, i & 1, 0, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      glFinish();
   }
   const struct spy seen = spy_off();
   CHECK_EQUAL(seen.batches, TIMES);
   CHECK_EQUAL(gl_pixel(3, 3), 0xff00ff00);
   tap_note("%u ioctls for %d batches", seen.ioctls, TIMES);
   return seen;
}

/* The buffers of old batches are there for new ones: the kernel need not be told, nor asked. */
static void
test_buffers_of_batches(void)
{
   CHECK_EQUAL(batches().buffers, 0);
}

static void
test_syncobjs_of_batches(void)
{
   CHECK_EQUAL(batches().syncobjs, 0);
}

/* Of a chain of batches that nobody waits for, each must have buffers of its own: what each draws is drawn. */
static void
test_many_batches_in_flight(void)
{
   gl_start();
   GLuint textures[32], framebuffer;
   glGenTextures(32, textures);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   for (unsigned i = 0; i < 32; i++) {
      glBindTexture(GL_TEXTURE_2D, textures[i]);
      glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   }
   for (unsigned round = 0; round < 4; round++) {
      for (unsigned i = 0; i < 32; i++) {
         glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[i], 0);
         glClearColor((i * 4 + round) / 255.0f, 0, 0, 1);
         glClear(GL_COLOR_BUFFER_BIT);
         glFlush();
      }
   }
   for (unsigned i = 0; i < 32; i++) {
      glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[i], 0);
      CHECK_EQUAL(gl_pixel(7, 7), 0xff000000 | (i * 4 + 3));
   }
}

/* A fence in the middle of a batch, whose syncobj had another life, is not signalled before its commands are done. */
static void
test_fence_before_its_batch(void)
{
   gl_start();
   for (unsigned i = 0; i < WARM; i++) {
      glClear(GL_COLOR_BUFFER_BIT);
      glFinish();
   }
   for (unsigned i = 0; i < TIMES; i++) {
      glClearColor(0, 0, 1, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      GLsync sync = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
      GLint status = -1;
      glGetSynciv(sync, GL_SYNC_STATUS, 1, NULL, &status);
      const GLenum waited = glClientWaitSync(sync, GL_SYNC_FLUSH_COMMANDS_BIT, 10000000000ull);
      CHECK(waited == GL_CONDITION_SATISFIED || waited == GL_ALREADY_SIGNALED);
      glDeleteSync(sync);
   }
   CHECK_EQUAL(gl_pixel(3, 3), 0xffff0000);
}

#define SIDE 256

/* One glReadPixels without a copy, when everything is in place. */
static void
test_readpixels(void)
{
   const size_t size = SIDE * SIDE * 4;
   uint8_t *memory = gl_pages(size / PAGE, 0);
   GLuint texture;
   struct spy seen = { 0 };

   setenv("zerocopy_readpixels", "1", 1);
   gl_start();
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   gl_draw_to(texture);
   for (unsigned i = 0; i < WARM; i++) {
      glClearColor(i / 255.0f, 0, 0, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      spy_on(memory, size);
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      seen = spy_off();
      CHECK_EQUAL(seen.copied, 0);
      CHECK_EQUAL(((uint32_t *)memory)[SIDE * SIDE - 1], 0xff000000 | i);
   }
   tap_note("%u ioctls: %u userptr objects made, %u batches, %u for buffers, %u for syncobjs", seen.ioctls, seen.wrapped,
            seen.batches, seen.buffers, seen.syncobjs);
   CHECK_EQUAL(seen.batches, 1);
   /* To submit, and to wait if the GPU is not done. If nothing is kept, to wrap, to get the pages and to close, too. */
   CHECK(seen.ioctls <= (gl_kernel_has(I915_PARAM_HAS_USERPTR_RELEASE) ? 2 : 5));
}

static const struct tap_test tests[] = {
   { "0015-buffers-of-batches", test_buffers_of_batches },
   { "0016-syncobjs-of-batches", test_syncobjs_of_batches },
   { "many-batches-in-flight", test_many_batches_in_flight },
   { "fence-before-its-batch", test_fence_before_its_batch },
   { "0023-ioctls-of-readpixels", test_readpixels },
};

TAP_MAIN(tests, 60)
