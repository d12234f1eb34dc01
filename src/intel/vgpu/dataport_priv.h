/*
 * SPDX-License-Identifier: MIT
 *
 * What the parts of the data port share: dataport.c takes messages apart, dataport_typed.c has
 * those of typed surfaces.
 */

#ifndef VGPU_DATAPORT_PRIV_H
#define VGPU_DATAPORT_PRIV_H

#include <string.h>

#include "dataport.h"
#include "shader.h"

/** Binding table indices that mean no surface. */
enum { BTI_SLM = 254, BTI_STATELESS = 255 };

/** Fields of a data port message's descriptor. */
static inline unsigned
dp_binding_table_index(const struct eu_message *msg)
{
   return msg->desc & 0xff;
}

static inline unsigned
dp_control(const struct eu_message *msg)
{
   return msg->desc >> 8 & 0x3f;
}

static inline unsigned
dp_type(const struct eu_message *msg)
{
   return msg->desc >> 14 & 0xf;
}

/** A DWord of the payload; 0 past its end. */
static inline uint32_t
dp_payload(const struct eu_message *msg, unsigned reg, unsigned dw)
{
   uint32_t value = 0;

   if (reg < msg->mlen)
      memcpy(&value, &msg->payload[reg][4 * dw], sizeof(value));
   return value;
}

/** Writes a DWord of the response, if it has one there. */
static inline void
dp_respond(const struct eu_message *msg, unsigned reg, unsigned dw, uint32_t value)
{
   if (reg < msg->rlen)
      memcpy(&msg->response[reg][4 * dw], &value, sizeof(value));
}

/** Faults unless the message is at least as long as its header and payload are. */
bool dp_check_length(const struct eu_message *msg, const char *name, unsigned mlen,
                     unsigned rlen);

/**
 * The new value of an atomic operation.
 * \param returned  gets what the message returns
 * \return false if there is no such operation
 */
bool dp_atomic(unsigned op, uint32_t old, uint32_t src0, uint32_t src1, uint32_t *value,
               uint32_t *returned);

/** How many sources an atomic operation takes. */
unsigned dp_atomic_sources(unsigned op);

#endif
