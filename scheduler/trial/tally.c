/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.c - every site's time is cut where a segment begins or ends, or its supply changes; the power of each cut is priced.
 */
#include "trial/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "supply/site_supply.h"
#include "trial/needs.h"
#include "trial/store_run.h"
#include "trial/walk.h"

#define MICRO 1e-6
#define J_PER_MWH 3.6e9
#define J_PER_KWH 3.6e6

/* ---- one site */

struct site_view {
        struct site_supply supply;
        double idle_w; /* at the meter */
        struct store_run with, idle; /* its store, with the jobs and without; nothing where there is none */
};

static struct site_view view_of(const struct trial *trial, const struct policy_site *site)
{
        return (struct site_view){ .supply = trial_supply(trial, site, TRIAL_PAID),
                                   .idle_w = trial_idle_w(trial, site) };
}

/* Currency per second, and kg per second, of drawing so many watts; what is unknown is left out, and its watts are told. */
static void draw(const struct supply_curve *curve, double watts, double *cost, double *carbon, double *unpriced, double *uncounted)
{
        double left = watts;

        *cost = *carbon = *unpriced = *uncounted = 0;
        for (unsigned i = 0; i < curve->n_segments && left > 0; i++) {
                const struct supply_segment *segment = &curve->segments[i];
                bool is_last = i + 1 == curve->n_segments;
                double limit = segment->limit_w == INT64_MAX ? INFINITY : (double)segment->limit_w;
                double taken = is_last ? left : fmin(left, limit);

                if (segment->price == SERIES_UNKNOWN)
                        *unpriced += taken;
                else
                        *cost += taken * (double)segment->price * MICRO / J_PER_MWH;
                if (segment->carbon == SERIES_UNKNOWN)
                        *uncounted += taken;
                else
                        *carbon += taken * (double)segment->carbon * MICRO / J_PER_KWH;
                left -= taken;
        }
        *unpriced += curve->n_segments == 0 ? watts : 0;
        *uncounted += curve->n_segments == 0 ? watts : 0;
}

/* What all stores draw and give. */
struct flow_changes {
        struct walk_change *at; /* owned */
        size_t n;
};

struct adding {
        const struct site_view *view;
        struct tally *tally;
        size_t at_with, at_idle; /* in the store's flows */
};

static int add_cut(void *context, const struct walk_cut *cut)
{
        struct adding *adding = context;
        const struct site_view *view = adding->view;
        struct tally *tally = adding->tally;
        double with[4], idle[4], plain[2][4], seconds = (double)(cut->to - cut->from);
        double flow_w = store_run_at(&view->with, cut->from, &adding->at_with);
        double idle_flow_w = store_run_at(&view->idle, cut->from, &adding->at_idle);

        draw(&cut->curve, view->idle_w + cut->watts + flow_w, &with[0], &with[1], &with[2], &with[3]);
        draw(&cut->curve, view->idle_w + idle_flow_w, &idle[0], &idle[1], &idle[2], &idle[3]);
        tally->cost += (with[0] - idle[0]) * seconds;
        tally->carbon_kg += (with[1] - idle[1]) * seconds;
        tally->unpriced_mwh += (with[2] - idle[2]) * seconds / J_PER_MWH;
        tally->uncounted_mwh += (with[3] - idle[3]) * seconds / J_PER_MWH;
        tally->energy_mwh += (cut->watts + flow_w - idle_flow_w) * seconds / J_PER_MWH;
        if (view->with.n == 0)
                return 0;
        draw(&cut->curve, view->idle_w + cut->watts, &plain[0][0], &plain[0][1], &plain[0][2], &plain[0][3]);
        draw(&cut->curve, view->idle_w, &plain[1][0], &plain[1][1], &plain[1][2], &plain[1][3]);
        tally->store_saved += (plain[0][0] - plain[1][0] - with[0] + idle[0]) * seconds;
        return 0;
}

/* What its store does with the jobs, and would do without them. */
static int run_store(const struct trial *trial, const struct outcome *outcome, uint32_t site, struct site_view *view,
                     struct tally *tally)
{
        const struct supply_store *store = &trial->policy.sites[site].terms.store;

        if (store_run(trial, outcome, site, trial->from, trial->to, false, &view->with) != 0 ||
            store_run(trial, NULL, site, trial->from, trial->to, false, &view->idle) != 0)
                return OFFPEAK_ENOMEM;
        tally->has_store = true;
        tally->stored_mwh += view->with.drawn_mwh;
        tally->given_mwh += view->with.given_mwh;
        tally->store_lost_mwh += view->with.lost_mwh;
        tally->store_cycles += view->with.cycles * (double)store->energy_wh;
        return 0;
}

static int keep_flows(const struct store_run *run, struct flow_changes *kept)
{
        struct walk_change *at = reallocarray(kept->at, kept->n + 2 * run->n + 1, sizeof(*at));

        if (at == NULL)
                return OFFPEAK_ENOMEM;
        kept->at = at;
        for (size_t i = 0; i < run->n; i++) {
                at[kept->n++] = (struct walk_change){ run->flows[i].from, run->flows[i].watts };
                at[kept->n++] = (struct walk_change){ run->flows[i].to, -run->flows[i].watts };
        }
        return 0;
}

static int add_site(const struct trial *trial, const struct outcome *outcome, uint32_t site,
                    struct walk_change *changes, struct flow_changes *flows, struct tally *tally)
{
        struct site_view view = view_of(trial, &trial->policy.sites[site]);
        struct adding adding = { .view = &view, .tally = tally };
        size_t n = walk_changes(trial, outcome, &site, changes);
        int code = trial->policy.sites[site].terms.has_store ? run_store(trial, outcome, site, &view, tally) : 0;
        int64_t from = n > 0 ? changes[0].at : INT64_MAX, to = n > 0 ? changes[n - 1].at : INT64_MIN;

        if (view.with.n > 0) {
                from = from < trial->from ? from : trial->from;
                to = to > trial->to ? to : trial->to;
        }
        if (code == 0 && from < to)
                walk_site(&view.supply, changes, n, from, to, add_cut, &adding);
        if (code == 0)
                code = keep_flows(&view.with, flows);
        store_run_finish(&view.with);
        store_run_finish(&view.idle);
        return code;
}

static int add_sites(const struct trial *trial, const struct outcome *outcome, struct walk_change *changes,
                     struct flow_changes *flows, struct tally *tally)
{
        double energy_wh = 0;
        int code = 0;

        for (uint32_t s = 0; code == 0 && s < trial->policy.n_sites; s++) {
                code = add_site(trial, outcome, s, changes, flows, tally);
                if (trial->policy.sites[s].terms.has_store)
                        energy_wh += (double)trial->policy.sites[s].terms.store.energy_wh;
        }
        if (energy_wh > 0)
                tally->store_cycles /= energy_wh;
        return code;
}

static double highest(const struct walk_change *changes, size_t n)
{
        double watts = 0, most = 0;

        for (size_t i = 0; i < n; i++) {
                watts += changes[i].watts;
                if (i + 1 == n || changes[i + 1].at > changes[i].at)
                        most = fmax(most, watts);
        }
        return most;
}

static int by_time(const void *a, const void *b)
{
        const struct walk_change *x = a, *y = b;

        return x->at < y->at ? -1 : x->at > y->at;
}

/* Of the n changes of the jobs and the stores' together. */
static int add_peak(const struct walk_change *changes, size_t n, const struct flow_changes *flows, struct tally *tally)
{
        struct walk_change *all;

        if (flows->n == 0) {
                tally->peak_mw = highest(changes, n) / 1e6;
                return 0;
        }
        all = malloc((flows->n + n) * sizeof(*all));
        if (all == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(all, flows->at, flows->n * sizeof(*all));
        memcpy(all + flows->n, changes, n * sizeof(*all));
        qsort(all, flows->n + n, sizeof(*all), by_time);
        tally->peak_mw = highest(all, flows->n + n) / 1e6;
        free(all);
        return 0;
}

/* ---- starts */

static int add_start(void *context, const struct walk_cut *cut)
{
        const struct supply_segment *first = cut->curve.n_segments > 0 ? &cut->curve.segments[0] : NULL;

        if (first != NULL && first->price != SERIES_UNKNOWN && first->price < 0)
                *(double *)context -=
                        2 * cut->watts * (double)(cut->to - cut->from) * (double)first->price * MICRO / J_PER_MWH;
        return 0;
}

/* As plans count them, of what plans go by. */
static void add_starts(const struct trial *trial, const struct outcome *outcome, struct tally *tally)
{
        int64_t started = 0;

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];
                struct site_supply supply = trial_supply(trial, &trial->policy.sites[segment->site], TRIAL_TRUTH);
                struct walk_change power = { segment->start, walk_watts(trial, segment) };

                if (!segment->goes_on) {
                        started = segment->start + trial->policy.classes[trial->classes[segment->job]].start_cost_s;
                        tally->starts++;
                }
                walk_site(&supply, &power, 1, segment->start, started < segment->end ? started : segment->end, add_start,
                          &tally->starts_cost);
        }
}

/* ---- jobs */

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* When plans want the job to be done; 0: whenever. */
static int64_t due(const struct trial *trial, size_t j)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        const struct policy_class *class = &trial->policy.classes[trial->classes[j]];
        int64_t latest =
                class->max_delay_s > 0 ? job->submit + class->max_delay_s + class->start_cost_s + job->duration_s : 0;

        return job->deadline != 0 && (latest == 0 || job->deadline < latest) ? job->deadline : latest;
}

static double lateness_cost(const struct trial *trial, size_t j, int64_t finish)
{
        const struct policy_class *class = &trial->policy.classes[trial->classes[j]];
        int64_t by = due(trial, j);

        return by != 0 && finish > by ? (double)(finish - by) / 3600 * (double)class->lateness_cost * MICRO : 0;
}

static int add_delays(const struct trial *trial, const struct outcome *outcome, struct tally *tally)
{
        size_t n = trial->trace.n;
        double *hours = malloc((n + 1) * sizeof(*hours));

        if (hours == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                int64_t finish = outcome->finish[j] != 0 ? outcome->finish[j] : trial->to;
                double delay = fmax(0, (double)(finish - job->submit - job->duration_s) / 3600);

                hours[j] = delay;
                tally->mean_delay_h += delay / (double)n;
                tally->delay_gpu_h += delay * job->gpus;
                tally->delay_cost += delay * job->gpus * (double)trial->policy.classes[trial->classes[j]].delay_cost * MICRO;
                tally->lateness_cost += lateness_cost(trial, j, finish);
                tally->n_done += outcome->finish[j] != 0;
                tally->missed_deadlines += job->deadline != 0 && (outcome->finish[j] == 0 || outcome->finish[j] > job->deadline);
        }
        qsort(hours, n, sizeof(*hours), by_size);
        if (n > 0)
                tally->p95_delay_h = hours[(n * 95 + 99) / 100 - 1]; /* nearest rank */
        tally->n_jobs = n;
        free(hours);
        return 0;
}

static void add_use(const struct trial *trial, const struct outcome *outcome, struct tally *tally)
{
        int64_t first = INT64_MAX, last = INT64_MIN;
        double used = 0;

        for (size_t j = 0; j < trial->trace.n; j++)
                first = trial->trace.jobs[j].submit < first ? trial->trace.jobs[j].submit : first;
        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];

                last = segment->end > last ? segment->end : last;
                used += (double)(segment->end - segment->start) * segment->gpus;
                if (segment->level > 0)
                        tally->capped_gpu_h += (double)(segment->end - segment->start) / 3600 * segment->gpus;
        }
        if (last > first)
                tally->utilisation = used / ((double)(last - first) * trial_gpus(trial, NULL));
}

static void add_losses(const struct trial *trial, const struct outcome *outcome, struct tally *tally)
{
        for (size_t i = 0; i < outcome->n_losses; i++) {
                const struct loss *loss = &outcome->losses[i];
                const struct trace_job *job = &trial->trace.jobs[loss->job];
                double pue = (double)trial->policy.sites[loss->site].terms.pue_ppm * MICRO;

                tally->lost_gpu_h += (double)loss->lost_s / 3600 * job->gpus;
                tally->lost_mwh += pue * needs_watts(trial, job) * (double)loss->lost_s / J_PER_MWH;
        }
        tally->failures = outcome->n_losses;
}

static int check(const struct trial *trial, const struct outcome *outcome, struct offpeak_error *err)
{
        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i], *before = i > 0 ? segment - 1 : NULL;
                const struct trace_job *job = segment->job < trial->trace.n ? &trial->trace.jobs[segment->job] : NULL;

                if (job == NULL || segment->site >= trial->policy.n_sites || segment->start >= segment->end)
                        return fail(err, OFFPEAK_EINVAL, "a run is of no job or site, or does not end after it starts");
                if (segment->start < job->submit)
                        return fail(err, OFFPEAK_EINVAL, "job %s runs before it is submitted", job->id);
                if (before != NULL && (before->job > segment->job || (before->job == segment->job && before->end > segment->start)))
                        return fail(err, OFFPEAK_EINVAL, "job %s runs twice at once", job->id);
        }
        return 0;
}

int tally(const struct trial *trial, const struct outcome *outcome, struct tally *ret_tally, struct offpeak_error *err)
{
        struct walk_change *changes = walk_room(trial, outcome);
        struct flow_changes flows = { 0 };
        struct tally tally = { 0 };
        int code = check(trial, outcome, err);

        if (code == 0 && (changes == NULL || add_delays(trial, outcome, &tally) != 0 ||
                          add_sites(trial, outcome, changes, &flows, &tally) != 0 ||
                          add_peak(changes, walk_changes(trial, outcome, NULL, changes), &flows, &tally) != 0))
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0) {
                add_use(trial, outcome, &tally);
                add_losses(trial, outcome, &tally);
                add_starts(trial, outcome, &tally);
                tally.net_cost = tally.cost + tally.delay_cost;
                *ret_tally = tally;
        }
        free(flows.at);
        free(changes);
        return code;
}
