/*
 * SPDX-License-Identifier: MIT
 *
 * Not a test: transfers to be counted, under callgrind or by the ioctls. OPERATION CLIENT WIDTH HEIGHT TIMES
 *
 * OPERATION is readpixels, getteximage or texsubimage, CLIENT is memory, buffer or pinned: what is at the client's end.
 * The texture is RGBA8. Before each transfer, the GPU gets something to do with it: glClear.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gl.h"
#include "tap.h"

int
main(int argc, char **argv)
{
   GLuint texture, framebuffer, buffer = 0;
   GLenum error;

   if (argc != 6) {
      fprintf(stderr, "usage: %s OPERATION CLIENT WIDTH HEIGHT TIMES\n", argv[0]);
      return 2;
   }
   const char *operation = argv[1], *client = argv[2];
   const int width = atoi(argv[3]), height = atoi(argv[4]), times = atoi(argv[5]);
   const size_t size = (size_t)width * height * 4;
   uint8_t *memory = gl_pages(size / PAGE + 1, 0x55), *at = memory;

   gl_start();
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);

   const bool unpack = !strcmp(operation, "texsubimage");
   const GLenum target = unpack ? GL_PIXEL_UNPACK_BUFFER : GL_PIXEL_PACK_BUFFER;
   if (!strcmp(client, "pinned")) {
      buffer = gl_pin(memory, size, &error);
      glBindBuffer(target, buffer);
      at = NULL;
   } else if (!strcmp(client, "buffer")) {
      glGenBuffers(1, &buffer);
      glBindBuffer(target, buffer);
      glBufferData(target, size, NULL, GL_STREAM_COPY);
      at = NULL;
   }

   for (int i = 0; i < times; i++) {
      glClearColor(0, i & 1, 1, 1);
      glClear(GL_COLOR_BUFFER_BIT);
      if (unpack)
         glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, at);
      else if (!strcmp(operation, "getteximage"))
         glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, at);
      else
         glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, at);
      glFinish();
   }
   if (glGetError() != GL_NO_ERROR) {
      fprintf(stderr, "the GL reports an error\n");
      return 1;
   }
   return 0;
}
