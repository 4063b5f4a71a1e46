/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/check_offer.h"

#include <math.h>
#include <stdlib.h>

#include "plan/check_path.h"
#include "plan/check_start.h"

enum { ROUNDS = 60 };

#define CLOSE 1e-12 /* of the numbers that a value is made of */

/* ---- what a job alone pays */

double alone_end_cost(const struct plan_problem *problem, const struct plan_job *job, double end)
{
        double delay = end - (double)(job->earliest_finish - problem->now);
        double late = job->deadline != 0 ? end - (double)(job->deadline - problem->now) : 0;

        return fmax(0, delay) / 3600 * job->modes[0].gpus * job->delay_cost + fmax(0, late) / 3600 * job->lateness_cost;
}

double alone_undone_rate(const struct plan_problem *problem, const struct plan_job *job)
{
        const struct plan_mode *mode = &job->modes[0];
        uint32_t site = 0;

        while ((job->sites >> site & 1) == 0)
                site++;
        return (mode->gpus * problem->unfinished_cost / 3600 +
                problem->sites[site].pue_factor * mode->watts * problem->terminal_price / PLAN_JOULES_PER_MWH) /
               mode->speed;
}

static bool has_room(const struct plan_site *site, const struct plan_step *step, const struct plan_mode *mode)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        limit = fmax(limit + (site->store != NULL ? site->store->discharge_w * (1 + 1e-9) + 1e-6 : 0), idle);
        return mode->gpus <= step->gpus &&
               (isinf(limit) || idle + site->pue_factor * mode->watts <= limit * (1 + 2e-9) + 2e-6);
}

double alone_rate(const struct plan_site *site, const struct plan_job *job, const struct plan_mode *mode,
                  const struct pieces *pieces, const struct piece *piece)
{
        double energy = site->pue_factor * mode->watts / PLAN_JOULES_PER_MWH;

        if (!has_room(site, piece->step, mode))
                return INFINITY;
        return energy * (piece->power + job->carbon_price * piece->step->carbon / 1000 + job->risk * piece->step->spread) +
               mode->gpus * piece_gpu_price(pieces, piece, mode) / 3600;
}

double alone_start_extra(const struct plan_site *site, const struct plan_job *job, size_t mode,
                          const struct plan_step *step)
{
        double price = step->n_segments > 0 ? step->segments[0].price : 0;

        return 2 * site->pue_factor * job->modes[mode].watts / PLAN_JOULES_PER_MWH * fmax(0, -price);
}

/* ---- runs: the shortest path */

/*
 * on[level * n_modes + m]: running in mode m, with level + 1 runs so far; off[level]: not running, after level runs.
 * The top level also stands for more runs, if the job may have more than LEVELS. Modes of one width change freely,
 * others by a start. moved: entering the next piece in a mode; arrived: those of them that may end at once.
 */
struct walk {
        const struct offer *offer;
        double theta;
        size_t n_levels;
        bool top_is_more;
        struct path *on, *moved, *arrived, *off, *of_width;
};

/* The cheapest of a level's modes as the next piece begins: of each width, and of all. */
static struct path cheapest_on(const struct walk *walk, size_t level, struct path *of_width)
{
        const struct offer *offer = walk->offer;
        size_t n_modes = offer->job->n_modes;
        struct path all = { INFINITY, 0 };

        for (size_t m = 0; m < n_modes; m++)
                of_width[m] = (struct path){ INFINITY, 0 };
        for (size_t m = 0; m < n_modes; m++) {
                path_keep_cheaper(&of_width[offer->width[m]], &walk->on[level * n_modes + m], walk->theta);
                path_keep_cheaper(&all, &walk->on[level * n_modes + m], walk->theta);
        }
        return all;
}

/*
 * The cheapest ways to be running in each mode of a level as piece i begins. A run may begin where the one before ends.
 * below: the cheapest of the level below, or none.
 */
static struct path walk_enter(const struct walk *walk, size_t i, size_t level, const struct path *below)
{
        const struct offer *offer = walk->offer;
        const struct plan_job *job = offer->job;
        struct path all = cheapest_on(walk, level, walk->of_width), from = walk->off[level];

        if (level > 0)
                path_keep_cheaper(&from, below, walk->theta);
        if (walk->top_is_more && level + 1 == walk->n_levels) {
                path_keep_cheaper(&from, &walk->off[level + 1], walk->theta);
                path_keep_cheaper(&from, &all, walk->theta);
        }
        for (size_t m = 0; m < job->n_modes; m++) {
                struct path *moved = &walk->moved[level * job->n_modes + m], *arrived = &walk->arrived[level * job->n_modes + m];
                struct path before, start;

                *moved = *arrived = walk->of_width[offer->width[m]];
                if (job->max_starts == 0 || isinf(from.cost))
                        continue;
                start = offer_start(offer, walk->theta, m, i, &before);
                start = path_join(&from, &start);
                before = path_join(&from, &before);
                path_keep_cheaper(moved, &start, walk->theta);
                path_keep_cheaper(arrived, &before, walk->theta);
        }
        return all;
}

/* Levels are told apart as far as it matters: up to the runs that are asked for, where there may be any number. */
static void walk_init(struct walk *walk, const struct offer *offer, double theta, int runs)
{
        const struct plan_job *job = offer->job;
        size_t n_modes = job->n_modes;
        uint64_t most_runs = (uint64_t)job->max_starts + offer->goes_on;

        *walk = (struct walk){ .offer = offer, .theta = theta, .n_levels = most_runs < LEVELS ? most_runs : LEVELS };
        walk->top_is_more = most_runs > LEVELS;
        if (walk->top_is_more)
                walk->n_levels = (size_t)runs;
        walk->on = offer->walk;
        walk->moved = walk->on + LEVELS * n_modes;
        walk->arrived = walk->moved + LEVELS * n_modes;
        walk->of_width = walk->arrived + LEVELS * n_modes;
        walk->off = walk->of_width + n_modes;
        for (size_t k = 0; k < walk->n_levels * n_modes; k++)
                walk->on[k] = (struct path){ INFINITY, 0 };
        for (size_t level = 0; level <= walk->n_levels; level++)
                walk->off[level] = (struct path){ level == 0 ? 0 : INFINITY, 0 };
        for (size_t m = 0; offer->goes_on && m < n_modes; m++)
                if (job->modes[m].gpus == job->modes[job->run_mode].gpus)
                        walk->on[m] = walk->off[0];
}

/* No run but a start, which is nothing where it might earn: what is left of a run that is made shorter and shorter. */
static struct path no_run(const struct offer *offer)
{
        struct path least = { offer->goes_on || (offer->starts_earn && offer->job->max_starts > 0) ? 0 : INFINITY, 0 };

        for (size_t m = 0; least.cost > 0 && offer->job->max_starts > 0 && m < offer->job->n_modes; m++)
                least.cost = fmin(least.cost, offer_least_start(offer, m));
        return least;
}

/* At least `runs` (1 or 2) runs, some perhaps of no length. */
static void cheapest_runs(const struct offer *offer, double theta, int runs, struct path *ret_ends)
{
        size_t n_modes = offer->job->n_modes;
        struct path none = no_run(offer);
        struct walk walk;

        walk_init(&walk, offer, theta, runs);
        for (size_t i = 0; i < offer->n; i++) {
                double now = offer->ends[i], then = offer->ends[i + 1];
                struct path below = { INFINITY, 0 }, *best = &ret_ends[i];

                *best = (struct path){ INFINITY, 0 };
                if (runs == 1)
                        path_keep_end(best, &none, now, theta);
                for (size_t level = (size_t)runs; level <= walk.n_levels; level++)
                        path_keep_end(best, &walk.off[level], now, theta);
                for (size_t level = 0; level < walk.n_levels; level++)
                        below = walk_enter(&walk, i, level, &below);
                for (size_t k = 0; k < walk.n_levels * n_modes; k++) {
                        struct path *on = &walk.on[k];

                        *on = path_run(&walk.moved[k], offer, k % n_modes, i);
                        path_keep_cheaper(&walk.off[k / n_modes + 1], on, theta);
                        if (k < n_modes && runs > 1)
                                continue;
                        path_keep_end(best, &walk.arrived[k], now, theta);
                        path_keep_end(best, on, then, theta);
                }
        }
}

/* As many seconds as pay, whatever starts they take: what is left of the job under theta < 0. */
static void cheapest_burn(const struct offer *offer, double theta, int runs, struct path *ret_ends)
{
        struct path sum = { 0, 0 };

        (void)runs;
        for (size_t i = 0; i < offer->n; i++) {
                struct path least = { 0, 0 };

                for (size_t m = 0; m < offer->job->n_modes; m++) {
                        struct path run = path_run(&(struct path){ 0, 0 }, offer, m, i);

                        path_keep_cheaper(&least, &run, theta);
                }
                sum = path_join(&sum, &least);
                ret_ends[i] = (struct path){ sum.cost + offer->ends[i], sum.progress };
        }
}

/* ---- the highest theta */

/* Of what is done in one piece: the paths on both sides of the highest value, as far as they are known, and the highest met. */
struct tangents {
        struct path left, right;
        double best;
};

static void note_value(struct tangents *of, const struct path *path, double theta, double work)
{
        of->best = fmax(of->best, isinf(path->cost) ? INFINITY : path->cost + theta * (work - path->progress));
        if (path->progress < work ? path->progress > of->left.progress : path->progress < of->right.progress)
                *(path->progress < work ? &of->left : &of->right) = *path;
}

static void ask(const struct offer *offer, offer_cheapest cheapest, int runs, double theta, double work)
{
        cheapest(offer, theta, runs, offer->found);
        for (size_t i = 0; i < offer->n; i++)
                note_value(&offer->tangents[i], &offer->found[i], theta, work);
}

/* Where its tangents meet, if a higher value than the best may lie there; else NAN. */
static double next_theta(const struct tangents *of, double work, double low, double high)
{
        double theta = (of->right.cost - of->left.cost) / (of->right.progress - of->left.progress);
        double reach = of->left.cost + theta * (work - of->left.progress);
        double size = fabs(of->left.cost) + fabs(of->right.cost) + fabs(theta * work);

        return theta > low && theta < high && of->best < reach - CLOSE * size ? theta : NAN;
}

static void begin(const struct offer *offer, offer_cheapest cheapest, int runs, double work, double low, double high)
{
        cheapest(offer, low, runs, offer->found);
        for (size_t i = 0; i < offer->n; i++)
                offer->tangents[i] = (struct tangents){ offer->found[i], offer->found[i], -INFINITY };
        ask(offer, cheapest, runs, low, work);
        cheapest(offer, high, runs, offer->found);
        for (size_t i = 0; i < offer->n; i++) {
                offer->tangents[i].right = offer->found[i];
                note_value(&offer->tangents[i], &offer->found[i], high, work);
        }
}

double offer_highest(const struct offer *offer, offer_cheapest cheapest, int runs, double work, double low, double high)
{
        size_t least = 0;

        begin(offer, cheapest, runs, work, low, high);
        for (int round = 0; round < ROUNDS; round++) {
                const struct tangents *at;
                double theta;

                least = 0;
                for (size_t i = 1; i < offer->n; i++)
                        least = offer->tangents[i].best < offer->tangents[least].best ? i : least;
                at = &offer->tangents[least];
                theta = at->left.progress < work && at->right.progress > work ? next_theta(at, work, low, high) : NAN;
                if (isnan(theta))
                        break;
                ask(offer, cheapest, runs, theta, work);
        }
        return offer->tangents[least].best;
}

/* ---- burn: what overhead could earn */

static double overhead_gain(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double most = 0, sum = 0, starts = job->max_starts, slowest = INFINITY;
        double run = (double)(job->min_run_s > job->start_cost_s ? job->min_run_s - job->start_cost_s : 1);

        for (size_t m = 0; m < job->n_modes; m++)
                slowest = fmin(slowest, job->modes[m].speed);
        starts = fmin(starts, 1 + job->work_s / (run * slowest));
        for (size_t i = 0; i < offer->n; i++) {
                double gain = 0;

                for (size_t m = 0; m < job->n_modes; m++)
                        gain = fmax(gain, -offer->rates[m * offer->row + i]);
                most = fmax(most, gain);
                sum += gain * (double)(offer->edges[i + 1] - offer->edges[i]);
        }
        return fmin(sum, starts * (double)job->start_cost_s * most);
}

double offer_burn_bound(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double least = 0, fastest = 0;

        for (size_t m = 0; m < job->n_modes; m++) {
                fastest = fmax(fastest, job->modes[m].speed);
                for (size_t i = 0; i < offer->n; i++)
                        least = fmin(least, offer->rates[m * offer->row + i] / job->modes[m].speed);
        }
        if (least == 0)
                return -INFINITY; /* no negative price: nothing burns */
        return offer_highest(offer, cheapest_burn, 1, job->work_s + fastest, least, 0) - overhead_gain(offer);
}

double offer_runs_bound(const struct offer *offer, int runs)
{
        struct offer plain = *offer;
        double bound;

        plain.starts_earn = offer->starts_earn || runs > 1; /* one of which nothing comes counts as a run, and may not be left out */
        bound = offer_highest(&plain, cheapest_runs, runs, offer->job->work_s, 0, offer->undone);
        return fmax(bound, offer_burn_bound(offer));
}

/* ---- up to the deadline */

/* What every way costs at the least that ends behind the first n pieces; -INFINITY if running may earn. */
static double least_behind(const struct offer *offer, size_t n)
{
        double least = offer->undone;

        for (size_t m = 0; m < offer->job->n_modes; m++)
                for (size_t i = 0; i < offer->n; i++)
                        least = fmin(least, offer->rates[m * offer->row + i] / offer->job->modes[m].speed);
        return least < 0 ? -INFINITY : least * offer->job->work_s * (1 - PLAN_WORK_TOLERANCE) + offer->ends[n];
}

double offer_until_due(const struct offer *offer, double (*bound)(const struct offer *))
{
        struct offer due = *offer;
        int64_t deadline = offer->job->deadline - offer->problem->now;
        double least;

        for (due.n = 1; due.n < offer->n && offer->edges[due.n] < deadline;)
                due.n++;
        due.n++; /* what ends behind this one as well is late by its length or more */
        if (offer->job->deadline != 0 && due.n < offer->n) {
                least = bound(&due);
                if (least <= least_behind(offer, due.n))
                        return least;
        }
        return bound(offer);
}

/* ---- single: one run, exactly */

struct block {
        size_t first, last; /* pieces, first to last - 1, on which the job can run */
        const double *sums, *starts; /* cost of running from the first edge to edge i; and of starting all that time */
};

/* A sum over the seconds from the first edge until `time`: a line between two edges. */
static double sum_until(const struct offer *offer, const struct block *block, const double *sums, double time)
{
        size_t low = block->first, high = block->last;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if ((double)offer->edges[middle] <= time)
                        low = middle;
                else
                        high = middle;
        }
        return sums[low] + (sums[low + 1] - sums[low]) * (time - (double)offer->edges[low]) /
                                   (double)(offer->edges[low + 1] - offer->edges[low]);
}

/* overhead: seconds of its start, 0 if it goes on. */
static double run_cost(const struct offer *offer, const struct block *block, double start, double length,
                       double overhead)
{
        double end = start + length;

        if (start < (double)offer->edges[block->first] - 1e-6 || end > (double)offer->edges[block->last] + 1e-6)
                return INFINITY;
        return sum_until(offer, block, block->sums, end) - sum_until(offer, block, block->sums, start) +
               sum_until(offer, block, block->starts, start + overhead) -
               sum_until(offer, block, block->starts, start) + alone_end_cost(offer->problem, offer->job, end);
}

/* One run of `length` seconds, or the whole block if it is shorter and the rest stays undone. */
static double block_bound(const struct offer *offer, const struct block *block, double length, double overhead,
                          bool from_first)
{
        const struct plan_job *job = offer->job;
        double room = (double)(offer->edges[block->last] - offer->edges[block->first]);
        double best = INFINITY;

        if (room <= overhead)
                return INFINITY;
        if (room < length) {
                double rest = job->work_s - (room - overhead) * job->modes[0].speed;

                return block->sums[block->last] - block->sums[block->first] + fmax(0, rest) * offer->undone +
                       alone_end_cost(offer->problem, job, (double)offer->edges[offer->n]);
        }
        if (from_first)
                return run_cost(offer, block, (double)offer->edges[block->first], length, 0);
        for (size_t i = block->first; i <= block->last; i++) {
                double edge = (double)offer->edges[i];

                best = fmin(best, run_cost(offer, block, edge, length, overhead));
                best = fmin(best, run_cost(offer, block, edge - length, length, overhead));
                best = fmin(best, run_cost(offer, block, edge - overhead, length, overhead));
        }
        return best;
}

static double single_bound(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double need = job->work_s * (1 - PLAN_WORK_TOLERANCE) / job->modes[0].speed;
        double overhead = (double)job->start_cost_s;
        double best = INFINITY, gain = 0;
        double *sums = offer->sums, *starts = offer->starts;

        sums[0] = starts[0] = 0;
        for (size_t i = 0; i < offer->n; i++)
                gain = fmax(gain, -offer->rates[i]);
        for (size_t i = 0; i < offer->n; i++) {
                double seconds = (double)(offer->edges[i + 1] - offer->edges[i]);

                sums[i + 1] = sums[i] + (isinf(offer->rates[i]) ? 0 : offer->rates[i]) * seconds;
                starts[i + 1] = starts[i] + offer->extras[i] * seconds;
        }
        for (struct block block = { 0, 0, sums, starts }; block.first < offer->n; block.first = block.last + 1) {
                for (block.last = block.first; block.last < offer->n && !isinf(offer->rates[block.last]);)
                        block.last++;
                if (block.last == block.first)
                        continue;
                if (job->max_starts > 0)
                        best = fmin(best, block_bound(offer, &block, need + overhead, overhead, false));
                if (block.first == 0 && offer->goes_on)
                        best = fmin(best, block_bound(offer, &block, need, 0, true));
        }
        return best - gain * (ceil(need) - need); /* the last second may be needed only in part, and earn */
}

/* Work left undone where there is room for it is out of the question only if it is dearer than any hour. */
static bool undone_is_dearest(const struct offer *offer)
{
        for (size_t i = 0; i < offer->n; i++)
                if (!isinf(offer->rates[i]) && offer->rates[i] > offer->undone * offer->job->modes[0].speed)
                        return false;
        return true;
}

static double runs_bound(const struct offer *offer)
{
        return offer_runs_bound(offer, 1);
}

static double offer_bound(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double best = INFINITY;

        if (job->n_modes > 1 || !undone_is_dearest(offer))
                return offer_until_due(offer, runs_bound);
        best = fmin(best, single_bound(offer));
        if ((uint64_t)job->max_starts + offer->goes_on > 1)
                best = fmin(best, offer_runs_bound(offer, 2));
        return best;
}

/* ---- the offer */

/* The job's own edges: those of the pieces behind its release, and where the cost of its end bends. */
static void split(const struct pieces *pieces, struct offer *offer, size_t *owner)
{
        const struct plan_job *job = offer->job;
        int64_t now = offer->problem->now;
        int64_t first = job->earliest_finish, second = job->deadline;

        if (first > second) {
                first = job->deadline;
                second = job->earliest_finish;
        }
        for (size_t i = 0; i < pieces->n; i++) {
                int64_t start = pieces->at[i].start > job->release ? pieces->at[i].start : job->release;
                int64_t end = pieces->at[i].end;
                int64_t cuts[3] = { start, first, second };

                for (int k = 0; k < 3; k++)
                        if (cuts[k] < end && (k == 0 || cuts[k] > now + offer->edges[offer->n - 1])) {
                                offer->edges[offer->n] = cuts[k] - now;
                                owner[offer->n++] = i;
                        } else if (k == 0) {
                                break; /* before its release */
                        }
                offer->edges[offer->n] = end - now;
        }
}

int offer_init(struct offer *offer, const struct plan_problem *problem, const struct plan_job *job, size_t n)
{
        *offer = (struct offer){ .problem = problem, .job = job, .row = n, .undone = alone_undone_rate(problem, job) };
        offer->edges = calloc(n + 1, sizeof(*offer->edges));
        offer->ends = calloc(n + 1, sizeof(*offer->ends));
        offer->rates = calloc(n * job->n_modes + 1, sizeof(*offer->rates));
        offer->sums = calloc(2 * (n + 1), sizeof(*offer->sums));
        offer->walk = calloc((3 * LEVELS + 1) * job->n_modes + LEVELS + 1, sizeof(*offer->walk));
        offer->extras = calloc((5 * n + 1) * job->n_modes + 1, sizeof(*offer->extras));
        offer->shut = calloc((n + 1) * job->n_modes, sizeof(*offer->shut));
        offer->width = calloc(job->n_modes, sizeof(*offer->width));
        offer->slowest = calloc(job->n_modes, sizeof(*offer->slowest));
        offer->found = calloc(n + 1, sizeof(*offer->found));
        offer->tangents = calloc(n + 1, sizeof(*offer->tangents));
        if (offer->edges == NULL || offer->ends == NULL || offer->rates == NULL || offer->sums == NULL || offer->walk == NULL ||
            offer->width == NULL || offer->slowest == NULL || offer->extras == NULL || offer->shut == NULL ||
            offer->found == NULL || offer->tangents == NULL)
                return OFFPEAK_ENOMEM;
        offer->starts = offer->sums + n + 1;
        offer->eased = offer->extras + n * job->n_modes;
        offer->before = offer->eased + n * job->n_modes;
        offer->within = offer->before + n * job->n_modes;
        offer->eased_sums = offer->within + n * job->n_modes;
        return 0;
}

void offer_finish(struct offer *offer)
{
        free(offer->tangents);
        free(offer->found);
        free(offer->shut);
        free(offer->extras);
        free(offer->slowest);
        free(offer->width);
        free(offer->walk);
        free(offer->sums);
        free(offer->rates);
        free(offer->ends);
        free(offer->edges);
}

void offer_measure(struct offer *offer)
{
        const struct plan_job *job = offer->job;
        size_t n_here = offer->modes_here > 0 ? offer->modes_here : job->n_modes;

        for (size_t i = 0; i <= offer->n; i++)
                offer->ends[i] = alone_end_cost(offer->problem, job, (double)offer->edges[i]);

        for (size_t m = 0; m < job->n_modes; m++) {
                size_t first = m - m % n_here;

                offer->width[m] = first;
                while (job->modes[offer->width[m]].gpus != job->modes[m].gpus)
                        offer->width[m]++;
                offer->slowest[m] = job->modes[m].speed;
                for (size_t k = first; k < first + n_here; k++)
                        if (job->modes[k].gpus == job->modes[m].gpus)
                                offer->slowest[m] = fmin(offer->slowest[m], job->modes[k].speed);
        }
}

double offer_size(const struct offer *offer)
{
        double size = 0;

        for (size_t m = 0; m < offer->job->n_modes; m++)
                for (size_t i = 0; i < offer->n; i++)
                        if (!isinf(offer->rates[m * offer->row + i]))
                                size += fabs(offer->rates[m * offer->row + i]) * (double)(offer->edges[i + 1] - offer->edges[i]);
        return size;
}

int offer_least(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces,
                const struct plan_job *job, double *ret_least, double *size)
{
        const struct plan_site *site = &problem->sites[s];
        struct offer offer;
        size_t *owner = calloc(pieces->n + 2, sizeof(*owner));
        int code = offer_init(&offer, problem, job, pieces->n + 2);

        if (code != 0 || owner == NULL) {
                code = OFFPEAK_ENOMEM;
                goto out;
        }
        split(pieces, &offer, owner);
        offer_measure(&offer);
        offer.goes_on = job->running && job->run_site == s && offer.n > 0;
        for (size_t m = 0; m < job->n_modes; m++)
                for (size_t i = 0; i < offer.n; i++) {
                        offer.rates[m * offer.row + i] =
                                alone_rate(site, job, &job->modes[m], pieces, &pieces->at[owner[i]]);
                        offer.extras[m * offer.row + i] = alone_start_extra(site, job, m, pieces->at[owner[i]].step);
                }
        offer_price_starts(&offer);
        *size += offer_size(&offer);
        *ret_least = offer.n > 0 ? offer_bound(&offer) : INFINITY;
out:
        offer_finish(&offer);
        free(owner);
        return code;
}
