/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: each job's intervals alone (check_jobs.c), then for every site one sweep over the exact seconds at which anything changes
 * (check_sites.c), which adds up GPUs, power and money; then the plan's own words against that.
 */
#include "plan/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plan/check_limits.h"
#include "plan/check_parts.h"
#include "plan/check_storage.h"

#define TOLERANCE 1e-6

/* Flows by themselves; sites have seen whether there is as much power. */
static int check_stores(struct check *check)
{
        double *costs = calloc(check->problem->n_sites + 1, sizeof(*costs));
        int code = costs == NULL ? fail(check->err, OFFPEAK_ENOMEM, "checking the plan: out of memory") :
                                   storage_check(check->problem, check->plan, costs, check->err);

        for (size_t s = 0; code == 0 && s < check->problem->n_sites; s++)
                check_add(&check->storage, costs[s]);
        free(costs);
        return code;
}

/* ---- the plan's own words */

static bool is_off(double said, long double found, long double size)
{
        return !(fabsl(said - found) <= TOLERANCE * size + 1e-9L);
}

/* With a mW to spare: less is not worth a quarrel over who rounds how. */
static bool can_ever_run(const struct plan_problem *problem, const struct plan_job *job)
{
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];
                long double idle = (long double)site->pue_fixed_w + (long double)site->pue_factor * site->idle_w;

                for (size_t t = 0; (job->sites >> s & 1) != 0 && t < site->n_steps; t++)
                        for (size_t m = 0; m < job->n_modes; m++) {
                                long double watts = (long double)site->pue_factor * job->modes[m].watts;
                                double given = site->store != NULL ? site->store->discharge_w : 0;

                                if (job->modes[m].gpus <= site->steps[t].gpus &&
                                    (watts == 0 || idle + watts <= check_firm_limit(&site->steps[t]) + given - 1e-3L))
                                        return true;
                        }
        }
        return false;
}

static int check_result(struct check *check, size_t j)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *said = &check->plan->jobs[j];
        const struct job_facts *found = &check->jobs[j];

        if (said->finish != found->finish && !(said->finish == 0 && !can_ever_run(check->problem, job)))
                return check_refuse_job(check, j, said->finish, "this is not when its work is done");
        if (said->late_s != found->late_s)
                return fail(check->err, OFFPEAK_EINVAL,
                            "job %" PRIu64 ": it is said to be %" PRId64 " s late, it is %" PRId64, said->id,
                            said->late_s, found->late_s);
        if (is_off(said->unfinished_s, found->rest_s, job->work_s))
                return fail(check->err, OFFPEAK_EINVAL,
                            "job %" PRIu64 ": it is said to lack %.3f s of progress, it lacks %.3f", said->id,
                            said->unfinished_s, found->rest_s);
        if (is_off(said->cost, found->share, check->supply.size + fabsl(found->share)))
                return fail(check->err, OFFPEAK_EINVAL, "job %" PRIu64 ": its share is said to be %.9g, it is %.9g",
                            said->id, said->cost, (double)found->share);
        return 0;
}

static int check_term(struct check *check, const char *name, double said, const struct amount *found)
{
        if (is_off(said, found->sum, found->size))
                return fail(check->err, OFFPEAK_EINVAL, "the plan says its %s costs %.9g, it costs %.9g", name, said,
                            (double)found->sum);
        return 0;
}

static struct amount total_of(const struct check *check)
{
        const struct amount *parts[] = { &check->supply,   &check->carbon,     &check->delay,
                                         &check->lateness, &check->unfinished, &check->demand,
                                         &check->starts,   &check->risk,       &check->moves,
                                         &check->storage,  &check->over_limit };
        struct amount total = { 0 };

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                total.sum += parts[i]->sum;
                total.size += parts[i]->size;
        }
        return total;
}

static int check_words(struct check *check)
{
        const struct plan_terms *said = &check->plan->terms;
        struct amount total = total_of(check);
        int code = 0;

        for (size_t j = 0; code == 0 && j < check->plan->n_jobs; j++)
                code = check_result(check, j);
        if (code == 0)
                code = check_term(check, "supply", said->supply, &check->supply);
        if (code == 0)
                code = check_term(check, "carbon", said->carbon, &check->carbon);
        if (code == 0)
                code = check_term(check, "delay", said->delay, &check->delay);
        if (code == 0)
                code = check_term(check, "lateness", said->lateness, &check->lateness);
        if (code == 0)
                code = check_term(check, "unfinished work", said->unfinished, &check->unfinished);
        if (code == 0)
                code = check_term(check, "demand charge", said->demand, &check->demand);
        if (code == 0)
                code = check_term(check, "start at negative prices", said->starts, &check->starts);
        if (code == 0)
                code = check_term(check, "risk", said->risk, &check->risk);
        if (code == 0)
                code = check_term(check, "move", said->moves, &check->moves);
        if (code == 0)
                code = check_term(check, "stored energy", said->storage, &check->storage);
        if (code == 0)
                code = check_term(check, "power above the limit", said->over_limit, &check->over_limit);
        if (code == 0)
                code = check_term(check, "total", said->total, &total);
        return code;
}

static int check_bound(struct check *check, double *ret_bound)
{
        const struct plan *plan = check->plan;
        struct amount total = total_of(check);
        long double slack = TOLERANCE * total.size + 1e-9L;
        int code;

        *ret_bound = -INFINITY;
        if (plan->multipliers.n_slots == 0 && plan->bound == -INFINITY)
                return 0;
        if (plan->multipliers.n_slots == 0)
                return fail(check->err, OFFPEAK_EINVAL,
                            "the plan claims the bound %.9g without multipliers that prove it", plan->bound);
        code = plan_bound(check->problem, &plan->multipliers, ret_bound, check->err);
        if (code != 0)
                return code;
        if (!(plan->bound <= *ret_bound + slack))
                return fail(check->err, OFFPEAK_EINVAL, "the plan claims the bound %.9g, its multipliers prove %.9g",
                            plan->bound, *ret_bound);
        if (*ret_bound > total.sum + slack)
                return fail(check->err, OFFPEAK_EINVAL,
                            "the plan costs %.9g, less than the bound %.9g: one of them is wrong", (double)total.sum,
                            *ret_bound);
        return 0;
}

int plan_check(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *ret_verdict,
               struct offpeak_error *err)
{
        struct check check = { .problem = problem, .plan = plan, .err = err };
        double bound = -INFINITY;
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        check.jobs = calloc(problem->n_jobs + 1, sizeof(*check.jobs));
        if (check.jobs == NULL)
                return fail(err, OFFPEAK_ENOMEM, "checking the plan: out of memory");
        code = check_jobs(&check);
        if (code == 0)
                code = check_stores(&check);
        if (code == 0)
                code = check_sites(&check);
        if (code == 0)
                code = limits_check(problem, plan, err);
        if (code == 0)
                code = check_words(&check);
        if (code == 0)
                code = check_bound(&check, &bound);
        if (code == 0 && ret_verdict != NULL) {
                struct amount total = total_of(&check);

                ret_verdict->terms = (struct plan_terms){
                        .supply = (double)check.supply.sum,
                        .carbon = (double)check.carbon.sum,
                        .delay = (double)check.delay.sum,
                        .lateness = (double)check.lateness.sum,
                        .unfinished = (double)check.unfinished.sum,
                        .demand = (double)check.demand.sum,
                        .starts = (double)check.starts.sum,
                        .risk = (double)check.risk.sum,
                        .moves = (double)check.moves.sum,
                        .storage = (double)check.storage.sum,
                        .over_limit = (double)check.over_limit.sum,
                        .total = (double)total.sum,
                };
                ret_verdict->bound = bound;
                ret_verdict->gap = ret_verdict->terms.total - bound;
                if (!isinf(bound))
                        code = plan_split_gap(problem, plan, ret_verdict, err);
        }
        free(check.jobs);
        return code;
}
