/*
 * SPDX-License-Identifier: MIT
 */

#include "copy_texel.h"

#include <string.h>

/** The channel that a component is unpacked from, NULL: it is 0, 0, 0, 1. */
static const struct vgpu_channel *
channel_of(const struct vgpu_format *format, unsigned component)
{
   for (unsigned c = 0; c < format->num_channels; c++) {
      const struct vgpu_channel *channel = &format->channels[c];
      if (channel->type == VGPU_CHANNEL_VOID)
         continue;
      if (channel->component == component || channel->component == VGPU_COMPONENT_I ||
          (channel->component == VGPU_COMPONENT_L && component < 3))
         return channel;
   }
   return NULL;
}

bool
vgpu_copy_format_has(const struct vgpu_format *format, unsigned component)
{
   for (unsigned c = 0; c < format->num_channels; c++) {
      if (format->channels[c].type != VGPU_CHANNEL_VOID &&
          format->channels[c].component == component)
         return true;
   }
   return false;
}

/** Whether all bits of a channel survive being a component. */
static bool
survives(const struct vgpu_channel *channel)
{
   switch (channel->type) {
   case VGPU_CHANNEL_UNORM:
      return channel->bits <= 16; /* single precision has 24 bits to tell them apart */
   case VGPU_CHANNEL_UINT:
   case VGPU_CHANNEL_SINT:
      return channel->bits <= 32;
   case VGPU_CHANNEL_FLOAT:
      return channel->bits == 32; /* moved as bits; shorter ones lose what a NaN says */
   default:
      return false; /* SNORM has two of -1 */
   }
}

static bool
is_plain(const struct vgpu_format *format)
{
   if (format->layout != VGPU_LAYOUT_PLAIN || format->bits_per_block % 8 ||
       vgpu_format_bytes(format) > VGPU_COPY_MAX_TEXEL_BYTES)
      return false;
   for (unsigned c = 0; c < format->num_channels; c++) {
      /* Luminance and intensity are written from red alone. */
      if (format->channels[c].component > VGPU_COMPONENT_I)
         return false;
   }
   return true;
}

bool
vgpu_copy_texel_bytes(const struct vgpu_format *src, const struct vgpu_format *dst,
                      const struct vgpu_copy_component_source rgba[4],
                      struct vgpu_copy_bytes *bytes)
{
   const uint32_t defaults[4] = { 0, 0, 0, vgpu_format_is_integer(src) ? 1 : 0x3f800000 };
   uint8_t constant[VGPU_COPY_MAX_TEXEL_BYTES] = { 0 };
   uint32_t constants[4] = { 0 };
   bool same_bits = src->bits_per_block == dst->bits_per_block;

   if (!is_plain(src) || !is_plain(dst))
      return false;
   memset(bytes, 0, sizeof(*bytes));
   bytes->src_bytes = vgpu_format_bytes(src);
   bytes->dst_bytes = vgpu_format_bytes(dst);
   memset(bytes->from, -1, sizeof(bytes->from));

   uint32_t covered = 0;
   for (unsigned c = 0; c < dst->num_channels; c++) {
      const struct vgpu_channel *to = &dst->channels[c];
      if (to->type == VGPU_CHANNEL_VOID)
         continue;
      if (to->component > VGPU_COMPONENT_A)
         return false;
      const struct vgpu_copy_component_source *from = &rgba[to->component];
      const struct vgpu_channel *channel =
         from->is_constant ? NULL : channel_of(src, from->component);
      covered += to->bits;
      if (!channel) {
         constants[to->component] = from->is_constant ? from->bits : defaults[from->component];
         same_bits = false;
         continue;
      }
      const bool src_srgb = src->srgb && from->component != VGPU_COMPONENT_A;
      const bool dst_srgb = dst->srgb && to->component != VGPU_COMPONENT_A;
      /* Of sRGB only bytes are known to come back. */
      if (!survives(channel) || channel->type != to->type || channel->bits != to->bits ||
          src_srgb != dst_srgb || (src_srgb && channel->bits != 8))
         return false;
      same_bits = same_bits && channel->start == to->start;
      for (unsigned i = 0; i < to->bits / 8 && !(channel->start % 8) && !(to->start % 8) &&
                           !(to->bits % 8); i++)
         bytes->from[to->start / 8 + i] = (int8_t)(channel->start / 8 + i);
   }
   bytes->identity = same_bits && covered == dst->bits_per_block;
   if (bytes->identity)
      return true;

   /* Otherwise bytes must stay whole. */
   for (unsigned c = 0; c < dst->num_channels; c++) {
      if (dst->channels[c].start % 8 || dst->channels[c].bits % 8)
         return false;
      const struct vgpu_channel *to = &dst->channels[c];
      if (to->type != VGPU_CHANNEL_VOID && !rgba[to->component].is_constant) {
         const struct vgpu_channel *channel = channel_of(src, rgba[to->component].component);
         if (channel && channel->start % 8)
            return false;
      }
   }
   /* Void channels of a texel of at most 64 bits are zeros, too; of wider ones they stay. */
   if (covered != dst->bits_per_block && dst->bits_per_block > 64)
      return false;
   vgpu_format_pack(dst, constants, 0xf, constant);
   for (unsigned i = 0; i < bytes->dst_bytes; i++) {
      if (bytes->from[i] < 0)
         bytes->value[i] = constant[i];
   }
   return true;
}

/** Four bytes to four bytes, in a form that becomes vector code. */
static void
copy_dwords(const struct vgpu_copy_bytes *bytes, uint8_t *dst, const uint8_t *src, uint32_t count)
{
   uint32_t constant = 0, mask[4], down[4], up[4];

   for (unsigned i = 0; i < 4; i++) {
      const bool moved = bytes->from[i] >= 0;
      mask[i] = moved ? 0xff : 0;
      down[i] = moved ? 8 * (unsigned)bytes->from[i] : 0;
      up[i] = 8 * i;
      constant |= moved ? 0 : (uint32_t)bytes->value[i] << 8 * i;
   }
   for (uint32_t n = 0; n < count; n++) {
      uint32_t in;
      memcpy(&in, src + 4 * n, 4);
      const uint32_t out = constant | (in >> down[0] & mask[0]) << up[0] |
                           (in >> down[1] & mask[1]) << up[1] |
                           (in >> down[2] & mask[2]) << up[2] |
                           (in >> down[3] & mask[3]) << up[3];
      memcpy(dst + 4 * n, &out, 4);
   }
}

void
vgpu_copy_texels(const struct vgpu_copy_bytes *bytes, uint8_t *dst, const uint8_t *src,
                 uint32_t count)
{
   if (bytes->identity) {
      memcpy(dst, src, (size_t)count * bytes->dst_bytes);
      return;
   }
   if (bytes->src_bytes == 4 && bytes->dst_bytes == 4) {
      copy_dwords(bytes, dst, src, count);
      return;
   }
   for (uint32_t n = 0; n < count; n++) {
      for (unsigned i = 0; i < bytes->dst_bytes; i++)
         dst[i] = bytes->from[i] < 0 ? bytes->value[i] : src[bytes->from[i]];
      dst += bytes->dst_bytes;
      src += bytes->src_bytes;
   }
}
