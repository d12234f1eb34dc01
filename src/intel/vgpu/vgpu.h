/*
 * SPDX-License-Identifier: MIT
 *
 * libvgpu: a model of an Intel GPU as its PCI function shows it.
 *
 * This is the whole interface between the model and what plugs it in (a "front end"). The core
 * knows no transport; a front end owns the transport, the guest's memory mappings and the
 * delivery of interrupts.
 *
 * Threads: the front end calls every vgpu_*() function from one thread, its own. Engines run in
 * threads of the model; the callbacks in struct vgpu_ops can come from any of them.
 */

#ifndef VGPU_H
#define VGPU_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu;

/** Regions of the PCI function, numbered as VFIO numbers them. */
enum vgpu_region {
   VGPU_REGION_BAR0 = 0,   /**< GTTMMADR: registers in the lower half, the GTT in the upper */
   VGPU_REGION_BAR2 = 2,   /**< GMADR: the aperture */
   VGPU_REGION_BAR4 = 4,   /**< I/O: index/data access to the registers */
   VGPU_REGION_CONFIG = 7, /**< PCI configuration space */
   VGPU_NUM_REGIONS = 9,
};

enum vgpu_log_level {
   VGPU_LOG_ERROR, /**< the host cannot do what the model needs */
   VGPU_LOG_FAULT, /**< the guest asked for what is invalid or is not modelled; an engine hangs */
   VGPU_LOG_WARN,  /**< the guest did something odd that has a defined effect */
   VGPU_LOG_INFO,
   VGPU_LOG_TRACE, /**< only with the trace flag that names it */
};

enum vgpu_trace {
   VGPU_TRACE_MMIO = 1 << 0, /**< register accesses by name */
   VGPU_TRACE_CMD = 1 << 1,  /**< commands that an engine executes, decoded */
   VGPU_TRACE_IRQ = 1 << 2,  /**< interrupt state changes */
   VGPU_TRACE_GTT = 1 << 3,  /**< translations (TLB fills) and flushes */
   VGPU_TRACE_PCI = 1 << 4,  /**< configuration space writes, resets */
};

struct vgpu_ops {
   /** One message-signalled interrupt. May be called from any thread. */
   void (*msi)(void *opaque);
   /** Level of INTA#. May be called from any thread. */
   void (*intx)(void *opaque, bool level);
   /** One line of text without a line feed. May be called from any thread. */
   void (*log)(void *opaque, enum vgpu_log_level level, const char *text);
};

/** Draws that are proven to copy or fill need not be shaded pixel by pixel. */
enum vgpu_copies {
   VGPU_COPIES_AT_ONCE, /**< if they are large enough to be worth it */
   VGPU_COPIES_CHECKED, /**< both ways, and all of them: a difference is a fault */
   VGPU_COPIES_SHADED,
};

struct vgpu_params {
   const char *device; /**< a name of vgpu_device_names(), NULL for the default */
   const struct vgpu_ops *ops;
   void *opaque;   /**< handed to every callback */
   uint32_t trace; /**< enum vgpu_trace flags */
   /**
    * Engines run inside the call that gives them work instead of in threads of their own: a run
    * is then repeatable, as unit tests and fuzzers want it.
    */
   bool synchronous;
   /**
    * How many commands such a run executes at most, 0 for a default. A batch that loops for ever
    * is the guest's right, but there nobody else could come in and stop it.
    */
   unsigned synchronous_budget;
   enum vgpu_copies copies;
   /**
    * Threads that share the pixel work of a command, the one that executes it included; 0: as many
    * as the host has processors, but one if engines are synchronous.
    */
   unsigned threads;
};

/** Part of a region that the front end may map straight into the guest. */
struct vgpu_mmap_area {
   uint64_t offset_bytes; /**< in the region */
   uint64_t size_bytes;
   int fd; /**< owned by the model; file offset 0 is the region's offset 0 */
};

/** The names that vgpu_params::device takes, ended by NULL; the first is the default. */
const char *const *vgpu_device_names(void);

/**
 * Makes a device in its power-on state.
 * \return 0, -EINVAL (no such device; missing callback), -ENOMEM or the errno of what the host
 * refused
 */
int vgpu_create(const struct vgpu_params *params, struct vgpu **out);

/** Stops the engines and frees everything. NULL is allowed. */
void vgpu_destroy(struct vgpu *gpu);

/** PCI function reset: everything but the memory map goes back to power-on. */
void vgpu_reset(struct vgpu *gpu);

/** Bytes of a region, 0 for one that the function does not have. */
uint64_t vgpu_region_size(const struct vgpu *gpu, unsigned region);

/** The mappable part of a region. \return 0 or -ENOENT */
int vgpu_region_mmap_area(const struct vgpu *gpu, unsigned region, struct vgpu_mmap_area *area);

/**
 * Access to a region of any size and alignment; larger ones are split as a PCI bridge would.
 * \return 0, or -EINVAL if [offset, offset + size) is not within the region
 */
int vgpu_region_read(struct vgpu *gpu, unsigned region, uint64_t offset, void *data, size_t size);
int vgpu_region_write(struct vgpu *gpu, unsigned region, uint64_t offset, const void *data,
                      size_t size);

/**
 * Tells the model where guest-physical memory is. The memory must stay mapped until
 * vgpu_dma_unmap() has returned; that waits until no engine uses it.
 *
 * \param gpa, size_bytes  multiples of 4096, not wrapping
 * \param host             the memory, NULL for a range that exists but cannot be reached
 * \return 0, -EINVAL, -EEXIST (overlaps a range that is mapped) or -ENOMEM
 */
int vgpu_dma_map(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void *host, bool writable);

/**
 * Takes a range away: exactly one that was mapped.
 * \param host  if not NULL, gets the pointer that the range was mapped with
 * \return 0 or -ENOENT
 */
int vgpu_dma_unmap(struct vgpu *gpu, uint64_t gpa, uint64_t size_bytes, void **host);

/** Waits until every engine has nothing to do or hangs. \return 0 or -ETIMEDOUT */
int vgpu_wait_idle(struct vgpu *gpu, unsigned timeout_ms);

/** How many draws were carried out as copies, since creation. */
uint64_t vgpu_copies_taken(const struct vgpu *gpu);

/** How often the guest met something that is not modelled, since creation. */
uint64_t vgpu_unmodelled_count(const struct vgpu *gpu);

#ifdef __cplusplus
}
#endif

#endif
