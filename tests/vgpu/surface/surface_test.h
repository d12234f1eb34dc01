/*
 * SPDX-License-Identifier: MIT
 *
 * An engine that is memory and a fault, and state and messages for the blocks behind it.
 */

#ifndef SURFACE_TEST_H
#define SURFACE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eu/eu.h"
#include "shader.h"
#include "surface.h"
#include "vgpu_engine.h"

#define MEMORY_ADDRESS 0x100000u
#define MEMORY_BYTES 0x100000u

/* Where things are: surface states follow the binding table, textures start at TEXTURE. */
#define BINDING_TABLE 0x1000u /* from MEMORY_ADDRESS, which is Surface State Base Address */
#define SAMPLER 0x2000u       /* from MEMORY_ADDRESS, which is Dynamic State Base Address */
#define BORDER 0x2100u
#define TEXTURE (MEMORY_ADDRESS + 0x10000u)

struct surface_test {
   struct vgpu_engine engine;
   uint8_t *memory;
   bool faulted;
   char fault[512]; /* of the engine */
   struct vgpu_shader_env env;
   struct eu_thread thread;
   uint8_t payload[16][EU_REG_BYTES];
   uint8_t response[16][EU_REG_BYTES];
};

int surface_test_setup(void **state);
int surface_test_teardown(void **state);

uint8_t *test_memory(struct surface_test *t, uint32_t address);
/** Sets bits start to end of a state in memory. */
void test_set(struct surface_test *t, uint32_t address, unsigned start, unsigned end,
              uint32_t value);

/** What a test says of a surface; zeros are as the field's zero, sizes are real ones. */
struct test_surface {
   unsigned type, format;
   uint32_t address, width, height, depth, pitch;
   bool array, lod0_spacing;
   unsigned tile; /* enum vgpu_tiling */
   bool halign8, valign4;
   unsigned mip_count, min_lod, min_array_element, view_extent, x_offset, y_offset;
};

/** Puts a surface into the binding table. */
void test_bind(struct surface_test *t, unsigned index, const struct test_surface *s);
/** Entries of a buffer. */
void test_bind_buffer(struct surface_test *t, unsigned index, unsigned format, uint32_t address,
                      uint32_t entries, uint32_t pitch);

/**
 * Sends what is in t->payload. The response is filled with 0xcc before.
 * \param flags  descriptor without lengths and header
 */
bool test_send(struct surface_test *t, eu_send_fn send, uint32_t flags, unsigned mlen,
               unsigned rlen, bool header, uint32_t exec_mask);
void test_expect_fault(struct surface_test *t, bool result, const char *text);

uint32_t test_bits(float value);
void test_payload_f(struct surface_test *t, unsigned reg, unsigned dw, float value);
void test_payload_u(struct surface_test *t, unsigned reg, unsigned dw, uint32_t value);
float test_response_f(struct surface_test *t, unsigned reg, unsigned dw);
uint32_t test_response_u(struct surface_test *t, unsigned reg, unsigned dw);
#define TEST_UNTOUCHED 0xccccccccu

#endif
