/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.h - points as a file gives them (in any order, some twice, some of the doubled hour, of several parts) become
 * a series with one step, in which what is not there is unknown.
 */
#ifndef OFFPEAK_FEEDS_GATHER_H
#define OFFPEAK_FEEDS_GATHER_H

#include "feeds/rows.h"
#include "feeds/zone.h"

struct gather_point {
        int64_t time;
        int64_t later; /* the other UTC time that it can mean, in the doubled hour; 0: none */
        int64_t value;
        size_t number; /* of its row */
        unsigned part;
};

struct gather {
        struct gather_point *points;
        size_t n, room;
};

/* How a gathering becomes a series. */
struct gather_way {
        unsigned n_parts;        /* that are added up; a time at which one of them is not known is unknown */
        bool ends;               /* times are the intervals' ends */
        bool energy;             /* values are Wh of an interval */
        int64_t step_s;          /* 0: the commonest time from one point to the next */
        const struct zone *zone; /* days are its days; NULL: of 24 hours */
};

void gather_finish(struct gather *gather);

/* ENOMEM. */
int gather_add(struct gather *gather, const struct gather_point *point);

/*
 * ret_series has its points and end; ret_step, which may be NULL, its step. rows: for places. EINVAL, ENOMEM; the
 * gathering is then in any order.
 */
int gather_series(struct gather *gather, const struct gather_way *way, const struct rows *rows,
                  struct series *ret_series, int64_t *ret_step, struct offpeak_error *err);

#endif
