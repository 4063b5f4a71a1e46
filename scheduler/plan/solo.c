/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/solo.h"

#include <math.h>
#include <stdlib.h>

#include "plan/keep_hours.h"

int solo_init(struct solo *solo, const struct plan_problem *problem)
{
        *solo = (struct solo){ .problem = problem };
        if (prices_init(&solo->prices, problem, SLOTS_COARSE) != 0)
                return OFFPEAK_ENOMEM;
        if (dependents_init(&solo->dependents, problem) == 0 &&
            board_init(&solo->board, problem, &solo->prices, &solo->dependents) == 0)
                return 0;
        dependents_finish(&solo->dependents);
        prices_finish(&solo->prices);
        return OFFPEAK_ENOMEM;
}

void solo_finish(struct solo *solo)
{
        board_finish(&solo->board);
        dependents_finish(&solo->dependents);
        prices_finish(&solo->prices);
}

int solo_best(struct solo *solo, const struct plan_job *job, struct choice *ret_choice)
{
        double cost = INFINITY;

        ret_choice->n = 0;
        return board_find(&solo->board, job, &cost, ret_choice);
}

int solo_cost(struct solo *solo, const struct plan_interval *intervals, size_t n, double *ret_cost)
{
        int code = board_put(&solo->board, 0, intervals, n);

        if (code == 0)
                code = board_present_cost(&solo->board, 0, ret_cost);
        board_lift(&solo->board, 0);
        return code;
}

int solo_kept(struct solo *solo, struct choice *ret_choice)
{
        const struct choice *kept = &solo->board.schedule.jobs[0];
        bool holds;
        int code = keep_hours(&solo->board, 0, &holds);

        ret_choice->n = 0;
        if (code == 0)
                code = choice_set(ret_choice, kept->intervals, kept->n);
        board_lift(&solo->board, 0);
        return code;
}

int solo_best_way(const struct plan_problem *problem, struct plan_way *ret_way)
{
        struct choice choice = { 0 };
        struct solo solo;
        int code = solo_init(&solo, problem);

        if (code != 0)
                return code;
        code = solo_best(&solo, &problem->jobs[0], &choice);
        if (code == 0)
                code = way_init(ret_way, problem, choice.intervals, choice.n);
        free(choice.intervals);
        solo_finish(&solo);
        return code;
}
