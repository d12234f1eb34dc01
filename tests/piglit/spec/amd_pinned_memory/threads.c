/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Threads that pin memory, transfer and unmap at the same time.
 *
 * Each thread has a context of the same share group, pins memory, has the GPU
 * write and read it, unmaps it and begins again. Whatever a driver keeps of
 * registered memory is under fire: ranges come back at addresses that another
 * thread has just left. More threads map and unmap memory without any GL, so
 * that the kernel's notifiers run while pages are being pinned. Each thread
 * finds its own bytes and nobody else's.
 */

#include <EGL/egl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include "pinned-common.h"

#define THREADS 4
#define ROUNDS 40

static EGLDisplay display;
static EGLContext contexts[THREADS];
static atomic_bool stop;

struct thread {
	pthread_t thread;
	int number;
	bool pass;
	bool (*work)(int number, int round);
};

/* The picture's part that no other thread uses in this round. */
static int
left_of(int number, int round)
{
	return number * 20 + round % 20;
}

static bool
work_fresh_pages(int number, int round)
{
	const int left = left_of(number, round);
	uint8_t *memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = glGetError() == GL_NO_ERROR &&
		    page_leaves(buffer, memory, left) &&
		    page_arrives(buffer, memory, left);

	glDeleteBuffers(1, &buffer);
	glFinish();
	munmap(memory, PAGE_BYTES);
	return pass;
}

/* Neighbours in a page-aligned block, which every thread pins as a whole. */
static uint8_t *block;
static size_t block_page;

static bool
work_one_block(int number, int round)
{
	const int left = left_of(number, round);
	uint8_t *memory = block + number * block_page;
	GLuint buffer = pin(block, THREADS * block_page);
	bool pass = glGetError() == GL_NO_ERROR;

	memset(memory, GUARD, PAGE_BYTES);
	read_page(buffer, number * block_page, left);
	glFinish();
	pass = check_page(memory, left) && pass;
	glDeleteBuffers(1, &buffer);
	return pass;
}

/* Plain client memory, both ways. */
static bool
work_client_memory(int number, int round)
{
	const int left = left_of(number, round);
	const int size = PAGE_WIDTH;
	uint8_t *memory = malloc(PAGE_BYTES);
	GLuint texture = empty_texture(size, size);
	bool pass;

	memset(memory, GUARD, PAGE_BYTES);
	glReadPixels(left, 0, size, size, GL_RGBA, GL_UNSIGNED_BYTE, memory);
	pass = check_page(memory, left);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, size, size, GL_RGBA,
			GL_UNSIGNED_BYTE, memory);
	memset(memory, GUARD, PAGE_BYTES);
	free(memory);
	pass = check_texture(texture, left, 0, size, size) && pass;
	glDeleteTextures(1, &texture);
	return glGetError() == GL_NO_ERROR && pass;
}

static void *
run_thread(void *data)
{
	struct thread *t = data;
	int round;

	eglBindAPI(EGL_OPENGL_API);
	t->pass = eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE,
				 contexts[t->number]);
	if (!t->pass)
		return NULL;
	picture_framebuffer();
	for (round = 0; t->pass && round < ROUNDS; round++)
		t->pass = t->work(t->number, round);
	if (!t->pass)
		printf("thread %d, round %d\n", t->number, round - 1);
	glFinish();
	eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE,
		       EGL_NO_CONTEXT);
	return NULL;
}

/* Without GL: memory comes and goes. */
static void *
churn(void *unused)
{
	while (!stop) {
		uint8_t *memory = mmap(NULL, 4 * PAGE_BYTES,
				       PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory != MAP_FAILED) {
			memset(memory, 0x77, 4 * PAGE_BYTES);
			munmap(memory, 4 * PAGE_BYTES);
		}
	}
	return NULL;
}

static enum piglit_result
run_threads(bool (*work)(int number, int round), bool with_churn)
{
	struct thread threads[THREADS];
	pthread_t churner;
	bool pass = true;
	int i;

	stop = false;
	if (with_churn && pthread_create(&churner, NULL, churn, NULL))
		return PIGLIT_FAIL;
	for (i = 0; i < THREADS; i++) {
		threads[i].number = i;
		threads[i].work = work;
		threads[i].pass = false;
		if (pthread_create(&threads[i].thread, NULL, run_thread,
				   &threads[i]))
			piglit_report_result(PIGLIT_FAIL);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i].thread, NULL);
		pass = threads[i].pass && pass;
	}
	stop = true;
	if (with_churn)
		pthread_join(churner, NULL);
	return result_of(pass);
}

static enum piglit_result
test_fresh_pages(void *unused)
{
	return run_threads(work_fresh_pages, false);
}

static enum piglit_result
test_churn(void *unused)
{
	return run_threads(work_fresh_pages, true);
}

static enum piglit_result
test_one_block(void *unused)
{
	return run_threads(work_one_block, false);
}

static enum piglit_result
test_client_memory(void *unused)
{
	return run_threads(work_client_memory, true);
}

static const struct piglit_subtest subtests[] = {
	{ "fresh pages", "fresh", test_fresh_pages },
	{ "fresh pages, others unmap", "churn", test_churn },
	{ "one block", "block", test_one_block },
	{ "client memory, others unmap", "client", test_client_memory },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	const char *extensions;
	EGLint id = 0, count = 0;
	EGLConfig config;
	EGLContext ours;
	int i;

	pinned_init();
	/* The threads ask for extensions, which must be known by then. */
	set_pack(&default_layout);
	block_page = MAX2(piglit_get_page_size(), PAGE_BYTES);
	block = map_pages(THREADS * block_page);

	display = eglGetCurrentDisplay();
	ours = eglGetCurrentContext();
	extensions = display == EGL_NO_DISPLAY ? "" :
		     eglQueryString(display, EGL_EXTENSIONS);
	if (!piglit_is_extension_in_string(extensions,
					   "EGL_KHR_surfaceless_context"))
		piglit_report_result(PIGLIT_SKIP);
	eglQueryContext(display, ours, EGL_CONFIG_ID, &id);
	eglChooseConfig(display, (EGLint[]) { EGL_CONFIG_ID, id, EGL_NONE },
			&config, 1, &count);
	eglBindAPI(EGL_OPENGL_API);
	for (i = 0; i < THREADS; i++) {
		contexts[i] = eglCreateContext(display,
					       count ? config : NULL, ours,
					       NULL);
		if (contexts[i] == EGL_NO_CONTEXT)
			piglit_report_result(PIGLIT_FAIL);
	}
	pinned_run(piglit_config);
}
