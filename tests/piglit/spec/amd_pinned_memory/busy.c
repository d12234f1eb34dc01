/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Transfers to and from pinned memory while their other end is in use.
 *
 * The GL's commands take effect in order, whether they are draws, transfers
 * or writes by the CPU on the GL's behalf: a texture that is being drawn
 * from, or to, has the old pixels for what came before and the new ones for
 * what comes after; a buffer that was to be read is read before it is
 * written. Only the application's own accesses are not in that order.
 */

#include "pinned-common.h"

static uint8_t *memory, *other;
static GLuint buffer, second;

/* Pin both anew: no test finds what another one left. */
static void
start(void)
{
	glDeleteBuffers(1, &buffer);
	glDeleteBuffers(1, &second);
	buffer = pin(memory, PAGE_BYTES);
	second = pin(other, PAGE_BYTES);
	if (!piglit_check_gl_error(GL_NO_ERROR))
		piglit_report_result(PIGLIT_FAIL);
}

static void
upload_page(GLuint texture, GLuint from)
{
	glBindTexture(GL_TEXTURE_2D, texture);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, from);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
}

static void
put_page(uint8_t *data, int left)
{
	fill_picture(data, &default_layout, left, 0, PAGE_WIDTH, PAGE_WIDTH);
}

/* Draw the texture, pixel by pixel, to the framebuffer that is bound. */
static void
draw_texture(GLuint texture)
{
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexEnvi(GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_REPLACE);
	glEnable(GL_TEXTURE_2D);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	piglit_draw_rect_tex(-1, -1, 2, 2, 0, 0, 1, 1);
	glDisable(GL_TEXTURE_2D);
}

/* A texture that is being drawn from gets new pixels. */
static enum piglit_result
test_texture_drawn_from(void *unused)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint before = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint after = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint fbo[2];
	GLint picture;
	bool pass;

	start();
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	put_page(memory, 3);
	put_page(other, 7);
	upload_page(texture, buffer);
	keep_texture_busy(texture);
	fbo[0] = bind_framebuffer(before);
	draw_texture(texture);
	upload_page(texture, second);
	fbo[1] = bind_framebuffer(after);
	draw_texture(texture);
	pass = check_texture(before, 3, 0, PAGE_WIDTH, PAGE_WIDTH);
	pass = check_texture(after, 7, 0, PAGE_WIDTH, PAGE_WIDTH) && pass;
	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	glDeleteFramebuffers(2, fbo);
	glDeleteTextures(1, &texture);
	glDeleteTextures(1, &before);
	glDeleteTextures(1, &after);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* A texture that is being drawn to gets pixels behind the draws. */
static enum piglit_result
test_texture_drawn_to(void *unused)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLint picture;
	GLuint fbo;
	bool pass;

	start();
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	put_page(memory, 5);
	fbo = bind_framebuffer(texture);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	glColor4f(1, 1, 1, 1);
	keep_busy();
	piglit_draw_rect(-1, -1, 2, 2);
	upload_page(texture, buffer);
	pass = check_texture(texture, 5, 0, PAGE_WIDTH, PAGE_WIDTH);
	/* And draws behind the transfer. */
	piglit_draw_rect(-1, -1, 1, 2);
	upload_page(texture, buffer);
	piglit_draw_rect(-1, -1, 2, 2);
	pass = piglit_probe_rect_rgba(0, 0, PAGE_WIDTH, PAGE_WIDTH,
				      (float[]) { 1, 1, 1, 1 }) && pass;
	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* The pixels of a part of a busy texture; the rest stays. */
static enum piglit_result
test_part_of_texture(void *unused)
{
	const int size = 2 * PAGE_WIDTH;
	GLuint texture = picture_texture(size, size);
	uint8_t *read = malloc(size * size * 4);
	uint8_t *expected = malloc(size * size * 4);
	bool pass;
	int y;

	start();
	put_page(memory, 60);
	fill_picture(expected, &default_layout, 0, 0, size, size);
	for (y = 0; y < PAGE_WIDTH; y++)
		memcpy(expected + ((y + 5) * size + 11) * 4,
		       memory + y * PAGE_WIDTH * 4, PAGE_WIDTH * 4);

	keep_texture_busy(texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 11, 5, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, read);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       memcmp(read, expected, size * size * 4) == 0;
	glDeleteTextures(1, &texture);
	free(read);
	free(expected);
	return result_of(pass);
}

/* The framebuffer is drawn to before and after it is read. */
static enum piglit_result
test_framebuffer(void *unused)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLint picture;
	GLuint fbo;
	bool pass;

	start();
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	put_page(memory, 5);
	upload_page(texture, buffer);
	fbo = bind_framebuffer(texture);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	glColor4f(1, 1, 1, 1);
	memset(other, GUARD, PAGE_BYTES);
	keep_busy();
	read_page(second, 0, 0);
	piglit_draw_rect(-1, -1, 2, 2);
	read_page(buffer, 0, 0);
	glFinish();
	pass = check_page(other, 5) &&
	       check_bytes(memory, PAGE_BYTES, 0xff, "the second read");
	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* Pinned memory is written, read, written and read by the GL in a row. */
static enum piglit_result
test_buffer_in_order(void *unused)
{
	enum { COUNT = 8 };
	GLuint textures[COUNT];
	bool pass = true;
	int i;

	start();
	for (i = 0; i < COUNT; i++)
		textures[i] = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	keep_busy();
	for (i = 0; i < COUNT; i++) {
		read_page(buffer, 0, 3 * i);
		upload_page(textures[i], buffer);
	}
	for (i = 0; i < COUNT; i++)
		pass = check_texture(textures[i], 3 * i, 0, PAGE_WIDTH,
				     PAGE_WIDTH) && pass;
	glFinish();
	pass = check_page(memory, 3 * (COUNT - 1)) && pass;
	glDeleteTextures(COUNT, textures);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* The GL's CPU writes between what its GPU does. */
static enum piglit_result
test_sub_data_in_order(void *unused)
{
	GLuint first = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint then = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	uint8_t data[PAGE_BYTES], read[PAGE_BYTES];
	bool pass;

	start();
	put_page(memory, 3);
	put_page(data, 7);
	keep_busy();
	upload_page(first, buffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, data);
	upload_page(then, buffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	read_page(buffer, 0, 11);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = check_page(read, 11);
	pass = check_texture(first, 3, 0, PAGE_WIDTH, PAGE_WIDTH) && pass;
	pass = check_texture(then, 7, 0, PAGE_WIDTH, PAGE_WIDTH) && pass;
	pass = check_page(memory, 11) && pass;
	glDeleteTextures(1, &first);
	glDeleteTextures(1, &then);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* From pinned memory to pinned memory. */
static enum piglit_result
test_copies_in_order(void *unused)
{
	bool pass;

	start();
	if (!piglit_is_extension_supported("GL_ARB_copy_buffer"))
		return PIGLIT_SKIP;
	memset(memory, GUARD, PAGE_BYTES);
	memset(other, GUARD, PAGE_BYTES);
	keep_busy();
	glBindBuffer(GL_COPY_READ_BUFFER, buffer);
	glBindBuffer(GL_COPY_WRITE_BUFFER, second);
	read_page(buffer, 0, 13);
	glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0,
			    PAGE_BYTES);
	read_page(buffer, 0, 17);
	glBindBuffer(GL_COPY_READ_BUFFER, 0);
	glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
	glFinish();
	pass = check_page(other, 13) && check_page(memory, 17);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static const struct piglit_subtest subtests[] = {
	{ "texture drawn from", "drawn-from", test_texture_drawn_from },
	{ "texture drawn to", "drawn-to", test_texture_drawn_to },
	{ "part of a texture", "part", test_part_of_texture },
	{ "framebuffer", "framebuffer", test_framebuffer },
	{ "buffer in order", "buffer", test_buffer_in_order },
	{ "glBufferSubData in order", "sub-data", test_sub_data_in_order },
	{ "copies in order", "copies", test_copies_in_order },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	memory = map_pages(PAGE_BYTES);
	other = map_pages(PAGE_BYTES);
	pinned_run(piglit_config);
}
