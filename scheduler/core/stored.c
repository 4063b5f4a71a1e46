/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stored.h"

#include <math.h>

#define MICRO       1e-6
#define J_PER_WH    3600.0

/* A report comes every few minutes: what is drawn between two of them must be there. */
#define LEAST_LOOK_S INT64_C(300)

/* A minute of the most that it gives: starts and stops take their time, and reports come in whole Wh. */
static int64_t margin_wh(const struct supply_store *store)
{
        return (store->discharge_w + 59) / 60;
}

/* J that flows since a time have put in or taken out; charges: counts what was to go in, too. */
static double flowed_by(const struct plan_flow *flows, uint32_t n, const struct site *site, const struct supply_store *store, int64_t since,
                        int64_t wall, bool charges)
{
        double joules = 0;

        for (uint32_t i = 0; i < n; i++) {
                const struct plan_flow *flow = &flows[i];
                int64_t from = flow->start > since ? flow->start : since, to = flow->end < wall ? flow->end : wall;

                if (flow->site != site->id || from >= to || (flow->watts > 0 && !charges))
                        continue;
                joules += flow->watts * (double)(to - from) *
                          (flow->watts > 0 ? (double)store->charge_ppm * MICRO : 1 / ((double)store->discharge_ppm * MICRO));
        }
        return joules;
}

/* Since the last report, by the plans in force then. */
static double flowed_j(const struct state *state, const struct site *site, const struct site_supply *supply, int64_t wall, bool charges)
{
        const struct supply_store *store = &supply->terms.store;
        int64_t since = site_supply_stored_since(supply, wall);

        return flowed_by(state->past_flows, state->n_past_flows, site, store, since, wall, charges) +
               flowed_by(state->flows, state->n_flows, site, store, since, wall, charges);
}

/* What should be in it now; below 0: unknown. */
static double stored_j(const struct state *state, const struct site *site, const struct site_supply *supply, int64_t wall, bool charges)
{
        int64_t stored = site_supply_stored(supply, wall);

        if (stored == SERIES_UNKNOWN)
                return -1;
        return fmin(fmax(0, (double)stored * J_PER_WH + flowed_j(state, site, supply, wall, charges)),
                    (double)supply->terms.store.energy_wh * J_PER_WH);
}

bool stored_for_plan(const struct state *state, const struct site *site, const struct site_supply *supply, int64_t wall,
                     struct plan_store *ret_store)
{
        const struct supply_store *store = &supply->terms.store;
        double stored = stored_j(state, site, supply, wall, true);
        double reserve = (double)(store->reserve_wh + margin_wh(store)) * J_PER_WH;

        if (stored < 0)
                return false;
        if (stored < reserve)
                reserve = stored; /* it can fall no lower; what is missing is charged again before anybody starts on it */
        *ret_store = (struct plan_store){
                .energy_j = (double)store->energy_wh * J_PER_WH,
                .reserve_j = reserve,
                .start_j = stored,
                .least_end_j = store->has_end_value ? reserve : stored,
                .end_price = store->has_end_value ? (double)store->end_value * MICRO : 0,
                .charge_w = (double)store->charge_w,
                .discharge_w = (double)store->discharge_w,
                .charge_efficiency = (double)store->charge_ppm * MICRO,
                .discharge_efficiency = (double)store->discharge_ppm * MICRO,
                .by_step = store->from_reactor,
        };
        return true;
}

double stored_charge_at(const struct site_supply *supply, int64_t time)
{
        int64_t reactor = supply->terms.store.from_reactor ? site_supply_reactor(supply, time) : 0;

        if (reactor == SERIES_UNKNOWN || reactor < 0)
                return 0;
        return fmin((double)reactor, (double)supply->terms.store.charge_w);
}

int64_t stored_most_w(const struct site_supply *supply, int64_t wall)
{
        return site_supply_stored(supply, wall) != SERIES_UNKNOWN ? supply->terms.store.discharge_w : 0;
}

/* The one that holds at the moment, or NULL: stores rest. */
static const struct plan_flow *flow_at(const struct state *state, const struct site *site, int64_t wall)
{
        for (uint32_t i = 0; i < state->n_flows; i++)
                if (state->flows[i].site == site->id && state->flows[i].start <= wall && wall < state->flows[i].end)
                        return &state->flows[i];
        return NULL;
}

double stored_flow(const struct state *state, const struct site *site, int64_t wall)
{
        const struct plan_flow *flow = flow_at(state, site, wall);

        return flow != NULL ? flow->watts : 0;
}

/* W that what is stored above the reserve gives for so long. That more was put in since the report is not relied on. */
static double lasting_w(const struct state *state, const struct site *site, const struct site_supply *supply, int64_t wall,
                        int64_t seconds)
{
        const struct supply_store *store = &supply->terms.store;
        double above = stored_j(state, site, supply, wall, false) - (double)store->reserve_wh * J_PER_WH;

        return above > 0 ? above * (double)store->discharge_ppm * MICRO / (double)seconds : 0;
}

static int64_t discharge_w(const struct state *state, const struct site_supply *supply, const struct site *site, int64_t wall)
{
        const struct plan_flow *flow = flow_at(state, site, wall);
        double watts;
        int64_t until;

        if (!supply->terms.has_store || flow == NULL || flow->watts >= 0)
                return 0;
        until = flow->end - wall < LEAST_LOOK_S ? flow->end : wall + LEAST_LOOK_S;
        watts = fmin(-flow->watts, (double)supply->terms.store.discharge_w);
        return (int64_t)llround(fmin(watts, lasting_w(state, site, supply, wall, until - wall)));
}

int64_t stored_limit(const struct state *state, const struct site *site, int64_t wall)
{
        struct site_supply supply = state_supply_in_use(state, site, wall);
        struct supply_curve curve = site_supply_at(&supply, wall);
        int64_t limit = supply_limit(&curve), more = discharge_w(state, &supply, site, wall);

        return limit > INT64_MAX - more ? INT64_MAX : limit + more;
}
