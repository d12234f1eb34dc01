/*
 * SPDX-License-Identifier: MIT
 */

#include "vgpu_mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
vgpu_mem_init(struct vgpu_mem *mem)
{
   pthread_rwlockattr_t attr;

   memset(mem, 0, sizeof(*mem));
   pthread_rwlockattr_init(&attr);
   /* The engines take the lock for every command: without this a writer might never get it. */
   pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
   int ret = pthread_rwlock_init(&mem->lock, &attr);
   pthread_rwlockattr_destroy(&attr);
   atomic_init(&mem->epoch, 1);
   atomic_init(&mem->writers, 0);
   return -ret;
}

void
vgpu_mem_fini(struct vgpu_mem *mem)
{
   free(mem->ranges);
   pthread_rwlock_destroy(&mem->lock);
}

static void
lock_for_writing(struct vgpu_mem *mem)
{
   atomic_fetch_add(&mem->writers, 1);
   pthread_rwlock_wrlock(&mem->lock);
   atomic_fetch_sub(&mem->writers, 1);
}

/** Index of the first range that ends beyond gpa. */
static unsigned
lower_bound(const struct vgpu_mem *mem, uint64_t gpa)
{
   unsigned lo = 0, hi = mem->num_ranges;

   while (lo < hi) {
      const unsigned mid = lo + (hi - lo) / 2;
      const struct vgpu_mem_range *r = &mem->ranges[mid];
      if (r->gpa + (r->size_bytes - 1) < gpa)
         lo = mid + 1;
      else
         hi = mid;
   }
   return lo;
}

static int
insert(struct vgpu_mem *mem, const struct vgpu_mem_range *range)
{
   const unsigned at = lower_bound(mem, range->gpa);
   const uint64_t last = range->gpa + (range->size_bytes - 1);

   if (at < mem->num_ranges && mem->ranges[at].gpa <= last)
      return -EEXIST;

   if (mem->num_ranges == mem->max_ranges) {
      const unsigned max = mem->max_ranges ? mem->max_ranges * 2 : 16;
      struct vgpu_mem_range *ranges = reallocarray(mem->ranges, max, sizeof(*ranges));
      if (!ranges)
         return -ENOMEM;
      mem->ranges = ranges;
      mem->max_ranges = max;
   }
   memmove(&mem->ranges[at + 1], &mem->ranges[at],
           (mem->num_ranges - at) * sizeof(*mem->ranges));
   mem->ranges[at] = *range;
   mem->num_ranges++;
   return 0;
}

int
vgpu_mem_map(struct vgpu_mem *mem, uint64_t gpa, uint64_t size_bytes, void *host, bool writable)
{
   if (size_bytes == 0 || (gpa | size_bytes) & VGPU_PAGE_MASK || gpa + (size_bytes - 1) < gpa)
      return -EINVAL;

   const struct vgpu_mem_range range = {
      .gpa = gpa, .size_bytes = size_bytes, .host = host, .writable = writable,
   };
   lock_for_writing(mem);
   const int ret = insert(mem, &range);
   pthread_rwlock_unlock(&mem->lock);
   return ret;
}

int
vgpu_mem_unmap(struct vgpu_mem *mem, uint64_t gpa, uint64_t size_bytes, void **host)
{
   int ret = -ENOENT;

   lock_for_writing(mem);
   const unsigned at = lower_bound(mem, gpa);
   if (at < mem->num_ranges && mem->ranges[at].gpa == gpa &&
       mem->ranges[at].size_bytes == size_bytes) {
      if (host)
         *host = mem->ranges[at].host;
      memmove(&mem->ranges[at], &mem->ranges[at + 1],
              (mem->num_ranges - at - 1) * sizeof(*mem->ranges));
      mem->num_ranges--;
      atomic_fetch_add(&mem->epoch, 1);
      ret = 0;
   }
   pthread_rwlock_unlock(&mem->lock);
   return ret;
}

uint8_t *
vgpu_mem_pages(const struct vgpu_mem *mem, uint64_t gpa, bool *writable, uint64_t *size_bytes)
{
   const uint64_t page = gpa & ~(uint64_t)VGPU_PAGE_MASK;
   const unsigned at = lower_bound(mem, page);

   /* Ranges are whole pages, so one that holds the first byte holds the page. */
   if (at == mem->num_ranges || mem->ranges[at].gpa > page || !mem->ranges[at].host)
      return NULL;
   *writable = mem->ranges[at].writable;
   *size_bytes = mem->ranges[at].size_bytes - (page - mem->ranges[at].gpa);
   return mem->ranges[at].host + (page - mem->ranges[at].gpa);
}

uint8_t *
vgpu_mem_page(const struct vgpu_mem *mem, uint64_t gpa, bool *writable)
{
   uint64_t size_bytes;

   return vgpu_mem_pages(mem, gpa, writable, &size_bytes);
}
