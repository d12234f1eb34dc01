/*
 * SPDX-License-Identifier: MIT
 *
 * Fuzzes the decoder, the disassembler, compaction and execution with arbitrary bytes: nothing
 * may be undefined, and every run ends within its budget.
 *
 * With libFuzzer it is a target as usual. Without (EU_FUZZ_STANDALONE) it runs the files named
 * on the command line, or the given number of random programs: -r COUNT [SEED].
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eu/eu.h"
#include "eu/eu_symbolic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all of the payload and writes all of the response. */
static bool
touch(void *opaque, const struct eu_message *msg)
{
   uint32_t *sum = opaque;
   for (unsigned r = 0; r < msg->mlen; r++) {
      for (unsigned i = 0; i < EU_REG_BYTES; i++)
         *sum += msg->payload[r][i];
   }
   for (unsigned r = 0; r < msg->rlen; r++)
      memset(msg->response[r], (int)(*sum + r), EU_REG_BYTES);
   return true;
}

/* Looks at all of the payload and names all of the response. */
static bool
touch_symbols(void *opaque, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   uint32_t *sum = opaque;
   for (unsigned r = 0; r < msg->mlen; r++) {
      for (unsigned i = 0; i < 16; i++) {
         const enum eu_type type = i & 1 ? EU_TYPE_D : EU_TYPE_F;
         *sum += eu_symbolic_channel(s, msg->payload_nr + r, i % 8, type, i).kind;
         *sum += eu_symbolic_word(s, msg->payload_nr + r, i).kind;
      }
   }
   for (unsigned r = 0; r < msg->rlen; r++) {
      for (unsigned i = 0; i < 8; i++)
         eu_symbolic_respond(s, r, i, i, *sum + r);
   }
   return true;
}

/** The same program as an abstract interpretation has it. */
static void
interpret(const struct eu_program *program, const uint8_t control[8])
{
   const struct eu_symbolic_range range = {
      .max_x = control[4] * 64, .max_y = control[5] * 64,
   };
   struct eu_symbolic *s = eu_symbolic_create(&range, control[1] & 1 ? 8 : 16);
   uint32_t sum = 0;

   if (!s)
      abort();
   for (unsigned reg = 0; reg < EU_GRF_COUNT; reg++) {
      for (unsigned i = 0; i < 4; i++) {
         eu_symbolic_set_place(s, reg, 4 + 2 * i, i & 1, false);
         eu_symbolic_set_place(s, reg, 5 + 2 * i, i & 1, true);
         if (reg % 3 == 0)
            eu_symbolic_set_const(s, reg, 2 * i, (reg + i) * control[6] * 0x01234567u);
      }
   }
   eu_symbolic_run(s, program, control[7], touch_symbols, &sum);
   eu_symbolic_destroy(s);
}

/* The first bytes choose the thread's state, the rest is the program. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
   static struct eu_thread thread;
   uint8_t control[8] = {0};
   uint32_t sum = 0;
   struct eu_env env = {.opaque = &sum};
   struct eu_program *program;

   if (size <= sizeof(control))
      return 0;
   memcpy(control, data, sizeof(control));
   data += sizeof(control);
   size -= sizeof(control);

   for (size_t offset = 0; offset + 8 <= size; offset += 8) {
      struct eu_inst inst;
      char reason[EU_REASON_BYTES], text[256];
      uint64_t word, native[2], back;
      eu_decode(data + offset, size - offset, &inst, reason);
      eu_disasm(&inst, text, sizeof(text));
      memcpy(&word, data + offset, sizeof(word));
      eu_uncompact(word, native);
      if (eu_compact(native, &back)) {
         uint64_t again[2];
         eu_uncompact(back, again);
         if (again[0] != native[0] || again[1] != native[1])
            abort();
      }
   }

   if (eu_program_create(data, size, control[0] * 8u, &program))
      return 0;
   for (unsigned i = 0; i < EU_NUM_SFIDS; i++) {
      if (control[1] & 1 << i % 8)
         env.send[i] = touch;
   }
   eu_thread_init(&thread, control[2] | (uint32_t)control[3] << 8);
   for (unsigned i = 0; i < sizeof(thread.grf); i++)
      ((uint8_t *)thread.grf)[i] = (uint8_t)(i * 37 + control[4]);
   for (unsigned i = 0; i < 8; i++)
      thread.a0[i] = (uint16_t)(control[5] * 16 + i * control[6]);
   thread.cr0[0] = control[7];
   thread.flag[0] = control[4] * 0x01010101u;
   while (eu_thread_run(&thread, program, &env, 500) == EU_STATUS_WAIT)
      thread.n0[0] = thread.n0[1] = thread.n0[2] = thread.n0[3] = 1;
   interpret(program, control);
   eu_program_destroy(program);
   return 0;
}

#ifdef EU_FUZZ_STANDALONE

static uint64_t
random64(uint64_t *state)
{
   *state ^= *state << 13;
   *state ^= *state >> 7;
   *state ^= *state << 17;
   return *state;
}

/* Random bits with the commonest reasons to be invalid taken out, so that much executes. */
static void
random_program(uint64_t *seed, uint8_t *data, size_t size)
{
   for (size_t i = 0; i < size; i += 8) {
      uint64_t word = random64(seed);
      memcpy(data + i, &word, 8);
   }
   for (size_t i = 8; i + 16 <= size; i += 16) {
      uint64_t low, high;
      memcpy(&low, data + i, 8);
      memcpy(&high, data + i + 8, 8);
      do {
         low = (low & ~UINT64_C(0xff)) | (random64(seed) & 0x7f);
      } while (!eu_opcode_name(low & 0x7f));
      low &= ~(UINT64_C(1) << 23); /* execution size */
      if (random64(seed) % 8)
         low &= ~(UINT64_C(1) << 29); /* compaction */
      if (random64(seed) % 2)
         low &= ~(UINT64_C(0xf) << 24);
      if (random64(seed) % 4)
         low &= ~(UINT64_C(1) << 30);
      if (random64(seed) % 4) {
         low = (low & ~(UINT64_C(3) << 32 | UINT64_C(3) << 37 | UINT64_C(3) << 42)) |
               UINT64_C(1) << 32 | UINT64_C(1) << 37 | UINT64_C(1) << 42;
         low &= ~(UINT64_C(1) << 60);
         high &= ~(UINT64_C(1) << 12 | UINT64_C(1) << 44);
         low |= UINT64_C(1) << 61;
      }
      if (random64(seed) % 2)
         high &= ~(UINT64_C(0xffc8) << 32 | 0xffc8); /* short jumps */
      memcpy(data + i, &low, 8);
      memcpy(data + i + 8, &high, 8);
   }
}

int
main(int argc, char **argv)
{
   uint8_t data[8 + 16 * 12];

   if (argc >= 3 && strcmp(argv[1], "-r") == 0) {
      unsigned long count = strtoul(argv[2], NULL, 0);
      uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
      seed |= 1;
      for (unsigned long i = 0; i < count; i++) {
         random_program(&seed, data, sizeof(data));
         LLVMFuzzerTestOneInput(data, sizeof(data));
      }
      printf("%lu random programs\n", count);
      return 0;
   }
   for (int i = 1; i < argc; i++) {
      FILE *file = fopen(argv[i], "rb");
      if (!file) {
         perror(argv[i]);
         return 1;
      }
      size_t size = fread(data, 1, sizeof(data), file);
      fclose(file);
      LLVMFuzzerTestOneInput(data, size);
   }
   return 0;
}

#endif
