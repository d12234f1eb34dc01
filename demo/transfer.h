/*
 * SPDX-License-Identifier: MIT
 *
 * The demo's job, done in two ways: a picture goes from memory into a tiled buffer object of the
 * GPU and from there into other memory.
 */

#ifndef TRANSFER_H
#define TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture;

/** What a job cost. */
struct transfer_cost {
   uint64_t gpu_bytes;     /* pixels that the blitter moved */
   uint64_t cpu_bytes;     /* pixels that the CPU copied, here or in the kernel */
   uint64_t command_bytes; /* commands that the CPU wrote for the GPU */
   uint64_t ioctls;
   uint64_t pages_wrapped; /* of our memory, by GEM_USERPTR */
   int64_t pages_pinned;   /* as the kernel counted them; -1 if it does not say */
};

/** A range of memory and the whole pages around it, which are what a userptr object is made of. */
struct transfer_range {
   uint8_t *memory, *first_page;
   size_t size_bytes;
   size_t wrapped_bytes; /* whole pages */
   size_t delta_bytes;   /* of the memory in its first page */
};

struct transfer_error {
   int error; /* negative errno */
   const char *step;
};

struct transfer_range transfer_range_of(uint8_t *memory, size_t size_bytes);

/**
 * Moves the pixels from the picture to `destination`, of picture->size_bytes bytes, by the GPU
 * alone: both ranges are wrapped by GEM_USERPTR, wherever in their pages they begin and end.
 *
 * \param tiling  I915_TILING_X or _Y, of the buffer object in between
 */
bool transfer_zero_copy(int fd, const struct picture *picture, uint8_t *destination,
                        uint32_t tiling, struct transfer_cost *cost,
                        struct transfer_error *error);

/** The same job as without userptr: GEM_PWRITE into a buffer object, two blits, GEM_PREAD. */
bool transfer_classic(int fd, const struct picture *picture, uint8_t *destination,
                      uint32_t tiling, struct transfer_cost *cost, struct transfer_error *error);

#endif
