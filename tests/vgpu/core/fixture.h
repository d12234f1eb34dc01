/*
 * SPDX-License-Identifier: MIT
 *
 * A device with memory, page tables and rings set up as a driver would, for tests of the blocks
 * behind the registers.
 */

#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vgpu_priv.h"
#include "vgpu_regs.h"

#define FIXTURE_RAM_GPA 0x100000ull
#define FIXTURE_RAM_PAGES 1024
#define FIXTURE_RING_PAGES 4

/* Global GTT pages that the fixture maps: RAM one to one from page 0 on, then nothing. */
#define FIXTURE_HWS_PAGE(engine) (16 + (engine))
#define FIXTURE_RING_PAGE(engine) (32 + 8 * (engine))
#define FIXTURE_BATCH 0x80000 /* GGTT address where tests put batches and data */
#define FIXTURE_DATA 0xc0000
#define FIXTURE_PD_PAGE 512    /* GSM index of a page directory of a PPGTT */
#define FIXTURE_PT_PAGE 128    /* RAM page that is its first page table */

struct fixture {
   struct vgpu *gpu;
   uint8_t *ram;
   unsigned msi_count;
   bool intx;
   unsigned faults; /* messages of the level FAULT */
   char last_fault[1024];
   uint32_t tail[VGPU_NUM_ENGINES];
};

int fixture_setup(void **state);
int fixture_setup_threads(void **state);
/** As fixture_setup(), but four threads share pixel work. */
int fixture_setup_pool(void **state);
int fixture_teardown(void **state);

uint32_t fixture_read(struct fixture *f, uint32_t offset);
void fixture_write(struct fixture *f, uint32_t offset, uint32_t value);

/** The RAM behind an address of the GGTT. */
uint32_t *fixture_ggtt(struct fixture *f, uint32_t address);
void fixture_set_pte(struct fixture *f, uint32_t page, uint32_t pte);
/** A page table entry for a page of the fixture's RAM. */
uint32_t fixture_pte(unsigned ram_page);

/** Turns the PPGTT of an engine on: page 0x100 + n of it is RAM page n. */
void fixture_ppgtt(struct fixture *f, enum vgpu_engine_id engine);

/** Puts commands into an engine's ring and waits until it is idle. */
void fixture_submit(struct fixture *f, enum vgpu_engine_id engine, const uint32_t *dw,
                    unsigned len_dw);
#define SUBMIT(f, engine, ...)                                                                  \
   fixture_submit(f, engine, (const uint32_t[]){ __VA_ARGS__ },                                 \
                  sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/** Fails unless exactly the faults so far were seen since the last call, and the text is in it. */
void fixture_expect_fault(struct fixture *f, const char *text);
void fixture_expect_no_fault(struct fixture *f);

#endif
