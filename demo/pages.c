/*
 * SPDX-License-Identifier: MIT
 */

#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

/* More than the kernel flushes one by one (tlb_single_page_flush_ceiling): then it flushes all. */
#define FLUSH_PAGES 256u

/* Of /proc/self/clear_refs: the Accessed bits of all pages (Documentation/filesystems/proc.rst). */
#define CLEAR_REFS_ALL "1"

static size_t
mapping_bytes(size_t size_bytes)
{
   return (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void *
pages_alloc(size_t size_bytes)
{
   const size_t inner = mapping_bytes(size_bytes);
   uint8_t *outer =
      mmap(NULL, inner + 2 * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

   if (outer == MAP_FAILED)
      return NULL;
   if (mprotect(outer + PAGE_BYTES, inner, PROT_READ | PROT_WRITE)) {
      munmap(outer, inner + 2 * PAGE_BYTES);
      return NULL;
   }
   /* One Accessed bit a page, and not one for 512 of them. */
   madvise(outer + PAGE_BYTES, inner, MADV_NOHUGEPAGE);
   return outer + PAGE_BYTES;
}

void
pages_free(void *memory, size_t size_bytes)
{
   if (memory)
      munmap((uint8_t *)memory - PAGE_BYTES, mapping_bytes(size_bytes) + 2 * PAGE_BYTES);
}

/** Empties the TLB: what it still holds, the processor uses without setting an Accessed bit. */
static void
flush_tlb(void)
{
   void *memory = mmap(NULL, FLUSH_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

   if (memory != MAP_FAILED)
      munmap(memory, FLUSH_PAGES * PAGE_BYTES);
}

int
pages_forget(void)
{
   const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

   if (file < 0)
      return -errno;
   const int error = write(file, CLEAR_REFS_ALL, 1) == 1 ? 0 : -errno;
   close(file);
   flush_tlb();
   return error;
}

int64_t
pages_touched(const void *memory)
{
   FILE *file = fopen("/proc/self/smaps", "re");
   char line[512];
   uint64_t start, end, kib;
   bool ours = false;
   int64_t pages = -ENODATA;

   if (!file)
      return -errno;
   while (fgets(line, sizeof(line), file)) {
      if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
         ours = start == (uintptr_t)memory;
      else if (ours && sscanf(line, "Referenced: %" SCNu64 " kB", &kib) == 1)
         pages = kib / (PAGE_BYTES / 1024);
   }
   fclose(file);
   return pages;
}
