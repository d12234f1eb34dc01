/*
 * SPDX-License-Identifier: MIT
 *
 * EXECBUFFER2 and the fences that go with it (i915 gem/i915_gem_execbuffer.c). There is one PPGTT,
 * as with i915's aliasing one: an object has the same address in every context.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/vma.h"

#include "drm_shim_priv.h"

#define MAX_SYNCOBJS 4096
#define GPU_DOMAINS                                                                              \
   (I915_GEM_DOMAIN_RENDER | I915_GEM_DOMAIN_SAMPLER | I915_GEM_DOMAIN_COMMAND |                 \
    I915_GEM_DOMAIN_INSTRUCTION | I915_GEM_DOMAIN_VERTEX)
#define EXEC_FLAGS_PLAYED                                                                        \
   (I915_EXEC_RING_MASK | I915_EXEC_CONSTANTS_MASK | I915_EXEC_NO_RELOC | I915_EXEC_HANDLE_LUT | \
    I915_EXEC_BATCH_FIRST | I915_EXEC_FENCE_ARRAY | I915_EXEC_IS_PINNED)
#define OBJECT_FLAGS_PLAYED                                                                 \
   (EXEC_OBJECT_NEEDS_FENCE | EXEC_OBJECT_WRITE | EXEC_OBJECT_SUPPORTS_48B_ADDRESS |        \
    EXEC_OBJECT_PINNED | EXEC_OBJECT_ASYNC | EXEC_OBJECT_CAPTURE)

static struct util_vma_heap heap;
static bool heap_ready;
static struct shim_object bound = { .next = &bound, .prev = &bound };
static uint64_t submissions;
static enum { NONE, UNSIGNALLED, SIGNALLED } syncobjs[MAX_SYNCOBJS];

struct submission {
   struct drm_i915_gem_execbuffer2 *args;
   struct drm_i915_gem_exec_object2 *entries;
   struct shim_object **objects;
   struct drm_i915_gem_exec_fence *fences;
   uint32_t count;
};

void
shim_object_unbind(struct shim_object *object)
{
   if (!object->bound)
      return;
   shim_gpu_ppgtt(object->address, 0, object->size);
   util_vma_heap_free(&heap, object->address, object->size);
   object->next->prev = object->prev;
   object->prev->next = object->next;
   object->bound = false;
}

static bool
reserve(struct shim_object *object, const struct drm_i915_gem_exec_object2 *entry)
{
   const uint64_t align = entry->alignment > SHIM_PAGE ? entry->alignment : SHIM_PAGE;

   if (entry->flags & EXEC_OBJECT_PINNED) {
      object->address = entry->offset;
      return util_vma_heap_alloc_addr(&heap, entry->offset, object->size);
   }
   object->address = util_vma_heap_alloc(&heap, object->size, align);
   return object->address;
}

/** Unbinds what this submission has not placed yet. */
static void
evict(void)
{
   for (struct shim_object *o = bound.next, *next; o != &bound; o = next) {
      next = o->next;
      if (o->placed != submissions)
         shim_object_unbind(o);
   }
}

static int
bind(struct shim_object *object, const struct drm_i915_gem_exec_object2 *entry)
{
   const bool pinned = entry->flags & EXEC_OBJECT_PINNED;

   if (entry->alignment & (entry->alignment - 1))
      return -EINVAL;
   if (pinned && entry->offset % SHIM_PAGE)
      return -EINVAL;
   if (object->size > SHIM_GTT_SIZE - SHIM_PAGE ||
       (pinned && (entry->offset < SHIM_PAGE || entry->offset > SHIM_GTT_SIZE - object->size)))
      return pinned ? -EINVAL : -ENOSPC;

   if (object->bound && (pinned ? object->address != entry->offset
                                : entry->alignment && object->address % entry->alignment))
      shim_object_unbind(object);
   if (!object->bound) {
      if (!reserve(object, entry)) {
         evict();
         if (!reserve(object, entry))
            return -ENOSPC;
      }
      object->bound = true;
      object->next = &bound;
      object->prev = bound.prev;
      bound.prev->next = object;
      bound.prev = object;
   }
   object->placed = submissions;
   shim_gpu_ppgtt(object->address, object->gpa, object->size);
   return 0;
}

static int
look_up(struct submission *s, int fd)
{
   submissions++;
   for (uint32_t i = 0; i < s->count; i++) {
      if (s->entries[i].flags & ~(uint64_t)OBJECT_FLAGS_PLAYED) {
         shim_say("EXECBUFFER2: object flags 0x%llx are not played",
                  (unsigned long long)s->entries[i].flags);
         return -EINVAL;
      }
      struct shim_object *object = shim_object_find(fd, s->entries[i].handle);
      if (!object)
         return -ENOENT;
      if (object->exec == submissions)
         return -EINVAL; /* named twice */
      object->exec = submissions;
      s->objects[i] = object;
      if (object->userptr) {
         const int ret = shim_userptr_check(object);
         if (ret)
            return ret;
      }
   }
   return 0;
}

static struct shim_object *
target_of(const struct submission *s, int fd, uint32_t handle)
{
   if (s->args->flags & I915_EXEC_HANDLE_LUT)
      return handle < s->count ? s->objects[handle] : NULL;
   struct shim_object *object = shim_object_find(fd, handle);
   return object && object->exec == submissions ? object : NULL;
}

/** eb_relocate_entry() */
static int
relocate_one(const struct submission *s, int fd, struct shim_object *object,
             struct drm_i915_gem_relocation_entry *reloc)
{
   const struct shim_object *target = target_of(s, fd, reloc->target_handle);

   if (!target)
      return -ENOENT;
   if (reloc->write_domain & (reloc->write_domain - 1))
      return -EINVAL;
   if ((reloc->write_domain | reloc->read_domains) & ~(uint32_t)GPU_DOMAINS)
      return -EINVAL;
   if (target->address == reloc->presumed_offset)
      return 0;
   if (reloc->offset > object->size - 4 || reloc->offset % 4)
      return -EINVAL;
   const uint32_t value = (uint32_t)(target->address + reloc->delta);
   memcpy(object->host + reloc->offset, &value, 4);
   reloc->presumed_offset = target->address;
   return 0;
}

static int
relocate(const struct submission *s, int fd)
{
   for (uint32_t i = 0; i < s->count; i++) {
      for (uint32_t r = 0; r < s->entries[i].relocation_count; r++) {
         struct drm_i915_gem_relocation_entry reloc;
         const uint64_t at = s->entries[i].relocs_ptr + r * sizeof(reloc);
         int ret = shim_copy_from_user(&reloc, at, sizeof(reloc));
         const uint64_t presumed = reloc.presumed_offset;
         if (!ret)
            ret = relocate_one(s, fd, s->objects[i], &reloc);
         if (!ret && reloc.presumed_offset != presumed)
            ret = shim_copy_to_user(at, &reloc, sizeof(reloc));
         if (ret)
            return ret;
      }
   }
   return 0;
}

static int
bind_all(struct submission *s)
{
   bool moved = !(s->args->flags & I915_EXEC_NO_RELOC);

   if (!heap_ready) {
      util_vma_heap_init(&heap, SHIM_PAGE, SHIM_GTT_SIZE - SHIM_PAGE);
      heap_ready = true;
   }
   /* Softpinned objects first: the others go where these leave room. */
   for (unsigned pass = 0; pass < 2; pass++) {
      for (uint32_t i = 0; i < s->count; i++) {
         const bool pinned = s->entries[i].flags & EXEC_OBJECT_PINNED;
         if (pinned != (pass == 0))
            continue;
         const int ret = bind(s->objects[i], &s->entries[i]);
         if (ret)
            return ret;
      }
   }
   for (uint32_t i = 0; i < s->count; i++) {
      moved |= s->entries[i].offset != s->objects[i]->address;
      s->entries[i].offset = s->objects[i]->address;
   }
   return moved;
}

static int
check_fences(const struct submission *s)
{
   const uint32_t known = I915_EXEC_FENCE_WAIT | I915_EXEC_FENCE_SIGNAL;

   for (uint32_t i = 0; s->fences && i < s->args->num_cliprects; i++) {
      const struct drm_i915_gem_exec_fence *fence = &s->fences[i];
      if (fence->flags & ~known)
         return -EINVAL;
      if (fence->handle >= MAX_SYNCOBJS || syncobjs[fence->handle] == NONE)
         return -ENOENT;
      if (fence->flags & I915_EXEC_FENCE_WAIT && syncobjs[fence->handle] != SIGNALLED)
         return -EINVAL; /* no fence in it yet */
   }
   return 0;
}

static int
run(struct submission *s, int fd)
{
   const struct drm_i915_gem_execbuffer2 *args = s->args;
   const uint32_t ring = args->flags & I915_EXEC_RING_MASK;
   struct shim_context *context = shim_context_find(fd, i915_execbuffer2_get_context_id(*args));

   if (!context)
      return -ENOENT;
   if (context->banned)
      return -EIO;
   if (ring != I915_EXEC_DEFAULT && ring != I915_EXEC_RENDER && ring != I915_EXEC_BLT) {
      shim_say("EXECBUFFER2: engine %u is not played", ring);
      return -EINVAL;
   }
   int ret = check_fences(s);
   if (!ret)
      ret = look_up(s, fd);
   if (!ret)
      ret = bind_all(s);
   if (ret > 0)
      ret = relocate(s, fd);
   if (ret)
      return ret;

   const struct shim_object *batch =
      s->objects[args->flags & I915_EXEC_BATCH_FIRST ? 0 : s->count - 1];
   if (args->batch_start_offset >= batch->size ||
       args->batch_len > batch->size - args->batch_start_offset)
      return -EINVAL;
   const bool blitter = ring == I915_EXEC_BLT;
   ret = shim_gpu_submit(blitter, blitter ? -1 : (int)context->slot,
                         batch->address + args->batch_start_offset);
   if (ret) {
      context->hangs++;
      context->banned = true;
      shim_say("context %u is banned after the hang", context->id);
   }
   for (uint32_t i = 0; s->fences && i < args->num_cliprects; i++) {
      if (s->fences[i].flags & I915_EXEC_FENCE_SIGNAL)
         syncobjs[s->fences[i].handle] = SIGNALLED;
   }
   return ret;
}

/** The application may unmap its memory any time after this. */
static void
forget_userptrs(const struct submission *s)
{
   for (uint32_t i = 0; i < s->count; i++) {
      const struct shim_object *object = s->objects[i];
      if (object && object->userptr && object->bound)
         shim_gpu_ppgtt(object->address, 0, object->size);
   }
}

static int
execbuffer2(int fd, struct drm_i915_gem_execbuffer2 *args)
{
   struct submission s = { .args = args, .count = args->buffer_count };
   int ret;

   if (args->flags & ~(uint64_t)EXEC_FLAGS_PLAYED) {
      if (!(args->flags & __I915_EXEC_UNKNOWN_FLAGS))
         shim_say("EXECBUFFER2: flags 0x%llx are not played",
                  (unsigned long long)args->flags & ~(uint64_t)EXEC_FLAGS_PLAYED);
      return -EINVAL;
   }
   if (!args->buffer_count || args->buffer_count > 1u << 20 || args->DR1 || args->DR4 ||
       args->flags & I915_EXEC_CONSTANTS_MASK || (args->batch_start_offset | args->batch_len) & 7)
      return -EINVAL;
   if (!(args->flags & I915_EXEC_FENCE_ARRAY) && (args->num_cliprects || args->cliprects_ptr))
      return -EINVAL;
   ret = shim_gpu_start();
   if (ret)
      return ret;

   s.entries = calloc(s.count, sizeof(*s.entries));
   s.objects = calloc(s.count, sizeof(*s.objects));
   ret = s.entries && s.objects ? 0 : -ENOMEM;
   if (!ret)
      ret = shim_copy_from_user(s.entries, args->buffers_ptr, s.count * sizeof(*s.entries));
   if (!ret && args->flags & I915_EXEC_FENCE_ARRAY && args->num_cliprects) {
      s.fences = calloc(args->num_cliprects, sizeof(*s.fences));
      ret = s.fences ? shim_copy_from_user(s.fences, args->cliprects_ptr,
                                           args->num_cliprects * sizeof(*s.fences))
                     : -ENOMEM;
   }
   if (!ret) {
      ret = run(&s, fd);
      forget_userptrs(&s);
   }
   if (!ret)
      ret = shim_copy_to_user(args->buffers_ptr, s.entries, s.count * sizeof(*s.entries));
   free(s.entries);
   free(s.objects);
   free(s.fences);
   return ret;
}

int
shim_execbuffer2(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = execbuffer2(fd, arg);
   shim_unlock();
   return shim_return(ret);
}

/* Handles are of all files alike: a process seldom has two, and none needs to be safe of itself. */
int
shim_syncobj_create(int fd, unsigned long request, void *arg)
{
   struct drm_syncobj_create *args = arg;

   if (args->flags & ~(uint32_t)DRM_SYNCOBJ_CREATE_SIGNALED)
      return shim_return(-EINVAL);
   shim_lock();
   for (args->handle = 1; args->handle < MAX_SYNCOBJS && syncobjs[args->handle] != NONE;)
      args->handle++;
   const bool full = args->handle == MAX_SYNCOBJS;
   if (full)
      shim_say("more than %d syncobjs are not played", MAX_SYNCOBJS - 1);
   else
      syncobjs[args->handle] = args->flags ? SIGNALLED : UNSIGNALLED;
   shim_unlock();
   return shim_return(full ? -ENOMEM : 0);
}

int
shim_syncobj_destroy(int fd, unsigned long request, void *arg)
{
   const struct drm_syncobj_destroy *args = arg;
   int ret = -EINVAL;

   shim_lock();
   if (args->handle && args->handle < MAX_SYNCOBJS && syncobjs[args->handle] != NONE) {
      syncobjs[args->handle] = NONE;
      ret = 0;
   }
   shim_unlock();
   return shim_return(ret);
}

int
shim_syncobj_wait(int fd, unsigned long request, void *arg)
{
   struct drm_syncobj_wait *args = arg;
   uint32_t signalled = 0, first = 0;
   int ret = args->count_handles ? 0 : -EINVAL;

   shim_lock();
   for (uint32_t i = 0; !ret && i < args->count_handles; i++) {
      uint32_t handle;
      ret = shim_copy_from_user(&handle, args->handles + i * sizeof(handle), sizeof(handle));
      if (!ret && (handle >= MAX_SYNCOBJS || syncobjs[handle] == NONE))
         ret = -ENOENT;
      if (!ret && syncobjs[handle] == SIGNALLED && !signalled++)
         first = i;
   }
   shim_unlock();
   if (ret)
      return shim_return(ret);
   const bool all = args->flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
   if (all ? signalled == args->count_handles : signalled) {
      args->first_signaled = first;
      return 0;
   }
   /* What was never submitted has no fence to wait for, unless one waits for the submission. */
   if (args->flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT) {
      if (args->timeout_nsec)
         shim_say("SYNCOBJ_WAIT for a submission that is still to come is not played");
      return shim_return(-ETIME);
   }
   return shim_return(-EINVAL);
}

/** Sets all syncobjs of an array to a state, or none of them. \return 0 or negative errno */
static int
set_syncobjs(const struct drm_syncobj_array *args, int state)
{
   int ret = args->pad || !args->count_handles ? -EINVAL : 0;

   shim_lock();
   for (int pass = 0; pass < 2; pass++) {
      for (uint32_t i = 0; !ret && i < args->count_handles; i++) {
         uint32_t handle;
         ret = shim_copy_from_user(&handle, args->handles + i * sizeof(handle), sizeof(handle));
         if (!ret && (handle >= MAX_SYNCOBJS || syncobjs[handle] == NONE))
            ret = -ENOENT;
         if (!ret && pass)
            syncobjs[handle] = state;
      }
   }
   shim_unlock();
   return ret;
}

int
shim_syncobj_signal(int fd, unsigned long request, void *arg)
{
   return shim_return(set_syncobjs(arg, SIGNALLED));
}

int
shim_syncobj_reset(int fd, unsigned long request, void *arg)
{
   return shim_return(set_syncobjs(arg, UNSIGNALLED));
}
