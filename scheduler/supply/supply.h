/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h - what power costs at a site at one moment: segments sorted by marginal cost up to a firm limit.
 */
#ifndef OFFPEAK_SUPPLY_SUPPLY_H
#define OFFPEAK_SUPPLY_SUPPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "supply/terms.h"

/* Reactor, solar and each agreement, one of them cut in two by the export limit, and the grid. */
enum { SUPPLY_MAX_SEGMENTS = SUPPLY_MAX_PPAS + 4 };

/* Agreement i is SUPPLY_PPA + i. The site's own store has no segment: it gives in the books what others gave before. */
enum supply_unit {
        SUPPLY_REACTOR = 1,
        SUPPLY_GRID = 2,
        SUPPLY_SOLAR = 3,
        SUPPLY_PPA = 4,
        SUPPLY_STORE = SUPPLY_PPA + SUPPLY_MAX_PPAS
};

/* Room for one value a unit. */
enum { SUPPLY_UNITS = SUPPLY_STORE + 1 };

struct supply_segment {
        enum supply_unit unit;
        int64_t price;   /* of using it, micro-currency per MWh; SERIES_UNKNOWN when nobody published one */
        int64_t carbon;  /* mg CO2e per kWh, by location; SERIES_UNKNOWN likewise */
        int64_t market;  /* the same, by contract */
        int64_t limit_w; /* how much this segment can give */
        bool sold;       /* what the site leaves of it is exported: its price is the export price */
};

/* Ascending by price; an unknown price counts as dearer than any known one. */
struct supply_curve {
        unsigned n_segments;
        struct supply_segment segments[SUPPLY_MAX_SEGMENTS];
        int64_t virtual_w;      /* of what is drawn from the grid so much is covered by virtual agreements, */
        int64_t virtual_carbon; /* at this carbon by contract */
};

/* Power beside the reactor and the grid: solar, and agreements that deliver. */
struct supply_source {
        enum supply_unit unit;
        int64_t price, carbon, market;
        int64_t power_w; /* SERIES_UNKNOWN counts as 0 W */
};

enum { SUPPLY_MAX_SOURCES = SUPPLY_MAX_PPAS + 1 };

/* What is known of a site's sources at one moment. A unit that the site lacks has limit 0. */
struct supply_now {
        int64_t grid_price;      /* micro-currency per MWh, adder and tax included */
        int64_t grid_carbon;     /* mg per kWh */
        int64_t grid_limit_w;    /* INT64_MAX: none known */
        int64_t reactor_price;   /* avoidable fuel */
        int64_t reactor_carbon;  /* mg per kWh, life cycle */
        int64_t reactor_w;       /* available now; SERIES_UNKNOWN counts as 0 W: unreported is not relied on */
        struct supply_source sources[SUPPLY_MAX_SOURCES];
        unsigned n_sources;
        int64_t export_price;    /* micro-currency per MWh; SERIES_UNKNOWN: nothing is sold */
        int64_t export_limit_w;  /* 0: nothing is sold */
        int64_t virtual_w, virtual_carbon;
};

/*
 * Own units that are cheaper than the export price sell what the site leaves, the cheapest first, up to the export limit:
 * using that power costs the export price, and it is used after the rest of them. Below what a unit costs (a negative export
 * price, say) nothing is sold, and what is left of it is curtailed.
 */
struct supply_curve supply_curve(const struct supply_now *now);

/* The firm limit: sum of the segments, saturating at INT64_MAX. */
int64_t supply_limit(const struct supply_curve *curve);

/*
 * Average price and carbon of the energy drawn at a facility power of power_w: what the books use.
 * SERIES_UNKNOWN as soon as a segment in use is unknown. Power beyond the firm limit is priced like the last segment.
 */
int64_t supply_average_price(const struct supply_curve *curve, int64_t power_w);
int64_t supply_average_carbon(const struct supply_curve *curve, int64_t power_w);

/* The same for carbon by contract: what is drawn from the grid is covered by virtual agreements first. */
int64_t supply_average_market(const struct supply_curve *curve, int64_t power_w);

/* What a segment gives of power_w; what is beyond the firm limit comes from the last one. */
int64_t supply_drawn(const struct supply_curve *curve, unsigned segment, int64_t power_w);

/* W that are exported, and W of sun and agreements that nobody takes, while the site draws power_w. */
int64_t supply_exported(const struct supply_curve *curve, int64_t power_w);
int64_t supply_curtailed(const struct supply_curve *curve, int64_t power_w);

/* "reactor", "grid", "solar", "store"; "ppa" for every agreement. */
const char *supply_unit_name(enum supply_unit unit);

#endif
