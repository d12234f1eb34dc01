/*
 * SPDX-License-Identifier: MIT
 *
 * The data port: each message channel by channel, with masks, ends of buffers and faults.
 */

#include "surface_test.h"

#include <string.h>

#include "dataport.h"

#define RAW 0x1ff
#define R32_UINT 0x0d7
#define R32_SINT 0x0d6
#define R8G8B8A8_UNORM 0x0c7
#define BUFFER_BYTES 1000u

enum {
   BLOCK_READ = 0, UNALIGNED_READ, DUAL_READ, DWORD_READ, BYTE_READ, UNTYPED_READ, UNTYPED_ATOMIC,
   FENCE, BLOCK_WRITE, DUAL_WRITE = 10, DWORD_WRITE, BYTE_WRITE, UNTYPED_WRITE,
};
enum { TYPED_READ = 5, TYPED_ATOMIC = 6, TYPED_WRITE = 13 };

static uint32_t
desc(unsigned type, unsigned control, unsigned index)
{
   return index | control << 8 | type << 14;
}

static uint32_t
dword(struct surface_test *t, uint32_t address)
{
   uint32_t value;
   memcpy(&value, test_memory(t, address), 4);
   return value;
}

/* A buffer of 1000 bytes whose DWord i is 0x1000 + i; what follows it is 0xeeeeeeee. */
static void
numbers(struct surface_test *t)
{
   for (uint32_t i = 0; i < 2048; i++) {
      uint32_t value = i < BUFFER_BYTES / 4 ? 0x1000 + i : 0xeeeeeeee;
      memcpy(test_memory(t, TEXTURE + 4 * i), &value, 4);
   }
   test_bind_buffer(t, 2, RAW, TEXTURE, BUFFER_BYTES, 1);
   memset(t->payload, 0, sizeof(t->payload));
}

/* What the buffer has at a byte offset that is a multiple of four. */
static uint32_t
expected(uint32_t offset)
{
   return offset < BUFFER_BYTES ? 0x1000 + offset / 4 : 0;
}

static void
oword_blocks(void **state)
{
   struct surface_test *t = *state;
   static const unsigned owords[5] = { 1, 1, 2, 4, 8 };

   numbers(t);
   for (unsigned size = 0; size < 5; size++) {
      test_payload_u(t, 0, 2, 60);
      const unsigned registers = (owords[size] + 1) / 2, half = size == 1 ? 4 : 0;
      assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_READ, size, 2), 1, registers,
                            true, 0));
      for (unsigned i = 0; i < 4 * owords[size]; i++)
         assert_int_equal(test_response_u(t, (half + i) / 8, (half + i) % 8),
                          expected(960 + 4 * i));
      if (owords[size] == 1)
         assert_int_equal(test_response_u(t, 0, 4 - half), TEST_UNTOUCHED);
   }
   test_payload_u(t, 0, 2, 36);
   assert_true(test_send(t, vgpu_dp_constant_cache_send, desc(UNALIGNED_READ, 2, 2), 1, 1, true,
                         0));
   assert_int_equal(test_response_u(t, 0, 0), expected(36));
   test_payload_u(t, 0, 2, 37);
   test_expect_fault(t, test_send(t, vgpu_dp_constant_cache_send, desc(UNALIGNED_READ, 2, 2), 1,
                                  1, true, 0), "multiple of 4");
   /* the end of the buffer cuts a write */
   test_payload_u(t, 0, 2, 62);
   for (unsigned i = 0; i < 8; i++)
      test_payload_u(t, 1, i, 0xa0 + i);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_WRITE, 2, 2), 2, 0, true, 0));
   assert_int_equal(dword(t, TEXTURE + 992), 0xa0);
   assert_int_equal(dword(t, TEXTURE + 996), 0xa1);
   assert_int_equal(dword(t, TEXTURE + 1000), 0xeeeeeeee);
   test_payload_u(t, 0, 2, ~0u);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_WRITE, 2, 2), 2, 0, true, 0));
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_READ, 2, 2), 1, 1, true, 0));
   assert_int_equal(test_response_u(t, 0, 7), 0);
}

static void
oword_dual_blocks(void **state)
{
   struct surface_test *t = *state;

   numbers(t);
   test_payload_u(t, 1, 0, 3);
   test_payload_u(t, 1, 4, 7);
   assert_true(test_send(t, vgpu_dp_sampler_cache_send, desc(DUAL_READ, 0, 2), 2, 1, true, 0x7f));
   for (unsigned i = 0; i < 4; i++) {
      assert_int_equal(test_response_u(t, 0, i), expected(48 + 4 * i));
      assert_int_equal(test_response_u(t, 0, 4 + i),
                       i == 3 ? TEST_UNTOUCHED : expected(112 + 4 * i));
   }
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(DUAL_READ, 2, 2), 2, 4, true, 0xff));
   assert_int_equal(test_response_u(t, 3, 6), expected(112 + 48 + 8));
   for (unsigned i = 0; i < 8; i++)
      test_payload_u(t, 2, i, 0xb0 + i);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(DUAL_WRITE, 0, 2), 3, 0, true, 0x12));
   assert_int_equal(dword(t, TEXTURE + 48), expected(48));
   assert_int_equal(dword(t, TEXTURE + 52), 0xb1);
   assert_int_equal(dword(t, TEXTURE + 112), 0xb4);
   assert_int_equal(dword(t, TEXTURE + 116), expected(116));
}

static void
scattered_dwords_and_bytes(void **state)
{
   struct surface_test *t = *state;

   numbers(t);
   for (unsigned c = 0; c < 16; c++)
      test_payload_u(t, c / 8, c % 8, 20 * c);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(DWORD_READ, 3, 2), 2, 2, false, 0xfffe));
   assert_int_equal(test_response_u(t, 0, 0), TEST_UNTOUCHED);
   for (unsigned c = 1; c < 16; c++)
      assert_int_equal(test_response_u(t, c / 8, c % 8), expected(80 * c));
   for (unsigned c = 0; c < 8; c++) {
      test_payload_u(t, 0, c, 13 * c);
      test_payload_u(t, 1, c, 0x12345600 + c);
   }
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BYTE_WRITE, 0, 2), 2, 0, false, 0x81));
   assert_int_equal(*test_memory(t, TEXTURE), 0);
   assert_int_equal(*test_memory(t, TEXTURE + 1), 0x10);
   assert_int_equal(*test_memory(t, TEXTURE + 91), 7);
   assert_int_equal(*test_memory(t, TEXTURE + 13), 0x10);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BYTE_READ, 1 << 2, 2), 1, 1, false,
                         0x80));
   assert_int_equal(test_response_u(t, 0, 7), 0x1707); /* the byte written, and DWord 23's first */
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(DWORD_WRITE, 2, 2), 2, 0, false, 4));
   assert_int_equal(dword(t, TEXTURE + 4 * 26), 0x12345602);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(BYTE_READ, 3 << 2, 2), 1, 1,
                                  false, 1), "data size 3");
}

static void
untyped_surfaces(void **state)
{
   struct surface_test *t = *state;

   numbers(t);
   for (unsigned c = 0; c < 8; c++)
      test_payload_u(t, 0, c, 140 * c);
   /* SIMD8, red and alpha */
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_READ, 2 << 4 | 6, 2), 1, 2,
                         false, 0xfb));
   for (unsigned c = 0; c < 8; c++) {
      assert_int_equal(test_response_u(t, 0, c), c == 2 ? TEST_UNTOUCHED : expected(140 * c));
      assert_int_equal(test_response_u(t, 1, c),
                       c == 2 ? TEST_UNTOUCHED : expected(140 * c + 12));
   }
   /* SIMD16 write of two components */
   for (unsigned c = 0; c < 16; c++) {
      test_payload_u(t, c / 8, c % 8, 8 * c);
      test_payload_u(t, 2 + c / 8, c % 8, 0xc0 + c);
      test_payload_u(t, 4 + c / 8, c % 8, 0xd0 + c);
   }
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_WRITE, 1 << 4 | 12, 2), 6, 0,
                         false, 0x7fff));
   for (unsigned c = 0; c < 15; c++) {
      assert_int_equal(dword(t, TEXTURE + 8 * c), 0xc0 + c);
      assert_int_equal(dword(t, TEXTURE + 8 * c + 4), 0xd0 + c);
   }
   assert_int_equal(dword(t, TEXTURE + 120), expected(120));
   /* a header's pixel mask */
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_u(t, 0, 7, 1);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_READ, 2 << 4 | 14, 2), 2, 1,
                         true, 0xff));
   assert_int_equal(test_response_u(t, 0, 0), 0xc0);
   assert_int_equal(test_response_u(t, 0, 1), TEST_UNTOUCHED);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_WRITE, 14, 2), 2, 0,
                                  false, 1), "SIMD mode 0");
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_READ, 2 << 4, 254), 1,
                                  4, false, 1), "shared local memory");
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_READ, 2 << 4, 2), 1, 3,
                                  false, 1), "a response of 3 registers, not 4");
}

static void
untyped_atomics(void **state)
{
   struct surface_test *t = *state;
   /* operation, old, first and second source, new, returned */
   static const uint32_t cases[][6] = {
      { 1, 0xff, 0x0f, 0, 0x0f, 0xff },       { 2, 0xf0, 0x0f, 0, 0xff, 0xf0 },
      { 3, 0xff, 0x0f, 0, 0xf0, 0xff },       { 4, 1, 2, 0, 2, 1 },
      { 5, 7, 0, 0, 8, 7 },                   { 6, 7, 0, 0, 6, 7 },
      { 7, 7, 5, 0, 12, 7 },                  { 8, 7, 5, 0, 2, 7 },
      { 9, 7, 5, 0, ~1u, 7 },                 { 10, ~0u, 1, 0, 1, ~0u },
      { 11, ~0u, 1, 0, ~0u, ~0u },            { 12, ~0u, 1, 0, ~0u, ~0u },
      { 13, ~0u, 1, 0, 1, ~0u },              { 14, 4, 4, 9, 9, 4 },
      { 14, 4, 5, 9, 4, 4 },                  { 15, 7, 0, 0, 6, 6 },
   };

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      const uint32_t *c = cases[i];
      unsigned sources = c[0] == 14 ? 2 : c[0] == 5 || c[0] == 6 || c[0] == 15 ? 0 : 1;
      numbers(t);
      memcpy(test_memory(t, TEXTURE + 8), &c[1], 4);
      test_payload_u(t, 0, 3, 8);
      test_payload_u(t, 1, 3, c[2]);
      test_payload_u(t, 2, 3, c[3]);
      assert_true(test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_ATOMIC, 0x30 | c[0], 2),
                            1 + sources, 1, false, 8));
      assert_int_equal(dword(t, TEXTURE + 8), c[4]);
      assert_int_equal(test_response_u(t, 0, 3), c[5]);
      assert_int_equal(test_response_u(t, 0, 2), TEST_UNTOUCHED);
   }
   /* sixteen channels count the same DWord one after the other */
   numbers(t);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_ATOMIC, 0x20 | 5, 2), 2, 2,
                         false, 0xffff));
   assert_int_equal(dword(t, TEXTURE), 0x1010);
   assert_int_equal(test_response_u(t, 1, 7), 0x100f);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(UNTYPED_ATOMIC, 0x30, 2), 2, 1,
                                  false, 1), "CMPWR_2W");
}

static void
scratch_space(void **state)
{
   struct surface_test *t = *state;
   const uint32_t space = TEXTURE - MEMORY_ADDRESS;

   numbers(t);
   test_payload_u(t, 0, 5, space | 0x155); /* the low bits are others' */
   test_payload_u(t, 0, 3, 0);             /* 1 KiB */
   for (unsigned i = 0; i < 32; i++)
      test_payload_u(t, 1 + i / 8, i % 8, 0x77000000 + i);
   assert_true(test_send(t, vgpu_dp_data_cache_send, 1 << 18 | 1 << 17 | 3 << 12 | 2, 5, 0, true,
                         0xff));
   assert_int_equal(dword(t, TEXTURE + 64), 0x77000000);
   assert_int_equal(dword(t, TEXTURE + 64 + 124), 0x7700001f);
   assert_int_equal(dword(t, TEXTURE + 64 + 128), expected(64 + 128));
   assert_true(test_send(t, vgpu_dp_data_cache_send, 1 << 18 | 1 << 12 | 5, 1, 2, true, 0xff));
   assert_int_equal(test_response_u(t, 0, 0), 0x77000018);
   /* half within the 1 KiB */
   assert_true(test_send(t, vgpu_dp_data_cache_send, 1 << 18 | 1 << 12 | 31, 1, 2, true, 0xff));
   assert_int_equal(test_response_u(t, 0, 0), expected(992));
   assert_int_equal(test_response_u(t, 1, 0), 0);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, 1 << 18 | 1 << 16, 1, 1, true, 1),
                     "DWord mode");
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, 1 << 18, 1, 1, false, 1),
                     "without a header");
   test_payload_u(t, 0, 5, 0x7f000000);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, 1 << 18, 1, 1, true, 1),
                     "cannot be reached");
   /* stateless OWord block: the same base, an offset in OWords */
   t->faulted = false;
   test_payload_u(t, 0, 5, space);
   test_payload_u(t, 0, 2, 4);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_READ, 2, 255), 1, 1, true, 0));
   assert_int_equal(test_response_u(t, 0, 1), 0x77000001);
}

static const struct test_surface image = { .type = VGPU_SURFACE_2D, .format = R32_UINT,
                                           .address = TEXTURE, .width = 8, .height = 4,
                                           .depth = 2, .view_extent = 2, .array = true,
                                           .pitch = 64, .lod0_spacing = true };

static void
typed_surfaces(void **state)
{
   struct surface_test *t = *state;
   struct test_surface s = image;

   test_bind(t, 2, &s);
   memset(t->payload, 0, sizeof(t->payload));
   test_payload_u(t, 0, 7, 0xff00 | 0xef);
   for (unsigned c = 0; c < 8; c++) {
      test_payload_u(t, 1, c, c + 1); /* the last one is outside */
      test_payload_u(t, 2, c, 2);
      test_payload_u(t, 3, c, 1);
      test_payload_u(t, 4, c, 0x100 + c);
   }
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_WRITE, 14, 2), 5, 0, true,
                         0xfe));
   for (unsigned c = 0; c < 8; c++)
      assert_int_equal(dword(t, TEXTURE + 6 * 64 + 4 * c + 4),
                       c == 0 || c == 4 || c == 7 ? 0 : 0x100 + c);
   /* without R: layer 0 */
   test_payload_u(t, 3, 0, 0x55);
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_WRITE, 0x20 | 14, 2), 4, 0,
                         true, 0x01));
   assert_int_equal(dword(t, TEXTURE + 2 * 64 + 4), 0x55);
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_READ, 14, 2), 3, 1, true,
                         0xff));
   assert_int_equal(test_response_u(t, 0, 0), 0x55);
   assert_int_equal(test_response_u(t, 0, 1), 0);
   assert_int_equal(test_response_u(t, 0, 4), TEST_UNTOUCHED);
   test_payload_u(t, 3, 0, 0x0f);
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_ATOMIC, 0x20 | 1, 2), 4, 1,
                         true, 0x01));
   assert_int_equal(test_response_u(t, 0, 0), 0x55);
   assert_int_equal(dword(t, TEXTURE + 2 * 64 + 4), 0x05);

   s.format = R8G8B8A8_UNORM;
   test_bind(t, 2, &s);
   for (unsigned k = 0; k < 4; k++)
      test_payload_f(t, 3 + k, 0, 1.0f / (float)(1 << k));
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_WRITE, 0, 2), 7, 0, true, 1));
   assert_int_equal(dword(t, TEXTURE + 2 * 64 + 4), 0x204080ff);
   test_expect_fault(t, test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_READ, 0, 2), 3, 4,
                                  true, 1), "R8G8B8A8_UNORM");
   test_expect_fault(t, test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_ATOMIC, 0x27, 2), 4,
                                  1, true, 1), "R8G8B8A8_UNORM");
   test_expect_fault(t, test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_WRITE, 0, 2), 7, 0,
                                  false, 1), "without a header");

   test_bind_buffer(t, 2, R32_SINT, TEXTURE, 10, 4);
   test_payload_u(t, 1, 0, 9);
   test_payload_u(t, 1, 1, 10);
   test_payload_u(t, 2, 0, (uint32_t)-3);
   test_payload_u(t, 2, 1, (uint32_t)-3);
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(TYPED_WRITE, 14, 2), 3, 0, true, 3));
   assert_int_equal(dword(t, TEXTURE + 36), (uint32_t)-3);
   assert_int_equal(dword(t, TEXTURE + 40), 0);
}

static void
others_fault_by_name(void **state)
{
   struct surface_test *t = *state;

   numbers(t);
   assert_true(test_send(t, vgpu_dp_data_cache_send, desc(FENCE, 0x20, 0), 1, 1, true, 1));
   assert_true(test_send(t, vgpu_dp_render_cache_typed, desc(FENCE, 0x20, 0), 1, 1, true, 1));
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(14, 0, 2), 1, 1, true, 1),
                     "message type 14");
   test_expect_fault(t, test_send(t, vgpu_dp_constant_cache_send, desc(4, 0, 2), 1, 1, true, 1),
                     "message type 4");
   test_expect_fault(t, test_send(t, vgpu_dp_render_cache_typed, desc(4, 0, 2), 1, 1, true, 1),
                     "media block read");
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_READ, 5, 2), 1, 1, true,
                                  1), "block size 5");
   test_bind(t, 2, &image);
   test_expect_fault(t, test_send(t, vgpu_dp_data_cache_send, desc(BLOCK_READ, 0, 2), 1, 1, true,
                                  1), "SURFTYPE_2D");
}

int
main(void)
{
#define TEST(name)                                                                              \
   cmocka_unit_test_setup_teardown(name, surface_test_setup, surface_test_teardown)
   const struct CMUnitTest tests[] = {
      TEST(oword_blocks),     TEST(oword_dual_blocks), TEST(scattered_dwords_and_bytes),
      TEST(untyped_surfaces), TEST(untyped_atomics),   TEST(scratch_space),
      TEST(typed_surfaces),   TEST(others_fault_by_name),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
