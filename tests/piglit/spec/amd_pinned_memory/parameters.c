/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * The pack and unpack parameters that rectangles of RGBA8 do not have.
 *
 * SWAP_BYTES for each size of element, IMAGE_HEIGHT and SKIP_IMAGES together
 * with all other parameters for textures with depth, LSB_FIRST for bitmaps.
 * A path for pinned memory may know how to address rows and forget images, or
 * not see that bytes are to be swapped. transfer.c has the others. Pixels
 * drawn by glDrawPixels and glBitmap are in pinned memory too.
 */

#include "pinned-common.h"

static uint8_t *memory;
static GLuint buffer;

#define BYTES (64 * PAGE_BYTES)
#define WIDTH 13
#define HEIGHT 7
#define DEPTH 5

/* Every byte of it is another, as far as there are as many. */
static void
fill(uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		data[i] = (i * 29 + i / 251) % 0x7b + 1;
}

static bool
check(const uint8_t *data, const uint8_t *expected, size_t size,
      const char *what)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] != expected[i]) {
			printf("%s: byte %zu is 0x%02x instead of 0x%02x\n",
			       what, i, data[i], expected[i]);
			return false;
		}
	}
	return true;
}

static const struct swap {
	const char *extension;
	GLenum internal, format, type;
	int bytes, element;
} swaps[] = {
	{ "GL_ARB_texture_rg", GL_R16, GL_RED, GL_UNSIGNED_SHORT, 2, 2 },
	{ NULL, GL_RGBA16, GL_RGBA, GL_UNSIGNED_SHORT, 8, 2 },
	{ NULL, GL_RGBA8, GL_RGBA, GL_UNSIGNED_INT_8_8_8_8, 4, 4 },
	{ NULL, GL_RGBA8, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, 4, 4 },
	{ NULL, GL_RGBA4, GL_RGBA, GL_UNSIGNED_SHORT_4_4_4_4, 2, 2 },
	{ NULL, GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, 1 },
	{ "GL_EXT_texture_integer", GL_R32UI, GL_RED_INTEGER,
	  GL_UNSIGNED_INT, 4, 4 },
};

static bool
swap_bytes(const struct swap *s)
{
	const size_t size = WIDTH * HEIGHT * s->bytes;
	uint8_t *data = malloc(size), *swapped = malloc(size);
	GLuint texture;
	bool pass;
	size_t i;

	fill(data, size);
	for (i = 0; i < size; i++)
		swapped[i] = data[i / s->element * s->element +
				  s->element - 1 - i % s->element];

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, s->internal, WIDTH, HEIGHT, 0,
		     s->format, s->type, data);
	memset(memory, GUARD, BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glPixelStorei(GL_PACK_SWAP_BYTES, 1);
	glGetTexImage(GL_TEXTURE_2D, 0, s->format, s->type, NULL);
	glPixelStorei(GL_PACK_SWAP_BYTES, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check(memory, swapped, size, "packed") &&
	       check_bytes(memory + size, BYTES - size, GUARD, "behind");

	glTexImage2D(GL_TEXTURE_2D, 0, s->internal, WIDTH, HEIGHT, 0,
		     s->format, s->type, NULL);
	memcpy(memory, swapped, size);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glPixelStorei(GL_UNPACK_SWAP_BYTES, 1);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT, s->format,
			s->type, NULL);
	glPixelStorei(GL_UNPACK_SWAP_BYTES, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glGetTexImage(GL_TEXTURE_2D, 0, s->format, s->type, swapped);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check(swapped, data, size, "unpacked") && pass;
	glDeleteTextures(1, &texture);
	free(data);
	free(swapped);
	return pass;
}

static enum piglit_result
test_swap_bytes(void *unused)
{
	bool pass = true;
	unsigned i;

	glPixelStorei(GL_PACK_ALIGNMENT, 1);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	for (i = 0; i < ARRAY_SIZE(swaps); i++) {
		if (swaps[i].extension &&
		    !piglit_is_extension_supported(swaps[i].extension))
			continue;
		if (!swap_bytes(&swaps[i])) {
			printf("%s %s\n",
			       piglit_get_gl_enum_name(swaps[i].internal),
			       piglit_get_gl_enum_name(swaps[i].type));
			pass = false;
		}
	}
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
	return result_of(pass);
}

/* How a box of RGBA8 lies in memory. */
struct box {
	int row_length, image_height, skip_pixels, skip_rows, skip_images;
	int alignment;
};

static const struct box boxes[] = {
	{ 0, 0, 0, 0, 0, 4 },
	{ 0, 11, 0, 0, 0, 4 },
	{ 0, 0, 0, 0, 3, 4 },
	{ 0, 12, 0, 0, 2, 8 },
	{ 19, 11, 3, 2, 1, 8 },
	{ 17, 0, 0, 0, 2, 1 },
	{ 0, 9, 0, 5, 0, 2 },
};

static size_t
box_offset(const struct box *b, int x, int y, int z)
{
	const size_t row = ALIGN((b->row_length ? b->row_length : WIDTH) * 4,
				 b->alignment);
	const size_t image = row * (b->image_height ? b->image_height :
						      HEIGHT);

	return (b->skip_images + z) * image + (b->skip_rows + y) * row +
	       (b->skip_pixels + x) * 4;
}

static uint32_t
voxel(int x, int y, int z)
{
	return picture_pixel(x + 16 * z, y + z);
}

static void
fill_box(uint8_t *data, const struct box *b)
{
	int x, y, z;

	for (z = 0; z < DEPTH; z++) {
		for (y = 0; y < HEIGHT; y++) {
			for (x = 0; x < WIDTH; x++) {
				uint32_t value = voxel(x, y, z);
				memcpy(data + box_offset(b, x, y, z), &value,
				       4);
			}
		}
	}
}

static void
set_box(const struct box *b, bool pack)
{
	glPixelStorei(pack ? GL_PACK_ROW_LENGTH : GL_UNPACK_ROW_LENGTH,
		      b->row_length);
	glPixelStorei(pack ? GL_PACK_IMAGE_HEIGHT : GL_UNPACK_IMAGE_HEIGHT,
		      b->image_height);
	glPixelStorei(pack ? GL_PACK_SKIP_PIXELS : GL_UNPACK_SKIP_PIXELS,
		      b->skip_pixels);
	glPixelStorei(pack ? GL_PACK_SKIP_ROWS : GL_UNPACK_SKIP_ROWS,
		      b->skip_rows);
	glPixelStorei(pack ? GL_PACK_SKIP_IMAGES : GL_UNPACK_SKIP_IMAGES,
		      b->skip_images);
	glPixelStorei(pack ? GL_PACK_ALIGNMENT : GL_UNPACK_ALIGNMENT,
		      b->alignment);
}

static enum piglit_result
test_boxes(GLenum target)
{
	static const size_t at = 64;
	uint8_t *expected = malloc(BYTES), *read = malloc(BYTES);
	bool pass = true;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(boxes); i++) {
		const struct box *b = &boxes[i];
		GLuint texture;
		bool good;

		memset(memory, GUARD, BYTES);
		fill_box(memory + at, b);
		memcpy(expected, memory, BYTES);

		glGenTextures(1, &texture);
		glBindTexture(target, texture);
		glTexImage3D(target, 0, GL_RGBA8, WIDTH, HEIGHT, DEPTH, 0,
			     GL_RGBA, GL_UNSIGNED_BYTE, NULL);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
		set_box(b, false);
		glTexSubImage3D(target, 0, 0, 0, 0, WIDTH, HEIGHT, DEPTH,
				GL_RGBA, GL_UNSIGNED_BYTE, (void *)at);
		set_box(&boxes[0], false);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);

		memset(read, GUARD, BYTES);
		set_box(b, true);
		glGetTexImage(target, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			      read + at);
		good = piglit_check_gl_error(GL_NO_ERROR) &&
		       check(read, expected, BYTES, "unpacked") &&
		       check(memory, expected, BYTES, "after unpacking");

		memset(memory, GUARD, BYTES);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		glGetTexImage(target, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			      (void *)at);
		set_box(&boxes[0], true);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		glFinish();
		good = piglit_check_gl_error(GL_NO_ERROR) &&
		       check(memory, expected, BYTES, "packed") && good;
		if (!good)
			printf("box %u\n", i);
		pass = good && pass;
		glDeleteTextures(1, &texture);
	}
	free(expected);
	free(read);
	return result_of(pass);
}

static enum piglit_result
test_3d(void *unused)
{
	return test_boxes(GL_TEXTURE_3D);
}

static enum piglit_result
test_2d_array(void *unused)
{
	if (!piglit_is_extension_supported("GL_EXT_texture_array"))
		return PIGLIT_SKIP;
	return test_boxes(GL_TEXTURE_2D_ARRAY);
}

static uint8_t
reverse(uint8_t byte)
{
	int i, bits = 0;

	for (i = 0; i < 8; i++)
		bits |= (byte >> i & 1) << (7 - i);
	return bits;
}

/* The stipple pattern is a bitmap that goes both ways. */
static enum piglit_result
test_lsb_first(void *unused)
{
	uint8_t pattern[128], expected[128], read[128];
	bool pass;
	int i;

	fill(pattern, sizeof(pattern));
	for (i = 0; i < 128; i++)
		expected[i] = reverse(pattern[i]);

	memset(memory, GUARD, BYTES);
	memcpy(memory + 64, pattern, 128);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glPixelStorei(GL_UNPACK_LSB_FIRST, 1);
	glPolygonStipple((void *)64);
	glPixelStorei(GL_UNPACK_LSB_FIRST, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glGetPolygonStipple(read);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check(read, expected, 128, "unpacked");

	memset(memory, GUARD, BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glPixelStorei(GL_PACK_LSB_FIRST, 1);
	glGetPolygonStipple((void *)64);
	glPixelStorei(GL_PACK_LSB_FIRST, 0);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check(memory + 64, pattern, 128, "packed") &&
	       check_bytes(memory, 64, GUARD, "before") &&
	       check_bytes(memory + 192, BYTES - 192, GUARD, "behind") &&
	       pass;
	return result_of(pass);
}

/* Draw to a framebuffer object of its own, black at first; read it. */
static void
start_drawing(GLuint *texture, GLuint *fbo)
{
	*texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	*fbo = bind_framebuffer(*texture);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	glClearColor(0, 0, 0, 0);
	glClear(GL_COLOR_BUFFER_BIT);
	glWindowPos2i(0, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
}

static void
end_drawing(GLuint texture, GLuint fbo, uint8_t *read)
{
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glReadPixels(0, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     read);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
}

static enum piglit_result
test_draw_pixels(void *unused)
{
	uint8_t read[PAGE_BYTES];
	GLuint texture, fbo;

	memset(memory, GUARD, BYTES);
	fill_picture(memory + 192, &default_layout, 3, 0, PAGE_WIDTH,
		     PAGE_WIDTH);
	start_drawing(&texture, &fbo);
	glDrawPixels(PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     (void *)192);
	end_drawing(texture, fbo, read);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) &&
			 check_page(read, 3));
}

static enum piglit_result
draw_bitmap(bool lsb_first)
{
	uint8_t read[PAGE_BYTES];
	GLuint texture, fbo;
	bool pass;
	int x, y;

	fill(memory, PAGE_WIDTH * PAGE_WIDTH / 8 + 16);
	start_drawing(&texture, &fbo);
	glPixelStorei(GL_UNPACK_LSB_FIRST, lsb_first);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glColor4f(1, 1, 1, 1);
	glWindowPos2i(0, 0);
	glBitmap(PAGE_WIDTH, PAGE_WIDTH, 0, 0, 0, 0, (void *)16);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
	glPixelStorei(GL_UNPACK_LSB_FIRST, 0);
	end_drawing(texture, fbo, read);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	for (y = 0; pass && y < PAGE_WIDTH; y++) {
		for (x = 0; pass && x < PAGE_WIDTH; x++) {
			uint8_t byte = memory[16 + (y * PAGE_WIDTH + x) / 8];
			int bit = lsb_first ? x % 8 : 7 - x % 8;
			uint8_t right = byte >> bit & 1 ? 0xff : 0;

			if (read[(y * PAGE_WIDTH + x) * 4] != right) {
				printf("(%d,%d) should be %s\n", x, y,
				       right ? "drawn" : "left");
				pass = false;
			}
		}
	}
	return result_of(pass);
}

static enum piglit_result
test_bitmap(void *unused)
{
	return draw_bitmap(false);
}

static enum piglit_result
test_bitmap_lsb_first(void *unused)
{
	return draw_bitmap(true);
}

/* Each level of a texture and each face of a cube, both ways. */
static bool
image(GLenum target, int level, int size, int left)
{
	const size_t at = 128, bytes = size * size * 4;
	uint8_t *read = malloc(bytes);
	bool pass;

	memset(memory, GUARD, BYTES);
	fill_picture(memory + at, &default_layout, left, level, size, size);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(target, level, 0, 0, size, size, GL_RGBA,
			GL_UNSIGNED_BYTE, (void *)at);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glGetTexImage(target, level, GL_RGBA, GL_UNSIGNED_BYTE, read);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_picture(read, bytes, read, &default_layout, left, level,
			     size, size);
	memset(memory, GUARD, BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glGetTexImage(target, level, GL_RGBA, GL_UNSIGNED_BYTE, (void *)at);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_picture(memory, BYTES, memory + at, &default_layout,
			     left, level, size, size) && pass;
	free(read);
	return pass;
}

static enum piglit_result
test_levels(void *unused)
{
	GLuint texture;
	bool pass = true;
	int level;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	for (level = 0; level < 6; level++)
		glTexImage2D(GL_TEXTURE_2D, level, GL_RGBA8, 32 >> level,
			     32 >> level, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	for (level = 0; level < 6; level++)
		pass = image(GL_TEXTURE_2D, level, 32 >> level, 3 + level) &&
		       pass;
	glDeleteTextures(1, &texture);
	return result_of(pass);
}

static enum piglit_result
test_faces(void *unused)
{
	GLuint texture;
	bool pass = true;
	int face;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_CUBE_MAP, texture);
	for (face = 0; face < 6; face++)
		glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, 0,
			     GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			     NULL);
	for (face = 0; face < 6; face++)
		pass = image(GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, 0, 16,
			     5 * face) && pass;
	glDeleteTextures(1, &texture);
	return result_of(pass);
}

/* Scale and bias, which a path that copies bytes must not skip. */
static enum piglit_result
test_pixel_transfer(void *unused)
{
	const struct { int x, y; } size = { PAGE_WIDTH, PAGE_WIDTH };
	bool pass;
	int x, y;

	memset(memory, GUARD, BYTES);
	glPixelTransferf(GL_RED_SCALE, 0.5);
	glPixelTransferf(GL_ALPHA_BIAS, 1.0);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glReadPixels(0, 0, size.x, size.y, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glPixelTransferf(GL_RED_SCALE, 1.0);
	glPixelTransferf(GL_ALPHA_BIAS, 0.0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_bytes(memory + PAGE_BYTES, BYTES - PAGE_BYTES, GUARD,
			   "behind");
	for (y = 0; pass && y < size.y; y++) {
		for (x = 0; pass && x < size.x; x++) {
			const uint8_t *got = memory + (y * size.x + x) * 4;
			uint32_t right = picture_pixel(x, y);

			if (abs(2 * got[0] - (int)(right & 0xff)) > 1 ||
			    got[1] != (right >> 8 & 0xff) ||
			    got[2] != (right >> 16 & 0xff) ||
			    got[3] != 0xff) {
				printf("(%d,%d) is %02x %02x %02x %02x\n", x,
				       y, got[0], got[1], got[2], got[3]);
				pass = false;
			}
		}
	}
	return result_of(pass);
}

static const struct piglit_subtest subtests[] = {
	{ "swap bytes", "swap-bytes", test_swap_bytes },
	{ "images of a 3D texture", "3d", test_3d },
	{ "images of an array texture", "2d-array", test_2d_array },
	{ "levels", "levels", test_levels },
	{ "faces of a cube", "faces", test_faces },
	{ "pixel transfer", "pixel-transfer", test_pixel_transfer },
	{ "LSB first", "lsb-first", test_lsb_first },
	{ "glDrawPixels", "draw-pixels", test_draw_pixels },
	{ "glBitmap", "bitmap", test_bitmap },
	{ "glBitmap, LSB first", "bitmap-lsb-first", test_bitmap_lsb_first },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	memory = piglit_alloc_aligned(piglit_get_page_size(), BYTES);
	buffer = pin(memory, BYTES);
	if (!piglit_check_gl_error(GL_NO_ERROR))
		piglit_report_result(PIGLIT_FAIL);
	pinned_run(piglit_config);
}
