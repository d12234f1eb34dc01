/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * glTexImage and glTexSubImage from plain client memory of any alignment.
 *
 * When the command returns, the application may overwrite, free or unmap the
 * memory: the GL must have taken the pixels, or must see to it that it does
 * not need them any more. A driver that has the GPU read client memory is
 * caught here if it does not wait. The memory may be read-only, of any kind,
 * end at a page that cannot be accessed, and be other pages the next time; it
 * is never written.
 */

#include <sys/mman.h>
#include <unistd.h>
#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define WIDTH 41
#define HEIGHT 37
#define TOTAL (64 * 1024)
#define LARGE 768

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "row-length", 70, 0, 0, 4, false },
	{ "skips", 80, 7, 3, 1, false },
	{ "alignment-8", 67, 0, 0, 8, false },
};

/* Take the pixels from the pointer, and then spoil them. */
static bool
test(uint8_t *memory, size_t offset, const struct layout *l, bool busy)
{
	GLuint texture = empty_texture(WIDTH, HEIGHT);
	uint8_t *data = memory + offset;
	bool pass;

	memset(memory, GUARD, TOTAL);
	fill_picture(data, l, 3, 5, WIDTH, HEIGHT);
	if (busy)
		keep_texture_busy(texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	set_unpack(l);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT, GL_RGBA,
			GL_UNSIGNED_BYTE, data);
	set_unpack(&default_layout);
	pass = check_picture(memory, TOTAL, data, l, 3, 5, WIDTH, HEIGHT);
	memset(memory, GUARD, TOTAL);
	pass = check_texture(texture, 3, 5, WIDTH, HEIGHT) && pass;
	glDeleteTextures(1, &texture);
	return pass;
}

static void
test_layouts(uint8_t *memory, enum piglit_result *all)
{
	const size_t page = piglit_get_page_size();
	unsigned i, offset;
	char name[80];

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		bool pass = true;

		for (offset = 0; offset < 64; offset++)
			pass = test(memory, page + offset, &layouts[i],
				    offset % 16 == 0) && pass;
		for (offset = 64; offset < page; offset += 252)
			pass = test(memory, page + offset, &layouts[i], false)
			       && pass;
		snprintf(name, sizeof(name), "glTexSubImage2D %s",
			 layouts[i].name);
		report(result_of(pass), all, name);
	}
}

/* Upload a page of the picture, for a texture to have and the memory to keep.
 * With `busy`, the texture is one that the GPU is drawing from.
 */
static GLuint
upload(const uint8_t *memory, bool busy)
{
	GLuint texture = picture_texture(PAGE_WIDTH, PAGE_WIDTH);

	if (busy)
		keep_texture_busy(texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, memory);
	return texture;
}

static bool
is_page(GLuint texture, int left)
{
	bool pass = check_texture(texture, left, 0, PAGE_WIDTH, PAGE_WIDTH);

	glDeleteTextures(1, &texture);
	return pass;
}

static void
put_page(uint8_t *memory, int left)
{
	fill_picture(memory, &default_layout, left, 0, PAGE_WIDTH,
		     PAGE_WIDTH);
}

static bool
test_unmapped_at_once(void)
{
	GLuint textures[16];
	bool pass = true;
	int i;

	for (i = 0; i < 16; i++) {
		uint8_t *memory = map_pages(PAGE_BYTES);

		put_page(memory, i);
		textures[i] = upload(memory, i & 1);
		munmap(memory, PAGE_BYTES);
	}
	for (i = 0; i < 16; i++)
		pass = is_page(textures[i], i) && pass;
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static bool
test_freed_at_once(void)
{
	GLuint textures[16];
	bool pass = true;
	int i;

	for (i = 0; i < 16; i++) {
		uint8_t *memory = malloc(PAGE_BYTES + 64);

		put_page(memory + i, i);
		textures[i] = upload(memory + i, i & 1);
		memset(memory, GUARD, PAGE_BYTES + 64);
		free(memory);
	}
	for (i = 0; i < 16; i++)
		pass = is_page(textures[i], i) && pass;
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

/* Other pages at the address each time. */
static bool
test_same_address(void)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint textures[16];
	bool pass = true;
	int i;

	for (i = 0; i < 16; i++) {
		put_page(memory, i);
		textures[i] = upload(memory, i & 1);
		if (mmap(memory, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		    memory)
			return false;
	}
	munmap(memory, PAGE_BYTES);
	for (i = 0; i < 16; i++)
		pass = is_page(textures[i], i) && pass;
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static bool
test_read_only(void)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	bool pass;

	put_page(memory, 3);
	mprotect(memory, PAGE_BYTES, PROT_READ);
	pass = is_page(upload(memory, false), 3);
	pass = is_page(upload(memory, true), 3) && pass;
	pass = check_page(memory, 3) && pass;
	munmap(memory, PAGE_BYTES);
	return pass;
}

static bool
test_read_only_file(void)
{
	int fd = memfd_create("piglit-client", 0);
	uint8_t page[PAGE_BYTES], *memory;
	bool pass;

	put_page(page, 5);
	if (fd < 0 || write(fd, page, PAGE_BYTES) != PAGE_BYTES)
		return false;
	memory = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	pass = is_page(upload(memory, false), 5);
	pass = is_page(upload(memory, true), 5) && pass;
	munmap(memory, PAGE_BYTES);
	memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		      fd, 0);
	pass = is_page(upload(memory, true), 5) && pass;
	munmap(memory, PAGE_BYTES);
	close(fd);
	return pass;
}

static bool
test_kinds(void)
{
	uint8_t stack[PAGE_BYTES + 4], *memory;
	static uint8_t here[PAGE_BYTES];
	bool pass;

	put_page(stack + 4, 3);
	pass = is_page(upload(stack + 4, true), 3);
	put_page(here, 5);
	pass = is_page(upload(here, true), 5) && pass;
	memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	put_page(memory, 7);
	pass = is_page(upload(memory, true), 7) && pass;
	munmap(memory, PAGE_BYTES);
	return pass;
}

static bool
test_fences(void)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(4 * page);
	uint8_t *places[] = {
		memory + page, memory + 3 * page - PAGE_BYTES,
		memory + 2 * page - PAGE_BYTES / 2 + 4,
	};
	bool pass = true;
	unsigned i;

	mprotect(memory, page, PROT_NONE);
	mprotect(memory + 3 * page, page, PROT_NONE);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		put_page(places[i], i);
		pass = is_page(upload(places[i], false), i) && pass;
		pass = is_page(upload(places[i], true), i) && pass;
	}
	munmap(memory, 4 * page);
	return pass;
}

/* Draws that come before the upload have the old pixels. */
static bool
test_drawn_from(void)
{
	GLuint texture = picture_texture(PAGE_WIDTH, PAGE_WIDTH), fbo;
	GLuint before = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	uint8_t memory[PAGE_BYTES];
	GLint picture;
	bool pass;

	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	put_page(memory, 7);
	keep_texture_busy(texture);
	fbo = bind_framebuffer(before);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexEnvi(GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_REPLACE);
	glEnable(GL_TEXTURE_2D);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	piglit_draw_rect_tex(-1, -1, 2, 2, 0, 0, 1, 1);
	glDisable(GL_TEXTURE_2D);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, memory);
	memset(memory, GUARD, PAGE_BYTES);
	pass = is_page(texture, 7);
	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	glDeleteFramebuffers(1, &fbo);
	pass = is_page(before, 0) && pass;
	return pass;
}

/* Several uploads to one texture: the last one counts. */
static bool
test_in_order(void)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	uint8_t memory[PAGE_BYTES];
	int i;

	keep_texture_busy(texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	for (i = 0; i < 8; i++) {
		put_page(memory, i);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH,
				PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
				memory);
	}
	memset(memory, GUARD, PAGE_BYTES);
	return is_page(texture, 7);
}

static bool
test_tex_image(void)
{
	bool pass = true;
	int i;

	for (i = 0; i < 8; i++) {
		uint8_t *memory = malloc(PAGE_BYTES);
		GLuint texture = empty_texture(16, 16);

		put_page(memory, i);
		keep_texture_busy(texture);
		glBindTexture(GL_TEXTURE_2D, texture);
		glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, PAGE_WIDTH,
			     PAGE_WIDTH, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			     memory);
		memset(memory, GUARD, PAGE_BYTES);
		free(memory);
		pass = is_page(texture, i) && pass;
	}
	return pass;
}

static bool
test_large(uint8_t *memory, size_t total)
{
	static const unsigned offsets[] = { 0, 4, 16, 64, 1, 2, 4095 };
	const size_t page = piglit_get_page_size();
	bool pass = true;
	unsigned i;
	int busy;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (busy = 0; busy < 2; busy++) {
			GLuint texture = empty_texture(LARGE, LARGE);
			uint8_t *data = memory + page + offsets[i];

			fill_picture(data, &default_layout, i, 0, LARGE,
				     LARGE);
			if (busy)
				keep_texture_busy(texture);
			glBindTexture(GL_TEXTURE_2D, texture);
			glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, LARGE, LARGE,
					GL_RGBA, GL_UNSIGNED_BYTE, data);
			memset(memory, GUARD, total);
			pass = check_texture(texture, i, 0, LARGE, LARGE) &&
			       pass;
			glDeleteTextures(1, &texture);
		}
	}
	return pass;
}

void
piglit_init(int argc, char **argv)
{
	const size_t page = piglit_get_page_size();
	const size_t large = LARGE * LARGE * 4 + 3 * page;
	uint8_t *memory = piglit_alloc_aligned(page, MAX2(TOTAL, large));
	enum piglit_result all = PIGLIT_SKIP;

	piglit_require_extension("GL_ARB_framebuffer_object");
	picture_framebuffer();
	test_layouts(memory, &all);
	report(result_of(test_tex_image()), &all, "glTexImage2D");
	report(result_of(test_large(memory, large)), &all, "large");
	report(result_of(test_unmapped_at_once()), &all, "unmapped at once");
	report(result_of(test_freed_at_once()), &all, "freed at once");
	report(result_of(test_same_address()), &all, "same address");
	report(result_of(test_read_only()), &all, "read-only");
	report(result_of(test_read_only_file()), &all, "read-only file");
	report(result_of(test_kinds()), &all, "kinds of memory");
	report(result_of(test_fences()), &all, "inaccessible neighbours");
	report(result_of(test_drawn_from()), &all, "drawn from");
	report(result_of(test_in_order()), &all, "in order");

	piglit_free_aligned(memory);
	piglit_report_result(all);
}
