/* SPDX-License-Identifier: Apache-2.0 */
/* Overview: of the rows that were walked, the paths that are done in each slot; and the slot in which the job should be done. */
#include "plan/mix_path.h"

#include <math.h>

/* The slot before whose end the work cannot be done at any speed; n: not at all. */
size_t mix_first_end(const struct path *path)
{
        double slowest = INFINITY, progress = 0;

        for (size_t w = 0; w < path->mix->n_ways; w++)
                slowest = fmin(slowest, mode_of(path, w)->speed);
        if (path->goes_on == SIZE_MAX)
                progress -= slowest * (double)path->job->start_cost_s;
        for (size_t t = 0; t < path->n; t++) {
                double fastest = 0;

                for (size_t w = 0; w < path->mix->n_ways; w++)
                        if (!isinf(path->mix->ways[w].rates[t]))
                                fastest = fmax(fastest, mode_of(path, w)->speed);
                progress += fastest * path->mix->seconds[t];
                if (progress >= path->job->work_s * (1 - PLAN_WORK_TOLERANCE))
                        return t;
        }
        return path->n;
}

/* The paths that are off for good once slot t is over, and cheapest so far: how they end, and their cost less theta x progress. */
struct done {
        float value[LANES];
        uint32_t end[LANES], at[LANES];
};

static void keep_done(const struct path *path, struct done *done, size_t t)
{
        for (size_t g = 0; g < path->n_groups; g++) {
                const float *on = on_row(path, t + 1, g);

                for (size_t lane = 0; lane < LANES; lane++)
                        if (on[lane] < done->value[lane]) {
                                done->value[lane] = on[lane];
                                done->end[lane] = (uint32_t)t + 1;
                                done->at[lane] = (uint32_t)g;
                        }
        }
}

/*
 * Of what is done in slot t the cheapest: what ran until its end, or was off before and waits for it to begin. Both are at most the
 * cost of what ends within it.
 */
static void take_end(struct path *path, const struct done *before, size_t t)
{
        float then = (float)path->mix->ends[t], now = t > 0 ? (float)path->mix->ends[t - 1] : 0;

        for (size_t lane = 0; lane < LANES; lane++) {
                path->value[lane] = before->value[lane] + now;
                path->end[lane] = before->end[lane];
                path->end_group[lane] = before->at[lane];
        }
        for (size_t g = 0; g < path->n_groups; g++)
                for (size_t lane = 0; lane < LANES; lane++)
                        if (on_row(path, t + 1, g)[lane] + then < path->value[lane]) {
                                path->value[lane] = on_row(path, t + 1, g)[lane] + then;
                                path->end[lane] = (uint32_t)t + 1;
                                path->end_group[lane] = (uint32_t)g;
                        }
}

static void begin_done(struct done *done)
{
        *done = (struct done){ .end = { 0 } };
        for (size_t lane = 0; lane < LANES; lane++)
                done->value[lane] = INFINITY;
}

/* Raise the bound of slot t, in which what was taken ends; beyond the lanes it may be as far again as they reach. True: it is higher. */
static bool raise_bound(struct path *path, size_t t)
{
        struct mix *mix = path->mix;
        double first = (double)path->theta[0], last = (double)path->theta[LANES - 1];
        bool higher = false;

        for (size_t lane = 0; lane < LANES; lane++) {
                double bound = path_bound(path, lane);

                if (!(bound > mix->bounds[t]))
                        continue;
                higher = true;
                mix->bounds[t] = bound;
                mix->lows[t] = lane > 0 ? (double)path->theta[lane - 1] : 2 * first - last;
                mix->highs[t] = lane + 1 < LANES ? (double)path->theta[lane + 1] : 2 * last - first;
        }
        return higher;
}

/* The slot whose highest bound so far is the least is where the job should end: what is done there. */
void mix_choose_end(struct path *path)
{
        const struct mix *mix = path->mix;
        struct done before;
        size_t best = 0;

        begin_done(&before);
        for (size_t t = 0; t < path->n; keep_done(path, &before, t), t++) {
                bool higher;

                if (t < path->first_end)
                        continue;
                take_end(path, &before, t);
                higher = raise_bound(path, t);
                if (t > path->first_end && !(mix->bounds[t] < mix->bounds[best]))
                        continue;
                best = t;
                path->peak_is_new = higher && mix->lows[t] >= (double)path->theta[0] && mix->highs[t] <= (double)path->theta[LANES - 1];
        }
        path->least = mix->bounds[best];
        path->peak = (struct range){ mix->lows[best], mix->highs[best] };
        begin_done(&before);
        for (size_t t = 0; t < best; t++)
                keep_done(path, &before, t);
        take_end(path, &before, best);
}
