/* SPDX-License-Identifier: Apache-2.0 */
/* check_jobs.c - see check_parts.h. */
#include "plan/check_parts.h"

#include <inttypes.h>

#include "base/fail.h"
#include "base/when.h"

int check_refuse_job(struct check *check, size_t job, int64_t time, const char *what)
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
                        return check_refuse_job(check, j, interval->start, "an interval ends no later than it starts");
                if (interval->start < problem->now || interval->end > problem->horizon)
                        return check_refuse_job(check, j, interval->start, "an interval lies outside [now, horizon)");
                if (interval->start < job->release)
                        return check_refuse_job(check, j, interval->start, "it runs before its release");
                if (i > 0 && interval->start < intervals[i - 1].end)
                        return check_refuse_job(check, j, interval->start, "its intervals overlap or are out of order");
                if (interval->site >= problem->n_sites || (job->sites >> interval->site & 1) == 0)
                        return check_refuse_job(check, j, interval->start, "it may not run at this site");
                if (interval->mode >= job->n_modes)
                        return check_refuse_job(check, j, interval->start, "it has no such mode");
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
                                return check_refuse_job(check, j, intervals[i].start, "it moves to another site");
                        if (intervals[i].start < since + job->move_s)
                                return check_refuse_job(check, j, intervals[i].start, "it moves faster than it can");
                        check_add(&check->moves, job->move_cost);
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
                        return check_refuse_job(check, j, intervals[0].start, "it starts before a job is done that it comes after");
        }
        if (job->pinned && result->n != job->n_kept)
                return check_refuse_job(check, j, check->problem->now, "it does not run in the hours that it is pinned to");
        for (size_t i = 0; job->pinned && i < result->n; i++)
                if (intervals[i].start != job->kept[i].start || intervals[i].end != job->kept[i].end ||
                    intervals[i].site != job->kept[i].site || intervals[i].mode != job->kept[i].mode)
                        return check_refuse_job(check, j, intervals[i].start, "it does not run in the hours that it is pinned to");
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
                        check_add(&check->starts, part);
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
                        return check_refuse_job(check, j, intervals[i].start, "it starts more often than max_starts allows");
                starts++;
                if (seconds <= job->start_cost_s)
                        return check_refuse_job(check, j, intervals[i].start, "a start makes no progress");
                if (seconds < job->min_run_s && progress < done_at && intervals[last].end < check->problem->horizon)
                        return check_refuse_job(check, j, intervals[i].start, "a run is shorter than min_run_s");
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
                check_add(&check->unfinished, part);
                facts->share += part;
        }
        if (facts->finish > job->earliest_finish) {
                part = (long double)(facts->finish - job->earliest_finish) / 3600 * mode->gpus * job->delay_cost;
                check_add(&check->delay, part);
                facts->share += part;
        }
        if (job->deadline != 0 && facts->finish > job->deadline) {
                facts->late_s = facts->finish - job->deadline;
                part = (long double)facts->late_s / 3600 * job->lateness_cost;
                check_add(&check->lateness, part);
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
                return check_refuse_job(check, j, end, "it runs longer than its work needs");
        add_outcome(check, j, progress, end);
        return 0;
}

int check_jobs(struct check *check)
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
