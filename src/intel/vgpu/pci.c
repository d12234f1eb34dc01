/*
 * SPDX-License-Identifier: MIT
 *
 * PCI configuration space (PCI Local Bus 3.0; IVB PRM Vol1 Part 2, "Device 2 registers") and the
 * I/O BAR.
 */

#include <linux/pci_regs.h>
#include <string.h>

#include "vgpu_priv.h"

#define PCI_VENDOR_INTEL 0x8086
#define PCI_CLASS_DISPLAY_VGA 0x0300

/* i915: SNB_GMCH_CTRL. GMS, the stolen memory, is 0; GGMS is in MiB of GSM. */
#define GGC 0x50
#define GGC_GGMS_SHIFT 8
#define BSM 0x5c
#define MSAC 0x62
#define MSI_CAP 0x90
#define MSI_CAP_END (MSI_CAP + 0x0e)
#define PM_CAP 0xd0
#define PM_CTRL (PM_CAP + PCI_PM_CTRL)
#define ASLS 0xfc

struct config_bits {
   uint16_t offset;
   uint16_t size;
   uint64_t mask; /* bits that the guest can change */
};

static void
put16(uint8_t *config, unsigned offset, uint16_t value)
{
   memcpy(config + offset, &value, sizeof(value));
}

static void
put32(uint8_t *config, unsigned offset, uint32_t value)
{
   memcpy(config + offset, &value, sizeof(value));
}

static uint16_t
get16(const uint8_t *config, unsigned offset)
{
   uint16_t value;
   memcpy(&value, config + offset, sizeof(value));
   return value;
}

void
vgpu_pci_reset(struct vgpu *gpu)
{
   uint8_t *c = gpu->pci.config;
   const struct vgpu_device_info *info = gpu->info;

   memset(&gpu->pci, 0, sizeof(gpu->pci));
   put16(c, PCI_VENDOR_ID, PCI_VENDOR_INTEL);
   put16(c, PCI_DEVICE_ID, info->pci_device_id);
   put16(c, PCI_STATUS, PCI_STATUS_CAP_LIST);
   c[PCI_REVISION_ID] = info->pci_revision_id;
   put16(c, PCI_CLASS_DEVICE, PCI_CLASS_DISPLAY_VGA);
   put32(c, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_MEM_TYPE_64);
   put32(c, PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
   put32(c, PCI_BASE_ADDRESS_4, PCI_BASE_ADDRESS_SPACE_IO);
   put16(c, PCI_SUBSYSTEM_VENDOR_ID, PCI_VENDOR_INTEL);
   put16(c, PCI_SUBSYSTEM_ID, 0x2010);
   c[PCI_CAPABILITY_LIST] = MSI_CAP;
   c[PCI_INTERRUPT_PIN] = 1;

   put16(c, GGC, (info->gsm_size_bytes >> 20) << GGC_GGMS_SHIFT);

   c[MSI_CAP + PCI_CAP_LIST_ID] = PCI_CAP_ID_MSI;
   c[MSI_CAP + PCI_CAP_LIST_NEXT] = PM_CAP;
   c[PM_CAP + PCI_CAP_LIST_ID] = PCI_CAP_ID_PM;
   atomic_store(&gpu->bus_master, false);
   put16(c, PM_CAP + PCI_PM_PMC, 2); /* version 1.1, D0 and D3hot */
}

/** Mask of what the guest can change, byte by byte. */
static uint8_t
writable(const struct vgpu *gpu, uint32_t offset)
{
   const uint64_t bar0 = ~((uint64_t)2 * VGPU_MMIO_SIZE_BYTES - 1);
   const uint64_t bar2 = ~(gpu->info->aperture_size_bytes - 1);
   const struct config_bits bits[] = {
      { PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                           PCI_COMMAND_INTX_DISABLE },
      { PCI_BASE_ADDRESS_0, 8, bar0 },
      { PCI_BASE_ADDRESS_2, 8, bar2 },
      { PCI_BASE_ADDRESS_4, 4, (uint16_t)~(VGPU_IO_SIZE_BYTES - 1) },
      { PCI_INTERRUPT_LINE, 1, 0xff },
      { MSI_CAP + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE },
      { MSI_CAP + PCI_MSI_ADDRESS_LO, 4, ~3u },
      { MSI_CAP + PCI_MSI_DATA_32, 2, 0xffff },
      { PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK },
      { ASLS, 4, ~0u },
   };

   for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
      if (offset >= bits[i].offset && offset < (uint32_t)bits[i].offset + bits[i].size)
         return bits[i].mask >> (8 * (offset - bits[i].offset));
   }
   return 0;
}

void
vgpu_pci_read(struct vgpu *gpu, uint32_t offset, void *data, uint32_t size)
{
   memcpy(data, gpu->pci.config + offset, size);
   if (gpu->trace & VGPU_TRACE_PCI)
      vgpu_log(gpu, VGPU_LOG_TRACE, "pci: read  %u bytes at 0x%02x", size, offset);
}

void
vgpu_pci_write(struct vgpu *gpu, uint32_t offset, const void *data, uint32_t size)
{
   const uint8_t *in = data;

   for (uint32_t i = 0; i < size; i++) {
      const uint8_t mask = writable(gpu, offset + i);
      uint8_t *byte = &gpu->pci.config[offset + i];
      *byte = (*byte & ~mask) | (in[i] & mask);
   }
   if (gpu->trace & VGPU_TRACE_PCI)
      vgpu_log(gpu, VGPU_LOG_TRACE, "pci: write %u bytes at 0x%02x", size, offset);
   atomic_store(&gpu->bus_master, get16(gpu->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER);
   vgpu_irq_update(gpu); /* MSI or INTx may have been switched */
}

bool
vgpu_pci_msi_enabled(const struct vgpu *gpu)
{
   return get16(gpu->pci.config, MSI_CAP + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE;
}

bool
vgpu_pci_intx_disabled(const struct vgpu *gpu)
{
   return get16(gpu->pci.config, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;
}
