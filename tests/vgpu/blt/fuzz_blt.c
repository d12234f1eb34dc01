/*
 * SPDX-License-Identifier: MIT
 *
 * Commands of the blitter as a guest without manners writes them. The input is BCS_SWCTRL and then
 * DWords: commands as long as their headers say. What is found is what a sanitizer finds, a second
 * fault of one command, or a command that does not end.
 */

#include <string.h>

#include "mock.h"
#include "vgpu_blt.h"

#define OPCODE(header) ((header) >> 22 & 0x7f)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Keeps the rectangle of a command small, so that time goes to how and not to how much. */
static void
limit_area(uint32_t *dw, unsigned len_dw)
{
   const unsigned opcode = OPCODE(dw[0]);
   const unsigned first = opcode < 0x40 ? 1 : 2;

   if (opcode == 0x40 || opcode == 0x43) {
      if (len_dw > 2)
         dw[2] &= dw[2] & 0xf000 ? 0x0003ffff : 0x007fffff;
   } else if (len_dw > first + 1) {
      const int x1 = (int16_t)dw[first], x2 = (int16_t)dw[first + 1];
      const int y1 = (int16_t)(dw[first] >> 16), y2 = (int16_t)(dw[first + 1] >> 16);
      const int max_rows = x2 - x1 > 1024 ? 3 : 80;
      if (y2 - y1 > max_rows)
         dw[first + 1] =
            (dw[first + 1] & 0xffff) | (uint32_t)(uint16_t)(y1 + max_rows) << 16;
   }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
   static struct mock *mock;
   uint32_t swctrl, dw[257];

   if (size < sizeof(swctrl))
      return 0;
   if (!mock) {
      mock = mock_create();
      mock->wrap = true; /* most addresses are some memory */
   }
   memcpy(&swctrl, data, sizeof(swctrl));
   data += sizeof(swctrl);
   size -= sizeof(swctrl);
   vgpu_blt_reset(&mock->engine);

   while (size >= 4) {
      memcpy(dw, data, 4);
      unsigned len_dw = (dw[0] & 0xff) + 2;
      if (len_dw > size / 4)
         break;
      memcpy(dw, data, len_dw * 4);
      data += len_dw * 4;
      size -= len_dw * 4;

      dw[0] = (dw[0] & 0x1fffffff) | 2u << 29;
      limit_area(dw, len_dw);
      mock_clear(mock);
      const bool done = vgpu_blt_execute(&mock->engine, dw, len_dw, swctrl);
      if (done != (mock->fault == MOCK_NO_FAULT))
         __builtin_trap();
   }
   return 0;
}
