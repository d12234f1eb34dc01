/*
 * SPDX-License-Identifier: MIT
 *
 * Rasterisation: triangles of every topology, meshes whose pixels are each drawn once, lines and
 * points; and vertices of every format.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VERTICES 64

/* A pixel whose centre is nearer to an edge than this, in pixels, may be drawn or not. */
#define EDGE (1 / 16.0)

struct vertex {
   float position[4];
   float colour[4];
};

struct shape {
   struct vertex vertices[MOST_VERTICES];
   double window[MOST_VERTICES][2]; /* where they are, in pixels */
   unsigned count;
   uint32_t indices[MOST_VERTICES * 2];
   unsigned index_count;
};

static double
distance(const double *p, const double *a, const double *b)
{
   const double x = b[0] - a[0], y = b[1] - a[1], length = x * x + y * y;
   double t = length > 0 ? ((p[0] - a[0]) * x + (p[1] - a[1]) * y) / length : 0;

   t = fmin(fmax(t, 0), 1);
   return hypot(p[0] - a[0] - t * x, p[1] - a[1] - t * y);
}

/* Leaves the pixels near a segment out of the comparison. */
static void
mask_segment(uint8_t *mask, unsigned width, unsigned height, const double *a, const double *b,
             double within)
{
   for (unsigned y = 0; y < height; y++)
      for (unsigned x = 0; x < width; x++)
         if (distance((double[2]){ x + 0.5, y + 0.5 }, a, b) <= within)
            mask[y * width + x] = 0;
}

static void
place(struct shape *shape, const int *viewport, double x, double y, float z, float w)
{
   struct vertex *vertex = &shape->vertices[shape->count];

   shape->window[shape->count][0] = viewport[0] + x;
   shape->window[shape->count][1] = viewport[1] + y;
   vertex->position[0] = (2 * x / viewport[2] - 1) * w;
   vertex->position[1] = (2 * y / viewport[3] - 1) * w;
   vertex->position[2] = z * w;
   vertex->position[3] = w;
   shape->count++;
}

static GLuint
upload(const struct shape *shape)
{
   GLuint buffer;

   glGenBuffers(1, &buffer);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glBufferData(GL_ARRAY_BUFFER, sizeof(shape->vertices), shape->vertices, GL_STATIC_DRAW);
   glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, sizeof(struct vertex), NULL);
   glVertexAttribPointer(1, 4, GL_FLOAT, GL_FALSE, sizeof(struct vertex),
                         (void *)offsetof(struct vertex, colour));
   glEnableVertexAttribArray(0);
   glEnableVertexAttribArray(1);
   return buffer;
}

static void
forget(GLuint buffer)
{
   glDisableVertexAttribArray(0);
   glDisableVertexAttribArray(1);
   glDeleteBuffers(1, &buffer);
}

static bool
unorm_or_float(const struct format *format)
{
   return format_is_renderable(format) && (format->kind == UNORM || format->kind == FLOAT);
}

/* The edges of primitive by primitive; of a quad and a polygon the outer ones. */
static void
mask_edges(uint8_t *mask, const struct target *target, const struct shape *shape, GLenum mode,
           const uint32_t *indices, unsigned count)
{
   const unsigned step = mode == GL_TRIANGLES    ? 3
                         : mode == GL_QUADS      ? 4
                         : mode == GL_QUAD_STRIP ? 2
                                                 : 1;
   const unsigned size = mode == GL_QUADS || mode == GL_QUAD_STRIP ? 4
                         : mode == GL_POLYGON                      ? count
                                                                   : 3;

   for (unsigned first = 0; first + size <= count; first += step) {
      uint32_t corners[MOST_VERTICES];

      for (unsigned i = 0; i < size; i++)
         corners[i] = indices[first + i];
      if (mode == GL_TRIANGLE_FAN)
         corners[0] = indices[0];
      if (mode == GL_QUAD_STRIP) {
         corners[2] = indices[first + 3];
         corners[3] = indices[first + 2];
      }
      for (unsigned i = 0; i < size; i++)
         mask_segment(mask, target->width, target->height, shape->window[corners[i]],
                      shape->window[corners[(i + 1) % size]], EDGE);
   }
}

void
step_triangles(struct step *step)
{
   static const GLenum modes[] = { GL_TRIANGLES, GL_TRIANGLES,  GL_TRIANGLE_STRIP, GL_TRIANGLE_FAN,
                                   GL_QUADS,     GL_QUAD_STRIP, GL_POLYGON };
   static const char *const qualifiers[] = { "smooth", "flat", "noperspective" };
   struct rng *rng = &step->rng;
   const struct format *colour = format_random(rng, unorm_or_float);
   const GLenum mode = PICK(rng, modes);
   const bool convex = mode == GL_QUADS || mode == GL_QUAD_STRIP || mode == GL_POLYGON;
   /* The colour of a quad in the middle depends on how it is cut, unless it is the same all over.
    */
   const char *qualifier = convex ? "flat" : PICK(rng, qualifiers);
   const bool smooth = strcmp(qualifier, "flat") != 0;
   const bool perspective = rng_chance(rng, 40);
   struct shape shape = { 0 };
   struct target target;
   char vertex[400], fragment[400];

   target_make(&target, step, colour, NULL, 16u << rng_below(rng, 3), 16u << rng_below(rng, 3));
   uint8_t *mask = malloc((size_t)target.width * target.height);
   memset(mask, 1, (size_t)target.width * target.height);
   int viewport[4] = { 0, 0, target.width, target.height };
   if (rng_chance(rng, 30)) {
      viewport[0] = rng_between(rng, -4, 9);
      viewport[1] = rng_between(rng, -4, 9);
      viewport[2] = 8 << rng_below(rng, 3);
      viewport[3] = 8 << rng_below(rng, 3);
   }
   glViewport(viewport[0], viewport[1], viewport[2], viewport[3]);

   const int w = viewport[2], h = viewport[3];
   if (mode == GL_QUADS || mode == GL_POLYGON) {
      const unsigned sides = mode == GL_QUADS ? 4 : rng_between(rng, 3, 9);

      for (unsigned i = mode == GL_QUADS ? rng_between(rng, 1, 4) : 1; i > 0; i--) {
         const double x = rng_between(rng, 0, w), y = rng_between(rng, 0, h);
         const double r = rng_between(rng, 3, w), s = rng_between(rng, 3, h);
         const double start = rng_below(rng, 628) / 100.0;

         /* On an ellipse, to eighths of a pixel: convex but for what the rounding does to it. */
         for (unsigned j = 0; j < sides; j++)
            place(&shape, viewport, round(8 * (x + r * cos(start + j * 6.2832 / sides))) / 8,
                  round(8 * (y + s * sin(start + j * 6.2832 / sides))) / 8, 0.25f, 1);
      }
   } else if (mode == GL_QUAD_STRIP) {
      double x = rng_between(rng, -9, 3);

      for (unsigned i = rng_between(rng, 2, 6); i > 0; i--, x += rng_between(rng, 8, 64) / 8.0) {
         place(&shape, viewport, x, rng_between(rng, -9, 4 * h) / 8.0, 0, 1);
         place(&shape, viewport, x, rng_between(rng, 4 * h + 1, 9 * h) / 8.0, 0, 1);
      }
   } else {
      for (unsigned i = rng_between(rng, 3, 15); i > 0; i--) {
         const float of_vertex = perspective ? ldexpf(1, rng_between(rng, -2, 2)) : 1;
         /* What softpipe and llvmpipe clip of this kind is not linear on the screen, or no number.
          */
         const int out = perspective && !strcmp(qualifier, "noperspective") ? 0 : 3;

         place(&shape, viewport, rng_between(rng, -out * w, (8 + out) * w) / 8.0,
               rng_between(rng, -out * h, (8 + out) * h) / 8.0, rng_between(rng, -15, 15) / 16.0f,
               of_vertex);
      }
   }
   for (unsigned i = 0; i < shape.count; i++)
      for (unsigned j = 0; j < 4; j++)
         shape.vertices[i].colour[j] = rng_below(rng, 256) / 255.0f;

   const bool indexed =
      mode != GL_QUADS && mode != GL_POLYGON && mode != GL_QUAD_STRIP && rng_chance(rng, 50);
   shape.index_count = indexed ? (unsigned)rng_between(rng, 3, 20) : shape.count;
   for (unsigned i = 0; i < shape.index_count; i++)
      shape.indices[i] = indexed ? rng_below(rng, shape.count) : i;
   mask_edges(mask, &target, &shape, mode, shape.indices, shape.index_count);

   /* Whether quads follow the convention of the provoking vertex is the driver's choice. */
   const bool quads = mode == GL_QUADS || mode == GL_QUAD_STRIP;
   const bool cull = rng_chance(rng, 30), first = rng_chance(rng, 40) && !quads;
   const bool clockwise = rng_chance(rng, 40);
   const GLenum face = rng_chance(rng, 50) ? GL_BACK : GL_FRONT;
   const unsigned colour_mask = rng_chance(rng, 20) ? rng_below(rng, 16) : 15;
   if (cull)
      glEnable(GL_CULL_FACE);
   glCullFace(face);
   glFrontFace(clockwise ? GL_CW : GL_CCW);
   glProvokingVertex(first ? GL_FIRST_VERTEX_CONVENTION : GL_LAST_VERTEX_CONVENTION);
   glColorMask(colour_mask & 1, colour_mask >> 1 & 1, colour_mask >> 2 & 1, colour_mask >> 3 & 1);
   const bool scissor = rng_chance(rng, 25);
   const int sx = rng_between(rng, -2, 9), sy = rng_between(rng, -2, 9);
   if (scissor) {
      glEnable(GL_SCISSOR_TEST);
      glScissor(sx, sy, target.width / 2, target.height / 2);
   }
   step_state(
      step,
      "mode %x %s, %u vertices, %u indices%s, viewport %d,%d %dx%d, cull %d %04x, clockwise %d, "
      "first provokes %d, mask %x, scissor %d %d,%d, perspective %d",
      mode, qualifier, shape.count, shape.index_count, indexed ? " indexed" : "", viewport[0],
      viewport[1], w, h, cull, face, clockwise, first, colour_mask, scissor, sx, sy, perspective);

   snprintf(vertex, sizeof(vertex),
            "#version 330 compatibility\nin vec4 position, value;\n%s out vec4 c;\n"
            "void main() { gl_Position = position; c = value; }\n",
            qualifier);
   /* A front and a back face differ; what no face of a single side differs in is the winding. */
   snprintf(fragment, sizeof(fragment),
            "#version 330 compatibility\n%s in vec4 c;\nout vec4 colour;\n"
            "void main() { colour = gl_FrontFacing ? c : vec4(c.brg, 1.0 - c.a); }\n",
            qualifier);
   const GLuint program = program_make(step, vertex, fragment);
   const GLuint buffer = upload(&shape);
   if (indexed) {
      const unsigned bytes = 1u << rng_below(rng, 3);
      uint8_t packed[sizeof(shape.indices)];
      GLuint elements;

      for (unsigned i = 0; i < shape.index_count; i++)
         memcpy(packed + i * bytes, &shape.indices[i], bytes); /* little endian */
      glGenBuffers(1, &elements);
      glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, elements);
      glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(packed), packed, GL_STATIC_DRAW);
      glDrawElements(mode, shape.index_count,
                     bytes == 1   ? GL_UNSIGNED_BYTE
                     : bytes == 2 ? GL_UNSIGNED_SHORT
                                  : GL_UNSIGNED_INT,
                     NULL);
      glDeleteBuffers(1, &elements);
   } else {
      glDrawArrays(mode, 0, shape.count);
   }
   step_error(step, "the draw");
   forget(buffer);
   struct tolerance tolerance;
   tolerance.absolute = format_step(colour, &tolerance.relative) * 1.01;
   if (smooth)
      tolerance.absolute += 2e-3;
   target_read(&target, step, "colour", tolerance, mask);
   glDeleteProgram(program);
   target_end(&target);
   free(mask);
}

void
step_mesh(struct step *step)
{
   /* Vertices are where they are, to 1/16 pixel, so that many a pixel's centre is on an edge:
    * whoever draws it, one does. */
   struct rng *rng = &step->rng;
   enum { SIDE = 32, CELL = 8, N = SIDE / CELL + 1 };
   const struct format *colour = formats;
   const bool strips = rng_chance(rng, 50);
   struct target target;
   struct shape shape = { 0 };
   const int viewport[4] = { 0, 0, SIDE, SIDE };
   uint16_t indices[6 * (N - 1) * (N - 1)];
   unsigned count = 0;

   while (colour->internal != (GLenum)(rng_chance(rng, 50) ? GL_RGBA32F : GL_RGBA8) &&
          colour < formats + format_count - 1)
      colour++;
   if (!unorm_or_float(colour))
      for (colour = formats; colour->internal != GL_RGBA8; colour++)
         ;
   target_make(&target, step, colour, NULL, SIDE, SIDE);
   for (int y = 0; y < N; y++) {
      for (int x = 0; x < N; x++) {
         const bool border_x = x == 0 || x == N - 1, border_y = y == 0 || y == N - 1;
         double at_x = x * CELL + (border_x ? 0 : rng_between(rng, -40, 40) / 16.0);
         double at_y = y * CELL + (border_y ? 0 : rng_between(rng, -40, 40) / 16.0);

         if (rng_chance(rng, 40))
            at_x = floor(at_x) + (border_x ? 0 : 0.5); /* ties */
         place(&shape, viewport, at_x, at_y, 0, 1);
      }
   }
   for (int y = 0; y < N - 1; y++) {
      for (int x = 0; x < N - 1; x++) {
         const uint16_t a = y * N + x, b = a + 1, c = a + N, d = c + 1;
         const bool other = rng_chance(rng, 50);
         const uint16_t cut[2][6] = { { a, b, d, a, d, c }, { a, b, c, b, d, c } };

         memcpy(indices + count, cut[other], sizeof(cut[0]));
         count += 6;
      }
   }
   step_state(step, "%u triangles%s", count / 3, strips ? ", each its own draw" : "");
   const GLuint program = program_make(step, plain_vertex,
                                       "#version 130\nout vec4 colour;\nvoid main() { colour = "
                                       "vec4(1.0, 2.0, 3.0, 4.0) / 255.0; }\n");
   const GLuint buffer = upload(&shape);
   glEnable(GL_BLEND);
   glBlendFunc(GL_ONE, GL_ONE);
   for (unsigned i = 0; i < count; i += strips ? 3 : count)
      glDrawElements(GL_TRIANGLES, strips ? 3 : count, GL_UNSIGNED_SHORT, indices + i);
   step_error(step, "the draw");
   forget(buffer);
   target_read(&target, step, "colour", (struct tolerance){ 1e-6, 0 }, NULL);
   glDeleteProgram(program);
   target_end(&target);
}

void
step_lines_points(struct step *step)
{
   struct rng *rng = &step->rng;
   const struct format *colour = format_random(rng, unorm_or_float);
   const bool points = rng_chance(rng, 40);
   struct shape shape = { 0 };
   struct target target;
   int viewport[4] = { 0 };

   target_make(&target, step, colour, NULL, 32, 16u << rng_below(rng, 2));
   viewport[2] = target.width;
   viewport[3] = target.height;
   uint8_t *mask = malloc((size_t)target.width * target.height);
   memset(mask, 1, (size_t)target.width * target.height);
   const unsigned size = points ? rng_between(rng, 1, 9) : 1;
   for (unsigned i = rng_between(rng, 1, 10); i > 0; i--) {
      const int x = rng_between(rng, -4, target.width + 4),
                y = rng_between(rng, -4, target.height + 4);

      if (points) {
         /* In the middle of so many pixels: no centre of one is on a side. */
         const double half = size % 2 ? 0.5 : 0;
         place(&shape, viewport, fmin(fmax(x, 0), target.width - 1) + half,
               fmin(fmax(y, 0), target.height - 1) + half, 0, 1);
         continue;
      }
      const bool straight = rng_chance(rng, 60), across = rng_chance(rng, 50);
      const int x1 = straight && !across ? x : rng_between(rng, -9, target.width + 9);
      const int y1 = straight && across ? y : rng_between(rng, -9, target.height + 9);
      place(&shape, viewport, x + 0.5, y + 0.5, 0, 1);
      place(&shape, viewport, x1 + 0.5, y1 + 0.5, 0, 1);
      /* The GL lets a line be off by a pixel, and its ends too. */
      const double *a = shape.window[shape.count - 2], *b = shape.window[shape.count - 1];
      if (straight) {
         mask_segment(mask, target.width, target.height, a, a, 1.6);
         mask_segment(mask, target.width, target.height, b, b, 1.6);
      } else {
         mask_segment(mask, target.width, target.height, a, b, 1.6);
      }
   }
   for (unsigned i = 0; i < shape.count; i++)
      for (unsigned j = 0; j < 4; j++)
         shape.vertices[i].colour[j] = rng_below(rng, 256) / 255.0f;
   step_state(step, "%s %u, %u vertices", points ? "points of size" : "lines of width", size,
              shape.count);
   const GLuint program = program_make(
      step,
      "#version 130\nin vec4 position, value;\nflat out vec4 c;\n"
      "void main() { gl_Position = position; c = value; }\n",
      "#version 130\nflat in vec4 c;\nout vec4 colour;\nvoid main() { colour = c; }\n");
   const GLuint buffer = upload(&shape);
   glPointSize(size);
   glDrawArrays(points ? GL_POINTS : GL_LINES, 0, shape.count);
   step_error(step, "the draw");
   forget(buffer);
   struct tolerance tolerance;
   tolerance.absolute = format_step(colour, &tolerance.relative) * 1.01;
   target_read(&target, step, "colour", tolerance, mask);
   glDeleteProgram(program);
   target_end(&target);
   free(mask);
}

void
step_vertex_formats(struct step *step)
{
   static const struct {
      GLenum type;
      unsigned bytes;
      bool integer, real;
   } types[] = {
      { GL_BYTE, 1, true },
      { GL_UNSIGNED_BYTE, 1, true },
      { GL_SHORT, 2, true },
      { GL_UNSIGNED_SHORT, 2, true },
      { GL_INT, 4, true },
      { GL_UNSIGNED_INT, 4, true },
      { GL_HALF_FLOAT, 2, false, true },
      { GL_FLOAT, 4, false, true },
      { GL_INT_2_10_10_10_REV, 4 },
      { GL_UNSIGNED_INT_2_10_10_10_REV, 4 },
   };
   enum { SIDE = 16, COUNT = SIDE * SIDE };
   struct rng *rng = &step->rng;
   const unsigned which = rng_below(rng, ARRAY_SIZE(types));
   const bool packed = !types[which].integer && !types[which].real;
   const unsigned components = packed ? 4 : rng_between(rng, 1, 4);
   const bool whole = types[which].integer && rng_chance(rng, 40);
   const bool normalised = !whole && !types[which].real && rng_chance(rng, 50);
   const unsigned bytes = packed ? 4 : types[which].bytes * components;
   const unsigned stride = bytes + (rng_chance(rng, 50) ? 4 * rng_below(rng, 5) : 0);
   const unsigned offset = rng_chance(rng, 50) ? 4 * rng_below(rng, 9) : 0;
   const unsigned divisor = rng_chance(rng, 30) ? rng_between(rng, 1, 3) : 0;
   const bool is_signed =
      types[which].type == GL_BYTE || types[which].type == GL_SHORT || types[which].type == GL_INT;
   const struct format *to = formats;
   struct target target;
   uint8_t data[COUNT * 32 + 64];
   char vertex[600], fragment[200];
   GLuint buffer;

   while (to->internal != (GLenum)(!whole ? GL_RGBA32F : is_signed ? GL_RGBA32I : GL_RGBA32UI))
      to++;
   target_make(&target, step, to, NULL, SIDE, SIDE);
   step_state(step, "type %04x x%u%s%s stride %u offset %u divisor %u", types[which].type,
              components, normalised ? " normalised" : "", whole ? " integer" : "", stride, offset,
              divisor);
   for (unsigned i = 0; i < sizeof(data); i++)
      data[i] = rng_next(rng);
   if (types[which].type == GL_FLOAT)
      for (unsigned i = 0; i < sizeof(data) / 4; i++)
         ((float *)data)[i] = rng_between(rng, -9999, 9999) / 64.0f;
   if (types[which].type == GL_HALF_FLOAT)
      for (unsigned i = 0; i < sizeof(data) / 2; i++)
         ((uint16_t *)data)[i] = (rng_next(rng) & 0x83ff) | rng_between(rng, 1, 30) << 10;
   const char *type = !whole ? "vec4" : is_signed ? "ivec4" : "uvec4";
   snprintf(vertex, sizeof(vertex),
            "#version 330 compatibility\nin %s value;\nflat out %s c;\n"
            "void main() {\n"
            "   int n = gl_VertexID + gl_InstanceID * %d;\n"
            "   gl_Position = vec4((vec2(n & 15, n >> 4) + 0.5) / 8.0 - 1.0, 0.0, 1.0);\n"
            "   c = value;\n"
            "}\n",
            type, type, SIDE);
   snprintf(fragment, sizeof(fragment),
            "#version 330 compatibility\nflat in %s c;\nout %s colour;\n"
            "void main() { colour = c; }\n",
            type, type);
   const GLuint program = program_make(step, vertex, fragment);
   glGenBuffers(1, &buffer);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glBufferData(GL_ARRAY_BUFFER, sizeof(data), data, GL_STATIC_DRAW);
   if (whole)
      glVertexAttribIPointer(1, components, types[which].type, stride, (void *)(uintptr_t)offset);
   else
      glVertexAttribPointer(1, components, types[which].type, normalised, stride,
                            (void *)(uintptr_t)offset);
   glVertexAttribDivisor(1, divisor);
   glEnableVertexAttribArray(1);
   glDrawArraysInstanced(GL_POINTS, 0, SIDE, SIDE);
   step_error(step, "the draw");
   glVertexAttribDivisor(1, 0);
   glDisableVertexAttribArray(1);
   glDeleteBuffers(1, &buffer);
   /* OpenGL 3.3 and 4.2 make SNORM numbers otherwise: (2c + 1) / (2^b - 1), and c / (2^(b-1) - 1).
    */
   const double of_snorm = !normalised               ? 0
                           : packed                  ? 1.0
                           : types[which].bytes == 1 ? 1 / 127.0
                           : types[which].bytes == 2 ? 1 / 32767.0
                                                     : 1e-6;
   const struct tolerance tolerance = { is_signed || packed ? of_snorm : 0,
                                        whole || (types[which].real) ? 0 : 1.2e-7 };
   target_read(&target, step, "colour", tolerance, NULL);
   glDeleteProgram(program);
   target_end(&target);
}
