/*
 * SPDX-License-Identifier: MIT
 *
 * glReadPixels into plain client memory: the GPU writes there, no CPU copies, and no byte changes but the pixels.
 *
 * Each test reads from a picture whose every pixel is known, into memory filled with guard bytes, and compares all of that
 * memory with what GL says it must hold. The spy tells whether a CPU has copied. A test that has a patch's number in its
 * name fails without that patch.
 */

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gl.h"
#include "spy.h"
#include "tap.h"

#define WIDTH  203
#define HEIGHT 119
#define GUARD  0xa5

/* The picture's pixel at (x, y): no two rows or columns are alike. */
static uint32_t
picture(unsigned x, unsigned y)
{
   return x | y << 8 | (x * 7 + y * 3) % 256 << 16 | (x ^ y) << 24;
}

/* Makes a context with this setting of the option, and the picture its framebuffer. */
static void
start(const char *option)
{
   uint32_t *pixels = malloc(WIDTH * HEIGHT * 4);
   GLuint texture;

   setenv("zerocopy_readpixels", option, 1);
   gl_start();
   for (unsigned y = 0; y < HEIGHT; y++)
      for (unsigned x = 0; x < WIDTH; x++)
         pixels[y * WIDTH + x] = picture(x, y);
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, WIDTH, HEIGHT, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
   gl_draw_to(texture);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
   free(pixels);
}

/* A rectangle of the framebuffer, and where its pixels go. */
struct read {
   int x, y, width, height;
   int row_length, skip_pixels, skip_rows, alignment; /* of GL_PACK_*; alignment 0 is 4 */
   bool invert;
};

static size_t
row_size(const struct read *read)
{
   const size_t size = (read->row_length ? read->row_length : read->width) * 4;
   const size_t alignment = read->alignment ? read->alignment : 4;

   return (size + alignment - 1) / alignment * alignment;
}

/* What GL says: pixels outside of the framebuffer are left as they are. */
static void
expect(uint8_t *memory, const struct read *read)
{
   for (int row = 0; row < read->height; row++) {
      const int y = read->y + (read->invert ? read->height - 1 - row : row);

      for (int column = 0; column < read->width; column++) {
         const int x = read->x + column;
         const uint32_t pixel = picture(x, y);

         if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT)
            memcpy(memory + (read->skip_rows + row) * row_size(read) + (read->skip_pixels + column) * 4,
                   &pixel, 4);
      }
   }
}

static void
do_read(void *to, const struct read *read)
{
   glPixelStorei(GL_PACK_ROW_LENGTH, read->row_length);
   glPixelStorei(GL_PACK_SKIP_PIXELS, read->skip_pixels);
   glPixelStorei(GL_PACK_SKIP_ROWS, read->skip_rows);
   glPixelStorei(GL_PACK_ALIGNMENT, read->alignment ? read->alignment : 4);
   if (read->invert)
      glPixelStorei(GL_PACK_INVERT_MESA, 1);
   glReadPixels(read->x, read->y, read->width, read->height, GL_RGBA, GL_UNSIGNED_BYTE, to);
   glPixelStorei(GL_PACK_INVERT_MESA, 0);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/* Reads to `offset` in memory[size] and compares all of it. */
static struct spy
read_to(uint8_t *memory, size_t size, size_t offset, const struct read *read)
{
   uint8_t *expected = malloc(size);

   memset(memory, GUARD, size);
   memset(expected, GUARD, size);
   expect(expected + offset, read);
   spy_on(memory, size);
   do_read(memory + offset, read);
   const struct spy seen = spy_off();
   CHECK_BYTES(memory, expected, size);
   free(expected);
   return seen;
}

static const struct read whole = { .width = WIDTH, .height = HEIGHT };
#define WHOLE_SIZE (WIDTH * HEIGHT * 4)

static void
test_nothing_is_copied(void)
{
   const size_t size = WHOLE_SIZE + 2 * PAGE;

   start("1");
   uint8_t *memory = malloc(size);
   const struct spy seen = read_to(memory, size, PAGE, &whole);
   gl_check_zero_copy(seen);
   tap_note("%u ioctls", seen.ioctls);
}

/* With the option off, it is the GL's copy: which shows that the spy would see one. */
static void
test_off_copies(void)
{
   const size_t size = WHOLE_SIZE + 2 * PAGE;

   start("0");
   const struct spy seen = read_to(malloc(size), size, PAGE, &whole);
   CHECK_EQUAL(seen.copied, WHOLE_SIZE);
   CHECK_EQUAL(seen.wrapped, 0);
}

/* Each pointer to a whole pixel in a page. */
static void
test_pointers(void)
{
   const struct read read = { .x = 3, .y = 5, .width = 41, .height = 13 };
   const size_t size = 4 * PAGE;

   start("1");
   uint8_t *memory = gl_pages(4, 0);
   for (unsigned delta = 0; delta < PAGE; delta += delta < 128 ? 4 : 124)
      gl_check_zero_copy(read_to(memory, size, delta, &read));
}

/* A pointer into the middle of a pixel: the CPU does it. */
static void
test_odd_pointers(void)
{
   const struct read read = { .width = 41, .height = 13 };

   start("1");
   uint8_t *memory = gl_pages(4, 0);
   for (unsigned delta = 1; delta < 4; delta++) {
      const struct spy seen = read_to(memory, 4 * PAGE, PAGE + delta, &read);
      CHECK_EQUAL(seen.wrapped, 0);
   }
}

static void
test_pack_parameters(void)
{
   static const int row_lengths[] = { 0, 41, 60, 64 };
   const size_t size = 8 * PAGE;

   start("1");
   uint8_t *memory = gl_pages(8, 0);
   for (unsigned i = 0; i < 4; i++)
      for (int alignment = 1; alignment <= 8; alignment *= 2)
         for (int skips = 0; skips < 4; skips++)
            for (int invert = 0; invert < 2; invert++) {
               const struct read read = {
                  .x = 2, .y = 1, .width = 41, .height = 37,
                  .row_length = row_lengths[i],
                  .skip_pixels = skips & 1 ? 7 : 0,
                  .skip_rows = skips & 2 ? 5 : 0,
                  .alignment = alignment,
                  .invert = invert,
               };
               gl_check_zero_copy(read_to(memory, size, 2 * PAGE + 20, &read));
            }
}

/* Rectangles that are not wholly in the framebuffer. */
static void
clipped(const char *option, bool invert)
{
   static const struct read reads[] = {
      { .x = -3, .y = 0, .width = 40, .height = 30 },
      { .x = 0, .y = -7, .width = 40, .height = 30 },
      { .x = WIDTH - 20, .y = 10, .width = 40, .height = 30 },
      { .x = 10, .y = HEIGHT - 20, .width = 40, .height = 30 },
      { .x = -3, .y = -5, .width = WIDTH + 10, .height = HEIGHT + 12, .skip_rows = 2 },
   };
   const size_t size = 128 * PAGE;

   start(option);
   uint8_t *memory = gl_pages(128, 0);
   for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
      struct read read = reads[i];
      read.invert = invert;
      const struct spy seen = read_to(memory, size, 40 * PAGE, &read);
      if (*option == '1')
         gl_check_zero_copy(seen);
   }
}

static void
test_clipped(void)
{
   clipped("1", false);
}

/* With skipped or clipped rows, an inverted image was written before the client's pointer, by the CPU as well. */
static void
test_clipped_and_inverted(void)
{
   clipped("1", true);
}

static void
test_inverted_by_the_cpu(void)
{
   clipped("0", true);
   const struct read read = { .width = 20, .height = 9, .skip_rows = 3, .invert = true };
   read_to(gl_pages(8, 0), 8 * PAGE, 4 * PAGE, &read);
}

/* A pixel buffer that ends inside of an inverted image, in the row that comes first. */
static void
test_inverted_beyond_a_buffer(void)
{
   GLuint buffer;

   start("0");
   glGenBuffers(1, &buffer);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
   glBufferData(GL_PIXEL_PACK_BUFFER, 20 * 9 * 4 - 1, NULL, GL_STREAM_READ);
   glPixelStorei(GL_PACK_INVERT_MESA, 1);
   glReadPixels(0, 0, 20, 9, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   CHECK_EQUAL(glGetError(), GL_INVALID_OPERATION);
   glReadPixels(0, 0, 20, 8, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/* Memory of all kinds that an application may have. */
static void
test_kinds_of_memory(void)
{
   static uint8_t data[WHOLE_SIZE + PAGE];
   uint8_t stack[WHOLE_SIZE + PAGE];
   const size_t size = WHOLE_SIZE + PAGE;
   char name[] = "/tmp/readpixels-XXXXXX";

   start("1");
   gl_check_zero_copy(read_to(data, size, 256, &whole));
   gl_check_zero_copy(read_to(stack, size, 64, &whole));

   int file = memfd_create("readpixels", 0);
   REQUIRE(file >= 0);
   REQUIRE_EQUAL(ftruncate(file, size), 0);
   uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
   REQUIRE(memory != MAP_FAILED);
   gl_check_zero_copy(read_to(memory, size, 64, &whole));
   close(file);

   file = mkstemp(name);
   REQUIRE(file >= 0);
   unlink(name);
   REQUIRE_EQUAL(ftruncate(file, size), 0);
   for (unsigned i = 0; i < 2; i++) {
      memory = mmap(NULL, size, PROT_READ | PROT_WRITE, i ? MAP_SHARED : MAP_PRIVATE, file, 0);
      REQUIRE(memory != MAP_FAILED);
      gl_check_zero_copy(read_to(memory, size, 64, &whole));
   }

   memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   REQUIRE(memory != MAP_FAILED);
   madvise(memory, 4 << 20, MADV_HUGEPAGE);
   gl_check_zero_copy(read_to(memory, size, 64, &whole));
}

struct format {
   const char *name;
   GLenum format, type;
   unsigned channels, size; /* and the size of a channel in bytes */
   bool bgr;
};

/* The value of a channel, 0 to 1. */
static double
channel(const struct format *format, const uint8_t *at)
{
   uint16_t word;
   float number;

   memcpy(&word, at, format->size < 2 ? 1 : 2);
   switch (format->type) {
   case GL_UNSIGNED_BYTE:
      return *at / 255.0;
   case GL_UNSIGNED_SHORT:
      return word / 65535.0;
   case GL_HALF_FLOAT:
      return word & 0x7c00 ? ldexp(1024 + (word & 0x3ff), (word >> 10) - 25) : ldexp(word, -24);
   default:
      memcpy(&number, at, 4);
      return number;
   }
}

/* Reads in this format with rows that have a gap of whole pixels between them, and compares every byte. */
static void
read_format(const struct format *format, bool zero_copy)
{
   const unsigned pixel = format->channels * format->size, stride = pixel * (WIDTH + 5);
   const double tolerance = format->type == GL_UNSIGNED_BYTE ? 0 : format->type == GL_HALF_FLOAT ? 0.0005 : 0.00002;
   const size_t size = (size_t)stride * HEIGHT + 2 * PAGE;
   uint8_t *memory = malloc(size);
   size_t wrong = 0, stray = 0;

   memset(memory, GUARD, size);
   glPixelStorei(GL_PACK_ROW_LENGTH, WIDTH + 5);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   spy_on(memory, size);
   glReadPixels(0, 0, WIDTH, HEIGHT, format->format, format->type, memory + PAGE);
   const struct spy seen = spy_off();
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   if (zero_copy) {
      tap_note("%s", format->name);
      gl_check_zero_copy(seen);
   }
   for (size_t i = 0; i < size; i++) {
      const size_t at = i - PAGE, x = at % stride / pixel, y = at / stride, c = at % stride % pixel / format->size;
      const unsigned component = format->bgr && c < 3 ? 2 - c : c;

      if (i < PAGE || x >= WIDTH || y >= HEIGHT) {
         stray += memory[i] != GUARD;
      } else if (at % stride % format->size == 0) {
         const double expected = (picture(x, y) >> 8 * component & 0xff) / 255.0;
         wrong += !(fabs(channel(format, memory + i) - expected) <= tolerance);
      }
   }
   if (wrong || stray)
      tap_fail(__FILE__, __LINE__, "%s: %zu channels are wrong, %zu bytes stray", format->name, wrong, stray);
   free(memory);
}

static void
read_formats(const char *option)
{
   static const struct format formats[] = {
      { "RGBA8", GL_RGBA, GL_UNSIGNED_BYTE, 4, 1 },
      { "BGRA8", GL_BGRA, GL_UNSIGNED_BYTE, 4, 1, true },
      { "RGB8", GL_RGB, GL_UNSIGNED_BYTE, 3, 1 },
      { "BGR8", GL_BGR, GL_UNSIGNED_BYTE, 3, 1, true },
      { "RG8", GL_RG, GL_UNSIGNED_BYTE, 2, 1 },
      { "R8", GL_RED, GL_UNSIGNED_BYTE, 1, 1 },
      { "RGBA16", GL_RGBA, GL_UNSIGNED_SHORT, 4, 2 },
      { "RGBA16F", GL_RGBA, GL_HALF_FLOAT, 4, 2 },
      { "RGBA32F", GL_RGBA, GL_FLOAT, 4, 4 },
      { "RGB32F", GL_RGB, GL_FLOAT, 3, 4 },
      { "RG32F", GL_RG, GL_FLOAT, 2, 4 },
      { "R32F", GL_RED, GL_FLOAT, 1, 4 },
   };

   start(option);
   for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
      read_format(&formats[i], *option == '1');
}

static void
test_formats(void)
{
   read_formats("1");
}

/* The same by the CPU, which shows that the expectations are right. */
static void
test_formats_by_the_cpu(void)
{
   read_formats("0");
}

/*
 * Into a buffer object, the GPU writes pixels of any of these formats, and later: nobody waits for what was drawn before,
 * as a CPU would have to, whatever it copies by.
 */
static void
test_formats_into_a_buffer(void)
{
   static const struct format formats[] = {
      { "RGBA8", GL_RGBA, GL_UNSIGNED_BYTE, 4, 1 },
      { "RGBA16F", GL_RGBA, GL_HALF_FLOAT, 4, 2 },
      { "RGBA32F", GL_RGBA, GL_FLOAT, 4, 4 },
      { "RG32F", GL_RG, GL_FLOAT, 2, 4 },
   };
   uint8_t *memory = malloc(WIDTH * HEIGHT * 16);
   GLuint buffer;

   start("0");
   glGenBuffers(1, &buffer);
   for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
      const struct format *format = &formats[i];
      const size_t pixel = format->channels * format->size, size = WIDTH * HEIGHT * pixel;
      size_t wrong = 0;

      glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
      glBufferData(GL_PIXEL_PACK_BUFFER, size, NULL, GL_STREAM_READ);
      /* Something that is not submitted yet. */
      glFinish();
      glEnable(GL_SCISSOR_TEST);
      glScissor(0, 0, 1, 1);
      glClearColor(0, 0, 0, 0);
      glClear(GL_COLOR_BUFFER_BIT);
      glDisable(GL_SCISSOR_TEST);
      spy_on(memory, size);
      glReadPixels(0, 0, WIDTH, HEIGHT, format->format, format->type, NULL);
      const struct spy seen = spy_off();
      tap_note("%s", format->name);
      CHECK_EQUAL(seen.batches, 0);
      glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, size, memory);
      glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
      for (size_t at = 0; at < size; at += format->size) {
         const unsigned x = at / pixel % WIDTH, y = at / pixel / WIDTH, c = at % pixel / format->size;
         const double expected = x || y ? (picture(x, y) >> 8 * c & 0xff) / 255.0 : 0;

         wrong += !(fabs(channel(format, memory + at) - expected) <= (format->size == 1 ? 0 : 0.0005));
      }
      CHECK_EQUAL(wrong, 0);
   }
}

static char *
driver_configuration(void)
{
   PFNEGLGETDISPLAYDRIVERCONFIGPROC get = (void *)eglGetProcAddress("eglGetDisplayDriverConfig");

   REQUIRE(get != NULL);
   return get(eglGetCurrentDisplay());
}

/* The options are there for a configuration file or a tool such as adriconf, with all their values. */
static void
test_options(void)
{
   static const char *const names[] = { "zerocopy_readpixels", "zerocopy_getteximage", "zerocopy_texsubimage" };

   gl_start();
   const char *text = driver_configuration();
   REQUIRE(text != NULL);
   for (unsigned i = 0; i < 3; i++) {
      const char *option = strstr(text, names[i]);

      tap_note("%s", names[i]);
      REQUIRE(option != NULL);
      CHECK(strstr(option, "default=\"2\"") != NULL);
      CHECK(strstr(option, "valid=\"0:2\"") != NULL);
   }
}

/* Between the state tracker and the driver may be Gallium's trace, which writes what it sees. */
static void
test_traced(void)
{
   char path[] = "/tmp/trace-XXXXXX", line[512];
   bool found = false;

   const int file = mkstemp(path);
   REQUIRE(file >= 0);
   setenv("GALLIUM_TRACE", path, 1);
   start("1");
   uint8_t *memory = malloc(WHOLE_SIZE);
   gl_check_zero_copy(read_to(memory, WHOLE_SIZE, 0, &whole));
   FILE *trace = fopen(path, "re");
   REQUIRE(trace != NULL);
   while (fgets(line, sizeof(line), trace))
      found |= strstr(line, "method='resource_from_user_memory'") != NULL;
   CHECK(found);
   fclose(trace);
   close(file);
   unlink(path);
}

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

/* A client that asks is told why the CPU copies: once for each reason. */
static void
test_messages(void)
{
   const struct read read = { .width = 41, .height = 13 };

   gl_debug = true;
   start("1");
   glEnable(GL_DEBUG_OUTPUT);
   glEnable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
   glDebugMessageCallback(on_message, NULL);
   uint8_t *memory = gl_pages(4, 0);
   do_read(memory + PAGE, &read);
   CHECK_EQUAL(messages, 0);
   for (unsigned i = 0; i < 3; i++)
      do_read(memory + PAGE + 1, &read);
   CHECK_EQUAL(messages, 1);
   CHECK(strstr(last_message, "glReadPixels") && strstr(last_message, "multiples of a pixel"));
   glPixelStorei(GL_PACK_SWAP_BYTES, 1);
   for (unsigned i = 0; i < 3; i++)
      glReadPixels(0, 0, 16, 16, GL_RGBA, GL_UNSIGNED_SHORT, memory);
   glPixelStorei(GL_PACK_SWAP_BYTES, 0);
   CHECK_EQUAL(messages, 2);
   CHECK(strstr(last_message, "swapped") != NULL);
}

/* The rows are in memory, between them there is a hole: the CPU can do that. */
static void
test_hole_between_rows(void)
{
   const struct read read = { .width = 100, .height = 2, .row_length = 2 * PAGE / 4 };
   uint32_t row[2][100];

   start("1");
   uint8_t *memory = gl_pages(4, GUARD);
   REQUIRE_EQUAL(munmap(memory + PAGE, PAGE), 0);
   do_read(memory, &read);
   for (unsigned y = 0; y < 2; y++)
      for (unsigned x = 0; x < 100; x++)
         row[y][x] = picture(x, y);
   CHECK_BYTES(memory, row[0], sizeof(row[0]));
   CHECK_BYTES(memory + 2 * PAGE, row[1], sizeof(row[1]));
}

/* The page behind the image may be anything. */
static void
test_end_of_memory(void)
{
   const size_t size = (WHOLE_SIZE + PAGE - 1) / PAGE * PAGE;

   start("1");
   uint8_t *memory = gl_pages(size / PAGE + 2, GUARD);
   REQUIRE_EQUAL(mprotect(memory, PAGE, PROT_NONE), 0);
   REQUIRE_EQUAL(munmap(memory + PAGE + size, PAGE), 0);
   gl_check_zero_copy(read_to(memory + PAGE, size, size - WHOLE_SIZE, &whole));
   gl_check_zero_copy(read_to(memory + PAGE, size, 0, &whole));
}

/* By default, large images are not copied, small ones are. */
static void
test_auto(void)
{
   const struct read small = { .width = 16, .height = 16 };
   const size_t size = 2048 * 1024 * 4;
   GLuint texture;

   start("2");
   uint8_t *memory = malloc(size);
   struct spy seen = read_to(memory, 4 * PAGE, PAGE, &small);
   CHECK_EQUAL(seen.wrapped, 0);

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 2048, 1024, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
   glClearColor(1, 0, 1, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   spy_on(memory, size);
   glReadPixels(0, 0, 2048, 1024, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   gl_check_zero_copy(spy_off());
   for (size_t i = 0; i < size / 4; i++) {
      if (((uint32_t *)memory)[i] != 0xffff00ff) {
         tap_fail(__FILE__, __LINE__, "pixel %zu is %08x", i, ((uint32_t *)memory)[i]);
         break;
      }
   }
}

static const struct tap_test tests[] = {
   { "0023-nothing-is-copied", test_nothing_is_copied },
   { "off-copies", test_off_copies },
   { "0023-pointers", test_pointers },
   { "odd-pointers", test_odd_pointers },
   { "0023-pack-parameters", test_pack_parameters },
   { "0023-clipped", test_clipped },
   { "0023-clipped-and-inverted", test_clipped_and_inverted },
   { "0010-inverted-by-the-cpu", test_inverted_by_the_cpu },
   { "0011-inverted-beyond-a-buffer", test_inverted_beyond_a_buffer },
   { "0023-kinds-of-memory", test_kinds_of_memory },
   { "0021-formats-into-a-buffer", test_formats_into_a_buffer },
   { "0022-options", test_options },
   { "0026-formats", test_formats },
   { "0028-traced", test_traced },
   { "formats-by-the-cpu", test_formats_by_the_cpu },
   { "0023-messages", test_messages },
   { "hole-between-rows", test_hole_between_rows },
   { "0023-end-of-memory", test_end_of_memory },
   { "0023-auto", test_auto },
};

TAP_MAIN(tests, 120)
