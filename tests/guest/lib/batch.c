/*
 * SPDX-License-Identifier: MIT
 */

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands for the batch itself in a relocation, until its object exists. */
#define OWN_HANDLE 0u

/** Makes room for one more element. */
static void *
grow(void *array, uint32_t count, uint32_t *capacity, size_t size_bytes)
{
   if (count < *capacity)
      return array;
   *capacity = *capacity ? 2 * *capacity : 64;
   array = reallocarray(array, *capacity, size_bytes);
   if (!array) {
      fprintf(stderr, "no memory for a batch of %u elements\n", *capacity);
      abort();
   }
   return array;
}

void
batch_init(struct batch *batch, int fd, uint64_t engine)
{
   memset(batch, 0, sizeof(*batch));
   batch->fd = fd;
   batch->engine = engine;
}

void
batch_emit(struct batch *batch, uint32_t dw)
{
   batch->dw = grow(batch->dw, batch->len_dw, &batch->capacity_dw, sizeof(*batch->dw));
   batch->dw[batch->len_dw++] = dw;
}

struct drm_i915_gem_exec_object2 *
batch_object(struct batch *batch, uint32_t handle)
{
   for (uint32_t i = 0; i < batch->object_count; i++) {
      if (batch->objects[i].handle == handle)
         return &batch->objects[i];
   }
   batch->objects = grow(batch->objects, batch->object_count, &batch->object_capacity,
                         sizeof(*batch->objects));
   struct drm_i915_gem_exec_object2 *object = &batch->objects[batch->object_count++];
   *object = (struct drm_i915_gem_exec_object2){ .handle = handle };
   return object;
}

static void
add_reloc(struct batch *batch, uint32_t handle, uint32_t delta_bytes, bool write)
{
   batch->relocs = grow(batch->relocs, batch->reloc_count, &batch->reloc_capacity,
                        sizeof(*batch->relocs));
   batch->relocs[batch->reloc_count++] = (struct drm_i915_gem_relocation_entry){
      .target_handle = handle,
      .delta = delta_bytes,
      .offset = (uint64_t)batch->len_dw * 4,
      /* No object is ever there, so that the kernel always writes the true address. */
      .presumed_offset = ~0ull,
      .read_domains = I915_GEM_DOMAIN_RENDER,
      .write_domain = write ? I915_GEM_DOMAIN_RENDER : 0,
   };
   batch_emit(batch, 0);
}

void
batch_address(struct batch *batch, uint32_t handle, uint32_t delta_bytes, bool write)
{
   struct drm_i915_gem_exec_object2 *object = batch_object(batch, handle);

   if (write)
      object->flags |= EXEC_OBJECT_WRITE;
   add_reloc(batch, handle, delta_bytes, write);
}

void
batch_own_address(struct batch *batch, uint32_t delta_bytes)
{
   add_reloc(batch, OWN_HANDLE, delta_bytes, false);
}

void
batch_store(struct batch *batch, uint32_t handle, uint32_t offset_bytes, uint32_t value)
{
   batch_emit(batch, MI_STORE_DATA_IMM);
   batch_emit(batch, 0);
   batch_address(batch, handle, offset_bytes, true);
   batch_emit(batch, value);
}

int
batch_submit(struct batch *batch)
{
   if (batch->finish)
      batch->finish(batch);
   /* i915 and the hardware want whole QWords. */
   batch_emit(batch, MI_BATCH_BUFFER_END);
   if (batch->len_dw % 2)
      batch_emit(batch, MI_NOOP);

   const uint64_t size_bytes = batch_size_bytes(batch);
   int error = gem_create(batch->fd, gem_page_align(size_bytes), &batch->handle);
   if (error)
      return error;
   error = gem_pwrite(batch->fd, batch->handle, 0, batch->dw, size_bytes);
   if (error)
      return error;

   for (uint32_t i = 0; i < batch->reloc_count; i++) {
      if (batch->relocs[i].target_handle == OWN_HANDLE)
         batch->relocs[i].target_handle = batch->handle;
   }
   /* The batch is the last object. */
   struct drm_i915_gem_exec_object2 *object = batch_object(batch, batch->handle);
   object->relocs_ptr = (uintptr_t)batch->relocs;
   object->relocation_count = batch->reloc_count;

   struct drm_i915_gem_execbuffer2 execbuffer = {
      .buffers_ptr = (uintptr_t)batch->objects,
      .buffer_count = batch->object_count,
      .batch_len = batch->unparsed ? 0 : size_bytes,
      .flags = batch->engine | batch->flags,
      .rsvd1 = batch->context,
   };
   return gem_execbuffer(batch->fd, &execbuffer);
}

int
batch_run(struct batch *batch)
{
   const int error = batch_submit(batch);

   return error ? error : gem_wait(batch->fd, batch->handle, -1);
}

void
batch_fini(struct batch *batch)
{
   if (batch->handle)
      gem_close(batch->fd, batch->handle);
   free(batch->dw);
   free(batch->relocs);
   free(batch->objects);
   memset(batch, 0, sizeof(*batch));
}
