/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finland.h - the worked case of Finland, January 2024: a plant of twelve modules whose output follows that of the country's
 * reactors, the price of the same hours, and jobs that take most of it. Include after cmocka.h.
 *
 * The data lie outside this repository: output by Fingrid, prices by Nord Pool (terms not settled). finland_is_here says so.
 */
#ifndef OFFPEAK_TESTS_FINLAND_H
#define OFFPEAK_TESTS_FINLAND_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feeds/mapping_read.h"
#include "feeds/mappings.h"
#include "supply/presets.h"
#include "support/world.h"

#define FINLAND_NUCLEAR OFFPEAK_SHARED_DATA "/open/nuclear/fingrid_nuclear_FI_2023-01_2024-02.csv"
#define FINLAND_PRICES  OFFPEAK_SHARED_DATA "/check_licence/prices/nordpool_FI_2023-01_2024-02_ckwh_vat.csv"
#define FINLAND_START   INT64_C(1704067200) /* 2024-01-01T00:00:00Z */

enum { FINLAND_HOURS = 744, FINLAND_HALLS = 168 };

#define FINLAND_HALL_W  INT64_C(5000000) /* what counts as one device here: a hall of some thousand GPUs */
#define FINLAND_FLEET_W 4407000000.0     /* the highest output in the file: it is the plant's rating */
#define FINLAND_GRID_W  INT64_C(200000000)

static inline bool finland_is_here(void)
{
        return access(FINLAND_NUCLEAR, R_OK) == 0 && access(FINLAND_PRICES, R_OK) == 0;
}

static inline struct series finland_read(const char *file, enum series_kind kind, const char *const *sets)
{
        struct csv_request request = { .file = file, .site = "hanford", .kind = kind };
        struct offpeak_error err = { 0 };
        struct mapping mapping;
        struct series series;

        mapping_init(&mapping, mappings_find(MAPPING_OWN));
        for (; *sets != NULL; sets += 2)
                assert_int_equal(mapping_set(&mapping, sets[0], sets[1], &err), 0);
        if (mapping_read(&mapping, &request, &series, NULL, &err) != 0)
                fail_msg("%s", err.text);
        mapping_finish(&mapping);
        return series;
}

/* EUR/MWh without the 24 % VAT that the file's ct/kWh have in them. */
static inline struct series finland_price(void)
{
        static const char *const sets[] = { "column", "price_cent_kwh_incl_vat", "unit", "ct/kWh", "currency", "EUR",
                                            "vat", "1.24", NULL };

        return finland_read(FINLAND_PRICES, SERIES_PRICE, sets);
}

static inline struct series finland_capacity(void)
{
        static const char *const sets[] = { "column", "nuclear_mw", "unit", "MW", NULL };
        struct series series = finland_read(FINLAND_NUCLEAR, SERIES_CAPACITY, sets);

        for (size_t i = 0; i < series.n_points; i++)
                if (series.points[i].value != SERIES_UNKNOWN)
                        series.points[i].value = llround((double)series.points[i].value / FINLAND_FLEET_W * 924e6);
        return series;
}

/* What the grid emits is made up, for want of a published figure: 40 to 109 g/kWh by the hour of the day. */
static inline struct series finland_carbon(void)
{
        double values[FINLAND_HOURS];
        struct series series;

        for (int i = 0; i < FINLAND_HOURS; i++)
                values[i] = 40 + 3 * (i % 24);
        world_series(&series, SERIES_CARBON, FINLAND_START, values, FINLAND_HOURS);
        return series;
}

/* Twelve modules, the grid behind them, and 40 MW of wind on paper. */
static inline void finland_terms(struct supply_terms *terms)
{
        *terms = (struct supply_terms){ .grid_limit_w = FINLAND_GRID_W,
                                        .has_reactor = true,
                                        .reactor_fuel = 8000000,
                                        .reactor_carbon = 12000,
                                        .pue_fixed_w = 5000000,
                                        .pue_ppm = 1050000,
                                        .n_ppas = 1 };
        assert_true(preset_reactors("voygr-12", terms->reactors, &terms->n_reactors));
        assert_int_equal(terms->n_reactors, 12);
        terms->ppas[0] = (struct supply_ppa){ .name = "wind",
                                              .kind = PPA_VIRTUAL,
                                              .strike = 45000000,
                                              .power_w = 40000000,
                                              .carbon = 11000 };
}

/* A job: it has a place within all limits, and some slack around it. */
struct finland_job {
        int release, deadline, hours; /* hours of the month */
        uint32_t halls;
};

static inline uint32_t finland_next(uint32_t *seed)
{
        return *seed = *seed * 1664525 + 1013904223, *seed >> 8;
}

/* As many as find a place, n at the most; most: halls in use at once, by the hour. Ordered by release. */
static inline int finland_jobs(struct finland_job *jobs, int n, const int most[FINLAND_HOURS], uint32_t seed)
{
        int used[FINLAND_HOURS] = { 0 }, found = 0;

        for (int tries = 0; tries < 100 * n && found < n; tries++) {
                struct finland_job job = { .hours = 4 + (int)(finland_next(&seed) % 44),
                                           .halls = 1 + finland_next(&seed) % 24 };
                int start = (int)(finland_next(&seed) % (uint32_t)(FINLAND_HOURS - job.hours)), at = found;
                int before = (int)(finland_next(&seed) % 48), after = (int)(finland_next(&seed) % 72);
                bool fits = true;

                for (int h = start; h < start + job.hours; h++)
                        fits &= used[h] + (int)job.halls <= most[h];
                if (!fits)
                        continue;
                for (int h = start; h < start + job.hours; h++)
                        used[h] += (int)job.halls;
                job.release = start > before ? start - before : 0;
                job.deadline = start + job.hours + after < FINLAND_HOURS ? start + job.hours + after : FINLAND_HOURS;
                for (; at > 0 && jobs[at - 1].release > job.release; at--)
                        jobs[at] = jobs[at - 1];
                jobs[at] = job;
                found++;
        }
        return found;
}

#endif
