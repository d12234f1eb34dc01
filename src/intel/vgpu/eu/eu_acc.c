/*
 * SPDX-License-Identifier: MIT
 *
 * Accumulators. acc0 and acc1 hold sixteen floats; for integers there is acc0 alone, with eight
 * DWord channels of 64 bits or sixteen Word channels of 33.
 */

#include "eu_priv.h"

static bool
no_acc1(struct eu_thread *thread)
{
   return eu_thread_fault(thread, "integer access to acc1, which exists for float only");
}

bool
eu_acc_read(struct eu_thread *thread, const struct eu_access *access, unsigned lane,
            int64_t *value)
{
   unsigned offset = access->offset[lane];
   unsigned size = eu_type_size(access->type);
   uint32_t bits = 0;

   if (offset >= EU_REG_BYTES)
      return no_acc1(thread);
   memcpy(&bits, eu_acc_bytes(thread) + offset, size);
   switch (size) {
   case 4:
      *value = (int64_t)((uint64_t)(uint32_t)thread->acc_high_dw[offset / 4] << 32 | bits);
      break;
   case 2:
      *value = (int64_t)thread->acc_high_w[offset / 2] * 0x10000 + bits;
      break;
   default:
      *value = access->type == EU_TYPE_B ? (int8_t)bits : (int64_t)bits;
      break;
   }
   return true;
}

bool
eu_acc_write(struct eu_thread *thread, const struct eu_access *access, unsigned lane,
             int64_t value)
{
   unsigned offset = access->offset[lane];
   unsigned size = eu_type_size(access->type);
   uint32_t bits = (uint32_t)value;

   if (offset >= EU_REG_BYTES)
      return no_acc1(thread);
   memcpy(eu_acc_bytes(thread) + offset, &bits, size);
   if (size == 4)
      thread->acc_high_dw[offset / 4] = (int32_t)(value >> 32);
   else if (size == 2)
      thread->acc_high_w[offset / 2] = (int32_t)(value >> 16);
   return true;
}

/*
 * The channel of the accumulator that belongs to the first lane of an instruction. Quarter
 * control counts, so that the second half of sixteen float channels is in acc1.
 */
static unsigned
first_channel(const struct eu_op *op)
{
   return op->inst.group % 16;
}

/* A region over the accumulator that follows the channels, with the destination's type. */
static bool
implicit_access(struct eu_thread *thread, const struct eu_op *op, struct eu_access *access)
{
   unsigned size;

   access->kind = EU_ACCESS_ACC;
   access->type = op->inst.dst.type;
   if (op->exec_type == EU_EXEC_INT) {
      if (eu_type_is_float(access->type))
         access->type = EU_TYPE_D;
      else if (eu_type_size(access->type) == 1)
         access->type = EU_TYPE_W;
   } else {
      access->type = op->exec_type == EU_EXEC_F ? EU_TYPE_F : EU_TYPE_DF;
   }
   size = eu_type_size(access->type);
   for (unsigned k = 0; k < op->lanes; k++) {
      unsigned offset = (first_channel(op) + k) * size;
      if (offset + size > 2 * EU_REG_BYTES)
         return eu_thread_fault(thread, "%s uses more accumulator channels than there are",
                                eu_opcode_name(op->inst.opcode));
      access->offset[k] = (uint16_t)offset;
   }
   return true;
}

bool
eu_load_acc(struct eu_context *ctx, const struct eu_op *op, union eu_lanes *out)
{
   struct eu_access access;

   if (!implicit_access(ctx->thread, op, &access))
      return false;
   for (unsigned k = 0; k < op->lanes; k++) {
      const uint8_t *p = eu_acc_bytes(ctx->thread) + access.offset[k];
      if (op->exec_type == EU_EXEC_F)
         memcpy(&out->f[k], p, sizeof(float));
      else if (op->exec_type == EU_EXEC_DF)
         memcpy(&out->df[k], p, sizeof(double));
      else if (!eu_acc_read(ctx->thread, &access, k, &out->i[k]))
         return false;
   }
   return true;
}

bool
eu_store_acc(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *values,
             uint32_t mask)
{
   struct eu_access access;

   if (!implicit_access(ctx->thread, op, &access))
      return false;
   for (unsigned k = 0; k < op->lanes; k++) {
      uint8_t *p = eu_acc_bytes(ctx->thread) + access.offset[k];
      if (!(mask >> k & 1))
         continue;
      if (op->exec_type == EU_EXEC_F)
         memcpy(p, &values->f[k], sizeof(float));
      else if (op->exec_type == EU_EXEC_DF)
         memcpy(p, &values->df[k], sizeof(double));
      else if (!eu_acc_write(ctx->thread, &access, k, values->i[k]))
         return false;
   }
   return true;
}
