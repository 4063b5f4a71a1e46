/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: hours that hold by themselves (keep_hours.h) are put on slots that know what stores carry (carry.h), cut so that they are
 * whole slots: pinned jobs, those that run, and the others by when they begin. Who finds too little in store is placed anew with those
 * that have no hours, in submit order.
 */
#include "plan/promised.h"

#include <stdlib.h>

#include "plan/carry.h"
#include "plan/keep_hours.h"

struct pledge {
        const struct plan_problem *problem;
        struct schedule *schedule;
        struct slots slots;
        struct carry carry;
};

/* ---- on the slots */

static void put(struct pledge *pledge, size_t j)
{
        carry_put(&pledge->carry, &pledge->problem->jobs[j], &pledge->schedule->jobs[j]);
        carry_refresh_around(&pledge->carry, &pledge->schedule->jobs[j]);
}

static void lift(struct pledge *pledge, size_t j)
{
        carry_lift(&pledge->carry, &pledge->problem->jobs[j], &pledge->schedule->jobs[j]);
        carry_refresh_around(&pledge->carry, &pledge->schedule->jobs[j]);
}

/* When those that a job comes after are done; behind the horizon: never. */
static int64_t release_of(const struct pledge *pledge, size_t j)
{
        const struct plan_job *job = &pledge->problem->jobs[j];
        int64_t release = job->release;

        for (size_t i = 0; i < job->n_after; i++) {
                int64_t end = schedule_end(pledge->problem, job->after[i], &pledge->schedule->jobs[job->after[i]]);

                release = end > release ? end : release;
        }
        return release;
}

/* Where a job that is off ends first. */
static int find(struct pledge *pledge, size_t j, struct choice *ret_choice)
{
        struct plan_job job = pledge->problem->jobs[j];

        ret_choice->n = 0;
        job.release = release_of(pledge, j);
        return job.release < pledge->problem->horizon && job.max_starts > 0 ? carry_find(&pledge->carry, &job, ret_choice) : 0;
}

/* One that runs, and is not carried to its end, goes on as far as it is, and starts again later. */
static int find_rest(struct pledge *pledge, size_t j, struct choice *choice)
{
        struct plan_job job = pledge->problem->jobs[j];
        struct plan_interval on = { pledge->problem->now, pledge->problem->now + job_seconds(&job, &job.modes[job.run_mode]), job.run_site,
                                    job.run_mode };
        struct choice rest = { 0 };
        int code = 0;

        on.end = carry_until(&pledge->carry, &job, &on);
        job.work_s -= (double)(on.end - on.start) * job.modes[on.mode].speed;
        job.release = on.end + 1; /* a pause, or it would have been carried on */
        job.running = false;
        if (choice_set(choice, &on, on.end > on.start) != 0)
                return OFFPEAK_ENOMEM;
        put(pledge, j);
        if (job.work_s > 0 && job.release < pledge->problem->horizon && job.max_starts > 0)
                code = carry_find(&pledge->carry, &job, &rest);
        lift(pledge, j);
        for (size_t i = 0; code == 0 && i < rest.n; i++)
                code = choice_append(choice, rest.intervals[i]);
        free(rest.intervals);
        return code;
}

/* ---- steps */

struct rank {
        size_t job;
        int group; /* pinned, running, the others */
        int64_t start;
};

static int by_rank(const void *a, const void *b)
{
        const struct rank *x = a, *y = b;

        if (x->group != y->group)
                return x->group - y->group;
        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        return x->job < y->job ? -1 : x->job > y->job;
}

/* Who has hours, first comes first; those that are not carried any more are taken from him. */
static int keep_what_is_carried(struct pledge *pledge)
{
        size_t n_jobs = pledge->problem->n_jobs, n = 0;
        struct rank *ranks = calloc(n_jobs + 1, sizeof(*ranks));

        if (ranks == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n_jobs; j++) {
                const struct plan_job *job = &pledge->problem->jobs[j];

                if (pledge->schedule->jobs[j].n > 0)
                        ranks[n++] = (struct rank){ j, job->pinned ? 0 : job->running ? 1 : 2, pledge->schedule->jobs[j].intervals[0].start };
        }
        qsort(ranks, n, sizeof(*ranks), by_rank);
        for (size_t i = 0; i < n; i++) {
                struct choice *choice = &pledge->schedule->jobs[ranks[i].job];

                if (ranks[i].group > 0 && !carry_has_room(&pledge->carry, &pledge->problem->jobs[ranks[i].job], choice))
                        choice->n = 0;
                put(pledge, ranks[i].job);
        }
        free(ranks);
        return 0;
}

static int place_the_others(struct pledge *pledge)
{
        int code = 0;

        for (size_t j = 0; code == 0 && j < pledge->problem->n_jobs; j++) {
                struct choice *choice = &pledge->schedule->jobs[j];

                if (pledge->problem->jobs[j].pinned || (choice->n > 0 && choice->intervals[0].start >= release_of(pledge, j)))
                        continue;
                lift(pledge, j);
                code = pledge->problem->jobs[j].running ? find_rest(pledge, j, choice) : find(pledge, j, choice);
                put(pledge, j);
        }
        return code;
}

static double waiting(const struct pledge *pledge, size_t j, const struct choice *choice)
{
        const struct plan_job *job = &pledge->problem->jobs[j];
        struct outcome outcome = job_outcome(pledge->problem, job, job_progress(pledge->problem, job, choice->intervals, choice->n),
                                             choice->n > 0 ? choice->intervals[choice->n - 1].end : 0);

        return outcome.delay + outcome.lateness + outcome.unfinished;
}

/* Beside all others' hours: nobody loses by it. */
static int pull_forward(struct pledge *pledge)
{
        struct choice found = { 0 };
        int code = 0;

        for (size_t j = 0; code == 0 && j < pledge->problem->n_jobs; j++) {
                struct choice *choice = &pledge->schedule->jobs[j];
                double had = waiting(pledge, j, choice);

                if (pledge->problem->jobs[j].pinned || pledge->problem->jobs[j].running || !(had > 0))
                        continue;
                lift(pledge, j);
                code = find(pledge, j, &found);
                if (code == 0 && found.n > 0 && waiting(pledge, j, &found) < had * (1 - JOB_HYSTERESIS))
                        code = choice_set(choice, found.intervals, found.n);
                put(pledge, j);
        }
        free(found.intervals);
        return code;
}

/* ---- the whole */

/* Whose hours are over, and who runs on. */
static int go_on(const struct plan_problem *problem, const struct plan_job *job, struct choice *choice)
{
        struct plan_interval on = { problem->now, problem->now + job_seconds(job, &job->modes[job->run_mode]), job->run_site, job->run_mode };

        return on.end <= problem->horizon ? choice_set(choice, &on, 1) : 0;
}

static int remember(struct promised *promised, const struct plan_problem *problem, struct board *board, const size_t *order)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < problem->n_jobs; i++) {
                bool kept;

                code = keep_hours(board, order[i], &kept);
                promised->n += (kept || problem->jobs[order[i]].running) && !problem->jobs[order[i]].pinned;
        }
        if (code == 0)
                code = schedule_copy(&promised->kept, &board->schedule);
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++)
                if (problem->jobs[j].running && promised->kept.jobs[j].n == 0)
                        code = go_on(problem, &problem->jobs[j], &promised->kept.jobs[j]);
        return code;
}

static int think(struct promised *promised, struct pledge *pledge, const struct slots *slots)
{
        int code = slots_cut(&pledge->slots, slots, &promised->kept);

        if (code == 0)
                code = carry_init(&pledge->carry, pledge->problem, &pledge->slots);
        pledge->schedule = &promised->kept;
        if (code == 0)
                code = keep_what_is_carried(pledge);
        if (code == 0)
                code = place_the_others(pledge);
        if (code == 0)
                code = schedule_copy(&promised->sooner, &promised->kept);
        pledge->schedule = &promised->sooner;
        if (code == 0)
                code = pull_forward(pledge);
        promised->work += pledge->carry.work;
        return code;
}

int promised_init(struct promised *promised, const struct plan_problem *problem, const struct slots *slots, struct board *board,
                  const size_t *order)
{
        struct pledge pledge = { .problem = problem };
        int code;

        *promised = (struct promised){ 0 };
        if (schedule_init(&promised->kept, problem->n_jobs) != 0 || schedule_init(&promised->sooner, problem->n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        code = remember(promised, problem, board, order);
        if (code != 0 || promised->n == 0)
                return code;
        code = think(promised, &pledge, slots);
        carry_finish(&pledge.carry);
        slots_finish(&pledge.slots);
        return code;
}

void promised_finish(struct promised *promised)
{
        schedule_finish(&promised->sooner);
        schedule_finish(&promised->kept);
}
