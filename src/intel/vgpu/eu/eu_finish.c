/*
 * SPDX-License-Identifier: MIT
 *
 * The end of an instruction: conversion to the destination's type, saturation, conditional
 * modifier, accumulator, store.
 */

#include <float.h>

#include "eu_priv.h"

struct range {
   int64_t low, high;
};

static struct range
type_range(enum eu_type type)
{
   switch (type) {
   case EU_TYPE_UD:
      return (struct range){0, UINT32_MAX};
   case EU_TYPE_D:
      return (struct range){INT32_MIN, INT32_MAX};
   case EU_TYPE_UW:
      return (struct range){0, UINT16_MAX};
   case EU_TYPE_W:
      return (struct range){INT16_MIN, INT16_MAX};
   case EU_TYPE_UB:
      return (struct range){0, UINT8_MAX};
   default:
      return (struct range){INT8_MIN, INT8_MAX};
   }
}

/* The value that the low bits of v are in an integer type. */
static int64_t
wrap(int64_t v, enum eu_type type)
{
   switch (type) {
   case EU_TYPE_UD:
      return (uint32_t)v;
   case EU_TYPE_D:
      return (int32_t)v;
   case EU_TYPE_UW:
      return (uint16_t)v;
   case EU_TYPE_W:
      return (int16_t)v;
   case EU_TYPE_UB:
      return (uint8_t)v;
   default:
      return (int8_t)v;
   }
}

static int64_t
clamp(int64_t v, struct range r)
{
   return v < r.low ? r.low : v > r.high ? r.high : v;
}

/*
 * To an integer, towards zero; NaN gives 0. DWords are always clamped to their range, narrower
 * types only by saturation: otherwise they are the low bits of the DWord.
 */
static int64_t
float_to_int(double v, enum eu_type type, bool saturate)
{
   struct range r = type_range(type);
   if (!saturate && eu_type_size(type) < 4)
      r = (struct range){INT32_MIN, r.low < 0 ? INT32_MAX : UINT32_MAX};
   if (v != v)
      return 0;
   if (v <= (double)r.low)
      return wrap(r.low, type);
   if (v >= (double)r.high)
      return wrap(r.high, type);
   return wrap((int64_t)v, type);
}

/* NaN saturates to 0. */
static inline float
saturate_f(float v)
{
   return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f;
}

static inline double
saturate_df(double v)
{
   return v > 0.0 ? (v < 1.0 ? v : 1.0) : 0.0;
}

static void
convert(const struct eu_op *op, const union eu_lanes *in, union eu_lanes *out, uint32_t *overflow)
{
   enum eu_type type = op->dst.type;
   bool saturate = op->inst.saturate;
   unsigned lanes = op->lanes;

   *overflow = 0;
   if (type == EU_TYPE_F) {
      for (unsigned k = 0; k < lanes; k++) {
         out->f[k] = op->exec_type == EU_EXEC_F    ? in->f[k]
                     : op->exec_type == EU_EXEC_DF ? (float)in->df[k]
                                                   : (float)in->i[k];
      }
      for (unsigned k = 0; k < lanes; k++)
         *overflow |= (uint32_t)(__builtin_fabsf(out->f[k]) > FLT_MAX) << k;
      if (saturate) {
         for (unsigned k = 0; k < lanes; k++)
            out->f[k] = saturate_f(out->f[k]);
      }
      return;
   }
   if (type == EU_TYPE_DF) {
      for (unsigned k = 0; k < lanes; k++) {
         out->df[k] = saturate ? saturate_df(in->df[k]) : in->df[k];
         *overflow |= (uint32_t)(__builtin_fabs(in->df[k]) > DBL_MAX) << k;
      }
      return;
   }

   struct range r = type_range(type);
   for (unsigned k = 0; k < lanes; k++) {
      if (op->exec_type == EU_EXEC_INT) {
         *overflow |= (uint32_t)(in->i[k] < r.low || in->i[k] > r.high) << k;
         if (saturate)
            out->i[k] = clamp(in->i[k], r);
         else
            /* Accumulators keep more than their type. */
            out->i[k] = op->dst.kind == EU_ACCESS_ACC ? in->i[k] : wrap(in->i[k], type);
      } else {
         double v = op->exec_type == EU_EXEC_F ? in->f[k] : in->df[k];
         *overflow |= (uint32_t)(v < (double)r.low || v > (double)r.high) << k;
         out->i[k] = float_to_int(v, type, saturate);
      }
   }
}

#define COMPARE_LANES(field)                                                                      \
   for (unsigned k = 0; k < op->lanes; k++) {                                                     \
      bool hit;                                                                                   \
      switch (cond) {                                                                             \
      case EU_COND_Z:                                                                             \
         hit = a->field[k] == b->field[k];                                                        \
         break;                                                                                   \
      case EU_COND_NZ:                                                                            \
         hit = a->field[k] != b->field[k];                                                        \
         break;                                                                                   \
      case EU_COND_G:                                                                             \
         hit = a->field[k] > b->field[k];                                                         \
         break;                                                                                   \
      case EU_COND_GE:                                                                            \
         hit = a->field[k] >= b->field[k];                                                        \
         break;                                                                                   \
      case EU_COND_L:                                                                             \
         hit = a->field[k] < b->field[k];                                                         \
         break;                                                                                   \
      case EU_COND_LE:                                                                            \
         hit = a->field[k] <= b->field[k];                                                        \
         break;                                                                                   \
      default: /* unordered */                                                                    \
         hit = a->field[k] != a->field[k] || b->field[k] != b->field[k];                          \
         break;                                                                                   \
      }                                                                                           \
      hit |= nan_in_b_counts && b->field[k] != b->field[k];                                       \
      bits |= (uint32_t)hit << k;                                                                 \
   }                                                                                              \
   break

uint32_t
eu_compare(const struct eu_op *op, enum eu_cond cond, const union eu_lanes *a,
           const union eu_lanes *b, bool nan_in_b_counts)
{
   uint32_t bits = 0;

   switch (op->exec_type) {
   case EU_EXEC_F:
      COMPARE_LANES(f);
   case EU_EXEC_DF:
      COMPARE_LANES(df);
   default:
      COMPARE_LANES(i);
   }
   return bits;
}

/* The condition of a converted result against zero. */
static uint32_t
condition(const struct eu_op *op, const union eu_lanes *out, uint32_t overflow)
{
   enum eu_cond cond = op->inst.cond;
   uint32_t zero = 0, negative = 0, unordered = 0;

   if (cond == EU_COND_O)
      return overflow;
   for (unsigned k = 0; k < op->lanes; k++) {
      if (op->dst.type == EU_TYPE_F) {
         zero |= (uint32_t)(out->f[k] == 0.0f) << k;
         negative |= (uint32_t)(out->f[k] < 0.0f) << k;
         unordered |= (uint32_t)(out->f[k] != out->f[k]) << k;
      } else if (op->dst.type == EU_TYPE_DF) {
         zero |= (uint32_t)(out->df[k] == 0.0) << k;
         negative |= (uint32_t)(out->df[k] < 0.0) << k;
         unordered |= (uint32_t)(out->df[k] != out->df[k]) << k;
      } else {
         zero |= (uint32_t)(out->i[k] == 0) << k;
         negative |= (uint32_t)(out->i[k] < 0) << k;
      }
   }
   switch (cond) {
   case EU_COND_Z:
      return zero;
   case EU_COND_NZ:
      return ~zero;
   case EU_COND_G:
      return ~(zero | negative | unordered);
   case EU_COND_GE:
      return ~(negative | unordered);
   case EU_COND_L:
      return negative;
   case EU_COND_LE:
      return negative | zero;
   default:
      return unordered;
   }
}

static enum eu_step
store_and_step(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *out,
               uint32_t mask)
{
   if (!eu_store(ctx, op, out, mask))
      return EU_STEP_FAULT;
   bool jumps = op->dst.kind == EU_ACCESS_ARF && (op->inst.dst.nr & 0xf0) == EU_ARF_IP && mask;
   return jumps ? EU_STEP_JUMP : EU_STEP_NEXT;
}

enum eu_step
eu_finish(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *result)
{
   const struct eu_inst *inst = &op->inst;
   union eu_lanes alt, out;
   uint32_t overflow;

   bool chooses = inst->opcode == EU_OP_SEL && !inst->cond;
   if (op->exec_type == EU_EXEC_F && eu_alt_mode(ctx) && !chooses) {
      /* The alternative mode computes no infinities. */
      for (unsigned k = 0; k < op->lanes; k++) {
         float v = result->f[k];
         alt.f[k] = __builtin_fabsf(v) > FLT_MAX ? __builtin_copysignf(FLT_MAX, v) : v;
      }
      result = &alt;
   }

   uint32_t mask = eu_exec_mask(ctx->thread, op) & op->writemask;
   if (inst->opcode != EU_OP_SEL)
      mask &= eu_pred_mask(ctx->thread, op);
   convert(op, result, &out, &overflow);
   if (inst->cond && inst->opcode != EU_OP_SEL)
      eu_write_flags(ctx->thread, op, condition(op, &out, overflow), mask);
   if (inst->acc_wr && !(eu_opcode_info(inst->opcode)->flags & EU_OPF_ACC_DST)) {
      /* The accumulator gets what the execution type holds, saturated if the result is. */
      bool same = op->exec_type == EU_EXEC_F ? op->dst.type == EU_TYPE_F : inst->saturate;
      if (op->exec_type == EU_EXEC_INT && eu_type_is_float(op->dst.type))
         same = false;
      if (op->exec_type == EU_EXEC_DF)
         same = op->dst.type == EU_TYPE_DF;
      if (!eu_store_acc(ctx, op, same ? &out : result, mask))
         return EU_STEP_FAULT;
   }
   return store_and_step(ctx, op, &out, mask);
}

enum eu_step
eu_finish_compare(struct eu_context *ctx, const struct eu_op *op, uint32_t bits)
{
   union eu_lanes out;
   uint32_t mask = eu_exec_mask(ctx->thread, op) & eu_pred_mask(ctx->thread, op) & op->writemask;

   eu_write_flags(ctx->thread, op, bits, mask);
   if (op->dst.kind == EU_ACCESS_NULL)
      return EU_STEP_NEXT;
   /* True is all ones in the destination, whatever its type. */
   for (unsigned k = 0; k < op->lanes; k++) {
      uint64_t ones = 0 - (uint64_t)(bits >> k & 1);
      uint32_t ones32 = (uint32_t)ones;
      if (op->dst.type == EU_TYPE_F)
         memcpy(&out.f[k], &ones32, sizeof(float));
      else
         memcpy(&out.i[k], &ones, sizeof(ones)); /* df is at the same place */
   }
   return store_and_step(ctx, op, &out, mask);
}
