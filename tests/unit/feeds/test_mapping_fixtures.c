/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every ready mapping on a file made after the source's published format, with the traps that it has: the mapping is
 * guessed from the header, and the values that matter are told one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "feeds/file_text.h"
#include "feeds/mapping_guess.h"
#include "unit/feeds/feed_checks.h"

#define FOLDER OFFPEAK_SOURCE_DIR "/tests/fixtures/feeds/"
#define NONE   SERIES_UNKNOWN

struct expected {
        const char *file, *mapping;
        const char *sets[4];
        const char *start; /* of the first interval */
        int64_t step_s;
        const char *currency;
        size_t n;           /* of values, one a step */
        int64_t values[12]; /* in thousandths of the series' unit per MWh or kWh, or kW; the first ones, to n */
};

static const struct expected cases[] = {
        /* the row after the gap, whose end stands a day back; thousands; a hole that is no zero */
        { "smard_spring.csv", "smard", { "column=Deutschland/Luxemburg" }, "2025-03-29T23:00:00Z", 3600, "EUR", 4,
          { 46310, 1015890, NONE, -1234567250 } },
        { "smard_spring.csv", "smard", { "column=frankreich" }, "2025-03-29T23:00:00Z", 3600, "EUR", 4, { -500,
          15850, 5070, 1200 } },
        /* the doubled hour in order */
        { "smard_autumn.csv", "smard", { "column=Deutschland/Luxemburg" }, "2025-10-25T23:00:00Z", 3600, "EUR", 4,
          { 3700, 3190, 2020, 340 } },
        { "smard_en.csv", "smard_en", { "column=Germany/Luxembourg" }, "2024-12-31T23:00:00Z", 900, "EUR", 5, { 2160,
          1600, NONE, -400, -10000000 } },
        /* MWh in a quarter of an hour are four times as many MW */
        { "smard_en.csv", "smard_en", { "column=Nuclear" }, "2024-12-31T23:00:00Z", 900, "", 5, { 4001000, 4006000,
          NONE, 0, 48000 } },
        { "smard_old.csv", "smard_old", { NULL }, "2022-12-31T23:00:00Z", 3600, "", 3, { 2459250, 2459750, NONE } },
        /* the nonexistent hour as an empty row, fewer fields than the header, two words for unknown */
        { "entsoe_csv.csv", "entsoe_csv", { NULL }, "2024-03-30T23:00:00Z", 3600, "EUR", 5, { 42090, 42020, 42100,
          NONE, NONE } },
        /* the doubled hour by its marker, though the rows are in the wrong order */
        { "netztransparenz.csv", "netztransparenz", { NULL }, "2024-10-26T23:00:00Z", 3600, "EUR", 4, { 84000, 82230,
          80430, -10 } },
        /* hour-ending; the doubled hour flagged; 24:00 */
        { "ercot_dam_spp.csv", "ercot_dam_spp", { "name=hb_hubavg" }, "2024-11-03T05:00:00Z", 3600, "USD", 26,
          { 10000, 11000, 12000, 13000, 14000 } },
        { "ercot_dam_spp.csv", "ercot_dam_spp", { "column=LZ_HOUSTON" }, "2024-11-03T05:00:00Z", 3600, "USD", 26,
          { 20000, 21000, 22000, 23000, 24000 } },
        { "ercot_rtm_spp.csv", "ercot_rtm_spp", { NULL }, "2024-03-10T06:00:00Z", 900, "USD", 12, { 500, 1500, 2500,
          3500, 4500, 5500, 6500, 7500, 8500, 9500, 10500, 11500 } },
        /* the price is called MW, other parts of it stand between, rows are out of order */
        { "caiso_lmp.csv", "caiso_lmp", { NULL }, "2024-01-01T08:00:00Z", 3600, "USD", 3, { -3250, 0, 41500 } },
        { "caiso_lmp.csv", "caiso_lmp", { "where=LMP_TYPE=MCC" }, "2024-01-01T08:00:00Z", 3600, "USD", 3, { 7000,
          7000, 7000 } },
        /* a superseded version, a hole of four hours */
        { "pjm_rt_lmp.csv", "pjm_rt_lmp", { "name=DOM" }, "2024-01-01T05:00:00Z", 3600, "USD", 8, { 26500, 27000,
          28000, NONE, NONE, NONE, NONE, -1250 } },
        { "pjm_da_lmp.csv", "pjm_da_lmp", { NULL }, "2024-01-01T05:00:00Z", 3600, "USD", 2, { 26500, 27500 } },
        { "nyiso_da.csv", "nyiso_da", { "name=N.Y.C." }, "2024-11-03T04:00:00Z", 3600, "USD", 5, { 40250, 41250,
          42250, 43250, 44250 } },
        /* times are ends, in the doubled hour too */
        { "nyiso_rt.csv", "nyiso_rt", { NULL }, "2024-11-03T04:50:00Z", 300, "USD", 26, { 0, 1000, 2000, 3000 } },
        { "jepx_spot.csv", "jepx_spot", { NULL }, "2024-03-31T15:00:00Z", 1800, "JPY", 48, { 10010000, 10020000 } },
        { "jepx_spot.csv", "jepx_spot", { "column=エリアプライス東京" }, "2024-03-31T15:00:00Z", 1800, "JPY", 48, { 12010000,
          12020000 } },
        /* newest first, CR CR LF, above 100 %; a sum is unknown where a part is */
        { "nrc_power.txt", "nrc_power", { "name=Beaver Valley 1", "rating=1000 MW" }, "2009-12-29T05:00:00Z", 86400,
          "", 3, { 0, 0, 1010000 } },
        { "nrc_power.txt", "nrc_power", { "parts=Arkansas Nuclear 1=836 MW", "parts=Arkansas Nuclear 2=1000 MW" },
          "2009-12-29T05:00:00Z", 86400, "", 3, { 1816000, NONE, 1816000 } },
        /* today's form of the date; the day on which clocks change has 25 hours, and is no hole */
        { "nrc_power_new.txt", "nrc_power", { "rating=1 GW" }, "2026-10-31T04:00:00Z", 86400, "", 3, { 0, 500000,
          1000000 } },
        /* newest first, a lost half-hour, pence */
        { "octopus_agile.json", "octopus_agile", { NULL }, "2025-03-30T00:00:00Z", 1800, "GBP", 4, { 1000, NONE,
          -27500, 182000 } },
        { "octopus_agile.json", "octopus_agile", { "column=value_inc_vat", "vat=1.05" }, "2025-03-30T00:00:00Z",
          1800, "GBP", 4, { 1000, NONE, -27500, 182000 } },
        { "awattar.json", "awattar", { NULL }, "2024-12-31T23:00:00Z", 3600, "EUR", 3, { 2160, 1600, -10 } },
        { "uk_carbon_intensity.json", "uk_carbon_intensity", { NULL }, "2025-01-20T12:00:00Z", 1800, "", 3, { 263000,
          270000, NONE } },
        { "electricitymaps_forecast.json", "electricitymaps", { NULL }, "2025-01-20T12:00:00Z", 900, "", 4, { 326000,
          320000, NONE, 300500 } },
        { "electricitymaps_history.json", "electricitymaps", { NULL }, "2025-01-20T00:00:00Z", 3600, "", 3, { 100000,
          101000, 102000 } },
        /* a null, and times beyond the values */
        { "energy_charts.json", "energy_charts", { NULL }, "2024-12-31T23:00:00Z", 3600, "EUR", 5, { 2160, NONE,
          -1500, 100, NONE } },
        /* two auctions, hours and then quarters; the last position holds on: test_entsoe_prices has the rest */
        { "../entsoe/a44.xml", "entsoe_a44", { NULL }, "2025-09-29T22:00:00Z", 900, "EUR", 192, { 101250, 101250, 101250,
          101250, -3500, -3500, -3500, -3500, -3500, -3500, -3500, -3500 } },
        { "../entsoe/a80.xml", "entsoe_a80", { NULL }, "2026-01-05T10:00:00Z", 4 * 3600, "", 533, { 890000, 890000 } },
        { "../zip/a80.zip", "entsoe_a80", { "parts=Island 1=890 MW", "parts=Island 2=850 MW" }, "2026-02-01T06:00:00Z",
          3600, "", 1488, { 1295000, 1295000 } },
        { "own.csv", "offpeak", { NULL }, "2026-11-22T00:00:00Z", 3600, "", 4, { 5000, NONE, NONE, 6000 } },
};

static void check_values(const struct expected *c, const struct series *series, const struct mapping_facts *facts)
{
        int64_t start = check_time(c->start), unit = series->kind == SERIES_CARBON ? 1 : 1000;

        assert_string_equal(facts->currency, c->currency);
        assert_int_equal(facts->step_s, c->step_s);
        assert_int_equal(series->points[0].start, start);
        for (size_t i = 0; i < c->n && i < 12 && (i < 2 || c->values[i] != 0 || c->n <= 12); i++) {
                /* days of a zone are not all of 24 hours: from the middle of each step */
                int64_t value = series_at(series, start + (int64_t)i * c->step_s + c->step_s / 2);

                if (value != (c->values[i] == NONE ? NONE : c->values[i] * unit))
                        fail_msg("%s: value %zu is %lld", c->file, i, (long long)value);
        }
        assert_in_range(series->end - start, (int64_t)c->n * c->step_s, (int64_t)c->n * c->step_s + 3600);
        assert_int_equal(series_at(series, series->end), NONE);
}

static void ready_mappings(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct expected *c = &cases[i];
                struct csv_request request = { .file = c->file, .site = "hanford" };
                struct mapping mapping = check_mapping(c->mapping, c->sets);
                struct offpeak_error err = { 0 };
                struct mapping_facts facts;
                struct series series;
                char path[4096], *text;
                size_t size;

                snprintf(path, sizeof(path), FOLDER "%s", c->file);
                assert_int_equal(file_text_read(path, FILE_TEXT_LARGEST, &text, &size, &err), 0);
                assert_ptr_equal(mapping_guess(text, size), mappings_find(c->mapping));
                if (check_parse(&mapping, &request, text, size, &series, &facts, &err) != 0)
                        fail_msg("%s", err.text);
                check_values(c, &series, &facts);
                assert_string_equal(series.site, "hanford");
                assert_string_equal(series.source, c->file);
                series_finish(&series);
                mapping_finish(&mapping);
                free(text);
        }
}

/* A row of the table that no file here is of would be a row that nobody has tried. */
static void every_mapping_has_a_file(void **state)
{
        (void)state;
        for (const struct mapping *mapping = mappings; mapping->name != NULL; mapping++) {
                size_t i = 0;

                assert_int_equal(mapping_check(mapping, NULL), 0);
                while (i < sizeof(cases) / sizeof(cases[0]) && strcmp(cases[i].mapping, mapping->name) != 0)
                        i++;
                if (i == sizeof(cases) / sizeof(cases[0]))
                        fail_msg("no file for %s", mapping->name);
        }
}

static void the_wrong_thing_is_named(void **state)
{
        static const struct {
                const char *file, *mapping, *why;
                const char *sets[2];
        } wrong[] = {
                { "energy_charts_empty.json", "energy_charts", "energy_charts_empty.json: the file holds no values",
                  { NULL } },
                { "ercot_dam_spp.csv", "ercot_dam_spp", "ercot_dam_spp.csv:3:18: the file holds several series, "
                  "\"HB_HUBAVG\" and \"LZ_HOUSTON\" first", { NULL } },
                { "ercot_dam_spp.csv", "ercot_dam_spp", "holds no values: does \"name\" or \"where\" leave none",
                  { "name=HB" } },
                { "smard_spring.csv", "smard", "smard_spring.csv:1:1: several columns could be meant", { NULL } },
                { "smard_spring.csv", "smard", "there is no column \"Frankreic\" in this header",
                  { "column=Frankreic" } },
                { "nrc_power_new.txt", "nrc_power",
                  "nrc_power_new.txt:2:32: this is a share in per cent: of how much?", { NULL } },
                { "smard_spring.csv", "offpeak", "no column \"timestamp_utc\" or \"time\", "
                  "and only one column at all: is \",\" the delimiter?", { NULL } },
                { "awattar.json", "octopus_agile",
                  "awattar.json: the document has no \"results\": it has \"object\" \"data\"", { NULL } },
                { "awattar.json", "awattar", "awattar.json: data[0]: no row has \"price\"", { "column=price" } },
                { "awattar.json", "awattar", "data[0].start_timestamp: \"1735686000000\" is no time written as iso",
                  { "time_format=iso" } },
                { "awattar.json", "energy_charts", "awattar.json: there is no array \"unix_seconds\"", { NULL } },
                { "smard_spring.csv", "energy_charts", "smard_spring.csv:1:5: this is not JSON", { NULL } },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct mapping mapping = check_mapping(wrong[i].mapping, wrong[i].sets);
                struct csv_request request = { .file = wrong[i].file };
                struct offpeak_error err = { 0 };
                char path[4096], *text;
                struct series series;
                size_t size;

                snprintf(path, sizeof(path), FOLDER "%s", wrong[i].file);
                assert_int_equal(file_text_read(path, FILE_TEXT_LARGEST, &text, &size, &err), 0);
                assert_int_equal(check_parse(&mapping, &request, text, size, &series, NULL, &err), OFFPEAK_EINVAL);
                if (strstr(err.text, wrong[i].why) == NULL)
                        fail_msg("wanted %s, got %s", wrong[i].why, err.text);
                mapping_finish(&mapping);
                free(text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ready_mappings),
                cmocka_unit_test(every_mapping_has_a_file),
                cmocka_unit_test(the_wrong_thing_is_named),
        };

        if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
                printf("skipped: no tz database on this machine\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
