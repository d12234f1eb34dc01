/*
 * SPDX-License-Identifier: MIT
 *
 * What a program asks meter.c for, the tool of Valgrind that it runs under.
 */

#ifndef METER_H
#define METER_H

#include <stdbool.h>
#include <stdint.h>

#include <valgrind/valgrind.h>

enum meter_request {
   /** All counts are 0 and work counts; the argument is the byte that pixels consist of. */
   METER_START = VG_USERREQ_TOOL_BASE('z', 'c'),
   METER_STOP,
   /**
    * What the calling thread does next is not the program's work, and neither is that of the
    * threads that it makes, ever.
    */
   METER_PAUSE,
   METER_RESUME,
   /* The counts: */
   METER_INSTRUCTIONS,
   METER_PIXEL_BYTES, /**< bytes of pixels in what instructions have stored */
};

/** The tool's answer; 0 without the tool. */
static inline uint64_t
meter(enum meter_request request, uintptr_t argument)
{
   return VALGRIND_DO_CLIENT_REQUEST_EXPR(0, request, argument, 0, 0, 0, 0);
}

/** Whether the program runs under the tool. */
static inline bool
meter_is_there(void)
{
   return RUNNING_ON_VALGRIND;
}

#endif
