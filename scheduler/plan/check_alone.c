/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/check_alone.h"

#include <math.h>
#include <stdlib.h>

#include "plan/check_grid.h"
#include "plan/check_offer.h"

static double idle_bound(const struct plan_problem *problem, const struct plan_job *job)
{
        double rest_s = job->work_s / job->modes[0].speed;

        return job->work_s * alone_undone_rate(problem, job) +
               alone_end_cost(problem, job, (double)(problem->horizon - problem->now) + rest_s);
}

/* ---- grid: any runs, on slots of one length */

/* The job's window on a site's pieces. */
struct window {
        const struct plan_problem *problem;
        const struct plan_site *site;
        const struct plan_job *job;
        const struct pieces *all;
        const struct piece *pieces;
        size_t n; /* pieces, from the release on; all there are */
        bool goes_on;
        int64_t length;  /* of each piece; the first may be cut: see grid_bound() */
        int64_t cut_s;   /* how much of the first piece lies before now or the release */
        double need_s;
        double *rates, *start_rates; /* n of each */
        double *scratch;
        size_t filled;
};

/* Fill up to piece n; false where the job cannot run on one of them. */
static bool fill_window(struct window *window, size_t n)
{
        for (size_t t = window->filled; t < n; t++) {
                const struct piece *piece = &window->pieces[t];

                window->rates[t] = alone_rate(window->site, window->job, &window->job->modes[0], window->all, piece);
                window->start_rates[t] = window->rates[t] + alone_start_extra(window->site, window->job, 0, piece->step);
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
        int64_t origin = window->pieces[0].end - window->length;
        double cut_s = (double)window->cut_s;
        struct check_grid grid = {
                .n = n,
                .slot_s = (double)window->length,
                .start_s = (double)job->start_cost_s,
                .rates = window->rates,
                .start_rates = window->start_rates,
                .prompt_s = (double)(job->earliest_finish - origin),
                .deadline_s = job->deadline != 0 ? (double)(job->deadline - origin) : INFINITY,
                .delay = job->modes[0].gpus * job->delay_cost / 3600,
                .lateness = job->lateness_cost / 3600,
        };
        double best = INFINITY, gain = 0;

        for (size_t t = 0; t < n; t++)
                gain = fmax(gain, -window->rates[t]);
        if (job->max_starts > 0) {
                grid.run_s = window->need_s + (double)job->start_cost_s;
                grid.earliest_s = cut_s;
                best = check_grid_least(&grid, job->max_starts > 1, window->scratch);
        }
        if (window->goes_on) {
                grid.earliest_s = 0;
                grid.run_s = window->need_s + cut_s; /* as if it had run since the slot began */
                grid.goes_on = true;
                best = fmin(best, check_grid_least(&grid, job->max_starts > 0, window->scratch) -
                                          window->rates[0] * cut_s);
        }
        return best - gain * (ceil(window->need_s) - window->need_s);
}

/* What every way costs at the least that ends behind the first n pieces. */
static double least_behind(const struct window *window, size_t n, double cheapest)
{
        double run_s = window->need_s + (window->goes_on ? 0 : (double)window->job->start_cost_s);
        double end = (double)(window->pieces[n - 1].end - window->problem->now);

        return cheapest * (cheapest < 0 ? run_s + 1 : run_s) + alone_end_cost(window->problem, window->job, end);
}

/* The least rate that any piece could have: energy at its lowest price, carbon at its lowest. */
static double cheapest_rate(const struct window *window)
{
        double power = INFINITY, carbon = INFINITY, risk = INFINITY;
        double energy = window->site->pue_factor * window->job->modes[0].watts / PLAN_JOULES_PER_MWH;

        for (size_t t = 0; t < window->n; t++) {
                power = fmin(power, window->pieces[t].power);
                carbon = fmin(carbon, window->pieces[t].step->carbon);
                risk = fmin(risk, window->job->risk * window->pieces[t].step->spread);
        }
        return energy * (power + window->job->carbon_price * carbon / 1000 + risk);
}

/* The length of all pieces but the first, which is no longer; what is missing of it. */
static bool measure(struct window *window)
{
        const struct piece *first = &window->pieces[0], *second = window->n > 1 ? first + 1 : first;
        int64_t start = first->start > window->job->release ? first->start : window->job->release;

        window->length = second->end - second->start;
        window->cut_s = window->length - (first->end - start);
        return window->cut_s >= 0;
}

/*
 * NAN: the grid has nothing to say. Where now or the release lies within a slot the job is looked at as if it might have
 * run since that slot began, at the same prices: it could do no less, and so cost no more.
 */
static double grid_bound(struct window *window)
{
        const struct plan_job *job = window->job;
        size_t n = 1;

        if (job->n_modes > 1 || !measure(window))
                return NAN;
        while (n < window->n && window->pieces[n - 1].end < job->deadline)
                n++;
        if (n < window->n)
                n++; /* what ends behind this one as well is late by its length or more */
        if (job->deadline == 0)
                n = window->n;
        for (;; n = window->n) {
                double best, run_s = window->need_s + (double)job->start_cost_s;

                for (size_t t = 1; t < n; t++)
                        if (window->pieces[t].end - window->pieces[t].start != window->length)
                                return NAN;
                if (!fill_window(window, n))
                        return NAN;
                best = run_s <= (double)window->length * (double)n - (double)window->cut_s ? window_least(window, n)
                                                                                           : INFINITY;
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

        *window = (struct window){ .problem = problem, .site = &problem->sites[s], .job = job, .all = pieces };
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
        double undone = alone_undone_rate(window->problem, window->job) * window->job->modes[0].speed;

        for (size_t t = 0; t < window->filled; t++)
                if (window->rates[t] > undone)
                        return false;
        return true;
}

/* ---- a site */

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
                code = offer_least(problem, s, pieces, job, ret_bound, size);
        }
        free(window.rates);
        return code;
}

/* ---- pinned: no choice */

/* Seconds of a pinned interval that make no progress, `left_s` of the run's start being still to do. */
static int64_t pinned_overhead(const struct plan_problem *problem, const struct plan_job *job, size_t i, int64_t left_s)
{
        const struct plan_interval *kept = &job->kept[i];
        bool follows = i > 0 && kept[-1].end == kept->start && job->modes[kept[-1].mode].gpus == job->modes[kept->mode].gpus;
        bool goes_on = job->running && kept->start == problem->now && kept->site == job->run_site &&
                       job->modes[kept->mode].gpus == job->modes[job->run_mode].gpus;

        return follows ? left_s : goes_on ? 0 : job->start_cost_s;
}

static double pinned_rates(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job,
                           const struct plan_interval *kept)
{
        double cost = 0;

        for (size_t k = 0; k < pieces->n; k++) {
                double seconds = fmin((double)pieces->at[k].end, (double)kept->end) -
                                 fmax((double)pieces->at[k].start, (double)kept->start);

                if (seconds > 0)
                        cost += seconds * alone_rate(&problem->sites[kept->site], job, &job->modes[kept->mode], pieces,
                                                     &pieces->at[k]);
        }
        return cost;
}

/* What its hours cost, and what follows. */
static double pinned_cost(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job)
{
        double cost = 0, rest = job->work_s, end = 0;
        int64_t left_s = 0;

        for (size_t i = 0; i < job->n_kept; i++) {
                const struct plan_interval *kept = &job->kept[i];
                int64_t overhead_s = pinned_overhead(problem, job, i, left_s), length = kept->end - kept->start;
                int64_t lost_s = overhead_s < length ? overhead_s : length;

                left_s = overhead_s - lost_s;
                cost += pinned_rates(problem, &pieces[kept->site], job, kept);
                rest -= job->modes[kept->mode].speed * (double)(length - lost_s);
                end = (double)(kept->end - problem->now);
        }
        if (rest <= job->work_s * PLAN_WORK_TOLERANCE)
                return cost + alone_end_cost(problem, job, end);
        return cost + rest * alone_undone_rate(problem, job) +
               alone_end_cost(problem, job, (double)(problem->horizon - problem->now) + rest / job->modes[0].speed);
}

/* ---- all of it */

/*
 * A job that may move is at one site all the time, perhaps not its home; or it runs at two at least.
 */
static int moving_bound(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job,
                        double *best, double *size)
{
        double bound;

        if (__builtin_popcountll(job->sites) < 2)
                return 0;
        if (offer_least_moving(problem, pieces, job, &bound, size) != 0)
                return OFFPEAK_ENOMEM;
        *best = fmin(*best, bound);
        return 0;
}

int alone_least(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job,
                double *ret_least, double *size)
{
        double best = idle_bound(problem, job);

        for (uint32_t s = 0; !job->pinned && s < problem->n_sites; s++) {
                bool away = job->may_move && job->home != PLAN_ANYWHERE && job->home != s;
                double bound;

                if ((job->sites >> s & 1) == 0 || (job->max_starts == 0 && !job->running))
                        continue;
                if (site_bound(problem, s, &pieces[s], job, &bound, size) != 0)
                        return OFFPEAK_ENOMEM;
                best = fmin(best, bound + (away ? job->move_cost : 0));
        }
        if (!job->pinned && job->may_move && moving_bound(problem, pieces, job, &best, size) != 0)
                return OFFPEAK_ENOMEM;
        if (job->pinned)
                best = pinned_cost(problem, pieces, job);
        *ret_least = best;
        *size += fabs(best);
        return 0;
}
