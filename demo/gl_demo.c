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
#include <string.h>

#include "failure.h"
#include "gem.h"
#include "gl_transfer.h"
#include "pages.h"
#include "picture.h"

/* The drawing is no larger than this in either direction, and has the picture's shape. */
#define MAX_DRAWING 1280u

static const char usage[] =
   "usage: zerocopy-demo-gl IMAGE --out DIR\n"
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
   "  --help         this text\n"
   "\n"
   "IMAGE may be grey, palette or colour, with or without alpha; 16 bits are scaled to 8.\n"
   "\n"
   "Exit status: 0 all agree and the CPU touched no page of pinned memory, 1 they do not or it\n"
   "did, 2 usage, 3 the picture cannot be read, 4 the GPU cannot be used, 5 a file cannot be\n"
   "written.\n";

struct options {
   const char *image, *out;
};

/** \return false if the program is to end, with *status */
static bool
parse(int argc, char **argv, struct options *options, enum status *status)
{
   static const struct option known[] = {
      { "out", required_argument, NULL, 'o' },
      { "help", no_argument, NULL, 'h' },
      { 0 },
   };
   int letter;

   *options = (struct options){ 0 };
   *status = STATUS_USAGE;
   while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
      switch (letter) {
      case 'o':
         options->out = optarg;
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
   if (optind + 1 != argc || !options->out) {
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

enum { CLIENT, PINNED, WAYS };
static const char *const way_names[WAYS] = { "client memory", "pinned memory" };
static const char *const way_keys[WAYS] = { "client", "pinned" };

/** The bytes of so many pages of an image, of which the last may be partly the image's. */
static uint64_t
bytes_of(int64_t pages, const struct gl_image *image)
{
   const uint64_t bytes = pages * (uint64_t)GEM_PAGE_SIZE;

   return bytes < size_of(image) ? bytes : size_of(image);
}

static void
print_row(const char *name, uint64_t client, uint64_t pinned)
{
   printf("  %-44s %15" PRIu64 " %15" PRIu64 "\n", name, client, pinned);
}

static void
print_table(const struct gl_image *source, const struct gl_image *result,
            const struct gl_cost cost[WAYS], bool drawings_agree)
{
   const uint64_t read[WAYS] = { bytes_of(cost[CLIENT].source_pages_touched, source),
                                 bytes_of(cost[PINNED].source_pages_touched, source) };
   const uint64_t written[WAYS] = { bytes_of(cost[CLIENT].result_pages_touched, result),
                                    bytes_of(cost[PINNED].result_pages_touched, result) };

   printf("\n  %-44s %15s %15s\n", "", way_names[CLIENT], way_names[PINNED]);
   print_row("upload: bytes of pixels", size_of(source), size_of(source));
   print_row("   in pages that the CPU touched", read[CLIENT], read[PINNED]);
   print_row("   in pages that the GPU alone read", size_of(source) - read[CLIENT],
             size_of(source) - read[PINNED]);
   print_row("read-back: bytes of pixels", size_of(result), size_of(result));
   print_row("   in pages that the CPU touched", written[CLIENT], written[PINNED]);
   print_row("   in pages that the GPU alone wrote", size_of(result) - written[CLIENT],
             size_of(result) - written[PINNED]);
   if (cost[CLIENT].pages_pinned >= 0 && cost[PINNED].pages_pinned >= 0)
      print_row("pages pinned, as the kernel counts", cost[CLIENT].pages_pinned,
                cost[PINNED].pages_pinned);
   printf("  %-44s %12.1f ms %12.1f ms\n", "CPU time of this process in the two transfers",
          cost[CLIENT].cpu_s * 1e3, cost[PINNED].cpu_s * 1e3);
   printf("  %-44s %15s %15s\n", "texture is the source, byte for byte",
          cost[CLIENT].texture_agrees ? "yes" : "NO", cost[PINNED].texture_agrees ? "yes" : "NO");
   printf("  %-44s %15s %15s\n\n", "drawing is that by client memory", "-",
          drawings_agree ? "yes" : "NO");
}

static enum status
write_report(const struct options *options, const char *renderer, const struct picture *picture,
             const struct gl_image *result, const struct gl_cost cost[WAYS], bool drawings_agree)
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
           "  \"read_back_bytes\": %zu,\n",
           picture->file_format, picture->width, picture->height, picture->size_bytes,
           size_of(result));
   for (unsigned way = 0; way < WAYS; way++) {
      fprintf(file,
              "  \"%s\": {\n"
              "    \"source_pages_touched\": %" PRId64 ",\n"
              "    \"result_pages_touched\": %" PRId64 ",\n"
              "    \"pages_pinned\": %" PRId64 ",\n"
              "    \"cpu_s\": %.6f,\n"
              "    \"texture_agrees\": %s\n"
              "  },\n",
              way_keys[way], cost[way].source_pages_touched, cost[way].result_pages_touched,
              cost[way].pages_pinned, cost[way].cpu_s,
              cost[way].texture_agrees ? "true" : "false");
   }
   fprintf(file, "  \"drawings_agree\": %s\n}\n", drawings_agree ? "true" : "false");
   return close_product(file, options->out, name);
}

static enum status
judge(const struct gl_cost cost[WAYS], bool drawings_agree)
{
   static const char todo[] = "compare source.png and result.png; it is a fault of the GPU or its "
                              "driver";

   if (!cost[CLIENT].texture_agrees || !cost[PINNED].texture_agrees)
      return fail(STATUS_DIFFER, "the texture is not the picture",
                  cost[CLIENT].texture_agrees ? "uploaded from pinned memory it is not"
                                              : "uploaded from client memory it is not", todo);
   if (!drawings_agree)
      return fail(STATUS_DIFFER, "the two drawings differ",
                  "one was read into client memory, one into pinned memory", todo);
   if (cost[PINNED].source_pages_touched || cost[PINNED].result_pages_touched)
      return fail(STATUS_DIFFER, "the CPU touched pages of pinned memory",
                  "the driver did not let the GPU transfer all of it",
                  "say which picture it was: the driver has a path that copies");
   return STATUS_AGREED;
}

int
main(int argc, char **argv)
{
   struct options options;
   struct picture picture;
   struct picture_error error;
   struct gl_failure failure;
   struct gl_cost cost[WAYS] = { 0 };
   enum status status;
   char what[4200];

   if (!parse(argc, argv, &options, &status))
      return status;
   if ((status = make_folder(options.out)))
      return status;
   if (!picture_read(&picture, options.image, 8, pages_alloc, &error)) {
      snprintf(what, sizeof(what), "cannot read %s", options.image);
      return fail(STATUS_PICTURE, what, error.what, error.todo);
   }
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
   printf("%s: %u x %u pixels, %s; drawn as %u x %u by %s\n", options.image, picture.width,
          picture.height, picture.file_format, drawings[0].width, drawings[0].height, renderer);
   fflush(stdout);

   if (!gl_transfer(GL_MEMORY_CLIENT, &source, &drawings[CLIENT], &cost[CLIENT], &failure) ||
       !gl_transfer(GL_MEMORY_PINNED, &source, &drawings[PINNED], &cost[PINNED], &failure))
      return fail(STATUS_GPU, failure.what, failure.why, failure.todo);
   const bool agree = !memcmp(drawings[CLIENT].pixels, drawings[PINNED].pixels,
                              size_of(&drawings[PINNED]));

   print_table(&source, &drawings[PINNED], cost, agree);
   struct picture drawn = picture;
   drawn.width = drawings[PINNED].width;
   drawn.height = drawings[PINNED].height;
   drawn.row_bytes = drawn.width * 4;
   drawn.size_bytes = size_of(&drawings[PINNED]);
   if ((status = write_picture(&picture, picture.pixels, options.out, "source.png")) ||
       (status = write_picture(&drawn, drawings[PINNED].pixels, options.out, "result.png")) ||
       (status = write_report(&options, renderer, &picture, &drawings[PINNED], cost, agree)))
      return status;
   for (unsigned way = 0; way < WAYS; way++)
      pages_free(drawings[way].pixels, size_of(&drawings[way]));
   pages_free(picture.pixels, picture.size_bytes);
   return judge(cost, agree);
}
