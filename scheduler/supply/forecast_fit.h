/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast_fit.h - the regression of forecast.h: the past as a grid, what is seen of it from one day, a fit for one lead.
 *
 * Before anything is fitted values are bent: z = (value - median) / scale, straight up to FIT_BEND and as the logarithm beyond,
 * where median and scale (median distance, by 0.6745) are those of the past that is looked at. Least squares would else be
 * ruled by the spikes. A fit is the mean of two, on eight and on twelve weeks; of averaging over windows: Hubicka, Marcjasz and
 * Weron, IEEE Trans. Sustainable Energy 10, 2019; of bending: Uniejewski, Weron and Ziel, IEEE Trans. Power Systems 33, 2018.
 */
#ifndef OFFPEAK_SUPPLY_FORECAST_FIT_H
#define OFFPEAK_SUPPLY_FORECAST_FIT_H

#include "supply/forecast.h"

enum {
        FIT_TEST_DAYS = 56,
        FIT_GRID_DAYS = 161, /* 56 tested, 7 to the first one's origin, 84 of its fit, 7 to their origins, a week before these */
        FIT_MOST_SLOTS = 96,
        FIT_REGRESSORS = 6,
};

#define FIT_BEND 1.5

struct fit_grid {
        int64_t start; /* of day 0; day FIT_GRID_DAYS begins at the origin */
        int64_t step;
        int64_t east_s;
        int slots;
        double *value;          /* [FIT_GRID_DAYS][slots], NAN for a hole; owned */
        unsigned char *weekday; /* likewise: 0 is Monday; owned */
};

/* ENOMEM. */
int fit_grid_init(struct fit_grid *grid, const struct series *series, const struct forecast_request *request);
void fit_grid_finish(struct fit_grid *grid);

double fit_grid_value(const struct fit_grid *grid, int day, int slot);

/* Whatever the lead: the day before the origin, as series_fill repeats it. NAN if nothing is known at all. */
double fit_grid_naive(const struct fit_grid *grid, int origin, int slot);

/* What is before the day `origin`; nothing else is read. Bent values, but middle and scale. */
struct fit_view {
        const struct fit_grid *grid;
        int origin, first;
        double middle, scale, low, high;
        double *value;                     /* [FIT_GRID_DAYS][slots]; owned */
        double *shape;                     /* [FIT_GRID_DAYS + 1][slots]: what the day before was above its mean; owned */
        double *profile;                   /* likewise: what the week before was, on average of its days; owned */
        double *room;                      /* owned */
        double day[FIT_GRID_DAYS + 1];     /* mean of the day before */
        double week[FIT_GRID_DAYS + 1];    /* mean of the week before */
};

/* ENOMEM. Nothing is seen before fit_view_set. */
int fit_view_init(struct fit_view *view, const struct fit_grid *grid);
void fit_view_finish(struct fit_view *view);
void fit_view_set(struct fit_view *view, int origin);

struct fit {
        bool known; /* false: too few rows */
        double weight[FIT_REGRESSORS];
        double level[FIT_MOST_SLOTS];
};

/* Of days `lead` from 1 on, to FORECAST_LEADS, after their origin. */
void fit_make(const struct fit_view *view, int lead, struct fit *fit);

/*
 * The forecast of a slot made at the view's origin, in the series' unit; NAN: not known. Four fifths of it are the fit's, a tenth
 * each repeats the last day and the same day a week earlier (what is not known of these is the fit's, too): who errs in other ways is worth hearing (Bates and Granger,
 * Operational Research Quarterly 20, 1969). Shares were set beforehand, on other years: docs/forecast.md.
 */
double fit_at(const struct fit *fit, const struct fit_view *view, int day, int slot);

#endif
