/*
 * SPDX-License-Identifier: MIT
 *
 * Texels that are copied as bytes: what unpacking, handing on and packing makes of them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "copy_texel.h"

static uint32_t
random32(uint64_t *seed)
{
   *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
   return (uint32_t)(*seed >> 32);
}

static void
compare(const struct vgpu_format *src, const struct vgpu_format *dst,
        const struct vgpu_copy_component_source rgba[4], const struct vgpu_copy_bytes *bytes,
        const uint8_t *texel)
{
   uint8_t expected[16] = { 0 }, got[16] = { 0 };
   uint32_t in[4], out[4];

   vgpu_format_unpack(src, texel, in);
   for (unsigned c = 0; c < 4; c++)
      out[c] = rgba[c].is_constant ? rgba[c].bits : in[rgba[c].component];
   vgpu_format_pack(dst, out, 0xf, expected);
   vgpu_copy_texels(bytes, got, texel, 1);
   if (memcmp(expected, got, vgpu_format_bytes(dst)))
      fail_msg("%s to %s: %08x should be %08x, is %08x", src->name, dst->name,
               *(const uint32_t *)(const void *)texel, *(const uint32_t *)(const void *)expected,
               *(const uint32_t *)(const void *)got);
}

/** Every value of channels of 16 bits at most, beside others at random. */
static void
compare_all(const struct vgpu_format *src, const struct vgpu_format *dst,
            const struct vgpu_copy_component_source rgba[4], const struct vgpu_copy_bytes *bytes,
            uint64_t *seed)
{
   for (uint32_t value = 0; value < 1 << 16; value++) {
      _Alignas(8) uint8_t texel[16];
      uint16_t words[8];

      /* Each word of the texel goes through all values, from another one on. */
      for (unsigned i = 0; i < 8; i++)
         words[i] = (uint16_t)(value + i * 12345 + (value >> 3) * i);
      words[value % 8] = (uint16_t)random32(seed);
      words[0] = (uint16_t)value;
      memcpy(texel, words, sizeof(texel));
      compare(src, dst, rgba, bytes, texel);
   }
}

static void
copied_bytes_are_what_packing_gives(void **state)
{
   static const uint8_t swizzles[][4] = { { 0, 1, 2, 3 }, { 2, 1, 0, 3 }, { 0, 0, 0, 3 } };
   size_t count;
   const struct vgpu_format *formats = vgpu_format_table(&count);
   unsigned identities = 0, others = 0;
   uint64_t seed = 1;

   (void)state;
   for (size_t s = 0; s < count; s++) {
      for (size_t d = 0; d < count; d++) {
         for (unsigned w = 0; w < 3; w++) {
            struct vgpu_copy_component_source rgba[4] = { 0 };
            struct vgpu_copy_bytes bytes;

            if (!(formats[s].uses & VGPU_USE_SAMPLE) || !(formats[d].uses & VGPU_USE_RENDER))
               continue;
            for (unsigned c = 0; c < 4; c++)
               rgba[c].component = swizzles[w][c];
            if (!vgpu_copy_texel_bytes(&formats[s], &formats[d], rgba, &bytes))
               continue;
            identities += bytes.identity;
            others += !bytes.identity;
            if (s == d || (s * count + d) % 97 == 0)
               compare_all(&formats[s], &formats[d], rgba, &bytes, &seed);
            for (unsigned i = 0; i < 64; i++) {
               _Alignas(8) uint32_t texel[4] = {
                  random32(&seed), random32(&seed), random32(&seed), random32(&seed),
               };
               compare(&formats[s], &formats[d], rgba, &bytes, (const uint8_t *)texel);
            }
         }
      }
   }
   print_message("%u identities, %u others\n", identities, others);
   assert_true(identities > 30);
   assert_true(others > 30);
}

static bool
copied(unsigned src, unsigned dst, struct vgpu_copy_bytes *bytes)
{
   const struct vgpu_copy_component_source rgba[4] = {
      { .component = 0 }, { .component = 1 }, { .component = 2 }, { .component = 3 },
   };

   return vgpu_copy_texel_bytes(vgpu_format(src), vgpu_format(dst), rgba, bytes);
}

static void
known_formats(void **state)
{
   struct vgpu_copy_bytes bytes;

   (void)state;
   /* R8G8B8A8_UNORM; B8G8R8A8_UNORM; R8G8B8A8_UNORM_SRGB; R32_FLOAT; R10G10B10A2_UNORM */
   for (unsigned i = 0; i < 5; i++) {
      static const unsigned formats[] = { 0x0c7, 0x0c0, 0x0c8, 0x0d8, 0x0c2 };
      assert_true(copied(formats[i], formats[i], &bytes));
      assert_true(bytes.identity);
   }
   assert_true(copied(0x0c7, 0x0c0, &bytes));
   assert_false(bytes.identity);
   assert_int_equal(bytes.from[0], 2);
   assert_int_equal(bytes.from[3], 3);
   /* R8G8B8X8_UNORM has an alpha of 1, and R8_UNORM no green. */
   assert_true(copied(0x0eb, 0x0c7, &bytes));
   assert_int_equal(bytes.from[3], -1);
   assert_int_equal(bytes.value[3], 0xff);
   assert_true(copied(0x140, 0x0c7, &bytes));
   assert_int_equal(bytes.from[1], -1);
   assert_int_equal(bytes.value[1], 0);
   /* sRGB to linear, SNORM, halves, UINT to UNORM, 10 bits elsewhere, compressed blocks */
   assert_false(copied(0x0c8, 0x0c7, &bytes));
   assert_false(copied(0x0c9, 0x0c9, &bytes));
   assert_false(copied(0x10e, 0x10e, &bytes));
   assert_false(copied(0x0cb, 0x0c7, &bytes));
   assert_false(copied(0x0c2, 0x0d1, &bytes));
   assert_false(copied(0x186, 0x0c7, &bytes));
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_formats),
      cmocka_unit_test(copied_bytes_are_what_packing_gives),
   };

   return cmocka_run_group_tests(tests, NULL, NULL);
}
