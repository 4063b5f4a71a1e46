/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store, against its files: what was committed comes back in order; what was damaged is cut at the first bad row;
 * what was acknowledged outlives kill -9; who comes second is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "core/decide.h"
#include "io/record_codec.h"
#include "io/store.h"
#include "unit/io/random_record.h"

enum { N_FACTS = 18 }; /* types 1 to 18 are facts; images follow at 40 */

struct fixture {
        char directory[64];
        char path[96];
};

/* ---- files */

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        strcpy(fixture->directory, "/tmp/offpeak-store-XXXXXX");
        if (mkdtemp(fixture->directory) == NULL)
                return -1;
        snprintf(fixture->path, sizeof(fixture->path), "%s/store.db", fixture->directory);
        *state = fixture;
        return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
        (void)info;
        (void)type;
        (void)ftw;
        return remove(path);
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(fixture);
        return 0;
}

static void *read_file(const char *path, size_t *ret_size)
{
        FILE *file = fopen(path, "rb");
        char *bytes;

        assert_non_null(file);
        fseek(file, 0, SEEK_END);
        *ret_size = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(*ret_size + 1);
        assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
        bytes[*ret_size] = '\0';
        fclose(file);
        return bytes;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
}

static void beside(const char *path, const char *suffix, char ret_name[PATH_MAX])
{
        snprintf(ret_name, PATH_MAX, "%s%s", path, suffix);
}

static bool exists(const char *path, const char *suffix)
{
        char name[PATH_MAX];

        beside(path, suffix, name);
        return access(name, F_OK) == 0;
}

/* Take away everything at and beside path. */
static void remove_store(const char *path)
{
        static const char *const suffixes[] = {
                "", "-wal", "-shm", ".lock", ".rebuilt", ".damaged-1", ".damaged-1-wal"
        };
        char name[PATH_MAX];

        for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
                beside(path, suffixes[i], name);
                unlink(name);
        }
}

static void sql(const char *path, const char *statement)
{
        sqlite3 *db;
        char *text = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, statement, NULL, NULL, &text) != SQLITE_OK)
                fail_msg("%s: %s", statement, text);
        sqlite3_close(db);
}

static int64_t sql_number(const char *path, const char *query)
{
        sqlite3_stmt *statement;
        sqlite3 *db;
        int64_t value;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return value;
}

/* ---- records: number `index` is always the same one */

static enum record_type type_of(uint64_t index)
{
        return (enum record_type)(1 + index * 7 % N_FACTS);
}

static void make_record(struct record *ret_record, uint64_t index)
{
        random_record_fill(ret_record, type_of(index), 5000 + index);
        ret_record->index = index;
}

static int commit_range(struct store *store, uint64_t first, uint64_t last, struct offpeak_error *err)
{
        size_t n = (size_t)(last - first + 1);
        struct record *records = calloc(n, sizeof(*records));
        int rc;

        for (size_t i = 0; i < n; i++)
                make_record(&records[i], first + i);
        rc = store_commit(store, records, n, err);
        for (size_t i = 0; i < n; i++)
                record_finish(&records[i]);
        free(records);
        return rc;
}

/* In turns of one to four records. */
static void commit_all(struct store *store, uint64_t first, uint64_t last)
{
        struct offpeak_error err = { 0 };

        for (uint64_t next = first; next <= last;) {
                uint64_t stop = next + next % 4 < last ? next + next % 4 : last;

                if (commit_range(store, next, stop, &err) != 0)
                        fail_msg("%s", err.text);
                next = stop + 1;
        }
}

static struct store *open_store(const char *path)
{
        struct offpeak_error err = { 0 };
        struct store *store = NULL;

        if (store_open(path, &store, &err) != 0)
                fail_msg("%s", err.text);
        return store;
}

static void check_refused(const char *path, int code, const char *said)
{
        struct offpeak_error err = { 0 };
        struct store *store = NULL;

        assert_int_equal(store_open(path, &store, &err), code);
        assert_null(store);
        assert_int_equal(err.code, code);
        if (strstr(err.text, said) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, said);
}

/* ---- what a replay hands out */

struct replayed {
        uint64_t base;        /* of the snapshot; 0: none */
        uint64_t first, last; /* of the facts, which must come without gaps */
        size_t images;
        uint8_t *image_bytes;
        size_t image_size;
};

static void check_same(const struct record *record, const struct record *expected)
{
        uint8_t *got, *wanted;
        size_t got_size, wanted_size;

        assert_int_equal(record_encode(record, &got, &got_size, NULL), 0);
        assert_int_equal(record_encode(expected, &wanted, &wanted_size, NULL), 0);
        assert_int_equal(got_size, wanted_size);
        assert_memory_equal(got, wanted, got_size);
        free(got);
        free(wanted);
}

static void check_record(const struct record *record)
{
        struct record expected;

        make_record(&expected, record->index);
        check_same(record, &expected);
        record_finish(&expected);
}

static int add_image(void *context, const struct record *image)
{
        struct replayed *seen = context;
        uint8_t *bytes;
        size_t size;

        if (image->type == RECORD_I_META)
                seen->base = image->u.meta.log_index;
        assert_int_equal(record_encode(image, &bytes, &size, NULL), 0);
        seen->image_bytes = realloc(seen->image_bytes, seen->image_size + size);
        memcpy(seen->image_bytes + seen->image_size, bytes, size);
        seen->image_size += size;
        seen->images++;
        free(bytes);
        return 0;
}

static int take(void *context, struct record *record)
{
        struct replayed *seen = context;

        if (record->type >= RECORD_I_META) {
                assert_int_equal(seen->last, 0); /* before all facts */
                return add_image(seen, record);
        }
        check_record(record);
        if (seen->last == 0)
                seen->first = record->index;
        else
                assert_int_equal(record->index, seen->last + 1);
        seen->last = record->index;
        return 0;
}

static struct replayed replay(struct store *store, bool *ret_lost)
{
        struct offpeak_error err = { 0 };
        struct replayed seen = { 0 };

        if (store_replay(store, take, &seen, ret_lost, &err) != 0)
                fail_msg("%s", err.text);
        return seen;
}

static void check_replay(struct store *store, uint64_t first, uint64_t last, bool lost)
{
        bool lost_tail = !lost;
        struct replayed seen = replay(store, &lost_tail);

        assert_int_equal(seen.first, first);
        assert_int_equal(seen.last, last);
        assert_int_equal(lost_tail, lost);
        free(seen.image_bytes);
}

/* ---- tests */

static void test_what_was_committed_comes_back(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);

        check_replay(store, 0, 0, false);
        commit_all(store, 1, 60);
        check_replay(store, 1, 60, false);
        store_close(store);
        store = open_store(fixture->path);
        assert_null(store_damage(store));
        check_replay(store, 1, 60, false);
        commit_all(store, 61, 70);
        store_close(store);
        store = open_store(fixture->path);
        check_replay(store, 1, 70, false);
        store_close(store);
}

static void test_memory_only_records_are_passed_over(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct record records[3] = { { .type = RECORD_V_SESSION }, { 0 }, { .type = RECORD_V_BACKOFF } };

        assert_int_equal(store_commit(store, records, 1, NULL), 0);
        make_record(&records[1], 1);
        assert_int_equal(store_commit(store, records, 3, NULL), 0);
        assert_int_equal(store_commit(store, NULL, 0, NULL), 0);
        check_replay(store, 1, 1, false);
        record_finish(&records[1]);
        store_close(store);
}

static int refuse_third(void *context, struct record *record)
{
        (void)context;
        return record->index == 3 ? OFFPEAK_EINVAL : 0;
}

static void test_a_record_that_cannot_be_applied_is_named(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct offpeak_error err = { 0 };
        bool lost;

        commit_all(store, 1, 5);
        assert_int_equal(store_replay(store, refuse_third, NULL, &lost, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "record 3"));
        assert_non_null(strstr(err.text, record_type_name(type_of(3))));
        store_close(store);
}

static int mode_of(const char *path, const char *suffix)
{
        char name[128];
        struct stat st;

        snprintf(name, sizeof(name), "%s%s", path, suffix);
        assert_int_equal(stat(name, &st), 0);
        return st.st_mode & 07777;
}

/* Jobs' secrets are in it. */
static void test_it_is_not_for_others(void **state)
{
        const mode_t mask = umask(022);
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);

        commit_all(store, 1, 3);
        assert_int_equal(mode_of(fixture->path, ""), 0640);
        assert_int_equal(mode_of(fixture->path, "-wal"), 0640);
        store_close(store);
        assert_int_equal(chmod(fixture->path, 0666), 0); /* as older ones made it */
        store = open_store(fixture->path);
        commit_all(store, 4, 5);
        assert_int_equal(mode_of(fixture->path, ""), 0660);
        assert_int_equal(mode_of(fixture->path, "-wal") & 07, 0);
        store_close(store);
        umask(mask);
}

static void test_one_holder(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        char pid[32];

        snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
        check_refused(fixture->path, OFFPEAK_ETRYAGAIN, pid);
        store_close(store);
        store = open_store(fixture->path);
        store_close(store);
        store_close(NULL);
}

static void test_a_gap_in_the_indices_is_refused_and_stops_the_store(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct offpeak_error err = { 0 };

        commit_all(store, 1, 5);
        assert_int_equal(commit_range(store, 7, 8, &err), OFFPEAK_EINTERNAL);
        assert_non_null(strstr(err.text, "record 7"));
        assert_int_equal(commit_range(store, 6, 6, &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "recover"));
        store_close(store);
        store = open_store(fixture->path);
        check_replay(store, 1, 5, false);
        commit_all(store, 6, 8);
        check_replay(store, 1, 8, false);
        store_close(store);
}

/* A turn is taken as a whole or not at all, also when the last of its records cannot be written. */
static void test_all_or_nothing(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct record records[2];

        commit_all(store, 1, 4);
        make_record(&records[0], 5);
        records[1] = (struct record){ .type = RECORD_ENDED, .index = 6 }; /* state 0: out of bounds */
        assert_int_equal(store_commit(store, records, 2, NULL), OFFPEAK_EINVAL);
        record_finish(&records[0]);
        store_close(store);
        store = open_store(fixture->path);
        check_replay(store, 1, 4, false);
        store_close(store);
}

/* ---- the books */

static void commit_booking(struct store *store, uint64_t index, int64_t start, int64_t end)
{
        struct record record = { .type = RECORD_BOOKED, .index = index };
        struct booking *booking = &record.u.booked.booking;

        random_record_fill(&record, RECORD_BOOKED, index);
        record.index = index;
        booking->start = start;
        booking->end = end;
        assert_int_equal(store_commit(store, &record, 1, NULL), 0);
}

static void check_books(struct store *store, int64_t from, int64_t to, const uint64_t *indices, size_t n)
{
        struct booking *bookings;
        size_t found;

        assert_int_equal(store_bookings(store, from, to, &bookings, &found, NULL), 0);
        assert_int_equal(found, n);
        for (size_t i = 0; i < n; i++) {
                struct record expected, record;

                random_record_fill(&expected, RECORD_BOOKED, indices[i]);
                record = expected;
                expected.u.booked.booking.start = bookings[i].start;
                expected.u.booked.booking.end = bookings[i].end;
                record.u.booked.booking = bookings[i];
                check_same(&record, &expected);
        }
        free(bookings);
}

static void test_bookings_of_a_window(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);

        commit_booking(store, 1, 100, 200);
        commit_booking(store, 2, 50, 100);
        commit_booking(store, 3, 200, 200);
        commit_booking(store, 4, 0, 1000);
        check_books(store, 100, 200, (const uint64_t[]){ 1, 4 }, 2);
        check_books(store, 99, 200, (const uint64_t[]){ 1, 2, 4 }, 3);
        check_books(store, 200, 201, (const uint64_t[]){ 3, 4 }, 2);
        check_books(store, 1000, 2000, NULL, 0);
        check_books(store, -10, 0, NULL, 0);
        store_close(store);
        store = open_store(fixture->path);
        check_books(store, INT64_MIN, INT64_MAX, (const uint64_t[]){ 1, 2, 3, 4 }, 4);
        store_close(store);
}

static void test_numbers_outlive_a_restart(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        int64_t value = 0;

        assert_int_equal(store_get_number(store, "origin", -7, &value, NULL), 0);
        assert_int_equal(value, -7);
        assert_int_equal(store_set_number(store, "origin", INT64_MIN, NULL), 0);
        assert_int_equal(store_set_number(store, "rate", 60, NULL), 0);
        assert_int_equal(store_set_number(store, "rate", 61, NULL), 0);
        store_close(store);
        store = open_store(fixture->path);
        assert_int_equal(store_get_number(store, "origin", 0, &value, NULL), 0);
        assert_true(value == INT64_MIN);
        assert_int_equal(store_get_number(store, "rate", 0, &value, NULL), 0);
        assert_int_equal(value, 61);
        store_close(store);
}

/* ---- snapshots */

static void make_state(struct state *state, uint64_t index)
{
        static const enum record_type images[] = { RECORD_I_META, RECORD_I_SITE, RECORD_I_NODE,
                                                   RECORD_I_JOB,  RECORD_I_JOB,  RECORD_I_REQUEST };

        assert_int_equal(state_init(state), 0);
        for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
                struct record image;

                random_record_fill(&image, images[i], index * 100 + i);
                image.index = 0;
                image.at = 0;
                if (images[i] == RECORD_I_META)
                        image.u.meta.log_index = index;
                assert_int_equal(apply(state, &image), 0);
                record_finish(&image);
        }
        state->log_index = index;
}

static void snapshot(struct store *store, uint64_t index)
{
        struct offpeak_error err = { 0 };
        struct state state;

        make_state(&state, index);
        if (store_snapshot(store, &state, &err) != 0)
                fail_msg("%s", err.text);
        state_finish(&state);
}

/* The images of the snapshot of `base`, then the facts behind it. */
static void check_replay_from(struct store *store, uint64_t base, uint64_t last, bool lost)
{
        struct replayed expected = { 0 }, seen;
        bool lost_tail = !lost;
        struct state state;

        make_state(&state, base);
        assert_int_equal(state_images(&state, add_image, &expected), 0);
        seen = replay(store, &lost_tail);
        assert_int_equal(lost_tail, lost);
        assert_int_equal(seen.image_size, expected.image_size);
        assert_memory_equal(seen.image_bytes, expected.image_bytes, seen.image_size);
        assert_int_equal(seen.first, last > base ? base + 1 : 0);
        assert_int_equal(seen.last, last > base ? last : 0);
        free(seen.image_bytes);
        free(expected.image_bytes);
        state_finish(&state);
}

static void make_store_with_snapshots(const char *path)
{
        struct store *store = open_store(path);

        commit_all(store, 1, 20);
        snapshot(store, 20);
        check_replay_from(store, 20, 20, false);
        commit_all(store, 21, 30);
        snapshot(store, 30);
        commit_all(store, 31, 40);
        snapshot(store, 40);
        commit_all(store, 41, 47);
        store_close(store);
}

static void test_snapshots_cut_the_log(void **state)
{
        struct fixture *fixture = *state;
        struct store *store;

        make_store_with_snapshots(fixture->path);
        store = open_store(fixture->path);
        assert_null(store_damage(store));
        check_replay_from(store, 40, 47, false);
        assert_int_equal(sql_number(fixture->path, "SELECT min(idx) FROM log"), 31);
        assert_int_equal(sql_number(fixture->path, "SELECT count(DISTINCT idx) FROM snapshot"), 2);
        snapshot(store, 47);
        snapshot(store, 47); /* the same again */
        check_replay_from(store, 47, 47, false);
        assert_int_equal(sql_number(fixture->path, "SELECT min(idx) FROM log"), 41);
        store_close(store);
}

static void test_a_snapshot_of_another_moment_is_refused(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct state ahead;

        commit_all(store, 1, 10);
        make_state(&ahead, 11);
        assert_int_equal(store_snapshot(store, &ahead, NULL), OFFPEAK_EINTERNAL);
        state_finish(&ahead);
        check_replay(store, 1, 10, false);
        store_close(store);
}

static void test_a_damaged_snapshot_falls_back_on_the_older_one(void **state)
{
        struct fixture *fixture = *state;
        struct store *store;

        make_store_with_snapshots(fixture->path);
        sql(fixture->path, "UPDATE snapshot SET bytes = zeroblob(5) WHERE idx = 40 AND n = 3");
        store = open_store(fixture->path);
        assert_non_null(strstr(store_damage(store), "nothing is lost"));
        check_replay_from(store, 30, 47, false);
        store_close(store);
}

static void test_a_snapshot_that_lacks_an_image_is_not_used(void **state)
{
        static const char *const damages[] = {
                "DELETE FROM snapshot WHERE idx = 40 AND n = 2",
                "DELETE FROM snapshot WHERE idx = 40 AND type = 0",
                "DELETE FROM snapshot WHERE idx = 40 AND n >= 5",
                "UPDATE snapshot SET n = 99 WHERE idx = 40 AND n = 4",
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
                struct store *store;

                make_store_with_snapshots(fixture->path);
                sql(fixture->path, damages[i]);
                store = open_store(fixture->path);
                check_replay_from(store, 30, 47, false);
                store_close(store);
                remove_store(fixture->path);
        }
}

static void test_without_any_snapshot_left_the_store_is_refused(void **state)
{
        struct fixture *fixture = *state;

        make_store_with_snapshots(fixture->path);
        sql(fixture->path, "UPDATE snapshot SET sum = sum + 1");
        check_refused(fixture->path, OFFPEAK_EIO, "restore a backup");
        assert_false(exists(fixture->path, ".damaged-1")); /* left as it is */
}

/* ---- damaged rows */

static void check_cut(const char *path, const char *damage, uint64_t all, uint64_t kept)
{
        struct store *store = open_store(path);
        char lock[PATH_MAX];

        commit_all(store, 1, all);
        store_close(store);
        sql(path, damage);

        store = open_store(path);
        assert_non_null(strstr(store_damage(store), "damaged-1"));
        check_replay(store, 1, kept, true);
        store_close(store);
        beside(path, ".lock", lock);
        unlink(lock);
        store = open_store(path); /* a crash before the new term: still lost, whatever the lock knows */
        check_replay(store, 1, kept, true);
        commit_all(store, kept + 1, kept + 2);
        store_close(store);
        store = open_store(path);
        assert_null(store_damage(store));
        check_replay(store, 1, kept + 2, false);
        store_close(store);
        assert_true(exists(path, ".damaged-1"));
}

static void test_a_bad_row_cuts_the_log(void **state)
{
        static const char *const damages[] = {
                "UPDATE log SET bytes = x'00' || substr(bytes, 2)",
                "UPDATE log SET bytes = substr(bytes, 1, length(bytes) - 1)",
                "UPDATE log SET type = type % 18 + 1",
                "UPDATE log SET sum = 0",
                "DELETE FROM log",
        };
        struct fixture *fixture = *state;

        for (int row = 2; row <= 24; row += 11) {
                for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
                        char damage[128];

                        snprintf(damage, sizeof(damage), "%s WHERE idx = %d", damages[i], row);
                        check_cut(fixture->path, damage, 25, (uint64_t)row - 1);
                        remove_store(fixture->path);
                }
        }
}

static void test_what_follows_a_bad_row_is_set_aside(void **state)
{
        struct fixture *fixture = *state;

        check_cut(fixture->path, "UPDATE log SET sum = 0 WHERE idx = 20", 25, 19);
        assert_int_equal(sql_number(fixture->path, "SELECT count(*) FROM aside"), 6);
        assert_int_equal(sql_number(fixture->path, "SELECT min(idx) FROM aside"), 20);
        assert_int_equal(sql_number(fixture->path, "SELECT count(*) FROM ledger WHERE idx > 21"), 0);
}

/* A crash in the middle of an earlier rebuild left its half-made copy, and an older damage its file. */
static void test_leftovers_of_a_rebuild_do_not_disturb_the_next(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        char name[PATH_MAX];

        commit_all(store, 1, 10);
        store_close(store);
        sql(fixture->path, "UPDATE log SET sum = 0 WHERE idx = 8");
        beside(fixture->path, ".rebuilt", name);
        write_file(name, "half", 4);
        beside(fixture->path, ".damaged-1", name);
        write_file(name, "old", 3);
        store = open_store(fixture->path);
        assert_non_null(strstr(store_damage(store), "damaged-2"));
        check_replay(store, 1, 7, true);
        store_close(store);
        assert_false(exists(fixture->path, ".rebuilt"));
        assert_int_equal(sql_number(fixture->path, "SELECT count(*) FROM log"), 7);
        beside(fixture->path, ".damaged-2", name);
        assert_int_equal(sql_number(name, "SELECT count(*) FROM log"), 10); /* nothing was thrown away */
}

static void test_an_unreadable_first_row_is_refused(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);

        commit_all(store, 1, 10);
        store_close(store);
        sql(fixture->path, "UPDATE log SET sum = 0 WHERE idx = 1");
        check_refused(fixture->path, OFFPEAK_EIO, "no state can be read");
}

/* ---- damaged files */

static uint64_t count_booked(uint64_t last)
{
        uint64_t n = 0;

        for (uint64_t index = 1; index <= last; index++)
                n += type_of(index) == RECORD_BOOKED;
        return n;
}

/*
 * A damaged store is refused with a sentence, or gives a prefix and says whether something is missing; then it takes
 * commits again. Returns the last record, 0 when refused.
 */
static uint64_t check_damaged(const char *path, uint64_t all)
{
        struct offpeak_error err = { 0 };
        struct store *store = NULL;
        int rc = store_open(path, &store, &err);
        struct booking *bookings;
        struct replayed seen;
        bool lost = false;
        size_t n;

        if (rc != 0) {
                assert_true(rc == OFFPEAK_EIO || rc == OFFPEAK_EINVAL);
                assert_string_not_equal(err.text, "");
                return 0;
        }
        seen = replay(store, &lost);
        assert_int_equal(seen.first, 1);
        assert_in_range(seen.last, 1, all);
        assert_int_equal(lost, seen.last < all);
        if (store_bookings(store, 0, INT64_MAX, &bookings, &n, NULL) == 0) {
                assert_in_range(n, 0, count_booked(all));
                free(bookings);
        }
        commit_all(store, seen.last + 1, seen.last + 3);
        store_close(store);
        store = open_store(path);
        assert_null(store_damage(store));
        check_replay(store, 1, seen.last + 3, false);
        store_close(store);
        return seen.last;
}

struct image {
        char *main, *wal, *lock;
        size_t main_size, wal_size, lock_size;
};

static void finish_image(struct image *image)
{
        free(image->main);
        free(image->wal);
        free(image->lock);
}

static struct image read_image(const char *path)
{
        struct image image = { 0 };
        char name[PATH_MAX];

        image.main = read_file(path, &image.main_size);
        beside(path, ".lock", name);
        image.lock = read_file(name, &image.lock_size);
        beside(path, "-wal", name);
        if (exists(path, "-wal"))
                image.wal = read_file(name, &image.wal_size);
        return image;
}

/* The files as closing leaves them, or as a kill -9 would: taken while the store is open. */
static struct image take_image(const char *path, uint64_t all, bool closed)
{
        struct store *store = open_store(path);
        struct image image;

        commit_all(store, 1, all);
        if (closed)
                store_close(store);
        image = read_image(path);
        if (!closed)
                store_close(store);
        return image;
}

static void put_image(const char *path, const struct image *image)
{
        char name[PATH_MAX];

        remove_store(path);
        write_file(path, image->main, image->main_size);
        beside(path, ".lock", name);
        write_file(name, image->lock, image->lock_size);
        beside(path, "-wal", name);
        if (image->wal != NULL)
                write_file(name, image->wal, image->wal_size);
}

static void test_a_truncated_file_keeps_its_prefix(void **state)
{
        enum { ALL = 400 };
        struct fixture *fixture = *state;
        struct image image = take_image(fixture->path, ALL, true), cut = image;
        uint64_t longest = ALL;
        int shortened = 0;

        for (size_t size = image.main_size; size > 4096; size -= size > 20000 ? 7001 : 1024) {
                uint64_t last;

                cut.main_size = size;
                put_image(fixture->path, &cut);
                last = check_damaged(fixture->path, ALL);
                assert_true(last <= longest); /* less of the file is never more of the log */
                shortened += last > 0 && last < longest;
                longest = last;
        }
        assert_true(shortened > 5);
        finish_image(&image);
}

static void test_a_changed_file_is_found_out(void **state)
{
        struct fixture *fixture = *state;
        struct image image = take_image(fixture->path, 60, true);
        int cut = 0;

        for (size_t at = 0; at < image.main_size; at += 997) {
                char kept = image.main[at];
                uint64_t last;

                image.main[at] ^= 0x55;
                put_image(fixture->path, &image);
                last = check_damaged(fixture->path, 60);
                cut += last > 0 && last < 60;
                image.main[at] = kept;
        }
        assert_true(cut > 5);
        finish_image(&image);
}

static void test_a_truncated_wal_is_found_out(void **state)
{
        struct fixture *fixture = *state;
        struct image image = take_image(fixture->path, 30, false), cut = image;
        int refused = 0, shortened = 0;

        put_image(fixture->path, &image);
        assert_int_equal(check_damaged(fixture->path, 30), 30); /* as a kill -9 leaves it: whole */
        for (size_t size = image.wal_size; size > 0; size -= size < 9973 ? size : 9973) {
                uint64_t last;

                cut.wal_size = size;
                put_image(fixture->path, &cut);
                last = check_damaged(fixture->path, 30);
                refused += last == 0;
                shortened += last > 0 && last < 30;
        }
        assert_true(shortened > 5);
        cut.wal_size = 0;
        put_image(fixture->path, &cut);
        assert_int_equal(check_damaged(fixture->path, 30),
                         0); /* tables and all: an empty file that once had 30 records */
        finish_image(&image);
}

/* The damaged file goes with its WAL: replayed into the new file it would destroy that. */
static void test_a_damaged_file_takes_its_wal_with_it(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct image image;

        commit_all(store, 1, 40);
        store_close(store);
        store = open_store(fixture->path);
        commit_all(store, 41, 60);
        image = read_image(fixture->path);
        store_close(store);
        for (size_t at = 8192 + 100; at < image.main_size; at += 4096) {
                char kept = image.main[at];

                image.main[at] ^= 0x55;
                put_image(fixture->path, &image);
                check_damaged(fixture->path, 60);
                image.main[at] = kept;
        }
        finish_image(&image);
}

/* Bookings whose page is gone are made again from the log. */
static void test_a_damaged_ledger_is_restored(void **state)
{
        struct fixture *fixture = *state;
        struct image image = take_image(fixture->path, 120, true);
        int64_t page = sql_number(fixture->path, "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'");
        struct booking *bookings;
        struct store *store;
        size_t n;

        memset(image.main + (page - 1) * 4096, 0xff, 4096);
        put_image(fixture->path, &image);
        store = open_store(fixture->path);
        assert_non_null(strstr(store_damage(store), "nothing is lost"));
        check_replay(store, 1, 120, false);
        assert_int_equal(store_bookings(store, INT64_MIN, INT64_MAX, &bookings, &n, NULL), 0);
        assert_int_equal(n, count_booked(120));
        free(bookings);
        store_close(store);
        finish_image(&image);
}

static void test_a_restored_backup_is_told(void **state)
{
        struct fixture *fixture = *state;
        struct image old = take_image(fixture->path, 20, true);
        struct store *store = open_store(fixture->path);

        commit_all(store, 21, 30);
        store_close(store);
        write_file(fixture->path, old.main, old.main_size);
        store = open_store(fixture->path);
        assert_non_null(strstr(store_damage(store), "backup"));
        check_replay(store, 1, 20, true);
        commit_all(store, 21, 22);
        store_close(store);
        store = open_store(fixture->path);
        check_replay(store, 1, 22, false);
        store_close(store);
        finish_image(&old);
}

/* ---- what is no store, or cannot be written */

/* A store as the first version wrote it: its bookings stay, and new ones have the new columns. */
static void test_an_older_store_is_brought_up_to_date(void **state)
{
        static const char *const columns[] = { "market", "market_mg", "unit_1", "unit_2", "unit_3",
                                               "unit_4", "unit_5",    "unit_6", "unit_7", "unit_8" };
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct booking *bookings;
        struct record first;
        size_t n;

        commit_booking(store, 1, 100, 200);
        store_close(store);
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
                char statement[80];

                snprintf(statement, sizeof(statement), "ALTER TABLE ledger DROP COLUMN %s", columns[i]);
                sql(fixture->path, statement);
        }
        sql(fixture->path, "PRAGMA user_version = 1");
        store = open_store(fixture->path);
        commit_booking(store, 2, 300, 400);
        assert_int_equal(store_bookings(store, 0, 300, &bookings, &n, NULL), 0);
        assert_int_equal(n, 1);
        random_record_fill(&first, RECORD_BOOKED, 1);
        assert_int_equal(bookings[0].joules, first.u.booked.booking.joules);
        assert_int_equal(bookings[0].carbon_mg, first.u.booked.booking.carbon_mg);
        assert_true(bookings[0].market == SERIES_UNKNOWN);
        assert_int_equal(bookings[0].market_mg, 0);
        assert_int_equal(bookings[0].unit_joules[SUPPLY_GRID], 0);
        free(bookings);
        check_books(store, 300, 400, (const uint64_t[]){ 2 }, 1);
        store_close(store);
        assert_int_equal(sql_number(fixture->path, "PRAGMA user_version"), 3);
}

/* The second version had no column for what comes out of a store. */
static void test_a_store_of_the_second_version_gets_its_column(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);
        struct booking *bookings;
        struct record first;
        size_t n;

        commit_booking(store, 1, 100, 200);
        store_close(store);
        sql(fixture->path, "ALTER TABLE ledger DROP COLUMN unit_8");
        sql(fixture->path, "PRAGMA user_version = 2");
        store = open_store(fixture->path);
        assert_int_equal(store_bookings(store, 0, 300, &bookings, &n, NULL), 0);
        assert_int_equal(n, 1);
        random_record_fill(&first, RECORD_BOOKED, 1);
        assert_int_equal(bookings[0].market_mg, first.u.booked.booking.market_mg);
        assert_int_equal(bookings[0].unit_joules[SUPPLY_GRID], first.u.booked.booking.unit_joules[SUPPLY_GRID]);
        assert_int_equal(bookings[0].unit_joules[SUPPLY_STORE], 0);
        free(bookings);
        store_close(store);
        assert_int_equal(sql_number(fixture->path, "PRAGMA user_version"), 3);
}

static void test_other_files_are_refused(void **state)
{
        struct fixture *fixture = *state;
        char name[PATH_MAX];

        memset(name, 'x', 200);
        write_file(fixture->path, name, 200);
        check_refused(fixture->path, OFFPEAK_EINVAL, "not a store");
        unlink(fixture->path);
        sql(fixture->path, "CREATE TABLE t (x)");
        check_refused(fixture->path, OFFPEAK_EINVAL, "not a store of Offpeak");
        remove_store(fixture->path);
        store_close(open_store(fixture->path));
        sql(fixture->path, "PRAGMA user_version = 4");
        check_refused(fixture->path, OFFPEAK_EINVAL, "newer");
        beside(fixture->path, ".folder", name);
        assert_int_equal(mkdir(name, 0700), 0);
        check_refused(name, OFFPEAK_EIO, name);
        beside(fixture->directory, "/no/such/store.db", name);
        check_refused(name, OFFPEAK_EIO, "No such file");
}

static void test_an_emptied_store_is_not_begun_anew_unasked(void **state)
{
        struct fixture *fixture = *state;
        struct store *store = open_store(fixture->path);

        commit_all(store, 1, 10);
        store_close(store);
        assert_int_equal(truncate(fixture->path, 0), 0);
        check_refused(fixture->path, OFFPEAK_EIO, "10 records were committed");
}

/* Runs check in a child and takes over its verdict; what it prints goes to the test's output. */
static void in_child(void (*check)(const struct fixture *fixture), const struct fixture *fixture)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                check(fixture);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void child_must(bool ok, const char *what, const struct offpeak_error *err)
{
        if (ok)
                return;
        fprintf(stderr, "%s: %s\n", what, err->text);
        _exit(1);
}

/* A file size limit stands in for a full disk: writing fails the same way, in the middle of a commit. */
static void fill_disk(const struct fixture *fixture)
{
        struct rlimit limit = { 200000, 200000 };
        struct offpeak_error err = { 0 };
        struct store *store = NULL;
        uint64_t next = 1;

        signal(SIGXFSZ, SIG_IGN);
        child_must(store_open(fixture->path, &store, &err) == 0, "open", &err);
        child_must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit", &err);
        while (next < 500 && commit_range(store, next, next, &err) == 0)
                next++;
        child_must(next > 5 && next < 500 && err.code == OFFPEAK_EIO, "the commit should fail", &err);
        child_must(strstr(err.text, fixture->path) != NULL && strstr(err.text, "disk") != NULL, "place and cause",
                   &err);
        child_must(commit_range(store, next, next, &err) == OFFPEAK_EIO && strstr(err.text, "recover"),
                   "refuses the next", &err);
        store_close(store);
        _exit((int)next); /* what was acknowledged, plus one */
}

static void test_a_full_disk_loses_nothing_acknowledged(void **state)
{
        struct fixture *fixture = *state;
        pid_t pid = fork();
        struct store *store;
        int status;

        if (pid == 0)
                fill_disk(fixture);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 5);
        store = open_store(fixture->path);
        check_replay(store, 1, (uint64_t)WEXITSTATUS(status) - 1, false);
        store_close(store);
}

static void open_as_nobody(const struct fixture *fixture)
{
        struct offpeak_error err = { 0 };
        struct store *store = NULL;

        if (geteuid() == 0 && setuid(65534) != 0)
                _exit(0);
        child_must(store_open(fixture->path, &store, &err) == OFFPEAK_EIO, "opens what it cannot write", &err);
        child_must(strstr(err.text, fixture->path) != NULL, "names the place", &err);
        child_must(strstr(err.text, "ermission") != NULL || strstr(err.text, "not written") != NULL, "names the cause",
                   &err);
}

static void test_a_store_that_cannot_be_written_is_refused(void **state)
{
        struct fixture *fixture = *state;
        char lock[PATH_MAX];

        store_close(open_store(fixture->path));
        beside(fixture->path, ".lock", lock);
        chmod(fixture->directory, 0555);
        chmod(fixture->path, 0444);
        chmod(lock, 0444);
        in_child(open_as_nobody, fixture);
        chmod(lock, 0666); /* only the database is read-only */
        in_child(open_as_nobody, fixture);
        chmod(fixture->directory, 0755);
}

/* ---- kill -9 */

/* Commits for ever and tells of each commit that returned. */
static void commit_until_killed(const char *path, int acknowledge, uint64_t next)
{
        struct offpeak_error err = { 0 };
        struct store *store = NULL;

        if (store_open(path, &store, &err) != 0)
                _exit(1);
        for (;;) {
                uint64_t last = next + next % 3;

                if (commit_range(store, next, last, &err) != 0)
                        _exit(2);
                if (last % 5 == 0)
                        snapshot(store, last);
                if (write(acknowledge, &last, sizeof(last)) != sizeof(last))
                        _exit(3);
                next = last + 1;
        }
}

static void test_what_was_acknowledged_outlives_kill_9(void **state)
{
        struct fixture *fixture = *state;
        uint64_t seed = 5, present = 0;

        for (int round = 0; round < 12; round++) {
                uint64_t acknowledged = present, wanted = present + 1 + random_draw(&seed) % 25;
                bool lost = true;
                struct replayed seen;
                struct store *store;
                int pipe_ends[2], status;
                pid_t pid;

                assert_int_equal(pipe(pipe_ends), 0);
                pid = fork();
                if (pid == 0) {
                        close(pipe_ends[0]);
                        commit_until_killed(fixture->path, pipe_ends[1], present + 1);
                }
                close(pipe_ends[1]);
                while (acknowledged < wanted)
                        assert_int_equal(read(pipe_ends[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
                kill(pid, SIGKILL);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                while (read(pipe_ends[0], &present, sizeof(present)) == sizeof(present))
                        acknowledged = present;
                close(pipe_ends[0]);

                store = open_store(fixture->path);
                assert_null(store_damage(store));
                seen = replay(store, &lost);
                assert_false(lost);
                assert_true(seen.last == 0 || seen.first == seen.base + 1);
                present = seen.last > 0 ? seen.last : seen.base;
                assert_true(present >= acknowledged);
                assert_true(present <= acknowledged + 3); /* at most the turn that was under way */
                free(seen.image_bytes);
                store_close(store);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_what_was_committed_comes_back),
                TEST(test_memory_only_records_are_passed_over),
                TEST(test_a_record_that_cannot_be_applied_is_named),
                TEST(test_it_is_not_for_others),
                TEST(test_one_holder),
                TEST(test_a_gap_in_the_indices_is_refused_and_stops_the_store),
                TEST(test_all_or_nothing),
                TEST(test_bookings_of_a_window),
                TEST(test_numbers_outlive_a_restart),
                TEST(test_snapshots_cut_the_log),
                TEST(test_a_snapshot_of_another_moment_is_refused),
                TEST(test_a_damaged_snapshot_falls_back_on_the_older_one),
                TEST(test_a_snapshot_that_lacks_an_image_is_not_used),
                TEST(test_without_any_snapshot_left_the_store_is_refused),
                TEST(test_a_bad_row_cuts_the_log),
                TEST(test_what_follows_a_bad_row_is_set_aside),
                TEST(test_leftovers_of_a_rebuild_do_not_disturb_the_next),
                TEST(test_an_unreadable_first_row_is_refused),
                TEST(test_a_truncated_file_keeps_its_prefix),
                TEST(test_a_changed_file_is_found_out),
                TEST(test_a_truncated_wal_is_found_out),
                TEST(test_a_damaged_file_takes_its_wal_with_it),
                TEST(test_a_damaged_ledger_is_restored),
                TEST(test_a_restored_backup_is_told),
                TEST(test_an_older_store_is_brought_up_to_date),
                TEST(test_a_store_of_the_second_version_gets_its_column),
                TEST(test_other_files_are_refused),
                TEST(test_an_emptied_store_is_not_begun_anew_unasked),
                TEST(test_a_full_disk_loses_nothing_acknowledged),
                TEST(test_a_store_that_cannot_be_written_is_refused),
                TEST(test_what_was_acknowledged_outlives_kill_9),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
