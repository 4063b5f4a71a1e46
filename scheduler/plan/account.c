/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: every site's time is cut where a step or an interval begins or ends; the power of each cut is summed up,
 * then the cuts are priced, and for the shares each job's cuts once more without it.
 */
#include "plan/account.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/cuts.h"
#include "plan/demand.h"
#include "plan/supply_rate.h"
#include "plan/timeline.h"

/* Currency per second of drawing `power` beside the store, and what of it is above the limit. */
static double rate(const struct plan_problem *problem, const struct cuts *cuts, size_t i, double power, double *over_limit)
{
        double net = power + cuts->flows[i];

        *over_limit = fmax(0, net - supply_firm_limit(cuts->steps[i])) * problem->over_limit_cost / PLAN_JOULES_PER_MWH;
        return supply_rate(cuts->steps[i], net);
}

/* Currency per second for `watts` more of jobs at a cut that has `base` already. */
static double margin(const struct plan_problem *problem, const struct cuts *cuts, size_t i, double base, double watts,
                     double *over_limit)
{
        double low = site_facility_w(cuts->site, base), high = site_facility_w(cuts->site, base + watts);
        double limit = supply_firm_limit(cuts->steps[i]);

        if (cuts->flows[i] != 0) {
                double low_over, high_over;
                double cost = rate(problem, cuts, i, high, &high_over) - rate(problem, cuts, i, low, &low_over);

                *over_limit = high_over - low_over;
                return cost;
        }
        *over_limit = (fmax(0, high - limit) - fmax(0, low - limit)) * problem->over_limit_cost / PLAN_JOULES_PER_MWH;
        return supply_rate(cuts->steps[i], high) - supply_rate(cuts->steps[i], low);
}

/* Power beside a store: what it costs more than idle power alone, and all of it that is above the limit, idle power or not. */
static void add_beside_store(const struct plan_problem *problem, const struct cuts *cuts, struct plan_terms *terms)
{
        const struct plan_store *store = cuts->site->store;
        double idle = site_facility_w(cuts->site, 0);

        for (size_t i = 0; i < cuts->n; i++) {
                double seconds = (double)(cuts->times[i + 1] - cuts->times[i]), over;
                double cost = rate(problem, cuts, i, site_facility_w(cuts->site, cuts->watts[i]), &over);

                terms->supply += (cost - supply_rate(cuts->steps[i], idle)) * seconds;
                terms->over_limit += over * seconds;
                terms->storage -= store_stored(store, cuts->flows[i] * seconds) / PLAN_JOULES_PER_MWH * store->end_price;
        }
}

/* A site's supply, and what its store holds less in the end. */
static void add_site(const struct plan_problem *problem, struct cuts *cuts, struct plan_terms *terms)
{
        if (cuts->site->store != NULL) {
                add_beside_store(problem, cuts, terms);
                return;
        }
        for (size_t i = 0; i < cuts->n; i++) {
                double seconds = (double)(cuts->times[i + 1] - cuts->times[i]), over;

                terms->supply += margin(problem, cuts, i, 0, cuts->watts[i], &over) * seconds;
                terms->over_limit += over * seconds;
        }
}

/* The meter's highest means: of what is drawn net. */
static int add_demand(struct cuts *cuts, struct plan_terms *terms)
{
        double *net = cuts->site->store != NULL ? malloc((cuts->n + 1) * sizeof(*net)) : cuts->watts;

        if (net == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; net != cuts->watts && i < cuts->n; i++)
                net[i] = cuts->watts[i] + cuts->flows[i] / cuts->site->pue_factor;
        terms->demand += demand_cost(cuts->site, cuts->times, net, cuts->n);
        if (net != cuts->watts)
                free(net);
        return 0;
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
                        for (size_t i = cuts_find(cuts, run->start); i < cuts->n && cuts->times[i] < run->end; i++) {
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

int account_power(const struct plan_problem *problem, struct cuts *cuts, struct plan_terms *terms)
{
        add_site(problem, cuts, terms);
        if (add_demand(cuts, terms) != 0)
                return OFFPEAK_ENOMEM;
        terms->total = terms->supply + terms->over_limit + terms->demand + terms->storage;
        return 0;
}

int account(const struct plan_problem *problem, const struct schedule *schedule, const struct flows *flows,
            struct plan_terms *ret_terms, double *shares)
{
        struct plan_terms terms = { 0 };

        if (shares != NULL)
                memset(shares, 0, problem->n_jobs * sizeof(*shares));
        for (uint32_t s = 0; s < problem->n_sites; s++) {
                struct cuts cuts;
                int code;

                if (cuts_init(&cuts, problem, s, schedule, flows) != 0)
                        return OFFPEAK_ENOMEM;
                code = account_power(problem, &cuts, &terms);
                if (code == 0)
                        add_shares(&cuts, problem, schedule, &terms, shares);
                cuts_finish(&cuts);
                if (code != 0)
                        return code;
        }
        add_outcomes(problem, schedule, &terms, shares);
        terms.total = terms.supply + terms.carbon + terms.delay + terms.lateness + terms.unfinished + terms.demand +
                      terms.starts + terms.risk + terms.moves + terms.over_limit + terms.storage;
        *ret_terms = terms;
        return 0;
}

bool job_is_possible(const struct plan_problem *problem, const struct plan_job *job)
{
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];

                for (size_t t = 0; (job->sites >> s & 1) != 0 && t < site->n_steps; t++)
                        for (size_t m = 0; m < job->n_modes; m++) {
                                struct plan_step step = site->steps[t];
                                struct span empty = { .step = &step };
                                struct timeline timeline = { .site = site };

                                if (site->store != NULL)
                                        supply_insert(&step, 0, site->store->discharge_w);
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

int account_plan(const struct plan_problem *problem, const struct schedule *schedule, const struct flows *flows, struct plan *plan)
{
        double *shares = calloc(problem->n_jobs + 1, sizeof(*shares));
        size_t n = 0, n_flows = flows != NULL ? flows->n : 0;

        for (size_t j = 0; j < schedule->n_jobs; j++)
                n += schedule->jobs[j].n;
        free(plan->jobs);
        free(plan->intervals);
        free(plan->flows);
        plan->n_jobs = plan->n_intervals = plan->n_flows = 0;
        plan->jobs = calloc(schedule->n_jobs + 1, sizeof(*plan->jobs));
        plan->intervals = calloc(n + 1, sizeof(*plan->intervals));
        plan->flows = calloc(n_flows + 1, sizeof(*plan->flows));
        if (shares == NULL || plan->jobs == NULL || plan->intervals == NULL || plan->flows == NULL ||
            account(problem, schedule, flows, &plan->terms, shares) != 0) {
                free(shares);
                return OFFPEAK_ENOMEM;
        }
        fill_results(problem, schedule, plan, shares);
        if (n_flows > 0)
                memcpy(plan->flows, flows->at, n_flows * sizeof(*flows->at));
        plan->n_flows = n_flows;
        free(shares);
        return 0;
}
