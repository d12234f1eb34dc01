/*
 * SPDX-License-Identifier: MIT
 *
 * zerocopy-demo: a picture goes from malloc'ed memory through a tiled buffer object of the GPU into
 * other malloc'ed memory, and no byte of it is copied by the CPU.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "gem.h"
#include "picture.h"
#include "transfer.h"

static const char usage[] =
   "usage: zerocopy-demo IMAGE --out DIR [--tiling x|y]\n"
   "\n"
   "Decodes a PNG into memory from malloc(). The whole pages around that memory become a buffer\n"
   "of the GPU (DRM_IOCTL_I915_GEM_USERPTR), and so do those around a second range from\n"
   "malloc(). The GPU's blitter moves the picture from the first one into a tiled buffer object,\n"
   "which is what a texture is, and from there into the second one. Nothing is copied by the\n"
   "CPU.\n"
   "\n"
   "Then the same job is done as it is without userptr (GEM_PWRITE, the same two blits,\n"
   "GEM_PREAD), a table says what each of the two cost, and both results are compared with the\n"
   "source byte for byte.\n"
   "\n"
   "  --out DIR      where source.png, result.png and report.json are written; made if need be\n"
   "  --tiling x|y   of the buffer object in between (default: y)\n"
   "  --help         this text\n"
   "\n"
   "IMAGE may be grey, palette or colour, with or without alpha, of up to 16 bits. Pixels of\n"
   "8 bits are moved as one word of 32 bits, those of 16 bits as two.\n"
   "\n"
   "Exit status: 0 both results are the source, 1 they are not, 2 usage, 3 the picture cannot be\n"
   "read, 4 the GPU cannot be used, 5 a file cannot be written.\n";

struct options {
   const char *image, *out;
   uint32_t tiling;
};

/** \return false if the program is to end, with *status */
static bool
parse(int argc, char **argv, struct options *options, enum status *status)
{
   static const struct option known[] = {
      { "out", required_argument, NULL, 'o' },
      { "tiling", required_argument, NULL, 't' },
      { "help", no_argument, NULL, 'h' },
      { 0 },
   };
   int letter;

   *options = (struct options){ .tiling = I915_TILING_Y };
   *status = STATUS_USAGE;
   while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
      switch (letter) {
      case 'o':
         options->out = optarg;
         break;
      case 't':
         if (strcmp(optarg, "x") && strcmp(optarg, "y")) {
            fprintf(stderr, "zerocopy-demo: --tiling is x or y, not %s\n", optarg);
            return false;
         }
         options->tiling = optarg[0] == 'x' ? I915_TILING_X : I915_TILING_Y;
         break;
      case 'h':
         fputs(usage, stdout);
         *status = STATUS_AGREED;
         return false;
      default:
         fputs("zerocopy-demo --help tells the options\n", stderr);
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

/** Opens the GPU. \return a file descriptor, or -1 with *status set after a message */
static int
open_gpu(enum status *status)
{
   const int fd = gem_open();

   *status = STATUS_GPU;
   if (fd == -EACCES) {
      fail(STATUS_GPU, "cannot open the GPU's render node", "you have no permission for it",
           "join the group of /dev/dri/renderD* (often `render`), or run as root");
      return -1;
   }
   if (fd == -ENODEV) {
      fail(STATUS_GPU, "no Intel GPU", "none of the nodes in /dev/dri is driven by i915",
           "run it in the virtual machine: ./zerocopy demo");
      return -1;
   }
   if (fd < 0) {
      fail(STATUS_GPU, "no GPU: there is no usable render node in /dev/dri", strerror(-fd),
           "load i915 (modprobe i915), or run it in the virtual machine: ./zerocopy demo");
      return -1;
   }
   if (!gem_is_ivybridge(fd)) {
      fail(STATUS_GPU, "this Intel GPU is not supported",
           "the demo writes blitter commands of Ivybridge (Gen7), which others read differently",
           "run it in the virtual machine: ./zerocopy demo");
      return -1;
   }
   return fd;
}

static enum status
fail_transfer(const char *which, const struct transfer_error *error)
{
   char what[256];
   const char *todo = "see the kernel's log (dmesg) for what i915 says about it";

   snprintf(what, sizeof(what), "the %s transfer did not work: %s", which, error->step);
   if (error->error == -ENODEV)
      todo = "use a kernel with CONFIG_DRM_I915_USERPTR, and a GPU with LLC";
   else if (error->error == -ENOMEM || error->error == -ENOSPC || error->error == -E2BIG)
      todo = "use a smaller picture or a guest with more memory (--memory MIB)";
   return fail(STATUS_GPU, what, strerror(-error->error), todo);
}

static void
print_range(const char *name, const struct transfer_range *range)
{
   printf("  %-8s malloc'ed at %p, %zu bytes\n"
          "           wrapped  %p, %zu whole pages; the memory begins at byte %zu of the first\n",
          name, (void *)range->memory, range->size_bytes, (void *)range->first_page,
          range->wrapped_bytes / GEM_PAGE_SIZE, range->delta_bytes);
}

static void
print_row(const char *name, uint64_t zero_copy, uint64_t classic)
{
   printf("  %-36s %15" PRIu64 " %15" PRIu64 "\n", name, zero_copy, classic);
}

static void
print_table(const struct transfer_cost *zero_copy, const struct transfer_cost *classic,
            bool zero_copy_agrees, bool classic_agrees)
{
   printf("\n  %-36s %15s %15s\n", "", "userptr", "pwrite/pread");
   print_row("bytes of pixels moved by the GPU", zero_copy->gpu_bytes, classic->gpu_bytes);
   print_row("bytes of pixels copied by the CPU", zero_copy->cpu_bytes, classic->cpu_bytes);
   print_row("bytes of commands for the GPU", zero_copy->command_bytes, classic->command_bytes);
   print_row("pages of the application wrapped", zero_copy->pages_wrapped, classic->pages_wrapped);
   if (zero_copy->pages_pinned >= 0)
      printf("  %-36s %15" PRId64 " %15s\n", "pages pinned, as the kernel counts",
             zero_copy->pages_pinned, "-");
   print_row("ioctls", zero_copy->ioctls, classic->ioctls);
   printf("  %-36s %15s %15s\n\n", "result is the source, byte for byte",
          zero_copy_agrees ? "yes" : "NO", classic_agrees ? "yes" : "NO");
}

static void
print_json_cost(FILE *file, const char *name, const struct transfer_cost *cost, bool agrees)
{
   fprintf(file,
           "  \"%s\": {\n"
           "    \"gpu_bytes\": %" PRIu64 ",\n"
           "    \"cpu_bytes\": %" PRIu64 ",\n"
           "    \"command_bytes\": %" PRIu64 ",\n"
           "    \"pages_wrapped\": %" PRIu64 ",\n",
           name, cost->gpu_bytes, cost->cpu_bytes, cost->command_bytes, cost->pages_wrapped);
   if (cost->pages_pinned >= 0)
      fprintf(file, "    \"pages_pinned\": %" PRId64 ",\n", cost->pages_pinned);
   fprintf(file,
           "    \"ioctls\": %" PRIu64 ",\n"
           "    \"agrees\": %s\n"
           "  }",
           cost->ioctls, agrees ? "true" : "false");
}

struct outcome {
   struct transfer_cost zero_copy, classic;
   bool zero_copy_agrees, classic_agrees;
};

static enum status
write_report(const struct options *options, const struct picture *picture,
             const struct outcome *outcome)
{
   static const char name[] = "report.json";
   FILE *file = open_product(options->out, name);

   if (!file)
      return STATUS_OUTPUT;
   fprintf(file, "{\n  \"image\": ");
   print_json_string(file, options->image);
   fprintf(file,
           ",\n"
           "  \"file_format\": \"%s\",\n"
           "  \"width\": %u,\n"
           "  \"height\": %u,\n"
           "  \"bit_depth\": %u,\n"
           "  \"size_bytes\": %zu,\n"
           "  \"tiling\": \"%s\",\n",
           picture->file_format, picture->width, picture->height, picture->bit_depth,
           picture->size_bytes, options->tiling == I915_TILING_X ? "X" : "Y");
   print_json_cost(file, "userptr", &outcome->zero_copy, outcome->zero_copy_agrees);
   fprintf(file, ",\n");
   print_json_cost(file, "classic", &outcome->classic, outcome->classic_agrees);
   fprintf(file, "\n}\n");
   return close_product(file, options->out, name);
}

/** Memory from malloc(), in which no byte is as it is in the picture. */
static uint8_t *
malloc_complement(const struct picture *picture)
{
   uint8_t *memory = malloc(picture->size_bytes);

   for (size_t i = 0; memory && i < picture->size_bytes; i++)
      memory[i] = ~picture->pixels[i];
   return memory;
}

static enum status
write_products(const struct options *options, const struct picture *picture,
               const uint8_t *result, const struct outcome *outcome)
{
   enum status status;

   if ((status = write_picture(picture, picture->pixels, options->out, "source.png")) ||
       (status = write_picture(picture, result, options->out, "result.png")))
      return status;
   return write_report(options, picture, outcome);
}

static bool
agree(const struct picture *picture, const uint8_t *result)
{
   return memcmp(picture->pixels, result, picture->size_bytes) == 0;
}

/** Does the job in both ways and compares. result gets what the zero-copy way made. */
static enum status
transfer(int fd, const struct options *options, const struct picture *picture, uint8_t *result,
         struct outcome *outcome)
{
   struct transfer_error error;

   if (!transfer_zero_copy(fd, picture, result, options->tiling, &outcome->zero_copy, &error))
      return fail_transfer("zero-copy", &error);
   outcome->zero_copy_agrees = agree(picture, result);

   uint8_t *other = malloc_complement(picture);
   if (!other)
      return fail(STATUS_PICTURE, "no memory for the second result", strerror(ENOMEM),
                  "use a guest with more memory (--memory MIB)");
   const bool done = transfer_classic(fd, picture, other, options->tiling, &outcome->classic,
                                      &error);
   outcome->classic_agrees = agree(picture, other);
   free(other);
   return done ? STATUS_AGREED : fail_transfer("pwrite/pread", &error);
}

int
main(int argc, char **argv)
{
   struct options options;
   struct picture picture;
   struct picture_error error;
   struct outcome outcome = { 0 };
   enum status status;
   char what[4200];

   if (!parse(argc, argv, &options, &status))
      return status;
   if ((status = make_folder(options.out)))
      return status;
   if (!picture_read(&picture, options.image, 16, malloc, &error)) {
      snprintf(what, sizeof(what), "cannot read %s", options.image);
      return fail(STATUS_PICTURE, what, error.what, error.todo);
   }
   const int fd = open_gpu(&status);
   if (fd < 0)
      return status;
   uint8_t *result = malloc_complement(&picture);
   if (!result)
      return fail(STATUS_PICTURE, "no memory for the result", strerror(ENOMEM),
                  "use a guest with more memory (--memory MIB)");

   printf("%s: %u x %u pixels, %s, moved as %u bits a pixel\n", options.image, picture.width,
          picture.height, picture.file_format, 4 * picture.bit_depth);
   const struct transfer_range from = transfer_range_of(picture.pixels, picture.size_bytes);
   const struct transfer_range to = transfer_range_of(result, picture.size_bytes);
   print_range("source", &from);
   print_range("result", &to);

   status = transfer(fd, &options, &picture, result, &outcome);
   if (status)
      return status;
   print_table(&outcome.zero_copy, &outcome.classic, outcome.zero_copy_agrees,
               outcome.classic_agrees);
   status = write_products(&options, &picture, result, &outcome);
   if (status)
      return status;
   if (!outcome.zero_copy_agrees || !outcome.classic_agrees)
      return fail(STATUS_DIFFER, "the result is not the source",
                  outcome.zero_copy_agrees ? "GEM_PWRITE, blits and GEM_PREAD lost something"
                                           : "the blits through userptr lost something",
                  "compare source.png and result.png; it is a fault of the GPU or its driver");
   free(result);
   free(picture.pixels);
   return STATUS_AGREED;
}
