/*
 * SPDX-License-Identifier: MIT
 *
 * Integer instructions. Values are exact in 64 bits, as the hardware's are in the 33 bits and
 * more that it has inside; the end of the instruction cuts them to the destination's type.
 */

#include <stdlib.h>

#include "eu_priv.h"

/* One result from the sources of a lane. */
typedef int64_t (*lane_fn)(const struct eu_op *op, int64_t a, int64_t b, int64_t c);

static enum eu_step
run(struct eu_context *ctx, const struct eu_op *op, lane_fn fn)
{
   union eu_lanes s[3];

   for (unsigned i = 0; i < 3; i++) {
      if (i >= op->inst.num_srcs)
         memset(s[i].i, 0, sizeof(s[i].i));
      else if (!eu_load(ctx, op, i, &s[i]))
         return EU_STEP_FAULT;
   }
   for (unsigned k = 0; k < op->lanes; k++)
      s[0].i[k] = fn(op, s[0].i[k], s[1].i[k], s[2].i[k]);
   return eu_finish(ctx, op, &s[0]);
}

#define INT_OP(name, expression)                                                                  \
   static int64_t lane_##name(const struct eu_op *op, int64_t a, int64_t b, int64_t c)            \
   {                                                                                              \
      (void)op, (void)a, (void)b, (void)c;                                                        \
      return (expression);                                                                        \
   }                                                                                              \
   static enum eu_step exec_##name(struct eu_context *ctx, const struct eu_op *op)                \
   {                                                                                              \
      return run(ctx, op, lane_##name);                                                           \
   }

static bool
is_signed(enum eu_type type)
{
   return type == EU_TYPE_D || type == EU_TYPE_W || type == EU_TYPE_B || type == EU_TYPE_V;
}

/* The bits of a value as wide as a source of that type computes: a Word at least. */
static uint64_t
source_bits(enum eu_type type, int64_t v)
{
   return eu_type_size(type) < 4 ? (uint16_t)v : (uint32_t)v;
}

INT_OP(not, ~a)
INT_OP(and, a & b)
INT_OP(or, a | b)
INT_OP(xor, a ^ b)
INT_OP(shl, (int64_t)((uint64_t)a << (b & 31)))
INT_OP(asr, a >> (b & 31))
INT_OP(shr, (int64_t)(source_bits(op->src[0].type, a) >> (b & 31)))
INT_OP(avg, (a + b + 1) >> 1)

/* Ivybridge multiplies by a Word: of a DWord in source 1 it takes the low one, unsigned. */
INT_OP(mul, (int64_t)((uint64_t)a *
                      (uint64_t)(eu_type_size(op->src[1].type) == 4 ? (b & 0xffff) : b)))

INT_OP(lzd, (uint32_t)a ? __builtin_clz((uint32_t)a) : 32)
INT_OP(fbl, (uint32_t)a ? (int64_t)__builtin_ctz((uint32_t)a) : 0xffffffff)
INT_OP(cbit, __builtin_popcount((uint32_t)source_bits(op->src[0].type, a)))

static int64_t
lane_fbh(const struct eu_op *op, int64_t a, int64_t b, int64_t c)
{
   uint32_t v = (uint32_t)a;
   (void)b, (void)c;
   /* Of a signed source the first bit that differs from the sign. */
   if (is_signed(op->src[0].type) && a < 0)
      v = ~v;
   return v ? __builtin_clz(v) : 0xffffffff;
}

static enum eu_step
exec_fbh(struct eu_context *ctx, const struct eu_op *op)
{
   return run(ctx, op, lane_fbh);
}

static int64_t
lane_bfrev(const struct eu_op *op, int64_t a, int64_t b, int64_t c)
{
   uint32_t v = (uint32_t)a;
   (void)op, (void)b, (void)c;
   v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
   v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
   v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
   return __builtin_bswap32(v);
}

static enum eu_step
exec_bfrev(struct eu_context *ctx, const struct eu_op *op)
{
   return run(ctx, op, lane_bfrev);
}

/* bfe: width, offset, value. The field's top bit is its sign if the types are signed. */
static int64_t
lane_bfe(const struct eu_op *op, int64_t a, int64_t b, int64_t c)
{
   unsigned width = a & 31, offset = b & 31;
   uint32_t value = (uint32_t)c;

   if (width == 0)
      return 0;
   bool to_the_top = offset + width >= 32;
   if (is_signed(op->src[2].type)) {
      int32_t top = to_the_top ? (int32_t)value : (int32_t)(value << (32 - width - offset));
      return top >> (to_the_top ? offset : 32 - width);
   }
   return to_the_top ? value >> offset : value << (32 - width - offset) >> (32 - width);
}

static enum eu_step
exec_bfe(struct eu_context *ctx, const struct eu_op *op)
{
   return run(ctx, op, lane_bfe);
}

/* bfi1: a mask of width (source 0) ones from offset (source 1) on. */
INT_OP(bfi1, (uint32_t)(((1u << (a & 31)) - 1) << (b & 31)))

/* bfi2: mask, value, base. The value is shifted to where the mask starts. */
static int64_t
lane_bfi2(const struct eu_op *op, int64_t a, int64_t b, int64_t c)
{
   uint32_t mask = (uint32_t)a;
   unsigned shift = mask ? (unsigned)__builtin_ctz(mask) : 0;
   (void)op;
   return (uint32_t)(((uint32_t)b << shift & mask) | ((uint32_t)c & ~mask));
}

static enum eu_step
exec_bfi2(struct eu_context *ctx, const struct eu_op *op)
{
   return run(ctx, op, lane_bfi2);
}

/* ---------------------------------------------------------------- with the accumulator */

static enum eu_step
exec_mac(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes acc, a, b;

   if (!eu_load_acc(ctx, op, &acc) || !eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   for (unsigned k = 0; k < op->lanes; k++)
      acc.i[k] = (int64_t)((uint64_t)acc.i[k] + (uint64_t)lane_mul(op, a.i[k], b.i[k], 0));
   return eu_finish(ctx, op, &acc);
}

static uint32_t
write_mask(const struct eu_context *ctx, const struct eu_op *op)
{
   return eu_exec_mask(ctx->thread, op) & eu_pred_mask(ctx->thread, op) & op->writemask;
}

/*
 * mach: the second half of a DWord multiplication that mul began in the accumulator: source 0
 * times the high Word of source 1 is added to it, and its high DWord is the result.
 */
static enum eu_step
exec_mach(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes acc, a, b;
   bool with_sign = is_signed(op->src[1].type);

   if (!eu_load_acc(ctx, op, &acc) || !eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   for (unsigned k = 0; k < op->lanes; k++) {
      int64_t high = with_sign ? (int16_t)(b.i[k] >> 16) : (uint16_t)(b.i[k] >> 16);
      uint64_t product = (uint64_t)a.i[k] * (uint64_t)high << 16;
      acc.i[k] = (int64_t)((uint64_t)acc.i[k] + product);
   }
   if (!eu_store_acc(ctx, op, &acc, write_mask(ctx, op)))
      return EU_STEP_FAULT;
   for (unsigned k = 0; k < op->lanes; k++)
      acc.i[k] = is_signed(op->dst.type) ? acc.i[k] >> 32 : (int64_t)((uint64_t)acc.i[k] >> 32);
   return eu_finish(ctx, op, &acc);
}

/* addc, subb: the DWord result, with carry or borrow in the accumulator. */
static enum eu_step
exec_carry(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes a, b, carry;

   if (!eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   for (unsigned k = 0; k < op->lanes; k++) {
      uint32_t x = (uint32_t)a.i[k], y = (uint32_t)b.i[k];
      uint32_t result = op->inst.opcode == EU_OP_ADDC ? x + y : x - y;
      carry.i[k] = op->inst.opcode == EU_OP_ADDC ? result < x : x < y;
      a.i[k] = result;
   }
   if (!eu_store_acc(ctx, op, &carry, write_mask(ctx, op)))
      return EU_STEP_FAULT;
   return eu_finish(ctx, op, &a);
}

/*
 * sad2, sada2: sums of absolute differences of pairs of bytes. The even channel of a pair gets
 * the result; the odd one is left as it is.
 */
static enum eu_step
exec_sad(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes a, b, acc;
   struct eu_op even = *op;

   if (!eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   if (op->inst.opcode == EU_OP_SADA2) {
      if (!eu_load_acc(ctx, op, &acc))
         return EU_STEP_FAULT;
   } else {
      memset(&acc, 0, sizeof(acc));
   }
   for (unsigned k = 0; k < op->lanes; k++) {
      if (k % 2 == 0)
         acc.i[k] += llabs(a.i[k] - b.i[k]) + llabs(a.i[k + 1] - b.i[k + 1]);
   }
   even.writemask &= 0x55555555;
   return eu_finish(ctx, &even, &acc);
}

/* ---------------------------------------------------------------- selection */

static bool
dwords_only(const struct eu_op *op)
{
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      if (eu_type_size(op->inst.src[i].type) != 4)
         return false;
   }
   return true;
}

static bool
bytes_only(const struct eu_op *op)
{
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      if (eu_type_size(op->inst.src[i].type) != 1)
         return false;
   }
   return true;
}

eu_exec_fn
eu_int_select(const struct eu_op *op)
{
   if (op->exec_type != EU_EXEC_INT)
      return NULL;
   switch (op->inst.opcode) {
   case EU_OP_NOT:
      return exec_not;
   case EU_OP_AND:
      return exec_and;
   case EU_OP_OR:
      return exec_or;
   case EU_OP_XOR:
      return exec_xor;
   case EU_OP_SHL:
      return exec_shl;
   case EU_OP_SHR:
      return exec_shr;
   case EU_OP_ASR:
      return exec_asr;
   case EU_OP_AVG:
      return exec_avg;
   case EU_OP_MUL:
      return exec_mul;
   case EU_OP_LZD:
      return dwords_only(op) ? exec_lzd : NULL;
   case EU_OP_FBH:
      return dwords_only(op) ? exec_fbh : NULL;
   case EU_OP_FBL:
      return exec_fbl;
   case EU_OP_CBIT:
      return exec_cbit;
   case EU_OP_BFREV:
      return dwords_only(op) ? exec_bfrev : NULL;
   case EU_OP_BFE:
      return dwords_only(op) ? exec_bfe : NULL;
   case EU_OP_BFI1:
      return dwords_only(op) ? exec_bfi1 : NULL;
   case EU_OP_BFI2:
      return dwords_only(op) ? exec_bfi2 : NULL;
   case EU_OP_MAC:
      return exec_mac;
   case EU_OP_MACH:
      return dwords_only(op) ? exec_mach : NULL;
   case EU_OP_ADDC:
   case EU_OP_SUBB:
      return dwords_only(op) ? exec_carry : NULL;
   case EU_OP_SAD2:
   case EU_OP_SADA2:
      return bytes_only(op) && op->lanes >= 2 ? exec_sad : NULL;
   default:
      return NULL;
   }
}
