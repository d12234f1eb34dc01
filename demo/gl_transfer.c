/*
 * SPDX-License-Identifier: MIT
 */

#include "gl_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include "gem.h"
#include "ioctls.h"
#include "pages.h"
#include "pin_counters.h"

#define PIXEL_BYTES 4u

/* One draw of the GPU, which a hang check watches, uploads so many rows' pixels. */
#define BAND_PIXELS (2u << 20)

/* Turns the picture by 30 degrees about its centre; `scale` makes it fit, `aspect` keeps shape. */
static const char vertex_shader[] =
   "#version 130\n"
   "uniform float aspect, scale;\n"
   "out vec2 at;\n"
   "void main()\n"
   "{\n"
   "   vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
   "   vec2 p = (corner * 2.0 - 1.0) * vec2(aspect, 1.0) * scale;\n"
   "   const float c = 0.8660254, s = 0.5;\n"
   "   at = corner;\n"
   "   gl_Position = vec4((c * p.x - s * p.y) / aspect, s * p.x + c * p.y, 0.0, 1.0);\n"
   "}\n";

static const char fragment_shader[] =
   "#version 130\n"
   "uniform sampler2D picture;\n"
   "in vec2 at;\n"
   "out vec4 colour;\n"
   "void main()\n"
   "{\n"
   "   colour = texture(picture, at);\n"
   "}\n";

struct job {
   enum gl_memory memory;
   const struct gl_image *source, *result;
   GLuint source_buffer, result_buffer; /* 0 for client memory */
   GLuint texture, texture_framebuffer, target, target_framebuffer, program;
   struct gl_failure *failure;
};

static bool
fail_because(struct gl_failure *failure, const char *what, const char *why, const char *todo)
{
   snprintf(failure->what, sizeof(failure->what), "%s", what);
   snprintf(failure->why, sizeof(failure->why), "%s", why);
   snprintf(failure->todo, sizeof(failure->todo), "%s", todo);
   return false;
}

const char *
gl_start(struct gl_failure *failure)
{
   static const char todo[] = "run it in the virtual machine: ./zerocopy demo";
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
       !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) {
      fail_because(failure, "OpenGL does not start",
                   "EGL gives no context of desktop OpenGL without a surface", todo);
      return NULL;
   }
   const char *renderer = (const char *)glGetString(GL_RENDERER);
   if (!strstr(renderer, "Intel")) {
      fail_because(failure, "OpenGL is not that of an Intel GPU", renderer, todo);
      return NULL;
   }
   if (!strstr((const char *)glGetString(GL_EXTENSIONS), "GL_AMD_pinned_memory")) {
      fail_because(failure, "the driver has no GL_AMD_pinned_memory", renderer,
                   "use Mesa's crocus or iris, and a kernel with CONFIG_DRM_I915_USERPTR");
      return NULL;
   }
   return renderer;
}

static bool
check(const struct job *job, const char *what)
{
   const GLenum error = glGetError();
   char why[64];

   if (!error)
      return true;
   snprintf(why, sizeof(why), "OpenGL error 0x%04x", error);
   return fail_because(job->failure, what, why, "see the kernel's log (dmesg) and Mesa's messages");
}

static GLuint
compile(const struct job *job, GLenum type, const char *text)
{
   const GLuint shader = glCreateShader(type);
   char log[1024];
   GLint good;

   glShaderSource(shader, 1, &text, NULL);
   glCompileShader(shader);
   glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
   if (good)
      return shader;
   glGetShaderInfoLog(shader, sizeof(log), NULL, log);
   fail_because(job->failure, "a shader does not compile", log, "this is a fault of the driver");
   return 0;
}

static bool
make_program(struct job *job)
{
   const GLuint vertex = compile(job, GL_VERTEX_SHADER, vertex_shader);
   const GLuint fragment = vertex ? compile(job, GL_FRAGMENT_SHADER, fragment_shader) : 0;
   char log[1024];
   GLint good;

   if (!fragment)
      return false;
   job->program = glCreateProgram();
   glAttachShader(job->program, vertex);
   glAttachShader(job->program, fragment);
   glLinkProgram(job->program);
   glDeleteShader(vertex);
   glDeleteShader(fragment);
   glGetProgramiv(job->program, GL_LINK_STATUS, &good);
   if (good)
      return true;
   glGetProgramInfoLog(job->program, sizeof(log), NULL, log);
   return fail_because(job->failure, "the shaders do not link", log,
                       "this is a fault of the driver");
}

/** A texture of the image's size, and a framebuffer that draws into it and reads from it. */
static bool
make_texture(struct job *job, const struct gl_image *image, GLuint *texture, GLuint *framebuffer)
{
   GLint most;

   glGetIntegerv(GL_MAX_TEXTURE_SIZE, &most);
   if (image->width > (uint32_t)most || image->height > (uint32_t)most) {
      char why[128];

      snprintf(why, sizeof(why), "%u x %u pixels, and the driver takes %d x %d at most",
               image->width, image->height, most, most);
      return fail_because(job->failure, "the picture is too large for a texture", why,
                          "scale the picture down, or use --blitter");
   }
   glGenTextures(1, texture);
   glBindTexture(GL_TEXTURE_2D, *texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, image->width, image->height, 0, GL_RGBA,
                GL_UNSIGNED_BYTE, NULL);
   glGenFramebuffers(1, framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, *framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, *texture, 0);
   if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
      return fail_because(job->failure, "the texture cannot be drawn to",
                          "the framebuffer is incomplete", "this is a fault of the driver");
   return check(job, "the texture was not made");
}

static size_t
size_of(const struct gl_image *image)
{
   return (size_t)image->width * image->height * PIXEL_BYTES;
}

/** The image's own memory becomes a buffer object. */
static bool
pin(struct job *job, const struct gl_image *image, GLuint *buffer)
{
   glGenBuffers(1, buffer);
   glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, *buffer);
   glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, gem_page_align(size_of(image)),
                image->pixels, GL_STREAM_COPY);
   glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
   return check(job, "the memory of a picture cannot be pinned");
}

static void
upload(const struct job *job)
{
   const struct gl_image *image = job->source;
   const uint8_t *pixels = job->memory == GL_MEMORY_PINNED ? NULL : image->pixels;
   const uint32_t most = BAND_PIXELS / image->width ? BAND_PIXELS / image->width : 1;

   glBindTexture(GL_TEXTURE_2D, job->texture);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, job->source_buffer);
   for (uint32_t y = 0; y < image->height; y += most) {
      const uint32_t rows = image->height - y < most ? image->height - y : most;

      /* With a buffer object bound, the pointer is an offset in it. */
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, y, image->width, rows, GL_RGBA, GL_UNSIGNED_BYTE,
                      (const void *)((uintptr_t)pixels + (size_t)y * image->width * PIXEL_BYTES));
      glFlush();
   }
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
   glFinish();
}

static void
draw(const struct job *job)
{
   glBindFramebuffer(GL_FRAMEBUFFER, job->target_framebuffer);
   glViewport(0, 0, job->result->width, job->result->height);
   glClearColor(0.125f, 0.125f, 0.125f, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   glUseProgram(job->program);
   glUniform1f(glGetUniformLocation(job->program, "aspect"),
               (float)job->result->width / job->result->height);
   glUniform1f(glGetUniformLocation(job->program, "scale"), 0.7f);
   glUniform1i(glGetUniformLocation(job->program, "picture"), 0);
   glBindTexture(GL_TEXTURE_2D, job->texture);
   glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
   glUseProgram(0);
   glFinish();
}

static void
read_back(const struct job *job)
{
   glBindFramebuffer(GL_READ_FRAMEBUFFER, job->target_framebuffer);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, job->result_buffer);
   glReadPixels(0, 0, job->result->width, job->result->height, GL_RGBA, GL_UNSIGNED_BYTE,
                job->memory == GL_MEMORY_PINNED ? NULL : job->result->pixels);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
   glFinish();
}

/** The texture, read row by row into memory that has no part in the job, is the source. */
static bool
texture_agrees(const struct job *job, bool *agrees)
{
   const size_t row_bytes = (size_t)job->source->width * PIXEL_BYTES;
   const uint32_t rows = 64;
   uint8_t *memory = malloc(rows * row_bytes);

   if (!memory)
      return fail_because(job->failure, "the texture cannot be compared", strerror(ENOMEM),
                          "use a guest with more memory (--memory MIB)");
   *agrees = true;
   glBindFramebuffer(GL_READ_FRAMEBUFFER, job->texture_framebuffer);
   for (uint32_t y = 0; y < job->source->height; y += rows) {
      const uint32_t n = job->source->height - y < rows ? job->source->height - y : rows;

      memset(memory, 0xa5, n * row_bytes);
      glReadPixels(0, y, job->source->width, n, GL_RGBA, GL_UNSIGNED_BYTE, memory);
      *agrees &= !memcmp(memory, job->source->pixels + y * row_bytes, n * row_bytes);
   }
   free(memory);
   return check(job, "the texture cannot be read");
}

static double
cpu_s(void)
{
   struct rusage usage;

   getrusage(RUSAGE_SELF, &usage);
   return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
          (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool
touched(const struct job *job, const struct gl_image *image, int64_t *pages)
{
   *pages = pages_touched(image->pixels);
   if (*pages >= 0)
      return true;
   return fail_because(job->failure, "the kernel does not tell which pages were touched",
                       strerror(-*pages), "use a kernel with CONFIG_PROC_PAGE_MONITOR");
}

/** What has been moved since the last time, if that is counted. */
static bool
ask(const struct job *job, struct hud_bytes *bytes)
{
   *bytes = (struct hud_bytes){ -1, -1 };
   if (!hud_is_on() || (hud_ask(bytes) && bytes->by_cpu >= 0 && bytes->by_gpu >= 0))
      return true;
   return fail_because(job->failure, "Mesa does not tell what it has copied",
                       "GALLIUM_HUD counts no transfers", "use Mesa with mesa-patches/");
}

static bool
forget(const struct job *job)
{
   const int error = pages_forget();

   return !error || fail_because(job->failure, "/proc/self/clear_refs cannot be written",
                                 strerror(-error), "use a kernel with CONFIG_PROC_PAGE_MONITOR");
}

/**
 * The job, as often as it is wanted: what the first time does alone (shaders are compiled, memory
 * is pinned, which looks up its pages as the CPU does) says nothing of a transfer.
 */
static bool
measure(struct job *job, struct gl_cost *cost)
{
   struct hud_bytes others;

   /* Nothing is counted before this. */
   if (hud_is_on() && !hud_ask(&others))
      return fail_because(job->failure, "OpenGL does not go on",
                          "its context cannot be made current again",
                          "this is a fault of the driver");
   upload(job);
   draw(job);
   read_back(job);
   if (!check(job, "the first transfer did not work"))
      return false;
   for (size_t i = 0; i < size_of(job->result); i++)
      job->result->pixels[i] = ~job->result->pixels[i];

   if (!ask(job, &others) || !forget(job))
      return false;
   double started_s = cpu_s();
   uint64_t ioctls = ioctls_so_far();
   upload(job);
   cost->upload_ioctls = ioctls_so_far() - ioctls;
   cost->cpu_s = cpu_s() - started_s;
   if (!touched(job, job->source, &cost->source_pages_touched) || !ask(job, &cost->uploaded))
      return false;

   draw(job);

   if (!ask(job, &others) || !forget(job))
      return false;
   started_s = cpu_s();
   ioctls = ioctls_so_far();
   read_back(job);
   cost->read_back_ioctls = ioctls_so_far() - ioctls;
   cost->cpu_s += cpu_s() - started_s;
   if (!touched(job, job->result, &cost->result_pages_touched) || !ask(job, &cost->read_back))
      return false;
   return check(job, "the transfer did not work") && texture_agrees(job, &cost->texture_agrees);
}

bool
gl_transfer(enum gl_memory memory, const struct gl_image *source, const struct gl_image *result,
            struct gl_cost *cost, struct gl_failure *failure)
{
   struct job job = {
      .memory = memory, .source = source, .result = result, .failure = failure,
   };
   struct pin_counters before, after;
   const bool counts = !pin_counters_read(&before);

   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   const bool done =
      (memory != GL_MEMORY_PINNED ||
       (pin(&job, source, &job.source_buffer) && pin(&job, result, &job.result_buffer))) &&
      make_texture(&job, source, &job.texture, &job.texture_framebuffer) &&
      make_texture(&job, result, &job.target, &job.target_framebuffer) && make_program(&job) &&
      measure(&job, cost);

   cost->pages_pinned = counts && !pin_counters_read(&after)
                           ? after.acquired_pages - before.acquired_pages : -1;
   glDeleteProgram(job.program);
   glDeleteFramebuffers(1, &job.texture_framebuffer);
   glDeleteFramebuffers(1, &job.target_framebuffer);
   glDeleteTextures(1, &job.texture);
   glDeleteTextures(1, &job.target);
   glDeleteBuffers(1, &job.source_buffer);
   glDeleteBuffers(1, &job.result_buffer);
   glFinish();
   return done;
}
