/*
 * SPDX-License-Identifier: MIT
 *
 * The registers of a thread as eu_symbolic.c knows them.
 */

#ifndef EU_SYMBOLIC_PRIV_H
#define EU_SYMBOLIC_PRIV_H

#include "eu_priv.h"
#include "eu_value.h"

#define EU_SYMBOLIC_WORDS        (EU_GRF_BYTES / 2)
#define EU_SYMBOLIC_MAX_RESPONSE 32

struct eu_word {
   uint8_t kind, half, shift;
   bool word;
   int8_t tag;
   uint32_t id;
   int64_t a, b, c;
};

struct eu_symbolic {
   struct eu_symbolic_range range;
   unsigned channels;
   /* A thread that the range can have, with its subspans at the range's corners. */
   struct eu_thread thread;
   struct eu_word words[EU_SYMBOLIC_WORDS];
   /* What the embedder names of a response, until the registers are written. */
   struct {
      bool named;
      uint8_t channel;
      uint32_t id;
   } response[EU_SYMBOLIC_MAX_RESPONSE][EU_REG_BYTES / 4];
};

/** Where the thread that runs along has a subspan: the last one is across from the first. */
int32_t eu_symbolic_corner(const struct eu_symbolic *s, unsigned subspan, bool y);

/** What is at an offset of the register file, without modifiers. */
struct eu_value eu_symbolic_read(const struct eu_symbolic *s, unsigned offset, enum eu_type type);

/** A word as it stands, upper halves and what does not fit a type included. */
struct eu_value eu_symbolic_read_word(const struct eu_symbolic *s, unsigned offset,
                                      enum eu_type type);

void eu_symbolic_write(struct eu_symbolic *s, unsigned offset, unsigned size,
                       const struct eu_value *v);

#endif
