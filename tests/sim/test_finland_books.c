/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_finland_books.c - the month of Finland in virtual time, and its books against a second computation: from the raw files,
 * read here once more, and from the hours that jobs ran, told by the journal.
 *
 * What the two may differ by is stated. Joules are exact. Money and carbon of what the books say each unit supplied: a booking's
 * average price is a whole micro-EUR per MWh, and its carbon a whole mg per kWh. Who supplied what: the books share a reading of
 * up to a quarter of an hour by the site's power when it is booked, this by the power of each second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/outcome.h"
#include "sim/finland.h"
#include "sim/sim.h"

enum { JOBS = 300, MOST_RUNS = 4000, NODES = 7, DEVICES = 24, IDLE_W = 250000 };

#define END (FINLAND_START + FINLAND_HOURS * HOUR)

/* ---- the second reader: hour by hour, in plain doubles */

static double raw_price[FINLAND_HOURS], raw_plant_w[FINLAND_HOURS]; /* EUR/MWh; W */

static void read_raw(const char *path, double *values, double factor)
{
        FILE *file = fopen(path, "r");
        char line[200];
        int n = 0;

        assert_non_null(file);
        while (fgets(line, sizeof(line), file) != NULL) {
                int day, hour;
                double value;

                if (sscanf(line, "2024-01-%dT%d:00:00Z,%lf", &day, &hour, &value) != 3)
                        continue;
                values[(day - 1) * 24 + hour] = value * factor;
                n++;
        }
        fclose(file);
        assert_int_equal(n, FINLAND_HOURS);
}

/* ---- the journal: what ran when, and each booking */

struct run {
        uint64_t job;
        uint32_t attempt;
        int64_t start, end, watts;
};

struct journal {
        struct run runs[MOST_RUNS];
        int n_runs;
        int64_t watts[JOBS + 1];
};

static void listen(void *context, const struct record *record)
{
        struct journal *journal = context;

        if (record->type == RECORD_LAUNCH) {
                uint64_t job = record->u.launch.job;

                assert_true(journal->n_runs < MOST_RUNS && job <= JOBS);
                journal->runs[journal->n_runs++] =
                        (struct run){ job, record->u.launch.attempt, record->at, 0, journal->watts[job] };
        }
        if (record->type == RECORD_LEG_END)
                for (int i = 0; i < journal->n_runs; i++)
                        if (journal->runs[i].job == record->u.leg_end.leg.job &&
                            journal->runs[i].attempt == record->u.leg_end.leg.attempt)
                                journal->runs[i].end = record->at;
}

/* ---- the month */

struct month {
        struct policy policy;
        struct sim *sim;
        struct journal journal;
        struct finland_job jobs[JOBS];
        int n_jobs;
};

static void take(struct month *month, struct series series)
{
        assert_int_equal(sim_take_series(month->sim, &series), 0);
        series_finish(&series);
}

static void submit(struct month *month)
{
        int most[FINLAND_HOURS];

        for (int h = 0; h < FINLAND_HOURS; h++)
                most[h] = NODES * DEVICES - 24; /* gangs stay on a node: some room is lost between them */
        month->n_jobs = finland_jobs(month->jobs, JOBS, most, 7);
        for (int j = 0; j < month->n_jobs; j++) {
                const struct finland_job *job = &month->jobs[j];
                struct offpeak_job_spec spec;
                struct offpeak_error err;
                uint64_t id;

                assert_int_equal(sim_run_until(month->sim, FINLAND_START + job->release * HOUR), 0);
                world_spec(&spec, "job", job->halls, job->hours * HOUR);
                spec.deadline = FINLAND_START + job->deadline * HOUR;
                month->journal.watts[j + 1] = (int64_t)job->halls * FINLAND_HALL_W;
                if (sim_submit(month->sim, &spec, &id, &err) != 0)
                        fail_msg("%s", err.text);
                assert_int_equal(id, j + 1);
                offpeak_job_spec_finish(&spec);
        }
        assert_int_equal(sim_run_until(month->sim, END), 0);
}

static void run_month(struct month *month)
{
        struct sim_options options = { .start = FINLAND_START,
                                       .policy = &month->policy,
                                       .journal = listen,
                                       .context = &month->journal };

        world_policy(&month->policy);
        finland_terms(&month->policy.sites[0].terms);
        month->policy.classes[0].min_run_s = HOUR;
        month->policy.plan_interval_s = 6 * HOUR;
        month->policy.plan_work = 20000;
        assert_int_equal(sim_create(&options, &month->sim), 0);
        take(month, finland_price());
        take(month, finland_capacity());
        take(month, finland_carbon());
        for (int i = 0; i < NODES; i++) {
                char name[8];

                snprintf(name, sizeof(name), "n%d", i);
                assert_int_equal(sim_add_node(month->sim, &(struct sim_node){ name, "hanford", DEVICES, IDLE_W, (uint32_t)FINLAND_HALL_W, 0 }), 0);
        }
        submit(month);
}

/* ---- sums of the books, and of the second computation */

struct sums {
        double joules, plant_j, grid_j;
        double cost, carbon_g, market_g;
};

static const struct booking *bookings_of(const struct month *month, size_t *ret_n)
{
        return sim_bookings(month->sim, ret_n);
}

static struct sums sum_of_books(const struct month *month)
{
        struct sums sums = { 0 };
        size_t n;
        const struct booking *bookings = bookings_of(month, &n);

        for (size_t i = 0; i < n; i++) {
                sums.joules += (double)bookings[i].joules;
                sums.plant_j += (double)bookings[i].unit_joules[SUPPLY_REACTOR];
                sums.grid_j += (double)bookings[i].unit_joules[SUPPLY_GRID];
                sums.cost += (double)bookings[i].cost * 1e-6;
                sums.carbon_g += (double)bookings[i].carbon_mg * 1e-3;
                sums.market_g += (double)bookings[i].market_mg * 1e-3;
        }
        return sums;
}

/* A second of the month at this power, times `seconds`: the cheaper of plant and grid first; wind on paper covers the grid's. */
static void add_power(struct sums *sums, int hour, double watts, double seconds)
{
        bool grid_first = raw_price[hour] < 8;
        double plant_most = raw_plant_w[hour], grid_most = (double)FINLAND_GRID_W;
        double plant = grid_first ? fmax(0, watts - grid_most) : fmin(watts, plant_most), grid = watts - plant;
        double dirty = fmax(0, grid - 40e6), kwh = seconds / 3.6e6, grams = 40 + 3 * (hour % 24);

        sums->joules += watts * seconds;
        sums->plant_j += plant * seconds;
        sums->grid_j += grid * seconds;
        sums->cost += (plant * 8 + grid * raw_price[hour]) * seconds / 3.6e9;
        sums->carbon_g += (plant * 12 + grid * grams) * kwh;
        sums->market_g += (plant * 12 + fmin(grid, 40e6) * 11 + dirty * grams) * kwh;
}

static int compare_times(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

        return left < right ? -1 : left > right;
}

/* Facility power between any two moments at which something changes, for all that is booked until `until`. */
static struct sums sum_of_runs(const struct month *month, int64_t until)
{
        static int64_t edges[2 * MOST_RUNS + FINLAND_HOURS + 2];
        struct sums sums = { 0 };
        int n = 0;

        for (int h = 0; h <= FINLAND_HOURS; h++)
                edges[n++] = FINLAND_START + h * HOUR < until ? FINLAND_START + h * HOUR : until;
        for (int i = 0; i < month->journal.n_runs; i++) {
                edges[n++] = month->journal.runs[i].start;
                edges[n++] = month->journal.runs[i].end;
        }
        qsort(edges, (size_t)n, sizeof(*edges), compare_times);
        for (int e = 0; e + 1 < n; e++) {
                double it = NODES * (double)IDLE_W;

                for (int i = 0; i < month->journal.n_runs; i++)
                        if (month->journal.runs[i].start <= edges[e] && edges[e] < month->journal.runs[i].end)
                                it += (double)month->journal.runs[i].watts;
                if (edges[e + 1] > edges[e])
                        add_power(&sums, (int)((edges[e] - FINLAND_START) / HOUR), 5e6 + 1.05 * it,
                                  (double)(edges[e + 1] - edges[e]));
        }
        return sums;
}

/* ---- what must agree */

static void assert_near(const char *what, double a, double b, double tolerance)
{
        printf("  %-22s books %.9g, second computation %.9g: %+.2e\n", what, a, b, a / b - 1);
        if (!(fabs(a - b) <= tolerance))
                fail_msg("%s: %.12g is not %.12g", what, a, b);
}

static void every_job_is_done(const struct month *month)
{
        int late = 0;

        for (int j = 1; j <= month->n_jobs; j++) {
                const struct job *job = state_job(sim_state(month->sim), (uint64_t)j);

                assert_int_equal(job->state, OFFPEAK_JOB_DONE);
                late += job->ended_at > FINLAND_START + month->jobs[j - 1].deadline * HOUR;
        }
        printf("%d jobs, %d runs, %d late\n", month->n_jobs, month->journal.n_runs, late);
}

/* Whole joules: those of jobs are what the journal's hours make, those of the units are all there are. */
static void joules_are_exact(const struct month *month)
{
        size_t n;
        const struct booking *bookings = bookings_of(month, &n);
        int64_t jobs = 0, run = 0;

        for (size_t i = 0; i < n; i++) {
                int64_t units = 0;

                for (int unit = 0; unit < SUPPLY_UNITS; unit++)
                        units += bookings[i].unit_joules[unit];
                assert_int_equal(units, bookings[i].joules);
                assert_int_equal(units, bookings[i].unit_joules[SUPPLY_REACTOR] + bookings[i].unit_joules[SUPPLY_GRID]);
                jobs += bookings[i].account == ACCOUNT_JOB ? bookings[i].joules : 0;
        }
        for (int i = 0; i < month->journal.n_runs; i++)
                run += month->journal.runs[i].watts * (month->journal.runs[i].end - month->journal.runs[i].start);
        assert_int_equal(jobs, run);
}

/* By what the books say who supplied what: only rounding is left. */
static void bookings_are_priced_by_their_units(const struct month *month)
{
        size_t n;
        const struct booking *bookings = bookings_of(month, &n);
        struct sums books = sum_of_books(month);
        double cost = 0, grams = 0, cost_most = 0, grams_most = 0;

        for (size_t i = 0; i < n; i++) {
                const struct booking *b = &bookings[i];
                int hour = (int)((b->start - FINLAND_START) / HOUR);
                double plant = (double)b->unit_joules[SUPPLY_REACTOR], grid = (double)b->unit_joules[SUPPLY_GRID];

                assert_true(b->end <= FINLAND_START + (hour + 1) * HOUR); /* cut at each hour's edge */
                cost += (plant * 8 + grid * raw_price[hour]) / 3.6e9;
                grams += (plant * 12 + grid * (40 + 3 * (hour % 24))) / 3.6e6;
                /* half a micro-EUR per MWh, half a mg per kWh; and a joule that is one unit's or another's */
                cost_most += (plant + grid) / 3.6e9 * 0.5e-6 + 1e-6 + fabs(raw_price[hour] - 8) / 3.6e9;
                grams_most += (plant + grid) / 3.6e6 * 0.5e-3 + 1e-3 + 100 / 3.6e6;
        }
        assert_near("EUR, by unit", books.cost, cost, cost_most);
        assert_near("g CO2e, by unit", books.carbon_g, grams, grams_most);
        printf("  (may differ by %.3g EUR and %.3g g over %zu bookings)\n", cost_most, grams_most, n);
}

/* All bookings end by then: a node's idle energy is told every quarter of an hour. */
static int64_t booked_until(const struct month *month)
{
        const struct state *state = sim_state(month->sim);
        int64_t until = END;

        for (uint32_t i = 0; i < state->n_nodes; i++)
                until = state->nodes[i].idle_until < until ? state->nodes[i].idle_until : until;
        return until;
}

static void a_month_is_booked(void **state)
{
        struct month *month = calloc(1, sizeof(*month));
        struct sums books, runs;

        (void)state;
        if (!finland_is_here()) {
                puts("skipped: " FINLAND_PRICES " or the output beside it is not here");
                free(month);
                skip();
        }
        read_raw(FINLAND_PRICES, raw_price, 10 / 1.24);
        read_raw(FINLAND_NUCLEAR, raw_plant_w, 1e6 / FINLAND_FLEET_W * 924e6);
        run_month(month);
        every_job_is_done(month);
        joules_are_exact(month);
        bookings_are_priced_by_their_units(month);
        assert_int_equal(booked_until(month), END);
        books = sum_of_books(month);
        runs = sum_of_runs(month, END);
        assert_near("joules", books.joules, runs.joules, 1e-9 * runs.joules);
        assert_near("J of the plant", books.plant_j, runs.plant_j, 2e-3 * runs.plant_j);
        assert_near("J of the grid", books.grid_j, runs.grid_j, 2e-2 * runs.grid_j);
        assert_near("EUR", books.cost, runs.cost, 5e-3 * runs.cost);
        assert_near("g CO2e by location", books.carbon_g, runs.carbon_g, 5e-3 * runs.carbon_g);
        assert_near("g CO2e by contract", books.market_g, runs.market_g, 5e-3 * runs.market_g);
        printf("%.1f GWh, %.2f %% from the plant, %.2f EUR/MWh, %.2f and %.2f g/kWh by location and contract\n",
               books.joules / 3.6e12, 100 * books.plant_j / books.joules, books.cost / (books.joules / 3.6e9),
               books.carbon_g / (books.joules / 3.6e6), books.market_g / (books.joules / 3.6e6));
        sim_destroy(month->sim);
        policy_finish(&month->policy);
        free(month);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(a_month_is_booked) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
