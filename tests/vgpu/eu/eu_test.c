/*
 * SPDX-License-Identifier: MIT
 */

#include "eu_test.h"

#include <math.h>

static unsigned
log2_of(unsigned v)
{
   unsigned n = 0;
   while (v > 1) {
      v >>= 1;
      n++;
   }
   return n;
}

/* Strides are 0 or a power of two; encoded as 0 or one more than its exponent. */
static unsigned
stride_code(unsigned v)
{
   return v == 0 ? 0 : v == 15 ? 15 : log2_of(v) + 1;
}

static unsigned
type_code(struct opnd o)
{
   static const uint8_t reg[] = {
      [EU_TYPE_UD] = 0, [EU_TYPE_D] = 1, [EU_TYPE_UW] = 2, [EU_TYPE_W] = 3,
      [EU_TYPE_UB] = 4, [EU_TYPE_B] = 5, [EU_TYPE_DF] = 6, [EU_TYPE_F] = 7,
   };
   if (o.file == EU_FILE_IMM && o.type == EU_TYPE_UV)
      return 4;
   if (o.file == EU_FILE_IMM && o.type == EU_TYPE_VF)
      return 5;
   if (o.file == EU_FILE_IMM && o.type == EU_TYPE_V)
      return 6;
   return reg[o.type];
}

void
set_field(struct insn *insn, unsigned high, unsigned low, uint64_t value)
{
   for (unsigned bit = low; bit <= high; bit++) {
      uint64_t one = UINT64_C(1) << (bit % 64);
      insn->w[bit / 64] &= ~one;
      if (value >> (bit - low) & 1)
         insn->w[bit / 64] |= one;
   }
}

struct insn
enc0(enum eu_opcode opcode, unsigned exec_size)
{
   struct insn insn = {{0, 0}};
   set_field(&insn, 6, 0, opcode);
   set_field(&insn, 23, 21, log2_of(exec_size));
   return insn;
}

static void
put_dst(struct insn *insn, struct opnd o, bool align16)
{
   set_field(insn, 33, 32, o.file);
   set_field(insn, 36, 34, type_code(o));
   set_field(insn, 62, 61, align16 ? 1 : stride_code(o.h));
   if (o.indirect) {
      set_field(insn, 63, 63, 1);
      set_field(insn, 60, 58, o.a0);
      if (align16)
         set_field(insn, 57, 52, (unsigned)o.addr_imm >> 4);
      else
         set_field(insn, 57, 48, (unsigned)o.addr_imm);
   } else {
      set_field(insn, 60, 53, o.nr);
      if (align16)
         set_field(insn, 52, 52, o.subnr / 16);
      else
         set_field(insn, 52, 48, o.subnr);
   }
   if (align16)
      set_field(insn, 51, 48, o.writemask);
}

static void
put_src(struct insn *insn, unsigned index, struct opnd o, bool align16)
{
   unsigned base = index ? 96 : 64;

   set_field(insn, index ? 43 : 38, index ? 42 : 37, o.file);
   set_field(insn, index ? 46 : 41, index ? 44 : 39, type_code(o));
   if (o.file == EU_FILE_IMM) {
      set_field(insn, 127, 96, o.imm);
      return;
   }
   set_field(insn, base + 14, base + 14, o.neg);
   set_field(insn, base + 13, base + 13, o.abs);
   set_field(insn, base + 24, base + 21, stride_code(o.v));
   if (align16) {
      set_field(insn, base + 3, base, o.swizzle & 0xf);
      set_field(insn, base + 19, base + 16, o.swizzle >> 4);
   } else {
      set_field(insn, base + 20, base + 18, log2_of(o.w));
      set_field(insn, base + 17, base + 16, stride_code(o.h));
   }
   if (o.indirect) {
      set_field(insn, base + 15, base + 15, 1);
      set_field(insn, base + 12, base + 10, o.a0);
      if (align16)
         set_field(insn, base + 9, base + 4, (unsigned)o.addr_imm >> 4);
      else
         set_field(insn, base + 9, base, (unsigned)o.addr_imm);
   } else {
      set_field(insn, base + 12, base + 5, o.nr);
      if (align16)
         set_field(insn, base + 4, base + 4, o.subnr / 16);
      else
         set_field(insn, base + 4, base, o.subnr);
   }
}

static struct insn
enc(enum eu_opcode opcode, unsigned exec_size, bool align16, unsigned n, struct opnd d,
    struct opnd s0, struct opnd s1)
{
   struct insn insn = enc0(opcode, exec_size);
   set_field(&insn, 8, 8, align16);
   put_dst(&insn, d, align16);
   put_src(&insn, 0, s0, align16);
   if (n > 1)
      put_src(&insn, 1, s1, align16);
   return insn;
}

struct insn
enc1(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0)
{
   return enc(opcode, exec_size, false, 1, d, s0, (struct opnd){0});
}

struct insn
enc2(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0, struct opnd s1)
{
   return enc(opcode, exec_size, false, 2, d, s0, s1);
}

struct insn
enc1_a16(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0)
{
   return enc(opcode, exec_size, true, 1, d, s0, (struct opnd){0});
}

struct insn
enc2_a16(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0,
         struct opnd s1)
{
   return enc(opcode, exec_size, true, 2, d, s0, s1);
}

static unsigned
type_code3(enum eu_type type)
{
   return type == EU_TYPE_F ? 0 : type == EU_TYPE_D ? 1 : type == EU_TYPE_UD ? 2 : 3;
}

struct insn
enc3(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0, struct opnd s1,
     struct opnd s2)
{
   const struct opnd s[3] = {s0, s1, s2};
   struct insn insn = enc0(opcode, exec_size);

   set_field(&insn, 8, 8, 1);
   set_field(&insn, 63, 56, d.nr);
   set_field(&insn, 55, 53, d.subnr / 4);
   set_field(&insn, 52, 49, d.writemask);
   set_field(&insn, 45, 44, type_code3(d.type));
   set_field(&insn, 43, 42, type_code3(s0.type));
   for (unsigned i = 0; i < 3; i++) {
      unsigned base = 64 + 21 * i;
      set_field(&insn, base, base, s[i].v == 0);
      set_field(&insn, base + 8, base + 1, s[i].swizzle);
      set_field(&insn, base + 11, base + 9, s[i].subnr / 4);
      set_field(&insn, base + 19, base + 12, s[i].nr);
      set_field(&insn, 36 + 2 * i, 36 + 2 * i, s[i].abs);
      set_field(&insn, 37 + 2 * i, 37 + 2 * i, s[i].neg);
   }
   return insn;
}

struct insn
enc_math(enum eu_math_function function, unsigned exec_size, struct opnd d, struct opnd s0,
         struct opnd s1)
{
   struct insn insn = enc2(EU_OP_MATH, exec_size, d, s0, s1);
   set_field(&insn, 27, 24, function);
   return insn;
}

struct insn
enc_branch(enum eu_opcode opcode, unsigned exec_size, int jip, int uip)
{
   struct insn insn = enc2(opcode, exec_size, null_dst(EU_TYPE_D), arf(EU_ARF_NULL, 0, EU_TYPE_D),
                           imm(EU_TYPE_D, 0));
   set_field(&insn, 111, 96, (uint16_t)jip);
   set_field(&insn, 127, 112, (uint16_t)uip);
   return insn;
}

struct insn
enc_jmpi(int offset)
{
   return no_mask(enc2(EU_OP_JMPI, 1, arf_dst(EU_ARF_IP, 0, EU_TYPE_UD),
                       arf(EU_ARF_IP, 0, EU_TYPE_UD), imm(EU_TYPE_D, (uint32_t)offset)));
}

struct insn
enc_send(unsigned exec_size, struct opnd d, unsigned payload_nr, enum eu_sfid sfid, uint32_t desc,
         bool eot)
{
   struct insn insn =
      enc2(EU_OP_SEND, exec_size, d, vec8(payload_nr, EU_TYPE_UD), imm(EU_TYPE_UD, desc));
   set_field(&insn, 27, 24, sfid);
   set_field(&insn, 127, 127, eot);
   return insn;
}

struct insn
enc_eot(void)
{
   return no_mask(
      enc_send(8, null_dst(EU_TYPE_UD), 127, EU_SFID_THREAD_SPAWNER, 1u << 25, true));
}

struct insn
with_cond(struct insn insn, enum eu_cond cond)
{
   set_field(&insn, 27, 24, cond);
   return insn;
}

struct insn
with_pred(struct insn insn, enum eu_pred pred, bool inverse)
{
   set_field(&insn, 19, 16, pred);
   set_field(&insn, 20, 20, inverse);
   return insn;
}

struct insn
with_flag(struct insn insn, unsigned nr, unsigned subnr)
{
   set_field(&insn, 90, 90, nr);
   set_field(&insn, 89, 89, subnr);
   return insn;
}

struct insn
with_flag3(struct insn insn, unsigned nr, unsigned subnr)
{
   set_field(&insn, 34, 34, nr);
   set_field(&insn, 33, 33, subnr);
   return insn;
}

struct insn
with_sat(struct insn insn)
{
   set_field(&insn, 31, 31, 1);
   return insn;
}

struct insn
with_acc(struct insn insn)
{
   set_field(&insn, 28, 28, 1);
   return insn;
}

struct insn
with_group(struct insn insn, unsigned channel)
{
   set_field(&insn, 13, 12, channel / 8);
   set_field(&insn, 47, 47, channel / 4 % 2);
   return insn;
}

struct insn
no_mask(struct insn insn)
{
   set_field(&insn, 9, 9, 1);
   return insn;
}

/* ---------------------------------------------------------------- running */

static bool
take_message(void *opaque, const struct eu_message *msg)
{
   (void)opaque, (void)msg;
   return true;
}

static const struct eu_env test_env = {.send = {[EU_SFID_THREAD_SPAWNER] = take_message}};

enum eu_status
run_bytes(struct eu_thread *thread, const void *code, size_t size_bytes, uint64_t budget)
{
   struct eu_program *program;

   assert_int_equal(eu_program_create(code, size_bytes, 0, &program), 0);
   enum eu_status status = eu_thread_run(thread, program, &test_env, budget);
   eu_program_destroy(program);
   return status;
}

void
run_insns(struct eu_thread *thread, const struct insn *insns, unsigned count)
{
   struct insn code[64];

   assert_true(count < 64);
   memcpy(code, insns, count * sizeof(*insns));
   code[count] = enc_eot();
   enum eu_status status = run_bytes(thread, code, (count + 1) * sizeof(*code), 10000);
   if (status == EU_STATUS_FAULT)
      fail_msg("fault at 0x%x: %s", thread->fault.ip, thread->fault.text);
   assert_int_equal(status, EU_STATUS_EOT);
}

void
expect_fault(const struct insn *insns, unsigned count, const char *what)
{
   struct eu_thread thread;
   struct insn code[64];

   assert_true(count < 64);
   memcpy(code, insns, count * sizeof(*insns));
   code[count] = enc_eot();
   eu_thread_init(&thread, 0xffff);
   assert_int_equal(run_bytes(&thread, code, (count + 1) * sizeof(*code), 10000),
                    EU_STATUS_FAULT);
   if (!strstr(thread.fault.text, what))
      fail_msg("\"%s\" does not contain \"%s\"", thread.fault.text, what);
}

static size_t
byte_of(unsigned nr, unsigned index, size_t size)
{
   return nr * EU_REG_BYTES + index * size;
}

#define ACCESSORS(name, ctype)                                                                    \
   ctype get_##name(const struct eu_thread *t, unsigned nr, unsigned index)                       \
   {                                                                                              \
      ctype v;                                                                                    \
      memcpy(&v, (const uint8_t *)t->grf + byte_of(nr, index, sizeof(v)), sizeof(v));             \
      return v;                                                                                   \
   }                                                                                              \
   void set_##name(struct eu_thread *t, unsigned nr, unsigned index, ctype v)                     \
   {                                                                                              \
      memcpy((uint8_t *)t->grf + byte_of(nr, index, sizeof(v)), &v, sizeof(v));                   \
   }

ACCESSORS(f, float)
ACCESSORS(df, double)
ACCESSORS(ud, uint32_t)
ACCESSORS(uw, uint16_t)
ACCESSORS(ub, uint8_t)

void
assert_float_bits(float got, float want, const char *what, unsigned lane)
{
   if (isnan(got) && isnan(want))
      return;
   if (memcmp(&got, &want, sizeof(got)))
      fail_msg("%s, lane %u: %a, expected %a", what, lane, got, want);
}

uint64_t
random64(uint64_t *state)
{
   *state += UINT64_C(0x9e3779b97f4a7c15);
   uint64_t z = *state;
   z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
   z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
   return z ^ z >> 31;
}
