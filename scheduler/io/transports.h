/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transports.h - the ways in which a signal reaches a feed: one row and one file each.
 */
#ifndef OFFPEAK_IO_TRANSPORTS_H
#define OFFPEAK_IO_TRANSPORTS_H

#include "io/feed.h"

struct transport {
        const char *name;

        /* Is this how the feed is configured? */
        bool (*carries)(const struct config_feed *config);

        /* Does this machine have what it takes? Called by --check too; asks nobody else. NULL: nothing to ask. */
        int (*check)(const struct feed *feed, struct offpeak_error *err);

        /* Begin. strict: what is local is read now, and must be good. On failure nothing is left open. */
        int (*open)(struct feed *feed, bool strict, struct offpeak_error *err);

        /* A try is over; good: its series was taken or confirmed. NULL: nothing to do. */
        void (*settled)(struct feed *feed, bool good);

        /* Hide what nobody may read in a text about the feed. NULL: nothing is secret. */
        void (*redact)(const struct feed *feed, char *text);

        /* Close the handles and call feed_closed, now or later. */
        void (*close)(struct feed *feed);
};

/* The transport of a feed that is configured; NULL: it is not. */
const struct transport *transport_of(const struct config_feed *config);

extern const struct transport transport_file; /* feed_file.c */
extern const struct transport transport_url;  /* feed_url.c */

#endif
