/*
 * SPDX-License-Identifier: MIT
 *
 * Pixel shader dispatch: the payload of a thread of 8 or 16 pixels, and the render-target writes
 * that come out of it (IVB PRM Vol2 Part 1, "Pixel Shader Thread Generation"; Vol4 Part 1,
 * "Render Target Write").
 */

#include <stdlib.h>
#include <string.h>

#include "dataport.h"
#include "gfx7_unpack.h"
#include "pipeline.h"
#include "sampler.h"
#include "surface.h"
#include "vgpu_priv.h"
#include "vgpu_render.h"

#define INSTRUCTION_BUDGET (1u << 22)
#define PIXELS_PER_SUBSPAN 4
#define MAX_PIXELS (VGPU_MAX_SUBSPANS * PIXELS_PER_SUBSPAN)

enum { COMPUTED_DEPTH_OFF = 0 };
enum { POSOFFSET_NONE = 0, POSOFFSET_CENTROID = 2, POSOFFSET_SAMPLE = 3 };
enum { MSDISPMODE_PERSAMPLE = 0 };
enum { EDSC_NORMAL = 0, EDSC_PSEXEC = 1, EDSC_PREPS = 2 };

/* Message type of the render cache, bits 17:14 of the function control. */
#define RENDER_TARGET_WRITE 12

enum rt_write {
   SIMD16_SINGLE_SOURCE = 0,
   SIMD16_REPLICATED = 1,
   SIMD8_DUAL_SOURCE_01 = 2,
   SIMD8_DUAL_SOURCE_23 = 3,
   SIMD8_SINGLE_SOURCE_01 = 4,
};

/* Where in a pixel something is interpolated; Barycentric Interpolation Modes modulo 3. */
enum location { LOCATION_CENTER, LOCATION_CENTROID, LOCATION_SAMPLE, NUM_LOCATIONS };

/** What four channels of a thread are: the pixels of a subspan, or a sample of each. */
struct slot {
   const struct vgpu_subspan *subspan;
   int sample; /* -1: whole pixels */
};

struct vgpu_ps {
   struct GFX7_3DSTATE_WM wm;
   struct GFX7_3DSTATE_PS state;
   bool dispatch;
   unsigned width; /* pixels of a thread: 8 or 16 */
   unsigned start_grf;
   struct eu_program *program;
   struct eu_env env;
   struct vgpu_shader_env shader;
   struct vgpu_depth *depth;
   struct vgpu_cc *cc;
   uint8_t constants[EU_GRF_COUNT][EU_REG_BYTES];
   unsigned num_constants;
   bool early_depth;
   bool per_sample; /* a thread's channels are samples */
   bool independent;
   bool whole_pixels; /* of one sample, in threads of pixels */
   bool untested;     /* nothing but the windower decides about pixels before the shader … */
   bool unquestioned; /* … or behind it */
   bool is_clone;

   /* The thread that runs. */
   struct eu_thread thread;
   unsigned payload; /* registers that it was given */
   uint32_t tested; /* pixels whose late tests are done */
   uint32_t live;   /* pixels with samples when it began */
   struct vgpu_draw *draw;
   const struct vgpu_setup *setup;
   uint16_t x[MAX_PIXELS], y[MAX_PIXELS];
   uint8_t samples[MAX_PIXELS]; /* that are covered and passed the tests so far */
   float coverage[MAX_PIXELS];  /* by an antialiased line */
   int sample[MAX_PIXELS];      /* that the channel stands for, -1: all */
   float center_x[MAX_PIXELS], center_y[MAX_PIXELS];
   float z[MAX_PIXELS];
};

static float
read_float(const uint8_t *grf, unsigned lane)
{
   float value;
   memcpy(&value, grf + 4 * lane, sizeof(value));
   return value;
}

static uint32_t
read_dw(const uint8_t *grf, unsigned lane)
{
   uint32_t value;
   memcpy(&value, grf + 4 * lane, sizeof(value));
   return value;
}

/** Depth at a point of the screen. */
static float
depth_at(const struct vgpu_ps *ps, float x, float y)
{
   const struct vgpu_setup *s = ps->setup;
   const struct vgpu_plane *p = &s->plane;
   const float dx = x - p->x0, dy = y - p->y0;
   const float b1 = p->b1x * dx + p->b1y * dy, b2 = p->b2x * dx + p->b2y * dy;

   /* Where all three are alike, rounding must not make the depth another one. */
   if (s->v[0].z == s->v[1].z && s->v[0].z == s->v[2].z)
      return s->v[0].z + s->depth_offset;
   return (1 - b1 - b2) * s->v[0].z + b1 * s->v[1].z + b2 * s->v[2].z + s->depth_offset;
}

/**
 * Depth and stencil tests of a pixel's samples; those that fail go.
 * \param z  of all of them, NULL: interpolated
 */
static bool
test_samples(struct vgpu_ps *ps, unsigned p, const float *z)
{
   const struct vgpu_draw *draw = ps->draw;

   for (unsigned s = 0; s < draw->samples; s++) {
      bool pass;
      if (!(ps->samples[p] >> s & 1))
         continue;
      const float depth = z ? *z : depth_at(ps, ps->x[p] + draw->sample[s].x,
                                            ps->y[p] + draw->sample[s].y);
      if (!vgpu_depth_test(ps->depth, ps->setup, ps->x[p], ps->y[p], s, depth, &pass))
         return false;
      if (!pass)
         ps->samples[p] &= ~BIT(s);
   }
   return true;
}

/**
 * What a pixel has to pass when its colour is there: the alpha test, then depth and stencil, which
 * a pixel without alpha must not write. Once a pixel: the other render targets go by the result.
 */
static bool
late_tests(struct vgpu_ps *ps, unsigned p, float alpha, const float *z)
{
   ps->tested |= BIT(p);
   if (!vgpu_cc_alpha_test(ps->cc, alpha))
      ps->samples[p] = 0;
   ps->samples[p] &= vgpu_cc_alpha_to_coverage(ps->cc, alpha);
   return ps->early_depth || test_samples(ps, p, z);
}

/**
 * The part of a pixel that an antialiased line covers goes into its alpha, before all tests, unless
 * the render target has integers.
 */
static void
cover_alpha(struct vgpu_ps *ps, unsigned p, unsigned binding_table_index, uint32_t color[4])
{
   const struct vgpu_surface *surface = vgpu_shader_env_surface(&ps->shader, binding_table_index);
   float alpha;

   if (!surface || vgpu_format_is_integer(surface->format))
      return;
   memcpy(&alpha, &color[3], sizeof(alpha));
   alpha *= ps->coverage[p];
   memcpy(&color[3], &alpha, sizeof(alpha));
}

static bool
render_cache_send(void *opaque, const struct eu_message *msg)
{
   const struct vgpu_shader_env *shader = opaque;
   struct vgpu_ps *ps = shader->stage;
   const uint32_t fc = msg->function_control;

   if ((fc >> 14 & 0xf) != RENDER_TARGET_WRITE)
      return vgpu_dp_render_cache_typed(opaque, msg);

   const unsigned type = fc >> 8 & 7, surface = fc & 0xff;
   const bool high_slots = fc >> 11 & 1;
   unsigned lanes = 16, first_lane = msg->group, at = msg->header ? 2 : 0;
   uint32_t mask = msg->exec_mask;
   unsigned target = 0;
   bool source0_alpha = false;

   switch ((enum rt_write)type) {
   case SIMD16_SINGLE_SOURCE:
   case SIMD16_REPLICATED:
      break;
   case SIMD8_SINGLE_SOURCE_01:
   case SIMD8_DUAL_SOURCE_01:
      lanes = 8;
      first_lane = high_slots ? 8 : msg->group;
      break;
   case SIMD8_DUAL_SOURCE_23:
      lanes = 8;
      first_lane = 8;
      break;
   default:
      return eu_thread_fault(msg->thread, "render target write of type %u", type);
   }
   if (msg->header) {
      if (msg->mlen < 2)
         return eu_thread_fault(msg->thread, "render target write with half a header");
      target = read_dw(msg->payload[0], 2) & 7;
      source0_alpha = read_dw(msg->payload[0], 0) >> 11 & 1;
      /* Pixel enables are in the second register, those of the upper half above the lower's. */
      mask = read_dw(msg->payload[1], 7) & 0xffff;
      mask = first_lane ? mask >> first_lane : mask;
   }
   const unsigned regs = lanes / 8;
   /* The alpha of target 0, for the alpha test of the others, is in front of their colour. */
   const unsigned alpha_at = at;
   if (source0_alpha)
      at += regs;
   const bool dual = type == SIMD8_DUAL_SOURCE_01 || type == SIMD8_DUAL_SOURCE_23;
   const unsigned color_regs = type == SIMD16_REPLICATED ? 1 : (dual ? 8 : 4) * regs;
   if (msg->mlen < at + color_regs)
      return eu_thread_fault(msg->thread, "render target write of %u registers", msg->mlen);
   const unsigned rest = msg->mlen - at - color_regs;
   const bool depth = ps->wm.PixelShaderComputedDepthMode != COMPUTED_DEPTH_OFF && rest >= regs;
   if (rest > (depth ? regs : 0))
      return eu_thread_fault(msg->thread, "render target write with %u more registers", rest);

   /* Without late tests pixels are written together. */
   if (ps->unquestioned && !dual && !ps->setup->antialiased && first_lane + lanes <= MAX_PIXELS) {
      struct vgpu_cc_pixels pixels = {
         .count = lanes, .x = ps->x + first_lane, .y = ps->y + first_lane,
         .mask = mask & ps->live >> first_lane & (BIT(lanes) - 1),
         .replicated = type == SIMD16_REPLICATED,
      };
      for (unsigned c = 0; c < 4; c++)
         pixels.color[c] = pixels.replicated ? msg->payload[at] + 4 * c
                                             : msg->payload[at + c * regs];
      return vgpu_cc_write_pixels(ps->cc, surface, target,
                                  ps->setup->render_target_array_index, &pixels);
   }

   for (unsigned lane = 0; lane < lanes; lane++) {
      const unsigned p = first_lane + lane;
      /* Helper pixels may run along, but only samples that the windower gave are written. */
      if (!(mask >> lane & 1) || p >= MAX_PIXELS || !ps->samples[p])
         continue;
      uint32_t color[4], color1[4];
      for (unsigned c = 0; c < 4; c++) {
         color[c] = type == SIMD16_REPLICATED
                       ? read_dw(msg->payload[at], c)
                       : read_dw(msg->payload[at + c * regs + lane / 8], lane % 8);
         if (dual)
            color1[c] = read_dw(msg->payload[at + 4 + c], lane);
      }
      if (ps->setup->antialiased)
         cover_alpha(ps, p, surface, color);
      if (!(ps->tested & BIT(p))) {
         float alpha, z = 0;
         memcpy(&alpha, &color[3], sizeof(alpha));
         if (source0_alpha)
            alpha = read_float(msg->payload[alpha_at + lane / 8], lane % 8);
         if (depth)
            z = read_float(msg->payload[at + color_regs + lane / 8], lane % 8);
         if (!late_tests(ps, p, alpha, depth ? &z : NULL))
            return false;
      }
      if (ps->samples[p] &&
          !vgpu_cc_write(ps->cc, surface, target, ps->setup->render_target_array_index, ps->x[p],
                         ps->y[p], ps->samples[p], color, dual ? color1 : NULL))
         return false;
   }
   return true;
}

bool
vgpu_ps_choose_kernel(const struct GFX7_3DSTATE_PS *s, struct vgpu_ps_kernel *kernel)
{
   /* With both widths there, the wide kernel is the third one. */
   const bool third =
      s->_16PixelDispatchEnable && (s->_8PixelDispatchEnable || s->_32PixelDispatchEnable);

   *kernel = (struct vgpu_ps_kernel){
      .width = s->_16PixelDispatchEnable ? 16 : 8,
      .start_pointer = third ? s->KernelStartPointer2 : s->KernelStartPointer0,
      .start_grf = third ? s->DispatchGRFStartRegisterForConstantSetupData2
                         : s->DispatchGRFStartRegisterForConstantSetupData0,
   };
   return s->_16PixelDispatchEnable || s->_8PixelDispatchEnable;
}

/**
 * Whether a message leaves nothing that other threads could see, but for a thread's own pixels.
 * Scratch space is memory that all threads of the model have in common.
 */
static bool
is_independent(void *data, enum eu_sfid sfid, const uint32_t *desc)
{
   switch (sfid) {
   case EU_SFID_NULL:
   case EU_SFID_SAMPLER:
   case EU_SFID_DP_SAMPLER_CACHE:
   case EU_SFID_DP_CONSTANT_CACHE:
      return true;
   case EU_SFID_DP_RENDER_CACHE:
      return desc && (*desc >> 14 & 0xf) == RENDER_TARGET_WRITE;
   default:
      return false;
   }
}

/** What a thread need not look at for each of its pixels. */
static void
set_shortcuts(struct vgpu_ps *ps)
{
   ps->whole_pixels = ps->draw->samples == 1 && !ps->per_sample;
   for (unsigned i = 0; i < MAX_PIXELS; i++)
      ps->sample[i] = -1;
   ps->untested = ps->early_depth && vgpu_depth_is_off(ps->depth);
   ps->unquestioned =
      ps->early_depth && ps->draw->samples == 1 && !vgpu_cc_tests_alpha(ps->cc);
}

bool
vgpu_ps_is_independent(const struct vgpu_ps *ps)
{
   return !ps->dispatch || ps->independent;
}

bool
vgpu_ps_init(struct vgpu_draw *draw, struct vgpu_ps **out)
{
   struct vgpu_engine *engine = draw->engine;
   const struct vgpu_render_state *render = engine->render;
   const struct vgpu_packet *wm = vgpu_render_packet(render, GFX7_3DSTATE_WM_header);
   const struct vgpu_packet *packet = vgpu_render_packet(render, GFX7_3DSTATE_PS_header);
   const struct vgpu_packet *table =
      vgpu_render_packet(render, GFX7_3DSTATE_BINDING_TABLE_POINTERS_PS_header);
   const struct vgpu_packet *samplers =
      vgpu_render_packet(render, GFX7_3DSTATE_SAMPLER_STATE_POINTERS_PS_header);
   struct vgpu_ps *ps = *out = vgpu_shader_alloc(sizeof(*ps));
   struct vgpu_ps_kernel kernel;

   if (!ps)
      return vgpu_engine_fault(engine, "no host memory for the pixel shader");
   GFX7_3DSTATE_WM_unpack(&ps->wm, wm->dw, wm->len_dw);
   ps->dispatch = ps->wm.ThreadDispatchEnable;
   ps->draw = draw;
   ps->width = 16;
   ps->shader = (struct vgpu_shader_env){
      .engine = engine,
      .general_state_base = draw->general_state_base,
      .surface_state_base = draw->surface_state_base,
      .dynamic_state_base = draw->dynamic_state_base,
      .instruction_base = draw->instruction_base,
      .binding_table = table ? table->dw[1] & 0xffe0 : 0,
      .sampler_state = samplers ? samplers->dw[1] & ~31u : 0,
      .stage = ps,
   };
   if (!vgpu_depth_init(draw, &ps->depth) || !vgpu_cc_init(draw, &ps->cc, &ps->shader))
      return false;
   if (!ps->dispatch) {
      ps->early_depth = true;
      set_shortcuts(ps);
      return true;
   }

   if (!packet)
      return vgpu_engine_fault(engine, "a draw without 3DSTATE_PS");
   GFX7_3DSTATE_PS_unpack(&ps->state, packet->dw, packet->len_dw);
   /* Texels are always valid, see surface.h: a resolve finds nothing to do. */
   if (ps->state.RenderTargetResolveEnable)
      ps->dispatch = false;
   if (ps->state.oMaskPresenttoRenderTarget || ps->wm.PixelShaderUsesInputCoverageMask)
      return vgpu_engine_unmodelled(engine, "coverage masks");
   if (!ps->dispatch)
      return true;
   if (!vgpu_ps_choose_kernel(&ps->state, &kernel))
      return vgpu_engine_unmodelled(engine, "pixel shader dispatch of 32 pixels alone");
   ps->width = kernel.width;
   ps->start_grf = kernel.start_grf;
   ps->per_sample =
      draw->samples > 1 && ps->wm.MultisampleDispatchMode == MSDISPMODE_PERSAMPLE;
   ps->early_depth = ps->wm.EarlyDepthStencilControl == EDSC_PREPS ||
                     (ps->wm.PixelShaderComputedDepthMode == COMPUTED_DEPTH_OFF &&
                      !ps->wm.PixelShaderKillsPixel);
   if (ps->state.ScratchSpaceBasePointer || ps->state.PerThreadScratchSpace) {
      ps->shader.scratch_base = ps->state.ScratchSpaceBasePointer;
      ps->shader.scratch_bytes = 1024u << ps->state.PerThreadScratchSpace;
   }
   ps->env.opaque = &ps->shader;
   ps->env.send[EU_SFID_SAMPLER] = vgpu_sampler_send;
   ps->env.send[EU_SFID_DP_SAMPLER_CACHE] = vgpu_dp_sampler_cache_send;
   ps->env.send[EU_SFID_DP_RENDER_CACHE] = render_cache_send;
   ps->env.send[EU_SFID_DP_CONSTANT_CACHE] = vgpu_dp_constant_cache_send;
   ps->env.send[EU_SFID_DP_DATA_CACHE] = vgpu_dp_data_cache_send;

   if (!vgpu_load_program(draw, kernel.start_pointer, &ps->program))
      return false;
   ps->independent = eu_program_messages(ps->program, is_independent, NULL);
   set_shortcuts(ps);
   return (!ps->state.PushConstantEnable ||
           vgpu_push_constants(draw, GFX7_3DSTATE_CONSTANT_PS_header, ps->constants,
                               EU_GRF_COUNT, &ps->num_constants));
}

bool
vgpu_ps_clone(const struct vgpu_ps *ps, struct vgpu_ps **out)
{
   struct vgpu_ps *clone = *out = vgpu_shader_alloc(sizeof(*clone));

   if (!clone)
      return vgpu_engine_fault(ps->shader.engine, "no host memory for the pixel shader");
   *clone = *ps;
   clone->is_clone = true;
   clone->shader.surfaces = NULL;
   clone->shader.samplers = NULL;
   clone->shader.stage = clone;
   clone->env.opaque = &clone->shader;
   clone->depth = NULL;
   clone->cc = NULL;
   return vgpu_depth_clone(ps->depth, &clone->depth) &&
          vgpu_cc_clone(ps->cc, &clone->shader, &clone->cc);
}

void
vgpu_ps_fini(struct vgpu_ps *ps)
{
   if (!ps)
      return;
   if (ps->program && !ps->is_clone)
      eu_program_destroy(ps->program);
   vgpu_depth_fini(ps->depth);
   vgpu_cc_fini(ps->cc);
   vgpu_shader_env_fini(&ps->shader);
   free(ps);
}

unsigned
vgpu_ps_subspans(const struct vgpu_ps *ps)
{
   return ps->width / PIXELS_PER_SUBSPAN;
}

bool
vgpu_ps_make_plane(const struct vgpu_setup *s, struct vgpu_plane *p)
{
   const float dx1 = s->v[1].x - s->v[0].x, dy1 = s->v[1].y - s->v[0].y;
   float dx2 = s->v[2].x - s->v[0].x, dy2 = s->v[2].y - s->v[0].y;

   *p = (struct vgpu_plane){ .x0 = s->v[0].x, .y0 = s->v[0].y };
   if (s->kind == VGPU_POINT) {
      /* Across the square: all is alike there but the coordinates of a point sprite. */
      p->x0 -= s->point_width / 2;
      p->y0 -= s->point_width / 2;
      p->b1x = p->b2y = 1 / s->point_width;
      return true;
   }
   if (s->kind == VGPU_LINE) {
      /* Along the line only. */
      const float length2 = dx1 * dx1 + dy1 * dy1;
      if (length2 > 0) {
         p->b1x = dx1 / length2;
         p->b1y = dy1 / length2;
      }
      return true;
   }
   const float area = dx1 * dy2 - dx2 * dy1;
   if (area == 0)
      return false;
   p->b1x = dy2 / area;
   p->b1y = -dx2 / area;
   p->b2x = -dy1 / area;
   p->b2y = dx1 / area;
   return true;
}

static void
put(uint8_t grf[EU_REG_BYTES], unsigned dword, uint32_t value)
{
   memcpy(grf + 4 * dword, &value, sizeof(value));
}

static void
put_float(uint8_t grf[EU_REG_BYTES], unsigned dword, float value)
{
   memcpy(grf + 4 * dword, &value, sizeof(value));
}

/** Values of a thread's pixels, eight to a register. */
static unsigned
put_lanes(struct eu_thread *thread, unsigned at, const float *values, unsigned lanes)
{
   for (unsigned i = 0; i < lanes; i++)
      put_float(thread->grf[at + i / 8], i % 8, values[i]);
   return at + lanes / 8;
}

/** Where a channel's value is interpolated. */
static struct vgpu_sample
place(const struct vgpu_ps *ps, enum location location, unsigned p)
{
   const struct vgpu_draw *draw = ps->draw;
   const uint8_t samples = ps->samples[p];
   struct vgpu_sample at = { 0.5f, 0.5f };

   if (location == LOCATION_SAMPLE && ps->sample[p] >= 0)
      at = draw->sample[ps->sample[p]];
   /* The centre is the centroid of a pixel that is covered whole, and of one that is not. */
   else if (location == LOCATION_CENTROID && samples && samples != draw->sample_mask)
      at = draw->sample[__builtin_ctz(samples)];
   at.x += ps->x[p];
   at.y += ps->y[p];
   return at;
}

struct barycentrics {
   float perspective[2][MAX_PIXELS], linear[2][MAX_PIXELS]; /* of vertex 1, 2 */
   float w[MAX_PIXELS];
};

static void
interpolate(const struct vgpu_ps *ps, enum location location, struct barycentrics *out)
{
   const struct vgpu_setup *s = ps->setup;
   const struct vgpu_plane plane = s->plane;
   const float w0 = s->v[0].inv_w, w1 = s->v[1].inv_w, w2 = s->v[2].inv_w;
   float x[MAX_PIXELS], y[MAX_PIXELS];

   if (location == LOCATION_CENTER) {
      memcpy(x, ps->center_x, sizeof(x));
      memcpy(y, ps->center_y, sizeof(y));
   } else {
      for (unsigned i = 0; i < MAX_PIXELS; i++) {
         const struct vgpu_sample at = place(ps, location, i < ps->width ? i : 0);
         x[i] = at.x;
         y[i] = at.y;
      }
   }
   /* Of a fixed length, so that the compiler makes vector code of it. */
   for (unsigned i = 0; i < MAX_PIXELS; i++) {
      const float dx = x[i] - plane.x0, dy = y[i] - plane.y0;
      const float b1 = plane.b1x * dx + plane.b1y * dy;
      const float b2 = plane.b2x * dx + plane.b2y * dy;
      const float inv_w = (1 - b1 - b2) * w0 + b1 * w1 + b2 * w2;
      const float w = 1 / inv_w;
      out->w[i] = w;
      out->linear[0][i] = b1;
      out->linear[1][i] = b2;
      out->perspective[0][i] = b1 * w1 * w;
      out->perspective[1][i] = b2 * w2 * w;
   }
}

/** Where in its pixel each channel is: a byte each for x and y, in sixteenths. */
static unsigned
put_offsets(const struct vgpu_ps *ps, struct eu_thread *thread, unsigned at)
{
   const enum location location =
      ps->state.PositionXYOffsetSelect == POSOFFSET_CENTROID ? LOCATION_CENTROID
                                                             : LOCATION_SAMPLE;

   for (unsigned i = 0; i < ps->width; i++) {
      const struct vgpu_sample where = place(ps, location, i);
      thread->grf[at][2 * i] = (uint8_t)((where.x - ps->x[i]) * 16);
      thread->grf[at][2 * i + 1] = (uint8_t)((where.y - ps->y[i]) * 16);
   }
   return at + 1;
}

/** Everything in front of the constants and attributes. \return the next register */
static unsigned
fill_payload(struct vgpu_ps *ps, struct eu_thread *thread, const struct slot *slots,
             unsigned count, uint32_t mask)
{
   const struct vgpu_setup *setup = ps->setup;
   const unsigned lanes = ps->width, modes = ps->wm.BarycentricInterpolationMode;
   const unsigned first_sample = ps->per_sample ? slots[0].sample : 0;
   struct barycentrics bary[NUM_LOCATIONS];
   bool done[NUM_LOCATIONS] = { false };

   put(thread->grf[0], 0, (setup->render_target_array_index & 0x7ff) << 16 |
                             (setup->back_facing ? 1u << 15 : 0) | first_sample / 2 << 6 |
                             (ps->draw->topology & 0x1f));
   put(thread->grf[0], 3, ps->shader.sampler_state |
                             (ps->shader.scratch_bytes ? ps->state.PerThreadScratchSpace : 0));
   put(thread->grf[0], 4, ps->shader.binding_table);
   put(thread->grf[0], 5, ps->shader.scratch_base);
   for (unsigned i = 0; i < count; i++)
      put(thread->grf[1], 2 + i,
          slots[i].subspan->x | (uint32_t)slots[i].subspan->y << 16);
   put(thread->grf[1], 7, mask | mask << 16);

   unsigned at = 2;
   for (unsigned mode = 0; mode < 2 * NUM_LOCATIONS; mode++) {
      if (!(modes & BIT(mode)))
         continue;
      /* With one sample centroid and sample are the centre. */
      const unsigned location = ps->draw->samples > 1 ? mode % NUM_LOCATIONS : LOCATION_CENTER;
      if (!done[location])
         interpolate(ps, location, &bary[location]);
      done[location] = true;
      /* Eight pixels at a time. */
      for (unsigned half = 0; half < lanes / 8; half++) {
         for (unsigned b = 0; b < 2; b++, at++) {
            const float *values = mode >= NUM_LOCATIONS ? bary[location].linear[b]
                                                        : bary[location].perspective[b];
            memcpy(thread->grf[at], values + 8 * half, EU_REG_BYTES);
         }
      }
   }
   if (ps->wm.PixelShaderUsesSourceDepth)
      at = put_lanes(thread, at, ps->z, lanes);
   if (ps->wm.PixelShaderUsesSourceW) {
      const enum location location = ps->per_sample ? LOCATION_SAMPLE : LOCATION_CENTER;
      if (!done[location])
         interpolate(ps, location, &bary[location]);
      at = put_lanes(thread, at, bary[location].w, lanes);
   }
   if (ps->state.PositionXYOffsetSelect != POSOFFSET_NONE)
      at = put_offsets(ps, thread, at);
   return at;
}

static bool
run_thread(struct vgpu_ps *ps, struct eu_thread *thread)
{
   struct vgpu_engine *engine = ps->draw->engine;

   switch (eu_thread_run(thread, ps->program, &ps->env, INSTRUCTION_BUDGET)) {
   case EU_STATUS_EOT:
      return true;
   case EU_STATUS_FAULT:
      if (engine->hung)
         return false; /* a page fault, which has been told */
      return vgpu_engine_unmodelled(engine, "pixel shader at 0x%x: %s", thread->fault.ip,
                                    thread->fault.text);
   case EU_STATUS_BUDGET:
      return vgpu_engine_fault(engine, "pixel shader does not end");
   case EU_STATUS_WAIT:
      break;
   }
   return vgpu_engine_fault(engine, "pixel shader waits for a notification");
}

/** Tests before the shader, if they are early. */
static bool
early_tests(struct vgpu_ps *ps)
{
   if (!ps->early_depth)
      return true;
   if (ps->untested) {
      unsigned samples = 0;
      for (unsigned i = 0; i < ps->width && vgpu_depth_counts(ps->depth); i++) {
         for (unsigned bits = ps->samples[i]; bits; bits &= bits - 1)
            samples++;
      }
      vgpu_depth_count(ps->depth, samples);
      return true;
   }
   for (unsigned i = 0; i < ps->width; i++) {
      if (ps->samples[i] && !test_samples(ps, i, NULL))
         return false;
   }
   return true;
}

/** Pixels of a thread that have one sample each. \return those that are covered */
static uint32_t
place_pixels(struct vgpu_ps *ps, const struct slot *slots, unsigned count)
{
   typedef uint16_t vec_us __attribute__((vector_size(8)));
   typedef float vec_f __attribute__((vector_size(16)));
   static const uint8_t none[PIXELS_PER_SUBSPAN];
   uint32_t live = 0;

   for (unsigned k = 0; k < ps->width / PIXELS_PER_SUBSPAN; k++) {
      const struct vgpu_subspan *subspan = slots[k < count ? k : 0].subspan;
      const unsigned i = k * PIXELS_PER_SUBSPAN;
      const vec_us x = subspan->x + (vec_us){ 0, 1, 0, 1 };
      const vec_us y = subspan->y + (vec_us){ 0, 0, 1, 1 };
      const vec_f center_x = (float)subspan->x + (vec_f){ 0.5f, 1.5f, 0.5f, 1.5f };
      const vec_f center_y = (float)subspan->y + (vec_f){ 0.5f, 0.5f, 1.5f, 1.5f };
      memcpy(&ps->x[i], &x, sizeof(x));
      memcpy(&ps->y[i], &y, sizeof(y));
      memcpy(&ps->center_x[i], &center_x, sizeof(center_x));
      memcpy(&ps->center_y[i], &center_y, sizeof(center_y));
      memcpy(&ps->samples[i], k < count ? subspan->samples : none, sizeof(none));
      live |= k < count ? (uint32_t)subspan->mask << i : 0;
   }
   return live;
}

static void
place_samples(struct vgpu_ps *ps, const struct slot *slots, unsigned count)
{
   for (unsigned k = 0; k < ps->width / PIXELS_PER_SUBSPAN; k++) {
      const struct slot *slot = &slots[k < count ? k : 0];
      const struct vgpu_subspan *subspan = slot->subspan;
      const unsigned i = k * PIXELS_PER_SUBSPAN;
      ps->x[i] = ps->x[i + 2] = subspan->x;
      ps->x[i + 1] = ps->x[i + 3] = subspan->x + 1;
      ps->y[i] = ps->y[i + 1] = subspan->y;
      ps->y[i + 2] = ps->y[i + 3] = subspan->y + 1;
      ps->center_x[i] = ps->center_x[i + 2] = 0.5f + subspan->x;
      ps->center_x[i + 1] = ps->center_x[i + 3] = 0.5f + (subspan->x + 1);
      ps->center_y[i] = ps->center_y[i + 1] = 0.5f + subspan->y;
      ps->center_y[i + 2] = ps->center_y[i + 3] = 0.5f + (subspan->y + 1);
      for (unsigned p = 0; p < PIXELS_PER_SUBSPAN; p++) {
         ps->sample[i + p] = slot->sample;
         ps->samples[i + p] = k < count ? subspan->samples[p] : 0;
         if (slot->sample >= 0)
            ps->samples[i + p] &= BIT(slot->sample);
      }
   }
}

static bool
run_slots(struct vgpu_ps *ps, const struct slot *slots, unsigned count)
{
   struct vgpu_draw *draw = ps->draw;
   const struct vgpu_setup *setup = ps->setup;
   uint32_t mask = 0;

   if (ps->whole_pixels)
      mask = place_pixels(ps, slots, count);
   else
      place_samples(ps, slots, count);
   if (!early_tests(ps))
      return false;
   if (!ps->whole_pixels || !ps->untested) {
      mask = 0;
      for (unsigned i = 0; i < ps->width; i++)
         mask |= (uint32_t)(ps->samples[i] != 0) << i;
   }
   for (unsigned k = 0; k < count && setup->antialiased; k++)
      memcpy(&ps->coverage[k * PIXELS_PER_SUBSPAN], slots[k].subspan->coverage,
             sizeof(slots[k].subspan->coverage));
   ps->live = mask;
   if (!mask || !ps->dispatch)
      return true;
   for (unsigned i = 0; i < ps->width && ps->wm.PixelShaderUsesSourceDepth; i++) {
      const struct vgpu_sample at =
         place(ps, ps->per_sample ? LOCATION_SAMPLE : LOCATION_CENTER, i);
      ps->z[i] = depth_at(ps, at.x, at.y);
   }

   struct eu_thread *thread = &ps->thread;
   ps->tested = 0;
   eu_thread_restart(thread, ps->program, ps->payload, vgpu_ps_channels(mask));
   thread->cr0[0] = ps->state.FloatingPointMode ? EU_CR0_ALT_MODE : 0;
   thread->cr0[0] |= ps->state.RoundingMode << EU_CR0_ROUND_SHIFT;
   thread->cr0[0] |= ps->state.SingleProgramFlow ? EU_CR0_SPF : 0;
   thread->user = &ps->shader;

   const unsigned end = fill_payload(ps, thread, slots, count, mask);
   unsigned at = ps->start_grf;
   const unsigned attributes = ps->state.AttributeEnable ? setup->num_attributes : 0;
   if (at < end || at + ps->num_constants + 2 * attributes > EU_GRF_COUNT)
      return vgpu_engine_fault(draw->engine,
                               "pixel shader payload of %u registers, constants from g%u",
                               end, at);
   memcpy(thread->grf[at], ps->constants, ps->num_constants * EU_REG_BYTES);
   at += ps->num_constants;
   ps->payload = at + 2 * attributes;
   memcpy(thread->grf[at], setup->attribute, attributes * sizeof(setup->attribute[0]));
   return run_thread(ps, thread);
}

bool
vgpu_ps_run(struct vgpu_draw *draw, struct vgpu_ps *ps, const struct vgpu_setup *setup,
            const struct vgpu_subspan *subspans, unsigned count)
{
   const unsigned num_slots = vgpu_ps_subspans(ps);
   struct slot slots[VGPU_MAX_SUBSPANS];

   ps->setup = setup;
   if (!ps->per_sample) {
      for (unsigned i = 0; i < count; i++)
         slots[i] = (struct slot){ .subspan = &subspans[i], .sample = -1 };
      return run_slots(ps, slots, count);
   }
   /* Each thread has some samples of one subspan. */
   for (unsigned i = 0; i < count; i++) {
      for (unsigned first = 0; first < draw->samples; first += num_slots) {
         for (unsigned k = 0; k < num_slots; k++)
            slots[k] = (struct slot){ .subspan = &subspans[i], .sample = (int)(first + k) };
         if (!run_slots(ps, slots, num_slots))
            return false;
      }
   }
   return true;
}
