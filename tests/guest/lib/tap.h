/*
 * SPDX-License-Identifier: MIT
 *
 * Test Anything Protocol. Every test runs in a process of its own, so that one that crashes, hangs
 * or leaves the GPU in use is a failed test and the others still run.
 */

#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tap_test {
   const char *name;
   void (*run)(void);
};

/**
 * Runs the tests and prints TAP: "1..N", then a line for each test, before it the reasons as "#".
 *
 * With names in argv only those tests run; with `--list` the names are printed.
 *
 * \param timeout_s  a test that takes longer, by tap_slower(), is killed and has failed
 * \return the exit status of the program: 0 if no test failed
 */
int tap_main(int argc, char **argv, const struct tap_test *tests, unsigned count,
             unsigned timeout_s);

#define TAP_MAIN(tests, timeout_s)                                                              \
   int main(int argc, char **argv)                                                              \
   {                                                                                            \
      return tap_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]), timeout_s);          \
   }

/** By what the environment says that limits of time are to be multiplied, TAP_SLOWER, or 1. */
unsigned tap_slower(void);

/** A line of explanation, "# ...", shown with the result that follows. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Ends the test: it cannot run here, for this reason. */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/** Fails the test, and it goes on. */
void tap_fail(const char *file, int line, const char *format, ...)
   __attribute__((format(printf, 3, 4)));

/** Ends the process of the test; it has passed if nothing failed in it. */
void tap_end(void) __attribute__((noreturn));

/** What was named must have the value; shows both if not. \return whether it had */
bool tap_equal(const char *file, int line, const char *what, intmax_t actual, intmax_t expected);

/** As tap_equal() for the result of a call that is 0 or a negative errno, shown by name. */
bool tap_errno(const char *file, int line, const char *what, int actual, int expected);

/** size bytes must be equal; shows the first that is not, and how many are not. */
bool tap_bytes(const char *file, int line, const char *what, const void *actual,
               const void *expected, size_t size);

/* CHECK_* go on after a failure, REQUIRE_* end the test. */
#define CHECK(condition)                                                                        \
   ((condition) ? true : (tap_fail(__FILE__, __LINE__, "not true: %s", #condition), false))
#define CHECK_EQUAL(actual, expected) tap_equal(__FILE__, __LINE__, #actual, actual, expected)
#define CHECK_ERRNO(actual, expected) tap_errno(__FILE__, __LINE__, #actual, actual, expected)
#define CHECK_BYTES(actual, expected, size)                                                     \
   tap_bytes(__FILE__, __LINE__, #actual, actual, expected, size)

#define TAP_REQUIRE(check)                                                                      \
   do {                                                                                         \
      if (!(check))                                                                             \
         tap_end();                                                                             \
   } while (0)
#define REQUIRE(condition)               TAP_REQUIRE(CHECK(condition))
#define REQUIRE_EQUAL(actual, expected)  TAP_REQUIRE(CHECK_EQUAL(actual, expected))
#define REQUIRE_ERRNO(actual, expected)  TAP_REQUIRE(CHECK_ERRNO(actual, expected))
#define REQUIRE_OK(actual)               TAP_REQUIRE(CHECK_ERRNO(actual, 0))

/**
 * Runs a function in a child process of the test; checks that fail in it fail the test too.
 *
 * \return the PID, to be given to tap_join()
 */
pid_t tap_child(void (*run)(void *data), void *data);

/** Waits for a child: it must have ended by itself and without a failed check. */
void tap_join(pid_t pid);

/** Seconds of a clock that only runs forward. */
double tap_now_s(void);

#endif
