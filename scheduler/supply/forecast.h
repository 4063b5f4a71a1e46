/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast.h - what a series will be behind its end, by a small regression on its own past, and whether that is any better
 * than repeating the last known day (seasonal-naive, series_fill).
 *
 * The past before the origin is cut into days that end at the origin, these into slots of an hour, or of a quarter of one
 * where the series changes within hours; a slot's value is the mean over it, and a slot that is not known throughout is a
 * hole. For each lead of 1 to 7 days, days d that followed an origin of theirs by this lead, of the last weeks:
 *
 *   value(d, slot) = a(slot) + b1 saturday(d, slot) + b2 sunday(d, slot) + b3 day + b4 week + b5 shape(slot) + b6 profile(slot)
 *
 * where day and week are the means of the last day and of the last seven before d's origin, shape is what that last day's
 * slot lay above its mean, and profile the same of the seven days' mean slot. Values are bent before that, so that spikes do not
 * rule the fit, and the result is bent back: it is nearer to a median than to a mean (forecast_fit.h). Holes take no part: a day
 * of which less than half is known has no mean and takes the week's, a slot unknown on the last day takes the week's profile, a
 * row without its value is left out. By ordinary least squares: the slots' means are taken out of value and regressors (Frisch
 * and Waugh, Econometrica 1, 1933), the six by six normal equations solved by Cholesky; a regressor that the others tell already
 * (pivot below 1e-9 of what it was) gets no weight. Two fits are averaged, of the last eight and of the last twelve weeks, and
 * a fifth of the forecast repeats the last day and the same day a week earlier. Behind the seventh day the week ahead comes again.
 *
 * Quantiles are the forecast plus its own past errors' quantile: each day of the last eight weeks is forecast anew from what
 * was known before its origin (rolling origin, the fit repeated). Those of the same slot if there are two weeks of them, else of
 * all if there are three days of them; widened, for few errors that have days ahead in common tell little of the far end (in the
 * .c), and in between two errors in proportion. Behind the seventh day by its errors.
 *
 * Nothing at or after the origin is read. Values are in the series' own unit, times UTC seconds; only a price may become
 * negative. Pure and deterministic. What it is worth on real prices: docs/forecast.md.
 */
#ifndef OFFPEAK_SUPPLY_FORECAST_H
#define OFFPEAK_SUPPLY_FORECAST_H

#include "supply/series.h"

enum { FORECAST_LEADS = 7, FORECAST_MAX_QUANTILES = 8 };

enum forecast_method {
        FORECAST_NAIVE = 1,      /* the last day again, where it is unknown the same time a week earlier, else the mean */
        FORECAST_REGRESSION = 2,
};

struct forecast_request {
        int64_t origin; /* what is before it is known; usually the series' end */
        int64_t to;     /* until where; may be any time after the origin */
        int64_t east_s; /* seconds east of UTC of the clock that Saturday and Sunday go by */
        enum forecast_method method; /* ignored by forecast_choose, as are the fields below */
        double quantiles[FORECAST_MAX_QUANTILES]; /* each above 0 and up to 1 */
        size_t n_quantiles;
};

struct forecast {
        enum forecast_method method; /* what was done: naive where the past is too short for a regression */
        struct series value;         /* owned; over [origin, to) */
        struct series quantiles[FORECAST_MAX_QUANTILES]; /* owned; SERIES_UNKNOWN where the errors are too few */
        size_t n_quantiles;
};

/* Which was better over the last eight weeks. The means are over what both have forecast. */
struct forecast_choice {
        enum forecast_method method; /* the better one; naive if they are alike or were not compared */
        bool compared;               /* false: some lead has less than a week of errors; the figures are 0 then */
        double naive[FORECAST_LEADS], regression[FORECAST_LEADS]; /* mean absolute errors, by lead: [0] is the first day */
        double naive_mean, regression_mean;                       /* of the seven */
};

/*
 * The forecast of [origin, to) by the method asked for. The regression needs two weeks of rows in every slot and lead, so
 * four weeks of past; with less the forecast is naive, and without any known value it is unknown. Reading back to 161 days before
 * the origin; with quantiles some 15 ms for hours, 90 ms for quarters, and as much for forecast_choose.
 * EINVAL: to is not after the origin, a method or quantile that is none. ENOMEM. ret_forecast is written on success only
 * and then belongs to the caller: forecast_finish.
 */
int forecast_make(const struct series *series, const struct forecast_request *request, struct forecast *ret_forecast);
void forecast_finish(struct forecast *forecast);

/* Both methods tested on the series before the origin. ENOMEM; ret_choice is written on success only. */
int forecast_choose(const struct series *series, const struct forecast_request *request, struct forecast_choice *ret_choice);

/* "naive", "regression". */
const char *forecast_method_name(enum forecast_method method);

#endif
