/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>

#include "io/record_codec.h"
#include "unit/io/random_record.h"

struct bytes {
        uint8_t *data;
        size_t size;
};

static struct bytes encode(const struct record *record)
{
        struct offpeak_error err = { 0 };
        struct bytes bytes = { 0 };

        if (record_encode(record, &bytes.data, &bytes.size, &err) != 0)
                fail_msg("%s: %s", record_type_name(record->type), err.text);
        return bytes;
}

static struct bytes encode_random(enum record_type type, uint64_t seed)
{
        struct record record;
        struct bytes bytes;

        random_record_fill(&record, type, seed);
        bytes = encode(&record);
        record_finish(&record);
        return bytes;
}

static void check_same(struct bytes a, struct bytes b)
{
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
}

static void check_round_trip(enum record_type type, uint64_t seed)
{
        struct bytes bytes = encode_random(type, seed), again;
        struct offpeak_error err = { 0 };
        struct record record;
        const char *wrong;

        if (record_decode(bytes.data, bytes.size, &record, &err) != 0)
                fail_msg("%s, seed %llu: %s", record_type_name(type), (unsigned long long)seed, err.text);
        wrong = random_record_check(&record, type, seed);
        if (wrong != NULL)
                fail_msg("%s, seed %llu: %s differs", record_type_name(type), (unsigned long long)seed, wrong);
        again = encode(&record);
        check_same(bytes, again);
        record_finish(&record);
        free(bytes.data);
        free(again.data);
}

static void test_every_type_comes_back_as_it_was(void **state)
{
        enum record_type type;

        (void)state;
        for (size_t nth = 0; (type = random_record_type(nth)) != 0; nth++)
                for (uint64_t seed = 0; seed < 60; seed++)
                        check_round_trip(type, seed * 1000 + type);
}

/* Whatever the bytes are: EINVAL with a sentence, or a record that from then on always encodes to the same bytes. */
static bool check_harmless(const uint8_t *data, size_t size)
{
        struct offpeak_error err = { 0 };
        struct record record, second;
        struct bytes once, twice;
        uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a sanitizer sees a byte read too far */
        int rc;

        memcpy(exact, data, size);
        memset(&record, 0xa5, sizeof(record));
        rc = record_decode(exact, size, &record, &err);
        free(exact);
        if (rc != 0) {
                assert_int_equal(rc, OFFPEAK_EINVAL);
                assert_int_equal(err.code, OFFPEAK_EINVAL);
                assert_string_not_equal(err.text, "");
                assert_int_equal(*(uint8_t *)&record, 0xa5); /* untouched */
                return false;
        }
        once = encode(&record);
        assert_int_equal(record_decode(once.data, once.size, &second, &err), 0);
        twice = encode(&second);
        check_same(once, twice);
        record_finish(&record);
        record_finish(&second);
        free(once.data);
        free(twice.data);
        return true;
}

static void test_truncated_and_changed_bytes_do_no_harm(void **state)
{
        uint64_t seed = 7;
        size_t refused = 0;
        enum record_type type;

        (void)state;
        for (size_t nth = 0; (type = random_record_type(nth)) != 0; nth++) {
                struct bytes bytes = encode_random(type, 31 + nth);
                size_t step = bytes.size / 40 + 1;

                for (size_t size = 0; size < bytes.size; size += step)
                        refused += !check_harmless(bytes.data, size);
                for (int round = 0; round < 60; round++) {
                        size_t at = random_draw(&seed) % bytes.size;
                        uint8_t kept = bytes.data[at];

                        bytes.data[at] ^= (uint8_t)(1 + random_draw(&seed) % 255);
                        refused += !check_harmless(bytes.data, bytes.size);
                        bytes.data[at] = kept;
                }
                free(bytes.data);
        }
        assert_true(refused > 100);
}

static void test_noise_is_refused(void **state)
{
        uint64_t seed = 11;
        uint8_t noise[200];
        size_t refused = 0;

        (void)state;
        for (int round = 0; round < 500; round++) {
                size_t size = random_draw(&seed) % sizeof(noise);

                for (size_t i = 0; i < size; i++)
                        noise[i] = (uint8_t)random_draw(&seed);
                refused += !check_harmless(noise, size);
        }
        assert_int_equal(refused, 500);
}

static void check_refused(const uint8_t *data, size_t size, const char *what)
{
        struct offpeak_error err = { 0 };
        struct record record;

        if (record_decode(data, size, &record, &err) != OFFPEAK_EINVAL)
                fail_msg("%s was taken", what);
        assert_non_null(strstr(err.text, "log"));
}

static void test_what_is_not_a_record_of_this_version(void **state)
{
        static const uint8_t no_body[] = { 0xa0, 0x06, 0x05 };                             /* index 5 alone */
        static const uint8_t no_policy[] = { 0x12, 0x00 };                                 /* CONFIG without a policy */
        static const uint8_t newer_type[] = { 0xf2, 0x01, 0x00 };                          /* field 30 */
        static const uint8_t newer_field[] = { 0x0a, 0x05, 0x08, 0x01, 0xf8, 0x06, 0x07 }; /* TERM with a field 111 */
        static const uint8_t term[] = { 0x0a, 0x02, 0x08, 0x01 };
        struct record record;

        (void)state;
        check_refused(NULL, 0, "nothing");
        check_refused(no_body, sizeof(no_body), "no body");
        check_refused(no_policy, sizeof(no_policy), "no policy");
        check_refused(newer_type, sizeof(newer_type), "a newer type");
        check_refused(newer_field, sizeof(newer_field), "a newer field");
        assert_int_equal(record_decode(term, sizeof(term), &record, NULL), 0);
        assert_int_equal(record.type, RECORD_TERM);
        assert_int_equal(record.u.term.term, 1);
}

/* One record of each type as an earlier build wrote it: what is on someone's disk stays readable, byte for byte. */
static void test_records_of_old_stay_readable(void **state)
{
        enum record_type type;

        (void)state;
        for (size_t nth = 0; (type = random_record_type(nth)) != 0; nth++) {
                char path[256];
                uint8_t data[4096];
                struct bytes old = { data, 0 }, again;
                struct record record;
                FILE *file;

                snprintf(path, sizeof(path), OFFPEAK_SOURCE_DIR "/tests/fixtures/record/%s.bin",
                         record_type_name(type));
                for (char *c = path + strlen(OFFPEAK_SOURCE_DIR); *c != '\0'; c++)
                        *c = (char)tolower(*c);
                file = fopen(path, "rb");
                if (file == NULL)
                        fail_msg("%s is missing", path);
                old.size = fread(data, 1, sizeof(data), file);
                fclose(file);
                assert_int_equal(record_decode(old.data, old.size, &record, NULL), 0);
                assert_int_equal(record.type, type);
                again = encode(&record);
                check_same(old, again);
                record_finish(&record);
                free(again.data);
        }
}

/* What could not be read again must not get into the log. */
static void check_not_encoded(const struct record *record, const char *named)
{
        struct offpeak_error err = { 0 };
        uint8_t *bytes = NULL;
        size_t size = 0;

        assert_int_equal(record_encode(record, &bytes, &size, &err), OFFPEAK_EINVAL);
        assert_null(bytes);
        if (strstr(err.text, named) == NULL)
                fail_msg("\"%s\" does not name %s", err.text, named);
}

static void test_out_of_bounds_is_not_written(void **state)
{
        struct record record = { .type = RECORD_ENDED };
        struct series_point points[2] = { { 100, 1 }, { 100, 2 } };

        (void)state;
        record.u.ended.state = 6;
        check_not_encoded(&record, "ended.state");
        memset(&record, 0, sizeof(record));
        record.type = RECORD_BOOKED;
        record.u.booked.booking =
                (struct booking){ .account = (enum account)ACCOUNT_COUNT, .quality = QUALITY_MEASURED };
        check_not_encoded(&record, "booking.account");
        memset(&record, 0, sizeof(record));
        record.type = RECORD_SERIES;
        record.u.series.series = (struct series){ .kind = SERIES_PRICE, .points = points, .n_points = 2, .end = 200 };
        check_not_encoded(&record, "series.starts");
        points[1].start = 150;
        record.u.series.series.end = 149;
        check_not_encoded(&record, "series.end");
}

static void test_memory_only_records_are_not_written(void **state)
{
        (void)state;
        for (int type = RECORD_V_SESSION; type <= RECORD_V_STARTED; type++) {
                struct record record = { .type = (enum record_type)type };

                check_not_encoded(&record, "not for the log");
        }
        check_not_encoded(&(struct record){ .type = 0 }, "not for the log");
        check_not_encoded(&(struct record){ .type = 30 }, "not for the log");
}

static void test_legs_seen_running_are_on_record_as_ordered(void **state)
{
        static const enum leg_state seen[] = { LEG_ORDERED, LEG_ARMED, LEG_RUNNING, LEG_ENDED };
        struct leg legs[4] = { 0 };
        struct record record = { .type = RECORD_I_JOB }, back;
        struct bytes bytes;

        (void)state;
        for (int i = 0; i < 4; i++)
                legs[i].state = seen[i];
        record.u.job.job.state = OFFPEAK_JOB_ACTIVE;
        record.u.job.job.not_before_ms = 55;
        record.u.job.job.attempt.launched_ms = 77;
        record.u.job.job.attempt.legs = legs;
        record.u.job.job.attempt.n_legs = 4;
        bytes = encode(&record);
        assert_int_equal(record_decode(bytes.data, bytes.size, &back, NULL), 0);
        for (int i = 0; i < 3; i++)
                assert_int_equal(back.u.job.job.attempt.legs[i].state, LEG_ORDERED);
        assert_int_equal(back.u.job.job.attempt.legs[3].state, LEG_ENDED);
        assert_int_equal(back.u.job.job.not_before_ms, 0);
        assert_int_equal(back.u.job.job.attempt.launched_ms, 0);
        record_finish(&back);
        free(bytes.data);
}

static void test_a_year_of_prices_is_compact(void **state)
{
        enum { HOURS = 8760 };
        struct record record = { .type = RECORD_SERIES };
        struct series_point *points = calloc(HOURS, sizeof(*points));
        uint64_t seed = 3;
        struct bytes bytes;

        (void)state;
        for (int i = 0; i < HOURS; i++) {
                points[i].start = INT64_C(1767225600) + 3600 * i;
                points[i].value = (int64_t)(random_draw(&seed) % 20000) * 10000; /* 0.00 to 200.00 a MWh */
        }
        record.u.series.series = (struct series){ .kind = SERIES_PRICE, .points = points, .n_points = HOURS };
        record.u.series.series.end = points[HOURS - 1].start + 3600;
        bytes = encode(&record);
        assert_true(bytes.size < HOURS * 7);
        free(bytes.data);
        free(points);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_type_comes_back_as_it_was),
                cmocka_unit_test(test_truncated_and_changed_bytes_do_no_harm),
                cmocka_unit_test(test_noise_is_refused),
                cmocka_unit_test(test_what_is_not_a_record_of_this_version),
                cmocka_unit_test(test_records_of_old_stay_readable),
                cmocka_unit_test(test_out_of_bounds_is_not_written),
                cmocka_unit_test(test_memory_only_records_are_not_written),
                cmocka_unit_test(test_legs_seen_running_are_on_record_as_ordered),
                cmocka_unit_test(test_a_year_of_prices_is_compact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
