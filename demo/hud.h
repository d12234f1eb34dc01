/*
 * SPDX-License-Identifier: MIT
 *
 * What Mesa counts of a context's transfers, whichever way they went (GALLIUM_HUD, see
 * docs/usage.md).
 */

#ifndef HUD_H
#define HUD_H

#include <stdbool.h>
#include <stdint.h>

struct hud_bytes {
   int64_t by_cpu, by_gpu; /* -1 if Mesa does not count */
};

/** Before OpenGL starts: has Mesa count. \return 0 or a negative errno */
int hud_start(void);

/** Whether hud_start() has been called. */
bool hud_is_on(void);

/**
 * What was moved since it was asked before; the first time, nothing is counted yet.
 *
 * \return false if the context cannot be made current again
 */
bool hud_ask(struct hud_bytes *bytes);

#endif
