/*
 * SPDX-License-Identifier: MIT
 *
 * How fast the interpreter is: nanoseconds for an instruction of each common kind, in loops of
 * sixteen of them. Processor times of one run compare with each other, not with other machines.
 */

#include <stdio.h>
#include <time.h>

#include "eu_test.h"

static double
seconds(void)
{
   struct timespec ts;
   clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
   return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void
bench(const char *name, struct insn insn, uint32_t dispatch)
{
   struct insn code[18];
   struct eu_thread t;

   for (unsigned i = 0; i < 16; i++)
      code[i] = insn;
   code[16] = enc_jmpi(-34);
   code[17] = enc_eot();
   eu_thread_init(&t, dispatch);
   for (unsigned i = 0; i < EU_GRF_BYTES / 4; i++)
      set_f(&t, 0, i, (float)i * 0.01f + 1.0f);
   run_bytes(&t, code, sizeof(code), 100000);
   uint64_t count = 17u * 300000;
   double start = seconds();
   run_bytes(&t, code, sizeof(code), count);
   double ns = (seconds() - start) * 1e9 / (double)count;
   printf("%-28s %8.1f ns\n", name, ns);
}

int
main(void)
{
   struct opnd f2 = vec8(2, EU_TYPE_F), f4 = vec8(4, EU_TYPE_F), s = scalar(6, 4, EU_TYPE_F);
   struct opnd d = dst(10, 0, 1, EU_TYPE_F), du = dst(10, 0, 1, EU_TYPE_UD);
   struct opnd u2 = vec8(2, EU_TYPE_UD), u4 = vec8(4, EU_TYPE_UD);
   struct insn mad = enc3(EU_OP_MAD, 8, dst4(10, 0xf, EU_TYPE_F), vec4(2, SWZ_XYZW, EU_TYPE_F),
                          vec4(4, SWZ_XYZW, EU_TYPE_F), scalar(6, 4, EU_TYPE_F));

   bench("mov(16) F", enc1(EU_OP_MOV, 16, d, f2), 0xffff);
   bench("add(8) F", enc2(EU_OP_ADD, 8, d, f2, f4), 0xffff);
   bench("add(16) F", enc2(EU_OP_ADD, 16, d, f2, f4), 0xffff);
   bench("add(16) F partial mask", enc2(EU_OP_ADD, 16, d, f2, f4), 0x5aff);
   bench("mul(16) F scalar", enc2(EU_OP_MUL, 16, d, f2, s), 0xffff);
   bench("mul.sat(16) F", with_sat(enc2(EU_OP_MUL, 16, d, f2, f4)), 0xffff);
   bench("mad(8) F", mad, 0xffff);
   bench("pln(16)", enc2(EU_OP_PLN, 16, d, scalar(1, 0, EU_TYPE_F), f2), 0xffff);
   bench("cmp.l(16) F", with_cond(enc2(EU_OP_CMP, 16, null_dst(EU_TYPE_F), f2, f4), EU_COND_L),
         0xffff);
   bench("(f0) sel(16) F",
         with_pred(enc2(EU_OP_SEL, 16, d, f2, f4), EU_PRED_NORMAL, false), 0xffff);
   bench("rndz(16)", enc1(EU_OP_RNDZ, 16, d, f2), 0xffff);
   bench("mov(16) D <- F", enc1(EU_OP_MOV, 16, dst(10, 0, 1, EU_TYPE_D), f2), 0xffff);
   bench("mov(16) F <- UW", enc1(EU_OP_MOV, 16, d, region(2, 0, 8, 8, 1, EU_TYPE_UW)), 0xffff);
   bench("add(16) UD", enc2(EU_OP_ADD, 16, du, u2, u4), 0xffff);
   bench("shl(16) UD imm", enc2(EU_OP_SHL, 16, du, u2, imm(EU_TYPE_UD, 3)), 0xffff);
   bench("and(16) UD", enc2(EU_OP_AND, 16, du, u2, u4), 0xffff);
   bench("mov(8) F Align16 swizzled",
         enc1_a16(EU_OP_MOV, 8, dst4(10, 0x7, EU_TYPE_F), vec4(2, SWZ(2, 1, 0, 3), EU_TYPE_F)),
         0xffff);
   bench("dp4(8)", enc2_a16(EU_OP_DP4, 8, dst4(10, 0x1, EU_TYPE_F),
                            vec4(2, SWZ_XYZW, EU_TYPE_F), vec4(4, SWZ_XYZW, EU_TYPE_F)),
         0xffff);
   bench("math.rsq(8)", enc_math(EU_MATH_RSQ, 8, d, f2, arf(0, 0, EU_TYPE_F)), 0xffff);
   bench("add(1) UD", no_mask(enc2(EU_OP_ADD, 1, du, u2, u4)), 0xffff);
   return 0;
}
