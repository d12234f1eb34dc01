/*
 * SPDX-License-Identifier: MIT
 *
 * send and sendc: a message goes to the embedder's callback for its shared function.
 */

#include "eu_priv.h"

const char *
eu_sfid_name(enum eu_sfid sfid)
{
   static const char *const names[EU_NUM_SFIDS] = {
      [EU_SFID_NULL] = "null",
      [EU_SFID_SAMPLER] = "sampler",
      [EU_SFID_GATEWAY] = "message gateway",
      [EU_SFID_DP_SAMPLER_CACHE] = "data port sampler cache",
      [EU_SFID_DP_RENDER_CACHE] = "data port render cache",
      [EU_SFID_URB] = "URB",
      [EU_SFID_THREAD_SPAWNER] = "thread spawner",
      [EU_SFID_VME] = "video motion estimation",
      [EU_SFID_DP_CONSTANT_CACHE] = "data port constant cache",
      [EU_SFID_DP_DATA_CACHE] = "data port data cache",
      [EU_SFID_PIXEL_INTERPOLATOR] = "pixel interpolator",
   };
   return (unsigned)sfid < EU_NUM_SFIDS && names[sfid] ? names[sfid] : "reserved";
}

static uint32_t
descriptor(const struct eu_thread *thread, const struct eu_inst *inst)
{
   const struct eu_operand *o = &inst->src[1];
   unsigned word = o->subnr / 2 & 7;

   if (o->file == EU_FILE_IMM)
      return o->imm;
   return thread->a0[word] | (uint32_t)thread->a0[(word + 1) & 7] << 16;
}

static enum eu_step
exec_send(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;
   const struct eu_inst *inst = &op->inst;
   const char *name = eu_opcode_name(inst->opcode);
   uint32_t desc = descriptor(t, inst);
   unsigned mlen = desc >> 25 & 0xf, rlen = desc >> 20 & 0x1f;
   unsigned src = inst->src[0].nr, dst = inst->dst.nr;
   bool null_dst = inst->dst.file == EU_FILE_ARF;
   uint8_t payload[16][EU_REG_BYTES] __attribute__((aligned(32)));

   if (src + mlen > EU_GRF_COUNT) {
      eu_thread_fault(t, "%s: the payload g%u to g%u is past the register file", name, src,
                      src + mlen - 1);
      return EU_STEP_FAULT;
   }
   if (!null_dst && dst + rlen > EU_GRF_COUNT) {
      eu_thread_fault(t, "%s: the response g%u to g%u is past the register file", name, dst,
                      dst + rlen - 1);
      return EU_STEP_FAULT;
   }
   if (null_dst && rlen) {
      eu_thread_fault(t, "%s: a response of %u registers goes to null", name, rlen);
      return EU_STEP_FAULT;
   }

   uint32_t mask = eu_exec_mask(t, op) & eu_pred_mask(t, op);
   uint32_t dispatch = t->dispatch_mask >> inst->group & op->lane_mask;
   struct eu_message msg = {
      .sfid = inst->sfid,
      .desc = desc,
      .mlen = (uint8_t)mlen,
      .rlen = (uint8_t)rlen,
      .header = desc >> 19 & 1,
      .eot = inst->eot,
      .function_control = desc & 0x7ffff,
      .payload = (const uint8_t(*)[EU_REG_BYTES])t->grf[src],
      .response = rlen ? (uint8_t(*)[EU_REG_BYTES])t->grf[dst] : NULL,
      .payload_nr = (uint8_t)src,
      .response_nr = (uint8_t)(null_dst ? 0 : dst),
      .exec_size = inst->exec_size,
      .group = inst->group,
      .exec_mask = mask,
      .dispatch_mask = dispatch,
      .thread = t,
   };
   if (mlen == 0)
      msg.payload = NULL;
   if (rlen && src < dst + rlen && dst < src + mlen) {
      memcpy(payload, t->grf[src], mlen * EU_REG_BYTES);
      msg.payload = (const uint8_t(*)[EU_REG_BYTES])payload;
   }

   eu_send_fn fn = ctx->env->send[inst->sfid & (EU_NUM_SFIDS - 1)];
   if (!fn) {
      eu_thread_fault(t, "%s: nothing takes messages to the %s (SFID %u, descriptor 0x%08x)", name,
                      eu_sfid_name(inst->sfid), inst->sfid, desc);
      return EU_STEP_FAULT;
   }
   const bool floats = !(ctx->env->no_float >> (inst->sfid & (EU_NUM_SFIDS - 1)) & 1);
   if (floats)
      eu_fp_leave(ctx->host_fp);
   bool ok = fn(ctx->env->opaque, &msg);
   if (floats && !inst->eot) /* else there is nothing more to compute */
      eu_fp_enter(t);
   if (!ok) {
      eu_thread_fault(t, "%s: the %s refused descriptor 0x%08x", name, eu_sfid_name(inst->sfid),
                      desc);
      return EU_STEP_FAULT;
   }
   return inst->eot ? EU_STEP_EOT : EU_STEP_NEXT;
}

eu_exec_fn
eu_send_select(const struct eu_op *op)
{
   (void)op;
   return exec_send;
}
