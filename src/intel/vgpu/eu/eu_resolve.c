/*
 * SPDX-License-Identifier: MIT
 *
 * From a decoded instruction to its executable form: execution type, where each channel's
 * element of each operand is, and the function that executes it.
 */

#include <stdarg.h>
#include <stdio.h>

#include "eu_priv.h"

static bool __attribute__((format(printf, 2, 3)))
refuse(char *reason, const char *format, ...)
{
   va_list args;
   va_start(args, format);
   vsnprintf(reason, EU_REASON_BYTES, format, args);
   va_end(args);
   return false;
}

float
eu_vf_to_float(uint8_t vf)
{
   /* No infinities or denormals: all zeros but the sign is zero, the bias is 3. */
   uint32_t bits = (uint32_t)(vf & 0x80) << 24;
   float f;
   if (vf & 0x7f)
      bits |= ((vf >> 4 & 7) + 124u) << 23 | (uint32_t)(vf & 0xf) << 19;
   memcpy(&f, &bits, sizeof(f));
   return f;
}

static bool
is_null(const struct eu_operand *o)
{
   return o->file == EU_FILE_ARF && !o->indirect && (o->nr & 0xf0) == EU_ARF_NULL;
}

/* Bytes that an architecture register has from its start. */
static unsigned
arf_bytes(uint8_t nr)
{
   switch (nr & 0xf0) {
   case EU_ARF_ACCUMULATOR:
      return (2 - (nr & 1u)) * EU_REG_BYTES;
   case EU_ARF_FLAG:
      return (2 - (nr & 1u)) * 4;
   case EU_ARF_MASK:
   case EU_ARF_IP:
      return 4;
   default:
      return 16;
   }
}

static bool
choose_exec_type(struct eu_op *op, char *reason)
{
   const struct eu_inst *inst = &op->inst;
   bool any_df = inst->has_dst && inst->dst.type == EU_TYPE_DF;
   bool any_f = false, any_dword = false;

   for (unsigned i = 0; i < inst->num_srcs; i++) {
      const struct eu_operand *o = &inst->src[i];
      if (is_null(o) && i > 0)
         continue;
      any_df |= o->type == EU_TYPE_DF;
      any_f |= o->type == EU_TYPE_F || o->type == EU_TYPE_VF;
      any_dword |= o->type == EU_TYPE_D || o->type == EU_TYPE_UD;
   }
   op->exec_type = any_df ? EU_EXEC_DF : any_f ? EU_EXEC_F : EU_EXEC_INT;
   if (any_f && any_dword && !any_df)
      return refuse(reason, "%s mixes float and DWord sources", eu_opcode_name(inst->opcode));

   op->lanes = inst->exec_size;
   op->stride = 1;
   if (op->exec_type == EU_EXEC_DF) {
      /*
       * Ivybridge counts double precision in pairs of floats: execution size and regions are
       * twice what the elements are, and swizzles choose floats. But each element takes one
       * channel of the execution mask and, in Align16, one of the write mask.
       */
      if (inst->exec_size < 2)
         return refuse(reason, "double precision with execution size 1");
      op->lanes = inst->exec_size / 2;
      op->stride = 2;
   }
   op->lane_mask = op->lanes == 32 ? ~0u : (1u << op->lanes) - 1;
   return true;
}

static void
resolve_immediate(const struct eu_operand *o, struct eu_access *a)
{
   a->kind = EU_ACCESS_IMM;
   for (unsigned i = 0; i < 16; i++) {
      switch (o->type) {
      case EU_TYPE_UW:
         a->imm.i[i] = (uint16_t)o->imm;
         break;
      case EU_TYPE_W:
         a->imm.i[i] = (int16_t)o->imm;
         break;
      case EU_TYPE_UV:
         a->imm.i[i] = o->imm >> (4 * (i % 8)) & 0xf;
         break;
      case EU_TYPE_V:
         a->imm.i[i] = ((int32_t)(o->imm >> (4 * (i % 8)) & 0xf) ^ 8) - 8;
         break;
      case EU_TYPE_VF:
         a->imm.f[i] = eu_vf_to_float((uint8_t)(o->imm >> (8 * (i % 4))));
         break;
      default: /* UD, D, F: the bits */
         a->imm.i[i] = (int32_t)o->imm;
         break;
      }
   }
}

static void
classify_grf(struct eu_access *a, unsigned lanes, unsigned size)
{
   bool contiguous = true, scalar = true;
   for (unsigned k = 1; k < lanes; k++) {
      contiguous &= a->offset[k] == a->offset[0] + k * size;
      scalar &= a->offset[k] == a->offset[0];
   }
   a->kind = scalar && lanes > 1 ? EU_ACCESS_SCALAR : contiguous ? EU_ACCESS_CONTIG : EU_ACCESS_GRF;
}

/* Offsets are worked out from the register's start, or the address for indirect operands. */
static bool
resolve_operand(struct eu_op *op, const struct eu_operand *o, struct eu_access *a, bool is_dst,
                const char *what, char *reason)
{
   const struct eu_inst *inst = &op->inst;
   unsigned size = eu_type_size(o->type);
   /* In regions, double precision counts in floats. */
   unsigned unit = o->type == EU_TYPE_DF ? 4 : size;

   a->type = o->type;
   a->negate = o->negate;
   a->abs = o->abs;
   if (o->file == EU_FILE_IMM) {
      resolve_immediate(o, a);
      return true;
   }
   if (is_null(o)) {
      a->kind = EU_ACCESS_NULL;
      return true;
   }

   unsigned base = o->indirect ? 0 : o->subnr;
   unsigned limit = EU_GRF_BYTES;
   if (!o->indirect && o->file == EU_FILE_GRF)
      base += o->nr * EU_REG_BYTES;
   else if (o->file == EU_FILE_ARF)
      limit = arf_bytes(o->nr);

   for (unsigned k = 0; k < op->lanes; k++) {
      unsigned pos = k * op->stride;
      unsigned offset;
      if (is_dst) {
         offset = pos * o->hstride * unit;
      } else if (o->rep_ctrl) {
         offset = 0;
      } else if (inst->align16) {
         unsigned channel = o->swizzle >> (2 * (pos % 4)) & 3;
         offset = pos / 4 * o->vstride * unit + channel * unit;
      } else {
         unsigned row = pos / o->width, column = pos % o->width;
         unsigned vstride = o->vstride == EU_VSTRIDE_VXH ? 0 : o->vstride;
         offset = row * vstride * unit + column * o->hstride * unit;
         if (o->vstride == EU_VSTRIDE_VXH && o->addr_subnr + row > 7)
            return refuse(reason, "%s of %s needs more address registers than a0 has", what,
                          eu_opcode_name(inst->opcode));
      }
      offset += base;
      if (offset + size > limit)
         return refuse(reason, "the region of %s of %s is past the end of %s", what,
                       eu_opcode_name(inst->opcode),
                       o->file == EU_FILE_ARF ? "its register" : "the register file");
      a->offset[k] = (uint16_t)offset;
   }
   if (o->indirect) {
      if (o->type == EU_TYPE_DF)
         return refuse(reason, "indirect addressing of double precision is not modelled");
      a->kind = EU_ACCESS_INDIRECT;
   } else if (o->file == EU_FILE_GRF) {
      classify_grf(a, op->lanes, size);
   } else if ((o->nr & 0xf0) == EU_ARF_ACCUMULATOR) {
      a->kind = EU_ACCESS_ACC;
      for (unsigned k = 0; k < op->lanes; k++)
         a->offset[k] = (uint16_t)(a->offset[k] + (o->nr & 1) * EU_REG_BYTES);
   } else {
      a->kind = EU_ACCESS_ARF;
   }
   return true;
}

static bool
check_dst_arf(const struct eu_op *op, char *reason)
{
   const struct eu_operand *o = &op->inst.dst;
   if (!op->inst.has_dst || o->file != EU_FILE_ARF || o->indirect)
      return true;
   switch (o->nr & 0xf0) {
   case EU_ARF_MASK:
   case EU_ARF_STATE:
   case EU_ARF_TIMESTAMP:
      return refuse(reason, "%s writes architecture register 0x%02x, which is read-only",
                    eu_opcode_name(op->inst.opcode), o->nr);
   default:
      return true;
   }
}

static eu_exec_fn
fast_select(const struct eu_op *op)
{
#if defined(__x86_64__)
   if (__builtin_cpu_supports("avx2"))
      return eu_fast_select_avx2(op);
#endif
   return eu_fast_select(op);
}

bool
eu_resolve(struct eu_op *op, char *reason)
{
   static const char *const sources[3] = {"source 0", "source 1", "source 2"};
   struct eu_inst *inst = &op->inst;
   const struct eu_opcode_info *info = eu_opcode_info(inst->opcode);

   if (inst->breakpoint)
      return refuse(reason, "%s with a breakpoint is not modelled", info->name);
   if (inst->opcode == EU_OP_NOP || inst->opcode == EU_OP_ILLEGAL) {
      op->lanes = inst->exec_size;
      op->exec = eu_flow_select(op);
      return true;
   }
   if ((info->flags & EU_OPF_BRANCH) || (info->flags & EU_OPF_SEND) ||
       inst->opcode == EU_OP_WAIT) {
      op->lanes = inst->exec_size;
      op->stride = 1;
      op->lane_mask = op->lanes == 32 ? ~0u : (1u << op->lanes) - 1;
      if (inst->opcode == EU_OP_WAIT &&
          (inst->src[0].file != EU_FILE_ARF || inst->src[0].indirect ||
           (inst->src[0].nr & 0xf0) != EU_ARF_NOTIFICATION))
         return refuse(reason, "wait for something else than a notification register");
      op->exec = (info->flags & EU_OPF_SEND) ? eu_send_select(op) : eu_flow_select(op);
      if (inst->cond && (info->flags & EU_OPF_BRANCH))
         return refuse(reason, "%s with an embedded comparison does not exist on Gen7",
                       info->name);
      return true;
   }

   if (!choose_exec_type(op, reason))
      return false;
   for (unsigned i = 0; i < inst->num_srcs; i++) {
      if (!resolve_operand(op, &inst->src[i], &op->src[i], false, sources[i], reason))
         return false;
   }
   if (!resolve_operand(op, &inst->dst, &op->dst, true, "destination", reason))
      return false;
   if (!check_dst_arf(op, reason))
      return false;
   op->writemask = op->lane_mask;
   if (inst->align16) {
      const unsigned mask = inst->dst.writemask;
      if (op->exec_type == EU_EXEC_DF && inst->has_dst && !is_null(&inst->dst) &&
          (mask == 0x3 || mask == 0xc)) /* these count in floats, it is said */
         return refuse(reason, "double precision with the write mask of a pair is not modelled");
      op->writemask = 0;
      for (unsigned k = 0; k < op->lanes; k++) {
         if (mask >> k % 4 & 1)
            op->writemask |= 1u << k;
      }
   }

   op->exec = fast_select(op);
   if (!op->exec)
      op->exec = inst->opcode == EU_OP_MATH ? eu_math_select(op) : eu_alu_select(op);
   if (!op->exec)
      op->exec = eu_int_select(op);
   if (!op->exec) {
      static const char *const exec_names[] = {"integer", "float", "double precision"};
      return refuse(reason, "%s on %s operands is not modelled", info->name,
                    exec_names[op->exec_type]);
   }
   return true;
}
