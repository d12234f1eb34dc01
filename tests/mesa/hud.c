/*
 * SPDX-License-Identifier: MIT
 *
 * What GALLIUM_HUD says of transfers, frame by frame, and ST_DEBUG and INTEL_DEBUG at the end, is what was transferred.
 *
 * A test that has a patch's number in its name fails without that patch.
 */

#include <EGL/egl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gl.h"
#include "tap.h"

#define SIDE        256
#define IMAGE_BYTES (SIDE * SIDE * 4)
/* By default so little is copied. */
#define SMALL       32
#define SMALL_BYTES (SMALL * SMALL * 4)

#define CPU_BYTES "transfer-bytes-cpu"
#define GPU_BYTES "transfer-bytes-gpu"
#define OBJECTS   "userptr-objects"
#define HITS      "userptr-cache-hits"

static char folder[] = "/tmp/hud-XXXXXX";

static void
texture_to_read(void)
{
   GLuint texture;

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   gl_draw_to(texture);
   glClear(GL_COLOR_BUFFER_BIT);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
}

/* The HUD of a context that never draws it: its frames end when the context is no longer current. */
static void
start(void)
{
   REQUIRE(mkdtemp(folder) != NULL);
   setenv("GALLIUM_HUD", CPU_BYTES "," GPU_BYTES "," OBJECTS "," HITS, 1);
   setenv("GALLIUM_HUD_DUMP_DIR", folder, 1);
   setenv("GALLIUM_HUD_PERIOD", "0", 1);
   setenv("GALLIUM_HUD_SHARE", "0,1", 1);
   gl_start();
   texture_to_read();
}

static void
end_frame(void)
{
   EGLDisplay display = eglGetCurrentDisplay();
   EGLContext context = eglGetCurrentContext();

   glFinish();
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT));
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context));
}

/* The last value that the HUD has written of this name. */
static int64_t
shown(const char *name)
{
   char path[128];
   int64_t value = -1;

   snprintf(path, sizeof(path), "%s/%s", folder, name);
   for (char *letter = path + strlen(folder); *letter; letter++) {
      if (*letter == '-')
         *letter = '_';
   }
   FILE *file = fopen(path, "re");
   if (!file)
      return -1;
   while (fscanf(file, "%" SCNd64, &value) == 1)
      ;
   fclose(file);
   return value;
}

static void
check_bytes(int64_t cpu, int64_t gpu)
{
   end_frame();
   CHECK_EQUAL(shown(CPU_BYTES), cpu);
   CHECK_EQUAL(shown(GPU_BYTES), gpu);
}

static void
test_bytes(void)
{
   const unsigned pages = IMAGE_BYTES / PAGE;
   uint8_t *memory = gl_pages(pages, 0x5a);
   GLenum error;

   start();
   end_frame();
   check_bytes(0, 0);

   glReadPixels(0, 0, SMALL, SMALL, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   check_bytes(SMALL_BYTES, 0);

   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   check_bytes(0, 2 * IMAGE_BYTES);

   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SMALL, SMALL, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   check_bytes(SMALL_BYTES, IMAGE_BYTES);

   GLuint buffer = gl_pin(memory, IMAGE_BYTES, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
   glReadPixels(0, 0, SMALL, SMALL, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   check_bytes(0, IMAGE_BYTES + SMALL_BYTES);

   /* No format of a buffer: into a buffer object too, it is the CPU that copies. */
   glReadPixels(0, 0, SMALL, SMALL, GL_LUMINANCE, GL_UNSIGNED_BYTE, NULL);
   check_bytes(SMALL * SMALL, 0);

   check_bytes(0, 0);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

static void
test_objects(void)
{
   const bool kept = gl_kernel_has(I915_PARAM_HAS_USERPTR_RELEASE);
   const unsigned pages = IMAGE_BYTES / PAGE;
   uint8_t *memory = gl_pages(4 * pages, 0x5a);
   GLuint buffers[3];
   GLenum error;

   start();
   end_frame();
   end_frame();
   CHECK_EQUAL(shown(OBJECTS), 0);
   CHECK_EQUAL(shown(HITS), 0);

   for (unsigned i = 0; i < 3; i++) {
      buffers[i] = gl_pin(memory + i * IMAGE_BYTES, IMAGE_BYTES, &error);
      REQUIRE_EQUAL(error, GL_NO_ERROR);
   }
   end_frame();
   CHECK_EQUAL(shown(OBJECTS), 3);
   CHECK_EQUAL(shown(HITS), 0);

   /* The first makes an object, the others find it, if it may be kept. */
   for (unsigned i = 0; i < 5; i++)
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory + 3 * IMAGE_BYTES);
   end_frame();
   CHECK_EQUAL(shown(OBJECTS), kept ? 4 : 3);
   CHECK_EQUAL(shown(HITS), kept ? 4 : 0);

   glDeleteBuffers(2, buffers);
   end_frame();
   CHECK_EQUAL(shown(OBJECTS), kept ? 2 : 1);
   CHECK_EQUAL(shown(HITS), 0);
   tap_note("objects %s kept by this kernel", kept ? "are" : "are not");
}

/* The same without a HUD: ST_DEBUG=zerocopy says it when the context ends. */
static void
test_report(void)
{
   uint8_t *memory = gl_pages(IMAGE_BYTES / PAGE, 0x5a);
   char text[4096] = "";

   REQUIRE(mkdtemp(folder) != NULL);
   strcat(strcpy(text, folder), "/stderr");
   REQUIRE(freopen(text, "w+e", stderr) != NULL);
   setenv("ST_DEBUG", "zerocopy", 1);
   gl_start();
   texture_to_read();
   for (unsigned i = 0; i < 2; i++)
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   for (unsigned i = 0; i < 3; i++)
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SMALL, SMALL, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   EGLDisplay display = eglGetCurrentDisplay();
   EGLContext context = eglGetCurrentContext();
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT));
   REQUIRE(eglDestroyContext(display, context));
   fflush(stderr);
   rewind(stderr);
   text[fread(text, 1, sizeof(text) - 1, stderr)] = 0;
   static const char *const expected[] = {
      "st/mesa: glReadPixels: 524288 bytes by the GPU, 0 bytes by the CPU\n",
      "st/mesa: glGetTexImage: 262144 bytes by the GPU, 0 bytes by the CPU\n",
      "st/mesa: glTexSubImage: 0 bytes by the GPU, 12288 bytes by the CPU\n",
      "st/mesa: glTexSubImage copies by the CPU: the image is so small that a copy takes less\n",
      "st/mesa: client memory was wrapped 3 times\n",
   };
   for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
      if (!strstr(text, expected[i]))
         tap_fail(__FILE__, __LINE__, "it says nothing of: %s", expected[i]);
   }
}

/* And the driver, of what it has done itself. */
static void
test_driver_report(void)
{
   const bool kept = gl_kernel_has(I915_PARAM_HAS_USERPTR_RELEASE);
   uint8_t *memory = gl_pages(IMAGE_BYTES / PAGE, 0x5a);
   char text[4096] = "", expected[256];
   GLenum error;

   REQUIRE(mkdtemp(folder) != NULL);
   strcat(strcpy(text, folder), "/stderr");
   REQUIRE(freopen(text, "w+e", stderr) != NULL);
   setenv("INTEL_DEBUG", "userptr", 1);
   gl_start();
   texture_to_read();
   for (unsigned i = 0; i < 3; i++)
      glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   glReadPixels(0, 0, SMALL, SMALL, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   GLuint buffer = gl_pin(memory, IMAGE_BYTES, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glDeleteBuffers(1, &buffer);
   EGLDisplay display = eglGetCurrentDisplay();
   REQUIRE(eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT));
   REQUIRE(eglTerminate(display));
   fflush(stderr);
   rewind(stderr);
   text[fread(text, 1, sizeof(text) - 1, stderr)] = 0;
   snprintf(expected, sizeof(expected), "userptr: %d objects made, %d kept ones used again; %d bytes in place by the GPU, "
            "%d bytes of images by the CPU\n", kept ? 2 : 4, kept ? 2 : 0, 3 * IMAGE_BYTES, SMALL_BYTES);
   if (!strstr(text, expected))
      tap_fail(__FILE__, __LINE__, "not %sbut %s", expected, text);
}

static const struct tap_test tests[] = {
   { "0019-objects", test_objects },
   { "0027-bytes", test_bytes },
   { "0027-report", test_report },
   { "0029-driver-report", test_driver_report },
};

TAP_MAIN(tests, 60)
