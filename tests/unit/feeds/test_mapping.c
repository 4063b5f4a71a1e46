/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of one's own: each property, what is refused with its place, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "feeds/mapping_guess.h"
#include "unit/feeds/feed_checks.h"

#define T0 "2026-11-22T00:00:00Z"

struct attempt {
        const char *sets[8];
        const char *text;
};

static int attempt(const struct attempt *a, enum series_kind kind, struct series *series, struct offpeak_error *err)
{
        struct csv_request request = { .file = "f.csv", .kind = kind, .currency = kind == SERIES_PRICE ? "EUR" : NULL };
        struct mapping mapping = check_mapping(MAPPING_OWN, a->sets), copy;
        struct series again;
        int code = check_parse(&mapping, &request, a->text, strlen(a->text), series, NULL, err);

        /* a copy reads the same, when what it was made of is gone */
        assert_int_equal(mapping_copy(&mapping, &copy), 0);
        mapping_finish(&mapping);
        assert_int_equal(check_parse(&copy, &request, a->text, strlen(a->text), &again, NULL, NULL), code);
        mapping_finish(&copy);
        if (code == 0) {
                assert_true(series_same_values(series, &again));
                series_finish(&again);
        }
        return code;
}

/* Hourly values from T0 on, in MW. */
static void reads(const char *const *sets, const char *text, size_t n, const int64_t *mw)
{
        struct attempt a = { .text = text };
        struct offpeak_error err = { 0 };
        int64_t start = check_time(T0);
        struct series series;

        for (size_t i = 0; sets[i] != NULL; i++)
                a.sets[i] = sets[i];
        if (attempt(&a, SERIES_LIMIT, &series, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(series.kind, SERIES_LIMIT);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_at(&series, start + (int64_t)i * 3600),
                                 mw[i] == SERIES_UNKNOWN ? SERIES_UNKNOWN : mw[i] * 1000000);
        assert_int_equal(series.end, start + (int64_t)n * 3600);
        series_finish(&series);
}

#define READS(sets, text, ...)                                                                                         \
        reads((const char *const[]){ sets, NULL }, text, sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t),   \
              (const int64_t[]){ __VA_ARGS__ })
#define SETS(...) __VA_ARGS__

static void properties(void **state)
{
        (void)state;
        READS(SETS("delimiter=tab", "skip=2", "quote='", "column=P", "unit=MW"),
              "junk;\"\nmore\ntime\tP\n'2026-11-22T00:00Z'\t'1'\n2026-11-22T01:00Z\t2\n", 1, 2);
        READS(SETS("comment=%", "column=P", "unit=kW", "decimal=,", "delimiter=;", "thousands=blank"),
              "% a\ntime;P\n% b\n2026-11-22T00:00Z;1 000,0\n\n2026-11-22T01:00Z;12 000\n", 1, 12);
        READS(SETS("date=Tag", "time=Zeit", "time_format=%d.%m.%Y %H.%M", "zone=+02:00", "column=P", "unit=MW"),
              "Tag,Zeit,P\n22.11.2026,02.00,1\n22.11.2026,03.00,2\n", 1, 2);
        READS(SETS("stamps=end", "column=P", "unit=MW", "step=1h"), "time,P\n2026-11-22T01:00Z,1\n", 1);
        READS(SETS("date=d", "period=p", "period_length=30m", "stamps=numbered", "zone=UTC", "column=P", "unit=MW"),
              "d,p,P\n2026-11-22,1,1\n2026-11-22,3,2\n2026-11-22,5,3\n", 1, 2, 3);
        READS(SETS("column=P", "unit=MW", "missing=?", "missing=k. A."),
              "time,P\n2026-11-22T00:00Z,?\n2026-11-22T01:00Z,k. a.\n2026-11-22T02:00Z,\n2026-11-22T03:00Z,4\n",
              SERIES_UNKNOWN, SERIES_UNKNOWN, SERIES_UNKNOWN, 4);
        READS(SETS("column=P", "unit_column=U", "unit=MW"),
              "time,P,U\n2026-11-22T00:00Z,1,MW\n2026-11-22T01:00Z,2000,kW\n", 1, 2);
        READS(SETS("column=P", "unit=MW", "scale=0.5", "where=Ort=b=c"),
              "time,Ort=b,P\n2026-11-22T00:00Z,C,4\n2026-11-22T00:00Z,x,99\n2026-11-22T01:00Z,c,6\n", 2, 3);
        READS(SETS("name_column=N", "parts=a=", "parts=b=", "column=P", "unit=MW"),
              "time,N,P\n2026-11-22T00:00Z,a,4\n2026-11-22T00:00Z,b,1\n2026-11-22T01:00Z,a,6\n2026-11-22T02:00Z,a,6\n"
              "2026-11-22T02:00Z,b,2\n",
              5, SERIES_UNKNOWN, 8);
        READS(SETS("format=json", "time=t", "column=v", "unit=MW"),
              "[{\"t\":\"2026-11-22T01:00Z\",\"v\":\"2\"},{\"t\":\"2026-11-22T00:00Z\",\"v\":1e0}]", 1, 2);
        READS(SETS("format=json", "arrays=true", "rows=a.b", "time=t", "time_format=epoch", "column=c.v", "unit=MW"),
              "{\"a\":{\"b\":{\"t\":[1795305600,1795309200],\"c\":{\"v\":[3,null]}}}}", 3, SERIES_UNKNOWN);
        /* newest first, in the hour that comes twice */
        READS(SETS("zone=Europe/Berlin", "column=P", "unit=MW"),
              "time,P\n2026-11-22 03:00,3\n2026-11-22 02:00,2\n2026-11-22 01:00,1\n", 1, 2, 3);
}

static void refused(const char *const *sets, const char *text, const char *why)
{
        struct attempt a = { .text = text };
        struct offpeak_error err = { 0 };
        struct series series = { .version = 77 };

        for (size_t i = 0; sets[i] != NULL; i++)
                a.sets[i] = sets[i];
        if (attempt(&a, SERIES_PRICE, &series, &err) == 0)
                fail_msg("accepted: %s", text);
        assert_int_equal(series.version, 77);
        if (strstr(err.text, why) != err.text)
                fail_msg("wanted %s, got %s", why, err.text);
}

#define REFUSED(sets, text, why) refused((const char *const[]){ sets, NULL }, text, why)
#define EUR                      SETS("column=P", "unit=EUR/MWh")
#define BERLIN                   SETS("zone=Europe/Berlin", "column=P", "unit=EUR/MWh")
#define R0                       "time,P\n2026-11-22T00:00Z,1\n"

static void places(void **state)
{
        (void)state;
        REFUSED(EUR, R0 "2026-11-22T00:00Z,2\n",
                "f.csv:3:1: 2026-11-22T00:00:00Z stands here with another value than at f.csv:2:1: keep one of them");
        REFUSED(EUR, R0 "2026-11-22T01:00,2\n", "f.csv:3:1: \"2026-11-22T01:00\" does not tell its time zone");
        REFUSED(EUR, R0 "x,2\n", "f.csv:3:1: \"x\" is no time written as iso");
        REFUSED(EUR, R0 "2026-11-22T01:00Z, 2x\n", "f.csv:3:20: \"2x\" is not a number");
        REFUSED(EUR, R0 "2026-11-22T01:00Z,1e12\n", "f.csv:3:19: 1e12 is too large");
        REFUSED(EUR, R0 "2026-11-22T01:00Z\n", "f.csv:3:1: this row has 1 field, the header has 2");
        REFUSED(EUR, R0 "2026-11-22T01:00Z,\"1\n", "f.csv:3:19: a quote is open to the end of the line");
        REFUSED(EUR, R0, "f.csv: the file holds one value");
        REFUSED(EUR, "time,P\n", "f.csv: the file holds no values");
        REFUSED(EUR, "", "f.csv:1:1: the file is empty");
        REFUSED(EUR, "\xff\xfet\0", "f.csv:1:1: the file is in UTF-16");
        REFUSED(EUR, R0 "2026-11-22T01:00Z,2\n2026-11-22T02:00Z,2\n2026-11-22T02:15Z,2\n",
                "f.csv:5:1: this comes 15 min after the one before it, but most come every 1 h");
        REFUSED(SETS("column=P"), R0,
                "f.csv: \"P\" does not tell its unit: name it as \"unit\", EUR/MWh or ct/kWh, say");
        REFUSED(SETS("column=P", "unit=MW"), R0, "f.csv: \"P\" does not hold a price, by its unit");
        REFUSED(SETS("column=P", "unit=USD/MWh"), R0, "f.csv: \"P\" is in USD, but the site's currency is EUR");
        REFUSED(SETS("column=Q", "unit=EUR/MWh"), R0, "f.csv:1:1: there is no column \"Q\" in this header");
        REFUSED(SETS("column=P", "unit=EUR/MWh", "unit_column=U"), "time,P,U\n2026-11-22T00:00Z,1,furlong\n",
                "f.csv:2:21: \"furlong\" is no unit of a price");
        REFUSED(SETS("column=P", "unit=EUR/MWh", "unit_column=U"), "time,P,U\n2026-11-22T00:00Z,1,USD/MWh\n",
                "f.csv:2:21: this is in USD, but EUR is wanted");
        REFUSED(BERLIN, "time,P\n2026-03-29 02:30,1\n",
                "f.csv:2:1: this hour does not exist in Europe/Berlin, where clocks jump over it");
        REFUSED(SETS("column=P", "unit=EUR/MWh", "decimal=,", "thousands=.", "delimiter=;"),
                "time;P\n2026-11-22T00:00Z;12.34\n", "f.csv:2:19: \"12.34\" is not a number");
        REFUSED(SETS("column=P", "unit=EUR/MWh", "stamps=hour-ending", "date=time", "period=h", "zone=UTC"),
                "time,h,P\n2026-11-22,0,1\n", "f.csv:2:12: \"0\" is no number from 1 to 24");
        REFUSED(SETS("format=json", "column=P", "unit=EUR/MWh"), "{}", "f.csv: the document is no array of rows");
        REFUSED(SETS("format=json", "column=P", "unit=EUR/MWh"), "[{\"time\":\"2026-11-22T00:00Z\",\"P\":[]}]",
                "f.csv: [0].P: one value is wanted, not a list");
        REFUSED(SETS("format=json", "column=P", "unit=EUR/MWh", "arrays=yes"), "{\"time\":[1],\"P\":[1,2]}",
                "f.csv: \"P\" has 2 values, but there are only 1 times");
}

/* Power and energy of an interval in one file would need a step for each row. */
static void units_of_a_kind(void **state)
{
        static const char text[] = "time,P,U\n2026-11-22T00:00Z,1,MW\n2026-11-22T01:00Z,1,MWh\n";
        struct attempt a = { { "column=P", "unit=MW", "unit_column=U" }, text };
        struct offpeak_error err = { 0 };
        struct series series;

        (void)state;
        assert_int_equal(attempt(&a, SERIES_LIMIT, &series, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "f.csv:3:21: \"MWh\" is no unit of a limit: it should be such as MW"));
}

static void doubled_and_missing_hours(void **state)
{
        static const char backwards[] =
                "time,P\n2026-10-25 03:00,4\n2026-10-25 02:00,3\n2026-10-25 02:00,2\n2026-10-25 01:00,1\n";
        struct attempt a = { { "zone=Europe/Berlin", "column=P", "unit=EUR/MWh" }, backwards };
        struct offpeak_error err = { 0 };
        struct series series;

        (void)state;
        assert_int_equal(attempt(&a, SERIES_PRICE, &series, &err), 0);
        assert_int_equal(series.n_points, 4);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(series.points[i].start, check_time("2026-10-24T23:00Z") + i * 3600);
                assert_int_equal(series.points[i].value, (i + 1) * 1000000);
        }
        series_finish(&series);
        /* one row for the doubled hour is its first pass; the second is unknown */
        a.text = "time,P\n2026-10-25 01:00,1\n2026-10-25 02:00,2\n2026-10-25 03:00,4\n2026-10-25 04:00,5\n";
        assert_int_equal(attempt(&a, SERIES_PRICE, &series, &err), 0);
        assert_int_equal(series_at(&series, check_time("2026-10-25T00:00Z")), 2000000);
        assert_int_equal(series_at(&series, check_time("2026-10-25T01:00Z")), SERIES_UNKNOWN);
        series_finish(&series);
        a.text = "time,P\n2026-03-29 01:00,1\n2026-03-29 02:00,1\n2026-03-29 03:00,3\n";
        a.sets[3] = "missing_hour=skip";
        assert_int_equal(attempt(&a, SERIES_PRICE, &series, &err), 0);
        assert_int_equal(series.n_points, 2);
        series_finish(&series);
        /* all of it twice is the same */
        a.text = "time,P\n2026-10-25 01:00,1\n2026-10-25 02:00,2\n2026-10-25 02:00,3\n2026-10-25 03:00,4\n"
                 "2026-10-25 02:00,2\n2026-10-25 02:00,3\n2026-10-25 03:00,4\n";
        assert_int_equal(attempt(&a, SERIES_PRICE, &series, &err), 0);
        assert_int_equal(series.n_points, 4);
        assert_int_equal(series.points[2].value, 3000000);
        series_finish(&series);
        /* three rows of one local hour are a contradiction */
        refused((const char *const[]){ "zone=Europe/Berlin", "column=P", "unit=EUR/MWh", NULL },
                "time,P\n2026-10-25 02:00,1\n2026-10-25 02:00,2\n2026-10-25 02:00,3\n",
                "f.csv:4:1: 2026-10-25T00:00:00Z stands here with another value than at f.csv:2:1");
}

static void two_resolutions(void **state)
{
        static char text[20000] = "time,P\n";
        const char *sets[] = { "column=P", "unit=EUR/MWh", NULL, NULL };
        struct offpeak_error err = { 0 };
        struct attempt a = { { "column=P", "unit=EUR/MWh", "step=1h" }, text };
        struct series series;
        size_t used = strlen(text);

        (void)state;
        for (int i = 0; i < 40; i++)
                used += (size_t)sprintf(text + used, "2026-11-%02dT%02d:00Z,1\n", 1 + i / 24, i % 24);
        for (int i = 0; i < 200; i++)
                used += (size_t)sprintf(text + used, "2026-11-%02dT%02d:%02dZ,2\n", 3 + i / 96, i / 4 % 24, i % 4 * 15);
        refused(sets, text, "f.csv:26:1: this comes 1 h after the one before it, but most come every 15 min");
        assert_int_equal(attempt(&a, SERIES_PRICE, &series, &err), 0);
        assert_int_equal(series_at(&series, check_time("2026-11-01T00:45Z")), 1000000);
        series_finish(&series);
}

static void checks(void **state)
{
        static const struct {
                const char *sets[4], *why;
        } wrong[] = {
                { { "stamps=numbered" }, "\"stamps\" counts hours or periods: name their column as \"period\"" },
                { { "period=p" }, "\"period\" names a column of numbers" },
                { { "period=p", "stamps=numbered" }, "needs \"period_length\"" },
                { { "marker=m" }, "\"marker\" needs \"marker_second\"" },
                { { "name=n" }, "\"name\" needs \"name_column\"" },
                { { "parts=n=1 MW" }, "\"parts\" needs \"name_column\"" },
                { { "name_column=n", "name=n", "parts=n=1 MW" }, "both say which rows count" },
        };
        struct mapping mapping;
        struct offpeak_error err;

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                mapping = check_mapping(MAPPING_OWN, wrong[i].sets);
                assert_int_equal(mapping_check(&mapping, &err), OFFPEAK_EINVAL);
                assert_non_null(strstr(err.text, wrong[i].why));
                mapping_finish(&mapping);
        }
        mapping = check_mapping(MAPPING_OWN, NULL);
        assert_int_equal(mapping_set(&mapping, "colum", "x", &err), OFFPEAK_ENOTFOUND);
        assert_string_equal(err.text, "unknown key \"colum\" (did you mean \"column\"?)");
        assert_int_equal(mapping_set(&mapping, "vat", "0", &err), OFFPEAK_EINVAL);
        assert_int_equal(mapping_set(&mapping, "rating", "836", &err), OFFPEAK_EINVAL);
        assert_int_equal(mapping_set(&mapping, "currency", "euro", &err), OFFPEAK_EINVAL);
        for (size_t i = 0; mapping_key(i) != NULL; i++)
                assert_int_not_equal(mapping_set(&mapping, mapping_key(i), "", &err), OFFPEAK_ENOTFOUND);
        mapping_finish(&mapping);
}

static void guesses(void **state)
{
        static const char *const none[] = {
                "", "x", "a,b\n1,2\n", "{", "{}", "[]", "[1]", "{\"data\":3}", "time,price\n22.11.2026,5\n"
        };
        static const char broken[] = "time,price_eur_per_mwh\n2026-11-22T00:00:00Z,1,5\n"; /* whoever reads it says where */

        (void)state;
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
                assert_null(mapping_guess(none[i], strlen(none[i])));
        assert_ptr_equal(mapping_guess(broken, strlen(broken)), mappings_find(MAPPING_OWN));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(properties),      cmocka_unit_test(places),
                cmocka_unit_test(units_of_a_kind), cmocka_unit_test(doubled_and_missing_hours),
                cmocka_unit_test(two_resolutions), cmocka_unit_test(checks),
                cmocka_unit_test(guesses),
        };

        if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
                printf("skipped: no tz database on this machine\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
