/*
 * SPDX-License-Identifier: MIT
 *
 * What the abstract interpretation proves, rule by rule, and what it must not.
 *
 * Each kernel ends with a message whose payload is looked at. g1 has the places of subspans, as in
 * a pixel shader's payload; g6 has eight constants.
 */

#include "eu_test.h"

#include "eu/eu_symbolic.h"

#define RESULT 100
#define CONSTANTS 6
#define MASK_ID 77

static const struct eu_symbolic_range range = { .min_x = 3, .max_x = 200, .min_y = 4, .max_y = 99 };

struct look {
   unsigned channels;
   enum eu_type type;
   struct eu_symbol channel[16], word14;
};

static bool
look(void *opaque, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   struct look *l = opaque;

   if (msg->sfid == EU_SFID_SAMPLER) {
      for (unsigned c = 0; c < l->channels; c++)
         eu_symbolic_respond(s, c / 8, c % 8, c, 500);
      return true;
   }
   for (unsigned c = 0; c < l->channels; c++)
      l->channel[c] = eu_symbolic_channel(s, msg->payload_nr + c / 8, c % 8, l->type, c);
   l->word14 = eu_symbolic_word(s, msg->payload_nr, 14);
   return true;
}

/** \return whether the kernel is known to its end */
static bool
run(struct look *l, unsigned channels, enum eu_type type, const struct insn *insns, unsigned count)
{
   struct insn code[32];
   struct eu_program *program;
   struct eu_symbolic *s = eu_symbolic_create(&range, channels);

   memset(l, 0, sizeof(*l));
   l->channels = channels;
   l->type = type;
   assert_non_null(s);
   for (unsigned i = 0; i < channels / 4; i++) {
      eu_symbolic_set_place(s, 1, 4 + 2 * i, i, false);
      eu_symbolic_set_place(s, 1, 5 + 2 * i, i, true);
   }
   eu_symbolic_set_opaque_word(s, 1, 14, MASK_ID);
   static const float floats[4] = { 1.0f, 0.5f, 0.25f, 3.0f };
   for (unsigned i = 0; i < 4; i++) {
      uint32_t bits;
      memcpy(&bits, &floats[i], sizeof(bits));
      eu_symbolic_set_const(s, CONSTANTS, i, bits);
   }
   eu_symbolic_set_const(s, CONSTANTS, 4, 2048);
   eu_symbolic_set_const(s, CONSTANTS, 5, 3 << 16 | 7);
   eu_symbolic_set_const(s, CONSTANTS, 6, 65536);

   memcpy(code, insns, count * sizeof(*insns));
   code[count] = enc_send(channels, null_dst(EU_TYPE_UW), RESULT, EU_SFID_DP_RENDER_CACHE,
                          (channels / 8) << 25, true);
   assert_int_equal(eu_program_create(code, (count + 1) * sizeof(*code), 0, &program), 0);
   const bool known = eu_symbolic_run(s, program, 0, look, l);
   eu_program_destroy(program);
   eu_symbolic_destroy(s);
   return known;
}

#define KNOWN(l, channels, type, ...)                                                             \
   do {                                                                                           \
      const struct insn insns_[] = { __VA_ARGS__ };                                               \
      assert_true(run(l, channels, type, insns_, sizeof(insns_) / sizeof(insns_[0])));            \
   } while (0)
#define NOT_KNOWN(l, channels, type, ...)                                                         \
   do {                                                                                           \
      const struct insn insns_[] = { __VA_ARGS__ };                                               \
      assert_false(run(l, channels, type, insns_, sizeof(insns_) / sizeof(insns_[0])));           \
   } while (0)

static void
expect_function(const struct look *l, enum eu_symbol_kind kind, int64_t a, int64_t b, int64_t c)
{
   for (unsigned i = 0; i < l->channels; i++) {
      const struct eu_symbol *s = &l->channel[i];
      if (s->kind != kind || s->a != a || s->b != b || s->c != c)
         fail_msg("channel %u: kind %d, %lld x + %lld y + %lld", i, s->kind, (long long)s->a,
                  (long long)s->b, (long long)s->c);
   }
}

static void
expect_kind(const struct look *l, enum eu_symbol_kind kind)
{
   for (unsigned i = 0; i < l->channels; i++)
      assert_int_equal(l->channel[i].kind, kind);
}

/* Pixel coordinates as Mesa makes them: words of g1 and what each channel adds. */
#define X_WORDS enc2(EU_OP_ADD, 16, dst(10, 0, 1, EU_TYPE_UW), region(1, 8, 2, 4, 0, EU_TYPE_UW), \
                     imm(EU_TYPE_V, 0x10101010))
#define Y_WORDS enc2(EU_OP_ADD, 16, dst(11, 0, 1, EU_TYPE_UW), region(1, 10, 2, 4, 0, EU_TYPE_UW), \
                     imm(EU_TYPE_V, 0x11001100))
#define X_FLOAT enc1(EU_OP_MOV, 16, dst(12, 0, 1, EU_TYPE_F), vec8(10, EU_TYPE_UW))
#define Y_FLOAT enc1(EU_OP_MOV, 16, dst(14, 0, 1, EU_TYPE_F), vec8(11, EU_TYPE_UW))
#define X_INT enc1(EU_OP_MOV, 16, dst(16, 0, 1, EU_TYPE_D), vec8(12, EU_TYPE_F))
#define Y_INT enc1(EU_OP_MOV, 16, dst(18, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_F))
#define COORDINATES X_WORDS, Y_WORDS, X_FLOAT, Y_FLOAT, X_INT, Y_INT
#define RESULT_D dst(RESULT, 0, 1, EU_TYPE_D)
#define RESULT_F dst(RESULT, 0, 1, EU_TYPE_F)

static void
coordinates_are_functions(void **state)
{
   struct look l;

   (void)state;
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(16, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 1, 0, 0);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(18, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 0, 1, 0);
   /* A channel that adds something else has another function. */
   KNOWN(&l, 16, EU_TYPE_D,
         enc2(EU_OP_ADD, 16, dst(10, 0, 1, EU_TYPE_UW), region(1, 8, 2, 4, 0, EU_TYPE_UW),
              imm(EU_TYPE_V, 0x10101011)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(10, EU_TYPE_UW)));
   assert_int_equal(l.channel[0].c, 1);
   assert_int_equal(l.channel[1].c, 0);
   assert_int_equal(l.channel[8].c, 1);
}

static void
integers_add_and_multiply(void **state)
{
   struct look l;

   (void)state;
   /* x + 2048 y, with y multiplied by halves of a constant. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 16, EU_TYPE_UW)),
         enc2(EU_OP_MUL, 16, dst(22, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 18, EU_TYPE_UW)),
         enc2(EU_OP_ADD, 16, dst(20, 2, 2, EU_TYPE_UW), region(20, 2, 16, 8, 2, EU_TYPE_UW),
              region(22, 0, 16, 8, 2, EU_TYPE_UW)),
         enc2(EU_OP_ADD, 16, RESULT_D, vec8(16, EU_TYPE_D), vec8(20, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 1, 2048, 0);
   /* The upper half of the constant counts, too: 3 * 2^16 + 7. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 20, EU_TYPE_UW)),
         enc2(EU_OP_MUL, 16, dst(22, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 22, EU_TYPE_UW)),
         enc2(EU_OP_ADD, 16, dst(20, 2, 2, EU_TYPE_UW), region(20, 2, 16, 8, 2, EU_TYPE_UW),
              region(22, 0, 16, 8, 2, EU_TYPE_UW)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 0, 3 * 65536 + 7, 0);
   /* A constant that is all in its upper half: the lower product is the constant 0. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 24, EU_TYPE_UW)),
         enc2(EU_OP_MUL, 16, dst(22, 0, 1, EU_TYPE_D), vec8(18, EU_TYPE_D),
              scalar(CONSTANTS, 26, EU_TYPE_UW)),
         enc2(EU_OP_ADD, 16, dst(20, 2, 2, EU_TYPE_UW), region(20, 2, 16, 8, 2, EU_TYPE_UW),
              region(22, 0, 16, 8, 2, EU_TYPE_UW)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 0, 65536, 0);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_SHL, 16, RESULT_D, vec8(16, EU_TYPE_D), imm(EU_TYPE_UD, 3)));
   expect_function(&l, EU_SYMBOL_INT, 8, 0, 0);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_ADD, 16, RESULT_D, neg(vec8(18, EU_TYPE_D)), imm(EU_TYPE_D, 500)));
   expect_function(&l, EU_SYMBOL_INT, 0, -1, 500);
   /* A product of functions is none. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, RESULT_D, vec8(16, EU_TYPE_D), vec8(10, EU_TYPE_UW)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* The second DWord of a product is cut to its lower half. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, RESULT_D, vec8(16, EU_TYPE_D), scalar(CONSTANTS, 20, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* A half that was added to is not the half of the same number any more. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_ADD, 16, dst(16, 0, 2, EU_TYPE_UW), region(16, 0, 16, 8, 2, EU_TYPE_UW),
              imm(EU_TYPE_UW, 1)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(16, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
}

static void
what_wraps_is_unknown(void **state)
{
   struct look l;

   (void)state;
   /* x goes up to 200: less 100 it is negative somewhere, and no UD. */
   KNOWN(&l, 16, EU_TYPE_UD, COORDINATES,
         enc2(EU_OP_ADD, 16, RESULT_D, vec8(16, EU_TYPE_D), imm(EU_TYPE_D, (uint32_t)-100)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_ADD, 16, RESULT_D, vec8(16, EU_TYPE_D), imm(EU_TYPE_D, (uint32_t)-100)));
   expect_function(&l, EU_SYMBOL_INT, 1, 0, -100);
   /* In 16 bits, 200 * 400 is another number. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_UW), vec8(10, EU_TYPE_UW),
              imm(EU_TYPE_UW, 400)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_UW)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_SHL, 16, RESULT_D, vec8(16, EU_TYPE_D), imm(EU_TYPE_UD, 26)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
}

static void
floats_are_exact_or_unknown(void **state)
{
   struct look l;

   (void)state;
   /* x * 1 + 0.5 is cut to x. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc1(EU_OP_RNDZ, 16, dst(20, 0, 1, EU_TYPE_F), vec8(12, EU_TYPE_F)),
         enc3(EU_OP_MAD, 8, dst4(22, 0xf, EU_TYPE_F), scalar(CONSTANTS, 4, EU_TYPE_F),
              scalar(CONSTANTS, 0, EU_TYPE_F), vec4(20, SWZ_XYZW, EU_TYPE_F)),
         with_group(enc3(EU_OP_MAD, 8, dst4(23, 0xf, EU_TYPE_F), scalar(CONSTANTS, 4, EU_TYPE_F),
                         scalar(CONSTANTS, 0, EU_TYPE_F), vec4(21, SWZ_XYZW, EU_TYPE_F)), 8),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(22, EU_TYPE_F)));
   expect_function(&l, EU_SYMBOL_INT, 1, 0, 0);
   /* x / 2 is a float, but which integer it is cut to depends on x. */
   KNOWN(&l, 16, EU_TYPE_F, COORDINATES,
         enc2(EU_OP_MUL, 16, RESULT_F, vec8(12, EU_TYPE_F), imm_f(0.5f)));
   expect_kind(&l, EU_SYMBOL_FLOAT);
   assert_int_equal(l.channel[0].a, 1);
   assert_int_equal(l.channel[0].shift, 1);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_F), vec8(12, EU_TYPE_F), imm_f(0.5f)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_F)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* A factor that is nearly 1 rounds, here or there. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_F), vec8(12, EU_TYPE_F), imm_f(0x1.000002p0f)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_F)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* A sum that needs more than 24 bits rounds. */
   KNOWN(&l, 16, EU_TYPE_F, COORDINATES,
         enc2(EU_OP_ADD, 16, RESULT_F, vec8(12, EU_TYPE_F), imm_f(0x1p24f)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_F, COORDINATES,
         enc2(EU_OP_ADD, 16, RESULT_F, vec8(12, EU_TYPE_F), imm_f(0x1p23f)));
   expect_kind(&l, EU_SYMBOL_FLOAT);
   /* -0.5 is cut upwards. x is at least 3: x - 3.5 is below 0 there, x - 2.5 is not. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_ADD, 16, dst(20, 0, 1, EU_TYPE_F), vec8(12, EU_TYPE_F), imm_f(-3.5f)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_F)));
   assert_int_equal(l.channel[1].kind, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         enc2(EU_OP_ADD, 16, dst(20, 0, 1, EU_TYPE_F), vec8(12, EU_TYPE_F), imm_f(-2.5f)),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(20, EU_TYPE_F)));
   expect_function(&l, EU_SYMBOL_INT, 1, 0, -3);
   /* A float read as an integer is no number. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES, enc1(EU_OP_MOV, 16, RESULT_D, vec8(12, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_F, COORDINATES,
         enc2(EU_OP_MUL, 16, RESULT_F, vec8(12, EU_TYPE_F), imm(EU_TYPE_F, 0x7f800000)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_F, COORDINATES,
         with_sat(enc1(EU_OP_MOV, 16, RESULT_F, vec8(12, EU_TYPE_F))));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
}

static void
constants_are_the_interpreters(void **state)
{
   struct look l;

   (void)state;
   KNOWN(&l, 16, EU_TYPE_UD,
         enc2(EU_OP_XOR, 16, RESULT_D, scalar(CONSTANTS, 16, EU_TYPE_D), imm(EU_TYPE_D, 0xff)));
   expect_kind(&l, EU_SYMBOL_CONST);
   assert_int_equal(l.channel[5].bits, 2048 ^ 0xff);
   KNOWN(&l, 16, EU_TYPE_F,
         enc2(EU_OP_ADD, 16, RESULT_F, scalar(CONSTANTS, 0, EU_TYPE_F),
              neg(scalar(CONSTANTS, 4, EU_TYPE_F))));
   expect_kind(&l, EU_SYMBOL_CONST);
   assert_int_equal(l.channel[15].bits, 0x3f000000);
   /* Registers that nothing has set are not known to be anything. */
   KNOWN(&l, 16, EU_TYPE_UD, enc1(EU_OP_MOV, 16, RESULT_D, vec8(60, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* Nor is what comes from the accumulator. */
   KNOWN(&l, 16, EU_TYPE_UD,
         enc1(EU_OP_MOV, 8, RESULT_D, arf_vec8(EU_ARF_ACCUMULATOR, EU_TYPE_D)));
   assert_int_equal(l.channel[0].kind, EU_SYMBOL_UNKNOWN);
}

static void
other_subspans_may_not_be_there(void **state)
{
   struct look l;

   (void)state;
   /* Channel 4 reads what channel 0 has written: that is 9 only where the first subspan is. */
   KNOWN(&l, 16, EU_TYPE_D,
         enc1(EU_OP_MOV, 16, dst(20, 0, 1, EU_TYPE_D), imm(EU_TYPE_D, 9)),
         enc1(EU_OP_MOV, 16, RESULT_D, scalar(20, 0, EU_TYPE_D)));
   assert_int_equal(l.channel[0].kind, EU_SYMBOL_CONST);
   for (unsigned c = 1; c < 16; c++)
      assert_int_equal(l.channel[c].kind, EU_SYMBOL_UNKNOWN);
   /* Written for all, whichever are on, it is 9 everywhere. */
   KNOWN(&l, 16, EU_TYPE_D,
         no_mask(enc1(EU_OP_MOV, 16, dst(20, 0, 1, EU_TYPE_D), imm(EU_TYPE_D, 9))),
         enc1(EU_OP_MOV, 16, RESULT_D, scalar(20, 0, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_CONST);
   /* The place of another subspan is no function of the pixel's own. */
   KNOWN(&l, 16, EU_TYPE_D, enc1(EU_OP_MOV, 16, RESULT_D, scalar(1, 8, EU_TYPE_UW)));
   assert_int_equal(l.channel[3].kind, EU_SYMBOL_INT);
   assert_int_equal(l.channel[4].kind, EU_SYMBOL_UNKNOWN);
   /* Half of the channels leave the others' registers alone. */
   KNOWN(&l, 16, EU_TYPE_D,
         enc1(EU_OP_MOV, 16, RESULT_D, imm(EU_TYPE_D, 1)),
         with_group(enc1(EU_OP_MOV, 8, dst(RESULT + 1, 0, 1, EU_TYPE_D), imm(EU_TYPE_D, 2)), 8));
   assert_int_equal(l.channel[7].bits, 1);
   assert_int_equal(l.channel[8].bits, 2);
}

static void
responses_move_unchanged(void **state)
{
   const struct insn load = enc_send(16, dst(30, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER,
                                     2 << 25 | 2 << 20, false);
   struct look l;

   (void)state;
   KNOWN(&l, 16, EU_TYPE_UD, load,
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(30, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_OPAQUE);
   assert_int_equal(l.channel[9].id, 500);
   KNOWN(&l, 16, EU_TYPE_UD, load,
         enc1(EU_OP_MOV, 16, RESULT_F, vec8(30, EU_TYPE_F)));
   expect_kind(&l, EU_SYMBOL_OPAQUE);
   /* Not what is computed of them, converted, negated, saturated or another channel's. */
   KNOWN(&l, 16, EU_TYPE_UD, load,
         enc2(EU_OP_ADD, 16, RESULT_F, vec8(30, EU_TYPE_F), imm_f(0)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_UD, load, enc1(EU_OP_MOV, 16, RESULT_D, vec8(30, EU_TYPE_F)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_UD, load, enc1(EU_OP_MOV, 16, RESULT_D, neg(vec8(30, EU_TYPE_D))));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_UD, load,
         with_sat(enc1(EU_OP_MOV, 16, RESULT_F, vec8(30, EU_TYPE_F))));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   KNOWN(&l, 16, EU_TYPE_UD, load,
         enc1(EU_OP_MOV, 16, RESULT_D, region(30, 4, 8, 8, 1, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
   /* A response that is not named overwrites what was known. */
   KNOWN(&l, 16, EU_TYPE_UD, enc1(EU_OP_MOV, 16, dst(32, 0, 1, EU_TYPE_D), imm(EU_TYPE_D, 1)),
         enc_send(16, dst(30, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER, 2 << 25 | 4 << 20, false),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(32, EU_TYPE_D)));
   expect_kind(&l, EU_SYMBOL_UNKNOWN);
}

static void
the_pixel_mask_is_extended(void **state)
{
   struct look l;

   (void)state;
   KNOWN(&l, 8, EU_TYPE_UD, no_mask(enc1(EU_OP_MOV, 1, dst(RESULT, 28, 1, EU_TYPE_UD),
                                         scalar(1, 28, EU_TYPE_UW))));
   assert_int_equal(l.word14.kind, EU_SYMBOL_OPAQUE);
   assert_int_equal(l.word14.id, MASK_ID);
   KNOWN(&l, 8, EU_TYPE_UD, no_mask(enc1(EU_OP_MOV, 1, dst(RESULT, 28, 1, EU_TYPE_UD),
                                         imm(EU_TYPE_UD, 0xff))));
   assert_int_equal(l.word14.kind, EU_SYMBOL_CONST);
   assert_int_equal(l.word14.bits, 0xff);
}

static void
programs_that_are_not_straight_are_not_known(void **state)
{
   struct look l;

   (void)state;
   NOT_KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
             with_cond(enc2(EU_OP_CMP, 16, null_dst(EU_TYPE_D), vec8(16, EU_TYPE_D),
                            imm(EU_TYPE_D, 50)), EU_COND_L),
             with_pred(enc1(EU_OP_MOV, 16, RESULT_D, imm(EU_TYPE_D, 1)), EU_PRED_NORMAL, false));
   NOT_KNOWN(&l, 16, EU_TYPE_D, enc_jmpi(0), enc1(EU_OP_MOV, 16, RESULT_D, imm(EU_TYPE_D, 1)));
   NOT_KNOWN(&l, 16, EU_TYPE_D, enc_branch(EU_OP_HALT, 16, 2, 2),
             enc1(EU_OP_MOV, 16, RESULT_D, imm(EU_TYPE_D, 1)));
   /* What writes flags, control or addresses may have effects that are not followed. */
   NOT_KNOWN(&l, 16, EU_TYPE_D,
             no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_FLAG, 0, EU_TYPE_UW), imm(EU_TYPE_UW, 1))));
   NOT_KNOWN(&l, 16, EU_TYPE_D,
             no_mask(enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_CONTROL, 0, EU_TYPE_UD),
                          imm(EU_TYPE_UD, 1))));
   /* A comparison that nobody looks at does no harm. */
   KNOWN(&l, 16, EU_TYPE_D, COORDINATES,
         with_cond(enc2(EU_OP_CMP, 16, null_dst(EU_TYPE_D), vec8(16, EU_TYPE_D),
                        imm(EU_TYPE_D, 50)), EU_COND_L),
         enc1(EU_OP_MOV, 16, RESULT_D, vec8(16, EU_TYPE_D)));
   expect_function(&l, EU_SYMBOL_INT, 1, 0, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(coordinates_are_functions),
      cmocka_unit_test(integers_add_and_multiply),
      cmocka_unit_test(what_wraps_is_unknown),
      cmocka_unit_test(floats_are_exact_or_unknown),
      cmocka_unit_test(constants_are_the_interpreters),
      cmocka_unit_test(other_subspans_may_not_be_there),
      cmocka_unit_test(responses_move_unchanged),
      cmocka_unit_test(the_pixel_mask_is_extended),
      cmocka_unit_test(programs_that_are_not_straight_are_not_known),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
