/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - the planner: a problem in; intervals, prices, a bound and reasons out. Pure.
 *
 * The cost of a plan, exactly as the checker recomputes it:
 *   supply    for every site the integral over [now, horizon) of
 *               F_t(pue_fixed + pue_factor * (idle + sum of running jobs' watts)) - F_t(pue_fixed + pue_factor * idle)
 *             where F_t(P) is the cost rate of drawing P from step t's segments, cheapest first;
 *             what is above their sum costs over_limit_cost.
 *             At a site with a store the first power is what is drawn net: as above, and what charges it, less what it gives; and
 *             nothing is taken off for idle power above the limit, which a store may carry: over_limit is all that there is.
 *   storage   for every store: end_price x (what is in it now, less what is in it at the horizon)
 *   demand    for every month of a site: price x max(0, the highest mean facility power (net) - paid_w) / 1e6
 *   carbon    for every job, carbon_price x (pue_factor * watts) x carbon over its intervals
 *   risk      for every job, risk x the step's spread x the energy of its intervals
 *   moves     move_cost for every move
 *   delay     delay_cost x GPUs of its first mode x hours of max(0, finish - earliest_finish)
 *   lateness  lateness_cost x hours of max(0, finish - deadline)
 *   unfinished  for work still to do at the horizon: unfinished_cost x GPU-hours + terminal_price x energy,
 *             both in the job's first mode, with the PUE of the first site it may use; such a job finishes, for delay
 *             and lateness, at horizon + the rest in that mode, to the next whole second
 *   starts    for every (re)start, over the start_cost_s seconds without progress that its interval contains:
 *             2 x pue_factor * watts x max(0, - the step's lowest price). So a start costs what it draws, whatever the sign of
 *             the price, and nobody starts a job to burn power.
 */
#ifndef OFFPEAK_PLAN_PLAN_H
#define OFFPEAK_PLAN_PLAN_H

#include <stdbool.h>

#include <offpeak/error.h>

#include "plan/problem.h"

/* Why a job runs when it does: data for `offpeak explain`, in order of weight. */
enum plan_reason {
        PLAN_CHEAPEST = 1, /* its hours are the cheapest it can have */
        PLAN_AT_ONCE,      /* running at once is best: nothing cheaper is worth waiting for */
        PLAN_DEADLINE,     /* cheaper hours lie behind its deadline */
        PLAN_CROWDED,      /* cheaper hours are taken: GPUs or power */
        PLAN_NO_PRICE,     /* no price is known (all are 0): it runs at once */
        PLAN_LATE,         /* no plan meets the deadline */
        PLAN_BEYOND,       /* does not fit before the horizon */
        PLAN_RUNNING,      /* it runs and goes on */
        PLAN_IMPOSSIBLE,   /* no site has as many GPUs, or the power, ever */
        PLAN_AFTER,        /* one that it comes after has no hours: it was not in the problem (the core's word) */
        PLAN_MONTH,        /* its class has no GPU-hours left for it this month (the core's word) */
        PLAN_PINNED,       /* it is pinned to them (the core's word) */
};
const char *plan_reason_name(enum plan_reason reason);

struct plan_job_result {
        uint64_t id;
        size_t first, n;        /* its intervals: plan.intervals[first .. first + n), ascending in time; jobs in order */
        int64_t finish;         /* when its work is done (an estimate beyond the horizon); 0: never, no site can run it */
        int64_t late_s;         /* seconds behind its deadline; 0: in time */
        double unfinished_s;    /* seconds of progress not done at the horizon */
        double cost;            /* its own share: what the plan would cost less without its intervals, stores doing as they do, and the rest of the terms */
        double run_now_cost;    /* the same share in the run_now plan */
        double waiting;         /* what of cost is no power and no carbon: delay, lateness, unfinished, starts */
        double run_now_waiting; /* the same of run_now_cost */
        enum plan_reason reason;
};

struct plan_terms {
        double supply, carbon, delay, lateness, unfinished;
        double demand;          /* what months' peaks rise above what is paid for anyway */
        double starts;          /* what starts draw where power has a negative price */
        double risk;            /* what is put on energy for not knowing its price: nobody pays it */
        double moves;
        double storage;         /* what stores hold less at the horizon */
        double over_limit;      /* split off from supply's integral: what is paid above the firm limit, >= 0 */
        double total;
};

/* Prices of the coupling constraints on the planner's own slots: site s, slot t at [s * n_slots + t]. */
struct plan_multipliers {
        size_t n_sites, n_limits, n_slots;
        int64_t *edges;     /* n_slots + 1 */
        double *power;      /* currency per MWh of facility energy */
        double *gpus;       /* currency per GPU-hour, >= 0 */
        double *limits;     /* the same for the problem's limits: l, slot t at [l * n_slots + t]. NULL: nothing */
        double *demand;     /* currency per MWh, >= 0: how a month's demand price is spread over its slots; x hours, summed over a
                               month, no more than its price per MW. Even within an averaging interval. NULL: nothing */
        double *storage;    /* currency per MWh in the site's store. NULL: nothing */
};

/* What a site's store does: power at the meter, charging > 0. */
struct plan_flow {
        int64_t start, end;
        uint32_t site;
        double watts;
};

struct plan {
        struct plan_job_result *jobs; /* one for each of the problem's jobs, same order */
        size_t n_jobs;
        struct plan_interval *intervals;
        size_t n_intervals;
        struct plan_flow *flows;      /* site by site, ascending in time; in between stores rest */
        size_t n_flows;
        struct plan_terms terms;      /* of this plan */
        struct plan_terms run_now;    /* of run_now on the same problem */
        double bound;                 /* no plan of these jobs costs less, under this forecast */
        struct plan_multipliers multipliers; /* that prove the bound */
        uint64_t work;                /* units of work spent */
};

void plan_init(struct plan *plan);
void plan_finish(struct plan *plan);
void plan_multipliers_finish(struct plan_multipliers *multipliers); /* a plan's go with it */
/* They leave the plan, and take the place of those that were there: for the next problem's `last`. */
void plan_multipliers_take(struct plan_multipliers *to, struct plan *plan);

/* How much to think. The same problem and budget give the same plan to the last bit. */
struct plan_budget {
        uint64_t work;                       /* units (about one slot of one job's best response each) */
        int64_t slot_s; /* slots are made no longer than this, however little work there is; 0: as it allows */
        bool (*aborted)(void *context);      /* asked now and then; NULL: never. When it says true the best so far is returned */
        void *context;
        bool unproven;    /* nobody asks for a bound: it is -INFINITY */
        bool unexplained; /* nobody asks why jobs have cheap hours: PLAN_CHEAPEST stands for all reasons that take a
                             search */
};

/*
 * Plan. Always an answer for a well-formed problem: at worst run_now under the limits, or the last plan's
 * hours where these are at most half a per cent dearer. Wall time is not looked at. ENOMEM, EINVAL (a problem that contradicts itself, named in err). ret_plan is written on success only.
 */
int plan_compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                 struct offpeak_error *err);

/*
 * What running at once costs: submit order (the problem's), EASY backfill, the same GPU and power
 * limits and the same work, first mode, no pauses. Fills intervals, results and terms; no bound, no multipliers.
 * One function for plan, ledger and simulator.
 */
int plan_run_now(const struct plan_problem *problem, struct plan *ret_plan, struct offpeak_error *err);

#endif
