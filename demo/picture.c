/*
 * SPDX-License-Identifier: MIT
 */

#include "picture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/*
 * The picture, its copy and a tiled buffer must fit in the GPU's 2 GiB address space and in a guest
 * of 4 GiB, the latter with two more buffers for the comparison.
 */
#define MAX_PICTURE_BYTES (512u << 20)
#define SIGNATURE_BYTES   8

/* Fast rather than small: the pictures are looked at, and deleted. */
#define COMPRESSION_LEVEL 1

static void __attribute__((format(printf, 2, 3)))
say_what(struct picture_error *error, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   vsnprintf(error->what, sizeof(error->what), format, args);
   va_end(args);
}

static void
say_todo(struct picture_error *error, const char *todo)
{
   snprintf(error->todo, sizeof(error->todo), "%s", todo);
}

/** libpng's message goes to the picture_error, and control back to the setjmp(). */
static void
on_error(png_structp png, png_const_charp message)
{
   struct picture_error *error = png_get_error_ptr(png);

   if (!error->what[0])
      say_what(error, "%s", message);
   longjmp(png_jmpbuf(png), 1);
}

static void
on_warning(png_structp png, png_const_charp message)
{
   (void)png;
   fprintf(stderr, "zerocopy-demo: note: %s\n", message);
}

static const char *
format_name(int color_type)
{
   switch (color_type) {
   case PNG_COLOR_TYPE_GRAY:
      return "grey";
   case PNG_COLOR_TYPE_GRAY_ALPHA:
      return "grey and alpha";
   case PNG_COLOR_TYPE_PALETTE:
      return "palette";
   case PNG_COLOR_TYPE_RGB:
      return "RGB";
   case PNG_COLOR_TYPE_RGB_ALPHA:
      return "RGBA";
   default:
      return "unknown";
   }
}

/** Asks libpng for red, green, blue and alpha, whatever the file has. */
static void
want_rgba(png_structp png, png_infop info, unsigned max_bit_depth, struct picture *picture)
{
   const int color_type = png_get_color_type(png, info);

   picture->file_format = format_name(color_type);
   picture->width = png_get_image_width(png, info);
   picture->height = png_get_image_height(png, info);
   picture->bit_depth = png_get_bit_depth(png, info) == 16 && max_bit_depth == 16 ? 16 : 8;
   picture->has_alpha = color_type & PNG_COLOR_MASK_ALPHA ||
                        png_get_valid(png, info, PNG_INFO_tRNS);

   /* Palette to RGB, 1, 2 and 4 bits to 8, a transparent colour to alpha. */
   png_set_expand(png);
   if (picture->bit_depth == 8)
      png_set_scale_16(png);
   if (!(color_type & PNG_COLOR_MASK_COLOR))
      png_set_gray_to_rgb(png);
   if (!picture->has_alpha)
      png_set_add_alpha(png, 0xffff, PNG_FILLER_AFTER);
   png_set_interlace_handling(png);
   png_read_update_info(png, info);
}

/** What libpng allocates and what its errors must leave behind in order. */
struct reader {
   png_structp png;
   png_infop info;
   FILE *file;
   png_bytepp rows;
   unsigned max_bit_depth;
   void *(*allocate)(size_t size_bytes);
};

/* Kept apart from its caller so that no local variable lives across the setjmp(). */
static bool
decode(struct reader *reader, struct picture *picture, struct picture_error *error)
{
   png_structp png = reader->png;

   if (setjmp(png_jmpbuf(png)))
      return false;
   png_init_io(png, reader->file);
   png_set_sig_bytes(png, SIGNATURE_BYTES);
   png_read_info(png, reader->info);
   want_rgba(png, reader->info, reader->max_bit_depth, picture);

   picture->row_bytes = png_get_rowbytes(png, reader->info);
   picture->size_bytes = picture->row_bytes * picture->height;
   if (picture->row_bytes != (size_t)picture->width * picture->bit_depth / 8 * 4)
      png_error(png, "libpng does not deliver four components a pixel");
   if (picture->size_bytes > MAX_PICTURE_BYTES) {
      say_what(error, "%u x %u pixels are %zu MiB, and the demo takes at most %u", picture->width,
               picture->height, picture->size_bytes >> 20, MAX_PICTURE_BYTES >> 20);
      say_todo(error, "scale the picture down: it is moved several times within a small guest");
      return false;
   }
   picture->pixels = reader->allocate(picture->size_bytes);
   reader->rows = calloc(picture->height, sizeof(*reader->rows));
   if (!picture->pixels || !reader->rows) {
      say_what(error, "no memory for %zu MiB of pixels", picture->size_bytes >> 20);
      say_todo(error, "give the guest more memory (./zerocopy demo --memory MIB)");
      return false;
   }
   for (uint32_t y = 0; y < picture->height; y++)
      reader->rows[y] = picture->pixels + y * picture->row_bytes;
   png_read_image(png, reader->rows);
   png_read_end(png, NULL);
   return true;
}

bool
picture_read(struct picture *picture, const char *path, unsigned max_bit_depth,
             void *(*allocate)(size_t size_bytes), struct picture_error *error)
{
   struct reader reader = { .max_bit_depth = max_bit_depth, .allocate = allocate };
   png_byte signature[SIGNATURE_BYTES];

   memset(picture, 0, sizeof(*picture));
   memset(error, 0, sizeof(*error));
   reader.file = fopen(path, "rb");
   if (!reader.file) {
      say_what(error, "%s", strerror(errno));
      say_todo(error, errno == EACCES ? "make the file readable"
                                      : "check the name; the file must be a PNG");
      return false;
   }
   if (fread(signature, 1, sizeof(signature), reader.file) != sizeof(signature) ||
       png_sig_cmp(signature, 0, sizeof(signature))) {
      say_what(error, "the file does not begin as a PNG does");
      say_todo(error, "convert the picture to PNG first");
      fclose(reader.file);
      return false;
   }

   bool done = false;
   reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
   if (reader.png)
      reader.info = png_create_info_struct(reader.png);
   if (reader.info)
      done = decode(&reader, picture, error);
   else
      say_what(error, "libpng does not start: no memory, or a version that is not the header's");
   if (!done && !error->todo[0])
      say_todo(error, "the file is damaged or incomplete: get it again, or write it anew");
   free(reader.rows);
   png_destroy_read_struct(&reader.png, &reader.info, NULL);
   fclose(reader.file);
   return done;
}

static bool
encode(png_structp png, png_infop info, FILE *file, const struct picture *picture,
       const uint8_t *pixels)
{
   if (setjmp(png_jmpbuf(png)))
      return false;
   png_init_io(png, file);
   png_set_compression_level(png, COMPRESSION_LEVEL);
   png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
   png_set_IHDR(png, info, picture->width, picture->height, picture->bit_depth,
                picture->has_alpha ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB,
                PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
   png_write_info(png, info);
   if (!picture->has_alpha)
      png_set_filler(png, 0, PNG_FILLER_AFTER);
   for (uint32_t y = 0; y < picture->height; y++)
      png_write_row(png, pixels + y * picture->row_bytes);
   png_write_end(png, info);
   return true;
}

bool
picture_write(const struct picture *picture, const uint8_t *pixels, const char *path,
              struct picture_error *error)
{
   memset(error, 0, sizeof(*error));
   say_todo(error, "check that the folder of --out can be written and has room");
   FILE *file = fopen(path, "wb");
   if (!file) {
      say_what(error, "%s", strerror(errno));
      return false;
   }

   bool done = false;
   png_infop info = NULL;
   png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
   if (png)
      info = png_create_info_struct(png);
   if (info)
      done = encode(png, info, file, picture, pixels);
   else
      say_what(error, "libpng does not start: no memory, or a version that is not the header's");
   png_destroy_write_struct(&png, &info);
   if (fclose(file) && done) {
      say_what(error, "%s", strerror(errno));
      done = false;
   }
   return done;
}
