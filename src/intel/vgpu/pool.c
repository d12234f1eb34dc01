/*
 * SPDX-License-Identifier: MIT
 */

#include "pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct vgpu_pool {
   pthread_mutex_t user; /* held by the one whose loop it is */
   pthread_mutex_t lock; /* guards what is below, but for next */
   pthread_cond_t start, done;
   unsigned loops;   /* how many were begun: a thread joins each at most once */
   unsigned working; /* threads that may still call run() */
   bool open;        /* the loop has begun and its caller still works on it: threads may join */
   bool stop;

   /* The loop. They change only while it is not open and no thread works on it. */
   void (*run)(void *arg, unsigned i);
   void *arg;
   unsigned count;
   _Atomic unsigned next; /* the first index that nobody has taken */

   unsigned num_threads; /* without the caller's */
   pthread_t threads[];
};

static void
work(struct vgpu_pool *pool)
{
   for (;;) {
      const unsigned i = atomic_fetch_add(&pool->next, 1);
      if (i >= pool->count)
         return;
      pool->run(pool->arg, i);
   }
}

static void *
thread_main(void *opaque)
{
   struct vgpu_pool *pool = opaque;
   unsigned seen = 0;

   pthread_mutex_lock(&pool->lock);
   for (;;) {
      while (pool->loops == seen && !pool->stop)
         pthread_cond_wait(&pool->start, &pool->lock);
      if (pool->stop)
         break;
      seen = pool->loops;
      /* A loop that has ended before this thread woke is not joined. */
      if (!pool->open)
         continue;
      pool->working++;
      pthread_mutex_unlock(&pool->lock);
      work(pool);
      pthread_mutex_lock(&pool->lock);
      if (--pool->working == 0)
         pthread_cond_signal(&pool->done);
   }
   pthread_mutex_unlock(&pool->lock);
   return NULL;
}

struct vgpu_pool *
vgpu_pool_create(unsigned threads)
{
   struct vgpu_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));

   if (!pool)
      return NULL;
   pthread_mutex_init(&pool->user, NULL);
   pthread_mutex_init(&pool->lock, NULL);
   pthread_cond_init(&pool->start, NULL);
   pthread_cond_init(&pool->done, NULL);

   /* The signals of a program that the device is in are for threads of its own. */
   sigset_t all, before;
   sigfillset(&all);
   pthread_sigmask(SIG_SETMASK, &all, &before);
   while (pool->num_threads + 1 < threads &&
          !pthread_create(&pool->threads[pool->num_threads], NULL, thread_main, pool))
      pool->num_threads++;
   pthread_sigmask(SIG_SETMASK, &before, NULL);
   if (pool->num_threads + 1 < threads) {
      vgpu_pool_destroy(pool);
      return NULL;
   }
   return pool;
}

void
vgpu_pool_destroy(struct vgpu_pool *pool)
{
   if (!pool)
      return;
   pthread_mutex_lock(&pool->lock);
   pool->stop = true;
   pthread_cond_broadcast(&pool->start);
   pthread_mutex_unlock(&pool->lock);
   for (unsigned i = 0; i < pool->num_threads; i++)
      pthread_join(pool->threads[i], NULL);
   pthread_cond_destroy(&pool->done);
   pthread_cond_destroy(&pool->start);
   pthread_mutex_destroy(&pool->lock);
   pthread_mutex_destroy(&pool->user);
   free(pool);
}

unsigned
vgpu_pool_threads(const struct vgpu_pool *pool)
{
   return pool ? pool->num_threads + 1 : 1;
}

void
vgpu_pool_run(struct vgpu_pool *pool, unsigned count, void (*run)(void *arg, unsigned i), void *arg)
{
   if (count < 2 || !pool || !pool->num_threads || pthread_mutex_trylock(&pool->user)) {
      for (unsigned i = 0; i < count; i++)
         run(arg, i);
      return;
   }

   pthread_mutex_lock(&pool->lock);
   pool->run = run;
   pool->arg = arg;
   pool->count = count;
   atomic_store(&pool->next, 0);
   pool->loops++;
   pool->open = true;
   pthread_cond_broadcast(&pool->start);
   pthread_mutex_unlock(&pool->lock);

   work(pool);

   pthread_mutex_lock(&pool->lock);
   pool->open = false;
   while (pool->working)
      pthread_cond_wait(&pool->done, &pool->lock);
   pthread_mutex_unlock(&pool->lock);
   pthread_mutex_unlock(&pool->user);
}
