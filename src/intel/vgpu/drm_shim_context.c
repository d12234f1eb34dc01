/*
 * SPDX-License-Identifier: MIT
 *
 * Contexts (i915 gem/i915_gem_context.c). A file's context 0 is made when it is first used.
 */

#include <errno.h>
#include <stdlib.h>

#include "drm_shim_priv.h"

static struct shim_context contexts[SHIM_MAX_CONTEXTS - 1];
static uint32_t last_id;

/* A handle beyond those that drm_shim_bo_get_handle() gives out in practice. */
#define FILE_END_HANDLE 0x7fffffff

/** drm-shim tells no driver that a file was closed, but it frees the file's objects. */
static int
watch(struct shim_fd *file)
{
   void *key = (void *)(uintptr_t)FILE_END_HANDLE;

   if (_mesa_hash_table_search(file->handles, key))
      return 0;
   struct shim_object *object = calloc(1, sizeof(*object));
   if (!object)
      return -ENOMEM;
   const int ret = drm_shim_bo_init(&object->base, SHIM_PAGE);
   if (ret) {
      free(object);
      return ret;
   }
   object->file_end = file;
   _mesa_hash_table_insert(file->handles, key, object);
   return 0;
}

void
shim_context_drop(const struct shim_fd *file)
{
   for (uint32_t slot = 0; slot < SHIM_MAX_CONTEXTS - 1; slot++) {
      if (contexts[slot].used && contexts[slot].file == file) {
         shim_gpu_context_fini(contexts[slot].slot);
         contexts[slot].used = false;
      }
   }
}

static struct shim_context *
add(struct shim_fd *file, uint32_t id, int *error)
{
   *error = shim_gpu_start();
   if (!*error)
      *error = watch(file);
   if (*error)
      return NULL;
   for (uint32_t slot = 0; slot < SHIM_MAX_CONTEXTS - 1; slot++) {
      if (contexts[slot].used)
         continue;
      *error = shim_gpu_context_init(slot);
      if (*error)
         return NULL;
      contexts[slot] = (struct shim_context){ .used = true, .slot = slot, .file = file, .id = id };
      return &contexts[slot];
   }
   shim_say("more than %d contexts are not played", SHIM_MAX_CONTEXTS - 1);
   *error = -ENOMEM;
   return NULL;
}

struct shim_context *
shim_context_find(int fd, uint32_t id)
{
   struct shim_fd *file = drm_shim_fd_lookup(fd);
   int error;

   for (uint32_t slot = 0; slot < SHIM_MAX_CONTEXTS - 1; slot++) {
      if (contexts[slot].used && contexts[slot].file == file && contexts[slot].id == id)
         return &contexts[slot];
   }
   return id ? NULL : add(file, 0, &error);
}

static int
set_param(struct shim_context *context, const struct drm_i915_gem_context_param *p)
{
   switch (p->param) {
   case I915_CONTEXT_PARAM_RECOVERABLE:
      context->no_recover = !p->value;
      break;
   case I915_CONTEXT_PARAM_BANNABLE:
      context->not_bannable = !p->value;
      break;
   case I915_CONTEXT_PARAM_NO_ERROR_CAPTURE:
      context->no_error_capture = p->value;
      break;
   case I915_CONTEXT_PARAM_PERSISTENCE:
      context->not_persistent = !p->value;
      break;
   case I915_CONTEXT_PARAM_PRIORITY: /* validate_priority(): no scheduler on Gen7 */
      return p->size ? -EINVAL : -ENODEV;
   case I915_CONTEXT_PARAM_SSEU: /* set_sseu(): of Gen11 alone */
      return p->size < sizeof(struct drm_i915_gem_context_param_sseu) ? -EINVAL : -ENODEV;
   default:
      shim_say("context parameter %llu is not played", (unsigned long long)p->param);
      return -EINVAL;
   }
   return p->size ? -EINVAL : 0;
}

static int
extensions(struct shim_context *context, uint64_t at)
{
   while (at) {
      struct drm_i915_gem_context_create_ext_setparam ext;
      int ret = shim_copy_from_user(&ext.base, at, sizeof(ext.base));
      if (!ret && ext.base.name != I915_CONTEXT_CREATE_EXT_SETPARAM) {
         shim_say("context extension %u is not played", ext.base.name);
         ret = -EINVAL;
      }
      if (!ret)
         ret = shim_copy_from_user(&ext, at, sizeof(ext));
      if (!ret)
         ret = set_param(context, &ext.param);
      if (ret)
         return ret;
      at = ext.base.next_extension;
   }
   return 0;
}

static int
create(int fd, struct drm_i915_gem_context_create_ext *args, bool extended)
{
   const uint32_t flags = extended ? args->flags : 0;
   int ret;

   if (flags & I915_CONTEXT_CREATE_FLAGS_UNKNOWN)
      return -EINVAL;
   struct shim_context *context = add(drm_shim_fd_lookup(fd), ++last_id, &ret);
   if (!context)
      return ret;
   if (flags & I915_CONTEXT_CREATE_FLAGS_USE_EXTENSIONS) {
      ret = extensions(context, args->extensions);
      if (ret) {
         context->used = false;
         return ret;
      }
   }
   args->ctx_id = context->id;
   return 0;
}

int
shim_context_create(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const bool extended = _IOC_SIZE(request) == sizeof(struct drm_i915_gem_context_create_ext);
   const int ret = create(fd, arg, extended);
   shim_unlock();
   return shim_return(ret);
}

int
shim_context_destroy(int fd, unsigned long request, void *arg)
{
   const struct drm_i915_gem_context_destroy *args = arg;
   int ret = 0;

   shim_lock();
   struct shim_context *context = args->ctx_id ? shim_context_find(fd, args->ctx_id) : NULL;
   if (context) {
      shim_gpu_context_fini(context->slot);
      context->used = false;
   } else {
      ret = -ENOENT;
   }
   shim_unlock();
   return shim_return(ret);
}

/* The slices and execution units that an engine's contexts have on: not told on Gen7. */
static int
get_sseu(struct drm_i915_gem_context_param *p, uint32_t size_bytes)
{
   struct drm_i915_gem_context_param_sseu sseu;

   p->size = sizeof(sseu);
   if (!size_bytes)
      return 0;
   if (size_bytes < sizeof(sseu))
      return -EINVAL;
   const int ret = shim_copy_from_user(&sseu, p->value, sizeof(sseu));
   if (ret)
      return ret;
   if (sseu.rsvd || sseu.flags || sseu.engine.engine_instance ||
       (sseu.engine.engine_class != I915_ENGINE_CLASS_RENDER &&
        sseu.engine.engine_class != I915_ENGINE_CLASS_COPY))
      return -EINVAL;
   sseu = (struct drm_i915_gem_context_param_sseu){ .engine = sseu.engine };
   return shim_copy_to_user(p->value, &sseu, sizeof(sseu));
}

static int
get_param(int fd, struct drm_i915_gem_context_param *p)
{
   const uint32_t size_bytes = p->size;
   const struct shim_context *context = shim_context_find(fd, p->ctx_id);

   if (!context)
      return -ENOENT;
   p->size = 0;
   switch (p->param) {
   case I915_CONTEXT_PARAM_GTT_SIZE:
      p->value = SHIM_GTT_SIZE;
      return 0;
   case I915_CONTEXT_PARAM_RECOVERABLE:
      p->value = !context->no_recover;
      return 0;
   case I915_CONTEXT_PARAM_BANNABLE:
      p->value = !context->not_bannable;
      return 0;
   case I915_CONTEXT_PARAM_NO_ERROR_CAPTURE:
      p->value = context->no_error_capture;
      return 0;
   case I915_CONTEXT_PARAM_PERSISTENCE:
      p->value = !context->not_persistent;
      return 0;
   case I915_CONTEXT_PARAM_PRIORITY:
      p->value = 0;
      return 0;
   case I915_CONTEXT_PARAM_SSEU:
      return get_sseu(p, size_bytes);
   default:
      shim_say("context parameter %llu is not played", (unsigned long long)p->param);
      return -EINVAL;
   }
}

int
shim_context_getparam(int fd, unsigned long request, void *arg)
{
   shim_lock();
   const int ret = get_param(fd, arg);
   shim_unlock();
   return shim_return(ret);
}

int
shim_context_setparam(int fd, unsigned long request, void *arg)
{
   const struct drm_i915_gem_context_param *p = arg;

   shim_lock();
   struct shim_context *context = shim_context_find(fd, p->ctx_id);
   const int ret = context ? set_param(context, p) : -ENOENT;
   shim_unlock();
   return shim_return(ret);
}

int
shim_get_reset_stats(int fd, unsigned long request, void *arg)
{
   struct drm_i915_reset_stats *stats = arg;

   if (stats->flags || stats->pad)
      return shim_return(-EINVAL);
   shim_lock();
   const struct shim_context *context = shim_context_find(fd, stats->ctx_id);
   if (context) {
      stats->reset_count = 0; /* root's to know */
      stats->batch_active = context->hangs;
      stats->batch_pending = 0;
   }
   shim_unlock();
   return shim_return(context ? 0 : -ENOENT);
}
