/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entsoe_prices.h - day-ahead prices as the ENTSO-E Transparency Platform gives them by its API (A44,
 * Publication_MarketDocument).
 *
 * A TimeSeries of another contract (intraday) is passed over. Hours and quarters of an hour may stand in one document: the series is in the shortest of them. A document that holds several
 * auctions (DE-LU, AT) is read by the lowest classificationSequence_AttributeInstanceComponent.position there is; one that says
 * none is number 1. Where two resolutions of one auction cover the same time and differ, the mapping's step_s says which counts.
 * What stands twice counts once, and is refused if it says two things. A time of which nothing is said is unknown.
 */
#ifndef OFFPEAK_FEEDS_ENTSOE_PRICES_H
#define OFFPEAK_FEEDS_ENTSOE_PRICES_H

#include "feeds/mapping_read.h"

/*
 * Of the mapping count pick (an area's EIC, in_Domain.mRID; NULL: the only one) and step_s. ret_series gets kind, points and
 * end. EINVAL with the place (also: another currency, no data), ENOMEM; nothing is written on failure.
 */
int entsoe_prices_parse(const struct mapping *mapping, const struct csv_request *request, const char *text, size_t size,
                        struct series *ret_series, struct mapping_facts *ret_facts, struct offpeak_error *err);

#endif
