/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage.h - when a store of energy is best charged and discharged, for a given load and given prices: exact.
 *
 * Time is cut into slots; in each the store may draw energy at rising prices, or give energy and so save at falling ones.
 * The least that it may cost to hold so much at a slot's end is convex and made of straight pieces; one slot more merges the
 * slot's own pieces into it, sorted by price (the infimal convolution), and what the store cannot hold is cut off at both
 * ends. What is cut off below is traded in any case, what is cut off above never is: so the flows are read off the pieces.
 *
 * Energy in any one unit, prices in currency for that unit. Pure.
 */
#ifndef OFFPEAK_SUPPLY_STORAGE_H
#define OFFPEAK_SUPPLY_STORAGE_H

#include <stddef.h>

struct storage_plant {
        double energy;               /* that it holds at the most */
        double reserve;              /* it is not planned below this; not above `start` */
        double start;                /* in it at the beginning */
        double least_end;            /* in it at the end at the least; reserve <= least_end <= start */
        double end_value;            /* of a unit that is in it at the end */
        double charge_efficiency;    /* stored / drawn, above 0, at most 1 */
        double discharge_efficiency; /* given / taken out of it, likewise */
};

/* An amount of energy at the meter at one price. */
struct storage_trade {
        double price, energy;
};

/* What a slot lets the store do. */
struct storage_slot {
        const struct storage_trade *charge;    /* ascending by price: what it costs to draw more */
        const struct storage_trade *discharge; /* descending by price: what it saves to draw less */
        size_t n_charge, n_discharge;
};

/*
 * The cheapest flows. ret_flows[t]: energy at the meter in slot t, drawn > 0, given < 0. ret_values[t], may be NULL: what a
 * unit stored is worth in slot t; it changes only where the store is full, or down to its reserve. ENOMEM.
 *
 * No slot both charges and discharges. Where prices are negative that would pay, as losses would be paid for; so there a
 * discharge counts as saving no more than what the next charge costs. With no negative price the flows are the optimum.
 */
int storage_dispatch(const struct storage_plant *plant, const struct storage_slot *slots, size_t n, double *ret_flows,
                     double *ret_values);

/* What the flow of one slot adds to what is stored. */
double storage_stored(const struct storage_plant *plant, double flow);

#endif
