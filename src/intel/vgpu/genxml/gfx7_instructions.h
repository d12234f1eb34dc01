/*
 * SPDX-License-Identifier: MIT
 *
 * All commands of Gen7 as data: which one a header is, how long it is, what is in it.
 */

#ifndef GFX7_INSTRUCTIONS_H
#define GFX7_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>

struct gfx7_field;

#define GFX7_ENGINE_RENDER (1u << 0)
#define GFX7_ENGINE_VIDEO (1u << 1)
#define GFX7_ENGINE_BLITTER (1u << 2)

struct gfx7_instruction {
   const char *name;
   unsigned engines; /* GFX7_ENGINE_* */
   uint32_t header, header_mask;
   unsigned length_bits; /* width of DWord Length, from bit 0 on; 0: the length is fixed */
   unsigned length_bias;
   unsigned length_dw; /* 0: given by DWord Length alone */
   const struct gfx7_field *fields;
   unsigned num_fields;
};

/** The command of an engine that a header is, NULL if there is none. */
const struct gfx7_instruction *gfx7_instruction_find(uint32_t header, unsigned engine);

/** Length in DWords of a command with this header. */
unsigned gfx7_instruction_length_dw(const struct gfx7_instruction *instruction, uint32_t header);

/** Writes name and fields of a command as text, cut off at size bytes. */
void gfx7_instruction_print(char *text, size_t size, const struct gfx7_instruction *instruction,
                            const uint32_t *dw, unsigned len_dw);

#endif
