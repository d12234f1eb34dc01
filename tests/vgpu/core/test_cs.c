/*
 * SPDX-License-Identifier: MIT
 *
 * The command streamer: rings, batches, MI_* commands, waits, faults, resets and contexts.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fixture.h"
#include "vgpu_render.h"

#define MI(opcode) ((uint32_t)(opcode) << 23)
#define MI_NOOP 0u
#define MI_USER_INTERRUPT MI(0x02)
#define MI_WAIT_FOR_EVENT MI(0x03)
#define MI_FLUSH MI(0x04)
#define MI_ARB_CHECK MI(0x05)
#define MI_REPORT_HEAD MI(0x07)
#define MI_ARB_ON_OFF MI(0x08)
#define MI_BATCH_BUFFER_END MI(0x0a)
#define MI_PREDICATE MI(0x0c)
#define MI_SET_APPID MI(0x0e)
#define MI_DISPLAY_FLIP (MI(0x14) | 1)
#define MI_SEMAPHORE_MBOX (MI(0x16) | 1)
#define MI_SET_CONTEXT MI(0x18)
#define MI_STORE_DATA_IMM (MI(0x20) | 2)
#define MI_STORE_DATA_INDEX (MI(0x21) | 1)
#define MI_LOAD_REGISTER_IMM(n) (MI(0x22) | (2 * (n)-1))
#define MI_UPDATE_GTT(n) (MI(0x23) | (n))
#define MI_STORE_REGISTER_MEM (MI(0x24) | 1)
#define MI_FLUSH_DW (MI(0x26) | 1)
#define MI_REPORT_PERF_COUNT (MI(0x28) | 1)
#define MI_LOAD_REGISTER_MEM (MI(0x29) | 1)
#define MI_BATCH_BUFFER_START MI(0x31)
#define MI_CONDITIONAL_BATCH_BUFFER_END MI(0x36)
#define GGTT (1u << 22)
#define PIPE_CONTROL(dw) (0x7a000000u | ((dw)-2))

#define DATA(f) fixture_ggtt(f, FIXTURE_DATA)
#define PPGTT_OF(ggtt) (0x100000 + (ggtt)) /* fixture_ppgtt() */

static const uint32_t bases[] = { RENDER_RING_BASE, GEN6_BSD_RING_BASE, BLT_RING_BASE };

static void
batch(struct fixture *f, uint32_t address, const uint32_t *dw, unsigned len_dw)
{
   memcpy(fixture_ggtt(f, address), dw, len_dw * 4);
}
#define BATCH(f, address, ...)                                                                  \
   batch(f, address, (const uint32_t[]){ __VA_ARGS__ },                                         \
         sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

static void
every_engine_executes(void **state)
{
   struct fixture *f = *state;

   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++) {
      SUBMIT(f, e, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA + 4 * e, 0x1000 + e);
      assert_int_equal(DATA(f)[e], 0x1000 + e);
      assert_int_equal(fixture_read(f, bases[e] + RING_HEAD), 16);
      assert_int_equal(fixture_read(f, bases[e] + RING_MI_MODE) & MODE_IDLE, MODE_IDLE);
      assert_int_equal(fixture_read(f, bases[e] + RING_INSTDONE), ~0u);
   }
   fixture_expect_no_fault(f);
}

static void
ring_wraps(void **state)
{
   struct fixture *f = *state;

   /* A command of 3 DWords does not divide the ring, so some straddle its end. */
   for (unsigned i = 0; i < 3 * FIXTURE_RING_PAGES * 1024 / 4; i++) {
      SUBMIT(f, VGPU_BCS, MI_STORE_DATA_INDEX, 0x100, i);
      assert_int_equal(*fixture_ggtt(f, (FIXTURE_HWS_PAGE(VGPU_BCS) << 12) + 0x100), i);
   }
   fixture_expect_no_fault(f);
   const uint32_t head = fixture_read(f, BLT_RING_BASE + RING_HEAD);
   assert_int_equal(head & HEAD_ADDR, f->tail[VGPU_BCS]);
   assert_int_equal(head & HEAD_WRAP_COUNT, 3 * HEAD_WRAP_ONE);
}

static void
command_is_complete_before_it_executes(void **state)
{
   struct fixture *f = *state;
   uint32_t *ring = fixture_ggtt(f, FIXTURE_RING_PAGE(VGPU_BCS) << 12);

   ring[0] = MI_STORE_DATA_IMM | GGTT;
   ring[1] = 0;
   ring[2] = FIXTURE_DATA;
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 8);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_HEAD), 0);
   assert_int_equal(DATA(f)[0], 0);
   ring[3] = 77;
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 16);
   assert_int_equal(DATA(f)[0], 77);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_HEAD), 16);
}

static void
head_beyond_the_ring_faults(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, BLT_RING_BASE + RING_HEAD, 0x100000);
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 8);
   fixture_expect_fault(f, "beyond the ring");
}

static void
without_bus_mastering_nothing_is_fetched(void **state)
{
   struct fixture *f = *state;
   const uint16_t command = PCI_COMMAND_MEMORY;

   assert_int_equal(vgpu_region_write(f->gpu, VGPU_REGION_CONFIG, PCI_COMMAND, &command, 2), 0);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   fixture_expect_fault(f, "not a bus master");
   assert_int_equal(DATA(f)[0], 0);
}

static void
stopped_ring_stands_still(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, BLT_RING_BASE + RING_MI_MODE, STOP_RING << 16 | STOP_RING);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 0);
   assert_true(fixture_read(f, BLT_RING_BASE + RING_MI_MODE) & MODE_IDLE);
   fixture_write(f, BLT_RING_BASE + RING_MI_MODE, STOP_RING << 16);
   assert_int_equal(DATA(f)[0], 1);
}

static void
batches_chain_and_return(void **state)
{
   struct fixture *f = *state;

   BATCH(f, FIXTURE_BATCH, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1, MI_BATCH_BUFFER_START,
         FIXTURE_BATCH + 0x1000);
   BATCH(f, FIXTURE_BATCH + 0x1000, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA + 4, 2,
         MI_BATCH_BUFFER_END);
   SUBMIT(f, VGPU_BCS, MI_BATCH_BUFFER_START, FIXTURE_BATCH, MI_STORE_DATA_IMM | GGTT, 0,
          FIXTURE_DATA + 8, 3);
   fixture_expect_no_fault(f);
   assert_int_equal(DATA(f)[0], 1);
   assert_int_equal(DATA(f)[1], 2);
   assert_int_equal(DATA(f)[2], 3);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_BBADDR), 0);
}

static void
commands_may_cross_pages(void **state)
{
   struct fixture *f = *state;

   BATCH(f, FIXTURE_BATCH + 0xff8, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 0xabc,
         MI_BATCH_BUFFER_END);
   SUBMIT(f, VGPU_RCS, MI_BATCH_BUFFER_START, FIXTURE_BATCH + 0xff8);
   assert_int_equal(DATA(f)[0], 0xabc);
}

static void
ppgtt_batch_works_in_the_ppgtt(void **state)
{
   struct fixture *f = *state;

   fixture_ppgtt(f, VGPU_BCS);
   BATCH(f, FIXTURE_BATCH, MI_STORE_DATA_IMM, 0, PPGTT_OF(FIXTURE_DATA), 5, MI_BATCH_BUFFER_END);
   SUBMIT(f, VGPU_BCS, MI_BATCH_BUFFER_START | 1 << 8, PPGTT_OF(FIXTURE_BATCH));
   fixture_expect_no_fault(f);
   assert_int_equal(DATA(f)[0], 5);
}

static void
insecure_batch_has_no_privileges(void **state)
{
   struct fixture *f = *state;

   fixture_ppgtt(f, VGPU_BCS);
   BATCH(f, FIXTURE_BATCH,
         /* NOOPs, all of them: */
         MI_LOAD_REGISTER_IMM(1), BLT_RING_BASE + RING_NOPID, 0x666,
         MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 0x666,
         MI_STORE_REGISTER_MEM | GGTT, BLT_RING_BASE + RING_START, FIXTURE_DATA + 4,
         MI_UPDATE_GTT(1), 0x5000, 0,
         MI_FLUSH_DW | 1 << 14, FIXTURE_DATA | 1 << 2, 0x666,
         /* Chaining to the GGTT stays in the PPGTT: */
         MI_BATCH_BUFFER_START, PPGTT_OF(FIXTURE_BATCH) + 0x1000);
   BATCH(f, FIXTURE_BATCH + 0x1000, MI_LOAD_REGISTER_IMM(1), BLT_RING_BASE + RING_NOPID, 0x666,
         MI_STORE_DATA_IMM, 0, PPGTT_OF(FIXTURE_DATA) + 8, 9, MI_BATCH_BUFFER_END);
   SUBMIT(f, VGPU_BCS, MI_BATCH_BUFFER_START | 1 << 8, PPGTT_OF(FIXTURE_BATCH));
   fixture_expect_no_fault(f);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_NOPID), 0);
   assert_int_equal(DATA(f)[0], 0);
   assert_int_equal(DATA(f)[1], 0);
   assert_int_equal(DATA(f)[2], 9);
   assert_int_equal(fixture_read(f, VGPU_MMIO_SIZE_BYTES + 4 * 5), fixture_pte(5));
}

static void
insecure_batch_writes_instpm(void **state)
{
   struct fixture *f = *state;

   fixture_ppgtt(f, VGPU_RCS);
   BATCH(f, FIXTURE_BATCH, MI_LOAD_REGISTER_IMM(2), RENDER_RING_BASE + RING_NOPID, 0x666,
         RENDER_RING_BASE + RING_INSTPM, 0x00400040, MI_BATCH_BUFFER_END);
   SUBMIT(f, VGPU_RCS, MI_BATCH_BUFFER_START | 1 << 8, PPGTT_OF(FIXTURE_BATCH));
   fixture_expect_no_fault(f);
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_NOPID), 0);
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_INSTPM), 0x40);
}

static void
registers_and_memory(void **state)
{
   struct fixture *f = *state;

   SUBMIT(f, VGPU_RCS, MI_LOAD_REGISTER_IMM(2), RENDER_RING_BASE + RING_NOPID, 0x12,
          BLT_RING_BASE + RING_NOPID, 0x34);
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_NOPID), 0x12);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_NOPID), 0x34);
   SUBMIT(f, VGPU_RCS, MI_STORE_REGISTER_MEM | GGTT, BLT_RING_BASE + RING_NOPID, FIXTURE_DATA);
   assert_int_equal(DATA(f)[0], 0x34);
   DATA(f)[1] = 0x56;
   SUBMIT(f, VGPU_RCS, MI_LOAD_REGISTER_MEM | GGTT, RENDER_RING_BASE + RING_NOPID,
          FIXTURE_DATA + 4);
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_NOPID), 0x56);
   SUBMIT(f, VGPU_RCS, MI_NOOP | 1 << 22 | 0x2abcde);
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_NOPID), 0x2abcde);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_RCS, MI_STORE_REGISTER_MEM | GGTT, 0x600000, FIXTURE_DATA);
   fixture_expect_fault(f, "0x600000 is no register offset");
}

static void
store_data_imm_of_both_sizes(void **state)
{
   struct fixture *f = *state;

   DATA(f)[1] = 0x77;
   SUBMIT(f, VGPU_RCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 0x11111111);
   assert_int_equal(DATA(f)[1], 0x77);
   SUBMIT(f, VGPU_RCS, (MI_STORE_DATA_IMM + 1) | GGTT, 0, FIXTURE_DATA + 8, 0x22222222, 0x33333333);
   assert_int_equal(DATA(f)[2], 0x22222222);
   assert_int_equal(DATA(f)[3], 0x33333333);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_RCS, (MI_STORE_DATA_IMM + 1) | GGTT, 0, FIXTURE_DATA + 4, 1, 2);
   fixture_expect_fault(f, "QWord to 0x000c0004");
}

static void
status_page(void **state)
{
   struct fixture *f = *state;
   const uint32_t *hws = fixture_ggtt(f, FIXTURE_HWS_PAGE(VGPU_RCS) << 12);

   SUBMIT(f, VGPU_RCS, MI_STORE_DATA_INDEX, 0x140, 0xcafe);
   assert_int_equal(hws[0x140 / 4], 0xcafe);
   SUBMIT(f, VGPU_RCS, MI_REPORT_HEAD);
   assert_int_equal(hws[4], 16);
   /* Interrupt status, when HWSTAM lets it through. */
   SUBMIT(f, VGPU_RCS, MI_USER_INTERRUPT);
   assert_int_equal(hws[0], 0);
   fixture_write(f, RENDER_RING_BASE + RING_HWSTAM, ~1u);
   SUBMIT(f, VGPU_RCS, MI_USER_INTERRUPT);
   assert_int_equal(hws[0], 1);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_RCS, MI_STORE_DATA_INDEX, 0x3c, 1);
   fixture_expect_fault(f, "status page is the hardware's");
}

static void
head_is_reported_at_boundaries(void **state)
{
   struct fixture *f = *state;
   const uint32_t *hws = fixture_ggtt(f, FIXTURE_HWS_PAGE(VGPU_BCS) << 12);

   /* A ring of 128 KiB of NOOPs that reports every 64 KiB. */
   fixture_write(f, BLT_RING_BASE + RING_START, 64 << 12);
   fixture_write(f, BLT_RING_BASE + RING_CTL, 31 << 12 | 2 | RING_VALID);
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 0xfff8);
   assert_int_equal(hws[4], 0);
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 0x10008);
   assert_int_equal(hws[4], 0x10000);
}

static void
flush_writes_after_itself(void **state)
{
   struct fixture *f = *state;
   const uint32_t *hws = fixture_ggtt(f, FIXTURE_HWS_PAGE(VGPU_BCS) << 12);

   SUBMIT(f, VGPU_BCS, MI_FLUSH_DW | 1 << 14 | 1 << 21, 0x100 | 1 << 2, 0xbeef);
   assert_int_equal(hws[0x40], 0xbeef);
   SUBMIT(f, VGPU_BCS, (MI_FLUSH_DW + 1) | 1 << 14, FIXTURE_DATA | 1 << 2, 1, 2);
   assert_int_equal(DATA(f)[0], 1);
   assert_int_equal(DATA(f)[1], 2);
   /* Timestamps go on. */
   SUBMIT(f, VGPU_BCS, MI_FLUSH_DW | 3 << 14, (FIXTURE_DATA + 16) | 1 << 2, 0);
   usleep(1000);
   SUBMIT(f, VGPU_BCS, MI_FLUSH_DW | 3 << 14, (FIXTURE_DATA + 24) | 1 << 2, 0);
   const uint64_t first = *(uint64_t *)&DATA(f)[4], second = *(uint64_t *)&DATA(f)[6];
   assert_true(second - first >= 1000000 / 80 && second - first < 10000000000 / 80);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_BCS, MI_FLUSH_DW | 2 << 14, FIXTURE_DATA | 1 << 2, 0);
   fixture_expect_fault(f, "reserved post-sync operation");
}

static void
flush_invalidates_translations(void **state)
{
   struct fixture *f = *state;
   uint32_t *const old = fixture_ggtt(f, 0x5000), *const now = fixture_ggtt(f, 0x6000);

   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, 0x5000, 1);
   fixture_set_pte(f, 5, fixture_pte(6));
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, 0x5000, 2);
   assert_int_equal(*old, 2);
   SUBMIT(f, VGPU_BCS, MI_FLUSH_DW | 1 << 14 | 1 << 18, FIXTURE_DATA | 1 << 2, 0);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, 0x5000, 3);
   assert_int_equal(*old, 2);
   assert_int_equal(*now, 3);

   /* INSTPM's request does the same and clears itself. */
   fixture_set_pte(f, 5, fixture_pte(5));
   fixture_write(f, BLT_RING_BASE + RING_INSTPM,
                 (INSTPM_TLB_INVALIDATE | INSTPM_SYNC_FLUSH) * 0x10001u);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_INSTPM), 0);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, 0x5000, 4);
   assert_int_equal(*old, 4);
}

static void
pipe_control_writes_after_itself(void **state)
{
   struct fixture *f = *state;

   DATA(f)[1] = 0x77;
   SUBMIT(f, VGPU_RCS, PIPE_CONTROL(4), 1 << 24 | 1 << 20 | 1 << 14, FIXTURE_DATA, 0xf00d);
   assert_int_equal(DATA(f)[0], 0xf00d);
   assert_int_equal(DATA(f)[1], 0x77);
   SUBMIT(f, VGPU_RCS, PIPE_CONTROL(5), 1 << 24 | 1 << 14, FIXTURE_DATA, 3, 4);
   assert_int_equal(DATA(f)[0], 3);
   assert_int_equal(DATA(f)[1], 4);
   fixture_expect_no_fault(f);
   /* The register NOPID; a batch of the user's may not write it. */
   SUBMIT(f, VGPU_RCS, PIPE_CONTROL(5), 1 << 23, 0x2094, 3, 4);
   assert_int_equal(fixture_read(f, 0x2094), 3);
   fixture_expect_no_fault(f);
   fixture_ppgtt(f, VGPU_RCS);
   uint32_t *batch = (uint32_t *)(f->ram + 0x40 * 4096);
   const uint32_t commands[] = { PIPE_CONTROL(5), 1 << 23, 0x2094, 5, 0, 0xau << 23 };
   memcpy(batch, commands, sizeof(commands));
   SUBMIT(f, VGPU_RCS, 0x31u << 23 | 1 << 8, (0x100 + 0x40) << 12);
   assert_int_equal(fixture_read(f, 0x2094), 3);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_RCS, PIPE_CONTROL(5), 1 << 23 | 1 << 14, 0x2094, 3, 4);
   fixture_expect_fault(f, "exclude each other");
}

static void
update_gtt_is_checked(void **state)
{
   struct fixture *f = *state;

   SUBMIT(f, VGPU_BCS, MI_UPDATE_GTT(2), 5 << 12, fixture_pte(7), fixture_pte(8));
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, 0x6000, 8);
   assert_int_equal(*fixture_ggtt(f, 0x8000), 8);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_BCS, MI_UPDATE_GTT(2), 0x7ffffu << 12, 1, 1);
   fixture_expect_fault(f, "2 entries at page 0x7ffff");
}

static void
predicate(void **state)
{
   struct fixture *f = *state;
   static const struct {
      uint32_t src0, src1, command;
      bool result;
   } steps[] = {
      { 1, 1, 2 << 6 | 2, true },           /* load, srcs equal */
      { 1, 2, 2 << 6 | 2, false },
      { 1, 2, 3 << 6 | 2, true },           /* load inverted */
      { 1, 2, 0 << 6 | 2, true },           /* keep */
      { 1, 1, 2 << 6 | 1 << 3 | 2, true },  /* and */
      { 1, 2, 2 << 6 | 1 << 3 | 2, false },
      { 1, 1, 2 << 6 | 2 << 3 | 2, true },  /* or */
      { 1, 1, 2 << 6 | 3 << 3 | 2, false }, /* xor */
      { 0, 0, 2 << 6 | 0, true },           /* compare true */
      { 0, 0, 2 << 6 | 1, false },          /* compare false */
   };

   for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
      SUBMIT(f, VGPU_RCS, MI_LOAD_REGISTER_IMM(2), MI_PREDICATE_SRC0, steps[i].src0,
             MI_PREDICATE_SRC1, steps[i].src1, MI_PREDICATE | steps[i].command);
      if (fixture_read(f, MI_PREDICATE_RESULT) != steps[i].result)
         fail_msg("step %u", i);
   }
   fixture_expect_no_fault(f);
}

static void
conditional_end(void **state)
{
   struct fixture *f = *state;

   for (uint32_t value = 4; value <= 6; value++) {
      DATA(f)[0] = value;
      DATA(f)[1] = 0;
      BATCH(f, FIXTURE_BATCH, MI_CONDITIONAL_BATCH_BUFFER_END | GGTT | 1 << 21, 5, FIXTURE_DATA,
            MI_NOOP, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA + 4, 1, MI_BATCH_BUFFER_END);
      fixture_ggtt(f, FIXTURE_BATCH)[0] |= 1; /* three DWords */
      SUBMIT(f, VGPU_RCS, MI_BATCH_BUFFER_START, FIXTURE_BATCH);
      assert_int_equal(DATA(f)[1], value > 5);
   }
   fixture_expect_no_fault(f);
}

static void
semaphore_waits_for_a_register(void **state)
{
   struct fixture *f = *state;
   enum { COMPARE = 1 << 20, REGISTER = 1 << 18, SYNC_1 = 2 << 16 };

   SUBMIT(f, VGPU_RCS, MI_SEMAPHORE_MBOX | COMPARE | REGISTER | SYNC_1, 5, 0, MI_NOOP,
          MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 0);
   assert_true(fixture_read(f, RENDER_RING_BASE + RING_CTL) & RING_WAIT_SEMAPHORE);
   assert_false(fixture_read(f, RENDER_RING_BASE + RING_MI_MODE) & MODE_IDLE);
   fixture_write(f, RENDER_RING_BASE + RING_SYNC_1, 5);
   assert_int_equal(DATA(f)[0], 0);
   /* Another engine signals. */
   SUBMIT(f, VGPU_BCS, MI_LOAD_REGISTER_IMM(1), RENDER_RING_BASE + RING_SYNC_1, 6);
   fixture_write(f, RENDER_RING_BASE + RING_UHPTR, 0); /* the fixture runs engines on a write */
   assert_int_equal(DATA(f)[0], 1);
   fixture_expect_no_fault(f);
}

static void
wait_for_condition_code(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, BLT_RING_BASE + RING_EXCC, 0x00040004);
   SUBMIT(f, VGPU_BCS, MI_WAIT_FOR_EVENT | 3 << 16, MI_NOOP, MI_STORE_DATA_IMM | GGTT, 0,
          FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 0);
   fixture_write(f, BLT_RING_BASE + RING_EXCC, 0x00040000);
   assert_int_equal(DATA(f)[0], 1);
   fixture_expect_no_fault(f);
   SUBMIT(f, VGPU_BCS, MI_WAIT_FOR_EVENT | 1 << 3);
   fixture_expect_fault(f, "there is no display");
}

static void
pending_head_takes_effect(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, BLT_RING_BASE + RING_UHPTR, 48 | 1);
   SUBMIT(f, VGPU_BCS, MI_ARB_ON_OFF, MI_ARB_CHECK, MI_ARB_ON_OFF | 1, MI_ARB_CHECK,
          /* skipped: */ MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1,
          MI_NOOP, MI_NOOP, MI_NOOP, MI_NOOP,
          /* from 48 on: */ MI_NOOP, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA + 4, 2);
   fixture_expect_no_fault(f);
   assert_int_equal(DATA(f)[0], 0);
   assert_int_equal(DATA(f)[1], 2);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_UHPTR), 48);
}

static void
faults_hang_with_a_name(void **state)
{
   struct fixture *f = *state;

   SUBMIT(f, VGPU_BCS, MI_NOOP, MI_NOOP, MI(0x3f), 0);
   fixture_expect_fault(f, "bcs0: unknown command");
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_IPEHR), MI(0x3f));
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_ACTHD),
                    (FIXTURE_RING_PAGE(VGPU_BCS) << 12) + 8);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_HEAD), 8);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_ESR), ERROR_INSTRUCTION);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_INSTDONE), ~1u);
   assert_false(fixture_read(f, BLT_RING_BASE + RING_MI_MODE) & MODE_IDLE);

   /* The others go on. */
   SUBMIT(f, VGPU_RCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 1);
   /* Known to the genxml, not to us. */
   SUBMIT(f, VGPU_RCS, MI_DISPLAY_FLIP, 0, 0);
   fixture_expect_fault(f, "not modelled: MI_DISPLAY_FLIP: there is no display to flip");
   /* Of another engine. */
   SUBMIT(f, VGPU_VCS, 0x2u << 29 | 0x50 << 22 | 4, 0, 0, 0, 0, 0);
   fixture_expect_fault(f, "vcs0: unknown command");
}

/* Gen7 has MI_FLUSH only where MI_MODE enables it. */
static void
flush_wants_to_be_enabled(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, RENDER_RING_BASE + RING_MI_MODE, MI_FLUSH_ENABLE << 16 | MI_FLUSH_ENABLE);
   SUBMIT(f, VGPU_RCS, MI_FLUSH | BIT(1), MI_SET_APPID | 0x81, MI_STORE_DATA_IMM | GGTT, 0,
          FIXTURE_DATA, 7, MI_NOOP);
   assert_int_equal(DATA(f)[0], 7);

   fixture_write(f, RENDER_RING_BASE + RING_MI_MODE, MI_FLUSH_ENABLE << 16);
   SUBMIT(f, VGPU_RCS, MI_FLUSH, MI_NOOP);
   fixture_expect_fault(f, "not modelled: MI_FLUSH: MI_MODE does not enable it");
}

static void
flush_resets_no_snapshots(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, RENDER_RING_BASE + RING_MI_MODE, MI_FLUSH_ENABLE << 16 | MI_FLUSH_ENABLE);
   SUBMIT(f, VGPU_RCS, MI_FLUSH | BIT(3), MI_NOOP);
   fixture_expect_fault(f, "not modelled: MI_FLUSH: Global Snapshot Count Reset");
}

/* The report is as long as its format, and holds its ID, a time and counters at 0. */
static void
perf_count_reports(void **state)
{
   static const unsigned size_dw[8] = { 16, 32, 32, 0, 16, 64, 32, 16 };
   struct fixture *f = *state;

   for (unsigned format = 0; format < 8; format++) {
      if (!size_dw[format])
         continue;
      memset(DATA(f), 0x5a, 512);
      fixture_write(f, GEN7_OACONTROL, format << GEN7_OACONTROL_FORMAT_SHIFT);
      const uint32_t before = fixture_read(f, RENDER_RING_BASE + RING_TIMESTAMP);
      SUBMIT(f, VGPU_RCS, MI_REPORT_PERF_COUNT, FIXTURE_DATA | 1, 0xabcd0000 + format, MI_NOOP);
      const uint32_t after = fixture_read(f, RENDER_RING_BASE + RING_TIMESTAMP);
      assert_int_equal(DATA(f)[0], 0xabcd0000 + format);
      assert_in_range(DATA(f)[1] - before, 0, after - before);
      for (unsigned i = 2; i < size_dw[format]; i++)
         assert_int_equal(DATA(f)[i], 0);
      assert_int_equal(DATA(f)[size_dw[format]], 0x5a5a5a5a);
   }

   fixture_write(f, GEN7_OACONTROL, 3 << GEN7_OACONTROL_FORMAT_SHIFT);
   SUBMIT(f, VGPU_RCS, MI_REPORT_PERF_COUNT, FIXTURE_DATA | 1, 0, MI_NOOP);
   fixture_expect_fault(f, "reserved report format 3");
}

static void
enabled_counters_fault(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, GEN7_OACONTROL, GEN7_OACONTROL_ENABLE);
   SUBMIT(f, VGPU_RCS, MI_REPORT_PERF_COUNT, FIXTURE_DATA | 1, 0, MI_NOOP);
   fixture_expect_fault(f, "not modelled: MI_REPORT_PERF_COUNT: counters that OACONTROL enables");
}

static void
batch_end_in_the_ring_faults(void **state)
{
   struct fixture *f = *state;

   SUBMIT(f, VGPU_BCS, MI_BATCH_BUFFER_END);
   fixture_expect_fault(f, "the end of a batch in the ring");
}

static void
error_interrupt(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, BLT_RING_BASE + RING_EMR, ~ERROR_INSTRUCTION);
   fixture_write(f, BLT_RING_BASE + RING_IMR, 0);
   fixture_write(f, GTIMR, 0);
   SUBMIT(f, VGPU_BCS, MI(0x3f), 0);
   fixture_expect_fault(f, "unknown command");
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_EIR), ERROR_INSTRUCTION);
   assert_int_equal(fixture_read(f, GTIIR), 1u << 25);
   fixture_write(f, BLT_RING_BASE + RING_EIR, ERROR_INSTRUCTION);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_EIR), 0);
}

static void
restart(struct fixture *f, enum vgpu_engine_id e)
{
   fixture_write(f, bases[e] + RING_START, FIXTURE_RING_PAGE(e) << 12);
   fixture_write(f, bases[e] + RING_HEAD, 0);
   fixture_write(f, bases[e] + RING_TAIL, 0);
   fixture_write(f, bases[e] + RING_CTL, (FIXTURE_RING_PAGES - 1) << 12 | RING_VALID);
   f->tail[e] = 0;
}

static void
reset_brings_an_engine_back(void **state)
{
   struct fixture *f = *state;
   static const uint32_t domains[] = { GEN6_GRDOM_RENDER, GEN6_GRDOM_MEDIA, GEN6_GRDOM_BLT };

   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++) {
      const unsigned other = (e + 1) % VGPU_NUM_ENGINES;
      fixture_write(f, bases[other] + RING_NOPID, 0x1234);
      SUBMIT(f, e, MI(0x3f), 0);
      fixture_expect_fault(f, "unknown command");
      fixture_write(f, GEN6_GDRST, domains[e]);
      assert_int_equal(fixture_read(f, GEN6_GDRST), 0);
      assert_int_equal(fixture_read(f, bases[e] + RING_CTL), 0);
      assert_int_equal(fixture_read(f, bases[other] + RING_NOPID), 0x1234);
      restart(f, e);
      SUBMIT(f, e, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, e + 1);
      assert_int_equal(DATA(f)[0], e + 1);
   }
   fixture_write(f, GEN6_GDRST, GEN6_GRDOM_FULL);
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++)
      assert_int_equal(fixture_read(f, bases[e] + RING_NOPID), 0);
   fixture_expect_no_fault(f);
}

static void
disabling_the_ring_leaves_the_batch(void **state)
{
   struct fixture *f = *state;

   /* A batch that runs for ever, as far as the fixture's budget goes. */
   BATCH(f, FIXTURE_BATCH, MI_NOOP, MI_BATCH_BUFFER_START, FIXTURE_BATCH);
   SUBMIT(f, VGPU_BCS, MI_BATCH_BUFFER_START, FIXTURE_BATCH);
   assert_true(fixture_read(f, BLT_RING_BASE + RING_BBADDR) & RING_BBADDR_VALID);
   /* As i915's stop_ring(): to the end, off, to the start. */
   fixture_write(f, BLT_RING_BASE + RING_HEAD, f->tail[VGPU_BCS]);
   fixture_write(f, BLT_RING_BASE + RING_CTL, 0);
   restart(f, VGPU_BCS);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 1);
   fixture_expect_no_fault(f);
}

static void
reset_interrupts_an_endless_batch(void **state)
{
   struct fixture *f = *state;

   BATCH(f, FIXTURE_BATCH, MI_NOOP, MI_BATCH_BUFFER_START, FIXTURE_BATCH);
   uint32_t *ring = fixture_ggtt(f, FIXTURE_RING_PAGE(VGPU_BCS) << 12);
   ring[0] = MI_BATCH_BUFFER_START;
   ring[1] = FIXTURE_BATCH;
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 8);
   assert_int_equal(vgpu_wait_idle(f->gpu, 50), -ETIMEDOUT);
   assert_false(fixture_read(f, BLT_RING_BASE + RING_MI_MODE) & MODE_IDLE);
   fixture_write(f, GEN6_GDRST, GEN6_GRDOM_BLT);
   assert_int_equal(fixture_read(f, GEN6_GDRST), 0);
   restart(f, VGPU_BCS);
   SUBMIT(f, VGPU_BCS, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1);
   assert_int_equal(DATA(f)[0], 1);
   fixture_expect_no_fault(f);
}

static void
engines_signal_each_other(void **state)
{
   struct fixture *f = *state;
   enum { COMPARE = 1 << 20, UPDATE = 1 << 21, REGISTER = 1 << 18, SYNC_1 = 2 << 16 };
   uint32_t *rcs = fixture_ggtt(f, FIXTURE_RING_PAGE(VGPU_RCS) << 12);

   /* The render engine waits for a register, then for memory; the blitter provides both. */
   const uint32_t wait[] = {
      MI_SEMAPHORE_MBOX | COMPARE | REGISTER | SYNC_1, 0, 0,
      MI_SEMAPHORE_MBOX | COMPARE | GGTT, 41, FIXTURE_DATA,
      MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA + 4, 7,
   };
   memcpy(rcs, wait, sizeof(wait));
   fixture_write(f, RENDER_RING_BASE + RING_TAIL, sizeof(wait));
   usleep(20000);
   assert_int_equal(__atomic_load_n(&DATA(f)[1], __ATOMIC_ACQUIRE), 0);
   SUBMIT(f, VGPU_BCS, MI_LOAD_REGISTER_IMM(1), RENDER_RING_BASE + RING_SYNC_1, 1);
   usleep(20000);
   assert_int_equal(__atomic_load_n(&DATA(f)[1], __ATOMIC_ACQUIRE), 0);
   SUBMIT(f, VGPU_BCS, MI_SEMAPHORE_MBOX | UPDATE | GGTT, 42, FIXTURE_DATA, 0);
   for (unsigned i = 0; i < 500 && !__atomic_load_n(&DATA(f)[1], __ATOMIC_ACQUIRE); i++)
      usleep(10000);
   assert_int_equal(DATA(f)[1], 7);
   fixture_expect_no_fault(f);
}

static void
unmapping_waits_for_the_engines(void **state)
{
   struct fixture *f = *state;
   static uint8_t page[4096] __attribute__((aligned(4096)));

   /* An engine that writes all the time to a page that comes and goes. */
   fixture_set_pte(f, 800, 0x50000001);
   BATCH(f, FIXTURE_BATCH, MI_STORE_DATA_IMM | GGTT, 0, FIXTURE_DATA, 1, MI_BATCH_BUFFER_START,
         FIXTURE_BATCH);
   uint32_t *ring = fixture_ggtt(f, FIXTURE_RING_PAGE(VGPU_BCS) << 12);
   ring[0] = MI_BATCH_BUFFER_START;
   ring[1] = FIXTURE_BATCH;
   fixture_write(f, BLT_RING_BASE + RING_TAIL, 8);
   for (unsigned i = 0; i < 200; i++) {
      assert_int_equal(vgpu_dma_map(f->gpu, 0x50000000, 4096, page, true), 0);
      assert_int_equal(vgpu_dma_unmap(f->gpu, 0x50000000, 4096, NULL), 0);
   }
   fixture_write(f, GEN6_GDRST, GEN6_GRDOM_BLT);
   fixture_expect_no_fault(f);
}

#define CONTEXT(n) (0x100000 + (n) * 0x10000) /* GGTT */
#define STATE_3DSTATE_WM(x) 0x78140001, x, 0
#define VERTEX_BUFFER(i, x) 0x78080003, (uint32_t)(i) << 26, x, x, 0

static void
contexts_keep_their_state(void **state)
{
   struct fixture *f = *state;
   const struct vgpu_render_state *render = f->gpu->engines[VGPU_RCS].render;

   SUBMIT(f, VGPU_RCS, MI_SET_CONTEXT, CONTEXT(0) | 1 << 8 | 1, MI_NOOP,
          MI_LOAD_REGISTER_IMM(1), MI_PREDICATE_SRC0, 0xaaaa, STATE_3DSTATE_WM(0xa0),
          VERTEX_BUFFER(0, 0xa1000), VERTEX_BUFFER(32, 0xa2000));
   assert_int_equal(fixture_read(f, RENDER_RING_BASE + RING_CCID) & 0xfffff000, CONTEXT(0));
   SUBMIT(f, VGPU_RCS, MI_SET_CONTEXT, CONTEXT(1) | 1 << 8 | 1, MI_NOOP,
          MI_LOAD_REGISTER_IMM(1), MI_PREDICATE_SRC0, 0xbbbb, STATE_3DSTATE_WM(0xb0),
          VERTEX_BUFFER(0, 0xb1000));
   assert_int_equal(fixture_read(f, MI_PREDICATE_SRC0), 0xbbbb);

   SUBMIT(f, VGPU_RCS, MI_SET_CONTEXT, CONTEXT(0) | 1 << 8, MI_NOOP);
   fixture_expect_no_fault(f);
   assert_int_equal(fixture_read(f, MI_PREDICATE_SRC0), 0xaaaa);
   assert_int_equal(vgpu_render_packet(render, 0x78140000)->dw[1], 0xa0);
   assert_int_equal(render->vertex_buffers[0].dw[1], 0xa1000);
   assert_int_equal(render->vertex_buffers[32].dw[1], 0xa2000);

   SUBMIT(f, VGPU_RCS, MI_SET_CONTEXT, CONTEXT(1) | 1 << 8, MI_NOOP);
   fixture_expect_no_fault(f);
   assert_int_equal(fixture_read(f, MI_PREDICATE_SRC0), 0xbbbb);
   assert_int_equal(vgpu_render_packet(render, 0x78140000)->dw[1], 0xb0);
   assert_int_equal(render->vertex_buffers[0].dw[1], 0xb1000);
}

static void
context_image_is_checked(void **state)
{
   struct fixture *f = *state;
   static const struct {
      uint32_t image[4];
      const char *fault;
   } bad[] = {
      { { 0, 0, 0, 0 }, "no context was saved" },
      { { MI(0x22) | 1, RENDER_RING_BASE + RING_START, 0x1000, MI_BATCH_BUFFER_END },
        "is none of a context" },
      { { MI_BATCH_BUFFER_START, 0, 0, 0 }, "no context was saved" },
      { { 0x7a000002, 0, 0, 0 }, "no context was saved" },
      { { 0x780800ff, 0, 0, 0 }, "length of 257 DWords" },
   };

   for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
      memcpy(fixture_ggtt(f, CONTEXT(0)), bad[i].image, sizeof(bad[i].image));
      if (i == 4) /* 256 DWords follow: not a multiple of 4 and one */
         fixture_ggtt(f, CONTEXT(0))[0] = 0x780800fe + 1;
      SUBMIT(f, VGPU_RCS, MI_SET_CONTEXT, CONTEXT(0) | 1 << 8, MI_NOOP);
      if (i == 4 && !f->faults)
         fail_msg("no fault");
      if (i != 4)
         fixture_expect_fault(f, bad[i].fault);
      f->faults = 0;
      fixture_write(f, GEN6_GDRST, GEN6_GRDOM_RENDER);
      restart(f, VGPU_RCS);
   }
}

static void
golden_state_retires(void **state)
{
   struct fixture *f = *state;

   /* As i915's null state: an empty drawing rectangle, then a RECTLIST of three vertices. */
   SUBMIT(f, VGPU_RCS, 0x79000002, 0xffffffff, 0, 0, 0x7b000005, 0xf, 3, 0, 1, 0, 0);
   fixture_expect_no_fault(f);
   /* With a rectangle that has pixels it is a draw, and this one lacks state. */
   SUBMIT(f, VGPU_RCS, 0x79000002, 0, 0x00ff00ff, 0, 0x7b000005, 0xf, 3, 0, 1, 0, 0);
   fixture_expect_fault(f, "3DPRIMITIVE: a draw without STATE_BASE_ADDRESS");
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
#define THREADS(t) cmocka_unit_test_setup_teardown(t, fixture_setup_threads, fixture_teardown)
   const struct CMUnitTest tests[] = {
      TEST(every_engine_executes),
      TEST(ring_wraps),
      TEST(command_is_complete_before_it_executes),
      TEST(head_beyond_the_ring_faults),
      TEST(without_bus_mastering_nothing_is_fetched),
      TEST(stopped_ring_stands_still),
      TEST(batches_chain_and_return),
      TEST(commands_may_cross_pages),
      TEST(ppgtt_batch_works_in_the_ppgtt),
      TEST(insecure_batch_has_no_privileges),
      TEST(insecure_batch_writes_instpm),
      TEST(registers_and_memory),
      TEST(store_data_imm_of_both_sizes),
      TEST(status_page),
      TEST(head_is_reported_at_boundaries),
      TEST(flush_writes_after_itself),
      TEST(flush_invalidates_translations),
      TEST(pipe_control_writes_after_itself),
      TEST(update_gtt_is_checked),
      TEST(predicate),
      TEST(conditional_end),
      TEST(semaphore_waits_for_a_register),
      TEST(wait_for_condition_code),
      TEST(pending_head_takes_effect),
      TEST(faults_hang_with_a_name),
      TEST(flush_wants_to_be_enabled),
      TEST(flush_resets_no_snapshots),
      TEST(perf_count_reports),
      TEST(enabled_counters_fault),
      TEST(batch_end_in_the_ring_faults),
      TEST(error_interrupt),
      TEST(reset_brings_an_engine_back),
      TEST(disabling_the_ring_leaves_the_batch),
      TEST(contexts_keep_their_state),
      TEST(context_image_is_checked),
      TEST(golden_state_retires),
      THREADS(every_engine_executes),
      THREADS(ring_wraps),
      THREADS(batches_chain_and_return),
      THREADS(faults_hang_with_a_name),
      THREADS(reset_interrupts_an_endless_batch),
      THREADS(engines_signal_each_other),
      THREADS(unmapping_waits_for_the_engines),
   };
   return cmocka_run_group_tests_name("command streamer", tests, NULL, NULL);
}
