/*
 * SPDX-License-Identifier: MIT
 *
 * Surfaces: where texels are, bounds, and what state faults. The offsets follow from the PRM's
 * formulas, worked out by hand.
 */

#include "surface_test.h"

#include <string.h>

#define R8_UINT 0x143
#define R8G8B8A8_UINT 0x0cb
#define BC3_UNORM 0x188
#define R32G32B32A32_UINT 0x002
#define BC1_UNORM 0x186

static struct vgpu_surface *
surface(struct surface_test *t, const struct test_surface *s)
{
   test_bind(t, 3, s);
   struct vgpu_surface *result = vgpu_shader_env_surface(&t->env, 3);
   assert_non_null(result);
   return result;
}

static uint32_t
offset(const struct vgpu_surface *s, uint32_t lod, uint32_t layer, uint32_t x, uint32_t y)
{
   return vgpu_surface_texel_address(s, lod, layer, x, y) - TEXTURE;
}

static void
lods_of_2d(void **state)
{
   struct surface_test *t = *state;
   /* 35 x 19, align 4 x 2: LOD 1 is 17 x 9 below 20 rows, LOD 2 8 x 4 at column 20, LOD 3 4 x 2 */
   struct vgpu_surface *s = surface(t, &(struct test_surface){
      .type = VGPU_SURFACE_2D, .format = R8_UINT, .address = TEXTURE, .width = 35, .height = 19,
      .depth = 4, .array = true, .pitch = 64, .mip_count = 5 });

   assert_int_equal(offset(s, 0, 0, 34, 18), 18 * 64 + 34);
   assert_int_equal(offset(s, 1, 0, 0, 0), 20 * 64);
   assert_int_equal(offset(s, 2, 0, 0, 0), 20 * 64 + 20);
   assert_int_equal(offset(s, 3, 0, 0, 0), 24 * 64 + 20);
   assert_int_equal(offset(s, 4, 0, 0, 0), 26 * 64 + 20);
   assert_int_equal(offset(s, 5, 0, 0, 0), 28 * 64 + 20);
   /* QPitch: 20 + 10 + 12 * 2 */
   assert_int_equal(offset(s, 0, 1, 0, 0), 54 * 64);
   assert_int_equal(offset(s, 2, 3, 1, 1), (3 * 54 + 21) * 64 + 21);
}

static void
array_spacing_of_one_lod(void **state)
{
   struct surface_test *t = *state;
   struct vgpu_surface *s = surface(t, &(struct test_surface){
      .type = VGPU_SURFACE_2D, .format = R8_UINT, .address = TEXTURE, .width = 35, .height = 19,
      .depth = 4, .array = true, .pitch = 64, .lod0_spacing = true, .valign4 = true });

   assert_int_equal(offset(s, 0, 3, 0, 0), 3 * 20 * 64);
}

static void
slices_of_3d(void **state)
{
   struct surface_test *t = *state;
   struct vgpu_surface *s = surface(t, &(struct test_surface){
      .type = VGPU_SURFACE_3D, .format = R8_UINT, .address = TEXTURE, .width = 12, .height = 10,
      .depth = 5, .pitch = 64, .mip_count = 3, .view_extent = 5 });

   assert_int_equal(offset(s, 0, 4, 1, 2), (40 + 2) * 64 + 1);
   /* LOD 1: two slices in a row of two, below 5 * 10 rows, each 8 x 6 */
   assert_int_equal(offset(s, 1, 0, 0, 0), 50 * 64);
   assert_int_equal(offset(s, 1, 1, 0, 0), 50 * 64 + 8);
   /* LOD 2: one slice, below one row of 6 */
   assert_int_equal(offset(s, 2, 0, 0, 0), 56 * 64);
   assert_true(vgpu_surface_contains(s, 1, 1, 5, 4));
   assert_false(vgpu_surface_contains(s, 1, 2, 0, 0));
   assert_false(vgpu_surface_contains(s, 1, 0, 6, 0));
   assert_false(vgpu_surface_contains(s, 1, 0, 0, 5));
}

static void
tiles_and_offsets(void **state)
{
   struct surface_test *t = *state;
   struct test_surface desc = { .type = VGPU_SURFACE_2D, .format = R8G8B8A8_UINT,
                                .address = TEXTURE, .width = 256, .height = 64, .pitch = 1024,
                                .tile = VGPU_TILING_X };
   struct vgpu_surface *s = surface(t, &desc);

   assert_int_equal(offset(s, 0, 0, 130, 9), 8 * 1024 + 4096 + 512 + 8);
   desc.x_offset = 8;
   desc.y_offset = 4;
   s = surface(t, &desc);
   assert_int_equal(offset(s, 0, 0, 122, 5), 8 * 1024 + 4096 + 512 + 8);
   desc = (struct test_surface){ .type = VGPU_SURFACE_2D, .format = R8G8B8A8_UINT,
                                 .address = TEXTURE, .width = 256, .height = 64, .pitch = 1024,
                                 .tile = VGPU_TILING_Y, .valign4 = true };
   s = surface(t, &desc);
   assert_int_equal(offset(s, 0, 0, 33, 34), 32 * 1024 + 4096 + 2 * 16 + 4);
   assert_int_equal(offset(s, 0, 0, 5, 1), 512 + 16 + 4);
}

static void
compressed_lods(void **state)
{
   struct surface_test *t = *state;
   /* 4 x 4 blocks of 8 bytes: 10 x 9 are 3 x 3 blocks */
   struct vgpu_surface *s = surface(t, &(struct test_surface){
      .type = VGPU_SURFACE_2D, .format = BC1_UNORM, .address = TEXTURE, .width = 10, .height = 9,
      .depth = 2, .array = true, .pitch = 64, .mip_count = 3 });

   assert_int_equal(offset(s, 0, 0, 9, 8), 2 * 64 + 16);
   assert_int_equal(offset(s, 1, 0, 4, 3), 3 * 64 + 8);
   assert_int_equal(offset(s, 2, 0, 0, 0), 3 * 64 + 16);
   assert_int_equal(offset(s, 3, 0, 0, 0), 4 * 64 + 16);
   /* (12 + 4 + 48) / 4 rows of blocks */
   assert_int_equal(offset(s, 0, 1, 0, 0), 16 * 64);
}

static void
rows_and_texels(void **state)
{
   struct surface_test *t = *state;
   uint8_t row[4 * 40], back[4 * 40];
   struct test_surface desc = { .type = VGPU_SURFACE_2D, .format = R8G8B8A8_UINT,
                                .address = TEXTURE, .width = 100, .height = 40, .pitch = 512,
                                .valign4 = true };

   for (unsigned i = 0; i < sizeof(row); i++)
      row[i] = (uint8_t)(i * 7 + 1);
   for (desc.tile = VGPU_TILING_LINEAR; desc.tile <= VGPU_TILING_Y; desc.tile++) {
      struct vgpu_surface *s = surface(t, &desc);
      uint32_t rgba[4];

      memset(test_memory(t, TEXTURE), 0, 0x10000);
      assert_true(vgpu_surface_write_row(s, 0, 0, 27, 35, 40, row));
      assert_true(vgpu_surface_read_row(s, 0, 0, 27, 35, 40, back));
      assert_memory_equal(row, back, sizeof(row));
      for (unsigned i = 0; i < 40; i++) {
         assert_true(vgpu_surface_fetch(s, 0, 0, 27 + i, 35, rgba));
         for (unsigned c = 0; c < 4; c++)
            assert_int_equal(rgba[c], row[4 * i + c]);
      }
      assert_true(vgpu_surface_fetch(s, 0, 0, 26, 35, rgba));
      assert_int_equal(rgba[0] | rgba[1] | rgba[2] | rgba[3], 0);
      assert_true(vgpu_surface_store(s, 0, 0, 3, 4, (uint32_t[]){ 1, 2, 3, 4 }, 5));
      assert_true(vgpu_surface_fetch(s, 0, 0, 3, 4, rgba));
      assert_int_equal(rgba[0], 1);
      assert_int_equal(rgba[1], 0);
      assert_int_equal(rgba[2], 3);
      /* outside: nothing happens */
      assert_true(vgpu_surface_store(s, 0, 0, 100, 0, (uint32_t[]){ 1, 2, 3, 4 }, 15));
      assert_true(vgpu_surface_store(s, 0, 1, 0, 0, (uint32_t[]){ 1, 2, 3, 4 }, 15));
      assert_true(vgpu_surface_fetch(s, 0, 0, 0, 40, rgba));
      assert_int_equal(rgba[3], 0);
   }
   assert_false(t->faulted);
}

static void
buffers_have_an_end(void **state)
{
   struct surface_test *t = *state;
   uint32_t rgba[4];

   test_bind_buffer(t, 1, R32G32B32A32_UINT, TEXTURE + 0xff8, 300, 16);
   struct vgpu_surface *s = vgpu_shader_env_surface(&t->env, 1);
   assert_non_null(s);
   assert_int_equal(s->num_entries, 300);
   assert_int_equal(s->size_bytes, 4800);
   assert_true(vgpu_surface_store_entry(s, 0, (uint32_t[]){ 1, 2, 3, 4 }, 15));
   assert_true(vgpu_surface_store_entry(s, 300, (uint32_t[]){ 9, 9, 9, 9 }, 15));
   assert_true(vgpu_surface_fetch_entry(s, 0, rgba));
   assert_int_equal(rgba[3], 4);
   assert_true(vgpu_surface_fetch_entry(s, 300, rgba));
   assert_int_equal(rgba[0], 0);
   assert_int_equal(*test_memory(t, TEXTURE + 0xff8 + 4800), 0);
}

static void
sample_offset(const struct vgpu_surface *s, uint32_t sample, uint32_t x, uint32_t y,
              uint32_t want)
{
   uint32_t layer = 1;

   vgpu_surface_place_sample(s, sample, &x, &y, &layer);
   assert_true(vgpu_surface_contains(s, 0, layer, x, y));
   assert_int_equal(offset(s, 0, layer, x, y), want);
}

/* Samples are array elements, or of depth and stencil in squares of 2 x 2 next to each other. */
static void
samples(void **state)
{
   struct surface_test *t = *state;
   const struct test_surface base = {
      .type = VGPU_SURFACE_2D, .format = R8_UINT, .address = TEXTURE, .width = 13, .height = 7,
      .depth = 2, .array = true, .pitch = 64, .lod0_spacing = true, .valign4 = true };
   const uint32_t state_address = MEMORY_ADDRESS + BINDING_TABLE + 0x400;
   struct vgpu_surface s;

   for (unsigned eight = 0; eight < 2; eight++) {
      test_bind(t, 0, &base);
      test_set(t, state_address, 131, 133, 2 + eight);
      assert_true(vgpu_surface_from_state(&t->engine, state_address, &s));
      sample_offset(&s, 3, 12, 6, ((eight ? 8 : 4) + 3) * 8 * 64 + 6 * 64 + 12);
      test_set(t, state_address, 134, 134, 1);
      assert_true(vgpu_surface_from_state(&t->engine, state_address, &s));
      assert_int_equal(s.width, 13);
      sample_offset(&s, 0, 12, 6, (16 + 12) * 64 + (eight ? 48 : 24));
      sample_offset(&s, 3, 5, 3, (16 + 7) * 64 + (eight ? 19 : 11));
      if (eight)
         sample_offset(&s, 6, 5, 3, (16 + 7) * 64 + 21);
   }
}

/* An entry of the MCS: cleared, all in the first place, and each sample in its own. */
static void
samples_come_to_their_own_places(void **state)
{
   struct surface_test *t = *state;
   const struct test_surface base = {
      .type = VGPU_SURFACE_2D, .format = R8_UINT, .address = TEXTURE, .width = 16, .height = 8,
      .pitch = 128, .tile = VGPU_TILING_Y, .lod0_spacing = true, .valign4 = true };
   const uint32_t state_address = MEMORY_ADDRESS + BINDING_TABLE + 0x400;
   const uint32_t mcs_address = TEXTURE + 0x8000;
   struct vgpu_surface s;
   uint32_t mcs;

   test_bind(t, 0, &base);
   test_set(t, state_address, 131, 133, 2);
   test_set(t, state_address, 192, 192, 1);
   test_set(t, state_address, 204, 223, mcs_address >> 12);
   test_set(t, state_address, 252, 255, 8); /* red */
   assert_true(vgpu_surface_from_state(&t->engine, state_address, &s));
   memset(test_memory(t, mcs_address), 0, 4096);
   *test_memory(t, vgpu_surface_texel_address(&s, 0, 0, 2, 3)) = 9;
   assert_true(vgpu_surface_clear_mcs(&s, 0, 1, 3));
   assert_int_equal(*test_memory(t, mcs_address + 3 * 16 + 1), 0xff);
   assert_true(vgpu_surface_read_mcs(&s, 0, 1, 3, &mcs));
   assert_int_equal(mcs, VGPU_MCS_CLEAR);
   for (unsigned x = 1; x <= 2; x++) {
      assert_true(vgpu_surface_expand(&s, 0, 0, x, 3));
      assert_true(vgpu_surface_read_mcs(&s, 0, x, 3, &mcs));
      assert_int_equal(mcs, 0xe4);
      for (unsigned sample = 0; sample < 4; sample++) {
         assert_int_equal(vgpu_surface_mcs_place(&s, mcs, sample), sample);
         assert_int_equal(*test_memory(t, vgpu_surface_texel_address(&s, 0, sample, x, 3)),
                          x == 1 ? 1 : 9);
      }
   }
   /* Once they are there they stay. */
   *test_memory(t, vgpu_surface_texel_address(&s, 0, 0, 2, 3)) = 5;
   assert_true(vgpu_surface_expand(&s, 0, 0, 2, 3));
   assert_int_equal(*test_memory(t, vgpu_surface_texel_address(&s, 0, 1, 2, 3)), 9);
}

static void
bad_state_faults_by_name(void **state)
{
   struct surface_test *t = *state;
   const struct test_surface good = { .type = VGPU_SURFACE_2D, .format = R8G8B8A8_UINT,
                                      .address = TEXTURE, .width = 64, .height = 64,
                                      .pitch = 512, .tile = VGPU_TILING_X };
   static const struct {
      unsigned start, end;
      uint32_t value;
      const char *text;
   } cases[] = {
      { 131, 133, 1, "reserved Number of Multisamples" },
      { 157, 158, 1, "Render Target Rotation" },
      { 18, 26, 0x009, "Surface Format 0x009 does not exist" },
      { 18, 26, 0x182, "YCRCB_NORMAL" },
      { 29, 31, 6, "reserved Surface Type" },
      { 96, 113, 500, "Surface Pitch" },
      { 32, 63, TEXTURE + 64, "Surface Base Address" },
      { 160, 163, 15, "MIP Count" },
      { 12, 12, 1, "Vertical Line Stride" },
   };

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      test_bind(t, 0, &good);
      test_set(t, MEMORY_ADDRESS + BINDING_TABLE + 0x400, cases[i].start, cases[i].end,
               cases[i].value);
      test_expect_fault(t, vgpu_shader_env_surface(&t->env, 0) != NULL, cases[i].text);
   }
   /* Blocks are of images: a buffer has texels one after the other. */
   test_bind_buffer(t, 0, BC3_UNORM, TEXTURE, 64, 16);
   test_expect_fault(t, vgpu_shader_env_surface(&t->env, 0) != NULL,
                     "Surface Format BC3_UNORM of a buffer");
   t->env.binding_table = 0x7f000000;
   test_expect_fault(t, vgpu_shader_env_surface(&t->env, 0) != NULL, "no memory");
}

int
main(void)
{
#define TEST(name)                                                                              \
   cmocka_unit_test_setup_teardown(name, surface_test_setup, surface_test_teardown)
   const struct CMUnitTest tests[] = {
      TEST(lods_of_2d),       TEST(array_spacing_of_one_lod), TEST(slices_of_3d),
      TEST(tiles_and_offsets), TEST(compressed_lods),          TEST(rows_and_texels),
      TEST(buffers_have_an_end), TEST(samples),
      TEST(samples_come_to_their_own_places), TEST(bad_state_faults_by_name),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
