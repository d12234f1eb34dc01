/*
 * SPDX-License-Identifier: MIT
 *
 * The table of messages says of every type of every shared function what the function does: those
 * that are not there fault by name, and no other type is taken for one that does not exist.
 */

#include <string.h>

#include "dataport.h"
#include "messages.h"
#include "sampler.h"
#include "surface_test.h"

static const struct {
   enum eu_sfid sfid;
   bool (*send)(void *opaque, const struct eu_message *msg);
   unsigned first_bit, num_types; /* of the type in the function control */
} units[] = {
   { EU_SFID_SAMPLER, vgpu_sampler_send, 12, 32 },
   { EU_SFID_DP_SAMPLER_CACHE, vgpu_dp_sampler_cache_send, 14, 16 },
   { EU_SFID_DP_CONSTANT_CACHE, vgpu_dp_constant_cache_send, 14, 16 },
   { EU_SFID_DP_DATA_CACHE, vgpu_dp_data_cache_send, 14, 16 },
   { EU_SFID_DP_RENDER_CACHE, vgpu_dp_render_cache_typed, 14, 16 },
};

static void
types_are_as_in_the_table(void **state)
{
   struct surface_test *t = *state;

   for (unsigned u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
      for (unsigned type = 0; type < units[u].num_types; type++) {
         const struct vgpu_message *m =
            vgpu_message_find(units[u].sfid, VGPU_MESSAGE_TYPE, type);
         /* The sampler's SIMD mode is beside the type; 8 channels have every message. */
         const uint32_t simd8 = units[u].sfid == EU_SFID_SAMPLER ? 1 << 17 : 0;
         const bool sent = test_send(t, units[u].send, type << units[u].first_bit | simd8, 4, 4,
                                     true, 0);
         const char *text = t->thread.fault.text;
         const bool unknown = strstr(text, "message type");

         if (m && m->done ? unknown : sent || !(unknown || (m && strstr(text, m->name))))
            fail_msg("%s, type %u, %s: \"%s\"", eu_sfid_name(units[u].sfid), type,
                     !m ? "reserved" : m->done ? "done" : "faults", text);
         t->thread.fault.text[0] = 0;
         t->fault[0] = 0;
         t->faulted = false;
      }
   }
}

static void
types_are_there_once(void **state)
{
   (void)state;
   size_t count;
   const struct vgpu_message *m = vgpu_messages(&count);

   for (size_t i = 0; i < count; i++) {
      if (m[i].field != VGPU_MESSAGE_MODE)
         assert_ptr_equal(vgpu_message_find(m[i].sfid, m[i].field, m[i].type), &m[i]);
      assert_true(i == 0 || m[i - 1].sfid <= m[i].sfid);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(types_are_as_in_the_table, surface_test_setup,
                                      surface_test_teardown),
      cmocka_unit_test(types_are_there_once),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
