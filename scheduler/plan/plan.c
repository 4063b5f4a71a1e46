/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <math.h>
#include <stdlib.h>

const char *plan_reason_name(enum plan_reason reason)
{
        switch (reason) {
        case PLAN_CHEAPEST:
                return "cheapest";
        case PLAN_AT_ONCE:
                return "at once";
        case PLAN_DEADLINE:
                return "deadline";
        case PLAN_CROWDED:
                return "crowded";
        case PLAN_NO_PRICE:
                return "no price";
        case PLAN_LATE:
                return "late";
        case PLAN_BEYOND:
                return "beyond the horizon";
        case PLAN_RUNNING:
                return "running";
        case PLAN_IMPOSSIBLE:
                return "impossible";
        case PLAN_AFTER:
                return "after others";
        case PLAN_MONTH:
                return "gpu hours";
        case PLAN_PINNED:
                return "pinned";
        }
        return "unknown";
}

void plan_init(struct plan *plan)
{
        *plan = (struct plan){ .bound = -INFINITY };
}

void plan_multipliers_finish(struct plan_multipliers *multipliers)
{
        free(multipliers->edges);
        free(multipliers->power);
        free(multipliers->gpus);
        free(multipliers->limits);
        free(multipliers->demand);
        free(multipliers->storage);
        *multipliers = (struct plan_multipliers){ 0 };
}

void plan_multipliers_take(struct plan_multipliers *to, struct plan *plan)
{
        plan_multipliers_finish(to);
        *to = plan->multipliers;
        plan->multipliers = (struct plan_multipliers){ 0 };
}

void plan_finish(struct plan *plan)
{
        free(plan->jobs);
        free(plan->intervals);
        free(plan->flows);
        plan_multipliers_finish(&plan->multipliers);
        plan_init(plan);
}
