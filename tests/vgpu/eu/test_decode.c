/*
 * SPDX-License-Identifier: MIT
 *
 * The decoder's refusals, programs, and the support matrix.
 */

#include <errno.h>
#include <stdlib.h>

#include "eu_test.h"

static void
refuses(struct insn insn, const char *what)
{
   struct eu_inst inst;
   char reason[EU_REASON_BYTES] = "";

   if (eu_decode(&insn, sizeof(insn), &inst, reason) != 0)
      fail_msg("accepted, but: %s", what);
   if (!strstr(reason, what))
      fail_msg("\"%s\" does not contain \"%s\"", reason, what);
}

static struct insn
changed(struct insn insn, unsigned high, unsigned low, uint64_t value)
{
   set_field(&insn, high, low, value);
   return insn;
}

static void
test_invalid_encodings(void **state)
{
   struct opnd d = dst(10, 0, 1, EU_TYPE_F), a = vec8(2, EU_TYPE_F), b = vec8(3, EU_TYPE_F);
   struct insn add = enc2(EU_OP_ADD, 8, d, a, b);
   struct insn add16 = enc2_a16(EU_OP_ADD, 8, dst4(10, 0xf, EU_TYPE_F),
                                vec4(2, SWZ_XYZW, EU_TYPE_F), vec4(3, SWZ_XYZW, EU_TYPE_F));
   struct insn mad = enc3(EU_OP_MAD, 8, dst4(10, 0xf, EU_TYPE_F), vec4(2, SWZ_XYZW, EU_TYPE_F),
                          vec4(3, SWZ_XYZW, EU_TYPE_F), vec4(4, SWZ_XYZW, EU_TYPE_F));
   (void)state;

   refuses(changed(add, 6, 0, 0x12), "opcode 0x12 does not exist on Gen7"); /* csel, Gen8 */
   refuses(changed(add, 6, 0, 0x7f), "opcode 0x7f does not exist");
   refuses(changed(add, 7, 7, 1), "bit 7");
   refuses(changed(add, 23, 21, 6), "execution size 6 is reserved");
   refuses(changed(changed(add, 23, 21, 4), 13, 12, 3), "past the execution mask");
   refuses(changed(add, 15, 14, 3), "thread control 3");
   refuses(changed(add, 19, 16, 14), "predicate control 14");
   refuses(changed(add16, 19, 16, 8), "predicate control 8");
   refuses(changed(add, 27, 24, 7), "conditional modifier 7");
   refuses(changed(add, 27, 24, 12), "conditional modifier 12");
   refuses(changed(add, 33, 32, EU_FILE_MRF), "destination is a message register");
   refuses(changed(add, 33, 32, EU_FILE_IMM), "destination is an immediate");
   refuses(changed(add, 60, 53, 128), "destination is g128");
   refuses(changed(add, 76, 69, 200), "source 0 is g200");
   refuses(changed(add, 108, 101, 255), "source 1 is g255");
   refuses(changed(add, 62, 61, 0), "no horizontal stride");
   refuses(changed(add, 88, 85, 9), "source 0 has reserved vertical stride 9");
   refuses(changed(add, 116, 114, 5), "source 1 has reserved width 5");
   refuses(changed(add, 88, 85, 15), "VxH without indirect addressing");
   refuses(changed(add16, 88, 85, 15), "VxH in Align16");
   refuses(changed(changed(add, 38, 37, EU_FILE_ARF), 76, 69, 0xd0), "does not exist");
   refuses(changed(changed(add, 38, 37, EU_FILE_ARF), 76, 69, EU_ARF_FLAG | 2), "does not exist");
   refuses(enc2(EU_OP_ADD, 8, d, imm_f(1), b), "source 0 of add cannot be an immediate");
   refuses(enc2(EU_OP_AND, 8, d, a, b), "source 0 of and must be an integer");
   refuses(enc1(EU_OP_FRC, 8, d, vec8(2, EU_TYPE_D)), "source 0 of frc must be a float");
   refuses(changed(mad, 8, 8, 0), "must be Align16");
   refuses(changed(mad, 125, 118, 128), "source 2 is g128");
   refuses(changed(mad, 32, 32, 1), "message register");
   refuses(changed(changed(enc_eot(), 38, 37, EU_FILE_ARF), 76, 69, EU_ARF_NULL),
           "must be in the GRF");
   refuses(changed(enc_eot(), 43, 42, EU_FILE_GRF), "must be an immediate or in a0");
   refuses(with_cond(enc1(EU_OP_FBL, 8, dst(10, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD)),
                     EU_COND_Z),
           "fbl takes no conditional modifier");
   refuses(changed(enc_branch(EU_OP_BRD, 8, 2, 0), 43, 42, EU_FILE_GRF), "not modelled");
}

static void
test_truncated(void **state)
{
   struct insn add = enc0(EU_OP_NOP, 1);
   struct eu_inst inst;
   char reason[EU_REASON_BYTES];
   (void)state;

   assert_int_equal(eu_decode(&add, 7, &inst, reason), 0);
   assert_string_equal(reason, "the program ends here");
   assert_int_equal(eu_decode(&add, 15, &inst, reason), 0);
   assert_string_equal(reason, "the program ends within this instruction");
   assert_int_equal(eu_decode(&add, 16, &inst, reason), 16);
   assert_int_equal(eu_decode(&add, 0, &inst, NULL), 0);
}

/* Any 128 bits: an instruction or a reason; its text fits and ends. */
static void
test_total(void **state)
{
   uint64_t seed = 15;
   unsigned valid = 0;
   (void)state;

   for (unsigned n = 0; n < 300000; n++) {
      uint64_t w[2] = {random64(&seed), random64(&seed)};
      struct eu_inst inst;
      char reason[EU_REASON_BYTES] = "", text[256];
      unsigned size = eu_decode(w, sizeof(w), &inst, reason);
      assert_true(size == 0 || size == 8 || size == 16);
      assert_true(size != 0 || reason[0] != '\0');
      valid += size != 0;
      int length = eu_disasm(&inst, text, sizeof(text));
      assert_int_equal((size_t)length, strlen(text));
      /* A short buffer gets what fits. */
      char head[20];
      assert_int_equal(eu_disasm(&inst, head, sizeof(head)), length);
      assert_memory_equal(head, text, strlen(head));
   }
   assert_true(valid > 1000);
}

static void
test_decoded_fields(void **state)
{
   struct eu_inst inst;
   struct insn insn = with_flag(
      with_pred(with_cond(with_sat(with_acc(with_group(
                             enc2(EU_OP_ADD, 4, dst(12, 8, 2, EU_TYPE_W),
                                  neg(region(3, 4, 16, 4, 2, EU_TYPE_W)),
                                  absolute(scalar(5, 12, EU_TYPE_B))),
                             12))),
                          EU_COND_LE),
                EU_PRED_ANY4H, true),
      1, 1);
   (void)state;

   assert_int_equal(eu_decode(&insn, sizeof(insn), &inst, NULL), 16);
   assert_int_equal(inst.opcode, EU_OP_ADD);
   assert_int_equal(inst.exec_size, 4);
   assert_int_equal(inst.group, 12);
   assert_int_equal(inst.pred, EU_PRED_ANY4H);
   assert_true(inst.pred_inverse && inst.saturate && inst.acc_wr);
   assert_int_equal(inst.cond, EU_COND_LE);
   assert_int_equal(inst.flag_nr, 1);
   assert_int_equal(inst.flag_subnr, 1);
   assert_int_equal(inst.dst.nr, 12);
   assert_int_equal(inst.dst.subnr, 8);
   assert_int_equal(inst.dst.hstride, 2);
   assert_int_equal(inst.dst.type, EU_TYPE_W);
   assert_int_equal(inst.src[0].vstride, 16);
   assert_int_equal(inst.src[0].width, 4);
   assert_int_equal(inst.src[0].hstride, 2);
   assert_int_equal(inst.src[0].subnr, 4);
   assert_true(inst.src[0].negate && !inst.src[0].abs);
   assert_int_equal(inst.src[1].type, EU_TYPE_B);
   assert_true(!inst.src[1].negate && inst.src[1].abs);
   assert_int_equal(inst.src[1].width, 1);

   insn = enc_branch(EU_OP_IF, 16, -3, 300);
   assert_int_equal(eu_decode(&insn, sizeof(insn), &inst, NULL), 16);
   assert_int_equal(inst.jip, -3);
   assert_int_equal(inst.uip, 300);
}

/* ---------------------------------------------------------------- programs */

static void
test_program_follows_control_flow(void **state)
{
   struct insn code[] = {
      enc_jmpi(2),
      {{~0ull, ~0ull}}, /* jumped over: never decoded */
      enc0(EU_OP_NOP, 1),
      enc_eot(),
      {{~0ull, ~0ull}}, /* behind the end */
   };
   struct eu_program *program;
   uint32_t offset;
   const char *reason;
   (void)state;

   assert_int_equal(eu_program_create(code, sizeof(code), 64, &program), 0);
   assert_int_equal(eu_program_num_insts(program), 3);
   assert_int_equal(eu_program_extent(program), 64);
   assert_int_equal(eu_program_inst(program, 1, &offset, &reason)->opcode, EU_OP_NOP);
   assert_int_equal(offset, 32);
   assert_null(reason);
   assert_null(eu_program_inst(program, 3, NULL, NULL));
   eu_program_destroy(program);

   assert_int_equal(eu_program_create(code, 0, 0, &program), -EINVAL);
   assert_int_equal(eu_program_create(code, sizeof(code), 4, &program), -EINVAL);
   assert_null(program);
   eu_program_destroy(NULL);
}

static void
test_runaways(void **state)
{
   struct eu_thread t;
   struct insn loop = enc_jmpi(-2), outside = enc_jmpi(1000), back = enc_jmpi(-100);
   struct insn endless = enc0(EU_OP_NOP, 1);
   (void)state;

   eu_thread_init(&t, 0xff);
   assert_int_equal(run_bytes(&t, &loop, sizeof(loop), 12345), EU_STATUS_BUDGET);
   assert_int_equal(t.instructions, 12345);
   eu_thread_init(&t, 0xff);
   assert_int_equal(run_bytes(&t, &outside, sizeof(outside), 10), EU_STATUS_FAULT);
   assert_non_null(strstr(t.fault.text, "where there is no instruction"));
   eu_thread_init(&t, 0xff);
   assert_int_equal(run_bytes(&t, &back, sizeof(back), 10), EU_STATUS_FAULT);
   eu_thread_init(&t, 0xff);
   assert_int_equal(run_bytes(&t, &endless, sizeof(endless), 10), EU_STATUS_FAULT);
   eu_thread_init(&t, 0xff);
   assert_int_equal(run_bytes(&t, &endless, sizeof(endless), 0), EU_STATUS_BUDGET);
}

static void
test_faults_by_name(void **state)
{
   (void)state;
   EXPECT_FAULT("illegal instruction", enc0(EU_OP_ILLEGAL, 1));
   EXPECT_FAULT("opcode 0x03 does not exist on Gen7", enc0((enum eu_opcode)3, 1));
   EXPECT_FAULT("add mixes float and DWord sources",
                enc2(EU_OP_ADD, 8, dst(10, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F),
                     vec8(3, EU_TYPE_D)));
   EXPECT_FAULT("frc on double precision operands is not modelled",
                enc1(EU_OP_FRC, 8, dst(10, 0, 1, EU_TYPE_DF), vec8(2, EU_TYPE_DF)));
   EXPECT_FAULT("breakpoint", changed(enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_F), imm_f(1)), 30,
                                      30, 1));
   EXPECT_FAULT("embedded comparison", with_cond(enc_branch(EU_OP_IF, 8, 2, 2), EU_COND_Z));
   EXPECT_FAULT("something else than a notification register",
                enc1(EU_OP_WAIT, 1, null_dst(EU_TYPE_UD), scalar(2, 0, EU_TYPE_UD)));
   EXPECT_FAULT("more accumulator channels",
                with_group(with_acc(enc2(EU_OP_ADD, 16, dst(10, 0, 1, EU_TYPE_F),
                                         vec8(2, EU_TYPE_F), vec8(4, EU_TYPE_F))),
                           8));
}

/* ---------------------------------------------------------------- matrix */

/* Each opcode is in the matrix once (math by function), and those that are done execute. */
static void
test_matrix(void **state)
{
   size_t count;
   const struct eu_matrix_entry *matrix = eu_matrix(&count);
   unsigned seen[128] = {0}, names = 0;
   (void)state;

   for (size_t i = 0; i < count; i++) {
      seen[matrix[i].opcode]++;
      const char *name = eu_opcode_name(matrix[i].opcode);
      assert_non_null(name);
      if (matrix[i].opcode == EU_OP_MATH)
         assert_memory_equal(matrix[i].name, "math.", 5);
      else
         assert_string_equal(matrix[i].name, name);
   }
   for (unsigned opcode = 0; opcode < 128; opcode++) {
      if (!eu_opcode_name(opcode)) {
         assert_int_equal(seen[opcode], 0);
         continue;
      }
      names++;
      assert_int_equal(seen[opcode], opcode == EU_OP_MATH ? 12 : 1);
   }
   assert_int_equal(names, 61);

   /* What is said to be done is accepted in its plainest form. */
   for (size_t i = 0; i < count; i++) {
      enum eu_opcode opcode = (enum eu_opcode)matrix[i].opcode;
      struct eu_inst inst;
      static const enum eu_type types[] = {EU_TYPE_F, EU_TYPE_UD, EU_TYPE_UB};
      bool accepted = matrix[i].support == EU_SUPPORT_FAULTS;
      for (unsigned ty = 0; ty < 3 && !accepted; ty++) {
         struct eu_program *program;
         const char *reason;
         struct insn insn = enc2(opcode, 8, dst(10, 0, 1, EU_TYPE_UD), vec8(2, types[ty]),
                                 vec8(4, types[ty]));
         if (opcode == EU_OP_MAD || opcode == EU_OP_LRP || opcode == EU_OP_BFE ||
             opcode == EU_OP_BFI2)
            insn = enc3(opcode, 8, dst4(10, 0xf, types[ty]), vec4(2, SWZ_XYZW, types[ty]),
                        vec4(3, SWZ_XYZW, types[ty]), vec4(4, SWZ_XYZW, types[ty]));
         else if (opcode == EU_OP_SEND || opcode == EU_OP_SENDC)
            insn = changed(enc_eot(), 6, 0, opcode);
         else if (opcode == EU_OP_MATH)
            insn = with_cond(insn, (enum eu_cond)(i % 2 ? EU_MATH_INV : EU_MATH_INT_DIV_QUOTIENT));
         else if (opcode == EU_OP_CMP || opcode == EU_OP_CMPN)
            insn = with_cond(insn, EU_COND_G);
         else if (opcode == EU_OP_WAIT)
            insn = enc1(opcode, 1, null_dst(EU_TYPE_UD), arf(EU_ARF_NOTIFICATION, 0, EU_TYPE_UD));
         else if (opcode == EU_OP_F32TO16)
            insn = enc1(opcode, 8, dst(10, 0, 2, EU_TYPE_W), vec8(2, types[ty]));
         else if (opcode == EU_OP_F16TO32)
            insn = enc1(opcode, 8, dst(10, 0, 1, EU_TYPE_F), vec8(2, types[ty]));
         else if (opcode == EU_OP_NOP)
            insn = enc0(opcode, 1);
         else if (opcode >= EU_OP_JMPI && opcode <= EU_OP_CALL)
            insn = enc_branch(opcode, 8, 2, 2);
         if (!eu_decode(&insn, sizeof(insn), &inst, NULL))
            continue;
         assert_int_equal(eu_program_create(&insn, sizeof(insn), 0, &program), 0);
         eu_program_inst(program, 0, NULL, &reason);
         accepted = reason == NULL;
         eu_program_destroy(program);
      }
      if (!accepted)
         fail_msg("%s is said to be done, but is refused", matrix[i].name);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_invalid_encodings),
      cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_total),
      cmocka_unit_test(test_decoded_fields),
      cmocka_unit_test(test_program_follows_control_flow),
      cmocka_unit_test(test_runaways),
      cmocka_unit_test(test_faults_by_name),
      cmocka_unit_test(test_matrix),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
