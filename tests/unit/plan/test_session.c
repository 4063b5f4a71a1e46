/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that is kept in mind: after every event it is sound, costs what is said, and its bound is proven. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"
#include "plan/session.h"
#include "support/effort.h"
#include "unit/plan/random_problem.h"

static struct random_shape shape_of(uint64_t seed)
{
        return (struct random_shape){
                .n_sites = 1 + seed % 3,
                .n_steps = 48,
                .n_jobs = 40,
                .n_modes = 1 + seed % 3,
                .step_s = 3600,
                .irregular = seed % 4 == 0,
                .work_s = 20000,
                .start_cost_s = 600,
                .min_run_s = 3600,
                .gpus = 24,
                .job_gpus = 8,
                .watts_per_gpu = 700,
                .price = 80,
                .negative = seed % 5 == 0 ? 0.1 : 0,
                .two_segments = seed % 2 == 0 ? 0.5 : 0,
                .demands = seed % 7 == 0 ? 0.6 : 0,
                .running = 0.1,
                .deadlines = 0.7,
                .delays = 0.3,
                .limits = seed % 4 == 1 ? 0.7 : 0,
                .afters = seed % 5 == 1 ? 0.3 : 0,
                .movers = seed % 6 == 2 ? 0.3 : 0,
                .risks = seed % 6 == 3 ? 0.5 : 0,
        };
}

/* The checker takes the plan; its words are those of the event. */
static void check(const struct plan_session *session, const struct plan_change *change, const char *event, uint64_t seed)
{
        struct plan_verdict verdict;
        struct offpeak_error err;
        struct plan plan;

        assert_int_equal(plan_session_plan(session, &plan), 0);
        if (plan_check(plan_session_problem(session), &plan, &verdict, &err) != 0)
                fail_msg("seed %llu, %s: %s", (unsigned long long)seed, event, err.text);
        if (fabs(verdict.terms.total - change->cost) > 1e-6 * (1 + fabs(verdict.terms.total)))
                fail_msg("seed %llu, %s: it is said to cost %.9g, it costs %.9g", (unsigned long long)seed, event, change->cost,
                         verdict.terms.total);
        if (!(change->bound <= verdict.bound + 1e-9 * (1 + fabs(verdict.bound))))
                fail_msg("seed %llu, %s: it claims the bound %.9g, %.9g is proven", (unsigned long long)seed, event,
                         change->bound, verdict.bound);
        plan_finish(&plan);
}

/* One event at random; NULL: none was possible. */
static const char *some_event(struct plan_session *session, const struct random_problem *more, uint64_t *draw, size_t *next,
                              struct plan_change *change)
{
        const struct plan_problem *problem = plan_session_problem(session);
        struct offpeak_error err;
        double kind = random_unit(draw);

        if (kind < 0.4 && *next < more->problem.n_jobs) {
                struct plan_job job = more->jobs[(*next)++];

                job.id += 1000;
                job.after = NULL;
                job.n_after = 0;
                if (job.running)
                        return NULL; /* nothing that runs is submitted */
                if (plan_session_add(session, &job, 100000, change, &err) != 0)
                        fail_msg("%s", err.text);
                return "a job that comes";
        }
        if (kind < 0.7 && problem->n_jobs > 0) {
                uint64_t id = problem->jobs[random_range(draw, 0, (int64_t)problem->n_jobs - 1)].id;

                assert_int_equal(plan_session_remove(session, id, 100000, change, &err), 0);
                return "a job that goes";
        } else {
                uint32_t site = (uint32_t)random_range(draw, 0, (int64_t)problem->n_sites - 1);
                size_t step = (size_t)random_range(draw, 0, (int64_t)problem->sites[site].n_steps - 1);
                const struct plan_step *at = &problem->sites[site].steps[step];
                double price = at->segments[at->n_segments - 1].price + round(60 * (random_unit(draw) - 0.4));

                if (at->n_segments > 1 && price < at->segments[0].price)
                        return NULL;
                assert_int_equal(
                        plan_session_reprice(session, site, step, at->n_segments - 1, price, 100000, change, &err), 0);
                return "a price that changes";
        }
}

static void every_event_leaves_a_sound_plan(void **state)
{
        unsigned events = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(63, 21); seed++) {
                struct random_shape shape = shape_of(seed);
                struct plan_budget budget = { .work = 300000 };
                struct random_problem random, more;
                struct plan_session *session;
                struct offpeak_error err;
                struct plan plan;
                uint64_t draw = seed;
                size_t next = 0;

                random_problem_init(&random, seed, &shape);
                random_problem_init(&more, seed, &shape); /* the same world, and more jobs for it */
                if (plan_compute(&random.problem, &budget, &plan, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                if (plan_session_create(&random.problem, &plan, &session, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                plan_finish(&plan);
                for (int i = 0; i < 12; i++) {
                        struct plan_change change;
                        const char *event = some_event(session, &more, &draw, &next, &change);

                        if (event == NULL)
                                continue;
                        check(session, &change, event, seed);
                        events++;
                }
                plan_session_destroy(session);
                random_problem_finish(&more);
                random_problem_finish(&random);
        }
        assert_true(events > EFFORT(480, 150));
}

static void what_is_not_there_is_refused(void **state)
{
        struct random_shape shape = shape_of(1);
        struct plan_budget budget = { .work = 100000 };
        struct random_problem random;
        struct plan_session *session;
        struct plan_change change;
        struct offpeak_error err;
        struct plan_job job;
        struct plan plan;

        (void)state;
        random_problem_init(&random, 1, &shape);
        assert_int_equal(plan_run_now(&random.problem, &plan, &err), 0);
        assert_int_equal(plan_session_create(&random.problem, &plan, &session, &err), OFFPEAK_EINVAL);
        plan_finish(&plan);
        assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
        assert_int_equal(plan_session_create(&random.problem, &plan, &session, &err), 0);
        assert_int_equal(plan_session_remove(session, 999, 0, &change, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(plan_session_reprice(session, 0, 1000, 0, 5, 0, &change, &err), OFFPEAK_EINVAL);
        assert_int_equal(plan_session_reprice(session, 0, 0, 0, NAN, 0, &change, &err), OFFPEAK_EINVAL);
        job = random.jobs[0];
        job.running = false;
        job.work_s = -1;
        assert_int_equal(plan_session_add(session, &job, 0, &change, &err), OFFPEAK_EINVAL);
        assert_int_equal(plan_session_problem(session)->n_jobs, random.problem.n_jobs);
        plan_session_destroy(session);
        plan_finish(&plan);
        random_problem_finish(&random);
}

/* Where prices are negative a start costs what it earns, and that once more: a price that rises to nothing makes it cheaper. */
static void a_price_that_rises_may_make_starts_cheaper(void **state)
{
        struct random_shape shape = { .n_sites = 1,
                                      .n_steps = 1,
                                      .n_jobs = 100,
                                      .n_modes = 1,
                                      .step_s = 172800,
                                      .work_s = 3600,
                                      .gpus = 1000,
                                      .job_gpus = 4,
                                      .watts_per_gpu = 700,
                                      .price = 80 };
        struct plan_budget budget = { .work = 100000 };
        struct random_problem random;
        struct plan_session *session;
        struct plan_change change;
        struct offpeak_error err;
        struct plan plan;

        (void)state;
        random_problem_init(&random, 1, &shape);
        random.steps[0].segments[0] = (struct plan_segment){ -50, INFINITY };
        for (size_t j = 0; j < shape.n_jobs; j++) {
                random.jobs[j].start_cost_s = 7200;
                random.jobs[j].carbon_price = 0;
                random.jobs[j].max_starts = PLAN_ANY_STARTS;
        }
        assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
        assert_int_equal(plan_session_create(&random.problem, &plan, &session, &err), 0);
        assert_int_equal(plan_session_reprice(session, 0, 0, 0, 0, 0, &change, &err), 0);
        if (change.bound > change.cost + 1e-6)
                fail_msg("the bound is %g, the plan costs %g", change.bound, change.cost);
        check(session, &change, "the price rose to nothing", 1);
        plan_session_destroy(session);
        plan_finish(&plan);
        random_problem_finish(&random);
}

/* More jobs than are bounded anew with each event: the plan that is told claims no more than its multipliers prove. */
static void rising_prices_leave_a_claim_that_is_proven(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(12, 4); seed++) {
                struct random_shape shape = shape_of(seed);
                struct plan_budget budget = { .work = 300000 };
                struct plan_session *session;
                struct random_problem random;
                struct plan_verdict verdict;
                struct plan_change change;
                struct offpeak_error err;
                uint64_t draw = seed;
                struct plan plan;

                shape.n_jobs = 120;
                random_problem_init(&random, seed, &shape);
                assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
                assert_int_equal(plan_session_create(&random.problem, &plan, &session, &err), 0);
                plan_finish(&plan);
                for (size_t step = 0; step < random.sites[0].n_steps; step += 1) {
                        const struct plan_step *at = &plan_session_problem(session)->sites[0].steps[step];
                        double price = at->segments[at->n_segments - 1].price + 30 * random_unit(&draw);

                        assert_int_equal(plan_session_reprice(session, 0, step, at->n_segments - 1, price, 20000, &change, &err), 0);
                }
                assert_int_equal(plan_session_plan(session, &plan), 0);
                if (plan_check(plan_session_problem(session), &plan, &verdict, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                assert_true(change.bound <= change.cost + 1e-6 * fabs(change.cost));
                plan_finish(&plan);
                plan_session_destroy(session);
                random_problem_finish(&random);
        }
}

static void a_pinned_run_that_is_over_before_its_start(void **state)
{
        struct random_shape shape = shape_of(1);
        struct plan_budget budget = { .work = 100000 };
        struct random_problem random;
        struct plan_session *session;
        struct plan_change change;
        struct plan_interval pin;
        struct offpeak_error err;
        struct plan_job job;
        struct plan plan;

        (void)state;
        shape.limits = 0;
        random_problem_init(&random, 1, &shape);
        random.steps[shape.n_steps - 1] = (struct plan_step){
                .start = random.steps[shape.n_steps - 1].start, .n_segments = 1, .segments = { { -50, INFINITY } }, .gpus = 100
        };
        pin = (struct plan_interval){ random.problem.horizon - 900, random.problem.horizon, 0, 0 };
        job = random.jobs[0];
        job.id = 1000;
        job.running = job.may_move = false;
        job.n_after = 0;
        job.sites = 1;
        job.pinned = true;
        job.start_cost_s = 1800;
        job.kept = &pin;
        job.n_kept = 1;
        assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
        assert_int_equal(plan_session_create(&random.problem, &plan, &session, &err), 0);
        assert_int_equal(plan_session_add(session, &job, 0, &change, &err), 0);
        check(session, &change, "a pinned job came", 1);
        plan_session_destroy(session);
        plan_finish(&plan);
        random_problem_finish(&random);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_leaves_a_sound_plan),
                cmocka_unit_test(what_is_not_there_is_refused),
                cmocka_unit_test(a_price_that_rises_may_make_starts_cheaper),
                cmocka_unit_test(rising_prices_leave_a_claim_that_is_proven),
                cmocka_unit_test(a_pinned_run_that_is_over_before_its_start),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
