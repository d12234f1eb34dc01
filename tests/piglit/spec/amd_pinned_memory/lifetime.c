/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * The application's memory comes and goes, as it may.
 *
 * Once a buffer is deleted and the GL has finished, its memory may be
 * unmapped, and other memory may appear at the same address. A driver that
 * keeps registrations of memory must not find the old pages there: an upload
 * would have what was there before, and what the GPU writes would be lost or
 * in somebody else's page. The same goes for pages that are dropped and come
 * anew while they are pinned (MADV_DONTNEED). Ranges may also be pinned more
 * than once, and overlap.
 */

#include <sys/mman.h>
#include <unistd.h>
#include "pinned-common.h"

#define ROUNDS 16

/* Other pages at the same address. */
static void
replace_pages(void *memory, size_t size)
{
	if (mmap(memory, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
		piglit_report_result(PIGLIT_FAIL);
}

static enum piglit_result
test_unmapped_after_use(void *unused)
{
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint8_t *memory = map_pages(PAGE_BYTES);
		GLuint buffer = pin(memory, PAGE_BYTES);

		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       page_passes(buffer, memory, i) && pass;
		glDeleteBuffers(1, &buffer);
		glFinish();
		munmap(memory, PAGE_BYTES);
	}
	return result_of(pass);
}

static enum piglit_result
test_same_address(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		GLuint buffer;

		replace_pages(memory, PAGE_BYTES);
		buffer = pin(memory, PAGE_BYTES);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       page_leaves(buffer, memory, i) &&
		       page_arrives(buffer, memory, i + 40) && pass;
		glDeleteBuffers(1, &buffer);
		glFinish();
	}
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* The address is another kind of memory each time. */
static enum piglit_result
test_same_address_of_a_file(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = map_pages(page);
	int fd = memfd_create("piglit-pinned", 0);
	bool pass = true;
	int i;

	if (fd < 0 || ftruncate(fd, page))
		return PIGLIT_FAIL;
	for (i = 0; i < ROUNDS; i++) {
		const bool file = i & 1;
		GLuint buffer;

		if (file)
			mmap(memory, page, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED, fd, 0);
		else
			replace_pages(memory, page);
		buffer = pin(memory, page);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       page_passes(buffer, memory, i) && pass;
		if (file) {
			uint8_t read[PAGE_BYTES];

			pass = pread(fd, read, PAGE_BYTES, 0) == PAGE_BYTES &&
			       memcmp(read, memory, PAGE_BYTES) == 0 && pass;
		}
		glDeleteBuffers(1, &buffer);
		glFinish();
	}
	munmap(memory, page);
	close(fd);
	return result_of(pass);
}

/* Replaced, and pinned again by the same buffer object. */
static enum piglit_result
test_same_buffer(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer;
	bool pass = true;
	int i;

	glGenBuffers(1, &buffer);
	for (i = 0; i < ROUNDS; i++) {
		glFinish();
		replace_pages(memory, PAGE_BYTES);
		glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
		glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD,
			     PAGE_BYTES, memory, GL_STREAM_READ);
		glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       page_leaves(buffer, memory, i) &&
		       page_arrives(buffer, memory, i + 40) && pass;
	}
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* Only the second half of what was pinned is replaced. */
static enum piglit_result
test_part_replaced(void *unused)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(2 * page);
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		GLuint buffer = pin(memory, 2 * page);

		memset(memory, GUARD, 2 * page);
		read_page(buffer, page, i);
		read_page(buffer, 0, i + 40);
		glFinish();
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       check_page(memory + page, i) &&
		       check_page(memory, i + 40) && pass;
		glDeleteBuffers(1, &buffer);
		glFinish();
		replace_pages(memory + (i & 1) * page, page);
	}
	munmap(memory, 2 * page);
	return result_of(pass);
}

/* The pages move to another address, and others come to the old one. */
static enum piglit_result
test_moved(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES), *moved;
	GLuint first, second;
	bool pass;

	first = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(first, memory, 3);
	glDeleteBuffers(1, &first);
	glFinish();
	moved = map_pages(PAGE_BYTES);
	moved = mremap(memory, PAGE_BYTES, PAGE_BYTES,
		       MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	if (moved == MAP_FAILED)
		return PIGLIT_FAIL;
	replace_pages(memory, PAGE_BYTES);
	first = pin(memory, PAGE_BYTES);
	second = pin(moved, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(first, memory, 7) &&
	       page_passes(second, moved, 11) &&
	       check_page(memory, 8) && pass;
	glDeleteBuffers(1, &first);
	glDeleteBuffers(1, &second);
	glFinish();
	munmap(memory, PAGE_BYTES);
	munmap(moved, PAGE_BYTES);
	return result_of(pass);
}

/* Pages that are dropped while they are pinned are zero for everybody, and
 * the new ones are the GL's too.
 */
static enum piglit_result
test_dropped(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	uint8_t read[PAGE_BYTES];
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pass = page_passes(buffer, memory, i) && pass;
		glFinish();
		madvise(memory, PAGE_BYTES, MADV_DONTNEED);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		memset(read, GUARD, PAGE_BYTES);
		glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		pass = check_bytes(read, PAGE_BYTES, 0, "what is read") &&
		       pass;
		madvise(memory, PAGE_BYTES, MADV_DONTNEED);
		/* Now the GPU is the first to see them. */
		read_page(buffer, 0, i + 20);
		glFinish();
		pass = check_page(memory, i + 20) && pass;
	}
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static enum piglit_result
test_twice(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint first = pin(memory, PAGE_BYTES);
	GLuint second = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	pass = page_passes(first, memory, 3) && pass;
	pass = page_passes(second, memory, 7) && pass;
	glDeleteBuffers(1, &first);
	pass = page_passes(second, memory, 11) && pass;
	first = pin(memory, PAGE_BYTES);
	glDeleteBuffers(1, &second);
	pass = page_passes(first, memory, 15) && pass;
	glDeleteBuffers(1, &first);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static enum piglit_result
test_overlapping(void *unused)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(3 * page);
	GLuint low = pin(memory, 2 * page);
	GLuint high = pin(memory + page, 2 * page);
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	/* What one wrote, the other has, without a finish between. */
	memset(memory, GUARD, 3 * page);
	read_page(low, page, 5);
	glBindTexture(GL_TEXTURE_2D, texture);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, high);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_page(memory + page, 5) &&
	       check_bytes(memory, page, GUARD, "before") &&
	       check_bytes(memory + 2 * page, page, GUARD, "behind") && pass;
	glDeleteBuffers(1, &low);
	pass = page_passes(high, memory + page, 7) && pass;
	glDeleteBuffers(1, &high);
	glDeleteTextures(1, &texture);
	glFinish();
	munmap(memory, 3 * page);
	return result_of(pass);
}

/* One buffer writes what the other reads: the commands are in order. */
static enum piglit_result
test_twice_in_order(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint first = pin(memory, PAGE_BYTES);
	GLuint second = pin(memory, PAGE_BYTES);
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	keep_busy();
	read_page(first, 0, 5);
	glBindTexture(GL_TEXTURE_2D, texture);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, second);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	read_page(second, 0, 9);
	pass = check_texture(texture, 5, 0, PAGE_WIDTH, PAGE_WIDTH) && pass;
	glFinish();
	pass = check_page(memory, 9) && pass;
	glDeleteBuffers(1, &first);
	glDeleteBuffers(1, &second);
	glDeleteTextures(1, &texture);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* Many at a time, and many one after the other. */
static enum piglit_result
test_many(void *unused)
{
	enum { COUNT = 256 };
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(COUNT * page);
	GLuint buffers[COUNT];
	bool pass = true;
	int round, i;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < COUNT; i++)
			buffers[i] = pin(memory + i * page, page);
		pass = piglit_check_gl_error(GL_NO_ERROR) && pass;
		memset(memory, GUARD, COUNT * page);
		for (i = 0; i < COUNT; i++)
			read_page(buffers[i], 0, (i + round) % 96);
		glFinish();
		for (i = 0; i < COUNT; i++)
			pass = check_page(memory + i * page, (i + round) % 96)
			       && pass;
		glDeleteBuffers(COUNT, buffers);
	}
	glFinish();
	munmap(memory, COUNT * page);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static const struct piglit_subtest subtests[] = {
	{ "unmapped after use", "unmapped", test_unmapped_after_use },
	{ "other pages at the address", "same-address", test_same_address },
	{ "a file's pages at the address", "file",
	  test_same_address_of_a_file },
	{ "other pages, same buffer", "same-buffer", test_same_buffer },
	{ "a part is replaced", "part", test_part_replaced },
	{ "moved", "moved", test_moved },
	{ "dropped while pinned", "dropped", test_dropped },
	{ "pinned twice", "twice", test_twice },
	{ "pinned twice, in order", "twice-in-order", test_twice_in_order },
	{ "overlapping", "overlapping", test_overlapping },
	{ "many", "many", test_many },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	pinned_run(piglit_config);
}
