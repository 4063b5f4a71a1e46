/* SPDX-License-Identifier: Apache-2.0 */
/* answer_profile.c - what was measured of jobs of a name, and what plans make of it: all of them, or those of a job. */
#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "core/caps.h"
#include "core/profile.h"
#include "io/answer_parts.h"

#define PPM 1e6

/* What was seen in one mode; null: nothing. */
static json_t *seen(struct answer *answer, const struct profile_point *point)
{
        json_t *object;

        if (point == NULL)
                return json_null();
        object = json_object();
        answer_put(answer, object, "ran_s", json_integer(point->ran_s));
        answer_put(answer, object, "speed",
                   point->ran_s > 0 ? answer_real(point->work_s / (double)point->ran_s) : json_null());
        answer_put(answer, object, "metered_s", json_integer(point->metered_ms / 1000));
        answer_put(answer, object, "power_w",
                   answer_known(point->metered_ms > 0, point->metered_ms > 0 ? point->joules * 1000 / point->metered_ms : 0));
        return object;
}

static json_t *mode(struct answer *answer, const struct job_profile *profile, const struct profile_width *width,
                    uint32_t level)
{
        int64_t speed_ppm = profile->cap_speed_ppm[level], power_ppm = profile->cap_power_ppm[level];
        bool speed = width->speed_ppm > 0 && speed_ppm > 0, power = width->power_w > 0 && power_ppm > 0;
        json_t *object = json_object();

        answer_put(answer, object, "gpus", json_integer(width->gpus));
        answer_put(answer, object, "cap", level > 0 ? answer_real((double)caps_ppm(level) / PPM) : json_null());
        answer_put(answer, object, "supposed_speed", answer_real((double)width->seed_ppm / PPM * caps_speed(level)));
        answer_put(answer, object, "speed",
                   speed ? answer_real((double)width->speed_ppm / PPM * (double)speed_ppm / PPM) : json_null());
        answer_put(answer, object, "power_w",
                   answer_known(power, (int64_t)((double)width->power_w * (double)power_ppm / PPM + 0.5)));
        answer_put(answer, object, "measured", seen(answer, profile_point(profile, width->gpus, level)));
        return object;
}

/* How long the next run as asked for is thought to take. */
static int64_t takes_s(const struct job_profile *profile)
{
        for (uint32_t i = 0; i < profile->n_widths; i++)
                if (profile->widths[i].gpus == profile->gpus && profile->widths[i].speed_ppm > 0)
                        return (int64_t)((double)profile->time_s * PPM / (double)profile->widths[i].speed_ppm + 0.5);
        return 0;
}

static json_t *one(struct answer *answer, const struct job_profile *profile)
{
        json_t *object = json_object(), *modes = json_array();
        bool known = profile->knows_time && takes_s(profile) > 0;

        answer_put(answer, object, "name", answer_text(profile->name));
        answer_put(answer, object, "class", answer_text(profile->class != NULL ? profile->class : "default"));
        answer_put(answer, object, "uid", json_integer(profile->uid));
        answer_put(answer, object, "gpus", json_integer(profile->gpus));
        answer_put(answer, object, "time_s", json_integer(profile->time_s));
        answer_put(answer, object, "takes_s", answer_known(known, takes_s(profile)));
        answer_put(answer, object, "submitted_utc", answer_utc(profile->used_at));
        for (uint32_t i = 0; i < profile->n_widths; i++)
                for (uint32_t level = 0; level < CAPS_LEVELS; level++)
                        answer_add(answer, modes, mode(answer, profile, &profile->widths[i], level));
        answer_put(answer, object, "modes", modes);
        return object;
}

/* Of the job's name, class and owner: its own first. */
static void list_of_job(struct answer *answer, const struct job *job, json_t *list)
{
        const struct state *state = answer->state;
        const struct job_profile *own = profile_of(state, job);

        if (own != NULL)
                answer_add(answer, list, one(answer, own));
        for (uint32_t i = 0; i < state->n_profiles; i++)
                if (&state->profiles[i] != own && profile_is_named(&state->profiles[i], job))
                        answer_add(answer, list, one(answer, &state->profiles[i]));
}

static int fill_job(struct answer *answer, json_t *list, struct offpeak_error *err)
{
        const struct job *job;
        int code = answer_argument_job(answer, &job, err);

        if (code != 0)
                return code;
        if (job->spec.name == NULL || job->spec.name[0] == '\0')
                return fail(err, OFFPEAK_ENOTFOUND,
                            "job %" PRIu64 " has no name, and what jobs do is kept by name: submit it with --job-name",
                            job->id);
        answer_put(answer, answer->root, "job", json_integer((json_int_t)job->id));
        list_of_job(answer, job, list);
        return 0;
}

int answer_profile(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "job", NULL };
        json_t *list = json_array();
        int code = answer_expect(answer, names, err);

        if (code == 0 && json_object_get(answer->arguments, "job") != NULL)
                code = fill_job(answer, list, err);
        else
                for (uint32_t i = 0; code == 0 && i < answer->state->n_profiles; i++)
                        answer_add(answer, list, one(answer, &answer->state->profiles[i]));
        answer_put(answer, answer->root, "profiles", list);
        return code;
}
