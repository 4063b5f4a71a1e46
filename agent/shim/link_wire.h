/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_wire.h - what agent and shim of one machine say to each other: one fixed struct per packet of a SOCK_SEQPACKET.
 *
 * A shim outlives an upgrade of its agent, so the struct only ever grows at its end: what a shorter sender does not know
 * is read as zero, what a longer one adds is not read. Another version is another language, and is dropped.
 */
#ifndef OFFPEAK_SHIM_LINK_WIRE_H
#define OFFPEAK_SHIM_LINK_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "agent/shim/leg_dir.h"

enum { LINK_VERSION = 1 };

enum link_type {
        LINK_GO = 1,    /* lease_deadline_ms */
        LINK_STOP = 2,  /* reason, grace_s */
        LINK_LEASE = 3, /* lease_deadline_ms */
        LINK_STATE = 4, /* the rest */
};

struct link_message {
        uint16_t version, type;
        uint32_t attempt;
        uint64_t job, epoch, devices;
        int64_t lease_ms, lease_deadline_ms, grace_s;
        int64_t started, ended;
        uint32_t reason, state, how;
        int32_t status;
        uint32_t killed, contained;
};

_Static_assert(sizeof(struct link_message) == 96, "the layout is the protocol");

/* The leg's address, `offpeak/NODE/JOB.ATTEMPT` in the abstract namespace. 0 if the node's name is too long for one. */
socklen_t link_address(const char *node, struct leg_id id, struct sockaddr_un *ret_address);

/* Does the other end belong to root or to our own user? */
bool link_peer_is_ours(int fd);

/* Neither waits. Sending: 0 or -errno. Receiving: 1 for a message, 0 for the end, -errno (-EAGAIN: none now). */
int link_send(int fd, const struct link_message *message);
int link_receive(int fd, struct link_message *ret_message);

#endif
