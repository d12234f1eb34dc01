/*
 * SPDX-License-Identifier: MIT
 *
 * State of a whole draw, put into the ring command by command, for tests of the pipeline's blocks.
 * Everything that the state points to is in the page at FIXTURE_DATA, which every base address but
 * the general one is; buffers are behind it.
 */

#ifndef DRAW_STATE_H
#define DRAW_STATE_H

#include "fixture.h"

#define CMD(opcode, len_dw) ((uint32_t)(opcode) << 16 | ((len_dw)-2))

/* Offsets from FIXTURE_DATA. */
#define DEPTH_STENCIL 0x100
#define COLOR_CALC 0x140
#define BLEND 0x180
#define CC_VIEWPORT 0x1c0
#define BINDING_TABLE 0x200
#define SURFACE 0x240
#define KERNEL 0x280
#define VERTICES 0x800
#define BUFFER 0x1000
#define BUFFER2 0x9000
#define BUFFER3 0x11000

/* 3DSTATE_WM, DWord 1 */
#define WM_STATISTICS (1u << 31)
#define WM_DEPTH_CLEAR (1u << 30)
#define WM_DISPATCH (1u << 29)
#define WM_DEPTH_RESOLVE (1u << 28)
#define WM_HIZ_RESOLVE (1u << 27)
#define WM_KILLS_PIXEL (1u << 25)

enum { COMPARE_ALWAYS, COMPARE_NEVER, COMPARE_LESS, COMPARE_EQUAL };
enum { STENCIL_OP_KEEP = 0, STENCIL_OP_REPLACE = 2 };

/**
 * All state of a draw of the rectangle from (x0, y0) to (x1, y1) at a depth, without tests, without
 * a pixel shader and without buffers, in a drawing rectangle of 1024 x 1024.
 */
void draw_state(struct fixture *f, float x0, float y0, float x1, float y1, float z);

/** DEPTH_STENCIL_STATE and its pointer; the reference value of stencil is in COLOR_CALC_STATE. */
void draw_depth_stencil(struct fixture *f, uint32_t dw0, uint32_t dw1, uint32_t dw2);
/** \param constant  the blend constant, NULL: zeros */
void draw_color_calc(struct fixture *f, uint32_t dw0, uint32_t dw1, const float constant[4]);
/** BLEND_STATE of the first render target. */
void draw_blend(struct fixture *f, uint32_t dw0, uint32_t dw1);

/**
 * A pixel shader of 16 pixels that writes one colour to the surface at binding table index 0.
 * \param wm  further bits of 3DSTATE_WM's DWord 1
 */
void draw_pixel_shader(struct fixture *f, const float color[4], uint32_t wm);

/**
 * A pixel shader of 8 pixels whose colours are four registers as it gets them.
 * \param first       the first of them
 * \param attributes  where attributes are in the payload
 */
void draw_pixel_shader_of_payload(struct fixture *f, unsigned first, unsigned attributes,
                                  uint32_t wm);

/** A pixel shader of 16 pixels that writes two source colours to index 0, for blending. */
void draw_pixel_shader_of_two(struct fixture *f, const float color[4], const float color1[4]);

/** A kernel, at an offset from FIXTURE_DATA, that sends the registers from 0 on and ends. */
void draw_message(struct fixture *f, uint32_t offset, unsigned sfid, uint32_t descriptor);

/** The RENDER_SURFACE_STATE at binding table index 0. */
void draw_render_target(struct fixture *f, const uint32_t dw[8]);
void draw_null_render_target(struct fixture *f);

/** A depth buffer of 160 x 160 texels at BUFFER3, with HiZ at BUFFER, and what is in it. */
#define DEPTH_SIZE 160
#define DEPTH_PITCH (DEPTH_SIZE * 4)
enum { D32_FLOAT = 1, D24_UNORM_X8 = 3, D16_UNORM = 5 };
void draw_depth_buffer(struct fixture *f, uint32_t format, bool hiz);
uint32_t draw_depth_at(struct fixture *f, uint32_t x, uint32_t y);

/** The rectangle. */
void draw(struct fixture *f);
/** Other primitives: points are x, y pairs, drawn at the depth 0.25 without culling. */
void draw_primitives(struct fixture *f, uint32_t topology, const float *points, unsigned count);
enum { POINTLIST = 1, LINELIST, LINESTRIP, TRILIST, TRISTRIP, TRIFAN, QUADLIST, QUADSTRIP };
enum { POLYGON = 0x0e, RECTLIST = 0x0f, LINELOOP = 0x10, TRIFAN_NOSTIPPLE = 0x16 };

#endif
