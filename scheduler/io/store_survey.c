/* SPDX-License-Identifier: Apache-2.0 */
/* store_survey.c - read everything that a replay would read, once, and tell how far it can be relied on. */
#include <string.h>

#include "io/store_parts.h"

uint64_t store_sum(uint64_t key, int type, const uint8_t *bytes, size_t size)
{
        uint64_t head[2] = { key, (uint64_t)type };
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < 16; i++)
                sum = (sum ^ (head[i / 8] >> 8 * (i % 8) & 0xff)) * UINT64_C(0x100000001b3);
        for (size_t i = 0; i < size; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
        return sum;
}

struct store_row store_row(sqlite3_stmt *statement)
{
        struct store_row row = {
                .key = (uint64_t)sqlite3_column_int64(statement, 0),
                .type = sqlite3_column_int(statement, 1),
                .bytes = sqlite3_column_blob(statement, 2),
                .size = (size_t)sqlite3_column_bytes(statement, 2),
        };

        row.good = (uint64_t)sqlite3_column_int64(statement, 3) == store_sum(row.key, row.type, row.bytes, row.size);
        return row;
}

/* SQLite's own opinion of its pages and trees. */
static bool pages_whole(sqlite3 *db)
{
        sqlite3_stmt *check = NULL;
        bool whole;

        if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL) != SQLITE_OK)
                return false;
        whole = sqlite3_step(check) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(check, 0), "ok") == 0;
        sqlite3_finalize(check);
        return whole;
}

/* A snapshot's images are numbered from 0, and the last row (type 0) holds their count as its key: none is missing. */
static bool snapshot_good(sqlite3 *db, uint64_t index)
{
        sqlite3_stmt *images = NULL;
        uint64_t n = 0;
        bool ended = false, good = true;
        int rc;

        if (sqlite3_prepare_v2(db, STORE_SELECT_IMAGES, -1, &images, NULL) != SQLITE_OK)
                return false;
        sqlite3_bind_int64(images, 1, (sqlite3_int64)index);
        while (good && (rc = sqlite3_step(images)) == SQLITE_ROW) {
                struct store_row row = store_row(images);

                good = row.good && row.key == n++ && !ended;
                ended = row.type == 0;
        }
        sqlite3_finalize(images);
        return good && ended && rc == SQLITE_DONE;
}

/* The newest snapshot that is good. */
static void survey_snapshots(sqlite3 *db, struct store_survey *survey)
{
        sqlite3_stmt *list = NULL;
        int rc;

        if (sqlite3_prepare_v2(db, "SELECT DISTINCT idx FROM snapshot ORDER BY idx DESC", -1, &list, NULL) !=
            SQLITE_OK) {
                survey->damaged = true;
                return;
        }
        while (survey->base == 0 && (rc = sqlite3_step(list)) == SQLITE_ROW) {
                uint64_t index = (uint64_t)sqlite3_column_int64(list, 0);

                if (snapshot_good(db, index))
                        survey->base = index;
                else
                        survey->damaged = true;
        }
        if (survey->base == 0 && rc != SQLITE_DONE)
                survey->damaged = true;
        sqlite3_finalize(list);
}

/* From the base on, row by row, as long as each is good and the next. */
static void survey_log(sqlite3 *db, struct store_survey *survey)
{
        sqlite3_stmt *rows = NULL;
        int rc = SQLITE_ERROR;

        survey->last = survey->base;
        if (sqlite3_prepare_v2(db, STORE_SELECT_LOG, -1, &rows, NULL) == SQLITE_OK) {
                sqlite3_bind_int64(rows, 1, (sqlite3_int64)survey->base);
                while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
                        struct store_row row = store_row(rows);

                        if (!row.good || row.key != survey->last + 1)
                                break;
                        survey->last = row.key;
                }
        }
        sqlite3_finalize(rows);
        survey->lost = rc != SQLITE_DONE;
}

struct store_survey store_survey(sqlite3 *db)
{
        struct store_survey survey = { .damaged = !pages_whole(db) };

        survey_snapshots(db, &survey);
        survey_log(db, &survey);
        survey.damaged = survey.damaged || survey.lost;
        survey.usable = survey.last > 0 || !survey.damaged;
        return survey;
}
