/*
 * SPDX-License-Identifier: MIT
 *
 * Control flow. Every dispatched channel has an IP of its own. The thread executes at one IP:
 * channels whose IP that is are enabled, the others wait until the thread comes by. Branches
 * move channels; where no enabled channel is left, JIP leads the thread to the next place where
 * some may be waiting.
 */

#include "eu_priv.h"

void
eu_flow_wake(struct eu_thread *thread, uint32_t ip)
{
   uint32_t waiting = thread->waiting;

   while (waiting) {
      unsigned channel = (unsigned)__builtin_ctz(waiting);
      waiting &= waiting - 1;
      if (thread->channel_ip[channel] == ip) {
         thread->waiting &= ~(1u << channel);
         thread->channel_enable |= 1u << channel;
      }
   }
}

static bool
is_awaited(const struct eu_thread *thread, uint32_t ip)
{
   uint32_t waiting = thread->waiting;

   while (waiting) {
      unsigned channel = (unsigned)__builtin_ctz(waiting);
      waiting &= waiting - 1;
      if (thread->channel_ip[channel] == ip)
         return true;
   }
   return false;
}

/* Sends channels elsewhere. */
static void
send_away(struct eu_thread *thread, uint32_t channels, uint32_t ip)
{
   thread->channel_enable &= ~channels;
   thread->waiting |= channels;
   while (channels) {
      unsigned channel = (unsigned)__builtin_ctz(channels);
      channels &= channels - 1;
      thread->channel_ip[channel] = ip;
   }
}

static enum eu_step
jump(struct eu_thread *thread, uint32_t ip)
{
   thread->ip = ip;
   return EU_STEP_JUMP;
}

/* On with the next instruction if anybody is there, else to where JIP leads. */
static enum eu_step
next_or_jump(struct eu_thread *thread, const struct eu_op *op, uint32_t ip)
{
   if (thread->channel_enable || is_awaited(thread, op->next))
      return EU_STEP_NEXT;
   return jump(thread, ip);
}

/* The enabled channels of the instruction for which the predicate holds. */
static uint32_t
taken(const struct eu_thread *thread, const struct eu_op *op)
{
   return (eu_exec_mask(thread, op) & eu_pred_mask(thread, op)) << op->inst.group &
          thread->channel_enable;
}

static uint32_t
not_taken(const struct eu_thread *thread, const struct eu_op *op)
{
   return (eu_exec_mask(thread, op) & ~eu_pred_mask(thread, op)) << op->inst.group &
          thread->channel_enable;
}

static bool
spf(const struct eu_thread *thread)
{
   return thread->cr0[0] & EU_CR0_SPF;
}

/* In single program flow the thread branches as a whole. */
static bool
spf_taken(const struct eu_thread *thread, const struct eu_op *op)
{
   return eu_exec_mask(thread, op) & eu_pred_mask(thread, op);
}

static uint32_t
jip(const struct eu_op *op)
{
   return op->ip + (uint32_t)op->inst.jip;
}

static uint32_t
uip(const struct eu_op *op)
{
   return op->ip + (uint32_t)op->inst.uip;
}

static enum eu_step
exec_if(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;

   if (spf(t))
      return spf_taken(t, op) ? EU_STEP_NEXT : jump(t, jip(op));
   send_away(t, not_taken(t, op), jip(op));
   return next_or_jump(t, op, jip(op));
}

static enum eu_step
exec_else(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;

   if (spf(t))
      return jump(t, jip(op));
   send_away(t, taken(t, op), jip(op));
   return next_or_jump(t, op, jip(op));
}

static enum eu_step
exec_endif(struct eu_context *ctx, const struct eu_op *op)
{
   if (spf(ctx->thread))
      return EU_STEP_NEXT;
   return next_or_jump(ctx->thread, op, jip(op));
}

static enum eu_step
exec_while(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;

   if (spf(t))
      return spf_taken(t, op) ? jump(t, jip(op)) : EU_STEP_NEXT;
   uint32_t again = taken(t, op);
   if (!again)
      return EU_STEP_NEXT;
   send_away(t, t->channel_enable & ~again, op->next);
   return jump(t, jip(op));
}

/*
 * UIP of break leads to the while of the loop. A channel that waited there would take part in
 * it, as one that came by cont does; so it waits behind.
 */
static uint32_t
break_target(const struct eu_program *program, const struct eu_op *op)
{
   const struct eu_op *end = eu_program_op(program, uip(op));
   return end && !end->reason && end->inst.opcode == EU_OP_WHILE ? end->next : uip(op);
}

static enum eu_step
leave_block(struct eu_context *ctx, const struct eu_op *op, uint32_t target)
{
   struct eu_thread *t = ctx->thread;

   if (spf(t))
      return spf_taken(t, op) ? jump(t, target) : EU_STEP_NEXT;
   send_away(t, taken(t, op), target);
   return next_or_jump(t, op, jip(op));
}

static enum eu_step
exec_break(struct eu_context *ctx, const struct eu_op *op)
{
   return leave_block(ctx, op, break_target(ctx->program, op));
}

/* cont, halt, brc. */
static enum eu_step
exec_to_uip(struct eu_context *ctx, const struct eu_op *op)
{
   return leave_block(ctx, op, uip(op));
}

static enum eu_step
exec_brd(struct eu_context *ctx, const struct eu_op *op)
{
   return leave_block(ctx, op, jip(op));
}

/* The offset counts from the instruction behind; the first channel's predicate decides. */
static enum eu_step
exec_jmpi(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;
   const struct eu_operand *o = &op->inst.src[1];
   int32_t offset = op->inst.jip;

   if (!(eu_pred_mask(t, op) & 1))
      return EU_STEP_NEXT;
   if (o->file != EU_FILE_IMM) {
      unsigned size = eu_type_size(o->type);
      uint32_t bits = 0;
      if (o->file != EU_FILE_GRF || o->indirect || (o->type != EU_TYPE_D && o->type != EU_TYPE_W) ||
          o->negate || o->abs || o->subnr + size > EU_REG_BYTES) {
         eu_thread_fault(t, "jmpi with this kind of register operand is not modelled");
         return EU_STEP_FAULT;
      }
      memcpy(&bits, &t->grf[o->nr][o->subnr], size);
      offset = size == 2 ? (int16_t)bits : (int32_t)bits;
   }
   return jump(t, op->next + (uint32_t)offset);
}

/* call: return address and the channels that go to the two DWords of the destination. */
static enum eu_step
exec_call(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;
   const struct eu_operand *o = &op->inst.dst;
   uint32_t go = spf(t) ? (spf_taken(t, op) ? t->channel_enable : 0) : taken(t, op);

   if (!go)
      return EU_STEP_NEXT;
   uint32_t link[2] = {ctx->program->base_ip + op->next * EU_IP_UNIT_BYTES, go};
   memcpy(&t->grf[o->nr][o->subnr], link, sizeof(link));
   send_away(t, t->channel_enable & ~go, op->next);
   return jump(t, jip(op));
}

static enum eu_step
exec_ret(struct eu_context *ctx, const struct eu_op *op)
{
   struct eu_thread *t = ctx->thread;
   const struct eu_operand *o = &op->inst.src[0];
   uint32_t address;

   memcpy(&address, &t->grf[o->nr][o->subnr], sizeof(address));
   address -= ctx->program->base_ip;
   if (address % EU_IP_UNIT_BYTES) {
      eu_thread_fault(t, "ret to 0x%08x, which is misaligned", address + ctx->program->base_ip);
      return EU_STEP_FAULT;
   }
   address /= EU_IP_UNIT_BYTES;
   if (spf(t))
      return spf_taken(t, op) ? jump(t, address) : EU_STEP_NEXT;
   send_away(t, taken(t, op), address);
   return next_or_jump(t, op, address);
}

/* wait: for a notification, which it takes. */
static enum eu_step
exec_wait(struct eu_context *ctx, const struct eu_op *op)
{
   uint32_t *count = &ctx->thread->n0[op->inst.src[0].subnr / 4 & 3];

   if (*count == 0)
      return EU_STEP_WAIT;
   --*count;
   return EU_STEP_NEXT;
}

static enum eu_step
exec_nop(struct eu_context *ctx, const struct eu_op *op)
{
   (void)ctx, (void)op;
   return EU_STEP_NEXT;
}

static enum eu_step
exec_illegal(struct eu_context *ctx, const struct eu_op *op)
{
   (void)op;
   eu_thread_fault(ctx->thread, "illegal instruction");
   return EU_STEP_FAULT;
}

static enum eu_step
exec_bad_link(struct eu_context *ctx, const struct eu_op *op)
{
   eu_thread_fault(ctx->thread, "%s without two DWords of one GRF for the return address",
                   eu_opcode_name(op->inst.opcode));
   return EU_STEP_FAULT;
}

static bool
is_link(const struct eu_operand *o)
{
   return o->file == EU_FILE_GRF && !o->indirect && o->subnr % 8 == 0 &&
          o->subnr + 8u <= EU_REG_BYTES;
}

eu_exec_fn
eu_flow_select(const struct eu_op *op)
{
   switch (op->inst.opcode) {
   case EU_OP_IF:
      return exec_if;
   case EU_OP_ELSE:
      return exec_else;
   case EU_OP_ENDIF:
      return exec_endif;
   case EU_OP_WHILE:
      return exec_while;
   case EU_OP_BREAK:
      return exec_break;
   case EU_OP_CONT:
   case EU_OP_HALT:
   case EU_OP_BRC:
      return exec_to_uip;
   case EU_OP_BRD:
      return exec_brd;
   case EU_OP_JMPI:
      return exec_jmpi;
   case EU_OP_CALL:
      return is_link(&op->inst.dst) ? exec_call : exec_bad_link;
   case EU_OP_RET:
      return is_link(&op->inst.src[0]) ? exec_ret : exec_bad_link;
   case EU_OP_WAIT:
      return exec_wait;
   case EU_OP_NOP:
      return exec_nop;
   default:
      return exec_illegal;
   }
}
