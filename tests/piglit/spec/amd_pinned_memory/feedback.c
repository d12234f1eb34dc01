/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Transform feedback to pinned memory.
 *
 * The vertices that are captured are in the application's memory when the GL
 * has finished, from the buffer's beginning on, which may be inside a page,
 * and nothing around them has changed.
 */

#include "pinned-binding.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

static bool
test_feedback(unsigned offset)
{
	static GLuint capture;
	static const char *const varyings[] = { "result" };
	float result[16] = { 0 };
	GLuint buffer = pin_bytes(offset, result, sizeof(result));
	GLuint array = plain_buffer(GL_ARRAY_BUFFER, square, sizeof(square));
	bool pass;
	int i;

	if (!capture) {
		capture = piglit_build_simple_program_unlinked(
			"varying vec4 result;\n"
			"void main() { gl_Position = gl_Vertex;\n"
			"	result = vec4(gl_Vertex.xy, 7.0, 9.0); }\n",
			"varying vec4 result;\n"
			"void main() { gl_FragColor = result; }\n");
		glTransformFeedbackVaryings(capture, 1, varyings,
					    GL_INTERLEAVED_ATTRIBS);
		glLinkProgram(capture);
		if (!piglit_link_check_status(capture))
			return false;
	}
	glVertexPointer(2, GL_FLOAT, 0, NULL);
	glUseProgram(capture);
	glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, buffer);
	glEnable(GL_RASTERIZER_DISCARD);
	glBeginTransformFeedback(GL_POINTS);
	glDrawArrays(GL_POINTS, 0, 4);
	glEndTransformFeedback();
	glDisable(GL_RASTERIZER_DISCARD);
	glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, 0);
	glUseProgram(program);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR);
	for (i = 0; i < 4; i++) {
		result[4 * i] = square[2 * i];
		result[4 * i + 1] = square[2 * i + 1];
		result[4 * i + 2] = 7;
		result[4 * i + 3] = 9;
	}
	if (memcmp(memory + offset, result, sizeof(result))) {
		printf("what was captured is not in the memory\n");
		pass = false;
	}
	pass = check_bytes(memory, offset, 0x3f, "before") &&
	       check_bytes(memory + offset + sizeof(result), 256, 0x3f,
			   "behind") && pass;
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
	piglit_require_extension("GL_EXT_transform_feedback");
	binding_run("captured", test_feedback, &all);
	piglit_report_result(all);
}
