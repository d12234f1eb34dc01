/*
 * SPDX-License-Identifier: MIT
 *
 * Depth and stencil as pixels: uploads, blits, glCopyTexSubImage, glCopyPixels, glDrawPixels, and
 * reading them back.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>

static const struct format *
by_name(GLenum internal)
{
   const struct format *format = formats;

   while (format->internal != internal)
      format++;
   return format;
}

/* Random depths and stencils in the bound framebuffer's buffers. */
static void
fill(struct target *target, struct step *step)
{
   const struct pixel_type type = target->depth->kind == DEPTH_STENCIL
                                     ? pixel_type_canonical(target->depth)
                                     : pixel_type_exact(target->depth);
   const size_t count = (size_t)target->width * target->height;
   void *pixels = malloc(count * type.pixel_bytes);

   pixel_type_fill(&type, &step->rng, pixels, count);
   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   glBindTexture(GL_TEXTURE_2D, target->textures[1]);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, target->width, target->height, type.format, type.type,
                   pixels);
   glBindTexture(GL_TEXTURE_2D, 0);
   step_error(step, "depth upload");
   free(pixels);
}

void
step_depth_copy(struct step *step)
{
   static const GLenum internals[] = { GL_DEPTH_COMPONENT16,  GL_DEPTH_COMPONENT24,
                                       GL_DEPTH_COMPONENT32F, GL_DEPTH24_STENCIL8,
                                       GL_DEPTH24_STENCIL8,   GL_DEPTH32F_STENCIL8 };
   struct rng *rng = &step->rng;
   const struct format *depth = by_name(PICK(rng, internals)), *colour = by_name(GL_RGBA8);
   const bool stencil = depth->kind == DEPTH_STENCIL;
   struct target source, destination;

   target_make(&source, step, colour, depth, 8u << rng_below(rng, 4), rng_between(rng, 4, 60));
   fill(&source, step);
   target_make(&destination, step, colour, depth, 16u << rng_below(rng, 3),
               rng_between(rng, 16, 60));
   fill(&destination, step);
   for (unsigned i = rng_between(rng, 1, 4); i > 0; i--) {
      const int w = rng_between(rng, 1, fmin(source.width, destination.width));
      const int h = rng_between(rng, 1, fmin(source.height, destination.height));
      const int x = rng_below(rng, source.width - w + 1), y = rng_below(rng, source.height - h + 1);
      const int to_x = rng_below(rng, destination.width - w + 1);
      const int to_y = rng_below(rng, destination.height - h + 1);
      const bool flip = rng_chance(rng, 30);
      const GLbitfield what =
         !stencil ? GL_DEPTH_BUFFER_BIT
         : rng_chance(rng, 30)
            ? GL_STENCIL_BUFFER_BIT
            : GL_DEPTH_BUFFER_BIT | (rng_chance(rng, 60) ? GL_STENCIL_BUFFER_BIT : 0);

      glBindFramebuffer(GL_READ_FRAMEBUFFER, source.framebuffer);
      glBindFramebuffer(GL_DRAW_FRAMEBUFFER, destination.framebuffer);
      glViewport(0, 0, destination.width, destination.height);
      switch (rng_below(rng, 4)) {
      case 0:
      case 1:
         step_state(step, "glBlitFramebuffer %d,%d %dx%d to %d,%d%s what %x", x, y, w, h, to_x,
                    to_y, flip ? " flip y" : "", what);
         glBlitFramebuffer(x, y, x + w, y + h, to_x, flip ? to_y + h : to_y, to_x + w,
                           flip ? to_y : to_y + h, what, GL_NEAREST);
         break;
      case 2:
         step_state(step, "glCopyTexSubImage2D %d,%d %dx%d to %d,%d", x, y, w, h, to_x, to_y);
         glBindTexture(GL_TEXTURE_2D, destination.textures[1]);
         glCopyTexSubImage2D(GL_TEXTURE_2D, 0, to_x, to_y, x, y, w, h);
         glBindTexture(GL_TEXTURE_2D, 0);
         break;
      default: {
         const struct pixel_type type =
            pixel_type_of(rng_chance(rng, 50) && stencil ? GL_STENCIL_INDEX : GL_DEPTH_COMPONENT,
                          GL_UNSIGNED_BYTE);
         uint8_t *pixels = malloc((size_t)w * h);

         step_state(step, "glDrawPixels %dx%d to %d,%d %s", w, h, to_x, to_y, type.name);
         pixel_type_fill(&type, rng, pixels, (size_t)w * h);
         glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
         glEnable(GL_DEPTH_TEST);
         glDepthFunc(GL_ALWAYS);
         glWindowPos2f(to_x + 0.25f, to_y + 0.25f);
         glDrawPixels(w, h, type.format, type.type, pixels);
         glDisable(GL_DEPTH_TEST);
         free(pixels);
      }
      }
      step_error(step, "the copy");
   }
   /* glDrawPixels converts 8 bits to as many as there are. */
   target_read_depth(&destination, step, "depth", 1.01 / (ldexp(1, fmin(depth->bits[0], 24)) - 1),
                     NULL);
   if (stencil)
      target_read_stencil(&destination, step, "stencil", NULL);
   target_end(&destination);
   target_end(&source);
}
