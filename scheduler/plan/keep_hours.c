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

/* Intervals that are not over, from now or the release on; none of them all start. */
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
                memory->runs[memory->n++] = run;
                if (run.end - run.start <= overhead_of(memory, memory->n - 1))
                        memory->n--;
                else if (memory->n > 1 && run.start < memory->runs[memory->n - 2].end)
                        return false;
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
                return run->end <= memory->problem->horizon && run->end - run->start > overhead_of(memory, i);
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
