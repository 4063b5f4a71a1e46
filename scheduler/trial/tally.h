/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - what the hours of an outcome come to, by what came true. An arithmetic of its own: neither the planner's
 * nor the books'.
 *
 *   power at the meter  P_s(t) = PUE of site s x (sum of the jobs' watts at s at t), beside the site's idle power
 *   cost                sum over sites of the integral of [what drawing idle + P costs] - [what drawing idle costs]
 *   carbon              the integral of P x the carbon intensity of what is drawn
 *   store               a site's store is run afterwards (store_run.h), over all of the trial's time: what the site
 *                       draws with it counts, less what it would draw without jobs, its store run for that. So it goes
 *                       into cost, carbon and energy, and as it charges and gives into the peak
 *   delay of a job      finish - (submit + duration); of one that was not done: to the trial's end
 *   net cost            cost + delay_cost x GPU-hours of delay
 *   lateness            finish behind the job's deadline, or behind what its class lets it wait, at lateness_cost an
 * hour
 *
 *   failures        runs that a failing node cut off; lost are the GPU-hours, and their energy, that came to nothing
 * thereby: work since the last checkpoint, and the start. They are in all other sums too
 *
 * A run's power rises in steps over the hardware's ramp. Where a price or an intensity is not known nothing is added,
 * and the energy is told.
 */
#ifndef OFFPEAK_TRIAL_TALLY_H
#define OFFPEAK_TRIAL_TALLY_H

#include "trial/outcome.h"
#include "trial/trial.h"

struct tally {
        double cost;          /* currency */
        double carbon_kg;
        double energy_mwh;    /* at the meter */
        double unpriced_mwh, uncounted_mwh; /* of it: at an unknown price; of unknown carbon */
        double mean_delay_h, p95_delay_h;
        double delay_gpu_h;   /* GPU-hours of delay */
        double delay_cost;    /* what the classes say they are worth */
        double lateness_cost; /* what plans count for lateness: nobody pays it, and it is in no other sum */
        double starts_cost;   /* what plans count for starts at negative prices (plan.h): likewise */
        double net_cost;
        size_t n_jobs, n_done, missed_deadlines, starts, failures;
        double lost_gpu_h, lost_mwh; /* the latter at the meter */
        double capped_gpu_h;  /* GPU-hours under a power cap */
        double peak_mw;       /* highest power at the meters of all sites together, without idle */
        double utilisation;   /* GPU-hours used / there were, from the first submission to the last end */
        bool has_store;       /* some site has one: else what follows is 0 */
        double stored_mwh, given_mwh; /* what stores drew and gave, at the meter, for idle power and jobs; */
        double store_lost_mwh;        /* what they lost thereby; */
        double store_cycles;          /* and how often they took out all that they hold together */
        double store_saved;           /* of the cost: what it would be more without stores */
};

/* ENOMEM; EINVAL: a segment that is no run of a job of the trial, or overlaps another one of its job. */
int tally(const struct trial *trial, const struct outcome *outcome, struct tally *ret_tally, struct offpeak_error *err);

#endif
