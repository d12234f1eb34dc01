/*
 * SPDX-License-Identifier: MIT
 *
 * Pixels in memory or in a buffer object, as the parameters of glPixelStore lay them out
 * (OpenGL 3.3, 3.7.4 and 4.3.1), with guard bytes around and between.
 */

#include "differential.h"

#include <stdlib.h>
#include <string.h>

#define GUARD      64u
#define GUARD_BYTE 0xa5

void
store_random(struct store *store, struct step *step, const struct pixel_type *type, unsigned width,
             unsigned height, unsigned depth, bool volume, bool pack)
{
   struct rng *rng = &step->rng;
   const bool fancy = rng_chance(rng, 60);

   *store = (struct store){
      .alignment = 1 << (fancy ? rng_below(rng, 4) : 2),
      .swap = fancy && type->element_bytes > 1 && rng_chance(rng, 15),
      .buffer = rng_chance(rng, 60),
      .width = width,
      .height = height,
      .depth = depth,
      .type = *type,
   };
   if (fancy) {
      store->row_length = rng_chance(rng, 40) ? width + rng_below(rng, 20) : 0;
      store->skip_pixels = rng_chance(rng, 30) ? rng_below(rng, 9) : 0;
      store->skip_rows = rng_chance(rng, 30) ? rng_below(rng, 4) : 0;
      if (volume) {
         store->image_height = rng_chance(rng, 30) ? height + rng_below(rng, 4) : 0;
         store->skip_images = rng_chance(rng, 30) ? rng_below(rng, 3) : 0;
      }
      /* An offset must be a multiple of the type's size (2.9). */
      if (store->buffer && rng_chance(rng, 50))
         store->offset = rng_below(rng, 40) * (type->element_bytes > 4 ? 4 : type->element_bytes);
   }
   /*
    * It is not said which parts of this type are swapped. And what Mesa 25.0 swaps it copies
    * before, without what is skipped, so that pixels come from memory that it never wrote.
    */
   if (type->type == GL_FLOAT_32_UNSIGNED_INT_24_8_REV ||
       (!pack && (volume || store->row_length || store->skip_rows || store->skip_pixels)))
      store->swap = false;
   const size_t length = store->row_length ? (unsigned)store->row_length : width;
   const size_t rows = store->image_height ? (unsigned)store->image_height : height;
   store->row_bytes = length * type->pixel_bytes;
   if (type->element_bytes < (unsigned)store->alignment)
      store->row_bytes =
         (store->row_bytes + store->alignment - 1) / store->alignment * store->alignment;
   store->image_bytes = store->row_bytes * rows;
   store->first_byte = store->offset + store->skip_images * store->image_bytes +
                       store->skip_rows * store->row_bytes +
                       (size_t)store->skip_pixels * type->pixel_bytes;
   store->bytes = store->first_byte + (depth - 1) * store->image_bytes +
                  (height - 1) * store->row_bytes + (size_t)width * type->pixel_bytes;
   store->memory = malloc(store->bytes + 2 * GUARD);
   memset(store->memory, GUARD_BYTE, store->bytes + 2 * GUARD);
   step_state(step,
              "%s %ux%ux%u %s %s+%u alignment %d row_length %d image_height %d skip %d,%d,%d%s",
              pack ? "pack" : "unpack", width, height, depth, type->name,
              store->buffer ? "buffer" : "client", store->offset, store->alignment,
              store->row_length, store->image_height, store->skip_pixels, store->skip_rows,
              store->skip_images, store->swap ? " swap" : "");
}

/* Calls what() for each row with its place in the store and in the tight image. */
static void
for_rows(struct store *store, uint8_t *tight,
         void (*what)(struct store *store, uint8_t *in_store, uint8_t *tight, size_t bytes))
{
   const size_t bytes = (size_t)store->width * store->type.pixel_bytes;

   for (unsigned z = 0; z < store->depth; z++)
      for (unsigned y = 0; y < store->height; y++)
         what(store,
              store->memory + GUARD + store->first_byte + z * store->image_bytes +
                 y * store->row_bytes,
              tight + ((size_t)z * store->height + y) * bytes, bytes);
}

static void
copy_elements(struct store *store, uint8_t *to, const uint8_t *from, size_t bytes)
{
   const unsigned n = store->type.element_bytes;

   for (size_t i = 0; i < bytes; i++)
      to[i] = store->swap ? from[i / n * n + (n - 1 - i % n)] : from[i];
}

static void
put_row(struct store *store, uint8_t *in_store, uint8_t *tight, size_t bytes)
{
   copy_elements(store, in_store, tight, bytes);
}

static void
get_row(struct store *store, uint8_t *in_store, uint8_t *tight, size_t bytes)
{
   copy_elements(store, tight, in_store, bytes);
   memset(in_store, GUARD_BYTE, bytes);
}

void
store_put(struct store *store, const void *tight)
{
   for_rows(store, (uint8_t *)tight, put_row);
}

void *
store_begin(struct store *store, bool pack)
{
   const GLenum target = pack ? GL_PIXEL_PACK_BUFFER : GL_PIXEL_UNPACK_BUFFER;

   glPixelStorei(pack ? GL_PACK_ALIGNMENT : GL_UNPACK_ALIGNMENT, store->alignment);
   glPixelStorei(pack ? GL_PACK_ROW_LENGTH : GL_UNPACK_ROW_LENGTH, store->row_length);
   glPixelStorei(pack ? GL_PACK_IMAGE_HEIGHT : GL_UNPACK_IMAGE_HEIGHT, store->image_height);
   glPixelStorei(pack ? GL_PACK_SKIP_PIXELS : GL_UNPACK_SKIP_PIXELS, store->skip_pixels);
   glPixelStorei(pack ? GL_PACK_SKIP_ROWS : GL_UNPACK_SKIP_ROWS, store->skip_rows);
   glPixelStorei(pack ? GL_PACK_SKIP_IMAGES : GL_UNPACK_SKIP_IMAGES, store->skip_images);
   glPixelStorei(pack ? GL_PACK_SWAP_BYTES : GL_UNPACK_SWAP_BYTES, store->swap);
   if (!store->buffer)
      return store->memory + GUARD;
   glGenBuffers(1, &store->name);
   glBindBuffer(target, store->name);
   /* The guard behind is in the buffer as well. */
   glBufferData(target, store->bytes + GUARD, store->memory + GUARD, GL_STREAM_COPY);
   return (void *)(uintptr_t)store->offset;
}

void
store_end(struct store *store, struct step *step, bool pack, void *tight)
{
   const GLenum target = pack ? GL_PIXEL_PACK_BUFFER : GL_PIXEL_UNPACK_BUFFER;

   if (store->buffer) {
      if (pack)
         glGetBufferSubData(target, 0, store->bytes + GUARD, store->memory + GUARD);
      glDeleteBuffers(1, &store->name);
   }
   glPopClientAttrib();
   glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
   if (pack) {
      for_rows(store, tight, get_row);
      for (size_t i = 0; i < store->bytes + 2 * GUARD; i++) {
         if (store->memory[i] != GUARD_BYTE) {
            step_broken(step, "a byte beside the pixels was written, %td of %zu",
                        (ptrdiff_t)(i - GUARD), store->bytes);
            break;
         }
      }
   }
   free(store->memory);
   store->memory = NULL;
}
