/*
 * SPDX-License-Identifier: MIT
 *
 * The blitter against the golden model: thousands of random commands, whose every byte of memory
 * has to agree, and what faults by name.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commands.h"
#include "gfx7_instructions.h"
#include "golden.h"
#include "mock.h"
#include "pool.h"
#include "tiling.h"
#include "vgpu_blt.h"

struct pair {
   struct mock *mock;
   struct golden *golden;
   struct random random;
};

static void
fill_memory(struct pair *p)
{
   for (uint32_t i = 0; i < MOCK_SIZE_BYTES; i += 4) {
      const uint32_t value = random_u32(&p->random);
      memcpy(&p->golden->memory[i], &value, 4);
   }
   for (uint32_t i = 0; i < MOCK_PAGES; i++)
      memcpy(p->mock->pages[i], &p->golden->memory[i * 4096], 4096);
}

static int
setup(void **state)
{
   struct pair *p = calloc(1, sizeof(*p));

   assert_non_null(p);
   p->mock = mock_create();
   p->golden = calloc(1, sizeof(*p->golden));
   assert_non_null(p->golden);
   p->random.state = 0x1234567;
   fill_memory(p);
   *state = p;
   return 0;
}

/** The same with threads that share the work, as the device has them. */
static int
setup_bands(void **state)
{
   struct pair *p;

   setup(state);
   p = *state;
   p->mock->engine.pool = vgpu_pool_create(3);
   assert_non_null(p->mock->engine.pool);
   return 0;
}

static int
teardown(void **state)
{
   struct pair *p = *state;

   vgpu_pool_destroy(p->mock->engine.pool);
   mock_destroy(p->mock);
   free(p->golden);
   free(p);
   return 0;
}

static void
print_command(const char *what, const uint32_t *dw, unsigned len_dw)
{
   char text[2000];
   const struct gfx7_instruction *in = gfx7_instruction_find(dw[0], GFX7_ENGINE_BLITTER);

   assert_non_null(in);
   gfx7_instruction_print(text, sizeof(text), in, dw, len_dw);
   print_message("%s %s\n", what, text);
}

/** Compares every page that either model may have written. */
static bool
memory_agrees(struct pair *p)
{
   for (uint32_t i = 0; i < MOCK_PAGES; i++) {
      const uint8_t *golden = &p->golden->memory[i * 4096];
      if (!p->mock->written[i] && p->golden->page_written_by[i] != p->golden->blit)
         continue;
      for (unsigned at = 0; memcmp(p->mock->pages[i], golden, 4096) && at < 4096; at++) {
         if (p->mock->pages[i][at] != golden[at]) {
            print_message("at 0x%08x: 0x%02x instead of 0x%02x\n", MOCK_BASE + i * 4096 + at,
                          p->mock->pages[i][at], golden[at]);
            return false;
         }
      }
   }
   return true;
}

static bool
nothing_written(const struct mock *mock)
{
   for (uint32_t i = 0; i < MOCK_PAGES; i++) {
      if (mock->written[i])
         return false;
   }
   return true;
}

static void
undo_golden(struct pair *p)
{
   for (uint32_t i = 0; i < MOCK_PAGES; i++) {
      if (p->golden->page_written_by[i] == p->golden->blit)
         memcpy(&p->golden->memory[i * 4096], p->mock->pages[i], 4096);
   }
}

/** \return false if the model has, rightly, not executed the command */
static bool
run_both(struct pair *p, const uint32_t *dw, unsigned len_dw, const uint32_t *setup_dw,
         uint32_t swctrl)
{
   mock_clear(p->mock);
   if (setup_dw[0]) {
      const unsigned setup_len = (setup_dw[0] & 0xff) + 2;
      assert_true(vgpu_blt_execute(&p->mock->engine, setup_dw, setup_len, swctrl));
      golden_execute(p->golden, setup_dw, setup_len, swctrl);
   }
   const bool done = vgpu_blt_execute(&p->mock->engine, dw, len_dw, swctrl);
   golden_execute(p->golden, dw, len_dw, swctrl);

   if (!done) {
      /* Source and destination overlapped without an order; nothing may be written then. */
      const bool tiled = dw[0] & (1 << 11 | 1 << 15);
      if (p->mock->fault != MOCK_UNMODELLED ||
          !strstr(p->mock->text, tiled ? "overlap of a tiled surface" : "has written before")) {
         print_command("setup", setup_dw[0] ? setup_dw : dw, len_dw);
         print_command("command", dw, len_dw);
         fail_msg("fault: %s", p->mock->text);
      }
      assert_true(nothing_written(p->mock));
      /* Rectangles decide, and for tiled surfaces pages; the golden model knows every byte. */
      if (!tiled && !p->golden->skipped)
         assert_true(p->golden->read_back);
      undo_golden(p);
      return false;
   }
   assert_int_equal(p->mock->fault, MOCK_NO_FAULT);
   if (p->golden->read_back || !memory_agrees(p)) {
      if (setup_dw[0])
         print_command("setup", setup_dw, (setup_dw[0] & 0xff) + 2);
      print_command("command", dw, len_dw);
      fail_msg("%s, BCS_SWCTRL %u",
               p->golden->read_back ? "the source was read back after it was written"
                                    : "memory differs", swctrl);
   }
   return true;
}

static unsigned
run_random(struct pair *p, uint8_t opcode, enum shape shape, int rop, unsigned times)
{
   uint32_t dw[COMMAND_MAX_DW], setup_dw[9], swctrl;
   unsigned done = 0;

   for (unsigned i = 0; i < times; i++) {
      const unsigned len_dw =
         random_command(&p->random, opcode, shape, rop, dw, setup_dw, &swctrl);
      assert_in_range(len_dw, 2, COMMAND_MAX_DW);
      done += run_both(p, dw, len_dw, setup_dw, swctrl);
   }
   return done;
}

static void
every_command_small(void **state)
{
   for (unsigned i = 0; drawing_opcodes[i]; i++)
      assert_in_range(run_random(*state, drawing_opcodes[i], SHAPE_SMALL, -1, 600), 300, 600);
}

static void
every_command_wide(void **state)
{
   for (unsigned i = 0; drawing_opcodes[i]; i++)
      assert_in_range(run_random(*state, drawing_opcodes[i], SHAPE_WIDE, -1, 150), 50, 150);
}

static void
every_command_large(void **state)
{
   for (unsigned i = 0; drawing_opcodes[i]; i++)
      assert_in_range(run_random(*state, drawing_opcodes[i], SHAPE_LARGE, -1, 30), 5, 30);
}

/** The ways that plain copies and fills have of their own, for every tiling of either side. */
static void
plain_copies_and_fills(void **state)
{
   run_random(*state, 0x53, SHAPE_SMALL, 0xcc, 3000);
   run_random(*state, 0x53, SHAPE_LARGE, 0xcc, 1000);
   run_random(*state, 0x50, SHAPE_SMALL, 0xf0, 500);
   run_random(*state, 0x50, SHAPE_LARGE, 0xf0, 100);
}

static void
every_raster_operation(void **state)
{
   for (int rop = 0; rop < 256; rop++) {
      run_random(*state, 0x55, SHAPE_SMALL, rop, 6);
      run_random(*state, 0x58, SHAPE_SMALL, rop, 6);
   }
}

/** In one surface, from wherever to wherever: the order is such that nothing is lost. */
static void
overlap_in_one_surface(void **state)
{
   static const uint8_t opcodes[] = { 0x53, 0x55, 0x57, 0x73, 0x74 };

   for (unsigned i = 0; i < sizeof(opcodes); i++)
      assert_int_equal(run_random(*state, opcodes[i], SHAPE_OVERLAP, -1, 400), 400);
   assert_int_equal(run_random(*state, 0x53, SHAPE_OVERLAP, 0xcc, 5000), 5000);
}

/** With addresses the program gives the order; if it is wrong, the result is unknown. */
static void
overlap_with_addresses(void **state)
{
   const unsigned done = run_random(*state, 0x43, SHAPE_OVERLAP, -1, 1000);

   assert_in_range(done, 300, 950);
}

/** Overlap is copied as memmove() does, however far apart. */
static void
overlap_is_a_move(void **state)
{
   struct pair *p = *state;
   const uint32_t base = MOCK_BASE + (6u << 20) + 24, none[1] = { 0 };
   static uint8_t before[64 * 1024];

   for (int dx = -6; dx <= 6; dx++) {
      for (int dy = -3; dy <= 3; dy++) {
         const int w = 300, h = 9, x = 10, y = 5;
         const uint32_t dw[] = {
            2u << 29 | 0x53 << 22 | 3 << 20 | 6, 3 << 24 | 0xcc << 16 | 2048,
            (uint32_t)((y + dy) << 16 | (x + dx)),
            (uint32_t)((y + dy + h) << 16 | (x + dx + w)), base, (uint32_t)(y << 16 | x), 2048,
            base,
         };
         for (unsigned i = 0; i < sizeof(before); i++)
            before[i] = *mock_byte(p->mock, base + i);
         assert_true(run_both(p, dw, 8, none, 0));
         for (int row = 0; row < h; row++) {
            const uint32_t to = base + (y + dy + row) * 2048 + (x + dx) * 4;
            for (int i = 0; i < w * 4; i++)
               assert_int_equal(*mock_byte(p->mock, to + i),
                                before[(y + row) * 2048 + x * 4 + i]);
         }
      }
   }
}

static void
setup_state_is_kept(void **state)
{
   struct pair *p = *state;
   const uint32_t dst = MOCK_BASE + (6u << 20), none[1] = { 0 };
   const uint32_t setup_dw[] = { 2u << 29 | 0x01 << 22 | 3 << 20 | 6,
                                 1 << 30 | 3 << 24 | 0xf0 << 16 | 64,
                                 0,
                                 8 << 16 | 8,
                                 dst,
                                 0x11223344,
                                 0x55667788,
                                 0 };
   const uint32_t pixel[] = { 2u << 29 | 0x24 << 22, 2 << 16 | 3 };
   const uint32_t clip[] = { 2u << 29 | 0x03 << 22 | 1, 3 << 16 | 3, 8 << 16 | 8 };

   vgpu_blt_reset(&p->mock->engine);
   mock_clear(p->mock);
   assert_false(vgpu_blt_execute(&p->mock->engine, pixel, 2, 0));
   assert_int_equal(p->mock->fault, MOCK_FAULT);

   assert_true(run_both(p, setup_dw, 8, none, 0));
   assert_true(run_both(p, pixel, 2, none, 0));
   assert_memory_equal(mock_byte(p->mock, dst + 2 * 64 + 3 * 4), "\x44\x33\x22\x11", 4);

   /* Outside the new clip rectangle now. */
   memset(mock_byte(p->mock, dst + 2 * 64 + 3 * 4), 0, 4);
   memset(&p->golden->memory[dst + 2 * 64 + 3 * 4 - MOCK_BASE], 0, 4);
   assert_true(run_both(p, clip, 3, none, 0));
   assert_true(run_both(p, pixel, 2, none, 0));
   assert_memory_equal(mock_byte(p->mock, dst + 2 * 64 + 3 * 4), "\0\0\0\0", 4);

   vgpu_blt_reset(&p->mock->engine);
   mock_clear(p->mock);
   assert_false(vgpu_blt_execute(&p->mock->engine, pixel, 2, 0));
   assert_int_equal(p->mock->fault, MOCK_FAULT);
}

#define DST (MOCK_BASE + (4u << 20))
#define SRC (MOCK_BASE + (8u << 20))
#define XY_COLOR(control) (2u << 29 | 0x50 << 22 | 3 << 20 | (control) | 4)
#define XY_SRC_COPY(control) (2u << 29 | 0x53 << 22 | 3 << 20 | (control) | 6)

static void
faults_have_names(void **state)
{
   static const struct {
      uint32_t dw[10];
      unsigned len_dw;
      enum mock_fault fault;
      const char *text;
   } cases[] = {
      { { 2u << 29 | 0x7f << 22 }, 2, MOCK_FAULT, "no blitter command has the opcode 0x7f" },
      { { 2u << 29 | 0x00 << 22 }, 2, MOCK_FAULT, "opcode 0x00" },
      { { XY_COLOR(0) - 1, 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST }, 5, MOCK_FAULT,
        "length of 5 DWords instead of 6" },
      { { XY_COLOR(1 << 15), 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0 }, 6,
        MOCK_UNMODELLED, "reserved bits 0x00008000 of DWord 0" },
      { { XY_COLOR(0), 1 << 26 | 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0 }, 6,
        MOCK_UNMODELLED, "reserved bits 0x04000000 of DWord 1" },
      { { XY_COLOR(0), 3 << 24 | 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, 0 }, 6, MOCK_FAULT,
        "raster operation 0xcc needs a source" },
      { { XY_SRC_COPY(0), 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0, 64, SRC }, 8,
        MOCK_FAULT, "raster operation 0xf0 needs a pattern" },
      { { XY_COLOR(0), 3 << 24 | 0xf0 << 16 | 64, 4, 4 << 16 | 4, DST, 0 }, 6, MOCK_UNMODELLED,
        "empty rectangle" },
      { { XY_COLOR(0), 3 << 24 | 0xf0 << 16 | 64, 4 << 16, 4, DST, 0 }, 6, MOCK_UNMODELLED,
        "empty rectangle" },
      { { XY_COLOR(0), 1 << 30 | 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0 }, 6,
        MOCK_FAULT, "clipping without a clip rectangle" },
      { { XY_COLOR(0), 3 << 24 | 0xf0 << 16 | 66, 0, 4 << 16 | 4, DST, 0 }, 6, MOCK_UNMODELLED,
        "pitch of 66 bytes" },
      { { XY_COLOR(0), 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST + 2, 0 }, 6,
        MOCK_UNMODELLED, "within a pixel" },
      { { XY_COLOR(1 << 11), 3 << 24 | 0xf0 << 16 | 128, 0, 4 << 16 | 4, DST + 64, 0 }, 6,
        MOCK_FAULT, "X-tiled destination at 0x10400040, which is not aligned to a page" },
      { { XY_COLOR(1 << 11), 3 << 24 | 0xf0 << 16 | 130, 0, 4 << 16 | 4, DST, 0 }, 6, MOCK_FAULT,
        "X-tiled destination with a pitch of 520 bytes" },
      { { XY_COLOR(1 << 11), 3 << 24 | 0xf0 << 16 | 0xff80, 0, 4 << 16 | 4, DST, 0 }, 6,
        MOCK_FAULT, "with a pitch of -512 bytes" },
      { { XY_COLOR(1 << 11), 3 << 24 | 0xf0 << 16 | 128, 0xffff, 4 << 16 | 4, DST, 0 }, 6,
        MOCK_UNMODELLED, "negative coordinates (-1, 0)" },
      { { XY_SRC_COPY(0), 3 << 24 | 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, 0, 64, DST - 4 }, 8,
        MOCK_UNMODELLED, "has written before" },
      { { XY_SRC_COPY(1 << 11), 3 << 24 | 0xcc << 16 | 128, 0, 4 << 16 | 4, DST, 0, 64, DST + 64 },
        8, MOCK_UNMODELLED, "overlap of a tiled surface" },
      { { 2u << 29 | 0x54 << 22 | 6, 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, DST + 2, 0, 0 }, 8,
        MOCK_FAULT, "overlaps the destination" },
      { { 2u << 29 | 0x54 << 22 | 6, 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, SRC + 1, 0, 0 }, 8,
        MOCK_FAULT, "not aligned to a word" },
      { { 2u << 29 | 0x51 << 22 | 4, 3 << 24 | 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, SRC + 128 },
        6, MOCK_FAULT, "not aligned to its 256 bytes" },
      { { 2u << 29 | 0x71 << 22 | 8, 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, 0, 0, 1, 2, 3 }, 10,
        MOCK_FAULT, "3 DWords of immediate data instead of 2" },
      { { 2u << 29 | 0x72 << 22 | 5, 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0, 0 }, 7, MOCK_FAULT,
        "2 DWords of immediate data instead of 16" },
      { { 2u << 29 | 0x59 << 22 | 5, 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, 0, 0 }, 7,
        MOCK_UNMODELLED, "fixed pattern 0" },
      { { 2u << 29 | 0x73 << 22 | 3 << 17 | 8, 0xcc << 16 | 64, 0, 4 << 16 | 4, DST, 0, 64, SRC },
        10, MOCK_UNMODELLED, "a key on alpha" },
      { { 2u << 29 | 0x76 << 22 | 1 << 17 | 6, 0xf0 << 16 | 64, 0, 4 << 16 | 4, DST, SRC }, 8,
        MOCK_FAULT, "a key on the source" },
      { { 2u << 29 | 0x24 << 22, 0 }, 2, MOCK_FAULT, "no setup command" },
      { { 2u << 29 | 0x40 << 22 | 3 << 20 | 3, 3 << 24 | 0xf0 << 16 | 64, 4 << 16, DST, 0 }, 5,
        MOCK_UNMODELLED, "empty rectangle" },
      { { 2u << 29 | 0x40 << 22 | 3 << 20 | 3, 3 << 24 | 0xf0 << 16 | 64, 4 << 16 | 6, DST, 0 },
        5, MOCK_FAULT, "within a pixel" },
      { { 2u << 29 | 0x57 << 22 | 3 << 20 | 10, 0x90000000 | 3 << 24 | 0xf0 << 16 | 64, 0,
          4 << 16 | 4, DST, 0, 64, SRC, 0, 0 }, 12, MOCK_UNMODELLED, "solid" },
   };
   struct pair *p = *state;

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      uint32_t dw[16] = { 0 };
      memcpy(dw, cases[i].dw, sizeof(cases[i].dw));
      vgpu_blt_reset(&p->mock->engine);
      mock_clear(p->mock);
      assert_false(vgpu_blt_execute(&p->mock->engine, dw, cases[i].len_dw, 0));
      if (p->mock->fault != cases[i].fault || !strstr(p->mock->text, cases[i].text))
         fail_msg("case %u: fault %d \"%s\" instead of %d \"%s\"", i, p->mock->fault,
                  p->mock->text, cases[i].fault, cases[i].text);
      assert_true(nothing_written(p->mock));
   }
}

/** Every page of every operand is translated, none beside them. */
static void
unmapped_pages_fault(void **state)
{
   struct pair *p = *state;
   const uint32_t dw[] = {
      2u << 29 | 0x55 << 22 | 3 << 20 | 7, 3 << 24 | 0xca << 16 | 4096,
      0, 4 << 16 | 1024, DST, 0, 4096, SRC, SRC + (1 << 20),
   };

   for (unsigned page = 0; page < 4; page++) {
      const uint32_t bad[] = { DST + page * 4096, SRC + page * 4096, SRC + (1 << 20) };
      for (unsigned i = 0; i < 3; i++) {
         mock_unmap(p->mock, bad[i]);
         mock_clear(p->mock);
         assert_false(vgpu_blt_execute(&p->mock->engine, dw, 9, 0));
         assert_int_equal(p->mock->fault, MOCK_UNMAPPED);
         mock_map(p->mock, bad[i]);
      }
      p->mock->read_only[(DST - MOCK_BASE) / 4096 + page] = true;
      mock_clear(p->mock);
      assert_false(vgpu_blt_execute(&p->mock->engine, dw, 9, 0));
      assert_int_equal(p->mock->fault, MOCK_UNMAPPED);
      p->mock->read_only[(DST - MOCK_BASE) / 4096 + page] = false;
      p->mock->read_only[(SRC - MOCK_BASE) / 4096 + page] = true;
      mock_clear(p->mock);
      assert_true(vgpu_blt_execute(&p->mock->engine, dw, 9, 0));
   }
   mock_unmap(p->mock, DST - 1);
   mock_unmap(p->mock, DST + 4 * 4096);
   mock_unmap(p->mock, SRC - 1);
   mock_unmap(p->mock, SRC + 4 * 4096);
   mock_clear(p->mock);
   assert_true(vgpu_blt_execute(&p->mock->engine, dw, 9, 0));
   mock_map(p->mock, DST - 1);
   mock_map(p->mock, DST + 4 * 4096);
   mock_map(p->mock, SRC - 1);
   mock_map(p->mock, SRC + 4 * 4096);
}

/** All pages are translated before the first byte is written, so that no band outruns a fault. */
static void
bands_fault_before_they_write(void **state)
{
   struct pair *p = *state;
   const uint32_t copy[] = { XY_SRC_COPY(0), 3 << 24 | 0xcc << 16 | 4096, 0, 64 << 16 | 1024,
                             DST, 0, 4096, SRC };
   const uint32_t bad[] = { DST + 63 * 4096, SRC + 63 * 4096 };

   for (unsigned i = 0; i < 2; i++) {
      mock_unmap(p->mock, bad[i]);
      mock_clear(p->mock);
      assert_false(vgpu_blt_execute(&p->mock->engine, copy, 8, 0));
      assert_int_equal(p->mock->fault, MOCK_UNMAPPED);
      for (unsigned page = 0; page < 63; page++)
         assert_memory_equal(mock_byte(p->mock, DST + page * 4096),
                             &p->golden->memory[DST - MOCK_BASE + page * 4096], 4096);
      mock_map(p->mock, bad[i]);
   }
}

static void
interruption_ends_a_command(void **state)
{
   struct pair *p = *state;
   const uint32_t copy[] = { XY_SRC_COPY(0), 3 << 24 | 0xcc << 16 | 4096, 0, 999 << 16 | 1024,
                             DST, 0, 4096, SRC };
   const uint32_t color[] = { XY_COLOR(1 << 11), 3 << 24 | 0x5a << 16 | 1024, 0, 999 << 16 | 1024,
                              DST, 0 };

   atomic_store(&p->mock->engine.interrupted, true);
   mock_clear(p->mock);
   assert_false(vgpu_blt_execute(&p->mock->engine, copy, 8, 0));
   assert_false(vgpu_blt_execute(&p->mock->engine, color, 6, 0));
   assert_int_equal(p->mock->fault, MOCK_NO_FAULT);
   atomic_store(&p->mock->engine.interrupted, false);
   assert_true(vgpu_blt_execute(&p->mock->engine, copy, 8, 0));
}

static void
tile_layouts(void **state)
{
   static const struct {
      unsigned golden;
      enum vgpu_tiling tiling;
   } pairs[] = { { 0, VGPU_TILING_LINEAR }, { 1, VGPU_TILING_X }, { 2, VGPU_TILING_Y } };

   (void)state;
   for (unsigned i = 0; i < 3; i++) {
      const uint32_t span = vgpu_tiling_span_bytes(pairs[i].tiling);
      for (int y = 0; y < 70; y++) {
         for (int x = 0; x < 1536; x++) {
            const uint32_t offset = vgpu_tiled_offset(pairs[i].tiling, 1536, x, y);
            assert_int_equal(offset, golden_address(0, 1536, pairs[i].golden, x, y));
            if (x % span)
               assert_int_equal(offset,
                                vgpu_tiled_offset(pairs[i].tiling, 1536, x - 1, y) + 1);
         }
      }
   }
}

/** A W tile is a Y tile whose 16 x 4 ... 8 x 8 blocks are in a recursive order. */
static void
w_tile_layout(void **state)
{
   bool seen[4096] = { false };
   /* Some cells of the picture in the PRM: 8 x 8 block, its 4 x 4 quarters, their 2 x 2 ones. */
   static const struct {
      uint32_t x, y, offset;
   } cells[] = {
      { 0, 0, 0 },  { 1, 0, 1 },   { 0, 1, 2 },   { 1, 1, 3 },    { 2, 0, 4 },     { 0, 2, 8 },
      { 4, 0, 16 }, { 0, 4, 32 },  { 7, 7, 63 },  { 0, 8, 64 },   { 0, 56, 448 },  { 8, 0, 512 },
      { 56, 0, 3584 }, { 63, 63, 4095 },
   };

   (void)state;
   for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
      assert_int_equal(vgpu_tiled_offset(VGPU_TILING_W, 64, cells[i].x, cells[i].y),
                       cells[i].offset);
   for (uint32_t y = 0; y < 64; y++) {
      for (uint32_t x = 0; x < 64; x++) {
         const uint32_t offset = vgpu_tiled_offset(VGPU_TILING_W, 64, x, y);
         assert_in_range(offset, 0, 4095);
         assert_false(seen[offset]);
         seen[offset] = true;
         assert_int_equal(vgpu_tiled_offset(VGPU_TILING_W, 256, x + 64, y + 64),
                          offset + 64 * 256 + 4096);
      }
   }
}

/** The table for docs/vgpu.md has what the genxml has, and nothing else. */
static void
table_is_complete(void **state)
{
   unsigned num = 0;

   (void)state;
   for (const struct vgpu_blt_command *c = vgpu_blt_commands; c->name; c++, num++) {
      const struct gfx7_instruction *in =
         gfx7_instruction_find(2u << 29 | (uint32_t)c->opcode << 22, GFX7_ENGINE_BLITTER);
      assert_non_null(in);
      assert_string_equal(in->name, c->name);
      assert_true(!strcmp(c->state, "done") || !strcmp(c->state, "faults"));
      if (num)
         assert_true(c[-1].opcode < c->opcode);
   }
   for (uint32_t opcode = 0; opcode < 128; opcode++)
      num -= gfx7_instruction_find(2u << 29 | opcode << 22, GFX7_ENGINE_BLITTER) != NULL;
   assert_int_equal(num, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(tile_layouts),
      cmocka_unit_test(w_tile_layout),
      cmocka_unit_test(table_is_complete),
      cmocka_unit_test_setup_teardown(faults_have_names, setup, teardown),
      cmocka_unit_test_setup_teardown(unmapped_pages_fault, setup, teardown),
      cmocka_unit_test_setup_teardown(interruption_ends_a_command, setup, teardown),
      cmocka_unit_test_setup_teardown(setup_state_is_kept, setup, teardown),
      cmocka_unit_test_setup_teardown(every_command_small, setup, teardown),
      cmocka_unit_test_setup_teardown(every_command_wide, setup, teardown),
      cmocka_unit_test_setup_teardown(every_command_large, setup, teardown),
      cmocka_unit_test_setup_teardown(plain_copies_and_fills, setup, teardown),
      cmocka_unit_test_setup_teardown(every_raster_operation, setup, teardown),
      cmocka_unit_test_setup_teardown(bands_fault_before_they_write, setup_bands, teardown),
      cmocka_unit_test_setup_teardown(every_command_wide, setup_bands, teardown),
      cmocka_unit_test_setup_teardown(every_command_large, setup_bands, teardown),
      cmocka_unit_test_setup_teardown(plain_copies_and_fills, setup_bands, teardown),
      cmocka_unit_test_setup_teardown(overlap_in_one_surface, setup_bands, teardown),
      cmocka_unit_test_setup_teardown(overlap_in_one_surface, setup, teardown),
      cmocka_unit_test_setup_teardown(overlap_with_addresses, setup, teardown),
      cmocka_unit_test_setup_teardown(overlap_is_a_move, setup, teardown),
   };

   return cmocka_run_group_tests_name("blt", tests, NULL, NULL);
}
