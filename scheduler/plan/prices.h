/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prices.h - prices of GPUs and power on the planner's slots, that rise with use and settle where use meets supply.
 *
 * Slots hold every edge of the sites' steps, so that within one nothing changes. Use is a mean over the slot. A job
 * sees prices as if it used half of itself already (the integral of a rising price); after each pass the prices of
 * the present use become the base of the next.
 */
#ifndef OFFPEAK_PLAN_PRICES_H
#define OFFPEAK_PLAN_PRICES_H

#include "plan/schedule.h"

struct prices {
        const struct plan_problem *problem;
        size_t n_slots;
        int64_t *edges; /* n_slots + 1 */
        /* site s, slot t at [s * n_slots + t] */
        const struct plan_step **steps;
        double *gpu_price;             /* currency per GPU-hour, >= 0 */
        double *power_price;           /* currency per MWh */
        double *gpus, *watts;          /* in use: GPUs, IT power of jobs */
        double gpu_scale, power_scale; /* what counts as a large difference in price */
};

int prices_init(struct prices *prices, const struct plan_problem *problem);
void prices_finish(struct prices *prices);

/* Count the use of a job's intervals, or take it back. */
void prices_use(struct prices *prices, size_t job, const struct choice *choice, double sign);

/*
 * The rates of running in a mode at a site, currency per second, for slots [first, n_slots); INFINITY where the job
 * does not fit alone. steepness 0: the base prices as they are.
 */
void prices_rates(const struct prices *prices, const struct plan_job *job, uint32_t site, uint32_t mode, size_t first,
                  double steepness, double *rates);

/* Make the prices of the present use the base. */
void prices_settle(struct prices *prices, double steepness);

/* The slot that holds `time`. */
size_t prices_slot(const struct prices *prices, int64_t time);

#endif
