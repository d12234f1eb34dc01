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

/* ---------------------------------------------------------------- random programs */

#define FIRST 8
#define LAST 30

struct claims {
   unsigned channels;
   struct eu_symbol of[LAST - FIRST + 1][8][16][3];
};
static const enum eu_type claimed_types[3] = { EU_TYPE_D, EU_TYPE_UD, EU_TYPE_F };

static bool
look_at_all(void *opaque, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   struct claims *claims = opaque;

   (void)msg;
   for (unsigned reg = FIRST; reg <= LAST; reg++) {
      for (unsigned dw = 0; dw < 8; dw++) {
         for (unsigned c = 0; c < claims->channels; c++) {
            for (unsigned t = 0; t < 3; t++)
               claims->of[reg - FIRST][dw][c][t] =
                  eu_symbolic_channel(s, reg, dw, claimed_types[t], c);
         }
      }
   }
   return true;
}

static struct opnd
random_operand(uint64_t *seed, enum eu_type type)
{
   const unsigned nr = FIRST + random64(seed) % (LAST - FIRST - 2);
   const bool word = type == EU_TYPE_UW || type == EU_TYPE_W;
   struct opnd o;

   switch (random64(seed) % 8) {
   case 0:
      o = scalar(6, random64(seed) % 8 * 4, type);
      break;
   case 1:
      o = scalar(nr, random64(seed) % 8 * 4, type);
      break;
   case 2:
      if (type == EU_TYPE_F)
         return imm_f((float)(random64(seed) % 16) * 0.25f - 1);
      return imm(type, word ? random64(seed) % 2000 : (uint32_t)random64(seed) % 4000 - 300);
   case 3:
      if (word) {
         o = region(1, random64(seed) % 2 ? 8 : 10, 2, 4, 0, type);
         break;
      }
      /* fallthrough */
   default:
      o = word && random64(seed) % 2 ? region(nr, random64(seed) % 2 * 2, 16, 8, 2, type)
                                     : vec8(nr, type);
   }
   o.neg = random64(seed) % 8 == 0;
   return o;
}

static struct insn
random_instruction(uint64_t *seed)
{
   static const enum eu_type types[] = {
      EU_TYPE_UW, EU_TYPE_UW, EU_TYPE_W, EU_TYPE_D, EU_TYPE_D, EU_TYPE_UD, EU_TYPE_F, EU_TYPE_F,
   };
   static const enum eu_opcode opcodes[] = {
      EU_OP_MOV, EU_OP_MOV, EU_OP_MOV, EU_OP_ADD, EU_OP_ADD, EU_OP_ADD, EU_OP_MUL, EU_OP_MUL,
      EU_OP_SHL, EU_OP_AND, EU_OP_OR, EU_OP_RNDZ, EU_OP_RNDD, EU_OP_ASR, EU_OP_MAD,
   };
   const enum eu_opcode opcode = opcodes[random64(seed) % 15];
   const unsigned size = random64(seed) % 4 ? 16 : 8;
   enum eu_type from = types[random64(seed) % 8], to = types[random64(seed) % 8];
   const unsigned nr = FIRST + random64(seed) % (LAST - FIRST - 2);
   struct insn insn;

   if (opcode == EU_OP_MAD) {
      insn = enc3(opcode, 8, dst4(nr, 0xf, EU_TYPE_F), scalar(6, 4, EU_TYPE_F),
                  scalar(6, random64(seed) % 4 * 4, EU_TYPE_F), vec4(nr + 1, SWZ_XYZW, EU_TYPE_F));
      return random64(seed) % 2 ? insn : with_group(insn, 8);
   }
   if (opcode == EU_OP_RNDZ || opcode == EU_OP_RNDD)
      from = to = EU_TYPE_F;
   if (opcode == EU_OP_SHL || opcode == EU_OP_ASR || opcode == EU_OP_AND || opcode == EU_OP_OR) {
      from = from == EU_TYPE_F ? EU_TYPE_D : from;
      to = to == EU_TYPE_F ? EU_TYPE_D : to;
   }
   const bool word = to == EU_TYPE_UW || to == EU_TYPE_W;
   const struct opnd d = word && random64(seed) % 2 ? dst(nr, random64(seed) % 2 * 2, 2, to)
                                                    : dst(nr, 0, 1, to);
   const struct opnd s0 = random_operand(seed, from);
   if (opcode == EU_OP_MOV || opcode == EU_OP_RNDZ || opcode == EU_OP_RNDD)
      insn = enc1(opcode, size, d, s0);
   else if (opcode == EU_OP_SHL || opcode == EU_OP_ASR)
      insn = enc2(opcode, size, d, s0.file == EU_FILE_IMM ? vec8(nr, from) : s0,
                  imm(EU_TYPE_UD, random64(seed) % 20));
   else
      insn = enc2(opcode, size, d, s0.file == EU_FILE_IMM ? vec8(nr, from) : s0,
                  random_operand(seed, from == EU_TYPE_F || random64(seed) % 2 ? from
                                                                               : EU_TYPE_UW));
   if (size == 8 && random64(seed) % 2)
      insn = with_group(insn, 8);
   return random64(seed) % 8 ? insn : no_mask(insn);
}

static bool
nothing(void *opaque, const struct eu_message *msg)
{
   (void)opaque, (void)msg;
   return true;
}

/** Runs a thread somewhere in the range and holds what was claimed against it. */
static unsigned
hold_against(const struct eu_program *program, const struct claims *claims, const uint32_t *consts,
             uint64_t *seed)
{
   struct eu_env env = { { 0 } };
   static struct eu_thread t;
   const uint32_t subspans = 1 + random64(seed) % 15;
   uint16_t x[4], y[4];
   uint32_t mask = 0;
   unsigned held = 0;

   for (unsigned i = 0; i < EU_NUM_SFIDS; i++)
      env.send[i] = nothing;
   for (unsigned i = 0; i < 4; i++)
      mask |= subspans >> i & 1 ? 0xfu << 4 * i : 0;
   eu_thread_init(&t, mask);
   for (unsigned i = 0; i < sizeof(t.grf); i++)
      ((uint8_t *)t.grf)[i] = (uint8_t)random64(seed);
   for (unsigned i = 0; i < 4; i++) {
      x[i] = (uint16_t)((range.min_x + random64(seed) % (range.max_x - range.min_x + 1)) & ~1ull);
      y[i] = (uint16_t)((range.min_y + random64(seed) % (range.max_y - range.min_y + 1)) & ~1ull);
      memcpy(&t.grf[1][8 + 4 * i], &x[i], 2);
      memcpy(&t.grf[1][10 + 4 * i], &y[i], 2);
   }
   memcpy(t.grf[6], consts, 32);
   if (eu_thread_run(&t, program, &env, 100) != EU_STATUS_EOT)
      fail_msg("%s", t.fault.text);

   for (unsigned c = 0; c < 16; c++) {
      const int32_t px = x[c / 4] + (c & 1), py = y[c / 4] + (c >> 1 & 1);
      if (!(mask >> c & 1) || px < range.min_x || px > range.max_x || py < range.min_y ||
          py > range.max_y)
         continue;
      for (unsigned i = 0; i < (LAST - FIRST + 1) * 8 * 3; i++) {
         const unsigned reg = i / 24, dw = i / 3 % 8;
         const struct eu_symbol *s = &claims->of[reg][dw][c][i % 3];
         const int64_t value = s->a * px + s->b * py + s->c;
         uint32_t bits;
         float f;
         bool good = true;

         memcpy(&bits, &t.grf[FIRST + reg][4 * dw], 4);
         memcpy(&f, &bits, 4);
         if (s->kind == EU_SYMBOL_CONST)
            good = bits == s->bits;
         else if (s->kind == EU_SYMBOL_INT)
            good = i % 3 == 0 ? (int32_t)bits == value : (int64_t)bits == value;
         else if (s->kind == EU_SYMBOL_FLOAT)
            good = (double)f == (double)value / (double)(1ull << s->shift);
         held += s->kind == EU_SYMBOL_INT || s->kind == EU_SYMBOL_FLOAT;
         if (!good)
            fail_msg("g%u.%u of channel %u at %d, %d: 0x%08x, said kind %d, %lld / 2^%u",
                     FIRST + reg, dw, c, px, py, bits, s->kind, (long long)value, s->shift);
      }
   }
   return held;
}

/* What is claimed of a random program is true of it, wherever its subspans are and if some lack. */
static void
claims_hold(void **state)
{
   static const uint32_t consts[8] = {
      0x3f800000, 0x3f000000, 0x40400000, 0xbe800000, 2048, 3 << 16 | 7, 65536, 5,
   };
   static struct claims claims = { .channels = 16 };
   uint64_t seed = 12345;
   unsigned held = 0, known = 0;

   (void)state;
   for (unsigned n = 0; n < 3000; n++) {
      struct insn code[16];
      struct eu_program *program;
      struct eu_symbolic *s = eu_symbolic_create(&range, 16);
      const unsigned count = 4 + random64(&seed) % 11;

      code[0] = enc2(EU_OP_ADD, 16, dst(10, 0, 1, EU_TYPE_UW), region(1, 8, 2, 4, 0, EU_TYPE_UW),
                     imm(EU_TYPE_V, 0x10101010));
      code[1] = enc2(EU_OP_ADD, 16, dst(11, 0, 1, EU_TYPE_UW), region(1, 10, 2, 4, 0, EU_TYPE_UW),
                     imm(EU_TYPE_V, 0x11001100));
      code[2] = enc1(EU_OP_MOV, 16, dst(12, 0, 1, EU_TYPE_F), vec8(10, EU_TYPE_UW));
      code[3] = enc1(EU_OP_MOV, 16, dst(14, 0, 1, EU_TYPE_D), vec8(11, EU_TYPE_UW));
      for (unsigned i = 4; i < count; i++)
         code[i] = random_instruction(&seed);
      code[count] = enc_send(16, null_dst(EU_TYPE_UW), RESULT, EU_SFID_DP_RENDER_CACHE, 1 << 25,
                             true);
      for (unsigned i = 0; i < 4; i++) {
         eu_symbolic_set_place(s, 1, 4 + 2 * i, i, false);
         eu_symbolic_set_place(s, 1, 5 + 2 * i, i, true);
      }
      for (unsigned i = 0; i < 8; i++)
         eu_symbolic_set_const(s, 6, i, consts[i]);
      assert_int_equal(eu_program_create(code, (count + 1) * sizeof(*code), 0, &program), 0);
      if (eu_symbolic_run(s, program, 0, look_at_all, &claims)) {
         known++;
         for (unsigned i = 0; i < 8; i++)
            held += hold_against(program, &claims, consts, &seed) != 0;
      }
      eu_program_destroy(program);
      eu_symbolic_destroy(s);
   }
   print_message("%u programs known, %u threads held against functions\n", known, held);
   assert_true(known > 1000);
   assert_true(held > 5000);
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
      cmocka_unit_test(claims_hold),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
