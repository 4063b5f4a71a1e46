/* SPDX-License-Identifier: Apache-2.0 */
/* store_sql.c - SQLite in our words: errors, statements, tables. */
#include <stdio.h>

#include "base/fail.h"
#include "io/store_parts.h"

static const char *remedy(int rc)
{
        switch (rc & 0xff) {
        case SQLITE_FULL:
                return "; the disk is full: make room, then start again";
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
                return "; check that the file and its directory are ours to write";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return "; another program has it open for writing: close it";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return "; start again to save what is good, or restore a backup";
        default:
                return "; check the disk, then start again";
        }
}

int store_fail(sqlite3 *db, const char *path, const char *doing, struct offpeak_error *err)
{
        int rc = db != NULL ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;

        if ((rc & 0xff) == SQLITE_NOMEM)
                return fail(err, OFFPEAK_ENOMEM, "%s: out of memory (could not %s)", path, doing);
        return fail(err, (rc & 0xff) == SQLITE_BUSY ? OFFPEAK_ETRYAGAIN : OFFPEAK_EIO, "%s: could not %s: %s%s", path,
                    doing, sqlite3_errmsg(db), remedy(rc));
}

int store_run(sqlite3 *db, const char *path, const char *sql, struct offpeak_error *err)
{
        return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(db, path, "write", err);
}

int store_prepare(sqlite3 *db, const char *path, const char *sql, sqlite3_stmt **ret_statement,
                  struct offpeak_error *err)
{
        return sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL) == SQLITE_OK ? 0
                                                                                 : store_fail(db, path, "read", err);
}

int store_create_tables(sqlite3 *db, const char *path, struct offpeak_error *err)
{
        static const char tables[] =
                "BEGIN;"
                "CREATE TABLE log (idx INTEGER PRIMARY KEY, type INTEGER NOT NULL, bytes BLOB NOT NULL, sum INTEGER "
                "NOT NULL);"
                "CREATE TABLE snapshot (idx INTEGER NOT NULL, n INTEGER NOT NULL, type INTEGER NOT NULL, bytes BLOB "
                "NOT NULL,"
                " sum INTEGER NOT NULL, PRIMARY KEY (idx, n));"
                "CREATE TABLE ledger (idx INTEGER PRIMARY KEY, account INTEGER NOT NULL, quality INTEGER NOT NULL,"
                " site INTEGER NOT NULL, node INTEGER NOT NULL, job INTEGER NOT NULL, attempt INTEGER NOT NULL,"
                " start_s INTEGER NOT NULL, end_s INTEGER NOT NULL, joules INTEGER NOT NULL, price INTEGER NOT NULL,"
                " carbon INTEGER NOT NULL, price_version INTEGER NOT NULL, carbon_version INTEGER NOT NULL,"
                " cost INTEGER NOT NULL, carbon_mg INTEGER NOT NULL, market INTEGER NOT NULL, market_mg INTEGER NOT NULL,"
                " unit_1 INTEGER NOT NULL, unit_2 INTEGER NOT NULL, unit_3 INTEGER NOT NULL, unit_4 INTEGER NOT NULL,"
                " unit_5 INTEGER NOT NULL, unit_6 INTEGER NOT NULL, unit_7 INTEGER NOT NULL, unit_8 INTEGER NOT NULL);"
                "CREATE INDEX ledger_start ON ledger (start_s);"
                "CREATE INDEX ledger_end ON ledger (end_s);"
                "CREATE TABLE aside (idx INTEGER NOT NULL, type INTEGER, bytes BLOB, sum INTEGER);"
                "CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";
        char identity[128];

        snprintf(identity, sizeof(identity), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
                 STORE_APPLICATION, STORE_SCHEMA);
        if (sqlite3_exec(db, tables, NULL, NULL, NULL) == SQLITE_OK &&
            sqlite3_exec(db, identity, NULL, NULL, NULL) == SQLITE_OK)
                return 0;
        return store_fail(db, path, "make its tables", err);
}

static int schema_of(sqlite3 *db)
{
        sqlite3_stmt *version = NULL;
        int schema = 0;

        if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &version, NULL) == SQLITE_OK && sqlite3_step(version) == SQLITE_ROW)
                schema = sqlite3_column_int(version, 0);
        sqlite3_finalize(version);
        return schema;
}

int store_upgrade(sqlite3 *db, const char *path, struct offpeak_error *err)
{
        /* [n]: from version n to the next */
        static const char *const steps[STORE_SCHEMA] = {
                [1] = "BEGIN IMMEDIATE;"
                      "ALTER TABLE ledger ADD COLUMN market INTEGER NOT NULL DEFAULT -9223372036854775808;"
                      "ALTER TABLE ledger ADD COLUMN market_mg INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_1 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_2 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_3 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_4 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_5 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_6 INTEGER NOT NULL DEFAULT 0;"
                      "ALTER TABLE ledger ADD COLUMN unit_7 INTEGER NOT NULL DEFAULT 0;"
                      "PRAGMA user_version = 2;"
                      "COMMIT;",
                [2] = "BEGIN IMMEDIATE;"
                      "ALTER TABLE ledger ADD COLUMN unit_8 INTEGER NOT NULL DEFAULT 0;"
                      "PRAGMA user_version = 3;"
                      "COMMIT;",
        };

        for (int schema = schema_of(db); schema > 0 && schema < STORE_SCHEMA; schema++)
                if (sqlite3_exec(db, steps[schema], NULL, NULL, NULL) != SQLITE_OK) {
                        int rc = store_fail(db, path, "bring its tables up to date", err);

                        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
                        return rc;
                }
        return 0;
}

int store_insert(struct store *store, sqlite3_stmt *insert, struct offpeak_error *err)
{
        int rc = sqlite3_step(insert) == SQLITE_DONE ? 0 : store_fail(store->db, store->path, "write a record", err);

        sqlite3_reset(insert);
        sqlite3_clear_bindings(insert);
        return rc;
}
