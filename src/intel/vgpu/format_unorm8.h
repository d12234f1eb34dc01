/*
 * SPDX-License-Identifier: MIT
 *
 * vgpu_format_pack_unorm8(), included by each file that has a version of it; they differ in what
 * the compiler may use of the processor.
 */

#include <string.h>

#include "format.h"

static inline void
pack_unorm8_lanes(const struct vgpu_format *format, const uint8_t *const rgba[4],
                  unsigned count, uint32_t texels[16])
{
   typedef float vec_f __attribute__((vector_size(16)));
   typedef int32_t vec_i __attribute__((vector_size(16)));
   typedef double vec_d __attribute__((vector_size(32)));
   typedef int64_t vec_l __attribute__((vector_size(32)));
   const vec_f one = { 1, 1, 1, 1 };

   for (unsigned i = 0; i < count; i += 4) {
      vec_i whole = { 0 };
      for (unsigned c = 0; c < format->num_channels; c++) {
         vec_f v;
         memcpy(&v, rgba[format->channels[c].component] + 4 * i, sizeof(v));
         v = (vec_f)((vec_i)v & (v > 0.0f)); /* a NaN is 0 */
         v = (vec_f)(((vec_i)v & (v < one)) | ((vec_i)one & ~(v < one)));
         /* Adding 2^52 and a half of it leaves no bits for a fraction: it rounds to even. */
         const vec_d rounded = __builtin_convertvector(v, vec_d) * 255 + 0x1.8p52;
         whole |= (__builtin_convertvector((vec_l)rounded, vec_i) & 0xff)
                  << format->channels[c].start;
      }
      memcpy(&texels[i], &whole, sizeof(whole));
   }
}
