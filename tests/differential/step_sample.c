/*
 * SPDX-License-Identifier: MIT
 *
 * Sampling: every kind of texture, wrap and filter mode, level of detail and comparison, read by a
 * fragment shader at coordinates that this file knows too. A pixel whose nearest texel is a matter
 * of rounding is not compared.
 */

#include "differential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 32u

/* How far from a border between texels a coordinate stays, in texels. */
#define MARGIN (1 / 64.0)

struct sampler {
   const char *name; /* in GLSL, after a prefix for the type and with Shadow behind */
   GLenum target;
   unsigned coordinates; /* without the layer */
   bool layers, shadow_possible;
};

static const struct sampler samplers[] = {
   { "sampler2D", GL_TEXTURE_2D, 2, false, true },
   { "sampler2D", GL_TEXTURE_2D, 2, false, true },
   { "sampler1D", GL_TEXTURE_1D, 1, false, true },
   { "sampler3D", GL_TEXTURE_3D, 3, false, false },
   { "samplerCube", GL_TEXTURE_CUBE_MAP, 3, false, false },
   { "sampler1DArray", GL_TEXTURE_1D_ARRAY, 1, true, true },
   { "sampler2DArray", GL_TEXTURE_2D_ARRAY, 2, true, true },
   { "sampler2DRect", GL_TEXTURE_RECTANGLE, 2, false, true },
};

struct sample {
   const struct sampler *sampler;
   const struct format *format;
   unsigned size[3], levels;
   GLenum wrap[3], minify, magnify;
   bool shadow, linear, linear_mip;
   float scale[3], offset[3], lod, layer, reference;
   int fetch_level;
   enum { LOD, IMPLICIT, FETCH, OFFSET, PROJECTIVE } how;
};

static void
make_texture(struct step *step, const struct sample *sample)
{
   const GLenum target = sample->sampler->target;
   const struct pixel_type type = pixel_type_exact(sample->format);
   const unsigned faces = target == GL_TEXTURE_CUBE_MAP ? 6 : 1;

   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   for (unsigned face = 0; face < faces; face++) {
      for (unsigned level = 0; level < sample->levels; level++) {
         unsigned size[3];

         for (unsigned i = 0; i < 3; i++) {
            const bool layers = sample->sampler->layers && i == sample->sampler->coordinates;
            size[i] = layers ? sample->size[i] : fmax(1, sample->size[i] >> level);
         }
         const size_t count = (size_t)size[0] * size[1] * size[2];
         void *pixels = malloc(count * type.pixel_bytes);
         pixel_type_fill(&type, &step->rng, pixels, count);
         const GLenum f = type.format, t = type.type, internal = sample->format->internal;
         if (target == GL_TEXTURE_1D)
            glTexImage1D(target, level, internal, size[0], 0, f, t, pixels);
         else if (target == GL_TEXTURE_CUBE_MAP)
            glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, level, internal, size[0], size[1],
                         0, f, t, pixels);
         else if (target == GL_TEXTURE_3D || target == GL_TEXTURE_2D_ARRAY)
            glTexImage3D(target, level, internal, size[0], size[1], size[2], 0, f, t, pixels);
         else
            glTexImage2D(target, level, internal, size[0], size[1], 0, f, t, pixels);
         free(pixels);
      }
   }
   step_error(step, "glTexImage");
}

static void
choose(struct step *step, struct sample *sample)
{
   static const GLenum wraps[] = { GL_REPEAT, GL_CLAMP_TO_EDGE, GL_MIRRORED_REPEAT,
                                   GL_CLAMP_TO_BORDER };
   struct rng *rng = &step->rng;
   const struct sampler *sampler = &PICK(rng, samplers);
   const bool cube = sampler->target == GL_TEXTURE_CUBE_MAP;
   const bool rectangle = sampler->target == GL_TEXTURE_RECTANGLE;

   memset(sample, 0, sizeof(*sample));
   sample->sampler = sampler;
   do
      sample->format = format_random(rng, NULL);
   while (format_is_depth(sample->format) && !sampler->shadow_possible);
   sample->shadow = format_is_depth(sample->format) && rng_chance(rng, 60);
   const bool integer = format_is_integer(sample->format);
   const unsigned dimensions = sampler->coordinates + sampler->layers;
   for (unsigned i = 0; i < 3; i++) {
      sample->size[i] = i >= dimensions || (cube && i == 2) ? 1
                        : rng_chance(rng, 50)               ? 1u << rng_below(rng, 6)
                                                            : (unsigned)rng_between(rng, 1, 40);
      if (i == 2 && sample->size[i] > 8)
         sample->size[i] = 8;
      sample->wrap[i] = rectangle ? (rng_chance(rng, 50) ? GL_CLAMP_TO_EDGE : GL_CLAMP_TO_BORDER)
                                  : PICK(rng, wraps);
   }
   if (cube)
      sample->size[1] = sample->size[0];
   unsigned largest = 1;
   for (unsigned i = 0; i < (sampler->layers ? sampler->coordinates : 3); i++)
      largest = fmax(largest, sample->size[i]);
   const bool mipmaps = !rectangle && rng_chance(rng, 50);
   sample->levels = mipmaps ? 1 + (unsigned)log2(largest) : 1;

   /* Depths between texels of a comparison are not filtered the same way by any two. */
   const bool filter = !integer && !format_is_depth(sample->format);
   sample->linear = filter && rng_chance(rng, 50);
   sample->linear_mip = filter && mipmaps && rng_chance(rng, 50);
   sample->magnify = sample->linear ? GL_LINEAR : GL_NEAREST;
   sample->minify = !mipmaps ? sample->magnify
                    : sample->linear
                       ? (sample->linear_mip ? GL_LINEAR_MIPMAP_LINEAR : GL_LINEAR_MIPMAP_NEAREST)
                    : sample->linear_mip ? GL_NEAREST_MIPMAP_LINEAR
                                         : GL_NEAREST_MIPMAP_NEAREST;
   /* Level 1.25 is 1 to the nearest, and the magnification of 0 and less plays no part. */
   sample->lod = mipmaps ? rng_below(rng, rng_between(rng, 1, sample->levels + 1)) +
                              (rng_chance(rng, 50) ? 0.25f : 0.0f) - 0.125f
                         : 0;
   sample->fetch_level = rng_below(rng, rng_between(rng, 1, sample->levels));
   const unsigned ways = rng_below(rng, 10);
   sample->how = ways < 4   ? LOD
                 : ways < 6 ? IMPLICIT
                 : ways < 8 ? FETCH
                 : ways < 9 ? OFFSET
                            : PROJECTIVE;
   if (cube)
      sample->how = LOD;
   if (sample->shadow &&
       (sample->how == FETCH || sample->how == PROJECTIVE || sample->how == OFFSET))
      sample->how = LOD;
   if (sample->shadow && sampler->target == GL_TEXTURE_2D_ARRAY)
      sample->how = IMPLICIT; /* textureLod has none */
   if (sampler->layers && sample->how == PROJECTIVE)
      sample->how = LOD;
   if (rectangle && (sample->how != FETCH || sample->shadow))
      sample->how = IMPLICIT; /* its one level has no number */
   for (unsigned i = 0; i < 3; i++) {
      /* Eighths of texels a pixel, and an offset that keeps off the borders between texels. */
      sample->scale[i] = cube ? 0 : rng_between(rng, -24, 24) / 8.0f;
      sample->offset[i] = rng_between(rng, -(int)sample->size[i], sample->size[i]) + 0.28125f;
   }
   if (sample->how == IMPLICIT && !rectangle) {
      /* The level is that of the larger of two scales: keep it from the middle between two levels.
       */
      for (unsigned i = 0; i < 3; i++)
         sample->scale[i] = rng_chance(rng, 50) ? 0.5f : -0.5f;
      sample->scale[0] *= 1 << rng_below(rng, mipmaps ? 4 : 1);
   }
   /* Off the half, at which it is open which is the nearest. */
   sample->layer = rng_between(rng, -1, sample->size[sampler->coordinates % 3]) +
                   rng_between(rng, -1, 1) * 0.375f;
   sample->reference = rng_between(rng, 0, 64) / 64.0f + 1 / 256.0f;
}

/* The coordinates, in texels of level 0, at a pixel. */
static void
coordinates(const struct sample *sample, unsigned x, unsigned y, double *at)
{
   const double pixel[3] = { x, y, x ^ y };

   for (unsigned i = 0; i < 3; i++)
      at[i] = sample->scale[i] * pixel[i] + sample->offset[i];
}

static bool
clear_of_borders(const struct sample *sample, const double *at)
{
   /* On the nearest texel of each level that may be read; a border of the texture is one of texels.
    */
   for (unsigned i = 0; i < sample->sampler->coordinates; i++) {
      for (unsigned level = 0; level < sample->levels; level++) {
         const unsigned size = fmax(1, sample->size[i] >> level);
         const double texel = at[i] / sample->size[i] * size;

         if (fabs(texel - round(texel)) < MARGIN)
            return false;
      }
   }
   return true;
}

static void
glsl(char *text, size_t size, const struct sample *sample)
{
   const struct sampler *sampler = sample->sampler;
   const char *prefix = sample->format->kind == UINT ? "u" : sample->format->kind == INT ? "i" : "";
   const char *shadow = sample->shadow ? "Shadow" : "";
   const bool rectangle = sampler->target == GL_TEXTURE_RECTANGLE;
   static const char *const swizzles[] = { "", "x", "xy", "xyz" };
   const char *parts = swizzles[sampler->coordinates];
   char coordinate[160], call[240];

   /* gl_FragCoord is n + 0.5 exactly. `at` are texels, `t` what the GL wants. */
   if (sample->how == FETCH) {
      const char *whole[] = { "", "int(at.x)", "ivec2(at.xy)", "ivec3(at)" };

      if (sampler->layers)
         snprintf(coordinate, sizeof(coordinate), "ivec%u(%s, layer)", sampler->coordinates + 1,
                  whole[sampler->coordinates]);
      else
         snprintf(coordinate, sizeof(coordinate), "%s", whole[sampler->coordinates]);
      snprintf(call, sizeof(call),
               rectangle ? "texelFetch(s, %s)" : "texelFetch(s, %s, fetch_level)", coordinate);
   } else {
      const unsigned components = sampler->coordinates + sampler->layers;

      if (sample->shadow)
         snprintf(coordinate, sizeof(coordinate), "vec%d(t.%s%s%s, reference)",
                  components == 3 ? 4 : 3, parts, sampler->layers ? ", layer" : "",
                  components == 1 ? ", 0.0" : "");
      else if (sampler->layers)
         snprintf(coordinate, sizeof(coordinate), "vec%u(t.%s, layer)", components, parts);
      else if (sample->how == PROJECTIVE)
         snprintf(coordinate, sizeof(coordinate), "vec%u(t.%s * 2.0, 2.0)", components + 1, parts);
      else
         snprintf(coordinate, sizeof(coordinate), "t.%s", parts);
      const char *offsets[] = { "", "-3", "ivec2(-3, 2)", "ivec3(-3, 2, 1)" };
      if (sample->how == IMPLICIT)
         snprintf(call, sizeof(call), "texture(s, %s)", coordinate);
      else if (sample->how == OFFSET)
         snprintf(call, sizeof(call), "textureLodOffset(s, %s, lod, %s)", coordinate,
                  offsets[sampler->coordinates]);
      else
         snprintf(call, sizeof(call),
                  sample->how == PROJECTIVE ? "textureProjLod(s, %s, lod)"
                                            : "textureLod(s, %s, lod)",
                  coordinate);
   }
   snprintf(text, size,
            "#version 330 compatibility\n"
            "uniform %s%s%s s;\n"
            "uniform vec3 scale, offset, size;\n"
            "uniform float lod, layer, reference;\n"
            "uniform int fetch_level;\n"
            "out %svec4 colour;\n"
            "void main() {\n"
            "   ivec2 p = ivec2(gl_FragCoord.xy);\n"
            "   vec3 at = vec3(p, p.x ^ p.y) * scale + offset;\n"
            "%s"
            "   colour = %s%s%s;\n"
            "}\n",
            prefix, sampler->name, shadow, prefix,
            sampler->target == GL_TEXTURE_CUBE_MAP
               /* One face for 8 columns, and both coordinates on it well inside. */
               ? "   vec2 f = (vec2(p.x & 7, p.y & 7) + 0.53) / 4.1 - 1.0;\n"
                 "   vec3 t = (p.x & 8) != 0 ? vec3((p.y & 8) != 0 ? 1.0 : -1.0, f) :\n"
                 "            (p.x & 16) != 0 ? vec3(f.x, (p.y & 8) != 0 ? 1.0 : -1.0, f.y) :\n"
                 "            vec3(f, (p.y & 8) != 0 ? 1.0 : -1.0);\n"
               : rectangle ? "   vec3 t = at;\n" : "   vec3 t = at / size;\n",
            sample->shadow ? "vec4(" : "", call, sample->shadow ? ")" : "");
}

void
step_sample(struct step *step)
{
   static const GLenum functions[] = { GL_LEQUAL,  GL_GEQUAL, GL_LESS,
                                       GL_GREATER, GL_ALWAYS, GL_NEVER };
   static const char *const how_names[] = { "lod", "implicit", "fetch", "offset", "projective" };
   struct rng *rng = &step->rng;
   uint8_t mask[SIDE * SIDE];
   struct sample sample;
   struct target target;
   char text[2048];
   GLuint texture;

   choose(step, &sample);
   const bool cube = sample.sampler->target == GL_TEXTURE_CUBE_MAP;
   const GLenum at = sample.sampler->target, function = PICK(rng, functions);
   const struct format *to = formats;
   const GLenum wanted = sample.format->kind == UINT  ? GL_RGBA32UI
                         : sample.format->kind == INT ? GL_RGBA32I
                                                      : GL_RGBA32F;
   while (to->internal != wanted)
      to++;
   step_state(step,
              "%s%s %s %ux%ux%u, %u levels, wrap %04x %04x %04x, %s%s, %s lod %g level %d layer %g "
              "reference %g function %04x",
              sample.sampler->name, sample.shadow ? "Shadow" : "", sample.format->name,
              sample.size[0], sample.size[1], sample.size[2], sample.levels, sample.wrap[0],
              sample.wrap[1], sample.wrap[2], sample.linear ? "linear" : "nearest",
              sample.linear_mip ? ", linear between levels" : "", how_names[sample.how], sample.lod,
              sample.fetch_level, sample.layer, sample.reference, function);
   step_state(step, "scale %g %g %g offset %g %g %g", sample.scale[0], sample.scale[1],
              sample.scale[2], sample.offset[0], sample.offset[1], sample.offset[2]);
   target_make(&target, step, to, NULL, SIDE, SIDE);
   glGenTextures(1, &texture);
   glBindTexture(at, texture);
   glTexParameteri(at, GL_TEXTURE_MIN_FILTER, sample.minify);
   glTexParameteri(at, GL_TEXTURE_MAG_FILTER, sample.magnify);
   if (at != GL_TEXTURE_RECTANGLE)
      glTexParameteri(at, GL_TEXTURE_MAX_LEVEL, sample.levels - 1);
   glTexParameteri(at, GL_TEXTURE_WRAP_S, cube ? GL_CLAMP_TO_EDGE : sample.wrap[0]);
   glTexParameteri(at, GL_TEXTURE_WRAP_T, cube ? GL_CLAMP_TO_EDGE : sample.wrap[1]);
   glTexParameteri(at, GL_TEXTURE_WRAP_R, cube ? GL_CLAMP_TO_EDGE : sample.wrap[2]);
   if (format_is_integer(sample.format)) {
      glTexParameterIiv(at, GL_TEXTURE_BORDER_COLOR, (GLint[4]){ 1, 2, 0, 1 });
   } else {
      const float border[4] = { 0.25f, 0.5f, 0.75f, 1 };
      glTexParameterfv(at, GL_TEXTURE_BORDER_COLOR, border);
   }
   if (rng_chance(rng, 20) && !sample.shadow) {
      static const GLint from[] = { GL_RED, GL_GREEN, GL_BLUE, GL_ALPHA, GL_ZERO, GL_ONE };
      const GLint swizzle[4] = { PICK(rng, from), PICK(rng, from), PICK(rng, from),
                                 PICK(rng, from) };

      glTexParameteriv(at, GL_TEXTURE_SWIZZLE_RGBA, swizzle);
      step_state(step, "swizzle %04x %04x %04x %04x", swizzle[0], swizzle[1], swizzle[2],
                 swizzle[3]);
   }
   if (sample.shadow) {
      glTexParameteri(at, GL_TEXTURE_COMPARE_MODE, GL_COMPARE_REF_TO_TEXTURE);
      glTexParameteri(at, GL_TEXTURE_COMPARE_FUNC, function);
   }
   make_texture(step, &sample);

   glsl(text, sizeof(text), &sample);
   const GLuint program = program_make(step, plain_vertex, text);
   glUniform3fv(glGetUniformLocation(program, "scale"), 1, sample.scale);
   glUniform3fv(glGetUniformLocation(program, "offset"), 1, sample.offset);
   glUniform3f(glGetUniformLocation(program, "size"), sample.size[0], sample.size[1],
               sample.size[2]);
   glUniform1f(glGetUniformLocation(program, "lod"), sample.lod);
   glUniform1f(glGetUniformLocation(program, "layer"), sample.layer);
   glUniform1f(glGetUniformLocation(program, "reference"), sample.reference);
   glUniform1i(glGetUniformLocation(program, "fetch_level"), sample.fetch_level);
   draw_rectangle(SIDE, SIDE, 0, 0, SIDE, SIDE, 0);

   for (unsigned y = 0; y < SIDE; y++) {
      for (unsigned x = 0; x < SIDE; x++) {
         double texels[3];
         uint8_t *compared = &mask[y * SIDE + x];

         coordinates(&sample, x, y, texels);
         *compared = sample.linear || cube || clear_of_borders(&sample, texels);
         if (sample.how == FETCH) {
            /* What lies outside has no value, and a layer outside neither. */
            const unsigned i = sample.sampler->coordinates;
            for (unsigned j = 0; j < i; j++)
               *compared &=
                  texels[j] >= 0 && texels[j] < (int)fmax(1, sample.size[j] >> sample.fetch_level);
            if (sample.sampler->layers)
               *compared &= sample.layer >= 0 && sample.layer < sample.size[i];
         }
      }
   }
   struct tolerance tolerance;
   tolerance.absolute = format_step(sample.format, &tolerance.relative) / 8;
   if (sample.format->kind == FLOAT || sample.format->kind == SHARED_EXPONENT)
      tolerance = (struct tolerance){ 0, 0 };
   if (sample.format->kind == SRGB)
      tolerance.absolute = 1 / 255.0;
   /* Weights of 8 bits in each direction, and values of a range of 4 at most. */
   const double range = sample.format->kind == FLOAT || sample.format->kind == SHARED_EXPONENT ? 4
                        : sample.format->kind == SNORM                                         ? 2
                                                                                               : 1;
   if (sample.linear)
      tolerance.absolute += range * sample.sampler->coordinates / 128.0;
   if (sample.linear_mip)
      tolerance.absolute += range / 64.0;
   target_read(&target, step, "colour", tolerance, mask);
   glDeleteProgram(program);
   glDeleteTextures(1, &texture);
   target_end(&target);
}
