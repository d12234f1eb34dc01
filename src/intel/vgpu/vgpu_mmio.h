/*
 * SPDX-License-Identifier: MIT
 *
 * The register file: every register of the device stands in a table of the block that owns it.
 */

#ifndef VGPU_MMIO_H
#define VGPU_MMIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vgpu;
struct vgpu_reg;

enum vgpu_reg_kind {
   VGPU_REG_STORE,   /**< holds what is written, within the write mask */
   VGPU_REG_CONST,   /**< reads its reset value; writes have no effect, as on hardware */
   VGPU_REG_MASKED,  /**< bits 31:16 of a write say which of bits 15:0 change */
   VGPU_REG_W1C,     /**< a written 1 clears the bit */
   VGPU_REG_IGNORED, /**< holds what is written; the note says why that has no effect here */
};

typedef uint32_t (*vgpu_reg_read_fn)(struct vgpu *gpu, const struct vgpu_reg *reg,
                                     uint32_t offset);
/**
 * \param value  what the register would hold after the write, worked out by its kind
 */
typedef void (*vgpu_reg_write_fn)(struct vgpu *gpu, const struct vgpu_reg *reg, uint32_t offset,
                                  uint32_t value);

/** Bits of vgpu_reg::engines: the register exists once for each engine, at its MMIO base. */
#define VGPU_REG_RCS (1u << 0)
#define VGPU_REG_VCS (1u << 1)
#define VGPU_REG_BCS (1u << 2)
#define VGPU_REG_XCS (VGPU_REG_RCS | VGPU_REG_VCS | VGPU_REG_BCS)

struct vgpu_reg {
   uint32_t offset; /* in BAR0; from the engine's MMIO base if engines is not 0 */
   const char *name;
   enum vgpu_reg_kind kind;
   uint32_t reset;
   uint32_t write_mask;    /* bits that a write can change; 0 means all of them */
   uint16_t count;         /* registers of this name, 4 bytes apart; 0 means 1 */
   uint8_t engines;        /* VGPU_REG_RCS, … */
   bool user;              /* a batch that is not secure can write it */
   bool context;           /* saved and restored with a logical context */
   vgpu_reg_read_fn read;  /* NULL: what is stored */
   vgpu_reg_write_fn write; /* called after the value was stored */
   const char *note;       /* for docs/vgpu.md */
};

/** A block's registers. */
struct vgpu_reg_block {
   const char *name;
   const struct vgpu_reg *regs;
   unsigned num_regs;
};

/** All blocks, ended by one without a name. */
extern const struct vgpu_reg_block *const vgpu_reg_blocks[];

/** Makes the index from offsets to registers. \return 0 or -ENOMEM, -EEXIST (a table is wrong) */
int vgpu_mmio_init(void);

/** Puts every register to its reset value. Call with vgpu::lock held, like all that follows. */
void vgpu_mmio_reset(struct vgpu *gpu);
/** The same for the registers of one engine, and those alone. */
void vgpu_mmio_reset_engine(struct vgpu *gpu, unsigned engine);

/** The register at an offset (a multiple of 4) of BAR0, NULL if it is not modelled. */
const struct vgpu_reg *vgpu_mmio_find(uint32_t offset);
/** Offsets of the registers that belong to a logical context of the render engine. */
const uint32_t *vgpu_mmio_context_regs(unsigned *count);
/** "BCS_RING_TAIL", for logs. */
const char *vgpu_mmio_name(uint32_t offset, char *buffer, size_t size);

/** 32-bit accesses with everything that they do; offset is a multiple of 4 within 2 MiB. */
uint32_t vgpu_mmio_read32(struct vgpu *gpu, uint32_t offset);
void vgpu_mmio_write32(struct vgpu *gpu, uint32_t offset, uint32_t value);

/** Accesses of any size from the bus. */
void vgpu_mmio_read(struct vgpu *gpu, uint32_t offset, void *data, uint32_t size);
void vgpu_mmio_write(struct vgpu *gpu, uint32_t offset, const void *data, uint32_t size);

#endif
