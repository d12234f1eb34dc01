/*
 * SPDX-License-Identifier: MIT
 */

#include "bins.h"

#include <stdlib.h>
#include <string.h>

/* Columns and rows of tiles, first and beyond the last. */
static void
tiles_of(const int box[4], int tiles[4])
{
   tiles[0] = box[0] / VGPU_BIN_WIDTH;
   tiles[1] = box[1] / VGPU_BIN_HEIGHT;
   tiles[2] = (box[2] - 1) / VGPU_BIN_WIDTH + 1;
   tiles[3] = (box[3] - 1) / VGPU_BIN_HEIGHT + 1;
}

static bool
make_room(uint32_t **array, size_t *max, size_t wanted)
{
   if (wanted <= *max)
      return true;
   uint32_t *grown = realloc(*array, wanted * sizeof(*grown));
   if (!grown)
      return false;
   *array = grown;
   *max = wanted;
   return true;
}

bool
vgpu_bins_sort(struct vgpu_bins *bins, const int *(*box)(const void *boxes, unsigned i),
               const void *boxes, unsigned count)
{
   int all[4], tiles[4];

   bins->count = 0;
   if (!count)
      return true;
   tiles_of(box(boxes, 0), all);
   for (unsigned i = 1; i < count; i++) {
      tiles_of(box(boxes, i), tiles);
      for (unsigned k = 0; k < 2; k++) {
         all[k] = tiles[k] < all[k] ? tiles[k] : all[k];
         all[2 + k] = tiles[2 + k] > all[2 + k] ? tiles[2 + k] : all[2 + k];
      }
   }
   bins->first[0] = all[0];
   bins->first[1] = all[1];
   bins->across = (unsigned)(all[2] - all[0]);
   const unsigned num_tiles = bins->across * (unsigned)(all[3] - all[1]);
   if (!make_room(&bins->starts, &bins->max_starts, (size_t)num_tiles + 2))
      return false;

   /* How many each has, two places on; then where each begins, one place on; then they move up. */
   memset(bins->starts, 0, ((size_t)num_tiles + 2) * sizeof(bins->starts[0]));
   for (unsigned pass = 0; pass < 2; pass++) {
      for (unsigned i = 0; i < count; i++) {
         tiles_of(box(boxes, i), tiles);
         for (int y = tiles[1] - all[1]; y < tiles[3] - all[1]; y++) {
            for (int x = tiles[0] - all[0]; x < tiles[2] - all[0]; x++) {
               const unsigned tile = (unsigned)y * bins->across + (unsigned)x;
               if (pass == 0)
                  bins->starts[tile + 2]++;
               else
                  bins->entries[bins->starts[tile + 1]++] = i;
            }
         }
      }
      if (pass == 1)
         break;
      for (unsigned tile = 0; tile < num_tiles; tile++)
         bins->starts[tile + 2] += bins->starts[tile + 1];
      if (!make_room(&bins->entries, &bins->max_entries, bins->starts[num_tiles + 1]))
         return false;
   }
   bins->count = num_tiles;
   return true;
}

void
vgpu_bins_box(const struct vgpu_bins *bins, unsigned tile, int box[4])
{
   box[0] = (bins->first[0] + (int)(tile % bins->across)) * VGPU_BIN_WIDTH;
   box[1] = (bins->first[1] + (int)(tile / bins->across)) * VGPU_BIN_HEIGHT;
   box[2] = box[0] + VGPU_BIN_WIDTH;
   box[3] = box[1] + VGPU_BIN_HEIGHT;
}

void
vgpu_bins_fini(struct vgpu_bins *bins)
{
   free(bins->starts);
   free(bins->entries);
}
