/*
 * SPDX-License-Identifier: MIT
 *
 * The registers of eu_symbolic.h, word by word: the payload, and what is read and written of them.
 */

#include "eu_symbolic_priv.h"

#include <stdlib.h>

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

static struct eu_word *
word_at(struct eu_symbolic *s, unsigned reg, unsigned word)
{
   return &s->words[(reg * (EU_REG_BYTES / 2) + word) % EU_SYMBOLIC_WORDS];
}

void
eu_symbolic_set_const(struct eu_symbolic *s, unsigned reg, unsigned dword, uint32_t bits)
{
   const struct eu_word known = { .kind = EU_SYMBOL_CONST, .tag = EU_ALWAYS };

   memcpy(&s->thread.grf[reg][4 * dword], &bits, sizeof(bits));
   *word_at(s, reg, 2 * dword) = known;
   *word_at(s, reg, 2 * dword + 1) = known;
}

int32_t
eu_symbolic_corner(const struct eu_symbolic *s, unsigned subspan, bool y)
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
   const uint16_t place = (uint16_t)eu_symbolic_corner(s, subspan, y);

   memcpy(&s->thread.grf[reg][2 * word], &place, sizeof(place));
   *word_at(s, reg, word) = (struct eu_word){
      .kind = EU_SYMBOL_INT, .half = EU_LOW, .tag = (int8_t)(EU_SUBSPAN + subspan),
      .a = !y, .b = y,
   };
}

void
eu_symbolic_set_opaque_word(struct eu_symbolic *s, unsigned reg, unsigned word, uint32_t id)
{
   *word_at(s, reg, word) = (struct eu_word){
      .kind = EU_SYMBOL_OPAQUE, .half = EU_LOW, .word = true, .tag = EU_ALWAYS, .id = id,
   };
}

void
eu_symbolic_respond(struct eu_symbolic *s, unsigned reg, unsigned dword, unsigned channel,
                    uint32_t id)
{
   s->response[reg % EU_SYMBOLIC_MAX_RESPONSE][dword].named = true;
   s->response[reg % EU_SYMBOLIC_MAX_RESPONSE][dword].channel = (uint8_t)channel;
   s->response[reg % EU_SYMBOLIC_MAX_RESPONSE][dword].id = id;
}

static struct eu_value
constant(const struct eu_symbolic *s, unsigned offset, enum eu_type type, int8_t tag)
{
   const uint8_t *grf = (const uint8_t *)s->thread.grf + offset;
   struct eu_value v = { .kind = EU_SYMBOL_CONST, .tag = tag };
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
      return eu_value_unknown;
   }
}

static struct eu_value
from_word(const struct eu_word *w)
{
   return (struct eu_value){
      .kind = (enum eu_symbol_kind)w->kind, .half = w->half, .word = w->word,
      .tag = w->tag, .shift = w->shift, .id = w->id, .a = w->a, .b = w->b, .c = w->c,
   };
}

struct eu_value
eu_symbolic_read_word(const struct eu_symbolic *s, unsigned offset, enum eu_type type)
{
   const struct eu_word *w = &s->words[offset / 2];

   return w->kind == EU_SYMBOL_CONST ? constant(s, offset, type, w->tag) : from_word(w);
}

static bool
same_function(const struct eu_word *x, const struct eu_word *y)
{
   return x->kind == y->kind && x->a == y->a && x->b == y->b && x->c == y->c &&
          x->shift == y->shift && x->id == y->id && x->tag == y->tag;
}

/**
 * An integer whose halves were made apart from each other. The upper half is that of a number w;
 * the whole is w if the lower half is that of w, too: if it is of a number that differs by a
 * multiple of 2^16.
 */
static struct eu_value
join_halves(const struct eu_symbolic *s, unsigned offset)
{
   const struct eu_word *low = &s->words[offset / 2], *high = low + 1;
   struct eu_value v = from_word(high);

   if (high->kind != EU_SYMBOL_INT || high->half != EU_HIGH ||
       !eu_value_join_tags(&v.tag, low->tag))
      return eu_value_unknown;
   if (low->kind == EU_SYMBOL_CONST) {
      if (v.a % 65536 || v.b % 65536)
         return eu_value_unknown;
      v.c = (v.c & ~0xffffll) | constant(s, offset, EU_TYPE_UW, EU_ALWAYS).i;
   } else if (low->kind != EU_SYMBOL_INT || low->half != EU_LOW || (v.a - low->a) % 65536 ||
              (v.b - low->b) % 65536 || (v.c - low->c) % 65536) {
      return eu_value_unknown;
   }
   v.half = EU_LOW;
   return v;
}

struct eu_value
eu_symbolic_read(const struct eu_symbolic *s, unsigned offset, enum eu_type type)
{
   const struct eu_word *low = &s->words[offset / 2];
   struct eu_value v = from_word(low);

   switch (eu_type_size(type)) {
   case 1:
      return low->kind == EU_SYMBOL_CONST ? constant(s, offset, type, low->tag) : eu_value_unknown;
   case 2:
      if (offset % 2)
         return eu_value_unknown;
      if (low->kind == EU_SYMBOL_CONST)
         return constant(s, offset, type, low->tag);
      if (low->kind == EU_SYMBOL_OPAQUE)
         return low->word ? v : eu_value_unknown;
      return low->kind == EU_SYMBOL_INT && low->half == EU_LOW && eu_value_fits(&s->range, &v, type)
                ? v
                : eu_value_unknown;
   case 4:
      break;
   default:
      return eu_value_unknown;
   }
   if (offset % 4)
      return eu_value_unknown;

   const struct eu_word *high = low + 1;
   if (low->kind == EU_SYMBOL_CONST && high->kind == EU_SYMBOL_CONST) {
      int8_t tag = low->tag;
      return eu_value_join_tags(&tag, high->tag) ? constant(s, offset, type, tag)
                                                 : eu_value_unknown;
   }
   if (low->word || high->word)
      return eu_value_unknown;
   const bool whole = low->half == EU_LOW && high->half == EU_HIGH && same_function(low, high);
   switch ((enum eu_symbol_kind)low->kind) {
   case EU_SYMBOL_OPAQUE:
      return whole ? v : eu_value_unknown;
   case EU_SYMBOL_FLOAT:
      return whole && type == EU_TYPE_F ? v : eu_value_unknown;
   case EU_SYMBOL_INT:
   case EU_SYMBOL_CONST:
      if (type == EU_TYPE_F)
         return eu_value_unknown;
      v = join_halves(s, offset);
      return v.kind == EU_SYMBOL_INT && eu_value_fits(&s->range, &v, type) ? v : eu_value_unknown;
   case EU_SYMBOL_UNKNOWN:
      break;
   }
   return eu_value_unknown;
}

void
eu_symbolic_write(struct eu_symbolic *s, unsigned offset, unsigned size, const struct eu_value *v)
{
   const unsigned first = offset / 2, last = (offset + size - 1) / 2;
   bool known = v->kind != EU_SYMBOL_UNKNOWN;

   /* A byte of a word whose other byte is known to stay the same leaves a constant. */
   if (size == 1)
      known = v->kind == EU_SYMBOL_CONST && s->words[first].kind == EU_SYMBOL_CONST &&
              s->words[first].tag == v->tag;
   for (unsigned i = first; i <= last && i < EU_SYMBOLIC_WORDS; i++) {
      struct eu_word *w = &s->words[i];
      *w = (struct eu_word){ .tag = v->tag };
      if (!known || size > 4)
         continue;
      *w = (struct eu_word){
         .kind = (uint8_t)v->kind, .half = (uint8_t)(size == 4 ? i - first : v->half),
         .word = v->word, .tag = v->tag, .shift = v->shift, .id = v->id,
         .a = v->a, .b = v->b, .c = v->c,
      };
      /* Above a word of its own there are zeros, which the interpreter has written. */
      if (v->word && i > first)
         *w = (struct eu_word){ .kind = EU_SYMBOL_CONST, .tag = v->tag };
   }
}

struct eu_symbol
eu_symbolic_word(const struct eu_symbolic *s, unsigned reg, unsigned word)
{
   const unsigned offset = reg * EU_REG_BYTES + 2 * word;
   const struct eu_value v = eu_symbolic_read_word(s, offset % EU_GRF_BYTES, EU_TYPE_UW);

   if (v.tag != EU_ALWAYS)
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
   const struct eu_value v = eu_symbolic_read(s, offset, type);
   struct eu_symbol out = { .kind = v.kind, .shift = v.shift, .id = v.id };

   int8_t tag = (int8_t)channel;
   if (!eu_value_join_tags(&tag, v.tag))
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
