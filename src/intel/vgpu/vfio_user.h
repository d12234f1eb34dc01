/*
 * SPDX-License-Identifier: MIT
 *
 * The vfio-user front end: it lets a VMM mount the model as a PCI device over a UNIX socket.
 *
 * Three layers: a server moves messages between a socket and the dispatcher
 * (vfio_user_server.c); the dispatcher turns one message into one reply and knows no socket
 * (vfio_user_dispatch.c); the verbs of the protocol work on the model (vfio_user_region.c, _dma.c,
 * _irq.c). The peer is not trusted: whatever it sends has a defined outcome.
 *
 * Threads: everything runs in the thread that serves, but for the interrupt callbacks, which
 * the model makes from its engines' threads, and vfio_user_server_stop().
 */

#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio_user_proto.h"
#include "vgpu.h"

typedef void (*vfio_user_log_fn)(void *opaque, enum vgpu_log_level level, const char *text);

/** A range of guest-physical memory that the client has shown. */
struct vfio_user_dma_range {
   uint64_t address;
   uint64_t size_bytes;
   void *host; /* what mmap() gave, NULL if the client sent no file */
};

struct vfio_user_dma {
   struct vfio_user_dma_range *ranges; /* in no order */
   unsigned count;
   unsigned capacity;
   bool warned; /* that the client keeps its memory to itself */
};

/** Where interrupts go. The lock is a leaf: nothing of the model is called with it held. */
struct vfio_user_irq {
   pthread_mutex_t lock;
   int intx_fd; /* eventfd, -1 while the client has not enabled INTx */
   int msi_fd;
   bool intx_level; /* of INTA#, as the model drives it */
   bool intx_masked;
};

/** The model and what the client has told about itself. */
struct vfio_user_device {
   struct vgpu *gpu;
   vfio_user_log_fn log;
   void *log_opaque;

   bool negotiated; /* VERSION has been agreed on */
   struct vfio_user_dma dma;
   struct vfio_user_irq irq;

   uint64_t refused; /* messages answered with an error */
   uint8_t *reply;   /* VFIO_USER_MAX_MESSAGE_BYTES: a register access allocates nothing */
};

struct vfio_user_device_params {
   const char *device;   /**< vgpu_params::device */
   uint32_t trace;       /**< vgpu_params::trace */
   bool synchronous;     /**< vgpu_params::synchronous */
   vfio_user_log_fn log; /**< may be called from any thread */
   void *log_opaque;
};

/** Makes the model and a front end without a client. \return 0 or a negative errno */
int vfio_user_device_create(const struct vfio_user_device_params *params,
                            struct vfio_user_device **out);

/** Lets go of the client and destroys the model. NULL is allowed. */
void vfio_user_device_destroy(struct vfio_user_device *dev);

/**
 * Forgets the client: its memory is unmapped, its eventfds are closed, the next message must be
 * VERSION. The state of the model stays; see vgpu_reset().
 */
void vfio_user_device_disconnect(struct vfio_user_device *dev);

void vfio_user_log(struct vfio_user_device *dev, enum vgpu_log_level level, const char *format, ...)
   __attribute__((format(printf, 3, 4)));

/**
 * Whether to log why the message at hand is refused. The log is not the client's to fill: after
 * some refusals only every power of two is told.
 */
static inline bool
vfio_user_refusal_is_logged(const struct vfio_user_device *dev)
{
   const uint64_t n = dev->refused + 1;

   return n <= 64 || !(n & (n - 1));
}

/* vfio_user_dispatch.c */

enum vfio_user_verdict {
   VFIO_USER_CONTINUE,
   VFIO_USER_CLOSE, /**< the peer cannot be talked to: send the reply if there is one, then close */
};

struct vfio_user_outgoing {
   const void *data;  /**< valid until the next message is dispatched */
   size_t size_bytes; /**< 0: nothing to send */
   int fd;            /**< goes with it unless -1; not the receiver's to close */
};

/**
 * Bytes of the message that starts with this header.
 * \return the size, or -EPROTO if the stream is not to be trusted: no such message exists, so
 * the start of the next one is unknown
 */
ssize_t vfio_user_message_size(const void *header);

/**
 * Handles one message.
 * \param fds  came with it; they belong to the dispatcher from here on, whatever happens
 */
enum vfio_user_verdict vfio_user_dispatch(struct vfio_user_device *dev, const void *message,
                                          size_t size_bytes, int *fds, unsigned num_fds,
                                          struct vfio_user_outgoing *out);

/** A message of a known command and of a size that this command can have. */
struct vfio_user_request {
   const uint8_t *payload; /* of any alignment */
   size_t payload_bytes;
   int *fds; /* a handler that keeps one puts -1 in its place */
   unsigned num_fds;
};

struct vfio_user_reply {
   uint8_t *payload; /* room for all that fits in VFIO_USER_MAX_MESSAGE_BYTES */
   size_t payload_bytes;
   int fd; /* to be passed along, -1 for none */
};

/*
 * The verbs. They return 0 or the negative errno for the client, and fill the reply only in the
 * first case.
 */

/* vfio_user_dma.c */
int vfio_user_dma_map(struct vfio_user_device *dev, const struct vfio_user_request *request,
                      struct vfio_user_reply *reply);
int vfio_user_dma_unmap(struct vfio_user_device *dev, const struct vfio_user_request *request,
                        struct vfio_user_reply *reply);
int vfio_user_dma_unmap_all(struct vfio_user_device *dev);

/* vfio_user_irq.c */
int vfio_user_irq_init(struct vfio_user_irq *irq);
void vfio_user_irq_fini(struct vfio_user_irq *irq);
/** Closes the client's eventfds; the level of INTA# stays as it is. */
void vfio_user_irq_disable_all(struct vfio_user_irq *irq);
/** Callbacks for struct vgpu_ops; opaque is the struct vfio_user_device. */
void vfio_user_irq_msi(void *opaque);
void vfio_user_irq_intx(void *opaque, bool level);
int vfio_user_get_irq_info(struct vfio_user_device *dev, const struct vfio_user_request *request,
                           struct vfio_user_reply *reply);
int vfio_user_set_irqs(struct vfio_user_device *dev, const struct vfio_user_request *request,
                       struct vfio_user_reply *reply);

/* vfio_user_region.c */
int vfio_user_get_region_info(struct vfio_user_device *dev, const struct vfio_user_request *request,
                              struct vfio_user_reply *reply);
int vfio_user_region_read(struct vfio_user_device *dev, const struct vfio_user_request *request,
                          struct vfio_user_reply *reply);
int vfio_user_region_write(struct vfio_user_device *dev, const struct vfio_user_request *request,
                           struct vfio_user_reply *reply);

/* vfio_user_server.c */

struct vfio_user_server {
   char *path;
   uint64_t inode; /* of the socket, to remove no other's */
   uint64_t device;
   _Atomic int listen_fd; /* -1 when closed */
   _Atomic int client_fd;
   atomic_bool stop;
};

/**
 * Makes the socket, readable by its owner only, and listens. A socket that nobody listens to any
 * more is replaced.
 * \return 0, -EADDRINUSE (somebody listens there), -EEXIST (the path is no socket), -ENAMETOOLONG
 * or what the system says
 */
int vfio_user_server_open(struct vfio_user_server *server, const char *path);

/** Stops listening and removes the socket. */
void vfio_user_server_close(struct vfio_user_server *server);

/**
 * Sleeps until a client connects and says something; who hangs up without a word was only
 * looking whether somebody listens.
 * \return its file descriptor, -ECANCELED after vfio_user_server_stop(), or a negative errno
 */
int vfio_user_server_accept(struct vfio_user_server *server);

/**
 * Serves a client until it hangs up, takes the file descriptor and forgets the client at the end.
 * \return 0 if it hung up between two messages, -ECANCELED after vfio_user_server_stop(), -EPROTO
 * if it was dropped because of what it sent, or the negative errno of the socket
 */
int vfio_user_server_serve(struct vfio_user_server *server, struct vfio_user_device *dev, int fd);

/** Ends accept and serve, now and ever after. For signal handlers and other threads. */
void vfio_user_server_stop(struct vfio_user_server *server);

#endif
