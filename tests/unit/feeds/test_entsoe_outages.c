/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A80 documents, alone and in a ZIP: what units can deliver; against a second computation in here, minute by minute, on outages
 * made at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feeds/entsoe_outages.h"
#include "feeds/file_text.h"
#include "feeds/mapping_guess.h"
#include "unit/feeds/feed_checks.h"
#include "unit/feeds/zip_made.h"

#define FOLDER OFFPEAK_SOURCE_DIR "/tests/fixtures/"
#define NONE   SERIES_UNKNOWN
#define MW     INT64_C(1000000)
#define DAY    INT64_C(86400)

static int parse_as(const char *file, const char *text, size_t size, const char *const *sets, int64_t issued,
                    struct series *series, struct mapping_facts *facts, struct offpeak_error *err)
{
        struct csv_request request = { .file = file, .site = "hanford", .kind = SERIES_CAPACITY, .issued = issued };
        struct mapping mapping = check_mapping("entsoe_a80", sets);
        int code = check_parse(&mapping, &request, text, size, series, facts, err);

        mapping_finish(&mapping);
        return code;
}

static struct series read_zip(const char *const *sets, struct mapping_facts *facts)
{
        struct offpeak_error err = { 0 };
        struct series series;
        char *text;
        size_t size;

        assert_int_equal(file_text_read(FOLDER "zip/a80.zip", FILE_TEXT_LARGEST, &text, &size, &err), 0);
        assert_ptr_equal(mapping_guess(text, size), mappings_find("entsoe_a80"));
        if (parse_as("o.zip", text, size, sets, 0, &series, facts, &err) != 0)
                fail_msg("%s", err.text);
        free(text);
        return series;
}

static void at(const struct series *series, const char *time, int64_t mw)
{
        int64_t value = series_at(series, check_time(time));

        if (value != (mw == NONE ? NONE : mw * MW))
                fail_msg("%s: %lld W", time, (long long)value);
}

/* ---- the fixture */

static void units_of_an_archive(void **state)
{
        static const char *const sets[] = { "parts=Island 1=890 MW", "parts=44w-g-0000000002=850 MW",
                                            "parts=Island 3=1600 MW", NULL };
        struct mapping_facts facts;
        struct series series = read_zip(sets, &facts);

        (void)state;
        at(&series, "2026-02-01T05:59:00Z", NONE); /* before the first outage, and that is before the newest document */
        at(&series, "2026-02-01T06:00:00Z", 445 + 850 + 1600); /* what is cancelled and withdrawn is no outage */
        at(&series, "2026-02-01T23:59:00Z", 445 + 850 + 1600);
        at(&series, "2026-02-02T00:00:00Z", 445 + 0 + 1600); /* the second revision, not the first */
        at(&series, "2026-02-02T02:59:59Z", 445 + 0 + 1600);
        at(&series, "2026-02-02T03:00:00Z", 445 + 400 + 1600); /* position 4; and until its end */
        at(&series, "2026-02-02T06:00:00Z", 0 + 400 + 1600); /* position 1441 of minutes */
        at(&series, "2026-02-02T10:00:00Z", 0 + 300 + 1600); /* of two outages the lesser */
        at(&series, "2026-02-02T12:00:00Z", 0 + 300 + 1600);
        at(&series, "2026-02-02T18:00:00Z", 0 + 850 + 1600);
        at(&series, "2026-02-03T06:00:00Z", 890 + 850 + 1600);
        at(&series, "2026-04-04T05:59:00Z", 890 + 850 + 1600);
        at(&series, "2026-04-04T06:00:00Z", NONE);
        assert_int_equal(series.end, check_time("2026-02-03T06:00:00Z") + ENTSOE_OUTAGES_REACH);
        assert_int_equal(facts.step_s, 3600);
        assert_string_equal(facts.unmatched, "");
        assert_string_equal(facts.column, "available power of several units");
        assert_string_equal(series.site, "hanford");
        assert_int_equal(series.kind, SERIES_CAPACITY);
        series_finish(&series);
}

static void a_unit_alone(void **state)
{
        static const char *const named[] = { "name=island 3", NULL }, *const rated[] = { "column=Island 2", "rating=100 MW", NULL };
        static const char *const gas[] = { "name=Gas 1", NULL };
        struct mapping_facts facts;
        struct series series = read_zip(named, &facts);

        (void)state;
        at(&series, "2026-02-10T00:00:00Z", 1600); /* as the document says, though the outage is cancelled */
        /* without an outage in force it begins with the newest document */
        assert_int_equal(series.points[0].start, check_time("2026-02-02T02:00:00Z"));
        assert_int_equal(series.end, check_time("2026-02-02T02:00:00Z") + ENTSOE_OUTAGES_REACH);
        series_finish(&series);
        series = read_zip(rated, &facts);
        at(&series, "2026-02-02T00:00:00Z", 0);
        at(&series, "2026-02-02T05:00:00Z", 100); /* no more than its rating */
        series_finish(&series);
        series = read_zip(gas, &facts); /* whoever names it wants it */
        at(&series, "2026-02-02T00:00:00Z", 0);
        at(&series, "2026-02-09T00:00:00Z", 400);
        series_finish(&series);
}

static void a_unit_that_no_document_names_is_told(void **state)
{
        static const char *const sets[] = { "parts=Island 1=890 MW", "parts=Islnad 2=850 MW", NULL };
        static const char *const alone[] = { "name=Islnad 2", "rating=7 MW", NULL };
        struct mapping_facts facts;
        struct series series = read_zip(sets, &facts);

        (void)state;
        at(&series, "2026-02-02T00:00:00Z", 445 + 850);
        assert_string_equal(facts.unmatched, "Islnad 2");
        series_finish(&series);
        series = read_zip(alone, &facts);
        at(&series, "2026-02-10T00:00:00Z", 7);
        assert_string_equal(facts.unmatched, "Islnad 2");
        series_finish(&series);
}

static void a_document_alone_needs_no_name(void **state)
{
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;
        char *text;
        size_t size;

        (void)state;
        assert_int_equal(file_text_read(FOLDER "entsoe/a80.xml", FILE_TEXT_LARGEST, &text, &size, &err), 0);
        assert_ptr_equal(mapping_guess(text, size), mappings_find("entsoe_a80"));
        if (parse_as("o.xml", text, size, NULL, 0, &series, &facts, &err) != 0)
                fail_msg("%s", err.text);
        at(&series, "2026-01-05T09:59:00Z", NONE);
        at(&series, "2026-01-05T10:00:00Z", 890); /* from the document's creation on */
        at(&series, "2026-02-01T06:00:00Z", 445);
        at(&series, "2026-02-02T06:00:00Z", 0);
        at(&series, "2026-02-03T06:00:00Z", 890);
        assert_string_equal(facts.column, "available power of Island 1");
        series_finish(&series);
        /* read later it reaches farther */
        assert_int_equal(parse_as("o.xml", text, size, NULL, check_time("2026-05-01T00:00:00Z"), &series, &facts, &err), 0);
        at(&series, "2026-06-29T23:59:00Z", 890);
        at(&series, "2026-06-30T00:00:00Z", NONE);
        series_finish(&series);
        free(text);
}

/* ---- documents made here */

#define UNIT_NAMED(name) \
        "<production_RegisteredResource.pSRType.powerSystemResources.name>" name "</production_RegisteredResource.pSRType.powerSystemResources.name>"
#define NOMINAL(mw)                                                                                                          \
        "<production_RegisteredResource.pSRType.powerSystemResources.nominalP unit=\"MAW\">" mw                              \
        "</production_RegisteredResource.pSRType.powerSystemResources.nominalP>"
#define AVAILABLE(points)                                                                                                    \
        "<Available_Period><timeInterval><start>2026-03-01T00:00Z</start><end>2026-03-01T04:00Z</end></timeInterval>"        \
        "<resolution>PT60M</resolution>\n" points "</Available_Period>\n"
#define POINT(position, mw) "<Point><position>" position "</position><quantity>" mw "</quantity></Point>\n"
#define MESSAGE(head, series)                                                                                                \
        "<Unavailability_MarketDocument><type>A80</type>" head "\n<TimeSeries>" series "</TimeSeries></Unavailability_MarketDocument>"
#define U1 UNIT_NAMED("U1") NOMINAL("100")

static void expect(const char *text, const char *const *sets, const int64_t *mw, size_t n)
{
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;

        if (parse_as("o.xml", text, strlen(text), sets, 0, &series, &facts, &err) != 0)
                fail_msg("%s", err.text);
        for (size_t i = 0; i < n; i++) {
                int64_t value = series_at(&series, check_time("2026-03-01T00:00:00Z") + (int64_t)i * 3600 + 1800);

                if (value != (mw[i] == NONE ? NONE : mw[i] * MW))
                        fail_msg("hour %zu: %lld W", i, (long long)value);
        }
        series_finish(&series);
}

static void a_single_minute_holds_until_its_period_ends(void **state)
{
        (void)state;
        /* without a curve type too: a period of months with a single point of a minute is common */
        expect(MESSAGE("", U1 "<Available_Period><timeInterval><start>2026-03-01T00:00Z</start><end>2026-03-01T03:00Z</end>"
                           "</timeInterval><resolution>PT1M</resolution>" POINT("1", "40") "</Available_Period>"),
               NULL, (int64_t[]){ 40, 40, 40, 100 }, 4);
        /* steps that its end cuts short */
        expect(MESSAGE("", U1 "<Available_Period><timeInterval><start>2026-03-01T00:00Z</start><end>2026-03-01T03:00Z</end>"
                           "</timeInterval><resolution>P1D</resolution>" POINT("1", "40") "</Available_Period>"),
               NULL, (int64_t[]){ 40, 40, 40, 100 }, 4);
}

static void what_is_not_said_is_unknown(void **state)
{
        static const char *const two[] = { "parts=U1=100 MW", "parts=U2=50 MW", NULL };
        static const char *const holes = MESSAGE("", U1 "<curveType>A01</curveType>" AVAILABLE(POINT("1", "30") POINT("3", "20")));

        (void)state;
        expect(holes, NULL, (int64_t[]){ 30, NONE, 20, NONE, 100 }, 5);
        expect(holes, two, (int64_t[]){ 80, NONE, 70, NONE, 150 }, 5);
        expect(MESSAGE("", U1 AVAILABLE(POINT("3", "20"))), NULL, (int64_t[]){ NONE, NONE, 20, 20, 100 }, 5);
        /* an outage without quantities */
        expect(MESSAGE("<unavailability_Time_Period.timeInterval><start>2026-03-01T01:00Z</start><end>2026-03-01T02:00Z</end>"
                       "</unavailability_Time_Period.timeInterval><createdDateTime>2026-03-01T00:00:00Z</createdDateTime>", U1),
               NULL, (int64_t[]){ 100, NONE, 100 }, 3);
}

static void names_are_of_the_unit_before_the_plant(void **state)
{
        static const char *const plant = "<production_RegisteredResource.name>P</production_RegisteredResource.name>"
                                         "<production_RegisteredResource.mRID>44W-P</production_RegisteredResource.mRID>";
        static const char *const by_name[] = { "parts=P=100 MW", NULL }, *const by_eic[] = { "name=44w-p", "rating=100 MW", NULL };
        char text[2000];

        (void)state;
        snprintf(text, sizeof(text), MESSAGE("", "%s" AVAILABLE(POINT("1", "0"))), plant);
        expect(text, by_name, (int64_t[]){ 0, 0, 0, 0, 100 }, 5);
        expect(text, by_eic, (int64_t[]){ 0, 0, 0, 0, 100 }, 5);
        /* one unit of the plant is not the plant */
        snprintf(text, sizeof(text), MESSAGE("<createdDateTime>2026-03-01T00:00:00Z</createdDateTime>",
                 "%s" UNIT_NAMED("U1") AVAILABLE(POINT("1", "0"))), plant);
        expect(text, by_name, (int64_t[]){ 100, 100, 100, 100, 100 }, 5);
}

static void refuse(const char *text, size_t size, const char *const *sets, const char *why)
{
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;

        assert_int_equal(parse_as("o.xml", text, size, sets, 0, &series, &facts, &err), OFFPEAK_EINVAL);
        if (strncmp(err.text, why, strlen(why)) != 0)
                fail_msg("\"%s\" is not \"%s\"", err.text, why);
}

static void the_wrong_thing_is_named(void **state)
{
        static const char *const twice[] = { "parts=U1=1 MW", "parts=E1=1 MW", NULL };
        static const char *const unrated[] = { "parts=U7=", NULL }, *const nobody[] = { "name=U7", NULL };
        static const struct {
                const char *text, *why;
                const char *const *sets;
        } wrong[] = {
                { "<Publication_MarketDocument/>", "o.xml:1: this is no Unavailability_MarketDocument", NULL },
                { "<Unavailability_MarketDocument><type>A78</type></Unavailability_MarketDocument>",
                  "o.xml:1: this Unavailability_MarketDocument is of type A78, and not A80 A77", NULL },
                { MESSAGE("<revisionNumber>x</revisionNumber>", U1), "o.xml:1: \"x\" is not a whole number", NULL },
                { MESSAGE("<createdDateTime>today</createdDateTime>", U1), "o.xml:1: \"today\" is not a time in UTC", NULL },
                { MESSAGE("<createdDateTime>2026-03-01T00:00:00</createdDateTime>", U1),
                  "o.xml:1: \"2026-03-01T00:00:00\" is not a time in UTC", NULL },
                { MESSAGE("", U1 "<businessType>A25</businessType>"), "o.xml:2: business type \"A25\" is no outage", NULL },
                { MESSAGE("", U1 "<quantity_Measure_Unit.name>MWH</quantity_Measure_Unit.name>" AVAILABLE(POINT("1", "1"))),
                  "o.xml:2: these quantities are in MWH, and not in MAW", NULL },
                { MESSAGE("", U1 AVAILABLE(POINT("1", "-1"))), "o.xml:3: \"-1\" is no power in MW", NULL },
                { MESSAGE("", U1 AVAILABLE(POINT("1", "much"))), "o.xml:3: \"much\" is no power in MW", NULL },
                { MESSAGE("", U1 AVAILABLE("<Point><position>1</position></Point>")), "o.xml:3: this Point has no quantity",
                  NULL },
                { MESSAGE("", U1), "o.xml:2: this outage tells neither a time nor what is available", NULL },
                { MESSAGE("", UNIT_NAMED("U1") AVAILABLE(POINT("1", "1"))), "o.xml: the rating of \"the unit\" is not known",
                  NULL },
                { MESSAGE("", U1 AVAILABLE(POINT("1", "1"))), "o.xml: the rating of \"U7\" is not known, for no outage here "
                  "tells it: say it as \"parts\"", unrated },
                { MESSAGE("", U1 AVAILABLE(POINT("1", "1"))), "o.xml: the rating of \"U7\" is not known, for no outage here "
                  "tells it: say it as \"rating\"", nobody },
                { MESSAGE("", AVAILABLE(POINT("1", "1"))), "o.xml:2: this outage names no unit", NULL },
                { MESSAGE("", "<production_RegisteredResource.pSRType.psrType>B04</production_RegisteredResource.pSRType.psrType>"),
                  "o.xml: holds no outage of a nuclear unit (psrType B14)", NULL },
                { MESSAGE("", U1 "<production_RegisteredResource.pSRType.powerSystemResources.mRID>E1"
                  "</production_RegisteredResource.pSRType.powerSystemResources.mRID>"),
                  "o.xml:2: \"U1\" and \"E1\" both name this unit", twice },
                { MESSAGE("<docStatus><value>A09</value></docStatus>", U1), "o.xml: holds no outage in force, and nothing that "
                  "tells when it was made", NULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                refuse(wrong[i].text, strlen(wrong[i].text), wrong[i].sets, wrong[i].why);
        {
                struct zip_made_member members[] = { { "1.xml", "<Acknowledgement_MarketDocument/>", 0 } };
                size_t size;
                char *bytes = zip_made(members, 1, NULL, &size);

                refuse(bytes, size, NULL, "o.xml(1.xml): holds no data, but the platform's answer");
                free(bytes);
        }
}

/* ---- against a second computation */

enum { UNITS = 3, MESSAGES = 40, HOURS = 96 };

struct message {
        int id, revision, unit, from, to, left; /* hours, MW */
        bool in_force;
};

static uint32_t next(uint32_t *seed)
{
        return *seed = *seed * 1664525 + 1013904223, *seed >> 8;
}

static char *text_of(const struct message *m)
{
        char *text = malloc(3000);
        int64_t base = check_time("2026-03-01T00:00:00Z");
        char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

        snprintf(text, 3000,
                 "<Unavailability_MarketDocument xmlns=\"urn:x\"><mRID>m%d</mRID><revisionNumber>%d</revisionNumber>"
                 "<docStatus><value>%s</value></docStatus><TimeSeries>"
                 "<production_RegisteredResource.pSRType.powerSystemResources.name>U%d"
                 "</production_RegisteredResource.pSRType.powerSystemResources.name>"
                 "<Available_Period><timeInterval><start>%s</start><end>%s</end></timeInterval><resolution>PT60M</resolution>"
                 "<Point><position>1</position><quantity>%d</quantity></Point></Available_Period></TimeSeries>"
                 "</Unavailability_MarketDocument>",
                 m->id, m->revision, m->in_force ? "A05" : "A13", m->unit, when_format_utc(base + m->from * 3600, from),
                 when_format_utc(base + m->to * 3600, to), m->left);
        return text;
}

static bool counts(const struct message *messages, int i)
{
        for (int k = 0; k < MESSAGES; k++)
                if (messages[k].id == messages[i].id && messages[k].revision > messages[i].revision)
                        return false;
        return messages[i].in_force;
}

static int64_t second_opinion(const struct message *messages, int hour)
{
        static const int ratings[UNITS] = { 100, 70, 30 };
        int64_t sum = 0;

        for (int unit = 0; unit < UNITS; unit++) {
                int left = ratings[unit];

                for (int i = 0; i < MESSAGES; i++)
                        if (messages[i].unit == unit && counts(messages, i) && hour >= messages[i].from &&
                            hour < messages[i].to && messages[i].left < left)
                                left = messages[i].left;
                sum += left;
        }
        return sum;
}

static int parse_pages(const struct feed_page *pages, size_t n, const char *const *sets, struct series *series,
                       struct offpeak_error *err)
{
        struct csv_request request = { .file = "o", .site = "hanford", .kind = SERIES_CAPACITY };
        struct mapping mapping = check_mapping("entsoe_a80", sets);
        int code = mapping_parse_pages(&mapping, &request, pages, n, series, NULL, err);

        mapping_finish(&mapping);
        return code;
}

/* However they are parted, the same documents are the same series; one that stands on two pages is one. */
static void compare_pages(const struct zip_made_member *members, const char *const *sets, const struct series *whole)
{
        struct offpeak_error err = { 0 };
        struct feed_page pages[3];
        struct series series;

        pages[0].text = zip_made(members, 1, NULL, &pages[0].size);
        pages[1].text = zip_made(members, MESSAGES / 2, NULL, &pages[1].size);
        pages[2].text = zip_made(members + MESSAGES / 2, MESSAGES - MESSAGES / 2, NULL, &pages[2].size);
        if (parse_pages(pages, 3, sets, &series, &err) != 0)
                fail_msg("%s", err.text);
        assert_true(series_same_values(whole, &series));
        series_finish(&series);
        pages[1].size /= 2; /* all or none */
        assert_int_equal(parse_pages(pages, 3, sets, &series, &err), OFFPEAK_EINVAL);
        if (strncmp(err.text, "o, page 2", 9) != 0)
                fail_msg("\"%s\" does not name the page", err.text);
        for (int i = 0; i < 3; i++)
                free(pages[i].text);
}

static void compare_at_random(uint32_t seed)
{
        static const char *const sets[] = { "parts=U0=100 MW", "parts=U1=70 MW", "parts=U2=30 MW", NULL };
        struct message messages[MESSAGES];
        struct zip_made_member members[MESSAGES];
        char names[MESSAGES][8];
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct series series;
        size_t size;
        char *bytes;

        for (int i = 0; i < MESSAGES; i++) {
                struct message *m = &messages[i];

                *m = (struct message){ .id = (int)(next(&seed) % 25), .unit = (int)(next(&seed) % UNITS) };
                m->revision = i; /* no two alike; the order of members is mixed below */
                m->from = (int)(next(&seed) % (HOURS - 1));
                m->to = m->from + 1 + (int)(next(&seed) % (uint32_t)(HOURS - m->from));
                m->left = (int)(next(&seed) % 120);
                m->in_force = next(&seed) % 4 != 0;
        }
        for (int i = 0; i < MESSAGES; i++) {
                int k = (i * 7 + 3) % MESSAGES;

                snprintf(names[i], sizeof(names[i]), "%d.xml", i);
                members[i] = (struct zip_made_member){ names[i], text_of(&messages[k]), 0 };
        }
        bytes = zip_made(members, MESSAGES, NULL, &size);
        if (parse_as("o.zip", bytes, size, sets, 0, &series, &facts, &err) != 0)
                fail_msg("%s", err.text);
        for (int hour = 0; hour < HOURS; hour++) {
                int64_t time = check_time("2026-03-01T00:00:00Z") + hour * 3600;

                if (time >= series.points[0].start &&
                    series_at(&series, time + 1) != second_opinion(messages, hour) * MW)
                        fail_msg("hour %d: %lld", hour, (long long)series_at(&series, time + 1));
        }
        compare_pages(members, sets, &series);
        series_finish(&series);
        free(bytes);
        for (int i = 0; i < MESSAGES; i++)
                free((char *)members[i].text);
}

static void outages_at_random_by_a_second_computation(void **state)
{
        (void)state;
        for (uint32_t seed = 1; seed <= 50; seed++)
                compare_at_random(seed);
}

static void prices_come_in_one_piece(void **state)
{
        struct csv_request request = { .file = "o", .site = "hanford", .kind = SERIES_PRICE };
        struct mapping mapping = check_mapping("energy_charts", NULL);
        struct feed_page pages[2] = { { (char *)"{}", 2 }, { (char *)"{}", 2 } };
        struct offpeak_error err = { 0 };
        struct series series;

        (void)state;
        assert_int_equal(mapping_parse_pages(&mapping, &request, pages, 2, &series, NULL, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "o: what this mapping reads comes in one piece");
        mapping_finish(&mapping);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(units_of_an_archive),
                cmocka_unit_test(a_unit_alone),
                cmocka_unit_test(a_unit_that_no_document_names_is_told),
                cmocka_unit_test(a_document_alone_needs_no_name),
                cmocka_unit_test(a_single_minute_holds_until_its_period_ends),
                cmocka_unit_test(what_is_not_said_is_unknown),
                cmocka_unit_test(names_are_of_the_unit_before_the_plant),
                cmocka_unit_test(the_wrong_thing_is_named),
                cmocka_unit_test(outages_at_random_by_a_second_computation),
                cmocka_unit_test(prices_come_in_one_piece),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
