/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contend_run_now.c - from one time at which a run ends or a job is submitted to the next. The queue is walked in the
 * order of submission: jobs start where place_gang() finds them devices; the first that finds none is promised the
 * nodes that are free soonest, and those behind it start beside that, or if they are done by then.
 */
#include "trial/contend_run_now.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "core/room.h"
#include "place/place.h"
#include "place/soonest.h"
#include "supply/site_supply.h"
#include "trial/contend_known.h"
#include "trial/needs.h"

#define MICRO        1e-6
#define NODE_DEVICES 64

struct queued {
        size_t job;
        uint32_t legs, each;
        int64_t seconds; /* of its run, start cost included */
};

struct running {
        struct queued queued;
        int64_t start, end;
        struct place_leg *places; /* owned */
};

struct hall {
        const struct trial *trial;
        struct place_node *nodes, *beside; /* as they are; for those behind the head, who would not be done by then */
        uint32_t ready[NODE_DEVICES + 1];  /* [n]: nodes with n devices free or more */
        struct queued *queue;              /* in the order of submission */
        struct running *runs;
        size_t n_queue, n_runs, next; /* next: job to be submitted */
        bool headed;                  /* somebody found no devices */
        int64_t head_at;
        struct outcome outcome;
};

/* ---- devices */

static void count_ready(struct hall *hall, size_t node, int by)
{
        for (int n = 0; n <= __builtin_popcountll(hall->nodes[node].free); n++)
                hall->ready[n] += (uint32_t)by;
}

static void take(struct hall *hall, const struct place_leg *leg)
{
        count_ready(hall, leg->node, -1);
        hall->nodes[leg->node].free ^= leg->devices; /* taken, or given back */
        count_ready(hall, leg->node, 1);
}

static struct place_leg *find(const struct hall *hall, const struct queued *queued, int64_t now)
{
        bool beside = hall->headed && now + queued->seconds > hall->head_at;
        struct place_want want = { .legs = queued->legs, .devices_per_leg = queued->each };
        struct place_leg *places;

        if (hall->ready[queued->each] < queued->legs)
                return NULL;
        places = calloc(queued->legs, sizeof(*places));
        if (places != NULL &&
            place_gang(beside ? hall->beside : hall->nodes, hall->trial->n_nodes, &want, places) == OFFPEAK_OK)
                return places;
        free(places);
        return NULL;
}

/* ---- the head's promise */

static int collect_releases(const struct hall *hall, struct soonest_release **ret, size_t *ret_n)
{
        for (size_t i = 0; i < hall->n_runs; i++)
                for (uint32_t l = 0; l < hall->runs[i].queued.legs; l++) {
                        const struct place_leg *leg = &hall->runs[i].places[l];
                        struct soonest_release *release = room_for_one((void **)ret, *ret_n, sizeof(*release));

                        if (release == NULL)
                                return OFFPEAK_ENOMEM;
                        *release = (struct soonest_release){ hall->runs[i].end, leg->node,
                                                             (uint32_t)__builtin_popcountll(leg->devices) };
                        *ret_n += 1;
                }
        soonest_sort(*ret, *ret_n);
        return 0;
}

static void keep(struct hall *hall, const struct queued *head, const uint32_t *chosen, const uint32_t *free_on)
{
        for (uint32_t l = 0; l < head->legs; l++) {
                struct place_node *node = &hall->beside[chosen[l]];

                node->free = soonest_some(node->free, free_on[chosen[l]] - head->each);
        }
}

static int promise(struct hall *hall, const struct queued *head, int64_t now)
{
        size_t n_nodes = hall->trial->n_nodes, n = 0;
        uint32_t *free_on = calloc(n_nodes + 1, sizeof(*free_on)), *chosen = calloc(head->legs, sizeof(*chosen));
        struct soonest_nodes nodes = { free_on, NULL, n_nodes };
        struct soonest_release *releases = NULL;
        int code = free_on == NULL || chosen == NULL ? OFFPEAK_ENOMEM : collect_releases(hall, &releases, &n);

        hall->headed = true;
        hall->head_at = INT64_MAX;
        for (size_t i = 0; code == 0 && i < n_nodes; i++) {
                hall->beside[i] = hall->nodes[i];
                free_on[i] = (uint32_t)__builtin_popcountll(hall->nodes[i].free);
        }
        if (code == 0 &&
            soonest_gang(&nodes, releases, n, head->legs, head->each, now, chosen, &hall->head_at) == OFFPEAK_OK)
                keep(hall, head, chosen, free_on);
        free(releases);
        free(chosen);
        free(free_on);
        return code;
}

/* ---- runs */

static int begin(struct hall *hall, const struct queued *queued, struct place_leg *places, int64_t now)
{
        struct running *run = room_for_one((void **)&hall->runs, hall->n_runs, sizeof(*run));

        if (run == NULL) {
                free(places);
                return OFFPEAK_ENOMEM;
        }
        *run = (struct running){ *queued, now, now + queued->seconds, places };
        hall->n_runs++;
        for (uint32_t l = 0; l < queued->legs; l++) {
                take(hall, &places[l]);
                if (hall->headed)
                        hall->beside[places[l].node].free &= ~places[l].devices;
        }
        return 0;
}

static int end(struct hall *hall, struct running *run)
{
        int64_t until = run->end < hall->trial->to ? run->end : hall->trial->to;
        struct segment segment = { run->queued.job, 0, hall->trial->trace.jobs[run->queued.job].gpus, run->start,
                                   until, 0, false, 0 };

        for (uint32_t l = 0; l < run->queued.legs; l++)
                take(hall, &run->places[l]);
        if (run->end <= hall->trial->to)
                hall->outcome.finish[run->queued.job] = run->end;
        return outcome_add(&hall->outcome, segment, false);
}

/* Those that are over by then. */
static int end_runs(struct hall *hall, int64_t time)
{
        size_t kept = 0;
        int code = 0;

        for (size_t i = 0; i < hall->n_runs; i++) {
                if (code != 0 || hall->runs[i].end > time) {
                        hall->runs[kept++] = hall->runs[i];
                        continue;
                }
                code = end(hall, &hall->runs[i]);
                free(hall->runs[i].places);
        }
        hall->n_runs = kept;
        return code;
}

/* ---- the queue */

static int submit(struct hall *hall)
{
        size_t j = hall->next++;
        const struct policy_class *class = &hall->trial->policy.classes[hall->trial->classes[j]];
        struct queued *queued = room_for_one((void **)&hall->queue, hall->n_queue, sizeof(*queued));
        struct offpeak_job_spec spec;

        if (queued == NULL || trial_spec(hall->trial, j, &spec) != 0)
                return OFFPEAK_ENOMEM;
        *queued = (struct queued){ j, spec.nodes, spec.gpus_per_node,
                                   class->start_cost_s + hall->trial->trace.jobs[j].duration_s };
        hall->n_queue++;
        offpeak_job_spec_finish(&spec);
        return 0;
}

static int walk(struct hall *hall, int64_t time)
{
        size_t kept = 0;
        int code = 0;

        hall->headed = false;
        for (size_t i = 0; i < hall->n_queue; i++) {
                struct queued queued = hall->queue[i];
                struct place_leg *places = code == 0 ? find(hall, &queued, time) : NULL;

                if (places != NULL) {
                        code = begin(hall, &queued, places, time);
                        continue;
                }
                hall->queue[kept++] = queued;
                if (code == 0 && !hall->headed)
                        code = promise(hall, &queued, time);
        }
        hall->n_queue = kept;
        return code;
}

static int64_t next_time(const struct hall *hall)
{
        const struct trace *trace = &hall->trial->trace;
        int64_t next = hall->next < trace->n ? trace->jobs[hall->next].submit : INT64_MAX;

        for (size_t i = 0; i < hall->n_runs; i++)
                next = hall->runs[i].end < next ? hall->runs[i].end : next;
        return next;
}

static int run_all(struct hall *hall)
{
        const struct trace *trace = &hall->trial->trace;
        int code = 0;

        for (int64_t time = next_time(hall); code == 0 && time < hall->trial->to; time = next_time(hall)) {
                code = end_runs(hall, time);
                while (code == 0 && hall->next < trace->n && trace->jobs[hall->next].submit <= time)
                        code = submit(hall);
                if (code == 0)
                        code = walk(hall, time);
        }
        return code == 0 ? end_runs(hall, INT64_MAX) : code;
}

static int open_hall(struct hall *hall)
{
        const struct trial *trial = hall->trial;

        hall->nodes = calloc(trial->n_nodes + 1, sizeof(*hall->nodes));
        hall->beside = calloc(trial->n_nodes + 1, sizeof(*hall->beside));
        if (outcome_init(&hall->outcome, trial->trace.n) != 0 || hall->nodes == NULL || hall->beside == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < trial->n_nodes; i++) {
                hall->nodes[i] = (struct place_node){ .node = (uint32_t)i,
                                                      .free = soonest_some(UINT64_MAX, trial->nodes[i].gpus) };
                count_ready(hall, i, 1);
        }
        return 0;
}

static void close_hall(struct hall *hall)
{
        for (size_t i = 0; i < hall->n_runs; i++)
                free(hall->runs[i].places);
        free(hall->runs);
        free(hall->queue);
        free(hall->nodes);
        free(hall->beside);
}

/* ---- which of both */

/* W at the meter if all GPUs were in use by the hungriest jobs. */
static double most_power(const struct trial *trial)
{
        const struct policy_site *site = &trial->policy.sites[0];
        double most = 0;

        for (size_t j = 0; j < trial->trace.n; j++)
                most = fmax(most, needs_watts(trial, &trial->trace.jobs[j]) / trial->trace.jobs[j].gpus);
        return trial_idle_w(trial, site) + (double)site->terms.pue_ppm * MICRO * most * trial_gpus(trial, site->name);
}

static bool has_power(const struct trial *trial)
{
        struct site_supply supply = trial_supply(trial, &trial->policy.sites[0], TRIAL_TRUTH);
        double most = most_power(trial);

        for (int64_t t = trial->from; t < trial->to; t = site_supply_next_edge(&supply, t)) {
                struct supply_curve curve = site_supply_at(&supply, t);
                int64_t limit = supply_limit(&curve);

                if (limit != INT64_MAX && (double)limit < most)
                        return false;
        }
        return true;
}

static bool has_quotas(const struct trial *trial)
{
        for (size_t c = 0; c < trial->policy.n_classes; c++)
                if (trial->policy.classes[c].quota_gpus != 0)
                        return true;
        return false;
}

int contend_run_now(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                    struct outcome *ret_outcome, struct offpeak_error *err)
{
        struct hall hall = { .trial = trial };
        int code;

        (void)parameter;
        if (trial->policy.n_sites != 1 || trial->hardware.outages.n > 0 || has_quotas(trial) || !has_power(trial))
                return contend_run_now_by_gpus(trial, watch, ret_outcome, err);
        code = open_hall(&hall);
        if (code == 0)
                code = run_all(&hall);
        close_hall(&hall);
        if (code != 0) {
                outcome_finish(&hall.outcome);
                return fail(err, code, "out of memory");
        }
        outcome_sort(&hall.outcome);
        *ret_outcome = hall.outcome;
        return 0;
}
