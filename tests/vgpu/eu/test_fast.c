/*
 * SPDX-License-Identifier: MIT
 *
 * The specialised paths against the general one: random instructions that both execute must
 * leave the same thread behind.
 */

#include <stdio.h>

#include "eu_test.h"

#include "eu/eu_priv.h"

static const uint8_t opcodes[] = {
   EU_OP_MOV, EU_OP_SEL, EU_OP_NOT,  EU_OP_AND,  EU_OP_OR,   EU_OP_XOR,  EU_OP_SHR, EU_OP_SHL,
   EU_OP_ASR, EU_OP_CMP, EU_OP_CMPN, EU_OP_ADD,  EU_OP_MUL,  EU_OP_RNDU, EU_OP_RNDD,
   EU_OP_RNDE, EU_OP_RNDZ, EU_OP_PLN, EU_OP_MAD,
};

static struct opnd
random_source(uint64_t *seed, enum eu_type type, bool imm_allowed)
{
   struct opnd o;
   unsigned nr = 2 + random64(seed) % 20;

   switch (random64(seed) % (imm_allowed ? 5 : 3)) {
   case 0:
      o = scalar(nr, random64(seed) % 8 * 4, type);
      break;
   case 1:
      o = vec8(nr, type);
      if (random64(seed) % 4 == 0)
         o.subnr = random64(seed) % 8 * 4;
      break;
   case 2: {
      static const uint8_t regions[][3] = { {8, 4, 2}, {4, 4, 1}, {0, 4, 1}, {2, 2, 0},
                                            {16, 8, 2}, {4, 2, 2}, {1, 1, 0} };
      const uint8_t *r = regions[random64(seed) % 7];
      o = region(nr, random64(seed) % 4 * 4, r[0], r[1], r[2], type);
      break;
   }
   default:
      o = imm(type, (uint32_t)random64(seed));
      if (type == EU_TYPE_F) {
         o = imm_f((float)(int)(random64(seed) % 64) - 31.5f);
         if (random64(seed) % 4 == 0)
            o = imm(EU_TYPE_VF, (uint32_t)random64(seed));
      } else if (random64(seed) % 2) {
         static const enum eu_type words[] = {EU_TYPE_UW, EU_TYPE_W, EU_TYPE_V, EU_TYPE_UV};
         o.type = words[random64(seed) % 4];
      }
      return o;
   }
   o.neg = random64(seed) % 4 == 0;
   o.abs = random64(seed) % 4 == 0;
   return o;
}

static struct insn
random_insn(uint64_t *seed)
{
   static const enum eu_type types[] = {EU_TYPE_F, EU_TYPE_F, EU_TYPE_D, EU_TYPE_UD};
   enum eu_opcode opcode = (enum eu_opcode)opcodes[random64(seed) % sizeof(opcodes)];
   unsigned exec_size = random64(seed) % 4 ? 8u << random64(seed) % 2 : 1u << random64(seed) % 3;
   enum eu_type from = types[random64(seed) % 4], to = types[random64(seed) % 4];
   if (random64(seed) % 4)
      to = from;
   struct opnd d = dst(2 + random64(seed) % 20, random64(seed) % 8 ? 0 : 4, 1, to);
   struct insn insn;

   if (opcode == EU_OP_MAD) {
      struct opnd s[3];
      for (unsigned i = 0; i < 3; i++) {
         s[i] = random_source(seed, EU_TYPE_F, false);
         s[i].subnr = s[i].v ? 0 : s[i].subnr;
      }
      d.type = EU_TYPE_F;
      d.subnr = 0;
      d.writemask = random64(seed) % 2 ? 0xf : (unsigned)random64(seed) & 0xf;
      insn = enc3(opcode, 8, d, s[0], s[1], s[2]);
   } else if (opcode == EU_OP_PLN) {
      insn = enc2(opcode, exec_size, d, scalar(3, random64(seed) % 2 * 16, EU_TYPE_F),
                  vec8(2 + random64(seed) % 20, EU_TYPE_F));
   } else if (eu_opcode_info(opcode)->num_srcs == 1) {
      insn = enc1(opcode, exec_size, d, random_source(seed, from, true));
   } else {
      enum eu_type second = random64(seed) % 8 ? from : types[random64(seed) % 4];
      insn = enc2(opcode, exec_size, d, random_source(seed, from, false),
                  random_source(seed, second, true));
   }
   if (random64(seed) % 3 == 0)
      insn = with_cond(insn, (enum eu_cond)(1 + random64(seed) % 6));
   if (random64(seed) % 3 == 0)
      insn = with_pred(insn, EU_PRED_NORMAL, random64(seed) % 2);
   if (random64(seed) % 4 == 0)
      insn = with_sat(insn);
   if (random64(seed) % 4 == 0)
      insn = no_mask(insn);
   if (exec_size == 8 && random64(seed) % 4 == 0)
      insn = with_group(insn, 8);
   return opcode == EU_OP_MAD ? with_flag3(insn, random64(seed) % 2, 0)
                              : with_flag(insn, random64(seed) % 2, random64(seed) % 2);
}

static void
randomise(struct eu_thread *t, uint64_t *seed)
{
   static const uint32_t special[] = {0x00000000, 0x80000000, 0x7f800000, 0xff800000,
                                      0x7fc00000, 0x00000001, 0x7fffffff, 0xffffffff,
                                      0x3f800000, 0x4b000001, 0xcf000000, 0x4f000000};
   eu_thread_init(t, random64(seed) % 2 ? 0xffff : (uint32_t)random64(seed) & 0xffff);
   t->flag[0] = (uint32_t)random64(seed);
   t->flag[1] = (uint32_t)random64(seed);
   if (random64(seed) % 8 == 0)
      t->cr0[0] = random64(seed) % 2 ? EU_CR0_ALT_MODE : EU_CR0_SPF;
   for (unsigned i = 0; i < 25 * 8; i++) {
      uint64_t r = random64(seed);
      float f = (float)((int)(r >> 40) - (1 << 23)) * 0.01f;
      switch (r % 4) {
      case 0:
         set_ud(t, 0, i, special[r / 4 % 12]);
         break;
      case 1:
         set_ud(t, 0, i, (uint32_t)(r >> 32));
         break;
      default:
         set_f(t, 0, i, f);
         break;
      }
   }
}

/* NaNs are equal, whatever their bits: which one of two comes through is not defined. */
static bool
same(const struct eu_thread *a, const struct eu_thread *b)
{
   for (unsigned i = 0; i < EU_GRF_BYTES / 4; i++) {
      uint32_t x = get_ud(a, 0, i), y = get_ud(b, 0, i);
      bool both_nan = (x & 0x7fffffff) > 0x7f800000 && (y & 0x7fffffff) > 0x7f800000;
      if (x != y && !both_nan)
         return false;
   }
   return a->flag[0] == b->flag[0] && a->flag[1] == b->flag[1];
}

/* One of the versions that there are for this processor. */
static eu_exec_fn
select_version(const struct eu_op *op, unsigned n)
{
#if defined(__x86_64__)
   if (n % 2 && __builtin_cpu_supports("avx2"))
      return eu_fast_select_avx2(op);
#endif
   return eu_fast_select(op);
}

static void
test_fast_is_general(void **state)
{
   static struct eu_thread before, fast, general;
   unsigned compared[128] = {0};
   uint64_t seed = 16;
   (void)state;

   for (unsigned n = 0; n < 300000; n++) {
      struct insn insn = random_insn(&seed);
      struct eu_op op;
      char reason[EU_REASON_BYTES];

      memset(&op, 0, sizeof(op));
      if (!eu_decode(&insn, sizeof(insn), &op.inst, NULL) || !eu_resolve(&op, reason))
         continue;
      eu_exec_fn quick = select_version(&op, n), slow = eu_alu_select(&op);
      if (!slow)
         slow = eu_int_select(&op);
      if (!quick)
         continue;
      if (!slow)
         fail_msg("only the fast path takes this");
      compared[op.inst.opcode]++;

      struct eu_program program = {0};
      struct eu_env env = {0};
      struct eu_context ctx = {.program = &program, .env = &env};
      randomise(&before, &seed);
      fast = general = before;
      ctx.thread = &fast;
      uint32_t host = eu_fp_enter(&fast);
      enum eu_step fast_step = quick(&ctx, &op);
      ctx.thread = &general;
      enum eu_step general_step = slow(&ctx, &op);
      eu_fp_leave(host);
      assert_int_equal(fast_step, general_step);
      if (!same(&fast, &general)) {
         char text[256];
         eu_disasm(&op.inst, text, sizeof(text));
         print_message("%s\ncr0 0x%x\n", text, before.cr0[0]);
         for (unsigned i = 0; i < 16; i++) {
            uint32_t x = get_ud(&fast, op.inst.dst.nr, i), y = get_ud(&general, op.inst.dst.nr, i);
            print_message("%2u %08x %08x%s\n", i, x, y, x != y ? " !" : "");
         }
         fail_msg("flags %08x %08x, in general %08x %08x", fast.flag[0], fast.flag[1],
                  general.flag[0], general.flag[1]);
      }
   }
   for (unsigned i = 0; i < sizeof(opcodes); i++) {
      if (opcodes[i] != EU_OP_CMPN && compared[opcodes[i]] < 100)
         fail_msg("only %u samples of %s", compared[opcodes[i]], eu_opcode_name(opcodes[i]));
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fast_is_general),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
