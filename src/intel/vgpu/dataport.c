/*
 * SPDX-License-Identifier: MIT
 *
 * Messages that access buffers and scratch space: OWord blocks, scattered DWords and bytes,
 * untyped surfaces, fences.
 */

#include "dataport.h"

#include <string.h>

#include "dataport_priv.h"
#include "vgpu_engine.h"

#define OWORD_BYTES 16u

/* Message types of the data cache; the sampler and constant caches have the first four. */
enum {
   DC_OWORD_BLOCK_READ = 0,
   DC_UNALIGNED_OWORD_BLOCK_READ = 1,
   DC_OWORD_DUAL_BLOCK_READ = 2,
   DC_DWORD_SCATTERED_READ = 3,
   DC_BYTE_SCATTERED_READ = 4,
   DC_UNTYPED_SURFACE_READ = 5,
   DC_UNTYPED_ATOMIC = 6,
   DC_MEMORY_FENCE = 7,
   DC_OWORD_BLOCK_WRITE = 8,
   DC_OWORD_DUAL_BLOCK_WRITE = 10,
   DC_DWORD_SCATTERED_WRITE = 11,
   DC_BYTE_SCATTERED_WRITE = 12,
   DC_UNTYPED_SURFACE_WRITE = 13,
};

static const char *const type_names[16] = {
   [DC_OWORD_BLOCK_READ] = "OWord block read",
   [DC_UNALIGNED_OWORD_BLOCK_READ] = "unaligned OWord block read",
   [DC_OWORD_DUAL_BLOCK_READ] = "OWord dual block read",
   [DC_DWORD_SCATTERED_READ] = "DWord scattered read",
   [DC_BYTE_SCATTERED_READ] = "byte scattered read",
   [DC_UNTYPED_SURFACE_READ] = "untyped surface read",
   [DC_UNTYPED_ATOMIC] = "untyped atomic operation",
   [DC_MEMORY_FENCE] = "memory fence",
   [DC_OWORD_BLOCK_WRITE] = "OWord block write",
   [DC_OWORD_DUAL_BLOCK_WRITE] = "OWord dual block write",
   [DC_DWORD_SCATTERED_WRITE] = "DWord scattered write",
   [DC_BYTE_SCATTERED_WRITE] = "byte scattered write",
   [DC_UNTYPED_SURFACE_WRITE] = "untyped surface write",
};

bool
dp_check_length(const struct eu_message *msg, const char *name, unsigned mlen, unsigned rlen)
{
   if (msg->mlen < mlen)
      return eu_thread_fault(msg->thread, "%s: a payload of %u registers, not %u", name,
                             msg->mlen, mlen);
   if (msg->rlen < rlen)
      return eu_thread_fault(msg->thread, "%s: a response of %u registers, not %u", name,
                             msg->rlen, rlen);
   return true;
}

/* ---------------------------------------------------------------- memory */

/* The buffer that a message goes to, and where in it its offsets start. */
struct target {
   struct vgpu_surface *surface;
   uint64_t base;
};

static bool
find_target(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name,
            struct target *target)
{
   const unsigned index = dp_binding_table_index(msg);

   target->base = 0;
   if (index == BTI_SLM)
      return eu_thread_fault(msg->thread, "%s: shared local memory", name);
   if (index == BTI_STATELESS) {
      target->surface = vgpu_shader_env_stateless(env);
      target->base = msg->header ? dp_payload(msg, 0, 5) & ~0x3ffu : 0;
   } else {
      target->surface = vgpu_shader_env_surface(env, index);
   }
   if (!target->surface)
      return eu_thread_fault(msg->thread, "%s: surface %u", name, index);
   switch (target->surface->type) {
   case VGPU_SURFACE_BUFFER:
   case VGPU_SURFACE_STRBUF:
   case VGPU_SURFACE_NULL:
      return true;
   default:
      return eu_thread_fault(msg->thread, "%s of a %s", name,
                             vgpu_surface_type_name(target->surface->type));
   }
}

/* How much of a range is within the buffer; a null surface has no bytes. */
static uint32_t
within(const struct target *target, uint64_t offset, uint32_t size_bytes)
{
   const uint64_t end = target->surface->size_bytes;

   offset += target->base;
   if (offset >= end)
      return 0;
   return end - offset < size_bytes ? (uint32_t)(end - offset) : size_bytes;
}

/* Beyond the end of a buffer it reads zeros and writes go nowhere. */
static bool
read_bytes(const struct target *target, uint64_t offset, void *data, uint32_t size_bytes)
{
   uint32_t valid = within(target, offset, size_bytes);

   memset((uint8_t *)data + valid, 0, size_bytes - valid);
   return vgpu_surface_read(target->surface,
                            target->surface->address + (uint32_t)(target->base + offset), data,
                            valid);
}

static bool
write_bytes(const struct target *target, uint64_t offset, const void *data, uint32_t size_bytes)
{
   return vgpu_surface_write(target->surface,
                             target->surface->address + (uint32_t)(target->base + offset), data,
                             within(target, offset, size_bytes));
}

static bool
memory_fault(const struct eu_message *msg, const char *name)
{
   return eu_thread_fault(msg->thread, "%s: memory that cannot be reached", name);
}

/* ---------------------------------------------------------------- OWord blocks */

/* Block size: one OWord in the lower or upper half of a register, or whole registers. */
static unsigned
block_owords(unsigned control)
{
   static const uint8_t owords[8] = { 1, 1, 2, 4, 8, 0, 0, 0 };

   return owords[control & 7];
}

static bool
oword_block(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name)
{
   const unsigned control = dp_control(msg), owords = block_owords(control);
   const unsigned half = (control & 7) == 1 ? OWORD_BYTES : 0;
   const unsigned registers = (owords + 1) / 2;
   const bool write = dp_type(msg) == DC_OWORD_BLOCK_WRITE;
   const bool unaligned = dp_type(msg) == DC_UNALIGNED_OWORD_BLOCK_READ;
   struct target target;

   if (!owords)
      return eu_thread_fault(msg->thread, "%s: reserved block size %u", name, control & 7);
   if (!msg->header)
      return eu_thread_fault(msg->thread, "%s without a header", name);
   if (!dp_check_length(msg, name, write ? 1 + registers : 1, write ? 0 : registers) ||
       !find_target(env, msg, name, &target))
      return false;

   uint64_t offset = dp_payload(msg, 0, 2);
   if (!unaligned)
      offset *= OWORD_BYTES;
   else if (offset & 3)
      return eu_thread_fault(msg->thread, "%s: offset 0x%x is no multiple of 4", name,
                             (unsigned)offset);
   if (write ? !write_bytes(&target, offset, &msg->payload[1][half], owords * OWORD_BYTES)
             : !read_bytes(&target, offset, &msg->response[0][half], owords * OWORD_BYTES))
      return memory_fault(msg, name);
   return true;
}

/* Two blocks, in the lower and upper halves of registers; each channel is a DWord of a half. */
static bool
oword_dual_block(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name)
{
   const bool write = dp_type(msg) == DC_OWORD_DUAL_BLOCK_WRITE;
   const unsigned size = dp_control(msg) & 3, owords = size == 0 ? 1 : 4;
   const unsigned first = msg->header ? 1 : 0;
   struct target target;

   if (size != 0 && size != 2)
      return eu_thread_fault(msg->thread, "%s: reserved block size %u", name, size);
   if (!dp_check_length(msg, name, first + 1 + (write ? owords : 0), write ? 0 : owords) ||
       !find_target(env, msg, name, &target))
      return false;
   for (unsigned block = 0; block < 2; block++) {
      uint64_t offset = (uint64_t)dp_payload(msg, first, 4 * block) * OWORD_BYTES;

      for (unsigned i = 0; i < 4 * owords; i++) {
         const unsigned reg = i / 4, dw = 4 * block + i % 4;
         uint32_t value;

         if (!(msg->exec_mask >> dw & 1))
            continue;
         if (write) {
            value = dp_payload(msg, first + 1 + reg, dw);
            if (!write_bytes(&target, offset + 4 * i, &value, 4))
               return memory_fault(msg, name);
         } else {
            if (!read_bytes(&target, offset + 4 * i, &value, 4))
               return memory_fault(msg, name);
            dp_respond(msg, reg, dw, value);
         }
      }
   }
   return true;
}

/* ---------------------------------------------------------------- scattered */

/* A DWord, Word or byte a channel, at its own offset. */
static bool
scattered(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name)
{
   const unsigned type = dp_type(msg), control = dp_control(msg);
   const bool bytes = type == DC_BYTE_SCATTERED_READ || type == DC_BYTE_SCATTERED_WRITE;
   const bool write = type == DC_BYTE_SCATTERED_WRITE || type == DC_DWORD_SCATTERED_WRITE;
   const unsigned registers = control & 1 ? 2 : 1, first = msg->header ? 1 : 0;
   unsigned size_bytes = 4;
   struct target target;

   if (bytes && (control >> 2 & 3) == 3)
      return eu_thread_fault(msg->thread, "%s: reserved data size 3", name);
   if (bytes)
      size_bytes = 1u << (control >> 2 & 3);
   else if (!(control & 2))
      return eu_thread_fault(msg->thread, "%s: reserved block size %u", name, control & 3);
   if (!dp_check_length(msg, name, first + registers * (write ? 2 : 1), write ? 0 : registers) ||
       !find_target(env, msg, name, &target))
      return false;
   for (unsigned c = 0; c < 8 * registers; c++) {
      uint64_t offset = dp_payload(msg, first + c / 8, c % 8);
      uint32_t value = 0;

      if (!(msg->exec_mask >> c & 1))
         continue;
      if (!bytes)
         offset *= 4;
      if (write) {
         value = dp_payload(msg, first + registers + c / 8, c % 8);
         if (!write_bytes(&target, offset, &value, size_bytes))
            return memory_fault(msg, name);
      } else {
         if (!read_bytes(&target, offset, &value, size_bytes))
            return memory_fault(msg, name);
         dp_respond(msg, c / 8, c % 8, value);
      }
   }
   return true;
}

/* ---------------------------------------------------------------- untyped surfaces */

/* A header has the pixels that may be accessed in its last DWord. */
static uint32_t
enabled_channels(const struct eu_message *msg)
{
   return msg->exec_mask & (msg->header ? dp_payload(msg, 0, 7) : ~0u);
}

/* Byte offset of a channel: U, or of structured buffers an index and an offset in the entry. */
static uint64_t
untyped_offset(const struct target *target, const struct eu_message *msg, unsigned reg,
               unsigned registers, unsigned dw)
{
   uint64_t u = dp_payload(msg, reg, dw);

   if (target->surface->type == VGPU_SURFACE_STRBUF)
      return u * target->surface->pitch_bytes + dp_payload(msg, reg + registers, dw);
   return u;
}

static bool
untyped_surface(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name)
{
   const bool write = dp_type(msg) == DC_UNTYPED_SURFACE_WRITE;
   const unsigned control = dp_control(msg), mode = control >> 4 & 3, off = control & 0xf;
   const unsigned registers = mode == 1 ? 2 : 1, first = msg->header ? 1 : 0;
   const unsigned components = (unsigned)__builtin_popcount(~off & 0xf);
   struct target target;

   if (mode == 3 || (write && mode == 0))
      return eu_thread_fault(msg->thread, "%s: SIMD mode %u", name, mode);
   if (!find_target(env, msg, name, &target))
      return false;
   const unsigned addresses =
      (target.surface->type == VGPU_SURFACE_STRBUF ? 2 : 1) * registers;
   if (mode == 0) { /* SIMD4x2: two vertices with their address in the first component */
      if (!dp_check_length(msg, name, first + 1, 1))
         return false;
      for (unsigned c = 0; c < 8; c++) {
         uint64_t offset = untyped_offset(&target, msg, first, 0, c & 4);
         uint32_t value;

         if (target.surface->type == VGPU_SURFACE_STRBUF)
            offset = (uint64_t)dp_payload(msg, first, c & 4) * target.surface->pitch_bytes +
                     dp_payload(msg, first, (c & 4) + 1);
         if (!(msg->exec_mask >> c & 1) || off >> (c & 3) & 1)
            continue;
         if (!read_bytes(&target, offset + 4 * (c & 3), &value, 4))
            return memory_fault(msg, name);
         dp_respond(msg, 0, c, value);
      }
      return true;
   }
   if (!dp_check_length(msg, name, first + addresses + (write ? components * registers : 0),
                        write ? 0 : components * registers))
      return false;
   for (unsigned c = 0; c < 8 * registers; c++) {
      unsigned at = c / 8;

      if (!(enabled_channels(msg) >> c & 1))
         continue;
      uint64_t offset = untyped_offset(&target, msg, first + c / 8, registers, c % 8);
      for (unsigned k = 0; k < 4; k++) {
         uint32_t value;

         if (off >> k & 1)
            continue;
         if (write) {
            value = dp_payload(msg, first + addresses + at, c % 8);
            if (!write_bytes(&target, offset + 4 * k, &value, 4))
               return memory_fault(msg, name);
         } else {
            if (!read_bytes(&target, offset + 4 * k, &value, 4))
               return memory_fault(msg, name);
            dp_respond(msg, at, c % 8, value);
         }
         at += registers;
      }
   }
   return true;
}

unsigned
dp_atomic_sources(unsigned op)
{
   switch (op) {
   case 5: /* INC */
   case 6: /* DEC */
   case 15: /* PREDEC */
      return 0;
   case 14: /* CMPWR */
      return 2;
   default:
      return 1;
   }
}

bool
dp_atomic(unsigned op, uint32_t old, uint32_t src0, uint32_t src1, uint32_t *value,
          uint32_t *returned)
{
   *returned = old;
   switch (op) {
   case 1:
      *value = old & src0;
      return true;
   case 2:
      *value = old | src0;
      return true;
   case 3:
      *value = old ^ src0;
      return true;
   case 4:
      *value = src0;
      return true;
   case 5:
      *value = old + 1;
      return true;
   case 6:
      *value = old - 1;
      return true;
   case 7:
      *value = old + src0;
      return true;
   case 8:
      *value = old - src0;
      return true;
   case 9:
      *value = src0 - old;
      return true;
   case 10:
      *value = (int32_t)old > (int32_t)src0 ? old : src0;
      return true;
   case 11:
      *value = (int32_t)old < (int32_t)src0 ? old : src0;
      return true;
   case 12:
      *value = old > src0 ? old : src0;
      return true;
   case 13:
      *value = old < src0 ? old : src0;
      return true;
   case 14:
      *value = old == src0 ? src1 : old;
      return true;
   case 15:
      *value = *returned = old - 1;
      return true;
   }
   return false;
}

static bool
untyped_atomic(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name)
{
   const unsigned control = dp_control(msg), op = control & 0xf;
   const unsigned registers = control & 0x10 ? 1 : 2, first = msg->header ? 1 : 0;
   const bool returns = control & 0x20;
   struct target target;

   if (op == 0)
      return eu_thread_fault(msg->thread, "%s: CMPWR_2W", name);
   if (!find_target(env, msg, name, &target))
      return false;
   const unsigned sources = first + (target.surface->type == VGPU_SURFACE_STRBUF ? 2 : 1) *
                                       registers;
   if (!dp_check_length(msg, name, sources + dp_atomic_sources(op) * registers,
                        returns ? registers : 0))
      return false;
   for (unsigned c = 0; c < 8 * registers; c++) {
      uint32_t old, value, returned;

      if (!(enabled_channels(msg) >> c & 1))
         continue;
      uint64_t offset = untyped_offset(&target, msg, first + c / 8, registers, c % 8);
      if (!read_bytes(&target, offset, &old, 4))
         return memory_fault(msg, name);
      dp_atomic(op, old, dp_payload(msg, sources + c / 8, c % 8),
                dp_payload(msg, sources + registers + c / 8, c % 8), &value, &returned);
      if (!write_bytes(&target, offset, &value, 4))
         return memory_fault(msg, name);
      if (returns)
         dp_respond(msg, c / 8, c % 8, returned);
   }
   return true;
}

/* ---------------------------------------------------------------- scratch */

/*
 * Whole registers in the thread's own scratch space: the header says where that is (DWord 5, from
 * General State Base Address) and how large (DWord 3).
 */
static bool
scratch_block(struct vgpu_shader_env *env, const struct eu_message *msg)
{
   const bool write = msg->desc >> 17 & 1, dwords = msg->desc >> 16 & 1;
   const unsigned registers = (msg->desc >> 12 & 3) + 1;
   const uint32_t offset = (msg->desc & 0xfff) * EU_REG_BYTES;
   const char *name = write ? "scratch block write" : "scratch block read";

   if (dwords)
      return eu_thread_fault(msg->thread, "%s: DWord mode", name);
   if (registers == 3)
      return eu_thread_fault(msg->thread, "%s: reserved block size 2", name);
   if (!msg->header)
      return eu_thread_fault(msg->thread, "%s without a header", name);
   if (!dp_check_length(msg, name, write ? 1 + registers : 1, write ? 0 : registers))
      return false;

   struct target target = {
      .surface = vgpu_shader_env_stateless(env),
      .base = dp_payload(msg, 0, 5) & ~0x3ffu,
   };
   if (!target.surface)
      return eu_thread_fault(msg->thread, "%s: no memory for its surface", name);
   const uint32_t size = 1024u << (dp_payload(msg, 0, 3) & 0xf);
   const uint32_t bytes = registers * EU_REG_BYTES;
   uint32_t valid = offset >= size ? 0 : size - offset < bytes ? size - offset : bytes;

   if (!write)
      memset((uint8_t *)msg->response + valid, 0, bytes - valid);
   if (write ? !write_bytes(&target, offset, msg->payload[1], valid)
             : !read_bytes(&target, offset, msg->response[0], valid))
      return memory_fault(msg, name);
   return true;
}

/* ---------------------------------------------------------------- entries */

/* Messages that all caches have: the sampler's and the constant cache have no others. */
static bool
read_only_cache(void *opaque, const struct eu_message *msg)
{
   const unsigned type = dp_type(msg);

   switch (type) {
   case DC_OWORD_BLOCK_READ:
   case DC_UNALIGNED_OWORD_BLOCK_READ:
      return oword_block(opaque, msg, type_names[type]);
   case DC_OWORD_DUAL_BLOCK_READ:
      return oword_dual_block(opaque, msg, type_names[type]);
   case DC_DWORD_SCATTERED_READ:
      return scattered(opaque, msg, type_names[type]);
   }
   return eu_thread_fault(msg->thread, "%s: message type %u", eu_sfid_name(msg->sfid), type);
}

bool
vgpu_dp_constant_cache_send(void *opaque, const struct eu_message *msg)
{
   return read_only_cache(opaque, msg);
}

bool
vgpu_dp_sampler_cache_send(void *opaque, const struct eu_message *msg)
{
   return read_only_cache(opaque, msg);
}

bool
vgpu_dp_data_cache_send(void *opaque, const struct eu_message *msg)
{
   const unsigned type = dp_type(msg);
   const char *name = type_names[type];

   if (msg->desc >> 18 & 1)
      return scratch_block(opaque, msg);
   switch (type) {
   case DC_OWORD_BLOCK_READ:
   case DC_UNALIGNED_OWORD_BLOCK_READ:
   case DC_OWORD_BLOCK_WRITE:
      return oword_block(opaque, msg, name);
   case DC_OWORD_DUAL_BLOCK_READ:
   case DC_OWORD_DUAL_BLOCK_WRITE:
      return oword_dual_block(opaque, msg, name);
   case DC_DWORD_SCATTERED_READ:
   case DC_DWORD_SCATTERED_WRITE:
   case DC_BYTE_SCATTERED_READ:
   case DC_BYTE_SCATTERED_WRITE:
      return scattered(opaque, msg, name);
   case DC_UNTYPED_SURFACE_READ:
   case DC_UNTYPED_SURFACE_WRITE:
      return untyped_surface(opaque, msg, name);
   case DC_UNTYPED_ATOMIC:
      return untyped_atomic(opaque, msg, name);
   case DC_MEMORY_FENCE:
      return true;
   }
   return eu_thread_fault(msg->thread, "%s: message type %u", eu_sfid_name(msg->sfid), type);
}
