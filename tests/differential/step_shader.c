/*
 * SPDX-License-Identifier: MIT
 *
 * Random GLSL. Floats are small multiples of 1/16 that every operation keeps exact, so that their
 * results are compared bit for bit as those of integers are; functions that are not exact (sine,
 * division) come last, with a tolerance.
 */

#include "differential.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SIDE      16u
#define VARIABLES 4

struct text {
   char bytes[16384];
   size_t length;
   struct rng *rng;
   unsigned loops;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
   va_list arguments;

   va_start(arguments, format);
   const int more =
      vsnprintf(text->bytes + text->length, sizeof(text->bytes) - text->length, format, arguments);
   va_end(arguments);
   text->length += more;
   if (text->length >= sizeof(text->bytes))
      abort(); /* the generators below are bounded far below this */
}

static void integer(struct text *text, unsigned depth);
static void real(struct text *text, unsigned depth);

static void
condition(struct text *text, unsigned depth)
{
   static const char *const compare[] = { "<", "<=", "==", "!=", ">", ">=" };
   static const char *const join[] = { "&&", "||", "^^" };
   const unsigned kind = depth ? rng_below(text->rng, 4) : 0;

   if (kind == 3) {
      put(text, "(");
      condition(text, depth - 1);
      put(text, " %s ", PICK(text->rng, join));
      condition(text, depth - 1);
      put(text, ")");
      return;
   }
   void (*side)(struct text *, unsigned) = kind == 2 ? real : integer;
   put(text, "(");
   side(text, depth ? depth - 1 : 0);
   put(text, " %s ", PICK(text->rng, compare));
   side(text, depth ? depth - 1 : 0);
   put(text, ")");
}

/* Any 32 bit integer. */
static void
integer(struct text *text, unsigned depth)
{
   struct rng *rng = text->rng;
   static const char *const binary[] = { "+", "-", "*", "&", "|", "^" };
   static const char *const functions[] = { "min", "max" };

   if (!depth || rng_chance(rng, 10)) {
      const unsigned leaf = rng_below(rng, 4);
      if (leaf == 0)
         put(text, "%d", rng_chance(rng, 50) ? rng_between(rng, -9, 9) : (int)(rng_next(rng) >> 1));
      else if (leaf == 1)
         put(text, "p.%c", "xy"[rng_below(rng, 2)]);
      else if (leaf == 2)
         put(text, "u.%c", "xyzw"[rng_below(rng, 4)]);
      else
         put(text, "i%u", rng_below(rng, VARIABLES));
      return;
   }
   const unsigned kind = rng_below(rng, 12);
   put(text, "(");
   if (kind < 5) {
      integer(text, depth - 1);
      put(text, " %s ", PICK(rng, binary));
      integer(text, depth - 1);
   } else if (kind == 5) {
      integer(text, depth - 1);
      put(text, rng_chance(rng, 50) ? " << (" : " >> (");
      integer(text, depth - 1);
      put(text, " & 31)");
   } else if (kind == 6) {
      /* Neither by zero nor of a negative number, which have no defined result. */
      put(text, "(");
      integer(text, depth - 1);
      put(text, " & 0xffffff) %s ((", rng_chance(rng, 50) ? "/" : "%");
      integer(text, depth - 1);
      put(text, " & 63) + 1)");
   } else if (kind == 7) {
      put(text, "%s(", PICK(rng, functions));
      integer(text, depth - 1);
      put(text, ", ");
      integer(text, depth - 1);
      put(text, ")");
   } else if (kind == 8) {
      put(text, rng_chance(rng, 50) ? "abs(" : "~(");
      integer(text, depth - 1);
      put(text, ")");
   } else if (kind == 9) {
      put(text, "int(uint(");
      integer(text, depth - 1);
      put(text, ") %s %uu)", rng_chance(rng, 50) ? "/" : "%", rng_between(rng, 1, 1000));
   } else if (kind == 10) {
      put(text, "int(");
      real(text, depth - 1);
      put(text, ")");
   } else {
      condition(text, depth - 1);
      put(text, " ? ");
      integer(text, depth - 1);
      put(text, " : ");
      integer(text, depth - 1);
   }
   put(text, ")");
}

/* A multiple of 1/16 from -1024 to 1024: sums and products are exact before they are cut to that
 * again. */
static void
real(struct text *text, unsigned depth)
{
   struct rng *rng = text->rng;

   if (!depth || rng_chance(rng, 10)) {
      const unsigned leaf = rng_below(rng, 4);
      if (leaf == 0)
         put(text, "%g", rng_between(rng, -256, 256) / 16.0 + 0.0);
      else if (leaf == 1)
         put(text, "at.%c", "xy"[rng_below(rng, 2)]);
      else if (leaf == 2)
         put(text, "v.%c", "xyzw"[rng_below(rng, 4)]);
      else
         put(text, "f%u", rng_below(rng, VARIABLES));
      return;
   }
   switch (rng_below(rng, 11)) {
   case 0:
   case 1:
      put(text, "cut(");
      real(text, depth - 1);
      put(text, rng_chance(rng, 50) ? " + " : " - ");
      real(text, depth - 1);
      put(text, ")");
      break;
   case 2:
   case 3:
      put(text, "cut(");
      real(text, depth - 1);
      put(text, " * ");
      real(text, depth - 1);
      put(text, ")");
      break;
   case 4:
      put(text, "%s(", rng_chance(rng, 50) ? "min" : "max");
      real(text, depth - 1);
      put(text, ", ");
      real(text, depth - 1);
      put(text, ")");
      break;
   case 5: {
      static const char *const functions[] = { "floor", "ceil",  "abs", "sign",
                                               "trunc", "fract", "-",   "roundEven" };

      put(text, "%s(", PICK(rng, functions));
      real(text, depth - 1);
      put(text, ")");
      break;
   }
   case 6:
      put(text, "clamp(");
      real(text, depth - 1);
      put(text, ", %d.0, %d.0)", rng_between(rng, -20, 0), rng_between(rng, 0, 20));
      break;
   case 7:
      put(text, "float((");
      integer(text, depth - 1);
      put(text, ") & 1023)");
      break;
   case 8:
      put(text, "cut(dot(vec3(v), vec3(");
      real(text, depth - 1);
      put(text, ", ");
      real(text, depth - 1);
      put(text, ", 0.5)))");
      break;
   case 9:
      put(text, "step(");
      real(text, depth - 1);
      put(text, ", ");
      real(text, depth - 1);
      put(text, ")");
      break;
   default:
      put(text, "(");
      condition(text, depth - 1);
      put(text, " ? ");
      real(text, depth - 1);
      put(text, " : ");
      real(text, depth - 1);
      put(text, ")");
   }
}

static void
statement(struct text *text, unsigned depth)
{
   struct rng *rng = text->rng;
   const unsigned kind = depth ? rng_below(rng, 10) : rng_below(rng, 6);

   if (kind < 3) {
      put(text, "i%u = ", rng_below(rng, VARIABLES));
      integer(text, 3);
      put(text, ";\n");
   } else if (kind < 6) {
      put(text, "f%u = ", rng_below(rng, VARIABLES));
      real(text, 3);
      put(text, ";\n");
   } else if (kind < 8) {
      put(text, "if ");
      condition(text, 2);
      put(text, " {\n");
      statement(text, depth - 1);
      if (rng_chance(rng, 60)) {
         put(text, "} else {\n");
         statement(text, depth - 1);
      }
      put(text, "}\n");
   } else {
      const unsigned loop = text->loops++;

      put(text, "for (int l%u = 0; l%u < (p.x & %u) + %u; l%u++) {\n", loop, loop,
          rng_below(rng, 8), rng_below(rng, 3), loop);
      statement(text, depth - 1);
      if (rng_chance(rng, 50)) {
         put(text, "if ");
         condition(text, 1);
         put(text, " %s;\n", rng_chance(rng, 50) ? "break" : "continue");
         statement(text, depth - 1);
      }
      put(text, "}\n");
   }
}

void
step_shader(struct step *step)
{
   /* Arguments where the function is well conditioned; x is from 1/16 to 4. */
   static const char *const inexact[] = {
      "sin(x)",
      "cos(x)",
      "exp2(x)",
      "log2(x + 1.0)",
      "sqrt(x)",
      "inversesqrt(x)",
      "pow(x, 1.5)",
      "1.0 / x",
      "(x + 1.0) / (x + 0.25)",
      "exp(x)",
      "length(vec3(x, 1.0, 2.0))",
      "atan(x)",
      "normalize(vec2(x, 1.0)).x",
      "mix(x, 2.0, 0.3)",
      "smoothstep(0.0, 5.0, x)",
      "tan(x * 0.25)",
   };
   struct rng *rng = &step->rng;
   const unsigned result = rng_below(rng, 3); /* integers, exact floats, functions */
   const struct format *to = formats;
   struct text text = { .rng = rng };
   struct target target;

   while (to->internal != (GLenum)(result ? GL_RGBA32F : GL_RGBA32I))
      to++;
   /* A vertex shader draws each pixel as a point of its own. */
   const bool in_vertex = rng_chance(rng, 40);
   const char *type = result ? "vec4" : "ivec4";
   put(&text,
       "#version 330 compatibility\n"
       "uniform ivec4 u;\nuniform vec4 v;\n%sout %s colour;\n"
       "float cut(float x) { return clamp(floor(x * 16.0) * 0.0625, -1024.0, 1024.0); }\n"
       "void main() {\n"
       "%s"
       "vec2 at = vec2(p) + 0.5;\n",
       in_vertex ? "flat " : "", type,
       in_vertex ? "ivec2 p = ivec2(gl_VertexID & 15, gl_VertexID >> 4);\n"
                   "gl_Position = vec4((vec2(p) + 0.5) / 8.0 - 1.0, 0.0, 1.0);\n"
                 : "ivec2 p = ivec2(gl_FragCoord.xy);\n");
   for (unsigned i = 0; i < VARIABLES; i++)
      put(&text, "int i%u = p.x * %d + p.y; float f%u = float(p.y) * %g;\n", i,
          rng_between(rng, -9, 9), i, rng_between(rng, -32, 32) / 16.0);
   for (unsigned i = rng_between(rng, 1, 5); i > 0; i--)
      statement(&text, 3);
   if (!in_vertex && rng_chance(rng, 20)) {
      put(&text, "if ");
      condition(&text, 1);
      put(&text, " discard;\n");
   }
   if (result == 2) {
      put(&text, "float x = (float(p.y * %u + p.x) + 1.0) / 64.0 + 0.0625 * fract(f0);\n", SIDE);
      put(&text, "colour = vec4(%s, %s, %s, x);\n", PICK(rng, inexact), PICK(rng, inexact),
          PICK(rng, inexact));
   } else {
      put(&text, result ? "colour = vec4(f0, f1, f2, f3);\n" : "colour = ivec4(i0, i1, i2, i3);\n");
   }
   put(&text, "}\n");

   static const char *const results[] = { "integers", "floats", "functions" };
   target_make(&target, step, to, NULL, SIDE, SIDE);
   step_state(step, "%s, %zu characters of GLSL in a %s shader", results[result], text.length,
              in_vertex ? "vertex" : "fragment");
   if (getenv("DIFFERENTIAL_SHADERS"))
      fprintf(stderr, "seed %lu step %u\n%s", step->seed, step->number, text.bytes);
   char hand_on[160];
   snprintf(hand_on, sizeof(hand_on),
            "#version 330 compatibility\nflat in %s colour;\nout %s written;\n"
            "void main() { written = colour; }\n",
            type, type);
   const GLuint program = in_vertex ? program_make(step, text.bytes, hand_on)
                                    : program_make(step, plain_vertex, text.bytes);
   const GLint numbers[4] = { rng_between(rng, -5, 5), rng_next(rng), rng_below(rng, 100), -1 };
   const float reals[4] = { rng_between(rng, -64, 64) / 16.0f, 0.5f, rng_between(rng, 0, 64) / 4.0f,
                            -3 };
   glUniform4iv(glGetUniformLocation(program, "u"), 1, numbers);
   glUniform4fv(glGetUniformLocation(program, "v"), 1, reals);
   if (in_vertex)
      glDrawArrays(GL_POINTS, 0, SIDE * SIDE);
   else
      draw_rectangle(SIDE, SIDE, 0, 0, SIDE, SIDE, 0);
   step_error(step, "the draw");
   /* sin and cos have an absolute error of 2^-10 or so by the PRM; the rest is relative. */
   const struct tolerance tolerance = { result == 2 ? 1e-3 : 0, result == 2 ? 1e-4 : 0 };
   target_read(&target, step, "colour", tolerance, NULL);
   glDeleteProgram(program);
   target_end(&target);
}
