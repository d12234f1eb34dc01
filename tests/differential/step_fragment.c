/*
 * SPDX-License-Identifier: MIT
 *
 * What happens to a fragment: blending and logic operations over random pixels, depth, stencil,
 * alpha test and the counting of samples.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 32u
#define TILE 8u

static bool
blendable(const struct format *format)
{
   return format_is_renderable(format) && !format_is_integer(format);
}

/* A colour for each pixel, in steps of 1/255, of a wide range of values. */
static const char coloured_fragment[] = "#version 330 compatibility\n"
                                        "uniform ivec4 u;\n"
                                        "out vec4 colour;\n"
                                        "void main() {\n"
                                        "   ivec2 p = ivec2(gl_FragCoord.xy);\n"
                                        "   ivec4 c = (ivec4(p.x * 37, p.y * 59, p.x * 11 + p.y * "
                                        "5, p.x * 3 + p.y * 83) * u + u.wzyx) & 255;\n"
                                        "   colour = vec4(c) / 255.0;\n"
                                        "}\n";

void
step_blend(struct step *step)
{
   static const GLenum factors[] = {
      GL_ZERO,
      GL_ONE,
      GL_SRC_COLOR,
      GL_ONE_MINUS_SRC_COLOR,
      GL_DST_COLOR,
      GL_ONE_MINUS_DST_COLOR,
      GL_SRC_ALPHA,
      GL_ONE_MINUS_SRC_ALPHA,
      GL_DST_ALPHA,
      GL_ONE_MINUS_DST_ALPHA,
      GL_CONSTANT_COLOR,
      GL_ONE_MINUS_CONSTANT_COLOR,
      GL_CONSTANT_ALPHA,
      GL_ONE_MINUS_CONSTANT_ALPHA,
      GL_SRC_ALPHA_SATURATE,
   };
   static const GLenum equations[] = { GL_FUNC_ADD,      GL_FUNC_ADD,
                                       GL_FUNC_SUBTRACT, GL_FUNC_REVERSE_SUBTRACT,
                                       GL_MIN,           GL_MAX };
   struct rng *rng = &step->rng;
   const struct format *colour = format_random(rng, blendable);
   const bool logic_possible = colour->kind == UNORM && colour->bits[0] == 8;
   const bool srgb = colour->kind == SRGB && rng_chance(rng, 60);
   struct tolerance tolerance;
   struct target target;
   bool logic_only = true;

   target_make(&target, step, colour, NULL, SIDE, SIDE);
   target_noise(&target, step);
   const GLuint program = program_make(step, plain_vertex, coloured_fragment);
   if (srgb)
      glEnable(GL_FRAMEBUFFER_SRGB);
   /* One state for each tile: an error is that of one operation. */
   for (unsigned i = 0; i < (SIDE / TILE) * (SIDE / TILE); i++) {
      const unsigned x = i % (SIDE / TILE) * TILE, y = i / (SIDE / TILE) * TILE;
      const unsigned mask = rng_chance(rng, 20) ? rng_below(rng, 16) : 15;
      const bool logic = logic_possible && rng_chance(rng, 50);
      const GLint u[4] = { rng_between(rng, 1, 99), rng_below(rng, 99), rng_below(rng, 99),
                           rng_between(rng, 1, 99) };

      glUniform4iv(glGetUniformLocation(program, "u"), 1, u);
      glColorMask(mask & 1, mask >> 1 & 1, mask >> 2 & 1, mask >> 3 & 1);
      (logic ? glEnable : glDisable)(GL_COLOR_LOGIC_OP);
      (logic ? glDisable : glEnable)(GL_BLEND);
      if (logic) {
         const GLenum operation = GL_CLEAR + rng_below(rng, 16);

         glLogicOp(operation);
         step_state(step, "tile %u,%u logic %04x mask %x", x, y, operation, mask);
      } else {
         const GLenum equation = PICK(rng, equations), alpha_equation = PICK(rng, equations);
         const GLenum f[4] = { PICK(rng, factors), PICK(rng, factors), PICK(rng, factors),
                               PICK(rng, factors) };
         float constant[4];

         for (unsigned j = 0; j < 4; j++)
            constant[j] = rng_between(rng, 0, 255) / 255.0f;
         glBlendColor(constant[0], constant[1], constant[2], constant[3]);
         glBlendEquationSeparate(equation, alpha_equation);
         glBlendFuncSeparate(f[0], f[1], f[2], f[3]);
         step_state(
            step,
            "tile %u,%u blend %04x %04x, %04x %04x %04x %04x mask %x srgb %d constant %g %g %g %g",
            x, y, equation, alpha_equation, f[0], f[1], f[2], f[3], mask, srgb, constant[0],
            constant[1], constant[2], constant[3]);
      }
      logic_only &= logic;
      draw_rectangle(SIDE, SIDE, x, y, x + TILE, y + TILE, 0);
      step_error(step, "the draw");
   }
   glDisable(GL_BLEND);
   glDisable(GL_COLOR_LOGIC_OP);
   glDisable(GL_FRAMEBUFFER_SRGB);
   glColorMask(1, 1, 1, 1);
   tolerance.absolute = format_step(colour, &tolerance.relative);
   if (logic_only) {
      tolerance.absolute = 0;
   } else {
      if (colour->kind == FLOAT) /* of terms that may cancel */
         tolerance.absolute = fmax(tolerance.absolute, 4 * tolerance.relative);
      tolerance.absolute *= 2.01;
      tolerance.relative *= 2.01;
      if (srgb)
         tolerance.absolute *= 3; /* the steep end of its curve */
   }
   target_read(&target, step, "colour", tolerance, NULL);
   glDeleteProgram(program);
   target_end(&target);
}

/* A few depths that are met again, and the stencils at which operations saturate. */
static void
fill_depth_stencil(struct target *target, struct step *step)
{
   static const uint8_t stencils[] = { 0, 1, 2, 127, 254, 255 };
   const bool stencil = target->depth->kind == DEPTH_STENCIL, real = target->depth->bits[0] == 32;
   const struct pixel_type type =
      stencil ? pixel_type_of(GL_DEPTH_STENCIL,
                              real ? GL_FLOAT_32_UNSIGNED_INT_24_8_REV : GL_UNSIGNED_INT_24_8)
              : pixel_type_of(GL_DEPTH_COMPONENT, real ? GL_FLOAT : GL_UNSIGNED_INT);
   uint32_t words[SIDE * SIDE * 2], *word = words;

   for (unsigned i = 0; i < SIDE * SIDE; i++) {
      const float depth = rng_below(&step->rng, 5) / 4.0f;
      const uint8_t of_pixel = PICK(&step->rng, stencils);

      if (real)
         memcpy(word, &depth, sizeof(depth));
      else
         *word = stencil ? (uint32_t)(depth * 0xffffff) << 8 | of_pixel
                         : (uint32_t)((double)depth * 0xffffffff);
      word++;
      if (real && stencil)
         *word++ = of_pixel;
   }
   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   glBindTexture(GL_TEXTURE_2D, target->textures[1]);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, type.format, type.type, words);
   glBindTexture(GL_TEXTURE_2D, 0);
   step_error(step, "depth upload");
}

void
step_depth_stencil(struct step *step)
{
   static const GLenum operations[] = { GL_KEEP, GL_ZERO,   GL_REPLACE,   GL_INCR,
                                        GL_DECR, GL_INVERT, GL_INCR_WRAP, GL_DECR_WRAP };
   static const GLenum formats_of_depth[] = { GL_DEPTH_COMPONENT16,  GL_DEPTH_COMPONENT24,
                                              GL_DEPTH_COMPONENT32F, GL_DEPTH24_STENCIL8,
                                              GL_DEPTH24_STENCIL8,   GL_DEPTH32F_STENCIL8 };
   static const char *const fragments[] = {
      "colour = vec4(c) / 255.0;",
      "if (((p.x + p.y * u.y) & 3) == 0) discard; colour = vec4(c) / 255.0;",
      "gl_FragDepth = float((p.x * u.x + p.y) & 15) / 16.0; colour = vec4(c) / 255.0;",
   };
   struct rng *rng = &step->rng;
   const GLenum wanted = PICK(rng, formats_of_depth);
   const struct format *depth = formats, *colour = formats;
   struct target target;
   GLuint query, programs[ARRAY_SIZE(fragments)];
   GLuint counts[16] = { 0 };

   while (depth->internal != wanted)
      depth++;
   while (colour->internal != GL_RGBA8)
      colour++;
   target_make(&target, step, colour, depth, SIDE, SIDE);
   fill_depth_stencil(&target, step);
   for (unsigned i = 0; i < ARRAY_SIZE(fragments); i++) {
      char text[600];

      snprintf(text, sizeof(text),
               "#version 330 compatibility\nuniform ivec4 u;\nout vec4 colour;\n"
               "void main() { ivec2 p = ivec2(gl_FragCoord.xy); ivec4 c = u & 255; %s }\n",
               fragments[i]);
      programs[i] = program_make(step, plain_vertex, text);
   }
   glGenQueries(1, &query);
   const unsigned draws = rng_between(rng, 6, ARRAY_SIZE(counts));
   for (unsigned i = 0; i < draws; i++) {
      const bool test_depth = rng_chance(rng, 70), test_stencil = rng_chance(rng, 60);
      const bool write_depth = rng_chance(rng, 70), test_alpha = rng_chance(rng, 30);
      const unsigned which = rng_chance(rng, 60) ? 0 : rng_below(rng, ARRAY_SIZE(fragments));
      const GLenum depth_function = GL_NEVER + rng_below(rng, 8),
                   alpha_function = GL_NEVER + rng_below(rng, 8);
      const GLint u[4] = { rng_next(rng), rng_next(rng), rng_next(rng), rng_below(rng, 3) * 100 };
      const float reference = rng_below(rng, 3) * 0.3f + 0.1f;
      const float z = rng_between(rng, -2, 2) / 2.0f;
      const bool whole_range = rng_chance(rng, 75);
      const int near = whole_range ? 0 : rng_below(rng, 9),
                far = whole_range ? 8 : rng_below(rng, 9);
      const int x = rng_below(rng, 24), y = rng_below(rng, 24), w = rng_between(rng, 4, 32),
                h = rng_between(rng, 4, 32);
      const bool back = rng_chance(rng, 50);

      (test_depth ? glEnable : glDisable)(GL_DEPTH_TEST);
      (test_stencil ? glEnable : glDisable)(GL_STENCIL_TEST);
      (test_alpha ? glEnable : glDisable)(GL_ALPHA_TEST);
      glDepthFunc(depth_function);
      glDepthMask(write_depth);
      glDepthRange(near / 8.0, far / 8.0);
      glAlphaFunc(alpha_function, reference);
      step_state(
         step,
         "depth %d %04x %d range %d,%d z %g alpha %d %04x %g shader %u u %d %d,%d %dx%d back %d",
         test_depth, depth_function, write_depth, near, far, z, test_alpha, alpha_function,
         reference, which, u[3], x, y, w, h, back);
      for (unsigned side = 0; side < 2; side++) {
         const GLenum face = side ? GL_BACK : GL_FRONT, function = GL_NEVER + rng_below(rng, 8);
         const GLenum o[3] = { PICK(rng, operations), PICK(rng, operations),
                               PICK(rng, operations) };
         const int ref = rng_between(rng, 0, 255);
         const unsigned mask = rng_chance(rng, 50) ? 255 : rng_below(rng, 256);
         const unsigned write = rng_chance(rng, 50) ? 255 : rng_below(rng, 256);

         glStencilFuncSeparate(face, function, ref, mask);
         glStencilOpSeparate(face, o[0], o[1], o[2]);
         glStencilMaskSeparate(face, write);
         if (test_stencil)
            step_state(step, "stencil %04x %04x ref %d mask %02x ops %04x %04x %04x write %02x",
                       face, function, ref, mask, o[0], o[1], o[2], write);
      }
      glUseProgram(programs[which]);
      glUniform4iv(glGetUniformLocation(programs[which], "u"), 1, u);
      glFrontFace(back ? GL_CW : GL_CCW);
      glBeginQuery(GL_SAMPLES_PASSED, query);
      draw_rectangle(SIDE, SIDE, x, y, x + w, y + h, z);
      glEndQuery(GL_SAMPLES_PASSED);
      step_error(step, "the draw");
      glGetQueryObjectuiv(query, GL_QUERY_RESULT, &counts[i]);
   }
   glDisable(GL_DEPTH_TEST);
   glDisable(GL_STENCIL_TEST);
   glDisable(GL_ALPHA_TEST);
   step_picture(
      step, "samples-passed",
      &(struct picture){
         .width = draws, .height = 1, .layout = "u32x1i", .pixels = counts, .pixel_bytes = 4 });
   target_read(&target, step, "colour", (struct tolerance){ 0, 0 }, NULL);
   target_read_depth(&target, step, "depth", 1.01 / (ldexp(1, fmin(depth->bits[0], 24)) - 1), NULL);
   if (depth->kind == DEPTH_STENCIL)
      target_read_stencil(&target, step, "stencil", NULL);
   glDeleteQueries(1, &query);
   for (unsigned i = 0; i < ARRAY_SIZE(programs); i++)
      glDeleteProgram(programs[i]);
   target_end(&target);
}
