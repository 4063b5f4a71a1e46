/* SPDX-License-Identifier: Apache-2.0 */
/* decide_plan.c - a plan came back from the planner: adopt what still holds. */
#include "core/decide_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/after.h"
#include "core/copy.h"
#include "core/month_door.h"
#include "core/pin.h"
#include "core/plan_records.h"
#include "core/possible.h"

/* `asked`: the same job in the problem; not looked at where it has no hours. */
static void planned_job(struct turn *turn, const struct plan *plan, const struct plan_job_result *result,
                        const struct plan_job *asked, struct record_planned_job *ret_job)
{
        *ret_job = (struct record_planned_job){ .job = result->id,
                                                .reason = result->reason,
                                                .finish = result->finish,
                                                /* people are told of power and carbon: what waiting is worth stays in the plan */
                                                .cost = result->cost - result->waiting,
                                                .run_now_cost = result->run_now_cost - result->run_now_waiting };
        if (result->n == 0)
                return;
        ret_job->intervals = malloc(result->n * sizeof(*ret_job->intervals));
        if (ret_job->intervals == NULL) {
                turn->failed = true;
                return;
        }
        memcpy(ret_job->intervals, plan->intervals + result->first, result->n * sizeof(*ret_job->intervals));
        ret_job->n_intervals = (uint32_t)result->n;
        for (uint32_t i = 0; i < ret_job->n_intervals; i++)
                ret_job->intervals[i].mode = asked->modes[ret_job->intervals[i].mode].id; /* the problem's -> the job's (width.h) */
}

int64_t plan_lateness(const struct offpeak_job_spec *spec, int64_t finish)
{
        return spec->deadline != 0 && finish > spec->deadline ? finish - spec->deadline : 0;
}

void plan_records(struct turn *turn, const struct now *now, const struct adopted_plan *header,
                  const struct plan_problem *problem, const struct plan *plan)
{
        struct record *record = turn_record(turn, RECORD_PLAN, now);

        if (header != NULL) {
                record->u.plan.plan = *header;
                if (copy_bytes(plan->flows, plan->n_flows, sizeof(*plan->flows), (void **)&record->u.plan.flows) != 0)
                        turn->failed = true;
                else
                        record->u.plan.n_flows = (uint32_t)plan->n_flows;
        }
        record->u.plan.jobs = calloc(plan->n_jobs > 0 ? plan->n_jobs : 1, sizeof(*record->u.plan.jobs));
        if (record->u.plan.jobs == NULL) {
                turn->failed = true;
                return;
        }
        for (size_t i = 0; i < plan->n_jobs; i++)
                planned_job(turn, plan, &plan->jobs[i], problem != NULL ? &problem->jobs[i] : NULL, &record->u.plan.jobs[i]);
        record->u.plan.n_jobs = (uint32_t)plan->n_jobs;
}

/* What the core told the planner to do with a job is the core's reason. */
static void name_own_reason(const struct state *state, const struct plan_problem *problem, size_t i,
                            const struct job *job, struct record_planned_job *planned)
{
        if (i >= problem->n_jobs || problem->jobs[i].id != job->id)
                return;
        if (problem->jobs[i].pinned)
                planned->reason = PLAN_PINNED;
        else if (!problem->jobs[i].running && month_door_put_off(state, job, problem->jobs[i].release, problem->now))
                planned->reason = PLAN_MONTH;
}

/* The world went on while the planner thought: jobs that ended or are held have no hours any more, and
 * those that were pinned since keep the ones they were pinned to. */
static void keep_what_holds(const struct state *state, const struct input *input, struct record *record)
{
        const struct plan_problem *problem = input->u.plan_ready.problem;
        uint32_t kept = 0;

        for (uint32_t i = 0; i < record->u.plan.n_jobs; i++) {
                struct record_planned_job *planned = &record->u.plan.jobs[i];
                const struct job *job = state_job(state, planned->job);

                if (job == NULL || job->state >= OFFPEAK_JOB_DONE || job->held ||
                    (pin_holds(job, input->now.wall) && job->pinned_index > input->u.plan_ready.asked_index)) {
                        free(planned->intervals);
                        continue;
                }
                planned->late_s = plan_lateness(&job->spec, planned->finish);
                name_own_reason(state, problem, i, job, planned);
                record->u.plan.jobs[kept++] = *planned;
        }
        record->u.plan.n_jobs = kept;
}

static bool planned_in(const struct plan *plan, uint64_t job)
{
        for (size_t i = 0; i < plan->n_jobs; i++) /* ascending, as the jobs of the state are */
                if (plan->jobs[i].id >= job)
                        return plan->jobs[i].id == job;
        return false;
}

/* Why a job was not in the problem though it waits for hours; 0: it was submitted or released since. */
static enum plan_reason why_left_out(const struct state *state, const struct now *now, const struct job *job,
                                     struct month_door *door)
{
        if (possible_lack(state, now, job) != LACK_NOTHING)
                return PLAN_IMPOSSIBLE;
        if (after_is_unknown(state, job))
                return PLAN_AFTER;
        return month_door_let_in(door, job, job->spec.begin > now->wall ? job->spec.begin : now->wall) == INT64_MAX
                       ? PLAN_MONTH
                       : 0;
}

/* Jobs that no site can hold, or that come after such, were not in the problem: say so instead of leaving old hours. */
static void record_left_out(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct plan *plan = input->u.plan_ready.plan;
        int64_t wall = input->now.wall;
        struct month_door door;

        if (month_door_init(&door, state, wall, wall + state->policy.plan_horizon_s, true, NULL) != 0)
                turn->failed = true;
        for (size_t i = 0; i < state->n_open && !turn->failed; i++) {
                const struct job *job = state_open_job(state, i);
                struct plan_job_result result = { .id = job->id };
                struct plan none = { .jobs = &result, .n_jobs = 1 };

                if (job->state != OFFPEAK_JOB_QUEUED || job->held)
                        continue;
                if (planned_in(plan, job->id)) {
                        month_door_let_in(&door, job, job->spec.begin > wall ? job->spec.begin : wall);
                        continue;
                }
                result.reason = why_left_out(state, &input->now, job, &door);
                if (result.reason != 0 && (result.reason != job->reason || job->n_planned > 0))
                        plan_records(turn, &input->now, NULL, NULL, &none);
        }
        month_door_finish(&door);
}

void decide_plan_ready(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct plan *plan = input->u.plan_ready.plan;
        struct record *record = turn_record(turn, RECORD_V_PLANNING, &input->now);

        record->u.planning.wanted =
                state->plan_wanted || next_expiry(state, input->u.plan_ready.problem->now) <= input->now.wall;
        record->u.planning.hurried = state->plan_dropped;
        record->u.planning.due_at = input->now.wall + state->policy.plan_interval_s;
        if (input->u.plan_ready.code == 0 && !state->plan_dropped) {
                struct adopted_plan header = { .version = state->plan.version + 1,
                                               .made_at = input->u.plan_ready.problem->now,
                                               .horizon = input->u.plan_ready.problem->horizon,
                                               .terms = plan->terms,
                                               .run_now = plan->run_now,
                                               .bound = plan->bound,
                                               .work = plan->work };

                plan_records(turn, &input->now, &header, input->u.plan_ready.problem, plan);
                if (!turn->failed)
                        keep_what_holds(state, input, &turn->records[turn->n_records - 1]);
                record_left_out(state, input, turn);
        }
}
