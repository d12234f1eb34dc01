/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * glReadPixels of rectangles that are partly outside the framebuffer.
 *
 * What is read of pixels outside is undefined, but those inside belong where
 * they would be if all were there, and nothing outside the rectangle's own
 * bytes may change. An implementation clips the rectangle and skips pixels
 * and rows instead, which must fit together with the pack parameters, with
 * inverted rows too, and with the beginning of pinned memory inside a page.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define WIDTH 29
#define HEIGHT 23
#define SIZE 64
#define TOTAL (64 * 1024)

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "all", 37, 3, 2, 8, false },
	{ "invert", 0, 0, 0, 4, true },
	{ "invert, skip rows", 37, 3, 2, 8, true },
};

static const struct {
	const char *name;
	int x, y;
} places[] = {
	{ "inside", 7, 5 },
	{ "left", -6, 5 },
	{ "right", SIZE - 11, 5 },
	{ "below", 7, -9 },
	{ "above", 7, SIZE - 13 },
	{ "left below", -6, -9 },
	{ "right above", SIZE - 11, SIZE - 13 },
	{ "outside", -100, -100 },
};

static bool
check(const uint8_t *memory, const uint8_t *data, const struct layout *l,
      int left, int bottom)
{
	uint8_t *expected = malloc(TOTAL), *cared = malloc(TOTAL);
	size_t base = data - memory, i;
	bool pass = true;
	int x, y;

	memset(expected, GUARD, TOTAL);
	memset(cared, 1, TOTAL);
	for (y = 0; y < HEIGHT; y++) {
		for (x = 0; x < WIDTH; x++) {
			size_t at = base + layout_offset(l, WIDTH, HEIGHT, x,
							 y);
			uint32_t pixel = picture_pixel(left + x, bottom + y);
			bool inside = left + x >= 0 && left + x < SIZE &&
				      bottom + y >= 0 && bottom + y < SIZE;

			memcpy(expected + at, &pixel, 4);
			memset(cared + at, inside, 4);
		}
	}
	for (i = 0; pass && i < TOTAL; i++) {
		if (cared[i] && memory[i] != expected[i]) {
			printf("byte %ld from the pointer is 0x%02x instead "
			       "of 0x%02x\n", (long)i - (long)base, memory[i],
			       expected[i]);
			pass = false;
		}
	}
	free(expected);
	free(cared);
	return pass;
}

static bool
test_client(uint8_t *memory, const struct layout *l, int left, int bottom)
{
	uint8_t *data = memory + TOTAL / 4;

	memset(memory, GUARD, TOTAL);
	set_pack(l);
	glReadPixels(left, bottom, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE,
		     data);
	set_pack(&default_layout);
	return piglit_check_gl_error(GL_NO_ERROR) &&
	       check(memory, data, l, left, bottom);
}

/* Whole pages are pinned, and read to from the middle on. */
static bool
test_pinned(uint8_t *memory, const struct layout *l, int left, int bottom)
{
	uint8_t *data = memory + TOTAL / 4;
	GLuint buffer = pin(memory, TOTAL);
	bool pass;

	memset(memory, GUARD, TOTAL);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	set_pack(l);
	glReadPixels(left, bottom, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE,
		     (void *)(uintptr_t)(TOTAL / 4));
	set_pack(&default_layout);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check(memory, data, l, left, bottom);
	glDeleteBuffers(1, &buffer);
	return pass;
}

void
piglit_init(int argc, char **argv)
{
	uint8_t *memory = piglit_alloc_aligned(piglit_get_page_size(), TOTAL);
	enum piglit_result all = PIGLIT_SKIP;
	unsigned i, j;
	char name[80];

	pinned_init();
	bind_framebuffer(picture_texture(SIZE, SIZE));
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *l = &layouts[i];

		if (l->invert &&
		    !piglit_is_extension_supported("GL_MESA_pack_invert"))
			continue;
		for (j = 0; j < ARRAY_SIZE(places); j++) {
			snprintf(name, sizeof(name), "client memory, %s: %s",
				 l->name, places[j].name);
			report(result_of(test_client(memory, l, places[j].x,
						     places[j].y)),
			       &all, name);
			snprintf(name, sizeof(name), "pinned, %s: %s",
				 l->name, places[j].name);
			report(result_of(test_pinned(memory, l, places[j].x,
						     places[j].y)),
			       &all, name);
		}
	}
	piglit_free_aligned(memory);
	piglit_report_result(all);
}
