/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - opening and closing.
 *
 *   lock -> open -> recognise (or make the tables) -> survey -> (rebuild, if damaged) -> journal mode
 */
#include "io/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/store_parts.h"

static int pragma_number(sqlite3 *db, const char *sql, int64_t *ret_value)
{
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

        if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
                *ret_value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return rc == SQLITE_ROW ? 0 : rc;
}

/* A store, a new file, or something else? */
static int recognise(struct store *store, struct offpeak_error *err)
{
        int64_t application = 0, schema = 0, pages = 0;
        int rc = pragma_number(store->db, "PRAGMA application_id", &application);

        if (rc == 0)
                rc = pragma_number(store->db, "PRAGMA user_version", &schema);
        if (rc == 0)
                rc = pragma_number(store->db, "PRAGMA page_count", &pages);
        if (rc == SQLITE_NOTADB)
                return fail(err, OFFPEAK_EINVAL,
                            "%s: is not a store of Offpeak, or its first page is destroyed; restore a backup",
                            store->path);
        if (rc != 0)
                return store_fail(store->db, store->path, "open the store", err);
        if (pages == 0)
                return store_create_tables(store->db, store->path, err);
        if (application != STORE_APPLICATION)
                return fail(err, OFFPEAK_EINVAL,
                            "%s: is an SQLite database, but not a store of Offpeak; give another path", store->path);
        if (schema > STORE_SCHEMA)
                return fail(err, OFFPEAK_EINVAL,
                            "%s: was written by a newer offpeakd (store version %" PRId64
                            ", this one knows %d); update it",
                            store->path, schema, STORE_SCHEMA);
        return 0;
}

/* ---- open and close */

static int open_database(struct store *store, struct offpeak_error *err)
{
        store_file_make(store->path);
        if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
                return store_fail(store->db, store->path, "open the store", err);
        if (sqlite3_db_readonly(store->db, "main") == 1)
                return fail(err, OFFPEAK_EIO,
                            "%s: can be read, but not written; check its owner, its mode and the mount", store->path);
        sqlite3_busy_timeout(store->db, 2000);
        return 0;
}

/* With "writable schema" SQLite reads what is there of a file shorter than its header says. The rebuild needs it too.
 */
static int survey(struct store *store, struct store_survey *ret_survey, struct offpeak_error *err)
{
        int rc;

        sqlite3_db_config(store->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
        rc = recognise(store, err);
        if (rc != 0)
                return rc;
        *ret_survey = store_survey(store->db);
        if (!ret_survey->damaged)
                sqlite3_db_config(store->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, NULL);
        return 0;
}

static int rebuild(struct store *store, const struct store_survey *survey, struct offpeak_error *err)
{
        char kept[PATH_MAX];
        int rc;

        if (!survey->usable)
                return fail(err, OFFPEAK_EIO, "%s: is damaged, and no state can be read from it; restore a backup",
                            store->path);
        rc = store_rebuild(store->db, store->path, survey, kept, sizeof(kept), err);
        store->db = NULL;
        if (rc != 0)
                return rc;
        snprintf(store->damage, sizeof(store->damage),
                 "%s was damaged: it is good up to record %" PRIu64 "%s; the damaged file is kept as %s", store->path,
                 survey->last, survey->lost ? ", and what followed is set aside" : ", and nothing is lost", kept);
        return open_database(store, err);
}

static int set_modes(struct store *store, struct offpeak_error *err)
{
        int rc = store_run(store->db, store->path, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);

        if (rc == 0)
                rc = store_upgrade(store->db, store->path, err);
        if (rc == 0)
                rc = store_prepare(store->db, store->path, STORE_INSERT_LOG, &store->add_log, err);
        if (rc == 0)
                rc = store_prepare(store->db, store->path, "INSERT" STORE_INTO_LEDGER, &store->add_booking, err);
        return rc;
}

/* A new file is only there after a power cut once its directory is on disk. */
static void sync_directory(const char *path)
{
        char copy[PATH_MAX];
        int fd;

        snprintf(copy, sizeof(copy), "%s", path);
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return;
        fsync(fd);
        close(fd);
}

static int find_lost_tail(struct store *store, struct offpeak_error *err)
{
        int64_t cut = 0;
        int rc = store_get_number(store, STORE_LOST_TAIL, 0, &cut, err);

        store->lost_tail = cut != 0 || store->noted > store->last;
        if (store->noted > store->last && store->damage[0] == '\0')
                snprintf(store->damage, sizeof(store->damage),
                         "%s ends at record %" PRIu64 ", but %" PRIu64
                         " were committed: its WAL was lost, or a backup restored",
                         store->path, store->last, store->noted);
        return rc;
}

/* Jobs that run would be forgotten: not without being asked. */
static int refuse_empty(const struct store *store, struct offpeak_error *err)
{
        return fail(err, OFFPEAK_EIO,
                    "%s: is empty, but %" PRIu64
                    " records were committed to it; restore a backup, or remove %s.lock to begin anew",
                    store->path, store->noted, store->path);
}

static int open_locked(struct store *store, struct offpeak_error *err)
{
        struct store_survey found;
        int rc = open_database(store, err);

        if (rc == 0)
                rc = survey(store, &found, err);
        if (rc == 0)
                store_file_hide(store->path);
        if (rc == 0 && found.damaged)
                rc = rebuild(store, &found, err);
        else if (rc == 0 && found.last == 0 && store->noted > 0)
                rc = refuse_empty(store, err);
        if (rc == 0)
                rc = set_modes(store, err);
        if (rc != 0)
                return rc;
        sync_directory(store->path);
        store->base = found.base;
        store->last = found.last;
        return find_lost_tail(store, err);
}

int store_open(const char *path, struct store **ret_store, struct offpeak_error *err)
{
        struct store *store = calloc(1, sizeof(*store));
        int rc = 0;

        if (store == NULL || (store->path = strdup(path)) == NULL)
                rc = fail(err, OFFPEAK_ENOMEM, "out of memory for the store");
        if (store != NULL)
                store->lock.fd = -1;
        if (rc == 0)
                rc = store_lock_take(path, &store->lock, &store->noted, err);
        if (rc == 0)
                rc = open_locked(store, err);
        if (rc == 0)
                *ret_store = store;
        else
                store_close(store);
        return rc;
}

void store_close(struct store *store)
{
        if (store == NULL)
                return;
        sqlite3_finalize(store->add_log);
        sqlite3_finalize(store->add_booking);
        sqlite3_close(store->db);
        store_lock_release(&store->lock);
        free(store->path);
        free(store);
}

const char *store_damage(const struct store *store)
{
        return store->damage[0] != '\0' ? store->damage : NULL;
}
