/*
 * SPDX-License-Identifier: MIT
 *
 * A client that says what a test wants it to say, and the real server in a thread at the other
 * end of a socket. Behind the server is the fake of fake_vgpu.h.
 */

#ifndef VFIO_USER_FIXTURE_H
#define VFIO_USER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_vgpu.h"
#include "vfio_user.h"

struct fixture {
   int client; /* the test's end of the connection, -1 when closed */
   struct vfio_user_device *dev;
   struct vgpu *gpu;
   struct vfio_user_server server;
   pthread_t thread;
   bool joined;
   int result;              /* of vfio_user_server_serve(), once joined */
   int expected_result;     /* checked by the teardown */
   unsigned num_open_files; /* before the fixture */
   uint16_t next_id;

   /* What the server has logged; stable after a reply. */
   unsigned num_log_lines;
   char last_log_line[512];
};

struct reply {
   struct vfio_user_header header;
   uint8_t payload[8192];
   size_t payload_bytes;
   int fds[4];
   unsigned num_fds;
};

/** For cmocka: state becomes a struct fixture. The first has not sent VERSION yet. */
int setup_connected(void **state);
int setup_negotiated(void **state);
/** Hangs up and checks that the server ended as expected and left neither memory nor files. */
int teardown(void **state);

/** Sends bytes as they are, with files. */
void send_bytes(struct fixture *f, const void *bytes, size_t size_bytes, const int *fds,
                unsigned num_fds);
/** Sends a message. \return its id */
uint16_t send_message(struct fixture *f, uint16_t command, uint32_t flags, const void *payload,
                      size_t payload_bytes, const int *fds, unsigned num_fds);
/** Receives the next message, which must be a well-formed reply. */
void receive_reply(struct fixture *f, struct reply *reply);
/** Sends a command and receives its reply. \return 0 or the negative errno in the reply */
int call(struct fixture *f, uint16_t command, const void *payload, size_t payload_bytes,
         const int *fds, unsigned num_fds, struct reply *reply);
/** Hangs up and waits until the server is through with this client. */
void hang_up(struct fixture *f);
/** The server must say no more and close the connection. */
void expect_closed(struct fixture *f);
/** The server must still be there and answer. */
void expect_alive(struct fixture *f);

/** A memfd of that size whose every byte is `fill`. */
int make_memory(size_t size_bytes, uint8_t fill);
bool is_mapped(const void *address);
unsigned count_open_files(void);

#endif
