/*
 * SPDX-License-Identifier: MIT
 *
 * Every kind of memory that a process can have: the GPU must reach it, or say why not.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fixture.h"

#define SIZE           (32 * GEM_PAGE_SIZE)
#define HUGE_PAGE_SIZE (2u << 20)

static void
check_both_ways(void *memory, size_t size_bytes)
{
   const int fd = fixture_open();

   check_gpu_reads(fd, memory, size_bytes);
   check_gpu_writes(fd, memory, size_bytes);
}

/** The memory must be refused: when it is probed (if it is of a kind that shows), and when used. */
static void
check_refused(void *memory, size_t size_bytes, int expected_probe)
{
   const int fd = fixture_open();
   uint32_t handle;

   CHECK_ERRNO(gem_userptr(fd, memory, size_bytes, I915_USERPTR_PROBE, &handle), expected_probe);
   REQUIRE_OK(gem_userptr(fd, memory, size_bytes, 0, &handle));
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
}

static bool
write_file(const char *path, const char *text)
{
   const int fd = open(path, O_WRONLY);
   const bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

   if (fd >= 0)
      close(fd);
   return done;
}

/** A number out of a file of the kernel's, -1 if there is none. */
static long
read_number(const char *path)
{
   FILE *file = fopen(path, "r");
   long value = -1;

   if (!file)
      return -1;
   if (fscanf(file, "%ld", &value) != 1)
      value = -1;
   fclose(file);
   return value;
}

static void
posix_memalign_memory(void)
{
   void *memory;

   REQUIRE(posix_memalign(&memory, GEM_PAGE_SIZE, SIZE) == 0);
   check_both_ways(memory, SIZE);
   free(memory);
}

/* malloc() promises 16 bytes only: these are the whole pages inside of what it gave. */
static void
malloc_memory(void)
{
   uint8_t *memory = malloc(SIZE + GEM_PAGE_SIZE);
   const uintptr_t first = (uintptr_t)gem_page_align((uintptr_t)memory);

   check_both_ways((void *)first, SIZE);
   free(memory);
}

static void
stack_memory(void)
{
   uint8_t memory[SIZE] __attribute__((aligned(GEM_PAGE_SIZE)));

   memset(memory, 0, sizeof(memory));
   check_both_ways(memory, SIZE);
}

static uint8_t bss[SIZE] __attribute__((aligned(GEM_PAGE_SIZE)));
static uint8_t data[SIZE] __attribute__((aligned(GEM_PAGE_SIZE))) = { 1 };

static void
static_memory(void)
{
   check_both_ways(bss, SIZE);
   check_both_ways(data, SIZE);
}

static void
heap_of_brk(void)
{
   uint8_t *memory = (uint8_t *)gem_page_align((uintptr_t)sbrk(SIZE + GEM_PAGE_SIZE));

   check_both_ways(memory, SIZE);
}

static void
shared_anonymous(void)
{
   check_both_ways(pages_map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1), SIZE);
}

static void
locked(void)
{
   void *memory = pages_map(SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1);

   check_both_ways(memory, SIZE);
}

/* Nobody has ever touched it: for the GPU too it is zero. */
static void
untouched(void)
{
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, pages_alloc(SIZE), SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *zeros = calloc(1, SIZE), *arrived = malloc(SIZE);

   memset(arrived, 0xff, SIZE);
   REQUIRE_OK(gem_pwrite(fd, object, 0, arrived, SIZE));
   REQUIRE_OK(blt_run_copy_bytes(fd, object, 0, handle, 0, SIZE));
   REQUIRE_OK(gem_pread(fd, object, 0, arrived, SIZE));
   CHECK_BYTES(arrived, zeros, SIZE);
}

/* Pages that were only read are all the one zero page, which must not be written. */
static void
only_read_before(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE), *other = pages_alloc(SIZE), *zeros = calloc(1, SIZE);

   CHECK_BYTES(memory, zeros, SIZE);
   CHECK_BYTES(other, zeros, SIZE);
   check_gpu_writes(fd, memory, SIZE);
   CHECK_BYTES(other, zeros, SIZE);
}

static void
system_v_shared_memory(void)
{
   const int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);

   REQUIRE(id >= 0);
   void *memory = shmat(id, NULL, 0);
   shmctl(id, IPC_RMID, NULL);
   REQUIRE(memory != (void *)-1);
   check_both_ways(memory, SIZE);
}

/** A file of SIZE bytes; it has no name any more. */
static int
file_in(const char *folder)
{
   char path[PATH_MAX];

   snprintf(path, sizeof(path), "%s/zerocopy-XXXXXX", folder);
   const int file = mkstemp(path);
   REQUIRE(file >= 0);
   unlink(path);
   REQUIRE(ftruncate(file, SIZE) == 0);
   return file;
}

/** What the GPU writes into a shared mapping of a file is what the file has. */
static void
check_shared_file(int file)
{
   uint8_t *memory = pages_map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
   uint8_t *content = malloc(SIZE);

   check_both_ways(memory, SIZE);
   REQUIRE(msync(memory, SIZE, MS_SYNC) == 0);
   memset(content, 0, SIZE);
   REQUIRE_EQUAL(pread(file, content, SIZE, 0), SIZE);
   CHECK_BYTES(content, memory, SIZE);
   free(content);
}

/** What the GPU writes into a private mapping leaves the file as it was. */
static void
check_private_file(int file)
{
   uint8_t *original = malloc(SIZE), *content = malloc(SIZE);

   pattern_fill(original, SIZE, 42);
   REQUIRE_EQUAL(pwrite(file, original, SIZE, 0), SIZE);
   uint8_t *memory = pages_map(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
   CHECK_BYTES(memory, original, SIZE);
   check_both_ways(memory, SIZE);
   REQUIRE_EQUAL(pread(file, content, SIZE, 0), SIZE);
   CHECK_BYTES(content, original, SIZE);
}

static void
tmpfs_shared(void)
{
   check_shared_file(file_in("/dev/shm"));
}

static void
tmpfs_private(void)
{
   check_private_file(file_in("/dev/shm"));
}

/** Type of the file system that a path is on; what statfs() says of 9p is what the host has. */
static const char *
file_system_of(const char *path)
{
   static char type[64];
   FILE *file = fopen("/proc/self/mountinfo", "r");
   char line[1024];
   struct stat st;

   REQUIRE(file != NULL && stat(path, &st) == 0);
   while (fgets(line, sizeof(line), file)) {
      unsigned major, minor;
      const char *rest = strstr(line, " - ");

      if (rest && sscanf(line, "%*u %*u %u:%u", &major, &minor) == 2 &&
          makedev(major, minor) == st.st_dev)
         sscanf(rest, " - %63s", type);
   }
   fclose(file);
   return type;
}

/** A folder of the host's, by 9p: the one that this program lies in. */
static const char *
folder_of_9p(void)
{
   static char path[PATH_MAX];
   const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

   REQUIRE(length > 0);
   path[length] = '\0';
   char *folder = dirname(path);
   const char *type = file_system_of(folder);
   if (strcmp(type, "9p"))
      tap_skip("%s is on %s, and not shared by the host by 9p", folder, type);
   return folder;
}

static void
host_file_shared(void)
{
   check_shared_file(file_in(folder_of_9p()));
}

static void
host_file_private(void)
{
   check_private_file(file_in(folder_of_9p()));
}

static void
memfd_shared(void)
{
   const int file = memfd_create("zerocopy", MFD_CLOEXEC);

   REQUIRE(file >= 0 && ftruncate(file, SIZE) == 0);
   check_shared_file(file);
}

static void
memfd_private(void)
{
   const int file = memfd_create("zerocopy", MFD_CLOEXEC);

   REQUIRE(file >= 0 && ftruncate(file, SIZE) == 0);
   check_private_file(file);
}

/* A hole in the file stays one until somebody writes: the GPU counts. */
static void
beyond_the_file(void)
{
   const int file = memfd_create("zerocopy", MFD_CLOEXEC);

   REQUIRE(file >= 0 && ftruncate(file, SIZE / 2) == 0);
   void *memory = pages_map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
   check_refused(memory, SIZE, 0);
   check_both_ways(memory, SIZE / 2);
}

static void
truncated_file(void)
{
   const int fd = fixture_open();
   const int file = memfd_create("zerocopy", MFD_CLOEXEC);

   REQUIRE(file >= 0 && ftruncate(file, SIZE) == 0);
   void *memory = pages_map(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   REQUIRE_OK(try_execbuffer(fd, handle));
   REQUIRE(ftruncate(file, GEM_PAGE_SIZE) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   REQUIRE(ftruncate(file, SIZE) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), 0);
   check_both_ways(memory, SIZE);
}

static void
huge_pages(void)
{
   if (!write_file("/proc/sys/vm/nr_hugepages", "4"))
      tap_skip("cannot set nr_hugepages: %s", strerror(errno));
   REQUIRE(read_number("/proc/sys/vm/nr_hugepages") >= 2);
   uint8_t *memory = pages_map(2 * HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
   check_both_ways(memory, 2 * HUGE_PAGE_SIZE);
   /* Small pages of it, over the border of two. */
   check_both_ways(memory + HUGE_PAGE_SIZE - 3 * GEM_PAGE_SIZE, 8 * GEM_PAGE_SIZE);
   munmap(memory, 2 * HUGE_PAGE_SIZE);

   memory = pages_map(HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
   check_both_ways(memory, HUGE_PAGE_SIZE);
   munmap(memory, HUGE_PAGE_SIZE);
   write_file("/proc/sys/vm/nr_hugepages", "0");
}

/** KiB of transparent huge pages in the mapping that has this address. */
static long
anon_huge_kib(const void *address)
{
   FILE *file = fopen("/proc/self/smaps", "r");
   char line[512];
   bool ours = false;
   long kib = -1;

   while (file && fgets(line, sizeof(line), file)) {
      unsigned long from, to;

      if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
         ours = (uintptr_t)address >= from && (uintptr_t)address < to;
      if (ours && sscanf(line, "AnonHugePages: %ld kB", &kib) == 1)
         break;
   }
   if (file)
      fclose(file);
   return kib;
}

static void
transparent_huge_pages(void)
{
   static const char *enabled = "/sys/kernel/mm/transparent_hugepage/enabled";
   if (access(enabled, R_OK))
      tap_skip("the kernel has no transparent huge pages");

   const size_t size = 4 * HUGE_PAGE_SIZE;
   uint8_t *raw = pages_alloc(size + HUGE_PAGE_SIZE);
   uint8_t *memory = (uint8_t *)(((uintptr_t)raw + HUGE_PAGE_SIZE - 1) &
                                 ~(uintptr_t)(HUGE_PAGE_SIZE - 1));
   REQUIRE(madvise(memory, size, MADV_HUGEPAGE) == 0);
   memset(memory, 0, size);
   CHECK(anon_huge_kib(memory) > 0);
   check_both_ways(memory, size);
   check_both_ways(memory + 5 * GEM_PAGE_SIZE, HUGE_PAGE_SIZE);

   /* Splitting one while the GPU has it. */
   const int fd = fixture_open();
   const uint32_t handle = fixture_userptr(fd, memory, HUGE_PAGE_SIZE);
   REQUIRE_OK(try_execbuffer(fd, handle));
   REQUIRE(mprotect(memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE, PROT_READ) == 0);
   CHECK_ERRNO(try_execbuffer(fd, handle), -EFAULT);
   REQUIRE(mprotect(memory + GEM_PAGE_SIZE, GEM_PAGE_SIZE, PROT_READ | PROT_WRITE) == 0);
   check_both_ways(memory, size);
}

/* Pages that KSM has merged are common property until somebody writes. */
static void
merged_pages(void)
{
   uint8_t *ours = pages_alloc(SIZE), *others = pages_alloc(SIZE), *expected = malloc(SIZE);
   static const char *sharing = "/sys/kernel/mm/ksm/pages_sharing";

   if (!write_file("/sys/kernel/mm/ksm/pages_to_scan", "2000") ||
       !write_file("/sys/kernel/mm/ksm/sleep_millisecs", "10") ||
       !write_file("/sys/kernel/mm/ksm/run", "1"))
      tap_skip("cannot switch KSM on: %s", strerror(errno));
   pattern_fill(expected, SIZE, 5);
   memcpy(ours, expected, SIZE);
   memcpy(others, expected, SIZE);
   REQUIRE(madvise(ours, SIZE, MADV_MERGEABLE) == 0);
   REQUIRE(madvise(others, SIZE, MADV_MERGEABLE) == 0);
   const double end_s = tap_now_s() + 20;
   while (read_number(sharing) < SIZE / GEM_PAGE_SIZE && tap_now_s() < end_s)
      usleep(10000);
   CHECK(read_number(sharing) >= SIZE / GEM_PAGE_SIZE);
   write_file("/sys/kernel/mm/ksm/run", "0");

   check_gpu_writes(fixture_open(), ours, SIZE);
   CHECK_BYTES(others, expected, SIZE);
   write_file("/sys/kernel/mm/ksm/run", "2");
}

/* The kernel moves pages about; the GPU must find them, or they must stay. */
static void
compaction(void)
{
   const int fd = fixture_open();
   uint8_t *memory = pages_alloc(SIZE);
   const uint32_t handle = fixture_userptr(fd, memory, SIZE);
   const uint32_t object = fixture_object(fd, SIZE);
   uint8_t *expected = malloc(SIZE);

   REQUIRE_OK(try_execbuffer(fd, handle));
   for (unsigned i = 0; i < 5; i++) {
      if (!write_file("/proc/sys/vm/compact_memory", "1"))
         tap_skip("cannot compact: %s", strerror(errno));
      pattern_fill(expected, SIZE, i);
      REQUIRE_OK(gem_pwrite(fd, object, 0, expected, SIZE));
      REQUIRE_OK(blt_run_copy_bytes(fd, handle, 0, object, 0, SIZE));
      REQUIRE(CHECK_BYTES(memory, expected, SIZE));
   }
}

/* Gen7 cannot keep the GPU from writing, so what must not be written is refused. */
static void
read_only_mappings(void)
{
   check_refused(pages_map(SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE, 0);
   check_refused(pages_map(SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE, 0);

   const int file = memfd_create("zerocopy", MFD_CLOEXEC);
   REQUIRE(file >= 0 && ftruncate(file, SIZE) == 0);
   check_refused(pages_map(SIZE, PROT_READ, MAP_SHARED, file), SIZE, 0);
}

/* A mapping of an object through the aperture or by its pages' frames has no struct pages. */
static void
mapped_objects(void)
{
   static const uint64_t types[] = { I915_MMAP_OFFSET_GTT, I915_MMAP_OFFSET_WC,
                                     I915_MMAP_OFFSET_WB };
   const int fd = fixture_open();

   for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
      void *map;

      tap_note("mapping type %u", (unsigned)types[i]);
      REQUIRE_OK(gem_mmap(fd, fixture_object(fd, SIZE), types[i], SIZE, &map));
      check_refused(map, SIZE, -EFAULT);
   }
}

/* The old mmap ioctl maps the object's shmem file, which is memory like any other. */
static void
object_mapped_as_shmem(void)
{
   const int fd = fixture_open();
   struct drm_i915_gem_mmap map = { .handle = fixture_object(fd, SIZE), .size = SIZE };

   REQUIRE_OK(gem_ioctl(fd, DRM_IOCTL_I915_GEM_MMAP, &map));
   check_both_ways((void *)(uintptr_t)map.addr_ptr, SIZE);
}

static const struct tap_test tests[] = {
   { "posix_memalign", posix_memalign_memory },
   { "malloc", malloc_memory },
   { "stack", stack_memory },
   { "static data and bss", static_memory },
   { "brk", heap_of_brk },
   { "shared anonymous", shared_anonymous },
   { "locked", locked },
   { "untouched", untouched },
   { "zero page", only_read_before },
   { "System V shared memory", system_v_shared_memory },
   { "tmpfs file, shared", tmpfs_shared },
   { "tmpfs file, private", tmpfs_private },
   { "9p file, shared", host_file_shared },
   { "9p file, private", host_file_private },
   { "memfd, shared", memfd_shared },
   { "memfd, private", memfd_private },
   { "beyond the end of a file: EFAULT", beyond_the_file },
   { "truncated file: EFAULT", truncated_file },
   { "huge pages", huge_pages },
   { "transparent huge pages", transparent_huge_pages },
   { "pages merged by KSM", merged_pages },
   { "compaction", compaction },
   { "read-only mappings: EFAULT", read_only_mappings },
   { "mapped buffer objects: EFAULT", mapped_objects },
   { "object mapped as shmem", object_mapped_as_shmem },
};

TAP_MAIN(tests, 60)
