/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/prove_stores.h"

#include "plan/cuts.h"
#include "plan/supply_rate.h"
#include "plan/passes.h"

#define NEXT_TO_NOTHING 1e-6 /* of what is drawn */

/* What the store does throughout a slot. */
struct doing {
        bool gives_all;              /* that the site draws */
        bool gives_some, takes_some; /* less than it could, at some time */
};

static struct doing doing_in(const struct cuts *cuts, int64_t from, int64_t to)
{
        const struct plan_store *store = cuts->site->store;
        struct doing doing = { .gives_all = true };

        for (size_t i = cuts_find(cuts, from); i < cuts->n && cuts->times[i] < to; i++) {
                double load = site_facility_w(cuts->site, cuts->watts[i]), flow = cuts->flows[i];

                doing.gives_all = doing.gives_all && load + flow <= NEXT_TO_NOTHING * load;
                doing.gives_some = doing.gives_some || (flow < 0 && -flow < (1 - NEXT_TO_NOTHING) * store->discharge_w);
                doing.takes_some = doing.takes_some ||
                                   (flow > 0 && flow < (1 - NEXT_TO_NOTHING) * store_charge_w(store, cuts->steps[i]));
        }
        return doing;
}

/*
 * Power that a store gives in full is worth no more than what is taken out for it. `all`: also where it could give or
 * take more, and does not, power is worth just what the store makes of it. *any: some price became another. ENOMEM.
 */
static int price_by_store(struct joint *joint, uint32_t s, bool all, bool *any)
{
        const struct slots *slots = &joint->prices.prices.slots;
        const struct plan_store *store = joint->problem->sites[s].store;
        double *power = &joint->prices.prices.base.power[s * slots->n],
               *values = &joint->best_dispatch.values[s * slots->n];
        struct cuts cuts;
        int code = cuts_init(&cuts, joint->problem, s, &joint->best, &joint->best_dispatch.flows);

        for (size_t t = 0; code == 0 && t < slots->n; t++) {
                struct doing doing = doing_in(&cuts, slots->edges[t], slots->edges[t + 1]);
                double worth = values[t] / store->discharge_efficiency;

                if (doing.gives_all && power[t] > worth)
                        power[t] = worth;
                else if (all && doing.gives_some)
                        power[t] = worth;
                else if (all && doing.takes_some)
                        power[t] = values[t] * store->charge_efficiency;
                else
                        continue;
                *any = true;
        }
        cuts_finish(&cuts);
        return code;
}

static int try_prices(struct joint *joint, bool all)
{
        bool any = false;
        int code = 0;

        for (uint32_t s = 0; code == 0 && s < joint->problem->n_sites; s++)
                if (joint->problem->sites[s].store != NULL)
                        code = price_by_store(joint, s, all, &any);
        return code == 0 && any ? passes_try_bound(&joint->prices) : code;
}

int prove_beside_best(struct joint *joint)
{
        struct prices *prices = &joint->prices.prices;
        struct price_set kept;
        int code = price_set_init(&kept, prices->base.n);

        if (code == 0) {
                price_set_copy(&kept, &prices->base);
                price_set_copy(&prices->base, &joint->prices.proof);
                code = try_prices(joint, false);
                if (code == 0)
                        code = try_prices(joint, true);
                price_set_copy(&prices->base, &kept);
        }
        price_set_finish(&kept);
        return code;
}
