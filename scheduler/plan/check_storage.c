/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Let value v price what is in a store. For every plan, as what is stored changes by what flows, its cost is no less than
 *
 *   integral of the least of [cost of supply - lambda x the jobs' power - v x what the flow stores]
 *   + sum over slot edges of the least of (v before - v after) x energy,   reserve <= energy <= what it holds
 *   + the least of (v of the last slot - end price) x energy at the horizon + end price x now - v of the first slot x now
 *
 * whatever v is. At each second a plan charges or discharges: the first least is taken over both, with nothing of the other.
 * In each the cost is made of straight pieces in the net power, and straight in the flow: it is least at an end of a piece.
 */
#include "plan/check_storage.h"

#include <math.h>

#include "base/fail.h"
#include "base/when.h"

#define SLACK 1e-9       /* of a power or an amount: what the checker lets a plan go beyond */
#define SLACK_W 1e-6
#define SLACK_J 1e-3
#define MORE (1 + 2e-9)  /* what the bound reckons with, a little more than that */
#define MORE_W 2e-6
#define MORE_J 2e-3

/* ---- a plan's flows */

static double stored(const struct plan_store *store, double joules)
{
        return joules > 0 ? joules * store->charge_efficiency : joules / store->discharge_efficiency;
}

static int refuse(const struct plan_site *site, int64_t time, const char *what, struct offpeak_error *err)
{
        char at[WHEN_TEXT_SIZE];

        return fail(err, OFFPEAK_EINVAL, "site %s at %s: its store %s", site->name, when_format_utc(time, at), what);
}

static int check_flow(const struct plan_problem *problem, const struct plan_flow *flow, const struct plan_flow *before,
                      struct offpeak_error *err)
{
        const struct plan_site *site;
        const struct plan_store *store;

        if (flow->site >= problem->n_sites || problem->sites[flow->site].store == NULL)
                return fail(err, OFFPEAK_EINVAL, "the plan has a flow at site %u, which stores nothing", flow->site);
        site = &problem->sites[flow->site];
        store = site->store;
        if (flow->start >= flow->end || flow->start < problem->now || flow->end > problem->horizon)
                return refuse(site, flow->start, "has a flow that does not end after it starts, within [now, horizon)", err);
        if (before != NULL && (before->site > flow->site || (before->site == flow->site && before->end > flow->start)))
                return refuse(site, flow->start, "has flows that overlap or are out of order", err);
        if (!(flow->watts <= store->charge_w * (1 + SLACK) + SLACK_W))
                return refuse(site, flow->start, "charges with more than it can", err);
        if (!(-flow->watts <= store->discharge_w * (1 + SLACK) + SLACK_W))
                return refuse(site, flow->start, "gives more than it can", err);
        return 0;
}

int storage_check(const struct plan_problem *problem, const struct plan *plan, double *ret_cost, struct offpeak_error *err)
{
        for (uint32_t s = 0; s < problem->n_sites; s++)
                ret_cost[s] = 0;
        for (size_t i = 0, s = 0; i < plan->n_flows; s++) {
                const struct plan_store *store = s < problem->n_sites ? problem->sites[s].store : NULL;
                long double energy = store != NULL ? store->start_j : 0;

                for (; i < plan->n_flows && (plan->flows[i].site <= s || s >= problem->n_sites); i++) {
                        const struct plan_flow *flow = &plan->flows[i];
                        int code = check_flow(problem, flow, i > 0 ? flow - 1 : NULL, err);

                        if (code != 0)
                                return code;
                        energy += stored(store, flow->watts * (double)(flow->end - flow->start));
                        if (energy > store->energy_j * (1 + SLACK) + SLACK_J)
                                return refuse(&problem->sites[s], flow->end, "holds more than it can", err);
                        if (energy < store->reserve_j - store->energy_j * SLACK - SLACK_J)
                                return refuse(&problem->sites[s], flow->end, "is emptier than its reserve", err);
                }
                if (store == NULL)
                        continue;
                if (energy < store->least_end_j - store->energy_j * SLACK - SLACK_J)
                        return refuse(&problem->sites[s], problem->horizon, "holds less than it must at the horizon", err);
                ret_cost[s] = (double)((store->start_j - energy) / PLAN_JOULES_PER_MWH * store->end_price);
        }
        return 0;
}

static double limit_of(const struct plan_step *step)
{
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        return limit;
}

int storage_check_power(const struct plan_site *site, const struct plan_step *step, int64_t time, double power, double flow,
                        struct offpeak_error *err)
{
        double limit = limit_of(step);

        if (flow < 0 && power + flow < -SLACK * power - SLACK_W)
                return refuse(site, time, "gives more than the site draws", err);
        if (flow > 0 && !(power + flow <= limit * (1 + SLACK) + SLACK_W))
                return refuse(site, time, "charges with more than there is left", err);
        if (flow > 0 && site->store->by_step && !(flow <= step->charge_w * (1 + SLACK) + SLACK_W))
                return refuse(site, time, "charges with more than it is given", err);
        return 0;
}

/* ---- what values prove: one second */

struct second {
        const struct plan_problem *problem;
        const struct plan_store *store;
        const struct piece *piece;
        double idle, most; /* the jobs' power lies between idle and this */
        double firm;       /* net power may go as far, where it is above idle power */
        double give, take; /* the store's flow */
};

/* Currency per hour of net power beyond idle power, all that is above the limit, and the demand price. x 1e6 W. */
static double net_cost(const struct second *second, double net)
{
        double cost = 0, from = 0;

        for (unsigned i = 0; i < second->piece->step->n_segments; i++) {
                const struct plan_segment *segment = &second->piece->step->segments[i];
                double to = from + segment->limit_w;

                cost += segment->price * (fmax(from, fmin(to, net)) - fmax(from, fmin(to, second->idle)));
                from = to;
        }
        if (!isinf(from))
                cost += second->problem->over_limit_cost * fmax(0, net - from);
        return cost + second->piece->demand * (net - second->piece->paid_w);
}

/* The least over all powers that the jobs may have where so much is drawn net, the flow of one sign: at one of both ends. */
static double least_at(const struct second *second, double net, double least_flow, double most_flow)
{
        double low = fmax(second->idle, net - most_flow), high = fmin(second->most, net - least_flow), best = INFINITY;
        const double ends[] = { low, high };

        for (size_t i = 0; low <= high && i < 2; i++)
                best = fmin(best, net_cost(second, net) - second->piece->power * (ends[i] - second->idle) -
                                          second->piece->stored * stored(second->store, net - ends[i]));
        return best;
}

static double least_of_all(const struct second *second, double net)
{
        double best;

        if (!(net >= 0 && net <= fmax(second->firm, second->idle)) || isinf(net))
                return INFINITY;
        best = least_at(second, net, -second->give, 0);
        return net <= second->firm ? fmin(best, least_at(second, net, 0, second->take)) : best;
}

/* Where a straight piece may end that begins at `at`: there, or as far off as the flow goes. */
static double least_around(const struct second *second, double at)
{
        return fmin(fmin(least_of_all(second, at), least_of_all(second, at - second->give)),
                    fmin(least_of_all(second, at + second->take), least_of_all(second, at - second->take)));
}

double storage_piece_dual(const struct plan_problem *problem, const struct plan_site *site, const struct piece *piece, double most)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w, firm = limit_of(piece->step), to = 0, best;
        double take = site->store->by_step ? fmin(site->store->charge_w, piece->step->charge_w) : site->store->charge_w;
        struct second second = { problem, site->store, piece, idle, idle + most, firm * MORE + MORE_W,
                                 site->store->discharge_w * MORE + MORE_W, take * MORE + MORE_W };

        best = fmin(fmin(least_around(&second, idle), least_around(&second, second.most)),
                    fmin(least_of_all(&second, 0), least_around(&second, second.firm)));
        for (unsigned i = 0; i < piece->step->n_segments; i++) {
                to += piece->step->segments[i].limit_w;
                best = fmin(best, fmin(least_around(&second, to), least_around(&second, to * MORE + MORE_W)));
        }
        return best / PLAN_JOULES_PER_MWH;
}

/* ---- what values prove: the edges */

static double least_product(double factor, double low, double high, double *size)
{
        double least = fmin(factor * low, factor * high);

        *size += fabs(least);
        return least;
}

double storage_edges_dual(const struct plan_problem *problem, const struct plan_multipliers *multipliers, uint32_t s, double *size)
{
        const struct plan_store *store = problem->sites[s].store;
        size_t n = multipliers->n_slots;
        double slack = store->energy_j * 2 * SLACK + MORE_J, most = (store->energy_j + slack) / PLAN_JOULES_PER_MWH;
        double least = (store->reserve_j - slack) / PLAN_JOULES_PER_MWH, now = store->start_j / PLAN_JOULES_PER_MWH;
        double end = (store->least_end_j - slack) / PLAN_JOULES_PER_MWH, sum = 0;

        for (size_t t = 0; multipliers->storage != NULL && t + 1 < n; t++)
                sum += least_product(multipliers->storage[s * n + t] - multipliers->storage[s * n + t + 1], least, most, size);
        sum += least_product((multipliers->storage != NULL ? multipliers->storage[s * n + n - 1] : 0) - store->end_price, end, most,
                             size);
        return sum + least_product(store->end_price - (multipliers->storage != NULL ? multipliers->storage[s * n] : 0), now, now, size);
}
