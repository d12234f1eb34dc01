/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * When a buffer stops being pinned, and when it does not.
 *
 * glBufferData gives the buffer a new data store. Through another target
 * that is the GL's own memory, even with the same size and usage: from then
 * on client memory must not change, since the application may have freed it.
 * Through the extension's target it is the memory given now, and only that.
 * What writes into the data store, or invalidates it, leaves it pinned.
 */

#include <sys/mman.h>
#include "pinned-common.h"

static uint8_t *memory, *other;

static const char no_more[] = "memory that is no buffer's any more";

/* The buffer is the GL's own: it works, and client memory stays as it is. */
static bool
is_ordinary(GLuint buffer)
{
	uint8_t read[PAGE_BYTES];
	bool pass;

	read_page(buffer, 0, 9);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(read, 9);
	return check_bytes(memory, PAGE_BYTES, GUARD, no_more) && pass;
}

static enum piglit_result
respecify(GLenum target, const void *data, GLenum usage, bool used)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	if (used)
		pass = page_passes(buffer, memory, 3) && pass;
	memset(memory, GUARD, PAGE_BYTES);
	glBindBuffer(target, buffer);
	glBufferData(target, PAGE_BYTES, data, usage);
	if (data) {
		uint8_t read[PAGE_BYTES];

		glGetBufferSubData(target, 0, PAGE_BYTES, read);
		pass = memcmp(read, data, PAGE_BYTES) == 0 && pass;
	}
	glBindBuffer(target, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_bytes(memory, PAGE_BYTES, GUARD, no_more) && pass;
	pass = is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_without_data(void *unused)
{
	return respecify(GL_PIXEL_PACK_BUFFER, NULL, GL_STREAM_READ, true);
}

static enum piglit_result
test_with_data(void *unused)
{
	uint8_t zeroes[PAGE_BYTES] = { 0 };

	return respecify(GL_PIXEL_PACK_BUFFER, zeroes, GL_STREAM_READ, true);
}

static enum piglit_result
test_unused_without_data(void *unused)
{
	return respecify(GL_PIXEL_PACK_BUFFER, NULL, GL_STREAM_READ, false);
}

static enum piglit_result
test_unused_with_data(void *unused)
{
	uint8_t zeroes[PAGE_BYTES] = { 0 };

	return respecify(GL_PIXEL_UNPACK_BUFFER, zeroes, GL_STREAM_READ,
			 false);
}

static enum piglit_result
test_other_usage(void *unused)
{
	uint8_t zeroes[PAGE_BYTES] = { 0 };

	return respecify(GL_ARRAY_BUFFER, zeroes, GL_STATIC_DRAW, true);
}

/* The new data are in the very memory that was pinned. */
static enum piglit_result
test_with_its_own_data(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	uint8_t read[PAGE_BYTES];
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	fill_picture(memory, &default_layout, 5, 0, PAGE_WIDTH, PAGE_WIDTH);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, memory,
		     GL_STREAM_READ);
	memset(memory, GUARD, PAGE_BYTES);
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = check_page(read, 5) && pass;
	pass = is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* The GPU was told to write the memory and may not have done so yet. */
static enum piglit_result
test_busy(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass;

	memset(memory, GUARD, PAGE_BYTES);
	keep_busy();
	read_page(buffer, 0, 15);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL, GL_STREAM_READ);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, 15);
	memset(memory, GUARD, PAGE_BYTES);
	pass = is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* The memory is gone when the buffer is used again. */
static enum piglit_result
test_freed(void *unused)
{
	void *mapped = map_pages(PAGE_BYTES);
	GLuint buffer = pin(mapped, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, mapped, 3);
	uint8_t zeroes[PAGE_BYTES] = { 0 };

	memset(memory, GUARD, PAGE_BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL, GL_STREAM_READ);
	munmap(mapped, PAGE_BYTES);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, zeroes,
		     GL_STREAM_READ);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_storage(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	if (!piglit_is_extension_supported("GL_ARB_buffer_storage"))
		return PIGLIT_SKIP;
	memset(memory, GUARD, PAGE_BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferStorage(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL,
			GL_MAP_READ_BIT);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_while_mapped(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	GLint mapped = 1;

	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glMapBuffer(GL_PIXEL_PACK_BUFFER, GL_READ_WRITE);
	memset(memory, GUARD, PAGE_BYTES);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL, GL_STREAM_READ);
	glGetBufferParameteriv(GL_PIXEL_PACK_BUFFER, GL_BUFFER_MAPPED,
			       &mapped);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = !mapped && is_ordinary(buffer) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static void
pin_again(GLuint buffer, void *data, size_t size)
{
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, size, data,
		     GL_STREAM_READ);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
}

static enum piglit_result
test_other_memory(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	pin_again(buffer, other, PAGE_BYTES);
	memset(memory, GUARD, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, other, 7) && pass;
	pass = check_bytes(memory, PAGE_BYTES, GUARD, no_more) && pass;
	pin_again(buffer, memory, PAGE_BYTES);
	memset(other, GUARD, PAGE_BYTES);
	pass = page_passes(buffer, memory, 11) && pass;
	pass = check_bytes(other, PAGE_BYTES, GUARD, no_more) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_same_memory(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	pin_again(buffer, memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory, 7) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* From ordinary to pinned, to ordinary and to pinned. */
static enum piglit_result
test_to_and_fro(void *unused)
{
	GLuint buffer;
	bool pass = true;
	int i;

	glGenBuffers(1, &buffer);
	for (i = 0; i < 3; i++) {
		memset(memory, GUARD, PAGE_BYTES);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL,
			     GL_STREAM_READ);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		pass = is_ordinary(buffer) && pass;
		pin_again(buffer, memory, PAGE_BYTES);
		pass = page_passes(buffer, memory, 5 + i) && pass;
	}
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

/* What the buffer held before is not written into the memory. */
static enum piglit_result
test_pin_keeps_memory(void *unused)
{
	uint8_t zeroes[PAGE_BYTES] = { 0 };
	GLuint buffer;
	bool pass;

	memset(memory, GUARD, PAGE_BYTES);
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, zeroes,
		     GL_STREAM_READ);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pin_again(buffer, memory, PAGE_BYTES);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_bytes(memory, PAGE_BYTES, GUARD, "pinned memory");
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_delete(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass;

	memset(memory, GUARD, PAGE_BYTES);
	keep_busy();
	read_page(buffer, 0, 25);
	glDeleteBuffers(1, &buffer);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, 25);
	return result_of(pass);
}

static enum piglit_result
test_sub_data(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	uint8_t data[PAGE_BYTES], read[PAGE_BYTES];
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	/* The GPU's write comes first, and the whole buffer is replaced,
	 * for which drivers like to take new storage.
	 */
	fill_picture(data, &default_layout, 31, 0, PAGE_WIDTH, PAGE_WIDTH);
	keep_busy();
	read_page(buffer, 0, 1);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, data);
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, 31) &&
	       check_page(read, 31) && pass;
	pass = page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_copy(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES), source;
	uint8_t data[PAGE_BYTES];
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	if (!piglit_is_extension_supported("GL_ARB_copy_buffer"))
		return PIGLIT_SKIP;
	fill_picture(data, &default_layout, 33, 0, PAGE_WIDTH, PAGE_WIDTH);
	glGenBuffers(1, &source);
	glBindBuffer(GL_COPY_READ_BUFFER, source);
	glBufferData(GL_COPY_READ_BUFFER, PAGE_BYTES, data, GL_STATIC_COPY);
	read_page(buffer, 0, 1);
	glBindBuffer(GL_COPY_WRITE_BUFFER, buffer);
	glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0,
			    PAGE_BYTES);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, 33) &&
	       pass;
	glBindBuffer(GL_COPY_READ_BUFFER, 0);
	glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
	pass = page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &source);
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_clear(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	const uint8_t byte = 0x42;
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	if (!piglit_is_extension_supported("GL_ARB_clear_buffer_object"))
		return PIGLIT_SKIP;
	read_page(buffer, 0, 1);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glClearBufferData(GL_PIXEL_PACK_BUFFER, GL_R8, GL_RED,
			  GL_UNSIGNED_BYTE, &byte);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_bytes(memory, PAGE_BYTES, byte, "cleared memory") && pass;
	pass = page_passes(buffer, memory, 3) && pass;
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_invalidate(void *unused)
{
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	int i;

	if (!piglit_is_extension_supported("GL_ARB_invalidate_subdata"))
		return PIGLIT_SKIP;
	for (i = 0; i < 2; i++) {
		read_page(buffer, 0, 1);
		glInvalidateBufferData(buffer);
		pass = page_passes(buffer, memory, 3 + i) && pass;
		read_page(buffer, 0, 1);
		glInvalidateBufferSubData(buffer, 64, 256);
		pass = page_passes(buffer, memory, 5 + i) && pass;
	}
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static const struct piglit_subtest subtests[] = {
	{ "without data", "without-data", test_without_data },
	{ "with data", "with-data", test_with_data },
	{ "unused, without data", "unused-without-data",
	  test_unused_without_data },
	{ "unused, with data", "unused-with-data", test_unused_with_data },
	{ "other usage", "other-usage", test_other_usage },
	{ "with its own data", "own-data", test_with_its_own_data },
	{ "busy", "busy", test_busy },
	{ "freed memory", "freed", test_freed },
	{ "glBufferStorage", "storage", test_storage },
	{ "while mapped", "mapped", test_while_mapped },
	{ "pin other memory", "other-memory", test_other_memory },
	{ "pin the same memory", "same-memory", test_same_memory },
	{ "to and fro", "to-and-fro", test_to_and_fro },
	{ "pinning writes nothing", "pin-keeps", test_pin_keeps_memory },
	{ "delete while busy", "delete", test_delete },
	{ "stays pinned: glBufferSubData", "sub-data", test_sub_data },
	{ "stays pinned: glCopyBufferSubData", "copy", test_copy },
	{ "stays pinned: glClearBufferData", "clear", test_clear },
	{ "stays pinned: glInvalidateBufferData", "invalidate",
	  test_invalidate },
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
