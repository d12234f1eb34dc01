/*
 * SPDX-License-Identifier: MIT
 *
 * Surfaces: RENDER_SURFACE_STATE decoded, and where in memory each texel is (IVB PRM Vol4 Part1,
 * "SURFACE_STATE"; Vol1 Part1, "Surface Layout").
 */

#ifndef VGPU_SURFACE_H
#define VGPU_SURFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"
#include "tiling.h"

struct vgpu_engine;
struct vgpu_shader_env;

/** Numbered as in RENDER_SURFACE_STATE. */
enum vgpu_surface_type {
   VGPU_SURFACE_1D = 0,
   VGPU_SURFACE_2D = 1,
   VGPU_SURFACE_3D = 2,
   VGPU_SURFACE_CUBE = 3,
   VGPU_SURFACE_BUFFER = 4,
   VGPU_SURFACE_STRBUF = 5,
   VGPU_SURFACE_NULL = 7,
};

#define VGPU_SURFACE_MAX_LODS 15 /* as many as MIP Count / LOD and a width of 2^14 allow */
#define VGPU_SURFACE_PAGES 64
#define VGPU_MAX_SAMPLES 8

/** A page of graphics memory that was mapped since the surface was decoded. */
struct vgpu_surface_page {
   uint32_t number; /* of the page, plus one; 0: none */
   bool writable;
   uint8_t *host;
};

/** Where a LOD lies, in blocks of the format (texels, if it is not compressed). */
struct vgpu_surface_lod {
   uint32_t x, y;
   uint32_t slice_width, slice_height; /* 3D: from one slice to the next */
};

/*
 * Good for one command of the engine that decoded it: the pages that it remembers are gone after
 * that.
 */
struct vgpu_surface {
   struct vgpu_engine *engine;
   enum vgpu_surface_type type;
   const struct vgpu_format *format;
   enum vgpu_tiling tiling;
   uint32_t address; /* graphics address */
   uint32_t pitch_bytes;
   uint32_t bytes; /* of a texel or block */

   uint32_t width, height; /* of LOD 0, in texels */
   uint32_t depth;         /* 3D: of LOD 0; otherwise array elements, faces of cubes apart */
   bool is_array;
   uint32_t min_array_element;
   uint32_t view_extent; /* array elements or slices that can be rendered to */
   uint32_t mip_count;   /* MIPCountLOD: the last LOD of a texture, the LOD of a render target */
   uint32_t min_lod;     /* LOD that samplers call 0 */
   float resource_min_lod;
   uint32_t x_offset, y_offset; /* in texels, added to every coordinate */

   /*
    * The MCS of a surface with one sample, which remembers blocks that a fast clear has set to
    * clear_color, is not kept: a fast clear writes the texels. So they are always valid.
    */
   uint8_t clear_color; /* a bit each for red, green, blue and alpha: 1 instead of 0 */

   /*
    * Samples of a pixel, at most VGPU_MAX_SAMPLES; 0 is 1. They are array elements of their own, or
    * stand next to each other in depth and stencil.
    */
   uint32_t samples;
   bool interleaved;
   /*
    * Of several samples the MCS has for each pixel where each sample is, or that the pixel has
    * clear_color. Writing a pixel gives each sample its own place, as none is ever compressed.
    */
   bool has_mcs;
   uint32_t mcs_address, mcs_pitch_bytes;

   uint32_t halign, valign; /* in texels */
   uint32_t qpitch;         /* from one array element to the next, in rows of blocks */
   struct vgpu_surface_lod lods[VGPU_SURFACE_MAX_LODS];

   uint32_t num_entries; /* buffers: entries of pitch_bytes each */
   uint32_t size_bytes;  /* buffers */

   struct vgpu_surface_page pages[VGPU_SURFACE_PAGES];
};

/**
 * Decodes the RENDER_SURFACE_STATE at a graphics address.
 * \return false after a fault of the engine: memory, or what is not modelled
 */
bool vgpu_surface_from_state(struct vgpu_engine *engine, uint32_t state_address,
                             struct vgpu_surface *surface);

/** The same for a RENDER_SURFACE_STATE of eight DWords that is at hand. */
bool vgpu_surface_from_dw(struct vgpu_engine *engine, const uint32_t *dw,
                          struct vgpu_surface *surface);

/**
 * Places the LODs and array elements of a surface that has no RENDER_SURFACE_STATE: depth, stencil
 * and HiZ. The caller has filled in everything up to valign; Surface Array Spacing is ARYSPC_FULL.
 */
void vgpu_surface_lay_out(struct vgpu_surface *surface);

/** "SURFTYPE_2D" ... */
const char *vgpu_surface_type_name(enum vgpu_surface_type type);

/** Size of a LOD in texels; 1 at least. */
static inline uint32_t
vgpu_surface_minify(uint32_t size, uint32_t lod)
{
   return lod < 32 && size >> lod ? size >> lod : 1;
}

/** Slices of a LOD of a 3D surface, faces of a cube with its array, otherwise array elements. */
uint32_t vgpu_surface_layers(const struct vgpu_surface *surface, uint32_t lod);

/**
 * Graphics address of the texel at (x, y), or of the block that it is in. The caller has checked
 * the bounds; the address is modulo 2^32 in any case.
 *
 * \param lod    counts from LOD 0 of the surface, below VGPU_SURFACE_MAX_LODS
 * \param layer  slice of a 3D surface, otherwise array element (of a cube: face), counted from
 *               the surface's first: MinimumArrayElement is not added here
 */
uint32_t vgpu_surface_texel_address(const struct vgpu_surface *surface, uint32_t lod,
                                    uint32_t layer, uint32_t x, uint32_t y);

/**
 * Where the sample of a pixel is: changes the pixel's coordinates and layer to those of the texel
 * that has it, which are what the functions here take. Does nothing for one sample.
 */
void vgpu_surface_place_sample(const struct vgpu_surface *surface, uint32_t sample, uint32_t *x,
                               uint32_t *y, uint32_t *layer);

/** What fast clears set a pixel to, floats or integers. */
void vgpu_surface_clear_color(const struct vgpu_surface *surface, uint32_t rgba[4]);

/**
 * What the MCS has of a pixel: of each sample the number of its place, in two bits or, of eight
 * samples, four; or VGPU_MCS_CLEAR. Without an MCS each sample is in its own place.
 * \param layer  as vgpu_surface_texel_address(), of whole pixels
 */
bool vgpu_surface_read_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y,
                           uint32_t *mcs);
#define VGPU_MCS_CLEAR UINT32_MAX
/** The place of a sample. */
uint32_t vgpu_surface_mcs_place(const struct vgpu_surface *surface, uint32_t mcs,
                                uint32_t sample);
/** Marks a pixel as cleared; nothing outside of the surface. The surface must have an MCS. */
bool vgpu_surface_clear_mcs(struct vgpu_surface *surface, uint32_t layer, uint32_t x, uint32_t y);
/** Brings all samples of a pixel to their own places, before one is written. */
bool vgpu_surface_expand(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                         uint32_t y);

/** Graphics address of a byte of a buffer. */
static inline uint32_t
vgpu_surface_buffer_address(const struct vgpu_surface *surface, uint32_t offset_bytes)
{
   return surface->address + offset_bytes;
}

/** Maps one page of any surface; as vgpu_engine_map(), but remembers pages. */
uint8_t *vgpu_surface_map_page(struct vgpu_surface *surface, uint32_t address, bool write);

/**
 * Host address of the byte at a graphics address, good up to the end of its page and until the
 * command ends. NULL after a fault of the engine.
 */
static inline uint8_t *
vgpu_surface_map(struct vgpu_surface *surface, uint32_t address, bool write)
{
   const uint32_t number = address >> 12;
   const struct vgpu_surface_page *page = &surface->pages[number % VGPU_SURFACE_PAGES];

   if (page->number == number + 1 && (page->writable || !write))
      return page->host + (address & 0xfff);
   return vgpu_surface_map_page(surface, address, write);
}

/** Copies memory from or to graphics addresses across pages. \return false after a fault */
bool vgpu_surface_read(struct vgpu_surface *surface, uint32_t address, void *data,
                       uint32_t size_bytes);
bool vgpu_surface_write(struct vgpu_surface *surface, uint32_t address, const void *data,
                        uint32_t size_bytes);

/**
 * Whether a texel exists.
 * \param layer  as vgpu_surface_texel_address()
 */
bool vgpu_surface_contains(const struct vgpu_surface *surface, uint32_t lod, uint32_t layer,
                           uint32_t x, uint32_t y);

/**
 * Reads a texel of any modelled format, compressed ones too. A texel outside of the surface reads
 * as zeros. \return false after a fault
 */
bool vgpu_surface_fetch(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                        uint32_t y, uint32_t rgba[4]);

/** Writes components of a texel, see vgpu_format_pack(); nothing outside of the surface. */
bool vgpu_surface_store(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                        uint32_t y, const uint32_t rgba[4], unsigned mask);

/** The same for an entry of a buffer. */
bool vgpu_surface_fetch_entry(struct vgpu_surface *surface, uint32_t entry, uint32_t rgba[4]);
bool vgpu_surface_store_entry(struct vgpu_surface *surface, uint32_t entry,
                              const uint32_t rgba[4], unsigned mask);

/**
 * Reads or writes texels of a row as they are in memory. The range must be within the surface
 * and the format not compressed. \return false after a fault
 */
bool vgpu_surface_read_row(struct vgpu_surface *surface, uint32_t lod, uint32_t layer, uint32_t x,
                           uint32_t y, uint32_t count, void *texels);
bool vgpu_surface_write_row(struct vgpu_surface *surface, uint32_t lod, uint32_t layer,
                            uint32_t x, uint32_t y, uint32_t count, const void *texels);

/** One layer of a LOD, of a format that is not compressed. */
struct vgpu_surface_image {
   uint32_t x, y;          /* of its first texel, where the surface's memory begins */
   uint32_t width, height; /* texels that exist */
};

/** \return false if it does not exist; parameters as of vgpu_surface_texel_address() */
bool vgpu_surface_image(const struct vgpu_surface *surface, uint32_t lod, uint32_t layer,
                        struct vgpu_surface_image *image);

/** As vgpu_surface_texel_address(), for a texel that exists. */
static inline uint32_t
vgpu_surface_image_address(const struct vgpu_surface *surface,
                           const struct vgpu_surface_image *image, uint32_t x, uint32_t y)
{
   return surface->address + vgpu_tiled_offset(surface->tiling, surface->pitch_bytes,
                                               (image->x + x) * surface->bytes, image->y + y);
}

/* ---------------------------------------------------------------- binding tables */

/**
 * The surface at an index of the environment's binding table, decoded once. The environment keeps
 * it until vgpu_shader_env_fini().
 * \param index  below 254: the indices above mean stateless and shared local memory
 * \return NULL after a fault of the engine
 */
struct vgpu_surface *vgpu_shader_env_surface(struct vgpu_shader_env *env, unsigned index);

/**
 * All of graphics memory from General State Base Address on, for stateless messages: a buffer of
 * bytes. \return NULL after a fault of the engine
 */
struct vgpu_surface *vgpu_shader_env_stateless(struct vgpu_shader_env *env);

/** Frees what messages left in the environment; must follow the last thread of a draw. */
void vgpu_shader_env_fini(struct vgpu_shader_env *env);

#endif
