/*
 * SPDX-License-Identifier: MIT
 *
 * The socket: one client at a time, messages cut out of the byte stream, files taken from it.
 *
 * A register access of the guest is a round trip, so it costs one recvmsg() and one sendmsg():
 * what is received goes into one buffer, as much as there is, and messages are handled in place.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfio_user.h"

/* The kernel passes no more files with one sendmsg() (SCM_MAX_FD), so none can be cut off. */
#define MAX_FDS 253

struct connection {
   int fd;
   uint8_t *buffer; /* VFIO_USER_MAX_MESSAGE_BYTES */
   size_t start;    /* of the bytes not handled yet */
   size_t end;
   bool at_end; /* the client has hung up */

   /*
    * Files that belong to messages not handled yet, in the order of the stream. unix(7): files
    * are a barrier, a receive ends with the bytes that they were sent with. So they belong to
    * the message that the last byte of that receive is of.
    */
   int fds[MAX_FDS];
   size_t fds_at[MAX_FDS]; /* that byte, as an index into buffer */
   unsigned num_fds;
   bool fds_lost; /* this process has no room for more open files */
};

static int
make_address(const char *path, struct sockaddr_un *address)
{
   *address = (struct sockaddr_un){.sun_family = AF_UNIX};
   if (strlen(path) >= sizeof(address->sun_path))
      return -ENAMETOOLONG;
   strcpy(address->sun_path, path);
   return 0;
}

/** \return 0 if the path is free now, -EADDRINUSE or -EEXIST if it is not to be taken */
static int
remove_stale_socket(const char *path, const struct sockaddr_un *address)
{
   struct stat st;
   int fd, ret;

   if (lstat(path, &st))
      return errno == ENOENT ? 0 : -errno;
   if (!S_ISSOCK(st.st_mode))
      return -EEXIST;

   /* Not blocking: who is too busy to take a connection is alive. */
   fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
   if (fd < 0)
      return -errno;
   ret = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
   close(fd);
   if (ret != -ECONNREFUSED)
      return ret == 0 || ret == -EAGAIN ? -EADDRINUSE : ret;
   return unlink(path) && errno != ENOENT ? -errno : 0;
}

int
vfio_user_server_open(struct vfio_user_server *server, const char *path)
{
   struct sockaddr_un address;
   struct stat st;
   mode_t mask;
   int fd, ret;

   memset(server, 0, sizeof(*server));
   atomic_init(&server->listen_fd, -1);
   atomic_init(&server->client_fd, -1);
   atomic_init(&server->stop, false);

   ret = make_address(path, &address);
   if (ret)
      return ret;
   ret = remove_stale_socket(path, &address);
   if (ret)
      return ret;
   server->path = strdup(path);
   if (!server->path)
      return -ENOMEM;
   fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
   if (fd < 0) {
      ret = -errno;
      goto free_path;
   }

   mask = umask(0177);
   ret = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
   umask(mask);
   if (ret)
      goto close_fd;
   if (stat(path, &st) || listen(fd, 1)) {
      ret = -errno;
      unlink(path);
      goto close_fd;
   }
   server->inode = st.st_ino;
   server->device = st.st_dev;
   atomic_store(&server->listen_fd, fd);
   return 0;

close_fd:
   close(fd);
free_path:
   free(server->path);
   server->path = NULL;
   return ret;
}

void
vfio_user_server_close(struct vfio_user_server *server)
{
   const int fd = atomic_exchange(&server->listen_fd, -1);
   struct stat st;

   if (fd < 0)
      return;
   /* Somebody may have put another socket there. */
   if (lstat(server->path, &st) == 0 && st.st_ino == server->inode && st.st_dev == server->device)
      unlink(server->path);
   close(fd);
   free(server->path);
   server->path = NULL;
}

void
vfio_user_server_stop(struct vfio_user_server *server)
{
   int fd;

   /*
    * shutdown() wakes whoever sleeps in accept(), recv() or send() on the socket, and lets him
    * not fall asleep there again, so no call has to be interrupted at the right moment.
    */
   atomic_store(&server->stop, true);
   fd = atomic_load(&server->listen_fd);
   if (fd >= 0)
      shutdown(fd, SHUT_RDWR);
   fd = atomic_load(&server->client_fd);
   if (fd >= 0)
      shutdown(fd, SHUT_RDWR);
}

int
vfio_user_server_accept(struct vfio_user_server *server)
{
   for (;;) {
      const int fd = accept4(atomic_load(&server->listen_fd), NULL, NULL, SOCK_CLOEXEC);
      const int accept_errno = errno;
      ssize_t n = 0;
      char byte;

      atomic_store(&server->client_fd, fd);
      if (fd >= 0 && !atomic_load(&server->stop)) {
         do
            n = recv(fd, &byte, 1, MSG_PEEK);
         while (n < 0 && errno == EINTR);
      }
      if (n > 0 && !atomic_load(&server->stop))
         return fd;

      atomic_store(&server->client_fd, -1);
      if (fd >= 0)
         close(fd);
      if (atomic_load(&server->stop))
         return -ECANCELED;
      if (fd < 0 && accept_errno != EINTR && accept_errno != ECONNABORTED)
         return -accept_errno;
   }
}

static void
close_fds(struct connection *c)
{
   for (unsigned i = 0; i < c->num_fds; i++)
      close(c->fds[i]);
   c->num_fds = 0;
}

/**
 * Receives at least one byte or finds the end of the stream.
 * \return 0, or a negative errno
 */
static int
receive(struct connection *c)
{
   union {
      char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
      struct cmsghdr align;
   } control;
   struct iovec iov;
   struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
   ssize_t n;

   if (c->start == c->end) {
      c->start = c->end = 0;
   } else if (c->end == VFIO_USER_MAX_MESSAGE_BYTES) {
      /* No message is longer than the buffer, so this makes room. */
      memmove(c->buffer, c->buffer + c->start, c->end - c->start);
      for (unsigned i = 0; i < c->num_fds; i++)
         c->fds_at[i] -= c->start;
      c->end -= c->start;
      c->start = 0;
   }
   iov.iov_base = c->buffer + c->end;
   iov.iov_len = VFIO_USER_MAX_MESSAGE_BYTES - c->end;

   do {
      msg.msg_control = control.bytes;
      msg.msg_controllen = sizeof(control.bytes);
      n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);
   } while (n < 0 && errno == EINTR);
   if (n < 0)
      return -errno;

   if (msg.msg_flags & MSG_CTRUNC)
      c->fds_lost = true;
   for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
      if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
         continue;
      const unsigned num_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

      for (unsigned i = 0; i < num_fds; i++) {
         int fd;

         memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
         /* Pieces of one message may bring more than fit, but no command takes that many. */
         if (n > 0 && c->num_fds < MAX_FDS) {
            c->fds_at[c->num_fds] = c->end + n - 1;
            c->fds[c->num_fds++] = fd;
         } else {
            close(fd);
         }
      }
   }

   if (n == 0)
      c->at_end = true;
   c->end += n;
   return 0;
}

/**
 * Waits for a whole message.
 * \return its size, it is at c->start; 0 at the end of the stream, or a negative errno
 */
static ssize_t
next_message(struct connection *c)
{
   for (;;) {
      const size_t have = c->end - c->start;

      if (have >= sizeof(struct vfio_user_header)) {
         const ssize_t size = vfio_user_message_size(c->buffer + c->start);

         if (size < 0 || (size_t)size <= have)
            return size;
      }
      if (c->at_end)
         return have ? -EPROTO : 0;

      const int ret = receive(c);

      if (ret)
         return ret;
   }
}

/** How many of the files are the message's that is at c->start. */
static unsigned
count_fds(const struct connection *c, size_t size_bytes)
{
   unsigned n = 0;

   while (n < c->num_fds && c->fds_at[n] < c->start + size_bytes)
      n++;
   return n;
}

static int
send_reply(struct connection *c, const struct vfio_user_outgoing *out)
{
   union {
      char bytes[CMSG_SPACE(sizeof(int))];
      struct cmsghdr align;
   } control;
   struct iovec iov = {.iov_base = (void *)out->data, .iov_len = out->size_bytes};
   struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

   if (out->fd >= 0) {
      memset(&control, 0, sizeof(control));
      msg.msg_control = control.bytes;
      msg.msg_controllen = sizeof(control.bytes);
      struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(cmsg), &out->fd, sizeof(int));
   }
   while (iov.iov_len > 0) {
      const ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);

      if (n < 0) {
         if (errno == EINTR)
            continue;
         return -errno;
      }
      iov.iov_base = (uint8_t *)iov.iov_base + n;
      iov.iov_len -= n;
      msg.msg_control = NULL;
      msg.msg_controllen = 0;
   }
   return 0;
}

/** Handles messages until there are no more. \return as vfio_user_server_serve() */
static int
serve_messages(struct connection *c, struct vfio_user_device *dev)
{
   for (;;) {
      const ssize_t size = next_message(c);
      struct vfio_user_outgoing out;
      enum vfio_user_verdict verdict;
      int ret;

      if (size == -EPROTO && c->end - c->start >= sizeof(struct vfio_user_header) &&
          vfio_user_message_size(c->buffer + c->start) < 0) {
         /* The dispatcher says what is wrong with the header. */
         vfio_user_dispatch(dev, c->buffer + c->start, sizeof(struct vfio_user_header), NULL, 0,
                            &out);
         return -EPROTO;
      }
      if (size == -EPROTO)
         vfio_user_log(dev, VGPU_LOG_ERROR, "vfio-user: the client hung up within a message");
      if (size <= 0)
         return (int)size;

      if (c->fds_lost) {
         vfio_user_log(dev, VGPU_LOG_ERROR,
                       "vfio-user: too many open files, some of the client's "
                       "are lost; raise the limit (ulimit -n)");
         return -EMFILE;
      }

      const unsigned num_fds = count_fds(c, size);

      verdict = vfio_user_dispatch(dev, c->buffer + c->start, size, c->fds, num_fds, &out);
      c->start += size;
      if (num_fds) {
         c->num_fds -= num_fds;
         memmove(c->fds, c->fds + num_fds, c->num_fds * sizeof(c->fds[0]));
         memmove(c->fds_at, c->fds_at + num_fds, c->num_fds * sizeof(c->fds_at[0]));
      }

      if (out.size_bytes) {
         ret = send_reply(c, &out);
         if (ret)
            return ret;
      }
      if (verdict == VFIO_USER_CLOSE)
         return -EPROTO;
   }
}

int
vfio_user_server_serve(struct vfio_user_server *server, struct vfio_user_device *dev, int fd)
{
   struct connection *c = calloc(1, sizeof(*c));
   int ret = -ENOMEM;

   atomic_store(&server->client_fd, fd);
   if (c)
      c->buffer = malloc(VFIO_USER_MAX_MESSAGE_BYTES);
   if (c && c->buffer) {
      c->fd = fd;
      ret = atomic_load(&server->stop) ? 0 : serve_messages(c, dev);
      close_fds(c);
   }
   if (c)
      free(c->buffer);
   free(c);

   /* A client that is killed leaves a reset connection: for the server no other end. */
   if (ret == -ECONNRESET || ret == -EPIPE)
      ret = 0;
   if (atomic_load(&server->stop))
      ret = -ECANCELED;
   atomic_store(&server->client_fd, -1);
   close(fd);
   vfio_user_device_disconnect(dev);
   return ret;
}
