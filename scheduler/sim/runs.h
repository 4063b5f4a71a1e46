/* SPDX-License-Identifier: Apache-2.0 */
/* runs.h - when jobs ran, told by the books. */
#ifndef OFFPEAK_SIM_RUNS_H
#define OFFPEAK_SIM_RUNS_H

#include <stddef.h>

#include "ledger/booking.h"

/* An attempt, from its first booked second to its last. */
struct sim_run {
        uint64_t job;
        uint32_t attempt, site; /* stable site id */
        int64_t start, end;
};

/* Bookings of one attempt, whatever its legs, are one run. Ascending by job and attempt; ret_runs is malloc'ed. ENOMEM. */
int runs_collect(const struct booking *bookings, size_t n_bookings, struct sim_run **ret_runs, size_t *ret_n);

#endif
