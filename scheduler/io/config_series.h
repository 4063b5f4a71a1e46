/* SPDX-License-Identifier: Apache-2.0 */
/* config_series.h - a site's feeds as configured: which there are, what their values may be, and what a file of one
 * says. */
#ifndef OFFPEAK_IO_CONFIG_SERIES_H
#define OFFPEAK_IO_CONFIG_SERIES_H

#include "feeds/feed_pages.h"
#include "feeds/quarantine.h"
#include "io/config.h"

/* The feed of a kind; one without path and url is none. */
const struct config_feed *config_series_feed(const struct config_site_files *files, enum series_kind kind);

/* Those of the configuration, else of the kind. */
void config_series_limits(const struct config_feed *feed, const struct policy_site *site, enum series_kind kind,
                          struct quarantine_limits *ret_limits);

/* Read what came in one page or more from `source`, or the file of the feed. EINVAL, ENOMEM; of a file ENOTFOUND, EIO
 * too. */
int config_series_read_pages(const struct config_feed *feed, enum series_kind kind, const char *site,
                             const char *currency, const char *source, const struct feed_page *pages, size_t n,
                             struct series *ret_series, struct offpeak_error *err);
int config_series_read_file(const struct config_feed *feed, enum series_kind kind, const char *site,
                            const char *currency, struct series *ret_series, struct offpeak_error *err);

/* Read the file of a feed and judge it: would a start or a reload take it? */
int config_series_check(const struct config_feed *feed, enum series_kind kind, const char *site, const char *currency,
                        const struct quarantine_limits *limits, struct offpeak_error *err);

#endif
