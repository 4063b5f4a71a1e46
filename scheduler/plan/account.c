/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: every site's time is cut where a step or an interval begins or ends; the power of each cut is summed up,
 * then the cuts are priced, and for the shares each job's cuts once more without it.
 */
#include "plan/account.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/demand.h"
#include "plan/supply_rate.h"
#include "plan/timeline.h"

struct cuts {
        const struct plan_site *site;
        uint32_t index;
        int64_t *times; /* n + 1 */
        const struct plan_step **steps;
        double *watts; /* IT power of the jobs */
        size_t n;
};

static int by_value(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static size_t cut_at(const struct cuts *cuts, int64_t time)
{
        size_t low = 0, high = cuts->n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (cuts->times[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static void cuts_finish(struct cuts *cuts)
{
        free(cuts->watts);
        free(cuts->steps);
        free(cuts->times);
        *cuts = (struct cuts){ 0 };
}

static void collect_times(struct cuts *cuts, const struct plan_problem *problem, const struct schedule *schedule)
{
        size_t n = 0, unique = 0;

        for (size_t t = 0; t < cuts->site->n_steps; t++)
                cuts->times[n++] = cuts->site->steps[t].start;
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t i = 0; i < schedule->jobs[j].n; i++)
                        if (schedule->jobs[j].intervals[i].site == cuts->index) {
                                cuts->times[n++] = schedule->jobs[j].intervals[i].start;
                                cuts->times[n++] = schedule->jobs[j].intervals[i].end;
                        }
        cuts->times[n++] = problem->horizon;
        qsort(cuts->times, n, sizeof(*cuts->times), by_value);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || cuts->times[i] != cuts->times[unique - 1])
                        cuts->times[unique++] = cuts->times[i];
        cuts->n = unique - 1;
}

static int cuts_init(struct cuts *cuts, const struct plan_problem *problem, uint32_t site,
                     const struct schedule *schedule)
{
        size_t most = problem->sites[site].n_steps + 1;

        *cuts = (struct cuts){ .site = &problem->sites[site], .index = site };
        for (size_t j = 0; j < schedule->n_jobs; j++)
                most += 2 * schedule->jobs[j].n;
        cuts->times = calloc(most, sizeof(*cuts->times));
        cuts->steps = calloc(most, sizeof(*cuts->steps));
        cuts->watts = calloc(most, sizeof(*cuts->watts));
        if (cuts->times == NULL || cuts->steps == NULL || cuts->watts == NULL) {
                cuts_finish(cuts);
                return OFFPEAK_ENOMEM;
        }
        collect_times(cuts, problem, schedule);
        for (size_t i = 0, step = 0; i < cuts->n; i++) {
                while (step + 1 < cuts->site->n_steps && cuts->site->steps[step + 1].start <= cuts->times[i])
                        step++;
                cuts->steps[i] = &cuts->site->steps[step];
        }
        return 0;
}

/* Currency per second for `watts` more of jobs at a cut that has `base` already. */
static double margin(const struct plan_problem *problem, const struct cuts *cuts, size_t i, double base, double watts,
                     double *over_limit)
{
        double low = site_facility_w(cuts->site, base), high = site_facility_w(cuts->site, base + watts);
        double limit = supply_firm_limit(cuts->steps[i]);

        *over_limit = (fmax(0, high - limit) - fmax(0, low - limit)) * problem->over_limit_cost / PLAN_JOULES_PER_MWH;
        return supply_rate(cuts->steps[i], high) - supply_rate(cuts->steps[i], low);
}

static void add_watts(struct cuts *cuts, const struct plan_problem *problem, const struct schedule *schedule)
{
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t k = 0; k < schedule->jobs[j].n; k++) {
                        const struct plan_interval *run = &schedule->jobs[j].intervals[k];

                        if (run->site != cuts->index)
                                continue;
                        for (size_t i = cut_at(cuts, run->start); i < cuts->n && cuts->times[i] < run->end; i++)
                                cuts->watts[i] += problem->jobs[j].modes[run->mode].watts;
                }
}

static void add_shares(const struct cuts *cuts, const struct plan_problem *problem, const struct schedule *schedule,
                       struct plan_terms *terms, double *shares)
{
        for (size_t j = 0; j < schedule->n_jobs; j++)
                for (size_t k = 0; k < schedule->jobs[j].n; k++) {
                        const struct plan_interval *run = &schedule->jobs[j].intervals[k];
                        const struct plan_job *job = &problem->jobs[j];
                        double watts = job->modes[run->mode].watts;

                        if (run->site != cuts->index)
                                continue;
                        for (size_t i = cut_at(cuts, run->start); i < cuts->n && cuts->times[i] < run->end; i++) {
                                double seconds = (double)(cuts->times[i + 1] - cuts->times[i]), over;
                                double carbon = carbon_rate(cuts->site, cuts->steps[i], job, watts);

                                terms->carbon += carbon * seconds;
                                if (shares == NULL)
                                        continue;
                                shares[j] += carbon * seconds +
                                             margin(problem, cuts, i, cuts->watts[i] - watts, watts, &over) * seconds;
                                shares[j] += over * seconds;
                        }
                }
}

/* What one job puts on its energy for not knowing the price. */
static double risk_of(const struct plan_problem *problem, const struct plan_job *job, const struct choice *choice)
{
        double cost = 0;

        for (size_t i = 0; job->risk != 0 && i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct plan_site *site = &problem->sites[run->site];

                for (size_t t = 0; t < site->n_steps && site->steps[t].start < run->end; t++) {
                        int64_t end = t + 1 < site->n_steps ? site->steps[t + 1].start : problem->horizon;
                        int64_t from = run->start > site->steps[t].start ? run->start : site->steps[t].start;
                        int64_t to = run->end < end ? run->end : end;

                        if (to > from)
                                cost += (double)(to - from) *
                                        risk_rate(site, &site->steps[t], job, job->modes[run->mode].watts);
                }
        }
        return cost;
}

static struct outcome outcome_of(const struct plan_problem *problem, const struct plan_job *job,
                                 const struct choice *choice)
{
        double progress = job_progress(problem, job, choice->intervals, choice->n);

        return job_outcome(problem, job, progress, choice->n > 0 ? choice->intervals[choice->n - 1].end : 0);
}

double account_waiting(const struct plan_problem *problem, const struct plan_job *job, const struct choice *choice)
{
        struct outcome outcome = outcome_of(problem, job, choice);

        return outcome.delay + outcome.lateness + outcome.unfinished +
               job_starts(problem, job, choice->intervals, choice->n) + risk_of(problem, job, choice) +
               job_moves(job, choice->intervals, choice->n);
}

static void add_outcomes(const struct plan_problem *problem, const struct schedule *schedule, struct plan_terms *terms,
                         double *shares)
{
        for (size_t j = 0; j < schedule->n_jobs; j++) {
                const struct plan_job *job = &problem->jobs[j];
                const struct choice *choice = &schedule->jobs[j];
                struct outcome outcome = outcome_of(problem, job, choice);
                double starts = job_starts(problem, job, choice->intervals, choice->n);
                double risk = risk_of(problem, job, choice);
                double moves = job_moves(job, choice->intervals, choice->n);

                terms->starts += starts;
                terms->risk += risk;
                terms->moves += moves;
                terms->delay += outcome.delay;
                terms->lateness += outcome.lateness;
                terms->unfinished += outcome.unfinished;
                if (shares != NULL)
                        shares[j] += starts + risk + moves + outcome.delay + outcome.lateness + outcome.unfinished;
        }
}

int account(const struct plan_problem *problem, const struct schedule *schedule, struct plan_terms *ret_terms,
            double *shares)
{
        struct plan_terms terms = { 0 };

        if (shares != NULL)
                memset(shares, 0, problem->n_jobs * sizeof(*shares));
        for (uint32_t s = 0; s < problem->n_sites; s++) {
                struct cuts cuts;

                if (cuts_init(&cuts, problem, s, schedule) != 0)
                        return OFFPEAK_ENOMEM;
                add_watts(&cuts, problem, schedule);
                for (size_t i = 0; i < cuts.n; i++) {
                        double seconds = (double)(cuts.times[i + 1] - cuts.times[i]), over;

                        terms.supply += margin(problem, &cuts, i, 0, cuts.watts[i], &over) * seconds;
                        terms.over_limit += over * seconds;
                }
                terms.demand += demand_cost(cuts.site, cuts.times, cuts.watts, cuts.n);
                add_shares(&cuts, problem, schedule, &terms, shares);
                cuts_finish(&cuts);
        }
        add_outcomes(problem, schedule, &terms, shares);
        terms.total = terms.supply + terms.carbon + terms.delay + terms.lateness + terms.unfinished + terms.demand +
                      terms.starts + terms.risk + terms.moves + terms.over_limit;
        *ret_terms = terms;
        return 0;
}

bool job_is_possible(const struct plan_problem *problem, const struct plan_job *job)
{
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];

                for (size_t t = 0; (job->sites >> s & 1) != 0 && t < site->n_steps; t++)
                        for (size_t m = 0; m < job->n_modes; m++) {
                                struct span empty = { .step = &site->steps[t] };
                                struct timeline timeline = { .site = site };

                                if (timeline_has_room(&timeline, &empty, &job->modes[m]))
                                        return true;
                        }
        }
        return false;
}

static void fill_results(const struct plan_problem *problem, const struct schedule *schedule, struct plan *plan,
                         const double *shares)
{
        for (size_t j = 0; j < schedule->n_jobs; j++) {
                const struct plan_job *job = &problem->jobs[j];
                const struct choice *choice = &schedule->jobs[j];
                struct outcome outcome = outcome_of(problem, job, choice);

                plan->jobs[j] = (struct plan_job_result){
                        .id = job->id,
                        .first = plan->n_intervals,
                        .n = choice->n,
                        .finish = job_is_possible(problem, job) ? outcome.finish : 0,
                        .late_s = outcome.late_s,
                        .unfinished_s = outcome.rest_s,
                        .cost = shares[j],
                        .waiting = account_waiting(problem, job, choice),
                };
                if (choice->n > 0)
                        memcpy(&plan->intervals[plan->n_intervals], choice->intervals,
                               choice->n * sizeof(*choice->intervals));
                plan->n_intervals += choice->n;
        }
        plan->n_jobs = schedule->n_jobs;
}

int account_plan(const struct plan_problem *problem, const struct schedule *schedule, struct plan *plan)
{
        double *shares = calloc(problem->n_jobs + 1, sizeof(*shares));
        size_t n = 0;

        for (size_t j = 0; j < schedule->n_jobs; j++)
                n += schedule->jobs[j].n;
        free(plan->jobs);
        free(plan->intervals);
        plan->n_jobs = plan->n_intervals = 0;
        plan->jobs = calloc(schedule->n_jobs + 1, sizeof(*plan->jobs));
        plan->intervals = calloc(n + 1, sizeof(*plan->intervals));
        if (shares == NULL || plan->jobs == NULL || plan->intervals == NULL ||
            account(problem, schedule, &plan->terms, shares) != 0) {
                free(shares);
                return OFFPEAK_ENOMEM;
        }
        fill_results(problem, schedule, plan, shares);
        free(shares);
        return 0;
}
