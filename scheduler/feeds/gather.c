/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.c - points -> sorted -> the doubled hour told apart by the order of its rows -> duplicates merged -> parts
 * added up -> the step found -> holes filled with what is unknown.
 */
#include "feeds/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "feeds/common_step.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

enum { REGULAR = 24 }; /* so many equal steps in a row are no accident */

struct work {
        struct gather *gather;
        const struct gather_way *way;
        const struct rows *rows;
        struct offpeak_error *err;
        int64_t step;
};

void gather_finish(struct gather *gather)
{
        free(gather->points);
        memset(gather, 0, sizeof(*gather));
}

int gather_add(struct gather *gather, const struct gather_point *point)
{
        if (gather->n == gather->room) {
                size_t room = gather->room * 2 + 1024;
                struct gather_point *points = realloc(gather->points, room * sizeof(*points));

                if (points == NULL)
                        return OFFPEAK_ENOMEM;
                gather->points = points;
                gather->room = room;
        }
        gather->points[gather->n++] = *point;
        return 0;
}

__attribute__((format(printf, 3, 4))) static int refuse(const struct work *work, size_t number, const char *format, ...)
{
        struct row row = { .number = number };
        char text[400];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return rows_refuse(work->rows, &row, CELL_NONE, work->err, "%s", text);
}

/* ---- order */

static int compare(const void *a, const void *b)
{
        const struct gather_point *left = a, *right = b;

        if (left->time != right->time)
                return left->time < right->time ? -1 : 1;
        if (left->part != right->part)
                return left->part < right->part ? -1 : 1;
        return (left->number > right->number) - (left->number < right->number);
}

static void sort(struct gather *gather)
{
        for (size_t i = 1; i < gather->n; i++) {
                if (compare(&gather->points[i - 1], &gather->points[i]) > 0) {
                        qsort(gather->points, gather->n, sizeof(*gather->points), compare);
                        return;
                }
        }
}

/* ---- the doubled hour */

/*
 * The points [from, to) carry one time of the doubled hour, in the order of their rows. They are its two passes by
 * turns (more than one of each where days stand twice), the earlier one first, or last where the newest row comes
 * first. A single one is taken for the first pass.
 */
static void tell_apart(struct gather_point *points, size_t from, size_t to, bool newest_first)
{
        for (size_t i = from; to - from > 1 && i < to; i++)
                if ((i - from) % 2 == (newest_first ? 0 : 1))
                        points[i].time = points[i].later;
}

static void resolve_doubled(struct gather *gather)
{
        bool newest_first = gather->n > 1 && gather->points[0].time > gather->points[gather->n - 1].time;
        struct gather_point *points = gather->points;
        bool moved = false;

        sort(gather);
        for (size_t i = 0, end; i < gather->n; i = end) {
                for (end = i + 1;
                     end < gather->n && points[end].time == points[i].time && points[end].part == points[i].part;)
                        end++;
                if (points[i].later == 0)
                        continue;
                tell_apart(points, i, end, newest_first);
                moved = true;
        }
        if (moved)
                sort(gather);
}

/* ---- duplicates and parts */

static int contradiction(const struct work *work, const struct gather_point *a, const struct gather_point *b)
{
        const struct gather_point *first = a->number < b->number ? a : b, *second = first == a ? b : a;
        struct row row = { .number = first->number };
        char at[WHEN_TEXT_SIZE], place[ROWS_PLACE_SIZE];

        return refuse(work, second->number,
                      "%s stands here with another value than at %s: keep one of them (or name the row that is meant, "
                      "by \"name\" or \"where\")",
                      when_format_utc(second->time, at), rows_place(work->rows, &row, CELL_NONE, place));
}

static int merge_duplicates(const struct work *work)
{
        struct gather_point *points = work->gather->points;
        size_t kept = 0;

        for (size_t i = 0; i < work->gather->n; i++) {
                struct gather_point *last = kept > 0 ? &points[kept - 1] : NULL;

                if (last == NULL || last->time != points[i].time || last->part != points[i].part)
                        points[kept++] = points[i];
                else if (last->value != points[i].value)
                        return contradiction(work, last, &points[i]);
        }
        work->gather->n = kept;
        return 0;
}

/* One point for all the parts of a time. */
static void add_parts(const struct work *work)
{
        struct gather_point *points = work->gather->points;
        size_t kept = 0;

        if (work->way->n_parts < 2)
                return;
        for (size_t i = 0, end; i < work->gather->n; i = end) {
                struct gather_point sum = points[i];

                for (end = i + 1; end < work->gather->n && points[end].time == points[i].time; end++)
                        sum.value = sum.value == SERIES_UNKNOWN || points[end].value == SERIES_UNKNOWN
                                            ? SERIES_UNKNOWN
                                            : sum.value + points[end].value; /* each below 1e15, and 128 of them */
                if (end - i < work->way->n_parts)
                        sum.value = SERIES_UNKNOWN;
                points[kept++] = sum;
        }
        work->gather->n = kept;
}

/* ---- the step */

/* The commonest time from one point to the next; 0: ENOMEM. */
static int64_t step_of(const struct gather *gather)
{
        size_t n = gather->n - 1;
        int64_t *steps = malloc(n * sizeof(*steps)), step;

        if (steps == NULL)
                return 0;
        for (size_t i = 0; i < n; i++)
                steps[i] = gather->points[i + 1].time - gather->points[i].time;
        step = common_step(steps, n);
        free(steps);
        return step;
}

static int find_step(struct work *work)
{
        work->step = work->way->step_s;
        if (work->gather->n == 0)
                return fail(work->err, OFFPEAK_EINVAL,
                            "the file holds no values: does \"name\" or \"where\" leave none?");
        if (work->step != 0)
                return 0;
        if (work->gather->n == 1)
                return fail(
                        work->err, OFFPEAK_EINVAL,
                        "the file holds one value: two at least are needed to tell how long one holds, or \"step\"");
        work->step = step_of(work->gather);
        return work->step != 0 ? 0 : fail(work->err, OFFPEAK_ENOMEM, "out of memory");
}

/* Where the point that follows is due. Steps of whole days are days of the zone, of 23 or 25 hours too. */
static int64_t due(const struct work *work, int64_t time)
{
        const struct zone *zone = work->way->zone;
        int64_t times[2];

        if (zone == NULL || work->step % DAY != 0)
                return time + work->step;
        return zone_from_local(zone, time + zone_offset(zone, time) + work->step, times) > 0 ? times[0]
                                                                                             : time + work->step;
}

/* A step of its own that goes on is a second resolution, which to read by the first would make of it holes. */
static int check_rhythm(const struct work *work)
{
        const struct gather_point *points = work->gather->points;
        size_t run = 0;

        for (size_t i = 1; i < work->gather->n; i++) {
                int64_t gap = points[i].time - points[i - 1].time;
                char here[WHEN_TEXT_SIZE], step[WHEN_TEXT_SIZE];

                if (gap == work->step || due(work, points[i - 1].time) == points[i].time) {
                        run = 0;
                        continue;
                }
                run = run > 0 && gap == points[i - 1].time - points[i - 2].time ? run + 1 : 1;
                if (gap < work->step || run == REGULAR)
                        return refuse(work, points[i].number,
                                      "this comes %s after the one before it, but most come every %s: one file has one "
                                      "step; say it as \"step\", and what comes sooner counts as well",
                                      when_format_duration(gap, here), when_format_duration(work->step, step));
        }
        return 0;
}

/* ---- the series */

static void shift_ends(const struct work *work)
{
        for (size_t i = 0; work->way->ends && i < work->gather->n; i++)
                work->gather->points[i].time -= work->step;
}

/* Energy of a step is its mean power. */
static int64_t value_of(const struct work *work, int64_t value)
{
        if (!work->way->energy || value == SERIES_UNKNOWN)
                return value;
        return (int64_t)((__int128)value * HOUR / work->step);
}

static int fill_series(const struct work *work, struct series *series)
{
        const struct gather_point *points = work->gather->points;

        for (size_t i = 0; i < work->gather->n; i++) {
                int64_t expected = i > 0 ? due(work, points[i - 1].time) : points[i].time;

                if (points[i].time > expected && series_append(series, expected, SERIES_UNKNOWN) != 0)
                        return OFFPEAK_ENOMEM;
                if (series_append(series, points[i].time, value_of(work, points[i].value)) != 0)
                        return OFFPEAK_ENOMEM;
        }
        series->end = due(work, points[work->gather->n - 1].time);
        return 0;
}

int gather_series(struct gather *gather, const struct gather_way *way, const struct rows *rows,
                  struct series *ret_series, int64_t *ret_step, struct offpeak_error *err)
{
        struct work work = { gather, way, rows, err, 0 };
        struct series series;
        int code;

        resolve_doubled(gather);
        code = merge_duplicates(&work);
        if (code == 0) {
                add_parts(&work);
                code = find_step(&work);
        }
        if (code == 0 && way->step_s == 0)
                code = check_rhythm(&work);
        if (code != 0)
                return code;
        shift_ends(&work);
        series_init(&series, ret_series->kind);
        if (fill_series(&work, &series) != 0) {
                series_finish(&series);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        *ret_series = series;
        if (ret_step != NULL)
                *ret_step = work.step;
        return 0;
}
