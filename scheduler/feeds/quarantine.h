/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine.h - what a feed delivers is judged before anything is planned by it.
 *
 * A value outside its limits becomes unknown, and is listed with its time and the reason. A series that is wrong as a
 * whole is refused: most of it outside the limits, or, beside what the same feed delivered before, older or off by a
 * factor of a thousand; out of order. A value that is merely unusual is left alone: a scarcity price is what Offpeak
 * is for.
 */
#ifndef OFFPEAK_FEEDS_QUARANTINE_H
#define OFFPEAK_FEEDS_QUARANTINE_H

#include "supply/series.h"

/* Both bounds in the kind's unit, inclusive. */
struct quarantine_limits {
        int64_t lowest, highest; /* INT64_MIN, INT64_MAX: no such limit */
        bool trusted;            /* a person gave both: then they decide, and no factor is suspected */
        char currency[4];        /* of a price, for what is said */
};

struct quarantined {
        int64_t start, end; /* UTC seconds */
        int64_t value;
        bool high;          /* above the highest, else below the lowest */
};

enum { QUARANTINE_LISTED = 8 };

struct quarantine {
        uint32_t n_values; /* that became unknown */
        uint32_t n_listed;
        struct quarantined listed[QUARANTINE_LISTED]; /* the first of them */
};

/*
 * What holds where a configuration says nothing. Power is never negative, and a reactor never above its units' ratings;
 * carbon is between 0 and 2500 g/kWh (lignite is at 1200); a price is within what markets in its currency have
 * (price_limits.h). Prices in currencies that are not listed there have no limit.
 */
void quarantine_defaults(enum series_kind kind, const char *currency, const struct supply_terms *terms,
                         struct quarantine_limits *ret_limits);

/*
 * Judge a series. last: what this feed delivered before; NULL or empty: nothing, as after a start and a reload, when somebody
 * may just have put right what was wrong. EINVAL with the cause: refused as a whole, and left as it is; ENOMEM. On success bad values are
 * SERIES_UNKNOWN.
 */
int quarantine_judge(struct series *series, const struct series *last, const struct quarantine_limits *limits,
                     struct quarantine *ret_quarantine, struct offpeak_error *err);

/* `9999 EUR/MWh`, `2500 g/kWh`, `336 MW`: a value of the kind for people. buffer: TEXT_SIZE of base/text.h. */
const char *quarantine_value_text(enum series_kind kind, const char *currency, int64_t value, char *buffer);

/* How often, and for how long in all, the value is unknown between the first point and the end. */
void quarantine_gaps(const struct series *series, uint32_t *ret_n, int64_t *ret_seconds);

#endif
