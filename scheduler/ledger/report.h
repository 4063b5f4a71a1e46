/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what a time cost, against what running at once would have cost. Pure, exact integers.
 *
 * Compared are the jobs that ended in the window, each with its real work and power: the same jobs, the same
 * series, the same GPUs, each job with its share of overhead. What the site drew beside them (idle, fixed overhead) is
 * shown by account, not compared.
 *
 * Whoever runs at once has the limits that turned out, and knows none of them beforehand, be it an outage that was
 * announced or a trip: a job begins where it would fit if the limit of that moment lasted. Where it falls those that began
 * last are cut, keep what they have done, and go on, with another start, as soon as there is room: there, too, power that is
 * gone stops jobs, and nothing else does. A job that the limits on record have no room for did run all the same, so the limits
 * are not held against it. What nobody said of a unit counts as nothing, as in the books. Contracts and GPUs are those of today.
 *
 * Of a booking that reaches over the window's edge the part inside counts.
 *
 * At a site with a store, running at once is priced at what the site's load was booked at at that time, on average (ledger/paid.h):
 * as if the store had then given and taken the same share. What its plan would have been is not known. Where nothing is booked,
 * or at no known price, it is unpriced.
 */
#ifndef OFFPEAK_LEDGER_REPORT_H
#define OFFPEAK_LEDGER_REPORT_H

#include <offpeak/error.h>

#include "ledger/booking.h"

/* A job as it turned out. */
struct report_job {
        uint64_t id;
        uint32_t site;          /* index into report_input.sites: where it ran last */
        uint64_t sites;         /* where it might have been started at once, a bit each; its site counts in any case */
        uint32_t gpus;
        int64_t release;        /* could have started: max(submit, begin) */
        const size_t *after;    /* indices of jobs that it came after, each of them earlier in the input; borrowed */
        size_t n_after;
        int64_t others_end;     /* when the last of those ended that it came after and that are not compared; 0: none */
        int64_t finish;         /* ended */
        int64_t deadline;       /* 0: none */
        int64_t work_s;         /* seconds of progress it took, in its mode */
        int64_t start_cost_s;   /* of one start */
        double power_w;         /* mean IT power above idle while it ran: joules / seconds, not rounded */
        int64_t delay_cost;     /* micro-currency per GPU-hour */
        int64_t joules, cost, carbon_mg, market_mg; /* its bookings' sums: job account plus its share of overhead */
        int64_t unpriced_joules;
        uint32_t starts;
};

struct report_site {
        const char *name;
        struct site_supply supply;
        uint32_t gpus;
        int64_t idle_w;
};

struct report_input {
        int64_t from, to;
        const struct report_site *sites;
        size_t n_sites;
        const struct report_job *jobs; /* in submit order */
        size_t n_jobs;
        /* any order; site = index into sites: those of the window, and where there is a store those since the first release */
        const struct booking *bookings;
        size_t n_bookings;
};

struct report_side {
        int64_t joules, cost;
        int64_t unpriced_joules; /* of them: no price is known, so they are in no cost */
        int64_t carbon_mg;      /* by location */
        int64_t market_mg;      /* by contract */
        int64_t delay_s;        /* sum over jobs of finish - (release + shortest run) */
        int64_t gpu_delay_s;    /* the same, times GPUs */
        int64_t delay_cost;     /* micro-currency: the classes' value of it */
        uint32_t missed_deadlines;
        uint32_t starts;
        uint32_t cuts;          /* at once: starts of jobs that had run before, and were cut where power or GPUs went */
};

enum { REPORT_SITES = 64 };

/* What a site's store did, in J. */
struct report_store {
        int64_t charged;  /* drawn from the sources for it */
        int64_t given;    /* to jobs, idle nodes and overhead */
        int64_t lost;     /* on the way in and out, and missing at stock-takings */
        int64_t found;    /* in it when its books were opened */
};

struct report {
        uint32_t n_jobs;
        struct report_side run_now, actual;
        int64_t saved;          /* run_now.cost - actual.cost */
        int64_t saved_carbon_mg, saved_market_mg;
        int64_t net_saved;      /* saved - (actual.delay_cost - run_now.delay_cost) */
        struct book accounts[ACCOUNT_COUNT]; /* all the energy of the window, [enum account] */
        int64_t quality_joules[4];           /* [enum quality] */
        int64_t unit_joules[REPORT_SITES][SUPPLY_UNITS]; /* of each site, who supplied them: [enum supply_unit]. Of the store: what
                                                            it gave to loads; of the others: with what charged it */
        struct report_store stores[REPORT_SITES];
        uint32_t without_room; /* jobs that at once never found room: taken to have run all the same */
};

/* EINVAL: a job without a site or GPUs, a booking in no account, more than 64 sites; ENOMEM. Written on success only. */
int report_compute(const struct report_input *input, struct report *ret_report, struct offpeak_error *err);

#endif
