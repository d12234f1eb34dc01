/*
 * SPDX-License-Identifier: MIT
 */

#include "state_tracker/st_zerocopy.h"

#include <inttypes.h>
#include <stdio.h>

#include "main/errors.h"
#include "main/debug_output.h"
#include "main/image.h"
#include "pipe/p_context.h"
#include "pipe/p_screen.h"
#include "state_tracker/st_context.h"
#include "state_tracker/st_debug.h"
#include "state_tracker/st_pbo.h"
#include "util/format/u_format.h"
#include "util/u_inlines.h"

/**
 * Below so many bytes the CPU has less to do when it copies.
 *
 * Wrapping, drawing and waiting take it a fixed number of instructions, a
 * copy some for every pixel: docs/usage.md has the measurement. Uploads wait
 * for a GPU that they need not wait for with a copy, so they must save more.
 */
static const uint64_t auto_threshold[ST_ZEROCOPY_NUM_PATHS] = {
   [ST_ZEROCOPY_READPIXELS] = 64 * 1024,
   [ST_ZEROCOPY_GETTEXIMAGE] = 64 * 1024,
   [ST_ZEROCOPY_TEXSUBIMAGE] = 1024 * 1024,
};

static const char *const path_names[ST_ZEROCOPY_NUM_PATHS] = {
   [ST_ZEROCOPY_READPIXELS] = "glReadPixels",
   [ST_ZEROCOPY_GETTEXIMAGE] = "glGetTexImage",
   [ST_ZEROCOPY_TEXSUBIMAGE] = "glTexSubImage",
};

enum reason {
   NO_USER_MEMORY,
   NO_FORMAT,
   SWAPPED,
   MISALIGNED,
   OVERLAPPING,
   TOO_LARGE,
   SMALL,
   SPARSE,
   NOT_WRAPPED,
   NOT_DRAWN,
   NUM_REASONS,
};

static const char *const reasons[NUM_REASONS] = {
   [NO_USER_MEMORY] = "the driver cannot use client memory on this GPU",
   [NO_FORMAT] = "the GPU cannot access this format and type in a buffer, or "
                 "the pixels need a conversion",
   [SWAPPED] = "the bytes are to be swapped",
   [MISALIGNED] = "the address or the rows are not multiples of a pixel",
   [OVERLAPPING] = "the rows or images overlap",
   [TOO_LARGE] = "the image spans more than a buffer can",
   [SMALL] = "the image is so small that a copy takes less",
   [SPARSE] = "the rows are so far apart that a copy takes less",
   [NOT_WRAPPED] = "the memory is read-only, a device's or not there",
   [NOT_DRAWN] = "the driver cannot access that image by shaders",
};

static_assert(NUM_REASONS <= 32, "st_zerocopy_stats has a bit for each");

/**
 * Tell debuggers why the CPU has to copy: each reason once for each command.
 */
static bool
decline(struct st_context *st, enum st_zerocopy_path path, enum reason reason)
{
   static GLuint ids[ST_ZEROCOPY_NUM_PATHS][NUM_REASONS];

   if (st->zerocopy.path[path].told & BITFIELD_BIT(reason))
      return false;
   st->zerocopy.path[path].told |= BITFIELD_BIT(reason);

   if (ST_DEBUG & DEBUG_ZEROCOPY) {
      fprintf(stderr, "st/mesa: %s copies by the CPU: %s\n",
              path_names[path], reasons[reason]);
   }
   if (st->ctx->Const.ContextFlags & GL_CONTEXT_FLAG_DEBUG_BIT) {
      _mesa_gl_debugf(st->ctx, &ids[path][reason], MESA_DEBUG_SOURCE_API,
                      MESA_DEBUG_TYPE_PERFORMANCE, MESA_DEBUG_SEVERITY_MEDIUM,
                      "%s copies by the CPU: %s", path_names[path],
                      reasons[reason]);
   }
   return false;
}

static enum st_zerocopy_mode
mode(const struct st_context *st, enum st_zerocopy_path path)
{
   switch (path) {
   case ST_ZEROCOPY_READPIXELS:
      return st->options.zerocopy_readpixels;
   case ST_ZEROCOPY_GETTEXIMAGE:
      return st->options.zerocopy_getteximage;
   case ST_ZEROCOPY_TEXSUBIMAGE:
      return st->options.zerocopy_texsubimage;
   default:
      unreachable("no such path");
   }
}

/** Whether nothing stands against it that has to do with no format. */
static bool
is_usable(struct st_context *st, enum st_zerocopy_path path,
          const struct st_zerocopy_image *image)
{
   struct pipe_screen *screen = st->screen;

   if (!screen->caps.resource_from_user_memory ||
       screen->caps.resource_from_user_memory_compute_only)
      return decline(st, path, NO_USER_MEMORY);

   if (image->store->SwapBytes && image->type != GL_BITMAP &&
       _mesa_sizeof_packed_type(image->type) > 1)
      return decline(st, path, SWAPPED);

   return true;
}

/** Where an image is in client memory, in bytes from its pointer. */
struct layout {
   unsigned pixel;
   uint64_t row;          /**< from one to the next */
   uint64_t image;
   uint64_t first, end;   /**< the range of bytes that belong to it */
   uint64_t bytes;        /**< of pixels */
};

/**
 * Compute what the GL may access.
 *
 * Not by _mesa_image_offset(), whose rows go backward from the top under
 * GL_PACK_INVERT_MESA. Inverted or not, an image is in the same rows.
 */
static void
compute_layout(const struct st_zerocopy_image *image, struct layout *layout)
{
   const struct gl_pixelstore_attrib *store = image->store;
   const uint64_t pixel = _mesa_bytes_per_pixel(image->format, image->type);
   const uint64_t pixels =
      store->RowLength > 0 ? store->RowLength : image->width;
   const uint64_t rows =
      store->ImageHeight > 0 ? store->ImageHeight : image->height;

   layout->pixel = pixel;
   layout->row = align64(pixels * pixel, store->Alignment);
   layout->image = layout->row * rows;
   layout->first = store->SkipRows * layout->row + store->SkipPixels * pixel;
   if (image->dims == 3)
      layout->first += store->SkipImages * layout->image;
   layout->end = layout->first + (image->depth - 1) * layout->image +
                 (image->height - 1) * layout->row + image->width * pixel;
   layout->bytes = pixel * image->width * image->height * image->depth;
}

/**
 * The size of what the GPU accesses at once in a buffer of this format, or 0
 * if it cannot.
 */
static unsigned
element_size(struct st_context *st, enum pipe_format pipe_format,
             unsigned bind)
{
   struct pipe_screen *screen = st->screen;
   struct st_pbo_store store;

   if (pipe_format == PIPE_FORMAT_NONE)
      return 0;

   /* Views of buffers have no swizzle that would make RGBA of these. */
   if (util_format_is_alpha(pipe_format) ||
       util_format_is_luminance(pipe_format) ||
       util_format_is_luminance_alpha(pipe_format) ||
       util_format_is_intensity(pipe_format))
      return 0;

   if (bind == PIPE_BIND_SHADER_IMAGE) {
      return st_pbo_choose_store(st, pipe_format, &store) ?
             util_format_get_blocksize(store.format) : 0;
   }

   return screen->is_format_supported(screen, pipe_format, PIPE_BUFFER, 0, 0,
                                      bind) ?
          util_format_get_blocksize(pipe_format) : 0;
}

bool
st_zerocopy_is_small(struct st_context *st, enum st_zerocopy_path path,
                     const struct st_zerocopy_image *image)
{
   const uint64_t pixels =
      (uint64_t) image->width * image->height * image->depth;

   if (mode(st, path) != ST_ZEROCOPY_AUTO || image->type == GL_BITMAP ||
       pixels * _mesa_bytes_per_pixel(image->format, image->type) >=
       auto_threshold[path])
      return false;

   st->zerocopy.path[path].asked = true;
   decline(st, path, SMALL);
   return true;
}

bool
st_zerocopy_begin(struct st_context *st, enum st_zerocopy_path path,
                  const struct st_zerocopy_image *image,
                  enum pipe_format pipe_format, unsigned bind,
                  struct st_zerocopy *zc)
{
   struct pipe_screen *screen = st->screen;
   const enum st_zerocopy_mode how = mode(st, path);
   const struct gl_pixelstore_attrib *store = image->store;
   struct layout layout;

   assert(!store->BufferObj);

   if (how == ST_ZEROCOPY_OFF)
      return false;

   if (st_zerocopy_is_small(st, path, image))
      return false;

   st->zerocopy.path[path].asked = true;
   if (!is_usable(st, path, image))
      return false;

   const unsigned element = image->type == GL_BITMAP ? 0 :
                            element_size(st, pipe_format, bind);
   if (!element)
      return decline(st, path, NO_FORMAT);

   compute_layout(image, &layout);
   if (layout.pixel != util_format_get_blocksize(pipe_format))
      return decline(st, path, NO_FORMAT);

   /* Elements are aligned to themselves, those of three components to one. */
   const unsigned alignment = element & -element;
   uint8_t *first = (uint8_t *) image->pixels + layout.first;
   if ((uintptr_t) first % alignment || layout.row % layout.pixel)
      return decline(st, path, MISALIGNED);

   if ((image->height > 1 && layout.row < image->width * layout.pixel) ||
       (image->depth > 1 && layout.image < layout.row * image->height))
      return decline(st, path, OVERLAPPING);

   const uint64_t span = layout.end - layout.first;

   /* A batch has to fit into the GPU's memory, with the texture or the
    * renderbuffer beside this.
    */
   const uint64_t memory = screen->caps.video_memory > 0 ?
      (uint64_t) screen->caps.video_memory << 20 : UINT64_MAX;

   if (span / element > st->ctx->Const.MaxTextureBufferSize ||
       span > INT32_MAX || span > memory / 2)
      return decline(st, path, TOO_LARGE);

   /* The pages in between are pinned for nothing. */
   if (how == ST_ZEROCOPY_AUTO && layout.bytes < span / 2)
      return decline(st, path, SPARSE);

   const struct pipe_resource templ = {
      .target = PIPE_BUFFER,
      .format = PIPE_FORMAT_R8_UNORM,
      .bind = bind,
      .usage = PIPE_USAGE_STAGING,
      .width0 = span,
      .height0 = 1,
      .depth0 = 1,
      .array_size = 1,
   };
   struct pipe_resource *buffer =
      screen->resource_from_user_memory(screen, &templ, first);
   if (!buffer)
      return decline(st, path, NOT_WRAPPED);

   /* Not with all that was drawn before as well. */
   if (span > memory / 16)
      st->pipe->flush(st->pipe, NULL, 0);

   st->zerocopy.wrapped++;
   memset(zc, 0, sizeof(*zc));
   zc->path = path;
   zc->bytes = layout.bytes;
   zc->buffer.buffer = buffer;
   zc->buffer.Size = span;

   /* The buffer begins with the first pixel. */
   zc->store = *store;
   zc->store.SkipPixels = 0;
   zc->store.SkipRows = 0;
   zc->store.SkipImages = 0;
   zc->store.BufferObj = &zc->buffer;
   zc->pixels = NULL;
   return true;
}

bool
st_zerocopy_end(struct st_context *st, struct st_zerocopy *zc, bool drawn)
{
   struct pipe_screen *screen = st->screen;

   if (drawn) {
      /* The client may use its memory when the call returns. */
      struct pipe_fence_handle *fence = NULL;

      st->pipe->flush(st->pipe, &fence, PIPE_FLUSH_HINT_FINISH);
      if (fence) {
         screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE);
         screen->fence_reference(screen, &fence, NULL);
      }

      /* Then the CPU may have more luck, or dies as it should. */
      drawn = !screen->user_memory_lost ||
              !screen->user_memory_lost(screen, zc->buffer.buffer);
      if (drawn) {
         st->zerocopy.path[zc->path].asked = false;
         st->zerocopy.path[zc->path].bytes.gpu_bytes += zc->bytes;
         st->zerocopy.total.gpu_bytes += zc->bytes;
      } else {
         decline(st, zc->path, NOT_WRAPPED);
      }
   } else {
      decline(st, zc->path, NOT_DRAWN);
   }
   pipe_resource_reference(&zc->buffer.buffer, NULL);
   return drawn;
}

void
st_zerocopy_drawn(struct st_context *st, enum st_zerocopy_path path,
                  const struct st_zerocopy_image *image)
{
   struct layout layout;

   compute_layout(image, &layout);
   st->zerocopy.path[path].bytes.gpu_bytes += layout.bytes;
   st->zerocopy.total.gpu_bytes += layout.bytes;
}

void
st_zerocopy_copied(struct st_context *st, enum st_zerocopy_path path,
                   const struct st_zerocopy_image *image)
{
   const bool asked = st->zerocopy.path[path].asked;
   struct layout layout;

   st->zerocopy.path[path].asked = false;
   if (image->type == GL_BITMAP)
      return;
   compute_layout(image, &layout);
   st->zerocopy.path[path].bytes.cpu_bytes += layout.bytes;
   st->zerocopy.total.cpu_bytes += layout.bytes;

   /* It did not come so far that another reason was found. */
   if (!image->store->BufferObj && mode(st, path) != ST_ZEROCOPY_OFF &&
       !asked && is_usable(st, path, image))
      decline(st, path, NO_FORMAT);
}

void
st_zerocopy_report(struct st_context *st)
{
   if (!(ST_DEBUG & DEBUG_ZEROCOPY))
      return;
   for (unsigned i = 0; i < ST_ZEROCOPY_NUM_PATHS; i++) {
      fprintf(stderr,
              "st/mesa: %s: %" PRIu64 " bytes by the GPU, %" PRIu64 " bytes by "
              "the CPU\n", path_names[i],
              st->zerocopy.path[i].bytes.gpu_bytes,
              st->zerocopy.path[i].bytes.cpu_bytes);
   }
   fprintf(stderr, "st/mesa: client memory was wrapped %" PRIu64 " times\n",
           st->zerocopy.wrapped);
}
