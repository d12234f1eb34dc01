/*
 * SPDX-License-Identifier: MIT
 *
 * Drawing to levels, layers and faces of a texture, several of them at once: what was drawn to is
 * right, and what was not is as it was.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>

#define MOST_TARGETS 4u

static bool
renderable_colour(const struct format *format)
{
   return format_is_renderable(format) && format->kind != SRGB;
}

static unsigned
at_level(unsigned size, unsigned level)
{
   return size >> level ? size >> level : 1;
}

/* glTexImage, or glGetTexImage, of one level of all layers or of one face. */
static void
image(GLenum target, GLenum face, unsigned level, const struct format *format, const unsigned *size,
      const struct pixel_type *type, void *pixels)
{
   if (target == GL_TEXTURE_2D || target == GL_TEXTURE_CUBE_MAP)
      glTexImage2D(face, level, format->internal, size[0], size[1], 0, type->format, type->type,
                   pixels);
   else
      glTexImage3D(face, level, format->internal, size[0], size[1], size[2], 0, type->format,
                   type->type, pixels);
}

void
step_layers(struct step *step)
{
   static const GLenum targets[] = { GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP,
                                     GL_TEXTURE_2D_ARRAY };
   struct rng *rng = &step->rng;
   const GLenum target = PICK(rng, targets);
   const bool cube = target == GL_TEXTURE_CUBE_MAP, volume = target == GL_TEXTURE_3D;
   const bool array = target == GL_TEXTURE_2D_ARRAY;
   const struct format *format = format_random(rng, renderable_colour);
   const struct pixel_type type = pixel_type_exact(format);
   unsigned size[3] = { rng_between(rng, 1, 50), rng_between(rng, 1, 50), 1 };
   GLuint texture, framebuffer;
   char fragment[700];

   if (cube)
      size[1] = size[0];
   if (volume || array)
      size[2] = rng_between(rng, 1, 6);
   const unsigned largest = fmax(size[0], fmax(size[1], volume ? size[2] : 1));
   const unsigned levels = rng_between(rng, 1, 1 + (unsigned)log2(largest));
   step_state(step, "target %04x %s %ux%ux%u, %u levels", target, format->name, size[0], size[1],
              size[2], levels);

   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   glGenTextures(1, &texture);
   glBindTexture(target, texture);
   glTexParameteri(target, GL_TEXTURE_MAX_LEVEL, levels - 1);
   glTexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST_MIPMAP_NEAREST);
   glTexParameteri(target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
   for (unsigned face = 0; face < (cube ? 6 : 1); face++) {
      for (unsigned level = 0; level < levels; level++) {
         const unsigned of_level[3] = { at_level(size[0], level), at_level(size[1], level),
                                        volume ? at_level(size[2], level) : size[2] };
         const size_t count = (size_t)of_level[0] * of_level[1] * of_level[2];
         void *pixels = malloc(count * type.pixel_bytes);

         pixel_type_fill(&type, rng, pixels, count);
         image(target, cube ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + face : target, level, format,
               of_level, &type, pixels);
         free(pixels);
      }
   }
   step_error(step, "glTexImage");

   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   const char *kind = format->kind == UINT ? "u" : format->kind == INT ? "i" : "";
   snprintf(fragment, sizeof(fragment),
            "#version 330 compatibility\n"
            "uniform int n;\n"
            "layout(location = 0) out %svec4 c0;\nlayout(location = 1) out %svec4 c1;\n"
            "layout(location = 2) out %svec4 c2;\nlayout(location = 3) out %svec4 c3;\n"
            "void main() {\n"
            "   ivec2 p = ivec2(gl_FragCoord.xy);\n"
            "   ivec4 c = ivec4(p.x + n, p.y * 3 + n, p.x ^ p.y, n * 7) & %s;\n"
            "   %svec4 f = %svec4(c)%s;\n"
            "   c0 = f; c1 = f.yzwx; c2 = f.zwxy; c3 = f.wxyz;\n"
            "}\n",
            kind, kind, kind, kind, format_is_integer(format) ? "3" : "255", kind, kind,
            format_is_integer(format) ? "" : " / 255.0");
   const GLuint program = program_make(step, plain_vertex, fragment);
   for (unsigned draw = rng_between(rng, 1, 4); draw > 0; draw--) {
      static const GLenum buffers[MOST_TARGETS] = { GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1,
                                                    GL_COLOR_ATTACHMENT2, GL_COLOR_ATTACHMENT3 };
      const unsigned level = rng_below(rng, levels);
      const unsigned layers = cube ? 6 : volume ? at_level(size[2], level) : size[2];
      const unsigned width = at_level(size[0], level), height = at_level(size[1], level);
      const unsigned first = rng_below(rng, layers);
      const unsigned count = rng_between(rng, 1, fmin(MOST_TARGETS, layers));
      const bool clear = rng_chance(rng, 30);
      const float fraction = rng_between(rng, 1, 8) / 8.0f;

      for (unsigned i = 0; i < MOST_TARGETS; i++) {
         const unsigned layer = (first + i) % layers;
         const GLuint name = i < count ? texture : 0;

         if (cube)
            glFramebufferTexture2D(GL_FRAMEBUFFER, buffers[i],
                                   GL_TEXTURE_CUBE_MAP_POSITIVE_X + layer, name, level);
         else if (target == GL_TEXTURE_2D)
            glFramebufferTexture2D(GL_FRAMEBUFFER, buffers[i], target, name, level);
         else
            glFramebufferTextureLayer(GL_FRAMEBUFFER, buffers[i], name, level, layer);
      }
      glDrawBuffers(count, buffers);
      if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
         step_broken(step, "a framebuffer of level %u is not complete", level);
      step_state(step, "%s level %u layers %u to %u, %g of it", clear ? "clear" : "draw", level,
                 first, first + count - 1, fraction);
      glViewport(0, 0, width, height);
      if (clear && format->kind == UINT) {
         glClearBufferuiv(GL_COLOR, count - 1, (GLuint[4]){ 1, 2, 3, draw });
      } else if (clear && format->kind == INT) {
         glClearBufferiv(GL_COLOR, count - 1, (GLint[4]){ -1, 2, -3, draw });
      } else if (clear) {
         glClearBufferfv(GL_COLOR, count - 1, (GLfloat[4]){ 1, 0, 0.25f, 0.5f });
      } else {
         glUniform1i(glGetUniformLocation(program, "n"), rng_below(rng, 256));
         /* Its right side between two pixels' centres. */
         draw_rectangle(width, height, 0, 0, floorf(width * fraction), height, 0);
      }
      step_error(step, "the draw");
   }

   const struct pixel_type canonical = pixel_type_canonical(format);
   struct tolerance tolerance = { 0, 0 };
   if (!format_is_integer(format))
      tolerance.absolute = format_step(format, &tolerance.relative) * 1.01;
   for (unsigned face = 0; face < (cube ? 6 : 1); face++) {
      for (unsigned level = 0; level < levels; level++) {
         const unsigned width = at_level(size[0], level), height = at_level(size[1], level);
         const unsigned depth = volume ? at_level(size[2], level) : size[2];
         void *pixels = calloc((size_t)width * height * depth, canonical.pixel_bytes);

         glGetTexImage(cube ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + face : target, level,
                       canonical.format, canonical.type, pixels);
         step_error(step, "glGetTexImage");
         step_picture(step, "level",
                      &(struct picture){ .width = width,
                                         .height = height * depth,
                                         .layout = canonical.layout,
                                         .tolerance = tolerance.absolute,
                                         .relative = tolerance.relative,
                                         .pixels = pixels,
                                         .pixel_bytes = canonical.pixel_bytes });
         free(pixels);
      }
   }
   glDeleteProgram(program);
   glDeleteFramebuffers(1, &framebuffer);
   glDeleteTextures(1, &texture);
}
