/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regret.c - a state as it might have been at the beginning, had everything been known:
 *
 *   state, truth -> view: true series, jobs as they were submitted -> plan_question_init -> the problem of hindsight
 *   bookings -> runs -> a schedule of that problem -> account, and the checker        realised
 *   the problem -> plan_compute, and the checker                                       hindsight, bound, run_now
 *
 * The view borrows everything from the state but its three arrays.
 */
#include "sim/regret.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/month.h"
#include "core/due.h"
#include "plan/account.h"
#include "plan/check.h"
#include "sim/runs.h"

struct hindsight {
        const struct regret_input *input;
        struct offpeak_error *err;
        struct state view;
        struct plan_question question;
        struct policy_class *classes; /* the view's */
        struct plan_job *jobs; /* the question's, each with its own deadline */
};

static int no_memory(struct hindsight *hindsight)
{
        return fail(hindsight->err, OFFPEAK_ENOMEM, "regret: out of memory");
}

/* ---- the view */

static int take_truth(struct hindsight *hindsight, const struct series *series)
{
        int64_t from = hindsight->input->from, to = hindsight->input->to, unknown = series_first_unknown(series, from, to);
        struct site *site = series->site != NULL ? state_site(&hindsight->view, series->site) : NULL;

        if (site == NULL)
                return fail(hindsight->err, OFFPEAK_EINVAL, "regret: there is no site \"%s\"",
                            series->site != NULL ? series->site : "");
        if (unknown < to)
                return fail(hindsight->err, OFFPEAK_EINVAL, "regret: the %s of site \"%s\" is not known at %" PRId64,
                            series_kind_name(series->kind), site->name, unknown);
        site->series[series->kind] = *series;
        series_init(&site->feed[series->kind], series->kind); /* the view borrows: nothing is freed */
        series_init(&site->pushed[series->kind], series->kind);
        return 0;
}

/* As it was before anything happened to it, and released when it was submitted. */
static struct job as_submitted(const struct job *job)
{
        struct job fresh = { .id = job->id, .spec = job->spec, .user = job->user, .submitted_at = job->submitted_at };

        fresh.state = OFFPEAK_JOB_QUEUED;
        fresh.total_s = job->spec.time_s;
        fresh.site = fresh.avoid_node = fresh.profile = NONE_U32;
        fresh.anyhow = job->anyhow;
        if (fresh.spec.begin < job->submitted_at)
                fresh.spec.begin = job->submitted_at;
        return fresh;
}

static int take_jobs(struct hindsight *hindsight)
{
        const struct state *state = hindsight->input->state;
        struct state *view = &hindsight->view;

        view->jobs = calloc(state->n_jobs + 1, sizeof(*view->jobs));
        view->n_jobs = 0;
        if (view->jobs == NULL)
                return no_memory(hindsight);
        for (size_t i = 0; i < state->n_jobs; i++) {
                const struct job *job = &state->jobs[i];

                if (job->state != OFFPEAK_JOB_DONE)
                        continue;
                if (job->submitted_at < hindsight->input->from || job->ended_at > hindsight->input->to)
                        return fail(hindsight->err, OFFPEAK_EINVAL,
                                    "regret: job %" PRIu64 " was submitted before the time that is looked at, or ended after it",
                                    job->id);
                view->jobs[view->n_jobs++] = as_submitted(job);
                if (state_open(view) != 0)
                        return no_memory(hindsight);
        }
        return view->n_jobs > 0 ? 0 : fail(hindsight->err, OFFPEAK_EINVAL, "regret: no job was done");
}

static int make_view(struct hindsight *hindsight)
{
        const struct regret_input *input = hindsight->input;
        int code = 0;

        hindsight->view = *input->state;
        hindsight->view.jobs = NULL;
        hindsight->view.open = NULL;
        hindsight->view.n_open = 0;
        hindsight->view.policy.plan_horizon_s = input->to - input->from;
        hindsight->view.sites = calloc(input->state->n_sites + 1, sizeof(struct site));
        if (hindsight->view.sites == NULL)
                return no_memory(hindsight);
        memcpy(hindsight->view.sites, input->state->sites, input->state->n_sites * sizeof(struct site));
        hindsight->classes = month_lift(&hindsight->view.policy);
        if (hindsight->classes == NULL)
                return no_memory(hindsight);
        for (size_t i = 0; code == 0 && i < input->n_truth; i++)
                code = take_truth(hindsight, &input->truth[i]);
        return code == 0 ? take_jobs(hindsight) : code;
}

/* ---- the problem */

/* A plan on the way aims ahead of a deadline; what is compared is late only when it is late. */
static int64_t deadline_of(const struct state *view, const struct job *job)
{
        bool own = job->spec.deadline != 0 && !due_class_decides(view, job);

        return own ? job->spec.deadline : due_by_class(view, job, 0);
}

static int make_problem(struct hindsight *hindsight)
{
        struct state *view = &hindsight->view;
        struct now now = { .wall = hindsight->input->from, .mono_ms = view->started_ms };
        struct plan_problem *problem = &hindsight->question.problem;
        int code = plan_question_init(view, &now, &hindsight->question);

        if (code != 0)
                return fail(hindsight->err, code, "regret: no problem could be made");
        if (problem->n_jobs != view->n_jobs)
                return fail(hindsight->err, OFFPEAK_EINVAL,
                            "regret: of %zu jobs that were done only %zu could have run from the beginning", view->n_jobs,
                            problem->n_jobs);
        hindsight->jobs = malloc(problem->n_jobs * sizeof(*hindsight->jobs));
        if (hindsight->jobs == NULL)
                return no_memory(hindsight);
        memcpy(hindsight->jobs, problem->jobs, problem->n_jobs * sizeof(*hindsight->jobs));
        for (size_t j = 0; j < problem->n_jobs; j++)
                hindsight->jobs[j].deadline = deadline_of(view, &view->jobs[j]);
        problem->jobs = hindsight->jobs;
        return 0;
}

/* ---- realised */

/*
 * A job that was started again the moment it had stopped: to a problem that is one run, to the job it was a start more.
 * Together they are one interval here, with the second start as work to do, and what plan.h's `starts` counts for it.
 */
static int add_run(const struct plan_problem *problem, const struct sim_run *run, struct plan_job *job, struct choice *choice,
                   double *restarts)
{
        struct plan_interval *last = choice->n > 0 ? &choice->intervals[choice->n - 1] : NULL;

        if (last == NULL || last->end != run->start || last->site != run->site)
                return choice_append(choice, (struct plan_interval){ run->start, run->end, run->site, 0 });
        last->end = run->end;
        job->work_s += (double)job->start_cost_s;
        *restarts += job_start_cost(problem, job, run->site, 0, run->start);
        return 0;
}

static int fill_schedule(const struct plan_problem *problem, const struct sim_run *runs, size_t n, struct plan_job *jobs,
                         struct schedule *schedule, double *restarts)
{
        size_t i = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                while (i < n && runs[i].job < jobs[j].id)
                        i++;
                for (; i < n && runs[i].job == jobs[j].id; i++)
                        if (add_run(problem, &runs[i], &jobs[j], &schedule->jobs[j], restarts) != 0)
                                return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* Two arithmetics: account() adds up any hours, the checker confirms them if they keep the problem's limits. */
static int realise(struct hindsight *hindsight, struct regret *regret)
{
        struct plan_problem problem = hindsight->question.problem;
        size_t n = 0, size = problem.n_jobs * sizeof(struct plan_job);
        struct plan_job *jobs = malloc(size);
        struct schedule schedule = { 0 };
        struct plan_verdict verdict;
        struct sim_run *runs = NULL;
        double restarts = 0;
        struct plan plan;
        int code = jobs != NULL ? runs_collect(hindsight->input->bookings, hindsight->input->n_bookings, &runs, &n) : OFFPEAK_ENOMEM;

        plan_init(&plan);
        if (code == 0)
                code = schedule_init(&schedule, problem.n_jobs);
        if (code == 0) {
                memcpy(jobs, problem.jobs, size);
                code = fill_schedule(&problem, runs, n, jobs, &schedule, &restarts);
                problem.jobs = jobs;
        }
        if (code == 0)
                code = account_plan(&problem, &schedule, NULL, &plan);
        if (code != 0) {
                no_memory(hindsight);
        } else {
                bool is_plan = plan_check(&problem, &plan, &verdict, &regret->objection) == 0;

                regret->realised = is_plan ? verdict.terms : plan.terms;
                regret->realised.starts += restarts;
                regret->realised.total += restarts;
        }
        plan_finish(&plan);
        schedule_finish(&schedule);
        free(runs);
        free(jobs);
        return code;
}

/* ---- hindsight */

static int look_back(struct hindsight *hindsight, struct regret *regret)
{
        const struct plan_problem *problem = &hindsight->question.problem;
        struct plan_budget budget = { .work = hindsight->input->work };
        struct plan_verdict verdict;
        struct plan plan;
        int code;

        plan_init(&plan);
        code = plan_compute(problem, &budget, &plan, hindsight->err);
        if (code == 0)
                code = plan_check(problem, &plan, &verdict, hindsight->err);
        if (code == 0) {
                regret->hindsight = verdict.terms;
                regret->bound = verdict.bound;
                regret->run_now = plan.run_now;
        }
        plan_finish(&plan);
        return code;
}

int regret_compute(const struct regret_input *input, struct regret *ret_regret, struct offpeak_error *err)
{
        struct hindsight hindsight = { .input = input, .err = err };
        struct regret regret = { .n_jobs = 0 };
        int code = make_view(&hindsight);

        if (code == 0)
                code = make_problem(&hindsight);
        if (code == 0)
                code = realise(&hindsight, &regret);
        if (code == 0)
                code = look_back(&hindsight, &regret);
        if (code == 0) {
                regret.regret = regret.realised.total - regret.hindsight.total;
                regret.gap = regret.hindsight.total - regret.bound;
                regret.n_jobs = hindsight.view.n_jobs;
                regret.n_left_out = input->state->n_jobs - hindsight.view.n_jobs;
                *ret_regret = regret;
        }
        free(hindsight.jobs);
        plan_question_finish(&hindsight.question);
        free(hindsight.view.jobs);
        free(hindsight.view.open);
        free(hindsight.view.sites);
        free(hindsight.classes);
        return code;
}

/* ---- the plans that were made on the way */

void regret_note(struct regret_plans *plans, const struct record *record)
{
        const struct adopted_plan *plan = &record->u.plan.plan;

        if (record->type != RECORD_PLAN || plan->version == 0 || !isfinite(plan->bound))
                return;
        plans->n++;
        plans->gap += plan->terms.total - plan->bound;
        plans->cost += fabs(plan->terms.total);
}
