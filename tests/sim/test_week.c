/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_week.c - a real price week (DE-LU, from 2025-06-09) through the virtual-time host, from submission to report,
 * against a second computation in here: its own reader of the price file, its own integral over the hours that jobs ran,
 * taken from the journal's launches and ends, and its own run-at-once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/outcome.h"
#include "feeds/csv.h"
#include "sim/sim.h"
#include "support/world.h"

#define PRICES OFFPEAK_SHARED_DATA "/open/prices/smard_dayahead_DE-LU_2025-01_2026-02.csv"
#define WEEK (7 * DAY)

enum { MAX_HOURS = 20000, MAX_RUNS = 200, JOBS = 24, START_COST_S = 240, WATTS = 700, IDLE_W = 300 };

/* ---- the second reader: hour by hour, in plain doubles */

static double hour_price[MAX_HOURS];
static int64_t first_hour;
static int n_hours;

static bool read_prices(void)
{
        FILE *file = fopen(PRICES, "r");
        char line[200];

        if (file == NULL)
                return false;
        n_hours = 0;
        while (fgets(line, sizeof(line), file) != NULL) {
                int year, month, day, hour;
                double price;

                if (sscanf(line, "%d-%d-%dT%d:00:00Z,%lf", &year, &month, &day, &hour, &price) != 5)
                        continue;
                if (n_hours == 0) {
                        assert_true(year == 2024 && month == 12 && day == 31 && hour == 23);
                        first_hour = INT64_C(1735686000);
                }
                hour_price[n_hours++] = price;
        }
        fclose(file);
        return n_hours > 0;
}

/* EUR for `watts` over [start, end). */
static double energy_cost(double watts, int64_t start, int64_t end)
{
        double cost = 0;

        for (int64_t t = start; t < end;) {
                int64_t hour = (t - first_hour) / HOUR;
                int64_t edge = first_hour + (hour + 1) * HOUR;
                int64_t until = edge < end ? edge : end;

                cost += watts * (double)(until - t) / 3.6e9 * hour_price[hour];
                t = until;
        }
        return cost;
}

/* ---- the journal: when each attempt ran */

struct run {
        uint64_t job;
        uint32_t attempt;
        int64_t start, end;
};

struct journal {
        struct run runs[MAX_RUNS];
        int n_runs;
};

static void journal(void *context, const struct record *record)
{
        struct journal *journal = context;

        if (record->type == RECORD_LAUNCH) {
                assert_true(journal->n_runs < MAX_RUNS);
                journal->runs[journal->n_runs++] =
                        (struct run){ record->u.launch.job, record->u.launch.attempt, record->at, 0 };
        }
        if (record->type == RECORD_LEG_END)
                for (int i = 0; i < journal->n_runs; i++)
                        if (journal->runs[i].job == record->u.leg_end.leg.job &&
                            journal->runs[i].attempt == record->u.leg_end.leg.attempt)
                                journal->runs[i].end = record->at;
}

/* ---- the week */

struct week {
        struct policy policy;
        struct sim *sim;
        struct journal journal;
        int64_t submitted[JOBS + 1];
        uint32_t gpus[JOBS + 1];
        int64_t time_s[JOBS + 1];
};

static void load_series(struct week *week)
{
        struct csv_request request = { .file = PRICES, .site = "hanford", .kind = SERIES_PRICE, .currency = "EUR" };
        struct offpeak_error err;
        struct series price;

        assert_int_equal(csv_read(&request, &price, &err), 0);
        assert_int_equal(sim_take_series(week->sim, &price), 0);
        series_finish(&price);
}

/* Jobs of 1 to 9 hours, 1 to 4 GPUs, every four hours, each with a day of slack; never more than 16 GPUs at once. */
static void submit_jobs(struct week *week)
{
        for (int i = 1; i <= JOBS; i++) {
                struct offpeak_job_spec spec;
                struct offpeak_error err;
                uint64_t id = 0;

                assert_int_equal(sim_run_until(week->sim, WORLD_START + (i - 1) * 4 * HOUR), 0);
                week->submitted[i] = sim_now(week->sim);
                week->gpus[i] = 1 + (uint32_t)i % 4;
                week->time_s[i] = (1 + (i * 5) % 9) * HOUR;
                world_spec(&spec, "job", week->gpus[i], week->time_s[i]);
                spec.deadline = week->submitted[i] + week->time_s[i] + DAY;
                assert_int_equal(sim_submit(week->sim, &spec, &id, &err), 0);
                assert_int_equal(id, i);
                offpeak_job_spec_finish(&spec);
        }
}

static void run_week(struct week *week)
{
        struct sim_options options = { .start = WORLD_START,
                                       .policy = &week->policy,
                                       .stop_s = 30,
                                       .journal = journal,
                                       .context = &week->journal };

        world_policy(&week->policy);
        week->policy.classes[0].start_cost_s = START_COST_S;
        week->policy.classes[0].min_run_s = 45 * 60;
        week->policy.plan_interval_s = HOUR;
        week->policy.plan_work = 20000;
        assert_int_equal(sim_create(&options, &week->sim), 0);
        load_series(week);
        for (int i = 0; i < 4; i++) {
                char name[8];

                snprintf(name, sizeof(name), "n%d", i);
                assert_int_equal(sim_add_node(week->sim, &(struct sim_node){ name, "hanford", 4, IDLE_W, WATTS, 0 }), 0);
        }
        submit_jobs(week);
        assert_int_equal(sim_run_until(week->sim, WORLD_START + WEEK), 0);
}

static struct report make_report(const struct week *week)
{
        const struct state *state = sim_state(week->sim);
        struct report_site site = outcome_of_site(state, &state->sites[0]);
        struct report_job jobs[JOBS];
        struct report_input input = { .from = WORLD_START, .to = WORLD_START + WEEK, .sites = &site, .n_sites = 1 };
        struct offpeak_error err;
        struct report report;

        for (int i = 0; i < JOBS; i++) {
                assert_true(outcome_is_known(&state->jobs[i], input.from, input.to));
                jobs[i] = outcome_of_job(state, &state->jobs[i], 0);
        }
        input.jobs = jobs;
        input.n_jobs = JOBS;
        input.bookings = sim_bookings(week->sim, &input.n_bookings);
        assert_int_equal(report_compute(&input, &report, &err), 0);
        return report;
}

static void every_job_is_done_in_time(const struct week *week)
{
        for (int i = 1; i <= JOBS; i++) {
                const struct job *job = state_job(sim_state(week->sim), (uint64_t)i);

                assert_int_equal(job->state, OFFPEAK_JOB_DONE);
                if (job->ended_at > week->submitted[i] + week->time_s[i] + DAY)
                        fail_msg("job %d: %d s late, %u pauses", i,
                                 (int)(job->ended_at - week->submitted[i] - week->time_s[i] - DAY), job->pauses);
        }
}

/* What the jobs cost, from the journal's hours alone. */
static double cost_of_runs(const struct week *week, double *ret_joules)
{
        double cost = 0;

        *ret_joules = 0;
        for (int i = 0; i < week->journal.n_runs; i++) {
                const struct run *run = &week->journal.runs[i];
                double watts = (double)WATTS * week->gpus[run->job];

                assert_true(run->end > run->start);
                cost += energy_cost(watts, run->start, run->end);
                *ret_joules += watts * (double)(run->end - run->start);
        }
        return cost;
}

/* 16 GPUs hold whatever is there at once: running at once is starting at submission. */
static double cost_at_once(const struct week *week)
{
        double cost = 0;

        for (int i = 1; i <= JOBS; i++)
                cost += energy_cost((double)WATTS * week->gpus[i], week->submitted[i],
                                    week->submitted[i] + START_COST_S + week->time_s[i]);
        return cost;
}

static void the_devices_are_never_overbooked(const struct week *week)
{
        for (int i = 0; i < week->journal.n_runs; i++) {
                uint32_t gpus = 0;

                for (int k = 0; k < week->journal.n_runs; k++)
                        if (week->journal.runs[k].start <= week->journal.runs[i].start &&
                            week->journal.runs[i].start < week->journal.runs[k].end)
                                gpus += week->gpus[week->journal.runs[k].job];
                assert_true(gpus <= 16);
        }
}

/* A node's idle energy is told with its renewals, every quarter of an hour. */
static int64_t idle_joules(const struct week *week)
{
        const struct state *state = sim_state(week->sim);
        int64_t joules = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                assert_true(state->nodes[i].idle_until > WORLD_START + WEEK - 900);
                joules += IDLE_W * (state->nodes[i].idle_until - WORLD_START);
        }
        return joules;
}

static void assert_near(double a, double b, double tolerance)
{
        if (fabs(a - b) > tolerance)
                fail_msg("%.9g is not %.9g", a, b);
}

static void a_real_week_is_run_and_reported(void **unused)
{
        struct week week = { .sim = NULL };
        struct report report;
        double joules, cost, at_once;

        (void)unused;
        if (!read_prices()) {
                puts("skipped: " PRICES " is not here");
                skip();
        }
        run_week(&week);
        every_job_is_done_in_time(&week);
        the_devices_are_never_overbooked(&week);
        report = make_report(&week);
        cost = cost_of_runs(&week, &joules);
        at_once = cost_at_once(&week);
        printf("at once %.4f EUR, run %.4f EUR, saved %.1f %%\n", at_once, cost, 100 * (1 - cost / at_once));
        assert_int_equal(report.n_jobs, JOBS);
        assert_near((double)report.actual.joules, joules, 1);
        assert_near((double)report.actual.cost * 1e-6, cost, 1e-3); /* a micro-EUR a booking */
        assert_near((double)report.run_now.cost * 1e-6, at_once, 1e-3);
        assert_int_equal(report.saved, report.run_now.cost - report.actual.cost);
        assert_true(report.saved > 0);
        assert_int_equal(report.accounts[ACCOUNT_IDLE].joules, idle_joules(&week));
        sim_destroy(week.sim);
        policy_finish(&week.policy);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(a_real_week_is_run_and_reported) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
