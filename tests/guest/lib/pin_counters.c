/*
 * SPDX-License-Identifier: MIT
 */

#include "pin_counters.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
pin_counters_read(struct pin_counters *counters)
{
   /* The counters are per CPU and arrive in /proc/vmstat late, unless one asks. */
   const int refresh = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

   if (refresh < 0)
      return -errno;
   const int error = write(refresh, "1", 1) == 1 ? 0 : -errno;
   close(refresh);
   if (error)
      return error;

   FILE *file = fopen("/proc/vmstat", "re");
   int64_t value;
   char name[64];

   if (!file)
      return -errno;
   *counters = (struct pin_counters){ .acquired_pages = -1, .released_pages = -1 };
   while (fscanf(file, "%63s %" SCNd64, name, &value) == 2) {
      if (!strcmp(name, "nr_foll_pin_acquired"))
         counters->acquired_pages = value;
      else if (!strcmp(name, "nr_foll_pin_released"))
         counters->released_pages = value;
   }
   fclose(file);
   return counters->acquired_pages < 0 || counters->released_pages < 0 ? -ENODATA : 0;
}
