/*
 * SPDX-License-Identifier: MIT
 *
 * Guest memory and translation: every address that a guest can give ends in its own memory or in
 * a named fault.
 */

#include <errno.h>
#include <string.h>

#include "fixture.h"

static uint8_t *
translate(struct fixture *f, struct vgpu_tlb *tlb, uint64_t address, bool write,
          enum vgpu_gtt_fault *fault)
{
   const struct vgpu_ppgtt none = { .enabled = false };
   return vgpu_gtt_translate(f->gpu, tlb, &none, VGPU_AS_GGTT, address, write, fault);
}

static void
dma_ranges_are_checked(void **state)
{
   struct fixture *f = *state;
   static uint8_t page[8192] __attribute__((aligned(4096)));
   void *host;

   assert_int_equal(vgpu_dma_map(f->gpu, 0x10001000, 0, page, true), -EINVAL);
   assert_int_equal(vgpu_dma_map(f->gpu, 0x10000800, 4096, page, true), -EINVAL);
   assert_int_equal(vgpu_dma_map(f->gpu, 0x10001000, 100, page, true), -EINVAL);
   assert_int_equal(vgpu_dma_map(f->gpu, 0xfffffffffffff000, 8192, page, true), -EINVAL);
   assert_int_equal(vgpu_dma_map(f->gpu, 0xfffffffffffff000, 4096, page, true), 0);
   assert_int_equal(vgpu_dma_unmap(f->gpu, 0xfffffffffffff000, 4096, NULL), 0);

   assert_int_equal(vgpu_dma_map(f->gpu, 0x10000000, 8192, page, true), 0);
   assert_int_equal(vgpu_dma_map(f->gpu, 0x10001000, 4096, page, true), -EEXIST);
   assert_int_equal(vgpu_dma_map(f->gpu, 0x0ffff000, 8192, page, true), -EEXIST);
   assert_int_equal(vgpu_dma_unmap(f->gpu, 0x10000000, 4096, &host), -ENOENT);
   assert_int_equal(vgpu_dma_unmap(f->gpu, 0x10000000, 8192, &host), 0);
   assert_ptr_equal(host, page);
   assert_int_equal(vgpu_dma_unmap(f->gpu, 0x10000000, 8192, &host), -ENOENT);
}

static void
lookup_among_many_ranges(void **state)
{
   struct fixture *f = *state;
   static uint8_t pages[64][4096] __attribute__((aligned(4096)));
   bool writable;

   /* From both ends, so that insertion in the middle is exercised; every second page is a hole. */
   for (unsigned i = 0; i < 64; i++) {
      const unsigned n = i % 2 ? 63 - i / 2 : i / 2;
      assert_int_equal(vgpu_dma_map(f->gpu, 0x20000000 + n * 8192ull, 4096, pages[n], n % 3), 0);
   }
   for (unsigned n = 0; n < 64; n++) {
      assert_ptr_equal(vgpu_mem_page(&f->gpu->mem, 0x20000fff + n * 8192ull, &writable), pages[n]);
      assert_int_equal(writable, n % 3 != 0);
      assert_null(vgpu_mem_page(&f->gpu->mem, 0x20001000 + n * 8192ull, &writable));
   }
}

static void
ggtt_translates(void **state)
{
   struct fixture *f = *state;
   struct vgpu_tlb *tlb = &f->gpu->aperture_tlb;
   enum vgpu_gtt_fault fault;

   assert_ptr_equal(translate(f, tlb, 0x5123, true, &fault), f->ram + 0x5123);
   assert_int_equal(fault, VGPU_GTT_OK);

   /* Bits 39:32 of the address are in bits 11:4 of the entry. */
   static uint8_t high[4096] __attribute__((aligned(4096)));
   assert_int_equal(vgpu_dma_map(f->gpu, 0xab12345000, 4096, high, true), 0);
   fixture_set_pte(f, 700, 0x12345000 | 0xab << 4 | 1);
   assert_ptr_equal(translate(f, tlb, 700 * 4096 + 7, true, &fault), high + 7);
}

static void
ggtt_faults_are_named(void **state)
{
   struct fixture *f = *state;
   struct vgpu_tlb *tlb = &f->gpu->aperture_tlb;
   static uint8_t rom[4096] __attribute__((aligned(4096)));
   enum vgpu_gtt_fault fault;

   assert_null(translate(f, tlb, 0x80000000, false, &fault));
   assert_int_equal(fault, VGPU_GTT_OUT_OF_RANGE);
   assert_null(translate(f, tlb, 0xfffffffffffff000, false, &fault));
   assert_int_equal(fault, VGPU_GTT_OUT_OF_RANGE);
   assert_null(translate(f, tlb, 900 * 4096, false, &fault));
   assert_int_equal(fault, VGPU_GTT_INVALID_PTE);
   fixture_set_pte(f, 900, 0xdead0001);
   assert_null(translate(f, tlb, 900 * 4096, false, &fault));
   assert_int_equal(fault, VGPU_GTT_NO_MEMORY);

   assert_int_equal(vgpu_dma_map(f->gpu, 0x30000000, 4096, rom, false), 0);
   fixture_set_pte(f, 901, 0x30000001);
   assert_ptr_equal(translate(f, tlb, 901 * 4096, false, &fault), rom);
   assert_null(translate(f, tlb, 901 * 4096, true, &fault));
   assert_int_equal(fault, VGPU_GTT_READ_ONLY);

   /* A range that the front end could not map exists without being reachable. */
   assert_int_equal(vgpu_dma_map(f->gpu, 0x40000000, 4096, NULL, true), 0);
   fixture_set_pte(f, 902, 0x40000001);
   assert_null(translate(f, tlb, 902 * 4096, false, &fault));
   assert_int_equal(fault, VGPU_GTT_NO_MEMORY);
}

static void
translations_are_cached_until_flushed(void **state)
{
   struct fixture *f = *state;
   struct vgpu_tlb *tlb = &f->gpu->aperture_tlb;
   enum vgpu_gtt_fault fault;

   assert_ptr_equal(translate(f, tlb, 0x5000, true, &fault), f->ram + 0x5000);
   fixture_set_pte(f, 5, fixture_pte(6));
   assert_ptr_equal(translate(f, tlb, 0x5000, true, &fault), f->ram + 0x5000);
   vgpu_tlb_flush(tlb);
   assert_ptr_equal(translate(f, tlb, 0x5000, true, &fault), f->ram + 0x6000);

   /* After 2^32 flushes the epoch comes round; entries of the first time must not. */
   tlb->epoch = ~0u;
   vgpu_tlb_flush(tlb);
   assert_int_not_equal(tlb->epoch, 0);
   assert_int_equal(tlb->entries[5].tag, 0);
}

static void
unmapped_memory_is_not_reached(void **state)
{
   struct fixture *f = *state;
   static uint8_t page[4096] __attribute__((aligned(4096)));

   assert_int_equal(vgpu_dma_map(f->gpu, 0x50000000, 4096, page, true), 0);
   fixture_set_pte(f, 800, 0x50000001);
   SUBMIT(f, VGPU_BCS, 0x20 << 23 | 1 << 22 | 2, 0, 800 << 12, 0x600d);
   fixture_expect_no_fault(f);
   assert_int_equal(*(uint32_t *)page, 0x600d);

   assert_int_equal(vgpu_dma_unmap(f->gpu, 0x50000000, 4096, NULL), 0);
   SUBMIT(f, VGPU_BCS, 0x20 << 23 | 1 << 22 | 2, 0, 800 << 12, 0xbad);
   fixture_expect_fault(f, "points where the guest has no memory");
   assert_int_equal(*(uint32_t *)page, 0x600d);
}

static void
ppgtt_translates_and_faults(void **state)
{
   struct fixture *f = *state;

   /* A batch in a PPGTT that is off. */
   SUBMIT(f, VGPU_BCS, 0x31u << 23 | 1 << 8, 0x100000);
   fixture_expect_fault(f, "PPGTT, which is not enabled");
   fixture_write(f, GEN6_GDRST, GEN6_GRDOM_BLT);
   fixture_write(f, BLT_RING_BASE + RING_START, FIXTURE_RING_PAGE(VGPU_BCS) << 12);
   fixture_write(f, BLT_RING_BASE + RING_CTL, (FIXTURE_RING_PAGES - 1) << 12 | RING_VALID);
   f->tail[VGPU_BCS] = 0;

   fixture_ppgtt(f, VGPU_BCS);
   SUBMIT(f, VGPU_BCS, 0x20u << 23 | 2, 0, 0x100000 + FIXTURE_DATA, 0x1234);
   fixture_expect_no_fault(f);
   assert_int_equal(*fixture_ggtt(f, FIXTURE_DATA), 0x1234);

   /* The first page of the PPGTT has no valid entry. */
   SUBMIT(f, VGPU_BCS, 0x20u << 23 | 2, 0, 0x1000, 0x1234);
   fixture_expect_fault(f, "write of PPGTT address 0x00001000: page table entry not valid");
   assert_int_equal(fixture_read(f, RING_FAULT_REG_RCS + 2 * RING_FAULT_REG_STRIDE),
                    0x1000 | RING_FAULT_VALID);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_EIR) & ERROR_PAGE_TABLE, 0);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_ESR) & ERROR_PAGE_TABLE,
                    ERROR_PAGE_TABLE);
}

static void
ppgtt_directory_is_checked(void **state)
{
   struct fixture *f = *state;

   fixture_ppgtt(f, VGPU_BCS);
   /* Page directory entry 1 is not valid. */
   SUBMIT(f, VGPU_BCS, 0x20u << 23 | 2, 0, 4 << 20, 0x1234);
   fixture_expect_fault(f, "page directory entry not valid");
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
   const struct CMUnitTest tests[] = {
      TEST(dma_ranges_are_checked),
      TEST(lookup_among_many_ranges),
      TEST(ggtt_translates),
      TEST(ggtt_faults_are_named),
      TEST(translations_are_cached_until_flushed),
      TEST(unmapped_memory_is_not_reached),
      TEST(ppgtt_translates_and_faults),
      TEST(ppgtt_directory_is_checked),
   };
   return cmocka_run_group_tests_name("memory and translation", tests, NULL, NULL);
}
