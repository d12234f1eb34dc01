/*
 * SPDX-License-Identifier: MIT
 *
 * DEVICE_SET_IRQS, and interrupts of the model on their way to the client.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fixture.h"

#define NONE    VFIO_IRQ_SET_DATA_NONE
#define BOOL    VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define MASK    VFIO_IRQ_SET_ACTION_MASK
#define UNMASK  VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define INTX    VFIO_PCI_INTX_IRQ_INDEX
#define MSI     VFIO_PCI_MSI_IRQ_INDEX

static int
set_irqs_raw(struct fixture *f, uint32_t argsz, uint32_t flags, uint32_t index, uint32_t start,
             uint32_t count, const void *data, size_t data_bytes, const int *fds, unsigned num_fds)
{
   const struct vfio_user_irq_set set = {
      .argsz = argsz, .flags = flags, .index = index, .start = start, .count = count};
   uint8_t payload[64];
   struct reply reply;

   memcpy(payload, &set, sizeof(set));
   if (data_bytes)
      memcpy(payload + sizeof(set), data, data_bytes);
   const int ret =
      call(f, VFIO_USER_DEVICE_SET_IRQS, payload, sizeof(set) + data_bytes, fds, num_fds, &reply);

   assert_int_equal(reply.payload_bytes, 0);
   return ret;
}

static int
set_irqs(struct fixture *f, uint32_t flags, uint32_t index, uint32_t count)
{
   return set_irqs_raw(f, sizeof(struct vfio_user_irq_set), flags, index, 0, count, NULL, 0, NULL,
                       0);
}

static int
set_irqs_bool(struct fixture *f, uint32_t action, uint32_t index, uint8_t value)
{
   return set_irqs_raw(f, sizeof(struct vfio_user_irq_set) + 1, BOOL | action, index, 0, 1, &value,
                       1, NULL, 0);
}

static int
set_irqs_fd(struct fixture *f, uint32_t action, uint32_t index, int fd)
{
   return set_irqs_raw(f, sizeof(struct vfio_user_irq_set), EVENTFD | action, index, 0, 1, NULL, 0,
                       &fd, 1);
}

/** Enables an interrupt. \return the eventfd */
static int
enable(struct fixture *f, uint32_t index)
{
   const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

   assert_true(fd >= 0);
   assert_int_equal(set_irqs_fd(f, TRIGGER, index, fd), 0);
   return fd;
}

/** Signals since the last look. */
static uint64_t
signals(int fd)
{
   uint64_t n = 0;

   if (read(fd, &n, sizeof(n)) < 0)
      assert_int_equal(errno, EAGAIN);
   return n;
}

static void
raise_msi(struct fixture *f)
{
   f->gpu->ops.msi(f->gpu->opaque);
}

static void
set_intx(struct fixture *f, bool level)
{
   f->gpu->ops.intx(f->gpu->opaque, level);
}

static void
msi_is_an_edge(void **state)
{
   struct fixture *f = *state;
   int fd;

   raise_msi(f); /* goes nowhere */
   fd = enable(f, MSI);
   assert_int_equal(signals(fd), 0);
   raise_msi(f);
   assert_int_equal(signals(fd), 1);
   raise_msi(f);
   raise_msi(f);
   raise_msi(f);
   assert_int_equal(signals(fd), 3);
   set_intx(f, true);
   assert_int_equal(signals(fd), 0);

   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, 0), 0);
   raise_msi(f);
   assert_int_equal(signals(fd), 0);
   close(fd);
}

static void
intx_is_a_level(void **state)
{
   struct fixture *f = *state;
   const int fd = enable(f, INTX);

   assert_int_equal(signals(fd), 0);
   set_intx(f, true);
   assert_int_equal(signals(fd), 1);
   /* It has masked itself. */
   set_intx(f, true);
   set_intx(f, false);
   set_intx(f, true);
   assert_int_equal(signals(fd), 0);
   /* Still up when the guest has ended the interrupt: again. */
   assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
   assert_int_equal(signals(fd), 1);
   /* Down by then: quiet until the next time it goes up. */
   set_intx(f, false);
   assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
   assert_int_equal(signals(fd), 0);
   set_intx(f, true);
   assert_int_equal(signals(fd), 1);
   close(fd);
}

static void
intx_up_before_it_is_enabled(void **state)
{
   struct fixture *f = *state;
   int fd;

   set_intx(f, true);
   fd = enable(f, INTX);
   assert_int_equal(signals(fd), 1);
   close(fd);
}

static void
intx_mask(void **state)
{
   struct fixture *f = *state;
   const int fd = enable(f, INTX);

   assert_int_equal(set_irqs(f, NONE | MASK, INTX, 1), 0);
   set_intx(f, true);
   assert_int_equal(signals(fd), 0);
   assert_int_equal(set_irqs_bool(f, UNMASK, INTX, 0), 0);
   assert_int_equal(signals(fd), 0);
   assert_int_equal(set_irqs_bool(f, UNMASK, INTX, 1), 0);
   assert_int_equal(signals(fd), 1);
   set_intx(f, false);
   assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
   assert_int_equal(set_irqs_bool(f, MASK, INTX, 0), 0);
   set_intx(f, true);
   assert_int_equal(signals(fd), 1);
   set_intx(f, false);
   assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
   assert_int_equal(set_irqs_bool(f, MASK, INTX, 1), 0);
   set_intx(f, true);
   assert_int_equal(signals(fd), 0);
   close(fd);
}

static void
enabling_intx_again_unmasks(void **state)
{
   struct fixture *f = *state;
   const int first = enable(f, INTX);
   int second;

   set_intx(f, true);
   assert_int_equal(signals(first), 1);
   /* Another eventfd for the same, masked interrupt: nothing new to tell. */
   second = enable(f, INTX);
   assert_int_equal(signals(second), 0);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, INTX, 0), 0);
   close(second);
   second = enable(f, INTX);
   assert_int_equal(signals(second), 1);
   assert_int_equal(signals(first), 0);
   close(first);
   close(second);
}

static void
reset_lowers_intx_and_keeps_eventfds(void **state)
{
   struct fixture *f = *state;
   const int intx = enable(f, INTX), msi = enable(f, MSI);
   struct reply reply;

   set_intx(f, true);
   assert_int_equal(signals(intx), 1);
   assert_int_equal(call(f, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, &reply), 0);
   assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
   assert_int_equal(signals(intx), 0);
   raise_msi(f);
   assert_int_equal(signals(msi), 1);
   close(intx);
   close(msi);
}

static void
eventfd_is_replaced_and_taken_away(void **state)
{
   static const uint32_t indices[] = {INTX, MSI};
   struct fixture *f = *state;

   for (unsigned i = 0; i < 2; i++) {
      const unsigned files = count_open_files();
      const int first = enable(f, indices[i]), second = enable(f, indices[i]);

      set_intx(f, true);
      raise_msi(f);
      assert_int_equal(signals(first), 0);
      assert_int_equal(signals(second), 1);
      set_intx(f, false);
      /* DATA_EVENTFD without a file de-assigns. */
      assert_int_equal(set_irqs(f, EVENTFD | TRIGGER, indices[i], 1), 0);
      set_intx(f, true);
      raise_msi(f);
      assert_int_equal(signals(second), 0);
      set_intx(f, false);
      close(first);
      close(second);
      assert_int_equal(count_open_files(), files);
   }
}

static void
disabling_what_is_not_enabled(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(set_irqs(f, NONE | TRIGGER, INTX, 0), 0);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, 0), 0);
   assert_int_equal(set_irqs(f, EVENTFD | TRIGGER, MSI, 1), 0);
}

static void
client_triggers(void **state)
{
   struct fixture *f = *state;
   int intx, msi;

   assert_int_equal(set_irqs(f, NONE | TRIGGER, INTX, 1), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, 1), -EINVAL);
   intx = enable(f, INTX);
   msi = enable(f, MSI);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, 1), 0);
   assert_int_equal(signals(msi), 1);
   assert_int_equal(set_irqs_bool(f, TRIGGER, MSI, 0), 0);
   assert_int_equal(signals(msi), 0);
   assert_int_equal(set_irqs_bool(f, TRIGGER, MSI, 1), 0);
   assert_int_equal(signals(msi), 1);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, INTX, 1), 0);
   assert_int_equal(signals(intx), 1);
   close(intx);
   close(msi);
}

static void
msi_cannot_be_masked(void **state)
{
   struct fixture *f = *state;

   assert_int_equal(set_irqs(f, NONE | MASK, MSI, 1), -EOPNOTSUPP);
   assert_int_equal(set_irqs(f, NONE | UNMASK, MSI, 1), -EOPNOTSUPP);
}

static void
masking_by_eventfd_is_refused(void **state)
{
   struct fixture *f = *state;
   const int fd = eventfd(0, EFD_CLOEXEC);

   assert_int_equal(set_irqs_fd(f, MASK, INTX, fd), -EOPNOTSUPP);
   assert_int_equal(set_irqs_fd(f, UNMASK, INTX, fd), -EOPNOTSUPP);
   close(fd);
}

static void
full_counter_does_not_block(void **state)
{
   struct fixture *f = *state;
   const uint64_t almost_full = UINT64_MAX - 1;
   const int fd = eventfd(0, EFD_CLOEXEC); /* one that blocks */

   assert_int_equal(set_irqs_fd(f, TRIGGER, MSI, fd), 0);
   assert_int_equal(write(fd, &almost_full, sizeof(almost_full)), sizeof(almost_full));
   raise_msi(f);
   raise_msi(f);
   assert_int_equal(signals(fd), almost_full);
   raise_msi(f);
   assert_int_equal(signals(fd), 1);
   close(fd);
}

static void
only_eventfds(void **state)
{
   struct fixture *f = *state;
   const int memory = make_memory(4096, 0);
   int fds[2];

   assert_int_equal(set_irqs_fd(f, TRIGGER, MSI, memory), -EINVAL);
   assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
   assert_int_equal(set_irqs_fd(f, TRIGGER, INTX, fds[1]), -EINVAL);
   raise_msi(f);
   set_intx(f, true);
   close(fds[0]);
   close(fds[1]);
   close(memory);
}

static void
nonsense_sets(void **state)
{
   const uint32_t size = sizeof(struct vfio_user_irq_set);
   struct fixture *f = *state;
   const uint8_t data[8] = {1};
   const int fds[2] = {eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC)};
   const int msi = enable(f, MSI);

   /* no such interrupt */
   for (uint32_t index = VFIO_PCI_MSIX_IRQ_INDEX; index < 8; index++)
      assert_int_equal(set_irqs(f, NONE | TRIGGER, index, 0), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, UINT32_MAX, 0), -EINVAL);
   /* no such sub-index */
   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, 2), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | TRIGGER, MSI, UINT32_MAX), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size, NONE | TRIGGER, MSI, 1, 0, NULL, 0, NULL, 0), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size, NONE | TRIGGER, MSI, 1, 1, NULL, 0, NULL, 0), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size, NONE | TRIGGER, MSI, UINT32_MAX, 2, NULL, 0, NULL, 0),
                    -EINVAL);
   /* not exactly one of each */
   assert_int_equal(set_irqs(f, 0, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, NONE, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, TRIGGER, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | BOOL | TRIGGER, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | MASK | TRIGGER, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, NONE | TRIGGER | 0x40, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs(f, 0xffffffff, MSI, 1), -EINVAL);
   /* count 0 is for disabling only */
   assert_int_equal(set_irqs(f, NONE | MASK, INTX, 0), -EINVAL);
   assert_int_equal(set_irqs(f, EVENTFD | TRIGGER, MSI, 0), -EINVAL);
   assert_int_equal(set_irqs(f, BOOL | TRIGGER, MSI, 0), -EINVAL);
   /* data that are not there */
   assert_int_equal(set_irqs(f, BOOL | TRIGGER, MSI, 1), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size, BOOL | TRIGGER, MSI, 0, 1, data, 1, NULL, 0), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size + 1, BOOL | TRIGGER, MSI, 0, 1, NULL, 0, NULL, 0),
                    -EINVAL);
   assert_int_equal(set_irqs_raw(f, size - 1, NONE | TRIGGER, MSI, 0, 1, NULL, 0, NULL, 0),
                    -EINVAL);
   assert_int_equal(set_irqs_raw(f, 0, NONE | TRIGGER, MSI, 0, 1, NULL, 0, NULL, 0), -EINVAL);
   assert_int_equal(set_irqs_raw(f, UINT32_MAX, NONE | TRIGGER, MSI, 0, 1, NULL, 0, NULL, 0),
                    -EINVAL);
   /* files where none belong, or the wrong number of them */
   assert_int_equal(set_irqs_raw(f, size, NONE | TRIGGER, MSI, 0, 1, NULL, 0, fds, 1), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size + 1, BOOL | TRIGGER, MSI, 0, 1, data, 1, fds, 1), -EINVAL);
   assert_int_equal(set_irqs_raw(f, size, EVENTFD | TRIGGER, MSI, 0, 1, NULL, 0, fds, 2), -EINVAL);

   /* None of it had an effect. */
   assert_int_equal(signals(msi), 0);
   raise_msi(f);
   assert_int_equal(signals(msi), 1);
   close(fds[0]);
   close(fds[1]);
   close(msi);
}

static void
too_short(void **state)
{
   struct fixture *f = *state;
   const uint8_t payload[sizeof(struct vfio_user_irq_set)] = {0};
   struct reply reply;

   for (size_t size = 0; size < sizeof(payload); size++) {
      assert_int_equal(call(f, VFIO_USER_DEVICE_SET_IRQS, payload, size, NULL, 0, &reply), -EINVAL);
   }
}

static void
hanging_up_closes_eventfds(void **state)
{
   struct fixture *f = *state;
   const int intx = enable(f, INTX), msi = enable(f, MSI);

   hang_up(f);
   set_intx(f, true);
   raise_msi(f);
   assert_int_equal(signals(intx), 0);
   assert_int_equal(signals(msi), 0);
   close(intx);
   close(msi);
}

static void *
raise_many(void *arg)
{
   struct fixture *f = arg;

   for (unsigned i = 0; i < 20000; i++) {
      raise_msi(f);
      set_intx(f, i % 2);
   }
   return NULL;
}

static void
interrupts_while_eventfds_change(void **state)
{
   struct fixture *f = *state;
   pthread_t engine;

   assert_int_equal(pthread_create(&engine, NULL, raise_many, f), 0);
   for (unsigned i = 0; i < 200; i++) {
      const int intx = enable(f, INTX), msi = enable(f, MSI);

      assert_int_equal(set_irqs(f, NONE | UNMASK, INTX, 1), 0);
      assert_int_equal(set_irqs(f, NONE | TRIGGER, i % 2 ? INTX : MSI, 0), 0);
      close(intx);
      close(msi);
   }
   pthread_join(engine, NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_negotiated, teardown)
   const struct CMUnitTest tests[] = {
      TEST(msi_is_an_edge),
      TEST(intx_is_a_level),
      TEST(intx_up_before_it_is_enabled),
      TEST(intx_mask),
      TEST(enabling_intx_again_unmasks),
      TEST(reset_lowers_intx_and_keeps_eventfds),
      TEST(eventfd_is_replaced_and_taken_away),
      TEST(disabling_what_is_not_enabled),
      TEST(client_triggers),
      TEST(msi_cannot_be_masked),
      TEST(masking_by_eventfd_is_refused),
      TEST(full_counter_does_not_block),
      TEST(only_eventfds),
      TEST(nonsense_sets),
      TEST(too_short),
      TEST(hanging_up_closes_eventfds),
      TEST(interrupts_while_eventfds_change),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
