/*
 * SPDX-License-Identifier: MIT
 *
 * The log of the vgpu process: one line an entry, "TIME vgpu: LEVEL: TEXT".
 */

#ifndef VFIO_USER_LOG_H
#define VFIO_USER_LOG_H

#include "vgpu.h"

/** Opens a file to append to; NULL is standard error. \return 0 or a negative errno */
int vfio_user_log_open(const char *path);

/** Where the log goes, for a signal handler that has a last word. */
int vfio_user_log_fd(void);

/** Writes one line; a vfio_user_log_fn. Whole lines, also from several threads. */
void vfio_user_log_write(void *opaque, enum vgpu_log_level level, const char *text);

#endif
