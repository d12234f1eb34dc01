/*
 * SPDX-License-Identifier: MIT
 *
 * Logical contexts of the render engine.
 */

#ifndef VGPU_CONTEXT_H
#define VGPU_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

struct vgpu_engine;

/**
 * MI_SET_CONTEXT: saves the current context where CCID says, makes another one current and
 * restores it.
 *
 * The image is commands, as in hardware: MI_LOAD_REGISTER_IMM and state commands up to a
 * MI_BATCH_BUFFER_END. Drivers treat it as opaque, but it is the guest's memory, so a restore
 * takes nothing but what a save writes.
 *
 * \param address  of the image in the GGTT
 * \return false after a fault
 */
bool vgpu_context_set(struct vgpu_engine *engine, uint32_t address, bool restore_inhibit,
                      bool force_restore);

#endif
