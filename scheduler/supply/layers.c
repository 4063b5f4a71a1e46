/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/layers.h"

#include <string.h>

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* An empty series with the frame of another. */
static int begin_like(const struct series *like, struct series *out)
{
        series_init(out, like->kind);
        out->issued = like->issued;
        out->version = like->version;
        return series_set_names(out, like->site, like->source);
}

/* ---- join */

/* The first point whose value is known; the first of all if none is. */
static size_t first_known(const struct series *series)
{
        for (size_t i = 0; i < series->n_points; i++)
                if (series->points[i].value != SERIES_UNKNOWN)
                        return i;
        return 0;
}

/* What is kept of the older version: its points before `start`, from about LAYERS_PAST_S before that on. */
static int take_past(const struct series *older, int64_t start, struct series *out)
{
        size_t first = 0, end = 0;
        int code = 0;

        while (end < older->n_points && older->points[end].start < start)
                end++;
        while (first + 1 < end && older->points[first + 1].start <= start - LAYERS_PAST_S)
                first++;
        if (end > LAYERS_PAST_POINTS && first < end - LAYERS_PAST_POINTS)
                first = end - LAYERS_PAST_POINTS;
        for (size_t i = first; code == 0 && i < end && older->points[i].start < older->end; i++)
                code = series_append(out, older->points[i].start, older->points[i].value);
        if (code == 0 && out->n_points > 0 && older->end < start)
                code = series_append(out, older->end, SERIES_UNKNOWN); /* nobody told of the time between them */
        return code;
}

int layers_join(const struct series *older, const struct series *newer, struct series *ret_series)
{
        size_t i = first_known(newer);
        struct series out;
        int code;

        if (newer->n_points == 0)
                return series_copy(older, ret_series);
        code = begin_like(newer, &out);
        if (code == 0)
                code = take_past(older, newer->points[i].start, &out);
        if (code == 0 && out.n_points > 0 && out.points[out.n_points - 1].value == newer->points[i].value)
                i++; /* it goes on as it was: no point of its own, or a value told anew each minute would pile up */
        for (; code == 0 && i < newer->n_points; i++)
                code = series_append(&out, newer->points[i].start, newer->points[i].value);
        out.end = newer->end;
        if (code != 0) {
                series_finish(&out);
                return code;
        }
        *ret_series = out;
        return 0;
}

bool layers_tell(const struct series *standing, const struct series *newer)
{
        int64_t time, end = later(standing->end, newer->end);

        if (newer->n_points == 0)
                return true;
        time = newer->points[first_known(newer)].start;
        while (time < end) {
                if (series_at(standing, time) != series_at(newer, time))
                        return false;
                time = earlier(series_next_edge(standing, time), series_next_edge(newer, time));
        }
        return standing->n_points > 0 && standing->end == newer->end;
}

/* ---- cut */

int layers_cut(const struct series *series, int64_t at, struct series *ret_series)
{
        struct series out;
        int code = begin_like(series, &out);

        for (size_t i = 0; code == 0 && i < series->n_points && series->points[i].start < at; i++)
                code = series_append(&out, series->points[i].start, series->points[i].value);
        if (code != 0) {
                series_finish(&out);
                return code;
        }
        if (out.n_points > 0)
                out.end = earlier(series->end, at);
        *ret_series = out;
        return 0;
}

/* ---- over */

static int extend(struct series *out, int64_t time, int64_t until, int64_t value)
{
        if ((out->n_points > 0 || value != SERIES_UNKNOWN) &&
            (out->n_points == 0 || out->points[out->n_points - 1].value != value) &&
            series_append(out, time, value) != 0)
                return OFFPEAK_ENOMEM;
        if (value != SERIES_UNKNOWN)
                out->end = until;
        return 0;
}

/* A series walked from its beginning on, so that no time has to be searched for. */
struct walk {
        const struct series *series;
        size_t next; /* the first point that starts later than where it stands */
};

/* The value at `time`, which never goes back, and when it changes; INT64_MAX: not any more. */
static int64_t walk_to(struct walk *walk, int64_t time, int64_t *ret_until)
{
        const struct series *series = walk->series;

        while (walk->next < series->n_points && series->points[walk->next].start <= time)
                walk->next++;
        *ret_until = INT64_MAX;
        if (time >= series->end)
                return SERIES_UNKNOWN;
        *ret_until = walk->next < series->n_points ? earlier(series->points[walk->next].start, series->end) : series->end;
        return walk->next > 0 ? series->points[walk->next - 1].value : SERIES_UNKNOWN;
}

static int merge(const struct series *upper, const struct series *lower, struct series *out)
{
        struct walk above = { upper, 0 }, below = { lower, 0 };
        int64_t end = later(upper->end, lower->end), until_above, until_below;
        int code = 0;

        for (int64_t t = earlier(upper->points[0].start, lower->points[0].start); code == 0 && t < end;) {
                int64_t value = walk_to(&above, t, &until_above), other = walk_to(&below, t, &until_below);
                int64_t until = earlier(earlier(until_above, until_below), end);

                code = extend(out, t, until, value != SERIES_UNKNOWN ? value : other);
                t = until;
        }
        return code;
}

int layers_over(const struct series *upper, const struct series *lower, struct series *ret_series)
{
        const struct series *newer = upper->version > lower->version ? upper : lower;
        struct series out;
        int code;

        if (upper->n_points == 0 || lower->n_points == 0) {
                code = series_copy(lower->n_points > 0 ? lower : upper, &out);
                if (code == 0)
                        code = series_set_names(&out, newer->site, newer->source);
                if (code == 0) {
                        out.kind = newer->kind;
                        out.issued = newer->issued;
                        out.version = newer->version;
                }
        } else {
                code = begin_like(newer, &out);
                if (code == 0)
                        code = merge(upper, lower, &out);
        }
        if (code != 0) {
                series_finish(&out);
                return code;
        }
        *ret_series = out;
        return 0;
}
