/* SPDX-License-Identifier: Apache-2.0 */
/* mix_path.h - what mix.c and mix_join.c share: a job's path through its ways, and what its picks do. Of no use outside of these. */
#ifndef OFFPEAK_PLAN_MIX_PATH_H
#define OFFPEAK_PLAN_MIX_PATH_H

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
};

static inline const struct plan_mode *mode_of(const struct path *path, size_t way)
{
        return &path->job->modes[path->mix->ways[way].mode];
}

static inline double pick_progress(const struct path *path, struct mix_pick pick, size_t t)
{
        if (pick.way == 0)
                return 0;
        return mode_of(path, pick.way - 1u)->speed *
               (path->mix->seconds[t] - (pick.starts ? (double)path->job->start_cost_s : 0));
}

static inline double path_progress(const struct path *path, const struct mix_pick *picks)
{
        double progress = 0;

        for (size_t t = 0; t < path->n; t++)
                progress += pick_progress(path, picks[t], t);
        return progress;
}

/* `head` up to a slot, `tail` from it on: so that the least is done that is enough. False if no join is enough. */
bool mix_splice(const struct path *path, const struct mix_pick *head, const struct mix_pick *tail, struct mix_pick *ret_picks);

/* Do more, where that is cheapest, until it is enough: longer runs, and modes that do more. False if it takes too many slots. */
bool mix_grow(const struct path *path, struct mix_pick *picks);

#endif
