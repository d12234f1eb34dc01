/*
 * SPDX-License-Identifier: MIT
 */

#include "vgpu_blt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tiling.h"
#include "vgpu_engine.h"
#include "vgpu_mem.h"

#define OPCODE(header) ((header) >> 22 & 0x7f)
#define XY_COLOR_BLT 0x50
#define XY_SRC_COPY_BLT 0x53

struct surface {
   uint32_t base;
   int32_t pitch_bytes;
   enum vgpu_tiling tiling;
};

/** Moves a row of bytes between a surface and a buffer, run by run. */
static bool
move_row(struct vgpu_engine *engine, const struct surface *s, int32_t x_bytes, int32_t y,
         uint8_t *buffer, uint32_t size_bytes, bool write)
{
   while (size_bytes) {
      uint64_t address;
      uint32_t run;

      if (s->tiling == VGPU_TILING_LINEAR) {
         address = (uint32_t)(s->base + y * s->pitch_bytes + x_bytes);
         run = VGPU_PAGE_SIZE_BYTES - (address & VGPU_PAGE_MASK);
      } else {
         if (x_bytes < 0 || y < 0)
            return vgpu_engine_fault(engine, "negative coordinates on a tiled surface");
         const uint32_t span = vgpu_tiling_span_bytes(s->tiling);
         address = s->base + vgpu_tiled_offset(s->tiling, s->pitch_bytes, x_bytes, y);
         run = span - x_bytes % span;
      }
      if (run > size_bytes)
         run = size_bytes;
      uint8_t *host = vgpu_engine_map(engine, engine->as, address, write);
      if (!host)
         return false;
      memcpy(write ? host : buffer, write ? buffer : host, run);
      buffer += run;
      x_bytes += run;
      size_bytes -= run;
   }
   return true;
}

static enum vgpu_tiling
tiling(bool tiled, bool y)
{
   return !tiled ? VGPU_TILING_LINEAR : y ? VGPU_TILING_Y : VGPU_TILING_X;
}

static bool
rectangle(struct vgpu_engine *engine, const uint32_t *dw, uint32_t swctrl)
{
   static const uint8_t cpp_of[] = { 1, 2, 2, 4 };
   const bool copy = OPCODE(dw[0]) == XY_SRC_COPY_BLT;
   const uint32_t cpp = cpp_of[dw[1] >> 24 & 3], rop = dw[1] >> 16 & 0xff;
   const int32_t x1 = (int16_t)dw[2], y1 = (int16_t)(dw[2] >> 16);
   const int32_t x2 = (int16_t)dw[3], y2 = (int16_t)(dw[3] >> 16);
   struct surface dst = {
      .base = dw[4], .pitch_bytes = (int16_t)dw[1],
      .tiling = tiling(dw[0] & 1 << 11, swctrl & BCS_SWCTRL_TILE_Y_DESTINATION),
   };
   struct surface src = { 0 };
   int32_t src_x = 0, src_y = 0;

   if (dst.tiling != VGPU_TILING_LINEAR)
      dst.pitch_bytes *= 4;
   if (copy) {
      src = (struct surface){
         .base = dw[7], .pitch_bytes = (int16_t)dw[6],
         .tiling = tiling(dw[0] & 1 << 15, swctrl & BCS_SWCTRL_TILE_Y_SOURCE),
      };
      if (src.tiling != VGPU_TILING_LINEAR)
         src.pitch_bytes *= 4;
      src_x = (int16_t)dw[5], src_y = (int16_t)(dw[5] >> 16);
   }
   if (rop != (copy ? 0xcc : 0xf0))
      return vgpu_engine_unmodelled(engine, "raster operation 0x%02x", rop);
   if (dw[1] & 1 << 30)
      return vgpu_engine_unmodelled(engine, "clipping");
   if (cpp == 4 && (dw[0] >> 20 & 3) != 3)
      return vgpu_engine_unmodelled(engine, "byte mask %u", dw[0] >> 20 & 3);
   if (x1 >= x2 || y1 >= y2)
      return true;

   const uint32_t row_bytes = (x2 - x1) * cpp, rows = y2 - y1;
   uint8_t *row = malloc(row_bytes);
   if (!row)
      return vgpu_engine_fault(engine, "no host memory for a row of %u bytes", row_bytes);
   for (uint32_t x = 0; !copy && x < row_bytes; x += cpp)
      memcpy(row + x, &dw[5], cpp);

   bool ok = true;
   const bool up = copy && src.base == dst.base && src_y < y1;
   for (uint32_t i = 0; i < rows && ok; i++) {
      const int32_t y = up ? rows - 1 - i : i;
      if (copy)
         ok = move_row(engine, &src, src_x * (int32_t)cpp, src_y + y, row, row_bytes, false);
      ok = ok && move_row(engine, &dst, x1 * (int32_t)cpp, y1 + y, row, row_bytes, true) &&
           !vgpu_engine_interrupted(engine);
   }
   free(row);
   return ok;
}

bool
vgpu_blt_execute(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw, uint32_t swctrl)
{
   switch (OPCODE(dw[0])) {
   case XY_COLOR_BLT:
      if (len_dw != 6)
         return vgpu_engine_fault(engine, "length of %u DWords", len_dw);
      return rectangle(engine, dw, swctrl);
   case XY_SRC_COPY_BLT:
      if (len_dw != 8)
         return vgpu_engine_fault(engine, "length of %u DWords", len_dw);
      return rectangle(engine, dw, swctrl);
   default:
      return vgpu_engine_unmodelled(engine, "blitter opcode 0x%02x", OPCODE(dw[0]));
   }
}

void
vgpu_blt_reset(struct vgpu_engine *engine)
{
   memset(&engine->blt, 0, sizeof(engine->blt));
}
