/*
 * SPDX-License-Identifier: MIT
 *
 * Bit fields of a 128-bit instruction, numbered as the PRM numbers them.
 */

#ifndef EU_BITS_H
#define EU_BITS_H

#include <stdint.h>

/* Bits high:low; a field does not cross bit 64. */
static inline uint32_t
eu_bits(const uint64_t inst[2], unsigned high, unsigned low)
{
   uint64_t mask = (UINT64_C(2) << (high - low)) - 1;
   return (uint32_t)((inst[low / 64] >> (low % 64)) & mask);
}

static inline void
eu_set_bits(uint64_t inst[2], unsigned high, unsigned low, uint64_t value)
{
   uint64_t mask = (UINT64_C(2) << (high - low)) - 1;
   uint64_t *word = &inst[low / 64];
   *word = (*word & ~(mask << (low % 64))) | (value & mask) << (low % 64);
}

/* CmptCtrl: the instruction is compacted. At the same place in both forms. */
#define EU_CMPT_BIT 29

#endif
