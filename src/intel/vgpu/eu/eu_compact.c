/*
 * SPDX-License-Identifier: MIT
 *
 * Compacted instructions: 64 bits whose indices select field groups from four tables of the
 * hardware (Ivybridge PRM, Volume 4 Part 3, "Instruction Compaction").
 */

#include <stdbool.h>

#include "eu.h"
#include "eu_bits.h"

/* Bits 90:89, 31 and 23:8 of the native instruction. */
static const uint32_t control_table[32] = {
   0x00002, 0x04000, 0x04001, 0x04002, 0x04003, 0x04004, 0x04005, 0x04007,
   0x04008, 0x04009, 0x0400d, 0x06000, 0x06001, 0x06002, 0x06003, 0x06004,
   0x06005, 0x06007, 0x06009, 0x0600d, 0x06010, 0x06100, 0x08000, 0x08002,
   0x08004, 0x08100, 0x16000, 0x16010, 0x18000, 0x18100, 0x28000, 0x28100,
};

/* Bits 63:61 and 46:32. */
static const uint32_t datatype_table[32] = {
   0x08001, 0x08020, 0x08021, 0x08061, 0x080bd, 0x082fd, 0x083a1, 0x083a5,
   0x083bd, 0x08421, 0x08c20, 0x08c21, 0x094a5, 0x09ca4, 0x09ca5, 0x0f3bd,
   0x0f79d, 0x0f7bc, 0x0f7bd, 0x0ffbc, 0x0020c, 0x0803d, 0x080a5, 0x08420,
   0x094a4, 0x09c84, 0x0a509, 0x0dfbd, 0x0ffbd, 0x0bdac, 0x0a528, 0x0ad28,
};

/* Bits 100:96, 68:64 and 52:48. */
static const uint16_t subreg_table[32] = {
   0x0000, 0x0001, 0x0008, 0x000f, 0x0010, 0x0080, 0x0100, 0x0180,
   0x0200, 0x0210, 0x0500, 0x1000, 0x1001, 0x1081, 0x1082, 0x1083,
   0x1084, 0x1087, 0x1088, 0x108e, 0x108f, 0x1180, 0x11e8, 0x2000,
   0x2180, 0x3000, 0x3c87, 0x4000, 0x5000, 0x6000, 0x7000, 0x701c,
};

/* Bits 88:77 (source 0) or 120:109 (source 1). */
static const uint16_t source_table[32] = {
   0x000, 0x002, 0x010, 0x012, 0x018, 0x020, 0x028, 0x048,
   0x050, 0x070, 0x078, 0x300, 0x302, 0x308, 0x310, 0x312,
   0x320, 0x328, 0x338, 0x340, 0x342, 0x348, 0x350, 0x360,
   0x368, 0x370, 0x371, 0x378, 0x468, 0x469, 0x46a, 0x588,
};

static bool
has_immediate(const uint64_t native[2])
{
   return eu_bits(native, 38, 37) == EU_FILE_IMM || eu_bits(native, 43, 42) == EU_FILE_IMM;
}

void
eu_uncompact(uint64_t compacted, uint64_t native[2])
{
   const uint64_t c[2] = {compacted, 0};
   uint32_t control = control_table[eu_bits(c, 12, 8)];
   uint32_t datatype = datatype_table[eu_bits(c, 17, 13)];
   uint32_t subreg = subreg_table[eu_bits(c, 22, 18)];

   native[0] = native[1] = 0;
   eu_set_bits(native, 6, 0, eu_bits(c, 6, 0));
   eu_set_bits(native, 23, 8, control);
   eu_set_bits(native, 27, 24, eu_bits(c, 27, 24));
   eu_set_bits(native, 28, 28, eu_bits(c, 23, 23));
   eu_set_bits(native, 30, 30, eu_bits(c, 7, 7));
   eu_set_bits(native, 31, 31, control >> 16);
   eu_set_bits(native, 90, 89, control >> 17);
   eu_set_bits(native, 46, 32, datatype);
   eu_set_bits(native, 63, 61, datatype >> 15);
   eu_set_bits(native, 52, 48, subreg);
   eu_set_bits(native, 60, 53, eu_bits(c, 47, 40));
   eu_set_bits(native, 68, 64, subreg >> 5);
   eu_set_bits(native, 76, 69, eu_bits(c, 55, 48));
   eu_set_bits(native, 88, 77, source_table[eu_bits(c, 34, 30)]);
   if (has_immediate(native)) {
      /* Thirteen bits, the topmost repeated. */
      uint32_t imm = eu_bits(c, 39, 35) << 8 | eu_bits(c, 63, 56);
      eu_set_bits(native, 127, 96, imm & 0x1000 ? imm | 0xffffe000 : imm);
   } else {
      eu_set_bits(native, 100, 96, subreg >> 10);
      eu_set_bits(native, 108, 101, eu_bits(c, 63, 56));
      eu_set_bits(native, 120, 109, source_table[eu_bits(c, 39, 35)]);
   }
}

static int
find(const uint32_t *table, uint32_t value)
{
   for (int i = 0; i < 32; i++) {
      if (table[i] == value)
         return i;
   }
   return -1;
}

static int
find16(const uint16_t *table, uint32_t mask, uint32_t value)
{
   for (int i = 0; i < 32; i++) {
      if ((table[i] & mask) == value)
         return i;
   }
   return -1;
}

bool
eu_compact(const uint64_t native[2], uint64_t *compacted)
{
   uint32_t subreg = eu_bits(native, 68, 64) << 5 | eu_bits(native, 52, 48);
   bool immediate = has_immediate(native);
   uint32_t subreg_mask = 0x3ff; /* with an immediate there is no source 1 to place */
   if (!immediate) {
      subreg |= eu_bits(native, 100, 96) << 10;
      subreg_mask = 0x7fff;
   }

   uint32_t imm = eu_bits(native, 127, 96);
   int control = find(control_table, eu_bits(native, 90, 89) << 17 |
                                        eu_bits(native, 31, 31) << 16 | eu_bits(native, 23, 8));
   int datatype = find(datatype_table, eu_bits(native, 63, 61) << 15 | eu_bits(native, 46, 32));
   int sub = find16(subreg_table, subreg_mask, subreg);
   int src0 = find16(source_table, 0xfff, eu_bits(native, 88, 77));
   int src1 = immediate ? (int)(imm >> 8 & 0x1f)
                        : find16(source_table, 0xfff, eu_bits(native, 120, 109));
   if (control < 0 || datatype < 0 || sub < 0 || src0 < 0 || src1 < 0)
      return false;

   uint64_t c[2] = {0, 0};
   eu_set_bits(c, 6, 0, eu_bits(native, 6, 0));
   eu_set_bits(c, 7, 7, eu_bits(native, 30, 30));
   eu_set_bits(c, 12, 8, (unsigned)control);
   eu_set_bits(c, 17, 13, (unsigned)datatype);
   eu_set_bits(c, 22, 18, (unsigned)sub);
   eu_set_bits(c, 23, 23, eu_bits(native, 28, 28));
   eu_set_bits(c, 27, 24, eu_bits(native, 27, 24));
   eu_set_bits(c, EU_CMPT_BIT, EU_CMPT_BIT, 1);
   eu_set_bits(c, 34, 30, (unsigned)src0);
   eu_set_bits(c, 39, 35, (unsigned)src1);
   eu_set_bits(c, 47, 40, eu_bits(native, 60, 53));
   eu_set_bits(c, 55, 48, eu_bits(native, 76, 69));
   eu_set_bits(c, 63, 56, immediate ? imm & 0xff : eu_bits(native, 108, 101));

   /* Bits that no field of the compacted form carries must be what expansion gives. */
   uint64_t back[2];
   eu_uncompact(c[0], back);
   if (back[0] != native[0] || back[1] != native[1])
      return false;
   *compacted = c[0];
   return true;
}
