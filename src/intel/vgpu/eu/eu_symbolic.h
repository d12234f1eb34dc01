/*
 * SPDX-License-Identifier: MIT
 *
 * What a kernel of pixels computes, as a function of where the pixel is: an abstract interpretation
 * of a straight program. It proves; what it cannot prove is unknown.
 *
 * A thread has subspans of four pixels, channel by channel: upper left, upper right, lower left,
 * lower right. Of a register it knows that it is the same in all threads, an affine function of the
 * pixel's place, or something that a message brought, moved and not changed.
 */

#ifndef EU_SYMBOLIC_H
#define EU_SYMBOLIC_H

#include "eu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum eu_symbol_kind {
   EU_SYMBOL_UNKNOWN,
   EU_SYMBOL_CONST,  /**< bits, in every thread */
   EU_SYMBOL_INT,    /**< a x + b y + c, an integer that the type can hold everywhere */
   EU_SYMBOL_FLOAT,  /**< (a x + b y + c) / 2^shift, exactly; the sign of 0 is not known */
   EU_SYMBOL_OPAQUE, /**< the embedder's, by its number */
};

struct eu_symbol {
   enum eu_symbol_kind kind;
   uint32_t bits;
   int64_t a, b, c;
   unsigned shift;
   uint32_t id;
};

/** A message, of which the embedder reads the payload and names the response. */
struct eu_symbolic_message {
   enum eu_sfid sfid;
   uint32_t desc;
   uint8_t mlen, rlen;
   bool header, eot;
   uint8_t payload_nr, response_nr;
   uint8_t exec_size, group; /* channels: those below the thread's number of them take part */
};

struct eu_symbolic;

/** \return false if what the thread does is not known any more */
typedef bool (*eu_symbolic_send_fn)(void *opaque, struct eu_symbolic *symbolic,
                                    const struct eu_symbolic_message *msg);

/**
 * Places of all pixels that are drawn. Other pixels of their subspans run along, at even places; what
 * their channels compute is not known.
 */
struct eu_symbolic_range {
   int32_t min_x, max_x, min_y, max_y; /* inclusive */
};

/** \return NULL if there is no memory */
struct eu_symbolic *eu_symbolic_create(const struct eu_symbolic_range *range, unsigned channels);
void eu_symbolic_destroy(struct eu_symbolic *symbolic);

/** The payload: a DWord that all threads have. */
void eu_symbolic_set_const(struct eu_symbolic *symbolic, unsigned reg, unsigned dword,
                           uint32_t bits);
/** A word that is x (or y) of the upper left pixel of a subspan. */
void eu_symbolic_set_place(struct eu_symbolic *symbolic, unsigned reg, unsigned word,
                           unsigned subspan, bool y);
/** A word that is the embedder's. */
void eu_symbolic_set_opaque_word(struct eu_symbolic *symbolic, unsigned reg, unsigned word,
                                 uint32_t id);
/**
 * From a message: a channel's DWord of the response, its registers counted from 0, is the
 * embedder's. What is not named is unknown.
 */
void eu_symbolic_respond(struct eu_symbolic *symbolic, unsigned reg, unsigned dword,
                         unsigned channel, uint32_t id);

/**
 * Goes through a program, as a thread all of whose channels are on.
 * \param cr0  its first DWord at the start
 * \return whether the program ends, has no control flow, no predicates and all messages are known
 */
bool eu_symbolic_run(struct eu_symbolic *symbolic, const struct eu_program *program, uint32_t cr0,
                     eu_symbolic_send_fn send, void *opaque);

/**
 * A DWord as a channel's own, by the place of the channel's pixel. The type decides how integers
 * read; bits are bits.
 */
struct eu_symbol eu_symbolic_channel(const struct eu_symbolic *symbolic, unsigned reg,
                                     unsigned dword, enum eu_type type, unsigned channel);
/** A word of no channel: constant or opaque, otherwise unknown. */
struct eu_symbol eu_symbolic_word(const struct eu_symbolic *symbolic, unsigned reg, unsigned word);

#ifdef __cplusplus
}
#endif

#endif
