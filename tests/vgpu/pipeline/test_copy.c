/*
 * SPDX-License-Identifier: MIT
 *
 * Draws that are copies or fills, and draws that nearly are: each is drawn as a copy and again
 * shaded, which must leave the same memory and count the same pixels; and it must be taken for a
 * copy exactly if it is one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../eu/eu_test.h"
#include "draw_state.h"
#include "tiling.h"

enum {
   R32G32B32A32_FLOAT = 0x000,
   R32G32B32A32_UINT = 0x002,
   R16G16_UNORM = 0x0cc,
   B8G8R8A8_UNORM = 0x0c0,
   R8G8B8A8_UNORM = 0x0c7,
   R8G8B8A8_UNORM_SRGB = 0x0c8,
   R8G8B8A8_SNORM = 0x0c9,
   R8G8B8A8_UINT = 0x0cb,
   R16_FLOAT = 0x10e,
   R8_UNORM = 0x140,
};

enum { TYPE_2D = 1, TYPE_BUFFER = 4, TYPE_NULL = 7 };
enum { LINEAR, TILE_X = 2, TILE_Y = 3 };

/* From FIXTURE_DATA on: states of surfaces 1 and 2, and what is copied. */
#define SURFACE_1 0x900
#define SURFACE_2 0x920
#define FROM 0x10000
#define TO 0x50000
#define END 0x90000
#define PITCH 1024

/* The rectangle, odd in every respect. */
enum { X0 = 3, Y0 = 5, X1 = 100, Y1 = 66 };

static void
surface(struct fixture *f, unsigned index, uint32_t type, uint32_t format, uint32_t tiling,
        uint32_t at, uint32_t width, uint32_t height, uint32_t pitch)
{
   static const uint32_t states[3] = { SURFACE, SURFACE_1, SURFACE_2 };
   uint32_t dw[8] = {
      type << 29 | format << 18 | tiling << 13, FIXTURE_DATA + at,
      (height - 1) << 16 | (width - 1), pitch - 1,
   };
   uint32_t *table = fixture_ggtt(f, FIXTURE_DATA + BINDING_TABLE);

   if (type == TYPE_BUFFER) { /* the number of entries is in three fields */
      const uint32_t last = width - 1;
      dw[2] = (last >> 7 & 0x3fff) << 16 | (last & 0x7f);
      dw[3] = (last >> 21) << 21 | (pitch - 1);
   }
   memcpy(fixture_ggtt(f, FIXTURE_DATA + states[index]), dw, sizeof(dw));
   table[index] = states[index];
}

static void
kernel(struct fixture *f, const struct insn *code, unsigned count, unsigned width, uint32_t wm)
{
   memcpy(fixture_ggtt(f, FIXTURE_DATA + KERNEL), code, count * sizeof(*code));
   SUBMIT(f, VGPU_RCS, CMD(0x7814, 3), WM_DISPATCH | WM_STATISTICS | wm, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, width == 16 ? 2 : 1, 6 << 16, 0, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x782a, 2), BINDING_TABLE);
}

#define KERNEL_OF(f, width, wm, ...)                                                              \
   do {                                                                                           \
      const struct insn insns_[] = { __VA_ARGS__ };                                               \
      kernel(f, insns_, sizeof(insns_) / sizeof(insns_[0]), width, wm);                           \
   } while (0)

/* ---------------------------------------------------------------- kernels */

/* x in g10, y in g12, as integers. */
#define COORDINATES                                                                               \
   enc2(EU_OP_ADD, 16, dst(8, 0, 1, EU_TYPE_UW), region(1, 8, 2, 4, 0, EU_TYPE_UW),               \
        imm(EU_TYPE_V, 0x10101010)),                                                              \
   enc2(EU_OP_ADD, 16, dst(9, 0, 1, EU_TYPE_UW), region(1, 10, 2, 4, 0, EU_TYPE_UW),              \
        imm(EU_TYPE_V, 0x11001100)),                                                              \
   enc1(EU_OP_MOV, 16, dst(10, 0, 1, EU_TYPE_D), vec8(8, EU_TYPE_UW)),                            \
   enc1(EU_OP_MOV, 16, dst(12, 0, 1, EU_TYPE_D), vec8(9, EU_TYPE_UW))
/* g14 = a x + pitch y + c */
#define INDEX(pitch, c)                                                                           \
   enc2(EU_OP_MUL, 16, dst(14, 0, 1, EU_TYPE_D), vec8(12, EU_TYPE_D), imm(EU_TYPE_W, pitch)),     \
   enc2(EU_OP_ADD, 16, dst(14, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_D), vec8(10, EU_TYPE_D)),       \
   enc2(EU_OP_ADD, 16, dst(14, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_D),                             \
        imm(EU_TYPE_D, (uint32_t)(c)))
/* u in g14, LOD in g16, v in g18 */
#define UV(scale, dx, flip, dy)                                                                   \
   enc2(EU_OP_MUL, 16, dst(14, 0, 1, EU_TYPE_D), vec8(10, EU_TYPE_D), imm(EU_TYPE_W, scale)),     \
   enc2(EU_OP_ADD, 16, dst(14, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_D),                             \
        imm(EU_TYPE_D, (uint32_t)(dx))),                                                          \
   enc1(EU_OP_MOV, 16, dst(16, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, 0)),                            \
   enc2(EU_OP_ADD, 16, dst(18, 0, 1, EU_TYPE_D),                                                  \
        (flip) ? neg(vec8(12, EU_TYPE_D)) : vec8(12, EU_TYPE_D), imm(EU_TYPE_D, (uint32_t)(dy)))

#define LOAD(registers, surface)                                                                  \
   enc_send(16, dst(20, 0, 1, EU_TYPE_UW), 14, EU_SFID_SAMPLER,                                   \
            (uint32_t)(registers) << 25 | 8 << 20 | 2 << 17 | 7 << 12 | (surface), false)
#define TARGET_WRITE(from)                                                                        \
   enc_send(16, null_dst(EU_TYPE_UW), from, EU_SFID_DP_RENDER_CACHE,                              \
            8u << 25 | 12 << 14 | 1 << 12, true)

/* Red and blue change places. */
#define SWAP                                                                                      \
   enc1(EU_OP_MOV, 16, dst(30, 0, 1, EU_TYPE_F), vec8(24, EU_TYPE_F)),                            \
   enc1(EU_OP_MOV, 16, dst(32, 0, 1, EU_TYPE_F), vec8(22, EU_TYPE_F)),                            \
   enc1(EU_OP_MOV, 16, dst(34, 0, 1, EU_TYPE_F), vec8(20, EU_TYPE_F)),                            \
   enc1(EU_OP_MOV, 16, dst(36, 0, 1, EU_TYPE_F), vec8(26, EU_TYPE_F))

/* The texels in g20 to g27 to a buffer, at g14, as Mesa writes them. */
#define HALF(n, header, mask)                                                                     \
   no_mask(enc1(EU_OP_MOV, 8, dst(40, 0, 1, EU_TYPE_UD), imm(EU_TYPE_UD, 0))),                    \
   no_mask(enc1(EU_OP_MOV, 1, dst(40, 28, 1, EU_TYPE_UD), mask)),                                 \
   with_group(enc1(EU_OP_MOV, 8, dst(41, 0, 1, EU_TYPE_D), vec8(14 + (n), EU_TYPE_D)), 8 * (n)),  \
   with_group(enc1(EU_OP_MOV, 8, dst(42, 0, 1, EU_TYPE_D), vec8(20 + (n), EU_TYPE_D)), 8 * (n)),  \
   with_group(enc1(EU_OP_MOV, 8, dst(43, 0, 1, EU_TYPE_D), vec8(22 + (n), EU_TYPE_D)), 8 * (n)),  \
   with_group(enc1(EU_OP_MOV, 8, dst(44, 0, 1, EU_TYPE_D), vec8(24 + (n), EU_TYPE_D)), 8 * (n)),  \
   with_group(enc1(EU_OP_MOV, 8, dst(45, 0, 1, EU_TYPE_D), vec8(26 + (n), EU_TYPE_D)), 8 * (n)),  \
   with_group(enc_send(8, null_dst(EU_TYPE_UD), 40, EU_SFID_DP_RENDER_CACHE,                      \
                       6u << 25 | 1 << 19 | 13 << 14 | (n) << 13 | 2, false), 8 * (n))
#define PIXEL_MASK scalar(1, 28, EU_TYPE_UW)

/* ---------------------------------------------------------------- running */

struct shot {
   uint8_t *memory;
   uint64_t pixels;
};

static uint64_t
depth_count(struct fixture *f)
{
   return f->gpu->regs[0x2350 / 4] | (uint64_t)f->gpu->regs[0x2354 / 4] << 32;
}

static void
fill_memory(struct fixture *f)
{
   uint32_t *at = fixture_ggtt(f, FIXTURE_DATA + FROM);
   uint64_t seed = 1;

   for (unsigned i = 0; i < (END - FROM) / 4; i++)
      at[i] = (uint32_t)random64(&seed);
}

typedef void (*draw_fn)(struct fixture *f);

static struct shot
shoot(struct fixture *f, draw_fn draw_it, enum vgpu_copies copies)
{
   struct shot shot = { .memory = malloc(END - FROM) };
   const uint64_t before = depth_count(f);

   assert_non_null(shot.memory);
   f->gpu->copies = copies;
   fill_memory(f);
   draw_it(f);
   memcpy(shot.memory, fixture_ggtt(f, FIXTURE_DATA + FROM), END - FROM);
   shot.pixels = depth_count(f) - before;
   return shot;
}

/** The draw is the same either way. \return whether it was taken for a copy */
static bool
is_taken(struct fixture *f, draw_fn draw_it)
{
   const uint64_t before = f->gpu->copies_taken;
   struct shot shaded = shoot(f, draw_it, VGPU_COPIES_SHADED);
   assert_int_equal(f->gpu->copies_taken, before);
   struct shot copied = shoot(f, draw_it, VGPU_COPIES_AT_ONCE);
   const bool taken = f->gpu->copies_taken > before;
   struct shot checked = shoot(f, draw_it, VGPU_COPIES_CHECKED);

   fixture_expect_no_fault(f);
   for (unsigned i = 0; i < END - FROM; i++) {
      if (shaded.memory[i] != copied.memory[i])
         fail_msg("at 0x%x: shaded 0x%02x, copied 0x%02x", FROM + i, shaded.memory[i],
                  copied.memory[i]);
   }
   assert_memory_equal(shaded.memory, checked.memory, END - FROM);
   assert_int_equal(shaded.pixels, copied.pixels);
   assert_int_equal(shaded.pixels, checked.pixels);
   free(shaded.memory);
   free(copied.memory);
   free(checked.memory);
   return taken;
}

/* ---------------------------------------------------------------- copies */

static void
begin(struct fixture *f)
{
   draw_state(f, X0, Y0, X1, Y1, 0);
}

static void
upload_to(struct fixture *f, uint32_t src_format, uint32_t dst_format, uint32_t tiling)
{
   begin(f);
   surface(f, 0, TYPE_2D, dst_format, tiling, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_BUFFER, src_format, LINEAR, FROM, 10000, 1, 4);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1), TARGET_WRITE(20));
}

static void
upload_linear(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   draw(f);
}

static void
upload_x(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UINT, R8G8B8A8_UINT, TILE_X);
   draw(f);
}

static void
upload_y(struct fixture *f)
{
   upload_to(f, R16G16_UNORM, R16G16_UNORM, TILE_Y);
   draw(f);
}

static void
upload_strip(struct fixture *f)
{
   static const float corners[] = { X0, Y0, X1, Y0, X0, Y1, X1, Y1 };

   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   draw_primitives(f, TRISTRIP, corners, 4);
}

static void
upload_quads(struct fixture *f)
{
   static const float corners[] = { X0, Y0, X1, Y0, X1, Y1, X0, Y1 };

   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   draw_primitives(f, QUADLIST, corners, 4);
}

static void
upload_swapped(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, B8G8R8A8_UNORM, TILE_Y);
   draw(f);
}

static void
upload_swapped_twice(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, B8G8R8A8_UNORM, TILE_X);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1), SWAP, TARGET_WRITE(30));
   draw(f);
}

/* In threads of eight pixels, which have two subspans. */
static void
upload_by_eights(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   KERNEL_OF(f, 8, 0,
             enc2(EU_OP_ADD, 8, dst(8, 0, 1, EU_TYPE_UW), region(1, 8, 2, 4, 0, EU_TYPE_UW),
                  imm(EU_TYPE_V, 0x10101010)),
             enc2(EU_OP_ADD, 8, dst(9, 0, 1, EU_TYPE_UW), region(1, 10, 2, 4, 0, EU_TYPE_UW),
                  imm(EU_TYPE_V, 0x11001100)),
             enc2(EU_OP_MUL, 8, dst(14, 0, 1, EU_TYPE_D), vec8(9, EU_TYPE_UW),
                  imm(EU_TYPE_UW, 120)),
             enc2(EU_OP_ADD, 8, dst(14, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_D),
                  vec8(8, EU_TYPE_UW)),
             enc_send(8, dst(20, 0, 1, EU_TYPE_UW), 14, EU_SFID_SAMPLER,
                      1u << 25 | 4 << 20 | 1 << 17 | 7 << 12 | 1, false),
             enc_send(8, null_dst(EU_TYPE_UW), 20, EU_SFID_DP_RENDER_CACHE,
                      4u << 25 | 12 << 14 | 1 << 12 | 4 << 8, true));
   draw(f);
}

static void
upload_opaque(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1),
             enc1(EU_OP_MOV, 16, dst(26, 0, 1, EU_TYPE_F), imm_f(1)), TARGET_WRITE(20));
   draw(f);
}

/* The target ends in the middle of the rectangle, and so does the drawing rectangle. */
static void
upload_clipped(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, TO, 77, 70, PITCH);
   SUBMIT(f, VGPU_RCS, CMD(0x7900, 4), 10 << 16, 50 << 16 | 1023, 0);
   draw(f);
}

static void
blit_images(struct fixture *f, uint32_t src_tiling, uint32_t dst_tiling, uint32_t format,
            bool flip)
{
   begin(f);
   surface(f, 0, TYPE_2D, format, dst_tiling, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, format, src_tiling, FROM, 128, 80, PITCH);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 9, flip, flip ? 70 : 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

static void
blit_y_to_y(struct fixture *f)
{
   blit_images(f, TILE_Y, TILE_Y, R8G8B8A8_UNORM, false);
}

static void
blit_y_to_x(struct fixture *f)
{
   blit_images(f, TILE_Y, TILE_X, R8G8B8A8_UNORM, false);
}

/* By whole tiles, where the rectangle has them. */
static void
blit_tiles_of(struct fixture *f, uint32_t tiling, int dx, int dy)
{
   draw_state(f, X0, Y0, 300, Y1, 0);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, tiling, TO, 310, 70, 2048);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, tiling, FROM, 450, 110, 2048);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, dx, 0, dy), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

static void
blit_y_tiles(struct fixture *f)
{
   blit_tiles_of(f, TILE_Y, 32, 32);
}

static void
blit_x_tiles(struct fixture *f)
{
   blit_tiles_of(f, TILE_X, 128, 8);
}

static void
blit_bytes(struct fixture *f)
{
   blit_images(f, TILE_X, TILE_Y, R8_UNORM, false);
}

static void
blit_upside_down(struct fixture *f)
{
   blit_images(f, TILE_Y, LINEAR, R8G8B8A8_UNORM, true);
}

static void
blit_wide(struct fixture *f)
{
   begin(f);
   surface(f, 0, TYPE_2D, R32G32B32A32_UINT, TILE_Y, TO, 128, 70, 2048);
   surface(f, 1, TYPE_2D, R32G32B32A32_UINT, LINEAR, FROM, 128, 80, 2048);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 9, 0, 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

/* In single precision, as blorp computes places: x * 1 + 9.5, cut. */
static void
blit_by_floats(struct fixture *f)
{
   begin(f);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, FROM, 128, 80, PITCH);
   KERNEL_OF(f, 16, WM_KILLS_PIXEL, COORDINATES, UV(1, 0, 0, 2),
             enc1(EU_OP_MOV, 16, dst(50, 0, 1, EU_TYPE_F), vec8(8, EU_TYPE_UW)),
             enc2(EU_OP_ADD, 16, dst(50, 0, 1, EU_TYPE_F), vec8(50, EU_TYPE_F), imm_f(9.5f)),
             enc1(EU_OP_MOV, 16, dst(14, 0, 1, EU_TYPE_D), vec8(50, EU_TYPE_F)),
             LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

static void
read_back_with(struct fixture *f, uint32_t dst_format)
{
   begin(f);
   surface(f, 0, TYPE_NULL, 0, LINEAR, 0, 1024, 1024, 1);
   surface(f, 1, TYPE_2D, dst_format, TILE_Y, FROM, 128, 80, PITCH);
   surface(f, 2, TYPE_BUFFER, dst_format, LINEAR, TO, 10000, 1, 4);
}

static void
read_back(struct fixture *f)
{
   read_back_with(f, R8G8B8A8_UNORM);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 0), LOAD(6, 1), INDEX(120, 20),
             HALF(0, 40, PIXEL_MASK), HALF(1, 40, PIXEL_MASK), TARGET_WRITE(60));
   draw(f);
}

static void
read_back_upside_down(struct fixture *f)
{
   read_back_with(f, R8G8B8A8_UNORM);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 0), LOAD(6, 1), INDEX(-120, 9000),
             HALF(0, 40, PIXEL_MASK), HALF(1, 40, PIXEL_MASK), TARGET_WRITE(60));
   draw(f);
}

static void
fill_with(struct fixture *f, uint32_t format, uint32_t tiling, uint32_t pitch, float alpha)
{
   const float color[4] = { 0.2f, 1.7f, 0.6f, alpha };

   begin(f);
   surface(f, 0, TYPE_2D, format, tiling, TO, 128, 70, pitch);
   draw_pixel_shader(f, color, WM_STATISTICS);
   SUBMIT(f, VGPU_RCS, CMD(0x782a, 2), BINDING_TABLE);
}

static void
fill_y(struct fixture *f)
{
   fill_with(f, R8G8B8A8_UNORM, TILE_Y, PITCH, 0.5f);
   draw(f);
}

static void
fill_x_tiles(struct fixture *f)
{
   fill_with(f, R16G16_UNORM, TILE_X, 2048, 0.5f);
   surface(f, 0, TYPE_2D, R16G16_UNORM, TILE_X, TO, 310, 70, 2048);
   draw_primitives(f, RECTLIST, (const float[]){ 300, Y1, X0, Y1, X0, Y0 }, 3);
}

static void
fill_srgb(struct fixture *f)
{
   fill_with(f, R8G8B8A8_UNORM_SRGB, LINEAR, PITCH, 0.5f);
   draw(f);
}

static void
fill_bytes(struct fixture *f)
{
   fill_with(f, R8_UNORM, TILE_X, PITCH, 0);
   draw(f);
}

static void
fill_halves(struct fixture *f)
{
   fill_with(f, R16_FLOAT, TILE_X, PITCH, 0);
   draw(f);
}

/* Each pixel is 64 x 64 texels, which get the surface's clear colour, whatever is written. */
static void
fast_clear(struct fixture *f)
{
   const struct insn write = TARGET_WRITE(60);

   draw_state(f, 0, 0, 2, 2, 0);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, TO, 100, 70, PITCH);
   *((uint32_t *)fixture_ggtt(f, FIXTURE_DATA + SURFACE) + 7) = 1u << 31 | 1 << 28;
   kernel(f, &write, 1, 16, 0);
   SUBMIT(f, VGPU_RCS, CMD(0x7820, 8), KERNEL, 0, 0, 1 << 8 | 2, 6 << 16, 0, 0);
   draw(f);
}

static void
fill_wide(struct fixture *f)
{
   fill_with(f, R32G32B32A32_FLOAT, TILE_Y, 2048, -3);
   draw(f);
}

/* ---------------------------------------------------------------- what is none */

static void
texels_are_changed(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1),
             enc2(EU_OP_MUL, 16, dst(20, 0, 1, EU_TYPE_F), vec8(20, EU_TYPE_F), imm_f(0.99f)),
             TARGET_WRITE(20));
   draw(f);
}

static void
neighbours_are_copied(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   /* x ^ 1 */
   KERNEL_OF(f, 16, 0, COORDINATES,
             enc2(EU_OP_XOR, 16, dst(10, 0, 1, EU_TYPE_D), vec8(10, EU_TYPE_D),
                  imm(EU_TYPE_D, 1)),
             INDEX(120, 20), LOAD(2, 1), TARGET_WRITE(20));
   draw(f);
}

static void
one_lane_is_another(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20),
             enc2(EU_OP_ADD, 16, dst(14, 0, 1, EU_TYPE_D), vec8(14, EU_TYPE_D),
                  imm(EU_TYPE_V, 0x00010000)),
             LOAD(2, 1), TARGET_WRITE(20));
   draw(f);
}

static void
one_pixel_is_coloured(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1),
             with_cond(enc2(EU_OP_CMP, 16, null_dst(EU_TYPE_D), vec8(14, EU_TYPE_D),
                            imm(EU_TYPE_D, 3000)), EU_COND_Z),
             with_pred(enc1(EU_OP_MOV, 16, dst(20, 0, 1, EU_TYPE_F), imm_f(1)), EU_PRED_NORMAL,
                       false),
             TARGET_WRITE(20));
   draw(f);
}

static void
the_buffer_is_too_short(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   /* By the last texel of the last row. */
   surface(f, 1, TYPE_BUFFER, R8G8B8A8_UNORM, LINEAR, FROM, 120 * (Y1 - 1) + X1 - 1 + 20, 1, 4);
   draw(f);
}

static void
the_image_is_too_narrow(struct fixture *f)
{
   begin(f);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, FROM, X1 + 8, 80, PITCH);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 9, 0, 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

static void
the_image_is_magnified(struct fixture *f)
{
   begin(f);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, TILE_Y, FROM, 250, 80, PITCH);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(2, 0, 0, 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

static void
formats_differ(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM_SRGB, LINEAR);
   draw(f);
}

static void
formats_lose_bits(struct fixture *f)
{
   upload_to(f, R8G8B8A8_SNORM, R8G8B8A8_SNORM, LINEAR);
   draw(f);
}

static void
types_differ(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UINT, R8G8B8A8_UNORM, LINEAR);
   draw(f);
}

static void
colours_are_blended(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   draw_blend(f, 1u << 31 | 1 << 5 | 1, 0);
   draw(f);
}

static void
a_logic_op_is_on(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   draw_blend(f, 0, 1 << 22 | 6 << 18);
   draw(f);
}

static void
a_component_is_masked(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   draw_blend(f, 0, 1 << 26);
   draw(f);
}

static void
alpha_is_tested(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   draw_color_calc(f, 0, 0x80, NULL);
   draw_blend(f, 0, 1 << 16 | COMPARE_LESS << 13);
   draw(f);
}

static void
float_colours_are_clamped(struct fixture *f)
{
   fill_with(f, R32G32B32A32_FLOAT, TILE_Y, 2048, -3);
   draw_blend(f, 0, 1);
   draw(f);
}

static void
depth_is_written(struct fixture *f)
{
   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, LINEAR);
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7), 1u << 29 | 1 << 28 | D32_FLOAT << 18 | (128 * 4 - 1),
          FIXTURE_DATA + TO + 0x20000, 69 << 18 | 127 << 4, 0, 0, 0);
   draw_depth_stencil(f, 0, 0, 1u << 31 | COMPARE_LESS << 27 | 1 << 26);
   draw(f);
   SUBMIT(f, VGPU_RCS, CMD(0x7805, 7), (uint32_t)TYPE_NULL << 29, 0, 0, 0, 0, 0);
}

static void
helper_pixels_are_written(struct fixture *f)
{
   read_back_with(f, R8G8B8A8_UNORM);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 0), LOAD(6, 1), INDEX(120, 20),
             HALF(0, 40, imm(EU_TYPE_UD, 0xffff)), HALF(1, 40, imm(EU_TYPE_UD, 0xffff)),
             TARGET_WRITE(60));
   draw(f);
}

static void
only_half_is_written(struct fixture *f)
{
   read_back_with(f, R8G8B8A8_UNORM);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 0), LOAD(6, 1), INDEX(120, 20),
             HALF(1, 40, PIXEL_MASK), TARGET_WRITE(60));
   draw(f);
}

static void
rows_overlap(struct fixture *f)
{
   read_back_with(f, R8G8B8A8_UNORM);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 0), LOAD(6, 1), INDEX(90, 20),
             HALF(0, 40, PIXEL_MASK), HALF(1, 40, PIXEL_MASK), TARGET_WRITE(60));
   draw(f);
}

static void
the_source_is_the_target(struct fixture *f)
{
   begin(f);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, LINEAR, FROM, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, LINEAR, FROM, 128, 80, PITCH);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
}

/* The page of the target's row 20 is that of the source's row 22, too. */
static void
a_page_is_at_two_addresses(struct fixture *f)
{
   const uint32_t page = (FIXTURE_DATA + TO + 20 * PITCH) / 4096;
   const uint32_t other = (FIXTURE_DATA + FROM + 22 * PITCH) / 4096;

   fixture_set_pte(f, page, fixture_pte(other));
   begin(f);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, LINEAR, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_2D, R8G8B8A8_UNORM, LINEAR, FROM, 128, 80, PITCH);
   KERNEL_OF(f, 16, 0, COORDINATES, UV(1, 0, 0, 2), LOAD(6, 1), TARGET_WRITE(20));
   draw(f);
   fixture_set_pte(f, page, fixture_pte(page));
}

static void
corners_are_within_pixels(struct fixture *f)
{
   draw_state(f, X0 + 0.25f, Y0, X1, Y1, 0);
   surface(f, 0, TYPE_2D, R8G8B8A8_UNORM, LINEAR, TO, 128, 70, PITCH);
   surface(f, 1, TYPE_BUFFER, R8G8B8A8_UNORM, LINEAR, FROM, 10000, 1, 4);
   KERNEL_OF(f, 16, 0, COORDINATES, INDEX(120, 20), LOAD(2, 1), TARGET_WRITE(20));
   draw(f);
}

static void
triangles_overlap(struct fixture *f)
{
   static const float corners[] = { X0, Y0, X1, Y0, X0, Y1, X0, Y0, X1, Y0, X0, Y1 };

   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   draw_primitives(f, TRILIST, corners, 6);
}

static void
triangles_share_a_side(struct fixture *f)
{
   static const float corners[] = { X0, Y0, X1, Y0, X0, Y1, X1, Y0, X0, Y0, X1, Y1 };

   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   draw_primitives(f, TRILIST, corners, 6);
}

static void
one_triangle(struct fixture *f)
{
   static const float corners[] = { X0, Y0, X1, Y0, X0, Y1 };

   upload_to(f, R8G8B8A8_UNORM, R8G8B8A8_UNORM, TILE_Y);
   draw_primitives(f, TRILIST, corners, 3);
}

static const struct {
   const char *name;
   draw_fn draw;
   bool taken;
} cases[] = {
#define COPY(name) { #name, name, true }
#define NONE(name) { #name, name, false }
   COPY(upload_linear),
   COPY(upload_x),
   COPY(upload_y),
   COPY(upload_strip),
   COPY(upload_quads),
   COPY(upload_swapped),
   COPY(upload_swapped_twice),
   COPY(upload_by_eights),
   COPY(upload_opaque),
   COPY(upload_clipped),
   COPY(blit_y_to_y),
   COPY(blit_y_to_x),
   COPY(blit_y_tiles),
   COPY(blit_x_tiles),
   COPY(blit_bytes),
   COPY(blit_upside_down),
   COPY(blit_wide),
   COPY(blit_by_floats),
   COPY(read_back),
   COPY(read_back_upside_down),
   COPY(fill_y),
   COPY(fill_x_tiles),
   COPY(fill_srgb),
   COPY(fill_bytes),
   COPY(fill_halves),
   COPY(fill_wide),
   COPY(fast_clear),
   NONE(texels_are_changed),
   NONE(neighbours_are_copied),
   NONE(one_lane_is_another),
   NONE(one_pixel_is_coloured),
   NONE(the_buffer_is_too_short),
   NONE(the_image_is_too_narrow),
   NONE(the_image_is_magnified),
   NONE(formats_differ),
   NONE(formats_lose_bits),
   NONE(types_differ),
   NONE(colours_are_blended),
   NONE(a_logic_op_is_on),
   NONE(a_component_is_masked),
   NONE(alpha_is_tested),
   NONE(float_colours_are_clamped),
   NONE(depth_is_written),
   NONE(helper_pixels_are_written),
   NONE(only_half_is_written),
   NONE(rows_overlap),
   NONE(the_source_is_the_target),
   NONE(a_page_is_at_two_addresses),
   NONE(corners_are_within_pixels),
   NONE(triangles_overlap),
   NONE(triangles_share_a_side),
   NONE(one_triangle),
};

#ifdef WRONG_COPIES
/* In the place of copy_texel.c: the last texel of a row is another one. */
#include "copy_texel.h"

bool
vgpu_copy_texel_bytes(const struct vgpu_format *src, const struct vgpu_format *dst,
                      const struct vgpu_copy_component_source rgba[4],
                      struct vgpu_copy_bytes *bytes)
{
   (void)src, (void)dst, (void)rgba;
   *bytes = (struct vgpu_copy_bytes){ .src_bytes = 4, .dst_bytes = 4 };
   return true;
}

bool
vgpu_copy_format_has(const struct vgpu_format *format, unsigned component)
{
   (void)format, (void)component;
   return true;
}

void
vgpu_copy_texels(const struct vgpu_copy_bytes *bytes, uint8_t *dst, const uint8_t *src,
                 uint32_t count)
{
   memcpy(dst, src, count * bytes->dst_bytes);
   dst[count * bytes->dst_bytes - 1] ^= 0x55;
}

/* A copy that is not what shading gives is a fault that says where, and shading's is what stays. */
static void
wrong_copies_are_found(void **state)
{
   struct fixture *f = *state;
   struct shot shaded = shoot(f, upload_linear, VGPU_COPIES_SHADED);
   struct shot checked = shoot(f, upload_linear, VGPU_COPIES_CHECKED);
   char at[64];

   snprintf(at, sizeof(at), "the byte at 0x%08x",
            FIXTURE_DATA + TO + Y0 * PITCH + (X1 - 1) * 4 + 3);
   fixture_expect_fault(f, at);
   assert_memory_equal(shaded.memory, checked.memory, END - FROM);
   free(shaded.memory);
   free(checked.memory);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(wrong_copies_are_found, fixture_setup, fixture_teardown),
   };

   (void)cases;
   (void)is_taken;
   return cmocka_run_group_tests(tests, NULL, NULL);
}
#else

static void
copies_are_what_shading_gives(void **state)
{
   struct fixture *f = *state;

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      print_message("%s\n", cases[i].name);
      if (is_taken(f, cases[i].draw) != cases[i].taken)
         fail_msg("%s was %staken for a copy", cases[i].name, cases[i].taken ? "not " : "");
   }
}

/* Where memory is missing, the draw faults as it does in any case. */
static void
missing_memory_faults(void **state)
{
   struct fixture *f = *state;
   const uint32_t page = (FIXTURE_DATA + TO + 20 * PITCH) / 4096;
   const uint64_t before = f->gpu->copies_taken;

   fixture_set_pte(f, page, 0);
   upload_linear(f);
   fixture_expect_fault(f, "page table entry not valid");
   assert_int_equal(f->gpu->copies_taken, before);
}

/* Once with all in one thread, and once with what only large copies have, see meson.build. */
#ifdef BLT_BANDS_MIN_BYTES
#define setup fixture_setup_threads
#else
#define setup fixture_setup
#endif

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(copies_are_what_shading_gives, setup, fixture_teardown),
      cmocka_unit_test_setup_teardown(missing_memory_faults, setup, fixture_teardown),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
