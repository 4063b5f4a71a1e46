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

/* ---- the site's own units, and what they sell */

/* The cheapest first; among equals the one that came first stays first. */
static unsigned own_units(const struct supply_now *now, struct supply_source *own)
{
        unsigned n = 0;

        /* the reactor first: at the same price its carbon is the lower one */
        own[n++] = (struct supply_source){ .unit = SUPPLY_REACTOR,
                                           .price = now->reactor_price,
                                           .carbon = now->reactor_carbon,
                                           .market = now->reactor_carbon,
                                           .power_w = now->reactor_w };
        for (unsigned i = 0; i < now->n_sources && i < SUPPLY_MAX_SOURCES; i++) {
                unsigned k = n++;

                for (; k > 0 && dearer(own[k - 1].price, now->sources[i].price); k--)
                        own[k] = own[k - 1];
                own[k] = now->sources[i];
        }
        return n;
}

static struct supply_segment segment_of(const struct supply_source *source)
{
        return (struct supply_segment){ .unit = source->unit,
                                        .price = source->price,
                                        .carbon = source->carbon,
                                        .market = source->market,
                                        .limit_w = source->power_w };
}

/* *room_w: of the export limit. */
static void insert_own(struct supply_curve *curve, const struct supply_source *source, int64_t export_price,
                       int64_t *room_w)
{
        struct supply_segment rest = segment_of(source), sold = rest;

        if (rest.limit_w > 0 && *room_w > 0 && export_price != SERIES_UNKNOWN && rest.price != SERIES_UNKNOWN &&
            rest.price < export_price) {
                sold.sold = true;
                sold.price = export_price;
                sold.limit_w = rest.limit_w < *room_w ? rest.limit_w : *room_w;
                *room_w -= sold.limit_w;
                rest.limit_w -= sold.limit_w;
                insert(curve, &sold);
        }
        insert(curve, &rest);
}

struct supply_curve supply_curve(const struct supply_now *now)
{
        struct supply_curve curve = { .virtual_w = now->virtual_w, .virtual_carbon = now->virtual_carbon };
        struct supply_source own[SUPPLY_MAX_SOURCES + 1];
        unsigned n = own_units(now, own);
        int64_t room_w = now->export_limit_w;

        for (unsigned i = 0; i < n; i++)
                insert_own(&curve, &own[i], now->export_price, &room_w);
        insert(&curve, &(struct supply_segment){ .unit = SUPPLY_GRID,
                                                 .price = now->grid_price,
                                                 .carbon = now->grid_carbon,
                                                 .market = now->grid_carbon,
                                                 .limit_w = now->grid_limit_w });
        return curve;
}

const char *supply_unit_name(enum supply_unit unit)
{
        switch (unit) {
        case SUPPLY_REACTOR:
                return "reactor";
        case SUPPLY_GRID:
                return "grid";
        case SUPPLY_SOLAR:
                return "solar";
        case SUPPLY_STORE:
                return "store";
        default:
                return "ppa";
        }
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

int64_t supply_drawn(const struct supply_curve *curve, unsigned segment, int64_t power_w)
{
        int64_t left = power_w > 0 ? power_w : 0;

        for (unsigned i = 0; i < segment; i++)
                left = curve->segments[i].limit_w < left ? left - curve->segments[i].limit_w : 0;
        return segment + 1 == curve->n_segments || curve->segments[segment].limit_w > left ?
                       left : curve->segments[segment].limit_w;
}

/* What is left of the segments of one sort. */
static int64_t left_of(const struct supply_curve *curve, int64_t power_w, bool sold)
{
        int64_t sum = 0;

        for (unsigned i = 0; i < curve->n_segments; i++) {
                const struct supply_segment *segment = &curve->segments[i];
                int64_t drawn = supply_drawn(curve, i, power_w);

                if (segment->sold == sold && (sold || segment->unit >= SUPPLY_SOLAR) && drawn < segment->limit_w &&
                    __builtin_add_overflow(sum, segment->limit_w - drawn, &sum))
                        sum = INT64_MAX;
        }
        return sum;
}

int64_t supply_exported(const struct supply_curve *curve, int64_t power_w)
{
        return left_of(curve, power_w, true);
}

int64_t supply_curtailed(const struct supply_curve *curve, int64_t power_w)
{
        return left_of(curve, power_w, false);
}

/* A sum of power times a property, over the power, rounded to the nearest (halves up). */
static int64_t mean_of(__int128 sum, int64_t power)
{
        __int128 twice = 2 * (__int128)power, rest;

        sum = 2 * sum + power;
        rest = sum % twice;
        return (int64_t)(sum / twice - (rest < 0 ? 1 : 0));
}

/* Mean of a property of the segments over the power drawn. No power has the property of the first watt. */
static int64_t average(const struct supply_curve *curve, int64_t power_w,
                       int64_t (*property)(const struct supply_segment *))
{
        int64_t power = power_w > 0 ? power_w : 1;
        __int128 sum = 0;

        if (curve->n_segments == 0)
                return SERIES_UNKNOWN;
        for (unsigned i = 0; i < curve->n_segments; i++) {
                int64_t drawn = supply_drawn(curve, i, power);

                if (drawn > 0 && property(&curve->segments[i]) == SERIES_UNKNOWN)
                        return SERIES_UNKNOWN;
                sum += drawn > 0 ? (__int128)property(&curve->segments[i]) * drawn : 0;
        }
        return mean_of(sum, power);
}

int64_t supply_average_price(const struct supply_curve *curve, int64_t power_w)
{
        return average(curve, power_w, price_of);
}

int64_t supply_average_carbon(const struct supply_curve *curve, int64_t power_w)
{
        return average(curve, power_w, carbon_of);
}

int64_t supply_average_market(const struct supply_curve *curve, int64_t power_w)
{
        int64_t power = power_w > 0 ? power_w : 1;
        __int128 sum = 0;

        if (curve->n_segments == 0)
                return SERIES_UNKNOWN;
        for (unsigned i = 0; i < curve->n_segments; i++) {
                const struct supply_segment *segment = &curve->segments[i];
                int64_t drawn = supply_drawn(curve, i, power), covered = 0;

                if (segment->unit == SUPPLY_GRID)
                        covered = drawn < curve->virtual_w ? drawn : curve->virtual_w;
                if (drawn > covered && segment->market == SERIES_UNKNOWN)
                        return SERIES_UNKNOWN;
                sum += (__int128)curve->virtual_carbon * covered;
                sum += drawn > covered ? (__int128)segment->market * (drawn - covered) : 0;
        }
        return mean_of(sum, power);
}
