/*
 * SPDX-License-Identifier: MIT
 *
 * What most tests begin with. Whatever fails here ends the test.
 */

#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdint.h>

#include "batch.h"
#include "blt.h"
#include "gem.h"
#include "memory.h"
#include "spin.h"
#include "tap.h"

/** The GPU's file descriptor. A guest without a GPU fails the test: nothing is skipped silently. */
int fixture_open(void);

/** A buffer object of the kernel's own memory. */
uint32_t fixture_object(int fd, uint64_t size_bytes);

/** A buffer object made of our memory. */
uint32_t fixture_userptr(int fd, void *memory, uint64_t size_bytes);

/** The memory, filled with a pattern, must arrive in a buffer object by the blitter. */
void check_gpu_reads(int fd, void *memory, uint64_t size_bytes);

/** A pattern must arrive from a buffer object in the memory by the blitter. */
void check_gpu_writes(int fd, void *memory, uint64_t size_bytes);

/** What the execbuffer ioctl says to a batch that uses this object and does nothing. */
int try_execbuffer(int fd, uint32_t handle);

#endif
