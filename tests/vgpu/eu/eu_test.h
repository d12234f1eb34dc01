/*
 * SPDX-License-Identifier: MIT
 *
 * What the tests of the execution unit share: a small encoder of its own, so that the tests do
 * not lean on the decoder that they check, and a way to run a few instructions.
 */

#ifndef EU_TEST_H
#define EU_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eu/eu.h"

/* ---------------------------------------------------------------- encoder */

struct insn {
   uint64_t w[2];
};

/* An operand of Align1 or, if `swizzle` or `writemask` are used, Align16. */
struct opnd {
   enum eu_file file;
   enum eu_type type;
   unsigned nr, subnr; /* subnr in bytes */
   unsigned v, w, h;   /* region in elements; v = 15 encodes VxH */
   unsigned swizzle;   /* x lowest, two bits each */
   unsigned writemask;
   bool neg, abs;
   bool indirect;
   unsigned a0; /* subregister of a0 */
   int addr_imm;
   uint32_t imm;
};

#define SWZ(x, y, z, w) ((x) | (y) << 2 | (z) << 4 | (w) << 6)
#define SWZ_XYZW SWZ(0, 1, 2, 3)

/* Registers: a vector of the natural region, a scalar, any region, a destination. */
static inline struct opnd
vec8(unsigned nr, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, .v = 8, .w = 8, .h = 1, .swizzle = SWZ_XYZW,
                        .writemask = 0xf};
}

static inline struct opnd
scalar(unsigned nr, unsigned subnr, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, subnr, .w = 1, .swizzle = SWZ_XYZW,
                        .writemask = 0xf};
}

static inline struct opnd
region(unsigned nr, unsigned subnr, unsigned v, unsigned w, unsigned h, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, subnr, .v = v, .w = w, .h = h, .swizzle = SWZ_XYZW,
                        .writemask = 0xf};
}

/* A destination with a stride, in elements. */
static inline struct opnd
dst(unsigned nr, unsigned subnr, unsigned stride, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, subnr, .h = stride, .writemask = 0xf};
}

/* Align16: four channels, again for the next vertex. */
static inline struct opnd
vec4(unsigned nr, unsigned swizzle, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, .v = 4, .w = 4, .h = 1, .swizzle = swizzle};
}

static inline struct opnd
dst4(unsigned nr, unsigned writemask, enum eu_type type)
{
   return (struct opnd){EU_FILE_GRF, type, nr, .h = 1, .writemask = writemask};
}

static inline struct opnd
arf(unsigned nr, unsigned subnr, enum eu_type type)
{
   return (struct opnd){EU_FILE_ARF, type, nr, subnr, .w = 1, .swizzle = SWZ_XYZW,
                        .writemask = 0xf};
}

static inline struct opnd
arf_vec8(unsigned nr, enum eu_type type)
{
   return (struct opnd){EU_FILE_ARF, type, nr, .v = 8, .w = 8, .h = 1, .swizzle = SWZ_XYZW,
                        .writemask = 0xf};
}

static inline struct opnd
arf_dst(unsigned nr, unsigned subnr, enum eu_type type)
{
   return (struct opnd){EU_FILE_ARF, type, nr, subnr, .h = 1, .writemask = 0xf};
}

static inline struct opnd
null_dst(enum eu_type type)
{
   return arf_dst(EU_ARF_NULL, 0, type);
}

static inline struct opnd
imm(enum eu_type type, uint32_t value)
{
   return (struct opnd){EU_FILE_IMM, type, .imm = value};
}

static inline struct opnd
imm_f(float value)
{
   struct opnd o = {.file = EU_FILE_IMM, .type = EU_TYPE_F};
   memcpy(&o.imm, &value, sizeof(value));
   return o;
}

static inline struct opnd
neg(struct opnd o)
{
   o.neg = !o.neg;
   return o;
}

static inline struct opnd
absolute(struct opnd o)
{
   o.abs = true;
   return o;
}

/* An instruction of up to two sources, Align1, all channels from 0, no predicate. */
struct insn enc0(enum eu_opcode opcode, unsigned exec_size);
struct insn enc1(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0);
struct insn enc2(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0,
                 struct opnd s1);
/* The same in Align16. */
struct insn enc1_a16(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0);
struct insn enc2_a16(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0,
                     struct opnd s1);
/* Three sources, always Align16; a scalar() source becomes replicated. */
struct insn enc3(enum eu_opcode opcode, unsigned exec_size, struct opnd d, struct opnd s0,
                 struct opnd s1, struct opnd s2);
struct insn enc_math(enum eu_math_function function, unsigned exec_size, struct opnd d,
                     struct opnd s0, struct opnd s1);
/* Branches: offsets in units of 8 bytes. */
struct insn enc_branch(enum eu_opcode opcode, unsigned exec_size, int jip, int uip);
struct insn enc_jmpi(int offset);
/* send(c) with an immediate descriptor. */
struct insn enc_send(unsigned exec_size, struct opnd d, unsigned payload_nr, enum eu_sfid sfid,
                     uint32_t desc, bool eot);
/* The end of every test kernel: a message to the thread spawner with EOT. */
struct insn enc_eot(void);

/* Controls, applied to an instruction. */
void set_field(struct insn *insn, unsigned high, unsigned low, uint64_t value);
struct insn with_cond(struct insn insn, enum eu_cond cond);
struct insn with_pred(struct insn insn, enum eu_pred pred, bool inverse);
struct insn with_flag(struct insn insn, unsigned nr, unsigned subnr);
struct insn with_flag3(struct insn insn, unsigned nr, unsigned subnr);
struct insn with_sat(struct insn insn);
struct insn with_acc(struct insn insn);
struct insn with_group(struct insn insn, unsigned channel);
struct insn no_mask(struct insn insn);

/* ---------------------------------------------------------------- running */

/* Runs instructions and an EOT behind them; fails the test unless the thread ends. */
void run_insns(struct eu_thread *thread, const struct insn *insns, unsigned count);
#define RUN(thread, ...)                                                                          \
   do {                                                                                           \
      const struct insn insns_[] = {__VA_ARGS__};                                                 \
      run_insns(thread, insns_, sizeof(insns_) / sizeof(insns_[0]));                              \
   } while (0)

/* Runs bytes with a budget and nothing behind them. */
enum eu_status run_bytes(struct eu_thread *thread, const void *code, size_t size_bytes,
                         uint64_t budget);

/* Expects a fault whose text contains \p what. */
void expect_fault(const struct insn *insns, unsigned count, const char *what);
#define EXPECT_FAULT(what, ...)                                                                   \
   do {                                                                                           \
      const struct insn insns_[] = {__VA_ARGS__};                                                 \
      expect_fault(insns_, sizeof(insns_) / sizeof(insns_[0]), what);                             \
   } while (0)

/* Elements of the register file, counted in their own size from g<nr>. */
float get_f(const struct eu_thread *t, unsigned nr, unsigned index);
double get_df(const struct eu_thread *t, unsigned nr, unsigned index);
uint32_t get_ud(const struct eu_thread *t, unsigned nr, unsigned index);
uint16_t get_uw(const struct eu_thread *t, unsigned nr, unsigned index);
uint8_t get_ub(const struct eu_thread *t, unsigned nr, unsigned index);
void set_f(struct eu_thread *t, unsigned nr, unsigned index, float v);
void set_df(struct eu_thread *t, unsigned nr, unsigned index, double v);
void set_ud(struct eu_thread *t, unsigned nr, unsigned index, uint32_t v);
void set_uw(struct eu_thread *t, unsigned nr, unsigned index, uint16_t v);
void set_ub(struct eu_thread *t, unsigned nr, unsigned index, uint8_t v);

/* Equal floats: the same bits, or both NaN. */
void assert_float_bits(float got, float want, const char *what, unsigned lane);

/* A repeatable random sequence. */
uint64_t random64(uint64_t *state);

#endif
