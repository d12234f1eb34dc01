/*
 * SPDX-License-Identifier: MIT
 *
 * What the parts of the sampling engine share: sampler.c decodes messages, sampler_filter.c
 * turns one coordinate into one colour.
 */

#ifndef VGPU_SAMPLER_PRIV_H
#define VGPU_SAMPLER_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "eu/eu.h"
#include "gfx7_unpack.h"
#include "sampler.h"
#include "surface.h"

/** Parameters of a message, for one channel or vertex. */
enum vgpu_sampler_param {
   PARAM_NONE,
   PARAM_U,
   PARAM_V,
   PARAM_R,
   PARAM_AI,
   PARAM_REF,
   PARAM_BIAS,
   PARAM_LOD,
   PARAM_DUDX,
   PARAM_DUDY,
   PARAM_DVDX,
   PARAM_DVDY,
   PARAM_DRDX,
   PARAM_DRDY,
   PARAM_OFFU,
   PARAM_OFFV,
   PARAM_SI,
   PARAM_MCS,
   NUM_PARAMS,
};

union vgpu_sampler_value {
   float f;
   uint32_t u;
   int32_t i;
};

struct vgpu_sampler_coord {
   union vgpu_sampler_value p[NUM_PARAMS];
};

/** A message's surface, sampler and what its header says. */
struct vgpu_sampler_op {
   struct vgpu_surface *surface;
   const struct GFX7_SAMPLER_STATE *state;
   const uint32_t *border;
   int offset[3];        /* texels: u, v, r */
   bool compare;         /* a shadow comparison */
   unsigned gather_channel;
};

/** SAMPLER_STATEs that messages of a shader environment have used. */
struct vgpu_sampler_cache {
   struct vgpu_sampler {
      bool valid;
      uint32_t address;
      struct GFX7_SAMPLER_STATE state;
      uint32_t border[4];
   } samplers[16];
};

/** The longer side of a pixel's footprint, along which an anisotropic filter takes its samples. */
struct vgpu_sampler_line {
   unsigned num;  /* of samples; 1 unless the filter is anisotropic */
   float step[3]; /* from one end of the line to the other: u, v, r */
};

/**
 * log2 of the texels that a step to the next pixel covers, in a subspan of coordinates; of an
 * anisotropic filter, log2 of those that one of its samples covers.
 * \param pixel  of the subspan: on whose face of a cube the steps are
 * \param line   NULL: the filter is not anisotropic
 */
float vgpu_sampler_subspan_lod(const struct vgpu_sampler_op *op,
                               const struct vgpu_sampler_coord coords[4], unsigned pixel,
                               struct vgpu_sampler_line *line);
/** The same from the gradients of one coordinate. */
float vgpu_sampler_gradient_lod(const struct vgpu_sampler_op *op,
                                const struct vgpu_sampler_coord *coord,
                                struct vgpu_sampler_line *line);

/**
 * Biases and clamps a LOD.
 * \param mag  gets whether the magnification filter applies
 * \return LOD between 0 and the surface's MIP count, 0 being its SurfaceMinLOD
 */
float vgpu_sampler_clamp_lod(const struct vgpu_sampler_op *op, float lod, bool *mag);

/** Filters. \return false after a fault of the engine */
bool vgpu_sampler_filter(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
                         float lod, uint32_t rgba[4]);
/** The mean of samples along a line around the coordinate. */
bool vgpu_sampler_filter_line(const struct vgpu_sampler_op *op,
                              const struct vgpu_sampler_coord *coord,
                              const struct vgpu_sampler_line *line, float lod, uint32_t rgba[4]);
/**
 * Index of a texel after the address control mode; -1: the border colour.
 * \param size  of the LOD in texels
 */
int vgpu_sampler_wrap(unsigned mode, int index, int size);

/** A message of 8 or 16 channels that samples without a comparison. */
struct vgpu_sampler_quick {
   const uint8_t *u, *v; /* a DWord of each channel; NULL: zeros */
   bool subspan_lod;     /* the LOD is that of vgpu_sampler_subspan_lod() */
   unsigned channels;
   unsigned masked;      /* components that have no register of the response */
};

/**
 * What vgpu_sampler_filter() does, for all channels at once: of the most common surfaces and
 * filters, with the same result to the bit. \return false after a fault of the engine
 * \param done  gets whether this is one of them; otherwise nothing was written
 */
bool vgpu_sampler_quick(const struct vgpu_sampler_op *op, const struct eu_message *msg,
                        const struct vgpu_sampler_quick *quick, bool *done);

/** Four texels' channel for gather4, in its order. */
bool vgpu_sampler_gather(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
                         uint32_t rgba[4]);

#endif
