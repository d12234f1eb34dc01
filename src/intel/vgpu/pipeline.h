/*
 * SPDX-License-Identifier: MIT
 *
 * The fixed-function 3D pipeline: what one 3DPRIMITIVE goes through, block by block.
 */

#ifndef VGPU_PIPELINE_H
#define VGPU_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eu/eu.h"
#include "shader.h"
#include "surface.h"

struct vgpu_copy;
struct vgpu_engine;

/* A vertex URB entry: slots of four components, at most as many as an entry can have. */
#define VGPU_VUE_SLOTS 64
#define VGPU_MAX_ATTRIBUTES 32
#define VGPU_MAX_ELEMENTS 34

/* Slots of the VUE header (IVB PRM Vol2 Part 1, "VUE"). */
enum {
   VUE_HEADER = 0, /* reserved, render target array index, viewport index, point width */
   VUE_POSITION = 1,
   VUE_CLIP_DISTANCE_0 = 2, /* if user clip distances are used */
   VUE_CLIP_DISTANCE_1 = 3,
};

union vgpu_slot {
   float f[4];
   uint32_t u[4];
} __attribute__((aligned(16)));

struct vgpu_vertex {
   float x, y, z, inv_w; /* by the strips and fans unit: in pixels, depth, 1/w */
   bool edge_flag;       /* the edge to the next vertex is one of the polygon's */
   /* By the clipper: a bit for each plane that it is outside of, with a guardband and without. */
   uint32_t outside_guardband, outside;
   union vgpu_slot slot[]; /* vgpu_draw::vertex_slots */
};

enum vgpu_primitive_kind {
   VGPU_POINT,
   VGPU_LINE,
   VGPU_TRIANGLE,
   VGPU_RECT, /* three corners: lower right, lower left, upper left */
};

/** A primitive on its way from assembly to the windower. */
struct vgpu_primitive {
   enum vgpu_primitive_kind kind;
   const struct vgpu_vertex *v[3];
   const struct vgpu_vertex *provoking; /* whose attributes flat ones are */
   bool edge[3]; /* from a corner to the next: what line and point fill modes draw */
   uint32_t id;  /* of the instance's primitives, from 0 on */
};

/** The state of a draw, gathered and decoded once. */
struct vgpu_draw {
   struct vgpu_engine *engine;

   uint32_t general_state_base, surface_state_base, dynamic_state_base, instruction_base;

   /* By the windower: samples of a pixel, where in it they are, and the ones that are on. */
   unsigned samples;
   struct vgpu_sample {
      float x, y;
   } sample[VGPU_MAX_SAMPLES];
   uint8_t sample_mask;

   unsigned topology;       /* 3DPRIM_*, of the vertices */
   bool no_polygon_stipple; /* by the topology */
   bool line_begins;        /* the line stipple begins anew with the next line that is drawn */
   unsigned vue_slots; /* slots that a vertex has after the last enabled geometry stage */
   unsigned vertex_slots; /* that the model keeps: those, and zeros up to VUE_CLIP_DISTANCE_1 */
   int scissor[4]; /* by strips and fans: x and y, first and beyond the last */
   struct vgpu_vf *vf;
   struct vgpu_vs *vs;
   struct vgpu_clip *clip;
   struct vgpu_sf *sf;
   struct vgpu_wm *wm;
   struct vgpu_copy *copy; /* NULL: the draw cannot be a copy */
};

static inline size_t
vgpu_vertex_bytes(const struct vgpu_draw *draw)
{
   return sizeof(struct vgpu_vertex) + draw->vertex_slots * sizeof(union vgpu_slot);
}

/** Executes a draw whose parameters are a whole 3DPRIMITIVE. \return false after a fault */
bool vgpu_draw(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw);

/** Reads len_dw DWords of state; address is a multiple of 4. \return false after a fault */
bool vgpu_read_state(struct vgpu_engine *engine, uint32_t address, uint32_t *dw, unsigned len_dw);

/**
 * The same of dynamic state, at the pointer of a 3DSTATE_*_POINTERS; 0 if there was no such packet.
 * \param header  of that packet
 * \param mask    the pointer's bits
 */
bool vgpu_read_pointed(const struct vgpu_draw *draw, uint32_t header, uint32_t mask, uint32_t *dw,
                       unsigned len_dw);

/**
 * Fills registers with the push constants of a stage.
 * \param header  of its 3DSTATE_CONSTANT_*
 * \param grf     gets how many registers were filled, at most max_grf
 */
bool vgpu_push_constants(struct vgpu_draw *draw, uint32_t header, uint8_t (*grf)[EU_REG_BYTES],
                         unsigned max_grf, unsigned *num_grf);

/** A program at a kernel start pointer, decoded once per draw and kept by the stage. */
bool vgpu_load_program(struct vgpu_draw *draw, uint32_t kernel_start_pointer,
                       struct eu_program **program);

/* vf.c */
struct vgpu_vf;
bool vgpu_vf_init(struct vgpu_draw *draw, struct vgpu_vf **vf);
void vgpu_vf_fini(struct vgpu_vf *vf);
unsigned vgpu_vf_slots(const struct vgpu_vf *vf);
/** Pages that a thread has fetched from, one for each element. All zeros at first. */
struct vgpu_vf_pages {
   uint64_t number[VGPU_MAX_ELEMENTS]; /* of the page, plus one; 0: none */
   const uint8_t *host[VGPU_MAX_ELEMENTS];
};
/** Fetches the elements of a vertex, a slot each. */
bool vgpu_vf_fetch(struct vgpu_draw *draw, struct vgpu_vf_pages *pages, uint32_t vertex_id,
                   uint32_t instance_id, uint32_t start_instance, union vgpu_slot *slots,
                   bool *edge_flag);

/* vs.c */
struct vgpu_vs;
bool vgpu_vs_init(struct vgpu_draw *draw, struct vgpu_vs **vs);
/** Another one of the same state, for another thread; it must go before the first one. */
bool vgpu_vs_clone(const struct vgpu_vs *vs, struct vgpu_vs **clone);
void vgpu_vs_fini(struct vgpu_vs *vs);
/** False if threads have effects on each other that depend on their order. */
bool vgpu_vs_is_independent(const struct vgpu_vs *vs);
/** Shades one or two vertices. \param in  what was fetched of them */
bool vgpu_vs_run(struct vgpu_draw *draw, struct vgpu_vs *vs, union vgpu_slot *const in[2],
                 struct vgpu_vertex *const vertices[2], unsigned count);

/* clip.c */
struct vgpu_batch;
struct vgpu_clip;
bool vgpu_clip_init(struct vgpu_draw *draw, struct vgpu_clip **clip);
void vgpu_clip_fini(struct vgpu_clip *clip);
/** Which planes a vertex is outside of. */
void vgpu_clip_vertex(const struct vgpu_draw *draw, struct vgpu_vertex *vertex);
/** Clips a primitive and hands what is left of it to the strips and fans unit. */
bool vgpu_clip_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch,
                         const struct vgpu_primitive *primitive);

/* sf.c */
struct vgpu_sf;
bool vgpu_sf_init(struct vgpu_draw *draw, struct vgpu_sf **sf);
void vgpu_sf_fini(struct vgpu_sf *sf);
/** Where on the screen a vertex is. */
void vgpu_sf_vertex(const struct vgpu_draw *draw, struct vgpu_vertex *vertex);
bool vgpu_sf_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch,
                       const struct vgpu_primitive *primitive);

/** a x + b y + c in subpixels; a point is inside of the edge where that is not negative. */
struct vgpu_edge {
   int64_t a, b, c;
};

/** Weights of the second and third vertex, linear on the screen. */
struct vgpu_plane {
   float b1x, b1y, b2x, b2y; /* change per pixel */
   float x0, y0;
};

/** An attribute as a pixel shader gets it: two registers, four components. */
struct vgpu_attribute {
   uint32_t component[4][4]; /* to the second vertex, to the third, 0, at the first */
} __attribute__((aligned(16)));

/** What the setup unit makes of a primitive for the windower and the pixel shader. */
struct vgpu_setup {
   enum vgpu_primitive_kind kind;
   bool back_facing;
   uint32_t render_target_array_index, viewport_index;
   struct {
      float x, y, z, inv_w;
   } v[3];
   float line_width, point_width;
   bool antialiased; /* a line, whose coverage of a pixel goes into alpha */
   float depth_offset;

   /* By the windower. */
   int box[4]; /* that has all pixels: x and y, first and beyond the last */
   struct vgpu_edge edges[3]; /* of a triangle */
   struct vgpu_plane plane;

   unsigned num_attributes;
   struct vgpu_attribute attribute[VGPU_MAX_ATTRIBUTES];
};

/** Primitives that wait to be drawn, each with as many attributes as it has. */
struct vgpu_batch {
   uint8_t *setups;
   size_t size_bytes, used_bytes;
   uint32_t *offsets; /* of each in setups */
   unsigned count, max;
};
void vgpu_batch_fini(struct vgpu_batch *batch);

/* wm.c */
struct vgpu_wm;
bool vgpu_wm_init(struct vgpu_draw *draw, struct vgpu_wm **wm);
void vgpu_wm_fini(struct vgpu_wm *wm);
/** True if primitives must be drawn one by one: what one draws depends on the ones before. */
bool vgpu_wm_in_turn(const struct vgpu_wm *wm);
/** Adds a primitive to a batch, unless it covers nothing. */
bool vgpu_wm_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch,
                       struct vgpu_setup *setup);
/** Draws the primitives of batches, in their order, and empties them. */
bool vgpu_wm_draw(struct vgpu_draw *draw, struct vgpu_batch *batches, unsigned count);

/* ps.c */
struct vgpu_ps;
/** A 2x2 of pixels. */
struct vgpu_subspan {
   uint16_t x, y; /* of the upper left pixel */
   uint8_t mask;  /* bit 0 upper left, 1 upper right, 2 lower left, 3 lower right */
   uint8_t samples[4]; /* of each pixel those that are covered, none where the pixel is not */
   float coverage[4];  /* of each pixel the part that an antialiased line covers; of others unset */
};
#define VGPU_MAX_SUBSPANS 4
/**
 * The channels that run for these pixels: whole subspans, for derivatives need all four pixels.
 * Gen7 does so without Vector Mask Enable, too; drivers leave that off and rely on derivatives.
 */
static inline uint32_t
vgpu_ps_channels(uint32_t pixels)
{
   pixels |= (pixels & 0x55555555) << 1 | (pixels >> 1 & 0x55555555);
   return pixels | (pixels & 0x33333333) << 2 | (pixels >> 2 & 0x33333333);
}
/** The kernel that threads run, and with what. */
struct vgpu_ps_kernel {
   unsigned width; /* pixels of a thread: 8 or 16 */
   uint32_t start_pointer;
   unsigned start_grf; /* register with which constants begin */
};
struct GFX7_3DSTATE_PS;
/** \return false if only threads of 32 pixels are enabled */
bool vgpu_ps_choose_kernel(const struct GFX7_3DSTATE_PS *state, struct vgpu_ps_kernel *kernel);
bool vgpu_ps_init(struct vgpu_draw *draw, struct vgpu_ps **ps);
/** Another one of the same state, for another thread; it must go before the first one. */
bool vgpu_ps_clone(const struct vgpu_ps *ps, struct vgpu_ps **clone);
void vgpu_ps_fini(struct vgpu_ps *ps);
/** False if threads have effects on each other that depend on their order. */
bool vgpu_ps_is_independent(const struct vgpu_ps *ps);
/** The plane of a primitive. \return false if it has no area */
bool vgpu_ps_make_plane(const struct vgpu_setup *setup, struct vgpu_plane *plane);
/** Subspans that a thread takes. */
unsigned vgpu_ps_subspans(const struct vgpu_ps *ps);
bool vgpu_ps_run(struct vgpu_draw *draw, struct vgpu_ps *ps, const struct vgpu_setup *setup,
                 const struct vgpu_subspan *subspans, unsigned count);

/* depth.c */
struct vgpu_depth;
bool vgpu_depth_init(struct vgpu_draw *draw, struct vgpu_depth **depth);
/** Another one of the same state, for another thread; what it counts comes in addition. */
bool vgpu_depth_clone(const struct vgpu_depth *depth, struct vgpu_depth **clone);
void vgpu_depth_fini(struct vgpu_depth *depth);
/** Depth and stencil tests of a pixel's sample with their writes. \return false after a fault */
bool vgpu_depth_test(struct vgpu_depth *depth, const struct vgpu_setup *setup, int x, int y,
                     unsigned sample, float z, bool *pass);
/** True if every pixel passes and nothing is written; vgpu_depth_count() then counts them. */
bool vgpu_depth_is_off(const struct vgpu_depth *depth);
void vgpu_depth_count(struct vgpu_depth *depth, unsigned samples);
/** False if vgpu_depth_count() does nothing. */
bool vgpu_depth_counts(const struct vgpu_depth *depth);

/* cc.c: the alpha test, blending and the render targets */
struct vgpu_cc;
bool vgpu_cc_init(struct vgpu_draw *draw, struct vgpu_cc **cc, struct vgpu_shader_env *ps_env);
bool vgpu_cc_clone(const struct vgpu_cc *cc, struct vgpu_shader_env *ps_env,
                   struct vgpu_cc **clone);
void vgpu_cc_fini(struct vgpu_cc *cc);
/**
 * The block of texels that a pixel of a fast clear stands for (PRM, "MCS Buffer for Render
 * Target(s)", scale factors of the clear rectangle). \return false if there are no fast clears
 */
bool vgpu_cc_fast_clear_block(const struct vgpu_surface *surface, uint32_t *width,
                              uint32_t *height);
bool vgpu_cc_alpha_test(const struct vgpu_cc *cc, float alpha);
/** False if vgpu_cc_alpha_test() is always true. */
bool vgpu_cc_tests_alpha(const struct vgpu_cc *cc);
/** Samples that Alpha To Coverage leaves of a pixel. */
uint8_t vgpu_cc_alpha_to_coverage(const struct vgpu_cc *cc, float alpha);
/**
 * Blends a colour (four components of 32 bits) into samples of a pixel of a render target.
 * \param color1  the second source colour, NULL: there is none
 */
bool vgpu_cc_write(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
                   uint32_t array_index, int x, int y, uint8_t samples, const uint32_t color[4],
                   const uint32_t color1[4]);

/** Pixels with one sample each, in pairs: from an even x on, one and the next to its right. */
struct vgpu_cc_pixels {
   unsigned count; /* 8 or 16 */
   uint32_t mask;  /* those that are written */
   const uint16_t *x, *y;
   bool replicated;       /* all have one colour */
   const uint8_t *color[4]; /* components of the pixels, or of all: DWords */
};
/** As vgpu_cc_write() for each of them. */
bool vgpu_cc_write_pixels(struct vgpu_cc *cc, unsigned binding_table_index, unsigned target,
                          uint32_t array_index, const struct vgpu_cc_pixels *pixels);

#endif
