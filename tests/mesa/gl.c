/*
 * SPDX-License-Identifier: MIT
 */

#include "gl.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gem.h"
#include "tap.h"

bool gl_debug;

void
gl_start_context(void)
{
   const EGLint attributes[] = { EGL_CONTEXT_OPENGL_DEBUG, gl_debug, EGL_NONE };
   PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
      (void *)eglGetProcAddress("eglGetPlatformDisplayEXT");

   REQUIRE(get_display != NULL);
   EGLDisplay display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
   REQUIRE(eglInitialize(display, NULL, NULL));
   REQUIRE(eglBindAPI(EGL_OPENGL_API));
   EGLContext context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
   REQUIRE(context != EGL_NO_CONTEXT);
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context));
   tap_note("%s, %s", glGetString(GL_RENDERER), glGetString(GL_VERSION));
}

void
gl_draw_to(GLuint texture)
{
   GLuint framebuffer;

   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   REQUIRE_EQUAL(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
}

void
gl_start(void)
{
   GLuint texture;

   gl_start_context();
   if (!strstr((const char *)glGetString(GL_EXTENSIONS), "GL_AMD_pinned_memory"))
      tap_skip("no GL_AMD_pinned_memory");

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, GL_TEST_SIZE, GL_TEST_SIZE, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                NULL);
   gl_draw_to(texture);
   glBindTexture(GL_TEXTURE_2D, 0);
   glViewport(0, 0, GL_TEST_SIZE, GL_TEST_SIZE);
   glClearColor(0, 0, 0, 0);
   glClear(GL_COLOR_BUFFER_BIT);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
}

static GLuint
shader(GLenum type, const char *text)
{
   GLuint name = glCreateShader(type);
   GLint compiled;

   glShaderSource(name, 1, &text, NULL);
   glCompileShader(name);
   glGetShaderiv(name, GL_COMPILE_STATUS, &compiled);
   REQUIRE(compiled);
   return name;
}

GLuint
gl_program(const char *vertex, const char *fragment)
{
   GLuint name = glCreateProgram();
   GLint linked;

   glAttachShader(name, shader(GL_VERTEX_SHADER, vertex));
   glAttachShader(name, shader(GL_FRAGMENT_SHADER, fragment));
   glBindAttribLocation(name, 0, "position");
   glLinkProgram(name);
   glGetProgramiv(name, GL_LINK_STATUS, &linked);
   REQUIRE(linked);
   return name;
}

uint8_t *
gl_pages(unsigned pages, uint8_t fill)
{
   void *memory =
      mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

   REQUIRE(memory != MAP_FAILED);
   memset(memory, fill, pages * PAGE);
   return memory;
}

GLuint
gl_pin(void *memory, size_t size, GLenum *error)
{
   GLuint name;

   glGenBuffers(1, &name);
   glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, name);
   glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, size, memory, GL_STREAM_COPY);
   *error = glGetError();
   glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
   return *error ? 0 : name;
}

void
gl_use_as_vertices(GLuint buffer, unsigned draws)
{
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);
   for (unsigned i = 0; i < draws; i++)
      glDrawArrays(GL_TRIANGLES, 0, 3);
   glDisableVertexAttribArray(0);
   glBindBuffer(GL_ARRAY_BUFFER, 0);
}

bool
gl_kernel_has(int param)
{
   const int fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
   int value = 0;

   REQUIRE(fd >= 0);
   const bool has = gem_getparam(fd, param, &value) == 0 && value;
   close(fd);
   return has;
}

void
gl_check_zero_copy(struct spy seen)
{
   CHECK_EQUAL(seen.copied, 0);
   if (gl_kernel_has(I915_PARAM_HAS_USERPTR_RELEASE)) {
      CHECK(seen.wrapped <= 1);
      CHECK(seen.open <= seen.wrapped);
   } else {
      CHECK_EQUAL(seen.wrapped, 1);
      CHECK_EQUAL(seen.open, 0);
   }
}

uint32_t
gl_pixel(int x, int y)
{
   uint32_t pixel;

   glReadPixels(x, y, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, &pixel);
   return pixel;
}
