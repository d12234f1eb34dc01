/*
 * SPDX-License-Identifier: MIT
 *
 * The 256 ternary raster operations on buffers.
 */

#ifndef BLT_ROP_H
#define BLT_ROP_H

#include <stdint.h>

/* The unit that buffers are worked on in; their sizes are rounded up to it. */
typedef uint64_t blt_vec __attribute__((vector_size(16), may_alias));

/**
 * result = the operation's truth table of p, s and d, for every bit of size_bytes bytes.
 *
 * The table is walked as a tree of choices: D chooses between two constants, S between two such
 * results, P between two of those. Operands that the operation does not use need no contents.
 */
static inline void
blt_rop(uint8_t rop, uint8_t *result, const uint8_t *p, const uint8_t *s, const uint8_t *d,
        uint32_t size_bytes)
{
   blt_vec zero[4], toggle[4]; /* by P << 1 | S: the result for D = 0, and what D = 1 changes */

   for (unsigned i = 0; i < 4; i++) {
      const uint64_t for_0 = rop >> (2 * i) & 1 ? ~0ull : 0;
      const uint64_t for_1 = rop >> (2 * i + 1) & 1 ? ~0ull : 0;
      zero[i] = (blt_vec){ for_0, for_0 };
      toggle[i] = (blt_vec){ for_0 ^ for_1, for_0 ^ for_1 };
   }
   for (uint32_t at = 0; at < size_bytes; at += sizeof(blt_vec)) {
      const blt_vec vp = *(const blt_vec *)(p + at);
      const blt_vec vs = *(const blt_vec *)(s + at);
      const blt_vec vd = *(const blt_vec *)(d + at);
      const blt_vec p0s0 = zero[0] ^ (vd & toggle[0]);
      const blt_vec p0s1 = zero[1] ^ (vd & toggle[1]);
      const blt_vec p1s0 = zero[2] ^ (vd & toggle[2]);
      const blt_vec p1s1 = zero[3] ^ (vd & toggle[3]);
      const blt_vec p0 = p0s0 ^ (vs & (p0s0 ^ p0s1));
      const blt_vec p1 = p1s0 ^ (vs & (p1s0 ^ p1s1));
      *(blt_vec *)(result + at) = p0 ^ (vp & (p0 ^ p1));
   }
}

#endif
