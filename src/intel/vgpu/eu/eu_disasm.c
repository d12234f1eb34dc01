/*
 * SPDX-License-Identifier: MIT
 *
 * Text of an instruction in the notation of intel-gen4disasm, on one line. Where that tool does
 * not know Gen7 (double precision, packed immediates, three-source types and scalars, messages
 * of Gen7's own layout), the notation is extended in its spirit.
 */

#include <stdarg.h>
#include <stdio.h>

#include "eu_priv.h"

struct text {
   char *out;
   size_t size;
   size_t length; /* what was written, or would have been with enough room */
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
   va_list args;
   va_start(args, format);
   size_t room = t->length < t->size ? t->size - t->length : 0;
   int n = vsnprintf(room ? t->out + t->length : NULL, room, format, args);
   va_end(args);
   if (n > 0)
      t->length += (size_t)n;
}

/* At least one space, up to a column. */
static void
pad(struct text *t, size_t column)
{
   int width = t->length < column ? (int)(column - t->length) : 1;
   put(t, "%*s", width, "");
}

static const char *
type_name(enum eu_type type)
{
   static const char *const names[] = {
      [EU_TYPE_UD] = "UD", [EU_TYPE_D] = "D",   [EU_TYPE_UW] = "UW", [EU_TYPE_W] = "W",
      [EU_TYPE_UB] = "UB", [EU_TYPE_B] = "B",   [EU_TYPE_DF] = "DF", [EU_TYPE_F] = "F",
      [EU_TYPE_UV] = "UV", [EU_TYPE_VF] = "VF", [EU_TYPE_V] = "V",   [EU_TYPE_INVALID] = "?",
   };
   return names[type];
}

/* \return whether a region and a type follow */
static bool
put_register(struct text *t, const struct eu_operand *o)
{
   if (o->file != EU_FILE_ARF) {
      put(t, "%s%u", o->file == EU_FILE_GRF ? "g" : o->file == EU_FILE_MRF ? "m" : "imm", o->nr);
      return true;
   }
   unsigned n = o->nr & 0x0f;
   switch (o->nr & 0xf0) {
   case EU_ARF_NULL:
      put(t, "null");
      return false;
   case EU_ARF_ADDRESS:
      put(t, "a%u", n);
      break;
   case EU_ARF_ACCUMULATOR:
      put(t, "acc%u", n);
      break;
   case EU_ARF_FLAG:
      put(t, "f%u", n);
      break;
   case EU_ARF_MASK:
      put(t, "mask%u", n);
      break;
   case EU_ARF_STATE:
      put(t, "sr%u", n);
      break;
   case EU_ARF_CONTROL:
      put(t, "cr%u", n);
      break;
   case EU_ARF_NOTIFICATION:
      put(t, "n%u", n);
      break;
   case EU_ARF_IP:
      put(t, "ip");
      return false;
   default:
      put(t, "ARF%u", o->nr);
      break;
   }
   return true;
}

static void
put_address(struct text *t, unsigned subnr, int imm)
{
   put(t, "g[a0");
   if (subnr)
      put(t, ".%u", subnr);
   if (imm)
      put(t, " %d", imm);
   put(t, "]");
}

static void
put_writemask(struct text *t, unsigned mask)
{
   if (mask == 0xf)
      return;
   put(t, ".%s%s%s%s", mask & 1 ? "x" : "", mask & 2 ? "y" : "", mask & 4 ? "z" : "",
       mask & 8 ? "w" : "");
}

static void
put_swizzle(struct text *t, unsigned swizzle)
{
   static const char names[] = "xyzw";
   unsigned x = swizzle & 3, y = swizzle >> 2 & 3, z = swizzle >> 4 & 3, w = swizzle >> 6 & 3;

   if (swizzle == 0xe4)
      return;
   if (x == y && x == z && x == w)
      put(t, ".%c", names[x]);
   else
      put(t, ".%c%c%c%c", names[x], names[y], names[z], names[w]);
}

static void
put_dst(struct text *t, const struct eu_inst *inst)
{
   const struct eu_operand *o = &inst->dst;

   if (o->indirect) {
      put_address(t, o->addr_subnr, o->addr_imm);
   } else {
      if (!put_register(t, o))
         return;
      if (inst->num_srcs == 3 ? o->subnr / 4 : o->subnr) {
         /* In Align16 the subregister is one bit of the encoding, and is printed so. */
         unsigned unit = inst->num_srcs == 3 ? 4
                         : inst->align16     ? 16 * eu_type_size(o->type)
                                             : eu_type_size(o->type);
         put(t, ".%u", o->subnr / unit);
      }
   }
   put(t, "<%u>", o->hstride);
   if (inst->align16)
      put_writemask(t, o->writemask);
   put(t, "%s", type_name(o->type));
}

static void
put_immediate(struct text *t, const struct eu_operand *o)
{
   float f;

   switch (o->type) {
   case EU_TYPE_D:
      put(t, "%dD", (int32_t)o->imm);
      break;
   case EU_TYPE_UW:
      put(t, "0x%04xUW", o->imm & 0xffff);
      break;
   case EU_TYPE_W:
      put(t, "%dW", (int16_t)o->imm);
      break;
   case EU_TYPE_F:
      memcpy(&f, &o->imm, sizeof(f));
      put(t, "%-gF", f);
      break;
   default:
      put(t, "0x%08x%s", o->imm, type_name(o->type));
      break;
   }
}

static void
put_vstride(struct text *t, unsigned vstride)
{
   if (vstride == EU_VSTRIDE_VXH)
      put(t, "VxH");
   else
      put(t, "%u", vstride);
}

static void
put_src(struct text *t, const struct eu_inst *inst, unsigned index)
{
   const struct eu_operand *o = &inst->src[index];

   if (o->file == EU_FILE_IMM) {
      put_immediate(t, o);
      return;
   }
   put(t, "%s%s", o->negate ? "-" : "", o->abs ? "(abs)" : "");
   if (o->indirect) {
      put_address(t, o->addr_subnr, o->addr_imm);
   } else {
      if (!put_register(t, o))
         return;
      if (inst->num_srcs == 3) {
         if (o->subnr || o->rep_ctrl)
            put(t, ".%u", o->subnr / 4);
      } else if (o->subnr) {
         put(t, ".%u", o->subnr / eu_type_size(o->type));
      }
   }
   if (inst->num_srcs == 3) {
      /* The type stands before the swizzle here. */
      put(t, "%s%s", o->rep_ctrl ? "<0,1,0>" : "<4,1,1>", type_name(o->type));
      if (!o->rep_ctrl)
         put_swizzle(t, o->swizzle);
      return;
   }
   put(t, "<");
   put_vstride(t, o->vstride);
   put(t, ",%u,%u>", o->width, o->hstride);
   if (inst->align16)
      put_swizzle(t, o->swizzle);
   put(t, "%s", type_name(o->type));
}

static const char *const cond_names[16] = {
   "", ".e", ".ne", ".g", ".ge", ".l", ".le", ".?", ".o", ".u", ".?", ".?", ".?", ".?", ".?", ".?",
};

static void
put_flag(struct text *t, const struct eu_inst *inst)
{
   put(t, "f%u", inst->flag_nr);
   if (inst->flag_subnr)
      put(t, ".%u", inst->flag_subnr);
}

static void
put_predicate(struct text *t, const struct eu_inst *inst)
{
   static const char *const align1[16] = {
      "",       "",       ".anyv",   ".allv",   ".any2h",  ".all2h",  ".any4h", ".all4h",
      ".any8h", ".all8h", ".any16h", ".all16h", ".any32h", ".all32h", ".?",     ".?",
   };
   static const char *const align16[16] = {
      "", "", ".x", ".y", ".z", ".w", ".any4h", ".all4h", ".?", ".?", ".?", ".?", ".?", ".?",
      ".?", ".?",
   };

   put(t, "(%c", inst->pred_inverse ? '-' : '+');
   put_flag(t, inst);
   put(t, "%s) ", (inst->align16 ? align16 : align1)[inst->pred & 15]);
}

static void
put_math_function(struct text *t, enum eu_math_function function)
{
   static const char *const names[16] = {
      [EU_MATH_INV] = "inv",
      [EU_MATH_LOG] = "log",
      [EU_MATH_EXP] = "exp",
      [EU_MATH_SQRT] = "sqrt",
      [EU_MATH_RSQ] = "rsq",
      [EU_MATH_SIN] = "sin",
      [EU_MATH_COS] = "cos",
      [EU_MATH_FDIV] = "fdiv",
      [EU_MATH_POW] = "pow",
      [EU_MATH_INT_DIV_BOTH] = "intdivmod",
      [EU_MATH_INT_DIV_QUOTIENT] = "intdiv",
      [EU_MATH_INT_DIV_REMAINDER] = "intmod",
   };
   const char *name = names[function & 15];
   put(t, " %s", name ? name : "?");
}

static void
put_message(struct text *t, const struct eu_inst *inst)
{
   static const char *const sfids[EU_NUM_SFIDS] = {
      [EU_SFID_NULL] = "null",
      [EU_SFID_SAMPLER] = "sampler",
      [EU_SFID_GATEWAY] = "gateway",
      [EU_SFID_DP_SAMPLER_CACHE] = "sampler",
      [EU_SFID_DP_RENDER_CACHE] = "render",
      [EU_SFID_URB] = "urb",
      [EU_SFID_THREAD_SPAWNER] = "thread_spawner",
      [EU_SFID_VME] = "vme",
      [EU_SFID_DP_CONSTANT_CACHE] = "const",
      [EU_SFID_DP_DATA_CACHE] = "data",
      [EU_SFID_PIXEL_INTERPOLATOR] = "pixel_interpolator",
   };
   uint32_t desc = inst->src[1].imm;
   const char *name = sfids[inst->sfid & 15];

   if (name)
      put(t, "%s", name);
   else
      put(t, "sfid%u", inst->sfid);
   if (inst->src[1].file != EU_FILE_IMM)
      return;

   unsigned bti = desc & 0xff;
   unsigned dp_control = desc >> 8 & 0x3f, dp_type = desc >> 14 & 0xf;
   switch (inst->sfid) {
   case EU_SFID_SAMPLER:
      put(t, " (%u, %u, %u, %u)", bti, desc >> 8 & 0xf, desc >> 12 & 0x1f, desc >> 17 & 3);
      break;
   case EU_SFID_DP_RENDER_CACHE: {
      static const char *const types[16] = {
         [4] = "media block read",  [5] = "typed surface read",  [6] = "typed atomic",
         [7] = "memory fence",      [10] = "media block write",  [12] = "RT write",
         [13] = "typed surface write",
      };
      put(t, " (%s, %u, %u, %u)", types[dp_type] ? types[dp_type] : "?", bti, dp_control,
          dp_type);
      break;
   }
   case EU_SFID_DP_DATA_CACHE:
   case EU_SFID_DP_SAMPLER_CACHE:
   case EU_SFID_DP_CONSTANT_CACHE:
      put(t, " (%u, %u, %u)", bti, dp_control, dp_type);
      break;
   case EU_SFID_URB: {
      static const char *const ops[8] = {
         "write HWord", "write OWord", "read HWord", "read OWord", "atomic mov", "atomic inc",
         "?", "?",
      };
      put(t, " %u %s%s%s%s", desc >> 3 & 0x7ff, ops[desc & 7], desc >> 14 & 1 ? " interleave" : "",
          desc >> 15 & 1 ? " complete" : "", desc >> 16 & 1 ? " per-slot" : "");
      break;
   }
   case EU_SFID_PIXEL_INTERPOLATOR:
      put(t, " (%s, %u, 0x%02x)", desc >> 14 & 1 ? "linear" : "persp", desc >> 12 & 3, bti);
      break;
   default:
      break;
   }
   put(t, " mlen %u rlen %u", desc >> 25 & 0xf, desc >> 20 & 0x1f);
}

static void
put_jump(struct text *t, const struct eu_inst *inst)
{
   unsigned flags = eu_opcode_info(inst->opcode)->flags;

   if (flags & EU_OPF_UIP)
      put(t, " %d %d", inst->uip, inst->jip);
   else if (flags & EU_OPF_JIP)
      put(t, " %d", inst->jip);
   else if (inst->opcode == EU_OP_JMPI && inst->src[1].file == EU_FILE_IMM)
      put(t, " %d", (int32_t)inst->src[1].imm);
   else if (inst->opcode == EU_OP_JMPI) {
      put(t, " ");
      put_src(t, inst, 1);
   }
}

static void
put_options(struct text *t, const struct eu_inst *inst)
{
   put(t, "{ %s %s", inst->align16 ? "align16" : "align1", inst->no_mask ? "WE_all" : "WE_normal");
   if (inst->no_dd_clear || inst->no_dd_check)
      put(t, " %s%s%s", inst->no_dd_clear ? "NoDDClr" : "",
          inst->no_dd_clear && inst->no_dd_check ? "," : "", inst->no_dd_check ? "NoDDChk" : "");
   if (inst->exec_size == 8)
      put(t, " %uQ", inst->qtr_control + 1);
   else if (inst->exec_size == 16)
      put(t, " %uH", inst->qtr_control < 2 ? 1 : 2);
   if (inst->nib_control)
      put(t, " %uN", inst->qtr_control * 2 + 2);
   if (inst->compacted)
      put(t, " compacted");
   if (inst->thread_control)
      put(t, " %s", inst->thread_control == 1 ? "atomic" : "switch");
   if (inst->acc_wr)
      put(t, " AccWrEnable");
   if (inst->eot)
      put(t, " EOT");
   put(t, " }");
}

int
eu_disasm(const struct eu_inst *inst, char *text, size_t size_bytes)
{
   struct text t = {.out = text, .size = size_bytes};
   const struct eu_opcode_info *info = eu_opcode_info(inst->opcode);
   bool send = info->flags & EU_OPF_SEND;

   if (size_bytes)
      text[0] = '\0';
   if (inst->pred)
      put_predicate(&t, inst);
   put(&t, "%s", info->name ? info->name : "illegal");
   if (inst->saturate)
      put(&t, ".sat");
   if (inst->breakpoint)
      put(&t, ".breakpoint");
   if (inst->opcode == EU_OP_MATH) {
      put_math_function(&t, inst->math);
   } else if (inst->cond && !send) {
      put(&t, "%s", cond_names[inst->cond & 15]);
      /* These compare for themselves and leave the flags alone. */
      if (inst->opcode != EU_OP_SEL && inst->opcode != EU_OP_IF && inst->opcode != EU_OP_WHILE) {
         put(&t, ".");
         put_flag(&t, inst);
      }
   }
   if (inst->opcode == EU_OP_NOP) {
      put(&t, ";");
      return (int)t.length;
   }
   put(&t, "(%u)", inst->exec_size);

   if (info->has_dst) {
      pad(&t, 16);
      put_dst(&t, inst);
   }
   put_jump(&t, inst);
   for (unsigned i = 0; i < info->num_srcs; i++) {
      pad(&t, 32 + 16 * i);
      put_src(&t, inst, i);
   }
   if (send) {
      if (inst->src[1].file != EU_FILE_IMM) {
         pad(&t, 48);
         put_src(&t, inst, 1);
      }
      put(&t, " ");
      put_message(&t, inst);
   }
   pad(&t, 64);
   put_options(&t, inst);
   put(&t, ";");
   return (int)t.length;
}
