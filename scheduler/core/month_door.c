/* SPDX-License-Identifier: Apache-2.0 */
#include "core/month_door.h"

#include <stdlib.h>

#include "core/due.h"
#include "core/month.h"
#include "core/work.h"

static bool any_quota(const struct policy *policy)
{
        for (size_t c = 0; c < policy->n_classes; c++)
                if (policy->classes[c].quota_gpu_hours > 0)
                        return true;
        return false;
}

static int64_t *left_of(const struct month_door *door, const struct policy_class *class)
{
        return &door->left[(size_t)(class - door->state->policy.classes) * door->n_months];
}

/* When its hours should be over, if it may begin at let_in; INT64_MAX: nobody says. */
static int64_t due_at(const struct state *state, const struct job *job, int64_t let_in)
{
        int64_t own = job->spec.deadline != 0 ? job->spec.deadline : INT64_MAX, latest = due_by_class(state, job, let_in);

        return latest != 0 && latest < own ? latest : own;
}

/* Behind the last month in which a job counts that is let into month m. */
static size_t last_of(const struct month_door *door, const struct job *job, size_t m)
{
        int64_t due = due_at(door->state, job, door->begins[m]);

        for (m++; m < door->n_months && door->begins[m] < due;)
                m++;
        return m;
}

static void take(struct month_door *door, const struct job *job, size_t m)
{
        const struct policy_class *class = state_class(door->state, job);
        size_t end = last_of(door, job, m);

        for (; m < end; m++)
                left_of(door, class)[m] -= month_need(door->state, job, class, door->wall);
}

static bool holds(const struct month_door *door, const struct job *job, size_t m)
{
        const struct policy_class *class = state_class(door->state, job);
        size_t end = last_of(door, job, m);

        for (; m < end; m++)
                if (left_of(door, class)[m] < month_need(door->state, job, class, door->wall))
                        return false;
        return true;
}

static int make_months(struct month_door *door)
{
        const struct policy *policy = &door->state->policy;

        for (int64_t begin = month_begin(door->wall); begin < door->horizon; begin = month_next(begin))
                door->n_months++;
        door->begins = calloc(door->n_months + 1, sizeof(*door->begins));
        door->left = calloc(door->n_months * policy->n_classes + 1, sizeof(*door->left));
        if (door->begins == NULL || door->left == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t m = 0; m < door->n_months; m++)
                door->begins[m] = m == 0 ? month_begin(door->wall) : month_next(door->begins[m - 1]);
        for (size_t c = 0; c < policy->n_classes; c++)
                for (size_t m = 0; m < door->n_months && policy->classes[c].quota_gpu_hours > 0; m++)
                        left_of(door, &policy->classes[c])[m] =
                                m == 0 ? month_left(door->state, &policy->classes[c], door->wall)
                                       : policy->classes[c].quota_gpu_hours * 3600;
        return 0;
}

int month_door_init(struct month_door *door, const struct state *state, int64_t wall, int64_t horizon, bool others,
                    const struct job *besides)
{
        *door = (struct month_door){ .state = state, .wall = wall, .horizon = horizon };
        if (!any_quota(&state->policy))
                return 0;
        if (make_months(door) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; others && i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (work_goes_on(job) && job != besides && state_class(state, job)->quota_gpu_hours > 0)
                        take(door, job, 0);
        }
        return 0;
}

void month_door_finish(struct month_door *door)
{
        free(door->begins);
        free(door->left);
        *door = (struct month_door){ 0 };
}

int64_t month_door_let_in(struct month_door *door, const struct job *job, int64_t earliest)
{
        if (door->left == NULL || state_class(door->state, job)->quota_gpu_hours == 0 || earliest >= door->horizon)
                return earliest;
        for (size_t m = 0; m < door->n_months; m++) {
                bool over = m + 1 < door->n_months && door->begins[m + 1] <= earliest;

                if (over || !holds(door, job, m))
                        continue;
                take(door, job, m);
                return earliest > door->begins[m] ? earliest : door->begins[m];
        }
        return INT64_MAX;
}

bool month_door_put_off(const struct state *state, const struct job *job, int64_t release, int64_t wall)
{
        return state_class(state, job)->quota_gpu_hours > 0 && release > wall && release > job->spec.begin &&
               release == month_begin(release);
}
