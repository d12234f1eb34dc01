/*
 * SPDX-License-Identifier: MIT
 *
 * The disassembler against intel-gen4disasm of igt-gpu-tools, over generated instructions.
 *
 * usage: test_disasm GEN4DISASM
 * Exits with 77 (skipped) if there is no such program.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "eu_test.h"

/* Instructions of each opcode. */
#define SAMPLES 700

static const char *oracle;

/*
 * What intel-gen4disasm does not know, or knows for older hardware only:
 * opcodes, types and controls that came with Gen7, indirect Align16, and descriptors of units
 * whose messages Gen7 laid out anew.
 */
static bool
oracle_decodes(const struct eu_inst *inst)
{
   switch (inst->opcode) {
   case EU_OP_ILLEGAL:
   case EU_OP_F32TO16:
   case EU_OP_F16TO32:
   case EU_OP_BFREV:
   case EU_OP_BFE:
   case EU_OP_BFI1:
   case EU_OP_BFI2:
   case EU_OP_BRD:
   case EU_OP_BRC:
   case EU_OP_CALL:
   case EU_OP_RET:
   case EU_OP_FBH:
   case EU_OP_FBL:
   case EU_OP_CBIT:
   case EU_OP_ADDC:
   case EU_OP_SUBB:
   case EU_OP_LRP:
      return false;
   case EU_OP_MATH:
      /* Nine was the tangent before it became the division. */
      if (inst->math == EU_MATH_FDIV)
         return false;
      break;
   case EU_OP_JMPI:
      if (inst->src[1].file != EU_FILE_IMM)
         return false;
      break;
   case EU_OP_SEND:
   case EU_OP_SENDC:
      if (inst->src[1].file != EU_FILE_IMM)
         return false;
      if (inst->sfid == EU_SFID_DP_RENDER_CACHE) {
         if ((inst->src[1].imm >> 14 & 0xf) != 12) /* render target write */
            return false;
      } else if (inst->sfid != EU_SFID_SAMPLER && inst->sfid != EU_SFID_DP_DATA_CACHE) {
         return false;
      }
      break;
   default:
      break;
   }
   if (inst->thread_control == 1 || inst->nib_control || inst->pred > EU_PRED_ALL16H)
      return false;
   /* Of three-source instructions it knows floats, and looks for the flag register elsewhere. */
   if (inst->num_srcs == 3 && (inst->dst.type != EU_TYPE_F || inst->pred || inst->cond))
      return false;
   bool branch = inst->opcode >= EU_OP_JMPI && inst->opcode < EU_OP_WAIT;
   if (inst->has_dst) {
      if (inst->dst.type == EU_TYPE_DF || (inst->align16 && inst->dst.indirect))
         return false;
      /* It divides the number of the address register by the size of the type. */
      if (inst->dst.indirect && inst->dst.addr_subnr)
         return false;
   }
   for (unsigned i = 0; i < inst->num_srcs; i++) {
      const struct eu_operand *o = &inst->src[i];
      if (o->type == EU_TYPE_DF || o->type == EU_TYPE_UV || o->type == EU_TYPE_VF)
         return false;
      if (inst->num_srcs == 3 && (o->type != EU_TYPE_F || o->rep_ctrl))
         return false;
      if (inst->align16 && o->indirect && o->file != EU_FILE_IMM)
         return false;
      /* Where the operand fields of a branch mean nothing, their reserved values do not matter. */
      if (branch && (o->file == EU_FILE_MRF || o->indirect || o->file == EU_FILE_GRF))
         return false;
   }
   return true;
}

static const uint8_t opcodes[] = {
   EU_OP_MOV,  EU_OP_SEL,   EU_OP_NOT,  EU_OP_AND,   EU_OP_OR,   EU_OP_XOR,   EU_OP_SHR,
   EU_OP_SHL,  EU_OP_ASR,   EU_OP_CMP,  EU_OP_CMPN,  EU_OP_JMPI, EU_OP_IF,    EU_OP_ELSE,
   EU_OP_ENDIF, EU_OP_WHILE, EU_OP_BREAK, EU_OP_CONT, EU_OP_HALT, EU_OP_WAIT, EU_OP_SEND,
   EU_OP_SENDC, EU_OP_MATH, EU_OP_ADD,  EU_OP_MUL,   EU_OP_AVG,  EU_OP_FRC,   EU_OP_RNDU,
   EU_OP_RNDD, EU_OP_RNDE,  EU_OP_RNDZ, EU_OP_MAC,   EU_OP_MACH, EU_OP_LZD,   EU_OP_SAD2,
   EU_OP_SADA2, EU_OP_DP4,  EU_OP_DPH,  EU_OP_DP3,   EU_OP_DP2,  EU_OP_LINE,  EU_OP_PLN,
   EU_OP_MAD,  EU_OP_NOP,
};

static struct insn
random_insn(uint64_t *seed, unsigned opcode)
{
   struct insn insn = {{random64(seed), random64(seed)}};

   set_field(&insn, 7, 0, opcode);
   set_field(&insn, 29, 29, 0);
   /* Most random values of these are reserved; take likely ones more often. */
   if (random64(seed) % 2)
      set_field(&insn, 27, 24, 0);
   if (random64(seed) % 2)
      set_field(&insn, 19, 16, 0);
   if (random64(seed) % 4)
      set_field(&insn, 63, 63, 0);
   if (random64(seed) % 4)
      set_field(&insn, 79, 79, 0);
   if (random64(seed) % 4)
      set_field(&insn, 111, 111, 0);
   if (random64(seed) % 8)
      set_field(&insn, 33, 32, 1);
   if (random64(seed) % 8)
      set_field(&insn, 38, 37, 1);
   if (random64(seed) % 8)
      set_field(&insn, 43, 42, random64(seed) % 2 ? EU_FILE_GRF : EU_FILE_IMM);
   if (random64(seed) % 4 == 0) {
      set_field(&insn, 41, 39, 7);
      set_field(&insn, 46, 44, 7);
   }
   set_field(&insn, 47, 47, 0);

   if (opcode == EU_OP_SEND || opcode == EU_OP_SENDC) {
      static const uint8_t sfids[] = {EU_SFID_SAMPLER, EU_SFID_DP_RENDER_CACHE,
                                      EU_SFID_DP_DATA_CACHE};
      uint64_t pick = random64(seed);
      set_field(&insn, 27, 24, sfids[pick % 3]);
      set_field(&insn, 63, 63, 0);
      set_field(&insn, 79, 79, 0);
      set_field(&insn, 43, 42, EU_FILE_IMM);
      if (pick % 3 == 1)
         set_field(&insn, 113, 110, 12);
   } else if (opcode >= EU_OP_JMPI && opcode <= EU_OP_HALT) {
      /* As compilers encode them: null and an immediate. */
      set_field(&insn, 38, 37, EU_FILE_ARF);
      set_field(&insn, 76, 69, EU_ARF_NULL);
      set_field(&insn, 79, 79, 0);
      set_field(&insn, 43, 42, EU_FILE_IMM);
   }
   if (opcode == EU_OP_NOP)
      insn = (struct insn){{EU_OP_NOP, 0}}; /* nothing else of it has a meaning */
   if (opcode == EU_OP_MAD) {
      set_field(&insn, 8, 8, 1);
      set_field(&insn, 45, 42, 0);
      set_field(&insn, 32, 32, 0);
      set_field(&insn, 27, 24, 0);
      set_field(&insn, 19, 16, 0);
      for (unsigned base = 64; base < 127; base += 21) {
         set_field(&insn, base, base, 0);
         set_field(&insn, base + 19, base + 19, 0);
      }
      set_field(&insn, 63, 63, 0);
   }
   return insn;
}

/*
 * Every run of white space becomes one space; none at the ends, behind parentheses and
 * before semicolons.
 */
static void
squeeze(char *text)
{
   char *out = text;
   bool gap = false;
   for (const char *in = text; *in; in++) {
      if (isspace((unsigned char)*in)) {
         gap = true;
         continue;
      }
      if (gap && out != text && out[-1] != '(' && *in != ';')
         *out++ = ' ';
      gap = false;
      *out++ = *in;
   }
   *out = '\0';
}

/* One instruction of the oracle's output: up to the semicolon. */
static bool
read_statement(FILE *in, char *text, size_t size)
{
   size_t n = 0;
   int c;
   while ((c = getc(in)) != EOF) {
      if (n + 2 < size)
         text[n++] = (char)c;
      if (c == ';')
         break;
   }
   text[n] = '\0';
   squeeze(text);
   return c != EOF;
}

static void
test_against_oracle(void **state)
{
   (void)state;
   char path[] = "/tmp/eu-disasm-XXXXXX";
   int fd = mkstemp(path);
   assert_true(fd >= 0);
   FILE *corpus = fdopen(fd, "w");
   struct insn *insns = calloc(sizeof(opcodes) * SAMPLES, sizeof(*insns));
   unsigned count = 0, attempts = 0;
   uint64_t seed = 7;

   while (count < sizeof(opcodes) * SAMPLES) {
      unsigned opcode = opcodes[count / SAMPLES];
      struct insn insn = random_insn(&seed, opcode);
      struct eu_inst inst;
      if (attempts++ > 100000000)
         fail_msg("hardly any valid %s in the corpus", eu_opcode_name(opcode));
      if (!eu_decode(&insn, sizeof(insn), &inst, NULL) || !oracle_decodes(&inst))
         continue;
      fprintf(corpus, "{ 0x%08x, 0x%08x, 0x%08x, 0x%08x },\n", (uint32_t)insn.w[0],
              (uint32_t)(insn.w[0] >> 32), (uint32_t)insn.w[1], (uint32_t)(insn.w[1] >> 32));
      insns[count++] = insn;
   }
   fclose(corpus);

   char command[1024];
   snprintf(command, sizeof(command), "'%s' -g 7 %s", oracle, path);
   FILE *output = popen(command, "r");
   assert_non_null(output);
   unsigned differ = 0;
   for (unsigned i = 0; i < count; i++) {
      char want[1024], got[1024];
      struct eu_inst inst;
      if (!read_statement(output, want, sizeof(want)))
         fail_msg("%s ended after %u instructions", oracle, i);
      eu_decode(&insns[i], sizeof(insns[i]), &inst, NULL);
      eu_disasm(&inst, got, sizeof(got));
      squeeze(got);
      if (strcmp(got, want)) {
         if (differ++ < 10)
            print_message("%016llx %016llx\n   ours:   %s\n   theirs: %s\n",
                          (unsigned long long)insns[i].w[0], (unsigned long long)insns[i].w[1], got,
                          want);
      }
   }
   pclose(output);
   unlink(path);
   free(insns);
   if (differ)
      fail_msg("%u of %u instructions read differently", differ, count);
   print_message("%u instructions read the same\n", count);
}

int
main(int argc, char **argv)
{
   if (argc < 2 || access(argv[1], X_OK) != 0) {
      printf("SKIPPED: intel-gen4disasm (Debian's igt-gpu-tools) is not there%s%s\n",
             argc < 2 ? "" : ": ", argc < 2 ? "" : argv[1]);
      return 77;
   }
   oracle = argv[1];
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_oracle),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
