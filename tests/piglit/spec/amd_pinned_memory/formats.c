/*
 * Copyright © 2026 The zerocopy authors
 * SPDX-License-Identifier: MIT
 */

/**
 * Pixel transfers between pinned memory and textures of the common formats.
 *
 * Each format and type may take another path in a driver: some are written by
 * a shader, some copied, some converted by the CPU. Where the texture holds
 * exactly what the type holds, the bytes must come back as they went: from
 * plain memory to the texture and by glGetTexImage and glReadPixels to pinned
 * memory, and from pinned memory to the texture and back to plain memory.
 * Where a conversion is asked for, its result is compared with that of the
 * formula in the specification. Each is done at the beginning of the buffer,
 * at a whole number of pixels in it, and at one that is no whole number of
 * pixels, with guard bytes around.
 */

#include "pinned-common.h"

PIGLIT_GL_TEST_CONFIG_BEGIN

	config.supports_gl_compat_version = 21;
	config.window_visual = PIGLIT_GL_VISUAL_RGB | PIGLIT_GL_VISUAL_DOUBLE;
	config.khr_no_error_support = PIGLIT_NO_ERRORS;

PIGLIT_GL_TEST_CONFIG_END

#define WIDTH 33
#define HEIGHT 9
#define PIXELS (WIDTH * HEIGHT)
/* Whole pages for the largest pixels and an offset. */
#define BYTES (4 * PAGE_BYTES)

/* What the bytes of a pixel must be, so that they come back as they went. */
enum content {
	ANY,
	HALF,   /* normal numbers */
	FLOAT,
	SNORM8, /* not -128, which is the same as -127 */
	SNORM16,
	DEPTH24,  /* 24 bits in 32 */
	DEPTH32F, /* 0 to 1 */
};

struct format {
	GLenum internal, format, type;
	int bytes, type_bytes;
	enum content content;
	const char *extension;
};

#define RG "GL_ARB_texture_rg"
#define FLOATS "GL_ARB_texture_float"
#define INTEGER "GL_EXT_texture_integer"
#define SIGNED "GL_EXT_texture_snorm"

static const struct format formats[] = {
	{ GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, 1, ANY },
	{ GL_RGBA8, GL_BGRA, GL_UNSIGNED_BYTE, 4, 1, ANY },
	{ GL_RGBA8, GL_ABGR_EXT, GL_UNSIGNED_BYTE, 4, 1, ANY, "GL_EXT_abgr" },
	{ GL_RGBA8, GL_RGBA, GL_UNSIGNED_INT_8_8_8_8, 4, 4, ANY },
	{ GL_RGBA8, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, 4, 4, ANY },
	{ GL_SRGB8_ALPHA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, 1, ANY,
	  "GL_EXT_texture_sRGB" },
	{ GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE, 3, 1, ANY },
	{ GL_RGB8, GL_BGR, GL_UNSIGNED_BYTE, 3, 1, ANY },
	{ GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5, 2, 2, ANY,
	  "GL_ARB_ES2_compatibility" },
	{ GL_RGB5_A1, GL_RGBA, GL_UNSIGNED_SHORT_5_5_5_1, 2, 2, ANY },
	{ GL_RGB5_A1, GL_BGRA, GL_UNSIGNED_SHORT_1_5_5_5_REV, 2, 2, ANY },
	{ GL_RGBA4, GL_RGBA, GL_UNSIGNED_SHORT_4_4_4_4, 2, 2, ANY },
	{ GL_RGBA4, GL_BGRA, GL_UNSIGNED_SHORT_4_4_4_4_REV, 2, 2, ANY },
	{ GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV, 4, 4, ANY },
	{ GL_RGB10_A2, GL_BGRA, GL_UNSIGNED_INT_2_10_10_10_REV, 4, 4, ANY },
	{ GL_R8, GL_RED, GL_UNSIGNED_BYTE, 1, 1, ANY, RG },
	{ GL_RG8, GL_RG, GL_UNSIGNED_BYTE, 2, 1, ANY, RG },
	{ GL_R16, GL_RED, GL_UNSIGNED_SHORT, 2, 2, ANY, RG },
	{ GL_RG16, GL_RG, GL_UNSIGNED_SHORT, 4, 2, ANY, RG },
	{ GL_RGB16, GL_RGB, GL_UNSIGNED_SHORT, 6, 2, ANY },
	{ GL_RGBA16, GL_RGBA, GL_UNSIGNED_SHORT, 8, 2, ANY },
	{ GL_R8_SNORM, GL_RED, GL_BYTE, 1, 1, SNORM8, SIGNED },
	{ GL_RGBA8_SNORM, GL_RGBA, GL_BYTE, 4, 1, SNORM8, SIGNED },
	{ GL_RGBA16_SNORM, GL_RGBA, GL_SHORT, 8, 2, SNORM16, SIGNED },
	{ GL_R16F, GL_RED, GL_HALF_FLOAT, 2, 2, HALF, FLOATS },
	{ GL_RG16F, GL_RG, GL_HALF_FLOAT, 4, 2, HALF, FLOATS },
	{ GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT, 8, 2, HALF, FLOATS },
	{ GL_R32F, GL_RED, GL_FLOAT, 4, 4, FLOAT, FLOATS },
	{ GL_RG32F, GL_RG, GL_FLOAT, 8, 4, FLOAT, FLOATS },
	{ GL_RGB32F, GL_RGB, GL_FLOAT, 12, 4, FLOAT, FLOATS },
	{ GL_RGBA32F, GL_RGBA, GL_FLOAT, 16, 4, FLOAT, FLOATS },
	{ GL_R8UI, GL_RED_INTEGER, GL_UNSIGNED_BYTE, 1, 1, ANY, INTEGER },
	{ GL_RGBA8UI, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE, 4, 1, ANY, INTEGER },
	{ GL_RGBA8I, GL_RGBA_INTEGER, GL_BYTE, 4, 1, ANY, INTEGER },
	{ GL_RG16UI, GL_RG_INTEGER, GL_UNSIGNED_SHORT, 4, 2, ANY, INTEGER },
	{ GL_RGBA16I, GL_RGBA_INTEGER, GL_SHORT, 8, 2, ANY, INTEGER },
	{ GL_R32UI, GL_RED_INTEGER, GL_UNSIGNED_INT, 4, 4, ANY, INTEGER },
	{ GL_R32I, GL_RED_INTEGER, GL_INT, 4, 4, ANY, INTEGER },
	{ GL_RGBA32UI, GL_RGBA_INTEGER, GL_UNSIGNED_INT, 16, 4, ANY,
	  INTEGER },
	{ GL_ALPHA8, GL_ALPHA, GL_UNSIGNED_BYTE, 1, 1, ANY },
	{ GL_LUMINANCE8, GL_LUMINANCE, GL_UNSIGNED_BYTE, 1, 1, ANY },
	{ GL_LUMINANCE8_ALPHA8, GL_LUMINANCE_ALPHA, GL_UNSIGNED_BYTE, 2, 1,
	  ANY },
	{ GL_DEPTH_COMPONENT16, GL_DEPTH_COMPONENT, GL_UNSIGNED_SHORT, 2, 2,
	  ANY },
	{ GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, 4, 4,
	  DEPTH24 },
	{ GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT, 4, 4, DEPTH32F,
	  "GL_ARB_depth_buffer_float" },
	{ GL_DEPTH24_STENCIL8, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8, 4, 4,
	  ANY },
};

/* Random enough, and the same in each run. */
static uint32_t
next_random(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void
fill(uint8_t *data, const struct format *f)
{
	const int count = PIXELS * f->bytes / f->type_bytes;
	int i;

	for (i = 0; i < count; i++) {
		const uint32_t random = next_random();
		uint8_t *p = data + i * f->type_bytes;
		uint32_t word = random | next_random() << 24;
		uint16_t half = random;
		float number;

		switch (f->content) {
		case ANY:
			memcpy(p, &word, f->type_bytes);
			break;
		case HALF:
			half = (random & 0x8000) | 0x3000 | (random & 0xfff);
			memcpy(p, &half, 2);
			break;
		case FLOAT:
			number = (int)(random & 0xfff) / 16.0f - 100.0f;
			memcpy(p, &number, 4);
			break;
		case SNORM8:
			*p = (random & 0xff) == 0x80 ? 0x81 : random & 0xff;
			break;
		case SNORM16:
			if (half == 0x8000)
				half = 0x8001;
			memcpy(p, &half, 2);
			break;
		case DEPTH24:
			word = random << 8 | (random >> 16 & 0xff);
			memcpy(p, &word, 4);
			break;
		case DEPTH32F:
			number = (random & 0xffff) / 65536.0f;
			memcpy(p, &number, 4);
			break;
		}
	}
}

/* Are the pixels as they were? 24 bits of depth in 32 go through floating
 * point in some drivers, and may be off by one.
 */
static bool
same(const uint8_t *data, const uint8_t *expected, const struct format *f)
{
	size_t i;

	for (i = 0; i < PIXELS * f->bytes; i++) {
		uint32_t got, right;

		if (data[i] == expected[i])
			continue;
		if (f->content == DEPTH24) {
			memcpy(&got, data + i / 4 * 4, 4);
			memcpy(&right, expected + i / 4 * 4, 4);
			if (got - right + 0x200 <= 0x400)
				continue;
		}
		printf("byte %zu is 0x%02x instead of 0x%02x\n", i, data[i],
		       expected[i]);
		return false;
	}
	return true;
}

/* Are the pixels at `data`, and are all other bytes of the memory guards? */
static bool
check(const uint8_t *memory, const uint8_t *data, const uint8_t *expected,
      const struct format *f)
{
	const size_t before = data - memory, bytes = PIXELS * f->bytes;

	return check_bytes(memory, before, GUARD, "before") &&
	       check_bytes(data + bytes, BYTES - before - bytes, GUARD,
			   "behind") &&
	       same(data, expected, f);
}

static bool
attach(GLuint texture, const struct format *f)
{
	GLenum point = GL_COLOR_ATTACHMENT0;
	GLenum status;

	if (f->format == GL_DEPTH_COMPONENT)
		point = GL_DEPTH_ATTACHMENT;
	else if (f->format == GL_DEPTH_STENCIL)
		point = GL_DEPTH_STENCIL_ATTACHMENT;
	glFramebufferTexture2D(GL_FRAMEBUFFER, point, GL_TEXTURE_2D, texture,
			       0);
	if (point != GL_COLOR_ATTACHMENT0) {
		glDrawBuffer(GL_NONE);
		glReadBuffer(GL_NONE);
	}
	status = glCheckFramebufferStatus(GL_FRAMEBUFFER);
	return status == GL_FRAMEBUFFER_COMPLETE;
}

static GLuint
new_texture(const struct format *f, const void *data)
{
	GLuint texture;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, f->internal, WIDTH, HEIGHT, 0,
		     f->format, f->type, data);
	return texture;
}

static void
test_exact(GLuint buffer, uint8_t *memory, const struct format *f,
	   enum piglit_result *all)
{
	const size_t bytes = PIXELS * f->bytes;
	const size_t offsets[] = { 0, 240, 240 + f->type_bytes };
	uint8_t *data = malloc(bytes), *read = malloc(bytes);
	bool got = true, unpacked = true, packed = true, complete;
	GLuint texture, fbo;
	char name[160];
	unsigned i;

	fill(data, f);
	texture = new_texture(f, data);
	glGenFramebuffers(1, &fbo);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	complete = attach(texture, f);

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		void *offset = (void *)offsets[i];

		memset(memory, GUARD, BYTES);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
		glGetTexImage(GL_TEXTURE_2D, 0, f->format, f->type, offset);
		glFinish();
		got = piglit_check_gl_error(GL_NO_ERROR) &&
		      check(memory, memory + offsets[i], data, f) && got;
		if (complete) {
			memset(memory, GUARD, BYTES);
			glReadPixels(0, 0, WIDTH, HEIGHT, f->format, f->type,
				     offset);
			glFinish();
			packed = piglit_check_gl_error(GL_NO_ERROR) &&
				 check(memory, memory + offsets[i], data, f) &&
				 packed;
		}
		glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	}
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &texture);

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		memset(memory, GUARD, BYTES);
		memcpy(memory + offsets[i], data, bytes);
		texture = new_texture(f, NULL);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
		glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, WIDTH, HEIGHT,
				f->format, f->type, (void *)offsets[i]);
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		glGetTexImage(GL_TEXTURE_2D, 0, f->format, f->type, read);
		unpacked = piglit_check_gl_error(GL_NO_ERROR) &&
			   same(read, data, f) &&
			   check(memory, memory + offsets[i], data, f) &&
			   unpacked;
		glDeleteTextures(1, &texture);
	}

	snprintf(name, sizeof(name), "%s %s %s",
		 piglit_get_gl_enum_name(f->internal),
		 piglit_get_gl_enum_name(f->format),
		 piglit_get_gl_enum_name(f->type));
	strcat(name, " glTexSubImage2D");
	report(result_of(unpacked), all, name);
	strcpy(strrchr(name, ' '), " glGetTexImage");
	report(result_of(got), all, name);
	strcpy(strrchr(name, ' '), " glReadPixels");
	if (complete)
		report(result_of(packed), all, name);
	free(data);
	free(read);
}

/* The value of a component as the type stores it, 0 to 1. */
static double
component(const uint8_t *p, GLenum type)
{
	uint16_t s;
	uint32_t i;
	float f;

	switch (type) {
	case GL_UNSIGNED_BYTE:
		return *p / 255.0;
	case GL_UNSIGNED_SHORT:
		memcpy(&s, p, 2);
		return s / 65535.0;
	case GL_UNSIGNED_INT:
		memcpy(&i, p, 4);
		return i / 4294967295.0;
	case GL_FLOAT:
		memcpy(&f, p, 4);
		return f;
	default:
		assert(!"type");
		return -1;
	}
}

/* The picture, RGBA8, read as another format: within half a step of 8 bits. */
static void
test_conversion(GLuint buffer, uint8_t *memory, GLenum format, GLenum type,
		const char *channels, enum piglit_result *all)
{
	const int size = type == GL_UNSIGNED_BYTE ? 1 :
			 type == GL_UNSIGNED_SHORT ? 2 : 4;
	const int bytes = size * strlen(channels);
	bool pass;
	char name[120];
	unsigned c;
	int x, y, i;

	memset(memory, GUARD, BYTES);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, buffer);
	glReadPixels(0, 0, WIDTH, HEIGHT, format, type, (void *)240);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	glFinish();
	pass = piglit_check_gl_error(GL_NO_ERROR) &&
	       check_bytes(memory, 240, GUARD, "before") &&
	       check_bytes(memory + 240 + PIXELS * bytes,
			   BYTES - 240 - PIXELS * bytes, GUARD, "behind");
	for (i = 0; pass && i < PIXELS; i++) {
		x = i % WIDTH;
		y = i / WIDTH;
		for (c = 0; pass && c < strlen(channels); c++) {
			int shift = 8 * (strchr("rgba", channels[c]) -
					 "rgba");
			double right = (picture_pixel(x, y) >> shift & 0xff) /
				       255.0;
			double got = component(memory + 240 + i * bytes +
					       c * size, type);

			if (fabs(got - right) > 0.5 / 255) {
				printf("pixel (%d,%d), %c: %f instead of "
				       "%f\n", x, y, channels[c], got, right);
				pass = false;
			}
		}
	}
	snprintf(name, sizeof(name), "conversion to %s %s",
		 piglit_get_gl_enum_name(format),
		 piglit_get_gl_enum_name(type));
	report(result_of(pass), all, name);
}

void
piglit_init(int argc, char **argv)
{
	static const GLenum types[] = { GL_UNSIGNED_BYTE, GL_UNSIGNED_SHORT,
					GL_UNSIGNED_INT, GL_FLOAT };
	enum piglit_result all = PIGLIT_SKIP;
	uint8_t *memory = piglit_alloc_aligned(piglit_get_page_size(), BYTES);
	GLuint buffer;
	GLint picture;
	unsigned i;

	pinned_init();
	glGetIntegerv(GL_FRAMEBUFFER_BINDING, &picture);
	glPixelStorei(GL_PACK_ALIGNMENT, 1);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	/* Otherwise negative numbers become 0. */
	if (piglit_is_extension_supported("GL_ARB_color_buffer_float"))
		glClampColor(GL_CLAMP_READ_COLOR, GL_FALSE);
	buffer = pin(memory, BYTES);
	if (!piglit_check_gl_error(GL_NO_ERROR))
		piglit_report_result(PIGLIT_FAIL);

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!formats[i].extension ||
		    piglit_is_extension_supported(formats[i].extension))
			test_exact(buffer, memory, &formats[i], &all);

	glBindFramebuffer(GL_FRAMEBUFFER, picture);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		test_conversion(buffer, memory, GL_RGBA, types[i], "rgba",
				&all);
		test_conversion(buffer, memory, GL_BGRA, types[i], "bgra",
				&all);
		test_conversion(buffer, memory, GL_RGB, types[i], "rgb",
				&all);
		test_conversion(buffer, memory, GL_BGR, types[i], "bgr",
				&all);
		test_conversion(buffer, memory, GL_RED, types[i], "r", &all);
		test_conversion(buffer, memory, GL_GREEN, types[i], "g",
				&all);
		test_conversion(buffer, memory, GL_BLUE, types[i], "b", &all);
		test_conversion(buffer, memory, GL_ALPHA, types[i], "a",
				&all);
	}
	glDeleteBuffers(1, &buffer);
	piglit_report_result(all);
}
