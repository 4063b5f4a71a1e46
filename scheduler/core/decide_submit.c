/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_submit.c - a new job: checked, given a number and, at once, hours of its own among what others have planned.
 *
 * The answer does not wait for the planner: placing one job against the plan in force is a best response, a matter of
 * microseconds, and the same arithmetic. The full plan follows and may move it.
 */
#include "core/decide_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "core/after.h"
#include "core/claim.h"
#include "core/lone.h"
#include "core/month.h"
#include "core/month_door.h"
#include "core/plan_records.h"
#include "core/possible.h"
#include "core/profile.h"
#include "core/question.h"
#include "core/width.h"
#include "plan/fit_deadline.h"

/* Those that are taken to be gone, for a sentence that tells there are too few; "" where there are none. */
static const char *gone(const struct state *state, char *text, size_t size)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++)
                n += state->nodes[i].fenced;
        text[0] = '\0';
        if (n > 0)
                snprintf(text, size, " (not counted: %u fenced)", n);
        return text;
}

static int refuse_nodes(const struct state *state, const struct job *job, struct offpeak_error *err)
{
        uint32_t widest = 0;
        const char *where = "?";
        char out[64];

        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (state->nodes[i].inventory.n_devices > widest) {
                        widest = state->nodes[i].inventory.n_devices;
                        where = state->nodes[i].site;
                }
        if (job->spec.gpus_per_node > widest)
                return fail(err, OFFPEAK_EINVAL,
                            "no node has %u GPUs: the widest, at %s, has %u. Ask for --gpus %u, or for several nodes "
                            "with -N and --gpus-per-node.",
                            job->spec.gpus_per_node, where, widest, widest);
        return fail(err, OFFPEAK_EINVAL,
                    "no site that the job may use has %u node(s) with %u GPU(s) each%s; `offpeak nodes` shows what there is",
                    job->spec.nodes, job->spec.gpus_per_node, gone(state, out, sizeof(out)));
}

enum { MOST_TOLD = 16 };

static bool any_has(const struct state *state, const char *feature)
{
        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (claim_has_feature(&state->nodes[i], feature))
                        return true;
        return false;
}

/* Some of what nodes have to offer, as a list. */
static const char *known_features(const struct state *state, char *known, size_t size)
{
        const char *told[MOST_TOLD];
        size_t n = 0;

        known[0] = '\0';
        for (uint32_t i = 0; i < state->n_nodes; i++)
                for (size_t f = 0; f < state->nodes[i].inventory.n_features && n < MOST_TOLD; f++) {
                        const char *feature = state->nodes[i].inventory.features[f];
                        size_t at = 0;

                        while (at < n && strcmp(told[at], feature) != 0)
                                at++;
                        if (at < n)
                                continue;
                        told[n++] = feature;
                        text_list_add(known, size, feature);
                }
        return known;
}

static int refuse_features(const struct state *state, const struct job *job, struct offpeak_error *err)
{
        char known[256], asked[256] = "";

        for (size_t i = 0; i < job->spec.n_features; i++) {
                text_list_add(asked, sizeof(asked), job->spec.features[i]);
                if (!any_has(state, job->spec.features[i]))
                        return fail(err, OFFPEAK_EINVAL,
                                    "--constraint: no node has the feature \"%.64s\"%s%s; nodes say theirs by "
                                    "features: in the "
                                    "configuration of their agents",
                                    job->spec.features[i],
                                    known_features(state, known, sizeof(known))[0] != '\0' ? ", there are " : "",
                                    known);
        }
        return fail(err, OFFPEAK_EINVAL,
                    "no site that the job may use has %u node(s) with %u GPU(s) each and %s: ask for fewer, or for "
                    "less with "
                    "--constraint",
                    job->spec.nodes, job->spec.gpus_per_node, asked);
}

static int refuse_switches(const struct job *job, struct offpeak_error *err)
{
        return fail(err, OFFPEAK_EINVAL,
                    "no site that the job may use has %u nodes for it on %u switch(es): raise --switches, or ask for "
                    "fewer nodes. "
                    "A node whose agent says no position: {switch: NAME} counts as on one of its own",
                    job->spec.nodes, job->spec.switches);
}

static int refuse_power(const struct state *state, const struct now *now, const struct job *job,
                        struct offpeak_error *err)
{
        struct possible_power power = possible_power(state, now, job);
        char needed[TEXT_SIZE], limit[TEXT_SIZE];

        if (power.site == NULL)
                return 0; /* it may wait for the power of a reactor that has not been reported */
        if (power.idle_w >= power.limit_w)
                return fail(err, OFFPEAK_EINVAL,
                            "%s draws %s at the meter with nothing running, and its limit is %s: no job fits; raise grid.limit, or "
                            "switch nodes off", power.site->name, text_format_power(power.idle_w, needed),
                            text_format_power(power.limit_w, limit));
        return fail(err, OFFPEAK_EINVAL,
                    "the job needs %s at the meter, and %s's limit is %s: ask for less %s, or raise grid.limit",
                    text_format_power(power.needed_w, needed), power.site->name,
                    text_format_power(power.limit_w, limit), job->spec.power_w > 0 ? "--power" : "--gpus");
}

static int refuse_quota(const struct state *state, const struct job *job, struct offpeak_error *err)
{
        const struct policy_class *class = state_class(state, job);

        return fail(err, OFFPEAK_EINVAL,
                    "the job needs %u GPUs, and class %s may hold %u at once: ask for less --gpus, or raise quota.gpus",
                    width_least_gpus(&job->spec), class->name, class->quota_gpus);
}

static int refuse_month(const struct state *state, const struct now *now, const struct job *job,
                        struct offpeak_error *err)
{
        const struct policy_class *class = state_class(state, job);

        return fail(err, OFFPEAK_EINVAL,
                    "the job takes %" PRId64 " GPU-hours with its start, and class %s may hold %" PRId64
                    " a month: ask for less --time or --gpus, or raise quota.gpu_hours_per_month",
                    (month_need(state, job, class, now->wall) + 3599) / 3600, class->name, class->quota_gpu_hours);
}

static bool lacks_nodes(enum lack lack)
{
        return lack == LACK_NODES || lack == LACK_FEATURES || lack == LACK_SWITCHES;
}

static int check_size(const struct state *state, const struct now *now, const struct job *job,
                      struct offpeak_error *err)
{
        enum lack lack;

        if (state->n_nodes == 0)
                return 0; /* with no node known yet the job may wait for one */
        lack = possible_lack(state, now, job);
        if (lacks_nodes(lack) && possible_once_back(state, job))
                return 0; /* it waits for them, as what was queued before does */
        switch (lack) {
        case LACK_NODES:
                return refuse_nodes(state, job, err);
        case LACK_POWER:
                return refuse_power(state, now, job, err);
        case LACK_QUOTA:
                return refuse_quota(state, job, err);
        case LACK_MONTH:
                return refuse_month(state, now, job, err);
        case LACK_FEATURES:
                return refuse_features(state, job, err);
        case LACK_SWITCHES:
                return refuse_switches(job, err);
        case LACK_NOTHING:
                break;
        }
        return 0;
}

static int check_times(const struct offpeak_job_spec *spec, const struct now *now, struct offpeak_error *err)
{
        char deadline[WHEN_TEXT_SIZE], wall[WHEN_TEXT_SIZE];

        if (spec->time_s <= 0)
                return fail(err, OFFPEAK_EINVAL, "the job says no run time; give one with --time, for example -t 6h");
        if (spec->deadline != 0 && spec->deadline <= now->wall)
                return fail(err, OFFPEAK_EINVAL, "the deadline %s is in the past (it is %s); give a later one",
                            when_format_utc(spec->deadline, deadline), when_format_utc(now->wall, wall));
        if (spec->deadline != 0 && spec->begin >= spec->deadline)
                return fail(err, OFFPEAK_EINVAL, "the job may begin only at or after its deadline %s; move one of them",
                            when_format_utc(spec->deadline, deadline));
        return 0;
}

static bool is_named_before(const struct state *state, const struct job *job, size_t i)
{
        uint64_t id = after_link_at(state, job, i).id;

        while (i-- > 0)
                if (after_link_at(state, job, i).id == id)
                        return true;
        return false;
}

static int check_after(const struct state *state, const struct job *job, struct offpeak_error *err)
{
        if (after_count(job) > OFFPEAK_MAX_AFTER)
                return fail(err, OFFPEAK_EINVAL, "--dependency names %zu jobs: at most %d are allowed", after_count(job),
                            OFFPEAK_MAX_AFTER);
        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);

                if (link.other == NULL && link.id == job->id)
                        return fail(err, OFFPEAK_ENOTFOUND,
                                    "--dependency names job %" PRIu64 ", which would be this one: a job can only come after "
                                    "those submitted before it; `offpeak jobs -a` lists them", link.id);
                if (link.other == NULL)
                        return fail(err, OFFPEAK_ENOTFOUND,
                                    "--dependency names job %" PRIu64 ", which does not exist; `offpeak jobs -a` lists all",
                                    link.id);
                if (is_named_before(state, job, i))
                        return fail(err, OFFPEAK_EINVAL, "--dependency names job %" PRIu64 " twice: name it once", link.id);
        }
        return 0;
}

static int no_class(const struct policy *policy, const char *name, struct offpeak_error *err)
{
        char known[256] = "";

        for (size_t i = 0; i < policy->n_classes; i++)
                text_list_add(known, sizeof(known), policy->classes[i].name);
        return fail(err, OFFPEAK_ENOTFOUND, "there is no class \"%.64s\"; the scheduler's configuration has %s", name, known);
}

/* Each width is another number of GPUs: who holds as many needs no restart. */
static int check_widths(const struct offpeak_job_spec *spec, struct offpeak_error *err)
{
        if (spec->n_widths > OFFPEAK_MAX_WIDTHS)
                return fail(err, OFFPEAK_EINVAL, "the job names %zu widths beside its own: at most %d are allowed", spec->n_widths,
                            OFFPEAK_MAX_WIDTHS);
        for (uint32_t mode = 1; mode < width_count(spec); mode++) {
                struct offpeak_width width = width_of(spec, mode);

                if (width.nodes == 0 || width.gpus_per_node == 0)
                        return fail(err, OFFPEAK_EINVAL, "a width needs at least one node and one GPU");
                for (uint32_t other = 0; other < mode; other++)
                        if (width_gpus(spec, other) == width_gpus(spec, mode))
                                return fail(err, OFFPEAK_EINVAL, "the job names the width of %" PRIu32 " GPUs twice: name it once",
                                            width_gpus(spec, mode));
        }
        return 0;
}

/* In memory of the caller's. */
static void complete_widths(struct offpeak_job_spec *spec, struct offpeak_width widths[OFFPEAK_MAX_WIDTHS])
{
        if (spec->n_widths > 0)
                memcpy(widths, spec->widths, spec->n_widths * sizeof(*widths));
        spec->widths = widths;
        width_complete(spec);
}

static int check_spec(const struct state *state, const struct now *now, const struct job *job,
                      struct offpeak_error *err)
{
        const struct offpeak_job_spec *spec = &job->spec;
        int code;

        if (spec->argc == 0)
                return fail(err, OFFPEAK_EINVAL, "the job has no command; put it behind `--`");
        if (spec->nodes == 0 || spec->gpus_per_node == 0)
                return fail(err, OFFPEAK_EINVAL, "a job needs at least one node and one GPU");
        if (policy_class(&state->policy, spec->class_name) == NULL)
                return no_class(&state->policy, spec->class_name != NULL ? spec->class_name : "default", err);
        if (spec->site != NULL && policy_site(&state->policy, spec->site) == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "there is no site \"%s\"; `offpeak price` lists them", spec->site);
        code = check_times(spec, now, err);
        if (code == 0)
                code = check_after(state, job, err);
        return code != 0 ? code : check_size(state, now, job, err);
}

/* One job without competitors is at its best after a few responses: the answer must not take longer. */
enum { ALONE_WORK = 20000 };

/* Plan the one job among the others' hours. 0 without a plan when no node is there for it yet, or no plan can be made
 * of what is known. Question and plan are finished by the caller. */
static int plan_alone(const struct state *state, const struct now *now, const struct job *job,
                      struct plan_question *ret_question, struct plan *ret_plan)
{
        struct plan_budget budget = { .work = ALONE_WORK, .unproven = true };
        int code = question_for_one(state, now, job, ret_question);

        plan_init(ret_plan);
        if (code != 0)
                return code;
        if (ret_question->problem.n_jobs == 1)
                code = plan_compute(&ret_question->problem, &budget, ret_plan, NULL);
        if (code == 0 && ret_plan->n_jobs == 1 &&
            month_door_put_off(state, job, ret_question->problem.jobs[0].release, now->wall))
                ret_plan->jobs[0].reason = PLAN_MONTH;
        return code == OFFPEAK_EINVAL ? 0 : code; /* the planner of all jobs says what is wrong */
}

static void record_job(struct turn *turn, const struct now *now, const struct client *client, const struct job *job,
                       const char *warning)
{
        struct record *record = turn_record(turn, RECORD_SUBMITTED, now);

        record->u.submitted.job = job->id;
        turn_check(turn, offpeak_job_spec_copy(&job->spec, &record->u.submitted.spec));
        record->u.submitted.uid = client->uid;
        record->u.submitted.user = turn_text(turn, "%s", client->user != NULL ? client->user : "?");
        record->u.submitted.held = job->spec.hold;
        record->u.submitted.request = request_on_record(turn, client, now, job->id, warning);
}

static void record_hours(struct turn *turn, const struct now *now, const struct job *job, const struct plan_problem *problem,
                         const struct plan *plan)
{
        struct record *record;

        plan_records(turn, now, NULL, problem, plan);
        record = &turn->records[turn->n_records - 1];
        if (record->type == RECORD_PLAN && record->u.plan.n_jobs == 1)
                record->u.plan.jobs[0].late_s = plan_lateness(&job->spec, plan->jobs[0].finish);
}

/* No hours for the job, though its deadline lies within what is planned. */
static bool has_no_hours(const struct state *state, const struct now *now, const struct job *job,
                         const struct plan *plan)
{
        if (plan->n_jobs == 1)
                return job->spec.deadline != 0 && plan->jobs[0].finish == 0;
        return job->spec.deadline != 0 && job->spec.deadline <= now->wall + state->policy.plan_horizon_s;
}

/* What those that it comes after keep it from; true if that is all there is to say. */
static bool write_after(const struct state *state, const struct job *job, char *warning, size_t size)
{
        const struct job *other;
        enum after_word word = after_look(state, job, &other);

        if (word == AFTER_NEVER)
                snprintf(warning, size, "is on hold, as job %" PRIu64 " that it comes after did not end well; release it to "
                                        "run it all the same", other->id);
        else if (word == AFTER_WAITS && after_is_unknown(state, job))
                snprintf(warning, size, "has no hours yet, as one that it comes after has none: job %" PRIu64, other->id);
        return warning[0] != '\0';
}

/* Its class has used up what it may hold this month. Nothing to refuse a job for: a deadline that it keeps is kept. */
static void write_month(const struct state *state, const struct now *now, const struct job *job,
                        const struct plan *plan, char *warning, size_t size)
{
        const struct policy_class *class = state_class(state, job);
        char free_at[WHEN_TEXT_SIZE];

        if (job->spec.strict_deadline || plan->n_jobs == 0 || plan->jobs[0].reason != PLAN_MONTH)
                return;
        snprintf(warning, size, "waits for %s: too few of class %.32s's %" PRId64 " GPU-hours a month are left",
                 when_format_utc(month_next(now->wall), free_at), class->name, class->quota_gpu_hours);
}

/* What the client should know: empty, or what becomes of the deadline, or of a wait for others. */
static void write_warning(const struct state *state, const struct now *now, const struct job *job,
                          const struct plan *plan, char *warning, size_t size)
{
        char late[WHEN_TEXT_SIZE];

        warning[0] = '\0';
        if (write_after(state, job, warning, size))
                return;
        if (has_no_hours(state, now, job, plan))
                snprintf(warning, size, "has no hours before its deadline: nothing is free for it, or known to be");
        else if (plan->n_jobs == 0 && lacks_nodes(possible_lack(state, now, job)) && state->n_nodes > 0)
                snprintf(warning, size, "waits: the nodes for it are drained or down; `offpeak nodes` says why");
        else if (plan->n_jobs == 1 && plan_lateness(&job->spec, plan->jobs[0].finish) > 0)
                snprintf(warning, size, "misses its deadline by %s",
                         when_format_duration(plan_lateness(&job->spec, plan->jobs[0].finish), late));
        else
                write_month(state, now, job, plan, warning, size);
}

/* Why it cannot be in time, as a clause behind what becomes of it. */
static const char *why_late(const struct job *job, enum fit_cause cause)
{
        if (cause == FIT_TIME && after_count(job) > 0)
                return ", as what it comes after ends too late for it";
        switch (cause) {
        case FIT_NOTHING:
                return "";
        case FIT_TIME:
                return ", as it would if it were alone";
        case FIT_GPUS:
                return ", as others have the GPUs";
        case FIT_POWER:
                return ", as there is not the power for it";
        case FIT_GPUS_AND_POWER:
                return ", as others have the GPUs and there is not the power for it";
        }
        return "";
}

/* What would help besides a later deadline; empty: nothing. */
static void write_remedy(const struct job *job, const struct deadline_fit *fit, char *text, size_t size)
{
        bool many = width_least_gpus(&job->spec) > 1;
        char begin[WHEN_TEXT_SIZE];

        text[0] = '\0';
        if (fit->release != 0 && after_count(job) == 0)
                snprintf(text, size, ", or with --begin %s", when_format_utc(fit->release / 60 * 60, begin));
        else if (many && fit->cause != FIT_TIME)
                snprintf(text, size, ", or perhaps with fewer GPUs");
}

/* Its hours end too late: with a deadline that it would meet. */
static void refuse_fit(struct turn *turn, const struct client *client, const struct job *job, int64_t finish,
                       const struct deadline_fit *fit, const char *warning)
{
        char deadline[WHEN_TEXT_SIZE], remedy[80];

        write_remedy(job, fit, remedy, sizeof(remedy));
        reply(turn, client, OFFPEAK_EDEADLINE, 0,
              "refused (--strict-deadline): it %s%s; it would be in time with --deadline %s%s", warning,
              why_late(job, fit->cause), when_format_utc(lone_deadline(finish), deadline), remedy);
}

static int find_fit(const struct state *state, const struct now *now, const struct job *job,
                    struct deadline_fit *ret_fit)
{
        struct lone lone;
        int code = lone_init(state, now, job, &lone);

        if (code != 0)
                return code;
        *ret_fit = (struct deadline_fit){ 0 };
        if (lone.question.problem != NULL)
                code = fit_deadline(&lone.question, job->spec.deadline, ret_fit);
        lone_finish(&lone);
        return code;
}

static void refuse_late(const struct state *state, const struct now *now, struct turn *turn,
                        const struct client *client, const struct job *job, const struct plan *plan,
                        const char *warning)
{
        int64_t finish = plan->n_jobs == 1 ? plan->jobs[0].finish : 0;
        struct deadline_fit fit;

        if (finish == 0) {
                reply(turn, client, OFFPEAK_EDEADLINE, 0,
                      "refused (--strict-deadline): it %s; submit it again later, or without --strict-deadline",
                      warning);
                return;
        }
        if (find_fit(state, now, job, &fit) != 0) {
                turn->failed = true;
                return;
        }
        refuse_fit(turn, client, job, finish > fit.deadline ? finish : fit.deadline, &fit, warning);
}

/* It is sound: has it hours, and is it let in? */
static void admit(const struct state *state, const struct input *input, const struct job *job, struct turn *turn)
{
        const struct client *client = &input->u.submit.client;
        struct plan_question question = { 0 };
        char warning[128];
        struct plan plan;

        if (plan_alone(state, &input->now, job, &question, &plan) != 0) {
                turn->failed = true;
                plan_question_finish(&question);
                return;
        }
        write_warning(state, &input->now, job, &plan, warning, sizeof(warning));
        if (warning[0] != '\0' && job->spec.strict_deadline) {
                refuse_late(state, &input->now, turn, client, job, &plan, warning);
        } else {
                record_job(turn, &input->now, client, job, warning);
                if (plan.n_jobs == 1)
                        record_hours(turn, &input->now, job, &question.problem, &plan);
                want_plan(state, &input->now, turn);
                reply(turn, client, OFFPEAK_OK, job->id, warning[0] != '\0' ? "%s" : NULL, warning);
        }
        plan_question_finish(&question);
        plan_finish(&plan);
}

/* As it will be on record: with what was learned of its name. */
static int foresee(const struct state *state, const struct client *client, struct job *job)
{
        job->uid = client->uid;
        profile_bind(state, job);
        return profile_teach(state, job);
}

void decide_submit(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.submit.client;
        struct job job = { .id = state->next_job,
                           .spec = *input->u.submit.spec, /* borrowed: never finished here */
                           .submitted_at = input->now.wall,
                           .state = OFFPEAK_JOB_QUEUED,
                           .total_s = input->u.submit.spec->time_s,
                           .site = NONE_U32,
                           .avoid_node = NONE_U32 };
        struct offpeak_width widths[OFFPEAK_MAX_WIDTHS];
        struct offpeak_error err = { 0 };

        if (answer_again(state, client, turn))
                return;
        if (client->uid == NONE_U32) {
                reply(turn, client, OFFPEAK_EPERMISSION, 0,
                      "the scheduler does not know under which account your job would run: over ipc the kernel tells; over tcp it is "
                      "that of your key's name, if its role is user or operator (root's: operator), and \"%s\" is no such account on the "
                      "scheduler's host", client->user);
                return;
        }
        if (check_widths(&job.spec, &err) != 0) {
                reply(turn, client, err.code, 0, "%s", err.text);
                return;
        }
        complete_widths(&job.spec, widths);
        if (foresee(state, client, &job) != 0)
                turn->failed = true;
        else if (check_spec(state, &input->now, &job, &err) != 0)
                reply(turn, client, err.code, 0, "%s", err.text);
        else
                admit(state, input, &job, turn);
        free(job.known);
}
