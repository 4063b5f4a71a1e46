/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks.h - the two clocks of the daemon.
 *
 * mono: milliseconds that never jump and are never scaled (leases, grace, time-outs).
 * wall: UTC (prices, plans, books). Real time, or for demonstrations and tests a time that began at `start` and runs at
 * `rate`: wall = wall0 + (real - real0) * rate. The two origins are kept by the caller over restarts.
 */
#ifndef OFFPEAK_IO_CLOCKS_H
#define OFFPEAK_IO_CLOCKS_H

#include <stdint.h>

#include "core/input.h"

struct clocks {
        int64_t wall0_ms; /* UTC milliseconds at the origin */
        int64_t real0_ms; /* CLOCK_REALTIME then; 0: wall is real time */
        double rate;
};

/* Real time. */
void clocks_init(struct clocks *clocks);

/* Time that is start_s now and runs at `rate` (> 0). */
void clocks_init_scaled(struct clocks *clocks, int64_t start_s, double rate);

struct now clocks_now(const struct clocks *clocks);
int64_t clocks_wall_ms(const struct clocks *clocks);

/* Real milliseconds until wall reaches wall_s; 0 if it has. */
int64_t clocks_until_wall_ms(const struct clocks *clocks, int64_t wall_s);

#endif
