/* SPDX-License-Identifier: Apache-2.0 */
/* A44 documents: each trap of the published format, and each refusal with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feeds/file_text.h"
#include "feeds/mapping_guess.h"
#include "unit/feeds/feed_checks.h"

#define FOLDER OFFPEAK_SOURCE_DIR "/tests/fixtures/entsoe/"
#define NONE   SERIES_UNKNOWN
#define EUR    INT64_C(1000000)

/* ---- documents */

#define SERIES_OF(sequence, curve, periods)                                                                             \
        "<TimeSeries><in_Domain.mRID>10YFI-1--------U</in_Domain.mRID><currency_Unit.name>EUR</currency_Unit.name>"     \
        "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>" sequence "<curveType>" curve "</curveType>\n" periods \
        "</TimeSeries>\n"
#define NUMBER(n)                                                                                                       \
        "<classificationSequence_AttributeInstanceComponent.position>" n                                                \
        "</classificationSequence_AttributeInstanceComponent.position>"
#define PERIOD(start, end, resolution, points)                                                                          \
        "<Period><timeInterval><start>2025-10-0" start "Z</start><end>2025-10-0" end                                    \
        "Z</end></timeInterval><resolution>" resolution "</resolution>\n" points "</Period>\n"
#define POINT(position, price) "<Point><position>" position "</position><price.amount>" price "</price.amount></Point>\n"
#define DOCUMENT(body) "<Publication_MarketDocument>\n<type>A44</type>\n" body "</Publication_MarketDocument>\n"

/* Two hours from 2025-10-01T00:00Z on. */
#define HOURS(points)    PERIOD("1T00:00", "1T02:00", "PT60M", points)
#define QUARTERS(points) PERIOD("1T00:00", "1T02:00", "PT15M", points)

static int parse(const char *text, const char *const *sets, const char *currency, struct series *series,
                 struct mapping_facts *facts, struct offpeak_error *err)
{
        struct csv_request request = { .file = "p.xml", .site = "hanford", .currency = currency };
        struct mapping mapping = check_mapping("entsoe_a44", sets);
        int code = check_parse(&mapping, &request, text, strlen(text), series, facts, err);

        mapping_finish(&mapping);
        return code;
}

/* n values from 2025-10-01T00:00Z on, a step each, in EUR/MWh. */
static void expect(const char *text, const char *const *sets, int64_t step, size_t n, const int64_t *values)
{
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;
        int64_t start = check_time("2025-10-01T00:00:00Z");

        if (parse(text, sets, "EUR", &series, &facts, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(series.kind, SERIES_PRICE);
        assert_int_equal(facts.step_s, step);
        assert_string_equal(facts.currency, "EUR");
        assert_string_equal(facts.column, "day-ahead price of 10YFI-1--------U");
        for (size_t i = 0; i < n; i++) {
                int64_t value = series_at(&series, start + (int64_t)i * step);

                if (value != (values[i] == NONE ? NONE : values[i] * EUR))
                        fail_msg("value %zu is %lld", i, (long long)value);
        }
        assert_int_equal(series_at(&series, start + (int64_t)n * step), NONE);
        assert_int_equal(series_at(&series, start - 1), NONE);
        series_finish(&series);
}

static void refuse(const char *text, const char *const *sets, const char *why)
{
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;

        assert_int_equal(parse(text, sets, "EUR", &series, &facts, &err), OFFPEAK_EINVAL);
        if (strncmp(err.text, why, strlen(why)) != 0)
                fail_msg("\"%s\" is not \"%s\"", err.text, why);
}

/* ---- curve types */

static void a_missing_position_repeats_the_last_one_by_a03(void **state)
{
        (void)state;
        expect(DOCUMENT(SERIES_OF("", "A03", QUARTERS(POINT("1", "5") POINT("2", "-7") POINT("6", "9")))), NULL, 900, 8,
               (int64_t[]){ 5, -7, -7, -7, -7, 9, 9, 9 });
        /* before the first there is nothing to repeat */
        expect(DOCUMENT(SERIES_OF("", "A03", PERIOD("1T00:00", "1T01:00", "PT60M", POINT("1", "1"))
                                  PERIOD("1T01:00", "1T02:00", "PT15M", POINT("3", "9")))), NULL, 900, 8,
               (int64_t[]){ 1, 1, 1, 1, NONE, NONE, 9, 9 });
}

static void a_missing_position_is_unknown_by_a01(void **state)
{
        (void)state;
        expect(DOCUMENT(SERIES_OF("", "A01", QUARTERS(POINT("1", "5") POINT("2", "6") POINT("8", "9")))), NULL, 900, 8,
               (int64_t[]){ 5, 6, NONE, NONE, NONE, NONE, NONE, 9 });
        /* and a price that is empty is not zero */
        expect(DOCUMENT(SERIES_OF("", "A03", QUARTERS(POINT("1", "5") POINT("3", "") POINT("5", "0")))), NULL, 900, 8,
               (int64_t[]){ 5, 5, NONE, NONE, 0, 0, 0, 0 });
        expect(DOCUMENT("<TimeSeries><in_Domain.mRID>10YFI-1--------U</in_Domain.mRID><currency_Unit.name>EUR"
                        "</currency_Unit.name>" HOURS(POINT("2", "5")) "</TimeSeries>"), NULL, 3600, 2,
               (int64_t[]){ NONE, 5 });
}

/* ---- resolutions and auctions */

static void hours_and_quarters_make_one_series(void **state)
{
        (void)state;
        expect(DOCUMENT(SERIES_OF("", "A03", PERIOD("1T01:00", "1T02:00", "PT15M", POINT("1", "3") POINT("4", "4")))
                        SERIES_OF("", "A01", PERIOD("1T00:00", "1T01:00", "PT60M", POINT("1", "2")))), NULL, 900, 8,
               (int64_t[]){ 2, 2, 2, 2, 3, 3, 3, 4 });
}

static void the_lowest_auction_counts(void **state)
{
        static const char *const text =
                DOCUMENT(SERIES_OF(NUMBER("3"), "A03", HOURS(POINT("1", "30"))) SERIES_OF(NUMBER("2"), "A03", HOURS(POINT("1", "20")))
                         SERIES_OF(NUMBER("10"), "A03", QUARTERS(POINT("1", "1"))));

        (void)state;
        expect(text, NULL, 3600, 2, (int64_t[]){ 20, 20 });
        /* without a number it is the first */
        expect(DOCUMENT(SERIES_OF(NUMBER("2"), "A03", QUARTERS(POINT("1", "30"))) SERIES_OF("", "A03", HOURS(POINT("1", "7")))),
               NULL, 3600, 2, (int64_t[]){ 7, 7 });
}

static void what_stands_twice_counts_once(void **state)
{
        static const char *const quarters[] = { "step=15m", NULL }, *const hours[] = { "step=1h", NULL };
        static const char *const both = DOCUMENT(SERIES_OF("", "A03", HOURS(POINT("1", "2") POINT("2", "8")))
                                                 SERIES_OF("", "A03", QUARTERS(POINT("1", "2") POINT("2", "5") POINT("5", "8"))));

        (void)state;
        expect(DOCUMENT(SERIES_OF("", "A03", HOURS(POINT("1", "2"))) SERIES_OF("", "A03", HOURS(POINT("1", "2") POINT("2", "2")))),
               NULL, 3600, 2, (int64_t[]){ 2, 2 });
        refuse(DOCUMENT(SERIES_OF("", "A03", HOURS(POINT("1", "2"))) SERIES_OF("", "A03", HOURS(POINT("1", "2") POINT("2", "3")))),
               NULL, "p.xml: 2025-10-01T01:00:00Z has two prices, in lines 5 and 11: keep one of them");
        refuse(both, NULL, "p.xml: 2025-10-01T00:15:00Z has two prices, one for every 1 h in line 5 and one for every 15 "
               "min in line 12: say which counts as \"step\"");
        expect(both, quarters, 900, 8, (int64_t[]){ 2, 5, 5, 5, 8, 8, 8, 8 });
        expect(both, hours, 900, 8, (int64_t[]){ 2, 2, 2, 2, 8, 8, 8, 8 });
}

static void intraday_prices_are_passed_over(void **state)
{
#define CONTRACT(type) "<contract_MarketAgreement.type>" type "</contract_MarketAgreement.type>"
        (void)state;
        expect(DOCUMENT(SERIES_OF(CONTRACT("A07"), "A03", QUARTERS(POINT("1", "30")))
                        SERIES_OF(CONTRACT("A01") NUMBER("2"), "A03", HOURS(POINT("1", "7")))), NULL, 3600, 2,
               (int64_t[]){ 7, 7 });
        refuse(DOCUMENT(SERIES_OF(CONTRACT("A07"), "A03", QUARTERS(POINT("1", "30")))), NULL,
               "p.xml: the file holds no day-ahead prices");
}

/* ---- fixtures */

static struct series read_fixture(const char *name, struct mapping_facts *facts)
{
        struct csv_request request = { .file = name, .site = "hanford", .kind = SERIES_PRICE, .currency = "EUR" };
        struct offpeak_error err = { 0 };
        struct series series;
        char path[4096], *text;
        size_t size;

        snprintf(path, sizeof(path), FOLDER "%s", name);
        assert_int_equal(file_text_read(path, FILE_TEXT_LARGEST, &text, &size, &err), 0);
        assert_ptr_equal(mapping_guess(text, size), mappings_find("entsoe_a44"));
        if (check_parse(mappings_find("entsoe_a44"), &request, text, size, &series, facts, &err) != 0)
                fail_msg("%s", err.text);
        free(text);
        return series;
}

static void days_have_23_to_25_hours(void **state)
{
        struct mapping_facts facts;
        struct series series = read_fixture("a44_spring.xml", &facts);

        (void)state;
        assert_int_equal(series.points[0].start, check_time("2025-03-29T23:00:00Z"));
        assert_int_equal(series.end, check_time("2025-03-30T22:00:00Z"));
        assert_int_equal(facts.step_s, 3600);
        assert_int_equal(series_at(&series, check_time("2025-03-30T00:00:00Z")), 2500000);
        assert_int_equal(series_at(&series, check_time("2025-03-30T01:00:00Z")), NONE); /* position 3 by A01 */
        assert_int_equal(series_at(&series, check_time("2025-03-30T21:59:59Z")), 23500000);
        series_finish(&series);
        series = read_fixture("a44_autumn.xml", &facts);
        assert_int_equal(series.points[0].start, check_time("2025-10-25T22:00:00Z"));
        assert_int_equal(series.end, check_time("2025-10-26T23:00:00Z"));
        assert_int_equal(series_at(&series, check_time("2025-10-26T00:45:00Z")), 20 * EUR);
        assert_int_equal(series_at(&series, check_time("2025-10-26T01:00:00Z")), 30 * EUR);
        assert_int_equal(series_at(&series, check_time("2025-10-26T22:44:59Z")), 40 * EUR);
        assert_int_equal(series_at(&series, check_time("2025-10-26T22:45:00Z")), 50 * EUR);
        series_finish(&series);
}

static void a_whole_document_with_two_auctions_and_two_resolutions(void **state)
{
        struct mapping_facts facts;
        struct series series = read_fixture("a44.xml", &facts);

        (void)state;
        assert_int_equal(facts.step_s, 900);
        assert_int_equal(series_at(&series, check_time("2025-09-29T22:00:00Z")), 101250000);
        assert_int_equal(series_at(&series, check_time("2025-09-30T00:59:00Z")), -3500000);
        assert_int_equal(series_at(&series, check_time("2025-09-30T01:00:00Z")), 0);
        assert_int_equal(series_at(&series, check_time("2025-09-30T21:00:00Z")), 88010000);
        assert_int_equal(series_at(&series, check_time("2025-09-30T22:00:00Z")), 196990000);
        assert_int_equal(series_at(&series, check_time("2025-10-01T21:44:00Z")), 170590000);
        assert_int_equal(series_at(&series, check_time("2025-10-01T21:45:00Z")), 12340000);
        assert_int_equal(series.end, check_time("2025-10-01T22:00:00Z"));
        series_finish(&series);
}

/* ---- refusals */

static void no_data_is_told_with_the_platforms_reason(void **state)
{
        struct offpeak_error err = { 0 };
        struct csv_request request = { .file = "none.xml" };
        struct series series;
        char *text;
        size_t size;

        (void)state;
        assert_int_equal(file_text_read(FOLDER "no_data.xml", FILE_TEXT_LARGEST, &text, &size, &err), 0);
        assert_ptr_equal(mapping_guess(text, size), mappings_find("entsoe_a44"));
        for (int i = 0; i < 2; i++) {
                const struct mapping *mapping = mappings_find(i == 0 ? "entsoe_a44" : "entsoe_a80");

                assert_int_equal(check_parse(mapping, &request, text, size, &series, NULL, &err), OFFPEAK_EINVAL);
                assert_non_null(strstr(err.text, "none.xml: holds no data, but the platform's answer that there is none: "
                                                 "\"No matching data found for Data item Day-ahead Prices"));
        }
        free(text);
        refuse("<Acknowledgement_MarketDocument/>", NULL,
               "p.xml: holds no data, but the platform's answer that there is none: \"no reason given\"");
}

static void areas_are_told_apart(void **state)
{
        static const char *const text = DOCUMENT(SERIES_OF("", "A03", HOURS(POINT("1", "4")))
                "<TimeSeries><in_Domain.mRID>10YSE-1--------K</in_Domain.mRID>\n<currency_Unit.name>SEK</currency_Unit.name>"
                HOURS(POINT("1", "5")) "</TimeSeries>");
        static const char *const fi[] = { "name=10yfi-1--------u", NULL }, *const fr[] = { "column=10YFR-RTE------C", NULL },
                          *const se[] = { "column=10YSE-1--------K", NULL };
        struct offpeak_error err;
        struct mapping_facts facts;
        struct series series;

        (void)state;
        refuse(text, NULL, "p.xml:8: the file holds prices of several areas, 10YFI-1--------U and 10YSE-1--------K first: "
               "say which one as \"name\"");
        refuse(text, fr, "p.xml: the file holds no day-ahead prices of area 10YFR-RTE------C");
        refuse(text, se, "p.xml:9: these prices are in SEK, but the site's currency is EUR");
        assert_int_equal(parse(text, fi, NULL, &series, &facts, &err), 0);
        assert_int_equal(series_at(&series, check_time("2025-10-01T01:00:00Z")), 4 * EUR);
        series_finish(&series);
}

static void the_wrong_thing_is_named(void **state)
{
#define ONE(points) DOCUMENT(SERIES_OF("", "A03", QUARTERS(points)))
        static const struct {
                const char *text, *why;
        } wrong[] = {
                { "<Publication_MarketDocument/>", "p.xml: the file holds no day-ahead prices" },
                { DOCUMENT(SERIES_OF("", "A03", "")), "p.xml: the file holds no prices" },
                { ONE(POINT("1", "")), "p.xml: the file holds no prices" },
                { "<GL_MarketDocument/>", "p.xml:1: this is no Publication_MarketDocument: does \"mapping\" name" },
                { "<Publication_MarketDocument><type>A25</type></Publication_MarketDocument>",
                  "p.xml:1: this Publication_MarketDocument is of type A25, and not A44" },
                { "<Publication_MarketDocument><type>A4</type></Publication_MarketDocument>",
                  "p.xml:1: this Publication_MarketDocument is of type A4, and not A44" },
                { DOCUMENT("<TimeSeries/>"), "p.xml:3: this TimeSeries tells no currency" },
                { DOCUMENT("<TimeSeries><price_Measure_Unit.name>MAW</price_Measure_Unit.name></TimeSeries>"),
                  "p.xml:3: these prices are per MAW, and not per MWH" },
                { DOCUMENT(SERIES_OF(NUMBER("0"), "A03", "")), "p.xml:3: auctions count from 1" },
                { DOCUMENT(SERIES_OF(NUMBER("first"), "A03", "")), "p.xml:3: \"first\" is not a whole number" },
                { DOCUMENT(SERIES_OF("", "A04", "")), "p.xml:3: curve type \"A04\" is not known here" },
                { ONE(POINT("0", "5")), "p.xml:5: position 0 lies outside its period" },
                { ONE(POINT("9", "5")), "p.xml:5: position 9 lies outside its period" },
                { ONE(POINT("99999999999", "5")), "p.xml:5: position 99999999999 lies outside its period" },
                { ONE(POINT("-1", "5")), "p.xml:5: \"-1\" is not a whole number" },
                { ONE(POINT("2", "5") POINT("2", "5")), "p.xml:6: this position stands twice" },
                { ONE(POINT("2", "5") POINT("1", "5")), "p.xml:6: this position stands twice in its period, or comes after" },
                { ONE(POINT("1", "5,5")), "p.xml:5: \"5,5\" is not a price" },
                { ONE(POINT("1", "1e40")), "p.xml:5: \"1e40\" is not a price" },
                { ONE("<Point/>"), "p.xml:5: this Point has no position" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1T02:00", "1T01:00", "PT60M", ""))),
                  "p.xml:4: this interval ends before it begins" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1T00:00", "1T01:30", "PT60M", POINT("1", "1")))),
                  "p.xml:5: its period does not begin and end on full steps" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1T00:07", "1T01:07", "PT60M", POINT("1", "1")))),
                  "p.xml:5: its period does not begin and end on full steps" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1T00:00", "1T01:00", "P1M", POINT("1", "1")))),
                  "p.xml:4: resolution \"P1M\" is not known here" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1T00:00", "1T01:00", "PT0M", POINT("1", "1")))),
                  "p.xml:4: resolution \"PT0M\" is not known here" },
                { DOCUMENT(SERIES_OF("", "A03", PERIOD("1 noon", "1T01:00", "PT60M", POINT("1", "1")))),
                  "p.xml:4: \"2025-10-01 noonZ\" is not a time in UTC" },
                { DOCUMENT(SERIES_OF("", "A03", "<Period/>")), "p.xml:4: this period has no timeInterval or no resolution" },
                { DOCUMENT(SERIES_OF("", "A03", "<Period><timeInterval/><resolution/></Period>")),
                  "p.xml:4: a time interval here has no start or no end" },
                { DOCUMENT(SERIES_OF("", "A03", "<Period><timeInterval><start>1971-01-01T00:00Z</start><end>9999-01-01T00:00Z"
                                                "</end></timeInterval><resolution>PT1M</resolution>" POINT("1", "1") "</Period>")),
                  "p.xml: holds more than 1000000 intervals: cut it" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                refuse(wrong[i].text, NULL, wrong[i].why);
}

static void keys_that_mean_nothing_are_refused(void **state)
{
        static const struct {
                const char *mapping, *sets[2], *why;
        } wrong[] = {
                { "entsoe_a44", { "delimiter=;" }, "\"delimiter\" means nothing in an ENTSO-E document" },
                { "entsoe_a44", { "vat=1.24" }, "\"vat\" means nothing" },
                { "entsoe_a44", { "parts=A=1 MW" }, "\"parts\" means nothing" },
                { "entsoe_a44", { "where=a=b" }, "\"where\" means nothing" },
                { "entsoe_a44", { "missing=-" }, "\"missing\" means nothing" },
                { "entsoe_a44", { "arrays=true" }, "\"arrays\" means nothing" },
                { "entsoe_a44", { "stamps=end" }, "\"stamps\" means nothing" },
                { "entsoe_a80", { "step=1h" }, "\"step\" means nothing" },
                { "entsoe_a80", { "time=x" }, "\"time\" means nothing" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct mapping mapping = check_mapping(wrong[i].mapping, wrong[i].sets);
                struct offpeak_error err;

                assert_int_equal(mapping_check(&mapping, &err), OFFPEAK_EINVAL);
                assert_non_null(strstr(err.text, wrong[i].why));
                mapping_finish(&mapping);
        }
        {
                static const char *const format[] = { "format=entsoe-a44", NULL };
                struct mapping mapping = check_mapping("offpeak", format);

                /* `comment` of the base is not the user's */
                assert_int_equal(mapping_check(&mapping, NULL), 0);
                mapping_finish(&mapping);
        }
}

static void prices_are_no_carbon_intensity(void **state)
{
        struct csv_request request = { .file = "p.xml", .kind = SERIES_CARBON };
        struct offpeak_error err = { 0 };
        struct series series;
        const char *text = ONE(POINT("1", "5"));

        (void)state;
        assert_int_equal(mapping_parse(mappings_find("entsoe_a44"), &request, text, strlen(text), &series, NULL, &err),
                         OFFPEAK_EINVAL);
        assert_string_equal(err.text, "p.xml: holds prices, and no carbon: name another file");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_missing_position_repeats_the_last_one_by_a03),
                cmocka_unit_test(a_missing_position_is_unknown_by_a01),
                cmocka_unit_test(hours_and_quarters_make_one_series),
                cmocka_unit_test(the_lowest_auction_counts),
                cmocka_unit_test(what_stands_twice_counts_once),
                cmocka_unit_test(intraday_prices_are_passed_over),
                cmocka_unit_test(days_have_23_to_25_hours),
                cmocka_unit_test(a_whole_document_with_two_auctions_and_two_resolutions),
                cmocka_unit_test(no_data_is_told_with_the_platforms_reason),
                cmocka_unit_test(areas_are_told_apart),
                cmocka_unit_test(the_wrong_thing_is_named),
                cmocka_unit_test(keys_that_mean_nothing_are_refused),
                cmocka_unit_test(prices_are_no_carbon_intensity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
