/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * What the tests of pinned and of plain client memory share: a picture in a
 * framebuffer object whose every pixel is different, memory with guard bytes
 * around what a transfer may write, and where each pixel must be found.
 */

#ifndef PINNED_COMMON_H
#define PINNED_COMMON_H

#include "piglit-util-gl.h"

#define GUARD 0xa5

/* How a rectangle of RGBA8 lies in memory. */
struct layout {
	const char *name;
	int row_length, skip_pixels, skip_rows, alignment;
	bool invert;
};

static inline uint32_t
picture_pixel(int x, int y)
{
	/* No byte of it is the guard's, and no two pixels below 128x128
	 * are equal.
	 */
	return (x & 0x7f) | (y & 0x7f) << 8 | ((x ^ y) & 0x7f) << 16 |
	       0x7fu << 24;
}

/* A texture with the picture. */
static inline GLuint
picture_texture(int width, int height)
{
	uint32_t *pixels = malloc(width * height * 4);
	GLuint texture;
	int x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++)
			pixels[y * width + x] = picture_pixel(x, y);

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA,
		     GL_UNSIGNED_BYTE, pixels);
	free(pixels);
	return texture;
}

/* Bind a framebuffer object that draws to and reads from the texture. */
static inline GLuint
bind_framebuffer(GLuint texture)
{
	GLuint fbo;

	glGenFramebuffers(1, &fbo);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0,
			       GL_TEXTURE_2D, texture, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) !=
	    GL_FRAMEBUFFER_COMPLETE) {
		printf("The framebuffer object is not complete.\n");
		piglit_report_result(PIGLIT_FAIL);
	}
	return fbo;
}

static inline void
set_pack(const struct layout *l)
{
	glPixelStorei(GL_PACK_ROW_LENGTH, l->row_length);
	glPixelStorei(GL_PACK_SKIP_PIXELS, l->skip_pixels);
	glPixelStorei(GL_PACK_SKIP_ROWS, l->skip_rows);
	glPixelStorei(GL_PACK_ALIGNMENT, l->alignment);
	if (piglit_is_extension_supported("GL_MESA_pack_invert"))
		glPixelStorei(GL_PACK_INVERT_MESA, l->invert);
}

static inline void
set_unpack(const struct layout *l)
{
	glPixelStorei(GL_UNPACK_ROW_LENGTH, l->row_length);
	glPixelStorei(GL_UNPACK_SKIP_PIXELS, l->skip_pixels);
	glPixelStorei(GL_UNPACK_SKIP_ROWS, l->skip_rows);
	glPixelStorei(GL_UNPACK_ALIGNMENT, l->alignment);
}

static const struct layout default_layout = { "default", 0, 0, 0, 4, false };

static inline size_t
layout_stride(const struct layout *l, int width)
{
	return ALIGN((l->row_length ? l->row_length : width) * 4,
		     l->alignment);
}

/* Where the pixel in column x of row y of the rectangle lies. */
static inline size_t
layout_offset(const struct layout *l, int width, int height, int x, int y)
{
	int row = l->invert ? height - 1 - y : y;

	return (l->skip_rows + row) * layout_stride(l, width) +
	       (l->skip_pixels + x) * 4;
}

/* The bytes from the pointer that is given to GL to the last pixel's end. */
static inline size_t
layout_size(const struct layout *l, int width, int height)
{
	return (l->skip_rows + height - 1) * layout_stride(l, width) +
	       (l->skip_pixels + width) * 4;
}

/* Are the picture's pixels from (left, bottom) on at `data`, and is each
 * other byte of the `total` bytes at `memory` the guard?
 */
static inline bool
check_picture(const uint8_t *memory, size_t total, const uint8_t *data,
	      const struct layout *l, int left, int bottom, int width,
	      int height)
{
	uint8_t *expected = malloc(total);
	size_t base = data - memory, i;
	bool pass;
	int x, y;

	memset(expected, GUARD, total);
	for (y = 0; y < height; y++) {
		for (x = 0; x < width; x++) {
			uint32_t pixel = picture_pixel(left + x, bottom + y);
			memcpy(expected + base +
			       layout_offset(l, width, height, x, y),
			       &pixel, 4);
		}
	}

	pass = memcmp(expected, memory, total) == 0;
	for (i = 0; !pass && i < total; i++) {
		if (expected[i] != memory[i]) {
			printf("%s, %dx%d, pointer ...%03x: byte %ld from "
			       "the pointer is 0x%02x instead of 0x%02x%s\n",
			       l->name, width, height,
			       (unsigned)((uintptr_t)data & 0xfff),
			       (long)i - (long)base, memory[i], expected[i],
			       expected[i] == GUARD ? " (a guard)" : "");
			break;
		}
	}
	free(expected);
	return pass;
}

/* A buffer of the application's memory. */
static inline GLuint
pin(void *data, size_t size)
{
	GLuint buffer;

	glGenBuffers(1, &buffer);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, size, data,
		     GL_STREAM_READ);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	return buffer;
}

static inline void
report(bool pass, bool *all, const char *name)
{
	piglit_report_subtest_result(pass ? PIGLIT_PASS : PIGLIT_FAIL, "%s",
				     name);
	*all = *all && pass;
}

#endif
