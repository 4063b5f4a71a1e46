/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/supply.h"

#include "supply/series.h"

/* An unknown price is dearer than any known one. */
static int dearer(int64_t a, int64_t b)
{
        if (a == SERIES_UNKNOWN || b == SERIES_UNKNOWN)
                return a == SERIES_UNKNOWN && b != SERIES_UNKNOWN;
        return a > b;
}

/* Put a segment in its place; among equals the one that came first stays first. */
static void insert(struct supply_curve *curve, const struct supply_segment *segment)
{
        unsigned i = curve->n_segments;

        if (segment->limit_w <= 0) /* a unit that gives nothing; SERIES_UNKNOWN is negative too */
                return;
        for (; i > 0 && dearer(curve->segments[i - 1].price, segment->price); i--)
                curve->segments[i] = curve->segments[i - 1];
        curve->segments[i] = *segment;
        curve->n_segments++;
}

struct supply_curve supply_curve(const struct supply_now *now)
{
        struct supply_curve curve = { 0 };

        /* the reactor first: at the same price its carbon is the lower one */
        insert(&curve, &(struct supply_segment){ .unit = SUPPLY_REACTOR,
                                                 .price = now->reactor_price,
                                                 .carbon = now->reactor_carbon,
                                                 .limit_w = now->reactor_w });
        insert(&curve, &(struct supply_segment){ .unit = SUPPLY_GRID,
                                                 .price = now->grid_price,
                                                 .carbon = now->grid_carbon,
                                                 .limit_w = now->grid_limit_w });
        return curve;
}

int64_t supply_limit(const struct supply_curve *curve)
{
        int64_t sum = 0;

        for (unsigned i = 0; i < curve->n_segments; i++)
                if (__builtin_add_overflow(sum, curve->segments[i].limit_w, &sum))
                        return INT64_MAX;
        return sum;
}

static int64_t price_of(const struct supply_segment *segment)
{
        return segment->price;
}

static int64_t carbon_of(const struct supply_segment *segment)
{
        return segment->carbon;
}

/*
 * Mean of a property of the segments over the power drawn, rounded to the nearest (halves up). No power has the
 * property of the first watt.
 */
static int64_t average(const struct supply_curve *curve, int64_t power_w,
                       int64_t (*property)(const struct supply_segment *))
{
        int64_t power = power_w > 0 ? power_w : 1, left = power;
        __int128 sum = 0, twice = 2 * (__int128)power, rest;

        if (curve->n_segments == 0)
                return SERIES_UNKNOWN;
        for (unsigned i = 0; left > 0; i++) {
                const struct supply_segment *segment = &curve->segments[i];
                bool last = i + 1 == curve->n_segments;
                int64_t drawn = last || segment->limit_w > left ? left : segment->limit_w;

                if (property(segment) == SERIES_UNKNOWN)
                        return SERIES_UNKNOWN;
                sum += (__int128)property(segment) * drawn;
                left -= drawn;
        }
        sum = 2 * sum + power;
        rest = sum % twice;
        return (int64_t)(sum / twice - (rest < 0 ? 1 : 0));
}

int64_t supply_average_price(const struct supply_curve *curve, int64_t power_w)
{
        return average(curve, power_w, price_of);
}

int64_t supply_average_carbon(const struct supply_curve *curve, int64_t power_w)
{
        return average(curve, power_w, carbon_of);
}
