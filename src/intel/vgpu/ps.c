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
enum { POSITION_OFFSET_NONE = 0 };
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

   /* The thread that runs. */
   uint32_t mask;   /* pixels that are covered and passed the tests so far */
   uint32_t tested; /* those whose late tests are done */
   struct vgpu_draw *draw;
   const struct vgpu_setup *setup;
   uint16_t x[MAX_PIXELS], y[MAX_PIXELS];
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

/**
 * What a pixel has to pass when its colour is there: the alpha test, then depth and stencil, which
 * a pixel without alpha must not write. Once a pixel: the other render targets go by the result.
 */
static bool
late_tests(struct vgpu_ps *ps, unsigned p, float alpha, float z)
{
   bool pass = vgpu_cc_alpha_test(ps->cc, alpha);

   ps->tested |= BIT(p);
   if (pass && !ps->early_depth &&
       !vgpu_depth_test(ps->depth, ps->setup, ps->x[p], ps->y[p], z, &pass))
      return false;
   if (!pass)
      ps->mask &= ~BIT(p);
   return true;
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
      lanes = 8;
      first_lane = high_slots ? 8 : msg->group;
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
   /* Helper pixels may run along, but only pixels that the windower gave are written. */
   mask &= ps->mask >> first_lane & ((1u << lanes) - 1);

   const unsigned regs = lanes / 8;
   /* The alpha of target 0, for the alpha test of the others, is in front of their colour. */
   const unsigned alpha_at = at;
   if (source0_alpha)
      at += regs;
   const unsigned color_regs = type == SIMD16_REPLICATED ? 1 : 4 * regs;
   if (msg->mlen < at + color_regs)
      return eu_thread_fault(msg->thread, "render target write of %u registers", msg->mlen);
   const unsigned rest = msg->mlen - at - color_regs;
   const bool depth = ps->wm.PixelShaderComputedDepthMode != COMPUTED_DEPTH_OFF && rest >= regs;
   if (rest > (depth ? regs : 0))
      return eu_thread_fault(msg->thread, "render target write with %u more registers", rest);

   for (unsigned lane = 0; lane < lanes; lane++) {
      const unsigned p = first_lane + lane;
      if (!(mask >> lane & 1) || p >= MAX_PIXELS)
         continue;
      uint32_t color[4];
      for (unsigned c = 0; c < 4; c++)
         color[c] = type == SIMD16_REPLICATED
                       ? read_dw(msg->payload[at], c)
                       : read_dw(msg->payload[at + c * regs + lane / 8], lane % 8);
      if (!(ps->tested & BIT(p))) {
         float alpha;
         memcpy(&alpha, &color[3], sizeof(alpha));
         if (source0_alpha)
            alpha = read_float(msg->payload[alpha_at + lane / 8], lane % 8);
         if (!late_tests(ps, p, alpha,
                         depth ? read_float(msg->payload[at + color_regs + lane / 8], lane % 8)
                               : ps->z[p]))
            return false;
         if (!(ps->mask & BIT(p)))
            continue;
      }
      if (!vgpu_cc_write(ps->cc, surface, target, ps->setup->render_target_array_index, ps->x[p],
                         ps->y[p], color))
         return false;
   }
   return true;
}

/** Which of the three kernels to run, and as how many pixels. */
static bool
choose_kernel(struct vgpu_draw *draw, struct vgpu_ps *ps, uint32_t *kernel)
{
   const struct GFX7_3DSTATE_PS *s = &ps->state;

   if (s->_16PixelDispatchEnable) {
      /* With both widths there, the wide kernel is the third one. */
      const bool third = s->_8PixelDispatchEnable || s->_32PixelDispatchEnable;
      ps->width = 16;
      *kernel = third ? s->KernelStartPointer2 : s->KernelStartPointer0;
      ps->start_grf = third ? s->DispatchGRFStartRegisterForConstantSetupData2
                            : s->DispatchGRFStartRegisterForConstantSetupData0;
      return true;
   }
   if (s->_8PixelDispatchEnable) {
      ps->width = 8;
      *kernel = s->KernelStartPointer0;
      ps->start_grf = s->DispatchGRFStartRegisterForConstantSetupData0;
      return true;
   }
   return vgpu_engine_unmodelled(draw->engine, "pixel shader dispatch of 32 pixels alone");
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
   struct vgpu_ps *ps = *out = calloc(1, sizeof(*ps));
   uint32_t kernel = 0;

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
      return true;
   }

   if (!packet)
      return vgpu_engine_fault(engine, "a draw without 3DSTATE_PS");
   GFX7_3DSTATE_PS_unpack(&ps->state, packet->dw, packet->len_dw);
   /* Texels are always valid, see surface.h: a resolve finds nothing to do. */
   if (ps->state.RenderTargetResolveEnable)
      ps->dispatch = false;
   if (ps->state.DualSourceBlendEnable)
      return vgpu_engine_unmodelled(engine, "dual source blending");
   if (ps->state.oMaskPresenttoRenderTarget || ps->wm.PixelShaderUsesInputCoverageMask)
      return vgpu_engine_unmodelled(engine, "coverage masks");
   if (!ps->dispatch)
      return true;
   if (!choose_kernel(draw, ps, &kernel))
      return false;
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

   return vgpu_load_program(draw, kernel, &ps->program) &&
          (!ps->state.PushConstantEnable ||
           vgpu_push_constants(draw, GFX7_3DSTATE_CONSTANT_PS_header, ps->constants,
                               EU_GRF_COUNT, &ps->num_constants));
}

void
vgpu_ps_fini(struct vgpu_ps *ps)
{
   if (!ps)
      return;
   if (ps->program)
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

/** Weights of the second and third vertex at a pixel's centre, linear on the screen. */
struct plane {
   float b1x, b1y, b2x, b2y; /* change per pixel */
   float x0, y0;
};

static bool
make_plane(const struct vgpu_setup *s, struct plane *p)
{
   const float dx1 = s->v[1].x - s->v[0].x, dy1 = s->v[1].y - s->v[0].y;
   float dx2 = s->v[2].x - s->v[0].x, dy2 = s->v[2].y - s->v[0].y;

   *p = (struct plane){ .x0 = s->v[0].x, .y0 = s->v[0].y };
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

/** Everything in front of the constants and attributes. \return the next register */
static unsigned
fill_payload(struct vgpu_ps *ps, const struct vgpu_setup *setup, struct eu_thread *thread,
             const struct vgpu_subspan *subspans, unsigned count, uint32_t mask,
             const float bary[2][2][MAX_PIXELS], const float *w)
{
   const unsigned lanes = ps->width;

   put(thread->grf[0], 0, (setup->render_target_array_index & 0x7ff) << 16 |
                             (setup->back_facing ? 1u << 15 : 0));
   put(thread->grf[0], 3, ps->shader.sampler_state |
                             (ps->shader.scratch_bytes ? ps->state.PerThreadScratchSpace : 0));
   put(thread->grf[0], 4, ps->shader.binding_table);
   put(thread->grf[0], 5, ps->shader.scratch_base);
   for (unsigned i = 0; i < count; i++)
      put(thread->grf[1], 2 + i, subspans[i].x | (uint32_t)subspans[i].y << 16);
   put(thread->grf[1], 7, mask | mask << 16);

   unsigned at = 2;
   for (unsigned mode = 0; mode < 6; mode++) {
      if (!(ps->wm.BarycentricInterpolationMode & BIT(mode)))
         continue;
      /* Without multisampling centroid and sample are the centre. Eight pixels at a time. */
      const bool linear = mode >= 3;
      for (unsigned half = 0; half < lanes / 8; half++) {
         for (unsigned b = 0; b < 2; b++, at++) {
            for (unsigned i = 0; i < 8; i++)
               put_float(thread->grf[at], i, bary[linear][b][8 * half + i]);
         }
      }
   }
   if (ps->wm.PixelShaderUsesSourceDepth)
      at = put_lanes(thread, at, ps->z, lanes);
   if (ps->wm.PixelShaderUsesSourceW)
      at = put_lanes(thread, at, w, lanes);
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

bool
vgpu_ps_run(struct vgpu_draw *draw, struct vgpu_ps *ps, const struct vgpu_setup *setup,
            const struct vgpu_subspan *subspans, unsigned count)
{
   float bary[2][2][MAX_PIXELS] = { 0 }; /* perspective, linear; of vertex 1, 2 */
   float w[MAX_PIXELS] = { 0 };
   struct plane plane;
   uint32_t mask = 0;

   if (!make_plane(setup, &plane))
      return true;
   ps->setup = setup;
   for (unsigned i = 0; i < ps->width; i++) {
      const struct vgpu_subspan *ss = &subspans[i / 4 < count ? i / 4 : 0];
      ps->x[i] = ss->x + (i & 1);
      ps->y[i] = ss->y + (i >> 1 & 1);
      if (i / 4 < count && ss->mask >> i % 4 & 1)
         mask |= BIT(i);

      const float dx = ps->x[i] + 0.5f - plane.x0, dy = ps->y[i] + 0.5f - plane.y0;
      const float b1 = plane.b1x * dx + plane.b1y * dy, b2 = plane.b2x * dx + plane.b2y * dy;
      const float b0 = 1 - b1 - b2;
      const float inv_w = b0 * setup->v[0].inv_w + b1 * setup->v[1].inv_w +
                          b2 * setup->v[2].inv_w;
      w[i] = 1 / inv_w;
      bary[1][0][i] = b1;
      bary[1][1][i] = b2;
      bary[0][0][i] = b1 * setup->v[1].inv_w * w[i];
      bary[0][1][i] = b2 * setup->v[2].inv_w * w[i];
      ps->z[i] = b0 * setup->v[0].z + b1 * setup->v[1].z + b2 * setup->v[2].z +
                 setup->depth_offset;
      /* Where all three are alike, rounding must not make the depth another one. */
      if (setup->v[0].z == setup->v[1].z && setup->v[0].z == setup->v[2].z)
         ps->z[i] = setup->v[0].z + setup->depth_offset;
   }

   if (ps->early_depth && vgpu_depth_is_off(ps->depth))
      vgpu_depth_count(ps->depth, __builtin_popcount(mask));
   for (unsigned i = 0; i < ps->width && ps->early_depth && !vgpu_depth_is_off(ps->depth); i++) {
      bool pass = true;
      if (mask >> i & 1 &&
          !vgpu_depth_test(ps->depth, setup, ps->x[i], ps->y[i], ps->z[i], &pass))
         return false;
      if (!pass)
         mask &= ~BIT(i);
   }
   if (!mask || !ps->dispatch)
      return true;

   struct eu_thread thread;
   ps->mask = mask;
   ps->tested = 0;
   eu_thread_init(&thread, vgpu_ps_channels(mask));
   thread.cr0[0] = ps->state.FloatingPointMode ? EU_CR0_ALT_MODE : 0;
   thread.cr0[0] |= ps->state.RoundingMode << EU_CR0_ROUND_SHIFT;
   thread.cr0[0] |= ps->state.SingleProgramFlow ? EU_CR0_SPF : 0;
   thread.user = &ps->shader;

   const unsigned end = fill_payload(ps, setup, &thread, subspans, count, mask, bary, w);
   unsigned at = ps->start_grf;
   const unsigned attributes = ps->state.AttributeEnable ? setup->num_attributes : 0;
   if (at < end || at + ps->num_constants + 2 * attributes > EU_GRF_COUNT)
      return vgpu_engine_fault(draw->engine,
                               "pixel shader payload of %u registers, constants from g%u",
                               end, at);
   memcpy(thread.grf[at], ps->constants, ps->num_constants * EU_REG_BYTES);
   at += ps->num_constants;
   for (unsigned a = 0; a < attributes; a++, at += 2) {
      for (unsigned c = 0; c < 4; c++) {
         const float v0 = setup->attribute[a][0][c];
         const bool flat = setup->constant_attributes & BIT(a);
         uint8_t *grf = thread.grf[at + c / 2] + 16 * (c % 2);
         const float deltas[4] = {
            flat ? 0 : setup->attribute[a][1][c] - v0,
            flat ? 0 : setup->attribute[a][2][c] - v0,
            0,
         };
         memcpy(grf, deltas, sizeof(deltas));
         /* As bits: a flat attribute can be an integer. */
         memcpy(grf + 12, &setup->attribute[a][0][c], sizeof(float));
      }
   }
   return run_thread(ps, &thread);
}
