/*
 * SPDX-License-Identifier: MIT
 *
 * Arithmetic: every opcode lane by lane against values worked out here.
 */

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "eu_test.h"

static const float float_values[16] = {
   0.0f,  -0.0f, 1.0f,    -1.0f,    0.5f,      -2.5f,     1.5f,        3.25f,
   1e10f, -1e-9, 255.75f, -8388609, INFINITY, -INFINITY, 16777216.0f, 0.3333333f,
};

/* g2-g3, g4-g5 and g6-g7 hold floats, rotated against each other. */
static void
fill_floats(struct eu_thread *t)
{
   eu_thread_init(t, 0xffff);
   for (unsigned i = 0; i < 16; i++) {
      set_f(t, 2, i, float_values[i]);
      set_f(t, 4, i, float_values[(i * 5 + 3) % 16]);
      set_f(t, 6, i, float_values[(i * 3 + 7) % 16]);
   }
}

static struct opnd
f16(unsigned nr)
{
   return vec8(nr, EU_TYPE_F);
}

typedef float (*reference1)(float);
typedef float (*reference2)(float, float);

static float ref_add(float a, float b) { return a + b; }
static float ref_mul(float a, float b) { return a * b; }
static float ref_frc(float a) { return a - floorf(a); }

static float
ref_min(float a, float b)
{
   return isnan(a) ? b : isnan(b) ? a : a < b ? a : b;
}

static float
ref_max(float a, float b)
{
   return isnan(a) ? b : isnan(b) ? a : a >= b ? a : b;
}

static void
test_float_one_source(void **state)
{
   static const struct {
      enum eu_opcode opcode;
      reference1 fn;
   } cases[] = {
      {EU_OP_FRC, ref_frc},    {EU_OP_RNDU, ceilf},  {EU_OP_RNDD, floorf},
      {EU_OP_RNDE, rintf},     {EU_OP_RNDZ, truncf},
   };
   struct eu_thread t;
   (void)state;

   for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
      for (unsigned exec_size = 1; exec_size <= 16; exec_size *= 2) {
         fill_floats(&t);
         RUN(&t, enc1(cases[c].opcode, exec_size, dst(20, 0, 1, EU_TYPE_F), f16(2)));
         for (unsigned i = 0; i < 16; i++)
            assert_float_bits(get_f(&t, 20, i), i < exec_size ? cases[c].fn(float_values[i]) : 0,
                              eu_opcode_name(cases[c].opcode), i);
      }
   }
}

/* Halfway cases, both signs, and the neighbourhood of 2^23. */
static void
test_rounding_exhaustive(void **state)
{
   struct eu_thread t;
   uint64_t seed = 11;
   (void)state;

   for (unsigned n = 0; n < 4000; n++) {
      float v[8];
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         uint64_t r = random64(&seed);
         v[i] = i < 4 ? (float)((int)(r % 64) - 32) * 0.5f
                      : ldexpf((float)((int)(r % (1 << 25)) - (1 << 24)), (int)(r >> 32) % 4 - 2);
         set_f(&t, 2, i, v[i]);
      }
      RUN(&t, enc1(EU_OP_RNDU, 8, dst(10, 0, 1, EU_TYPE_F), f16(2)),
          enc1(EU_OP_RNDD, 8, dst(11, 0, 1, EU_TYPE_F), f16(2)),
          enc1(EU_OP_RNDE, 8, dst(12, 0, 1, EU_TYPE_F), f16(2)),
          enc1(EU_OP_RNDZ, 8, dst(13, 0, 1, EU_TYPE_F), f16(2)));
      for (unsigned i = 0; i < 8; i++) {
         assert_float_bits(get_f(&t, 10, i), ceilf(v[i]), "rndu", i);
         assert_float_bits(get_f(&t, 11, i), floorf(v[i]), "rndd", i);
         assert_float_bits(get_f(&t, 12, i), rintf(v[i]), "rnde", i);
         assert_float_bits(get_f(&t, 13, i), truncf(v[i]), "rndz", i);
      }
   }
}

static void
test_float_two_sources(void **state)
{
   struct eu_thread t;
   (void)state;

   for (unsigned modifiers = 0; modifiers < 16; modifiers++) {
      struct opnd a = f16(2), b = f16(4);
      a.neg = modifiers & 1;
      a.abs = modifiers & 2;
      b.neg = modifiers & 4;
      b.abs = modifiers & 8;
      fill_floats(&t);
      RUN(&t, enc2(EU_OP_ADD, 16, dst(20, 0, 1, EU_TYPE_F), a, b),
          enc2(EU_OP_MUL, 16, dst(22, 0, 1, EU_TYPE_F), a, b),
          with_cond(enc2(EU_OP_SEL, 16, dst(24, 0, 1, EU_TYPE_F), a, b), EU_COND_L),
          with_cond(enc2(EU_OP_SEL, 16, dst(26, 0, 1, EU_TYPE_F), a, b), EU_COND_GE),
          with_sat(enc2(EU_OP_ADD, 16, dst(28, 0, 1, EU_TYPE_F), a, b)));
      for (unsigned i = 0; i < 16; i++) {
         float x = float_values[i], y = float_values[(i * 5 + 3) % 16];
         x = a.abs ? fabsf(x) : x;
         x = a.neg ? -x : x;
         y = b.abs ? fabsf(y) : y;
         y = b.neg ? -y : y;
         float sum = ref_add(x, y);
         assert_float_bits(get_f(&t, 20, i), sum, "add", i);
         assert_float_bits(get_f(&t, 22, i), ref_mul(x, y), "mul", i);
         if (x != y) { /* zeros of either sign are equal */
            assert_float_bits(get_f(&t, 24, i), ref_min(x, y), "sel.l", i);
            assert_float_bits(get_f(&t, 26, i), ref_max(x, y), "sel.ge", i);
         }
         assert_float_bits(get_f(&t, 28, i), isnan(sum) || sum <= 0 ? 0 : sum > 1 ? 1 : sum,
                           "add.sat", i);
      }
   }
}

static void
test_sel_nan(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   set_f(&t, 2, 0, NAN);
   set_f(&t, 2, 1, 3.0f);
   set_f(&t, 3, 0, 5.0f);
   set_f(&t, 3, 1, NAN);
   RUN(&t, with_cond(enc2(EU_OP_SEL, 2, dst(10, 0, 1, EU_TYPE_F), f16(2), f16(3)), EU_COND_L),
       with_cond(enc2(EU_OP_SEL, 2, dst(11, 0, 1, EU_TYPE_F), f16(2), f16(3)), EU_COND_GE));
   assert_float_bits(get_f(&t, 10, 0), 5, "min", 0);
   assert_float_bits(get_f(&t, 10, 1), 3, "min", 1);
   assert_float_bits(get_f(&t, 11, 0), 5, "max", 0);
   assert_float_bits(get_f(&t, 11, 1), 3, "max", 1);
}

static void
test_mad_lrp(void **state)
{
   struct eu_thread t;
   (void)state;

   fill_floats(&t);
   struct opnd d = dst4(20, 0xf, EU_TYPE_F);
   struct opnd s0 = vec4(2, SWZ_XYZW, EU_TYPE_F), s1 = vec4(4, SWZ_XYZW, EU_TYPE_F),
               s2 = vec4(6, SWZ_XYZW, EU_TYPE_F);
   struct opnd d2 = d, d3 = d, d4 = d;
   d2.nr = 22;
   d3.nr = 24;
   d4.nr = 26;
   d4.writemask = 0x6;
   RUN(&t, enc3(EU_OP_MAD, 8, d, s0, s1, s2),
       enc3(EU_OP_MAD, 8, d2, neg(s0), absolute(s1), scalar(6, 8, EU_TYPE_F)),
       enc3(EU_OP_LRP, 8, d3, s0, s1, s2),
       enc3(EU_OP_MAD, 8, d4, vec4(2, SWZ(3, 2, 1, 0), EU_TYPE_F), s1, s2));
   for (unsigned i = 0; i < 8; i++) {
      float a = get_f(&t, 2, i), b = get_f(&t, 4, i), c = get_f(&t, 6, i);
      volatile float bc = b * c; /* no fused rounding in the reference either */
      volatile float bz = fabsf(b) * get_f(&t, 6, 2);
      volatile float ab = b * a, rest = 1.0f - a;
      volatile float cr = c * rest;
      float reversed = get_f(&t, 2, (i & 4) + 3 - (i & 3));
      assert_float_bits(get_f(&t, 20, i), a + bc, "mad", i);
      assert_float_bits(get_f(&t, 22, i), -a + bz, "mad scalar", i);
      assert_float_bits(get_f(&t, 24, i), ab + cr, "lrp", i);
      assert_float_bits(get_f(&t, 26, i), i % 4 == 1 || i % 4 == 2 ? reversed + bc : 0,
                        "mad swizzled", i);
   }
}

static void
test_dot_products(void **state)
{
   static const enum eu_opcode opcodes[] = {EU_OP_DP2, EU_OP_DP3, EU_OP_DP4, EU_OP_DPH};
   struct eu_thread t;
   (void)state;

   for (unsigned c = 0; c < 4; c++) {
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         set_f(&t, 2, i, (float)i + 1);
         set_f(&t, 3, i, (float)(i * i) - 3);
      }
      RUN(&t, enc2_a16(opcodes[c], 8, dst4(10, 0xb, EU_TYPE_F), vec4(2, SWZ_XYZW, EU_TYPE_F),
                       neg(vec4(3, SWZ(1, 1, 2, 3), EU_TYPE_F))));
      for (unsigned i = 0; i < 8; i++) {
         static const unsigned swizzle[4] = {1, 1, 2, 3};
         unsigned g = i & 4;
         float sum = 0;
         unsigned terms = opcodes[c] == EU_OP_DP2 ? 2 : opcodes[c] == EU_OP_DP4 ? 4 : 3;
         for (unsigned k = 0; k < terms; k++)
            sum += get_f(&t, 2, g + k) * -get_f(&t, 3, g + swizzle[k]);
         if (opcodes[c] == EU_OP_DPH)
            sum += -get_f(&t, 3, g + 3);
         assert_float_bits(get_f(&t, 10, i), i % 4 == 2 ? 0 : sum, eu_opcode_name(opcodes[c]), i);
      }
   }
}

static void
test_line_pln(void **state)
{
   struct eu_thread t;
   (void)state;

   for (unsigned subnr = 0; subnr <= 16; subnr += 16) {
      fill_floats(&t);
      for (unsigned i = 0; i < 8; i++)
         set_f(&t, 1, i, (float)i * 2 - 5);
      for (unsigned i = 0; i < 32; i++)
         set_f(&t, 10, i, (float)i * 0.25f);
      RUN(&t, enc2(EU_OP_LINE, 16, dst(20, 0, 1, EU_TYPE_F), scalar(1, subnr, EU_TYPE_F), f16(10)),
          enc2(EU_OP_PLN, 16, dst(24, 0, 1, EU_TYPE_F), scalar(1, subnr, EU_TYPE_F), f16(10)),
          enc2(EU_OP_PLN, 8, dst(26, 0, 1, EU_TYPE_F), neg(scalar(1, subnr, EU_TYPE_F)), f16(12)));
      float p = get_f(&t, 1, subnr / 4), q = get_f(&t, 1, subnr / 4 + 1),
            r = get_f(&t, 1, subnr / 4 + 3);
      for (unsigned i = 0; i < 16; i++) {
         float u = get_f(&t, 10 + i / 8 * 2, i % 8), v = get_f(&t, 11 + i / 8 * 2, i % 8);
         assert_float_bits(get_f(&t, 20, i), p * get_f(&t, 10, i) + r, "line", i);
         assert_float_bits(get_f(&t, 24, i), p * u + q * v + r, "pln", i);
      }
      for (unsigned i = 0; i < 8; i++)
         assert_float_bits(get_f(&t, 26, i),
                           -p * get_f(&t, 12, i) - q * get_f(&t, 13, i) - r, "pln neg", i);
   }
}

static void
test_mac(void **state)
{
   struct eu_thread t;
   (void)state;

   fill_floats(&t);
   struct opnd acc = arf_dst(EU_ARF_ACCUMULATOR, 0, EU_TYPE_F);
   RUN(&t, enc1(EU_OP_MOV, 16, acc, imm_f(2.0f)),
       with_acc(enc2(EU_OP_MAC, 16, dst(20, 0, 1, EU_TYPE_F), f16(2), f16(4))),
       enc1(EU_OP_MOV, 16, dst(22, 0, 1, EU_TYPE_F), arf_vec8(EU_ARF_ACCUMULATOR, EU_TYPE_F)),
       enc2(EU_OP_MAC, 16, dst(24, 0, 1, EU_TYPE_F), f16(2), imm_f(1.0f)),
       /* The second half's implicit accumulator is acc1. */
       with_group(enc2(EU_OP_MAC, 8, dst(26, 0, 1, EU_TYPE_F), f16(2), imm_f(0.0f)), 8));
   for (unsigned i = 0; i < 16; i++) {
      float first = 2.0f + get_f(&t, 2, i) * get_f(&t, 4, i);
      assert_float_bits(get_f(&t, 20, i), first, "mac", i);
      assert_float_bits(get_f(&t, 22, i), first, "acc", i);
      assert_float_bits(get_f(&t, 24, i), first + get_f(&t, 2, i), "mac 2", i);
      if (i < 8)
         assert_float_bits(get_f(&t, 26, i),
                           2.0f + get_f(&t, 2, i + 8) * get_f(&t, 4, i + 8) +
                              get_f(&t, 2, i) * 0.0f,
                           "mac acc1", i);
   }
}

/* Single precision flushes denormals where it computes, and keeps them where it only moves. */
static void
test_denormals(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   set_f(&t, 2, 0, 1e-40f);
   set_f(&t, 2, 1, -1e-40f);
   set_f(&t, 2, 2, FLT_MIN);
   RUN(&t, enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_F), f16(2)),
       enc2(EU_OP_ADD, 8, dst(11, 0, 1, EU_TYPE_F), f16(2), imm_f(-0.0f)),
       enc2(EU_OP_MUL, 8, dst(12, 0, 1, EU_TYPE_F), f16(2), imm_f(0.5f)),
       enc1(EU_OP_MOV, 8, dst(13, 0, 1, EU_TYPE_F), neg(f16(2))));
   assert_int_equal(get_ud(&t, 10, 0), get_ud(&t, 2, 0));
   assert_int_equal(get_ud(&t, 10, 1), get_ud(&t, 2, 1));
   assert_int_equal(get_ud(&t, 11, 0), 0);
   assert_float_bits(get_f(&t, 11, 2), FLT_MIN, "add", 2);
   assert_int_equal(get_ud(&t, 12, 2), 0);
   assert_int_equal(get_ud(&t, 13, 0), 0x80000000);
   assert_int_equal(get_ud(&t, 13, 1), 0);
}

static void
test_rounding_modes(void **state)
{
   static const int host[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
   struct eu_thread t;
   (void)state;

   for (unsigned mode = 0; mode < 4; mode++) {
      eu_thread_init(&t, 0xff);
      t.cr0[0] = mode << EU_CR0_ROUND_SHIFT;
      set_f(&t, 2, 0, 1.0f);
      set_f(&t, 3, 0, 3e-8f);
      set_f(&t, 2, 1, -1.0f);
      set_f(&t, 3, 1, -3e-8f);
      set_ud(&t, 4, 0, 0x7fffffff);
      set_ud(&t, 4, 1, 0x80000001);
      RUN(&t, enc2(EU_OP_ADD, 2, dst(10, 0, 1, EU_TYPE_F), f16(2), f16(3)),
          enc1(EU_OP_MOV, 2, dst(11, 0, 1, EU_TYPE_F), vec8(4, EU_TYPE_D)));
      for (unsigned i = 0; i < 2; i++) {
         volatile float a = get_f(&t, 2, i), b = get_f(&t, 3, i);
         volatile int32_t n = (int32_t)get_ud(&t, 4, i);
         fesetround(host[mode]);
         volatile float sum = a + b, converted = (float)n;
         fesetround(FE_TONEAREST);
         assert_float_bits(get_f(&t, 10, i), sum, "add", i);
         assert_float_bits(get_f(&t, 11, i), converted, "mov", i);
      }
      /* The host has its own mode back, and its denormals. */
      volatile float one = 1.0f, little = 1e-20f, least = 1e-44f;
      assert_true(one + little == 1.0f && one - little == 1.0f);
      assert_true(least * one > 0.0f);
   }
   /* The same, set by the kernel itself. */
   eu_thread_init(&t, 0xff);
   set_f(&t, 2, 0, 1.0f);
   RUN(&t, no_mask(enc2(EU_OP_OR, 1, arf_dst(EU_ARF_CONTROL, 0, EU_TYPE_UD),
                        arf(EU_ARF_CONTROL, 0, EU_TYPE_UD), imm(EU_TYPE_UD, 1 << 4))),
       enc2(EU_OP_ADD, 1, dst(10, 0, 1, EU_TYPE_F), f16(2), imm_f(1e-20f)));
   assert_float_bits(get_f(&t, 10, 0), nextafterf(1, 2), "add up", 0);
}

static void
test_alternative_mode(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   t.cr0[0] = EU_CR0_ALT_MODE;
   set_f(&t, 2, 0, INFINITY);
   set_f(&t, 3, 0, 0.0f);
   set_f(&t, 2, 1, FLT_MAX);
   set_f(&t, 3, 1, -2.0f);
   RUN(&t, enc2(EU_OP_MUL, 2, dst(10, 0, 1, EU_TYPE_F), f16(2), f16(3)),
       enc_math(EU_MATH_INV, 1, dst(11, 0, 1, EU_TYPE_F), f16(3), arf(0, 0, EU_TYPE_F)),
       enc_math(EU_MATH_RSQ, 2, dst(12, 0, 1, EU_TYPE_F), neg(scalar(3, 4, EU_TYPE_F)),
                arf(0, 0, EU_TYPE_F)),
       enc_math(EU_MATH_SQRT, 1, dst(13, 0, 1, EU_TYPE_F), scalar(3, 4, EU_TYPE_F),
                arf(0, 0, EU_TYPE_F)));
   assert_float_bits(get_f(&t, 10, 0), 0, "inf * 0", 0);
   assert_float_bits(get_f(&t, 10, 1), -FLT_MAX, "overflow", 1);
   assert_float_bits(get_f(&t, 11, 0), FLT_MAX, "1 / 0", 0);
   assert_float_bits(get_f(&t, 13, 0), sqrtf(2), "sqrt(-2)", 0);
}

/* ---------------------------------------------------------------- double precision */

static struct opnd
df(unsigned nr)
{
   return region(nr, 0, 8, 8, 1, EU_TYPE_DF);
}

static void
test_double(void **state)
{
   static const double a[4] = {1.0, -2.5, 1e300, 5e-324};
   static const double b[4] = {3.0, 0.1, 1e10, 0.0};
   struct eu_thread t;
   (void)state;

   for (unsigned keep = 0; keep < 2; keep++) {
      eu_thread_init(&t, 0xff);
      t.cr0[0] = keep ? EU_CR0_DF_DENORM : 0;
      for (unsigned i = 0; i < 4; i++) {
         set_df(&t, 2, i, a[i]);
         set_df(&t, 3, i, b[i]);
      }
      /* Four doubles: an execution size of eight. */
      RUN(&t, enc2(EU_OP_ADD, 8, dst(10, 0, 1, EU_TYPE_DF), df(2), df(3)),
          enc2(EU_OP_MUL, 8, dst(11, 0, 1, EU_TYPE_DF), df(2), neg(df(3))),
          with_cond(enc2(EU_OP_CMP, 8, null_dst(EU_TYPE_DF), df(2), df(3)), EU_COND_G),
          enc1(EU_OP_MOV, 8, dst(12, 0, 1, EU_TYPE_DF), df(2)),
          enc1(EU_OP_MOV, 8, dst(13, 0, 1, EU_TYPE_F), df(3)),
          enc1(EU_OP_MOV, 8, dst(15, 0, 1, EU_TYPE_D), df(2)));
      for (unsigned i = 0; i < 4; i++) {
         bool flushed = i == 3 && !keep;
         double x = flushed ? 0.0 : a[i];
         if (get_df(&t, 10, i) != x + b[i])
            fail_msg("add %u: %g", i, get_df(&t, 10, i));
         if (get_df(&t, 11, i) != x * -b[i])
            fail_msg("mul %u: %g", i, get_df(&t, 11, i));
         assert_true(get_df(&t, 12, i) == a[i]);
         /* Each double writes a pair of floats, the first is the value. */
         assert_float_bits(get_f(&t, 13, 2 * i), (float)b[i], "to float", i);
      }
      assert_int_equal(get_ud(&t, 15, 0), 1);
      assert_int_equal((int32_t)get_ud(&t, 15, 2), -2);
      assert_int_equal(get_ud(&t, 15, 4), 0x7fffffff);
      assert_int_equal(t.flag[0], keep ? 0xc : 0x4);
   }
}

/* <1,2,0> reads every float twice, so that each of the pairs that a double is has it. */
static void
test_float_to_double(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   for (unsigned i = 0; i < 8; i++)
      set_f(&t, 2, i, (float)i * 1.5f);
   RUN(&t, enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_DF), region(2, 0, 1, 2, 0, EU_TYPE_F)));
   for (unsigned i = 0; i < 4; i++)
      assert_true(get_df(&t, 10, i) == i * 1.5);
}

static void
test_double_scalar_and_mad(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   for (unsigned i = 0; i < 4; i++) {
      set_df(&t, 2, i, i + 0.5);
      set_df(&t, 3, i, i * 10.0);
   }
   /* <0,2,1> is the scalar of a pair of floats. */
   RUN(&t, enc2(EU_OP_ADD, 8, dst(10, 0, 1, EU_TYPE_DF), df(2),
                region(3, 8, 0, 2, 1, EU_TYPE_DF)),
       enc3(EU_OP_MAD, 8, dst4(11, 0xf, EU_TYPE_DF), vec4(2, SWZ_XYZW, EU_TYPE_DF),
            vec4(3, SWZ_XYZW, EU_TYPE_DF), vec4(2, SWZ_XYZW, EU_TYPE_DF)));
   for (unsigned i = 0; i < 4; i++) {
      assert_true(get_df(&t, 10, i) == i + 10.5);
      assert_true(get_df(&t, 11, i) == (i + 0.5) + i * 10.0 * (i + 0.5));
   }
}

/* Of a packed immediate every second float stands at a double's place. */
static void
test_double_immediate(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   RUN(&t, enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_DF), imm(EU_TYPE_VF, 0x40b03830)));
   for (unsigned i = 0; i < 4; i++)
      assert_true(get_df(&t, 10, i) == (i % 2 ? -1.0 : 1.0));
}

/*
 * A double takes one channel of the masks, also in Align16, where one vertex has four doubles and
 * the other one the second half of the channels; swizzles are of floats.
 */
static void
test_double_masks(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xfa);
   for (unsigned i = 0; i < 4; i++)
      set_df(&t, 2, i, i + 1.0);
   RUN(&t, enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_DF), df(2)),
       with_group(enc1(EU_OP_MOV, 8, dst(11, 0, 1, EU_TYPE_DF), df(2)), 4),
       enc1_a16(EU_OP_MOV, 8, dst4(12, 0xf, EU_TYPE_DF), vec4(2, SWZ_XYZW, EU_TYPE_DF)),
       with_group(enc1_a16(EU_OP_MOV, 8, dst4(13, 0x2, EU_TYPE_DF),
                           vec4(2, SWZ(2, 3, 0, 1), EU_TYPE_DF)), 4),
       with_group(enc1_a16(EU_OP_MOV, 8, dst4(14, 0x9, EU_TYPE_DF),
                           vec4(2, SWZ(2, 3, 2, 3), EU_TYPE_DF)), 4));
   static const double align1[4] = {0, 2, 0, 4}, second[4] = {1, 2, 3, 4};
   static const double y[4] = {0, 1, 0, 0}, xw[4] = {2, 0, 0, 4};
   for (unsigned i = 0; i < 4; i++) {
      assert_true(get_df(&t, 10, i) == align1[i]);
      assert_true(get_df(&t, 11, i) == second[i]);
      assert_true(get_df(&t, 12, i) == align1[i]);
      assert_true(get_df(&t, 13, i) == y[i]);
      assert_true(get_df(&t, 14, i) == xw[i]);
   }
   EXPECT_FAULT("the write mask of a pair", enc1_a16(EU_OP_MOV, 8, dst4(12, 0xc, EU_TYPE_DF),
                                                     vec4(2, SWZ_XYZW, EU_TYPE_DF)));
}

/* ---------------------------------------------------------------- half precision */

static void
test_half(void **state)
{
   static const struct {
      float f;
      uint16_t h;
   } cases[] = {
      {0.0f, 0},           {-0.0f, 0x8000},    {1.0f, 0x3c00},      {-2.0f, 0xc000},
      {65504.0f, 0x7bff},  {65520.0f, 0x7c00}, {1e9f, 0x7c00},      {INFINITY, 0x7c00},
      {6.1035156e-5f, 0x0400}, {5.9604645e-8f, 0x0001}, {2.9802322e-8f, 0x0000},
      {1.00048828125f, 0x3c00}, {1.00146484375f, 0x3c02}, {0.333251953125f, 0x3555},
      {-6.0975552e-5f, 0x83ff}, {-INFINITY, 0xfc00},
   };
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xffff);
   for (unsigned i = 0; i < 16; i++) {
      set_f(&t, 2, i, cases[i].f);
      set_ud(&t, 10, i, 0xabcd1234);
      set_ud(&t, 12, i, 0xabcd1234);
   }
   RUN(&t, enc1(EU_OP_F32TO16, 16, dst(10, 0, 2, EU_TYPE_W), f16(2)),
       enc1_a16(EU_OP_F32TO16, 8, dst4(12, 0xf, EU_TYPE_UD), vec4(2, SWZ_XYZW, EU_TYPE_F)),
       enc1(EU_OP_F16TO32, 16, dst(14, 0, 1, EU_TYPE_F), region(10, 0, 16, 8, 2, EU_TYPE_W)));
   for (unsigned i = 0; i < 16; i++) {
      assert_int_equal(get_uw(&t, 10, 2 * i), cases[i].h);
      assert_int_equal(get_uw(&t, 10, 2 * i + 1), 0xabcd);
      if (i < 8)
         assert_int_equal(get_ud(&t, 12, i), cases[i].h);
   }
   /* And back: every half has one float. */
   for (uint32_t base = 0; base < 0x10000; base += 16) {
      eu_thread_init(&t, 0xffff);
      for (unsigned i = 0; i < 16; i++)
         set_uw(&t, 2, i, (uint16_t)(base + i));
      RUN(&t, enc1(EU_OP_F16TO32, 16, dst(10, 0, 1, EU_TYPE_F), region(2, 0, 8, 8, 1, EU_TYPE_UW)),
          enc1(EU_OP_F32TO16, 16, dst(12, 0, 2, EU_TYPE_UW), f16(10)));
      for (unsigned i = 0; i < 16; i++) {
         uint32_t h = base + i, e = h >> 10 & 31, m = h & 1023;
         float want = e == 31 ? (m ? NAN : INFINITY)
                      : e     ? ldexpf(1024.0f + (float)m, (int)e - 25)
                              : ldexpf((float)m, -24);
         assert_float_bits(get_f(&t, 10, i), h & 0x8000 ? -want : want, "f16to32", i);
         if (!isnan(want))
            assert_int_equal(get_uw(&t, 12, 2 * i), h);
      }
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_float_one_source),
      cmocka_unit_test(test_rounding_exhaustive),
      cmocka_unit_test(test_float_two_sources),
      cmocka_unit_test(test_sel_nan),
      cmocka_unit_test(test_mad_lrp),
      cmocka_unit_test(test_dot_products),
      cmocka_unit_test(test_line_pln),
      cmocka_unit_test(test_mac),
      cmocka_unit_test(test_denormals),
      cmocka_unit_test(test_rounding_modes),
      cmocka_unit_test(test_alternative_mode),
      cmocka_unit_test(test_double),
      cmocka_unit_test(test_float_to_double),
      cmocka_unit_test(test_double_scalar_and_mad),
      cmocka_unit_test(test_double_immediate),
      cmocka_unit_test(test_double_masks),
      cmocka_unit_test(test_half),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
