/*
 * SPDX-License-Identifier: MIT
 *
 * PNG files and what the demo makes of them: rows of 32-bit words in malloc'ed memory.
 */

#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Red, green, blue and alpha, of 8 or 16 bits each; the latter as PNG has them, the high byte
 * first. A pixel is one 32-bit word or two; rows follow each other without a gap.
 */
struct picture {
   uint32_t width, height;
   uint32_t bit_depth;
   bool has_alpha; /* otherwise alpha is all ones, and is not written to a file */
   const char *file_format; /* what the file held, in words */
   size_t row_bytes, size_bytes;
   uint8_t *pixels;
};

/** What went wrong, for a person. */
struct picture_error {
   char what[512], todo[256];
};

/**
 * Decodes a PNG of any kind, without loss if max_bit_depth is 16.
 *
 * \param max_bit_depth 8, to which 16 bits are then scaled, or 16
 * \param allocate      where pixels comes from, like malloc(); the caller's, also if this fails
 * \return false with *error set
 */
bool picture_read(struct picture *picture, const char *path, unsigned max_bit_depth,
                  void *(*allocate)(size_t size_bytes), struct picture_error *error);

/** Encodes pixels that have the layout of the picture; they need not be the picture's own. */
bool picture_write(const struct picture *picture, const uint8_t *pixels, const char *path,
                   struct picture_error *error);

#endif
