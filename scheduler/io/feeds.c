/* SPDX-License-Identifier: Apache-2.0 */
#include "io/feeds.h"

#include <stdlib.h>

#include "base/fail.h"
#include "io/config_series.h"
#include "io/config_url.h"
#include "io/feed.h"
#include "io/feeds_parts.h"
#include "io/feeds_past.h"
#include "io/http.h"
#include "io/transports.h"
#include "wire/log.h"

enum { KINDS = SERIES_LAST };

/* ---- what is configured */

static void describe(struct feed *feed, struct feed_status *status)
{
        *status = (struct feed_status){ .site = feed->site,
                                        .kind = feed->kind,
                                        .transport = feed->transport->name,
                                        .source = feed->config->path != NULL ? feed->config->path : feed->config->url->shown,
                                        .mapping = feed->config->mapping != NULL ? feed->config->mapping->name : NULL };
        feed->status = status;
}

static void add_feed(struct feeds *feeds, const struct config *config, size_t s, enum series_kind kind)
{
        const struct policy_site *site = &config->policy.sites[s];
        const struct config_feed *from = config_series_feed(&config->files[s], kind);
        struct feed *feed = &feeds->feeds[feeds->n];

        if (transport_of(from) == NULL)
                return;
        *feed = (struct feed){ .transport = transport_of(from),
                               .config = from,
                               .site = site->name,
                               .currency = site->currency,
                               .kind = kind,
                               .owner = feeds,
                               .loop = feeds->loop,
                               .engine = feeds->engine };
        series_init(&feed->last, kind);
        config_series_limits(from, site, kind, &feed->limits);
        describe(feed, &feeds->statuses[feeds->n]);
        feeds->n++;
}

static void free_feeds(struct feeds *feeds)
{
        for (size_t i = 0; i < feeds->n; i++)
                feed_finish(&feeds->feeds[i]);
        free(feeds->feeds);
        free(feeds->statuses);
        free(feeds);
}

/* All feeds of a configuration, none of them begun. */
static int list_feeds(const struct config *config, struct feeds **ret_feeds, struct offpeak_error *err)
{
        struct feeds *feeds = calloc(1, sizeof(*feeds));
        size_t room = config->policy.n_sites * KINDS + 1;

        if (feeds == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        feeds->feeds = calloc(room, sizeof(*feeds->feeds));
        feeds->statuses = calloc(room, sizeof(*feeds->statuses));
        if (feeds->feeds == NULL || feeds->statuses == NULL) {
                free_feeds(feeds);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        for (size_t s = 0; s < config->policy.n_sites; s++)
                for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++)
                        add_feed(feeds, config, s, (enum series_kind)kind);
        *ret_feeds = feeds;
        return 0;
}

/* ---- life */

static void finish(struct feeds *feeds)
{
        void (*closed)(void *) = feeds->closed;
        void *context = feeds->closed_context;

        free_feeds(feeds);
        if (closed != NULL)
                closed(context);
}

static void on_http_closed(void *context)
{
        finish(context);
}

static void one_closed(struct feeds *feeds)
{
        if (--feeds->n_open > 0)
                return;
        if (feeds->http != NULL)
                http_close(feeds->http, on_http_closed, feeds);
        else
                finish(feeds);
}

void feed_closed(struct feed *feed)
{
        one_closed(feed->owner);
}

int feeds_http(struct feeds *feeds, struct http **ret_http, struct offpeak_error *err)
{
        int code = feeds->http == NULL ? http_create(feeds->loop, &feeds->http, err) : 0;

        if (code == 0)
                *ret_http = feeds->http;
        return code;
}

void feeds_close(struct feeds *feeds, void (*closed)(void *context), void *context)
{
        size_t n;

        if (feeds == NULL) {
                if (closed != NULL)
                        closed(context);
                return;
        }
        feeds->closed = closed;
        feeds->closed_context = context;
        n = feeds->n_open++; /* the last one closed must not end it below */
        for (size_t i = 0; i < n; i++)
                feed_close(&feeds->feeds[i]);
        one_closed(feeds);
}

int feeds_open(uv_loop_t *loop, const struct config *config, struct engine *engine, bool strict,
               const struct feeds_past *past, struct feeds **ret_feeds, struct offpeak_error *err)
{
        struct feeds *feeds;
        int code = list_feeds(config, &feeds, err);

        if (code != 0)
                return code;
        feeds->loop = loop;
        feeds->engine = engine;
        for (size_t i = 0; code == 0 && i < feeds->n; i++) {
                feeds->feeds[i].loop = loop;
                feeds->feeds[i].engine = engine;
                feeds_past_give(past, &feeds->feeds[i], clocks_now(engine_clocks(engine)).wall);
                code = feeds->feeds[i].transport->open(&feeds->feeds[i], strict, err);
                feeds->n_open += code == 0;
        }
        if (code != 0)
                feeds_close(feeds, NULL, NULL);
        else
                *ret_feeds = feeds;
        return code;
}

struct feed_statuses feeds_statuses(const struct feeds *feeds)
{
        return feeds != NULL ? (struct feed_statuses){ feeds->statuses, feeds->n } : (struct feed_statuses){ NULL, 0 };
}

int feeds_check(const struct config *config, struct offpeak_error *err)
{
        struct feeds *feeds;
        int code = list_feeds(config, &feeds, err);

        if (code != 0)
                return code;
        for (size_t i = 0; code == 0 && i < feeds->n; i++) {
                const struct feed *feed = &feeds->feeds[i];

                if (feed->transport->check != NULL)
                        code = feed->transport->check(feed, err);
        }
        free_feeds(feeds);
        return code;
}
