/*
 * SPDX-License-Identifier: MIT
 *
 * What a state tracker tells the HUD of its transfers between images and the
 * client: "transfer-bytes-cpu" and "transfer-bytes-gpu".
 */

#ifndef HUD_TRANSFERS_H
#define HUD_TRANSFERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hud_context;

/** Bytes of pixels since the context began; written by its thread only. */
struct hud_transfers {
   uint64_t cpu_bytes; /**< that the CPU has copied */
   uint64_t gpu_bytes; /**< that the GPU has moved itself */
};

/**
 * Have the HUD show these counts.
 *
 * They must stay where they are until hud_destroy() with their context.
 */
void
hud_add_transfers_for_monitoring(struct hud_context *hud,
                                 const struct hud_transfers *transfers);

#ifdef __cplusplus
}
#endif

#endif /* HUD_TRANSFERS_H */
