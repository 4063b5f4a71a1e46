/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_parts.h - private to the store: its tables, checksums, and what opening finds out about them.
 *
 *   log       one row per durable record, indices without gaps
 *   snapshot  the images of the last two snapshots, by the log index they speak of
 *   ledger    the bookings, by the index of their record
 *   aside     rows that stood behind the first bad one when a damaged store was opened
 *   number    small named numbers
 */
#ifndef OFFPEAK_IO_STORE_PARTS_H
#define OFFPEAK_IO_STORE_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include <offpeak/error.h>

#include "io/store_lock.h"
#include "ledger/booking.h"

enum { STORE_SCHEMA = 3, STORE_APPLICATION = 0x4f66706b /* "Offpk", as `file` may show it */ };

#define STORE_SELECT_LOG    "SELECT idx, type, bytes, sum FROM log WHERE idx > ?1 ORDER BY idx"
#define STORE_SELECT_IMAGES "SELECT n, type, bytes, sum FROM snapshot WHERE idx = ?1 ORDER BY n"
#define STORE_INSERT_LOG    "INSERT INTO log (idx, type, bytes, sum) VALUES (?, ?, ?, ?)"
#define STORE_LEDGER_COLUMNS                                                                                           \
        "idx, account, quality, site, node, job, attempt, start_s, end_s, joules, price, carbon, price_version, "       \
        "carbon_version, cost, carbon_mg, market, market_mg, unit_1, unit_2, unit_3, unit_4, unit_5, unit_6, unit_7, " \
        "unit_8"
#define STORE_SELECT_LEDGER "SELECT " STORE_LEDGER_COLUMNS " FROM ledger "
#define STORE_INTO_LEDGER                                                                                              \
        " INTO ledger (" STORE_LEDGER_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "     \
        "?, ?, ?, ?, ?, ?, ?, ?)"
/* Of stores of earlier versions: what their bookings do not say is unknown, or nothing. */
#define STORE_SELECT_LEDGER_2                                                                                          \
        "SELECT idx, account, quality, site, node, job, attempt, start_s, end_s, joules, price, carbon, price_version, " \
        "carbon_version, cost, carbon_mg, market, market_mg, unit_1, unit_2, unit_3, unit_4, unit_5, unit_6, unit_7, 0 " \
        "FROM ledger "
#define STORE_SELECT_LEDGER_1                                                                                          \
        "SELECT idx, account, quality, site, node, job, attempt, start_s, end_s, joules, price, carbon, price_version, " \
        "carbon_version, cost, carbon_mg, " STORE_UNKNOWN ", 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM ledger "
#define STORE_UNKNOWN "(-9223372036854775807 - 1)" /* SERIES_UNKNOWN */
#define STORE_LOST_TAIL "lost tail" /* a number: the log was cut and the next term is not on record yet */

/* A new file, empty, that is not for others; one that is there, or cannot be made, is SQLite's to tell of. */
void store_file_make(const char *path);
/* Take from others what a store of an older version, and its WAL, gave them. */
void store_file_hide(const char *path);

struct store {
        char *path;
        struct store_lock lock;
        sqlite3 *db;
        sqlite3_stmt *add_log, *add_booking;
        uint64_t base;       /* index of the newest snapshot; 0: none */
        uint64_t last;       /* index of the last record committed */
        uint64_t noted;      /* last index that the lock file knew at opening */
        bool lost_tail;
        bool failed;         /* a commit failed */
        char damage[PATH_MAX + 256];
};

/* A row of log or snapshot under a statement of the form (key, type, bytes, sum). Borrowed until the next step. */
struct store_row {
        uint64_t key;
        int type;
        const uint8_t *bytes;
        size_t size;
        bool good;          /* its checksum is right */
};
struct store_row store_row(sqlite3_stmt *statement);

/* FNV-1a over key, type and bytes. */
uint64_t store_sum(uint64_t key, int type, const uint8_t *bytes, size_t size);

/* EIO, ENOMEM or ETRYAGAIN, with SQLite's words and a remedy. */
int store_fail(sqlite3 *db, const char *path, const char *doing, struct offpeak_error *err);
int store_run(sqlite3 *db, const char *path, const char *sql, struct offpeak_error *err);
int store_prepare(sqlite3 *db, const char *path, const char *sql, sqlite3_stmt **ret_statement,
                  struct offpeak_error *err);

/* Step a bound INSERT and make it ready for the next. */
int store_insert(struct store *store, sqlite3_stmt *insert, struct offpeak_error *err);

int store_create_tables(sqlite3 *db, const char *path, struct offpeak_error *err);

/* Tables of an older version become those of this one. */
int store_upgrade(sqlite3 *db, const char *path, struct offpeak_error *err);
void store_bind_booking(sqlite3_stmt *insert, uint64_t index, const struct booking *booking);

/* What a store file holds that can be relied on. */
struct store_survey {
        uint64_t base;      /* index of the newest snapshot that is good; 0: none, the log begins at 1 */
        uint64_t last;      /* last row of the log that is good and has no gap before it */
        bool damaged;       /* something is wrong somewhere */
        bool lost;          /* rows behind `last` are bad, or unreadable */
        bool usable;        /* base and last lead to a state */
};
struct store_survey store_survey(sqlite3 *db);

/*
 * Make a new file of what is good in a damaged one, and put it in its place; the damaged one becomes PATH.damaged-N
 * (written to ret_kept). db is the damaged one's connection, which is closed in any case.
 */
int store_rebuild(sqlite3 *db, const char *path, const struct store_survey *survey, char *ret_kept, size_t kept_size,
                  struct offpeak_error *err);

#endif
