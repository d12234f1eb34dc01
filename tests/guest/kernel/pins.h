/*
 * SPDX-License-Identifier: MIT
 *
 * How many pages of the whole system are pinned for DMA, by the kernel's own count.
 */

#ifndef PINS_H
#define PINS_H

#include <stdbool.h>
#include <stdint.h>

/** Pages pinned and not yet unpinned; -1 ends the test. Needs root, and that nobody else pins. */
int64_t pins_count(void);

/**
 * Waits until no more than `pages` are pinned.
 *
 * \return milliseconds, or negative after timeout_ms, by tap_slower()
 */
double pins_wait(int64_t pages, unsigned timeout_ms);

#endif
