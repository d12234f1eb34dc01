/*
 * SPDX-License-Identifier: MIT
 *
 * The execution unit of Gen7 (Ivybridge): decoder, disassembler and interpreter.
 *
 * Self-contained: the embedder brings the kernel's bytes, the initial registers of a thread and
 * one callback per shared function; the library does the rest and knows no memory, no surface
 * and no device. Names are those of the PRM (Ivybridge, Volume 4 Part 3).
 *
 * Threads of the host: a struct eu_program is immutable once made and can be shared; a struct
 * eu_thread belongs to one host thread at a time. Nothing here keeps global state.
 */

#ifndef EU_H
#define EU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EU_GRF_COUNT 128
#define EU_REG_BYTES 32
#define EU_GRF_BYTES (EU_GRF_COUNT * EU_REG_BYTES)
#define EU_MAX_CHANNELS 32
/** JIP, UIP and instruction addresses count in these: the size of a compacted instruction. */
#define EU_IP_UNIT_BYTES 8

/* ---------------------------------------------------------------- instructions */

/** Opcodes as the hardware encodes them, bits 6:0. */
enum eu_opcode {
   EU_OP_ILLEGAL = 0x00,
   EU_OP_MOV = 0x01,
   EU_OP_SEL = 0x02,
   EU_OP_NOT = 0x04,
   EU_OP_AND = 0x05,
   EU_OP_OR = 0x06,
   EU_OP_XOR = 0x07,
   EU_OP_SHR = 0x08,
   EU_OP_SHL = 0x09,
   EU_OP_ASR = 0x0c,
   EU_OP_CMP = 0x10,
   EU_OP_CMPN = 0x11,
   EU_OP_F32TO16 = 0x13,
   EU_OP_F16TO32 = 0x14,
   EU_OP_BFREV = 0x17,
   EU_OP_BFE = 0x18,
   EU_OP_BFI1 = 0x19,
   EU_OP_BFI2 = 0x1a,
   EU_OP_JMPI = 0x20,
   EU_OP_BRD = 0x21,
   EU_OP_IF = 0x22,
   EU_OP_BRC = 0x23,
   EU_OP_ELSE = 0x24,
   EU_OP_ENDIF = 0x25,
   EU_OP_WHILE = 0x27,
   EU_OP_BREAK = 0x28,
   EU_OP_CONT = 0x29,
   EU_OP_HALT = 0x2a,
   EU_OP_CALL = 0x2c,
   EU_OP_RET = 0x2d,
   EU_OP_WAIT = 0x30,
   EU_OP_SEND = 0x31,
   EU_OP_SENDC = 0x32,
   EU_OP_MATH = 0x38,
   EU_OP_ADD = 0x40,
   EU_OP_MUL = 0x41,
   EU_OP_AVG = 0x42,
   EU_OP_FRC = 0x43,
   EU_OP_RNDU = 0x44,
   EU_OP_RNDD = 0x45,
   EU_OP_RNDE = 0x46,
   EU_OP_RNDZ = 0x47,
   EU_OP_MAC = 0x48,
   EU_OP_MACH = 0x49,
   EU_OP_LZD = 0x4a,
   EU_OP_FBH = 0x4b,
   EU_OP_FBL = 0x4c,
   EU_OP_CBIT = 0x4d,
   EU_OP_ADDC = 0x4e,
   EU_OP_SUBB = 0x4f,
   EU_OP_SAD2 = 0x50,
   EU_OP_SADA2 = 0x51,
   EU_OP_DP4 = 0x54,
   EU_OP_DPH = 0x55,
   EU_OP_DP3 = 0x56,
   EU_OP_DP2 = 0x57,
   EU_OP_LINE = 0x59,
   EU_OP_PLN = 0x5a,
   EU_OP_MAD = 0x5b,
   EU_OP_LRP = 0x5c,
   EU_OP_NOP = 0x7e,
};

enum eu_type {
   EU_TYPE_UD,
   EU_TYPE_D,
   EU_TYPE_UW,
   EU_TYPE_W,
   EU_TYPE_UB,
   EU_TYPE_B,
   EU_TYPE_DF,
   EU_TYPE_F,
   EU_TYPE_UV, /**< immediates only: eight 4-bit unsigned integers */
   EU_TYPE_VF, /**< immediates only: four 8-bit floats */
   EU_TYPE_V,  /**< immediates only: eight 4-bit signed integers */
   EU_TYPE_INVALID,
};

/** Register files as encoded; 2 (the message registers) does not exist on Gen7. */
enum eu_file {
   EU_FILE_ARF = 0,
   EU_FILE_GRF = 1,
   EU_FILE_MRF = 2,
   EU_FILE_IMM = 3,
};

/** Architecture registers: the upper four bits of the register number. */
enum eu_arf {
   EU_ARF_NULL = 0x00,
   EU_ARF_ADDRESS = 0x10,
   EU_ARF_ACCUMULATOR = 0x20,
   EU_ARF_FLAG = 0x30,
   EU_ARF_MASK = 0x40,
   EU_ARF_STATE = 0x70,
   EU_ARF_CONTROL = 0x80,
   EU_ARF_NOTIFICATION = 0x90,
   EU_ARF_IP = 0xa0,
   EU_ARF_TDR = 0xb0,
   EU_ARF_TIMESTAMP = 0xc0,
};

enum eu_cond {
   EU_COND_NONE = 0,
   EU_COND_Z = 1,
   EU_COND_NZ = 2,
   EU_COND_G = 3,
   EU_COND_GE = 4,
   EU_COND_L = 5,
   EU_COND_LE = 6,
   EU_COND_O = 8,
   EU_COND_U = 9,
};

/** Predicate control; values 2 to 7 differ between the access modes. */
enum eu_pred {
   EU_PRED_NONE = 0,
   EU_PRED_NORMAL = 1,
   EU_PRED_ANYV = 2,
   EU_PRED_ALLV = 3,
   EU_PRED_ANY2H = 4,
   EU_PRED_ALL2H = 5,
   EU_PRED_ANY4H = 6,
   EU_PRED_ALL4H = 7,
   EU_PRED_ANY8H = 8,
   EU_PRED_ALL8H = 9,
   EU_PRED_ANY16H = 10,
   EU_PRED_ALL16H = 11,
   EU_PRED_ANY32H = 12,
   EU_PRED_ALL32H = 13,
   EU_PRED_A16_X = 2,
   EU_PRED_A16_Y = 3,
   EU_PRED_A16_Z = 4,
   EU_PRED_A16_W = 5,
};

enum eu_math_function {
   EU_MATH_INV = 1,
   EU_MATH_LOG = 2,
   EU_MATH_EXP = 3,
   EU_MATH_SQRT = 4,
   EU_MATH_RSQ = 5,
   EU_MATH_SIN = 6,
   EU_MATH_COS = 7,
   EU_MATH_FDIV = 9,
   EU_MATH_POW = 10,
   EU_MATH_INT_DIV_BOTH = 11,
   EU_MATH_INT_DIV_QUOTIENT = 12,
   EU_MATH_INT_DIV_REMAINDER = 13,
};

/** Shared functions that a message can go to. */
enum eu_sfid {
   EU_SFID_NULL = 0,
   EU_SFID_SAMPLER = 2,
   EU_SFID_GATEWAY = 3,
   EU_SFID_DP_SAMPLER_CACHE = 4,
   EU_SFID_DP_RENDER_CACHE = 5,
   EU_SFID_URB = 6,
   EU_SFID_THREAD_SPAWNER = 7,
   EU_SFID_VME = 8,
   EU_SFID_DP_CONSTANT_CACHE = 9,
   EU_SFID_DP_DATA_CACHE = 10,
   EU_SFID_PIXEL_INTERPOLATOR = 11,
   EU_NUM_SFIDS = 16,
};

/** A vertical stride that takes one address register per row (VxH) or per channel (Vx1). */
#define EU_VSTRIDE_VXH 0xff

struct eu_operand {
   enum eu_file file;
   enum eu_type type;
   bool negate, abs;
   bool indirect;
   uint8_t nr;      /**< register number; for the ARF the encoded one, e.g. 0x30 for f0 */
   uint8_t subnr;   /**< byte offset into the register */
   uint8_t vstride; /**< elements, or EU_VSTRIDE_VXH */
   uint8_t width;   /**< elements; sources of Align1 */
   uint8_t hstride; /**< elements */
   uint8_t swizzle;   /**< Align16 sources: two bits per channel, x lowest */
   uint8_t writemask; /**< Align16 destinations: one bit per channel, x lowest */
   bool rep_ctrl;     /**< sources of three-source instructions: one channel for all */
   uint8_t addr_subnr; /**< indirect: subregister of a0, in words */
   int16_t addr_imm;   /**< indirect: signed byte offset added to the address */
   uint32_t imm;       /**< immediates: the DWord as encoded */
};

/** One instruction, decoded. */
struct eu_inst {
   enum eu_opcode opcode;
   uint8_t exec_size; /**< channels as encoded: 1 to 32 */
   enum eu_pred pred;
   bool pred_inverse;
   enum eu_cond cond; /**< not for math and send, whose encoding has other things there */
   bool saturate;
   bool align16;
   bool no_mask; /**< MaskCtrl: write all channels */
   uint8_t group; /**< first channel of the execution mask: quarter and nibble control */
   uint8_t qtr_control, nib_control; /**< as encoded */
   uint8_t flag_nr, flag_subnr;
   bool acc_wr;
   bool no_dd_clear, no_dd_check;
   uint8_t thread_control; /**< 0 normal, 1 atomic, 2 switch */
   bool breakpoint;
   bool compacted;
   uint8_t num_srcs;
   bool has_dst;

   enum eu_math_function math; /**< math */
   enum eu_sfid sfid;          /**< send, sendc */
   bool eot;                   /**< send, sendc */
   int32_t jip, uip;           /**< branches: signed, in EU_IP_UNIT_BYTES, from this instruction */

   struct eu_operand dst, src[3];
};

#define EU_REASON_BYTES 96

/**
 * Decodes the instruction at \p code. Any bytes give either an instruction or a reason.
 *
 * \param size_bytes  how many bytes can be read at \p code
 * \param out         the instruction; on failure what could be decoded of it
 * \param reason      gets a sentence on failure, EU_REASON_BYTES long; may be NULL
 * \return the instruction's size, 8 or 16 bytes, or 0 if it is invalid
 */
unsigned eu_decode(const void *code, size_t size_bytes, struct eu_inst *out, char *reason);

/** Expands a compacted instruction into the native form it stands for; always succeeds. */
void eu_uncompact(uint64_t compacted, uint64_t native[2]);

/**
 * Compacts a native instruction. \return false if no compacted form has exactly its meaning
 */
bool eu_compact(const uint64_t native[2], uint64_t *compacted);

/**
 * Writes one instruction as text, on one line without a line feed, in the notation of
 * intel-gen4disasm.
 * \return the length that the text has (as snprintf)
 */
int eu_disasm(const struct eu_inst *inst, char *text, size_t size_bytes);

/** The mnemonic of an opcode, NULL for one that Gen7 does not have. */
const char *eu_opcode_name(unsigned opcode);

/* ---------------------------------------------------------------- support matrix */

enum eu_support {
   EU_SUPPORT_DONE,
   EU_SUPPORT_FAULTS, /**< decodes, and faults by name when executed */
};

struct eu_matrix_entry {
   const char *name; /**< opcode, or "math." and the function's name */
   uint8_t opcode;
   enum eu_support support;
   const char *note; /**< what is not modelled of it; NULL if nothing is known */
};

/** Every opcode and math function of Gen7 with its state. */
const struct eu_matrix_entry *eu_matrix(size_t *count);

/* ---------------------------------------------------------------- programs */

struct eu_program;

/**
 * Decodes a kernel, following its control flow from the entry. An invalid instruction is no
 * error here: the thread that reaches it faults with the reason.
 *
 * \param code         the kernel's first instruction; copied as far as needed
 * \param size_bytes   how many bytes can be read at \p code: as far as the memory behind the
 *                     kernel start pointer goes, at most EU_MAX_PROGRAM_BYTES are used
 * \param base_ip      value of the IP register at the first instruction, in bytes (the kernel
 *                     start pointer)
 * \return 0, -EINVAL (no bytes, misaligned base) or -ENOMEM
 */
int eu_program_create(const void *code, size_t size_bytes, uint32_t base_ip,
                      struct eu_program **out);
void eu_program_destroy(struct eu_program *program);

#define EU_MAX_PROGRAM_BYTES (1u << 19)

/** How many bytes from the entry the decoded instructions span. */
uint32_t eu_program_extent(const struct eu_program *program);

/**
 * Calls visit() for each message that a program can send, in no order, as long as that returns
 * true. \param desc  the descriptor, NULL if it is known at run time only
 * \return whether all calls returned true
 */
bool eu_program_messages(const struct eu_program *program,
                         bool (*visit)(void *data, enum eu_sfid sfid, const uint32_t *desc),
                         void *data);

/** How many instructions were decoded. */
unsigned eu_program_num_insts(const struct eu_program *program);

/**
 * The n-th decoded instruction in the order of addresses.
 * \param offset_bytes  gets its place from the entry; may be NULL
 * \param reason        gets why it is invalid, or NULL if it is valid; may be NULL
 */
const struct eu_inst *eu_program_inst(const struct eu_program *program, unsigned n,
                                      uint32_t *offset_bytes, const char **reason);

/* ---------------------------------------------------------------- threads */

enum eu_status {
   EU_STATUS_EOT,    /**< the thread ended */
   EU_STATUS_FAULT,  /**< eu_thread::fault says why */
   EU_STATUS_BUDGET, /**< the instruction budget is used up; can be run on */
   EU_STATUS_WAIT,   /**< waits for a notification; run on after raising eu_thread::n0 */
};

/** Bits of cr0.0. */
enum {
   EU_CR0_ALT_MODE = 1 << 0, /**< single precision: alternative instead of IEEE floating point */
   EU_CR0_SPF = 1 << 2,      /**< single program flow */
   EU_CR0_ROUND_SHIFT = 4,   /**< two bits: nearest even, up, down, towards zero */
   EU_CR0_DF_DENORM = 1 << 6, /**< keep double precision denormals */
};

struct eu_fault {
   uint32_t ip; /**< of the instruction, in bytes, base_ip included */
   char text[192];
};

/**
 * The architecture state of a thread. The embedder clears it by eu_thread_init(), fills in the
 * payload in grf and what else the thread starts with, and runs it.
 */
struct eu_thread {
   /* As malloc() aligns; whoever runs many threads takes memory that is aligned to registers. */
   uint8_t grf[EU_GRF_COUNT][EU_REG_BYTES] __attribute__((aligned(16)));

   /* acc0 and acc1 as they read; acc1 exists for F only. */
   uint8_t acc[2][EU_REG_BYTES] __attribute__((aligned(16)));
   /* What an integer accumulator has beyond what reads: bits 63:32 by DWord, 32:16 by Word. */
   int32_t acc_high_dw[8];
   int32_t acc_high_w[16];

   uint32_t flag[2]; /* f0 and f1; .1 is the upper half */
   uint16_t a0[8];
   uint32_t sr0[4];
   uint32_t cr0[4];
   uint32_t n0[4];
   uint32_t tdr0[4];
   uint64_t instructions; /* executed since eu_thread_init(); the time that tm0 shows */

   uint32_t dispatch_mask;  /* channels that the thread was dispatched with */
   uint32_t channel_enable; /* channels whose IP is the thread's IP */
   uint32_t waiting;        /* dispatched channels that are elsewhere: channel_ip says where */
   uint32_t channel_ip[EU_MAX_CHANNELS]; /* in EU_IP_UNIT_BYTES from the entry */
   uint32_t ip;                          /* in EU_IP_UNIT_BYTES from the entry */

   struct eu_fault fault;
   void *user; /* the embedder's */
};

/** A message as the shared function sees it. */
struct eu_message {
   enum eu_sfid sfid;
   uint32_t desc;   /**< the whole descriptor */
   uint8_t mlen;    /**< registers of payload */
   uint8_t rlen;    /**< registers of response */
   bool header;     /**< the payload starts with a header register */
   bool eot;        /**< the thread ends with this message */
   uint32_t function_control; /**< descriptor bits 18:0 */

   /** mlen registers. It does not change while the response is written. */
   const uint8_t (*payload)[EU_REG_BYTES];
   /** rlen registers of the thread, NULL without response; what is not written stays as it is. */
   uint8_t (*response)[EU_REG_BYTES];
   uint8_t payload_nr, response_nr; /**< the registers' numbers in the thread */

   uint8_t exec_size;
   uint8_t group;          /**< first channel that the instruction works on */
   uint32_t exec_mask;     /**< enabled channels; bit 0 is channel `group` */
   uint32_t dispatch_mask; /**< dispatched channels; bit 0 is channel `group` */
   struct eu_thread *thread;
};

/**
 * A shared function. Runs in the host's own floating-point environment.
 * \return true, or false after eu_thread_fault() said what is not modelled
 */
typedef bool (*eu_send_fn)(void *opaque, const struct eu_message *msg);

struct eu_env {
   eu_send_fn send[EU_NUM_SFIDS]; /**< NULL: a message there faults by name */
   void *opaque;                  /**< handed to the callbacks */
   /**
    * A bit for each SFID whose callback computes nothing in floating point: it may then run in the
    * thread's floating-point environment.
    */
   uint32_t no_float;
};

/** Clears a thread and enables the channels of \p dispatch_mask. */
void eu_thread_init(struct eu_thread *thread, uint32_t dispatch_mask);

/**
 * The same, but faster, for a thread that after eu_thread_init() has run nothing but \p program.
 * \param payload  registers, from the first on, that the embedder had filled in
 */
void eu_thread_restart(struct eu_thread *thread, const struct eu_program *program,
                       unsigned payload, uint32_t dispatch_mask);

/**
 * Runs a thread until it ends, faults, waits or has executed \p budget instructions.
 * A thread that is run on must be given the same program.
 */
enum eu_status eu_thread_run(struct eu_thread *thread, const struct eu_program *program,
                             const struct eu_env *env, uint64_t budget);

/** Sets the fault of a thread, unless it has one already. Always returns false. */
bool eu_thread_fault(struct eu_thread *thread, const char *format, ...)
   __attribute__((format(printf, 2, 3)));

/** "sampler", "render cache" ... for any SFID. */
const char *eu_sfid_name(enum eu_sfid sfid);

#ifdef __cplusplus
}
#endif

#endif
