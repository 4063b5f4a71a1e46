/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - a schedule that is strict at every second, and how jobs are put on it: at true marginal cost, where there
 * is room.
 */
#ifndef OFFPEAK_PLAN_BOARD_H
#define OFFPEAK_PLAN_BOARD_H

#include "plan/dependents.h"
#include "plan/load.h"
#include "plan/prices.h"

/* A job keeps the hours of the last plan unless moving saves more than this share of what it costs. */
#define JOB_HYSTERESIS 0.04
/* And the last plan, unless making it anew saves more than this share. */
#define PLAN_HYSTERESIS 0.005

struct board {
        const struct plan_problem *problem;
        const struct prices *prices; /* slots, and GPU prices where a guide is wanted */
        const struct dependents *dependents;
        struct load *sites;   /* of each capacity: the sites, then the limits */
        struct schedule schedule;
        struct chooser chooser; /* scratch */
        struct choice before, found; /* scratch: what a job had, and what was found for it */
        double *theta;        /* of each job: a guess for its next response */
        /* A guide besides true cost: what a GPU's seat in a slot costs, currency per GPU-hour; capacity s, slot t at [s x n + t] */
        bool guided;
        float *seat_price;
        /* Demand charges, by slot as above: what every W above a level costs; NULL where no site has one */
        double *level_w, *per_w;
        /* A peak that a job raises is paid once: each of its slots bears a share. Else all of it in each, as those of many jobs will find */
        bool shares_peak;
        double reluctance; /* share of its cost that a job must save before it moves */
        /* While repairing: what a GPU or W too many costs, in units of the prices' scales; 0: nothing is ever too many */
        double penalty;
};

int board_init(struct board *board, const struct plan_problem *problem, const struct prices *prices,
               const struct dependents *dependents);
void board_finish(struct board *board);

/*
 * A demand charge is paid, while jobs are placed, by everyone who draws above its month's level: so much above the one at which
 * its price is spread now.
 */
void board_set_levels(struct board *board, double factor);

/* What a job that is off the board sees. */
struct market board_market(const struct board *board);

/* Units of work spent. */
uint64_t board_work(const struct board *board);

/* Take a job off; put it on with these intervals (there must be room). ENOMEM. */
void board_lift(struct board *board, size_t job);
int board_put(struct board *board, size_t job, const struct plan_interval *intervals, size_t n);

/* Put a job that is off where it is cheapest at true marginal cost, and what guides; between those before and after it. ENOMEM. */
int board_place(struct board *board, size_t job, double *ret_cost);

/*
 * The best place for a job that is off the board (and need not be one of the problem's), beating *cost, which becomes
 * its cost; ret_choice and *cost are left alone if nothing does. ENOMEM.
 */
int board_find(struct board *board, const struct plan_job *job, double *cost, struct choice *ret_choice);

/* What a job that is on the board costs at the margin, with all that follows for it. ENOMEM. */
int board_present_cost(struct board *board, size_t job, double *ret_cost);

/* Lift a job and place it where it is cheaper, if it is anywhere. ENOMEM. */
int board_improve(struct board *board, size_t job, bool *ret_moved);

/*
 * Lift these jobs and place them again one by one in this order, at true marginal cost; if that is not cheaper, all go
 * back. n is at most BOARD_SHUFFLE. ENOMEM.
 */
enum { BOARD_SHUFFLE = 8 };
int board_shuffle(struct board *board, const size_t *jobs, size_t n, bool *ret_better);

/* Jobs that start before those are done that they come after are placed anew. ENOMEM. */
int board_reorder(struct board *board);

/* Is there room for an interval of a job that is off? */
bool board_has_room(const struct board *board, const struct plan_job *job, const struct plan_interval *run);

/* Do jobs come after it, or it after others? */
bool board_is_tied(const struct board *board, size_t job);

/* Is it behind its deadline, or does it leave work undone? */
bool board_is_late(const struct board *board, size_t job);

/* Is the job on a second on which there is too much, and may it leave it? Only while repairing. */
bool board_is_crowded(const struct board *board, size_t job);

/* Make the board hold another strict schedule; only the jobs that differ are moved. ENOMEM. */
int board_load(struct board *board, const struct schedule *schedule);

#endif
