/*
 * SPDX-License-Identifier: MIT
 *
 * zerocopy-demo-gl: a picture's own memory is a texture upload's source, and the memory that it is
 * to end in is what glReadPixels writes: by GL_AMD_pinned_memory, beside plain client memory.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "gem.h"
#include "gl_transfer.h"
#include "hud.h"
#include "in_place.h"
#include "pages.h"
#include "picture.h"

/* The drawing is no larger than this in either direction, and has the picture's shape. */
#define MAX_DRAWING 1280u

static const char usage[] =
   "usage: zerocopy-demo-gl IMAGE --out DIR [--patched NAME=VALUE]...\n"
   "\n"
   "Decodes a PNG. OpenGL uploads it as a texture, draws it turned and scaled by a shader, and\n"
   "reads the drawing back, in two ways: from and to plain client memory, and with the same\n"
   "memory as buffer objects (GL_AMD_pinned_memory), which the GPU reads and writes in place.\n"
   "\n"
   "A table says what each way cost. Which pages the CPU touched is what the kernel's page tables\n"
   "say (the Accessed bits, by /proc/self/smaps), not what the demo believes. The texture is\n"
   "compared with the picture, and the two drawings with each other, byte for byte.\n"
   "\n"
   "  --out DIR      where source.png, result.png and report.json are written; made if need be\n"
   "  --patched NAME=VALUE\n"
   "                 what makes a program take Mesa with mesa-patches/: then a third way is\n"
   "                 client memory with that Mesa, whose own counts say what was copied\n"
   "  --help         this text\n"
   "\n"
   "IMAGE may be grey, palette or colour, with or without alpha; 16 bits are scaled to 8.\n"
   "\n"
   "Exit status: 0 all agree and the CPU touched no page of pinned memory, 1 they do not or it\n"
   "did, 2 usage, 3 the picture cannot be read, 4 the GPU cannot be used, 5 a file cannot be\n"
   "written.\n";

struct options {
   const char *image, *out;
   struct in_place_environment other; /* empty without another Mesa */
   int serve;                         /* see in_place.h; -1 if we are not that process */
};

/** \return false if the program is to end, with *status */
static bool
parse(int argc, char **argv, struct options *options, enum status *status)
{
   static const struct option known[] = {
      { "out", required_argument, NULL, 'o' },
      { "patched", required_argument, NULL, 'p' },
      { "serve", required_argument, NULL, 's' },
      { "help", no_argument, NULL, 'h' },
      { 0 },
   };
   int letter;

   *options = (struct options){ .serve = -1 };
   *status = STATUS_USAGE;
   while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
      switch (letter) {
      case 'o':
         options->out = optarg;
         break;
      case 'p':
         if (options->other.count ==
             sizeof(options->other.variables) / sizeof(options->other.variables[0])) {
            fputs("zerocopy-demo-gl: too many variables\n", stderr);
            return false;
         }
         options->other.variables[options->other.count++] = optarg;
         break;
      case 's':
         options->serve = atoi(optarg);
         break;
      case 'h':
         fputs(usage, stdout);
         *status = STATUS_AGREED;
         return false;
      default:
         fputs("zerocopy-demo-gl --help tells the options\n", stderr);
         return false;
      }
   }
   if (optind + 1 != argc || (!options->out && options->serve < 0)) {
      fputs(usage, stderr);
      return false;
   }
   options->image = argv[optind];
   return true;
}

static size_t
size_of(const struct gl_image *image)
{
   return (size_t)image->width * image->height * 4;
}

static struct gl_image
drawing_of(const struct picture *picture)
{
   const uint32_t longer = picture->width > picture->height ? picture->width : picture->height;
   struct gl_image drawing = { .width = picture->width, .height = picture->height };

   if (longer > MAX_DRAWING) {
      drawing.width = (uint64_t)picture->width * MAX_DRAWING / longer;
      drawing.height = (uint64_t)picture->height * MAX_DRAWING / longer;
   }
   drawing.width += !drawing.width;
   drawing.height += !drawing.height;
   drawing.pixels = pages_alloc(size_of(&drawing));
   return drawing;
}

enum { CLIENT, PINNED, IN_PLACE, WAYS };
static const char *const way_names[WAYS] = { "client memory", "pinned memory", "client, patched" };
static const char *const way_keys[WAYS] = { "client", "pinned", "in_place" };

/* Below so many bytes the patched Mesa copies, as it takes less: docs/usage.md. */
#define LEAST_UPLOAD    (1u << 20)
#define LEAST_READ_BACK (64u << 10)

/** All that is said of the job; the third way only if there is another Mesa. */
struct outcome {
   const struct gl_image *source, *result;
   struct gl_cost cost[WAYS];
   bool agrees[WAYS]; /* the drawing with that by client memory */
   unsigned ways;
};

/** The bytes of so many pages of an image, of which the last may be partly the image's. */
static uint64_t
bytes_of(int64_t pages, const struct gl_image *image)
{
   const uint64_t bytes = pages * (uint64_t)GEM_PAGE_SIZE;

   return bytes < size_of(image) ? bytes : size_of(image);
}

static uint64_t
uploaded_by_cpu(const struct outcome *outcome, unsigned way)
{
   const struct gl_cost *cost = &outcome->cost[way];

   return way == IN_PLACE ? (uint64_t)cost->uploaded.by_cpu
                          : bytes_of(cost->source_pages_touched, outcome->source);
}

static uint64_t
read_back_by_cpu(const struct outcome *outcome, unsigned way)
{
   const struct gl_cost *cost = &outcome->cost[way];

   return way == IN_PLACE ? (uint64_t)cost->read_back.by_cpu
                          : bytes_of(cost->result_pages_touched, outcome->result);
}

static void
print_row(const char *name, const struct outcome *outcome,
          uint64_t (*value)(const struct outcome *outcome, unsigned way))
{
   printf("  %-44s", name);
   for (unsigned way = 0; way < outcome->ways; way++)
      printf(" %15" PRIu64, value(outcome, way));
   printf("\n");
}

static uint64_t
upload_bytes(const struct outcome *outcome, unsigned way)
{
   return size_of(outcome->source);
}

static uint64_t
read_back_bytes(const struct outcome *outcome, unsigned way)
{
   return size_of(outcome->result);
}

static uint64_t
uploaded_by_gpu(const struct outcome *outcome, unsigned way)
{
   return way == IN_PLACE ? (uint64_t)outcome->cost[way].uploaded.by_gpu
                          : size_of(outcome->source) - uploaded_by_cpu(outcome, way);
}

static uint64_t
read_back_by_gpu(const struct outcome *outcome, unsigned way)
{
   return way == IN_PLACE ? (uint64_t)outcome->cost[way].read_back.by_gpu
                          : size_of(outcome->result) - read_back_by_cpu(outcome, way);
}

static uint64_t
pages_pinned(const struct outcome *outcome, unsigned way)
{
   return outcome->cost[way].pages_pinned;
}

static uint64_t
upload_ioctls(const struct outcome *outcome, unsigned way)
{
   return outcome->cost[way].upload_ioctls;
}

static uint64_t
read_back_ioctls(const struct outcome *outcome, unsigned way)
{
   return outcome->cost[way].read_back_ioctls;
}

static void
print_table(const struct outcome *outcome)
{
   bool counted = true;

   printf("\n  %-44s", "");
   for (unsigned way = 0; way < outcome->ways; way++) {
      printf(" %15s", way_names[way]);
      counted &= outcome->cost[way].pages_pinned >= 0;
   }
   printf("\n");
   print_row("upload: bytes of pixels", outcome, upload_bytes);
   print_row("   in pages that the CPU touched", outcome, uploaded_by_cpu);
   print_row("   in pages that the GPU alone read", outcome, uploaded_by_gpu);
   print_row("   ioctls", outcome, upload_ioctls);
   print_row("read-back: bytes of pixels", outcome, read_back_bytes);
   print_row("   in pages that the CPU touched", outcome, read_back_by_cpu);
   print_row("   in pages that the GPU alone wrote", outcome, read_back_by_gpu);
   print_row("   ioctls", outcome, read_back_ioctls);
   if (counted)
      print_row("pages pinned, as the kernel counts", outcome, pages_pinned);
   printf("  %-44s", "CPU time of this process in the two transfers");
   for (unsigned way = 0; way < outcome->ways; way++)
      printf(" %12.1f ms", outcome->cost[way].cpu_s * 1e3);
   printf("\n  %-44s", "texture is the source, byte for byte");
   for (unsigned way = 0; way < outcome->ways; way++)
      printf(" %15s", outcome->cost[way].texture_agrees ? "yes" : "NO");
   printf("\n  %-44s %15s", "drawing is that by client memory", "-");
   for (unsigned way = PINNED; way < outcome->ways; way++)
      printf(" %15s", outcome->agrees[way] ? "yes" : "NO");
   printf("\n\n");
   printf("  Touched pages: by the Accessed bits of the page tables.\n");
   if (outcome->ways > IN_PLACE)
      printf("  In the third column, bytes that the CPU copied and that the GPU moved, as Mesa\n"
             "  counts (GALLIUM_HUD): the kernel sets these bits itself when it looks the pages up\n"
             "  for the GPU.\n");
   else
      printf("  A third column, client memory without a copy: ./zerocopy demo --mesa patched\n");
   printf("\n");
}

static enum status
write_report(const struct options *options, const char *renderer, const struct picture *picture,
             const struct outcome *outcome)
{
   static const char name[] = "report.json";
   FILE *file = open_product(options->out, name);

   if (!file)
      return STATUS_OUTPUT;
   fprintf(file, "{\n  \"image\": ");
   print_json_string(file, options->image);
   fprintf(file, ",\n  \"renderer\": ");
   print_json_string(file, renderer);
   fprintf(file,
           ",\n"
           "  \"file_format\": \"%s\",\n"
           "  \"width\": %u,\n"
           "  \"height\": %u,\n"
           "  \"upload_bytes\": %zu,\n"
           "  \"read_back_bytes\": %zu,\n"
           "  \"drawing_width\": %u,\n"
           "  \"drawing_height\": %u,\n",
           picture->file_format, picture->width, picture->height, picture->size_bytes,
           size_of(outcome->result), outcome->result->width, outcome->result->height);
   for (unsigned way = 0; way < outcome->ways; way++) {
      const struct gl_cost *cost = &outcome->cost[way];

      fprintf(file, "  \"%s\": {\n", way_keys[way]);
      if (way == IN_PLACE) {
         fprintf(file,
                 "    \"uploaded_by_cpu\": %" PRId64 ",\n"
                 "    \"uploaded_by_gpu\": %" PRId64 ",\n"
                 "    \"read_back_by_cpu\": %" PRId64 ",\n"
                 "    \"read_back_by_gpu\": %" PRId64 ",\n",
                 cost->uploaded.by_cpu, cost->uploaded.by_gpu, cost->read_back.by_cpu,
                 cost->read_back.by_gpu);
      } else {
         fprintf(file,
                 "    \"source_pages_touched\": %" PRId64 ",\n"
                 "    \"result_pages_touched\": %" PRId64 ",\n",
                 cost->source_pages_touched, cost->result_pages_touched);
      }
      fprintf(file,
              "    \"upload_ioctls\": %" PRIu64 ",\n"
              "    \"read_back_ioctls\": %" PRIu64 ",\n"
              "    \"pages_pinned\": %" PRId64 ",\n"
              "    \"cpu_s\": %.6f,\n"
              "    \"texture_agrees\": %s\n"
              "  },\n",
              cost->upload_ioctls, cost->read_back_ioctls, cost->pages_pinned, cost->cpu_s,
              cost->texture_agrees ? "true" : "false");
   }
   bool agree = true;
   for (unsigned way = PINNED; way < outcome->ways; way++)
      agree &= outcome->agrees[way];
   fprintf(file, "  \"drawings_agree\": %s\n}\n", agree ? "true" : "false");
   return close_product(file, options->out, name);
}

/** Whether what is too small to be worth it is all that the CPU has copied. */
static bool
few(const struct hud_bytes *bytes, size_t all, size_t least)
{
   return bytes->by_cpu + bytes->by_gpu == (int64_t)all && bytes->by_cpu < (int64_t)least;
}

static enum status
judge(const struct outcome *outcome)
{
   static const char todo[] = "compare source.png and result.png; it is a fault of the GPU or its "
                              "driver";
   static const char copies[] = "say which picture it was: the driver has a path that copies";
   const struct gl_cost *pinned = &outcome->cost[PINNED], *in_place = &outcome->cost[IN_PLACE];
   char why[128];

   for (unsigned way = 0; way < outcome->ways; way++) {
      snprintf(why, sizeof(why), "%s", way_names[way]);
      if (!outcome->cost[way].texture_agrees)
         return fail(STATUS_DIFFER, "the texture is not the picture", why, todo);
      if (way != CLIENT && !outcome->agrees[way])
         return fail(STATUS_DIFFER, "the drawing is not that by client memory", why, todo);
   }
   if (pinned->source_pages_touched || pinned->result_pages_touched)
      return fail(STATUS_DIFFER, "the CPU touched pages of pinned memory",
                  "the driver did not let the GPU transfer all of it", copies);
   if (outcome->ways > IN_PLACE &&
       (!few(&in_place->uploaded, size_of(outcome->source), LEAST_UPLOAD) ||
        !few(&in_place->read_back, size_of(outcome->result), LEAST_READ_BACK))) {
      snprintf(why, sizeof(why),
               "%" PRId64 " bytes of the upload and %" PRId64 " of the read-back",
               in_place->uploaded.by_cpu, in_place->read_back.by_cpu);
      return fail(STATUS_DIFFER, "the patched Mesa has copied client memory", why, copies);
   }
   return STATUS_AGREED;
}

int
main(int argc, char **argv)
{
   struct options options;
   struct picture picture;
   struct picture_error error;
   struct gl_failure failure;
   struct outcome outcome = { 0 };
   enum status status;
   char what[4200];

   if (!parse(argc, argv, &options, &status))
      return status;
   if (options.out && (status = make_folder(options.out)))
      return status;
   if (!picture_read(&picture, options.image, 8, pages_alloc, &error)) {
      snprintf(what, sizeof(what), "cannot read %s", options.image);
      return fail(STATUS_PICTURE, what, error.what, error.todo);
   }
   if (options.serve >= 0 && (status = -hud_start()))
      return fail(STATUS_OUTPUT, "no folder can be made in /tmp", strerror(status), "make room");
   const char *renderer = gl_start(&failure);
   if (!renderer)
      return fail(STATUS_GPU, failure.what, failure.why, failure.todo);

   const struct gl_image source = {
      .width = picture.width, .height = picture.height, .pixels = picture.pixels,
   };
   struct gl_image drawings[WAYS];
   for (unsigned way = 0; way < WAYS; way++) {
      drawings[way] = drawing_of(&picture);
      if (!drawings[way].pixels)
         return fail(STATUS_PICTURE, "no memory for the drawing", strerror(ENOMEM),
                     "use a guest with more memory (--memory MIB)");
   }
   if (options.serve >= 0)
      return in_place_serve(options.serve, &source, &drawings[0]);
   printf("%s: %u x %u pixels, %s; drawn as %u x %u by %s\n", options.image, picture.width,
          picture.height, picture.file_format, drawings[0].width, drawings[0].height, renderer);
   fflush(stdout);

   outcome.source = &source;
   outcome.result = &drawings[PINNED];
   outcome.ways = options.other.count ? WAYS : IN_PLACE;
   for (unsigned way = 0; way < IN_PLACE; way++) {
      if (!gl_transfer(way == CLIENT ? GL_MEMORY_CLIENT : GL_MEMORY_PINNED, &source,
                       &drawings[way], &outcome.cost[way], &failure))
         return fail(STATUS_GPU, failure.what, failure.why, failure.todo);
   }
   if (options.other.count &&
       (status = in_place_run(&options.other, options.image, &drawings[IN_PLACE],
                              &outcome.cost[IN_PLACE])))
      return status;
   for (unsigned way = PINNED; way < outcome.ways; way++)
      outcome.agrees[way] = !memcmp(drawings[CLIENT].pixels, drawings[way].pixels,
                                    size_of(&drawings[way]));

   print_table(&outcome);
   struct picture drawn = picture;
   drawn.width = drawings[PINNED].width;
   drawn.height = drawings[PINNED].height;
   drawn.row_bytes = drawn.width * 4;
   drawn.size_bytes = size_of(&drawings[PINNED]);
   if ((status = write_picture(&picture, picture.pixels, options.out, "source.png")) ||
       (status = write_picture(&drawn, drawings[PINNED].pixels, options.out, "result.png")) ||
       (status = write_report(&options, renderer, &picture, &outcome)))
      return status;
   status = judge(&outcome);
   for (unsigned way = 0; way < WAYS; way++)
      pages_free(drawings[way].pixels, size_of(&drawings[way]));
   pages_free(picture.pixels, picture.size_bytes);
   return status;
}
