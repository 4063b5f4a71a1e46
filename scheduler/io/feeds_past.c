/* SPDX-License-Identifier: Apache-2.0 */
#include "io/feeds_past.h"

#include <stdlib.h>
#include <string.h>

#include "io/feeds_parts.h"

struct item {
        char *site;
        uint64_t fingerprint;
        struct feed_status status; /* its texts are not ours */
        uint64_t said[FEED_MOST_SAID];
        unsigned n_said;
};

struct feeds_past {
        struct item *items;
        size_t n;
};

struct feeds_past *feeds_past_of(const struct feeds *feeds)
{
        struct feeds_past *past = calloc(1, sizeof(*past));

        if (past == NULL || feeds == NULL)
                goto nothing;
        past->items = calloc(feeds->n + 1, sizeof(*past->items));
        if (past->items == NULL)
                goto nothing;
        for (size_t i = 0; i < feeds->n; i++) {
                const struct feed *feed = &feeds->feeds[i];
                struct item *item = &past->items[past->n++];

                item->site = strdup(feed->site);
                if (item->site == NULL)
                        goto nothing;
                item->fingerprint = feed->config->fingerprint;
                item->status = *feed->status;
                memcpy(item->said, feed->said, sizeof(item->said));
                item->n_said = feed->n_said;
        }
        return past;
nothing:
        feeds_past_free(past);
        return NULL;
}

void feeds_past_free(struct feeds_past *past)
{
        if (past == NULL)
                return;
        for (size_t i = 0; i < past->n; i++)
                free(past->items[i].site);
        free(past->items);
        free(past);
}

static void give(const struct item *item, struct feed *feed, int64_t now)
{
        const struct feed_status *before = &item->status;
        struct feed_status *status = feed->status;

        status->tried_at = before->tried_at;
        status->good_at = before->good_at;
        status->pages = before->pages;
        status->failing_since = before->failing_since;
        status->failures = before->failures;
        status->error = before->error;
        status->quarantine = before->quarantine;
        memcpy(feed->said, item->said, sizeof(feed->said));
        feed->n_said = item->n_said;
        status->not_before = before->failures == 0 ? before->next_at : before->not_before;
        if (status->not_before < now)
                status->not_before = 0;
}

void feeds_past_give(const struct feeds_past *past, struct feed *feed, int64_t now)
{
        for (size_t i = 0; past != NULL && i < past->n; i++) {
                const struct item *item = &past->items[i];

                if (item->fingerprint == feed->config->fingerprint && item->status.kind == feed->kind &&
                    strcmp(item->site, feed->site) == 0) {
                        give(item, feed, now);
                        return;
                }
        }
}
