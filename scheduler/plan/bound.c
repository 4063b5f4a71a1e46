/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: a job at a site sees pieces of constant rate. Its least cost is the lowest of: never running, one run
 * (in closed form), and two or more runs (a Lagrangian over progress). Jobs with several modes have the last kind only,
 * with one start paid whatever they do. Times are in seconds from now.
 */
#include "plan/bound.h"

#include <math.h>
#include <stdlib.h>

#include "plan/supply_rate.h"

enum { RUNS = 8 }; /* of a job that are counted */

struct bounder {
        const struct prices *prices;
        const struct plan_problem *problem;
        size_t n;
        double *edges; /* n + 1 */
        double *rates; /* mode m, piece i at [m * room + i] */
        double *slots; /* scratch for a mode's rates by slot */
        double *sums;  /* n + 1 */
        size_t room;
        uint64_t work;
        /* of the job at hand */
        const struct plan_job *job;
        bool goes_on;
        double undone; /* currency per second of progress */
};

/* Value of the relaxation at one theta, and its slope there: the progress that is short. */
struct point {
        double value, slope;
};

static double finish_cost(const struct bounder *bounder, double end)
{
        const struct plan_job *job = bounder->job;
        double cost = 0, delay = end - (double)(job->earliest_finish - bounder->problem->now);

        if (delay > 0)
                cost = delay / 3600 * job->modes[0].gpus * job->delay_cost;
        if (job->deadline != 0 && end > (double)(job->deadline - bounder->problem->now))
                cost += (end - (double)(job->deadline - bounder->problem->now)) / 3600 * job->lateness_cost;
        return cost;
}

/* ---- two runs or more of one mode, theta >= 0 */

struct label {
        double value, done; /* reduced cost, progress */
};

static struct label cheaper(struct label a, struct label b)
{
        return b.value < a.value ? b : a;
}

static struct label started(const struct bounder *bounder, struct label from, double theta)
{
        double lost = bounder->job->modes[0].speed * (double)bounder->job->start_cost_s;

        if (bounder->job->max_starts == 0)
                return (struct label){ INFINITY, 0 };
        return (struct label){ from.value + theta * lost, from.done - lost };
}

static struct label later(struct label label, double cost, double done)
{
        return (struct label){ label.value + cost, label.done + done };
}

/* At most `most` runs are counted; if the job may have more, the last count stands for more too. */
static struct point runs_at(const struct bounder *bounder, double theta)
{
        const struct label never = { INFINITY, 0 };
        uint64_t may = (uint64_t)bounder->job->max_starts + bounder->goes_on;
        size_t most = may < RUNS ? (size_t)may : RUNS;
        struct label on[RUNS + 1], off[RUNS + 1], best = never; /* with so many runs */
        double speed = bounder->job->modes[0].speed;

        for (size_t r = 0; r <= most; r++)
                on[r] = off[r] = never;
        off[0] = (struct label){ 0, 0 };
        if (bounder->goes_on)
                on[1] = off[0];
        for (size_t i = 0; i < bounder->n; i++) {
                double seconds = bounder->edges[i + 1] - bounder->edges[i];
                double saved = bounder->rates[i] - theta * speed;

                if (may > RUNS)
                        off[RUNS - 1] = cheaper(off[RUNS - 1], off[RUNS]);
                for (size_t r = 1; r <= most; r++) {
                        on[r] = cheaper(on[r], started(bounder, off[r - 1], theta));
                        off[r] = cheaper(off[r], on[r]); /* the next run may begin at once */
                        if (r >= 2)
                                best = cheaper(best, later(on[r], finish_cost(bounder, bounder->edges[i]), 0));
                }
                for (size_t r = 1; r <= most; r++) {
                        on[r] = isinf(saved) ? never : later(on[r], saved * seconds, speed * seconds);
                        off[r] = cheaper(off[r], on[r]);
                        if (r >= 2)
                                best = cheaper(best, later(on[r], finish_cost(bounder, bounder->edges[i + 1]), 0));
                }
        }
        return (struct point){ best.value + theta * bounder->job->work_s, bounder->job->work_s - best.done };
}

/* ---- any modes: every second for itself */

static struct point seconds_at(const struct bounder *bounder, double theta, double work)
{
        struct label sum = { 0, 0 }, best = { INFINITY, 0 };

        for (size_t i = 0; i < bounder->n; i++) {
                double seconds = bounder->edges[i + 1] - bounder->edges[i];
                struct label least = { 0, 0 };

                for (size_t m = 0; m < bounder->job->n_modes; m++) {
                        double speed = bounder->job->modes[m].speed;
                        double saved = bounder->rates[m * bounder->room + i] - theta * speed;

                        least = cheaper(least, (struct label){ saved * seconds, speed * seconds });
                }
                sum.value += least.value;
                sum.done += least.done;
                best = cheaper(best, (struct label){ sum.value + finish_cost(bounder, bounder->edges[i]), sum.done });
        }
        return (struct point){ best.value + theta * work, work - best.done };
}

/* With one start at the least, unless the job goes on. */
static struct point modes_at(const struct bounder *bounder, double theta)
{
        struct point point = seconds_at(bounder, theta, bounder->job->work_s);
        double slowest = INFINITY;

        if (bounder->goes_on)
                return point;
        for (size_t m = 0; m < bounder->job->n_modes; m++)
                slowest = fmin(slowest, bounder->job->modes[m].speed);
        point.value += theta * slowest * (double)bounder->job->start_cost_s;
        point.slope += slowest * (double)bounder->job->start_cost_s;
        return point;
}

static struct point burn_at(const struct bounder *bounder, double theta)
{
        double fastest = 0;

        for (size_t m = 0; m < bounder->job->n_modes; m++)
                fastest = fmax(fastest, bounder->job->modes[m].speed);
        return seconds_at(bounder, theta, bounder->job->work_s + fastest);
}

/* The highest value for low <= theta <= high of a concave function made of lines: meet the lines of both ends. */
static double maximum(const struct bounder *bounder, struct point (*at)(const struct bounder *, double), double low,
                      double high)
{
        struct point a = at(bounder, low), b = at(bounder, high);
        double best = fmax(a.value, b.value);

        if (isinf(best) || a.slope <= 0 || b.slope >= 0)
                return best;
        for (int round = 0; round < 50; round++) {
                double theta = (b.value - a.value + a.slope * low - b.slope * high) / (a.slope - b.slope);
                double top = a.value + a.slope * (theta - low);
                struct point middle;

                if (!(theta > low && theta < high) || top - best <= 1e-11 * (fabs(top) + fabs(a.value)))
                        break;
                middle = at(bounder, theta);
                best = fmax(best, middle.value);
                if (middle.slope > 0) {
                        a = middle;
                        low = theta;
                } else {
                        b = middle;
                        high = theta;
                }
        }
        return best;
}

/* What starts could earn at negative prices, at the most. */
static double start_gain(const struct bounder *bounder)
{
        const struct plan_job *job = bounder->job;
        double run = (double)(job->min_run_s - job->start_cost_s), slowest = INFINITY, most = 0, all = 0, starts;

        for (size_t m = 0; m < job->n_modes; m++)
                slowest = fmin(slowest, job->modes[m].speed);
        starts = fmin((double)job->max_starts, 1 + job->work_s / (fmax(run, 1) * slowest));
        for (size_t i = 0; i < bounder->n; i++) {
                double gain = 0;

                for (size_t m = 0; m < job->n_modes; m++)
                        gain = fmax(gain, -bounder->rates[m * bounder->room + i]);
                most = fmax(most, gain);
                all += gain * (bounder->edges[i + 1] - bounder->edges[i]);
        }
        return fmin(all, most * starts * (double)job->start_cost_s);
}

static double lagrange(const struct bounder *bounder, struct point (*at)(const struct bounder *, double))
{
        double best = maximum(bounder, at, 0, bounder->undone), lowest = 0;

        for (size_t m = 0; m < bounder->job->n_modes; m++)
                for (size_t i = 0; i < bounder->n; i++)
                        lowest = fmin(lowest, bounder->rates[m * bounder->room + i] / bounder->job->modes[m].speed);
        if (lowest < 0)
                best = fmax(best, maximum(bounder, burn_at, lowest, 0) - start_gain(bounder));
        return best;
}

/* ---- one run of one mode */

static double sum_at(const struct bounder *bounder, size_t piece, double time)
{
        return bounder->sums[piece] + bounder->rates[piece] * (time - bounder->edges[piece]);
}

/* The cheapest window of `length` in the pieces [first, last). */
static double cheapest_window(const struct bounder *bounder, size_t first, size_t last, double length, bool at_first)
{
        const double *edges = bounder->edges;
        double best = INFINITY;
        size_t k = first;

        for (size_t i = first; i < last && edges[i] + length <= edges[last] + 1e-6; i++) {
                while (k + 1 < last && edges[k + 1] < edges[i] + length)
                        k++;
                best = fmin(best, sum_at(bounder, k, edges[i] + length) - bounder->sums[i] +
                                          finish_cost(bounder, edges[i] + length));
                if (at_first)
                        return best;
        }
        k = first;
        for (size_t i = first + 1; i <= last; i++) {
                if (edges[i] - length < edges[first])
                        continue;
                while (k + 1 < last && edges[k + 1] <= edges[i] - length)
                        k++;
                best = fmin(best,
                            bounder->sums[i] - sum_at(bounder, k, edges[i] - length) + finish_cost(bounder, edges[i]));
        }
        return best;
}

/* The best run, started or going on, in one block; a block too short is used up, and the rest stays undone. */
static double one_run(const struct bounder *bounder, size_t first, size_t last, double need, double overhead,
                      bool goes_on)
{
        double room = bounder->edges[last] - bounder->edges[first];

        if (room <= overhead)
                return INFINITY;
        if (room >= need + overhead)
                return cheapest_window(bounder, first, last, need + overhead, goes_on);
        return bounder->sums[last] - bounder->sums[first] +
               bounder->undone * (need + overhead - room) * bounder->job->modes[0].speed +
               finish_cost(bounder, bounder->edges[bounder->n]);
}

static double single(struct bounder *bounder)
{
        const struct plan_job *job = bounder->job;
        double need = job->work_s * (1 - PLAN_WORK_TOLERANCE) / job->modes[0].speed, best = INFINITY, gain = 0;

        bounder->sums[0] = 0;
        for (size_t i = 0; i < bounder->n; i++) {
                double rate = isinf(bounder->rates[i]) ? 0 : bounder->rates[i];

                gain = fmax(gain, -rate);
                bounder->sums[i + 1] = bounder->sums[i] + rate * (bounder->edges[i + 1] - bounder->edges[i]);
        }
        for (size_t first = 0, last; first < bounder->n; first = last + 1) {
                for (last = first; last < bounder->n && !isinf(bounder->rates[last]);)
                        last++;
                if (last > first && job->max_starts > 0)
                        best = fmin(best, one_run(bounder, first, last, need, (double)job->start_cost_s, false));
                if (last > first && first == 0 && bounder->goes_on)
                        best = fmin(best, one_run(bounder, first, last, need, 0, true));
        }
        return best - gain * (ceil(need) - need);
}

/* ---- one job */

static double site_least(struct bounder *bounder)
{
        const struct plan_job *job = bounder->job;
        double best = INFINITY;

        if (job->n_modes > 1)
                return lagrange(bounder, modes_at);
        for (size_t i = 0; i < bounder->n; i++)
                if (!isinf(bounder->rates[i]) && bounder->rates[i] > bounder->undone * job->modes[0].speed)
                        return lagrange(bounder, modes_at); /* leaving work undone may pay: no closed form */
        best = single(bounder);
        if ((uint64_t)job->max_starts + bounder->goes_on >= 2)
                best = fmin(best, lagrange(bounder, runs_at));
        return best;
}

/* Pieces: the slots behind the job's release, cut where the cost of its end bends. */
static void cut_pieces(struct bounder *bounder, uint32_t s)
{
        const struct prices *prices = bounder->prices;
        const struct plan_job *job = bounder->job;
        size_t first = prices_slot(prices, job->release);
        int64_t now = bounder->problem->now, bends[2] = { job->earliest_finish, job->deadline };

        if (bends[0] > bends[1]) {
                bends[0] = job->deadline;
                bends[1] = job->earliest_finish;
        }
        for (uint32_t m = 0; m < job->n_modes; m++) {
                prices_rates(prices, job, s, m, first, 0, bounder->slots);
                bounder->n = 0;
                for (size_t t = first; t < prices->n_slots; t++) {
                        int64_t start = t == first ? job->release : prices->edges[t];

                        for (int b = -1; b < 2; b++) {
                                int64_t edge = b < 0 ? start : bends[b];

                                if (edge >= prices->edges[t + 1] ||
                                    (b >= 0 && (double)(edge - now) <= bounder->edges[bounder->n - 1]))
                                        continue;
                                bounder->edges[bounder->n] = (double)(edge - now);
                                bounder->rates[m * bounder->room + bounder->n++] = bounder->slots[t - first];
                        }
                }
        }
        bounder->edges[bounder->n] = (double)(bounder->problem->horizon - now);
        bounder->work += bounder->n * job->n_modes;
}

static double job_least(struct bounder *bounder, const struct plan_job *job)
{
        const struct plan_problem *problem = bounder->problem;
        double rest_s = job->work_s / job->modes[0].speed, best;

        bounder->job = job;
        bounder->undone = job_undone_rate(problem, job);
        best = bounder->undone * job->work_s + finish_cost(bounder, (double)(problem->horizon - problem->now) + rest_s);
        if (job->release >= problem->horizon || (job->max_starts == 0 && !job->running))
                return best;
        for (uint32_t s = 0; s < problem->n_sites; s++) {
                if ((job->sites >> s & 1) == 0)
                        continue;
                bounder->goes_on = job->running && job->run_site == s;
                cut_pieces(bounder, s);
                best = fmin(best, site_least(bounder));
        }
        return best;
}

/* ---- what the prices promise and must be paid back */

static double most_watts(const struct plan_problem *problem, uint32_t s)
{
        double sum = 0;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                double most = 0;

                for (size_t m = 0; m < problem->jobs[j].n_modes; m++)
                        most = fmax(most, problem->jobs[j].modes[m].watts);
                sum += (problem->jobs[j].sites >> s & 1) != 0 ? most : 0;
        }
        return sum;
}

/* The least of what power costs above idle less what it is sold for, per second. */
static double supply_least(const struct plan_site *site, const struct plan_step *step, double price, double most_jobs_w)
{
        double idle = site_facility_w(site, 0), limit = 0;
        double top = fmin(supply_firm_limit(step), site_facility_w(site, most_jobs_w)), use = idle;

        for (unsigned i = 0; i < step->n_segments && step->segments[i].price < price; i++) {
                limit += step->segments[i].limit_w;
                use = fmax(idle, fmin(limit, top));
        }
        if (use == idle)
                return 0;
        use = use * (1 + 4e-9) + 4e-6; /* the checker lets a plan go a little above the limit */
        return supply_rate(step, use) - supply_rate(step, idle) - price / PLAN_JOULES_PER_MWH * (use - idle);
}

static double capacity_least(const struct prices *prices, uint32_t s)
{
        double sum = 0, most = most_watts(prices->problem, s);

        for (size_t t = 0; t < prices->n_slots; t++) {
                size_t k = s * prices->n_slots + t;
                double seconds = (double)(prices->edges[t + 1] - prices->edges[t]);

                sum += seconds *
                       supply_least(&prices->problem->sites[s], prices->steps[k], prices->power_price[k], most);
                sum -= seconds / 3600 * prices->gpu_price[k] * prices->steps[k]->gpus;
        }
        return sum;
}

static void bounder_finish(struct bounder *bounder)
{
        free(bounder->edges);
        free(bounder->sums);
        free(bounder->slots);
        free(bounder->rates);
}

static int bounder_init(struct bounder *bounder, const struct prices *prices)
{
        size_t n_modes = 1;

        *bounder = (struct bounder){ .prices = prices, .problem = prices->problem, .room = prices->n_slots + 3 };
        for (size_t j = 0; j < prices->problem->n_jobs; j++)
                if (prices->problem->jobs[j].n_modes > n_modes)
                        n_modes = prices->problem->jobs[j].n_modes;
        bounder->edges = calloc(bounder->room, sizeof(double));
        bounder->sums = calloc(bounder->room, sizeof(double));
        bounder->slots = calloc(bounder->room, sizeof(double));
        bounder->rates = calloc(bounder->room * n_modes, sizeof(double));
        if (bounder->edges != NULL && bounder->sums != NULL && bounder->slots != NULL && bounder->rates != NULL)
                return 0;
        bounder_finish(bounder);
        return OFFPEAK_ENOMEM;
}

int prices_bound(const struct prices *prices, double *ret_bound, uint64_t *work)
{
        struct bounder bounder;
        double sum = 0;

        if (bounder_init(&bounder, prices) != 0)
                return OFFPEAK_ENOMEM;
        for (uint32_t s = 0; s < prices->problem->n_sites; s++)
                sum += capacity_least(prices, s);
        for (size_t j = 0; j < prices->problem->n_jobs; j++)
                sum += job_least(&bounder, &prices->problem->jobs[j]);
        *work += bounder.work;
        bounder_finish(&bounder);
        *ret_bound = sum;
        return 0;
}
