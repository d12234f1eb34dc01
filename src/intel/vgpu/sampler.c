/*
 * SPDX-License-Identifier: MIT
 *
 * Messages to the sampling engine: descriptors, headers, payloads and responses.
 */

#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler_priv.h"
#include "shader.h"
#include "vgpu_engine.h"

/* SIMD Mode of the descriptor. */
enum { SIMD4X2, SIMD8, SIMD16, SIMD32_64 };

enum kind {
   KIND_NONE, /* reserved, or not modelled */
   KIND_SAMPLE,
   KIND_GATHER,
   KIND_LOD,
   KIND_LD,
   KIND_RESINFO,
   KIND_SAMPLEINFO,
   KIND_MCS,
};

/* Where the LOD comes from. */
enum lod_source { LOD_SUBSPAN, LOD_PARAMETER, LOD_GRADIENTS };

#define MAX_MESSAGE_PARAMS 10

struct message {
   const char *name;
   enum kind kind;
   enum lod_source lod;
   bool compare;
   /* Parameters in the order of the payload: of SIMD8 and SIMD16, and of SIMD4x2 in fours. */
   uint8_t simd[MAX_MESSAGE_PARAMS];
   uint8_t vec4[12];
};

#define UVR PARAM_U, PARAM_V, PARAM_R
#define GRADIENTS_4X2 PARAM_DUDX, PARAM_DUDY, PARAM_DVDX, PARAM_DVDY, PARAM_DRDX, PARAM_DRDY

/* By Message Type. PRM Vol4 Part1, "Sampling Engine Messages", "Payload Parameter Definition". */
static const struct message messages[32] = {
   [0] = { "sample", KIND_SAMPLE, LOD_SUBSPAN, false, { UVR, PARAM_AI }, { 0 } },
   [1] = { "sample_b", KIND_SAMPLE, LOD_SUBSPAN, false, { PARAM_BIAS, UVR, PARAM_AI }, { 0 } },
   [2] = { "sample_l", KIND_SAMPLE, LOD_PARAMETER, false, { PARAM_LOD, UVR, PARAM_AI },
           { UVR, PARAM_AI, PARAM_LOD } },
   [3] = { "sample_c", KIND_SAMPLE, LOD_SUBSPAN, true, { PARAM_REF, UVR, PARAM_AI }, { 0 } },
   [4] = { "sample_d", KIND_SAMPLE, LOD_GRADIENTS, false,
           { PARAM_U, PARAM_DUDX, PARAM_DUDY, PARAM_V, PARAM_DVDX, PARAM_DVDY, PARAM_R,
             PARAM_DRDX, PARAM_DRDY, PARAM_AI },
           { UVR, PARAM_AI, GRADIENTS_4X2 } },
   [5] = { "sample_b_c", KIND_SAMPLE, LOD_SUBSPAN, true,
           { PARAM_REF, PARAM_BIAS, UVR, PARAM_AI }, { 0 } },
   [6] = { "sample_l_c", KIND_SAMPLE, LOD_PARAMETER, true,
           { PARAM_REF, PARAM_LOD, UVR, PARAM_AI }, { UVR, PARAM_AI, PARAM_REF, PARAM_LOD } },
   [7] = { "ld", KIND_LD, LOD_PARAMETER, false, { PARAM_U, PARAM_LOD, PARAM_V, PARAM_R },
           { UVR, PARAM_LOD } },
   [8] = { "gather4", KIND_GATHER, LOD_PARAMETER, false, { UVR, PARAM_AI }, { UVR, PARAM_AI } },
   [9] = { "LOD", KIND_LOD, LOD_SUBSPAN, false, { UVR, PARAM_AI }, { 0 } },
   [10] = { "resinfo", KIND_RESINFO, LOD_PARAMETER, false, { PARAM_LOD }, { PARAM_LOD } },
   [11] = { "sampleinfo", KIND_SAMPLEINFO, LOD_PARAMETER, false, { 0 }, { 0 } },
   [16] = { "gather4_c", KIND_GATHER, LOD_PARAMETER, true, { PARAM_REF, UVR, PARAM_AI },
            { UVR, PARAM_AI, PARAM_REF } },
   [17] = { "gather4_po", KIND_GATHER, LOD_PARAMETER, false,
            { PARAM_U, PARAM_V, PARAM_OFFU, PARAM_OFFV, PARAM_R },
            { UVR, PARAM_NONE, PARAM_OFFU, PARAM_OFFV } },
   [18] = { "gather4_po_c", KIND_GATHER, LOD_PARAMETER, true,
            { PARAM_REF, PARAM_U, PARAM_V, PARAM_OFFU, PARAM_OFFV, PARAM_R },
            { UVR, PARAM_REF, PARAM_OFFU, PARAM_OFFV } },
   [29] = { "ld_mcs", KIND_MCS, LOD_PARAMETER, false, { UVR }, { UVR } },
   [30] = { "ld2dms", KIND_LD, LOD_PARAMETER, false, { PARAM_SI, PARAM_MCS, UVR },
            { UVR, PARAM_NONE, PARAM_SI, PARAM_MCS } },
   [31] = { "ld2dss", KIND_LD, LOD_PARAMETER, false, { PARAM_SI, UVR },
            { UVR, PARAM_NONE, PARAM_SI } },
};

static uint32_t
as_bits(float value)
{
   uint32_t bits;
   memcpy(&bits, &value, sizeof(bits));
   return bits;
}

static uint32_t
header_dw(const struct eu_message *msg, unsigned dw)
{
   uint32_t value = 0;

   if (msg->header && msg->mlen)
      memcpy(&value, &msg->payload[0][4 * dw], sizeof(value));
   return value;
}

/* ---------------------------------------------------------------- payload and response */

static unsigned
registers_per_param(unsigned simd)
{
   return simd == SIMD16 ? 2 : 1;
}

/* Parameters of a channel, or of a vertex of SIMD4x2. Those past the payload's end are 0. */
static void
read_coord(const struct eu_message *msg, const struct message *m, unsigned simd, unsigned channel,
           struct vgpu_sampler_coord *coord)
{
   memset(coord, 0, sizeof(*coord));
   if (simd == SIMD4X2) {
      for (unsigned i = 0; i < sizeof(m->vec4); i++) {
         unsigned reg = msg->header + i / 4;
         if (reg < msg->mlen && m->vec4[i])
            memcpy(&coord->p[m->vec4[i]], &msg->payload[reg][16 * channel + 4 * (i % 4)], 4);
      }
      return;
   }
   for (unsigned i = 0; i < MAX_MESSAGE_PARAMS && m->simd[i]; i++) {
      unsigned reg = msg->header + i * registers_per_param(simd) + channel / 8;
      if (reg < msg->mlen)
         memcpy(&coord->p[m->simd[i]], &msg->payload[reg][4 * (channel % 8)], 4);
   }
}

/*
 * The components that the header masks take no registers of SIMD8 and SIMD16 responses, and are
 * not written in SIMD4x2 ones.
 */
static void
write_color(const struct eu_message *msg, unsigned simd, unsigned channel, const uint32_t rgba[4])
{
   const uint32_t masked = header_dw(msg, 2) >> 12 & 0xf;
   unsigned reg = 0;

   for (unsigned c = 0; c < 4; c++) {
      if (masked >> c & 1)
         continue;
      if (simd == SIMD4X2) {
         if (msg->rlen && msg->exec_mask >> (4 * channel + c) & 1)
            memcpy(&msg->response[0][16 * channel + 4 * c], &rgba[c], 4);
         continue;
      }
      unsigned at = reg * registers_per_param(simd) + channel / 8;
      if (at < msg->rlen)
         memcpy(&msg->response[at][4 * (channel % 8)], &rgba[c], 4);
      reg++;
   }
}

/* ---------------------------------------------------------------- state */

static int
offset4(uint32_t bits)
{
   return (int)(bits & 7) - (int)(bits & 8);
}

static bool
read_dwords(struct vgpu_engine *engine, uint32_t address, uint32_t *dw, unsigned count)
{
   for (unsigned i = 0; i < count; i++) {
      if (!vgpu_engine_read32(engine, engine->as, address + 4 * i, &dw[i]))
         return false;
   }
   return true;
}

static bool
uses_border(const struct GFX7_SAMPLER_STATE *s)
{
   return s->TCXAddressControlMode == GFX7_TCM_CLAMP_BORDER ||
          s->TCYAddressControlMode == GFX7_TCM_CLAMP_BORDER ||
          s->TCZAddressControlMode == GFX7_TCM_CLAMP_BORDER;
}

static bool
read_sampler_state(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name,
                   struct vgpu_sampler *sampler)
{
   struct GFX7_SAMPLER_STATE *s = &sampler->state;
   struct eu_thread *thread = msg->thread;
   const uint32_t index = msg->desc >> 8 & 0xf;
   uint32_t dw[GFX7_SAMPLER_STATE_length_dw];

   if (!read_dwords(env->engine, sampler->address, dw, GFX7_SAMPLER_STATE_length_dw))
      return eu_thread_fault(thread, "%s: SAMPLER_STATE %u cannot be read", name, index);
   GFX7_SAMPLER_STATE_unpack(s, dw, GFX7_SAMPLER_STATE_length_dw);
   if (s->SamplerDisable)
      return eu_thread_fault(thread, "%s: Sampler Disable of sampler %u", name, index);
   if (s->ChromaKeyEnable)
      return eu_thread_fault(thread, "%s: ChromaKey Enable", name);
   if (s->MinModeFilter > GFX7_SAMPLER_STATE_MAPFILTER_ANISOTROPIC ||
       s->MagModeFilter > GFX7_SAMPLER_STATE_MAPFILTER_ANISOTROPIC)
      return eu_thread_fault(thread, "%s: Min Mode Filter %u, Mag Mode Filter %u", name,
                             s->MinModeFilter, s->MagModeFilter);
   if (s->MipModeFilter == 2)
      return eu_thread_fault(thread, "%s: Mip Mode Filter 2", name);
   if (s->TCXAddressControlMode > GFX7_TCM_MIRROR_ONCE ||
       s->TCYAddressControlMode > GFX7_TCM_MIRROR_ONCE ||
       s->TCZAddressControlMode > GFX7_TCM_MIRROR_ONCE)
      return eu_thread_fault(thread, "%s: Address Control Modes %u, %u, %u", name,
                             s->TCXAddressControlMode, s->TCYAddressControlMode,
                             s->TCZAddressControlMode);
   if (uses_border(s)) {
      if (s->TextureBorderColorMode == GFX7_SAMPLER_STATE_TextureBorderColorMode_DX9)
         return eu_thread_fault(thread, "%s: Texture Border Color Mode DX9", name);
      if (!read_dwords(env->engine, env->dynamic_state_base + s->BorderColorPointer,
                       sampler->border, 4))
         return eu_thread_fault(thread, "%s: the border colour cannot be read", name);
   }
   return true;
}

/* As hardware has caches of state, a sampler is read once by a draw. */
static bool
read_sampler(struct vgpu_shader_env *env, const struct eu_message *msg, const char *name,
             struct vgpu_sampler_op *op)
{
   const uint32_t base = msg->header ? header_dw(msg, 3) & ~31u : env->sampler_state;
   const uint32_t index = msg->desc >> 8 & 0xf;
   const uint32_t address = env->dynamic_state_base + base + 16 * index;

   if (!env->samplers)
      env->samplers = calloc(1, sizeof(*env->samplers));
   if (!env->samplers)
      return vgpu_engine_fault(env->engine, "no host memory for samplers");
   struct vgpu_sampler *sampler = &env->samplers->samplers[address / 16 % 16];
   if (!sampler->valid || sampler->address != address) {
      *sampler = (struct vgpu_sampler){ .address = address };
      if (!read_sampler_state(env, msg, name, sampler))
         return false;
      sampler->valid = true;
   }
   op->state = &sampler->state;
   op->border = sampler->border;
   return true;
}

/* Whether a surface can be filtered as the sampler's state says. */
static bool
check_filter(const struct eu_message *msg, const char *name, const struct vgpu_sampler_op *op,
             bool gather)
{
   const struct vgpu_surface *surface = op->surface;
   const struct GFX7_SAMPLER_STATE *s = op->state;
   bool filters = s->MinModeFilter || s->MagModeFilter ||
                  (s->MipModeFilter == GFX7_SAMPLER_STATE_MIPFILTER_LINEAR && surface->mip_count);

   if (surface->type > VGPU_SURFACE_CUBE)
      return eu_thread_fault(msg->thread, "%s of a %s", name,
                             vgpu_surface_type_name(surface->type));
   if (surface->samples > 1)
      return eu_thread_fault(msg->thread, "%s of a surface with %u samples", name,
                             surface->samples);
   if (filters && !gather && vgpu_format_is_integer(surface->format))
      return eu_thread_fault(msg->thread, "%s: %s with a linear filter", name,
                             surface->format->name);
   if (s->NonnormalizedCoordinateEnable && surface->type == VGPU_SURFACE_CUBE)
      return eu_thread_fault(msg->thread, "%s: Non-normalized Coordinate Enable with a cube", name);
   if (op->compare && !(surface->format->uses & VGPU_USE_SHADOW))
      return eu_thread_fault(msg->thread, "%s: a comparison with %s", name,
                             surface->format->name);
   return true;
}

/* ---------------------------------------------------------------- messages without a filter */

/** \param has_mcs  the message says where samples are, as ld_mcs has told */
static bool
load(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord, bool has_mcs,
     uint32_t rgba[4])
{
   struct vgpu_surface *surface = op->surface;
   const int32_t u = coord->p[PARAM_U].i, v = coord->p[PARAM_V].i, r = coord->p[PARAM_R].i;
   const uint32_t lod = coord->p[PARAM_LOD].u;
   uint32_t x = (uint32_t)u + (uint32_t)op->offset[0];
   uint32_t y = (uint32_t)v + (uint32_t)op->offset[1], layer = 0;

   if (surface->type == VGPU_SURFACE_BUFFER || surface->type == VGPU_SURFACE_STRBUF)
      return vgpu_surface_fetch_entry(surface, (uint32_t)u, rgba);
   memset(rgba, 0, 4 * sizeof(*rgba));
   if (lod > surface->mip_count)
      return true;
   switch (surface->type) {
   case VGPU_SURFACE_1D:
      y = 0;
      layer = surface->is_array ? (uint32_t)v : 0;
      break;
   case VGPU_SURFACE_3D:
      return vgpu_surface_fetch(surface, surface->min_lod + lod,
                                (uint32_t)r + (uint32_t)op->offset[2], x, y, rgba);
   default:
      layer = surface->is_array ? (uint32_t)r : 0;
   }
   if (layer >= vgpu_surface_layers(surface, 0) || x >= surface->width || y >= surface->height)
      return true;
   layer += surface->min_array_element;
   uint32_t sample = coord->p[PARAM_SI].u % VGPU_MAX_SAMPLES;
   if (surface->has_mcs && has_mcs) {
      if (coord->p[PARAM_MCS].u == VGPU_MCS_CLEAR) {
         vgpu_surface_clear_color(surface, rgba);
         return true;
      }
      sample = vgpu_surface_mcs_place(surface, coord->p[PARAM_MCS].u, sample);
   }
   vgpu_surface_place_sample(surface, sample, &x, &y, &layer);
   return vgpu_surface_fetch(surface, surface->min_lod + lod, layer, x, y, rgba);
}

static bool
load_mcs(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
         uint32_t rgba[4])
{
   struct vgpu_surface *surface = op->surface;
   const uint32_t x = coord->p[PARAM_U].u, y = coord->p[PARAM_V].u;
   const uint32_t layer = surface->is_array ? coord->p[PARAM_R].u : 0;

   if (surface->samples < 4 || !surface->has_mcs || x >= surface->width || y >= surface->height ||
       layer >= vgpu_surface_layers(surface, 0))
      return true;
   return vgpu_surface_read_mcs(surface, surface->min_array_element + layer, x, y, &rgba[0]);
}

/* Size of a LOD, array elements and number of LODs; zeros for a LOD that does not exist. */
static void
resinfo(const struct vgpu_surface *surface, uint32_t lod, uint32_t rgba[4])
{
   const uint32_t at = surface->min_lod + lod;
   const uint32_t elements = surface->is_array ? surface->depth : 0;

   memset(rgba, 0, 4 * sizeof(*rgba));
   if (surface->type == VGPU_SURFACE_NULL)
      return;
   if (surface->type == VGPU_SURFACE_BUFFER || surface->type == VGPU_SURFACE_STRBUF) {
      rgba[0] = surface->num_entries;
      return;
   }
   rgba[3] = surface->mip_count + 1;
   if (lod > surface->mip_count)
      return;
   rgba[0] = vgpu_surface_minify(surface->width, at);
   rgba[1] = surface->type == VGPU_SURFACE_1D ? elements
                                              : vgpu_surface_minify(surface->height, at);
   rgba[2] = surface->type == VGPU_SURFACE_1D   ? 0
             : surface->type == VGPU_SURFACE_3D ? vgpu_surface_minify(surface->depth, at)
                                                : elements;
}

/* ---------------------------------------------------------------- one channel */

/* The LOD that a channel asks for, before the sampler's bias, and along what it is filtered. */
static float
channel_lod(const struct message *m, const struct vgpu_sampler_op *op,
            const struct vgpu_sampler_coord *coords, unsigned channel,
            struct vgpu_sampler_line *line)
{
   const struct vgpu_sampler_coord *coord = &coords[channel];

   switch (m->lod) {
   case LOD_SUBSPAN:
      return vgpu_sampler_subspan_lod(op, &coords[channel & ~3u], channel & 3, line) +
             coord->p[PARAM_BIAS].f;
   case LOD_GRADIENTS:
      return vgpu_sampler_gradient_lod(op, coord, line);
   default:
      *line = (struct vgpu_sampler_line){ .num = 1 };
      return coord->p[PARAM_LOD].f;
   }
}

static bool
run_channel(const struct message *m, struct vgpu_sampler_op *op,
            const struct vgpu_sampler_coord *coords, unsigned channel, uint32_t rgba[4])
{
   const struct vgpu_sampler_coord *coord = &coords[channel];
   bool mag;

   memset(rgba, 0, 4 * sizeof(*rgba));
   switch (m->kind) {
   case KIND_RESINFO:
      resinfo(op->surface, coord->p[PARAM_LOD].u, rgba);
      return true;
   case KIND_SAMPLEINFO:
      if (op->surface->type != VGPU_SURFACE_NULL)
         rgba[0] = op->surface->samples ? op->surface->samples : 1;
      return true;
   case KIND_MCS:
      return load_mcs(op, coord, rgba);
   case KIND_LD:
      return op->surface->type == VGPU_SURFACE_NULL ||
             load(op, coord, m->simd[1] == PARAM_MCS, rgba);
   default:
      break;
   }
   if (op->surface->type == VGPU_SURFACE_NULL)
      return true;
   if (m->kind == KIND_GATHER) {
      if (m->simd[2] == PARAM_OFFU || m->simd[3] == PARAM_OFFU) {
         /* Six bits each: -32 to 31 texels. */
         op->offset[0] = (int32_t)(coord->p[PARAM_OFFU].u << 26) >> 26;
         op->offset[1] = (int32_t)(coord->p[PARAM_OFFV].u << 26) >> 26;
      }
      return vgpu_sampler_gather(op, coord, rgba);
   }
   struct vgpu_sampler_line line;
   float lod = channel_lod(m, op, coords, channel, &line) + op->state->TextureLODBias;
   if (m->kind == KIND_LOD) {
      rgba[0] = as_bits(vgpu_sampler_clamp_lod(op, lod, &mag));
      rgba[1] = as_bits(lod);
      return true;
   }
   return vgpu_sampler_filter_line(op, coord, &line, lod, rgba);
}

/* The lanes of a parameter in the payload; NULL if they are past its end. */
static const uint8_t *
quick_parameter(const struct eu_message *msg, const struct message *m, unsigned simd,
                enum vgpu_sampler_param param)
{
   for (unsigned i = 0; i < MAX_MESSAGE_PARAMS && m->simd[i]; i++) {
      const unsigned reg = msg->header + i * registers_per_param(simd);
      if (m->simd[i] == param)
         return reg + registers_per_param(simd) <= msg->mlen ? msg->payload[reg] : NULL;
   }
   return NULL;
}

static bool
run(const struct eu_message *msg, const struct message *m, unsigned simd,
    struct vgpu_sampler_op *op)
{
   const unsigned channels = simd == SIMD4X2 ? 2 : simd == SIMD8 ? 8 : 16;
   struct vgpu_sampler_coord coords[16];

   if (m->kind == KIND_SAMPLE && simd != SIMD4X2 && !m->compare) {
      const struct vgpu_sampler_quick quick = {
         .u = quick_parameter(msg, m, simd, PARAM_U),
         .v = quick_parameter(msg, m, simd, PARAM_V),
         .subspan_lod = m->lod == LOD_SUBSPAN && m->simd[0] != PARAM_BIAS &&
                        m->simd[1] != PARAM_BIAS,
         .channels = channels,
         .masked = header_dw(msg, 2) >> 12 & 0xf,
      };
      bool done;
      if (!vgpu_sampler_quick(op, msg, &quick, &done))
         return eu_thread_fault(msg->thread, "%s: the texture cannot be read", m->name);
      if (done)
         return true;
   }
   /* All of a subspan is read: pixels that are off still give the others their derivatives. */
   for (unsigned c = 0; c < channels; c++)
      read_coord(msg, m, simd, c, &coords[c]);
   for (unsigned c = 0; c < channels; c++) {
      uint32_t enabled = simd == SIMD4X2 ? msg->exec_mask >> 4 * c & 0xf
                                         : msg->exec_mask >> c & 1;
      uint32_t rgba[4];

      if (!enabled)
         continue;
      if (!run_channel(m, op, coords, c, rgba))
         return eu_thread_fault(msg->thread, "%s: the texture cannot be read", m->name);
      write_color(msg, simd, c, rgba);
   }
   return true;
}

bool
vgpu_sampler_send(void *opaque, const struct eu_message *msg)
{
   struct vgpu_shader_env *env = opaque;
   const unsigned type = msg->desc >> 12 & 0x1f, simd = msg->desc >> 17 & 3;
   const unsigned index = msg->desc & 0xff;
   const struct message *m = &messages[type];
   struct vgpu_sampler_op op = { .compare = m->compare };

   if (simd == SIMD32_64)
      return eu_thread_fault(msg->thread, "sampler: SIMD32/64 message type %u", type);
   if (m->kind == KIND_NONE)
      return eu_thread_fault(msg->thread, "sampler: %s (message type %u)",
                             m->name ? m->name : "reserved", type);
   if (simd == SIMD4X2 && m->lod == LOD_SUBSPAN)
      return eu_thread_fault(msg->thread, "sampler: %s in SIMD4x2, which has no derivatives",
                             m->name);
   if (msg->header && !msg->mlen)
      return eu_thread_fault(msg->thread, "sampler: %s without its header's register", m->name);

   op.surface = vgpu_shader_env_surface(env, index);
   if (!op.surface)
      return eu_thread_fault(msg->thread, "%s: surface %u", m->name, index);
   const uint32_t header = header_dw(msg, 2);
   op.offset[0] = offset4(header >> 8);
   op.offset[1] = offset4(header >> 4);
   op.offset[2] = offset4(header);
   op.gather_channel = header >> 16 & 3;

   bool filters = m->kind == KIND_SAMPLE || m->kind == KIND_GATHER || m->kind == KIND_LOD;
   if (op.surface->type != VGPU_SURFACE_NULL && (filters || m->kind == KIND_LD)) {
      if (!(op.surface->format->uses & VGPU_USE_SAMPLE))
         return eu_thread_fault(msg->thread, "%s: %s cannot be sampled", m->name,
                                op.surface->format->name);
      if (filters && (!read_sampler(env, msg, m->name, &op) ||
                      !check_filter(msg, m->name, &op, m->kind == KIND_GATHER)))
         return false;
   }
   return run(msg, m, simd, &op);
}
