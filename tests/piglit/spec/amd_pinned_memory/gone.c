/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory that is gone while the GL uses it does not end the process.
 *
 * The application must keep the memory. If it does not, what the GL was to
 * do with it is undefined, but a kernel that finds no pages can only refuse
 * the commands, and a driver should lose those and no more: no abort, no
 * endless wait, and the next commands work. Nothing may be written to memory
 * that has come to the address since, unless the buffer is still pinned
 * there.
 *
 * A GL that reads memory by the CPU dies of this by the kernel's hand, so
 * software renderers skip it.
 */

#include <sys/mman.h>
#include <unistd.h>
#include "pinned-common.h"

/* Is the GL as good as new? */
static bool
still_works(void)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer, texture, fbo;
	GLint picture;
	bool pass;

	/* Whatever was reported of the lost commands. */
	while (glGetError() != GL_NO_ERROR)
		;
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	buffer = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory, 33);
	glDeleteBuffers(1, &buffer);

	/* Draw, which needs all state that lost commands may have set. */
	texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	fbo = bind_framebuffer(texture);
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	glClearColor(1, 0, 0, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glColor4f(0, 1, 0, 1);
	piglit_draw_rect(-1, -1, 2, 2);
	pass = piglit_probe_rect_rgba(0, 0, PAGE_WIDTH, PAGE_WIDTH,
				      (float[]) { 0, 1, 0, 1 }) && pass;
	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);
	munmap(memory, PAGE_BYTES);
	return piglit_check_gl_error(GL_NO_ERROR) && pass;
}

static void
upload(GLuint buffer)
{
	GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);

	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	glDeleteTextures(1, &texture);
}

/* Unmapped when the GL has been told to write it, and may not have. */
static enum piglit_result
test_write_unmapped(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	read_page(buffer, 0, 3);
	munmap(memory, PAGE_BYTES);
	glFinish();
	glDeleteBuffers(1, &buffer);
	return result_of(still_works() && pass);
}

static enum piglit_result
test_read_unmapped(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	upload(buffer);
	munmap(memory, PAGE_BYTES);
	glFinish();
	glDeleteBuffers(1, &buffer);
	return result_of(still_works() && pass);
}

/* Unmapped first, used then. */
static enum piglit_result
test_use_after_unmap(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);
	int i;

	munmap(memory, PAGE_BYTES);
	for (i = 0; i < 4; i++) {
		read_page(buffer, 0, i);
		glFlush();
		upload(buffer);
		glFinish();
		pass = still_works() && pass;
	}
	glDeleteBuffers(1, &buffer);
	return result_of(pass);
}

static enum piglit_result
test_part_unmapped(void *unused)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	uint8_t *memory = map_pages(3 * page);
	GLuint buffer = pin(memory, 3 * page);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	munmap(memory + page, page);
	read_page(buffer, 0, 7);
	glFinish();
	glDeleteBuffers(1, &buffer);
	pass = still_works() && pass;
	munmap(memory, page);
	munmap(memory + 2 * page, page);
	return result_of(pass);
}

/* Other pages are at the address: they get the picture, or nothing. */
static enum piglit_result
test_replaced(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	glFinish();
	if (mmap(memory, PAGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
		return PIGLIT_FAIL;
	memset(memory, GUARD, PAGE_BYTES);
	read_page(buffer, 0, 7);
	glFinish();
	if (memory[0] == GUARD)
		pass = check_bytes(memory, PAGE_BYTES, GUARD, "new pages") &&
		       pass;
	else
		pass = check_page(memory, 7) && pass;
	/* Pinned by its new pages, it is well again. */
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
		     memory, GL_STREAM_READ);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	pass = still_works() && page_passes(buffer, memory, 11) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

static enum piglit_result
test_made_read_only(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	memset(memory, GUARD, PAGE_BYTES);
	mprotect(memory, PAGE_BYTES, PROT_READ);
	read_page(buffer, 0, 7);
	glFinish();
	pass = check_bytes(memory, PAGE_BYTES, GUARD, "read-only memory") &&
	       pass;
	pass = still_works() && pass;
	mprotect(memory, PAGE_BYTES, PROT_READ | PROT_WRITE);
	pass = page_passes(buffer, memory, 11) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* The file ends before the map does. */
static enum piglit_result
test_truncated(void *unused)
{
	const size_t page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	int fd = memfd_create("piglit-pinned", 0);
	uint8_t *memory;
	GLuint buffer;
	bool pass;

	if (fd < 0 || ftruncate(fd, 2 * page))
		return PIGLIT_FAIL;
	memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	buffer = pin(memory, 2 * page);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory, 3);
	glFinish();
	if (ftruncate(fd, page))
		return PIGLIT_FAIL;
	read_page(buffer, page, 7);
	glFinish();
	pass = still_works() && pass;
	if (ftruncate(fd, 2 * page))
		return PIGLIT_FAIL;
	pass = page_passes(buffer, memory, 11) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, 2 * page);
	close(fd);
	return result_of(pass);
}

/* Deleted and unmapped at once, as one does who does not know of the GPU. */
static enum piglit_result
test_no_finish(void *unused)
{
	bool pass = true;
	int i;

	for (i = 0; i < 8; i++) {
		uint8_t *memory = map_pages(PAGE_BYTES);
		GLuint buffer = pin(memory, PAGE_BYTES);

		pass = piglit_check_gl_error(GL_NO_ERROR) && pass;
		keep_busy();
		read_page(buffer, 0, 3);
		if (i & 1)
			glFlush();
		glDeleteBuffers(1, &buffer);
		munmap(memory, PAGE_BYTES);
	}
	glFinish();
	return result_of(still_works() && pass);
}

/* A fence behind lost commands still comes. */
static enum piglit_result
test_fence(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	GLsync fence;
	GLenum result;

	if (!piglit_is_extension_supported("GL_ARB_sync"))
		return PIGLIT_SKIP;
	read_page(buffer, 0, 3);
	munmap(memory, PAGE_BYTES);
	fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	result = glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT,
				  20000000000ull);
	if (result == GL_TIMEOUT_EXPIRED) {
		printf("the fence never signals\n");
		pass = false;
	}
	glDeleteSync(fence);
	glDeleteBuffers(1, &buffer);
	return result_of(still_works() && pass);
}

static const struct piglit_subtest subtests[] = {
	{ "unmapped while written", "write", test_write_unmapped },
	{ "unmapped while read", "read", test_read_unmapped },
	{ "used after munmap", "use-after", test_use_after_unmap },
	{ "a part is unmapped", "part", test_part_unmapped },
	{ "replaced", "replaced", test_replaced },
	{ "made read-only", "read-only", test_made_read_only },
	{ "file truncated", "truncated", test_truncated },
	{ "unmapped without finish", "no-finish", test_no_finish },
	{ "fence", "fence", test_fence },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	const char *renderer = (const char *)glGetString(GL_RENDERER);

	pinned_init();
	if (strstr(renderer, "llvmpipe") || strstr(renderer, "softpipe"))
		piglit_report_result(PIGLIT_SKIP);
	pinned_run(piglit_config);
}
