/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"

enum { DAY_S = 86400 };

#define RECALLED_MOST 1e12 /* beyond it a price of the last plan is a mistake */

/* ---- scales */

/* How much prices differ over the horizon: their standard deviation, of the last segment's; never nothing. */
static double price_spread(const struct prices *prices)
{
        double seconds = 0, sum = 0, squares = 0, mean, spread;

        for (size_t k = 0; k < prices->slots.n * prices->problem->n_sites; k++) {
                const struct plan_step *step = prices->steps[k];
                double length = (double)slots_length(&prices->slots, k % prices->slots.n);
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

/* ---- the table */

/* What spreads a demand charge, if so much is drawn. */
static double demand_at(const struct prices *prices, size_t k, double power)
{
        if (prices->rise == NULL || prices->rise[k] == 0)
                return prices->base.demand[k];
        return fmax(0, prices->base.demand[k] + prices->rise[k] * (power - prices->rise_from_w[k]));
}

/* How power may be priced: between the segments' prices, by how near use is to their limits. */
static double power_price_at(const struct prices *prices, const struct plan_site *site, size_t k, double watts,
                             double steepness)
{
        const struct plan_step *step = prices->steps[k];
        double idle = site_facility_w(site, 0), power = site_facility_w(site, watts);
        double demand = demand_at(prices, k, power), price = step->segments[0].price + demand;
        double base = prices->base.power[k] + (demand - prices->base.demand[k]), limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++) {
                double next = i + 1 < step->n_segments ? step->segments[i + 1].price + demand : INFINITY;
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

double prices_power_at(const struct prices *prices, size_t k, double watts)
{
        const struct price_table *table = &prices->table;
        const struct plan_step *step = prices->steps[k];
        double price = (double)table->power_base[k] + (double)table->power_gain[k] * watts;

        if (prices->rise != NULL || step->n_segments > 2 || (step->n_segments == 2 && !isinf(step->segments[1].limit_w)))
                return power_price_at(prices, prices->capacities.at[k / prices->slots.n], k, watts, prices->steepness);
        return fmin(fmax(price, (double)table->power_low[k]), (double)table->power_high[k]);
}

/* A slot's line of the table for power: one kink at the most, or none. A spread demand price rises with use, too. */
static void fill_power(struct prices *prices, size_t k, const struct plan_site *site)
{
        const struct plan_step *step = prices->steps[k];
        struct price_table *table = &prices->table;
        double idle = site_facility_w(site, 0), limit = step->n_segments > 0 ? step->segments[0].limit_w : 0;
        double room = limit - idle, gain;

        table->power_base[k] = table->power_gain[k] = 0;
        table->power_low[k] = table->power_high[k] =
                step->n_segments > 0 ? (float)(step->segments[0].price + prices->base.demand[k]) : 0;
        if (step->n_segments == 0 || isinf(limit))
                return;
        if (step->n_segments > 1)
                table->power_high[k] = (float)(step->segments[1].price + prices->base.demand[k]);
        else
                table->power_high[k] = 1e9F;
        if (!(room > 0)) {
                table->power_base[k] = table->power_high[k];
                return;
        }
        gain = prices->steepness * prices->power_scale / room;
        table->power_base[k] = (float)(prices->base.power[k] - gain * room);
        table->power_gain[k] = (float)(gain * site->pue_factor);
}

void prices_steepen(struct prices *prices, double steepness)
{
        struct price_table *table = &prices->table;

        prices->steepness = steepness;
        for (size_t s = 0; s < prices->capacities.n; s++)
                for (size_t t = 0; t < prices->slots.n; t++) {
                        size_t k = s * prices->slots.n + t;
                        double slope = steepness * prices->gpu_scale;

                        table->gpu_base[k] = (float)(prices->base.gpus[k] - slope);
                        table->gpu_gain[k] = prices->steps[k]->gpus > 0 ? (float)(slope / prices->steps[k]->gpus) : 0;
                        fill_power(prices, k, prices->capacities.at[s]);
                }
}

void prices_reprice(struct prices *prices, uint32_t site)
{
        prices->least_power[site] = INFINITY;
        for (size_t t = 0; t < prices->slots.n; t++) {
                const struct plan_step *step = prices->steps[site * prices->slots.n + t];

                if (step->n_segments > 0)
                        prices->least_power[site] = fmin(prices->least_power[site], step->segments[0].price);
        }
        if (isinf(prices->least_power[site]))
                prices->least_power[site] = 0;
        prices_steepen(prices, prices->steepness);
}

static int64_t middle_of(const struct slots *slots, size_t t)
{
        return slots->edges[t] + slots_length(slots, t) / 2;
}

/* The slot of another plan's that holds a time, or the same hour on one of its days. */
static size_t recalled_slot(const struct plan_multipliers *last, int64_t time)
{
        const int64_t *edges = last->edges;
        size_t low = 0, high = last->n_slots;

        while (time >= edges[last->n_slots] && time - DAY_S >= edges[0])
                time -= DAY_S;
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* A price of power that was right under other prices, as near as the segments allow now. */
static double within_segments(const struct plan_step *step, double price, double demand)
{
        const struct plan_segment *first = step->segments, *last = first + step->n_segments - 1;

        if (step->n_segments == 0)
                return price;
        price = fmax(price, first->price + demand);
        return isinf(last->limit_w) ? fmin(price, last->price + demand) : price;
}

/* A recalled price that nobody can have meant is nothing to begin with. */
static double recalled(const double *prices, size_t at, double least)
{
        return prices != NULL && prices[at] >= least && prices[at] <= RECALLED_MOST ? prices[at] : 0;
}

/* As much of the last plan's spread as the months allow now: even within an averaging interval, and in sum their price. */
static void recall_demand(struct prices *prices, size_t s, const struct plan_multipliers *last)
{
        const struct plan_site *site = &prices->problem->sites[s];
        double *base = &prices->base.demand[s * prices->slots.n];

        for (size_t t = 0; t < prices->slots.n; t++) {
                base[t] = recalled(last->demand, s * last->n_slots + recalled_slot(last, middle_of(&prices->slots, t)), 0);
                prices->facility_w[t] = prices->spread[t] = 0;
        }
        for (size_t d = 0; d < site->n_demands; d++)
                demand_spread(&prices->demands[s][d], &prices->slots, prices->facility_w, base, 0, prices->spread);
        memcpy(base, prices->spread, prices->slots.n * sizeof(*base));
}

bool prices_may_recall(const struct plan_problem *problem)
{
        const struct plan_multipliers *last = problem->last;

        return last != NULL && last->n_slots > 0 && last->n_sites == problem->n_sites && last->n_limits == problem->n_limits;
}

void prices_recall(struct prices *prices)
{
        const struct plan_multipliers *last = prices->problem->last;
        size_t n = prices->slots.n, n_sites = prices->capacities.n_sites;

        for (size_t s = 0; s < n_sites; s++)
                recall_demand(prices, s, last);
        for (size_t t = 0; t < n; t++) {
                size_t from = recalled_slot(last, middle_of(&prices->slots, t));

                for (size_t s = 0; s < n_sites; s++) {
                        size_t k = s * n + t, at = s * last->n_slots + from;

                        prices->base.gpus[k] = recalled(last->gpus, at, 0);
                        prices->base.power[k] = within_segments(prices->steps[k], recalled(last->power, at, -RECALLED_MOST),
                                                                prices->base.demand[k]);
                }
                for (size_t l = 0; l < last->n_limits; l++)
                        prices->base.gpus[(n_sites + l) * n + t] = recalled(last->limits, l * last->n_slots + from, 0);
        }
}

/* ---- demand charges */

/* Currency per MWh for each W that a slot's use is above the level. */
static double demand_gain(const struct prices *prices)
{
        double sum = 0, seconds = 0;

        for (size_t t = 0; t < prices->slots.n; t++) {
                sum += prices->facility_w[t] * (double)slots_length(&prices->slots, t);
                seconds += (double)slots_length(&prices->slots, t);
        }
        return sum > 0 ? prices->steepness * prices->power_scale * seconds / sum : 0;
}

static void respread_site(struct prices *prices, size_t s)
{
        const struct plan_site *site = &prices->problem->sites[s];
        size_t n = prices->slots.n, k = s * n;
        struct price_table *table = &prices->table;
        double gain;

        for (size_t t = 0; t < n; t++)
                prices->facility_w[t] = site_facility_w(site, (double)table->watts[k + t]);
        gain = demand_gain(prices);
        memset(prices->spread, 0, n * sizeof(double));
        for (size_t d = 0; d < site->n_demands; d++) {
                const struct demand_level *level = &prices->demands[s][d];

                demand_spread(&prices->demands[s][d], &prices->slots, prices->facility_w, &prices->base.demand[k], gain,
                              prices->spread);
                for (size_t t = level->first; t < level->last; t++) {
                        const struct plan_step *step = prices->steps[k + t];

                        if (prices->rise != NULL) {
                                prices->rise[k + t] = gain;
                                prices->rise_from_w[k + t] = level->level_w;
                        }
                        if (step->n_segments != 1 || !isinf(step->segments[0].limit_w))
                                continue; /* there the spread stands still during a pass */
                        table->power_low[k + t] = (float)step->segments[0].price;
                        table->power_high[k + t] = 1e9F;
                        table->power_gain[k + t] = (float)(gain * site->pue_factor);
                        table->power_base[k + t] =
                                (float)(step->segments[0].price + prices->base.demand[k + t] +
                                        gain * (site_facility_w(site, 0) - level->level_w));
                }
        }
}

void prices_respread(struct prices *prices)
{
        for (size_t s = 0; s < prices->problem->n_sites; s++)
                if (prices->problem->sites[s].n_demands > 0)
                        respread_site(prices, s);
}

/* ---- what a job sees */

/* Factors of one job, mode and site. */
struct factors {
        float gpus, watts, half_gpus, half_watts;
        float per_price; /* MWh per second */
        float per_carbon, per_spread;
        float by_second, by_slot; /* GPU-hours per second that are paid for when run, or when the slot is touched */
};

static struct factors factors_of(const struct look *view)
{
        const struct prices *prices = view->world;
        const struct plan_site *site = &prices->problem->sites[view->site];
        const struct plan_mode *mode = &view->job->modes[view->mode];
        double energy = site->pue_factor * mode->watts / PLAN_JOULES_PER_MWH;

        return (struct factors){
                .gpus = (float)mode->gpus,
                .watts = (float)mode->watts,
                .half_gpus = 0.5F * (float)mode->gpus,
                .half_watts = (float)(0.5 * mode->watts),
                .per_price = (float)energy,
                .per_carbon = (float)(energy * view->job->carbon_price / 1000),
                .per_spread = (float)(energy * view->job->risk),
                .by_second = prices->parts_take_all ? 0 : (float)(mode->gpus / 3600.0),
                .by_slot = prices->parts_take_all ? (float)(mode->gpus / 3600.0) : 0,
        };
}

/*
 * The loop that costs the time: no branches. GPUs are paid by the second, or by the slot: one of by_second and by_slot is 0.
 */
static void fill_plain(const struct price_table *table, struct factors factors, size_t k, size_t n,
                       float *restrict rates, float *restrict seats)
{
        const float *restrict gpu_base = table->gpu_base + k, *restrict gpu_gain = table->gpu_gain + k;
        const float *restrict gpus = table->gpus + k, *restrict watts = table->watts + k;
        const float *restrict power_base = table->power_base + k, *restrict power_gain = table->power_gain + k;
        const float *restrict low = table->power_low + k, *restrict high = table->power_high + k;
        const float *restrict carbon = table->carbon + k, *restrict slot_s = table->slot_s + k;
        const float *restrict most_gpus = table->most_gpus + k, *restrict most_watts = table->most_watts + k;

        for (size_t t = 0; t < n; t++) {
                float gpu = gpu_base[t] + gpu_gain[t] * (gpus[t] + factors.half_gpus);
                float power = power_base[t] + power_gain[t] * (watts[t] + factors.half_watts);
                float rate;

                gpu = gpu > 0 ? gpu : 0;
                power = power > low[t] ? power : low[t];
                power = power < high[t] ? power : high[t];
                rate = factors.per_price * power + factors.per_carbon * carbon[t] + factors.by_second * gpu;
                rate = factors.gpus <= most_gpus[t] ? rate : INFINITY;
                rates[t] = factors.watts <= most_watts[t] ? rate : INFINITY;
                seats[t] = factors.by_slot * slot_s[t] * gpu;
        }
}

/* Slots with more kinks than the table knows. */
static void fill_kinks(const struct look *view, struct factors factors, size_t first, size_t n, float *rates)
{
        const struct prices *prices = view->world;

        for (size_t t = 0; t < n; t++) {
                size_t k = view->site * prices->slots.n + first + t;
                const struct price_table *table = &prices->table;
                float gpu = table->gpu_base[k] + table->gpu_gain[k] * (table->gpus[k] + factors.half_gpus);
                double power;

                if (prices->steps[k]->n_segments < 2 || isinf(rates[t]))
                        continue;
                power = power_price_at(prices, &prices->problem->sites[view->site], k,
                                       (double)(table->watts[k] + factors.half_watts), prices->steepness);
                rates[t] = factors.per_price * (float)power + factors.per_carbon * table->carbon[k] +
                           factors.by_second * (gpu > 0 ? gpu : 0);
        }
}

/* GPUs that count in a limit as well pay its price, too. */
static void fill_limit(const struct price_table *table, struct factors factors, size_t k, size_t n,
                       float *restrict rates, float *restrict seats)
{
        const float *restrict base = table->gpu_base + k, *restrict gain = table->gpu_gain + k;
        const float *restrict gpus = table->gpus + k, *restrict most = table->most_gpus + k;
        const float *restrict slot_s = table->slot_s + k;

        for (size_t t = 0; t < n; t++) {
                float gpu = base[t] + gain[t] * (gpus[t] + factors.half_gpus);

                gpu = gpu > 0 ? gpu : 0;
                rates[t] = factors.gpus <= most[t] ? rates[t] + factors.by_second * gpu : INFINITY;
                seats[t] += factors.by_slot * slot_s[t] * gpu;
        }
}

static void fill_spread(const float *restrict spread, float per_spread, size_t n, float *restrict rates)
{
        for (size_t t = 0; t < n; t++)
                rates[t] += per_spread * spread[t];
}

static void fill(void *context, size_t first, size_t n, float *rates, float *seats)
{
        const struct look *view = context;
        const struct prices *prices = view->world;
        struct factors factors = factors_of(view);
        size_t k = view->site * prices->slots.n + first;
        uint64_t limits = view->job->modes[view->mode].limits;

        fill_plain(&prices->table, factors, k, n, rates, seats);
        if (prices->has_more_kinks[view->site])
                fill_kinks(view, factors, first, n, rates);
        if (factors.per_spread != 0)
                fill_spread(prices->table.spread + k, factors.per_spread, n, rates);
        for (size_t l = 0; l < PLAN_MAX_LIMITS && limits >> l != 0; l++)
                if ((limits >> l & 1) != 0)
                        fill_limit(&prices->table, factors, (prices->capacities.n_sites + l) * prices->slots.n + first, n,
                                   rates, seats);
}

double prices_least_rate(const struct prices *prices, const struct look *look)
{
        const struct plan_site *site = &prices->problem->sites[look->site];
        double risk = fmin(0, look->job->risk) * prices->most_spread[look->site];

        return site->pue_factor * look->job->modes[look->mode].watts / PLAN_JOULES_PER_MWH *
               (prices->least_power[look->site] + look->job->carbon_price / 1000 * prices->least_carbon[look->site] + risk);
}

static struct rates rates_of(struct look *look)
{
        return (struct rates){ .context = look, .fill = fill, .least = prices_least_rate(look->world, look) };
}

struct market prices_market(const struct prices *prices)
{
        return (struct market){ prices->problem, &prices->slots, prices, rates_of };
}

/* ---- use */

/* Does interval i go on within a slot, on GPUs that are counted there already? */
static bool goes_on_in_slot(const struct prices *prices, const struct plan_job *job, const struct choice *choice, size_t i, size_t t)
{
        const struct plan_interval *run = &choice->intervals[i];

        return prices->parts_take_all && i > 0 && run->start > prices->slots.edges[t] && job_same_run(job, run - 1, run) &&
               job->modes[run[-1].mode].limits == job->modes[run->mode].limits;
}

void prices_use(struct prices *prices, size_t j, const struct choice *choice, double sign)
{
        const int64_t *edges = prices->slots.edges;

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct plan_mode *mode = &prices->problem->jobs[j].modes[run->mode];
                float gpus = (float)(sign * mode->gpus), watts = (float)(sign * mode->watts);
                size_t base = run->site * prices->slots.n;
                uint32_t used[CAPACITIES_OF_ONE];
                size_t n_used = capacities_of(&prices->capacities, run->site, mode, used);

                for (size_t t = slots_find(&prices->slots, run->start); t < prices->slots.n && edges[t] < run->end;
                     t++) {
                        int64_t from = edges[t] > run->start ? edges[t] : run->start;
                        int64_t to = edges[t + 1] < run->end ? edges[t + 1] : run->end;
                        float share = (float)(to - from) / (float)(edges[t + 1] - edges[t]);
                        bool counted = goes_on_in_slot(prices, &prices->problem->jobs[j], choice, i, t);

                        for (size_t u = 0; !counted && u < n_used; u++)
                                prices->table.gpus[used[u] * prices->slots.n + t] +=
                                        prices->parts_take_all ? gpus : share * gpus;
                        prices->table.watts[base + t] += share * watts;
                }
        }
}

void prices_recount(struct prices *prices, const struct schedule *schedule)
{
        size_t n = prices->slots.n * prices->capacities.n;

        memset(prices->table.gpus, 0, n * sizeof(float));
        memset(prices->table.watts, 0, n * sizeof(float));
        for (size_t j = 0; j < schedule->n_jobs; j++)
                prices_use(prices, j, &schedule->jobs[j], 1);
}

/* The spread of the present use is the base of the next, and the base prices of power keep their place above it. */
static void settle_demand(struct prices *prices, size_t s)
{
        size_t k = s * prices->slots.n;

        respread_site(prices, s);
        for (size_t t = 0; t < prices->slots.n; t++) {
                prices->base.power[k + t] += prices->spread[t] - prices->base.demand[k + t];
                prices->base.demand[k + t] = prices->spread[t];
                if (prices->rise != NULL)
                        prices->rise[k + t] = 0; /* that is counted now */
        }
}

void prices_settle(struct prices *prices)
{
        for (size_t s = 0; s < prices->capacities.n; s++) {
                const struct plan_site *site = prices->capacities.at[s];

                if (site->n_demands > 0)
                        settle_demand(prices, s);
                for (size_t t = 0; t < prices->slots.n; t++) {
                        size_t k = s * prices->slots.n + t;
                        const struct price_table *table = &prices->table;
                        double gpu = (double)table->gpu_base[k] + (double)table->gpu_gain[k] * (double)table->gpus[k];

                        if (prices->steps[k]->gpus > 0)
                                prices->base.gpus[k] = fmax(0, gpu);
                        if (s < prices->capacities.n_sites && prices->steps[k]->n_segments > 0)
                                prices->base.power[k] =
                                        power_price_at(prices, site, k, (double)table->watts[k], prices->steepness);
                }
        }
}

/* ---- the sites alone */

/* Per second: min over P of F(P) - F(idle) - price (P - idle) + demand (P - paid). */
static double supply_dual(const struct plan_site *site, const struct plan_step *step, double price, double demand,
                          double paid_w)
{
        double idle = site_facility_w(site, 0), from = 0, value = 0, least = 0;

        for (unsigned i = 0; i < step->n_segments; i++) {
                double to = from + step->segments[i].limit_w, low = fmax(from, idle);

                if (to > low && step->segments[i].price + demand < price * (1 + 1e-12) - 1e-9) {
                        if (isinf(to))
                                return -INFINITY;
                        value += (step->segments[i].price + demand - price) * (to - low) / PLAN_JOULES_PER_MWH;
                        least = fmin(least, value);
                }
                from = to;
        }
        return least + (demand > 0 ? demand * (idle - paid_w) / PLAN_JOULES_PER_MWH : 0);
}

static double paid_at(const struct prices *prices, size_t s, size_t t)
{
        for (size_t d = 0; s < prices->capacities.n_sites && d < prices->problem->sites[s].n_demands; d++)
                if (t >= prices->demands[s][d].first && t < prices->demands[s][d].last)
                        return prices->problem->sites[s].demands[d].paid_w;
        return 0;
}

double prices_dual(const struct prices *prices)
{
        double sum = 0;

        for (size_t s = 0; s < prices->capacities.n; s++)
                for (size_t t = 0; t < prices->slots.n; t++) {
                        size_t k = s * prices->slots.n + t;
                        double seconds = (double)slots_length(&prices->slots, t);

                        sum += seconds * (supply_dual(prices->capacities.at[s], prices->steps[k],
                                                      prices->base.power[k], prices->base.demand[k],
                                                      paid_at(prices, s, t)) -
                                          prices->base.gpus[k] * prices->steps[k]->gpus / 3600);
                }
        return sum;
}

/* ---- sets */

int price_set_init(struct price_set *set, size_t n)
{
        *set = (struct price_set){ calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(double)),
                                   calloc(n + 1, sizeof(double)), n };
        return set->gpus == NULL || set->power == NULL || set->demand == NULL ? OFFPEAK_ENOMEM : 0;
}

void price_set_finish(struct price_set *set)
{
        free(set->gpus);
        free(set->power);
        free(set->demand);
        *set = (struct price_set){ 0 };
}

void price_set_copy(struct price_set *to, const struct price_set *from)
{
        price_set_approach(to, from, 1);
}

static void approach(double *at, const double *to, size_t n, double share)
{
        for (size_t k = 0; k < n; k++)
                at[k] = share < 1 ? at[k] + share * (to[k] - at[k]) : to[k];
}

void price_set_approach(struct price_set *set, const struct price_set *to, double share)
{
        approach(set->gpus, to->gpus, set->n, share);
        approach(set->power, to->power, set->n, share);
        approach(set->demand, to->demand, set->n, share);
}

/* ---- life */

static void start_site(struct prices *prices, size_t s)
{
        const struct plan_site *site = prices->capacities.at[s];
        struct price_table *table = &prices->table;

        prices->least_power[s] = prices->least_carbon[s] = INFINITY;
        for (size_t t = 0, at = 0; t < prices->slots.n; t++) {
                size_t k = s * prices->slots.n + t;
                const struct plan_step *step;
                double limit;

                while (at + 1 < site->n_steps && site->steps[at + 1].start <= prices->slots.edges[t])
                        at++;
                step = prices->steps[k] = &site->steps[at];
                limit = supply_firm_limit(step);
                table->carbon[k] = (float)step->carbon;
                table->spread[k] = (float)step->spread;
                table->slot_s[k] = (float)slots_length(&prices->slots, t);
                table->most_gpus[k] = (float)step->gpus;
                /* a little more than there is: whoever places a job counts exactly */
                table->most_watts[k] =
                        (float)fmax(0, ((limit - site->pue_fixed_w) / site->pue_factor - site->idle_w) * (1 + 1e-6));
                if (step->n_segments > 0) {
                        prices->base.power[k] =
                                0.5 * (step->segments[0].price + step->segments[step->n_segments - 1].price);
                        prices->least_power[s] = fmin(prices->least_power[s], step->segments[0].price);
                }
                prices->least_carbon[s] = fmin(prices->least_carbon[s], step->carbon);
                prices->most_spread[s] = fmax(prices->most_spread[s], step->spread);
                if (prices->rise != NULL || step->n_segments > 2 || (step->n_segments == 2 && !isinf(limit)))
                        prices->has_more_kinks[s] = true;
        }
        if (isinf(prices->least_power[s]))
                prices->least_power[s] = 0;
}

static int make_table(struct price_table *table, size_t n)
{
        float **const columns[] = { &table->gpu_base,   &table->gpu_gain,  &table->gpus,       &table->power_base,
                                    &table->power_gain, &table->watts,     &table->power_low,  &table->power_high,
                                    &table->carbon,     &table->most_gpus, &table->most_watts, &table->slot_s,
                                    &table->spread };
        size_t n_columns = sizeof(columns) / sizeof(columns[0]);
        float *all = calloc(n * n_columns, sizeof(*all));

        if (all == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < n_columns; i++)
                *columns[i] = all + i * n;
        return 0;
}

static int make_levels(struct prices *prices)
{
        if (prices->demands == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < prices->problem->n_sites; s++) {
                const struct plan_site *site = &prices->problem->sites[s];

                prices->demands[s] = calloc(site->n_demands + 1, sizeof(struct demand_level));
                if (prices->demands[s] == NULL)
                        return OFFPEAK_ENOMEM;
                demand_levels_init(site, &prices->slots, prices->demands[s]);
        }
        return 0;
}

int prices_init(struct prices *prices, const struct plan_problem *problem, size_t slots)
{
        size_t n, n_at;

        *prices = (struct prices){ .problem = problem };
        if (slots_init(&prices->slots, problem, slots) != 0)
                return OFFPEAK_ENOMEM;
        if (capacities_init(&prices->capacities, problem) != 0)
                goto fail;
        n_at = prices->capacities.n + 1;
        n = prices->slots.n * n_at;
        prices->steps = calloc(n, sizeof(*prices->steps));
        prices->facility_w = calloc(prices->slots.n + 1, sizeof(double));
        prices->spread = calloc(prices->slots.n + 1, sizeof(double));
        prices->demands = calloc(problem->n_sites + 1, sizeof(*prices->demands));
        prices->least_power = calloc(3 * n_at, sizeof(double));
        prices->has_more_kinks = calloc(n_at, sizeof(bool));
        if (prices->steps == NULL || price_set_init(&prices->base, prices->slots.n * prices->capacities.n) != 0 ||
            prices->least_power == NULL || prices->has_more_kinks == NULL || prices->facility_w == NULL || prices->spread == NULL ||
            make_table(&prices->table, n) != 0 || make_levels(prices) != 0)
                goto fail;
        prices->least_carbon = prices->least_power + n_at;
        prices->most_spread = prices->least_carbon + n_at;
        for (size_t s = 0; s < prices->capacities.n; s++)
                start_site(prices, s);
        prices->power_scale = problem->n_sites > 0 ? price_spread(prices) : 1;
        prices->gpu_scale = gpu_spread(problem, prices->power_scale);
        prices_steepen(prices, 0);
        return 0;
fail:
        prices_finish(prices);
        return OFFPEAK_ENOMEM;
}

void prices_finish(struct prices *prices)
{
        for (size_t s = 0; prices->demands != NULL && s < prices->problem->n_sites; s++)
                free(prices->demands[s]);
        free(prices->demands);
        free(prices->facility_w);
        free(prices->spread);
        price_set_finish(&prices->base);
        slots_finish(&prices->slots);
        capacities_finish(&prices->capacities);
        free(prices->steps);
        free(prices->least_power);
        free(prices->has_more_kinks);
        free(prices->table.gpu_base);
        *prices = (struct prices){ 0 };
}
