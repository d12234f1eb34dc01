/*
 * SPDX-License-Identifier: MIT
 *
 * Not a test by itself: has the driver emit commands that access pinned memory, for tools/suites/mesa_series.py to look at.
 * USE [OFFSET]
 *
 * It runs on Mesa's drm-shim, which executes nothing, for drivers of GPUs of which there is no model here. The buffer starts
 * at OFFSET in its first page, and is 4096 bytes long.
 */

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <errno.h>
#include <i915_drm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gl.h"
#include "interpose.h"
#include "tap.h"

#define SIZE 4096

/* The next batch fails as it does when its memory is gone. */
static bool fail_batch;
static int wrap_error; /* what GEM_USERPTR with READ_ONLY fails with */
static bool memory_is_gone; /* nobody can get the pages of user memory any more */
static bool gpu_is_busy; /* for whoever does not wait until it is done */

/* The objects over user memory that are open: what they were made with, for each handle. */
#define HANDLES 65536
static struct {
   bool open;
   uint32_t flags;
   pthread_t taken_by; /* which thread has got its pages and not used it yet */
   bool taken;
} user[HANDLES];
static pthread_mutex_t user_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the driver does with an object over user memory, and where that is for the GPU. */
static void
tell(const char *what, uint32_t handle, uint64_t address)
{
   printf("object %u %s %#x %#llx\n", handle, what, user[handle].flags, (unsigned long long)address);
}

static bool
is_user(uint32_t handle)
{
   return handle < HANDLES && user[handle].open;
}

static void
tell_of_batch(const struct drm_i915_gem_execbuffer2 *batch)
{
   const struct drm_i915_gem_exec_object2 *objects = (void *)(uintptr_t)batch->buffers_ptr;

   for (unsigned i = 0; i < batch->buffer_count; i++) {
      if (!is_user(objects[i].handle))
         continue;
      user[objects[i].handle].taken = false;
      tell(objects[i].flags & EXEC_OBJECT_WRITE ? "written" : "read", objects[i].handle, objects[i].offset);
   }
}

/* The kernel's answer to what concerns objects over user memory; false if this does not. */
static bool
answer(unsigned long request, void *arg, int *result)
{
   if (request == DRM_IOCTL_I915_GETPARAM) {
      const struct drm_i915_getparam *get = arg;

      if (get->param != I915_PARAM_HAS_USERPTR_RELEASE || !getenv("RELEASES_IDLE"))
         return false;
      *get->value = 1;
      *result = 0;
      return true;
   }
   if (request == DRM_IOCTL_I915_GEM_SET_DOMAIN) {
      const struct drm_i915_gem_set_domain *domain = arg;

      if (!is_user(domain->handle))
         return false;
      /* A transfer has an object for itself. */
      REQUIRE(!user[domain->handle].taken || pthread_equal(user[domain->handle].taken_by, pthread_self()));
      user[domain->handle].taken = true;
      user[domain->handle].taken_by = pthread_self();
      tell(memory_is_gone ? "lost" : "there", domain->handle, 0);
      if (!memory_is_gone)
         return false;
      errno = EFAULT;
      *result = -1;
      return true;
   }
   if (request == DRM_IOCTL_GEM_CLOSE) {
      const struct drm_gem_close *close = arg;

      if (is_user(close->handle)) {
         tell("closed", close->handle, 0);
         user[close->handle].open = false;
      }
   }
   if (request == DRM_IOCTL_SYNCOBJ_WAIT && gpu_is_busy &&
       ((struct drm_syncobj_wait *)arg)->timeout_nsec < INT64_MAX) {
      errno = ETIME;
      *result = -1;
      return true;
   }
   if (request == DRM_IOCTL_I915_GEM_EXECBUFFER2 || request == DRM_IOCTL_I915_GEM_EXECBUFFER2_WR)
      tell_of_batch(arg);
   return false;
}

int
interposed_ioctl(int fd, unsigned long request, void *arg)
{
   if (fail_batch && (request == DRM_IOCTL_I915_GEM_EXECBUFFER2 || request == DRM_IOCTL_I915_GEM_EXECBUFFER2_WR)) {
      fail_batch = false;
      errno = EFAULT;
      return -1;
   }
   if (request == DRM_IOCTL_I915_GEM_USERPTR) {
      const struct drm_i915_gem_userptr *userptr = arg;

      printf("userptr flags %#x\n", userptr->flags);
      if (wrap_error && userptr->flags & I915_USERPTR_READ_ONLY) {
         errno = wrap_error;
         return -1;
      }
   }
   int result;
   pthread_mutex_lock(&user_lock);
   const bool answered = answer(request, arg, &result);
   pthread_mutex_unlock(&user_lock);
   if (answered)
      return result;
   result = next_ioctl(fd, request, arg);
   if (request == DRM_IOCTL_I915_GEM_USERPTR && result == 0) {
      const struct drm_i915_gem_userptr *userptr = arg;

      pthread_mutex_lock(&user_lock);
      REQUIRE(userptr->handle < HANDLES && !user[userptr->handle].open);
      user[userptr->handle].open = true;
      user[userptr->handle].taken = false;
      user[userptr->handle].flags = userptr->flags;
      tell("made", userptr->handle, 0);
      pthread_mutex_unlock(&user_lock);
   }
   return result;
}

static const char vertex[] = "#version 150\n"
                             "in vec2 position;\n"
                             "out vec4 captured;\n"
                             "void main() { gl_Position = vec4(position, 0.0, 1.0); captured = gl_Position; }\n";
static const char fragment[] = "#version 150\n"
                               "out vec4 result;\n"
                               "void main() { result = vec4(0, 1, 0, 1); }\n";
static const char uniform_fragment[] = "#version 150\n"
                                       "layout(std140) uniform block { vec4 colour; };\n"
                                       "out vec4 result;\n"
                                       "void main() { result = colour; }\n";
static const char indexed_fragment[] = "#version 150\n"
                                       "layout(std140) uniform block { vec4 colours[64]; };\n"
                                       "out vec4 result;\n"
                                       "void main() { result = colours[int(gl_FragCoord.x)]; }\n";

static GLuint buffer, other;

static void
draw(const char *fragment_text, GLuint array)
{
   glUseProgram(gl_program(vertex, fragment_text));
   gl_use_as_vertices(array, 1);
}

static void
vertices(void)
{
   draw(fragment, buffer);
}

static void
indices(void)
{
   glUseProgram(gl_program(vertex, fragment));
   glBindBuffer(GL_ARRAY_BUFFER, other);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);
   glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
   glDrawElements(GL_TRIANGLES, 3, GL_UNSIGNED_SHORT, NULL);
}

static void
use_block(const char *text)
{
   const GLuint program = gl_program(vertex, text);

   glUniformBlockBinding(program, glGetUniformBlockIndex(program, "block"), 0);
   glBindBufferBase(GL_UNIFORM_BUFFER, 0, buffer);
   glUseProgram(program);
   gl_use_as_vertices(other, 1);
}

static void
push_constants(void)
{
   use_block(uniform_fragment);
}

static void
uniform_buffer(void)
{
   use_block(indexed_fragment);
}

static void
feedback(void)
{
   static const char *const name = "captured";
   const GLuint program = gl_program(vertex, fragment);

   glTransformFeedbackVaryings(program, 1, &name, GL_INTERLEAVED_ATTRIBS);
   glLinkProgram(program);
   glUseProgram(program);
   glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, buffer);
   glBeginTransformFeedback(GL_TRIANGLES);
   gl_use_as_vertices(other, 1);
   glEndTransformFeedback();
}

static void
indirect(void)
{
   glUseProgram(gl_program(vertex, fragment));
   glBindBuffer(GL_ARRAY_BUFFER, other);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);
   glBindBuffer(GL_DRAW_INDIRECT_BUFFER, buffer);
   glDrawArraysIndirect(GL_TRIANGLES, NULL);
}

static void
query(void)
{
   GLuint name;

   glGenQueries(1, &name);
   glBeginQuery(GL_SAMPLES_PASSED, name);
   draw(fragment, other);
   glEndQuery(GL_SAMPLES_PASSED);
   glBindBuffer(GL_QUERY_BUFFER, buffer);
   glGetQueryObjectuiv(name, GL_QUERY_RESULT_NO_WAIT, NULL);
   glBindBuffer(GL_QUERY_BUFFER, 0);
}

static void
copy(void)
{
   glBindBuffer(GL_COPY_READ_BUFFER, buffer);
   glBindBuffer(GL_COPY_WRITE_BUFFER, other);
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0, 256);
}

/* Memory that is not there any more: the batch fails, the program does not, and the next batch sets everything up. */
static void
submit(void)
{
   GLuint name, result = 1;

   glGenQueries(1, &name);
   glBeginQuery(GL_SAMPLES_PASSED, name);
   vertices();
   glEndQuery(GL_SAMPLES_PASSED);
   fail_batch = true;
   glFinish();
   REQUIRE(!fail_batch);
   /* Nobody waits for what will not come. */
   glGetQueryObjectuiv(name, GL_QUERY_RESULT, &result);
   printf("query %u\nnext batch\n", result);
   fflush(stdout);
   draw(fragment, other);
   glFinish();
}

/* The first map for writing must wait for the GPU, so the driver submits before it. */
static void
map(void)
{
   vertices();
   printf("mapping\n");
   fflush(stdout);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   void *memory = glMapBufferRange(GL_ARRAY_BUFFER, 0, 64, GL_MAP_WRITE_BIT);
   printf("mapped\n");
   fflush(stdout);
   REQUIRE(memory != NULL);
   glUnmapBuffer(GL_ARRAY_BUFFER);
}

/* What is uploaded is only read. */
static void
upload(void)
{
   GLuint texture;

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 64, 64, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   printf("uploading\n");
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, gl_pages(4, 1));
}

static void
upload_without_read_only(void)
{
   wrap_error = ENODEV;
   upload();
}

#define SIDE 64
#define IMAGE_PAGES (SIDE * SIDE * 4 / PAGE)

static void
step(const char *name)
{
   printf("step %s\n", name);
}

/* Nothing is executed here, so that only a CPU that copies changes the memory. */
static void
read_pixels(uint8_t *memory)
{
   memset(memory, 0x55, SIDE * SIDE * 4);
   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   if (memory[0] != 0x55)
      printf("copied\n");
}

static void
upload_pixels(const uint8_t *memory)
{
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
}

static void
make_texture(void)
{
   GLuint texture;

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
}

static void
end_context(void)
{
   EGLDisplay display = eglGetCurrentDisplay();
   EGLContext context = eglGetCurrentContext();

   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT));
   REQUIRE(eglDestroyContext(display, context));
}

/* The driver has nothing to keep anything for. */
static void
end(void)
{
   EGLDisplay display = eglGetCurrentDisplay();

   step("end");
   end_context();
   REQUIRE(eglTerminate(display));
   printf("done\n");
   exit(0);
}

/* Objects over client memory from one transfer to the next. */
static void
transfers(void)
{
   uint8_t *memory = gl_pages(IMAGE_PAGES, 0), *other_memory = gl_pages(IMAGE_PAGES, 0);

   make_texture();
   /* So that no shader is compiled between two of the others: what is kept is kept for a time only. */
   step("first");
   read_pixels(other_memory);
   upload_pixels(other_memory);
   other_memory = gl_pages(IMAGE_PAGES, 0);
   step("read");
   read_pixels(memory);
   read_pixels(memory);
   step("elsewhere");
   read_pixels(other_memory);
   step("upload");
   upload_pixels(memory);
   upload_pixels(memory);
   step("read-again");
   read_pixels(memory);
   step("gone");
   memory_is_gone = true;
   read_pixels(memory);
   memory_is_gone = false;
   step("there-again");
   read_pixels(memory);
   step("many");
   for (unsigned i = 0; i < 12; i++)
      read_pixels(gl_pages(IMAGE_PAGES, 0));
   step("busy");
   gpu_is_busy = true;
   for (unsigned i = 0; i < 12; i++)
      read_pixels(gl_pages(IMAGE_PAGES, 0));
   gpu_is_busy = false;
   step("late");
   sleep(3);
   read_pixels(other_memory);
   step("pinned");
   for (unsigned i = 0; i < 2; i++) {
      GLenum error;
      const GLuint name = gl_pin(memory, SIZE, &error);

      REQUIRE_EQUAL(error, GL_NO_ERROR);
      glDeleteBuffers(1, &name);
      glFinish();
   }
   end();
}

static void *
transfer_much(void *display)
{
   static uint8_t common[SIDE * SIDE * 4];
   uint8_t *memory = gl_pages(IMAGE_PAGES, 0);
   GLuint texture, framebuffer;

   /* The current API and context are a thread's own. */
   REQUIRE(eglBindAPI(EGL_OPENGL_API));
   EGLContext context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, NULL);
   REQUIRE(context != EGL_NO_CONTEXT);
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context));
   make_texture();
   glGetIntegerv(GL_TEXTURE_BINDING_2D, (GLint *)&texture);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   for (unsigned i = 0; i < 200; i++) {
      upload_pixels(common);
      read_pixels(memory);
   }
   end_context();
   return NULL;
}

/* Two threads at once, with a range in common. */
static void
transfers_of_threads(void)
{
   pthread_t threads[2];

   step("threads");
   for (unsigned i = 0; i < 2; i++)
      REQUIRE_EQUAL(pthread_create(&threads[i], NULL, transfer_much, eglGetCurrentDisplay()), 0);
   for (unsigned i = 0; i < 2; i++)
      REQUIRE_EQUAL(pthread_join(threads[i], NULL), 0);
   end();
}

static void
transfers_without_read_only(void)
{
   wrap_error = ENODEV;
   transfers();
}

static const struct {
   const char *name;
   void (*run)(void);
} uses[] = {
   { "vertices", vertices },
   { "indices", indices },
   { "push-constants", push_constants },
   { "uniform-buffer", uniform_buffer },
   { "feedback", feedback },
   { "indirect", indirect },
   { "query", query },
   { "copy", copy },
   { "submit", submit },
   { "map", map },
   { "upload", upload },
   { "upload-without-read-only", upload_without_read_only },
   { "transfers", transfers },
   { "transfers-without-read-only", transfers_without_read_only },
   { "transfers-of-threads", transfers_of_threads },
};

int
main(int argc, char **argv)
{
   GLenum error;

   /* Each line at once, between those that the driver prints. */
   setvbuf(stdout, NULL, _IOLBF, 0);
   setenv("zerocopy_texsubimage", "1", 1);
   setenv("zerocopy_readpixels", "1", 1);
   for (unsigned i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
      if (argc < 2 || strcmp(argv[1], uses[i].name))
         continue;
      gl_start();
      uint8_t *memory = gl_pages(4, 0);
      buffer = gl_pin(memory + (argc > 2 ? strtoul(argv[2], NULL, 0) : 0), SIZE, &error);
      if (error) {
         printf("refused\n");
         return 0;
      }
      glGenBuffers(1, &other);
      glBindBuffer(GL_ARRAY_BUFFER, other);
      glBufferData(GL_ARRAY_BUFFER, SIZE, memory, GL_STATIC_DRAW);
      glFinish();
      uses[i].run();
      glFinish();
      printf("done %#x\n", glGetError());
      return 0;
   }
   fprintf(stderr, "usage: %s USE [OFFSET]\n", argv[0]);
   return 2;
}
