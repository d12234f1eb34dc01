/*
 * SPDX-License-Identifier: MIT
 *
 * How the demos end.
 */

#ifndef FAILURE_H
#define FAILURE_H

#include <stdio.h>

enum status {
   STATUS_AGREED = 0,
   STATUS_DIFFER = 1,
   STATUS_USAGE = 2,
   STATUS_PICTURE = 3,
   STATUS_GPU = 4,
   STATUS_OUTPUT = 5,
};

struct picture;

/** Says what is wrong, why and what to do. \return the status that the program ends with */
enum status fail(enum status status, const char *what, const char *why, const char *todo);

/** Makes the folder of --out. */
enum status make_folder(const char *path);

/** picture_write() to a file of the folder, with a message if it fails. */
enum status write_picture(const struct picture *picture, const unsigned char *pixels,
                          const char *folder, const char *name);

/** A file of the folder to write to. \return NULL after a message */
FILE *open_product(const char *folder, const char *name);

/** Closes what open_product() opened, with a message if something was not written. */
enum status close_product(FILE *file, const char *folder, const char *name);

void print_json_string(FILE *file, const char *text);

#endif
