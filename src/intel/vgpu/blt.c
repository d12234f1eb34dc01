/*
 * SPDX-License-Identifier: MIT
 *
 * Decodes the blitter's commands (IVB PRM Vol1 Part 4, "Graphics Core - Blitter Engine"), checks
 * what they ask for and has blt_run() do it.
 *
 * What the PRM calls undefined faults. What hardware surely does and no source says how (fixed
 * patterns, source and destination that overlap in ways the PRM has no order for, reserved bits)
 * faults as unmodelled.
 */

#include "vgpu_blt.h"

#include <pthread.h>
#include <string.h>

#include "blt_bands.h"
#include "blt_check.h"
#include "blt_op.h"
#include "blt_run.h"
#include "gfx7_table.h"
#include "gfx7_unpack.h"
#include "vgpu_engine.h"

#define OPCODE(header) ((header) >> 22 & 0x7f)

/* Operands: set from fields of commands. */

static void
set_control(struct blt_op *op, uint8_t rop, uint32_t depth, uint32_t byte_mask)
{
   op->rop = rop;
   op->depth = (enum blt_depth)depth;
   op->cpp = blt_depth_cpp(op->depth);
   op->write_rgb = op->depth != BLT_DEPTH_32 || byte_mask & 1;
   op->write_alpha = op->depth != BLT_DEPTH_32 || byte_mask & 2;
}

static void
set_surface(struct blt_surface *s, uint64_t base, int32_t pitch, bool tiled, bool tile_y)
{
   s->base = base;
   /* The pitch of a tiled surface is in DWords. */
   s->pitch_bytes = tiled ? pitch * 4 : pitch;
   s->tiling = !tiled ? VGPU_TILING_LINEAR : tile_y ? VGPU_TILING_Y : VGPU_TILING_X;
}

static void
set_destination(struct blt_op *op, uint64_t base, int32_t pitch, bool tiled)
{
   set_surface(&op->dst, base, pitch, tiled, op->swctrl & BCS_SWCTRL_TILE_Y_DESTINATION);
   op->dst.write = true;
}

static void
set_source(struct blt_op *op, uint64_t base, int32_t pitch, bool tiled, int32_t x1, int32_t y1)
{
   op->src.kind = BLT_SOURCE_COLOR;
   op->src.x1 = x1;
   op->src.y1 = y1;
   set_surface(&op->src.surface, base, pitch, tiled, op->swctrl & BCS_SWCTRL_TILE_Y_SOURCE);
}

/**
 * \param align_bits  what a row of the source is padded to a multiple of
 * \param immediate   the bits, or NULL: at an address
 */
static void
set_mono_source(struct blt_op *op, uint32_t first_bit, uint32_t align_bits, uint32_t background,
                uint32_t foreground, bool transparent, const uint32_t *immediate,
                uint64_t address)
{
   const uint32_t width = op->rect.x2 - op->rect.x1;

   op->src.kind = BLT_SOURCE_MONO;
   op->src.first_bit = first_bit;
   op->src.stride_bits = (first_bit + width + align_bits - 1) / align_bits * align_bits;
   op->src.background = background;
   op->src.foreground = foreground;
   op->src.transparent = transparent;
   op->src.immediate = (const uint8_t *)immediate;
   op->src.surface.base = address;
}

static void
set_solid_pattern(struct blt_op *op, uint32_t color)
{
   op->pattern.kind = BLT_PATTERN_SOLID;
   op->pattern.pixels[0][0] = color;
}

static void
set_seeds(struct blt_op *op, uint32_t horizontal, uint32_t vertical)
{
   op->pattern.horizontal_seed = horizontal;
   op->pattern.vertical_seed = vertical;
}

/** A byte of the data is a row of the pattern, its most significant bit the leftmost pixel. */
static bool
set_mono_pattern(struct blt_op *op, uint32_t data_0, uint32_t data_1, uint32_t background,
                 uint32_t foreground, bool transparent, bool solid)
{
   if (solid && transparent)
      return vgpu_engine_unmodelled(op->engine, "a solid pattern that is transparent");
   /* A solid pattern stands for one whose bits are all 0: the background. */
   const uint64_t bits = solid ? 0 : (uint64_t)data_1 << 32 | data_0;

   op->pattern.kind = BLT_PATTERN_8X8;
   if (!transparent && (!bits || bits == ~0ull)) {
      set_solid_pattern(op, bits ? foreground : background);
      return true;
   }
   for (unsigned y = 0; y < 8; y++) {
      const uint8_t row = bits >> (8 * y);
      for (unsigned x = 0; x < 8; x++)
         op->pattern.pixels[y][x] = row >> (7 - x) & 1 ? foreground : background;
      op->pattern.written[y] = transparent ? row : 0xff;
   }
   op->pattern.transparent = transparent;
   return true;
}

/** 8 x 8 pixels, row after row. */
static void
set_color_pattern(struct blt_op *op, const uint8_t *data)
{
   op->pattern.kind = BLT_PATTERN_8X8;
   for (unsigned i = 0; i < 64; i++)
      op->pattern.pixels[i / 8][i % 8] = blt_get_pixel(data, i, op->cpp);
   memset(op->pattern.written, 0xff, sizeof(op->pattern.written));
}

/** The pattern is read as a whole before anything is written. */
static bool
load_color_pattern(struct blt_op *op, uint64_t address)
{
   const uint32_t size_bytes = 64 * op->cpp;
   uint8_t data[64 * 4];
   struct blt_surface s = { .base = address, .tiling = VGPU_TILING_LINEAR };

   if (address % size_bytes)
      return vgpu_engine_fault(op->engine, "pattern at 0x%08x is not aligned to its %u bytes",
                               s.base, size_bytes);
   if (!blt_gather(op, &s, 0, 0, data, size_bytes))
      return false;
   set_color_pattern(op, data);
   return true;
}

/* Checks. */

/** The engine waits for QWords of immediate data; any other number than it needs hangs it. */
static bool
check_immediate(struct blt_op *op, unsigned have_dw, uint64_t need_bytes)
{
   const uint64_t need_dw = (need_bytes + 7) / 8 * 2;

   if (have_dw != need_dw)
      return vgpu_engine_fault(op->engine, "%u DWords of immediate data instead of %llu", have_dw,
                               (unsigned long long)need_dw);
   return true;
}

/** Takes the clip rectangle of the setup commands into account. */
static bool
apply_clip(struct blt_op *op)
{
   const struct vgpu_blt_setup *setup = &op->engine->blt;
   const struct blt_rect clip = {
      .x1 = (int16_t)setup->clip_top_left,
      .y1 = (int16_t)(setup->clip_top_left >> 16),
      .x2 = (int16_t)setup->clip_bottom_right,
      .y2 = (int16_t)(setup->clip_bottom_right >> 16),
   };

   if (!setup->valid)
      return vgpu_engine_fault(op->engine, "clipping without a clip rectangle");
   if (op->clip.x1 < clip.x1)
      op->clip.x1 = clip.x1;
   if (op->clip.y1 < clip.y1)
      op->clip.y1 = clip.y1;
   if (op->clip.x2 > clip.x2)
      op->clip.x2 = clip.x2;
   if (op->clip.y2 > clip.y2)
      op->clip.y2 = clip.y2;
   return true;
}

/** Destination rectangle of an XY command: x2 and y2 are past the end. */
static bool
set_rect(struct blt_op *op, int32_t x1, int32_t y1, int32_t x2, int32_t y2, bool clipping)
{
   op->rect = op->clip = (struct blt_rect){ x1, y1, x2, y2 };
   if (x1 >= x2 || y1 >= y2)
      return vgpu_engine_unmodelled(op->engine, "the empty rectangle (%d, %d) to (%d, %d)", x1, y1,
                                    x2, y2);
   return !clipping || apply_clip(op);
}

/** The direction of an XY command whose source is in colour, see blt_check_overlap(). */
static void
set_direction(struct blt_op *op)
{
   const bool same = op->src.kind == BLT_SOURCE_COLOR && op->src.surface.base == op->dst.base;

   op->x_backward = same && op->src.x1 < op->rect.x1;
   op->y_backward = same && op->src.y1 < op->rect.y1;
}

/** Checks the operands and carries the blit out. */
static bool
blit(struct blt_op *op)
{
   struct vgpu_engine *engine = op->engine;

   if (blt_rop_uses_source(op->rop) && op->src.kind == BLT_SOURCE_NONE)
      return vgpu_engine_fault(engine, "raster operation 0x%02x needs a source", op->rop);
   if (blt_rop_uses_pattern(op->rop) && op->pattern.kind == BLT_PATTERN_NONE)
      return vgpu_engine_fault(engine, "raster operation 0x%02x needs a pattern", op->rop);
   if (!blt_check_key(op))
      return false;
   if (op->clip.x1 >= op->clip.x2 || op->clip.y1 >= op->clip.y2)
      return true;

   if (!blt_check_surface(op, &op->dst, "destination", op->clip.x1, op->clip.y1))
      return false;
   if (op->src.kind == BLT_SOURCE_COLOR &&
       !blt_check_surface(op, &op->src.surface, "source", op->src.x1 + op->clip.x1 - op->rect.x1,
                      op->src.y1 + op->clip.y1 - op->rect.y1))
      return false;
   if (blt_reads_source(op) && !blt_check_overlap(op))
      return false;
   return blt_run_bands(op);
}

/* Fields that commands have in common, by the names of the genxml. */

#define XY(op, c)                                                                                \
   (set_control(op, c.RasterOperation, c.ColorDepth, c._32bppByteMask),                          \
    set_destination(op, c.DestinationBaseAddress, c.DestinationPitch, c.DestinationTilingEnable), \
    set_rect(op, c.DestinationX1Coordinate, c.DestinationY1Coordinate,                           \
             c.DestinationX2Coordinate, c.DestinationY2Coordinate, c.ClippingEnabled))

#define SOURCE(op, c)                                                                            \
   (set_source(op, c.SourceBaseAddress, c.SourcePitch, c.SourceTilingEnable,                     \
               c.SourceX1Coordinate, c.SourceY1Coordinate),                                      \
    set_direction(op), true)

/* Monochrome sources that are not text start at a word and have rows of whole words. */
#define MONO_SOURCE(op, c)                                                                       \
   (set_mono_source(op, c.MonochromeSourceStart, 16, c.SourceBackgroundColor,                    \
                    c.SourceForegroundColor, c.MonoSourceTransparencyMode, NULL,                 \
                    c.SourceAddress),                                                            \
    check_mono_source(op))

#define SEEDS(op, c) set_seeds(op, c.PatternHorizontalSeed, c.PatternVerticalSeed)

#define MONO_PATTERN(op, c, solid)                                                               \
   (SEEDS(op, c), set_mono_pattern(op, c.PatternData0, c.PatternData1, c.PatternBackgroundColor, \
                                   c.PatternForegroundColor, c.MonoPatternTransparencyMode, solid))

#define KEY(op, c)                                                                               \
   ((op)->key = (c).TransparencyRangeMode & 1 ? (c).TransparencyRangeMode : BLT_KEY_NONE,        \
    (op)->key_low = (c).TransparencyColorLow, (op)->key_high = (c).TransparencyColorHigh)

#define UNPACK(name)                                                                             \
   struct GFX7_##name c;                                                                         \
   GFX7_##name##_unpack(&c, dw, len_dw)

static bool
check_mono_source(const struct blt_op *op)
{
   if (op->src.surface.base % 2)
      return vgpu_engine_fault(op->engine, "monochrome source at 0x%08x, not aligned to a word",
                               op->src.surface.base);
   return true;
}

static bool
immediate_pattern(struct blt_op *op, const uint32_t *dw, unsigned len_dw, unsigned fixed_dw)
{
   if (!check_immediate(op, len_dw - fixed_dw, 64 * op->cpp))
      return false;
   set_color_pattern(op, (const uint8_t *)&dw[fixed_dw]);
   return true;
}

/* Commands that keep state for others. */

static void
set_clip(struct vgpu_engine *engine, uint32_t top_left, uint32_t bottom_right)
{
   engine->blt.clip_top_left = top_left;
   engine->blt.clip_bottom_right = bottom_right;
   engine->blt.valid = true;
}

static bool
xy_setup_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu_blt_setup *setup = &op->engine->blt;

   setup->br00 = dw[0];
   setup->br01 = dw[1];
   set_clip(op->engine, dw[2], dw[3]);
   setup->br09 = dw[4];
   setup->br05 = dw[5];
   setup->br06 = dw[6];
   setup->br07 = dw[7];
   return true;
}

static bool
xy_setup_clip_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   set_clip(op->engine, dw[1], dw[2]);
   return true;
}

static bool
xy_setup_mono_pattern_sl_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   struct vgpu_blt_setup *setup = &op->engine->blt;

   setup->br00 = dw[0];
   setup->br01 = dw[1];
   set_clip(op->engine, dw[2], dw[3]);
   setup->br09 = dw[4];
   setup->br05 = dw[5];
   setup->br06 = dw[6];
   setup->br20 = dw[7];
   setup->br21 = dw[8];
   return true;
}

/** The pattern that XY_SETUP_MONO_PATTERN_SL_BLT has set. */
static bool
set_setup_pattern(struct blt_op *op, const struct GFX7_XY_SETUP_BLT *setup)
{
   const struct vgpu_blt_setup *s = &op->engine->blt;
   const uint32_t dw[] = { s->br00, s->br01 };
   struct GFX7_XY_SETUP_MONO_PATTERN_SL_BLT mono;

   GFX7_XY_SETUP_MONO_PATTERN_SL_BLT_unpack(&mono, dw, 2);
   return set_mono_pattern(op, s->br20, s->br21, setup->BackgroundColor,
                           setup->ForegroundColor, mono.MonoPatternTransparencyMode,
                           mono.SolidPatternSelect);
}

/**
 * Destination of a command that draws with what a setup command has set.
 *
 * \param setup  gets the fields of XY_SETUP_BLT, which XY_SETUP_MONO_PATTERN_SL_BLT has as well up
 * to the foreground colour
 */
static bool
from_setup(struct blt_op *op, struct GFX7_XY_SETUP_BLT *setup, uint32_t header, int32_t x1,
           int32_t y1, int32_t x2, int32_t y2)
{
   const struct vgpu_blt_setup *s = &op->engine->blt;
   const uint32_t dw[] = { s->br00, s->br01, s->clip_top_left, s->clip_bottom_right,
                           s->br09, s->br05, s->br06,          s->br07 };
   enum { TILED = 1 << 11, BYTE_MASK = 3 << 20 };

   if (!s->br00)
      return vgpu_engine_fault(op->engine, "no setup command before");
   GFX7_XY_SETUP_BLT_unpack(setup, dw, 8);
   /* Drivers give both commands the same tiling, and this one the same byte mask or none. */
   if ((header ^ s->br00) & TILED)
      return vgpu_engine_unmodelled(op->engine, "another tiling than that of the setup");
   if (header & BYTE_MASK && (header ^ s->br00) & BYTE_MASK)
      return vgpu_engine_unmodelled(op->engine, "another byte mask than that of the setup");
   if (setup->DestinationPitch < 0)
      return vgpu_engine_fault(op->engine, "a negative pitch");

   set_control(op, setup->RasterOperation, setup->ColorDepth, setup->_32bppByteMask);
   set_destination(op, setup->DestinationBaseAddress, setup->DestinationPitch,
                   setup->DestinationTilingEnable);
   return set_rect(op, x1, y1, x2, y2, setup->ClippingEnabled);
}

/* Commands that draw. */

static bool
xy_pixel_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_XY_SETUP_BLT setup;
   UNPACK(XY_PIXEL_BLT);

   if (!from_setup(op, &setup, dw[0], c.DestinationXCoordinate, c.DestinationYCoordinate,
                   c.DestinationXCoordinate + 1, c.DestinationYCoordinate + 1))
      return false;
   set_solid_pattern(op, setup.BackgroundColor);
   return blit(op);
}

static bool
xy_scanlines_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   struct GFX7_XY_SETUP_BLT setup;
   UNPACK(XY_SCANLINES_BLT);

   if (!from_setup(op, &setup, dw[0], c.DestinationX1Coordinate, c.DestinationY1Coordinate,
                   c.DestinationX2Coordinate, c.DestinationY2Coordinate))
      return false;
   SEEDS(op, c);
   if (OPCODE(op->engine->blt.br00) == OPCODE(GFX7_XY_SETUP_MONO_PATTERN_SL_BLT_header))
      return set_setup_pattern(op, &setup) && blit(op);
   return load_color_pattern(op, setup.PatternBaseAddress) && blit(op);
}

/** Rows of text start at a byte, or follow each other without a gap. */
static bool
text(struct blt_op *op, uint32_t header, int32_t x1, int32_t y1, int32_t x2, int32_t y2,
     bool byte_packed, const uint32_t *immediate, uint64_t address)
{
   struct GFX7_XY_SETUP_BLT setup;

   if (!from_setup(op, &setup, header, x1, y1, x2, y2))
      return false;
   if (OPCODE(op->engine->blt.br00) != OPCODE(GFX7_XY_SETUP_BLT_header))
      return vgpu_engine_fault(op->engine, "text after a setup for scan lines");
   set_mono_source(op, 0, byte_packed ? 8 : 1, setup.BackgroundColor, setup.ForegroundColor,
                   setup.MonoSourceTransparencyMode, immediate, address);
   return true;
}

static bool
xy_text_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_TEXT_BLT);

   return text(op, dw[0], c.DestinationX1Coordinate, c.DestinationY1Coordinate,
               c.DestinationX2Coordinate, c.DestinationY2Coordinate, c.Packing, NULL,
               c.SourceAddress) &&
          blit(op);
}

static bool
xy_text_immediate_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_TEXT_IMMEDIATE_BLT);

   return text(op, dw[0], c.DestinationX1Coordinate, c.DestinationY1Coordinate,
               c.DestinationX2Coordinate, c.DestinationY2Coordinate, c.Packing, &dw[3], 0) &&
          check_immediate(op, len_dw - 3, blt_mono_source_size_bytes(op)) && blit(op);
}

/**
 * COLOR_BLT and SRC_COPY_BLT know addresses instead of coordinates; going backward, the addresses
 * are those of the last byte of a row.
 */
static bool
set_linear(struct blt_op *op, uint32_t width_bytes, uint32_t height)
{
   if (!width_bytes || !height)
      return vgpu_engine_unmodelled(op->engine, "the empty rectangle of %u bytes x %u rows",
                                    width_bytes, height);
   if (width_bytes % op->cpp)
      return vgpu_engine_fault(op->engine, "a width of %u bytes, within a pixel", width_bytes);
   op->rect = op->clip = (struct blt_rect){ 0, 0, width_bytes / op->cpp, height };
   return true;
}

static bool
color_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(COLOR_BLT);

   set_control(op, c.RasterOperation, c.ColorDepth, c._32bppByteMask);
   set_destination(op, c.DestinationAddress, c.DestinationPitch, false);
   set_solid_pattern(op, c.SolidPatternColor);
   return set_linear(op, c.DestinationWidth, c.DestinationHeight) && blit(op);
}

static bool
src_copy_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(SRC_COPY_BLT);
   const uint32_t back_bytes = c.XDirection ? c.DestinationWidth - 1 : 0;

   set_control(op, c.RasterOperation, c.ColorDepth, c._32bppByteMask);
   set_destination(op, (uint32_t)c.DestinationAddress - back_bytes, c.DestinationPitch, false);
   set_source(op, (uint32_t)c.SourceAddress - back_bytes, c.SourcePitch, false, 0, 0);
   op->x_backward = c.XDirection;
   return set_linear(op, c.DestinationWidth, c.DestinationHeight) && blit(op);
}

static bool
xy_color_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_COLOR_BLT);

   set_solid_pattern(op, c.SolidPatternColor);
   return XY(op, c) && blit(op);
}

static bool
xy_pat_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_PAT_BLT);

   SEEDS(op, c);
   return XY(op, c) && load_color_pattern(op, c.PatternBaseAddress) && blit(op);
}

static bool
xy_pat_chroma_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_PAT_CHROMA_BLT);

   SEEDS(op, c);
   KEY(op, c);
   return XY(op, c) && load_color_pattern(op, c.PatternBaseAddress) && blit(op);
}

static bool
xy_pat_blt_immediate(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_PAT_BLT_IMMEDIATE);

   SEEDS(op, c);
   return XY(op, c) && immediate_pattern(op, dw, len_dw, 5) && blit(op);
}

static bool
xy_pat_chroma_blt_immediate(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_PAT_CHROMA_BLT_IMMEDIATE);

   SEEDS(op, c);
   KEY(op, c);
   return XY(op, c) && immediate_pattern(op, dw, len_dw, 7) && blit(op);
}

static bool
xy_mono_pat_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_MONO_PAT_BLT);

   return MONO_PATTERN(op, c, false) && XY(op, c) && blit(op);
}

static bool
xy_mono_pat_fixed_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_MONO_PAT_FIXED_BLT);

   return vgpu_engine_unmodelled(op->engine, "the pixels of fixed pattern %u", c.FixedPattern);
}

static bool
xy_src_copy_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_SRC_COPY_BLT);

   return XY(op, c) && SOURCE(op, c) && blit(op);
}

static bool
xy_src_copy_chroma_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_SRC_COPY_CHROMA_BLT);

   KEY(op, c);
   return XY(op, c) && SOURCE(op, c) && blit(op);
}

static bool
xy_mono_src_copy_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_MONO_SRC_COPY_BLT);

   return XY(op, c) && MONO_SOURCE(op, c) && blit(op);
}

static bool
xy_mono_src_copy_immediate_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_MONO_SRC_COPY_IMMEDIATE_BLT);

   if (!XY(op, c))
      return false;
   set_mono_source(op, c.MonochromeSourceStart, 16, c.SourceBackgroundColor,
                   c.SourceForegroundColor, c.MonoSourceTransparencyMode, &dw[7], 0);
   return check_immediate(op, len_dw - 7, blt_mono_source_size_bytes(op)) && blit(op);
}

static bool
xy_full_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_BLT);

   SEEDS(op, c);
   return XY(op, c) && SOURCE(op, c) && load_color_pattern(op, c.PatternBaseAddress) && blit(op);
}

static bool
xy_full_immediate_pattern_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_IMMEDIATE_PATTERN_BLT);

   SEEDS(op, c);
   return XY(op, c) && SOURCE(op, c) && immediate_pattern(op, dw, len_dw, 8) && blit(op);
}

static bool
xy_full_mono_src_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_MONO_SRC_BLT);

   SEEDS(op, c);
   return XY(op, c) && MONO_SOURCE(op, c) && load_color_pattern(op, c.PatternBaseAddress) &&
          blit(op);
}

static bool
xy_full_mono_src_immediate_pattern_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT);

   SEEDS(op, c);
   return XY(op, c) && MONO_SOURCE(op, c) && immediate_pattern(op, dw, len_dw, 8) && blit(op);
}

static bool
xy_full_mono_pattern_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_MONO_PATTERN_BLT);

   return MONO_PATTERN(op, c, c.SolidPatternSelect) && XY(op, c) && SOURCE(op, c) && blit(op);
}

static bool
xy_full_mono_pattern_mono_src_blt(struct blt_op *op, const uint32_t *dw, unsigned len_dw)
{
   UNPACK(XY_FULL_MONO_PATTERN_MONO_SRC_BLT);

   return MONO_PATTERN(op, c, c.SolidPatternSelect) && XY(op, c) && MONO_SOURCE(op, c) && blit(op);
}

/* The table of commands. */

enum { FIXED, IMMEDIATE }; /* data follows the fields */

#define COMMANDS(X)                                                                              \
   X(XY_SETUP_BLT, xy_setup_blt, 8, FIXED, NULL)                                                 \
   X(XY_SETUP_CLIP_BLT, xy_setup_clip_blt, 3, FIXED, NULL)                                       \
   X(XY_SETUP_MONO_PATTERN_SL_BLT, xy_setup_mono_pattern_sl_blt, 9, FIXED, NULL)                 \
   X(XY_PIXEL_BLT, xy_pixel_blt, 2, FIXED, NULL)                                                 \
   X(XY_SCANLINES_BLT, xy_scanlines_blt, 3, FIXED, NULL)                                         \
   X(XY_TEXT_BLT, xy_text_blt, 4, FIXED, NULL)                                                   \
   X(XY_TEXT_IMMEDIATE_BLT, xy_text_immediate_blt, 3, IMMEDIATE, NULL)                           \
   X(COLOR_BLT, color_blt, 5, FIXED, NULL)                                                       \
   X(SRC_COPY_BLT, src_copy_blt, 6, FIXED, OVERLAP)                                              \
   X(XY_COLOR_BLT, xy_color_blt, 6, FIXED, NULL)                                                 \
   X(XY_PAT_BLT, xy_pat_blt, 6, FIXED, NULL)                                                     \
   X(XY_MONO_PAT_BLT, xy_mono_pat_blt, 9, FIXED, NULL)                                           \
   X(XY_SRC_COPY_BLT, xy_src_copy_blt, 8, FIXED, OVERLAP)                                        \
   X(XY_MONO_SRC_COPY_BLT, xy_mono_src_copy_blt, 8, FIXED, NULL)                                 \
   X(XY_FULL_BLT, xy_full_blt, 9, FIXED, OVERLAP)                                                \
   X(XY_FULL_MONO_SRC_BLT, xy_full_mono_src_blt, 9, FIXED, NULL)                                 \
   X(XY_FULL_MONO_PATTERN_BLT, xy_full_mono_pattern_blt, 12, FIXED, OVERLAP)                     \
   X(XY_FULL_MONO_PATTERN_MONO_SRC_BLT, xy_full_mono_pattern_mono_src_blt, 12, FIXED, NULL)      \
   X(XY_MONO_PAT_FIXED_BLT, xy_mono_pat_fixed_blt, 7, FIXED, FIXED_PATTERN)                      \
   X(XY_MONO_SRC_COPY_IMMEDIATE_BLT, xy_mono_src_copy_immediate_blt, 7, IMMEDIATE, NULL)         \
   X(XY_PAT_BLT_IMMEDIATE, xy_pat_blt_immediate, 5, IMMEDIATE, NULL)                             \
   X(XY_SRC_COPY_CHROMA_BLT, xy_src_copy_chroma_blt, 10, FIXED, OVERLAP)                         \
   X(XY_FULL_IMMEDIATE_PATTERN_BLT, xy_full_immediate_pattern_blt, 8, IMMEDIATE, OVERLAP)        \
   X(XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT, xy_full_mono_src_immediate_pattern_blt, 8,          \
     IMMEDIATE, NULL)                                                                            \
   X(XY_PAT_CHROMA_BLT, xy_pat_chroma_blt, 8, FIXED, NULL)                                       \
   X(XY_PAT_CHROMA_BLT_IMMEDIATE, xy_pat_chroma_blt_immediate, 7, IMMEDIATE, NULL)

#define OVERLAP "overlaps that the PRM gives no order for fault"
#define FIXED_PATTERN "faults: no source gives the pixels of the fixed patterns"

#define INFO(name_, execute_, fields_, data_, note_)                                             \
   { .name = #name_, .opcode = OPCODE(GFX7_##name_##_header),                                    \
     .state = execute_ == xy_mono_pat_fixed_blt ? "faults" : "done", .note = note_ },

const struct vgpu_blt_command vgpu_blt_commands[] = { COMMANDS(INFO){ .name = NULL } };

#define MAX_FIELDS_DW 12

struct command {
   bool (*execute)(struct blt_op *op, const uint32_t *dw, unsigned len_dw);
   unsigned fields_dw; /* DWords before immediate data */
   bool immediate;
   uint32_t header;
   uint32_t defined[MAX_FIELDS_DW]; /* bits that are part of a field */
};

#define COMMAND(name_, execute_, fields_, data_, note_)                                          \
   [OPCODE(GFX7_##name_##_header)] = { .execute = execute_, .fields_dw = fields_,                \
                                       .immediate = data_ == IMMEDIATE,                          \
                                       .header = GFX7_##name_##_header },

static struct command commands[128] = { COMMANDS(COMMAND) };
static pthread_once_t commands_once = PTHREAD_ONCE_INIT;

static void
find_defined_bits(void)
{
   for (unsigned i = 0; i < 128; i++) {
      struct command *command = &commands[i];
      const struct gfx7_instruction *layout =
         command->execute ? gfx7_instruction_find(command->header, GFX7_ENGINE_BLITTER) : NULL;

      for (unsigned f = 0; layout && f < layout->num_fields; f++) {
         const struct gfx7_field *field = &layout->fields[f];
         const unsigned width = field->end - field->start + 1;
         if (field->start / 32 < MAX_FIELDS_DW)
            command->defined[field->start / 32] |=
               (width < 32 ? (1u << width) - 1 : ~0u) << field->start % 32;
      }
   }
}

bool
vgpu_blt_execute(struct vgpu_engine *engine, const uint32_t *dw, unsigned len_dw, uint32_t swctrl)
{
   const struct command *command = &commands[OPCODE(dw[0])];
   struct blt_op op = { .engine = engine, .swctrl = swctrl };

   pthread_once(&commands_once, find_defined_bits);
   if (!command->execute)
      return vgpu_engine_fault(engine, "no blitter command has the opcode 0x%02x", OPCODE(dw[0]));
   if (command->immediate ? len_dw < command->fields_dw : len_dw != command->fields_dw)
      return vgpu_engine_fault(engine, "length of %u DWords instead of %u%s", len_dw,
                               command->fields_dw, command->immediate ? " and data" : "");
   for (unsigned i = 0; i < command->fields_dw; i++) {
      const uint32_t reserved = dw[i] & ~command->defined[i];
      if (reserved)
         return vgpu_engine_unmodelled(engine, "reserved bits 0x%08x of DWord %u", reserved, i);
   }
   return command->execute(&op, dw, len_dw);
}

void
vgpu_blt_reset(struct vgpu_engine *engine)
{
   memset(&engine->blt, 0, sizeof(engine->blt));
}
