/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/when.h"

#define NOW INT64_C(1795341600) /* 2026-11-22T10:00:00Z, a Sunday */

/* ---- the calendar, against the C library's */

static void civil_agrees_with_libc(void **state)
{
        (void)state;
        /* every day of nine centuries, at a second that wanders */
        for (int64_t day = -141000; day < 190000; day++) {
                int64_t time = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
                time_t t = (time_t)time;
                struct when_civil c = when_civil(time);
                struct tm tm;

                gmtime_r(&t, &tm);
                if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
                    c.hour != tm.tm_hour || c.minute != tm.tm_min || c.second != tm.tm_sec)
                        fail_msg("day %lld is %d-%d-%d", (long long)day, c.year, c.month, c.day);
                if (when_from_civil(&c) != time)
                        fail_msg("day %lld does not come back", (long long)day);
        }
}

static void civil_fields_carry_over(void **state)
{
        struct when_civil thirteenth = { 2026, 13, 1, 0, 0, 0 }, january = { 2027, 1, 1, 0, 0, 0 };
        struct when_civil zeroth = { 2026, 0, 1, 0, 0, 0 }, december = { 2025, 12, 1, 0, 0, 0 };
        struct when_civil day29 = { 2026, 2, 29, 25, 0, 0 }, march = { 2026, 3, 2, 1, 0, 0 };

        (void)state;
        assert_int_equal(when_from_civil(&thirteenth), when_from_civil(&january));
        assert_int_equal(when_from_civil(&zeroth), when_from_civil(&december));
        assert_int_equal(when_from_civil(&day29), when_from_civil(&march));
}

static void civil_survives_any_number(void **state)
{
        (void)state;
        assert_true(when_civil(INT64_MAX).year > 2000000000);
        assert_true(when_civil(INT64_MIN).year < -2000000000);
        assert_in_range(when_civil(INT64_MIN).month, 1, 12);
}

/* ---- durations */

static int64_t duration(const char *text)
{
        struct offpeak_error err = { 0 };
        int64_t seconds = -1;

        if (when_parse_duration(text, &seconds, &err) != 0)
                fail_msg("%s: %s", text, err.text);
        return seconds;
}

static void durations(void **state)
{
        static const struct {
                const char *text;
                int64_t seconds;
        } cases[] = {
                { "90s", 90 },         { "45m", 2700 },         { "2h", 7200 },        { "1d", 86400 },
                { "1w", 604800 },      { "1h30m", 5400 },       { "2hours", 7200 },    { "90min", 5400 },
                { "6 h 20 min", 22800 }, { "2 d 3 h", 183600 }, { "0s", 0 },           { "0", 0 },
                { "90", 5400 },        { "1:30", 90 },          { "90:00", 5400 },     { "1:30:00", 5400 },
                { "100:00:00", 360000 }, { "2-12", 216000 },    { "2-12:30", 217800 }, { "2-12:30:15", 217815 },
                { "0-0", 0 },          { "1D2H", 93600 },       { "  45m ", 2700 },    { "36h", 129600 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_int_equal(duration(cases[i].text), cases[i].seconds);
}

static void bad_durations_are_named_with_forms_that_work(void **state)
{
        static const char *const bad[] = { "",       " ",     "-5m",    "5x",    "h",        "1h1h",    "30m1h",
                                           "1h30",   "1:60",  "1:2:60", "1-24",  "1-2:3:4:5", "1:2:3:4", "1.5h",
                                           "1h 30",  "-1",    "+1h",    "1m30",  "1::2",     "1-",      "mins",
                                           "99999999999999999999d", "99999999999999999999", "400000000w",
                                           "9999999999-1", "5m;",  "4000000000:00:00" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct offpeak_error err = { 0 };
                int64_t seconds = -1;

                assert_int_equal(when_parse_duration(bad[i], &seconds, &err), OFFPEAK_EINVAL);
                assert_int_equal(seconds, -1);
                assert_non_null(strstr(err.text, "45m, 6h, 1h30m, 2d"));
                if (bad[i][0] != '\0')
                        assert_non_null(strstr(err.text, bad[i]));
        }
}

static void formatted_durations(void **state)
{
        char b[WHEN_TEXT_SIZE];

        (void)state;
        assert_string_equal(when_format_duration(0, b), "0 s");
        assert_string_equal(when_format_duration(45, b), "45 s");
        assert_string_equal(when_format_duration(60, b), "1 min");
        assert_string_equal(when_format_duration(22800, b), "6 h 20 min");
        assert_string_equal(when_format_duration(22859, b), "6 h 20 min");
        assert_string_equal(when_format_duration(183600, b), "2 d 3 h");
        assert_string_equal(when_format_duration(86400 + 59, b), "1 d");
        assert_string_equal(when_format_duration(-1200, b), "-20 min");
        assert_string_equal(when_format_duration(INT64_MIN, b), "-106751991167300 d 15 h");
}

/* What is printed reads back as the same duration, down to the smaller of its two units. */
static void formatted_durations_read_back(void **state)
{
        char b[WHEN_TEXT_SIZE];

        (void)state;
        for (int64_t s = 0; s < 20000000; s += 1 + s / 7) {
                int64_t grain = s >= 86400 ? 3600 : s >= 3600 ? 60 : 1;

                assert_int_equal(duration(when_format_duration(s, b)), s / grain * grain);
        }
}

/* ---- points in time */

static int64_t at(const char *text, int32_t offset)
{
        struct offpeak_error err = { 0 };
        int64_t time = -1;

        if (when_parse(text, NOW, offset, &time, &err) != 0)
                fail_msg("%s: %s", text, err.text);
        return time;
}

static int64_t utc(const char *text)
{
        struct offpeak_error err = { 0 };
        int64_t time = -1;

        if (when_parse_iso(text, &time, &err) != 0)
                fail_msg("%s: %s", text, err.text);
        return time;
}

static void exact_durations(void **state)
{
        static const struct {
                int64_t seconds;
                const char *text;
        } rows[] = { { 0, "0s" },     { 1, "1s" },         { 90, "90s" },     { 120, "2m" },
                     { 5400, "90m" }, { 86399, "86399s" }, { 129600, "36h" }, { 604800, "7d" } };
        char text[WHEN_TEXT_SIZE];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_string_equal(when_format_exact(rows[i].seconds, text), rows[i].text);
        for (int64_t seconds = 0; seconds < 40000000; seconds += 617 + seconds % 3600) {
                int64_t back = -1;

                assert_int_equal(when_parse_duration(when_format_exact(seconds, text), &back, NULL), 0);
                assert_int_equal(back, seconds);
        }
}

static void times(void **state)
{
        static const struct {
                const char *text;
                int32_t offset;
                const char *utc;
        } cases[] = {
                { "2026-11-22T08:00:00Z", 3600, "2026-11-22T08:00:00Z" },
                { "2026-11-22T08:00", 0, "2026-11-22T08:00:00Z" },
                { "2026-11-22T08:00", 3600, "2026-11-22T07:00:00Z" },
                { "2026-11-22T08:00:30+01:00", -7200, "2026-11-22T07:00:30Z" },
                { "2026-11-22 08:00", -18000, "2026-11-22T13:00:00Z" },
                { "2026-11-22 08:00-0500", 0, "2026-11-22T13:00:00Z" },
                { "2026-11-22", 3600, "2026-11-21T23:00:00Z" },
                { "2026-11-22T24:00", 0, "2026-11-23T00:00:00Z" },
                { "2028-02-29", 0, "2028-02-29T00:00:00Z" },
                { "now", 0, "2026-11-22T10:00:00Z" },
                { "now+2hours", 0, "2026-11-22T12:00:00Z" },
                { "now + 30m", 0, "2026-11-22T10:30:00Z" },
                { "now+90", 0, "2026-11-22T10:01:30Z" },
                { "now+1:30:00", 0, "2026-11-22T11:30:00Z" },
                { "now-1d", 0, "2026-11-21T10:00:00Z" },
                { "today", 0, "2026-11-22T00:00:00Z" },
                { "tomorrow", 0, "2026-11-23T00:00:00Z" },
                { "tomorrow", 14 * 3600, "2026-11-23T10:00:00Z" }, /* there it is the 23rd already */
                { "tomorrow 08:00", 3600, "2026-11-23T07:00:00Z" },
                { "today noon", 0, "2026-11-22T12:00:00Z" },
                { "midnight", 0, "2026-11-23T00:00:00Z" },
                { "noon", 0, "2026-11-22T12:00:00Z" },
                { "noon", 3 * 3600, "2026-11-23T09:00:00Z" },
                { "08:00", 0, "2026-11-23T08:00:00Z" },
                { "12:00", 0, "2026-11-22T12:00:00Z" },
                { "10:00", 0, "2026-11-23T10:00:00Z" }, /* after now, not now */
                { "10:00:01", 0, "2026-11-22T10:00:01Z" },
                { "24:00", 0, "2026-11-23T00:00:00Z" },
                { "00:30", 11 * 3600, "2026-11-22T13:30:00Z" },
                { "23:00-08:00", 3600, "2026-11-23T07:00:00Z" },
                { "11:30Z", 7200, "2026-11-22T11:30:00Z" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char got[WHEN_TEXT_SIZE];

                assert_string_equal(when_format_utc(at(cases[i].text, cases[i].offset), got), cases[i].utc);
        }
}

/* A time of day is the first such moment after now, whatever now and the zone are. */
static void a_time_of_day_comes_within_a_day(void **state)
{
        (void)state;
        for (int32_t offset = -12 * 3600; offset <= 14 * 3600; offset += 1800) {
                for (int64_t now = NOW; now < NOW + 86400; now += 2111) {
                        int64_t time = 0;

                        assert_int_equal(when_parse("08:15", now, offset, &time, NULL), 0);
                        assert_true(time > now && time <= now + 86400);
                        assert_int_equal((time + offset) % 86400, 8 * 3600 + 15 * 60);
                }
        }
}

/* The nights on which clocks change in Europe and the US are nights like any other in UTC. */
static void clock_changes_move_nothing(void **state)
{
        static const char *const days[] = { "2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01" };

        (void)state;
        for (size_t i = 0; i < 4; i++) {
                for (int hour = 0; hour < 24; hour++) {
                        char text[WHEN_TEXT_SIZE], again[WHEN_TEXT_SIZE];
                        int64_t midnight = at(days[i], 0);

                        when_format_utc(midnight + hour * 3600, text);
                        assert_int_equal(when_civil(midnight + hour * 3600).hour, hour);
                        assert_int_equal(utc(text), midnight + hour * 3600);
                        assert_string_equal(when_format_utc(utc(text), again), text);
                }
        }
        /* both passes of the repeated hour are told apart by their offset */
        assert_int_equal(utc("2026-10-25T02:30:00+01:00") - utc("2026-10-25T02:30:00+02:00"), 3600);
}

static void bad_times_are_named_with_forms_that_work(void **state)
{
        static const char *const bad[] = { "",           " ",         "8",          "8:00",       "25:00",
                                           "24:01",      "08:60",     "2026-13-01", "2026-02-29", "2026-00-10",
                                           "2026-11-31", "2026-1-1",  "22.11.2026", "now+",       "now+x",
                                           "now*2",      "nowhere",   "yesterday",  "tomorrow8",  "2026-11-22T",
                                           "2026-11-22x", "2026-11-22T08", "08:00+25:00", "08:00+1", "08:00+01:",
                                           "08:00 uhr",  "2026-11-22T08:00:61Z", "now+99999999999999999999" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct offpeak_error err = { 0 };
                int64_t time = 5;

                if (when_parse(bad[i], NOW, 0, &time, &err) == 0)
                        fail_msg("\"%s\" was read as %lld", bad[i], (long long)time);
                assert_int_equal(err.code, OFFPEAK_EINVAL);
                assert_int_equal(time, 5);
                assert_non_null(strstr(err.text, "2026-11-22T08:00"));
                assert_non_null(strstr(err.text, bad[i]));
        }
}

/* 0 means "none" everywhere else: no text may become it. */
static void nothing_before_1970(void **state)
{
        struct offpeak_error err = { 0 };
        int64_t time = 5;

        (void)state;
        assert_int_equal(when_parse("1970-01-01T00:00Z", NOW, 0, &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(when_parse("0001-01-01", NOW, 0, &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(when_parse_iso("1970-01-01T00:00:00Z", &time, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "1970"));
        assert_int_equal(time, 5);
}

static void iso_needs_a_zone(void **state)
{
        struct offpeak_error err = { 0 };
        int64_t time = 5;

        (void)state;
        assert_int_equal(utc("2026-11-22T08:00:00Z"), NOW - 7200);
        assert_int_equal(utc("2026-11-22 08:00:00+00:00"), NOW - 7200);
        assert_int_equal(utc("2026-11-22T09:00+01"), NOW - 7200);
        assert_int_equal(when_parse_iso("2026-11-22T08:00:00", &time, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "time zone"));
        assert_int_equal(when_parse_iso("2026-11-22", &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(when_parse_iso("08:00Z", &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(when_parse_iso("now", &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(when_parse_iso("2026-11-22T08:00:00Zz", &time, &err), OFFPEAK_EINVAL);
        assert_int_equal(time, 5);
}

static void none_reads_as_a_dash(void **state)
{
        char b[WHEN_TEXT_SIZE];

        (void)state;
        assert_string_equal(when_format_utc(0, b), "-");
        assert_string_equal(when_format_utc(1, b), "1970-01-01T00:00:01Z");
        assert_string_equal(when_format_utc(-1, b), "1969-12-31T23:59:59Z");
        assert_true(strlen(when_format_utc(INT64_MIN, b)) < WHEN_TEXT_SIZE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(civil_agrees_with_libc),
                cmocka_unit_test(civil_fields_carry_over),
                cmocka_unit_test(civil_survives_any_number),
                cmocka_unit_test(durations),
                cmocka_unit_test(bad_durations_are_named_with_forms_that_work),
                cmocka_unit_test(formatted_durations),
                cmocka_unit_test(formatted_durations_read_back),
                cmocka_unit_test(exact_durations),
                cmocka_unit_test(times),
                cmocka_unit_test(a_time_of_day_comes_within_a_day),
                cmocka_unit_test(clock_changes_move_nothing),
                cmocka_unit_test(bad_times_are_named_with_forms_that_work),
                cmocka_unit_test(nothing_before_1970),
                cmocka_unit_test(iso_needs_a_zone),
                cmocka_unit_test(none_reads_as_a_dash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
