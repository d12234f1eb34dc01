/*
 * SPDX-License-Identifier: MIT
 *
 * Operands: regions of both access modes, indirect addressing, immediates, write masks,
 * architecture registers.
 */

#include "eu_test.h"

/* Every byte of the register file differs from its neighbours. */
static void
fill(struct eu_thread *t)
{
   eu_thread_init(t, 0xffff);
   for (unsigned i = 0; i < EU_GRF_BYTES; i++)
      ((uint8_t *)t->grf)[i] = (uint8_t)(i * 7 + i / 256);
}

static uint32_t
bytes_at(const struct eu_thread *t, unsigned address, unsigned size)
{
   uint32_t v = 0;
   memcpy(&v, (const uint8_t *)t->grf + address, size);
   return v;
}

/* Every region of every integer type that stays near its register. */
static void
test_align1_source_regions(void **state)
{
   static const struct {
      enum eu_type type;
      unsigned size;
   } types[] = {{EU_TYPE_UD, 4}, {EU_TYPE_UW, 2}, {EU_TYPE_UB, 1}};
   static const unsigned vstrides[] = {0, 1, 2, 4, 8, 16, 32};
   static const unsigned hstrides[] = {0, 1, 2, 4};
   struct eu_thread t, before;
   (void)state;

   for (unsigned ty = 0; ty < 3; ty++) {
      for (unsigned v = 0; v < 7; v++) {
         for (unsigned width = 1; width <= 16; width *= 2) {
            for (unsigned h = 0; h < 4; h++) {
               for (unsigned exec_size = width; exec_size <= 16; exec_size *= 2) {
                  unsigned size = types[ty].size, subnr = 2 * size;
                  fill(&t);
                  before = t;
                  RUN(&t, enc1(EU_OP_MOV, exec_size, dst(60, 0, 1, EU_TYPE_UD),
                               region(5, subnr, vstrides[v], width, hstrides[h], types[ty].type)));
                  for (unsigned i = 0; i < 16; i++) {
                     unsigned address = 5 * 32 + subnr +
                                        (i / width * vstrides[v] + i % width * hstrides[h]) * size;
                     uint32_t want = i < exec_size ? bytes_at(&before, address, size)
                                                   : get_ud(&before, 60, i);
                     if (get_ud(&t, 60, i) != want)
                        fail_msg("<%u;%u,%u> exec %u size %u lane %u", vstrides[v], width,
                                 hstrides[h], exec_size, size, i);
                  }
               }
            }
         }
      }
   }
}

static void
test_destination_strides(void **state)
{
   static const enum eu_type types[] = {EU_TYPE_UD, EU_TYPE_UW, EU_TYPE_UB, EU_TYPE_F};
   static const unsigned sizes[] = {4, 2, 1, 4};
   struct eu_thread t, before;
   (void)state;

   for (unsigned ty = 0; ty < 4; ty++) {
      for (unsigned stride = 1; stride <= 4; stride *= 2) {
         unsigned size = sizes[ty], subnr = size;
         fill(&t);
         before = t;
         enum eu_type src = types[ty] == EU_TYPE_F ? EU_TYPE_F : EU_TYPE_UD;
         RUN(&t, enc1(EU_OP_MOV, 8, dst(60, subnr, stride, types[ty]), vec8(5, src)));
         uint8_t *want = (uint8_t *)before.grf;
         for (unsigned i = 0; i < 8; i++)
            memcpy(want + 60 * 32 + subnr + i * stride * size, want + 5 * 32 + i * 4, size);
         assert_memory_equal(t.grf, before.grf, sizeof(t.grf));
      }
   }
}

static void
test_align16_swizzles(void **state)
{
   struct eu_thread t, before;
   (void)state;

   for (unsigned swizzle = 0; swizzle < 256; swizzle++) {
      unsigned writemask = swizzle * 5 % 16;
      fill(&t);
      before = t;
      RUN(&t, enc1_a16(EU_OP_MOV, 8, dst4(60, writemask, EU_TYPE_UD),
                       vec4(5, swizzle, EU_TYPE_UD)));
      for (unsigned i = 0; i < 8; i++) {
         uint32_t want = writemask >> (i % 4) & 1
                            ? get_ud(&before, 5, (i & 4) + (swizzle >> (2 * (i % 4)) & 3))
                            : get_ud(&before, 60, i);
         assert_int_equal(get_ud(&t, 60, i), want);
      }
   }
   /* A vertical stride of 0 gives both vertices the first; the upper half by its subregister. */
   fill(&t);
   before = t;
   struct opnd both = vec4(5, SWZ_XYZW, EU_TYPE_UD), upper = both, high = dst4(61, 0xf, EU_TYPE_UD);
   both.v = 0;
   upper.v = 0;
   upper.subnr = 16;
   high.subnr = 16;
   RUN(&t, enc1_a16(EU_OP_MOV, 8, dst4(60, 0xf, EU_TYPE_UD), both),
       enc1_a16(EU_OP_MOV, 4, high, upper));
   for (unsigned i = 0; i < 4; i++) {
      assert_int_equal(get_ud(&t, 60, i), get_ud(&before, 5, i));
      assert_int_equal(get_ud(&t, 60, 4 + i), get_ud(&before, 5, i));
      assert_int_equal(get_ud(&t, 61, 4 + i), get_ud(&before, 5, 4 + i));
      assert_int_equal(get_ud(&t, 61, i), get_ud(&before, 61, i));
   }
}

static struct opnd
indirect(struct opnd o, unsigned a0, int addr_imm)
{
   o.indirect = true;
   o.nr = o.subnr = 0;
   o.a0 = a0;
   o.addr_imm = addr_imm;
   return o;
}

static void
test_indirect(void **state)
{
   struct eu_thread t, before;
   (void)state;

   fill(&t);
   for (unsigned i = 0; i < 8; i++)
      t.a0[i] = (uint16_t)(10 * 32 + i * 36);
   before = t;
   RUN(&t,
       /* one address for the whole region, with an offset either way */
       enc1(EU_OP_MOV, 8, dst(60, 0, 1, EU_TYPE_UD), indirect(vec8(0, EU_TYPE_UD), 3, 8)),
       enc1(EU_OP_MOV, 8, dst(61, 0, 1, EU_TYPE_UD), indirect(vec8(0, EU_TYPE_UD), 1, -16)),
       /* Vx1: an address per channel; VxH: one per row */
       enc1(EU_OP_MOV, 8, dst(62, 0, 1, EU_TYPE_UD),
            indirect(region(0, 0, 15, 1, 0, EU_TYPE_UD), 0, 4)),
       enc1(EU_OP_MOV, 8, dst(63, 0, 1, EU_TYPE_UD),
            indirect(region(0, 0, 15, 4, 1, EU_TYPE_UD), 5, 0)),
       enc1(EU_OP_MOV, 8, indirect(dst(0, 0, 1, EU_TYPE_UD), 2, 64), vec8(20, EU_TYPE_UD)));
   for (unsigned i = 0; i < 8; i++) {
      assert_int_equal(get_ud(&t, 60, i), bytes_at(&before, before.a0[3] + 8 + i * 4, 4));
      assert_int_equal(get_ud(&t, 61, i), bytes_at(&before, before.a0[1] - 16u + i * 4, 4));
      assert_int_equal(get_ud(&t, 62, i), bytes_at(&before, before.a0[i] + 4u, 4));
      assert_int_equal(get_ud(&t, 63, i),
                       bytes_at(&before, before.a0[5 + i / 4] + i % 4 * 4u, 4));
      assert_int_equal(bytes_at(&t, before.a0[2] + 64u + i * 4, 4), get_ud(&before, 20, i));
   }

   /* Align16 takes one address for both vertices. */
   fill(&t);
   t.a0[4] = 7 * 32;
   before = t;
   RUN(&t, enc1_a16(EU_OP_MOV, 8, dst4(60, 0xf, EU_TYPE_UD),
                    indirect(vec4(0, SWZ(2, 2, 0, 1), EU_TYPE_UD), 4, 32)));
   static const unsigned swizzle[4] = {2, 2, 0, 1};
   for (unsigned i = 0; i < 8; i++)
      assert_int_equal(get_ud(&t, 60, i), get_ud(&before, 8, (i & 4) + swizzle[i % 4]));
}

static void
test_indirect_out_of_range(void **state)
{
   (void)state;
   EXPECT_FAULT("past the register file",
                no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_ADDRESS, 0, EU_TYPE_UW),
                             imm(EU_TYPE_UW, 4096 - 28))),
                enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_UD), indirect(vec8(0, EU_TYPE_UD), 0, 0)));
   EXPECT_FAULT("past the register file",
                enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_UD),
                     indirect(vec8(0, EU_TYPE_UD), 0, -4)));
   EXPECT_FAULT("past the register file",
                no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_ADDRESS, 2, EU_TYPE_UW),
                             imm(EU_TYPE_UW, 0xfff0))),
                enc1(EU_OP_MOV, 8, indirect(dst(0, 0, 1, EU_TYPE_UD), 1, 0),
                     vec8(5, EU_TYPE_UD)));
   EXPECT_FAULT("more address registers",
                enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_UD),
                     indirect(region(0, 0, 15, 1, 0, EU_TYPE_UD), 1, 0)));
   EXPECT_FAULT("past the end of the register file",
                enc1(EU_OP_MOV, 16, dst(10, 0, 1, EU_TYPE_UD), vec8(127, EU_TYPE_UD)));
   EXPECT_FAULT("past the end of the register file",
                enc1(EU_OP_MOV, 16, dst(127, 0, 1, EU_TYPE_UD), vec8(10, EU_TYPE_UD)));
}

static void
test_immediates(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xffff);
   RUN(&t, enc1(EU_OP_MOV, 16, dst(10, 0, 1, EU_TYPE_D), imm(EU_TYPE_V, 0xf8761234)),
       enc1(EU_OP_MOV, 16, dst(12, 0, 1, EU_TYPE_D), imm(EU_TYPE_UV, 0xf8761234)),
       enc1(EU_OP_MOV, 8, dst(14, 0, 1, EU_TYPE_F), imm(EU_TYPE_VF, 0x00b03830)),
       enc1(EU_OP_MOV, 8, dst(15, 0, 1, EU_TYPE_D), imm(EU_TYPE_W, 0xfffe)),
       enc1(EU_OP_MOV, 8, dst(16, 0, 1, EU_TYPE_D), imm(EU_TYPE_UW, 0xfffe)),
       enc1(EU_OP_MOV, 8, dst(17, 0, 1, EU_TYPE_F), imm(EU_TYPE_D, (uint32_t)-7)),
       enc2(EU_OP_ADD, 8, dst(18, 0, 1, EU_TYPE_UW), region(1, 0, 0, 1, 0, EU_TYPE_UW),
            imm(EU_TYPE_V, 0x76543210)),
       enc2(EU_OP_MUL, 8, dst(19, 0, 1, EU_TYPE_F), vec8(14, EU_TYPE_F), imm_f(2.0f)),
       enc1(EU_OP_MOV, 8, dst(20, 0, 1, EU_TYPE_F), imm(EU_TYPE_VF, 0x7f01ff81)));
   static const int v[8] = {4, 3, 2, 1, 6, 7, -8, -1};
   static const float vf[4] = {1.0f, 1.5f, -1.0f, 0.0f};
   /* The format's extremes: no denormals, no infinities. */
   static const float extremes[4] = {-0.1328125f, -31.0f, 0.1328125f, 31.0f};
   for (unsigned i = 0; i < 16; i++) {
      assert_int_equal((int32_t)get_ud(&t, 10, i), v[i % 8]);
      assert_int_equal(get_ud(&t, 12, i), v[i % 8] & 15);
   }
   for (unsigned i = 0; i < 8; i++) {
      assert_float_bits(get_f(&t, 14, i), vf[i % 4], "VF", i);
      assert_int_equal((int32_t)get_ud(&t, 15, i), -2);
      assert_int_equal(get_ud(&t, 16, i), 0xfffe);
      assert_float_bits(get_f(&t, 17, i), -7, "D", i);
      assert_int_equal(get_uw(&t, 18, i), i);
      assert_float_bits(get_f(&t, 19, i), 2 * vf[i % 4], "mul", i);
      assert_float_bits(get_f(&t, 20, i), extremes[i % 4], "VF", i);
   }
}

/* Reads come before writes, however source and destination overlap. */
static void
test_overlap(void **state)
{
   struct eu_thread t, before;
   (void)state;

   fill(&t);
   before = t;
   RUN(&t, enc1(EU_OP_MOV, 8, dst(10, 4, 1, EU_TYPE_UD), vec8(10, EU_TYPE_UD)));
   for (unsigned i = 0; i < 8; i++)
      assert_int_equal(get_ud(&t, 10, i + 1), get_ud(&before, 10, i));
}

static void
test_architecture_registers(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0x0f0f);
   t.sr0[0] = 0x1234;
   set_ud(&t, 2, 0, 0xdeadbeef);
   RUN(&t, no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_FLAG | 1, 0, EU_TYPE_UD),
                        scalar(2, 0, EU_TYPE_UD))),
       no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_FLAG, 2, EU_TYPE_UW), imm(EU_TYPE_UW, 0x55aa))),
       no_mask(enc1(EU_OP_MOV, 1, dst(10, 0, 1, EU_TYPE_UD),
                    arf(EU_ARF_FLAG | 1, 2, EU_TYPE_UW))),
       no_mask(enc1(EU_OP_MOV, 1, dst(10, 4, 1, EU_TYPE_UD), arf(EU_ARF_STATE, 0, EU_TYPE_UD))),
       no_mask(enc1(EU_OP_MOV, 1, dst(10, 8, 1, EU_TYPE_UD), arf(EU_ARF_MASK, 0, EU_TYPE_UD))),
       no_mask(enc1(EU_OP_MOV, 1, dst(10, 12, 1, EU_TYPE_UD), arf(EU_ARF_IP, 0, EU_TYPE_UD))),
       no_mask(enc1(EU_OP_MOV, 8, arf_dst(EU_ARF_ADDRESS, 0, EU_TYPE_UW),
                    imm(EU_TYPE_V, 0x76543210))),
       no_mask(enc1(EU_OP_MOV, 1, dst(10, 16, 1, EU_TYPE_UD), arf(EU_ARF_NULL, 0, EU_TYPE_UD))));
   assert_int_equal(t.flag[1], 0xdeadbeef);
   assert_int_equal(t.flag[0], 0x55aa0000);
   assert_int_equal(get_ud(&t, 10, 0), 0xdead);
   assert_int_equal(get_ud(&t, 10, 1), 0x1234);
   assert_int_equal(get_ud(&t, 10, 2), 0x0f0f);
   assert_int_equal(get_ud(&t, 10, 3), 5 * 16);
   assert_int_equal(get_ud(&t, 10, 4), 0);
   for (unsigned i = 0; i < 8; i++)
      assert_int_equal(t.a0[i], i);

   EXPECT_FAULT("read-only", no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_STATE, 0, EU_TYPE_UD),
                                          imm(EU_TYPE_UD, 0))));
   EXPECT_FAULT("acc1, which exists for float only",
                no_mask(enc1(EU_OP_MOV, 8, arf_dst(EU_ARF_ACCUMULATOR | 1, 0, EU_TYPE_D),
                             imm(EU_TYPE_UD, 0))));
}

static void
test_compacted(void **state)
{
   struct eu_thread t;
   struct insn add = with_group(
      enc2(EU_OP_ADD, 8, dst(10, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F), vec8(3, EU_TYPE_F)), 0);
   struct insn eot = enc_eot();
   uint64_t code[4], expanded[2];
   (void)state;

   assert_true(eu_compact(add.w, &code[0]));
   eu_uncompact(code[0], expanded);
   assert_int_equal(expanded[0], add.w[0]);
   assert_int_equal(expanded[1], add.w[1]);
   code[1] = eot.w[0];
   code[2] = eot.w[1];
   eu_thread_init(&t, 0xff);
   for (unsigned i = 0; i < 8; i++) {
      set_f(&t, 2, i, (float)i);
      set_f(&t, 3, i, 100.0f);
   }
   assert_int_equal(run_bytes(&t, code, 24, 10), EU_STATUS_EOT);
   for (unsigned i = 0; i < 8; i++)
      assert_float_bits(get_f(&t, 10, i), 100.0f + (float)i, "add", i);
   /* An odd region has no compacted form. */
   add = enc2(EU_OP_ADD, 8, dst(10, 0, 4, EU_TYPE_UB), region(2, 3, 1, 2, 4, EU_TYPE_B),
              vec8(3, EU_TYPE_UD));
   assert_false(eu_compact(add.w, &code[0]));
}

/* Whatever the indices, expansion and compaction are each other's inverse. */
static void
test_compaction_round_trip(void **state)
{
   uint64_t seed = 10;
   (void)state;

   for (unsigned n = 0; n < 100000; n++) {
      uint64_t word = random64(&seed) | UINT64_C(1) << 29, native[2], back, again[2];
      eu_uncompact(word, native);
      assert_true(eu_compact(native, &back));
      eu_uncompact(back, again);
      assert_memory_equal(native, again, sizeof(native));
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_align1_source_regions),
      cmocka_unit_test(test_destination_strides),
      cmocka_unit_test(test_align16_swizzles),
      cmocka_unit_test(test_indirect),
      cmocka_unit_test(test_indirect_out_of_range),
      cmocka_unit_test(test_immediates),
      cmocka_unit_test(test_overlap),
      cmocka_unit_test(test_architecture_registers),
      cmocka_unit_test(test_compacted),
      cmocka_unit_test(test_compaction_round_trip),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
