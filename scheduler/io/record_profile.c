/* SPDX-License-Identifier: Apache-2.0 */
/* record_profile.c - what jobs of a name were seen to do, as parts and back. */
#include "io/record_fields.h"

#include <string.h>

/* ---- outwards */

static Log__ProfilePoint **point_parts(struct arena *arena, const struct profile_point *from, size_t n)
{
        Log__ProfilePoint **to = record_parts_new(arena, &log__profile_point__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->gpus = from[i].gpus;
                to[i]->level = from[i].level;
                to[i]->ran_s = from[i].ran_s;
                to[i]->work_s = from[i].work_s;
                to[i]->metered_ms = from[i].metered_ms;
                to[i]->joules = from[i].joules;
                to[i]->fitted_ran_s = from[i].fitted_ran_s;
                to[i]->fitted_ms = from[i].fitted_ms;
        }
        return to;
}

static Log__ProfileWidth **profile_width_parts(struct arena *arena, const struct profile_width *from, size_t n)
{
        Log__ProfileWidth **to = record_parts_new(arena, &log__profile_width__descriptor, n);

        for (size_t i = 0; to != NULL && i < n; i++) {
                to[i]->gpus = from[i].gpus;
                to[i]->seed_ppm = from[i].seed_ppm;
                to[i]->seed_w = from[i].seed_w;
                to[i]->speed_ppm = from[i].speed_ppm;
                to[i]->power_w = from[i].power_w;
        }
        return to;
}

void record_fill_profile(struct arena *arena, Log__Profile *to, const struct job_profile *from)
{
        to->uid = from->uid;
        to->class_name = record_text(from->class);
        to->name = record_text(from->name);
        to->gpus = from->gpus;
        to->time_s = from->time_s;
        to->used_at = from->used_at;
        to->fitted_index = from->fitted_index;
        to->knows_time = from->knows_time;
        to->n_points = from->n_points;
        to->points = point_parts(arena, from->points, from->n_points);
        to->n_widths = from->n_widths;
        to->widths = profile_width_parts(arena, from->widths, from->n_widths);
        to->n_cap_speed_ppm = to->n_cap_power_ppm = CAPS_LEVELS;
        to->cap_speed_ppm = (int64_t *)(uintptr_t)from->cap_speed_ppm;
        to->cap_power_ppm = (int64_t *)(uintptr_t)from->cap_power_ppm;
}

/* ---- inwards */

static void take_caps(struct taker *taker, const int64_t *from, size_t n, int64_t to[CAPS_LEVELS])
{
        if (n == CAPS_LEVELS)
                memcpy(to, from, CAPS_LEVELS * sizeof(*to));
        else
                taker->wrong = "profile.caps";
}

static void take_profile_points(struct taker *taker, const Log__Profile *from, struct job_profile *to)
{
        to->points = record_take_memory(taker, from->n_points, sizeof(*to->points));
        to->n_points = to->points != NULL ? (uint32_t)from->n_points : 0;
        for (uint32_t i = 0; i < to->n_points; i++)
                to->points[i] = (struct profile_point){ .gpus = from->points[i]->gpus,
                                                        .level = record_take_enum(taker, from->points[i]->level, 0,
                                                                           CAPS_LEVELS - 1, "profile.level"),
                                                        .ran_s = from->points[i]->ran_s,
                                                        .work_s = from->points[i]->work_s,
                                                        .metered_ms = from->points[i]->metered_ms,
                                                        .joules = from->points[i]->joules,
                                                        .fitted_ran_s = from->points[i]->fitted_ran_s,
                                                        .fitted_ms = from->points[i]->fitted_ms };
}

void record_take_profile(struct taker *taker, const Log__Profile *from, struct job_profile *to)
{
        to->uid = from->uid;
        to->class = record_take_optional(taker, from->class_name);
        to->name = record_take_text(taker, from->name);
        to->gpus = from->gpus;
        to->time_s = from->time_s;
        to->used_at = from->used_at;
        to->fitted_index = from->fitted_index;
        to->knows_time = from->knows_time;
        take_profile_points(taker, from, to);
        to->widths = record_take_memory(taker, from->n_widths, sizeof(*to->widths));
        to->n_widths = to->widths != NULL ? (uint32_t)from->n_widths : 0;
        for (uint32_t i = 0; i < to->n_widths; i++)
                to->widths[i] = (struct profile_width){ from->widths[i]->gpus, from->widths[i]->seed_ppm,
                                                        from->widths[i]->seed_w, from->widths[i]->speed_ppm,
                                                        from->widths[i]->power_w };
        take_caps(taker, from->cap_speed_ppm, from->n_cap_speed_ppm, to->cap_speed_ppm);
        take_caps(taker, from->cap_power_ppm, from->n_cap_power_ppm, to->cap_power_ppm);
}
