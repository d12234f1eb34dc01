/*
 * SPDX-License-Identifier: MIT
 */

#include "surface_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- the engine */

static struct surface_test *
of_engine(struct vgpu_engine *engine)
{
   return (struct surface_test *)((char *)engine - offsetof(struct surface_test, engine));
}

static void
set_fault(struct vgpu_engine *engine, const char *format, va_list args)
{
   struct surface_test *t = of_engine(engine);

   if (!t->faulted)
      vsnprintf(t->fault, sizeof(t->fault), format, args);
   t->faulted = true;
}

bool
vgpu_engine_fault(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   set_fault(engine, format, args);
   va_end(args);
   return false;
}

bool
vgpu_engine_unmodelled(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   set_fault(engine, format, args);
   va_end(args);
   return false;
}

uint8_t *
vgpu_engine_map(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, bool write)
{
   if (address < MEMORY_ADDRESS || address >= MEMORY_ADDRESS + MEMORY_BYTES) {
      vgpu_engine_fault(engine, "no memory at 0x%llx", (unsigned long long)address);
      return NULL;
   }
   return of_engine(engine)->memory + (address - MEMORY_ADDRESS);
}

bool
vgpu_engine_read32(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, uint32_t *value)
{
   const uint8_t *host = vgpu_engine_map(engine, as, address, false);

   if (!host)
      return false;
   memcpy(value, host, 4);
   return true;
}

bool
eu_thread_fault(struct eu_thread *thread, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   if (!thread->fault.text[0])
      vsnprintf(thread->fault.text, sizeof(thread->fault.text), format, args);
   va_end(args);
   return false;
}

const char *
eu_sfid_name(enum eu_sfid sfid)
{
   return "shared function";
}

/* ---------------------------------------------------------------- state */

int
surface_test_setup(void **state)
{
   struct surface_test *t = calloc(1, sizeof(*t));

   t->memory = aligned_alloc(4096, MEMORY_BYTES);
   memset(t->memory, 0, MEMORY_BYTES);
   t->env = (struct vgpu_shader_env){
      .engine = &t->engine,
      .general_state_base = MEMORY_ADDRESS,
      .surface_state_base = MEMORY_ADDRESS,
      .dynamic_state_base = MEMORY_ADDRESS,
      .binding_table = BINDING_TABLE,
      .sampler_state = SAMPLER,
   };
   *state = t;
   return 0;
}

int
surface_test_teardown(void **state)
{
   struct surface_test *t = *state;

   vgpu_shader_env_fini(&t->env);
   free(t->memory);
   free(t);
   return 0;
}

uint8_t *
test_memory(struct surface_test *t, uint32_t address)
{
   assert_true(address >= MEMORY_ADDRESS && address < MEMORY_ADDRESS + MEMORY_BYTES);
   return t->memory + (address - MEMORY_ADDRESS);
}

void
test_set(struct surface_test *t, uint32_t address, unsigned start, unsigned end, uint32_t value)
{
   uint8_t *bytes = test_memory(t, address);

   for (unsigned bit = start; bit <= end; bit++) {
      bytes[bit / 8] &= (uint8_t)~(1u << bit % 8);
      bytes[bit / 8] |= (uint8_t)((value >> (bit - start) & 1) << bit % 8);
   }
}

static uint32_t
bind(struct surface_test *t, unsigned index)
{
   const uint32_t offset = BINDING_TABLE + 0x400 + 32 * index;

   vgpu_shader_env_fini(&t->env);
   memset(test_memory(t, MEMORY_ADDRESS + offset), 0, 32);
   test_set(t, MEMORY_ADDRESS + BINDING_TABLE + 4 * index, 0, 31, offset);
   return MEMORY_ADDRESS + offset;
}

void
test_bind(struct surface_test *t, unsigned index, const struct test_surface *s)
{
   uint32_t state = bind(t, index);

   test_set(t, state, 29, 31, s->type);
   test_set(t, state, 28, 28, s->array);
   test_set(t, state, 18, 26, s->format);
   test_set(t, state, 16, 17, s->valign4);
   test_set(t, state, 15, 15, s->halign8);
   test_set(t, state, 14, 14, s->tile != VGPU_TILING_LINEAR);
   test_set(t, state, 13, 13, s->tile == VGPU_TILING_Y);
   test_set(t, state, 10, 10, s->lod0_spacing);
   test_set(t, state, 32, 63, s->address);
   test_set(t, state, 64, 77, s->width ? s->width - 1 : 0);
   test_set(t, state, 80, 93, s->height ? s->height - 1 : 0);
   test_set(t, state, 96, 113, s->pitch ? s->pitch - 1 : 0);
   test_set(t, state, 117, 127, s->depth ? s->depth - 1 : 0);
   test_set(t, state, 135, 145, s->view_extent ? s->view_extent - 1 : 0);
   test_set(t, state, 146, 156, s->min_array_element);
   test_set(t, state, 160, 163, s->mip_count);
   test_set(t, state, 164, 167, s->min_lod);
   test_set(t, state, 180, 183, s->y_offset / 2);
   test_set(t, state, 185, 191, s->x_offset / 4);
}

void
test_bind_buffer(struct surface_test *t, unsigned index, unsigned format, uint32_t address,
                 uint32_t entries, uint32_t pitch)
{
   uint32_t state = bind(t, index);

   test_set(t, state, 29, 31, VGPU_SURFACE_BUFFER);
   test_set(t, state, 18, 26, format);
   test_set(t, state, 32, 63, address);
   test_set(t, state, 64, 70, (entries - 1) & 0x7f);
   test_set(t, state, 80, 93, (entries - 1) >> 7 & 0x3fff);
   test_set(t, state, 117, 127, (entries - 1) >> 21);
   test_set(t, state, 96, 113, pitch - 1);
}

/* ---------------------------------------------------------------- messages */

bool
test_send(struct surface_test *t, eu_send_fn send, uint32_t flags, unsigned mlen, unsigned rlen,
          bool header, uint32_t exec_mask)
{
   const uint32_t desc = flags | (uint32_t)header << 19 | rlen << 20 | mlen << 25;
   struct eu_message msg = {
      .desc = desc,
      .mlen = (uint8_t)mlen,
      .rlen = (uint8_t)rlen,
      .header = header,
      .function_control = desc & 0x7ffff,
      .payload = (const uint8_t(*)[EU_REG_BYTES])t->payload,
      .response = rlen ? t->response : NULL,
      .exec_size = 16,
      .exec_mask = exec_mask,
      .dispatch_mask = exec_mask,
      .thread = &t->thread,
   };

   memset(t->response, 0xcc, sizeof(t->response));
   return send(&t->env, &msg);
}

void
test_expect_fault(struct surface_test *t, bool result, const char *text)
{
   if (result || (!strstr(t->thread.fault.text, text) && !strstr(t->fault, text)))
      fail_msg("no fault \"%s\" but \"%s\", \"%s\"", text, t->thread.fault.text, t->fault);
   t->thread.fault.text[0] = 0;
   t->fault[0] = 0;
   t->faulted = false;
}

uint32_t
test_bits(float value)
{
   uint32_t bits;
   memcpy(&bits, &value, 4);
   return bits;
}

void
test_payload_u(struct surface_test *t, unsigned reg, unsigned dw, uint32_t value)
{
   memcpy(&t->payload[reg][4 * dw], &value, 4);
}

void
test_payload_f(struct surface_test *t, unsigned reg, unsigned dw, float value)
{
   test_payload_u(t, reg, dw, test_bits(value));
}

uint32_t
test_response_u(struct surface_test *t, unsigned reg, unsigned dw)
{
   uint32_t value;
   memcpy(&value, &t->response[reg][4 * dw], 4);
   return value;
}

float
test_response_f(struct surface_test *t, unsigned reg, unsigned dw)
{
   float value;
   memcpy(&value, &t->response[reg][4 * dw], 4);
   return value;
}
