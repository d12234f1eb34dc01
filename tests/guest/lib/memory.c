/*
 * SPDX-License-Identifier: MIT
 */

#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"

void
pattern_fill(void *memory, size_t size_bytes, uint64_t seed)
{
   uint8_t *bytes = memory;
   uint64_t state = seed * 2 + 1;

   for (size_t i = 0; i < size_bytes; i += 8) {
      /* A Weyl sequence, mixed so that neighbours have nothing in common. */
      state += 0x9e3779b97f4a7c15ull;
      uint64_t value = state ^ state >> 29;
      value *= 0xbf58476d1ce4e5b9ull;
      value ^= value >> 32;
      memcpy(bytes + i, &value, size_bytes - i < 8 ? size_bytes - i : 8);
   }
}

void *
pages_map(size_t size_bytes, int protection, int flags, int fd)
{
   void *memory = mmap(NULL, size_bytes, protection, flags, fd, 0);

   if (memory == MAP_FAILED) {
      tap_fail(__FILE__, __LINE__, "mmap of %zu bytes: %s", size_bytes, strerror(errno));
      tap_end();
   }
   return memory;
}

void *
pages_alloc(size_t size_bytes)
{
   return pages_map(size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
