/* SPDX-License-Identifier: Apache-2.0 */
/* answer_jobs.c - the jobs, one line of facts each. */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "core/after.h"
#include "core/fit.h"
#include "core/move.h"
#include "core/pin.h"
#include "core/possible.h"
#include "core/due.h"
#include "core/width.h"
#include "core/work.h"
#include "io/answer_parts.h"
#include "io/answer_pause.h"

static const char *const statuses[] = { "queued", "planned",  "held", "paused", "retrying",  "starting", "running",
                                        "silent", "stopping", "done", "failed", "cancelled", "active",   NULL };

static const char *state_text(enum offpeak_job_state state)
{
        switch (state) {
        case OFFPEAK_JOB_QUEUED:
                return "queued";
        case OFFPEAK_JOB_ACTIVE:
                return "active";
        case OFFPEAK_JOB_DONE:
                return "done";
        case OFFPEAK_JOB_FAILED:
                return "failed";
        case OFFPEAK_JOB_CANCELLED:
                return "cancelled";
        }
        return NULL;
}

static const char *end_text(enum job_end end)
{
        switch (end) {
        case END_NONE:
                return NULL;
        case END_DONE:
                return "done";
        case END_EXIT:
                return "exit";
        case END_CANCELLED:
                return "cancelled";
        case END_LOST:
                return "lost";
        case END_LIMIT:
                return "time_limit";
        }
        return NULL;
}

/* Where it is bound to, else where it is planned, else where it was asked to be. */
static const struct site *site_of(const struct state *state, const struct job *job)
{
        uint32_t id = job->site != NONE_U32 ? job->site : job->n_planned > 0 ? job->planned[0].site : NONE_U32;

        if (id < state->n_sites)
                return &state->sites[id];
        return job->spec.site != NULL ? state_site(state, job->spec.site) : NULL;
}

/* Of the work: what the job said, or else what its time of running makes probable. */
static double done_fraction(const struct answer *answer, const struct job *job)
{
        double fraction = job->fraction;

        if (job->state == OFFPEAK_JOB_DONE)
                return 1;
        if (!job->fraction_reported && job->state == OFFPEAK_JOB_ACTIVE && job->attempt.go && job->total_s > 0) {
                const struct policy_class *class = state_class(answer->state, job);

                fraction += work_since_known(job, class, answer->now.wall) / (double)job->total_s;
        }
        return fraction < 1 ? fraction : 1;
}

static void put_progress(struct answer *answer, json_t *object, const struct job *job)
{
        bool reported = job->fraction_reported || job->state == OFFPEAK_JOB_DONE; /* its exit said so */

        answer_put(answer, object, "done_fraction", answer_real(done_fraction(answer, job)));
        answer_put(answer, object, "done_source", json_string(reported ? "reported" : "estimated"));
        answer_put(answer, object, "time_s", json_integer(job->spec.time_s));
        answer_put(answer, object, "total_s", json_integer(job->total_s));
        answer_put(answer, object, "ran_s", json_integer(job->ran_s));
        answer_put(answer, object, "attempts", json_integer(job->attempts));
        answer_put(answer, object, "pauses", json_integer(job->pauses));
}

/* Of each GPU's limit; null: none. */
static json_t *cap(const struct job *job, uint32_t mode)
{
        uint32_t ppm = width_cap_ppm(&job->spec, mode);

        return ppm > 0 ? answer_real((double)ppm / 1e6) : json_null();
}

static json_t *widths(struct answer *answer, const struct job *job)
{
        json_t *list = json_array();

        for (uint32_t mode = 0; mode < width_count(&job->spec); mode++) {
                struct offpeak_width width = width_of(&job->spec, mode);
                json_t *item = json_object();

                answer_put(answer, item, "gpus", json_integer((json_int_t)width_gpus(&job->spec, mode)));
                answer_put(answer, item, "nodes", json_integer(width.nodes));
                answer_put(answer, item, "gpus_per_node", json_integer(width.gpus_per_node));
                answer_put(answer, item, "speed", answer_real(width_speed(job, mode)));
                answer_put(answer, item, "power_w", answer_known(width_power(job, mode) != 0, width_power(job, mode)));
                answer_add(answer, list, item);
        }
        return list;
}

/* The one it has, or comes to next; as asked for where nothing is planned. */
static uint32_t present_mode(const struct answer *answer, const struct job *job)
{
        if (job->state != OFFPEAK_JOB_QUEUED && job->attempts > 0)
                return job->attempt.mode;
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].end > answer->now.wall)
                        return job->planned[i].mode;
        return 0;
}

static void put_width(struct answer *answer, json_t *object, const struct job *job)
{
        uint32_t mode = present_mode(answer, job);
        struct offpeak_width width = width_of(&job->spec, mode);

        answer_put(answer, object, "nodes", json_integer(width.nodes));
        answer_put(answer, object, "gpus_per_node", json_integer(width.gpus_per_node));
        answer_put(answer, object, "gpus", json_integer((json_int_t)width.nodes * width.gpus_per_node));
        answer_put(answer, object, "cap", cap(job, mode));
        answer_put(answer, object, "widths", job->spec.n_widths > 0 ? widths(answer, job) : json_null());
}

static json_t *intervals(struct answer *answer, const struct job *job, const struct plan_interval *hours, uint32_t n)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < n; i++) {
                const struct plan_interval *interval = &hours[i];
                json_t *item;

                if (interval->end <= answer->now.wall)
                        continue;
                item = json_object();
                answer_put(answer, item, "start_utc", answer_utc(interval->start));
                answer_put(answer, item, "end_utc", answer_utc(interval->end));
                answer_put(answer, item, "site", answer_text(interval->site < answer->state->n_sites
                                                                     ? answer->state->sites[interval->site].name
                                                                     : NULL));
                answer_put(answer, item, "gpus", json_integer(width_gpus(&job->spec, interval->mode)));
                answer_put(answer, item, "cap", cap(job, interval->mode));
                answer_add(answer, list, item);
        }
        return list;
}

/* Where its hours to come are elsewhere than where it ran before. */
static json_t *moves(struct answer *answer, const struct job *job, bool planned)
{
        const struct state *state = answer->state;
        uint32_t at = job->site;
        json_t *list = json_array();

        for (uint32_t i = 0; planned && i < job->n_planned; i++) {
                const struct plan_interval *interval = &job->planned[i];
                json_t *item;

                if (interval->end <= answer->now.wall || interval->site >= state->n_sites)
                        continue;
                if (at < state->n_sites && at != interval->site) {
                        item = json_object();
                        answer_put(answer, item, "from", answer_text(state->sites[at].name));
                        answer_put(answer, item, "to", answer_text(state->sites[interval->site].name));
                        answer_put(answer, item, "start_utc", answer_utc(interval->start));
                        answer_put(answer, item, "cost_micro", json_integer(move_price(state, job, &state->sites[at])));
                        answer_add(answer, list, item);
                }
                at = interval->site;
        }
        return list;
}

/* Seconds behind its owner's deadline, as planned; the planner's own may be an earlier one, of its class. */
static json_t *late(const struct job *job, bool planned)
{
        int64_t behind = job->planned_finish - job->spec.deadline;

        return answer_known(planned && job->spec.deadline != 0 && job->planned_finish != 0, behind > 0 ? behind : 0);
}

/* What its hours must end by. */
static const char *limit(const struct answer *answer, const struct job *job)
{
        if (due_class_decides(answer->state, job))
                return "max_delay";
        return job->spec.deadline != 0 ? "deadline" : NULL;
}

/*
 * Currency: what was booked when the plan was made, and the plan; of a plan that grows old the hours behind it are booked already.
 * What is left of a plan that costs costs no less than nothing, and what is left of one that pays no more.
 */
static double expected_cost(const struct job *job)
{
        double planned = job->planned_cost + (double)job->cost_when_planned * 1e-6;
        double booked = (double)(job->cost + job->overhead_cost) * 1e-6;

        return job->planned_cost < 0 ? fmin(planned, booked) : fmax(planned, booked);
}

static void put_plan(struct answer *answer, json_t *object, const struct job *job)
{
        bool planned = job->reason != 0 && job->state <= OFFPEAK_JOB_ACTIVE && !job->held;
        bool priced = planned && job->reason != PLAN_NO_PRICE && job->reason != PLAN_IMPOSSIBLE;
        json_t *planned_list = planned ? intervals(answer, job, job->planned, job->n_planned) : json_array();

        answer_put(answer, object, "planned", planned_list);
        answer_put(answer, object, "moves", moves(answer, job, planned));
        answer_put(answer, object, "planned_finish_utc", planned ? answer_utc(job->planned_finish) : json_null());
        answer_put(answer, object, "late_s", late(job, planned));
        answer_put(answer, object, "reason", answer_text(planned ? plan_reason_name(job->reason) : NULL));
        answer_put(answer, object, "limit", answer_text(planned ? limit(answer, job) : NULL));
        answer_put(answer, object, "planned_cost_micro", priced ? answer_money(job->planned_cost) : json_null());
        answer_put(answer, object, "expected_cost_micro", priced ? answer_money(expected_cost(job)) : json_null());
        answer_put(answer, object, "planned_run_now_cost_micro",
                   priced ? answer_money(job->planned_run_now_cost) : json_null());
}

static json_t *pinned(struct answer *answer, const struct job *job)
{
        json_t *object;

        if (job->state > OFFPEAK_JOB_ACTIVE || !pin_holds(job, answer->now.wall))
                return json_null();
        object = json_object();
        answer_put(answer, object, "kept", json_boolean(job->reason == PLAN_PINNED));
        answer_put(answer, object, "hours", intervals(answer, job, job->pins, job->n_pins));
        return object;
}

/* Without any carbon series at its site nobody knows what a job emitted; 0 would be a claim. */
static bool carbon_is_known(const struct answer *answer, const struct job *job)
{
        const struct site *site = site_of(answer->state, job);

        return job->joules == 0 || job->carbon_mg != 0 || (site != NULL && site->series[SERIES_CARBON].n_points > 0);
}

static void put_books(struct answer *answer, json_t *object, const struct job *job)
{
        answer_put(answer, object, "energy_j", json_integer(job->joules + job->overhead_joules));
        answer_put(answer, object, "unpriced_energy_j", json_integer(job->unpriced_joules));
        answer_put(answer, object, "cost_micro", json_integer(job->cost + job->overhead_cost));
        answer_put(answer, object, "carbon_mg",
                   answer_known(carbon_is_known(answer, job), job->carbon_mg + job->overhead_carbon_mg));
}

/* A job without hours: what no site has for it; NULL: it has only to wait for its turn. */
static const char *lacks(const struct answer *answer, const struct job *job)
{
        if (job->reason != PLAN_IMPOSSIBLE)
                return NULL;
        switch (possible_lack(answer->state, &answer->now, job)) {
        case LACK_NODES:
                return "nodes";
        case LACK_POWER:
                return "power";
        case LACK_QUOTA:
                return "quota";
        case LACK_MONTH:
                return "gpu_hours";
        case LACK_FEATURES:
                return "features";
        case LACK_SWITCHES:
                return "switches";
        case LACK_NOTHING:
                break;
        }
        return NULL;
}

/* A job whose hours have begun: what it still lacks to start. */
static const char *lacks_now(const struct answer *answer, const struct job *job, const struct plan_interval *present)
{
        uint32_t site = present->site;

        if (!fit_quota(answer->state, job, present->mode))
                return "quota";
        if (!fit_month(answer->state, job, answer->now.wall))
                return "gpu_hours";
        if (site < answer->state->n_sites &&
            !fit_power(answer->state, job, present->mode, &answer->state->sites[site], answer->now.wall))
                return "power";
        return "devices";
}

/* What a queued job waits for; NULL: nothing, or it is not queued. */
static const char *waits_for(const struct answer *answer, const struct job *job)
{
        int64_t now = answer->now.wall;

        if (job->state != OFFPEAK_JOB_QUEUED)
                return NULL;
        if (job->held)
                return job->unmet ? "dependency_never" : "release";
        if (answer->state->fenced_start)
                return "recovery";
        if (lacks(answer, job) != NULL)
                return lacks(answer, job);
        if (after_look(answer->state, job, NULL) != AFTER_MET)
                return "dependency";
        if (job->spec.begin > now)
                return "begin";
        if (job->not_before_ms > answer->now.mono_ms)
                return "backoff";
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].start <= now && now < job->planned[i].end)
                        return lacks_now(answer, job, &job->planned[i]);
        if (job->reason == PLAN_MONTH)
                return "gpu_hours";
        return job->n_planned > 0 ? "hours" : "plan";
}

/* The jobs that it comes after, ended or not. */
static json_t *after(struct answer *answer, const struct job *job)
{
        json_t *list = json_array();

        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(answer->state, job, i);
                const struct job *other = link.other;
                json_t *item = json_object();

                answer_put(answer, item, "id", json_integer((json_int_t)link.id));
                answer_put(answer, item, "name", answer_text(other != NULL ? other->spec.name : NULL));
                answer_put(answer, item, "kind", json_string(link.ok && !job->anyhow ? "afterok" : "afterany"));
                answer_put(answer, item, "status",
                           answer_text(other != NULL ? answer_job_status(answer->state, other) : NULL));
                answer_put(answer, item, "ended", json_boolean(!after_is_open(&link)));
                answer_put(answer, item, "planned_finish_utc",
                           after_is_open(&link) && !other->held && other->n_planned > 0 ? answer_utc(other->planned_finish)
                                                                                        : json_null());
                answer_add(answer, list, item);
        }
        return list;
}

json_t *answer_job_summary(struct answer *answer, const struct job *job)
{
        const struct offpeak_job_spec *spec = &job->spec;
        const struct site *site = site_of(answer->state, job);
        const char *currency =
                site != NULL ? answer_site_currency(answer->state, site) : answer_currency(answer->state);
        json_t *object = json_object();
        bool ended = job->state >= OFFPEAK_JOB_DONE;

        answer_put(answer, object, "id", json_integer((json_int_t)job->id));
        answer_put(answer, object, "name", answer_text(spec->name));
        answer_put(answer, object, "user", answer_text(job->user));
        answer_put(answer, object, "uid", json_integer(job->uid));
        answer_put(answer, object, "class", answer_text(spec->class_name != NULL ? spec->class_name : "default"));
        answer_put(answer, object, "site", answer_text(site != NULL ? site->name : NULL));
        answer_put(answer, object, "state", answer_text(state_text(job->state)));
        answer_put(answer, object, "status", answer_text(answer_job_status(answer->state, job)));
        put_width(answer, object, job);
        answer_put(answer, object, "submitted_utc", answer_utc(job->submitted_at));
        answer_put(answer, object, "begin_utc", answer_utc(spec->begin));
        answer_put(answer, object, "deadline_utc", answer_utc(spec->deadline));
        answer_put(answer, object, "started_utc", answer_utc(job->first_started_at));
        answer_put(answer, object, "ended_utc", answer_utc(job->ended_at));
        answer_put(answer, object, "end", answer_text(ended ? end_text(job->end) : NULL));
        answer_put_status(answer, object, ended && (job->end == END_EXIT || job->end == END_DONE), job->status);
        put_progress(answer, object, job);
        answer_put(answer, object, "last_pause", answer_pause(answer, job));
        put_plan(answer, object, job);
        answer_put(answer, object, "pinned", pinned(answer, job));
        answer_put(answer, object, "waits_for", answer_text(waits_for(answer, job)));
        answer_put(answer, object, "after", after(answer, job));
        answer_put(answer, object, "currency", answer_text(currency));
        put_books(answer, object, job);
        return object;
}

/* ---- the list */

struct filter {
        const char *status, *user;
        bool all;
};

static int read_filter(const struct answer *answer, struct filter *ret_filter, struct offpeak_error *err)
{
        static const char *const names[] = { "status", "user", "all", NULL };
        struct filter filter = { 0 };
        size_t i = 0;
        int r;

        r = answer_expect(answer, names, err);
        if (r == 0)
                r = answer_argument_text(answer, "status", &filter.status, err);
        if (r == 0)
                r = answer_argument_text(answer, "user", &filter.user, err);
        if (r == 0)
                r = answer_argument_bool(answer, "all", &filter.all, err);
        if (r != 0)
                return r;
        while (filter.status != NULL && statuses[i] != NULL && strcmp(statuses[i], filter.status) != 0)
                i++;
        if (filter.status != NULL && statuses[i] == NULL) {
                const char *nearest = text_nearest(filter.status, statuses, i);
                char all[256] = "";

                for (size_t used = i = 0; statuses[i] != NULL && used < sizeof(all); i++)
                        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "", statuses[i]);
                return fail(err, OFFPEAK_EINVAL, "there is no job state \"%.40s\"%s%s%s; there are %s", filter.status,
                            nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                            nearest != NULL ? "\"?)" : "", all);
        }
        *ret_filter = filter;
        return 0;
}

/* A status names the finer word or the job's coarse state; asking for one includes jobs that have ended. */
static bool wanted(const struct state *state, const struct job *job, const struct filter *filter)
{
        if (filter->user != NULL && (job->user == NULL || strcmp(filter->user, job->user) != 0))
                return false;
        if (filter->status != NULL)
                return strcmp(filter->status, answer_job_status(state, job)) == 0 ||
                       strcmp(filter->status, state_text(job->state)) == 0;
        return filter->all || job->state <= OFFPEAK_JOB_ACTIVE;
}

int answer_jobs(struct answer *answer, struct offpeak_error *err)
{
        json_t *list;
        struct filter filter;
        int r = read_filter(answer, &filter, err);

        if (r != 0)
                return r;
        list = json_array();
        for (size_t i = 0; i < answer->state->n_jobs; i++)
                if (wanted(answer->state, &answer->state->jobs[i], &filter))
                        answer_add(answer, list, answer_job_summary(answer, &answer->state->jobs[i]));
        answer_put(answer, answer->root, "plan_version", json_integer((json_int_t)answer->state->plan.version));
        answer_put(answer, answer->root, "jobs", list);
        return 0;
}
