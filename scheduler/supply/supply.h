/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h - what power costs at a site at one moment: segments sorted by marginal cost up to a firm limit.
 */
#ifndef OFFPEAK_SUPPLY_SUPPLY_H
#define OFFPEAK_SUPPLY_SUPPLY_H

#include <stdint.h>

enum { SUPPLY_MAX_SEGMENTS = 4 };

enum supply_unit { SUPPLY_REACTOR = 1, SUPPLY_GRID = 2 };

struct supply_segment {
        enum supply_unit unit;
        int64_t price;   /* micro-currency per MWh; SERIES_UNKNOWN when nobody published one */
        int64_t carbon;  /* mg CO2e per kWh; SERIES_UNKNOWN likewise */
        int64_t limit_w; /* how much this segment can give */
};

/* Ascending by price; an unknown price counts as dearer than any known one. */
struct supply_curve {
        unsigned n_segments;
        struct supply_segment segments[SUPPLY_MAX_SEGMENTS];
};

/* What is known of a site's sources at one moment. A unit that the site lacks has limit 0. */
struct supply_now {
        int64_t grid_price;      /* micro-currency per MWh, adder and tax included */
        int64_t grid_carbon;     /* mg per kWh */
        int64_t grid_limit_w;    /* INT64_MAX: none known */
        int64_t reactor_price;   /* avoidable fuel */
        int64_t reactor_carbon;  /* mg per kWh, life cycle */
        int64_t reactor_w;       /* available now; SERIES_UNKNOWN counts as 0 W: unreported is not relied on */
};

struct supply_curve supply_curve(const struct supply_now *now);

/* The firm limit: sum of the segments, saturating at INT64_MAX. */
int64_t supply_limit(const struct supply_curve *curve);

/*
 * Average price and carbon of the energy drawn at a facility power of power_w: what the books use.
 * SERIES_UNKNOWN as soon as a segment in use is unknown. Power beyond the firm limit is priced like the last segment.
 */
int64_t supply_average_price(const struct supply_curve *curve, int64_t power_w);
int64_t supply_average_carbon(const struct supply_curve *curve, int64_t power_w);

#endif
