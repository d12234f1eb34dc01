/*
 * SPDX-License-Identifier: MIT
 *
 * Surface formats (IVB PRM Vol4 Part1, "SURFACE_FORMAT"; Vol1 Part1, "Surface Formats"): what a
 * texel is made of, and how it becomes the four 32-bit components that shaders see and back.
 * Pure functions.
 */

#ifndef VGPU_FORMAT_H
#define VGPU_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VGPU_FORMAT_RAW 0x1ff

/** What a channel's bits mean. */
enum vgpu_channel_type {
   VGPU_CHANNEL_VOID, /**< not read; written as 0 */
   VGPU_CHANNEL_UNORM,
   VGPU_CHANNEL_SNORM,
   VGPU_CHANNEL_UINT,
   VGPU_CHANNEL_SINT,
   VGPU_CHANNEL_USCALED,
   VGPU_CHANNEL_SSCALED,
   VGPU_CHANNEL_FLOAT,  /**< 16, 32 or 64 bits */
   VGPU_CHANNEL_UFLOAT, /**< 10 or 11 bits, without sign */
};

/** Which components a channel gives. */
enum vgpu_component {
   VGPU_COMPONENT_R,
   VGPU_COMPONENT_G,
   VGPU_COMPONENT_B,
   VGPU_COMPONENT_A,
   VGPU_COMPONENT_L, /**< red, green and blue */
   VGPU_COMPONENT_I, /**< all four */
};

struct vgpu_channel {
   uint8_t component, type;
   uint8_t start, bits; /* in the texel's little-endian bits */
};

enum vgpu_format_layout {
   VGPU_LAYOUT_PLAIN,      /**< channels side by side */
   VGPU_LAYOUT_SHAREDEXP,  /**< R9G9B9E5 */
   VGPU_LAYOUT_BC1,        /**< with alpha of one bit */
   VGPU_LAYOUT_BC1_RGB,    /**< without alpha */
   VGPU_LAYOUT_BC2,
   VGPU_LAYOUT_BC3,
   VGPU_LAYOUT_BC4,
   VGPU_LAYOUT_BC5,
   VGPU_LAYOUT_BC6H,
   VGPU_LAYOUT_BC7,
   VGPU_LAYOUT_FXT1,
   VGPU_LAYOUT_RAW,        /**< buffers of bytes */
   VGPU_LAYOUT_UNMODELLED, /**< known by name only */
};

/** What Ivybridge can use a format for. */
enum vgpu_format_use {
   VGPU_USE_SAMPLE = 1 << 0,
   VGPU_USE_FILTER = 1 << 1,
   VGPU_USE_SHADOW = 1 << 2,
   VGPU_USE_RENDER = 1 << 3,
   VGPU_USE_BLEND = 1 << 4,
   VGPU_USE_VERTEX = 1 << 5,
   VGPU_USE_STREAM_OUT = 1 << 6,
   VGPU_USE_TYPED_WRITE = 1 << 7,
   VGPU_USE_TYPED_READ = 1 << 8,
   VGPU_USE_TYPED_ATOMIC = 1 << 9,
};

struct vgpu_format {
   const char *name;
   uint16_t number;         /* as encoded in state */
   uint16_t bits_per_block; /* of a texel, or of a block of a compressed format */
   uint8_t block_width, block_height;
   uint8_t layout; /* enum vgpu_format_layout */
   bool srgb;      /* red, green and blue are stored in sRGB's curve */
   uint16_t uses;  /* enum vgpu_format_use */
   uint8_t num_channels;
   struct vgpu_channel channels[4]; /* in the order of memory */
};

/** \return NULL for a number that is no format on Gen7 */
const struct vgpu_format *vgpu_format(unsigned number);

/** Every format, for the support matrix. */
const struct vgpu_format *vgpu_format_table(size_t *count);

/** False if texels of the format cannot be unpacked: its use faults by name. */
static inline bool
vgpu_format_is_modelled(const struct vgpu_format *format)
{
   return format->layout != VGPU_LAYOUT_UNMODELLED;
}

static inline bool
vgpu_format_is_compressed(const struct vgpu_format *format)
{
   return format->block_width > 1;
}

/** Bytes of a texel, or of a block of a compressed format; 1 for RAW. */
static inline uint32_t
vgpu_format_bytes(const struct vgpu_format *format)
{
   return format->bits_per_block / 8;
}

/** True if the components are integers, signed or not; otherwise they are floats. */
bool vgpu_format_is_integer(const struct vgpu_format *format);
bool vgpu_format_is_signed_integer(const struct vgpu_format *format);

/**
 * Unpacks a texel of a format that is modelled and not compressed into red, green, blue, alpha:
 * floats, or integers for UINT and SINT. Components that the format lacks become 0, 0, 0, 1.
 */
void vgpu_format_unpack(const struct vgpu_format *format, const void *texel, uint32_t rgba[4]);

/** The texel at (x, y) of a compressed block, otherwise as vgpu_format_unpack(). */
void vgpu_format_unpack_block(const struct vgpu_format *format, const void *block, unsigned x,
                              unsigned y, uint32_t rgba[4]);

/**
 * Packs red, green, blue and alpha into a texel of a plain format. Floats are clamped to what the
 * format can hold (a NaN becomes 0 where it is not floating point) and rounded to nearest even;
 * integers are clamped.
 *
 * \param mask  components that are written, bit 0 for red; the other channels of the texel stay
 */
void vgpu_format_pack(const struct vgpu_format *format, const uint32_t rgba[4], unsigned mask,
                      void *texel);

/** Four linear bytes or three, in one DWord: what most textures and render targets are. */
bool vgpu_format_is_unorm8(const struct vgpu_format *format);

/**
 * As vgpu_format_pack() with all components, texels of a format that is unorm8.
 * \param rgba   of each component as many floats
 * \param count  8 or 16
 */
void vgpu_format_pack_unorm8(const struct vgpu_format *format, const uint8_t *const rgba[4],
                             unsigned count, uint32_t texels[16]);

#if defined(__x86_64__)
/* The same for processors with AVX2. */
void vgpu_format_pack_unorm8_avx2(const struct vgpu_format *format,
                                  const uint8_t *const rgba[4], unsigned count,
                                  uint32_t texels[16]);
#endif

/* Conversions that others need too. */
float vgpu_half_to_float(uint16_t half);
/** Rounds to nearest even; overflow gives infinity. */
uint16_t vgpu_float_to_half(float value);
float vgpu_srgb_to_linear(float srgb);
float vgpu_linear_to_srgb(float linear);

#endif
