/* SPDX-License-Identifier: Apache-2.0 */
#include "core/profile.h"

#include <string.h>

#include "core/width.h"

/* Seen that long more, and that much, a point is worth a new fit. */
enum { FIT_AFTER_S = 300, FIT_GROWTH_PERCENT = 25 };

static bool same_text(const char *a, const char *b)
{
        return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

bool profile_is_named(const struct job_profile *profile, const struct job *job)
{
        return profile->uid == job->uid && same_text(profile->name, job->spec.name) &&
               same_text(profile->class, job->spec.class_name);
}

struct job_profile *profile_find(const struct state *state, const struct job_profile *key)
{
        for (uint32_t i = 0; i < state->n_profiles; i++) {
                struct job_profile *profile = &state->profiles[i];

                if (profile->uid == key->uid && profile->gpus == key->gpus && profile->time_s == key->time_s &&
                    same_text(profile->name, key->name) && same_text(profile->class, key->class))
                        return profile;
        }
        return NULL;
}

static bool has_name(const struct job *job)
{
        return job->spec.name != NULL && job->spec.name[0] != '\0';
}

/* As profile_of has it, whatever was kept. */
static struct job_profile *look_up(const struct state *state, const struct job *job)
{
        const struct job_profile key = { .uid = job->uid,
                                     .class = job->spec.class_name,
                                     .name = job->spec.name,
                                     .gpus = width_gpus(&job->spec, 0),
                                     .time_s = job->spec.time_s };

        return has_name(job) ? profile_find(state, &key) : NULL;
}

static bool is_open(const struct job *job)
{
        return job->state <= OFFPEAK_JOB_ACTIVE;
}

/* It is asked at each report of each job that runs: those know theirs. */
struct job_profile *profile_of(const struct state *state, const struct job *job)
{
        if (!is_open(job))
                return look_up(state, job);
        return job->profile < state->n_profiles ? &state->profiles[job->profile] : NULL;
}

static uint32_t index_of(const struct state *state, const struct job_profile *profile)
{
        return profile != NULL ? (uint32_t)(profile - state->profiles) : NONE_U32;
}

void profile_bind(const struct state *state, struct job *job)
{
        job->profile = index_of(state, look_up(state, job));
}

bool profile_is_bound(const struct state *state, const struct job *job)
{
        return !is_open(job) || job->profile == index_of(state, look_up(state, job));
}

const struct job_profile *profile_guide(const struct state *state, const struct job *job)
{
        const struct job_profile *own = profile_of(state, job), *last = NULL;

        if (own != NULL && own->fitted_index > 0)
                return own;
        for (uint32_t i = 0; has_name(job) && i < state->n_profiles; i++) {
                const struct job_profile *profile = &state->profiles[i];

                if (profile_is_named(profile, job) && profile->fitted_index > (last != NULL ? last->fitted_index : 0))
                        last = profile;
        }
        return last;
}

const struct profile_point *profile_point(const struct job_profile *profile, uint32_t gpus, uint32_t level)
{
        for (uint32_t i = 0; i < profile->n_points; i++)
                if (profile->points[i].gpus == gpus && profile->points[i].level == level)
                        return &profile->points[i];
        return NULL;
}

/* ---- due */

static bool has_grown(int64_t now, int64_t fitted, int64_t least)
{
        return now >= least && now - fitted >= least / 2 && now * 100 >= fitted * (100 + FIT_GROWTH_PERCENT);
}

bool profile_is_due(const struct job_profile *profile)
{
        for (uint32_t i = 0; i < profile->n_points; i++) {
                const struct profile_point *point = &profile->points[i];

                if (has_grown(point->ran_s, point->fitted_ran_s, FIT_AFTER_S) ||
                    has_grown(point->metered_ms, point->fitted_ms, FIT_AFTER_S * 1000))
                        return true;
        }
        return false;
}
