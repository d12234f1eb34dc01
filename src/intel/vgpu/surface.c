/*
 * SPDX-License-Identifier: MIT
 *
 * RENDER_SURFACE_STATE, the layout of surfaces in memory, and access to their texels.
 */

#include "surface.h"

#include <stdlib.h>
#include <string.h>

#include "gfx7_unpack.h"
#include "shader.h"
#include "vgpu_engine.h"

#define PAGE_BYTES 4096u

const char *
vgpu_surface_type_name(enum vgpu_surface_type type)
{
   static const char *const names[8] = {
      [VGPU_SURFACE_1D] = "SURFTYPE_1D",         [VGPU_SURFACE_2D] = "SURFTYPE_2D",
      [VGPU_SURFACE_3D] = "SURFTYPE_3D",         [VGPU_SURFACE_CUBE] = "SURFTYPE_CUBE",
      [VGPU_SURFACE_BUFFER] = "SURFTYPE_BUFFER", [VGPU_SURFACE_STRBUF] = "SURFTYPE_STRBUF",
      [VGPU_SURFACE_NULL] = "SURFTYPE_NULL",
   };
   return (unsigned)type < 8 && names[type] ? names[type] : "a reserved surface type";
}

/* ---------------------------------------------------------------- layout */

static uint32_t
align(uint32_t value, uint32_t to)
{
   return (value + to - 1) & ~(to - 1);
}

/** What all samples take next to each other, "Interleaved Multisampled Surfaces". */
static uint32_t
physical_width(const struct vgpu_surface *surface)
{
   if (!surface->interleaved || surface->samples < 4)
      return surface->width;
   return align(surface->width, 2) * (surface->samples == 8 ? 4 : 2);
}

static uint32_t
physical_height(const struct vgpu_surface *surface)
{
   return surface->interleaved && surface->samples >= 4 ? align(surface->height, 2) * 2
                                                        : surface->height;
}

void
vgpu_surface_place_sample(const struct vgpu_surface *surface, uint32_t sample, uint32_t *x,
                          uint32_t *y, uint32_t *layer)
{
   if (surface->samples < 4)
      return;
   if (!surface->interleaved) {
      *layer = *layer * surface->samples + sample;
      return;
   }
   /* Squares of two by two pixels: of each sample one, side by side. */
   if (surface->samples == 8)
      *x = (*x & ~1u) << 2 | (sample & 4) | (sample & 1) << 1 | (*x & 1);
   else
      *x = (*x & ~1u) << 1 | (sample & 1) << 1 | (*x & 1);
   *y = (*y & ~1u) << 1 | (sample & 2) | (*y & 1);
}

uint32_t
vgpu_surface_layers(const struct vgpu_surface *surface, uint32_t lod)
{
   switch (surface->type) {
   case VGPU_SURFACE_3D:
      return vgpu_surface_minify(surface->depth, lod);
   case VGPU_SURFACE_CUBE:
      return 6 * surface->depth;
   default:
      return surface->depth;
   }
}

/*
 * 1D, 2D and cube (PRM Vol1 Part1, "2D Surfaces"): LOD 1 is below LOD 0, LOD 2 to the right of
 * LOD 1, and each further one below the one before.
 */
static void
place_lods_2d(struct vgpu_surface *surface)
{
   uint32_t x = 0, y = 0;

   for (uint32_t lod = 0; lod < VGPU_SURFACE_MAX_LODS; lod++) {
      uint32_t width = align(vgpu_surface_minify(physical_width(surface), lod), surface->halign);
      uint32_t height =
         align(vgpu_surface_minify(physical_height(surface), lod), surface->valign);

      surface->lods[lod] = (struct vgpu_surface_lod){
         .x = x / surface->format->block_width,
         .y = y / surface->format->block_height,
      };
      if (lod == 1)
         x += width;
      else
         y += height;
   }
}

/* "3D Surfaces": each LOD has its slices in rows of 2^LOD, and the LODs follow each other. */
static void
place_lods_3d(struct vgpu_surface *surface)
{
   uint32_t y = 0;

   for (uint32_t lod = 0; lod < VGPU_SURFACE_MAX_LODS; lod++) {
      uint32_t width = align(vgpu_surface_minify(surface->width, lod), surface->halign);
      uint32_t height = align(vgpu_surface_minify(surface->height, lod), surface->valign);
      uint32_t slices = vgpu_surface_minify(surface->depth, lod);

      surface->lods[lod] = (struct vgpu_surface_lod){
         .y = y / surface->format->block_height,
         .slice_width = width / surface->format->block_width,
         .slice_height = height / surface->format->block_height,
      };
      y += height * (align(slices, 1u << lod) >> lod);
   }
}

/* "Surface Arrays": QPitch, with room for all LODs or for the first one only. */
static uint32_t
qpitch(const struct vgpu_surface *surface, bool lod0_only)
{
   uint32_t h0 = align(physical_height(surface), surface->valign);
   uint32_t h1 = align(vgpu_surface_minify(physical_height(surface), 1), surface->valign);
   uint32_t rows = lod0_only ? h0 : h0 + h1 + 12 * surface->valign;

   return rows / surface->format->block_height;
}

static void
lay_out(struct vgpu_surface *surface, bool lod0_only)
{
   surface->qpitch = qpitch(surface, lod0_only);
   if (surface->type == VGPU_SURFACE_3D)
      place_lods_3d(surface);
   else
      place_lods_2d(surface);
}

void
vgpu_surface_lay_out(struct vgpu_surface *surface)
{
   lay_out(surface, false);
}

uint32_t
vgpu_surface_texel_address(const struct vgpu_surface *surface, uint32_t lod, uint32_t layer,
                           uint32_t x, uint32_t y)
{
   const struct vgpu_surface_lod *place = &surface->lods[lod];

   x = (x + surface->x_offset) / surface->format->block_width + place->x;
   y = (y + surface->y_offset) / surface->format->block_height + place->y;
   if (surface->type == VGPU_SURFACE_3D) {
      x += (layer & ((1u << lod) - 1)) * place->slice_width;
      y += (layer >> lod) * place->slice_height;
   } else {
      y += layer * surface->qpitch;
   }
   return surface->address +
          vgpu_tiled_offset(surface->tiling, surface->pitch_bytes, x * surface->bytes, y);
}

bool
vgpu_surface_contains(const struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                      uint32_t y)
{
   uint32_t first = surface->type == VGPU_SURFACE_3D ? 0 : surface->min_array_element;

   if (!surface->interleaved && surface->samples > 1)
      layer /= surface->samples;
   return surface->type <= VGPU_SURFACE_CUBE && lod < VGPU_SURFACE_MAX_LODS &&
          x < vgpu_surface_minify(physical_width(surface), lod) &&
          y < vgpu_surface_minify(physical_height(surface), lod) &&
          layer - first < vgpu_surface_layers(surface, lod);
}

bool
vgpu_surface_image(const struct vgpu_surface *surface, uint32_t lod, uint32_t layer,
                   struct vgpu_surface_image *image)
{
   const struct vgpu_surface_lod *place = &surface->lods[lod % VGPU_SURFACE_MAX_LODS];

   if (!vgpu_surface_contains(surface, lod, layer, 0, 0))
      return false;
   image->x = surface->x_offset + place->x;
   image->y = surface->y_offset + place->y;
   if (surface->type == VGPU_SURFACE_3D) {
      image->x += (layer & ((1u << lod) - 1)) * place->slice_width;
      image->y += (layer >> lod) * place->slice_height;
   } else {
      image->y += layer * surface->qpitch;
   }
   image->width = vgpu_surface_minify(physical_width(surface), lod);
   image->height = vgpu_surface_minify(physical_height(surface), lod);
   return true;
}

/* ---------------------------------------------------------------- state */

static bool
unmodelled_fields(struct vgpu_engine *engine, const struct GFX7_RENDER_SURFACE_STATE *s)
{
   static const char prefix[] = "RENDER_SURFACE_STATE";

   if (s->SurfaceType == 6)
      return !vgpu_engine_fault(engine, "%s: reserved Surface Type 6", prefix);
   if (s->SurfaceType == VGPU_SURFACE_STRBUF || s->SurfaceType == VGPU_SURFACE_BUFFER)
      return false;
   if (s->NumberofMultisamples == 1 || s->NumberofMultisamples > 3)
      return !vgpu_engine_fault(engine, "%s: reserved Number of Multisamples %u", prefix,
                                s->NumberofMultisamples);
   if (s->RenderTargetRotation)
      return !vgpu_engine_unmodelled(engine, "%s: Render Target Rotation %u", prefix,
                                     s->RenderTargetRotation);
   if (s->VerticalLineStride || s->VerticalLineStrideOffset)
      return !vgpu_engine_unmodelled(engine, "%s: Vertical Line Stride", prefix);
   if (s->SurfaceVerticalAlignment > 1)
      return !vgpu_engine_fault(engine, "%s: reserved Surface Vertical Alignment %u", prefix,
                                s->SurfaceVerticalAlignment);
   return false;
}

static void
decode_buffer(struct vgpu_surface *surface, const struct GFX7_RENDER_SURFACE_STATE *s)
{
   uint64_t entries = ((uint64_t)s->Depth << 21 | s->Height << 7 | (s->Width & 0x7f)) + 1;
   uint64_t size = entries * surface->pitch_bytes;

   surface->tiling = VGPU_TILING_LINEAR;
   surface->num_entries = entries > UINT32_MAX ? UINT32_MAX : (uint32_t)entries;
   surface->size_bytes = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
   surface->width = surface->num_entries;
   surface->height = surface->depth = 1;
}

static bool
decode_image(struct vgpu_surface *surface, const struct GFX7_RENDER_SURFACE_STATE *s)
{
   const uint32_t tile_width = s->TiledSurface ? (s->TileWalk ? 128 : 512) : 1;

   surface->tiling = !s->TiledSurface ? VGPU_TILING_LINEAR
                     : s->TileWalk    ? VGPU_TILING_Y
                                      : VGPU_TILING_X;
   if (surface->type != VGPU_SURFACE_NULL && surface->pitch_bytes % tile_width)
      return vgpu_engine_fault(surface->engine,
                               "RENDER_SURFACE_STATE: Surface Pitch of %u bytes is no multiple "
                               "of a tile's %u",
                               surface->pitch_bytes, tile_width);
   if (surface->tiling != VGPU_TILING_LINEAR && surface->type != VGPU_SURFACE_NULL &&
       surface->address % PAGE_BYTES)
      return vgpu_engine_fault(surface->engine,
                               "RENDER_SURFACE_STATE: Surface Base Address 0x%08x of a tiled "
                               "surface is not that of a page",
                               surface->address);
   surface->samples = 1u << s->NumberofMultisamples;
   surface->interleaved = surface->samples > 1 && s->MultisampledSurfaceStorageFormat;
   surface->has_mcs = surface->samples > 1 && s->MCSEnable;
   surface->mcs_address = (uint32_t)s->AuxiliarySurfaceBaseAddress & ~(PAGE_BYTES - 1);
   surface->mcs_pitch_bytes = (s->AuxiliarySurfacePitch + 1) * 128;
   surface->width = s->Width + 1;
   surface->height = surface->type == VGPU_SURFACE_1D ? 1 : s->Height + 1;
   surface->is_array = s->SurfaceArray;
   surface->depth =
      s->SurfaceArray || surface->type == VGPU_SURFACE_3D || surface->type == VGPU_SURFACE_NULL
         ? s->Depth + 1
         : 1;
   surface->min_array_element = s->MinimumArrayElement;
   surface->view_extent = s->RenderTargetViewExtent + 1;
   surface->mip_count = s->MIPCountLOD;
   surface->min_lod = s->SurfaceMinLOD;
   surface->resource_min_lod = s->ResourceMinLOD;
   surface->x_offset = 4 * s->XOffset;
   surface->y_offset = 2 * s->YOffset;
   surface->halign = s->SurfaceHorizontalAlignment ? 8 : 4;
   surface->valign = s->SurfaceVerticalAlignment ? 4 : 2;
   if (vgpu_format_is_compressed(surface->format)) {
      surface->halign = surface->format->block_width;
      surface->valign = surface->format->block_height;
   }
   if (surface->mip_count >= VGPU_SURFACE_MAX_LODS)
      return vgpu_engine_fault(surface->engine, "RENDER_SURFACE_STATE: MIP Count / LOD %u",
                               surface->mip_count);
   lay_out(surface, s->SurfaceArraySpacing);
   return true;
}

bool
vgpu_surface_from_state(struct vgpu_engine *engine, uint32_t state_address,
                        struct vgpu_surface *surface)
{
   uint32_t dw[GFX7_RENDER_SURFACE_STATE_length_dw];

   for (unsigned i = 0; i < GFX7_RENDER_SURFACE_STATE_length_dw; i++) {
      if (!vgpu_engine_read32(engine, engine->as, (state_address & ~3u) + 4 * i, &dw[i]))
         return false;
   }
   return vgpu_surface_from_dw(engine, dw, surface);
}

bool
vgpu_surface_from_dw(struct vgpu_engine *engine, const uint32_t *dw, struct vgpu_surface *surface)
{
   struct GFX7_RENDER_SURFACE_STATE s;

   GFX7_RENDER_SURFACE_STATE_unpack(&s, dw, GFX7_RENDER_SURFACE_STATE_length_dw);
   if (unmodelled_fields(engine, &s))
      return false;

   memset(surface, 0, sizeof(*surface));
   surface->engine = engine;
   surface->type = (enum vgpu_surface_type)s.SurfaceType;
   surface->format = vgpu_format(s.SurfaceFormat);
   if (!surface->format)
      return vgpu_engine_fault(engine, "RENDER_SURFACE_STATE: Surface Format 0x%03x does not exist",
                               s.SurfaceFormat);
   if (!vgpu_format_is_modelled(surface->format) && surface->type != VGPU_SURFACE_NULL)
      return vgpu_engine_unmodelled(engine, "RENDER_SURFACE_STATE: Surface Format %s",
                                    surface->format->name);
   surface->address = (uint32_t)s.SurfaceBaseAddress;
   surface->pitch_bytes = s.SurfacePitch + 1;
   surface->bytes = vgpu_format_bytes(surface->format);
   surface->clear_color = s.RedClearColor | s.GreenClearColor << 1 | s.BlueClearColor << 2 |
                          s.AlphaClearColor << 3;
   if (surface->type == VGPU_SURFACE_BUFFER || surface->type == VGPU_SURFACE_STRBUF) {
      if (vgpu_format_is_compressed(surface->format))
         return vgpu_engine_fault(engine, "RENDER_SURFACE_STATE: Surface Format %s of a buffer",
                                  surface->format->name);
      decode_buffer(surface, &s);
      return true;
   }
   return decode_image(surface, &s);
}

/* ---------------------------------------------------------------- memory */

uint8_t *
vgpu_surface_map_page(struct vgpu_surface *surface, uint32_t address, bool write)
{
   const uint32_t number = address >> 12;
   uint8_t *host =
      vgpu_engine_map(surface->engine, surface->engine->as, address & ~(PAGE_BYTES - 1), write);

   if (!host)
      return NULL;
   surface->pages[number % VGPU_SURFACE_PAGES] = (struct vgpu_surface_page){
      .number = number + 1,
      .writable = write,
      .host = host,
   };
   return host + address % PAGE_BYTES;
}

bool
vgpu_surface_read(struct vgpu_surface *surface, uint32_t address, void *data, uint32_t size_bytes)
{
   uint8_t *to = data;

   while (size_bytes) {
      uint32_t part = PAGE_BYTES - address % PAGE_BYTES;
      const uint8_t *from = vgpu_surface_map(surface, address, false);

      if (!from)
         return false;
      if (part > size_bytes)
         part = size_bytes;
      memcpy(to, from, part);
      to += part;
      address += part;
      size_bytes -= part;
   }
   return true;
}

bool
vgpu_surface_write(struct vgpu_surface *surface, uint32_t address, const void *data,
                   uint32_t size_bytes)
{
   const uint8_t *from = data;

   while (size_bytes) {
      uint32_t part = PAGE_BYTES - address % PAGE_BYTES;
      uint8_t *to = vgpu_surface_map(surface, address, true);

      if (!to)
         return false;
      if (part > size_bytes)
         part = size_bytes;
      memcpy(to, from, part);
      from += part;
      address += part;
      size_bytes -= part;
   }
   return true;
}

/* ---------------------------------------------------------------- texels */

#define MAX_TEXEL_BYTES 32

bool
vgpu_surface_fetch(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                   uint32_t y, uint32_t rgba[4])
{
   uint8_t texel[MAX_TEXEL_BYTES];

   if (!vgpu_surface_contains(surface, lod, layer, x, y)) {
      memset(rgba, 0, 4 * sizeof(*rgba));
      return true;
   }
   uint32_t address = vgpu_surface_texel_address(surface, lod, layer, x, y);
   const uint8_t *host = vgpu_surface_map(surface, address, false);
   if (!host)
      return false;
   if (address % PAGE_BYTES + surface->bytes > PAGE_BYTES) {
      if (!vgpu_surface_read(surface, address, texel, surface->bytes))
         return false;
      host = texel;
   }
   if (vgpu_format_is_compressed(surface->format))
      vgpu_format_unpack_block(surface->format, host, x + surface->x_offset,
                               y + surface->y_offset, rgba);
   else
      vgpu_format_unpack(surface->format, host, rgba);
   return true;
}

/* A texel at an address in linear or tiled memory, which can cross a page only in linear. */
static bool
store(struct vgpu_surface *surface, uint32_t address, const uint32_t rgba[4], unsigned mask)
{
   uint8_t texel[MAX_TEXEL_BYTES];

   if (address % PAGE_BYTES + surface->bytes <= PAGE_BYTES) {
      uint8_t *host = vgpu_surface_map(surface, address, true);
      if (!host)
         return false;
      vgpu_format_pack(surface->format, rgba, mask, host);
      return true;
   }
   if (!vgpu_surface_read(surface, address, texel, surface->bytes))
      return false;
   vgpu_format_pack(surface->format, rgba, mask, texel);
   return vgpu_surface_write(surface, address, texel, surface->bytes);
}

bool
vgpu_surface_store(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                   uint32_t y, const uint32_t rgba[4], unsigned mask)
{
   if (!vgpu_surface_contains(surface, lod, layer, x, y))
      return true;
   return store(surface, vgpu_surface_texel_address(surface, lod, layer, x, y), rgba, mask);
}

bool
vgpu_surface_fetch_entry(struct vgpu_surface *surface, uint32_t entry, uint32_t rgba[4])
{
   uint8_t texel[MAX_TEXEL_BYTES];

   if (entry >= surface->num_entries) {
      memset(rgba, 0, 4 * sizeof(*rgba));
      return true;
   }
   if (!vgpu_surface_read(surface, surface->address + entry * surface->pitch_bytes, texel,
                          surface->bytes))
      return false;
   vgpu_format_unpack(surface->format, texel, rgba);
   return true;
}

bool
vgpu_surface_store_entry(struct vgpu_surface *surface, uint32_t entry, const uint32_t rgba[4],
                         unsigned mask)
{
   if (entry >= surface->num_entries)
      return true;
   return store(surface, surface->address + entry * surface->pitch_bytes, rgba, mask);
}

/* ---------------------------------------------------------------- samples */

void
vgpu_surface_clear_color(const struct vgpu_surface *surface, uint32_t rgba[4])
{
   const uint32_t one = vgpu_format_is_integer(surface->format) ? 1 : 0x3f800000;

   for (unsigned c = 0; c < 4; c++)
      rgba[c] = surface->clear_color >> c & 1 ? one : 0;
}

static uint32_t
own_places(const struct vgpu_surface *surface)
{
   return surface->samples == 8 ? 0x76543210 : 0xe4;
}

uint32_t
vgpu_surface_mcs_place(const struct vgpu_surface *surface, uint32_t mcs, uint32_t sample)
{
   return surface->samples == 8 ? mcs >> 4 * sample & 7 : mcs >> 2 * sample & 3;
}

/* The entry of a pixel, of a byte or four: Y-tiled, array elements below each other. */
static uint8_t *
map_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y, bool write)
{
   const uint32_t bytes = surface->samples == 8 ? 4 : 1;
   const uint32_t row = layer * align(surface->height, 4) + y;

   return vgpu_surface_map(surface,
                           surface->mcs_address + vgpu_tiled_offset(VGPU_TILING_Y,
                                                                    surface->mcs_pitch_bytes,
                                                                    x * bytes, row), write);
}

static bool
write_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y, uint32_t mcs)
{
   uint8_t *host = map_mcs(surface, layer, x, y, true);

   if (host)
      memcpy(host, &mcs, surface->samples == 8 ? 4 : 1);
   return host;
}

bool
vgpu_surface_read_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y,
                      uint32_t *mcs)
{
   *mcs = own_places(surface);
   if (!surface->has_mcs)
      return true;
   const uint8_t *host = map_mcs(surface, layer, x, y, false);
   if (!host)
      return false;
   if (surface->samples == 8)
      memcpy(mcs, host, 4);
   else
      *mcs = *host == 0xff ? VGPU_MCS_CLEAR : *host;
   return true;
}

bool
vgpu_surface_clear_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y)
{
   return x >= surface->width || y >= surface->height ||
          write_mcs(surface, layer, x, y, VGPU_MCS_CLEAR);
}

bool
vgpu_surface_expand(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                    uint32_t y)
{
   uint32_t mcs, rgba[VGPU_MAX_SAMPLES][4];

   if (!surface->has_mcs)
      return true;
   if (!vgpu_surface_read_mcs(surface, layer, x, y, &mcs))
      return false;
   if (mcs == own_places(surface))
      return true;
   for (uint32_t s = 0; s < surface->samples; s++) {
      uint32_t column = x, row = y, element = layer;
      if (mcs == VGPU_MCS_CLEAR) {
         vgpu_surface_clear_color(surface, rgba[s]);
         continue;
      }
      vgpu_surface_place_sample(surface, vgpu_surface_mcs_place(surface, mcs, s), &column, &row,
                                &element);
      if (!vgpu_surface_fetch(surface, lod, element, column, row, rgba[s]))
         return false;
   }
   for (uint32_t s = 0; s < surface->samples; s++) {
      uint32_t column = x, row = y, element = layer;
      vgpu_surface_place_sample(surface, s, &column, &row, &element);
      if (!vgpu_surface_store(surface, lod, element, column, row, rgba[s], 0xf))
         return false;
   }
   return write_mcs(surface, layer, x, y, own_places(surface));
}

/* Calls vgpu_surface_read() or _write() for each run of bytes that are next to each other. */
static bool
copy_row(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x, uint32_t y,
         uint32_t count, uint8_t *read, const uint8_t *write)
{
   const uint32_t span = vgpu_tiling_span_bytes(surface->tiling);
   const struct vgpu_surface_lod *place = &surface->lods[lod];

   while (count) {
      uint32_t first = x + surface->x_offset + place->x;
      if (surface->type == VGPU_SURFACE_3D)
         first += (layer & ((1u << lod) - 1)) * place->slice_width;
      uint32_t run = (span - first * surface->bytes % span) / surface->bytes;
      uint32_t address = vgpu_surface_texel_address(surface, lod, layer, x, y);

      if (run > count)
         run = count;
      if (run == 0) /* texels of 12 bytes and the like, across the runs of a tile */
         run = 1;
      uint32_t bytes = run * surface->bytes;
      if (read ? !vgpu_surface_read(surface, address, read, bytes)
               : !vgpu_surface_write(surface, address, write, bytes))
         return false;
      if (read)
         read += bytes;
      else
         write += bytes;
      x += run;
      count -= run;
   }
   return true;
}

bool
vgpu_surface_read_row(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                      uint32_t y, uint32_t count, void *texels)
{
   return copy_row(surface, lod, layer, x, y, count, texels, NULL);
}

bool
vgpu_surface_write_row(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                       uint32_t y, uint32_t count, const void *texels)
{
   return copy_row(surface, lod, layer, x, y, count, NULL, texels);
}

/* ---------------------------------------------------------------- binding tables */

struct vgpu_surface_cache {
   struct vgpu_surface *surfaces[VGPU_BINDING_TABLE_SIZE];
};

/* Index of the binding table that means stateless. */
#define STATELESS_INDEX 255

/* The cache's place for an index, made on first use. */
static struct vgpu_surface **
cache_slot(struct vgpu_shader_env *env, unsigned index)
{
   if (!env->surfaces)
      env->surfaces = calloc(1, sizeof(*env->surfaces));
   if (!env->surfaces) {
      vgpu_engine_fault(env->engine, "no host memory for surfaces");
      return NULL;
   }
   return &env->surfaces->surfaces[index % VGPU_BINDING_TABLE_SIZE];
}

static struct vgpu_surface *
new_surface(struct vgpu_engine *engine)
{
   struct vgpu_surface *surface = calloc(1, sizeof(*surface));

   if (!surface)
      vgpu_engine_fault(engine, "no host memory for a surface");
   return surface;
}

struct vgpu_surface *
vgpu_shader_env_surface(struct vgpu_shader_env *env, unsigned index)
{
   struct vgpu_engine *engine = env->engine;
   struct vgpu_surface **slot = cache_slot(env, index), *surface;
   const uint32_t entry = env->surface_state_base + env->binding_table + 4 * index;
   uint32_t offset;

   if (!slot || *slot)
      return slot ? *slot : NULL;
   if (index >= STATELESS_INDEX - 1) {
      vgpu_engine_fault(engine, "binding table index %u is no surface", index);
      return NULL;
   }
   if (!vgpu_engine_read32(engine, engine->as, entry & ~3u, &offset))
      return NULL;
   surface = new_surface(engine);
   if (!surface)
      return NULL;
   if (!vgpu_surface_from_state(engine, env->surface_state_base + (offset & ~31u), surface)) {
      free(surface);
      return NULL;
   }
   return *slot = surface;
}

struct vgpu_surface *
vgpu_shader_env_stateless(struct vgpu_shader_env *env)
{
   struct vgpu_surface **slot = cache_slot(env, STATELESS_INDEX), *surface;

   if (!slot || *slot)
      return slot ? *slot : NULL;
   surface = new_surface(env->engine);
   if (!surface)
      return NULL;
   surface->engine = env->engine;
   surface->type = VGPU_SURFACE_BUFFER;
   surface->format = vgpu_format(VGPU_FORMAT_RAW);
   surface->tiling = VGPU_TILING_LINEAR;
   surface->address = env->general_state_base;
   surface->pitch_bytes = surface->bytes = 1;
   surface->num_entries = surface->size_bytes = UINT32_MAX;
   surface->width = UINT32_MAX;
   surface->height = surface->depth = 1;
   return *slot = surface;
}

void
vgpu_shader_env_fini(struct vgpu_shader_env *env)
{
   free(env->samplers);
   env->samplers = NULL;
   if (!env->surfaces)
      return;
   for (unsigned i = 0; i < VGPU_BINDING_TABLE_SIZE; i++)
      free(env->surfaces->surfaces[i]);
   free(env->surfaces);
   env->surfaces = NULL;
}
