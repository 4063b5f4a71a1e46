/* SPDX-License-Identifier: Apache-2.0 */
/* Who supplied what, against an arithmetic of its own that goes second by second and knows nothing of curves and edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "trial/sources.h"
#include "trial/tally.h"
#include "trial/walk.h"

#define EUR  INT64_C(1000000) /* per MWh */
#define KW   INT64_C(1000)
#define HOUR 3600

/* 2025-01-30T00:00:00Z, so that a month ends within. */
#define START INT64_C(1738195200)
enum { HOURS = 72, N_JOBS = 4, SECONDS = HOURS * HOUR };

/* ---- the world */

static double random_share(uint32_t *seed)
{
        *seed = *seed * 1664525u + 1013904223u;
        return (double)(*seed >> 8) / 16777216.0;
}

/* What the oracle looks up: one value an hour of the window. */
struct truth {
        int64_t price[HOURS], carbon[HOURS], solar[HOURS], export[HOURS], wind[HOURS];
};

static void fill(struct truth *truth, uint32_t seed)
{
        for (int h = 0; h < HOURS; h++) {
                truth->price[h] = (int64_t)((random_share(&seed) * 200 - 30) * (double)EUR);
                truth->carbon[h] = (int64_t)(random_share(&seed) * 600000);
                truth->solar[h] = h % 24 > 7 && h % 24 < 17 ? (int64_t)(random_share(&seed) * 9000) : 0;
                truth->export[h] = (int64_t)((random_share(&seed) * 120 - 20) * (double)EUR);
                truth->wind[h] = (int64_t)(random_share(&seed) * 8000);
        }
}

static void take(struct trial *trial, int kind, const int64_t *values)
{
        struct series series;

        series_init(&series, (enum series_kind)kind);
        assert_int_equal(series_set_names(&series, "hall", "test"), 0);
        for (int h = 0; h < HOURS; h++)
                assert_int_equal(series_append(&series, START + h * HOUR, values[h]), 0);
        series.end = START + SECONDS;
        assert_int_equal(trial_take(trial, &series, TRIAL_TRUTH), 0);
}

static struct supply_terms full_terms(void)
{
        struct supply_terms terms = {
                .grid_adder = 7 * EUR,
                .grid_tax_ppm = 190000,
                .grid_limit_w = 20 * KW,
                .export_limit_w = 3 * KW,
                .utc_offset_s = HOUR,
                .has_solar = true,
                .solar_carbon = 48000,
                .has_reactor = true,
                .reactor_fuel = 9 * EUR,
                .reactor_carbon = 12000,
                .reactor_house_w = 100,
                .pue_ppm = 1200000,
                .pue_fixed_w = 333,
        };

        terms.reactors[terms.n_reactors++] = (struct supply_reactor){ .name = "u1", .rating_w = 4 * KW };
        terms.outages[terms.n_outages++] = (struct supply_outage){ 0, START + 5 * HOUR + 17, START + 9 * HOUR + 3, 0 };
        terms.ppas[terms.n_ppas++] = (struct supply_ppa){ .name = "base",
                                                          .kind = PPA_BASELOAD,
                                                          .take_or_pay = true,
                                                          .strike = 50 * EUR,
                                                          .share_ppm = 1000000,
                                                          .power_w = 2 * KW,
                                                          .end = START + 50 * HOUR + 1234 };
        terms.ppas[terms.n_ppas++] = (struct supply_ppa){ .name = "wind",
                                                          .kind = PPA_AS_PRODUCED,
                                                          .has_series = true,
                                                          .behind_meter = true,
                                                          .strike = 30 * EUR,
                                                          .share_ppm = 250000,
                                                          .carbon = 11000 };
        terms.ppas[terms.n_ppas++] = (struct supply_ppa){ .name = "paper",
                                                          .kind = PPA_VIRTUAL,
                                                          .take_or_pay = true,
                                                          .strike = 60 * EUR,
                                                          .share_ppm = 1000000,
                                                          .power_w = 1500 };
        terms.demands[terms.n_demands++] = (struct supply_demand){ .per_kw = 12 * EUR, .interval_s = 900 };
        terms.demands[terms.n_demands++] =
                (struct supply_demand){ .per_kw = 3 * EUR,
                                        .interval_s = HOUR,
                                        .hours = { .days = 31, .from_minute = 420, .to_minute = 1200 },
                                        .contract_w = 30 * KW,
                                        .minimum_share_ppm = 300000 };
        return terms;
}

static struct trace_job jobs[N_JOBS];

static void make_trial(struct trial *trial, const struct supply_terms *terms, const struct truth *truth)
{
        trial_init(trial);
        trial->policy.sites = calloc(1, sizeof(*trial->policy.sites));
        trial->policy.n_sites = 1;
        trial->policy.sites[0].name = strdup("hall");
        trial->policy.sites[0].currency = strdup("EUR");
        trial->policy.sites[0].terms = *terms;
        trial->nodes = calloc(1, sizeof(*trial->nodes));
        trial->nodes[0] = (struct trial_node){ "n1", "hall", 16, 600, 400, 0 };
        trial->n_nodes = 1;
        take(trial, SERIES_PRICE, truth->price);
        take(trial, SERIES_CARBON, truth->carbon);
        take(trial, SERIES_SOLAR, truth->solar);
        take(trial, SERIES_EXPORT_PRICE, truth->export);
        take(trial, SERIES_PPA + 1, truth->wind);
        trial->from = START;
        trial->to = START + SECONDS;
        for (int j = 0; j < N_JOBS; j++)
                jobs[j] = (struct trace_job){
                        .submit = START, .duration_s = 10 * HOUR, .gpus = 4, .power_w = 1000 * (j + 1) + 500
                };
        trial->trace.jobs = jobs;
        trial->trace.n = N_JOBS;
        trial->classes = calloc(N_JOBS, sizeof(*trial->classes));
        trial->policy.classes = calloc(1, sizeof(*trial->policy.classes));
        trial->policy.n_classes = 1;
        policy_class_defaults(&trial->policy.classes[0]);
        trial->policy.classes[0].name = strdup("default");
}

static void finish_trial(struct trial *trial)
{
        trial->trace.jobs = NULL; /* not owned here */
        trial->trace.n = 0;
        trial_finish(trial);
}

static void make_outcome(struct outcome *outcome, uint32_t seed)
{
        assert_int_equal(outcome_init(outcome, N_JOBS), 0);
        for (size_t j = 0; j < N_JOBS; j++) {
                int64_t at = START + (int64_t)(random_share(&seed) * 20 * HOUR);

                for (int i = 0; i < 4; i++) {
                        int64_t end = at + 1 + (int64_t)(random_share(&seed) * 9 * HOUR);

                        assert_int_equal(outcome_add(outcome, (struct segment){ j, 0, 4, at, end, 0, false, 0 }, false), 0);
                        at = end + (int64_t)(random_share(&seed) * 3 * HOUR);
                }
                outcome->finish[j] = at;
        }
}

/* ---- the oracle */

struct offer {
        int unit;
        double price, carbon, watts;
        bool sold;
        int rank; /* among equals the first stays first */
};

struct expected {
        double used[SUPPLY_UNITS], sold_j[SUPPLY_UNITS], curtailed[SUPPLY_UNITS], available[SUPPLY_UNITS];
        double grid_cost, sold, settled, carbon, energy, beyond, peak, strike_paid, pay_as_used;
        double curtailed_s;
        double quarter[SECONDS / 900], hourly[SECONDS / HOUR];
};

static int dearer(const void *a, const void *b)
{
        const struct offer *x = a, *y = b;

        return x->price < y->price ? -1 : x->price > y->price ? 1 : x->rank - y->rank;
}

static double reactor_at(const struct supply_terms *terms, int64_t t)
{
        if (!terms->has_reactor || (t >= terms->outages[0].from && t < terms->outages[0].to))
                return 0;
        return (double)(terms->reactors[0].rating_w - terms->reactor_house_w);
}

/* Offers in the order of the documents: reactor, sun, agreements, grid; among equals the first stays first. */
static int offers_at(const struct supply_terms *terms, const struct truth *truth, int64_t t, struct offer *offers)
{
        int h = (int)((t - START) / HOUR), n = 0, order[8], own;
        double room = (double)terms->export_limit_w, export = (double)truth->export[h],
               limit = (double)terms->grid_limit_w;
        struct offer plain[8], grid;
        double base = t < terms->ppas[0].end ? fmin((double)terms->ppas[0].power_w, limit) : 0;

        plain[n++] =
                (struct offer){ SUPPLY_REACTOR, (double)terms->reactor_fuel, 12000, reactor_at(terms, t), false, 0 };
        plain[n++] = (struct offer){ SUPPLY_SOLAR, 0, 48000, (double)truth->solar[h], false, 0 };
        plain[n++] = (struct offer){ SUPPLY_PPA, 0, (double)truth->carbon[h], base, false, 0 };
        plain[n++] = (struct offer){ SUPPLY_PPA + 1, (double)terms->ppas[1].strike,
                                     11000,          floor((double)truth->wind[h] / 4),
                                     false,          0 };
        grid = (struct offer){ SUPPLY_GRID,
                               floor(((double)truth->price[h] + (double)terms->grid_adder) * 1.19),
                               (double)truth->carbon[h],
                               limit - base,
                               false,
                               0 };
        own = n;
        for (int i = 0; i < own; i++) { /* who sells: the cheapest first */
                order[i] = i;
                for (int k = i; k > 0 && plain[order[k - 1]].price > plain[order[k]].price; k--) {
                        int swap = order[k];

                        order[k] = order[k - 1];
                        order[k - 1] = swap;
                }
        }
        n = 0;
        for (int i = 0; i < own; i++) {
                struct offer rest = plain[order[i]], sold = rest;

                if (rest.price < export && room > 0) {
                        sold.sold = true;
                        sold.price = export;
                        sold.watts = fmin(rest.watts, room);
                        room -= sold.watts;
                        rest.watts -= sold.watts;
                        offers[n++] = sold;
                }
                offers[n++] = rest;
        }
        offers[n++] = grid;
        for (int i = 0; i < n; i++)
                offers[i].rank = i;
        qsort(offers, (size_t)n, sizeof(*offers), dearer);
        return n;
}

static double power_at(const struct outcome *outcome, int64_t t)
{
        double watts = 333 + 1.2 * 600;

        for (size_t i = 0; i < outcome->n; i++)
                if (t >= outcome->segments[i].start && t < outcome->segments[i].end)
                        watts += 1.2 * jobs[outcome->segments[i].job].power_w;
        return watts;
}

static void add_second(const struct supply_terms *terms, const struct truth *truth, const struct outcome *outcome,
                       int64_t t, struct expected *e)
{
        struct offer offers[16];
        int n = offers_at(terms, truth, t, offers), h = (int)((t - START) / HOUR);
        double power = power_at(outcome, t), left = power, lost = 0;

        for (int i = 0; i < n; i++) {
                struct offer *offer = &offers[i];
                double drawn = fmin(left, offer->watts), over = offer->watts - drawn;

                left -= drawn;
                e->available[offer->unit] += offer->watts;
                e->used[offer->unit] += drawn;
                e->carbon += drawn * offer->carbon;
                if (offer->unit == SUPPLY_GRID)
                        e->grid_cost += drawn * offer->price;
                if (offer->unit == SUPPLY_PPA + 1)
                        e->pay_as_used += drawn * 30;
                if (offer->sold) {
                        e->sold_j[offer->unit] += over;
                        e->sold += over * offer->price;
                        e->pay_as_used += offer->unit == SUPPLY_PPA + 1 ? over * 30 : 0;
                } else if (offer->unit != SUPPLY_GRID && offer->unit != SUPPLY_REACTOR) {
                        e->curtailed[offer->unit] += over;
                        lost += over;
                }
        }
        e->beyond += left;
        e->curtailed_s += lost > 0;
        e->energy += power;
        e->peak = fmax(e->peak, power);
        e->settled += 1500 * ((double)truth->price[h] - 60e6);
        e->strike_paid += t < terms->ppas[0].end ? 2000 * 50.0 : 0;
        e->quarter[(t - START) / 900] += power / 900;
        e->hourly[(t - START) / HOUR] += power / HOUR;
}

/* The tariff's month ends at 2025-01-31T23:00:00Z; 2025-01-30 is a Thursday, and its hours are an hour ahead of UTC. */
static double demand_of(const struct expected *e)
{
        double charge = 0;

        for (int month = 0; month < 2; month++) {
                double all = 0, day = 0;

                for (int q = 0; q < SECONDS / 900; q++)
                        if ((q * 900 < 47 * HOUR) == (month == 0))
                                all = fmax(all, e->quarter[q]);
                for (int h = 0; h < HOURS; h++)
                        if ((h < 47) == (month == 0) && (h + 1) / 24 < 2 && (h + 1) % 24 >= 7 && (h + 1) % 24 < 20)
                                day = fmax(day, e->hourly[h]);
                charge += 12 * all / 1000 + 3 * fmax(day, 9000) / 1000;
        }
        return charge;
}

#define MWH(joules) ((joules) / 3.6e9)

static void assert_near(double a, double b, double scale)
{
        if (!(fabs(a - b) <= scale))
                fail_msg("%.12g and not %.12g", a, b);
}

static void compare(const struct site_sources *s, const struct expected *e)
{
        static const int units[] = { SUPPLY_REACTOR, SUPPLY_GRID, SUPPLY_SOLAR, SUPPLY_PPA, SUPPLY_PPA + 1 };
        double paid = MWH(e->grid_cost) * 1e-6 + MWH(e->used[SUPPLY_REACTOR] + e->sold_j[SUPPLY_REACTOR]) * 9 +
                      MWH(e->strike_paid) + MWH(e->pay_as_used);

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                const struct source *source = &s->units[units[i]];

                assert_true(source->is_there);
                assert_near(source->available_mwh, MWH(e->available[units[i]]), 1e-9);
                assert_near(source->sold_mwh, MWH(e->sold_j[units[i]]), 1e-9);
                assert_near(source->curtailed_mwh, MWH(e->curtailed[units[i]]), 1e-9);
                /* what is drawn beyond them all is put to the last in the order of merit */
                assert_true(source->used_mwh > MWH(e->used[units[i]]) - 1e-9);
                assert_true(source->used_mwh < MWH(e->used[units[i]] + e->beyond) + 1e-9);
        }
        assert_near(s->energy_mwh, MWH(e->energy), 1e-9);
        assert_near(s->beyond_mwh, MWH(e->beyond), 1e-9);
        assert_near(s->curtailed_h, e->curtailed_s / 3600, 1e-9);
        assert_near(s->peak_w, e->peak, 1e-6);
        assert_near(s->sold, MWH(e->sold) * 1e-6, 1e-9);
        assert_near(s->settled, MWH(e->settled) * 1e-6, 1e-9);
        assert_int_equal(s->months, 2);
        assert_near(s->demand, demand_of(e), 0.02); /* the meter's watts are whole */
        if (e->beyond == 0) {
                assert_near(s->bought, paid, 1e-9 * fabs(paid));
                assert_near(s->carbon_kg, e->carbon / 3.6e6 * 1e-6, 1e-9);
        }
        assert_near(s->cost, s->bought + s->demand - s->sold - s->settled, 1e-9);
}

static void every_second_has_its_sources(void **state)
{
        static const int64_t limits[] = { 20 * KW, 20 * KW, 2500 };

        (void)state;
        for (uint32_t round = 0; round < 3; round++) {
                struct supply_terms terms = full_terms();
                struct expected expected = { 0 };
                struct site_sources sources;
                struct truth truth;
                struct trial trial;
                struct outcome outcome;

                terms.grid_limit_w = limits[round];
                fill(&truth, 17 + round);
                make_trial(&trial, &terms, &truth);
                make_outcome(&outcome, 99 + round);
                for (int64_t t = START; t < START + SECONDS; t++)
                        add_second(&terms, &truth, &outcome, t, &expected);
                assert_true((expected.beyond > 0) == (round == 2));
                assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &sources), 0);
                compare(&sources, &expected);
                outcome_finish(&outcome);
                finish_trial(&trial);
        }
}

static void a_part_of_the_time_is_part_of_the_whole(void **state)
{
        struct supply_terms terms = full_terms();
        struct site_sources whole, first, second;
        int64_t middle = START + 20 * HOUR + 1234;
        struct truth truth;
        struct trial trial;
        struct outcome outcome;

        (void)state;
        terms.n_demands = 0;
        fill(&truth, 5);
        make_trial(&trial, &terms, &truth);
        make_outcome(&outcome, 6);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &whole), 0);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, middle, &first), 0);
        assert_int_equal(sources_of(&trial, &outcome, 0, middle, START + SECONDS, &second), 0);
        assert_int_equal(whole.months, 0);
        assert_near(first.cost + second.cost, whole.cost, 1e-9);
        assert_near(first.carbon_kg + second.carbon_kg, whole.carbon_kg, 1e-9);
        assert_near(first.energy_mwh + second.energy_mwh, whole.energy_mwh, 1e-9);
        assert_near(first.curtailed_h + second.curtailed_h, whole.curtailed_h, 1e-9);
        outcome_finish(&outcome);
        finish_trial(&trial);
}

static void factors_are_of_what_is_rated(void **state)
{
        struct supply_terms terms = full_terms();
        struct site_sources sources;
        struct truth truth;
        struct trial trial;
        struct outcome outcome;
        const struct source *units = sources.units;

        (void)state;
        fill(&truth, 7);
        make_trial(&trial, &terms, &truth);
        make_outcome(&outcome, 8);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &sources), 0);
        assert_near(units[SUPPLY_REACTOR].rated_w, 3900, 1e-9);
        assert_near(units[SUPPLY_REACTOR].capacity_factor,
                    (units[SUPPLY_REACTOR].used_mwh + units[SUPPLY_REACTOR].sold_mwh) / (0.0039 * HOURS), 1e-12);
        assert_near(units[SUPPLY_PPA].rated_w, 2000, 1e-9);
        assert_true(units[SUPPLY_GRID].capacity_factor < 1);
        assert_false(units[SUPPLY_PPA + 2].is_there); /* virtual: no megawatts */
        assert_false(units[SUPPLY_STORE].is_there);
        trial.policy.sites[0].terms.grid_limit_w = INT64_MAX;
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &sources), 0);
        assert_true(isnan(units[SUPPLY_GRID].capacity_factor));
        assert_true(isinf(units[SUPPLY_GRID].rated_w));
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START, &sources), 0);
        assert_near(sources.cost, 0, 0);
        assert_int_equal(sources.months, 0);
        outcome_finish(&outcome);
        finish_trial(&trial);
}

/* With the grid alone and nothing that idles, what plans weigh is what is paid. */
static void the_grid_alone_agrees_with_the_tally(void **state)
{
        struct supply_terms terms = { .grid_limit_w = INT64_MAX, .pue_ppm = 1300000 };
        struct site_sources sources;
        struct offpeak_error err;
        struct tally tallied;
        struct truth truth;
        struct trial trial;
        struct outcome outcome;

        (void)state;
        fill(&truth, 11);
        make_trial(&trial, &terms, &truth);
        trial.nodes[0].idle_w = 0;
        make_outcome(&outcome, 12);
        assert_int_equal(tally(&trial, &outcome, &tallied, &err), 0);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &sources), 0);
        assert_near(sources.cost, tallied.cost, 1e-9);
        assert_near(sources.carbon_kg, tallied.carbon_kg, 1e-9);
        assert_near(sources.energy_mwh, tallied.energy_mwh, 1e-9);
        outcome_finish(&outcome);
        finish_trial(&trial);
}

static void unknown_is_told(void **state)
{
        struct supply_terms terms = { .grid_limit_w = INT64_MAX, .pue_ppm = 1000000 };
        struct site_sources sources;
        struct truth truth;
        struct trial trial;
        struct outcome outcome;

        (void)state;
        terms.ppas[terms.n_ppas++] =
                (struct supply_ppa){ .name = "paper", .kind = PPA_VIRTUAL, .strike = EUR, .power_w = 10 };
        fill(&truth, 13);
        for (int h = 0; h < HOURS; h++)
                truth.price[h] = truth.carbon[h] = 0;
        truth.price[3] = truth.carbon[4] = SERIES_UNKNOWN;
        make_trial(&trial, &terms, &truth);
        assert_int_equal(outcome_init(&outcome, N_JOBS), 0);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + SECONDS, &sources), 0);
        assert_near(sources.unpriced_mwh, 600e-6, 1e-12); /* what idles, for an hour */
        assert_near(sources.uncounted_mwh, 600e-6, 1e-12);
        assert_false(sources.settled_known);
        assert_near(sources.settled, -10e-6 * (HOURS - 1), 1e-12);
        outcome_finish(&outcome);
        finish_trial(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_second_has_its_sources),
                cmocka_unit_test(a_part_of_the_time_is_part_of_the_whole),
                cmocka_unit_test(factors_are_of_what_is_rated),
                cmocka_unit_test(the_grid_alone_agrees_with_the_tally),
                cmocka_unit_test(unknown_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
