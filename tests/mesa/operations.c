/*
 * SPDX-License-Identifier: MIT
 *
 * Random operations on memory that OpenGL works in: allocated, written, pinned, uploaded, read
 * into, mapped, copied, re-specified, unmapped, mapped again at the same address, discarded,
 * forked, freed. A model in plain memory says what each byte must be, and all of them are compared
 * after every few operations: none may be stale, lost or stray.
 *
 * OPERATIONS (2000), SEED (1) and LIMIT_S (280) are taken from the environment; a failure names the
 * operation, and the same seed fails again at the same one. Debian's Mesa fails at the first
 * pointer that is not of a whole page, and with whole pages where it maps a buffer elsewhere.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gl.h"
#include "tap.h"

#define REGIONS      8
#define REGION_PAGES 32 /* the address range that a region's memory comes and goes in */
#define SIDE         GL_TEST_SIZE
#define BYTES        4 /* a pixel */
#define CHECK_EVERY  16
#define HISTORY      24

/* A range of addresses, what is in it, and the buffer object that is over part of it. */
struct region {
   uint8_t *start;  /* of REGION_PAGES pages, PROT_NONE where nothing is mapped */
   uint8_t *shadow; /* what the mapped pages must hold */
   size_t size;     /* 0 if nothing is mapped */
   GLuint buffer;   /* 0 if nothing is pinned */
   size_t pinned_at, pinned_size;
};

static struct region regions[REGIONS];
static uint8_t image[SIDE * SIDE * BYTES]; /* what the framebuffer must hold */
static GLuint texture, scratch_buffer;
static uint8_t scratch[REGION_PAGES * PAGE];
static bool busy; /* the GPU may still be at work on our memory */
static uint64_t state;
static unsigned operation;
static uint64_t compared_bytes;
static char history[HISTORY][96];

static uint32_t
random_below(uint32_t limit)
{
   state = state * 6364136223846793005u + 1442695040888963407u;
   return (state >> 33) % limit;
}

static void __attribute__((format(printf, 1, 2)))
note(const char *format, ...)
{
   char *line = history[operation % HISTORY];
   va_list args;
   const int n = snprintf(line, sizeof(history[0]), "%u: ", operation);

   va_start(args, format);
   vsnprintf(line + n, sizeof(history[0]) - n, format, args);
   va_end(args);
}

static void
tell_history(void)
{
   for (unsigned i = operation < HISTORY ? 0 : operation + 1 - HISTORY; i <= operation; i++)
      tap_note("%s", history[i % HISTORY]);
   tap_end();
}

/** Before the CPU looks at or changes memory that the GPU works in. */
static void
finish(void)
{
   if (busy)
      glFinish();
   busy = false;
}

static struct region *
some_region(void)
{
   return &regions[random_below(REGIONS)];
}

static struct region *
mapped_region(void)
{
   struct region *region = some_region();

   return region->size ? region : NULL;
}

/** One whose buffer's memory is all there. */
static struct region *
pinned_region(void)
{
   struct region *region = some_region();

   return region->buffer && region->pinned_at + region->pinned_size <= region->size ? region : NULL;
}

static void
fill(struct region *region, size_t at, size_t size)
{
   const uint8_t first = random_below(256), step = random_below(128) * 2 + 1;

   finish();
   for (size_t i = 0; i < size; i++)
      region->shadow[at + i] = region->start[at + i] = first + i * step + (i >> 8);
}

static void
allocate(void)
{
   struct region *region = some_region();

   if (region->size)
      return;
   finish();
   region->size = (1 + random_below(REGION_PAGES)) * PAGE;
   note("map %td, %zu bytes", region - regions, region->size);
   REQUIRE(mmap(region->start, region->size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == region->start);
   memset(region->shadow, 0, region->size);
   if (random_below(4))
      fill(region, 0, region->size);
}

/* A buffer that is still over it must be none the worse when memory comes back. */
static void
unmap(void)
{
   struct region *region = mapped_region();

   if (!region)
      return;
   finish();
   note("unmap %td", region - regions);
   REQUIRE(mmap(region->start, region->size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == region->start);
   region->size = 0;
}

static void
discard(void)
{
   struct region *region = mapped_region();

   if (!region)
      return;
   const size_t page = random_below(region->size / PAGE);
   finish();
   note("discard page %zu of %td", page, region - regions);
   REQUIRE_EQUAL(madvise(region->start + page * PAGE, PAGE, MADV_DONTNEED), 0);
   memset(region->shadow + page * PAGE, 0, PAGE);
}

static void
write_memory(void)
{
   struct region *region = mapped_region();

   if (!region)
      return;
   const size_t at = random_below(region->size);
   const size_t size = 1 + random_below(region->size - at);
   note("write %td, %zu bytes at %zu", region - regions, size, at);
   fill(region, at, size);
}

static void
pin(void)
{
   struct region *region = mapped_region();

   if (!region || region->buffer)
      return;
   /* What is drawn from needs no alignment; see the driver for what vertices would need. */
   region->pinned_at = random_below(2) ? 0 : random_below(region->size / 64) * 64;
   region->pinned_size = 1 + random_below(region->size - region->pinned_at);
   if (random_below(2))
      region->pinned_size = region->size - region->pinned_at;
   note("pin %td, %zu bytes at %zu", region - regions, region->pinned_size, region->pinned_at);
   finish();

   GLenum error;
   region->buffer = gl_pin(region->start + region->pinned_at, region->pinned_size, &error);
   REQUIRE_EQUAL(error, GL_NO_ERROR);
}

static void
unpin(void)
{
   struct region *region = some_region();

   if (!region->buffer)
      return;
   note("delete the buffer of %td", region - regions);
   if (random_below(2))
      finish();
   glDeleteBuffers(1, &region->buffer);
   region->buffer = 0;
}

/* Through another target the buffer gets storage of its own, and the memory stays as it was. */
static void
respecify(void)
{
   struct region *region = some_region();

   if (!region->buffer)
      return;
   note("re-specify the buffer of %td", region - regions);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, region->buffer);
   glBufferData(GL_PIXEL_PACK_BUFFER, 256, NULL, GL_STREAM_COPY);
   glClearBufferData(GL_PIXEL_PACK_BUFFER, GL_R8, GL_RED, GL_UNSIGNED_BYTE, "\x5a");
   glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
   glDeleteBuffers(1, &region->buffer);
   region->buffer = 0;
}

/* A rectangle of the image, and where its rows are in memory that has `size` bytes. */
struct rows {
   int x, y, width, height;
   size_t at, stride;
   unsigned row_length, alignment, skip_pixels, skip_rows;
};

static bool
some_rows(size_t size, size_t unit, struct rows *rows)
{
   rows->width = 1 + random_below(SIDE);
   rows->height = 1 + random_below(SIDE);
   rows->x = random_below(SIDE - rows->width + 1);
   rows->y = random_below(SIDE - rows->height + 1);
   rows->row_length = random_below(2) ? 0 : rows->width + random_below(16);
   rows->alignment = 1u << random_below(4);
   rows->skip_pixels = random_below(4) ? 0 : random_below(8);
   rows->skip_rows = random_below(4) ? 0 : random_below(4);
   if (rows->row_length && rows->row_length < rows->width + rows->skip_pixels)
      rows->row_length = rows->width + rows->skip_pixels;

   const size_t row = (rows->row_length ? rows->row_length : (unsigned)rows->width) * BYTES;
   rows->stride = (row + rows->alignment - 1) / rows->alignment * rows->alignment;
   const size_t needed = rows->skip_rows * rows->stride + rows->skip_pixels * BYTES +
                         (rows->height - 1) * rows->stride + rows->width * BYTES;
   if (needed > size)
      return false;
   rows->at = random_below((size - needed) / unit + 1) * unit;
   return true;
}

static size_t
row_at(const struct rows *rows, int y)
{
   return rows->at + (rows->skip_rows + y) * rows->stride + rows->skip_pixels * BYTES;
}

static uint8_t *
image_at(const struct rows *rows, int y)
{
   return image + ((rows->y + y) * SIDE + rows->x) * BYTES;
}

static void
unpack_parameters(const struct rows *rows)
{
   glPixelStorei(GL_UNPACK_ROW_LENGTH, rows->row_length);
   glPixelStorei(GL_UNPACK_ALIGNMENT, rows->alignment);
   glPixelStorei(GL_UNPACK_SKIP_PIXELS, rows->skip_pixels);
   glPixelStorei(GL_UNPACK_SKIP_ROWS, rows->skip_rows);
}

static void
pack_parameters(const struct rows *rows)
{
   glPixelStorei(GL_PACK_ROW_LENGTH, rows->row_length);
   glPixelStorei(GL_PACK_ALIGNMENT, rows->alignment);
   glPixelStorei(GL_PACK_SKIP_PIXELS, rows->skip_pixels);
   glPixelStorei(GL_PACK_SKIP_ROWS, rows->skip_rows);
}

static void
swap_red_and_blue(uint8_t *pixels, int count)
{
   for (int i = 0; i < count; i++) {
      const uint8_t red = pixels[BYTES * i];

      pixels[BYTES * i] = pixels[BYTES * i + 2];
      pixels[BYTES * i + 2] = red;
   }
}

/** \param pinned  from the buffer over the memory; otherwise from the memory */
static void
upload(bool pinned)
{
   struct region *region = pinned ? pinned_region() : mapped_region();
   const bool bgra = random_below(2);
   struct rows rows;

   if (!region ||
       !some_rows(pinned ? region->pinned_size : region->size, pinned ? BYTES : 1, &rows))
      return;
   const size_t base = pinned ? region->pinned_at : 0;

   note("upload from %s %td at %zu: %dx%d+%d+%d, row %u, alignment %u, skips %u %u%s",
        pinned ? "buffer" : "memory", region - regions, rows.at, rows.width, rows.height, rows.x,
        rows.y, rows.row_length, rows.alignment, rows.skip_pixels, rows.skip_rows,
        bgra ? ", BGRA" : "");
   unpack_parameters(&rows);
   glBindTexture(GL_TEXTURE_2D, texture);
   if (pinned)
      glBindBuffer(GL_PIXEL_UNPACK_BUFFER, region->buffer);
   else
      finish(); /* the GPU may be writing to what the CPU is to read */
   glTexSubImage2D(GL_TEXTURE_2D, 0, rows.x, rows.y, rows.width, rows.height,
                   bgra ? GL_BGRA : GL_RGBA, GL_UNSIGNED_BYTE,
                   pinned ? (void *)rows.at : region->start + rows.at);
   glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
   busy = true;
   for (int y = 0; y < rows.height; y++) {
      memcpy(image_at(&rows, y), region->shadow + base + row_at(&rows, y), rows.width * BYTES);
      if (bgra)
         swap_red_and_blue(image_at(&rows, y), rows.width);
   }
}

/** \param pinned  into the buffer over the memory; otherwise into the memory */
static void
read_back(bool pinned)
{
   struct region *region = pinned ? pinned_region() : mapped_region();
   const bool bgra = random_below(2);
   struct rows rows;

   if (!region ||
       !some_rows(pinned ? region->pinned_size : region->size, pinned ? BYTES : 1, &rows))
      return;
   const size_t base = pinned ? region->pinned_at : 0;

   note("read to %s %td at %zu: %dx%d+%d+%d, row %u, alignment %u, skips %u %u%s",
        pinned ? "buffer" : "memory", region - regions, rows.at, rows.width, rows.height, rows.x,
        rows.y, rows.row_length, rows.alignment, rows.skip_pixels, rows.skip_rows,
        bgra ? ", BGRA" : "");
   pack_parameters(&rows);
   if (pinned)
      glBindBuffer(GL_PIXEL_PACK_BUFFER, region->buffer);
   else
      finish();
   glReadPixels(rows.x, rows.y, rows.width, rows.height, bgra ? GL_BGRA : GL_RGBA,
                GL_UNSIGNED_BYTE, pinned ? (void *)rows.at : region->start + rows.at);
   glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
   busy = pinned;
   for (int y = 0; y < rows.height; y++) {
      uint8_t *to = region->shadow + base + row_at(&rows, y);

      memcpy(to, image_at(&rows, y), rows.width * BYTES);
      if (bgra)
         swap_red_and_blue(to, rows.width);
   }
}

static void
upload_pinned(void)
{
   upload(true);
}

static void
upload_client(void)
{
   upload(false);
}

static void
read_pinned(void)
{
   read_back(true);
}

static void
read_client(void)
{
   read_back(false);
}

static void
clear(void)
{
   struct rows rows;

   some_rows(sizeof(scratch), 1, &rows);
   const uint8_t colour[BYTES] = { random_below(2) * 255, random_below(2) * 255,
                                   random_below(2) * 255, random_below(2) * 255 };
   note("clear %dx%d+%d+%d", rows.width, rows.height, rows.x, rows.y);
   glEnable(GL_SCISSOR_TEST);
   glScissor(rows.x, rows.y, rows.width, rows.height);
   glClearColor(colour[0] / 255, colour[1] / 255, colour[2] / 255, colour[3] / 255);
   glClear(GL_COLOR_BUFFER_BIT);
   glDisable(GL_SCISSOR_TEST);
   for (int y = 0; y < rows.height; y++) {
      for (int x = 0; x < rows.width; x++)
         memcpy(image_at(&rows, y) + x * BYTES, colour, BYTES);
   }
}

/** Between a pinned buffer and an ordinary one, in either direction. */
static void
copy_buffer(void)
{
   struct region *region = pinned_region();

   if (!region)
      return;
   const bool in = random_below(2);
   const size_t at = random_below(region->pinned_size);
   const size_t size = 1 + random_below(region->pinned_size - at);
   const size_t other = random_below(sizeof(scratch) - size + 1);
   uint8_t *memory = region->shadow + region->pinned_at + at;

   note("copy %zu bytes %s the buffer of %td at %zu, the other's %zu", size, in ? "to" : "from",
        region - regions, at, other);
   glBindBuffer(in ? GL_COPY_WRITE_BUFFER : GL_COPY_READ_BUFFER, region->buffer);
   glBindBuffer(in ? GL_COPY_READ_BUFFER : GL_COPY_WRITE_BUFFER, scratch_buffer);
   glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, in ? other : at,
                       in ? at : other, size);
   glBindBuffer(GL_COPY_READ_BUFFER, 0);
   glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
   busy = true;
   if (in)
      memcpy(memory, scratch + other, size);
   else
      memcpy(scratch + other, memory, size);
}

static void
sub_data(void)
{
   struct region *region = pinned_region();
   uint8_t data[512];

   if (!region)
      return;
   const size_t at = random_below(region->pinned_size);
   size_t size = region->pinned_size - at;
   size = 1 + random_below(size < sizeof(data) ? size : sizeof(data));
   note("glBufferSubData %zu bytes at %zu of the buffer of %td", size, at, region - regions);
   for (size_t i = 0; i < size; i++)
      data[i] = random_below(256);
   glBindBuffer(GL_ARRAY_BUFFER, region->buffer);
   glBufferSubData(GL_ARRAY_BUFFER, at, size, data);
   glBindBuffer(GL_ARRAY_BUFFER, 0);
   busy = true;
   memcpy(region->shadow + region->pinned_at + at, data, size);
}

/* The pointer is the application's own. */
static void
map_buffer(void)
{
   static const GLbitfield flags[] = {
      GL_MAP_READ_BIT | GL_MAP_WRITE_BIT,
      GL_MAP_WRITE_BIT,
      GL_MAP_WRITE_BIT | GL_MAP_FLUSH_EXPLICIT_BIT,
      GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_RANGE_BIT,
   };
   struct region *region = pinned_region();

   if (!region)
      return;
   const GLbitfield access = flags[random_below(4)];
   const size_t at = random_below(region->pinned_size);
   const size_t size = 1 + random_below(region->pinned_size - at);

   note("map buffer %td, flags 0x%x, %zu bytes at %zu", region - regions, access, size, at);
   glBindBuffer(GL_ARRAY_BUFFER, region->buffer);
   uint8_t *map = glMapBufferRange(GL_ARRAY_BUFFER, at, size, access);
   if (!CHECK(map == region->start + region->pinned_at + at))
      tell_history();
   if (access & GL_MAP_READ_BIT &&
       !CHECK_BYTES(map, region->shadow + region->pinned_at + at, size))
      tell_history();
   busy = true; /* of other buffers; this one's work is done when the map is there */
   for (size_t i = 0; i < size; i++)
      region->shadow[region->pinned_at + at + i] = map[i] = i * 3 + operation;
   if (access & GL_MAP_FLUSH_EXPLICIT_BIT)
      glFlushMappedBufferRange(GL_ARRAY_BUFFER, 0, size);
   if (!CHECK(glUnmapBuffer(GL_ARRAY_BUFFER)))
      tell_history();
   glBindBuffer(GL_ARRAY_BUFFER, 0);
}

static bool
memory_is_right(void)
{
   bool right = true;

   for (unsigned i = 0; i < REGIONS && right; i++)
      right = CHECK_BYTES(regions[i].start, regions[i].shadow, regions[i].size);
   for (unsigned i = 0; i < REGIONS; i++)
      compared_bytes += regions[i].size;
   return right;
}

/* The child has what the parent had at that moment; its writes are not the parent's. */
static void
fork_child(void)
{
   finish();
   note("fork");
   const pid_t child = fork();
   int status;

   REQUIRE(child >= 0);
   if (child == 0) {
      bool right = true;

      for (unsigned i = 0; i < REGIONS; i++) {
         right &= !regions[i].size || !memcmp(regions[i].start, regions[i].shadow, regions[i].size);
         memset(regions[i].start, 0xee, regions[i].size);
      }
      _exit(right ? 0 : 1);
   }
   REQUIRE_EQUAL(waitpid(child, &status, 0), child);
   if (!CHECK_EQUAL(status, 0))
      tell_history();
}

static void
check_all(void)
{
   uint8_t pixels[sizeof(image)], bytes[sizeof(scratch)];

   finish();
   if (!memory_is_right())
      tell_history();
   glPixelStorei(GL_PACK_ROW_LENGTH, 0);
   glPixelStorei(GL_PACK_SKIP_PIXELS, 0);
   glPixelStorei(GL_PACK_SKIP_ROWS, 0);
   glPixelStorei(GL_PACK_ALIGNMENT, 1);
   glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
   if (!CHECK_BYTES(pixels, image, sizeof(image)))
      tell_history();
   glBindBuffer(GL_COPY_READ_BUFFER, scratch_buffer);
   glGetBufferSubData(GL_COPY_READ_BUFFER, 0, sizeof(bytes), bytes);
   glBindBuffer(GL_COPY_READ_BUFFER, 0);
   if (!CHECK_BYTES(bytes, scratch, sizeof(scratch)) || !CHECK_EQUAL(glGetError(), GL_NO_ERROR))
      tell_history();
}

static struct {
   const char *name;
   void (*run)(void);
   unsigned weight, done;
} operations[] = {
   { "map", allocate, 8 },
   { "unmap", unmap, 3 },
   { "discard", discard, 2 },
   { "write", write_memory, 6 },
   { "pin", pin, 8 },
   { "unpin", unpin, 2 },
   { "re-specify", respecify, 1 },
   { "upload pinned", upload_pinned, 12 },
   { "read pinned", read_pinned, 12 },
   { "upload client", upload_client, 6 },
   { "read client", read_client, 6 },
   { "clear", clear, 4 },
   { "copy buffer", copy_buffer, 4 },
   { "sub data", sub_data, 3 },
   { "map buffer", map_buffer, 4 },
   { "fork", fork_child, 1 },
};
#define KINDS (sizeof(operations) / sizeof(operations[0]))

static unsigned
from_environment(const char *name, unsigned otherwise)
{
   const char *text = getenv(name);

   return text ? strtoul(text, NULL, 0) : otherwise;
}

static void
random_operations(void)
{
   const unsigned count = from_environment("OPERATIONS", 2000);
   const unsigned seed = from_environment("SEED", 1);
   unsigned weights = 0;
   GLint name;

   /* Small as the transfers are, all of them are to be in place, and as often as not from or to memory that was kept. */
   setenv("zerocopy_readpixels", "1", 0);
   setenv("zerocopy_getteximage", "1", 0);
   setenv("zerocopy_texsubimage", "1", 0);
   gl_start();
   glGetFramebufferAttachmentParameteriv(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0,
                                         GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, &name);
   texture = name;
   glGenBuffers(1, &scratch_buffer);
   glBindBuffer(GL_COPY_WRITE_BUFFER, scratch_buffer);
   glBufferData(GL_COPY_WRITE_BUFFER, sizeof(scratch), scratch, GL_STREAM_COPY);
   glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
   for (unsigned i = 0; i < REGIONS; i++) {
      regions[i].start = mmap(NULL, REGION_PAGES * PAGE, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      regions[i].shadow = malloc(REGION_PAGES * PAGE);
      REQUIRE(regions[i].start != MAP_FAILED && regions[i].shadow);
   }
   for (unsigned i = 0; i < KINDS; i++)
      weights += operations[i].weight;

   state = seed;
   for (operation = 0; operation < count;) {
      unsigned i = 0, pick = random_below(weights);

      while (pick >= operations[i].weight)
         pick -= operations[i++].weight;
      history[operation % HISTORY][0] = '\0';
      operations[i].run();
      if (!history[operation % HISTORY][0])
         continue; /* there was nothing of the kind to do it with */
      operations[i].done++;
      if (!CHECK_EQUAL(glGetError(), GL_NO_ERROR))
         tell_history();
      if (operation % CHECK_EVERY == CHECK_EVERY - 1 || operation + 1 == count)
         check_all();
      operation++;
   }
   tap_note("%u operations from seed %u, %" PRIu64 " bytes compared", count, seed, compared_bytes);
   for (unsigned i = 0; i < KINDS; i++)
      tap_note("%8u %s", operations[i].done, operations[i].name);
}

static const struct tap_test tests[] = {
   { "0003-random-operations", random_operations },
};

TAP_MAIN(tests, from_environment("LIMIT_S", 280))
