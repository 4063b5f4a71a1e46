/* SPDX-License-Identifier: Apache-2.0 */
/* Overview: a lane's path is read from its rows, from the end on back, by comparing once more what each of them was made of. */
#include "plan/mix_path.h"

#include <math.h>
#include <string.h>

static float start_fee(const struct path *path, size_t way, size_t t, size_t lane)
{
        float lost = (float)path->job->start_cost_s;

        return path->fee + path->mix->ways[way].starts[t] +
               (path->theta[lane] > 0 ? path->theta[lane] : 0) * (float)mode_of(path, way)->speed * lost;
}

/* The way that is cheapest in a slot for a lane, starting or going on; what it costs in *ret_cost. */
static size_t cheapest_way(const struct path *path, size_t group, size_t t, size_t lane, bool starts, float *ret_cost)
{
        size_t best = 0;

        *ret_cost = INFINITY;
        for (size_t w = 0; w < path->mix->n_ways; w++) {
                float progress = (float)mode_of(path, w)->speed * (float)path->mix->seconds[t];
                float cost = path->mix->ways[w].costs[t] - path->theta[lane] * progress;

                if (path->mix->ways[w].group != group)
                        continue;
                cost += starts ? start_fee(path, w, t, lane) : 0;
                if (cost < *ret_cost) {
                        *ret_cost = cost;
                        best = w;
                }
        }
        return best;
}

/* Where the path is: running in a group, or off at a place, as slot t begins. */
struct spot {
        bool on;
        size_t t, at;
};

static void try_spot(const struct path *path, struct spot *best, float *least, struct spot from, float more, size_t lane)
{
        float cost = (from.on ? on_row(path, from.t, from.at) : off_row(path, from.t, from.at))[lane] + more;

        if (cost < *least) {
                *least = cost;
                *best = from;
        }
}

static struct spot before_on(const struct path *path, struct spot spot, size_t lane, struct mix_pick *ret_pick)
{
        struct spot best = { true, spot.t - 1, spot.at };
        size_t t = spot.t - 1, run, start;
        float least = INFINITY, run_cost, start_cost;

        run = cheapest_way(path, spot.at, t, lane, false, &run_cost);
        start = cheapest_way(path, spot.at, t, lane, true, &start_cost);
        try_spot(path, &best, &least, best, run_cost, lane);
        *ret_pick = (struct mix_pick){ (uint8_t)(run + 1), false };
        if (path->job->max_starts == 0)
                return best;
        try_spot(path, &best, &least, (struct spot){ false, t, path->place_of[spot.at] }, start_cost, lane);
        for (size_t h = 0; h < path->n_groups; h++)
                if (h != spot.at && path->place_of[h] == path->place_of[spot.at])
                        try_spot(path, &best, &least, (struct spot){ true, t, h }, start_cost, lane);
        if (!best.on || best.at != spot.at)
                *ret_pick = (struct mix_pick){ (uint8_t)(start + 1), true };
        return best;
}

static struct spot before_off(const struct path *path, struct spot spot, size_t lane)
{
        struct spot best = { false, spot.t - 1, spot.at };
        size_t from = path->job->may_move && path->n_places > 1 ? path_move_from(path, spot.t) : SIZE_MAX;
        float least = INFINITY;

        try_spot(path, &best, &least, best, 0, lane);
        for (size_t g = 0; g < path->n_groups; g++)
                if (path->place_of[g] == spot.at)
                        try_spot(path, &best, &least, (struct spot){ true, spot.t, g }, 0, lane);
        for (size_t p = 0; from != SIZE_MAX && from < spot.t && p < path->n_places; p++)
                if (p != spot.at)
                        try_spot(path, &best, &least, (struct spot){ false, from, p }, (float)path->job->move_cost, lane);
        return best;
}

/* Where path and place begin to differ in more than rounding no plan is lost: picks are checked, and cost what they cost. */
void mix_read_back(const struct path *path, size_t lane, struct mix_pick *picks)
{
        struct spot spot = { true, path->end[lane], path->end_group[lane] };

        memset(picks, 0, path->n * sizeof(*picks));
        while (spot.t > 0)
                spot = spot.on ? before_on(path, spot, lane, &picks[spot.t - 1]) : before_off(path, spot, lane);
}
