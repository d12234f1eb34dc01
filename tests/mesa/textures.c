/*
 * SPDX-License-Identifier: MIT
 *
 * glGetTexImage and glTexSubImage with plain client memory: the GPU accesses it, no CPU copies, and what it reads or writes
 * is what the pixel store parameters say, no byte more.
 *
 * The spy tells whether a CPU has copied. A test that has a patch's number in its name fails without that patch.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gl.h"
#include "spy.h"
#include "tap.h"

#define GUARD  0xa5
#define WIDTH  57
#define HEIGHT 41
#define DEPTH  5

/* The texel at (x, y, z): no two rows, columns or slices are alike. */
static uint32_t
texel(unsigned x, unsigned y, unsigned z)
{
   return x | y << 8 | (x * 7 + y * 3 + z * 31) % 256 << 16 | (z * 50 + (x ^ y)) % 256 << 24;
}

/* Where an image lies in memory: GL_PACK_* or GL_UNPACK_*. */
struct store {
   int row_length, image_height, skip_pixels, skip_rows, skip_images, alignment;
};

struct box {
   int x, y, z, width, height, depth;
};

static void
set_store(bool pack, const struct store *store)
{
   glPixelStorei(pack ? GL_PACK_ROW_LENGTH : GL_UNPACK_ROW_LENGTH, store->row_length);
   glPixelStorei(pack ? GL_PACK_IMAGE_HEIGHT : GL_UNPACK_IMAGE_HEIGHT, store->image_height);
   glPixelStorei(pack ? GL_PACK_SKIP_PIXELS : GL_UNPACK_SKIP_PIXELS, store->skip_pixels);
   glPixelStorei(pack ? GL_PACK_SKIP_ROWS : GL_UNPACK_SKIP_ROWS, store->skip_rows);
   glPixelStorei(pack ? GL_PACK_SKIP_IMAGES : GL_UNPACK_SKIP_IMAGES, store->skip_images);
   glPixelStorei(pack ? GL_PACK_ALIGNMENT : GL_UNPACK_ALIGNMENT, store->alignment);
}

/* The offset of a texel of the box from the client's pointer; volumes only have skipped images. */
static size_t
offset(const struct store *store, const struct box *box, bool volume, int x, int y, int z)
{
   const size_t row = (store->row_length ? store->row_length : box->width) * 4;
   const size_t stride = (row + store->alignment - 1) / store->alignment * store->alignment;
   const size_t rows = store->image_height ? store->image_height : box->height;

   return ((volume ? store->skip_images : 0) + z) * rows * stride + (store->skip_rows + y) * stride +
          (store->skip_pixels + x) * 4;
}

/* Stores the box's texels there. */
static void
fill(uint8_t *memory, const struct store *store, const struct box *box, bool volume)
{
   for (int z = 0; z < box->depth; z++)
      for (int y = 0; y < box->height; y++)
         for (int x = 0; x < box->width; x++) {
            const uint32_t value = texel(box->x + x, box->y + y, box->z + z);
            memcpy(memory + offset(store, box, volume, x, y, z), &value, 4);
         }
}

static const struct store tight = { .alignment = 4 };

static bool
is_volume(GLenum target)
{
   return target == GL_TEXTURE_3D || target == GL_TEXTURE_2D_ARRAY;
}

/* A texture of this target without content. */
static GLuint
texture(GLenum target)
{
   GLuint name;

   glGenTextures(1, &name);
   glBindTexture(target, name);
   glTexParameteri(target, GL_TEXTURE_MAX_LEVEL, 0);
   if (is_volume(target))
      glTexImage3D(target, 0, GL_RGBA8, WIDTH, HEIGHT, DEPTH, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   else
      glTexImage2D(target, 0, GL_RGBA8, WIDTH, HEIGHT, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   REQUIRE_EQUAL(glGetError(), GL_NO_ERROR);
   return name;
}

static void
upload(GLenum target, const struct box *box, const void *pixels)
{
   if (is_volume(target))
      glTexSubImage3D(target, 0, box->x, box->y, box->z, box->width, box->height, box->depth, GL_RGBA,
                      GL_UNSIGNED_BYTE, pixels);
   else
      glTexSubImage2D(target, 0, box->x, box->y, box->width, box->height, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

static struct box
all_of(GLenum target)
{
   return (struct box){ .width = WIDTH, .height = HEIGHT, .depth = is_volume(target) ? DEPTH : 1 };
}

static void
start(const char *get, const char *put)
{
   setenv("zerocopy_getteximage", get, 1);
   setenv("zerocopy_texsubimage", put, 1);
   gl_start();
}

static const struct store stores[] = {
   { .alignment = 4 },
   { .alignment = 8 },
   { .alignment = 1, .row_length = 64 },
   { .alignment = 4, .row_length = 61, .skip_pixels = 3, .skip_rows = 2 },
   { .alignment = 8, .row_length = 59, .image_height = 45, .skip_pixels = 1, .skip_rows = 3, .skip_images = 2 },
   { .alignment = 4, .image_height = 44 },
};
#define STORES (sizeof(stores) / sizeof(stores[0]))
#define MEMORY_PAGES 128

static void
get(GLenum target)
{
   const size_t size = MEMORY_PAGES * PAGE, start_at = 5 * PAGE + 36;
   const struct box box = all_of(target);
   const bool volume = is_volume(target);
   uint8_t *memory = gl_pages(MEMORY_PAGES, 0), *expected = gl_pages(MEMORY_PAGES, 0);

   start("1", "0");
   texture(target);
   set_store(false, &tight);
   fill(memory, &tight, &box, volume);
   upload(target, &box, memory);
   for (unsigned i = 0; i < STORES; i++) {
      memset(memory, GUARD, size);
      memset(expected, GUARD, size);
      fill(expected + start_at, &stores[i], &box, volume);
      set_store(true, &stores[i]);
      spy_on(memory, size);
      glGetTexImage(target, 0, GL_RGBA, GL_UNSIGNED_BYTE, memory + start_at);
      gl_check_zero_copy(spy_off());
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
      CHECK_BYTES(memory, expected, size);
   }
}

static void
test_get_2d(void)
{
   get(GL_TEXTURE_2D);
}

static void
test_get_rectangle(void)
{
   get(GL_TEXTURE_RECTANGLE);
}

static void
test_get_3d(void)
{
   get(GL_TEXTURE_3D);
}

static void
test_get_2d_array(void)
{
   get(GL_TEXTURE_2D_ARRAY);
}

/* Reads slices of a 3D texture, some by glReadPixels, some by glGetTextureSubImage, to client memory or to a buffer. */
static void
get_slices(bool to_buffer)
{
   const struct box whole = all_of(GL_TEXTURE_3D);
   const size_t slice = WIDTH * HEIGHT * 4;
   uint8_t *memory = gl_pages(16, 0), *texels = gl_pages(16, 0);
   GLuint name, framebuffer, buffer = 0;

   start("1", "0");
   name = texture(GL_TEXTURE_3D);
   set_store(false, &tight);
   set_store(true, &tight);
   fill(texels, &tight, &whole, true);
   upload(GL_TEXTURE_3D, &whole, texels);
   glGenFramebuffers(1, &framebuffer);
   glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer);
   if (to_buffer) {
      glGenBuffers(1, &buffer);
      glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
      glBufferData(GL_PIXEL_PACK_BUFFER, 2 * slice, NULL, GL_STREAM_READ);
   }
   for (int z = 0; z < DEPTH; z++) {
      const int depth = z < DEPTH - 1 ? 2 : 1;

      glFramebufferTexture3D(GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_3D, name, 0, z);
      glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, to_buffer ? NULL : memory);
      if (to_buffer)
         glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, slice, memory);
      CHECK_BYTES(memory, texels + z * slice, slice);

      if (!to_buffer)
         spy_on(memory, 16 * PAGE);
      glGetTextureSubImage(name, 0, 0, 0, z, WIDTH, HEIGHT, depth, GL_RGBA, GL_UNSIGNED_BYTE, 2 * slice,
                           to_buffer ? NULL : memory);
      if (to_buffer)
         glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, depth * slice, memory);
      else
         gl_check_zero_copy(spy_off());
      CHECK_BYTES(memory, texels + z * slice, depth * slice);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   }
}

static void
test_get_slices(void)
{
   setenv("zerocopy_readpixels", "1", 1);
   get_slices(false);
}

static void
test_get_slices_to_a_buffer(void)
{
   get_slices(true);
}

/* Uploads a part of the texture with each layout; the rest of it must stay what it was. */
static void
put(GLenum target)
{
   const size_t size = MEMORY_PAGES * PAGE, start_at = 5 * PAGE + 36;
   const struct box whole = all_of(target);
   const bool volume = is_volume(target);
   const struct box part = { 4, 3, volume, WIDTH - 9, HEIGHT - 8, volume ? DEPTH - 2 : 1 };
   uint8_t *memory = gl_pages(MEMORY_PAGES, 0), *before = gl_pages(MEMORY_PAGES, 0);
   uint8_t *result = gl_pages(MEMORY_PAGES, 0), *expected = gl_pages(MEMORY_PAGES, 0x11);

   start("0", "1");
   texture(target);
   for (int z = 0; z < part.depth; z++)
      for (int y = 0; y < part.height; y++)
         for (int x = 0; x < part.width; x++) {
            const uint32_t value = texel(part.x + x, part.y + y, part.z + z);
            memcpy(expected + offset(&tight, &whole, volume, part.x + x, part.y + y, part.z + z), &value, 4);
         }
   set_store(true, &tight);
   for (unsigned i = 0; i < STORES; i++) {
      set_store(false, &tight);
      memset(result, 0x11, size);
      upload(target, &whole, result);

      memset(memory, GUARD, size);
      fill(memory + start_at, &stores[i], &part, volume);
      memcpy(before, memory, size);
      set_store(false, &stores[i]);
      spy_on(memory, size);
      upload(target, &part, memory + start_at);
      gl_check_zero_copy(spy_off());
      CHECK_BYTES(memory, before, size);
      /* It is the client's again. */
      memset(memory, 0, size);

      glGetTexImage(target, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
      CHECK_BYTES(result, expected, size);
   }
}

static void
test_put_2d(void)
{
   put(GL_TEXTURE_2D);
}

static void
test_put_rectangle(void)
{
   put(GL_TEXTURE_RECTANGLE);
}

static void
test_put_3d(void)
{
   put(GL_TEXTURE_3D);
}

static void
test_put_2d_array(void)
{
   put(GL_TEXTURE_2D_ARRAY);
}

/* Formats of the client's memory. What is uploaded is got by the CPU, and must be what a copy by the CPU uploads. */
static void
test_put_formats(void)
{
   static const struct {
      const char *name;
      GLint internal;
      GLenum format, type;
      unsigned size;
   } formats[] = {
      { "RGBA8", GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4 },
      { "BGRA8", GL_RGBA8, GL_BGRA, GL_UNSIGNED_BYTE, 4 },
      { "8888 reversed", GL_RGBA8, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, 4 },
      { "RG8", GL_RG8, GL_RG, GL_UNSIGNED_BYTE, 2 },
      { "R8", GL_R8, GL_RED, GL_UNSIGNED_BYTE, 1 },
      { "R8 into RGBA8", GL_RGBA8, GL_RED, GL_UNSIGNED_BYTE, 1 },
      { "565", GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5, 2 },
      { "RGBA16", GL_RGBA16, GL_RGBA, GL_UNSIGNED_SHORT, 8 },
      { "RGBA32UI", GL_RGBA32UI, GL_RGBA_INTEGER, GL_UNSIGNED_INT, 16 },
      { "R32I", GL_R32I, GL_RED_INTEGER, GL_INT, 4 },
   };
   const size_t size = WIDTH * HEIGHT * 16;
   uint8_t *memory = gl_pages(size / PAGE + 2, 0), *by_gpu = malloc(size), *by_cpu = malloc(size);
   GLuint texture;

   start("0", "1");
   set_store(true, &tight);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
   for (size_t i = 0; i < size; i++)
      memory[i] = (i * 7 + i / 251) % 251;
   for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
      glGenTextures(1, &texture);
      glBindTexture(GL_TEXTURE_2D, texture);
      glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
      glTexImage2D(GL_TEXTURE_2D, 0, formats[i].internal, WIDTH, HEIGHT, 0, formats[i].format, formats[i].type, NULL);
      spy_on(memory, size);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT, formats[i].format, formats[i].type, memory);
      const struct spy seen = spy_off();
      tap_note("%s", formats[i].name);
      gl_check_zero_copy(seen);
      glGetTexImage(GL_TEXTURE_2D, 0, formats[i].format, formats[i].type, by_gpu);
      /* Memory that is read-only is copied. */
      REQUIRE_EQUAL(mprotect(memory, size, PROT_READ), 0);
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT, formats[i].format, formats[i].type, memory);
      REQUIRE_EQUAL(mprotect(memory, size, PROT_READ | PROT_WRITE), 0);
      glGetTexImage(GL_TEXTURE_2D, 0, formats[i].format, formats[i].type, by_cpu);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
      if (memcmp(by_gpu, by_cpu, (size_t)WIDTH * HEIGHT * formats[i].size))
         tap_fail(__FILE__, __LINE__, "%s: the GPU uploads something else than the CPU", formats[i].name);
      glDeleteTextures(1, &texture);
   }
}

/* Luminance is red, green and blue at once, which no view of a buffer makes of it. */
static void
test_put_luminance(void)
{
   static const GLenum internals[] = { GL_RGBA8, GL_RG8, GL_LUMINANCE8, GL_R8 };
   uint8_t *memory = gl_pages(1, 0x33);
   GLuint texture;

   start("1", "1");
   set_store(true, &tight);
   for (unsigned i = 0; i < 8; i++) {
      const bool has_sign = i >= 4;
      const uint8_t value = has_sign ? 0x66 : 0x33; /* 51 / 127 and 51 / 255 */
      const uint8_t expected[] = { value, i % 4 < 2 ? value : 0, i % 4 < 1 ? value : 0, 0xff };
      uint8_t result[4] = { 0 };

      glGenTextures(1, &texture);
      glBindTexture(GL_TEXTURE_2D, texture);
      glTexImage2D(GL_TEXTURE_2D, 0, internals[i % 4], 1, 1, 0, GL_LUMINANCE, has_sign ? GL_BYTE : GL_UNSIGNED_BYTE,
                   memory);
      glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
      CHECK_BYTES(result, expected, 4);
   }
}

/*
 * The same from a buffer object, which is drawn. Luminance with a sign is no format that the GPU samples: it is red, and
 * has to be swizzled.
 */
static void
test_put_luminance_from_a_buffer(void)
{
   static const struct {
      GLenum format, type;
      bool has_alpha;
      uint8_t value; /* of a byte or a word of 0x33 */
   } pixels[] = {
      { GL_LUMINANCE, GL_UNSIGNED_BYTE, false, 0x33 },
      { GL_LUMINANCE, GL_UNSIGNED_SHORT, false, 0x33 },
      { GL_LUMINANCE, GL_BYTE, false, 0x66 },
      { GL_LUMINANCE, GL_SHORT, false, 0x66 },
      { GL_LUMINANCE_ALPHA, GL_UNSIGNED_BYTE, true, 0x33 },
      { GL_LUMINANCE_ALPHA, GL_BYTE, true, 0x66 },
      { GL_LUMINANCE_ALPHA, GL_SHORT, true, 0x66 },
   };
   const uint8_t data[8] = { 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33 };
   GLuint buffer, texture;

   start("0", "0");
   set_store(true, &tight);
   glGenBuffers(1, &buffer);
   for (unsigned i = 0; i < sizeof(pixels) / sizeof(pixels[0]); i++) {
      const uint8_t value = pixels[i].value, alpha = pixels[i].has_alpha ? value : 0xff;
      const uint8_t expected[] = { value, value, value, alpha };
      uint8_t result[4] = { 0 };

      glGenTextures(1, &texture);
      glBindTexture(GL_TEXTURE_2D, texture);
      glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
      glBufferData(GL_PIXEL_UNPACK_BUFFER, sizeof(data), data, GL_STATIC_DRAW);
      glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 1, 1, 0, pixels[i].format, pixels[i].type, NULL);
      glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
      glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
      CHECK_EQUAL(glGetError(), GL_NO_ERROR);
      CHECK_BYTES(result, expected, 4);
   }
}

/* By default, large images are not copied, small ones are. */
static void
test_put_auto(void)
{
   uint8_t *memory = gl_pages(512, 0x77);
   GLuint texture;

   start("0", "2");
   set_store(false, &tight);
   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 512, 1024, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   spy_on(memory, 512 * PAGE);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 512, 1024, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   gl_check_zero_copy(spy_off());
   spy_on(memory, 512 * PAGE);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 128, 128, GL_RGBA, GL_UNSIGNED_BYTE, memory);
   const struct spy seen = spy_off();
   CHECK_EQUAL(seen.wrapped, 0);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/* The kernel gives the GPU writable pages only: what an application uploads from constants is copied, and nothing is lost. */
static void
test_put_from_read_only_memory(void)
{
   const struct box box = all_of(GL_TEXTURE_2D);
   uint8_t *memory = gl_pages(16, 0), *result = gl_pages(16, 0);

   start("0", "1");
   texture(GL_TEXTURE_2D);
   set_store(false, &tight);
   set_store(true, &tight);
   fill(memory, &tight, &box, false);
   REQUIRE_EQUAL(mprotect(memory, 16 * PAGE, PROT_READ), 0);
   upload(GL_TEXTURE_2D, &box, memory);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, result);
   CHECK_BYTES(result, memory, WIDTH * HEIGHT * 4);
}

/* Nor is what was drawn before lost. */
static void
test_drawing_before_read_only_memory(void)
{
   const struct box box = all_of(GL_TEXTURE_2D);
   uint8_t *memory = gl_pages(16, 0);

   start("0", "1");
   texture(GL_TEXTURE_2D);
   REQUIRE_EQUAL(mprotect(memory, 16 * PAGE, PROT_READ), 0);
   glClearColor(1, 0, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   upload(GL_TEXTURE_2D, &box, memory);
   CHECK_EQUAL(gl_pixel(1, 1), 0xff0000ff);
}

static const struct tap_test tests[] = {
   { "0024-get-2d", test_get_2d },
   { "0024-get-rectangle", test_get_rectangle },
   { "0024-get-3d", test_get_3d },
   { "0024-get-2d-array", test_get_2d_array },
   { "0030-get-slices", test_get_slices },
   { "0030-get-slices-to-a-buffer", test_get_slices_to_a_buffer },
   { "0025-put-2d", test_put_2d },
   { "0025-put-rectangle", test_put_rectangle },
   { "0025-put-3d", test_put_3d },
   { "0025-put-2d-array", test_put_2d_array },
   { "0025-put-formats", test_put_formats },
   { "0025-put-auto", test_put_auto },
   { "put-luminance", test_put_luminance },
   { "0014-put-luminance-from-a-buffer", test_put_luminance_from_a_buffer },
   { "put-from-read-only-memory", test_put_from_read_only_memory },
   { "drawing-before-read-only-memory", test_drawing_before_read_only_memory },
};

TAP_MAIN(tests, 120)
