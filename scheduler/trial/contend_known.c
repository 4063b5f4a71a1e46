/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/contend_known.h"

#include "base/fail.h"
#include "trial/hindsight.h"

/* Units of work for each slot of each job's own time, and at least so many: what a plan of a season takes to come within a per mille. */
enum { WORK_EACH = 400 };
#define WORK_AT_LEAST 20000000

/* Slots that jobs lie in, one after the other: what a pass over all of them looks at. */
static uint64_t slots_of_jobs(const struct plan_problem *problem)
{
        uint64_t sum = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                const struct plan_job *job = &problem->jobs[j];
                int64_t end = job->deadline != 0 && job->deadline < problem->horizon ? job->deadline : problem->horizon;

                for (size_t s = 0; s < problem->n_sites; s++)
                        if ((job->sites >> s & 1) != 0 && end > job->release)
                                sum += (uint64_t)((double)problem->sites[s].n_steps * (double)(end - job->release) /
                                                  (double)(problem->horizon - problem->now)) + 1;
        }
        return sum;
}

typedef int (*make_plan)(const struct plan_problem *problem, struct plan *ret_plan, struct offpeak_error *err);

static int plan_well(const struct plan_problem *problem, struct plan *ret_plan, struct offpeak_error *err)
{
        struct plan_budget budget = { .work = WORK_EACH * slots_of_jobs(problem) };

        budget.work = budget.work > WORK_AT_LEAST ? budget.work : WORK_AT_LEAST;
        return plan_compute(problem, &budget, ret_plan, err);
}

static int contend(const struct trial *trial, make_plan make, bool proves, struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct hindsight hindsight;
        struct plan plan;
        int code = hindsight_init(&hindsight, trial, err);

        plan_init(&plan);
        if (code == 0)
                code = make(&hindsight.question.problem, &plan, err);
        if (code == 0 && hindsight_outcome(&hindsight, &plan, ret_outcome) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0 && proves)
                ret_outcome->bound = plan.bound;
        plan_finish(&plan);
        hindsight_finish(&hindsight);
        return code;
}

int contend_run_now(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                    struct offpeak_error *err)
{
        (void)parameter;
        (void)watch;
        return contend(trial, plan_run_now, false, ret_outcome, err);
}

int contend_oracle(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                   struct offpeak_error *err)
{
        (void)parameter;
        (void)watch;
        return contend(trial, plan_well, true, ret_outcome, err);
}
