/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - readings on disk until the scheduler has them in its books.
 *
 * A reading gets the next number, is appended, fsync'ed by spool_sync, and only then told: a number that was told is
 * never given to another reading, not even after a power cut. Acknowledged readings are cleared out now and then by writing
 * the file anew. The last reading of each leg outlives its acknowledgement until the leg is forgotten: it says up to
 * when the leg is metered, so that an agent that starts again goes on exactly there.
 *
 * File: a header, then records of one size, each with a checksum. What does not check at the end is a write that a
 * crash cut short: it was never told and is dropped.
 *
 * Errors: EIO with the file's name, ENOMEM.
 */
#ifndef OFFPEAK_AGENT_SPOOL_H
#define OFFPEAK_AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "wire/message.h"

enum { SPOOL_MAX = 262144 }; /* unacknowledged readings; beyond, the meter's stretches grow instead (16 MB) */

struct spool;

/*
 * Open or make. A new spool begins at first_seq (> 0), which is to lie beyond all numbers this node ever used, also
 * before its state directory was lost: take it from the calendar. *ret_dropped (may be NULL): bytes at the end that
 * did not check.
 */
int spool_open(const char *path, uint64_t first_seq, struct spool **ret_spool, size_t *ret_dropped,
               struct offpeak_error *err);
void spool_close(struct spool *spool);

/* Append; its seq is given here. ETRYAGAIN when full. */
int spool_append(struct spool *spool, const struct message_reading *reading, struct offpeak_error *err);

/* Remember that a leg is metered up to `reading->end`, without telling anyone (its start, for one). Never full. */
int spool_mark(struct spool *spool, const struct message_reading *reading, struct offpeak_error *err);

/* Make what was appended durable; does nothing if it is. */
int spool_sync(struct spool *spool, struct offpeak_error *err);

/* Durable readings that wait, oldest first; returns how many were copied. */
size_t spool_peek(const struct spool *spool, struct message_reading *ret_readings, size_t max);
size_t spool_waiting(const struct spool *spool);

/* All up to seq are in the books. */
int spool_ack(struct spool *spool, uint64_t seq, struct offpeak_error *err);

/* The last reading or mark of a leg (job 0: of the node's idle); false if there is none. */
bool spool_last(const struct spool *spool, uint64_t job, uint32_t attempt, struct message_reading *ret_reading);

/* The leg is over and forgotten: its last reading may go with its acknowledgement. */
void spool_forget(struct spool *spool, uint64_t job, uint32_t attempt);
void spool_forget_others(struct spool *spool, bool (*keep)(void *context, uint64_t job, uint32_t attempt),
                         void *context);

#endif
