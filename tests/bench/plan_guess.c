/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: a way to run, or none, for every slot of every job; a few slots in a row are changed at random, and the
 * change is kept if the checker lets the plan pass and it costs no more, or, less often as time goes by, a little more.
 */
#include "bench/plan_guess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/check.h"

enum { NEVER = -1 };

struct guess {
        const struct plan_problem *problem;
        int64_t slot_s;
        size_t n_slots;
        uint64_t chance;
        int *ways, *tried, *best; /* slot t of job j at [j * n_slots + t]: site * modes + mode, or NEVER */
};

static size_t below(struct guess *guess, size_t n)
{
        guess->chance = guess->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (size_t)(guess->chance >> 33) % n;
}

/* Whole slots until the work is done. */
static int fill_choice(const struct guess *guess, size_t j, struct choice *choice)
{
        const struct plan_job *job = &guess->problem->jobs[j];
        double wanted = job->work_s * (1 - PLAN_WORK_TOLERANCE);

        choice->n = 0;
        for (size_t t = 0; t < guess->n_slots; t++) {
                int way = guess->tried[j * guess->n_slots + t];
                int64_t start = guess->problem->now + (int64_t)t * guess->slot_s;
                struct plan_interval run = { start, start + guess->slot_s, 0, 0 }, *last;
                double too_much;

                if (way == NEVER)
                        continue;
                run.site = (uint32_t)((size_t)way / job->n_modes);
                run.mode = (uint32_t)((size_t)way % job->n_modes);
                last = choice->n > 0 ? &choice->intervals[choice->n - 1] : NULL;
                if (last != NULL && last->end == start && last->site == run.site && last->mode == run.mode)
                        last->end = run.end;
                else if (choice_append(choice, run) != 0)
                        return OFFPEAK_ENOMEM;
                too_much = job_progress(guess->problem, job, choice->intervals, choice->n) - wanted;
                if (too_much >= 0) {
                        choice->intervals[choice->n - 1].end -= (int64_t)floor(too_much / job->modes[run.mode].speed);
                        break;
                }
        }
        return 0;
}

/* What the plan that is tried costs by the checker; INFINITY if it refuses it. */
static int bill(const struct guess *guess, struct schedule *schedule, struct plan *plan, double *ret)
{
        struct plan_verdict verdict;
        struct offpeak_error refusal;
        int code = 0;

        for (size_t j = 0; code == 0 && j < guess->problem->n_jobs; j++)
                code = fill_choice(guess, j, &schedule->jobs[j]);
        if (code == 0)
                code = account_plan(guess->problem, schedule, NULL, plan);
        plan->bound = -INFINITY;
        *ret = INFINITY;
        if (code != 0)
                return code;
        if (plan_check(guess->problem, plan, &verdict, &refusal) == 0)
                *ret = verdict.terms.total;
        return 0;
}

static void change(struct guess *guess)
{
        const struct plan_problem *problem = guess->problem;

        for (size_t i = 0, n = 1 + below(guess, 2); i < n; i++) {
                size_t j = below(guess, problem->n_jobs), first = below(guess, guess->n_slots);
                size_t length = 1 + below(guess, 3), site = below(guess, problem->n_sites);
                int way = below(guess, 3) == 0
                                  ? NEVER
                                  : (int)(site * problem->jobs[j].n_modes + below(guess, problem->jobs[j].n_modes));

                for (size_t t = first; t < guess->n_slots && t < first + length; t++)
                        guess->tried[j * guess->n_slots + t] = way;
        }
}

static int search(struct guess *guess, size_t tries, struct schedule *schedule, struct plan *plan)
{
        size_t size = guess->problem->n_jobs * guess->n_slots * sizeof(int);
        double cost = INFINITY, least = INFINITY, found;
        int code = bill(guess, schedule, plan, &cost);

        least = cost;
        for (size_t i = 0; code == 0 && i < tries; i++) {
                double heat = 0.02 * (1 - (double)i / (double)tries);

                memcpy(guess->tried, guess->ways, size);
                change(guess);
                code = bill(guess, schedule, plan, &found);
                if (code != 0 || !(found <= cost + heat * fabs(least) * (double)below(guess, 1000) / 1000))
                        continue;
                cost = found;
                memcpy(guess->ways, guess->tried, size);
                if (cost < least) {
                        least = cost;
                        memcpy(guess->best, guess->tried, size);
                }
        }
        memcpy(guess->tried, guess->best, size);
        return code == 0 ? bill(guess, schedule, plan, &found) : code;
}

int plan_guess(const struct plan_problem *problem, uint64_t seed, size_t tries, struct plan *ret_plan,
               struct offpeak_error *err)
{
        struct guess guess = { .problem = problem, .n_slots = problem->sites[0].n_steps, .chance = seed };
        size_t n = problem->n_jobs * guess.n_slots;
        struct schedule schedule;
        int code = schedule_init(&schedule, problem->n_jobs);

        guess.slot_s = (problem->horizon - problem->now) / (int64_t)guess.n_slots;
        guess.ways = malloc((n + 1) * sizeof(int));
        guess.tried = malloc((n + 1) * sizeof(int));
        guess.best = malloc((n + 1) * sizeof(int));
        if (guess.ways == NULL || guess.tried == NULL || guess.best == NULL)
                code = OFFPEAK_ENOMEM;
        for (size_t i = 0; code == 0 && i < n; i++)
                guess.ways[i] = guess.tried[i] = guess.best[i] = NEVER;
        if (code == 0)
                code = search(&guess, tries, &schedule, ret_plan);
        if (code != 0)
                fail(err, code, "guessing: out of memory");
        free(guess.best);
        free(guess.tried);
        free(guess.ways);
        schedule_finish(&schedule);
        return code;
}
