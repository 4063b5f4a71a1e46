/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/site_supply.h"

#include "supply/reactor.h"

#define PPM INT64_C(1000000)

static const struct series *series_of(const struct site_supply *site, int kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return site->price;
        case SERIES_CARBON:
                return site->carbon;
        case SERIES_CAPACITY:
                return site->capacity;
        case SERIES_LIMIT:
                return site->limit;
        case SERIES_EXPORT_PRICE:
                return site->export_price;
        case SERIES_SOLAR:
                return site->solar;
        case SERIES_STORED:
                return site->stored;
        default:
                return site->ppas[kind - SERIES_PPA];
        }
}

static int64_t at(const struct site_supply *site, int kind, int64_t time)
{
        const struct series *series = series_of(site, kind);

        if (site->by_signal)
                return signal_at(&site->signals[kind], time).value;
        return series != NULL ? series_at(series, time) : SERIES_UNKNOWN;
}

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* value x share in millionths, rounded down; it ends at the ends of its range, and never at "unknown". */
static int64_t part(__int128 value, int64_t share_ppm)
{
        __int128 product = value * share_ppm, result = product / PPM - (product % PPM < 0 ? 1 : 0);

        if (result > INT64_MAX)
                return INT64_MAX;
        return result <= SERIES_UNKNOWN ? SERIES_UNKNOWN + 1 : (int64_t)result;
}

int64_t site_supply_grid_price(const struct supply_terms *terms, int64_t price)
{
        if (price == SERIES_UNKNOWN)
                return SERIES_UNKNOWN;
        return part((__int128)price + terms->grid_adder, PPM + terms->grid_tax_ppm);
}

/* ---- what units can give */

int64_t site_supply_reactor(const struct site_supply *site, int64_t time)
{
        int64_t reported = reactor_reported(&site->terms, at(site, SERIES_CAPACITY, time));

        return reported != SERIES_UNKNOWN ? reported : reactor_forecast(&site->terms, time);
}

int64_t site_supply_ppa(const struct site_supply *site, uint32_t i, int64_t time)
{
        const struct supply_ppa *ppa = &site->terms.ppas[i];
        int64_t power;

        if (time < ppa->start || (ppa->end != 0 && time >= ppa->end))
                return 0;
        if (!ppa->has_series)
                return ppa->power_w;
        power = at(site, SERIES_PPA + (int)i, time);
        return power != SERIES_UNKNOWN ? part(power > 0 ? power : 0, ppa->share_ppm) : SERIES_UNKNOWN;
}

int64_t site_supply_stored(const struct site_supply *site, int64_t time)
{
        int64_t stored = site->terms.has_store ? at(site, SERIES_STORED, time) : SERIES_UNKNOWN;

        if (stored == SERIES_UNKNOWN || stored < 0)
                return SERIES_UNKNOWN;
        return least(stored, site->terms.store.energy_wh);
}

int64_t site_supply_stored_since(const struct site_supply *site, int64_t time)
{
        const struct series *series = series_of(site, SERIES_STORED);

        if (site->by_signal)
                return signal_since(&site->signals[SERIES_STORED], time);
        return series != NULL ? series_since(series, time) : INT64_MIN;
}

bool site_supply_is_known(const struct site_supply *site, int64_t time)
{
        for (uint32_t i = 0; i < site->terms.n_ppas; i++)
                if (site->terms.ppas[i].kind != PPA_VIRTUAL && site_supply_ppa(site, i, time) == SERIES_UNKNOWN)
                        return false;
        return (!site->terms.has_reactor || site_supply_reactor(site, time) != SERIES_UNKNOWN) &&
               (!site->terms.has_solar || at(site, SERIES_SOLAR, time) != SERIES_UNKNOWN);
}

/* Plans rely on the firm power alone: the rest may be taken away. */
static int64_t grid_limit(const struct site_supply *site, int64_t time)
{
        int64_t limit = at(site, SERIES_LIMIT, time), most = site->terms.grid_limit_w;

        if (site->terms.has_firm)
                most = least(most, site->terms.grid_firm_w);
        return limit != SERIES_UNKNOWN ? least(limit, most) : most;
}

/* ---- the curve */

static void add_source(struct supply_now *now, enum supply_unit unit, int64_t price, int64_t carbon, int64_t market,
                       int64_t power_w)
{
        now->sources[now->n_sources++] =
                (struct supply_source){ .unit = unit, .price = price, .carbon = carbon, .market = market, .power_w = power_w };
}

/* Virtual agreements together: their power, and its mean carbon. */
static void add_virtual(struct supply_now *now, const struct supply_ppa *ppa, int64_t power_w)
{
        int64_t sum;

        if (power_w == SERIES_UNKNOWN || power_w <= 0 || __builtin_add_overflow(now->virtual_w, power_w, &sum))
                return;
        now->virtual_carbon = (int64_t)(((__int128)now->virtual_carbon * now->virtual_w + (__int128)ppa->carbon * power_w) / sum);
        now->virtual_w = sum;
}

/* What comes through the connection takes up its limit; where the site is, it is as clean as the grid. */
static int64_t through_the_grid(struct supply_now *now, int64_t power_w)
{
        int64_t power = least(power_w, now->grid_limit_w);

        if (power > 0 && now->grid_limit_w != INT64_MAX)
                now->grid_limit_w -= power;
        return power;
}

static void add_ppas(const struct site_supply *site, int64_t time, struct supply_now *now)
{
        for (uint32_t i = 0; i < site->terms.n_ppas; i++) {
                const struct supply_ppa *ppa = &site->terms.ppas[i];
                int64_t power = site_supply_ppa(site, i, time);

                if (ppa->kind == PPA_VIRTUAL) {
                        add_virtual(now, ppa, power);
                        continue;
                }
                if (!ppa->behind_meter)
                        power = through_the_grid(now, power);
                add_source(now, SUPPLY_PPA + i, ppa->take_or_pay ? 0 : ppa->strike,
                           ppa->behind_meter ? ppa->carbon : now->grid_carbon, ppa->carbon, power);
        }
}

struct supply_curve site_supply_at(const struct site_supply *site, int64_t time)
{
        const struct supply_terms *terms = &site->terms;
        struct supply_now now = {
                .grid_price = site_supply_grid_price(terms, at(site, SERIES_PRICE, time)),
                .grid_carbon = at(site, SERIES_CARBON, time),
                .grid_limit_w = grid_limit(site, time),
                .reactor_price = terms->reactor_fuel,
                .reactor_carbon = terms->reactor_carbon,
                .reactor_w = terms->has_reactor ? site_supply_reactor(site, time) : 0,
                .export_price = terms->has_export_price ? terms->export_price : at(site, SERIES_EXPORT_PRICE, time),
                .export_limit_w = terms->export_limit_w,
        };

        if (terms->has_solar)
                add_source(&now, SUPPLY_SOLAR, 0, terms->solar_carbon, terms->solar_carbon, at(site, SERIES_SOLAR, time));
        add_ppas(site, time, &now);
        return supply_curve(&now);
}

/* ---- when it changes */

static int64_t series_edge(const struct site_supply *site, int kind, bool used, int64_t time)
{
        const struct series *series = series_of(site, kind);

        if (used && site->by_signal)
                return signal_at(&site->signals[kind], time).until;
        return used && series != NULL ? series_next_edge(series, time) : INT64_MAX;
}

static int64_t ppas_edge(const struct site_supply *site, int64_t time)
{
        int64_t first = INT64_MAX;

        for (uint32_t i = 0; i < site->terms.n_ppas; i++) {
                const struct supply_ppa *ppa = &site->terms.ppas[i];

                first = least(first, series_edge(site, SERIES_PPA + (int)i, ppa->has_series, time));
                if (ppa->start > time)
                        first = least(first, ppa->start);
                if (ppa->end > time)
                        first = least(first, ppa->end);
        }
        return first;
}

int64_t site_supply_next_edge(const struct site_supply *site, int64_t time)
{
        const struct supply_terms *terms = &site->terms;
        int64_t first = series_edge(site, SERIES_PRICE, true, time);

        first = least(first, series_edge(site, SERIES_CARBON, true, time));
        first = least(first, series_edge(site, SERIES_LIMIT, true, time));
        first = least(first, series_edge(site, SERIES_CAPACITY, terms->has_reactor, time));
        first = least(first, series_edge(site, SERIES_SOLAR, terms->has_solar, time));
        first = least(first, series_edge(site, SERIES_EXPORT_PRICE, terms->export_limit_w > 0 && !terms->has_export_price, time));
        if (terms->has_reactor)
                first = least(first, reactor_next_edge(terms, time));
        return least(first, ppas_edge(site, time));
}
