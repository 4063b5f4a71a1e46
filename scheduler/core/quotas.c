/* SPDX-License-Identifier: Apache-2.0 */
#include "core/quotas.h"

#include <stdlib.h>
#include <string.h>

#include "core/usage.h"
#include "core/width.h"

uint32_t quotas_in_use(const struct state *state, const struct policy_class *class)
{
        uint32_t gpus = 0;

        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE &&
                    state_class(state, state_open_job(state, i)) == class)
                        gpus += width_held(state_open_job(state, i));
        return gpus;
}

/* The planned hours of a class's other jobs, as changes in order of time. */
static int collect_usage(const struct state *state, const struct policy_class *class, const struct job *beside,
                               int64_t now, struct usage **ret_usage, size_t *ret_n)
{
        for (size_t j = 0; j < state->n_open; j++) {
                const struct job *job = state_open_job(state, j);

                if (job->id == beside->id || job->state >= OFFPEAK_JOB_DONE || job->held ||
                    state_class(state, job) != class)
                        continue;
                for (uint32_t i = 0; i < job->n_planned; i++) {
                        const struct plan_interval *interval = &job->planned[i];
                        int64_t gpus = width_gpus(&job->spec, interval->mode);

                        if (interval->end > now &&
                            (usage_add(ret_usage, ret_n, interval->start > now ? interval->start : now, gpus, 0) != 0 ||
                             usage_add(ret_usage, ret_n, interval->end, -gpus, 0) != 0))
                                return OFFPEAK_ENOMEM;
                }
        }
        return usage_sort(*ret_usage, *ret_n);
}

/* What a quota leaves over time, others' hours taken out. */
static int fill_steps(struct plan_limit *limit, uint32_t quota, const struct usage *usage, size_t n_usage,
                            int64_t now, int64_t horizon)
{
        struct plan_limit_step *steps = calloc(n_usage + 1, sizeof(*steps));
        int64_t used = 0;
        size_t n = 0;

        if (steps == NULL)
                return OFFPEAK_ENOMEM;
        steps[n++] = (struct plan_limit_step){ now, quota };
        for (size_t i = 0; i < n_usage && usage[i].at < horizon; i++) {
                used += usage[i].gpus;
                if (usage[i].at > steps[n - 1].start)
                        steps[n++].start = usage[i].at;
                steps[n - 1].gpus = used < (int64_t)quota ? quota - (uint32_t)used : 0;
        }
        limit->steps = steps;
        limit->n_steps = n;
        return 0;
}

static int add_limit(struct quotas *quotas, const struct state *state, const struct policy_class *class,
                     const struct job *beside, int64_t now, int64_t horizon)
{
        uint32_t running = quotas_in_use(state, class);
        struct usage *usage = NULL;
        size_t n_usage = 0;
        int code = beside != NULL ? collect_usage(state, class, beside, now, &usage, &n_usage) : 0;

        if (code == 0)
                code = fill_steps(&quotas->limits[quotas->n], running > class->quota_gpus ? running : class->quota_gpus,
                                  usage, n_usage, now, horizon);
        free(usage);
        if (code == 0)
                quotas->limits[quotas->n].name = strdup(class->name); /* classes may change while the planner thinks */
        quotas->n += code == 0;
        return code == 0 && quotas->limits[quotas->n - 1].name == NULL ? OFFPEAK_ENOMEM : code;
}

int quotas_init(struct quotas *quotas, const struct state *state, const struct job *beside, int64_t now, int64_t horizon)
{
        int code = 0;

        *quotas = (struct quotas){ .limits = calloc(PLAN_MAX_LIMITS, sizeof(*quotas->limits)) };
        if (quotas->limits == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t c = 0; code == 0 && c < state->policy.n_classes && quotas->n < PLAN_MAX_LIMITS; c++)
                if (state->policy.classes[c].quota_gpus > 0)
                        code = add_limit(quotas, state, &state->policy.classes[c], beside, now, horizon);
        quotas->n_classes = quotas->n;
        return code;
}

void quotas_finish(struct quotas *quotas)
{
        for (size_t l = 0; l < quotas->n; l++) {
                free((void *)quotas->limits[l].steps);
                free((void *)quotas->limits[l].name);
        }
        free(quotas->limits);
        *quotas = (struct quotas){ 0 };
}

uint64_t quotas_bit(const struct quotas *quotas, const struct policy_class *class)
{
        for (size_t l = 0; l < quotas->n_classes; l++)
                if (strcmp(quotas->limits[l].name, class->name) == 0)
                        return UINT64_C(1) << l;
        return 0;
}
