/*
 * SPDX-License-Identifier: MIT
 *
 * bench-gl RENDERER [CASE]: what OpenGL costs on the driver that has RENDERER in its name, which
 * must be the one that is running: seconds of the clock for each case, and on a line of its own,
 * with "cpu/" in front, of the process's CPU time in all its threads, which a busy host changes
 * less.
 *
 * Each case ends with glFinish() and is looked at once: a driver that draws nothing is not fast.
 */

#include <stdbool.h>
#include <stdint.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include "samples.h"

#define MOST_SAMPLES  9u
#define LEAST_SAMPLES 3u
/* After so many seconds a case has enough samples, if it has LEAST_SAMPLES. */
#define CASE_S 4.0

#define SIDE         2048u /* squared, in RGBA8: 16 MiB */
#define IMAGE_BYTES  (SIDE * SIDE * 4u)
#define FILL_WIDTH   1920u
#define FILL_HEIGHT  1080u
#define TEXTURE_SIDE 1024u
/* Two to a cell of 6 x 6 pixels, a little more than 1080p has room for. */
#define CELLS_ACROSS 250u
#define CELLS_DOWN   200u
#define TRIANGLES    (2u * CELLS_ACROSS * CELLS_DOWN)
#define CELL_PIXELS  6u

/* The one case that is measured, or NULL: all. */
static const char *only;

static GLuint source, destination, pbo;
static void *from, *to;

static void
fail(const char *what)
{
   fprintf(stderr, "bench-gl: %s\n", what);
   exit(1);
}

static void
require_no_error(const char *what)
{
   if (glGetError())
      fail(what);
}

static void
start(const char *renderer)
{
   PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
      (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
   EGLDisplay display = EGL_NO_DISPLAY;
   EGLContext context = EGL_NO_CONTEXT;

   if (get_display)
      display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
   if (display != EGL_NO_DISPLAY && eglInitialize(display, NULL, NULL) &&
       eglBindAPI(EGL_OPENGL_API))
      context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, NULL);
   if (context == EGL_NO_CONTEXT ||
       !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
      fail("no OpenGL context without a surface");
   if (!strstr((const char *)glGetString(GL_RENDERER), renderer)) {
      fprintf(stderr, "bench-gl: %s was asked for, this is %s\n", renderer,
              (const char *)glGetString(GL_RENDERER));
      exit(1);
   }
}

/** A texture with what `pixels` has, or nothing, and a framebuffer of it, bound. */
static GLuint
make_target(unsigned width, unsigned height, const void *pixels)
{
   GLuint texture, framebuffer;

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
      fail("a framebuffer is not complete");
   glViewport(0, 0, width, height);
   return framebuffer;
}

static void
use_program(const char *vertex, const char *fragment)
{
   const char *const texts[] = { vertex, fragment };
   const GLuint program = glCreateProgram();
   GLint good;

   for (unsigned i = 0; i < 2; i++) {
      const GLuint shader = glCreateShader(i ? GL_FRAGMENT_SHADER : GL_VERTEX_SHADER);

      glShaderSource(shader, 1, &texts[i], NULL);
      glCompileShader(shader);
      glAttachShader(program, shader);
   }
   glBindAttribLocation(program, 0, "position");
   glLinkProgram(program);
   glGetProgramiv(program, GL_LINK_STATUS, &good);
   if (!good)
      fail("the shaders do not link");
   glUseProgram(program);
}

static uint32_t
pixel(unsigned x, unsigned y)
{
   uint32_t value = 0;

   glReadPixels(x, y, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, &value);
   return value;
}

static double
cpu_s(void)
{
   struct timespec now;

   clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
   return now.tv_sec + now.tv_nsec * 1e-9;
}

/** \return whether the case was to be measured, and has been run then */
static bool
measure(const char *name, void (*run)(void))
{
   double clock[MOST_SAMPLES], cpu[MOST_SAMPLES], total_s = 0;
   unsigned count = 0;
   char cpu_name[64];

   if (only && strcmp(only, name))
      return false;
   run(); /* shaders are compiled and memory is made */
   for (; count < LEAST_SAMPLES || (count < MOST_SAMPLES && total_s < CASE_S); count++) {
      const double started_s = now_s(), started_cpu_s = cpu_s();

      run();
      cpu[count] = cpu_s() - started_cpu_s;
      clock[count] = now_s() - started_s;
      total_s += clock[count];
   }
   require_no_error(name);
   print_samples(name, clock, count);
   snprintf(cpu_name, sizeof(cpu_name), "cpu/%s", name);
   print_samples(cpu_name, cpu, count);
   return true;
}

static void
draw_quad(void)
{
   glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
   glFinish();
}

static void
draw_triangles(void)
{
   glDrawArrays(GL_TRIANGLES, 0, 3 * TRIANGLES);
   glFinish();
}

static void
upload(void)
{
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glFinish();
}

static void
read_back(void)
{
   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glFinish();
}

static void
clear(void)
{
   /* Another colour each time, or a driver may know that it is there already. */
   static unsigned times;

   glClearColor((++times & 0xff) / 255.0f, 0.2f, 0.4f, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   glFinish();
}

static void
blit(void)
{
   glBindFramebuffer(GL_READ_FRAMEBUFFER, source);
   glBindFramebuffer(GL_DRAW_FRAMEBUFFER, destination);
   glBlitFramebuffer(0, 0, SIDE, SIDE, 0, 0, SIDE, SIDE, GL_COLOR_BUFFER_BIT, GL_NEAREST);
   glFinish();
}

static void
copy_memory(void)
{
   memcpy(to, from, IMAGE_BYTES);
   __asm__ volatile("" : : "r"(to) : "memory");
}

static void
fill_case(void)
{
   uint32_t *texels = touched_pages(TEXTURE_SIDE * TEXTURE_SIDE * 4);
   GLuint texture;

   for (unsigned i = 0; i < TEXTURE_SIDE * TEXTURE_SIDE; i++)
      texels[i] = i * 2654435761u | 0xff000000u;
   make_target(FILL_WIDTH, FILL_HEIGHT, NULL);
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, TEXTURE_SIDE, TEXTURE_SIDE, 0, GL_RGBA,
                GL_UNSIGNED_BYTE, texels);
   use_program("#version 130\n"
               "out vec2 at;\n"
               "void main() {\n"
               "   at = vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
               "   gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);\n"
               "}\n",
               "#version 130\n"
               "uniform sampler2D picture;\n"
               "in vec2 at;\n"
               "void main() { gl_FragColor = texture(picture, at); }\n");
   if (measure("fill-1080p", draw_quad) && pixel(FILL_WIDTH - 1, FILL_HEIGHT - 1) >> 24 != 0xff)
      fail("the quad was not drawn");
   free(texels);
}

static void
triangles_case(void)
{
   float *vertices = touched_pages(TRIANGLES * 3 * 2 * sizeof(float));
   unsigned n = 0;
   GLuint buffer;

   for (unsigned y = 0; y < CELLS_DOWN; y++) {
      for (unsigned x = 0; x < CELLS_ACROSS; x++) {
         static const unsigned corners[6][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 },
                                                 { 1, 0 }, { 1, 1 }, { 0, 1 } };

         for (unsigned i = 0; i < 6; i++) {
            vertices[n++] = 2.0f * (x + corners[i][0]) * CELL_PIXELS / FILL_WIDTH - 1;
            vertices[n++] = 2.0f * (y + corners[i][1]) * CELL_PIXELS / FILL_HEIGHT - 1;
         }
      }
   }
   make_target(FILL_WIDTH, FILL_HEIGHT, NULL);
   glGenBuffers(1, &buffer);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glBufferData(GL_ARRAY_BUFFER, n * sizeof(float), vertices, GL_STATIC_DRAW);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);
   use_program("#version 130\n"
               "in vec2 position;\n"
               "out vec4 shade;\n"
               "void main() {\n"
               "   gl_Position = vec4(position, 0.0, 1.0);\n"
               "   shade = vec4(position, 1.0, 1.0);\n"
               "}\n",
               "#version 130\n"
               "in vec4 shade;\n"
               "void main() { gl_FragColor = shade; }\n");
   if (measure("100k-triangles", draw_triangles) &&
       pixel(CELLS_ACROSS * CELL_PIXELS - 1, FILL_HEIGHT - 1) >> 16 != 0xffff)
      fail("the triangles were not drawn");
   glDisableVertexAttribArray(0);
   glBindBuffer(GL_ARRAY_BUFFER, 0);
   free(vertices);
}

static void
transfer_cases(void)
{
   source = make_target(SIDE, SIDE, from);
   glGenBuffers(1, &pbo);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, pbo);
   glBufferData(GL_PIXEL_UNPACK_BUFFER, IMAGE_BYTES, from, GL_STREAM_COPY);
   measure("upload-16MiB", upload);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);

   glBindBuffer(GL_PIXEL_PACK_BUFFER, pbo);
   const bool was_read = measure("read-back-16MiB", read_back);
   memset(to, 0, IMAGE_BYTES);
   glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, IMAGE_BYTES, to);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
   if (was_read && memcmp(from, to, IMAGE_BYTES))
      fail("what was read back is not what was uploaded");
}

static void
blit_cases(void)
{
   destination = make_target(SIDE, SIDE, NULL);
   if (measure("blit-16MiB", blit)) {
      glBindFramebuffer(GL_FRAMEBUFFER, destination);
      memset(to, 0, IMAGE_BYTES);
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, to);
      if (memcmp(from, to, IMAGE_BYTES))
         fail("what was blitted is not the source");
   }
   glBindFramebuffer(GL_FRAMEBUFFER, destination);
   if (measure("clear-16MiB", clear) && pixel(SIDE - 1, SIDE - 1) >> 8 != 0xff6633)
      fail("the buffer was not cleared");
}

int
main(int argc, char **argv)
{
   if (argc < 2 || argc > 3)
      fail("usage: bench-gl RENDERER [CASE]");
   only = argv[2];
   start(argv[1]);
   from = touched_pages(IMAGE_BYTES);
   to = touched_pages(IMAGE_BYTES);
   for (unsigned i = 0; i < IMAGE_BYTES / 4; i++)
      ((uint32_t *)from)[i] = i * 2654435761u;
   fill_case();
   triangles_case();
   transfer_cases();
   measure("memcpy", copy_memory);
   blit_cases();
   return 0;
}
