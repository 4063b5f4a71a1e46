/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/plan_solution.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/beside_stores.h"

/* Shares of slots that jobs run: job j, slot t, site s, mode m at [((j * n_slots + t) * n_sites + s) * n_modes + m]. */
struct grid {
        const struct plan_problem *problem;
        int64_t slot_s;
        size_t n_slots, n_modes; /* the most that a job has */
        double *runs, *starts;
};

static double *at(const struct grid *grid, double *values, size_t j, size_t t, size_t s, size_t m)
{
        return &values[((j * grid->n_slots + t) * grid->problem->n_sites + s) * grid->n_modes + m];
}

static int grid_init(struct grid *grid, const struct plan_problem *problem)
{
        size_t n;

        *grid = (struct grid){ .problem = problem, .n_slots = problem->sites[0].n_steps, .n_modes = 1 };
        grid->slot_s = (problem->horizon - problem->now) / (int64_t)grid->n_slots;
        for (size_t j = 0; j < problem->n_jobs; j++)
                grid->n_modes = problem->jobs[j].n_modes > grid->n_modes ? problem->jobs[j].n_modes : grid->n_modes;
        n = problem->n_jobs * grid->n_slots * problem->n_sites * grid->n_modes;
        grid->runs = calloc(n + 1, sizeof(double));
        grid->starts = calloc(n + 1, sizeof(double));
        return grid->runs == NULL || grid->starts == NULL ? OFFPEAK_ENOMEM : 0;
}

static void grid_finish(struct grid *grid)
{
        free(grid->starts);
        free(grid->runs);
}

static int read_values(struct grid *grid, const char *path, struct offpeak_error *err)
{
        FILE *file = fopen(path, "r");
        char line[256];
        int code = 0;

        if (file == NULL)
                return fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        while (code == 0 && fgets(line, sizeof(line), file) != NULL) {
                size_t j, s, m, t;
                double value;
                char what;

                if (sscanf(line, " %*[*] %*u %c%zu_%zu_%zu_%zu %lf", &what, &j, &s, &m, &t, &value) != 6 &&
                    sscanf(line, " %*u %c%zu_%zu_%zu_%zu %lf", &what, &j, &s, &m, &t, &value) != 6)
                        continue;
                if (j >= grid->problem->n_jobs || s >= grid->problem->n_sites || m >= grid->problem->jobs[j].n_modes ||
                    t >= grid->n_slots)
                        code = fail(err, OFFPEAK_EINVAL, "%s: no such way: %s", path, line);
                else if (what == 'x' || what == 'y')
                        *at(grid, what == 'x' ? grid->runs : grid->starts, j, t, s, m) = value;
        }
        fclose(file);
        return code;
}

/* One slot of a job: its parts in order, the mode in which it starts or that of the slot before at first. */
struct slot_run {
        struct plan_interval parts[64];
        size_t n;
        int64_t seconds;
};

static bool starts_here(const struct grid *grid, size_t j, size_t t)
{
        for (size_t s = 0; s < grid->problem->n_sites; s++)
                for (size_t m = 0; m < grid->n_modes; m++)
                        if (*at(grid, grid->starts, j, t, s, m) > 0.5)
                                return true;
        return false;
}

static bool comes_first(const struct grid *grid, size_t j, size_t t, const struct plan_interval *part,
                        const struct plan_interval *before)
{
        if (starts_here(grid, j, t))
                return *at(grid, grid->starts, j, t, part->site, part->mode) > 0.5;
        return before != NULL && before->site == part->site && before->mode == part->mode;
}

static struct slot_run read_slot(const struct grid *grid, size_t j, size_t t, const struct plan_interval *before)
{
        struct slot_run slot = { .n = 0 };

        for (uint32_t s = 0; s < grid->problem->n_sites; s++)
                for (uint32_t m = 0; m < grid->n_modes && slot.n < 64; m++) {
                        int64_t seconds = llround(*at(grid, grid->runs, j, t, s, m) * (double)grid->slot_s);
                        int64_t start_s = grid->problem->jobs[j].start_cost_s;
                        struct plan_interval part = { 0, seconds, s, m };

                        if (*at(grid, grid->starts, j, t, s, m) > 0.5 && seconds < start_s) /* rounded */
                                part.end = seconds = start_s;
                        if (seconds == 0)
                                continue;
                        slot.parts[slot.n++] = part;
                        slot.seconds += seconds;
                        if (comes_first(grid, j, t, &part, before)) {
                                slot.parts[slot.n - 1] = slot.parts[0];
                                slot.parts[0] = part;
                        }
                }
        if (slot.seconds == grid->slot_s + 1 || (slot.n > 1 && slot.seconds == grid->slot_s - 1)) { /* rounded */
                slot.parts[slot.n - 1].end += grid->slot_s - slot.seconds;
                slot.seconds = grid->slot_s;
        }
        return slot;
}

/* Does the job hold as many GPUs at the same site in both slots? */
static bool is_one_run(const struct plan_job *job, const struct slot_run *a, const struct slot_run *b)
{
        return a->n > 0 && b->n > 0 && a->parts[0].site == b->parts[0].site &&
               job->modes[a->parts[0].mode].gpus == job->modes[b->parts[0].mode].gpus;
}

/* A part of a slot lies at its end where a run begins that goes on, else at its begin. */
static int append_slot(const struct grid *grid, size_t t, const struct slot_run *slot, bool at_end,
                       struct choice *choice)
{
        int64_t start = grid->problem->now + (int64_t)t * grid->slot_s + (at_end ? grid->slot_s - slot->seconds : 0);

        for (size_t i = 0; i < slot->n; i++) {
                struct plan_interval part = slot->parts[i];
                struct plan_interval *last = choice->n > 0 ? &choice->intervals[choice->n - 1] : NULL;

                part.start = start;
                start = part.end += start;
                if (last != NULL && last->end == part.start && last->site == part.site && last->mode == part.mode)
                        last->end = part.end;
                else if (choice_append(choice, part) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* What it has done, less its work. */
static double too_much(const struct plan_problem *problem, const struct plan_job *job, const struct choice *choice)
{
        return job_progress(problem, job, choice->intervals, choice->n) - job->work_s * (1 - PLAN_WORK_TOLERANCE);
}

/* A second more at the border of a run that is within a slot; false: there is none. */
static bool stretch(const struct grid *grid, const struct plan_job *job, struct choice *choice)
{
        for (size_t i = 0; i < choice->n; i++) {
                struct plan_interval *run = &choice->intervals[i];
                bool begins = i == 0 || !job_same_run(job, run - 1, run);
                bool ends = i + 1 == choice->n || !job_same_run(job, run, run + 1);

                if (ends && (run->end - grid->problem->now) % grid->slot_s != 0) {
                        run->end++;
                        return true;
                }
                if (begins && (run->start - grid->problem->now) % grid->slot_s != 0) {
                        run->start--;
                        return true;
                }
        }
        return false;
}

/* A second more of the faster of two modes, behind the seconds of a start. */
static bool hasten(const struct plan_job *job, struct choice *choice)
{
        for (size_t i = 0; i + 1 < choice->n; i++) {
                struct plan_interval *run = &choice->intervals[i];
                double speed = job->modes[run->mode].speed, next = job->modes[run[1].mode].speed;
                bool longer = run->end - run->start > job->start_cost_s + 1;

                if (!job_same_run(job, run, run + 1) || speed == next || (speed < next && !longer))
                        continue;
                run[1].start = run->end += speed > next ? 1 : -1;
                return true;
        }
        return false;
}

/* In whole seconds: what rounding lost is added, and the last interval ends with the second in which the work is done.
 */
static void mend(const struct grid *grid, size_t j, struct choice *choice)
{
        const struct plan_job *job = &grid->problem->jobs[j];
        struct plan_interval *last = &choice->intervals[choice->n - 1];
        int64_t seconds;

        for (int i = 0; i < 10 && too_much(grid->problem, job, choice) < 0; i++)
                if (!stretch(grid, job, choice) && !hasten(job, choice))
                        break;
        seconds = (int64_t)floor(too_much(grid->problem, job, choice) / job->modes[last->mode].speed + 1e-9);
        if (seconds > 0 && seconds < last->end - last->start)
                last->end -= seconds;
}

static int join_slots(const struct grid *grid, size_t j, struct choice *choice)
{
        const struct plan_job *job = &grid->problem->jobs[j];
        struct slot_run before = { .n = 0 };

        for (size_t t = 0; t < grid->n_slots; t++) {
                struct slot_run slot = read_slot(grid, j, t, before.n > 0 ? &before.parts[before.n - 1] : NULL);
                struct slot_run next = { .n = 0 };

                if (t + 1 < grid->n_slots)
                        next = read_slot(grid, j, t + 1, NULL);
                if (append_slot(grid, t, &slot, !is_one_run(job, &before, &slot) && is_one_run(job, &slot, &next),
                                choice) != 0)
                        return OFFPEAK_ENOMEM;
                before = slot;
        }
        if (choice->n > 0)
                mend(grid, j, choice);
        return 0;
}

/* Stores do what is best for its load, which may be less than the program has them do in a slot. */
static int bill(const struct plan_problem *problem, const struct schedule *schedule, struct plan *ret_plan)
{
        struct dispatch dispatch = { 0 };
        struct slots slots;
        int code = slots_init(&slots, problem, SLOTS_COARSE);

        if (code == 0)
                code = dispatch_init(&dispatch, problem, &slots);
        if (code == 0)
                code = dispatch_run(&dispatch, problem, &slots, schedule, NULL);
        if (code == 0)
                code = account_plan(problem, schedule, &dispatch.flows, ret_plan);
        dispatch_finish(&dispatch);
        slots_finish(&slots);
        return code;
}

int plan_read_solution(const struct plan_problem *problem, const char *path, struct plan *ret_plan,
                       struct offpeak_error *err)
{
        struct schedule schedule;
        struct grid grid;
        int code = schedule_init(&schedule, problem->n_jobs), read = 0;

        if (grid_init(&grid, problem) != 0)
                code = OFFPEAK_ENOMEM;
        if (code == 0)
                read = read_values(&grid, path, err);
        for (size_t j = 0; code == 0 && read == 0 && j < problem->n_jobs; j++)
                code = join_slots(&grid, j, &schedule.jobs[j]);
        if (code == 0 && read == 0)
                code = bill(problem, &schedule, ret_plan);
        if (code != 0)
                fail(err, code, "%s: out of memory", path);
        ret_plan->bound = -INFINITY;
        grid_finish(&grid);
        schedule_finish(&schedule);
        return code != 0 ? code : read;
}

static bool end_is_exact(const struct plan_problem *problem, const struct plan_interval *run, int64_t slot_s)
{
        const struct plan_site *site = &problem->sites[run->site];
        int64_t part_s = (run->end - problem->now) % slot_s;
        size_t t = (size_t)((run->end - 1 - problem->now) / slot_s);

        if (part_s == 0)
                return true;
        if (t >= site->n_steps || site->steps[t].n_segments != 1 || site->store != NULL)
                return false;
        if (run->end - run->start < part_s)
                part_s = run->end - run->start;
        return site->n_demands == 0 || part_s >= site->demands[0].interval_s;
}

size_t plan_count_parts(const struct plan_problem *problem, const struct plan *plan)
{
        int64_t slot_s = (problem->horizon - problem->now) / (int64_t)problem->sites[0].n_steps;
        size_t n = 0;

        for (size_t j = 0; j < plan->n_jobs; j++) {
                size_t end = plan->jobs[j].first + plan->jobs[j].n;
                bool parts = false;

                for (size_t i = plan->jobs[j].first; i < end; i++) {
                        const struct plan_interval *run = &plan->intervals[i];

                        parts |= (run->start - problem->now) % slot_s != 0;
                        parts |= i + 1 < end ? (run->end - problem->now) % slot_s != 0
                                             : !end_is_exact(problem, run, slot_s);
                }
                n += parts;
        }
        return n;
}

static bool is_plain(const struct plan_problem *problem, uint32_t site, int64_t time)
{
        size_t t = 0;

        while (t + 1 < problem->sites[site].n_steps && problem->sites[site].steps[t + 1].start <= time)
                t++;
        return problem->sites[site].n_demands == 0 && problem->sites[site].store == NULL &&
               problem->sites[site].steps[t].n_segments == 1;
}

bool plan_is_billed_exactly(const struct plan_problem *problem, const struct plan *plan)
{
        int64_t slot_s = (problem->horizon - problem->now) / (int64_t)problem->sites[0].n_steps;

        for (size_t i = 0; i < plan->n_intervals; i++) {
                const struct plan_interval *run = &plan->intervals[i];

                if (((run->start - problem->now) % slot_s != 0 && !is_plain(problem, run->site, run->start)) ||
                    ((run->end - problem->now) % slot_s != 0 && !is_plain(problem, run->site, run->end - 1)))
                        return false;
        }
        return true;
}
