/*
 * SPDX-License-Identifier: MIT
 */

#include "pins.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

int64_t
pins_count(void)
{
   /* The counters are per CPU and arrive in /proc/vmstat late, unless one asks. */
   const int refresh = open("/proc/sys/vm/stat_refresh", O_WRONLY);

   REQUIRE(refresh >= 0);
   REQUIRE_EQUAL(write(refresh, "1", 1), 1);
   close(refresh);

   FILE *file = fopen("/proc/vmstat", "re");
   int64_t acquired = -1, released = -1, value;
   char name[64];

   REQUIRE(file != NULL);
   while (fscanf(file, "%63s %" SCNd64, name, &value) == 2) {
      if (!strcmp(name, "nr_foll_pin_acquired"))
         acquired = value;
      else if (!strcmp(name, "nr_foll_pin_released"))
         released = value;
   }
   fclose(file);
   REQUIRE(acquired >= 0 && released >= 0);
   return acquired - released;
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
