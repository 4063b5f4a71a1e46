/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: each job's intervals alone (order, runs, starts, progress), then for every site one sweep over the exact
 * seconds at which anything changes, which adds up GPUs, power and money; then the plan's own words against that.
 * Sums are long double: what is compared to 1e-6 is known to far less.
 */
#include "plan/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/when.h"
#include "plan/check_limits.h"
#include "plan/check_storage.h"

#define TOLERANCE 1e-6

struct job_facts {
        double rest_s; /* work not done, in seconds of progress */
        int64_t finish;
        int64_t late_s;
        long double share;
};

/* A term, and the sum of its parts' absolute values: what a relative error is relative to. */
struct amount {
        long double sum, size;
};

struct check {
        const struct plan_problem *problem;
        const struct plan *plan;
        struct offpeak_error *err;
        struct job_facts *jobs;
        struct amount supply, carbon, delay, lateness, unfinished, demand, starts, risk, moves, storage, over_limit;
};

static void add(struct amount *amount, long double part)
{
        amount->sum += part;
        amount->size += fabsl(part);
}

static int refuse_job(struct check *check, size_t job, int64_t time, const char *what)
{
        char at[WHEN_TEXT_SIZE];

        return fail(check->err, OFFPEAK_EINVAL, "job %" PRIu64 " at %s: %s", check->problem->jobs[job].id,
                    when_format_utc(time, at), what);
}

/* ---- one job's intervals */

static bool same_run(const struct plan_job *job, const struct plan_interval *before, const struct plan_interval *next)
{
        return before->end == next->start && before->site == next->site &&
               job->modes[before->mode].gpus == job->modes[next->mode].gpus;
}

static bool goes_on(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *first)
{
        return job->running && first->start == problem->now && first->site == job->run_site &&
               job->modes[first->mode].gpus == job->modes[job->run_mode].gpus;
}

static int check_shape(struct check *check, size_t j)
{
        const struct plan_problem *problem = check->problem;
        const struct plan_job *job = &problem->jobs[j];
        const struct plan_job_result *result = &check->plan->jobs[j];
        const struct plan_interval *intervals = &check->plan->intervals[result->first];

        for (size_t i = 0; i < result->n; i++) {
                const struct plan_interval *interval = &intervals[i];

                if (interval->start >= interval->end)
                        return refuse_job(check, j, interval->start, "an interval ends no later than it starts");
                if (interval->start < problem->now || interval->end > problem->horizon)
                        return refuse_job(check, j, interval->start, "an interval lies outside [now, horizon)");
                if (interval->start < job->release)
                        return refuse_job(check, j, interval->start, "it runs before its release");
                if (i > 0 && interval->start < intervals[i - 1].end)
                        return refuse_job(check, j, interval->start, "its intervals overlap or are out of order");
                if (interval->site >= problem->n_sites || (job->sites >> interval->site & 1) == 0)
                        return refuse_job(check, j, interval->start, "it may not run at this site");
                if (interval->mode >= job->n_modes)
                        return refuse_job(check, j, interval->start, "it has no such mode");
        }
        return 0;
}

/* From home, or from one site to the next: allowed, with its time, for its price. */
static int check_moves(struct check *check, size_t j)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *result = &check->plan->jobs[j];
        const struct plan_interval *intervals = &check->plan->intervals[result->first];
        uint32_t at = job->may_move ? job->home : PLAN_ANYWHERE;
        int64_t since = job->may_move && job->rests_since != 0 ? job->rests_since : job->release;

        for (size_t i = 0; i < result->n; i++) {
                if (at != PLAN_ANYWHERE && intervals[i].site != at) {
                        if (!job->may_move)
                                return refuse_job(check, j, intervals[i].start, "it moves to another site");
                        if (intervals[i].start < since + job->move_s)
                                return refuse_job(check, j, intervals[i].start, "it moves faster than it can");
                        add(&check->moves, job->move_cost);
                        check->jobs[j].share += job->move_cost;
                }
                at = intervals[i].site;
                since = intervals[i].end;
        }
        return 0;
}

/* It starts when those before it are done, and a pinned job runs as it is told. */
static int check_order(struct check *check, size_t j)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *result = &check->plan->jobs[j];
        const struct plan_interval *intervals = &check->plan->intervals[result->first];

        for (size_t i = 0; result->n > 0 && i < job->n_after; i++) {
                const struct job_facts *before = &check->jobs[job->after[i]];

                if (before->rest_s > 0 || intervals[0].start < before->finish)
                        return refuse_job(check, j, intervals[0].start, "it starts before a job is done that it comes after");
        }
        if (job->pinned && result->n != job->n_kept)
                return refuse_job(check, j, check->problem->now, "it does not run in the hours that it is pinned to");
        for (size_t i = 0; job->pinned && i < result->n; i++)
                if (intervals[i].start != job->kept[i].start || intervals[i].end != job->kept[i].end ||
                    intervals[i].site != job->kept[i].site || intervals[i].mode != job->kept[i].mode)
                        return refuse_job(check, j, intervals[i].start, "it does not run in the hours that it is pinned to");
        return 0;
}

/* Progress of the run intervals[first..last] and, in ret_speed, that of its last second. */
static long double run_progress(const struct plan_job *job, const struct plan_interval *intervals, size_t first,
                                size_t last, int64_t overhead, double *ret_speed)
{
        long double progress = 0;

        for (size_t i = first; i <= last; i++) {
                int64_t seconds = intervals[i].end - intervals[i].start;
                int64_t lost = overhead < seconds ? overhead : seconds;
                double speed = job->modes[intervals[i].mode].speed;

                overhead -= lost;
                progress += (long double)speed * (seconds - lost);
                *ret_speed = speed;
        }
        return progress;
}

/* Twice what the start of a run earns: it is to cost what it draws, whatever the sign of the price. */
static void add_start(struct check *check, size_t j, const struct plan_interval *intervals, size_t last)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_site *site = &check->problem->sites[intervals[0].site];
        int64_t end = intervals[0].start + job->start_cost_s;

        for (size_t i = 0; i <= last && intervals[i].start < end; i++) {
                long double energy = (long double)site->pue_factor * job->modes[intervals[i].mode].watts;
                int64_t stop = intervals[i].end < end ? intervals[i].end : end;

                for (size_t t = 0; t < site->n_steps && site->steps[t].start < stop; t++) {
                        const struct plan_step *step = &site->steps[t];
                        int64_t from = step->start > intervals[i].start ? step->start : intervals[i].start;
                        int64_t to = t + 1 < site->n_steps && step[1].start < stop ? step[1].start : stop;
                        long double part;

                        if (to <= from || step->n_segments == 0 || step->segments[0].price >= 0)
                                continue;
                        part = -2 * energy * (to - from) * step->segments[0].price / PLAN_JOULES_PER_MWH;
                        add(&check->starts, part);
                        check->jobs[j].share += part;
                }
        }
}

static int check_runs(struct check *check, size_t j, long double *ret_progress, double *ret_speed)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *result = &check->plan->jobs[j];
        const struct plan_interval *intervals = &check->plan->intervals[result->first];
        long double done_at = (long double)job->work_s * (1 - PLAN_WORK_TOLERANCE);
        long double progress = 0;
        uint32_t starts = 0;

        for (size_t i = 0, last; i < result->n; i = last + 1) {
                bool started = !goes_on(check->problem, job, &intervals[i]);
                int64_t seconds;

                for (last = i; last + 1 < result->n && same_run(job, &intervals[last], &intervals[last + 1]);)
                        last++;
                seconds = intervals[last].end - intervals[i].start;
                progress += run_progress(job, intervals, i, last, started ? job->start_cost_s : 0, ret_speed);
                if (!started)
                        continue;
                if (job->start_cost_s > 0)
                        add_start(check, j, &intervals[i], last - i);
                if (job->pinned)
                        continue;
                if (starts == job->max_starts)
                        return refuse_job(check, j, intervals[i].start, "it starts more often than max_starts allows");
                starts++;
                if (seconds <= job->start_cost_s)
                        return refuse_job(check, j, intervals[i].start, "a start makes no progress");
                if (seconds < job->min_run_s && progress < done_at && intervals[last].end < check->problem->horizon)
                        return refuse_job(check, j, intervals[i].start, "a run is shorter than min_run_s");
        }
        *ret_progress = progress;
        return 0;
}

static double mode_watts_at_meter(const struct plan_problem *problem, const struct plan_job *job)
{
        uint32_t site = 0;

        while ((job->sites >> site & 1) == 0)
                site++;
        return problem->sites[site].pue_factor * job->modes[0].watts;
}

/* What follows from when the job is done: delay, lateness, work left undone. */
static void add_outcome(struct check *check, size_t j, long double progress, int64_t end)
{
        const struct plan_problem *problem = check->problem;
        const struct plan_job *job = &problem->jobs[j];
        struct job_facts *facts = &check->jobs[j];
        const struct plan_mode *mode = &job->modes[0];
        long double part;

        facts->finish = end;
        if (progress < (long double)job->work_s * (1 - PLAN_WORK_TOLERANCE)) {
                long double rest_s = ((long double)job->work_s - progress) / mode->speed;

                facts->rest_s = (double)((long double)job->work_s - progress);
                facts->finish = problem->horizon + (int64_t)ceill(rest_s - 1e-6L);
                part = rest_s / 3600 * mode->gpus * problem->unfinished_cost +
                       rest_s * mode_watts_at_meter(problem, job) / PLAN_JOULES_PER_MWH * problem->terminal_price;
                add(&check->unfinished, part);
                facts->share += part;
        }
        if (facts->finish > job->earliest_finish) {
                part = (long double)(facts->finish - job->earliest_finish) / 3600 * mode->gpus * job->delay_cost;
                add(&check->delay, part);
                facts->share += part;
        }
        if (job->deadline != 0 && facts->finish > job->deadline) {
                facts->late_s = facts->finish - job->deadline;
                part = (long double)facts->late_s / 3600 * job->lateness_cost;
                add(&check->lateness, part);
                facts->share += part;
        }
}

static int check_job(struct check *check, size_t j)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *result = &check->plan->jobs[j];
        long double progress = 0;
        double last_speed = 0;
        int64_t end = 0;
        int code = check_shape(check, j);

        if (code == 0)
                code = check_moves(check, j);
        if (code == 0)
                code = check_order(check, j);
        if (code == 0)
                code = check_runs(check, j, &progress, &last_speed);
        if (code != 0)
                return code;
        if (result->n > 0)
                end = check->plan->intervals[result->first + result->n - 1].end;
        if (!job->pinned && progress - last_speed >= (long double)job->work_s * (1 - PLAN_WORK_TOLERANCE))
                return refuse_job(check, j, end, "it runs longer than its work needs");
        add_outcome(check, j, progress, end);
        return 0;
}

static int check_jobs(struct check *check)
{
        const struct plan *plan = check->plan;
        size_t next = 0;

        if (plan->n_jobs != check->problem->n_jobs)
                return fail(check->err, OFFPEAK_EINVAL, "the plan speaks of %zu jobs, the problem of %zu", plan->n_jobs,
                            check->problem->n_jobs);
        for (size_t j = 0; j < plan->n_jobs; j++) {
                const struct plan_job_result *result = &plan->jobs[j];
                int code;

                if (result->id != check->problem->jobs[j].id)
                        return fail(check->err, OFFPEAK_EINVAL, "result %zu is of job %" PRIu64 ", not of job %" PRIu64,
                                    j, result->id, check->problem->jobs[j].id);
                if (result->first != next || result->n > plan->n_intervals - next)
                        return fail(check->err, OFFPEAK_EINVAL,
                                    "job %" PRIu64 ": its intervals do not follow those of the job before", result->id);
                next += result->n;
                code = check_job(check, j);
                if (code != 0)
                        return code;
        }
        if (next != plan->n_intervals)
                return fail(check->err, OFFPEAK_EINVAL, "%zu of the plan's intervals belong to no job",
                            plan->n_intervals - next);
        return 0;
}

/* ---- one site, second by second */

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

static long double firm_limit(const struct plan_step *step)
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
        return fmaxl(0, power - firm_limit(step)) * check->problem->over_limit_cost / PLAN_JOULES_PER_MWH;
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
        long double limit = fmaxl(firm_limit(step), idle);
        uint64_t gpus = 0;

        if (flow < 0 && power > idle) /* what the store gives counts, also where idle power alone is above the limit */
                limit = firm_limit(step) - flow;
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
                        add(&sweep->check->demand, rise / 1e6L * site->demands[d].price);
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

        add(&check->carbon, carbon);
        add(&check->risk, risk);
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
        add(&check->supply, (rate_beside(sweep, step, power, flow) - above - rate_within(step, idle)) * seconds);
        add(&check->over_limit, (above - (site->store != NULL ? 0 : rate_above(check, step, idle))) * seconds);
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

static int check_sites(struct check *check)
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

/* Flows by themselves; sites have seen whether there is as much power. */
static int check_stores(struct check *check)
{
        double *costs = calloc(check->problem->n_sites + 1, sizeof(*costs));
        int code = costs == NULL ? fail(check->err, OFFPEAK_ENOMEM, "checking the plan: out of memory") :
                                   storage_check(check->problem, check->plan, costs, check->err);

        for (size_t s = 0; code == 0 && s < check->problem->n_sites; s++)
                add(&check->storage, costs[s]);
        free(costs);
        return code;
}

/* ---- the plan's own words */

static bool is_off(double said, long double found, long double size)
{
        return !(fabsl(said - found) <= TOLERANCE * size + 1e-9L);
}

/* With a mW to spare: less is not worth a quarrel over who rounds how. */
static bool can_ever_run(const struct plan_problem *problem, const struct plan_job *job)
{
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];
                long double idle = (long double)site->pue_fixed_w + (long double)site->pue_factor * site->idle_w;

                for (size_t t = 0; (job->sites >> s & 1) != 0 && t < site->n_steps; t++)
                        for (size_t m = 0; m < job->n_modes; m++) {
                                long double watts = (long double)site->pue_factor * job->modes[m].watts;
                                double given = site->store != NULL ? site->store->discharge_w : 0;

                                if (job->modes[m].gpus <= site->steps[t].gpus &&
                                    (watts == 0 || idle + watts <= firm_limit(&site->steps[t]) + given - 1e-3L))
                                        return true;
                        }
        }
        return false;
}

static int check_result(struct check *check, size_t j)
{
        const struct plan_job *job = &check->problem->jobs[j];
        const struct plan_job_result *said = &check->plan->jobs[j];
        const struct job_facts *found = &check->jobs[j];

        if (said->finish != found->finish && !(said->finish == 0 && !can_ever_run(check->problem, job)))
                return refuse_job(check, j, said->finish, "this is not when its work is done");
        if (said->late_s != found->late_s)
                return fail(check->err, OFFPEAK_EINVAL,
                            "job %" PRIu64 ": it is said to be %" PRId64 " s late, it is %" PRId64, said->id,
                            said->late_s, found->late_s);
        if (is_off(said->unfinished_s, found->rest_s, job->work_s))
                return fail(check->err, OFFPEAK_EINVAL,
                            "job %" PRIu64 ": it is said to lack %.3f s of progress, it lacks %.3f", said->id,
                            said->unfinished_s, found->rest_s);
        if (is_off(said->cost, found->share, check->supply.size + fabsl(found->share)))
                return fail(check->err, OFFPEAK_EINVAL, "job %" PRIu64 ": its share is said to be %.9g, it is %.9g",
                            said->id, said->cost, (double)found->share);
        return 0;
}

static int check_term(struct check *check, const char *name, double said, const struct amount *found)
{
        if (is_off(said, found->sum, found->size))
                return fail(check->err, OFFPEAK_EINVAL, "the plan says its %s costs %.9g, it costs %.9g", name, said,
                            (double)found->sum);
        return 0;
}

static struct amount total_of(const struct check *check)
{
        const struct amount *parts[] = { &check->supply,   &check->carbon,     &check->delay,
                                         &check->lateness, &check->unfinished, &check->demand,
                                         &check->starts,   &check->risk,       &check->moves,
                                         &check->storage,  &check->over_limit };
        struct amount total = { 0 };

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                total.sum += parts[i]->sum;
                total.size += parts[i]->size;
        }
        return total;
}

static int check_words(struct check *check)
{
        const struct plan_terms *said = &check->plan->terms;
        struct amount total = total_of(check);
        int code = 0;

        for (size_t j = 0; code == 0 && j < check->plan->n_jobs; j++)
                code = check_result(check, j);
        if (code == 0)
                code = check_term(check, "supply", said->supply, &check->supply);
        if (code == 0)
                code = check_term(check, "carbon", said->carbon, &check->carbon);
        if (code == 0)
                code = check_term(check, "delay", said->delay, &check->delay);
        if (code == 0)
                code = check_term(check, "lateness", said->lateness, &check->lateness);
        if (code == 0)
                code = check_term(check, "unfinished work", said->unfinished, &check->unfinished);
        if (code == 0)
                code = check_term(check, "demand charge", said->demand, &check->demand);
        if (code == 0)
                code = check_term(check, "start at negative prices", said->starts, &check->starts);
        if (code == 0)
                code = check_term(check, "risk", said->risk, &check->risk);
        if (code == 0)
                code = check_term(check, "move", said->moves, &check->moves);
        if (code == 0)
                code = check_term(check, "stored energy", said->storage, &check->storage);
        if (code == 0)
                code = check_term(check, "power above the limit", said->over_limit, &check->over_limit);
        if (code == 0)
                code = check_term(check, "total", said->total, &total);
        return code;
}

static int check_bound(struct check *check, double *ret_bound)
{
        const struct plan *plan = check->plan;
        struct amount total = total_of(check);
        long double slack = TOLERANCE * total.size + 1e-9L;
        int code;

        *ret_bound = -INFINITY;
        if (plan->multipliers.n_slots == 0 && plan->bound == -INFINITY)
                return 0;
        if (plan->multipliers.n_slots == 0)
                return fail(check->err, OFFPEAK_EINVAL,
                            "the plan claims the bound %.9g without multipliers that prove it", plan->bound);
        code = plan_bound(check->problem, &plan->multipliers, ret_bound, check->err);
        if (code != 0)
                return code;
        if (!(plan->bound <= *ret_bound + slack))
                return fail(check->err, OFFPEAK_EINVAL, "the plan claims the bound %.9g, its multipliers prove %.9g",
                            plan->bound, *ret_bound);
        if (*ret_bound > total.sum + slack)
                return fail(check->err, OFFPEAK_EINVAL,
                            "the plan costs %.9g, less than the bound %.9g: one of them is wrong", (double)total.sum,
                            *ret_bound);
        return 0;
}

int plan_check(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *ret_verdict,
               struct offpeak_error *err)
{
        struct check check = { .problem = problem, .plan = plan, .err = err };
        double bound = -INFINITY;
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        check.jobs = calloc(problem->n_jobs + 1, sizeof(*check.jobs));
        if (check.jobs == NULL)
                return fail(err, OFFPEAK_ENOMEM, "checking the plan: out of memory");
        code = check_jobs(&check);
        if (code == 0)
                code = check_stores(&check);
        if (code == 0)
                code = check_sites(&check);
        if (code == 0)
                code = limits_check(problem, plan, err);
        if (code == 0)
                code = check_words(&check);
        if (code == 0)
                code = check_bound(&check, &bound);
        if (code == 0 && ret_verdict != NULL) {
                struct amount total = total_of(&check);

                ret_verdict->terms = (struct plan_terms){
                        .supply = (double)check.supply.sum,
                        .carbon = (double)check.carbon.sum,
                        .delay = (double)check.delay.sum,
                        .lateness = (double)check.lateness.sum,
                        .unfinished = (double)check.unfinished.sum,
                        .demand = (double)check.demand.sum,
                        .starts = (double)check.starts.sum,
                        .risk = (double)check.risk.sum,
                        .moves = (double)check.moves.sum,
                        .storage = (double)check.storage.sum,
                        .over_limit = (double)check.over_limit.sum,
                        .total = (double)total.sum,
                };
                ret_verdict->bound = bound;
                ret_verdict->gap = ret_verdict->terms.total - bound;
                if (!isinf(bound))
                        code = plan_split_gap(problem, plan, ret_verdict, err);
        }
        free(check.jobs);
        return code;
}
