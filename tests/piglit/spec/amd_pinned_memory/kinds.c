/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory of every kind that a process has.
 *
 * A driver that has the kernel pin pages meets the kernel's own rules for
 * each kind: files may be refused for writing, read-only memory for writing,
 * huge pages come in other sizes, untouched memory has no pages yet. Where
 * the application can write the memory, transfers in both directions must
 * work and, for shared memory, be seen through the file. Read-only memory
 * may be refused with GL_INVALID_OPERATION; if it is taken, uploads from it
 * must work. Memory that cannot even be read must be refused.
 *
 * All of it is whole pages, so that nothing else is tested here.
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "pinned-common.h"

#define HUGE_BYTES (2 * 1024 * 1024)
/* Room for the two pages of a picture of PAGE_BYTES that do not begin a
 * page, whatever a page's size is.
 */
#define BYTES (16 * PAGE_BYTES)

static enum piglit_result
passes(uint8_t *memory, size_t size)
{
	GLuint buffer = pin(memory, size);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3) &&
		    page_passes(buffer, memory, 5);

	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_malloc(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = malloc(BYTES + page);
	enum piglit_result result =
		passes((uint8_t *)ALIGN((uintptr_t)memory, page), BYTES);

	free(memory);
	return result;
}

static enum piglit_result
test_stack(void *unused)
{
	uint8_t memory[2 * BYTES];

	return passes((uint8_t *)ALIGN((uintptr_t)memory,
				       piglit_get_page_size()), BYTES);
}

static enum piglit_result
test_static(void *unused)
{
	static uint8_t memory[2 * BYTES];

	return passes((uint8_t *)ALIGN((uintptr_t)memory,
				       piglit_get_page_size()), BYTES);
}

/* The GPU is the first to touch it. */
static enum piglit_result
test_untouched(void *unused)
{
	uint8_t *memory = map_pages(BYTES);
	GLuint buffer = pin(memory, BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	read_page(buffer, 0, 9);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) && check_page(memory, 9) &&
	       check_bytes(memory + PAGE_BYTES, BYTES - PAGE_BYTES, 0,
			   "the rest") && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, BYTES);
	return result_of(pass);
}

static enum piglit_result
test_shared_anonymous(void *unused)
{
	void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum piglit_result result = passes(memory, BYTES);

	munmap(memory, BYTES);
	return result;
}

static enum piglit_result
test_locked(void *unused)
{
	void *memory = map_pages(BYTES);
	enum piglit_result result;

	if (mlock(memory, BYTES)) {
		munmap(memory, BYTES);
		return PIGLIT_SKIP;
	}
	result = passes(memory, BYTES);
	munmap(memory, BYTES);
	return result;
}

static int
temporary_file(void)
{
	char name[] = "/tmp/piglit-pinned-XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

/* Transfers through a map of the file, which a second look must agree on. */
static enum piglit_result
test_file(int fd, int flags)
{
	enum piglit_result result;
	uint8_t *memory, *read;

	if (fd < 0)
		return PIGLIT_SKIP;
	if (ftruncate(fd, BYTES))
		return PIGLIT_FAIL;
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);
	result = passes(memory, BYTES);
	if (result == PIGLIT_PASS) {
		read = malloc(BYTES);
		if (pread(fd, read, BYTES, 0) != BYTES)
			result = PIGLIT_FAIL;
		else if (flags == MAP_SHARED)
			result = result_of(memcmp(read, memory, BYTES) == 0);
		else
			result = result_of(check_bytes(read, BYTES, 0,
						       "the file"));
		free(read);
	}
	munmap(memory, BYTES);
	close(fd);
	return result;
}

static enum piglit_result
test_memfd(void *unused)
{
	return test_file(memfd_create("piglit-pinned", 0), MAP_SHARED);
}

static enum piglit_result
test_memfd_private(void *unused)
{
	return test_file(memfd_create("piglit-pinned", 0), MAP_PRIVATE);
}

static enum piglit_result
test_file_shared(void *unused)
{
	return test_file(temporary_file(), MAP_SHARED);
}

static enum piglit_result
test_file_private(void *unused)
{
	return test_file(temporary_file(), MAP_PRIVATE);
}

static enum piglit_result
test_hugetlb(void *unused)
{
	uint8_t *memory = mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
			       -1, 0);
	enum piglit_result whole, part;

	if (memory == MAP_FAILED)
		return PIGLIT_SKIP;
	whole = passes(memory, HUGE_BYTES);
	part = passes(memory + HUGE_BYTES / 2, BYTES);
	munmap(memory, HUGE_BYTES);
	return result_of(whole == PIGLIT_PASS && part == PIGLIT_PASS);
}

/* A transparent huge page where the kernel has them, which is split. */
static enum piglit_result
test_transparent_huge(void *unused)
{
	uint8_t *reserved = map_pages(2 * HUGE_BYTES);
	uint8_t *memory = (uint8_t *)ALIGN((uintptr_t)reserved, HUGE_BYTES);
	GLuint buffer;
	bool pass;

	madvise(memory, HUGE_BYTES, MADV_HUGEPAGE);
	memset(memory, GUARD, HUGE_BYTES);
	buffer = pin(memory + BYTES, HUGE_BYTES - BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory + BYTES, 3);
	munmap(memory, BYTES);
	pass = page_passes(buffer, memory + BYTES, 11) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(reserved, 2 * HUGE_BYTES);
	return result_of(pass);
}

/* Of two kinds: pages of a file behind pages of none. */
static enum piglit_result
test_mixed(void *unused)
{
	const size_t page = piglit_get_page_size();
	uint8_t *memory = map_pages(4 * page);
	int fd = memfd_create("piglit-pinned", 0);
	uint8_t *data = memory + 2 * page - PAGE_BYTES / 2;
	GLuint buffer;
	bool pass;

	if (fd < 0 || ftruncate(fd, 2 * page) ||
	    mmap(memory + 2 * page, 2 * page, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return PIGLIT_FAIL;

	memset(memory, GUARD, 4 * page);
	buffer = pin(memory, 4 * page);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	read_page(buffer, data - memory, 13);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_picture(memory, 4 * page, data, &default_layout, 13, 0,
			     PAGE_WIDTH, PAGE_WIDTH) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, 4 * page);
	close(fd);
	return result_of(pass);
}

/* Either refused, or good for uploads. */
static enum piglit_result
uploads_or_is_refused(const uint8_t *memory, int left)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	GLuint buffer = pin((void *)memory, PAGE_BYTES);
	GLenum error = glGetError();
	bool pass;

	if (error == GL_INVALID_OPERATION) {
		glDeleteBuffers(1, &buffer);
		return PIGLIT_SKIP;
	}
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	pass = error == GL_NO_ERROR && piglit_check_gl_error(GL_NO_ERROR) &&
	       check_texture(texture, left, 0, PAGE_WIDTH, PAGE_WIDTH) &&
	       check_page(memory, left);
	glDeleteBuffers(1, &buffer);
	glDeleteTextures(1, &texture);
	return result_of(pass);
}

static enum piglit_result
test_read_only(void *unused)
{
	uint8_t *memory = map_pages(BYTES);
	enum piglit_result result;

	fill_picture(memory, &default_layout, 17, 0, PAGE_WIDTH, PAGE_WIDTH);
	mprotect(memory, BYTES, PROT_READ);
	result = uploads_or_is_refused(memory, 17);
	munmap(memory, BYTES);
	return result;
}

static enum piglit_result
test_read_only_file(void *unused)
{
	uint8_t picture[PAGE_BYTES];
	int fd = temporary_file();
	enum piglit_result result;
	uint8_t *memory;

	if (fd < 0)
		return PIGLIT_SKIP;
	fill_picture(picture, &default_layout, 19, 0, PAGE_WIDTH, PAGE_WIDTH);
	if (write(fd, picture, PAGE_BYTES) != PAGE_BYTES)
		return PIGLIT_FAIL;
	memory = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	result = uploads_or_is_refused(memory, 19);
	munmap(memory, PAGE_BYTES);
	close(fd);
	return result;
}

/* What was writable when it was pinned, and has been used, need not be so
 * for uploads.
 */
static enum piglit_result
test_writable_again(void *unused)
{
	uint8_t *memory = map_pages(BYTES);
	GLuint buffer = pin(memory, BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	mprotect(memory, BYTES, PROT_READ);
	mprotect(memory, BYTES, PROT_READ | PROT_WRITE);
	pass = pass && page_passes(buffer, memory, 7);
	glDeleteBuffers(1, &buffer);
	munmap(memory, BYTES);
	return result_of(pass);
}

static const struct piglit_subtest subtests[] = {
	{ "malloc", "malloc", test_malloc },
	{ "stack", "stack", test_stack },
	{ "static", "static", test_static },
	{ "untouched", "untouched", test_untouched },
	{ "shared anonymous", "shared-anonymous", test_shared_anonymous },
	{ "locked", "locked", test_locked },
	{ "memfd", "memfd", test_memfd },
	{ "memfd, private map", "memfd-private", test_memfd_private },
	{ "file", "file", test_file_shared },
	{ "file, private map", "file-private", test_file_private },
	{ "hugetlb", "hugetlb", test_hugetlb },
	{ "transparent huge page", "thp", test_transparent_huge },
	{ "two kinds at once", "mixed", test_mixed },
	{ "read-only", "read-only", test_read_only },
	{ "read-only file", "read-only-file", test_read_only_file },
	{ "writable again", "writable-again", test_writable_again },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_HAS_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	pinned_run(piglit_config);
}
