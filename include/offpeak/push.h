/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.h - a signal of a site as somebody tells it to the scheduler: what power costs, emits, or is there.
 *
 * A signal is a step function: point i holds from its start until the next one's, the last one until `end`. What was
 * pushed holds over what the site's feeds say, wherever it says anything, until it expires; then the feeds hold again.
 */
#ifndef OFFPEAK_PUSH_H
#define OFFPEAK_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum offpeak_signal {
        OFFPEAK_PRICE = 1,    /* of the grid, millionths of the site's currency per MWh; may be negative */
        OFFPEAK_CARBON = 2,   /* of the grid, mg CO2e per kWh */
        OFFPEAK_CAPACITY = 3, /* W the reactor gives */
        OFFPEAK_LIMIT = 4,    /* W the site may draw from the grid */
        OFFPEAK_EXPORT = 5,   /* what exported power is paid, as a price */
        OFFPEAK_SOLAR = 6,    /* W the sun could give */
        OFFPEAK_PPA = 7,      /* W that a purchase agreement's plant produces */
        OFFPEAK_STORED = 8,   /* Wh in the site's store */
};

#define OFFPEAK_UNKNOWN INT64_MIN /* a value that is not known; not zero */

enum {
        OFFPEAK_MAX_PUSH_POINTS = 40000, /* of one push: a year of quarters of an hour, and more */
        OFFPEAK_MAX_SOURCE = 64,         /* bytes of a source's name */
};

struct offpeak_signal_point {
        int64_t start; /* UTC seconds; 0, of a single point: from now on, by the scheduler's clock */
        int64_t value; /* in the signal's unit, or OFFPEAK_UNKNOWN */
};

/* All strings and points are the caller's; they are only read. */
struct offpeak_push {
        enum offpeak_signal signal;
        char *site;
        char *agreement;  /* of OFFPEAK_PPA: its name; else NULL */
        char *currency;   /* of a price, ISO 4217: must be the site's; else NULL */
        char *source;     /* who says so; NULL: the user, or the key's name. Sequence numbers are counted by it */
        struct offpeak_signal_point *points; /* n_points of them, ascending */
        size_t n_points;
        int64_t end;      /* UTC seconds, after the last start; 0: as long as it lives */
        int64_t issued;   /* UTC seconds when this became known; 0: now */
        int64_t expires;  /* UTC seconds; 0: not given */
        int64_t life_s;   /* or so many seconds from now; 0: not given. Neither: `end`, and without that an hour */
        uint64_t seq;     /* above the last one of this source and signal; 0: it counts none */
        bool withdraw;    /* no points: what was pushed holds no more, from now on */
};

#ifdef __cplusplus
}
#endif

#endif
