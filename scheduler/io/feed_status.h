/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_status.h - how each feed is doing, as `offpeak signals` tells it. Plain data; times are the scheduler's wall
 * clock, UTC seconds, 0: never.
 */
#ifndef OFFPEAK_IO_FEED_STATUS_H
#define OFFPEAK_IO_FEED_STATUS_H

#include "feeds/quarantine.h"

struct feed_status {
        const char *site;           /* borrowed */
        enum series_kind kind;
        const char *transport;      /* "file", "url" */
        const char *source;         /* path, or address without what is secret in it; borrowed */
        const char *mapping;        /* its name; NULL: our own CSV */
        int64_t tried_at, good_at;  /* the last try, the last that brought or confirmed a series */
        int64_t failing_since;
        int64_t next_at;            /* the next try; 0: when the source changes */
        int64_t not_before;         /* of the next try, as the server asked; 0: any time */
        uint32_t pages;             /* in which the last series came; 0: a file, or none came */
        uint32_t failures;          /* in a row */
        struct offpeak_error error; /* the last one, for as long as it fails; code 0: none */
        struct quarantine quarantine; /* of the last series that was taken */
};

struct feed_statuses {
        const struct feed_status *items; /* by site, as configured, and kind */
        size_t n;
};

#endif
