/* SPDX-License-Identifier: Apache-2.0 */
/* price_forecast.h - `offpeak price --file --forecast`: what a series will be behind its end, and how far off that was before. */
#ifndef OFFPEAK_CLI_PRICE_FORECAST_H
#define OFFPEAK_CLI_PRICE_FORECAST_H

#include "cli/command.h"
#include "supply/series.h"

enum { PRICE_FORECAST_DAYS = 7, PRICE_FORECAST_MOST_DAYS = 60 };

struct price_forecast {
        const struct series *series;
        const char *unit; /* of what is shown */
        double scale;     /* the series' unit in one of those */
        int64_t step_s;   /* of the series */
        int64_t until;    /* as if nothing from here on were known */
        unsigned days;
};

/* EINVAL: nothing is known before `until`. ENOMEM. */
int price_forecast_show(const struct command_run *run, const struct price_forecast *what, struct offpeak_error *err);

#endif
