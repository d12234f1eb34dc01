/*
 * SPDX-License-Identifier: MIT
 *
 * A program that renders what a seed says and writes every picture to a file, with the tolerance
 * that the GL allows for it. Two drivers' files are compared by tools/differential.py.
 *
 * What a step does may depend on its seed and number alone, never on the driver or on another
 * step: then a step can be run by itself, and two files can be compared.
 */

#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* ---- random numbers ---- */

struct rng {
   uint64_t state;
};

uint32_t rng_next(struct rng *rng);
/** 0 to n - 1. */
uint32_t rng_below(struct rng *rng, uint32_t n);
/** Both ends included. */
int rng_between(struct rng *rng, int low, int high);
bool rng_chance(struct rng *rng, unsigned percent);

#define PICK(rng, array) ((array)[rng_below(rng, ARRAY_SIZE(array))])

/* ---- what a step writes ---- */

struct step {
   struct rng rng;
   FILE *out;
   unsigned long seed;
   unsigned number;
};

/** A line that says what the step does; both drivers must write the same. */
void step_state(struct step *step, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Something that no GL allows, whatever the other driver does. */
void step_broken(struct step *step, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Takes the GL's error; both drivers must have the same one. */
void step_error(struct step *step, const char *what);

struct picture {
   unsigned width, height;
   const char *layout; /**< as tools/differential.py reads it */
   double tolerance;   /**< of a component's value; 0 is bit for bit */
   double relative;    /**< further, of the component's magnitude */
   const void *pixels;
   unsigned pixel_bytes;
   const uint8_t *mask; /**< for each pixel whether it is compared; NULL: all are */
};

void step_picture(struct step *step, const char *name, const struct picture *picture);

/* ---- formats ---- */

enum kind { UNORM, SNORM, FLOAT, UINT, INT, SRGB, SHARED_EXPONENT, DEPTH, DEPTH_STENCIL };

/** A format of textures. */
struct format {
   GLenum internal;
   const char *name;
   enum kind kind;
   uint8_t bits[4]; /**< of R, G, B, A; of depth and stencil */
   bool renderable; /**< required to be so by OpenGL 3.3 */
   bool luminance;  /**< R, G and B are one */
};

extern const struct format formats[];
extern const unsigned format_count;

const struct format *format_random(struct rng *rng, bool (*wanted)(const struct format *));
bool format_is_integer(const struct format *format);
bool format_is_depth(const struct format *format);
bool format_is_colour(const struct format *format);
bool format_is_renderable(const struct format *format);

/** The largest step between two neighbouring values of a format, and what is relative of it. */
double format_step(const struct format *format, double *relative);

/** A format and type of pixels in memory. */
struct pixel_type {
   GLenum format, type;
   const char *order; /**< the components as they stand: "rgba", "d" ... */
   unsigned pixel_bytes, element_bytes;
   enum kind kind;
   uint8_t bits[4];    /**< of each component as it stands */
   uint8_t value_bits; /**< that random values have at most; 0: all of them */
   char layout[16];    /**< as tools/differential.py reads it */
   char name[64];
};

/** A format and type that the GL takes for transfers of this format of textures. */
struct pixel_type pixel_type_random(struct rng *rng, const struct format *format);
/** The one that holds all that a renderable format can. */
struct pixel_type pixel_type_canonical(const struct format *format);
/** One whose values the format keeps as they are: what the GL rounds, it may round either way. */
struct pixel_type pixel_type_exact(const struct format *format);
/** By name; the pair must be one that pixel_type_random() makes. */
struct pixel_type pixel_type_of(GLenum format, GLenum type);

/** Random pixels, all of them values that a transfer keeps (no NaN, no second -1). */
void pixel_type_fill(const struct pixel_type *type, struct rng *rng, void *pixels, size_t count);

/** How far a value may move in a transfer from memory to a texture, or back. */
struct tolerance {
   double absolute, relative;
};
struct tolerance tolerance_of_transfer(const struct pixel_type *type, const struct format *format,
                                       bool to_memory);
struct tolerance tolerance_sum(struct tolerance a, struct tolerance b);

/* ---- memory, as the pixel store parameters lay it out ---- */

struct store {
   int alignment, row_length, image_height, skip_pixels, skip_rows, skip_images;
   bool swap, buffer;
   unsigned offset; /**< in the buffer object */
   /* what follows from them, of a width x height x depth image */
   unsigned width, height, depth;
   size_t row_bytes, image_bytes, first_byte, bytes;
   struct pixel_type type;
   uint8_t *memory;
   GLuint name;
};

/** Random parameters, and memory for an image; `pack` for the direction to memory. */
void store_random(struct store *store, struct step *step, const struct pixel_type *type,
                  unsigned width, unsigned height, unsigned depth, bool volume, bool pack);
/** Sets the parameters and binds the buffer; the pointer for the GL. Data goes in by store_put().
 */
void *store_begin(struct store *store, bool pack);
void store_put(struct store *store, const void *tight);
/** Unbinds and resets; of a pack the pixels are in `tight`, and a byte beside them is an error. */
void store_end(struct store *store, struct step *step, bool pack, void *tight);

/* ---- drawing ---- */

/** A program from its two shaders; 0, and the step is broken, if the GL does not take them. */
GLuint program_make(struct step *step, const char *vertex, const char *fragment);
/** A vertex shader that hands on `position` (vec4). */
extern const char plain_vertex[];

struct target {
   const struct format *colour, *depth;
   GLuint framebuffer, textures[2];
   unsigned width, height;
};

/** A framebuffer of its own with one colour texture, and depth/stencil unless NULL; bound. */
void target_make(struct target *target, struct step *step, const struct format *colour,
                 const struct format *depth, unsigned width, unsigned height);
/** Writes the picture of the colour buffer. */
void target_read(struct target *target, struct step *step, const char *name,
                 struct tolerance tolerance, const uint8_t *mask);
void target_read_depth(struct target *target, struct step *step, const char *name, double tolerance,
                       const uint8_t *mask);
void target_read_stencil(struct target *target, struct step *step, const char *name,
                         const uint8_t *mask);
void target_end(struct target *target);

/** Fills the bound colour buffer with random pixels by a texture upload. */
void target_noise(struct target *target, struct step *step);

/** Draws two triangles over the rectangle, in window coordinates of a width x height viewport. */
void draw_rectangle(unsigned width, unsigned height, float x0, float y0, float x1, float y1,
                    float z);

/* ---- the kinds of steps ---- */

struct step_kind {
   const char *name;
   void (*run)(struct step *step);
};

void step_transfer(struct step *step);
void step_copy(struct step *step);
void step_blit(struct step *step);
void step_clear(struct step *step);
void step_drawpixels(struct step *step);
void step_sample(struct step *step);
void step_triangles(struct step *step);
void step_mesh(struct step *step);
void step_lines_points(struct step *step);
void step_blend(struct step *step);
void step_depth_stencil(struct step *step);
void step_shader(struct step *step);
void step_vertex_formats(struct step *step);
void step_layers(struct step *step);
void step_depth_copy(struct step *step);
void step_buffers(struct step *step);
void step_fill_modes(struct step *step);

#endif
