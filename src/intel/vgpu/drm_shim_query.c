/*
 * SPDX-License-Identifier: MIT
 *
 * QUERY (i915 i915_query.c), as i915 of Linux 6.12 answers it on Ivybridge.
 */

#include <errno.h>
#include <unistd.h>

#include "drm_shim_priv.h"

/**
 * Answers an item, or says how long the answer is.
 * \param header_bytes  of the item's data that must be zeros
 */
static int
answer(const struct drm_i915_query_item *item, const void *data, uint32_t size_bytes,
       uint32_t header_bytes)
{
   uint32_t header[8] = { 0 };

   if (!item->length)
      return size_bytes;
   if (item->length < 0 || (uint32_t)item->length < size_bytes)
      return -EINVAL;
   int ret = shim_copy_from_user(header, item->data_ptr, header_bytes);
   for (uint32_t i = 0; i < header_bytes / sizeof(header[0]) && !ret; i++)
      ret = header[i] ? -EINVAL : 0;
   if (!ret)
      ret = shim_copy_to_user(item->data_ptr, data, size_bytes);
   return ret ? ret : (int)size_bytes;
}

/* There is no video engine, see GETPARAM's HAS_BSD. */
static int
engine_info(const struct drm_i915_query_item *item)
{
   struct {
      struct drm_i915_query_engine_info head;
      struct drm_i915_engine_info engines[2];
   } info = {
      .head.num_engines = 2,
      .engines[0].engine.engine_class = I915_ENGINE_CLASS_RENDER,
      .engines[1].engine.engine_class = I915_ENGINE_CLASS_COPY,
   };

   if (item->flags)
      return -EINVAL;
   return answer(item, &info, sizeof(info), sizeof(info.head));
}

/* The memory of the machine, which is all that an object's pages can be of. */
static int
memory_regions(const struct drm_i915_query_item *item)
{
   const uint64_t size = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
   struct {
      struct drm_i915_query_memory_regions head;
      struct drm_i915_memory_region_info regions[1];
   } info = {
      .head.num_regions = 1,
      .regions[0] = {
         .region.memory_class = I915_MEMORY_CLASS_SYSTEM,
         .probed_size = size,
         .unallocated_size = size,
         .probed_cpu_visible_size = size,
         .unallocated_cpu_visible_size = size,
      },
   };

   if (item->flags)
      return -EINVAL;
   return answer(item, &info, sizeof(info), sizeof(info.head));
}

/** What becomes of an item's length: that of its data, or a negative errno of its own. */
static int
query_item(const struct drm_i915_query_item *item)
{
   switch (item->query_id) {
   case DRM_I915_QUERY_TOPOLOGY_INFO: /* not of Gen7's slices */
      return item->flags ? -EINVAL : -ENODEV;
   case DRM_I915_QUERY_ENGINE_INFO:
      return engine_info(item);
   case DRM_I915_QUERY_PERF_CONFIG: /* from Haswell on */
      return item->flags >= DRM_I915_QUERY_PERF_CONFIG_LIST &&
                   item->flags <= DRM_I915_QUERY_PERF_CONFIG_DATA_FOR_ID ? -ENODEV : -EINVAL;
   case DRM_I915_QUERY_MEMORY_REGIONS:
      return memory_regions(item);
   case DRM_I915_QUERY_HWCONFIG_BLOB: /* there is no GuC, */
   case DRM_I915_QUERY_GUC_SUBMISSION_VERSION:
   case DRM_I915_QUERY_GEOMETRY_SUBSLICES: /* and these are from Xe_HP on */
      return -ENODEV;
   default:
      shim_say("QUERY item %llu is not played", (unsigned long long)item->query_id);
      return -EINVAL;
   }
}

int
shim_query(int fd, unsigned long request, void *arg)
{
   struct drm_i915_query *q = arg;

   if (q->flags)
      return shim_return(-EINVAL);
   for (uint32_t i = 0; i < q->num_items; i++) {
      struct drm_i915_query_item item;
      const uint64_t at = q->items_ptr + i * sizeof(item);
      int ret = shim_copy_from_user(&item, at, sizeof(item));
      if (!ret && !item.query_id)
         ret = -EINVAL;
      if (ret)
         return shim_return(ret);
      item.length = query_item(&item);
      ret = shim_copy_to_user(at, &item, sizeof(item));
      if (ret)
         return shim_return(ret);
   }
   return 0;
}
