/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_rebuild.c - a new store file from what is good in a damaged one.
 *
 *   copy into PATH.rebuilt  ->  name the damaged one PATH.damaged-N  ->  take its WAL away  ->  rename over PATH
 *
 * A crash in between leaves the damaged file in its place, and the next start does it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/record_codec.h"
#include "io/store_parts.h"

struct rebuild {
        sqlite3 *from, *to;
        const char *path;
        char new_path[PATH_MAX];
        struct offpeak_error *err;
};

/*
 * Copy the rows that `select` (?1 and ?2 are its bounds, if it has them) can read; what is unreadable behind an error
 * stays behind. ret_last: the last row's first column.
 */
static int copy_rows(struct rebuild *rebuild, const char *select, uint64_t low, uint64_t high, const char *insert,
                     uint64_t *ret_last)
{
        sqlite3_stmt *read = NULL, *write = NULL;
        uint64_t last = 0;
        int rc = store_prepare(rebuild->to, rebuild->path, insert, &write, rebuild->err);

        if (rc == 0 && sqlite3_prepare_v2(rebuild->from, select, -1, &read, NULL) == SQLITE_OK) {
                sqlite3_bind_int64(read, 1, (sqlite3_int64)low);
                sqlite3_bind_int64(read, 2, (sqlite3_int64)high);
        }
        while (rc == 0 && read != NULL && sqlite3_step(read) == SQLITE_ROW) {
                for (int i = 0; i < sqlite3_column_count(read); i++)
                        sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i));
                if (sqlite3_step(write) != SQLITE_DONE)
                        rc = store_fail(rebuild->to, rebuild->new_path, "save what is good of a damaged store",
                                        rebuild->err);
                sqlite3_reset(write);
                last = (uint64_t)sqlite3_column_int64(read, 0);
        }
        sqlite3_finalize(read);
        sqlite3_finalize(write);
        if (rc == 0 && ret_last != NULL)
                *ret_last = last;
        return rc;
}

/* Ledger rows that could not be read are made again from the log, as far as it reaches back. */
static int restore_bookings(struct rebuild *rebuild, uint64_t behind)
{
        sqlite3_stmt *rows, *insert = NULL;
        int rc = store_prepare(rebuild->to, rebuild->path, STORE_SELECT_LOG, &rows, rebuild->err);

        if (rc == 0)
                rc = store_prepare(rebuild->to, rebuild->path, "INSERT OR IGNORE" STORE_INTO_LEDGER, &insert,
                                   rebuild->err);
        if (rc == 0)
                sqlite3_bind_int64(rows, 1, (sqlite3_int64)behind);
        while (rc == 0 && sqlite3_step(rows) == SQLITE_ROW) {
                struct store_row row = store_row(rows);
                struct record record;

                if (row.type != RECORD_BOOKED || (rc = record_decode(row.bytes, row.size, &record, rebuild->err)) != 0)
                        continue;
                store_bind_booking(insert, row.key, &record.u.booked.booking);
                if (sqlite3_step(insert) != SQLITE_DONE)
                        rc = store_fail(rebuild->to, rebuild->new_path, "restore a booking", rebuild->err);
                sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
        sqlite3_finalize(rows);
        return rc;
}

static int note_lost_tail(struct rebuild *rebuild, const struct store_survey *survey)
{
        if (!survey->lost)
                return 0;
        return store_run(rebuild->to, rebuild->path, "INSERT OR REPLACE INTO number VALUES ('" STORE_LOST_TAIL "', 1)",
                         rebuild->err);
}

/* As the damaged store's version has them. */
static const char *select_bookings(const struct rebuild *rebuild)
{
        static const char *const versions[] = {
                STORE_SELECT_LEDGER "WHERE idx > ?1 AND idx <= ?2 ORDER BY idx",
                STORE_SELECT_LEDGER_2 "WHERE idx > ?1 AND idx <= ?2 ORDER BY idx",
                STORE_SELECT_LEDGER_1 "WHERE idx > ?1 AND idx <= ?2 ORDER BY idx",
        };
        size_t version = 0;
        bool fits = false;

        while (!fits && version + 1 < sizeof(versions) / sizeof(versions[0])) {
                sqlite3_stmt *read = NULL;

                fits = sqlite3_prepare_v2(rebuild->from, versions[version], -1, &read, NULL) == SQLITE_OK;
                sqlite3_finalize(read);
                version += fits ? 0 : 1;
        }
        return versions[version];
}

static int copy_store(struct rebuild *rebuild, const struct store_survey *survey)
{
        uint64_t booked = 0;
        int rc = store_create_tables(rebuild->to, rebuild->path, rebuild->err);

        if (rc == 0)
                rc = store_run(rebuild->to, rebuild->path, "BEGIN", rebuild->err);
        if (rc == 0)
                rc = copy_rows(rebuild, "SELECT idx, n, type, bytes, sum FROM snapshot WHERE idx = ?1 ORDER BY n",
                               survey->base, 0,
                               "INSERT INTO snapshot (idx, n, type, bytes, sum) VALUES (?, ?, ?, ?, ?)", NULL);
        if (rc == 0)
                rc = copy_rows(rebuild,
                               "SELECT idx, type, bytes, sum FROM log WHERE idx > ?1 ORDER BY idx LIMIT ?2 - ?1",
                               survey->base, survey->last, STORE_INSERT_LOG, NULL);
        if (rc == 0)
                rc = copy_rows(rebuild, "SELECT idx, type, bytes, sum FROM aside", 0, 0,
                               "INSERT OR IGNORE INTO aside (idx, type, bytes, sum) VALUES (?, ?, ?, ?)", NULL);
        if (rc == 0)
                rc = copy_rows(rebuild, "SELECT idx, type, bytes, sum FROM log WHERE idx > ?1 ORDER BY idx",
                               survey->last, 0,
                               "INSERT OR IGNORE INTO aside (idx, type, bytes, sum) VALUES (?, ?, ?, ?)", NULL);
        if (rc == 0)
                rc = copy_rows(rebuild, "SELECT name, value FROM number", 0, 0,
                               "INSERT OR REPLACE INTO number (name, value) VALUES (?, ?)", NULL);
        if (rc == 0)
                rc = copy_rows(rebuild, select_bookings(rebuild), 0, survey->last,
                               "INSERT OR IGNORE" STORE_INTO_LEDGER, &booked);
        if (rc == 0)
                rc = restore_bookings(rebuild, booked);
        if (rc == 0)
                rc = note_lost_tail(rebuild, survey);
        return rc == 0 ? store_run(rebuild->to, rebuild->path, "COMMIT", rebuild->err) : rc;
}

/* The copy is as good as the survey found the original. */
static int check_copy(const struct rebuild *rebuild, const struct store_survey *survey)
{
        struct store_survey copy = store_survey(rebuild->to);

        if (!copy.damaged && copy.base == survey->base && copy.last == survey->last)
                return 0;
        return fail(rebuild->err, OFFPEAK_EIO,
                    "%s: is damaged, and what is good of it cannot be saved to %s; restore a backup", rebuild->path,
                    rebuild->new_path);
}

/* Under the first number that is free. */
static int keep_damaged(const char *path, char *ret_kept, size_t kept_size, struct offpeak_error *err)
{
        for (int n = 1; n < 1000; n++) {
                snprintf(ret_kept, kept_size, "%s.damaged-%d", path, n);
                if (link(path, ret_kept) == 0)
                        return 0;
                if (errno != EEXIST)
                        return fail(err, OFFPEAK_EIO, "%s: the damaged store cannot be kept: %s", ret_kept,
                                    strerror(errno));
        }
        return fail(err, OFFPEAK_EIO, "%s: 999 damaged stores lie beside it already; move some away", path);
}

static int put_in_place(const struct rebuild *rebuild, char *ret_kept, size_t kept_size)
{
        char wal[PATH_MAX], kept_wal[PATH_MAX + 8];
        int rc = keep_damaged(rebuild->path, ret_kept, kept_size, rebuild->err);

        if (rc != 0)
                return rc;
        snprintf(wal, sizeof(wal), "%s-wal", rebuild->path);
        snprintf(kept_wal, sizeof(kept_wal), "%s-wal", ret_kept);
        if ((rename(wal, kept_wal) != 0 && errno != ENOENT) || rename(rebuild->new_path, rebuild->path) != 0)
                return fail(rebuild->err, OFFPEAK_EIO, "%s: the damaged store cannot be replaced: %s", rebuild->path,
                            strerror(errno));
        snprintf(wal, sizeof(wal), "%s-shm", rebuild->path);
        unlink(wal);
        return 0;
}

int store_rebuild(sqlite3 *db, const char *path, const struct store_survey *survey, char *ret_kept, size_t kept_size,
                  struct offpeak_error *err)
{
        struct rebuild rebuild = { .from = db, .path = path, .err = err };
        int rc;

        snprintf(rebuild.new_path, sizeof(rebuild.new_path), "%s.rebuilt", path);
        unlink(rebuild.new_path);
        store_file_make(rebuild.new_path);
        if (sqlite3_open(rebuild.new_path, &rebuild.to) != SQLITE_OK)
                rc = store_fail(rebuild.to, rebuild.new_path, "make a new store", err);
        else
                rc = copy_store(&rebuild, survey);
        if (rc == 0)
                rc = check_copy(&rebuild, survey);
        sqlite3_close(rebuild.to);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); /* the damaged file stays as it is */
        sqlite3_close(db);
        return rc == 0 ? put_in_place(&rebuild, ret_kept, kept_size) : rc;
}
