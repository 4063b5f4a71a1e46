/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_text.h - text in memory, whatever brought it, becomes a series by the reader of its format.
 *
 * Readers are called from worker threads: they share nothing. A new format is one row in mapping_read.c.
 */
#ifndef OFFPEAK_FEEDS_FEED_TEXT_H
#define OFFPEAK_FEEDS_FEED_TEXT_H

#include "feeds/mapping_read.h"

/*
 * mapping: NULL: our own CSV, strictly. request->file names the text in errors. As csv_parse; ret_facts, which may be NULL,
 * is only written with a mapping.
 */
int feed_text_read(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                   struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err);

/* The same of what came in pages. */
int feed_text_read_pages(const struct mapping *mapping, const struct csv_request *request, const struct feed_page *pages,
                         size_t n, struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err);

#endif
