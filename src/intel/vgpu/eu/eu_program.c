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

static void
mark(bool written[EU_GRF_COUNT], unsigned first, unsigned count)
{
   for (unsigned r = first; r < first + count && r < EU_GRF_COUNT; r++)
      written[r] = true;
}

static void
mark_written(bool written[EU_GRF_COUNT], const struct eu_op *op)
{
   const struct eu_operand *dst = &op->inst.dst;
   const unsigned flags = eu_opcode_info(op->inst.opcode)->flags;

   if (flags & EU_OPF_SEND) {
      /* A response of whatever length: its descriptor can be a register. */
      if (dst->file == EU_FILE_GRF)
         mark(written, dst->nr, op->inst.src[1].file == EU_FILE_IMM
                                   ? op->inst.src[1].imm >> 20 & 0x1f : EU_GRF_COUNT);
      return;
   }
   if (!op->inst.has_dst)
      return;
   if (op->inst.opcode == EU_OP_MATH && op->inst.math == EU_MATH_INT_DIV_BOTH)
      mark(written, dst->nr, 2);
   switch (op->dst.kind) {
   case EU_ACCESS_SCALAR:
   case EU_ACCESS_CONTIG:
   case EU_ACCESS_GRF:
      for (unsigned k = 0; k < op->lanes; k++) {
         const unsigned first = op->dst.offset[k] / EU_REG_BYTES;
         const unsigned last = (op->dst.offset[k] + eu_type_size(op->dst.type) - 1) / EU_REG_BYTES;
         mark(written, first, last - first + 1);
      }
      return;
   default:
      break;
   }
   if (dst->indirect)
      mark(written, 0, EU_GRF_COUNT);
   else if (dst->file == EU_FILE_GRF) /* of a branch, whose operands are not worked out */
      mark(written, dst->nr, 2);
}

static bool
is_plain_operand(const struct eu_operand *o)
{
   return o->file != EU_FILE_ARF || (!o->indirect && (o->nr & 0xf0) == EU_ARF_NULL);
}

/* Whether an instruction changes no architecture register, all of which are as at first then. */
static bool
is_plain(const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;
   const unsigned flags = eu_opcode_info(inst->opcode)->flags;

   if (flags & EU_OPF_SEND)
      return true;
   return !op->reason && !(flags & (EU_OPF_BRANCH | EU_OPF_ACC_SRC | EU_OPF_ACC_DST)) &&
          !inst->acc_wr && inst->cond == EU_COND_NONE && inst->opcode != EU_OP_WAIT &&
          (!inst->has_dst || is_plain_operand(&inst->dst));
}

/* Which registers the program writes, in as many ranges as there is room for. */
static void
find_written(struct eu_program *p)
{
   bool written[EU_GRF_COUNT] = { false };

   p->plain = true;
   for (unsigned i = 0; i < p->num_ops; i++) {
      p->plain = p->plain && is_plain(&p->ops[i]);
      if (!p->ops[i].reason)
         mark_written(written, &p->ops[i]);
   }
   for (unsigned r = 0; r < EU_GRF_COUNT; r++) {
      if (!written[r])
         continue;
      struct eu_reg_range *last = &p->written[p->num_written - (p->num_written > 0)];
      const bool joins = p->num_written && last->first + last->count == r;
      if (joins || p->num_written == EU_MAX_WRITTEN)
         last->count = (uint8_t)(r + 1 - last->first);
      else
         p->written[p->num_written++] = (struct eu_reg_range){ (uint8_t)r, 1 };
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
   find_written(b.program);
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

bool
eu_program_messages(const struct eu_program *program,
                    bool (*visit)(void *data, enum eu_sfid sfid, const uint32_t *desc),
                    void *data)
{
   for (unsigned i = 0; i < program->num_ops; i++) {
      const struct eu_op *op = &program->ops[i];
      const bool known = op->inst.src[1].file == EU_FILE_IMM;
      if (op->reason || !(eu_opcode_info(op->inst.opcode)->flags & EU_OPF_SEND))
         continue;
      if (!visit(data, op->inst.sfid, known ? &op->inst.src[1].imm : NULL))
         return false;
   }
   return true;
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
