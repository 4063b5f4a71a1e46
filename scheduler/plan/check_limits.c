/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/check_limits.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/when.h"

/* GPUs that come into use at a second, or go out of it. */
struct change {
        int64_t time, gpus;
};

/* In order of time; at one second those that leave first. */
static int by_time(const void *a, const void *b)
{
        const struct change *x = a, *y = b;

        if (x->time != y->time)
                return x->time < y->time ? -1 : 1;
        return x->gpus < y->gpus ? -1 : x->gpus > y->gpus;
}

static size_t collect(const struct plan_problem *problem, const struct plan *plan, size_t l, struct change *changes)
{
        size_t n = 0;

        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = plan->jobs[j].first; i < plan->jobs[j].first + plan->jobs[j].n; i++) {
                        const struct plan_interval *interval = &plan->intervals[i];
                        const struct plan_mode *mode = &problem->jobs[j].modes[interval->mode];

                        if ((mode->limits >> l & 1) == 0)
                                continue;
                        changes[n++] = (struct change){ interval->start, mode->gpus };
                        changes[n++] = (struct change){ interval->end, -(int64_t)mode->gpus };
                }
        qsort(changes, n, sizeof(*changes), by_time);
        return n;
}

static int refuse(const struct plan_limit *limit, int64_t time, int64_t used, uint32_t allowed,
                  struct offpeak_error *err)
{
        char at[WHEN_TEXT_SIZE];

        return fail(err, OFFPEAK_EINVAL, "limit %s at %s: %" PRId64 " GPUs are used, %u are allowed", limit->name,
                    when_format_utc(time, at), used, allowed);
}

/* Use changes at changes, what is allowed at steps: look after each. */
static int sweep(const struct plan_limit *limit, const struct change *changes, size_t n, struct offpeak_error *err)
{
        int64_t used = 0;

        for (size_t i = 0, t = 0; i < n || t < limit->n_steps;) {
                int64_t change = i < n ? changes[i].time : INT64_MAX;
                int64_t step = t < limit->n_steps ? limit->steps[t].start : INT64_MAX;
                int64_t now = change < step ? change : step;

                while (i < n && changes[i].time == now)
                        used += changes[i++].gpus;
                if (step == now)
                        t++;
                if (t > 0 && used > (int64_t)limit->steps[t - 1].gpus)
                        return refuse(limit, now, used, limit->steps[t - 1].gpus, err);
        }
        return 0;
}

int limits_check(const struct plan_problem *problem, const struct plan *plan, struct offpeak_error *err)
{
        struct change *changes = calloc(2 * plan->n_intervals + 1, sizeof(*changes));
        int code = 0;

        if (changes == NULL)
                return fail(err, OFFPEAK_ENOMEM, "checking the plan's limits: out of memory");
        for (size_t l = 0; code == 0 && l < problem->n_limits; l++)
                code = sweep(&problem->limits[l], changes, collect(problem, plan, l, changes), err);
        free(changes);
        return code;
}
