/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * A pinned buffer stays the application's memory until it is told otherwise.
 *
 * Drivers give an ordinary buffer new storage when it is mapped with an
 * INVALIDATE flag, and staging memory for a range of it. A pinned buffer
 * must get neither: what is written by a map must be in client memory, and
 * what the GPU writes after it as well. The second map matters, because a
 * first map of a buffer that nothing has used may go another way.
 *
 * glBufferData with another target makes it an ordinary buffer, even with
 * the same size and usage: client memory must not change afterwards, since
 * the application may have freed it.
 *
 * Errors are those of the extension: INVALID_OPERATION for memory that
 * cannot be mapped. After fork(), the parent's memory must still be what
 * the GPU writes.
 */

#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_HAS_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define WIDTH 32
#define BYTES (WIDTH * WIDTH * 4)

static uint8_t *memory;

static void
read_picture(GLuint buffer)
{
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glReadPixels(0, 0, WIDTH, WIDTH, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
}

/* Does a picture that the GPU writes to the buffer arrive in the memory? */
static bool
still_pinned(GLuint buffer)
{
	memset(memory, GUARD, BYTES);
	read_picture(buffer);
	glFinish();
	return check_picture(memory, BYTES, memory, &default_layout, 0, 0,
			     WIDTH, WIDTH);
}

static bool
test_map(GLbitfield flags)
{
	GLuint buffer = pin(memory, BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	int turn;

	for (turn = 1; pass && turn <= 2; turn++) {
		uint8_t *map;
		int i;

		/* Busy: the GPU is to write it when it is mapped. */
		memset(memory, GUARD, BYTES);
		read_picture(buffer);
		map = glMapBufferRange(GL_PIXEL_PACK_BUFFER, 256, 512,
				       GL_MAP_WRITE_BIT | flags);
		pass = piglit_check_gl_error(GL_NO_ERROR) && map;
		if (!pass)
			break;
		memset(map, 0x10 + turn, 512);
		if (flags & GL_MAP_FLUSH_EXPLICIT_BIT)
			glFlushMappedBufferRange(GL_PIXEL_PACK_BUFFER, 0, 512);
		glUnmapBuffer(GL_PIXEL_PACK_BUFFER);
		glFinish();
		for (i = 256; pass && i < 768; i++) {
			if (memory[i] != 0x10 + turn) {
				printf("map %d: byte %d is 0x%02x, not what "
				       "was written\n", turn, i, memory[i]);
				pass = false;
			}
		}
		if (pass && !still_pinned(buffer)) {
			printf("map %d: the buffer is pinned no more\n", turn);
			pass = false;
		}
	}
	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
unchanged(void)
{
	int i;

	for (i = 0; i < BYTES; i++) {
		if (memory[i] != GUARD) {
			printf("byte %d of memory that is no buffer's any "
			       "more became 0x%02x\n", i, memory[i]);
			return false;
		}
	}
	return true;
}

static bool
test_respecify(bool with_data)
{
	GLuint buffer = pin(memory, BYTES);
	uint8_t *zeroes = calloc(1, BYTES);
	bool pass;

	memset(memory, GUARD, BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, BYTES, with_data ? zeroes : NULL,
		     GL_STREAM_READ);
	pass = unchanged();
	if (!with_data) {
		read_picture(buffer);
		glFinish();
		pass = unchanged();
	}
	glDeleteBuffers(1, &buffer);
	free(zeroes);
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static bool
test_errors(void)
{
	const size_t page = piglit_get_page_size();
	void *hole = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	GLuint buffer;
	bool pass;

	munmap(hole, 2 * page);
	buffer = pin(hole, page);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION);
	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
test_negative_size(void)
{
	GLuint buffer = pin(memory, -1);
	bool pass = piglit_check_gl_error(GL_INVALID_VALUE);

	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
test_no_buffer(void)
{
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, BYTES, memory,
		     GL_STREAM_READ);
	return piglit_check_gl_error(GL_INVALID_OPERATION);
}

static bool
test_fork(void)
{
	GLuint buffer = pin(memory, BYTES);
	bool pass = still_pinned(buffer);
	int pipes[2], status;
	pid_t child;

	if (pipe(pipes))
		return false;
	child = fork();
	if (child == 0) {
		char c;

		/* Holds the pages until the parent has written. */
		close(pipes[1]);
		_exit(read(pipes[0], &c, 1) == 1 ? 0 : 1);
	}
	pass = pass && child > 0 && still_pinned(buffer);
	pass = write(pipes[1], "x", 1) == 1 && pass;
	waitpid(child, &status, 0);
	pass = still_pinned(buffer) && pass;
	close(pipes[0]);
	close(pipes[1]);
	glDeleteBuffers(1, &buffer);
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

void
piglit_init(int argc, char **argv)
{
	static const struct {
		const char *name;
		GLbitfield flags;
	} maps[] = {
		{ "map: write", 0 },
		{ "map: read and write", GL_MAP_READ_BIT },
		{ "map: invalidate range", GL_MAP_INVALIDATE_RANGE_BIT },
		{ "map: invalidate buffer", GL_MAP_INVALIDATE_BUFFER_BIT },
		{ "map: flush explicit", GL_MAP_FLUSH_EXPLICIT_BIT },
		{ "map: invalidate range, flush explicit",
		  GL_MAP_INVALIDATE_RANGE_BIT | GL_MAP_FLUSH_EXPLICIT_BIT },
	};
	bool all = true;
	unsigned i;

	piglit_require_extension("GL_AMD_pinned_memory");
	piglit_require_extension("GL_ARB_map_buffer_range");
	piglit_require_extension("GL_ARB_pixel_buffer_object");
	piglit_require_extension("GL_ARB_framebuffer_object");

	memory = piglit_alloc_aligned(piglit_get_page_size(), BYTES);
	bind_framebuffer(picture_texture(WIDTH, WIDTH));

	for (i = 0; i < ARRAY_SIZE(maps); i++)
		report(test_map(maps[i].flags), &all, maps[i].name);
	report(test_respecify(false), &all, "re-specify without data");
	report(test_respecify(true), &all, "re-specify with data");
	report(test_errors(), &all, "error: memory that is not mapped");
	report(test_negative_size(), &all, "error: negative size");
	report(test_no_buffer(), &all, "error: no buffer bound");
	report(test_fork(), &all, "fork");

	piglit_report_result(all ? PIGLIT_PASS : PIGLIT_FAIL);
}

enum piglit_result
piglit_display(void)
{
	return PIGLIT_FAIL;
}
