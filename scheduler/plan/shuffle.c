/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/shuffle.h"

#include <math.h>
#include <stdlib.h>

struct shuffler {
        struct board *board;
        struct schedule wanted; /* where each job would be, were it alone */
        double *alone;          /* and what it would cost */
        double *regret;         /* what it costs now, less that: summed up from the first job on */
        uint64_t seed;
};

static double next_random(struct shuffler *shuffler)
{
        shuffler->seed = shuffler->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(shuffler->seed >> 11) / 9007199254740992.0;
}

static size_t random_below(struct shuffler *shuffler, size_t n)
{
        return (size_t)(next_random(shuffler) * (double)n);
}

/* ---- regrets */

static int find_wanted(struct shuffler *shuffler, struct board *empty)
{
        size_t n = shuffler->board->problem->n_jobs;

        for (size_t j = 0; j < n; j++) {
                shuffler->alone[j] = INFINITY;
                if (board_find(empty, &empty->problem->jobs[j], &shuffler->alone[j], &shuffler->wanted.jobs[j]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

static int sum_regrets(struct shuffler *shuffler)
{
        double sum = 0;

        for (size_t j = 0; j < shuffler->board->problem->n_jobs; j++) {
                double cost;

                if (board_present_cost(shuffler->board, j, &cost) != 0)
                        return OFFPEAK_ENOMEM;
                sum += shuffler->board->problem->jobs[j].pinned ? 0 : fmax(0, cost - shuffler->alone[j]);
                shuffler->regret[j] = sum;
        }
        return 0;
}

/* ---- who */

static bool overlap(const struct choice *a, const struct choice *b)
{
        for (size_t i = 0; i < a->n; i++)
                for (size_t k = 0; k < b->n; k++)
                        if (a->intervals[i].site == b->intervals[k].site &&
                            a->intervals[i].start < b->intervals[k].end && b->intervals[k].start < a->intervals[i].end)
                                return true;
        return false;
}

static size_t pick_first(struct shuffler *shuffler)
{
        size_t n = shuffler->board->problem->n_jobs, low = 0, high = n - 1;
        double at = next_random(shuffler) * shuffler->regret[n - 1];

        if (next_random(shuffler) < 0.2)
                return random_below(shuffler, n);
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (shuffler->regret[middle] > at)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

/* A job, and some of those that are where it wants to be, in random order. Pinned jobs stay; none, if it is one. */
static size_t pick(struct shuffler *shuffler, size_t *jobs)
{
        const struct plan_job *all = shuffler->board->problem->jobs;
        const struct schedule *present = &shuffler->board->schedule;
        size_t want = 1 + random_below(shuffler, BOARD_SHUFFLE - 1), seen = 0, n = 1;
        bool any = next_random(shuffler) < 0.5, mixed = next_random(shuffler) < 0.5;

        jobs[0] = pick_first(shuffler);
        if (all[jobs[0]].pinned)
                return 0;
        for (size_t j = 0; j < present->n_jobs; j++) {
                if (j == jobs[0] || all[j].pinned ||
                    (!any && !overlap(&present->jobs[j], &shuffler->wanted.jobs[jobs[0]])))
                        continue;
                if (seen++ < want) {
                        jobs[n++] = j;
                } else {
                        size_t other = random_below(shuffler, seen);

                        if (other < want)
                                jobs[1 + other] = j;
                }
        }
        for (size_t k = n - 1; k > !mixed; k--) {
                size_t other = mixed ? random_below(shuffler, k + 1) : 1 + random_below(shuffler, k), swap = jobs[k];

                jobs[k] = jobs[other];
                jobs[other] = swap;
        }
        return n;
}

/* ---- how long */

static int run(struct shuffler *shuffler, bool (*stop)(void *context), void *context)
{
        size_t n_jobs = shuffler->board->problem->n_jobs, patience = 200 + 20 * n_jobs;
        int code = sum_regrets(shuffler);

        for (size_t i = 0, last = 0, round = 0; code == 0 && i - last < patience && !stop(context); i++) {
                size_t jobs[BOARD_SHUFFLE];
                bool better;

                code = board_shuffle(shuffler->board, jobs, pick(shuffler, jobs), &better);
                if (better)
                        last = i;
                if (code == 0 && ++round > patience / 2) { /* by now others pay most */
                        round = 0;
                        code = sum_regrets(shuffler);
                }
        }
        return code;
}

int shuffle(struct board *board, struct board *empty, uint64_t seed, bool (*stop)(void *context), void *context)
{
        size_t n = board->problem->n_jobs;
        struct shuffler shuffler = { .board = board, .seed = seed };
        int code = OFFPEAK_ENOMEM;

        if (n < 2)
                return 0;
        shuffler.alone = calloc(n, sizeof(*shuffler.alone));
        shuffler.regret = calloc(n, sizeof(*shuffler.regret));
        if (shuffler.alone != NULL && shuffler.regret != NULL && schedule_init(&shuffler.wanted, n) == 0)
                code = find_wanted(&shuffler, empty);
        if (code == 0)
                code = run(&shuffler, stop, context);
        schedule_finish(&shuffler.wanted);
        free(shuffler.regret);
        free(shuffler.alone);
        return code;
}
