/*
 * SPDX-License-Identifier: MIT
 *
 * A sampler's state, textures whose texels say where they are, and messages to the sampling engine.
 */

#ifndef SAMPLER_TEST_H
#define SAMPLER_TEST_H

#include "surface_test.h"

#define R32_FLOAT 0x0d8
#define R32_UINT 0x0d7
#define R8G8B8A8_UNORM 0x0c7
#define L32_FLOAT 0x0e4
#define R32G32B32A32_FLOAT 0x000
#define YCRCB_NORMAL 0x182

enum { SIMD4X2 = 0, SIMD8 = 1, SIMD16 = 2 };
enum { NEAREST = 0, LINEAR = 1, ANISOTROPIC = 2 };
enum { MIP_NONE = 0, MIP_NEAREST = 1, MIP_LINEAR = 3 };
enum { WRAP, MIRROR, CLAMP, CUBE, BORDER_MODE, MIRROR_ONCE };
enum {
   SAMPLE, SAMPLE_B, SAMPLE_L, SAMPLE_C, SAMPLE_D, SAMPLE_B_C, SAMPLE_L_C, LD, GATHER4, LOD,
   RESINFO, SAMPLEINFO, GATHER4_C = 16, GATHER4_PO, GATHER4_PO_C, LD_MCS = 29, LD2DMS, LD2DSS,
};

struct test_sampler {
   unsigned min, mag, mip, wrap[3], shadow, max_anisotropy; /* 0: 2 to 1, 7: 16 to 1 */
   float min_lod, max_lod, bias;
   bool preclamp, non_normalized;
};

void test_set_sampler(struct surface_test *t, const struct test_sampler *s);

/** A texture of floats; texel (x, y) of a LOD and layer is a number that says so. */
float test_texel_value(uint32_t lod, uint32_t layer, uint32_t x, uint32_t y);

/** Gives the texture at 0 of the binding table these texels. */
void test_fill(struct surface_test *t);

extern const struct test_surface test_flat;
extern const struct test_sampler test_plain;

/** Sends a message of this type, of so many parameters for all channels. */
bool test_sample(struct surface_test *t, unsigned type, unsigned simd, unsigned params,
                 bool header);

/** sample_l of one point in SIMD8, in channel 5. */
float test_sample_at(struct surface_test *t, float u, float v, float r, float lod);

void test_near_to(float have, float want);

#endif
