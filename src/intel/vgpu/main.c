/*
 * SPDX-License-Identifier: MIT
 *
 * vgpu: a virtual Intel GPU that a VMM mounts by vfio-user.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "vfio_user.h"
#include "vfio_user_log.h"

#ifndef PACKAGE_VERSION
#error "PACKAGE_VERSION is the build's to define, as a string"
#endif

enum {
   EXIT_USAGE = 2,
   EXIT_PROTOCOL = 3,
};

static const struct {
   const char *name;
   uint32_t flag;
   const char *help;
} trace_classes[] = {
   {"mmio", VGPU_TRACE_MMIO, "register accesses by name"},
   {"cmd", VGPU_TRACE_CMD, "commands that an engine executes, decoded"},
   {"irq", VGPU_TRACE_IRQ, "interrupt state changes"},
   {"gtt", VGPU_TRACE_GTT, "translations and flushes"},
   {"pci", VGPU_TRACE_PCI, "configuration space writes and resets"},
};

#define NUM_TRACE_CLASSES (sizeof(trace_classes) / sizeof(trace_classes[0]))

struct options {
   const char *socket;
   const char *device;
   const char *log;
   uint32_t trace;
   bool keep;
   bool exit_with_parent;
   int ready_fd;
};

static struct vfio_user_server server = {.listen_fd = -1, .client_fd = -1};

static void
print_help(void)
{
   printf("usage: vgpu --socket PATH [options]\n"
          "\n"
          "A virtual Intel GPU. It listens on a UNIX socket for a VMM that speaks vfio-user and\n"
          "shows it the PCI function of a GPU. With QEMU 10.1 or later:\n"
          "\n"
          "  vgpu --socket gpu.sock &\n"
          "  qemu-system-x86_64 -m 1G \\\n"
          "    -object memory-backend-memfd,id=mem,size=1G,share=on \\\n"
          "    -machine q35,memory-backend=mem \\\n"
          "    -device '{\"driver\":\"vfio-user-pci\",\"addr\":\"02.0\",\n"
          "              \"socket\":{\"type\":\"unix\",\"path\":\"gpu.sock\"}}' ...\n"
          "\n"
          "Guest memory must be a shared memfd, as above: the GPU reaches no other.\n"
          "\n"
          "  -s, --socket PATH       where to listen; a socket that nobody listens to any more is\n"
          "                          replaced\n"
          "  -d, --device NAME       which GPU (see --list-devices), default %s\n"
          "  -l, --log FILE          append the log to FILE instead of writing to standard error\n"
          "  -t, --trace LIST        log also, separated by commas:\n",
          vgpu_device_names()[0]);
   for (unsigned i = 0; i < NUM_TRACE_CLASSES; i++)
      printf("                            %-5s %s\n", trace_classes[i].name, trace_classes[i].help);
   printf(
      "  -k, --keep              when a client leaves, reset the GPU and wait for the next one;\n"
      "                          without this the first client is the only one\n"
      "      --ready-fd N        write \"ready\" and a line feed to file descriptor N, and close\n"
      "                          it, once the socket can be connected to\n"
      "      --exit-with-parent  end when the process that started this one ends\n"
      "      --list-devices      print the names that --device takes\n"
      "      --version           print the version\n"
      "  -h, --help              print this\n"
      "\n"
      "Log lines with \"vgpu: fault:\" tell what a guest used that is invalid or not modelled;\n"
      "the engine hangs then, as a GPU would, and the guest's driver resets it.\n"
      "\n"
      "Exit status: 0 the client left, or SIGTERM or SIGINT; 1 the host refused something;\n"
      "2 wrong usage; 3 the client was dropped because it broke the protocol.\n");
}

static void __attribute__((format(printf, 2, 3)))
log_line(enum vgpu_log_level level, const char *format, ...)
{
   char text[1024];
   va_list args;

   va_start(args, format);
   vsnprintf(text, sizeof(text), format, args);
   va_end(args);
   vfio_user_log_write(NULL, level, text);
}

static int
usage_error(const char *what, const char *value)
{
   fprintf(stderr, "vgpu: error: %s%s; see vgpu --help\n", what, value);
   return EXIT_USAGE;
}

static bool
parse_trace(const char *list, uint32_t *flags)
{
   while (*list) {
      const size_t length = strcspn(list, ",");
      unsigned i;

      for (i = 0; i < NUM_TRACE_CLASSES; i++) {
         if (strlen(trace_classes[i].name) == length &&
             strncmp(trace_classes[i].name, list, length) == 0)
            break;
      }
      if (i == NUM_TRACE_CLASSES)
         return false;
      *flags |= trace_classes[i].flag;
      list += length;
      if (*list == ',')
         list++;
   }
   return true;
}

static bool
parse_fd(const char *text, int *fd)
{
   char *end;

   errno = 0;
   const long value = strtol(text, &end, 10);

   if (errno || end == text || *end || value < 0 || value > INT32_MAX)
      return false;
   *fd = (int)value;
   return true;
}

/** \return -1 to go on, or the exit status */
static int
parse_options(int argc, char **argv, struct options *options)
{
   enum { OPTION_READY_FD = 256, OPTION_EXIT_WITH_PARENT, OPTION_LIST_DEVICES, OPTION_VERSION };
   static const struct option long_options[] = {
      {"socket", required_argument, NULL, 's'},
      {"device", required_argument, NULL, 'd'},
      {"log", required_argument, NULL, 'l'},
      {"trace", required_argument, NULL, 't'},
      {"keep", no_argument, NULL, 'k'},
      {"ready-fd", required_argument, NULL, OPTION_READY_FD},
      {"exit-with-parent", no_argument, NULL, OPTION_EXIT_WITH_PARENT},
      {"list-devices", no_argument, NULL, OPTION_LIST_DEVICES},
      {"version", no_argument, NULL, OPTION_VERSION},
      {"help", no_argument, NULL, 'h'},
      {0},
   };
   int option;

   *options = (struct options){.ready_fd = -1};
   while ((option = getopt_long(argc, argv, "s:d:l:t:kh", long_options, NULL)) != -1) {
      switch (option) {
      case 's':
         options->socket = optarg;
         break;
      case 'd':
         options->device = optarg;
         break;
      case 'l':
         options->log = optarg;
         break;
      case 't':
         if (!parse_trace(optarg, &options->trace))
            return usage_error("--trace knows mmio, cmd, irq, gtt and pci, not ", optarg);
         break;
      case 'k':
         options->keep = true;
         break;
      case OPTION_READY_FD:
         if (!parse_fd(optarg, &options->ready_fd))
            return usage_error("--ready-fd wants the number of a file descriptor, not ", optarg);
         break;
      case OPTION_EXIT_WITH_PARENT:
         options->exit_with_parent = true;
         break;
      case OPTION_LIST_DEVICES:
         for (const char *const *name = vgpu_device_names(); *name; name++)
            printf("%s\n", *name);
         return EXIT_SUCCESS;
      case OPTION_VERSION:
         printf("vgpu %s\n", PACKAGE_VERSION);
         return EXIT_SUCCESS;
      case 'h':
         print_help();
         return EXIT_SUCCESS;
      default: /* getopt_long() has said what is wrong */
         fprintf(stderr, "vgpu: see vgpu --help\n");
         return EXIT_USAGE;
      }
   }
   if (optind < argc)
      return usage_error("not an option: ", argv[optind]);
   if (!options->socket)
      return usage_error("--socket PATH is missing", "");
   return -1;
}

static void
handle_stop(int signal_number)
{
   const int saved_errno = errno; /* of whatever call this comes in between */

   vfio_user_server_stop(&server);
   errno = saved_errno;
}

/**
 * The size of guest memory was checked when it was mapped, so the client has cut the file off
 * since. Only a VMM can do that, not its guest, and what the engines work on is gone.
 */
static void
handle_bus_error(int signal_number)
{
   static const char text[] = "vgpu: error: a file that the client shares has shrunk while it was "
                              "mapped (SIGBUS); nothing can be done with this client\n";
   ssize_t n = write(vfio_user_log_fd(), text, sizeof(text) - 1);

   (void)n;
   if (atomic_load(&server.listen_fd) >= 0)
      unlink(server.path);
   _exit(EXIT_PROTOCOL);
}

static void
catch_bus_errors(void)
{
   struct sigaction action = {.sa_handler = handle_bus_error};

   sigemptyset(&action.sa_mask);
   sigaction(SIGBUS, &action, NULL);
}

/**
 * SIGTERM and SIGINT stop the server. They are blocked until unblock_signals(), so that the
 * threads of the model, made in between, never take them.
 */
static void
block_signals(sigset_t *stop_signals)
{
   sigemptyset(stop_signals);
   sigaddset(stop_signals, SIGTERM);
   sigaddset(stop_signals, SIGINT);
   pthread_sigmask(SIG_BLOCK, stop_signals, NULL);
   /* Whoever reads the log or the ready signal may be gone; write() then says so. */
   signal(SIGPIPE, SIG_IGN);
}

static void
unblock_signals(const sigset_t *stop_signals)
{
   struct sigaction action = {.sa_handler = handle_stop, .sa_flags = SA_RESTART};

   sigemptyset(&action.sa_mask);
   sigaction(SIGTERM, &action, NULL);
   sigaction(SIGINT, &action, NULL);
   pthread_sigmask(SIG_UNBLOCK, stop_signals, NULL);
}

static bool
follow_parent(pid_t parent)
{
   /* The parent may have ended before the kernel was told; then init is the parent. */
   return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static int
report_open_error(const char *path, int error)
{
   switch (error) {
   case -EADDRINUSE:
      log_line(VGPU_LOG_ERROR, "%s: another process listens there; end it or choose another path",
               path);
      break;
   case -EEXIST:
      log_line(VGPU_LOG_ERROR, "%s: exists and is no socket; choose another path", path);
      break;
   case -ENAMETOOLONG:
      log_line(VGPU_LOG_ERROR,
               "%s: too long for the path of a socket (107 bytes); choose a "
               "shorter one, it may be relative",
               path);
      break;
   default:
      log_line(VGPU_LOG_ERROR, "%s: cannot make a socket: %s", path, strerror(-error));
      break;
   }
   return EXIT_FAILURE;
}

static bool
signal_ready(int fd)
{
   static const char text[] = "ready\n";
   const bool ok = write(fd, text, sizeof(text) - 1) == sizeof(text) - 1;

   if (!ok)
      log_line(VGPU_LOG_ERROR, "--ready-fd %d: %s", fd, strerror(errno));
   close(fd);
   return ok;
}

static int
serve(struct vfio_user_device *dev, const struct options *options)
{
   int ret;

   do {
      const int fd = vfio_user_server_accept(&server);

      if (fd == -ECANCELED)
         return EXIT_SUCCESS;
      if (fd < 0) {
         log_line(VGPU_LOG_ERROR, "%s: %s", options->socket, strerror(-fd));
         return EXIT_FAILURE;
      }
      /* A second client is refused at once instead of waiting for an answer. */
      if (!options->keep)
         vfio_user_server_close(&server);

      log_line(VGPU_LOG_INFO, "a client has connected");
      ret = vfio_user_server_serve(&server, dev, fd);
      if (ret == 0)
         log_line(VGPU_LOG_INFO, "the client has left");
      else if (ret == -ECANCELED)
         log_line(VGPU_LOG_INFO, "stopped by a signal");
      else
         log_line(VGPU_LOG_ERROR, "the client was dropped: %s", strerror(-ret));
      if (options->keep && ret != -ECANCELED)
         vgpu_reset(dev->gpu);
   } while (options->keep && ret != -ECANCELED);

   if (ret == 0 || ret == -ECANCELED)
      return EXIT_SUCCESS;
   return ret == -EPROTO ? EXIT_PROTOCOL : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
   const pid_t parent = getppid();
   struct vfio_user_device *dev;
   struct options options;
   sigset_t stop_signals;
   int ret, status;

   status = parse_options(argc, argv, &options);
   if (status >= 0)
      return status;
   if (options.exit_with_parent && !follow_parent(parent)) {
      fprintf(stderr, "vgpu: error: the process that started this one has ended\n");
      return EXIT_FAILURE;
   }
   ret = vfio_user_log_open(options.log);
   if (ret) {
      fprintf(stderr, "vgpu: error: %s: cannot open the log: %s\n", options.log, strerror(-ret));
      return EXIT_FAILURE;
   }
   block_signals(&stop_signals);
   catch_bus_errors();

   const struct vfio_user_device_params params = {
      .device = options.device,
      .trace = options.trace,
      .log = vfio_user_log_write,
   };
   ret = vfio_user_device_create(&params, &dev);
   if (ret == -EINVAL && options.device)
      return usage_error("--list-devices has no ", options.device);
   if (ret) {
      log_line(VGPU_LOG_ERROR, "cannot make the device: %s", strerror(-ret));
      return EXIT_FAILURE;
   }

   ret = vfio_user_server_open(&server, options.socket);
   if (ret) {
      status = report_open_error(options.socket, ret);
   } else {
      unblock_signals(&stop_signals);
      log_line(VGPU_LOG_INFO, "vgpu %s, %s, listens on %s", PACKAGE_VERSION,
               options.device ? options.device : vgpu_device_names()[0], options.socket);
      if (options.ready_fd >= 0 && !signal_ready(options.ready_fd))
         status = EXIT_FAILURE;
      else
         status = serve(dev, &options);
      vfio_user_server_close(&server);
      log_line(VGPU_LOG_INFO, "exit, %" PRIu64 " times something was not modelled",
               vgpu_unmodelled_count(dev->gpu));
   }
   vfio_user_device_destroy(dev);
   return status;
}
