/*
 * SPDX-License-Identifier: MIT
 *
 * differential RENDERER FILE SEED [STEP...]: runs the steps of a seed (all without numbers) and
 * writes what they rendered to FILE. RENDERER must be in GL_RENDERER: a run on another driver than
 * the one that was asked for would compare a driver with itself.
 */

#include "differential.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>

static const struct step_kind kinds[] = {
   { "transfer", step_transfer },
   { "copy", step_copy },
   { "blit", step_blit },
   { "clear", step_clear },
   { "drawpixels", step_drawpixels },
   { "sample", step_sample },
   { "triangles", step_triangles },
   { "mesh", step_mesh },
   { "lines-points", step_lines_points },
   { "blend", step_blend },
   { "depth-stencil", step_depth_stencil },
   { "shader", step_shader },
   { "vertex-formats", step_vertex_formats },
   { "layers", step_layers },
   { "depth-copy", step_depth_copy },
   { "buffers", step_buffers },
   { "fill-modes", step_fill_modes },
};

#define STEPS_A_SEED (2 * ARRAY_SIZE(kinds))

/* splitmix64: any seed will do, neighbours too. */
uint32_t
rng_next(struct rng *rng)
{
   uint64_t z = rng->state += 0x9e3779b97f4a7c15;

   z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
   z = (z ^ z >> 27) * 0x94d049bb133111eb;
   return (z ^ z >> 31) >> 32;
}

uint32_t
rng_below(struct rng *rng, uint32_t n)
{
   return (uint64_t)rng_next(rng) * n >> 32;
}

int
rng_between(struct rng *rng, int low, int high)
{
   return low + (int)rng_below(rng, high - low + 1);
}

bool
rng_chance(struct rng *rng, unsigned percent)
{
   return rng_below(rng, 100) < percent;
}

static void
line(struct step *step, const char *word, const char *format, va_list arguments)
{
   fprintf(step->out, "%s ", word);
   vfprintf(step->out, format, arguments);
   fputc('\n', step->out);
}

void
step_state(struct step *step, const char *format, ...)
{
   va_list arguments;

   va_start(arguments, format);
   line(step, "state", format, arguments);
   va_end(arguments);
   fflush(step->out);
}

void
step_broken(struct step *step, const char *format, ...)
{
   va_list arguments;

   va_start(arguments, format);
   line(step, "broken", format, arguments);
   va_end(arguments);
}

void
step_error(struct step *step, const char *what)
{
   GLenum error = glGetError();

   if (error)
      fprintf(step->out, "error 0x%04x %s\n", error, what);
}

void
step_picture(struct step *step, const char *name, const struct picture *picture)
{
   const size_t pixels = (size_t)picture->width * picture->height;

   fprintf(step->out, "picture %s %u %u %s %.9g %.9g %u %d\n", name, picture->width,
           picture->height, picture->layout, picture->tolerance, picture->relative,
           picture->pixel_bytes, picture->mask != NULL);
   fwrite(picture->pixels, picture->pixel_bytes, pixels, step->out);
   if (picture->mask)
      fwrite(picture->mask, 1, pixels, step->out);
   fputc('\n', step->out);
}

static void
fail(const char *what)
{
   fprintf(stderr, "differential: %s\n", what);
   exit(2);
}

static void
context(const char *renderer)
{
   PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
      (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
   EGLDisplay display = EGL_NO_DISPLAY;
   EGLContext made = EGL_NO_CONTEXT;

   if (get_display)
      display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
   if (display != EGL_NO_DISPLAY && eglInitialize(display, NULL, NULL) &&
       eglBindAPI(EGL_OPENGL_API))
      made = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, NULL);
   if (made == EGL_NO_CONTEXT || !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, made))
      fail("no OpenGL context without a surface");
   if (!strstr((const char *)glGetString(GL_RENDERER), renderer)) {
      fprintf(stderr, "differential: %s was asked for, this is %s\n", renderer,
              (const char *)glGetString(GL_RENDERER));
      exit(2);
   }
}

/* What a step has left set would be the next one's start, and that one could not run alone. */
static void
reset(void)
{
   glUseProgram(0);
   glBindFramebuffer(GL_FRAMEBUFFER, 0);
   glPopClientAttrib();
   glPopAttrib();
   /* What Mesa 25.0's glPopAttrib leaves as it is. */
   glProvokingVertex(GL_LAST_VERTEX_CONVENTION);
   glBlendEquation(GL_FUNC_ADD);
   glPushAttrib(GL_ALL_ATTRIB_BITS);
   glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
   while (glGetError())
      ;
}

int
main(int argc, char **argv)
{
   char *end;

   if (argc < 4)
      fail("usage: differential RENDERER FILE SEED [STEP...]");
   const unsigned long seed = strtoul(argv[3], &end, 0);
   if (*end)
      fail("a seed is a number");
   FILE *out = fopen(argv[2], "wb");
   if (!out)
      fail("the file cannot be written");
   context(argv[1]);
   fprintf(out, "differential 1 %s\n", (const char *)glGetString(GL_RENDERER));
   glPushAttrib(GL_ALL_ATTRIB_BITS);
   glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
   for (unsigned i = 0; i < STEPS_A_SEED; i++) {
      bool wanted = argc == 4;

      for (int j = 4; j < argc; j++)
         wanted |= strtoul(argv[j], NULL, 0) == i;
      if (!wanted)
         continue;
      struct step step = { .rng.state = seed << 20 ^ i, .out = out, .seed = seed, .number = i };
      rng_next(&step.rng);
      const struct step_kind *kind = &kinds[i % ARRAY_SIZE(kinds)];
      fprintf(out, "step %u %s\n", i, kind->name);
      fflush(out);
      kind->run(&step);
      step_error(&step, "at the end");
      reset();
   }
   fprintf(out, "end\n");
   if (fclose(out))
      fail("the file cannot be written");
   return 0;
}
