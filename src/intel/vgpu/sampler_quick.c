/*
 * SPDX-License-Identifier: MIT
 *
 * Sampling of what most textures are: two dimensions, no array, bytes that are UNORM, nearest or
 * linear filters without a border. All channels of a message go through each step together, as
 * vectors; what they compute is, to the bit, what sampler_filter.c computes of one.
 */

#define N 4
#include "sampler_level.h"

#define MAX_CHANNELS 16

static quick_level_fn
choose_version(void)
{
#if defined(__x86_64__)
   if (__builtin_cpu_supports("avx2"))
      return vgpu_sampler_level_avx2;
#endif
   return sample_level;
}

/* Which bits of a texel each component is. \return false if not all channels are bytes */
static bool
find_sources(const struct vgpu_format *format, struct quick_source rgba[4])
{
   if (format->layout != VGPU_LAYOUT_PLAIN || format->srgb || format->bits_per_block > 32 ||
       format->bits_per_block == 24)
      return false;
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = (struct quick_source){ .is_constant = true, .constant = c == 3 };
   for (unsigned i = 0; i < format->num_channels; i++) {
      const struct vgpu_channel *channel = &format->channels[i];
      const struct quick_source source = { .start = channel->start };
      if (channel->bits != 8 || channel->type != VGPU_CHANNEL_UNORM)
         return false;
      switch (channel->component) {
      case VGPU_COMPONENT_I:
         rgba[3] = source;
         /* fallthrough */
      case VGPU_COMPONENT_L:
         rgba[0] = rgba[1] = rgba[2] = source;
         break;
      default:
         rgba[channel->component] = source;
      }
   }
   return true;
}

static bool
find_level(const struct quick_job *job, uint32_t level, bool mag, struct quick_level *out)
{
   const struct vgpu_surface *s = job->surface;

   out->linear = (mag ? job->state->MagModeFilter : job->state->MinModeFilter) ==
                 GFX7_SAMPLER_STATE_MAPFILTER_LINEAR;
   return vgpu_surface_image(s, s->min_lod + level, s->min_array_element, &out->image);
}

/*
 * The LOD of each subspan, clamped, if they are of one level and filter.
 * \param lods  of the subspans; which of them matter is in `enabled`
 */
static bool
find_lods(const struct vgpu_sampler_op *op, const struct vgpu_sampler_quick *quick,
          uint32_t enabled, const float *u, const float *v, float lods[MAX_CHANNELS / 4],
          bool *mag)
{
   const struct GFX7_SAMPLER_STATE *s = op->state;
   const bool one_level =
      s->MipModeFilter == GFX7_SAMPLER_STATE_MIPFILTER_NONE || !op->surface->mip_count;
   bool first = true;
   float level = 0;

   if (one_level && s->MinModeFilter == s->MagModeFilter) {
      const float lod = vgpu_sampler_clamp_lod(op, 0, mag); /* whatever it was */
      for (unsigned i = 0; i < quick->channels / 4; i++)
         lods[i] = lod;
      return true;
   }
   if (!quick->subspan_lod)
      return false;
   for (unsigned i = 0; i < quick->channels / 4; i++) {
      struct vgpu_sampler_coord coords[4];
      bool subspan_mag;
      if (!(enabled >> 4 * i & 0xf))
         continue;
      memset(coords, 0, sizeof(coords));
      for (unsigned p = 0; p < 4; p++) {
         coords[p].p[PARAM_U].f = u[4 * i + p];
         coords[p].p[PARAM_V].f = v[4 * i + p];
      }
      const float lod = vgpu_sampler_subspan_lod(op, coords, 0, NULL) + s->TextureLODBias;
      lods[i] = vgpu_sampler_clamp_lod(op, lod, &subspan_mag);
      const float of_subspan = s->MipModeFilter == GFX7_SAMPLER_STATE_MIPFILTER_LINEAR
                                  ? floorf(lods[i]) : floorf(lods[i] + 0.5f);
      if (!first && (of_subspan != level || subspan_mag != *mag))
         return false;
      first = false;
      level = of_subspan;
      *mag = subspan_mag;
   }
   return true;
}

/* The components that have a register, in the channels that are enabled. */
static void
respond(const struct eu_message *msg, const struct vgpu_sampler_quick *quick, uint32_t enabled,
        float rgba[4][MAX_CHANNELS])
{
   const unsigned regs = quick->channels / QUICK_CHANNELS;
   unsigned reg = 0;

   for (unsigned c = 0; c < 4; c++) {
      if (quick->masked >> c & 1)
         continue;
      for (unsigned r = 0; r < regs && reg + r < msg->rlen; r++) {
         uint8_t *out = msg->response[reg + r];
         if ((enabled >> QUICK_CHANNELS * r & 0xff) == 0xff) {
            memcpy(out, &rgba[c][QUICK_CHANNELS * r], QUICK_CHANNELS * sizeof(float));
            continue;
         }
         for (unsigned i = 0; i < QUICK_CHANNELS; i++) {
            if (enabled >> (QUICK_CHANNELS * r + i) & 1)
               memcpy(out + 4 * i, &rgba[c][QUICK_CHANNELS * r + i], sizeof(float));
         }
      }
      reg += regs;
   }
}

bool
vgpu_sampler_quick(const struct vgpu_sampler_op *op, const struct eu_message *msg,
                   const struct vgpu_sampler_quick *quick, bool *done)
{
   const quick_level_fn sample = choose_version();
   const struct GFX7_SAMPLER_STATE *s = op->state;
   struct vgpu_surface *surface = op->surface;
   const uint32_t enabled = msg->exec_mask & ((1u << quick->channels) - 1);
   struct quick_job job = {
      .surface = surface, .state = s, .offset = { op->offset[0], op->offset[1] },
   };
   float u[MAX_CHANNELS] = { 0 }, v[MAX_CHANNELS] = { 0 }, lods[MAX_CHANNELS / 4] = { 0 };
   float rgba[4][MAX_CHANNELS];
   struct quick_level level;
   bool mag = false;

   *done = false;
   if (surface->type != VGPU_SURFACE_2D || (surface->is_array && surface->depth > 1) ||
       s->MinModeFilter > GFX7_SAMPLER_STATE_MAPFILTER_LINEAR ||
       s->MagModeFilter > GFX7_SAMPLER_STATE_MAPFILTER_LINEAR ||
       surface->samples > 1 ||
       s->TCXAddressControlMode == GFX7_TCM_CLAMP_BORDER ||
       s->TCYAddressControlMode == GFX7_TCM_CLAMP_BORDER || !enabled ||
       !find_sources(surface->format, job.rgba) || surface->address % surface->bytes ||
       surface->pitch_bytes % surface->bytes)
      return true;
   if (quick->u)
      memcpy(u, quick->u, quick->channels * sizeof(float));
   if (quick->v)
      memcpy(v, quick->v, quick->channels * sizeof(float));
   if (!find_lods(op, quick, enabled, u, v, lods, &mag))
      return true;

   const unsigned some = (unsigned)__builtin_ctz(enabled);
   const bool mip_linear = s->MipModeFilter == GFX7_SAMPLER_STATE_MIPFILTER_LINEAR;
   const uint32_t number = (uint32_t)floorf(mip_linear ? lods[some / 4] : lods[some / 4] + 0.5f);
   if (!find_level(&job, number, mag, &level))
      return true;
   bool between = false;
   for (unsigned i = 0; i < quick->channels / 4; i++)
      between |= mip_linear && enabled >> 4 * i & 0xf && lods[i] != (float)number;
   struct quick_level further;
   if (between && !find_level(&job, number + 1, mag, &further))
      return true;

   /* Channels that are off must not be where there is no memory. */
   for (unsigned i = 0; i < quick->channels; i++) {
      if (!(enabled >> i & 1)) {
         u[i] = u[some];
         v[i] = v[some];
      }
   }
   *done = true;
   for (unsigned h = 0; h < quick->channels; h += QUICK_CHANNELS) {
      float half[4][QUICK_CHANNELS], next[4][QUICK_CHANNELS];
      if (!(enabled >> h & 0xff))
         continue;
      if (!sample(&job, &level, u + h, v + h, half))
         return false;
      for (unsigned c = 0; c < 4; c++)
         memcpy(&rgba[c][h], half[c], sizeof(half[c]));
      if (!between)
         continue;
      if (!sample(&job, &further, u + h, v + h, next))
         return false;
      for (unsigned c = 0; c < 4; c++) {
         for (unsigned i = 0; i < QUICK_CHANNELS; i++) {
            const float fraction = lods[(h + i) / 4] - (float)number;
            if (fraction != 0.0f)
               rgba[c][h + i] = (1.0f - fraction) * rgba[c][h + i] + fraction * next[c][i];
         }
      }
   }
   respond(msg, quick, enabled, rgba);
   return true;
}
