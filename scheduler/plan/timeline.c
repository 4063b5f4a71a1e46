/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"

static int64_t milliwatts(double watts)
{
        return (int64_t)ceil(watts * 1000 - 1e-4); /* 700.1 W are 700100 mW, whatever the binary fraction says */
}

static int make_room(struct timeline *timeline, size_t more)
{
        size_t room = timeline->room > 0 ? timeline->room : 64;
        struct span *spans;

        while (room < timeline->n + more)
                room *= 2;
        if (room == timeline->room)
                return 0;
        spans = realloc(timeline->spans, room * sizeof(*spans));
        if (spans == NULL)
                return OFFPEAK_ENOMEM;
        timeline->spans = spans;
        timeline->room = room;
        return 0;
}

size_t timeline_find(const struct timeline *timeline, int64_t time)
{
        size_t low = 0, high = timeline->n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (timeline->spans[middle].start <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* The span that starts at `time`, made by cutting if need be. There is room for it. */
static size_t cut(struct timeline *timeline, int64_t time)
{
        size_t i = timeline_find(timeline, time);
        struct span *span = &timeline->spans[i];

        if (span->start == time)
                return i;
        memmove(span + 2, span + 1, (timeline->n - i - 1) * sizeof(*span));
        span[1] = span[0];
        span[1].start = time;
        span[1].ends = 0;
        span[1].fixed = false;
        timeline->n++;
        return i + 1;
}

static void uncut(struct timeline *timeline, int64_t time)
{
        size_t i = timeline_find(timeline, time);
        struct span *span = &timeline->spans[i];

        span->ends--;
        if (span->ends > 0 || span->fixed)
                return;
        memmove(span, span + 1, (timeline->n - i - 1) * sizeof(*span));
        timeline->n--;
}

int timeline_init(struct timeline *timeline, const struct plan_site *site)
{
        *timeline = (struct timeline){ .site = site };
        if (make_room(timeline, site->n_steps) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < site->n_steps; t++)
                timeline->spans[timeline->n++] =
                        (struct span){ .start = site->steps[t].start, .step = &site->steps[t], .fixed = true };
        return 0;
}

void timeline_finish(struct timeline *timeline)
{
        free(timeline->spans);
        *timeline = (struct timeline){ 0 };
}

int timeline_add(struct timeline *timeline, int64_t start, int64_t end, const struct plan_mode *mode)
{
        size_t first, last;

        if (make_room(timeline, 2) != 0)
                return OFFPEAK_ENOMEM;
        first = cut(timeline, start);
        last = cut(timeline, end);
        timeline->spans[first].ends++;
        timeline->spans[last].ends++;
        for (size_t i = first; i < last; i++) {
                timeline->spans[i].gpus += mode->gpus;
                timeline->spans[i].power += milliwatts(mode->watts);
        }
        return 0;
}

void timeline_remove(struct timeline *timeline, int64_t start, int64_t end, const struct plan_mode *mode)
{
        for (size_t i = timeline_find(timeline, start); i < timeline->n && timeline->spans[i].start < end; i++) {
                timeline->spans[i].gpus -= mode->gpus;
                timeline->spans[i].power -= milliwatts(mode->watts);
        }
        uncut(timeline, end);
        uncut(timeline, start);
}

static bool fits(const struct plan_site *site, const struct plan_step *step, int64_t gpus, int64_t power)
{
        return gpus <= step->gpus &&
               (power == 0 || site_facility_w(site, (double)power / 1000) <= supply_firm_limit(step));
}

bool timeline_has_room(const struct timeline *timeline, const struct span *span, const struct plan_mode *mode)
{
        int64_t power = milliwatts(mode->watts);

        /* a mode that draws nothing is not kept out by power that is gone */
        return fits(timeline->site, span->step, span->gpus + mode->gpus, power > 0 ? span->power + power : 0);
}

int64_t timeline_room_until(const struct timeline *timeline, int64_t time, const struct plan_mode *mode)
{
        for (size_t i = timeline_find(timeline, time); i < timeline->n; i++)
                if (!timeline_has_room(timeline, &timeline->spans[i], mode))
                        return timeline->spans[i].start > time ? timeline->spans[i].start : time;
        return INT64_MAX;
}

int64_t timeline_seems_until(const struct timeline *timeline, int64_t time, const struct plan_mode *mode)
{
        size_t first = timeline_find(timeline, time);

        for (size_t i = first; i < timeline->n; i++) {
                struct span span = timeline->spans[i];

                span.step = timeline->spans[first].step;
                if (!timeline_has_room(timeline, &span, mode))
                        return span.start > time ? span.start : time;
        }
        return INT64_MAX;
}

int64_t timeline_earliest(const struct timeline *timeline, int64_t from, int64_t seconds, const struct plan_mode *mode)
{
        int64_t start = from;

        for (size_t i = timeline_find(timeline, from); i < timeline->n; i++) {
                const struct span *span = &timeline->spans[i];

                if (span->start - start >= seconds)
                        return start;
                if (!timeline_has_room(timeline, span, mode))
                        start = i + 1 < timeline->n ? span[1].start : INT64_MAX;
        }
        return start;
}
