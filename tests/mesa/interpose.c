/*
 * SPDX-License-Identifier: MIT
 */

#include "interpose.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <sys/ioctl.h>

int
ioctl(int fd, unsigned long request, ...)
{
   va_list list;

   va_start(list, request);
   void *arg = va_arg(list, void *);
   va_end(list);
   return interposed_ioctl(fd, request, arg);
}

int
next_ioctl(int fd, unsigned long request, void *arg)
{
   static int (*next)(int fd, unsigned long request, ...);

   if (!next)
      next = dlsym(RTLD_NEXT, "ioctl");
   return next(fd, request, arg);
}
