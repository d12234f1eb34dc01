/*
 * SPDX-License-Identifier: MIT
 */

#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS_FAILED  1
#define STATUS_SKIPPED 77

/* Shared with the processes of the tests, which say here why they skip. */
static char *skip_reason;
#define SKIP_REASON_SIZE 4096

static bool failed;

unsigned
tap_slower(void)
{
   const char *factor = getenv("TAP_SLOWER");

   return factor ? strtoul(factor, NULL, 10) : 1;
}

void
tap_note(const char *format, ...)
{
   va_list args;

   va_start(args, format);
   printf("# ");
   vprintf(format, args);
   printf("\n");
   va_end(args);
   fflush(stdout);
}

void
tap_skip(const char *format, ...)
{
   va_list args;

   va_start(args, format);
   vsnprintf(skip_reason, SKIP_REASON_SIZE, format, args);
   va_end(args);
   /* A test that has failed does not become a skipped one. */
   _exit(failed ? STATUS_FAILED : STATUS_SKIPPED);
}

void
tap_fail(const char *file, int line, const char *format, ...)
{
   const char *slash = strrchr(file, '/');
   va_list args;

   failed = true;
   va_start(args, format);
   printf("# %s:%d: ", slash ? slash + 1 : file, line);
   vprintf(format, args);
   printf("\n");
   va_end(args);
   fflush(stdout);
}

void
tap_end(void)
{
   fflush(stdout);
   _exit(failed ? STATUS_FAILED : 0);
}

bool
tap_equal(const char *file, int line, const char *what, intmax_t actual, intmax_t expected)
{
   if (actual == expected)
      return true;
   tap_fail(file, line, "%s: expected %jd (0x%jx), actual %jd (0x%jx)", what, expected,
            (uintmax_t)expected, actual, (uintmax_t)actual);
   return false;
}

static const char *
result_name(int result)
{
   const char *name = result < 0 ? strerrorname_np(-result) : NULL;

   return result == 0 ? "success" : name ? name : "no errno";
}

bool
tap_errno(const char *file, int line, const char *what, int actual, int expected)
{
   if (actual == expected)
      return true;
   tap_fail(file, line, "%s: expected %d (%s), actual %d (%s)", what, expected,
            result_name(expected), actual, result_name(actual));
   return false;
}

bool
tap_bytes(const char *file, int line, const char *what, const void *actual, const void *expected,
          size_t size)
{
   const uint8_t *a = actual, *e = expected;
   size_t first = size, count = 0;

   if (!memcmp(a, e, size))
      return true;
   for (size_t i = 0; i < size; i++) {
      if (a[i] != e[i] && !count++)
         first = i;
   }
   tap_fail(file, line, "%s: %zu of %zu bytes differ, the first at offset 0x%zx: expected 0x%02x, "
            "actual 0x%02x", what, count, size, first, e[first], a[first]);
   return false;
}

pid_t
tap_child(void (*run)(void *data), void *data)
{
   const pid_t parent = getpid();

   fflush(stdout);
   const pid_t pid = fork();
   if (pid < 0) {
      tap_fail(__FILE__, __LINE__, "fork: %s", strerror(errno));
      tap_end();
   }
   if (!pid) {
      failed = false;
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent)
         _exit(STATUS_FAILED);
      run(data);
      tap_end();
   }
   return pid;
}

/** Describes how a process ended. \return whether it ended well */
static bool
ended_well(int status, const char *who)
{
   if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      return true;
   if (WIFSIGNALED(status))
      tap_note("%s: killed by SIG%s", who, sigabbrev_np(WTERMSIG(status)));
   else if (WEXITSTATUS(status) != STATUS_FAILED)
      tap_note("%s: exit status %d", who, WEXITSTATUS(status));
   return false;
}

void
tap_join(pid_t pid)
{
   int status;

   while (waitpid(pid, &status, 0) < 0) {
      if (errno != EINTR) {
         tap_fail(__FILE__, __LINE__, "waitpid: %s", strerror(errno));
         return;
      }
   }
   if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIPPED)
      _exit(failed ? STATUS_FAILED : STATUS_SKIPPED);
   if (!ended_well(status, "child"))
      failed = true;
}

double
tap_now_s(void)
{
   struct timespec now;

   clock_gettime(CLOCK_MONOTONIC, &now);
   return now.tv_sec + now.tv_nsec * 1e-9;
}

/** \return false if the test failed */
static bool
run_one(const struct tap_test *test, unsigned number, unsigned timeout_s)
{
   const double started_s = tap_now_s();
   siginfo_t info;
   int status;

   skip_reason[0] = '\0';
   fflush(stdout);
   const pid_t pid = fork();
   if (pid < 0) {
      printf("not ok %u - %s\n", number, test->name);
      return false;
   }
   if (!pid) {
      /* Its children are of its group, so that all of them end with it. */
      setpgid(0, 0);
      test->run();
      tap_end();
   }
   setpgid(pid, pid);

   bool timed_out = false;
   memset(&info, 0, sizeof(info));
   while (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid) {
      if (tap_now_s() > started_s + timeout_s) {
         timed_out = true;
         break;
      }
      usleep(2000);
   }
   /* The process has not been waited for yet, so the group is still its own. */
   kill(-pid, SIGKILL);
   while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
      ;

   if (timed_out) {
      tap_note("did not end within %u s", timeout_s);
   } else if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIPPED) {
      printf("ok %u - %s # SKIP %s\n", number, test->name, skip_reason);
      return true;
   } else if (ended_well(status, "the test")) {
      printf("ok %u - %s\n", number, test->name);
      return true;
   }
   printf("not ok %u - %s\n", number, test->name);
   return false;
}

static bool
wanted(int argc, char **argv, const char *name)
{
   for (int i = 1; i < argc; i++) {
      if (!strcmp(argv[i], name))
         return true;
   }
   return argc <= 1;
}

int
tap_main(int argc, char **argv, const struct tap_test *tests, unsigned count, unsigned timeout_s)
{
   unsigned number = 0, planned = 0;
   bool good = true;

   if (argc == 2 && !strcmp(argv[1], "--list")) {
      for (unsigned i = 0; i < count; i++)
         printf("%s\n", tests[i].name);
      return 0;
   }
   for (unsigned i = 0; i < count; i++)
      planned += wanted(argc, argv, tests[i].name);
   if (!planned) {
      fprintf(stderr, "%s: no such test; --list shows them\n", argv[0]);
      return 2;
   }

   skip_reason = mmap(NULL, SKIP_REASON_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0);
   if (skip_reason == MAP_FAILED) {
      perror("mmap");
      return 2;
   }
   printf("1..%u\n", planned);
   for (unsigned i = 0; i < count; i++) {
      if (wanted(argc, argv, tests[i].name))
         good &= run_one(&tests[i], ++number, timeout_s * tap_slower());
      fflush(stdout);
   }
   return good ? 0 : 1;
}
