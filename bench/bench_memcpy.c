/*
 * SPDX-License-Identifier: MIT
 *
 * bench-memcpy BYTES...: seconds that one thread takes for one memcpy() of so many bytes. It runs
 * on the host, natively: what emulated code would need says nothing about a device model.
 */

#include <stdint.h>

#include "samples.h"

#define SAMPLES 15

/* As much as the blitter moves in one batch of bench-blt. */
#define BYTES_A_SAMPLE (1024u << 20)

int
main(int argc, char **argv)
{
   for (int i = 1; i < argc; i++) {
      const size_t size = strtoull(argv[i], NULL, 0);
      const unsigned repeats = size < BYTES_A_SAMPLE ? BYTES_A_SAMPLE / size : 1;
      uint8_t *from = touched_pages(size), *to = touched_pages(size);
      double samples[SAMPLES];

      for (unsigned j = 0; j < SAMPLES; j++) {
         const double started_s = now_s();
         for (unsigned k = 0; k < repeats; k++) {
            memcpy(to, from, size);
            /* Otherwise the compiler may see that one of them is enough. */
            __asm__ volatile("" : : "r"(to) : "memory");
         }
         samples[j] = (now_s() - started_s) / repeats;
      }
      print_samples(argv[i], samples, SAMPLES);
      free(from);
      free(to);
   }
   return 0;
}
