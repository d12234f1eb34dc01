/*
 * SPDX-License-Identifier: MIT
 *
 * What eu_symbolic.c knows of a value, and what becomes of it by arithmetic. Affine functions here
 * count from the upper left pixel of the subspan, whichever channel has it.
 */

#ifndef EU_VALUE_H
#define EU_VALUE_H

#include "eu_symbolic.h"

/*
 * What a value is valid for, as threads may lack subspans and draw only some pixels of one: for all
 * threads, for a channel whose pixel is drawn, or for all pixels of a subspan that is there.
 */
#define EU_ALWAYS  (-1)
#define EU_SUBSPAN 16 /* and above: the subspan's number */

/* Of which half of a DWord a word is. */
enum { EU_LOW, EU_HIGH };

struct eu_value {
   enum eu_symbol_kind kind;
   bool is_float; /* of CONST: which of the two below it is */
   uint8_t half;  /* of words */
   bool word;     /* of OPAQUE: it has 16 bits only */
   int8_t tag;
   uint8_t shift;
   uint32_t id;
   int64_t a, b, c;
   int64_t i;
   double f;
};

static const struct eu_value eu_value_unknown = { .kind = EU_SYMBOL_UNKNOWN, .tag = EU_ALWAYS };

/** Where the upper left pixels of subspans can be, to draw a channel's pixel. */
struct eu_symbolic_range eu_value_places(const struct eu_symbolic_range *range, int8_t tag);

/** Whether the type has it, wherever it is valid. */
bool eu_value_fits(const struct eu_symbolic_range *range, const struct eu_value *v,
                   enum eu_type type);

/** What two values together are valid for. \return false if that is nothing that has a name */
bool eu_value_join_tags(int8_t *tag, int8_t other);

/** Whether its coefficients are so small that arithmetic does not overflow. */
bool eu_value_is_small(const struct eu_value *v);

/** A constant as a function that is. \return false if it is none, or not exactly */
bool eu_value_as_function(struct eu_value *v, bool is_float);

/** Whether single precision has every value of the function, which an operation then gives. */
bool eu_value_is_exact_float(const struct eu_symbolic_range *range, struct eu_value *v);

/** The greatest integer that is not above it, if that is a function, too. */
bool eu_value_round_down(struct eu_value *v);

/** Towards zero: known where it is rounding down, or nothing is to be rounded. */
bool eu_value_truncate(const struct eu_symbolic_range *range, struct eu_value *v);

/** Of functions of the same kind; unknown if it is none. */
struct eu_value eu_value_sum(struct eu_value x, const struct eu_value *y);
struct eu_value eu_value_product(const struct eu_value *x, const struct eu_value *y);

/** The upper half of a DWord with a word added: it is that of the sum with 2^16 times as much. */
bool eu_value_add_to_upper_half(const struct eu_value *x, const struct eu_value *y,
                                struct eu_value *out);

#endif
