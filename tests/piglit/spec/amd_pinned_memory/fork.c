/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory and fork().
 *
 * fork() makes private memory copy-on-write: whoever writes a page first
 * gets a copy, which may leave the GPU with a page that the parent does not
 * have any more. The GPU must go on reading and writing the parent's memory,
 * before and after the child, or the parent, wrote or the child ended. The
 * child has the bytes that were there when it was made. Shared memory is the
 * same for all three.
 *
 * The children call no GL function.
 */

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pinned-common.h"

struct child {
	pid_t pid;
	int go;   /* a byte written here lets it do its work */
	int done; /* a byte arrives here when it is done */
};

/* What a child does when it is told to, with the memory; 0 if it went well. */
typedef int (*work)(uint8_t *memory);

static struct child
start_child(work function, uint8_t *memory)
{
	int go[2], done[2];
	struct child child = { -1, -1, -1 };
	char c = 0;

	if (pipe(go) || pipe(done))
		return child;
	child.pid = fork();
	if (child.pid == 0) {
		int status = 1;

		close(go[1]);
		close(done[0]);
		if (read(go[0], &c, 1) == 1)
			status = function(memory);
		if (write(done[1], &c, 1) != 1)
			status = 1;
		/* Keeps its pages until the parent closes the pipe. */
		while (read(go[0], &c, 1) == 1)
			;
		_exit(status);
	}
	close(go[0]);
	close(done[1]);
	child.go = go[1];
	child.done = done[0];
	return child;
}

/* Let the child do its work, and wait until it has. */
static bool
let_work(struct child *child)
{
	char c = 0;

	return child->pid > 0 && write(child->go, &c, 1) == 1 &&
	       read(child->done, &c, 1) == 1;
}

static bool
end_child(struct child *child)
{
	int status;

	if (child->pid <= 0)
		return false;
	close(child->go);
	close(child->done);
	return waitpid(child->pid, &status, 0) == child->pid &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
child_waits(uint8_t *memory)
{
	return 0;
}

static int
child_writes(uint8_t *memory)
{
	memset(memory, 0x5c, PAGE_BYTES);
	return 0;
}

/* The memory must be as it was when the child was made. */
static int
child_has_first_picture(uint8_t *memory)
{
	return check_page(memory, 1) ? 0 : 1;
}

static int
child_has_second_picture(uint8_t *memory)
{
	return check_page(memory, 2) ? 0 : 1;
}

static uint8_t *
private_page(void)
{
	return map_pages(PAGE_BYTES);
}

static enum piglit_result
test_work(work function, bool parent_writes_first)
{
	uint8_t *memory = private_page();
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	struct child child;

	pass = page_passes(buffer, memory, 5) && page_arrives(buffer, memory,
							      1) && pass;
	child = start_child(function, memory);
	if (parent_writes_first)
		pass = page_leaves(buffer, memory, 21) && pass;
	else
		/* The GPU is the first to write. */
		read_page(buffer, 0, 2);
	pass = let_work(&child) && pass;
	if (!parent_writes_first) {
		glFinish();
		pass = piglit_check_gl_error(GL_NO_ERROR) &&
		       check_page(memory, 2) && pass;
	}
	pass = page_passes(buffer, memory, 11) && pass;
	pass = end_child(&child) && pass;
	pass = page_passes(buffer, memory, 13) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

static enum piglit_result
test_child_waits(void *unused)
{
	return test_work(child_waits, false);
}

static enum piglit_result
test_child_waits_parent_writes(void *unused)
{
	return test_work(child_waits, true);
}

static enum piglit_result
test_child_writes(void *unused)
{
	return test_work(child_writes, false);
}

static enum piglit_result
test_child_writes_parent_writes(void *unused)
{
	return test_work(child_writes, true);
}

static enum piglit_result
test_child_keeps(void *unused)
{
	return test_work(child_has_first_picture, false);
}

static enum piglit_result
test_child_keeps_parent_writes(void *unused)
{
	return test_work(child_has_first_picture, true);
}

/* Pinned when a child already shares the pages. */
static enum piglit_result
test_pin_after_fork(void *unused)
{
	uint8_t *memory = private_page();
	struct child child;
	GLuint buffer;
	bool pass;

	fill_picture(memory, &default_layout, 1, 0, PAGE_WIDTH, PAGE_WIDTH);
	child = start_child(child_has_first_picture, memory);
	buffer = pin(memory, PAGE_BYTES);
	pass = piglit_check_gl_error(GL_NO_ERROR);
	read_page(buffer, 0, 2);
	glFinish();
	pass = check_page(memory, 2) && pass;
	pass = let_work(&child) && pass;
	pass = page_passes(buffer, memory, 11) && pass;
	pass = end_child(&child) && pass;
	pass = page_passes(buffer, memory, 13) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* The fork comes while the GPU is to write the memory. */
static enum piglit_result
test_fork_while_busy(void *unused)
{
	uint8_t *memory = private_page();
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	struct child child;
	int i;

	for (i = 0; i < 4; i++) {
		memset(memory, GUARD, PAGE_BYTES);
		keep_busy();
		read_page(buffer, 0, 3 + i);
		glFlush();
		child = start_child(child_writes, memory);
		pass = let_work(&child) && pass;
		glFinish();
		pass = check_page(memory, 3 + i) && pass;
		pass = end_child(&child) && pass;
	}
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

static enum piglit_result
test_shared(void *unused)
{
	uint8_t *memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	struct child child;

	/* The child sees what the GPU writes after it was made ... */
	pass = page_arrives(buffer, memory, 1) && pass;
	child = start_child(child_has_second_picture, memory);
	read_page(buffer, 0, 2);
	glFinish();
	pass = let_work(&child) && pass;
	pass = end_child(&child) && pass;

	/* ... and the GPU sees what the child writes. */
	child = start_child(child_writes, memory);
	pass = let_work(&child) && pass;
	if (pass) {
		uint8_t read[PAGE_BYTES];

		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 0, PAGE_BYTES, read);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
		pass = check_bytes(read, PAGE_BYTES, 0x5c,
				   "what the child wrote");
	}
	pass = end_child(&child) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

/* What programs that know of the trouble do. */
static enum piglit_result
test_dontfork(void *unused)
{
	uint8_t *memory = private_page();
	GLuint buffer = pin(memory, PAGE_BYTES);
	bool pass = piglit_check_gl_error(GL_NO_ERROR);
	struct child child;

	madvise(memory, PAGE_BYTES, MADV_DONTFORK);
	pass = page_passes(buffer, memory, 3) && pass;
	child = start_child(child_waits, memory);
	pass = let_work(&child) && pass;
	pass = page_passes(buffer, memory, 7) && pass;
	pass = end_child(&child) && pass;
	pass = page_passes(buffer, memory, 11) && pass;
	glDeleteBuffers(1, &buffer);
	munmap(memory, PAGE_BYTES);
	return result_of(pass);
}

static const struct piglit_subtest subtests[] = {
	{ "child waits", "waits", test_child_waits },
	{ "child waits, parent writes first", "waits-parent",
	  test_child_waits_parent_writes },
	{ "child writes", "writes", test_child_writes },
	{ "child writes, parent writes first", "writes-parent",
	  test_child_writes_parent_writes },
	{ "child keeps its bytes", "keeps", test_child_keeps },
	{ "child keeps its bytes, parent writes first", "keeps-parent",
	  test_child_keeps_parent_writes },
	{ "pinned after fork", "after", test_pin_after_fork },
	{ "fork while busy", "busy", test_fork_while_busy },
	{ "shared memory", "shared", test_shared },
	{ "MADV_DONTFORK", "dontfork", test_dontfork },
	{ NULL }
};

PINNED_SUBTESTS_CONFIG(PIGLIT_NO_ERRORS)

void
piglit_init(int argc, char **argv)
{
	pinned_init();
	pinned_run(piglit_config);
}
