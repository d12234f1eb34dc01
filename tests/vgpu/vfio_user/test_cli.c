/*
 * SPDX-License-Identifier: MIT
 *
 * The vgpu process: options, exit status, signals, what it leaves behind. The program is the
 * first argument; behind it is the real model.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfio_user_proto.h"

#define MAX_ARGS    16
#define PATIENCE_MS 20000

static const char *program;

struct process {
   pid_t pid;
   int ready_fd;
   int output_fd; /* its standard output and error */
};

struct folder {
   char path[64];
   char socket[80];
   char log[80];
};

static int
setup_folder(void **state)
{
   struct folder *d = calloc(1, sizeof(*d));

   strcpy(d->path, "/tmp/vgpu-test-XXXXXX");
   assert_non_null(mkdtemp(d->path));
   snprintf(d->socket, sizeof(d->socket), "%s/socket", d->path);
   snprintf(d->log, sizeof(d->log), "%s/log", d->path);
   *state = d;
   return 0;
}

static int
teardown_folder(void **state)
{
   struct folder *d = *state;

   unlink(d->log);
   /* Fails if the process has left its socket. */
   assert_int_equal(rmdir(d->path), 0);
   free(d);
   return 0;
}

/** Starts vgpu. With `ready` it waits until the socket is there. */
static struct process
start(bool ready, const char *const *args)
{
   char ready_option[32];
   int ready_pipe[2], output_pipe[2];
   const char *argv[MAX_ARGS + 4] = {program};
   unsigned argc = 1;

   assert_int_equal(pipe(ready_pipe), 0);
   assert_int_equal(pipe2(output_pipe, O_CLOEXEC), 0);
   for (; *args; args++)
      argv[argc++] = *args;
   if (ready) {
      snprintf(ready_option, sizeof(ready_option), "--ready-fd=%d", ready_pipe[1]);
      argv[argc++] = ready_option;
   }

   struct process p = {.pid = fork(), .ready_fd = ready_pipe[0], .output_fd = output_pipe[0]};
   if (p.pid == 0) {
      close(ready_pipe[0]);
      dup2(output_pipe[1], STDOUT_FILENO);
      dup2(output_pipe[1], STDERR_FILENO);
      execv(program, (char **)argv);
      _exit(127);
   }
   assert_true(p.pid > 0);
   close(ready_pipe[1]);
   close(output_pipe[1]);
   fcntl(p.ready_fd, F_SETFD, FD_CLOEXEC);
   if (ready) {
      char text[16] = "";

      assert_int_equal(read(p.ready_fd, text, sizeof(text)), 6);
      assert_string_equal(text, "ready\n");
   }
   return p;
}

/** Waits for the end. \return the exit status; `output` gets what it has said */
static int
finish(struct process *p, char *output, size_t output_bytes)
{
   size_t have = 0;
   ssize_t n;
   int status;

   /* Standard output ends with the process; one that does not end is a failure, not a hang. */
   do {
      struct pollfd poll_fd = {.fd = p->output_fd, .events = POLLIN};
      char rest[256];

      if (poll(&poll_fd, 1, PATIENCE_MS) == 0) {
         kill(p->pid, SIGKILL);
         waitpid(p->pid, &status, 0);
         fail_msg("vgpu does not end");
      }
      if (output && have < output_bytes - 1) {
         n = read(p->output_fd, output + have, output_bytes - 1 - have);
         have += n > 0 ? n : 0;
      } else {
         n = read(p->output_fd, rest, sizeof(rest));
      }
   } while (n > 0);
   if (output)
      output[have] = '\0';
   close(p->output_fd);
   close(p->ready_fd);
   assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
   assert_true(WIFEXITED(status));
   return WEXITSTATUS(status);
}

#define START(ready, ...) start(ready, (const char *const[]){__VA_ARGS__, NULL})

static int
try_connect(const char *path)
{
   struct sockaddr_un address = {.sun_family = AF_UNIX};
   const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

   strcpy(address.sun_path, path);
   if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
      return fd;
   close(fd);
   return -1;
}

/** One command, with a file unless it is -1. \return 0 or the negative errno of the reply */
static int
call(int fd, uint16_t command, const void *payload, size_t payload_bytes, int file)
{
   uint8_t message[256], reply[256];
   const struct vfio_user_header header = {
      .command = command,
      .size_bytes = sizeof(header) + payload_bytes,
   };
   union {
      char bytes[CMSG_SPACE(sizeof(int))];
      struct cmsghdr align;
   } control = {0};
   struct iovec iov = {.iov_base = message, .iov_len = header.size_bytes};
   struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
   struct vfio_user_header reply_header;

   memcpy(message, &header, sizeof(header));
   memcpy(message + sizeof(header), payload, payload_bytes);
   if (file >= 0) {
      msg.msg_control = control.bytes;
      msg.msg_controllen = sizeof(control.bytes);
      struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(cmsg), &file, sizeof(int));
   }
   assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), header.size_bytes);
   if (recv(fd, reply, sizeof(reply), 0) < (ssize_t)sizeof(reply_header))
      return -ECONNRESET;
   memcpy(&reply_header, reply, sizeof(reply_header));
   return -(int)reply_header.error;
}

/** A client that has agreed on the version. */
static int
become_client(const char *path)
{
   const struct vfio_user_version version = {0};
   const int fd = try_connect(path);

   assert_true(fd >= 0);
   assert_int_equal(call(fd, VFIO_USER_VERSION, &version, sizeof(version), -1), 0);
   return fd;
}

static bool
exists(const char *path)
{
   struct stat st;

   return lstat(path, &st) == 0;
}

static void
read_file(const char *path, char *text, size_t text_bytes)
{
   FILE *file = fopen(path, "r");

   assert_non_null(file);
   text[fread(text, 1, text_bytes - 1, file)] = '\0';
   fclose(file);
}

static void
informative_options(void **state)
{
   char output[8192];
   struct process p = START(false, "--help");

   assert_int_equal(finish(&p, output, sizeof(output)), 0);
   assert_non_null(strstr(output, "usage: vgpu --socket PATH"));
   assert_non_null(strstr(output, "--trace"));
   assert_non_null(strstr(output, "Exit status:"));

   p = START(false, "--version");
   assert_int_equal(finish(&p, output, sizeof(output)), 0);
   assert_int_equal(strncmp(output, "vgpu ", 5), 0);

   p = START(false, "--list-devices");
   assert_int_equal(finish(&p, output, sizeof(output)), 0);
   assert_non_null(strchr(output, '\n'));
}

static void
wrong_usage(void **state)
{
   static const struct {
      const char *args[4];
      const char *says;
   } cases[] = {
      {{NULL}, "--socket PATH is missing"},
      {{"--frobnicate"}, "vgpu --help"},
      {{"--socket"}, "vgpu --help"},
      {{"--socket", "s", "more"}, "not an option: more"},
      {{"--socket", "s", "--trace=mmio,all"}, "--trace knows"},
      {{"--socket", "s", "--trace=mm"}, "--trace knows"},
      {{"--socket", "s", "--ready-fd=x"}, "--ready-fd wants"},
      {{"--socket", "s", "--ready-fd=-1"}, "--ready-fd wants"},
      {{"--socket", "s", "--device=abacus"}, "--list-devices has no abacus"},
   };
   char output[4096];

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      struct process p = start(false, cases[i].args);

      assert_int_equal(finish(&p, output, sizeof(output)), 2);
      assert_non_null(strstr(output, cases[i].says));
      assert_false(exists("s"));
   }
}

static void
one_client(void **state)
{
   struct folder *d = *state;
   const struct vfio_user_device_info info = {.argsz = sizeof(info)};
   struct process p = START(true, "--socket", d->socket, "--log", d->log);
   char output[4096], log[4096];
   int client;

   client = become_client(d->socket);
   assert_int_equal(call(client, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), -1), 0);
   /* There will be no second one: he is told at once, and nothing is left if vgpu is killed. */
   assert_int_equal(try_connect(d->socket), -1);
   assert_false(exists(d->socket));
   close(client);
   assert_int_equal(finish(&p, output, sizeof(output)), 0);
   assert_string_equal(output, "");

   read_file(d->log, log, sizeof(log));
   assert_non_null(strstr(log, "Z vgpu: info: a client has connected\n"));
   assert_non_null(strstr(log, "Z vgpu: info: the client has left\n"));
   assert_non_null(strstr(log, "Z vgpu: info: exit, 0 times something was not modelled\n"));
}

static void
keep_takes_one_after_the_other(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket, "--keep", "--trace=mmio,cmd,irq,gtt,pci");
   const struct {
      struct vfio_user_region_access access;
      uint8_t interrupt_line;
   } __attribute__((packed)) write = {
      .access = {.offset = 0x3c, .region = 7, .count_bytes = 1},
      .interrupt_line = 11,
   };

   for (unsigned i = 0; i < 3; i++) {
      const int client = become_client(d->socket);
      struct {
         struct vfio_user_header header;
         struct vfio_user_region_access access;
      } read = {
         .header = {.command = VFIO_USER_REGION_READ, .size_bytes = sizeof(read)},
         .access = write.access,
      };
      uint8_t reply[64];

      /* The device is as good as new each time. */
      assert_int_equal(send(client, &read, sizeof(read), 0), sizeof(read));
      assert_int_equal(recv(client, reply, sizeof(reply), 0), sizeof(read) + 1);
      assert_int_equal(reply[sizeof(read)], 0);
      assert_int_equal(call(client, VFIO_USER_REGION_WRITE, &write, sizeof(write), -1), 0);
      close(client);
   }
   kill(p.pid, SIGTERM);
   assert_int_equal(finish(&p, NULL, 0), 0);
}

static void
keep_survives_a_bad_client(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket, "--keep", "--log", d->log);
   const int bad = try_connect(d->socket);

   assert_int_equal(write(bad, "complete and utter garbage", 26), 26);
   close(bad);
   close(become_client(d->socket));
   kill(p.pid, SIGTERM);
   assert_int_equal(finish(&p, NULL, 0), 0);
}

static void
bad_client_is_an_exit_status(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket);
   const int bad = try_connect(d->socket);
   char output[4096];

   assert_int_equal(write(bad, "complete and utter garbage", 26), 26);
   assert_int_equal(finish(&p, output, sizeof(output)), 3);
   assert_non_null(strstr(output, "vgpu: error: "));
   close(bad);
}

static int
write_region(int client, uint32_t region, uint64_t offset, uint32_t value)
{
   const struct {
      struct vfio_user_region_access access;
      uint32_t value;
   } __attribute__((packed)) write = {
      .access = {.offset = offset, .region = region, .count_bytes = sizeof(value)},
      .value = value,
   };

   return call(client, VFIO_USER_REGION_WRITE, &write, sizeof(write), -1);
}

static void
memory_that_shrinks_is_an_exit_status(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket, "--keep");
   const int client = become_client(d->socket);
   const int memory = memfd_create("guest memory", MFD_CLOEXEC);
   const struct vfio_user_dma_map map = {.argsz = sizeof(map), .flags = 3, .size_bytes = 4096};
   const struct vfio_user_region_access read = {.region = 2, .count_bytes = 4};
   char output[4096];

   /* Bus mastering on, the first page of the aperture is the page of memory: it can be read. */
   assert_int_equal(ftruncate(memory, 4096), 0);
   assert_int_equal(call(client, VFIO_USER_DMA_MAP, &map, sizeof(map), memory), 0);
   assert_int_equal(write_region(client, 7, 4, 6), 0);
   assert_int_equal(write_region(client, 0, 2 << 20, 1), 0);
   assert_int_equal(call(client, VFIO_USER_REGION_READ, &read, sizeof(read), -1), 0);

   assert_int_equal(ftruncate(memory, 0), 0);
   assert_int_equal(call(client, VFIO_USER_REGION_READ, &read, sizeof(read), -1), -ECONNRESET);
   assert_int_equal(finish(&p, output, sizeof(output)), 3);
   assert_non_null(strstr(output, "vgpu: error: a file that the client shares has shrunk"));
   close(memory);
   close(client);
}

static void
signals_stop_it(void **state)
{
   static const int numbers[] = {SIGTERM, SIGINT};
   struct folder *d = *state;

   for (unsigned i = 0; i < 2; i++) {
      struct process p = START(true, "--socket", d->socket, "--log", d->log);

      kill(p.pid, numbers[i]);
      assert_int_equal(finish(&p, NULL, 0), 0);
      assert_false(exists(d->socket));

      p = START(true, "--socket", d->socket, "--log", d->log);
      const int client = become_client(d->socket);

      kill(p.pid, numbers[i]);
      assert_int_equal(finish(&p, NULL, 0), 0);
      assert_false(exists(d->socket));
      close(client);
   }
}

static void
live_socket_is_refused(void **state)
{
   struct folder *d = *state;
   struct process first = START(true, "--socket", d->socket);
   struct process second = START(false, "--socket", d->socket);
   char output[4096];

   assert_int_equal(finish(&second, output, sizeof(output)), 1);
   assert_non_null(strstr(output, "another process listens there"));
   /* The first has not taken the other for a client. */
   close(become_client(d->socket));
   assert_int_equal(finish(&first, NULL, 0), 0);
}

static void
stale_socket_is_replaced(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket);
   int status;

   kill(p.pid, SIGKILL);
   waitpid(p.pid, &status, 0);
   close(p.ready_fd);
   close(p.output_fd);
   assert_true(exists(d->socket));

   p = START(true, "--socket", d->socket);
   close(become_client(d->socket));
   assert_int_equal(finish(&p, NULL, 0), 0);
}

static void
host_errors(void **state)
{
   struct folder *d = *state;
   char path[200], output[4096];
   struct process p;

   snprintf(path, sizeof(path), "%s/none/x", d->path);
   p = START(false, "--socket", path);
   assert_int_equal(finish(&p, output, sizeof(output)), 1);
   assert_non_null(strstr(output, strerror(ENOENT)));
   p = START(false, "--socket", d->socket, "--log", path);
   assert_int_equal(finish(&p, output, sizeof(output)), 1);
   assert_non_null(strstr(output, "cannot open the log"));

   memset(path, 'x', sizeof(path) - 1);
   path[sizeof(path) - 1] = '\0';
   p = START(false, "--socket", path);
   assert_int_equal(finish(&p, output, sizeof(output)), 1);
   assert_non_null(strstr(output, "too long"));

   p = START(false, "--socket", d->path);
   assert_int_equal(finish(&p, output, sizeof(output)), 1);
   assert_non_null(strstr(output, "is no socket"));

   p = START(false, "--socket", d->socket, "--ready-fd=1000");
   assert_int_equal(finish(&p, output, sizeof(output)), 1);
   assert_non_null(strstr(output, strerror(EBADF)));
}

static void
ends_with_its_parent(void **state)
{
   struct folder *d = *state;
   const pid_t parent = fork();
   unsigned waited_ms = 0;
   int status;

   if (parent == 0) {
      START(true, "--socket", d->socket, "--exit-with-parent");
      _exit(0);
   }
   assert_int_equal(waitpid(parent, &status, 0), parent);
   assert_int_equal(status, 0);
   while (exists(d->socket) && waited_ms < PATIENCE_MS) {
      usleep(10000);
      waited_ms += 10;
   }
   assert_false(exists(d->socket));
}

/** CPU time of a process in clock ticks. */
static unsigned long
cpu_ticks(pid_t pid)
{
   unsigned long user, system;
   char path[64], text[1024];

   snprintf(path, sizeof(path), "/proc/%d/stat", pid);
   read_file(path, text, sizeof(text));
   assert_int_equal(sscanf(strrchr(text, ')') + 1,
                           " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
                    2);
   return user + system;
}

static void
idle_costs_nothing(void **state)
{
   struct folder *d = *state;
   struct process p = START(true, "--socket", d->socket, "--log", d->log);
   unsigned long before = cpu_ticks(p.pid);

   usleep(500000);
   assert_in_range(cpu_ticks(p.pid) - before, 0, 1);

   const int client = become_client(d->socket);

   before = cpu_ticks(p.pid);
   usleep(500000);
   assert_in_range(cpu_ticks(p.pid) - before, 0, 1);
   close(client);
   assert_int_equal(finish(&p, NULL, 0), 0);
}

int
main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_folder, teardown_folder)
   const struct CMUnitTest tests[] = {
      TEST(informative_options),
      TEST(wrong_usage),
      TEST(one_client),
      TEST(keep_takes_one_after_the_other),
      TEST(keep_survives_a_bad_client),
      TEST(bad_client_is_an_exit_status),
      TEST(memory_that_shrinks_is_an_exit_status),
      TEST(signals_stop_it),
      TEST(live_socket_is_refused),
      TEST(stale_socket_is_replaced),
      TEST(host_errors),
      TEST(ends_with_its_parent),
      TEST(idle_costs_nothing),
   };

   if (argc != 2) {
      fprintf(stderr, "usage: %s VGPU\n", argv[0]);
      return 2;
   }
   program = argv[1];
   return cmocka_run_group_tests(tests, NULL, NULL);
}
