/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: walk() fills the rows of the shortest path for eight thetas, of which mix_ends.c takes those that end where the job should;
 * climb() narrows the thetas down to where the bound is highest; mix_back.c tells a lane's picks. What becomes of those on both sides of
 * the bound is in mix_join.c.
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
        mix->ends = malloc(6 * (n + 1) * sizeof(*mix->ends));
        picks = mix->below = malloc((2 + MIX_CANDIDATES) * (n + 1) * sizeof(*picks));
        if (mix->ends == NULL || picks == NULL)
                return OFFPEAK_ENOMEM;
        mix->seconds = mix->ends + n + 1;
        mix->progress = mix->seconds + n + 1;
        mix->bounds = mix->progress + n + 1;
        mix->lows = mix->bounds + n + 1;
        mix->highs = mix->lows + n + 1;
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

static void measure(struct path *path)
{
        for (size_t t = 0; t < path->n; t++) {
                path->mix->seconds[t] = (double)(path_edge(path, t + 1) - path_edge(path, t));
                path->mix->ends[t] = job_end_cost(path->job, path_edge(path, t + 1));
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

static void keep_less(float *restrict to, const float *restrict from, const float *restrict more)
{
#pragma GCC unroll 1
        for (size_t lane = 0; lane < LANES; lane++) {
                float sum = from[lane] + more[lane];

                to[lane] = sum < to[lane] ? sum : to[lane];
        }
}

/* Being elsewhere as slot t begins. */
static void keep_moves(const struct path *path, size_t t)
{
        size_t from = path->job->may_move && path->n_places > 1 ? path_move_from(path, t) : SIZE_MAX;
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
                if (!path->by_end)
                        keep_end(path, next, t, g);
        }
        keep_moves(path, t + 1);
}

static size_t highest_lane(const struct path *path)
{
        size_t best = 0;

        for (size_t lane = 1; lane < LANES; lane++)
                if (path_bound(path, lane) > path_bound(path, best))
                        best = lane;
        return best;
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
        if (path->by_end)
                mix_choose_end(path);
        else
                path->least = path_bound(path, highest_lane(path));
}

/* Before the first walk, and where fees change what paths cost. */
static void begin_bounds(struct path *path)
{
        path->least = -INFINITY;
        for (size_t t = 0; t < path->n; t++)
                path->mix->bounds[t] = -INFINITY;
}

/* ---- where the bound is */

static void widen(struct range *range, double unit)
{
        if (isinf(unit) || isnan(unit))
                return;
        range->low = fmin(range->low, 2 * unit);
        range->high = fmax(range->high, 2 * unit);
}

/*
 * Every theta that may matter: from where nothing runs to where all does, and as fast as it can. A second of progress by a faster way
 * than another of its group may cost far more than one of running.
 */
static struct range all_thetas(const struct path *path)
{
        struct range range = { 0, 0 };
        double fixed;

        for (size_t w = 0; w < path->mix->n_ways; w++)
                for (size_t t = 0; t < path->n; t++) {
                        double cost = (double)path->mix->ways[w].costs[t], speed = mode_of(path, w)->speed;

                        widen(&range, cost / (speed * path->mix->seconds[t]));
                        for (size_t k = 0; k < path->mix->n_ways; k++)
                                if (path->mix->ways[k].group == path->mix->ways[w].group && mode_of(path, k)->speed < speed)
                                        widen(&range, (cost - (double)path->mix->ways[k].costs[t]) /
                                                              ((speed - mode_of(path, k)->speed) * path->mix->seconds[t]));
                }
        fixed = path->job->move_cost;
        if (!path->by_end || path->job->max_starts > 1) /* else all runs pay the same fee; */
                fixed += path->fee;
        if (!path->by_end) /* and all that is done in one slot pays the same for that */
                fixed += job_end_cost(path->job, path_edge(path, path->n));
        range.high += fixed / fmin(path->job->work_s, 3600);
        return range;
}

/* The most that a second of progress can be worth, whatever its sign. */
static double reach(const struct path *path)
{
        struct range range = all_thetas(path);

        return fabs(range.low) + range.high;
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

/* The thetas about the highest bound. */
static struct range about_highest(const struct path *path)
{
        size_t lane = highest_lane(path);

        if (path->by_end)
                return path->peak;
        return (struct range){ (double)path->theta[lane > 0 ? lane - 1 : 0],
                               (double)path->theta[lane + 1 < LANES ? lane + 1 : LANES - 1] };
}

/* Does the highest bound of the last walk lie between its thetas, or are they of no consequence: is all run that can be? */
static bool is_found(const struct path *path)
{
        size_t lane = highest_lane(path);

        if (lane == LANES - 1) {
                mix_read_back(path, lane, path->mix->above);
                return path_progress(path, path->mix->above) >= path->job->work_s;
        }
        return lane > 0;
}

/*
 * Lateness at the end of the window can be worth so much more than power that a few rounds only find out that it is; and each may
 * find out that the job should end elsewhere.
 */
static bool is_open(const struct path *path)
{
        struct range range = about_highest(path);

        return range.high - range.low > 0.5 * fmax(fabs(range.low), fabs(range.high)) || (path->by_end && !path->peak_is_new);
}

/* Is it settled that nothing here costs less than what is to be beaten? Fees are no part of a bound. */
static bool is_hopeless(const struct path *path)
{
        return path->fee == 0 && path->least >= path->wish->beat;
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
        for (int round = 0; round < rounds || (round < most && is_open(path)); round++)
                walk_evenly(path, about_highest(path));
}

/* The picks of the first lane that does enough, and of the one before it. False if none does enough. */
static bool find_sides(struct path *path)
{
        struct mix *mix = path->mix;
        size_t lane = highest_lane(path);
        bool enough;

        mix_read_back(path, lane, mix->above);
        enough = path_progress(path, mix->above) >= path->job->work_s;
        if (enough) {
                while (lane > 0) {
                        mix_read_back(path, lane - 1, mix->below);
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
                mix_read_back(path, lane, mix->above);
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

/* Joined, and grown where that is not enough after all: a start may lie in several slots. */
static void try_splice(struct path *path, const struct mix_pick *head, const struct mix_pick *tail)
{
        struct mix *mix = path->mix;
        struct mix_pick *picks = mix->candidates[mix->n_candidates];

        if (mix_splice(path, head, tail, picks) && (path_progress(path, picks) >= path->job->work_s || mix_grow(path, picks)))
                mix->n_candidates++;
}

static void collect(struct path *path)
{
        struct mix *mix = path->mix;

        mix->n_candidates = 0;
        if (!find_sides(path))
                return;
        try_splice(path, mix->below, mix->above);
        try_splice(path, mix->above, mix->below);
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
                mix_read_back(path, lane, mix->below);
                starts = count_starts(path, mix->below);
        }
        mix->least = path->least - (double)path->fee * starts;
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
        path.first_end = mix_first_end(&path);
        path.by_end = path.first_end < wish->n &&
                      (wish->job->max_starts <= 1 || (wish->n > 2 && mix->ends[wish->n - 2] > mix->ends[0]));
        price_ways(&path);
        if (wish->job->max_starts <= 1) /* one run: whatever is saved by another is not worth it */
                path.fee = (float)(2 * reach(&path) * wish->job->work_s);
        for (int fees = 0; fees < FEES; fees++) {
                begin_bounds(&path);
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
