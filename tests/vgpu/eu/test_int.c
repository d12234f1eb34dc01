/*
 * SPDX-License-Identifier: MIT
 *
 * Integer instructions and conversions: every type against every other, lane by lane, with
 * results worked out here in 64 bits.
 */

#include <math.h>
#include <stdlib.h>

#include "eu_test.h"

struct type {
   enum eu_type type;
   unsigned size;
   int64_t low, high;
};

static const struct type types[] = {
   {EU_TYPE_UD, 4, 0, UINT32_MAX},        {EU_TYPE_D, 4, INT32_MIN, INT32_MAX},
   {EU_TYPE_UW, 2, 0, UINT16_MAX},        {EU_TYPE_W, 2, INT16_MIN, INT16_MAX},
   {EU_TYPE_UB, 1, 0, UINT8_MAX},         {EU_TYPE_B, 1, INT8_MIN, INT8_MAX},
};
#define NUM_TYPES (sizeof(types) / sizeof(types[0]))

/* Elements of any integer type, DWord-spaced so that every type has the same layout. */
static void
put(struct eu_thread *t, unsigned nr, unsigned i, const struct type *type, int64_t v)
{
   memcpy((uint8_t *)t->grf + nr * 32 + i * 4, &v, type->size);
}

static int64_t
narrow(int64_t v, const struct type *type)
{
   uint64_t mask = (UINT64_C(1) << (8 * type->size)) - 1;
   uint64_t low = (uint64_t)v & mask;
   if (type->low < 0 && (low >> (8 * type->size - 1)))
      return (int64_t)(low | ~mask);
   return (int64_t)low;
}

static int64_t
get(const struct eu_thread *t, unsigned nr, unsigned i, const struct type *type)
{
   int64_t v = 0;
   memcpy(&v, (const uint8_t *)t->grf + nr * 32 + i * 4, type->size);
   return narrow(v, type);
}

static struct opnd
spaced(unsigned nr, const struct type *type)
{
   /* <8;8,stride> with a stride of a DWord: vertical stride 8 * stride */
   unsigned stride = 4 / type->size;
   return region(nr, 0, 8 * stride, 8, stride, type->type);
}

static struct opnd
spaced_dst(unsigned nr, const struct type *type)
{
   return dst(nr, 0, 4 / type->size, type->type);
}

static int64_t
pick(uint64_t *seed, const struct type *type)
{
   switch (random64(seed) % 6) {
   case 0:
      return type->low;
   case 1:
      return type->high;
   case 2:
      return narrow((int64_t)(random64(seed) % 5) - 2, type);
   default:
      return narrow((int64_t)random64(seed), type);
   }
}

static int64_t
clamped(int64_t v, const struct type *type)
{
   return v < type->low ? type->low : v > type->high ? type->high : v;
}

static void
test_mov_int(void **state)
{
   uint64_t seed = 1;
   struct eu_thread t;
   (void)state;

   for (unsigned a = 0; a < NUM_TYPES; a++) {
      for (unsigned d = 0; d < NUM_TYPES; d++) {
         for (unsigned flags = 0; flags < 8; flags++) {
            bool sat = flags & 1, negate = flags & 2, abs = flags & 4;
            struct opnd src = spaced(2, &types[a]);
            src.neg = negate;
            src.abs = abs;
            eu_thread_init(&t, 0xff);
            for (unsigned i = 0; i < 8; i++)
               put(&t, 2, i, &types[a], pick(&seed, &types[a]));
            struct insn mov = enc1(EU_OP_MOV, 8, spaced_dst(10, &types[d]), src);
            RUN(&t, sat ? with_sat(mov) : mov);
            for (unsigned i = 0; i < 8; i++) {
               int64_t v = get(&t, 2, i, &types[a]);
               v = abs ? llabs(v) : v;
               v = negate ? -v : v;
               v = sat ? clamped(v, &types[d]) : narrow(v, &types[d]);
               if (get(&t, 10, i, &types[d]) != v)
                  fail_msg("mov type %u to %u flags %u: %lld, expected %lld", types[a].type,
                           types[d].type, flags, (long long)get(&t, 10, i, &types[d]),
                           (long long)v);
            }
         }
      }
   }
}

static void
test_mov_int_float(void **state)
{
   static const float floats[16] = {
      0.0f,   -0.5f,  1.999f,  -1.999f, 127.5f, -128.9f, 255.5f,  256.0f,
      32768.0f, -40000.0f, 65535.9f, 3e9f, -3e9f, 5e9f, INFINITY, NAN,
   };
   uint64_t seed = 2;
   struct eu_thread t;
   (void)state;

   for (unsigned a = 0; a < NUM_TYPES; a++) {
      for (unsigned half = 0; half < 2; half++) {
         for (unsigned sat = 0; sat < 2; sat++) {
            eu_thread_init(&t, 0xff);
            for (unsigned i = 0; i < 8; i++) {
               put(&t, 2, i, &types[a], pick(&seed, &types[a]));
               set_f(&t, 3, i, floats[half * 8 + i]);
            }
            struct insn to_f = enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_F), spaced(2, &types[a]));
            struct insn to_i =
               enc1(EU_OP_MOV, 8, spaced_dst(11, &types[a]), vec8(3, EU_TYPE_F));
            RUN(&t, sat ? with_sat(to_f) : to_f, sat ? with_sat(to_i) : to_i);
            for (unsigned i = 0; i < 8; i++) {
               float want = (float)get(&t, 2, i, &types[a]);
               if (sat)
                  want = want < 0 ? 0 : want > 1 ? 1 : want;
               assert_float_bits(get_f(&t, 10, i), want, "to float", i);

               /* Past the DWord's range nothing but the DWord's limits is defined. */
               float f = floats[half * 8 + i];
               bool narrow_type = types[a].size < 4 && !sat;
               if (narrow_type && (isnan(f) || fabsf(f) > 2e9f))
                  continue;
               int64_t v = isnan(f) ? 0
                           : f >= 4294967296.0f ? UINT32_MAX
                           : f < -2147483648.0f ? INT32_MIN
                                                : (int64_t)f;
               v = narrow_type ? narrow(v, &types[a]) : clamped(v, &types[a]);
               if (get(&t, 11, i, &types[a]) != v)
                  fail_msg("%g to type %u sat %u: %lld, expected %lld", f, types[a].type, sat,
                           (long long)get(&t, 11, i, &types[a]), (long long)v);
            }
         }
      }
   }
}

typedef int64_t (*reference)(int64_t a, int64_t b);

static int64_t ref_add(int64_t a, int64_t b) { return a + b; }
static int64_t ref_avg(int64_t a, int64_t b) { return (a + b + 1) >> 1; }
static int64_t ref_and(int64_t a, int64_t b) { return a & b; }
static int64_t ref_or(int64_t a, int64_t b) { return a | b; }
static int64_t ref_xor(int64_t a, int64_t b) { return a ^ b; }

static void
test_two_sources(void **state)
{
   static const struct {
      enum eu_opcode opcode;
      reference fn;
      bool sat;
   } cases[] = {
      {EU_OP_ADD, ref_add, true},  {EU_OP_AVG, ref_avg, true},  {EU_OP_AND, ref_and, false},
      {EU_OP_OR, ref_or, false},   {EU_OP_XOR, ref_xor, false},
   };
   uint64_t seed = 3;
   struct eu_thread t;
   (void)state;

   for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
      for (unsigned n = 0; n < NUM_TYPES * NUM_TYPES * NUM_TYPES * 4; n++) {
         const struct type *a = &types[n % 6], *b = &types[n / 6 % 6], *d = &types[n / 36 % 6];
         bool sat = (n / 216 & 1) && cases[c].sat, negate = n / 432;
         struct opnd s1 = spaced(3, b);
         s1.neg = negate;
         eu_thread_init(&t, 0xff);
         for (unsigned i = 0; i < 8; i++) {
            put(&t, 2, i, a, pick(&seed, a));
            put(&t, 3, i, b, pick(&seed, b));
         }
         struct insn insn = enc2(cases[c].opcode, 8, spaced_dst(10, d), spaced(2, a), s1);
         RUN(&t, sat ? with_sat(insn) : insn);
         for (unsigned i = 0; i < 8; i++) {
            int64_t x = get(&t, 2, i, a), y = get(&t, 3, i, b);
            int64_t v = cases[c].fn(x, negate ? -y : y);
            v = sat ? clamped(v, d) : narrow(v, d);
            if (get(&t, 10, i, d) != v)
               fail_msg("%s %lld %lld: %lld, expected %lld", eu_opcode_name(cases[c].opcode),
                        (long long)x, (long long)y, (long long)get(&t, 10, i, d), (long long)v);
         }
      }
   }
}

static void
test_shifts_and_not(void **state)
{
   struct eu_thread t;
   uint64_t seed = 4;
   (void)state;

   for (unsigned n = 0; n < 200; n++) {
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         set_ud(&t, 2, i, (uint32_t)random64(&seed));
         set_ud(&t, 3, i, (uint32_t)random64(&seed) % 64);
      }
      RUN(&t,
          enc2(EU_OP_SHL, 8, dst(10, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD), vec8(3, EU_TYPE_UD)),
          enc2(EU_OP_SHR, 8, dst(11, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD), vec8(3, EU_TYPE_UD)),
          enc2(EU_OP_ASR, 8, dst(12, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D), vec8(3, EU_TYPE_UD)),
          enc1(EU_OP_NOT, 8, dst(13, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD)),
          enc2(EU_OP_SHL, 8, dst(14, 0, 1, EU_TYPE_UW), region(2, 0, 16, 8, 2, EU_TYPE_UW),
               imm(EU_TYPE_UD, 3)),
          enc2(EU_OP_SHR, 8, dst(15, 0, 1, EU_TYPE_UD), region(2, 0, 16, 8, 2, EU_TYPE_UW),
               imm(EU_TYPE_UW, 5)),
          enc2(EU_OP_ASR, 8, dst(16, 0, 1, EU_TYPE_D), region(2, 0, 16, 8, 2, EU_TYPE_W),
               imm(EU_TYPE_UW, 5)));
      for (unsigned i = 0; i < 8; i++) {
         uint32_t v = get_ud(&t, 2, i), s = get_ud(&t, 3, i) & 31;
         assert_int_equal(get_ud(&t, 10, i), v << s);
         assert_int_equal(get_ud(&t, 11, i), v >> s);
         assert_int_equal((int32_t)get_ud(&t, 12, i), (int32_t)v >> s);
         assert_int_equal(get_ud(&t, 13, i), ~v);
         assert_int_equal(get_uw(&t, 14, i), (uint16_t)(v << 3));
         assert_int_equal(get_ud(&t, 15, i), (uint16_t)v >> 5);
         assert_int_equal((int32_t)get_ud(&t, 16, i), (int16_t)v >> 5);
      }
   }
}

/* Ivybridge multiplies 32 by 16 bits; with mach behind it the 64-bit product comes out. */
static void
test_multiply(void **state)
{
   struct eu_thread t;
   uint64_t seed = 5;
   (void)state;

   for (unsigned n = 0; n < 400; n++) {
      bool sign = n % 2;
      enum eu_type type = sign ? EU_TYPE_D : EU_TYPE_UD;
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         set_ud(&t, 2, i, (uint32_t)pick(&seed, &types[sign]));
         set_ud(&t, 3, i, (uint32_t)pick(&seed, &types[sign]));
      }
      RUN(&t,
          enc2(EU_OP_MUL, 8, arf_dst(EU_ARF_ACCUMULATOR, 0, type), vec8(2, type), vec8(3, type)),
          with_acc(enc2(EU_OP_MACH, 8, dst(10, 0, 1, type), vec8(2, type), vec8(3, type))),
          enc1(EU_OP_MOV, 8, dst(11, 0, 1, type), arf_vec8(EU_ARF_ACCUMULATOR, type)),
          enc2(EU_OP_MUL, 8, dst(12, 0, 1, EU_TYPE_D), vec8(2, type),
               region(3, 0, 16, 8, 2, EU_TYPE_W)),
          enc2(EU_OP_MUL, 8, dst(13, 0, 1, EU_TYPE_D), vec8(2, type), vec8(3, EU_TYPE_D)),
          enc2(EU_OP_MUL, 8, dst(14, 0, 1, EU_TYPE_D), region(2, 0, 16, 8, 2, EU_TYPE_W),
               region(3, 0, 16, 8, 2, EU_TYPE_UW)));
      for (unsigned i = 0; i < 8; i++) {
         uint32_t a = get_ud(&t, 2, i), b = get_ud(&t, 3, i);
         uint64_t product = sign ? (uint64_t)((int64_t)(int32_t)a * (int32_t)b) : (uint64_t)a * b;
         assert_int_equal(get_ud(&t, 10, i), (uint32_t)(product >> 32));
         assert_int_equal(get_ud(&t, 11, i), (uint32_t)product);
         assert_int_equal(get_ud(&t, 12, i), a * (uint32_t)(int16_t)b);
         assert_int_equal(get_ud(&t, 13, i), a * (b & 0xffff));
         assert_int_equal(get_ud(&t, 14, i), (uint32_t)((int16_t)a * (int32_t)(uint16_t)b));
      }
   }
}

static void
test_mac_int(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xffff);
   for (unsigned i = 0; i < 16; i++) {
      set_uw(&t, 2, i, (uint16_t)(i * 1000 - 7000));
      set_uw(&t, 3, i, (uint16_t)(i - 3));
   }
   struct opnd a = region(2, 0, 8, 8, 1, EU_TYPE_W), b = region(3, 0, 8, 8, 1, EU_TYPE_W);
   RUN(&t, enc2(EU_OP_MUL, 16, arf_dst(EU_ARF_ACCUMULATOR, 0, EU_TYPE_W), a, a),
       with_acc(enc2(EU_OP_MAC, 16, dst(10, 0, 1, EU_TYPE_W), a, b)),
       with_sat(enc1(EU_OP_MOV, 16, dst(12, 0, 1, EU_TYPE_W),
                     arf_vec8(EU_ARF_ACCUMULATOR, EU_TYPE_W))));
   for (int i = 0; i < 16; i++) {
      int64_t x = i * 1000 - 7000, y = i - 3;
      int64_t v = x * x + x * y;
      assert_int_equal((int16_t)get_uw(&t, 10, (unsigned)i), (int16_t)v);
      /* The accumulator holds all of it: saturation shows. */
      assert_int_equal((int16_t)get_uw(&t, 12, (unsigned)i), v > 32767 ? 32767 : v);
   }
}

static void
test_carry_borrow(void **state)
{
   struct eu_thread t;
   uint64_t seed = 6;
   (void)state;

   for (unsigned n = 0; n < 50; n++) {
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         set_ud(&t, 2, i, (uint32_t)pick(&seed, &types[0]));
         set_ud(&t, 3, i, (uint32_t)pick(&seed, &types[0]));
      }
      struct opnd acc = arf_vec8(EU_ARF_ACCUMULATOR, EU_TYPE_UD);
      RUN(&t,
          with_acc(enc2(EU_OP_ADDC, 8, dst(10, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD),
                        vec8(3, EU_TYPE_UD))),
          enc1(EU_OP_MOV, 8, dst(11, 0, 1, EU_TYPE_UD), acc),
          with_acc(enc2(EU_OP_SUBB, 8, dst(12, 0, 1, EU_TYPE_UD), vec8(2, EU_TYPE_UD),
                        vec8(3, EU_TYPE_UD))),
          enc1(EU_OP_MOV, 8, dst(13, 0, 1, EU_TYPE_UD), acc));
      for (unsigned i = 0; i < 8; i++) {
         uint64_t a = get_ud(&t, 2, i), b = get_ud(&t, 3, i);
         assert_int_equal(get_ud(&t, 10, i), (uint32_t)(a + b));
         assert_int_equal(get_ud(&t, 11, i), (a + b) >> 32);
         assert_int_equal(get_ud(&t, 12, i), (uint32_t)(a - b));
         assert_int_equal(get_ud(&t, 13, i), a < b);
      }
   }
}

static void
test_bit_operations(void **state)
{
   struct eu_thread t;
   uint64_t seed = 8;
   (void)state;

   for (unsigned n = 0; n < 300; n++) {
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         uint32_t v = (uint32_t)random64(&seed) >> random64(&seed) % 32;
         set_ud(&t, 2, i, i == 0 ? 0 : i == 1 ? ~0u : i % 2 ? ~v : v);
         set_ud(&t, 3, i, (uint32_t)random64(&seed) % 32); /* width */
         set_ud(&t, 4, i, (uint32_t)random64(&seed) % 32); /* offset */
         set_ud(&t, 5, i, (uint32_t)random64(&seed));
      }
      struct opnd v = vec8(2, EU_TYPE_UD), w = vec8(3, EU_TYPE_UD), o = vec8(4, EU_TYPE_UD);
      struct opnd v4 = vec4(2, SWZ_XYZW, EU_TYPE_UD), w4 = vec4(3, SWZ_XYZW, EU_TYPE_UD),
                  o4 = vec4(4, SWZ_XYZW, EU_TYPE_UD), m4 = vec4(16, SWZ_XYZW, EU_TYPE_UD),
                  b4 = vec4(5, SWZ_XYZW, EU_TYPE_UD);
      struct opnd vd4 = v4, wd4 = w4, od4 = o4;
      vd4.type = wd4.type = od4.type = EU_TYPE_D;
      RUN(&t, enc1(EU_OP_LZD, 8, dst(10, 0, 1, EU_TYPE_UD), v),
          enc1(EU_OP_FBH, 8, dst(11, 0, 1, EU_TYPE_UD), v),
          enc1(EU_OP_FBH, 8, dst(12, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D)),
          enc1(EU_OP_FBL, 8, dst(13, 0, 1, EU_TYPE_UD), v),
          enc1(EU_OP_CBIT, 8, dst(14, 0, 1, EU_TYPE_UD), v),
          enc1(EU_OP_BFREV, 8, dst(15, 0, 1, EU_TYPE_UD), v),
          enc2(EU_OP_BFI1, 8, dst(16, 0, 1, EU_TYPE_UD), w, o),
          enc3(EU_OP_BFE, 8, dst4(17, 0xf, EU_TYPE_UD), w4, o4, v4),
          enc3(EU_OP_BFE, 8, dst4(18, 0xf, EU_TYPE_D), wd4, od4, vd4),
          enc3(EU_OP_BFI2, 8, dst4(19, 0xf, EU_TYPE_UD), m4, v4, b4));
      for (unsigned i = 0; i < 8; i++) {
         uint32_t x = get_ud(&t, 2, i), width = get_ud(&t, 3, i), offset = get_ud(&t, 4, i);
         unsigned lead = 0, trail = 0, bits = 0, signs = 0;
         uint32_t reversed = 0, mask = 0, field = 0, inserted = 0;
         while (lead < 32 && !(x >> (31 - lead) & 1))
            lead++;
         while (trail < 32 && !(x >> trail & 1))
            trail++;
         while (signs < 32 && (x >> (31 - signs) & 1) == x >> 31)
            signs++;
         for (unsigned b = 0; b < 32; b++) {
            bits += x >> b & 1;
            reversed |= (x >> b & 1) << (31 - b);
            if (b >= offset && b < offset + width) {
               mask |= 1u << b;
               field |= (x >> b & 1) << (b - offset);
            }
         }
         unsigned taken = offset + width > 32 ? 32 - offset : width;
         int32_t extended = (int32_t)field;
         if (taken && taken < 32 && (field >> (taken - 1) & 1))
            extended = (int32_t)(field | ~((1u << taken) - 1));
         unsigned lowest = 0;
         while (mask && !(mask >> lowest & 1))
            lowest++;
         inserted = (x << lowest & mask) | (get_ud(&t, 5, i) & ~mask);
         assert_int_equal(get_ud(&t, 10, i), lead);
         assert_int_equal(get_ud(&t, 11, i), lead == 32 ? ~0u : lead);
         assert_int_equal(get_ud(&t, 12, i), signs == 32 ? ~0u : signs);
         assert_int_equal(get_ud(&t, 13, i), trail == 32 ? ~0u : trail);
         assert_int_equal(get_ud(&t, 14, i), bits);
         assert_int_equal(get_ud(&t, 15, i), reversed);
         assert_int_equal(get_ud(&t, 16, i), mask);
         assert_int_equal(get_ud(&t, 17, i), field);
         assert_int_equal((int32_t)get_ud(&t, 18, i), extended);
         assert_int_equal(get_ud(&t, 19, i), inserted);
      }
   }
}

static void
test_sad(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xffff);
   for (unsigned i = 0; i < 16; i++) {
      set_ub(&t, 2, i, (uint8_t)(i * 17));
      set_ub(&t, 3, i, (uint8_t)(255 - i * 5));
      set_uw(&t, 10, i, 0x7777);
   }
   struct opnd a = region(2, 0, 16, 16, 1, EU_TYPE_UB), b = region(3, 0, 16, 16, 1, EU_TYPE_UB);
   RUN(&t, with_acc(enc2(EU_OP_SAD2, 16, dst(10, 0, 1, EU_TYPE_UW), a, b)),
       enc2(EU_OP_SADA2, 16, dst(11, 0, 1, EU_TYPE_UW), a, b));
   for (unsigned i = 0; i < 16; i += 2) {
      int sum = abs((int)(i * 17) - (int)(255 - i * 5)) +
                abs((int)((i + 1) * 17) - (int)(255 - (i + 1) * 5));
      assert_int_equal(get_uw(&t, 10, i), sum);
      assert_int_equal(get_uw(&t, 10, i + 1), 0x7777);
      assert_int_equal(get_uw(&t, 11, i), 2 * sum);
   }
}

static void
test_cmp_sel_int(void **state)
{
   static const enum eu_cond conds[] = {EU_COND_Z, EU_COND_NZ, EU_COND_G,
                                        EU_COND_GE, EU_COND_L, EU_COND_LE};
   struct eu_thread t;
   uint64_t seed = 9;
   (void)state;

   for (unsigned n = 0; n < 120; n++) {
      const struct type *type = &types[n % NUM_TYPES];
      enum eu_cond cond = conds[n / NUM_TYPES % 6];
      uint32_t want = 0;
      eu_thread_init(&t, 0xff);
      for (unsigned i = 0; i < 8; i++) {
         put(&t, 2, i, type, pick(&seed, type));
         put(&t, 3, i, type, i % 3 ? pick(&seed, type) : get(&t, 2, i, type));
      }
      RUN(&t,
          with_cond(enc2(EU_OP_CMP, 8, dst(10, 0, 1, EU_TYPE_D), spaced(2, type),
                         spaced(3, type)), cond),
          with_pred(enc2(EU_OP_SEL, 8, spaced_dst(11, type), spaced(2, type), spaced(3, type)),
                    EU_PRED_NORMAL, false),
          with_cond(enc2(EU_OP_SEL, 8, spaced_dst(12, type), spaced(2, type), spaced(3, type)),
                    EU_COND_L));
      for (unsigned i = 0; i < 8; i++) {
         int64_t a = get(&t, 2, i, type), b = get(&t, 3, i, type);
         bool hit = cond == EU_COND_Z    ? a == b
                    : cond == EU_COND_NZ ? a != b
                    : cond == EU_COND_G  ? a > b
                    : cond == EU_COND_GE ? a >= b
                    : cond == EU_COND_L  ? a < b
                                         : a <= b;
         want |= (uint32_t)hit << i;
         assert_int_equal(get_ud(&t, 10, i), hit ? ~0u : 0);
         assert_int_equal(get(&t, 11, i, type), hit ? a : b);
         assert_int_equal(get(&t, 12, i, type), a < b ? a : b);
      }
      assert_int_equal(t.flag[0], want);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mov_int),       cmocka_unit_test(test_mov_int_float),
      cmocka_unit_test(test_two_sources),   cmocka_unit_test(test_shifts_and_not),
      cmocka_unit_test(test_multiply),      cmocka_unit_test(test_mac_int),
      cmocka_unit_test(test_carry_borrow),  cmocka_unit_test(test_bit_operations),
      cmocka_unit_test(test_sad),           cmocka_unit_test(test_cmp_sel_int),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
