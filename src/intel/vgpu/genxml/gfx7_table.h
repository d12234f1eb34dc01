/*
 * SPDX-License-Identifier: MIT
 *
 * The table of all commands that gen_unpack.py makes.
 */

#ifndef GFX7_TABLE_H
#define GFX7_TABLE_H

#include "gfx7_instructions.h"

enum gfx7_field_kind {
   GFX7_FIELD_UINT,
   GFX7_FIELD_INT,
   GFX7_FIELD_ADDRESS, /* the bits below the field are zero */
   GFX7_FIELD_FLOAT,
};

struct gfx7_field {
   const char *name;
   uint16_t start, end; /* bits, from bit 0 of DWord 0 */
   enum gfx7_field_kind kind;
};

extern const struct gfx7_instruction gfx7_instructions[];
extern const unsigned gfx7_num_instructions;

#endif
