/*
 * SPDX-License-Identifier: MIT
 *
 * What the GL does with a range of the client's memory, seen from outside: the program has the memcpy(), memmove() and
 * ioctl() that all its libraries call. The virtual GPU may be one of them: what it does with memory is not seen.
 */

#ifndef MESA_TEST_SPY_H
#define MESA_TEST_SPY_H

#include <stddef.h>

struct spy {
   size_t copied;    /**< bytes that memcpy() and memmove() read or wrote in the range */
   unsigned wrapped; /**< GEM_USERPTR objects over some of its pages */
   unsigned open;    /**< of these, not closed yet */
   unsigned bytes;   /**< of these, made of a range of bytes (I915_USERPTR_BYTE_RANGE) */
   unsigned ioctls;  /**< on whatever device */
   /* And of these: */
   unsigned batches;  /**< GEM_EXECBUFFER2 */
   unsigned buffers;  /**< GEM_BUSY and GEM_MADVISE: what a cache of buffers asks */
   unsigned syncobjs; /**< SYNCOBJ_CREATE and SYNCOBJ_DESTROY */
};

/** Begins to watch these bytes; all counts are 0. */
void spy_on(const void *memory, size_t size);

/** Ends it. */
struct spy spy_off(void);

/** The next of these requests fails with this errno. */
void spy_refuse(unsigned long request, int error);

#endif
