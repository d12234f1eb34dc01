/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pixel transfers to and from pinned memory wherever it lies.
 *
 * The extension pins memory of any address and size that can be mapped to
 * the GPU. Kernels pin whole pages, so a driver must round and keep the
 * offset in the first page. Checked are pointers at offsets in a page and
 * sizes that end inside one, each with every pack and unpack parameter, and
 * memory of several kinds. No byte but those of the pixels may change.
 */

#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define SIZE 64
#define TOTAL (128 * 1024)

static const struct layout layouts[] = {
	{ "default", 0, 0, 0, 4, false },
	{ "alignment-8", 0, 0, 0, 8, false },
	{ "row-length", 50, 0, 0, 4, false },
	{ "skip-pixels", 50, 7, 0, 1, false },
	{ "skip-rows", 0, 0, 5, 4, false },
	{ "all", 61, 3, 2, 8, false },
	{ "invert", 0, 0, 0, 4, true },
	{ "invert-all", 61, 3, 0, 8, true },
};

static const unsigned offsets[] = { 0, 4, 64, 320, 2048, 4092 };

static GLuint texture;

static bool
pack(uint8_t *memory, size_t total, size_t offset, const struct layout *l,
     int width, int height)
{
	uint8_t *data = memory + offset;
	size_t size = layout_size(l, width, height);
	GLuint buffer;
	bool pass;

	if (l->invert && !piglit_is_extension_supported("GL_MESA_pack_invert"))
		return true;

	memset(memory, GUARD, total);
	buffer = pin(data, size);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	if (pass) {
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		set_pack(l);
		glReadPixels(5, 3, width, height, GL_RGBA, GL_UNSIGNED_BYTE,
			     NULL);
		set_pack(&default_layout);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		glFinish();
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       check_picture(memory, total, data, l, 5, 3, width,
				     height);
	}
	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
unpack(uint8_t *memory, size_t total, size_t offset, const struct layout *l,
       int width, int height)
{
	uint8_t *data = memory + offset;
	size_t size = layout_size(l, width, height);
	uint32_t read[SIZE * SIZE];
	GLuint buffer, destination;
	bool pass;
	int x, y;

	if (l->invert)
		return true;

	memset(memory, GUARD, total);
	for (y = 0; y < height; y++) {
		for (x = 0; x < width; x++) {
			uint32_t pixel = picture_pixel(x, y);
			memcpy(data + layout_offset(l, width, height, x, y),
			       &pixel, 4);
		}
	}

	glGenTextures(1, &destination);
	glBindTexture(GL_TEXTURE_2D, destination);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA,
		     GL_UNSIGNED_BYTE, NULL);
	buffer = pin(data, size);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	if (pass) {
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
		set_unpack(l);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height,
				GL_RGBA, GL_UNSIGNED_BYTE, NULL);
		set_unpack(&default_layout);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE,
			      read);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       check_picture((uint8_t *)read, width * height * 4,
				     (uint8_t *)read, &default_layout, 0, 0,
				     width, height) &&
		       check_picture(memory, total, data, l, 0, 0, width,
				     height);
	}
	glDeleteBuffers(1, &buffer);
	glDeleteTextures(1, &destination);
	return pass;
}

static bool
pack_and_unpack(void *memory, size_t total, size_t offset)
{
	bool packed = pack(memory, total, offset, &default_layout, 37, 29);
	bool unpacked = unpack(memory, total, offset, &default_layout, 37, 29);

	return packed && unpacked;
}

static void
test_kinds(bool *all)
{
	char name[] = "/tmp/piglit-pinned-XXXXXX";
	uint8_t stack[16 * 1024];
	void *memory;
	int fd;

	report(pack_and_unpack(stack, sizeof(stack), 256), all,
	       "memory: stack");

	memory = malloc(16 * 1024);
	report(pack_and_unpack(memory, 16 * 1024, 16), all, "memory: malloc");
	free(memory);

	memory = mmap(NULL, 16 * 1024, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	report(pack_and_unpack(memory, 16 * 1024, 0), all, "memory: shared");
	munmap(memory, 16 * 1024);

	fd = memfd_create("piglit-pinned", 0);
	if (fd >= 0 && ftruncate(fd, 16 * 1024) == 0) {
		uint8_t *read = malloc(16 * 1024);

		memory = mmap(NULL, 16 * 1024, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
		report(pack_and_unpack(memory, 16 * 1024, 0) &&
		       pread(fd, read, 16 * 1024, 0) == 16 * 1024 &&
		       memcmp(read, memory, 16 * 1024) == 0, all,
		       "memory: memfd");
		munmap(memory, 16 * 1024);
		free(read);
		close(fd);
	}

	fd = mkstemp(name);
	if (fd >= 0 && ftruncate(fd, 16 * 1024) == 0) {
		memory = mmap(NULL, 16 * 1024, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE, fd, 0);
		report(pack_and_unpack(memory, 16 * 1024, 0), all,
		       "memory: private map of a file");
		munmap(memory, 16 * 1024);
	}
	if (fd >= 0) {
		unlink(name);
		close(fd);
	}
}

void
piglit_init(int argc, char **argv)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = piglit_alloc_aligned(page, TOTAL);
	bool all = true;
	unsigned i, j;
	char name[80];

	piglit_require_extension("GL_AMD_pinned_memory");
	piglit_require_extension("GL_ARB_pixel_buffer_object");
	piglit_require_extension("GL_ARB_framebuffer_object");

	texture = picture_texture(SIZE, SIZE);
	bind_framebuffer(texture);

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			snprintf(name, sizeof(name), "pack %s offset %u",
				 layouts[i].name, offsets[j]);
			report(pack(memory, TOTAL, page + offsets[j],
				    &layouts[i], 41, 37), &all, name);
			if (layouts[i].invert)
				continue;
			snprintf(name, sizeof(name), "unpack %s offset %u",
				 layouts[i].name, offsets[j]);
			report(unpack(memory, TOTAL, page + offsets[j],
				      &layouts[i], 41, 37), &all, name);
		}
	}
	report(pack(memory, TOTAL, page, &default_layout, 1, 1), &all,
	       "pack 4 bytes");
	report(pack(memory, TOTAL, page, &default_layout, 32, 32), &all,
	       "pack one page");
	report(pack(memory, TOTAL, 2 * page - 4, &default_layout, 2, 1), &all,
	       "pack 8 bytes across pages");
	test_kinds(&all);

	piglit_free_aligned(memory);
	piglit_report_result(all ? PIGLIT_PASS : PIGLIT_FAIL);
}

enum piglit_result
piglit_display(void)
{
	return PIGLIT_FAIL;
}
