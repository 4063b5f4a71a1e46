/* SPDX-License-Identifier: Apache-2.0 */
/* answer_job.c - all about one job: what was asked, where it runs, when it ran, what it waits for, and why. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/health.h"
#include "core/month.h"
#include "core/move.h"
#include "core/width.h"
#include "core/work.h"
#include "io/answer_alternatives.h"
#include "io/answer_explain.h"
#include "io/answer_failure.h"
#include "io/answer_path.h"
#include "io/answer_ran.h"

/* ---- what was asked */

static json_t *words(struct answer *answer, char *const *list, size_t n)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n; i++)
                answer_add(answer, array, answer_text(list[i]));
        return array;
}

static const char *launcher_name(enum offpeak_launcher launcher)
{
        switch (launcher) {
        case OFFPEAK_LAUNCHER_NODE:
                return "node";
        case OFFPEAK_LAUNCHER_GPU:
                return "gpu";
        case OFFPEAK_LAUNCHER_HEAD:
                return "head";
        }
        return NULL;
}

static void put_spec(struct answer *answer, json_t *object, const struct job *job)
{
        const struct offpeak_job_spec *spec = &job->spec;
        const struct policy_class *class = state_class(answer->state, job);

        answer_put(answer, object, "command", words(answer, spec->argv, spec->argc));
        answer_put(answer, object, "launcher", answer_text(launcher_name(spec->launcher)));
        answer_put(answer, object, "directory", answer_text(spec->directory));
        answer_put(answer, object, "checkpoint_dir", answer_text(spec->checkpoint_dir));
        answer_put(answer, object, "site_asked", answer_text(spec->site));
        answer_put(answer, object, "constraint", words(answer, spec->features, spec->n_features));
        answer_put(answer, object, "exclusive", json_boolean(spec->exclusive));
        answer_put(answer, object, "switches", answer_known(spec->switches > 0, spec->switches));
        answer_put(answer, object, "power_w", answer_known(spec->power_w > 0, spec->power_w));
        answer_put(answer, object, "signal", answer_text(sigabbrev_np(spec->signal != 0 ? spec->signal : 15)));
        answer_put(answer, object, "signal_lead_s",
                   json_integer(spec->signal_lead_s != 0 ? spec->signal_lead_s : class->stop_grace_s));
        answer_put(answer, object, "interruptible", json_boolean(work_may_pause(job, class)));
        answer_put(answer, object, "may_move", json_boolean(move_is_allowed(answer->state, job)));
        answer_put(answer, object, "move_mb", json_integer(class->move_mb));
        answer_put(answer, object, "strict_deadline", json_boolean(spec->strict_deadline));
        answer_put(answer, object, "delay_cost_micro_per_gpu_hour", json_integer(class->delay_cost));
}

/* ---- whom it waits for */

enum { MOST_NODES_OUT = 8 };

/* Nodes that take no jobs now, where a queued job waits for what nodes have. */
static json_t *nodes_out(struct answer *answer, const struct job *job, const json_t *waits_for)
{
        static const char *const kinds[] = { "nodes", "features", "switches", "devices" };
        const struct state *state = answer->state;
        json_t *list = json_array();
        bool waits = false;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && json_is_string(waits_for); i++)
                waits = waits || strcmp(kinds[i], json_string_value(waits_for)) == 0;
        for (uint32_t i = 0; waits && i < state->n_nodes && json_array_size(list) < MOST_NODES_OUT; i++) {
                const struct node *node = &state->nodes[i];
                json_t *item;

                if (health_takes_jobs(node) || (job->spec.site != NULL && strcmp(job->spec.site, node->site) != 0))
                        continue;
                item = json_object();
                answer_put(answer, item, "name", answer_text(node->name));
                answer_put(answer, item, "status", json_string(answer_session(node)));
                answer_put(answer, item, "drain_reason", answer_text(node->drain_reason));
                answer_add(answer, list, item);
        }
        return list;
}

/* ---- its output */

/* The rank whose files are asked for: `rank`, or 0; in ret_node its node's place in the gang, by the width that the job has, or had last. */
static int take_rank(const struct answer *answer, const struct job *job, uint32_t *ret_rank, uint32_t *ret_node,
                     struct offpeak_error *err)
{
        const json_t *rank = json_object_get(answer->arguments, "rank");
        const struct offpeak_width width = width_of(&job->spec, job->attempts > 0 ? job->attempt.mode : 0);
        const uint32_t each = job->spec.launcher == OFFPEAK_LAUNCHER_GPU ? width.gpus_per_node : 1;
        const json_int_t ranks = job->spec.launcher == OFFPEAK_LAUNCHER_HEAD ? 1 : (json_int_t)width.nodes * each;

        if (rank != NULL && (!json_is_integer(rank) || json_integer_value(rank) < 0 || json_integer_value(rank) >= ranks))
                return fail(err, OFFPEAK_EINVAL, "job %" PRIu64 " has the ranks 0 to %lld: \"rank\" is none of them", job->id,
                            (long long)ranks - 1);
        *ret_rank = rank != NULL ? (uint32_t)json_integer_value(rank) : 0;
        *ret_node = each > 0 ? *ret_rank / each : 0;
        return 0;
}

static void put_output(struct answer *answer, json_t *object, const struct job *job, uint32_t rank, uint32_t node)
{
        const struct offpeak_job_spec *spec = &job->spec;
        const char *out = spec->stdout_path != NULL ? spec->stdout_path : "offpeak-%j.out";

        answer_put(answer, object, "rank", json_integer(rank));
        answer_put(answer, object, "rank_node",
                   answer_text(node < job->attempt.n_legs ? answer->state->nodes[job->attempt.legs[node].node].name : NULL));
        answer_put(answer, object, "stdout_path", answer_path(job, out, job->attempts, node, rank));
        answer_put(answer, object, "stderr_path",
                   spec->stderr_path != NULL ? answer_path(job, spec->stderr_path, job->attempts, node, rank) : json_null());
}

/* ---- where it runs */

static const char *leg_state(enum leg_state state)
{
        switch (state) {
        case LEG_ORDERED:
                return "ordered";
        case LEG_ARMED:
                return "armed";
        case LEG_RUNNING:
                return "running";
        case LEG_ENDED:
                return "ended";
        }
        return NULL;
}

static json_t *leg_object(struct answer *answer, const struct leg *leg)
{
        const struct node *node = &answer->state->nodes[leg->node];
        bool ended = leg->state == LEG_ENDED;
        json_t *object = json_object(), *devices = json_array();

        for (int64_t d = 0; d < 64; d++)
                if ((leg->devices >> d & 1) != 0)
                        answer_add(answer, devices, json_integer(d));
        answer_put(answer, object, "node", answer_text(node->name));
        answer_put(answer, object, "node_status", json_string(answer_session(node)));
        answer_put(answer, object, "devices", devices);
        answer_put(answer, object, "state", answer_text(leg_state(leg->state)));
        answer_put(answer, object, "started_utc", answer_utc(leg->started_at));
        answer_put(answer, object, "ended_how", answer_text(ended ? answer_leg_how(leg->how) : NULL));
        answer_put_status(answer, object, ended && (leg->how == LEG_EXIT || leg->how == LEG_ASKED), leg->status);
        answer_put(answer, object, "killed", ended ? json_boolean(leg->killed) : json_null());
        answer_put(answer, object, "energy_j", json_integer(leg->joules));
        answer_put(answer, object, "booked_until_utc", answer_utc(leg->booked_until));
        return object;
}

/* Legs are also stopped because the one that they worked for has ended, which is no failure. */
static const char *stop_reason(const struct job *job)
{
        const struct leg *head = &job->attempt.legs[0];

        if (job->attempt.stop == STOP_LEG_FAILED && job->spec.launcher == OFFPEAK_LAUNCHER_HEAD &&
            head->state == LEG_ENDED && head->how == LEG_EXIT && head->before_stop)
                return "head_ended";
        return answer_stop_reason(job->attempt.stop);
}

static json_t *attempt_object(struct answer *answer, const struct job *job)
{
        static const char *const states[] = { [ATTEMPT_ARMING] = "arming", [ATTEMPT_GOING] = "going",
                                              [ATTEMPT_STOPPING] = "stopping" };
        const struct attempt *attempt = &job->attempt;
        json_t *object, *legs;

        if (job->attempts == 0)
                return json_null();
        object = json_object();
        legs = json_array();
        for (uint32_t i = 0; i < attempt->n_legs; i++)
                answer_add(answer, legs, leg_object(answer, &attempt->legs[i]));
        answer_put(answer, object, "number", json_integer(attempt->number));
        answer_put(answer, object, "state",
                   json_string(job->state == OFFPEAK_JOB_ACTIVE ? states[attempt->state] : "over"));
        answer_put(answer, object, "stop_reason", answer_text(stop_reason(job)));
        answer_put(answer, object, "launched_utc", answer_utc(attempt->launched_at));
        answer_put(answer, object, "lease_s", json_integer(attempt->lease_ms / 1000));
        answer_put(answer, object, "grace_s", json_integer(attempt->grace_s));
        answer_put(answer, object, "on_lost", json_string(attempt->on_lost == ON_LOST_RELAUNCH ? "relaunch" : "wait"));
        answer_put(answer, object, "legs", legs);
        return object;
}

static json_t *late_exits(struct answer *answer, const struct job *job)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < job->n_late_exits; i++) {
                json_t *item = json_object();

                answer_put(answer, item, "attempt", json_integer(job->late_exits[i].attempt));
                answer_put(answer, item, "node", answer_text(answer->state->nodes[job->late_exits[i].node].name));
                answer_put_status(answer, item, true, job->late_exits[i].status);
                answer_add(answer, list, item);
        }
        return list;
}

/* ---- when, and why */

static int put_ran(struct answer *answer, json_t *object, const struct job *job, struct offpeak_error *err)
{
        json_t *list;
        struct ran *ran;
        size_t n;
        int r = answer_ran(answer, job->id, job->submitted_at, &ran, &n, err);

        if (r != 0)
                return r;
        list = json_array();
        for (size_t i = 0; i < n; i++) {
                json_t *item = json_object();

                answer_put(answer, item, "start_utc", answer_utc(ran[i].start));
                answer_put(answer, item, "end_utc", answer_utc(ran[i].end));
                answer_put(answer, item, "site",
                           answer_text(ran[i].site < answer->state->n_sites ? answer->state->sites[ran[i].site].name
                                                                            : NULL));
                answer_put(answer, item, "energy_j", json_integer(ran[i].joules));
                answer_put(answer, item, "cost_micro", json_integer(ran[i].cost));
                answer_put(answer, item, "unpriced_energy_j", json_integer(ran[i].unpriced_joules));
                answer_add(answer, list, item);
        }
        free(ran);
        answer_put(answer, object, "ran", list);
        return 0;
}

/* What its class may hold in a month, and has held in this one. */
static json_t *gpu_hours(struct answer *answer, const struct job *job)
{
        const struct policy_class *class = state_class(answer->state, job);
        int64_t wall = answer->now.wall;
        json_t *object;

        if (class->quota_gpu_hours == 0)
                return json_null();
        object = json_object();
        answer_put(answer, object, "per_month", json_integer(class->quota_gpu_hours));
        answer_put(answer, object, "used", answer_real((double)month_used(answer->state, class, wall) / 3600));
        answer_put(answer, object, "free_utc", answer_utc(month_next(wall)));
        return object;
}

int answer_job(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "job", "rank", NULL };
        const struct job *job;
        uint32_t rank, node;
        json_t *object;
        int r = answer_expect(answer, names, err);

        if (r == 0)
                r = answer_argument_job(answer, &job, err);
        if (r == 0)
                r = take_rank(answer, job, &rank, &node, err);
        if (r != 0)
                return r;
        object = answer_job_summary(answer, job);
        put_spec(answer, object, job);
        put_output(answer, object, job, rank, node);
        answer_put(answer, object, "nodes_out", nodes_out(answer, job, json_object_get(object, "waits_for")));
        answer_put(answer, object, "gpu_hours", gpu_hours(answer, job));
        answer_put(answer, object, "losses", json_integer(job->losses));
        answer_put(answer, object, "failure", answer_failure(answer, job));
        answer_put(answer, object, "attempt", attempt_object(answer, job));
        answer_put(answer, object, "late_exits", late_exits(answer, job));
        answer_put(answer, object, "explanation", answer_explanation(answer, job));
        answer_put(answer, object, "deadline_fit", answer_deadline_fit(answer, job));
        answer_put(answer, answer->root, "job", object);
        return put_ran(answer, object, job, err);
}
