/*
 * SPDX-License-Identifier: MIT
 *
 * From bits to struct eu_inst. Whatever the bits are, the outcome is an instruction that the
 * rest of the library can rely on, or a reason why they are none.
 */

#include <stdarg.h>
#include <stdio.h>

#include "eu_bits.h"
#include "eu_priv.h"

struct decoder {
   const uint64_t *n; /* the native form */
   struct eu_inst *inst;
   char *reason;
   bool lenient; /* operand fields mean something else: keep what they say, do not judge it */
   bool failed;
};

/* The first complaint counts. */
static void __attribute__((format(printf, 2, 3)))
fail(struct decoder *d, const char *format, ...)
{
   if (d->failed)
      return;
   d->failed = true;
   if (d->reason) {
      va_list args;
      va_start(args, format);
      vsnprintf(d->reason, EU_REASON_BYTES, format, args);
      va_end(args);
   }
}

static enum eu_type
register_type(unsigned encoded)
{
   static const enum eu_type types[8] = {
      EU_TYPE_UD, EU_TYPE_D, EU_TYPE_UW, EU_TYPE_W, EU_TYPE_UB, EU_TYPE_B, EU_TYPE_DF, EU_TYPE_F,
   };
   return types[encoded & 7];
}

static enum eu_type
immediate_type(unsigned encoded)
{
   static const enum eu_type types[8] = {
      EU_TYPE_UD, EU_TYPE_D, EU_TYPE_UW, EU_TYPE_W, EU_TYPE_UV, EU_TYPE_VF, EU_TYPE_V, EU_TYPE_F,
   };
   return types[encoded & 7];
}

static int16_t
sign_extend_10(uint32_t v)
{
   return (int16_t)(v & 0x200 ? (int)v - 0x400 : (int)v);
}

static void
check_register(struct decoder *d, const char *what, const struct eu_operand *o)
{
   if (d->lenient || o->file == EU_FILE_IMM)
      return;
   if (o->file == EU_FILE_MRF) {
      fail(d, "%s is a message register, which Gen7 does not have", what);
      return;
   }
   if (o->indirect)
      return;
   if (o->file == EU_FILE_GRF) {
      if (o->nr >= EU_GRF_COUNT)
         fail(d, "%s is g%u, past the register file", what, o->nr);
      return;
   }
   static const struct {
      uint8_t arf, count;
   } arfs[] = {
      {EU_ARF_NULL, 1},  {EU_ARF_ADDRESS, 1}, {EU_ARF_ACCUMULATOR, 2},  {EU_ARF_FLAG, 2},
      {EU_ARF_MASK, 1},  {EU_ARF_STATE, 1},   {EU_ARF_CONTROL, 1},      {EU_ARF_NOTIFICATION, 1},
      {EU_ARF_IP, 1},    {EU_ARF_TDR, 1},     {EU_ARF_TIMESTAMP, 1},
   };
   for (unsigned i = 0; i < sizeof(arfs) / sizeof(arfs[0]); i++) {
      if ((o->nr & 0xf0) == arfs[i].arf && (o->nr & 0x0f) < arfs[i].count)
         return;
   }
   fail(d, "%s is architecture register 0x%02x, which does not exist", what, o->nr);
}

static void
decode_dst(struct decoder *d)
{
   const uint64_t *n = d->n;
   struct eu_operand *o = &d->inst->dst;

   o->file = (enum eu_file)eu_bits(n, 33, 32);
   o->type = register_type(eu_bits(n, 36, 34));
   o->indirect = eu_bits(n, 63, 63);
   static const uint8_t strides[4] = {0, 1, 2, 4};
   o->hstride = strides[eu_bits(n, 62, 61)];
   o->writemask = 0xf;
   if (d->inst->align16) {
      o->writemask = (uint8_t)eu_bits(n, 51, 48);
      o->hstride = 1;
   }
   if (o->indirect) {
      o->addr_subnr = (uint8_t)eu_bits(n, 60, 58);
      o->addr_imm = sign_extend_10(d->inst->align16 ? eu_bits(n, 57, 52) << 4
                                                    : eu_bits(n, 57, 48));
   } else {
      o->nr = (uint8_t)eu_bits(n, 60, 53);
      o->subnr = (uint8_t)(d->inst->align16 ? eu_bits(n, 52, 52) * 16 : eu_bits(n, 52, 48));
   }

   if (o->file == EU_FILE_IMM && !d->lenient)
      fail(d, "destination is an immediate");
   check_register(d, "destination", o);
   if (o->indirect && o->file == EU_FILE_ARF && !d->lenient)
      fail(d, "destination is an indirect architecture register");
   if (o->hstride == 0 && !d->lenient &&
       !(o->file == EU_FILE_ARF && o->nr == EU_ARF_NULL))
      fail(d, "destination has no horizontal stride");
}

/* Source 0 and 1 have the same layout, 32 bits apart, but for file and type. */
static void
decode_src(struct decoder *d, unsigned index)
{
   static const char *const names[2] = {"source 0", "source 1"};
   const uint64_t *n = d->n;
   struct eu_operand *o = &d->inst->src[index];
   const char *what = names[index];
   unsigned base = index ? 96 : 64;
   unsigned type;

   o->file = (enum eu_file)(index ? eu_bits(n, 43, 42) : eu_bits(n, 38, 37));
   type = index ? eu_bits(n, 46, 44) : eu_bits(n, 41, 39);
   if (o->file == EU_FILE_IMM) {
      o->type = immediate_type(type);
      o->imm = eu_bits(n, 127, 96);
      o->width = 1;
      return;
   }
   o->type = register_type(type);
   o->negate = eu_bits(n, base + 14, base + 14);
   o->abs = eu_bits(n, base + 13, base + 13);
   o->indirect = eu_bits(n, base + 15, base + 15);

   static const uint8_t vstrides[16] = {
      [0] = 0, [1] = 1, [2] = 2, [3] = 4, [4] = 8, [5] = 16, [6] = 32, [15] = EU_VSTRIDE_VXH,
   };
   unsigned vstride = eu_bits(n, base + 24, base + 21);
   o->vstride = vstrides[vstride];
   if (vstride > 6 && vstride < 15 && !d->lenient)
      fail(d, "%s has reserved vertical stride %u", what, vstride);
   if (d->inst->align16) {
      o->width = 4;
      o->hstride = 1;
      o->swizzle = (uint8_t)(eu_bits(n, base + 3, base) | eu_bits(n, base + 19, base + 16) << 4);
      if (vstride == 15 && !d->lenient)
         fail(d, "%s has vertical stride VxH in Align16", what);
   } else {
      static const uint8_t strides[4] = {0, 1, 2, 4};
      unsigned width = eu_bits(n, base + 20, base + 18);
      if (width > 4) {
         if (!d->lenient)
            fail(d, "%s has reserved width %u", what, width);
         width = 0;
      }
      o->width = (uint8_t)(1u << width);
      o->hstride = strides[eu_bits(n, base + 17, base + 16)];
      if (vstride == 15 && !o->indirect && !d->lenient)
         fail(d, "%s has vertical stride VxH without indirect addressing", what);
   }
   if (o->indirect) {
      o->addr_subnr = (uint8_t)eu_bits(n, base + 12, base + 10);
      o->addr_imm = sign_extend_10(d->inst->align16 ? eu_bits(n, base + 9, base + 4) << 4
                                                    : eu_bits(n, base + 9, base));
      if (o->file == EU_FILE_ARF && !d->lenient)
         fail(d, "%s is an indirect architecture register", what);
   } else {
      o->nr = (uint8_t)eu_bits(n, base + 12, base + 5);
      o->subnr = (uint8_t)(d->inst->align16 ? eu_bits(n, base + 4, base + 4) * 16
                                            : eu_bits(n, base + 4, base));
   }
   check_register(d, what, o);
}

static void
decode_3src(struct decoder *d)
{
   static const enum eu_type types[4] = {EU_TYPE_F, EU_TYPE_D, EU_TYPE_UD, EU_TYPE_DF};
   const uint64_t *n = d->n;
   struct eu_inst *inst = d->inst;
   struct eu_operand *dst = &inst->dst;

   if (!inst->align16)
      fail(d, "a three-source instruction must be Align16");
   dst->file = EU_FILE_GRF;
   dst->type = types[eu_bits(n, 45, 44)];
   dst->nr = (uint8_t)eu_bits(n, 63, 56);
   dst->subnr = (uint8_t)(eu_bits(n, 55, 53) * 4);
   dst->writemask = (uint8_t)eu_bits(n, 52, 49);
   dst->hstride = 1;
   if (eu_bits(n, 32, 32))
      fail(d, "destination is a message register, which Gen7 does not have");
   check_register(d, "destination", dst);

   /* 21 bits each: rep_ctrl, swizzle, subregister, register. */
   for (unsigned i = 0; i < 3; i++) {
      struct eu_operand *o = &inst->src[i];
      unsigned base = 64 + 21 * i;
      o->file = EU_FILE_GRF;
      o->type = types[eu_bits(n, 43, 42)];
      o->rep_ctrl = eu_bits(n, base, base);
      o->swizzle = (uint8_t)eu_bits(n, base + 8, base + 1);
      o->subnr = (uint8_t)(eu_bits(n, base + 11, base + 9) * 4);
      o->nr = (uint8_t)eu_bits(n, base + 19, base + 12);
      o->abs = eu_bits(n, 36 + 2 * i, 36 + 2 * i);
      o->negate = eu_bits(n, 37 + 2 * i, 37 + 2 * i);
      o->width = 4;
      o->hstride = 1;
      o->vstride = o->rep_ctrl ? 0 : 4;
      check_register(d, i == 0 ? "source 0" : i == 1 ? "source 1" : "source 2", o);
   }
}

static void
decode_controls(struct decoder *d, const struct eu_opcode_info *info)
{
   const uint64_t *n = d->n;
   struct eu_inst *inst = d->inst;
   bool three = info->num_srcs == 3;
   unsigned exec_size = eu_bits(n, 23, 21);
   unsigned cond = eu_bits(n, 27, 24);

   inst->align16 = eu_bits(n, 8, 8);
   inst->no_mask = eu_bits(n, 9, 9);
   inst->no_dd_clear = eu_bits(n, 10, 10);
   inst->no_dd_check = eu_bits(n, 11, 11);
   inst->qtr_control = (uint8_t)eu_bits(n, 13, 12);
   inst->nib_control = (uint8_t)eu_bits(n, 47, 47);
   inst->thread_control = (uint8_t)eu_bits(n, 15, 14);
   inst->pred = (enum eu_pred)eu_bits(n, 19, 16);
   inst->pred_inverse = eu_bits(n, 20, 20);
   inst->acc_wr = eu_bits(n, 28, 28);
   inst->breakpoint = eu_bits(n, 30, 30);
   inst->saturate = eu_bits(n, 31, 31);
   inst->flag_nr = (uint8_t)(three ? eu_bits(n, 34, 34) : eu_bits(n, 90, 90));
   inst->flag_subnr = (uint8_t)(three ? eu_bits(n, 33, 33) : eu_bits(n, 89, 89));
   inst->exec_size = (uint8_t)(exec_size <= 5 ? 1u << exec_size : 1);
   inst->group = (uint8_t)(inst->qtr_control * 8 + inst->nib_control * 4);

   if (inst->opcode == EU_OP_NOP)
      return;
   if (exec_size > 5)
      fail(d, "execution size %u is reserved", exec_size);
   if (inst->group + inst->exec_size > EU_MAX_CHANNELS &&
       !(inst->exec_size == 32 && inst->group == 0))
      fail(d, "channels %u to %u are past the execution mask", inst->group,
           inst->group + inst->exec_size - 1);
   if (inst->thread_control == 3)
      fail(d, "thread control 3 is reserved");
   if ((unsigned)inst->pred > (inst->align16 ? EU_PRED_ALL4H : EU_PRED_ALL32H))
      fail(d, "predicate control %u is reserved", inst->pred);

   if (info->flags & EU_OPF_SEND) {
      inst->sfid = (enum eu_sfid)cond;
   } else if (inst->opcode == EU_OP_MATH) {
      inst->math = (enum eu_math_function)cond;
      if (cond == 0 || cond == 8 || cond > EU_MATH_INT_DIV_REMAINDER)
         fail(d, "math function %u is reserved", cond);
   } else {
      inst->cond = (enum eu_cond)cond;
      if (cond == 7 || cond > EU_COND_U)
         fail(d, "conditional modifier %u is reserved", cond);
      else if (cond && (info->flags & EU_OPF_NO_MOD))
         fail(d, "%s takes no conditional modifier", info->name);
   }
}

static void
decode_branch(struct decoder *d, const struct eu_opcode_info *info)
{
   struct eu_inst *inst = d->inst;
   uint32_t dw3 = eu_bits(d->n, 127, 96);

   d->lenient = true;
   decode_dst(d);
   decode_src(d, 0);
   decode_src(d, 1);
   d->lenient = false;

   if (info->flags & EU_OPF_JIP)
      inst->jip = (int16_t)dw3;
   if (info->flags & EU_OPF_UIP)
      inst->uip = (int16_t)(dw3 >> 16);

   /* The few whose operand fields are operands. */
   switch (inst->opcode) {
   case EU_OP_JMPI:
      if (inst->src[1].file == EU_FILE_IMM)
         inst->jip = inst->src[1].type == EU_TYPE_W ? (int16_t)dw3 : (int32_t)dw3;
      else
         decode_src(d, 1);
      break;
   case EU_OP_BRD:
   case EU_OP_BRC:
      if (inst->src[1].file != EU_FILE_IMM)
         fail(d, "%s with a register operand is not modelled", info->name);
      break;
   case EU_OP_CALL:
      decode_dst(d);
      if (inst->src[1].file != EU_FILE_IMM)
         fail(d, "call with a register operand is not modelled");
      break;
   case EU_OP_RET:
      decode_src(d, 0);
      break;
   default:
      break;
   }
}

static void
decode_send(struct decoder *d)
{
   struct eu_inst *inst = d->inst;

   decode_dst(d);
   decode_src(d, 0);
   decode_src(d, 1);
   inst->eot = eu_bits(d->n, 127, 127);
   if (inst->dst.indirect || inst->src[0].indirect)
      fail(d, "%s with indirect addressing is not modelled", eu_opcode_name(inst->opcode));
   if (inst->src[0].file != EU_FILE_GRF)
      fail(d, "the payload of %s must be in the GRF", eu_opcode_name(inst->opcode));
   if (inst->src[1].file != EU_FILE_IMM &&
       (inst->src[1].file != EU_FILE_ARF || inst->src[1].nr != EU_ARF_ADDRESS))
      fail(d, "the descriptor of %s must be an immediate or in a0",
           eu_opcode_name(inst->opcode));
   if (inst->dst.file == EU_FILE_ARF && inst->dst.nr != EU_ARF_NULL)
      fail(d, "the response of %s must go to the GRF or to null", eu_opcode_name(inst->opcode));
}

static void
check_sources(struct decoder *d, const struct eu_opcode_info *info)
{
   const struct eu_inst *inst = d->inst;

   for (unsigned i = 0; i < inst->num_srcs; i++) {
      const struct eu_operand *o = &inst->src[i];
      if (o->file == EU_FILE_IMM && i + 1 < inst->num_srcs)
         fail(d, "source %u of %s cannot be an immediate", i, info->name);
      if ((info->flags & EU_OPF_INT) && eu_type_is_float(o->type))
         fail(d, "source %u of %s must be an integer", i, info->name);
      if ((info->flags & EU_OPF_FLOAT) && !eu_type_is_float(o->type))
         fail(d, "source %u of %s must be a float", i, info->name);
   }
}

unsigned
eu_decode(const void *code, size_t size_bytes, struct eu_inst *out, char *reason)
{
   uint64_t native[2] = {0, 0};
   struct decoder d = {.n = native, .inst = out, .reason = reason};
   unsigned size = 16;

   memset(out, 0, sizeof(*out));
   if (size_bytes < EU_IP_UNIT_BYTES) {
      fail(&d, "the program ends here");
      return 0;
   }
   memcpy(&native[0], code, 8);
   if (eu_bits(native, EU_CMPT_BIT, EU_CMPT_BIT)) {
      out->compacted = true;
      size = 8;
      eu_uncompact(native[0], native);
   } else {
      if (size_bytes < 16) {
         fail(&d, "the program ends within this instruction");
         return 0;
      }
      memcpy(&native[1], (const uint8_t *)code + 8, 8);
   }

   out->opcode = (enum eu_opcode)eu_bits(native, 6, 0);
   const struct eu_opcode_info *info = eu_opcode_info(out->opcode);
   if (!info->name) {
      fail(&d, "opcode 0x%02x does not exist on Gen7", out->opcode);
      return 0;
   }
   if (eu_bits(native, 7, 7))
      fail(&d, "bit 7 of the opcode is set");
   if (out->compacted && info->num_srcs == 3)
      fail(&d, "%s has no compacted form", info->name);
   out->num_srcs = info->num_srcs;
   out->has_dst = info->has_dst;
   decode_controls(&d, info);

   if (out->opcode == EU_OP_NOP || out->opcode == EU_OP_ILLEGAL) {
      /* No operands. */
   } else if (info->flags & EU_OPF_BRANCH) {
      decode_branch(&d, info);
   } else if (info->flags & EU_OPF_SEND) {
      decode_send(&d);
   } else {
      if (info->num_srcs == 3) {
         decode_3src(&d);
      } else {
         if (info->has_dst)
            decode_dst(&d);
         decode_src(&d, 0);
         if (info->num_srcs > 1)
            decode_src(&d, 1);
      }
      check_sources(&d, info);
   }
   return d.failed ? 0 : size;
}
