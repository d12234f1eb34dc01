/*
 * SPDX-License-Identifier: MIT
 *
 * Memory of which the kernel can tell how many pages the CPU has touched: the Accessed bits of the
 * page tables, which the processor sets when a program, or the kernel on its behalf, uses a page
 * by its address, and which a GPU that reads or writes the page itself leaves alone. Of pages that
 * the kernel looks up in the meantime, as when it pins them, they say nothing.
 */

#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Whole pages around size_bytes, zeroed, in a mapping that has no neighbour, so that
 * /proc/self/smaps counts them alone.
 *
 * \return NULL without memory
 */
void *pages_alloc(size_t size_bytes);

/** \param memory from pages_alloc() with the same size_bytes, or NULL */
void pages_free(void *memory, size_t size_bytes);

/** Forgets which pages of the process were touched. \return 0 or a negative errno */
int pages_forget(void);

/**
 * How many of the pages were touched since pages_forget().
 *
 * \param memory from pages_alloc()
 * \return a number of pages, or a negative errno: -ENODATA if the kernel does not count
 */
int64_t pages_touched(const void *memory);

#endif
