/* SPDX-License-Identifier: Apache-2.0 */
/* store_books.c - the ledger table and the named numbers. */
#include "io/store.h"

#include <stdlib.h>

#include "base/fail.h"
#include "io/store_parts.h"

_Static_assert(SUPPLY_UNITS == 9, "the ledger has a column for each unit");

void store_bind_booking(sqlite3_stmt *insert, uint64_t index, const struct booking *booking)
{
        const int64_t values[] = {
                (int64_t)index,
                booking->account,
                booking->quality,
                booking->site,
                booking->node,
                (int64_t)booking->job,
                booking->attempt,
                booking->start,
                booking->end,
                booking->joules,
                booking->price,
                booking->carbon,
                (int64_t)booking->price_version,
                (int64_t)booking->carbon_version,
                booking->cost,
                booking->carbon_mg,
                booking->market,
                booking->market_mg,
        };
        const int n = (int)(sizeof(values) / sizeof(values[0]));

        for (int i = 0; i < n; i++)
                sqlite3_bind_int64(insert, i + 1, values[i]);
        for (int unit = 1; unit < SUPPLY_UNITS; unit++)
                sqlite3_bind_int64(insert, n + unit, booking->unit_joules[unit]);
}

static void read_booking(sqlite3_stmt *row, struct booking *to)
{
        to->account = (enum account)sqlite3_column_int(row, 1);
        to->quality = (enum quality)sqlite3_column_int(row, 2);
        to->site = (uint32_t)sqlite3_column_int64(row, 3);
        to->node = (uint32_t)sqlite3_column_int64(row, 4);
        to->job = (uint64_t)sqlite3_column_int64(row, 5);
        to->attempt = (uint32_t)sqlite3_column_int64(row, 6);
        to->start = sqlite3_column_int64(row, 7);
        to->end = sqlite3_column_int64(row, 8);
        to->joules = sqlite3_column_int64(row, 9);
        to->price = sqlite3_column_int64(row, 10);
        to->carbon = sqlite3_column_int64(row, 11);
        to->price_version = (uint64_t)sqlite3_column_int64(row, 12);
        to->carbon_version = (uint64_t)sqlite3_column_int64(row, 13);
        to->cost = sqlite3_column_int64(row, 14);
        to->carbon_mg = sqlite3_column_int64(row, 15);
        to->market = sqlite3_column_int64(row, 16);
        to->market_mg = sqlite3_column_int64(row, 17);
        to->unit_joules[0] = 0; /* no unit */
        for (int unit = 1; unit < SUPPLY_UNITS; unit++)
                to->unit_joules[unit] = sqlite3_column_int64(row, 17 + unit);
}

/* Room for one more behind n; doubles. NULL on ENOMEM, and the old array stays. */
static struct booking *grow(struct booking **bookings, size_t n)
{
        if (n == 0 || (n & (n - 1)) == 0) {
                struct booking *more = realloc(*bookings, (n == 0 ? 1 : 2 * n) * sizeof(*more));

                if (more == NULL)
                        return NULL;
                *bookings = more;
        }
        return &(*bookings)[n];
}

int store_bookings(struct store *store, int64_t from, int64_t to, struct booking **ret_bookings, size_t *ret_n,
                   struct offpeak_error *err)
{
        struct booking *bookings = NULL;
        sqlite3_stmt *rows;
        size_t n = 0;
        int step = SQLITE_DONE;
        int rc = store_prepare(store->db, store->path,
                               STORE_SELECT_LEDGER
                               "WHERE start_s < ?2 AND (end_s > ?1 OR (end_s = ?1 AND start_s = ?1)) ORDER BY idx",
                               &rows, err);

        if (rc != 0)
                return rc;
        sqlite3_bind_int64(rows, 1, from);
        sqlite3_bind_int64(rows, 2, to);
        while (rc == 0 && (step = sqlite3_step(rows)) == SQLITE_ROW) {
                struct booking *room = grow(&bookings, n);

                if (room == NULL)
                        rc = fail(err, OFFPEAK_ENOMEM, "out of memory for %zu bookings", n);
                else
                        read_booking(rows, room), n++;
        }
        if (rc == 0 && step != SQLITE_DONE)
                rc = store_fail(store->db, store->path, "read the books", err);
        sqlite3_finalize(rows);
        if (rc != 0) {
                free(bookings);
                return rc;
        }
        *ret_bookings = bookings;
        *ret_n = n;
        return 0;
}

/* ---- numbers */

int store_get_number(struct store *store, const char *name, int64_t fallback, int64_t *ret_value,
                     struct offpeak_error *err)
{
        sqlite3_stmt *read;
        int rc = store_prepare(store->db, store->path, "SELECT value FROM number WHERE name = ?", &read, err), step;

        if (rc != 0)
                return rc;
        sqlite3_bind_text(read, 1, name, -1, SQLITE_STATIC);
        step = sqlite3_step(read);
        if (step == SQLITE_ROW)
                *ret_value = sqlite3_column_int64(read, 0);
        else if (step == SQLITE_DONE)
                *ret_value = fallback;
        else
                rc = store_fail(store->db, store->path, "read a number", err);
        sqlite3_finalize(read);
        return rc;
}

int store_set_number(struct store *store, const char *name, int64_t value, struct offpeak_error *err)
{
        sqlite3_stmt *write;
        int rc = store_prepare(store->db, store->path, "INSERT OR REPLACE INTO number (name, value) VALUES (?, ?)",
                               &write, err);

        if (rc != 0)
                return rc;
        sqlite3_bind_text(write, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(write, 2, value);
        rc = store_insert(store, write, err);
        sqlite3_finalize(write);
        return rc;
}
