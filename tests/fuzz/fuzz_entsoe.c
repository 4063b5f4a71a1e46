/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as prices and as outages of ENTSO-E: what is read keeps the rules of a series, what is refused says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/mapping_guess.h"
#include "feeds/mapping_read.h"
#include "feeds/mappings.h"
#include "feeds/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
        if (!truth)
                abort();
}

static void check(const struct series *series, const struct mapping_facts *facts)
{
        struct summary summary = summary_of(series, facts->step_s, INT64_MIN, INT64_MAX);

        expect(series->n_points >= 1 && facts->step_s > 0);
        for (size_t i = 0; i < series->n_points; i++) {
                int64_t end = i + 1 < series->n_points ? series->points[i + 1].start : series->end;

                expect(end > series->points[i].start && (end - series->points[i].start) % facts->step_s == 0);
                expect(series->kind == SERIES_PRICE || series->points[i].value >= 0 ||
                       series->points[i].value == SERIES_UNKNOWN);
        }
        expect(summary.count + summary.missing > 0 && summary.min <= summary.max);
}

static void read_as(const char *name, const char *const *sets, const uint8_t *data, size_t size)
{
        struct csv_request request = { .file = "fuzz", .site = "s" };
        struct offpeak_error err = { 0 };
        struct mapping_facts facts;
        struct mapping mapping;
        struct series series;

        mapping_init(&mapping, mappings_find(name));
        for (; *sets != NULL; sets++) {
                const char *key = strncmp(*sets, "parts=", 6) == 0 ? "parts" : strncmp(*sets, "step=", 5) == 0 ? "step" : "name";

                expect(mapping_set(&mapping, key, strchr(*sets, '=') + 1, NULL) == 0);
        }
        if (mapping_parse(&mapping, &request, (const char *)data, size, &series, &facts, &err) == 0) {
                check(&series, &facts);
                series_finish(&series);
        } else {
                expect(err.code == OFFPEAK_EINVAL && strncmp(err.text, "fuzz", 4) == 0);
        }
        mapping_finish(&mapping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const none[] = { NULL }, *const hour[] = { "step=1h", NULL };
        static const char *const parts[] = { "parts=Island 1=890 MW", "parts=Island 2=", NULL };

        mapping_guess((const char *)data, size);
        read_as("entsoe_a44", none, data, size);
        read_as("entsoe_a44", hour, data, size);
        read_as("entsoe_a80", none, data, size);
        read_as("entsoe_a80", parts, data, size);
        return 0;
}
