/* SPDX-License-Identifier: Apache-2.0 */
/* check_sites.c - see check_parts.h. */
#include "plan/check_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/when.h"
#include "plan/check_storage.h"

struct event {
        int64_t time;
        size_t job;
        uint32_t mode;
        bool begins;
};

/* In order of time; at one time ends before begins; then by job, so that sums come out the same every time. */
static int by_time(const void *a, const void *b)
{
        const struct event *x = a, *y = b;

        if (x->time != y->time)
                return x->time < y->time ? -1 : 1;
        if (x->begins != y->begins)
                return x->begins ? 1 : -1;
        return x->job < y->job ? -1 : x->job > y->job;
}

struct active {
        size_t job;
        uint32_t mode;
};

/* A month's demand, interval by interval: what the jobs draw in the present one, and the highest mean so far. */
struct demand_sum {
        int64_t interval; /* its number: start / interval_s */
        long double joules, highest_w;
};

struct sweep {
        struct check *check;
        const struct plan_site *site;
        struct demand_sum *demands;
        struct event *events;
        size_t n_events;
        struct active *active;
        size_t n_active;
        size_t next_flow; /* of the plan's: the first that is not over */
};

long double check_firm_limit(const struct plan_step *step)
{
        long double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        return limit;
}

/* Cost per second of drawing `power` within the firm limit. */
static long double rate_within(const struct plan_step *step, long double power)
{
        long double rate = 0, left = power;

        for (unsigned i = 0; i < step->n_segments && left > 0; i++) {
                long double taken = fminl(left, step->segments[i].limit_w);

                rate += taken * step->segments[i].price / PLAN_JOULES_PER_MWH;
                left -= taken;
        }
        return rate;
}

static long double rate_above(const struct check *check, const struct plan_step *step, long double power)
{
        return fmaxl(0, power - check_firm_limit(step)) * check->problem->over_limit_cost / PLAN_JOULES_PER_MWH;
}

/* The same of a site that draws `power` without its store. */
static long double rate_beside(const struct sweep *sweep, const struct plan_step *step, long double power, long double flow)
{
        return rate_within(step, power + flow) + rate_above(sweep->check, step, power + flow);
}

static int refuse_site(struct sweep *sweep, int64_t time, const char *unit, double used, double available)
{
        char at[WHEN_TEXT_SIZE];
        uint64_t last = sweep->check->problem->jobs[sweep->active[sweep->n_active - 1].job].id;

        return fail(sweep->check->err, OFFPEAK_EINVAL,
                    "site %s at %s: %.15g %s are used, the limit is %.15g (%zu jobs on, job %" PRIu64 " the last)",
                    sweep->site->name, when_format_utc(time, at), used, unit, available, sweep->n_active, last);
}

static int check_limits(struct sweep *sweep, const struct plan_step *step, int64_t time, long double idle,
                        long double power, long double flow)
{
        long double limit = fmaxl(check_firm_limit(step), idle);
        uint64_t gpus = 0;

        if (flow < 0 && power > idle) /* what the store gives counts, also where idle power alone is above the limit */
                limit = check_firm_limit(step) - flow;
        for (size_t i = 0; i < sweep->n_active; i++)
                gpus += sweep->check->problem->jobs[sweep->active[i].job].modes[sweep->active[i].mode].gpus;
        if (gpus > step->gpus)
                return refuse_site(sweep, time, "GPUs", (double)gpus, step->gpus);
        if (power > limit + 1e-9L * limit + 1e-6L)
                return refuse_site(sweep, time, "W", (double)power, (double)limit);
        return 0;
}

/* How long an interval lasts, less what the month, now or the horizon cut off. */
static int64_t interval_length(const struct plan_problem *problem, const struct plan_demand *demand, int64_t interval)
{
        int64_t from = interval * demand->interval_s, to = from + demand->interval_s;

        from = from > demand->start ? from : demand->start;
        from = from > problem->now ? from : problem->now;
        to = to < demand->end ? to : demand->end;
        to = to < problem->horizon ? to : problem->horizon;
        return to - from;
}

static void close_interval(const struct sweep *sweep, size_t d)
{
        const struct plan_demand *demand = &sweep->site->demands[d];
        struct demand_sum *sum = &sweep->demands[d];

        if (sum->joules > 0)
                sum->highest_w = fmaxl(sum->highest_w, sum->joules / interval_length(sweep->check->problem, demand,
                                                                                     sum->interval));
        sum->joules = 0;
}

/* `watts` of jobs at the meter during [from, to), which follows what was measured before. */
static void measure(const struct sweep *sweep, int64_t from, int64_t to, long double watts)
{
        for (size_t d = 0; d < sweep->site->n_demands; d++) {
                const struct plan_demand *demand = &sweep->site->demands[d];
                int64_t at = from > demand->start ? from : demand->start, end = to < demand->end ? to : demand->end;

                while (at < end) {
                        int64_t interval = at / demand->interval_s, next = (interval + 1) * demand->interval_s;

                        if (interval != sweep->demands[d].interval)
                                close_interval(sweep, d);
                        next = next < end ? next : end;
                        sweep->demands[d].interval = interval;
                        sweep->demands[d].joules += watts * (next - at);
                        at = next;
                }
        }
}

static void charge_demands(const struct sweep *sweep)
{
        const struct plan_site *site = sweep->site;
        long double idle = (long double)site->pue_fixed_w + (long double)site->pue_factor * site->idle_w;

        for (size_t d = 0; d < site->n_demands; d++) {
                long double rise;

                close_interval(sweep, d);
                rise = idle + sweep->demands[d].highest_w - site->demands[d].paid_w;
                if (sweep->demands[d].highest_w > 0 && rise > 0)
                        check_add(&sweep->check->demand, rise / 1e6L * site->demands[d].price);
        }
}

/* What a job has of it: carbon, risk, and what the site would save without it, its store doing as it does. */
static void share(struct sweep *sweep, const struct plan_step *step, const struct active *active, long double power,
                  long double flow, long double seconds)
{
        struct check *check = sweep->check;
        const struct plan_job *job = &check->problem->jobs[active->job];
        long double watts = (long double)sweep->site->pue_factor * job->modes[active->mode].watts;
        long double carbon = job->carbon_price * (watts * seconds / PLAN_JOULES_PER_MWH) * step->carbon / 1000;
        long double risk = job->risk * (watts * seconds / PLAN_JOULES_PER_MWH) * step->spread;
        long double margin = rate_beside(sweep, step, power, flow) - rate_beside(sweep, step, power - watts, flow);

        check_add(&check->carbon, carbon);
        check_add(&check->risk, risk);
        check->jobs[active->job].share += carbon + risk + margin * seconds;
}

/* Nothing changes in [from, to): limits once, money for all of it. */
static int sweep_segment(struct sweep *sweep, const struct plan_step *step, int64_t from, int64_t to, long double flow)
{
        struct check *check = sweep->check;
        const struct plan_site *site = sweep->site;
        long double idle = (long double)site->pue_fixed_w + (long double)site->pue_factor * site->idle_w;
        long double power = idle, seconds = (long double)(to - from), above;
        int code = 0;

        if (sweep->n_active == 0 && flow == 0 && site->store == NULL)
                return 0;
        for (size_t i = 0; i < sweep->n_active; i++)
                power += (long double)site->pue_factor *
                         check->problem->jobs[sweep->active[i].job].modes[sweep->active[i].mode].watts;
        if (sweep->n_active > 0)
                code = check_limits(sweep, step, from, idle, power, flow);
        if (code == 0 && flow != 0)
                code = storage_check_power(site, step, from, (double)power, (double)flow, check->err);
        if (code != 0)
                return code;
        measure(sweep, from, to, power + flow - idle);
        above = rate_above(check, step, power + flow);
        check_add(&check->supply, (rate_beside(sweep, step, power, flow) - above - rate_within(step, idle)) * seconds);
        check_add(&check->over_limit, (above - (site->store != NULL ? 0 : rate_above(check, step, idle))) * seconds);
        for (size_t i = 0; i < sweep->n_active; i++)
                share(sweep, step, &sweep->active[i], power, flow, seconds);
        return 0;
}

static void apply_event(struct sweep *sweep, const struct event *event)
{
        size_t i = 0;

        if (event->begins) {
                sweep->active[sweep->n_active++] = (struct active){ event->job, event->mode };
                return;
        }
        while (sweep->active[i].job != event->job)
                i++;
        sweep->active[i] = sweep->active[--sweep->n_active];
}

/* What the site's store does at a second; *to: no later than when that changes. */
static double flow_at(struct sweep *sweep, int64_t at, int64_t *to)
{
        const struct plan *plan = sweep->check->plan;
        uint32_t s = (uint32_t)(sweep->site - sweep->check->problem->sites);
        const struct plan_flow *flow;

        while (sweep->next_flow < plan->n_flows &&
               (plan->flows[sweep->next_flow].site < s ||
                (plan->flows[sweep->next_flow].site == s && plan->flows[sweep->next_flow].end <= at)))
                sweep->next_flow++;
        flow = &plan->flows[sweep->next_flow];
        if (sweep->next_flow == plan->n_flows || flow->site != s)
                return 0;
        if (flow->start > at) {
                *to = flow->start < *to ? flow->start : *to;
                return 0;
        }
        *to = flow->end < *to ? flow->end : *to;
        return flow->watts;
}

static int sweep_run(struct sweep *sweep)
{
        int64_t horizon = sweep->check->problem->horizon;
        size_t next = 0;

        for (size_t t = 0; t < sweep->site->n_steps; t++) {
                const struct plan_step *step = &sweep->site->steps[t];
                int64_t end = t + 1 < sweep->site->n_steps ? step[1].start : horizon;

                for (int64_t at = step->start, to; at < end; at = to) {
                        double flow;
                        int code;

                        for (; next < sweep->n_events && sweep->events[next].time <= at; next++)
                                apply_event(sweep, &sweep->events[next]);
                        to = next < sweep->n_events && sweep->events[next].time < end ? sweep->events[next].time : end;
                        flow = flow_at(sweep, at, &to);
                        code = sweep_segment(sweep, step, at, to, flow);
                        if (code != 0)
                                return code;
                }
        }
        return 0;
}

static void collect_events(struct sweep *sweep, uint32_t site)
{
        const struct plan *plan = sweep->check->plan;

        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = plan->jobs[j].first; i < plan->jobs[j].first + plan->jobs[j].n; i++) {
                        const struct plan_interval *interval = &plan->intervals[i];

                        if (interval->site != site)
                                continue;
                        sweep->events[sweep->n_events++] = (struct event){ interval->start, j, interval->mode, true };
                        sweep->events[sweep->n_events++] = (struct event){ interval->end, j, interval->mode, false };
                }
        qsort(sweep->events, sweep->n_events, sizeof(*sweep->events), by_time);
}

int check_sites(struct check *check)
{
        size_t n = check->plan->n_intervals;
        struct sweep sweep = { .check = check };
        int code = 0;

        sweep.events = calloc(2 * n + 1, sizeof(*sweep.events));
        sweep.active = calloc(check->plan->n_jobs + 1, sizeof(*sweep.active));
        if (sweep.events == NULL || sweep.active == NULL)
                code = fail(check->err, OFFPEAK_ENOMEM, "checking the plan: out of memory");
        for (uint32_t s = 0; code == 0 && s < check->problem->n_sites; s++) {
                sweep.site = &check->problem->sites[s];
                sweep.n_events = sweep.n_active = 0;
                sweep.demands = calloc(sweep.site->n_demands + 1, sizeof(*sweep.demands));
                if (sweep.demands == NULL) {
                        code = fail(check->err, OFFPEAK_ENOMEM, "checking the plan: out of memory");
                        break;
                }
                collect_events(&sweep, s);
                code = sweep_run(&sweep);
                charge_demands(&sweep);
                free(sweep.demands);
        }
        free(sweep.active);
        free(sweep.events);
        return code;
}
