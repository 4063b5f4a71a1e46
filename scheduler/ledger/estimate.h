/* SPDX-License-Identifier: Apache-2.0 */
/*
 * estimate.h - energy, cost and carbon of a training run before it starts, in the books' exact integers.
 *
 *   energy = (GPUs x power of one + nodes x power of one beside its GPUs) x time x PUE
 *   cost   = energy x price, carbon = energy x carbon intensity, each over the hours in which it is drawn
 *
 * The formula is that of D. Patterson et al., "Carbon Emissions and Large Neural Network Training" (2021), section 2:
 * energy = hours x processors x average power of one x PUE, and tCO2e = energy x intensity. GPUs that idle beside the
 * run are in none of it.
 *
 * Units: power mW, time s (UTC), energy J, price micro-currency per MWh, carbon mg CO2e per kWh, PUE in millionths.
 * What is not known is SERIES_UNKNOWN, never zero. Nothing here is measured.
 */
#ifndef OFFPEAK_LEDGER_ESTIMATE_H
#define OFFPEAK_LEDGER_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supply/series.h"

#define ESTIMATE_NO_PUE INT64_C(0) /* nobody told it */

/* What a run draws where its computers are plugged in. */
struct estimate_draw {
        int64_t gpus, gpu_milliwatts;
        int64_t nodes, node_milliwatts; /* beside the GPUs; 0 nodes: not counted */
        int64_t seconds;
};

/* total = it + overhead, where these are known; of a known IT energy without a PUE the total is the IT alone. */
struct estimate_energy {
        int64_t it;       /* J */
        int64_t overhead; /* J that the building adds: cooling, conversion */
        int64_t total;    /* J */
};

/*
 * pue_ppm: from 1,000,000 on, or ESTIMATE_NO_PUE. Rounded half up, each of the two once. EINVAL: a negative quantity, or
 * an energy beyond 64 bits.
 */
int estimate_energy_of_draw(const struct estimate_draw *draw, int64_t pue_ppm, struct estimate_energy *ret_energy);

/* Of an energy that somebody told: of the IT, or (includes_pue) of all. */
int estimate_energy_of_joules(int64_t joules, int64_t pue_ppm, bool includes_pue, struct estimate_energy *ret_energy);

/* Nodes that so many GPUs need. Both above 0. */
int64_t estimate_nodes(int64_t gpus, int64_t gpus_per_node);

/*
 * What joules drawn evenly over [start, end) come to at a series of prices (micro-currency) or carbon intensities (mg):
 * shared over the series' pieces by time so that they sum to the whole, and priced piece by piece with the remainder
 * carried, as bookings are. SERIES_UNKNOWN where a part of the time is not known, end <= start, or it is beyond 64 bits.
 */
int64_t estimate_amount(const struct series *series, int64_t joules, int64_t start, int64_t end);

/* A stretch of time. */
struct estimate_gap {
        int64_t start, end;
};

/* The stretches of [start, end) that the series does not tell, in order: the first `room` go to gaps. How many there are. */
size_t estimate_gaps(const struct series *series, int64_t start, int64_t end, struct estimate_gap *gaps, size_t room);

/* Seconds of [start, end) in which the series has that value. */
int64_t estimate_seconds_of(const struct series *series, int64_t value, int64_t start, int64_t end);

#endif
