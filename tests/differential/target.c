/*
 * SPDX-License-Identifier: MIT
 *
 * Framebuffers to draw to, programs, and what draws rectangles.
 */

#include "differential.h"

#include <stdlib.h>
#include <string.h>

const char plain_vertex[] = "#version 130\n"
                            "in vec4 position;\n"
                            "void main() { gl_Position = position; }\n";

static GLuint
compile(struct step *step, GLenum type, const char *text)
{
   const GLuint shader = glCreateShader(type);
   char log[512] = "";
   GLint good;

   glShaderSource(shader, 1, &text, NULL);
   glCompileShader(shader);
   glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
   if (!good) {
      glGetShaderInfoLog(shader, sizeof(log), NULL, log);
      for (char *c = log; *c; c++)
         *c = *c == '\n' ? ' ' : *c;
      step_broken(step, "a shader does not compile: %s", log);
   }
   return shader;
}

GLuint
program_make(struct step *step, const char *vertex, const char *fragment)
{
   const GLuint program = glCreateProgram();
   const GLuint shaders[] = { compile(step, GL_VERTEX_SHADER, vertex),
                              compile(step, GL_FRAGMENT_SHADER, fragment) };
   GLint good;

   for (unsigned i = 0; i < ARRAY_SIZE(shaders); i++) {
      glAttachShader(program, shaders[i]);
      glDeleteShader(shaders[i]);
   }
   glBindAttribLocation(program, 0, "position");
   glBindAttribLocation(program, 1, "value");
   glBindFragDataLocation(program, 0, "colour");
   glLinkProgram(program);
   glGetProgramiv(program, GL_LINK_STATUS, &good);
   if (!good)
      step_broken(step, "the shaders do not link");
   glUseProgram(program);
   return program;
}

static GLuint
make_texture(const struct format *format, unsigned width, unsigned height)
{
   const struct pixel_type type = pixel_type_canonical(format);
   GLuint name;

   glGenTextures(1, &name);
   glBindTexture(GL_TEXTURE_2D, name);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
   glTexImage2D(GL_TEXTURE_2D, 0, format->internal, width, height, 0, type.format, type.type, NULL);
   return name;
}

void
target_make(struct target *target, struct step *step, const struct format *colour,
            const struct format *depth, unsigned width, unsigned height)
{
   *target = (struct target){ .colour = colour, .depth = depth, .width = width, .height = height };
   glGenFramebuffers(1, &target->framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
   target->textures[0] = make_texture(colour, width, height);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target->textures[0],
                          0);
   if (depth) {
      const bool stencil = depth->kind == DEPTH_STENCIL;

      target->textures[1] = make_texture(depth, width, height);
      glFramebufferTexture2D(GL_FRAMEBUFFER,
                             stencil ? GL_DEPTH_STENCIL_ATTACHMENT : GL_DEPTH_ATTACHMENT,
                             GL_TEXTURE_2D, target->textures[1], 0);
   }
   glBindTexture(GL_TEXTURE_2D, 0);
   if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
      step_broken(step, "a framebuffer of %s is not complete", colour->name);
   glViewport(0, 0, width, height);
   step_state(step, "target %s %s %ux%u", colour->name, depth ? depth->name : "", width, height);

   /* A known start: depth 1, stencil 0. */
   glClearDepth(1);
   glClearStencil(0);
   if (format_is_integer(colour)) {
      glClearBufferuiv(GL_COLOR, 0, (GLuint[4]){ 0 });
      if (depth)
         glClear(GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
   } else {
      glClear(GL_COLOR_BUFFER_BIT | (depth ? GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT : 0));
   }
   step_error(step, "at the start");
}

void
target_end(struct target *target)
{
   glBindFramebuffer(GL_FRAMEBUFFER, 0);
   glDeleteFramebuffers(1, &target->framebuffer);
   glDeleteTextures(2, target->textures);
}

static void
read_all(struct target *target, struct step *step, const char *name, struct pixel_type type,
         double tolerance, double relative, const uint8_t *mask)
{
   void *pixels = calloc((size_t)target->width * target->height, type.pixel_bytes);

   glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   glReadPixels(0, 0, target->width, target->height, type.format, type.type, pixels);
   step_error(step, name);
   step_picture(step, name,
                &(struct picture){ .width = target->width,
                                   .height = target->height,
                                   .layout = type.layout,
                                   .tolerance = tolerance,
                                   .relative = relative,
                                   .pixels = pixels,
                                   .pixel_bytes = type.pixel_bytes,
                                   .mask = mask });
   free(pixels);
}

void
target_read(struct target *target, struct step *step, const char *name, struct tolerance tolerance,
            const uint8_t *mask)
{
   read_all(target, step, name, pixel_type_canonical(target->colour), tolerance.absolute,
            tolerance.relative, mask);
}

void
target_read_depth(struct target *target, struct step *step, const char *name, double tolerance,
                  const uint8_t *mask)
{
   /* More than 16 bits of UNORM are not exact in a float. */
   const bool exact = target->depth->bits[0] == 32;

   read_all(target, step, name,
            pixel_type_of(GL_DEPTH_COMPONENT, exact ? GL_FLOAT : GL_UNSIGNED_INT), tolerance, 0,
            mask);
}

void
target_read_stencil(struct target *target, struct step *step, const char *name, const uint8_t *mask)
{
   read_all(target, step, name, pixel_type_of(GL_STENCIL_INDEX, GL_UNSIGNED_BYTE), 0, 0, mask);
}

void
target_noise(struct target *target, struct step *step)
{
   const struct pixel_type type = pixel_type_exact(target->colour);
   const size_t count = (size_t)target->width * target->height;
   void *pixels = malloc(count * type.pixel_bytes);

   pixel_type_fill(&type, &step->rng, pixels, count);
   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   glBindTexture(GL_TEXTURE_2D, target->textures[0]);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, target->width, target->height, type.format, type.type,
                   pixels);
   glBindTexture(GL_TEXTURE_2D, 0);
   step_error(step, "noise");
   free(pixels);
}

void
draw_rectangle(unsigned width, unsigned height, float x0, float y0, float x1, float y1, float z)
{
   const float left = 2 * x0 / width - 1, right = 2 * x1 / width - 1;
   const float bottom = 2 * y0 / height - 1, top = 2 * y1 / height - 1;
   const float corners[] = { left, bottom, z, 1, right, bottom, z, 1,
                             left, top,    z, 1, right, top,    z, 1 };
   GLuint buffer;

   glGenBuffers(1, &buffer);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STREAM_DRAW);
   glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);
   glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
   glDisableVertexAttribArray(0);
   glDeleteBuffers(1, &buffer);
}
