/*
 * SPDX-License-Identifier: MIT
 *
 * Why the CPU copies: for each command, each reason is told once, in a message of KHR_debug.
 *
 * A test that has a patch's number in its name fails without that patch.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gl.h"
#include "tap.h"

/* 2 MiB, of which rows are pages. */
#define WIDTH  1024
#define HEIGHT 512
/* More elements than a buffer's surface has on Gen7. */
#define TOO_MANY (1 << 27)
/* Of address space: so many pixels. */
#define MEMORY_BYTES (4ul * (TOO_MANY + (1 << 20)))

enum command { READ, GET, PUT, COMMANDS };
static const char *const names[COMMANDS] = { "glReadPixels", "glGetTexImage", "glTexSubImage" };

static unsigned messages;
static char last_message[256];

static void GLAPIENTRY
on_message(GLenum source, GLenum type, GLuint id, GLenum severity, GLsizei length, const GLchar *message,
           const void *data)
{
   if (type != GL_DEBUG_TYPE_PERFORMANCE || !strstr(message, "copies by the CPU"))
      return;
   messages++;
   snprintf(last_message, sizeof(last_message), "%s", message);
}

static void
listen(void)
{
   glEnable(GL_DEBUG_OUTPUT);
   glEnable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
   glDebugMessageCallback(on_message, NULL);
}

static GLuint
texture(GLenum internal_format)
{
   GLuint name;

   glGenTextures(1, &name);
   glBindTexture(GL_TEXTURE_2D, name);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
   glTexImage2D(GL_TEXTURE_2D, 0, internal_format, WIDTH, HEIGHT, 0, GL_RGB, GL_FLOAT, NULL);
   gl_draw_to(name);
   glClear(GL_COLOR_BUFFER_BIT);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
   return name;
}

struct transfer {
   int width, height, row_length;
   GLenum format, type;
   bool swap;
   uint8_t *memory;
};

static void
do_transfer(enum command command, GLuint name, const struct transfer *transfer)
{
   const int width = transfer->width, height = transfer->height;

   glPixelStorei(command == PUT ? GL_UNPACK_ROW_LENGTH : GL_PACK_ROW_LENGTH, transfer->row_length);
   glPixelStorei(command == PUT ? GL_UNPACK_SWAP_BYTES : GL_PACK_SWAP_BYTES, transfer->swap);
   if (command == READ)
      glReadPixels(0, 0, width, height, transfer->format, transfer->type, transfer->memory);
   else if (command == GET)
      glGetTextureSubImage(name, 0, 0, 0, 0, width, height, 1, transfer->format, transfer->type, INT32_MAX,
                           transfer->memory);
   else
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, transfer->format, transfer->type, transfer->memory);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/* It is told the first time that this happens, and never again. */
static void
check_reason(enum command command, GLuint name, const struct transfer *transfer, const char *reason)
{
   char expected[256];

   snprintf(expected, sizeof(expected), "%s copies by the CPU: %s", names[command], reason);
   messages = 0;
   last_message[0] = 0;
   do_transfer(command, name, transfer);
   if (messages != 1 || strcmp(last_message, expected))
      tap_fail(__FILE__, __LINE__, "expected \"%s\", got %u messages, \"%s\"", expected, messages, last_message);
   do_transfer(command, name, transfer);
   do_transfer(command, name, transfer);
   CHECK_EQUAL(messages, 1);
}

/* With default options: small images are told to be small, whatever else they are. */
static void
check_command(enum command command)
{
   gl_debug = true;
   gl_start();
   listen();
   uint8_t *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
   REQUIRE(memory != MAP_FAILED);
   const GLuint rgba = texture(GL_RGBA8);
   const struct transfer whole = {
      .width = WIDTH, .height = HEIGHT, .format = GL_RGBA, .type = GL_UNSIGNED_BYTE, .memory = memory,
   };
   struct transfer transfer = whole;

   do_transfer(command, rgba, &transfer);
   CHECK_EQUAL(messages, 0);

   transfer.width = transfer.height = 16;
   check_reason(command, rgba, &transfer, "the image is so small that a copy takes less");
   transfer = whole;

   transfer.memory = memory + 1;
   check_reason(command, rgba, &transfer, "the address or the rows are not multiples of a pixel");
   transfer.memory = memory;

   transfer.row_length = 8;
   check_reason(command, rgba, &transfer, "the rows or images overlap");
   transfer.row_length = 0;

   transfer.type = GL_UNSIGNED_SHORT;
   transfer.swap = true;
   check_reason(command, rgba, &transfer, "the bytes are to be swapped");
   transfer.swap = false;

   /* Though other reasons have been told. */
   transfer.format = GL_LUMINANCE;
   transfer.type = GL_FLOAT;
   check_reason(command, rgba, &transfer,
                "the GPU cannot access this format and type in a buffer, or the pixels need a conversion");

   transfer = whole;
   transfer.row_length = TOO_MANY / (HEIGHT - 1) + 1;
   check_reason(command, rgba, &transfer, "the image spans more than a buffer can");
   transfer = whole;

   transfer.width = 512;
   transfer.row_length = 4 * 512;
   check_reason(command, rgba, &transfer, "the rows are so far apart that a copy takes less");
   transfer = whole;

   if (command == PUT) {
      REQUIRE_EQUAL(mprotect(memory, PAGE, PROT_READ), 0);
   } else {
      /* Between two rows. */
      transfer.row_length = 2 * WIDTH;
      REQUIRE_EQUAL(munmap(memory + PAGE, PAGE), 0);
   }
   check_reason(command, rgba, &transfer, "the memory is read-only, a device's or not there");

   if (command == PUT) {
      const GLuint packed = texture(GL_R11F_G11F_B10F);

      transfer.memory = memory + 2 * PAGE;
      transfer.format = GL_RGB;
      transfer.type = GL_UNSIGNED_INT_10F_11F_11F_REV;
      check_reason(command, packed, &transfer, "the driver cannot access that image by shaders");
   }
}

static void
test_readpixels(void)
{
   check_command(READ);
}

static void
test_getteximage(void)
{
   check_command(GET);
}

static void
test_texsubimage(void)
{
   check_command(PUT);
}

/* A driver that cannot wrap memory at all: softpipe has user memory for nothing. */
static void
test_no_user_memory(void)
{
   unsetenv("MESA_LOADER_DRIVER_OVERRIDE");
   setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
   setenv("GALLIUM_DRIVER", "softpipe", 1);
   gl_debug = true;
   gl_start_context();
   listen();
   const struct transfer whole = {
      .width = WIDTH, .height = HEIGHT, .format = GL_RGBA, .type = GL_UNSIGNED_BYTE,
      .memory = gl_pages(WIDTH * HEIGHT * 4 / PAGE, 0),
   };
   const GLuint rgba = texture(GL_RGBA8);
   for (enum command command = 0; command < COMMANDS; command++)
      check_reason(command, rgba, &whole, "the driver cannot use client memory on this GPU");
}

static const struct tap_test tests[] = {
   { "0023-declined", test_readpixels },
   { "0024-declined", test_getteximage },
   { "0025-declined", test_texsubimage },
   { "0023-no-user-memory", test_no_user_memory },
};

TAP_MAIN(tests, 120)
