/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_log.c - replay, commit, snapshot.
 *
 * A commit that fails leaves the core ahead of the log, so it makes the store refuse all others: stop, recover, go on.
 */
#include "io/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "io/record_codec.h"
#include "io/store_parts.h"

/* ---- replay */

static int take_rows(struct store *store, const char *sql, uint64_t key,
                     int (*take)(void *context, struct record *record), void *context, struct offpeak_error *err)
{
        sqlite3_stmt *rows;
        int rc = store_prepare(store->db, store->path, sql, &rows, err), step = SQLITE_DONE;

        if (rc != 0)
                return rc;
        sqlite3_bind_int64(rows, 1, (sqlite3_int64)key);
        while (rc == 0 && (step = sqlite3_step(rows)) == SQLITE_ROW) {
                struct store_row row = store_row(rows);
                struct record record;

                if (row.type == 0) /* the end of a snapshot */
                        continue;
                rc = record_decode(row.bytes, row.size, &record, err);
                if (rc != 0) {
                        fail_at(err, "%s: row %" PRIu64, store->path, row.key);
                        break;
                }
                rc = take(context, &record);
                if (rc != 0)
                        fail(err, rc, "%s: record %" PRIu64 " (%s) cannot be applied: %s", store->path, row.key,
                             record_type_name(record.type), offpeak_code_text(rc));
                record_finish(&record);
        }
        if (rc == 0 && step != SQLITE_DONE)
                rc = store_fail(store->db, store->path, "read the log", err);
        sqlite3_finalize(rows);
        return rc;
}

int store_replay(struct store *store, int (*take)(void *context, struct record *record), void *context,
                 bool *ret_lost_tail, struct offpeak_error *err)
{
        int rc = store->base > 0 ? take_rows(store, STORE_SELECT_IMAGES, store->base, take, context, err) : 0;

        if (rc == 0)
                rc = take_rows(store, STORE_SELECT_LOG, store->base, take, context, err);
        if (rc == 0)
                *ret_lost_tail = store->lost_tail;
        return rc;
}

/* ---- commit */

static int add_record(struct store *store, const struct record *record, struct offpeak_error *err)
{
        uint8_t *bytes;
        size_t size;
        int rc = record_encode(record, &bytes, &size, err);

        if (rc != 0)
                return rc;
        sqlite3_bind_int64(store->add_log, 1, (sqlite3_int64)record->index);
        sqlite3_bind_int(store->add_log, 2, (int)record->type);
        sqlite3_bind_blob64(store->add_log, 3, bytes, size, SQLITE_STATIC);
        sqlite3_bind_int64(store->add_log, 4, (sqlite3_int64)store_sum(record->index, (int)record->type, bytes, size));
        rc = store_insert(store, store->add_log, err);
        free(bytes);
        if (rc == 0 && record->type == RECORD_BOOKED) {
                store_bind_booking(store->add_booking, record->index, &record->u.booked.booking);
                rc = store_insert(store, store->add_booking, err);
        }
        return rc;
}

static int add_records(struct store *store, const struct record *records, size_t n, struct offpeak_error *err)
{
        uint64_t last = store->last;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < n; i++) {
                if (!record_is_durable(&records[i]))
                        continue;
                if (records[i].index != ++last)
                        return fail(err, OFFPEAK_EINTERNAL,
                                    "%s: record %" PRIu64 " (%s) does not follow record %" PRIu64, store->path,
                                    records[i].index, record_type_name(records[i].type), last - 1);
                rc = add_record(store, &records[i], err);
        }
        if (rc == 0 && store->lost_tail)
                rc = store_run(store->db, store->path, "DELETE FROM number WHERE name = '" STORE_LOST_TAIL "'", err);
        return rc;
}

static size_t count_durable(const struct record *records, size_t n)
{
        size_t durable = 0;

        for (size_t i = 0; i < n; i++)
                durable += record_is_durable(&records[i]);
        return durable;
}

static int refuse_failed(const struct store *store, struct offpeak_error *err)
{
        return fail(err, OFFPEAK_EIO, "%s: an earlier commit failed; stop and start again to recover from the log",
                    store->path);
}

int store_commit(struct store *store, const struct record *records, size_t n_records, struct offpeak_error *err)
{
        size_t durable = count_durable(records, n_records);
        int rc;

        if (store->failed)
                return refuse_failed(store, err);
        if (durable == 0)
                return 0;
        rc = store_run(store->db, store->path, "BEGIN IMMEDIATE", err);
        if (rc == 0)
                rc = add_records(store, records, n_records, err);
        if (rc == 0)
                rc = store_run(store->db, store->path, "COMMIT", err);
        if (rc != 0) {
                store->failed = true;
                sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
                return rc;
        }
        store->last += durable;
        store->lost_tail = false;
        store_lock_note(&store->lock, store->last);
        return 0;
}

/* ---- snapshots */

struct snapshot {
        struct store *store;
        sqlite3_stmt *insert;
        uint64_t index;
        uint64_t n;
        struct offpeak_error *err;
};

static int add_image(struct snapshot *snapshot, int type, const uint8_t *bytes, size_t size)
{
        sqlite3_bind_int64(snapshot->insert, 1, (sqlite3_int64)snapshot->index);
        sqlite3_bind_int64(snapshot->insert, 2, (sqlite3_int64)snapshot->n);
        sqlite3_bind_int(snapshot->insert, 3, type);
        sqlite3_bind_blob64(snapshot->insert, 4, size > 0 ? (const void *)bytes : "", size, SQLITE_STATIC);
        sqlite3_bind_int64(snapshot->insert, 5, (sqlite3_int64)store_sum(snapshot->n, type, bytes, size));
        snapshot->n++;
        return store_insert(snapshot->store, snapshot->insert, snapshot->err);
}

static int emit_image(void *context, const struct record *image)
{
        struct snapshot *snapshot = context;
        uint8_t *bytes;
        size_t size;
        int rc = record_encode(image, &bytes, &size, snapshot->err);

        if (rc != 0)
                return rc;
        rc = add_image(snapshot, (int)image->type, bytes, size);
        free(bytes);
        return rc;
}

/* Keep this snapshot and the one before, and the log from that one on. */
static int drop_covered(struct store *store, uint64_t index, struct offpeak_error *err)
{
        char sql[256];

        snprintf(sql, sizeof(sql),
                 "DELETE FROM snapshot WHERE idx < (SELECT max(idx) FROM snapshot WHERE idx < %" PRIu64 ");"
                 "DELETE FROM log WHERE idx <= (SELECT max(idx) FROM snapshot WHERE idx < %" PRIu64 ")",
                 index, index);
        return store_run(store->db, store->path, sql, err);
}

static int write_snapshot(struct snapshot *snapshot, const struct state *state)
{
        struct store *store = snapshot->store;
        char sql[64];
        int rc;

        snprintf(sql, sizeof(sql), "DELETE FROM snapshot WHERE idx = %" PRIu64, snapshot->index);
        rc = store_run(store->db, store->path, sql, snapshot->err);
        if (rc == 0)
                rc = state_images(state, emit_image, snapshot);
        if (rc == 0)
                rc = add_image(snapshot, 0, NULL, 0);
        return rc == 0 ? drop_covered(store, snapshot->index, snapshot->err) : rc;
}

int store_snapshot(struct store *store, const struct state *state, struct offpeak_error *err)
{
        struct snapshot snapshot = { .store = store, .index = state->log_index, .err = err };
        int rc;

        if (store->failed)
                return refuse_failed(store, err);
        if (state->log_index != store->last)
                return fail(err, OFFPEAK_EINTERNAL,
                            "%s: a snapshot of record %" PRIu64 " when the log ends at %" PRIu64, store->path,
                            state->log_index, store->last);
        if (store->last == 0)
                return 0; /* nothing yet */
        rc = store_prepare(store->db, store->path,
                           "INSERT INTO snapshot (idx, n, type, bytes, sum) VALUES (?, ?, ?, ?, ?)", &snapshot.insert,
                           err);
        if (rc != 0)
                return rc;
        rc = store_run(store->db, store->path, "BEGIN IMMEDIATE", err);
        if (rc == 0)
                rc = write_snapshot(&snapshot, state);
        sqlite3_finalize(snapshot.insert);
        if (rc == 0)
                rc = store_run(store->db, store->path, "COMMIT", err);
        if (rc != 0)
                sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        else
                store->base = store->last;
        return rc;
}
