/* SPDX-License-Identifier: Apache-2.0 */
/* What else a job could do, what keeps it from being cheaper, and why it is late: against every second, and by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/alternatives.h"
#include "plan/blockers.h"
#include "plan/check.h"
#include "plan/fit_deadline.h"
#include "plan/solo.h"
#include "unit/plan/brute.h"
#include "unit/plan/random_problem.h"

#define NOW  INT64_C(1800000000)
#define HOUR INT64_C(3600)
#define MWH  3.6e9

/* ---- the oracle: one run, every second, in arithmetic of its own */

/* What a second of a mode costs; INFINITY: no room. */
static double second(const struct plan_problem *problem, uint32_t s, const struct plan_mode *mode, int64_t time)
{
        const struct plan_site *site = &problem->sites[s];
        const struct plan_step *step = brute_step_at(site, time);
        const struct plan_job *job = &problem->jobs[0];
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w, all = idle + site->pue_factor * mode->watts;
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        if (mode->gpus > step->gpus || all > limit)
                return INFINITY;
        return brute_draw(step, all) - brute_draw(step, idle) + (all - idle) / MWH * job->carbon_price * step->carbon / 1000;
}

/* Sums over seconds from now on, of one site and mode. */
struct sums {
        double *cost;    /* INFINITY counts as 0 */
        double *starts;  /* what a start costs more for the sake of a negative price */
        int64_t *closed; /* seconds without room */
};

static struct sums sum_up(const struct plan_problem *problem, uint32_t s, const struct plan_mode *mode)
{
        size_t n = (size_t)(problem->horizon - problem->now);
        struct sums sums = { calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(double)),
                             calloc(n + 1, sizeof(int64_t)) };

        for (size_t t = 0; t < n; t++) {
                int64_t time = problem->now + (int64_t)t;
                const struct plan_step *step = brute_step_at(&problem->sites[s], time);
                double cost = second(problem, s, mode, time);

                sums.cost[t + 1] = sums.cost[t] + (isinf(cost) ? 0 : cost);
                sums.closed[t + 1] = sums.closed[t] + isinf(cost);
                sums.starts[t + 1] = sums.starts[t];
                if (step->n_segments > 0)
                        sums.starts[t + 1] += 2 * problem->sites[s].pue_factor * mode->watts / MWH *
                                              fmax(0, -step->segments[0].price);
        }
        return sums;
}

static void sums_free(struct sums *sums)
{
        free(sums->cost);
        free(sums->starts);
        free(sums->closed);
}

static double end_cost(const struct plan_job *job, int64_t end)
{
        double cost = 0;

        if (end > job->earliest_finish)
                cost += (double)(end - job->earliest_finish) / 3600 * job->modes[0].gpus * job->delay_cost;
        if (job->deadline != 0 && end > job->deadline)
                cost += (double)(end - job->deadline) / 3600 * job->lateness_cost;
        return cost;
}

static bool differ(const struct plan_interval *a, uint32_t site, uint32_t mode, int64_t start, int64_t apart_s)
{
        return a->site != site || a->mode != mode || llabs(a->start - start) >= apart_s;
}

/* The cheapest single run that differs from these ways; INFINITY: there is none. In time if asked. */
static double cheapest_run(const struct plan_problem *problem, const struct plan_way *const *known, size_t n_known,
                           int64_t apart_s, bool in_time)
{
        const struct plan_job *job = &problem->jobs[0];
        double best = INFINITY;

        for (uint32_t s = 0; s < problem->n_sites; s++)
                for (uint32_t m = 0; (job->sites >> s & 1) != 0 && m < job->n_modes; m++) {
                        int64_t length = (int64_t)ceil(job->work_s / job->modes[m].speed - 1e-6) + job->start_cost_s;
                        struct sums sums = sum_up(problem, s, &job->modes[m]);

                        for (int64_t start = job->release; start + length <= problem->horizon; start++) {
                                size_t from = (size_t)(start - problem->now), to = from + (size_t)length;
                                double cost = sums.cost[to] - sums.cost[from] + end_cost(job, start + length) +
                                              sums.starts[from + (size_t)job->start_cost_s] - sums.starts[from];
                                bool differs = true;

                                for (size_t i = 0; i < n_known; i++)
                                        differs = differs && differ(known[i]->intervals, s, m, start, apart_s);
                                if (differs && sums.closed[to] == sums.closed[from] && cost < best &&
                                    !(in_time && job->deadline != 0 && start + length > job->deadline))
                                        best = cost;
                        }
                        sums_free(&sums);
                }
        return best;
}

/* ---- random problems */

static struct random_shape shape_of(uint64_t seed, bool once)
{
        uint64_t draw = seed;

        return (struct random_shape){
                .n_sites = (size_t)random_range(&draw, 1, 2),
                .n_steps = (size_t)random_range(&draw, 6, 14),
                .n_jobs = 1,
                .n_modes = (size_t)random_range(&draw, 1, 3),
                .step_s = 900,
                .irregular = seed % 2 == 0,
                .work_s = 3600,
                .start_cost_s = 300,
                .min_run_s = 900,
                .gpus = 8,
                .job_gpus = 8,
                .watts_per_gpu = 700,
                .price = 80,
                .negative = seed % 5 == 0 ? 0.2 : 0,
                .two_segments = 0.3,
                .limited = 0.3,
                .outages = 0.2,
                .deadlines = 0.5,
                .delays = 0.5,
                .once = once ? 1 : 0,
                .fractions = 0.2,
        };
}

static struct lone_question question_of(const struct random_problem *random, const struct choice *present)
{
        return (struct lone_question){ .problem = &random->problem,
                                       .empty = random->problem.sites,
                                       .any_sites = (UINT64_C(1) << random->problem.n_sites) - 1,
                                       .present = present->intervals,
                                       .n_present = present->n };
}

/* The best hours, or those of a job in a hurry: hours that a plan might have given it. */
static struct choice some_hours(const struct plan_problem *problem, bool best)
{
        struct plan_job job = problem->jobs[0];
        struct choice choice = { 0 };
        struct solo solo;

        assert_int_equal(solo_init(&solo, problem), 0);
        job.delay_cost = best ? job.delay_cost : 1000;
        assert_int_equal(solo_best(&solo, &job, &choice), 0);
        solo_finish(&solo);
        return choice;
}

static bool is_near(double a, double b)
{
        return fabs(a - b) <= 1e-6 * (fabs(a) + fabs(b)) + 1e-9;
}

/* Allowed, and as dear as it says: by the checker. */
static void check_way(const struct plan_problem *problem, const struct plan_way *way, uint64_t seed)
{
        struct plan_verdict verdict;
        struct schedule schedule;
        struct offpeak_error err;
        struct plan plan;

        plan_init(&plan);
        assert_int_equal(schedule_init(&schedule, 1), 0);
        assert_int_equal(choice_set(&schedule.jobs[0], way->intervals, way->n), 0);
        assert_int_equal(account_plan(problem, &schedule, NULL, &plan), 0);
        if (plan_check(problem, &plan, &verdict, &err) != 0)
                fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        if (!is_near(verdict.terms.total, way->terms.total) || plan.jobs[0].finish != way->finish)
                fail_msg("seed %llu: %g at %lld is said, it is %g at %lld", (unsigned long long)seed, way->terms.total,
                         (long long)way->finish, verdict.terms.total, (long long)plan.jobs[0].finish);
        plan_finish(&plan);
        schedule_finish(&schedule);
}

static void check_alternatives(const struct plan_problem *problem, const struct alternatives *found, uint64_t seed)
{
        check_way(problem, &found->present, seed);
        for (size_t i = 0; i < found->n_others; i++) {
                const struct alternative *other = &found->others[i];
                const struct plan_interval *first = &other->way.intervals[0];

                check_way(problem, &other->way, seed);
                assert_true(is_near(other->difference, other->way.terms.total - found->present.terms.total));
                assert_true(i == 0 || other->difference >= found->others[i - 1].difference);
                assert_true(other->differs != 0);
                assert_true(found->least <= other->way.terms.total + 1e-9);
                if (found->present.late_s == 0 && other->way.late_s != 0)
                        fail_msg("seed %llu: alternative %zu is late", (unsigned long long)seed, i);
                if (!differ(found->present.intervals, first->site, first->mode, first->start, found->apart_s))
                        fail_msg("seed %llu: alternative %zu is what it has", (unsigned long long)seed, i);
                for (size_t k = 0; k < i; k++)
                        if (!differ(found->others[k].way.intervals, first->site, first->mode, first->start,
                                    found->apart_s))
                                fail_msg("seed %llu: alternatives %zu and %zu are one", (unsigned long long)seed, k, i);
        }
}

/* Of a job that cannot pause each alternative is the cheapest that differs from all before; of one that can, none is
 * dearer. */
static void compare(const struct plan_problem *problem, const struct alternatives *found, bool exact, uint64_t seed)
{
        const struct plan_way *known[1 + MOST_ALTERNATIVES] = { &found->present };

        for (size_t i = 0; i < MOST_ALTERNATIVES; i++) {
                double best = cheapest_run(problem, known, 1 + i, found->apart_s, found->present.late_s == 0);
                double cost = i < found->n_others ? found->others[i].way.terms.total : INFINITY;

                if (exact ? !(is_near(best, cost) || (isinf(best) && isinf(cost))) : best < cost - 1e-6 * fabs(cost))
                        fail_msg("seed %llu: alternative %zu costs %.9g, the oracle knows one at %.9g",
                                 (unsigned long long)seed, i, cost, best);
                if (isinf(cost) || !exact)
                        break;
                known[1 + i] = &found->others[i].way;
        }
}

static unsigned try_seed(uint64_t seed, bool once, bool best)
{
        struct random_shape shape = shape_of(seed, once);
        struct random_problem random;
        struct alternatives found;
        struct lone_question question;
        struct choice present;
        unsigned n = 0;

        random_problem_init(&random, seed, &shape);
        present = some_hours(&random.problem, best);
        question = question_of(&random, &present);
        assert_int_equal(alternatives_init(&found, &question), 0);
        if (found.present.n > 0 && found.present.rest_s <= 0) {
                check_alternatives(&random.problem, &found, seed);
                compare(&random.problem, &found, once && random.problem.jobs[0].n_modes == 1, seed); /* a mix may be cheaper */
                n = (unsigned)found.n_others;
        }
        alternatives_finish(&found);
        free(present.intervals);
        random_problem_finish(&random);
        return n;
}

static void one_run_is_as_cheap_as_every_second_tried(void **state)
{
        unsigned n = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 150; seed++)
                n += try_seed(seed, true, true) + try_seed(seed, true, false);
        assert_true(n > 300);
}

static void pauses_are_never_dearer_than_one_run(void **state)
{
        unsigned n = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 150; seed++)
                n += try_seed(seed, false, true) + try_seed(seed, false, false);
        assert_true(n > 300);
}

/* ---- by hand: a day of hours; 8 GPUs, of which others leave some */

enum { HOURS = 24 };

struct scene {
        struct plan_step steps[2][HOURS], empty_steps[2][HOURS];
        struct plan_site sites[2], empty[2];
        struct plan_mode mode;
        struct plan_job job;
        struct plan_problem problem;
        struct plan_interval present;
        struct lone_question question;
        struct alternatives found;
        struct blockers blockers;
};

static int64_t at(int64_t hour)
{
        return NOW + hour * HOUR;
}

/* One job of 4 GPUs that draw a MW for two hours, without a pause, at hours 4 to 6. All costs 100, but hours 4 and
 * 5 50. */
static void scene_init(struct scene *scene)
{
        memset(scene, 0, sizeof(*scene));
        for (int s = 0; s < 2; s++) {
                for (int t = 0; t < HOURS; t++)
                        scene->steps[s][t] = scene->empty_steps[s][t] =
                                (struct plan_step){ .start = at(t), .n_segments = 1, .segments = { { t == 4 || t == 5 ? 50 : 100, INFINITY } }, .gpus = 8 };
                scene->sites[s] = scene->empty[s] = (struct plan_site){
                        .name = s == 0 ? "here" : "there", .steps = scene->steps[s], .n_steps = HOURS, .pue_factor = 1
                };
                scene->empty[s].steps = scene->empty_steps[s];
        }
        scene->mode = (struct plan_mode){ 4, 1e6, 1, 0, 0 };
        scene->job = (struct plan_job){ .id = 1,
                                        .sites = 1,
                                        .modes = &scene->mode,
                                        .n_modes = 1,
                                        .work_s = 2 * HOUR,
                                        .release = NOW,
                                        .max_starts = 1,
                                        .earliest_finish = at(2) };
        scene->problem = (struct plan_problem){ .now = NOW,
                                                .horizon = at(HOURS),
                                                .sites = scene->sites,
                                                .n_sites = 2,
                                                .jobs = &scene->job,
                                                .n_jobs = 1,
                                                .terminal_price = 100,
                                                .unfinished_cost = 10000,
                                                .over_limit_cost = 1000 };
        scene->present = (struct plan_interval){ at(4), at(6), 0, 0 };
        scene->question = (struct lone_question){ &scene->problem, scene->empty, 3, &scene->present, 1 };
}

static void both(struct scene *scene, int site, int hour, double price)
{
        scene->steps[site][hour].segments[0].price = scene->empty_steps[site][hour].segments[0].price = price;
}

static void find(struct scene *scene)
{
        assert_int_equal(alternatives_init(&scene->found, &scene->question), 0);
        assert_int_equal(blockers_init(&scene->blockers, &scene->question, scene->found.least), 0);
}

static void finish(struct scene *scene)
{
        alternatives_finish(&scene->found);
        blockers_finish(&scene->blockers);
}

static void the_present_is_priced_and_split(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.job.delay_cost = 0.5;
        scene.job.carbon_price = 10;
        for (int t = 0; t < HOURS; t++)
                scene.steps[0][t].carbon = 200;
        find(&scene);
        assert_true(is_near(scene.found.present.terms.supply, 100));
        assert_true(is_near(scene.found.present.terms.carbon, 4)); /* 2 MWh x 0.2 t x 10 */
        assert_true(is_near(scene.found.present.terms.delay, 8));  /* 4 GPUs x 4 h x 0.5 */
        assert_true(is_near(scene.found.present.terms.total, 112));
        assert_int_equal(scene.found.present.finish, at(6));
        finish(&scene);
}

static void alternatives_ascend_and_lie_apart(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        both(&scene, 0, 10, 60);
        both(&scene, 0, 11, 60);
        find(&scene);
        assert_int_equal(scene.found.n_others, 3);
        assert_int_equal(scene.found.apart_s, HOUR);
        assert_true(is_near(scene.found.others[0].difference, 20)); /* 10:00, 2 h at 60 */
        assert_int_equal(scene.found.others[0].way.intervals[0].start, at(10));
        assert_true(is_near(scene.found.others[1].difference, 50)); /* an hour away: one cheap, one dear */
        assert_true(is_near(scene.found.others[2].difference, 50));
        assert_int_equal(scene.found.others[0].differs, DIFFERS_START);
        assert_int_equal(scene.blockers.n, 0); /* nothing keeps it from the cheapest hours */
        finish(&scene);
}

static void another_site_is_an_alternative(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.job.sites = 3;
        both(&scene, 1, 4, 51);
        both(&scene, 1, 5, 51);
        find(&scene);
        assert_int_equal(scene.found.others[0].way.intervals[0].site, 1);
        assert_int_equal(scene.found.others[0].differs, DIFFERS_SITE);
        assert_true(is_near(scene.found.others[0].difference, 2));
        finish(&scene);
}

static void what_is_cheaper_than_the_present_says_so(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.present = (struct plan_interval){ at(8), at(10), 0, 0 };
        find(&scene);
        assert_true(is_near(scene.found.others[0].difference, -100));
        assert_true(is_near(scene.found.least, 100));
        finish(&scene);
}

static void hours_that_have_begun_are_moved_or_cut(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.present = (struct plan_interval){ at(-1), at(1), 0, 0 }; /* it waits for devices: two hours from now */
        find(&scene);
        assert_int_equal(scene.found.present.intervals[0].start, NOW);
        assert_int_equal(scene.found.present.finish, at(2));
        finish(&scene);
        scene_init(&scene);
        scene.job.running = true;
        scene.job.max_starts = 0; /* it runs, and cannot pause: there is no other way */
        scene.present = (struct plan_interval){ at(-1), at(2), 0, 0 };
        find(&scene);
        assert_int_equal(scene.found.present.finish, at(2));
        assert_int_equal(scene.found.n_others, 0);
        assert_int_equal(scene.blockers.n, 1);
        assert_int_equal(scene.blockers.list[0].limit, BLOCKER_STARTS);
        finish(&scene);
}

static void no_hours_have_no_alternative_that_leaves_more_undone(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.question.n_present = 0;
        find(&scene);
        assert_int_equal(scene.found.present.n, 0);
        assert_int_equal(scene.found.others[0].way.intervals[0].start, at(4));
        finish(&scene);
        for (int t = 0; t < HOURS; t++)
                scene.steps[0][t].gpus = 0;
        find(&scene);
        assert_int_equal(scene.found.n_others, 0);
        finish(&scene);
}

static const struct blocker *blocker(const struct scene *scene, enum blocker_limit limit)
{
        for (size_t i = 0; i < scene->blockers.n; i++)
                if (scene->blockers.list[i].limit == limit)
                        return &scene->blockers.list[i];
        fail_msg("%s is no blocker", blocker_name(limit));
        return NULL;
}

static void taken_gpus_are_named_with_their_hours(void **state)
{
        struct scene scene;
        const struct blocker *gpus;

        (void)state;
        scene_init(&scene);
        both(&scene, 0, 12, 10);
        both(&scene, 0, 13, 10);
        scene.steps[0][13].gpus = 1; /* others have 7 of 8 */
        find(&scene);
        gpus = blocker(&scene, BLOCKER_GPUS);
        assert_true(is_near(gpus->saving, 80));
        assert_true(is_near(gpus->way.terms.total, 20));
        assert_int_equal(gpus->way.intervals[0].start, at(12));
        assert_int_equal(gpus->shortage.gpus, 3);
        assert_int_equal(gpus->shortage.from, at(13));
        assert_int_equal(gpus->shortage.to, at(14));
        assert_true(gpus->shortage.watts == 0);
        assert_int_equal(scene.blockers.n, 2); /* with a pause it would have one of the two hours */
        assert_true(is_near(blocker(&scene, BLOCKER_STARTS)->saving, 40));
        finish(&scene);
}

static void taken_power_is_named_with_its_hours(void **state)
{
        struct scene scene;
        const struct blocker *power;

        (void)state;
        scene_init(&scene);
        both(&scene, 0, 12, 10);
        both(&scene, 0, 13, 10);
        scene.steps[0][12].segments[0].limit_w = 0.75e6;
        find(&scene);
        power = blocker(&scene, BLOCKER_POWER);
        assert_true(is_near(power->saving, 80));
        assert_true(is_near(power->shortage.watts, 0.25e6));
        assert_int_equal(power->shortage.gpus, 0);
        assert_int_equal(power->shortage.from, at(12));
        assert_int_equal(power->shortage.to, at(13));
        assert_int_equal(scene.blockers.n, 2);
        finish(&scene);
}

static void rules_of_its_own_are_named(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.job.deadline = at(10);
        scene.job.lateness_cost = 1000;
        scene.job.release = at(3);
        both(&scene, 0, 12, 10); /* behind the deadline */
        both(&scene, 0, 13, 10);
        both(&scene, 0, 0, 20); /* before it may begin */
        both(&scene, 0, 1, 20);
        both(&scene, 1, 7, 30); /* where it may not run */
        both(&scene, 1, 8, 30);
        both(&scene, 0, 7, 40); /* with a pause */
        find(&scene);
        assert_true(is_near(blocker(&scene, BLOCKER_DEADLINE)->saving, 80));
        assert_true(is_near(blocker(&scene, BLOCKER_RELEASE)->saving, 60));
        assert_true(is_near(blocker(&scene, BLOCKER_SITE)->saving, 40));
        assert_true(is_near(blocker(&scene, BLOCKER_STARTS)->saving, 10));
        assert_int_equal(blocker(&scene, BLOCKER_STARTS)->way.n, 2);
        assert_int_equal(scene.blockers.n, 4);
        for (size_t i = 1; i < scene.blockers.n; i++)
                assert_true(scene.blockers.list[i - 1].saving >= scene.blockers.list[i].saving);
        for (size_t i = 0; i < scene.found.n_others; i++)
                assert_int_equal(scene.found.others[i].way.late_s, 0);
        finish(&scene);
}

static void a_least_run_is_named(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.job.max_starts = PLAN_ANY_STARTS;
        scene.job.min_run_s = 2 * HOUR;
        both(&scene, 0, 7, 40);
        find(&scene);
        assert_true(is_near(blocker(&scene, BLOCKER_MIN_RUN)->saving, 10));
        assert_int_equal(scene.blockers.n, 1);
        finish(&scene);
}

/* ---- why it is late */

static struct deadline_fit fit(const struct scene *scene, int64_t deadline)
{
        struct deadline_fit fit;

        assert_int_equal(fit_deadline(&scene->question, deadline, &fit), 0);
        return fit;
}

static void late_scene(struct scene *scene)
{
        scene_init(scene);
        scene->job.deadline = at(4);
        scene->job.lateness_cost = 1000;
}

static void what_fits_is_said_to_fit(void **state)
{
        struct scene scene;
        struct deadline_fit found;

        (void)state;
        late_scene(&scene);
        found = fit(&scene, at(4));
        assert_int_equal(found.cause, FIT_NOTHING);
        assert_int_equal(found.earliest, at(2));
        assert_true(found.missing_gpu_s == 0);
        found = fit(&scene, at(2)); /* just so */
        assert_int_equal(found.cause, FIT_NOTHING);
}

static void a_short_time_is_told_from_taken_gpus_and_power(void **state)
{
        struct scene scene;
        struct deadline_fit found;

        (void)state;
        late_scene(&scene);
        found = fit(&scene, at(1));
        assert_int_equal(found.cause, FIT_TIME);
        assert_true(is_near(found.missing_gpu_s, 4 * HOUR));
        assert_int_equal(found.earliest, at(2));
        assert_int_equal(found.release, 0);

        scene.steps[0][1].gpus = scene.steps[0][2].gpus = 3; /* hours 0 and 3 are left, and it cannot pause */
        found = fit(&scene, at(4));
        assert_int_equal(found.cause, FIT_GPUS);
        assert_int_equal(found.earliest, at(5));
        assert_int_equal(found.deadline, at(5));
        assert_true(is_near(found.missing_gpu_s, 4 * HOUR));
        scene.job.max_starts = 2;
        assert_int_equal(fit(&scene, at(4)).cause, FIT_NOTHING);

        late_scene(&scene);
        for (int t = 0; t < 6; t++)
                scene.steps[0][t].segments[0].limit_w = scene.empty_steps[0][t].segments[0].limit_w = 0.5e6;
        found = fit(&scene, at(4));
        assert_int_equal(found.cause, FIT_POWER);
        assert_int_equal(found.earliest, at(8));
        assert_true(is_near(found.missing_gpu_s, 8 * HOUR));
        for (int t = 0; t < 6; t++)
                scene.steps[0][t].gpus = 0;
        assert_int_equal(fit(&scene, at(4)).cause, FIT_GPUS_AND_POWER);
}

static void the_latest_begin_that_fits_is_found(void **state)
{
        struct scene scene;
        struct deadline_fit found;

        (void)state;
        late_scene(&scene);
        scene.job.release = at(3);
        found = fit(&scene, at(4));
        assert_int_equal(found.cause, FIT_TIME);
        assert_int_equal(found.release, at(2));
        assert_int_equal(found.earliest, at(5));
        scene.steps[0][2].gpus = 0; /* then it has to begin before */
        found = fit(&scene, at(4));
        assert_int_equal(found.release, NOW);
        scene.steps[0][1].gpus = 0;
        assert_int_equal(fit(&scene, at(4)).release, 0);
}

static void beyond_the_horizon_nothing_is_claimed(void **state)
{
        struct scene scene;
        struct deadline_fit found;

        (void)state;
        late_scene(&scene);
        scene.job.work_s = 30 * HOUR;
        found = fit(&scene, at(40));
        assert_int_equal(found.cause, FIT_NOTHING);
        assert_int_equal(found.earliest, 0);
        assert_int_equal(found.deadline, 0);
        found = fit(&scene, at(24));
        assert_int_equal(found.cause, FIT_TIME);
        assert_true(is_near(found.missing_gpu_s, 6 * 4 * HOUR));
}

/* A job that is late is in time by the deadline that is named, and the plan keeps it. */
static void the_deadline_that_is_named_is_kept(void **state)
{
        unsigned late = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 200; seed++) {
                struct random_shape shape = shape_of(seed, seed % 2 == 0);
                struct random_problem random;
                struct choice present = { 0 };
                struct lone_question question;
                struct deadline_fit found, again;
                struct plan_way way;

                random_problem_init(&random, seed, &shape);
                random.jobs[0].deadline = random.jobs[0].release + 600;
                random.jobs[0].lateness_cost = 100;
                question = question_of(&random, &present);
                assert_int_equal(fit_deadline(&question, random.jobs[0].deadline, &found), 0);
                if (found.cause != FIT_NOTHING && found.deadline != 0) {
                        late++;
                        assert_true(found.missing_gpu_s > 0);
                        assert_true(found.earliest > random.jobs[0].deadline && found.earliest <= found.deadline);
                        random.jobs[0].deadline = found.deadline;
                        assert_int_equal(fit_deadline(&question, found.deadline, &again), 0);
                        assert_int_equal(again.cause, FIT_NOTHING);
                        assert_int_equal(solo_best_way(&random.problem, &way), 0);
                        if (way.late_s != 0)
                                fail_msg("seed %llu: %lld s late", (unsigned long long)seed, (long long)way.late_s);
                        way_finish(&way);
                }
                random_problem_finish(&random);
        }
        assert_true(late > 50);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_run_is_as_cheap_as_every_second_tried),
                cmocka_unit_test(pauses_are_never_dearer_than_one_run),
                cmocka_unit_test(the_present_is_priced_and_split),
                cmocka_unit_test(alternatives_ascend_and_lie_apart),
                cmocka_unit_test(another_site_is_an_alternative),
                cmocka_unit_test(what_is_cheaper_than_the_present_says_so),
                cmocka_unit_test(hours_that_have_begun_are_moved_or_cut),
                cmocka_unit_test(no_hours_have_no_alternative_that_leaves_more_undone),
                cmocka_unit_test(taken_gpus_are_named_with_their_hours),
                cmocka_unit_test(taken_power_is_named_with_its_hours),
                cmocka_unit_test(rules_of_its_own_are_named),
                cmocka_unit_test(a_least_run_is_named),
                cmocka_unit_test(what_fits_is_said_to_fit),
                cmocka_unit_test(a_short_time_is_told_from_taken_gpus_and_power),
                cmocka_unit_test(the_latest_begin_that_fits_is_found),
                cmocka_unit_test(beyond_the_horizon_nothing_is_claimed),
                cmocka_unit_test(the_deadline_that_is_named_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
