/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory with sync objects instead of glFinish.
 *
 * The extension leaves it to the application to synchronise its own accesses
 * to the memory with the GL's. A signalled fence behind a transfer means that
 * the bytes are there, or have been taken: drivers that flush a cache, copy
 * back or drop a batch only later show here. A ring of buffers is filled and
 * emptied as a video player does.
 */

#include "pinned-common.h"

#define SLOTS 4
#define ROUNDS 12
#define WAIT_NS 60000000000ull

static uint8_t *memory[SLOTS];
static GLuint buffer[SLOTS];

static bool
wait_for(GLsync fence, GLbitfield flags)
{
	GLenum result = glClientWaitSync(fence, flags, WAIT_NS);

	glDeleteSync(fence);
	if (result != GL_ALREADY_SIGNALED &&
	    result != GL_CONDITION_SATISFIED) {
		printf("the fence: %s\n", piglit_get_gl_enum_name(result));
		return false;
	}
	return true;
}

static enum piglit_result
test_wait(void *unused)
{
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		memset(memory[0], GUARD, PAGE_BYTES);
		keep_busy();
		read_page(buffer[0], 0, i);
		pass = wait_for(glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0),
				GL_SYNC_FLUSH_COMMANDS_BIT) &&
		       check_page(memory[0], i) && pass;
	}
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* Poll its status, as those do who must not wait. */
static enum piglit_result
test_poll(void *unused)
{
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		GLint status = GL_UNSIGNALED;
		GLsync fence;
		long turns;

		memset(memory[0], GUARD, PAGE_BYTES);
		keep_busy();
		read_page(buffer[0], 0, i);
		fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
		glFlush();
		for (turns = 0; status != GL_SIGNALED && turns < 100000000;
		     turns++)
			glGetSynciv(fence, GL_SYNC_STATUS, 1, NULL, &status);
		glDeleteSync(fence);
		pass = status == GL_SIGNALED && check_page(memory[0], i) &&
		       pass;
	}
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* The application writes the memory anew when the upload's fence says so. */
static enum piglit_result
test_upload(void *unused)
{
	GLuint textures[ROUNDS];
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		fill_picture(memory[0], &default_layout, i, 0, PAGE_WIDTH,
			     PAGE_WIDTH);
		textures[i] = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
		keep_busy();
		glBindTexture(GL_TEXTURE_2D, textures[i]);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer[0]);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH,
				PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		pass = wait_for(glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0),
				GL_SYNC_FLUSH_COMMANDS_BIT) && pass;
		memset(memory[0], GUARD, PAGE_BYTES);
	}
	for (i = 0; i < ROUNDS; i++)
		pass = check_texture(textures[i], i, 0, PAGE_WIDTH,
				     PAGE_WIDTH) && pass;
	glDeleteTextures(ROUNDS, textures);
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static enum piglit_result
test_ring(void *unused)
{
	GLsync fences[SLOTS] = { NULL };
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS + SLOTS; i++) {
		const int slot = i % SLOTS;

		if (fences[slot]) {
			pass = wait_for(fences[slot],
					GL_SYNC_FLUSH_COMMANDS_BIT) &&
			       check_page(memory[slot], i - SLOTS) && pass;
			fences[slot] = NULL;
		}
		if (i < ROUNDS) {
			memset(memory[slot], GUARD, PAGE_BYTES);
			read_page(buffer[slot], 0, i);
			fences[slot] = glFenceSync(
				GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
		}
	}
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* The GPU waits, and reads what it wrote before. */
static enum piglit_result
test_gpu_waits(void *unused)
{
	bool pass = true;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		GLuint texture = empty_texture(PAGE_WIDTH, PAGE_WIDTH);
		GLsync fence;

		memset(memory[0], GUARD, PAGE_BYTES);
		read_page(buffer[0], 0, i);
		fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
		glWaitSync(fence, 0, GL_TIMEOUT_IGNORED);
		glDeleteSync(fence);
		glBindTexture(GL_TEXTURE_2D, texture);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer[0]);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, PAGE_WIDTH,
				PAGE_WIDTH, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		pass = check_texture(texture, i, 0, PAGE_WIDTH, PAGE_WIDTH) &&
		       pass;
		glDeleteTextures(1, &texture);
	}
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

/* The first fence says nothing of what comes behind it, and the last one
 * says all.
 */
static enum piglit_result
test_in_order(void *unused)
{
	GLsync fences[SLOTS];
	bool pass = true;
	int i;

	for (i = 0; i < SLOTS; i++) {
		memset(memory[i], GUARD, PAGE_BYTES);
		keep_busy();
		read_page(buffer[i], 0, 3 + i);
		fences[i] = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	}
	pass = wait_for(fences[SLOTS - 1], GL_SYNC_FLUSH_COMMANDS_BIT);
	for (i = 0; i < SLOTS; i++)
		pass = check_page(memory[i], 3 + i) && pass;
	for (i = 0; i < SLOTS - 1; i++) {
		GLint status = GL_UNSIGNALED;

		glGetSynciv(fences[i], GL_SYNC_STATUS, 1, NULL, &status);
		pass = status == GL_SIGNALED && pass;
		glDeleteSync(fences[i]);
	}
	return result_of(piglit_check_gl_error(GL_NO_ERROR) && pass);
}

static const struct piglit_subtest subtests[] = {
	{ "wait", "wait", test_wait },
	{ "poll", "poll", test_poll },
	{ "upload, then write", "upload", test_upload },
	{ "ring of buffers", "ring", test_ring },
	{ "the GPU waits", "gpu-waits", test_gpu_waits },
	{ "in order", "in-order", test_in_order },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	int i;

	pinned_init();
	piglit_require_extension("GL_ARB_sync");
	for (i = 0; i < SLOTS; i++) {
		memory[i] = map_pages(PAGE_BYTES);
		buffer[i] = pin(memory[i], PAGE_BYTES);
	}
	if (!piglit_check_gl_error(GL_NO_ERROR))
		piglit_report_result(PIGLIT_FAIL);
	pinned_run(piglit_config);
}
