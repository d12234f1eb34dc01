/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory and more than one context.
 *
 * A pinned buffer is an object of its share group: what one context writes to
 * it, or specifies for it, another one has once the first has finished. And
 * it is the application's memory: contexts that share nothing, each with a
 * buffer of its own there, meet in the same pages. A driver that keeps what it
 * registered for one file descriptor or context must not use it for another
 * after it is gone.
 */

#include <EGL/egl.h>
#include <sys/mman.h>
#include "pinned-common.h"

static EGLDisplay display;
static EGLSurface draw, read_surface;
static EGLContext ours;

static EGLContext
new_context(EGLContext share)
{
	EGLint id = 0, count = 0;
	EGLConfig config;
	EGLContext context;

	eglQueryContext(display, ours, EGL_CONFIG_ID, &id);
	eglChooseConfig(display, (EGLint[]) { EGL_CONFIG_ID, id, EGL_NONE },
			&config, 1, &count);
	eglBindAPI(EGL_OPENGL_API);
	context = eglCreateContext(display, count ? config : NULL, share,
				   NULL);
	if (context == EGL_NO_CONTEXT) {
		printf("no second context: 0x%x\n", eglGetError());
		piglit_report_result(PIGLIT_FAIL);
	}
	return context;
}

/* Make it current, without a surface, and give it a picture to read. */
static void
enter(EGLContext context)
{
	if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE,
			    context)) {
		printf("cannot make it current: 0x%x\n", eglGetError());
		piglit_report_result(PIGLIT_FAIL);
	}
	picture_framebuffer();
}

static void
back(void)
{
	if (!eglMakeCurrent(display, draw, read_surface, ours))
		piglit_report_result(PIGLIT_FAIL);
}

/* Leave it and destroy it. */
static void
leave(EGLContext context)
{
	glFinish();
	back();
	eglDestroyContext(display, context);
}

/* Pinned here, used there. */
static enum piglit_result
test_shared(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	EGLContext other = new_context(ours);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	glFinish();
	enter(other);
	pass = page_passes(buffer, memory, 3) && pass;
	leave(other);
	pass = page_passes(buffer, memory, 7) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* Pinned there; the context is gone when it is used here. */
static enum piglit_result
test_pinned_by_other(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	EGLContext other = new_context(ours);
	GLuint buffer;
	bool pass;

	enter(other);
	buffer = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       page_passes(buffer, memory, 3);
	leave(other);
	pass = page_passes(buffer, memory, 7) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* Told to write here, read by a texture there, which waits for a fence. */
static enum piglit_result
test_fence(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES), texture;
	EGLContext other = new_context(ours);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	GLsync fence;

	if (!piglit_is_extension_supported("GL_ARB_sync"))
		return PIGLIT_SKIP;
	memset(memory, GUARD, PAGE_BYTES);
	keep_busy();
	read_page(buffer, 0, 5);
	fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	glFlush();

	enter(other);
	glWaitSync(fence, 0, GL_TIMEOUT_IGNORED);
	texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH, PAGE_WIDTH,
			GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	pass = check_texture(texture, 5, 0, PAGE_WIDTH, PAGE_WIDTH) && pass;
	glDeleteTextures(1, &texture);
	leave(other);
	glDeleteSync(fence);
	pass = check_page(memory, 5) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* Given other memory there; here it is bound anew and has that. */
static enum piglit_result
test_respecified_by_other(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	uint8_t *second = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	EGLContext other = new_context(ours);
	uint8_t read[PAGE_BYTES];
	bool pass = piglit_check_gl_error(GL_NO_ERROR) &&
		    page_passes(buffer, memory, 3);

	glFinish();
	enter(other);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, buffer);
	glBufferData(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, PAGE_BYTES,
		     second, GL_STREAM_READ);
	glBindBuffer(GL_EXTERNAL_VIRTUAL_MEMORY_BUFFER_AMD, 0);
	glFinish();
	back();
	memset(memory, GUARD, PAGE_BYTES);
	pass = page_passes(buffer, second, 7) && pass;
	pass = check_bytes(memory, PAGE_BYTES, GUARD, "the first memory") &&
	       pass;

	/* And made an ordinary one, which client memory is not to feel. */
	enter(other);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glBufferData(GL_PIXEL_PACK_BUFFER, PAGE_BYTES, NULL, GL_STREAM_READ);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	leave(other);
	memset(second, GUARD, PAGE_BYTES);
	read_page(buffer, 0, 11);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	pass = check_page(read, 11) &&
	       check_bytes(second, PAGE_BYTES, GUARD, "the second memory") &&
	       pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	munmap(second, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* Deleted there while it is bound here: it lives as long as it is bound. */
static enum piglit_result
test_deleted_by_other(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES);
	EGLContext other = new_context(ours);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	enter(other);
	glDeleteBuffers(1, &buffer);
	leave(other);
	memset(memory, GUARD, PAGE_BYTES);
	glReadPixels(5, 0, PAGE_WIDTH, PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE,
		     NULL);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = check_page(memory, 5) && pass;
	munmap(memory, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* Contexts that share nothing have the memory in common. */
static enum piglit_result
test_not_shared(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	GLuint buffer = pin(memory, PAGE_BYTES), theirs;
	EGLContext other = new_context(EGL_NO_CONTEXT);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);

	pass = page_arrives(buffer, memory, 3) && pass;
	enter(other);
	theirs = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR) && pass;
	if (pass) {
		uint8_t read[PAGE_BYTES];

		glBindBuffer(GL_PIXEL_PACK_BUFFER, theirs);
		glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		pass = check_page(read, 3);
	}
	pass = page_passes(theirs, memory, 7) && pass;
	glDeleteBuffers(1, &theirs);
	pass = page_passes(pin(memory, PAGE_BYTES), memory, 11) && pass;
	/* The last one goes with its context. */
	leave(other);
	pass = page_passes(buffer, memory, 15) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* Each context finds other pages at the same address. */
static enum piglit_result
test_same_address(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	bool pass = true;
	int i;

	for (i = 0; i < 8; i++) {
		EGLContext other = new_context(i & 1 ? ours : EGL_NO_CONTEXT);
		GLuint buffer;

		enter(other);
		buffer = pin(memory, PAGE_BYTES);
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       page_leaves(buffer, memory, i) &&
		       page_arrives(buffer, memory, i + 40) && pass;
		glDeleteBuffers(1, &buffer);
		leave(other);
		if (mmap(memory, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		    memory)
			return PIGLIT_FAIL;
	}
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* A context is destroyed while the GPU is to write for it. */
static enum piglit_result
test_destroyed_while_busy(void *unused)
{
	uint8_t *memory = map_pages(PAGE_BYTES);
	EGLContext other = new_context(EGL_NO_CONTEXT);
	GLuint buffer;
	bool pass;

	enter(other);
	buffer = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	memset(memory, GUARD, PAGE_BYTES);
	keep_busy();
	read_page(buffer, 0, 9);
	glFlush();
	back();
	eglDestroyContext(display, other);

	buffer = pin(memory, PAGE_BYTES);
	pass = page_passes(buffer, memory, 13) && pass;
	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static const struct piglit_subtest subtests[] = {
	{ "shared", "shared", test_shared },
	{ "pinned by another", "pinned-by-other", test_pinned_by_other },
	{ "fence", "fence", test_fence },
	{ "specified anew by another", "respecified",
	  test_respecified_by_other },
	{ "deleted by another", "deleted", test_deleted_by_other },
	{ "not shared", "not-shared", test_not_shared },
	{ "same address", "same-address", test_same_address },
	{ "destroyed while busy", "destroyed", test_destroyed_while_busy },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	const char *extensions;

	pinned_init();
	display = eglGetCurrentDisplay();
	ours = eglGetCurrentContext();
	draw = eglGetCurrentSurface(EGL_DRAW);
	read_surface = eglGetCurrentSurface(EGL_READ);
	extensions = display == EGL_NO_DISPLAY ? "" :
		     eglQueryString(display, EGL_EXTENSIONS);
	if (!piglit_is_extension_in_string(extensions,
					   "EGL_KHR_surfaceless_context"))
		piglit_report_result(PIGLIT_SKIP);
	pinned_run(piglit_config);
}
