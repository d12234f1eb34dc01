/*
 * SPDX-License-Identifier: MIT
 *
 * The inner loop of sampler_quick.c, for vectors of N channels. Included by each file that has a
 * version of it; they differ in what the compiler may use of the processor.
 */

#include <math.h>
#include <string.h>

#include "sampler_quick.h"

typedef float vec_f __attribute__((vector_size(4 * N)));
typedef int32_t vec_i __attribute__((vector_size(4 * N)));
typedef uint32_t vec_u __attribute__((vector_size(4 * N)));

static inline vec_f
choose(vec_i mask, vec_f a, vec_f b)
{
   return (vec_f)(((vec_i)a & mask) | ((vec_i)b & ~mask));
}

static inline vec_f
all(float value)
{
   return value - (vec_f){ 0 };
}

static inline vec_f
floor_of(vec_f x)
{
   /* From 2^23 on every float is an integer. */
   const vec_i small = (vec_f)((vec_i)x & 0x7fffffff) < 0x1p23f;
   const vec_f safe = choose(small, x, all(0));
   const vec_f t = __builtin_convertvector(__builtin_convertvector(safe, vec_i), vec_f);

   return choose(small, t + __builtin_convertvector(t > safe, vec_f), x);
}

/* See scale() of sampler_filter.c. */
static inline vec_f
scale(vec_f coord, unsigned mode, float size, bool normalized)
{
   const vec_f limit = all(0x1p20f);
   const vec_i finite = (vec_f)((vec_i)coord & 0x7fffffff) < (float)INFINITY;
   const vec_f special = choose(coord < 0.0f, -limit, choose(coord > 0.0f, limit, all(0)));
   vec_f at = choose(finite, coord, all(0));

   if (normalized) {
      if (mode == GFX7_TCM_WRAP)
         at -= floor_of(at);
      else if (mode == GFX7_TCM_MIRROR)
         at -= 2.0f * floor_of(at / 2.0f);
      at *= size;
   }
   at = choose(at < limit, at, limit);
   at = choose(at > -limit, at, -limit);
   return choose(finite, at, special);
}

static inline bool
any(vec_i mask)
{
   int32_t bits = 0;

   for (unsigned i = 0; i < N; i++)
      bits |= mask[i];
   return bits;
}

static inline vec_i
wrap(unsigned mode, vec_i index, int size)
{
   const vec_i none = { 0 };

   switch (mode) {
   case GFX7_TCM_WRAP:
      /* Rarely further than that. */
      index += (index < 0) & size;
      index -= (index >= size) & size;
      if (!any((index < 0) | (index >= size)))
         return index;
      break;
   case GFX7_TCM_MIRROR:
   case GFX7_TCM_MIRROR_ONCE:
      break;
   default:
      index &= index >= 0;
      return (index & (index < size)) | ((none + size - 1) & (index >= size));
   }
   for (unsigned i = 0; i < N; i++)
      index[i] = vgpu_sampler_wrap(mode, index[i], size);
   return index;
}

/* The part of an address that a column gives, and the one that a row gives. */
static inline vec_u
column_offset(const struct quick_job *job, const struct quick_level *level, vec_i x)
{
   const vec_u at = ((vec_u)x + level->image.x) * job->surface->bytes;

   switch (job->surface->tiling) {
   case VGPU_TILING_X:
      return (at >> 9) * 4096 + (at & 511);
   case VGPU_TILING_Y:
      return (at >> 7) * 4096 + (at >> 4 & 7) * 512 + (at & 15);
   default:
      return at;
   }
}

static inline vec_u
row_offset(const struct quick_job *job, const struct quick_level *level, vec_i y)
{
   const vec_u at = (vec_u)y + level->image.y;
   const uint32_t pitch = job->surface->pitch_bytes;

   switch (job->surface->tiling) {
   case VGPU_TILING_X:
      return (at >> 3) * (pitch * 8) + (at & 7) * 512;
   case VGPU_TILING_Y:
      return (at >> 5) * (pitch * 32) + (at & 31) * 16;
   default:
      return at * pitch;
   }
}

static inline uint32_t
load(const uint8_t *host, uint32_t bytes)
{
   uint32_t value = 0;

   switch (bytes) {
   case 1:
      return *host;
   case 2: {
      uint16_t half;
      memcpy(&half, host, sizeof(half));
      return half;
   }
   default:
      memcpy(&value, host, sizeof(value));
      return value;
   }
}

/* Texels at addresses that are often in one page. \return false after a fault */
static inline bool
fetch(const struct quick_job *job, const vec_u *address, unsigned count, vec_u *texels)
{
   struct vgpu_surface *surface = job->surface;
   const uint32_t bytes = surface->bytes, first = address[0][0];
   vec_u differ = { 0 };

   for (unsigned k = 0; k < count; k++)
      differ |= address[k] ^ first;
   if (!any((vec_i)(differ & ~0xfffu))) {
      const uint8_t *page = vgpu_surface_map(surface, first & ~0xfffu, false);
      if (!page)
         return false;
      for (unsigned k = 0; k < count; k++) {
         uint32_t out[N];
         for (unsigned i = 0; i < N; i++)
            out[i] = load(page + (address[k][i] & 0xfff), bytes);
         memcpy(&texels[k], out, sizeof(out));
      }
      return true;
   }
   for (unsigned k = 0; k < count; k++) {
      uint32_t out[N];
      for (unsigned i = 0; i < N; i++) {
         const uint8_t *host = vgpu_surface_map(surface, address[k][i], false);
         if (!host)
            return false;
         out[i] = load(host, bytes);
      }
      memcpy(&texels[k], out, sizeof(out));
   }
   return true;
}

/*
 * A component of texels. A byte divided by 255, rounded once: the first product is exact, the
 * second one tiny, and no quotient is close to halfway between two floats.
 */
static inline vec_f
component(const struct quick_source *source, vec_u texels)
{
   const float high = 0x1.01p-8f, low = (float)(1.0 / 255 - 0x1.01p-8);

   if (source->is_constant)
      return all(source->constant);
   const vec_f byte = __builtin_convertvector((vec_i)(texels >> source->start & 0xff), vec_f);
   return byte * high + byte * low;
}

/* N channels of a level. \return false after a fault */
static inline bool
sample_vector(const struct quick_job *job, const struct quick_level *level, const float *u,
              const float *v, float (*rgba)[QUICK_CHANNELS], unsigned at)
{
   const struct GFX7_SAMPLER_STATE *s = job->state;
   const bool normalized = !s->NonnormalizedCoordinateEnable;
   const int width = (int)level->image.width, height = (int)level->image.height;
   vec_f x, y;
   vec_u address[4], texels[4];

   memcpy(&x, u + at, sizeof(x));
   memcpy(&y, v + at, sizeof(y));
   x = scale(x, s->TCXAddressControlMode, (float)width, normalized) + (float)job->offset[0];
   y = scale(y, s->TCYAddressControlMode, (float)height, normalized) + (float)job->offset[1];
   if (!level->linear) {
      const vec_i column = __builtin_convertvector(floor_of(x), vec_i);
      const vec_i row = __builtin_convertvector(floor_of(y), vec_i);
      address[0] = job->surface->address +
                   column_offset(job, level, wrap(s->TCXAddressControlMode, column, width)) +
                   row_offset(job, level, wrap(s->TCYAddressControlMode, row, height));
      if (!fetch(job, address, 1, texels))
         return false;
      for (unsigned c = 0; c < 4; c++) {
         const vec_f value = component(&job->rgba[c], texels[0]);
         memcpy(&rgba[c][at], &value, sizeof(value));
      }
      return true;
   }

   const vec_f first_x = floor_of(x - 0.5f), first_y = floor_of(y - 0.5f);
   const vec_f fraction_x = x - 0.5f - first_x, fraction_y = y - 0.5f - first_y;
   const vec_i column = __builtin_convertvector(first_x, vec_i);
   const vec_i row = __builtin_convertvector(first_y, vec_i);
   const vec_u columns[2] = {
      column_offset(job, level, wrap(s->TCXAddressControlMode, column, width)),
      column_offset(job, level, wrap(s->TCXAddressControlMode, column + 1, width)),
   };
   const vec_u rows[2] = {
      row_offset(job, level, wrap(s->TCYAddressControlMode, row, height)),
      row_offset(job, level, wrap(s->TCYAddressControlMode, row + 1, height)),
   };
   for (unsigned i = 0; i < 4; i++)
      address[i] = job->surface->address + columns[i & 1] + rows[i >> 1];
   if (!fetch(job, address, 4, texels))
      return false;
   for (unsigned c = 0; c < 4; c++) {
      vec_f sum = { 0 };
      /* Texels are finite, so that one of the weight 0 adds nothing. */
      for (unsigned i = 0; i < 4; i++) {
         const vec_f weight = (i & 1 ? fraction_x : 1.0f - fraction_x) *
                              (i >> 1 ? fraction_y : 1.0f - fraction_y);
         sum += weight * component(&job->rgba[c], texels[i]);
      }
      memcpy(&rgba[c][at], &sum, sizeof(sum));
   }
   return true;
}

static inline bool
sample_level(const struct quick_job *job, const struct quick_level *level,
             const float u[QUICK_CHANNELS], const float v[QUICK_CHANNELS],
             float rgba[4][QUICK_CHANNELS])
{
   for (unsigned at = 0; at < QUICK_CHANNELS; at += N) {
      if (!sample_vector(job, level, u, v, rgba, at))
         return false;
   }
   return true;
}
