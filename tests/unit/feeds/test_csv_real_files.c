/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real price and carbon files, where this machine has them: what is read must be what stands in the file, checked with
 * the C library's own reading of each line and against the figures published with the data.
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

#include "feeds/csv.h"

#define FOLDER OFFPEAK_SHARED_DATA "/open"

static struct series read_file(const char *path, enum series_kind kind)
{
        struct csv_request request = { .file = path, .kind = kind };
        struct offpeak_error err = { 0 };
        struct series series;

        if (csv_read(&request, &series, &err) != 0)
                fail_msg("%s", err.text);
        return series;
}

/* Every line with two fields, read by strptime and strtod instead. */
static void agrees_with_libc(const char *path, const struct series *series, double unit)
{
        FILE *file = fopen(path, "r");
        char line[256];
        size_t n = 0;

        assert_non_null(file);
        assert_non_null(fgets(line, sizeof(line), file));
        while (fgets(line, sizeof(line), file) != NULL) {
                struct tm tm = { 0 };
                const char *comma = strptime(line, "%Y-%m-%dT%H:%M:%SZ", &tm);
                double value = strtod(comma + 1, NULL) * unit;

                assert_true(n < series->n_points);
                assert_int_equal(series->points[n].start, timegm(&tm));
                assert_true(value - (double)series->points[n].value < 0.5);
                assert_true((double)series->points[n].value - value < 0.5);
                n++;
        }
        assert_int_equal(n, series->n_points);
        fclose(file);
}

static void day_ahead_prices(void **state)
{
        static const struct {
                const char *zone;
                double min, max;
                int negative;
        } published[] = {
                { "DE-LU", -250.32, 583.40, 582 }, { "FR", -118.01, 473.28, 526 },  { "NL", -350.00, 523.47, 584 },
                { "CH", -262.21, 317.97, 303 },    { "DK1", -38.14, 583.40, 441 }, { "SE4", -25.30, 465.24, 374 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
                int64_t min = INT64_MAX, max = INT64_MIN;
                char path[4096];
                struct series s;
                int negative = 0;

                snprintf(path, sizeof(path), FOLDER "/prices/smard_dayahead_%s_2025-01_2026-02.csv", published[i].zone);
                s = read_file(path, SERIES_PRICE);
                assert_int_equal(s.n_points, 10176);
                for (size_t j = 0; j < s.n_points; j++) {
                        min = s.points[j].value < min ? s.points[j].value : min;
                        max = s.points[j].value > max ? s.points[j].value : max;
                        negative += s.points[j].value < 0;
                }
                assert_int_equal(min, (int64_t)(published[i].min * 1e6 - 0.5));
                assert_int_equal(max, (int64_t)(published[i].max * 1e6 + 0.5));
                assert_int_equal(negative, published[i].negative);
                assert_int_equal(s.end - s.points[0].start, INT64_C(10176) * 3600);
                agrees_with_libc(path, &s, 1e6);
                series_finish(&s);
        }
}

static void carbon_intensity(void **state)
{
        struct series s = read_file(FOLDER "/carbon/derived_ci_DE_2025-01_2026-02.csv", SERIES_CARBON);
        size_t holes = 0;

        (void)state;
        assert_int_equal(s.n_points, 10176);
        agrees_with_libc(FOLDER "/carbon/derived_ci_DE_2025-01_2026-02.csv", &s, 1e3);
        series_finish(&s);
        s = read_file(FOLDER "/carbon/eia_US-PJM_2022.csv", SERIES_CARBON); /* one carbon column among ten */
        for (size_t i = 0; i < s.n_points; i++)
                holes += s.points[i].value == SERIES_UNKNOWN;
        assert_int_equal(holes, 23);
        series_finish(&s);
}

static void the_raw_export_is_refused_with_a_reason(void **state)
{
        struct csv_request request = {
                .file = FOLDER "/prices/smard_raw_grosshandelspreise_202501_202603.csv",
                .kind = SERIES_PRICE,
        };
        struct offpeak_error err = { 0 };
        struct series s;

        (void)state;
        assert_int_equal(csv_read(&request, &s, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, ":1:1: the columns are parted by \";\""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(day_ahead_prices),
                cmocka_unit_test(carbon_intensity),
                cmocka_unit_test(the_raw_export_is_refused_with_a_reason),
        };

        if (access(FOLDER "/prices", R_OK) != 0) {
                printf("skipped: the shared price files are not on this machine (%s)\n", FOLDER "/prices");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
