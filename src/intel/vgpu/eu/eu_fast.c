/*
 * SPDX-License-Identifier: MIT
 *
 * The common case: channels of DWords or floats that are written side by side, sixteen at most.
 * The loops have a fixed length of eight, so that the compiler makes vector code of them; what they
 * compute is what the general path computes.
 */

#include "eu_priv.h"

#define N 8
#define ALWAYS_INLINE __attribute__((always_inline))
#define OUT_OF_LINE __attribute__((noinline))

union vec {
   float f[16];
   uint32_t u[16];
   int32_t i[16];
} __attribute__((aligned(16), may_alias));

static const uint32_t lane_bit[N] = {1, 2, 4, 8, 16, 32, 64, 128};

/* ---------------------------------------------------------------- operands */

static bool
fast_source(const struct eu_op *op, unsigned i)
{
   const struct eu_access *a = &op->src[i];

   if (a->kind == EU_ACCESS_IMM)
      return true;
   return (a->kind == EU_ACCESS_CONTIG || a->kind == EU_ACCESS_SCALAR ||
           a->kind == EU_ACCESS_GRF) && eu_type_size(a->type) == 4;
}

/* What is rare is not inlined: each instruction would have it many times. */
static OUT_OF_LINE void
modify(const struct eu_access *a, union vec *room, unsigned lanes)
{
   if (a->type == EU_TYPE_F) {
      uint32_t keep = a->abs ? 0x7fffffff : 0xffffffff, flip = a->negate ? 0x80000000 : 0;
      for (unsigned k = 0; k < lanes; k++)
         room->u[k] = (room->u[k] & keep) ^ flip;
      return;
   }
   for (unsigned k = 0; k < lanes; k++) {
      uint32_t v = room->u[k];
      if (a->abs && a->type == EU_TYPE_D)
         v = room->i[k] < 0 ? 0 - v : v;
      room->u[k] = a->negate ? 0 - v : v;
   }
}

/* The lanes of a source; `room` is for those that are not in the register file as they are. */
static inline ALWAYS_INLINE const union vec *
fetch(const struct eu_context *ctx, const struct eu_op *op, unsigned i, union vec *room,
      unsigned lanes)
{
   const struct eu_access *a = &op->src[i];
   const uint8_t *grf = eu_grf_bytes(ctx->thread);

   if (a->kind == EU_ACCESS_IMM) {
      memcpy(room, &a->imm, sizeof(*room));
      return room;
   }
   if (a->kind == EU_ACCESS_SCALAR) {
      uint32_t v;
      memcpy(&v, grf + a->offset[0], sizeof(v));
      for (unsigned k = 0; k < lanes; k++)
         room->u[k] = v;
   } else if (a->kind == EU_ACCESS_GRF) {
      for (unsigned k = 0; k < lanes; k++) /* beyond its lanes, offsets are 0 */
         memcpy(&room->u[k], grf + a->offset[k], sizeof(room->u[k]));
   } else if (a->offset[0] % EU_REG_BYTES == 0 && !a->negate && !a->abs) {
      /* In place; results go to a register of the host before they are stored. */
      return (const union vec *)(grf + a->offset[0]);
   } else {
      memcpy(room, grf + a->offset[0], lanes * sizeof(uint32_t));
   }
   if (a->negate || a->abs)
      modify(a, room, lanes);
   return room;
}

static inline ALWAYS_INLINE uint32_t
exec_mask(const struct eu_thread *t, const struct eu_op *op)
{
   if (op->inst.no_mask)
      return op->lane_mask;
   uint32_t mask = t->cr0[0] & EU_CR0_SPF ? t->dispatch_mask : t->channel_enable;
   return mask >> op->inst.group & op->lane_mask;
}

static inline ALWAYS_INLINE uint32_t
write_mask(const struct eu_thread *t, const struct eu_op *op)
{
   uint32_t mask = exec_mask(t, op) & op->writemask;
   return op->inst.pred ? mask & eu_pred_mask(t, op) : mask;
}

static inline ALWAYS_INLINE void
store_some(uint8_t *out, const union vec *v, uint32_t mask, unsigned lanes)
{
   for (unsigned first = 0; first < lanes; first += N) {
      uint32_t old[N];
      uint32_t part = mask >> first;
      memcpy(old, out + first * 4, sizeof(old));
      for (unsigned k = 0; k < N; k++)
         old[k] = part & lane_bit[k] ? v->u[first + k] : old[k];
      memcpy(out + first * 4, old, sizeof(old));
   }
}

static inline ALWAYS_INLINE void
store(struct eu_context *ctx, const struct eu_op *op, const union vec *v, uint32_t mask,
      unsigned lanes)
{
   uint8_t *out = eu_grf_bytes(ctx->thread) + op->dst.offset[0];

   if (op->dst.kind == EU_ACCESS_NULL)
      return;
   if (mask == op->lane_mask && op->lanes == lanes) {
      memcpy(out, v, lanes * sizeof(uint32_t));
      return;
   }
   store_some(out, v, mask, lanes);
}

/* Eight lanes of all ones or zeros, as bits. */
static inline ALWAYS_INLINE uint32_t
pack(const uint32_t hit[N])
{
   uint32_t bits = 0;
   for (unsigned k = 0; k < N; k++)
      bits |= hit[k] & lane_bit[k];
   return bits;
}

#define COMPARE(field, operator)                                                                  \
   for (unsigned first = 0; first < lanes; first += N) {                                          \
      uint32_t hit[N];                                                                            \
      for (unsigned k = 0; k < N; k++)                                                            \
         hit[k] = a->field[first + k] operator b->field[first + k] ? ~0u : 0;                     \
      bits |= pack(hit) << first;                                                                 \
   }                                                                                              \
   break

#define COMPARE_ALL(field)                                                                        \
   switch (cond) {                                                                                \
   case EU_COND_Z:                                                                                \
      COMPARE(field, ==);                                                                         \
   case EU_COND_NZ:                                                                               \
      COMPARE(field, !=);                                                                         \
   case EU_COND_G:                                                                                \
      COMPARE(field, >);                                                                          \
   case EU_COND_GE:                                                                               \
      COMPARE(field, >=);                                                                         \
   case EU_COND_L:                                                                                \
      COMPARE(field, <);                                                                          \
   default:                                                                                       \
      COMPARE(field, <=);                                                                         \
   }                                                                                              \
   break

static OUT_OF_LINE uint32_t
compare(enum eu_cond cond, enum eu_type type, const union vec *a, const union vec *b,
        unsigned lanes)
{
   uint32_t bits = 0;

   switch (type) {
   case EU_TYPE_F:
      COMPARE_ALL(f);
   case EU_TYPE_D:
      COMPARE_ALL(i);
   default:
      COMPARE_ALL(u);
   }
   return bits;
}

/* NaN saturates to 0. */
static OUT_OF_LINE void
saturate(union vec *r, unsigned lanes)
{
   for (unsigned first = 0; first < lanes; first += N) {
      for (unsigned k = 0; k < N; k++) {
         float v = r->f[first + k];
         v = v > 0.0f ? v : 0.0f;
         r->f[first + k] = v < 1.0f ? v : 1.0f;
      }
   }
}

/* Saturation of floats, flags, store. */
static inline ALWAYS_INLINE enum eu_step
finish(struct eu_context *ctx, const struct eu_op *op, union vec *r, unsigned lanes)
{
   uint32_t mask = write_mask(ctx->thread, op);

   if (op->inst.saturate)
      saturate(r, lanes);
   if (op->inst.cond) {
      static const union vec zero;
      uint32_t bits = compare(op->inst.cond, op->dst.type, r, &zero, lanes);
      eu_write_flags(ctx->thread, op, bits, mask);
   }
   store(ctx, op, r, mask, lanes);
   return EU_STEP_NEXT;
}

/* ---------------------------------------------------------------- instructions */

#define EACH_LANE(statement)                                                                      \
   for (unsigned first = 0; first < lanes; first += N) {                                          \
      for (unsigned l = 0; l < N; l++) {                                                          \
         unsigned k = first + l;                                                                  \
         statement;                                                                               \
      }                                                                                           \
   }

/*
 * Each instruction is compiled for sixteen channels and for eight, so that the compiler knows how
 * long its loops are. One of fewer computes what nobody sees: what it reads and leaves as it is can
 * be beyond the last register, in the accumulator.
 */
#define BY_LANES(name)                                                                            \
   static enum eu_step fast_##name(struct eu_context *ctx, const struct eu_op *op)                \
   {                                                                                              \
      return op->lanes == 16 ? name##_lanes(ctx, op, 16) : name##_lanes(ctx, op, 8);              \
   }

#define FAST1(name, statement)                                                                    \
   static inline ALWAYS_INLINE enum eu_step name##_lanes(struct eu_context *ctx,                  \
                                                         const struct eu_op *op, unsigned lanes)  \
   {                                                                                              \
      union vec room, r;                                                                          \
      const union vec *a = fetch(ctx, op, 0, &room, lanes);                                       \
      EACH_LANE(statement)                                                                        \
      return finish(ctx, op, &r, lanes);                                                          \
   }                                                                                              \
   BY_LANES(name)

#define FAST2(name, statement)                                                                    \
   static inline ALWAYS_INLINE enum eu_step name##_lanes(struct eu_context *ctx,                  \
                                                         const struct eu_op *op, unsigned lanes)  \
   {                                                                                              \
      union vec room[2], r;                                                                       \
      const union vec *a = fetch(ctx, op, 0, &room[0], lanes);                                    \
      const union vec *b = fetch(ctx, op, 1, &room[1], lanes);                                    \
      EACH_LANE(statement)                                                                        \
      return finish(ctx, op, &r, lanes);                                                          \
   }                                                                                              \
   BY_LANES(name)

/* The alternative mode has rules of its own: the general path knows them. */
#define FAST1_F(name, statement)                                                                  \
   FAST1(ieee_##name, statement)                                                                  \
   static enum eu_step fast_##name(struct eu_context *ctx, const struct eu_op *op)                \
   {                                                                                              \
      if (eu_alt_mode(ctx))                                                                       \
         return eu_alu_select(op)(ctx, op);                                                       \
      return fast_ieee_##name(ctx, op);                                                           \
   }
#define FAST2_F(name, statement)                                                                  \
   FAST2(ieee_##name, statement)                                                                  \
   static enum eu_step fast_##name(struct eu_context *ctx, const struct eu_op *op)                \
   {                                                                                              \
      if (eu_alt_mode(ctx))                                                                       \
         return eu_alu_select(op)(ctx, op);                                                       \
      return fast_ieee_##name(ctx, op);                                                           \
   }

FAST1(mov, r.u[k] = a->u[k])
FAST1_F(mov_flush, r.f[k] = eu_flush(a->f[k]))
FAST1(mov_d_to_f, r.f[k] = (float)a->i[k])
FAST1(mov_ud_to_f, r.f[k] = (float)a->u[k])
FAST1_F(rndz, r.f[k] = eu_trunc(eu_flush(a->f[k])))
FAST1_F(rndd, r.f[k] = eu_floor(eu_flush(a->f[k])))
FAST1_F(rndu, r.f[k] = eu_ceil(eu_flush(a->f[k])))
FAST1_F(rnde, r.f[k] = eu_round_even(eu_flush(a->f[k])))
FAST1(not, r.u[k] = ~a->u[k])
FAST2_F(add, r.f[k] = a->f[k] + b->f[k])
FAST2_F(mul, r.f[k] = a->f[k] * b->f[k])
FAST2(add_int, r.u[k] = a->u[k] + b->u[k])
FAST2(and, r.u[k] = a->u[k] & b->u[k])
FAST2(or, r.u[k] = a->u[k] | b->u[k])
FAST2(xor, r.u[k] = a->u[k] ^ b->u[k])
FAST2(shl, r.u[k] = a->u[k] << (b->u[k] & 31))
FAST2(shr, r.u[k] = a->u[k] >> (b->u[k] & 31))
FAST2(asr, r.i[k] = a->i[k] >> (b->u[k] & 31))
FAST2(mul_low_word, r.u[k] = a->u[k] * (b->u[k] & 0xffff))
FAST2(mul_word, r.u[k] = a->u[k] * b->u[k])

/* Towards zero, clamped to the range, NaN to 0. */
FAST1(mov_f_to_d, {
   float v = a->f[k];
   bool fits = v >= -2147483648.0f && v < 2147483648.0f;
   int32_t t = (int32_t)(fits ? v : 0.0f);
   t = v >= 2147483648.0f ? INT32_MAX : t;
   r.i[k] = v < -2147483648.0f ? INT32_MIN : t;
})

static inline ALWAYS_INLINE enum eu_step
mad_lanes(struct eu_context *ctx, const struct eu_op *op, unsigned lanes)
{
   union vec room[3], r;

   if (eu_alt_mode(ctx))
      return eu_alu_select(op)(ctx, op);
   const union vec *c = fetch(ctx, op, 0, &room[0], lanes);
   const union vec *a = fetch(ctx, op, 1, &room[1], lanes);
   const union vec *b = fetch(ctx, op, 2, &room[2], lanes);
   EACH_LANE(r.f[k] = a->f[k] * b->f[k] + c->f[k])
   return finish(ctx, op, &r, lanes);
}

BY_LANES(mad)

static inline ALWAYS_INLINE enum eu_step
pln_lanes(struct eu_context *ctx, const struct eu_op *op, unsigned lanes)
{
   const uint8_t *grf = eu_grf_bytes(ctx->thread);
   float plane[4], u[N], v[N];
   union vec r;

   if (eu_alt_mode(ctx))
      return eu_alu_select(op)(ctx, op);
   memcpy(plane, grf + op->src[0].offset[0], sizeof(plane));
   for (unsigned first = 0; first < lanes; first += N) {
      const uint8_t *pair = grf + op->src[1].offset[0] + first / N * 2 * EU_REG_BYTES;
      memcpy(u, pair, sizeof(u));
      memcpy(v, pair + EU_REG_BYTES, sizeof(v));
      for (unsigned k = 0; k < N; k++)
         r.f[first + k] = plane[0] * u[k] + plane[1] * v[k] + plane[3];
   }
   return finish(ctx, op, &r, lanes);
}

BY_LANES(pln)

static inline ALWAYS_INLINE enum eu_step
cmp_lanes(struct eu_context *ctx, const struct eu_op *op, unsigned lanes)
{
   union vec room[2], r;
   const union vec *a = fetch(ctx, op, 0, &room[0], lanes);
   const union vec *b = fetch(ctx, op, 1, &room[1], lanes);
   enum eu_type type = op->exec_type == EU_EXEC_F ? EU_TYPE_F : op->src[0].type;
   uint32_t bits = compare(op->inst.cond, type, a, b, lanes);
   uint32_t mask = write_mask(ctx->thread, op);

   eu_write_flags(ctx->thread, op, bits, mask);
   if (op->dst.kind != EU_ACCESS_NULL) {
      for (unsigned first = 0; first < lanes; first += N) {
         for (unsigned k = 0; k < N; k++)
            r.u[first + k] = bits >> first & lane_bit[k] ? ~0u : 0;
      }
      store(ctx, op, &r, mask, lanes);
   }
   return EU_STEP_NEXT;
}

BY_LANES(cmp)

static inline ALWAYS_INLINE enum eu_step
sel_lanes(struct eu_context *ctx, const struct eu_op *op, unsigned lanes)
{
   union vec room[2], r;
   const union vec *a = fetch(ctx, op, 0, &room[0], lanes);
   const union vec *b = fetch(ctx, op, 1, &room[1], lanes);
   uint32_t bits = eu_pred_mask(ctx->thread, op);

   for (unsigned first = 0; first < lanes; first += N) {
      for (unsigned k = 0; k < N; k++)
         r.u[first + k] = bits >> first & lane_bit[k] ? a->u[first + k] : b->u[first + k];
   }
   store(ctx, op, &r, exec_mask(ctx->thread, op) & op->writemask, lanes);
   return EU_STEP_NEXT;
}

BY_LANES(sel)

/* Minimum and maximum: a number rather than a NaN. */
static inline ALWAYS_INLINE enum eu_step
min_max_lanes(struct eu_context *ctx, const struct eu_op *op, unsigned lanes)
{
   union vec room[2], r;
   const union vec *a = fetch(ctx, op, 0, &room[0], lanes);
   const union vec *b = fetch(ctx, op, 1, &room[1], lanes);

   if (eu_alt_mode(ctx))
      return eu_alu_select(op)(ctx, op);
   if (op->inst.cond == EU_COND_L) {
      EACH_LANE({
         float x = eu_flush(a->f[k]);
         float y = eu_flush(b->f[k]);
         r.f[k] = x < y || y != y ? x : y;
      })
   } else {
      EACH_LANE({
         float x = eu_flush(a->f[k]);
         float y = eu_flush(b->f[k]);
         r.f[k] = x >= y || y != y ? x : y;
      })
   }
   if (op->inst.saturate)
      saturate(&r, lanes);
   store(ctx, op, &r, exec_mask(ctx->thread, op) & op->writemask, lanes);
   return EU_STEP_NEXT;
}

BY_LANES(min_max)

/* ---------------------------------------------------------------- selection */

static eu_exec_fn
select_mov(const struct eu_op *op)
{
   enum eu_type from = op->src[0].type, to = op->dst.type;
   const struct eu_operand *o = &op->inst.src[0];
   bool moved_only = !o->negate && !o->abs && !op->inst.saturate && !op->inst.cond;

   if (from == EU_TYPE_VF)
      from = EU_TYPE_F;
   if (op->exec_type == EU_EXEC_F) {
      if (from != EU_TYPE_F)
         return NULL;
      if (to == EU_TYPE_F)
         return moved_only ? fast_mov : fast_mov_flush;
      return to == EU_TYPE_D && !op->inst.saturate ? fast_mov_f_to_d : NULL;
   }
   if (to != EU_TYPE_F)
      return fast_mov; /* DWords and immediates have the same low bits */
   if (o->negate || o->abs)
      return NULL; /* more than 32 bits */
   return from == EU_TYPE_UD ? fast_mov_ud_to_f : fast_mov_d_to_f;
}

static eu_exec_fn
select_float(const struct eu_op *op)
{
   if (op->dst.type != EU_TYPE_F)
      return NULL;
   for (unsigned i = 0; i < op->inst.num_srcs; i++) {
      if (!eu_type_is_float(op->src[i].type))
         return NULL;
   }
   switch (op->inst.opcode) {
   case EU_OP_ADD:
      return fast_add;
   case EU_OP_MUL:
      return fast_mul;
   case EU_OP_MAD:
      return fast_mad;
   case EU_OP_RNDU:
      return fast_rndu;
   case EU_OP_RNDD:
      return fast_rndd;
   case EU_OP_RNDE:
      return fast_rnde;
   case EU_OP_RNDZ:
      return fast_rndz;
   default:
      return NULL;
   }
}

static eu_exec_fn
select_int(const struct eu_op *op)
{
   const struct eu_access *b = &op->src[1];

   if (eu_type_is_float(op->dst.type))
      return NULL;
   switch (op->inst.opcode) {
   case EU_OP_ADD:
      return fast_add_int;
   case EU_OP_AND:
      return fast_and;
   case EU_OP_OR:
      return fast_or;
   case EU_OP_XOR:
      return fast_xor;
   case EU_OP_NOT:
      return fast_not;
   case EU_OP_SHL:
      return fast_shl;
   case EU_OP_SHR:
      return fast_shr;
   case EU_OP_ASR:
      /* The negative of the least number is positive in more than 32 bits. */
      return op->src[0].type == EU_TYPE_D && !op->src[0].negate && !op->src[0].abs ? fast_asr
                                                                                  : NULL;
   case EU_OP_MUL:
      return eu_type_size(b->type) == 4 ? fast_mul_low_word : fast_mul_word;
   default:
      return NULL;
   }
}

static eu_exec_fn
select_sel(const struct eu_op *op)
{
   enum eu_type type = op->dst.type;

   for (unsigned i = 0; i < 2; i++) {
      const struct eu_access *a = &op->src[i];
      if (eu_type_is_float(a->type) != (type == EU_TYPE_F))
         return NULL;
   }
   if (!op->inst.cond) /* with a saturation there is more to do than to choose */
      return op->inst.saturate ? NULL : fast_sel;
   if (type != EU_TYPE_F || op->inst.pred)
      return NULL;
   return op->inst.cond == EU_COND_L || op->inst.cond == EU_COND_GE ? fast_min_max : NULL;
}

static eu_exec_fn
select_cmp(const struct eu_op *op)
{
   if (op->inst.opcode != EU_OP_CMP || op->inst.cond == EU_COND_NONE ||
       op->inst.cond > EU_COND_LE)
      return NULL;
   for (unsigned i = 0; i < 2; i++) {
      const struct eu_access *a = &op->src[i];
      if (op->exec_type == EU_EXEC_F) {
         if (!eu_type_is_float(a->type))
            return NULL;
      } else if (a->type != op->src[0].type || a->negate || a->abs ||
                 eu_type_size(a->type) != 4) {
         return NULL; /* signs differ, or a value of 33 bits */
      }
   }
   return fast_cmp;
}

static eu_exec_fn
select_pln(const struct eu_op *op)
{
   /* The general path knows which encodings of it there are. */
   if (op->lanes < 8 || !eu_alu_select(op) || op->dst.type != EU_TYPE_F)
      return NULL;
   for (unsigned i = 0; i < 2; i++) {
      if (op->src[i].negate || op->src[i].abs)
         return NULL;
   }
   return fast_pln;
}

eu_exec_fn
eu_fast_select(const struct eu_op *op)
{
   const struct eu_inst *inst = &op->inst;

   if (op->lanes > 16 || op->exec_type == EU_EXEC_DF || inst->acc_wr ||
       inst->opcode == EU_OP_MATH)
      return NULL;
   if (op->dst.kind != EU_ACCESS_CONTIG && op->dst.kind != EU_ACCESS_NULL)
      return NULL;
   if (eu_type_size(op->dst.type) != 4)
      return NULL;
   if (inst->cond > EU_COND_LE || (inst->saturate && op->dst.type != EU_TYPE_F))
      return NULL;
   if (inst->opcode == EU_OP_PLN)
      return select_pln(op);
   for (unsigned i = 0; i < inst->num_srcs; i++) {
      if (!fast_source(op, i))
         return NULL;
   }
   switch (inst->opcode) {
   case EU_OP_MOV:
      return select_mov(op);
   case EU_OP_SEL:
      return select_sel(op);
   case EU_OP_CMP:
   case EU_OP_CMPN:
      return select_cmp(op);
   default:
      return op->exec_type == EU_EXEC_F ? select_float(op) : select_int(op);
   }
}
