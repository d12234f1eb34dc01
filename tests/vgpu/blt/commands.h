/*
 * SPDX-License-Identifier: MIT
 *
 * Random, well-formed commands of the blitter.
 */

#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#define COMMAND_MAX_DW 257

/** A repeatable stream of numbers (xorshift64*). */
struct random {
   uint64_t state; /* not 0 */
};

uint32_t random_u32(struct random *r);
/** From low to high, both inclusive. */
int random_range(struct random *r, int low, int high);
bool random_one_in(struct random *r, int n);

enum shape {
   SHAPE_SMALL,   /* up to 40 x 40 */
   SHAPE_WIDE,    /* a few rows that take several chunks and pages */
   SHAPE_LARGE,   /* several rows of tiles */
   SHAPE_OVERLAP, /* source and destination next to each other in one surface */
};

/** The opcodes (bits 28:22) of every command that draws, ended by 0. */
extern const uint8_t drawing_opcodes[];

/**
 * Makes a command with memory operands within the mock's memory.
 *
 * \param setup      gets a setup command that goes before it, or setup[0] = 0
 * \param swctrl     gets BCS_SWCTRL
 * \param rop        -1: any that has its operands
 * \return DWords at dw
 */
unsigned random_command(struct random *r, uint8_t opcode, enum shape shape, int rop, uint32_t *dw,
                        uint32_t setup[9], uint32_t *swctrl);

#endif
