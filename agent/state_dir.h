/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_dir.h - what an agent keeps on disk beside legs and spool: highest term, clock, the boot it was made in.
 *
 *   STATE/born    boot id of the boot in which this directory was made
 *   STATE/term    highest term of a scheduler that this node served
 *   STATE/clock   the scheduler's wall clock (clock_map.h), good for this boot
 *   STATE/spool   readings (spool.h)
 *   STATE/lock    (node_lock.h)
 *   STATE/caps/   (devices/gpu_caps.h)
 *   STATE/legs/   (shim/leg_dir.h)
 */
#ifndef OFFPEAK_AGENT_STATE_DIR_H
#define OFFPEAK_AGENT_STATE_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "agent/clock_map.h"

struct state_dir {
        char *path;       /* absolute */
        int fd;
        char boot[40];    /* this boot's id */
        bool new_in_boot; /* it was made in this boot: legs of an earlier directory may be alive */
};

/* Open, or make (0755, as jobs must reach their files below it). EIO, ECONFIG. */
int state_dir_open(const char *path, struct state_dir *ret_dir, struct offpeak_error *err);

/* What needs the node's lock: read or write `born`. */
int state_dir_begin(struct state_dir *dir, struct offpeak_error *err);
void state_dir_close(struct state_dir *dir);

/* 0 if there is none. EIO: there is one and it cannot be read, so that nothing may be concluded. */
int state_dir_term(const struct state_dir *dir, uint64_t *ret_term, struct offpeak_error *err);
/* Durable on return. */
int state_dir_keep_term(const struct state_dir *dir, uint64_t term, struct offpeak_error *err);

/* Unknown if there is none of this boot. */
void state_dir_clock(const struct state_dir *dir, struct clock_map *ret_map);
int state_dir_keep_clock(const struct state_dir *dir, const struct clock_map *map, struct offpeak_error *err);

#endif
