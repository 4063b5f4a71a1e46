/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hindsight.c - a state in which every job was submitted in its time and nothing has happened yet:
 *
 *   a simulated cluster without jobs -> its state, with the trial's jobs and horizon instead -> plan_question_init
 */
#include "trial/hindsight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "trial/widths.h"
#include "core/month.h"
#include "core/width.h"

static int open_world(struct hindsight *hindsight, const struct trial *trial, bool caps)
{
        struct sim_options options = { .start = trial->from, .policy = &trial->policy };
        int code = sim_create(&options, &hindsight->sim);

        for (size_t i = 0; code == 0 && i < trial->n_truth; i++)
                code = sim_take_series(hindsight->sim, &trial->truth[i]);
        for (size_t i = 0; code == 0 && i < trial->n_nodes; i++)
                code = sim_add_node(hindsight->sim, &(struct sim_node){ trial->nodes[i].name, trial->nodes[i].site,
                                                                        trial->nodes[i].gpus, trial->nodes[i].idle_w,
                                                                        trial->nodes[i].gpu_w,
                                                                        caps ? trial->nodes[i].least_gpu_w : 0 });
        return code == 0 ? sim_run_until(hindsight->sim, trial->from) : code;
}

static int submit(struct hindsight *hindsight, const struct trial *trial, size_t j)
{
        struct job *job = &hindsight->submitted[j];

        job->id = j + 1;
        job->submitted_at = trial->trace.jobs[j].submit;
        job->state = OFFPEAK_JOB_QUEUED;
        job->total_s = trial->trace.jobs[j].duration_s;
        job->site = job->avoid_node = NONE_U32;
        if (trial_spec(trial, j, &job->spec) != 0)
                return OFFPEAK_ENOMEM;
        job->spec.begin = job->submitted_at;
        hindsight->n_submitted++;
        return 0;
}

static int submit_all(struct hindsight *hindsight, const struct trial *trial)
{
        int code = 0;

        hindsight->submitted = calloc(trial->trace.n + 1, sizeof(*hindsight->submitted));
        if (hindsight->submitted == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; code == 0 && j < trial->trace.n; j++)
                code = submit(hindsight, trial, j);
        return code;
}

static int ask(struct hindsight *hindsight, const struct trial *trial, struct offpeak_error *err)
{
        struct state view = *sim_state(hindsight->sim); /* borrows all but its jobs */
        struct now now = { .wall = trial->from, .mono_ms = view.started_ms };

        struct policy_class *classes = month_lift(&view.policy);
        int code = classes != NULL ? 0 : OFFPEAK_ENOMEM;

        view.jobs = hindsight->submitted;
        view.open = NULL;
        view.n_open = 0;
        for (view.n_jobs = 1; code == 0 && view.n_jobs <= trial->trace.n; view.n_jobs++)
                code = state_open(&view);
        view.n_jobs = trial->trace.n;
        view.policy.plan_horizon_s = trial->to - trial->from;
        if (code == 0)
                code = plan_question_init(&view, &now, &hindsight->question);
        free(view.open);
        free(classes);
        if (code != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (hindsight->question.problem.n_jobs != trial->trace.n)
                return fail(err, OFFPEAK_EINVAL, "of %zu jobs only %zu could have run at all: see what power and sites their classes allow",
                            trial->trace.n, hindsight->question.problem.n_jobs);
        return 0;
}

/* Of power caps, in a mode of the problem. */
static uint32_t level_of(const struct hindsight *hindsight, size_t j, const struct plan_mode *mode)
{
        return width_level(&hindsight->submitted[j].spec, mode->id);
}

static const struct plan_mode *copy_modes(const struct hindsight *hindsight, const struct trial *trial, size_t j,
                                          struct plan_mode *modes)
{
        const struct plan_job *job = &hindsight->question.problem.jobs[j];

        memcpy(modes, job->modes, job->n_modes * sizeof(*modes));
        for (size_t m = 0; m < job->n_modes; m++)
                modes[m].watts = widths_watts(trial, j, modes[m].gpus, level_of(hindsight, j, &modes[m]));
        return modes;
}

/* The core rounds power to whole watts, aims ahead of deadlines, and prefers what ends sooner: none of that counts here. */
static int say_exactly(struct hindsight *hindsight, const struct trial *trial)
{
        struct plan_problem *problem = &hindsight->question.problem;
        size_t n = problem->n_jobs, n_modes = 0;

        for (size_t j = 0; j < n; j++)
                n_modes += problem->jobs[j].n_modes;
        hindsight->jobs = malloc((n + 1) * sizeof(*hindsight->jobs));
        hindsight->modes = malloc((n_modes + 1) * sizeof(*hindsight->modes));
        if (hindsight->jobs == NULL || hindsight->modes == NULL)
                return OFFPEAK_ENOMEM;
        n_modes = 0;
        for (size_t j = 0; j < n; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                struct plan_job *exact = &hindsight->jobs[j];

                *exact = problem->jobs[j];
                exact->modes = copy_modes(hindsight, trial, j, &hindsight->modes[n_modes]);
                n_modes += exact->n_modes;
                exact->delay_cost = (double)trial->policy.classes[trial->classes[j]].delay_cost * 1e-6;
                if (job->deadline != 0 && exact->deadline != 0 && exact->deadline < job->deadline &&
                    trial->policy.classes[trial->classes[j]].max_delay_s == 0)
                        exact->deadline = job->deadline;
        }
        problem->jobs = hindsight->jobs;
        return 0;
}

int hindsight_init(struct hindsight *hindsight, const struct trial *trial, bool caps, struct offpeak_error *err)
{
        *hindsight = (struct hindsight){ 0 };
        if (open_world(hindsight, trial, caps) != 0 || submit_all(hindsight, trial) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (ask(hindsight, trial, err) != 0)
                return err->code;
        return say_exactly(hindsight, trial) == 0 ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

void hindsight_finish(struct hindsight *hindsight)
{
        plan_question_finish(&hindsight->question);
        for (size_t j = 0; j < hindsight->n_submitted; j++)
                offpeak_job_spec_finish(&hindsight->submitted[j].spec);
        free(hindsight->submitted);
        free(hindsight->jobs);
        free(hindsight->modes);
        sim_destroy(hindsight->sim);
        *hindsight = (struct hindsight){ 0 };
}

int hindsight_outcome(const struct hindsight *hindsight, const struct plan *plan, struct outcome *ret_outcome)
{
        const struct plan_job *jobs = hindsight->question.problem.jobs;
        struct outcome outcome;
        int code = outcome_init(&outcome, hindsight->question.problem.n_jobs);

        for (size_t j = 0; code == 0 && j < plan->n_jobs; j++) {
                const struct plan_job_result *result = &plan->jobs[j];

                for (size_t i = 0; code == 0 && i < result->n; i++) {
                        const struct plan_interval *run = &plan->intervals[result->first + i];
                        const struct plan_mode *mode = &jobs[j].modes[run->mode];
                        struct segment segment = { j, run->site, mode->gpus, run->start, run->end, level_of(hindsight, j, mode), false, 0 };

                        code = outcome_add(&outcome, segment, true);
                }
                if (result->unfinished_s == 0)
                        outcome.finish[j] = result->finish;
        }
        if (code != 0) {
                outcome_finish(&outcome);
                return code;
        }
        *ret_outcome = outcome;
        return 0;
}
