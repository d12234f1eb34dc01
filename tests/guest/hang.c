/*
 * SPDX-License-Identifier: MIT
 *
 * Batches that never end: i915 notices with its default time-outs, names the guilty, resets, and
 * the next batch runs.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(a[0]))

/* Two beats of 2.5 s find a hang; the rest is for a slow machine. */
#define RECOVERY_S 60

/* i915 reads the pages of an error state through the aperture, each access a message. */
#define CAPTURE_S 120

static const struct engine {
   const char *name; /* as i915 calls it */
   uint64_t flag;
} render = { "rcs0", I915_EXEC_RENDER }, video = { "vcs0", I915_EXEC_BSD },
  blitter = { "bcs0", I915_EXEC_BLT };

/* Headers that mean nothing to any engine of Gen7; each is a single DWord or has a length of 2. */
#define UNKNOWN_MI     (0x3fu << 23)
#define UNKNOWN_BLT    (2u << 29 | 0x7fu << 22)
#define UNKNOWN_RENDER (3u << 29 | 3u << 27 | 5u << 24 | 0xffu << 16)

/** Name of a file of the primary node in sysfs. */
static const char *
sysfs_path(const char *name)
{
   static char path[128];

   for (unsigned i = 0; i < 16; i++) {
      snprintf(path, sizeof(path), "/sys/class/drm/card%u/%s", i, name);
      if (!access(path, F_OK))
         return path;
   }
   tap_fail(__FILE__, __LINE__, "no /sys/class/drm/card*/%s", name);
   tap_end();
}

/*
 * Most tests leave it at what i915 comes with. Those that have to do with what comes after a hang,
 * and not with how it is found, do not wait for so long.
 */
#define DEFAULT_HEARTBEAT_MS 2500
#define SHORT_HEARTBEAT_MS   1000

/** Sets the heartbeat's interval; an earlier test may have left another one. */
static void
set_heartbeat(unsigned interval_ms)
{
   static const char *engines[] = { "rcs0", "vcs0", "bcs0" };

   for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
      char name[64];

      snprintf(name, sizeof(name), "engine/%s/heartbeat_interval_ms", engines[i]);
      FILE *file = fopen(sysfs_path(name), "w");
      if (!file && errno == EACCES)
         tap_skip("only root sets the heartbeat");
      REQUIRE(file != NULL);
      fprintf(file, "%u", interval_ms);
      REQUIRE_EQUAL(fclose(file), 0);
   }
}

/**
 * Opens the GPU without request_timeout_ms. After these 20 s i915 resets the engine of its own,
 * while on a slow machine the heartbeat that found the hang is still collecting the error state;
 * that one resets once more when it has it, and whoever's request runs then is lost.
 */
static int
open_gpu(void)
{
   FILE *file = NULL;

   for (unsigned i = 0; i < 16 && !file; i++) {
      char name[64];

      snprintf(name, sizeof(name), "/sys/kernel/debug/dri/%u/i915_params/request_timeout_ms", i);
      file = fopen(name, "w");
      if (!file && errno == EACCES)
         tap_skip("only root sets the time-out of requests");
   }
   REQUIRE(file != NULL);
   fprintf(file, "0");
   REQUIRE_EQUAL(fclose(file), 0);
   return fixture_open();
}

/** Forgets the last error state. */
static void
clear_error(void)
{
   const int file = open(sysfs_path("error"), O_WRONLY);

   if (file < 0 && errno == EACCES)
      tap_skip("only root reads error states");
   REQUIRE(file >= 0);
   REQUIRE_EQUAL(write(file, "", 1), 1);
   close(file);
}

/** The error state as it is now. */
static char *
read_error_now(void)
{
   const size_t size = 4 << 20;
   char *text = malloc(size);
   const int file = open(sysfs_path("error"), O_RDONLY);
   size_t length = 0;

   REQUIRE(text && file >= 0);
   for (;;) {
      const ssize_t got = read(file, text + length, size - 1 - length);
      REQUIRE(got >= 0);
      if (!got)
         break;
      length += got;
   }
   close(file);
   text[length] = '\0';
   return text;
}

/** The error state, once i915 has collected it. */
static char *
read_error(void)
{
   const double end_s = tap_now_s() + CAPTURE_S;

   for (;;) {
      char *text = read_error_now();
      if (strncmp(text, "No error state", strlen("No error state")) || tap_now_s() > end_s)
         return text;
      free(text);
      usleep(50000);
   }
}

/** What an error state says of an engine: from its heading to the next engine's. */
static char *
engine_section(const char *error, const char *engine)
{
   char heading[64];

   snprintf(heading, sizeof(heading), "%s command stream:", engine);
   const char *from = strstr(error, heading);
   if (!from)
      return NULL;
   const char *to = strstr(from + strlen(heading), " command stream:");
   return to ? strndup(from, to - from) : strdup(from);
}

static void
check_error_names(const char *engine, uint32_t command)
{
   char *error = read_error();
   char expected[64];

   CHECK(strstr(error, "GPU HANG: ecode 7:") != NULL);
   snprintf(expected, sizeof(expected), "[%d]", getpid());
   CHECK(strstr(error, expected) != NULL);

   char *section = engine_section(error, engine);
   if (!section) {
      tap_fail(__FILE__, __LINE__, "the error state has no section of %s; it begins: %.200s",
               engine, error);
      return;
   }
   CHECK(strstr(section, "hung: 1") != NULL);
   const char *ipehr = strstr(section, "IPEHR: 0x");
   REQUIRE(ipehr != NULL);
   CHECK_EQUAL((uint32_t)strtoul(ipehr + strlen("IPEHR: "), NULL, 16), command);
   free(section);
   free(error);
}

/** The engine must do the next batch, and the blitter move data. */
static void
check_works(int fd, const struct engine *engine)
{
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, GEM_PAGE_SIZE);
   struct batch batch;

   batch_init(&batch, fd, engine->flag);
   batch_store(&batch, handle, 0, 0x600d);
   REQUIRE_OK(batch_run(&batch));
   CHECK_EQUAL(memory[0], 0x600d);
   batch_fini(&batch);
   gem_close(fd, handle);
   check_gpu_reads(fd, memory, GEM_PAGE_SIZE);
   check_gpu_writes(fd, memory, GEM_PAGE_SIZE);
}

/** Submits a batch that hangs, and waits until i915 has dealt with it. */
static void
run_hanging(struct batch *batch)
{
   /* Its own bytes, and not i915's parsed copy: what hangs is what was written. */
   batch->unparsed = true;
   const double before_s = tap_now_s();
   REQUIRE_OK(batch_submit(batch));
   REQUIRE_OK(gem_wait(batch->fd, batch->handle, (int64_t)RECOVERY_S * 1000000000));
   tap_note("recovered after %.1f s", tap_now_s() - before_s);
   /* Not before a beat has been missed: otherwise something else than the heartbeat ended it. */
   CHECK(tap_now_s() - before_s > 0.9);
}

static void
check_stats(int fd, uint32_t context, uint32_t active)
{
   struct drm_i915_reset_stats stats;

   REQUIRE_OK(gem_reset_stats(fd, context, &stats));
   CHECK_EQUAL(stats.batch_active, active);
}

static void
hang_and_recover(const struct engine *engine, uint32_t command)
{
   const int fd = open_gpu();
   struct batch batch;

   set_heartbeat(DEFAULT_HEARTBEAT_MS);
   clear_error();
   check_stats(fd, 0, 0);
   batch_init(&batch, fd, engine->flag);
   batch_emit(&batch, MI_NOOP);
   batch_emit(&batch, command);
   batch_emit(&batch, 0);
   run_hanging(&batch);
   batch_fini(&batch);
   check_error_names(engine->name, command);
   check_stats(fd, 0, 1);
   check_works(fd, engine);
   clear_error();
}

static void
render_unknown_command(void)
{
   hang_and_recover(&render, UNKNOWN_RENDER);
}

static void
video_unknown_command(void)
{
   hang_and_recover(&video, UNKNOWN_MI);
}

static void
blitter_unknown_command(void)
{
   hang_and_recover(&blitter, UNKNOWN_BLT);
}

static void
endless_loop(const struct engine *engine)
{
   const int fd = open_gpu();
   struct batch batch;

   set_heartbeat(DEFAULT_HEARTBEAT_MS);
   clear_error();
   batch_init(&batch, fd, engine->flag);
   batch_emit(&batch, MI_BATCH_BUFFER_START | MI_BATCH_PPGTT);
   batch_own_address(&batch, 0);
   run_hanging(&batch);
   batch_fini(&batch);
   check_error_names(engine->name, MI_BATCH_BUFFER_START | MI_BATCH_PPGTT);
   check_stats(fd, 0, 1);
   check_works(fd, engine);
   clear_error();
}

static void
render_endless_loop(void)
{
   endless_loop(&render);
}

static void
video_endless_loop(void)
{
   endless_loop(&video);
}

static void
blitter_endless_loop(void)
{
   endless_loop(&blitter);
}

/* The parser lets unknown commands of a known client through, as a copy that runs privileged. */
static void
hang_in_a_parsed_batch(void)
{
   const int fd = open_gpu();
   struct batch batch;

   set_heartbeat(SHORT_HEARTBEAT_MS);
   clear_error();
   batch_init(&batch, fd, I915_EXEC_BLT);
   batch_emit(&batch, UNKNOWN_BLT);
   batch_emit(&batch, 0);
   REQUIRE_OK(batch_submit(&batch));
   REQUIRE_OK(gem_wait(fd, batch.handle, (int64_t)RECOVERY_S * 1000000000));
   batch_fini(&batch);
   check_error_names("bcs0", UNKNOWN_BLT);
   check_works(fd, &blitter);
   clear_error();
}

static const struct blt_surface *
at_address(struct blt_surface *surface, int fd)
{
   *surface = (struct blt_surface){
      .handle = fixture_object(fd, GEM_PAGE_SIZE),
      .pitch_bytes = 256,
      .cpp = 4,
   };
   return surface;
}

/** A batch that fills 16 x 16 pixels at an address that no relocation has made. */
static void
fill_at(struct batch *batch, int fd, uint32_t address)
{
   struct blt_surface surface;

   batch_init(batch, fd, I915_EXEC_BLT);
   batch->unparsed = true;
   blt_fill(batch, at_address(&surface, fd), 0, 0, 16, 16, 0xdeadbeef);
   batch->reloc_count = 0;
   batch->dw[4] = address;
}

/* Beyond the 2 GiB of the page directory there is no page, and no scratch page either. */
static void
address_beyond_the_page_directory(void)
{
   const int fd = open_gpu();
   struct batch batch;

   set_heartbeat(SHORT_HEARTBEAT_MS);
   clear_error();
   fill_at(&batch, fd, 0xf0000000);
   const uint32_t command = batch.dw[0];
   run_hanging(&batch);
   batch_fini(&batch);
   check_error_names("bcs0", command);
   check_works(fd, &blitter);
   clear_error();
}

/* Where nothing is bound i915 has put its scratch page: no hang, and nobody's memory is written. */
static void
address_of_nothing(void)
{
   const int fd = open_gpu();
   uint8_t *memory = pages_alloc(64 * GEM_PAGE_SIZE), *zeros = calloc(64, GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, 64 * GEM_PAGE_SIZE);
   struct batch batch;

   fill_at(&batch, fd, 0x70000000);
   batch_object(&batch, handle);
   const double before_s = tap_now_s();
   REQUIRE_OK(batch_run(&batch));
   CHECK(tap_now_s() - before_s < 2);
   CHECK_BYTES(memory, zeros, 64 * GEM_PAGE_SIZE);
   batch_fini(&batch);
   check_stats(fd, 0, 0);
}

/* Who was waiting behind the guilty one is innocent, and is done after the reset. */
static void
innocent_work_is_done(void)
{
   const int guilty = open_gpu(), innocent = open_gpu();
   uint32_t *memory = pages_alloc(GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(innocent, memory, GEM_PAGE_SIZE);
   struct batch hanging, same_engine, other_engine;

   set_heartbeat(DEFAULT_HEARTBEAT_MS);
   clear_error();
   batch_init(&hanging, guilty, I915_EXEC_BLT);
   hanging.unparsed = true;
   batch_emit(&hanging, MI_BATCH_BUFFER_START | MI_BATCH_PPGTT);
   batch_own_address(&hanging, 0);
   REQUIRE_OK(batch_submit(&hanging));
   batch_init(&same_engine, innocent, I915_EXEC_BLT);
   batch_store(&same_engine, handle, 0, 1);
   REQUIRE_OK(batch_submit(&same_engine));
   batch_init(&other_engine, innocent, I915_EXEC_RENDER);
   batch_store(&other_engine, fixture_userptr(innocent, memory, GEM_PAGE_SIZE), 4, 2);
   REQUIRE_OK(batch_submit(&other_engine));

   /* The other engine goes on during the hang. */
   CHECK_ERRNO(gem_wait(innocent, other_engine.handle, 1000000000), 0);
   CHECK_EQUAL(memory[1], 2);
   CHECK_EQUAL(memory[0], 0);
   REQUIRE_OK(gem_wait(innocent, same_engine.handle, (int64_t)RECOVERY_S * 1000000000));
   CHECK_EQUAL(memory[0], 1);
   check_stats(guilty, 0, 1);
   check_stats(innocent, 0, 0);
   check_error_names("bcs0", MI_BATCH_BUFFER_START | MI_BATCH_PPGTT);
   batch_fini(&hanging);
   batch_fini(&same_engine);
   batch_fini(&other_engine);
   check_works(innocent, &blitter);
   clear_error();
}

/* One object: what comes after the hang in it is what the next batch writes. */
static void
userptr_survives(void)
{
   const int fd = open_gpu();
   uint8_t *memory = pages_alloc(16 * GEM_PAGE_SIZE), *expected = malloc(16 * GEM_PAGE_SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, 16 * GEM_PAGE_SIZE);
   const uint32_t object = fixture_object(fd, 16 * GEM_PAGE_SIZE);
   struct batch batch;

   set_heartbeat(SHORT_HEARTBEAT_MS);
   clear_error();
   pattern_fill(expected, 16 * GEM_PAGE_SIZE, 1);
   REQUIRE_OK(gem_pwrite(fd, object, 0, expected, 16 * GEM_PAGE_SIZE));
   batch_init(&batch, fd, I915_EXEC_BLT);
   blt_copy_bytes(&batch, handle, 0, object, 0, 8 * GEM_PAGE_SIZE);
   batch_emit(&batch, UNKNOWN_BLT);
   batch_emit(&batch, 0);
   run_hanging(&batch);
   batch_fini(&batch);
   CHECK_BYTES(memory, expected, 8 * GEM_PAGE_SIZE);
   REQUIRE_OK(blt_run_copy_bytes(fd, handle, 0, object, 0, 16 * GEM_PAGE_SIZE));
   CHECK_BYTES(memory, expected, 16 * GEM_PAGE_SIZE);
   check_error_names("bcs0", UNKNOWN_BLT);
   clear_error();
}

/* The third hang of a context within two minutes is its last; other clients are not concerned. */
static void
context_is_banned(void)
{
   const int fd = open_gpu(), other = open_gpu();
   uint32_t context;
   struct batch batch;

   set_heartbeat(SHORT_HEARTBEAT_MS);
   REQUIRE_OK(gem_context_create(fd, &context));
   for (uint32_t i = 1; i <= 3; i++) {
      batch_init(&batch, fd, I915_EXEC_BLT);
      batch.context = context;
      batch_emit(&batch, UNKNOWN_BLT);
      batch_emit(&batch, 0);
      clear_error();
      run_hanging(&batch);
      batch_fini(&batch);
      check_error_names("bcs0", UNKNOWN_BLT);
      check_stats(fd, context, i);
   }
   batch_init(&batch, fd, I915_EXEC_BLT);
   batch.context = context;
   CHECK_ERRNO(batch_submit(&batch), -EIO);
   batch_fini(&batch);
   check_stats(fd, 0, 0);
   check_works(other, &blitter);
   clear_error();
}

/* A context that says it cannot be continued is banned at once. */
static void
unrecoverable_context(void)
{
   const int fd = open_gpu();
   uint32_t context;
   struct batch batch;

   set_heartbeat(SHORT_HEARTBEAT_MS);
   REQUIRE_OK(gem_context_create(fd, &context));
   struct drm_i915_gem_context_param param = {
      .ctx_id = context,
      .param = I915_CONTEXT_PARAM_RECOVERABLE,
      .value = 0,
   };
   REQUIRE_OK(gem_ioctl(fd, DRM_IOCTL_I915_GEM_CONTEXT_SETPARAM, &param));
   batch_init(&batch, fd, I915_EXEC_BLT);
   batch.context = context;
   batch_emit(&batch, UNKNOWN_BLT);
   batch_emit(&batch, 0);
   clear_error();
   run_hanging(&batch);
   batch_fini(&batch);
   check_error_names("bcs0", UNKNOWN_BLT);
   batch_init(&batch, fd, I915_EXEC_BLT);
   batch.context = context;
   CHECK_ERRNO(batch_submit(&batch), -EIO);
   batch_fini(&batch);
   check_works(fd, &blitter);
   clear_error();
}

/* Work that takes long is not taken for a hang as long as the engine gets to the heartbeat. */
static void
long_work_is_no_hang(void)
{
   const int fd = open_gpu();
   const uint32_t handle = fixture_object(fd, 16 << 20);
   const struct blt_surface surface = { .handle = handle, .pitch_bytes = 16384, .cpp = 4 };
   const double end_s = tap_now_s() + 8;
   struct batch batch = { 0 };

   set_heartbeat(DEFAULT_HEARTBEAT_MS);
   while (tap_now_s() < end_s) {
      batch_init(&batch, fd, I915_EXEC_BLT);
      for (unsigned i = 0; i < 16; i++)
         blt_fill(&batch, &surface, 0, 0, 4096, 1024, i);
      REQUIRE_OK(batch_run(&batch));
      batch_fini(&batch);
   }
   check_stats(fd, 0, 0);
}

static void
default_time_outs(void)
{
   static const char *engines[] = { "rcs0", "vcs0", "bcs0" };

   for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
      char name[64];
      int value = 0;

      snprintf(name, sizeof(name), "engine/%s/heartbeat_interval_ms", engines[i]);
      FILE *file = fopen(sysfs_path(name), "r");
      REQUIRE(file != NULL);
      CHECK_EQUAL(fscanf(file, "%d", &value), 1);
      fclose(file);
      tap_note("%s", engines[i]);
      CHECK_EQUAL(value, DEFAULT_HEARTBEAT_MS);
   }
}

static const struct tap_test tests[] = {
   { "default heartbeat", default_time_outs },
   { "long work is no hang", long_work_is_no_hang },
   { "blitter: unknown command", blitter_unknown_command },
   { "render engine: unknown command", render_unknown_command },
   { "video engine: unknown command", video_unknown_command },
   { "blitter: endless loop", blitter_endless_loop },
   { "render engine: endless loop", render_endless_loop },
   { "video engine: endless loop", video_endless_loop },
   { "in a parsed batch", hang_in_a_parsed_batch },
   { "address where nothing is bound", address_of_nothing },
   { "address beyond the page directory", address_beyond_the_page_directory },
   { "innocent work is done", innocent_work_is_done },
   { "userptr memory survives", userptr_survives },
   { "context is banned after three hangs", context_is_banned },
   { "unrecoverable context is banned at once", unrecoverable_context },
};

TAP_MAIN(tests, 600)
