/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign.h - a small cluster for some days: jobs that come one by one, prices that are told day by day, a day ahead.
 *
 * Prices of a day (from 23:00 UTC, midnight in Paris in winter) are published at 12:00 UTC of the day before, with all
 * that came before them; what lies behind is the daemon's own to forecast.
 */
#ifndef OFFPEAK_TESTS_CAMPAIGN_H
#define OFFPEAK_TESTS_CAMPAIGN_H

#include "sim/regret.h"
#include "sim/sim.h"

enum { CAMPAIGN_GPUS = 16, CAMPAIGN_GPU_W = 700, CAMPAIGN_PUE_PPM = 1200000 };

struct campaign_job {
        int64_t release, deadline, time_s;
        uint32_t gpus;
};

struct campaign {
        /* what is asked for */
        const struct series *price;   /* as it came true, from before `start` to the end; its site is "hanford" */
        const struct series *carbon;  /* known from the beginning; NULL: none */
        uint32_t nodes;               /* that the GPUs are in; in one, devices are always free together */
        int64_t start;                /* whole days of UTC */
        int64_t days;                 /* in which jobs come */
        size_t n_jobs;
        double load;                  /* GPU-hours asked for, of those there are */
        int64_t slack_s;              /* each job's deadline leaves 4 hours more than it needs, and up to this */
        uint64_t seed;
        bool known;                   /* all prices and all jobs from the beginning: jobs are submitted to begin later */
        int64_t delay_cost, carbon_price, start_cost_s, stop_s;
        uint64_t work;                /* the planner's budget for each plan */
        bool forecasts;               /* as the daemon makes them; else the last known day is repeated */

        /* what became of it */
        struct policy policy;
        struct sim *sim;
        struct campaign_job *jobs;    /* in order of release; job i has id i + 1 */
        int64_t end;                  /* all is over; price and carbon reach at least here */
        struct regret_plans plans;    /* made on the way */
};

/* When it ends: campaign.end, known beforehand. */
int64_t campaign_end(const struct campaign *campaign);

/* The price as it is known at `wall`. */
int campaign_known_price(const struct series *price, int64_t wall, struct series *ret_known);

/* Run it all. 0, or a code and a sentence. campaign_finish() also after a failure. */
int campaign_run(struct campaign *campaign, struct offpeak_error *err);
void campaign_finish(struct campaign *campaign);

/* Against hindsight that may think for `work`. */
int campaign_regret(const struct campaign *campaign, uint64_t work, struct regret *ret_regret, struct offpeak_error *err);

#endif
