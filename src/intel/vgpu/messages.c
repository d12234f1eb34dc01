/*
 * SPDX-License-Identifier: MIT
 *
 * What there is of the messages of Gen7's shared functions (IVB PRM Vol4 Part 1 and Part 3).
 */

#include "messages.h"

/* By number of the shared function. The tests of messages hold it to what is done. */
static const struct vgpu_message messages[] = {
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 0, "sample", true, "SIMD8 and SIMD16" },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 1, "sample_b",
     true, "SIMD8 and SIMD16" },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 2, "sample_l", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 3, "sample_c",
     true, "SIMD8 and SIMD16" },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 4, "sample_d", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 5, "sample_b_c",
     true, "SIMD8 and SIMD16" },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 6, "sample_l_c", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 7, "ld", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 8, "gather4", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 9, "LOD", true, "SIMD8 and SIMD16" },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 10, "resinfo", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 11, "sampleinfo", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 16, "gather4_c", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 17, "gather4_po", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 18, "gather4_po_c", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 29, "ld_mcs", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 30, "ld2dms", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_TYPE, 31, "ld2dss", true, NULL },
   { EU_SFID_SAMPLER, VGPU_MESSAGE_MODE, 0, "SIMD32/64",
     false, "deinterlacing, sample_unorm, cache flush" },
   { EU_SFID_GATEWAY, VGPU_MESSAGE_MODE, 0, "message gateway",
     false, "no thread that it serves is modelled" },
   { EU_SFID_DP_SAMPLER_CACHE, VGPU_MESSAGE_TYPE, 0, "OWord block read", true, NULL },
   { EU_SFID_DP_SAMPLER_CACHE, VGPU_MESSAGE_TYPE, 1, "unaligned OWord block read", true, NULL },
   { EU_SFID_DP_SAMPLER_CACHE, VGPU_MESSAGE_TYPE, 2, "OWord dual block read", true, NULL },
   { EU_SFID_DP_SAMPLER_CACHE, VGPU_MESSAGE_TYPE, 3, "DWord scattered read", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 4, "media block read", false, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 5, "typed surface read", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 6, "typed atomic operation", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 7, "memory fence",
     true, "memory is always in order" },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 10, "media block write", false, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_TYPE, 13, "typed surface write", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, 0,
     "render target write, SIMD16 single source", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, 1,
     "render target write, SIMD16 replicated data", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, 2,
     "render target write, SIMD8 dual source, lower subspans", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, 3,
     "render target write, SIMD8 dual source, upper subspans", true, NULL },
   { EU_SFID_DP_RENDER_CACHE, VGPU_MESSAGE_RT_TYPE, 4,
     "render target write, SIMD8 single source", true, NULL },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 0, "URB write HWord",
     true, "interleaved, of vertex shaders" },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 1, "URB write OWord", false, NULL },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 2, "URB read HWord", false, NULL },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 3, "URB read OWord", false, NULL },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 4, "URB atomic MOV", false, NULL },
   { EU_SFID_URB, VGPU_MESSAGE_TYPE, 5, "URB atomic INC", false, NULL },
   { EU_SFID_THREAD_SPAWNER, VGPU_MESSAGE_MODE, 0, "thread spawner",
     false, "the media and GPGPU pipelines" },
   { EU_SFID_VME, VGPU_MESSAGE_MODE, 0, "video motion estimation", false, NULL },
   { EU_SFID_DP_CONSTANT_CACHE, VGPU_MESSAGE_TYPE, 0, "OWord block read", true, NULL },
   { EU_SFID_DP_CONSTANT_CACHE, VGPU_MESSAGE_TYPE, 1, "unaligned OWord block read", true, NULL },
   { EU_SFID_DP_CONSTANT_CACHE, VGPU_MESSAGE_TYPE, 2, "OWord dual block read", true, NULL },
   { EU_SFID_DP_CONSTANT_CACHE, VGPU_MESSAGE_TYPE, 3, "DWord scattered read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 0, "OWord block read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 1, "unaligned OWord block read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 2, "OWord dual block read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 3, "DWord scattered read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 4, "byte scattered read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 5, "untyped surface read", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 6, "untyped atomic operation",
     true, "the two-word compare and write faults" },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 7, "memory fence",
     true, "memory is always in order" },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 8, "OWord block write", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 10, "OWord dual block write", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 11, "DWord scattered write", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 12, "byte scattered write", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_TYPE, 13, "untyped surface write", true, NULL },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_MODE, 0, "scratch block read and write",
     true, "OWord mode" },
   { EU_SFID_DP_DATA_CACHE, VGPU_MESSAGE_MODE, 0, "shared local memory",
     false, "binding table index 254" },
   { EU_SFID_PIXEL_INTERPOLATOR, VGPU_MESSAGE_MODE, 0, "pixel interpolator", false, NULL },
};

const struct vgpu_message *
vgpu_messages(size_t *count)
{
   *count = sizeof(messages) / sizeof(messages[0]);
   return messages;
}

const struct vgpu_message *
vgpu_message_find(enum eu_sfid sfid, enum vgpu_message_field field, unsigned type)
{
   for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
      const struct vgpu_message *m = &messages[i];
      if (m->sfid == sfid && m->field == field && m->type == type)
         return m;
   }
   return NULL;
}
