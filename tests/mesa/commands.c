/*
 * SPDX-License-Identifier: MIT
 *
 * Not a test by itself: has the driver emit commands that access pinned memory, for tools/suites/mesa_series.py to look at.
 * USE [OFFSET]
 *
 * It runs on Mesa's drm-shim, which executes nothing, for drivers of GPUs of which there is no model here. The buffer starts
 * at OFFSET in its first page, and is 4096 bytes long.
 */

#include <errno.h>
#include <i915_drm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gl.h"
#include "interpose.h"
#include "tap.h"

#define SIZE 4096

/* The next batch fails as it does when its memory is gone. */
static bool fail_batch;
static int wrap_error; /* what GEM_USERPTR with READ_ONLY fails with */

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
   return next_ioctl(fd, request, arg);
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
};

int
main(int argc, char **argv)
{
   GLenum error;

   setenv("zerocopy_texsubimage", "1", 1);
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
