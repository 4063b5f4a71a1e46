/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/repair.h"

enum { ROUNDS = 30 };

/* The guide is the price of GPUs, and rises where there was too much before. */
static void begin_guide(struct board *board)
{
        for (size_t k = 0; k < board->prices->capacities.n * board->prices->slots.n; k++)
                board->seat_price[k] = (float)board->prices->base.gpus[k];
        board->guided = true;
}

/* By as much as the penalty rises, so that in the end who is crowded pushes others, and these others on. */
static void raise_guide(struct board *board)
{
        const struct slots *slots = &board->prices->slots;
        float step = (float)(0.3 * board->penalty * board->prices->gpu_scale);

        for (size_t s = 0; s < board->prices->capacities.n; s++)
                for (size_t t = 0; t < slots->n; t++)
                        if (load_is_over(&board->sites[s], t))
                                board->seat_price[s * slots->n + t] += step;
}

/* One round of moves, the flexible first. Returns how many jobs were crowded, in ret_n. */
static int round_of_moves(struct board *board, const size_t *order, size_t *ret_n)
{
        *ret_n = 0;
        for (size_t i = board->problem->n_jobs; i-- > 0;) {
                double cost;

                if (!board_is_crowded(board, order[i]))
                        continue;
                *ret_n += 1;
                board_lift(board, order[i]);
                if (board_place(board, order[i], &cost) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* Whoever is still crowded leaves, the flexible first, and finds room where there is. */
static int evict(struct board *board, const size_t *order)
{
        size_t n = board->problem->n_jobs;
        double cost;

        for (size_t i = n; i-- > 0;)
                if (board_is_crowded(board, order[i]))
                        board_lift(board, order[i]);
        for (size_t i = 0; i < n; i++)
                if (!board->problem->jobs[order[i]].pinned && board->schedule.jobs[order[i]].n == 0 &&
                    board_place(board, order[i], &cost) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

int repair(struct board *board, const struct schedule *schedule, const size_t *order, bool (*stop)(void *context),
           void *context)
{
        size_t crowded = 1;
        int code = board_load(board, schedule);

        begin_guide(board);
        board->penalty = 0.1;
        for (int round = 0; code == 0 && round < ROUNDS && crowded > 0 && !stop(context); round++) {
                code = round_of_moves(board, order, &crowded);
                raise_guide(board);
                board->penalty *= 1.5;
        }
        board->penalty = 0;
        if (code == 0)
                code = evict(board, order);
        board->guided = false;
        return code == 0 ? board_reorder(board) : code;
}
