/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/csv.h"

#define T0   INT64_C(1795305600) /* 2026-11-22T00:00:00Z */
#define HOUR INT64_C(3600)

static const struct csv_request any = { .file = "prices.csv", .site = "hanford", .issued = 1234 };

/* From a heap copy of exactly its size: a sanitizer sees a read beyond it. */
static int parse(const struct csv_request *request, const char *text, struct series *series, struct offpeak_error *err)
{
        size_t size = strlen(text);
        char *copy = malloc(size + (size == 0));
        int code;

        memcpy(copy, text, size);
        code = csv_parse(request, copy, size, series, err);
        free(copy);
        return code;
}

static struct series good(const struct csv_request *request, const char *text)
{
        struct offpeak_error err = { 0 };
        struct series series;

        if (parse(request, text, &series, &err) != 0)
                fail_msg("%s", err.text);
        return series;
}

static void a_file_becomes_a_series(void **state)
{
        struct series s = good(&any, "time,price_eur_per_mwh\n"
                                     "2026-11-22T00:00:00Z,94.64\n"
                                     "2026-11-22T01:00:00Z,-250.32\n"
                                     "2026-11-22T02:00:00Z,\n"
                                     "2026-11-22T03:00:00Z,0\n");

        (void)state;
        assert_int_equal(s.kind, SERIES_PRICE);
        assert_string_equal(s.site, "hanford");
        assert_string_equal(s.source, "prices.csv");
        assert_int_equal(s.issued, 1234);
        assert_int_equal(s.n_points, 4);
        assert_int_equal(series_at(&s, T0), 94640000);
        assert_int_equal(series_at(&s, T0 + HOUR), -250320000);
        assert_int_equal(series_at(&s, T0 + 2 * HOUR), SERIES_UNKNOWN); /* a hole, not zero */
        assert_int_equal(series_at(&s, T0 + 3 * HOUR), 0);
        assert_int_equal(s.end, T0 + 4 * HOUR); /* the last row holds for one step */
        series_finish(&s);
}

static void units_become_the_series_own(void **state)
{
        static const struct {
                const char *header;
                enum series_kind kind;
                int64_t value; /* of 1.5 in the file */
        } cases[] = {
                { "price_eur_per_kwh", SERIES_PRICE, 1500000000 },
                { "price_ct_per_kwh", SERIES_PRICE, 15000000 },
                { "carbon_g_per_kwh", SERIES_CARBON, 1500 },
                { "carbon_t_per_mwh", SERIES_CARBON, 1500000 },
                { "capacity_mw", SERIES_CAPACITY, 1500000 },
                { "limit_kw", SERIES_LIMIT, 1500 },
                { "limit_w", SERIES_LIMIT, 2 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[200];
                struct series s;

                snprintf(text, sizeof(text), "time,%s\n2026-11-22T00:00Z,1.5\n2026-11-22T00:15Z,2\n", cases[i].header);
                s = good(&any, text);
                assert_int_equal(s.kind, cases[i].kind);
                assert_int_equal(series_at(&s, T0), cases[i].value);
                assert_int_equal(s.end, T0 + 1800);
                series_finish(&s);
        }
}

static void shapes_of_files(void **state)
{
        static const char *const texts[] = {
                "\xef\xbb\xbftime,limit_mw\r\n2026-11-22T00:00:00Z,5\r\n2026-11-22T01:00:00Z,6\r\n",
                "# a comment\n#another, with commas\n\n  # and one more\ntime,limit_mw\n"
                "2026-11-22T00:00:00Z,5\n2026-11-22T01:00:00Z,6",
                "limit_mw , note , timestamp_utc\n 5 ,\"a, b\",2026-11-22T00:00:00Z\n6,,\"2026-11-22T01:00:00Z\"\n\n "
                "\n",
                "TIME,Limit_MW\n2026-11-22T01:00:00+01:00,5\n2026-11-21T20:00:00-05:00,6\n",
                "time,limit_mw,estimated,low_carbon_pct\n2026-11-22 00:00Z,5,x,1\n2026-11-22 01:00Z,6,,\n",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct series s = good(&any, texts[i]);

                assert_int_equal(s.n_points, 2);
                assert_int_equal(series_at(&s, T0), 5000000);
                assert_int_equal(series_at(&s, T0 + HOUR), 6000000);
                assert_int_equal(s.end, T0 + 2 * HOUR);
                series_finish(&s);
        }
}

static void the_right_column_is_taken(void **state)
{
        static const char text[] = "time,ci_lca_gco2eq_kwh,ci_direct_gco2eq_kwh,price_eur_mwh,nuclear_mw\n"
                                   "2026-11-22T00:00Z,300,200,94,33000\n2026-11-22T01:00Z,301,201,95,33001\n";
        struct csv_request request = any;
        struct series s;

        (void)state;
        request.kind = SERIES_PRICE;
        s = good(&request, text);
        assert_int_equal(series_at(&s, T0), 94000000);
        series_finish(&s);
        request.kind = SERIES_CARBON;
        request.column = "ci_direct_gco2eq_kwh";
        s = good(&request, text);
        assert_int_equal(series_at(&s, T0 + HOUR), 201000);
        series_finish(&s);
        request.kind = SERIES_CAPACITY;
        request.column = "nuclear_mw";
        s = good(&request, text);
        assert_int_equal(s.kind, SERIES_CAPACITY);
        assert_int_equal(series_at(&s, T0), INT64_C(33000000000));
        series_finish(&s);
}

static void currencies_must_agree(void **state)
{
        struct csv_request request = any;
        struct offpeak_error err = { 0 };
        struct series s;

        (void)state;
        request.currency = "EUR";
        s = good(&request,
                 "time,price_ct_kwh\n2026-11-22T00:00Z,9\n2026-11-22T01:00Z,8\n"); /* cents of what the site has */
        series_finish(&s);
        assert_int_equal(parse(&request, "time,price_usd_mwh\n2026-11-22T00:00Z,9\n2026-11-22T01:00Z,8\n", &s, &err),
                         OFFPEAK_EINVAL);
        assert_non_null(
                strstr(err.text, "prices.csv:1:6: \"price_usd_mwh\" is in USD, but the site's currency is EUR"));
}

/* ---- what is refused: where, and why */

static void refused(const struct csv_request *request, const char *text, const char *place, const char *why)
{
        struct offpeak_error err = { 0 };
        struct series s = { .version = 77 };

        if (parse(request, text, &s, &err) == 0)
                fail_msg("accepted: %s", text);
        assert_int_equal(err.code, OFFPEAK_EINVAL);
        assert_int_equal(s.version, 77);
        if (strncmp(err.text, place, strlen(place)) != 0 || err.text[strlen(place)] != ':' ||
            strstr(err.text, why) == NULL)
                fail_msg("wanted %s: ... %s, got %s", place, why, err.text);
}

#define HEADER "time,price_eur_mwh\n"
#define ROW0   "2026-11-22T00:00:00Z,94.64\n"
#define ROW1   "2026-11-22T01:00:00Z,90\n"
#define ROW2   "2026-11-22T02:00:00Z,80\n"
#define ROW4   "2026-11-22T04:00:00Z,70\n"

static void holes_and_doubles(void **state)
{
        (void)state;
        refused(&any, HEADER ROW0 ROW1 ROW2 ROW4, "prices.csv:5:1", "2026-11-22T03:00:00Z is missing");
        refused(&any, HEADER ROW0 ROW1 ROW2 "2026-11-22T07:00:00Z,1\n", "prices.csv:5:1",
                "4 rows from 2026-11-22T03:00:00Z on are missing");
        /* spring and autumn in local time that calls itself UTC */
        refused(&any,
                "# x\n" HEADER
                "2026-03-29T00:00:00Z,1\n2026-03-29T01:00:00Z,1\n2026-03-29T03:00:00Z,1\n2026-03-29T04:00:00Z,1\n",
                "prices.csv:5:1", "2026-03-29T02:00:00Z is missing");
        refused(&any, HEADER ROW0 ROW1 ROW1 ROW2, "prices.csv:4:1", "2026-11-22T01:00:00Z stands here twice");
        refused(&any, HEADER ROW0 ROW2 ROW1, "prices.csv:4:1", "earlier than the row above");
        refused(&any, HEADER ROW0 ROW1 ROW2 "2026-11-22T02:15:00Z,1\n", "prices.csv:5:1",
                "comes 15 min after the one above, but the file's rows come every 1 h");
}

static void headers(void **state)
{
        struct csv_request carbon = any, named = any, price = any;

        (void)state;
        carbon.kind = SERIES_CARBON;
        price.kind = SERIES_PRICE;
        named.column = "spot";
        refused(&any, "", "prices.csv:1:1", "is empty");
        refused(&any, "\n\n# only this\n", "prices.csv:1:1", "is empty");
        refused(&any, "\xff\xfet\0i\0", "prices.csv:1:1", "UTF-16");
        refused(&any, "start,price_eur_mwh\n" ROW0 ROW1, "prices.csv:1:1", "no time column");
        refused(&any, ROW0 ROW1, "prices.csv:1:1", "no time column");
        refused(&any, "time,spot\n" ROW0 ROW1, "prices.csv:1:1",
                "no column here holds a known quantity (there is \"spot\")");
        refused(&any, "time\n2026-11-22T00:00Z\n", "prices.csv:1:1", "name one price_eur_per_mwh, carbon_g_per_kwh");
        refused(&carbon, HEADER ROW0 ROW1, "prices.csv:1:1", "holds a carbon intensity (there is \"price_eur_mwh\")");
        refused(&any, "time,timestamp_utc,limit_mw\n", "prices.csv:1:6", "second time column");
        refused(&any, "time,price_eur_mwh,price_eur_kwh\n", "prices.csv:1:20", "several value columns");
        refused(&any, "time,price_eur_mwh,capacity_mw\n", "prices.csv:1:20", "several value columns");
        refused(&any, "time,price_eur_per_therm\n" ROW0 ROW1, "prices.csv:1:6", "unit that is not known here");
        refused(&price, "time,price_cent_kwh_incl_vat\n" ROW0 ROW1, "prices.csv:1:6", "\"price_cent_kwh_incl_vat\"");
        refused(&any, "time;price_eur_mwh\n2026-11-22T00:00Z;94,64\n", "prices.csv:1:1", "parted by \";\"");
        refused(&named, HEADER ROW0 ROW1, "prices.csv:1:1", "no column \"spot\"");
        named.column = "nuclear_mw";
        refused(&named, "time,nuclear_mw\n" ROW0 ROW1, "prices.csv:1:6", "does not tell what it holds");
        named.column = "price_eur_mwh";
        named.kind = SERIES_LIMIT;
        refused(&named, HEADER ROW0 ROW1, "prices.csv:1:6", "holds a price, but a limit is wanted");
}

static void rows(void **state)
{
        (void)state;
        refused(&any, HEADER, "prices.csv:1:1", "holds no values");
        refused(&any, HEADER ROW0, "prices.csv:2:1", "holds one value");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z,n/e\n", "prices.csv:3:22", "\"n/e\" is not a number");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z,nan\n", "prices.csv:3:22", "is not a number");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z,94,64\n", "prices.csv:3:1", "decimal comma");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z,1e12\n", "prices.csv:3:22", "too large");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z,1e400\n", "prices.csv:3:22", "not a number");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00Z\n", "prices.csv:3:1", "has 1 field, the header has 2");
        refused(&any, HEADER ROW0 "2026-11-22T01", "prices.csv:3:1", "cut off");
        refused(&any, HEADER ROW0 "2026-11-22T01:00:00,1\n", "prices.csv:3:1", "time zone");
        refused(&any, HEADER ROW0 "22.11.2026 01:00,1\n", "prices.csv:3:1", "is not a time");
        refused(&any, HEADER ROW0 ",1\n", "prices.csv:3:1", "is not a time");
        refused(&any, HEADER ROW0 "\n" ROW1, "prices.csv:4:1", "empty line 3");
        refused(&any, HEADER ROW0 "# not at the top\n", "prices.csv:3:1", "has 1 field");
        refused(&any, "time,limit_mw\n2026-11-22T00:00Z,5\n2026-11-22T01:00Z,-1\n", "prices.csv:3:19",
                "cannot be negative");
        refused(&any, "limit_mw,time\n5,2026-11-22T00:00Z\n  x,2026-11-22T01:00Z\n", "prices.csv:3:3", "\"x\"");
        refused(&any, HEADER "\x01\x02\xff,5\n", "prices.csv:2:1", "\"???\" is not a time");
}

static void files(void **state)
{
        struct csv_request request = any;
        struct offpeak_error err = { 0 };
        struct series s;

        (void)state;
        request.file = OFFPEAK_SOURCE_DIR "/tests/fixtures/csv/capacity_bom_crlf.csv";
        assert_int_equal(csv_read(&request, &s, &err), 0);
        assert_int_equal(s.n_points, 3);
        assert_int_equal(series_at(&s, T0 + 1800), 115500000);
        assert_string_equal(s.source, request.file);
        series_finish(&s);
        request.file = "/nonexistent/prices.csv";
        assert_int_equal(csv_read(&request, &s, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "/nonexistent/prices.csv: cannot be opened: No such file"));
        request.file = OFFPEAK_SOURCE_DIR "/tests/fixtures/csv";
        assert_int_equal(csv_read(&request, &s, &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "/tests/fixtures/csv: cannot be read: Is a directory"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_becomes_a_series),
                cmocka_unit_test(units_become_the_series_own),
                cmocka_unit_test(shapes_of_files),
                cmocka_unit_test(the_right_column_is_taken),
                cmocka_unit_test(currencies_must_agree),
                cmocka_unit_test(holes_and_doubles),
                cmocka_unit_test(headers),
                cmocka_unit_test(rows),
                cmocka_unit_test(files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
