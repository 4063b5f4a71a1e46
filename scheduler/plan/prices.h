/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prices.h - prices of GPUs and power on the planner's slots, that rise with use and settle where use meets supply.
 *
 * Use is a mean over the slot. A job sees prices as if it used half of itself already (the integral of a rising price);
 * after each pass the prices of the present use become the base of the next:
 *
 *   GPUs    max(0, base + steepness x scale x (used / in service - 1))
 *   power   base + steepness x scale x (drawn - limit) / room, kept between the prices of the segments at the limit
 *
 * Float32 in what every response reads, as prices guide and prove nothing by themselves.
 */
#ifndef OFFPEAK_PLAN_PRICES_H
#define OFFPEAK_PLAN_PRICES_H

#include "plan/best_choice.h"
#include "plan/capacities.h"
#include "plan/demand.h"

/* What a response reads of each slot, capacity after capacity: the sites, then the limits. */
struct price_table {
        float *gpu_base, *gpu_gain, *gpus;       /* price = max(0, base + gain x use); currency per GPU-hour */
        float *power_base, *power_gain, *watts;  /* price = base + gain x use, within [low, high]; currency per MWh */
        float *power_low, *power_high;
        float *carbon;                           /* g per kWh */
        float *spread;                           /* currency per MWh */
        float *slot_s;
        float *most_gpus, *most_watts;           /* that one job may use */
};

/* Base prices: capacity s, slot t at [s * slots.n + t]. Only sites have power. */
struct price_set {
        double *gpus;   /* currency per GPU-hour, >= 0 */
        double *power;  /* currency per MWh, demand counted in */
        double *demand; /* what of it spreads a demand charge */
        size_t n;       /* of each */
};

struct prices {
        const struct plan_problem *problem;
        struct slots slots;
        struct capacities capacities;
        /* capacity s, slot t at [s * slots.n + t] */
        const struct plan_step **steps;
        struct price_set base;
        double gpu_scale, power_scale; /* what counts as a large difference in price */
        double *least_power, *least_carbon, *most_spread; /* of each site: no slot has less, or more */
        double steepness;              /* of the table */
        /*
         * How a part of a slot counts for GPUs: by its seconds, as a bound may believe; or like all of the slot, as a plan has
         * it where nobody else fits beside the part.
         */
        bool parts_take_all;
        struct price_table table;
        bool *has_more_kinks;          /* of each site: some slot's power price is not of the table's form */
        struct demand_level **demands; /* of each site, one for each month */
        double *facility_w, *spread;   /* scratch, of one site's slots */
        /*
         * How the spread rises with use during a pass where the table has no form for it: currency per MWh and W above the level, at
         * [s * slots.n + t]. NULL: it stands still there. Not owned.
         */
        double *rise, *rise_from_w;
};

int price_set_init(struct price_set *set, size_t n); /* all 0. ENOMEM */
void price_set_finish(struct price_set *set);
void price_set_copy(struct price_set *to, const struct price_set *from); /* of the same size */
/* Move a set towards another by a share of the way. */
void price_set_approach(struct price_set *set, const struct price_set *to, double share);

/* `slots`: about how many (slots.h). ENOMEM. */
int prices_init(struct prices *prices, const struct plan_problem *problem, size_t slots);
void prices_finish(struct prices *prices);

/* Does the problem know a last plan's prices, and of the same sites and limits? */
bool prices_may_recall(const struct plan_problem *problem);

/* Begin with them: with those of its hours, or of the same hour a day before where it says nothing. */
void prices_recall(struct prices *prices);

/* The segments' prices of a site have changed, and nothing else: see them as they are. */
void prices_reprice(struct prices *prices, uint32_t site);

/* Make the table for this steepness; 0: the base prices as they are. The use stays. */
void prices_steepen(struct prices *prices, double steepness);

/* Count the use of a job's intervals, or take it back; and count it all anew, which takes rounding out. */
void prices_use(struct prices *prices, size_t job, const struct choice *choice, double sign);
void prices_recount(struct prices *prices, const struct schedule *schedule);

/* Spread the demand charges anew over the present use: to be called now and then during a pass. */
void prices_respread(struct prices *prices);

/* Make the prices of the present use the base. */
void prices_settle(struct prices *prices);

/* What jobs see at the table's prices. */
struct market prices_market(const struct prices *prices);

/* Currency per MWh at the table's prices, at a site's slot [s * slots.n + t], if so many W (IT side) were used there. */
double prices_power_at(const struct prices *prices, size_t k, double watts);

/* Currency per second: no slot of the horizon costs a look less. */
double prices_least_rate(const struct prices *prices, const struct look *look);

/* What the base prices say of the sites alone: min over use of supply's cost at these prices, less the GPUs' worth. */
double prices_dual(const struct prices *prices);

#endif
