/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - what the planner is asked: sites with their supply over time, jobs with their modes.
 *
 * Plain values in double precision; money in the site's currency (one currency per problem), power in W,
 * time in UTC seconds. The caller owns everything a problem points to.
 *
 * What a job may do:
 *   - All its intervals are at one site, unless it may move: then its data goes along, for move_cost, and it rests for
 *     move_s at least. A job that may move and has a home moves from there; any other begins where it likes, for nothing.
 *   - Intervals that touch and hold the same number of GPUs are one run: the mode's power may change on the way.
 *     Every other interval begins a run. A run is a start, unless the job runs now and goes on from `now` at its site
 *     with as many GPUs as it has.
 *   - A start that makes no progress (no longer than start_cost_s) is not allowed: it would only burn power.
 *   - min_run_s binds runs that were started; not one that ends the job, reaches the horizon or goes on from `now`.
 *   - Work counts as done within 1e-9 of it, and ends in the second in which it is done.
 *   - It starts when all jobs that it comes after are done; never, where one of them leaves work undone.
 *   - A pinned job runs in its kept hours, whatever that costs; it comes after no other, and does not move.
 *   - GPUs never exceed those in service, and those of a limit never what it allows. Jobs never draw above the firm limit (the sum of the segments): where idle
 *     power alone is above it no job runs. What a store gives at a second counts on top of it.
 */
#ifndef OFFPEAK_PLAN_PROBLEM_H
#define OFFPEAK_PLAN_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

/* Segments: as many as a site has, and two for what a store gives (stored.h). */
enum { PLAN_MAX_SEGMENTS = 10, PLAN_MAX_LIMITS = 64 };

/* A slice of supply: power up to `limit_w` more at `price`. Within a step ascending by price. */
struct plan_segment {
        double price;   /* currency per MWh; may be negative */
        double limit_w; /* W, facility side; INFINITY where there is no limit */
};

/* The site from `start` until the next step's start (the last step: until the problem's horizon). */
struct plan_step {
        int64_t start;
        unsigned n_segments;
        struct plan_segment segments[PLAN_MAX_SEGMENTS];
        double carbon;  /* g CO2e per kWh of the power drawn; 0 when unknown */
        double spread;  /* currency per MWh by which the price's 0.9 quantile lies above what is planned on; 0: it is known */
        uint32_t gpus;  /* devices in service */
        double charge_w; /* of a store that is charged by the step: no more than this */
};

/*
 * What a month's highest draw costs. Measured is facility power, as its mean over each of the tariff's intervals, which begin
 * at multiples of their length in UTC; of an interval that the month, now or the horizon cuts, over what is left of it.
 */
struct plan_demand {
        int64_t start, end; /* the month; it may begin before now and end behind the horizon */
        double price;       /* currency per MW of rise */
        double paid_w;      /* W that are paid for anyway: the month's peak so far, or what is expected. Not below idle power */
        int64_t interval_s; /* averaging interval */
};

/*
 * A store of energy at a site: a battery, or a reactor's heat (what is not sent out because it is stored, the site draws from
 * elsewhere: so that costs what drawing more costs). Amounts in J and W at the meter, but for what is in it. It never
 * charges and discharges at one second; it gives no more than the site draws, and charges within the firm limit only.
 */
struct plan_store {
        double energy_j;             /* that it holds at the most */
        double reserve_j;            /* kept for bridging: not planned below it. Not above start_j */
        double start_j;              /* in it now */
        double least_end_j;          /* in it at the horizon at the least: from reserve_j to start_j */
        double end_price;            /* currency per MWh in it at the horizon, >= 0 */
        double charge_w, discharge_w;
        double charge_efficiency;    /* stored / drawn, above 0, at most 1 */
        double discharge_efficiency; /* given / taken out, likewise */
        bool by_step;                /* charges with no more than the step's charge_w: a reactor's heat, say, with what that gives */
};

struct plan_site {
        const char *name;
        const struct plan_step *steps; /* steps[0].start == problem.now */
        size_t n_steps;
        double idle_w;      /* IT power that is drawn whatever the plan says */
        double pue_fixed_w; /* facility power = pue_fixed_w + pue_factor * IT power */
        double pue_factor;  /* >= 1 */
        const struct plan_demand *demands; /* months that do not overlap, ascending; NULL: none */
        size_t n_demands;
        const struct plan_store *store; /* NULL: none */
};

/*
 * A further limit on GPUs in use at once, beside those of the sites: the devices of one kind at a site (a pool), or what a class
 * may hold at all sites together (a quota). Modes say in which they count.
 */
struct plan_limit_step {
        int64_t start;
        uint32_t gpus;
};

struct plan_limit {
        const char *name;
        const struct plan_limit_step *steps; /* steps[0].start == problem.now; ascending, until the horizon */
        size_t n_steps;
};

/* A way to run: GPUs held, W above idle drawn (IT side), and progress per second of running (1 = as asked). */
struct plan_mode {
        uint32_t gpus;
        double watts;
        double speed;
        uint64_t limits; /* bit l: its GPUs count in limits[l] */
        uint32_t id;     /* the caller's own number for it */
};

/* No home: it may begin anywhere. */
#define PLAN_ANYWHERE UINT32_MAX

/* No limit on starts. */
#define PLAN_ANY_STARTS UINT32_MAX

/* A run of a job: [start, end) in whole seconds at a site in a mode. */
struct plan_interval {
        int64_t start, end;
        uint32_t site, mode;
};

struct plan_job {
        uint64_t id;
        uint64_t sites;          /* bit s: may run at sites[s]; not 0 */
        const struct plan_mode *modes; /* at least one */
        size_t n_modes;
        double work_s;           /* seconds of progress still to make, > 0 */
        int64_t release;         /* not before; >= now, and now for a job that runs */
        int64_t deadline;        /* 0: none. Missing it costs lateness_cost per hour, and is reported */
        double lateness_cost;    /* currency per hour behind the deadline */
        int64_t start_cost_s;    /* each (re)start holds the mode's GPUs and power this long without progress */
        int64_t min_run_s;       /* a run is at least this long (start cost included); see above */
        uint32_t max_starts;     /* from now on; 1 for a job that cannot be interrupted; PLAN_ANY_STARTS */
        double delay_cost;       /* currency per GPU and hour that the job finishes after `earliest_finish` */
        int64_t earliest_finish; /* submission + shortest run time; what delay is counted from */
        double carbon_price;     /* currency per t CO2e, on the energy the job draws */
        double risk;             /* of the steps' spread, added to the price of the energy it draws: 0 plans on the median, 1 on
                                    the 0.9 quantile, below 0 on lower ones. Not below -2, not above 2 */
        const size_t *after;     /* indices of jobs that must be done before it starts: each of them earlier in the problem */
        size_t n_after;
        bool may_move;           /* may run at one site first and at another later */
        uint32_t home;           /* if it may move: where its data is now, or PLAN_ANYWHERE */
        double move_cost;        /* currency for each move */
        int64_t move_s;          /* from the end of a run (first: from rests_since) to the first second at the next site */
        int64_t rests_since;     /* when it last ran at its home: not after its release. 0: its release */
        bool pinned;             /* runs in its kept hours */
        bool running;            /* runs now at run_site in run_mode: keeping it on from `now` is no start */
        uint32_t run_site;
        uint32_t run_mode;
        /* its hours in the last plan, ascending; a new plan leaves them as they are unless moving pays. NULL: none */
        const struct plan_interval *kept;
        size_t n_kept;
};

struct plan_multipliers; /* plan.h */

struct plan_problem {
        int64_t now;
        int64_t horizon;        /* the plan speaks of [now, horizon) */
        const struct plan_site *sites;
        size_t n_sites;
        const struct plan_limit *limits;
        size_t n_limits;
        const struct plan_job *jobs; /* in submit order */
        size_t n_jobs;
        double terminal_price;  /* currency per MWh (facility) put on work left undone at the horizon */
        double unfinished_cost; /* currency per GPU-hour of work left undone: dearer than any way to do it */
        double over_limit_cost; /* currency per MWh drawn above the firm limit, when power is simply gone */
        bool blind;             /* who runs at once knows no limit ahead: begins where there is room, is cut where that goes */
        const struct plan_multipliers *last; /* of the last plan of these sites and limits: where prices begin. NULL: none */
};

#define PLAN_JOULES_PER_MWH 3.6e9

/* The share of a job's work that may be missing when it is done. */
#define PLAN_WORK_TOLERANCE 1e-9

/* EINVAL if the problem contradicts itself or holds a value nobody could mean; the sentence names the place. */
int plan_problem_check(const struct plan_problem *problem, struct offpeak_error *err);

/* The same of one job among the others. */
int plan_problem_check_job(const struct plan_problem *problem, size_t job, struct offpeak_error *err);

#endif
