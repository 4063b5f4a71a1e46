/* SPDX-License-Identifier: Apache-2.0 */
#include "core/question_demand.h"

#include <math.h>
#include <stdlib.h>

#include "core/room.h"
#include "ledger/demand_bill.h"
#include "supply/tariff.h"

struct list {
        struct plan_demand *at;
        size_t n;
};

static int append(struct list *list, struct plan_demand demand)
{
        struct plan_demand *one = room_for_one((void **)&list->at, list->n, sizeof(*one));

        if (one == NULL)
                return OFFPEAK_ENOMEM;
        *one = demand;
        list->n++;
        return 0;
}

/* A month: whole, or its windows between now and the horizon. */
static int add_month(const struct supply_terms *terms, const struct supply_demand *demand, struct plan_demand month,
                     int64_t now, int64_t horizon, struct list *list)
{
        int64_t from = month.start > now ? month.start : now, to = month.end < horizon ? month.end : horizon;
        size_t first = list->n;

        if (demand->hours.days == 0)
                return append(list, month);
        for (int64_t t = from, edge; t < to; t = edge) {
                edge = tariff_next_edge(terms, demand, t);
                month.start = t;
                month.end = edge < to ? edge : to;
                if (tariff_counts(terms, demand, t) && append(list, month) != 0)
                        return OFFPEAK_ENOMEM;
        }
        for (size_t i = first; i < list->n; i++)
                list->at[i].price /= (double)(list->n - first);
        return 0;
}

int question_demands(const struct state *state, const struct site *site, int64_t now, int64_t horizon, double least_w,
                     struct plan_demand **ret_demands, size_t *ret_n)
{
        const struct supply_terms terms = state_supply(state, site).terms;
        const struct supply_demand *demand = tariff_dearest(&terms);
        struct list list = { 0 };

        for (int64_t t = now; demand != NULL && t < horizon; t = tariff_next_month(&terms, t)) {
                struct plan_demand month = { .start = tariff_month(&terms, t), .end = tariff_next_month(&terms, t) };
                struct demand_bill bill = demand_bill(&site->meter, &terms, demand, t);

                month.price = (double)demand->per_kw * 1e-3; /* micro-currency per kW, currency per MW */
                month.interval_s = demand->interval_s;
                month.paid_w = fmax((double)bill.billed_w, least_w);
                if (add_month(&terms, demand, month, now, horizon, &list) != 0) {
                        free(list.at);
                        return OFFPEAK_ENOMEM;
                }
        }
        *ret_demands = list.at;
        *ret_n = list.n;
        return 0;
}
