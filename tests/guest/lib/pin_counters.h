/*
 * SPDX-License-Identifier: MIT
 *
 * What the kernel counts of pages pinned for DMA (pin_user_pages(), mm/gup.c), in the whole system.
 */

#ifndef PIN_COUNTERS_H
#define PIN_COUNTERS_H

#include <stdint.h>

struct pin_counters {
   int64_t acquired_pages, released_pages; /* since boot */
};

/**
 * Reads /proc/vmstat.
 *
 * \return 0, or a negative errno: -EACCES without root, -ENODATA if the kernel does not count
 */
int pin_counters_read(struct pin_counters *counters);

#endif
