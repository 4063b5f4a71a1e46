/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the picks become intervals; then, as long as more is done than the work, the dearest cut is made: seconds off the end or
 * the beginning of a run, or a slower mode of the same width for the last seconds of a slot.
 */
#include "plan/mix_trim.h"

#include <math.h>
#include <string.h>

/* A cut: so many seconds of an interval leave it, or run in another mode. */
struct cut {
        double gain; /* currency per second of progress */
        size_t interval;
        int64_t from, to;
        uint32_t mode; /* instead; UINT32_MAX: off */
};

struct trim {
        const struct mix_wish *wish;
        const struct mix *mix;
        const struct plan_job *job;
        struct choice *choice;
        double excess;
};

/* Of a mode at a site, from the first slot on; NULL: it is none of the ways. */
static const float *rates_of(const struct trim *trim, uint32_t site, uint32_t mode)
{
        for (size_t w = 0; w < trim->mix->n_ways; w++)
                if (trim->mix->ways[w].site == site && trim->mix->ways[w].mode == mode)
                        return trim->mix->ways[w].rates;
        return NULL;
}

static double rate_at(const struct trim *trim, uint32_t site, uint32_t mode, int64_t time)
{
        const float *rates = rates_of(trim, site, mode);

        return rates != NULL ? (double)rates[slots_find(trim->wish->slots, time) - trim->wish->first] : INFINITY;
}

/* What the job saves for each second that it ends sooner. */
static double hurry(const struct trim *trim, int64_t end)
{
        return job_end_cost(trim->job, end) - job_end_cost(trim->job, end - 1);
}

static int64_t overhead_of(const struct trim *trim, size_t i)
{
        return job_starts_at(trim->wish->problem, trim->job, trim->choice->intervals, i) ? trim->job->start_cost_s : 0;
}

/* A run of the choice: intervals that touch at one site with as many GPUs. */
struct stretch {
        size_t first, last;
        int64_t overhead; /* seconds of its start */
        int64_t spare;    /* seconds that may be cut off it */
};

static struct stretch stretch_at(const struct trim *trim, size_t first)
{
        const struct plan_interval *intervals = trim->choice->intervals;
        struct stretch run = { .first = first, .last = first, .overhead = overhead_of(trim, first) };
        int64_t keep = run.overhead + 1;

        while (run.last + 1 < trim->choice->n &&
               job_same_run(trim->job, &intervals[run.last], &intervals[run.last + 1]))
                run.last++;
        if (trim->job->min_run_s > keep)
                keep = trim->job->min_run_s;
        run.spare = intervals[run.last].end - intervals[first].start - keep;
        return run;
}

/* Seconds that may be cut off it at interval i: its first one keeps its start. */
static int64_t spare_at(const struct trim *trim, const struct stretch *run, size_t i)
{
        const struct plan_interval *at = &trim->choice->intervals[i];
        int64_t own = at->end - at->start - run->overhead - 1;

        return i == run->first && own < run->spare ? own : run->spare;
}

static void keep_cut(struct cut *best, struct cut cut)
{
        bool longer = cut.gain == best->gain && cut.to - cut.from > best->to - best->from;

        if (cut.to > cut.from && (cut.gain > best->gain || longer))
                *best = cut;
}

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* How far slots around that of a time have its rate, back or on: an edge. */
static int64_t same_rate(const struct trim *trim, const struct plan_interval *at, int64_t time, bool back)
{
        const struct slots *slots = trim->wish->slots;
        const float *rates = rates_of(trim, at->site, at->mode);
        size_t first = trim->wish->first, t = slots_find(slots, time);

        if (rates == NULL)
                return slots->edges[back ? t : t + 1];
        if (back)
                for (; t > first && slots->edges[t] > at->start && rates[t - 1 - first] == rates[t - first];)
                        t--;
        else
                for (; t + 1 < first + trim->wish->n && slots->edges[t + 1] < at->end && rates[t + 1 - first] == rates[t - first];)
                        t++;
        return slots->edges[back ? t : t + 1];
}

/* The time since which the job saves as much by a second less. */
static int64_t same_hurry(const struct trim *trim, int64_t end)
{
        int64_t bends[] = { trim->job->earliest_finish, trim->job->deadline }, since = INT64_MIN;

        for (int i = 0; i < 2; i++)
                if (bends[i] < end && bends[i] > since)
                        since = bends[i];
        return since;
}

static void try_end(const struct trim *trim, const struct stretch *run, struct cut *best)
{
        const struct plan_interval *at = &trim->choice->intervals[run->last];
        double speed = trim->job->modes[at->mode].speed;
        bool is_last = run->last + 1 == trim->choice->n;
        int64_t since = same_rate(trim, at, at->end - 1, true), bend = is_last ? same_hurry(trim, at->end) : INT64_MIN;
        int64_t from = since > bend ? since : bend;
        int64_t want = least((int64_t)(trim->excess / speed), spare_at(trim, run, run->last));
        int64_t seconds = least(want, at->end - (at->start > from ? at->start : from));
        double rate = rate_at(trim, at->site, at->mode, at->end - 1) + (is_last ? hurry(trim, at->end) : 0);

        if (run->first == run->last && seconds == at->end - at->start)
                return; /* nothing would be left */
        keep_cut(best, (struct cut){ rate / speed, run->last, at->end - seconds, at->end, UINT32_MAX });
}

static void try_begin(const struct trim *trim, const struct stretch *run, struct cut *best)
{
        const struct plan_interval *at = &trim->choice->intervals[run->first];
        double speed = trim->job->modes[at->mode].speed;
        int64_t want = least((int64_t)(trim->excess / speed), spare_at(trim, run, run->first));
        int64_t seconds = least(want, same_rate(trim, at, at->start, false) - at->start);

        if (run->overhead != trim->job->start_cost_s || seconds >= at->end - at->start)
                return;
        keep_cut(best, (struct cut){ rate_at(trim, at->site, at->mode, at->start) / speed, run->first, at->start,
                                     at->start + seconds, UINT32_MAX });
}

/* A slower mode of the same width, at the end of each stretch of slots of an interval in which that saves the same. */
static void try_caps(const struct trim *trim, size_t i, int64_t overhead, struct cut *best)
{
        const struct plan_interval *at = &trim->choice->intervals[i];
        const struct slots *slots = trim->wish->slots;
        const struct plan_mode *mode = &trim->job->modes[at->mode];
        const float *own = rates_of(trim, at->site, at->mode);
        int64_t first = at->start + (overhead > 0 ? overhead + 1 : 0); /* starts_are_short() */
        size_t from_slot = slots_find(slots, at->start);

        if (trim->excess < mode->speed)
                return; /* of a part of the last second nothing is saved but that somebody has to change a cap twice */
        for (uint32_t m = 0; m < trim->job->n_modes; m++) {
                const struct plan_mode *slower = &trim->job->modes[m];
                const float *capped = rates_of(trim, at->site, m);
                double less = mode->speed - slower->speed, before = NAN;
                int64_t since = first;

                if (slower->gpus != mode->gpus || !(less > 0) || slower->limits != mode->limits || own == NULL || capped == NULL)
                        continue;
                for (size_t t = from_slot; t < slots->n && slots->edges[t] < at->end; t++) {
                        int64_t to = least(at->end, slots->edges[t + 1]), seconds;
                        double gain = (double)own[t - trim->wish->first] - (double)capped[t - trim->wish->first];

                        if (gain != before)
                                since = slots->edges[t] > first ? slots->edges[t] : first;
                        before = gain;
                        seconds = least((int64_t)(trim->excess / less), to - since);
                        if (seconds > 0)
                                keep_cut(best, (struct cut){ gain / less, i, to - seconds, to, m });
                }
        }
}

/* Replace interval i by up to three parts. */
static int put_parts(struct choice *choice, size_t i, const struct plan_interval *parts, size_t n)
{
        for (size_t k = 1; k < n; k++)
                if (choice_append(choice, (struct plan_interval){ 0 }) != 0)
                        return OFFPEAK_ENOMEM;
        memmove(&choice->intervals[i + n], &choice->intervals[i + 1],
                (choice->n - n - i) * sizeof(*choice->intervals));
        memcpy(&choice->intervals[i], parts, n * sizeof(*parts));
        return 0;
}

static void drop(struct choice *choice, size_t i)
{
        memmove(&choice->intervals[i], &choice->intervals[i + 1], (choice->n - i - 1) * sizeof(*choice->intervals));
        choice->n--;
}

static int make_cut(struct trim *trim, const struct cut *cut)
{
        struct plan_interval old = trim->choice->intervals[cut->interval], parts[3];
        double speed = trim->job->modes[old.mode].speed;
        size_t n = 0;

        if (cut->mode != UINT32_MAX)
                speed -= trim->job->modes[cut->mode].speed;
        trim->excess -= speed * (double)(cut->to - cut->from);
        if (cut->from > old.start)
                parts[n++] = (struct plan_interval){ old.start, cut->from, old.site, old.mode };
        if (cut->mode != UINT32_MAX)
                parts[n++] = (struct plan_interval){ cut->from, cut->to, old.site, cut->mode };
        if (cut->to < old.end)
                parts[n++] = (struct plan_interval){ cut->to, old.end, old.site, old.mode };
        if (n == 0) {
                drop(trim->choice, cut->interval);
                return 0;
        }
        return put_parts(trim->choice, cut->interval, parts, n);
}

static int make_intervals(const struct trim *trim, const struct mix_pick *picks)
{
        const struct mix_wish *wish = trim->wish;
        struct choice *choice = trim->choice;

        choice->n = 0;
        for (size_t t = 0; t < wish->n; t++) {
                const struct mix_way *way = &trim->mix->ways[picks[t].way > 0 ? picks[t].way - 1 : 0];
                int64_t start = wish->slots->edges[wish->first + t], end = wish->slots->edges[wish->first + t + 1];
                struct plan_interval *last = choice->n > 0 ? &choice->intervals[choice->n - 1] : NULL;

                if (picks[t].way == 0)
                        continue;
                if (start < trim->job->release)
                        start = trim->job->release;
                if (last != NULL && last->end == start && last->site == way->site && last->mode == way->mode)
                        last->end = end;
                else if (choice_append(choice, (struct plan_interval){ start, end, way->site, way->mode }) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/*
 * Where slots are shorter than a start, it may lie in several intervals. They become the one that goes on behind it: a start makes no
 * progress in any mode, and draws what the easiest draws (ease_starts.h).
 */
static void join_starts(const struct trim *trim)
{
        struct choice *choice = trim->choice;

        for (size_t i = 0; i + 1 < choice->n;) {
                const struct plan_interval *at = &choice->intervals[i];

                if (at->end - at->start > overhead_of(trim, i) || !job_same_run(trim->job, at, at + 1)) {
                        i++;
                        continue;
                }
                choice->intervals[i + 1].start = at->start;
                drop(choice, i);
        }
}

/* Cuts count on it: a start is over before its first interval is. */
static bool starts_are_short(const struct trim *trim)
{
        for (size_t i = 0; i < trim->choice->n; i++)
                if (trim->choice->intervals[i].end - trim->choice->intervals[i].start <= overhead_of(trim, i))
                        return false;
        return true;
}

/* The last second must be needed: seconds off the end that cuts left too much of. False: not even the last interval is. */
static bool end_when_done(struct trim *trim)
{
        struct plan_interval *last = &trim->choice->intervals[trim->choice->n - 1];
        double speed = trim->job->modes[last->mode].speed;
        int64_t spare = last->end - last->start - overhead_of(trim, trim->choice->n - 1) - 1;

        if (trim->excess < speed)
                return true;
        if (!(trim->excess / speed < (double)spare + 1))
                return false;
        last->end -= (int64_t)(trim->excess / speed);
        return true;
}

bool mix_trim(const struct mix_wish *wish, const struct mix *mix, const struct mix_pick *picks,
              struct choice *ret_choice, int *ret_code)
{
        struct trim trim = { .wish = wish, .mix = mix, .job = wish->job, .choice = ret_choice };
        double enough = wish->job->work_s * (1 - PLAN_WORK_TOLERANCE);

        *ret_code = make_intervals(&trim, picks);
        join_starts(&trim);
        trim.excess = *ret_code == 0 ? job_progress(wish->problem, wish->job, ret_choice->intervals, ret_choice->n) - enough
                                     : -1;
        if (trim.excess < 0)
                return false;
        for (int round = 0; *ret_code == 0 && round < 64; round++) {
                struct cut best = { .gain = -INFINITY };

                for (size_t i = 0; i < ret_choice->n;) {
                        struct stretch run = stretch_at(&trim, i);

                        try_end(&trim, &run, &best);
                        try_begin(&trim, &run, &best);
                        for (; i <= run.last; i++)
                                try_caps(&trim, i, i == run.first ? run.overhead : 0, &best);
                }
                if (isinf(best.gain))
                        break;
                *ret_code = make_cut(&trim, &best);
        }
        if (*ret_code != 0 || ret_choice->n == 0 || !end_when_done(&trim))
                return false;
        return starts_are_short(&trim) &&
               job_may_run(wish->problem, wish->job, ret_choice->intervals, ret_choice->n);
}
