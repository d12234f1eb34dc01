/*
 * SPDX-License-Identifier: MIT
 *
 * Kernels assembled by intel-gen4asm of igt-gpu-tools: an encoder that is neither ours nor the
 * tests'.
 *
 * usage: test_asm GEN4ASM
 * Exits with 77 (skipped) if there is no such program.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "eu_test.h"

static const char *assembler;

#define EOT "send (8) 0 null<1>UW g20<8,8,1>UW thread_spawner (0, 0, 0) mlen 1 rlen 0 " \
            "{ align1 EOT };\n"

/* \return how many instructions it gave */
static unsigned
assemble(const char *text, struct insn *code, unsigned max)
{
   char path[] = "/tmp/eu-asm-XXXXXX", command[1024], line[256];
   int fd = mkstemp(path);
   unsigned count = 0;

   assert_true(fd >= 0);
   FILE *file = fdopen(fd, "w");
   fputs(text, file);
   fclose(file);
   snprintf(command, sizeof(command), "'%s' -a -g 7 -o - %s", assembler, path);
   FILE *output = popen(command, "r");
   assert_non_null(output);
   while (fgets(line, sizeof(line), output)) {
      uint32_t dw[4];
      if (sscanf(line, " { 0x%x, 0x%x, 0x%x, 0x%x", &dw[0], &dw[1], &dw[2], &dw[3]) != 4)
         continue;
      assert_true(count < max);
      code[count++] = (struct insn){{dw[0] | (uint64_t)dw[1] << 32, dw[2] | (uint64_t)dw[3] << 32}};
   }
   int status = pclose(output);
   unlink(path);
   if (status != 0 || count == 0)
      fail_msg("%s failed with status %d", assembler, status);
   return count;
}

static void
run_text(struct eu_thread *t, const char *text)
{
   struct insn code[64];
   unsigned count = assemble(text, code, 64);

   if (run_bytes(t, code, count * sizeof(*code), 10000) != EU_STATUS_EOT)
      fail_msg("0x%x: %s", t->fault.ip, t->fault.text);
}

static void
prepare(struct eu_thread *t)
{
   eu_thread_init(t, 0xffff);
   for (unsigned i = 0; i < 8; i++) {
      set_f(t, 2, i, (float)i * 0.125f);
      set_f(t, 3, i, (float)i - 3.0f);
      set_ud(t, 4, i, i * 0x01234567u);
      set_ud(t, 5, i, ~i);
   }
}

static void
test_arithmetic(void **state)
{
   struct eu_thread t;
   (void)state;

   prepare(&t);
   run_text(&t, "mul (8) g10<1>F g2<8,8,1>F g3.1<0,1,0>F { align1 };\n"
                "add.sat (8) g11<1>F g10<8,8,1>F -g2<8,8,1>F { align1 };\n"
                "cmp.l.f0.0 (8) null<1>F g2<8,8,1>F 0.5F { align1 };\n"
                "(f0.0) sel (8) g12<1>F g2<8,8,1>F g3<8,8,1>F { align1 };\n"
                "(-f0.0) mov (8) g13<1>UD 7UD { align1 };\n"
                "shl (8) g14<1>UD g4<8,8,1>UD 3UD { align1 };\n"
                "asr (16) g16<1>D g4<8,8,1>D 5D { align1 };\n"
                "and.nz.f0.1 (8) g18<1>UW g4<16,8,2>UW 0x00ffUW { align1 };\n"
                "mov (8) g19<2>W g5<8,8,1>D { align1 };\n"
                "rndd (8) g23<1>F (abs)g3<8,8,1>F { align1 };\n"
                "math (8) g25<1>F g3<8,8,1>F null<1>F inv { align1 };\n" EOT);
   for (unsigned i = 0; i < 8; i++) {
      float a = get_f(&t, 2, i), b = get_f(&t, 3, i), product = a * -2.0f;
      float sum = product - a;
      uint32_t u = get_ud(&t, 4, i);
      assert_float_bits(get_f(&t, 10, i), product, "mul", i);
      assert_float_bits(get_f(&t, 11, i), sum > 0 ? sum : 0, "add.sat", i);
      assert_float_bits(get_f(&t, 12, i), a < 0.5f ? a : b, "sel", i);
      assert_int_equal(get_ud(&t, 13, i), a < 0.5f ? 0 : 7);
      assert_int_equal(get_ud(&t, 14, i), u << 3);
      assert_int_equal((int32_t)get_ud(&t, 16, i), (int32_t)u >> 5);
      assert_int_equal(get_uw(&t, 18, i), u & 0xff);
      assert_int_equal(t.flag[0] >> (16 + i) & 1, (u & 0xff) != 0);
      assert_int_equal((int16_t)get_uw(&t, 19, 2 * i), (int16_t)~i);
      assert_float_bits(get_f(&t, 23, i), floorf(fabsf(b)), "rndd", i);
      assert_float_bits(get_f(&t, 25, i), 1 / b, "inv", i);
   }
}

static void
test_align16(void **state)
{
   static const unsigned swizzle[4] = {3, 2, 1, 0};
   struct eu_thread t;
   (void)state;

   prepare(&t);
   run_text(&t, "mov (8) g20<1>.xyF g2<4,4,1>.wzyxF { align16 };\n"
                "dp4 (8) g21<1>F g2<4,4,1>F g3<4,4,1>F { align16 };\n"
                "mad (8) g22<1>F g2<4,4,1>F g3<4,4,1>F g2<4,4,1>F { align16 };\n" EOT);
   for (unsigned i = 0; i < 8; i++) {
      unsigned g = i & 4;
      float dot = 0;
      for (unsigned c = 0; c < 4; c++)
         dot += get_f(&t, 2, g + c) * get_f(&t, 3, g + c);
      assert_float_bits(get_f(&t, 20, i), i % 4 < 2 ? get_f(&t, 2, g + swizzle[i % 4]) : 0, "mov",
                        i);
      assert_float_bits(get_f(&t, 21, i), dot, "dp4", i);
      assert_float_bits(get_f(&t, 22, i),
                        get_f(&t, 2, i) + get_f(&t, 3, i) * get_f(&t, 2, i), "mad", i);
   }
}

static void
test_address_and_jump(void **state)
{
   struct eu_thread t;
   (void)state;

   prepare(&t);
   run_text(&t, "mov (1) a0<1>UW 64UW { align1 nomask };\n"
                "mov (8) g24<1>UD g[a0.0, 32]<8,8,1>UD { align1 };\n"
                "jmpi 2;\n"
                "mov (8) g24<1>UD 0UD { align1 };\n" EOT);
   for (unsigned i = 0; i < 8; i++)
      assert_int_equal(get_ud(&t, 24, i), get_ud(&t, 3, i));
}

int
main(int argc, char **argv)
{
   if (argc < 2 || access(argv[1], X_OK) != 0) {
      printf("SKIPPED: intel-gen4asm (Debian's igt-gpu-tools) is not there%s%s\n",
             argc < 2 ? "" : ": ", argc < 2 ? "" : argv[1]);
      return 77;
   }
   assembler = argv[1];
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_align16),
      cmocka_unit_test(test_address_and_jump),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
