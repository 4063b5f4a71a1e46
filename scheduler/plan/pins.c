/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/pins.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/when.h"
#include "plan/capacities.h"
#include "plan/supply_rate.h"
#include "plan/timeline.h"

/* The first span on which a capacity has less than is used of it: refuse it. */
static int check_spans(const struct timeline *timeline, struct offpeak_error *err)
{
        char at[WHEN_TEXT_SIZE];

        for (size_t i = 0; i < timeline->n; i++) {
                const struct span *span = &timeline->spans[i];
                double watts = (double)span->power / 1000, facility_w = site_facility_w(timeline->site, watts);
                double given = timeline->site->store != NULL ? timeline->site->store->discharge_w : 0;
                double limit = supply_firm_limit(span->step) + given;

                if (span->gpus > (int64_t)span->step->gpus)
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s at %s: jobs that are pinned need %" PRId64 " GPUs, there are %u: unpin one of them",
                                    timeline->site->name, when_format_utc(span->start, at), span->gpus, span->step->gpus);
                if (watts > 0 && facility_w > limit * (1 + 1e-9) + 1e-2)
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s at %s: jobs that are pinned draw %.0f W with the site, the limit is %.0f W: unpin one of "
                                    "them",
                                    timeline->site->name, when_format_utc(span->start, at), facility_w,
                                    limit);
        }
        return 0;
}

static int add_pins(const struct plan_problem *problem, const struct capacities *capacities, uint32_t c,
                    struct timeline *timeline)
{
        for (size_t j = 0; j < problem->n_jobs; j++)
                for (size_t i = 0; problem->jobs[j].pinned && i < problem->jobs[j].n_kept; i++) {
                        const struct plan_interval *kept = &problem->jobs[j].kept[i];
                        const struct plan_mode *mode = &problem->jobs[j].modes[kept->mode];
                        uint32_t used[CAPACITIES_OF_ONE];
                        size_t n = capacities_of(capacities, kept->site, mode, used);

                        for (size_t u = 0; u < n; u++)
                                if (used[u] == c && timeline_add(timeline, kept->start, kept->end, mode) != 0)
                                        return OFFPEAK_ENOMEM;
                }
        return 0;
}

static bool has_pins(const struct plan_problem *problem)
{
        for (size_t j = 0; j < problem->n_jobs; j++)
                if (problem->jobs[j].pinned)
                        return true;
        return false;
}

int pins_check(const struct plan_problem *problem, struct offpeak_error *err)
{
        struct capacities capacities;
        int code = 0;

        if (!has_pins(problem))
                return 0;
        if (capacities_init(&capacities, problem) != 0)
                return fail(err, OFFPEAK_ENOMEM, "checking what is pinned: out of memory");
        for (uint32_t c = 0; code == 0 && c < capacities.n; c++) {
                struct timeline timeline = { 0 };

                if (timeline_init(&timeline, capacities.at[c]) != 0 || add_pins(problem, &capacities, c, &timeline) != 0)
                        code = fail(err, OFFPEAK_ENOMEM, "checking what is pinned: out of memory");
                else
                        code = check_spans(&timeline, err);
                timeline_finish(&timeline);
        }
        capacities_finish(&capacities);
        return code;
}
