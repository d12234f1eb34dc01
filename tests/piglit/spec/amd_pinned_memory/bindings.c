/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pinned memory as every other kind of buffer.
 *
 * A buffer object that has been pinned can be bound to any target. A driver
 * that pins whole pages has the buffer begin inside the first one, and every
 * unit that is given the buffer's address must add that: vertices, indices,
 * uniform blocks, texture buffers, shader storage. Each is used from pinned
 * memory that begins a page, and from memory that does not. The bytes before
 * the buffer are wrong ones on purpose.
 */

#include "pinned-binding.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

static bool
test_vertices(unsigned offset)
{
	GLuint buffer = pin_bytes(offset, square, sizeof(square));
	bool pass;

	clear();
	glBindBuffer(GL_ARRAY_BUFFER, buffer);
	glVertexPointer(2, GL_FLOAT, 0, NULL);
	glDrawArrays(GL_TRIANGLE_FAN, 0, 4);
	pass = is_green();
	glBindBuffer(GL_ARRAY_BUFFER, 0);
	glDeleteBuffers(1, &buffer);
	return pass;
}

/* In the corner, where nobody looks. */
static const float nowhere[] = { -1, -1, -1, -1, -1, -1, -1, -1 };

static bool
test_indices(unsigned offset)
{
	static const uint16_t indices[] = { 4, 5, 6, 4, 6, 7 };
	float vertices[16];
	GLuint buffer, array;
	bool pass;

	memcpy(vertices, nowhere, sizeof(nowhere));
	memcpy(vertices + 8, square, sizeof(square));
	array = plain_buffer(GL_ARRAY_BUFFER, vertices, sizeof(vertices));
	buffer = pin_bytes(offset, indices, sizeof(indices));
	clear();
	glVertexPointer(2, GL_FLOAT, 0, NULL);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
	glDrawElements(GL_TRIANGLES, 6, GL_UNSIGNED_SHORT, NULL);
	pass = is_green();
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, 0);
	glBindBuffer(GL_ARRAY_BUFFER, 0);
	glDeleteBuffers(1, &buffer);
	glDeleteBuffers(1, &array);
	return pass;
}

/* A square with a program whose colour comes from elsewhere. */
static void
draw_with(GLuint other)
{
	GLuint array = plain_buffer(GL_ARRAY_BUFFER, square, sizeof(square));

	clear();
	glVertexPointer(2, GL_FLOAT, 0, NULL);
	glUseProgram(other);
	glDrawArrays(GL_TRIANGLE_FAN, 0, 4);
	glUseProgram(program);
	glBindBuffer(GL_ARRAY_BUFFER, 0);
	glDeleteBuffers(1, &array);
}

static bool
test_uniforms(unsigned offset)
{
	static GLuint block;
	GLuint buffer = pin_bytes(offset, green, sizeof(green));
	bool pass;

	if (!block)
		block = piglit_build_simple_program(position,
			"#version 120\n"
			"#extension GL_ARB_uniform_buffer_object : require\n"
			"layout(std140) uniform block { vec4 colour; };\n"
			"void main() { gl_FragColor = colour; }\n");
	glBindBufferBase(GL_UNIFORM_BUFFER, 0, buffer);
	glUniformBlockBinding(block, 0, 0);
	draw_with(block);
	pass = is_green();
	glBindBufferBase(GL_UNIFORM_BUFFER, 0, 0);
	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
test_texture_buffer(unsigned offset)
{
	static GLuint fetch;
	GLuint buffer = pin_bytes(offset, green, sizeof(green));
	GLuint view;
	bool pass;

	if (!fetch)
		fetch = piglit_build_simple_program(position,
			"#version 120\n"
			"#extension GL_EXT_gpu_shader4 : require\n"
			"uniform samplerBuffer s;\n"
			"void main() { gl_FragColor = "
			"texelFetchBuffer(s, 0); }\n");
	glGenTextures(1, &view);
	glBindTexture(GL_TEXTURE_BUFFER, view);
	glTexBuffer(GL_TEXTURE_BUFFER, GL_RGBA32F, buffer);
	draw_with(fetch);
	pass = is_green();
	glDeleteTextures(1, &view);
	glDeleteBuffers(1, &buffer);
	return pass;
}

static bool
test_storage(unsigned offset)
{
	static GLuint store;
	float values[8] = { 0, 1, 0, 1, 1, 0, 0, 1 };
	GLuint buffer;
	bool pass;

	buffer = pin_bytes(offset, values, sizeof(values));
	if (!store)
		store = piglit_build_simple_program(position,
			"#version 140\n"
			"#extension GL_ARB_shader_storage_buffer_object : "
			"require\n"
			"layout(std430) buffer block { vec4 colour, copy; };\n"
			"void main() { gl_FragColor = colour;\n"
			"	copy = colour * 0.5; }\n");
	glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 0, buffer);
	draw_with(store);
	pass = is_green();
	glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 0, 0);
	glFinish();
	values[4] = 0;
	values[5] = 0.5;
	values[6] = 0;
	values[7] = 0.5;
	if (memcmp(memory + offset, values, sizeof(values))) {
		printf("what was stored is not in the memory\n");
		pass = false;
	}
	pass = check_bytes(memory, offset, 0x3f, "before") && pass;
	glDeleteBuffers(1, &buffer);
	return pass;
}

void
piglit_init(int argc, char **argv)
{
	enum piglit_result all = PIGLIT_SKIP;

	binding_init();
	binding_run("vertices", test_vertices, &all);
	binding_run("indices", test_indices, &all);
	if (piglit_is_extension_supported("GL_ARB_uniform_buffer_object"))
		binding_run("uniform block", test_uniforms, &all);
	if (piglit_is_extension_supported("GL_ARB_texture_buffer_object") &&
	    piglit_is_extension_supported("GL_EXT_gpu_shader4"))
		binding_run("texture buffer", test_texture_buffer, &all);
	if (piglit_is_extension_supported(
			"GL_ARB_shader_storage_buffer_object"))
		binding_run("shader storage", test_storage, &all);
	piglit_report_result(all);
}
