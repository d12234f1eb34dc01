/*
 * SPDX-License-Identifier: MIT
 *
 * eu_fast.c for processors with AVX2. Without FMA, which would round once where the EU rounds
 * twice.
 */

#if defined(__x86_64__)

#include "eu_priv.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#define eu_fast_select eu_fast_select_avx2
#include "eu_fast.c"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
