/* SPDX-License-Identifier: MIT */

/* What the cache of objects over client memory keeps, for whom, and for how long. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "intel_userptr_cache.h"

#define PAGE 4096

static struct intel_userptr_cache cache;
static int objects[64];

static const struct intel_userptr_caps releases = { .releases_idle = true };

static struct intel_userptr_range
pages(uint64_t first, uint64_t count)
{
   return (struct intel_userptr_range){
      .start = first * PAGE, .size = count * PAGE, .delta = 0, .bytes = count * PAGE,
   };
}

static bool
put(unsigned object, uint64_t first, uint64_t count, int64_t now)
{
   const struct intel_userptr_range range = pages(first, count);

   return intel_userptr_cache_put(&cache, &range, 0, &objects[object], now);
}

static void *
take(uint64_t first, uint64_t count)
{
   const struct intel_userptr_range range = pages(first, count);

   return intel_userptr_cache_take(&cache, &range, 0);
}

static int
start(void **state)
{
   intel_userptr_cache_init(&cache, &releases);
   return 0;
}

static int
end(void **state)
{
   while (intel_userptr_cache_evict(&cache, INT64_MAX))
      ;
   intel_userptr_cache_fini(&cache);
   return 0;
}

static void
gives_back_what_it_got(void **state)
{
   assert_null(take(16, 4));
   assert_true(put(0, 16, 4, 0));
   assert_true(put(1, 32, 4, 0));
   assert_null(take(16, 3));
   assert_null(take(17, 4));
   assert_ptr_equal(take(16, 4), &objects[0]);
   /* It is one user's. */
   assert_null(take(16, 4));
   assert_ptr_equal(take(32, 4), &objects[1]);
   assert_int_equal(cache.hits, 2);
   assert_int_equal(cache.misses, 4);
   assert_int_equal(cache.bytes, 0);
}

/* Where the client's bytes begin matters if the kernel adds it to relocations, and only then. */
static void
knows_byte_ranges(void **state)
{
   struct intel_userptr_range range = pages(16, 4);

   range.delta = 64;
   assert_true(intel_userptr_cache_put(&cache, &range, INTEL_USERPTR_BYTE_RANGE, &objects[0], 0));
   assert_true(intel_userptr_cache_put(&cache, &range, 0, &objects[1], 0));
   range.delta = 128;
   assert_null(intel_userptr_cache_take(&cache, &range, INTEL_USERPTR_BYTE_RANGE));
   assert_ptr_equal(intel_userptr_cache_take(&cache, &range, 0), &objects[1]);
   range.delta = 64;
   assert_null(intel_userptr_cache_take(&cache, &range, INTEL_USERPTR_BYTE_RANGE | INTEL_USERPTR_READ_ONLY));
   assert_ptr_equal(intel_userptr_cache_take(&cache, &range, INTEL_USERPTR_BYTE_RANGE), &objects[0]);
}

static void
keeps_nothing_on_other_kernels(void **state)
{
   const struct intel_userptr_caps no = { .byte_range = true, .read_only = true };

   intel_userptr_cache_init(&cache, &no);
   assert_false(put(0, 16, 4, 0));
   assert_null(take(16, 4));
   assert_null(intel_userptr_cache_evict(&cache, INT64_MAX));
}

static void
is_bounded_in_objects(void **state)
{
   for (unsigned i = 0; i < INTEL_USERPTR_CACHE_OBJECTS; i++) {
      assert_true(put(i, i * 16, 1, 0));
      assert_null(intel_userptr_cache_evict(&cache, 0));
   }
   /* The one that was not used for longest goes. */
   assert_ptr_equal(take(0, 1), &objects[0]);
   assert_true(put(0, 0, 1, 0));
   assert_true(put(50, 800, 1, 0));
   /* Nobody has come to evict one yet. */
   assert_false(put(51, 816, 1, 0));
   assert_ptr_equal(intel_userptr_cache_evict(&cache, 0), &objects[1]);
   assert_null(intel_userptr_cache_evict(&cache, 0));
   assert_int_equal(cache.count, INTEL_USERPTR_CACHE_OBJECTS);
}

static void
is_bounded_in_bytes(void **state)
{
   const uint64_t most = INTEL_USERPTR_CACHE_BYTES / PAGE;

   assert_false(put(0, 1, most + 1, 0));
   assert_true(put(0, 1, most / 2, 0));
   assert_true(put(1, most, most / 2, 0));
   assert_null(intel_userptr_cache_evict(&cache, 0));
   assert_true(put(2, 2 * most, 1, 0));
   assert_ptr_equal(intel_userptr_cache_evict(&cache, 0), &objects[0]);
   assert_null(intel_userptr_cache_evict(&cache, 0));
   assert_int_equal(cache.bytes, (most / 2 + 1) * PAGE);
}

static void
is_bounded_in_time(void **state)
{
   assert_true(put(0, 16, 1, 100));
   assert_true(put(1, 32, 1, 100 + INTEL_USERPTR_CACHE_SECONDS - 1));
   assert_null(intel_userptr_cache_evict(&cache, 100 + INTEL_USERPTR_CACHE_SECONDS - 1));
   assert_ptr_equal(intel_userptr_cache_evict(&cache, 100 + INTEL_USERPTR_CACHE_SECONDS), &objects[0]);
   assert_null(intel_userptr_cache_evict(&cache, 100 + INTEL_USERPTR_CACHE_SECONDS));
}

/* A child has its parent's cache, but must not take, keep or close anything in it. */
static void
is_empty_for_a_child(void **state)
{
   assert_true(put(0, 16, 1, 0));
   const pid_t child = fork();
   assert_true(child >= 0);
   if (!child) {
      const bool right = !take(16, 1) && !put(1, 32, 1, 0) && !intel_userptr_cache_evict(&cache, INT64_MAX);
      _exit(right ? 0 : 1);
   }
   int status;
   assert_int_equal(waitpid(child, &status, 0), child);
   assert_int_equal(status, 0);
   assert_ptr_equal(take(16, 1), &objects[0]);
}

#define THREADS 4
static atomic_int owners[THREADS * 2];
static atomic_int twice;

static void *
use(void *arg)
{
   unsigned seed = (uintptr_t)arg + 1;

   for (unsigned i = 0; i < 20000; i++) {
      const unsigned wanted = rand_r(&seed) % (THREADS * 2);
      int *object = take(wanted * 16, 1);

      if (!object)
         object = intel_userptr_cache_evict(&cache, i % 64 ? 0 : INT64_MAX);
      if (!object)
         continue;
      const unsigned index = object - objects;
      if (atomic_fetch_add(&owners[index], 1))
         twice++;
      atomic_fetch_sub(&owners[index], 1);
      while (!put(index, index * 16, 1, 0))
         ;
   }
   return NULL;
}

/* No object is ever anybody else's at the same time, and none is lost. */
static void
is_for_many_threads(void **state)
{
   pthread_t threads[THREADS];
   unsigned found = 0;

   for (unsigned i = 0; i < THREADS * 2; i++)
      assert_true(put(i, i * 16, 1, 0));
   for (uintptr_t i = 0; i < THREADS; i++)
      assert_int_equal(pthread_create(&threads[i], NULL, use, (void *)i), 0);
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(threads[i], NULL);
   assert_int_equal(twice, 0);
   for (unsigned i = 0; i < THREADS * 2; i++)
      found += take(i * 16, 1) == &objects[i];
   assert_int_equal(found, THREADS * 2);
   assert_int_equal(cache.count, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(gives_back_what_it_got, start, end),
      cmocka_unit_test_setup_teardown(knows_byte_ranges, start, end),
      cmocka_unit_test_setup_teardown(keeps_nothing_on_other_kernels, start, end),
      cmocka_unit_test_setup_teardown(is_bounded_in_objects, start, end),
      cmocka_unit_test_setup_teardown(is_bounded_in_bytes, start, end),
      cmocka_unit_test_setup_teardown(is_bounded_in_time, start, end),
      cmocka_unit_test_setup_teardown(is_empty_for_a_child, start, end),
      cmocka_unit_test_setup_teardown(is_for_many_threads, start, end),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
