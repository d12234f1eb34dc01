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

static void
check_zero_copy(struct spy seen)
{
   CHECK_EQUAL(seen.copied, 0);
   CHECK_EQUAL(seen.wrapped, 1);
   CHECK_EQUAL(seen.open, 0);
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
      check_zero_copy(spy_off());
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
      check_zero_copy(spy_off());
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
   { "0023-get-2d", test_get_2d },
   { "0023-get-rectangle", test_get_rectangle },
   { "0023-get-3d", test_get_3d },
   { "0023-get-2d-array", test_get_2d_array },
   { "0024-put-2d", test_put_2d },
   { "0024-put-rectangle", test_put_rectangle },
   { "0024-put-3d", test_put_3d },
   { "0024-put-2d-array", test_put_2d_array },
   { "put-from-read-only-memory", test_put_from_read_only_memory },
   { "drawing-before-read-only-memory", test_drawing_before_read_only_memory },
};

TAP_MAIN(tests, 120)
