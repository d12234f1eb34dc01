/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * What the tests of pinned and of plain client memory share: pictures in
 * framebuffer objects whose every pixel is different, memory with guard bytes
 * around what a transfer may write, and where each pixel must be found.
 *
 * The picture is a function of the coordinates. A transfer of the part that
 * starts at another column is another picture, which tells fresh pixels from
 * those of an earlier transfer.
 */

#ifndef PINNED_COMMON_H
#define PINNED_COMMON_H

#include "piglit-util-gl.h"

#define GUARD 0xa5

/* Every driver must take pointers that are multiples of this. Others may be
 * refused, as ARB_map_buffer_alignment promises the application mapped
 * pointers of that alignment, and a map of pinned memory is that memory.
 */
#define PIN_ALIGNMENT 64

/* A picture that fills one page of 4096 bytes. */
#define PAGE_WIDTH 32
#define PAGE_BYTES (PAGE_WIDTH * PAGE_WIDTH * 4)

/* The size of the picture in picture_framebuffer(). */
#define PICTURE_SIZE 128

/* How a rectangle of RGBA8 lies in memory. */
struct layout {
	const char *name;
	int row_length, skip_pixels, skip_rows, alignment;
	bool invert;
};

extern const struct layout default_layout;

/* The pixel of the picture, RGBA8. No byte of it is the guard's, and no two
 * pixels below 128x128 are equal.
 */
uint32_t
picture_pixel(int x, int y);

/* A texture with the picture. */
GLuint
picture_texture(int width, int height);

/* An RGBA8 texture of this size with no pixels yet. */
GLuint
empty_texture(int width, int height);

/* Bind a framebuffer object that draws to and reads from the texture. */
GLuint
bind_framebuffer(GLuint texture);

/* Bind a framebuffer object with a picture of PICTURE_SIZE. */
void
picture_framebuffer(void);

void
set_pack(const struct layout *l);

void
set_unpack(const struct layout *l);

size_t
layout_stride(const struct layout *l, int width);

/* Where the pixel in column x of row y of the rectangle lies. */
size_t
layout_offset(const struct layout *l, int width, int height, int x, int y);

/* The bytes from the pointer that is given to GL to the last pixel's end. */
size_t
layout_size(const struct layout *l, int width, int height);

/* Write the picture from (left, bottom) on to `data`. */
void
fill_picture(uint8_t *data, const struct layout *l, int left, int bottom,
	     int width, int height);

/* Are the picture's pixels from (left, bottom) on at `data`, and is each
 * other byte of the `total` bytes at `memory` the guard?
 */
bool
check_picture(const uint8_t *memory, size_t total, const uint8_t *data,
	      const struct layout *l, int left, int bottom, int width,
	      int height);

/* Is the picture of one page, from column `left` on, at `memory`? */
bool
check_page(const uint8_t *memory, int left);

/* Does the memory have this byte everywhere? */
bool
check_bytes(const uint8_t *memory, size_t size, uint8_t byte,
	    const char *what);

/* Does the texture have the picture from (left, bottom) on? */
bool
check_texture(GLuint texture, int left, int bottom, int width, int height);

/* A buffer of the application's memory. */
GLuint
pin(void *data, size_t size);

/* Has the implementation refused the pointer, as it may? Otherwise it must
 * have taken it. PIGLIT_PASS means that the buffer can be used.
 */
enum piglit_result
taken(const void *data);

/* Let the GL write a page of the picture to the buffer, at `offset`. */
void
read_page(GLuint buffer, size_t offset, int left);

/* Does a page of the picture that the GL writes to the buffer arrive in the
 * memory?
 */
bool
page_arrives(GLuint buffer, uint8_t *memory, int left);

/* Does a page of the picture that is put in the memory get to a texture
 * through the buffer?
 */
bool
page_leaves(GLuint buffer, uint8_t *memory, int left);

/* Both. */
bool
page_passes(GLuint buffer, uint8_t *memory, int left);

/* Draw for a while to a texture of its own, and flush: what comes next finds
 * the GPU busy. The framebuffer that was bound is bound again.
 */
void
keep_busy(void);

/* Draw from the texture for a while, and flush. */
void
keep_texture_busy(GLuint texture);

/* Pages of private anonymous memory that nobody has touched. */
void *
map_pages(size_t size);

/* The main() of a test that has its subtests in `subtests`, and runs them all
 * or those that the command line names with pinned_run().
 */
#define PINNED_SUBTESTS_CONFIG(no_error)                                      \
	static struct piglit_gl_test_config *piglit_config;                   \
	PIGLIT_GL_TEST_CONFIG_BEGIN                                           \
		piglit_config = &config;                                      \
		config.subtests = subtests;                                   \
		config.supports_gl_compat_version = 21;                       \
		config.window_visual = PIGLIT_GL_VISUAL_RGB |                 \
				       PIGLIT_GL_VISUAL_DOUBLE;               \
		config.khr_no_error_support = no_error;                       \
	PIGLIT_GL_TEST_CONFIG_END

void
pinned_run(const struct piglit_gl_test_config *config);

/* Require what every test of pinned memory needs, and bind a framebuffer
 * object with a picture.
 */
void
pinned_init(void);

static inline enum piglit_result
result_of(bool pass)
{
	return pass ? PIGLIT_PASS : PIGLIT_FAIL;
}

/* Report a subtest and add it to the result of all. */
void
report(enum piglit_result result, enum piglit_result *all, const char *name);

#endif
