/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_explain.h"

#include <string.h>

#include "core/after.h"
#include "core/month.h"
#include "core/health.h"
#include "core/power.h"
#include "core/due.h"
#include "core/width.h"
#include "io/answer_alternatives.h"
#include "io/answer_supply.h"

enum { DAY = 86400, MOST_STRETCHES = 8 };

/* What one job's hours are compared in. */
struct scene {
        const struct job *job;
        const struct site *site;
        struct answer_supply supply;
        int64_t from, to;
        int64_t power_w;       /* facility power beside which the job is priced */
        uint32_t gpus;         /* in service at the site */
        int64_t class_deadline; /* its class's max_delay allows it no later hours; 0: any */
};

/* A stretch of hours alike. */
struct stretch {
        int64_t start, end;
        double price_s;        /* price x seconds */
        const char *why;
};

static int64_t price_at(const struct scene *scene, int64_t time)
{
        struct supply_curve curve = site_supply_at(&scene->supply.supply, time);

        return answer_marginal_price(&curve, scene->power_w);
}

/* NULL: it does not run then. */
static const struct plan_interval *run_at(const struct job *job, const struct site *site, int64_t time)
{
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].site == site->id && job->planned[i].start <= time && time < job->planned[i].end)
                        return &job->planned[i];
        return NULL;
}

static bool runs_at(const struct job *job, const struct site *site, int64_t time)
{
        return run_at(job, site, time) != NULL;
}

static bool takes_part(const struct job *job)
{
        return job->state <= OFFPEAK_JOB_ACTIVE && !job->held;
}

/* The first time after t at which a price or anybody's hours change. */
static int64_t next_change(const struct answer *answer, const struct scene *scene, int64_t t)
{
        int64_t next = site_supply_next_edge(&scene->supply.supply, t);

        next = next < scene->to ? next : scene->to;
        for (size_t i = 0; i < answer->state->n_jobs; i++) {
                const struct job *job = &answer->state->jobs[i];

                for (uint32_t k = 0; takes_part(job) && k < job->n_planned; k++) {
                        const struct plan_interval *interval = &job->planned[k];

                        if (interval->site != scene->site->id)
                                continue;
                        next = interval->start > t && interval->start < next ? interval->start : next;
                        next = interval->end > t && interval->end < next ? interval->end : next;
                }
        }
        if (scene->job->spec.deadline > t && scene->job->spec.deadline < next)
                next = scene->job->spec.deadline;
        if (scene->class_deadline > t && scene->class_deadline < next)
                next = scene->class_deadline;
        return next;
}

static uint64_t gpus_taken(const struct answer *answer, const struct scene *scene, int64_t time)
{
        uint64_t taken = 0;

        for (size_t i = 0; i < answer->state->n_jobs; i++) {
                const struct job *job = &answer->state->jobs[i];

                const struct plan_interval *run = takes_part(job) ? run_at(job, scene->site, time) : NULL;

                if (job != scene->job && run != NULL)
                        taken += width_gpus(&job->spec, run->mode);
        }
        return taken;
}

static const char *why_not(const struct answer *answer, const struct scene *scene, int64_t time)
{
        const struct offpeak_job_spec *spec = &scene->job->spec;

        if (spec->deadline != 0 && time >= spec->deadline)
                return "deadline";
        if (scene->class_deadline != 0 && time >= scene->class_deadline)
                return "max_delay";
        if (scene->job->reason == PLAN_MONTH && time < month_next(answer->now.wall))
                return "gpu_hours";
        if (gpus_taken(answer, scene, time) + width_least_gpus(spec) > scene->gpus)
                return "taken";
        return "not worth it";
}

static json_t *jobs_between(struct answer *answer, const struct scene *scene, const struct stretch *stretch)
{
        json_t *list = json_array();

        for (size_t i = 0; i < answer->state->n_jobs; i++) {
                const struct job *job = &answer->state->jobs[i];
                bool there = false;

                for (uint32_t k = 0; takes_part(job) && k < job->n_planned; k++)
                        there = there || (job->planned[k].site == scene->site->id &&
                                          job->planned[k].start < stretch->end && job->planned[k].end > stretch->start);
                if (job == scene->job || !there)
                        continue;
                answer_add(answer, list, json_pack("{s:I, s:o}", "id", (json_int_t)job->id, "name",
                                                   answer_text(job->spec.name)));
        }
        return list;
}

static void add_stretch(struct answer *answer, const struct scene *scene, const struct stretch *stretch, json_t *list)
{
        json_t *item;

        if (stretch->why == NULL || json_array_size(list) == MOST_STRETCHES)
                return;
        item = json_object();
        answer_put(answer, item, "start_utc", answer_utc(stretch->start));
        answer_put(answer, item, "end_utc", answer_utc(stretch->end));
        answer_put(answer, item, "price_micro_per_mwh",
                   json_integer((int64_t)(stretch->price_s / (double)(stretch->end - stretch->start))));
        answer_put(answer, item, "why", json_string(stretch->why));
        answer_put(answer, item, "jobs",
                   strcmp(stretch->why, "taken") == 0 ? jobs_between(answer, scene, stretch) : json_array());
        answer_add(answer, list, item);
}

/* The price of its own hours: mean, and the highest, than which others may be cheaper. False if any is unknown. */
static bool own_price(const struct answer *answer, const struct scene *scene, int64_t *ret_mean, int64_t *ret_highest)
{
        int64_t highest = SERIES_UNKNOWN;
        double price_s = 0, seconds = 0;

        for (int64_t t = scene->from, next; t < scene->to; t = next) {
                next = next_change(answer, scene, t);
                if (!runs_at(scene->job, scene->site, t))
                        continue;
                if (price_at(scene, t) == SERIES_UNKNOWN)
                        return false;
                highest = price_at(scene, t) > highest ? price_at(scene, t) : highest;
                price_s += (double)price_at(scene, t) * (double)(next - t);
                seconds += (double)(next - t);
        }
        if (seconds == 0)
                return false;
        *ret_mean = (int64_t)(price_s / seconds);
        *ret_highest = highest;
        return true;
}

/* Hours that are at least a hundredth cheaper than its dearest. */
static json_t *cheaper(struct answer *answer, const struct scene *scene, int64_t highest)
{
        json_t *list = json_array();
        struct stretch stretch = { 0 };
        int64_t below = highest - (highest > 0 ? highest : -highest) / 100;

        for (int64_t t = scene->from, next; t < scene->to; t = next) {
                int64_t price = price_at(scene, t);
                const char *why = NULL;

                next = next_change(answer, scene, t);
                if (price != SERIES_UNKNOWN && price < below && !runs_at(scene->job, scene->site, t))
                        why = why_not(answer, scene, t);
                if (why == NULL || stretch.why == NULL || strcmp(why, stretch.why) != 0) {
                        add_stretch(answer, scene, &stretch, list);
                        stretch = (struct stretch){ .start = t, .why = why };
                }
                stretch.end = next;
                stretch.price_s += why != NULL ? (double)price * (double)(next - t) : 0;
        }
        add_stretch(answer, scene, &stretch, list);
        return list;
}

static json_t *explain(struct answer *answer, const struct scene *scene)
{
        json_t *object = json_object();
        int64_t mean = 0, highest = 0;
        bool known = own_price(answer, scene, &mean, &highest);

        answer_put(answer, object, "site", answer_text(scene->site->name));
        answer_put(answer, object, "price_micro_per_mwh", answer_known(known, mean));
        answer_put(answer, object, "now_micro_per_mwh", answer_value(price_at(scene, answer->now.wall)));
        answer_put(answer, object, "cheaper", known ? cheaper(answer, scene, highest) : json_array());
        return object;
}

/* Half a day behind its last hour, or behind its deadline as far as plans look: that may be in a thousand years. */
static int64_t scene_end(const struct answer *answer, const struct job *job)
{
        int64_t horizon = answer->now.wall + answer->state->policy.plan_horizon_s;
        int64_t end = job->spec.deadline < horizon ? job->spec.deadline : horizon;

        for (uint32_t i = 0; i < job->n_planned; i++)
                end = job->planned[i].end > end ? job->planned[i].end : end;
        return end + DAY / 2;
}

json_t *answer_explanation(struct answer *answer, const struct job *job)
{
        const struct state *state = answer->state;
        struct scene scene = { .job = job, .from = answer->now.wall };
        json_t *object;

        if (!takes_part(job) || job->n_planned == 0 || job->planned[job->n_planned - 1].site >= state->n_sites)
                return json_null();
        scene.site = &state->sites[job->planned[job->n_planned - 1].site];
        scene.from = job->spec.begin > scene.from ? job->spec.begin : scene.from;
        scene.from = after_last_end(state, job) > scene.from ? after_last_end(state, job) : scene.from;
        scene.to = scene_end(answer, job);
        scene.class_deadline = due_by_class(state, job, 0);
        if (answer_supply_init(state, scene.site, answer->now.wall, scene.to, &scene.supply) != 0)
                return NULL;
        scene.power_w = power_of_site(state, scene.site);
        scene.gpus = health_gpus(state, scene.site, answer->now.mono_ms);
        object = explain(answer, &scene);
        answer_put_alternatives(answer, object, job);
        answer_supply_finish(&scene.supply);
        return object;
}
