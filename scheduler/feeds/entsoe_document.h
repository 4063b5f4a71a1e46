/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entsoe_document.h - what the ENTSO-E Transparency Platform's documents have in common: a root that says what they are, or
 * why there is nothing, and periods of points.
 *
 *   <Period>
 *     <timeInterval><start>2025-09-30T22:00Z</start><end>2025-10-01T22:00Z</end></timeInterval>
 *     <resolution>PT15M</resolution>
 *     <Point><position>1</position><price.amount>94.64</price.amount></Point>
 *
 * Position p stands for [start + (p - 1) resolution, start + p resolution). By curve type A01 each point is one such block, and
 * a position that is not there is not known; by A03 a point holds until the next one, the last one until the period's end.
 * IEC 62325-351; the platform's own guide for what it publishes. All times are UTC: a local day begins at 22:00 or 23:00, and
 * has 23 to 25 hours.
 */
#ifndef OFFPEAK_FEEDS_ENTSOE_DOCUMENT_H
#define OFFPEAK_FEEDS_ENTSOE_DOCUMENT_H

#include <stdint.h>

#include "feeds/xml_document.h"

/*
 * Is the root `name`, and its type one of `types` (parted by blanks)? EINVAL: it is another document; or the platform's answer
 * that it has no data, with the reason it gives.
 */
int entsoe_check_root(const struct xml_document *document, const char *name, const char *types,
                      struct offpeak_error *err);

/* An element with start and end in it. EINVAL: one is missing or no UTC time, or the end is not after the start. */
int entsoe_interval(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_start,
                    int64_t *ret_end, struct offpeak_error *err);

/* An ISO-8601 time that tells its zone. EINVAL. */
int entsoe_time(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_time,
                struct offpeak_error *err);

/* A whole number from 0 on. EINVAL. */
int entsoe_count(const struct xml_document *document, const struct _xmlNode *element, int64_t *ret_count,
                 struct offpeak_error *err);

struct entsoe_block {
        int64_t start, end, step;
        const struct _xmlNode *point; /* NULL: nothing is said of this time */
};

enum entsoe_curve { ENTSOE_CURVE_EACH, ENTSOE_CURVE_HOLD };

/* Of a TimeSeries; usual: where it does not say. EINVAL: a curve type other than A01 and A03. */
int entsoe_curve(const struct xml_document *document, const struct _xmlNode *time_series, enum entsoe_curve usual,
                 enum entsoe_curve *ret_curve, struct offpeak_error *err);

/*
 * A period's blocks in ascending order, one after the other from its start to its end; the last one ends there, even if it is
 * then shorter. What take returns other than 0 ends it and is returned. EINVAL: positions that do not ascend, or lie outside.
 */
int entsoe_blocks(const struct xml_document *document, const struct _xmlNode *period, enum entsoe_curve curve,
                  int (*take)(void *context, const struct entsoe_block *block), void *context,
                  struct offpeak_error *err);

#endif
