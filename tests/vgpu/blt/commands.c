/*
 * SPDX-License-Identifier: MIT
 */

#include "commands.h"

#include <string.h>

#include "mock.h"

enum {
   SETUP = 1 << 0, /* draws with what a setup command has set */
   COLOR_SOURCE = 1 << 1,
   MONO_SOURCE = 1 << 2,
   IMMEDIATE_SOURCE = 1 << 3,
   TEXT = 1 << 4,
   SOLID = 1 << 5, /* a pattern of one colour */
   COLOR_PATTERN = 1 << 6,
   IMMEDIATE_PATTERN = 1 << 7,
   MONO_PATTERN = 1 << 8,
   SOLID_SELECT = 1 << 9, /* BR13 bit 31 */
   KEY = 1 << 10,
   LINEAR = 1 << 11, /* addresses instead of coordinates */
};

const uint8_t drawing_opcodes[] = { 0x24, 0x25, 0x26, 0x31, 0x40, 0x43, 0x50, 0x51, 0x52,
                                    0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x71, 0x72, 0x73,
                                    0x74, 0x75, 0x76, 0x77, 0 };

static const unsigned operands[128] = {
   [0x24] = SETUP | SOLID,
   [0x25] = SETUP | COLOR_PATTERN,
   [0x26] = SETUP | TEXT | MONO_SOURCE,
   [0x31] = SETUP | TEXT | IMMEDIATE_SOURCE,
   [0x40] = LINEAR | SOLID,
   [0x43] = LINEAR | COLOR_SOURCE,
   [0x50] = SOLID,
   [0x51] = COLOR_PATTERN,
   [0x52] = MONO_PATTERN,
   [0x53] = COLOR_SOURCE,
   [0x54] = MONO_SOURCE,
   [0x55] = COLOR_SOURCE | COLOR_PATTERN,
   [0x56] = MONO_SOURCE | COLOR_PATTERN,
   [0x57] = COLOR_SOURCE | MONO_PATTERN | SOLID_SELECT,
   [0x58] = MONO_SOURCE | MONO_PATTERN | SOLID_SELECT,
   [0x71] = IMMEDIATE_SOURCE,
   [0x72] = IMMEDIATE_PATTERN,
   [0x73] = COLOR_SOURCE | KEY,
   [0x74] = COLOR_SOURCE | IMMEDIATE_PATTERN,
   [0x75] = MONO_SOURCE | IMMEDIATE_PATTERN,
   [0x76] = COLOR_PATTERN | KEY,
   [0x77] = IMMEDIATE_PATTERN | KEY,
};

uint32_t
random_u32(struct random *r)
{
   r->state ^= r->state >> 12;
   r->state ^= r->state << 25;
   r->state ^= r->state >> 27;
   return r->state * 0x2545f4914f6cdd1dull >> 32;
}

int
random_range(struct random *r, int low, int high)
{
   return low + (int)(random_u32(r) % (uint32_t)(high - low + 1));
}

bool
random_one_in(struct random *r, int n)
{
   return random_range(r, 1, n) == 1;
}

/* Regions of the mock's memory: surfaces may overlap each other, what else is read may not. */
#define SURFACES (MOCK_BASE + (6u << 20))
#define MONO_SOURCES (MOCK_BASE + (14u << 20))
#define PATTERNS (MOCK_BASE + (15u << 20))

struct surface {
   uint32_t base;
   int pitch; /* as in the command */
   bool tiled;
};

static struct surface
random_surface(struct random *r, unsigned cpp, bool may_tile, bool y_tiled, bool may_be_negative)
{
   struct surface s = { .tiled = may_tile && random_one_in(r, 2) };

   if (s.tiled) {
      s.base = SURFACES + random_range(r, 0, 200) * 4096;
      s.pitch = random_range(r, 1, 8) * (y_tiled ? 128 : 512) / 4;
      return s;
   }
   s.base = SURFACES + (random_one_in(r, 2) ? random_u32(r) % 900000 / cpp * cpp
                                            : random_u32(r) % 200 * 4096);
   s.pitch = random_one_in(r, 4) ? 4096 : random_range(r, 0, 1500) * 4;
   if (may_be_negative && random_one_in(r, 4))
      s.pitch = -s.pitch;
   return s;
}

static int
any_rop(struct random *r, unsigned operand)
{
   static const uint8_t common[] = { 0xcc, 0xf0, 0x00, 0xff, 0x55, 0x5a, 0x66, 0x88, 0xee, 0xca };

   for (;;) {
      const int rop = random_one_in(r, 2) ? common[random_range(r, 0, sizeof(common) - 1)]
                                          : random_range(r, 0, 255);
      const bool source = (rop >> 2 ^ rop) & 0x33, pattern = (rop >> 4 ^ rop) & 0x0f;
      if (source && !(operand & (COLOR_SOURCE | MONO_SOURCE | IMMEDIATE_SOURCE)))
         continue;
      if (pattern &&
          !(operand & (SOLID | COLOR_PATTERN | IMMEDIATE_PATTERN | MONO_PATTERN)))
         continue;
      return rop;
   }
}

static uint32_t
point(int x, int y)
{
   return (uint32_t)(uint16_t)x | (uint32_t)(uint16_t)y << 16;
}

unsigned
random_command(struct random *r, uint8_t opcode, enum shape shape, int rop, uint32_t *dw,
               uint32_t setup[9], uint32_t *swctrl)
{
   static const unsigned cpps[] = { 1, 2, 2, 4 };
   const unsigned operand = operands[opcode];
   const bool linear = operand & LINEAR, from_setup = operand & SETUP;
   const unsigned depth = random_range(r, 0, 3), cpp = cpps[depth];
   const bool clipping = !linear && random_one_in(r, 3);
   unsigned at = 0;

   *swctrl = random_range(r, 0, 3);
   setup[0] = 0;
   if (rop < 0)
      rop = any_rop(r, operand);

   struct surface dst =
      random_surface(r, cpp, !linear, *swctrl & 2, !from_setup);
   struct surface src = random_surface(r, cpp, !linear, *swctrl & 1, true);
   int width = random_range(r, 1, 40), height = random_range(r, 1, 40);
   if (shape == SHAPE_WIDE) {
      width = random_range(r, 1000, 2200);
      height = random_range(r, 1, 3);
   }
   if (shape == SHAPE_LARGE) {
      width = random_range(r, 100, 700);
      height = random_range(r, 30, 90);
   }
   if (operand & IMMEDIATE_SOURCE) { /* what fits the length field */
      width = shape == SHAPE_WIDE ? random_range(r, 1000, 1100) : random_range(r, 1, 40);
      height = shape == SHAPE_WIDE ? 1 : random_range(r, 1, 20);
   }
   int x = random_range(r, 0, 70), y = random_range(r, 0, 70);
   int src_x = random_range(r, 0, 70), src_y = random_range(r, 0, 70);
   if (!dst.tiled && random_one_in(r, 4))
      x -= 40, y -= 40;
   if (!src.tiled && random_one_in(r, 4))
      src_x -= 40, src_y -= 40;
   if (shape == SHAPE_OVERLAP) {
      *swctrl = random_one_in(r, 2) ? 3 : 0;
      src = dst;
      /* Rows that are apart, so that only the rectangles overlap. */
      const bool wide = random_one_in(r, 20); /* several chunks */
      const int pitch = wide ? 16384 : 1024;
      if (wide) {
         width = random_range(r, 1020, 2200);
         height = random_range(r, 1, 4);
      }
      dst.pitch = src.pitch = dst.tiled ? pitch / 4 : pitch;
      x = random_range(r, 0, 60), y = random_range(r, 0, 60);
      src_x = x + random_range(r, -20, 20), src_y = y + random_range(r, -20, 20);
      if (src_x < 0 || random_one_in(r, 6))
         src_x = x;
      if (src_y < 0 || random_one_in(r, 6))
         src_y = y;
   }
   if (from_setup && opcode == 0x24)
      width = height = 1;

   /* BR00 and BR13, with the bits that the operands give a meaning. */
   const bool mono = operand & (MONO_SOURCE | IMMEDIATE_SOURCE);
   const bool patterned = operand & (COLOR_PATTERN | IMMEDIATE_PATTERN | MONO_PATTERN);
   const bool mono_setup = opcode == 0x25 && random_one_in(r, 2);
   const bool solid = (operand & SOLID_SELECT || mono_setup) && random_one_in(r, 4);
   const bool see_through_pattern =
      (operand & MONO_PATTERN || mono_setup) && !solid && random_one_in(r, 2);
   const unsigned start = mono && !(operand & TEXT) ? random_range(r, 0, 7) : 0;
   const bool byte_packed = operand & TEXT && random_one_in(r, 2);
   const uint32_t mask = random_one_in(r, 2) ? 3 : random_range(r, 0, 3);
   uint32_t header = 2u << 29 | (uint32_t)opcode << 22 | mask << 20;
   uint32_t br13 = (uint32_t)(uint16_t)dst.pitch | (uint32_t)rop << 16 | depth << 24;

   if (dst.tiled)
      header |= 1 << 11;
   if (operand & COLOR_SOURCE && src.tiled)
      header |= 1 << 15;
   if (patterned)
      header |= random_range(r, 0, 7) << 12 | random_range(r, 0, 7) << 8;
   if (byte_packed)
      header |= 1 << 16;
   header |= start << 17;
   if (operand & KEY) {
      /* Modes that the operands and the depth have. */
      static const uint8_t modes[] = { 0, 7, 1, 5, 3 };
      const bool alpha = depth >= 2, source = operand & COLOR_SOURCE;
      unsigned mode;
      do
         mode = modes[random_range(r, 0, 4)];
      while ((!source && (mode == 1 || mode == 3)) || (!alpha && (mode == 3 || mode == 5)));
      header |= mode << 17;
   }
   if (clipping)
      br13 |= 1 << 30;
   if (mono && random_one_in(r, 2))
      br13 |= 1 << 29;
   if (see_through_pattern)
      br13 |= 1 << 28;
   if (solid)
      br13 |= 1u << 31;

   const uint32_t top_left = point(x, y), bottom_right = point(x + width, y + height);
   const uint32_t clip_top_left = point(x + random_range(r, -9, 9), y + random_range(r, -9, 9));
   const uint32_t clip_bottom_right =
      point(x + width + random_range(r, -9, 9), y + height + random_range(r, -9, 9));
   const uint32_t pattern_address = PATTERNS + random_range(r, 0, 99) * 64 * cpp;
   const uint32_t mono_address =
      MONO_SOURCES + random_range(r, 0, 99) * 2 + (operand & TEXT ? 1 : 0);

   if (from_setup) {
      setup[0] = 2u << 29 | (mono_setup ? 0x11u : 0x01u) << 22 | mask << 20 |
                 (dst.tiled ? 1 << 11 : 0) | (mono_setup ? 7 : 6);
      setup[1] = br13;
      setup[2] = clip_top_left;
      setup[3] = clip_bottom_right;
      setup[4] = dst.base;
      setup[5] = random_u32(r);
      setup[6] = random_u32(r);
      setup[7] = mono_setup ? random_u32(r) : pattern_address;
      setup[8] = random_u32(r);
      if (random_one_in(r, 2))
         header &= ~(3u << 20);
      dw[at++] = header;
      dw[at++] = top_left;
      if (opcode != 0x24)
         dw[at++] = bottom_right;
      if (opcode == 0x26)
         dw[at++] = mono_address;
   } else if (linear) {
      const bool backward = opcode == 0x43 && random_one_in(r, 2);
      const uint32_t back = backward ? width * cpp - 1 : 0;
      dw[at++] = header;
      dw[at++] = (br13 & ~(1u << 29)) | (backward ? 1 << 30 : 0);
      dw[at++] = (uint32_t)(width * cpp) | (uint32_t)height << 16;
      dw[at++] = dst.base + back;
      if (opcode == 0x43) {
         dw[at++] = (uint16_t)src.pitch;
         dw[at++] = src.base + (shape == SHAPE_OVERLAP ? random_range(r, -9, 9) * 4 : 0) + back;
      } else {
         dw[at++] = random_u32(r);
      }
   } else {
      if (clipping) {
         setup[0] = 2u << 29 | 0x03 << 22 | 1;
         setup[1] = clip_top_left;
         setup[2] = clip_bottom_right;
      }
      dw[at++] = header;
      dw[at++] = br13;
      dw[at++] = top_left;
      dw[at++] = bottom_right;
      dw[at++] = dst.base;
      if (operand & COLOR_SOURCE) {
         dw[at++] = point(src_x, src_y);
         dw[at++] = (uint16_t)src.pitch;
         dw[at++] = src.base;
      }
      if (operand & MONO_SOURCE)
         dw[at++] = mono_address;
      if (mono) {
         dw[at++] = random_u32(r);
         dw[at++] = random_u32(r);
      }
      if (operand & KEY && operand & COLOR_PATTERN)
         dw[at++] = pattern_address;
      if (operand & KEY) {
         /* Wide enough to let some pixels in. */
         dw[at++] = random_u32(r) & 0x3f3f3f3f;
         dw[at++] = random_u32(r) | 0xc0c0c0c0;
      }
      if (operand & COLOR_PATTERN && !(operand & KEY))
         dw[at++] = pattern_address;
      if (operand & SOLID)
         dw[at++] = random_u32(r);
      if (operand & MONO_PATTERN) {
         dw[at++] = random_u32(r);
         dw[at++] = random_u32(r);
         dw[at++] = random_one_in(r, 4) ? ~0u : random_u32(r);
         dw[at++] = random_one_in(r, 4) ? ~0u : random_u32(r);
      }
   }

   unsigned data_bytes = 0;
   if (operand & IMMEDIATE_SOURCE) {
      const unsigned align = operand & TEXT ? byte_packed ? 8 : 1 : 16;
      const unsigned row_bits = (start + width + align - 1) / align * align;
      data_bytes = (start + row_bits * (height - 1) + width + 7) / 8;
   }
   if (operand & IMMEDIATE_PATTERN)
      data_bytes = 64 * cpp;
   for (unsigned i = 0; i < (data_bytes + 7) / 8 * 2; i++)
      dw[at++] = random_u32(r);
   dw[0] |= at - 2;
   return at;
}
