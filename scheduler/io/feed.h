/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - one configured source of one signal: what its transport delivers is read, judged, and given to the engine.
 *
 *   transport --text--> worker thread: read --series--> loop: judge --> engine --> transport's settled()
 *            \--series--------------------------------/
 *             \--failure, confirmation----------------------------------/
 *
 * For transports (transports.h). A transport tries; each try ends with exactly one of the calls below, and is over when the
 * feed calls the transport's `settled`, which may happen before the call returns. Until then the transport begins no other one.
 * Whatever goes wrong, the last good series stays in force; the same failure is logged once, and once more when it is over.
 */
#ifndef OFFPEAK_IO_FEED_H
#define OFFPEAK_IO_FEED_H

#include <uv.h>

#include "feeds/feed_pages.h"
#include "io/config.h"
#include "io/engine.h"
#include "io/feed_status.h"

struct feeds;
struct transport;

enum { FEED_MOST_SAID = 8 };

struct feed {
        const struct transport *transport;
        const struct config_feed *config; /* borrowed while the feeds are open */
        const char *site, *currency;      /* likewise */
        enum series_kind kind;
        struct quarantine_limits limits;
        struct feeds *owner;
        uv_loop_t *loop;
        struct engine *engine;
        struct feed_status *status;
        struct series last;               /* as delivered last; no points: nothing yet */
        bool closing;
        uint64_t said[FEED_MOST_SAID];                 /* what was logged of the failure that goes on */
        unsigned n_said;
        void *way;                        /* the transport's own */

        /* a reading under way, in the worker thread's hands until it is done */
        uv_work_t work;
        bool reading;
        struct feed_page pages[FEED_MOST_PAGES]; /* owned */
        size_t n_pages;                   /* 0: the file is read there too */
        struct series read;
        int code;
        struct offpeak_error err;
};

/* Text in memory, in one page or up to FEED_MOST_PAGES that are one delivery; the texts are taken. */
void feed_deliver_pages(struct feed *feed, const struct feed_page *pages, size_t n);

/* The text of the file config->path; it is read in the worker thread. */
void feed_deliver_file(struct feed *feed);

/* A ready series, which is taken; its kind, site and source are set here. */
void feed_deliver_series(struct feed *feed, struct series *series);

/* The source says that nothing has changed since the last series. */
void feed_confirm(struct feed *feed);

/* The try brought nothing. err names the place and the cause. */
void feed_failed(struct feed *feed, const struct offpeak_error *err);

/* Tell when the next try will be. */
void feed_next_try(struct feed *feed, int64_t in_ms);

/*
 * Read config->path here and now, before anything runs: for the start. 0 too where it cannot be read and was before, so
 * that what it last said stays in force. ENOTFOUND, EIO, EINVAL, ENOMEM.
 */
int feed_read_file(struct feed *feed, struct offpeak_error *err);

/* The transport's handles are gone, after its `close`. */
void feed_closed(struct feed *feed);

/* The one client of all addresses, made when it is first asked for; it outlives the feeds. (feeds.c) */
struct http;
int feeds_http(struct feeds *feeds, struct http **ret_http, struct offpeak_error *err);

/* ---- for feeds.c */

void feed_close(struct feed *feed);
void feed_finish(struct feed *feed);

#endif
