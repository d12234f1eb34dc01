/*
 * SPDX-License-Identifier: MIT
 */

#include <stdio.h>

#include "vgpu_priv.h"

#define MAX_COMPLAINTS 4096

static void
log_text(struct vgpu *gpu, enum vgpu_log_level level, const char *format, va_list args)
{
   char text[1024];

   /* A guest must not be able to fill the host's disk: after some thousand, powers of two. */
   if (level == VGPU_LOG_FAULT || level == VGPU_LOG_WARN) {
      const uint64_t n = atomic_fetch_add(&gpu->complaints, 1) + 1;
      if (n > MAX_COMPLAINTS && n & (n - 1))
         return;
   }
   vsnprintf(text, sizeof(text), format, args);
   gpu->ops.log(gpu->opaque, level, text);
}

void
vgpu_log(struct vgpu *gpu, enum vgpu_log_level level, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   log_text(gpu, level, format, args);
   va_end(args);
}

void
vgpu_unmodelled(struct vgpu *gpu, const char *format, ...)
{
   va_list args;

   atomic_fetch_add(&gpu->unmodelled, 1);
   va_start(args, format);
   log_text(gpu, VGPU_LOG_FAULT, format, args);
   va_end(args);
}
