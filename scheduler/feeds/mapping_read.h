/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping_read.h - a series from any file that a mapping describes, or from an ENTSO-E document (entsoe_prices.h, entsoe_outages.h).
 *
 * Rows may stand in any order. A row that is not there is unknown for one step and more; one that stands twice counts
 * once, and is refused with its place if it says two things. Decimals are read exactly, without floating point.
 */
#ifndef OFFPEAK_FEEDS_MAPPING_READ_H
#define OFFPEAK_FEEDS_MAPPING_READ_H

#include "feeds/csv.h"
#include "feeds/feed_pages.h"
#include "feeds/mapping.h"

/* What is known of a series beside its points. */
struct mapping_facts {
        int64_t step_s;
        char currency[4]; /* of a price; "": not told */
        char column[160]; /* the value column */
        bool percent;     /* values are shares of the rating */
        char unmatched[160]; /* parts that the file does not speak of, where that is no error */
};

/*
 * request as for csv_parse, but for its column: the mapping has one. size bytes of text. EINVAL with the place, ENOMEM;
 * ret_series, and ret_facts which may be NULL, are written on success only.
 */
int mapping_parse(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                  struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err);

/* The same of a text in pages; several of them only of a format that has such (feed_pages_are_zips). */
int mapping_parse_pages(const struct mapping *mapping, const struct csv_request *request, const struct feed_page *pages,
                        size_t n, struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err);

/* The same from the file itself. Also ENOTFOUND, EIO; a file beyond 64 MiB is EINVAL. */
int mapping_read(const struct mapping *mapping, const struct csv_request *request, struct series *ret_series,
                 struct mapping_facts *ret_facts, struct offpeak_error *err);

#endif
