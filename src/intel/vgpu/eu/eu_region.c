/*
 * SPDX-License-Identifier: MIT
 *
 * Operands of the general path: elements from and to registers by their regions.
 */

#include "eu_priv.h"

bool
eu_indirect(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *access,
            const struct eu_operand *operand, uint16_t offset[EU_LANES])
{
   unsigned size = eu_type_size(access->type);

   for (unsigned k = 0; k < op->lanes; k++) {
      unsigned a0 = operand->addr_subnr;
      if (operand->vstride == EU_VSTRIDE_VXH)
         a0 += k * op->stride / operand->width;
      int address = ctx->thread->a0[a0 & 7] + operand->addr_imm + access->offset[k];
      if (address < 0 || address + (int)size > EU_GRF_BYTES)
         return eu_thread_fault(ctx->thread, "%s: g[a0.%u %d] with a0.%u = 0x%04x is past the "
                                             "register file",
                                eu_opcode_name(op->inst.opcode), a0, operand->addr_imm, a0,
                                ctx->thread->a0[a0 & 7]);
      offset[k] = (uint16_t)address;
   }
   return true;
}

/* Puts the bytes of an architecture register where a region can read them. */
static void
read_arf(const struct eu_context *ctx, const struct eu_op *op, uint8_t nr, uint32_t out[4])
{
   const struct eu_thread *t = ctx->thread;

   memset(out, 0, 16);
   switch (nr & 0xf0) {
   case EU_ARF_ADDRESS:
      memcpy(out, t->a0, sizeof(t->a0));
      break;
   case EU_ARF_FLAG:
      out[0] = t->flag[nr & 1];
      out[1] = t->flag[1];
      break;
   case EU_ARF_MASK:
      out[0] = t->channel_enable;
      break;
   case EU_ARF_STATE:
      memcpy(out, t->sr0, 16);
      break;
   case EU_ARF_CONTROL:
      memcpy(out, t->cr0, 16);
      break;
   case EU_ARF_NOTIFICATION:
      memcpy(out, t->n0, 16);
      break;
   case EU_ARF_IP:
      out[0] = ctx->program->base_ip + op->ip * EU_IP_UNIT_BYTES;
      break;
   case EU_ARF_TDR:
      memcpy(out, t->tdr0, 16);
      break;
   case EU_ARF_TIMESTAMP:
      out[0] = (uint32_t)t->instructions;
      out[1] = (uint32_t)(t->instructions >> 32);
      break;
   default:
      break;
   }
}

static void
write_arf(struct eu_context *ctx, uint8_t nr, const uint32_t in[4])
{
   struct eu_thread *t = ctx->thread;

   switch (nr & 0xf0) {
   case EU_ARF_ADDRESS:
      memcpy(t->a0, in, sizeof(t->a0));
      break;
   case EU_ARF_FLAG:
      t->flag[nr & 1] = in[0];
      if (!(nr & 1))
         t->flag[1] = in[1];
      break;
   case EU_ARF_CONTROL:
      memcpy(t->cr0, in, 16);
      eu_fp_enter(t);
      break;
   case EU_ARF_NOTIFICATION:
      memcpy(t->n0, in, 16);
      break;
   case EU_ARF_TDR:
      memcpy(t->tdr0, in, 16);
      break;
   default: /* IP is the caller's; the rest was refused when the program was made */
      break;
   }
}

/* Where an operand's elements are: a base and a byte offset per lane. */
struct window {
   const uint8_t *base;
   const uint16_t *offset;
   uint16_t indirect[EU_LANES];
   uint32_t arf[4];
};

static bool
open_window(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *a,
            const struct eu_operand *o, struct window *w)
{
   w->offset = a->offset;
   switch (a->kind) {
   case EU_ACCESS_INDIRECT:
      if (!eu_indirect(ctx, op, a, o, w->indirect))
         return false;
      w->base = eu_grf_bytes(ctx->thread);
      w->offset = w->indirect;
      return true;
   case EU_ACCESS_ACC:
      w->base = eu_acc_bytes(ctx->thread);
      return true;
   case EU_ACCESS_ARF:
      read_arf(ctx, op, o->nr, w->arf);
      w->base = (const uint8_t *)w->arf;
      return true;
   default:
      w->base = eu_grf_bytes(ctx->thread);
      return true;
   }
}

#define GATHER(ctype, field)                                                                      \
   for (unsigned k = 0; k < lanes; k++) {                                                         \
      ctype v;                                                                                    \
      memcpy(&v, w.base + w.offset[k], sizeof(v));                                                \
      out->field[k] = v;                                                                          \
   }                                                                                              \
   break

#define GATHER_ALL_TYPES(field)                                                                   \
   case EU_TYPE_UD:                                                                               \
      GATHER(uint32_t, field);                                                                    \
   case EU_TYPE_D:                                                                                \
      GATHER(int32_t, field);                                                                     \
   case EU_TYPE_UW:                                                                               \
      GATHER(uint16_t, field);                                                                    \
   case EU_TYPE_W:                                                                                \
      GATHER(int16_t, field);                                                                     \
   case EU_TYPE_UB:                                                                               \
      GATHER(uint8_t, field);                                                                     \
   case EU_TYPE_B:                                                                                \
      GATHER(int8_t, field)

static int64_t
immediate_int(const struct eu_access *a, unsigned k)
{
   return a->type == EU_TYPE_UD ? (int64_t)(uint32_t)a->imm.i[k % 16] : a->imm.i[k % 16];
}

static bool
load_f(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *a,
       const struct eu_operand *o, union eu_lanes *out)
{
   unsigned lanes = op->lanes;
   const uint8_t *grf = eu_grf_bytes(ctx->thread);
   struct window w;

   if (a->type == EU_TYPE_F && a->kind == EU_ACCESS_CONTIG) {
      memcpy(out->f, grf + a->offset[0], lanes * sizeof(float));
   } else if (a->type == EU_TYPE_F && a->kind == EU_ACCESS_SCALAR) {
      float v;
      memcpy(&v, grf + a->offset[0], sizeof(v));
      for (unsigned k = 0; k < lanes; k++)
         out->f[k] = v;
   } else if (a->kind == EU_ACCESS_IMM) {
      bool is_float = eu_type_is_float(a->type);
      for (unsigned k = 0; k < lanes; k++)
         out->f[k] = is_float ? a->imm.f[k % 16] : (float)immediate_int(a, k);
   } else if (a->kind == EU_ACCESS_NULL) {
      memset(out->f, 0, sizeof(out->f));
   } else {
      if (!open_window(ctx, op, a, o, &w))
         return false;
      switch (a->type) {
         GATHER_ALL_TYPES(f);
      default:
         GATHER(float, f);
      }
   }
   if (a->abs) {
      for (unsigned k = 0; k < lanes; k++)
         out->f[k] = __builtin_fabsf(out->f[k]);
   }
   if (a->negate) {
      for (unsigned k = 0; k < lanes; k++)
         out->f[k] = -out->f[k];
   }
   return true;
}

static bool
load_df(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *a,
        const struct eu_operand *o, union eu_lanes *out)
{
   unsigned lanes = op->lanes;
   struct window w;

   if (a->kind == EU_ACCESS_IMM) {
      bool is_float = eu_type_is_float(a->type);
      for (unsigned k = 0; k < lanes; k++)
         out->df[k] = is_float ? a->imm.f[k * 2 % 16] : (double)immediate_int(a, k * 2);
   } else if (a->kind == EU_ACCESS_NULL) {
      memset(out->df, 0, sizeof(out->df));
   } else {
      if (!open_window(ctx, op, a, o, &w))
         return false;
      switch (a->type) {
         GATHER_ALL_TYPES(df);
      case EU_TYPE_DF:
         GATHER(double, df);
      default:
         GATHER(float, df);
      }
   }
   for (unsigned k = 0; k < lanes; k++) {
      double v = a->abs ? __builtin_fabs(out->df[k]) : out->df[k];
      out->df[k] = a->negate ? -v : v;
   }
   return true;
}

static bool
load_int(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *a,
         const struct eu_operand *o, union eu_lanes *out)
{
   unsigned lanes = op->lanes;
   struct window w;

   if (a->kind == EU_ACCESS_IMM) {
      for (unsigned k = 0; k < lanes; k++)
         out->i[k] = immediate_int(a, k);
   } else if (a->kind == EU_ACCESS_NULL) {
      memset(out->i, 0, sizeof(out->i));
   } else if (a->kind == EU_ACCESS_ACC) {
      for (unsigned k = 0; k < lanes; k++) {
         if (!eu_acc_read(ctx->thread, a, k, &out->i[k]))
            return false;
      }
   } else {
      if (!open_window(ctx, op, a, o, &w))
         return false;
      switch (a->type) {
         GATHER_ALL_TYPES(i);
      default:
         return eu_thread_fault(ctx->thread, "%s reads a float as an integer",
                                eu_opcode_name(op->inst.opcode));
      }
   }
   if (a->abs) {
      for (unsigned k = 0; k < lanes; k++)
         out->i[k] = out->i[k] < 0 ? (int64_t)(0 - (uint64_t)out->i[k]) : out->i[k];
   }
   if (a->negate) {
      for (unsigned k = 0; k < lanes; k++)
         out->i[k] = (int64_t)(0 - (uint64_t)out->i[k]);
   }
   return true;
}

bool
eu_load(struct eu_context *ctx, const struct eu_op *op, unsigned src, union eu_lanes *out)
{
   const struct eu_access *a = &op->src[src];
   const struct eu_operand *o = &op->inst.src[src];

   switch (op->exec_type) {
   case EU_EXEC_F:
      return load_f(ctx, op, a, o, out);
   case EU_EXEC_DF:
      return load_df(ctx, op, a, o, out);
   default:
      return load_int(ctx, op, a, o, out);
   }
}

#define SCATTER(ctype, field)                                                                     \
   for (unsigned k = 0; k < lanes; k++) {                                                         \
      ctype v = (ctype)values->field[k];                                                          \
      if (mask >> k & 1)                                                                          \
         memcpy(base + offset[k], &v, sizeof(v));                                                 \
   }                                                                                              \
   break

bool
eu_store(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *values,
         uint32_t mask)
{
   const struct eu_access *a = &op->dst;
   const struct eu_operand *o = &op->inst.dst;
   unsigned lanes = op->lanes;
   uint8_t *base = eu_grf_bytes(ctx->thread);
   const uint16_t *offset = a->offset;
   uint16_t indirect[EU_LANES];
   uint32_t arf[4];

   switch (a->kind) {
   case EU_ACCESS_NULL:
      return true;
   case EU_ACCESS_INDIRECT:
      if (!eu_indirect(ctx, op, a, o, indirect))
         return false;
      offset = indirect;
      break;
   case EU_ACCESS_ACC:
      if (!eu_type_is_float(a->type)) {
         for (unsigned k = 0; k < lanes; k++) {
            if ((mask >> k & 1) && !eu_acc_write(ctx->thread, a, k, values->i[k]))
               return false;
         }
         return true;
      }
      base = eu_acc_bytes(ctx->thread);
      break;
   case EU_ACCESS_ARF:
      read_arf(ctx, op, o->nr, arf);
      base = (uint8_t *)arf;
      break;
   case EU_ACCESS_CONTIG:
      if (a->type == EU_TYPE_F && mask == op->lane_mask) {
         memcpy(base + offset[0], values->f, lanes * sizeof(float));
         return true;
      }
      break;
   default:
      break;
   }

   switch (a->type) {
   case EU_TYPE_F:
      SCATTER(float, f);
   case EU_TYPE_DF:
      SCATTER(double, df);
   case EU_TYPE_UD:
   case EU_TYPE_D:
      SCATTER(uint32_t, i);
   case EU_TYPE_UW:
   case EU_TYPE_W:
      SCATTER(uint16_t, i);
   default:
      SCATTER(uint8_t, i);
   }

   if (a->kind == EU_ACCESS_ARF) {
      if ((o->nr & 0xf0) == EU_ARF_IP) {
         uint32_t local = arf[0] - ctx->program->base_ip;
         if (mask == 0)
            return true;
         if (local % EU_IP_UNIT_BYTES)
            return eu_thread_fault(ctx->thread, "ip is set to 0x%08x, which is misaligned",
                                   arf[0]);
         ctx->thread->ip = local / EU_IP_UNIT_BYTES;
      } else {
         write_arf(ctx, o->nr, arf);
      }
   }
   return true;
}
