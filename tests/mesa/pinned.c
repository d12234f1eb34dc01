/*
 * SPDX-License-Identifier: MIT
 *
 * One test for each defect of pinned memory that mesa-patches/ mends; the patch's number is in the name.
 */

#include <errno.h>
#include <i915_drm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gl.h"
#include "spy.h"
#include "tap.h"

#define RED   0xff0000ffu
#define GREEN 0xff00ff00u

/* A triangle that covers the framebuffer. */
static const float triangle[] = { -1, -1, 3, -1, -1, 3 };

static const char plain_vertex[] = "attribute vec2 position;\n"
                                   "void main() { gl_Position = vec4(position, 0.0, 1.0); }\n";
static const char green_fragment[] = "void main() { gl_FragColor = vec4(0, 1, 0, 1); }\n";

/* Reads the framebuffer's first row into a buffer, by the GPU. */
static void
read_row(GLuint buffer, size_t offset)
{
   glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
   glReadPixels(0, 0, GL_TEST_SIZE, 1, GL_RGBA, GL_UNSIGNED_BYTE, (void *)offset);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
}

static void
clear_to_red(void)
{
   glClearColor(1, 0, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);
}

static void
check_row(const uint8_t *memory, uint32_t pixel)
{
   uint32_t expected[GL_TEST_SIZE];

   for (unsigned i = 0; i < GL_TEST_SIZE; i++)
      expected[i] = pixel;
   CHECK_BYTES(memory, expected, sizeof(expected));
}

/* Pins 5000 bytes from delta on, reads the framebuffer to their beginning and end, and looks at the bytes around. */
static void
pin_bytes(unsigned delta)
{
   const size_t size = 5000, row = GL_TEST_SIZE * 4;
   uint8_t guard[PAGE];
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(4, 0xa5);
   uint8_t *pinned = memory + PAGE + delta;
   GLuint buffer = gl_pin(pinned, size, &error);

   REQUIRE_EQUAL(error, GL_NO_ERROR);
   clear_to_red();
   read_row(buffer, 0);
   read_row(buffer, size - row);
   glFinish();
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   check_row(pinned, RED);
   check_row(pinned + size - row, RED);
   memset(guard, 0xa5, sizeof(guard));
   CHECK_BYTES(pinned - PAGE, guard, PAGE);
   CHECK_BYTES(pinned + row, guard, PAGE);
   CHECK_BYTES(pinned + size, guard, 256);
}

static void
test_size_of_any_number_of_bytes(void)
{
   pin_bytes(0);
}

static void
test_pointer_into_a_page(void)
{
   pin_bytes(0x140);
}

/* Where the kernel knows byte ranges, it does the rounding, and the GPU still finds the bytes. */
static void
test_range_of_bytes(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(2, 0);
   spy_on(memory, 2 * PAGE);
   GLuint buffer = gl_pin(memory, 2 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   clear_to_red();
   read_row(buffer, PAGE);
   glFinish();
   const struct spy seen = spy_off();
   CHECK_EQUAL(seen.wrapped, 1);
   CHECK_EQUAL(seen.bytes, gl_kernel_has(I915_PARAM_HAS_USERPTR_BYTE_RANGE));
   check_row(memory + PAGE, RED);
}

/* The vertices of the client's memory, not those that stand at the start of its page. */
static void
test_vertices_at_an_offset(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(1, 0);
   memcpy(memory + 0x140, triangle, sizeof(triangle));
   GLuint buffer = gl_pin(memory + 0x140, sizeof(triangle), &error);

   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glUseProgram(gl_program(plain_vertex, green_fragment));
   gl_use_as_vertices(buffer, 1);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
}

static void
test_indices_at_an_offset(void)
{
   static const uint16_t indices[] = { 3, 4, 5 };
   float vertices[12] = { 0 };
   GLenum error;
   GLuint array;

   gl_start();
   memcpy(vertices + 6, triangle, sizeof(triangle));
   glGenBuffers(1, &array);
   glBindBuffer(GL_ARRAY_BUFFER, array);
   glBufferData(GL_ARRAY_BUFFER, sizeof(vertices), vertices, GL_STATIC_DRAW);
   glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
   glEnableVertexAttribArray(0);

   uint8_t *memory = gl_pages(1, 0);
   memcpy(memory + 0x140, indices, sizeof(indices));
   GLuint buffer = gl_pin(memory + 0x140, sizeof(indices), &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glUseProgram(gl_program(plain_vertex, green_fragment));
   glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
   glDrawElements(GL_TRIANGLES, 3, GL_UNSIGNED_SHORT, NULL);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
}

static void
test_uniforms_at_an_offset(void)
{
   static const float green[] = { 0, 1, 0, 1 };
   GLenum error;
   GLuint array;

   gl_start();
   glGenBuffers(1, &array);
   glBindBuffer(GL_ARRAY_BUFFER, array);
   glBufferData(GL_ARRAY_BUFFER, sizeof(triangle), triangle, GL_STATIC_DRAW);

   uint8_t *memory = gl_pages(1, 0);
   memcpy(memory + 0x140, green, sizeof(green));
   GLuint buffer = gl_pin(memory + 0x140, sizeof(green), &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   GLuint program = gl_program(plain_vertex, "#version 120\n"
                                             "#extension GL_ARB_uniform_buffer_object : require\n"
                                             "layout(std140) uniform block { vec4 colour; };\n"
                                             "void main() { gl_FragColor = colour; }\n");
   glUniformBlockBinding(program, glGetUniformBlockIndex(program, "block"), 0);
   glBindBufferBase(GL_UNIFORM_BUFFER, 0, buffer);
   glUseProgram(program);
   gl_use_as_vertices(array, 1);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
}

static void
test_copy_at_an_offset(void)
{
   uint8_t zeros[0x140] = { 0 };
   GLenum error;

   gl_start();
   uint8_t *from = gl_pages(1, 0), *to = gl_pages(1, 0);
   memset(from + 0x140, 0x5a, 256);
   GLuint source = gl_pin(from + 0x140, 256, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   GLuint target = gl_pin(to + 0x140, 256, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glBindBuffer(GL_COPY_READ_BUFFER, source);
   glBindBuffer(GL_COPY_WRITE_BUFFER, target);
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0, 256);
   glFinish();
   CHECK_BYTES(to + 0x140, from + 0x140, 256);
   CHECK_BYTES(to, zeros, sizeof(zeros));
}

static void
test_map_at_an_offset(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(1, 0);
   GLuint buffer = gl_pin(memory + 0x140, 256, &error);

   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   CHECK(glMapBuffer(GL_ARRAY_BUFFER, GL_READ_WRITE) == memory + 0x140);
   glUnmapBuffer(GL_ARRAY_BUFFER);
}

/* Maps a busy buffer with these flags, twice; what is written must be in the client's memory. */
static void
map_busy(GLbitfield flags)
{
   GLenum error;

   gl_start();
   glUseProgram(gl_program(plain_vertex, green_fragment));
   uint8_t *memory = gl_pages(4, 0);
   memcpy(memory, triangle, sizeof(triangle));
   GLuint buffer = gl_pin(memory, 4 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);

   for (unsigned round = 1; round <= 2; round++) {
      gl_use_as_vertices(buffer, 50);
      glBindBuffer(GL_ARRAY_BUFFER, buffer);
      uint8_t *map = glMapBufferRange(GL_ARRAY_BUFFER, 1024, 256, GL_MAP_WRITE_BIT | flags);
      REQUIRE(map != NULL);
      CHECK(map == memory + 1024);
      memset(map, round, 256);
      CHECK_EQUAL(memory[1024], (int)round);
      CHECK_EQUAL(memory[1024 + 255], (int)round);
      glUnmapBuffer(GL_ARRAY_BUFFER);
   }
   /* And the GPU must still write there. */
   clear_to_red();
   read_row(buffer, 2 * PAGE);
   glFinish();
   check_row(memory + 2 * PAGE, RED);
}

static void
test_invalidate_buffer(void)
{
   map_busy(GL_MAP_INVALIDATE_BUFFER_BIT);
}

static void
test_invalidate_range(void)
{
   /* u_threaded_context has a rule of its own: the driver must have it as well. */
   setenv("GALLIUM_THREAD", "0", 1);
   map_busy(GL_MAP_INVALIDATE_RANGE_BIT);
}

/* The first map for writing waits until the GPU has read what the client wrote by itself. */
static void
test_first_map_waits(void)
{
   GLenum error;

   gl_start();
   glUseProgram(gl_program(plain_vertex, green_fragment));
   uint8_t *memory = gl_pages(1, 0);
   memcpy(memory, triangle, sizeof(triangle));
   GLuint buffer = gl_pin(memory, PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   gl_use_as_vertices(buffer, 1);
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   uint8_t *map = glMapBufferRange(GL_ARRAY_BUFFER, 0, PAGE, GL_MAP_WRITE_BIT);
   REQUIRE(map != NULL);
   memset(map, 0, PAGE);
   glUnmapBuffer(GL_ARRAY_BUFFER);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
}

static void
test_hole_is_refused(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(4, 0);
   REQUIRE_EQUAL(munmap(memory + PAGE, PAGE), 0);
   gl_pin(memory, 4 * PAGE, &error);
   CHECK_EQUAL(error, GL_INVALID_OPERATION);
}

/* The kernel gives the GPU memory that can be written only, whatever the GL is to do with it. */
static void
refuse(int protection)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(4, 0);
   REQUIRE_EQUAL(mprotect(memory + 3 * PAGE, PAGE, protection), 0);
   gl_pin(memory, 4 * PAGE, &error);
   CHECK_EQUAL(error, GL_INVALID_OPERATION);
}

static void
test_read_only_is_refused(void)
{
   refuse(PROT_READ);
}

static void
test_no_access_is_refused(void)
{
   refuse(PROT_NONE);
}

/* The application unmaps what a batch is to write: that frame is lost, the next one works. */
static void
test_unmapped_while_in_use(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(4, 0);
   GLuint buffer = gl_pin(memory, 4 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   clear_to_red();
   read_row(buffer, 0);
   REQUIRE_EQUAL(munmap(memory, 4 * PAGE), 0);
   glFinish();
   glDeleteBuffers(1, &buffer);
   glGetError();

   glClearColor(0, 1, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);

   uint8_t *other = gl_pages(1, 0);
   buffer = gl_pin(other, PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   read_row(buffer, 0);
   glFinish();
   check_row(other, GREEN);
}

/* What else the batch does is done: before and after the lost transfer, in the framebuffer and in other pinned memory. */
static void
test_beside_lost_memory(void)
{
   GLenum error;

   gl_start();
   uint8_t *gone = gl_pages(4, 0), *there = gl_pages(1, 0);
   const GLuint lost = gl_pin(gone, 4 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   const GLuint buffer = gl_pin(there, PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glFinish();

   clear_to_red();
   read_row(buffer, 0);
   read_row(lost, 0);
   glClearColor(0, 1, 0, 1);
   glClear(GL_COLOR_BUFFER_BIT);
   read_row(buffer, PAGE / 2);
   REQUIRE_EQUAL(munmap(gone, 4 * PAGE), 0);
   glFinish();
   check_row(there, RED);
   check_row(there + PAGE / 2, GREEN);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/* What the GPU reads instead is nothing: vertices of 0 cover nothing. */
static void
test_lost_vertices(void)
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(1, 0);
   memcpy(memory, triangle, sizeof(triangle));
   GLuint buffer = gl_pin(memory, PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   glUseProgram(gl_program(plain_vertex, green_fragment));
   gl_use_as_vertices(buffer, 1);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);

   clear_to_red();
   gl_use_as_vertices(buffer, 1);
   REQUIRE_EQUAL(munmap(memory, PAGE), 0);
   CHECK_EQUAL(gl_pixel(5, 5), RED);
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
}

/*
 * Without memory for what stands in for the client's, the batch is lost. What it had set up is set up by the next one: it
 * was the context's first with a draw.
 */
static void
test_first_draw_lost(void)
{
   GLenum error;
   GLuint array;

   gl_start();
   glGenBuffers(1, &array);
   glBindBuffer(GL_ARRAY_BUFFER, array);
   glBufferData(GL_ARRAY_BUFFER, sizeof(triangle), triangle, GL_STATIC_DRAW);
   glUseProgram(gl_program(plain_vertex, green_fragment));
   glFinish();

   /* So much that the driver has no old buffer of this size. */
   uint8_t *memory = gl_pages(900, 0);
   GLuint buffer = gl_pin(memory, 900 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   gl_use_as_vertices(array, 1);
   read_row(buffer, 0);
   REQUIRE_EQUAL(munmap(memory, 900 * PAGE), 0);
   spy_refuse(DRM_IOCTL_I915_GEM_CREATE, ENOMEM);
   glFinish();
   glDeleteBuffers(1, &buffer);
   glGetError();
   CHECK_EQUAL(gl_pixel(5, 5), 0);

   gl_use_as_vertices(array, 1);
   CHECK_EQUAL(gl_pixel(5, 5), GREEN);
}

/* Specified anew through another target, with the same size and usage, the buffer is the client's memory no more. */
static void
test_specified_anew(void)
{
   uint8_t data[PAGE], before[PAGE];
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(1, 0xa5);
   GLuint buffer = gl_pin(memory, PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   memset(data, 0x11, sizeof(data));
   memset(before, 0xa5, sizeof(before));
   glBindBuffer(GL_ARRAY_BUFFER, buffer);
   glBufferData(GL_ARRAY_BUFFER, PAGE, data, GL_STREAM_COPY);
   glFinish();
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   CHECK_BYTES(memory, before, PAGE);
   memset(data, 0, sizeof(data));
   glGetBufferSubData(GL_ARRAY_BUFFER, 0, PAGE, data);
   CHECK_EQUAL(data[0], 0x11);
}

/* Once the GPU is done with a buffer and it is deleted, nothing keeps the client's pages. */
static void
give_back(void (*use)(GLuint buffer))
{
   GLenum error;

   gl_start();
   uint8_t *memory = gl_pages(4, 0);
   spy_on(memory, 4 * PAGE);
   GLuint buffer = gl_pin(memory, 4 * PAGE, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
   use(buffer);
   glFinish();
   glDeleteBuffers(1, &buffer);
   glFinish();
   const struct spy seen = spy_off();
   CHECK_EQUAL(glGetError(), GL_NO_ERROR);
   CHECK_EQUAL(seen.wrapped, 1);
   CHECK_EQUAL(seen.open, 0);
}

static void
use_for_copy(GLuint buffer)
{
   GLuint other;

   glGenBuffers(1, &other);
   glBindBuffer(GL_COPY_WRITE_BUFFER, other);
   glBufferData(GL_COPY_WRITE_BUFFER, PAGE, NULL, GL_STREAM_COPY);
   glBindBuffer(GL_COPY_READ_BUFFER, buffer);
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, 0, 0, PAGE);
}

static void
use_for_pack(GLuint buffer)
{
   read_row(buffer, 0);
}

static void
use_for_unpack(GLuint buffer)
{
   GLuint texture;

   glGenTextures(1, &texture);
   glBindTexture(GL_TEXTURE_2D, texture);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
}

static void
test_given_back_after_copy(void)
{
   give_back(use_for_copy);
}

static void
test_given_back_after_pack(void)
{
   give_back(use_for_pack);
}

static void
test_given_back_after_unpack(void)
{
   give_back(use_for_unpack);
}

static const struct tap_test tests[] = {
   { "0001-vertices-at-an-offset", test_vertices_at_an_offset },
   { "0001-indices-at-an-offset", test_indices_at_an_offset },
   { "0001-uniforms-at-an-offset", test_uniforms_at_an_offset },
   { "0002-copy-at-an-offset", test_copy_at_an_offset },
   { "0002-map-at-an-offset", test_map_at_an_offset },
   { "0003-size-of-any-number-of-bytes", test_size_of_any_number_of_bytes },
   { "0003-pointer-into-a-page", test_pointer_into_a_page },
   { "range-of-bytes", test_range_of_bytes },
   { "0005-invalidate-buffer", test_invalidate_buffer },
   { "0005-first-map-waits", test_first_map_waits },
   { "0006-invalidate-range", test_invalidate_range },
   { "hole-is-refused", test_hole_is_refused },
   { "read-only-is-refused", test_read_only_is_refused },
   { "no-access-is-refused", test_no_access_is_refused },
   { "0008-unmapped-while-in-use", test_unmapped_while_in_use },
   { "0008-first-draw-lost", test_first_draw_lost },
   { "0018-beside-lost-memory", test_beside_lost_memory },
   { "0018-lost-vertices", test_lost_vertices },
   { "0009-specified-anew", test_specified_anew },
   { "0012-given-back-after-copy", test_given_back_after_copy },
   { "0013-given-back-after-pack", test_given_back_after_pack },
   { "0013-given-back-after-unpack", test_given_back_after_unpack },
};

TAP_MAIN(tests, 60)
