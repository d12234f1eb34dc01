/*
 * SPDX-License-Identifier: MIT
 *
 * A draw: gathers the state, assembles primitives (IVB PRM Vol2 Part 1, "Vertex Fetch", 3DPRIMITIVE
 * and "Primitive Topologies") and sends them through the blocks.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "copy_draw.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "pool.h"
#include "vgpu_priv.h"
#include "vgpu_regs.h"
#include "vgpu_render.h"

/* INSTPM: push constant buffer 0 is a graphics address, not an offset from dynamic state. */
#define INSTPM_CONSTANT_BUFFER_ADDRESS_OFFSET_DISABLE (1u << 6)

enum topology {
   TOPOLOGY_POINTLIST = 0x01,
   TOPOLOGY_LINELIST = 0x02,
   TOPOLOGY_LINESTRIP = 0x03,
   TOPOLOGY_TRILIST = 0x04,
   TOPOLOGY_TRISTRIP = 0x05,
   TOPOLOGY_TRIFAN = 0x06,
   TOPOLOGY_QUADLIST = 0x07,
   TOPOLOGY_QUADSTRIP = 0x08,
   TOPOLOGY_TRISTRIP_REVERSE = 0x0d,
   TOPOLOGY_POLYGON = 0x0e,
   TOPOLOGY_RECTLIST = 0x0f,
   TOPOLOGY_LINELOOP = 0x10,
   TOPOLOGY_TRIFAN_NOSTIPPLE = 0x16,
};

bool
vgpu_read_state(struct vgpu_engine *engine, uint32_t address, uint32_t *dw, unsigned len_dw)
{
   for (unsigned i = 0; i < len_dw; i++) {
      if (!vgpu_engine_read32(engine, engine->as, address + 4 * i, &dw[i]))
         return false;
   }
   return true;
}

bool
vgpu_read_pointed(const struct vgpu_draw *draw, uint32_t header, uint32_t mask, uint32_t *dw,
                  unsigned len_dw)
{
   const struct vgpu_packet *packet = vgpu_render_packet(draw->engine->render, header);

   memset(dw, 0, len_dw * sizeof(*dw));
   return !packet ||
          vgpu_read_state(draw->engine, draw->dynamic_state_base + (packet->dw[1] & mask), dw,
                          len_dw);
}

bool
vgpu_push_constants(struct vgpu_draw *draw, uint32_t header, uint8_t (*grf)[EU_REG_BYTES],
                    unsigned max_grf, unsigned *num_grf)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_packet *packet = vgpu_render_packet(engine->render, header);
   const uint32_t instpm =
      __atomic_load_n(&engine->gpu->regs[(RENDER_RING_BASE + RING_INSTPM) / 4], __ATOMIC_RELAXED);
   struct GFX7_3DSTATE_CONSTANT_BODY body;

   *num_grf = 0;
   if (!packet)
      return true;
   GFX7_3DSTATE_CONSTANT_BODY_unpack(&body, packet->dw + 1, packet->len_dw - 1);
   const uint32_t lengths[] = {
      body.ReadLength_0, body.ReadLength_1, body.ReadLength_2, body.ReadLength_3,
   };
   const uint64_t buffers[] = { body.Buffer_0, body.Buffer_1, body.Buffer_2, body.Buffer_3 };
   for (unsigned b = 0; b < 4; b++) {
      uint32_t address = buffers[b] & ~31ull;
      if (b == 0 && !(instpm & INSTPM_CONSTANT_BUFFER_ADDRESS_OFFSET_DISABLE))
         address += draw->dynamic_state_base;
      for (unsigned r = 0; r < lengths[b]; r++) {
         if (*num_grf == max_grf)
            return vgpu_engine_fault(engine, "more push constants than a thread has registers");
         if (!vgpu_read_state(engine, address + r * EU_REG_BYTES, (uint32_t *)grf[(*num_grf)++],
                              EU_REG_BYTES / 4))
            return false;
      }
   }
   return true;
}

bool
vgpu_load_program(struct vgpu_draw *draw, uint32_t kernel_start_pointer,
                  struct eu_program **program)
{
   struct vgpu_engine *engine = draw->engine;
   const uint32_t address = draw->instruction_base + kernel_start_pointer;
   uint32_t size = 0, max = VGPU_PAGE_SIZE_BYTES;
   uint8_t *code = NULL;

   /*
    * How long a kernel is, only decoding tells. Pages are read while decoding reaches their end
    * and the address space goes on.
    */
   *program = NULL;
   for (;;) {
      uint8_t *more = realloc(code, max);
      if (!more) {
         free(code);
         return vgpu_engine_fault(engine, "no host memory for a kernel of %u bytes", max);
      }
      code = more;
      bool end = false;
      while (size < max && !end) {
         const uint32_t in_page =
            VGPU_PAGE_SIZE_BYTES - ((address + size) & VGPU_PAGE_MASK);
         const uint32_t n = in_page < max - size ? in_page : max - size;
         enum vgpu_gtt_fault why;
         const uint8_t *host =
            vgpu_gtt_translate(engine->gpu, &engine->tlb, &engine->ppgtt, engine->as,
                               address + size, false, &why);
         end = !host;
         if (host) {
            memcpy(code + size, host, n);
            size += n;
         }
      }
      if (!size) {
         free(code);
         return vgpu_engine_fault(engine, "no kernel at 0x%08x", address);
      }
      const int ret = eu_program_create(code, size, kernel_start_pointer, program);
      if (ret) {
         free(code);
         return vgpu_engine_fault(engine, "kernel at 0x%08x: error %d", address, ret);
      }
      if (end || max >= EU_MAX_PROGRAM_BYTES || eu_program_extent(*program) + 16 <= size)
         break;
      eu_program_destroy(*program);
      max *= 2;
   }
   free(code);
   return true;
}

static bool
gather_bases(struct vgpu_draw *draw)
{
   const struct vgpu_packet *packet =
      vgpu_render_packet(draw->engine->render, GFX7_STATE_BASE_ADDRESS_header);
   struct GFX7_STATE_BASE_ADDRESS sba;

   if (!packet)
      return vgpu_engine_fault(draw->engine, "a draw without STATE_BASE_ADDRESS");
   GFX7_STATE_BASE_ADDRESS_unpack(&sba, packet->dw, packet->len_dw);
   draw->general_state_base = sba.GeneralStateBaseAddress & ~0xfffull;
   draw->surface_state_base = sba.SurfaceStateBaseAddress & ~0xfffull;
   draw->dynamic_state_base = sba.DynamicStateBaseAddress & ~0xfffull;
   draw->instruction_base = sba.InstructionBaseAddress & ~0xfffull;
   return true;
}

/** Stages that are not there must be off. */
static bool
check_stages(struct vgpu_draw *draw)
{
   static const struct {
      uint32_t header;
      unsigned dw, bit;
      const char *name;
   } absent[] = {
      { GFX7_3DSTATE_HS_header, 2, 31, "the hull shader" },
      { GFX7_3DSTATE_TE_header, 1, 0, "the tessellator" },
      { GFX7_3DSTATE_DS_header, 5, 0, "the domain shader" },
      { GFX7_3DSTATE_GS_header, 5, 0, "the geometry shader" },
      { GFX7_3DSTATE_STREAMOUT_header, 1, 31, "stream output" },
   };

   for (unsigned i = 0; i < ARRAY_SIZE(absent); i++) {
      const struct vgpu_packet *packet =
         vgpu_render_packet(draw->engine->render, absent[i].header);
      if (packet && packet->len_dw > absent[i].dw && packet->dw[absent[i].dw] & BIT(absent[i].bit))
         return vgpu_engine_unmodelled(draw->engine, "%s", absent[i].name);
   }
   return true;
}

/* Vertices that are shaded together, a multiple of what each list takes for a primitive. */
#define MAX_SHADED 4080
/* Room for them, and for those before that the next primitive may need. */
#define RING_VERTICES 4096
/* At most one for each vertex, and for the one that closes a loop. */
#define MAX_PRIMITIVES (RING_VERTICES + 1)

/* With fewer vertices than that threads cost more than they save. */
#define DRAW_SHARED_VERTICES 512
/* What a thread of the host takes at a time; vertices as many as whole primitives of lists have. */
#define PART_VERTICES 192
#define PART_PRIMITIVES 64
#define MAX_PARTS ((MAX_PRIMITIVES + PART_PRIMITIVES - 1) / PART_PRIMITIVES)
#define MAX_SHADERS 8

/** What a thread of the host needs to shade vertices. */
struct shader {
   struct vgpu_vs *vs; /* NULL: not made yet */
   struct vgpu_vf_pages pages;
   _Atomic bool busy;
};

/** Vertices of a run that primitives are assembled from. */
struct range {
   uint32_t next;  /* with which the next primitive begins */
   uint32_t count; /* vertices of the run so far */
   bool end;       /* there are no more */
   struct vgpu_batch *batch; /* where primitives go once they are set up; NULL: they wait */
};

struct assembly {
   struct vgpu_draw *draw;
   uint32_t topology;
   bool provoking_last;         /* of triangle and line lists and strips */
   bool edge_flags;             /* the topology has them */
   bool fan_provoking_second;   /* else the first of the two that are not the hub */
   bool at_once;                /* primitives are set up by who has shaded their vertices */

   /*
    * A run of vertices, shaded, in the order of the draw: the first one, which fans and loops come
    * back to, and the last RING_VERTICES of them.
    */
   struct vgpu_vertex *first;
   uint8_t *ring;
   struct range run;

   uint32_t *ids; /* of vertices that are to be shaded */
   uint32_t num_ids;
   uint32_t instance, start_instance;
   uint32_t first_id; /* of the run's primitives */

   struct vgpu_primitive *primitives; /* that are to be clipped */
   unsigned num_primitives;
   struct vgpu_batch batches[MAX_PARTS]; /* what is left of each part of them */

   struct shader shaders[MAX_SHADERS]; /* the first one works alone on what is little */
   uint32_t first_shaded, num_shaded; /* by the loop over parts */
   _Atomic bool failed;               /* the loop */
};

/** A vertex of the run. */
static struct vgpu_vertex *
vertex(const struct assembly *a, uint32_t i)
{
   return i ? (struct vgpu_vertex *)(a->ring + i % RING_VERTICES * vgpu_vertex_bytes(a->draw))
            : a->first;
}

/** How many primitives of the instance are before the one that begins with vertex i. */
static uint32_t
primitive_id(const struct assembly *a, uint32_t i)
{
   switch (a->topology) {
   case TOPOLOGY_LINELIST:
      return i / 2;
   case TOPOLOGY_TRILIST:
   case TOPOLOGY_RECTLIST:
      return i / 3;
   case TOPOLOGY_QUADLIST:
      return i / 4;
   case TOPOLOGY_QUADSTRIP:
      return i / 2;
   case TOPOLOGY_POLYGON:
      return 0;
   default:
      return i;
   }
}

/** How many primitives a whole run of so many vertices is. */
static uint32_t
num_primitives(const struct assembly *a, uint32_t count)
{
   switch (a->topology) {
   case TOPOLOGY_LINESTRIP:
      return count > 1 ? count - 1 : 0;
   case TOPOLOGY_LINELOOP:
      return count > 2 ? count : count / 2;
   case TOPOLOGY_TRISTRIP:
   case TOPOLOGY_TRISTRIP_REVERSE:
   case TOPOLOGY_TRIFAN:
   case TOPOLOGY_TRIFAN_NOSTIPPLE:
      return count > 2 ? count - 2 : 0;
   case TOPOLOGY_QUADSTRIP:
      return count > 3 ? (count - 2) / 2 : 0;
   case TOPOLOGY_POLYGON:
      return count > 2;
   default:
      return primitive_id(a, count);
   }
}

/**
 * Hands on a primitive.
 * \param first  its first vertex in the order of the run
 * \param edges  bits for those from each corner to the next
 */
static bool
emit(struct assembly *a, const struct range *r, enum vgpu_primitive_kind kind, uint32_t first,
     uint32_t i0, uint32_t i1, uint32_t i2, uint32_t provoking, unsigned edges)
{
   struct vgpu_primitive p = {
      .kind = kind,
      .id = a->first_id + primitive_id(a, first),
      .v = { vertex(a, i0), vertex(a, i1), vertex(a, i2) },
      .provoking = vertex(a, provoking),
   };

   for (unsigned i = 0; i < 3; i++)
      p.edge[i] = edges >> i & 1 && (!a->edge_flags || p.v[i]->edge_flag);
   if (r->batch)
      return vgpu_clip_primitive(a->draw, r->batch, &p);
   if (!vgpu_wm_in_turn(a->draw->wm)) {
      a->primitives[a->num_primitives++] = p;
      return true;
   }
   /* Each line of a list begins anew, and so do the edges of a polygon. */
   if (kind != VGPU_LINE || a->topology == TOPOLOGY_LINELIST)
      a->draw->line_begins = true;
   return vgpu_clip_primitive(a->draw, &a->batches[0], &p) &&
          vgpu_wm_draw(a->draw, &a->batches[0], 1);
}

/** Clips and sets up a part of the primitives. */
static void
set_up_part(void *arg, unsigned part)
{
   struct assembly *a = arg;
   const unsigned first = part * PART_PRIMITIVES;

   for (unsigned i = first; i < first + PART_PRIMITIVES && i < a->num_primitives; i++) {
      if (!vgpu_clip_primitive(a->draw, &a->batches[part], &a->primitives[i])) {
         atomic_store(&a->failed, true);
         return;
      }
   }
}

/** Whether several threads shall work on so many vertices, which then may share the engine. */
static bool
is_shared(const struct assembly *a, uint32_t count)
{
   return count >= DRAW_SHARED_VERTICES && vgpu_pool_threads(a->draw->engine->pool) > 1 &&
          vgpu_vs_is_independent(a->draw->vs);
}

/** Calls run(a, i) for each part. \return whether none has failed */
static bool
for_parts(struct assembly *a, unsigned parts, bool shared, void (*run)(void *arg, unsigned part))
{
   struct vgpu_engine *engine = a->draw->engine;

   atomic_store(&a->failed, false);
   engine->shared = shared;
   if (shared)
      vgpu_pool_run(engine->pool, parts, run, a);
   for (unsigned i = 0; i < parts && !shared && !atomic_load(&a->failed); i++)
      run(a, i);
   engine->shared = false;
   return !atomic_load(&a->failed);
}

/** Clips, sets up and draws the primitives so far. */
static bool
draw_primitives(struct assembly *a)
{
   const unsigned parts = (a->num_primitives + PART_PRIMITIVES - 1) / PART_PRIMITIVES;
   const bool ok = for_parts(a, parts, is_shared(a, a->num_primitives), set_up_part) &&
                   vgpu_wm_draw(a->draw, a->batches, parts);

   a->num_primitives = 0;
   return ok;
}

static bool
emit_point(struct assembly *a, const struct range *r, uint32_t i)
{
   return emit(a, r, VGPU_POINT, i, i, i, i, i, 0);
}

static bool
emit_line(struct assembly *a, const struct range *r, uint32_t i0, uint32_t i1, uint32_t provoking)
{
   return emit(a, r, VGPU_LINE, i0, i0, i1, i1, provoking, 0);
}

/** A triangle, all of whose edges are edges. */
static bool
emit_triangle(struct assembly *a, const struct range *r, uint32_t first, uint32_t i0, uint32_t i1,
              uint32_t i2, uint32_t provoking)
{
   return emit(a, r, VGPU_TRIANGLE, first, i0, i1, i2, provoking, 7);
}

/** Assembles what can be of the vertices so far. */
static bool
assemble(struct assembly *a, struct range *r)
{
   const uint32_t n = r->count;
   const unsigned last = a->provoking_last;
   uint32_t i = r->next;
   bool ok = true;

   switch (a->topology) {
   case TOPOLOGY_POINTLIST:
      for (; i < n && ok; i++)
         ok = emit_point(a, r, i);
      break;
   case TOPOLOGY_LINELIST:
      for (; i + 1 < n && ok; i += 2)
         ok = emit_line(a, r, i, i + 1, i + last);
      break;
   case TOPOLOGY_LINESTRIP:
   case TOPOLOGY_LINELOOP:
      if (i == 0)
         a->draw->line_begins = true;
      for (; i + 1 < n && ok; i++)
         ok = emit_line(a, r, i, i + 1, i + last);
      if (ok && r->end && a->topology == TOPOLOGY_LINELOOP && n > 2)
         ok = emit_line(a, r, n - 1, 0, last ? 0 : n - 1);
      break;
   case TOPOLOGY_TRILIST:
      for (; i + 2 < n && ok; i += 3)
         ok = emit_triangle(a, r, i, i, i + 1, i + 2, i + 2 * last);
      break;
   case TOPOLOGY_TRISTRIP:
   case TOPOLOGY_TRISTRIP_REVERSE: {
      /* Every second triangle is turned round, so that all face the same way. */
      const unsigned odd = a->topology == TOPOLOGY_TRISTRIP_REVERSE;
      for (; i + 2 < n && ok; i++) {
         const unsigned turn = (i + odd) & 1;
         ok = emit_triangle(a, r, i, i + turn, i + !turn, i + 2, i + 2 * last);
      }
      break;
   }
   case TOPOLOGY_TRIFAN:
   case TOPOLOGY_TRIFAN_NOSTIPPLE:
      for (; i + 2 < n && ok; i++)
         ok = emit_triangle(a, r, i, 0, i + 1, i + 2, i + 1 + a->fan_provoking_second);
      break;
   case TOPOLOGY_POLYGON:
      /* Which triangle is the last one, whose third edge is the polygon's, the end tells. */
      for (; i + 2 < n - !r->end && ok; i++)
         ok = emit(a, r, VGPU_TRIANGLE, i, 0, i + 1, i + 2, 0,
                   (i == 0) | 2 | (i + 3 == n) << 2);
      break;
   case TOPOLOGY_QUADLIST:
      for (; i + 3 < n && ok; i += 4) {
         const uint32_t provoking = i + 3 * last;
         ok = emit(a, r, VGPU_TRIANGLE, i, i, i + 1, i + 3, provoking, 1 | 4) &&
              emit(a, r, VGPU_TRIANGLE, i, i + 1, i + 2, i + 3, provoking, 1 | 2);
      }
      break;
   case TOPOLOGY_QUADSTRIP:
      for (; i + 3 < n && ok; i += 2) {
         const uint32_t provoking = i + 3 * last;
         ok = emit(a, r, VGPU_TRIANGLE, i, i, i + 1, i + 3, provoking, 1 | 2) &&
              emit(a, r, VGPU_TRIANGLE, i, i, i + 3, i + 2, provoking, 2 | 4);
      }
      break;
   case TOPOLOGY_RECTLIST:
      for (; i + 2 < n && ok; i += 3)
         ok = emit(a, r, VGPU_RECT, i, i, i + 1, i + 2, i + 2, 0);
      break;
   default:
      return vgpu_engine_unmodelled(a->draw->engine, "topology 0x%02x", a->topology);
   }
   r->next = i;
   return ok;
}

/** Whether each primitive has vertices of its own. */
static bool
is_list(uint32_t topology)
{
   return topology == TOPOLOGY_POINTLIST || topology == TOPOLOGY_LINELIST ||
          topology == TOPOLOGY_TRILIST || topology == TOPOLOGY_QUADLIST ||
          topology == TOPOLOGY_RECTLIST;
}

/** The index of a vertex of an indexed draw. \return false after a fault */
static bool
read_index(struct vgpu_draw *draw, const struct GFX7_3DSTATE_INDEX_BUFFER *ib, uint32_t at,
           uint32_t *index)
{
   const uint64_t address = ib->BufferStartingAddress + ((uint64_t)at << ib->IndexFormat);
   const uint32_t size_bytes = 1u << ib->IndexFormat;

   *index = 0;
   /* Beyond the buffer's last byte, indices read 0. */
   if (address + size_bytes - 1 > ib->BufferEndingAddress)
      return true;
   const uint8_t *host = vgpu_engine_map(draw->engine, draw->engine->as, address, false);
   if (!host)
      return false;
   memcpy(index, host, size_bytes);
   return true;
}

/** Fetches and shades vertices of the run, from one on. */
static bool
shade(struct assembly *a, struct shader *shader, const uint32_t *ids, uint32_t first,
      uint32_t count)
{
   struct vgpu_draw *draw = a->draw;
   union vgpu_slot slots[2][VGPU_MAX_ELEMENTS];
   union vgpu_slot *const in[2] = { slots[0], slots[1] };

   for (uint32_t i = 0; i < count; i += 2) {
      struct vgpu_vertex *pair[2] = { vertex(a, first + i), vertex(a, first + i + 1) };
      const unsigned n = i + 1 < count ? 2 : 1;
      if (vgpu_engine_interrupted(draw->engine))
         return false;
      for (unsigned v = 0; v < n; v++) {
         if (!vgpu_vf_fetch(draw, &shader->pages, ids[i + v], a->instance, a->start_instance, in[v],
                            &pair[v]->edge_flag))
            return false;
      }
      if (!vgpu_vs_run(draw, shader->vs, in, pair, n))
         return false;
      for (unsigned v = 0; v < n; v++) {
         vgpu_clip_vertex(draw, pair[v]);
         vgpu_sf_vertex(draw, pair[v]);
      }
   }
   return true;
}

/**
 * Shades a part of the vertices, by a shader that no other thread has, and sets up the primitives
 * of a list, while the vertices are near.
 */
static void
shade_part(void *arg, unsigned part)
{
   struct assembly *a = arg;
   const uint32_t first = part * PART_VERTICES, rest = a->num_shaded - first;
   unsigned i = 0;

   while (atomic_exchange(&a->shaders[i].busy, true))
      i = (i + 1) % MAX_SHADERS;
   const uint32_t n = rest < PART_VERTICES ? rest : PART_VERTICES;
   struct range range = {
      .next = a->first_shaded + first,
      .count = a->first_shaded + first + n,
      .batch = &a->batches[part],
   };
   if (!shade(a, &a->shaders[i], a->ids + first, range.next, n) ||
       (a->at_once && !assemble(a, &range)))
      atomic_store(&a->failed, true);
   atomic_store(&a->shaders[i].busy, false);
}

/** A shader for each thread that may need one; the others are never free. */
static bool
make_shaders(struct assembly *a, bool shared)
{
   const unsigned threads = shared ? vgpu_pool_threads(a->draw->engine->pool) : 1;

   a->shaders[0].vs = a->draw->vs;
   for (unsigned i = 0; i < MAX_SHADERS; i++) {
      struct shader *s = &a->shaders[i];
      s->busy = i >= threads;
      if (i < threads && !s->vs && !vgpu_vs_clone(a->draw->vs, &s->vs))
         return false;
   }
   return true;
}

/** Shades and assembles the vertices whose numbers were collected. */
static bool
go_on(struct assembly *a, bool end)
{
   const bool shared = is_shared(a, a->num_ids);
   const unsigned parts = (a->num_ids + PART_VERTICES - 1) / PART_VERTICES;
   struct range *run = &a->run;

   a->first_shaded = run->count;
   a->num_shaded = a->num_ids;
   run->count += a->num_ids;
   run->end = end;
   a->num_ids = 0;
   if (!make_shaders(a, shared) || !for_parts(a, parts, shared, shade_part))
      return false;
   if (a->at_once) {
      run->next = run->count;
      if (!vgpu_wm_draw(a->draw, a->batches, parts))
         return false;
   } else if (!assemble(a, run) || !draw_primitives(a)) {
      return false;
   }
   if (end) {
      a->first_id += num_primitives(a, run->count);
      run->count = run->next = 0;
   }
   return true;
}

static bool
draw_instance(struct vgpu_draw *draw, const struct GFX7_3DPRIMITIVE *cmd,
              const struct GFX7_3DSTATE_INDEX_BUFFER *ib, struct assembly *a, uint32_t instance)
{
   const uint32_t cut = ib->IndexFormat == 0 ? 0xff : ib->IndexFormat == 1 ? 0xffff : ~0u;

   a->instance = instance;
   a->first_id = 0;
   for (uint32_t i = 0; i < cmd->VertexCountPerInstance; i++) {
      uint32_t id = cmd->StartVertexLocation + i;
      if (cmd->VertexAccessType) {
         if (!read_index(draw, ib, id, &id))
            return false;
         if (ib->CutIndexEnable && id == cut) {
            if (!go_on(a, true))
               return false;
            continue;
         }
         id += cmd->BaseVertexLocation;
      }
      a->ids[a->num_ids++] = id;
      if (a->num_ids == MAX_SHADED && !go_on(a, false))
         return false;
   }
   return go_on(a, true);
}

/** Room for the vertices that are there at a time. */
static bool
make_room(struct assembly *a, uint32_t num_vertices)
{
   struct vgpu_draw *draw = a->draw;

   draw->vertex_slots =
      draw->vue_slots > VUE_CLIP_DISTANCE_1 ? draw->vue_slots : VUE_CLIP_DISTANCE_1 + 1;
   const size_t num = num_vertices < RING_VERTICES ? num_vertices + 1 : RING_VERTICES;
   a->first = malloc(vgpu_vertex_bytes(draw));
   a->ring = malloc(num * vgpu_vertex_bytes(draw));
   a->ids = malloc(num * sizeof(*a->ids));
   a->primitives = malloc((num + 1) * sizeof(*a->primitives));
   return (a->first && a->ring && a->ids && a->primitives) ||
          vgpu_engine_fault(draw->engine, "no host memory for vertices");
}

bool
vgpu_draw(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu_draw draw = { .engine = engine };
   struct GFX7_3DPRIMITIVE cmd;
   struct GFX7_3DSTATE_INDEX_BUFFER ib = { 0 };
   struct GFX7_3DSTATE_SF sf = { 0 };

   GFX7_3DPRIMITIVE_unpack(&cmd, dw, len_dw);
   if (cmd.EndOffsetEnable)
      return vgpu_engine_unmodelled(engine, "End Offset Enable");
   if (cmd.VertexAccessType) {
      const struct vgpu_packet *packet =
         vgpu_render_packet(engine->render, GFX7_3DSTATE_INDEX_BUFFER_header);
      if (!packet)
         return vgpu_engine_fault(engine, "an indexed draw without 3DSTATE_INDEX_BUFFER");
      GFX7_3DSTATE_INDEX_BUFFER_unpack(&ib, packet->dw, packet->len_dw);
      if (ib.IndexFormat > 2)
         return vgpu_engine_fault(engine, "reserved index format");
   }
   const struct vgpu_packet *sf_packet =
      vgpu_render_packet(engine->render, GFX7_3DSTATE_SF_header);
   if (sf_packet)
      GFX7_3DSTATE_SF_unpack(&sf, sf_packet->dw, sf_packet->len_dw);

   struct assembly *a = calloc(1, sizeof(*a));
   if (!a)
      return vgpu_engine_fault(engine, "no host memory for vertices");
   a->draw = &draw;
   a->start_instance = cmd.StartInstanceLocation;
   a->topology = draw.topology = cmd.PrimitiveTopologyType;
   draw.no_polygon_stipple = a->topology == TOPOLOGY_TRIFAN_NOSTIPPLE;
   a->provoking_last = sf.TriangleStripListProvokingVertexSelect == 2;
   if (a->topology == TOPOLOGY_LINELIST || a->topology == TOPOLOGY_LINESTRIP ||
       a->topology == TOPOLOGY_LINELOOP)
      a->provoking_last = sf.LineStripListProvokingVertexSelect == 1;
   /* Strips and fans have no edge flags of their own: all of their triangles' edges are drawn. */
   a->edge_flags = a->topology == TOPOLOGY_TRILIST || a->topology == TOPOLOGY_QUADLIST ||
                   a->topology == TOPOLOGY_POLYGON;
   a->fan_provoking_second = sf.TriangleFanProvokingVertexSelect == 2;

   bool ok = gather_bases(&draw) && check_stages(&draw) && vgpu_vf_init(&draw, &draw.vf) &&
             vgpu_vs_init(&draw, &draw.vs) && vgpu_clip_init(&draw, &draw.clip) &&
             vgpu_sf_init(&draw, &draw.sf) && vgpu_wm_init(&draw, &draw.wm) &&
             make_room(a, cmd.VertexCountPerInstance);
   a->at_once = ok && is_list(a->topology) && !vgpu_wm_in_turn(draw.wm);
   draw.copy = ok ? vgpu_copy_create(&draw) : NULL;
   for (uint32_t i = 0; i < cmd.InstanceCount && ok; i++)
      ok = draw_instance(&draw, &cmd, &ib, a, i);

   vgpu_copy_destroy(draw.copy);
   for (unsigned i = 1; i < MAX_SHADERS; i++)
      vgpu_vs_fini(a->shaders[i].vs);
   for (unsigned i = 0; i < MAX_PARTS; i++)
      vgpu_batch_fini(&a->batches[i]);
   vgpu_wm_fini(draw.wm);
   vgpu_sf_fini(draw.sf);
   vgpu_clip_fini(draw.clip);
   vgpu_vs_fini(draw.vs);
   vgpu_vf_fini(draw.vf);
   free(a->ids);
   free(a->primitives);
   free(a->first);
   free(a->ring);
   free(a);
   return ok;
}
