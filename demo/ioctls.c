/*
 * SPDX-License-Identifier: MIT
 */

#include "ioctls.h"

#include <stdatomic.h>

#include "interpose.h"

/* The driver may have threads. */
static atomic_ullong ioctls;

int
interposed_ioctl(int fd, unsigned long request, void *arg)
{
   ioctls++;
   return next_ioctl(fd, request, arg);
}

uint64_t
ioctls_so_far(void)
{
   return ioctls;
}
