/*
 * SPDX-License-Identifier: MIT
 *
 * bench-transfers [OPERATION/CLIENT/WIDTHxHEIGHT/STATE...]: what transfers of RGBA8 cost the CPU, one line for each
 * case and kind of cost; of these cases only, where * and ? are wildcards. One that is named in full may have any size.
 *
 * OPERATION is readpixels, getteximage or texsubimage; CLIENT is what is at the client's end: memory, a buffer or
 * pinned memory; STATE is of the texture: idle, or busy with a draw that has not been flushed. A transfer is the call and a
 * glFinish(); if the texture is busy, with the draw. What comes of it is looked at byte by byte, each time.
 *
 *    ioctls           of the whole process
 *    pinned           pages that the kernel has pinned after the call, and had not before there was anything; not
 *                     under the tool
 *
 * and under the tool of meter.c, where the virtual GPU is part of this process, but is not counted:
 *
 *    instructions     of the program, the GL and the C library
 *    copied           bytes of pixels that they have stored, wherever, and that PREAD and PWRITE have moved
 */

#include <fcntl.h>
#include <fnmatch.h>
#include <i915_drm.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gl.h"
#include "interpose.h"
#include "meter.h"
#include "pin_counters.h"
#include "samples.h"

/* Shaders are compiled, caches are filled. */
#define WARM_TIMES 2u
/* Now and then a batch needs new memory, which is no part of what a transfer takes. */
#define TIMES 3u

/* Of each byte of a pixel: as a transfer is to make it, and as it is before. */
#define PIXEL 0xa7u
#define OTHER 0x31u

static const struct size {
   unsigned width, height;
} sizes[] = { { 64, 64 }, { 128, 128 }, { 256, 256 }, { 1920, 1080 }, { 3840, 2160 } };

enum operation { READPIXELS, GETTEXIMAGE, TEXSUBIMAGE, OPERATIONS };
static const char *const operations[] = { "readpixels", "getteximage", "texsubimage" };

enum client { MEMORY, BUFFER, PINNED, CLIENTS };
static const char *const clients[] = { "memory", "buffer", "pinned" };

/* The driver may have threads. */
static atomic_uint ioctls;
static atomic_ullong kernel_bytes;

static void
fail(const char *what)
{
   fprintf(stderr, "bench-transfers: %s\n", what);
   exit(1);
}

/* Behind it, the virtual GPU may work in our thread. */
int
interposed_ioctl(int fd, unsigned long request, void *arg)
{
   ioctls++;
   if (request == DRM_IOCTL_I915_GEM_PWRITE)
      kernel_bytes += ((struct drm_i915_gem_pwrite *)arg)->size;
   else if (request == DRM_IOCTL_I915_GEM_PREAD)
      kernel_bytes += ((struct drm_i915_gem_pread *)arg)->size;
   meter(METER_PAUSE, 0);
   const int ret = next_ioctl(fd, request, arg);
   meter(METER_RESUME, 0);
   return ret;
}

/** The threads of a virtual GPU in this process begin when its device file is first asked for. */
static void
start_device(void)
{
   meter(METER_PAUSE, 0);
   close(open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC));
   meter(METER_RESUME, 0);
}

static double
pinned_pages(void)
{
   struct pin_counters counters;

   if (meter_is_there())
      return 0;
   if (pin_counters_read(&counters))
      fail("the kernel does not tell how many pages are pinned");
   return (double)counters.acquired_pages - counters.released_pages;
}

static double pinned_at_start;

struct job {
   enum operation operation;
   enum client client;
   bool busy;
   struct size size;
   size_t bytes;
   uint8_t *memory;
   void *at; /**< what the GL is given for a pointer */
   GLuint buffer;
};

static GLint colour;

static void
draw(uint8_t value)
{
   glUniform1f(colour, value / 255.0f);
   glDrawArrays(GL_TRIANGLES, 0, 3);
}

static void
transfer(const struct job *job)
{
   const struct size size = job->size;

   switch (job->operation) {
   case READPIXELS:
      glReadPixels(0, 0, size.width, size.height, GL_RGBA, GL_UNSIGNED_BYTE, job->at);
      break;
   case GETTEXIMAGE:
      glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, job->at);
      break;
   default:
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, size.width, size.height, GL_RGBA, GL_UNSIGNED_BYTE, job->at);
      break;
   }
}

/** What is to be transferred, and something else where it is to go. */
static void
prepare(const struct job *job)
{
   const uint8_t value = job->operation == TEXSUBIMAGE ? PIXEL : OTHER;
   const GLenum target = job->operation == TEXSUBIMAGE ? GL_PIXEL_UNPACK_BUFFER : GL_PIXEL_PACK_BUFFER;

   memset(job->memory, value, job->bytes);
   if (job->client == BUFFER)
      glBufferSubData(target, 0, job->bytes, job->memory);
   if (!job->busy)
      draw(value ^ PIXEL ^ OTHER);
   glFinish();
}

static size_t
mapped_bytes(const struct job *job)
{
   return (job->bytes + PAGE - 1) / PAGE * PAGE;
}

/** Whether all pixels have come where they were to go. */
static bool
has_arrived(const struct job *job)
{
   const GLenum target = GL_PIXEL_PACK_BUFFER;
   uint8_t *seen = job->memory;

   if (job->operation == TEXSUBIMAGE || job->buffer) {
      seen = gl_pages(mapped_bytes(job) / PAGE, OTHER);
      if (job->operation == TEXSUBIMAGE)
         glReadPixels(0, 0, job->size.width, job->size.height, GL_RGBA, GL_UNSIGNED_BYTE, seen);
      else
         glGetBufferSubData(target, 0, job->bytes, seen);
   }
   /* Each byte is that before it. */
   const bool same = seen[0] == PIXEL && !memcmp(seen, seen + 1, job->bytes - 1);
   if (seen != job->memory)
      munmap(seen, mapped_bytes(job));
   return same;
}

static void
measure(const struct job *job, const char *name, double pinned_before)
{
   enum { INSTRUCTIONS, COPIED, IOCTLS, PAGES, COSTS };
   static const char *const costs[] = { "instructions", "copied", "ioctls", "pinned" };
   double seen[COSTS][TIMES];

   for (unsigned i = 0; i < WARM_TIMES + TIMES; i++) {
      prepare(job);
      ioctls = 0;
      kernel_bytes = 0;
      meter(METER_START, PIXEL);
      if (job->busy)
         draw(job->operation == TEXSUBIMAGE ? OTHER : PIXEL);
      transfer(job);
      glFinish();
      meter(METER_STOP, 0);
      if (i >= WARM_TIMES) {
         seen[INSTRUCTIONS][i - WARM_TIMES] = meter(METER_INSTRUCTIONS, 0);
         seen[COPIED][i - WARM_TIMES] = meter(METER_PIXEL_BYTES, 0) + kernel_bytes;
         seen[IOCTLS][i - WARM_TIMES] = ioctls;
         seen[PAGES][i - WARM_TIMES] = pinned_pages() - pinned_before;
      }
      if (!has_arrived(job)) {
         fprintf(stderr, "bench-transfers: %s: the pixels are wrong\n", name);
         exit(1);
      }
   }
   if (glGetError())
      fail("the GL reports an error");
   for (unsigned cost = 0; cost < COSTS; cost++) {
      char line[128];

      if (meter_is_there() ? cost == PAGES : cost == INSTRUCTIONS || cost == COPIED)
         continue;

      snprintf(line, sizeof(line), "%s/%s", name, costs[cost]);
      print_samples(line, seen[cost], TIMES);
   }
}

/** What earlier transfers have pinned goes when their memory does, and the driver's idle objects a little later. */
static void
settle(void)
{
   for (unsigned i = 0; i < 300 && pinned_pages() > pinned_at_start; i++)
      usleep(10000);
}

static void
run(enum operation operation, enum client client, struct size size, bool busy, const char *name)
{
   struct job job = {
      .operation = operation,
      .client = client,
      .busy = busy,
      .size = size,
      .bytes = (size_t)size.width * size.height * 4,
   };
   const GLenum target = operation == TEXSUBIMAGE ? GL_PIXEL_UNPACK_BUFFER : GL_PIXEL_PACK_BUFFER;
   const double pinned_before = pinned_pages();
   GLuint texture, framebuffer;
   GLenum error = 0;

   job.memory = gl_pages(mapped_bytes(&job) / PAGE, OTHER);
   job.at = job.memory;
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, size.width, size.height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   glViewport(0, 0, size.width, size.height);
   if (client == PINNED) {
      /* Debian's Mesa takes whole pages only. */
      job.buffer = gl_pin(job.memory, (job.bytes + PAGE - 1) & ~(PAGE - 1ul), &error);
   } else if (client == BUFFER) {
      glGenBuffers(1, &job.buffer);
      glBindBuffer(target, job.buffer);
      glBufferData(target, job.bytes, NULL, GL_STREAM_COPY);
   }
   if (error)
      fail("memory cannot be pinned");
   if (job.buffer) {
      glBindBuffer(target, job.buffer);
      job.at = NULL;
   }
   measure(&job, name, pinned_before);
   glBindBuffer(target, 0);
   glDeleteBuffers(1, &job.buffer);
   glDeleteFramebuffers(1, &framebuffer);
   glDeleteTextures(1, &texture);
   glFinish();
   munmap(job.memory, mapped_bytes(&job));
   settle();
}

static int
find(const char *const *names, unsigned count, const char *name)
{
   for (unsigned i = 0; i < count; i++) {
      if (!strcmp(names[i], name))
         return i;
   }
   return -1;
}

/* A case of another size than those of this file, by its whole name. */
static bool
run_other(const char *name)
{
   char operation_name[16], client_name[16], state[8];
   struct size size;
   int end = 0;

   if (sscanf(name, "%15[a-z]/%15[a-z]/%ux%u/%7[a-z]%n", operation_name, client_name, &size.width, &size.height, state,
              &end) != 5 || name[end])
      return false;
   const int operation = find(operations, OPERATIONS, operation_name), client = find(clients, CLIENTS, client_name);
   const bool busy = !strcmp(state, "busy");
   GLint most;
   glGetIntegerv(GL_MAX_TEXTURE_SIZE, &most);
   if (operation < 0 || client < 0 || (!busy && strcmp(state, "idle")) || size.width < 1 || size.height < 1 ||
       size.width > (unsigned)most || size.height > (unsigned)most)
      return false;
   run(operation, client, size, busy, name);
   return true;
}

static bool
is_wanted(const char *name, char *const *patterns)
{
   for (unsigned i = 0; patterns[i]; i++) {
      if (!fnmatch(patterns[i], name, 0))
         return true;
   }
   return !patterns[0];
}

int
main(int argc, char **argv)
{
   bool found = false;

   start_device();
   pinned_at_start = pinned_pages();
   gl_start();
   const GLuint program = gl_program("#version 130\n"
                                     "void main() {\n"
                                     "   vec2 at = vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
                                     "   gl_Position = vec4(at * 4.0 - 1.0, 0.0, 1.0);\n"
                                     "}\n",
                                     "#version 130\n"
                                     "uniform float colour;\n"
                                     "void main() { gl_FragColor = vec4(colour); }\n");
   glUseProgram(program);
   colour = glGetUniformLocation(program, "colour");
   for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
      for (unsigned each = 0; each < OPERATIONS * CLIENTS * 2; each++) {
         const enum operation operation = each / (CLIENTS * 2);
         const enum client client = each / 2 % CLIENTS;
         char name[96];

         snprintf(name, sizeof(name), "%s/%s/%ux%u/%s", operations[operation], clients[client], sizes[i].width,
                  sizes[i].height, each % 2 ? "busy" : "idle");
         if (!is_wanted(name, argv + 1))
            continue;
         run(operation, client, sizes[i], each % 2, name);
         found = true;
      }
   }
   if (!found) {
      for (int i = 1; i < argc; i++)
         found |= run_other(argv[i]);
   }
   if (!found)
      fail("there is no such case");
   return 0;
}
