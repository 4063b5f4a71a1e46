/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/keep_hours.h"

#include <math.h>

enum { MOST = 64 }; /* intervals of a job that are kept; who has more is planned anew */

/* What is left of a job's old hours. */
struct memory {
        const struct plan_problem *problem;
        const struct plan_job *job;
        struct plan_interval runs[MOST];
        size_t n;
};

static int64_t overhead_of(const struct memory *memory, size_t i)
{
        return job_starts_at(memory->problem, memory->job, memory->runs, i) ? memory->job->start_cost_s : 0;
}

/* Does the run of the job's old interval i end with it? */
static bool is_over(const struct memory *memory, const struct plan_job *job, size_t i)
{
        const struct plan_interval *run = &memory->runs[memory->n - 1];

        return i + 1 == job->n_kept || run->end != job->kept[i].end || job->kept[i + 1].mode >= job->n_modes ||
               !job_same_run(job, run, &job->kept[i + 1]);
}

/* A run that is over and all start is no run. */
static void drop_start(struct memory *memory)
{
        size_t first = memory->n - 1;

        while (first > 0 && job_same_run(memory->job, &memory->runs[first - 1], &memory->runs[first]))
                first--;
        if (memory->runs[memory->n - 1].end - memory->runs[first].start <= overhead_of(memory, first))
                memory->n = first;
}

/* Intervals that are not over, from now or the release on; no run of them is all start. */
static bool take_what_is_left(struct memory *memory)
{
        const struct plan_job *job = memory->job;

        for (size_t i = 0; i < job->n_kept; i++) {
                struct plan_interval run = job->kept[i];

                if (run.start < job->release)
                        run.start = job->release;
                if (run.end > memory->problem->horizon)
                        run.end = memory->problem->horizon;
                if (memory->n == MOST || run.mode >= job->n_modes || run.site >= memory->problem->n_sites ||
                    (job->sites >> run.site & 1) == 0)
                        return false;
                if (run.end <= run.start)
                        continue;
                if (memory->n > 0 && run.start < memory->runs[memory->n - 1].end)
                        return false;
                memory->runs[memory->n++] = run;
                if (is_over(memory, job, i))
                        drop_start(memory);
        }
        return memory->n > 0;
}

/* End the last interval where the work is done, sooner or later; those behind that are not needed. */
static bool fit_to_work(struct memory *memory)
{
        const struct plan_job *job = memory->job;
        double enough = job->work_s * (1 - PLAN_WORK_TOLERANCE);

        for (size_t i = 0; i < memory->n; i++) {
                struct plan_interval *run = &memory->runs[i];
                double speed = job->modes[run->mode].speed;
                double missing = enough - job_progress(memory->problem, job, memory->runs, i + 1);

                if (missing > 0 && i + 1 < memory->n)
                        continue;
                run->end += (int64_t)ceil(missing / speed - 1e-9);
                memory->n = i + 1;
                return run->end <= memory->problem->horizon && run->end > run->start;
        }
        return false;
}

static bool has_room(const struct board *board, const struct memory *memory)
{
        for (size_t i = 0; i < memory->n; i++)
                if (!board_has_room(board, memory->job, &memory->runs[i]))
                        return false;
        return true;
}

int keep_hours(struct board *board, size_t j, bool *ret_kept)
{
        struct memory memory = { .problem = board->problem, .job = &board->problem->jobs[j] };

        if (memory.job->pinned) {
                *ret_kept = true;
                return board_put(board, j, memory.job->kept, memory.job->n_kept);
        }
        *ret_kept = take_what_is_left(&memory) && fit_to_work(&memory) &&
                    job_may_run(memory.problem, memory.job, memory.runs, memory.n) && has_room(board, &memory);
        return *ret_kept ? board_put(board, j, memory.runs, memory.n) : 0;
}
