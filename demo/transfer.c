/*
 * SPDX-License-Identifier: MIT
 */

#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "blt.h"
#include "gem.h"
#include "picture.h"
#include "pin_counters.h"
#include "tile.h"

#define WORD_BYTES 4u

/*
 * A tiled surface that the blitter's pitch and coordinates can say. A picture that is larger
 * becomes several, side by side in one buffer object.
 */
#define PANEL_WIDTH_WORDS 16384u
#define PANEL_HEIGHT      16384u

/*
 * A batch moves so many bytes at most, and two are submitted at a time: i915's heartbeat stands in
 * line behind them, and takes the engine for hung when it waits too long.
 */
#define BATCH_BYTES (16u << 20)
#define IN_FLIGHT   2

/* One end of the job: memory of one kind or other, in which the pixels lie row by row. */
struct linear {
   uint32_t handle;
   uint32_t offset_bytes;
};

struct panel {
   uint32_t x_words, y, width_words, height;
   struct blt_surface tiled;
};

struct job {
   int fd;
   const struct picture *picture;
   uint32_t tiling;
   uint32_t row_words;
   uint32_t panels_across, panels_down;
   uint32_t tiled_handle;
   struct batch batch; /* that is being filled */
   uint64_t batch_bytes; /* that it moves */
   struct batch in_flight[IN_FLIGHT]; /* the oldest first; unused ones have no handle */
   struct transfer_cost *cost;
   struct transfer_error *error;
};

static bool
failed(struct job *job, int error, const char *step)
{
   if (!error)
      return false;
   job->error->error = error;
   job->error->step = step;
   return true;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
   return a < b ? a : b;
}

struct transfer_range
transfer_range_of(uint8_t *memory, size_t size_bytes)
{
   const size_t delta = (uintptr_t)memory % GEM_PAGE_SIZE;

   return (struct transfer_range){
      .memory = memory,
      .first_page = memory - delta,
      .size_bytes = size_bytes,
      .wrapped_bytes = gem_page_align(delta + size_bytes),
      .delta_bytes = delta,
   };
}

/** Pages that the kernel has pinned for DMA since it booted. \return -1 if it does not say */
static int64_t
pages_pinned(void)
{
   struct pin_counters counters;

   return pin_counters_read(&counters) ? -1 : counters.acquired_pages;
}

/** The panel in column `column` of row `row`, and where it lies in the tiled buffer. */
static struct panel
panel_at(const struct job *job, uint32_t column, uint32_t row)
{
   struct panel panel = {
      .x_words = column * PANEL_WIDTH_WORDS,
      .y = row * PANEL_HEIGHT,
   };

   panel.width_words = min_u32(job->row_words - panel.x_words, PANEL_WIDTH_WORDS);
   panel.height = min_u32(job->picture->height - panel.y, PANEL_HEIGHT);
   panel.tiled = (struct blt_surface){
      .handle = job->tiled_handle,
      .pitch_bytes = tile_pitch(job->tiling, panel.width_words * WORD_BYTES),
      .tiling = job->tiling,
      .cpp = WORD_BYTES,
   };
   return panel;
}

static uint64_t
panel_bytes(const struct job *job, const struct panel *panel)
{
   return tile_size(job->tiling, panel->tiled.pitch_bytes, panel->height);
}

/** Bytes of all panels; they stand one behind the other. */
static uint64_t
tiled_bytes(const struct job *job)
{
   uint64_t size = 0;

   for (uint32_t row = 0; row < job->panels_down; row++) {
      for (uint32_t column = 0; column < job->panels_across; column++) {
         const struct panel panel = panel_at(job, column, row);
         size += panel_bytes(job, &panel);
      }
   }
   return size;
}

/** Submits the batch that is being filled, after a wait if there are enough of them. */
static bool
submit(struct job *job)
{
   struct batch *oldest = &job->in_flight[0], *newest = &job->in_flight[IN_FLIGHT - 1];

   if (!job->batch_bytes)
      return true;
   if (oldest->handle && failed(job, gem_wait(job->fd, oldest->handle, -1), "GEM_WAIT"))
      return false;
   batch_fini(oldest);
   memmove(oldest, oldest + 1, sizeof(*oldest) * (IN_FLIGHT - 1));
   *newest = job->batch;
   const int error = batch_submit(newest);
   job->cost->command_bytes += batch_size_bytes(newest);
   job->cost->gpu_bytes += job->batch_bytes;
   job->batch_bytes = 0;
   batch_init(&job->batch, job->fd, I915_EXEC_BLT);
   return !failed(job, error, "GEM_EXECBUFFER2");
}

/** Emits the copy of some rows between memory and a panel. */
static void
emit_rows(struct job *job, const struct linear *linear, const struct panel *panel, uint32_t y,
          uint32_t count, bool to_tiled)
{
   const size_t row_bytes = job->picture->row_bytes;
   const struct blt_surface rows = {
      .handle = linear->handle,
      .offset_bytes = linear->offset_bytes + (uint64_t)(panel->y + y) * row_bytes +
                      panel->x_words * WORD_BYTES,
      /* What is a single row needs no pitch; any that can be said will do. */
      .pitch_bytes = min_u32(row_bytes, BLT_MAX_LINEAR_PITCH_BYTES & ~(WORD_BYTES - 1)),
      .cpp = WORD_BYTES,
   };

   if (to_tiled)
      blt_copy(&job->batch, &panel->tiled, 0, y, &rows, 0, 0, panel->width_words, count);
   else
      blt_copy(&job->batch, &rows, 0, 0, &panel->tiled, 0, y, panel->width_words, count);
   job->batch_bytes += (uint64_t)panel->width_words * WORD_BYTES * count;
}

/** Moves a panel. Rows that are longer than a linear pitch can be go one by one. */
static bool
blit_panel(struct job *job, const struct linear *linear, const struct panel *panel, bool to_tiled)
{
   const uint32_t width_bytes = panel->width_words * WORD_BYTES;
   const bool has_pitch = job->picture->row_bytes <= BLT_MAX_LINEAR_PITCH_BYTES;
   const uint32_t rows_a_blit = has_pitch ? BATCH_BYTES / width_bytes : 1;

   for (uint32_t y = 0; y < panel->height; y += rows_a_blit) {
      const uint32_t count = min_u32(panel->height - y, rows_a_blit);

      if (job->batch_bytes + (uint64_t)count * width_bytes > BATCH_BYTES && !submit(job))
         return false;
      emit_rows(job, linear, panel, y, count, to_tiled);
   }
   return true;
}

/** Moves the whole picture between memory and the tiled buffer. */
static bool
blit_picture(struct job *job, const struct linear *linear, bool to_tiled)
{
   uint32_t offset_bytes = 0;

   for (uint32_t row = 0; row < job->panels_down; row++) {
      for (uint32_t column = 0; column < job->panels_across; column++) {
         struct panel panel = panel_at(job, column, row);

         panel.tiled.offset_bytes = offset_bytes;
         offset_bytes += panel_bytes(job, &panel);
         if (!blit_panel(job, linear, &panel, to_tiled))
            return false;
      }
   }
   return submit(job);
}

static bool
job_init(struct job *job, int fd, const struct picture *picture, uint32_t tiling,
         struct transfer_cost *cost, struct transfer_error *error)
{
   memset(cost, 0, sizeof(*cost));
   memset(error, 0, sizeof(*error));
   *job = (struct job){
      .fd = fd,
      .picture = picture,
      .tiling = tiling,
      .row_words = picture->row_bytes / WORD_BYTES,
      .cost = cost,
      .error = error,
   };
   job->panels_across = (job->row_words + PANEL_WIDTH_WORDS - 1) / PANEL_WIDTH_WORDS;
   job->panels_down = (picture->height + PANEL_HEIGHT - 1) / PANEL_HEIGHT;
   return !failed(job, gem_create(fd, tiled_bytes(job), &job->tiled_handle),
                  "GEM_CREATE of the tiled buffer");
}

/** Blits there and back, and waits for the end of it. */
static bool
there_and_back(struct job *job, const struct linear *source, const struct linear *destination)
{
   struct batch *newest = &job->in_flight[IN_FLIGHT - 1];

   batch_init(&job->batch, job->fd, I915_EXEC_BLT);
   const bool done = blit_picture(job, source, true) && blit_picture(job, destination, false) &&
                     !failed(job, gem_wait(job->fd, newest->handle, -1), "GEM_WAIT");
   batch_fini(&job->batch);
   for (unsigned i = 0; i < IN_FLIGHT; i++)
      batch_fini(&job->in_flight[i]);
   return done;
}

static void
close_if(int fd, uint32_t handle)
{
   if (handle)
      gem_close(fd, handle);
}

bool
transfer_zero_copy(int fd, const struct picture *picture, uint8_t *destination, uint32_t tiling,
                   struct transfer_cost *cost, struct transfer_error *error)
{
   const struct transfer_range from = transfer_range_of(picture->pixels, picture->size_bytes);
   const struct transfer_range to = transfer_range_of(destination, picture->size_bytes);
   struct linear source = { .offset_bytes = from.delta_bytes };
   struct linear target = { .offset_bytes = to.delta_bytes };
   const struct gem_counters before = gem_counters;
   const int64_t pinned_before = pages_pinned();
   struct job job;

   const bool done =
      job_init(&job, fd, picture, tiling, cost, error) &&
      !failed(&job, gem_userptr(fd, from.first_page, from.wrapped_bytes, 0, &source.handle),
              "GEM_USERPTR of the picture") &&
      !failed(&job, gem_userptr(fd, to.first_page, to.wrapped_bytes, 0, &target.handle),
              "GEM_USERPTR of the result") &&
      there_and_back(&job, &source, &target);
   /* The memory may be freed after this: the kernel holds none of its pages any more. */
   close_if(fd, source.handle);
   close_if(fd, target.handle);
   close_if(fd, job.tiled_handle);

   const int64_t pinned_after = pages_pinned();
   cost->pages_pinned = pinned_before < 0 || pinned_after < 0 ? -1 : pinned_after - pinned_before;
   cost->pages_wrapped = (from.wrapped_bytes + to.wrapped_bytes) / GEM_PAGE_SIZE;
   cost->ioctls = gem_counters.ioctls - before.ioctls;
   cost->cpu_bytes = gem_counters.pwrite_bytes - before.pwrite_bytes + gem_counters.pread_bytes -
                     before.pread_bytes - cost->command_bytes;
   return done;
}

bool
transfer_classic(int fd, const struct picture *picture, uint8_t *destination, uint32_t tiling,
                 struct transfer_cost *cost, struct transfer_error *error)
{
   const uint64_t size_bytes = gem_page_align(picture->size_bytes);
   struct linear source = { 0 }, target = { 0 };
   const struct gem_counters before = gem_counters;
   struct job job;

   const bool done =
      job_init(&job, fd, picture, tiling, cost, error) &&
      !failed(&job, gem_create(fd, size_bytes, &source.handle), "GEM_CREATE of the source") &&
      !failed(&job, gem_create(fd, size_bytes, &target.handle), "GEM_CREATE of the target") &&
      !failed(&job, gem_pwrite(fd, source.handle, 0, picture->pixels, picture->size_bytes),
              "GEM_PWRITE") &&
      there_and_back(&job, &source, &target) &&
      !failed(&job, gem_pread(fd, target.handle, 0, destination, picture->size_bytes),
              "GEM_PREAD");
   close_if(fd, source.handle);
   close_if(fd, target.handle);
   close_if(fd, job.tiled_handle);

   cost->ioctls = gem_counters.ioctls - before.ioctls;
   cost->cpu_bytes = gem_counters.pwrite_bytes - before.pwrite_bytes + gem_counters.pread_bytes -
                     before.pread_bytes - cost->command_bytes;
   return done;
}
