/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/contend_known.h"

#include <math.h>

#include "base/fail.h"
#include "trial/contend_rules.h"
#include "trial/hindsight.h"
#include "trial/store_run.h"

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

/*
 * Who learns of jobs one by one has slots of minutes, for it looks a few days ahead. Whole hours over months would make
 * one plan of them all worse than that, however long it is thought about.
 */
static int64_t slot_length(const struct plan_problem *problem)
{
        static const int64_t lengths[] = { 300, 900 };
        static const int64_t most[] = { 10000, 100000 };

        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
                if ((problem->horizon - problem->now) / lengths[i] <= most[i])
                        return lengths[i];
        return 0;
}

/* What is proved on other slots holds of all plans. */
static void keep_better(struct plan *plan, struct plan *other)
{
        double bound = fmax(plan->bound, other->bound);

        if (other->terms.total < plan->terms.total) {
                struct plan worse = *plan;

                *plan = *other;
                *other = worse;
        }
        plan->bound = bound;
        plan_finish(other);
}

/*
 * On slots as long as the work allows, and on short ones: where jobs cross power limits and month's peaks, much thought
 * on long ones finds more.
 */
static int plan_well(const struct plan_problem *problem, struct plan *ret_plan, struct offpeak_error *err)
{
        struct plan_budget budget = { .work = WORK_EACH * slots_of_jobs(problem) };
        struct plan finer;
        int code;

        budget.work = budget.work > WORK_AT_LEAST ? budget.work : WORK_AT_LEAST;
        code = plan_compute(problem, &budget, ret_plan, err);
        budget.slot_s = slot_length(problem);
        if (code != 0 || budget.slot_s == 0)
                return code;
        code = plan_compute(problem, &budget, &finer, err);
        if (code == 0)
                keep_better(ret_plan, &finer);
        return code;
}

/* Can hours be paid for? */
static bool pays_anywhere(const struct trial *trial)
{
        for (size_t i = 0; i < trial->n_truth; i++)
                for (size_t k = 0; trial->truth[i].kind == SERIES_PRICE && k < trial->truth[i].n_points; k++)
                        if (trial->truth[i].points[k].value != SERIES_UNKNOWN && trial->truth[i].points[k].value < 0)
                                return true;
        return false;
}

static bool caps_anywhere(const struct trial *trial)
{
        bool class = false, node = false;

        for (size_t c = 0; c < trial->policy.n_classes; c++)
                class = class || trial->policy.classes[c].cap_floor_ppm > 0;
        for (size_t i = 0; i < trial->n_nodes; i++)
                node = node || trial->nodes[i].least_gpu_w > 0;
        return class && node;
}

/*
 * What was proved of jobs that draw all of their power from the start holds for no others; and failures only add to it,
 * unless what is run in vain is paid for, or others may cap what this plan does not. The plan leaves stores out
 * (store_run.h), which make power cheaper.
 */
static bool bound_holds(const struct trial *trial)
{
        return !trial_has_store(trial) && trial->hardware.ramp_s == 0 &&
               (trial->hardware.outages.n == 0 || (!pays_anywhere(trial) && !caps_anywhere(trial)));
}

/* The hours as nodes that fail leave them. */
static int meet_failures(const struct trial *trial, const struct trial_watch *watch, struct outcome *outcome,
                         struct offpeak_error *err)
{
        struct outcome hours = *outcome;
        int code;

        if (trial->hardware.outages.n == 0)
                return 0;
        outcome_sort(&hours);
        *outcome = (struct outcome){ 0 };
        code = contend_hours(trial, &hours, watch, outcome, err);
        outcome_finish(&hours);
        return code;
}

static int contend(const struct trial *trial, make_plan make, bool proves, const struct trial_watch *watch,
                   struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct hindsight hindsight;
        struct outcome outcome = { 0 };
        struct plan plan;
        bool fails = trial->hardware.outages.n > 0; /* then hours are kept as nodes allow, and without caps: contend_hours() */
        int code = hindsight_init(&hindsight, trial, !fails, err);

        plan_init(&plan);
        if (code == 0)
                code = make(&hindsight.question.problem, &plan, err);
        if (code == 0 && hindsight_outcome(&hindsight, &plan, &outcome) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0)
                code = meet_failures(trial, watch, &outcome, err);
        if (code == 0) {
                outcome.bound = proves && bound_holds(trial) ? plan.bound : NAN;
                *ret_outcome = outcome;
        }
        plan_finish(&plan);
        hindsight_finish(&hindsight);
        return code;
}

int contend_run_now_by_gpus(const struct trial *trial, const struct trial_watch *watch, struct outcome *ret_outcome,
                            struct offpeak_error *err)
{
        return contend(trial, plan_run_now, false, watch, ret_outcome, err);
}

int contend_oracle(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                   struct offpeak_error *err)
{
        (void)parameter;
        return contend(trial, plan_well, true, watch, ret_outcome, err);
}
