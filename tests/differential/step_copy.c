/*
 * SPDX-License-Identifier: MIT
 *
 * What moves pixels from framebuffer to texture or framebuffer, and clears: glCopyTexSubImage,
 * glBlitFramebuffer, glClear and glClearBuffer, glDrawPixels, glCopyPixels.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>

static bool
not_integer_renderable(const struct format *format)
{
   return format_is_renderable(format) && !format_is_integer(format);
}

/* Sides that are mostly powers of two: then no window coordinate is rounded. */
static unsigned
side(struct rng *rng)
{
   return rng_chance(rng, 70) ? 8u << rng_below(rng, 4) : (unsigned)rng_between(rng, 1, 70);
}

/* Formats between which a copy is defined and, but for the rounding, the same everywhere. */
static const struct format *
copy_partner(struct rng *rng, const struct format *from)
{
   const struct format *to;

   do
      to = format_random(rng, format_is_renderable);
   while (to->kind != from->kind && (format_is_integer(to) || format_is_integer(from) ||
                                     (to->kind == SRGB) != (from->kind == SRGB)));
   return rng_chance(rng, 50) ? from : to;
}

static struct tolerance
copy_tolerance(const struct format *from, const struct format *to)
{
   struct tolerance tolerance = { 0, 0 };
   const bool same_bits =
      from->bits[0] == to->bits[0] && from->bits[2] == to->bits[2] && from->bits[3] == to->bits[3];

   if (from->internal != to->internal && !format_is_integer(from) &&
       (from->kind != to->kind || !same_bits))
      tolerance.absolute = format_step(to, &tolerance.relative);
   return tolerance;
}

void
step_copy(struct step *step)
{
   struct rng *rng = &step->rng;
   const struct format *from = format_random(rng, format_is_renderable);
   const struct format *to = copy_partner(rng, from);
   struct target source, destination;

   target_make(&source, step, from, NULL, side(rng), side(rng));
   target_noise(&source, step);
   target_make(&destination, step, to, NULL, side(rng), side(rng));
   target_noise(&destination, step);
   glBindFramebuffer(GL_READ_FRAMEBUFFER, source.framebuffer);
   glBindTexture(GL_TEXTURE_2D, destination.textures[0]);
   for (unsigned i = rng_between(rng, 1, 4); i > 0; i--) {
      /* Pixels outside of the framebuffer are undefined, so none are read. */
      const unsigned width = rng_between(rng, 1, fmin(source.width, destination.width));
      const unsigned height = rng_between(rng, 1, fmin(source.height, destination.height));
      const unsigned x = rng_below(rng, source.width - width + 1);
      const unsigned y = rng_below(rng, source.height - height + 1);
      const unsigned to_x = rng_below(rng, destination.width - width + 1);
      const unsigned to_y = rng_below(rng, destination.height - height + 1);

      step_state(step, "glCopyTexSubImage2D %ux%u from %u,%u to %u,%u", width, height, x, y, to_x,
                 to_y);
      glCopyTexSubImage2D(GL_TEXTURE_2D, 0, to_x, to_y, x, y, width, height);
      step_error(step, "glCopyTexSubImage2D");
   }
   glBindTexture(GL_TEXTURE_2D, 0);
   target_read(&destination, step, "destination", copy_tolerance(from, to), NULL);
   target_end(&destination);
   target_end(&source);
}

void
step_blit(struct step *step)
{
   struct rng *rng = &step->rng;
   const struct format *from = format_random(rng, format_is_renderable);
   const struct format *to = copy_partner(rng, from);
   const bool linear = !format_is_integer(from) && rng_chance(rng, 40);
   struct tolerance tolerance = copy_tolerance(from, to);
   struct target source, destination;

   target_make(&source, step, from, NULL, 8u << rng_below(rng, 4), 8u << rng_below(rng, 4));
   target_noise(&source, step);
   target_make(&destination, step, to, NULL, 16u << rng_below(rng, 3), 16u << rng_below(rng, 3));
   target_noise(&destination, step);
   glBindFramebuffer(GL_READ_FRAMEBUFFER, source.framebuffer);
   glBindFramebuffer(GL_DRAW_FRAMEBUFFER, destination.framebuffer);
   const bool srgb = rng_chance(rng, 50);
   if (srgb)
      glEnable(GL_FRAMEBUFFER_SRGB);
   if (rng_chance(rng, 40)) {
      const int x = rng_between(rng, 0, 12), y = rng_between(rng, 0, 12);

      glEnable(GL_SCISSOR_TEST);
      glScissor(x, y, 9, 11);
      step_state(step, "scissor %d,%d 9x11", x, y);
   }
   for (unsigned i = rng_between(rng, 1, 3); i > 0; i--) {
      /*
       * A scale of a power of two, or none: then it is clear which pixel is the nearest. It may not
       * reach out of the source, whose outside leaves the destination as it is.
       */
      const int scale_x = 1 << rng_below(rng, 3), scale_y = 1 << rng_below(rng, 3);
      const int w = rng_between(rng, 1, fmin(source.width, destination.width / scale_x));
      const int h = rng_between(rng, 1, fmin(source.height, destination.height / scale_y));
      const int x = rng_below(rng, source.width - w + 1), y = rng_below(rng, source.height - h + 1);
      const int to_x = rng_below(rng, destination.width - w * scale_x + 1);
      const int to_y = rng_below(rng, destination.height - h * scale_y + 1);
      const bool flip_x = rng_chance(rng, 30), flip_y = rng_chance(rng, 30);
      const int end_x = to_x + w * scale_x, end_y = to_y + h * scale_y;
      const bool scaled = scale_x != 1 || scale_y != 1;

      step_state(step, "glBlitFramebuffer %d,%d %dx%d to %d,%d scale %d,%d%s%s%s%s", x, y, w, h,
                 to_x, to_y, scale_x, scale_y, flip_x ? " flip x" : "", flip_y ? " flip y" : "",
                 linear ? " linear" : "", srgb ? " srgb" : "");
      glBlitFramebuffer(x, y, x + w, y + h, flip_x ? end_x : to_x, flip_y ? end_y : to_y,
                        flip_x ? to_x : end_x, flip_y ? to_y : end_y, GL_COLOR_BUFFER_BIT,
                        linear ? GL_LINEAR : GL_NEAREST);
      step_error(step, "glBlitFramebuffer");
      if (linear && scaled) {
         /* Weights of 8 bits in each direction, values of 0 to 2; in sRGB it is open where they are
          * applied. */
         double relative;
         tolerance.absolute = fmax(tolerance.absolute, 8 / 256.0 + format_step(to, &relative));
         tolerance.relative = fmax(tolerance.relative, relative);
      }
      if (from->kind == SRGB || to->kind == SRGB)
         tolerance.absolute = fmax(tolerance.absolute, linear && scaled ? 0.6 : 1.01 / 255);
   }
   glDisable(GL_SCISSOR_TEST);
   glDisable(GL_FRAMEBUFFER_SRGB);
   target_read(&destination, step, "destination", tolerance, NULL);
   target_end(&destination);
   target_end(&source);
}

void
step_clear(struct step *step)
{
   struct rng *rng = &step->rng;
   static const GLenum depths[] = { GL_DEPTH_COMPONENT16, GL_DEPTH_COMPONENT24,
                                    GL_DEPTH_COMPONENT32F, GL_DEPTH24_STENCIL8,
                                    GL_DEPTH32F_STENCIL8 };
   const GLenum wanted = PICK(rng, depths);
   const struct format *colour = format_random(rng, format_is_renderable), *depth = formats;
   struct tolerance tolerance = { 0, 0 };
   struct target target;

   while (depth->internal != wanted)
      depth++;
   target_make(&target, step, colour, depth, side(rng), side(rng));
   if (rng_chance(rng, 60))
      target_noise(&target, step);
   if (!format_is_integer(colour))
      tolerance.absolute = format_step(colour, &tolerance.relative);
   for (unsigned i = rng_between(rng, 1, 5); i > 0; i--) {
      const bool scissor = rng_chance(rng, 50);
      const int x = rng_between(rng, -3, target.width), y = rng_between(rng, -3, target.height);
      const int w = rng_between(rng, 0, target.width), h = rng_between(rng, 0, target.height);
      const unsigned mask = rng_chance(rng, 30) ? rng_below(rng, 16) : 15;
      const unsigned stencil_mask = rng_chance(rng, 30) ? rng_below(rng, 256) : 255;
      const int stencil = rng_below(rng, 256);
      const double z = rng_below(rng, 257) / 256.0;
      const bool write_depth = !rng_chance(rng, 20);
      const GLbitfield what = rng_between(rng, 1, 7);
      float value[4];
      GLint integer[4];

      for (unsigned j = 0; j < 4; j++) {
         value[j] = rng_chance(rng, 40) ? rng_below(rng, 2) : rng_between(rng, -64, 320) / 256.0f;
         integer[j] = colour->kind == UINT ? rng_between(rng, 0, 3) : rng_between(rng, -2, 1);
      }
      if (scissor)
         glEnable(GL_SCISSOR_TEST);
      else
         glDisable(GL_SCISSOR_TEST);
      glScissor(x, y, w, h);
      glColorMask(mask & 1, mask >> 1 & 1, mask >> 2 & 1, mask >> 3 & 1);
      glStencilMask(stencil_mask);
      glDepthMask(write_depth);
      step_state(step,
                 "clear %s%s%s scissor %d %d,%d %dx%d mask %x stencil %d/%02x depth %g/%d "
                 "colour %g %g %g %g, %d %d %d %d",
                 what & 1 ? "C" : "", what & 2 ? "D" : "", what & 4 ? "S" : "", scissor, x, y, w, h,
                 mask, stencil, stencil_mask, z, write_depth, value[0], value[1], value[2],
                 value[3], integer[0], integer[1], integer[2], integer[3]);
      if (colour->kind == INT && what & 1)
         glClearBufferiv(GL_COLOR, 0, integer);
      else if (colour->kind == UINT && what & 1)
         glClearBufferuiv(GL_COLOR, 0, (GLuint *)integer);
      glClearColor(value[0], value[1], value[2], value[3]);
      glClearDepth(z);
      glClearStencil(stencil);
      glClear((what & 1 && !format_is_integer(colour) ? GL_COLOR_BUFFER_BIT : 0) |
              (what & 2 ? GL_DEPTH_BUFFER_BIT : 0) | (what & 4 ? GL_STENCIL_BUFFER_BIT : 0));
      step_error(step, "glClear");
   }
   target_read(&target, step, "colour", tolerance, NULL);
   target_read_depth(&target, step, "depth", 1.01 / (ldexp(1, fmin(depth->bits[0], 24)) - 1), NULL);
   if (depth->kind == DEPTH_STENCIL)
      target_read_stencil(&target, step, "stencil", NULL);
   target_end(&target);
}

void
step_drawpixels(struct step *step)
{
   struct rng *rng = &step->rng;
   const struct format *colour = format_random(rng, not_integer_renderable);
   struct tolerance tolerance;
   struct target target;

   target_make(&target, step, colour, NULL, 16u << rng_below(rng, 3), 16u << rng_below(rng, 3));
   target_noise(&target, step);
   tolerance.absolute = format_step(colour, &tolerance.relative);
   double few_bits = 0;
   for (unsigned i = rng_between(rng, 1, 3); i > 0; i--) {
      const int x = rng_between(rng, 0, target.width - 1),
                y = rng_between(rng, 0, target.height - 1);
      const unsigned w = rng_between(rng, 1, target.width), h = rng_between(rng, 1, target.height);
      static const float zooms[] = { 1, 1, 1, 2, -1, -2 };
      const float zoom_x = PICK(rng, zooms), zoom_y = PICK(rng, zooms);
      const bool transfer = rng_chance(rng, 30);
      const float scale = transfer ? rng_between(rng, 1, 8) / 4.0f : 1;
      const float bias = transfer ? rng_between(rng, -2, 2) / 8.0f : 0;
      const bool scissor = rng_chance(rng, 30);

      step_state(step, "at %d,%d zoom %g,%g scale %g bias %g scissor %d", x, y, zoom_x, zoom_y,
                 scale, bias, scissor);
      /* Off the half: at a whole number the raster position is a tie. */
      glWindowPos2f(x + 0.25f, y + 0.25f);
      glPixelZoom(zoom_x, zoom_y);
      glPixelTransferf(GL_RED_SCALE, scale);
      glPixelTransferf(GL_BLUE_BIAS, bias);
      if (scissor) {
         glEnable(GL_SCISSOR_TEST);
         glScissor(5, 3, target.width / 2, target.height / 2);
      }
      if (rng_chance(rng, 25)) {
         const int from_x = rng_below(rng, target.width), from_y = rng_below(rng, target.height);
         const unsigned copy_w = rng_between(rng, 1, target.width - from_x);
         const unsigned copy_h = rng_between(rng, 1, target.height - from_y);

         step_state(step, "glCopyPixels %ux%u from %d,%d", copy_w, copy_h, from_x, from_y);
         glCopyPixels(from_x, from_y, copy_w, copy_h, GL_COLOR);
         step_error(step, "glCopyPixels");
      } else {
         const struct pixel_type type = pixel_type_random(rng, colour);
         /* Mesa may put 3, 3 and 2 bits into a texture of 5, 6 and 5. */
         if (type.bits[0] == 3)
            few_bits = 1 / 62.0;
         void *tight = malloc((size_t)w * h * type.pixel_bytes);
         struct store store;

         store_random(&store, step, &type, w, h, 1, false, false);
         pixel_type_fill(&type, rng, tight, (size_t)w * h);
         store_put(&store, tight);
         const void *data = store_begin(&store, false);
         glDrawPixels(w, h, type.format, type.type, data);
         step_error(step, "glDrawPixels");
         store_end(&store, step, false, NULL);
         free(tight);
      }
      glPixelTransferf(GL_RED_SCALE, 1);
      glPixelTransferf(GL_BLUE_BIAS, 0);
      glDisable(GL_SCISSOR_TEST);
   }
   tolerance.absolute = 3 * (tolerance.absolute + few_bits);
   tolerance.relative *= 3;
   target_read(&target, step, "colour", tolerance, NULL);
   target_end(&target);
}
