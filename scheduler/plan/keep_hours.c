/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/keep_hours.h"

#include <math.h>

enum { MOST = 64 }; /* runs of a job that are kept; who has more is planned anew */

/* What is left of a job's old hours. */
struct memory {
        const struct plan_problem *problem;
        const struct plan_job *job;
        struct plan_interval runs[MOST];
        size_t n;
};

static int64_t overhead_of(const struct memory *memory, const struct plan_interval *run)
{
        return job_goes_on(memory->problem, memory->job, run->site, run->mode, run->start) ? 0
                                                                                           : memory->job->start_cost_s;
}

/* Runs that are not over, from now or the release on; none of them all start. */
static bool take_what_is_left(struct memory *memory)
{
        const struct plan_job *job = memory->job;

        for (size_t i = 0; i < job->n_kept; i++) {
                struct plan_interval run = job->kept[i];

                if (run.start < job->release)
                        run.start = job->release;
                if (run.end > memory->problem->horizon)
                        run.end = memory->problem->horizon;
                if (run.end - run.start <= overhead_of(memory, &run))
                        continue;
                if (memory->n == MOST || run.mode >= job->n_modes || run.site >= memory->problem->n_sites ||
                    (job->sites >> run.site & 1) == 0)
                        return false;
                if (memory->n > 0 && (run.site != memory->runs[0].site || run.mode != memory->runs[0].mode ||
                                      run.start <= memory->runs[memory->n - 1].end))
                        return false;
                memory->runs[memory->n++] = run;
        }
        return memory->n > 0;
}

/* End the last run where the work is done; runs behind that are not needed. */
static bool fit_to_work(struct memory *memory)
{
        int64_t left = job_seconds(memory->job, &memory->job->modes[memory->runs[0].mode]);

        for (size_t i = 0; i < memory->n; i++) {
                struct plan_interval *run = &memory->runs[i];
                int64_t overhead = overhead_of(memory, run), progress = run->end - run->start - overhead;

                if (progress < left && i + 1 < memory->n) {
                        left -= progress;
                        continue;
                }
                run->end = run->start + overhead + left;
                memory->n = i + 1;
                return run->end <= memory->problem->horizon;
        }
        return false;
}

static bool is_allowed(const struct memory *memory)
{
        const struct plan_job *job = memory->job;
        uint32_t starts = 0;

        for (size_t i = 0; i < memory->n; i++) {
                const struct plan_interval *run = &memory->runs[i];

                if (job_goes_on(memory->problem, job, run->site, run->mode, run->start))
                        continue;
                if (++starts > job->max_starts || (i + 1 < memory->n && run->end - run->start < job->min_run_s))
                        return false;
        }
        return true;
}

static bool has_room(const struct board *board, const struct memory *memory)
{
        const struct slots *slots = &board->prices->slots;

        for (size_t i = 0; i < memory->n; i++) {
                const struct plan_interval *run = &memory->runs[i];

                for (size_t t = slots_find(slots, run->start); t < slots->n && slots->edges[t] < run->end; t++) {
                        int64_t first = slots->edges[t], last = slots->edges[t + 1];
                        struct load_piece piece = { t, run->start > first ? run->start - first : 0,
                                                    (run->end < last ? run->end : last) - first };

                        if (!load_has_room(&board->sites[run->site], piece, &memory->job->modes[run->mode]))
                                return false;
                }
        }
        return true;
}

int keep_hours(struct board *board, size_t j, bool *ret_kept)
{
        struct memory memory = { .problem = board->problem, .job = &board->problem->jobs[j] };

        *ret_kept = take_what_is_left(&memory) && fit_to_work(&memory) && is_allowed(&memory) &&
                    has_room(board, &memory);
        return *ret_kept ? board_put(board, j, memory.runs, memory.n) : 0;
}
