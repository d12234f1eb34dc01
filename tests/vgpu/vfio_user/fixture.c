/*
 * SPDX-License-Identifier: MIT
 */

#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void
keep_log(void *opaque, enum vgpu_log_level level, const char *text)
{
   struct fixture *f = opaque;

   f->num_log_lines++;
   snprintf(f->last_log_line, sizeof(f->last_log_line), "%s", text);
   /* VGPU_TEST_LOG=1 helps to see why a test fails. */
   if (getenv("VGPU_TEST_LOG"))
      fprintf(stderr, "  %d: %s\n", level, text);
}

unsigned
count_open_files(void)
{
   DIR *dir = opendir("/proc/self/fd");
   unsigned n = 0;

   assert_non_null(dir);
   while (readdir(dir))
      n++;
   closedir(dir);
   return n;
}

static void *
serve(void *arg)
{
   struct fixture *f = arg;
   const int fd = atomic_load(&f->server.client_fd);

   f->result = vfio_user_server_serve(&f->server, f->dev, fd);
   return NULL;
}

int
setup_connected(void **state)
{
   struct fixture *f = calloc(1, sizeof(*f));
   const struct vfio_user_device_params params = {.log = keep_log, .log_opaque = f};
   const struct timeval timeout = {.tv_sec = 20};
   int sockets[2];

   assert_non_null(f);
   f->num_open_files = count_open_files();
   assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
   /* A server that does not answer fails the test instead of hanging it. */
   assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
   assert_int_equal(vfio_user_device_create(&params, &f->dev), 0);
   f->gpu = f->dev->gpu;
   f->client = sockets[0];
   f->next_id = 0x1234;
   atomic_init(&f->server.listen_fd, -1);
   atomic_init(&f->server.client_fd, sockets[1]);
   assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
   *state = f;
   return 0;
}

int
setup_negotiated(void **state)
{
   const struct vfio_user_version version = {.major = VFIO_USER_MAJOR, .minor = VFIO_USER_MINOR};
   struct reply reply;

   setup_connected(state);
   assert_int_equal(call(*state, VFIO_USER_VERSION, &version, sizeof(version), NULL, 0, &reply), 0);
   return 0;
}

void
hang_up(struct fixture *f)
{
   if (f->client >= 0)
      close(f->client);
   f->client = -1;
   if (!f->joined)
      assert_int_equal(pthread_join(f->thread, NULL), 0);
   f->joined = true;
}

int
teardown(void **state)
{
   struct fixture *f = *state;

   hang_up(f);
   assert_int_equal(f->result, f->expected_result);
   /* Whatever the client did before it left, the model has nothing of it any more. */
   assert_int_equal(f->gpu->num_ranges, 0);
   assert_int_equal(f->dev->dma.count, 0);
   vfio_user_device_destroy(f->dev);
   assert_int_equal(count_open_files(), f->num_open_files);
   free(f);
   return 0;
}

void
send_bytes(struct fixture *f, const void *bytes, size_t size_bytes, const int *fds,
           unsigned num_fds)
{
   union {
      char bytes[CMSG_SPACE(256 * sizeof(int))];
      struct cmsghdr align;
   } control;
   struct iovec iov = {.iov_base = (void *)bytes, .iov_len = size_bytes};
   struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

   if (num_fds) {
      memset(&control, 0, sizeof(control));
      msg.msg_control = control.bytes;
      msg.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
      struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
      memcpy(CMSG_DATA(cmsg), fds, num_fds * sizeof(int));
   }
   while (iov.iov_len > 0) {
      const ssize_t n = sendmsg(f->client, &msg, MSG_NOSIGNAL);

      assert_true(n > 0);
      iov.iov_base = (uint8_t *)iov.iov_base + n;
      iov.iov_len -= n;
      msg.msg_control = NULL;
      msg.msg_controllen = 0;
   }
}

uint16_t
send_message(struct fixture *f, uint16_t command, uint32_t flags, const void *payload,
             size_t payload_bytes, const int *fds, unsigned num_fds)
{
   const struct vfio_user_header header = {
      .id = f->next_id++,
      .command = command,
      .size_bytes = sizeof(header) + payload_bytes,
      .flags = flags,
   };
   uint8_t *message = malloc(header.size_bytes);

   assert_non_null(message);
   memcpy(message, &header, sizeof(header));
   if (payload_bytes)
      memcpy(message + sizeof(header), payload, payload_bytes);
   send_bytes(f, message, header.size_bytes, fds, num_fds);
   free(message);
   return header.id;
}

static void
receive_exactly(struct fixture *f, void *bytes, size_t size_bytes, struct reply *reply)
{
   union {
      char bytes[CMSG_SPACE(4 * sizeof(int))];
      struct cmsghdr align;
   } control;
   size_t have = 0;

   while (have < size_bytes) {
      struct iovec iov = {.iov_base = (uint8_t *)bytes + have, .iov_len = size_bytes - have};
      struct msghdr msg = {
         .msg_iov = &iov,
         .msg_iovlen = 1,
         .msg_control = control.bytes,
         .msg_controllen = sizeof(control.bytes),
      };
      const ssize_t n = recvmsg(f->client, &msg, MSG_CMSG_CLOEXEC);

      assert_true(n > 0);
      assert_false(msg.msg_flags & MSG_CTRUNC);
      have += n;
      for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
         assert_int_equal(c->cmsg_type, SCM_RIGHTS);
         reply->num_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
         memcpy(reply->fds, CMSG_DATA(c), reply->num_fds * sizeof(int));
      }
   }
}

void
receive_reply(struct fixture *f, struct reply *reply)
{
   reply->num_fds = 0;
   receive_exactly(f, &reply->header, sizeof(reply->header), reply);
   assert_in_range(reply->header.size_bytes, sizeof(reply->header),
                   sizeof(reply->header) + sizeof(reply->payload));
   reply->payload_bytes = reply->header.size_bytes - sizeof(reply->header);
   receive_exactly(f, reply->payload, reply->payload_bytes, reply);

   assert_int_equal(reply->header.flags & VFIO_USER_FLAGS_TYPE_MASK, VFIO_USER_FLAGS_TYPE_REPLY);
   if (reply->header.flags & VFIO_USER_FLAGS_ERROR) {
      assert_int_not_equal(reply->header.error, 0);
      /* "If an error occurs, the reply message must only include the reply header." */
      assert_int_equal(reply->payload_bytes, 0);
      assert_int_equal(reply->num_fds, 0);
   } else {
      assert_int_equal(reply->header.error, 0);
   }
}

int
call(struct fixture *f, uint16_t command, const void *payload, size_t payload_bytes, const int *fds,
     unsigned num_fds, struct reply *reply)
{
   const uint16_t id = send_message(f, command, 0, payload, payload_bytes, fds, num_fds);

   receive_reply(f, reply);
   assert_int_equal(reply->header.id, id);
   assert_int_equal(reply->header.command, command);
   return -(int)reply->header.error;
}

void
expect_closed(struct fixture *f)
{
   char byte;
   const ssize_t n = recv(f->client, &byte, 1, 0);

   /* A reset: the server did not read all that was sent before it closed. */
   assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

void
expect_alive(struct fixture *f)
{
   const struct vfio_user_device_info info = {.argsz = sizeof(info)};
   struct reply reply;

   assert_int_equal(call(f, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, &reply), 0);
   assert_int_equal(reply.payload_bytes, sizeof(info));
}

int
make_memory(size_t size_bytes, uint8_t fill)
{
   const int fd = memfd_create("guest memory", MFD_CLOEXEC);

   assert_true(fd >= 0);
   assert_int_equal(ftruncate(fd, size_bytes), 0);
   if (size_bytes) {
      uint8_t *bytes = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

      assert_ptr_not_equal(bytes, MAP_FAILED);
      memset(bytes, fill, size_bytes);
      munmap(bytes, size_bytes);
   }
   return fd;
}

bool
is_mapped(const void *address)
{
   /* msync() fails with ENOMEM where nothing is mapped. */
   return msync((void *)((uintptr_t)address & ~4095ul), 4096, MS_ASYNC) == 0;
}
