/*
 * SPDX-License-Identifier: MIT
 *
 * The render engine behind the command streamer: the state that 3DSTATE_* commands leave.
 */

#ifndef VGPU_RENDER_H
#define VGPU_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "vgpu_cs.h"

struct vgpu_engine;

#define VGPU_RENDER_KEYS 8192 /* bits 28:16 of a header */
#define VGPU_NUM_VERTEX_BUFFERS 33
#define VGPU_NUM_SO_BUFFERS 4
#define VGPU_URB_SIZE_BYTES (256u << 10) /* Ivybridge GT2 */

/** The last command of its kind, whole. */
struct vgpu_packet {
   unsigned len_dw;
   uint32_t dw[];
};

/** Elements of a command that sets some of several, DWord 0 apart. */
struct vgpu_indexed_state {
   bool valid;
   uint32_t dw[4];
};

struct vgpu_render_state {
   struct vgpu_packet *packets[VGPU_RENDER_KEYS]; /* NULL: not seen since reset */
   struct vgpu_indexed_state vertex_buffers[VGPU_NUM_VERTEX_BUFFERS];
   struct vgpu_indexed_state so_buffers[VGPU_NUM_SO_BUFFERS];
   uint32_t topology_filter; /* MI_TOPOLOGY_FILTER, 0: off */
   uint8_t urb[VGPU_URB_SIZE_BYTES];
};

/** \return NULL if there is no memory */
struct vgpu_render_state *vgpu_render_create(void);
void vgpu_render_destroy(struct vgpu_render_state *render);
/** Power-on state. */
void vgpu_render_reset(struct vgpu_render_state *render);

/** The state command with a header, NULL if it was not seen. */
const struct vgpu_packet *vgpu_render_packet(const struct vgpu_render_state *render,
                                             uint32_t header);

/** MI_URB_CLEAR; address and length in units of 32 bytes. \return false after a fault */
bool vgpu_render_urb_clear(struct vgpu_engine *engine, uint32_t address, uint32_t length);

/** Whether a command is one that only leaves state, so that a context image may hold it. */
bool vgpu_render_is_state(uint32_t header);
/** Executes such a command. \return false after a fault */
bool vgpu_render_state_command(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw);

/** Calls emit() with every state command that brings the current state back. */
bool vgpu_render_save(const struct vgpu_render_state *render,
                      bool (*emit)(void *data, const uint32_t *dw, unsigned len_dw), void *data);

#endif
