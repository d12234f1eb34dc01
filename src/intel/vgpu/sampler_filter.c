/*
 * SPDX-License-Identifier: MIT
 *
 * From a texture coordinate to a colour: level of detail, address control modes, filters, cube
 * faces and shadow comparisons.
 */

#include <math.h>
#include <string.h>

#include "sampler_priv.h"

static float
as_float(uint32_t bits)
{
   float value;
   memcpy(&value, &bits, sizeof(value));
   return value;
}

static uint32_t
as_bits(float value)
{
   uint32_t bits;
   memcpy(&bits, &value, sizeof(bits));
   return bits;
}

/* ---------------------------------------------------------------- cubes */

/* Which of x, y, z are S, T and the major axis of each face, and their signs. */
static const struct {
   uint8_t s, t, major;
   int8_t s_sign, t_sign, major_sign;
} cube_faces[6] = {
   { 2, 1, 0, -1, -1, 1 }, /* +x */
   { 2, 1, 0, 1, -1, -1 }, /* -x */
   { 0, 2, 1, 1, 1, 1 },   /* +y */
   { 0, 2, 1, 1, -1, -1 }, /* -y */
   { 0, 1, 2, 1, -1, 1 },  /* +z */
   { 0, 1, 2, -1, -1, -1 }, /* -z */
};

/* The face that a vector goes through; of equal components z wins over y over x. */
static unsigned
cube_face(const float v[3])
{
   float x = fabsf(v[0]), y = fabsf(v[1]), z = fabsf(v[2]);
   unsigned axis = z >= x && z >= y ? 2 : y >= x ? 1 : 0;

   return 2 * axis + (v[axis] < 0.0f || (v[axis] == 0.0f && signbit(v[axis])));
}

/* Where a vector meets the plane of a face, from 0 to 1 within the face. */
static void
cube_project(unsigned face, const float v[3], float st[2])
{
   float major = fabsf(v[cube_faces[face].major]);

   st[0] = (cube_faces[face].s_sign * v[cube_faces[face].s] / major + 1.0f) / 2;
   st[1] = (cube_faces[face].t_sign * v[cube_faces[face].t] / major + 1.0f) / 2;
}

/*
 * The texel beyond one edge of a face: the one of the neighbour that lies there. The centre of the
 * texel as it would be in the face's plane is a vector that goes through the right one.
 */
static void
cube_cross_edge(unsigned *face, int *x, int *y, uint32_t size)
{
   float v[3], st[2];

   v[cube_faces[*face].major] = cube_faces[*face].major_sign;
   v[cube_faces[*face].s] =
      cube_faces[*face].s_sign * ((2.0f * (float)*x + 1.0f) / (float)size - 1.0f);
   v[cube_faces[*face].t] =
      cube_faces[*face].t_sign * ((2.0f * (float)*y + 1.0f) / (float)size - 1.0f);
   *face = cube_face(v);
   cube_project(*face, v, st);
   *x = (int)floorf(st[0] * (float)size);
   *y = (int)floorf(st[1] * (float)size);
   *x = *x < 0 ? 0 : *x >= (int)size ? (int)size - 1 : *x;
   *y = *y < 0 ? 0 : *y >= (int)size ? (int)size - 1 : *y;
}

/* ---------------------------------------------------------------- level of detail */

static void
lod_size(const struct vgpu_surface *surface, uint32_t lod, float size[3])
{
   size[0] = (float)vgpu_surface_minify(surface->width, lod);
   size[1] = (float)vgpu_surface_minify(surface->height, lod);
   size[2] = (float)vgpu_surface_minify(surface->depth, lod);
}

static unsigned
dimensions(const struct vgpu_surface *surface)
{
   switch (surface->type) {
   case VGPU_SURFACE_1D:
      return 1;
   case VGPU_SURFACE_3D:
      return 3;
   default:
      return 2;
   }
}

/*
 * How many samples an anisotropic filter takes, and along what. The PRM gives the largest ratio of
 * a footprint's sides and no formula; this is the one of EXT_texture_filter_anisotropic.
 * \param x2, y2    squares of the sides' lengths in texels
 * \param dx, dy    the sides as steps of the coordinates
 * \return by how much a sample's side is shorter than the longer one, as log2
 */
static float
choose_line(const struct vgpu_sampler_op *op, float x2, float y2, const float dx[3],
            const float dy[3], struct vgpu_sampler_line *line)
{
   const float longest = 2.0f * (float)(op->state->MaximumAnisotropy + 1);
   const float ratio = sqrtf(fmaxf(x2, y2) / fminf(x2, y2));

   /* A ratio of nothing to nothing is not a number, and has no line. */
   line->num = !(ratio > 1.0f) ? 1 : (unsigned)ceilf(fminf(ratio, longest));
   memcpy(line->step, x2 > y2 ? dx : dy, sizeof(line->step));
   return log2f((float)line->num);
}

/* The longer of the two steps, in texels of the first LOD. */
static float
lod_of_steps(const struct vgpu_sampler_op *op, const float dx[3], const float dy[3],
             const float coord_dx[3], const float coord_dy[3], struct vgpu_sampler_line *line)
{
   float size[3], x2 = 0.0f, y2 = 0.0f;

   lod_size(op->surface, op->surface->min_lod, size);
   for (unsigned i = 0; i < dimensions(op->surface); i++) {
      float scale = op->state->NonnormalizedCoordinateEnable ? 1.0f : size[i];
      x2 += dx[i] * scale * dx[i] * scale;
      y2 += dy[i] * scale * dy[i] * scale;
   }
   const float lod = 0.5f * log2f(fmaxf(x2, y2));
   if (!line)
      return lod;
   *line = (struct vgpu_sampler_line){ .num = 1 };
   if (op->state->MinModeFilter != GFX7_SAMPLER_STATE_MAPFILTER_ANISOTROPIC)
      return lod;
   return lod - choose_line(op, x2, y2, coord_dx, coord_dy, line);
}

float
vgpu_sampler_subspan_lod(const struct vgpu_sampler_op *op,
                         const struct vgpu_sampler_coord coords[4], unsigned pixel,
                         struct vgpu_sampler_line *line)
{
   float at[4][3], dx[3], dy[3], coord_dx[3], coord_dy[3];

   for (unsigned i = 0; i < 4; i++) {
      for (unsigned c = 0; c < 3; c++)
         at[i][c] = coords[i].p[PARAM_U + c].f;
   }
   for (unsigned c = 0; c < 3; c++) {
      coord_dx[c] = at[1][c] - at[0][c];
      coord_dy[c] = at[2][c] - at[0][c];
   }
   if (op->surface->type == VGPU_SURFACE_CUBE) {
      /* Another pixel can be beyond the primitive, and then on another face. */
      unsigned face = cube_face(at[pixel]);
      for (unsigned i = 0; i < 3; i++) {
         float st[2];
         cube_project(face, at[i], st);
         at[i][0] = st[0];
         at[i][1] = st[1];
      }
   }
   for (unsigned c = 0; c < 3; c++) {
      dx[c] = at[1][c] - at[0][c];
      dy[c] = at[2][c] - at[0][c];
   }
   return lod_of_steps(op, dx, dy, coord_dx, coord_dy, line);
}

float
vgpu_sampler_gradient_lod(const struct vgpu_sampler_op *op,
                          const struct vgpu_sampler_coord *coord,
                          struct vgpu_sampler_line *line)
{
   const union vgpu_sampler_value *p = coord->p;
   float dx[3] = { p[PARAM_DUDX].f, p[PARAM_DVDX].f, p[PARAM_DRDX].f };
   float dy[3] = { p[PARAM_DUDY].f, p[PARAM_DVDY].f, p[PARAM_DRDY].f };
   float coord_dx[3], coord_dy[3];

   memcpy(coord_dx, dx, sizeof(coord_dx));
   memcpy(coord_dy, dy, sizeof(coord_dy));
   if (op->surface->type == VGPU_SURFACE_CUBE) {
      const float v[3] = { p[PARAM_U].f, p[PARAM_V].f, p[PARAM_R].f };
      unsigned face = cube_face(v);
      float major = v[cube_faces[face].major], st_dx[2], st_dy[2];
      for (unsigned i = 0; i < 2; i++) {
         unsigned axis = i ? cube_faces[face].t : cube_faces[face].s;
         float scale = 0.5f / (major * major);
         st_dx[i] = (dx[axis] * major - v[axis] * dx[cube_faces[face].major]) * scale;
         st_dy[i] = (dy[axis] * major - v[axis] * dy[cube_faces[face].major]) * scale;
      }
      memcpy(dx, st_dx, sizeof(st_dx));
      memcpy(dy, st_dy, sizeof(st_dy));
   }
   return lod_of_steps(op, dx, dy, coord_dx, coord_dy, line);
}

float
vgpu_sampler_clamp_lod(const struct vgpu_sampler_op *op, float lod, bool *mag)
{
   const struct GFX7_SAMPLER_STATE *s = op->state;

   if (isnan(lod))
      lod = 0.0f;
   if (s->LODPreClampEnable)
      lod = fmaxf(fminf(lod, s->MaxLOD), s->MinLOD);
   *mag = lod - s->BaseMipLevel <= 0.0f;
   if (s->MipModeFilter == GFX7_SAMPLER_STATE_MIPFILTER_NONE)
      lod = s->BaseMipLevel;
   else
      lod = fmaxf(fminf(lod, s->MaxLOD), s->MinLOD);
   lod = fmaxf(lod, op->surface->resource_min_lod);
   return fmaxf(fminf(lod, (float)op->surface->mip_count), 0.0f);
}

/* ---------------------------------------------------------------- texels */

/* Index of a texel after the address control mode; -1: the border colour. */
int
vgpu_sampler_wrap(unsigned mode, int index, int size)
{
   switch (mode) {
   case GFX7_TCM_WRAP:
      index %= size;
      return index < 0 ? index + size : index;
   case GFX7_TCM_MIRROR:
      index %= 2 * size;
      if (index < 0)
         index += 2 * size;
      return index < size ? index : 2 * size - 1 - index;
   case GFX7_TCM_CLAMP_BORDER:
      return index >= 0 && index < size ? index : -1;
   case GFX7_TCM_MIRROR_ONCE:
      if (index < 0)
         index = -1 - index;
      break;
   }
   return index < 0 ? 0 : index >= size ? size - 1 : index;
}

/* A coordinate in texels. What repeats is brought near first, so that far ones keep precision. */
static float
scale(float coord, unsigned mode, float size, bool normalized)
{
   if (!isfinite(coord))
      return isnan(coord) || coord < 0.0f ? (coord < 0.0f ? -0x1p20f : 0.0f) : 0x1p20f;
   if (normalized) {
      if (mode == GFX7_TCM_WRAP)
         coord -= floorf(coord);
      else if (mode == GFX7_TCM_MIRROR)
         coord -= 2.0f * floorf(coord / 2.0f);
      coord *= size;
   }
   return fmaxf(fminf(coord, 0x1p20f), -0x1p20f);
}

/* What a coordinate needs of one LOD. */
struct footprint {
   uint32_t lod; /* of the surface */
   int size[3];
   unsigned mode[3];
   bool cube_edges;   /* neighbours of a face are the next faces' texels */
   unsigned face;
   uint32_t layer;    /* array element, without faces and slices */
   float at[3];       /* in texels */
};

static uint32_t
array_layer(const struct vgpu_surface *surface, float index)
{
   float last = (float)(surface->depth - 1);

   if (!surface->is_array || isnan(index))
      return 0;
   return (uint32_t)fmaxf(fminf(rintf(index), last), 0.0f);
}

static void
locate(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord, uint32_t level,
       struct footprint *fp)
{
   const struct vgpu_surface *surface = op->surface;
   const union vgpu_sampler_value *p = coord->p;
   float uvr[3] = { p[PARAM_U].f, p[PARAM_V].f, p[PARAM_R].f }, size[3];

   *fp = (struct footprint){
      .lod = surface->min_lod + level,
      .mode = { op->state->TCXAddressControlMode, op->state->TCYAddressControlMode,
                op->state->TCZAddressControlMode },
   };
   switch (surface->type) {
   case VGPU_SURFACE_1D:
      fp->layer = array_layer(surface, uvr[1]);
      uvr[1] = 0.0f;
      break;
   case VGPU_SURFACE_CUBE: {
      float st[2];
      fp->layer = array_layer(surface, p[PARAM_AI].f);
      fp->face = cube_face(uvr);
      cube_project(fp->face, uvr, st);
      uvr[0] = st[0];
      uvr[1] = st[1];
      uvr[2] = 0.0f;
      fp->cube_edges = fp->mode[0] == GFX7_TCM_CUBE ||
                       op->state->CubeSurfaceControlMode ==
                          GFX7_SAMPLER_STATE_CubeSurfaceControlMode_OVERRIDE;
      break;
   }
   case VGPU_SURFACE_3D:
      break;
   default:
      fp->layer = array_layer(surface, uvr[2]);
      uvr[2] = 0.0f;
   }
   lod_size(surface, fp->lod, size);
   for (unsigned i = 0; i < 3; i++) {
      bool used = i < dimensions(surface);
      fp->size[i] = used ? (int)size[i] : 1;
      fp->at[i] = used ? scale(uvr[i], fp->mode[i], size[i],
                               !op->state->NonnormalizedCoordinateEnable) +
                            (float)op->offset[i]
                       : 0.0f;
   }
}

/* Replaces a depth by the result of its comparison, in the components that the format gives. */
static void
compare(const struct vgpu_sampler_op *op, float ref, uint32_t rgba[4])
{
   const unsigned component = op->surface->format->channels[0].component;
   float texel = as_float(rgba[component == VGPU_COMPONENT_A ? 3 : 0]);
   bool met = false;

   switch (op->state->ShadowFunction) {
   case GFX7_SAMPLER_STATE_PREFILTEROP_ALWAYS:
      met = true;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_NEVER:
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_LESS:
      met = texel < ref;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_EQUAL:
      met = texel == ref;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_LEQUAL:
      met = texel <= ref;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_GREATER:
      met = texel > ref;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_NOTEQUAL:
      met = texel != ref;
      break;
   case GFX7_SAMPLER_STATE_PREFILTEROP_GEQUAL:
      met = texel >= ref;
      break;
   }
   /* The function says what fails. */
   uint32_t result = as_bits(met ? 0.0f : 1.0f);
   if (component == VGPU_COMPONENT_A) {
      rgba[3] = result;
      return;
   }
   rgba[0] = result;
   if (component == VGPU_COMPONENT_L || component == VGPU_COMPONENT_I)
      rgba[1] = rgba[2] = result;
   if (component == VGPU_COMPONENT_I)
      rgba[3] = result;
}

/* The texel at indices that may be outside; \param ref is compared with if the message does. */
static bool
tap(const struct vgpu_sampler_op *op, const struct footprint *fp, const int index[3], float ref,
    uint32_t rgba[4])
{
   struct vgpu_surface *surface = op->surface;
   int at[3] = { index[0], index[1], index[2] };
   unsigned face = fp->face;
   uint32_t layer;
   bool border = false;

   if (surface->type == VGPU_SURFACE_CUBE && fp->cube_edges) {
      if (at[0] < 0 || at[0] >= fp->size[0] || at[1] < 0 || at[1] >= fp->size[1])
         cube_cross_edge(&face, &at[0], &at[1], (uint32_t)fp->size[0]);
   } else {
      for (unsigned i = 0; i < dimensions(surface); i++) {
         at[i] = vgpu_sampler_wrap(fp->mode[i], at[i], fp->size[i]);
         border |= at[i] < 0;
      }
   }
   if (border) {
      memcpy(rgba, op->border, 4 * sizeof(*rgba));
   } else {
      if (surface->type == VGPU_SURFACE_3D)
         layer = (uint32_t)at[2];
      else if (surface->type == VGPU_SURFACE_CUBE)
         layer = surface->min_array_element + 6 * fp->layer + face;
      else
         layer = surface->min_array_element + fp->layer;
      if (!vgpu_surface_fetch(surface, fp->lod, layer, (uint32_t)at[0], (uint32_t)at[1], rgba))
         return false;
   }
   if (op->compare)
      compare(op, ref, rgba);
   return true;
}

static bool
nearest(const struct vgpu_sampler_op *op, const struct footprint *fp, float ref, uint32_t rgba[4])
{
   int index[3] = { (int)floorf(fp->at[0]), (int)floorf(fp->at[1]), (int)floorf(fp->at[2]) };

   if (op->surface->type == VGPU_SURFACE_CUBE) { /* a vector is within its face, or on its edge */
      for (unsigned i = 0; i < 2; i++)
         index[i] = vgpu_sampler_wrap(GFX7_TCM_CLAMP, index[i], fp->size[i]);
   }
   return tap(op, fp, index, ref, rgba);
}

/* First texel of a linear footprint, and how far the coordinate is on the way to the second. */
static int
linear_first(float at, float *fraction)
{
   float first = floorf(at - 0.5f);

   *fraction = at - 0.5f - first;
   return (int)first;
}

/* The texels (x0, y0), (x1, y0), (x0, y1), (x1, y1) of a slice. */
static bool
quad(const struct vgpu_sampler_op *op, const struct footprint *fp, const int first[3], float ref,
     uint32_t texels[4][4])
{
   int missing = -1;

   for (int i = 0; i < 4; i++) {
      const int index[3] = { first[0] + (i & 1), first[1] + (i >> 1), first[2] };
      bool x_out = index[0] < 0 || index[0] >= fp->size[0];
      bool y_out = index[1] < 0 || index[1] >= fp->size[1];
      if (fp->cube_edges && x_out && y_out) {
         missing = i;
         continue;
      }
      if (!tap(op, fp, index, ref, texels[i]))
         return false;
   }
   if (missing >= 0) { /* three faces meet at a corner: the mean of their texels */
      for (unsigned c = 0; c < 4; c++) {
         float sum = 0.0f;
         for (int i = 0; i < 4; i++)
            sum += i == missing ? 0.0f : as_float(texels[i][c]);
         texels[missing][c] = as_bits(sum / 3.0f);
      }
   }
   return true;
}

static bool
linear(const struct vgpu_sampler_op *op, const struct footprint *fp, float ref, uint32_t rgba[4])
{
   const unsigned dims = dimensions(op->surface);
   float fraction[3] = { 0.0f }, sum[4] = { 0.0f };
   int first[3] = { 0 };

   for (unsigned i = 0; i < dims; i++)
      first[i] = linear_first(fp->at[i], &fraction[i]);
   for (int z = 0; z < (dims == 3 ? 2 : 1); z++) {
      const int slice[3] = { first[0], first[1], first[2] + z };
      float weight_z = z ? fraction[2] : 1.0f - fraction[2];
      uint32_t texels[4][4];

      if (weight_z == 0.0f)
         continue;
      if (!quad(op, fp, slice, ref, texels))
         return false;
      for (int i = 0; i < (dims == 1 ? 2 : 4); i++) {
         float weight = weight_z * (i & 1 ? fraction[0] : 1.0f - fraction[0]) *
                        (i >> 1 ? fraction[1] : 1.0f - fraction[1]);
         for (unsigned c = 0; c < 4 && weight != 0.0f; c++)
            sum[c] += weight * as_float(texels[i][c]);
      }
   }
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = as_bits(sum[c]);
   return true;
}

static bool
filter_level(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
             uint32_t level, bool mag, uint32_t rgba[4])
{
   unsigned mode = mag ? op->state->MagModeFilter : op->state->MinModeFilter;
   float ref = coord->p[PARAM_REF].f;
   struct footprint fp;

   locate(op, coord, level, &fp);
   /* An anisotropic filter's samples are linear ones. */
   return mode == GFX7_SAMPLER_STATE_MAPFILTER_NEAREST ? nearest(op, &fp, ref, rgba)
                                                       : linear(op, &fp, ref, rgba);
}

bool
vgpu_sampler_filter(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
                    float lod, uint32_t rgba[4])
{
   bool mag;

   lod = vgpu_sampler_clamp_lod(op, lod, &mag);
   if (op->state->MipModeFilter != GFX7_SAMPLER_STATE_MIPFILTER_LINEAR)
      return filter_level(op, coord, (uint32_t)floorf(lod + 0.5f), mag, rgba);

   uint32_t level = (uint32_t)lod;
   float fraction = lod - (float)level;
   if (!filter_level(op, coord, level, mag, rgba))
      return false;
   if (fraction == 0.0f)
      return true;
   uint32_t next[4];
   if (!filter_level(op, coord, level + 1, mag, next))
      return false;
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = as_bits((1.0f - fraction) * as_float(rgba[c]) + fraction * as_float(next[c]));
   return true;
}

bool
vgpu_sampler_filter_line(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
                         const struct vgpu_sampler_line *line, float lod, uint32_t rgba[4])
{
   /* Beside u, v and r of a cube's vector, an array has its index, which stays. */
   const unsigned steps = op->surface->type == VGPU_SURFACE_CUBE ? 3 : dimensions(op->surface);
   float sum[4] = { 0 };

   if (line->num == 1)
      return vgpu_sampler_filter(op, coord, lod, rgba);
   for (unsigned i = 1; i <= line->num; i++) {
      const float along = (float)i / (float)(line->num + 1) - 0.5f;
      struct vgpu_sampler_coord at = *coord;
      for (unsigned c = 0; c < steps; c++)
         at.p[PARAM_U + c].f += along * line->step[c];
      if (!vgpu_sampler_filter(op, &at, lod, rgba))
         return false;
      for (unsigned c = 0; c < 4; c++)
         sum[c] += as_float(rgba[c]);
   }
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = as_bits(sum[c] / (float)line->num);
   return true;
}

bool
vgpu_sampler_gather(const struct vgpu_sampler_op *op, const struct vgpu_sampler_coord *coord,
                    uint32_t rgba[4])
{
   static const unsigned order[4] = { 2, 3, 1, 0 };
   uint32_t texels[4][4];
   struct footprint fp;
   float fraction;
   bool mag;
   float lod = vgpu_sampler_clamp_lod(op, 0.0f, &mag);

   locate(op, coord, (uint32_t)floorf(lod + 0.5f), &fp);
   const int first[3] = { linear_first(fp.at[0], &fraction), linear_first(fp.at[1], &fraction),
                          0 };
   if (!quad(op, &fp, first, coord->p[PARAM_REF].f, texels))
      return false;
   for (unsigned c = 0; c < 4; c++)
      rgba[c] = texels[order[c]][op->gather_channel];
   return true;
}
