/*
 * SPDX-License-Identifier: MIT
 *
 * libFuzzer target: a guest that does anything at all with the device. An input is register
 * accesses, then bytes that become rings, batches, page tables and context images; each finding is
 * a memory error, undefined behaviour or a hang of the device process.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/pci_regs.h>

#include "vgpu_priv.h"
#include "vgpu_regs.h"

#define RAM_GPA 0x100000ull
#define RAM_PAGES 128
#define PD_PAGE 1024 /* of the GTT: entries that are a page directory */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct vgpu *gpu;
static uint8_t *ram;

/*
 * A command may legally take minutes: a blit of 65535 x 65535 pixels. A driver resets the device
 * then, and so does this; what goes on in spite of it is a finding.
 */
#define LIMIT_NS 1000000000ull
#define PERIOD_NS 50000000l
static _Atomic uint64_t input_began_ns; /* 0 between inputs */

static void *
reset_when_slow(void *unused)
{
   static const struct timespec period = { .tv_nsec = PERIOD_NS };

   (void)unused;
   for (;;) {
      nanosleep(&period, NULL);
      const uint64_t began_ns = atomic_load(&input_began_ns);
      if (began_ns && vgpu_now_ns() - began_ns > LIMIT_NS)
         vgpu_reset(gpu);
   }
   return NULL;
}

static void
ignore_msi(void *opaque)
{
   (void)opaque;
}

static void
ignore_intx(void *opaque, bool level)
{
   (void)opaque, (void)level;
}

static void
ignore_log(void *opaque, enum vgpu_log_level level, const char *text)
{
   (void)opaque, (void)level, (void)text;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
   static const struct vgpu_ops ops = {
      .msi = ignore_msi, .intx = ignore_intx, .log = ignore_log,
   };
   /* Decoding for the trace is exposed to the same guest: it is on. */
   const struct vgpu_params params = {
      .ops = &ops, .trace = VGPU_TRACE_CMD | VGPU_TRACE_MMIO,
      .synchronous = true, .synchronous_budget = 64,
   };

   pthread_t watchdog;

   (void)argc, (void)argv;
   ram = aligned_alloc(4096, RAM_PAGES * 4096);
   if (!ram || vgpu_create(&params, &gpu) ||
       vgpu_dma_map(gpu, RAM_GPA, RAM_PAGES * 4096, ram, true) ||
       pthread_create(&watchdog, NULL, reset_when_slow, NULL))
      abort();
   return 0;
}

static void
write32(uint32_t offset, uint32_t value)
{
   vgpu_region_write(gpu, VGPU_REGION_BAR0, offset, &value, sizeof(value));
}

/** What a driver sets up before the first batch: the fuzzer starts where it is interesting. */
static void
set_up(void)
{
   static const uint32_t bases[] = { RENDER_RING_BASE, GEN6_BSD_RING_BASE, BLT_RING_BASE };
   const uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

   vgpu_reset(gpu);
   vgpu_region_write(gpu, VGPU_REGION_CONFIG, PCI_COMMAND, &command, sizeof(command));
   for (unsigned page = 0; page < RAM_PAGES; page++)
      write32(VGPU_MMIO_SIZE_BYTES + 4 * page, (uint32_t)(RAM_GPA + page * 4096) | 1);
   /* A PPGTT of four tables, all the page 1 of RAM, which is an input's second page. */
   for (unsigned i = 0; i < 4; i++)
      write32(VGPU_MMIO_SIZE_BYTES + 4 * (PD_PAGE + i), (uint32_t)(RAM_GPA + 4096) | 1);
   for (unsigned e = 0; e < ARRAY_SIZE(bases); e++) {
      write32(bases[e] + RING_START, 0);
      write32(bases[e] + RING_CTL, RING_VALID);
      write32(bases[e] + RING_PP_DIR_DCLV, ~0u);
      write32(bases[e] + RING_PP_DIR_BASE, (PD_PAGE * 4 / 64) << 16);
      write32(RENDER_HWS_PGA_GEN7 + 0x100 * e, (uint32_t)(2 + e) << 12);
   }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
   if (size < 2)
      return 0;

   atomic_store(&input_began_ns, vgpu_now_ns());
   set_up();
   memset(ram, 0, RAM_PAGES * 4096);
   const unsigned accesses = data[0] % 32;
   const unsigned tail_dw = data[1];
   data += 2, size -= 2;

   /* Accesses of 9 bytes: where, how, what. The rest is memory. */
   const size_t n = size / 9 < accesses ? size / 9 : accesses;
   const uint8_t *memory = data + 9 * n;
   const size_t memory_size = size - 9 * n;
   memcpy(ram, memory, memory_size < RAM_PAGES * 4096 ? memory_size : RAM_PAGES * 4096);

   static const uint8_t regions[] = {
      VGPU_REGION_BAR0, VGPU_REGION_BAR0, VGPU_REGION_BAR0, VGPU_REGION_BAR0,
      VGPU_REGION_BAR0, VGPU_REGION_BAR2, VGPU_REGION_BAR4, VGPU_REGION_CONFIG,
   };
   for (size_t i = 0; i < n; i++, data += 9) {
      const unsigned region = regions[data[0] % 8];
      const size_t access_size = 1u << (data[0] >> 3 & 3);
      uint32_t offset;
      uint8_t value[8] = { 0 };
      memcpy(&offset, data + 1, 4);
      memcpy(value, data + 5, 4);
      if (data[0] & 0x80)
         vgpu_region_read(gpu, region, offset, value, access_size);
      else
         vgpu_region_write(gpu, region, offset, value, access_size);
   }

   write32(RENDER_RING_BASE + RING_TAIL, 8 * tail_dw);
   write32(BLT_RING_BASE + RING_TAIL, 8 * tail_dw);
   write32(GEN6_BSD_RING_BASE + RING_TAIL, 8 * tail_dw);
   atomic_store(&input_began_ns, 0);
   return 0;
}
