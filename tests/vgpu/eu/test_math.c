/*
 * SPDX-License-Identifier: MIT
 *
 * Extended math: within the errors that the PRM grants, against double precision.
 */

#include <float.h>
#include <math.h>

#include "eu_test.h"

static struct opnd
none(void)
{
   return arf(EU_ARF_NULL, 0, EU_TYPE_F);
}

/* Distance in units of the last place of the expected value. */
static double
ulps(float got, double want)
{
   int exponent;
   frexp(want, &exponent);
   if (exponent < -125)
      exponent = -125;
   return fabs((double)got - want) / ldexp(1, exponent - 24);
}

struct function {
   enum eu_math_function function;
   double (*reference)(double);
   double low, high;  /* of the exponent of 2 of the magnitudes that are tried */
   bool negative;     /* negative arguments too */
   double max_ulps;   /* granted relative error */
   double max_error;  /* granted absolute error, where that is what is said */
};

static double inverse(double x) { return 1 / x; }
static double inverse_root(double x) { return 1 / sqrt(x); }

static const struct function functions[] = {
   {EU_MATH_INV, inverse, -120, 120, true, 1, 0},
   {EU_MATH_LOG, log2, -120, 120, false, 4, 0x1p-21},
   {EU_MATH_EXP, exp2, -10, 6, true, 4, 0},
   {EU_MATH_SQRT, sqrt, -120, 120, false, 1, 0},
   {EU_MATH_RSQ, inverse_root, -120, 120, false, 1.5, 0},
   {EU_MATH_SIN, sin, -20, 6, true, 2, 0x1p-10},
   {EU_MATH_COS, cos, -20, 6, true, 2, 0x1p-10},
};

static void
test_unary(void **state)
{
   struct eu_thread t;
   uint64_t seed = 12;
   (void)state;

   for (unsigned f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
      const struct function *fn = &functions[f];
      for (unsigned n = 0; n < 1000; n++) {
         eu_thread_init(&t, 0xffff);
         for (unsigned i = 0; i < 16; i++) {
            double u = (double)(random64(&seed) >> 11) * 0x1p-53;
            double v = exp2(fn->low + u * (fn->high - fn->low));
            set_f(&t, 2, i, (float)(fn->negative && random64(&seed) % 2 ? -v : v));
         }
         RUN(&t, enc_math(fn->function, 16, dst(10, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F),
                          none()));
         for (unsigned i = 0; i < 16; i++) {
            double want = fn->reference(get_f(&t, 2, i));
            float got = get_f(&t, 10, i);
            if (ulps(got, want) > fn->max_ulps && fabs(got - want) > fn->max_error)
               fail_msg("math function %u of %a: %a, expected %a (%g ulp)", fn->function,
                        get_f(&t, 2, i), got, want, ulps(got, want));
         }
      }
   }
}

static void
test_binary(void **state)
{
   struct eu_thread t;
   uint64_t seed = 13;
   (void)state;

   for (unsigned n = 0; n < 1000; n++) {
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         set_f(&t, 2, i, (float)(random64(&seed) % 100000 + 1) / 777.0f);
         set_f(&t, 3, i, (float)((int)(random64(&seed) % 2000) - 1000) / 99.5f);
      }
      RUN(&t, enc_math(EU_MATH_FDIV, 8, dst(10, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F),
                       vec8(3, EU_TYPE_F)),
          enc_math(EU_MATH_POW, 8, dst(11, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F),
                   vec8(3, EU_TYPE_F)));
      for (unsigned i = 0; i < 8; i++) {
         float x = get_f(&t, 2, i), y = get_f(&t, 3, i);
         if (y != 0)
            assert_float_bits(get_f(&t, 10, i), x / y, "fdiv", i);
         assert_true(ulps(get_f(&t, 11, i), pow(x, y)) <= 16);
      }
   }
}

static void
test_special_values(void **state)
{
   static const struct {
      enum eu_math_function function;
      float x, want;
   } cases[] = {
      {EU_MATH_INV, 0.0f, INFINITY},    {EU_MATH_INV, -0.0f, -INFINITY},
      {EU_MATH_INV, INFINITY, 0.0f},    {EU_MATH_INV, 1e-40f, INFINITY},
      {EU_MATH_LOG, 0.0f, -INFINITY},   {EU_MATH_LOG, -1.0f, NAN},
      {EU_MATH_LOG, 8.0f, 3.0f},        {EU_MATH_LOG, INFINITY, INFINITY},
      {EU_MATH_EXP, -INFINITY, 0.0f},   {EU_MATH_EXP, 200.0f, INFINITY},
      {EU_MATH_EXP, -149.0f, 0.0f},     {EU_MATH_EXP, 3.0f, 8.0f},
      {EU_MATH_SQRT, -1.0f, NAN},       {EU_MATH_SQRT, -0.0f, -0.0f},
      {EU_MATH_RSQ, 0.0f, INFINITY},    {EU_MATH_RSQ, INFINITY, 0.0f},
      {EU_MATH_RSQ, -4.0f, NAN},        {EU_MATH_SIN, INFINITY, NAN},
      {EU_MATH_COS, 0.0f, 1.0f},        {EU_MATH_SIN, 0.0f, 0.0f},
   };
   (void)state;

   for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
      struct eu_thread t;
      eu_thread_init(&t, 1);
      set_f(&t, 2, 0, cases[c].x);
      RUN(&t, enc_math(cases[c].function, 1, dst(10, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F),
                       none()));
      assert_float_bits(get_f(&t, 10, 0), cases[c].want, "special value", c);
   }
}

static void
test_integer_division(void **state)
{
   struct eu_thread t;
   uint64_t seed = 14;
   (void)state;

   for (unsigned n = 0; n < 500; n++) {
      bool sign = n & 1;
      enum eu_type type = sign ? EU_TYPE_D : EU_TYPE_UD;
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         uint32_t d = (uint32_t)random64(&seed) >> random64(&seed) % 32;
         set_ud(&t, 2, i, (uint32_t)random64(&seed));
         set_ud(&t, 3, i, d ? d : 1);
      }
      RUN(&t,
          enc_math(EU_MATH_INT_DIV_QUOTIENT, 8, dst(10, 0, 1, type), vec8(2, type),
                   vec8(3, type)),
          enc_math(EU_MATH_INT_DIV_REMAINDER, 8, dst(11, 0, 1, type), vec8(2, type),
                   vec8(3, type)),
          enc_math(EU_MATH_INT_DIV_BOTH, 8, dst(12, 0, 1, type), vec8(2, type), vec8(3, type)));
      for (unsigned i = 0; i < 8; i++) {
         int64_t a = sign ? (int32_t)get_ud(&t, 2, i) : (int64_t)get_ud(&t, 2, i);
         int64_t b = sign ? (int32_t)get_ud(&t, 3, i) : (int64_t)get_ud(&t, 3, i);
         assert_int_equal(get_ud(&t, 10, i), (uint32_t)(a / b));
         assert_int_equal(get_ud(&t, 11, i), (uint32_t)(a % b));
         assert_int_equal(get_ud(&t, 12, i), (uint32_t)(a / b));
         assert_int_equal(get_ud(&t, 13, i), (uint32_t)(a % b));
      }
   }
   /* Division by zero gives no exception. */
   eu_thread_init(&t, 0xff);
   set_ud(&t, 2, 0, 5);
   set_ud(&t, 2, 1, (uint32_t)-5);
   RUN(&t, enc_math(EU_MATH_INT_DIV_QUOTIENT, 8, dst(10, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D),
                    vec8(3, EU_TYPE_D)),
       enc_math(EU_MATH_INT_DIV_QUOTIENT, 8, dst(11, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD),
                vec8(3, EU_TYPE_UD)));
   assert_int_equal(get_ud(&t, 10, 0), 0x7fffffff);
   assert_int_equal(get_ud(&t, 10, 1), 0x80000000);
   assert_int_equal(get_ud(&t, 11, 0), 0xffffffff);
   /* Nor does the quotient that does not fit; it is clamped. */
   eu_thread_init(&t, 0xff);
   set_ud(&t, 2, 0, 0x80000000);
   set_ud(&t, 3, 0, 0xffffffff);
   RUN(&t, enc_math(EU_MATH_INT_DIV_QUOTIENT, 8, dst(10, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D),
                    vec8(3, EU_TYPE_D)));
   assert_int_equal(get_ud(&t, 10, 0), 0x7fffffff);
}

static void
test_refused(void **state)
{
   (void)state;
   EXPECT_FAULT("math on integer operands is not modelled",
                enc_math(EU_MATH_INV, 8, dst(10, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D), none()));
   EXPECT_FAULT("math on float operands is not modelled",
                enc_math(EU_MATH_INT_DIV_QUOTIENT, 8, dst(10, 0, 1, EU_TYPE_F),
                         vec8(2, EU_TYPE_F), vec8(3, EU_TYPE_F)));
   EXPECT_FAULT("math function 8 is reserved",
                enc_math((enum eu_math_function)8, 8, dst(10, 0, 1, EU_TYPE_F),
                         vec8(2, EU_TYPE_F), none()));
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unary),          cmocka_unit_test(test_binary),
      cmocka_unit_test(test_special_values), cmocka_unit_test(test_integer_division),
      cmocka_unit_test(test_refused),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
