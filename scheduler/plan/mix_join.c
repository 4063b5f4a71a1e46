/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: two paths become one that does enough: what one does first and the other last, so that as little as may be is too much. Or
 * one that does too little grows.
 */
#include "plan/mix_path.h"

#include <math.h>
#include <string.h>

enum { MOST_GROWTH = 12 }; /* slots: who lacks more is not grown */

/* ---- joining two */

static bool same_group(const struct path *path, struct mix_pick a, struct mix_pick b)
{
        return a.way > 0 && b.way > 0 && path->mix->ways[a.way - 1].group == path->mix->ways[b.way - 1].group;
}

/* The pick behind a join: it begins a run unless the one before it is of its group. */
static struct mix_pick joined(const struct path *path, struct mix_pick before, struct mix_pick pick)
{
        pick.starts = pick.way > 0 && !same_group(path, before, pick);
        return pick;
}

bool mix_splice(const struct path *path, const struct mix_pick *head, const struct mix_pick *tail, struct mix_pick *ret_picks)
{
        double *rest = path->mix->progress, done = 0, least = INFINITY;
        size_t cut = SIZE_MAX;

        rest[path->n] = 0;
        for (size_t t = path->n; t-- > 0;)
                rest[t] = rest[t + 1] + pick_progress(path, tail[t], t);
        for (size_t t = 1; t < path->n; t++) {
                struct mix_pick first = joined(path, head[t - 1], tail[t]);
                double all;

                done += pick_progress(path, head[t - 1], t - 1);
                all = done + rest[t + 1] + pick_progress(path, first, t);
                if (all >= path->job->work_s && all < least) {
                        least = all;
                        cut = t;
                }
        }
        if (cut == SIZE_MAX)
                return false;
        memcpy(ret_picks, head, cut * sizeof(*head));
        memcpy(ret_picks + cut, tail + cut, (path->n - cut) * sizeof(*tail));
        ret_picks[cut] = joined(path, head[cut - 1], tail[cut]);
        return true;
}

/* What a pick costs in its slot; nothing where it is off. */
static double pick_cost(const struct path *path, struct mix_pick pick, size_t t)
{
        const struct mix_way *way = &path->mix->ways[pick.way > 0 ? pick.way - 1 : 0];

        if (pick.way == 0)
                return 0;
        return (double)way->costs[t] + (pick.starts ? (double)way->starts[t] + (double)path->fee : 0);
}

/* ---- growing one */

/* A slot that does more: its new pick, what that costs for each second of progress more, and that progress. */
struct growth {
        size_t t;
        struct mix_pick pick;
        double price, more;
};

static void keep_growth(const struct path *path, struct growth *best, size_t t, struct mix_pick pick, double cost, double more)
{
        if (more > 0 && cost < best->price * more && !isinf(path->mix->ways[pick.way - 1].costs[t]))
                *best = (struct growth){ t, pick, cost / more, more };
}

/* Slot t, on or off, in a way of a run that it belongs to or touches. */
static void try_growth(const struct path *path, const struct mix_pick *picks, size_t t, size_t way, struct growth *best)
{
        struct mix_pick none = { 0 }, before = t > 0 ? picks[t - 1] : none, next = t + 1 < path->n ? picks[t + 1] : none;
        struct mix_pick pick = { (uint8_t)(way + 1), picks[t].starts };
        double cost, more;

        if (picks[t].way == 0)
                pick.starts = !same_group(path, before, pick); /* then the run behind it begins here */
        cost = pick_cost(path, pick, t) - pick_cost(path, picks[t], t);
        more = pick_progress(path, pick, t) - pick_progress(path, picks[t], t);
        if (picks[t].way == 0 && same_group(path, next, pick) && next.starts) {
                struct mix_pick on = { next.way, false };

                cost += pick_cost(path, on, t + 1) - pick_cost(path, next, t + 1);
                more += pick_progress(path, on, t + 1) - pick_progress(path, next, t + 1);
        }
        keep_growth(path, best, t, pick, cost, more);
}

/* The same in every way of the group of a run. */
static void try_group(const struct path *path, const struct mix_pick *picks, size_t t, struct mix_pick run, struct growth *best)
{
        for (size_t w = 0; w < path->mix->n_ways; w++)
                if (path->mix->ways[w].group == path->mix->ways[run.way - 1].group && w + 1u != picks[t].way)
                        try_growth(path, picks, t, w, best);
}

bool mix_grow(const struct path *path, struct mix_pick *picks)
{
        double progress = path_progress(path, picks);

        for (int round = 0; round < MOST_GROWTH && progress < path->job->work_s; round++) {
                struct growth best = { .price = INFINITY };

                for (size_t t = 0; t < path->n; t++) {
                        struct mix_pick none = { 0 }, before = t > 0 ? picks[t - 1] : none, next = t + 1 < path->n ? picks[t + 1] : none;

                        if (picks[t].way > 0)
                                try_group(path, picks, t, picks[t], &best);
                        else if (before.way > 0)
                                try_group(path, picks, t, before, &best);
                        if (picks[t].way == 0 && next.way > 0 && !same_group(path, before, next))
                                try_group(path, picks, t, next, &best);
                }
                if (isinf(best.price))
                        return false;
                if (picks[best.t].way == 0 && best.t + 1 < path->n && same_group(path, picks[best.t + 1], best.pick))
                        picks[best.t + 1].starts = false;
                picks[best.t] = best.pick;
                progress += best.more;
        }
        return progress >= path->job->work_s;
}
