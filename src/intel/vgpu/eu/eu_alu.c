/*
 * SPDX-License-Identifier: MIT
 *
 * Float and double precision arithmetic, and the instructions that exist for every type: mov,
 * sel, cmp, add, mul. What is for integers only is in eu_int.c.
 */

#include "eu_priv.h"

/* Fetches n sources into s[]; leaves the function on a fault. */
#define LOAD(n)                                                                                   \
   union eu_lanes s[n];                                                                           \
   for (unsigned i_ = 0; i_ < (n); i_++) {                                                        \
      if (!eu_load(ctx, op, i_, &s[i_]))                                                          \
         return EU_STEP_FAULT;                                                                    \
   }

/* A product in which zero wins, as the alternative mode wants it: 0 * x is 0. */
static inline float
alt_mul(float a, float b)
{
   return a == 0.0f || b == 0.0f ? 0.0f : a * b;
}

static void
keep_denormals(struct eu_context *ctx)
{
   if (ctx->thread->cr0[0] & EU_CR0_DF_DENORM)
      eu_fp_keep_denormals();
}

/* The end of a double precision instruction that kept denormals. */
static enum eu_step
finish_df(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *result)
{
   enum eu_step step = eu_finish(ctx, op, result);
   eu_fp_enter(ctx->thread);
   return step;
}

/* ---------------------------------------------------------------- every type */

/* Same type on both sides and nothing to do on the way: the bits move. */
static enum eu_step
exec_mov_raw(struct eu_context *ctx, const struct eu_op *op)
{
   const struct eu_access *a = &op->src[0];
   uint32_t mask =
      eu_exec_mask(ctx->thread, op) & eu_pred_mask(ctx->thread, op) & op->writemask;
   unsigned size = eu_type_size(op->dst.type);
   uint8_t *grf = eu_grf_bytes(ctx->thread);
   uint8_t bytes[EU_LANES * 8];

   /* All reads come before the first write. */
   for (unsigned k = 0; k < op->lanes; k++)
      memcpy(bytes + k * size, grf + a->offset[k], size);
   for (unsigned k = 0; k < op->lanes; k++) {
      if (mask >> k & 1)
         memcpy(grf + op->dst.offset[k], bytes + k * size, size);
   }
   return EU_STEP_NEXT;
}

static enum eu_step
exec_mov(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(1);
   if (op->exec_type == EU_EXEC_F && op->src[0].type == EU_TYPE_F) {
      /* Passing the pipeline flushes denormals. */
      for (unsigned k = 0; k < op->lanes; k++)
         s[0].f[k] = eu_flush(s[0].f[k]);
   }
   return eu_finish(ctx, op, &s[0]);
}

static enum eu_step
exec_mov_df(struct eu_context *ctx, const struct eu_op *op)
{
   keep_denormals(ctx);
   LOAD(1);
   return finish_df(ctx, op, &s[0]);
}

/* Takes source 0 where the bit is set, source 1 elsewhere; without rounding or flushing. */
static enum eu_step
exec_sel(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   uint32_t bits;

   if (op->inst.cond) {
      /* With L and GE this is min and max, which prefer a number to a NaN. */
      bits = eu_compare(op, op->inst.cond, &s[0], &s[1], true);
      if (op->exec_type == EU_EXEC_F) {
         for (unsigned k = 0; k < op->lanes; k++) {
            s[0].f[k] = eu_flush(s[0].f[k]);
            s[1].f[k] = eu_flush(s[1].f[k]);
         }
      }
   } else {
      bits = eu_pred_mask(ctx->thread, op);
   }
   for (unsigned k = 0; k < op->lanes; k++) {
      if (op->exec_type == EU_EXEC_F)
         s[0].f[k] = bits >> k & 1 ? s[0].f[k] : s[1].f[k];
      else /* df and i are at the same place */
         s[0].i[k] = bits >> k & 1 ? s[0].i[k] : s[1].i[k];
   }
   return eu_finish(ctx, op, &s[0]);
}

static enum eu_step
exec_cmp(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   if (op->exec_type == EU_EXEC_DF)
      keep_denormals(ctx);
   uint32_t bits = eu_compare(op, op->inst.cond, &s[0], &s[1], op->inst.opcode == EU_OP_CMPN);
   if (op->exec_type == EU_EXEC_DF)
      eu_fp_enter(ctx->thread);
   return eu_finish_compare(ctx, op, bits);
}

static enum eu_step
exec_add_int(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   for (unsigned k = 0; k < op->lanes; k++)
      s[0].i[k] = (int64_t)((uint64_t)s[0].i[k] + (uint64_t)s[1].i[k]);
   return eu_finish(ctx, op, &s[0]);
}

/* ---------------------------------------------------------------- float */

#define FLOAT_OP1(name, expression)                                                               \
   static enum eu_step exec_##name##_f(struct eu_context *ctx, const struct eu_op *op)            \
   {                                                                                              \
      LOAD(1);                                                                                    \
      for (unsigned k = 0; k < op->lanes; k++) {                                                  \
         float a = eu_flush(s[0].f[k]);                                                           \
         s[0].f[k] = (expression);                                                                \
      }                                                                                           \
      return eu_finish(ctx, op, &s[0]);                                                           \
   }

FLOAT_OP1(frc, a - eu_floor(a))
FLOAT_OP1(rndu, eu_ceil(a))
FLOAT_OP1(rndd, eu_floor(a))
FLOAT_OP1(rnde, eu_round_even(a))
FLOAT_OP1(rndz, eu_trunc(a))

static enum eu_step
exec_add_f(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   for (unsigned k = 0; k < op->lanes; k++)
      s[0].f[k] += s[1].f[k];
   return eu_finish(ctx, op, &s[0]);
}

static enum eu_step
exec_mul_f(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   if (eu_alt_mode(ctx)) {
      for (unsigned k = 0; k < op->lanes; k++)
         s[0].f[k] = alt_mul(s[0].f[k], s[1].f[k]);
   } else {
      for (unsigned k = 0; k < op->lanes; k++)
         s[0].f[k] *= s[1].f[k];
   }
   return eu_finish(ctx, op, &s[0]);
}

static enum eu_step
exec_mac_f(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes acc;
   LOAD(2);
   if (!eu_load_acc(ctx, op, &acc))
      return EU_STEP_FAULT;
   bool alt = eu_alt_mode(ctx);
   for (unsigned k = 0; k < op->lanes; k++) {
      float product = alt ? alt_mul(s[0].f[k], s[1].f[k]) : s[0].f[k] * s[1].f[k];
      acc.f[k] += product;
   }
   return eu_finish(ctx, op, &acc);
}

/* mad: src1 * src2 + src0, rounded after the multiplication and after the addition. */
static enum eu_step
exec_mad_f(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(3);
   bool alt = eu_alt_mode(ctx);
   for (unsigned k = 0; k < op->lanes; k++) {
      float product = alt ? alt_mul(s[1].f[k], s[2].f[k]) : s[1].f[k] * s[2].f[k];
      s[0].f[k] += product;
   }
   return eu_finish(ctx, op, &s[0]);
}

/* lrp: src1 * src0 + src2 * (1 - src0). */
static enum eu_step
exec_lrp_f(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(3);
   bool alt = eu_alt_mode(ctx);
   for (unsigned k = 0; k < op->lanes; k++) {
      float rest = 1.0f - s[0].f[k];
      float a = alt ? alt_mul(s[1].f[k], s[0].f[k]) : s[1].f[k] * s[0].f[k];
      float b = alt ? alt_mul(s[2].f[k], rest) : s[2].f[k] * rest;
      s[0].f[k] = a + b;
   }
   return eu_finish(ctx, op, &s[0]);
}

/* Dot products: the sum of each group of four channels goes to all four of them. */
static enum eu_step
exec_dot_f(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(2);
   bool alt = eu_alt_mode(ctx);
   unsigned terms = op->inst.opcode == EU_OP_DP2 ? 2 : op->inst.opcode == EU_OP_DP4 ? 4 : 3;

   for (unsigned group = 0; group < op->lanes; group += 4) {
      const float *a = &s[0].f[group], *b = &s[1].f[group];
      float sum = alt ? alt_mul(a[0], b[0]) : a[0] * b[0];
      for (unsigned c = 1; c < terms; c++)
         sum += alt ? alt_mul(a[c], b[c]) : a[c] * b[c];
      if (op->inst.opcode == EU_OP_DPH)
         sum += b[3];
      for (unsigned c = 0; c < 4; c++)
         s[0].f[group + c] = sum;
   }
   return eu_finish(ctx, op, &s[0]);
}

static float
modified(const struct eu_access *a, float v)
{
   if (a->abs)
      v = __builtin_fabsf(v);
   return a->negate ? -v : v;
}

static float
grf_float(const struct eu_context *ctx, unsigned offset)
{
   float v;
   memcpy(&v, eu_grf_bytes(ctx->thread) + offset, sizeof(v));
   return v;
}

/* line: p * src1 + q, with p and q the first and fourth element of src0. */
static enum eu_step
exec_line_f(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes v;
   if (!eu_load(ctx, op, 1, &v))
      return EU_STEP_FAULT;
   float p = modified(&op->src[0], grf_float(ctx, op->src[0].offset[0]));
   float q = modified(&op->src[0], grf_float(ctx, op->src[0].offset[0] + 12u));
   bool alt = eu_alt_mode(ctx);
   for (unsigned k = 0; k < op->lanes; k++)
      v.f[k] = (alt ? alt_mul(p, v.f[k]) : p * v.f[k]) + q;
   return eu_finish(ctx, op, &v);
}

/*
 * pln: p * u + q * v + r, with p, q, r the first, second and fourth element of src0. For each
 * eight channels, u is a register from src1 on and v the one behind it.
 */
static enum eu_step
exec_pln_f(struct eu_context *ctx, const struct eu_op *op)
{
   const struct eu_access *plane = &op->src[0], *coord = &op->src[1];
   float p = modified(plane, grf_float(ctx, plane->offset[0]));
   float q = modified(plane, grf_float(ctx, plane->offset[0] + 4u));
   float r = modified(plane, grf_float(ctx, plane->offset[0] + 12u));
   bool alt = eu_alt_mode(ctx);
   union eu_lanes out;

   for (unsigned k = 0; k < op->lanes; k++) {
      unsigned offset = coord->offset[0] + k / 8 * 64 + k % 8 * 4;
      float u = modified(coord, grf_float(ctx, offset));
      float v = modified(coord, grf_float(ctx, offset + EU_REG_BYTES));
      out.f[k] = alt ? alt_mul(p, u) + alt_mul(q, v) + r : p * u + q * v + r;
   }
   return eu_finish(ctx, op, &out);
}

/* ---------------------------------------------------------------- half precision */

/* Rounds as cr0 says, which the host's floating point does too while a thread runs. */
static uint16_t
float_to_half(float f)
{
   uint32_t bits;
   memcpy(&bits, &f, sizeof(bits));
   uint32_t sign = bits >> 16 & 0x8000;
   uint32_t magnitude = bits & 0x7fffffff;

   if (magnitude > 0x7f800000)
      return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
   if (magnitude == 0x7f800000)
      return (uint16_t)(sign | 0x7c00);
   if (magnitude < 0x00800000)
      return (uint16_t)sign;

   /* In units of the half's last place the value is a small number; make it an integer. */
   int exponent = (int)(magnitude >> 23) - 127;
   int unit = exponent < -14 ? -24 : exponent - 10;
   double scaled = __builtin_ldexp((double)f, -unit);
   double magic = scaled < 0 ? -4503599627370496.0 : 4503599627370496.0;
   double rounded = scaled + magic; /* the addition rounds to an integer */
   double value = __builtin_ldexp(rounded - magic, unit);
   double absolute = __builtin_fabs(value);

   if (absolute > 65504.0)
      return (uint16_t)(sign | 0x7c00);
   if (absolute == 0.0)
      return (uint16_t)sign;
   if (absolute < 6.103515625e-05)
      return (uint16_t)(sign | (uint32_t)__builtin_ldexp(absolute, 24));
   int e;
   double fraction = __builtin_frexp(absolute, &e);
   uint32_t mantissa = (uint32_t)__builtin_ldexp(fraction, 11) & 0x3ff;
   return (uint16_t)(sign | (uint32_t)(e + 14) << 10 | mantissa);
}

static float
half_to_float(uint16_t h)
{
   uint32_t sign = (uint32_t)(h & 0x8000) << 16;
   uint32_t exponent = h >> 10 & 0x1f, mantissa = h & 0x3ff;
   uint32_t bits;
   float f;

   if (exponent == 0) {
      f = __builtin_ldexpf((float)mantissa, -24);
      return sign ? -f : f;
   }
   bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | mantissa << 13;
   memcpy(&f, &bits, sizeof(f));
   return f;
}

/* The result is an integer from here on. */
static enum eu_step
exec_f32to16(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(1);
   uint32_t mask =
      eu_exec_mask(ctx->thread, op) & eu_pred_mask(ctx->thread, op) & op->writemask;
   union eu_lanes out;
   for (unsigned k = 0; k < op->lanes; k++)
      out.i[k] = float_to_half(s[0].f[k]);
   return eu_store(ctx, op, &out, mask) ? EU_STEP_NEXT : EU_STEP_FAULT;
}

static enum eu_step
exec_f16to32(struct eu_context *ctx, const struct eu_op *op)
{
   LOAD(1);
   uint32_t mask =
      eu_exec_mask(ctx->thread, op) & eu_pred_mask(ctx->thread, op) & op->writemask;
   union eu_lanes out;
   for (unsigned k = 0; k < op->lanes; k++)
      out.f[k] = half_to_float((uint16_t)s[0].i[k]);
   return eu_store(ctx, op, &out, mask) ? EU_STEP_NEXT : EU_STEP_FAULT;
}

/* ---------------------------------------------------------------- double precision */

static enum eu_step
exec_arith_df(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes s[3];

   keep_denormals(ctx);
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      if (!eu_load(ctx, op, i, &s[i])) {
         eu_fp_enter(ctx->thread);
         return EU_STEP_FAULT;
      }
   }
   for (unsigned k = 0; k < op->lanes; k++) {
      switch (op->inst.opcode) {
      case EU_OP_ADD:
         s[0].df[k] += s[1].df[k];
         break;
      case EU_OP_MUL:
         s[0].df[k] *= s[1].df[k];
         break;
      default: /* mad */
         s[0].df[k] += s[1].df[k] * s[2].df[k];
         break;
      }
   }
   return finish_df(ctx, op, &s[0]);
}

/* ---------------------------------------------------------------- selection */

static bool
is_raw_mov(const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;
   const struct eu_access *a = &op->src[0];
   bool grf = (a->kind == EU_ACCESS_CONTIG || a->kind == EU_ACCESS_SCALAR ||
               a->kind == EU_ACCESS_GRF) &&
              (op->dst.kind == EU_ACCESS_CONTIG || op->dst.kind == EU_ACCESS_GRF ||
               op->dst.kind == EU_ACCESS_SCALAR);
   return grf && a->type == op->dst.type && !a->negate && !a->abs && !inst->saturate &&
          !inst->cond && !inst->acc_wr;
}

static bool
in_grf(const struct eu_operand *o)
{
   return o->file == EU_FILE_GRF && !o->indirect;
}

static eu_exec_fn
select_float(const struct eu_op *op)
{
   const struct eu_operand *src = op->inst.src;

   switch (op->inst.opcode) {
   case EU_OP_ADD:
      return exec_add_f;
   case EU_OP_MUL:
      return exec_mul_f;
   case EU_OP_MAC:
      return exec_mac_f;
   case EU_OP_MAD:
      return exec_mad_f;
   case EU_OP_LRP:
      return exec_lrp_f;
   case EU_OP_FRC:
      return exec_frc_f;
   case EU_OP_RNDU:
      return exec_rndu_f;
   case EU_OP_RNDD:
      return exec_rndd_f;
   case EU_OP_RNDE:
      return exec_rnde_f;
   case EU_OP_RNDZ:
      return exec_rndz_f;
   case EU_OP_DP2:
   case EU_OP_DP3:
   case EU_OP_DP4:
   case EU_OP_DPH:
      return op->lanes >= 4 ? exec_dot_f : NULL;
   case EU_OP_LINE:
      return in_grf(&src[0]) && src[0].subnr % 16 == 0 ? exec_line_f : NULL;
   case EU_OP_PLN:
      if (!in_grf(&src[0]) || src[0].subnr % 16 || !in_grf(&src[1]) || op->lanes > 16 ||
          op->inst.align16)
         return NULL;
      /* Two registers for each eight channels. */
      if (src[1].subnr || src[1].nr + (op->lanes + 7) / 8 * 2 > EU_GRF_COUNT)
         return NULL;
      return exec_pln_f;
   case EU_OP_F32TO16:
      /* A DWord destination is the low half's, with zeros above, and exists in Align16 alone. */
      if (op->dst.type == EU_TYPE_W || op->dst.type == EU_TYPE_UW)
         return exec_f32to16;
      return op->inst.align16 && (op->dst.type == EU_TYPE_UD || op->dst.type == EU_TYPE_D)
                ? exec_f32to16
                : NULL;
   default:
      return NULL;
   }
}

eu_exec_fn
eu_alu_select(const struct eu_op *op)
{
   bool df = op->exec_type == EU_EXEC_DF;

   switch (op->inst.opcode) {
   case EU_OP_MOV:
      return is_raw_mov(op) ? exec_mov_raw : df ? exec_mov_df : exec_mov;
   case EU_OP_SEL:
      return exec_sel;
   case EU_OP_CMP:
   case EU_OP_CMPN:
      /* Without a condition there is nothing to compare for; overflow has no meaning here. */
      return op->inst.cond && op->inst.cond != EU_COND_O ? exec_cmp : NULL;
   case EU_OP_F16TO32:
      return op->dst.type == EU_TYPE_F ? exec_f16to32 : NULL;
   default:
      break;
   }
   switch (op->exec_type) {
   case EU_EXEC_F:
      return select_float(op);
   case EU_EXEC_DF:
      return op->inst.opcode == EU_OP_ADD || op->inst.opcode == EU_OP_MUL ||
                   op->inst.opcode == EU_OP_MAD
                ? exec_arith_df
                : NULL;
   default:
      return op->inst.opcode == EU_OP_ADD ? exec_add_int : NULL;
   }
}
