/*
 * SPDX-License-Identifier: MIT
 */

#include "gfx7_instructions.h"

#include <inttypes.h>
#include <stdio.h>

#include "gfx7_table.h"
#include "gfx7_unpack.h"

const struct gfx7_instruction *
gfx7_instruction_find(uint32_t header, unsigned engine)
{
   const struct gfx7_instruction *best = NULL;

   /* Where two fit, the one that more bits have to agree for is meant. */
   for (unsigned i = 0; i < gfx7_num_instructions; i++) {
      const struct gfx7_instruction *in = &gfx7_instructions[i];
      if (in->engines & engine && in->header_mask && (header & in->header_mask) == in->header &&
          (!best ||
           __builtin_popcount(in->header_mask) > __builtin_popcount(best->header_mask)))
         best = in;
   }
   return best;
}

unsigned
gfx7_instruction_length_dw(const struct gfx7_instruction *instruction, uint32_t header)
{
   if (!instruction->length_bits)
      return instruction->length_dw;
   return (header & ((1u << instruction->length_bits) - 1)) + instruction->length_bias;
}

void
gfx7_instruction_print(char *text, size_t size, const struct gfx7_instruction *instruction,
                       const uint32_t *dw, unsigned len_dw)
{
   size_t at = snprintf(text, size, "%s", instruction->name);

   for (unsigned i = 0; i < instruction->num_fields && at < size; i++) {
      const struct gfx7_field *f = &instruction->fields[i];
      if (f->start / 32 >= len_dw)
         continue;
      const uint64_t bits = gfx7_bits(dw, len_dw, f->start, f->end);
      switch (f->kind) {
      case GFX7_FIELD_UINT:
         /* The opcode, which the name says, and zeros would drown the rest. */
         if (bits && f->end - f->start < 32 &&
             !(f->end < 32 &&
               instruction->header_mask & (((1ull << (f->end - f->start + 1)) - 1) << f->start)))
            at += snprintf(text + at, size - at, " %s=%" PRIu64, f->name, bits);
         break;
      case GFX7_FIELD_INT:
         at += snprintf(text + at, size - at, " %s=%" PRId64, f->name,
                        gfx7_signed(bits, f->end - f->start + 1));
         break;
      case GFX7_FIELD_ADDRESS:
         at += snprintf(text + at, size - at, " %s=0x%08" PRIx64, f->name, bits << f->start % 32);
         break;
      case GFX7_FIELD_FLOAT:
         at += snprintf(text + at, size - at, " %s=%g", f->name, gfx7_float(bits));
         break;
      }
   }
}
