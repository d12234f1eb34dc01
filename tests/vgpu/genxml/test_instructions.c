/*
 * SPDX-License-Identifier: MIT
 *
 * The generated decoders and the table of commands, on packets as drivers write them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gfx7_instructions.h"
#include "gfx7_table.h"
#include "gfx7_unpack.h"

static const struct gfx7_instruction *
find(const char *name)
{
   for (unsigned i = 0; i < gfx7_num_instructions; i++) {
      if (!strcmp(gfx7_instructions[i].name, name))
         return &gfx7_instructions[i];
   }
   fail_msg("no %s", name);
   return NULL;
}

static void
every_header_finds_its_command(void **state)
{
   (void)state;
   for (unsigned i = 0; i < gfx7_num_instructions; i++) {
      const struct gfx7_instruction *in = &gfx7_instructions[i];
      assert_true(in->engines & 7);
      for (unsigned engine = 1; engine <= GFX7_ENGINE_BLITTER; engine <<= 1) {
         /* Bits that are not of the opcode say nothing about which command it is. */
         const struct gfx7_instruction *found =
            gfx7_instruction_find(in->header | (~in->header_mask & 0x0055aa33), engine);
         if (in->engines & engine)
            assert_ptr_equal(found, in);
         else
            assert_ptr_not_equal(found, in);
      }
   }
   assert_null(gfx7_instruction_find(0x3fu << 23, GFX7_ENGINE_RENDER));
   assert_null(gfx7_instruction_find(1u << 29, GFX7_ENGINE_RENDER));
}

static void
lengths(void **state)
{
   static const struct {
      uint32_t header;
      unsigned engine, length_dw;
      const char *name;
   } cases[] = {
      { 0x00000000, GFX7_ENGINE_RENDER, 1, "MI_NOOP" },
      { 0x05000000, GFX7_ENGINE_BLITTER, 1, "MI_BATCH_BUFFER_END" },
      { 0x18800100, GFX7_ENGINE_VIDEO, 2, "MI_BATCH_BUFFER_START" },
      { 0x11000001, GFX7_ENGINE_RENDER, 3, "MI_LOAD_REGISTER_IMM" },
      { 0x11000005, GFX7_ENGINE_RENDER, 7, "MI_LOAD_REGISTER_IMM" },
      { 0x13004002, GFX7_ENGINE_BLITTER, 4, "MI_FLUSH_DW" },
      { 0x7a000003, GFX7_ENGINE_RENDER, 5, "PIPE_CONTROL" },
      { 0x78100004, GFX7_ENGINE_RENDER, 6, "3DSTATE_VS" },
      { 0x7b000005, GFX7_ENGINE_RENDER, 7, "3DPRIMITIVE" },
      { 0x54300004, GFX7_ENGINE_BLITTER, 6, "XY_COLOR_BLT" },
      { 0x54f08006, GFX7_ENGINE_BLITTER, 8, "XY_SRC_COPY_BLT" },
      { 0x49000000, GFX7_ENGINE_BLITTER, 2, "XY_PIXEL_BLT" },
      { 0x4c410007, GFX7_ENGINE_BLITTER, 9, "XY_TEXT_IMMEDIATE_BLT" },
   };

   (void)state;
   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      const struct gfx7_instruction *in =
         gfx7_instruction_find(cases[i].header, cases[i].engine);
      assert_non_null(in);
      assert_string_equal(in->name, cases[i].name);
      assert_int_equal(gfx7_instruction_length_dw(in, cases[i].header), cases[i].length_dw);
   }
   /* The blitter's are the blitter's alone. */
   assert_null(gfx7_instruction_find(0x54300004, GFX7_ENGINE_RENDER));
}

/** The first packet of libdrm's gen7-2d-copy test batch. */
static void
a_copy_of_the_blitter(void **state)
{
   const uint32_t dw[] = { 0x54f08006, 0x03cc0190, 0x00000000, 0x00640064,
                           0x122e9000, 0xfffeffff, 0x00000080, 0x02ff1000 };
   struct GFX7_XY_SRC_COPY_BLT c;

   (void)state;
   GFX7_XY_SRC_COPY_BLT_unpack(&c, dw, 8);
   assert_true(c.SourceTilingEnable);
   assert_false(c.DestinationTilingEnable);
   assert_int_equal(c._32bppByteMask, 3);
   assert_int_equal(c.DestinationPitch, 400);
   assert_int_equal(c.RasterOperation, 0xcc);
   assert_int_equal(c.ColorDepth, GFX7_XY_SRC_COPY_BLT_COLOR_DEPTH_32bit);
   assert_int_equal(c.DestinationX2Coordinate, 100);
   assert_int_equal(c.DestinationY2Coordinate, 100);
   assert_int_equal(c.DestinationBaseAddress, 0x122e9000);
   assert_int_equal(c.SourceX1Coordinate, -1);
   assert_int_equal(c.SourceY1Coordinate, -2);
   assert_int_equal(c.SourcePitch, 128);
   assert_int_equal(c.SourceBaseAddress, 0x02ff1000);
}

static void
a_flush_of_the_render_engine(void **state)
{
   /* CS stall, post-sync write of an immediate value, address in the GGTT. */
   const uint32_t dw[] = { 0x7a000003, 0x01104000, 0x00123458, 0xcafe0001, 0x00000002 };
   struct GFX7_PIPE_CONTROL c;

   (void)state;
   GFX7_PIPE_CONTROL_unpack(&c, dw, 5);
   assert_true(c.CommandStreamerStallEnable);
   assert_int_equal(c.PostSyncOperation, 1);
   assert_int_equal(c.Address, 0x00123458);
   assert_int_equal(c.ImmediateData, 0x2cafe0001ull);
}

static void
fixed_point_and_float(void **state)
{
   const uint32_t dw[7] = { 0x78130005, 0,          3u << 29 | 256u << 18, 20,
                            0x3f800000, 0xc0000000, 0x40490fdb };
   struct GFX7_3DSTATE_SF c;

   (void)state;
   GFX7_3DSTATE_SF_unpack(&c, dw, 7);
   assert_true(c.LineWidth == 2.0f);
   assert_int_equal(c.LineWidth_raw, 256);
   assert_true(c.PointWidth == 2.5f);
   assert_true(c.GlobalDepthOffsetConstant == 1.0f);
   assert_true(c.GlobalDepthOffsetScale == -2.0f);

   /* s4.8: minus one and a half. */
   const uint32_t sampler[4] = { (uint32_t)(-384 & 0x1fff) << 1 };
   struct GFX7_SAMPLER_STATE s;
   GFX7_SAMPLER_STATE_unpack(&s, sampler, 4);
   assert_true(s.TextureLODBias == -1.5f);
   assert_int_equal(s.TextureLODBias_raw, -384 & 0x1fff);
}

/** A guest's command can be shorter than it should be. */
static void
short_commands_read_as_zero(void **state)
{
   uint32_t *dw = malloc(2 * sizeof(*dw));
   struct GFX7_3DSTATE_VS c;
   char text[400];

   (void)state;
   assert_non_null(dw);
   dw[0] = 0x78100004;
   dw[1] = 0x00001040;
   GFX7_3DSTATE_VS_unpack(&c, dw, 2);
   assert_int_equal(c.KernelStartPointer, 0x1040);
   assert_int_equal(c.MaximumNumberofThreads, 0);
   gfx7_instruction_print(text, sizeof(text), find("3DSTATE_VS"), dw, 2);
   assert_non_null(strstr(text, "KernelStartPointer=0x00001040"));
   assert_null(strstr(text, "MaximumNumberofThreads"));
   free(dw);
}

static void
printing(void **state)
{
   const uint32_t dw[] = { 0x54300004, 0x03f00fff, 0xfffd0001, 0x00100020, 0x00abc000, 0x12345678 };
   const struct gfx7_instruction *in = find("XY_COLOR_BLT");
   char text[400], whole[400];

   (void)state;
   gfx7_instruction_print(whole, sizeof(whole), in, dw, 6);
   assert_ptr_equal(strstr(whole, "XY_COLOR_BLT"), whole);
   assert_non_null(strstr(whole, " RasterOperation=240"));
   assert_non_null(strstr(whole, " DestinationY1Coordinate=-3"));
   assert_non_null(strstr(whole, " DestinationBaseAddress=0x00abc000"));
   assert_null(strstr(whole, "CommandType"));

   /* Cut off anywhere, it stays within its buffer and ends. */
   for (size_t size = 1; size <= strlen(whole) + 1; size++) {
      char *small = malloc(size);
      assert_non_null(small);
      gfx7_instruction_print(small, size, in, dw, 6);
      assert_true(strlen(small) < size);
      assert_memory_equal(small, whole, size - 1);
      free(small);
   }
   for (unsigned i = 0; i < gfx7_num_instructions; i++) {
      uint32_t all[64];
      memset(all, 0xff, sizeof(all));
      gfx7_instruction_print(text, sizeof(text), &gfx7_instructions[i], all, 64);
      assert_ptr_equal(strstr(text, gfx7_instructions[i].name), text);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_header_finds_its_command),
      cmocka_unit_test(lengths),
      cmocka_unit_test(a_copy_of_the_blitter),
      cmocka_unit_test(a_flush_of_the_render_engine),
      cmocka_unit_test(fixed_point_and_float),
      cmocka_unit_test(short_commands_read_as_zero),
      cmocka_unit_test(printing),
   };

   return cmocka_run_group_tests_name("instructions", tests, NULL, NULL);
}
