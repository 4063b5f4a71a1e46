/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: walk() fills the rows of the shortest path for eight thetas; climb() narrows the thetas down to where the bound is
 * highest; read_back() tells a lane's picks. What becomes of those on both sides of the bound is in mix_join.c.
 */
#include "plan/mix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/ease_starts.h"
#include "plan/mix_path.h"

enum { FEES = 4 };

void mix_init(struct mix *mix)
{
        *mix = (struct mix){ .theta = NAN };
}

void mix_finish(struct mix *mix)
{
        free(mix->memory);
        free(mix->rows);
        free(mix->ends);
        free(mix->below);
        mix_init(mix);
}

int mix_reserve(struct mix *mix, size_t n_ways, size_t n)
{
        if (4 * n_ways * n > mix->room) {
                free(mix->memory);
                mix->room = 0;
                mix->memory = malloc(8 * n_ways * n * sizeof(*mix->memory));
                if (mix->memory == NULL)
                        return OFFPEAK_ENOMEM;
                mix->room = 8 * n_ways * n;
        }
        for (size_t w = 0; w < n_ways; w++) {
                mix->ways[w].rates = mix->memory + 4 * w * n;
                mix->ways[w].seats = mix->ways[w].rates + n;
                mix->ways[w].costs = mix->ways[w].rates + 2 * n;
                mix->ways[w].starts = mix->ways[w].rates + 3 * n;
        }
        mix->n_ways = n_ways;
        return 0;
}

/* Rows of so many floats. */
static int reserve_rows(struct mix *mix, size_t floats)
{
        if (floats <= mix->room_rows)
                return 0;
        free(mix->rows);
        mix->room_rows = 0;
        mix->rows = malloc(floats * sizeof(*mix->rows));
        if (mix->rows == NULL)
                return OFFPEAK_ENOMEM;
        mix->room_rows = floats;
        return 0;
}

/* What there is one of for each slot. */
static int reserve_slots(struct mix *mix, size_t n)
{
        struct mix_pick *picks;

        if (n <= mix->room_slots)
                return 0;
        free(mix->ends);
        free(mix->below);
        mix->room_slots = 0;
        mix->ends = malloc(3 * (n + 1) * sizeof(*mix->ends));
        picks = mix->below = malloc((2 + MIX_CANDIDATES) * (n + 1) * sizeof(*picks));
        if (mix->ends == NULL || picks == NULL)
                return OFFPEAK_ENOMEM;
        mix->seconds = mix->ends + n + 1;
        mix->progress = mix->seconds + n + 1;
        mix->above = picks + n + 1;
        for (size_t c = 0; c < MIX_CANDIDATES; c++)
                mix->candidates[c] = picks + (2 + c) * (n + 1);
        mix->room_slots = n;
        return 0;
}

/* ---- the question, as the path sees it */

static void find_groups(struct path *path)
{
        struct mix *mix = path->mix;

        path->n_groups = path->n_places = 0;
        path->goes_on = SIZE_MAX;
        for (size_t w = 0; w < mix->n_ways; w++) {
                size_t same = 0, place = 0;

                while (same < w && (mix->ways[same].site != mix->ways[w].site ||
                                    mode_of(path, same)->gpus != mode_of(path, w)->gpus))
                        same++;
                while (place < path->n_places && path->site_of[place] != mix->ways[w].site)
                        place++;
                if (place == path->n_places)
                        path->site_of[path->n_places++] = mix->ways[w].site;
                mix->ways[w].group = same < w ? mix->ways[same].group : (uint32_t)path->n_groups++;
                path->place_of[mix->ways[w].group] = (uint32_t)place;
                if (job_goes_on(path->wish->problem, path->job, mix->ways[w].site, mix->ways[w].mode, path->job->release))
                        path->goes_on = mix->ways[w].group;
        }
}

static int64_t edge(const struct path *path, size_t t)
{
        int64_t at = path->wish->slots->edges[path->wish->first + t];

        return t == 0 && at < path->job->release ? path->job->release : at;
}

static void measure(struct path *path)
{
        for (size_t t = 0; t < path->n; t++) {
                path->mix->seconds[t] = (double)(edge(path, t + 1) - edge(path, t));
                path->mix->ends[t] = job_end_cost(path->job, edge(path, t + 1));
        }
}

/* ---- the path */

/*
 * What a start in a slot costs beside the progress it loses and the slot: at a negative price what it draws once more, both ways; and
 * less what its width's easiest way draws less (ease_starts.h).
 */
static void price_starts(const struct path *path, struct mix_way *way, const struct mix_way *eased)
{
        float lost = (float)path->job->start_cost_s;

        for (size_t t = 0; t < path->n; t++) {
                float own = fabsf(way->rates[t]), least = fabsf(eased->rates[t]);

                way->starts[t] = isinf(way->rates[t]) ? 0 : lost * ((least < own ? least : own) - way->rates[t]);
        }
}

/* Of all ways: what a slot costs, and a start in it. */
static void price_ways(const struct path *path)
{
        for (size_t w = 0; w < path->mix->n_ways; w++) {
                struct mix_way *way = &path->mix->ways[w];
                uint32_t mode = eased_mode(path->job, way->mode);
                size_t eased = w;

                while (path->mix->ways[eased].mode != mode || path->mix->ways[eased].site != way->site)
                        eased = (eased + 1) % path->mix->n_ways;
                for (size_t t = 0; t < path->n; t++)
                        way->costs[t] = way->rates[t] * (float)path->mix->seconds[t] + way->seats[t];
                price_starts(path, way, &path->mix->ways[eased]);
        }
}

static float start_fee(const struct path *path, size_t way, size_t t, size_t lane)
{
        float lost = (float)path->job->start_cost_s;

        return path->fee + path->mix->ways[way].starts[t] +
               (path->theta[lane] > 0 ? path->theta[lane] : 0) * (float)mode_of(path, way)->speed * lost;
}

/* What each group's cheapest way costs in a slot, less what its progress is worth: going on, and starting in it. */
static void price_slot(const struct path *path, size_t t, float (*restrict run)[LANES], float (*restrict start)[LANES])
{
        for (size_t g = 0; g < path->n_groups; g++)
                for (size_t lane = 0; lane < LANES; lane++)
                        run[g][lane] = start[g][lane] = INFINITY;
        for (size_t w = 0; w < path->mix->n_ways; w++) {
                const struct mix_way *way = &path->mix->ways[w];
                float cost = way->costs[t], progress = path->speed[w] * (float)path->mix->seconds[t];
                float extra = path->fee + way->starts[t];
                float *restrict on_run = run[way->group], *restrict on_start = start[way->group];
                const float *restrict theta = path->theta, *restrict lost = path->lost[w];

                if (isinf(cost))
                        continue;
#pragma GCC unroll 1 /* the vectoriser sees loops only */
                for (size_t lane = 0; lane < LANES; lane++) {
                        float on = cost - theta[lane] * progress, first = on + extra + lost[lane];

                        on_run[lane] = on < on_run[lane] ? on : on_run[lane];
                        on_start[lane] = first < on_start[lane] ? first : on_start[lane];
                }
        }
}

/* What the progress that a start loses is worth, by way and lane. */
static void price_lost(struct path *path)
{
        float lost = (float)path->job->start_cost_s;

        for (size_t w = 0; w < path->mix->n_ways; w++) {
                path->speed[w] = (float)mode_of(path, w)->speed;
                for (size_t lane = 0; lane < LANES; lane++)
                        path->lost[w][lane] = (path->theta[lane] > 0 ? path->theta[lane] : 0) * path->speed[w] * lost;
        }
}

static float *on_row(const struct path *path, size_t t, size_t group)
{
        return path->on + (t * path->n_groups + group) * LANES;
}

static float *off_row(const struct path *path, size_t t, size_t place)
{
        return path->off + (t * path->n_places + place) * LANES;
}

static void keep_less(float *restrict to, const float *restrict from, const float *restrict more)
{
#pragma GCC unroll 1
        for (size_t lane = 0; lane < LANES; lane++) {
                float sum = from[lane] + more[lane];

                to[lane] = sum < to[lane] ? sum : to[lane];
        }
}

/* The slot from whose beginning on a move is over by the beginning of t; SIZE_MAX: none. */
static size_t move_from(const struct path *path, size_t t)
{
        size_t from = t;

        while (edge(path, t) - edge(path, from) < path->job->move_s) {
                if (from == 0) /* it has not run before; part of its rest may be over */
                        return edge(path, t) >= job_first_move(path->job) ? 0 : SIZE_MAX;
                from--;
        }
        return from;
}

/* Being elsewhere as slot t begins. */
static void keep_moves(const struct path *path, size_t t)
{
        size_t from = path->job->may_move && path->n_places > 1 ? move_from(path, t) : SIZE_MAX;
        float fee[LANES];

        if (from == SIZE_MAX)
                return;
        for (size_t lane = 0; lane < LANES; lane++)
                fee[lane] = (float)path->job->move_cost;
        for (size_t to = 0; to < path->n_places; to++)
                for (size_t place = 0; place < path->n_places; place++)
                        if (place != to)
                                keep_less(off_row(path, t, to), off_row(path, from, place), fee);
}

static void begin_rows(const struct path *path)
{
        for (size_t g = 0; g < path->n_groups; g++)
                for (size_t lane = 0; lane < LANES; lane++)
                        on_row(path, 0, g)[lane] = g == path->goes_on ? 0 : INFINITY;
        for (size_t p = 0; p < path->n_places; p++) {
                bool here = !path->job->may_move || path->job->home == PLAN_ANYWHERE ||
                            path->job->home == path->site_of[p];

                for (size_t lane = 0; lane < LANES; lane++)
                        off_row(path, 0, p)[lane] = here ? 0 : INFINITY;
        }
        keep_moves(path, 0);
}

/* Ending in a group with slot t, where that is the cheapest so far. */
static void keep_end(struct path *path, const float *restrict next, size_t t, size_t group)
{
        float end_cost = (float)path->mix->ends[t];

        for (size_t lane = 0; lane < LANES; lane++)
                if (next[lane] + end_cost < path->value[lane]) {
                        path->value[lane] = next[lane] + end_cost;
                        path->end[lane] = (uint32_t)t + 1;
                        path->end_group[lane] = (uint32_t)group;
                }
}

static void step(struct path *path, size_t t)
{
        static const float nothing[LANES];
        float runs[MIX_GROUPS][LANES], starts[MIX_GROUPS][LANES];

        price_slot(path, t, runs, starts);
        for (size_t p = 0; p < path->n_places; p++)
                memcpy(off_row(path, t + 1, p), off_row(path, t, p), LANES * sizeof(float));
        for (size_t g = 0; g < path->n_groups; g++) {
                const float *run = runs[g], *start = starts[g];
                float *next = on_row(path, t + 1, g);

#pragma GCC unroll 1
                for (size_t lane = 0; lane < LANES; lane++)
                        next[lane] = on_row(path, t, g)[lane] + run[lane];
                if (path->job->max_starts > 0) {
                        keep_less(next, off_row(path, t, path->place_of[g]), start);
                        for (size_t h = 0; h < path->n_groups; h++)
                                if (h != g && path->place_of[h] == path->place_of[g])
                                        keep_less(next, on_row(path, t, h), start);
                }
                keep_less(off_row(path, t + 1, path->place_of[g]), next, nothing);
                keep_end(path, next, t, g);
        }
        keep_moves(path, t + 1);
}

/* Fill the rows for the path's thetas; value: the least of cost - theta x progress. */
static void walk(struct path *path)
{
        for (size_t lane = 0; lane < LANES; lane++) {
                path->value[lane] = INFINITY;
                path->end[lane] = path->end_group[lane] = 0;
        }
        price_lost(path);
        begin_rows(path);
        for (size_t t = 0; t < path->n; t++)
                step(path, t);
        path->mix->work += path->n * (path->n_groups + path->mix->n_ways) / 4;
}

/* ---- reading it back */

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
        size_t from = path->job->may_move && path->n_places > 1 ? move_from(path, spot.t) : SIZE_MAX;
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
static void read_back(const struct path *path, size_t lane, struct mix_pick *picks)
{
        struct spot spot = { true, path->end[lane], path->end_group[lane] };

        memset(picks, 0, path->n * sizeof(*picks));
        while (spot.t > 0)
                spot = spot.on ? before_on(path, spot, lane, &picks[spot.t - 1]) : before_off(path, spot, lane);
}

/* ---- where the bound is */

struct range {
        double low, high;
};

/* Every theta that may matter: from where nothing runs to where all does. */
static struct range all_thetas(const struct path *path)
{
        struct range range = { 0, 0 };

        for (size_t w = 0; w < path->mix->n_ways; w++)
                for (size_t t = 0; t < path->n; t++) {
                        double unit = (double)path->mix->ways[w].costs[t] / (mode_of(path, w)->speed * path->mix->seconds[t]);

                        if (isinf(unit))
                                continue;
                        range.low = fmin(range.low, 2 * unit);
                        range.high = fmax(range.high, 2 * unit);
                }
        range.high += (path->fee + path->job->move_cost + job_end_cost(path->job, edge(path, path->n))) /
                      fmin(path->job->work_s, 3600);
        return range;
}

/* The most that a second of progress can be worth, whatever its sign. */
static double reach(const struct path *path)
{
        struct range range = all_thetas(path);

        return fabs(range.low) + range.high;
}

static double lane_bound(const struct path *path, size_t lane)
{
        return (double)path->value[lane] + (double)path->theta[lane] * path->job->work_s;
}

static size_t highest_lane(const struct path *path)
{
        size_t best = 0;

        for (size_t lane = 1; lane < LANES; lane++)
                if (lane_bound(path, lane) > lane_bound(path, best))
                        best = lane;
        return best;
}

static void walk_evenly(struct path *path, struct range range)
{
        for (size_t lane = 0; lane < LANES; lane++)
                path->theta[lane] = (float)(range.low + (range.high - range.low) * (double)lane / (LANES - 1));
        walk(path);
}

/* About a guess: near it closely, further out less so. */
static void walk_about(struct path *path, double guess)
{
        static const double at[LANES] = { -1, -0.35, -0.1, -0.02, 0.02, 0.1, 0.35, 1 };

        for (size_t lane = 0; lane < LANES; lane++)
                path->theta[lane] = (float)(guess + at[lane] * (0.2 * fabs(guess) + 1e-12));
        walk(path);
}

/* Far from a guess, on both sides. */
static void walk_around(struct path *path, double guess)
{
        static const double at[LANES] = { -0.75, -0.5, -0.3, -0.18, 0.18, 0.6, 1.5, 4 };

        for (size_t lane = 0; lane < LANES; lane++)
                path->theta[lane] = (float)(guess + at[lane] * fabs(guess));
        walk(path);
}

static struct range about(const struct path *path, size_t lane)
{
        return (struct range){ (double)path->theta[lane > 0 ? lane - 1 : 0],
                               (double)path->theta[lane + 1 < LANES ? lane + 1 : LANES - 1] };
}

/* Does the highest bound of the last walk lie between its thetas, or are they of no consequence: is all run that can be? */
static bool is_found(const struct path *path)
{
        size_t lane = highest_lane(path);

        if (lane == LANES - 1) {
                read_back(path, lane, path->mix->above);
                return path_progress(path, path->mix->above) >= path->job->work_s;
        }
        return lane > 0;
}

/* Lateness at the end of the window can be worth so much more than power that a few rounds only find out that it is. */
static bool is_wide(struct range range)
{
        return range.high - range.low > 0.5 * fmax(fabs(range.low), fabs(range.high));
}

/* Is it settled that nothing here costs less than what is to be beaten? Fees are no part of a bound. */
static bool is_hopeless(const struct path *path)
{
        return path->fee == 0 && lane_bound(path, highest_lane(path)) >= path->wish->beat;
}

/* Narrow down to the highest bound, or until it is hopeless; the rows are those of the last walk. */
static void climb(struct path *path, double guess, bool thorough)
{
        int rounds = thorough, most = thorough;

        if (!isnan(guess))
                walk_about(path, guess);
        if (!isnan(guess) && is_hopeless(path))
                return;
        if (isnan(guess) || !is_found(path)) {
                rounds++;
                if (!isnan(guess))
                        walk_around(path, guess);
                if (isnan(guess) || !is_found(path)) {
                        walk_evenly(path, all_thetas(path));
                        rounds = thorough || path->job->n_modes == 1 ? 3 : 2;
                        most = 12;
                }
        }
        for (int round = 0; round < rounds || (round < most && is_wide(about(path, highest_lane(path)))); round++)
                walk_evenly(path, about(path, highest_lane(path)));
}

/* The picks of the first lane that does enough, and of the one before it. False if none does enough. */
static bool find_sides(struct path *path)
{
        struct mix *mix = path->mix;
        size_t lane = highest_lane(path);
        bool enough;

        read_back(path, lane, mix->above);
        enough = path_progress(path, mix->above) >= path->job->work_s;
        if (enough) {
                while (lane > 0) {
                        read_back(path, lane - 1, mix->below);
                        if (path_progress(path, mix->below) < path->job->work_s)
                                return true;
                        memcpy(mix->above, mix->below, path->n * sizeof(*mix->above));
                        lane--;
                }
                memcpy(mix->below, mix->above, path->n * sizeof(*mix->above));
                return true;
        }
        memcpy(mix->below, mix->above, path->n * sizeof(*mix->above));
        for (lane++; lane < LANES; lane++) {
                read_back(path, lane, mix->above);
                if (path_progress(path, mix->above) >= path->job->work_s)
                        return true;
                memcpy(mix->below, mix->above, path->n * sizeof(*mix->above));
        }
        return false;
}

static uint32_t count_starts(const struct path *path, const struct mix_pick *picks)
{
        uint32_t starts = 0;

        for (size_t t = 0; t < path->n; t++)
                starts += picks[t].way > 0 && picks[t].starts;
        return starts;
}

static void collect(struct path *path)
{
        struct mix *mix = path->mix;

        mix->n_candidates = 0;
        if (!find_sides(path))
                return;
        if (mix_splice(path, mix->below, mix->above, mix->candidates[mix->n_candidates]))
                mix->n_candidates++;
        if (mix_splice(path, mix->above, mix->below, mix->candidates[mix->n_candidates]))
                mix->n_candidates++;
        memcpy(mix->candidates[mix->n_candidates++], mix->above, path->n * sizeof(*mix->above));
        if (path_progress(path, mix->below) < path->job->work_s && mix_grow(path, mix->below))
                memcpy(mix->candidates[mix->n_candidates++], mix->below, path->n * sizeof(*mix->below));
}

/* Does any candidate keep to the starts that are allowed? */
static bool few_starts(const struct path *path)
{
        for (size_t c = 0; c < path->mix->n_candidates; c++)
                if (count_starts(path, path->mix->candidates[c]) <= path->job->max_starts)
                        return true;
        return path->mix->n_candidates == 0;
}

/* The bound, less the fees that the path which has it pays: without them nobody with so few starts could do better, nearly. */
static void note_bound(const struct path *path)
{
        struct mix *mix = path->mix;
        size_t lane = highest_lane(path);
        uint32_t starts = 0;

        if (path->fee > 0) {
                read_back(path, lane, mix->below);
                starts = count_starts(path, mix->below);
        }
        mix->least = lane_bound(path, lane) - (double)path->fee * starts;
        mix->theta = (double)path->theta[lane];
}

int mix_solve(const struct mix_wish *wish, struct mix *mix, double theta, bool thorough)
{
        struct path path;

        path.wish = wish; /* the arrays are filled as far as they are used */
        path.job = wish->job;
        path.mix = mix;
        path.n = wish->n;
        path.fee = 0;
        mix->least = -INFINITY;
        mix->theta = NAN;
        mix->n_candidates = 0;
        find_groups(&path);
        if (reserve_slots(mix, wish->n) != 0 ||
            reserve_rows(mix, (wish->n + 1) * (path.n_groups + path.n_places) * LANES) != 0)
                return OFFPEAK_ENOMEM;
        path.on = mix->rows;
        path.off = mix->rows + (wish->n + 1) * path.n_groups * LANES;
        measure(&path);
        price_ways(&path);
        if (wish->job->max_starts <= 1) /* one run: whatever is saved by another is not worth it */
                path.fee = (float)(2 * reach(&path) * wish->job->work_s);
        for (int fees = 0; fees < FEES; fees++) {
                climb(&path, fees == 0 ? theta : NAN, thorough);
                if (fees == 0)
                        note_bound(&path);
                if (fees == 0 && is_hopeless(&path))
                        return 0;
                collect(&path);
                if (few_starts(&path))
                        return 0;
                path.fee = path.fee > 0 ? 4 * path.fee : (float)(0.02 * reach(&path) * wish->job->work_s);
        }
        return 0;
}
