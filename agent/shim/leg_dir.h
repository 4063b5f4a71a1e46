/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_dir.h - a leg on disk: what it shall run, who owns it, and how it ended.
 *
 *   STATE/legs/JOB.ATTEMPT/
 *     order      the order that made it, as message_encode() gives it (with its launch; secrets: mode 0600)
 *     local      what this node adds (leg_local.h)
 *     lock       flock: held by the shim for its life, or by an agent that buries the leg
 *     progress   the job appends `done total` lines; owned by the job's user
 *     stop       for the job to read: why and until when
 *     exit       the exit record: written once, never changed
 *     exit.space its space, allocated before anything runs, so that a full disk cannot lose it
 *     hostfile, hostfile.slots   for the job's launchers
 *     remote     with launcher head: nodes, addresses and the secret (remote_file.h; the job's user alone reads it)
 *     shim.log   what the shim had to say
 *
 * A directory appears and disappears whole: it is made under another name and renamed in, renamed out and then emptied.
 * Names that begin with a dot are leftovers of a crash; leg_dir_list sweeps them.
 *
 * The exit record is a write-once register (leg_exit.h, on the open leg's fd). The shim writes it under its lock; the
 * agent only after leg_dir_lock() succeeded and nothing of the leg is alive (bury.h).
 *
 * Errors: 0 or a code of error.h; err (may be NULL) says file and cause. ENOTFOUND: no such leg, or no such file in it.
 */
#ifndef OFFPEAK_SHIM_LEG_DIR_H
#define OFFPEAK_SHIM_LEG_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "agent/shim/leg_exit.h"
#include "agent/shim/leg_local.h"
#include "core/state.h"
#include "wire/message.h"

struct leg_id {
        uint64_t job;
        uint32_t attempt;
};

enum { LEG_NAME_SIZE = 32 };

/* "JOB.ATTEMPT"; and back: false if the text is not exactly that. */
const char *leg_name(struct leg_id id, char buffer[LEG_NAME_SIZE]);
bool leg_name_parse(const char *text, struct leg_id *ret_id);

/* A growing list of legs; a failed append (ENOMEM) leaves it as it was. Ascending by job, then attempt. */
int leg_ids_append(struct leg_id **ids, size_t *count, struct leg_id id);
void leg_ids_sort(struct leg_id *ids, size_t count);

/* An open leg. Opened by create or open, closed by leg_dir_close, which also gives back the lock. */
struct leg_dir {
        struct leg_id id;
        char path[PATH_MAX];       /* absolute */
        int fd;
        int lock_fd;               /* -1: not held */
};

/*
 * Make a leg from its order (ARM or GO, with launch), durably, the exit record's space and the progress file with it.
 * ESTATE: it exists. EIO: disk full and the like; then nothing is left of it.
 */
int leg_dir_create(const char *state, const struct message_order *order, const struct leg_local *local,
                   struct leg_dir *ret_dir, struct offpeak_error *err);
int leg_dir_open(const char *state, struct leg_id id, struct leg_dir *ret_dir, struct offpeak_error *err);
void leg_dir_close(struct leg_dir *dir);

/* Never waits. ETRYAGAIN: held, so its shim is alive. */
int leg_dir_lock(struct leg_dir *dir, struct offpeak_error *err);

/* True once the directory has been removed under an open handle (amnesia): nothing can be recorded any more. */
bool leg_dir_is_gone(const struct leg_dir *dir);

/* The order (message_finish ends it) and what the node added. EINVAL: not readable as such. */
int leg_dir_order(const struct leg_dir *dir, struct message *ret_order, struct offpeak_error *err);
int leg_dir_local(const struct leg_dir *dir, struct leg_local *ret_local, struct offpeak_error *err);

/* Last complete line of the progress file. ENOTFOUND: none yet, or not two numbers with 0 <= done <= total. */
int leg_dir_progress(const struct leg_dir *dir, double *ret_done, double *ret_total);

/*
 * Put the job's stop file in place, whole: `reason WORD`, `deadline SECONDS` (UTC; SIGKILL comes then).
 */
int leg_dir_write_stop(const struct leg_dir *dir, const char *reason, int64_t deadline, struct offpeak_error *err);

/* Remove a leg; ENOTFOUND if there is none. Survives a crash at any point: the leg is there whole, or not listed. */
int leg_dir_remove(const char *state, struct leg_id id, struct offpeak_error *err);

/*
 * All legs, ascending, malloc'ed; leftovers are swept. One agent at a time (it holds the node's lock). A state
 * directory without `legs` has none. *ret_fresh (may be NULL): `legs` did not exist.
 */
int leg_dir_list(const char *state, struct leg_id **ret_ids, size_t *ret_count, bool *ret_fresh,
                 struct offpeak_error *err);

#endif
