/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/rates.h"

#include <math.h>
#include <stdlib.h>

#include "supply/site_supply.h"

#define MICRO 1e-6

static double rate_of(const struct supply_curve *curve, double carbon_price)
{
        int64_t price = supply_average_price(curve, 1), carbon = supply_average_carbon(curve, 1);

        if (price == SERIES_UNKNOWN && carbon == SERIES_UNKNOWN)
                return NAN;
        return (price != SERIES_UNKNOWN ? (double)price * MICRO : 0) +
               (carbon != SERIES_UNKNOWN ? (double)carbon * MICRO * carbon_price : 0); /* mg/kWh = g/MWh = 1e-6 t/MWh */
}

static int add(struct rates *rates, size_t *room, int64_t edge, double value)
{
        if (rates->n == *room) {
                size_t more = 2 * *room + 256;
                int64_t *edges = realloc(rates->edges, (more + 1) * sizeof(*edges));
                double *values;

                rates->edges = edges != NULL ? edges : rates->edges;
                values = realloc(rates->values, more * sizeof(*values));
                rates->values = values != NULL ? values : rates->values;
                if (edges == NULL || values == NULL)
                        return OFFPEAK_ENOMEM;
                *room = more;
        }
        rates->edges[rates->n] = edge;
        rates->values[rates->n++] = value;
        return 0;
}

/* What is not known is as good as any other hour. */
static int sum_up(struct rates *rates)
{
        double known = 0, seconds = 0, mean;

        for (size_t i = 0; i < rates->n; i++)
                if (!isnan(rates->values[i])) {
                        known += rates->values[i] * (double)(rates->edges[i + 1] - rates->edges[i]);
                        seconds += (double)(rates->edges[i + 1] - rates->edges[i]);
                }
        mean = seconds > 0 ? known / seconds : 0;
        rates->sums = malloc((rates->n + 1) * sizeof(*rates->sums));
        if (rates->sums == NULL)
                return OFFPEAK_ENOMEM;
        rates->sums[0] = 0;
        for (size_t i = 0; i < rates->n; i++) {
                rates->values[i] = isnan(rates->values[i]) ? mean : rates->values[i];
                rates->sums[i + 1] = rates->sums[i] + rates->values[i] * (double)(rates->edges[i + 1] - rates->edges[i]);
        }
        return 0;
}

int rates_init(struct rates *rates, const struct trial *trial, const char *site, double carbon_price)
{
        struct site_supply supply = trial_supply(trial, policy_site(&trial->policy, site), TRIAL_SEEN);
        size_t room = 0;
        int code = 0;

        *rates = (struct rates){ 0 };
        for (int64_t t = trial->from, next; code == 0 && t < trial->to; t = next) {
                struct supply_curve curve = site_supply_at(&supply, t);

                next = site_supply_next_edge(&supply, t);
                code = add(rates, &room, t, rate_of(&curve, carbon_price));
        }
        if (code == 0) {
                rates->edges[rates->n] = trial->to;
                code = sum_up(rates);
        }
        if (code != 0)
                rates_finish(rates);
        return code;
}

void rates_finish(struct rates *rates)
{
        free(rates->edges);
        free(rates->values);
        free(rates->sums);
        *rates = (struct rates){ 0 };
}

size_t rates_find(const struct rates *rates, int64_t time)
{
        size_t low = 0, high = rates->n;

        while (low + 1 < high) {
                size_t middle = low + (high - low) / 2;

                if (rates->edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static double until(const struct rates *rates, int64_t time)
{
        size_t i = rates_find(rates, time);

        return rates->sums[i] + rates->values[i] * (double)(time - rates->edges[i]);
}

double rates_over(const struct rates *rates, int64_t from, int64_t to)
{
        return until(rates, to) - until(rates, from);
}
