/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Errors of pinned buffers are exactly those that the extension and the GL
 * name, and an erroneous command leaves memory alone.
 *
 * Memory that cannot be mapped to the GPU is GL_INVALID_OPERATION, when the
 * buffer is specified: an application has no use for hearing of it later. The
 * buffer can be specified anew afterwards. The other errors are those of every
 * buffer, whose checks a driver's special path for pinned memory might miss.
 */

#include <sys/mman.h>
#include "pinned-common.h"

static uint8_t *memory;

/* Refused with GL_INVALID_OPERATION, and the buffer works afterwards. */
static enum piglit_result
refused(void *data, size_t size)
{
	GLuint buffer = pin(data, size);
	bool pass = piglit_check_gl_error(GL_INVALID_OPERATION);

	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
		     memory, GL_STREAM_READ);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_unmapped(void *unused)
{
	void *hole = map_pages(2 * PAGE_BYTES);

	munmap(hole, 2 * PAGE_BYTES);
	return refused(hole, PAGE_BYTES);
}

static enum piglit_result
test_unmapped_end(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *pages = map_pages(3 * page);
	enum piglit_result result;

	munmap(pages + 2 * page, page);
	result = refused(pages, 3 * page);
	munmap(pages, 2 * page);
	return result;
}

/* One byte of the buffer is in the page that is missing. */
static enum piglit_result
test_unmapped_last_byte(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *pages = map_pages(3 * page);
	enum piglit_result result;

	munmap(pages + 2 * page, page);
	result = refused(pages + page, page + 1);
	munmap(pages, 2 * page);
	return result;
}

static enum piglit_result
test_unmapped_middle(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *pages = map_pages(3 * page);
	enum piglit_result result;

	munmap(pages + page, page);
	result = refused(pages, 3 * page);
	munmap(pages, page);
	munmap(pages + 2 * page, page);
	return result;
}

static enum piglit_result
test_no_access(void *unused)
{
	void *pages = map_pages(PAGE_BYTES);
	enum piglit_result result;

	mprotect(pages, PAGE_BYTES, PROT_NONE);
	result = refused(pages, PAGE_BYTES);
	munmap(pages, PAGE_BYTES);
	return result;
}

static enum piglit_result
test_null(void *unused)
{
	return refused(NULL, PAGE_BYTES);
}

/* An address that no process has, and one whose end wraps around. */
static enum piglit_result
test_no_address(void *unused)
{
	const uintptr_t page = piglit_get_page_size();
	enum piglit_result first, second;

	first = refused((void *)(UINTPTR_MAX / 2 / page * page), PAGE_BYTES);
	second = refused((void *)(0 - page), 2 * page);
	return result_of(first == PIGLIT_PASS && second == PIGLIT_PASS);
}

static enum piglit_result
test_storage(void *unused)
{
	void *hole = map_pages(PAGE_BYTES);
	GLuint buffer;
	bool pass;

	if (!piglit_is_extension_supported("GL_ARB_buffer_storage"))
		return PIGLIT_SKIP;
	munmap(hole, PAGE_BYTES);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferStorage(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
			hole, 0);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_negative_size(void *unused)
{
	GLuint buffer = pin(memory, -1);
	bool pass = piglit_check_gl_error(GL_INVALID_VALUE);

	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_size_0(void *unused)
{
	GLuint buffer = pin(memory, 0);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	read_page(buffer, 0, 0);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_no_buffer(void *unused)
{
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
		     memory, GL_STREAM_READ);
	return result_of(piglit_check_gl_error(GL_INVALID_OPERATION));
}

static enum piglit_result
test_usage(void *unused)
{
	GLuint buffer;
	bool pass;

	glGenBuffers(1, &buffer);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
		     memory, GL_RGBA);
	pass = piglit_check_gl_error(GL_INVALID_ENUM);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_map(void *unused)
{
	static const struct {
		GLintptr offset;
		GLsizeiptr length;
		GLbitfield flags;
		GLenum error;
	} calls[] = {
		{ 0, PAGE_BYTES + 1, GL_MAP_READ_BIT, GL_INVALID_VALUE },
		{ PAGE_BYTES, 1, GL_MAP_WRITE_BIT, GL_INVALID_VALUE },
		{ -1, 16, GL_MAP_READ_BIT, GL_INVALID_VALUE },
		{ 0, -1, GL_MAP_READ_BIT, GL_INVALID_VALUE },
		{ 0, 0, GL_MAP_READ_BIT, GL_INVALID_OPERATION },
		{ 0, 16, 0, GL_INVALID_OPERATION },
		{ 0, 16, GL_MAP_READ_BIT | GL_MAP_INVALIDATE_RANGE_BIT,
		  GL_INVALID_OPERATION },
		{ 0, 16, GL_MAP_READ_BIT | GL_MAP_INVALIDATE_BUFFER_BIT,
		  GL_INVALID_OPERATION },
		{ 0, 16, GL_MAP_READ_BIT | GL_MAP_UNSYNCHRONIZED_BIT,
		  GL_INVALID_OPERATION },
		{ 0, 16, GL_MAP_READ_BIT | GL_MAP_FLUSH_EXPLICIT_BIT,
		  GL_INVALID_OPERATION },
		{ 0, 16, 1 << 30 | GL_MAP_READ_BIT, GL_INVALID_VALUE },
	};
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	unsigned i;

	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		void *map = glMapBufferRange(GL_PIXEL_PACK_BUFFER,
					     calls[i].offset, calls[i].length,
					     calls[i].flags);

		if (!piglit_check_gl_error(calls[i].error) || map) {
			printf("map of %ld at %ld with flags 0x%x\n",
			       (long)calls[i].length, (long)calls[i].offset,
			       calls[i].flags);
			pass = false;
		}
	}
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_mapped(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	uint8_t data[16] = { 0 };
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	memset(memory, GUARD, PAGE_BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	pass = glMapBufferRange(GL_PIXEL_PACK_BUFFER, 0, 256,
				GL_MAP_READ_BIT) && pass;
	glMapBufferRange(GL_PIXEL_PACK_BUFFER, 512, 256, GL_MAP_READ_BIT);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBufferSubData(GL_PIXEL_PACK_BUFFER, 0, 16, data);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, 16, data);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glReadPixels(0, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     NULL);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glUnmapBuffer(GL_PIXEL_PACK_BUFFER);
	glUnmapBuffer(GL_PIXEL_PACK_BUFFER);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = check_bytes(memory, PAGE_BYTES, GUARD, "memory") && pass;
	pass = page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* Transfers that do not fit into the buffer, though into its last page. */
static enum piglit_result
test_beyond_the_end(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES - 1);
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	uint8_t byte = 0;
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	memset(memory, GUARD, PAGE_BYTES);
	read_page(buffer, 0, 0);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glReadPixels(0, 0, 1, 1, GL_RED, GL_UNSIGNED_BYTE,
		     (void *)(uintptr_t)(PAGE_BYTES - 1));
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBufferSubData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES - 1, 1, &byte);
	pass = piglit_check_gl_error(GL_INVALID_VALUE) && pass;
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES - 1, 1, &byte);
	pass = piglit_check_gl_error(GL_INVALID_VALUE) && pass;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glFinish();
	pass = check_bytes(memory, PAGE_BYTES, GUARD, "memory") && pass;
	glDeleteTextures(1, &texture);
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* An offset must be a multiple of the type's size, as in every buffer. */
static enum piglit_result
test_offset(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	memset(memory, GUARD, PAGE_BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glReadPixels(0, 0, 1, 1, GL_RGBA, GL_FLOAT, (void *)2);
	pass = piglit_check_gl_error(GL_INVALID_OPERATION) && pass;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = check_bytes(memory, PAGE_BYTES, GUARD, "memory") && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static const struct piglit_subtest subtests[] = {
	{ "unmapped memory", "unmapped", test_unmapped },
	{ "unmapped last page", "unmapped-end", test_unmapped_end },
	{ "unmapped last byte", "unmapped-last-byte",
	  test_unmapped_last_byte },
	{ "unmapped page between", "unmapped-middle", test_unmapped_middle },
	{ "no access", "no-access", test_no_access },
	{ "NULL", "null", test_null },
	{ "no such address", "no-address", test_no_address },
	{ "unmapped memory, glBufferStorage", "storage", test_storage },
	{ "negative size", "negative-size", test_negative_size },
	{ "size 0", "size-0", test_size_0 },
	{ "no buffer bound", "no-buffer", test_no_buffer },
	{ "wrong usage", "usage", test_usage },
	{ "maps", "maps", test_map },
	{ "while mapped", "mapped", test_mapped },
	{ "beyond the end", "end", test_beyond_the_end },
	{ "misaligned offset", "offset", test_offset },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_HAS_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	memory = map_pages(PAGE_BYTES);
	pinned_run(piglit_config);
}
