/*
 * SPDX-License-Identifier: MIT
 *
 * An engine for tests of the blitter: memory whose pages are apart, so that a sanitizer sees every
 * access that leaves a page, and faults that are kept instead of logged.
 */

#ifndef MOCK_H
#define MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "vgpu_engine.h"

#define MOCK_BASE 0x10000000u
#define MOCK_PAGES 4096
#define MOCK_SIZE_BYTES (MOCK_PAGES * 4096u)

enum mock_fault {
   MOCK_NO_FAULT,
   MOCK_FAULT,      /* vgpu_engine_fault() */
   MOCK_UNMODELLED, /* vgpu_engine_unmodelled() */
   MOCK_UNMAPPED,   /* vgpu_engine_map() had no page */
};

struct mock {
   struct vgpu_engine engine; /* first: the mock is found by it */
   uint8_t *pages[MOCK_PAGES]; /* NULL: not mapped */
   bool read_only[MOCK_PAGES];
   bool written[MOCK_PAGES]; /* mapped for writing since mock_clear() */
   bool wrap;                /* the memory repeats through the address space, but for its end */
   enum mock_fault fault;
   char text[256];
};

struct mock *mock_create(void);
void mock_destroy(struct mock *mock);

/** Forgets faults and what was written. */
void mock_clear(struct mock *mock);

/** Takes a page away, or puts a new one there. */
void mock_unmap(struct mock *mock, uint32_t address);
void mock_map(struct mock *mock, uint32_t address);

/** Host memory of a byte, for tests to look at. */
uint8_t *mock_byte(struct mock *mock, uint32_t address);

#endif
