/*
 * SPDX-License-Identifier: MIT
 *
 * Buffers that shaders read: texture buffers of every format, and uniform blocks with an index that
 * is not known before; and copies between buffers.
 */

#include "differential.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, COUNT = SIDE * SIDE };

static const struct {
   GLenum internal;
   const char *name;
   unsigned bytes;
   enum kind kind;
} buffer_formats[] = {
   { GL_R8, "R8", 1, UNORM },           { GL_RG8, "RG8", 2, UNORM },
   { GL_RGBA8, "RGBA8", 4, UNORM },     { GL_R16, "R16", 2, UNORM },
   { GL_RGBA16, "RGBA16", 8, UNORM },   { GL_R16F, "R16F", 2, FLOAT },
   { GL_RGBA16F, "RGBA16F", 8, FLOAT }, { GL_R32F, "R32F", 4, FLOAT },
   { GL_RG32F, "RG32F", 8, FLOAT },     { GL_RGBA32F, "RGBA32F", 16, FLOAT },
   { GL_R8UI, "R8UI", 1, UINT },        { GL_RGBA8UI, "RGBA8UI", 4, UINT },
   { GL_RG16UI, "RG16UI", 4, UINT },    { GL_RGBA32UI, "RGBA32UI", 16, UINT },
   { GL_R8I, "R8I", 1, INT },           { GL_RGBA16I, "RGBA16I", 8, INT },
   { GL_R32I, "R32I", 4, INT },         { GL_RGBA32I, "RGBA32I", 16, INT },
};

void
step_buffers(struct step *step)
{
   struct rng *rng = &step->rng;
   const unsigned which = rng_below(rng, ARRAY_SIZE(buffer_formats));
   const enum kind kind = buffer_formats[which].kind;
   const bool block = rng_chance(rng, 40);
   const char *prefix = kind == UINT ? "u" : kind == INT ? "i" : "";
   const struct format *to = formats;
   const GLenum wanted = kind == UINT ? GL_RGBA32UI : kind == INT ? GL_RGBA32I : GL_RGBA32F;
   const int factor = rng_between(rng, 1, 99), offset = rng_below(rng, COUNT);
   struct target target;
   uint8_t data[COUNT * 16];
   char text[800];
   GLuint buffers[2], texture;

   while (to->internal != wanted)
      to++;
   target_make(&target, step, to, NULL, SIDE, SIDE);
   for (unsigned i = 0; i < sizeof(data); i++)
      data[i] = rng_next(rng);
   if (buffer_formats[which].internal == GL_R16F || buffer_formats[which].internal == GL_RGBA16F)
      for (unsigned i = 0; i < sizeof(data) / 2; i++)
         ((uint16_t *)data)[i] = (rng_next(rng) & 0x83ff) | rng_between(rng, 1, 30) << 10;
   else if (kind == FLOAT || block)
      for (unsigned i = 0; i < sizeof(data) / 4; i++)
         ((float *)data)[i] = rng_between(rng, -9999, 9999) / 64.0f;

   /* The data gets there in parts, by the GPU. */
   glGenBuffers(2, buffers);
   glBindBuffer(GL_COPY_READ_BUFFER, buffers[0]);
   glBufferData(GL_COPY_READ_BUFFER, sizeof(data), data, GL_STATIC_DRAW);
   glBindBuffer(GL_COPY_WRITE_BUFFER, buffers[1]);
   glBufferData(GL_COPY_WRITE_BUFFER, sizeof(data), NULL, GL_STATIC_DRAW);
   const unsigned cut = rng_below(rng, sizeof(data));
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0, cut);
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, cut, cut, sizeof(data) - cut);
   step_error(step, "glCopyBufferSubData");
   step_state(step, "%s %s factor %d offset %d cut %u", block ? "uniform block" : "texture buffer",
              buffer_formats[which].name, factor, offset, cut);

   snprintf(text, sizeof(text),
            "#version 330 compatibility\n"
            "uniform %ssamplerBuffer s;\n"
            "layout(std140) uniform block { vec4 words[%d]; };\n"
            "out %svec4 colour;\n"
            "void main() {\n"
            "   ivec2 p = ivec2(gl_FragCoord.xy);\n"
            "   int at = (p.x * %d + p.y * 16 + %d) & %d;\n"
            "   colour = %s;\n"
            "}\n",
            prefix, COUNT, prefix, factor, offset, COUNT - 1,
            !block         ? "texelFetch(s, at)"
            : kind == UINT ? "floatBitsToUint(words[at])"
            : kind == INT  ? "floatBitsToInt(words[at])"
                           : "words[at]");
   /* GLSL 3.30 has the bits of floats by an extension alone. */
   static const char extension[] = "#extension GL_ARB_shader_bit_encoding : require\n";
   char *after_version = strchr(text, '\n') + 1;
   memmove(after_version + sizeof(extension) - 1, after_version, strlen(after_version) + 1);
   memcpy(after_version, extension, sizeof(extension) - 1);
   const GLuint program = program_make(step, plain_vertex, text);
   glGenTextures(1, &texture);
   if (block) {
      glUniformBlockBinding(program, glGetUniformBlockIndex(program, "block"), 0);
      glBindBufferBase(GL_UNIFORM_BUFFER, 0, buffers[1]);
   } else {
      glBindTexture(GL_TEXTURE_BUFFER, texture);
      glTexBuffer(GL_TEXTURE_BUFFER, buffer_formats[which].internal, buffers[1]);
   }
   draw_rectangle(SIDE, SIDE, 0, 0, SIDE, SIDE, 0);
   step_error(step, "the draw");
   const struct tolerance tolerance = { 0, kind == UNORM && !block ? 2.4e-7 : 0 };
   target_read(&target, step, "colour", tolerance, NULL);
   memset(data, 0, sizeof(data));
   glGetBufferSubData(GL_COPY_WRITE_BUFFER, 0, sizeof(data), data);
   step_picture(
      step, "buffer",
      &(struct picture){
         .width = COUNT, .height = 16, .layout = "u8x1i", .pixels = data, .pixel_bytes = 1 });
   glBindBufferBase(GL_UNIFORM_BUFFER, 0, 0);
   glBindTexture(GL_TEXTURE_BUFFER, 0);
   glDeleteTextures(1, &texture);
   glDeleteBuffers(2, buffers);
   glDeleteProgram(program);
   target_end(&target);
}
