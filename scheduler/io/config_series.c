/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_series.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "feeds/feed_text.h"
#include "feeds/file_text.h"

const struct config_feed *config_series_feed(const struct config_site_files *files, enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return &files->price;
        case SERIES_CARBON:
                return &files->carbon;
        case SERIES_CAPACITY:
                return &files->capacity;
        case SERIES_LIMIT:
                return &files->limit;
        }
        if ((int)kind == SERIES_EXPORT_PRICE)
                return &files->export_price;
        if ((int)kind == SERIES_STORED)
                return &files->stored;
        return (int)kind == SERIES_SOLAR ? &files->solar : &files->ppas[(int)kind - SERIES_PPA];
}

void config_series_limits(const struct config_feed *feed, const struct policy_site *site, enum series_kind kind,
                          struct quarantine_limits *ret_limits)
{
        quarantine_defaults(kind, site->currency, &site->terms, ret_limits);
        if (feed->has_lowest)
                ret_limits->lowest = feed->lowest;
        if (feed->has_highest)
                ret_limits->highest = feed->highest;
        ret_limits->trusted = feed->has_lowest && feed->has_highest;
}

int config_series_read_pages(const struct config_feed *feed, enum series_kind kind, const char *site,
                             const char *currency, const char *source, const struct feed_page *pages, size_t n,
                             struct series *ret_series, struct offpeak_error *err)
{
        struct csv_request request = { .file = source,
                                       .site = site,
                                       .kind = series_kind_in_files(kind),
                                       .currency = series_kind_in_files(kind) == SERIES_PRICE ? currency : NULL };

        return feed_text_read_pages(feed->mapping, &request, pages, n, ret_series, NULL, err);
}

int config_series_read_file(const struct config_feed *feed, enum series_kind kind, const char *site,
                            const char *currency, struct series *ret_series, struct offpeak_error *err)
{
        struct feed_page page;
        struct stat status;
        int code;

        if (stat(feed->path, &status) == 0 && !S_ISREG(status.st_mode)) /* a fifo would hold its reader up for ever */
                return fail(err, OFFPEAK_EIO, "%s: is no regular file", feed->path);
        code = file_text_read(feed->path, FILE_TEXT_LARGEST, &page.text, &page.size, err);
        if (code != 0)
                return code;
        code = config_series_read_pages(feed, kind, site, currency, feed->path, &page, 1, ret_series, err);
        free(page.text);
        return code;
}

int config_series_check(const struct config_feed *feed, enum series_kind kind, const char *site, const char *currency,
                        const struct quarantine_limits *limits, struct offpeak_error *err)
{
        struct quarantine ignored;
        struct series series;
        int code = config_series_read_file(feed, kind, site, currency, &series, err);

        if (code != 0)
                return code;
        series.kind = kind;
        code = quarantine_judge(&series, NULL, limits, &ignored, err);
        series_finish(&series);
        return code == 0 ? 0 : fail_at(err, "%s", feed->path);
}
