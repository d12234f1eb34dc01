/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * A map of a pinned buffer is the application's memory, with every flag.
 *
 * Drivers give an ordinary buffer new storage when it is mapped with an
 * INVALIDATE flag, and staging memory for a range of it. A pinned buffer
 * must get neither. The extension lets the map be at another address, but of
 * the same pages: what is written there is in client memory at once, and what
 * the GPU writes afterwards as well. Every legal set of flags is used twice,
 * since a first map of a buffer that nothing has used may go another way, on
 * a buffer that the GPU is to write ("busy") and on one that it has written.
 * A map for reading must find what the GPU was told to write.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define START 256
#define LENGTH 512

static const struct {
	GLbitfield flag;
	const char *name;
} flag_names[] = {
	{ GL_MAP_READ_BIT, "read" },
	{ GL_MAP_WRITE_BIT, "write" },
	{ GL_MAP_INVALIDATE_RANGE_BIT, "invalidate-range" },
	{ GL_MAP_INVALIDATE_BUFFER_BIT, "invalidate-buffer" },
	{ GL_MAP_FLUSH_EXPLICIT_BIT, "flush-explicit" },
	{ GL_MAP_UNSYNCHRONIZED_BIT, "unsynchronized" },
	{ GL_MAP_PERSISTENT_BIT, "persistent" },
	{ GL_MAP_COHERENT_BIT, "coherent" },
};

static uint8_t *memory;

/* Is what was written in [START, START + LENGTH), and the picture elsewhere,
 * if that has not been invalidated?
 */
static bool
check_written(uint8_t byte, int left, bool rest)
{
	uint8_t expected[PAGE_BYTES];
	int i;

	fill_picture(expected, &default_layout, left, 0, PAGE_WIDTH,
		     PAGE_WIDTH);
	memset(expected + START, byte, LENGTH);
	for (i = 0; i < PAGE_BYTES; i++) {
		bool inside = i >= START && i < START + LENGTH;

		if ((inside || rest) && memory[i] != expected[i]) {
			printf("byte %d is 0x%02x instead of 0x%02x (%s)\n",
			       i, memory[i], expected[i],
			       inside ? "written through the map" :
					"written by the GL");
			return false;
		}
	}
	return true;
}

static bool
turn(GLuint buffer, GLbitfield flags, bool busy, int number)
{
	const uint8_t byte = 0x10 + number;
	const int left = 20 * number;
	uint8_t *map, before[PAGE_BYTES];
	bool pass = true;

	memset(memory, GUARD, PAGE_BYTES);
	if (busy)
		keep_busy();
	read_page(buffer, 0, left);
	/* Without synchronization nothing is promised while it is busy. */
	if (!busy || flags & GL_MAP_UNSYNCHRONIZED_BIT)
		glFinish();

	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	map = glMapBufferRange(GL_PIXEL_PACK_BUFFER, START, LENGTH, flags);
	if (!piglit_check_gl_error(GL_NO_ERROR) || !map)
		return false;

	if (flags & GL_MAP_READ_BIT) {
		fill_picture(before, &default_layout, left, 0, PAGE_WIDTH,
			     PAGE_WIDTH);
		if (memcmp(before + START, map, LENGTH)) {
			printf("the map does not have what the GL wrote\n");
			pass = false;
		}
	}
	if (flags & GL_MAP_WRITE_BIT) {
		memset(map, byte, LENGTH);
		if (flags & GL_MAP_FLUSH_EXPLICIT_BIT)
			glFlushMappedBufferRange(GL_PIXEL_PACK_BUFFER, 0,
						 LENGTH);
		pass = check_bytes(memory + START, LENGTH, byte,
				   "mapped memory") && pass;
	}
	pass = glUnmapBuffer(GL_PIXEL_PACK_BUFFER) && pass;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	if (flags & GL_MAP_WRITE_BIT)
		pass = check_written(byte, left,
				     !(flags & GL_MAP_INVALIDATE_BUFFER_BIT))
		       && pass;
	else
		pass = check_page(memory, left) && pass;
	if (!page_passes(buffer, memory, left + 7)) {
		printf("the buffer is pinned no more\n");
		pass = false;
	}
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static void
test_flags(GLuint buffer, GLbitfield flags, enum piglit_result *all)
{
	char name[160];
	int busy, number;
	unsigned i;

	for (busy = 0; busy < 2; busy++) {
		bool pass = true;

		if (busy && flags & GL_MAP_UNSYNCHRONIZED_BIT)
			continue;
		strcpy(name, busy ? "busy:" : "idle:");
		for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
			if (flags & flag_names[i].flag) {
				strcat(name, " ");
				strcat(name, flag_names[i].name);
			}
		}
		for (number = 1; pass && number <= 2; number++) {
			pass = turn(buffer, flags, busy, number);
			if (!pass)
				printf("in map %d\n", number);
		}
		report(result_of(pass), all, name);
	}
}

static void
test_fresh(GLbitfield flags, enum piglit_result *all)
{
	GLuint buffer = pin(memory, PAGE_BYTES);

	test_flags(buffer, flags, all);
	glDeleteBuffers(1, &buffer);
}

/* glMapBuffer has three enumerants for the same. */
static bool
test_map_buffer(GLenum access)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = true;
	int number;

	for (number = 1; pass && number <= 2; number++) {
		const uint8_t byte = 0x30 + number;
		uint8_t *map;
		void *pointer = NULL;

		memset(memory, GUARD, PAGE_BYTES);
		read_page(buffer, 0, number);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		map = glMapBuffer(GL_PIXEL_PACK_BUFFER, access);
		glGetBufferPointerv(GL_PIXEL_PACK_BUFFER,
				    GL_BUFFER_MAP_POINTER, &pointer);
		pass = piglit_check_gl_error(GL_NO_ERROR) && map &&
		       map == pointer;
		if (!pass)
			break;
		if (access != GL_WRITE_ONLY)
			pass = check_page(map, number);
		if (access != GL_READ_ONLY) {
			memset(map, byte, PAGE_BYTES);
			pass = check_bytes(memory, PAGE_BYTES, byte,
					   "mapped memory") && pass;
		}
		pass = glUnmapBuffer(GL_PIXEL_PACK_BUFFER) && pass;
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		pass = page_passes(buffer, memory, number + 9) && pass;
	}
	glDeleteBuffers(1, &buffer);
	return pass;
}

/* Pinned memory that stays mapped while the GPU reads and writes it. */
static bool
test_stays_mapped(GLbitfield coherent)
{
	const GLbitfield flags = GL_MAP_READ_BIT | GL_MAP_WRITE_BIT |
				 GL_MAP_PERSISTENT_BIT | coherent;
	GLuint buffer;
	uint8_t *map;
	bool pass;

	glGenBuffers(1, &buffer);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferStorage(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
			memory, flags);
	map = glMapBufferRange(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0,
			       PAGE_BYTES, flags);
	pass = piglit_check_gl_error(GL_NO_ERROR) && map;
	if (pass) {
		pass = page_passes(buffer, memory, 3) && pass;
		/* The application's own address and the map are one. */
		pass = page_passes(buffer, map, 11) &&
		       check_page(memory, 12) && pass;
	}
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glUnmapBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	pass = page_passes(buffer, memory, 21) && pass;
	glDeleteBuffers(1, &buffer);
	return pass;
}

static void
test_storage(GLbitfield access, enum piglit_result *all)
{
	GLuint buffer;

	glGenBuffers(1, &buffer);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferStorage(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
			memory, access);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	test_flags(buffer, access, all);
	glDeleteBuffers(1, &buffer);
}

void
piglit_init(int argc, char **argv)
{
	static const GLbitfield write_flags[] = {
		GL_MAP_INVALIDATE_RANGE_BIT, GL_MAP_INVALIDATE_BUFFER_BIT,
		GL_MAP_FLUSH_EXPLICIT_BIT, GL_MAP_UNSYNCHRONIZED_BIT,
	};
	enum piglit_result all = PIGLIT_SKIP;
	unsigned i, j;

	pinned_init();
	memory = piglit_alloc_aligned(piglit_get_page_size(), PAGE_BYTES);

	for (i = 0; i < 1 << ARRAY_SIZE(write_flags); i++) {
		GLbitfield flags = GL_MAP_WRITE_BIT;

		for (j = 0; j < ARRAY_SIZE(write_flags); j++)
			if (i & 1 << j)
				flags |= write_flags[j];
		test_fresh(flags, &all);
	}
	test_fresh(GL_MAP_READ_BIT, &all);
	test_fresh(GL_MAP_READ_BIT | GL_MAP_WRITE_BIT, &all);
	test_fresh(GL_MAP_READ_BIT | GL_MAP_WRITE_BIT |
		   GL_MAP_FLUSH_EXPLICIT_BIT, &all);

	report(result_of(test_map_buffer(GL_READ_ONLY)), &all,
	       "glMapBuffer READ_ONLY");
	report(result_of(test_map_buffer(GL_WRITE_ONLY)), &all,
	       "glMapBuffer WRITE_ONLY");
	report(result_of(test_map_buffer(GL_READ_WRITE)), &all,
	       "glMapBuffer READ_WRITE");

	if (piglit_is_extension_supported("GL_ARB_buffer_storage")) {
		const GLbitfield persistent = GL_MAP_PERSISTENT_BIT;
		const GLbitfield coherent = persistent | GL_MAP_COHERENT_BIT;
		const GLbitfield write = GL_MAP_WRITE_BIT;
		const GLbitfield both = GL_MAP_READ_BIT | write;

		test_storage(write | persistent, &all);
		test_storage(both | persistent, &all);
		test_storage(write | coherent, &all);
		test_storage(both | coherent, &all);
		report(result_of(test_stays_mapped(0)), &all,
		       "stays mapped");
		report(result_of(test_stays_mapped(GL_MAP_COHERENT_BIT)),
		       &all, "stays mapped, coherent");
	}
	piglit_report_result(all);
}
