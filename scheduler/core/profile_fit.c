/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_fit.c - the four curves of a profile, each fitted in turn with the other of its two factors held.
 *
 * Speed and power go the same way: values at (width, level), a curve over widths and one over levels.
 */
#include "core/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/caps.h"
#include "core/concave.h"
#include "core/copy.h"

#define PPM 1e6

enum { ROUNDS = 3, MOST_WIDTHS = 2 * (OFFPEAK_MAX_WIDTHS + 1) };

/* What is supposed counts as if it had been seen for so long. */
#define SEED_S 600.0

/* That without a cap nothing is capped is known for good. */
#define CERTAIN_S 1e9

/* The curve over caps may fall steeply, and below nothing: what is there then is little, and not unknown (0). */
#define LEAST_CAP 0.01

/* Plans are made anew for what differs by more. */
#define NEWS_SHARE 0.02

/* Measured values and what is supposed, of speed or of power. */
struct sheet {
        size_t n;                                   /* widths */
        double gpus[MOST_WIDTHS];
        double value[MOST_WIDTHS][CAPS_LEVELS];     /* measured */
        double seconds[MOST_WIDTHS][CAPS_LEVELS];   /* for how long; 0: not */
        double seed[MOST_WIDTHS];                   /* without a cap, in any unit */
        double cap_seed[CAPS_LEVELS];               /* against no cap */
        double width[MOST_WIDTHS], cap[CAPS_LEVELS]; /* the curves */
};

static bool any_seen(const struct sheet *sheet)
{
        for (size_t i = 0; i < sheet->n; i++)
                for (unsigned level = 0; level < CAPS_LEVELS; level++)
                        if (sheet->seconds[i][level] > 0)
                                return true;
        return false;
}

/* The unit of what is supposed is that of what was measured: as it comes out over all that was. */
static void scale_seeds(struct sheet *sheet)
{
        double measured = 0, supposed = 0;

        for (size_t i = 0; i < sheet->n; i++)
                for (unsigned level = 0; level < CAPS_LEVELS; level++) {
                        measured += sheet->seconds[i][level] * sheet->value[i][level];
                        supposed += sheet->seconds[i][level] * sheet->seed[i] * sheet->cap_seed[level];
                }
        for (size_t i = 0; i < sheet->n; i++) {
                sheet->seed[i] *= measured / supposed;
                sheet->width[i] = sheet->seed[i];
        }
}

static void fit_widths(struct sheet *sheet)
{
        struct concave_point points[MOST_WIDTHS];

        for (size_t i = 0; i < sheet->n; i++) {
                double sum = SEED_S * sheet->seed[i], seconds = SEED_S;

                for (unsigned level = 0; level < CAPS_LEVELS; level++) {
                        sum += sheet->seconds[i][level] * sheet->value[i][level] / sheet->cap[level];
                        seconds += sheet->seconds[i][level];
                }
                points[i] = (struct concave_point){ sheet->gpus[i], sum / seconds, seconds };
        }
        concave_fit(points, sheet->n, true, sheet->width);
}

/* Caps descend with their level, points ascend. */
static void fit_caps(struct sheet *sheet)
{
        struct concave_point points[CAPS_LEVELS];
        double fitted[CAPS_LEVELS];

        for (unsigned level = 0; level < CAPS_LEVELS; level++) {
                double least = level == 0 ? CERTAIN_S : SEED_S;
                double sum = least * sheet->cap_seed[level], seconds = least;

                for (size_t i = 0; level > 0 && i < sheet->n; i++)
                        if (sheet->seconds[i][level] > 0 && sheet->width[i] > 0) {
                                sum += sheet->seconds[i][level] * sheet->value[i][level] / sheet->width[i];
                                seconds += sheet->seconds[i][level];
                        }
                points[CAPS_LEVELS - 1 - level] =
                        (struct concave_point){ (double)caps_ppm(level) / PPM, sum / seconds, seconds };
        }
        concave_fit(points, CAPS_LEVELS, false, fitted);
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                sheet->cap[level] = fmax(LEAST_CAP, fitted[CAPS_LEVELS - 1 - level] / fitted[CAPS_LEVELS - 1]);
}

static void fit(struct sheet *sheet)
{
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                sheet->cap[level] = sheet->cap_seed[level];
        scale_seeds(sheet);
        for (int round = 0; round < ROUNDS; round++) {
                fit_widths(sheet);
                fit_caps(sheet);
        }
}

/* ---- from and to the profile */

static void open_sheet(const struct job_profile *profile, bool power, struct sheet *sheet)
{
        memset(sheet, 0, sizeof(*sheet));
        for (uint32_t i = 0; i < profile->n_widths && i < MOST_WIDTHS; i++) {
                const struct profile_width *width = &profile->widths[i];

                sheet->gpus[i] = width->gpus;
                sheet->seed[i] = power ? (width->seed_w > 0 ? (double)width->seed_w : width->gpus) : width->seed_ppm > 0 ? (double)width->seed_ppm : width->gpus;
                sheet->n++;
                for (unsigned level = 0; level < CAPS_LEVELS; level++) {
                        const struct profile_point *point = profile_point(profile, width->gpus, level);
                        double seconds = point == NULL ? 0 : power ? (double)point->metered_ms / 1000 : (double)point->ran_s;

                        if (seconds > 0)
                                sheet->value[i][level] = (power ? (double)point->joules : point->work_s) / seconds;
                        sheet->seconds[i][level] = seconds;
                }
        }
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                sheet->cap_seed[level] = power ? caps_power(level) : caps_speed(level);
}

/* Some declared their power and some did not: those are not of one unit. */
static void same_units(const struct job_profile *profile, struct sheet *sheet)
{
        bool all = true;

        for (uint32_t i = 0; i < profile->n_widths; i++)
                all = all && profile->widths[i].seed_w > 0;
        for (size_t i = 0; !all && i < sheet->n; i++)
                sheet->seed[i] = sheet->gpus[i];
}

static void keep_speed(const struct sheet *sheet, struct job_profile *fitted)
{
        for (size_t i = 0; i < sheet->n; i++)
                fitted->widths[i].speed_ppm = llround(sheet->width[i] * PPM);
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted->cap_speed_ppm[level] = llround(sheet->cap[level] * PPM);
}

static void keep_power(const struct sheet *sheet, struct job_profile *fitted)
{
        for (size_t i = 0; i < sheet->n; i++)
                fitted->widths[i].power_w = llround(sheet->width[i]);
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted->cap_power_ppm[level] = llround(sheet->cap[level] * PPM);
}

/* Of two values of a curve; none (0) is far from any. */
static bool is_far(int64_t a, int64_t b)
{
        return (double)llabs(a - b) > NEWS_SHARE * (double)llabs(a);
}

bool profile_is_news(const struct job_profile *profile, const struct job_profile *fitted)
{
        bool news = profile->fitted_index == 0 || profile->knows_time != fitted->knows_time;

        for (uint32_t i = 0; !news && i < profile->n_widths && i < fitted->n_widths; i++)
                news = is_far(profile->widths[i].speed_ppm, fitted->widths[i].speed_ppm) ||
                       is_far(profile->widths[i].power_w, fitted->widths[i].power_w);
        for (unsigned level = 0; !news && level < CAPS_LEVELS; level++)
                news = is_far(profile->cap_speed_ppm[level], fitted->cap_speed_ppm[level]) ||
                       is_far(profile->cap_power_ppm[level], fitted->cap_power_ppm[level]);
        return news;
}

int profile_fit(const struct job_profile *profile, struct job_profile *ret_fitted)
{
        struct job_profile without = *profile; /* borrowed */
        double work_s = 0;
        struct sheet sheet;
        int code;

        without.points = NULL;
        without.n_points = 0;
        code = profile_copy(&without, ret_fitted);
        if (code != 0)
                return code;
        for (uint32_t i = 0; i < profile->n_points; i++)
                work_s += profile->points[i].work_s;
        ret_fitted->knows_time = work_s >= (double)profile->time_s / 2;
        open_sheet(profile, false, &sheet);
        if (any_seen(&sheet)) {
                fit(&sheet);
                keep_speed(&sheet, ret_fitted);
        }
        open_sheet(profile, true, &sheet);
        same_units(profile, &sheet);
        if (any_seen(&sheet)) {
                fit(&sheet);
                keep_power(&sheet, ret_fitted);
        }
        return 0;
}
