/*
 * SPDX-License-Identifier: MIT
 */

#include "vgpu_blt.h"

#include <string.h>

#include "vgpu_engine.h"

bool
vgpu_blt_execute(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw, uint32_t swctrl)
{
   (void)dw, (void)swctrl;
   return vgpu_engine_unmodelled(engine, "a blitter command of %u DWords", len_dw);
}

void
vgpu_blt_reset(struct vgpu_engine *engine)
{
   memset(&engine->blt, 0, sizeof(engine->blt));
}
