/* SPDX-License-Identifier: Apache-2.0 */
/*
 * series.h - a signal over time: a step function in UTC with unit, source and issue time.
 *
 * Point i holds from points[i].start until points[i+1].start, the last one until `end`. Before the
 * first point and from `end` on the value is unknown. Unknown is not zero.
 */
#ifndef OFFPEAK_SUPPLY_SERIES_H
#define OFFPEAK_SUPPLY_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "supply/terms.h"

enum series_kind {
        SERIES_PRICE = 1,    /* micro-currency per MWh, may be negative */
        SERIES_CARBON = 2,   /* mg CO2e per kWh */
        SERIES_CAPACITY = 3, /* W a generating unit can deliver now */
        SERIES_LIMIT = 4,    /* W the site may draw from the grid */
};

/* Kinds of a site's contracts. Files hold them as prices and capacities: no reader looks for them by name. */
enum {
        SERIES_EXPORT_PRICE = 5, /* micro-currency per MWh */
        SERIES_SOLAR = 6,        /* W there could be */
        SERIES_PPA = 7,          /* W that agreement 0 produces; of agreement i: SERIES_PPA + i */
        SERIES_STORED = SERIES_PPA + SUPPLY_MAX_PPAS, /* Wh in the site's store; in files an energy of its own */
        SERIES_LAST = SERIES_STORED,
        SERIES_COUNT, /* with kind 0, which is none */
};

#define SERIES_UNKNOWN INT64_MIN

struct series_point {
        int64_t start; /* UTC seconds */
        int64_t value; /* in the kind's unit, or SERIES_UNKNOWN for a hole */
};

struct series {
        enum series_kind kind;
        char *site;       /* owned */
        char *source;     /* owned; the file or feed it came from */
        int64_t issued;   /* UTC seconds at which this version became known */
        uint64_t version; /* counts up per (site, kind); what a booking cites */
        struct series_point *points; /* owned, ascending, no two of equal value side by side needed */
        size_t n_points;
        size_t room;      /* points there is memory for; series_append's own, 0 will always do */
        int64_t end;      /* UTC seconds; the last point holds until here */
};

void series_init(struct series *series, enum series_kind kind);
void series_finish(struct series *series);
int series_copy(const struct series *series, struct series *ret_series);
int series_set_names(struct series *series, const char *site, const char *source);

/* Append a point; its start must be later than the last one's, and end moves to at least start. EINVAL, ENOMEM. */
int series_append(struct series *series, int64_t start, int64_t value);

/* The value that holds at `time`, or SERIES_UNKNOWN. O(log n). */
int64_t series_at(const struct series *series, int64_t time);

/* Since when what was last known at `time`, or before it, holds: the start of its point; INT64_MIN: nothing was. */
int64_t series_since(const struct series *series, int64_t time);

/* The first time after `time` at which the value may change (a point's start or the end); INT64_MAX if none. */
int64_t series_next_edge(const struct series *series, int64_t time);

/* The first second in [from, to) at which the value is unknown; `to`: it is known at all of them. */
int64_t series_first_unknown(const struct series *series, int64_t from, int64_t to);

/* Same kind, site, points and end (issue time, source and version aside). */
bool series_same_values(const struct series *a, const struct series *b);

/* "price", "carbon", "capacity", "limit", "export", "solar", "ppa", "stored". */
const char *series_kind_name(enum series_kind kind);

/* What files and units know it as: every price is a price, all power of plants a capacity. */
enum series_kind series_kind_in_files(enum series_kind kind);

/* Is it a purchase agreement's production? */
bool series_kind_is_ppa(enum series_kind kind);

/*
 * The same series with the time [from, to) filled where it is unknown, by the value of the same time
 * one day earlier (itself filled, if need be: the last known day is repeated), else one week earlier, else by the
 * mean over the time that is known (seasonal-naive; the first forecast, see docs). ret_filled_from: the first time that
 * is forecast and not published (INT64_MAX: none). Where nothing at all is known the series stays unknown.
 */
int series_fill(const struct series *series, int64_t from, int64_t to, struct series *ret_series,
                int64_t *ret_filled_from);

#endif
