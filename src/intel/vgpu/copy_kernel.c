/*
 * SPDX-License-Identifier: MIT
 *
 * Messages and their payloads: IVB PRM Vol4 Part 1, "Sampling Engine Messages", "Render Target
 * Write", "Typed Surface Write".
 */

#include "copy_kernel.h"

#include <string.h>

#include "eu/eu_symbolic.h"

enum { SAMPLER_SIMD8 = 1, SAMPLER_SIMD16 = 2, SAMPLER_LD = 7 };
enum { RENDER_TARGET_WRITE = 12, TYPED_SURFACE_WRITE = 13 };
enum { SIMD16_SINGLE_SOURCE = 0, SIMD16_REPLICATED = 1, SIMD8_SINGLE_SOURCE_01 = 4 };

#define PIXELS_PER_SUBSPAN 4
/* The words of g1 that have the enabled pixels, of the lower and again of the upper slots. */
#define PIXEL_MASK_WORD 14
/* Numbers of what is not a component of a fetch. */
#define ID_PIXEL_MASK 0xffff

struct proof {
   struct vgpu_copy_kernel *kernel;
   uint32_t channels; /* of the thread */
};

static bool
same_function(const struct vgpu_copy_function *f, const struct vgpu_copy_function *g)
{
   return f->a == g->a && f->b == g->b && f->c == g->c;
}

static bool
same_place(const struct vgpu_copy_place *p, const struct vgpu_copy_place *q)
{
   return p->surface == q->surface && p->r == q->r && p->lod == q->lod &&
          same_function(&p->u, &q->u) && same_function(&p->v, &q->v);
}

static bool
same_component(const struct vgpu_copy_component *c, const struct vgpu_copy_component *d)
{
   return c->kind == d->kind && c->bits == d->bits && c->fetch == d->fetch &&
          c->component == d->component;
}

/** An integer parameter of a channel; one that the payload is too short for is 0. */
static bool
parameter(const struct eu_symbolic *s, const struct eu_symbolic_message *msg, unsigned reg,
          unsigned lane, struct vgpu_copy_function *out)
{
   *out = (struct vgpu_copy_function){ 0 };
   if (reg >= msg->mlen)
      return true;
   const struct eu_symbol v = eu_symbolic_channel(s, msg->payload_nr + reg, lane % 8, EU_TYPE_D,
                                                  msg->group + lane);
   if (v.kind == EU_SYMBOL_CONST)
      out->c = (int32_t)v.bits;
   else if (v.kind == EU_SYMBOL_INT)
      *out = (struct vgpu_copy_function){ v.a, v.b, v.c };
   else
      return false;
   return true;
}

static bool
constant_parameter(const struct eu_symbolic *s, const struct eu_symbolic_message *msg, unsigned reg,
                   unsigned lane, uint32_t *out)
{
   struct vgpu_copy_function f;

   if (!parameter(s, msg, reg, lane, &f) || f.a || f.b)
      return false;
   *out = (uint32_t)f.c;
   return true;
}

static struct vgpu_copy_component
component(const struct eu_symbolic *s, unsigned reg, unsigned dword, unsigned channel)
{
   const struct eu_symbol v = eu_symbolic_channel(s, reg, dword, EU_TYPE_UD, channel);
   struct vgpu_copy_component c = { .kind = VGPU_COPY_UNKNOWN };

   if (v.kind == EU_SYMBOL_CONST) {
      c.kind = VGPU_COPY_CONSTANT;
      c.bits = v.bits;
   } else if (v.kind == EU_SYMBOL_OPAQUE) {
      c.kind = VGPU_COPY_TEXEL;
      c.fetch = (uint8_t)(v.id / 4);
      c.component = v.id % 4;
   }
   return c;
}

static bool
fetch(struct proof *p, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   struct vgpu_copy_kernel *kernel = p->kernel;
   const unsigned type = msg->desc >> 12 & 0x1f, simd = msg->desc >> 17 & 3;
   const unsigned lanes = simd == SAMPLER_SIMD16 ? 16 : 8, regs = lanes / 8;
   struct vgpu_copy_place place = { 0 };

   if (type != SAMPLER_LD || (simd != SAMPLER_SIMD8 && simd != SAMPLER_SIMD16) || msg->header ||
       msg->exec_size != lanes)
      return false;
   for (unsigned lane = 0; lane < lanes; lane++) {
      struct vgpu_copy_place here = { .surface = msg->desc & 0xff };
      const unsigned at = lane / 8;

      if (!(p->channels >> (msg->group + lane) & 1))
         return false;
      if (!parameter(s, msg, at, lane, &here.u) ||
          !constant_parameter(s, msg, regs + at, lane, &here.lod) ||
          !parameter(s, msg, 2 * regs + at, lane, &here.v) ||
          !constant_parameter(s, msg, 3 * regs + at, lane, &here.r))
         return false;
      if (lane && !same_place(&place, &here))
         return false;
      place = here;
   }
   /* Messages of eight pixels are two for the same texels. */
   unsigned n = 0;
   while (n < kernel->num_fetches && !same_place(&kernel->fetches[n], &place))
      n++;
   if (n == VGPU_COPY_MAX_FETCHES)
      return false;
   if (n == kernel->num_fetches)
      kernel->fetches[kernel->num_fetches++] = place;
   for (unsigned lane = 0; lane < lanes; lane++) {
      for (unsigned c = 0; c < 4 && c * regs + lane / 8 < msg->rlen; c++)
         eu_symbolic_respond(s, c * regs + lane / 8, lane % 8, msg->group + lane, n * 4 + c);
   }
   return true;
}

/** Adds a channel's texel to what is known of the writes. */
static bool
add_write(struct proof *p, const struct vgpu_copy_write *write, unsigned channel)
{
   struct vgpu_copy_kernel *kernel = p->kernel;
   unsigned i = 0;

   while (i < kernel->num_writes && (kernel->writes[i].kind != write->kind ||
                                     kernel->writes[i].place.surface != write->place.surface))
      i++;
   if (i == VGPU_COPY_MAX_WRITES)
      return false;
   struct vgpu_copy_write *w = &kernel->writes[i];
   if (i == kernel->num_writes) {
      *w = *write;
      kernel->num_writes++;
   } else if (w->channels >> channel & 1 || !same_place(&w->place, &write->place)) {
      return false;
   }
   w->channels |= 1u << channel;
   for (unsigned c = 0; c < 4; c++) {
      if (!same_component(&w->rgba[c], &write->rgba[c]))
         w->rgba[c] = (struct vgpu_copy_component){ .kind = VGPU_COPY_UNKNOWN };
   }
   return true;
}

/** Without a header: no pixel is taken out, there is one target and no alpha of another. */
static bool
render_target_write(struct proof *p, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   const unsigned type = msg->desc >> 8 & 7;
   const bool high_slots = msg->desc >> 11 & 1;
   const unsigned lanes = type == SIMD8_SINGLE_SOURCE_01 ? 8 : 16, regs = lanes / 8;
   const unsigned length = type == SIMD16_REPLICATED ? 1 : 4 * regs;
   const unsigned first = high_slots && lanes == 8 ? 8 : msg->group;

   if ((type != SIMD16_SINGLE_SOURCE && type != SIMD16_REPLICATED &&
        type != SIMD8_SINGLE_SOURCE_01) ||
       msg->header || msg->mlen != length || msg->exec_size != lanes || first != msg->group)
      return false;
   for (unsigned lane = 0; lane < lanes; lane++) {
      struct vgpu_copy_write write = { .kind = VGPU_COPY_RENDER_TARGET };

      if (!(p->channels >> (first + lane) & 1))
         return false;
      write.place.surface = msg->desc & 0xff;
      for (unsigned c = 0; c < 4; c++)
         write.rgba[c] = type == SIMD16_REPLICATED
                            ? component(s, msg->payload_nr, c, first + lane)
                            : component(s, msg->payload_nr + c * regs + lane / 8, lane % 8,
                                        first + lane);
      if (!add_write(p, &write, first + lane))
         return false;
   }
   return true;
}

/** Pixels that were not drawn must be taken out by the header: helper pixels run, too. */
static bool
typed_surface_write(struct proof *p, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   const unsigned control = msg->desc >> 8 & 0x3f, addresses = msg->mlen - 5u;
   const unsigned first = control >> 5 & 1 ? 8 : 0;

   if (!msg->header || control & 0xf || msg->mlen < 6 || addresses > 4 || msg->rlen ||
       msg->exec_size != 8 || msg->group != first)
      return false;
   const struct eu_symbol mask = eu_symbolic_word(s, msg->payload_nr, PIXEL_MASK_WORD);
   if (mask.kind != EU_SYMBOL_OPAQUE || mask.id != ID_PIXEL_MASK)
      return false;
   for (unsigned lane = 0; lane < 8; lane++) {
      struct vgpu_copy_write write = { .kind = VGPU_COPY_TYPED_SURFACE };
      struct vgpu_copy_place *place = &write.place;

      if (!(p->channels >> (first + lane) & 1))
         return false;
      place->surface = msg->desc & 0xff;
      if (!parameter(s, msg, 1, lane, &place->u) ||
          (addresses > 1 && !parameter(s, msg, 2, lane, &place->v)) ||
          (addresses > 2 && !constant_parameter(s, msg, 3, lane, &place->r)) ||
          (addresses > 3 && !constant_parameter(s, msg, 4, lane, &place->lod)))
         return false;
      for (unsigned c = 0; c < 4; c++)
         write.rgba[c] = component(s, msg->payload_nr + 1 + addresses + c, lane, first + lane);
      if (!add_write(p, &write, first + lane))
         return false;
   }
   return true;
}

static bool
message(void *opaque, struct eu_symbolic *s, const struct eu_symbolic_message *msg)
{
   struct proof *p = opaque;

   if (msg->sfid == EU_SFID_SAMPLER)
      return fetch(p, s, msg);
   if (msg->sfid != EU_SFID_DP_RENDER_CACHE)
      return false;
   switch (msg->desc >> 14 & 0xf) {
   case RENDER_TARGET_WRITE:
      return render_target_write(p, s, msg);
   case TYPED_SURFACE_WRITE:
      return typed_surface_write(p, s, msg);
   default:
      return false;
   }
}

bool
vgpu_copy_kernel_prove(const struct eu_program *program, const struct vgpu_copy_payload *payload,
                       struct vgpu_copy_kernel *kernel)
{
   const struct eu_symbolic_range range = {
      .min_x = payload->x0, .max_x = payload->x1 - 1,
      .min_y = payload->y0, .max_y = payload->y1 - 1,
   };
   struct proof proof = { .kernel = kernel, .channels = (1u << payload->width) - 1 };
   struct eu_symbolic *s;

   memset(kernel, 0, sizeof(*kernel));
   if (payload->x0 < 0 || payload->y0 < 0 || payload->x1 > 1 << 16 || payload->y1 > 1 << 16 ||
       payload->x0 >= payload->x1 || payload->y0 >= payload->y1)
      return false;
   s = eu_symbolic_create(&range, payload->width);
   if (!s)
      return false;
   for (unsigned i = 0; i < payload->width / PIXELS_PER_SUBSPAN; i++) {
      eu_symbolic_set_place(s, 1, 4 + 2 * i, i, false);
      eu_symbolic_set_place(s, 1, 5 + 2 * i, i, true);
   }
   eu_symbolic_set_opaque_word(s, 1, PIXEL_MASK_WORD, ID_PIXEL_MASK);
   eu_symbolic_set_opaque_word(s, 1, PIXEL_MASK_WORD + 1, ID_PIXEL_MASK);
   for (unsigned i = 0; i < payload->num_known; i++) {
      for (unsigned dw = 0; dw < EU_REG_BYTES / 4; dw++) {
         uint32_t bits;
         memcpy(&bits, &payload->known[i][4 * dw], sizeof(bits));
         if (payload->is_known[i] >> dw & 1)
            eu_symbolic_set_const(s, payload->first_known + i, dw, bits);
      }
   }
   bool ok = eu_symbolic_run(s, program, payload->cr0, message, &proof);
   for (unsigned i = 0; i < kernel->num_writes; i++)
      ok = ok && kernel->writes[i].channels == proof.channels;
   eu_symbolic_destroy(s);
   return ok;
}
