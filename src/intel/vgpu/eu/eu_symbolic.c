/*
 * SPDX-License-Identifier: MIT
 *
 * See eu_symbolic.h: from instruction to instruction. Constants are not computed here: the
 * interpreter runs along, and a register that is the same in all threads has the value that it has
 * there.
 */

#include "eu_symbolic_priv.h"

#include <math.h>

/* What is longer is no copy; looking at it would cost more than it could save. */
#define MAX_INSTRUCTIONS 256

static struct eu_value
read_source(const struct eu_symbolic *s, const struct eu_op *op, unsigned i, unsigned lane,
            bool raw_words)
{
   const struct eu_access *a = &op->src[i];
   struct eu_value v = eu_value_unknown;
   unsigned offset;

   switch (a->kind) {
   case EU_ACCESS_NULL:
      return (struct eu_value){ .kind = EU_SYMBOL_CONST, .tag = EU_ALWAYS };
   case EU_ACCESS_IMM:
      v.kind = EU_SYMBOL_CONST;
      v.is_float = eu_type_is_float(a->type);
      if (v.is_float)
         v.f = (double)a->imm.f[lane % 16];
      else
         v.i = a->type == EU_TYPE_UD ? (int64_t)(uint32_t)a->imm.i[lane % 16]
                                     : (int64_t)a->imm.i[lane % 16];
      break;
   case EU_ACCESS_SCALAR:
   case EU_ACCESS_CONTIG:
   case EU_ACCESS_GRF:
      offset = a->offset[lane];
      if (raw_words)
         return offset % 2 ? eu_value_unknown : eu_symbolic_read_word(s, offset, a->type);
      v = eu_symbolic_read(s, offset, a->type);
      break;
   default:
      return eu_value_unknown;
   }
   if (!a->negate && !a->abs)
      return v;
   if (a->abs || v.kind == EU_SYMBOL_OPAQUE)
      return v.kind == EU_SYMBOL_CONST ? v : eu_value_unknown;
   v.a = -v.a, v.b = -v.b, v.c = -v.c, v.i = -v.i, v.f = -v.f;
   return v;
}

/** A moved value that is not looked at, if the move changes no bit. */
static struct eu_value
move_opaque(const struct eu_op *op, const struct eu_value *v)
{
   const enum eu_type from = op->src[0].type, to = op->dst.type;

   if (op->inst.opcode != EU_OP_MOV || op->inst.saturate || op->src[0].negate || op->src[0].abs)
      return eu_value_unknown;
   if (v->word)
      return from == EU_TYPE_UW &&
                   (to == EU_TYPE_UW || to == EU_TYPE_W || to == EU_TYPE_UD || to == EU_TYPE_D)
                ? *v
                : eu_value_unknown;
   return eu_type_size(from) == 4 && eu_type_size(to) == 4 &&
                (from == EU_TYPE_F) == (to == EU_TYPE_F)
             ? *v
             : eu_value_unknown;
}

/** The result in the type of execution, of operands that are functions. */
static struct eu_value
compute(const struct eu_symbolic *s, const struct eu_op *op, struct eu_value v[3], int8_t tag)
{
   const bool is_float = op->exec_type == EU_EXEC_F;
   struct eu_value r = eu_value_unknown;

   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      const bool scalar = v[i].kind == EU_SYMBOL_CONST;
      v[i].tag = tag;
      /* Words among floats, and immediates, are numbers of their own. */
      if (scalar && is_float && !v[i].is_float) {
         v[i].f = (double)v[i].i;
         v[i].is_float = true;
      }
      if (v[i].kind == EU_SYMBOL_INT && is_float)
         v[i].kind = EU_SYMBOL_FLOAT;
      if (!eu_value_as_function(&v[i], is_float) || !eu_value_is_small(&v[i]))
         return eu_value_unknown;
   }
   switch (op->inst.opcode) {
   case EU_OP_MOV:
      r = v[0];
      break;
   case EU_OP_ADD:
      r = eu_value_sum(v[0], &v[1]);
      break;
   case EU_OP_MUL:
      /* Of a second DWord the hardware takes only the lower half. */
      if (is_float || eu_type_size(op->src[1].type) == 2)
         r = eu_value_product(&v[0], &v[1]);
      break;
   case EU_OP_MAD:
      r = eu_value_product(&v[1], &v[2]);
      if (!is_float || r.kind == EU_SYMBOL_UNKNOWN || !eu_value_is_exact_float(&s->range, &r))
         return eu_value_unknown;
      r = eu_value_sum(v[0], &r);
      break;
   case EU_OP_SHL:
      if (is_float || v[1].a || v[1].b || v[1].c < 0 || v[1].c > 31)
         return eu_value_unknown;
      v[1].c = 1ll << v[1].c;
      r = eu_value_product(&v[0], &v[1]);
      break;
   case EU_OP_RNDD:
      r = v[0];
      if (!is_float || !eu_value_round_down(&r))
         return eu_value_unknown;
      break;
   case EU_OP_RNDZ:
      r = v[0];
      if (!is_float || !eu_value_truncate(&s->range, &r))
         return eu_value_unknown;
      break;
   default:
      return eu_value_unknown;
   }
   if (is_float && r.kind == EU_SYMBOL_FLOAT && !eu_value_is_exact_float(&s->range, &r))
      return eu_value_unknown;
   return eu_value_is_small(&r) ? r : eu_value_unknown;
}

/** The result as the destination's type has it. */
static struct eu_value
convert(const struct eu_symbolic *s, const struct eu_op *op, struct eu_value r)
{
   const enum eu_type to = op->dst.type;

   if (op->inst.saturate || r.kind == EU_SYMBOL_UNKNOWN)
      return eu_value_unknown;
   if (to == EU_TYPE_F) {
      r.kind = EU_SYMBOL_FLOAT;
      return eu_value_is_exact_float(&s->range, &r) ? r : eu_value_unknown;
   }
   if (eu_type_size(to) != 4 && eu_type_size(to) != 2)
      return eu_value_unknown;
   if (r.kind == EU_SYMBOL_FLOAT) {
      if (!eu_value_truncate(&s->range, &r))
         return eu_value_unknown;
      r.kind = EU_SYMBOL_INT;
      /* Floats are clamped to what the type has, not wrapped. */
      if (!eu_value_fits(&s->range, &r, to))
         return eu_value_unknown;
   }
   r.half = EU_LOW;
   return r;
}

/** Whether the results of equal operands are equal, whatever else there is. */
static bool
is_function_of_operands(const struct eu_op *op)
{
   switch (op->inst.opcode) {
   case EU_OP_MOV:
   case EU_OP_SEL:
   case EU_OP_NOT:
   case EU_OP_AND:
   case EU_OP_OR:
   case EU_OP_XOR:
   case EU_OP_SHR:
   case EU_OP_SHL:
   case EU_OP_ASR:
   case EU_OP_ADD:
   case EU_OP_MUL:
   case EU_OP_FRC:
   case EU_OP_RNDU:
   case EU_OP_RNDD:
   case EU_OP_RNDE:
   case EU_OP_RNDZ:
   case EU_OP_MAD:
   case EU_OP_LRP:
      return true;
   default:
      return false;
   }
}

static struct eu_value
result_of(const struct eu_symbolic *s, const struct eu_op *op, unsigned lane)
{
   const bool upper = op->inst.opcode == EU_OP_ADD && op->dst.type == EU_TYPE_UW &&
                      op->src[0].type == EU_TYPE_UW && op->src[1].type == EU_TYPE_UW &&
                      !op->inst.saturate && !op->src[0].negate && !op->src[1].negate &&
                      !op->src[0].abs && !op->src[1].abs;
   struct eu_value v[3], r = eu_value_unknown;
   int8_t tag = EU_ALWAYS;
   bool constants = true, all = true;

   if (!op->inst.no_mask)
      tag = (int8_t)(op->inst.group + lane);
   if (upper) {
      v[0] = read_source(s, op, 0, lane, true);
      v[1] = read_source(s, op, 1, lane, true);
      if (eu_value_join_tags(&tag, v[0].tag) && eu_value_join_tags(&tag, v[1].tag) &&
          (eu_value_add_to_upper_half(&v[0], &v[1], &r) ||
           eu_value_add_to_upper_half(&v[1], &v[0], &r))) {
         r.tag = tag;
         return r;
      }
   }
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      v[i] = read_source(s, op, i, lane, false);
      constants = constants && v[i].kind == EU_SYMBOL_CONST;
      all = all && v[i].kind != EU_SYMBOL_UNKNOWN && eu_value_join_tags(&tag, v[i].tag);
   }
   if (!all || op->exec_type == EU_EXEC_DF)
      return eu_value_unknown;
   if (constants)
      r.kind = is_function_of_operands(op) ? EU_SYMBOL_CONST : EU_SYMBOL_UNKNOWN;
   else if (v[0].kind == EU_SYMBOL_OPAQUE)
      r = move_opaque(op, &v[0]);
   else
      r = convert(s, op, compute(s, op, v, tag));
   r.tag = tag;
   return r;
}

/** What an instruction that computes leaves in the registers. */
static bool
step(struct eu_symbolic *s, const struct eu_op *op, struct eu_value results[EU_LANES],
     uint32_t *written)
{
   *written = 0;
   if (op->inst.opcode == EU_OP_NOP || op->dst.kind == EU_ACCESS_NULL)
      return true;
   if (op->dst.kind != EU_ACCESS_SCALAR && op->dst.kind != EU_ACCESS_CONTIG &&
       op->dst.kind != EU_ACCESS_GRF)
      return false;
   for (unsigned lane = 0; lane < op->lanes; lane++) {
      if (!(op->writemask >> lane & 1) ||
          (!op->inst.no_mask && op->inst.group + lane >= s->channels))
         continue;
      results[lane] = result_of(s, op, lane);
      *written |= 1u << lane;
   }
   return true;
}

static bool
send_step(struct eu_symbolic *s, const struct eu_op *op, eu_symbolic_send_fn send, void *opaque)
{
   const struct eu_inst *inst = &op->inst;
   const uint32_t desc = inst->src[1].imm;
   const struct eu_symbolic_message msg = {
      .sfid = inst->sfid,
      .desc = desc,
      .mlen = desc >> 25 & 0xf,
      .rlen = desc >> 20 & 0x1f,
      .header = desc >> 19 & 1,
      .eot = inst->eot,
      .payload_nr = inst->src[0].nr,
      .response_nr = inst->dst.nr,
      .exec_size = inst->exec_size,
      .group = inst->group,
   };

   if (inst->src[1].file != EU_FILE_IMM || inst->no_mask || inst->src[0].file != EU_FILE_GRF ||
       msg.payload_nr + msg.mlen > EU_GRF_COUNT)
      return false;
   if (msg.rlen && (inst->dst.file != EU_FILE_GRF || msg.response_nr + msg.rlen > EU_GRF_COUNT))
      return false;
   memset(s->response, 0, sizeof(s->response));
   if (!send(opaque, s, &msg))
      return false;
   for (unsigned reg = 0; reg < msg.rlen; reg++) {
      for (unsigned dw = 0; dw < EU_REG_BYTES / 4; dw++) {
         struct eu_value v = eu_value_unknown;
         if (s->response[reg][dw].named) {
            v.kind = EU_SYMBOL_OPAQUE;
            v.tag = (int8_t)s->response[reg][dw].channel;
            v.id = s->response[reg][dw].id;
         }
         eu_symbolic_write(s, (msg.response_nr + reg) * EU_REG_BYTES + 4 * dw, 4, &v);
      }
   }
   return true;
}

/** Whether the thread that runs along has got what the function says. */
static bool
agrees(const struct eu_symbolic *s, const struct eu_value *v, unsigned offset, enum eu_type type)
{
   const uint8_t *grf = (const uint8_t *)s->thread.grf + offset;
   uint32_t bits = 0;
   float f;

   if (v->kind != EU_SYMBOL_INT && v->kind != EU_SYMBOL_FLOAT)
      return true;
   if (v->tag == EU_ALWAYS)
      return false;
   const unsigned subspan = v->tag >= EU_SUBSPAN ? v->tag - EU_SUBSPAN : v->tag / 4;
   const int32_t x = eu_symbolic_corner(s, subspan, false);
   const int32_t y = eu_symbolic_corner(s, subspan, true);
   const struct eu_symbolic_range r = eu_value_places(&s->range, v->tag);
   if (x < r.min_x || x > r.max_x || y < r.min_y || y > r.max_y)
      return true; /* the pixel is not drawn there */
   const int64_t value = v->a * x + v->b * y + v->c;
   memcpy(&bits, grf, eu_type_size(type));
   if (v->kind == EU_SYMBOL_INT)
      return bits == (eu_type_size(type) == 4 ? (uint32_t)value
                      : v->half == EU_HIGH    ? (uint32_t)value >> 16
                                              : (uint16_t)value);
   memcpy(&f, grf, sizeof(f));
   return (double)f == ldexp((double)value, -(int)v->shift);
}

static bool
no_message(void *opaque, const struct eu_message *msg)
{
   (void)opaque, (void)msg;
   return true;
}

bool
eu_symbolic_run(struct eu_symbolic *s, const struct eu_program *program, uint32_t cr0,
                eu_symbolic_send_fn send, void *opaque)
{
   struct eu_env env = { 0 };

   for (unsigned i = 0; i < EU_NUM_SFIDS; i++)
      env.send[i] = no_message;
   s->thread.cr0[0] = cr0;
   for (unsigned n = 0; n < MAX_INSTRUCTIONS; n++) {
      const struct eu_op *op = eu_program_op(program, s->thread.ip);
      struct eu_value results[EU_LANES];
      uint32_t written = 0;

      if (!op || op->reason || op->inst.pred || op->is_join)
         return false;
      const unsigned flags = eu_opcode_info(op->inst.opcode)->flags;
      if (flags & EU_OPF_BRANCH || op->inst.opcode == EU_OP_WAIT ||
          op->inst.opcode == EU_OP_ILLEGAL)
         return false;
      if (flags & EU_OPF_SEND ? !send_step(s, op, send, opaque) : !step(s, op, results, &written))
         return false;
      const enum eu_status status = eu_thread_run(&s->thread, program, &env, 1);
      for (unsigned lane = 0; lane < op->lanes; lane++) {
         if (!(written >> lane & 1))
            continue;
         if (!agrees(s, &results[lane], op->dst.offset[lane], op->dst.type))
            return false;
         eu_symbolic_write(s, op->dst.offset[lane], eu_type_size(op->dst.type), &results[lane]);
      }
      if (status == EU_STATUS_EOT)
         return true;
      if (status != EU_STATUS_BUDGET)
         return false;
   }
   return false;
}
