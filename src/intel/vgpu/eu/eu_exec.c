/*
 * SPDX-License-Identifier: MIT
 *
 * Threads: their state and the interpreter's loop.
 */

#include <stdarg.h>
#include <stdio.h>

#include "eu_priv.h"

void
eu_thread_init(struct eu_thread *thread, uint32_t dispatch_mask)
{
   memset(thread, 0, sizeof(*thread));
   thread->dispatch_mask = dispatch_mask;
   thread->channel_enable = dispatch_mask;
   thread->sr0[2] = dispatch_mask;
}

void
eu_thread_restart(struct eu_thread *thread, const struct eu_program *program, unsigned payload,
                  uint32_t dispatch_mask)
{
   for (unsigned i = 0; i < program->num_written; i++)
      memset(thread->grf[program->written[i].first], 0,
             program->written[i].count * (size_t)EU_REG_BYTES);
   memset(thread->grf, 0, payload * (size_t)EU_REG_BYTES);
   if (!program->plain)
      memset(thread->acc, 0, offsetof(struct eu_thread, fault) - offsetof(struct eu_thread, acc));
   memset(thread->cr0, 0, sizeof(thread->cr0)); /* the embedder's, too */
   thread->instructions = 0;
   thread->ip = 0;
   thread->fault.ip = 0;
   thread->fault.text[0] = '\0';
   thread->dispatch_mask = dispatch_mask;
   thread->channel_enable = dispatch_mask;
   thread->sr0[2] = dispatch_mask;
}

bool
eu_thread_fault(struct eu_thread *thread, const char *format, ...)
{
   va_list args;

   if (thread->fault.text[0])
      return false;
   va_start(args, format);
   vsnprintf(thread->fault.text, sizeof(thread->fault.text), format, args);
   va_end(args);
   return false;
}

static enum eu_status
run(struct eu_context *ctx, uint64_t budget)
{
   struct eu_thread *t = ctx->thread;
   const struct eu_program *program = ctx->program;
   const struct eu_op *op = eu_program_op(program, t->ip);

   for (;;) {
      if (!op) {
         eu_thread_fault(t, "the thread runs to where there is no instruction");
         return EU_STATUS_FAULT;
      }
      if (op->reason) {
         eu_thread_fault(t, "invalid instruction: %s", op->reason);
         return EU_STATUS_FAULT;
      }
      if (budget-- == 0)
         return EU_STATUS_BUDGET;
      if (op->is_join && t->waiting)
         eu_flow_wake(t, op->ip);
      t->instructions++;

      switch (op->exec(ctx, op)) {
      case EU_STEP_NEXT:
         t->ip = op->next;
         op = op->next_op >= 0 ? &program->ops[op->next_op] : NULL;
         break;
      case EU_STEP_JUMP:
         op = eu_program_op(program, t->ip);
         break;
      case EU_STEP_EOT:
         return EU_STATUS_EOT;
      case EU_STEP_WAIT:
         t->instructions--;
         return EU_STATUS_WAIT;
      case EU_STEP_FAULT:
         return EU_STATUS_FAULT;
      }
   }
}

enum eu_status
eu_thread_run(struct eu_thread *thread, const struct eu_program *program,
              const struct eu_env *env, uint64_t budget)
{
   struct eu_context ctx = {.thread = thread, .program = program, .env = env};

   ctx.host_fp = eu_fp_enter(thread);
   enum eu_status status = run(&ctx, budget);
   eu_fp_leave(ctx.host_fp);
   if (status == EU_STATUS_FAULT)
      thread->fault.ip = program->base_ip + thread->ip * EU_IP_UNIT_BYTES;
   return status;
}
