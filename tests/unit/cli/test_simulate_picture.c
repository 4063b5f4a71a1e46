/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulate_picture.c - what a policy's hours become in a picture: who supplies them, at which price, whose bars.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/simulate_picture.h"
#include "unit/trial/make_trial.h"

enum { START = MAKE_TRIAL_START, HOUR = 3600 };

/* A trial, hours that nobody planned, and their picture. */
struct fixture {
        struct simulation simulation;
        struct simulate_result result;
        struct picture picture;
};

static void begin(struct fixture *fixture)
{
        *fixture = (struct fixture){ .simulation = { .currency = "EUR" }, .result = { .name = "oracle" } };
        make_trial(&fixture->simulation.trial);
}

static void ready(struct fixture *fixture)
{
        make_ready(&fixture->simulation.trial);
        assert_int_equal(outcome_init(&fixture->result.outcome, fixture->simulation.trial.trace.n), 0);
}

/* A run of a job, in seconds from the start. */
static void run(struct fixture *fixture, size_t job, uint32_t site, int64_t from, int64_t to)
{
        struct segment segment = { job, site, fixture->simulation.trial.trace.jobs[job].gpus, START + from,
                                   START + to, 0, false, 0 };

        assert_int_equal(outcome_add(&fixture->result.outcome, segment, false), 0);
        fixture->result.outcome.finish[job] = START + to;
}

static void draw(struct fixture *fixture)
{
        static const char text[] =
                "{\"jobs\":2,\"rows\":3,\"gpus\":8,\"currency\":\"EUR\",\"bound_unit\":\"EUR\","
                "\"bound_counts\":[\"waiting\",\"lateness\"],\"policies\":[{\"name\":\"oracle\",\"cost\":3.0,"
                "\"run_now_cost\":2.0,\"carbon_kg\":null,\"run_now_carbon_kg\":null,"
                "\"lower_bound\":1.5,\"jobs_done\":1,\"missed_deadlines\":1,\"mean_delay_h\":2.25}]}";
        const struct screen screen = { .width = 100, .utf8 = true };
        json_t *document = json_loads(text, 0, NULL);

        assert_non_null(document);
        assert_int_equal(
                picture_of_simulation(&fixture->simulation, &fixture->result, document, &screen, &fixture->picture), 0);
        json_decref(document);
}

static void finish(struct fixture *fixture)
{
        picture_finish(&fixture->picture);
        outcome_finish(&fixture->result.outcome);
        trial_finish(&fixture->simulation.trial);
}

static void is_step(const struct picture_series *series, size_t i, int64_t from, int64_t to, double value)
{
        assert_true(i < series->n);
        assert_int_equal(series->steps[i].start, START + from);
        assert_int_equal(series->steps[i].end, START + to);
        assert_true(series->steps[i].value == value);
        assert_false(series->steps[i].forecast);
}

static void is_load(const struct picture_site *site, size_t i, int64_t from, int64_t to, double first, double second)
{
        assert_true(i < site->n_loads);
        assert_int_equal(site->loads[i].start, START + from);
        assert_int_equal(site->loads[i].end, START + to);
        assert_true(site->loads[i].watts[0] == first && site->loads[i].watts[1] == second);
        assert_false(site->loads[i].planned);
}

/*
 * 500 W idle; a job of 4 kW in the first two hours, one of 1 kW in the last. The reactor is cheaper than the grid; what
 * it does not give comes from there, and where it has more to give its fuel is the price of the next watt.
 */
static void reactor_and_grid(struct fixture *fixture)
{
        static const double prices[] = { 50, 80, 80, 20 }, carbon[] = { 400, NAN, 100, 100 };
        static const double reactor[] = { 3000, 1000, 3000, 3000 };
        struct trial *trial = &fixture->simulation.trial;

        begin(fixture);
        make_nodes(trial, "here", 1, 8);
        trial->nodes[0].idle_w = 500;
        trial->policy.sites[0].terms.has_reactor = true;
        trial->policy.sites[0].terms.reactor_fuel = 9000000;
        trial->policy.sites[0].terms.grid_limit_w = 5000;
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 4, HOUR);
        make_series(trial, "here", SERIES_CARBON, TRIAL_TRUTH, carbon, 4, HOUR);
        make_series(trial, "here", SERIES_CAPACITY, TRIAL_TRUTH, reactor, 4, HOUR);
        make_job(trial, 0, 2 * HOUR, 4)->deadline = START + 2 * HOUR;
        make_job(trial, 0, HOUR, 1)->deadline = START + 3 * HOUR + 1800;
        ready(fixture);
        run(fixture, 0, 0, 0, 2 * HOUR);
        run(fixture, 1, 0, 3 * HOUR, 4 * HOUR);
        draw(fixture);
}

static void the_load_is_stacked_by_who_supplies_it(void **state)
{
        struct fixture fixture;
        const struct picture_site *site;

        (void)state;
        reactor_and_grid(&fixture);
        assert_int_equal(fixture.picture.n_sites, 1);
        site = &fixture.picture.sites[0];
        assert_string_equal(site->name, "here");
        assert_string_equal(site->currency, "EUR");
        assert_int_equal(site->n_layers, 2);
        assert_int_equal(site->layers[0].supplier, PICTURE_REACTOR);
        assert_int_equal(site->layers[1].supplier, PICTURE_GRID);
        assert_int_equal(site->n_loads, 4);
        is_load(site, 0, 0, HOUR, 3000, 1500);
        is_load(site, 1, HOUR, 2 * HOUR, 1000, 3500);
        is_load(site, 2, 2 * HOUR, 3 * HOUR, 500, 0);
        is_load(site, 3, 3 * HOUR, 4 * HOUR, 1500, 0);
        finish(&fixture);
}

static void prices_carbon_and_limit_are_those_that_came_true(void **state)
{
        struct fixture fixture;
        const struct picture_site *site;

        (void)state;
        reactor_and_grid(&fixture);
        site = &fixture.picture.sites[0];
        assert_int_equal(site->price.n, 3);
        is_step(&site->price, 0, 0, HOUR, 50);
        is_step(&site->price, 1, HOUR, 2 * HOUR, 80);
        is_step(&site->price, 2, 2 * HOUR, 4 * HOUR, 9);
        assert_int_equal(site->carbon.n, 2); /* with a gap */
        is_step(&site->carbon, 0, 0, HOUR, 400);
        is_step(&site->carbon, 1, 2 * HOUR, 4 * HOUR, 100);
        assert_int_equal(site->limit.n, 3);
        is_step(&site->limit, 0, 0, HOUR, 8000);
        is_step(&site->limit, 1, HOUR, 2 * HOUR, 6000);
        is_step(&site->limit, 2, 2 * HOUR, 4 * HOUR, 8000);
        finish(&fixture);
}

static void a_bar_for_each_job_that_ran(void **state)
{
        struct fixture fixture;
        const struct picture_job *jobs;

        (void)state;
        reactor_and_grid(&fixture);
        assert_int_equal(fixture.picture.sites[0].n_jobs, 2);
        jobs = fixture.picture.sites[0].jobs;
        assert_string_equal(jobs[0].name, "j1");
        assert_int_equal(jobs[0].id, 0); /* a list has no numbers */
        assert_int_equal(jobs[0].gpus, 4);
        assert_int_equal(jobs[0].deadline, START + 2 * HOUR);
        assert_int_equal(jobs[0].late_s, 0);
        assert_int_equal(jobs[1].late_s, 1800);
        assert_int_equal(jobs[1].n, 1);
        assert_int_equal(jobs[1].runs[0].start, START + 3 * HOUR);
        assert_int_equal(jobs[1].runs[0].end, START + 4 * HOUR);
        assert_false(jobs[1].runs[0].planned);
        finish(&fixture);
}

static void the_captions_say_what_it_comes_to(void **state)
{
        static const char *const lines[] = {
                "run-now 2.00 EUR \xc2\xb7 oracle 3.00 EUR",
                "1.00 EUR more (+50 %)",
                "2 jobs (of 3 rows) on 8 GPUs; delay 2.2 h in the mean, 1 deadline missed, 1 not done in this time",
                "bound: nobody can do it for less than 1.50 EUR, waiting counted too",
        };
        struct fixture fixture;

        (void)state;
        reactor_and_grid(&fixture);
        assert_non_null(strstr(fixture.picture.title, "policy oracle at here"));
        assert_int_equal(fixture.picture.n_captions, 4);
        for (size_t i = 0; i < 4; i++)
                assert_string_equal(fixture.picture.captions[i], lines[i]);
        finish(&fixture);
}

/* Whole hours, from the first submission until the last run ends; pauses are between the runs of one bar. */
static void the_time_is_that_of_the_jobs(void **state)
{
        static const double price = 50;
        struct fixture fixture;
        const struct picture_site *site;

        (void)state;
        begin(&fixture);
        make_nodes(&fixture.simulation.trial, "here", 1, 8);
        make_series(&fixture.simulation.trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 48 * HOUR);
        make_job(&fixture.simulation.trial, 5 * HOUR + 1800, 2 * HOUR, 2)->deadline = START + 20 * HOUR;
        ready(&fixture);
        run(&fixture, 0, 0, 7 * HOUR, 8 * HOUR);
        run(&fixture, 0, 0, 9 * HOUR, 9 * HOUR + 600);
        fixture.result.outcome.finish[0] = 0; /* it was not done */
        draw(&fixture);
        assert_int_equal(fixture.picture.from, START + 5 * HOUR);
        assert_int_equal(fixture.picture.to, START + 10 * HOUR);
        site = &fixture.picture.sites[0];
        assert_int_equal(site->n_jobs, 1);
        assert_int_equal(site->jobs[0].n, 2);
        assert_int_equal(site->jobs[0].late_s, 28 * HOUR); /* as long as anything is known */
        assert_int_equal(site->limit.n, 0);                /* there is none */
        assert_int_equal(site->n_layers, 1);
        is_load(site, 1, 7 * HOUR, 8 * HOUR, 2000, 0);
        finish(&fixture);
}

/* Agreements have their names; a site without nodes is not shown; a job that moved has a bar at each. */
static void each_site_by_itself(void **state)
{
        static const double price = 50;
        struct fixture fixture;
        struct supply_terms *terms;
        const struct picture_site *sites;

        (void)state;
        begin(&fixture);
        make_site(&fixture.simulation.trial, "empty");
        make_site(&fixture.simulation.trial, "there");
        terms = &fixture.simulation.trial.policy.sites[2].terms;
        terms->n_ppas = 1;
        terms->ppas[0] = (struct supply_ppa){
                .name = "wind", .kind = PPA_BASELOAD, .take_or_pay = true, .behind_meter = true, .power_w = 1500
        };
        make_nodes(&fixture.simulation.trial, "here", 1, 8);
        make_nodes(&fixture.simulation.trial, "there", 1, 8);
        make_series(&fixture.simulation.trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 4 * HOUR);
        make_series(&fixture.simulation.trial, "there", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 4 * HOUR);
        make_job(&fixture.simulation.trial, 0, 2 * HOUR, 2);
        ready(&fixture);
        run(&fixture, 0, 0, 0, HOUR);
        run(&fixture, 0, 2, HOUR, 2 * HOUR);
        draw(&fixture);
        assert_int_equal(fixture.picture.n_sites, 2);
        sites = fixture.picture.sites;
        assert_string_equal(sites[0].name, "here");
        assert_string_equal(sites[1].name, "there");
        assert_int_equal(sites[0].n_jobs, 1);
        assert_int_equal(sites[1].n_jobs, 1);
        assert_int_equal(sites[1].jobs[0].runs[0].start, START + HOUR);
        assert_int_equal(sites[1].n_layers, 2);
        assert_string_equal(sites[1].layers[0].name, "wind");
        is_load(&sites[1], 1, HOUR, 2 * HOUR, 1500, 500);
        assert_null(strstr(fixture.picture.title, " at ")); /* there is more than one */
        finish(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_load_is_stacked_by_who_supplies_it),
                cmocka_unit_test(prices_carbon_and_limit_are_those_that_came_true),
                cmocka_unit_test(a_bar_for_each_job_that_ran),
                cmocka_unit_test(the_captions_say_what_it_comes_to),
                cmocka_unit_test(the_time_is_that_of_the_jobs),
                cmocka_unit_test(each_site_by_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
