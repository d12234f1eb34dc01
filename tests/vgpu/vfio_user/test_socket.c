/*
 * SPDX-License-Identifier: MIT
 *
 * The socket in the file system, and clients that come and go.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

struct folder {
   char path[64];
   char socket[80];
   struct vfio_user_server server;
   unsigned num_open_files;
};

static int
setup_folder(void **state)
{
   struct folder *d = calloc(1, sizeof(*d));

   d->num_open_files = count_open_files();
   strcpy(d->path, "/tmp/vgpu-test-XXXXXX");
   assert_non_null(mkdtemp(d->path));
   snprintf(d->socket, sizeof(d->socket), "%s/socket", d->path);
   *state = d;
   return 0;
}

static int
teardown_folder(void **state)
{
   struct folder *d = *state;

   unlink(d->socket);
   /* Fails if a file is left. */
   assert_int_equal(rmdir(d->path), 0);
   assert_int_equal(count_open_files(), d->num_open_files);
   free(d);
   return 0;
}

static int
connect_to(const char *path)
{
   struct sockaddr_un address = {.sun_family = AF_UNIX};
   const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

   strcpy(address.sun_path, path);
   if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
      const int error = errno;

      close(fd);
      return -error;
   }
   return fd;
}

static bool
exists(const char *path)
{
   struct stat st;

   return lstat(path, &st) == 0;
}

static void
opens_private_and_closes(void **state)
{
   struct folder *d = *state;
   struct stat st;

   /* Whatever the caller's umask is, and it stays what it was. */
   const mode_t mask = umask(0);

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(umask(mask), 0);
   assert_int_equal(lstat(d->socket, &st), 0);
   assert_true(S_ISSOCK(st.st_mode));
   assert_int_equal(st.st_mode & 0777, 0600);
   vfio_user_server_close(&d->server);
   assert_false(exists(d->socket));
   vfio_user_server_close(&d->server); /* may be repeated */
}

static void
path_is_too_long(void **state)
{
   struct folder *d = *state;
   char path[200];

   memset(path, 'x', sizeof(path));
   path[sizeof(path) - 1] = '\0';
   assert_int_equal(vfio_user_server_open(&d->server, path), -ENAMETOOLONG);
   vfio_user_server_close(&d->server);
}

static void
folder_does_not_exist(void **state)
{
   struct folder *d = *state;
   char path[96];

   snprintf(path, sizeof(path), "%s/none/socket", d->path);
   assert_int_equal(vfio_user_server_open(&d->server, path), -ENOENT);
}

static void
a_file_is_in_the_way(void **state)
{
   struct folder *d = *state;

   close(open(d->socket, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
   assert_int_equal(vfio_user_server_open(&d->server, d->socket), -EEXIST);
   assert_true(exists(d->socket));
}

static void
a_link_is_in_the_way(void **state)
{
   struct folder *d = *state;

   assert_int_equal(symlink("/dev/null", d->socket), 0);
   assert_int_equal(vfio_user_server_open(&d->server, d->socket), -EEXIST);
   assert_true(exists(d->socket));
}

static void
live_socket_is_left_alone(void **state)
{
   struct folder *d = *state;
   struct vfio_user_server second;

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   /* Also when its queue of connections is full. */
   for (unsigned i = 0; i < 5; i++)
      assert_int_equal(vfio_user_server_open(&second, d->socket), -EADDRINUSE);
   vfio_user_server_close(&second);
   assert_true(exists(d->socket));
   vfio_user_server_close(&d->server);
}

static void
stale_socket_is_replaced(void **state)
{
   struct folder *d = *state;
   struct sockaddr_un address = {.sun_family = AF_UNIX};
   const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
   int client;

   strcpy(address.sun_path, d->socket);
   assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
   close(fd);
   assert_true(exists(d->socket));
   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   client = connect_to(d->socket);
   assert_true(client >= 0);
   close(client);
   vfio_user_server_close(&d->server);
}

static void
anothers_socket_is_not_removed(void **state)
{
   struct folder *d = *state;
   struct vfio_user_server second;

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(unlink(d->socket), 0);
   assert_int_equal(vfio_user_server_open(&second, d->socket), 0);
   vfio_user_server_close(&d->server);
   assert_true(exists(d->socket));
   vfio_user_server_close(&second);
   assert_false(exists(d->socket));
}

static void *
accept_in_thread(void *arg)
{
   return (void *)(intptr_t)vfio_user_server_accept(arg);
}

static void
who_says_nothing_is_no_client(void **state)
{
   struct folder *d = *state;
   struct vfio_user_server second;
   pthread_t thread;
   void *result;
   int client;

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(pthread_create(&thread, NULL, accept_in_thread, &d->server), 0);
   /* Somebody looks whether the socket is alive; then a client comes. */
   assert_int_equal(vfio_user_server_open(&second, d->socket), -EADDRINUSE);
   client = connect_to(d->socket);
   assert_int_equal(write(client, "x", 1), 1);
   pthread_join(thread, &result);
   assert_true((intptr_t)result >= 0);
   /* The byte is still there. */
   char byte = 0;
   assert_int_equal(read((int)(intptr_t)result, &byte, 1), 1);
   assert_int_equal(byte, 'x');
   close((int)(intptr_t)result);
   close(client);
   vfio_user_server_close(&d->server);
}

static void
stop_ends_accept(void **state)
{
   struct folder *d = *state;
   pthread_t thread;
   void *result;

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(pthread_create(&thread, NULL, accept_in_thread, &d->server), 0);
   usleep(20000);
   vfio_user_server_stop(&d->server);
   pthread_join(thread, &result);
   assert_int_equal((intptr_t)result, -ECANCELED);
   /* And it stays stopped. */
   assert_int_equal(vfio_user_server_accept(&d->server), -ECANCELED);
   vfio_user_server_close(&d->server);
}

static void
stop_while_a_client_says_nothing(void **state)
{
   struct folder *d = *state;
   pthread_t thread;
   void *result;
   int client;

   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(pthread_create(&thread, NULL, accept_in_thread, &d->server), 0);
   client = connect_to(d->socket);
   usleep(20000);
   vfio_user_server_stop(&d->server);
   pthread_join(thread, &result);
   assert_int_equal((intptr_t)result, -ECANCELED);
   close(client);
   vfio_user_server_close(&d->server);
}

static void
log_nothing(void *opaque, enum vgpu_log_level level, const char *text)
{
}

struct two_clients {
   struct vfio_user_server *server;
   struct vfio_user_device *dev;
   int results[2];
};

static void *
serve_two_clients(void *arg)
{
   struct two_clients *t = arg;

   for (unsigned i = 0; i < 2; i++) {
      const int fd = vfio_user_server_accept(t->server);

      t->results[i] = fd < 0 ? fd : vfio_user_server_serve(t->server, t->dev, fd);
   }
   return NULL;
}

static void
second_client_starts_from_nothing(void **state)
{
   struct folder *d = *state;
   const struct vfio_user_device_params params = {.log = log_nothing};
   const struct vfio_user_version version = {0};
   const struct vfio_user_dma_map map = {
      .argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ, .size_bytes = 4096};
   struct two_clients t = {.server = &d->server};
   struct fixture f = {0};
   struct reply reply;
   pthread_t thread;

   assert_int_equal(vfio_user_device_create(&params, &t.dev), 0);
   assert_int_equal(vfio_user_server_open(&d->server, d->socket), 0);
   assert_int_equal(pthread_create(&thread, NULL, serve_two_clients, &t), 0);
   for (unsigned i = 0; i < 2; i++) {
      f.client = connect_to(d->socket);
      assert_true(f.client >= 0);
      assert_int_equal(call(&f, VFIO_USER_VERSION, &version, sizeof(version), NULL, 0, &reply), 0);
      /* The same range again: nothing of the first client is left. */
      assert_int_equal(call(&f, VFIO_USER_DMA_MAP, &map, sizeof(map), NULL, 0, &reply), 0);
      close(f.client);
   }
   pthread_join(thread, NULL);
   assert_int_equal(t.results[0], 0);
   assert_int_equal(t.results[1], 0);
   vfio_user_server_close(&d->server);
   vfio_user_device_destroy(t.dev);
}

static void
unknown_device(void **state)
{
   const struct vfio_user_device_params params = {.device = "abacus", .log = log_nothing};
   struct vfio_user_device *dev = NULL;

   assert_int_equal(vfio_user_device_create(&params, &dev), -EINVAL);
   assert_null(dev);
   vfio_user_device_destroy(NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_folder, teardown_folder)
   const struct CMUnitTest tests[] = {
      TEST(opens_private_and_closes),
      TEST(path_is_too_long),
      TEST(folder_does_not_exist),
      TEST(a_file_is_in_the_way),
      TEST(a_link_is_in_the_way),
      TEST(live_socket_is_left_alone),
      TEST(stale_socket_is_replaced),
      TEST(anothers_socket_is_not_removed),
      TEST(who_says_nothing_is_no_client),
      TEST(stop_ends_accept),
      TEST(stop_while_a_client_says_nothing),
      TEST(second_client_starts_from_nothing),
      TEST(unknown_device),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
