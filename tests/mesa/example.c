/*
 * SPDX-License-Identifier: MIT
 *
 * Reads a picture into memory of its own, and tells whether a CPU had to copy it.
 */

#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  1024
#define HEIGHT 768

static int copies;

static void GLAPIENTRY
on_message(GLenum source, GLenum type, GLuint id, GLenum severity, GLsizei length, const GLchar *message,
           const void *data)
{
   if (type == GL_DEBUG_TYPE_PERFORMANCE && strstr(message, "copies by the CPU")) {
      printf("%s\n", message);
      copies++;
   }
}

int
main(void)
{
   /* The messages come in a debug context only. */
   static const EGLint attributes[] = { EGL_CONTEXT_OPENGL_DEBUG, EGL_TRUE, EGL_NONE };
   EGLDisplay display = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
   GLuint texture, framebuffer;

   if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_API))
      return 1;
   EGLContext context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
   if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
      return 1;
   glEnable(GL_DEBUG_OUTPUT);
   glDebugMessageCallback(on_message, NULL);

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, WIDTH, HEIGHT, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   glClearColor(1, 0.5, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);

   /* Any memory will do that can be written, and whose pointer is a multiple of a pixel. */
   unsigned char *picture = malloc(WIDTH * HEIGHT * 4);
   glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, picture);

   /* When the call returns, the GPU is done and the memory is the program's alone. */
   printf("the last pixel is %d %d %d\n", picture[WIDTH * HEIGHT * 4 - 4], picture[WIDTH * HEIGHT * 4 - 3],
          picture[WIDTH * HEIGHT * 4 - 2]);
   free(picture);
   printf("%s\n", copies ? "the CPU has copied" : "nothing was copied");
   return glGetError() != GL_NO_ERROR;
}
