/*
 * SPDX-License-Identifier: MIT
 *
 * The life of the front end: the model, its callbacks and the client's belongings.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vfio_user.h"

void
vfio_user_log(struct vfio_user_device *dev, enum vgpu_log_level level, const char *format, ...)
{
   char text[512];
   va_list args;

   va_start(args, format);
   vsnprintf(text, sizeof(text), format, args);
   va_end(args);
   dev->log(dev->log_opaque, level, text);
}

static void
model_log(void *opaque, enum vgpu_log_level level, const char *text)
{
   struct vfio_user_device *dev = opaque;

   dev->log(dev->log_opaque, level, text);
}

static const struct vgpu_ops model_ops = {
   .msi = vfio_user_irq_msi,
   .intx = vfio_user_irq_intx,
   .log = model_log,
};

int
vfio_user_device_create(const struct vfio_user_device_params *params, struct vfio_user_device **out)
{
   struct vfio_user_device *dev = calloc(1, sizeof(*dev));
   int ret;

   if (!dev)
      return -ENOMEM;
   dev->log = params->log;
   dev->log_opaque = params->log_opaque;
   dev->reply = malloc(VFIO_USER_MAX_MESSAGE_BYTES);
   if (!dev->reply) {
      ret = -ENOMEM;
      goto free_device;
   }

   ret = vfio_user_irq_init(&dev->irq);
   if (ret)
      goto free_reply;

   const struct vgpu_params model = {
      .device = params->device,
      .ops = &model_ops,
      .opaque = dev,
      .trace = params->trace,
      .synchronous = params->synchronous,
   };
   ret = vgpu_create(&model, &dev->gpu);
   if (ret)
      goto fini_irq;

   *out = dev;
   return 0;

fini_irq:
   vfio_user_irq_fini(&dev->irq);
free_reply:
   free(dev->reply);
free_device:
   free(dev);
   return ret;
}

void
vfio_user_device_disconnect(struct vfio_user_device *dev)
{
   vfio_user_irq_disable_all(&dev->irq);
   vfio_user_dma_unmap_all(dev);
   dev->dma.warned = false;
   dev->negotiated = false;
   dev->refused = 0;
}

void
vfio_user_device_destroy(struct vfio_user_device *dev)
{
   if (!dev)
      return;
   vfio_user_device_disconnect(dev);
   /* The engines' threads, which may raise interrupts until then, end here. */
   vgpu_destroy(dev->gpu);
   vfio_user_irq_fini(&dev->irq);
   free(dev->dma.ranges);
   free(dev->reply);
   free(dev);
}
