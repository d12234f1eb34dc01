/*
 * SPDX-License-Identifier: MIT
 *
 * Memory for tests, and what stands in it.
 */

#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <stdint.h>

/** Fills with bytes that look random, and are the same for the same seed. */
void pattern_fill(void *memory, size_t size_bytes, uint64_t seed);

/** Whole pages of private memory, all zero; ends the test if there are none. */
void *pages_alloc(size_t size_bytes);

/** mmap() that ends the test where it fails. */
void *pages_map(size_t size_bytes, int protection, int flags, int fd);

#endif
