/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/make_way.h"

#include <stdlib.h>

/* Jobs that were moved to make room, and what they had. */
struct moves {
        size_t *jobs;
        struct choice *had;
        size_t n, room;
};

static void moves_finish(struct moves *moves)
{
        for (size_t i = 0; i < moves->n; i++)
                free(moves->had[i].intervals);
        free(moves->had);
        free(moves->jobs);
}

/* Keep what job j has, unless that is kept already. */
static int note_move(struct moves *moves, const struct board *board, size_t j)
{
        size_t room = moves->room > 0 ? 2 * moves->room : 16;

        for (size_t i = 0; i < moves->n; i++)
                if (moves->jobs[i] == j)
                        return 0;
        if (moves->n == moves->room) {
                size_t *jobs = realloc(moves->jobs, room * sizeof(*jobs));
                struct choice *had;

                moves->jobs = jobs != NULL ? jobs : moves->jobs;
                had = jobs != NULL ? realloc(moves->had, room * sizeof(*had)) : NULL;
                if (had == NULL)
                        return OFFPEAK_ENOMEM;
                moves->had = had;
                moves->room = room;
        }
        moves->jobs[moves->n] = j;
        moves->had[moves->n] = (struct choice){ 0 };
        return choice_set(&moves->had[moves->n++], board->schedule.jobs[j].intervals, board->schedule.jobs[j].n);
}

static int put_back(struct board *board, const struct moves *moves)
{
        int code = 0;

        for (size_t i = 0; i < moves->n; i++)
                board_lift(board, moves->jobs[i]);
        for (size_t i = 0; code == 0 && i < moves->n; i++)
                code = board_put(board, moves->jobs[i], moves->had[i].intervals, moves->had[i].n);
        return code;
}

/* Enough that nothing is ever too many, and too little to count. */
#define NO_LIMITS 1e-9

/* A job that is in the way, and what it costs to be elsewhere, for each of its GPUs. */
struct in_the_way {
        size_t job;
        double price;
};

static int by_price(const void *a, const void *b)
{
        const struct in_the_way *x = a, *y = b;

        if (x->price != y->price)
                return x->price < y->price ? -1 : 1;
        return x->job < y->job ? -1 : x->job > y->job;
}

static int present_cost(struct board *board, size_t j, double *ret_cost)
{
        int code;

        board->penalty = NO_LIMITS;
        code = board_present_cost(board, j, ret_cost);
        board->penalty = 0;
        return code;
}

/* Everyone on a crowded second but job j, the cheapest to move first. */
static int find_in_the_way(struct board *board, size_t j, struct in_the_way *list, size_t *ret_n)
{
        *ret_n = 0;
        for (size_t k = 0; k < board->problem->n_jobs; k++) {
                const struct plan_job *job = &board->problem->jobs[k];
                struct choice had = { 0 };
                double before, after;
                int code;

                if (k == j || board_is_tied(board, k) || !board_is_crowded(board, k))
                        continue;
                code = present_cost(board, k, &before);
                if (code == 0)
                        code = choice_set(&had, board->schedule.jobs[k].intervals, board->schedule.jobs[k].n);
                if (code == 0) {
                        board_lift(board, k);
                        code = board_place(board, k, &after);
                }
                if (code == 0) {
                        board_lift(board, k);
                        code = board_put(board, k, had.intervals, had.n);
                }
                free(had.intervals);
                if (code != 0)
                        return code;
                list[(*ret_n)++] = (struct in_the_way){ k, (after - before) / job->modes[0].gpus };
        }
        qsort(list, *ret_n, sizeof(*list), by_price);
        return 0;
}

/* Move them, one after the other, until job j has its room. *cost: what all of it costs more. */
static int move_others(struct board *board, size_t j, const struct in_the_way *list, size_t n, struct moves *moves, double *cost)
{
        for (size_t i = 0; i < n && board_is_crowded(board, j); i++) {
                double before, after;

                if (!board_is_crowded(board, list[i].job))
                        continue;
                if (note_move(moves, board, list[i].job) != 0 || present_cost(board, list[i].job, &before) != 0)
                        return OFFPEAK_ENOMEM;
                board_lift(board, list[i].job);
                if (board_place(board, list[i].job, &after) != 0)
                        return OFFPEAK_ENOMEM;
                *cost += after - before;
        }
        return 0;
}

int make_way(struct board *board, size_t j, double *ret_change, size_t *moved)
{
        struct in_the_way *list = calloc(board->problem->n_jobs, sizeof(*list));
        struct moves moves = { 0 };
        double before, after = 0, cost;
        size_t n = 0;
        int code = list == NULL ? OFFPEAK_ENOMEM : 0;

        *ret_change = 0;
        if (code != 0 || board->problem->jobs[j].pinned) {
                free(list);
                return code;
        }
        code = note_move(&moves, board, j);
        if (code == 0)
                code = board_present_cost(board, j, &before);
        board_lift(board, j);
        board->penalty = 0.3; /* fuller slots are dearer */
        if (code == 0)
                code = board_place(board, j, &after);
        board->penalty = 0;
        if (code == 0)
                code = present_cost(board, j, &after);
        if (code == 0)
                code = find_in_the_way(board, j, list, &n);
        cost = code == 0 ? after - before : 0;
        if (code == 0)
                code = move_others(board, j, list, n, &moves, &cost);
        if (code == 0 && (board_is_crowded(board, j) || cost >= 0)) {
                code = put_back(board, &moves);
        } else if (code == 0) {
                *ret_change = cost;
                *moved += moves.n - 1;
        }
        moves_finish(&moves);
        free(list);
        return code;
}
