/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the agent's side of a shim: start one, find those alive, tell them what shall be, hear what is.
 *
 * A link is one connection to one shim on a libuv loop. Orders are levels: they may be repeated, and a lease only grows.
 * What the shim tells arrives through `state`, first right after the connection stands, then on each change. `gone` comes
 * once, when the shim is dead or hung up; no `state` follows it. Then look into the leg's directory: an exit record there
 * is the leg's end; none means the shim was lost (bury.h); no directory means amnesia, and the leg ends without a result.
 * Closing a link, or dying, leaves the leg and its lease as they are.
 *
 * Callbacks run on the loop, never from within a call of this module; link_close may be called from them.
 */
#ifndef OFFPEAK_SHIM_LINK_H
#define OFFPEAK_SHIM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <offpeak/error.h>

#include "core/input.h"
#include "agent/shim/leg_dir.h"

struct link;

/* What a shim says of its leg. Enough for an agent that has lost its state directory. */
struct link_state {
        struct leg_id id;
        uint64_t epoch;
        uint64_t devices;          /* bit mask of the launch */
        int64_t lease_ms;          /* L of the launch */
        int64_t lease_deadline_ms; /* CLOCK_BOOTTIME */
        enum report_state state;   /* EXITED only after the exit record is on disk */
        enum leg_how how;          /* when EXITED, and the next two */
        int32_t status;
        bool killed;
        int64_t started, ended;    /* UTC seconds; 0: not yet */
        bool contained;            /* by a pid namespace; false: by a guard process */
};

struct link_events {
        void (*state)(void *context, const struct link_state *state);
        void (*gone)(void *context);
        void *context;
};

/* How the leg's processes are made to die with their shim. AUTO: NAMESPACE where the kernel allows it, else GUARD. */
enum link_contain { LINK_CONTAIN_AUTO = 0, LINK_CONTAIN_NAMESPACE, LINK_CONTAIN_GUARD };

struct link_config {
        const char *state;         /* the agent's state directory */
        const char *node;
        const char *shim;          /* path of offpeak-shim; see link_shim_path */
        enum link_contain contain;
        int64_t margin_ms;         /* SIGKILL comes this long before a lease ends; 0: LINK_MARGIN_MS */
};

enum { LINK_MARGIN_MS = 2000 };

/* Where offpeak-shim is: $OFFPEAK_SHIM, else beside the running program, else in ../libexec from there. Returns buffer. */
const char *link_shim_path(char *buffer, size_t size);

/*
 * Start the shim of a leg that leg_dir_create made, in its own session, and link to it. A leg ordered with GO runs as
 * soon as its shim is up; one ordered with ARM waits for link_go. EIO: it could not be started (err: path and cause).
 */
int link_start(uv_loop_t *loop, const struct link_config *config, struct leg_id id, const struct link_events *events,
               struct link **ret_link, struct offpeak_error *err);

/* Link to a live shim. ENOTFOUND: nobody listens; EPERMISSION: somebody else does; ETRYAGAIN: not now. */
int link_connect(uv_loop_t *loop, const struct link_config *config, struct leg_id id, const struct link_events *events,
                 struct link **ret_link, struct offpeak_error *err);

/*
 * Shims of this node that listen, as the kernel knows them, ascending and malloc'ed. A name can be taken by any user of
 * the machine: believe it after link_connect. EIO: the kernel does not show them; then absence proves nothing.
 */
int link_find(const char *node, struct leg_id **ret_ids, size_t *ret_count, struct offpeak_error *err);

/* 0, or ETRYAGAIN when the shim's queue is full or the shim is gone (`gone` follows then). */
int link_go(struct link *link, int64_t lease_deadline_ms);
int link_stop(struct link *link, enum stop_reason reason, int64_t grace_s);
int link_lease(struct link *link, int64_t lease_deadline_ms);

/* Hang up and free; `closed` (may be NULL) is called once no handle is left on the loop. No event follows. */
void link_close(struct link *link, void (*closed)(void *context), void *context);

#endif
