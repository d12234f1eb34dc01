/*
 * SPDX-License-Identifier: MIT
 *
 * How often this process, its libraries included, has called ioctl().
 */

#ifndef IOCTLS_H
#define IOCTLS_H

#include <stdint.h>

uint64_t ioctls_so_far(void);

#endif
