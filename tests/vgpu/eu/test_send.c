/*
 * SPDX-License-Identifier: MIT
 *
 * Messages: what a shared function is told, what it may write, what faults.
 */

#include "eu_test.h"

struct record {
   struct eu_message msg;
   unsigned count;
   uint32_t payload[16];
   bool refuse;
   float sum; /* of one and next to nothing: the rounding shows */
};

static bool
take(void *opaque, const struct eu_message *msg)
{
   struct record *r = opaque;

   if (msg->sfid == EU_SFID_THREAD_SPAWNER)
      return true;
   r->msg = *msg;
   r->count++;
   volatile float one = 1.0f, little = 1e-20f;
   r->sum = one + little;
   if (r->refuse)
      return eu_thread_fault(msg->thread, "sampler: message type %u is not modelled",
                             msg->function_control >> 12 & 0x1f);
   for (unsigned i = 0; i < msg->rlen; i++)
      memset(msg->response[i], 0x40 + (int)i, EU_REG_BYTES);
   for (unsigned i = 0; i < msg->mlen; i++) /* after the response was written */
      memcpy(&r->payload[i], msg->payload[i], 4);
   return true;
}

static uint32_t
desc(unsigned mlen, unsigned rlen, bool header, uint32_t function)
{
   return mlen << 25 | rlen << 20 | (uint32_t)header << 19 | function;
}

static enum eu_status
run_with(struct eu_thread *t, struct record *r, const struct insn *insns, unsigned count)
{
   struct eu_env env = {.opaque = r,
                        .send = {[EU_SFID_SAMPLER] = take, [EU_SFID_THREAD_SPAWNER] = take}};
   struct eu_program *program;

   assert_int_equal(eu_program_create(insns, count * sizeof(*insns), 0x1000, &program), 0);
   enum eu_status status = eu_thread_run(t, program, &env, 1000);
   eu_program_destroy(program);
   return status;
}

static void
test_message(void **state)
{
   struct eu_thread t;
   struct record r = {0};
   (void)state;

   eu_thread_init(&t, 0xf3f3);
   t.cr0[0] = 1 << EU_CR0_ROUND_SHIFT;
   t.flag[0] = 0xff0f;
   for (unsigned i = 0; i < 4; i++)
      set_ud(&t, 20 + i, 0, 100 + i);
   const struct insn code[] = {
      with_pred(with_group(enc_send(8, dst(40, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER,
                                    desc(3, 4, true, 0x12345), false),
                           8),
                EU_PRED_NORMAL, false),
      enc_eot(),
   };
   assert_int_equal(run_with(&t, &r, code, 2), EU_STATUS_EOT);
   assert_int_equal(r.count, 1);
   assert_int_equal(r.msg.sfid, EU_SFID_SAMPLER);
   assert_int_equal(r.msg.mlen, 3);
   assert_int_equal(r.msg.rlen, 4);
   assert_true(r.msg.header);
   assert_false(r.msg.eot);
   assert_int_equal(r.msg.function_control, 0x12345);
   assert_int_equal(r.msg.payload_nr, 20);
   assert_int_equal(r.msg.response_nr, 40);
   assert_int_equal(r.msg.exec_size, 8);
   assert_int_equal(r.msg.group, 8);
   assert_int_equal(r.msg.exec_mask, 0xf3);
   assert_int_equal(r.msg.dispatch_mask, 0xf3);
   for (unsigned i = 0; i < 3; i++)
      assert_int_equal(r.payload[i], 100 + i);
   for (unsigned i = 0; i < 4; i++)
      assert_int_equal(get_ub(&t, 40 + i, 31), 0x40 + i);
   assert_int_equal(get_ub(&t, 44, 0), 0);
   /* The callback ran in the host's floating-point environment. */
   assert_true(r.sum == 1.0f);
}

/* A response over the payload does not change what the function reads. */
static void
test_overlapping_response(void **state)
{
   struct eu_thread t;
   struct record r = {0};
   (void)state;

   eu_thread_init(&t, 0xff);
   for (unsigned i = 0; i < 4; i++)
      set_ud(&t, 20 + i, 0, 100 + i);
   const struct insn code[] = {
      enc_send(8, dst(19, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER, desc(4, 3, false, 0), false),
      enc_eot(),
   };
   assert_int_equal(run_with(&t, &r, code, 2), EU_STATUS_EOT);
   for (unsigned i = 0; i < 4; i++)
      assert_int_equal(r.payload[i], 100 + i);
   assert_int_equal(get_ub(&t, 20, 0), 0x41);
   assert_int_equal(get_ud(&t, 22, 0), 102);
}

static void
test_indirect_descriptor(void **state)
{
   struct eu_thread t;
   struct record r = {0};
   struct insn send =
      enc_send(8, dst(40, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER, 0, false);
   (void)state;

   set_field(&send, 43, 42, EU_FILE_ARF);
   set_field(&send, 127, 96, 0);
   set_field(&send, 108, 101, EU_ARF_ADDRESS);
   set_field(&send, 100, 96, 4);
   eu_thread_init(&t, 0xff);
   uint32_t d = desc(2, 1, false, 0x777);
   t.a0[2] = (uint16_t)d;
   t.a0[3] = (uint16_t)(d >> 16);
   const struct insn code[] = {send, enc_eot()};
   assert_int_equal(run_with(&t, &r, code, 2), EU_STATUS_EOT);
   assert_int_equal(r.msg.desc, d);
   assert_int_equal(r.msg.mlen, 2);
   assert_int_equal(r.msg.function_control, 0x777);
}

static void
test_faults(void **state)
{
   struct eu_thread t;
   struct record r = {.refuse = true};
   (void)state;

   EXPECT_FAULT("nothing takes messages to the sampler (SFID 2, descriptor 0x02100123)",
                enc_send(8, dst(40, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER,
                         desc(1, 1, false, 0x123), false));
   EXPECT_FAULT("the payload g126 to g129 is past the register file",
                enc_send(8, null_dst(EU_TYPE_UW), 126, EU_SFID_SAMPLER, desc(4, 0, false, 0),
                         false));
   EXPECT_FAULT("the response g127 to g128 is past the register file",
                enc_send(8, dst(127, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER,
                         desc(1, 2, false, 0), false));
   EXPECT_FAULT("goes to null", enc_send(8, null_dst(EU_TYPE_UW), 20, EU_SFID_SAMPLER,
                                         desc(1, 2, false, 0), false));

   /* The callback's own words stay, and the address is the instruction's. */
   eu_thread_init(&t, 0xff);
   const struct insn code[] = {
      enc0(EU_OP_NOP, 1),
      enc_send(8, dst(40, 0, 1, EU_TYPE_UW), 20, EU_SFID_SAMPLER, desc(1, 1, false, 5 << 12),
               false),
      enc_eot(),
   };
   assert_int_equal(run_with(&t, &r, code, 3), EU_STATUS_FAULT);
   assert_string_equal(t.fault.text, "sampler: message type 5 is not modelled");
   assert_int_equal(t.fault.ip, 0x1010);
}

/* Whatever a program has written, a thread that is restarted is as one that never ran. */
static void
test_restart(void **state)
{
   const struct insn programs[][6] = {
      { enc1(EU_OP_MOV, 16, dst(20, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, 0x12345678)),
        enc1(EU_OP_MOV, 8, dst(60, 4, 2, EU_TYPE_UD), imm(EU_TYPE_UD, 5)),
        enc_math(EU_MATH_INT_DIV_BOTH, 8, dst(70, 0, 1, EU_TYPE_D), vec8(20, EU_TYPE_D),
                 vec8(2, EU_TYPE_D)),
        enc_send(8, dst(80, 0, 1, EU_TYPE_UW), 2, EU_SFID_SAMPLER, desc(2, 5, true, 0), false),
        enc_eot() },
      { enc1_a16(EU_OP_MOV, 8, dst4(30, 5, EU_TYPE_UD), vec4(2, 0xe4, EU_TYPE_UD)),
        with_acc(enc2(EU_OP_ADD, 8, dst(33, 0, 1, EU_TYPE_D), vec8(2, EU_TYPE_D),
                      imm(EU_TYPE_D, 77))),
        with_cond(enc2(EU_OP_ADD, 8, dst(127, 0, 1, EU_TYPE_F), vec8(2, EU_TYPE_F), imm_f(1)),
                  EU_COND_NZ),
        enc1(EU_OP_MOV, 1, arf_dst(EU_ARF_ADDRESS, 0, EU_TYPE_UW), imm(EU_TYPE_UW, 96)),
        enc_eot() },
   };
   struct insn many[12]; /* more ranges than the program keeps */
   (void)state;

   for (unsigned i = 0; i < 11; i++)
      many[i] = enc1(EU_OP_MOV, 8, dst(20 + 5 * i, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, i + 1));
   many[11] = enc_eot();
   for (unsigned p = 0; p < 3; p++) {
      struct record r = { 0 };
      struct eu_env env = { .opaque = &r,
                            .send = { [EU_SFID_SAMPLER] = take,
                                      [EU_SFID_THREAD_SPAWNER] = take } };
      struct eu_thread t, fresh;
      struct eu_program *program;
      const void *code = p < 2 ? programs[p] : many;
      const size_t size = p < 2 ? 5 * sizeof(many[0]) : sizeof(many);

      assert_int_equal(eu_program_create(code, size, 0, &program), 0);
      eu_thread_init(&t, 0xff);
      for (unsigned k = 0; k < 3; k++) {
         for (unsigned i = 0; i < 6 * 8; i++)
            set_ud(&t, i / 8, i % 8, 3 * i + 1);
         assert_int_equal(eu_thread_run(&t, program, &env, 1000), EU_STATUS_EOT);
         eu_thread_init(&fresh, 0xf3);
         assert_memory_not_equal(t.grf, fresh.grf, sizeof(t.grf));
         eu_thread_restart(&t, program, 6, 0xf3);
         assert_memory_equal(&t, &fresh, sizeof(t));
      }
      eu_program_destroy(program);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_message),
      cmocka_unit_test(test_overlapping_response),
      cmocka_unit_test(test_indirect_descriptor),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_restart),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
