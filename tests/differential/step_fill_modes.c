/*
 * SPDX-License-Identifier: MIT
 *
 * Polygons drawn as lines and points, clip planes, and triangles that several triangles cut: an
 * axis-aligned geometry, so that most pixels are certain.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 32u

void
step_fill_modes(struct step *step)
{
   static const GLenum modes[] = { GL_POINT, GL_LINE, GL_FILL };
   struct rng *rng = &step->rng;
   const struct format *colour = formats;
   const GLenum front = PICK(rng, modes), back = rng_chance(rng, 50) ? front : PICK(rng, modes);
   const bool strips = rng_chance(rng, 40);
   /*
    * What softpipe and llvmpipe draw of an unfilled quad has its diagonal: so there are
    * triangles, and none that is clipped.
    */
   const bool whole = !strips && (front != GL_FILL || back != GL_FILL);
   const unsigned planes = whole ? 0 : rng_below(rng, 3);
   struct target target;
   uint8_t mask[SIDE * SIDE];
   char vertex[600];
   float corners[4][2], plane[2][3];

   while (colour->internal != GL_RGBA8)
      colour++;
   target_make(&target, step, colour, NULL, SIDE, SIDE);
   memset(mask, 1, sizeof(mask));
   for (unsigned i = 0; i < 2; i++) {
      const bool across = rng_chance(rng, 50), other = rng_chance(rng, 50);

      plane[i][0] = across ? (other ? -1 : 1) : 0;
      plane[i][1] = across ? 0 : (other ? -1 : 1);
      /* On the border of pixels. */
      plane[i][2] = rng_between(rng, -8, 8) / 16.0f;
   }
   /* softpipe and llvmpipe clip unfilled triangles by what is written, enabled or not. */
   snprintf(vertex, sizeof(vertex),
            "#version 330 compatibility\n"
            "in vec4 position;\n"
            "uniform vec3 plane[2];\n"
            "void main() {\n"
            "   gl_Position = position;\n"
            "%s%s"
            "}\n",
            planes > 0 ? "gl_ClipDistance[0] = dot(plane[0], vec3(position.xy, 1.0));\n" : "",
            planes > 1 ? "gl_ClipDistance[1] = dot(plane[1], vec3(position.xy, 1.0));\n" : "");
   const GLuint program =
      program_make(step, vertex,
                   "#version 330 compatibility\nuniform vec4 paint;\nout vec4 colour;\n"
                   "void main() { colour = gl_FrontFacing ? paint : paint.bgra; }\n");
   glUniform3fv(glGetUniformLocation(program, "plane"), 2, &plane[0][0]);
   for (unsigned i = 0; i < planes; i++)
      glEnable(GL_CLIP_DISTANCE0 + i);
   glEnableVertexAttribArray(0);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, corners);
   step_state(step, "front %04x back %04x, %u planes %g %g %g, %g %g %g%s", front, back, planes,
              plane[0][0], plane[0][1], plane[0][2], plane[1][0], plane[1][1], plane[1][2],
              strips ? ", line strips" : "");
   glPolygonMode(GL_FRONT, front);
   glPolygonMode(GL_BACK, back);
   for (unsigned i = rng_between(rng, 1, 4); i > 0; i--) {
      const int low = whole ? 2 : -4, high = whole ? 29 : 36;
      const int x0 = rng_between(rng, low, 24), y0 = rng_between(rng, low, 24);
      const int x1 = rng_between(rng, x0 + 2, high), y1 = rng_between(rng, y0 + 2, high);
      const bool reverse = rng_chance(rng, 50);

      for (unsigned j = 0; j < 4; j++) {
         const unsigned k = reverse ? 3 - j : j;
         const double x = (k == 1 || k == 2 ? x1 : x0) + 0.5, y = (k >= 2 ? y1 : y0) + 0.5;

         corners[j][0] = x / (SIDE / 2) - 1;
         corners[j][1] = y / (SIDE / 2) - 1;
      }
      glUniform4f(glGetUniformLocation(program, "paint"), rng_below(rng, 256) / 255.0f,
                  rng_below(rng, 256) / 255.0f, rng_below(rng, 256) / 255.0f, 1);
      step_state(step, "%s %d,%d to %d,%d%s",
                 strips  ? "loop"
                 : whole ? "triangle"
                         : "quad",
                 x0, y0, x1, y1, reverse ? " clockwise" : "");
      glDrawArrays(strips ? GL_LINE_LOOP : whole ? GL_TRIANGLES : GL_QUADS, 0, whole ? 3 : 4);
      step_error(step, "the draw");
      /*
       * A side lies on the centres of its pixels: a filled quad has them or not, a line may be off
       * by one and so may its ends.
       */
      for (unsigned y = 0; y < SIDE; y++) {
         for (unsigned x = 0; x < SIDE; x++) {
            const int near_x = abs((int)x - x0) < abs((int)x - x1) ? x0 : x1;
            const int near_y = abs((int)y - y0) < abs((int)y - y1) ? y0 : y1;
            const bool in_x = (int)x >= x0 - 1 && (int)x <= x1 + 1;
            const bool in_y = (int)y >= y0 - 1 && (int)y <= y1 + 1;

            if ((abs((int)x - near_x) <= 1 && in_y) || (abs((int)y - near_y) <= 1 && in_x))
               mask[y * SIDE + x] = 0;
            /* The third side of a triangle is the diagonal of the rectangle. */
            const double slope = (reverse ? -1.0 : 1.0) * (y1 - y0) / (x1 - x0);
            const double down = (int)y - (reverse ? y1 : y0) - slope * ((int)x - x0);
            if (whole && (fabs(down) < 2 || fabs(down / slope) < 2))
               mask[y * SIDE + x] = 0;
         }
      }
   }
   glDisableVertexAttribArray(0);
   for (unsigned i = 0; i < planes; i++)
      glDisable(GL_CLIP_DISTANCE0 + i);
   target_read(&target, step, "colour", (struct tolerance){ 0, 0 }, mask);
   glDeleteProgram(program);
   target_end(&target);
}
