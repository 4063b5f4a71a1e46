/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int schedule_init(struct schedule *schedule, size_t n_jobs)
{
        *schedule = (struct schedule){ .jobs = calloc(n_jobs + 1, sizeof(*schedule->jobs)), .n_jobs = n_jobs };
        return schedule->jobs == NULL ? OFFPEAK_ENOMEM : 0;
}

void schedule_finish(struct schedule *schedule)
{
        for (size_t j = 0; schedule->jobs != NULL && j < schedule->n_jobs; j++)
                free(schedule->jobs[j].intervals);
        free(schedule->jobs);
        *schedule = (struct schedule){ 0 };
}

int schedule_copy(struct schedule *to, const struct schedule *from)
{
        for (size_t j = 0; j < from->n_jobs; j++)
                if (choice_set(&to->jobs[j], from->jobs[j].intervals, from->jobs[j].n) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static int choice_reserve(struct choice *choice, size_t n)
{
        size_t room = choice->room > 0 ? choice->room : 1;
        struct plan_interval *intervals;

        while (room < n)
                room *= 2;
        if (room <= choice->room)
                return 0;
        intervals = realloc(choice->intervals, room * sizeof(*intervals));
        if (intervals == NULL)
                return OFFPEAK_ENOMEM;
        choice->intervals = intervals;
        choice->room = room;
        return 0;
}

int choice_set(struct choice *choice, const struct plan_interval *intervals, size_t n)
{
        if (choice_reserve(choice, n) != 0)
                return OFFPEAK_ENOMEM;
        if (n > 0)
                memcpy(choice->intervals, intervals, n * sizeof(*intervals));
        choice->n = n;
        return 0;
}

int choice_append(struct choice *choice, struct plan_interval interval)
{
        if (choice_reserve(choice, choice->n + 1) != 0)
                return OFFPEAK_ENOMEM;
        choice->intervals[choice->n++] = interval;
        return 0;
}

bool choice_same(const struct choice *a, const struct choice *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++) {
                const struct plan_interval *x = &a->intervals[i], *y = &b->intervals[i];

                if (x->start != y->start || x->end != y->end || x->site != y->site || x->mode != y->mode)
                        return false;
        }
        return true;
}

bool job_goes_on(const struct plan_problem *problem, const struct plan_job *job, uint32_t site, uint32_t mode,
                 int64_t start)
{
        return job->running && start == problem->now && site == job->run_site &&
               job->modes[mode].gpus == job->modes[job->run_mode].gpus;
}

bool job_same_run(const struct plan_job *job, const struct plan_interval *before, const struct plan_interval *next)
{
        return before->end == next->start && before->site == next->site &&
               job->modes[before->mode].gpus == job->modes[next->mode].gpus;
}

bool job_starts_at(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                   size_t i)
{
        const struct plan_interval *run = &intervals[i];

        if (i > 0 && job_same_run(job, run - 1, run))
                return false;
        return !job_goes_on(problem, job, run->site, run->mode, run->start);
}

int64_t job_first_move(const struct plan_job *job)
{
        int64_t first = (job->rests_since != 0 ? job->rests_since : job->release) + job->move_s;

        return first > job->release ? first : job->release;
}

int64_t job_first_second(const struct plan_job *job, uint32_t site)
{
        return job->may_move && job->home != PLAN_ANYWHERE && job->home != site ? job_first_move(job) : job->release;
}

static bool may_move_to(const struct plan_job *job, const struct plan_interval *intervals, size_t i)
{
        uint32_t from = i > 0 ? intervals[i - 1].site : job->may_move ? job->home : PLAN_ANYWHERE;
        int64_t first = i > 0 ? intervals[i - 1].end + job->move_s : job_first_move(job);

        return from == PLAN_ANYWHERE || from == intervals[i].site || (job->may_move && intervals[i].start >= first);
}

bool job_may_run(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                 size_t n)
{
        uint32_t starts = 0;

        for (size_t i = 0, last; i < n; i = last + 1) {
                if (!may_move_to(job, intervals, i))
                        return false;
                for (last = i; last + 1 < n && job_same_run(job, &intervals[last], &intervals[last + 1]);)
                        last++;
                if (!job_starts_at(problem, job, intervals, i))
                        continue;
                if (++starts > job->max_starts || intervals[last].end - intervals[i].start <= job->start_cost_s ||
                    (intervals[last].end - intervals[i].start < job->min_run_s && last + 1 < n))
                        return false;
        }
        return true;
}

int64_t schedule_end(const struct plan_problem *problem, size_t j, const struct choice *choice)
{
        const struct plan_job *job = &problem->jobs[j];

        if (choice->n == 0 ||
            job_progress(problem, job, choice->intervals, choice->n) < job->work_s * (1 - PLAN_WORK_TOLERANCE))
                return INT64_MAX;
        return choice->intervals[choice->n - 1].end;
}

double job_moves(const struct plan_job *job, const struct plan_interval *intervals, size_t n)
{
        uint32_t at = job->home;
        double cost = 0;

        for (size_t i = 0; job->may_move && i < n; i++) {
                if (at != PLAN_ANYWHERE && intervals[i].site != at)
                        cost += job->move_cost;
                at = intervals[i].site;
        }
        return cost;
}

int64_t job_seconds(const struct plan_job *job, const struct plan_mode *mode)
{
        return (int64_t)ceil(job->work_s * (1 - PLAN_WORK_TOLERANCE) / mode->speed);
}

double job_undone_rate(const struct plan_problem *problem, const struct plan_job *job)
{
        const struct plan_mode *mode = &job->modes[0];
        double gpus = mode->gpus * problem->unfinished_cost / 3600;
        double watts = mode->watts;

        for (uint32_t s = 0; s < problem->n_sites; s++)
                if ((job->sites >> s & 1) != 0) {
                        watts *= problem->sites[s].pue_factor;
                        break;
                }
        return (gpus + watts * problem->terminal_price / PLAN_JOULES_PER_MWH) / mode->speed;
}

struct outcome job_outcome(const struct plan_problem *problem, const struct plan_job *job, double progress, int64_t end)
{
        struct outcome outcome = { .finish = end };

        if (progress < job->work_s * (1 - PLAN_WORK_TOLERANCE)) {
                outcome.rest_s = job->work_s - progress;
                outcome.unfinished = outcome.rest_s * job_undone_rate(problem, job);
                outcome.finish =
                        problem->horizon + (int64_t)ceill((long double)outcome.rest_s / job->modes[0].speed - 1e-6L);
        }
        if (outcome.finish > job->earliest_finish)
                outcome.delay =
                        (double)(outcome.finish - job->earliest_finish) / 3600 * job->modes[0].gpus * job->delay_cost;
        if (job->deadline != 0 && outcome.finish > job->deadline) {
                outcome.late_s = outcome.finish - job->deadline;
                outcome.lateness = (double)outcome.late_s / 3600 * job->lateness_cost;
        }
        return outcome;
}

double job_progress(const struct plan_problem *problem, const struct plan_job *job,
                    const struct plan_interval *intervals, size_t n)
{
        double progress = 0;
        int64_t overhead_s = 0;

        for (size_t i = 0; i < n; i++) {
                int64_t seconds = intervals[i].end - intervals[i].start, lost_s;

                if (job_starts_at(problem, job, intervals, i))
                        overhead_s = job->start_cost_s;
                lost_s = overhead_s < seconds ? overhead_s : seconds;
                overhead_s -= lost_s;
                progress += job->modes[intervals[i].mode].speed * (double)(seconds - lost_s);
        }
        return progress;
}

/* What `seconds` of a start cost beside their power. */
static double start_part_cost(const struct plan_problem *problem, const struct plan_job *job, uint32_t s, uint32_t mode,
                              int64_t start, int64_t seconds)
{
        const struct plan_site *site = &problem->sites[s];
        int64_t end = start + seconds;
        double energy = site->pue_factor * job->modes[mode].watts / PLAN_JOULES_PER_MWH, cost = 0;
        size_t low = 0, high = site->n_steps;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (site->steps[middle].start <= start)
                        low = middle;
                else
                        high = middle;
        }
        for (size_t t = low; t < site->n_steps && site->steps[t].start < end; t++) {
                const struct plan_step *step = &site->steps[t];
                int64_t from = start > step->start ? start : step->start;
                int64_t to = t + 1 < site->n_steps && step[1].start < end ? step[1].start : end;

                if (step->n_segments > 0 && step->segments[0].price < 0)
                        cost -= 2 * energy * (double)(to - from) * step->segments[0].price;
        }
        return cost;
}

double job_start_cost(const struct plan_problem *problem, const struct plan_job *job, uint32_t s, uint32_t mode,
                      int64_t start)
{
        return start_part_cost(problem, job, s, mode, start, job->start_cost_s);
}

double job_starts(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                  size_t n)
{
        int64_t overhead_s = 0;
        double cost = 0;

        for (size_t i = 0; job->start_cost_s > 0 && i < n; i++) {
                const struct plan_interval *run = &intervals[i];
                int64_t seconds = run->end - run->start, lost_s;

                if (job_starts_at(problem, job, intervals, i))
                        overhead_s = job->start_cost_s;
                else if (i == 0 || !job_same_run(job, run - 1, run))
                        overhead_s = 0;
                lost_s = overhead_s < seconds ? overhead_s : seconds;
                overhead_s -= lost_s;
                if (lost_s > 0)
                        cost += start_part_cost(problem, job, run->site, run->mode, run->start, lost_s);
        }
        return cost;
}

double job_end_cost(const struct plan_job *job, int64_t end)
{
        double cost = 0;

        if (end > job->earliest_finish)
                cost += (double)(end - job->earliest_finish) / 3600 * job->modes[0].gpus * job->delay_cost;
        if (job->deadline != 0 && end > job->deadline)
                cost += (double)(end - job->deadline) / 3600 * job->lateness_cost;
        return cost;
}
