/*
 * SPDX-License-Identifier: MIT
 *
 * The messages of Gen7's shared functions, for the support matrix.
 */

#ifndef VGPU_MESSAGES_H
#define VGPU_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "eu/eu.h"

/** Where in a message's descriptor its type is. */
enum vgpu_message_field {
   VGPU_MESSAGE_TYPE,    /**< the message type, or a URB message's opcode */
   VGPU_MESSAGE_RT_TYPE, /**< the type of a render target write */
   VGPU_MESSAGE_MODE,    /**< another bit tells it from the others of its shared function */
};

struct vgpu_message {
   enum eu_sfid sfid;
   enum vgpu_message_field field;
   unsigned type; /* 0 for VGPU_MESSAGE_MODE */
   const char *name;
   bool done;        /* false: faults by name */
   const char *note; /* NULL: nothing to say */
};

/** Every message, by shared function and type. \param count  how many */
const struct vgpu_message *vgpu_messages(size_t *count);

/** \return NULL for a type that is reserved */
const struct vgpu_message *vgpu_message_find(enum eu_sfid sfid, enum vgpu_message_field field,
                                             unsigned type);

#endif
