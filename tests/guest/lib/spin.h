/*
 * SPDX-License-Identifier: MIT
 *
 * A batch that runs until it is told to end: it makes an engine busy for as long as a test wants.
 */

#ifndef SPIN_H
#define SPIN_H

#include <stdint.h>

struct spin {
   int fd;
   uint32_t handle;
   volatile uint32_t *map;
};

/**
 * Starts it. i915's heartbeat takes an engine that is busy for more than some seconds for hung.
 *
 * \param engine   I915_EXEC_RENDER, _BSD or _BLT
 * \param context  0 for the default one
 * \param uses     handles of objects that the batch is said to write, `use_count` of them
 */
int spin_start(struct spin *spin, int fd, uint64_t engine, uint32_t context,
               const uint32_t *uses, unsigned use_count);

/** Tells it to end; does not wait. May be called in another process that shares the map. */
void spin_end(struct spin *spin);

/** Ends it, waits, and closes its object. */
void spin_fini(struct spin *spin);

#endif
