/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shuffle.h - better plans by taking a few jobs off the board and putting them on in another order.
 *
 * A job is chosen the more often the more it pays for the others' presence; with it go some of those that are where it
 * would rather be, and it is placed first.
 */
#ifndef OFFPEAK_PLAN_SHUFFLE_H
#define OFFPEAK_PLAN_SHUFFLE_H

#include "plan/board.h"

/*
 * Shuffle until it no longer helps or `stop` says so. `empty` is a board without jobs. The same board, seed and answers
 * of `stop` give the same result. ENOMEM.
 */
int shuffle(struct board *board, struct board *empty, uint64_t seed, bool (*stop)(void *context), void *context);

#endif
