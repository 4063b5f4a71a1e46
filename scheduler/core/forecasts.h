/* SPDX-License-Identifier: Apache-2.0 */
/* forecasts.h - which forecast of a site's signal is wanted now. */
#ifndef OFFPEAK_CORE_FORECASTS_H
#define OFFPEAK_CORE_FORECASTS_H

#include "core/input.h"

/* False: none is, since nothing is known, or something else stands in for it. */
bool forecast_wanted(const struct state *state, const struct site *site, enum series_kind kind, const struct now *now,
                     struct forecast_wish *ret_wish);

#endif
