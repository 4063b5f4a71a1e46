/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entsoe_outages.h - what named generating units can deliver, from the outages that the ENTSO-E Transparency Platform publishes
 * (A80 of generating units, A77 of production units; Unavailability_MarketDocument): a ZIP with a document for each outage, or
 * one document alone.
 *
 * A unit gives its rating outside outages, and in one the least of what its outages leave (quantity is what is *available*, not
 * what is lost) and of its rating. Planned (A53) and forced (A54) ones count alike. Of documents with one mRID the highest
 * revisionNumber counts, and of these the latest createdDateTime; one that is cancelled (docStatus A09) or withdrawn (A13) is no
 * outage, every other status is one in force. What an outage in force leaves unsaid is unknown, and with it the sum.
 *
 * Units are the mapping's parts, each by name or EIC with its rating; or the one that `pick` names, or the only nuclear one
 * (psrType B14) of the file, whose rating is the mapping's rating_w or the document's nominalP. A part of which the file has no
 * outage is at its rating all the time: is its name right? ret_facts->unmatched tells these.
 *
 * What the series covers: a file does not say which time was asked for. It begins at the newest document's createdDateTime, or
 * with the first outage of these units if that is earlier; it ends ENTSOE_OUTAGES_REACH after the last outage of these units, the
 * newest createdDateTime or the time of issue, whichever is the latest: that is as far as the longest plan looks. So an old file
 * ends, and what it said is unknown again.
 */
#ifndef OFFPEAK_FEEDS_ENTSOE_OUTAGES_H
#define OFFPEAK_FEEDS_ENTSOE_OUTAGES_H

#include "feeds/feed_pages.h"
#include "feeds/mapping_read.h"

#define ENTSOE_OUTAGES_REACH (INT64_C(60) * 86400)

/*
 * Of the mapping count parts, or pick (or column) and rating_w. ret_series gets kind, points and end. EINVAL with the place,
 * ENOMEM; nothing is written on failure.
 */
int entsoe_outages_parse(const struct mapping *mapping, const struct csv_request *request, const char *text,
                         size_t size, struct series *ret_series, struct mapping_facts *ret_facts,
                         struct offpeak_error *err);

/* The same of what came in several pages (feed_pages.h), all of them or none. Errors name the page. */
int entsoe_outages_parse_pages(const struct mapping *mapping, const struct csv_request *request,
                               const struct feed_page *pages, size_t n, struct series *ret_series,
                               struct mapping_facts *ret_facts, struct offpeak_error *err);

#endif
