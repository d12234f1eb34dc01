/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * glReadPixels and glGetTexImage into plain client memory of any alignment.
 *
 * A driver may have the GPU write client memory, whose pages it then wraps.
 * So pointers at every offset in a cache line and at others in a page are
 * read to, odd ones included, with each pack parameter; no byte before,
 * between or behind the pixels may change.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define SIZE 64
#define TOTAL (64 * 1024)

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "row-length", 70, 0, 0, 4, false },
	{ "skips", 80, 7, 3, 1, false },
	{ "alignment-8", 67, 0, 0, 8, false },
	{ "invert", 0, 0, 0, 4, true },
	{ "invert-all", 81, 3, 0, 8, true },
};

static bool
test(uint8_t *memory, unsigned offset, const struct layout *l, bool texture)
{
	int left = texture ? 0 : 5, bottom = texture ? 0 : 3;
	int width = texture ? SIZE : 41, height = texture ? SIZE : 37;

	memset(memory, GUARD, TOTAL);
	set_pack(l);
	if (texture)
		glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			      memory + offset);
	else
		glReadPixels(left, bottom, width, height, GL_RGBA,
			     GL_UNSIGNED_BYTE, memory + offset);
	set_pack(&default_layout);
	return piglit_check_gl_error(GL_NO_ERROR) &&
	       check_picture(memory, TOTAL, memory + offset, l, left, bottom,
			     width, height);
}

void
piglit_init(int argc, char **argv)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = piglit_alloc_aligned(page, TOTAL);
	enum piglit_result all = PIGLIT_SKIP;
	int texture;
	unsigned i, offset;
	char name[80];

	piglit_require_extension("GL_ARB_framebuffer_object");
	bind_framebuffer(picture_texture(SIZE, SIZE));

	for (texture = 0; texture < 2; texture++) {
		for (i = 0; i < ARRAY_SIZE(layouts); i++) {
			bool pass = true;

			/* glGetTexImage has no inverted rows. */
			if (layouts[i].invert &&
			    (texture || !piglit_is_extension_supported(
						"GL_MESA_pack_invert")))
				continue;
			for (offset = 0; offset < 64; offset++)
				pass = test(memory, page + offset,
					    &layouts[i], texture) && pass;
			for (offset = 64; offset < page; offset += 252)
				pass = test(memory, page + offset,
					    &layouts[i], texture) && pass;
			snprintf(name, sizeof(name), "%s %s",
				 texture ? "glGetTexImage" : "glReadPixels",
				 layouts[i].name);
			report(result_of(pass), &all, name);
		}
	}

	piglit_free_aligned(memory);
	piglit_report_result(all);
}
