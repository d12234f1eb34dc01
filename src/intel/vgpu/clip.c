/*
 * SPDX-License-Identifier: MIT
 *
 * The clipper (IVB PRM Vol2 Part 1, "Clip Stage"): trivial rejection, and polygons and lines cut at
 * the planes that are on.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gfx7_unpack.h"
#include "pipeline.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

#define MAX_USER_PLANES 8
#define MAX_PLANES (7 + MAX_USER_PLANES)
/* Planes that are no user's, twice, for whole vectors. */
#define MAX_FIXED 16
/* A triangle gains at most one corner at each plane. */
#define MAX_CORNERS (3 + MAX_PLANES)

enum { CLIPMODE_NORMAL = 0, CLIPMODE_REJECT_ALL = 3, CLIPMODE_ACCEPT_ALL = 4 };
enum { APIMODE_OGL = 0, APIMODE_D3D = 1 };

/* A plane as the distance of a vertex from it: inside where that is not negative. */
struct plane {
   float a[4];      /* of x, y, z, w */
   int user;        /* clip distance instead, -1: none */
};

typedef float vec_f __attribute__((vector_size(16)));
typedef int32_t vec_i __attribute__((vector_size(16)));

struct vgpu_clip {
   bool enabled;
   struct GFX7_3DSTATE_CLIP state;
   struct GFX7_SF_CLIP_VIEWPORT viewport;
   /* Planes that only throw away what is wholly beyond one of them are the first. */
   struct plane planes[MAX_USER_PLANES + MAX_PLANES], guardband[MAX_PLANES];
   unsigned num_culls, num_planes; /* num_culls, then num_planes of planes; of guardband */
   /*
    * The ones that are no user's, of planes and then of guardband: num_fixed of each. As arrays of
    * what vertices are multiplied by.
    */
   unsigned num_fixed;
   vec_f fixed[4][MAX_FIXED / 4];
};

static unsigned make_planes(const struct vgpu_clip *clip, struct plane *planes, bool guardband);
static unsigned make_cull_planes(const struct vgpu_clip *clip, struct plane *planes);

bool
vgpu_clip_init(struct vgpu_draw *draw, struct vgpu_clip **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_packet *packet =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_CLIP_header);
   const struct vgpu_packet *viewports = vgpu_render_packet(
      engine->render, GFX7_3DSTATE_VIEWPORT_STATE_POINTERS_SF_CLIP_header);
   struct vgpu_clip *clip = *out = calloc(1, sizeof(*clip));

   if (!clip)
      return vgpu_engine_fault(engine, "no host memory for the clipper");
   if (packet)
      GFX7_3DSTATE_CLIP_unpack(&clip->state, packet->dw, packet->len_dw);
   clip->enabled = packet && clip->state.ClipEnable;
   if (!clip->enabled)
      return true;
   if (clip->state.ClipMode != CLIPMODE_NORMAL && clip->state.ClipMode != CLIPMODE_REJECT_ALL &&
       clip->state.ClipMode != CLIPMODE_ACCEPT_ALL)
      return vgpu_engine_unmodelled(engine, "clip mode %u", clip->state.ClipMode);
   if (clip->state.GuardbandClipTestEnable) {
      uint32_t dw[16];
      if (!viewports)
         return vgpu_engine_fault(engine, "a guardband without a viewport");
      if (!vgpu_read_state(engine, draw->dynamic_state_base + (viewports->dw[1] & ~63u), dw, 16))
         return false;
      GFX7_SF_CLIP_VIEWPORT_unpack(&clip->viewport, dw, 16);
   }
   clip->num_culls = make_cull_planes(clip, clip->planes);
   clip->num_planes = make_planes(clip, clip->planes + clip->num_culls, false);
   make_planes(clip, clip->guardband, true);
   while (clip->num_fixed < clip->num_planes && clip->guardband[clip->num_fixed].user < 0)
      clip->num_fixed++;
   for (unsigned i = 0; i < clip->num_fixed; i++) {
      for (unsigned c = 0; c < 4; c++) {
         const unsigned k = clip->num_fixed + i;
         clip->fixed[c][i / 4][i % 4] = clip->planes[clip->num_culls + i].a[c];
         clip->fixed[c][k / 4][k % 4] = clip->guardband[i].a[c];
      }
   }
   return true;
}

void
vgpu_clip_fini(struct vgpu_clip *clip)
{
   free(clip);
}

static float
distance(const struct plane *plane, const struct vgpu_vertex *v)
{
   if (plane->user >= 0)
      return v->slot[VUE_CLIP_DISTANCE_0 + plane->user / 4].f[plane->user % 4];
   const float *p = v->slot[VUE_POSITION].f;
   return plane->a[0] * p[0] + plane->a[1] * p[1] + plane->a[2] * p[2] + plane->a[3] * p[3];
}

static unsigned
make_planes(const struct vgpu_clip *clip, struct plane *planes, bool guardband)
{
   const struct GFX7_3DSTATE_CLIP *s = &clip->state;
   unsigned n = 0;

   planes[n++] = (struct plane){ { 0, 0, 0, 1 }, -1 };
   if (s->ViewportZClipTestEnable) {
      planes[n++] = (struct plane){ { 0, 0, 1, s->APIMode == APIMODE_OGL }, -1 };
      planes[n++] = (struct plane){ { 0, 0, -1, 1 }, -1 };
   }
   if (s->ViewportXYClipTestEnable) {
      const struct GFX7_SF_CLIP_VIEWPORT *vp = &clip->viewport;
      const bool wide = guardband && s->GuardbandClipTestEnable;
      planes[n++] = (struct plane){ { 1, 0, 0, wide ? -vp->XMinClipGuardband : 1 }, -1 };
      planes[n++] = (struct plane){ { -1, 0, 0, wide ? vp->XMaxClipGuardband : 1 }, -1 };
      planes[n++] = (struct plane){ { 0, 1, 0, wide ? -vp->YMinClipGuardband : 1 }, -1 };
      planes[n++] = (struct plane){ { 0, -1, 0, wide ? vp->YMaxClipGuardband : 1 }, -1 };
   }
   for (int i = 0; i < MAX_USER_PLANES; i++) {
      if (s->UserClipDistanceClipTestEnableBitmask & BIT(i))
         planes[n++] = (struct plane){ { 0 }, i };
   }
   return n;
}

/** Planes that only throw away what is wholly beyond one of them. */
static unsigned
make_cull_planes(const struct vgpu_clip *clip, struct plane *planes)
{
   unsigned n = 0;

   for (int i = 0; i < MAX_USER_PLANES; i++) {
      if (clip->state.UserClipDistanceCullTestEnableBitmask & BIT(i))
         planes[n++] = (struct plane){ { 0 }, i };
   }
   return n;
}

static void
interpolate(const struct vgpu_draw *draw, struct vgpu_vertex *out, const struct vgpu_vertex *a,
            const struct vgpu_vertex *b, float t)
{
   out->slot[VUE_HEADER] = a->slot[VUE_HEADER];
   for (unsigned s = VUE_POSITION; s < draw->vertex_slots; s++) {
      for (unsigned c = 0; c < 4; c++)
         out->slot[s].f[c] = a->slot[s].f[c] + t * (b->slot[s].f[c] - a->slot[s].f[c]);
   }
}

static uint32_t
outside(const struct plane *planes, unsigned num_planes, const struct vgpu_vertex *v)
{
   uint32_t bits = 0;

   for (unsigned i = 0; i < num_planes; i++)
      bits |= (uint32_t)!(distance(&planes[i], v) >= 0) << i;
   return bits;
}

void
vgpu_clip_vertex(const struct vgpu_draw *draw, struct vgpu_vertex *v)
{
   const struct vgpu_clip *clip = draw->clip;

   if (!clip->enabled)
      return;
   const float *p = v->slot[VUE_POSITION].f;
   const unsigned n = clip->num_fixed;
   vec_i out = { 0 };

   for (unsigned i = 0; i < MAX_FIXED / 4; i++) {
      const vec_f d = clip->fixed[0][i] * p[0] + clip->fixed[1][i] * p[1] +
                      clip->fixed[2][i] * p[2] + clip->fixed[3][i] * p[3]; /* as distance() */
      out |= ~(d >= 0) & (vec_i){ 1 << 4 * i, 2 << 4 * i, 4 << 4 * i, 8 << 4 * i };
   }
   const uint32_t bits = (uint32_t)(out[0] | out[1] | out[2] | out[3]);
   const uint32_t fixed = bits & (BIT(n) - 1), guardband = bits >> n & (BIT(n) - 1);
   const uint32_t users = outside(clip->guardband + n, clip->num_planes - n, v) << n;
   v->outside = outside(clip->planes, clip->num_culls, v) | (fixed | users) << clip->num_culls;
   v->outside_guardband = guardband | users;
}

/** A vertex between two, at a place in memory for one. */
static struct vgpu_vertex *
new_vertex(const struct vgpu_draw *draw, uint8_t *memory, const struct vgpu_vertex *a,
           const struct vgpu_vertex *b, float t)
{
   struct vgpu_vertex *v = (struct vgpu_vertex *)memory;

   interpolate(draw, v, a, b, t);
   vgpu_sf_vertex(draw, v);
   return v;
}

static bool
clip_line(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct plane *planes,
          unsigned num_planes, const struct vgpu_primitive *p)
{
   float from = 0, to = 1;

   for (unsigned i = 0; i < num_planes; i++) {
      const float d0 = distance(&planes[i], p->v[0]), d1 = distance(&planes[i], p->v[1]);
      if (d0 < 0 && d1 >= 0)
         from = fmaxf(from, d0 / (d0 - d1));
      else if (d1 < 0 && d0 >= 0)
         to = fminf(to, d0 / (d0 - d1));
      else if (d0 < 0 && d1 < 0)
         return true;
   }
   if (from > to)
      return true;

   uint8_t *memory = malloc(2 * vgpu_vertex_bytes(draw));
   if (!memory)
      return vgpu_engine_fault(draw->engine, "no host memory for a clipped line");
   struct vgpu_primitive part = *p;
   part.v[0] = new_vertex(draw, memory, p->v[0], p->v[1], from);
   part.v[1] = new_vertex(draw, memory + vgpu_vertex_bytes(draw), p->v[0], p->v[1], to);
   part.v[2] = part.v[1];
   const bool ok = vgpu_sf_primitive(draw, batch, &part);
   free(memory);
   return ok;
}

/* A polygon that becomes of a triangle, and which of the edges from a corner are its own. */
struct polygon {
   unsigned n;
   const struct vgpu_vertex *v[MAX_CORNERS];
   bool edge[MAX_CORNERS];
};

static void
add_corner(struct polygon *polygon, const struct vgpu_vertex *v, bool edge)
{
   polygon->v[polygon->n] = v;
   polygon->edge[polygon->n++] = edge;
}

/** What of a polygon is inside a plane. \param memory  for new vertices, two at most */
static void
cut(const struct vgpu_draw *draw, const struct plane *plane, const struct polygon *in,
    struct polygon *out, uint8_t **memory)
{
   out->n = 0;
   for (unsigned c = 0; c < in->n && out->n + 2 <= MAX_CORNERS; c++) {
      const struct vgpu_vertex *a = in->v[c], *b = in->v[(c + 1) % in->n];
      const float da = distance(plane, a), db = distance(plane, b);
      if (da >= 0)
         add_corner(out, a, in->edge[c]);
      /* From the inside to the outside always, so that a shared edge is cut in one place. */
      if (da >= 0 && !(db >= 0)) {
         /* What follows is along the plane: an edge to be seen if it is the user's. */
         add_corner(out, new_vertex(draw, *memory, a, b, da / (da - db)), plane->user >= 0);
         *memory += vgpu_vertex_bytes(draw);
      } else if (!(da >= 0) && db >= 0) {
         add_corner(out, new_vertex(draw, *memory, b, a, db / (db - da)), in->edge[c]);
         *memory += vgpu_vertex_bytes(draw);
      }
   }
}

static bool
clip_triangle(struct vgpu_draw *draw, struct vgpu_batch *batch, const struct plane *planes,
              unsigned num_planes, const struct vgpu_primitive *p)
{
   /* Rounding can make a polygon that is not convex: each of its edges can cross a plane. */
   uint8_t *memory = malloc((size_t)MAX_PLANES * MAX_CORNERS * vgpu_vertex_bytes(draw));
   uint8_t *next = memory;
   struct polygon store[2], *in = &store[0], *out = &store[1];

   if (!memory)
      return vgpu_engine_fault(draw->engine, "no host memory for a clipped triangle");
   in->n = 3;
   memcpy(in->v, p->v, sizeof(p->v));
   memcpy(in->edge, p->edge, sizeof(p->edge));
   for (unsigned i = 0; i < num_planes && in->n; i++) {
      cut(draw, &planes[i], in, out, &next);
      struct polygon *swap = in;
      in = out;
      out = swap;
   }

   bool ok = true;
   for (unsigned c = 1; c + 1 < in->n && ok; c++) {
      const struct vgpu_primitive part = {
         .kind = VGPU_TRIANGLE,
         .v = { in->v[0], in->v[c], in->v[c + 1] },
         .provoking = p->provoking,
         .id = p->id,
         /* Inner edges are not the polygon's. */
         .edge = { c == 1 && in->edge[0], in->edge[c], c + 2 == in->n && in->edge[c + 1] },
      };
      ok = vgpu_sf_primitive(draw, batch, &part);
   }
   free(memory);
   return ok;
}

bool
vgpu_clip_primitive(struct vgpu_draw *draw, struct vgpu_batch *batch,
                    const struct vgpu_primitive *p)
{
   const struct vgpu_clip *clip = draw->clip;
   static const unsigned corners[] = {
      [VGPU_POINT] = 1, [VGPU_LINE] = 2, [VGPU_TRIANGLE] = 3, [VGPU_RECT] = 3,
   };

   if (!clip->enabled || clip->state.ClipMode == CLIPMODE_ACCEPT_ALL || p->kind == VGPU_RECT)
      return vgpu_sf_primitive(draw, batch, p);
   if (clip->state.ClipMode == CLIPMODE_REJECT_ALL)
      return true;

   /* Outside the viewport is outside, whatever the guardband says; cut is at the guardband. */
   uint32_t all = ~0u, any = 0;
   for (unsigned c = 0; c < corners[p->kind]; c++) {
      all &= p->v[c]->outside;
      any |= p->kind == VGPU_TRIANGLE ? p->v[c]->outside_guardband
                                      : p->v[c]->outside >> clip->num_culls;
   }
   if (all)
      return true;
   if (!any)
      return vgpu_sf_primitive(draw, batch, p);
   switch (p->kind) {
   case VGPU_POINT:
      return true;
   case VGPU_LINE:
      return clip_line(draw, batch, clip->planes + clip->num_culls, clip->num_planes, p);
   case VGPU_TRIANGLE:
   case VGPU_RECT:
      break;
   }
   return clip_triangle(draw, batch, clip->guardband, clip->num_planes, p);
}
