/*
 * SPDX-License-Identifier: MIT
 *
 * Random surface and sampler state, and random messages: nothing may leave the memory that the
 * engine has, or end the process.
 */

#include "surface_test.h"

#include <stdlib.h>
#include <string.h>

#include "dataport.h"
#include "sampler.h"

#define STATE_BYTES (32 + 16)
#define HEADER_BYTES (1 + 4 + 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The unit, descriptor and channels of a message, states, then the payload. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
   static const eu_send_fn units[] = {
      vgpu_sampler_send,       vgpu_dp_sampler_cache_send, vgpu_dp_constant_cache_send,
      vgpu_dp_data_cache_send, vgpu_dp_render_cache_typed,
   };
   struct surface_test *t;
   uint32_t desc;
   uint16_t exec_mask;
   void *state;

   if (size < HEADER_BYTES + STATE_BYTES)
      return 0;
   surface_test_setup(&state);
   t = state;
   memcpy(&desc, data + 1, 4);
   memcpy(&exec_mask, data + 5, 2);
   for (unsigned i = 0; i < VGPU_BINDING_TABLE_SIZE; i++)
      test_set(t, MEMORY_ADDRESS + BINDING_TABLE + 4 * i, 0, 31, SAMPLER + 0x200);
   memcpy(test_memory(t, MEMORY_ADDRESS + SAMPLER + 0x200), data + HEADER_BYTES, 32);
   for (unsigned i = 0; i < 16; i++)
      memcpy(test_memory(t, MEMORY_ADDRESS + SAMPLER + 16 * i), data + HEADER_BYTES + 32, 16);
   /* Addresses with nothing in their upper bits are within the memory. */
   uint8_t *address = test_memory(t, MEMORY_ADDRESS + SAMPLER + 0x200 + 4);
   if (!address[3])
      address[2] = 0x10 | (address[2] & 1);
   data += HEADER_BYTES + STATE_BYTES;
   size -= HEADER_BYTES + STATE_BYTES;
   memcpy(t->payload, data, size < sizeof(t->payload) ? size : sizeof(t->payload));

   unsigned mlen = desc >> 25 & 0xf, rlen = (desc >> 20 & 0x1f) % 17;
   bool header = desc >> 19 & 1;
   test_send(t, units[data[-HEADER_BYTES - STATE_BYTES] % 5], desc & 0x7ffff, mlen, rlen, header,
             exec_mask);
   surface_test_teardown(&state);
   return 0;
}
