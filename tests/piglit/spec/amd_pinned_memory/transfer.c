/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pixel transfers to and from pinned memory at any place in a page.
 *
 * The extension pins memory of any address and size that can be mapped to
 * the GPU. Kernels pin whole pages, so a driver must round and keep the
 * offset in the first page. Checked are pointers at offsets in a page and
 * sizes that end inside one, each with every pack and unpack parameter of
 * rectangles. No byte but those of the pixels may change.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_HAS_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define TOTAL (128 * 1024)

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "alignment-1", 0, 0, 0, 1, false },
	{ "alignment-2", 0, 0, 0, 2, false },
	{ "alignment-8", 0, 0, 0, 8, false },
	{ "row-length", 50, 0, 0, 4, false },
	{ "skip-pixels", 50, 7, 0, 1, false },
	{ "skip-rows", 0, 0, 5, 4, false },
	{ "all", 61, 3, 2, 8, false },
	{ "invert", 0, 0, 0, 4, true },
	{ "invert-all", 61, 3, 2, 8, true },
};

static const unsigned offsets[] = {
	0, 64, 320, 2048, 4032,
	/* These may be refused. */
	4, 16, 68, 4092,
};

static enum piglit_result
pack(uint8_t *memory, size_t offset, const struct layout *l, int width,
     int height)
{
	uint8_t *data = memory + offset;
	enum piglit_result result;
	GLuint buffer;

	memset(memory, GUARD, TOTAL);
	buffer = pin(data, layout_size(l, width, height));
	result = taken(data);
	if (result == PIGLIT_PASS) {
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		set_pack(l);
		glReadPixels(5, 3, width, height, GL_RGBA, GL_UNSIGNED_BYTE,
			     NULL);
		set_pack(&default_layout);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		glFinish();
		if (!piglit_check_gl_error(GL_NO_ERROR) ||
		    !check_picture(memory, TOTAL, data, l, 5, 3, width,
				   height))
			result = PIGLIT_FAIL;
	}
	glDeleteBuffers(1, &buffer);
	return result;
}

static enum piglit_result
unpack(uint8_t *memory, size_t offset, const struct layout *l, int width,
       int height)
{
	uint8_t *data = memory + offset;
	enum piglit_result result;
	GLuint buffer, texture;

	memset(memory, GUARD, TOTAL);
	fill_picture(data, l, 0, 0, width, height);
	texture = empty_texture(width, height);
	buffer = pin(data, layout_size(l, width, height));
	result = taken(data);
	if (result == PIGLIT_PASS) {
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
		set_unpack(l);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height,
				GL_RGBA, GL_UNSIGNED_BYTE, NULL);
		set_unpack(&default_layout);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		if (!piglit_check_gl_error(GL_NO_ERROR) ||
		    !check_texture(texture, 0, 0, width, height) ||
		    !check_picture(memory, TOTAL, data, l, 0, 0, width,
				   height))
			result = PIGLIT_FAIL;
	}
	glDeleteBuffers(1, &buffer);
	glDeleteTextures(1, &texture);
	return result;
}

void
piglit_init(int argc, char **argv)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = piglit_alloc_aligned(page, TOTAL);
	enum piglit_result all = PIGLIT_SKIP;
	unsigned i, j;
	char name[80];

	pinned_init();
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			const struct layout *l = &layouts[i];
			size_t offset = page + offsets[j];

			if (!l->invert) {
				snprintf(name, sizeof(name),
					 "unpack %s offset %u", l->name,
					 offsets[j]);
				report(unpack(memory, offset, l, 41, 37),
				       &all, name);
			} else if (!piglit_is_extension_supported(
						"GL_MESA_pack_invert")) {
				continue;
			}
			snprintf(name, sizeof(name), "pack %s offset %u",
				 l->name, offsets[j]);
			report(pack(memory, offset, l, 41, 37), &all, name);
		}
	}
	report(pack(memory, page, &default_layout, 1, 1), &all,
	       "pack 4 bytes");
	report(pack(memory, page, &default_layout, 32, 32), &all,
	       "pack one page");
	report(pack(memory, 2 * page - 64, &default_layout, 32, 1), &all,
	       "pack 128 bytes across pages");

	piglit_free_aligned(memory);
	piglit_report_result(all);
}
