/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the part of the configuration that the core decides by: sites, classes, timing. Plain values.
 *
 * Read at the edge (io/config.c), recorded in the log as content, so that replay does not depend on a file.
 */
#ifndef OFFPEAK_CORE_POLICY_H
#define OFFPEAK_CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supply/site_supply.h"

#define POLICY_DEADLINE_MARGIN_PPM 20000 /* unless a class says otherwise */

enum on_lost { ON_LOST_WAIT = 1, ON_LOST_RELAUNCH = 2 };

struct policy_site {
        char *name;
        char *currency;            /* ISO 4217 */
        struct supply_terms terms;
        struct signal_rule signals[SERIES_COUNT]; /* [enum series_kind] */
        int64_t wan_mbit_per_s;    /* what it can send and take; 0: nobody has said */
        int64_t egress_cost;       /* micro-currency per GB that leaves it */
};

struct policy_class {
        char *name;
        int64_t delay_cost;        /* micro-currency per GPU-hour */
        int64_t max_delay_s;       /* start no later than submission + this; 0: no limit; default a day: no endless waiting */
        int64_t carbon_price;      /* micro-currency per t CO2e */
        bool interruptible;
        uint32_t max_pauses;       /* UINT32_MAX: any number */
        int64_t min_run_s;
        int64_t start_cost_s;
        int64_t stop_grace_s;      /* mono seconds between stop signal and SIGKILL */
        int64_t lateness_cost;     /* micro-currency per hour behind the deadline; default 1000 currency: a deadline is meant */
        enum on_lost on_lost;
        int64_t lease_ms;          /* L */
        uint32_t retries;          /* attempts lost without a result that are tried again */
        int64_t limit_ppm;         /* a job is stopped at time_s x this / 1e6 of running; 0: never */
        uint32_t quota_gpus;       /* at once, over all its jobs; 0: no limit */
        int64_t quota_gpu_hours;   /* of a calendar month of UTC, over all its jobs; 0: no limit */
        int64_t risk_ppm;          /* quantile of the price forecast that it plans on, less a half, in millionths; 0: the median */
        int64_t cap_floor_ppm;     /* its jobs' GPUs may be capped down to that share of their limit; 0: not at all */
        int64_t deadline_margin_ppm; /* plans aim so much of the run time, and a minute, ahead of a deadline; 0: at the deadline */
        bool may_move;             /* a paused job may go on at another site */
        int64_t move_mb;           /* what it then has to carry, 10^6 bytes */
        char **sites;              /* names; NULL: all */
        size_t n_sites;
};

struct policy {
        struct policy_site *sites;     /* owned */
        size_t n_sites;
        struct policy_class *classes;  /* owned; the one named "default" always exists */
        size_t n_classes;
        int64_t plan_interval_s;       /* wall: plan again at least this often */
        int64_t plan_horizon_s;        /* wall: how far the plan looks */
        uint64_t plan_work;            /* the planner's budget */
        int64_t arm_timeout_ms;        /* a gang that is not armed by then is given up */
        uint32_t drain_after;          /* faults in a row after which a node is drained (health.h); 0: none are */
        int64_t backoff_ms;            /* first wait before a lost or refused job is launched again; doubles */
};

void policy_init(struct policy *policy); /* no sites, no classes, default timing */
void policy_finish(struct policy *policy);
int policy_copy(const struct policy *policy, struct policy *ret_policy);
bool policy_same(const struct policy *a, const struct policy *b); /* the same content in the same order */
void policy_class_defaults(struct policy_class *ret_class); /* everything but the name */
const struct policy_class *policy_class(const struct policy *policy, const char *name); /* NULL: "default"; NULL if absent */
const struct policy_site *policy_site(const struct policy *policy, const char *name);

#endif
