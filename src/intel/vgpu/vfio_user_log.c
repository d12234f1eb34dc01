/*
 * SPDX-License-Identifier: MIT
 */

#include "vfio_user_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int log_fd = STDERR_FILENO;

static const char *const level_names[] = {
   [VGPU_LOG_ERROR] = "error", [VGPU_LOG_FAULT] = "fault", [VGPU_LOG_WARN] = "warning",
   [VGPU_LOG_INFO] = "info",   [VGPU_LOG_TRACE] = "trace",
};

int
vfio_user_log_open(const char *path)
{
   if (!path)
      return 0;
   const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

   if (fd < 0)
      return -errno;
   log_fd = fd;
   return 0;
}

int
vfio_user_log_fd(void)
{
   return log_fd;
}

void
vfio_user_log_write(void *opaque, enum vgpu_log_level level, const char *text)
{
   char line[1280];
   struct timespec now;
   struct tm tm;
   size_t length;
   int n;

   clock_gettime(CLOCK_REALTIME, &now);
   gmtime_r(&now.tv_sec, &tm);
   length = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
   n = snprintf(line + length, sizeof(line) - length, ".%06ldZ vgpu: %s: %s\n", now.tv_nsec / 1000,
                level_names[level], text);
   length += n;
   if (length >= sizeof(line)) {
      length = sizeof(line) - 1;
      line[length - 1] = '\n';
   }

   /* One write() a line, so that lines of several threads do not mix. */
   while (write(log_fd, line, length) < 0 && errno == EINTR)
      ;
}
