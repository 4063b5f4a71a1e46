/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/blockers.h"

#include <math.h>
#include <stdlib.h>

#include "plan/solo.h"
#include "plan/variant.h"

const char *blocker_name(enum blocker_limit limit)
{
        static const char *const names[N_BLOCKERS] = {
                "gpus", "power", "deadline", "min_run", "pauses", "begin", "site"
        };

        return limit < N_BLOCKERS ? names[limit] : "?";
}

/* True if the job has the limit at all, which is then away. */
static bool take_away(struct variant *variant, const struct lone_question *question, enum blocker_limit limit,
                      int *ret_code)
{
        const struct plan_job had = variant->job;

        *ret_code = 0;
        switch (limit) {
        case BLOCKER_GPUS:
                *ret_code = variant_take_gpus(variant, question->empty);
                return true;
        case BLOCKER_POWER:
                *ret_code = variant_take_power(variant, question->empty);
                return true;
        case BLOCKER_DEADLINE:
                variant->job.deadline = 0;
                return had.deadline != 0;
        case BLOCKER_MIN_RUN:
                variant->job.min_run_s = 0;
                return had.min_run_s > 0;
        case BLOCKER_STARTS:
                variant->job.max_starts = PLAN_ANY_STARTS;
                return had.max_starts != PLAN_ANY_STARTS;
        case BLOCKER_RELEASE:
                variant->job.release = variant->problem.now;
                return had.release > variant->problem.now;
        case BLOCKER_SITE:
                variant->job.sites = question->any_sites | had.sites;
                return variant->job.sites != had.sites;
        case N_BLOCKERS:
                break;
        }
        return false;
}

/* A difference that is worth telling. */
static bool is_worth(double saving, double cost)
{
        return saving > 1e-3 * fabs(cost) + 1e-9;
}

static int try_without(struct blockers *blockers, const struct lone_question *question, enum blocker_limit limit,
                       double least)
{
        struct blocker blocker = { .limit = limit };
        struct variant variant;
        bool found = false;
        int code = variant_init(&variant, question->problem);

        if (code != 0)
                return code;
        if (take_away(&variant, question, limit, &code) && code == 0) {
                code = solo_best_way(&variant.problem, &blocker.way);
                found = code == 0;
        }
        variant_finish(&variant);
        blocker.saving = least - blocker.way.terms.total;
        if (found && blocker.way.n > 0 && is_worth(blocker.saving, least)) {
                blocker.shortage = way_shortage(&blocker.way, question->problem);
                blockers->list[blockers->n++] = blocker;
        } else if (found) {
                way_finish(&blocker.way);
        }
        return code;
}

static int by_saving(const void *a, const void *b)
{
        const struct blocker *x = a, *y = b;

        if (x->saving != y->saving)
                return x->saving > y->saving ? -1 : 1;
        return (x->limit > y->limit) - (x->limit < y->limit);
}

int blockers_init(struct blockers *ret, const struct lone_question *question, double least)
{
        struct blockers found = { 0 };
        int code = 0;

        for (enum blocker_limit limit = 0; code == 0 && limit < N_BLOCKERS; limit++)
                code = try_without(&found, question, limit, least);
        if (code != 0) {
                blockers_finish(&found);
                return code;
        }
        qsort(found.list, found.n, sizeof(found.list[0]), by_saving);
        *ret = found;
        return 0;
}

void blockers_finish(struct blockers *blockers)
{
        for (size_t i = 0; i < blockers->n; i++)
                way_finish(&blockers->list[i].way);
        *blockers = (struct blockers){ 0 };
}
