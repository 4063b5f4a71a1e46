/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reactor.h - what the reactor's units can give where nobody reports it: ratings less outages.
 *
 * A forecast that errs to the low side: after an outage a unit gives what the outage left it until it is back in full, that
 * is, restart (if the outage left it nothing) and ramp later. What is less than a unit's minimum is nothing.
 */
#ifndef OFFPEAK_SUPPLY_REACTOR_H
#define OFFPEAK_SUPPLY_REACTOR_H

#include "supply/terms.h"

/* W, less the house load, never negative. SERIES_UNKNOWN if the terms have no units. */
int64_t reactor_forecast(const struct supply_terms *terms, int64_t time);

/* What one of its units can give by that: W, before the house load. */
int64_t reactor_unit_forecast(const struct supply_terms *terms, uint32_t unit, int64_t time);

/* The outage that the unit is in, or is in next: from its beginning until the unit is back in full. False: none is
 * known. */
bool reactor_unit_outage(const struct supply_terms *terms, uint32_t unit, int64_t time, int64_t *ret_from,
                         int64_t *ret_back);

/* The same as reported: a value below the least minimum of the units is nothing. Unknown stays unknown. */
int64_t reactor_reported(const struct supply_terms *terms, int64_t power_w);

/* The first time after `time` at which the forecast may change; INT64_MAX: never. */
int64_t reactor_next_edge(const struct supply_terms *terms, int64_t time);

#endif
