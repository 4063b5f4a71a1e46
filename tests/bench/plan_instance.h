/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_instance.h - planning problems for measurements: real prices and the sizes of real jobs, feasible by construction.
 *
 * Every job has a place in a hidden schedule within all limits; its window is that place and some slack around it, for one
 * job in ten none. All is aligned to hours: work and start cost together fill whole hours, windows begin and end on them.
 * Where the traces are absent a seeded generator of about the same shape takes their place, and the instance says so.
 */
#ifndef OFFPEAK_TESTS_PLAN_INSTANCE_H
#define OFFPEAK_TESTS_PLAN_INSTANCE_H

#include <stdbool.h>

#include "plan/problem.h"

enum instance_kind {
        INSTANCE_LOOSE = 0, /* 60 % of the GPU-hours are asked for */
        INSTANCE_TIGHT,     /* 95 % */
        INSTANCE_REACTOR,   /* a plant at 85 % of the mean load, with a refuelling outage and a trip; grid behind it */
        INSTANCE_PEAK,      /* 80 %, and a demand charge on what rises above 90 % of the mean load */
        INSTANCE_SITES,     /* 80 % at each of three sites in three zones; jobs may run at those of a random set, one in three may move */
        INSTANCE_ELASTIC,   /* 80 % in the width that is asked for; jobs run half as wide or twice, with a cap or without */
        INSTANCE_MIXED,     /* sites, elastic, a reactor at the first and a demand charge at the second, a quota for every other
                               job, chains of jobs, and hours that are waited */
        INSTANCE_SHIFT,     /* 60 to 95 % by the seed, and starts take no time: nothing but work that is put off */
        INSTANCE_SHIFT_REACTOR, /* likewise, with the plant of `reactor` */
        INSTANCE_BATTERY, /* peak, with a battery of half the mean load for four hours */
        INSTANCE_SALT,    /* reactor, with a store of its heat for five and a half hours at 45 % of its power */
        INSTANCE_OFFGRID, /* 50 %: the sun of twelve hours a day, a battery, nothing else; waiting costs */
        INSTANCE_SHIFT_BATTERY, /* shift, with the battery of `battery` and its demand charge */
        INSTANCE_CAPPED, /* loose, at every level of power caps (core/caps.h), and waiting costs */
        INSTANCE_KINDS,
};
extern const char *const instance_kind_names[INSTANCE_KINDS];

struct instance {
        struct plan_problem problem;
        bool real_jobs, real_prices; /* false: generated */
        double load;                 /* GPU-hours asked for, of those there are */
        struct plan_site *sites;
        struct plan_demand *demands;
        struct plan_store store; /* of the first site */
        struct plan_step *steps; /* of all sites, one after the other */
        struct plan_job *jobs;
        struct plan_mode *modes; /* INSTANCE_MODES for each job */
        struct plan_limit limit;
        struct plan_limit_step limit_step;
        size_t *after; /* one for each job */
};

enum { INSTANCE_MODES = 6 };

struct instance_shape {
        enum instance_kind kind;
        size_t n_jobs, n_slots; /* slots are hours */
        uint64_t seed;
        size_t quarters;  /* the first so many hours have a price for each quarter */
        const char *data; /* folder with open/traces and open/prices; NULL: generate */
};

/* ENOMEM, EINVAL (in err). instance_finish() also after a failure. */
int instance_init(struct instance *instance, const struct instance_shape *shape, struct offpeak_error *err);
void instance_finish(struct instance *instance);

#endif
