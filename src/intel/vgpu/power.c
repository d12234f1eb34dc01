/*
 * SPDX-License-Identifier: MIT
 *
 * Forcewake and the power controller's mailbox. The model never sleeps, so a request to keep
 * awake is acknowledged at once.
 */

#include "vgpu_priv.h"
#include "vgpu_regs.h"

static void
write_forcewake(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset, uint32_t value)
{
   (void)reg, (void)offset;
   gpu->regs[FORCEWAKE_ACK / 4] = value & 1;
}

static void
write_forcewake_mt(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset, uint32_t value)
{
   (void)reg, (void)offset;
   gpu->regs[FORCEWAKE_MT_ACK / 4] = value & 0xffff;
}

static void
write_pcode_mailbox(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset, uint32_t value)
{
   /*
    * The command is in bits 7:0, and the same bits say afterwards how it went. Those below are
    * about frequencies and RC6 voltage, of which a model has none: their data reads 0.
    */
   enum { READ_MIN_FREQ_TABLE = 0x09, WRITE_MIN_FREQ_TABLE = 0x08, READ_RC6VIDS = 0x05,
          WRITE_RC6VIDS = 0x04, READ_OC_PARAMS = 0x0c };

   (void)reg;
   if (!(value & GEN6_PCODE_READY))
      return;

   uint32_t error = 0;
   switch (value & 0xff) {
   case READ_MIN_FREQ_TABLE:
   case READ_RC6VIDS:
   case READ_OC_PARAMS:
      gpu->regs[GEN6_PCODE_DATA / 4] = 0;
      gpu->regs[GEN6_PCODE_DATA1 / 4] = 0;
      break;
   case WRITE_MIN_FREQ_TABLE:
   case WRITE_RC6VIDS:
      break;
   default:
      vgpu_unmodelled(gpu, "pcode mailbox command 0x%02x: answered with illegal command",
                      value & 0xff);
      error = GEN6_PCODE_ILLEGAL_CMD;
      break;
   }
   gpu->regs[offset / 4] = (value & ~(GEN6_PCODE_READY | GEN6_PCODE_ERROR_MASK)) | error;
}

static const struct vgpu_reg power_regs[] = {
   { .offset = FORCEWAKE, .name = "FORCEWAKE", .kind = VGPU_REG_STORE,
     .write = write_forcewake },
   { .offset = FORCEWAKE_ACK, .name = "FORCEWAKE_ACK", .kind = VGPU_REG_CONST },
   { .offset = FORCEWAKE_MT, .name = "FORCEWAKE_MT", .kind = VGPU_REG_MASKED,
     .write = write_forcewake_mt },
   { .offset = FORCEWAKE_MT_ACK, .name = "FORCEWAKE_MT_ACK", .kind = VGPU_REG_CONST },
   { .offset = ECOBUS, .name = "ECOBUS", .kind = VGPU_REG_IGNORED,
     .reset = ECOBUS_FORCEWAKE_MT_ENABLE, .note = "only says that FORCEWAKE_MT is there" },
   { .offset = GTFIFODBG, .name = "GTFIFODBG", .kind = VGPU_REG_W1C,
     .note = "the FIFO of register writes never overflows" },
   { .offset = GTFIFOCTL, .name = "GTFIFOCTL", .kind = VGPU_REG_CONST, .reset = 0x3f,
     .note = "the FIFO of register writes is always empty" },
   { .offset = GEN6_PCODE_MAILBOX, .name = "GEN6_PCODE_MAILBOX", .kind = VGPU_REG_STORE,
     .write = write_pcode_mailbox },
   { .offset = GEN6_PCODE_DATA, .name = "GEN6_PCODE_DATA", .kind = VGPU_REG_STORE },
   { .offset = GEN6_PCODE_DATA1, .name = "GEN6_PCODE_DATA1", .kind = VGPU_REG_STORE },
};

const struct vgpu_reg_block vgpu_power_block = {
   .name = "power", .regs = power_regs, .num_regs = ARRAY_SIZE(power_regs),
};
