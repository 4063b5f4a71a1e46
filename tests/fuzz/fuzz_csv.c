/* SPDX-License-Identifier: Apache-2.0 */
/* Ask the same file for each kind. What is read must keep the rules of a series, what is refused must say why. */
#include <stdint.h>
#include <stdlib.h>

#include "feeds/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
        if (!truth)
                abort();
}

static void check(const struct series *series)
{
        int64_t step = series->points[1].start - series->points[0].start;

        expect(series->kind >= SERIES_PRICE && series->kind <= SERIES_LIMIT && series->n_points >= 2);
        for (size_t i = 1; i < series->n_points; i++)
                expect(series->points[i].start - series->points[i - 1].start == step);
        expect(step > 0 && series->end == series->points[series->n_points - 1].start + step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct csv_request request = { .file = "fuzz.csv", .site = "s" };
        struct offpeak_error err = { 0 };
        struct series series;

        for (unsigned kind = 0; kind <= SERIES_LIMIT; kind++) {
                request.kind = (enum series_kind)kind;
                request.column = kind == SERIES_CAPACITY ? "capacity_mw" : NULL;
                request.currency = kind == SERIES_PRICE ? "EUR" : NULL;
                if (csv_parse(&request, (const char *)data, size, &series, &err) == 0) {
                        check(&series);
                        series_finish(&series);
                } else {
                        expect(err.code == OFFPEAK_EINVAL && err.text[0] != '\0');
                }
        }
        return 0;
}
