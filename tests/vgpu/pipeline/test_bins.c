/*
 * SPDX-License-Identifier: MIT
 *
 * Tiles of the screen: each has the primitives whose boxes it meets, in their order.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bins.h"

#define MOST_BOXES 200u

static const int *
box_of(const void *boxes, unsigned i)
{
   return ((const int(*)[4])boxes)[i];
}

static int
random_below(uint32_t *seed, uint32_t n)
{
   *seed = *seed * 1664525 + 1013904223;
   return (int)((uint64_t)*seed * n >> 32);
}

static bool
meet(const int a[4], const int b[4])
{
   return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

static void
tiles_have_what_they_meet(void **state)
{
   struct vgpu_bins bins = { 0 };
   int boxes[MOST_BOXES][4];
   uint32_t seed = 1;

   (void)state;
   for (unsigned round = 0; round < 300; round++) {
      const unsigned count = (unsigned)random_below(&seed, MOST_BOXES + 1);
      const int size = 1 << random_below(&seed, 12);
      uint64_t area = 0, covered = 0;
      for (unsigned i = 0; i < count; i++) {
         boxes[i][0] = random_below(&seed, 3000);
         boxes[i][1] = random_below(&seed, 3000);
         boxes[i][2] = boxes[i][0] + 1 + random_below(&seed, (uint32_t)size);
         boxes[i][3] = boxes[i][1] + 1 + random_below(&seed, (uint32_t)size);
         area += (uint64_t)(boxes[i][2] - boxes[i][0]) * (uint64_t)(boxes[i][3] - boxes[i][1]);
      }
      assert_true(vgpu_bins_sort(&bins, box_of, boxes, count));
      for (unsigned tile = 0; tile < bins.count; tile++) {
         uint32_t entry = bins.starts[tile];
         int box[4];
         vgpu_bins_box(&bins, tile, box);
         assert_int_equal(box[0] % VGPU_BIN_WIDTH, 0);
         assert_int_equal(box[1] % VGPU_BIN_HEIGHT, 0);
         for (unsigned i = 0; i < count; i++) {
            if (!meet(boxes[i], box))
               continue;
            assert_true(entry < bins.starts[tile + 1]);
            assert_int_equal(bins.entries[entry++], i);
            const int x0 = boxes[i][0] > box[0] ? boxes[i][0] : box[0];
            const int y0 = boxes[i][1] > box[1] ? boxes[i][1] : box[1];
            const int x1 = boxes[i][2] < box[2] ? boxes[i][2] : box[2];
            const int y1 = boxes[i][3] < box[3] ? boxes[i][3] : box[3];
            covered += (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0);
         }
         assert_int_equal(entry, bins.starts[tile + 1]);
      }
      /* Nothing of a box is outside of all tiles, or in two. */
      assert_int_equal(covered, area);
   }
   vgpu_bins_fini(&bins);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(tiles_have_what_they_meet),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
