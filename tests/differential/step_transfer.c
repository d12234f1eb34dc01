/*
 * SPDX-License-Identifier: MIT
 *
 * Uploads to textures and reading them back, with random pixel store parameters.
 */

#include "differential.h"

#include <stdlib.h>
#include <string.h>

struct texture_target {
   GLenum target;
   const char *name;
   unsigned dimensions;
   bool depth, mipmaps;
};

static const struct texture_target targets[] = {
   { GL_TEXTURE_2D, "2D", 2, true, true },
   { GL_TEXTURE_1D, "1D", 1, true, true },
   { GL_TEXTURE_3D, "3D", 3, false, true },
   { GL_TEXTURE_CUBE_MAP, "CUBE_MAP", 2, true, true },
   { GL_TEXTURE_1D_ARRAY, "1D_ARRAY", 2, true, true },
   { GL_TEXTURE_2D_ARRAY, "2D_ARRAY", 3, true, true },
   { GL_TEXTURE_RECTANGLE, "RECTANGLE", 2, true, false },
   { GL_TEXTURE_2D, "2D", 2, true, true },
};

static void
upload(struct step *step, const struct texture_target *target, GLenum face, int level,
       const struct format *format, const int *at, const unsigned *size, bool whole,
       struct tolerance *tolerance)
{
   const struct pixel_type type = pixel_type_random(&step->rng, format);
   const size_t pixels = (size_t)size[0] * size[1] * size[2];
   const GLenum f = type.format, t = type.type;
   void *tight = malloc(pixels * type.pixel_bytes);
   struct store store;

   store_random(&store, step, &type, size[0], size[1], size[2], target->dimensions == 3, false);
   pixel_type_fill(&type, &step->rng, tight, pixels);
   store_put(&store, tight);
   const void *data = store_begin(&store, false);
   if (target->dimensions == 1 && whole)
      glTexImage1D(face, level, format->internal, size[0], 0, f, t, data);
   else if (target->dimensions == 1)
      glTexSubImage1D(face, level, at[0], size[0], f, t, data);
   else if (target->dimensions == 2 && whole)
      glTexImage2D(face, level, format->internal, size[0], size[1], 0, f, t, data);
   else if (target->dimensions == 2)
      glTexSubImage2D(face, level, at[0], at[1], size[0], size[1], f, t, data);
   else if (whole)
      glTexImage3D(face, level, format->internal, size[0], size[1], size[2], 0, f, t, data);
   else
      glTexSubImage3D(face, level, at[0], at[1], at[2], size[0], size[1], size[2], f, t, data);
   step_error(step, whole ? "glTexImage" : "glTexSubImage");
   store_end(&store, step, false, NULL);
   free(tight);
   const struct tolerance more = tolerance_of_transfer(&type, format, false);
   if (more.absolute + more.relative > tolerance->absolute + tolerance->relative)
      *tolerance = more;
}

static void
read_texture(struct step *step, const struct texture_target *target, GLenum face, int level,
             const struct format *format, const unsigned *size, struct tolerance tolerance)
{
   const struct pixel_type type = pixel_type_random(&step->rng, format);
   const size_t pixels = (size_t)size[0] * size[1] * size[2];
   void *tight = malloc(pixels * type.pixel_bytes);
   struct store store;

   store_random(&store, step, &type, size[0], size[1], size[2], target->dimensions == 3, true);
   void *data = store_begin(&store, true);
   glGetTexImage(face, level, type.format, type.type, data);
   step_error(step, "glGetTexImage");
   store_end(&store, step, true, tight);
   tolerance = tolerance_sum(tolerance, tolerance_of_transfer(&type, format, true));
   step_picture(step, "glGetTexImage",
                &(struct picture){ .width = size[0],
                                   .height = size[1] * size[2],
                                   .layout = type.layout,
                                   .tolerance = tolerance.absolute,
                                   .relative = tolerance.relative,
                                   .pixels = tight,
                                   .pixel_bytes = type.pixel_bytes });
   free(tight);
}

static void
read_pixels(struct step *step, GLuint texture, int level, const struct format *format,
            const unsigned *size, struct tolerance tolerance)
{
   const struct pixel_type type = pixel_type_random(&step->rng, format);
   const unsigned width = rng_between(&step->rng, 1, size[0]);
   const unsigned height = rng_between(&step->rng, 1, size[1]);
   const unsigned x = rng_below(&step->rng, size[0] - width + 1);
   const unsigned y = rng_below(&step->rng, size[1] - height + 1);
   void *tight = malloc((size_t)width * height * type.pixel_bytes);
   struct store store;
   GLuint framebuffer;

   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, level);
   if (glCheckFramebufferStatus(GL_READ_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
      step_broken(step, "a framebuffer of %s is not complete", format->name);
   step_state(step, "glReadPixels from %u,%u", x, y);
   store_random(&store, step, &type, width, height, 1, false, true);
   void *data = store_begin(&store, true);
   glReadPixels(x, y, width, height, type.format, type.type, data);
   step_error(step, "glReadPixels");
   store_end(&store, step, true, tight);
   tolerance = tolerance_sum(tolerance, tolerance_of_transfer(&type, format, true));
   step_picture(step, "glReadPixels",
                &(struct picture){ .width = width,
                                   .height = height,
                                   .layout = type.layout,
                                   .tolerance = tolerance.absolute,
                                   .relative = tolerance.relative,
                                   .pixels = tight,
                                   .pixel_bytes = type.pixel_bytes });
   free(tight);
   glDeleteFramebuffers(1, &framebuffer);
}

void
step_transfer(struct step *step)
{
   const struct texture_target *target = &PICK(&step->rng, targets);
   struct tolerance tolerance = { 0, 0 };
   const struct format *format;
   GLuint texture;

   do
      format = format_random(&step->rng, NULL);
   while (format_is_depth(format) && !target->depth);

   unsigned size[3] = { 1, 1, 1 };
   for (unsigned i = 0; i < target->dimensions; i++)
      size[i] = rng_between(&step->rng, 1, i == 2 ? 7 : rng_chance(&step->rng, 15) ? 160 : 40);
   if (target->target == GL_TEXTURE_CUBE_MAP)
      size[1] = size[0];
   int level = target->mipmaps && rng_chance(&step->rng, 30) ? rng_between(&step->rng, 1, 3) : 0;
   GLenum face = target->target;
   if (face == GL_TEXTURE_CUBE_MAP)
      face = GL_TEXTURE_CUBE_MAP_POSITIVE_X + rng_below(&step->rng, 6);
   step_state(step, "%s %s %ux%ux%u level %d", target->name, format->name, size[0], size[1],
              size[2], level);

   glGenTextures(1, &texture);
   glBindTexture(target->target, texture);
   if (target->mipmaps) {
      glTexParameteri(target->target, GL_TEXTURE_BASE_LEVEL, level);
      glTexParameteri(target->target, GL_TEXTURE_MAX_LEVEL, level);
   }
   upload(step, target, face, level, format, (int[3]){ 0 }, size, true, &tolerance);
   for (unsigned i = rng_below(&step->rng, 4); i > 0; i--) {
      unsigned part[3] = { 1, 1, 1 };
      int at[3] = { 0 };

      for (unsigned j = 0; j < target->dimensions; j++) {
         part[j] = rng_between(&step->rng, 1, size[j]);
         at[j] = rng_below(&step->rng, size[j] - part[j] + 1);
      }
      step_state(step, "glTexSubImage at %d,%d,%d", at[0], at[1], at[2]);
      upload(step, target, face, level, format, at, part, false, &tolerance);
   }
   for (unsigned i = rng_between(&step->rng, 1, 2); i > 0; i--)
      read_texture(step, target, face, level, format, size, tolerance);
   if (target->target == GL_TEXTURE_2D && !level && format_is_renderable(format))
      for (unsigned i = rng_between(&step->rng, 1, 2); i > 0; i--)
         read_pixels(step, texture, level, format, size, tolerance);
   glDeleteTextures(1, &texture);
}
