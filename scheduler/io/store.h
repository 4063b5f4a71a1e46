/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the log, its snapshots and the books, in one SQLite file (WAL, synchronous=FULL).
 *
 * One writer: the store holds an exclusive lock for the process's life; a second scheduler on it is refused.
 * One transaction per loop turn. Each log row carries a checksum; at opening, rows from the first bad one on are set
 * aside in a table of their own and reported (ret_lost_tail): the caller starts fenced. The damaged file is kept as
 * PATH.damaged-N, and a new one is made of what is good. A store of which nothing is good is refused (EIO).
 */
#ifndef OFFPEAK_IO_STORE_H
#define OFFPEAK_IO_STORE_H

#include <offpeak/error.h>

#include "core/record.h"

struct store;

/* Open or make. ETRYAGAIN: another scheduler holds it (its pid in err). EIO, EINVAL (a newer schema; not a store). */
int store_open(const char *path, struct store **ret_store, struct offpeak_error *err);
void store_close(struct store *store); /* accepts NULL */

/* What opening had to do to a damaged store, as a sentence for the operator; NULL: it was whole. */
const char *store_damage(const struct store *store);

/* Replay: the newest snapshot's images, then the log behind it, each handed to apply in order. */
int store_replay(struct store *store, int (*take)(void *context, struct record *record), void *context,
                 bool *ret_lost_tail, struct offpeak_error *err);

/*
 * One turn: durable records with their indices (others are passed over), bookings into the ledger table as well. All or
 * nothing; after a failure the store takes no more commits (EIO): stop, and recover from the log.
 */
int store_commit(struct store *store, const struct record *records, size_t n_records, struct offpeak_error *err);

/* Write a snapshot of state, and drop log rows that an older snapshot covered (the last two snapshots are kept). */
int store_snapshot(struct store *store, const struct state *state, struct offpeak_error *err);

/* Bookings whose stretch meets [from, to), in order of commit. Malloc'ed array. */
int store_bookings(struct store *store, int64_t from, int64_t to, struct booking **ret_bookings, size_t *ret_n,
                   struct offpeak_error *err);

/* Small named numbers that outlive a restart beside the log (the scaled clock's origin). 0 and default if absent. */
int store_get_number(struct store *store, const char *name, int64_t fallback, int64_t *ret_value,
                     struct offpeak_error *err);
int store_set_number(struct store *store, const char *name, int64_t value, struct offpeak_error *err);

#endif
