/*
 * SPDX-License-Identifier: MIT
 *
 * The extended math functions. The C library's are at least as precise as the PRM asks for
 * (Volume 4 Part 3, "math - Extended Math Function"), so the results are the correctly or nearly
 * correctly rounded ones.
 */

#include <math.h>

#include "eu_priv.h"

/* The alternative mode takes magnitudes where IEEE has no result. */
static float
domain(bool alt, float x)
{
   return alt ? fabsf(x) : x;
}

static float
unary(enum eu_math_function function, float x, bool alt)
{
   switch (function) {
   case EU_MATH_INV:
      return 1.0f / x;
   case EU_MATH_LOG:
      return log2f(domain(alt, x));
   case EU_MATH_EXP:
      return exp2f(x);
   case EU_MATH_SQRT:
      return sqrtf(domain(alt, x));
   case EU_MATH_RSQ:
      return 1.0f / sqrtf(domain(alt, x));
   case EU_MATH_SIN:
      return sinf(x);
   default:
      return cosf(x);
   }
}

static float
binary(enum eu_math_function function, float x, float y, bool alt)
{
   if (function == EU_MATH_FDIV)
      return x / y;
   /* The power is that of a logarithm: there is none of a negative number. */
   if (x < 0.0f)
      return alt ? powf(-x, y) : NAN;
   return powf(x, y);
}

static enum eu_step
exec_unary(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes s;
   bool alt = eu_alt_mode(ctx);

   if (!eu_load(ctx, op, 0, &s))
      return EU_STEP_FAULT;
   eu_fp_nearest();
   for (unsigned k = 0; k < op->lanes; k++)
      s.f[k] = eu_flush(unary(op->inst.math, eu_flush(s.f[k]), alt));
   eu_fp_enter(ctx->thread);
   return eu_finish(ctx, op, &s);
}

static enum eu_step
exec_binary(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes a, b;
   bool alt = eu_alt_mode(ctx);

   if (!eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   eu_fp_nearest();
   for (unsigned k = 0; k < op->lanes; k++)
      a.f[k] = eu_flush(binary(op->inst.math, eu_flush(a.f[k]), eu_flush(b.f[k]), alt));
   eu_fp_enter(ctx->thread);
   return eu_finish(ctx, op, &a);
}

/* Truncating division. By zero it gives the extreme of the dividend's sign. */
static void
divide(bool with_sign, int64_t a, int64_t b, int64_t *quotient, int64_t *remainder)
{
   if (b == 0) {
      *quotient = !with_sign ? (int64_t)UINT32_MAX : a < 0 ? INT32_MIN : INT32_MAX;
      *remainder = *quotient;
      return;
   }
   *quotient = a / b;
   *remainder = a % b;
   if (with_sign && *quotient > INT32_MAX)
      *quotient = INT32_MAX;
}

static enum eu_step
exec_int_div(struct eu_context *ctx, const struct eu_op *op)
{
   union eu_lanes a, b, quotient, remainder;
   bool with_sign = op->src[0].type == EU_TYPE_D;

   if (!eu_load(ctx, op, 0, &a) || !eu_load(ctx, op, 1, &b))
      return EU_STEP_FAULT;
   for (unsigned k = 0; k < op->lanes; k++)
      divide(with_sign, a.i[k], b.i[k], &quotient.i[k], &remainder.i[k]);

   switch (op->inst.math) {
   case EU_MATH_INT_DIV_QUOTIENT:
      return eu_finish(ctx, op, &quotient);
   case EU_MATH_INT_DIV_REMAINDER:
      return eu_finish(ctx, op, &remainder);
   default: {
      /* The remainder goes to the register behind the quotient's. */
      struct eu_op second = *op;
      for (unsigned k = 0; k < op->lanes; k++)
         second.dst.offset[k] = (uint16_t)(op->dst.offset[k] + EU_REG_BYTES);
      enum eu_step step = eu_finish(ctx, op, &quotient);
      return step == EU_STEP_NEXT ? eu_finish(ctx, &second, &remainder) : step;
   }
   }
}

eu_exec_fn
eu_math_select(const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;
   enum eu_type type = inst->src[0].type;

   switch (inst->math) {
   case EU_MATH_FDIV:
   case EU_MATH_POW:
      return op->exec_type == EU_EXEC_F ? exec_binary : NULL;
   case EU_MATH_INT_DIV_BOTH:
   case EU_MATH_INT_DIV_QUOTIENT:
   case EU_MATH_INT_DIV_REMAINDER:
      if (type != inst->src[1].type || (type != EU_TYPE_D && type != EU_TYPE_UD))
         return NULL;
      if (inst->math == EU_MATH_INT_DIV_BOTH &&
          (op->dst.kind != EU_ACCESS_CONTIG || eu_type_size(op->dst.type) != 4 ||
           op->lanes > 8 || inst->dst.nr + 1 >= EU_GRF_COUNT || inst->dst.subnr))
         return NULL;
      return exec_int_div;
   default:
      return op->exec_type == EU_EXEC_F ? exec_unary : NULL;
   }
}
