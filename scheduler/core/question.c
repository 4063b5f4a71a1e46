/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question.c - the planning problem of this moment.
 *
 *   series, filled to the horizon -> supply curves -> steps       (one list a site)
 *   queued and running jobs       -> jobs with a mode for each width that their sites can hold
 *
 * What is unknown: a price beyond all forecast counts as the mean of the known ones (so that no hour looks better for
 * being unknown), carbon as 0 weight. Everything a problem points to hangs on one struct memory.
 */
#include "core/question.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/after.h"
#include "core/claim.h"
#include "core/copy.h"
#include "core/health.h"
#include "core/lone_room.h"
#include "core/month_door.h"
#include "core/move.h"
#include "core/pin.h"
#include "core/pools.h"
#include "core/possible.h"
#include "core/power.h"
#include "core/question_demand.h"
#include "core/quotas.h"
#include "core/room.h"
#include "core/stored.h"
#include "core/usage.h"
#include "core/width.h"
#include "core/work.h"
#include "supply/spread.h"

#define MICRO 1e-6

/* Currency per GPU-hour of waiting, for every job: of two plans that cost the same, the one that ends sooner. */
#define SOONER 1e-5

/* Currency per GPU-hour of work left undone at the horizon: dearer than any way to do it. */
#define UNDONE 10000.0

struct memory {
        struct plan_site *sites;
        struct plan_store *stores; /* one for each site; used where it has one */
        size_t n_sites;
        struct plan_job *jobs;
        struct plan_mode *modes;
        struct plan_interval *kept; /* of all jobs, one after the other */
        size_t *after;              /* likewise */
        struct quotas quotas;
};

void plan_question_finish(struct plan_question *question)
{
        struct memory *memory = question->memory;

        if (memory != NULL) {
                for (size_t i = 0; i < memory->n_sites; i++) {
                        free((void *)memory->sites[i].steps);
                        free((void *)memory->sites[i].demands);
                }
                free(memory->sites);
                free(memory->stores);
                free(memory->jobs);
                free(memory->modes);
                free(memory->kept);
                free(memory->after);
                quotas_finish(&memory->quotas);
                free(memory);
        }
        memset(question, 0, sizeof(*question));
}

/* ---- sites */

static double mean_price(const struct series *series, int64_t from, int64_t to)
{
        double weighted = 0;
        double seconds = 0;

        for (int64_t t = from; t < to;) {
                int64_t edge = series_next_edge(series, t);
                int64_t value = series_at(series, t);
                int64_t end = edge < to ? edge : to;

                if (value != SERIES_UNKNOWN) {
                        weighted += (double)value * (double)(end - t);
                        seconds += (double)(end - t);
                }
                t = end;
        }
        return seconds > 0 ? weighted / seconds * MICRO : 0;
}

/* The grid's, where the site can draw so much that it is needed: it is what varies. Else that of the cheapest source.
 */
static double carbon_of(const struct supply_curve *curve, double most_w)
{
        int64_t carbon = SERIES_UNKNOWN;
        double from = 0;

        for (unsigned i = 0; i < curve->n_segments && (i == 0 || from < most_w); i++) {
                if (carbon == SERIES_UNKNOWN || curve->segments[i].unit == SUPPLY_GRID)
                        carbon = curve->segments[i].carbon;
                from += (double)curve->segments[i].limit_w;
        }
        return carbon == SERIES_UNKNOWN ? 0 : (double)carbon / 1000;
}

/* most_w: what the whole site can draw. */
static void fill_step(struct plan_step *step, const struct supply_curve *curve, double unknown_price, double most_w)
{
        step->n_segments = curve->n_segments;
        for (unsigned i = 0; i < curve->n_segments; i++) {
                const struct supply_segment *segment = &curve->segments[i];

                step->segments[i].price =
                        segment->price == SERIES_UNKNOWN ? unknown_price : (double)segment->price * MICRO;
                step->segments[i].limit_w = segment->limit_w == INT64_MAX ? INFINITY : (double)segment->limit_w;
        }
        /* an unknown price that was given the mean may now stand before a dearer one */
        for (unsigned i = 1; i < step->n_segments; i++)
                for (unsigned k = i; k > 0 && step->segments[k].price < step->segments[k - 1].price; k--) {
                        struct plan_segment swap = step->segments[k];

                        step->segments[k] = step->segments[k - 1];
                        step->segments[k - 1] = swap;
                }
        step->carbon = carbon_of(curve, most_w);
}

/*
 * Power already promised takes the cheapest segments first. Below zero: what a store was planned to give to the job itself, or to
 * the idle site, is there beside the sources, and counts as dear as the last of them.
 */
static void take_power(struct plan_step *step, double facility_w)
{
        if (facility_w < -1) {
                double price = step->n_segments > 0 ? step->segments[step->n_segments - 1].price : 0;

                step->segments[step->n_segments++] = (struct plan_segment){ price, -facility_w };
        }
        for (unsigned i = 0; i < step->n_segments && facility_w > 0; i++) {
                double taken = fmin(facility_w, step->segments[i].limit_w);

                if (!isinf(step->segments[i].limit_w))
                        step->segments[i].limit_w -= taken;
                facility_w -= taken;
        }
}

/* The planned hours of every other job at the site, as changes. */
static int collect_usage(const struct state *state, const struct site *site, const struct job *candidate, int64_t now,
                         struct usage **ret_usage, size_t *ret_n)
{
        const struct supply_terms *terms = state_terms(state, site);

        for (size_t j = 0; j < state->n_open; j++) {
                const struct job *job = state_open_job(state, j);

                if (job->id == candidate->id || job->state >= OFFPEAK_JOB_DONE || job->held)
                        continue;
                for (uint32_t i = 0; i < job->n_planned; i++) {
                        const struct plan_interval *interval = &job->planned[i];
                        int64_t gpus = claim_gpus(state, job, interval->mode);
                        double watts = (double)power_at_meter(terms, power_of_job_at(job, interval->mode, site));

                        if (interval->site != site->id || interval->end <= now)
                                continue;
                        if (usage_add(ret_usage, ret_n, interval->start > now ? interval->start : now, gpus, watts) != 0 ||
                            usage_add(ret_usage, ret_n, interval->end, -gpus, -watts) != 0)
                                return OFFPEAK_ENOMEM;
                }
        }
        return 0;
}

/* What the plan has the site's store do: it draws like a job, or leaves the others more. */
static int collect_flows(const struct state *state, const struct site *site, int64_t now, struct usage **ret_usage, size_t *ret_n)
{
        for (uint32_t i = 0; i < state->n_flows; i++) {
                const struct plan_flow *flow = &state->flows[i];

                if (flow->site != site->id || flow->end <= now)
                        continue;
                if (usage_add(ret_usage, ret_n, flow->start > now ? flow->start : now, 0, flow->watts) != 0 ||
                    usage_add(ret_usage, ret_n, flow->end, 0, -flow->watts) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

static uint32_t gpus_in_service(const struct state *state, const struct site *site, int64_t mono_ms)
{
        uint32_t gpus = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                if (node->site_id == site->id && node_in_service(state, node, mono_ms))
                        gpus += health_devices(state, node);
        }
        return gpus;
}

/* What is in use of a site's signals over the horizon. */
struct site_filled {
        struct signal price;                /* as it was asked: where it is a forecast, and of which method */
        struct series in_use[SERIES_COUNT]; /* [enum series_kind]; of those that may be forecast */
        struct series spread;               /* of the last known day repeated */
        const struct series *forecast_spread; /* the state's; NULL: none */
        struct site_supply supply;
};

static void site_filled_finish(struct site_filled *filled)
{
        for (int kind = 0; kind < SERIES_COUNT; kind++)
                series_finish(&filled->in_use[kind]);
        series_finish(&filled->spread);
}

/* Does any class mind that prices are not known? */
static bool any_risk(const struct policy *policy)
{
        for (size_t c = 0; c < policy->n_classes; c++)
                if (policy->classes[c].risk_ppm != 0)
                        return true;
        return false;
}

/* Written out once, so that a forecast is not looked up at every step. */
static int write_out(struct site_filled *filled, enum series_kind kind, int64_t from, int64_t to)
{
        struct signal *signal = &filled->supply.signals[kind];
        bool varies = kind == SERIES_PRICE || kind == SERIES_CARBON || (int)kind == SERIES_EXPORT_PRICE;

        if (!varies && signal_fallback(&signal->rule, kind) != SIGNAL_TAKE_FORECAST)
                return 0;
        if (signal_series(signal, from, to, &filled->in_use[kind]) != 0)
                return OFFPEAK_ENOMEM;
        *signal = (struct signal){ .in_force = &filled->in_use[kind] };
        return 0;
}

static int write_spread(const struct site *site, struct site_filled *filled, int64_t from, int64_t to)
{
        struct series fresh = signal_fresh(&filled->price);
        int64_t ignored;

        if (filled->price.forecast != NULL)
                filled->forecast_spread = &site->forecasts[SERIES_PRICE].made.spread;
        return series_spread(&fresh, from, to, &filled->spread, &ignored);
}

static int site_filled_init(const struct state *state, const struct site *site, int64_t from, int64_t to,
                            struct site_filled *filled)
{
        int code = 0;

        memset(filled, 0, sizeof(*filled));
        filled->supply = state_supply_in_use(state, site, from);
        filled->price = filled->supply.signals[SERIES_PRICE];
        for (int kind = 0; kind < SERIES_COUNT; kind++)
                series_init(&filled->in_use[kind], (enum series_kind)kind);
        series_init(&filled->spread, SERIES_PRICE);
        if (any_risk(&state->policy))
                code = write_spread(site, filled, from, to);
        for (int kind = SERIES_PRICE; code == 0 && kind <= SERIES_LAST; kind++)
                code = write_out(filled, (enum series_kind)kind, from, to);
        if (code != 0)
                site_filled_finish(filled);
        return code;
}

/* What the price in use may be off by; *edge is moved to where that changes. */
static int64_t price_spread_at(const struct site_filled *filled, int64_t time, int64_t *edge)
{
        const struct series *spread = &filled->spread;
        struct signal_value price = signal_at(&filled->price, time);
        int64_t next;

        if (price.use == SIGNAL_FORECAST && filled->forecast_spread != NULL)
                spread = filled->forecast_spread;
        next = series_next_edge(spread, time);
        if (price.until < *edge && spread != &filled->spread)
                *edge = price.until;
        if (next < *edge)
                *edge = next;
        return price.use == SIGNAL_FORECAST || price.use == SIGNAL_REPEATED ? series_at(spread, time) : SERIES_UNKNOWN;
}

/* The same where power comes from the grid. */
static double spread_at(const struct site_filled *filled, const struct supply_curve *curve, int64_t time, int64_t *edge)
{
        int64_t spread = price_spread_at(filled, time, edge);
        bool has_grid = false;

        for (unsigned i = 0; i < curve->n_segments; i++)
                has_grid = has_grid || curve->segments[i].unit == SUPPLY_GRID;
        if (!has_grid || spread == SERIES_UNKNOWN)
                return 0;
        return (double)spread * MICRO * (1 + (double)filled->supply.terms.grid_tax_ppm * MICRO);
}

/* What a lone job finds at a site. All 0: nobody asks for one. */
struct beside {
        struct usage *usage; /* what is promised to others; owned */
        size_t n_usage;
        bool is_capped;
        uint32_t gpus;     /* that it can use at the most */
        double facility_w; /* likewise, at the meter, with what idles */
};

/* What is there beyond what a lone job can use makes no difference to it; a W is rounding. */
static void cap_step(const struct beside *beside, struct plan_step *step)
{
        double limit = 0;

        if (step->gpus > beside->gpus)
                step->gpus = beside->gpus;
        for (unsigned i = 0; i < step->n_segments; i++) {
                limit += step->segments[i].limit_w;
                if (limit < beside->facility_w + 1)
                        continue;
                step->segments[i].limit_w = INFINITY;
                step->n_segments = i + 1;
        }
}

/* Does a step go on as the one before it, so that both are one? */
static bool goes_on(const struct plan_step *before, const struct plan_step *step)
{
        if (step->gpus != before->gpus || step->carbon != before->carbon || step->spread != before->spread ||
            step->charge_w != before->charge_w || step->n_segments != before->n_segments)
                return false;
        for (unsigned i = 0; i < step->n_segments; i++)
                if (step->segments[i].price != before->segments[i].price ||
                    step->segments[i].limit_w != before->segments[i].limit_w)
                        return false;
        return true;
}

/*
 * Steps from now to the horizon: an edge wherever the supply changes, or what is promised. Most of what thousands of
 * others are promised makes no difference to a lone job; then there is no edge.
 */
static int fill_steps(struct plan_site *site, const struct site_filled *filled, const struct beside *beside,
                      uint32_t gpus, double most_w, int64_t now, int64_t horizon)
{
        const struct usage *usage = beside->usage;
        size_t n_usage = beside->n_usage;
        struct plan_step *steps = NULL;
        size_t n = 0, next = 0;
        double unknown_price = mean_price(&filled->in_use[SERIES_PRICE], now, horizon);
        int64_t used_gpus = 0, supply_edge = now;
        struct supply_curve curve = { 0 };
        double used_w = 0;

        for (int64_t t = now, edge; t < horizon; t = edge) {
                struct plan_step *step = room_for_one((void **)&steps, n, sizeof(*step));

                if (step == NULL) {
                        free(steps);
                        return OFFPEAK_ENOMEM;
                }
                if (t == supply_edge) { /* usage changes far more often */
                        curve = site_supply_at(&filled->supply, t);
                        supply_edge = site_supply_next_edge(&filled->supply, t);
                }
                edge = supply_edge;
                for (; next < n_usage && usage[next].at <= t; next++) {
                        used_gpus += usage[next].gpus;
                        used_w += usage[next].facility_w;
                }
                step->start = t;
                fill_step(step, &curve, unknown_price, most_w);
                step->spread = spread_at(filled, &curve, t, &edge);
                step->charge_w = stored_charge_at(&filled->supply, t);
                take_power(step, used_w);
                step->gpus = used_gpus >= gpus ? 0 : gpus - (uint32_t)used_gpus;
                if (next < n_usage && usage[next].at < edge)
                        edge = usage[next].at;
                if (beside->is_capped)
                        cap_step(beside, step);
                if (!beside->is_capped || n == 0 || !goes_on(step - 1, step))
                        n++;
        }
        site->steps = steps;
        site->n_steps = n;
        return 0;
}

static int fill_demands(const struct state *state, const struct site *site, int64_t now, int64_t horizon,
                        struct plan_site *plan_site)
{
        struct plan_demand *demands = NULL;
        int code = question_demands(state, site, now, horizon,
                                    plan_site->pue_fixed_w + plan_site->pue_factor * plan_site->idle_w, &demands,
                                    &plan_site->n_demands);

        plan_site->demands = demands;
        return code;
}

/* When it may begin. A lone job knows of others by their planned ends alone. */
static int64_t release_of(const struct state *state, const struct now *now, const struct job *job, bool lone)
{
        int64_t release = job->spec.begin > now->wall ? job->spec.begin : now->wall;
        int64_t last_end = lone ? after_last_end(state, job) : 0;

        return last_end > release ? last_end : release;
}

/* A problem's job draws the same at all sites: what it would at the first that can hold it. In the mode in which that is most. */
static int64_t most_w_of(const struct state *state, const struct job *job)
{
        int64_t most = 0;

        for (uint32_t s = 0; s < state->n_sites; s++)
                for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++) {
                        int64_t here = power_of_job_at(job, mode, &state->sites[s]);

                        most = here > most ? here : most;
                }
        return most;
}

static uint32_t most_gpus_of(const struct state *state, const struct job *job)
{
        uint32_t most = 0;

        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++) {
                uint32_t gpus = claim_gpus(state, job, mode);

                most = gpus > most ? gpus : most;
        }
        return most;
}

/* All that is promised at the site already, and what its store could give the job beside it, at the width asked for. */
static int collect_promised(const struct state *state, const struct now *now, const struct site *site,
                            const struct site_filled *filled, const struct job *candidate, int64_t horizon,
                            const struct plan_site *plan_site, struct beside *ret_beside)
{
        const struct policy_class *class = state_class(state, candidate);
        struct lone_room room = { .state = state,
                                  .site = site,
                                  .supply = &filled->supply,
                                  .now = now->wall,
                                  .horizon = horizon,
                                  .release = release_of(state, now, candidate, true),
                                  .seconds =
                                          class->start_cost_s + (int64_t)ceil(work_left(candidate, class, now->wall)),
                                  .job_w = plan_site->pue_factor * (double)power_of_job_at(candidate, 0, site),
                                  .idle_w = plan_site->pue_fixed_w + plan_site->pue_factor * plan_site->idle_w,
                                  .job_gpus = claim_gpus(state, candidate, 0),
                                  .gpus = gpus_in_service(state, site, now->mono_ms) };
        struct usage **usage = &ret_beside->usage;
        size_t *n = &ret_beside->n_usage, sorted;
        int code = collect_usage(state, site, candidate, now->wall, usage, n);

        ret_beside->is_capped = true;
        ret_beside->gpus = most_gpus_of(state, candidate);
        ret_beside->facility_w = room.idle_w + plan_site->pue_factor * (double)most_w_of(state, candidate);
        if (code == 0)
                code = usage_sort(*usage, *n);
        sorted = *n;
        if (code == 0 && candidate->state == OFFPEAK_JOB_QUEUED)
                code = lone_room_add(&room, usage, n);
        if (code == 0)
                code = collect_flows(state, site, now->wall, usage, n);
        if (code == 0 && *n > sorted)
                code = usage_sort(*usage, *n);
        return code;
}

/*
 * candidate: the job for whom others' hours are taken out; NULL: none are. store: memory for the site's; NULL: it is left out, for
 * a lone job is placed beside what stores do for the others.
 */
static int fill_site(const struct state *state, const struct now *now, const struct site *site, int64_t horizon,
                     const struct job *candidate, struct plan_store *store, struct plan_site *ret_site)
{
        struct site_filled filled;
        struct beside beside = { 0 };
        uint32_t gpus = gpus_in_service(state, site, now->mono_ms);
        double most_w;
        int code = site_filled_init(state, site, now->wall, horizon, &filled);

        if (code != 0)
                return code;
        ret_site->name = site->name;
        ret_site->idle_w = (double)power_idle_at(state, site, now->mono_ms);
        ret_site->pue_fixed_w = (double)filled.supply.terms.pue_fixed_w;
        ret_site->pue_factor = (double)filled.supply.terms.pue_ppm * MICRO;
        most_w = ret_site->pue_fixed_w + ret_site->pue_factor * (double)power_full_at(state, site, now->mono_ms);
        if (candidate != NULL)
                code = collect_promised(state, now, site, &filled, candidate, horizon, ret_site, &beside);
        if (code == 0)
                code = fill_steps(ret_site, &filled, &beside, gpus, most_w, now->wall, horizon);
        if (store != NULL && stored_for_plan(state, site, &filled.supply, now->wall, store))
                ret_site->store = store;
        if (code == 0)
                code = fill_demands(state, site, now->wall, horizon, ret_site);
        free(beside.usage);
        site_filled_finish(&filled);
        return code;
}

/* ---- jobs */

static uint32_t starts_left(const struct job *job, const struct policy_class *class, bool running)
{
        uint32_t pauses;

        if (!work_may_pause(job, class))
                return running ? 0 : 1;
        if (class->max_pauses == UINT32_MAX)
                return PLAN_ANY_STARTS;
        pauses = class->max_pauses > job->pauses ? class->max_pauses - job->pauses : 0;
        return running ? pauses : pauses + 1;
}

/*
 * What the plan aims at, so that a start that takes its time does not miss the deadline itself: a minute and the class's share of
 * the run time ahead of it, but no more than the slack there is.
 */
static int64_t aim(const struct job *job, const struct policy_class *class, int64_t earliest)
{
        int64_t finish = earliest + 1, margin = class->deadline_margin_ppm;
        int64_t ahead = job->spec.deadline - (margin > 0 ? 60 + (int64_t)((__int128)job->total_s * margin / 1000000) : 0);

        if (ahead >= finish)
                return ahead;
        return finish < job->spec.deadline ? finish : job->spec.deadline;
}

/* A job cannot wait before others have ended, or its class has GPU-hours for it: from then on its class's max_delay
 * counts. */
static int64_t class_deadline(const struct state *state, const struct job *job, int64_t let_in)
{
        const struct policy_class *class = state_class(state, job);
        int64_t release = job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at;
        int64_t last_end = after_last_end(state, job);

        release = last_end > release ? last_end : release;
        release = let_in > release ? let_in : release;

        return class->max_delay_s > 0 ? release + class->max_delay_s + class->start_cost_s + job->total_s : 0;
}

int64_t question_class_deadline(const struct state *state, const struct job *job)
{
        return class_deadline(state, job, 0);
}

bool question_class_decides(const struct state *state, const struct job *job)
{
        int64_t latest = question_class_deadline(state, job);

        return latest != 0 && (job->spec.deadline == 0 || latest <= job->spec.deadline);
}

/* `earliest`: when it can be done at the earliest. let_in: when its class's month puts it off to; 0: it does not. */
static int64_t latest_finish(const struct state *state, const struct job *job, int64_t earliest, int64_t let_in)
{
        int64_t latest = class_deadline(state, job, let_in);

        if (job->spec.deadline == 0 || (latest != 0 && latest <= job->spec.deadline))
                return latest;
        return aim(job, state_class(state, job), earliest);
}

/* Between runs it may go on at another site; what it needs is on its way since its last run has ended. */
static void fill_moves(const struct state *state, const struct job *job, struct plan_job *ret_job)
{
        uint64_t home = job->site < POSSIBLE_SITES ? UINT64_C(1) << job->site : 0;
        struct move_terms terms;

        ret_job->home = home != 0 ? job->site : PLAN_ANYWHERE;
        if (ret_job->running)
                ret_job->home = ret_job->run_site;
        ret_job->may_move = move_is_allowed(state, job) && __builtin_popcountll(ret_job->sites | home) > 1;
        if (!ret_job->may_move)
                return;
        terms = move_dearest(state, job, ret_job->sites | home);
        ret_job->move_cost = terms.cost;
        ret_job->move_s = terms.seconds;
        if (job->state == OFFPEAK_JOB_QUEUED && job->attempts > 0 && job->attempt.over_at < ret_job->release)
                ret_job->rests_since = job->attempt.over_at;
}

static bool wants_hours(const struct job *job)
{
        return (job->state == OFFPEAK_JOB_QUEUED && !job->held && !job->cancel) ||
               (job->state == OFFPEAK_JOB_ACTIVE && !job->held && !job->cancel);
}

/* Where a job may run, in which of its modes, and the limits that its GPUs count in: a bit each. */
struct fitting {
        uint64_t sites, limits;
        uint32_t modes;
};

static struct fitting find_fitting(const struct state *state, const struct now *now, const struct possible_site *possible,
                                   const struct quotas *quotas, const struct job *job)
{
        struct fitting fitting = { 0 };

        if (!wants_hours(job))
                return fitting;
        fitting.sites = possible_sites(state, now, possible, job, &fitting.modes);
        fitting.limits = quotas_bit(quotas, state_class(state, job)) | pools_bit(quotas, &job->spec);
        return fitting;
}

/* With what they draw at a site. */
static void fill_modes(const struct state *state, const struct job *job, const struct site *site, const struct fitting *fitting, struct plan_mode *modes,
                       struct plan_job *ret_job)
{
        ret_job->modes = modes;
        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++) {
                if ((fitting->modes >> mode & 1) == 0)
                        continue;
                if (job->attempt.mode == mode)
                        ret_job->run_mode = ret_job->running ? (uint32_t)ret_job->n_modes : 0;
                modes[ret_job->n_modes++] =
                        (struct plan_mode){ .gpus = claim_gpus(state, job, mode),
                                            .watts = (double)power_of_job_at(job, mode, site),
                                            .speed = width_speed(&job->spec, mode),
                                            .limits = fitting->limits,
                                            .id = mode };
        }
}


static void fill_job(const struct state *state, const struct now *now, const struct job *job, int64_t release,
                     const struct fitting *fitting, struct plan_mode *modes, struct plan_job *ret_job)
{
        const struct policy_class *class = state_class(state, job);
        bool running = work_goes_on(job);
        double left = work_left(job, class, now->wall);
        int64_t begin = release_of(state, now, job, true);
        int64_t let_in = !running && month_door_put_off(state, job, release, now->wall) ? release : 0;
        uint32_t first_site = 0;

        while ((fitting->sites >> first_site & 1) == 0)
                first_site++;
        *ret_job = (struct plan_job){
                .id = job->id,
                .sites = fitting->sites,
                .work_s = left,
                .release = release,
                .deadline = latest_finish(state, job,
                                          (let_in > begin ? let_in : begin) + (running ? 0 : class->start_cost_s) +
                                                  (int64_t)(left / width_fastest(&job->spec)),
                                          let_in),
                .lateness_cost = (double)class->lateness_cost * MICRO,
                .start_cost_s = class->start_cost_s,
                .min_run_s = class->min_run_s,
                .max_starts = starts_left(job, class, running),
                .delay_cost = (double)class->delay_cost * MICRO + SOONER,
                .earliest_finish = (job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at) +
                                   class->start_cost_s + job->total_s,
                .carbon_price = (double)class->carbon_price * MICRO,
                .risk = (double)class->risk_ppm * MICRO / 0.4, /* the spread is that of the 0.9 quantile */
                .running = running,
                .run_site = running && job->site != NONE_U32 ? job->site : first_site,
        };
        fill_modes(state, job, &state->sites[first_site], fitting, modes, ret_job);
        fill_moves(state, job, ret_job);
}

uint32_t question_mode(const struct plan_job *job, uint32_t id)
{
        uint32_t mode = 0;

        while (mode < job->n_modes && job->modes[mode].id != id)
                mode++;
        return mode;
}

/* The hours that the plan in force gives the job; none, if there are such in a mode that it cannot have any more. */
static void keep_planned(const struct job *job, struct plan_interval *kept, struct plan_job *ret_job)
{
        for (uint32_t i = 0; i < job->n_planned; i++) {
                kept[i] = job->planned[i];
                kept[i].mode = question_mode(ret_job, job->planned[i].mode);
                if (kept[i].mode == ret_job->n_modes)
                        return;
        }
        if (job->n_planned == 0)
                return;
        ret_job->kept = kept;
        ret_job->n_kept = job->n_planned;
}

/* Likewise the hours it is pinned to, where it could have them; whether it can is settled when all jobs are known. */
static bool keep_pinned(const struct state *state, const struct job *job, const struct plan_problem *problem,
                        struct plan_interval *kept, struct plan_job *ret_job)
{
        size_t n = 0;

        if (pin_holds(job, problem->now))
                n = pin_hours(job, state_class(state, job), problem->now, ret_job->release, problem->horizon, kept);
        for (size_t i = 0; i < n; i++) {
                kept[i].mode = question_mode(ret_job, kept[i].mode);
                if (kept[i].site >= POSSIBLE_SITES || (ret_job->sites >> kept[i].site & 1) == 0 ||
                    kept[i].mode == ret_job->n_modes)
                        return false;
        }
        if (n == 0)
                return false;
        ret_job->kept = kept;
        ret_job->n_kept = n;
        ret_job->pinned = true;
        ret_job->may_move = false;
        return true;
}

/* The problem's index of a job, or n. */
static size_t index_of(const struct plan_job *jobs, size_t n, uint64_t id)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (jobs[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < n && jobs[low].id == id ? low : n;
}

/*
 * Those it comes after and that have not ended, from the n jobs before it. False if one is not among them, or has ended
 * as it should not: then nobody can say when the job may start.
 */
static bool take_after(const struct state *state, const struct job *job, const struct plan_job *jobs, size_t n,
                       size_t *after, size_t *ret_n_after)
{
        *ret_n_after = 0;
        if (after_look(state, job, NULL) == AFTER_NEVER)
                return false;
        for (size_t i = 0; i < after_count(job); i++) {
                struct after_link link = after_link_at(state, job, i);

                if (!after_is_open(&link))
                        continue;
                after[*ret_n_after] = index_of(jobs, n, link.id);
                if (after[*ret_n_after] == n)
                        return false;
                *ret_n_after += 1;
        }
        return true;
}

/* When a plan may begin it, as far as its class's GPU-hours go; those it comes after are before it in the problem. */
static int64_t let_in(const struct state *state, const struct now *now, const struct job *job,
                      const struct plan_job *jobs, const size_t *after, size_t n_after, struct month_door *door)
{
        int64_t release = release_of(state, now, job, false), earliest = release, at;

        if (work_goes_on(job))
                return release;
        for (size_t i = 0; i < n_after; i++)
                earliest = jobs[after[i]].release > earliest ? jobs[after[i]].release : earliest;
        at = month_door_let_in(door, job, earliest);
        return at == earliest ? release : at;
}

static int jobs_room(const struct state *state, struct memory *memory)
{
        size_t n_kept = 0, n_after = 0, n_modes = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                n_modes += width_modes(&state_open_job(state, i)->spec);
                n_kept += state_open_job(state, i)->n_planned + state_open_job(state, i)->n_pins;
                n_after += after_count(state_open_job(state, i));
        }
        memory->jobs = calloc(state->n_open + 1, sizeof(*memory->jobs));
        memory->modes = calloc(n_modes + 1, sizeof(*memory->modes));
        memory->kept = calloc(n_kept + 1, sizeof(*memory->kept));
        memory->after = calloc(n_after + 1, sizeof(*memory->after));
        return memory->jobs != NULL && memory->modes != NULL && memory->kept != NULL && memory->after != NULL ?
                       0 : OFFPEAK_ENOMEM;
}

/*
 * A job that may only begin behind the horizon has no hours yet: a later plan will see it. Nor has one that no site can
 * hold: as work left undone it would cost more than all the others together, and hide what they save. Nor one that
 * comes after such a job, or after one that is held, or for which its class has no GPU-hours in any month before the
 * horizon.
 */
static int fill_jobs(const struct state *state, const struct now *now, const struct plan_problem *problem,
                     struct memory *memory, size_t *ret_n)
{
        int64_t horizon = problem->horizon;
        struct possible_site possible[POSSIBLE_SITES];
        struct month_door door;
        size_t n = 0, n_kept = 0, n_after = 0, n_modes = 0;

        possible_init(state, now, possible);
        if (month_door_init(&door, state, now->wall, horizon, true, NULL) != 0 || jobs_room(state, memory) != 0) {
                month_door_finish(&door);
                return OFFPEAK_ENOMEM;
        }
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);
                struct fitting fitting = find_fitting(state, now, possible, &memory->quotas, job);
                size_t after = 0;
                int64_t release;

                if (fitting.sites == 0 || job->spec.begin >= horizon ||
                    !take_after(state, job, memory->jobs, n, &memory->after[n_after], &after))
                        continue;
                release = let_in(state, now, job, memory->jobs, &memory->after[n_after], after, &door);
                if (release == INT64_MAX)
                        continue;
                fill_job(state, now, job, release, &fitting, &memory->modes[n_modes], &memory->jobs[n]);
                memory->jobs[n].after = &memory->after[n_after];
                memory->jobs[n].n_after = after;
                if (after > 0 || !keep_pinned(state, job, problem, &memory->kept[n_kept], &memory->jobs[n]))
                        keep_planned(job, &memory->kept[n_kept], &memory->jobs[n]);
                n_kept += memory->jobs[n].n_kept;
                n_after += after;
                n_modes += memory->jobs[n].n_modes;
                n++;
        }
        month_door_finish(&door);
        *ret_n = n;
        return 0;
}

/* When a lone job may begin: others who asked before it, or run, are let into the month first. ENOMEM. */
static int let_in_alone(const struct state *state, const struct now *now, const struct job *job, int64_t horizon,
                        const struct possible_site *possible, bool beside_others, int64_t *release)
{
        struct month_door door;
        int code = 0;

        if (state_class(state, job)->quota_gpu_hours == 0 || work_goes_on(job))
                return 0;
        code = month_door_init(&door, state, now->wall, horizon, beside_others, job);
        for (size_t i = 0; code == 0 && beside_others && i < state->n_open; i++) {
                const struct job *other = state_open_job(state, i);

                if (other->id < job->id && !work_goes_on(other) && wants_hours(other) &&
                    state_class(state, other) == state_class(state, job) &&
                    possible_sites(state, now, possible, other, NULL) != 0)
                        month_door_let_in(&door, other, release_of(state, now, other, false));
        }
        if (code == 0)
                *release = month_door_let_in(&door, job, *release);
        month_door_finish(&door);
        return code;
}

/* The same for one job, which need not be in the state. */
static int fill_candidate(const struct state *state, const struct now *now, const struct job *job, int64_t horizon,
                          bool beside_others, struct memory *memory, size_t *ret_n)
{
        struct possible_site possible[POSSIBLE_SITES];
        int64_t release = release_of(state, now, job, true);
        struct fitting fitting;

        possible_init(state, now, possible);
        memory->jobs = calloc(1, sizeof(*memory->jobs));
        memory->modes = calloc(width_modes(&job->spec), sizeof(*memory->modes));
        if (memory->jobs == NULL || memory->modes == NULL)
                return OFFPEAK_ENOMEM;
        fitting = find_fitting(state, now, possible, &memory->quotas, job);
        if (fitting.sites != 0 && let_in_alone(state, now, job, horizon, possible, beside_others, &release) != 0)
                return OFFPEAK_ENOMEM;
        *ret_n = fitting.sites != 0 && release < horizon && after_look(state, job, NULL) != AFTER_NEVER &&
                 !after_is_unknown(state, job);
        if (*ret_n == 1)
                fill_job(state, now, job, release, &fitting, memory->modes, memory->jobs);
        return 0;
}

/* ---- pins: those that cannot be kept all at once are let go, so that there is a plan at all */

struct pins {
        const struct state *state;
        const struct plan_problem *problem;
        struct plan_job *kept; /* that fit; behind them room for those that are tried */
        size_t n_kept;
        size_t *jobs; /* indices of the problem, those that run first */
};

static void let_go(struct pins *pins, struct plan_job *job)
{
        job->pinned = false;
        fill_moves(pins->state, state_job(pins->state, job->id), job);
}

/* Those from `first` on, n of them: all, or the one half and then the other. */
static int settle(struct pins *pins, struct plan_job *all, size_t first, size_t n)
{
        int code;

        for (size_t i = 0; i < n; i++)
                pins->kept[pins->n_kept + i] = all[pins->jobs[first + i]];
        code = pin_fit(pins->problem, pins->kept, pins->n_kept + n, NULL);
        if (code == 0)
                pins->n_kept += n;
        if (code != OFFPEAK_EINVAL)
                return code;
        if (n == 1) {
                let_go(pins, &all[pins->jobs[first]]);
                return 0;
        }
        code = settle(pins, all, first, n / 2);
        return code == 0 ? settle(pins, all, first + n / 2, n - n / 2) : code;
}

static int settle_pins(const struct state *state, const struct plan_problem *problem, struct plan_job *all)
{
        struct pins pins = { .state = state, .problem = problem };
        size_t n = 0;
        int code = 0;

        for (size_t j = 0; j < problem->n_jobs; j++)
                n += all[j].pinned;
        if (n == 0)
                return 0;
        pins.kept = calloc(n, sizeof(*pins.kept));
        pins.jobs = calloc(n, sizeof(*pins.jobs));
        n = 0;
        for (int running = 1; pins.jobs != NULL && running >= 0; running--)
                for (size_t j = 0; j < problem->n_jobs; j++)
                        if (all[j].pinned && all[j].running == (running == 1))
                                pins.jobs[n++] = j;
        code = pins.kept != NULL && pins.jobs != NULL ? settle(&pins, all, 0, n) : OFFPEAK_ENOMEM;
        free(pins.kept);
        free(pins.jobs);
        return code;
}

/* ---- both */

static double highest_price(const struct memory *memory)
{
        double highest = 100;

        for (size_t s = 0; s < memory->n_sites; s++)
                for (size_t t = 0; t < memory->sites[s].n_steps; t++)
                        for (unsigned i = 0; i < memory->sites[s].steps[t].n_segments; i++)
                                highest = fmax(highest, memory->sites[s].steps[t].segments[i].price);
        return highest;
}

/* candidate: the only job; NULL: all. beside_others: what their planned hours take is taken out. */
static int ask(const struct state *state, const struct now *now, const struct job *candidate, bool beside_others,
               struct plan_question *ret_question)
{
        struct plan_question question = { .log_index = state->log_index, .work = state->policy.plan_work };
        int64_t horizon = now->wall + state->policy.plan_horizon_s;
        struct memory *memory = calloc(1, sizeof(*memory));
        int code = 0;

        if (memory == NULL)
                return OFFPEAK_ENOMEM;
        question.memory = memory;
        memory->sites = calloc(state->n_sites + 1, sizeof(*memory->sites));
        memory->stores = calloc(state->n_sites + 1, sizeof(*memory->stores));
        if (memory->sites == NULL || memory->stores == NULL)
                code = OFFPEAK_ENOMEM;
        for (uint32_t i = 0; code == 0 && i < state->n_sites; i++) {
                code = fill_site(state, now, &state->sites[i], horizon, beside_others ? candidate : NULL,
                                 candidate == NULL ? &memory->stores[i] : NULL, &memory->sites[i]);
                memory->n_sites++;
        }
        question.problem = (struct plan_problem){ .now = now->wall, .horizon = horizon, .sites = memory->sites };
        question.problem.n_sites = memory->n_sites;
        if (code == 0)
                code = quotas_init(&memory->quotas, state, beside_others ? candidate : NULL, now->wall, horizon);
        if (code == 0)
                code = pools_add(&memory->quotas, state, now, candidate);
        if (code == 0)
                code = candidate != NULL ? fill_candidate(state, now, candidate, horizon, beside_others, memory,
                                                          &question.problem.n_jobs)
                                         : fill_jobs(state, now, &question.problem, memory, &question.problem.n_jobs);
        if (code != 0) {
                plan_question_finish(&question);
                return code;
        }
        question.problem.limits = memory->quotas.limits;
        question.problem.n_limits = memory->quotas.n;
        question.problem.jobs = memory->jobs;
        question.problem.terminal_price = highest_price(memory);
        question.problem.unfinished_cost = UNDONE;
        question.problem.over_limit_cost = 10 * highest_price(memory);
        if (candidate == NULL && settle_pins(state, &question.problem, memory->jobs) != 0) {
                plan_question_finish(&question);
                return OFFPEAK_ENOMEM;
        }
        *ret_question = question;
        return 0;
}

int plan_question_init(const struct state *state, const struct now *now, struct plan_question *ret_question)
{
        return ask(state, now, NULL, false, ret_question);
}

int question_for_one(const struct state *state, const struct now *now, const struct job *candidate,
                     struct plan_question *ret_question)
{
        return ask(state, now, candidate, true, ret_question);
}

int question_for_one_alone(const struct state *state, const struct now *now, const struct job *candidate,
                           struct plan_question *ret_question)
{
        return ask(state, now, candidate, false, ret_question);
}
