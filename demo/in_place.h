/*
 * SPDX-License-Identifier: MIT
 *
 * The job with plain client memory once more, by another Mesa: a process has only one, so that it
 * is done by another.
 */

#ifndef IN_PLACE_H
#define IN_PLACE_H

#include "failure.h"
#include "gl_transfer.h"

/** The variables that make a program take that Mesa, NAME=VALUE each. */
struct in_place_environment {
   const char *variables[8];
   unsigned count;
};

/** In this process: has the other do the job. \return what that has ended with */
enum status in_place_run(const struct in_place_environment *environment, const char *image,
                         const struct gl_image *result, struct gl_cost *cost);

/**
 * In the other process, which in_place_run() has told the number of a file: does the job and hands
 * it on.
 */
enum status in_place_serve(int file, const struct gl_image *source, const struct gl_image *result);

#endif
