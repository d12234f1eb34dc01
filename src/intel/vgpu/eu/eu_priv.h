/*
 * SPDX-License-Identifier: MIT
 *
 * What the files of the execution unit share: the opcode table and the executable form of a
 * program.
 */

#ifndef EU_PRIV_H
#define EU_PRIV_H

#include <string.h>

#include "eu.h"

#define EU_LANES EU_MAX_CHANNELS

/* ---------------------------------------------------------------- opcode table */

enum eu_opcode_flag {
   EU_OPF_BRANCH = 1 << 0,  /* operand fields hold jump offsets; they are not checked */
   EU_OPF_JIP = 1 << 1,     /* has JIP */
   EU_OPF_UIP = 1 << 2,     /* has UIP too */
   EU_OPF_INT = 1 << 3,     /* integer sources only */
   EU_OPF_FLOAT = 1 << 4,   /* float sources only */
   EU_OPF_NO_MOD = 1 << 5,  /* takes no conditional modifier */
   EU_OPF_ACC_SRC = 1 << 6, /* reads the accumulator implicitly */
   EU_OPF_ACC_DST = 1 << 7, /* always writes the accumulator */
   EU_OPF_SEND = 1 << 8,
   EU_OPF_GROUP4 = 1 << 9, /* works on groups of four channels */
};

struct eu_opcode_info {
   const char *name;
   uint8_t num_srcs;
   uint8_t has_dst;
   uint16_t flags;
};

extern const struct eu_opcode_info eu_opcode_table[128];

static inline const struct eu_opcode_info *
eu_opcode_info(enum eu_opcode opcode)
{
   return &eu_opcode_table[opcode & 127];
}

/** Bytes of an element; 0 for EU_TYPE_INVALID. Packed immediates count as what they expand to. */
static inline unsigned
eu_type_size(enum eu_type type)
{
   static const uint8_t size[] = {
      [EU_TYPE_UD] = 4, [EU_TYPE_D] = 4,  [EU_TYPE_UW] = 2, [EU_TYPE_W] = 2,
      [EU_TYPE_UB] = 1, [EU_TYPE_B] = 1,  [EU_TYPE_DF] = 8, [EU_TYPE_F] = 4,
      [EU_TYPE_UV] = 2, [EU_TYPE_VF] = 4, [EU_TYPE_V] = 2,  [EU_TYPE_INVALID] = 0,
   };
   return size[type];
}

static inline bool
eu_type_is_float(enum eu_type type)
{
   return type == EU_TYPE_F || type == EU_TYPE_VF || type == EU_TYPE_DF;
}

/* The value of one element of a packed float immediate: sign, 3 bits exponent, 4 mantissa. */
float eu_vf_to_float(uint8_t vf);

/* ---------------------------------------------------------------- executable form */

/** In what the instruction computes. */
enum eu_exec_type {
   EU_EXEC_INT,
   EU_EXEC_F,
   EU_EXEC_DF,
};

/* The values of all channels of one operand, in the execution type. Integers are exact. */
union eu_lanes {
   float f[EU_LANES];
   double df[EU_LANES];
   int64_t i[EU_LANES];
} __attribute__((aligned(32)));

enum eu_access_kind {
   EU_ACCESS_NULL,     /* reads as zero, swallows writes */
   EU_ACCESS_SCALAR,   /* one GRF element for all channels, at offset[0] */
   EU_ACCESS_CONTIG,   /* GRF elements side by side from offset[0] */
   EU_ACCESS_GRF,      /* GRF elements at offset[channel] */
   EU_ACCESS_INDIRECT, /* addressed by a0 */
   EU_ACCESS_ACC,      /* accumulator elements at offset[channel] */
   EU_ACCESS_ARF,      /* another architecture register, at offset[channel] */
   EU_ACCESS_IMM,      /* lanes are in imm */
};

/* An operand whose region is worked out. */
struct eu_access {
   enum eu_access_kind kind;
   enum eu_type type;
   bool negate, abs;
   union {
      uint16_t offset[EU_LANES]; /* bytes: into the GRF, the ARF register, or from the address */
      union {
         float f[16];
         int32_t i[16];
      } imm; /* EU_ACCESS_IMM; beyond sixteen lanes they repeat */
   };
};

struct eu_op;
struct eu_program;

/* How an operation ended. */
enum eu_step {
   EU_STEP_NEXT,  /* go on to the following instruction */
   EU_STEP_JUMP,  /* thread->ip was set */
   EU_STEP_EOT,
   EU_STEP_WAIT,
   EU_STEP_FAULT, /* thread->fault was set */
};

struct eu_context {
   struct eu_thread *thread;
   const struct eu_program *program;
   const struct eu_env *env;
   uint32_t host_fp; /* the host's floating-point environment, while ours is in place */
};

/** The register file as bytes, as regions address it. */
static inline uint8_t *
eu_grf_bytes(struct eu_thread *thread)
{
   return (uint8_t *)thread->grf;
}

/** acc0 and acc1 as bytes. */
static inline uint8_t *
eu_acc_bytes(struct eu_thread *thread)
{
   return (uint8_t *)thread->acc;
}

typedef enum eu_step (*eu_exec_fn)(struct eu_context *ctx, const struct eu_op *op);

/*
 * One executable instruction. This is what an interpreter runs from and a compiler would
 * translate: everything that depends on the encoding alone is worked out here.
 */
struct eu_op {
   eu_exec_fn exec;
   uint32_t ip;     /* of this instruction, in EU_IP_UNIT_BYTES from the entry */
   uint32_t next;   /* of the one behind it */
   int32_t next_op; /* index of the op behind, -1 if it was not decoded */
   bool is_join;    /* a branch leads here: waiting channels may wake */
   uint8_t lanes;   /* channels that the instruction computes: exec_size, half of it for DF */
   uint8_t stride;  /* elements of a region per channel: 1, 2 for DF */
   enum eu_exec_type exec_type;
   uint32_t lane_mask;   /* the low `lanes` bits */
   uint32_t writemask;   /* Align16: channels that the destination's write mask allows */
   struct eu_access src[3], dst;
   struct eu_inst inst;
   char *reason; /* why the instruction is invalid, NULL if it is valid */
};

/* Registers side by side. */
struct eu_reg_range {
   uint8_t first, count;
};
#define EU_MAX_WRITTEN 8

struct eu_program {
   struct eu_reg_range written[EU_MAX_WRITTEN]; /* all that a thread may have written */
   unsigned num_written;
   bool plain; /* nothing changes of a thread but registers, IP and count */
   uint32_t base_ip;
   uint32_t num_units; /* size of the map */
   uint32_t extent;    /* in EU_IP_UNIT_BYTES */
   unsigned num_ops, max_ops;
   struct eu_op *ops;
   int32_t *map; /* op index by address in EU_IP_UNIT_BYTES, -1 where none starts */
};

/** The op at an address, NULL if none was decoded there. */
static inline const struct eu_op *
eu_program_op(const struct eu_program *program, uint32_t ip)
{
   if (ip >= program->num_units || program->map[ip] < 0)
      return NULL;
   return &program->ops[program->map[ip]];
}

/* eu_resolve.c */
/** Works out the executable form of op->inst. \return false with a reason if that is invalid */
bool eu_resolve(struct eu_op *op, char *reason);

/* eu_region.c */
/** Reads a source in the execution type, modifiers applied. */
bool eu_load(struct eu_context *ctx, const struct eu_op *op, unsigned src, union eu_lanes *out);
/** Byte addresses in the GRF of an indirect operand's elements. */
bool eu_indirect(struct eu_context *ctx, const struct eu_op *op, const struct eu_access *access,
                 const struct eu_operand *operand, uint16_t offset[EU_LANES]);
/** Writes values that have the destination's type already: f, df, or i with any upper bits. */
bool eu_store(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *values,
              uint32_t mask);

/* eu_acc.c */
/** Reads or writes the accumulator as the instruction's implicit operand. */
bool eu_load_acc(struct eu_context *ctx, const struct eu_op *op, union eu_lanes *out);
bool eu_store_acc(struct eu_context *ctx, const struct eu_op *op, const union eu_lanes *values,
                  uint32_t mask);
/** Elements of an explicit accumulator operand. */
bool eu_acc_read(struct eu_thread *thread, const struct eu_access *access, unsigned lane,
                 int64_t *value);
bool eu_acc_write(struct eu_thread *thread, const struct eu_access *access, unsigned lane,
                  int64_t value);

/* eu_finish.c */
/**
 * The end of every computing instruction: converts and saturates \p result, updates flags and
 * accumulator, stores.
 */
enum eu_step eu_finish(struct eu_context *ctx, const struct eu_op *op,
                       const union eu_lanes *result);
/** The same for a comparison, whose result is a bit per channel. */
enum eu_step eu_finish_compare(struct eu_context *ctx, const struct eu_op *op, uint32_t bits);
/** Bits of the channels for which a condition on two values holds. */
uint32_t eu_compare(const struct eu_op *op, enum eu_cond cond, const union eu_lanes *a,
                    const union eu_lanes *b, bool nan_in_b_counts);

/* eu_mask.c */
/** Channels that are enabled for an instruction, bit 0 its first channel. */
uint32_t eu_exec_mask(const struct eu_thread *thread, const struct eu_op *op);
/** The predicate of each channel, all ones without predication. */
uint32_t eu_pred_mask(const struct eu_thread *thread, const struct eu_op *op);
/** Puts the bits of \p flags into the flag register, for the channels in \p mask. */
void eu_write_flags(struct eu_thread *thread, const struct eu_op *op, uint32_t flags,
                    uint32_t mask);

/* eu_alu.c, eu_int.c, eu_math.c, eu_flow.c, eu_send.c, eu_fast.c: NULL if not theirs */
eu_exec_fn eu_alu_select(const struct eu_op *op);
eu_exec_fn eu_int_select(const struct eu_op *op);
eu_exec_fn eu_math_select(const struct eu_op *op);
eu_exec_fn eu_flow_select(const struct eu_op *op);
eu_exec_fn eu_send_select(const struct eu_op *op);
eu_exec_fn eu_fast_select(const struct eu_op *op);
#if defined(__x86_64__)
/* The same for processors with AVX2. */
eu_exec_fn eu_fast_select_avx2(const struct eu_op *op);
#endif

/** Enables the waiting channels whose IP is \p ip. */
void eu_flow_wake(struct eu_thread *thread, uint32_t ip);

/* eu_fp.c */
/** Puts the thread's floating-point controls in place. \return what to give to eu_fp_leave() */
uint32_t eu_fp_enter(const struct eu_thread *thread);
void eu_fp_leave(uint32_t host);
/** Denormals kept, as cr0.0 asks for double precision. */
void eu_fp_keep_denormals(void);
/** Host defaults but for denormals, to call the C library's functions. */
void eu_fp_nearest(void);

static inline bool
eu_alt_mode(const struct eu_context *ctx)
{
   return ctx->thread->cr0[0] & EU_CR0_ALT_MODE;
}

/* What single precision makes of an operand or a result: no denormals. */
static inline float
eu_flush(float x)
{
   return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0.0f, x) : x;
}

/* Round and fraction functions for one float; the vectorisable building blocks. */
static inline float
eu_trunc(float x)
{
   /* From 2^23 on every float is an integer; the conversion would overflow further on. */
   float magnitude = __builtin_fabsf(x);
   float t = (float)(int32_t)(magnitude < 8388608.0f ? x : 0.0f);
   return magnitude < 8388608.0f ? __builtin_copysignf(t, x) : x;
}

static inline float
eu_floor(float x)
{
   float t = eu_trunc(x);
   return t > x ? t - 1.0f : t;
}

static inline float
eu_ceil(float x)
{
   float t = eu_trunc(x);
   return __builtin_copysignf(t < x ? t + 1.0f : t, x);
}

static inline float
eu_round_even(float x)
{
   float t = eu_trunc(x);
   float rest = __builtin_fabsf(x - t);
   float away = t + __builtin_copysignf(1.0f, x);
   /* Halfway: to the even neighbour. Within 2^23 both fit an int32. */
   bool odd = __builtin_fabsf(t) < 8388608.0f && ((int32_t)t & 1);
   return rest > 0.5f || (rest == 0.5f && odd) ? away : t;
}

#endif
