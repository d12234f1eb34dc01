/*
 * SPDX-License-Identifier: MIT
 *
 * Threads that share the pixel work of one command: a parallel loop, nothing more.
 */

#ifndef VGPU_POOL_H
#define VGPU_POOL_H

struct vgpu_pool;

/**
 * Makes a pool.
 * \param threads  how many work on a loop, the caller's included: at least 1
 * \return NULL if the host refused
 */
struct vgpu_pool *vgpu_pool_create(unsigned threads);

/** Ends the threads. No loop may be running. NULL is allowed. */
void vgpu_pool_destroy(struct vgpu_pool *pool);

/** Threads that work on a loop, the caller's included. NULL is a pool of one. */
unsigned vgpu_pool_threads(const struct vgpu_pool *pool);

/**
 * Calls run(arg, i) once for each i below count, in any order and in several threads, and returns
 * when all calls have. What they write is then visible to the caller. A loop that finds the pool
 * at work for another engine runs in the caller's thread alone.
 */
void vgpu_pool_run(struct vgpu_pool *pool, unsigned count, void (*run)(void *arg, unsigned i),
                   void *arg);

#endif
