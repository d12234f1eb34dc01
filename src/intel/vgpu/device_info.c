/*
 * SPDX-License-Identifier: MIT
 */

#include <string.h>

#include "vgpu_priv.h"

/*
 * CXT_SIZE: extended state in bits 15:9, vertex fetch state in bits 5:0, in cache lines. Our
 * image is commands; the largest that can come together is below 10 KiB.
 */
#define CXT_SIZE_CACHELINES(extended, vfstate) ((extended) << 9 | (vfstate))

static const struct vgpu_device_info devices[] = {
   {
      .name = "ivb-gt2",
      .description = "Ivybridge desktop GT2 (Intel HD Graphics 4000)",
      .pci_device_id = 0x0162,
      .pci_revision_id = 0x09,
      .gsm_size_bytes = 2u << 20,
      .aperture_size_bytes = 256u << 20,
      .cxt_size = CXT_SIZE_CACHELINES(120, 40),
   },
};

static const char *const names[] = { "ivb-gt2", NULL };
_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(devices) + 1, "a name for each device");

const char *const *
vgpu_device_names(void)
{
   return names;
}

const struct vgpu_device_info *
vgpu_device_info_find(const char *name)
{
   if (!name)
      return &devices[0];
   for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
      if (!strcmp(devices[i].name, name))
         return &devices[i];
   }
   return NULL;
}
