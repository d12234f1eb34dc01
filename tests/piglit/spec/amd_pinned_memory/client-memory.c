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
 * between or behind the pixels may change, and all of them are there when the
 * command returns. The memory may be of any kind, end at a page that cannot be
 * accessed, and be other pages the next time.
 */

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define SIZE 64
#define TOTAL (64 * 1024)
/* A picture large enough for whatever is done for large ones only. */
#define LARGE 768

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "row-length", 70, 0, 0, 4, false },
	{ "skips", 80, 7, 3, 1, false },
	{ "alignment-8", 67, 0, 0, 8, false },
	{ "invert", 0, 0, 0, 4, true },
	{ "invert-all", 81, 3, 0, 8, true },
};

/* For the small picture, which is bound unless a test binds the large one. */
static GLuint small_texture, small_fbo;

static bool
test(uint8_t *memory, size_t offset, const struct layout *l, bool texture)
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

static void
test_layouts(uint8_t *memory, enum piglit_result *all)
{
	const size_t page = piglit_get_page_size();
	unsigned i, offset;
	char name[80];
	int texture;

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
			report(result_of(pass), all, name);
		}
	}
}

/* Read a page of the small picture to the memory, and look. */
static bool
reads(uint8_t *memory, int left)
{
	memset(memory, GUARD, PAGE_BYTES);
	glReadPixels(left, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA,
		     GL_UNSIGNED_BYTE, memory);
	return piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, left);
}

/* The last byte of the picture is the last one before memory that nobody may
 * touch, or its first one is the first behind such memory.
 */
static bool
test_fences(void)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(4 * page);
	bool pass;

	mprotect(memory, page, PROT_NONE);
	mprotect(memory + 3 * page, page, PROT_NONE);
	pass = reads(memory + page, 3);
	pass = reads(memory + 3 * page - PAGE_BYTES, 7) && pass;
	pass = reads(memory + 2 * page - PAGE_BYTES / 2 + 4, 11) && pass;
	munmap(memory, 4 * page);
	return pass;
}

static bool
test_kinds(void)
{
	uint8_t stack[PAGE_BYTES + 4], *memory;
	static uint8_t here[PAGE_BYTES];
	int fd = memfd_create("piglit-client", 0);
	bool pass;

	pass = reads(stack, 3);
	pass = reads(stack + 4, 4) && pass;
	pass = reads(here, 5) && pass;
	memory = malloc(PAGE_BYTES);
	pass = reads(memory, 7) && pass;
	free(memory);
	memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pass = reads(memory, 9) && pass;
	munmap(memory, PAGE_BYTES);
	if (fd < 0 || ftruncate(fd, PAGE_BYTES))
		return false;
	memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	pass = reads(memory, 11) && pass;
	pass = pread(fd, stack, PAGE_BYTES, 0) == PAGE_BYTES &&
	       check_page(stack, 11) && pass;
	munmap(memory, PAGE_BYTES);
	close(fd);
	return pass;
}

/* Other pages at the address each time, the last time none of ours. */
static bool
test_same_address(void)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	bool pass = true;
	int i;

	for (i = 0; i < 16; i++) {
		pass = reads(memory, i) && pass;
		if (mmap(memory, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		    memory)
			return false;
	}
	munmap(memory, PAGE_BYTES);
	/* The GL must be over it. */
	glFinish();
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static bool
test_heap(void)
{
	bool pass = true;
	int i;

	for (i = 0; i < 64; i++) {
		uint8_t *memory = malloc(PAGE_BYTES + 16 * i);

		pass = reads(memory + i % 16 * 4, i) && pass;
		free(memory);
	}
	return pass;
}

/* A child shares the pages, and keeps what was there. */
static bool
test_fork(void)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	bool pass = reads(memory, 3);
	int pipes[2], status;
	pid_t child;

	if (pipe(pipes))
		return false;
	child = fork();
	if (child == 0) {
		char c;

		close(pipes[1]);
		_exit(read(pipes[0], &c, 1) == 1 && check_page(memory, 3) ?
		      0 : 1);
	}
	glReadPixels(7, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     memory);
	pass = child > 0 && check_page(memory, 7) && pass;
	pass = write(pipes[1], "x", 1) == 1 && pass;
	pass = waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0 && pass;
	pass = reads(memory, 11) && pass;
	close(pipes[0]);
	close(pipes[1]);
	munmap(memory, PAGE_BYTES);
	return pass;
}

/* Draws before and behind the read. */
static bool
test_busy(void)
{
	GLuint texture = picture_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint fbo = bind_framebuffer(texture);
	uint8_t first[PAGE_BYTES], second[PAGE_BYTES];
	bool pass;

	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	glColor4f(1, 1, 1, 1);
	keep_busy();
	glReadPixels(0, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     first);
	piglit_draw_rect(-1, -1, 2, 2);
	glReadPixels(0, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     second);
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(first, 0) &&
	       check_bytes(second, PAGE_BYTES, 0xff, "behind the draw");
	glBindFramebuffer(GL_FRAMEBUFFER, small_fbo);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
	return pass;
}

static bool
test_sizes(void)
{
	static const int sizes[][2] = {
		{ 1, 1 }, { 2, 1 }, { 1, 2 }, { 3, 3 }, { 16, 1 }, { 64, 1 },
		{ 1, 64 }, { 17, 5 }, { 64, 16 }, { 63, 64 }, { 64, 64 },
	};
	uint8_t *memory = malloc(TOTAL);
	bool pass = true;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(memory, GUARD, TOTAL);
		glReadPixels(0, 0, sizes[i][0], sizes[i][1], GL_RGBA,
			     GL_UNSIGNED_BYTE, memory + 1000);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       check_picture(memory, TOTAL, memory + 1000,
				     &default_layout, 0, 0, sizes[i][0],
				     sizes[i][1]) && pass;
	}
	free(memory);
	return pass;
}

static bool
test_large(uint8_t *memory, size_t total)
{
	static const unsigned offsets[] = { 0, 4, 16, 64, 1, 2, 4095 };
	const size_t page = piglit_get_page_size();
	GLuint texture = picture_texture(LARGE, LARGE);
	GLuint fbo = bind_framebuffer(texture);
	bool pass = true;
	unsigned i;
	int get;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (get = 0; get < 2; get++) {
			uint8_t *data = memory + page + offsets[i];

			memset(memory, GUARD, total);
			glBindTexture(GL_TEXTURE_2D, texture);
			if (get)
				glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA,
					      GL_UNSIGNED_BYTE, data);
			else
				glReadPixels(0, 0, LARGE, LARGE, GL_RGBA,
					     GL_UNSIGNED_BYTE, data);
			pass = piglit_check_gl_error(GL_NO_ERROR) &&
			       check_picture(memory, total, data,
					     &default_layout, 0, 0, LARGE,
					     LARGE) && pass;
		}
	}
	glBindFramebuffer(GL_FRAMEBUFFER, small_fbo);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
	return pass;
}

/* Write these channels of a pixel. */
static void
put_channels(uint8_t *data, uint32_t pixel, const char *channels)
{
	for (; *channels; channels++)
		*data++ = pixel >> 8 * (strchr("rgba", *channels) - "rgba");
}

/* Pixels of other sizes than 4 bytes, and other orders. */
static bool
test_formats(void)
{
	static const struct {
		GLenum format, type;
		int bytes;
		const char *channels;
	} formats[] = {
		{ GL_BGRA, GL_UNSIGNED_BYTE, 4, "bgra" },
		{ GL_RGB, GL_UNSIGNED_BYTE, 3, "rgb" },
		{ GL_BGR, GL_UNSIGNED_BYTE, 3, "bgr" },
		{ GL_RED, GL_UNSIGNED_BYTE, 1, "r" },
		{ GL_ALPHA, GL_UNSIGNED_BYTE, 1, "a" },
	};
	const int width = 41, height = 37, before = 96;
	uint8_t *memory = malloc(TOTAL), *expected = malloc(TOTAL);
	bool pass = true;
	unsigned i, offset;
	int j;

	glPixelStorei(GL_PACK_ALIGNMENT, 1);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (offset = before; offset < before + 64; offset += 3) {
			memset(expected, GUARD, TOTAL);
			for (j = 0; j < width * height; j++)
				put_channels(expected + offset +
					     j * formats[i].bytes,
					     picture_pixel(j % width,
							   j / width),
					     formats[i].channels);
			memset(memory, GUARD, TOTAL);
			glReadPixels(0, 0, width, height, formats[i].format,
				     formats[i].type, memory + offset);
			if (!piglit_check_gl_error(GL_NO_ERROR) ||
			    memcmp(memory, expected, TOTAL)) {
				printf("%s at offset %u\n",
				       formats[i].channels, offset);
				pass = false;
			}
		}
	}
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	free(memory);
	free(expected);
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
	small_texture = picture_texture(SIZE, SIZE);
	small_fbo = bind_framebuffer(small_texture);
	test_layouts(memory, &all);

	/* From here on of a wider picture, that there are more to choose. */
	picture_framebuffer();
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, (GLint *)&small_fbo);
	report(result_of(test_sizes()), &all, "sizes");
	report(result_of(test_formats()), &all, "formats");
	report(result_of(test_large(memory, large)), &all, "large");
	report(result_of(test_kinds()), &all, "kinds of memory");
	report(result_of(test_fences()), &all, "inaccessible neighbours");
	report(result_of(test_same_address()), &all, "same address");
	report(result_of(test_heap()), &all, "heap");
	report(result_of(test_fork()), &all, "fork");
	report(result_of(test_busy()), &all, "busy");

	piglit_free_aligned(memory);
	piglit_report_result(all);
}
