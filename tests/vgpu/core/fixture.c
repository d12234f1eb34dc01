/*
 * SPDX-License-Identifier: MIT
 */

#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

static const uint32_t bases[VGPU_NUM_ENGINES] = {
   RENDER_RING_BASE, GEN6_BSD_RING_BASE, BLT_RING_BASE,
};
static const uint32_t hws_pga[VGPU_NUM_ENGINES] = {
   RENDER_HWS_PGA_GEN7, BSD_HWS_PGA_GEN7, BLT_HWS_PGA_GEN7,
};

static void
on_msi(void *opaque)
{
   struct fixture *f = opaque;
   __atomic_fetch_add(&f->msi_count, 1, __ATOMIC_RELAXED);
}

static void
on_intx(void *opaque, bool level)
{
   struct fixture *f = opaque;
   f->intx = level;
}

static void
on_log(void *opaque, enum vgpu_log_level level, const char *text)
{
   struct fixture *f = opaque;

   if (level == VGPU_LOG_FAULT) {
      f->faults++;
      strncpy(f->last_fault, text, sizeof(f->last_fault) - 1);
   }
   if (getenv("VGPU_TEST_VERBOSE"))
      print_message("%s\n", text);
}

static const struct vgpu_ops ops = { .msi = on_msi, .intx = on_intx, .log = on_log };

uint32_t
fixture_read(struct fixture *f, uint32_t offset)
{
   uint32_t value;
   assert_int_equal(vgpu_region_read(f->gpu, VGPU_REGION_BAR0, offset, &value, 4), 0);
   return value;
}

void
fixture_write(struct fixture *f, uint32_t offset, uint32_t value)
{
   assert_int_equal(vgpu_region_write(f->gpu, VGPU_REGION_BAR0, offset, &value, 4), 0);
}

uint32_t
fixture_pte(unsigned ram_page)
{
   return (uint32_t)(FIXTURE_RAM_GPA + ram_page * 4096ull) | 1;
}

void
fixture_set_pte(struct fixture *f, uint32_t page, uint32_t pte)
{
   fixture_write(f, VGPU_MMIO_SIZE_BYTES + 4 * page, pte);
}

uint32_t *
fixture_ggtt(struct fixture *f, uint32_t address)
{
   return (uint32_t *)(f->ram + address);
}

static void
write_config(struct fixture *f, uint32_t offset, uint16_t value)
{
   assert_int_equal(vgpu_region_write(f->gpu, VGPU_REGION_CONFIG, offset, &value, 2), 0);
}

static int
setup(void **state, bool synchronous, unsigned threads)
{
   struct fixture *f = calloc(1, sizeof(*f));
   const struct vgpu_params params = {
      .ops = &ops, .opaque = f, .synchronous = synchronous,
      .threads = threads,
   };

   assert_non_null(f);
   f->ram = aligned_alloc(4096, FIXTURE_RAM_PAGES * 4096);
   assert_non_null(f->ram);
   memset(f->ram, 0, FIXTURE_RAM_PAGES * 4096);
   assert_int_equal(vgpu_create(&params, &f->gpu), 0);
   assert_int_equal(vgpu_dma_map(f->gpu, FIXTURE_RAM_GPA, FIXTURE_RAM_PAGES * 4096, f->ram, true),
                    0);
   write_config(f, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
   write_config(f, 0x90 + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);

   for (unsigned page = 0; page < FIXTURE_RAM_PAGES / 2; page++)
      fixture_set_pte(f, page, fixture_pte(page));
   for (unsigned e = 0; e < VGPU_NUM_ENGINES; e++) {
      fixture_write(f, hws_pga[e], FIXTURE_HWS_PAGE(e) << 12);
      fixture_write(f, bases[e] + RING_START, FIXTURE_RING_PAGE(e) << 12);
      fixture_write(f, bases[e] + RING_CTL, (FIXTURE_RING_PAGES - 1) << 12 | RING_VALID);
   }
   *state = f;
   return 0;
}

int
fixture_setup(void **state)
{
   return setup(state, true, 1);
}

int
fixture_setup_threads(void **state)
{
   return setup(state, false, 0);
}

int
fixture_setup_pool(void **state)
{
   return setup(state, true, 4);
}

int
fixture_teardown(void **state)
{
   struct fixture *f = *state;

   vgpu_destroy(f->gpu);
   free(f->ram);
   free(f);
   return 0;
}

void
fixture_ppgtt(struct fixture *f, enum vgpu_engine_id engine)
{
   uint32_t *table = (uint32_t *)(f->ram + FIXTURE_PT_PAGE * 4096);

   for (unsigned page = 0; page < 256; page++)
      table[0x100 + page] = fixture_pte(page);
   fixture_set_pte(f, FIXTURE_PD_PAGE, fixture_pte(FIXTURE_PT_PAGE));
   fixture_write(f, bases[engine] + RING_PP_DIR_DCLV, ~0u);
   fixture_write(f, bases[engine] + RING_PP_DIR_BASE, (FIXTURE_PD_PAGE * 4 / 64) << 16);
   fixture_write(f, bases[engine] + RING_MODE_GEN7, GFX_PPGTT_ENABLE << 16 | GFX_PPGTT_ENABLE);
}

void
fixture_submit(struct fixture *f, enum vgpu_engine_id engine, const uint32_t *dw, unsigned len_dw)
{
   uint32_t *ring = fixture_ggtt(f, FIXTURE_RING_PAGE(engine) << 12);
   const unsigned ring_dw = FIXTURE_RING_PAGES * 1024;

   for (unsigned i = 0; i < len_dw; i++)
      ring[(f->tail[engine] / 4 + i) % ring_dw] = dw[i];
   f->tail[engine] = (f->tail[engine] + 4 * len_dw) % (4 * ring_dw);
   if (len_dw % 2) { /* TAIL is in QWords */
      ring[f->tail[engine] / 4] = 0;
      f->tail[engine] = (f->tail[engine] + 4) % (4 * ring_dw);
   }
   fixture_write(f, bases[engine] + RING_TAIL, f->tail[engine]);
   assert_int_equal(vgpu_wait_idle(f->gpu, 5000), 0);
}

void
fixture_expect_fault(struct fixture *f, const char *text)
{
   if (f->faults != 1 || !strstr(f->last_fault, text))
      fail_msg("%u faults, the last: \"%s\"; wanted one with \"%s\"", f->faults, f->last_fault,
               text);
   f->faults = 0;
}

void
fixture_expect_no_fault(struct fixture *f)
{
   if (f->faults)
      fail_msg("%u faults, the last: \"%s\"", f->faults, f->last_fault);
}
