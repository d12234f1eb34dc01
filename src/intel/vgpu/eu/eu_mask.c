/*
 * SPDX-License-Identifier: MIT
 *
 * Which channels an instruction writes: execution mask, predicate, flags.
 *
 * Masks that these functions take and give have bit 0 at the instruction's first lane. A lane
 * is one execution-mask channel, or two of them for double precision in Align16.
 */

#include "eu_priv.h"

uint32_t
eu_exec_mask(const struct eu_thread *thread, const struct eu_op *op)
{
   if (op->inst.no_mask)
      return op->lane_mask;

   bool spf = thread->cr0[0] & EU_CR0_SPF;
   uint32_t mask = spf ? thread->dispatch_mask : thread->channel_enable;
   /* SIMD32 applies the low sixteen channels to both halves. */
   if (op->inst.exec_size == 32)
      mask = (mask & 0xffff) | mask << 16;
   mask >>= op->inst.group;
   return mask & op->lane_mask;
}

/* For each bit whether any (all) of the aligned group of n bits that it is in are set. */
static uint32_t
grouped(uint32_t flags, unsigned n, bool all)
{
   uint32_t out = 0;
   uint32_t ones = n == 32 ? ~0u : (1u << n) - 1;

   for (unsigned i = 0; i < 32; i += n) {
      uint32_t group = flags >> i & ones;
      if (all ? group == ones : group != 0)
         out |= ones << i;
   }
   return out;
}

static uint32_t
replicate_channel(uint32_t flags, unsigned channel)
{
   uint32_t one = flags >> channel & 0x11111111;
   return one * 0xf;
}

uint32_t
eu_pred_mask(const struct eu_thread *thread, const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;
   if (inst->pred == EU_PRED_NONE)
      return op->lane_mask;

   uint32_t flags = thread->flag[inst->flag_nr];
   unsigned first = (inst->flag_subnr * 16u + inst->group) & 31;

   if (inst->align16) {
      switch ((unsigned)inst->pred) {
      case EU_PRED_A16_X:
      case EU_PRED_A16_Y:
      case EU_PRED_A16_Z:
      case EU_PRED_A16_W:
         flags = replicate_channel(flags, (unsigned)inst->pred - EU_PRED_A16_X);
         break;
      case EU_PRED_ANY4H:
      case EU_PRED_ALL4H:
         flags = grouped(flags, 4, inst->pred == EU_PRED_ALL4H);
         break;
      default:
         break;
      }
   } else if (inst->pred == EU_PRED_ANYV || inst->pred == EU_PRED_ALLV) {
      uint32_t low = flags & 0xffff, high = flags >> 16;
      uint32_t both = inst->pred == EU_PRED_ANYV ? (low | high) : (low & high);
      flags = both | both << 16;
   } else if (inst->pred >= EU_PRED_ANY2H) {
      unsigned n = 2u << ((unsigned)(inst->pred - EU_PRED_ANY2H) / 2);
      flags = grouped(flags, n, (inst->pred - EU_PRED_ANY2H) & 1);
   }

   if (first)
      flags = flags >> first | flags << (32 - first);
   if (inst->pred_inverse)
      flags = ~flags;
   return flags & op->lane_mask;
}

void
eu_write_flags(struct eu_thread *thread, const struct eu_op *op, uint32_t flags, uint32_t mask)
{
   const struct eu_inst *inst = &op->inst;
   unsigned first = (inst->flag_subnr * 16u + inst->group) & 31;

   if (first) {
      flags = flags << first | flags >> (32 - first);
      mask = mask << first | mask >> (32 - first);
   }
   uint32_t *reg = &thread->flag[inst->flag_nr];
   *reg = (*reg & ~mask) | (flags & mask);
}
