/*
 * SPDX-License-Identifier: MIT
 *
 * The host's floating-point unit in the thread's mode: its rounding, and denormals flushed as
 * single precision does on Gen7. So plain C arithmetic, vectorised by the compiler, computes
 * what the EU computes.
 */

#include "eu_priv.h"

#if defined(__SSE2__)

#include <xmmintrin.h>

enum {
   MXCSR_DAZ = 1 << 6,
   MXCSR_MASK_ALL = 0x1f80, /* no exception traps */
   MXCSR_ROUND_SHIFT = 13,
   MXCSR_FTZ = 1 << 15,
};

uint32_t
eu_fp_enter(const struct eu_thread *thread)
{
   /* The EU's nearest, up, down, zero in the host's numbering. */
   static const uint8_t rounding[4] = {0, 2, 1, 3};
   uint32_t host = _mm_getcsr();
   unsigned mode = thread->cr0[0] >> EU_CR0_ROUND_SHIFT & 3;
   _mm_setcsr(MXCSR_MASK_ALL | MXCSR_DAZ | MXCSR_FTZ |
              (uint32_t)rounding[mode] << MXCSR_ROUND_SHIFT);
   return host;
}

void
eu_fp_leave(uint32_t host)
{
   _mm_setcsr(host);
}

void
eu_fp_keep_denormals(void)
{
   _mm_setcsr(_mm_getcsr() & ~(uint32_t)(MXCSR_DAZ | MXCSR_FTZ));
}

void
eu_fp_nearest(void)
{
   _mm_setcsr(MXCSR_MASK_ALL | MXCSR_DAZ | MXCSR_FTZ);
}

#elif defined(__aarch64__)

enum {
   FPCR_FZ = 1 << 24,
   FPCR_ROUND_SHIFT = 22,
};

static uint32_t
get_fpcr(void)
{
   uint64_t value;
   __asm__ volatile("mrs %0, fpcr" : "=r"(value));
   return (uint32_t)value;
}

static void
set_fpcr(uint32_t value)
{
   __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)value) : "memory");
}

uint32_t
eu_fp_enter(const struct eu_thread *thread)
{
   uint32_t host = get_fpcr();
   uint32_t mode = thread->cr0[0] >> EU_CR0_ROUND_SHIFT & 3;
   set_fpcr(FPCR_FZ | mode << FPCR_ROUND_SHIFT);
   return host;
}

void
eu_fp_leave(uint32_t host)
{
   set_fpcr(host);
}

void
eu_fp_keep_denormals(void)
{
   set_fpcr(get_fpcr() & ~(uint32_t)FPCR_FZ);
}

void
eu_fp_nearest(void)
{
   set_fpcr(FPCR_FZ);
}

#else
#error "How does this processor flush denormals and select rounding? Say it in eu_fp.c."
#endif
