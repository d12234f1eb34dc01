/*
 * SPDX-License-Identifier: MIT
 *
 * The ioctl() that a program has for all its libraries, if it exports its symbols: the driver calls this one.
 */

#ifndef MESA_TEST_INTERPOSE_H
#define MESA_TEST_INTERPOSE_H

/** The program defines it: what any ioctl() is. The driver may have threads. */
int interposed_ioctl(int fd, unsigned long request, void *arg);

/** The ioctl() that is called without the program's. */
int next_ioctl(int fd, unsigned long request, void *arg);

#endif
