/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned buffers of 1 byte to 64 MiB + 1, at every place in a page.
 *
 * The size of the buffer is the one that was given, not that of the pages
 * around it: its last byte can be written, the next one gives
 * GL_INVALID_VALUE, and no byte outside changes. Both the CPU's way
 * (glBufferSubData) and the GPU's (glCopyBufferSubData) write and read both
 * ends. A driver that pins pages one too few misses the last byte of a size
 * that is one more than a page.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_HAS_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define MIB (1024 * 1024)
/* How much is written to each end. */
#define CHUNK 64

static const unsigned sizes[] = {
	1, 2, 3, 4, 5, 15, 63, 64, 65, 100, 4032, 4095, 4096, 4097, 5000,
	8191, 8192, 8193, 65535, 65536, 65537, MIB - 1, MIB, MIB + 1,
	64 * MIB - 1, 64 * MIB, 64 * MIB + 1,
};

static const unsigned offsets[] = {
	0, 64, 2048, 4032,
	/* These may be refused. */
	1, 2, 3, 4, 8, 17, 32, 63, 65, 4095,
};

/* A buffer of the GL's own with a pattern. */
static GLuint
pattern_buffer(uint8_t seed, uint8_t *pattern)
{
	GLuint buffer;
	int i;

	for (i = 0; i < CHUNK; i++)
		pattern[i] = (seed + 3 * i) & 0x7f;
	glGenBuffers(1, &buffer);
	glBindBuffer(GL_COPY_READ_BUFFER, buffer);
	glBufferData(GL_COPY_READ_BUFFER, CHUNK, pattern, GL_STATIC_COPY);
	return buffer;
}

static bool
check_chunk(const uint8_t *data, const uint8_t *pattern, size_t length,
	    const char *what)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (data[i] != pattern[i]) {
			printf("%s: byte %zu is 0x%02x instead of 0x%02x\n",
			       what, i, data[i], pattern[i]);
			return false;
		}
	}
	return true;
}

/* Write the last bytes of the pinned buffer that is bound for writing. */
static bool
write_end(uint8_t *data, size_t size, bool by_gpu)
{
	const size_t length = MIN2(size, CHUNK);
	uint8_t pattern[CHUNK];
	GLuint source = pattern_buffer(by_gpu ? 7 : 11, pattern);
	bool pass;

	if (by_gpu)
		glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER,
				    0, size - length, length);
	else
		glBufferSubData(GL_COPY_WRITE_BUFFER, size - length, length,
				pattern);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_chunk(data + size - length, pattern, length,
			   by_gpu ? "the end, copied to" :
				    "the end, written");
	glDeleteBuffers(1, &source);
	return pass;
}

/* Read the last bytes of it, which the application writes. */
static bool
read_end(uint8_t *data, size_t size, bool by_gpu)
{
	const size_t length = MIN2(size, CHUNK);
	uint8_t pattern[CHUNK], read[CHUNK];
	GLuint buffer = pattern_buffer(by_gpu ? 19 : 23, pattern);
	bool pass;

	glBindBuffer(GL_COPY_READ_BUFFER, buffer);
	glBufferData(GL_COPY_READ_BUFFER, CHUNK, NULL, GL_STATIC_COPY);
	memcpy(data + size - length, pattern, length);
	if (by_gpu) {
		glCopyBufferSubData(GL_COPY_WRITE_BUFFER, GL_COPY_READ_BUFFER,
				    size - length, 0, length);
		glGetBufferSubData(GL_COPY_READ_BUFFER, 0, length, read);
	} else {
		glGetBufferSubData(GL_COPY_WRITE_BUFFER, size - length,
				   length, read);
	}
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_chunk(read, pattern, length,
			   by_gpu ? "the end, copied from" :
				    "the end, read");
	glDeleteBuffers(1, &buffer);
	return pass;
}

static enum piglit_result
test(uint8_t *memory, unsigned offset, size_t size)
{
	const size_t page = piglit_get_page_size();
	const size_t around = 2 * page;
	uint8_t *data = memory + around + offset;
	/* What lies between both ends is not looked at. */
	const size_t chunk = MIN2(size, CHUNK);
	uint8_t pattern[CHUNK], byte = 0;
	enum piglit_result result;
	GLuint buffer, source;
	GLint told = -1;
	bool pass;

	memset(memory, GUARD, around + offset);
	memset(data, GUARD, chunk);
	memset(data + size - chunk, GUARD, chunk + around);

	buffer = pin(data, size);
	result = taken(data);
	if (result != PIGLIT_PASS) {
		glDeleteBuffers(1, &buffer);
		return result;
	}
	glBindBuffer(GL_COPY_WRITE_BUFFER, buffer);
	glGetBufferParameteriv(GL_COPY_WRITE_BUFFER, GL_BUFFER_SIZE, &told);
	pass = told == size;

	source = pattern_buffer(31, pattern);
	glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0,
			    chunk);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_chunk(data, pattern, chunk, "the beginning") && pass;

	pass = write_end(data, size, true) && pass;
	pass = write_end(data, size, false) && pass;
	pass = read_end(data, size, true) && pass;
	pass = read_end(data, size, false) && pass;

	glBindBuffer(GL_COPY_READ_BUFFER, source);
	glBufferSubData(GL_COPY_WRITE_BUFFER, size, 1, &byte);
	pass = piglit_check_gl_error(GL_INVALID_VALUE) && pass;
	glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0,
			    size, 1);
	pass = piglit_check_gl_error(GL_INVALID_VALUE) && pass;
	glFinish();
	pass = check_bytes(memory, around + offset, GUARD, "before") && pass;
	pass = check_bytes(data + size, around, GUARD, "behind") && pass;

	glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
	glDeleteBuffers(1, &source);
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

void
piglit_init(int argc, char **argv)
{
	const size_t page = piglit_get_page_size();
	enum piglit_result all = PIGLIT_SKIP;
	uint8_t *memory;
	unsigned i, j;
	char name[80];

	pinned_init();
	piglit_require_extension("GL_ARB_copy_buffer");
	memory = map_pages(64 * MIB + 6 * page);

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(name, sizeof(name), "%s: %u",
			 sizes[i] % page ? "part of a page" : "whole pages",
			 sizes[i]);
		report(test(memory, 0, sizes[i]), &all, name);
	}
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		enum piglit_result result = PIGLIT_SKIP;

		/* Those that end in the same page, in the next one and
		 * at the very end of one.
		 */
		const unsigned few[] = { 1, 64, 5000, 65537,
					 2 * page - offsets[i], MIB + 1 };

		for (j = 0; j < ARRAY_SIZE(few); j++)
			piglit_merge_result(&result, test(memory, offsets[i],
							  few[j]));
		snprintf(name, sizeof(name), "offset %u", offsets[i]);
		report(result, &all, name);
	}
	piglit_report_result(all);
}
