/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/beside_stores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/idle_lack.h"
#include "plan/supply_rate.h"

bool problem_has_stores(const struct plan_problem *problem)
{
        for (size_t s = 0; s < problem->n_sites; s++)
                if (problem->sites[s].store != NULL)
                        return true;
        return false;
}

static int begin(struct beside_stores *beside, const struct plan_problem *problem, size_t n_steps)
{
        *beside = (struct beside_stores){ .problem = *problem };
        beside->sites = calloc(problem->n_sites + 1, sizeof(*beside->sites));
        beside->steps = calloc(n_steps + 1, sizeof(*beside->steps));
        if (beside->sites == NULL || beside->steps == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(beside->sites, problem->sites, problem->n_sites * sizeof(*beside->sites));
        for (size_t s = 0; s < problem->n_sites; s++)
                beside->sites[s].store = NULL;
        beside->problem.sites = beside->sites;
        return 0;
}

void beside_stores_finish(struct beside_stores *beside)
{
        free(beside->demands);
        free(beside->steps);
        free(beside->sites);
        *beside = (struct beside_stores){ 0 };
}

/* ---- widened */

double widened_by(const struct plan_site *site)
{
        return site->store != NULL && site->store->discharge_w > site_facility_w(site, 0) ? site->store->discharge_w : 0;
}

static double lowest_price(const struct plan_site *site)
{
        double lowest = 0;

        for (size_t t = 0; t < site->n_steps; t++)
                if (site->steps[t].n_segments > 0)
                        lowest = fmin(lowest, site->steps[t].segments[0].price);
        return lowest;
}

static void widen_site(const struct plan_problem *problem, const struct plan_site *site, struct plan_step *steps,
                       struct plan_demand *demands)
{
        double lowest = lowest_price(site), highest = supply_dearest(problem, site);

        memcpy(steps, site->steps, site->n_steps * sizeof(*steps));
        for (size_t t = 0; t < site->n_steps; t++) {
                if (!isinf(supply_firm_limit(&steps[t])))
                        supply_insert(&steps[t], highest, site->store->discharge_w);
                supply_insert_first(&steps[t], lowest, widened_by(site));
        }
        for (size_t d = 0; d < site->n_demands; d++) {
                demands[d] = site->demands[d];
                demands[d].paid_w += widened_by(site);
        }
}

int beside_stores_widen(struct beside_stores *beside, const struct plan_problem *problem)
{
        size_t n = 0, n_demands = 0;

        for (size_t s = 0; s < problem->n_sites; s++) {
                n += problem->sites[s].n_steps;
                n_demands += problem->sites[s].n_demands;
        }
        if (begin(beside, problem, n) != 0)
                return OFFPEAK_ENOMEM;
        beside->demands = calloc(n_demands + 1, sizeof(*beside->demands));
        if (beside->demands == NULL)
                return OFFPEAK_ENOMEM;
        n = n_demands = 0;
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];

                if (site->store == NULL)
                        continue;
                widen_site(problem, site, &beside->steps[n], &beside->demands[n_demands]);
                beside->sites[s].steps = &beside->steps[n];
                beside->sites[s].demands = site->n_demands > 0 ? &beside->demands[n_demands] : NULL;
                n += site->n_steps;
                n_demands += site->n_demands;
        }
        return 0;
}

/* ---- shifted */

/* What charges is gone, from the cheapest segments up. */
static void take(struct plan_step *step, double watts)
{
        for (unsigned i = 0; i < step->n_segments && watts > 0; i++) {
                double taken = fmin(watts, step->segments[i].limit_w);

                if (!isinf(step->segments[i].limit_w))
                        step->segments[i].limit_w -= taken;
                watts -= taken;
        }
}

/* What is given is there at what it is worth. Of more segments than there is room for the two cheapest are one. */
static void give(struct plan_step *step, double price, double watts)
{
        if (step->n_segments == PLAN_MAX_SEGMENTS) {
                step->segments[1].limit_w += step->segments[0].limit_w;
                memmove(step->segments, step->segments + 1, (PLAN_MAX_SEGMENTS - 1) * sizeof(*step->segments));
                step->n_segments--;
        }
        supply_insert(step, price, watts);
}

/* All power costs `spread` more, and what is above the level `above` more than that. */
static void charge_peak(struct plan_step *step, double level_w, double spread, double above)
{
        double from = 0;

        for (unsigned i = 0; i < step->n_segments; i++) {
                struct plan_segment *segment = &step->segments[i];
                double to = from + segment->limit_w;

                segment->price += spread;
                if (from >= level_w) {
                        segment->price += above;
                } else if (to > level_w && step->n_segments < PLAN_MAX_SEGMENTS) {
                        memmove(segment + 1, segment, (step->n_segments - i) * sizeof(*segment));
                        step->n_segments++;
                        segment[0].limit_w = level_w - from;
                        segment[1].limit_w -= level_w - from;
                        to = level_w;
                        segment[1].price -= spread;
                }
                from = to;
        }
        for (unsigned i = 1; i < step->n_segments; i++) /* what was not cut has its own place in the order */
                step->segments[i].price = fmax(step->segments[i].price, step->segments[i - 1].price);
}

/* J that flow at a site during [from, to); *i: the first flow that may. */
static double flow_between(const struct flows *flows, uint32_t s, int64_t from, int64_t to, size_t *i)
{
        double joules = 0;

        while (*i < flows->n && (flows->at[*i].site < s || (flows->at[*i].site == s && flows->at[*i].end <= from)))
                ++*i;
        for (size_t k = *i; k < flows->n && flows->at[k].site == s && flows->at[k].start < to; k++) {
                int64_t start = flows->at[k].start > from ? flows->at[k].start : from;
                int64_t end = flows->at[k].end < to ? flows->at[k].end : to;

                joules += flows->at[k].watts * (double)(end - start);
        }
        return joules;
}

static double peak_price(const struct plan_site *site, int64_t time)
{
        for (size_t d = 0; d < site->n_demands; d++)
                if (time >= site->demands[d].start && time < site->demands[d].end)
                        return site->demands[d].price * 3600 / (double)site->demands[d].interval_s;
        return 0;
}

static void shift_step(struct plan_step *step, const struct plan_site *site, double watts, double value, double level_w,
                       double spread)
{
        double above = peak_price(site, step->start);

        if (watts > 0)
                take(step, watts);
        if (above > 0)
                charge_peak(step, fmax(0, watts > 0 ? level_w - watts : level_w), spread, above);
        if (watts < 0)
                give(step, value / site->store->discharge_efficiency, -watts);
}

/* Cuts of steps and slots. Returns how many. */
static size_t shift_site(const struct plan_problem *problem, const struct slots *slots, uint32_t s, const struct dispatch *dispatch,
                         const double *demand, struct plan_step *steps)
{
        const struct plan_site *site = &problem->sites[s];
        size_t n = 0, flow = 0;

        for (size_t t = 0, i = 0; t < slots->n; t++)
                for (int64_t from = slots->edges[t], to; from < slots->edges[t + 1]; from = to, n++) {
                        size_t k = s * slots->n + t;
                        double joules;

                        while (i + 1 < site->n_steps && site->steps[i + 1].start <= from)
                                i++;
                        to = i + 1 < site->n_steps && site->steps[i + 1].start < slots->edges[t + 1] ? site->steps[i + 1].start :
                                                                                                      slots->edges[t + 1];
                        steps[n] = site->steps[i];
                        steps[n].start = from;
                        joules = flow_between(&dispatch->flows, s, from, to, &flow);
                        shift_step(&steps[n], site, joules / (double)(to - from), dispatch->values[k], dispatch->levels_w[k],
                                   demand != NULL ? demand[k] : 0);
                }
        return n;
}

int beside_stores_shift(struct beside_stores *beside, const struct plan_problem *problem, const struct slots *slots,
                        const struct dispatch *dispatch, const double *demand)
{
        size_t n = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                n += slots->n + problem->sites[s].n_steps;
        if (begin(beside, problem, n) != 0)
                return OFFPEAK_ENOMEM;
        n = 0;
        for (uint32_t s = 0; s < problem->n_sites; s++) {
                if (problem->sites[s].store == NULL)
                        continue;
                beside->sites[s].steps = &beside->steps[n];
                beside->sites[s].n_steps = shift_site(problem, slots, s, dispatch, demand, &beside->steps[n]);
                beside->sites[s].demands = NULL;
                beside->sites[s].n_demands = 0;
                n += beside->sites[s].n_steps;
        }
        return 0;
}

/* ---- steady */

/* Does the store carry a constant power over all steps that it carries without jobs? It charges whenever it can. */
static bool holds(const struct plan_problem *problem, const struct plan_site *site, const double *lack_w, double watts)
{
        double energy = site->store->start_j;

        for (size_t t = 0; t < site->n_steps; t++) {
                int64_t end = t + 1 < site->n_steps ? site->steps[t + 1].start : problem->horizon;

                if (!store_carries(site->store, &site->steps[t], lack_w[t] > 0 ? site_facility_w(site, 0) - lack_w[t] : watts,
                                   (double)(end - site->steps[t].start), &energy))
                        return false;
        }
        return energy >= site->store->least_end_j;
}

static double steady_w(const struct plan_problem *problem, const struct plan_site *site, const double *lack_w)
{
        double low = 0, high = site->store->discharge_w;

        for (size_t t = 0; t < site->n_steps; t++) {
                double limit = supply_firm_limit(&site->steps[t]);

                if (!isinf(limit))
                        high = fmax(high, limit + site->store->discharge_w);
        }
        for (int round = 0; round < 50; round++) {
                double middle = 0.5 * (low + high);

                if (holds(problem, site, lack_w, middle))
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* Segments up to a limit in sum; what is missing to it is there for nothing. */
static void level_out(struct plan_step *step, double watts)
{
        double from = 0;

        if (isinf(supply_firm_limit(step)))
                return;
        for (unsigned i = 0; i < step->n_segments; i++) {
                step->segments[i].limit_w = fmin(step->segments[i].limit_w, fmax(0, watts - from));
                from += step->segments[i].limit_w;
        }
        give(step, 0, watts - from);
}

int beside_stores_steady(struct beside_stores *beside, const struct plan_problem *problem)
{
        double *lack_w;
        size_t n = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                n += problem->sites[s].n_steps;
        if (begin(beside, problem, n) != 0)
                return OFFPEAK_ENOMEM;
        lack_w = malloc((n + 1) * sizeof(*lack_w));
        if (lack_w == NULL)
                return OFFPEAK_ENOMEM;
        n = 0;
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];
                struct plan_step *steps = &beside->steps[n];
                double watts;

                if (site->store == NULL)
                        continue;
                idle_lack(problem, site, lack_w);
                watts = steady_w(problem, site, lack_w);
                memcpy(steps, site->steps, site->n_steps * sizeof(*steps));
                for (size_t t = 0; t < site->n_steps; t++)
                        if (lack_w[t] == 0)
                                level_out(&steps[t], watts);
                beside->sites[s].steps = steps;
                n += site->n_steps;
        }
        free(lack_w);
        return 0;
}
