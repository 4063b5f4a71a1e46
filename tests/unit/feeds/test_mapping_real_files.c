/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real files of many sources, raw originals among them, where this machine has them: rows, holes, extremes, means and
 * negative values as they were published with the data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "feeds/quarantine.h"
#include "unit/feeds/feed_checks.h"

#define OPEN    "open/"
#define CHECK   "check_licence/"
#define YEAR_25 "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"

struct published {
        const char *path, *mapping;
        const char *sets[3];
        const char *from, *to; /* NULL: all */
        uint64_t rows, missing, negative;
        double min, mean, max; /* per MWh, kWh or in MW */
        double close;          /* as they were rounded */
};

static const struct published files[] = {
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Deutschland/Luxemburg" },
          NULL, NULL, 10176, 0, 582, -250.32, 91.32, 583.40, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Deutschland/Luxemburg" },
          YEAR_25, 8760, 0, 573, -250.32, 89.33, 583.40, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Frankreich" }, NULL, NULL,
          10176, 0, 526, -118.01, 62.97, 473.28, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Niederlande" }, NULL,
          NULL, 10176, 0, 584, -350.00, 88.74, 523.47, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Schweiz" }, NULL, NULL,
          10176, 0, 303, -262.21, 104.81, 317.97, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Dänemark 1" }, NULL, NULL,
          10176, 0, 441, -38.14, 83.88, 583.40, 0.005 },
        { OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", "smard", { "column=Schweden 4" }, NULL, NULL,
          10176, 0, 374, -25.30, 66.79, 465.24, 0.005 },
        { CHECK "prices/netztransparenz_raw_DE_2024.csv", "netztransparenz", { NULL }, NULL, "2024-12-31T23:00:00Z",
          8784, 0, 457, -135.45, 79.46, 2096.81, 0.005 },
        { CHECK "prices/entsoe_raw_SE3_2024.csv", "entsoe_csv", { NULL }, NULL, "2024-10-04T22:00:00Z", 6671, 0, 477,
          -59.96, 33.63, 526.25, 0.005 },
        { CHECK "prices/entsoe_raw_SE3_2024.csv", "entsoe_csv", { NULL }, NULL, NULL, 6671, 2113, 477, -59.96, 33.63,
          526.25, 0.005 },
        { CHECK "prices/spot_DE-LU_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 457, -135.45, 79.46, 2096.81,
          0.005 },
        { CHECK "prices/rte_dayahead_FR_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 352, -87.29, 58.02,
          284.21, 0.005 },
        { CHECK "prices/entsoe_dayahead_SE3_2023.csv", "offpeak", { NULL }, NULL, NULL, 8760, 0, 429, -60.04, 51.70,
          332, 0.005 },
        { CHECK "prices/elprisetjustnu_SE3_2024.csv", "offpeak", { NULL }, NULL, NULL, 8520, 0, 635, -59.96, 36.29,
          707.52, 0.005 },
        { CHECK "prices/ercot_dayahead_HB_HUBAVG_2022.csv", "offpeak", { NULL }, NULL, NULL, 8760, 0, 0, 1.22, 64.31,
          2539, 0.5 },
        { CHECK "prices/ercot_dayahead_HB_HUBAVG_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 16, -2.85,
          28.09, 2221, 0.5 },
        { CHECK "prices/caiso_dayahead_NP15_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 271, -31.71, 40.7,
          582.6, 0.05 },
        { CHECK "prices/pjm_realtime_DOM_2022.csv", "offpeak", { NULL }, NULL, NULL, 8736, 0, 3, -20.66, 89.5, 4392,
          0.5 },
        { CHECK "prices/ieso_hoep_Ontario_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 0, 0, 32.19, 1394,
          0.5 },
        { CHECK "prices/jepx_dayahead_Tokyo_2024.csv", "offpeak", { NULL }, NULL, NULL, 8784, 0, 0, 10, 13010, 39570,
          0.5 },
        { CHECK "prices/nordpool_FI_2023-01_2024-02_ckwh_vat.csv", "offpeak", { "column=price_cent_kwh_incl_vat",
          "unit=ct/kWh" }, NULL, NULL, 10176, 0, 512, -620, 71.3, 2351, 0.5 },
        { CHECK "prices/nordpool_FI_2023-01_2024-02_ckwh_vat.csv", "offpeak", /* -500 EUR/MWh,
          as it was bid */ { "column=price_cent_kwh_incl_vat", "unit=ct/kWh", "vat=1.24" }, NULL, NULL, 10176, 0,
          512, -500, 57.5, 1896, 0.5 },
        { CHECK "prices/octopus_agile_GB_2022-11_2023-12.csv", "offpeak", { "column=import_p_kwh", "unit=p/kWh" },
          NULL, NULL, 19918, 2, 170, -199.4, 254.0, 821.4, 0.05 },
        { OPEN "carbon/eia_US-PJM_2022.csv", "offpeak", { NULL }, NULL, NULL, 8737, 23, 0, 42.7, 363, 449, 0.5 },
        { OPEN "carbon/derived_ci_DE_2025-01_2026-02.csv", "offpeak", { NULL }, NULL, NULL, 10176, 0, 0, 100.3,
          364.75, 681.2, 0.05 },
        { CHECK "carbon/electricitymaps_GB_2024.csv", "offpeak", { "column=ci_lca_gco2eq_kwh" }, NULL, NULL, 8784, 0,
          0, 36, 163, 384, 0.5 },
        { OPEN "nuclear/fingrid_nuclear_FI_2023-01_2024-02.csv", "offpeak", { "column=nuclear_mw" }, NULL, NULL,
          10176, 0, 0, 1881, 3811.5, 4407, 0.5 },
        { CHECK "carbon/entsoe_generation_SE_2023.csv", "offpeak", { "column=nuclear_mw" }, NULL, NULL, 8760, 0, 0,
          2584, 5318, 6913, 0.5 },
};

static struct series read_file(const char *file, struct mapping *mapping, struct mapping_facts *facts)
{
        struct offpeak_error err = { 0 };
        struct series series;
        char path[4096];
        struct csv_request request = { .file = path };

        snprintf(path, sizeof(path), OFFPEAK_SHARED_DATA "/%s", file);
        if (mapping_read(mapping, &request, &series, facts, &err) != 0)
                fail_msg("%s", err.text);
        return series;
}

static void expect_near(const char *what, const struct published *p, double value, double expected)
{
        if (value < expected - p->close || value > expected + p->close)
                fail_msg("%s: %s is %f, not %f", p->path, what, value, expected);
}

static void figures_are_as_published(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                const struct published *p = &files[i];
                struct mapping mapping = check_mapping(p->mapping, p->sets);
                struct mapping_facts facts;
                struct series series = read_file(p->path, &mapping, &facts);
                double unit = series.kind == SERIES_CARBON ? 1e3 : 1e6;
                struct summary s = summary_of(&series, facts.step_s, p->from != NULL ? check_time(p->from) : INT64_MIN,
                                              p->to != NULL ? check_time(p->to) : INT64_MAX);

                if (s.count != p->rows || s.missing != p->missing || s.negative != p->negative)
                        fail_msg("%s: %llu rows, %llu missing, %llu negative", p->path, (unsigned long long)s.count,
                                 (unsigned long long)s.missing, (unsigned long long)s.negative);
                expect_near("min", p, (double)s.min / unit, p->min);
                expect_near("mean", p, s.mean / unit, p->mean);
                expect_near("max", p, (double)s.max / unit, p->max);
                series_finish(&series);
                mapping_finish(&mapping);
        }
}

/* Those that stand in no list above: the rest of what there is. */
static const struct published more_prices[] = {
        { .path = OPEN "prices/smard_dayahead_CH_2025-01_2026-02.csv", .mapping = "offpeak" },
        { .path = OPEN "prices/smard_dayahead_DK1_2025-01_2026-02.csv", .mapping = "offpeak" },
        { .path = OPEN "prices/smard_dayahead_FR_2025-01_2026-02.csv", .mapping = "offpeak" },
        { .path = OPEN "prices/smard_dayahead_NL_2025-01_2026-02.csv", .mapping = "offpeak" },
        { .path = OPEN "prices/smard_dayahead_SE4_2025-01_2026-02.csv", .mapping = "offpeak" },
        { .path = CHECK "prices/entsoe_dayahead_SE3_2024.csv", .mapping = "offpeak" },
        { .path = CHECK "prices/pjm_realtime_DOM_2024.csv", .mapping = "offpeak" },
        { .path = CHECK "prices/octopus_agile_GB_2022-11_2023-12.csv", .mapping = "offpeak",
          .sets = { "column=export_p_kwh", "unit=p/kWh" } },
};

/* 1 if it is of prices, and all of them are within the limits of its currency. One file tells its cents alone: they are EUR. */
static size_t judge_file(const struct published *p)
{
        struct mapping mapping = check_mapping(p->mapping, p->sets);
        struct quarantine_limits limits;
        struct quarantine quarantine = { 0 };
        struct mapping_facts facts;
        struct series series = read_file(p->path, &mapping, &facts);
        const char *currency = facts.currency[0] != '\0' ? facts.currency : "EUR";
        struct offpeak_error err = { 0 };
        bool priced = series.kind == SERIES_PRICE;

        quarantine_defaults(series.kind, currency, NULL, &limits);
        if (priced && (limits.lowest == INT64_MIN || limits.highest == INT64_MAX))
                fail_msg("%s: prices in %s have no limits", p->path, currency);
        if (priced && quarantine_judge(&series, NULL, &limits, &quarantine, &err) != 0)
                fail_msg("%s: %s", p->path, err.text);
        if (quarantine.n_values != 0)
                fail_msg("%s: %u prices are outside their limits", p->path, quarantine.n_values);
        series_finish(&series);
        mapping_finish(&mapping);
        return priced;
}

static void no_real_price_is_outside_its_limits(void **state)
{
        size_t n = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                n += judge_file(&files[i]);
        for (size_t i = 0; i < sizeof(more_prices) / sizeof(more_prices[0]); i++)
                n += judge_file(&more_prices[i]);
        assert_int_equal(n, 31);
}

/* The raw export and the series made of it by others are the same to the last digit. */
static void raw_and_converted_agree(void **state)
{
        static const char *const sets[] = { "column=Deutschland/Luxemburg", NULL };
        struct mapping raw = check_mapping("smard", sets), own = check_mapping("offpeak", NULL);
        struct series a = read_file(OPEN "prices/smard_raw_grosshandelspreise_202501_202603.csv", &raw, NULL);
        struct series b = read_file(OPEN "prices/smard_dayahead_DE-LU_2025-01_2026-02.csv", &own, NULL);

        (void)state;
        assert_true(series_same_values(&a, &b));
        series_finish(&a);
        series_finish(&b);
        mapping_finish(&raw);
        mapping_finish(&own);
        raw = check_mapping("netztransparenz", NULL);
        own = check_mapping("offpeak", NULL);
        a = read_file(CHECK "prices/netztransparenz_raw_DE_2024.csv", &raw, NULL);
        b = read_file(CHECK "prices/spot_DE-LU_2024.csv", &own, NULL);
        assert_int_equal(a.n_points, b.n_points + 24);
        for (size_t i = 0; i < b.n_points; i++) {
                assert_int_equal(a.points[i].start, b.points[i].start);
                assert_int_equal(a.points[i].value, b.points[i].value);
        }
        series_finish(&a);
        series_finish(&b);
        mapping_finish(&raw);
        mapping_finish(&own);
}

/* The name of every unit in the status file, each once. */
static size_t list_units(char names[128][64])
{
        FILE *file = fopen(OFFPEAK_SHARED_DATA "/open/nuclear/nrc_2009PowerStatus.txt", "r");
        char line[200], first[16] = "";
        size_t n = 0;

        assert_non_null(file);
        assert_non_null(fgets(line, sizeof(line), file));
        while (fgets(line, sizeof(line), file) != NULL) {
                char *unit = strchr(line, '|');

                *unit++ = '\0';
                *strchr(unit, '|') = '\0';
                if (first[0] == '\0')
                        strcpy(first, line);
                if (strcmp(first, line) != 0)
                        break;
                assert_true(n < 128);
                strcpy(names[n++], unit);
        }
        fclose(file);
        return n;
}

/* Unit by unit, then all of them as parts: of 100 MW each one per cent is one MW. */
static void reactors(void **state)
{
        static char names[128][64];
        size_t n = list_units(names), rows = 0, idle = 0;
        struct mapping all = check_mapping("nrc_power", NULL);
        struct series sum;
        double total = 0;
        int64_t max = 0;

        (void)state;
        assert_int_equal(n, 104);
        for (size_t i = 0; i < n; i++) {
                struct mapping one = check_mapping("nrc_power", NULL);
                struct series series;
                char part[100];

                assert_int_equal(mapping_set(&one, "name", names[i], NULL), 0);
                assert_int_equal(mapping_set(&one, "rating", "100 MW", NULL), 0);
                snprintf(part, sizeof(part), "%s=100 MW", names[i]);
                assert_int_equal(mapping_set(&all, "parts", part, NULL), 0);
                series = read_file(OPEN "nuclear/nrc_2009PowerStatus.txt", &one, NULL);
                rows += series.n_points;
                for (size_t j = 0; j < series.n_points; j++) {
                        idle += series.points[j].value == 0;
                        total += (double)series.points[j].value / 1e6;
                        max = series.points[j].value > max ? series.points[j].value : max;
                }
                series_finish(&series);
                mapping_finish(&one);
        }
        assert_int_equal(rows, 37960);
        assert_int_equal(idle, 3552);
        assert_int_equal(max, 100000000);
        assert_in_range((int64_t)(total / 37960 * 100 + 0.5), 8898, 8898);
        sum = read_file(OPEN "nuclear/nrc_2009PowerStatus.txt", &all, NULL);
        assert_int_equal(sum.n_points, 365);
        for (size_t j = 0; j < sum.n_points; j++)
                total -= (double)sum.points[j].value / 1e6;
        assert_in_range((int64_t)(total + 1000.5), 1000, 1000);
        series_finish(&sum);
        mapping_finish(&all);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(figures_are_as_published),
                cmocka_unit_test(no_real_price_is_outside_its_limits),
                cmocka_unit_test(raw_and_converted_agree),
                cmocka_unit_test(reactors),
        };

        if (access(OFFPEAK_SHARED_DATA "/" OPEN "prices", R_OK) != 0 ||
            access(OFFPEAK_SHARED_DATA "/" CHECK, R_OK) != 0) {
                printf("skipped: the shared price files are not on this machine (%s)\n", OFFPEAK_SHARED_DATA);
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
