/*
 * SPDX-License-Identifier: MIT
 *
 * The pool of threads: every index once, all done at the end, and no waiting for each other.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "pool.h"

#define MAX_COUNT 100
#define LOOPS     2000
#define SHORT_LOOPS 20000

struct loop {
   _Atomic unsigned calls[MAX_COUNT];
};

static void
count_call(void *arg, unsigned i)
{
   struct loop *loop = arg;

   atomic_fetch_add(&loop->calls[i], 1);
}

static void
run_loops(struct vgpu_pool *pool, unsigned *wrong)
{
   for (unsigned n = 0; n < LOOPS; n++) {
      struct loop loop = { 0 };
      const unsigned count = n % (MAX_COUNT + 1);

      vgpu_pool_run(pool, count, count_call, &loop);
      for (unsigned i = 0; i < MAX_COUNT; i++)
         *wrong += atomic_load(&loop.calls[i]) != (i < count);
   }
}

static void
every_index_once(void **state)
{
   (void)state;
   for (unsigned threads = 1; threads <= 5; threads++) {
      struct vgpu_pool *pool = vgpu_pool_create(threads);
      unsigned wrong = 0;

      assert_non_null(pool);
      assert_int_equal(vgpu_pool_threads(pool), threads);
      run_loops(pool, &wrong);
      assert_int_equal(wrong, 0);
      vgpu_pool_destroy(pool);
   }
}

static void
no_pool_is_the_caller_alone(void **state)
{
   unsigned wrong = 0;

   (void)state;
   assert_int_equal(vgpu_pool_threads(NULL), 1);
   run_loops(NULL, &wrong);
   assert_int_equal(wrong, 0);
   vgpu_pool_destroy(NULL);
}

struct user {
   struct vgpu_pool *pool;
   unsigned wrong;
};

static void *
user_main(void *opaque)
{
   struct user *user = opaque;

   run_loops(user->pool, &user->wrong);
   return NULL;
}

static void
several_users(void **state)
{
   struct vgpu_pool *pool = vgpu_pool_create(3);
   struct user users[3];
   pthread_t threads[3];

   (void)state;
   assert_non_null(pool);
   for (unsigned i = 0; i < 3; i++) {
      users[i] = (struct user){ .pool = pool };
      assert_int_equal(pthread_create(&threads[i], NULL, user_main, &users[i]), 0);
   }
   for (unsigned i = 0; i < 3; i++) {
      pthread_join(threads[i], NULL);
      assert_int_equal(users[i].wrong, 0);
   }
   vgpu_pool_destroy(pool);
}

/** A loop ends for its caller while a thread has taken an index and not yet begun with it. */
static void
short_loops(void **state)
{
   struct vgpu_pool *pool = vgpu_pool_create(3);
   unsigned wrong = 0;

   (void)state;
   assert_non_null(pool);
   for (unsigned n = 0; n < SHORT_LOOPS; n++) {
      struct loop loop = { 0 };

      vgpu_pool_run(pool, 5, count_call, &loop);
      for (unsigned i = 0; i < 5; i++)
         wrong += atomic_load(&loop.calls[i]) != 1;
   }
   assert_int_equal(wrong, 0);
   vgpu_pool_destroy(pool);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_index_once),
      cmocka_unit_test(no_pool_is_the_caller_alone),
      cmocka_unit_test(several_users),
      cmocka_unit_test(short_loops),
   };

   return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
