/*
 * SPDX-License-Identifier: MIT
 *
 * Packing for processors with AVX2.
 */

#if defined(__x86_64__)

#include "format.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#include "format_unorm8.h"

void
vgpu_format_pack_unorm8_avx2(const struct vgpu_format *format, const uint8_t *const rgba[4],
                             unsigned count, uint32_t texels[16])
{
   pack_unorm8_lanes(format, rgba, count, texels);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
