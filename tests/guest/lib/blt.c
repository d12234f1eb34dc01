/*
 * SPDX-License-Identifier: MIT
 */

#include "blt.h"

#define XY_COLOR_BLT          (2u << 29 | 0x50u << 22 | 4)
#define XY_SRC_COPY_BLT       (2u << 29 | 0x53u << 22 | 6)
#define BLT_WRITE_ALPHA       (1u << 21)
#define BLT_WRITE_RGB         (1u << 20)
#define BLT_SRC_TILED         (1u << 15)
#define BLT_DST_TILED         (1u << 11)
#define BR13_ROP_SHIFT        16
#define BR13_COLOR_FORMAT(f)  ((uint32_t)(f) << 24)
#define ROP_SRC_COPY          0xccu
#define ROP_PAT_COPY          0xf0u
#define BCS_SWCTRL            0x22200u
#define BCS_SWCTRL_SRC_TILE_Y (1u << 0)
#define BCS_SWCTRL_DST_TILE_Y (1u << 1)

/* What blt_copy_bytes() takes as a row; the pitch of whole rows stays a multiple of a page. */
#define COPY_ROW_BYTES 16384u

/** BR13's colour format and, for 32 bpp, the write mask of the header. */
static uint32_t
color_format(uint32_t cpp)
{
   switch (cpp) {
   case 1:
      return BR13_COLOR_FORMAT(0);
   case 2:
      return BR13_COLOR_FORMAT(1);
   default:
      return BR13_COLOR_FORMAT(3);
   }
}

static uint32_t
write_mask(uint32_t cpp)
{
   return cpp == 4 ? BLT_WRITE_ALPHA | BLT_WRITE_RGB : 0;
}

static uint32_t
pitch_field(const struct blt_surface *surface)
{
   const uint32_t pitch = surface->tiling ? surface->pitch_bytes / 4 : surface->pitch_bytes;

   return pitch & 0xffff;
}

/** Sets which tiled operands are Y-tiled, after a flush: earlier blits go by the old value. */
static void
set_swctrl(struct batch *batch, uint32_t y_tiled)
{
   if (y_tiled == batch->blt_y_tiled)
      return;
   batch->blt_y_tiled = y_tiled;
   batch_emit(batch, MI_FLUSH_DW);
   batch_emit(batch, 0);
   batch_emit(batch, 0);
   batch_emit(batch, 0);
   batch_emit(batch, MI_LOAD_REGISTER_IMM);
   batch_emit(batch, BCS_SWCTRL);
   batch_emit(batch, (BCS_SWCTRL_SRC_TILE_Y | BCS_SWCTRL_DST_TILE_Y) << 16 | y_tiled);
}

/** The register is of no context: whoever comes next finds it as everybody expects it. */
static void
reset_swctrl(struct batch *batch)
{
   set_swctrl(batch, 0);
}

static void
need_swctrl(struct batch *batch, uint32_t y_tiled)
{
   batch->finish = reset_swctrl;
   set_swctrl(batch, y_tiled);
}

void
blt_copy(struct batch *batch, const struct blt_surface *destination, uint32_t dst_x,
         uint32_t dst_y, const struct blt_surface *source, uint32_t src_x, uint32_t src_y,
         uint32_t width, uint32_t height)
{
   const uint32_t y_tiled =
      (source->tiling == I915_TILING_Y ? BCS_SWCTRL_SRC_TILE_Y : 0) |
      (destination->tiling == I915_TILING_Y ? BCS_SWCTRL_DST_TILE_Y : 0);

   need_swctrl(batch, y_tiled);
   batch_emit(batch, XY_SRC_COPY_BLT | write_mask(destination->cpp) |
                     (source->tiling ? BLT_SRC_TILED : 0) |
                     (destination->tiling ? BLT_DST_TILED : 0));
   batch_emit(batch, color_format(destination->cpp) | ROP_SRC_COPY << BR13_ROP_SHIFT |
                     pitch_field(destination));
   batch_emit(batch, dst_y << 16 | dst_x);
   batch_emit(batch, (dst_y + height) << 16 | (dst_x + width));
   batch_address(batch, destination->handle, destination->offset_bytes, true);
   batch_emit(batch, src_y << 16 | src_x);
   batch_emit(batch, pitch_field(source));
   batch_address(batch, source->handle, source->offset_bytes, false);
}

void
blt_fill(struct batch *batch, const struct blt_surface *destination, uint32_t x, uint32_t y,
         uint32_t width, uint32_t height, uint32_t color)
{
   const uint32_t y_tiled = destination->tiling == I915_TILING_Y ? BCS_SWCTRL_DST_TILE_Y : 0;

   need_swctrl(batch, y_tiled);
   batch_emit(batch, XY_COLOR_BLT | write_mask(destination->cpp) |
                     (destination->tiling ? BLT_DST_TILED : 0));
   batch_emit(batch, color_format(destination->cpp) | ROP_PAT_COPY << BR13_ROP_SHIFT |
                     pitch_field(destination));
   batch_emit(batch, y << 16 | x);
   batch_emit(batch, (y + height) << 16 | (x + width));
   batch_address(batch, destination->handle, destination->offset_bytes, true);
   batch_emit(batch, color);
}

void
blt_copy_bytes(struct batch *batch, uint32_t dst_handle, uint32_t dst_offset_bytes,
               uint32_t src_handle, uint32_t src_offset_bytes, uint32_t size_bytes)
{
   struct blt_surface destination = {
      .handle = dst_handle,
      .offset_bytes = dst_offset_bytes,
      .pitch_bytes = COPY_ROW_BYTES,
      .cpp = 4,
   };
   struct blt_surface source = destination;

   source.handle = src_handle;
   source.offset_bytes = src_offset_bytes;
   while (size_bytes) {
      uint32_t rows = size_bytes / COPY_ROW_BYTES;
      uint32_t row_bytes = COPY_ROW_BYTES;

      if (rows > BLT_MAX_COORDINATE)
         rows = BLT_MAX_COORDINATE;
      if (!rows) {
         rows = 1;
         row_bytes = size_bytes;
      }
      blt_copy(batch, &destination, 0, 0, &source, 0, 0, row_bytes / 4, rows);
      destination.offset_bytes += rows * row_bytes;
      source.offset_bytes += rows * row_bytes;
      size_bytes -= rows * row_bytes;
   }
}

int
blt_run_copy_bytes(int fd, uint32_t dst_handle, uint32_t dst_offset_bytes, uint32_t src_handle,
                   uint32_t src_offset_bytes, uint32_t size_bytes)
{
   struct batch batch;

   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy_bytes(&batch, dst_handle, dst_offset_bytes, src_handle, src_offset_bytes, size_bytes);
   const int error = batch_run(&batch);
   batch_fini(&batch);
   return error;
}
