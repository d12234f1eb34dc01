/*
 * SPDX-License-Identifier: MIT
 *
 * Masks, predicates, flags and control flow. Structured control flow is checked with random
 * programs against an interpreter that runs one channel at a time.
 */

#include "eu_test.h"

/* ---------------------------------------------------------------- masks */

static void
test_channel_masks(void **state)
{
   struct eu_thread t;
   (void)state;

   for (unsigned group = 0; group < 16; group += 4) {
      for (unsigned exec_size = 1; exec_size <= 16 && group + exec_size <= 16; exec_size *= 2) {
         for (unsigned all = 0; all < 2; all++) {
            eu_thread_init(&t, 0x5a3c);
            struct insn mov = with_group(
               enc1(EU_OP_MOV, exec_size, dst(10, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, 7)), group);
            RUN(&t, all ? no_mask(mov) : mov);
            for (unsigned i = 0; i < 16; i++) {
               bool on = i < exec_size && (all || (0x5a3c >> (group + i) & 1));
               assert_int_equal(get_ud(&t, 10, i), on ? 7 : 0);
            }
         }
      }
   }
   /* SIMD32 applies the low sixteen channels to both halves. */
   eu_thread_init(&t, 0x5a3c);
   RUN(&t, enc1(EU_OP_MOV, 32, dst(10, 0, 1, EU_TYPE_UW), imm(EU_TYPE_UW, 7)));
   for (unsigned i = 0; i < 32; i++)
      assert_int_equal(get_uw(&t, 10, i), 0x5a3c >> (i % 16) & 1 ? 7 : 0);
}

static bool
group_holds(uint32_t flags, unsigned bit, unsigned n, bool all)
{
   unsigned hits = 0, start = bit - bit % n;
   for (unsigned i = start; i < start + n; i++)
      hits += flags >> i & 1;
   return all ? hits == n : hits > 0;
}

static void
test_predicates_align1(void **state)
{
   static const uint32_t patterns[] = {0x00000000, 0xffffffff, 0x0000ff00, 0xf0f01234,
                                       0x80000001, 0x33cc55aa, 0xffff0000};
   struct eu_thread t;
   (void)state;

   for (unsigned p = 0; p < 7; p++) {
      for (unsigned pred = EU_PRED_NORMAL; pred <= EU_PRED_ALL32H; pred++) {
         for (unsigned variant = 0; variant < 16; variant++) {
            bool inverse = variant & 1;
            unsigned nr = variant >> 1 & 1, subnr = variant >> 2 & 1;
            unsigned group = variant & 8 ? 8 : 0;
            uint32_t flags = patterns[p];
            eu_thread_init(&t, 0xffff);
            t.flag[nr] = flags;
            t.flag[!nr] = ~flags;
            RUN(&t, with_flag(with_pred(with_group(enc1(EU_OP_MOV, 8, dst(10, 0, 1, EU_TYPE_UD),
                                                        imm(EU_TYPE_UD, 1)),
                                                   group),
                                        (enum eu_pred)pred, inverse),
                              nr, subnr));
            for (unsigned i = 0; i < 8; i++) {
               unsigned bit = subnr * 16 + group + i;
               bool on;
               if (pred == EU_PRED_NORMAL)
                  on = flags >> bit & 1;
               else if (pred == EU_PRED_ANYV)
                  on = (flags | flags >> 16) >> (bit % 16) & 1;
               else if (pred == EU_PRED_ALLV)
                  on = (flags & flags >> 16) >> (bit % 16) & 1;
               else
                  on = group_holds(flags, bit, 2u << ((pred - EU_PRED_ANY2H) / 2),
                                   (pred - EU_PRED_ANY2H) % 2);
               if (get_ud(&t, 10, i) != (on != inverse))
                  fail_msg("flags 0x%08x predicate %u%s f%u.%u group %u lane %u", flags, pred,
                           inverse ? " inverse" : "", nr, subnr, group, i);
            }
         }
      }
   }
}

static void
test_predicates_align16(void **state)
{
   struct eu_thread t;
   (void)state;

   for (uint32_t flags = 0; flags < 256; flags++) {
      for (unsigned pred = EU_PRED_NORMAL; pred <= EU_PRED_ALL4H; pred++) {
         eu_thread_init(&t, 0xff);
         t.flag[0] = flags;
         struct insn mov =
            enc1_a16(EU_OP_MOV, 8, dst4(10, 0xf, EU_TYPE_UD), imm(EU_TYPE_UD, 1));
         RUN(&t, with_pred(mov, (enum eu_pred)pred, false));
         for (unsigned i = 0; i < 8; i++) {
            bool on;
            if (pred == EU_PRED_NORMAL)
               on = flags >> i & 1;
            else if (pred < EU_PRED_ANY4H)
               on = flags >> ((i & 4) + pred - EU_PRED_A16_X) & 1;
            else
               on = group_holds(flags, i, 4, pred == EU_PRED_ALL4H);
            assert_int_equal(get_ud(&t, 10, i), on);
         }
      }
   }
}

/* Three-source instructions name their flag register elsewhere in the encoding. */
static void
test_predicate_three_sources(void **state)
{
   struct eu_thread t;
   (void)state;

   for (unsigned flag = 0; flag < 4; flag++) {
      eu_thread_init(&t, 0xff);
      t.flag[0] = 0x00220011;
      t.flag[1] = 0x00880044;
      for (unsigned i = 0; i < 8; i++)
         set_f(&t, 2, i, 1.0f);
      struct opnd one = vec4(2, SWZ_XYZW, EU_TYPE_F);
      struct insn mad = enc3(EU_OP_MAD, 8, dst4(10, 0xf, EU_TYPE_F), one, one, one);
      RUN(&t, with_flag3(with_pred(mad, EU_PRED_NORMAL, false), flag >> 1, flag & 1));
      for (unsigned i = 0; i < 8; i++)
         assert_float_bits(get_f(&t, 10, i), i % 4 == flag ? 2.0f : 0.0f, "mad", i);
   }
}

/* A conditional modifier changes the flags of the channels that it is executed for, no others. */
static void
test_flags(void **state)
{
   static const float values[8] = {0.0f, -0.0f, 1.0f, -1.0f, 2.5f, -2.5f, 1e30f, -1e30f};
   static const enum eu_cond conds[] = {EU_COND_Z, EU_COND_NZ, EU_COND_G,
                                        EU_COND_GE, EU_COND_L, EU_COND_LE};
   struct eu_thread t;
   (void)state;

   for (unsigned c = 0; c < 6; c++) {
      for (unsigned variant = 0; variant < 8; variant++) {
         unsigned nr = variant & 1, subnr = variant >> 1 & 1, group = variant & 4 ? 8 : 0;
         uint32_t dispatch = 0xdb6d;
         eu_thread_init(&t, dispatch);
         t.flag[0] = t.flag[1] = 0xa5a5a5a5;
         for (unsigned i = 0; i < 8; i++)
            set_f(&t, 2, i, values[i]);
         RUN(&t, with_flag(with_cond(with_group(enc2(EU_OP_ADD, 8, null_dst(EU_TYPE_F),
                                                     vec8(2, EU_TYPE_F), imm_f(0.0f)),
                                                group),
                                     conds[c]),
                           nr, subnr));
         uint32_t want = 0xa5a5a5a5;
         for (unsigned i = 0; i < 8; i++) {
            float v = values[i];
            bool hit = conds[c] == EU_COND_Z    ? v == 0
                       : conds[c] == EU_COND_NZ ? v != 0
                       : conds[c] == EU_COND_G  ? v > 0
                       : conds[c] == EU_COND_GE ? v >= 0
                       : conds[c] == EU_COND_L  ? v < 0
                                                : v <= 0;
            uint32_t bit = 1u << (subnr * 16 + group + i);
            if (dispatch >> (group + i) & 1)
               want = hit ? want | bit : want & ~bit;
         }
         assert_int_equal(t.flag[nr], want);
         assert_int_equal(t.flag[!nr], 0xa5a5a5a5);
      }
   }
   /* Overflow and unordered. */
   eu_thread_init(&t, 0xff);
   set_f(&t, 2, 0, __builtin_nanf(""));
   set_f(&t, 2, 1, 3e38f);
   set_ud(&t, 3, 0, 0x7fffffff);
   RUN(&t,
       with_cond(enc2(EU_OP_CMP, 8, null_dst(EU_TYPE_F), vec8(2, EU_TYPE_F), imm_f(1.0f)),
                 EU_COND_U),
       with_flag(with_cond(enc2(EU_OP_ADD, 8, null_dst(EU_TYPE_D), vec8(3, EU_TYPE_D),
                                imm(EU_TYPE_D, 1)), EU_COND_O), 0, 1),
       with_flag(with_cond(enc2(EU_OP_ADD, 8, null_dst(EU_TYPE_F), vec8(2, EU_TYPE_F),
                                vec8(2, EU_TYPE_F)), EU_COND_O), 1, 0),
       with_flag(with_cond(enc2(EU_OP_CMPN, 8, null_dst(EU_TYPE_F), vec8(4, EU_TYPE_F),
                                vec8(2, EU_TYPE_F)), EU_COND_G), 1, 1));
   assert_int_equal(t.flag[0], 0x00010001);
   assert_int_equal(t.flag[1], 0x00010002);
}

/* ---------------------------------------------------------------- structured programs */

enum kind { ADD, IF, LOOP, BREAK, CONT, HALT };

struct node {
   enum kind kind;
   uint32_t value; /* what is added, or the bits that a condition tests */
   int body, other, next; /* indices, -1 for none */
};

struct random_program {
   struct node nodes[64];
   int count;
   uint64_t seed;
};

static int
make_block(struct random_program *p, unsigned depth, bool in_loop)
{
   int first = -1, last = -1;
   unsigned length = 1 + random64(&p->seed) % 3;

   while (length-- && p->count < 40) {
      int n = p->count++;
      struct node *node = &p->nodes[n];
      unsigned choice = random64(&p->seed) % 10;
      *node = (struct node){ADD, (uint32_t)random64(&p->seed), -1, -1, -1};
      if (choice < 4 && depth < 4) {
         node->kind = IF;
         node->body = make_block(p, depth + 1, in_loop);
         if (random64(&p->seed) % 2)
            node->other = make_block(p, depth + 1, in_loop);
      } else if (choice < 6 && depth < 3) {
         node->kind = LOOP;
         node->body = make_block(p, depth + 1, true);
      } else if (choice == 6 && in_loop) {
         node->kind = BREAK;
      } else if (choice == 7 && in_loop) {
         node->kind = CONT;
      } else if (choice == 8 && random64(&p->seed) % 3 == 0) {
         node->kind = HALT;
      }
      if (last >= 0)
         p->nodes[last].next = n;
      else
         first = n;
      last = n;
   }
   return first;
}

/* What one channel does. \return how it leaves the block; ADD: through its end */
static enum kind
interpret(const struct random_program *p, int n, uint32_t *value)
{
   for (; n >= 0; n = p->nodes[n].next) {
      const struct node *node = &p->nodes[n];
      bool hit = *value & node->value & 0x01010101;
      enum kind how = ADD;
      switch (node->kind) {
      case ADD:
         *value = *value * 3 + node->value;
         break;
      case IF:
         if (hit)
            how = interpret(p, node->body, value);
         else if (node->other >= 0)
            how = interpret(p, node->other, value);
         break;
      case LOOP:
         for (unsigned i = 0; i < 4 && how != HALT; i++) {
            how = interpret(p, node->body, value);
            if (how == BREAK)
               break;
         }
         if (how != HALT)
            how = ADD;
         break;
      default:
         if (hit)
            return node->kind;
         break;
      }
      if (how != ADD)
         return how;
   }
   return ADD;
}

struct emitter {
   struct insn code[512];
   enum eu_opcode opcode[512]; /* of branches that need patching, else 0 */
   int target[512];            /* while: where its loop starts; if: its else or endif */
   int endif[512], loop[512];  /* loop: index of the enclosing loop's while, known later */
   int count;
   int loops[8];
   int depth; /* of loops */
   int order; /* of loops, to name them */
   int while_of[64];
};

static int
emit(struct emitter *e, struct insn insn)
{
   e->code[e->count] = insn;
   e->opcode[e->count] = (enum eu_opcode)0;
   return e->count++;
}

static int
emit_branch(struct emitter *e, enum eu_opcode opcode, bool predicated)
{
   struct insn insn = enc_branch(opcode, 16, 0, 0);
   int i = emit(e, predicated ? with_pred(insn, EU_PRED_NORMAL, false) : insn);
   e->opcode[i] = opcode;
   e->loop[i] = e->depth ? e->loops[e->depth - 1] : -1;
   return i;
}

static struct opnd
ud(unsigned nr)
{
   return vec8(nr, EU_TYPE_UD);
}

static void
emit_test(struct emitter *e, uint32_t bits)
{
   emit(e, with_cond(enc2(EU_OP_AND, 16, null_dst(EU_TYPE_UD), ud(10),
                          imm(EU_TYPE_UD, bits & 0x01010101)), EU_COND_NZ));
}

static void
emit_block(struct emitter *e, const struct random_program *p, int n)
{
   for (; n >= 0; n = p->nodes[n].next) {
      const struct node *node = &p->nodes[n];
      unsigned counter = 20 + 2 * (unsigned)e->depth;
      int branch, start;
      switch (node->kind) {
      case ADD:
         emit(e, enc2(EU_OP_MUL, 16, dst(10, 0, 1, EU_TYPE_UD), ud(10), imm(EU_TYPE_UW, 3)));
         emit(e, enc2(EU_OP_ADD, 16, dst(10, 0, 1, EU_TYPE_UD), ud(10),
                      imm(EU_TYPE_UD, node->value)));
         break;
      case IF:
         emit_test(e, node->value);
         branch = emit_branch(e, EU_OP_IF, true);
         emit_block(e, p, node->body);
         e->target[branch] = -1;
         if (node->other >= 0) {
            int other = emit_branch(e, EU_OP_ELSE, false);
            e->target[branch] = other + 1;
            emit_block(e, p, node->other);
            e->target[other] = e->count;
         }
         e->endif[branch] = e->count;
         if (e->target[branch] < 0)
            e->target[branch] = e->count;
         emit_branch(e, EU_OP_ENDIF, false);
         break;
      case LOOP:
         emit(e, enc1(EU_OP_MOV, 16, dst(counter, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, 0)));
         start = e->count;
         e->loops[e->depth++] = e->order++;
         emit(e, with_cond(enc2(EU_OP_CMP, 16, null_dst(EU_TYPE_UD), ud(counter),
                                imm(EU_TYPE_UD, 4)), EU_COND_GE));
         emit_branch(e, EU_OP_BREAK, true);
         emit(e, enc2(EU_OP_ADD, 16, dst(counter, 0, 1, EU_TYPE_UD), ud(counter),
                      imm(EU_TYPE_UD, 1)));
         emit_block(e, p, node->body);
         branch = emit_branch(e, EU_OP_WHILE, false);
         e->target[branch] = start;
         e->while_of[e->loops[--e->depth]] = branch;
         break;
      default:
         emit_test(e, node->value);
         emit_branch(e, node->kind == BREAK  ? EU_OP_BREAK
                        : node->kind == CONT ? EU_OP_CONT
                                             : EU_OP_HALT, true);
         break;
      }
   }
}

/* The end of the innermost block that an instruction is in, or the end of the program. */
static int
block_end(const struct emitter *e, int from, int end)
{
   int depth = 0;
   for (int i = from + 1; i < end; i++) {
      if (e->opcode[i] == EU_OP_IF)
         depth++;
      else if (e->opcode[i] == EU_OP_ENDIF && depth-- == 0)
         return i;
      else if (e->opcode[i] == EU_OP_ELSE && depth == 0)
         return i;
      else if (e->opcode[i] == EU_OP_WHILE && depth == 0 && e->target[i] <= from)
         return i;
   }
   return end;
}

static void
patch(struct emitter *e, int end)
{
   for (int i = 0; i < end; i++) {
      int jip, uip = 0;
      switch (e->opcode[i]) {
      case EU_OP_IF:
         jip = e->target[i];
         uip = e->endif[i];
         break;
      case EU_OP_ELSE:
      case EU_OP_WHILE:
         jip = e->target[i];
         break;
      case EU_OP_ENDIF:
         jip = block_end(e, i, end);
         break;
      case EU_OP_BREAK:
      case EU_OP_CONT:
         jip = block_end(e, i, end);
         uip = e->while_of[e->loop[i]];
         break;
      case EU_OP_HALT:
         jip = block_end(e, i, end);
         uip = end;
         break;
      default:
         continue;
      }
      set_field(&e->code[i], 111, 96, (uint16_t)((jip - i) * 2));
      set_field(&e->code[i], 127, 112, (uint16_t)((uip - i) * 2));
   }
}

static void
test_random_programs(void **state)
{
   static struct emitter e;
   static struct random_program p;
   unsigned with_else = 0, with_halt = 0;
   (void)state;

   for (unsigned n = 0; n < 3000; n++) {
      struct eu_thread t;
      uint32_t dispatch = n % 4 ? 0xffff : 0x9c35;
      memset(&p, 0, sizeof(p));
      memset(&e, 0, sizeof(e));
      p.seed = n + 1;
      int root = make_block(&p, 0, false);
      emit_block(&e, &p, root);
      int end = e.count;
      patch(&e, end);
      emit(&e, enc2(EU_OP_XOR, 16, dst(10, 0, 1, EU_TYPE_UD), ud(10), imm(EU_TYPE_UD, 0xff)));
      emit(&e, enc_eot());
      for (int i = 0; i < p.count; i++) {
         with_else += p.nodes[i].kind == IF && p.nodes[i].other >= 0;
         with_halt += p.nodes[i].kind == HALT;
      }

      eu_thread_init(&t, dispatch);
      uint32_t want[16];
      for (unsigned i = 0; i < 16; i++) {
         want[i] = (uint32_t)random64(&p.seed);
         set_ud(&t, 10, i, want[i]);
         if (dispatch >> i & 1) {
            interpret(&p, root, &want[i]);
            want[i] ^= 0xff;
         }
      }
      enum eu_status status = run_bytes(&t, e.code, (size_t)e.count * 16, 1000000);
      if (status != EU_STATUS_EOT)
         fail_msg("program %u: status %d %s", n, status, t.fault.text);
      for (unsigned i = 0; i < 16; i++) {
         if (get_ud(&t, 10, i) != want[i])
            fail_msg("program %u, channel %u: 0x%08x, expected 0x%08x", n, i, get_ud(&t, 10, i),
                     want[i]);
      }
      assert_int_equal(t.channel_enable, dispatch);
   }
   assert_true(with_else > 500 && with_halt > 50);
}

/* ---------------------------------------------------------------- the other branches */

static struct insn
add1(unsigned nr)
{
   return enc2(EU_OP_ADD, 8, dst(nr, 0, 1, EU_TYPE_UD), ud(nr), imm(EU_TYPE_UD, 1));
}

static void
test_jmpi(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   t.flag[0] = 0x02;
   set_ud(&t, 5, 1, 2);
   struct insn by_register =
      no_mask(enc2(EU_OP_JMPI, 1, arf_dst(EU_ARF_IP, 0, EU_TYPE_UD), arf(EU_ARF_IP, 0, EU_TYPE_UD),
                   scalar(5, 4, EU_TYPE_D)));
   RUN(&t, enc_jmpi(2), add1(10), add1(11),          /* over g10 */
       with_pred(enc_jmpi(2), EU_PRED_NORMAL, false), /* channel 0 says no */
       add1(12), with_pred(enc_jmpi(2), EU_PRED_NORMAL, true), add1(13), by_register, add1(14),
       add1(15));
   assert_int_equal(get_ud(&t, 10, 0), 0);
   assert_int_equal(get_ud(&t, 11, 0), 1);
   assert_int_equal(get_ud(&t, 12, 0), 1);
   assert_int_equal(get_ud(&t, 13, 0), 0);
   assert_int_equal(get_ud(&t, 14, 0), 0);
   assert_int_equal(get_ud(&t, 15, 0), 1);
}

static void
test_ip_write(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   RUN(&t,
       no_mask(enc2(EU_OP_ADD, 1, arf_dst(EU_ARF_IP, 0, EU_TYPE_UD), arf(EU_ARF_IP, 0, EU_TYPE_UD),
                    imm(EU_TYPE_UD, 32))),
       add1(10), add1(11));
   assert_int_equal(get_ud(&t, 10, 0), 0);
   assert_int_equal(get_ud(&t, 11, 0), 1);
}

static void
test_call_ret(void **state)
{
   struct eu_thread t;
   struct insn call = enc2(EU_OP_CALL, 8, dst(30, 0, 1, EU_TYPE_UD), arf(0, 0, EU_TYPE_D),
                           imm(EU_TYPE_W, 0));
   struct insn ret = enc1(EU_OP_RET, 8, null_dst(EU_TYPE_UD), scalar(30, 0, EU_TYPE_UD));
   (void)state;

   /* 0 call 4; 1 add g10; 2 (f0) call 4; 3 jmpi 6; 4 add g11; 5 ret; 6 add g12 */
   struct insn first = call, second = with_pred(call, EU_PRED_NORMAL, false);
   set_field(&first, 111, 96, 8);
   set_field(&second, 111, 96, 4);
   eu_thread_init(&t, 0x7f);
   t.flag[0] = 0x15;
   RUN(&t, first, add1(10), second, enc_jmpi(4), add1(11), ret, add1(12));
   for (unsigned i = 0; i < 8; i++) {
      bool on = 0x7f >> i & 1, twice = 0x15 >> i & 1;
      assert_int_equal(get_ud(&t, 10, i), on);
      assert_int_equal(get_ud(&t, 11, i), on + twice);
      assert_int_equal(get_ud(&t, 12, i), on);
   }
   assert_int_equal(get_ud(&t, 30, 0), 48);
   assert_int_equal(get_ud(&t, 30, 1), 0x15);
   assert_int_equal(t.channel_enable, 0x7f);
}

static void
test_brd_brc(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   t.flag[0] = 0x0f;
   /* 0 (f0) brd 2; 1 add g10; 2 add g11; 3 (f0) brc uip 5, jip 5; 4 add g12; 5 add g13 */
   RUN(&t, with_pred(enc_branch(EU_OP_BRD, 8, 4, 0), EU_PRED_NORMAL, false), add1(10), add1(11),
       with_pred(enc_branch(EU_OP_BRC, 8, 4, 4), EU_PRED_NORMAL, false), add1(12), add1(13));
   for (unsigned i = 0; i < 8; i++) {
      assert_int_equal(get_ud(&t, 10, i), i >= 4);
      assert_int_equal(get_ud(&t, 11, i), 1);
      assert_int_equal(get_ud(&t, 12, i), i >= 4);
      assert_int_equal(get_ud(&t, 13, i), 1);
   }
}

/* A predicated while loops as long as any channel wants to. */
static void
test_predicated_while(void **state)
{
   struct eu_thread t;
   (void)state;

   eu_thread_init(&t, 0xff);
   for (unsigned i = 0; i < 8; i++)
      set_ud(&t, 5, i, i + 1);
   RUN(&t, add1(10),
       with_cond(enc2(EU_OP_CMP, 8, null_dst(EU_TYPE_UD), ud(10), ud(5)), EU_COND_L),
       with_pred(enc_branch(EU_OP_WHILE, 8, -4, 0), EU_PRED_NORMAL, false), add1(11));
   for (unsigned i = 0; i < 8; i++) {
      assert_int_equal(get_ud(&t, 10, i), i + 1);
      assert_int_equal(get_ud(&t, 11, i), 1);
   }
}

/* In single program flow the thread branches as one. */
static void
test_single_program_flow(void **state)
{
   struct eu_thread t;
   (void)state;

   for (unsigned flag = 0; flag < 2; flag++) {
      eu_thread_init(&t, 0xff);
      t.cr0[0] = EU_CR0_SPF;
      t.flag[0] = flag;
      /* 0 if; 1 add g10; 2 else; 3 add g11; 4 endif; 5 add g12 */
      RUN(&t, with_pred(enc_branch(EU_OP_IF, 1, 6, 8), EU_PRED_NORMAL, false), add1(10),
          enc_branch(EU_OP_ELSE, 1, 4, 0), add1(11), enc_branch(EU_OP_ENDIF, 1, 2, 0), add1(12));
      assert_int_equal(get_ud(&t, 10, 3), flag);
      assert_int_equal(get_ud(&t, 11, 3), !flag);
      assert_int_equal(get_ud(&t, 12, 3), 1);
   }
}

static void
test_wait(void **state)
{
   struct eu_thread t;
   struct eu_program *program;
   struct insn code[] = {
      no_mask(enc1(EU_OP_WAIT, 1, arf_dst(EU_ARF_NOTIFICATION, 0, EU_TYPE_UD),
                   arf(EU_ARF_NOTIFICATION, 0, EU_TYPE_UD))),
      enc_jmpi(-4), /* forever */
   };
   struct eu_env env = {0};
   (void)state;

   eu_thread_init(&t, 0xff);
   assert_int_equal(eu_program_create(code, sizeof(code), 0, &program), 0);
   assert_int_equal(eu_thread_run(&t, program, &env, 100), EU_STATUS_WAIT);
   t.n0[0] = 2;
   assert_int_equal(eu_thread_run(&t, program, &env, 100), EU_STATUS_WAIT);
   assert_int_equal(t.n0[0], 0);
   assert_int_equal(t.instructions, 4);
   eu_program_destroy(program);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_channel_masks),
      cmocka_unit_test(test_predicates_align1),
      cmocka_unit_test(test_predicates_align16),
      cmocka_unit_test(test_predicate_three_sources),
      cmocka_unit_test(test_flags),
      cmocka_unit_test(test_random_programs),
      cmocka_unit_test(test_jmpi),
      cmocka_unit_test(test_ip_write),
      cmocka_unit_test(test_call_ret),
      cmocka_unit_test(test_brd_brc),
      cmocka_unit_test(test_predicated_while),
      cmocka_unit_test(test_single_program_flow),
      cmocka_unit_test(test_wait),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
