/* SPDX-License-Identifier: Apache-2.0 */
/* apply_profile.c - what changes profiles: submissions, what jobs were seen to do, fits; and who goes by them. */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/room.h"
#include "core/width.h"

/* What is kept: of a cluster's jobs the names that were used last, of a name as many widths as a job can have. */
enum { PROFILES_KEPT = 2000, WIDTHS_KEPT = 2 * (OFFPEAK_MAX_WIDTHS + 1) };

/* From the decision on a cap until a node's cards have it; and by how much its clock may differ. */
enum { CAP_LAG_S = 5, CLOCKS_S = 1 };

/* No job draws as much: a sensor that says so is wrong. */
#define MOST_W INT64_C(10000000000)

void profile_look_if_due(struct state *state)
{
        state->learn_due = false;
        for (uint32_t i = 0; i < state->n_profiles && !state->learn_due; i++)
                state->learn_due = profile_is_due(&state->profiles[i]);
}

/* ---- a fit */

static void take_widths(struct job_profile *profile, const struct job_profile *fitted)
{
        for (uint32_t i = 0; i < fitted->n_widths; i++)
                for (uint32_t k = 0; k < profile->n_widths; k++)
                        if (profile->widths[k].gpus == fitted->widths[i].gpus) {
                                profile->widths[k].speed_ppm = fitted->widths[i].speed_ppm;
                                profile->widths[k].power_w = fitted->widths[i].power_w;
                        }
}

int profile_teach_all(struct state *state, const struct job_profile *profile)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < state->n_open; i++)
                if (profile_is_named(profile, state_open_job(state, i)))
                        code = profile_teach(state, state_open_job(state, i));
        return code;
}

int profile_take_fit(struct state *state, const struct job_profile *fitted, uint64_t index)
{
        struct job_profile *profile = profile_find(state, fitted);

        if (profile == NULL)
                return OFFPEAK_EINVAL;
        take_widths(profile, fitted);
        memcpy(profile->cap_speed_ppm, fitted->cap_speed_ppm, sizeof(profile->cap_speed_ppm));
        memcpy(profile->cap_power_ppm, fitted->cap_power_ppm, sizeof(profile->cap_power_ppm));
        profile->fitted_index = index;
        profile->knows_time = fitted->knows_time;
        for (uint32_t i = 0; i < profile->n_points; i++) {
                profile->points[i].fitted_ran_s = profile->points[i].ran_s;
                profile->points[i].fitted_ms = profile->points[i].metered_ms;
        }
        profile_look_if_due(state);
        return profile_teach_all(state, profile);
}

/* ---- a submission */

/* That no open job has: of those the one that was used last longest ago. NONE_U32: none, or no memory to look. */
static uint32_t find_oldest(const struct state *state)
{
        bool *used = calloc(state->n_profiles + 1, sizeof(*used));
        uint32_t oldest = NONE_U32;

        for (size_t i = 0; used != NULL && i < state->n_open; i++)
                if (state_open_job(state, i)->profile < state->n_profiles)
                        used[state_open_job(state, i)->profile] = true;
        for (uint32_t i = 0; used != NULL && i < state->n_profiles; i++)
                if (!used[i] && (oldest == NONE_U32 || state->profiles[i].used_at < state->profiles[oldest].used_at))
                        oldest = i;
        free(used);
        return oldest;
}

/* Those of its name may have gone by it. */
static int drop(struct state *state, uint32_t index)
{
        struct job_profile dropped = state->profiles[index];
        int code;

        state->n_profiles--;
        memmove(&state->profiles[index], &state->profiles[index + 1], (state->n_profiles - index) * sizeof(dropped));
        memset(&state->profiles[state->n_profiles], 0, sizeof(dropped));
        for (size_t i = 0; i < state->n_open; i++) {
                struct job *job = state_open_job(state, i);

                if (job->profile != NONE_U32 && job->profile > index)
                        job->profile--;
        }
        profile_look_if_due(state);
        code = profile_teach_all(state, &dropped);
        profile_finish(&dropped);
        return code;
}

static struct job_profile *make_profile(struct state *state, const struct job *job)
{
        struct job_profile *profile;
        uint32_t oldest = state->n_profiles >= PROFILES_KEPT ? find_oldest(state) : NONE_U32;

        if (oldest != NONE_U32 && drop(state, oldest) != 0)
                return NULL;
        profile = room_for_one((void **)&state->profiles, state->n_profiles, sizeof(*profile));
        if (profile == NULL || copy_text(job->spec.name, &profile->name) != 0 ||
            copy_text(job->spec.class_name, &profile->class) != 0)
                return NULL;
        profile->uid = job->uid;
        profile->gpus = width_gpus(&job->spec, 0);
        profile->time_s = job->spec.time_s;
        state->n_profiles++;
        for (size_t i = 0; i < state->n_open; i++) /* those of logs from before there were profiles have it, too */
                if (profile_is_named(profile, state_open_job(state, i)))
                        profile_bind(state, state_open_job(state, i));
        return profile;
}

/* Where it stands, or would: ascending. */
static uint32_t place_of(const struct job_profile *profile, uint32_t gpus)
{
        uint32_t at = 0;

        while (at < profile->n_widths && profile->widths[at].gpus < gpus)
                at++;
        return at;
}

static int take_seed(struct job_profile *profile, const struct offpeak_width *width)
{
        uint32_t gpus = width->nodes * width->gpus_per_node, at = place_of(profile, gpus);

        if (at == profile->n_widths || profile->widths[at].gpus != gpus) {
                if (profile->n_widths >= WIDTHS_KEPT)
                        return 0;
                if (room_for_one((void **)&profile->widths, profile->n_widths, sizeof(*profile->widths)) == NULL)
                        return OFFPEAK_ENOMEM;
                memmove(&profile->widths[at + 1], &profile->widths[at],
                        (profile->n_widths - at) * sizeof(*profile->widths));
                profile->widths[at] = (struct profile_width){ .gpus = gpus };
                profile->n_widths++;
        }
        profile->widths[at].seed_ppm = width->speed_ppm;
        profile->widths[at].seed_w = width->power_w;
        return 0;
}

int profile_open(struct state *state, struct job *job)
{
        struct job_profile *profile;
        struct offpeak_width asked = { job->spec.nodes, job->spec.gpus_per_node, 1000000, job->spec.power_w };
        int code;

        profile_bind(state, job);
        profile = profile_of(state, job);
        if (job->spec.name == NULL || job->spec.name[0] == '\0')
                return 0;
        if (profile == NULL)
                profile = make_profile(state, job);
        if (profile == NULL)
                return OFFPEAK_ENOMEM;
        job->profile = (uint32_t)(profile - state->profiles);
        profile->used_at = job->submitted_at;
        code = take_seed(profile, &asked);
        for (size_t i = 0; code == 0 && i < job->spec.n_widths; i++)
                code = take_seed(profile, &job->spec.widths[i]);
        return code == 0 ? profile_teach(state, job) : code;
}

/* ---- what was seen */

static struct profile_point *point_of(struct job_profile *profile, const struct job *job, uint32_t mode)
{
        uint32_t gpus = width_gpus(&job->spec, mode), level = width_level(&job->spec, mode);
        struct profile_point *point = (struct profile_point *)profile_point(profile, gpus, level);

        if (point != NULL)
                return point;
        point = room_for_one((void **)&profile->points, profile->n_points, sizeof(*point));
        if (point == NULL)
                return NULL;
        point->gpus = gpus;
        point->level = level;
        profile->n_points++;
        return point;
}

static int add_work(struct state *state, const struct job *job, int64_t seconds, double work_s)
{
        struct job_profile *profile = profile_of(state, job);
        struct profile_point *point;

        if (profile == NULL || seconds <= 0 || work_s <= 0)
                return 0;
        point = point_of(profile, job, job->attempt.mode);
        if (point == NULL)
                return OFFPEAK_ENOMEM;
        point->ran_s += seconds;
        point->work_s += work_s;
        state->learn_due = state->learn_due || profile_is_due(profile);
        return 0;
}

/* From a report behind the start to the next one: a start makes no progress, and would have the job look slow. */
int profile_note_progress(struct state *state, struct job *job, double fraction, int64_t at)
{
        const struct policy_class *class = state_class(state, job);
        struct attempt *attempt = &job->attempt;
        int64_t seconds = attempt->mark_at != 0 ? at - attempt->mark_at : 0;
        double work_s = (fraction - attempt->mark_fraction) * (double)job->spec.time_s;

        if (job->state != OFFPEAK_JOB_ACTIVE || attempt->state != ATTEMPT_GOING || class == NULL ||
            at < attempt->launched_at + class->start_cost_s)
                return 0;
        attempt->mark_at = at;
        attempt->mark_fraction = fraction;
        return add_work(state, job, seconds, work_s);
}

int profile_note_done(struct state *state, const struct job *job)
{
        const struct policy_class *class = state_class(state, job);
        bool in_one = job->attempts == 1 && job->attempt.made_s <= 0;

        return job->fraction_reported || !in_one || class == NULL
                       ? 0
                       : add_work(state, job, job->ran_s - class->start_cost_s, (double)job->spec.time_s);
}

/*
 * In which mode it was drawn, if all of it was in one; false: that is not so, or its start is not behind it, which draws
 * as it likes. A node changes caps a little after it was decided, and readings of the mode before come later still.
 */
static bool find_mode(const struct state *state, const struct job *job, const struct booking *booking, uint32_t *ret_mode)
{
        const struct policy_class *class = state_class(state, job);
        const struct attempt *attempt = &job->attempt;

        if (job->state != OFFPEAK_JOB_ACTIVE || attempt->state != ATTEMPT_GOING || class == NULL ||
            booking->start < attempt->launched_at + class->start_cost_s)
                return false;
        *ret_mode = booking->start + CLOCKS_S >= attempt->mode_since ? attempt->mode : attempt->mode_before;
        return booking->start + CLOCKS_S >= attempt->mode_since ||
               (attempt->before_since != 0 && booking->start + CLOCKS_S >= attempt->before_since &&
                booking->end <= attempt->mode_since + CAP_LAG_S);
}

/* By a sensor, and no more than any job could draw. */
static bool is_believable(const struct booking *booking)
{
        return booking->quality == QUALITY_MEASURED && booking->joules / MOST_W <= booking->end - booking->start;
}

int profile_note_energy(struct state *state, const struct job *job, const struct booking *booking)
{
        struct job_profile *profile = NULL;
        struct profile_point *point;
        uint32_t mode = 0;

        if (is_believable(booking) && find_mode(state, job, booking, &mode))
                profile = profile_of(state, job);
        if (profile == NULL)
                return 0;
        point = point_of(profile, job, mode);
        if (point == NULL)
                return OFFPEAK_ENOMEM;
        point->metered_ms += (booking->end - booking->start) * 1000 / job->attempt.n_legs; /* each leg books its own */
        point->joules += booking->joules;
        state->learn_due = state->learn_due || profile_is_due(profile);
        return 0;
}
