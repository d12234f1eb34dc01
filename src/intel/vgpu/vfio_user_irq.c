/*
 * SPDX-License-Identifier: MIT
 *
 * Interrupts: eventfds of the client that the model's interrupts signal.
 *
 * MSI is an edge: one interrupt, one signal. INTA# is a level, and VFIO makes edges of it by
 * masking it at each signal until the client, having seen the guest's end of interrupt, unmasks:
 * if the level is still up then, that is the next signal.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio_user.h"

int
vfio_user_irq_init(struct vfio_user_irq *irq)
{
   irq->intx_fd = -1;
   irq->msi_fd = -1;
   irq->intx_level = false;
   irq->intx_masked = false;
   return -pthread_mutex_init(&irq->lock, NULL);
}

void
vfio_user_irq_fini(struct vfio_user_irq *irq)
{
   vfio_user_irq_disable_all(irq);
   pthread_mutex_destroy(&irq->lock);
}

/** Adds 1 to the eventfd. */
static void
signal_eventfd(int fd)
{
   const uint64_t one = 1;
   ssize_t n;

   /*
    * EAGAIN: the counter is full, so the client has more than enough to see already. It cannot
    * fail otherwise on what check_eventfd() let in.
    */
   do
      n = write(fd, &one, sizeof(one));
   while (n < 0 && errno == EINTR);
}

/** With irq->lock held. */
static void
update_intx(struct vfio_user_irq *irq)
{
   if (irq->intx_fd >= 0 && irq->intx_level && !irq->intx_masked) {
      irq->intx_masked = true;
      signal_eventfd(irq->intx_fd);
   }
}

/** With irq->lock held; fd -1 disables. */
static void
set_eventfd(struct vfio_user_irq *irq, unsigned index, int fd)
{
   int *slot = index == VFIO_PCI_INTX_IRQ_INDEX ? &irq->intx_fd : &irq->msi_fd;
   const int old = *slot;

   *slot = fd;
   if (old >= 0)
      close(old);
   if (index == VFIO_PCI_INTX_IRQ_INDEX) {
      /* Enabling starts unmasked; another eventfd for what is enabled changes nothing else. */
      if (old < 0)
         irq->intx_masked = false;
      update_intx(irq);
   }
}

void
vfio_user_irq_disable_all(struct vfio_user_irq *irq)
{
   pthread_mutex_lock(&irq->lock);
   set_eventfd(irq, VFIO_PCI_INTX_IRQ_INDEX, -1);
   set_eventfd(irq, VFIO_PCI_MSI_IRQ_INDEX, -1);
   pthread_mutex_unlock(&irq->lock);
}

void
vfio_user_irq_msi(void *opaque)
{
   struct vfio_user_device *dev = opaque;
   struct vfio_user_irq *irq = &dev->irq;

   pthread_mutex_lock(&irq->lock);
   if (irq->msi_fd >= 0)
      signal_eventfd(irq->msi_fd);
   pthread_mutex_unlock(&irq->lock);
}

void
vfio_user_irq_intx(void *opaque, bool level)
{
   struct vfio_user_device *dev = opaque;
   struct vfio_user_irq *irq = &dev->irq;

   pthread_mutex_lock(&irq->lock);
   irq->intx_level = level;
   update_intx(irq);
   pthread_mutex_unlock(&irq->lock);
}

static uint32_t
irq_count(uint32_t index)
{
   return index == VFIO_PCI_INTX_IRQ_INDEX || index == VFIO_PCI_MSI_IRQ_INDEX ? 1 : 0;
}

int
vfio_user_get_irq_info(struct vfio_user_device *dev, const struct vfio_user_request *request,
                       struct vfio_user_reply *reply)
{
   struct vfio_user_irq_info info;

   memcpy(&info, request->payload, sizeof(info));
   if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
      return -EINVAL;
   /* VFIO's answer for a function that is not PCI Express and so cannot report errors. */
   if (info.index == VFIO_PCI_ERR_IRQ_INDEX)
      return -EINVAL;

   info.argsz = sizeof(info);
   info.count = irq_count(info.index);
   info.flags = 0;
   if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
      info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
   else if (info.index == VFIO_PCI_MSI_IRQ_INDEX)
      info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
   memcpy(reply->payload, &info, sizeof(info));
   reply->payload_bytes = sizeof(info);
   return 0;
}

/**
 * An interrupt must not be able to block an engine or to write into something else, so only an
 * eventfd will do, and one whose full counter does not block.
 */
static int
check_eventfd(int fd)
{
   char link[64], target[64];
   ssize_t n;
   int flags;

   snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
   n = readlink(link, target, sizeof(target) - 1);
   if (n < 0)
      return -errno;
   target[n] = '\0';
   if (strcmp(target, "anon_inode:[eventfd]") != 0)
      return -EINVAL;

   flags = fcntl(fd, F_GETFL);
   if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
      return -errno;
   return 0;
}

static int
set_trigger_eventfd(struct vfio_user_irq *irq, unsigned index,
                    const struct vfio_user_request *request)
{
   int fd = -1;

   if (request->num_fds) {
      const int ret = check_eventfd(request->fds[0]);

      if (ret)
         return ret;
      fd = request->fds[0];
      request->fds[0] = -1;
   }
   set_eventfd(irq, index, fd);
   return 0;
}

/** The client triggers the interrupt as if the device had. */
static int
trigger(struct vfio_user_irq *irq, unsigned index)
{
   const int fd = index == VFIO_PCI_INTX_IRQ_INDEX ? irq->intx_fd : irq->msi_fd;

   if (fd < 0)
      return -EINVAL;
   signal_eventfd(fd);
   return 0;
}

static int
set_irqs_locked(struct vfio_user_irq *irq, const struct vfio_user_irq_set *set, uint32_t action,
                uint32_t data, bool selected, const struct vfio_user_request *request)
{
   switch (action) {
   case VFIO_IRQ_SET_ACTION_TRIGGER:
      if (data == VFIO_IRQ_SET_DATA_EVENTFD)
         return set_trigger_eventfd(irq, set->index, request);
      if (set->count == 0) {
         set_eventfd(irq, set->index, -1);
         return 0;
      }
      return selected ? trigger(irq, set->index) : 0;
   case VFIO_IRQ_SET_ACTION_MASK:
   case VFIO_IRQ_SET_ACTION_UNMASK:
      /*
       * Only INTx can be masked. Masking through an eventfd is a short cut for KVM; QEMU does
       * without where it is refused.
       */
      if (set->index != VFIO_PCI_INTX_IRQ_INDEX || data == VFIO_IRQ_SET_DATA_EVENTFD)
         return -EOPNOTSUPP;
      if (selected) {
         irq->intx_masked = action == VFIO_IRQ_SET_ACTION_MASK;
         update_intx(irq);
      }
      return 0;
   default:
      return -EINVAL;
   }
}

int
vfio_user_set_irqs(struct vfio_user_device *dev, const struct vfio_user_request *request,
                   struct vfio_user_reply *reply)
{
   struct vfio_user_irq *irq = &dev->irq;
   struct vfio_user_irq_set set;
   bool selected = true;
   int ret;

   memcpy(&set, request->payload, sizeof(set));
   const uint32_t action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
   const uint32_t data = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
   const size_t data_bytes = data == VFIO_IRQ_SET_DATA_BOOL ? set.count : 0;

   /* set_irqs_locked() and the following find out whether there is exactly one of each. */
   if (set.flags != (action | data) || set.argsz < sizeof(set) ||
       set.argsz > request->payload_bytes || set.argsz - sizeof(set) < data_bytes)
      return -EINVAL;
   if (set.start >= irq_count(set.index) || set.count > irq_count(set.index) - set.start)
      return -EINVAL;

   switch (data) {
   case VFIO_IRQ_SET_DATA_NONE:
      if (request->num_fds || (set.count == 0 && action != VFIO_IRQ_SET_ACTION_TRIGGER))
         return -EINVAL;
      break;
   case VFIO_IRQ_SET_DATA_BOOL:
      if (request->num_fds || set.count == 0)
         return -EINVAL;
      selected = request->payload[sizeof(set)];
      break;
   case VFIO_IRQ_SET_DATA_EVENTFD:
      /* No file means to take the eventfd away. */
      if (set.count == 0 || (request->num_fds && request->num_fds != set.count))
         return -EINVAL;
      break;
   default:
      return -EINVAL;
   }

   pthread_mutex_lock(&irq->lock);
   ret = set_irqs_locked(irq, &set, action, data, selected, request);
   pthread_mutex_unlock(&irq->lock);
   return ret;
}
