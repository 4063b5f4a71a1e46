/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's tz database. Where it stops listing changes (2007 in its slim form, 2037 in its fat one) the rule at
 * its end must go on: the years asked for lie on both sides. The C library's own reading is the second opinion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/when.h"
#include "feeds/zone.h"
#include "feeds/zone_rule.h"

static struct zone *open_zone(const char *name)
{
        struct offpeak_error err = { 0 };
        struct zone *zone;

        if (zone_open(name, &zone, &err) != 0)
                fail_msg("%s", err.text);
        return zone;
}

static int64_t at(int year, int month, int day, int hour, int minute)
{
        return when_from_civil(&(struct when_civil){ year, month, day, hour, minute, 0 });
}

/* The local time, and the UTC times that it is, as offsets from it in minutes. */
struct local {
        const char *zone;
        int year, month, day, hour, minute;
        int n, minutes_east[2];
};

static void local_times(void **state)
{
        static const struct local cases[] = {
                { "Europe/Berlin", 2025, 1, 15, 12, 0, 1, { 60 } },
                { "Europe/Berlin", 2025, 3, 30, 1, 59, 1, { 60 } },
                { "Europe/Berlin", 2025, 3, 30, 2, 0, 0, { 0 } }, /* the spring gap, to its last minute */
                { "Europe/Berlin", 2025, 3, 30, 2, 59, 0, { 0 } },
                { "Europe/Berlin", 2025, 3, 30, 3, 0, 1, { 120 } },
                { "Europe/Berlin", 2025, 10, 26, 1, 59, 1, { 120 } },
                { "Europe/Berlin", 2025, 10, 26, 2, 0, 2, { 120, 60 } }, /* the autumn fold */
                { "Europe/Berlin", 2025, 10, 26, 2, 59, 2, { 120, 60 } },
                { "Europe/Berlin", 2025, 10, 26, 3, 0, 1, { 60 } },
                { "Europe/Berlin", 2060, 7, 1, 0, 0, 1, { 120 } }, /* by the rule alone */
                { "America/Chicago", 2024, 3, 10, 2, 30, 0, { 0 } },
                { "America/Chicago", 2024, 11, 3, 1, 0, 2, { -300, -360 } },
                { "America/Los_Angeles", 1987, 4, 5, 2, 30, 0, { 0 } }, /* an older rule */
                { "Australia/Sydney", 2025, 1, 1, 0, 0, 1, { 660 } },   /* the southern summer */
                { "Australia/Sydney", 2025, 4, 6, 2, 30, 2, { 660, 600 } },
                { "Australia/Sydney", 2050, 7, 1, 0, 0, 1, { 600 } },
                { "Australia/Sydney", 2025, 10, 5, 2, 30, 0, { 0 } },
                { "Asia/Kolkata", 2025, 6, 1, 0, 0, 1, { 330 } },              /* half an hour */
                { "Australia/Lord_Howe", 2025, 4, 6, 1, 45, 2, { 660, 630 } }, /* clocks change by half an hour */
                { "Australia/Lord_Howe", 2025, 10, 5, 2, 15, 0, { 0 } },
                { "Asia/Tokyo", 2025, 4, 1, 0, 0, 1, { 540 } },
                { "Europe/Dublin", 2025, 1, 1, 0, 0, 1, { 0 } }, /* whose winter is called its summer */
                { "Europe/Dublin", 2055, 7, 1, 0, 0, 1, { 60 } },
                { "America/Sao_Paulo", 2018, 11, 4, 0, 30, 0, { 0 } }, /* the gap at midnight */
                { "+05:30", 2025, 3, 30, 2, 30, 1, { 330 } },
                { "-5", 2025, 3, 30, 2, 30, 1, { -300 } },
                { "UTC", 2025, 3, 30, 2, 30, 1, { 0 } },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct local *c = &cases[i];
                int64_t local = at(c->year, c->month, c->day, c->hour, c->minute), times[2] = { 0 };
                struct zone *zone = open_zone(c->zone);

                assert_int_equal(zone_from_local(zone, local, times), c->n);
                for (int j = 0; j < c->n; j++)
                        assert_int_equal(local - times[j], c->minutes_east[j] * 60);
                zone_destroy(zone);
        }
}

/* Every 7 h 13 min for eighty years, against localtime_r. */
static void agrees_with_libc(void **state)
{
        static const char *const names[] = { "Europe/Berlin",  "America/New_York", "Australia/Lord_Howe",
                                             "Europe/Dublin",  "America/Santiago", "Africa/Casablanca",
                                             "Asia/Kathmandu", "America/Nuuk",     "Antarctica/Troll" };

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct zone *zone = open_zone(names[i]);

                setenv("TZ", names[i], 1);
                tzset();
                for (int64_t time = 1; time < at(2050, 1, 1, 0, 0); time += 7 * 3600 + 13 * 60) {
                        time_t t = (time_t)time;
                        struct tm tm;

                        localtime_r(&t, &tm);
                        if (zone_offset(zone, time) != tm.tm_gmtoff)
                                fail_msg("%s at %lld: %d, not %ld", names[i], (long long)time, zone_offset(zone, time),
                                         tm.tm_gmtoff);
                }
                zone_destroy(zone);
        }
        unsetenv("TZ");
        tzset();
}

static void what_is_no_zone(void **state)
{
        static const struct {
                const char *name;
                int code;
                const char *why;
        } cases[] = {
                { "Europe/Berln", OFFPEAK_ENOTFOUND, "there is no time zone \"Europe/Berln\"" },
                { "", OFFPEAK_EINVAL, "is no time zone: write one such as Europe/Berlin" },
                { "../../etc/passwd", OFFPEAK_EINVAL, "is no time zone" },
                { "/etc/localtime", OFFPEAK_EINVAL, "is no time zone" },
                { "+25:00", OFFPEAK_EINVAL, "is no time zone" },
                { "Europe", OFFPEAK_EIO, "Is a directory" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_error err = { 0 };
                struct zone *zone = NULL;

                assert_int_equal(zone_open(cases[i].name, &zone, &err), cases[i].code);
                assert_null(zone);
                assert_non_null(strstr(err.text, cases[i].why));
        }
}

static void damaged_files(void **state)
{
        static unsigned char bytes[1 << 16];
        FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
        struct zone *zone;
        size_t size;

        (void)state;
        assert_non_null(file);
        size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        for (size_t cut = 0; cut < size; cut++) { /* from a heap copy of its size: a sanitizer sees a read beyond */
                unsigned char *copy = malloc(cut > 0 ? cut : 1);

                memcpy(copy, bytes, cut);
                assert_int_equal(zone_parse("x", copy, cut, &zone, NULL), OFFPEAK_EINVAL);
                free(copy);
        }
        assert_int_equal(zone_parse("x", bytes, size, &zone, NULL), 0);
        zone_destroy(zone);
}

static void rules(void **state)
{
        static const char *const wrong[] = { "",
                                             "CE-1",
                                             "CET",
                                             "CET-1CEST",
                                             "CET-1CEST,M3.5.0",
                                             "CET-1CEST,M13.5.0,M10.5.0",
                                             "CET-1CEST,M3.5.0,M10.5.0/999",
                                             "<+03-3",
                                             "CET-1x",
                                             "CET-1CEST,J0,J1" };
        struct zone_rule rule;

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_int_equal(zone_rule_parse(wrong[i], &rule), OFFPEAK_EINVAL);
        assert_int_equal(zone_rule_parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", &rule), 0); /* Nuuk: a negative hour */
        assert_int_equal(rule.begin.clock_s, -3600);
        assert_int_equal(zone_rule_parse("XXX5YYY4,J60,J300", &rule), 0); /* the 1st of March in any year */
        assert_int_equal(zone_rule_offset(&rule, at(2024, 3, 1, 6, 59)), -18000);
        assert_int_equal(zone_rule_offset(&rule, at(2024, 3, 1, 7, 0)), -14400);
        assert_int_equal(zone_rule_offset(&rule, at(2023, 3, 1, 7, 0)), -14400);
        assert_int_equal(zone_rule_parse("XXX5YYY4,59,300", &rule), 0); /* day 59 is the 29th of February 2024 */
        assert_int_equal(zone_rule_offset(&rule, at(2024, 2, 29, 7, 0)), -14400);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(local_times),     cmocka_unit_test(agrees_with_libc),
                cmocka_unit_test(what_is_no_zone), cmocka_unit_test(damaged_files),
                cmocka_unit_test(rules),
        };

        if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
                printf("skipped: no tz database on this machine\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
