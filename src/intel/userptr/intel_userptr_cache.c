/*
 * SPDX-License-Identifier: MIT
 */

#include "intel_userptr_cache.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

void
intel_userptr_cache_init(struct intel_userptr_cache *cache,
                         const struct intel_userptr_caps *caps)
{
   memset(cache, 0, sizeof(*cache));
   pthread_mutex_init(&cache->lock, NULL);
   cache->enabled = caps->releases_idle;
   cache->owner = getpid();
}

static bool
usable(const struct intel_userptr_cache *cache)
{
   return cache->enabled && cache->owner == getpid();
}

void
intel_userptr_cache_fini(struct intel_userptr_cache *cache)
{
   assert(cache->count == 0 || !usable(cache));
   pthread_mutex_destroy(&cache->lock);
}

/* The delta and the number of bytes matter only if the kernel knows them. */
static bool
same_range(const struct intel_userptr_range *a,
           const struct intel_userptr_range *b,
           enum intel_userptr_flags flags)
{
   if (flags & INTEL_USERPTR_BYTE_RANGE && a->delta != b->delta)
      return false;

   return a->start == b->start && a->size == b->size;
}

static void *
remove_entry(struct intel_userptr_cache *cache, unsigned i)
{
   void *object = cache->entries[i].object;

   cache->bytes -= cache->entries[i].range.size;
   cache->count--;
   memmove(&cache->entries[i], &cache->entries[i + 1],
           (cache->count - i) * sizeof(cache->entries[0]));

   return object;
}

void *
intel_userptr_cache_take(struct intel_userptr_cache *cache,
                         const struct intel_userptr_range *range,
                         enum intel_userptr_flags flags)
{
   void *object = NULL;

   if (!usable(cache))
      return NULL;

   pthread_mutex_lock(&cache->lock);
   for (unsigned i = cache->count; i-- && !object;) {
      if (cache->entries[i].flags == flags &&
          same_range(&cache->entries[i].range, range, flags))
         object = remove_entry(cache, i);
   }
   if (object)
      cache->hits++;
   else
      cache->misses++;
   pthread_mutex_unlock(&cache->lock);

   return object;
}

bool
intel_userptr_cache_put(struct intel_userptr_cache *cache,
                        const struct intel_userptr_range *range,
                        enum intel_userptr_flags flags,
                        void *object, int64_t now)
{
   bool kept = false;

   if (range->size > INTEL_USERPTR_CACHE_BYTES || !usable(cache))
      return false;

   pthread_mutex_lock(&cache->lock);
   /* There is room for one too many, which somebody is about to evict. */
   if (cache->count <= INTEL_USERPTR_CACHE_OBJECTS) {
      cache->entries[cache->count].range = *range;
      cache->entries[cache->count].flags = flags;
      cache->entries[cache->count].seconds = now;
      cache->entries[cache->count].object = object;
      cache->count++;
      cache->bytes += range->size;
      kept = true;
   }
   pthread_mutex_unlock(&cache->lock);

   return kept;
}

void *
intel_userptr_cache_evict(struct intel_userptr_cache *cache, int64_t now)
{
   void *object = NULL;

   if (!usable(cache))
      return NULL;

   pthread_mutex_lock(&cache->lock);
   if (cache->count &&
       (cache->count > INTEL_USERPTR_CACHE_OBJECTS ||
        cache->bytes > INTEL_USERPTR_CACHE_BYTES ||
        now - cache->entries[0].seconds >= INTEL_USERPTR_CACHE_SECONDS))
      object = remove_entry(cache, 0);
   pthread_mutex_unlock(&cache->lock);

   return object;
}
