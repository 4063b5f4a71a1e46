/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes by each ready mapping. What is read must keep the rules of a series, what is refused must say why. */
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

        expect(series->kind >= SERIES_PRICE && series->kind <= SERIES_LIMIT && series->n_points >= 1);
        for (size_t i = 1; i < series->n_points; i++)
                expect(series->points[i].start > series->points[i - 1].start);
        expect(facts->step_s > 0 && series->end > series->points[series->n_points - 1].start);
        expect(summary.count + summary.missing > 0 && summary.min <= summary.max);
}

/* Something of the file's own as a name to pick, so that files with names are read too. */
static void pick_first(struct mapping *mapping, const uint8_t *data, size_t size)
{
        static const char *const names[] = { "DOM", "HB_HUBAVG", "N.Y.C.", "Arkansas Nuclear 1", "Frankreich", "LZ" };

        if (mapping->name_column != NULL && size > 0)
                expect(mapping_set(mapping, "column", names[data[size / 2] % 6], NULL) == 0);
        mapping->rating_w = 1000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct mapping *guess = mapping_guess((const char *)data, size);
        struct csv_request request = { .file = "fuzz", .site = "s" };

        for (const struct mapping *ready = mappings; ready->name != NULL; ready++) {
                struct offpeak_error err = { 0 };
                struct mapping_facts facts;
                struct mapping mapping;
                struct series series;

                if (guess != NULL && ready != guess && (size + (size_t)(ready - mappings)) % 4 != 0)
                        continue; /* the one that fits always, of the others some */
                mapping_init(&mapping, ready);
                pick_first(&mapping, data, size);
                if (mapping_parse(&mapping, &request, (const char *)data, size, &series, &facts, &err) == 0) {
                        check(&series, &facts);
                        series_finish(&series);
                } else {
                        expect(err.code == OFFPEAK_EINVAL && strncmp(err.text, "fuzz", 4) == 0);
                }
                mapping_finish(&mapping);
        }
        return 0;
}
