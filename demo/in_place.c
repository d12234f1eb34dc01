/*
 * SPDX-License-Identifier: MIT
 */

#include "in_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t
size_of(const struct gl_image *image)
{
   return (size_t)image->width * image->height * 4;
}

/** Both ways through the file: the cost, and behind it the pixels of the drawing. */
static bool
read_all(int file, void *to, size_t size, off_t at)
{
   for (size_t done = 0; done < size;) {
      const ssize_t n = pread(file, (uint8_t *)to + done, size - done, at + done);

      if (n <= 0)
         return false;
      done += n;
   }
   return true;
}

static bool
write_all(int file, const void *from, size_t size, off_t at)
{
   for (size_t done = 0; done < size;) {
      const ssize_t n = pwrite(file, (const uint8_t *)from + done, size - done, at + done);

      if (n <= 0)
         return false;
      done += n;
   }
   return true;
}

/** In the child. */
static void
become(const struct in_place_environment *environment, const char *image, int file)
{
   char number[16];

   for (unsigned i = 0; i < environment->count; i++)
      putenv((char *)environment->variables[i]);
   snprintf(number, sizeof(number), "%d", file);
   execl("/proc/self/exe", "zerocopy-demo-gl", image, "--serve", number, NULL);
   perror("/proc/self/exe");
   _exit(STATUS_GPU);
}

enum status
in_place_run(const struct in_place_environment *environment, const char *image,
             const struct gl_image *result, struct gl_cost *cost)
{
   static const char what[] = "the job cannot be done by another Mesa";
   static const char todo[] = "see what that process has said";
   const int file = memfd_create("in place", 0);
   int status;

   if (file < 0)
      return fail(STATUS_GPU, what, strerror(errno), todo);
   const pid_t child = fork();
   if (child == 0)
      become(environment, image, file);
   if (child < 0 || waitpid(child, &status, 0) != child) {
      close(file);
      return fail(STATUS_GPU, what, strerror(errno), todo);
   }
   if (!WIFEXITED(status)) {
      close(file);
      return fail(STATUS_GPU, what, "its process was killed", todo);
   }
   enum status ended = WEXITSTATUS(status);
   if (ended == STATUS_AGREED && (!read_all(file, cost, sizeof(*cost), 0) ||
                                  !read_all(file, result->pixels, size_of(result), sizeof(*cost))))
      ended = fail(STATUS_GPU, what, "it handed on nothing", todo);
   close(file);
   return ended;
}

enum status
in_place_serve(int file, const struct gl_image *source, const struct gl_image *result)
{
   struct gl_cost cost = { 0 };
   struct gl_failure failure;

   if (!gl_transfer(GL_MEMORY_CLIENT, source, result, &cost, &failure))
      return fail(STATUS_GPU, failure.what, failure.why, failure.todo);
   if (!write_all(file, &cost, sizeof(cost), 0) ||
       !write_all(file, result->pixels, size_of(result), sizeof(cost)))
      return fail(STATUS_OUTPUT, "the drawing cannot be handed on", strerror(errno),
                  "use a guest with more memory (--memory MIB)");
   return STATUS_AGREED;
}
