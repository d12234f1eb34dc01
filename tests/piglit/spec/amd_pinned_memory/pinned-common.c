/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

#include <sys/mman.h>
#include "pinned-common.h"

const struct layout default_layout = { "default", 0, 0, 0, 4, false };

uint32_t
picture_pixel(int x, int y)
{
	return (x & 0x7f) | (y & 0x7f) << 8 | ((x ^ y) & 0x7f) << 16 |
	       0x7fu << 24;
}

static GLuint
nearest_texture(void)
{
	GLuint texture;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	return texture;
}

GLuint
picture_texture(int width, int height)
{
	uint8_t *pixels = malloc(width * height * 4);
	GLuint texture = nearest_texture();

	fill_picture(pixels, &default_layout, 0, 0, width, height);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA,
		     GL_UNSIGNED_BYTE, pixels);
	free(pixels);
	return texture;
}

GLuint
empty_texture(int width, int height)
{
	GLuint texture = nearest_texture();

	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA,
		     GL_UNSIGNED_BYTE, NULL);
	return texture;
}

GLuint
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

void
picture_framebuffer(void)
{
	bind_framebuffer(picture_texture(PICTURE_SIZE, PICTURE_SIZE));
}

void
set_pack(const struct layout *l)
{
	glPixelStorei(GL_PACK_ROW_LENGTH, l->row_length);
	glPixelStorei(GL_PACK_SKIP_PIXELS, l->skip_pixels);
	glPixelStorei(GL_PACK_SKIP_ROWS, l->skip_rows);
	glPixelStorei(GL_PACK_ALIGNMENT, l->alignment);
	if (piglit_is_extension_supported("GL_MESA_pack_invert"))
		glPixelStorei(GL_PACK_INVERT_MESA, l->invert);
}

void
set_unpack(const struct layout *l)
{
	glPixelStorei(GL_UNPACK_ROW_LENGTH, l->row_length);
	glPixelStorei(GL_UNPACK_SKIP_PIXELS, l->skip_pixels);
	glPixelStorei(GL_UNPACK_SKIP_ROWS, l->skip_rows);
	glPixelStorei(GL_UNPACK_ALIGNMENT, l->alignment);
}

size_t
layout_stride(const struct layout *l, int width)
{
	return ALIGN((l->row_length ? l->row_length : width) * 4,
		     l->alignment);
}

size_t
layout_offset(const struct layout *l, int width, int height, int x, int y)
{
	int row = l->invert ? height - 1 - y : y;

	return (l->skip_rows + row) * layout_stride(l, width) +
	       (l->skip_pixels + x) * 4;
}

size_t
layout_size(const struct layout *l, int width, int height)
{
	return (l->skip_rows + height - 1) * layout_stride(l, width) +
	       (l->skip_pixels + width) * 4;
}

void
fill_picture(uint8_t *data, const struct layout *l, int left, int bottom,
	     int width, int height)
{
	int x, y;

	for (y = 0; y < height; y++) {
		for (x = 0; x < width; x++) {
			uint32_t pixel = picture_pixel(left + x, bottom + y);
			memcpy(data + layout_offset(l, width, height, x, y),
			       &pixel, 4);
		}
	}
}

bool
check_picture(const uint8_t *memory, size_t total, const uint8_t *data,
	      const struct layout *l, int left, int bottom, int width,
	      int height)
{
	uint8_t *expected = malloc(total);
	size_t base = data - memory, i;
	bool pass;

	memset(expected, GUARD, total);
	fill_picture(expected + base, l, left, bottom, width, height);
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

bool
check_page(const uint8_t *memory, int left)
{
	return check_picture(memory, PAGE_BYTES, memory, &default_layout,
			     left, 0, PAGE_WIDTH, PAGE_WIDTH);
}

bool
check_bytes(const uint8_t *memory, size_t size, uint8_t byte,
	    const char *what)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (memory[i] != byte) {
			printf("%s: byte %zu is 0x%02x instead of 0x%02x\n",
			       what, i, memory[i], byte);
			return false;
		}
	}
	return true;
}

bool
check_texture(GLuint texture, int left, int bottom, int width, int height)
{
	uint8_t *read = malloc(width * height * 4);
	bool pass;

	memset(read, GUARD, width * height * 4);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glBindTexture(GL_TEXTURE_2D, texture);
	glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, read);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_picture(read, width * height * 4, read, &default_layout,
			     left, bottom, width, height);
	free(read);
	return pass;
}

GLuint
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

enum piglit_result
taken(const void *data)
{
	GLenum error = glGetError();

	if (error == GL_NO_ERROR)
		return PIGLIT_PASS;
	if (error == GL_INVALID_OPERATION && (uintptr_t)data % PIN_ALIGNMENT)
		return PIGLIT_SKIP;
	printf("pointer ...%03x is refused with %s\n",
	       (unsigned)((uintptr_t)data & 0xfff),
	       piglit_get_gl_error_name(error));
	return PIGLIT_FAIL;
}

void
read_page(GLuint buffer, size_t offset, int left)
{
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glReadPixels(left, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA,
		     GL_UNSIGNED_BYTE, (void *)offset);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
}

bool
page_arrives(GLuint buffer, uint8_t *memory, int left)
{
	memset(memory, GUARD, PAGE_BYTES);
	read_page(buffer, 0, left);
	glFinish();
	return piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, left);
}

bool
page_leaves(GLuint buffer, uint8_t *memory, int left)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	bool pass;

	fill_picture(memory, &default_layout, left, 0, PAGE_WIDTH,
		     PAGE_WIDTH);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_texture(texture, left, 0, PAGE_WIDTH, PAGE_WIDTH);
	glDeleteTextures(1, &texture);
	return pass;
}

bool
page_passes(GLuint buffer, uint8_t *memory, int left)
{
	bool arrived = page_arrives(buffer, memory, left);
	bool left_it = page_leaves(buffer, memory, left + 1);

	return arrived && left_it;
}

/* Enough to be busy for a moment, and little enough for a slow GPU not to be
 * taken for one that hangs.
 */
#define BUSY_SIZE 128

/* Draw over a texture of its own, from `source` if that is not 0. */
static void
draw_for_a_while(GLuint source)
{
	GLint bound;
	GLuint texture, fbo;
	int i;

	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &bound);
	texture = empty_texture(BUSY_SIZE, BUSY_SIZE);
	fbo = bind_framebuffer(texture);
	glPushAttrib(GL_VIEWPORT_BIT | GL_ENABLE_BIT | GL_COLOR_BUFFER_BIT);
	glViewport(0, 0, BUSY_SIZE, BUSY_SIZE);
	glEnable(GL_BLEND);
	glBlendFunc(GL_ONE, GL_ONE);
	glBindTexture(GL_TEXTURE_2D, source);
	if (source)
		glEnable(GL_TEXTURE_2D);
	for (i = 0; i < 4; i++)
		piglit_draw_rect_tex(-1, -1, 2, 2, 0, 0, 1, 1);
	glPopAttrib();
	glFlush();
	glBindFramebuffer(GL_FRAMEBUFFER, bound);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
}

void
keep_busy(void)
{
	draw_for_a_while(0);
}

void
keep_texture_busy(GLuint texture)
{
	draw_for_a_while(texture);
}

void *
map_pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		printf("no %zu bytes of memory\n", size);
		piglit_report_result(PIGLIT_SKIP);
	}
	return memory;
}

void
pinned_init(void)
{
	piglit_require_extension("GL_AMD_pinned_memory");
	piglit_require_extension("GL_ARB_map_buffer_range");
	piglit_require_extension("GL_ARB_pixel_buffer_object");
	piglit_require_extension("GL_ARB_framebuffer_object");
	picture_framebuffer();
}

void
pinned_run(const struct piglit_gl_test_config *config)
{
	piglit_report_result(piglit_run_selected_subtests(
			config->subtests, config->selected_subtests,
			config->num_selected_subtests, PIGLIT_SKIP));
}

void
report(enum piglit_result result, enum piglit_result *all, const char *name)
{
	piglit_report_subtest_result(result, "%s", name);
	piglit_merge_result(all, result);
}

/* Each test is done at the end of its piglit_init(). */
enum piglit_result
piglit_display(void)
{
	return PIGLIT_FAIL;
}
