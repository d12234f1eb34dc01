/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Draws whose parameters are in pinned memory.
 *
 * The GPU fetches the parameters from the buffer, which may begin inside a
 * page; those before it would draw nothing sensible.
 */

#include "pinned-binding.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

static bool
test_indirect(unsigned offset)
{
	static const uint32_t command[] = { 4, 1, 0, 0 };
	GLuint buffer = pin_bytes(offset, command, sizeof(command));
	GLuint array = plain_buffer(GL_ARRAY_BUFFER, square, sizeof(square));
	bool pass;

	clear();
	glVertexPointer(2, GL_FLOAT, 0, NULL);
	glBindBuffer(GL_DRAW_INDIRECT_BUFFER, buffer);
	glDrawArraysIndirect(GL_TRIANGLE_FAN, NULL);
	pass = is_green();
	glBindBuffer(GL_DRAW_INDIRECT_BUFFER, 0);
	glBindBuffer(GL_ARRAY_BUFFER, 0);
	glDeleteBuffers(1, &array);
	glDeleteBuffers(1, &buffer);
	return pass;
}

void
piglit_init(int argc, char **argv)
{
	enum piglit_result all = PIGLIT_SKIP;

	binding_init();
	piglit_require_extension("GL_ARB_draw_indirect");
	/* The kernel may run a context's first commands, which set it up,
	 * without the right to load the draw's registers.
	 */
	glClear(GL_COLOR_BUFFER_BIT);
	glFinish();
	binding_run("parameters", test_indirect, &all);
	piglit_report_result(all);
}
