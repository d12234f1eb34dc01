/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * What the tests of pinned memory as other kinds of buffers share: memory
 * with wrong bytes before the buffer, and a green square to draw.
 */

#ifndef PINNED_BINDING_H
#define PINNED_BINDING_H

#include "pinned-common.h"

static const float green[] = { 0, 1, 0, 1 };
static const float square[] = { -1, -1, 1, -1, 1, 1, -1, 1 };
static uint8_t *memory;
static GLuint program;

/* Pinned memory from `offset` on with these bytes; others before it. Without
 * an offset it is a whole page, which drivers that know of no others take.
 */
static inline GLuint
pin_bytes(unsigned offset, const void *data, size_t size)
{
	memset(memory, 0x3f, 4 * PAGE_BYTES);
	memcpy(memory + offset, data, size);
	return pin(memory + offset, offset ? size : PAGE_BYTES);
}

static inline void
clear(void)
{
	glClearColor(1, 0, 0, 1);
	glClear(GL_COLOR_BUFFER_BIT);
}

static inline bool
is_green(void)
{
	return piglit_check_gl_error(GL_NO_ERROR) &&
	       piglit_probe_rect_rgba(0, 0, PAGE_WIDTH, PAGE_WIDTH, green);
}

static inline GLuint
plain_buffer(GLenum target, const void *data, size_t size)
{
	GLuint buffer;

	glGenBuffers(1, &buffer);
	glBindBuffer(target, buffer);
	glBufferData(target, size, data, GL_STATIC_DRAW);
	return buffer;
}

static const char position[] =
	"void main() { gl_Position = gl_Vertex; }\n";

/* A framebuffer object and a program to draw green vertices with. */
static inline void
binding_init(void)
{
	pinned_init();
	memory = piglit_alloc_aligned(MAX2(piglit_get_page_size(),
					   PAGE_BYTES), 4 * PAGE_BYTES);
	bind_framebuffer(empty_texture(PAGE_WIDTH, PAGE_WIDTH));
	glViewport(0, 0, PAGE_WIDTH, PAGE_WIDTH);
	program = piglit_build_simple_program(position,
		"void main() { gl_FragColor = vec4(0, 1, 0, 1); }\n");
	glUseProgram(program);
	glEnableClientState(GL_VERTEX_ARRAY);
}

/* Run the test with memory that begins a page and that does not. */
static inline void
binding_run(const char *what, bool (*test)(unsigned offset),
	    enum piglit_result *all)
{
	static const unsigned offsets[] = { 0, 64, 320, 4032 };
	char name[80];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		snprintf(name, sizeof(name), "%s offset %u", what,
			 offsets[i]);
		report(result_of(test(offsets[i])), all, name);
	}
}

#endif
