/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_load.h"

#include <math.h>
#include <stdlib.h>

#include "io/answer_supply.h"

enum { MOST_CELLS = 720, HOUR = 3600, DAY = 86400 };

int64_t answer_load_cell_s(int64_t from, int64_t to)
{
        static const int64_t lengths[] = { 60, 300, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY };
        size_t i = 0;

        while (i < sizeof(lengths) / sizeof(lengths[0]) - 1 && (to - from) / lengths[i] > MOST_CELLS)
                i++;
        return lengths[i];
}

json_t *answer_load_units(struct answer *answer, const struct supply_terms *terms, const double *joules,
                          int64_t seconds)
{
        json_t *list = json_array();

        for (int unit = SUPPLY_REACTOR; unit < SUPPLY_UNITS; unit++) {
                int64_t watts = llround(joules[unit] / (double)seconds);
                int ppa = unit - SUPPLY_PPA;
                json_t *item;

                if (watts <= 0)
                        continue;
                item = json_object();
                answer_put(answer, item, "unit", json_string(supply_unit_name((enum supply_unit)unit)));
                answer_put(answer, item, "name",
                           ppa >= 0 && ppa < (int)terms->n_ppas ? answer_text(terms->ppas[ppa].name) : json_null());
                answer_put(answer, item, "power_w", json_integer(watts));
                answer_add(answer, list, item);
        }
        return list;
}

void answer_load_add(const struct site_supply *supply, int64_t start, int64_t end, double power_w, double *joules)
{
        int64_t watts = llround(power_w);

        for (int64_t t = start, next; t < end; t = next) {
                struct supply_curve curve = site_supply_at(supply, t);

                next = site_supply_next_edge(supply, t);
                next = next < end ? next : end;
                for (unsigned i = 0; watts > 0 && i < curve.n_segments; i++)
                        joules[curve.segments[i].unit] += (double)supply_drawn(&curve, i, watts) * (double)(next - t);
        }
}

/* ---- what was booked */

struct cell {
        double total, joules[SUPPLY_UNITS];
        bool known;
};

struct cells {
        struct cell *at;
        size_t n;
        int64_t from, to, length, first; /* first: where the first one begins, at or before from */
};

/* Energy that another booking tells of, or that was there before: as for the report's units. */
static bool is_told_elsewhere(const struct booking *booking)
{
        return (booking->account == ACCOUNT_STORAGE && booking_metered(booking) == 0) ||
               (booking->account == ACCOUNT_LOSS && booking->unit_joules[SUPPLY_STORE] != 0);
}

static int64_t cell_start(const struct cells *cells, size_t i)
{
        int64_t start = cells->first + (int64_t)i * cells->length;

        return start > cells->from ? start : cells->from;
}

static int64_t cell_end(const struct cells *cells, size_t i)
{
        int64_t end = cells->first + (int64_t)(i + 1) * cells->length;

        return end < cells->to ? end : cells->to;
}

static void spread(const struct booking *booking, struct cells *cells)
{
        int64_t from = booking->start > cells->from ? booking->start : cells->from;
        int64_t to = booking->end < cells->to ? booking->end : cells->to;

        for (int64_t t = from, next; t < to; t = next) {
                size_t i = (size_t)((t - cells->first) / cells->length);
                double share;

                next = cell_end(cells, i);
                next = next < to ? next : to;
                share = (double)(next - t) / (double)(booking->end - booking->start);
                cells->at[i].known = true;
                cells->at[i].total += share * (double)booking->joules;
                for (int unit = 0; unit < SUPPLY_UNITS; unit++)
                        cells->at[i].joules[unit] += share * (double)booking->unit_joules[unit];
        }
}

/* Means over a cell, of the time at which they were known. */
struct means {
        double price, priced_s, carbon, counted_s, limit, limited_s;
};

static void add_known(int64_t value, int64_t seconds, double *sum, double *known_s)
{
        if (value == SERIES_UNKNOWN || value == INT64_MAX)
                return;
        *sum += (double)value * (double)seconds;
        *known_s += (double)seconds;
}

static struct means means_of(const struct site_supply *supply, int64_t start, int64_t end, int64_t power_w)
{
        struct means means = { 0 };

        for (int64_t t = start, next; t < end; t = next) {
                struct supply_curve curve = site_supply_at(supply, t);

                next = site_supply_next_edge(supply, t);
                next = next < end ? next : end;
                add_known(answer_marginal_price(&curve, power_w), next - t, &means.price, &means.priced_s);
                add_known(supply_average_carbon(&curve, power_w), next - t, &means.carbon, &means.counted_s);
                add_known(supply_limit(&curve), next - t, &means.limit, &means.limited_s);
        }
        return means;
}

static json_t *mean(double sum, double known_s)
{
        return answer_known(known_s > 0, known_s > 0 ? llround(sum / known_s) : 0);
}

static json_t *booked_step(struct answer *answer, const struct site_supply *supply, const struct cells *cells, size_t i)
{
        const struct cell *cell = &cells->at[i];
        int64_t start = cell_start(cells, i), end = cell_end(cells, i);
        int64_t power_w = cell->known ? llround(cell->total / (double)(end - start)) : 0;
        struct means means = means_of(supply, start, end, power_w > 0 ? power_w : 0);
        json_t *object = json_object();

        answer_put(answer, object, "start_utc", answer_utc(start));
        answer_put(answer, object, "end_utc", answer_utc(end));
        answer_put(answer, object, "price_micro_per_mwh", mean(means.price, means.priced_s));
        answer_put(answer, object, "carbon_mg_per_kwh", mean(means.carbon, means.counted_s));
        answer_put(answer, object, "limit_w", mean(means.limit, means.limited_s));
        answer_put(answer, object, "power_w", answer_known(cell->known, power_w));
        answer_put(answer, object, "units", answer_load_units(answer, &supply->terms, cell->joules, end - start));
        return object;
}

json_t *answer_load_booked(struct answer *answer, const struct site_supply *supply, const struct booking *bookings,
                           size_t n, uint32_t site, int64_t from, int64_t to)
{
        struct cells cells = { .from = from, .to = to, .length = answer_load_cell_s(from, to) };
        json_t *list = json_array();

        if (from >= to)
                return list;
        cells.first = from / cells.length * cells.length;
        cells.n = (size_t)((to - cells.first + cells.length - 1) / cells.length);
        cells.at = calloc(cells.n, sizeof(*cells.at));
        if (cells.at == NULL) {
                answer->failed = true;
                return list;
        }
        for (size_t i = 0; i < n; i++)
                if (bookings[i].site == site && bookings[i].start < bookings[i].end && !is_told_elsewhere(&bookings[i]))
                        spread(&bookings[i], &cells);
        for (size_t i = 0; i < cells.n; i++)
                answer_add(answer, list, booked_step(answer, supply, &cells, i));
        free(cells.at);
        return list;
}
