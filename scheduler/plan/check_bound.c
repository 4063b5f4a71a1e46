/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound that multipliers prove. Let lambda price facility energy and mu >= 0 GPUs. For every plan
 *
 *   cost >= sum over jobs of [its energy at lambda, its GPUs at mu, carbon, delay, lateness, unfinished]
 *           - integral of mu x GPUs in service
 *           + integral of min over P of [F(P) - F(idle) - lambda (P - idle) + delta (P - paid)],   idle <= P <= firm limit
 *
 * where delta >= 0 spreads each month's demand price over its hours: price x max(0, highest mean - paid) is no less than the
 * integral of delta (P - paid), as long as delta sums to the price at most and is even within an averaging interval.
 *
 * so that each job may be minimised alone. It then sees a rate per second of running, constant on pieces. What a job
 * alone can do at the least is bounded from below in one of these ways, whichever is the highest that applies:
 *
 *   idle    it never runs: exact.
 *   grid    slots of one length on all of which a job with one mode can run: any runs (check_grid.h).
 *   single  one run of a job with one mode: exact to the second. The cost is linear in the start between the points
 *           where start or end meets an edge.
 *   runs    at least k runs: Lagrange. With theta >= 0 per second of progress short of the work, no end of a run is
 *           tied to another, so each lies on an edge: a shortest path over edges, which the highest theta bounds best.
 *           A start costs the progress it loses, theta x start cost; its power is in the running time already.
 *           Runs may touch: two starts are paid and no time need lie between. Minimum run is left out.
 *   burn    theta < 0, where negative prices make more running time welcome: starts are free, and what overhead could
 *           earn at negative prices is taken off as a whole.
 */
#include "plan/check.h"
#include "plan/check_grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"

/* Part of every absolute amount that double arithmetic may lose on the way. */
#define ROUNDING 1e-12

/* Runs of a job that are told apart. */
enum { LEVELS = 8 };

/* A site where nothing changes: step, prices. */
struct piece {
        int64_t start, end;
        const struct plan_step *step;
        double power, gpus, demand;
        double paid_w; /* of the month, if there is a demand price */
};

struct pieces {
        struct piece *at;
        size_t n;
};

/* The cheapest path under a theta: its cost and its progress. */
struct path {
        double cost, progress;
};

/* A job at a site: edges and the rate of each mode between them, currency per second; INFINITY where it cannot run. */
struct offer {
        const struct plan_problem *problem;
        const struct plan_job *job;
        bool goes_on; /* running here: a first run from `now` need not start */
        size_t n;
        int64_t *edges;    /* n + 1 */
        double *rates;     /* mode m on piece i at [m * n + i] */
        double *sums;      /* scratch of `single`, n + 1 */
        double *extras;    /* what a second of a start in mode 0 costs beside its rate, n */
        double *starts;    /* its sums, n + 1 */
        struct path *walk; /* scratch of `runs`, 2 x LEVELS for each mode and LEVELS + 1 */
        double undone;     /* currency per second of progress left undone */
};

/* ---- what a job alone pays */

/* Delay and lateness when the job ends `end` seconds from now. */
static double end_cost(const struct plan_problem *problem, const struct plan_job *job, double end)
{
        double delay = end - (double)(job->earliest_finish - problem->now);
        double late = job->deadline != 0 ? end - (double)(job->deadline - problem->now) : 0;

        return fmax(0, delay) / 3600 * job->modes[0].gpus * job->delay_cost + fmax(0, late) / 3600 * job->lateness_cost;
}

/* Currency per second of progress (work), as an undone second of the first mode costs it. */
static double undone_rate(const struct plan_problem *problem, const struct plan_job *job)
{
        const struct plan_mode *mode = &job->modes[0];
        uint32_t site = 0;

        while ((job->sites >> site & 1) == 0)
                site++;
        return (mode->gpus * problem->unfinished_cost / 3600 +
                problem->sites[site].pue_factor * mode->watts * problem->terminal_price / PLAN_JOULES_PER_MWH) /
               mode->speed;
}

static double idle_bound(const struct plan_problem *problem, const struct plan_job *job)
{
        double rest_s = job->work_s / job->modes[0].speed;

        return job->work_s * undone_rate(problem, job) +
               end_cost(problem, job, (double)(problem->horizon - problem->now) + rest_s);
}

/* ---- runs: the shortest path */

static double reduced(const struct path *path, double theta)
{
        return path->cost - theta * path->progress;
}

static void keep_cheaper(struct path *best, const struct path *other, double theta)
{
        if (reduced(other, theta) < reduced(best, theta))
                *best = *other;
}

static struct path path_start(const struct path *from, const struct plan_job *job, size_t mode)
{
        double slowest = job->modes[mode].speed;

        for (size_t m = 0; m < job->n_modes; m++) /* overhead may be spent in the slowest mode of the same width */
                if (job->modes[m].gpus == job->modes[mode].gpus && job->modes[m].speed < slowest)
                        slowest = job->modes[m].speed;
        return (struct path){ from->cost, from->progress - slowest * (double)job->start_cost_s };
}

static struct path path_run(const struct path *from, const struct offer *offer, size_t mode, size_t i)
{
        double seconds = (double)(offer->edges[i + 1] - offer->edges[i]);
        double rate = offer->rates[mode * offer->n + i];

        if (isinf(rate) || isinf(from->cost))
                return (struct path){ INFINITY, 0 };
        return (struct path){ from->cost + rate * seconds, from->progress + offer->job->modes[mode].speed * seconds };
}

/*
 * on[level * n_modes + m]: running in mode m, with level + 1 runs so far; off[level]: not running, after level runs.
 * The top level also stands for more runs, if the job may have more than LEVELS. Modes of one width change freely,
 * others by a start.
 */
struct walk {
        const struct offer *offer;
        double theta;
        size_t n_levels;
        bool top_is_more;
        struct path *on, *moved, *off;
};

static void keep_started(struct path *best, const struct walk *walk, const struct path *from, size_t m)
{
        struct path start = path_start(from, walk->offer->job, m);

        keep_cheaper(best, &start, walk->theta);
}

/* The cheapest way to be running in mode m as the next piece begins. A run may begin where the one before ends. */
static struct path walk_enter(const struct walk *walk, size_t level, size_t m)
{
        const struct plan_job *job = walk->offer->job;
        size_t n_modes = job->n_modes;
        const struct path *same = &walk->on[level * n_modes];
        struct path to = same[m];

        for (size_t k = 0; k < n_modes; k++)
                if (job->modes[k].gpus == job->modes[m].gpus)
                        keep_cheaper(&to, &same[k], walk->theta);
        if (job->max_starts == 0)
                return to;
        keep_started(&to, walk, &walk->off[level], m);
        for (size_t k = 0; level > 0 && k < n_modes; k++)
                keep_started(&to, walk, &walk->on[(level - 1) * n_modes + k], m);
        if (walk->top_is_more && level + 1 == walk->n_levels) {
                keep_started(&to, walk, &walk->off[level + 1], m);
                for (size_t k = 0; k < n_modes; k++)
                        keep_started(&to, walk, &same[k], m);
        }
        return to;
}

static void walk_init(struct walk *walk, const struct offer *offer, double theta)
{
        const struct plan_job *job = offer->job;
        size_t n_modes = job->n_modes;
        uint64_t most_runs = (uint64_t)job->max_starts + offer->goes_on;

        *walk = (struct walk){ .offer = offer, .theta = theta, .n_levels = most_runs < LEVELS ? most_runs : LEVELS };
        walk->top_is_more = most_runs > LEVELS;
        walk->on = offer->walk;
        walk->moved = walk->on + LEVELS * n_modes;
        walk->off = walk->moved + LEVELS * n_modes;
        for (size_t k = 0; k < walk->n_levels * n_modes; k++)
                walk->on[k] = (struct path){ INFINITY, 0 };
        for (size_t level = 0; level <= walk->n_levels; level++)
                walk->off[level] = (struct path){ level == 0 ? 0 : INFINITY, 0 };
        for (size_t m = 0; offer->goes_on && m < n_modes; m++)
                if (job->modes[m].gpus == job->modes[job->run_mode].gpus)
                        walk->on[m] = walk->off[0];
}

/* At least `runs` (1 or 2) runs, some perhaps of no length. */
static struct path cheapest_runs(const struct offer *offer, double theta, int runs)
{
        size_t n_modes = offer->job->n_modes;
        struct path best = { INFINITY, 0 };
        struct walk walk;

        walk_init(&walk, offer, theta);
        for (size_t i = 0; i < offer->n; i++) {
                double now = end_cost(offer->problem, offer->job, (double)offer->edges[i]);
                double then = end_cost(offer->problem, offer->job, (double)offer->edges[i + 1]);

                for (size_t k = 0; k < walk.n_levels * n_modes; k++)
                        walk.moved[k] = walk_enter(&walk, k / n_modes, k % n_modes);
                for (size_t k = 0; k < walk.n_levels * n_modes; k++) {
                        struct path *moved = &walk.moved[k], *on = &walk.on[k];

                        *on = path_run(moved, offer, k % n_modes, i);
                        keep_cheaper(&walk.off[k / n_modes + 1], on, theta);
                        if (k < n_modes && runs > 1)
                                continue;
                        keep_cheaper(&best, &(struct path){ moved->cost + now, moved->progress }, theta);
                        keep_cheaper(&best, &(struct path){ on->cost + then, on->progress }, theta);
                }
        }
        return best;
}

/* As many seconds as pay, whatever starts they take: what is left of the job under theta < 0. */
static struct path cheapest_burn(const struct offer *offer, double theta, int runs)
{
        struct path sum = { 0, 0 }, best = { INFINITY, 0 };

        (void)runs;
        for (size_t i = 0; i < offer->n; i++) {
                struct path least = { 0, 0 };

                for (size_t m = 0; m < offer->job->n_modes; m++) {
                        struct path run = path_run(&(struct path){ 0, 0 }, offer, m, i);

                        keep_cheaper(&least, &run, theta);
                }
                sum.cost += least.cost;
                sum.progress += least.progress;
                keep_cheaper(&best,
                             &(struct path){ sum.cost + end_cost(offer->problem, offer->job, (double)offer->edges[i]),
                                             sum.progress },
                             theta);
        }
        return best;
}

/*
 * The highest value of cost(theta) + theta (work - progress(theta)) for low <= theta <= high: concave, in pieces. Cut
 * where the tangents of both sides meet until no higher point is left between them. Every value met is a bound.
 */
static double highest(const struct offer *offer, struct path (*cheapest)(const struct offer *, double, int), int runs,
                      double work, double low, double high)
{
        struct path left = cheapest(offer, low, runs), right = cheapest(offer, high, runs);
        double best;

        if (isinf(left.cost) || isinf(right.cost))
                return isinf(left.cost) ? left.cost : right.cost;
        best = fmax(left.cost + low * (work - left.progress), right.cost + high * (work - right.progress));
        if (left.progress >= work || right.progress <= work)
                return best;
        for (int round = 0; round < 60; round++) {
                double theta = (right.cost - left.cost) / (right.progress - left.progress);
                double reach = left.cost + theta * (work - left.progress);
                struct path middle;

                if (!(theta > low && theta < high))
                        break;
                middle = cheapest(offer, theta, runs);
                best = fmax(best, middle.cost + theta * (work - middle.progress));
                if (best >= reach - 1e-12 * (fabs(left.cost) + fabs(right.cost) + fabs(theta * work)))
                        break;
                if (middle.progress < work)
                        left = middle;
                else
                        right = middle;
        }
        return best;
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
                        gain = fmax(gain, -offer->rates[m * offer->n + i]);
                most = fmax(most, gain);
                sum += gain * (double)(offer->edges[i + 1] - offer->edges[i]);
        }
        return fmin(sum, starts * (double)job->start_cost_s * most);
}

static double burn_bound(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double least = 0, fastest = 0;

        for (size_t m = 0; m < job->n_modes; m++) {
                fastest = fmax(fastest, job->modes[m].speed);
                for (size_t i = 0; i < offer->n; i++)
                        least = fmin(least, offer->rates[m * offer->n + i] / job->modes[m].speed);
        }
        if (least == 0)
                return -INFINITY; /* no negative price: nothing burns */
        return highest(offer, cheapest_burn, 1, job->work_s + fastest, least, 0) - overhead_gain(offer);
}

static double runs_bound(const struct offer *offer, int runs)
{
        double bound = highest(offer, cheapest_runs, runs, offer->job->work_s, 0, offer->undone);

        return fmax(bound, burn_bound(offer));
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
               sum_until(offer, block, block->starts, start) + end_cost(offer->problem, offer->job, end);
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
                       end_cost(offer->problem, job, (double)offer->edges[offer->n]);
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

static double offer_bound(const struct offer *offer)
{
        const struct plan_job *job = offer->job;
        double best = INFINITY;

        if (job->n_modes > 1 || !undone_is_dearest(offer))
                return runs_bound(offer, 1);
        best = fmin(best, single_bound(offer));
        if ((uint64_t)job->max_starts + offer->goes_on > 1)
                best = fmin(best, runs_bound(offer, 2));
        return best;
}

/* ---- grid: any runs, on slots of one length */

/* The job's window on a site's pieces. */
struct window {
        const struct plan_problem *problem;
        const struct plan_site *site;
        const struct plan_job *job;
        const struct piece *pieces;
        size_t n; /* pieces, from the release on; all there are */
        bool goes_on;
        double need_s;
        double *rates, *start_rates; /* n of each */
        double *scratch;
        size_t filled;
};

static double rate_of(const struct plan_site *site, const struct plan_job *job, const struct plan_mode *mode,
                      const struct piece *piece);
static double start_extra(const struct plan_site *site, const struct plan_job *job, size_t mode,
                          const struct plan_step *step);

/* Fill up to piece n; false where the job cannot run on one of them. */
static bool fill_window(struct window *window, size_t n)
{
        for (size_t t = window->filled; t < n; t++) {
                const struct piece *piece = &window->pieces[t];

                window->rates[t] = rate_of(window->site, window->job, &window->job->modes[0], piece);
                window->start_rates[t] = window->rates[t] + start_extra(window->site, window->job, 0, piece->step);
                if (isinf(window->rates[t]))
                        return false;
                if (window->start_rates[t] < 0 && (uint64_t)window->job->max_starts + window->goes_on > 1)
                        return false; /* multipliers under which starts earn: check_grid.h has no answer */
                window->filled = t + 1;
        }
        return true;
}

/* Cheapest of going on and starting, within the first n pieces; less what the last second may earn unneeded. */
static double window_least(const struct window *window, size_t n)
{
        const struct plan_job *job = window->job;
        struct check_grid grid = {
                .n = n,
                .slot_s = (double)(window->pieces[0].end - window->pieces[0].start),
                .start_s = (double)job->start_cost_s,
                .rates = window->rates,
                .start_rates = window->start_rates,
                .prompt_s = (double)(job->earliest_finish - window->pieces[0].start),
                .deadline_s = job->deadline != 0 ? (double)(job->deadline - window->pieces[0].start) : INFINITY,
                .delay = job->modes[0].gpus * job->delay_cost / 3600,
                .lateness = job->lateness_cost / 3600,
        };
        double best = INFINITY, gain = 0;

        for (size_t t = 0; t < n; t++)
                gain = fmax(gain, -window->rates[t]);
        if (job->max_starts > 0) {
                grid.run_s = window->need_s + (double)job->start_cost_s;
                best = check_grid_least(&grid, job->max_starts > 1, window->scratch);
        }
        if (window->goes_on) {
                grid.run_s = window->need_s;
                grid.goes_on = true;
                best = fmin(best, check_grid_least(&grid, job->max_starts > 0, window->scratch));
        }
        return best - gain * (ceil(window->need_s) - window->need_s);
}

/* What every way costs at the least that ends behind the first n pieces. */
static double least_behind(const struct window *window, size_t n, double cheapest)
{
        double run_s = window->need_s + (window->goes_on ? 0 : (double)window->job->start_cost_s);
        double end = (double)(window->pieces[n - 1].end - window->problem->now);

        return cheapest * (cheapest < 0 ? run_s + 1 : run_s) + end_cost(window->problem, window->job, end);
}

/* The least rate that any piece could have: energy at its lowest price, carbon at its lowest. */
static double cheapest_rate(const struct window *window)
{
        double power = INFINITY, carbon = INFINITY;
        double energy = window->site->pue_factor * window->job->modes[0].watts / PLAN_JOULES_PER_MWH;

        for (size_t t = 0; t < window->n; t++) {
                power = fmin(power, window->pieces[t].power);
                carbon = fmin(carbon, window->pieces[t].step->carbon);
        }
        return energy * (power + window->job->carbon_price * carbon / 1000);
}

/* NAN: the grid has nothing to say. */
static double grid_bound(struct window *window)
{
        const struct plan_job *job = window->job;
        int64_t length = window->pieces[0].end - window->pieces[0].start;
        size_t n = 1;

        if (job->n_modes > 1 || window->pieces[0].start < job->release)
                return NAN;
        while (n < window->n && window->pieces[n - 1].end < job->deadline)
                n++;
        if (n < window->n)
                n++; /* what ends behind this one as well is late by its length or more */
        if (job->deadline == 0)
                n = window->n;
        for (;; n = window->n) {
                double best, run_s = window->need_s + (double)job->start_cost_s;

                for (size_t t = 0; t < n; t++)
                        if (window->pieces[t].end - window->pieces[t].start != length)
                                return NAN;
                if (!fill_window(window, n))
                        return NAN;
                best = run_s <= (double)length * (double)n ? window_least(window, n) : INFINITY;
                if (n == window->n)
                        return isinf(best) ? NAN : best; /* it does not fit: work stays undone, which the others know */
                if (best <= least_behind(window, n, cheapest_rate(window)))
                        return best;
        }
}

static int window_init(struct window *window, const struct plan_problem *problem, uint32_t s,
                       const struct pieces *pieces, const struct plan_job *job)
{
        size_t first = 0;

        *window = (struct window){ .problem = problem, .site = &problem->sites[s], .job = job };
        while (first < pieces->n && pieces->at[first].end <= job->release)
                first++;
        window->pieces = &pieces->at[first];
        window->n = pieces->n - first;
        window->goes_on = job->running && job->run_site == s;
        window->need_s = job->work_s * (1 - PLAN_WORK_TOLERANCE) / job->modes[0].speed;
        window->rates = malloc((24 * window->n + 96) * sizeof(double));
        if (window->rates == NULL)
                return OFFPEAK_ENOMEM;
        window->start_rates = window->rates + window->n;
        window->scratch = window->start_rates + window->n;
        return 0;
}

/* ---- offers */

static bool has_room(const struct plan_site *site, const struct plan_step *step, const struct plan_mode *mode)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        limit = fmax(limit, idle);
        return mode->gpus <= step->gpus &&
               (isinf(limit) || idle + site->pue_factor * mode->watts <= limit * (1 + 2e-9) + 2e-6);
}

static double rate_of(const struct plan_site *site, const struct plan_job *job, const struct plan_mode *mode,
                      const struct piece *piece)
{
        double energy = site->pue_factor * mode->watts / PLAN_JOULES_PER_MWH;

        if (!has_room(site, piece->step, mode))
                return INFINITY;
        return energy * (piece->power + job->carbon_price * piece->step->carbon / 1000) +
               mode->gpus * piece->gpus / 3600;
}

/* What a second of a start costs beside its rate: plan.h's `starts`. */
static double start_extra(const struct plan_site *site, const struct plan_job *job, size_t mode,
                          const struct plan_step *step)
{
        double price = step->n_segments > 0 ? step->segments[0].price : 0;

        return 2 * site->pue_factor * job->modes[mode].watts / PLAN_JOULES_PER_MWH * fmax(0, -price);
}

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

static double size_of(const struct window *window)
{
        double size = 0;

        for (size_t t = 0; t < window->filled; t++)
                size += fabs(window->rates[t]) * (double)(window->pieces[t].end - window->pieces[t].start);
        return size;
}

/* Only while work left undone is dearer than any hour is it no way out. */
static bool undone_is_no_way_out(const struct window *window)
{
        double undone = undone_rate(window->problem, window->job) * window->job->modes[0].speed;

        for (size_t t = 0; t < window->filled; t++)
                if (window->rates[t] > undone)
                        return false;
        return true;
}

static int pieces_bound(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces,
                        const struct plan_job *job, double *ret_bound, double *size)
{
        const struct plan_site *site = &problem->sites[s];
        struct offer offer = { .problem = problem, .job = job };
        size_t most = pieces->n + 2;
        size_t *owner = calloc(most, sizeof(*owner));
        int code = OFFPEAK_ENOMEM;

        offer.edges = calloc(most + 1, sizeof(*offer.edges));
        offer.rates = calloc(most * job->n_modes, sizeof(*offer.rates));
        offer.sums = calloc(3 * (most + 1), sizeof(*offer.sums));
        offer.walk = calloc(2 * LEVELS * job->n_modes + LEVELS + 1, sizeof(*offer.walk));
        if (owner == NULL || offer.edges == NULL || offer.rates == NULL || offer.sums == NULL || offer.walk == NULL)
                goto out;
        split(pieces, &offer, owner);
        offer.starts = offer.sums + most + 1;
        offer.extras = offer.starts + most + 1;
        for (size_t i = 0; i < offer.n; i++)
                offer.extras[i] = start_extra(site, job, 0, pieces->at[owner[i]].step);
        offer.undone = undone_rate(problem, job);
        offer.goes_on = job->running && job->run_site == s && offer.n > 0;
        for (size_t m = 0; m < job->n_modes; m++)
                for (size_t i = 0; i < offer.n; i++) {
                        double rate = rate_of(site, job, &job->modes[m], &pieces->at[owner[i]]);

                        offer.rates[m * offer.n + i] = rate;
                        *size += isinf(rate) ? 0 : fabs(rate) * (double)(offer.edges[i + 1] - offer.edges[i]);
                }
        *ret_bound = offer.n > 0 ? offer_bound(&offer) : INFINITY;
        code = 0;
out:
        free(offer.walk);
        free(offer.sums);
        free(offer.rates);
        free(offer.edges);
        free(owner);
        return code;
}

static int site_bound(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces,
                      const struct plan_job *job, double *ret_bound, double *size)
{
        struct window window;
        int code = window_init(&window, problem, s, pieces, job);
        double bound = NAN;

        if (code != 0)
                return code;
        if (window.n > 0)
                bound = grid_bound(&window);
        if (!isnan(bound) && undone_is_no_way_out(&window)) {
                *ret_bound = bound;
                *size += size_of(&window);
        } else {
                code = pieces_bound(problem, s, pieces, job, ret_bound, size);
        }
        free(window.rates);
        return code;
}

static int job_bound(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job,
                     double *ret_bound, double *size)
{
        double best = idle_bound(problem, job);

        for (uint32_t s = 0; s < problem->n_sites; s++) {
                double bound;

                if ((job->sites >> s & 1) == 0 || (job->max_starts == 0 && !job->running))
                        continue;
                if (site_bound(problem, s, &pieces[s], job, &bound, size) != 0)
                        return OFFPEAK_ENOMEM;
                best = fmin(best, bound);
        }
        *ret_bound = best;
        *size += fabs(best);
        return 0;
}

/* ---- supply and GPUs */

/*
 * min over P of F(P) - F(idle) - price (P - idle) + demand (P - paid), per second; `most` is what all jobs together draw.
 */
static double supply_dual(const struct plan_site *site, const struct piece *piece, double most)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;
        double from = 0, value = 0, least = 0;

        for (unsigned i = 0; i < piece->step->n_segments; i++) {
                const struct plan_segment *segment = &piece->step->segments[i];
                double to = from + segment->limit_w;
                double low = fmax(from, idle);
                double high = fmin(to * (1 + 2e-9) + 2e-6, idle + most); /* as far as the checker lets a plan go */

                if (high > low)
                        value += (segment->price + piece->demand - piece->power) * (high - low) / PLAN_JOULES_PER_MWH;
                least = fmin(least, value);
                from = to;
        }
        if (piece->demand > 0)
                least += piece->demand * (idle - piece->paid_w) / PLAN_JOULES_PER_MWH;
        return least;
}

static double draw_of_all(const struct plan_problem *problem, uint32_t s)
{
        double sum = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                double most = 0;

                for (size_t m = 0; m < problem->jobs[j].n_modes; m++)
                        most = fmax(most, problem->jobs[j].modes[m].watts);
                if ((problem->jobs[j].sites >> s & 1) != 0)
                        sum += most;
        }
        return sum * problem->sites[s].pue_factor;
}

static double capacity_bound(const struct plan_problem *problem, uint32_t s, const struct pieces *pieces, double *size)
{
        double sum = 0, most = draw_of_all(problem, s);

        for (size_t i = 0; i < pieces->n; i++) {
                const struct piece *piece = &pieces->at[i];
                double seconds = (double)(piece->end - piece->start);
                double supply = supply_dual(&problem->sites[s], piece, most) * seconds;
                double gpus = piece->gpus * piece->step->gpus / 3600 * seconds;

                sum += supply - gpus;
                *size += fabs(supply) + fabs(gpus);
        }
        return sum;
}

/* ---- multipliers */

static int check_multipliers(const struct plan_problem *problem, const struct plan_multipliers *multipliers,
                             struct offpeak_error *err)
{
        size_t n = multipliers->n_slots;

        if (n == 0 || multipliers->edges[0] != problem->now || multipliers->edges[n] != problem->horizon)
                return fail(err, OFFPEAK_EINVAL, "the multipliers do not span [now, horizon)");
        for (size_t t = 0; t < n; t++)
                if (multipliers->edges[t] >= multipliers->edges[t + 1])
                        return fail(err, OFFPEAK_EINVAL, "the multipliers' slot %zu ends no later than it starts", t);
        for (size_t k = 0; k < n * problem->n_sites; k++) {
                if (!isfinite(multipliers->power[k]))
                        return fail(err, OFFPEAK_EINVAL, "site %s, slot %zu: the multiplier of power is not a number",
                                    problem->sites[k / n].name, k % n);
                if (!(multipliers->gpus[k] >= 0 && isfinite(multipliers->gpus[k])))
                        return fail(err, OFFPEAK_EINVAL, "site %s, slot %zu: the multiplier of GPUs is %g, not >= 0",
                                    problem->sites[k / n].name, k % n, multipliers->gpus[k]);
        }
        return 0;
}

static int cut_pieces(const struct plan_problem *problem, const struct plan_multipliers *multipliers, uint32_t s,
                      struct pieces *ret_pieces)
{
        const struct plan_site *site = &problem->sites[s];
        struct piece *at = calloc(site->n_steps + multipliers->n_slots, sizeof(*at));
        size_t n = 0;

        if (at == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t step = 0, slot = 0; step < site->n_steps && slot < multipliers->n_slots; n++) {
                int64_t step_end = step + 1 < site->n_steps ? site->steps[step + 1].start : problem->horizon;
                int64_t slot_end = multipliers->edges[slot + 1];

                at[n].start = n > 0 ? at[n - 1].end : problem->now;
                at[n].end = step_end < slot_end ? step_end : slot_end;
                at[n].step = &site->steps[step];
                at[n].power = multipliers->power[s * multipliers->n_slots + slot];
                at[n].gpus = multipliers->gpus[s * multipliers->n_slots + slot];
                at[n].demand = multipliers->demand != NULL ? multipliers->demand[s * multipliers->n_slots + slot] : 0;
                if (at[n].end == step_end)
                        step++;
                if (at[n].end == slot_end)
                        slot++;
        }
        *ret_pieces = (struct pieces){ at, n };
        return 0;
}

/* ---- demand */

static int refuse_demand(const struct plan_site *site, const struct piece *piece, const char *what,
                         struct offpeak_error *err)
{
        char at[WHEN_TEXT_SIZE];

        return fail(err, OFFPEAK_EINVAL, "site %s at %s: the multiplier of demand %s", site->name,
                    when_format_utc(piece->start, at), what);
}

/* The month's pieces: note what is paid for, and see that no more is spread over them than the month's price. */
static int check_month(const struct plan_site *site, const struct plan_demand *demand, struct pieces *pieces,
                       struct offpeak_error *err)
{
        double spread = 0;

        for (size_t k = 0; k < pieces->n; k++) {
                struct piece *piece = &pieces->at[k];

                if (piece->demand == 0 || piece->end <= demand->start || piece->start >= demand->end)
                        continue;
                if (piece->start < demand->start || piece->end > demand->end)
                        return refuse_demand(site, piece, "holds for two months", err);
                if (k > 0 && piece->start % demand->interval_s != 0 && piece->start != demand->start &&
                    pieces->at[k - 1].demand != piece->demand)
                        return refuse_demand(site, piece, "changes within an averaging interval", err);
                if (k + 1 < pieces->n && piece->end % demand->interval_s != 0 && piece->end != demand->end &&
                    pieces->at[k + 1].demand != piece->demand)
                        return refuse_demand(site, piece, "changes within an averaging interval", err);
                piece->paid_w = demand->paid_w;
                spread += piece->demand * (double)(piece->end - piece->start) / 3600;
        }
        if (spread > demand->price * (1 + 1e-9))
                return fail(err, OFFPEAK_EINVAL, "site %s: the multipliers of demand sum to %.9g per MW, the price is %.9g",
                            site->name, spread, demand->price);
        return 0;
}

static int check_demands(const struct plan_site *site, struct pieces *pieces, struct offpeak_error *err)
{
        int code = 0;

        for (size_t k = 0; k < pieces->n; k++) {
                bool charged = false;

                if (!(pieces->at[k].demand >= 0 && isfinite(pieces->at[k].demand)))
                        return refuse_demand(site, &pieces->at[k], "is not an amount", err);
                for (size_t d = 0; d < site->n_demands; d++)
                        charged = charged || (pieces->at[k].start < site->demands[d].end &&
                                              pieces->at[k].end > site->demands[d].start);
                if (pieces->at[k].demand > 0 && !charged)
                        return refuse_demand(site, &pieces->at[k], "stands where nothing is charged", err);
        }
        for (size_t d = 0; code == 0 && d < site->n_demands; d++)
                code = check_month(site, &site->demands[d], pieces, err);
        return code;
}

int plan_bound(const struct plan_problem *problem, const struct plan_multipliers *multipliers, double *ret_bound,
               struct offpeak_error *err)
{
        struct pieces pieces[64] = { { 0 } };
        double sum = 0, size = 0;
        int code = plan_problem_check(problem, err);

        if (code == 0)
                code = check_multipliers(problem, multipliers, err);
        if (code != 0)
                return code;
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++) {
                code = cut_pieces(problem, multipliers, s, &pieces[s]);
                if (code == 0)
                        code = check_demands(&problem->sites[s], &pieces[s], err);
                if (code == 0)
                        sum += capacity_bound(problem, s, &pieces[s], &size);
        }
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++) {
                double bound = 0;

                code = job_bound(problem, pieces, &problem->jobs[j], &bound, &size);
                sum += bound;
        }
        for (uint32_t s = 0; s < problem->n_sites; s++)
                free(pieces[s].at);
        if (code != 0)
                return code == OFFPEAK_ENOMEM ? fail(err, code, "computing the bound: out of memory") : code;
        *ret_bound = sum - ROUNDING * size;
        return 0;
}

/* ---- where a gap is */

/* What all intervals at a site take of a piece: GPU-seconds and facility joules. */
static void use_of(const struct plan_problem *problem, const struct plan *plan, uint32_t s, const struct pieces *pieces,
                   double *gpus, double *joules)
{
        for (size_t j = 0; j < plan->n_jobs; j++)
                for (size_t i = 0; i < plan->jobs[j].n; i++) {
                        const struct plan_interval *interval = &plan->intervals[plan->jobs[j].first + i];
                        const struct plan_mode *mode = &problem->jobs[j].modes[interval->mode];
                        size_t low = 0, high = pieces->n;

                        if (interval->site != s)
                                continue;
                        while (high - low > 1) {
                                size_t middle = low + (high - low) / 2;

                                if (pieces->at[middle].start <= interval->start)
                                        low = middle;
                                else
                                        high = middle;
                        }
                        for (size_t k = low; k < pieces->n && pieces->at[k].start < interval->end; k++) {
                                double seconds = fmin((double)pieces->at[k].end, (double)interval->end) -
                                                 fmax((double)pieces->at[k].start, (double)interval->start);

                                gpus[k] += mode->gpus * seconds;
                                joules[k] += problem->sites[s].pue_factor * mode->watts * seconds;
                        }
                }
}

static int split_site(const struct plan_problem *problem, const struct plan *plan, uint32_t s,
                      struct plan_verdict *verdict)
{
        struct pieces pieces;
        double *use, most = draw_of_all(problem, s);
        int code = cut_pieces(problem, &plan->multipliers, s, &pieces);

        if (code == 0)
                code = check_demands(&problem->sites[s], &pieces, NULL);
        if (code != 0)
                return code;
        use = calloc(2 * pieces.n + 1, sizeof(*use));
        if (use == NULL) {
                free(pieces.at);
                return OFFPEAK_ENOMEM;
        }
        use_of(problem, plan, s, &pieces, use, use + pieces.n);
        for (size_t k = 0; k < pieces.n; k++) {
                const struct piece *piece = &pieces.at[k];
                double seconds = (double)(piece->end - piece->start);

                verdict->idle += piece->gpus * (piece->step->gpus * seconds - use[k]) / 3600;
                verdict->supply -= piece->power * use[pieces.n + k] / PLAN_JOULES_PER_MWH +
                                   supply_dual(&problem->sites[s], piece, most) * seconds;
        }
        free(use);
        free(pieces.at);
        return 0;
}

int plan_split_gap(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *verdict,
                   struct offpeak_error *err)
{
        int code = 0;

        verdict->idle = 0;
        verdict->supply = verdict->terms.supply + verdict->terms.demand + verdict->terms.over_limit;
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++)
                code = split_site(problem, plan, s, verdict);
        verdict->regret = verdict->gap - verdict->idle - verdict->supply;
        return code != 0 ? fail(err, code, "splitting the gap: out of memory") : 0;
}
