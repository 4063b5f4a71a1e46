/* SPDX-License-Identifier: Apache-2.0 */
#include "io/feed.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "io/config_series.h"
#include "io/transports.h"
#include "wire/log.h"

static int64_t wall(const struct feed *feed)
{
        return clocks_now(engine_clocks(feed->engine)).wall;
}

/* ---- how a try ends */

/* A number of a text, numbers in it aside: servers tell times and marks of the request, which differ each time. */
static uint64_t gist(const char *text)
{
        uint64_t hash = 5381;

        for (; *text != '\0'; text++)
                if (!isxdigit((unsigned char)*text))
                        hash = hash * 33 + (unsigned char)*text;
        return hash;
}

/* Was this not said yet, since it fails? One that changes all the time has said enough in the end. */
static bool is_news(struct feed *feed, const char *text)
{
        uint64_t hash = gist(text);

        for (unsigned i = 0; i < feed->n_said; i++)
                if (feed->said[i] == hash)
                        return false;
        if (feed->n_said == FEED_MOST_SAID)
                return false;
        feed->said[feed->n_said++] = hash;
        return true;
}

static bool is_known(const struct feed *feed)
{
        const struct site *site = state_site(engine_state(feed->engine), feed->site);

        return site != NULL && site->series[feed->kind].n_points > 0;
}

static void note_failure(struct feed *feed, const struct offpeak_error *why)
{
        struct feed_status *status = feed->status;
        struct offpeak_error err = *why;

        if (feed->transport->redact != NULL)
                feed->transport->redact(feed, err.text);
        status->tried_at = wall(feed);
        if (status->failures++ == 0) {
                status->failing_since = status->tried_at;
                feed->n_said = 0;
        }
        status->error = err;
        if (is_news(feed, err.text))
                log_warning("%s: %s: %s; %s", feed->site, series_kind_name(feed->kind), err.text,
                            is_known(feed) ? "what it last said stays in force" : "nothing is known of it so far");
}

static void note_success(struct feed *feed)
{
        struct feed_status *status = feed->status;

        status->tried_at = status->good_at = wall(feed);
        if (status->failures > 0)
                log_info("%s: %s: %s is good again, after %u %s", feed->site, series_kind_name(feed->kind),
                         status->source, status->failures, status->failures == 1 ? "failure" : "failures");
        status->failures = 0;
        status->failing_since = 0;
        status->error = (struct offpeak_error){ 0 };
}

static void settle(struct feed *feed, bool good)
{
        if (feed->transport->settled != NULL)
                feed->transport->settled(feed, good);
}

void feed_failed(struct feed *feed, const struct offpeak_error *err)
{
        note_failure(feed, err);
        settle(feed, false);
}

/* It is told again: what was confirmed is as fresh as what is new. */
void feed_confirm(struct feed *feed)
{
        struct input input = { .type = INPUT_SERIES };

        input.u.series.series = &feed->last;
        if (feed->last.n_points > 0)
                engine_input(feed->engine, &input);
        note_success(feed);
        settle(feed, true);
}

void feed_next_try(struct feed *feed, int64_t in_ms)
{
        double rate = engine_clocks(feed->engine)->rate;

        feed->status->next_at = wall(feed) + (int64_t)((double)in_ms / 1000 * (rate > 0 ? rate : 1) + 0.999);
}

/* ---- judging */

static void note_quarantine(const struct feed *feed, const struct quarantine *now, const struct quarantine *before)
{
        const struct quarantined *first = &now->listed[0];
        char value[TEXT_SIZE], at[WHEN_TEXT_SIZE];

        if (now->n_values == 0 || (before->n_values == now->n_values && before->listed[0].start == first->start))
                return;
        log_warning("%s: %s: %s: %u %s as unknown, the first %s at %s", feed->site, series_kind_name(feed->kind),
                    feed->status->source, now->n_values,
                    now->n_values == 1 ? "value is outside the limits and counts" : "values are outside the limits and count",
                    quarantine_value_text(feed->kind, feed->limits.currency, first->value, value),
                    when_format_utc(first->start, at));
}

/* The series is taken on success. */
static int take_series(struct feed *feed, struct series *series, struct offpeak_error *err)
{
        struct input input = { .type = INPUT_SERIES };
        struct quarantine quarantine;
        int code;

        series->kind = feed->kind;
        if (series_set_names(series, feed->site, feed->status->source) != 0)
                return fail(err, OFFPEAK_ENOMEM, "%s: out of memory", feed->status->source);
        code = quarantine_judge(series, &feed->last, &feed->limits, &quarantine, err);
        if (code != 0)
                return fail_at(err, "%s", feed->status->source);
        note_quarantine(feed, &quarantine, &feed->status->quarantine);
        feed->status->quarantine = quarantine;
        input.u.series.series = series;
        engine_input(feed->engine, &input);
        series_finish(&feed->last);
        feed->last = *series;
        series_init(series, feed->kind);
        return 0;
}

void feed_deliver_series(struct feed *feed, struct series *series)
{
        struct offpeak_error err;
        int code = take_series(feed, series, &err);

        series_finish(series);
        if (code != 0)
                note_failure(feed, &err);
        else
                note_success(feed);
        settle(feed, code == 0);
}

/* ---- reading */

/* In a worker thread. */
static void read_there(uv_work_t *work)
{
        struct feed *feed = work->data;

        feed->code = feed->n_pages == 0 ? config_series_read_file(feed->config, feed->kind, feed->site, feed->currency,
                                                                  &feed->read, &feed->err)
                                        : config_series_read_pages(feed->config, feed->kind, feed->site, feed->currency,
                                                                   feed->status->source, feed->pages, feed->n_pages,
                                                                   &feed->read, &feed->err);
}

static void drop_pages(struct feed *feed)
{
        while (feed->n_pages > 0)
                free(feed->pages[--feed->n_pages].text);
}

static void on_read(uv_work_t *work, int cancelled)
{
        struct feed *feed = work->data;
        size_t n = feed->n_pages;

        feed->reading = false;
        drop_pages(feed);
        if (feed->closing) {
                if (cancelled == 0 && feed->code == 0)
                        series_finish(&feed->read);
                feed->transport->close(feed);
        } else if (feed->code == 0) {
                feed_deliver_series(feed, &feed->read);
                if (feed->status->failures == 0)
                        feed->status->pages = (uint32_t)n;
        } else {
                feed_failed(feed, &feed->err);
        }
}

static void begin_reading(struct feed *feed)
{
        feed->work.data = feed;
        feed->reading = true;
        uv_queue_work(feed->loop, &feed->work, read_there, on_read);
}

void feed_deliver_pages(struct feed *feed, const struct feed_page *pages, size_t n)
{
        memcpy(feed->pages, pages, n * sizeof(*pages));
        feed->n_pages = n;
        begin_reading(feed);
}

void feed_deliver_file(struct feed *feed)
{
        begin_reading(feed);
}

/* What this very file said stands in the store. */
static bool was_read_before(const struct feed *feed)
{
        const struct site *site = state_site(engine_state(feed->engine), feed->site);
        const struct series *told = site != NULL ? &site->feed[feed->kind] : NULL;

        return told != NULL && told->n_points > 0 && told->source != NULL &&
               strcmp(told->source, feed->config->path) == 0;
}

/*
 * A series that is refused by its values keeps the one in force, now as later, and so does a file that was read before:
 * only one that cannot be read and never was stops a start.
 */
int feed_read_file(struct feed *feed, struct offpeak_error *err)
{
        struct offpeak_error why;
        struct series series;
        int code = config_series_read_file(feed->config, feed->kind, feed->site, feed->currency, &series, err);

        if (code != 0 && (code == OFFPEAK_ENOMEM || !was_read_before(feed)))
                return code;
        if (code != 0) {
                note_failure(feed, err);
                return 0;
        }
        code = take_series(feed, &series, &why);
        series_finish(&series);
        if (code != 0)
                note_failure(feed, &why);
        else
                note_success(feed);
        return 0;
}

/* ---- life */

void feed_close(struct feed *feed)
{
        feed->closing = true;
        if (feed->reading)
                uv_cancel((uv_req_t *)&feed->work); /* where it has begun it is waited for; on_read closes */
        else
                feed->transport->close(feed);
}

void feed_finish(struct feed *feed)
{
        series_finish(&feed->last);
        drop_pages(feed);
}
