/*
 * SPDX-License-Identifier: MIT
 *
 * PCI configuration, the register file, interrupts, power and the aperture.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fixture.h"

static uint32_t
config_read(struct fixture *f, uint32_t offset, unsigned size)
{
   uint32_t value = 0;
   assert_int_equal(vgpu_region_read(f->gpu, VGPU_REGION_CONFIG, offset, &value, size), 0);
   return value;
}

static void
config_write(struct fixture *f, uint32_t offset, uint32_t value, unsigned size)
{
   assert_int_equal(vgpu_region_write(f->gpu, VGPU_REGION_CONFIG, offset, &value, size), 0);
}

static void
config_identifies_the_device(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(config_read(f, PCI_VENDOR_ID, 4), 0x01628086);
   assert_int_equal(config_read(f, PCI_CLASS_REVISION, 4) >> 8, 0x030000);
   assert_int_equal(config_read(f, 0x50, 2), 2 << 8); /* GGC: 2 MiB of GTT, nothing stolen */
   config_write(f, PCI_VENDOR_ID, 0xffffffff, 4);
   assert_int_equal(config_read(f, PCI_VENDOR_ID, 4), 0x01628086);

   /* The capability list is walked as an operating system does it. */
   unsigned found = 0;
   for (uint32_t cap = config_read(f, PCI_CAPABILITY_LIST, 1), n = 0; cap; n++) {
      assert_true(n < 16 && cap >= 0x40 && cap < 0x100);
      found |= 1u << config_read(f, cap, 1);
      cap = config_read(f, cap + 1, 1);
   }
   assert_int_equal(found, 1u << PCI_CAP_ID_MSI | 1u << PCI_CAP_ID_PM);
}

static void
bars_can_be_sized(void **state)
{
   struct fixture *f = *state;
   static const struct {
      unsigned bar;
      uint64_t size;
   } bars[] = { { 0, 4 << 20 }, { 2, 256 << 20 } };

   for (unsigned i = 0; i < ARRAY_SIZE(bars); i++) {
      const uint32_t offset = PCI_BASE_ADDRESS_0 + 4 * bars[i].bar;
      config_write(f, offset, ~0u, 4);
      config_write(f, offset + 4, ~0u, 4);
      const uint64_t got = (config_read(f, offset, 4) & ~0xfull) |
                           (uint64_t)config_read(f, offset + 4, 4) << 32;
      assert_int_equal(~got + 1, bars[i].size);
      assert_int_equal(vgpu_region_size(f->gpu, bars[i].bar), bars[i].size);
   }
   config_write(f, PCI_BASE_ADDRESS_4, ~0u, 4);
   assert_int_equal(~((config_read(f, PCI_BASE_ADDRESS_4, 4) & ~3u) | 0xffff0000) + 1, 64);
}

static void
accesses_beyond_a_region_are_refused(void **state)
{
   struct fixture *f = *state;
   static const unsigned regions[] = { 0, 2, 4, 7 };
   uint8_t data[8];

   for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
      const uint64_t size = vgpu_region_size(f->gpu, regions[i]);
      assert_int_equal(vgpu_region_read(f->gpu, regions[i], size, data, 1), -EINVAL);
      assert_int_equal(vgpu_region_read(f->gpu, regions[i], size - 3, data, 4), -EINVAL);
      assert_int_equal(vgpu_region_write(f->gpu, regions[i], ~0ull, data, 8), -EINVAL);
      assert_int_equal(vgpu_region_read(f->gpu, regions[i], size - 4, data, 4), 0);
   }
   assert_int_equal(vgpu_region_read(f->gpu, 1, 0, data, 1), -EINVAL);
   assert_int_equal(vgpu_region_read(f->gpu, 99, 0, data, 1), -EINVAL);
}

static void
registers_of_each_kind(void **state)
{
   struct fixture *f = *state;

   /* Masked: the upper half says which bits of the lower half change. */
   fixture_write(f, BLT_RING_BASE + RING_MI_MODE, 0x00ff00aa);
   fixture_write(f, BLT_RING_BASE + RING_MI_MODE, 0x000f0005);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_MI_MODE) & 0xff, 0xa5);
   /* Constant. */
   const uint32_t cxt_size = fixture_read(f, GEN7_CXT_SIZE);
   fixture_write(f, GEN7_CXT_SIZE, 0);
   assert_int_equal(fixture_read(f, GEN7_CXT_SIZE), cxt_size);
   /* Within the write mask. */
   fixture_write(f, BLT_RING_BASE + RING_START, 0x12345fff);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_START), 0x12345000);
   assert_int_equal(f->gpu->unmodelled, 0);
   /* Not modelled: named, counted, reads 0. */
   assert_int_equal(fixture_read(f, 0x1ffffc), 0);
   fixture_expect_fault(f, "read of register 0x1ffffc");
   fixture_write(f, 0x1ffffc, 5);
   fixture_expect_fault(f, "write of 0x00000005 to register 0x1ffffc");
   assert_int_equal(vgpu_unmodelled_count(f->gpu), 2);
}

static void
narrow_and_wide_accesses(void **state)
{
   struct fixture *f = *state;
   uint8_t byte = 0x5a;
   uint64_t wide = 0x1122334455667788;

   fixture_write(f, FENCE_REG_GEN6_LO, 0x11223344);
   assert_int_equal(vgpu_region_write(f->gpu, 0, FENCE_REG_GEN6_LO + 2, &byte, 1), 0);
   assert_int_equal(fixture_read(f, FENCE_REG_GEN6_LO), 0x115a3344);
   assert_int_equal(vgpu_region_write(f->gpu, 0, FENCE_REG_GEN6_LO, &wide, 8), 0);
   assert_int_equal(fixture_read(f, FENCE_REG_GEN6_LO), 0x55667788);
   assert_int_equal(fixture_read(f, FENCE_REG_GEN6_LO + 4), 0x11223344);
   /* Of a write-one-to-clear register only the bytes that were written are cleared. */
   f->gpu->regs[GTIIR / 4] = 0x00400001;
   byte = 0xff;
   assert_int_equal(vgpu_region_write(f->gpu, 0, GTIIR, &byte, 1), 0);
   assert_int_equal(fixture_read(f, GTIIR), 0x00400000);
   /* Across the border between registers and GTT. */
   uint8_t across[8] = { 0, 0, 0, 0, 1, 2, 3, 4 };
   assert_int_equal(vgpu_region_write(f->gpu, 0, VGPU_MMIO_SIZE_BYTES - 4, across, 8), 0);
   assert_int_equal(fixture_read(f, VGPU_MMIO_SIZE_BYTES), 0x04030201);
}

static void
mapped_gtt_cannot_be_cut_off(void **state)
{
   struct fixture *f = *state;
   struct vgpu_mmap_area area;

   assert_int_equal(vgpu_region_mmap_area(f->gpu, VGPU_REGION_BAR2, &area), -ENOENT);
   assert_int_equal(vgpu_region_mmap_area(f->gpu, VGPU_REGION_BAR0, &area), 0);
   assert_int_equal(area.offset_bytes, VGPU_MMIO_SIZE_BYTES);
   assert_int_equal(ftruncate(area.fd, 0), -1);
   assert_int_equal(errno, EPERM);
}

static void
no_two_registers_overlap(void **state)
{
   (void)state;
   assert_int_equal(vgpu_mmio_init(), 0);
   /* Every register has a name and is found where its table puts it. */
   for (const struct vgpu_reg_block *const *b = vgpu_reg_blocks; *b; b++) {
      for (unsigned i = 0; i < (*b)->num_regs; i++) {
         const struct vgpu_reg *reg = &(*b)->regs[i];
         assert_non_null(reg->name);
         if (!reg->engines)
            assert_ptr_equal(vgpu_mmio_find(reg->offset), reg);
         if (reg->kind == VGPU_REG_IGNORED)
            assert_non_null(reg->note);
      }
   }
   char name[64];
   assert_string_equal(vgpu_mmio_name(0x22030, name, sizeof(name)), "BCS_RING_TAIL");
   assert_string_equal(vgpu_mmio_name(0x12044, name, sizeof(name)), "VCS_RING_SYNC[1]");
   assert_string_equal(vgpu_mmio_name(0x1ffffc, name, sizeof(name)), "0x1ffffc");
}

static void
forcewake_is_acknowledged(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, FORCEWAKE_MT, 0x00010001);
   assert_int_equal(fixture_read(f, FORCEWAKE_MT_ACK), 1);
   fixture_write(f, FORCEWAKE_MT, 0x00020002);
   assert_int_equal(fixture_read(f, FORCEWAKE_MT_ACK), 3);
   fixture_write(f, FORCEWAKE_MT, 0x00010000);
   assert_int_equal(fixture_read(f, FORCEWAKE_MT_ACK), 2);
   fixture_write(f, FORCEWAKE, 1);
   assert_int_equal(fixture_read(f, FORCEWAKE_ACK), 1);
   fixture_write(f, FORCEWAKE, 0);
   assert_int_equal(fixture_read(f, FORCEWAKE_ACK), 0);
   assert_true((fixture_read(f, GTFIFOCTL) & 0x7f) > 20);
}

static void
pcode_answers(void **state)
{
   struct fixture *f = *state;

   fixture_write(f, GEN6_PCODE_MAILBOX, GEN6_PCODE_READY | 0x08);
   assert_int_equal(fixture_read(f, GEN6_PCODE_MAILBOX), 0);
   fixture_expect_no_fault(f);
   fixture_write(f, GEN6_PCODE_MAILBOX, GEN6_PCODE_READY | 0x7f);
   assert_int_equal(fixture_read(f, GEN6_PCODE_MAILBOX) & GEN6_PCODE_ERROR_MASK,
                    GEN6_PCODE_ILLEGAL_CMD);
   fixture_expect_fault(f, "pcode mailbox command 0x7f");
}

#define MI_USER_INTERRUPT (0x02u << 23)
#define GT_BLT_USER_INTERRUPT (1u << 22)

static void
enable_irq(struct fixture *f)
{
   fixture_write(f, BLT_RING_BASE + RING_IMR, ~GT_BLT_USER_INTERRUPT);
   fixture_write(f, GTIMR, ~GT_BLT_USER_INTERRUPT);
   fixture_write(f, GTIER, GT_BLT_USER_INTERRUPT);
   fixture_write(f, DEIER, DE_MASTER_IRQ_CONTROL);
}

static void
interrupts_pass_every_mask(void **state)
{
   struct fixture *f = *state;

   /* Everything masked: no identity bit, no message. */
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(fixture_read(f, GTIIR), 0);
   enable_irq(f);
   fixture_write(f, GTIMR, ~0u);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(fixture_read(f, GTIIR), 0);
   /* An event that was masked when it came is lost. */
   fixture_write(f, GTIMR, ~GT_BLT_USER_INTERRUPT);
   assert_int_equal(fixture_read(f, GTIIR), 0);
   assert_int_equal(f->msi_count, 0);

   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(fixture_read(f, GTIIR), GT_BLT_USER_INTERRUPT);
   assert_int_equal(f->msi_count, 1);
   /* Another one while the first is pending is no edge. */
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(f->msi_count, 1);
   fixture_write(f, GTIIR, GT_BLT_USER_INTERRUPT);
   assert_int_equal(fixture_read(f, GTIIR), 0);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(f->msi_count, 2);
}

static void
interrupt_during_the_handler_is_not_lost(void **state)
{
   struct fixture *f = *state;

   enable_irq(f);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(f->msi_count, 1);
   /* As ilk_irq_handler(): master off, acknowledge, … */
   fixture_write(f, DEIER, 0);
   fixture_write(f, GTIIR, GT_BLT_USER_INTERRUPT);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_int_equal(f->msi_count, 1);
   /* … master on: what came meanwhile makes a new message. */
   fixture_write(f, DEIER, DE_MASTER_IRQ_CONTROL);
   assert_int_equal(f->msi_count, 2);
}

static void
intx_without_msi(void **state)
{
   struct fixture *f = *state;

   config_write(f, 0x90 + PCI_MSI_FLAGS, 0, 2);
   enable_irq(f);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_true(f->intx);
   assert_int_equal(f->msi_count, 0);
   fixture_write(f, GTIIR, ~0u);
   assert_false(f->intx);

   config_write(f, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                                   PCI_COMMAND_INTX_DISABLE, 2);
   SUBMIT(f, VGPU_BCS, MI_USER_INTERRUPT, 0);
   assert_false(f->intx);
   config_write(f, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
   assert_true(f->intx);
   vgpu_reset(f->gpu);
   assert_false(f->intx);
}

static void
reset_forgets_everything_but_memory(void **state)
{
   struct fixture *f = *state;

   enable_irq(f);
   fixture_write(f, FENCE_REG_GEN6_LO, 1);
   vgpu_reset(f->gpu);
   assert_int_equal(fixture_read(f, FENCE_REG_GEN6_LO), 0);
   assert_int_equal(fixture_read(f, GTIMR), ~0u);
   assert_int_equal(fixture_read(f, BLT_RING_BASE + RING_CTL), 0);
   assert_int_equal(fixture_read(f, VGPU_MMIO_SIZE_BYTES + 4 * 5), 0);
   assert_int_equal(config_read(f, PCI_COMMAND, 2), 0);
   bool writable;
   assert_ptr_equal(vgpu_mem_page(&f->gpu->mem, FIXTURE_RAM_GPA, &writable), f->ram);
}

static void
aperture_is_linear_without_a_fence(void **state)
{
   struct fixture *f = *state;
   uint8_t data[6000], back[6000];

   for (unsigned i = 0; i < sizeof(data); i++)
      data[i] = i * 7 + 1;
   assert_int_equal(vgpu_region_write(f->gpu, 2, 0x7ff3, data, sizeof(data)), 0);
   assert_memory_equal(f->ram + 0x7ff3, data, sizeof(data));
   assert_int_equal(vgpu_region_read(f->gpu, 2, 0x7ff3, back, sizeof(back)), 0);
   assert_memory_equal(back, data, sizeof(data));
   /* Where the GTT has nothing, reads give 0 and writes go nowhere. */
   memset(back, 0xff, sizeof(back));
   assert_int_equal(vgpu_region_read(f->gpu, 2, 0x08000000, back, 16), 0);
   assert_int_equal(back[0] | back[15], 0);
   assert_int_equal(vgpu_region_write(f->gpu, 2, 0x08000000, data, 16), 0);
}

static void
aperture_translates_again_after_a_flush(void **state)
{
   struct fixture *f = *state;
   uint32_t value = 0;

   *fixture_ggtt(f, 0x5000) = 0x55;
   *fixture_ggtt(f, 0x6000) = 0x66;
   assert_int_equal(vgpu_region_read(f->gpu, 2, 0x5000, &value, 4), 0);
   assert_int_equal(value, 0x55);
   fixture_set_pte(f, 5, fixture_pte(6));
   fixture_write(f, GFX_FLSH_CNTL_GEN6, GFX_FLSH_CNTL_EN);
   assert_int_equal(vgpu_region_read(f->gpu, 2, 0x5000, &value, 4), 0);
   assert_int_equal(value, 0x66);
}

/* Written from the PRM's tile layouts, not with the functions under test. */
static uint32_t
x_tiled(uint32_t pitch, uint32_t x, uint32_t y)
{
   return y / 8 * (pitch * 8) + x / 512 * 4096 + y % 8 * 512 + x % 512;
}

static uint32_t
y_tiled(uint32_t pitch, uint32_t x, uint32_t y)
{
   return y / 32 * (pitch * 32) + x / 128 * 4096 + x % 128 / 16 * 512 + y % 32 * 16 + x % 16;
}

static void
aperture_detiles_behind_fences(void **state)
{
   struct fixture *f = *state;
   const uint32_t first = 0x100000, size = 0x10000, pitch = 1024;

   for (unsigned tiling_y = 0; tiling_y < 2; tiling_y++) {
      fixture_write(f, FENCE_REG_GEN6_LO + 8 * 3 + 4, (first + size - 4096) | (pitch / 128 - 1));
      fixture_write(f, FENCE_REG_GEN6_LO + 8 * 3,
                    first | (tiling_y ? FENCE_TILING_Y : 0) | FENCE_VALID);
      for (uint32_t i = 0; i < size; i++)
         f->ram[first + i] = i * 31 + i / 251;
      for (uint32_t y = 0; y < size / pitch; y++) {
         uint8_t row[1024];
         assert_int_equal(vgpu_region_read(f->gpu, 2, first + y * pitch, row, pitch), 0);
         for (uint32_t x = 0; x < pitch; x++) {
            const uint32_t at = tiling_y ? y_tiled(pitch, x, y) : x_tiled(pitch, x, y);
            if (row[x] != f->ram[first + at])
               fail_msg("%c tiling, x %u, y %u", tiling_y ? 'Y' : 'X', x, y);
         }
      }
      /* Outside the fence nothing changes. */
      f->ram[first - 1] = 0x11;
      f->ram[first + size] = 0x22;
      uint8_t byte;
      assert_int_equal(vgpu_region_read(f->gpu, 2, first - 1, &byte, 1), 0);
      assert_int_equal(byte, 0x11);
      assert_int_equal(vgpu_region_read(f->gpu, 2, first + size, &byte, 1), 0);
      assert_int_equal(byte, 0x22);
   }
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
   const struct CMUnitTest tests[] = {
      TEST(config_identifies_the_device),
      TEST(bars_can_be_sized),
      TEST(accesses_beyond_a_region_are_refused),
      TEST(registers_of_each_kind),
      TEST(narrow_and_wide_accesses),
      TEST(mapped_gtt_cannot_be_cut_off),
      TEST(no_two_registers_overlap),
      TEST(forcewake_is_acknowledged),
      TEST(pcode_answers),
      TEST(interrupts_pass_every_mask),
      TEST(interrupt_during_the_handler_is_not_lost),
      TEST(intx_without_msi),
      TEST(reset_forgets_everything_but_memory),
      TEST(aperture_is_linear_without_a_fence),
      TEST(aperture_translates_again_after_a_flush),
      TEST(aperture_detiles_behind_fences),
   };
   return cmocka_run_group_tests_name("registers", tests, NULL, NULL);
}
