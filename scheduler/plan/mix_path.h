/* SPDX-License-Identifier: Apache-2.0 */
/* mix_path.h - what mix.c, mix_ends.c, mix_back.c and mix_join.c share: a job's path through its ways, and what its picks do. */
#ifndef OFFPEAK_PLAN_MIX_PATH_H
#define OFFPEAK_PLAN_MIX_PATH_H

#include <math.h>

#include "plan/mix.h"

enum { LANES = MIX_LANES };

struct path {
        const struct mix_wish *wish;
        const struct plan_job *job;
        struct mix *mix;
        size_t n, n_groups, n_places;
        uint32_t place_of[MIX_GROUPS]; /* of a group */
        uint32_t site_of[64];          /* of a place */
        size_t goes_on;                /* group that runs now; SIZE_MAX: none */
        float *on, *off;               /* [(t x n_groups + g) x LANES + lane], [(t x n_places + p) x LANES + lane] */
        float fee;                     /* on every start */
        float theta[LANES], value[LANES];
        float speed[MIX_WAYS], lost[MIX_WAYS][LANES]; /* of a way; the worth of the progress that a start loses */
        uint32_t end[LANES], end_group[LANES];
        bool by_end;                             /* what is done in each slot is looked at by itself */
        size_t first_end;                        /* the slot before whose end the work cannot be done */
        double least;                            /* the highest bound so far */
        struct range { double low, high; } peak; /* with by_end: the thetas between which it is */
        bool peak_is_new;                        /* and whether they are lanes of the last walk */
};

static inline const struct plan_mode *mode_of(const struct path *path, size_t way)
{
        return &path->job->modes[path->mix->ways[way].mode];
}

static inline float *on_row(const struct path *path, size_t t, size_t group)
{
        return path->on + (t * path->n_groups + group) * LANES;
}

static inline float *off_row(const struct path *path, size_t t, size_t place)
{
        return path->off + (t * path->n_places + place) * LANES;
}

/* When a slot begins, for the job. */
static inline int64_t path_edge(const struct path *path, size_t t)
{
        int64_t at = path->wish->slots->edges[path->wish->first + t];

        return t == 0 && at < path->job->release ? path->job->release : at;
}

/* The slot from whose beginning on a move is over by the beginning of t; SIZE_MAX: none. */
static inline size_t path_move_from(const struct path *path, size_t t)
{
        size_t from = t;

        while (path_edge(path, t) - path_edge(path, from) < path->job->move_s) {
                if (from == 0) /* it has not run before; part of its rest may be over */
                        return path_edge(path, t) >= job_first_move(path->job) ? 0 : SIZE_MAX;
                from--;
        }
        return from;
}

/* What a lane's path proves of the job, or of all that is done in the slot whose paths were taken. */
static inline double path_bound(const struct path *path, size_t lane)
{
        return (double)path->value[lane] + (double)path->theta[lane] * path->job->work_s;
}

/* As if a start took nothing of the slots behind it. */
static inline double pick_progress(const struct path *path, struct mix_pick pick, size_t t)
{
        if (pick.way == 0)
                return 0;
        return mode_of(path, pick.way - 1u)->speed *
               (path->mix->seconds[t] - (pick.starts ? (double)path->job->start_cost_s : 0));
}

/* Exactly, also where slots are shorter than a start, which then takes of what follows, whatever that does. */
static inline double path_progress(const struct path *path, const struct mix_pick *picks)
{
        double progress = 0, left_s = 0;

        for (size_t t = 0; t < path->n; t++) {
                double lost_s;

                if (picks[t].way == 0 || picks[t].starts)
                        left_s = picks[t].way == 0 ? 0 : (double)path->job->start_cost_s;
                if (picks[t].way == 0)
                        continue;
                lost_s = fmin(left_s, path->mix->seconds[t]);
                progress += mode_of(path, picks[t].way - 1u)->speed * (path->mix->seconds[t] - lost_s);
                left_s -= lost_s;
        }
        return progress;
}

/* The slot before whose end the work cannot be done at any speed; n: not at all. */
size_t mix_first_end(const struct path *path);

/*
 * With by_end, after a walk: raise the bounds of what is done in each slot by what it proves, and take the paths that end in the slot
 * whose bound is the least: value, end, end_group, least, peak.
 */
void mix_choose_end(struct path *path);

/* The picks of a lane's path. n of them. */
void mix_read_back(const struct path *path, size_t lane, struct mix_pick *picks);

/* `head` up to a slot, `tail` from it on: so that the least is done that is enough. False if no join is enough. */
bool mix_splice(const struct path *path, const struct mix_pick *head, const struct mix_pick *tail, struct mix_pick *ret_picks);

/* Do more, where that is cheapest, until it is enough: longer runs, and modes that do more. False if it takes too many slots. */
bool mix_grow(const struct path *path, struct mix_pick *picks);

#endif
