/*
 * SPDX-License-Identifier: MIT
 *
 * How the benchmark programs print: one line a case, its name and then the samples.
 */

#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double
now_s(void)
{
   struct timespec now;

   clock_gettime(CLOCK_MONOTONIC, &now);
   return now.tv_sec + now.tv_nsec * 1e-9;
}

/** Prints what run.py reads: "NAME SAMPLE SAMPLE...". */
static inline void
print_samples(const char *name, const double *samples, unsigned count)
{
   printf("%s", name);
   for (unsigned i = 0; i < count; i++)
      printf(" %.9g", samples[i]);
   printf("\n");
   fflush(stdout);
}

/**
 * Says which case comes next, and waits for a line on stdin: meanwhile the host measures its
 * baseline, and the guest does nothing.
 */
static inline void
wait_for_host(const char *name)
{
   printf("ready %s\n", name);
   fflush(stdout);
   for (int letter = getchar(); letter != '\n' && letter != EOF; letter = getchar())
      ;
}

/** Ends the program when a call has not returned 0; result is a negative errno. */
static inline void
must(int result, const char *what)
{
   if (result) {
      fprintf(stderr, "%s: %s\n", what, strerror(-result));
      exit(1);
   }
}

/** Whole pages that are there: no fault of them is measured. Ends the program if there are none. */
static inline void *
touched_pages(size_t size_bytes)
{
   void *memory = aligned_alloc(4096, size_bytes);

   if (!memory) {
      fprintf(stderr, "no memory for %zu bytes\n", size_bytes);
      exit(1);
   }
   memset(memory, 0x5a, size_bytes);
   return memory;
}

#endif
