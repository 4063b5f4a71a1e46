/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/job.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "core/copy.h"
#include "core/room.h"
#include "core/width.h"
#include "trial/needs.h"
#include "trial/widths.h"

void trial_init(struct trial *trial)
{
        memset(trial, 0, sizeof(*trial));
        policy_init(&trial->policy);
}

static void finish_all(struct series *series, size_t n)
{
        for (size_t i = 0; i < n; i++)
                series_finish(&series[i]);
        free(series);
}

void trial_finish(struct trial *trial)
{
        finish_all(trial->truth, trial->n_truth);
        finish_all(trial->seen, trial->n_seen);
        finish_all(trial->paid, trial->n_paid);
        trace_finish(&trial->trace);
        policy_finish(&trial->policy);
        outages_finish(&trial->hardware.outages);
        free(trial->nodes);
        free(trial->classes);
        profiles_finish(&trial->profiles);
        free(trial->widths);
        free(trial->first_width);
        memset(trial, 0, sizeof(*trial));
}

int trial_take(struct trial *trial, struct series *series, enum trial_role role)
{
        struct series **lists[] = { &trial->truth, &trial->seen, &trial->paid };
        size_t *sizes[] = { &trial->n_truth, &trial->n_seen, &trial->n_paid };
        struct series *kept = room_for_one((void **)lists[role], *sizes[role], sizeof(*kept));

        if (kept == NULL)
                return OFFPEAK_ENOMEM;
        *kept = *series;
        series_init(series, kept->kind);
        *sizes[role] += 1;
        return 0;
}

static const struct series *find(const struct series *series, size_t n, const char *site, enum series_kind kind)
{
        for (size_t i = 0; i < n; i++)
                if (series[i].kind == kind && strcmp(series[i].site, site) == 0)
                        return &series[i];
        return NULL;
}

const struct series *trial_truth(const struct trial *trial, const char *site, enum series_kind kind)
{
        return find(trial->truth, trial->n_truth, site, kind);
}

const struct series *trial_seen(const struct trial *trial, const char *site, enum series_kind kind)
{
        const struct series *seen = find(trial->seen, trial->n_seen, site, kind);

        return seen != NULL ? seen : trial_truth(trial, site, kind);
}

static const struct series *find_paid(const struct trial *trial, const char *site, enum series_kind kind)
{
        const struct series *paid = find(trial->paid, trial->n_paid, site, kind);

        return paid != NULL ? paid : trial_truth(trial, site, kind);
}

struct site_supply trial_supply(const struct trial *trial, const struct policy_site *site, enum trial_role role)
{
        const struct series *(*look)(const struct trial *trial, const char *site, enum series_kind kind) =
                role == TRIAL_SEEN   ? trial_seen
                : role == TRIAL_PAID ? find_paid
                                     : trial_truth;
        struct site_supply supply = { .terms = site->terms };

        supply.price = look(trial, site->name, SERIES_PRICE);
        supply.carbon = look(trial, site->name, SERIES_CARBON);
        supply.capacity = look(trial, site->name, SERIES_CAPACITY);
        supply.limit = look(trial, site->name, SERIES_LIMIT);
        supply.export_price = look(trial, site->name, (enum series_kind)SERIES_EXPORT_PRICE);
        supply.solar = look(trial, site->name, (enum series_kind)SERIES_SOLAR);
        for (int i = 0; i < SUPPLY_MAX_PPAS; i++)
                supply.ppas[i] = look(trial, site->name, (enum series_kind)((int)SERIES_PPA + i));
        return supply;
}

double trial_idle_w(const struct trial *trial, const struct policy_site *site)
{
        double idle_w = 0;

        for (size_t i = 0; i < trial->n_nodes; i++)
                if (strcmp(trial->nodes[i].site, site->name) == 0)
                        idle_w += (double)trial->nodes[i].idle_w;
        return (double)site->terms.pue_fixed_w + (double)site->terms.pue_ppm * 1e-6 * idle_w;
}

uint32_t trial_gpus(const struct trial *trial, const char *site)
{
        uint32_t gpus = 0;

        for (size_t i = 0; i < trial->n_nodes; i++)
                if (site == NULL || strcmp(trial->nodes[i].site, site) == 0)
                        gpus += trial->nodes[i].gpus;
        return gpus;
}

/* ---- time */

/* What is known of a series without a hole that begins it. */
static int common_time(struct trial *trial, struct offpeak_error *err)
{
        char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

        trial->from = trial->not_before != 0 ? trial->not_before : INT64_MIN;
        trial->to = trial->not_after != 0 ? trial->not_after : INT64_MAX;
        for (size_t i = 0; i < trial->n_truth; i++) {
                const struct series *series = &trial->truth[i];

                if (series->n_points == 0)
                        return fail(err, OFFPEAK_EINVAL, "%s: there is nothing in it", series->source);
                if (series->points[0].start > trial->from)
                        trial->from = series->points[0].start;
                if (series->end < trial->to)
                        trial->to = series->end;
        }
        if (trial->n_truth == 0)
                return fail(err, OFFPEAK_EINVAL, "there is no series: name a file with --price or --carbon");
        if (trial->from >= trial->to)
                return fail(err, OFFPEAK_EINVAL, "the series have no time in common: one begins at %s, another ends at %s",
                            when_format_utc(trial->from, from), when_format_utc(trial->to, to));
        return 0;
}

static bool is_before(const void *context, const struct trace_job *job)
{
        return job->submit < ((const struct trial *)context)->from;
}

static bool is_after(const void *context, const struct trace_job *job)
{
        return job->submit + job->duration_s > ((const struct trial *)context)->to;
}

/* ---- shapes */

static bool is_too_wide(const void *context, const struct trace_job *job)
{
        uint32_t nodes, each;

        return !needs_nodes(context, job, job->gpus, &nodes, &each);
}

/* ---- power */

/* The time in which a scheduler looks for a job's power: what it plans, as far as anything is known of it. */
static int64_t looked_at_until(const struct trial *trial, const struct trace_job *job)
{
        int64_t horizon = trial->policy.plan_horizon_s;

        return horizon > 0 && horizon < trial->to - job->submit ? job->submit + horizon : trial->to;
}

static bool site_has_nodes(const struct trial *trial, const struct policy_site *site, const struct trace_job *job)
{
        uint32_t nodes, each;

        return needs_nodes(trial, job, job->gpus, &nodes, &each) && needs_nodes_at(trial, site, job, each) >= nodes;
}

/* What is asked of each job; sums over all nodes are made once. */
struct power_check {
        const struct trial *trial;
        double *idle_w; /* owned, of each site */
};

/* W at the meter with the job alone. */
static int64_t needed_w(const struct power_check *check, size_t site, const struct trace_job *job)
{
        double pue = (double)check->trial->policy.sites[site].terms.pue_ppm * 1e-6;

        return (int64_t)floor(check->idle_w[site] + pue * needs_watts(check->trial, job) + 1e-6);
}

/*
 * The most that a site gives from the job's submission on; no search beyond what will do. INT64_MAX: as much as may be,
 * or nobody knows it of each hour.
 */
static int64_t highest_limit(const struct trial *trial, const struct policy_site *site, const struct trace_job *job,
                             int64_t will_do)
{
        struct site_supply supply = trial_supply(trial, site, TRIAL_TRUTH);
        int64_t until = looked_at_until(trial, job), highest = 0;

        supply.price = supply.carbon = supply.export_price = NULL; /* their edges do not matter here */
        for (int64_t t = job->submit; t < until && highest < will_do; t = site_supply_next_edge(&supply, t)) {
                struct supply_curve curve = site_supply_at(&supply, t);
                int64_t limit = supply_limit(&curve);

                if (!site_supply_is_known(&supply, t))
                        return INT64_MAX;
                highest = limit > highest ? limit : highest;
        }
        return highest;
}

/* What a site needs for a job, and has. */
struct power_lack {
        int64_t needed_w, limit_w;
};

static struct power_lack power_at(const struct power_check *check, size_t site, const struct trace_job *job)
{
        int64_t needed = needed_w(check, site, job);

        return (struct power_lack){ needed,
                                    highest_limit(check->trial, &check->trial->policy.sites[site], job, needed) };
}

/* Mostly so, and then nobody need look at the nodes. */
static bool suffices_everywhere(const struct power_check *check, const struct trace_job *job)
{
        for (size_t s = 0; s < check->trial->policy.n_sites; s++) {
                struct power_lack at = power_at(check, s, job);

                if (at.limit_w < at.needed_w)
                        return false;
        }
        return true;
}

/* Whether no site that has the nodes ever has the power; then what the one that lacks the least needs, and has. */
static bool lacks_power(const struct power_check *check, const struct trace_job *job, struct power_lack *ret_lack)
{
        bool lacks = false;

        if (suffices_everywhere(check, job))
                return false;
        for (size_t s = 0; s < check->trial->policy.n_sites; s++) {
                struct power_lack at = power_at(check, s, job);

                if (!site_has_nodes(check->trial, &check->trial->policy.sites[s], job))
                        continue;
                if (at.limit_w >= at.needed_w)
                        return false;
                if (!lacks || at.needed_w - at.limit_w < ret_lack->needed_w - ret_lack->limit_w)
                        *ret_lack = at;
                lacks = true;
        }
        return lacks;
}

static bool is_too_strong(const void *context, const struct trace_job *job)
{
        struct power_lack lack;

        return lacks_power(context, job, &lack);
}

/* The first of them says what it lacks. */
static void sift_by_power(struct trial *trial, const struct power_check *check)
{
        char needed[TEXT_SIZE], limit[TEXT_SIZE], says[2 * TEXT_SIZE + 60];
        struct power_lack lack;
        size_t j = 0;

        while (j < trial->trace.n && !lacks_power(check, &trial->trace.jobs[j], &lack))
                j++;
        if (j == trial->trace.n)
                return;
        snprintf(says, sizeof(says), "it needs %s at the meter, and there are no more than %s",
                 text_format_power(lack.needed_w, needed), text_format_power(lack.limit_w, limit));
        trace_sift(&trial->trace, TRACE_TOO_STRONG, is_too_strong, check, says);
}

static int sift_power(struct trial *trial)
{
        struct power_check check = { trial, calloc(trial->policy.n_sites + 1, sizeof(double)) };

        if (check.idle_w == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < trial->policy.n_sites; s++)
                check.idle_w[s] = trial_idle_w(trial, &trial->policy.sites[s]);
        sift_by_power(trial, &check);
        free(check.idle_w);
        return 0;
}

/* ---- classes */

/* The job's class as the policy has it, with what the job itself says. */
static int class_of(const struct trial *trial, const struct trace_job *job, bool open_end, struct policy_class *ret_class,
                    char name[OFFPEAK_MAX_NAME])
{
        const struct policy_class *base = needs_class(trial, job);
        bool free_end = job->deadline != 0 && !open_end;
        int used;

        if (base == NULL)
                return OFFPEAK_EINVAL;
        *ret_class = *base;
        if (job->start_cost_s != TRACE_UNSAID)
                ret_class->start_cost_s = job->start_cost_s > 0 ? job->start_cost_s : 0;
        if (free_end)
                ret_class->max_delay_s = 0;
        used = snprintf(name, OFFPEAK_MAX_NAME, "%.200s", needs_class_name(job));
        if (ret_class->start_cost_s != base->start_cost_s)
                used += snprintf(name + used, OFFPEAK_MAX_NAME - (size_t)used, "+start:%" PRId64, ret_class->start_cost_s);
        if (ret_class->max_delay_s != base->max_delay_s)
                snprintf(name + used, OFFPEAK_MAX_NAME - (size_t)used, "+deadline");
        return 0;
}

/* A policy that was copied has room for its own classes only. */
static int add_class(struct trial *trial, const struct policy_class *class, const char *name)
{
        size_t n = trial->policy.n_classes;
        struct policy_class *classes = reallocarray(trial->policy.classes, n + 1, sizeof(*classes)), *kept;

        if (classes == NULL)
                return OFFPEAK_ENOMEM;
        trial->policy.classes = classes;
        kept = &classes[n];
        *kept = *class;
        kept->sites = NULL;
        kept->n_sites = 0;
        kept->name = strdup(name);
        trial->policy.n_classes++; /* also if names are missing: policy_finish frees what is there */
        for (size_t i = 0; i < class->n_sites; i++) {
                char **site = room_for_one((void **)&kept->sites, kept->n_sites, sizeof(*site));

                if (site == NULL || (*site = strdup(class->sites[i])) == NULL)
                        return OFFPEAK_ENOMEM;
                kept->n_sites++;
        }
        return kept->name != NULL ? 0 : OFFPEAK_ENOMEM;
}

static int give_classes(struct trial *trial, bool open_end, struct offpeak_error *err)
{
        trial->classes = calloc(trial->trace.n + 1, sizeof(*trial->classes));
        if (trial->classes == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t j = 0; j < trial->trace.n; j++) {
                struct policy_class class;
                char name[OFFPEAK_MAX_NAME];
                const struct policy_class *found;

                if (class_of(trial, &trial->trace.jobs[j], open_end, &class, name) != 0)
                        return fail(err, OFFPEAK_EINVAL, "the policy has no class \"default\"");
                found = policy_class(&trial->policy, name);
                if (found == NULL && add_class(trial, &class, name) != 0)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
                found = policy_class(&trial->policy, name);
                trial->classes[j] = (uint32_t)(found - trial->policy.classes);
        }
        return 0;
}

int trial_prepare(struct trial *trial, bool open_end, struct offpeak_error *err)
{
        char says[80], time[WHEN_TEXT_SIZE];
        int code = common_time(trial, err);

        if (code != 0)
                return code;
        snprintf(says, sizeof(says), "the widest that fits is %" PRIu32, trial_gpus(trial, NULL));
        trace_sift(&trial->trace, TRACE_TOO_WIDE, is_too_wide, trial, says);
        snprintf(says, sizeof(says), "they begin at %s", when_format_utc(trial->from, time));
        trace_sift(&trial->trace, TRACE_BEFORE_SERIES, is_before, trial, says);
        snprintf(says, sizeof(says), "they end at %s", when_format_utc(trial->to, time));
        trace_sift(&trial->trace, TRACE_AFTER_SERIES, is_after, trial, says);
        if (sift_power(trial) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (trial->trace.n == 0) {
                char why[500];

                trace_findings_text(&trial->trace, true, why, sizeof(why));
                return fail(err, OFFPEAK_EINVAL, "no job is left of %zu rows: %s", trial->trace.rows, why);
        }
        code = widths_prepare(trial, err);
        return code == 0 ? give_classes(trial, open_end, err) : code;
}

/* ---- failures */

int trial_draw_outages(struct trial *trial, const struct outage_law *law)
{
        outages_finish(&trial->hardware.outages);
        trial->hardware.repair_s = law->repair_s;
        for (size_t c = 0; c < trial->policy.n_classes; c++) {
                trial->policy.classes[c].retries = UINT32_MAX;
                trial->policy.classes[c].limit_ppm = 0;
        }
        return outages_draw(law, (uint32_t)trial->n_nodes, trial->from, trial->to, &trial->hardware.outages);
}

bool trial_may_interrupt(const struct trial *trial, size_t j)
{
        const struct trace_job *job = &trial->trace.jobs[j];

        return job->interruptible_said ? job->interruptible : trial->policy.classes[trial->classes[j]].interruptible;
}

int64_t trial_saved(const struct trial *trial, size_t j, int64_t ran_s)
{
        int64_t made = ran_s - trial->policy.classes[trial->classes[j]].start_cost_s,
                step = trial->hardware.checkpoint_s;

        if (made <= 0 || !trial_may_interrupt(trial, j))
                return 0;
        return step > 0 ? made - made % step : made;
}

/* ---- a job as it is submitted */

static int spec_widths(const struct trial *trial, size_t j, struct offpeak_job_spec *spec)
{
        size_t n;
        const struct trial_width *widths = widths_of(trial, j, &n);

        if (n == 0)
                return 0;
        spec->widths = calloc(n, sizeof(*spec->widths));
        if (spec->widths == NULL)
                return OFFPEAK_ENOMEM;
        spec->n_widths = n;
        for (size_t i = 0; i < n; i++) {
                struct offpeak_width *width = &spec->widths[i];

                needs_nodes(trial, &trial->trace.jobs[j], widths[i].gpus, &width->nodes, &width->gpus_per_node);
                width->speed_ppm = llround(widths[i].speed * (double)WIDTH_SPEED_AS_ASKED);
                width->power_w = llround(widths[i].watts);
        }
        return 0;
}

int trial_spec(const struct trial *trial, size_t j, struct offpeak_job_spec *ret_spec)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        double watts = needs_watts(trial, job);

        offpeak_job_spec_init(ret_spec);
        ret_spec->argv = calloc(2, sizeof(char *));
        if (ret_spec->argv == NULL || (ret_spec->argv[0] = strdup("true")) == NULL ||
            copy_text(job->id, &ret_spec->name) != 0 ||
            copy_text(trial->policy.classes[trial->classes[j]].name, &ret_spec->class_name) != 0 ||
            (job->site != NULL && copy_text(job->site, &ret_spec->site) != 0) || spec_widths(trial, j, ret_spec) != 0) {
                offpeak_job_spec_finish(ret_spec);
                return OFFPEAK_ENOMEM;
        }
        ret_spec->argc = 1;
        needs_nodes(trial, job, job->gpus, &ret_spec->nodes, &ret_spec->gpus_per_node);
        ret_spec->time_s = job->duration_s;
        ret_spec->deadline = job->deadline;
        ret_spec->power_w = (int64_t)llround(watts);
        if (job->interruptible_said)
                ret_spec->interruptible = job->interruptible ? OFFPEAK_YES : OFFPEAK_NO;
        return 0;
}
