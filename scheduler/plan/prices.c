/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/prices.h"

#include <math.h>
#include <stdlib.h>

#include "plan/supply_rate.h"
#include "plan/timeline.h"

enum { SLOTS = 336 }; /* about: a fortnight of hours */

/* ---- slots */

/* A round length of slots, so that there are about as many as SLOTS. */
static int64_t slot_length(int64_t horizon_s)
{
        static const int64_t lengths[] = {
                1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200
        };
        size_t n = sizeof(lengths) / sizeof(lengths[0]);

        for (size_t i = 0; i < n; i++)
                if (horizon_s / lengths[i] <= SLOTS)
                        return lengths[i];
        return (horizon_s / SLOTS / 86400 + 1) * 86400;
}

static int by_value(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static int make_edges(struct prices *prices)
{
        const struct plan_problem *problem = prices->problem;
        int64_t length = slot_length(problem->horizon - problem->now);
        size_t most = (size_t)((problem->horizon - problem->now) / length) + 3, n = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                most += problem->sites[s].n_steps;
        prices->edges = calloc(most, sizeof(*prices->edges));
        if (prices->edges == NULL)
                return OFFPEAK_ENOMEM;
        prices->edges[n++] = problem->now;
        for (int64_t edge = (problem->now / length + 1) * length; edge < problem->horizon; edge += length)
                prices->edges[n++] = edge;
        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 1; t < problem->sites[s].n_steps; t++)
                        prices->edges[n++] = problem->sites[s].steps[t].start;
        qsort(prices->edges, n, sizeof(*prices->edges), by_value);
        most = 0;
        for (size_t i = 0; i < n; i++)
                if (i == 0 || prices->edges[i] != prices->edges[most - 1])
                        prices->edges[most++] = prices->edges[i];
        prices->edges[most] = problem->horizon;
        prices->n_slots = most;
        return 0;
}

size_t prices_slot(const struct prices *prices, int64_t time)
{
        size_t low = 0, high = prices->n_slots;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (prices->edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* ---- scales */

/* How much prices differ over the horizon: their standard deviation, of the last segment's; never nothing. */
static double price_spread(const struct prices *prices)
{
        double seconds = 0, sum = 0, squares = 0, mean, spread;

        for (size_t k = 0; k < prices->n_slots * prices->problem->n_sites; k++) {
                const struct plan_step *step = prices->steps[k];
                double length = (double)(prices->edges[k % prices->n_slots + 1] - prices->edges[k % prices->n_slots]);
                double price = step->n_segments > 0 ? step->segments[step->n_segments - 1].price : 0;

                seconds += length;
                sum += price * length;
                squares += price * price * length;
        }
        mean = sum / seconds;
        spread = sqrt(fmax(0, squares / seconds - mean * mean));
        return fmax(spread, fmax(0.05 * fabs(mean), 1e-3));
}

/* Currency per GPU-hour: the spread on a GPU's power, and what an hour of waiting costs. */
static double gpu_spread(const struct plan_problem *problem, double power_scale)
{
        double gpus = 0, watts = 0, delay = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                gpus += problem->jobs[j].modes[0].gpus;
                watts += problem->jobs[j].modes[0].watts;
                delay += problem->jobs[j].modes[0].gpus * problem->jobs[j].delay_cost;
        }
        return gpus > 0 ? power_scale * watts / gpus / 1e6 + delay / gpus : 1;
}

/* ---- prices */

static double gpu_price_at(const struct prices *prices, size_t k, double gpus, double steepness)
{
        double slope = steepness * prices->gpu_scale;

        return fmax(0, prices->gpu_price[k] + slope * (gpus / prices->steps[k]->gpus - 1));
}

/*
 * The price at which supply and use meet when the base price may give way at this slope. Between two segments the
 * price is free, within one it is the segment's; above the last it rises without end.
 */
static double power_price_at(const struct prices *prices, const struct plan_site *site, size_t k, double watts,
                             double steepness)
{
        const struct plan_step *step = prices->steps[k];
        double idle = site_facility_w(site, 0), power = site_facility_w(site, watts);
        double price = step->segments[0].price, base = prices->power_price[k], limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++) {
                double next = i + 1 < step->n_segments ? step->segments[i + 1].price : INFINITY;
                double room, risen;

                limit += step->segments[i].limit_w;
                if (isinf(limit))
                        break;
                room = limit - idle;
                risen = room > 0 ? base + steepness * prices->power_scale * (power - limit) / room : next;
                if (!(risen > price))
                        break;
                price = fmin(risen, next);
        }
        return isinf(price) ? base : price;
}

void prices_rates(const struct prices *prices, const struct plan_job *job, uint32_t s, uint32_t m, size_t first,
                  double steepness, double *rates)
{
        const struct plan_site *site = &prices->problem->sites[s];
        const struct plan_mode *mode = &job->modes[m];
        const struct timeline empty = { .site = site };

        for (size_t t = first; t < prices->n_slots; t++) {
                size_t k = s * prices->n_slots + t;
                const struct span span = { .step = prices->steps[k] };
                double power = 0, gpus;

                rates[t - first] = INFINITY;
                if (!timeline_has_room(&empty, &span, mode))
                        continue;
                gpus = gpu_price_at(prices, k, prices->gpus[k] + 0.5 * mode->gpus, steepness);
                if (span.step->n_segments > 0)
                        power = power_price_at(prices, site, k, prices->watts[k] + 0.5 * mode->watts, steepness);
                rates[t - first] = site->pue_factor * mode->watts * power / PLAN_JOULES_PER_MWH +
                                   carbon_rate(site, span.step, job, mode->watts) + mode->gpus * gpus / 3600;
        }
}

void prices_settle(struct prices *prices, double steepness)
{
        for (size_t s = 0; s < prices->problem->n_sites; s++)
                for (size_t t = 0; t < prices->n_slots; t++) {
                        size_t k = s * prices->n_slots + t;

                        if (prices->steps[k]->gpus > 0)
                                prices->gpu_price[k] = gpu_price_at(prices, k, prices->gpus[k], steepness);
                        if (prices->steps[k]->n_segments > 0)
                                prices->power_price[k] = power_price_at(prices, &prices->problem->sites[s], k,
                                                                        prices->watts[k], steepness);
                }
}

void prices_use(struct prices *prices, size_t j, const struct choice *choice, double sign)
{
        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct plan_mode *mode = &prices->problem->jobs[j].modes[run->mode];

                for (size_t t = prices_slot(prices, run->start); t < prices->n_slots && prices->edges[t] < run->end;
                     t++) {
                        int64_t from = prices->edges[t] > run->start ? prices->edges[t] : run->start;
                        int64_t to = prices->edges[t + 1] < run->end ? prices->edges[t + 1] : run->end;
                        double share = (double)(to - from) / (double)(prices->edges[t + 1] - prices->edges[t]);

                        prices->gpus[run->site * prices->n_slots + t] += sign * share * mode->gpus;
                        prices->watts[run->site * prices->n_slots + t] += sign * share * mode->watts;
                }
        }
}

/* ---- life */

static void start_prices(struct prices *prices)
{
        for (size_t s = 0; s < prices->problem->n_sites; s++) {
                const struct plan_site *site = &prices->problem->sites[s];

                for (size_t t = 0, step = 0; t < prices->n_slots; t++) {
                        size_t k = s * prices->n_slots + t;
                        unsigned n;

                        while (step + 1 < site->n_steps && site->steps[step + 1].start <= prices->edges[t])
                                step++;
                        prices->steps[k] = &site->steps[step];
                        n = prices->steps[k]->n_segments;
                        if (n > 0)
                                prices->power_price[k] = 0.5 * (prices->steps[k]->segments[0].price +
                                                                prices->steps[k]->segments[n - 1].price);
                }
        }
}

int prices_init(struct prices *prices, const struct plan_problem *problem)
{
        size_t n;

        *prices = (struct prices){ .problem = problem };
        if (make_edges(prices) != 0)
                return OFFPEAK_ENOMEM;
        n = prices->n_slots * problem->n_sites + 1;
        prices->steps = calloc(n, sizeof(*prices->steps));
        prices->gpu_price = calloc(n, sizeof(double));
        prices->power_price = calloc(n, sizeof(double));
        prices->gpus = calloc(n, sizeof(double));
        prices->watts = calloc(n, sizeof(double));
        if (prices->steps == NULL || prices->gpu_price == NULL || prices->power_price == NULL || prices->gpus == NULL ||
            prices->watts == NULL) {
                prices_finish(prices);
                return OFFPEAK_ENOMEM;
        }
        start_prices(prices);
        prices->power_scale = problem->n_sites > 0 ? price_spread(prices) : 1;
        prices->gpu_scale = gpu_spread(problem, prices->power_scale);
        return 0;
}

void prices_finish(struct prices *prices)
{
        free(prices->edges);
        free(prices->steps);
        free(prices->gpu_price);
        free(prices->power_price);
        free(prices->gpus);
        free(prices->watts);
        *prices = (struct prices){ 0 };
}
