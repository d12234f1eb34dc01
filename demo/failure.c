/*
 * SPDX-License-Identifier: MIT
 */

#include "failure.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "picture.h"

enum status
fail(enum status status, const char *what, const char *why, const char *todo)
{
   fprintf(stderr, "zerocopy-demo: %s\n  why: %s\n  do:  %s\n", what, why, todo);
   return status;
}

static enum status
fail_to_write(const char *folder, const char *name, const char *why, const char *todo)
{
   char what[4200];

   snprintf(what, sizeof(what), "cannot write %s/%s", folder, name);
   return fail(STATUS_OUTPUT, what, why, todo);
}

enum status
make_folder(const char *path)
{
   char what[4200];

   if (!mkdir(path, 0777) || errno == EEXIST)
      return STATUS_AGREED;
   snprintf(what, sizeof(what), "cannot make the folder %s", path);
   return fail(STATUS_OUTPUT, what, strerror(errno), "name another one with --out");
}

enum status
write_picture(const struct picture *picture, const unsigned char *pixels, const char *folder,
              const char *name)
{
   struct picture_error error;
   char path[4096];

   snprintf(path, sizeof(path), "%s/%s", folder, name);
   if (picture_write(picture, pixels, path, &error))
      return STATUS_AGREED;
   return fail_to_write(folder, name, error.what, error.todo);
}

FILE *
open_product(const char *folder, const char *name)
{
   char path[4096];

   snprintf(path, sizeof(path), "%s/%s", folder, name);
   FILE *file = fopen(path, "w");
   if (!file)
      fail_to_write(folder, name, strerror(errno), "check that the folder can be written");
   return file;
}

enum status
close_product(FILE *file, const char *folder, const char *name)
{
   const bool written = !ferror(file);

   if (!fclose(file) && written)
      return STATUS_AGREED;
   return fail_to_write(folder, name, strerror(errno), "check that the folder has room");
}

void
print_json_string(FILE *file, const char *text)
{
   fputc('"', file);
   for (; *text; text++) {
      if (*text == '"' || *text == '\\')
         fprintf(file, "\\%c", *text);
      else if ((unsigned char)*text < 0x20)
         fprintf(file, "\\u%04x", *text);
      else
         fputc(*text, file);
   }
   fputc('"', file);
}
