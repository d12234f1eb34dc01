/*
 * SPDX-License-Identifier: MIT
 */

#include "pins.h"

#include <unistd.h>

#include "pin_counters.h"
#include "tap.h"

int64_t
pins_count(void)
{
   struct pin_counters counters;

   REQUIRE_EQUAL(pin_counters_read(&counters), 0);
   return counters.acquired_pages - counters.released_pages;
}

double
pins_wait(int64_t pages, unsigned timeout_ms)
{
   const double start_s = tap_now_s();

   for (;;) {
      const bool reached = pins_count() <= pages;
      const double passed_ms = (tap_now_s() - start_s) * 1000;

      if (reached)
         return passed_ms;
      if (passed_ms > timeout_ms * tap_slower())
         return -1;
      usleep(1000);
   }
}
