/* SPDX-License-Identifier: Apache-2.0 */
#include "core/month.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "core/copy.h"
#include "core/room.h"
#include "core/caps.h"
#include "core/width.h"
#include "core/work.h"

static int64_t begin_of(int64_t time, int later)
{
        struct when_civil civil = when_civil(time);
        int month = civil.month - 1 + later;
        struct when_civil first = { .year = civil.year + month / 12, .month = month % 12 + 1, .day = 1 };

        return when_from_civil(&first);
}

int64_t month_begin(int64_t time)
{
        return begin_of(time, 0);
}

int64_t month_next(int64_t time)
{
        return begin_of(time, 1);
}

/* Of the part of [from, to) that lies in the month that holds `to`. */
static int64_t held(int64_t gpus, int64_t from, int64_t to)
{
        int64_t begin = month_begin(to);

        from = from > begin ? from : begin;
        return to > from ? gpus * (to - from) : 0;
}

static struct month_use *find(const struct state *state, const char *class)
{
        for (uint32_t i = 0; i < state->n_month_uses; i++)
                if (strcmp(state->month_uses[i].class, class) == 0)
                        return &state->month_uses[i];
        return NULL;
}

int64_t month_used(const struct state *state, const struct policy_class *class, int64_t wall)
{
        const struct month_use *use = find(state, class->name);
        int64_t used = use != NULL && use->month == month_begin(wall) ? use->gpu_s : 0;

        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state == OFFPEAK_JOB_ACTIVE && state_class(state, job) == class)
                        used += held(width_held(job), job->attempt.launched_at, wall);
        }
        return used;
}

int64_t month_left(const struct state *state, const struct policy_class *class, int64_t wall)
{
        if (class->quota_gpu_hours == 0)
                return INT64_MAX;
        return class->quota_gpu_hours * 3600 - month_used(state, class, wall);
}

static int64_t need_at(const struct job *job, uint32_t mode, const struct policy_class *class, int64_t wall)
{
        int64_t start = class->start_cost_s;

        if (work_goes_on(job) && job->attempt.mode == mode) {
                start = job->attempt.launched_at + class->start_cost_s - wall;
                start = start > 0 ? start : 0;
        }
        return width_gpus(&job->spec, mode) *
               (start + (int64_t)ceil(work_left(job, class, wall) / width_speed(job, mode)));
}

static bool caps_anywhere(const struct state *state, uint32_t level)
{
        for (uint32_t s = 0; s < state->n_sites; s++)
                if (caps_at_site(&state->sites[s], level))
                        return true;
        return false;
}

bool month_holds_cap(const struct job *job, const struct policy_class *class, uint32_t mode, int64_t wall)
{
        return class->quota_gpu_hours == 0 || need_at(job, mode, class, wall) <= class->quota_gpu_hours * 3600;
}

int64_t month_need(const struct state *state, const struct job *job, const struct policy_class *class, int64_t wall)
{
        int64_t most = 0;

        for (uint32_t mode = 0; mode < width_modes(&job->spec); mode++) {
                uint32_t level = width_level(&job->spec, mode);
                int64_t need;

                if (level > 0 && (!caps_in_class(class, level) || !caps_anywhere(state, level) ||
                                  !month_holds_cap(job, class, mode, wall)))
                        continue;
                need = need_at(job, mode, class, wall);
                most = need > most ? need : most;
        }
        return most;
}

static int64_t runs_out(const struct state *state, const struct policy_class *class, int64_t wall)
{
        int64_t left = month_left(state, class, wall), gpus = 0;

        if (left <= 0)
                return INT64_MAX; /* that it has already */
        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE &&
                    state_class(state, state_open_job(state, i)) == class)
                        gpus += width_held(state_open_job(state, i));
        if (gpus == 0)
                return INT64_MAX;
        wall += (left + gpus - 1) / gpus;
        return wall;
}

int64_t month_runs_out(const struct state *state, int64_t wall)
{
        int64_t first = INT64_MAX;

        for (size_t c = 0; c < state->policy.n_classes; c++) {
                const struct policy_class *class = &state->policy.classes[c];
                int64_t at = class->quota_gpu_hours > 0 ? runs_out(state, class, wall) : INT64_MAX;

                if (at < month_next(wall) && at < first)
                        first = at;
        }
        return first;
}

int month_add(struct state *state, const char *class, int64_t gpus, int64_t from, int64_t to)
{
        struct month_use *use = find(state, class);

        if (use == NULL) {
                use = room_for_one((void **)&state->month_uses, state->n_month_uses, sizeof(*use));
                if (use == NULL || copy_text(class, &use->class) != 0)
                        return OFFPEAK_ENOMEM;
                state->n_month_uses++;
        }
        if (month_begin(to) > use->month) {
                use->month = month_begin(to);
                use->gpu_s = 0;
        }
        use->gpu_s += held(gpus, from, to);
        return 0;
}

struct policy_class *month_lift(struct policy *policy)
{
        struct policy_class *classes = calloc(policy->n_classes + 1, sizeof(*classes));

        for (size_t c = 0; classes != NULL && c < policy->n_classes; c++) {
                classes[c] = policy->classes[c];
                classes[c].quota_gpu_hours = 0;
        }
        if (classes != NULL)
                policy->classes = classes;
        return classes;
}
