/*
 * SPDX-License-Identifier: MIT
 *
 * Programs: the instructions that a kernel can reach, in executable form.
 */

#include <errno.h>
#include <stdlib.h>

#include "eu_priv.h"

struct builder {
   struct eu_program *program;
   const uint8_t *code;
   size_t size_bytes;
   uint32_t *pending; /* addresses to decode from */
   unsigned num_pending, max_pending;
   bool computed_jumps; /* some targets are known at run time only */
};

static bool
grow_map(struct eu_program *p, uint32_t ip)
{
   if (ip < p->num_units)
      return true;
   uint32_t units = p->num_units ? p->num_units : 64;
   while (units <= ip)
      units *= 2;
   int32_t *map = realloc(p->map, units * sizeof(*map));
   if (!map)
      return false;
   memset(map + p->num_units, 0xff, (units - p->num_units) * sizeof(*map));
   p->map = map;
   p->num_units = units;
   return true;
}

static struct eu_op *
add_op(struct eu_program *p, uint32_t ip)
{
   if (p->num_ops == p->max_ops) {
      unsigned max = p->max_ops ? p->max_ops * 2 : 32;
      struct eu_op *ops = realloc(p->ops, max * sizeof(*ops));
      if (!ops)
         return NULL;
      p->ops = ops;
      p->max_ops = max;
   }
   if (!grow_map(p, ip))
      return NULL;
   struct eu_op *op = &p->ops[p->num_ops];
   memset(op, 0, sizeof(*op));
   op->ip = ip;
   op->next_op = -1;
   p->map[ip] = (int32_t)p->num_ops++;
   return op;
}

/* Only what lies within the code is worth a visit; the rest faults when a thread gets there. */
static bool
visit(struct builder *b, uint32_t ip)
{
   if ((uint64_t)ip * EU_IP_UNIT_BYTES >= b->size_bytes)
      return true;
   if (ip < b->program->num_units && b->program->map[ip] >= 0)
      return true;
   if (b->num_pending == b->max_pending) {
      unsigned max = b->max_pending ? b->max_pending * 2 : 32;
      uint32_t *pending = realloc(b->pending, max * sizeof(*pending));
      if (!pending)
         return false;
      b->pending = pending;
      b->max_pending = max;
   }
   b->pending[b->num_pending++] = ip;
   return true;
}

static bool
writes_ip(const struct eu_op *op)
{
   return op->inst.has_dst && op->dst.kind == EU_ACCESS_ARF &&
          (op->inst.dst.nr & 0xf0) == EU_ARF_IP;
}

static bool
visit_successors(struct builder *b, const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;
   unsigned flags = eu_opcode_info(inst->opcode)->flags;
   /* The program can move while successors are added. */
   uint32_t ip = op->ip, next = op->next;
   bool falls_through = !inst->eot;

   if (inst->opcode == EU_OP_JMPI) {
      if (inst->src[1].file == EU_FILE_IMM) {
         if (!visit(b, next + (uint32_t)inst->jip))
            return false;
         falls_through = inst->pred != EU_PRED_NONE;
      } else {
         b->computed_jumps = true;
      }
   } else if (inst->opcode == EU_OP_RET || writes_ip(op)) {
      b->computed_jumps = true;
   } else {
      if ((flags & EU_OPF_JIP) && !visit(b, ip + (uint32_t)inst->jip))
         return false;
      if ((flags & EU_OPF_UIP) && !visit(b, ip + (uint32_t)inst->uip))
         return false;
   }
   return !falls_through || visit(b, next);
}

static int
decode_from(struct builder *b, uint32_t ip)
{
   char reason[EU_REASON_BYTES] = "";
   uint32_t offset = ip * EU_IP_UNIT_BYTES;
   struct eu_op *op = add_op(b->program, ip);
   if (!op)
      return -ENOMEM;

   unsigned size = eu_decode(b->code + offset, b->size_bytes - offset, &op->inst, reason);
   op->next = ip + (size ? size : EU_IP_UNIT_BYTES) / EU_IP_UNIT_BYTES;
   if (op->next > b->program->extent)
      b->program->extent = op->next;
   if (size == 0 || !eu_resolve(op, reason)) {
      op->reason = strdup(reason);
      return op->reason ? 0 : -ENOMEM;
   }
   return visit_successors(b, op) ? 0 : -ENOMEM;
}

static int
decode_pending(struct builder *b)
{
   while (b->num_pending) {
      uint32_t ip = b->pending[--b->num_pending];
      if (ip < b->program->num_units && b->program->map[ip] >= 0)
         continue;
      int ret = decode_from(b, ip);
      if (ret)
         return ret;
   }
   return 0;
}

/* With computed jumps every place between what is known can be a target. */
static int
decode_gaps(struct builder *b)
{
   struct eu_program *p = b->program;
   for (uint32_t ip = 0; ip < p->extent; ip++) {
      if (ip < p->num_units && p->map[ip] >= 0)
         continue;
      /* Not into the middle of an instruction. */
      const struct eu_op *before = ip > 0 ? eu_program_op(p, ip - 1) : NULL;
      if (before && before->next > ip)
         continue;
      if (!visit(b, ip))
         return -ENOMEM;
      int ret = decode_pending(b);
      if (ret)
         return ret;
   }
   return 0;
}

static void
mark_join(struct eu_program *p, uint32_t ip)
{
   if (ip < p->num_units && p->map[ip] >= 0)
      p->ops[p->map[ip]].is_join = true;
}

static void
link_ops(struct builder *b)
{
   struct eu_program *p = b->program;

   for (unsigned i = 0; i < p->num_ops; i++) {
      struct eu_op *op = &p->ops[i];
      if (op->next < p->num_units)
         op->next_op = p->map[op->next];
      if (b->computed_jumps)
         op->is_join = true;
      if (op->reason)
         continue;
      unsigned flags = eu_opcode_info(op->inst.opcode)->flags;
      if (!(flags & EU_OPF_BRANCH))
         continue;
      mark_join(p, op->next);
      if (flags & EU_OPF_JIP)
         mark_join(p, op->ip + (uint32_t)op->inst.jip);
      if (flags & EU_OPF_UIP)
         mark_join(p, op->ip + (uint32_t)op->inst.uip);
   }
}

int
eu_program_create(const void *code, size_t size_bytes, uint32_t base_ip, struct eu_program **out)
{
   struct builder b = {.code = code};
   int ret;

   *out = NULL;
   if (size_bytes == 0 || base_ip % EU_IP_UNIT_BYTES)
      return -EINVAL;
   b.size_bytes = size_bytes < EU_MAX_PROGRAM_BYTES ? size_bytes : EU_MAX_PROGRAM_BYTES;
   b.program = calloc(1, sizeof(*b.program));
   if (!b.program)
      return -ENOMEM;
   b.program->base_ip = base_ip;

   ret = visit(&b, 0) ? decode_pending(&b) : -ENOMEM;
   if (ret == 0 && b.computed_jumps)
      ret = decode_gaps(&b);
   free(b.pending);
   if (ret) {
      eu_program_destroy(b.program);
      return ret;
   }
   link_ops(&b);
   *out = b.program;
   return 0;
}

void
eu_program_destroy(struct eu_program *program)
{
   if (!program)
      return;
   for (unsigned i = 0; i < program->num_ops; i++)
      free(program->ops[i].reason);
   free(program->ops);
   free(program->map);
   free(program);
}

uint32_t
eu_program_extent(const struct eu_program *program)
{
   return program->extent * EU_IP_UNIT_BYTES;
}

unsigned
eu_program_num_insts(const struct eu_program *program)
{
   return program->num_ops;
}

const struct eu_inst *
eu_program_inst(const struct eu_program *program, unsigned n, uint32_t *offset_bytes,
                const char **reason)
{
   for (uint32_t ip = 0; ip < program->num_units; ip++) {
      if (program->map[ip] < 0 || n-- > 0)
         continue;
      const struct eu_op *op = &program->ops[program->map[ip]];
      if (offset_bytes)
         *offset_bytes = ip * EU_IP_UNIT_BYTES;
      if (reason)
         *reason = op->reason;
      return &op->inst;
   }
   return NULL;
}
