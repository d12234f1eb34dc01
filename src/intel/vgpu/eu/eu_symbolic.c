/*
 * SPDX-License-Identifier: MIT
 *
 * See eu_symbolic.h. Constants are not computed here: the interpreter runs along, and a register
 * that is the same in all threads has the value that it has there.
 */

#include "eu_symbolic.h"

#include <math.h>
#include <stdlib.h>

#include "eu_priv.h"

#define WORDS (EU_GRF_BYTES / 2)
/* Coefficients stay below this, so that sums and products with a pixel's place fit 64 bits. */
#define MAX_COEFFICIENT (1ll << 44)
/* A float has so many bits: integers up to this are floats. */
#define MAX_FLOAT_INTEGER (1ll << 24)
#define MAX_SHIFT 60
/*
 * What a value is valid for, as threads may lack subspans and draw only some pixels of one: for all
 * threads, for a channel whose pixel is drawn, or for all pixels of a subspan that is there.
 */
#define ALWAYS (-1)
#define SUBSPAN 16 /* and above: the subspan's number */
#define MAX_RESPONSE 32
/* What is longer is no copy; looking at it would cost more than it could save. */
#define MAX_INSTRUCTIONS 256

/* Of which half of a DWord a word is. */
enum { LOW, HIGH };

/* Affine functions here count from the upper left pixel of the subspan, whichever channel has it. */
struct value {
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

struct word {
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
   struct word words[WORDS];
   /* What the embedder names of a response, until the registers are written. */
   struct {
      bool named;
      uint8_t channel;
      uint32_t id;
   } response[MAX_RESPONSE][EU_REG_BYTES / 4];
};

struct eu_symbolic *
eu_symbolic_create(const struct eu_symbolic_range *range, unsigned channels)
{
   struct eu_symbolic *s = calloc(1, sizeof(*s));

   if (!s)
      return NULL;
   s->range = *range;
   s->channels = channels;
   eu_thread_init(&s->thread, (1u << channels) - 1);
   return s;
}

void
eu_symbolic_destroy(struct eu_symbolic *s)
{
   free(s);
}

/* ---------------------------------------------------------------- payload and results */

static struct word *
word_at(struct eu_symbolic *s, unsigned reg, unsigned word)
{
   return &s->words[(reg * (EU_REG_BYTES / 2) + word) % WORDS];
}

void
eu_symbolic_set_const(struct eu_symbolic *s, unsigned reg, unsigned dword, uint32_t bits)
{
   const struct word known = { .kind = EU_SYMBOL_CONST, .tag = ALWAYS };

   memcpy(&s->thread.grf[reg][4 * dword], &bits, sizeof(bits));
   *word_at(s, reg, 2 * dword) = known;
   *word_at(s, reg, 2 * dword + 1) = known;
}

/** Where the thread that runs along has a subspan: the last one is across from the first. */
static int32_t
corner(const struct eu_symbolic *s, unsigned subspan, bool y)
{
   const bool last = subspan == s->channels / 4 - 1;
   const bool far_end = y ? last || subspan == 2 : last || subspan == 1;

   if (y)
      return (far_end ? s->range.max_y : s->range.min_y) & ~1;
   return (far_end ? s->range.max_x : s->range.min_x) & ~1;
}

void
eu_symbolic_set_place(struct eu_symbolic *s, unsigned reg, unsigned word, unsigned subspan, bool y)
{
   const uint16_t place = (uint16_t)corner(s, subspan, y);

   memcpy(&s->thread.grf[reg][2 * word], &place, sizeof(place));
   *word_at(s, reg, word) = (struct word){
      .kind = EU_SYMBOL_INT, .half = LOW, .tag = (int8_t)(SUBSPAN + subspan), .a = !y, .b = y,
   };
}

void
eu_symbolic_set_opaque_word(struct eu_symbolic *s, unsigned reg, unsigned word, uint32_t id)
{
   *word_at(s, reg, word) = (struct word){
      .kind = EU_SYMBOL_OPAQUE, .half = LOW, .word = true, .tag = ALWAYS, .id = id,
   };
}

void
eu_symbolic_respond(struct eu_symbolic *s, unsigned reg, unsigned dword, unsigned channel,
                    uint32_t id)
{
   s->response[reg % MAX_RESPONSE][dword].named = true;
   s->response[reg % MAX_RESPONSE][dword].channel = (uint8_t)channel;
   s->response[reg % MAX_RESPONSE][dword].id = id;
}

/** Where the upper left pixels of subspans can be, to draw a channel's pixel. */
static struct eu_symbolic_range
range_of(const struct eu_symbolic *s, int8_t tag)
{
   const bool channel = tag >= 0 && tag < SUBSPAN;
   const int32_t x = channel ? tag & 1 : 0, y = channel ? tag >> 1 & 1 : 0;
   struct eu_symbolic_range r = {
      .min_x = s->range.min_x & ~1, .max_x = s->range.max_x & ~1,
      .min_y = s->range.min_y & ~1, .max_y = s->range.max_y & ~1,
   };

   if (channel) {
      r.min_x += r.min_x + x < s->range.min_x ? 2 : 0;
      r.max_x -= r.max_x + x > s->range.max_x ? 2 : 0;
      r.min_y += r.min_y + y < s->range.min_y ? 2 : 0;
      r.max_y -= r.max_y + y > s->range.max_y ? 2 : 0;
   }
   return r;
}

/** Least and greatest of an affine function, wherever its value is valid. */
static void
bounds(const struct eu_symbolic *s, const struct value *v, int64_t *least, int64_t *greatest)
{
   const struct eu_symbolic_range r = range_of(s, v->tag);

   *least = v->c + v->a * (v->a < 0 ? r.max_x : r.min_x) + v->b * (v->b < 0 ? r.max_y : r.min_y);
   *greatest =
      v->c + v->a * (v->a < 0 ? r.min_x : r.max_x) + v->b * (v->b < 0 ? r.min_y : r.max_y);
}

static bool
fits_type(const struct eu_symbolic *s, const struct value *v, enum eu_type type)
{
   int64_t least, greatest;

   bounds(s, v, &least, &greatest);
   switch (type) {
   case EU_TYPE_UD:
      return least >= 0 && greatest <= UINT32_MAX;
   case EU_TYPE_D:
      return least >= INT32_MIN && greatest <= INT32_MAX;
   case EU_TYPE_UW:
      return least >= 0 && greatest <= UINT16_MAX;
   case EU_TYPE_W:
      return least >= INT16_MIN && greatest <= INT16_MAX;
   default:
      return false;
   }
}

static const struct value unknown = { .kind = EU_SYMBOL_UNKNOWN, .tag = ALWAYS };

/** What two values together are valid for. \return false if that is nothing that has a name */
static bool
join_tags(int8_t *tag, int8_t other)
{
   if (other == ALWAYS || other == *tag)
      return true;
   if (*tag == ALWAYS || (*tag >= SUBSPAN && other < SUBSPAN && other / 4 == *tag - SUBSPAN)) {
      *tag = other;
      return true;
   }
   return other >= SUBSPAN && *tag < SUBSPAN && *tag / 4 == other - SUBSPAN;
}

static struct value
constant(const struct eu_symbolic *s, unsigned offset, enum eu_type type, int8_t tag)
{
   const uint8_t *grf = (const uint8_t *)s->thread.grf + offset;
   struct value v = { .kind = EU_SYMBOL_CONST, .tag = tag };
   float f;

   switch (type) {
   case EU_TYPE_F:
      memcpy(&f, grf, sizeof(f));
      v.f = (double)f;
      v.is_float = true;
      return v;
   case EU_TYPE_UD:
      v.i = (int64_t)(grf[0] | (uint32_t)grf[1] << 8 | (uint32_t)grf[2] << 16 |
                      (uint32_t)grf[3] << 24);
      return v;
   case EU_TYPE_D:
      v.i = (int32_t)(grf[0] | (uint32_t)grf[1] << 8 | (uint32_t)grf[2] << 16 |
                      (uint32_t)grf[3] << 24);
      return v;
   case EU_TYPE_UW:
      v.i = (uint16_t)(grf[0] | grf[1] << 8);
      return v;
   case EU_TYPE_W:
      v.i = (int16_t)(grf[0] | grf[1] << 8);
      return v;
   case EU_TYPE_UB:
      v.i = grf[0];
      return v;
   case EU_TYPE_B:
      v.i = (int8_t)grf[0];
      return v;
   default:
      return unknown;
   }
}

static struct value
from_word(const struct word *w)
{
   return (struct value){
      .kind = (enum eu_symbol_kind)w->kind, .half = w->half, .word = w->word,
      .tag = w->tag, .shift = w->shift, .id = w->id, .a = w->a, .b = w->b, .c = w->c,
   };
}

/** A word as it stands, upper halves and what does not fit a type included. */
static struct value
read_word(const struct eu_symbolic *s, unsigned offset, enum eu_type type)
{
   const struct word *w = &s->words[offset / 2];

   return w->kind == EU_SYMBOL_CONST ? constant(s, offset, type, w->tag) : from_word(w);
}

static bool
same_function(const struct word *x, const struct word *y)
{
   return x->kind == y->kind && x->a == y->a && x->b == y->b && x->c == y->c &&
          x->shift == y->shift && x->id == y->id && x->tag == y->tag;
}

/**
 * An integer whose halves were made apart from each other. The upper half is that of a number w;
 * the whole is w if the lower half is that of w, too: if it is of a number that differs by a
 * multiple of 2^16.
 */
static struct value
join_halves(const struct eu_symbolic *s, unsigned offset)
{
   const struct word *low = &s->words[offset / 2], *high = low + 1;
   struct value v = from_word(high);

   if (high->kind != EU_SYMBOL_INT || high->half != HIGH || !join_tags(&v.tag, low->tag))
      return unknown;
   if (low->kind == EU_SYMBOL_CONST) {
      if (v.a % 65536 || v.b % 65536)
         return unknown;
      v.c = (v.c & ~0xffffll) | constant(s, offset, EU_TYPE_UW, ALWAYS).i;
   } else if (low->kind != EU_SYMBOL_INT || low->half != LOW || (v.a - low->a) % 65536 ||
              (v.b - low->b) % 65536 || (v.c - low->c) % 65536) {
      return unknown;
   }
   v.half = LOW;
   return v;
}

/** What is at an offset of the register file, without modifiers. */
static struct value
read(const struct eu_symbolic *s, unsigned offset, enum eu_type type)
{
   const struct word *low = &s->words[offset / 2];
   struct value v = from_word(low);

   switch (eu_type_size(type)) {
   case 1:
      return low->kind == EU_SYMBOL_CONST ? constant(s, offset, type, low->tag) : unknown;
   case 2:
      if (offset % 2)
         return unknown;
      if (low->kind == EU_SYMBOL_CONST)
         return constant(s, offset, type, low->tag);
      if (low->kind == EU_SYMBOL_OPAQUE)
         return low->word ? v : unknown;
      return low->kind == EU_SYMBOL_INT && low->half == LOW && fits_type(s, &v, type) ? v
                                                                                      : unknown;
   case 4:
      break;
   default:
      return unknown;
   }
   if (offset % 4)
      return unknown;

   const struct word *high = low + 1;
   if (low->kind == EU_SYMBOL_CONST && high->kind == EU_SYMBOL_CONST) {
      int8_t tag = low->tag;
      return join_tags(&tag, high->tag) ? constant(s, offset, type, tag) : unknown;
   }
   if (low->word || high->word)
      return unknown;
   const bool whole = low->half == LOW && high->half == HIGH && same_function(low, high);
   switch ((enum eu_symbol_kind)low->kind) {
   case EU_SYMBOL_OPAQUE:
      return whole ? v : unknown;
   case EU_SYMBOL_FLOAT:
      return whole && type == EU_TYPE_F ? v : unknown;
   case EU_SYMBOL_INT:
   case EU_SYMBOL_CONST:
      if (type == EU_TYPE_F)
         return unknown;
      v = join_halves(s, offset);
      return v.kind == EU_SYMBOL_INT && fits_type(s, &v, type) ? v : unknown;
   case EU_SYMBOL_UNKNOWN:
      break;
   }
   return unknown;
}

static void
write(struct eu_symbolic *s, unsigned offset, unsigned size, const struct value *v)
{
   const unsigned first = offset / 2, last = (offset + size - 1) / 2;
   bool known = v->kind != EU_SYMBOL_UNKNOWN;

   /* A byte of a word whose other byte is known to stay the same leaves a constant. */
   if (size == 1)
      known = v->kind == EU_SYMBOL_CONST && s->words[first].kind == EU_SYMBOL_CONST &&
              s->words[first].tag == v->tag;
   for (unsigned i = first; i <= last && i < WORDS; i++) {
      struct word *w = &s->words[i];
      *w = (struct word){ .tag = v->tag };
      if (!known || size > 4)
         continue;
      *w = (struct word){
         .kind = (uint8_t)v->kind, .half = (uint8_t)(size == 4 ? i - first : v->half),
         .word = v->word, .tag = v->tag, .shift = v->shift, .id = v->id,
         .a = v->a, .b = v->b, .c = v->c,
      };
      /* Above a word of its own there are zeros, which the interpreter has written. */
      if (v->word && i > first)
         *w = (struct word){ .kind = EU_SYMBOL_CONST, .tag = v->tag };
   }
}

struct eu_symbol
eu_symbolic_word(const struct eu_symbolic *s, unsigned reg, unsigned word)
{
   const unsigned offset = reg * EU_REG_BYTES + 2 * word;
   const struct value v = read_word(s, offset % EU_GRF_BYTES, EU_TYPE_UW);

   if (v.tag != ALWAYS)
      return (struct eu_symbol){ .kind = EU_SYMBOL_UNKNOWN };
   if (v.kind == EU_SYMBOL_CONST)
      return (struct eu_symbol){ .kind = EU_SYMBOL_CONST, .bits = (uint32_t)v.i };
   if (v.kind == EU_SYMBOL_OPAQUE && v.word)
      return (struct eu_symbol){ .kind = EU_SYMBOL_OPAQUE, .id = v.id };
   return (struct eu_symbol){ .kind = EU_SYMBOL_UNKNOWN };
}

struct eu_symbol
eu_symbolic_channel(const struct eu_symbolic *s, unsigned reg, unsigned dword, enum eu_type type,
                    unsigned channel)
{
   const unsigned offset = (reg * EU_REG_BYTES + 4 * dword) % EU_GRF_BYTES;
   const struct value v = read(s, offset, type);
   struct eu_symbol out = { .kind = v.kind, .shift = v.shift, .id = v.id };

   int8_t tag = (int8_t)channel;
   if (!join_tags(&tag, v.tag))
      return (struct eu_symbol){ .kind = EU_SYMBOL_UNKNOWN };
   if (v.kind == EU_SYMBOL_OPAQUE && v.word)
      return (struct eu_symbol){ .kind = EU_SYMBOL_UNKNOWN };
   if (v.kind == EU_SYMBOL_CONST)
      memcpy(&out.bits, (const uint8_t *)s->thread.grf + offset, sizeof(out.bits));
   /* From the upper left pixel of the subspan to the channel's own. */
   out.a = v.a;
   out.b = v.b;
   out.c = v.c - v.a * (channel & 1) - v.b * (channel >> 1 & 1);
   return out;
}

/* ---------------------------------------------------------------- arithmetic */

static bool
small(const struct value *v)
{
   return llabs(v->a) < MAX_COEFFICIENT && llabs(v->b) < MAX_COEFFICIENT &&
          llabs(v->c) < MAX_COEFFICIENT;
}

/** A constant as a function that is. \return false if it is none, or not exactly */
static bool
as_function(struct value *v, bool is_float)
{
   if (v->kind == EU_SYMBOL_CONST) {
      if (v->is_float != is_float)
         return false;
      v->kind = is_float ? EU_SYMBOL_FLOAT : EU_SYMBOL_INT;
      v->a = v->b = 0;
      v->c = v->i;
      if (is_float) {
         double f = v->f;
         if (!isfinite(f))
            return false;
         for (v->shift = 0; f != floor(f) && v->shift < MAX_SHIFT; v->shift++)
            f *= 2;
         if (f != floor(f) || fabs(f) >= (double)MAX_COEFFICIENT)
            return false;
         v->c = (int64_t)f;
      }
      return true;
   }
   return v->kind == (is_float ? EU_SYMBOL_FLOAT : EU_SYMBOL_INT);
}

/** Whether single precision has every value of the function, which an operation then gives. */
static bool
is_exact_float(const struct eu_symbolic *s, struct value *v)
{
   int64_t least, greatest;

   if (!small(v))
      return false;
   while (v->shift && !((v->a | v->b | v->c) & 1)) {
      v->a /= 2;
      v->b /= 2;
      v->c /= 2;
      v->shift--;
   }
   bounds(s, v, &least, &greatest);
   int64_t unit = (v->a | v->b | v->c) & -(v->a | v->b | v->c);
   unit = unit > 0 ? unit : 1;
   return v->shift <= MAX_SHIFT && llabs(least) / unit <= MAX_FLOAT_INTEGER &&
          llabs(greatest) / unit <= MAX_FLOAT_INTEGER;
}

/** The greatest integer that is not above it, if that is a function, too. */
static bool
round_down(struct value *v)
{
   const int64_t unit = 1ll << v->shift;

   if (v->shift > 40 || v->a % unit || v->b % unit)
      return false;
   v->a /= unit;
   v->b /= unit;
   v->c = v->c >> v->shift;
   v->shift = 0;
   return true;
}

/** Towards zero: known where it is rounding down, or nothing is to be rounded. */
static bool
truncate(const struct eu_symbolic *s, struct value *v)
{
   const int64_t unit = 1ll << (v->shift & 63);
   int64_t least, greatest;

   bounds(s, v, &least, &greatest);
   if (v->shift > 40 || (least < 0 && v->c % unit))
      return false;
   return round_down(v);
}

static struct value
sum(struct value x, const struct value *y)
{
   struct value other = *y;

   while (x.shift < other.shift && small(&x)) {
      x.a *= 2, x.b *= 2, x.c *= 2;
      x.shift++;
   }
   while (other.shift < x.shift && small(&other)) {
      other.a *= 2, other.b *= 2, other.c *= 2;
      other.shift++;
   }
   if (!small(&x) || !small(&other) || x.shift != other.shift)
      return unknown;
   x.a += other.a;
   x.b += other.b;
   x.c += other.c;
   return x;
}

static struct value
product(const struct value *x, const struct value *y)
{
   const bool first = !x->a && !x->b;
   struct value v = first ? *y : *x;
   const int64_t factor = first ? x->c : y->c;

   if ((!first && (y->a || y->b)) || x->shift + y->shift > MAX_SHIFT ||
       __builtin_mul_overflow(v.a, factor, &v.a) || __builtin_mul_overflow(v.b, factor, &v.b) ||
       __builtin_mul_overflow(v.c, factor, &v.c) || !small(&v))
      return unknown;
   v.shift = x->shift + y->shift;
   return v;
}

/** The upper half of a DWord with a word added: it is that of the sum with 2^16 times as much. */
static bool
add_to_upper_half(const struct value *x, const struct value *y, struct value *out)
{
   struct value high = *x, low = *y;

   if (high.kind != EU_SYMBOL_INT || high.half != HIGH)
      return false;
   if (low.kind == EU_SYMBOL_CONST)
      low = (struct value){ .kind = EU_SYMBOL_INT, .c = low.i };
   if (low.kind != EU_SYMBOL_INT || low.half != LOW)
      return false;
   high.a += low.a * 65536;
   high.b += low.b * 65536;
   high.c += low.c * 65536;
   if (!small(&low) || !small(&high))
      return false;
   *out = high;
   return true;
}

/* ---------------------------------------------------------------- instructions */

static struct value
read_source(const struct eu_symbolic *s, const struct eu_op *op, unsigned i, unsigned lane,
            bool raw_words)
{
   const struct eu_access *a = &op->src[i];
   struct value v = unknown;
   unsigned offset;

   switch (a->kind) {
   case EU_ACCESS_NULL:
      return (struct value){ .kind = EU_SYMBOL_CONST, .tag = ALWAYS };
   case EU_ACCESS_IMM:
      v.kind = EU_SYMBOL_CONST;
      v.is_float = eu_type_is_float(a->type);
      if (v.is_float)
         v.f = (double)a->imm.f[lane % 16];
      else
         v.i = a->type == EU_TYPE_UD ? (int64_t)(uint32_t)a->imm.i[lane % 16]
                                     : (int64_t)a->imm.i[lane % 16];
      break;
   case EU_ACCESS_SCALAR:
   case EU_ACCESS_CONTIG:
   case EU_ACCESS_GRF:
      offset = a->offset[lane];
      if (raw_words)
         return offset % 2 ? unknown : read_word(s, offset, a->type);
      v = read(s, offset, a->type);
      break;
   default:
      return unknown;
   }
   if (!a->negate && !a->abs)
      return v;
   if (a->abs || v.kind == EU_SYMBOL_OPAQUE)
      return v.kind == EU_SYMBOL_CONST ? v : unknown;
   v.a = -v.a, v.b = -v.b, v.c = -v.c, v.i = -v.i, v.f = -v.f;
   return v;
}

/** A moved value that is not looked at, if the move changes no bit. */
static struct value
move_opaque(const struct eu_op *op, const struct value *v)
{
   const enum eu_type from = op->src[0].type, to = op->dst.type;

   if (op->inst.opcode != EU_OP_MOV || op->inst.saturate || op->src[0].negate || op->src[0].abs)
      return unknown;
   if (v->word)
      return from == EU_TYPE_UW &&
                   (to == EU_TYPE_UW || to == EU_TYPE_W || to == EU_TYPE_UD || to == EU_TYPE_D)
                ? *v
                : unknown;
   return eu_type_size(from) == 4 && eu_type_size(to) == 4 &&
                (from == EU_TYPE_F) == (to == EU_TYPE_F)
             ? *v
             : unknown;
}

/** The result in the type of execution, of operands that are functions. */
static struct value
compute(const struct eu_symbolic *s, const struct eu_op *op, struct value v[3], int8_t tag)
{
   const bool is_float = op->exec_type == EU_EXEC_F;
   struct value r = unknown;

   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      const bool scalar = v[i].kind == EU_SYMBOL_CONST;
      v[i].tag = tag;
      /* Words among floats, and immediates, are numbers of their own. */
      if (scalar && is_float && !v[i].is_float) {
         v[i].f = (double)v[i].i;
         v[i].is_float = true;
      }
      if (v[i].kind == EU_SYMBOL_INT && is_float)
         v[i].kind = EU_SYMBOL_FLOAT;
      if (!as_function(&v[i], is_float) || !small(&v[i]))
         return unknown;
   }
   switch (op->inst.opcode) {
   case EU_OP_MOV:
      r = v[0];
      break;
   case EU_OP_ADD:
      r = sum(v[0], &v[1]);
      break;
   case EU_OP_MUL:
      /* Of a second DWord the hardware takes only the lower half. */
      if (is_float || eu_type_size(op->src[1].type) == 2)
         r = product(&v[0], &v[1]);
      break;
   case EU_OP_MAD:
      r = product(&v[1], &v[2]);
      if (!is_float || r.kind == EU_SYMBOL_UNKNOWN || !is_exact_float(s, &r))
         return unknown;
      r = sum(v[0], &r);
      break;
   case EU_OP_SHL:
      if (is_float || v[1].a || v[1].b || v[1].c < 0 || v[1].c > 31)
         return unknown;
      v[1].c = 1ll << v[1].c;
      r = product(&v[0], &v[1]);
      break;
   case EU_OP_RNDD:
      r = v[0];
      if (!is_float || !round_down(&r))
         return unknown;
      break;
   case EU_OP_RNDZ:
      r = v[0];
      if (!is_float || !truncate(s, &r))
         return unknown;
      break;
   default:
      return unknown;
   }
   if (is_float && r.kind == EU_SYMBOL_FLOAT && !is_exact_float(s, &r))
      return unknown;
   return small(&r) ? r : unknown;
}

/** The result as the destination's type has it. */
static struct value
convert(const struct eu_symbolic *s, const struct eu_op *op, struct value r)
{
   const enum eu_type to = op->dst.type;

   if (op->inst.saturate || r.kind == EU_SYMBOL_UNKNOWN)
      return unknown;
   if (to == EU_TYPE_F) {
      r.kind = EU_SYMBOL_FLOAT;
      return is_exact_float(s, &r) ? r : unknown;
   }
   if (eu_type_size(to) != 4 && eu_type_size(to) != 2)
      return unknown;
   if (r.kind == EU_SYMBOL_FLOAT) {
      if (!truncate(s, &r))
         return unknown;
      r.kind = EU_SYMBOL_INT;
      /* Floats are clamped to what the type has, not wrapped. */
      if (!fits_type(s, &r, to))
         return unknown;
   }
   r.half = LOW;
   return r;
}

/** Whether the results of equal operands are equal, whatever else there is. */
static bool
is_function_of_operands(const struct eu_op *op)
{
   switch (op->inst.opcode) {
   case EU_OP_MOV:
   case EU_OP_SEL:
   case EU_OP_NOT:
   case EU_OP_AND:
   case EU_OP_OR:
   case EU_OP_XOR:
   case EU_OP_SHR:
   case EU_OP_SHL:
   case EU_OP_ASR:
   case EU_OP_ADD:
   case EU_OP_MUL:
   case EU_OP_FRC:
   case EU_OP_RNDU:
   case EU_OP_RNDD:
   case EU_OP_RNDE:
   case EU_OP_RNDZ:
   case EU_OP_MAD:
   case EU_OP_LRP:
      return true;
   default:
      return false;
   }
}

static struct value
result_of(const struct eu_symbolic *s, const struct eu_op *op, unsigned lane)
{
   const bool upper = op->inst.opcode == EU_OP_ADD && op->dst.type == EU_TYPE_UW &&
                      op->src[0].type == EU_TYPE_UW && op->src[1].type == EU_TYPE_UW &&
                      !op->inst.saturate && !op->src[0].negate && !op->src[1].negate &&
                      !op->src[0].abs && !op->src[1].abs;
   struct value v[3], r = unknown;
   int8_t tag = ALWAYS;
   bool constants = true, all = true;

   if (!op->inst.no_mask)
      tag = (int8_t)(op->inst.group + lane);
   if (upper) {
      v[0] = read_source(s, op, 0, lane, true);
      v[1] = read_source(s, op, 1, lane, true);
      if (join_tags(&tag, v[0].tag) && join_tags(&tag, v[1].tag) &&
          (add_to_upper_half(&v[0], &v[1], &r) || add_to_upper_half(&v[1], &v[0], &r))) {
         r.tag = tag;
         return r;
      }
   }
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      v[i] = read_source(s, op, i, lane, false);
      constants = constants && v[i].kind == EU_SYMBOL_CONST;
      all = all && v[i].kind != EU_SYMBOL_UNKNOWN && join_tags(&tag, v[i].tag);
   }
   if (!all || op->exec_type == EU_EXEC_DF)
      return unknown;
   if (constants)
      r.kind = is_function_of_operands(op) ? EU_SYMBOL_CONST : EU_SYMBOL_UNKNOWN;
   else if (v[0].kind == EU_SYMBOL_OPAQUE)
      r = move_opaque(op, &v[0]);
   else
      r = convert(s, op, compute(s, op, v, tag));
   r.tag = tag;
   return r;
}

/** What an instruction that computes leaves in the registers. */
static bool
step(struct eu_symbolic *s, const struct eu_op *op, struct value results[EU_LANES],
     uint32_t *written)
{
   *written = 0;
   if (op->inst.opcode == EU_OP_NOP || op->dst.kind == EU_ACCESS_NULL)
      return true;
   if (op->dst.kind != EU_ACCESS_SCALAR && op->dst.kind != EU_ACCESS_CONTIG &&
       op->dst.kind != EU_ACCESS_GRF)
      return false;
   for (unsigned lane = 0; lane < op->lanes; lane++) {
      if (!(op->writemask >> lane & 1) ||
          (!op->inst.no_mask && op->inst.group + lane >= s->channels))
         continue;
      results[lane] = result_of(s, op, lane);
      *written |= 1u << lane;
   }
   return true;
}

static bool
send_step(struct eu_symbolic *s, const struct eu_op *op, eu_symbolic_send_fn send, void *opaque)
{
   const struct eu_inst *inst = &op->inst;
   const uint32_t desc = inst->src[1].imm;
   const struct eu_symbolic_message msg = {
      .sfid = inst->sfid,
      .desc = desc,
      .mlen = desc >> 25 & 0xf,
      .rlen = desc >> 20 & 0x1f,
      .header = desc >> 19 & 1,
      .eot = inst->eot,
      .payload_nr = inst->src[0].nr,
      .response_nr = inst->dst.nr,
      .exec_size = inst->exec_size,
      .group = inst->group,
   };

   if (inst->src[1].file != EU_FILE_IMM || inst->no_mask || inst->src[0].file != EU_FILE_GRF ||
       msg.payload_nr + msg.mlen > EU_GRF_COUNT)
      return false;
   if (msg.rlen && (inst->dst.file != EU_FILE_GRF || msg.response_nr + msg.rlen > EU_GRF_COUNT))
      return false;
   memset(s->response, 0, sizeof(s->response));
   if (!send(opaque, s, &msg))
      return false;
   for (unsigned reg = 0; reg < msg.rlen; reg++) {
      for (unsigned dw = 0; dw < EU_REG_BYTES / 4; dw++) {
         struct value v = unknown;
         if (s->response[reg][dw].named) {
            v.kind = EU_SYMBOL_OPAQUE;
            v.tag = (int8_t)s->response[reg][dw].channel;
            v.id = s->response[reg][dw].id;
         }
         write(s, (msg.response_nr + reg) * EU_REG_BYTES + 4 * dw, 4, &v);
      }
   }
   return true;
}

/** Whether the thread that runs along has got what the function says. */
static bool
agrees(const struct eu_symbolic *s, const struct value *v, unsigned offset, enum eu_type type)
{
   const uint8_t *grf = (const uint8_t *)s->thread.grf + offset;
   uint32_t bits = 0;
   float f;

   if (v->kind != EU_SYMBOL_INT && v->kind != EU_SYMBOL_FLOAT)
      return true;
   if (v->tag == ALWAYS)
      return false;
   const unsigned subspan = v->tag >= SUBSPAN ? v->tag - SUBSPAN : v->tag / 4;
   const int32_t x = corner(s, subspan, false), y = corner(s, subspan, true);
   const struct eu_symbolic_range r = range_of(s, v->tag);
   if (x < r.min_x || x > r.max_x || y < r.min_y || y > r.max_y)
      return true; /* the pixel is not drawn there */
   const int64_t value = v->a * x + v->b * y + v->c;
   memcpy(&bits, grf, eu_type_size(type));
   if (v->kind == EU_SYMBOL_INT)
      return bits == (eu_type_size(type) == 4 ? (uint32_t)value
                      : v->half == HIGH       ? (uint32_t)value >> 16
                                              : (uint16_t)value);
   memcpy(&f, grf, sizeof(f));
   return (double)f == ldexp((double)value, -(int)v->shift);
}

static bool
no_message(void *opaque, const struct eu_message *msg)
{
   (void)opaque, (void)msg;
   return true;
}

bool
eu_symbolic_run(struct eu_symbolic *s, const struct eu_program *program, uint32_t cr0,
                eu_symbolic_send_fn send, void *opaque)
{
   struct eu_env env = { 0 };

   for (unsigned i = 0; i < EU_NUM_SFIDS; i++)
      env.send[i] = no_message;
   s->thread.cr0[0] = cr0;
   for (unsigned n = 0; n < MAX_INSTRUCTIONS; n++) {
      const struct eu_op *op = eu_program_op(program, s->thread.ip);
      struct value results[EU_LANES];
      uint32_t written = 0;

      if (!op || op->reason || op->inst.pred || op->is_join)
         return false;
      const unsigned flags = eu_opcode_info(op->inst.opcode)->flags;
      if (flags & EU_OPF_BRANCH || op->inst.opcode == EU_OP_WAIT ||
          op->inst.opcode == EU_OP_ILLEGAL)
         return false;
      if (flags & EU_OPF_SEND ? !send_step(s, op, send, opaque) : !step(s, op, results, &written))
         return false;
      const enum eu_status status = eu_thread_run(&s->thread, program, &env, 1);
      for (unsigned lane = 0; lane < op->lanes; lane++) {
         if (!(written >> lane & 1))
            continue;
         if (!agrees(s, &results[lane], op->dst.offset[lane], op->dst.type))
            return false;
         write(s, op->dst.offset[lane], eu_type_size(op->dst.type), &results[lane]);
      }
      if (status == EU_STATUS_EOT)
         return true;
      if (status != EU_STATUS_BUDGET)
         return false;
   }
   return false;
}
